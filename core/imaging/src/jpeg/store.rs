//! The coefficients of a picture whose scans hold parts of them.
//!
//! Owns how they are kept: at a smaller scale only those that it needs, and of the others a bit each, for later scans
//! to know which of them are not 0. Never reads a bit of the file.

use super::frame::{Component, Frame};
use super::idct::{Block, LEVEL, Weights, transform};
use super::plan::{held_blocks, strip};
use super::rows::Strip;
use super::tables::Quant;

/// Stands for a coefficient that is not kept.
const DROPPED: u8 = u8::MAX;

/// The coefficients of one component.
pub(super) struct Held {
    pub(super) component: usize,
    /// How many blocks there are across.
    pub(super) across: usize,
    /// How many samples a block gives, each way, and how many coefficients are kept of it.
    size: usize,
    cells: Vec<i16>,
    /// For each block a bit for each coefficient but the first, in zigzag order, that is not 0. Empty at size 1.
    known: Vec<u64>,
    /// For each coefficient in zigzag order, its place among the kept.
    places: [u8; 64],
    /// What it is dequantised with: the table in force at its first scan.
    pub(super) quant: Option<Quant>,
    /// Whether there was a scan of the first coefficients.
    pub(super) seen: bool,
}

/// A block's coefficients, to be changed.
pub(super) struct Cells<'a> {
    cells: &'a mut [i16],
    pub(super) known: &'a mut u64,
    places: &'a [u8; 64],
}

impl Held {
    pub(super) fn new(frame: &Frame, index: usize, size: usize) -> Held {
        let (across, down) = held_blocks(frame, &frame.components[index]);
        let mut places = [DROPPED; 64];
        for (index, place) in places.iter_mut().enumerate() {
            *place = Weights::kept(size, index).map_or(DROPPED, |kept| kept as u8);
        }
        Held {
            component: index,
            across,
            size,
            cells: vec![0; across * down * size * size],
            known: vec![0; if size == 1 { 0 } else { across * down }],
            places,
            quant: None,
            seen: false,
        }
    }

    /// Whether only first coefficients are kept.
    pub(super) fn is_shortened(&self) -> bool {
        self.size == 1
    }

    /// A block's first coefficient.
    #[inline(always)]
    pub(super) fn first(&mut self, block: usize) -> &mut i16 {
        &mut self.cells[block * self.size * self.size]
    }

    #[inline(always)]
    pub(super) fn block(&mut self, block: usize) -> Cells<'_> {
        let count = self.size * self.size;
        Cells {
            cells: &mut self.cells[block * count..(block + 1) * count],
            known: &mut self.known[block],
            places: &self.places,
        }
    }

    /// A strip to be filled by [`Self::render`].
    pub(super) fn strip(&self, frame: &Frame) -> Strip {
        let (stride, rows) = strip(frame, &frame.components[self.component], self.size);
        Strip { component: self.component, samples: vec![0; stride * rows], stride }
    }

    /// The factors of the kept coefficients, in the order they are kept in.
    pub(super) fn factors(&self, quant: &Quant) -> Block {
        let weights = Weights::new(quant, self.size);
        let mut factors = [0.0; 64];
        for (place, weight) in self.places.iter().zip(weights.weight) {
            if *place != DROPPED {
                factors[usize::from(*place)] = weight;
            }
        }
        factors
    }

    /// Fills the strip of a row of MCUs.
    pub(super) fn render(&self, row: usize, component: &Component, factors: &Block, strip: &mut Strip) {
        let (size, stride) = (self.size, strip.stride);
        let count = size * size;
        for (y, rows) in strip.samples.chunks_exact_mut(stride * size).enumerate() {
            let start = (row * component.v + y) * self.across;
            let cells = self.cells[start * count..(start + self.across) * count].chunks_exact(count);
            for (x, cells) in cells.enumerate() {
                let known = self.known.get(start + x).copied().unwrap_or(0);
                let mut block: Block = [0.0; 64];
                if known == 0 {
                    block[0] = f32::from(cells[0]) * factors[0];
                } else {
                    for ((value, cell), factor) in block.iter_mut().zip(cells).zip(factors) {
                        *value = f32::from(*cell) * factor;
                    }
                }
                block[0] += LEVEL;
                let last = 63 - (known | 1).leading_zeros() as usize;
                transform(size, &block, last, &mut rows[x * size..], stride);
            }
        }
    }
}

impl Cells<'_> {
    /// Sets a coefficient that was 0; one beyond the block is nothing.
    #[inline(always)]
    pub(super) fn set(&mut self, index: usize, value: i16) {
        if let Some(place) = self.places.get(index) {
            *self.known |= u64::from(value != 0) << index;
            if let Some(cell) = self.cells.get_mut(usize::from(*place)) {
                *cell = value;
            }
        }
    }

    /// Adds a bit to the magnitude of a coefficient that is not 0.
    #[inline(always)]
    pub(super) fn refine(&mut self, index: usize, bit: i16) {
        let place = usize::from(self.places[index & 63]);
        if let Some(cell) = self.cells.get_mut(place).filter(|cell| **cell & bit == 0) {
            *cell = cell.wrapping_add(if *cell < 0 { bit.wrapping_neg() } else { bit });
        }
    }
}
