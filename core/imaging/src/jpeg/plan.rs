//! What a decode at a scale gives, and what it takes.
//!
//! Owns the arithmetic of sizes and memory. Never decodes.

use super::frame::{Component, Frame};
use super::header::Header;
use crate::FitError;

/// At how many samples a block of eight is decoded, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scale {
    Eighth,
    Quarter,
    Half,
    Whole,
}

impl Scale {
    /// How many samples across, and down, a block gives.
    pub(crate) fn size(self) -> usize {
        match self {
            Scale::Whole => 8,
            Scale::Half => 4,
            Scale::Quarter => 2,
            Scale::Eighth => 1,
        }
    }
}

/// A plane's size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// How many samples there are, the last in a row or column standing for part of one where it does not come out even.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// How many samples the picture's width and height are, exactly: what lies where is to be reckoned with these.
    pub(crate) across: f64,
    pub(crate) down: f64,
}

/// How the samples come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Row by row, out of the scan that holds them.
    Stream,
    /// From scan to scan, but all are needed at once for their colours: samples are held until all are there.
    Gather,
    /// Out of the coefficients, when the last scan has been read.
    Store,
}

/// What [`decode`](super::decode()) will hand on, and what it takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// One of gray, or three: Y, Cb, Cr.
    pub(crate) planes: Vec<Shape>,
    /// The most memory it takes, in bytes.
    pub(crate) memory: u64,
    pub(super) way: Way,
    /// For each component of the file, how many samples a block gives.
    pub(super) sizes: Vec<usize>,
}

/// What any decode takes: twice the input's buffer, tables, and small things.
const BASE: u64 = 128 * 1024;

impl Header {
    /// What a decode gives with brightness at one scale and colour at another, each relative to the samples that the
    /// file has of it. A picture whose colours have to be converted (RGB, CMYK, YCCK) has all its planes at `luma`.
    ///
    /// Fails where it takes more memory than `budget`; nothing is allocated yet.
    pub(crate) fn plan(&self, luma: Scale, chroma: Scale, budget: u64) -> Result<Plan, FitError> {
        let frame = &self.frame;
        let foreign = self.colour.is_foreign();
        let chroma = if foreign { luma } else { chroma };
        let sizes: Vec<usize> =
            (0..frame.components.len()).map(|at| if at == 0 { luma.size() } else { chroma.size() }).collect();
        let way = match (self.progressive, foreign && !self.interleaved) {
            (true, _) => Way::Store,
            (false, true) => Way::Gather,
            (false, false) => Way::Stream,
        };
        let planes = if foreign {
            let whole = Component { id: 0, h: frame.h, v: frame.v, quant: 0 };
            vec![shape(frame, &whole, luma.size()); 3]
        } else {
            frame.components.iter().zip(&sizes).map(|(component, size)| shape(frame, component, *size)).collect()
        };
        let memory = BASE + memory(frame, &sizes, way, foreign);
        if memory > budget {
            return Err(FitError::MemoryLimit { needed: memory, limit: budget });
        }
        Ok(Plan { planes, memory, way, sizes })
    }
}

fn shape(frame: &Frame, component: &Component, size: usize) -> Shape {
    let extent = |samples: usize, factor: usize, most: usize| {
        let (part, whole) = (samples * factor * size, most * 8);
        (part.div_ceil(whole), part as f64 / whole as f64)
    };
    let (width, across) = extent(frame.width, component.h, frame.h);
    let (height, down) = extent(frame.height, component.v, frame.v);
    Shape { width, height, across, down }
}

/// The bytes of a component's samples in one row of MCUs: how far apart rows are, and how many there are.
pub(super) fn strip(frame: &Frame, component: &Component, size: usize) -> (usize, usize) {
    (frame.mcus().0 * component.h * size, component.v * size)
}

/// How many blocks of a component are held, where coefficients are.
pub(super) fn held_blocks(frame: &Frame, component: &Component) -> (usize, usize) {
    let (across, down) = frame.mcus();
    (across * component.h, down * component.v)
}

/// What a block takes in the store: its coefficients, two bytes each, and where there are any beyond the first, a bit
/// for each of the 64.
pub(super) fn held_bytes(size: usize) -> usize {
    if size == 1 { 2 } else { size * size * 2 + 8 }
}

fn memory(frame: &Frame, sizes: &[usize], way: Way, foreign: bool) -> u64 {
    let each = |bytes: &dyn Fn(&Component, usize) -> u64| -> u64 {
        frame.components.iter().zip(sizes).map(|(component, size)| bytes(component, *size)).sum()
    };
    let strips = each(&|component, size| {
        let (stride, rows) = strip(frame, component, size);
        stride as u64 * rows as u64
    });
    // Three planes of a row of MCUs, and a row of four components at full width.
    let width = frame.mcus().0 * frame.h * sizes[0];
    let converted = if foreign { (width * (3 * frame.v * sizes[0] + 4)) as u64 } else { 0 };
    let held = each(&|component, size| {
        let (across, down) = held_blocks(frame, component);
        let block = match way {
            Way::Stream => 0,
            Way::Gather => size * size,
            Way::Store => held_bytes(size),
        };
        across as u64 * down as u64 * block as u64
    });
    strips + converted + held
}
