//! From samples to whole coefficients.
//!
//! Owns the dead zone. A block carries the set of its coefficients that are not 0, in zigzag order: whoever counts or
//! writes visits those only.

use super::dct::{self, GAIN};
use super::frame::{EDGE, Samples};
use super::tables::ZIGZAG;

/// A block's quantised coefficients.
pub(crate) struct Block {
    /// In the transposed order of [`dct::Coefficients`].
    values: [i16; 64],
    /// Bit k is set where the k-th coefficient of the zigzag is not 0.
    pub(crate) set: u64,
}

impl Block {
    /// The k-th coefficient of the zigzag.
    #[inline(always)]
    pub(crate) fn at(&self, k: u32) -> i16 {
        // Below 64 by the table's own values; the mask spares the check.
        self.values[usize::from(FROM_ZIGZAG[(k & 63) as usize] & 63)]
    }

    /// Which coefficients are 1, 2 or 4 and more away from 0, in zigzag order; only the levels from `low` to `high`.
    #[inline(always)]
    pub(super) fn levels(&self, low: u8, high: u8) -> Levels {
        let mut levels = [self.set, 0, 0];
        for level in low.max(1)..=high.min(2) {
            levels[usize::from(level)] = in_zigzag(&self.values, 1 << level);
        }
        levels
    }
}

/// A set for each number of low bits that are left away.
pub(super) type Levels = [u64; 3];

/// One table, made ready to multiply with.
#[derive(Debug, Clone)]
pub(crate) struct Quantiser {
    /// What a decoder multiplies by, in natural order.
    pub(crate) steps: [u8; 64],
    /// One over the step and the DCT's gain, transposed.
    factors: [f32; 64],
    /// How much nearer to 0 a value is moved before it is rounded, in steps, transposed.
    dead: [f32; 64],
}

impl Quantiser {
    /// `dead` in natural order, 0 to 0.5.
    pub(crate) fn new(steps: &[u8; 64], dead: &[f32; 64]) -> Quantiser {
        let factor = |u: usize, v: usize| 1.0 / (f32::from(steps[v * EDGE + u]) * GAIN[u] * GAIN[v]);
        Quantiser {
            steps: *steps,
            factors: std::array::from_fn(|at| factor(at / EDGE, at % EDGE)),
            dead: std::array::from_fn(|at| dead[at % EDGE * EDGE + at / EDGE]),
        }
    }

    /// The DC of [`Quantiser::block`] alone: a sum of whole numbers that `f32` holds exactly, in whatever order.
    #[inline(always)]
    pub(super) fn dc(&self, samples: &Samples) -> i16 {
        let mut sum = -128 * 64;
        for row in samples {
            sum += row.iter().map(|sample| i32::from(*sample)).sum::<i32>();
        }
        let value = sum as f32 * self.factors[0];
        nearest(value - self.dead[0].copysign(value))
    }

    /// Transforms and quantises a block.
    ///
    /// Samples of 8 bits and steps of 1 or more keep the DC within -1024 to 1016 and every AC within 1023 of 0.
    // A call is nothing beside its work, and copies of it in every scan make the compiler work for minutes.
    #[inline(never)]
    pub(crate) fn block(&self, samples: &Samples) -> Block {
        let coefficients = dct::forward(samples);
        let mut values = [0_i16; 64];
        for (u, line) in coefficients.iter().enumerate() {
            for (v, coefficient) in line.iter().enumerate() {
                let at = u * EDGE + v;
                let value = coefficient * self.factors[at];
                values[at] = nearest(value - self.dead[at].copysign(value));
            }
        }
        Block { set: in_zigzag(&values, 1), values }
    }
}

/// The nearest whole number, of halves the even one. In range for all that a DCT of 8-bit samples makes.
///
/// Added to 1.5 * 2^23, a small number's fraction is rounded away, and its whole part stands in the lowest bits: an
/// addition and a shuffle, where a conversion that saturates would be a compare and a branch for each lane.
#[inline(always)]
fn nearest(value: f32) -> i16 {
    (value + 12_582_912.0).to_bits() as i16
}

/// From zigzag order to the transposed order.
const FROM_ZIGZAG: [u8; 64] = {
    let mut table = [0; 64];
    let mut k = 0;
    while k < 64 {
        table[k] = ZIGZAG[k] % 8 * 8 + ZIGZAG[k] / 8;
        k += 1;
    }
    table
};

