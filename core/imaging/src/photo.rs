//! A JPEG made to fit.
//!
//! Owns the order of things: read the header, pass it through if it is good enough, else decode, shrink, turn upright, encode.
//! Never holds the file, and never all of its pixels.

use std::io::{self, Read, SeekFrom, Write};

use crate::control::Watch;
use crate::encode::{Frame, Picture};
use crate::jpeg::{Colour, Header};
use crate::metadata::{Metadata, kept_segments};
use crate::pixels::within_edge;
use crate::planes::Turn;
use crate::transcode::Origin;
use crate::under::{Attempt, Wanted, metadata_room, smaller_edge, write_under};
use crate::{Control, ExifPolicy, FitError, Fitted, Format, Policy, Source};

/// The widest and highest a JPEG can be.
pub(crate) const JPEG_EDGE: u32 = 65_535;
/// How much is copied between two looks at the cancel check.
const COPIED_AT_ONCE: u64 = 256 * 1024;
/// A picture shrunk this much has lost what its compression did to it.
const RENEWED: f64 = 1.5;

pub(crate) fn fit(
    source: &mut dyn Source,
    out: &mut dyn Write,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<Fitted, FitError> {
    let header = Header::read(source)?;
    let metadata = Metadata::of_segments(&header.segments);
    let orientation = metadata.orientation();
    let is_within = policy.max_edge.is_none_or(|edge| header.width.max(header.height) <= edge);
    let is_gray = header.colour == Colour::Gray;
    if orientation == 1
        && is_within
        && metadata.colours_stay(policy.profile, is_gray)
        && let Some(fitted) = as_it_is(source, out, &header, &metadata, policy, control)?
    {
        return Ok(fitted);
    }

    let edge = policy.max_edge.unwrap_or(JPEG_EDGE).clamp(1, JPEG_EDGE);
    let cap = policy.cap.unwrap_or(u64::MAX);
    let mut allowed = metadata.allowed(policy.exif);
    let converter = allowed.settle_colours(policy.profile, is_gray, metadata_room(cap));

    let (width, height) = (header.width, header.height);
    let (to_width, _) = within_edge(width, height, edge);
    let shrunk = f64::from(width) / f64::from(to_width);
    // A source that was compressed hard gets no better by being stored better, unless it is shrunk a good deal.
    let range = header.quality().filter(|_| shrunk < RENEWED).map_or(policy.quality, |q| policy.quality.at_most(q));
    let least = policy.min_edge.min(width.max(height)).max(1);

    let mut watch = Watch::new(control, 0.0);
    let mut passes = 0;
    let mut edge = edge.min(width.max(height));
    let (turn, budget) = (Turn::of(orientation), control.memory_limit());
    let mut origin = Origin { source, header: &header, turn, converter, budget };
    loop {
        let mut made = origin.make(edge, &mut watch)?;
        let Frame { width, height, .. } = made.frame();
        let (width, height) = (width as u32, height as u32); // at most 65,535
        allowed.set_dimensions(width, height);
        let wanted = Wanted::new(cap, range, &allowed);
        match write_under(&mut made, &wanted, &mut passes, out)? {
            Attempt::Written(written) => {
                return Ok(Fitted {
                    bytes: written.bytes,
                    width: written.width,
                    height: written.height,
                    quality: Some(written.quality),
                    passes,
                    format: Format::Jpeg,
                    passthrough: false,
                    truncated: made.truncated,
                });
            }
            Attempt::Over(smallest) => {
                edge = smaller_edge(width.max(height), least, smallest, cap)
                    .ok_or(FitError::CapNotMet { smallest, cap })?;
            }
        }
    }
}

/// The source itself, where it is good enough: under the cap, whole, and its metadata allowed. Where only metadata is in the way,
/// the file without it, the picture data untouched.
fn as_it_is(
    source: &mut dyn Source,
    out: &mut dyn Write,
    header: &Header,
    metadata: &Metadata,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<Option<Fitted>, FitError> {
    let length = source.seek(SeekFrom::End(0)).map_err(FitError::Read)?;
    let is_under = |length: u64| policy.cap.is_none_or(|cap| length <= cap);
    let fitted = |bytes, passthrough| {
        let (width, height) = (header.width, header.height);
        let format = Format::Jpeg;
        Some(Fitted { bytes, width, height, quality: None, passes: 0, format, passthrough, truncated: false })
    };
    if policy.exif == ExifPolicy::Keep {
        if !is_under(length) || !header.is_whole(source)? {
            return Ok(None);
        }
        copy(source, out, length, control)?;
        return Ok(fitted(length, true));
    }
    if !header.is_whole(source)? {
        return Ok(None);
    }
    let allowed = metadata.allowed(policy.exif);
    let segments = kept_segments(&header.segments, policy.exif);
    let mut step = |part: f32| control.step(part * 0.97);
    let without = header.copy_picture(source, &mut io::sink(), &segments, &mut step)?;
    if without == length && allowed == *metadata && is_under(length) {
        copy(source, out, length, control)?;
        return Ok(fitted(length, true));
    }
    if !is_under(without) {
        return Ok(None);
    }
    let written = header.copy_picture(source, out, &segments, &mut |_| control.step(0.97))?;
    Ok(fitted(written, false))
}

pub(crate) fn copy(
    source: &mut dyn Source,
    out: &mut dyn Write,
    length: u64,
    control: &Control<'_>,
) -> Result<(), FitError> {
    source.rewind().map_err(FitError::Read)?;
    let mut buffer = Vec::new();
    let mut copied = 0;
    while copied < length {
        control.step(copied as f32 / length as f32 * 0.97)?;
        buffer.clear();
        let part = COPIED_AT_ONCE.min(length - copied);
        (&mut *source).take(part).read_to_end(&mut buffer).map_err(FitError::Read)?;
        if buffer.is_empty() {
            return Err(FitError::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        out.write_all(&buffer).map_err(FitError::from_write)?;
        copied += buffer.len() as u64;
    }
    Ok(())
}
