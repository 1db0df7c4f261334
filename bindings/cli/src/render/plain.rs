//! Words from outside (names, captions, a server's answers) made harmless for a terminal.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Whether a terminal would take `c` for a command, or a reader be led astray by it: control characters, what turns the
/// direction of text, and what cannot be seen.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, harmful characters shown as `\u{fffd}`, line breaks and tabs as spaces.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if is_harmful(c) => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// [`plain`] and at most `columns` wide; what is cut away is an ellipsis in the middle, so that an extension stays.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    let text = plain(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    let room = columns.saturating_sub(1);
    let (head, tail) = (room - room / 2, room / 2);
    let start: String = taken(text.chars(), head).collect();
    let mut end: Vec<char> = taken(text.chars().rev(), tail).collect();
    end.reverse();
    format!("{start}…{}", end.into_iter().collect::<String>())
}

/// As many characters as fit into `columns`.
fn taken(chars: impl Iterator<Item = char>, columns: usize) -> impl Iterator<Item = char> {
    chars.scan(0, move |used, c| {
        *used += c.encode_utf8(&mut [0; 4]).width();
        (*used <= columns).then_some(c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_not_obeyed() {
        assert_eq!(plain("a\x1b[31mred\u{9b}2J"), "a\u{fffd}[31mred\u{fffd}2J");
        assert_eq!(plain("gpj\u{202e}exe.\u{2066}"), "gpj\u{fffd}exe.\u{fffd}");
        assert_eq!(plain("two\nlines\tand\0"), "two lines and\u{fffd}");
        assert_eq!(plain("Müller 👩‍🔧"), "Müller 👩‍🔧");
    }

    #[test]
    fn a_long_name_keeps_its_start_and_its_extension() {
        assert_eq!(shortened("boiler.jpg", 12), "boiler.jpg");
        assert_eq!(shortened("boiler-plate-of-the-cellar.jpg", 15), "boiler-…lar.jpg");
        assert!(shortened(&"漢字".repeat(20), 11).width() <= 11);
    }
}
