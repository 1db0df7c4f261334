//! One plane of samples brought to other dimensions while it streams by, by Lanczos with three lobes.
//!
//! Owns the kernel and the order of the sums: `f32`, multiplied and added in one fixed order, so that the same bytes come
//! out on every machine. Never holds more of the source than the rows that one row of the output is made of.
//!
//! ```text
//! row of bytes -> ring of rows (as many as the kernel is high) --down--> one line --eight lines side by side--across--> Target
//! ```

use std::rc::Rc;

/// How many lines go across at once: the lanes that a machine's registers hold.
pub(crate) const LANES: usize = 8;

/// Where samples of a row or column of the source lie, seen from the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    /// How many samples the source has.
    pub(crate) from: usize,
    /// How many of them the picture really covers: half a sample less where the last one stands for one column of two.
    pub(crate) extent: f64,
    /// How many samples the output has.
    pub(crate) to: usize,
    /// How many of them the picture really covers.
    pub(crate) to_extent: f64,
    /// By how much of an output sample the output's grid is moved: a mirrored picture's pairs are counted from its end.
    pub(crate) shift: f64,
}

impl Axis {
    /// All of so many samples, brought to so many.
    pub(crate) fn plain(from: u32, to: u32) -> Axis {
        let (extent, to_extent) = (f64::from(from), f64::from(to));
        Axis { from: from as usize, extent, to: to as usize, to_extent, shift: 0.0 }
    }

    fn is_identity(&self) -> bool {
        self.from == self.to && self.extent == self.to_extent && self.shift == 0.0
    }
}

/// What an output sample is made of along one axis: so many neighbours, and how much of each.
#[derive(Debug, Clone, Copy)]
struct Kernel {
    axis: Axis,
    taps: usize,
}

impl Kernel {
    fn new(axis: Axis) -> Kernel {
        let reach = LOBES * (axis.extent / axis.to_extent).max(1.0);
        let taps = if axis.is_identity() { 1 } else { ((2.0 * reach) as usize + 2).min(axis.from) };
        Kernel { axis, taps }
    }

    /// Puts the weights of an output sample behind `weights`; returns the first source sample that they are of. It and all its
    /// neighbours are in the source.
    fn weigh(&self, index: usize, weights: &mut Vec<f32>) -> usize {
        let Kernel { axis, taps } = *self;
        if axis.is_identity() {
            weights.push(1.0);
            return index;
        }
        let ratio = axis.extent / axis.to_extent;
        let widened = ratio.max(1.0);
        let center = (index as f64 + 0.5 + axis.shift) * ratio;
        let first = (center - LOBES * widened - 0.5).ceil().max(0.0) as usize; // a negative one would be outside
        let start = first.min(axis.from - taps);
        let row: Vec<f64> = (start..start + taps).map(|at| lanczos((at as f64 + 0.5 - center) / widened)).collect();
        let sum: f64 = row.iter().sum();
        weights.extend(row.iter().map(|weight| (weight / sum) as f32));
        start
    }
}

const LOBES: f64 = 3.0;

fn lanczos(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.abs() >= 3.0 {
        0.0
    } else {
        let x = x * std::f64::consts::PI;
        3.0 * libm::sin(x) * libm::sin(x / 3.0) / (x * x)
    }
}

/// Takes the output: `lanes[..count]` are the samples of column `x` in the rows from `y` on.
pub(crate) trait Target {
    fn column(&mut self, x: usize, y: usize, lanes: &[u8; LANES], count: usize);
}

/// The weights of a row: planes of the same sizes share them. Those of a column are reckoned when their row is made.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    down: Kernel,
    across: Rc<Across>,
}

#[derive(Debug)]
struct Across {
    kernel: Kernel,
    starts: Vec<u32>,
    weights: Vec<f32>,
}

impl Across {
    fn at(&self, index: usize) -> (usize, &[f32]) {
        let taps = self.kernel.taps;
        (self.starts[index] as usize, &self.weights[index * taps..][..taps])
    }
}

impl Weights {
    pub(crate) fn new(across: Axis, down: Axis) -> Weights {
        let kernel = Kernel::new(across);
        let mut weights = Vec::with_capacity(across.to * kernel.taps);
        // A source has 65,535 samples at most.
        let starts = (0..across.to).map(|index| kernel.weigh(index, &mut weights) as u32).collect();
        Weights { down: Kernel::new(down), across: Rc::new(Across { kernel, starts, weights }) }
    }

