//! A JPEG on its way from stored planes to the output's, while it streams by.
//!
//! Owns the choice of scale and of what is kept: all of the output's planes where the budget bears them, else a window of MCU rows,
//! for which the source is decoded again. Never holds the source's file, nor its pixels.

use crate::colour::Converter;
use crate::control::Watch;
use crate::encode::{Coding, Frame, Picture, Sampling, Strip};
use crate::jpeg::{self, Header, Plan, Scale, Sink};
use crate::pixels::within_edge;
use crate::planes::{Planes, Sharpness, Shrinker, Stored, Turn};
use crate::{FitError, Source};

/// How much larger than the output a scaled decode has to be, for the resampler to have something to work on.
const SPARE: f64 = 1.5;
/// A sample is one MCU row in so many.
const SAMPLE: usize = 8;
/// Pictures of fewer MCU rows are their own sample.
const TOO_FEW: usize = 24;

/// A source, and how it is looked at.
pub(crate) struct Origin<'s> {
    pub(crate) source: &'s mut dyn Source,
    pub(crate) header: &'s Header,
    pub(crate) turn: Turn,
    /// What brings the colours to sRGB, where they are to be.
    pub(crate) converter: Option<Converter>,
    /// What may be used, in bytes.
    pub(crate) budget: u64,
}

/// The output's picture, to be gone over by the encoder as often as it likes.
pub(crate) struct Made<'o, 's, 'w> {
    origin: &'o mut Origin<'s>,
    watch: &'o mut Watch<'w>,
    frame: Frame,
    /// All of it, where the budget bears that.
    kept: Option<Planes>,
    plan: Plan,
    /// How many MCU rows are decoded at once, where it is not kept.
    window: usize,
    pub(crate) truncated: bool,
}

impl<'s> Origin<'s> {
    /// Decodes for an output whose long edge is `edge` at most, upright, at a scale that the budget bears.
    pub(crate) fn make<'o, 'w>(
        &'o mut self,
        edge: u32,
        watch: &'o mut Watch<'w>,
    ) -> Result<Made<'o, 's, 'w>, FitError> {
        let (plan, width, height) = self.plan(edge)?;
        let (width, height) = self.turn.dimensions(width, height);
        let sampling = if plan.planes.len() == 1 { Sampling::Gray } else { Sampling::Half };
        let frame = Frame { width: width as usize, height: height as usize, sampling };
        let mut made = Made { origin: self, watch, frame, kept: None, plan, window: 0, truncated: false };
        if made.origin.needed(&made.plan, &frame, None) > made.origin.budget {
            made.window = made.origin.window(&made.plan, &frame)?;
            return Ok(made);
        }
        let (planes, sharpness) = made.decode(0..frame.mcu_rows())?;
        made.kept = Some(planes);
        let full = Frame { sampling: Sampling::Full, ..frame };
        let has_all = sampling == Sampling::Half && made.origin.header.has_full_chroma();
        let wants_all = has_all && sharpness.wants_all(frame.width, frame.height);
        if wants_all && made.origin.needed(&made.plan, &full, None) <= made.origin.budget {
            made.kept = None; // one at a time
            made.frame = full;
            made.kept = Some(made.decode(0..full.mcu_rows())?.0);
        }
        Ok(made)
    }

    /// The smallest scale that leaves enough; where the budget does not bear it, a smaller one, and so a smaller picture.
    fn plan(&self, edge: u32) -> Result<(Plan, u32, u32), FitError> {
        let (width, height) = (self.header.width, self.header.height);
        let wanted = within_edge(width, height, edge);
        let enough = |scale: &Scale| {
            let (across, down) = (scaled(*scale, width), scaled(*scale, height));
            f64::from(across) >= f64::from(wanted.0) * SPARE && f64::from(down) >= f64::from(wanted.1) * SPARE
        };
        let scales = [Scale::Eighth, Scale::Quarter, Scale::Half, Scale::Whole];
        let first = scales.iter().position(enough).unwrap_or(scales.len() - 1);
        let mut refused = None;
        for scale in scales[..=first].iter().rev() {
            match self.header.plan(*scale, *scale, self.budget) {
                Ok(plan) => {
                    let (across, down) = (scaled(*scale, width), scaled(*scale, height));
                    let (across, down) = (wanted.0.min(across), wanted.1.min(down));
                    return Ok((plan, across, down));
                }
                Err(error @ FitError::MemoryLimit { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refused.expect("at least one scale was tried, and refused"))
    }

    /// What decoding into a window of so many MCU rows takes, or into all of them.
    fn needed(&self, plan: &Plan, frame: &Frame, window: Option<usize>) -> u64 {
        let rows = window.unwrap_or(frame.mcu_rows());
        plan.memory + Shrinker::memory(&stored(plan), frame, self.turn) + Planes::memory(frame, rows)
    }

    /// As many MCU rows as the budget bears.
    fn window(&self, plan: &Plan, frame: &Frame) -> Result<usize, FitError> {
        let least = self.needed(plan, frame, Some(1));
        if least > self.budget {
            return Err(FitError::MemoryLimit { needed: least, limit: self.budget });
        }
        let more = (self.budget - least) / Planes::memory(frame, 1).max(1);
        Ok((more as usize + 1).min(frame.mcu_rows()))
    }
}

/// How many samples so many pixels give.
fn scaled(scale: Scale, pixels: u32) -> u32 {
    (pixels * scale.size() as u32).div_ceil(8)
}

fn stored(plan: &Plan) -> Vec<Stored> {
    let of = |shape: &jpeg::Shape| Stored {
        width: shape.width,
        height: shape.height,
        across: shape.across,
        down: shape.down,
    };
    plan.planes.iter().map(of).collect()
}

impl Made<'_, '_, '_> {
    fn decode(&mut self, rows: std::ops::Range<usize>) -> Result<(Planes, Sharpness), FitError> {
        let mut planes = Planes::new(&self.frame, rows);
        let stored = stored(&self.plan);
        let widths = stored.iter().map(|plane| plane.width).collect();
        let shrinker = Shrinker::new(&stored, &mut planes, self.origin.turn);
        let mut into = Into { shrinker, widths, sharpness: Sharpness::default() };
        self.watch.begin(if self.window == 0 { 0.6 } else { 0.1 });
        let watch = &*self.watch;
        let ending =
            jpeg::decode(self.origin.source, self.origin.header, &self.plan, &mut into, &mut |part| watch.at(part))?;
        self.truncated |= ending.truncated;
        let Into { shrinker, sharpness, .. } = into;
        shrinker.finish();
        if let Some(converter) = &self.origin.converter {
            converter.planes(&mut planes.parts_mut().collect::<Vec<_>>());
        }
        Ok((planes, sharpness))
    }
}

struct Into<'p> {
    shrinker: Shrinker<'p>,
    widths: Vec<usize>,
    sharpness: Sharpness,
}

