//! Quantisation tables at a continuous scale.
//!
//! Owns the shape of the tables, how they follow a scale, and how a scale and libjpeg's quality turn into each other.
//! Every figure that was tuned stands in [`TUNED`]. Never touches a picture.

use super::quant::Quantiser;

/// From zigzag order to natural order, row by row (T.81 figure A.6).
#[rustfmt::skip]
pub(crate) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10,
    17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34,
    27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36,
    29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63,
];

/// What each coefficient is divided by at scale 1, in natural order: the table that N. Robidoux made for ImageMagick
/// after Klein, Silverstein and Carney (1992), and that mozjpeg took as its default (`jcparam.c`, index 3).
#[rustfmt::skip]
const BASE: [u16; 64] = [
    16, 16,  16,  18,  25,  37,  56,  85,
    16, 17,  20,  27,  34,  40,  53,  75,
    16, 20,  24,  31,  43,  62,  91, 135,
    18, 27,  31,  40,  53,  74, 106, 156,
    25, 34,  43,  53,  69,  94, 131, 189,
    37, 40,  62,  74,  94, 124, 169, 238,
    56, 53,  91, 106, 131, 169, 226, 311,
    85, 75, 135, 156, 189, 238, 311, 418,
];

/// What quality per byte hangs on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    /// How much coarser the colour table is than the luma table.
    pub(crate) chroma: f32,
    /// The share of a step from which a value is rounded up, at the lowest and at the highest frequency.
    pub(crate) bias: [f32; 2],
    /// How much steeper the tables of luma and of colour get towards high frequencies where the scale is coarse; up to 3 a
    /// step never gets finer with a coarser scale.
    pub(crate) tilt: [f32; 2],
}

/// The figures in use. They were chosen by SSIMULACRA2 at equal bytes on the mean of six to ten crops of photographs (some scaled to
/// a long edge of 2560, some as the camera made them), at 0.10 and 0.20 bytes a pixel: as 0.5 and 1 MB are to 2560 x 1920. What each was
/// worth there, in points, against bias .45 falling to .15 and no tilt:
///
/// | tried | at 0.10 | at 0.20 |
/// |---|---|---|
/// | no dead zone (bias .5) | -0.96 | -0.06 |
/// | bias .45 falling to .05; .48 to .25; .40 to .15 | +0.16; -0.20; +0.03 | -0.07; +0.10; -0.06 |
/// | chroma .8; 1.3, without tilt (1 is the table as it was made; .55 is as .7) | +0.1; -0.7 | +0.2; -0.25 |
/// | tilt 3 for luma and colour with chroma .6; the same with .75; 2 and 1.5; 2 and 0 | +1.17; +1.14; +0.94; +0.63 | +0.01; -0.01; -0.02; -0.04 |
/// | a bias that falls to .2 rather than to .15, with tilt | -0.1 | +0.07 |
/// | a trellis over each block instead of the dead zone, the best of five lambdas; for luma alone | 0.0; +0.19 | 0.0; +0.13 |
/// | a dead zone that widens with what goes on in a block | +0.19 | -0.08 |
///
/// The trellis took three times as long to count a picture as all the rest, and was left out.
pub(crate) const TUNED: Tuning = Tuning { chroma: 0.6, bias: [0.45, 0.2], tilt: [3.0, 3.0] };

/// Both tables at one scale, ready to quantise with.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) luma: Quantiser,
    pub(crate) chroma: Quantiser,
}

impl Tables {
    /// The tables at a scale: 1 is quality 50, smaller is finer.
    pub(crate) fn at(scale: f32) -> Tables {
        Tables::with_care(scale, 1.0)
    }

    /// The same with dead zones that are narrower by a factor, down to none: where the tables' next steps are too coarse a grain to
    /// fill a file with, this is the fine one.
    pub(crate) fn with_care(scale: f32, care: f32) -> Tables {
        Tables::tuned(scale, care, &TUNED)
    }

    pub(crate) fn tuned(scale: f32, care: f32, tuning: &Tuning) -> Tables {
        // What is no number is the finest: a maximum takes the other side.
        let scale = scale.max(FINEST);
        Tables {
            luma: quantiser(scale, care, tuning.tilt[0], tuning),
            chroma: quantiser(scale * tuning.chroma, care, tuning.tilt[1], tuning),
        }
    }

    /// The table for a plane.
    #[inline(always)]
    pub(crate) fn of_plane(&self, plane: usize) -> &Quantiser {
        if plane == 0 { &self.luma } else { &self.chroma }
    }

