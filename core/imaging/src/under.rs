//! A picture as a JPEG under a cap, whatever it is made from.
//!
//! Owns the order of what gives: quality first, then dimensions. Never lets a byte out before it is known that all of them fit.

use std::io::Write;

use crate::encode::{self, Found, Picture};
use crate::metadata::Metadata;
use crate::{FitError, QualityRange};

/// What the file has to be.
pub(crate) struct Wanted<'m> {
    cap: u64,
    range: QualityRange,
    metadata: &'m Metadata,
    /// What of it goes behind the start of the file.
    segments: Vec<u8>,
}

/// Metadata may take a quarter of the cap, no more: the picture is what was asked for.
pub(crate) fn metadata_room(cap: u64) -> usize {
    usize::try_from(cap / 4).unwrap_or(usize::MAX)
}

impl<'m> Wanted<'m> {
    pub(crate) fn new(cap: u64, range: QualityRange, metadata: &'m Metadata) -> Self {
        Wanted { cap, range, metadata, segments: metadata.jpeg_segments(metadata_room(cap)) }
    }

    /// The cap that a picture of so many bytes without metadata does meet: a larger one has room for more metadata.
    fn met_by(&self, picture: u64) -> u64 {
        let mut cap = picture + self.segments.len() as u64;
        loop {
            let larger = picture + self.metadata.jpeg_segments(metadata_room(cap)).len() as u64;
            if larger <= cap {
                return cap;
            }
            cap = larger;
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) quality: u8,
}

/// How an attempt at one size ended.
pub(crate) enum Attempt {
    Written(Written),
    /// At the floor of quality it meets this cap.
    Over(u64),
}

/// The next long edge to try, after one at which the floor of quality came to `bytes`; `None` where it may get no shorter.
pub(crate) fn smaller_edge(long: u32, least: u32, bytes: u64, cap: u64) -> Option<u32> {
    // A little below the square root: a picture half the size has more detail in each pixel.
    let scale = (libm::sqrt(cap as f64 / bytes.max(1) as f64) * 0.97).clamp(0.25, 0.95);
    (long > least).then(|| ((f64::from(long) * scale) as u32).max(least))
}

/// Writes `picture` to `out` as the best JPEG under the cap. `passes` goes up with each time that all of it was gone over.
pub(crate) fn write_under(
    picture: &mut dyn Picture,
    wanted: &Wanted<'_>,
    passes: &mut u32,
    out: &mut dyn Write,
) -> Result<Attempt, FitError> {
    let frame = picture.frame();
    let mut room = wanted.cap;
    loop {
        let fit = match encode::search(picture, room, wanted.segments.len(), wanted.range, passes)? {
            Found::Over(fit) => {
                let exact = encode::measure(picture, &fit, &wanted.segments, passes)?;
                let picture = exact.max(fit.bytes) - wanted.segments.len() as u64;
                return Ok(Attempt::Over(wanted.met_by(picture).max(wanted.cap + 1)));
            }
            Found::Fits(fit) => fit,
        };
        let bytes = encode::write_within(picture, &fit, &wanted.segments, wanted.cap, passes, out)?;
        if bytes <= wanted.cap {
            let (width, height) = (frame.width as u32, frame.height as u32); // both at most 65,535
            return Ok(Attempt::Written(Written { bytes, width, height, quality: fit.quality }));
        }
        // More bytes were all ones than the guess had: the room is as much smaller.
        room = room.min(fit.bytes).saturating_sub(bytes - wanted.cap + 16);
    }
}
