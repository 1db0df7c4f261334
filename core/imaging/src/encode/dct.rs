//! The forward DCT of one block.
//!
//! Arai, Agui and Nakajima's factorisation (1988) in `f32`: 5 multiplications for 8 values, the rest of the scaling left to whoever
//! divides by the quantisation table ([`GAIN`]). Only additions and multiplications in a fixed order: the same bits on
//! every platform.

use super::frame::{EDGE, Samples};

/// Coefficients, *transposed*: the first index is the horizontal frequency.
pub(crate) type Coefficients = [[f32; EDGE]; EDGE];

/// By how much a coefficient of [`forward`] is too large, along each axis: sqrt(8) for 0, then 4 cos(k pi / 16).
pub(crate) const GAIN: [f32; EDGE] =
    [2.828_427, 3.923_141, 3.695_518, 3.325_878_4, 2.828_427, 2.222_281, 1.530_733_7, 0.780_361_3];

/// The DCT of samples around 128. Each coefficient is larger than T.81's by its two [`GAIN`]s.
#[inline(always)]
pub(crate) fn forward(samples: &Samples) -> Coefficients {
    let mut square = [[0.0; EDGE]; EDGE];
    for (values, samples) in square.iter_mut().zip(samples) {
        for (value, sample) in values.iter_mut().zip(samples) {
            *value = f32::from(i16::from(*sample) - 128);
        }
    }
    columns(&mut square);
    let mut square = transposed(&square);
    columns(&mut square);
    square
}

#[inline(always)]
fn transposed(square: &Coefficients) -> Coefficients {
    let mut out = [[0.0; EDGE]; EDGE];
    for (y, values) in square.iter().enumerate() {
        for (x, value) in values.iter().enumerate() {
            out[x][y] = *value;
        }
    }
    out
}

/// The transform down every column: eight lanes side by side.
#[allow(clippy::needless_range_loop, reason = "a lane is a place in all eight rows at once")]
#[inline(always)]
fn columns(s: &mut Coefficients) {
    for x in 0..EDGE {
        let (sum0, odd0) = (s[0][x] + s[7][x], s[0][x] - s[7][x]);
        let (sum1, odd1) = (s[1][x] + s[6][x], s[1][x] - s[6][x]);
        let (sum2, odd2) = (s[2][x] + s[5][x], s[2][x] - s[5][x]);
        let (sum3, odd3) = (s[3][x] + s[4][x], s[3][x] - s[4][x]);

        let (outer, outer_odd) = (sum0 + sum3, sum0 - sum3);
        let (inner, inner_odd) = (sum1 + sum2, sum1 - sum2);
        s[0][x] = outer + inner;
        s[4][x] = outer - inner;
        let turned = (inner_odd + outer_odd) * 0.707_106_77;
        s[2][x] = outer_odd + turned;
        s[6][x] = outer_odd - turned;

        let (low, middle, high) = (odd3 + odd2, odd2 + odd1, odd1 + odd0);
        let shared = (low - high) * 0.382_683_43;
        let low = 0.541_196_1 * low + shared;
        let high = 1.306_563 * high + shared;
        let middle = middle * 0.707_106_77;
        let (up, down) = (odd0 + middle, odd0 - middle);
        s[5][x] = down + low;
        s[3][x] = down - low;
        s[1][x] = up + high;
        s[7][x] = up - high;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.81 A.3.3, straight from its sum, in `f64`.
    fn by_definition(samples: &Samples, u: usize, v: usize) -> f64 {
        use std::f64::consts::PI;
        let norm = |k: usize| if k == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let mut sum = 0.0;
        for (y, row) in samples.iter().enumerate() {
            for (x, sample) in row.iter().enumerate() {
                let wave = ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos()
                    * ((2 * y + 1) as f64 * v as f64 * PI / 16.0).cos();
                sum += (f64::from(*sample) - 128.0) * wave;
            }
        }
        sum * norm(u) * norm(v) / 4.0
    }

    #[test]
    fn the_transform_is_that_of_the_standard() {
        let mut state = 7_u32;
        for contrast in [1, 16, 256] {
            let samples: Samples = std::array::from_fn(|_| {
                std::array::from_fn(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((state >> 16) % contrast) as u8
                })
            });
            let found = forward(&samples);
            for u in 0..EDGE {
                for v in 0..EDGE {
                    let value = f64::from(found[u][v] / (GAIN[u] * GAIN[v]));
                    assert!((value - by_definition(&samples, u, v)).abs() < 2e-3, "at {u}, {v}");
                }
            }
        }
    }
}
