//! Pictures whose components are not brightness and two colours: RGB and inks.
//!
//! Owns their conversion to YCbCr, all planes at full resolution. Never decodes.
//!
//! Ink is stored inverted, 255 for none, whether Adobe's segment is there or not: that is how those who write such files
//! do it, and how other decoders take them.

use super::frame::Frame;
use super::header::Colour;
use super::plan::{Plan, strip};
use super::rows::{Sink, Strip, Strips};
use crate::FitError;

/// Converts rows of MCUs, all components of them at a time.
pub(super) struct Convert<'a> {
    sink: &'a mut dyn Sink,
    frame: &'a Frame,
    colour: Colour,
    width: usize,
    /// How many rows are still to come.
    left: usize,
    /// How many rows a row of MCUs gives.
    rows: usize,
    planes: [Vec<u8>; 3],
    /// A row of each component, brought to the full width.
    lines: [Vec<u8>; 4],
}

impl<'a> Convert<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, frame: &'a Frame, colour: Colour, plan: &Plan) -> Self {
        let (width, left) = plan.planes.first().map_or((0, 0), |plane| (plane.width, plane.height));
        let rows = frame.v * plan.sizes[0];
        let planes = [(); 3].map(|()| vec![0; width * rows]);
        let lines = [(); 4].map(|()| vec![0; width]);
        Convert { sink, frame, colour, width, left, rows, planes, lines }
    }

    /// Converts a row of MCUs: for each component its samples, and how far apart their rows are.
    fn convert(&mut self, parts: &[(&[u8], usize)]) -> Result<(), FitError> {
        let count = self.rows.min(self.left);
        if count == 0 {
            return Ok(());
        }
        let [ys, cbs, crs] = &mut self.planes;
        let width = self.width;
        let outs = ys.chunks_exact_mut(width).zip(cbs.chunks_exact_mut(width)).zip(crs.chunks_exact_mut(width));
        for (row, ((y, cb), cr)) in outs.take(count).enumerate() {
            for (((samples, stride), component), line) in parts.iter().zip(&self.frame.components).zip(&mut self.lines)
            {
                let samples = &samples[row * component.v / self.frame.v * stride..];
                widen(samples, component.h, self.frame.h, line);
            }
            let [a, b, c, d] = &self.lines;
            let colour = self.colour;
            let pixels = a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| rgb(colour, [*a, *b, *c, *d]));
            for (((rgb, y), cb), cr) in pixels.zip(y).zip(cb).zip(cr) {
                [*y, *cb, *cr] = ycc(rgb);
            }
        }
        self.left -= count;
        for (plane, rows) in self.planes.iter().enumerate() {
            self.sink.rows(plane, rows, width, count)?;
        }
        Ok(())
    }
}

impl Strips for Convert<'_> {
    fn take(&mut self, strips: &[Strip]) -> Result<(), FitError> {
        let mut parts: Vec<(&[u8], usize)> = vec![(&[], 0); self.frame.components.len()];
        for strip in strips {
            parts[strip.component] = (&strip.samples, strip.stride);
        }
        self.convert(&parts)
    }
}

/// Repeats samples to the full width.
fn widen(samples: &[u8], h: usize, most: usize, line: &mut [u8]) {
    if h == most {
        let width = line.len();
        line.copy_from_slice(&samples[..width]);
        return;
    }
    for (x, sample) in line.iter_mut().enumerate() {
        *sample = samples[x * h / most];
    }
}

#[inline(always)]
fn rgb(colour: Colour, [a, b, c, d]: [u8; 4]) -> [u8; 3] {
    match colour {
        Colour::Cmyk => [lit(a, d), lit(b, d), lit(c, d)],
        Colour::Ycck => back([a, b, c]).map(|value| lit(255 - value, d)),
        Colour::YCbCr => back([a, b, c]),
        Colour::Gray => [a; 3],
        Colour::Rgb => [a, b, c],
    }
}

/// What is left of white light by an ink and by black, both inverted.
fn lit(ink: u8, black: u8) -> u8 {
    ((u32::from(ink) * u32::from(black) + 127) / 255) as u8
}

/// JFIF's conversion, in 16 bits behind the point.
fn ycc([r, g, b]: [u8; 3]) -> [u8; 3] {
    const MIDDLE: i32 = (128 << 16) + (1 << 15) - 1;
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    [
        ((19_595 * r + 38_470 * g + 7_471 * b + (1 << 15)) >> 16) as u8,
        ((-11_059 * r - 21_709 * g + 32_768 * b + MIDDLE) >> 16) as u8,
        ((32_768 * r - 27_439 * g - 5_329 * b + MIDDLE) >> 16) as u8,
    ]
}

/// The way back.
fn back([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16 | 1 << 15, i32::from(cb) - 128, i32::from(cr) - 128);
    [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb].map(|value| (value >> 16).clamp(0, 255) as u8)
}

/// Holds the samples of components that come one after another, until all can be converted.
pub(super) struct Gather {
    planes: Vec<Strip>,
    /// How many rows of each are there.
    filled: Vec<usize>,
}

impl Gather {
    /// Planes of each component, all `blank` as yet.
    pub(super) fn new(frame: &Frame, plan: &Plan, blank: impl Fn(usize) -> u8) -> Self {
        let plane = |(component, size): (usize, &usize)| {
            let (stride, rows) = strip(frame, &frame.components[component], *size);
            Strip { component, samples: vec![blank(component); stride * rows * frame.mcus().1], stride }
        };
        Gather { planes: plan.sizes.iter().enumerate().map(plane).collect(), filled: vec![0; plan.sizes.len()] }
    }

    /// Hands all of it on.
    pub(super) fn finish(
        &self,
        out: &mut Convert<'_>,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let down = out.frame.mcus().1;
        for row in 0..down {
            let part = |plane: &Strip| plane.samples.len() / down;
            let parts: Vec<(&[u8], usize)> =
                self.planes.iter().map(|p| (&p.samples[row * part(p)..(row + 1) * part(p)], p.stride)).collect();
            out.convert(&parts)?;
            step(1.0)?;
        }
        Ok(())
    }
}

impl Strips for Gather {
    fn take(&mut self, strips: &[Strip]) -> Result<(), FitError> {
        for strip in strips {
            let (plane, filled) = (&mut self.planes[strip.component], &mut self.filled[strip.component]);
            let rows = plane.samples.chunks_exact_mut(plane.stride).skip(*filled);
            for (to, from) in rows.zip(strip.samples.chunks_exact(strip.stride)) {
                to[..strip.stride].copy_from_slice(from);
            }
            *filled += strip.rows();
        }
        Ok(())
    }
}
