//! Writes a picture that was counted.
//!
//! Owns bits, bytes and stuffing. What is written is held against what was counted.

use std::io::{self, Write};

use super::count::{Codes, Counted};
use super::frame::{Frame, Strip};
use super::markers;
use super::scans::{BandCoder, Scan};
use super::symbols::{Differences, Symbols, extra, whole_block};
use super::tables::Tables;

/// Writes a JPEG strip by strip: the same strips that were counted, top to bottom, as often as there are [`Emitter::passes`].
#[derive(Debug)]
pub(crate) struct Emitter<'a, W> {
    out: W,
    frame: Frame,
    tables: &'a Tables,
    counted: &'a Counted,
    /// The scan that is being written, and what was written of it.
    scan: usize,
    strips: usize,
    differences: Differences,
    band: Option<BandCoder>,
    bits: Bits,
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
    pub(crate) fn new(out: W, tables: &'a Tables, counted: &'a Counted, segments: &[u8]) -> io::Result<Self> {
        assert!(counted.is_whole(), "a picture is counted whole before it is written");
        let frame = counted.frame;
        let bits = Bits { bytes: markers::head(&frame, counted.coding, tables, segments), ..Bits::default() };
        let differences = Differences::default();
        let mut emitter =
            Emitter { out, frame, tables, counted, scan: 0, strips: 0, differences, band: None, bits, written: 0 };
        emitter.begin_scan();
        emitter.drain()?;
        Ok(emitter)
    }

    /// How often all strips are to be given: once for each scan.
    pub(crate) fn passes(&self) -> usize {
        self.counted.scans.len()
    }

    /// Writes one strip, and what ends a scan behind its last one.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where other strips are written than were counted: the file would be none. Where there are more than
    /// [`Emitter::passes`] times all.
    pub(crate) fn strip(&mut self, strip: &Strip<'_>) -> io::Result<()> {
        let scan = self.scans()[self.scan];
        let mut coded = Coded { codes: &self.counted.scans[self.scan].codes, bits: std::mem::take(&mut self.bits) };
        let (frame, tables, differences) = (self.frame, self.tables, &mut self.differences);
        match scan {
            Scan::Whole => frame.interleaved(strip, |plane, samples| {
                let block = tables.of_plane(plane).block(samples);
                differences.symbol(plane, block.at(0), &mut coded);
                whole_block(plane, &block, &mut coded);
            }),
            Scan::Dc => frame.interleaved(strip, |plane, samples| {
                differences.symbol(plane, tables.of_plane(plane).dc(samples), &mut coded);
            }),
            Scan::Band(band) => {
                let coder = self.band.get_or_insert_with(|| BandCoder::new(band));
                let quantiser = tables.of_plane(band.plane);
                frame.plane_by_plane(strip, band.plane, self.strips, |samples| {
                    let block = quantiser.block(samples);
                    coder.block(&block, &block.levels(band.low, band.high.max(band.low)), &mut coded);
                });
            }
        }
        self.strips += 1;
        if self.strips == self.frame.mcu_rows() {
            if let Some(coder) = &mut self.band {
                coder.end(&mut coded);
            }
            self.bits = coded.bits;
            self.end_scan();
        } else {
            self.bits = coded.bits;
        }
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
    /// Where a scan is missing.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        assert_eq!(self.scan, self.passes(), "every scan is written before a file ends");
        self.bits.bytes.extend(markers::END);
        self.drain()?;
        self.out.flush()?;
        Ok(self.written)
    }

    fn scans(&self) -> &'static [Scan] {
        self.counted.coding.scans(&self.frame)
    }

    fn begin_scan(&mut self) {
        if let Some(scan) = self.scans().get(self.scan) {
            let header = markers::scan(&self.frame, *scan, &self.counted.scans[self.scan].codes);
            self.bits.bytes.extend(header);
        }
    }

    fn end_scan(&mut self) {
        let counted = self.counted.scans[self.scan].bits;
        assert_eq!(self.bits.total, counted, "what is written is what was counted, in scan {}", self.scan);
        self.bits.pad();
        self.bits.total = 0;
        (self.strips, self.band, self.differences) = (0, None, Differences::default());
        self.scan += 1;
        self.begin_scan();
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
