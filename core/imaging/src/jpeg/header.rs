//! All that is to be known about a JPEG before a sample of it is decoded.
//!
//! Owns reading it from a stream, and what the colours are. Never holds more of the file than its metadata, within a
//! bound.

use super::frame::Frame;
use super::input::Input;
use super::scan::Scan;
use super::tables::Tables;
use super::walk::{Found, Walk};
use super::{Segment, frame, marker};
use crate::{FitError, Source};

/// The most bytes of application segments and comments that are kept. Cameras write some hundred kilobytes; XMP in
/// parts with a depth map some megabytes. What comes beyond is left out, and the picture is read all the same.
const METADATA: usize = 8_000_000;

/// What a picture's components are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Gray,
    YCbCr,
    Rgb,
    /// Ink, stored inverted: 255 is none.
    Cmyk,
    /// The first three of four inks as YCbCr; stored inverted too.
    Ycck,
}

impl Colour {
    /// Whether the components are not what is handed on, gray or YCbCr.
    pub(crate) fn is_foreign(self) -> bool {
        !matches!(self, Colour::Gray | Colour::YCbCr)
    }
}

/// A JPEG's header.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// Application segments and comments ahead of the first scan, in the file's order.
    pub(crate) segments: Vec<Segment>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) colour: Colour,
    pub(crate) progressive: bool,
    pub(super) frame: Frame,
    /// Whether the first scan holds all components.
    pub(super) interleaved: bool,
    /// What is in force at the first scan.
    pub(super) tables: Tables,
    /// Where the first scan's marker stands.
    pub(super) scan_at: u64,
    /// The sum of the first quantisation table in the file.
    quant_sum: Option<u32>,
}

impl Header {
    /// Reads up to the first scan. Fails where there is no frame or no scan, or where the frame is of a kind that is
    /// not decoded here (arithmetic coding, lossless, hierarchical, 12 bits).
    pub(crate) fn read(source: &mut dyn Source) -> Result<Header, FitError> {
        let mut input = Input::new(source, 0)?;
        if !input.window(2)?.starts_with(&[0xFF, marker::SOI]) {
            return Err(FitError::not_decodable("no JPEG start marker"));
        }
        let mut walk = Walk::from(2);
        let mut parts = Parts::default();
        let scan = loop {
            let found = walk.next(&mut input)?;
            let found = found.ok_or_else(|| FitError::not_decodable("the JPEG ends before its picture data begins"))?;
            match found.code {
                marker::EOI => return Err(FitError::not_decodable("the JPEG holds no picture data")),
                marker::SOS => break found,
                _ => parts.take(found, &mut input)?,
            }
        };
        let mut frame = parts.frame.take().ok_or_else(|| FitError::not_decodable("the JPEG has no frame header"))?;
        let payload = input.read(scan.length)?;
        if frame.height == 0 {
            frame.height = height_behind(&mut input, &mut walk)?;
        }
        frame.check()?;
        let interleaved = Scan::read(&payload, &frame).is_none_or(|s| s.parts.len() == frame.components.len());
        Ok(parts.into_header(frame, interleaved, scan.at))
    }

    /// The quality on libjpeg's scale that the first quantisation table comes closest to; `None` without a table.
    pub(crate) fn quality(&self) -> Option<u8> {
        // 3688 is the sum of T.81's table K.1, which libjpeg scales by quality.
        let percent = f64::from(self.quant_sum?) * 100.0 / 3688.0;
        let quality = if percent <= 100.0 { (200.0 - percent) / 2.0 } else { 5000.0 / percent };
        Some(quality.round().clamp(1.0, 100.0) as u8)
    }

    /// Whether there are as many samples of colour as of brightness, across and down. Of a gray picture: yes.
    pub(crate) fn has_full_chroma(&self) -> bool {
        self.frame.components.iter().all(|c| (c.h, c.v) == (self.frame.h, self.frame.v))
    }
}

/// What the segments ahead of the first scan say.
#[derive(Default)]
struct Parts {
    segments: Vec<Segment>,
    kept: usize,
    frame: Option<Frame>,
    tables: Tables,
    quant_sum: Option<u32>,
    jfif: bool,
    /// The transform that Adobe's segment tells.
    adobe: Option<u8>,
}

impl Parts {
    fn take(&mut self, found: Found, input: &mut Input<'_>) -> Result<(), FitError> {
        let code = found.code;
        let is_metadata = matches!(code, marker::APP0..=marker::APP15 | marker::COM);
        if is_metadata && self.kept + found.length > METADATA {
            return Ok(());
        }
        let payload = input.read(found.length)?;
        if is_metadata {
            match (code, &payload[..]) {
                (marker::APP0, [b'J', b'F', b'I', b'F', 0, ..]) => self.jfif = true,
                (marker::APP14, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => {
                    self.adobe = Some(*transform);
                }
                _ => {}
            }
            self.kept += payload.len();
            self.segments.push(Segment { marker: code, payload });
        } else if frame::is_frame(code) {
            if self.frame.replace(Frame::read(code, &payload)?).is_some() {
                return Err(FitError::not_decodable("the JPEG has more than one frame"));
            }
        } else {
            self.tables.take(code, &payload);
            if code == marker::DQT && self.quant_sum.is_none() {
                let first = payload.first().and_then(|head| self.tables.quant.get(usize::from(head & 15)));
                self.quant_sum = first.and_then(|t| *t).map(|t| t.iter().map(|step| u32::from(*step)).sum());
            }
        }
        Ok(())
    }

    /// What the components are, as libjpeg has it: JFIF's marker is always right, then Adobe's, then identifiers that
    /// spell it.
    fn colour(&self, frame: &Frame) -> Colour {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match (&ids[..], self.adobe) {
            ([_], _) => Colour::Gray,
            ([_, _, _], _) if self.jfif => Colour::YCbCr,
            ([_, _, _], Some(0)) | (b"RGB", None) => Colour::Rgb,
            ([_, _, _], _) => Colour::YCbCr,
            (_, Some(0) | None) => Colour::Cmyk,
            _ => Colour::Ycck,
        }
    }

    fn into_header(self, frame: Frame, interleaved: bool, scan_at: u64) -> Header {
        Header {
            // Two bytes each in the file.
            width: frame.width as u32,
            height: frame.height as u32,
            colour: self.colour(&frame),
            progressive: frame.progressive,
            segments: self.segments,
            frame,
            interleaved,
            tables: self.tables,
            scan_at,
            quant_sum: self.quant_sum,
        }
    }
}

/// The height, where the frame leaves it to a segment behind the first scan (T.81, B.2.5); 0 where that is missing.
fn height_behind(input: &mut Input<'_>, walk: &mut Walk) -> Result<usize, FitError> {
    input.scan(|_| Ok(()))?;
    walk.resume(input.position());
    let found = walk.next(input)?.filter(|found| found.code == marker::DNL);
    let Some(found) = found else { return Ok(0) };
    Ok(match input.read(found.length)?[..] {
        [high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    })
}
