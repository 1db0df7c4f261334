//! Which scale of the quantisation tables fills the room, found by counting bits.
//!
//! Owns the search alone: a secant over logarithms, in which size is nearly a straight line of scale. Nothing is encoded for
//! it, and a size is believed only once the whole picture was counted.
//!
//! ```text
//! a sample of the MCU rows, three times or so  ->  a first scale
//! all rows, until it fits and the room is full ->  the scale, with the code tables that the count calls for
//! the coarsest scale is over the room          ->  Over: the picture has to be smaller
//! ```

use super::count::Counted;
use super::{Coding, Counter, Frame, Strip, Tables};
use crate::{FitError, QualityRange};

/// Filled this far, the room is full.
const FULL: f64 = 0.994;
/// Where a guess aims.
const AIM: f64 = 0.9975;
/// By how much the logarithm of the size falls where that of the scale rises by one, before anything is measured.
const SLOPE: f64 = -0.7;
/// Scales whose logarithms are this near to each other, one too fine and one not, have a step of the tables between them: what
/// comes of it is as full as it gets.
const NARROW: f64 = 0.003;
/// The factor on dead zones that leaves none.
const NO_DEAD_ZONE: f64 = 0.58;
/// By how much the logarithm of the size rises where that factor falls by one, before anything is measured.
const CARE_SLOPE: f64 = 0.35;
/// A room is filled so often, at most.
const FILLS: u32 = 4;
/// A picture is counted whole so often, at most: a secant needs two or three.
const COUNTS: u32 = 8;
/// A picture is sampled so often, at most.
const SAMPLES: u32 = 4;

/// What can be gone over, strip by strip, as often as the search likes.
pub(crate) trait Picture {
    fn frame(&self) -> Frame;
    /// How it is to be written: progressive means to be gone over once for each scan.
    fn coding(&self) -> Coding {
        Coding::smallest(&self.frame())
    }
    /// How much memory is left beside it, in bytes.
    fn spare(&self) -> u64 {
        u64::MAX
    }
    /// Shows every MCU row, from the top.
    fn all(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<(), FitError>;
    /// Shows some of them, and tells how many.
    fn some(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<usize, FitError>;
}

/// How a search ended.
pub(crate) enum Found {
    /// It fits.
    Fits(Box<Fit>),
    /// At the floor of quality it has more bytes than the room.
    Over(Box<Fit>),
}

/// Tables, and what comes of them.
pub(crate) struct Fit {
    pub(crate) tables: Tables,
    pub(crate) counted: Counted,
    pub(crate) quality: u8,
    pub(super) scale: f32,
    /// The length of the file, about: bytes that are stuffed are known once it is written.
    pub(crate) bytes: u64,
}

/// Searches the best quality in `range` with which `picture` has at most `room` bytes, headers and all. `counts` goes up with
/// each time that the whole picture was counted.
pub(crate) fn search(
    picture: &mut dyn Picture,
    room: u64,
    segments: usize,
    range: QualityRange,
    counts: &mut u32,
) -> Result<Found, FitError> {
    let scale = |quality: u8| libm::log(f64::from(Tables::scale_of_quality(f32::from(quality))));
    let (fine, coarse) = (scale(range.ceiling()), scale(range.floor()));
    let mut search = Search { picture, room: room as f64, segments, fine, coarse };
    let first = search.guess()?;
    search.settle(first, counts)
}

struct Search<'p> {
    picture: &'p mut dyn Picture,
    room: f64,
    segments: usize,
    /// The logarithms of the scales at the ceiling and the floor of quality: from small to large.
    fine: f64,
    coarse: f64,
}

/// A scale's logarithm, and the logarithm of the size that comes of it.
#[derive(Clone, Copy)]
struct Point {
    scale: f64,
    size: f64,
}

impl Search<'_> {
    fn target(&self) -> f64 {
        libm::log((self.room * AIM).max(1.0))
    }

    /// A first scale, from a sample of the picture.
    fn guess(&mut self) -> Result<f64, FitError> {
        let mut last: Option<Point> = None;
        let mut scale = self.fine + (self.coarse - self.fine) * 0.3;
        for _ in 0..SAMPLES {
            let point = Point { scale, size: libm::log(self.sampled(scale)?) };
            let next = self.beyond(point, last);
            last = Some(point);
            let near = (next - scale).abs() < 0.02;
            scale = next;
            if near {
                break;
            }
        }
        Ok(scale)
    }

    /// Where the line through these points meets the target, within the range.
    fn beyond(&self, point: Point, before: Option<Point>) -> f64 {
        let slope = before.map_or(SLOPE, |before| (point.size - before.size) / (point.scale - before.scale));
        // Two points next to each other tell nothing of the slope.
        let slope = if slope.is_finite() { slope.clamp(-3.0, -0.1) } else { SLOPE };
        (point.scale + (self.target() - point.size) / slope).clamp(self.fine, self.coarse)
    }

