//! A JPEG file's structure: segments, frame header, where the picture ends.
//!
//! Owns the walk along the markers. Never decodes a pixel; bounds-checked against any input. Source: ITU-T T.81, annex B.

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

use crate::FitError;

pub(crate) use decode::{Ending, decode};
pub(crate) use frame::MAX_PIXELS;
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

/// The frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u8,
    pub(crate) progressive: bool,
    /// How many DCT coefficients the picture has in all, edges padded to whole blocks.
    pub(crate) coefficients: u64,
}

/// A JPEG file taken apart, borrowed from its bytes.
#[derive(Debug)]
pub(crate) struct Jpeg<'a> {
    /// Everything ahead of the first scan, in the file's order.
    pub(crate) segments: Vec<Segment>,
    pub(crate) frame: Frame,
    /// Whether the first scan holds all components: only then can a decoder go row by row.
    pub(crate) interleaved: bool,
    /// From the first scan's header up to the end marker, that included where it is there.
    pub(crate) scans: &'a [u8],
    /// Whether the end marker is missing: the file was cut.
    pub(crate) truncated: bool,
}

impl<'a> Jpeg<'a> {
    /// Walks the whole file. Fails where there is no frame or no scan, or where the frame is of a kind that is not
    /// decoded here (arithmetic coding, lossless, hierarchical, 12 bits).
    pub(crate) fn parse(data: &'a [u8]) -> Result<Self, FitError> {
        if !data.starts_with(&[0xFF, marker::SOI]) {
            return Err(FitError::not_decodable("no JPEG start marker"));
        }
        let mut segments = Vec::new();
        let mut frame = None;
        let mut at = 2;
        let scans_at = loop {
            let (start, code) = next_marker(data, at)
                .ok_or_else(|| FitError::not_decodable("the JPEG ends before its picture data begins"))?;
            match code {
                marker::EOI => return Err(FitError::not_decodable("the JPEG holds no picture data")),
                0x01 | 0xD0..=0xD8 => at = start + 2,
                marker::SOS => break start,
                _ => {
                    let payload = payload_at(data, start).ok_or_else(|| {
                        FitError::not_decodable("the JPEG's header is cut off or a length in it is wrong")
                    })?;
                    if let Some(found) = frame_header(code, payload)?
                        && frame.replace(found).is_some()
                    {
                        return Err(FitError::not_decodable("the JPEG has more than one frame"));
                    }
                    segments.push(Segment { marker: code, payload: payload.to_vec() });
                    at = start + 4 + payload.len();
                }
            }
        };
        let frame = frame.ok_or_else(|| FitError::not_decodable("the JPEG has no frame header"))?;
        let in_first_scan = payload_at(data, scans_at).and_then(|header| header.first()).copied();
        let end = scans_end(data, scans_at)?;
        Ok(Jpeg {
            segments,
            frame,
            interleaved: in_first_scan == Some(frame.components),
            scans: &data[scans_at..end.unwrap_or(data.len())],
            truncated: end.is_none(),
        })
    }

    /// The quality on libjpeg's scale that the first quantisation table comes closest to; `None` without a table.
    pub(crate) fn quality(&self) -> Option<u8> {
        let tables = &self.segments.iter().find(|segment| segment.marker == marker::DQT)?.payload;
        let sum: f64 = match tables.first()? >> 4 {
            0 => tables.get(1..65)?.iter().map(|value| f64::from(*value)).sum(),
            _ => tables.get(1..129)?.chunks(2).map(|v| f64::from(v[0]) * 256.0 + f64::from(v[1])).sum(),
        };
        // 3688 is the sum of T.81's table K.1, which libjpeg scales by quality.
        let percent = sum * 100.0 / 3688.0;
        let quality = if percent <= 100.0 { (200.0 - percent) / 2.0 } else { 5000.0 / percent };
        Some(quality.round().clamp(1.0, 100.0) as u8)
    }
}

/// The next marker at or after `at`: where its 0xFF stands, and its code. Junk in between and fill bytes are skipped.
fn next_marker(data: &[u8], at: usize) -> Option<(usize, u8)> {
    let mut at = at;
    loop {
        at += data.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *data.get(at + 1)? {
            0x00 => at += 2,
            0xFF => at += 1,
            code => return Some((at, code)),
        }
    }
}

/// The payload of the segment whose marker stands at `start`.
fn payload_at(data: &[u8], start: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*data.get(start + 2..)?.first_chunk()?));
    data.get(start + 4..start + 2 + length.max(2)).filter(|_| length >= 2)
}

