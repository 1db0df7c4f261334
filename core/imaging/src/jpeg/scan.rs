//! A scan's header: which components it holds, and what of them.
//!
//! Owns reading it. Never reads the scan's data. Source: ITU-T T.81, B.2.3 and G.1.1.1.

use super::frame::Frame;

/// One component of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place in the frame.
    pub(super) component: usize,
    /// Its tables' slots.
    pub(super) dc: usize,
    pub(super) ac: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) parts: Vec<Part>,
    /// The first and the last coefficient that it holds, in zigzag order.
    pub(super) first: usize,
    pub(super) last: usize,
    /// How many low bits of the coefficients were missing before; 0: all, it is a first scan of them.
    pub(super) high: u8,
    /// How many low bits are still missing.
    pub(super) low: u8,
}

impl Scan {
    /// Reads a scan's header; `None` where it does not fit the frame.
    pub(super) fn read(payload: &[u8], frame: &Frame) -> Option<Scan> {
        let (&count, rest) = payload.split_first()?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(count))?;
        let mut found: Vec<Part> = Vec::with_capacity(4);
        for bytes in parts.chunks_exact(2) {
            let free = |component: &usize| found.iter().all(|part| part.component != *component);
            let mut components = (0..frame.components.len()).filter(free);
            let component = components.find(|component| frame.components[*component].id == bytes[0])?;
            found.push(Part { component, dc: usize::from(bytes[1] >> 4), ac: usize::from(bytes[1] & 15) });
        }
        let (first, last, high, low) = match *rest {
            [first, last, bits, ..] if frame.progressive => (first, last, bits >> 4, bits & 15),
            _ => (0, 63, 0, 0),
        };
        let band = first <= last && last < 64 && (first > 0) == (last > 0 && frame.progressive);
        // The first coefficient's scans hold nothing else, all others a single component (G.1.1.1.1).
        let alone = first == 0 || found.len() == 1;
        let valid = !found.is_empty() && (!frame.progressive || band && alone && low < 14);
        let (first, last) = (usize::from(first), usize::from(last));
        valid.then_some(Scan { parts: found, first, last, high, low })
    }

    /// How many MCUs it has across and down, and how many blocks of each part there are in one.
    pub(super) fn layout(&self, frame: &Frame) -> (usize, usize, Vec<(usize, usize)>) {
        match self.parts[..] {
            [part] => {
                let (across, down) = frame.blocks(&frame.components[part.component]);
                (across, down, vec![(1, 1)])
            }
            _ => {
                let (across, down) = frame.mcus();
                let factors = self.parts.iter().map(|part| &frame.components[part.component]).map(|c| (c.h, c.v));
                (across, down, factors.collect())
            }
        }
    }
}
