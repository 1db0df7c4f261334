//! Counts what a picture would take, to the bit, without writing it.
//!
//! What is counted is kept, so that it can be written with the tables that are best for it. All scans of a file are
//! counted in one go over the picture.

use std::ops::Range;

use super::coder::{self, Coder};
use super::frame::{Frame, Strip};
use super::huffman::{Histogram, Huffman};
use super::markers;
use super::scans::Coding;
use super::symbols::{Symbols, TABLES, extra};
use super::tables::Tables;

/// How often each symbol of a scan came, by table.
#[derive(Debug, Clone)]
struct Counts {
    tables: [Histogram; TABLES],
    raw: u64,
}

impl Symbols for Counts {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: u8, _: u32) {
        self.tables[table & 3][usize::from(symbol)] += 1;
    }

    #[inline(always)]
    fn raw(&mut self, _: u64, count: u32) {
        self.raw += u64::from(count);
    }
}

/// Counts a picture, strip by strip, top to bottom. Leaving strips out gives a sample.
#[derive(Debug, Clone)]
pub(crate) struct Counter<'a> {
    frame: Frame,
    tables: &'a Tables,
    coding: Coding,
    scans: Vec<Coder<Counts>>,
    strips: usize,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(frame: &Frame, tables: &'a Tables, coding: Coding) -> Counter<'a> {
        let none = Counts { tables: [[0; 256]; TABLES], raw: 0 };
        let scans = coding.scans(frame).iter().map(|scan| Coder::new(*scan, none.clone())).collect();
        Counter { frame: *frame, tables, coding, scans, strips: 0 }
    }

    /// Counts one strip.
    ///
    /// # Panics
    ///
    /// Where the strip is smaller than the frame says.
    pub(crate) fn strip(&mut self, strip: &Strip<'_>) {
        coder::strip(&self.frame, self.tables, strip, self.strips, &mut self.scans);
        self.strips += 1;
    }

    /// What was counted, with the tables that are best for it.
    pub(crate) fn counted(mut self) -> Counted {
        let scans = self.scans.iter_mut().map(|coder| {
            coder.end();
            let counts = &coder.to;
            let codes = Box::new(std::array::from_fn(|table| Huffman::best(&counts.tables[table])));
            let bits = (0..TABLES).map(|table| codes[table].bits(&counts.tables[table], extra));
            CountedScan { bits: bits.sum::<u64>() + counts.raw, codes }
        });
        let scans = scans.collect();
        Counted { frame: self.frame, coding: self.coding, scans, strips: self.strips }
    }
}

/// The tables of a scan; those it does not use are empty.
pub(super) type Codes = [Huffman; TABLES];

/// One scan as it will be written.
#[derive(Debug, Clone)]
pub(super) struct CountedScan {
    pub(super) bits: u64,
    pub(super) codes: Box<Codes>,
}

/// What a picture takes, or the strips of it that were counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(super) frame: Frame,
    pub(super) coding: Coding,
    pub(super) scans: Vec<CountedScan>,
    strips: usize,
}

impl Counted {
    /// The length of the file in bytes with so many of segments: exact, but for the zero bytes that it has behind each
    /// `FF` of its data.
    pub(crate) fn bytes(&self, segments: usize) -> u64 {
        let scans = self.coding.scans(&self.frame).iter().zip(&self.scans);
        let tables: usize = scans.map(|(scan, counted)| markers::scan(&self.frame, *scan, &counted.codes).len()).sum();
        // Its tables' figures have no part in a head's length.
        let head = markers::head(&self.frame, self.coding, &Tables::at(1.0), &[]).len() + segments;
        (head + tables + markers::END.len()) as u64 + self.data_bytes()
    }

    /// The length of the entropy-coded data in bytes.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.scans.iter().map(|scan| scan.bits.div_ceil(8)).sum()
    }

    /// All of its scans.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.scans.len()
    }

    /// Its scans in groups, so that those behind the first of a group have at `most` so many bytes together.
    pub(super) fn together(&self, most: u64) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let behind = self.scans.get(start + 1..)?.iter();
            let held = behind.scan(0, |sum, scan| {
                *sum += scan.bits.div_ceil(8);
                Some(*sum)
            });
            let group = start..start + 1 + held.take_while(|sum| *sum <= most).count();
            start = group.end;
            Some(group)
        })
    }

    /// Whether the picture was counted whole.
    pub(super) fn is_whole(&self) -> bool {
        self.strips == self.frame.mcu_rows()
    }
}
