//! Counts what a picture would take, to the bit, without writing it.
//!
//! Owns which symbol a coefficient becomes. What is counted is kept, so that it can be written with the tables that
//! are best for it.

use super::frame::{Frame, Strip};
use super::huffman::{Histogram, Huffman};
use super::markers;
use super::quant::Block;
use super::tables::Tables;

/// The symbol for sixteen zeros.
const SIXTEEN_ZEROS: u8 = 0xF0;
/// The symbol for zeros to the end of a block.
const END_OF_BLOCK: u8 = 0;

/// What takes symbols: to count them, or to write them.
pub(super) trait Symbols {
    /// A DC symbol of the luma (0) or the colour (1) table, and the bits behind it.
    fn dc(&mut self, table: usize, symbol: u8, bits: u32);
    /// The same of an AC symbol.
    fn ac(&mut self, table: usize, symbol: u8, bits: u32);
}

/// How many bits a value takes (T.81 F.1.2.1).
#[inline(always)]
fn magnitude(value: i32) -> u8 {
    (32 - value.unsigned_abs().leading_zeros()) as u8
}

/// The bits that tell a value from others of its magnitude: a negative one less 1.
#[inline(always)]
fn low_bits(value: i32, magnitude: u8) -> u32 {
    ((value + (value >> 31)) as u32) & ((1 << magnitude) - 1)
}

/// Turns blocks into symbols, each DC against the one before in its plane.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence {
    dc: [i16; 3],
}

impl Sequence {
    /// All symbols of one strip, in the order of an interleaved scan.
    #[inline(always)]
    pub(super) fn strip(&mut self, frame: &Frame, tables: &Tables, strip: &Strip<'_>, to: &mut impl Symbols) {
        frame.interleaved(strip, |plane, samples| {
            let block = tables.of_plane(plane).block(samples);
            let dc = block.at(0);
            let difference = i32::from(dc) - i32::from(std::mem::replace(&mut self.dc[plane], dc));
            let size = magnitude(difference);
            let table = usize::from(plane != 0);
            to.dc(table, size, low_bits(difference, size));
            ac_symbols(&block, table, to);
        });
    }
}

#[inline(always)]
fn ac_symbols(block: &Block, table: usize, to: &mut impl Symbols) {
    let mut left = block.set & !1;
    let mut last = 0;
    while left != 0 {
        let k = left.trailing_zeros();
        left &= left - 1;
        let mut zeros = k - last - 1;
        last = k;
        while zeros > 15 {
            to.ac(table, SIXTEEN_ZEROS, 0);
            zeros -= 16;
        }
        let value = i32::from(block.at(k));
        let size = magnitude(value);
        to.ac(table, (zeros as u8) << 4 | size, low_bits(value, size));
    }
    if last != 63 {
        to.ac(table, END_OF_BLOCK, 0);
    }
}

/// How often each symbol came, for the luma and the colour tables.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub(super) dc: [Histogram; 2],
    pub(super) ac: [Histogram; 2],
}

impl Symbols for Counts {
    #[inline(always)]
    fn dc(&mut self, table: usize, symbol: u8, _: u32) {
        self.dc[table & 1][usize::from(symbol)] += 1;
    }

    #[inline(always)]
    fn ac(&mut self, table: usize, symbol: u8, _: u32) {
        self.ac[table & 1][usize::from(symbol)] += 1;
    }
}

/// The four tables of a file; gray has no use for those of colour.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    pub(super) dc: [Huffman; 2],
    pub(super) ac: [Huffman; 2],
}

/// A picture counted: what it takes to write it.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(super) codes: Codes,
    /// The length of the entropy-coded data in bits: exact, but for the zero bytes that a file has behind each `FF`.
    pub(super) bits: u64,
    pub(super) strips: usize,
}

impl Counted {
    /// The length of the whole file in bytes, but for those zero bytes, with so many bytes of segments.
    pub(crate) fn bytes(&self, frame: &Frame, tables: &Tables, segments: usize) -> u64 {
        (markers::head(frame, tables, &self.codes, &[]).len() + segments + markers::END.len()) as u64
            + self.data_bytes()
    }

    /// The length of the entropy-coded data in bytes.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.bits.div_ceil(8)
    }
}

/// Counts a picture, strip by strip, top to bottom. Leaving strips out gives a sample.
#[derive(Debug, Clone)]
pub(crate) struct Counter<'a> {
    frame: Frame,
    tables: &'a Tables,
    sequence: Sequence,
    counts: Box<Counts>,
    strips: usize,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(frame: &Frame, tables: &'a Tables) -> Counter<'a> {
        let counts = Box::new(Counts { dc: [[0; 256]; 2], ac: [[0; 256]; 2] });
        Counter { frame: *frame, tables, sequence: Sequence::default(), counts, strips: 0 }
    }

    /// Counts one strip.
    ///
    /// # Panics
    ///
    /// Where the strip is smaller than the frame says.
    pub(crate) fn strip(&mut self, strip: &Strip<'_>) {
        self.sequence.strip(&self.frame, self.tables, strip, &mut *self.counts);
        self.strips += 1;
    }

    /// What was counted, with the code tables that are best for it.
    pub(crate) fn counted(&self) -> Counted {
        let codes = self.codes();
        let bits = self.bits(&codes);
        Counted { codes, bits, strips: self.strips }
    }

    fn codes(&self) -> Codes {
        Codes {
            dc: [Huffman::best(&self.counts.dc[0]), Huffman::best(&self.counts.dc[1])],
            ac: [Huffman::best(&self.counts.ac[0]), Huffman::best(&self.counts.ac[1])],
        }
    }

    /// The length of the entropy-coded data in bits with these tables: exact, but for the zero bytes that a
    /// file has behind each `FF`.
    fn bits(&self, codes: &Codes) -> u64 {
        let extra = |symbol: u8| symbol & 15;
        let of = |table: usize| {
            codes.dc[table].bits(&self.counts.dc[table], extra) + codes.ac[table].bits(&self.counts.ac[table], extra)
        };
        of(0) + of(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_bits_of_the_standard() {
        for (value, size, bits) in [
            (0, 0, 0),
            (1, 1, 1),
            (-1, 1, 0),
            (2, 2, 2),
            (-2, 2, 1),
            (-3, 2, 0),
            (255, 8, 255),
            (-255, 8, 0),
            (-2040, 11, 7),
        ] {
            assert_eq!((magnitude(value), low_bits(value, size)), (size, bits), "{value}");
        }
    }
}
