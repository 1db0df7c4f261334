//! What coefficients become in a file: symbols with bits behind them.
//!
//! Owns the symbols of a block coded whole. Neither counts nor writes: both are a [`Symbols`].

use super::quant::Block;

/// The table of the DC and of the AC symbols, for luma; those for colour are two further on.
pub(super) const DC: usize = 0;
pub(super) const AC: usize = 1;
/// How many tables a scan can have.
pub(super) const TABLES: usize = 4;

/// The symbol for sixteen zeros.
pub(super) const SIXTEEN_ZEROS: u8 = 0xF0;

/// What takes symbols: to count them, or to write them.
pub(super) trait Symbols {
    /// A symbol of a table (0 to 3) and the [`extra`] bits behind it.
    fn symbol(&mut self, table: usize, symbol: u8, low: u32);
    /// Bits without a symbol: the lowest `count`, at most 63.
    fn raw(&mut self, bits: u64, count: u32);
}

/// How many bits stand behind a symbol: the size of its value, or what tells the length of a run of ended blocks.
#[inline(always)]
pub(super) fn extra(symbol: u8) -> u8 {
    match symbol & 15 {
        0 if symbol == SIXTEEN_ZEROS => 0,
        0 => symbol >> 4,
        size => size,
    }
}

/// How many bits a value takes (T.81 F.1.2.1).
#[inline(always)]
pub(super) fn size(value: i32) -> u8 {
    (32 - value.unsigned_abs().leading_zeros()) as u8
}

/// The bits that tell a value from others of its size: of a negative one those of one less.
#[inline(always)]
pub(super) fn low_bits(value: i32, size: u8) -> u32 {
    ((value + (value >> 31)) as u32) & ((1 << size) - 1)
}

/// The DC of every plane's last block: each is told as a difference.
#[derive(Debug, Clone, Default)]
pub(super) struct Differences([i16; 3]);

impl Differences {
    /// The symbol of a block's DC.
    #[inline(always)]
    pub(super) fn symbol(&mut self, plane: usize, dc: i16, to: &mut impl Symbols) {
        let difference = i32::from(dc) - i32::from(std::mem::replace(&mut self.0[plane], dc));
        let size = size(difference);
        to.symbol(DC + of_colour(plane), size, low_bits(difference, size));
    }
}

/// How much further on the tables of a plane are.
#[inline(always)]
pub(super) fn of_colour(plane: usize) -> usize {
    if plane == 0 { 0 } else { 2 }
}

/// The AC symbols of a block coded whole (T.81 F.1.2.2).
#[inline(always)]
pub(super) fn whole_block(plane: usize, block: &Block, to: &mut impl Symbols) {
    let table = AC + of_colour(plane);
    let mut left = block.set & !1;
    let mut next = 1;
    while left != 0 {
        let k = left.trailing_zeros();
        left &= left - 1;
        let mut zeros = k - next;
        next = k + 1;
        while zeros > 15 {
            to.symbol(table, SIXTEEN_ZEROS, 0);
            zeros -= 16;
        }
        let value = i32::from(block.at(k));
        let size = size(value);
        to.symbol(table, (zeros as u8) << 4 | size, low_bits(value, size));
    }
    if next < 64 {
        to.symbol(table, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_bits_of_the_standard() {
        let known =
            [(0, 0, 0), (1, 1, 1), (-1, 1, 0), (2, 2, 2), (-2, 2, 1), (-3, 2, 0), (255, 8, 255), (-2040, 11, 7)];
        for (value, bits, low) in known {
            assert_eq!((size(value), low_bits(value, bits)), (bits, low), "{value}");
        }
    }

    #[test]
    fn a_symbol_tells_how_many_bits_stand_behind_it() {
        for (symbol, bits) in [(0x00, 0), (0x03, 3), (0xF0, 0), (0xFA, 10), (0x30, 3), (0xE0, 14)] {
            assert_eq!(extra(symbol), bits, "{symbol:02x}");
        }
    }
}
