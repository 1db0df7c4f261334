//! From decoded strips to the planes of a sink.
//!
//! Owns what of a strip is handed on: no rows beyond the picture's. Never changes a sample.

use super::plan::Shape;
use crate::FitError;

/// Takes planes as they come.
pub(crate) trait Sink {
    /// `count` rows of a plane, each `stride` bytes behind the one before it. A plane's rows come from the top to the
    /// bottom, all of them and each once; of each row, only the plane's width counts. Planes come in turn or one after
    /// another.
    fn rows(&mut self, plane: usize, rows: &[u8], stride: usize, count: usize) -> Result<(), FitError>;
}

/// A component's samples of a row of blocks or MCUs.
pub(super) struct Strip {
    pub(super) component: usize,
    pub(super) samples: Vec<u8>,
    pub(super) stride: usize,
}

impl Strip {
    pub(super) fn rows(&self) -> usize {
        self.samples.len() / self.stride
    }
}

/// Takes strips of all components, or of some, from the top to the bottom.
pub(super) trait Strips {
    fn take(&mut self, strips: &[Strip]) -> Result<(), FitError>;
}

/// Strips that are planes already.
pub(super) struct Direct<'a> {
    sink: &'a mut dyn Sink,
    /// How many rows of each plane are still to come.
    left: Vec<usize>,
}

impl<'a> Direct<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, planes: &[Shape]) -> Self {
        Direct { sink, left: planes.iter().map(|plane| plane.height).collect() }
    }
}

impl Strips for Direct<'_> {
    fn take(&mut self, strips: &[Strip]) -> Result<(), FitError> {
        for strip in strips {
            let left = &mut self.left[strip.component];
            let count = strip.rows().min(*left);
            *left -= count;
            if count > 0 {
                self.sink.rows(strip.component, &strip.samples, strip.stride, count)?;
            }
        }
        Ok(())
    }
}
