//! From coefficients to samples, at full size or a half, a quarter, an eighth of it.
//!
//! Owns dequantisation and the inverse transform. Never reads a bit. Each smaller size is what averaging 2 x 2, 4 x 4 or
//! 8 x 8 samples of the full transform would give, computed from the coefficients: averaging scales each frequency, and
//! folds the upper half of them onto the lower. Scaling and sign go into the quantisation table, so folding costs an
//! addition.
//!
//! The full transform is Arai, Agui and Nakajima's ("A fast DCT-SQ scheme for images", 1988): five multiplications for
//! eight samples, the other factors being in the quantisation table too. All is done in single precision, additions and
//! multiplications in a fixed order, and so with one result on every machine.

#![allow(clippy::needless_range_loop, reason = "an index for each lane is what becomes vectors")]

use super::tables::Quant;

/// What a decoder writes coefficients into. Full size: horizontal frequency times 8 plus vertical; smaller: times the
/// size.
pub(super) type Block = [f32; 64];

/// One more than the last place in a block that damaged data may lead to: a run of 15 zeros beyond the last coefficient.
const PLACES: usize = 80;

/// For each coefficient in zigzag order: what to multiply with, and where to add the result.
pub(super) struct Weights {
    pub(super) weight: [f32; PLACES],
    pub(super) place: [u8; PLACES],
    /// How many samples a block gives, across and down: 8, 4, 2 or 1.
    pub(super) size: usize,
}

/// Where in a block the coefficients in zigzag order stand: row times 8 plus column (T.81, figure 5).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,
     7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63,
];

/// cos(k pi / 16).
#[allow(clippy::approx_constant, reason = "a row of a table")]
const COS: [f64; 8] = [
    1.0,
    0.980_785_280_403_230_4,
    0.923_879_532_511_286_7,
    0.831_469_612_302_545_2,
    0.707_106_781_186_547_6,
    0.555_570_233_019_602_2,
    0.382_683_432_365_089_8,
    0.195_090_322_016_128_27,
];

/// 1 / sqrt(8): how much of a sample the lowest frequency is, in one direction.
const LOWEST: f64 = 0.353_553_390_593_273_8;

/// In one direction: the factor of a frequency, and the one it is folded onto. A factor of 0: averaging levels it.
fn fold(size: usize, frequency: usize) -> (f64, usize) {
    // A frequency averaged over two samples is scaled by cos(k pi / 16), over four by that and cos(k pi / 8), ...
    let half = COS[frequency] / 2.0;
    match (size, frequency) {
        (_, 0) => (LOWEST, 0),
        (8, k) => (half, k),
        (4, 4) | (2, 2 | 4 | 6) | (1, _) => (0.0, 0),
        // The transform of four takes frequency 2 as multiplied by cos(pi / 4) already.
        (4, 2) => (half * COS[4], 2),
        (4, 6) => (-half * COS[4], 2),
        (4, k @ 1..=3) => (half, k),
        (4, k) => (-half, 8 - k),
        // cos(k pi / 8) cos(k pi / 4) for k = 1, 3, 5, 7.
        (_, 1) => (half * COS[2] * COS[4], 1),
        (_, 3) => (-half * COS[6] * COS[4], 1),
        (_, 5) => (half * COS[6] * COS[4], 1),
        (_, _) => (-half * COS[2] * COS[4], 1),
    }
}

impl Weights {
    pub(super) fn new(quant: &Quant, size: usize) -> Weights {
        let mut weights = Weights { weight: [0.0; PLACES], place: [0; PLACES], size };
        for (index, (natural, step)) in ZIGZAG.iter().zip(quant).enumerate() {
            let (down, v) = fold(size, usize::from(natural / 8));
            let (across, u) = fold(size, usize::from(natural % 8));
            weights.weight[index] = (f64::from(*step) * down * across) as f32;
            weights.place[index] = (u * size + v) as u8;
        }
        weights
    }

