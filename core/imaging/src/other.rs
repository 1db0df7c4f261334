//! PNG, WebP, GIF, BMP and TIFF made to fit: what the `image` crate decodes, whole, within a budget.
//!
//! Owns the choice between PNG and JPEG. Never decodes anything itself.

use std::io::{Read, SeekFrom, Write};

use crate::control::Watch;
use crate::decode::{Decoded, decode};
use crate::encode::{Frame, Picture, Sampling, Strip};
use crate::metadata::Metadata;
use crate::photo::{JPEG_EDGE, copy};
use crate::pixels::{Layout, Pixels, within_edge};
use crate::planes::{Planes, Sharpness, Shrinker, Stored, Turn};
use crate::png::{self, Png};
use crate::transcode::{all_of, some_of};
use crate::under::{Attempt, Wanted, Written, metadata_room, smaller_edge, write_under};
use crate::{ContentType, Control, ExifPolicy, FitError, Fitted, Format, Policy, ProfilePolicy, Source};

pub(crate) fn fit(
    kind: ContentType,
    source: &mut dyn Source,
    out: &mut dyn Write,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<Fitted, FitError> {
    let file = read_whole(source, control)?;
    control.step(0.05)?;
    if kind == ContentType::Png
        && let Some((without, fitted)) = as_it_is(&file, policy)?
    {
        match without {
            Some(without) => out.write_all(&without).map_err(FitError::from_write)?,
            None => copy(source, out, fitted.bytes, control)?,
        }
        return Ok(fitted);
    }
    let (bytes, fitted) = made_to_fit(kind, file, policy, control)?;
    out.write_all(&bytes).map_err(FitError::from_write)?;
    Ok(fitted)
}

fn read_whole(source: &mut dyn Source, control: &Control<'_>) -> Result<Vec<u8>, FitError> {
    let length = source.seek(SeekFrom::End(0)).map_err(FitError::Read)?;
    control.afford(length)?;
    source.rewind().map_err(FitError::Read)?;
    let mut file = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // A file that grows meanwhile does not get past the budget either.
    source.take(control.memory_limit()).read_to_end(&mut file).map_err(FitError::Read)?;
    Ok(file)
}

/// A PNG itself, where it is good enough; where only metadata is in the way, the file without it.
#[allow(clippy::type_complexity, reason = "the bytes are there only where they differ from the source's")]
fn as_it_is(file: &[u8], policy: &Policy) -> Result<Option<(Option<Vec<u8>>, Fitted)>, FitError> {
    let png = Png::parse(file)?;
    let (width, height) = (png.width, png.height);
    let colours_stay = policy.profile == ProfilePolicy::Carry || png.is_srgb();
    if !colours_stay
        || png.truncated
        || png.orientation != 1
        || policy.max_edge.is_some_and(|edge| width.max(height) > edge)
    {
        return Ok(None);
    }
    let without = (policy.exif != ExifPolicy::Keep).then(|| png.rewrite(policy.exif)).filter(|bytes| bytes != file);
    let bytes = without.as_ref().map_or(file.len(), Vec::len) as u64;
    let (passthrough, format) = (without.is_none(), Format::Png);
    let fitted = Fitted { bytes, width, height, quality: None, passes: 0, format, passthrough, truncated: false };
    Ok(policy.cap.is_none_or(|cap| bytes <= cap).then_some((without, fitted)))
}

fn made_to_fit(
    kind: ContentType,
    file: Vec<u8>,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<(Vec<u8>, Fitted), FitError> {
    let edge = policy.max_edge.unwrap_or(JPEG_EDGE).clamp(1, JPEG_EDGE);
    let cap = policy.cap.unwrap_or(u64::MAX);
    let Decoded { mut pixels, orientation, metadata, truncated } = decode(kind, &file, edge, control)?;
    drop(file);
    control.step(0.5)?;

    let mut metadata = metadata.allowed(policy.exif);
    let is_gray = pixels.layout() == Layout::Gray;
    if let Some(converter) = metadata.settle_colours(policy.profile, is_gray, metadata_room(cap)) {
        pixels.convert(&converter);
    }
    let turn = Turn::of(orientation);
    let mut jpeg = Jpeg { metadata: metadata.clone(), pixels: &pixels, turn, policy, passes: 0, file: Vec::new() };
    let as_jpeg = jpeg.fit(edge, cap, control);
    let Jpeg { passes, file: jpeg, .. } = jpeg;
    let fitted = |bytes: usize, width, height, quality, passes, format| {
        let bytes = bytes as u64;
        Fitted { bytes, width, height, quality, passes, format, passthrough: false, truncated }
    };
    // Up to which length a PNG is the better answer: lines stay sharp in it, and clear paper clear.
    let limit = match &as_jpeg {
        Ok(written) => cap.min(written.bytes + written.bytes / 2),
        Err(FitError::CapNotMet { .. }) => cap,
        Err(_) => 0,
    };
    let is_lossless = matches!(kind, ContentType::Png | ContentType::Gif | ContentType::Bmp);
    if is_lossless && let Some((png, width, height)) = png_under(pixels, orientation, edge, metadata, limit, control)? {
        let fitted = fitted(png.len(), width, height, None, 1, Format::Png);
        return Ok((png, fitted));
    }
    let Written { width, height, quality, .. } = as_jpeg?;
    let fitted = fitted(jpeg.len(), width, height, Some(quality), passes, Format::Jpeg);
    Ok((jpeg, fitted))
}

/// One band in so many tells whether a whole PNG is worth the time.
const PNG_SAMPLE: usize = 10;

/// The picture as PNG with its dimensions, where that takes no more than `limit` bytes.
fn png_under(
    pixels: Pixels,
    orientation: u8,
    edge: u32,
    mut metadata: Metadata,
    limit: u64,
    control: &Control<'_>,
) -> Result<Option<(Vec<u8>, u32, u32)>, FitError> {
    let (width, height) = within_edge(pixels.width(), pixels.height(), edge);
    let small = if width == pixels.width() { pixels } else { pixels.resized(width, height) }.upright(orientation);
    if let Some(sample) = small.sample(PNG_SAMPLE) {
        let bytes = png::encode(&sample, None, None, control)?.len() as u64;
        // Half of what the sample says is beyond what samples err.
        if bytes * u64::from(small.height()) / u64::from(sample.height()) / 2 > limit {
            return Ok(None);
        }
    }
    metadata.set_dimensions(small.width(), small.height());
    let file = png::encode(&small, metadata.icc.as_deref(), metadata.exif.as_deref(), control)?;
    Ok((file.len() as u64 <= limit).then_some((file, small.width(), small.height())))
}

/// The picture on its way to a JPEG.
struct Jpeg<'a> {
    pixels: &'a Pixels,
    turn: Turn,
    metadata: Metadata,
    policy: &'a Policy,
    /// How often all of it was gone over.
    passes: u32,
    file: Vec<u8>,
}

impl Jpeg<'_> {
    fn fit(&mut self, edge: u32, cap: u64, control: &Control<'_>) -> Result<Written, FitError> {
        let long = self.pixels.long_edge();
        let least = self.policy.min_edge.min(long).max(1);
        let mut watch = Watch::new(control, 0.6);
        let mut edge = edge.min(long);
        loop {
            let mut shrunk = Shrunk { planes: planes(self.pixels, self.turn, edge), watch: &mut watch };
            let Frame { width, height, .. } = shrunk.frame();
            self.metadata.set_dimensions(width as u32, height as u32); // at most 65,535
            let wanted = Wanted::new(cap, self.policy.quality, &self.metadata);
            match write_under(&mut shrunk, &wanted, &mut self.passes, &mut self.file)? {
                Attempt::Written(written) => return Ok(written),
                Attempt::Over(smallest) => {
                    edge = smaller_edge(edge, least, smallest, cap).ok_or(FitError::CapNotMet { smallest, cap })?;
                }
            }
        }
    }
}

