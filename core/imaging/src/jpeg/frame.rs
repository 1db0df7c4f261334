//! The frame: how large the picture is, and how its components are sampled.
//!
//! Owns the geometry of blocks and MCUs. Never knows a colour. Source: ITU-T T.81, A.1, A.2 and B.2.2.

use super::marker;
use crate::FitError;

/// The most pixels a picture may claim. Sensors end at 200 million today; a header may claim 4,300 million, with hardly
/// a byte behind it, and everybody along the way would have to walk through them.
pub(crate) const MAX_PIXELS: u64 = 1_000_000_000;

/// One component of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// How many blocks an MCU has of it, across and down.
    pub(crate) h: usize,
    pub(crate) v: usize,
    /// Which quantisation table is its own.
    pub(crate) quant: usize,
}

/// The frame header. There is at least one component, and every number in it is at least 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) progressive: bool,
    pub(crate) components: Vec<Component>,
    /// The largest factors of all components.
    pub(crate) h: usize,
    pub(crate) v: usize,
}

/// Whether a marker begins a frame, of whatever kind.
pub(super) fn is_frame(code: u8) -> bool {
    matches!(code, 0xC0..=0xCF) && !matches!(code, marker::DHT | marker::DAC | 0xC8)
}

/// Whether a frame header has the length that its components take, and a depth there is.
pub(super) fn is_sound(payload: &[u8]) -> bool {
    matches!(*payload, [2..=16, _, _, _, _, n @ 1..=4, ..] if payload.len() == 6 + 3 * usize::from(n))
}

impl Frame {
    /// Reads a frame header; its height may be 0 as yet.
    pub(super) fn read(code: u8, payload: &[u8]) -> Result<Frame, FitError> {
        let progressive = match code {
            marker::SOF0 | marker::SOF1 => false,
            marker::SOF2 => true,
            0xC9..=0xCF => return Err(FitError::not_decodable("a JPEG with arithmetic coding")),
            _ => return Err(FitError::not_decodable("a lossless or hierarchical JPEG")),
        };
        let [precision, h1, h0, w1, w0, count, ref table @ ..] = *payload else {
            return Err(FitError::not_decodable("the JPEG's frame header is too short"));
        };
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if precision != 8 {
            return Err(FitError::not_decodable(format!("a JPEG of {precision} bits a sample")));
        }
        if width == 0 || !matches!(count, 1 | 3 | 4) {
            return Err(FitError::not_decodable(format!("a JPEG of {width} x {height} with {count} components")));
        }
        let mut components: Vec<Component> = table.chunks_exact(3).take(usize::from(count)).map(component).collect();
        let valid = |c: &Component| (1..=4).contains(&c.h) && (1..=4).contains(&c.v);
        if components.len() != usize::from(count) || !components.iter().all(valid) {
            return Err(FitError::not_decodable("the JPEG's sampling factors are not valid"));
        }
        if let [alone] = &mut components[..] {
            // A component alone is not interleaved: its blocks lie in rows, whatever its factors (T.81, A.2.2).
            (alone.h, alone.v) = (1, 1);
        }
        let h = components.iter().map(|c| c.h).max().unwrap_or(1);
        let v = components.iter().map(|c| c.v).max().unwrap_or(1);
        Ok(Frame { width: usize::from(width), height: usize::from(height), progressive, components, h, v })
    }

    /// Refuses what cannot be: no rows, or more pixels than anybody has.
    pub(super) fn check(&self) -> Result<(), FitError> {
        let (width, height) = (self.width, self.height);
        if height == 0 {
            let count = self.components.len();
            return Err(FitError::not_decodable(format!("a JPEG of {width} x 0 with {count} components")));
        }
        if width as u64 * height as u64 > MAX_PIXELS {
            let claim = format!("the JPEG claims {width} x {height} pixels, more than the {MAX_PIXELS} that are read");
            return Err(FitError::not_decodable(claim));
        }
        Ok(())
    }

    /// How many MCUs there are across and down in a scan that holds several components.
    pub(super) fn mcus(&self) -> (usize, usize) {
        (self.width.div_ceil(8 * self.h), self.height.div_ceil(8 * self.v))
    }

    /// How many samples a component has, at full scale.
    pub(super) fn samples(&self, component: &Component) -> (usize, usize) {
        ((self.width * component.h).div_ceil(self.h), (self.height * component.v).div_ceil(self.v))
    }

    /// How many blocks a component has across and down in a scan of its own.
    pub(super) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.samples(component);
        (across.div_ceil(8), down.div_ceil(8))
    }
}

/// Three bytes: identifier, sampling factors, quantisation table.
fn component(bytes: &[u8]) -> Component {
    let (h, v) = (usize::from(bytes[1] >> 4), usize::from(bytes[1] & 15));
    Component { id: bytes[0], h, v, quant: usize::from(bytes[2]) }
}
