//! The output's planes: luma and chroma at the output's dimensions, upright, padded to whole MCUs.
//!
//! Owns where a sample of the source ends up: scaled, turned, and chroma laid over the right pairs of columns. Never knows a
//! file format. Planes may be a window of the output's rows alone, for a memory budget that does not take all of it.
//!
//! ```text
//! rows of a plane, as stored -> Resampler -> Writer (turns) -> Plane --strips--> encoder
//! ```

use crate::encode::{Frame, Strip};
use crate::resample::{Axis, LANES, Resampler, Target, Weights};

/// How a stored picture is turned to be upright: an EXIF orientation, 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Rows become columns.
    pub(crate) transposed: bool,
    /// The stored picture's columns are counted from its right.
    mirrored_across: bool,
    /// The stored picture's rows are counted from its bottom.
    mirrored_down: bool,
}

impl Turn {
    pub(crate) fn of(orientation: u8) -> Turn {
        Turn {
            transposed: matches!(orientation, 5..=8),
            mirrored_across: matches!(orientation, 2 | 3 | 7 | 8),
            mirrored_down: matches!(orientation, 3 | 4 | 6 | 7),
        }
    }

    /// Dimensions, upright, of what has these as stored; and the other way round.
    pub(crate) fn dimensions(self, width: u32, height: u32) -> (u32, u32) {
        if self.transposed { (height, width) } else { (width, height) }
    }
}

/// A plane of the source, as it is stored: how many samples it has, and how many of them the picture covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stored {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) across: f64,
    pub(crate) down: f64,
}

impl Stored {
    /// A plane with a sample for each pixel.
    pub(crate) fn whole(width: u32, height: u32) -> Stored {
        let (across, down) = (f64::from(width), f64::from(height));
        Stored { width: width as usize, height: height as usize, across, down }
    }
}

/// One plane of the output, or a window of its rows.
#[derive(Debug, Clone)]
struct Plane {
    /// The samples that are the picture's; what is beyond repeats the last.
    width: usize,
    height: usize,
    stride: usize,
    /// Which of the padded plane's rows `data` begins with.
    top: usize,
    data: Vec<u8>,
}

/// All planes of one output.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    pub(crate) frame: Frame,
    planes: Vec<Plane>,
    /// The MCU rows that are here.
    rows: std::ops::Range<usize>,
}

impl Planes {
    /// What such planes take, in bytes, for so many MCU rows.
    pub(crate) fn memory(frame: &Frame, mcu_rows: usize) -> u64 {
        (0..frame.planes()).map(|plane| (frame.plane_width(plane) * frame.strip_rows(plane) * mcu_rows) as u64).sum()
    }

    /// Empty planes for these MCU rows of `frame`.
    pub(crate) fn new(frame: &Frame, rows: std::ops::Range<usize>) -> Planes {
        let planes = (0..frame.planes()).map(|plane| {
            let (width, height) = size(frame, plane);
            let (stride, high) = (frame.plane_width(plane), frame.strip_rows(plane));
            Plane { width, height, stride, top: rows.start * high, data: vec![0; stride * high * rows.len()] }
        });
        Planes { planes: planes.collect(), frame: *frame, rows }
    }

    /// The MCU row `row` of the output, which has to be here.
    pub(crate) fn strip(&self, row: usize) -> Strip<'_> {
        let mut strip = Strip { planes: [&[]; 3], strides: [0; 3] };
        for (index, plane) in self.planes.iter().enumerate() {
            let length = plane.stride * self.frame.strip_rows(index);
            strip.planes[index] = &plane.data[(row - self.rows.start) * length..][..length];
            strip.strides[index] = plane.stride;
        }
        strip
    }

    /// The MCU rows that are here.
    pub(crate) fn rows(&self) -> std::ops::Range<usize> {
        self.rows.clone()
    }

    /// The samples of each plane with its stride, the padding among them.
    pub(crate) fn parts_mut(&mut self) -> impl Iterator<Item = (&mut [u8], usize)> {
        self.planes.iter_mut().map(|plane| (plane.data.as_mut_slice(), plane.stride))
    }

    /// Repeats the last column and row into the padding.
    fn pad(&mut self) {
        for plane in &mut self.planes {
            let here = plane.data.len() / plane.stride;
            let real = plane.height.saturating_sub(plane.top).min(here);
            for row in plane.data.chunks_exact_mut(plane.stride).take(real) {
                let last = row[plane.width - 1];
                row[plane.width..].fill(last);
            }
            if real > 0 {
                let last = (real - 1) * plane.stride;
                for row in real..here {
                    plane.data.copy_within(last..last + plane.stride, row * plane.stride);
                }
            }
        }
    }
}

