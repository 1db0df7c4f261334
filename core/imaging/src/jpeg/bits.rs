//! A scan's bits.
//!
//! Owns taking stuffed bytes and markers out of the data, and what happens where the data ends early: zeros follow,
//! and whoever asks is told. Never knows what the bits mean. Source: ITU-T T.81, B.1.1.5 and F.2.2.5.

use super::input::{Input, position_of_ff};
use super::marker;
use crate::FitError;

/// How many zeros are put behind the last byte: more than a value and its code can take.
const ZEROS: usize = 64;

/// What stands behind the bytes that were taken from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    More,
    /// A marker that is not part of the data; the input stands right behind it.
    Marker(u8),
    /// Nothing: the source ends, or cannot be read.
    Nothing,
}

/// Reads the bits of one scan, or of the part of it up to a restart marker.
pub(super) struct Bits<'i, 's> {
    input: &'i mut Input<'s>,
    /// The data without what is stuffed into it, some of it read already.
    clean: Vec<u8>,
    behind: Behind,
    /// How many of `clean` came from the file; the rest are zeros. Less than 0 where zeros were read and dropped.
    real: i64,
    /// Whether restart markers are to be expected.
    restarts: bool,
    error: Option<FitError>,
    cursor: Cursor,
}

/// Where in the bits we are. A decoder takes it out, works with it in registers and puts it back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor {
    /// The next bits, from the left.
    pub(super) bits: u64,
    /// How many of them are counted; those behind are right as well, but for the last byte's they may be cut.
    pub(super) left: u32,
    /// The first byte of `clean` that is not counted.
    at: usize,
}

impl Cursor {
    #[inline(always)]
    pub(super) fn drop(&mut self, count: u32) {
        self.bits <<= count & 63;
        self.left = self.left.wrapping_sub(count);
    }
}

impl<'i, 's> Bits<'i, 's> {
    /// Begins at the input's position, behind a scan's header.
    pub(super) fn new(input: &'i mut Input<'s>, restarts: bool) -> Self {
        let clean = Vec::with_capacity(2 * super::input::BUFFER);
        Bits { input, clean, behind: Behind::More, real: 0, restarts, error: None, cursor: Cursor::default() }
    }

    /// Brings the first bytes in; whether there are any, now or behind a restart marker.
    pub(super) fn begin(&mut self) -> Result<bool, FitError> {
        let mut cursor = self.cursor;
        self.fill(&mut cursor);
        self.cursor = cursor;
        self.check()?;
        Ok(!self.is_over())
    }

    #[inline(always)]
    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    #[inline(always)]
    pub(super) fn put_back(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }

    /// Sees to it that there are at least 32 bits: enough for a code and its value.
    #[inline(always)]
    pub(super) fn fill(&mut self, cursor: &mut Cursor) {
        if cursor.left >= 32 {
            return;
        }
        if cursor.at + 8 > self.clean.len() {
            // By value: what has no address can stay in registers.
            *cursor = self.more(*cursor);
        }
        // Proven by the line above: `more` leaves no fewer than eight.
        if let Some(bytes) = self.clean.get(cursor.at..cursor.at + 8).and_then(|bytes| bytes.first_chunk()) {
            cursor.bits |= u64::from_be_bytes(*bytes) >> cursor.left;
            cursor.at += ((63 - cursor.left) >> 3) as usize;
            cursor.left |= 56;
        }
    }

    /// Brings in more bytes, at least eight: zeros where the data has come to its end.
    #[cold]
    #[inline(never)]
    fn more(&mut self, mut cursor: Cursor) -> Cursor {
        self.clean.drain(..cursor.at.min(self.clean.len()));
        self.real -= cursor.at as i64;
        cursor.at = 0;
        while self.clean.len() < ZEROS && self.behind == Behind::More {
            let before = self.clean.len();
            self.take();
            self.real += (self.clean.len() - before) as i64;
        }
        if self.behind != Behind::More {
            self.clean.resize(self.clean.len() + ZEROS, 0);
        }
        cursor
    }

    /// Takes what the input's window holds, up to a marker.
    fn take(&mut self) {
        let window = match self.input.window(2) {
            Ok(window) => window,
            Err(error) => {
                (self.error, self.behind) = (Some(error), Behind::Nothing);
                return;
            }
        };
        if window.len() < 2 {
            // Half a marker is no data.
            self.clean.extend(window.iter().filter(|byte| **byte != 0xFF));
            self.input.consume(1);
            self.behind = Behind::Nothing;
            return;
        }
        let mut at = 0;
        while at < window.len() {
            let found = at + position_of_ff(&window[at..]);
            self.clean.extend_from_slice(&window[at..found]);
            at = found;
            match window.get(found + 1) {
                None => break,
                Some(0xFF) => at += 1,
                Some(0) => {
                    self.clean.push(0xFF);
                    at += 2;
                }
                // No marker that could stand here: a byte went wrong. Taken for data, it costs the least.
                Some(code @ (0x01..=0xBF | marker::RST0..=marker::RST7)) if *code < 0xC0 || !self.restarts => {
                    self.clean.extend([0xFF, *code]);
                    at += 2;
                }
                Some(code) => {
                    self.behind = Behind::Marker(*code);
                    at += 2;
                    break;
                }
            }
        }
        self.input.consume(at);
    }

    /// Whether nothing of the data is left.
    #[inline(always)]
    pub(super) fn is_spent(&self) -> bool {
        self.behind != Behind::More && self.cursor.at as i64 * 8 - i64::from(self.cursor.left) >= self.real * 8
    }

    /// Whether nothing more comes in this scan, not even behind a restart marker.
    pub(super) fn is_over(&self) -> bool {
        let restart = matches!(self.behind, Behind::Marker(marker::RST0..=marker::RST7));
        self.is_spent() && !restart
    }

    /// Goes on behind the restart marker whose number is `expected`, 0 to 7. Where another one stands there, some were
    /// lost, or one is left over: the next two are left to be met in their turn, the last two are passed over, and
    /// behind any other it goes on as if it were the right one. (T.81 leaves this open; it is libjpeg's way.)
    pub(super) fn restart(&mut self, expected: u8) {
        self.skip_to_marker();
        loop {
            let Behind::Marker(code @ marker::RST0..=marker::RST7) = self.behind else { return };
            match (code - marker::RST0).wrapping_sub(expected) & 7 {
                1 | 2 => return,
                6 | 7 => {
                    self.behind = Behind::More;
                    self.skip_to_marker();
                }
                _ => {
                    self.behind = Behind::More;
                    return;
                }
            }
        }
    }

    /// Drops what is left up to the next marker.
    fn skip_to_marker(&mut self) {
        while self.behind == Behind::More {
            self.clean.clear();
            self.take();
        }
        self.clean.clear();
        (self.cursor, self.real) = (Cursor::default(), 0);
    }

    /// An error that reading met.
    pub(super) fn check(&mut self) -> Result<(), FitError> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Ends the scan: where the marker stands that follows it.
    pub(super) fn end(mut self) -> Result<u64, FitError> {
        loop {
            self.skip_to_marker();
            match self.behind {
                Behind::Marker(marker::RST0..=marker::RST7) => self.behind = Behind::More,
                Behind::Marker(_) => break,
                _ => {
                    self.check()?;
                    return Ok(self.input.position());
                }
            }
        }
        self.check()?;
        Ok(self.input.position() - 2)
    }
}
