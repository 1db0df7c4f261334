//! Base64 as RFC 2045 (6.8) has it, made as it is sent: lines of 76 characters, CRLF between them, none after the last; or without
//! any line breaks, as RFC 4648 has it.
//! Holds some lines at a time, whatever the length of the file. Reads nothing and checks nothing.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

use crate::model::BASE64_LINE;

/// The bytes of a whole line.
const LINE: usize = BASE64_LINE as usize;

/// Lines that were made, and those of them that were not taken yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    made: Vec<u8>,
    taken: usize,
    /// How many bytes were encoded so far.
    encoded: u64,
    /// Whether nothing stands between two lines.
    unbroken: bool,
}

impl Lines {
    /// How many bytes at most are encoded at a time: whole lines, that the next ones begin where a line begins.
    pub(super) const AT_ONCE: usize = 256 * LINE;

    /// No lines at all: what follows stands right behind.
    pub(super) fn unbroken() -> Self {
        Lines { unbroken: true, ..Lines::default() }
    }

    /// Whether all was taken that was made.
    pub(super) fn is_drained(&self) -> bool {
        self.taken == self.made.len()
    }

    /// How many bytes were encoded so far.
    pub(super) fn encoded(&self) -> u64 {
        self.encoded
    }

    /// Encodes what follows on what was encoded before, once that is drained: [`AT_ONCE`](Self::AT_ONCE) bytes, less only at the end.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.made.clear();
        self.taken = 0;
        for line in bytes.chunks(LINE) {
            if self.encoded > 0 && !self.unbroken {
                self.made.extend_from_slice(b"\r\n");
            }
            let (begin, length) = (self.made.len(), line.len().div_ceil(3) * 4);
            self.made.resize(begin + length, 0);
            STANDARD
                .encode_slice(line, &mut self.made[begin..])
                .expect("four characters for each three bytes begun fit");
            self.encoded += line.len() as u64;
        }
    }

    /// As much as there is and fits into `space`; how much that is.
    pub(super) fn take(&mut self, space: &mut [u8]) -> usize {
        let rest = &self.made[self.taken..];
        let n = rest.len().min(space.len());
        space[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::base64_length;

    /// `bytes` encoded, taken `size` bytes at a time.
    fn encoded(bytes: &[u8], size: usize) -> Vec<u8> {
        encoded_in(Lines::default(), bytes, size)
    }

    fn encoded_in(mut lines: Lines, bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut all, mut space) = (Vec::new(), vec![0; size]);
        for some in bytes.chunks(Lines::AT_ONCE) {
            lines.fill(some);
            while !lines.is_drained() {
                let n = lines.take(&mut space);
                all.extend_from_slice(&space[..n]);
            }
        }
        all
    }

    #[test]
    fn the_examples_of_the_standard_are_encoded_as_it_says() {
        for (bytes, wanted) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encoded(bytes.as_bytes(), 3), wanted.as_bytes(), "{bytes}");
        }
    }

    #[test]
    fn lines_have_76_characters_and_decode_to_what_was_encoded_however_they_are_taken() {
        for length in
            [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, Lines::AT_ONCE - 1, Lines::AT_ONCE, Lines::AT_ONCE + 1, 50_000]
        {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let text = encoded(&bytes, 1000);
            assert_eq!(text.len() as u64, base64_length(length as u64), "{length} bytes");
            assert_eq!(text, encoded(&bytes, 7), "{length} bytes");
            let text = String::from_utf8(text).unwrap();
            let lines: Vec<&str> = text.split("\r\n").collect();
            assert!(lines[..lines.len() - 1].iter().all(|line| line.len() == 76), "{length} bytes");
            assert!(lines.last().unwrap().len() <= 76 && (lines.len() == 1 || !lines.last().unwrap().is_empty()));
            assert_eq!(STANDARD.decode(lines.concat()).unwrap(), bytes, "{length} bytes");
            let unbroken = encoded_in(Lines::unbroken(), &bytes, 1000);
            assert_eq!(
                (String::from_utf8(unbroken).unwrap(), text.len() as u64),
                (STANDARD.encode(&bytes), base64_length(length as u64))
            );
            assert_eq!(crate::model::base64_text_length(length as u64), lines.concat().len() as u64);
        }
    }
}
