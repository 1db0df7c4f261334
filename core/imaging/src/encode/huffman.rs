//! The best Huffman tables for symbols that were counted.
//!
//! T.81 K.2: codes of at most 16 bits, none of them all ones. Ties are broken by symbol, so that the same counts
//! give the same table everywhere.

/// How often each symbol came.
pub(crate) type Histogram = [u64; 256];

/// The longest code that T.81 allows, in bits.
const LONGEST: usize = 16;

/// A table as it stands in a file, and its codes.
#[derive(Debug, Clone)]
pub(crate) struct Huffman {
    /// How many codes there are of each length, from 1 bit.
    pub(crate) counts: [u8; LONGEST],
    /// The symbols in the order of their codes.
    pub(crate) symbols: Vec<u8>,
    /// Code and length by symbol; a length of 0 where a symbol never came.
    pub(crate) codes: [(u16, u8); 256],
}

impl Huffman {
    /// The table that takes the fewest bits for these counts.
    pub(crate) fn best(histogram: &Histogram) -> Huffman {
        let lengths = lengths(histogram);
        let mut symbols: Vec<u8> = (0..=255).filter(|symbol| lengths[usize::from(*symbol)] > 0).collect();
        symbols.sort_by_key(|symbol| (lengths[usize::from(*symbol)], *symbol));

        // The symbol beside the 256 has the longest code of all; leaving it out leaves no code of all ones.
        let mut of_length = [0_usize; 258];
        for length in lengths {
            of_length[length] += 1;
        }
        limit(&mut of_length);
        let longest = (1..=LONGEST).rev().find(|length| of_length[*length] > 0);
        if let Some(longest) = longest {
            of_length[longest] -= 1;
        }

        let mut table = Huffman { counts: [0; LONGEST], symbols, codes: [(0, 0); 256] };
        let (mut code, mut next) = (0_u16, 0);
        for (length, &count) in (1_u8..).zip(&of_length[1..=LONGEST]) {
            // At most 255 of one length: 256 symbols and the one left out are no full level of a tree.
            table.counts[usize::from(length) - 1] = count as u8;
            for symbol in table.symbols.iter().skip(next).take(count) {
                table.codes[usize::from(*symbol)] = (code, length);
                code = code.wrapping_add(1);
            }
            next += count;
            code = code.wrapping_shl(1);
        }
        table
    }

    /// The bits that these counts take: codes, and the bits behind them as `extra` tells.
    pub(crate) fn bits(&self, histogram: &Histogram, extra: impl Fn(u8) -> u8) -> u64 {
        let each = (0..=255_u8).map(|symbol| {
            let at = usize::from(symbol);
            histogram[at] * u64::from(self.codes[at].1 + extra(symbol))
        });
        each.sum()
    }
}

/// The unlimited length of each symbol's code, the one that is left out behind the 256 (T.81 figures K.1 and K.2).
fn lengths(histogram: &Histogram) -> [usize; 257] {
    let mut frequency = [0_u64; 257];
    frequency[..256].copy_from_slice(histogram);
    frequency[256] = 1;
    let mut lengths = [0; 257];
    let mut next: [Option<usize>; 257] = [None; 257];
    while let Some((first, second)) = two_rarest(&frequency) {
        frequency[first] += frequency[second];
        frequency[second] = 0;
        let mut last = first;
        loop {
            lengths[last] += 1;
            match next[last] {
                Some(following) => last = following,
                None => break,
            }
        }
        next[last] = Some(second);
        let mut member = Some(second);
        while let Some(at) = member {
            lengths[at] += 1;
            member = next[at];
        }
    }
    lengths
}

/// The rarest and the second rarest of what is left; of equals the later one.
fn two_rarest(frequency: &[u64; 257]) -> Option<(usize, usize)> {
    let (mut first, mut second): (Option<usize>, Option<usize>) = (None, None);
    for (at, &value) in frequency.iter().enumerate() {
        if value == 0 {
            continue;
        }
        if first.is_none_or(|first| value <= frequency[first]) {
            second = first;
            first = Some(at);
        } else if second.is_none_or(|second| value <= frequency[second]) {
            second = Some(at);
        }
    }
    first.zip(second)
}

/// Brings every length within 16 bits (T.81 figure K.3): two leaves too deep go up, one higher up goes down.
fn limit(of_length: &mut [usize; 258]) {
    for length in (LONGEST + 1..of_length.len()).rev() {
        while of_length[length] > 0 {
            let Some(above) = (1..length - 1).rev().find(|above| of_length[*above] > 0) else { break };
            of_length[length] -= 2;
            of_length[length - 1] += 1;
            of_length[above + 1] += 2;
            of_length[above] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kraft(table: &Huffman) -> u64 {
        table.codes.iter().filter(|(_, length)| *length > 0).map(|(_, length)| 1 << (16 - length)).sum()
    }

    #[test]
    fn what_comes_often_gets_a_short_code() {
        let mut histogram = [0; 256];
        (histogram[3], histogram[7], histogram[9], histogram[200]) = (8, 4, 2, 1);
        let table = Huffman::best(&histogram);
        assert_eq!(table.symbols, [3, 7, 9, 200]);
        assert_eq!(table.counts[..4], [1, 1, 1, 1]);
        assert_eq!(table.codes[3], (0, 1));
        assert_eq!(table.codes[200], (0b1110, 4));
        assert_eq!(table.bits(&histogram, |_| 0), 8 + 8 + 6 + 4);
    }

    #[test]
    fn no_code_is_longer_than_sixteen_bits_or_all_ones() {
        // Fibonacci numbers make the deepest tree there is.
        let mut histogram = [0; 256];
        let (mut a, mut b) = (1_u64, 1);
        for count in histogram.iter_mut().take(60) {
            *count = a;
            (a, b) = (b, a + b);
        }
        for histogram in [histogram, [1; 256], [u64::MAX >> 10; 256]] {
            let table = Huffman::best(&histogram);
            assert_eq!(table.counts.iter().map(|count| usize::from(*count)).sum::<usize>(), table.symbols.len());
            assert!(kraft(&table) < 1 << 16, "a code of all ones is in use");
            for (symbol, (code, length)) in table.codes.iter().enumerate() {
                assert_eq!(*length == 0, histogram[symbol] == 0);
                assert!(*length <= 16 && u32::from(*code) + 1 < 1 << (*length).max(1) || *length == 0);
            }
        }
    }

    #[test]
    fn a_lone_symbol_takes_one_bit_and_nothing_takes_none() {
        let mut histogram = [0; 256];
        assert!(Huffman::best(&histogram).symbols.is_empty());
        histogram[0] = 5;
        assert_eq!(Huffman::best(&histogram).codes[0], (0, 1));
    }
}