    /// Where the coefficient of this index in zigzag order is kept at this size, if it matters and is not folded.
    pub(super) fn kept(size: usize, index: usize) -> Option<usize> {
        let natural = usize::from(ZIGZAG[index]);
        let (u, v) = (natural % 8, natural / 8);
        (u < size && v < size).then_some(u * size + v)
    }
}

/// Writes a block's samples, `size` rows of `size`, into rows that are `stride` apart. `last` is the highest index, in
/// zigzag order, of a coefficient that is not 0. The block's first coefficient holds the level shift already.
#[inline(always)]
pub(super) fn transform(size: usize, block: &Block, last: usize, out: &mut [u8], stride: usize) {
    match size {
        _ if last == 0 => level(size, block[0], out, stride),
        8 if last < 10 => eight_of_four(block, out, stride),
        8 => eight(block, out, stride),
        4 => four(block, out, stride),
        2 => two(block, out, stride),
        _ => level(1, block[0], out, stride),
    }
}

/// What the first coefficient gets added: samples are stored less 128. A little more, so that halves are rounded up, as
/// everywhere else: a block of one colour is the same in every decoder.
pub(super) const LEVEL: f32 = 128.0 + 1.0 / 1024.0;

#[inline(always)]
fn sample(value: f32) -> u8 {
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 255.0 { value } else { 255.0 };
    // 2 to the 23rd: what is left of the fraction is rounded away, and the lowest bits are the integer.
    (value + 8_388_608.0).to_bits() as u8
}

/// A block of one colour.
#[inline(always)]
fn level(size: usize, value: f32, out: &mut [u8], stride: usize) {
    let value = sample(value);
    for row in out.chunks_mut(stride).take(size) {
        match row.first_chunk_mut::<8>() {
            Some(row) if size == 8 => *row = [value; 8],
            _ => row.iter_mut().take(size).for_each(|sample| *sample = value),
        }
    }
}

/// A transform of eight, in each of `L` lanes.
#[inline(always)]
fn lanes<const L: usize>(x: &[[f32; L]; 8]) -> [[f32; L]; 8] {
    const SQRT_2: f32 = std::f32::consts::SQRT_2;
    let mut out = [[0.0; L]; 8];
    for i in 0..L {
        let (sum, difference) = (x[0][i] + x[4][i], x[0][i] - x[4][i]);
        let middle = x[2][i] + x[6][i];
        let turned = (x[2][i] - x[6][i]) * SQRT_2 - middle;
        let even = [sum + middle, difference + turned, difference - turned, sum - middle];
        let (a, b) = (x[5][i] + x[3][i], x[5][i] - x[3][i]);
        let (c, d) = (x[1][i] + x[7][i], x[1][i] - x[7][i]);
        let odd = odd([a, b, c, d], (c - a) * SQRT_2);
        butterfly(even, odd, &mut out, i);
    }
    out
}

/// The same where the upper four are 0.
#[inline(always)]
fn lanes_of_four<const L: usize>(x: &[[f32; L]; 4]) -> [[f32; L]; 8] {
    const SQRT_2: f32 = std::f32::consts::SQRT_2;
    let mut out = [[0.0; L]; 8];
    for i in 0..L {
        let turned = x[2][i] * SQRT_2 - x[2][i];
        let even = [x[0][i] + x[2][i], x[0][i] + turned, x[0][i] - turned, x[0][i] - x[2][i]];
        let odd = odd([x[3][i], -x[3][i], x[1][i], x[1][i]], (x[1][i] - x[3][i]) * SQRT_2);
        butterfly(even, odd, &mut out, i);
    }
    out
}

/// The odd half: of the sum and the difference of frequencies 5 and 3, and of 1 and 7.
#[inline(always)]
fn odd([a, b, c, d]: [f32; 4], rotated: f32) -> [f32; 4] {
    let o0 = c + a;
    let z = (b + d) * 1.847_759_1;
    let o1 = z - b * 2.613_125_9 - o0;
    let o2 = rotated - o1;
    let o3 = z - d * 1.082_392_2 - o2;
    [o0, o1, o2, o3]
}