    /// Counts whole pictures from `scale` on until one fits and is full.
    fn settle(&mut self, scale: f64, counts: &mut u32) -> Result<Found, FitError> {
        let mut scale = scale;
        let mut best: Option<Fit> = None;
        let (mut fits, mut over): (Option<Point>, Option<Point>) = (None, None);
        let mut last = None;
        for _ in 0..COUNTS {
            let (bytes, fit) = self.counted(scale)?;
            *counts += 1;
            let point = Point { scale, size: libm::log(bytes) };
            if bytes <= self.room {
                let is_better = best.as_ref().is_none_or(|best| bytes > best.bytes as f64);
                if is_better {
                    best = Some(fit);
                }
                if bytes >= self.room * FULL || scale <= self.fine {
                    break;
                }
                fits = Some(point);
            } else if scale >= self.coarse {
                return Ok(Found::Over(Box::new(fit)));
            } else {
                over = Some(point);
            }
            let next = self.between(self.beyond(point, last), fits, over);
            last = Some(point);
            if let (Some(fits), Some(over)) = (fits, over)
                && fits.scale - over.scale < NARROW
            {
                break;
            }
            scale = next;
        }
        match best {
            Some(fit) if (fit.bytes as f64) < self.room * FULL && over.is_some() => self.filled(fit, counts),
            Some(fit) => Ok(Found::Fits(Box::new(fit))),
            // Every guess was over, each by less: the floor is left.
            None => {
                let (bytes, fit) = self.counted(self.coarse)?;
                *counts += 1;
                let fit = Box::new(fit);
                Ok(if bytes <= self.room { Found::Fits(fit) } else { Found::Over(fit) })
            }
        }
    }

    /// The same scale with less and less of a dead zone, until the room is full: where the tables' next step is too coarse.
    fn filled(&mut self, fit: Fit, counts: &mut u32) -> Result<Found, FitError> {
        let scale = fit.scale;
        let mut best = fit;
        let (mut low, mut high) = (NO_DEAD_ZONE, 1.0);
        let mut care = 1.0 - (self.target() - libm::log(best.bytes as f64)) / CARE_SLOPE;
        for _ in 0..FILLS {
            care = care.clamp(low, high);
            let (bytes, fit) = self.counted_with(scale, care)?;
            *counts += 1;
            if bytes > self.room {
                low = care;
            } else {
                high = care;
                best = fit;
                if bytes >= self.room * FULL || care <= NO_DEAD_ZONE {
                    break;
                }
            }
            let guess = care - (self.target() - libm::log(bytes)) / CARE_SLOPE;
            let is_inside = guess > low && guess < high;
            care = if is_inside { guess } else { (low + high) / 2.0 };
        }
        Ok(Found::Fits(Box::new(best)))
    }

    /// The guess, kept inside what is known: between a scale that fits and one that does not.
    fn between(&self, guess: f64, fits: Option<Point>, over: Option<Point>) -> f64 {
        let (low, high) = (over.map(|point| point.scale), fits.map(|point| point.scale));
        match (low, high) {
            (Some(low), Some(high)) => {
                let inside = (high - low) * 0.02;
                if guess > low + inside && guess < high - inside { guess } else { low + (high - low) * 0.5 }
            }
            // A guess that does not get past what is known takes a step of its own.
            (Some(low), None) if guess <= low => (low + 0.02).min(self.coarse),
            (None, Some(high)) if guess >= high => (high - 0.02).max(self.fine),
            _ => guess,
        }
    }

    fn sampled(&mut self, scale: f64) -> Result<f64, FitError> {
        let frame = self.picture.frame();
        let tables = Tables::at(libm::exp(scale) as f32);
        let mut counter = Counter::new(&frame, &tables, self.picture.coding());
        let shown = self.picture.some(&mut |strip| {
            counter.strip(strip);
            Ok(())
        })?;
        let share = shown.max(1) as f64 / frame.mcu_rows() as f64;
        let counted = counter.counted();
        let headers = counted.bytes(self.segments) - counted.data_bytes();
        Ok(headers as f64 + with_stuffing(counted.data_bytes() as f64) / share)
    }

    fn counted(&mut self, scale: f64) -> Result<(f64, Fit), FitError> {
        self.counted_with(libm::exp(scale) as f32, 1.0)
    }

    fn counted_with(&mut self, scale: f32, care: f64) -> Result<(f64, Fit), FitError> {
        let frame = self.picture.frame();
        let tables = Tables::with_care(scale, care as f32);
        let mut counter = Counter::new(&frame, &tables, self.picture.coding());
        self.picture.all(&mut |strip| {
            counter.strip(strip);
            Ok(())
        })?;
        let counted = counter.counted();
        let data = counted.data_bytes() as f64;
        let bytes = counted.bytes(self.segments) as f64 - data + with_stuffing(data);
        let quality = Tables::quality_of_scale(scale);
        Ok((bytes, Fit { tables, counted, quality, bytes: libm::ceil(bytes) as u64, scale }))
    }
}

/// With the zeros that follow every byte of ones: of random bytes, one in 256, and a little more to be on the safe side.
fn with_stuffing(bytes: f64) -> f64 {
    bytes + bytes / 256.0 + libm::sqrt(bytes) * 0.25
}
