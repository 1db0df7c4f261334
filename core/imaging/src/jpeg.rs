//! Reads a JPEG while it streams by: its header, its samples as planes, its picture data as they are.
//!
//! Owns everything between a file's bytes and planes of samples, at the scale that is asked for. Never holds the file, nor more of
//! the picture than a row of MCUs, unless scans that come one after another leave no choice. Any bytes may come: what is broken
//! is an error, what is missing is gray and said so. Source: ITU-T T.81.
//!
//! ```text
//! input (a window of the file) -> walk (markers) -> header -> plan (a scale, its memory)
//!                                                   \-> bits -> sequential / progressive -> idct -> colour -> Sink
//! ```

mod bits;
mod colour;
mod copy;
mod decode;
mod frame;
mod header;
mod huffman;
mod idct;
mod input;
mod plan;
mod progressive;
mod rows;
mod scan;
mod sequential;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use decode::decode;
pub(crate) use header::{Colour, Header};
pub(crate) use plan::{Plan, Scale, Shape};
pub(crate) use rows::Sink;

pub(crate) mod marker {
    pub(crate) const SOF0: u8 = 0xC0;
    pub(crate) const SOF1: u8 = 0xC1;
    pub(crate) const SOF2: u8 = 0xC2;
    pub(crate) const DHT: u8 = 0xC4;
    pub(crate) const DAC: u8 = 0xCC;
    pub(crate) const RST0: u8 = 0xD0;
    pub(crate) const RST7: u8 = 0xD7;
    pub(crate) const SOI: u8 = 0xD8;
    pub(crate) const EOI: u8 = 0xD9;
    pub(crate) const SOS: u8 = 0xDA;
    pub(crate) const DQT: u8 = 0xDB;
    pub(crate) const DNL: u8 = 0xDC;
    pub(crate) const DRI: u8 = 0xDD;
    pub(crate) const APP0: u8 = 0xE0;
    pub(crate) const APP1: u8 = 0xE1;
    pub(crate) const APP2: u8 = 0xE2;
    pub(crate) const APP13: u8 = 0xED;
    pub(crate) const APP14: u8 = 0xEE;
    pub(crate) const APP15: u8 = 0xEF;
    pub(crate) const COM: u8 = 0xFE;
}

/// The most bytes a segment's payload can have: its length field counts itself.
pub(crate) const MAX_PAYLOAD: usize = 65_533;

/// One segment ahead of the first scan: its marker and what follows the length field.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) marker: u8,
    pub(crate) payload: Vec<u8>,
}
