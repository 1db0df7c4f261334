//! From planes to a JPEG.
//!
//! Owns everything between samples and bytes: transform, quantisation, code tables, the file's layout, and the search for the
//! scale of quantisation that fills a room. Bits are counted, not encoded, until it is known what is written; nothing is ever
//! written that was not counted.
//!
//! ```text
//! strip of planes -> frame (blocks) -> dct -> quant -> count (symbols, histograms) -> huffman (the best code)
//!                                                        \-> emit (bits, bytes), once search has found the tables
//! ```

mod coder;
mod count;
mod dct;
mod emit;
mod frame;
mod huffman;
mod markers;
mod quant;
mod scans;
mod search;
mod symbols;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use count::Counter;
pub(crate) use emit::{measure, write_within};
pub(crate) use frame::{Frame, Sampling, Strip};
pub(crate) use scans::Coding;
pub(crate) use search::{Found, Picture, search};
pub(crate) use tables::Tables;