/// Looks at rows of colour as they come: whether it changes so sharply, in so many places, that halving it would be seen. Coloured
/// text and screenshots do, photographs do not.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sharpness {
    seen: u64,
    sharp: u64,
}

impl Sharpness {
    /// Takes a row of either colour.
    pub(crate) fn row(&mut self, row: &[u8]) {
        /// So many levels from one sample to the next: a letter's edge, no leaf's.
        const SHARP: u8 = 40;
        self.seen += row.len() as u64;
        let pairs = row.iter().zip(row.iter().skip(1));
        self.sharp += pairs.map(|(one, next)| u64::from(one.abs_diff(*next) >= SHARP)).sum::<u64>();
    }

    /// Whether colour wants as many samples as brightness in an output of so many pixels.
    pub(crate) fn wants_all(self, width: usize, height: usize) -> bool {
        /// One sample in so many.
        const MANY: u64 = 500;
        /// A picture this small is all edges, and saves nothing to speak of.
        const SMALL: usize = 96 * 96;
        width * height <= SMALL || self.sharp * MANY > self.seen
    }
}

/// The samples of a plane that are the picture's.
fn size(frame: &Frame, plane: usize) -> (usize, usize) {
    let part = parts(frame, plane);
    (frame.width.div_ceil(part), frame.height.div_ceil(part))
}

/// How many of them the picture covers: half of one less where the last stands for one column of two.
fn extent(frame: &Frame, plane: usize) -> (f64, f64) {
    let part = parts(frame, plane) as f64;
    (frame.width as f64 / part, frame.height as f64 / part)
}

/// How many pixels a sample stands for, along each edge.
fn parts(frame: &Frame, plane: usize) -> usize {
    frame.factor(0) / frame.factor(plane)
}

/// Brings stored planes to the output's dimensions and turns them, row by row as they come.
pub(crate) struct Shrinker<'p> {
    planes: &'p mut Planes,
    places: Vec<Place>,
    resamplers: Vec<Resampler>,
}

impl<'p> Shrinker<'p> {
    /// What it holds besides the planes, in bytes.
    pub(crate) fn memory(stored: &[Stored], frame: &Frame, turn: Turn) -> u64 {
        stored
            .iter()
            .enumerate()
            .map(|(plane, stored)| {
                let (across, down) = axes(stored, frame, plane, turn);
                Resampler::memory(across, down)
            })
            .sum()
    }

    /// For stored planes of these sizes, as many as `planes` has.
    pub(crate) fn new(stored: &[Stored], planes: &'p mut Planes, turn: Turn) -> Self {
        let frame = planes.frame;
        let mut weights: Vec<Weights> = Vec::new();
        for (plane, stored) in stored.iter().enumerate() {
            let (across, down) = axes(stored, &frame, plane, turn);
            // Both planes of colour have the same.
            let same = weights.last().filter(|weights| weights.are_of(across, down)).cloned();
            weights.push(same.unwrap_or_else(|| Weights::new(across, down)));
        }
        let resamplers = weights.iter().map(Resampler::new).collect();
        let places = planes.planes.iter().map(|plane| Place::of(plane, turn)).collect();
        Shrinker { planes, places, resamplers }
    }

    /// Takes the next row of a stored plane.
    pub(crate) fn push(&mut self, plane: usize, row: &[u8]) {
        let mut target = Writer { place: self.places[plane], data: &mut self.planes.planes[plane].data };
        self.resamplers[plane].push(row, &mut target);
    }