impl Sink for Into<'_> {
    fn rows(&mut self, plane: usize, rows: &[u8], stride: usize, count: usize) -> Result<(), FitError> {
        for row in rows.chunks(stride).take(count) {
            let row = &row[..self.widths[plane]];
            self.shrinker.push(plane, row);
            if plane > 0 {
                self.sharpness.row(row);
            }
        }
        Ok(())
    }
}

impl Picture for Made<'_, '_, '_> {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn coding(&self) -> Coding {
        // Nobody decodes nine times.
        if self.kept.is_some() { Coding::smallest(&self.frame) } else { Coding::Baseline }
    }

    fn spare(&self) -> u64 {
        // What decoding took is free again, unless it goes on.
        let taken = self.kept.as_ref().map_or(u64::MAX, |_| Planes::memory(&self.frame, self.frame.mcu_rows()));
        self.origin.budget.saturating_sub(taken)
    }

    fn all(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<(), FitError> {
        if let Some(planes) = &self.kept {
            self.watch.begin(0.4);
            return all_of(planes, self.watch, show);
        }
        let rows = self.frame.mcu_rows();
        for start in (0..rows).step_by(self.window) {
            let (planes, _) = self.decode(start..(start + self.window).min(rows))?;
            for row in planes.rows() {
                show(&planes.strip(row))?;
            }
        }
        Ok(())
    }

    fn some(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<usize, FitError> {
        let rows = self.frame.mcu_rows();
        if let Some(planes) = &self.kept {
            return some_of(planes, show);
        }
        // One window from the middle, or two decodes would be the price of one guess.
        let start = (rows - self.window) / 2;
        let (planes, _) = self.decode(start..start + self.window)?;
        some_of(&planes, show)
    }
}

/// Shows every MCU row of planes that are kept.
pub(crate) fn all_of(
    planes: &Planes,
    watch: &Watch<'_>,
    show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>,
) -> Result<(), FitError> {
    let rows = planes.rows();
    let count = rows.len() as f32;
    for (number, row) in rows.enumerate() {
        watch.at(number as f32 / count)?;
        show(&planes.strip(row))?;
    }
    Ok(())
}

/// Shows a sample of their MCU rows.
pub(crate) fn some_of(
    planes: &Planes,
    show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>,
) -> Result<usize, FitError> {
    let rows = planes.rows();
    let every = if rows.len() < TOO_FEW { 1 } else { SAMPLE };
    let mut shown = 0;
    for row in rows.skip(every / 2).step_by(every) {
        show(&planes.strip(row))?;
        shown += 1;
    }
    Ok(shown)
}
