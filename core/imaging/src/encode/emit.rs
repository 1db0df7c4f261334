//! Writes a picture that was counted.
//!
//! Owns bits, bytes and stuffing. What is written is held against what was counted.

use std::io::{self, Write};

use super::count::{Codes, Counted, Sequence, Symbols};
use super::frame::{Frame, Strip};
use super::huffman::Huffman;
use super::markers;
use super::tables::Tables;

/// Writes a baseline JPEG strip by strip: the same strips, top to bottom, that were counted.
#[derive(Debug)]
pub(crate) struct Emitter<'a, W> {
    out: W,
    frame: Frame,
    tables: &'a Tables,
    codes: &'a Codes,
    sequence: Sequence,
    bits: Bits,
    counted: u64,
    written: u64,
}

impl<'a, W: Write> Emitter<'a, W> {
    /// Writes the head of the file. `segments` are whole marker segments, to stand behind the JFIF header.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where only a sample was counted: its tables need not have a code for everything.
    pub(crate) fn new(
        mut out: W,
        frame: &Frame,
        tables: &'a Tables,
        counted: &'a Counted,
        segments: &[u8],
    ) -> io::Result<Self> {
        assert_eq!(counted.strips, frame.mcu_rows(), "a picture is counted whole before it is written");
        let codes = &counted.codes;
        let head = markers::head(frame, tables, codes, segments);
        out.write_all(&head)?;
        let counted = counted.bits;
        let (sequence, bits, written) = (Sequence::default(), Bits::default(), head.len() as u64);
        Ok(Emitter { out, frame: *frame, tables, codes, sequence, bits, counted, written })
    }

    /// Writes one strip.
    ///
    /// # Errors
    ///
    /// What writing gave.
    pub(crate) fn strip(&mut self, strip: &Strip<'_>) -> io::Result<()> {
        let mut coded = Coded { codes: self.codes, bits: std::mem::take(&mut self.bits) };
        self.sequence.strip(&self.frame, self.tables, strip, &mut coded);
        self.bits = coded.bits;
        self.drain()
    }

    /// Ends the file; returns how many bytes it has.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where other strips were written than were counted: the file would be none.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        assert_eq!(self.bits.total, self.counted, "what is written is what was counted");
        self.bits.pad();
        self.bits.bytes.extend(markers::END);
        self.drain()?;
        self.out.flush()?;
        Ok(self.written)
    }

    fn drain(&mut self) -> io::Result<()> {
        self.out.write_all(&self.bits.bytes)?;
        self.written += self.bits.bytes.len() as u64;
        self.bits.bytes.clear();
        Ok(())
    }
}

/// Symbols as bits.
struct Coded<'a> {
    codes: &'a Codes,
    bits: Bits,
}

impl Coded<'_> {
    #[inline(always)]
    fn put(&mut self, table: &Huffman, symbol: u8, low: u32) {
        let (code, length) = table.codes[usize::from(symbol)];
        let extra = u32::from(symbol & 15);
        self.bits.put(u32::from(code) << extra | low, u32::from(length) + extra);
    }
}

impl Symbols for Coded<'_> {
    #[inline(always)]
    fn dc(&mut self, table: usize, symbol: u8, bits: u32) {
        self.put(&self.codes.dc[table & 1], symbol, bits);
    }

    #[inline(always)]
    fn ac(&mut self, table: usize, symbol: u8, bits: u32) {
        self.put(&self.codes.ac[table & 1], symbol, bits);
    }
}

/// A row of bits that becomes bytes, a zero behind each `FF`.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// The last `held` bits, fewer than 32 between two calls, in the lowest places.
    tail: u64,
    held: u32,
    total: u64,
}

impl Bits {
    /// `length` bits: at most 16 of a code and 15 behind it.
    #[inline(always)]
    fn put(&mut self, bits: u32, length: u32) {
        self.tail = self.tail << length | u64::from(bits);
        self.held += length;
        self.total += u64::from(length);
        if self.held >= 32 {
            self.held -= 32;
            self.word((self.tail >> self.held) as u32);
        }
    }

    #[inline(always)]
    fn word(&mut self, word: u32) {
        let zeros = !word;
        if zeros.wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        } else {
            self.stuffed(&word.to_be_bytes());
        }
    }

    #[cold]
    fn stuffed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bytes.push(*byte);
            if *byte == 0xFF {
                self.bytes.push(0);
            }
        }
    }

    /// Fills the last byte with ones (T.81 F.1.2.3) and writes what is held.
    fn pad(&mut self) {
        let ones = self.held.wrapping_neg() & 7;
        self.tail = self.tail << ones | ((1 << ones) - 1);
        self.held += ones;
        while self.held >= 8 {
            self.held -= 8;
            self.stuffed(&[(self.tail >> self.held) as u8]);
        }
    }
}