    /// All rows have come.
    pub(crate) fn finish(self) {
        debug_assert!(self.resamplers.iter().all(Resampler::is_done), "a plane ended early");
        self.planes.pad();
    }
}

/// The axes of a stored plane, across and down as it is stored.
fn axes(stored: &Stored, frame: &Frame, plane: usize, turn: Turn) -> (Axis, Axis) {
    let (width, height) = size(frame, plane);
    let (wide, high) = extent(frame, plane);
    let (to_across, to_down) =
        if turn.transposed { ((height, high), (width, wide)) } else { ((width, wide), (height, high)) };
    let axis = |from, extent, (to, to_extent): (usize, f64), mirrored: bool| {
        // Pairs are counted from the output's start, which here is the source's end: where the last pair is half a pair, the
        // grid is off by what it lacks.
        let shift = if mirrored { to_extent - to as f64 } else { 0.0 };
        Axis { from, extent, to, to_extent, shift }
    };
    (
        axis(stored.width, stored.across, to_across, turn.mirrored_across),
        axis(stored.height, stored.down, to_down, turn.mirrored_down),
    )
}

/// Where a plane's sample goes: column `x`, row `y` as stored, to `origin + x * step_x + y * step_y`.
#[derive(Debug, Clone, Copy)]
struct Place {
    origin: isize,
    step_x: isize,
    step_y: isize,
}

impl Place {
    fn of(plane: &Plane, turn: Turn) -> Place {
        let stride = plane.stride as isize;
        let (last_column, last_row) = (plane.width as isize - 1, plane.height as isize - 1);
        // Along the output: its columns, and its rows.
        let (last_x, last_y, step_x, step_y) =
            if turn.transposed { (last_row, last_column, stride, 1) } else { (last_column, last_row, 1, stride) };
        let mut place = Place { origin: -(plane.top as isize) * stride, step_x, step_y };
        if turn.mirrored_across {
            place.origin += last_x * step_x;
            place.step_x = -step_x;
        }
        if turn.mirrored_down {
            place.origin += last_y * step_y;
            place.step_y = -step_y;
        }
        place
    }
}

struct Writer<'a> {
    place: Place,
    data: &'a mut [u8],
}

