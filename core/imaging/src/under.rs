//! A picture as a JPEG under a cap, whatever it is made from.
//!
//! Owns the order of what gives: quality first, then dimensions. Never lets a byte out before it is known that all of them fit.

use std::io::{self, Write};

use crate::encode::{self, Emitter, Fit, Found, Picture};
use crate::metadata::Metadata;
use crate::{FitError, QualityRange};

/// A file up to this length is written to memory first; a longer one is gone over once more instead, to know its length.
const IN_MEMORY: u64 = 2_000_000;

/// What the file has to be.
pub(crate) struct Wanted {
    cap: u64,
    range: QualityRange,
    /// What goes behind the start of the file.
    segments: Vec<u8>,
}

/// Metadata may take a quarter of the cap, no more: the picture is what was asked for.
pub(crate) fn metadata_room(cap: u64) -> usize {
    usize::try_from(cap / 4).unwrap_or(usize::MAX)
}

impl Wanted {
    pub(crate) fn new(cap: u64, range: QualityRange, metadata: &Metadata) -> Wanted {
        Wanted { cap, range, segments: metadata.jpeg_segments(metadata_room(cap)) }
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
    /// So many bytes at the floor of quality.
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
    wanted: &Wanted,
    passes: &mut u32,
    out: &mut dyn Write,
) -> Result<Attempt, FitError> {
    let frame = picture.frame();
    let mut room = wanted.cap;
    loop {
        let fit = match encode::search(picture, room, wanted.segments.len(), wanted.range, passes)? {
            Found::Over { bytes } => return Ok(Attempt::Over(bytes)),
            Found::Fits(fit) => fit,
        };
        *passes += 1;
        let bytes = if fit.bytes <= IN_MEMORY {
            let mut file = Vec::with_capacity(fit.bytes as usize + 1024);
            emit(picture, &fit, &wanted.segments, &mut file)?;
            if file.len() as u64 <= wanted.cap {
                out.write_all(&file).map_err(FitError::from_write)?;
            }
            file.len() as u64
        } else {
            let bytes = emit(picture, &fit, &wanted.segments, &mut io::sink())?;
            if bytes <= wanted.cap {
                *passes += 1;
                let written = emit(picture, &fit, &wanted.segments, out)?;
                assert_eq!(written, bytes, "the same picture with the same tables has the same length");
            }
            bytes
        };
        if bytes <= wanted.cap {
            let (width, height) = (frame.width as u32, frame.height as u32); // both at most 65,535
            return Ok(Attempt::Written(Written { bytes, width, height, quality: fit.quality }));
        }
        // More bytes were all ones than the guess had: the room is as much smaller.
        room = room.min(fit.bytes).saturating_sub(bytes - wanted.cap + 16);
    }
}

fn emit(picture: &mut dyn Picture, fit: &Fit, segments: &[u8], out: &mut dyn Write) -> Result<u64, FitError> {
    let mut emitter = Emitter::new(out, &fit.tables, &fit.counted, segments).map_err(FitError::from_write)?;
    for _ in 0..emitter.passes() {
        picture.all(&mut |strip| emitter.strip(strip).map_err(FitError::from_write))?;
    }
    emitter.finish().map_err(FitError::from_write)
}