fn frame_header(code: u8, payload: &[u8]) -> Result<Option<Frame>, FitError> {
    let progressive = match code {
        marker::SOF0 | marker::SOF1 => false,
        marker::SOF2 => true,
        marker::DHT | marker::DAC | 0xC8 => return Ok(None),
        0xC9..=0xCF => return Err(FitError::not_decodable("a JPEG with arithmetic coding")),
        0xC3 | 0xC5..=0xC7 => return Err(FitError::not_decodable("a lossless or hierarchical JPEG")),
        _ => return Ok(None),
    };
    let [precision, h1, h0, w1, w0, components, ..] = *payload else {
        return Err(FitError::not_decodable("the JPEG's frame header is too short"));
    };
    let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
    if precision != 8 {
        return Err(FitError::not_decodable(format!("a JPEG of {precision} bits a sample")));
    }
    if width == 0 || height == 0 || !matches!(components, 1 | 3 | 4) {
        return Err(FitError::not_decodable(format!("a JPEG of {width} x {height} with {components} components")));
    }
    let coefficients = coefficients(width, height, &payload[6..], usize::from(components))
        .ok_or_else(|| FitError::not_decodable("the JPEG's sampling factors are not valid"))?;
    Ok(Some(Frame { width, height, components, progressive, coefficients }))
}

/// `table`: three bytes for each component, sampling factors in the second.
fn coefficients(width: u32, height: u32, table: &[u8], components: usize) -> Option<u64> {
    let factors = table.chunks_exact(3).take(components).map(|c| (u32::from(c[1] >> 4), u32::from(c[1] & 15)));
    let factors: Vec<(u32, u32)> = factors.filter(|(h, v)| (1..=4).contains(h) && (1..=4).contains(v)).collect();
    if factors.len() != components {
        return None;
    }
    let across = width.div_ceil(8 * factors.iter().map(|f| f.0).max()?);
    let down = height.div_ceil(8 * factors.iter().map(|f| f.1).max()?);
    let blocks: u32 = factors.iter().map(|(h, v)| h * v).sum();
    Some(u64::from(across) * u64::from(down) * u64::from(blocks) * 64)
}

/// Where the picture ends, just behind the end marker; `None` where that is missing.
fn scans_end(data: &[u8], scans_at: usize) -> Result<Option<usize>, FitError> {
    let mut at = scans_at + 2;
    while let Some((start, code)) = next_marker(data, at) {
        at = match code {
            marker::EOI => return Ok(Some(start + 2)),
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return Err(FitError::not_decodable("the JPEG has more than one frame"));
            }
            marker::DHT | marker::DAC | marker::SOS..=0xDF | marker::APP0..=marker::APP15 | marker::COM => {
                payload_at(data, start).map_or(start + 2, |payload| start + 4 + payload.len())
            }
            _ => start + 2,
        };
    }
    Ok(None)
}

#[cfg(test)]
mod parse_tests {
    use super::*;

    fn header(code: u8, frame: &[u8]) -> Vec<u8> {
        let mut data = vec![0xFF, 0xD8, 0xFF, code, 0, frame.len() as u8 + 2];
        data.extend(frame);
        data.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
        data
    }

    const GRAY_16: &[u8] = &[8, 0, 16, 0, 16, 1, 1, 0x11, 0];

    #[test]
    fn stuffed_bytes_and_restarts_do_not_end_the_picture_but_the_end_marker_does() {
        let mut data = header(0xC0, GRAY_16);
        data.extend([1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4, 0xFF]);
        assert!(Jpeg::parse(&data).unwrap().truncated);
        data.extend([0xFF, 0xD9, 7, 7, 7]);
        let jpeg = Jpeg::parse(&data).unwrap();
        assert!(!jpeg.truncated && jpeg.interleaved);
        assert!(jpeg.scans.ends_with(&[0xFF, 0xD9]), "what trails the end is no part of the picture");
        assert_eq!(jpeg.frame, Frame { width: 16, height: 16, components: 1, progressive: false, coefficients: 256 });
    }

    #[test]
    fn kinds_that_are_not_decoded_are_named() {
        for (code, frame, wanted) in [
            (0xC9, GRAY_16, "arithmetic"),
            (0xC3, GRAY_16, "lossless"),
            (0xC1, &[12, 0, 16, 0, 16, 1, 1, 0x11, 0], "12 bits"),
            (0xC0, &[8, 0, 0, 0, 16, 1, 1, 0x11, 0], "16 x 0"),
            (0xC0, &[8, 0, 1, 0, 16, 2, 1, 0x11, 0], "2 components"),
            (0xC0, &[8, 0, 16, 0, 16, 1, 1, 0x50, 0], "sampling"),
            (0xC0, &[8, 0, 16, 0, 16, 3, 1, 0x11, 0], "sampling"),
            (0xC0, &[8, 0], "too short"),
        ] {
            let error = Jpeg::parse(&header(code, frame)).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn every_cut_of_a_header_is_an_error_or_a_truncated_picture_and_never_a_panic() {
        let mut data = header(0xC2, GRAY_16);
        data.extend([1, 2, 3, 0xFF, 0xD9]);
        for end in 0..data.len() {
            assert!(Jpeg::parse(&data[..end]).map_or(true, |jpeg| jpeg.truncated), "cut at {end}");
        }
        assert!(!Jpeg::parse(&data).unwrap().truncated);
    }
}