struct Shrunk<'o, 'w> {
    planes: Planes,
    watch: &'o mut Watch<'w>,
}

impl Picture for Shrunk<'_, '_> {
    fn frame(&self) -> Frame {
        self.planes.frame
    }

    fn all(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<(), FitError> {
        self.watch.begin(0.4);
        all_of(&self.planes, self.watch, show)
    }

    fn some(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<usize, FitError> {
        some_of(&self.planes, show)
    }
}

/// The output's planes, on white paper, upright, `edge` long at most.
fn planes(pixels: &Pixels, turn: Turn, edge: u32) -> Planes {
    let (width, height) = within_edge(pixels.width(), pixels.height(), edge);
    let (width, height) = turn.dimensions(width, height);
    let (width, height) = (width as usize, height as usize);
    let frame = Frame { width, height, sampling: sampling(pixels, width, height) };
    let mut planes = Planes::new(&frame, 0..frame.mcu_rows());
    let stored = vec![Stored::whole(pixels.width(), pixels.height()); frame.planes()];
    let mut shrinker = Shrinker::new(&stored, &mut planes, turn);
    each_row(pixels, |plane, row| shrinker.push(plane, row));
    shrinker.finish();
    planes
}

fn sampling(pixels: &Pixels, width: usize, height: usize) -> Sampling {
    if pixels.layout() == Layout::Gray {
        return Sampling::Gray;
    }
    let mut sharpness = Sharpness::default();
    each_row(pixels, |plane, row| {
        if plane > 0 {
            sharpness.row(row);
        }
    });
    if sharpness.wants_all(width, height) { Sampling::Full } else { Sampling::Half }
}

/// The rows as luma and colours, on white paper; of gray pixels luma alone.
fn each_row(pixels: &Pixels, mut take: impl FnMut(usize, &[u8])) {
    let planes = if pixels.layout() == Layout::Gray { 1 } else { 3 };
    let mut rows = [const { Vec::new() }; 3];
    for row in pixels.rows() {
        pixels.layout().to_ycbcr(row, &mut rows);
        for (plane, row) in rows.iter().take(planes).enumerate() {
            take(plane, row);
        }
    }
}
