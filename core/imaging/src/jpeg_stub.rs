use crate::jpeg::Segment;
use crate::{FitError, Source};
use std::io::Write;
pub(crate) struct Header {
    pub(crate) segments: Vec<Segment>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}
impl Header {
    pub(crate) fn read(_: &mut dyn Source) -> Result<Header, FitError> {
        unimplemented!()
    }
    pub(crate) fn quality(&self) -> Option<u8> {
        None
    }
    pub(crate) fn is_gray(&self) -> bool {
        false
    }
    pub(crate) fn has_full_chroma(&self) -> bool {
        false
    }
    pub(crate) fn is_whole(&self, _: &mut dyn Source) -> Result<bool, FitError> {
        unimplemented!()
    }
    pub(crate) fn copy_picture(
        &self,
        _: &mut dyn Source,
        _: &mut dyn Write,
        _: &[u8],
        _: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<u64, FitError> {
        unimplemented!()
    }
    pub(crate) fn plan(&self, _: Scale, _: u64) -> Result<Plan, FitError> {
        unimplemented!()
    }
}
#[derive(Clone, Copy)]
pub(crate) enum Scale {
    Whole,
    Half,
    Quarter,
    Eighth,
}
impl Scale {
    pub(crate) fn dimensions(self, w: u32, h: u32) -> (u32, u32) {
        (w, h)
    }
}
pub(crate) struct Plan {
    pub(crate) planes: Vec<Shape>,
    pub(crate) memory: u64,
}
pub(crate) struct Shape {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) across: f64,
    pub(crate) down: f64,
}
pub(crate) trait Sink {
    fn rows(&mut self, plane: usize, rows: &[u8], stride: usize, count: usize) -> Result<(), FitError>;
}
pub(crate) struct Ending {
    pub(crate) truncated: bool,
}
pub(crate) fn decode(
    _: &mut dyn Source,
    _: &Header,
    _: &Plan,
    _: &mut dyn Sink,
    _: &mut dyn FnMut(f32) -> Result<(), FitError>,
) -> Result<Ending, FitError> {
    unimplemented!()
}
