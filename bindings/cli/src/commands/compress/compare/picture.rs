//! Pictures as they are meant to be seen, for what compares them: upright, on white, at wanted dimensions.
//!
//! Decodes and scales with the `image` crate alone, in floating point: what is compared with must not come out of what is
//! judged.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use image::codecs::png::{CompressionType, FilterType as Filter, PngEncoder};
use image::error::{LimitError, LimitErrorKind};
use image::imageops::{FilterType, resize};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, ImageResult, RgbImage};

/// The dimensions that a file is seen with; none where they cannot be told.
pub(super) fn dimensions(path: &Path) -> Option<(u32, u32)> {
    let mut decoder = ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_decoder().ok()?;
    let turned = decoder.orientation().is_ok_and(is_on_its_side);
    let (width, height) = decoder.dimensions();
    Some(if turned { (height, width) } else { (width, height) })
}

fn is_on_its_side(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// The most bytes that the pixels of a picture may take: a hundred and seventy megapixels in colour.
const LARGEST: u64 = 512_000_000;

/// Writes `from` as a PNG: upright, with its colour profile, scaled to `wanted` by Lanczos3 where it has
/// other dimensions.
pub(super) fn write_png(from: &Path, wanted: (u32, u32), to: &Path) -> ImageResult<()> {
    let mut decoder = ImageReader::open(from)?.with_guessed_format()?.into_decoder()?;
    if decoder.total_bytes() > LARGEST {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)));
    }
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?.filter(|profile| profile.get(16..20) == Some(b"RGB "));
    let (width, height) = if is_on_its_side(orientation) { (wanted.1, wanted.0) } else { wanted };
    let mut pixels = on_white(DynamicImage::from_decoder(decoder)?);
    if pixels.dimensions() != (width, height) {
        pixels = resize(&pixels, width, height, FilterType::Lanczos3);
    }
    let mut upright = DynamicImage::from(pixels);
    upright.apply_orientation(orientation);

    let mut out = BufWriter::new(File::create(to)?);
    let mut encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, Filter::Adaptive);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(ImageError::Unsupported)?;
    }
    let (width, height) = (upright.width(), upright.height());
    encoder.write_image(upright.as_bytes(), width, height, upright.color().into())?;
    Ok(out.flush()?)
}

/// As whoever sees it sees it: what is transparent lets white through.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * u32::from(255 - alpha);
            u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use fieldpost_imaging::synthetic::Shot;

    use super::*;

    #[test]
    fn what_is_compared_with_is_upright_and_has_the_dimensions_of_the_result() {
        let folder = tempfile::tempdir().unwrap();
        let (photo, reference) = (folder.path().join("photo.jpg"), folder.path().join("reference.png"));
        let shot = |orientation| Shot { width: 320, height: 240, orientation, ..Shot::default() }.jpeg().unwrap();
        for (orientation, (width, height)) in [(1, (320, 240)), (3, (320, 240)), (6, (240, 320)), (8, (240, 320))] {
            std::fs::write(&photo, shot(orientation)).unwrap();
            assert_eq!(dimensions(&photo), Some((width, height)), "{orientation}");
            write_png(&photo, (width / 2, height / 2), &reference).unwrap();
            assert_eq!(dimensions(&reference), Some((width / 2, height / 2)), "{orientation}");
        }
    }

    #[test]
    fn what_is_transparent_is_white() {
        let picture = image::RgbaImage::from_fn(3, 1, |x, _| image::Rgba([10, 20, 30, [0, 128, 255][x as usize]]));
        let seen = on_white(picture.into());
        assert_eq!(seen.into_raw(), [255, 255, 255, 132, 137, 142, 10, 20, 30]);
    }
}