    /// Whether they are those of such axes.
    pub(crate) fn are_of(&self, across: Axis, down: Axis) -> bool {
        (self.across.kernel.axis, self.down.axis) == (across, down)
    }
}

/// One plane on its way.
pub(crate) struct Resampler {
    down: Kernel,
    across: Rc<Across>,
    /// The last rows of the source, as many as `down` has taps; row `n` lies at `n % taps`.
    ring: Vec<u8>,
    taken: usize,
    made: usize,
    /// The first row that the next line is made of, and how much of each.
    start: usize,
    weights: Vec<f32>,
    line: Vec<f32>,
    /// Up to eight lines, side by side for each column.
    lines: Vec<f32>,
}

impl Resampler {
    /// What the resampler of such axes holds, in bytes.
    pub(crate) fn memory(across: Axis, down: Axis) -> u64 {
        let taps = |axis: Axis| 6.0 * (axis.extent / axis.to_extent).max(1.0) + 2.0;
        let floats = across.from as f64 * (1.0 + LANES as f64) + across.to as f64 * (taps(across) + 1.0) + taps(down);
        (floats * 4.0 + across.from as f64 * taps(down)) as u64
    }

    pub(crate) fn new(weights: &Weights) -> Resampler {
        let Weights { across, down } = weights.clone();
        let width = across.kernel.axis.from;
        let mut first = Vec::with_capacity(down.taps);
        Resampler {
            ring: vec![0; width * down.taps],
            line: vec![0.0; width],
            lines: vec![0.0; width * LANES],
            taken: 0,
            made: 0,
            start: down.weigh(0, &mut first),
            weights: first,
            down,
            across,
        }
    }

    fn width(&self) -> usize {
        self.line.len()
    }

    /// Takes the next row of the source; rows beyond its height are left alone.
    pub(crate) fn push(&mut self, row: &[u8], target: &mut impl Target) {
        if self.taken == self.down.axis.from {
            return;
        }
        let (width, taps) = (self.width(), self.down.taps);
        let at = self.taken % taps * width;
        self.ring[at..at + width].copy_from_slice(&row[..width]);
        self.taken += 1;
        while !self.is_done() && self.start + taps <= self.taken {
            self.make(target);
        }
    }

    /// Whether all rows of the output are made.
    pub(crate) fn is_done(&self) -> bool {
        self.made == self.down.axis.to
    }

    fn make(&mut self, target: &mut impl Target) {
        let lane = self.made % LANES;
        self.blend();
        for (column, value) in self.lines.chunks_exact_mut(LANES).zip(&self.line) {
            column[lane] = *value;
        }
        self.made += 1;
        self.weights.clear();
        self.start = self.down.weigh(self.made, &mut self.weights);
        if lane + 1 == LANES || self.is_done() {
            self.go_across(self.made - lane - 1, lane + 1, target);
        }
    }

    /// The line of the output that is next, at the source's width.
    fn blend(&mut self) {
        let (ring, taps, width) = (&self.ring, self.down.taps, self.width());
        let (start, weights) = (self.start, &self.weights);
        let row = |tap: usize| &ring[(start + tap) % taps * width..][..width];
        let line = &mut self.line[..width];
        line.fill(0.0);
        let mut tap = 0;
        while tap + 4 <= taps {
            let (a, b, c, d) = (row(tap), row(tap + 1), row(tap + 2), row(tap + 3));
            let w = [weights[tap], weights[tap + 1], weights[tap + 2], weights[tap + 3]];
            let value = |row: &[u8], x: usize| f32::from(row[x]);
            for (x, sum) in line.iter_mut().enumerate() {
                *sum += (value(a, x) * w[0] + value(b, x) * w[1]) + (value(c, x) * w[2] + value(d, x) * w[3]);
            }
            tap += 4;
        }
        for (tap, weight) in weights.iter().enumerate().skip(tap) {
            for (sum, value) in line.iter_mut().zip(row(tap)) {
                *sum += f32::from(*value) * weight;
            }
        }
    }

