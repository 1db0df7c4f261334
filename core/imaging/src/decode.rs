//! From a file's bytes to pixels, within a budget.
//!
//! Owns the calls into the codecs and the gate ahead of them: dimensions and memory are known and afforded before a
//! codec allocates anything. Never writes.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::metadata::Metadata;
use crate::pixels::{Pixels, within_edge};
use crate::png::Png;
use crate::{ContentType, Control, FitError};

/// A picture decoded: its pixels as they are stored, and what goes with them.
pub(crate) struct Decoded {
    pub(crate) pixels: Pixels,
    /// The EXIF orientation, 1 to 8, in which the pixels are to be looked at.
    pub(crate) orientation: u8,
    pub(crate) metadata: Metadata,
    pub(crate) truncated: bool,
}

/// Decodes a whole file. `edge` is the long edge that the picture will be brought down to: it is part of what the
/// budget has to bear.
pub(crate) fn decode(kind: ContentType, file: &[u8], edge: u32, control: &Control<'_>) -> Result<Decoded, FitError> {
    match kind {
        ContentType::Png => png(file, edge, control),
        ContentType::WebP => other(ImageFormat::WebP, file, edge, control),
        ContentType::Gif => other(ImageFormat::Gif, file, edge, control),
        ContentType::Bmp => other(ImageFormat::Bmp, file, edge, control),
        ContentType::Tiff => other(ImageFormat::Tiff, file, edge, control),
        found => Err(FitError::UnsupportedFormat { found }),
    }
}

fn png(file: &[u8], edge: u32, control: &Control<'_>) -> Result<Decoded, FitError> {
    let parsed = Png::parse(file)?;
    // At least three bytes a pixel once it is in the general form: refuses the huge before the codec sees it.
    control.afford(resizing(parsed.width, parsed.height, 3, edge))?;
    let (pixels, mut metadata, _) = general(ImageFormat::Png, file, parsed.truncated, edge, control)?;
    metadata.icc = parsed.profile(metadata.icc);
    Ok(Decoded { pixels, orientation: parsed.orientation, metadata, truncated: parsed.truncated })
}

fn other(format: ImageFormat, file: &[u8], edge: u32, control: &Control<'_>) -> Result<Decoded, FitError> {
    let (pixels, metadata, orientation) = general(format, file, false, edge, control)?;
    Ok(Decoded { pixels, orientation, metadata, truncated: false })
}

fn general(
    format: ImageFormat,
    file: &[u8],
    truncated: bool,
    edge: u32,
    control: &Control<'_>,
) -> Result<(Pixels, Metadata, u8), FitError> {
    guarded(|| {
        let decoder = open(format, file, control)?;
        let (width, height) = decoder.dimensions();
        // Twice: depths other than eight bits are converted, and codecs keep frames of their own.
        let decoding = (file.len() as u64).saturating_add(decoder.total_bytes().saturating_mul(2));
        control.afford(decoding.max(resizing(width, height, 4, edge)))
    })?;
    pixels(format, file, truncated, control)
}

/// What bringing a decoded picture down to `edge` takes at its peak: it, and the small picture three times over (turned upright, and
/// encoded). One that stays as large is there three times at most.
fn resizing(width: u32, height: u32, channels: u64, edge: u32) -> u64 {
    let small = within_edge(width, height, edge);
    // A header claims what it likes: four thousand million each way, and the sum of it is beyond 64 bits.
    let area = |(w, h): (u32, u32)| u128::from(w) * u128::from(h);
    let (whole, small) = if small == (width, height) { (0, small) } else { (area((width, height)), small) };
    // The rows that are under way, as numbers of 32 bits.
    let rows = u128::from(width) * 64;
    u64::try_from((whole + 3 * area(small) + rows) * u128::from(channels)).unwrap_or(u64::MAX)
}

fn open<'f>(
    format: ImageFormat,
    file: &'f [u8],
    control: &Control<'_>,
) -> Result<impl ImageDecoder + use<'f>, FitError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(control.memory_limit());
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| refused(error, control))
}

/// Decodes what the gate has let through.
fn pixels(
    format: ImageFormat,
    file: &[u8],
    truncated: bool,
    control: &Control<'_>,
) -> Result<(Pixels, Metadata, u8), FitError> {
    guarded(|| {
        let mut decoder = open(format, file, control)?;
        let (width, height) = decoder.dimensions();
        let color = decoder.color_type();
        let metadata = Metadata {
            exif: decoder.exif_metadata().ok().flatten(),
            xmp: decoder.xmp_metadata().ok().flatten(),
            icc: decoder.icc_profile().ok().flatten(),
            ..Metadata::default()
        };
        let orientation = decoder.orientation().map_or(1, image::metadata::Orientation::to_exif);
        let length = usize::try_from(decoder.total_bytes()).map_err(|_| too_large(control))?;
        let mut raw = vec![UNSEEN; length];
        if let Err(error) = decoder.read_image(&mut raw) {
            // A cut file: what came before the cut is worth keeping, if anything came.
            if !truncated || raw.iter().all(|byte| *byte == UNSEEN) {
                return Err(refused(error, control));
            }
        }
        let pixels = Pixels::from_decoder(width, height, color, raw);
        Ok((pixels.ok_or_else(|| FitError::not_decodable("the codec left pixels out"))?, metadata, orientation))
    })
}

/// What a picture shows where its file was cut: mid-gray, as JPEG decoders leave it.
const UNSEEN: u8 = 128;

/// A codec that panics on a hostile file must not take the outbox with it.
fn guarded<T>(run: impl FnOnce() -> Result<T, FitError>) -> Result<T, FitError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(FitError::not_decodable("the codec gave up on it")))
}

fn refused(error: ImageError, control: &Control<'_>) -> FitError {
    match error {
        ImageError::Limits(_) => too_large(control),
        other => FitError::not_decodable(other.to_string()),
    }
}

/// The codec itself found the budget too small; it does not say by how much.
fn too_large(control: &Control<'_>) -> FitError {
    FitError::MemoryLimit { needed: control.memory_limit().saturating_add(1), limit: control.memory_limit() }
}
