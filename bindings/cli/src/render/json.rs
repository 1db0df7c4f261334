//! JSON for scripts: one object a line, safe to look at in a terminal too.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::is_harmful;

/// `value` as a line.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut out, Guarded));
    written.expect("memory can be written to, and what the command shows has names as keys");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Compact, with characters that a terminal would obey as `\u` escapes.
struct Guarded;

impl Formatter for Guarded {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_harmful(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_back_as_it_was() {
        let text = "a\u{202e}b\u{9b}\x1b\n\u{e0041}\"Müller\u{2028}";
        let line = line(&text);
        assert!(line.trim_end().chars().all(|c| !is_harmful(c)), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
