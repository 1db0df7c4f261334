//! From segment to segment.
//!
//! Owns finding the next segment when something between is wrong: junk, fill bytes, a length that leads elsewhere.
//! Never looks into a scan's data.

use super::input::Input;
use super::{MAX_PAYLOAD, frame, marker, tables};
use crate::FitError;

/// A segment that was found. The input stands at its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) code: u8,
    /// Where its marker's 0xFF stands.
    pub(super) at: u64,
    /// How long its payload is.
    pub(super) length: usize,
}

/// How often a length that leads nowhere is mended. A file with more of them is not damaged but made so, and looking for
/// the next segment costs up to 64 KB of reading each time.
const MENDED: u8 = 32;

/// A walk along a file's segments.
#[derive(Debug)]
pub(super) struct Walk {
    next: u64,
    mended: u8,
}

impl Walk {
    /// Begins at a position: behind the start marker, or at any other.
    pub(super) fn from(position: u64) -> Self {
        Walk { next: position, mended: 0 }
    }

    /// Goes on from elsewhere, behind a scan's data.
    pub(super) fn resume(&mut self, position: u64) {
        self.next = position;
    }

    /// The next segment or end marker. `None`: the source ends.
    pub(super) fn next(&mut self, input: &mut Input<'_>) -> Result<Option<Found>, FitError> {
        input.go_to(self.next)?;
        while let Some((at, code)) = input.marker()? {
            let claimed = match code {
                marker::EOI => {
                    self.next = at + 2;
                    return Ok(Some(Found { code, at, length: 0 }));
                }
                // Markers without a segment, and codes that mean nothing.
                0x01..=0xBF | marker::RST0..=marker::SOI => continue,
                _ => match *input.window(2)? {
                    [high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
                    _ => return Ok(None),
                },
            };
            if claimed < 2 || (code == marker::SOS && !is_sensible(input, code)?) {
                continue;
            }
            let start = at + 4;
            self.next = start + claimed as u64 - 2;
            if code != marker::SOS
                && let Some(mended) = self.mended(input, start)?
            {
                self.next = mended;
            }
            // Behind the claimed end it is junk that is in the way, and no part of the segment.
            let length = (claimed - 2).min((self.next - start) as usize);
            input.go_to(start)?;
            return Ok(Some(Found { code, at, length }));
        }
        Ok(None)
    }

    /// Where the next segment begins, if not where the length leads to: there another marker is to be.
    fn mended(&mut self, input: &mut Input<'_>, start: u64) -> Result<Option<u64>, FitError> {
        input.go_to(self.next)?;
        if input.window(1)?.first() == Some(&0xFF) || self.mended == MENDED {
            return Ok(None);
        }
        self.mended += 1;
        input.go_to(start)?;
        next_sensible(input, start + MAX_PAYLOAD as u64)
    }
}

/// Where the next marker stands whose segment is to the byte what it should be. Thumbnails, JPEGs within a segment, are
/// passed over; one that is not over at `limit` is none.
fn next_sensible(input: &mut Input<'_>, limit: u64) -> Result<Option<u64>, FitError> {
    let mut in_thumbnail = false;
    let mut within = None;
    while let Some((at, code)) = input.marker()? {
        if at >= limit {
            break;
        }
        match code {
            marker::SOI => in_thumbnail = true,
            marker::EOI if in_thumbnail => (in_thumbnail, within) = (false, None),
            _ if !is_sensible(input, code)? => {}
            _ if in_thumbnail => within = within.or(Some(at)),
            _ => return Ok(Some(at)),
        }
    }
    Ok(within)
}

/// What an application segment begins with that is worth not to be taken for junk.
const IDENTIFIERS: [&[u8]; 7] =
    [b"JFIF\0", b"Exif\0", b"Adobe", b"ICC_PROFILE\0", b"http://ns.adobe.com/", b"MPF\0", b"Photoshop"];

/// Whether the segment whose length field comes next is just what its marker says.
fn is_sensible(input: &mut Input<'_>, code: u8) -> Result<bool, FitError> {
    // Four tables of each kind and class, with the most symbols they can have.
    const LONGEST: usize = 2 + 8 * (17 + 256);
    let window = input.window(LONGEST)?;
    let Some((&length, behind)) = window.split_first_chunk::<2>() else { return Ok(false) };
    let Some(length) = usize::from(u16::from_be_bytes(length)).checked_sub(2) else { return Ok(false) };
    if matches!(code, marker::APP0..=marker::APP15) {
        return Ok(IDENTIFIERS.iter().any(|id| behind.starts_with(id)));
    }
    let Some(payload) = behind.get(..length) else { return Ok(false) };
    Ok(match code {
        marker::SOS => matches!(*payload, [n @ 1..=4, ..] if length == 4 + 2 * usize::from(n)),
        _ if frame::is_frame(code) => frame::is_sound(payload),
        _ => tables::is_sound(code, payload),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn walked(file: Vec<u8>) -> Vec<(u8, usize)> {
        let mut source = Cursor::new(file);
        let mut input = Input::new(&mut source, 0).unwrap();
        let mut walk = Walk::from(2);
        let mut found = Vec::new();
        while let Some(segment) = walk.next(&mut input).unwrap() {
            found.push((segment.code, segment.length));
            if segment.code == marker::SOS {
                break;
            }
        }
        found
    }

    const DQT: usize = 65;

    /// A file whose EXIF segment says a length that is `wrong` bytes off, with a whole JPEG as its thumbnail.
    fn file(wrong: i32, junk: usize) -> Vec<u8> {
        let segment = |code: u8, payload: &[u8], wrong: i32| {
            let length = (payload.len() as i32 + 2 + wrong) as u16;
            [&[0xFF, code][..], &length.to_be_bytes(), payload].concat()
        };
        let picture = [
            segment(marker::DQT, &[1; 65], 0),
            segment(marker::SOF0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0], 0),
            segment(marker::SOS, &[1, 1, 0, 0, 63, 0], 0),
        ];
        let thumbnail = [&[0xFF, marker::SOI][..], &picture.concat(), &[1, 2, 3, 0xFF, marker::EOI]].concat();
        let exif = [b"Exif\0\0some directories", &thumbnail[..], &[0; 30]].concat();
        let [quant, frame, scan] = picture;
        let header = [vec![0xFF, marker::SOI], segment(marker::APP1, &exif, wrong)].concat();
        [header, vec![3; junk], quant, frame, scan, vec![1, 2, 3]].concat()
    }

    #[test]
    fn a_length_that_leads_elsewhere_costs_no_other_segment() {
        let behind = [(marker::DQT, DQT), (marker::SOF0, 9), (marker::SOS, 6)];
        for (wrong, junk) in [(0, 0), (0, 5), (3, 0), (40, 0), (90, 0), (30_000, 0), (-7, 0), (-40, 0)] {
            let found = walked(file(wrong, junk));
            assert_eq!(found[0].0, marker::APP1, "{wrong} {junk}");
            assert_eq!(found[1..], behind, "{wrong} {junk}");
        }
        let whole = walked(file(0, 0))[0].1;
        assert_eq!(walked(file(0, 5))[0].1, whole, "junk behind a segment is no part of it");
        assert_eq!(walked(file(40, 0))[0].1, whole, "a length too long is cut to what it was");
    }
}