/// For each four neighbours of the transposed order, and each choice among them: their bits in zigzag order.
const ZIGZAG_BITS: [[u64; 16]; 16] = {
    let mut table = [[0; 16]; 16];
    let mut k = 0;
    while k < 64 {
        let at = FROM_ZIGZAG[k] as usize;
        let mut choice = 0;
        while choice < 16 {
            if choice >> (at % 4) & 1 == 1 {
                table[at / 4][choice] |= 1 << k;
            }
            choice += 1;
        }
        k += 1;
    }
    table
};

/// The set of those at least so far from 0.
#[inline(always)]
fn in_zigzag(values: &[i16; 64], least: i16) -> u64 {
    let mut flags = [0_u8; 64];
    for (flag, value) in flags.iter_mut().zip(values) {
        *flag = u8::from(value.wrapping_abs() >= least);
    }
    let mut set = 0;
    for (at, eight) in flags.chunks_exact(8).enumerate() {
        let eight = u64::from_le_bytes(eight.try_into().expect("chunks of eight are eight"));
        // Gathers the lowest bit of each byte into the topmost byte.
        let choice = (eight.wrapping_mul(0x0102_0408_1020_4080) >> 56) as usize;
        let (low, high) = (choice & 15, (choice >> 4) & 15);
        set |= ZIGZAG_BITS[(2 * at) & 15][low] | ZIGZAG_BITS[(2 * at + 1) & 15][high];
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_names_every_coefficient_that_is_not_zero_in_zigzag_order() {
        for k in 0..64 {
            let mut values = [0; 64];
            values[usize::from(FROM_ZIGZAG[k])] = -3;
            assert_eq!(in_zigzag(&values, 1), 1 << k);
            assert_eq!(Block { values, set: 0 }.at(k as u32), -3);
        }
        assert_eq!(in_zigzag(&[1; 64], 1), u64::MAX);
    }

    #[test]
    fn the_dead_zone_is_the_same_on_both_sides() {
        for (value, dead, expected) in
            [(0.6, 0.2, 0), (0.8, 0.2, 1), (1.6, 0.2, 1), (1.71, 0.2, 2), (0.1, 0.45, 0), (0.0, 0.5, 0)]
        {
            let rounded = |value: f32| nearest(value - f32::copysign(dead, value));
            assert_eq!((rounded(value), rounded(-value)), (expected, -expected), "{value} with {dead}");
        }
        assert_eq!((nearest(-1024.0), nearest(1023.4)), (-1024, 1023));
    }

    #[test]
    fn a_dc_alone_is_the_dc_of_the_whole_block() {
        let mut state = 1_u32;
        for step in [1, 2, 3, 7, 16, 99, 255] {
            // Even with a dead zone, which no table gives it.
            for dead in [0.0, 0.13, 0.5] {
                let quantiser = Quantiser::new(&[step; 64], &[dead; 64]);
                for _ in 0..200 {
                    let samples = std::array::from_fn(|_| {
                        std::array::from_fn(|_| {
                            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                            (state >> 24) as u8
                        })
                    });
                    assert_eq!(quantiser.dc(&samples), quantiser.block(&samples).at(0), "step {step}, dead {dead}");
                }
            }
        }
    }

    #[test]
    fn extreme_blocks_stay_within_what_a_baseline_file_can_hold() {
        let ones = Quantiser::new(&[1; 64], &[0.0; 64]);
        let mut worst = 0;
        for u in 0..8_usize {
            for v in 0..8_usize {
                for flip in [false, true] {
                    // The signs of one wave: what drives its coefficient furthest.
                    let up = |k: usize, n: usize| (((2 * n + 1) * k + 8) / 16).is_multiple_of(2);
                    let samples = std::array::from_fn(|y| {
                        std::array::from_fn(|x| if (up(u, x) == up(v, y)) != flip { 255 } else { 0 })
                    });
                    let block = ones.block(&samples);
                    worst = (1..64).map(|k| block.at(k).unsigned_abs()).fold(worst, u16::max);
                    assert!((-1024..=1016).contains(&block.at(0)));
                }
            }
        }
        assert!((1000..=1023).contains(&worst), "{worst}");
    }
}
