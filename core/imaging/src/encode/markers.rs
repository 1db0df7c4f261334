//! The segments of a file around its data.
//!
//! Owns the order in which they stand and what is in them. Never writes anything itself.

use super::count::Codes;
use super::frame::Frame;
use super::huffman::Huffman;
use super::scans::{Band, Coding, Scan};
use super::symbols::{AC, DC, of_colour};
use super::tables::{Tables, ZIGZAG};

/// The end of an image.
pub(super) const END: [u8; 2] = [0xFF, 0xD9];

/// JFIF 1.1, no density, no thumbnail.
const JFIF: [u8; 18] = *b"\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00";

/// What is before the scans: start, JFIF, `segments`, quantisation tables, frame.
pub(super) fn head(frame: &Frame, coding: Coding, tables: &Tables, segments: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    out.extend(JFIF);
    out.extend(segments);
    segment(&mut out, 0xDB, |body| {
        let used = [&tables.luma, &tables.chroma].into_iter().take(frame.planes().min(2));
        for (id, table) in (0..).zip(used) {
            body.push(id);
            body.extend(ZIGZAG.map(|at| table.steps[usize::from(at)]));
        }
    });
    let marker = if coding == Coding::Progressive { 0xC2 } else { 0xC0 };
    segment(&mut out, marker, |body| {
        body.push(8);
        // A JPEG is at most 65,535 either way; whoever made the frame saw to it.
        body.extend((frame.height as u16).to_be_bytes());
        body.extend((frame.width as u16).to_be_bytes());
        body.push(frame.planes() as u8);
        for plane in 0..frame.planes() {
            let factor = frame.factor(plane) as u8;
            body.extend([plane as u8 + 1, factor << 4 | factor, u8::from(plane != 0)]);
        }
    });
    out
}

/// What is before the data of a scan: its Huffman tables and its header.
pub(super) fn scan(frame: &Frame, scan: Scan, codes: &Codes) -> Vec<u8> {
    let mut out = Vec::new();
    segment(&mut out, 0xC4, |body| {
        for plane in 0..frame.planes().min(2) {
            let (dc, ac) = (&codes[DC + of_colour(plane)], &codes[AC + of_colour(plane)]);
            if !dc.symbols.is_empty() {
                huffman(body, plane as u8, dc);
            }
            if !ac.symbols.is_empty() {
                huffman(body, 0x10 | plane as u8, ac);
            }
        }
    });
    segment(&mut out, 0xDA, |body| match scan {
        // A band always has the first AC table to itself.
        Scan::Band(Band { plane, first, last, high, low }) => {
            body.extend([1, plane as u8 + 1, 0, first, last, high << 4 | low]);
        }
        Scan::Whole | Scan::Dc => {
            body.push(frame.planes() as u8);
            for plane in 0..frame.planes() as u8 {
                body.extend([plane + 1, if plane == 0 { 0x00 } else { 0x11 }]);
            }
            body.extend([0, if scan == Scan::Whole { 63 } else { 0 }, 0]);
        }
    });
    out
}

fn huffman(body: &mut Vec<u8>, id: u8, table: &Huffman) {
    body.push(id);
    body.extend(table.counts);
    body.extend(&table.symbols);
}

/// A marker, a length, and a body that is far shorter than 65,533 bytes: the longest is four Huffman tables of 273.
fn segment(out: &mut Vec<u8>, marker: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    out.extend([0xFF, marker, 0, 0]);
    let start = out.len() - 2;
    fill(out);
    let length = (out.len() - start) as u16;
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
}
