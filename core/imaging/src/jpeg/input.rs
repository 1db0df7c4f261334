//! The file's bytes, through a small buffer.
//!
//! Owns where in the source we are. Never holds more than [`BUFFER`] bytes, never knows what they mean.

use std::io::{self, SeekFrom};

use super::marker;
use crate::{FitError, Source};

/// How much of the file is held at a time, in bytes.
pub(super) const BUFFER: usize = 32 * 1024;

/// A source with a position, looked at through a window.
pub(super) struct Input<'a> {
    source: &'a mut (dyn Source + 'a),
    buffer: Box<[u8]>,
    /// What of the buffer is still to come: `at..end`.
    at: usize,
    end: usize,
    /// Where in the source `end` stands.
    behind: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(source: &'a mut (dyn Source + 'a), position: u64) -> Result<Self, FitError> {
        source.seek(SeekFrom::Start(position)).map_err(FitError::Read)?;
        Ok(Input { source, buffer: vec![0; BUFFER].into_boxed_slice(), at: 0, end: 0, behind: position })
    }

    /// How long the source is.
    pub(super) fn length(&mut self) -> Result<u64, FitError> {
        let position = self.position();
        let length = self.source.seek(SeekFrom::End(0)).map_err(FitError::Read)?;
        self.source.seek(SeekFrom::Start(position)).map_err(FitError::Read)?;
        (self.at, self.end, self.behind) = (0, 0, position);
        Ok(length)
    }

    /// Where the next byte stands in the source.
    pub(super) fn position(&self) -> u64 {
        self.behind - (self.end - self.at) as u64
    }

    /// Goes on from another position; what is in the buffer already is not read again.
    pub(super) fn go_to(&mut self, position: u64) -> Result<(), FitError> {
        let held = (self.behind - self.end as u64)..=self.behind;
        if held.contains(&position) {
            self.at = (position - held.start()) as usize;
            return Ok(());
        }
        self.source.seek(SeekFrom::Start(position)).map_err(FitError::Read)?;
        (self.at, self.end, self.behind) = (0, 0, position);
        Ok(())
    }

    /// What comes next, as much as there is in the buffer: at least `wanted` bytes, fewer only where the source ends.
    pub(super) fn window(&mut self, wanted: usize) -> Result<&[u8], FitError> {
        if self.end - self.at < wanted {
            self.refill(wanted.min(BUFFER))?;
        }
        Ok(&self.buffer[self.at..self.end])
    }

    /// Passes over bytes that [`Self::window`] showed.
    pub(super) fn consume(&mut self, count: usize) {
        self.at = self.end.min(self.at + count);
    }

    fn refill(&mut self, wanted: usize) -> Result<(), FitError> {
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        while self.end < wanted {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(count) => {
                    self.end += count;
                    self.behind += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FitError::Read(error)),
            }
        }
        Ok(())
    }

    /// The next `length` bytes, fewer where the source ends.
    pub(super) fn read(&mut self, length: usize) -> Result<Vec<u8>, FitError> {
        let mut out = Vec::with_capacity(length);
        while out.len() < length {
            let window = self.window(1)?;
            if window.is_empty() {
                break;
            }
            let count = window.len().min(length - out.len());
            out.extend_from_slice(&window[..count]);
            self.consume(count);
        }
        Ok(out)
    }

    /// Passes the next marker, junk and fill bytes before it: where its 0xFF stands, and its code.
    pub(super) fn marker(&mut self) -> Result<Option<(u64, u8)>, FitError> {
        loop {
            let window = self.window(2)?;
            if window.len() < 2 {
                return Ok(None);
            }
            let skipped = position_of_ff(window).min(window.len() - 1);
            let (first, second) = (window[skipped], window.get(skipped + 1).copied());
            match (first, second) {
                (0xFF, Some(0)) => self.consume(skipped + 2),
                (0xFF, Some(code)) if code != 0xFF => {
                    self.consume(skipped + 2);
                    return Ok(Some((self.position() - 2, code)));
                }
                // A fill byte, or the window's last byte: it may be the first half of a marker.
                (0xFF, Some(_)) => self.consume(skipped + 1),
                (0xFF, None) => self.consume(skipped),
                _ => self.consume(skipped + 1),
            }
        }
    }

    /// Hands over the bytes of a scan up to the next marker that is no restart, in runs. Stands at that marker then, or
    /// at the end of the source.
    pub(super) fn scan(&mut self, mut run: impl FnMut(&[u8]) -> Result<(), FitError>) -> Result<(), FitError> {
        loop {
            let window = self.window(2)?;
            if window.len() < 2 {
                run(window)?;
                self.consume(1);
                return Ok(());
            }
            let found = position_of_ff(window);
            let count = match window.get(found..found + 2) {
                // What is no marker that could stand here is damaged data.
                Some(&[_, 0..=0xBF | marker::RST0..=marker::RST7]) => found + 2,
                Some(&[_, 0xFF]) => found + 1,
                Some(_) if found == 0 => return Ok(()),
                // A marker, or the first half of what may be one: the next window begins with it.
                _ => found,
            };
            run(&window[..count])?;
            self.consume(count);
        }
    }
}

/// Where the first 0xFF stands; the length where there is none.
pub(super) fn position_of_ff(bytes: &[u8]) -> usize {
    let words = bytes.chunks_exact(8);
    let rest = words.remainder();
    for (index, word) in words.enumerate() {
        let inverted = !word.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        // Marks the bytes that are zero; the lowest mark is always right.
        let marks = inverted.wrapping_sub(0x0101_0101_0101_0101) & !inverted & 0x8080_8080_8080_8080;
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    bytes.len() - rest.len() + rest.iter().position(|byte| *byte == 0xFF).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_first_ff_is_found_wherever_it_stands() {
        for length in 0..40 {
            let mut bytes: Vec<u8> = (0..length).map(|n| if n % 3 == 0 { 0xFE } else { 0x00 }).collect();
            assert_eq!(position_of_ff(&bytes), length);
            for at in (0..length).rev() {
                bytes[at] = 0xFF;
                assert_eq!(position_of_ff(&bytes), at);
            }
        }
    }

    #[test]
    fn a_marker_that_the_buffer_cuts_in_two_is_found() {
        for junk in BUFFER - 3..BUFFER + 3 {
            let mut file = vec![7; junk];
            file.extend([0xFF, 0xFF, 0xC0, 1]);
            let mut source = Cursor::new(file);
            let mut input = Input::new(&mut source, 0).unwrap();
            assert_eq!(input.marker().unwrap(), Some((junk as u64 + 1, 0xC0)));
            input.go_to(0).unwrap();
            let mut length = 0;
            input
                .scan(|run| {
                    length += run.len();
                    Ok(())
                })
                .unwrap();
            assert_eq!((length, input.position()), (junk + 1, junk as u64 + 1));
        }
    }
}
