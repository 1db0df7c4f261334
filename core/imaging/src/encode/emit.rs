//! Writes a picture that was counted.
//!
//! Owns bits, bytes and stuffing. What is written is held against what was counted.

use std::io::{self, Write};

use super::coder::{self, Coder};
use super::count::{Codes, Counted};
use super::frame::{Frame, Strip};
use super::markers;
use super::symbols::{Symbols, extra};
use super::tables::Tables;

/// Scans of so many bytes together are written in one pass, those behind the first held back in memory until it ends: the
/// transform is most of the work.
const HELD: u64 = 1_500_000;

/// Writes a JPEG strip by strip: the same strips that were counted, top to bottom, as often as there are [`Emitter::passes`].
#[derive(Debug)]
pub(crate) struct Emitter<'a, W> {
    out: W,
    frame: Frame,
    tables: &'a Tables,
    counted: &'a Counted,
    /// How many scans are written in each pass: one or all.
    at_once: usize,
    /// The scans of this pass, and the first one of the next.
    scans: Vec<Coder<Coded<'a>>>,
    next: usize,
    strips: usize,
    written: u64,
}

impl<'a, W: Write> Emitter<'a, W> {
    /// Writes the head of the file. `segments` are whole marker segments, to stand behind the JFIF header. At `most` so many bytes are
    /// held back in memory, so that all scans are written in one pass.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where only a sample was counted: its tables need not have a code for everything.
    pub(crate) fn new(
        most: u64,
        out: W,
        tables: &'a Tables,
        counted: &'a Counted,
        segments: &[u8],
    ) -> io::Result<Self> {
        assert!(counted.is_whole(), "a picture is counted whole before it is written");
        let frame = counted.frame;
        let at_once = if counted.data_bytes() <= most.min(HELD) { counted.scans.len() } else { 1 };
        let mut emitter =
            Emitter { out, frame, tables, counted, at_once, scans: Vec::new(), next: 0, strips: 0, written: 0 };
        emitter.put(&markers::head(&frame, counted.coding, tables, segments))?;
        emitter.begin_pass();
        Ok(emitter)
    }

    /// How often all strips are to be given.
    pub(crate) fn passes(&self) -> usize {
        self.counted.scans.len() / self.at_once
    }

    /// Writes one strip, and what ends a scan behind its last one.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where other strips are written than were counted: the file would be none.
    pub(crate) fn strip(&mut self, strip: &Strip<'_>) -> io::Result<()> {
        coder::strip(&self.frame, self.tables, strip, self.strips, &mut self.scans);
        self.strips += 1;
        if self.strips == self.frame.mcu_rows() {
            return self.end_pass();
        }
        // The first scan of a pass is the next of the file; the others wait for it to end.
        let Some(first) = self.scans.first_mut() else { return Ok(()) };
        let bytes = &mut first.to.bits.bytes;
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        bytes.clear();
        Ok(())
    }

    /// Ends the file; returns how many bytes it has.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where a pass is missing.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        assert!(self.scans.is_empty(), "every scan is written before a file ends");
        self.put(&markers::END)?;
        self.out.flush()?;
        Ok(self.written)
    }

    fn begin_pass(&mut self) {
        let scans = self.counted.coding.scans(&self.frame).iter().zip(&self.counted.scans);
        for (place, (scan, counted)) in scans.skip(self.next).take(self.at_once).enumerate() {
            let mut bits = Bits { bytes: markers::scan(&self.frame, *scan, &counted.codes), ..Bits::default() };
            if place > 0 {
                // Held back whole, and two in 256 bytes stuffed: a buffer that grows is there twice for a while.
                bits.bytes.reserve((counted.bits / 8 + counted.bits / 1024 + 64) as usize);
            }
            self.scans.push(Coder::new(*scan, Coded { codes: &counted.codes, bits }));
        }
        self.strips = 0;
    }

    fn end_pass(&mut self) -> io::Result<()> {
        for mut coder in std::mem::take(&mut self.scans) {
            coder.end();
            let mut bits = coder.to.bits;
            let counted = self.counted.scans[self.next].bits;
            assert_eq!(bits.total, counted, "what is written is what was counted, in scan {}", self.next);
            bits.pad();
            self.put(&bits.bytes)?;
            self.next += 1;
        }
        self.begin_pass();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Symbols as bits.
#[derive(Debug)]
struct Coded<'a> {
    codes: &'a Codes,
    bits: Bits,
}

impl Symbols for Coded<'_> {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: u8, low: u32) {
        let (code, length) = self.codes[table & 3].codes[usize::from(symbol)];
        let extra = u32::from(extra(symbol));
        self.bits.put(u32::from(code) << extra | low, u32::from(length) + extra);
    }

    #[inline(always)]
    fn raw(&mut self, bits: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            let now = left.min(16);
            left -= now;
            self.bits.put((bits >> left) as u32 & ((1 << now) - 1), now);
        }
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