impl Target for Writer<'_> {
    fn column(&mut self, x: usize, y: usize, lanes: &[u8; LANES], count: usize) {
        let Place { origin, step_x, step_y } = self.place;
        let mut at = origin + x as isize * step_x + y as isize * step_y;
        for sample in &lanes[..count] {
            // What is outside the window belongs to another one.
            if let Some(place) = usize::try_from(at).ok().and_then(|at| self.data.get_mut(at)) {
                *place = *sample;
            }
            at += step_y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Sampling;

    fn frame(width: usize, height: usize, sampling: Sampling) -> Frame {
        Frame { width, height, sampling }
    }

    /// The samples of a plane without its padding.
    fn samples(planes: &Planes, plane: usize) -> Vec<Vec<u8>> {
        let plane = &planes.planes[plane];
        plane.data.chunks_exact(plane.stride).take(plane.height).map(|row| row[..plane.width].to_vec()).collect()
    }

    fn shrunk(
        stored: &[Stored],
        data: &[Vec<u8>],
        frame: &Frame,
        orientation: u8,
        rows: std::ops::Range<usize>,
    ) -> Planes {
        let mut planes = Planes::new(frame, rows);
        let mut shrinker = Shrinker::new(stored, &mut planes, Turn::of(orientation));
        for (index, (stored, data)) in stored.iter().zip(data).enumerate() {
            for row in data.chunks_exact(stored.width) {
                shrinker.push(index, row);
            }
        }
        shrinker.finish();
        planes
    }

    #[test]
    fn every_orientation_puts_every_sample_upright() {
        // 1 2 3
        // 4 5 6
        let stored = [Stored::whole(3, 2)];
        let data = [vec![1, 2, 3, 4, 5, 6]];
        let wide: [(u8, [[u8; 3]; 2]); 4] = [
            (1, [[1, 2, 3], [4, 5, 6]]),
            (2, [[3, 2, 1], [6, 5, 4]]),
            (3, [[6, 5, 4], [3, 2, 1]]),
            (4, [[4, 5, 6], [1, 2, 3]]),
        ];
        for (orientation, wanted) in wide {
            let planes = shrunk(&stored, &data, &frame(3, 2, Sampling::Gray), orientation, 0..1);
            assert_eq!(samples(&planes, 0), wanted, "{orientation}");
        }
        let high: [(u8, [[u8; 2]; 3]); 4] = [
            (5, [[1, 4], [2, 5], [3, 6]]),
            (6, [[4, 1], [5, 2], [6, 3]]),
            (7, [[6, 3], [5, 2], [4, 1]]),
            (8, [[3, 6], [2, 5], [1, 4]]),
        ];
        for (orientation, wanted) in high {
            let planes = shrunk(&stored, &data, &frame(2, 3, Sampling::Gray), orientation, 0..1);
            assert_eq!(samples(&planes, 0), wanted, "{orientation}");
        }
    }

    #[test]
    fn chroma_lies_over_the_same_pairs_of_pixels_however_the_picture_is_turned() {
        // Upright, five columns of chroma levels 0, 20, ... 80 have the pairs' means 10, 50, and 80 alone.
        let level = |x: usize| (x * 20) as u8;
        for orientation in 1..=8 {
            let turn = Turn::of(orientation);
            let mut data = Vec::new();
            for b in 0..5usize {
                for a in 0..5usize {
                    let a = if turn.mirrored_across { 4 - a } else { a };
                    let b = if turn.mirrored_down { 4 - b } else { b };
                    data.push(level(if turn.transposed { b } else { a }));
                }
            }
            let stored = [Stored::whole(5, 5); 3];
            let planes =
                shrunk(&stored, &[data.clone(), data.clone(), data], &frame(5, 5, Sampling::Half), orientation, 0..1);
            for row in samples(&planes, 1) {
                let off = |index: usize, wanted: i32| (i32::from(row[index]) - wanted).abs();
                assert!(off(0, 10) <= 4 && off(1, 50) <= 4 && off(2, 80) <= 4, "{orientation}: {row:?}");
            }
        }
    }

    #[test]
    fn windows_of_rows_together_are_the_whole() {
        let (w, h) = (61u32, 83u32);
        let data: Vec<u8> = (0..w * h).map(|n| ((n * n) >> 3) as u8).collect();
        let stored = [Stored::whole(w, h); 3];
        let data = [data.clone(), data.clone(), data];
        for orientation in 1..=8 {
            let (width, height) = Turn::of(orientation).dimensions(50, 70);
            let frame = frame(width as usize, height as usize, Sampling::Half);
            let whole = shrunk(&stored, &data, &frame, orientation, 0..frame.mcu_rows());
            for row in 0..frame.mcu_rows() {
                let window = shrunk(&stored, &data, &frame, orientation, row..row + 1);
                let (one, other) = (whole.strip(row), window.strip(row));
                assert!(one.planes == other.planes, "orientation {orientation}, MCU row {row}");
            }
        }
    }

    #[test]
    fn coloured_text_is_sharp_in_colour_and_a_soft_picture_is_not() {
        let is_sharp = |cell: fn(usize, usize) -> u8| {
            let mut sharpness = Sharpness::default();
            for y in 0..64 {
                let row: Vec<u8> = (0..64).map(|x| cell(x, y)).collect();
                sharpness.row(&row);
            }
            sharpness.wants_all(500, 500)
        };
        assert!(is_sharp(|x, y| if x == 30 && y > 50 { 200 } else { 128 }));
        assert!(!is_sharp(|x, y| (100 + x + y) as u8));
        assert!(!is_sharp(|x, y| if x == 30 && y == 5 { 200 } else { 128 }), "one dot is no text");
        assert!(!Sharpness::default().wants_all(500, 500));
        assert!(Sharpness::default().wants_all(90, 90), "a thumbnail keeps all its colour");
    }
}