    /// The scale at which libjpeg would set the table of this quality, 1 to 100.
    pub(crate) fn scale_of_quality(quality: f32) -> f32 {
        let quality = quality.clamp(1.0, 100.0);
        // At 100 libjpeg's scale is 0, and each of its steps 1.
        (if quality < 50.0 { 50.0 / quality } else { 2.0 - quality / 50.0 }).max(FINEST)
    }

    /// The nearest quality to a scale.
    pub(crate) fn quality_of_scale(scale: f32) -> u8 {
        let scale = scale.max(FINEST);
        let quality = if scale > 1.0 { 50.0 / scale } else { 100.0 - 50.0 * scale };
        (quality + 0.5).clamp(1.0, 100.0) as u8
    }
}

/// The finest scale: every step is 1.
const FINEST: f32 = 0.001;

/// The steps at a scale, in natural order.
///
/// Steps are whole numbers. If all of them rounded at a half, those of one base value would move together, and the size
/// of a file would be a staircase over the scale; so each has its own place to round at, spread evenly by the golden
/// ratio.
fn steps(scale: f32, tilt: f32) -> [u8; 64] {
    let mut steps = [0; 64];
    for (index, at) in ZIGZAG.iter().enumerate() {
        let spread = (index as f32 + 1.0) * 0.618_034;
        let offset = spread - spread.floor();
        let at = usize::from(*at);
        steps[at] = (exact(at, scale, tilt) + offset).clamp(1.0, 255.0) as u8;
    }
    steps
}

/// The steps at a scale, each with a dead zone as wide as that of the step it would be if steps were not whole: what becomes 0 is
/// a smooth function of scale, and so is the size of a file, though its tables are not.
fn quantiser(scale: f32, care: f32, tilt: f32, tuning: &Tuning) -> Quantiser {
    let steps = steps(scale, tilt);
    let dead = std::array::from_fn(|at| {
        // The DC is what a flat wall is made of: always rounded to the nearest.
        if at == 0 {
            return 0.0;
        }
        let whole = f32::from(steps[at]) / exact(at, scale, tilt);
        // Rounded up below a half, a value would cost more and be further off; moved by more than a half, what is next to 0 would
        // be moved past it.
        ((1.0 - bias(at, tuning)) / whole.clamp(0.8, 1.25) * care).clamp(0.5, 1.0) - 0.5
    });
    Quantiser::new(&steps, &dead)
}

/// A step at a scale, before it is made whole.
fn exact(at: usize, scale: f32, tilt: f32) -> f32 {
    let coarse = scale * scale / (scale * scale + 0.25);
    f32::from(BASE[at]) * scale * (1.0 + tilt * coarse * (frequency(at) - 0.25))
}

/// From which share of a step a coefficient is rounded up, by its place in natural order.
fn bias(at: usize, tuning: &Tuning) -> f32 {
    let [low, high] = tuning.bias;
    low + (high - low) * frequency(at)
}

/// How high the frequency of a place in natural order is, 0 to 1.
fn frequency(at: usize) -> f32 {
    (at / 8 + at % 8) as f32 / 14.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_and_a_quality_turn_into_each_other() {
        assert_eq!(Tables::scale_of_quality(50.0), 1.0);
        assert_eq!(Tables::scale_of_quality(25.0), 2.0);
        assert_eq!(Tables::scale_of_quality(75.0), 0.5);
        for quality in 1..=100 {
            assert_eq!(Tables::quality_of_scale(Tables::scale_of_quality(f32::from(quality))), quality);
        }
    }

    #[test]
    fn steps_are_of_eight_bits_and_grow_with_the_scale() {
        let mut before = [1; 64];
        let scales = (0..2000).map(|step| step as f32 * 0.003).chain([50.0, 1e9]);
        for scale in scales {
            let found = steps(scale, 3.0);
            assert!(found.iter().zip(&before).all(|(new, old)| new >= old), "at {scale}");
            before = found;
        }
        assert_eq!(before, [255; 64]);
        assert_eq!(Tables::at(f32::NAN).luma.steps, [1; 64]);
    }

    #[test]
    fn equal_steps_do_not_all_move_at_once() {
        let changes = |a: f32, b: f32| steps(a, 3.0).iter().zip(&steps(b, 3.0)).filter(|(a, b)| a != b).count();
        for step in 0..60 {
            let scale = 0.2 + step as f32 * 0.005;
            assert!(changes(scale, scale + 0.005) < 40, "at {scale}");
        }
    }
}