#[inline(always)]
fn butterfly<const L: usize>(even: [f32; 4], odd: [f32; 4], out: &mut [[f32; L]; 8], i: usize) {
    for k in 0..4 {
        out[k][i] = even[k] + odd[k];
        out[7 - k][i] = even[k] - odd[k];
    }
}

fn store(rows: &[[f32; 8]; 8], out: &mut [u8], stride: usize) {
    for (values, row) in rows.iter().zip(out.chunks_mut(stride)) {
        if let Some(row) = row.first_chunk_mut::<8>() {
            for i in 0..8 {
                row[i] = sample(values[i]);
            }
        }
    }
}

fn eight(block: &Block, out: &mut [u8], stride: usize) {
    let mut columns = [[0.0; 8]; 8];
    for (column, values) in columns.iter_mut().zip(block.chunks_exact(8)) {
        column.copy_from_slice(values);
    }
    let across = lanes(&columns);
    let mut turned = [[0.0; 8]; 8];
    for i in 0..8 {
        for k in 0..8 {
            turned[i][k] = across[k][i];
        }
    }
    store(&lanes(&turned), out, stride);
}

/// A block whose coefficients beyond the fourth are 0 in both directions.
fn eight_of_four(block: &Block, out: &mut [u8], stride: usize) {
    let mut columns = [[0.0; 4]; 4];
    for (column, values) in columns.iter_mut().zip(block.chunks_exact(8)) {
        column.copy_from_slice(&values[..4]);
    }
    let across = lanes_of_four(&columns);
    let mut turned = [[0.0; 8]; 4];
    for i in 0..4 {
        for k in 0..8 {
            turned[i][k] = across[k][i];
        }
    }
    store(&lanes_of_four(&turned), out, stride);
}

/// A transform of four, in each of four lanes.
#[inline(always)]
fn four_lanes(x: &[[f32; 4]; 4]) -> [[f32; 4]; 4] {
    let (c, s) = (COS[2] as f32, COS[6] as f32);
    let mut out = [[0.0; 4]; 4];
    for i in 0..4 {
        let (outer, inner) = (x[0][i] + x[2][i], x[0][i] - x[2][i]);
        let a = x[1][i] * c + x[3][i] * s;
        let b = x[1][i] * s - x[3][i] * c;
        out[0][i] = outer + a;
        out[1][i] = inner + b;
        out[2][i] = inner - b;
        out[3][i] = outer - a;
    }
    out
}

fn four(block: &Block, out: &mut [u8], stride: usize) {
    let mut columns = [[0.0; 4]; 4];
    for (column, values) in columns.iter_mut().zip(block.chunks_exact(4)) {
        column.copy_from_slice(values);
    }
    let across = four_lanes(&columns);
    let mut turned = [[0.0; 4]; 4];
    for i in 0..4 {
        for k in 0..4 {
            turned[i][k] = across[k][i];
        }
    }
    for (values, row) in four_lanes(&turned).iter().zip(out.chunks_mut(stride)) {
        if let Some(row) = row.first_chunk_mut::<4>() {
            for i in 0..4 {
                row[i] = sample(values[i]);
            }
        }
    }
}

fn two(block: &Block, out: &mut [u8], stride: usize) {
    let [a, b, c, d] = [block[0], block[1], block[2], block[3]];
    // The second index is the vertical frequency.
    let (left, right) = ([a + c, b + d], [a - c, b - d]);
    let rows = [[left[0] + left[1], right[0] + right[1]], [left[0] - left[1], right[0] - right[1]]];
    for (values, row) in rows.iter().zip(out.chunks_mut(stride)) {
        if let Some(row) = row.first_chunk_mut::<2>() {
            *row = [sample(values[0]), sample(values[1])];
        }
    }
}
