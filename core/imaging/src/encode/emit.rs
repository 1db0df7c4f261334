//! Writes a picture that was counted.
//!
//! Owns bits, bytes and stuffing, and in how many passes a file is written. What is written is held against what was counted.

use std::io::{self, Write};
use std::ops::Range;

use super::coder::{self, Coder};
use super::count::{Codes, Counted};
use super::frame::{Frame, Strip};
use super::markers;
use super::search::{Fit, Picture};
use super::symbols::{Symbols, extra};
use super::tables::Tables;
use crate::FitError;

/// Of a file so much is held in memory, at most: enough for half a megabyte whole, or for most scans of a larger one behind the
/// first of its pass. More would save a pass of some 40 ms, and costs a cheap phone as much memory again.
const HELD: u64 = 520_000;

/// Writes `picture` to `out` as it was counted, with `segments` (whole marker segments) behind the JFIF header, if that has at most
/// `cap` bytes; returns how many it has. No byte goes out before it is known that all of them fit: a file that is small is held in
/// memory, a larger one gone over once more to know its length.
pub(crate) fn write_within(
    picture: &mut dyn Picture,
    fit: &Fit,
    segments: &[u8],
    cap: u64,
    passes: &mut u32,
    out: &mut dyn Write,
) -> Result<u64, FitError> {
    let head = markers::head(&fit.counted.frame, fit.counted.coding, &fit.tables, segments);
    let around = (head.len() + markers::END.len()) as u64;
    let most = HELD.min(picture.spare() / 2);
    let mut written = around;
    let is_small = fit.counted.data_bytes() <= most;
    let bytes = if is_small {
        let held = coded(picture, fit, fit.counted.all(), 0, passes, &mut io::sink())?;
        let bytes = around + held.bytes();
        if bytes <= cap {
            out.write_all(&head).map_err(FitError::from_write)?;
            written += held.end(out).map_err(FitError::from_write)?;
        }
        bytes
    } else {
        let bytes = measure(picture, fit, segments, passes)?;
        if bytes <= cap {
            out.write_all(&head).map_err(FitError::from_write)?;
            for scans in fit.counted.together(most) {
                written += coded(picture, fit, scans, 1, passes, out)?.end(out).map_err(FitError::from_write)?;
            }
        }
        bytes
    };
    if bytes <= cap {
        assert_eq!(written, bytes, "the same picture with the same tables has the same length");
        out.write_all(&markers::END).and_then(|()| out.flush()).map_err(FitError::from_write)?;
    }
    Ok(bytes)
}

/// How many bytes `picture` has as it was counted, to the byte.
pub(crate) fn measure(
    picture: &mut dyn Picture,
    fit: &Fit,
    segments: &[u8],
    passes: &mut u32,
) -> Result<u64, FitError> {
    let head = markers::head(&fit.counted.frame, fit.counted.coding, &fit.tables, segments);
    let (all, nowhere) = (fit.counted.all(), &mut io::sink());
    let data = coded(picture, fit, all.clone(), all.len(), passes, nowhere)?.end(nowhere);
    Ok((head.len() + markers::END.len()) as u64 + data.map_err(FitError::from_write)?)
}

/// Some scans of `picture`, in one pass over it.
fn coded<'a>(
    picture: &mut dyn Picture,
    fit: &'a Fit,
    scans: Range<usize>,
    through: usize,
    passes: &mut u32,
    out: &mut dyn Write,
) -> Result<Emitter<'a>, FitError> {
    let mut emitter = Emitter::new(&fit.tables, &fit.counted, scans, through);
    picture.all(&mut |strip| emitter.strip(strip, out).map_err(FitError::from_write))?;
    *passes += 1;
    Ok(emitter)
}

/// Codes some scans of a picture strip by strip: the same strips that were counted, top to bottom.
#[derive(Debug)]
pub(super) struct Emitter<'a> {
    frame: Frame,
    tables: &'a Tables,
    scans: Vec<Coder<Coded<'a>>>,
    /// How many of them go out as they are coded.
    through: usize,
    strips: usize,
    /// How many bytes went out.
    written: u64,
}

impl<'a> Emitter<'a> {
    /// The first `through` scans of these go out as they are coded, the others are held until the end.
    ///
    /// # Panics
    ///
    /// Where only a sample was counted: its tables need not have a code for everything.
    pub(super) fn new(tables: &'a Tables, counted: &'a Counted, scans: Range<usize>, through: usize) -> Self {
        assert!(counted.is_whole(), "a picture is counted whole before it is written");
        let frame = counted.frame;
        let these = counted.coding.scans(&frame).iter().zip(&counted.scans).take(scans.end).skip(scans.start);
        let coders = these.enumerate().map(|(place, (scan, counted))| {
            let mut bytes = markers::scan(&frame, *scan, &counted.codes);
            if place >= through {
                // Two in 256 bytes stuffed: a buffer that grows is there twice for a while.
                bytes.reserve((counted.bits / 8 + counted.bits / 1024 + 64) as usize);
            }
            let bits = Bits { bytes, ..Bits::default() };
            Coder::new(*scan, Coded { codes: &counted.codes, bits, counted: counted.bits })
        });
        Emitter { frame, tables, scans: coders.collect(), through, strips: 0, written: 0 }
    }

    /// Codes one strip, and what ends the scans behind the last one.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where other strips are written than were counted: the file would be none.
    pub(super) fn strip(&mut self, strip: &Strip<'_>, out: &mut dyn Write) -> io::Result<()> {
        coder::strip(&self.frame, self.tables, strip, self.strips, &mut self.scans);
        self.strips += 1;
        if self.strips == self.frame.mcu_rows() {
            for coder in &mut self.scans {
                coder.end();
                let Coded { bits, counted, .. } = &mut coder.to;
                assert_eq!(bits.total, *counted, "what is written is what was counted");
                bits.pad();
            }
        }
        for coder in self.scans.iter_mut().take(self.through) {
            let bytes = &mut coder.to.bits.bytes;
            out.write_all(bytes)?;
            self.written += bytes.len() as u64;
            bytes.clear();
        }
        Ok(())
    }

    /// How many bytes the scans have so far.
    pub(super) fn bytes(&self) -> u64 {
        self.written + self.scans.iter().map(|coder| coder.to.bits.bytes.len() as u64).sum::<u64>()
    }

    /// Writes what was held; returns how many bytes the scans have.
    ///
    /// # Errors
    ///
    /// What writing gave.
    ///
    /// # Panics
    ///
    /// Where a strip is missing.
    pub(super) fn end(self, out: &mut dyn Write) -> io::Result<u64> {
        assert_eq!(self.strips, self.frame.mcu_rows(), "a picture is written whole");
        self.scans.iter().try_for_each(|coder| out.write_all(&coder.to.bits.bytes))?;
        Ok(self.bytes())
    }
}

/// Symbols as bits.
#[derive(Debug)]
struct Coded<'a> {
    codes: &'a Codes,
    bits: Bits,
    /// How many bits it will have.
    counted: u64,
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