    fn go_across(&self, y: usize, count: usize, target: &mut impl Target) {
        for x in 0..self.across.starts.len() {
            let (start, weights) = self.across.at(x);
            let columns = self.lines[start * LANES..].chunks_exact(LANES);
            let mut sums = [0.0f32; LANES];
            for (weight, column) in weights.iter().zip(columns) {
                for (sum, value) in sums.iter_mut().zip(column) {
                    *sum += value * weight;
                }
            }
            target.column(x, y, &sums.map(to_sample), count);
        }
    }
}

/// The nearest sample, without a conversion that has to look for what a float can be besides: adding 2^23 leaves the integer in
/// the lowest bits.
#[allow(clippy::manual_clamp, reason = "`clamp` has to look for NaN, and costs more than it saves here")]
fn to_sample(value: f32) -> u8 {
    (value.max(0.0).min(255.0) + 8_388_608.0).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Flat {
        width: usize,
        data: Vec<u8>,
    }

    impl Target for Flat {
        fn column(&mut self, x: usize, y: usize, lanes: &[u8; LANES], count: usize) {
            for (lane, sample) in lanes.iter().take(count).enumerate() {
                self.data[(y + lane) * self.width + x] = *sample;
            }
        }
    }

    fn plain(from: usize, to: usize) -> Axis {
        Axis::plain(from as u32, to as u32)
    }

    fn resampled(data: &[u8], across: Axis, down: Axis) -> Vec<u8> {
        let mut out = Flat { width: across.to, data: vec![77; across.to * down.to] };
        let mut resampler = Resampler::new(&Weights::new(across, down));
        for row in data.chunks_exact(across.from) {
            resampler.push(row, &mut out);
        }
        assert!(resampler.is_done());
        out.data
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 9u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn the_same_dimensions_give_the_same_samples() {
        let data = noise(37 * 21);
        assert_eq!(resampled(&data, plain(37, 37), plain(21, 21)), data);
    }

    #[test]
    fn a_flat_plane_stays_flat_at_any_dimensions_and_shift() {
        for (from, to) in [(1, 1), (1, 9), (9, 1), (17, 5), (5, 17), (300, 7), (64, 63)] {
            for shift in [0.0, -0.5] {
                let axis = Axis { shift, ..plain(from, to) };
                for level in [0, 1, 128, 255] {
                    let out = resampled(&vec![level; from * from], axis, axis);
                    assert!(out.iter().all(|sample| *sample == level), "{from} to {to}, {level}: {out:?}");
                }
            }
        }
    }

    #[test]
    fn a_ramp_keeps_its_slope_and_its_middle() {
        let row: Vec<u8> = (0..240).map(|x| x as u8).collect();
        let data = row.repeat(30);
        let out = resampled(&data, plain(240, 100), plain(30, 10));
        for (x, sample) in out[500..600].iter().enumerate().skip(5).take(90) {
            let wanted = (x as f64 + 0.5) * 2.4 - 0.5;
            assert!((f64::from(*sample) - wanted).abs() <= 0.6, "{x}: {sample}, {wanted}");
        }
    }

    #[test]
    fn it_agrees_with_the_sum_over_the_whole_plane_in_double_precision() {
        let (w, h, tw, th) = (90, 70, 41, 33);
        let data = noise(w * h);
        let out = resampled(&data, plain(w, tw), plain(h, th));
        let weights = |from: usize, to: usize, index: usize| -> Vec<f64> {
            let ratio = from as f64 / to as f64;
            let all: Vec<f64> =
                (0..from).map(|i| lanczos((i as f64 + 0.5 - (index as f64 + 0.5) * ratio) / ratio)).collect();
            let sum: f64 = all.iter().sum();
            all.into_iter().map(|weight| weight / sum).collect()
        };
        for y in 0..th {
            let down = weights(h, th, y);
            for x in 0..tw {
                let across = weights(w, tw, x);
                let mut sum = 0.0;
                for (row, v) in data.chunks_exact(w).zip(&down) {
                    sum += v * row.iter().zip(&across).map(|(sample, u)| f64::from(*sample) * u).sum::<f64>();
                }
                let off = f64::from(out[y * tw + x]) - sum.clamp(0.0, 255.0);
                assert!(off.abs() < 0.51, "{x}, {y}: off by {off}");
            }
        }
    }
}
