//! Huffman codes, made ready to be looked up.
//!
//! Owns the layout of the lookup tables. Never reads a file. Source: ITU-T T.81, annexes C and F.2.2.

use super::tables::Codes;

/// How many bits are looked up at once. A thousand entries of four bytes: two tables stay in the first-level cache.
pub(super) const LOOKUP: u32 = 10;

/// A table that decodes.
pub(super) struct Table {
    /// For each [`LOOKUP`] bits, an entry as [`Entry`] reads it.
    fast: Box<[u32; 1 << LOOKUP]>,
    /// For each length, one more than the last code of at most that length, on the left of 16 bits.
    ends: [u32; 17],
    /// For each length, what is to be taken from a code to get its symbol's place.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// What the next bits mean.
///
/// ```text
/// 31      16 15   12 11    8 7     0
///   value     size    run     length      length 0: the code is longer than what was looked up
/// ```
///
/// Where the value's own bits are among those looked up, it is there already, `length` counts them and `size` is 0. A
/// value is never 0 then, for nothing but size 0 means 0.
#[derive(Clone, Copy)]
pub(super) struct Entry(pub(super) u32);

impl Entry {
    fn new(value: i32, size: u32, run: u32, length: u32) -> Entry {
        Entry((value as u32) << 16 | size << 12 | run << 8 | length)
    }

    /// How many bits to drop.
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        self.0 & 63
    }

    /// The symbol's upper half: zeros ahead of the value.
    #[inline(always)]
    pub(super) fn run(self) -> usize {
        (self.0 >> 8) as usize & 15
    }

    /// The symbol's lower half: how many bits of the value follow.
    #[inline(always)]
    pub(super) fn size(self) -> u32 {
        self.0 >> 12 & 15
    }

    /// The value, where it is in the entry; 0 where it is not.
    #[inline(always)]
    pub(super) fn value(self) -> i32 {
        self.0 as i32 >> 16
    }

    #[inline(always)]
    pub(super) fn has_value(self) -> bool {
        self.0 >= 1 << 16
    }
}

impl Table {
    /// Makes a table of sound codes.
    pub(super) fn new(codes: &Codes) -> Table {
        let mut table = Table { fast: Box::new([0; 1 << LOOKUP]), ends: [0; 17], offsets: [0; 17], symbols: [0; 256] };
        for (place, symbol) in table.symbols.iter_mut().zip(&codes.symbols) {
            *place = *symbol;
        }
        let (mut code, mut index) = (0u32, 0usize);
        for length in 1..=16 {
            let count = usize::from(codes.counts[length - 1]);
            table.offsets[length] = index as i32 - code as i32;
            for symbol in codes.symbols.iter().skip(index).take(count) {
                table.enter(*symbol, code, length as u32);
                code += 1;
            }
            index += count;
            table.ends[length] = code << (16 - length);
            code <<= 1;
        }
        table
    }

    /// Writes a code's entries: one for each way the bits behind it can be.
    fn enter(&mut self, symbol: u8, code: u32, length: u32) {
        let Some(spare) = LOOKUP.checked_sub(length) else { return };
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        for behind in 0..1u32 << spare {
            let entry = if size > 0 && size <= spare {
                let value = extended(behind >> (spare - size), size);
                Entry::new(value, 0, run, length + size)
            } else {
                Entry::new(0, size, run, length)
            };
            if let Some(place) = self.fast.get_mut((code << spare | behind) as usize) {
                *place = entry.0;
            }
        }
    }

    /// What the bits on the left of `bits` mean.
    #[inline(always)]
    pub(super) fn look(&self, bits: u64) -> Entry {
        let entry = Entry(self.fast[(bits >> (64 - LOOKUP)) as usize]);
        if entry.length() == 0 { self.look_long(bits) } else { entry }
    }

    /// A code that is longer than what is looked up at once. Bits that are no code are passed over as a symbol 0 of 17
    /// bits, as libjpeg does it: a damaged picture goes on alike.
    #[cold]
    fn look_long(&self, bits: u64) -> Entry {
        let sixteen = (bits >> 48) as u32;
        let Some(length) = (LOOKUP as usize + 1..=16).find(|length| sixteen < self.ends[*length]) else {
            return Entry::new(0, 0, 0, 17);
        };
        let place = (sixteen >> (16 - length)) as i32 + self.offsets[length];
        let symbol = self.symbols[place as usize & 255];
        Entry::new(0, u32::from(symbol & 15), u32::from(symbol >> 4), length as u32)
    }
}

/// A value of `size` bits, 1 to 15, of which those with a 0 in front are negative.
#[inline(always)]
pub(super) fn extended(bits: u32, size: u32) -> i32 {
    let negative = (bits >> (size - 1)) as i32 - 1;
    bits as i32 + (negative & (1 - (1 << size)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::tables::Tables;

    #[test]
    fn every_symbol_of_the_standard_tables_is_found_by_its_code() {
        for (ac, slot) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
            let codes = Tables::default().codes(ac, slot).unwrap();
            let table = Table::new(&codes);
            let (mut code, mut symbols) = (0u64, codes.symbols.iter());
            for length in 1..=16u32 {
                for symbol in symbols.by_ref().take(usize::from(codes.counts[length as usize - 1])) {
                    let bits = code << (64 - length);
                    let entry = table.look(bits);
                    let size = u32::from(symbol & 15);
                    assert_eq!(entry.run(), usize::from(symbol >> 4));
                    if entry.has_value() {
                        assert_eq!((entry.length(), entry.value()), (length + size, extended(0, size)));
                        let ones = table.look(bits | (u64::MAX >> length));
                        assert_eq!(ones.value(), (1 << size) - 1);
                    } else {
                        assert_eq!((entry.length(), entry.size()), (length, size));
                    }
                    code += 1;
                }
                code <<= 1;
            }
        }
    }

    #[test]
    fn bits_that_are_no_code_are_passed_over() {
        let table =
            Table::new(&Codes { counts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], symbols: vec![1, 2] });
        assert_eq!(table.look(u64::MAX).length(), 17);
        let long = table.look(0x4000 << 48);
        assert_eq!((long.length(), long.size()), (16, 2));
    }
}
