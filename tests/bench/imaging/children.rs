//! What this program does when it starts itself: our side, and the `image` crate's, each in a process that does nothing else.

use std::fs;
use std::io;
use std::path::Path;

use fieldpost_imaging::{Control, ExifPolicy, Policy, QualityRange, fit};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader};

use crate::EDGE;
use crate::peers::highest;

/// The arguments that make this program a child.
pub(crate) const FIT: &str = "child-fit";
/// A process that ends as soon as it has begun: what it takes, ours takes before it does anything.
pub(crate) const NOTHING: &str = "child-nothing";
pub(crate) const IMAGE: &str = "child-image";
pub(crate) const IMAGE_PAIR: &str = "child-image-pair";

/// The floor of quality that is asked of ours, far below what the default allows.
const LOWEST: u8 = 10;

/// The part of a child that this process was started for, if it was.
pub(crate) fn as_child(arguments: &[String]) -> Option<io::Result<()>> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words {
        [NOTHING] => Some(Ok(())),
        [FIT, source, out, cap] => Some(bytes(cap).and_then(|cap| ours(Path::new(source), Path::new(out), cap))),
        [IMAGE, source, out, cap] => Some(bytes(cap).and_then(|cap| image_alone(source, out, cap))),
        [IMAGE_PAIR, source, below, above, size] => {
            Some(bytes(size).and_then(|size| image_around(source, below, above, size)))
        }
        _ => None,
    }
}

fn bytes(word: &str) -> io::Result<u64> {
    word.parse().map_err(io::Error::other)
}

/// The policy of the whole benchmark: nobody takes metadata along, so that all bytes are the picture's; and as the tools keep the
/// dimensions however low the quality, so does ours, which would sooner shrink a picture.
fn policy(cap: u64) -> Policy {
    let quality = QualityRange::between(LOWEST, Policy::default().quality.ceiling());
    Policy { cap: Some(cap), max_edge: Some(EDGE), exif: ExifPolicy::None, quality, ..Policy::default() }
}

fn ours(source: &Path, out: &Path, cap: u64) -> io::Result<()> {
    fit(source, out, &policy(cap), &Control::default()).map(drop).map_err(io::Error::other)
}

/// As one would write it with the `image` crate alone: decode, shrink, turn upright, search the quality.
fn image_alone(source: &str, out: &str, cap: u64) -> io::Result<()> {
    let picture = shrunk(source)?;
    let (_, file) = highest(cap, |quality| encoded(&picture, quality), |file| file.len() as u64)?
        .ok_or_else(|| io::Error::other("no quality fits"))?;
    fs::write(out, file)
}

/// The best file of at most that size, and the one of the next quality.
fn image_around(source: &str, below: &str, above: &str, size: u64) -> io::Result<()> {
    let picture = shrunk(source)?;
    let (quality, file) = highest(size, |quality| encoded(&picture, quality), |file| file.len() as u64)?
        .ok_or_else(|| io::Error::other("no quality fits"))?;
    fs::write(below, file)?;
    fs::write(above, encoded(&picture, (quality + 1).min(100))?)
}

fn encoded(picture: &DynamicImage, quality: u8) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality).encode_image(picture).map_err(io::Error::other)?;
    Ok(out)
}

fn shrunk(source: &str) -> io::Result<DynamicImage> {
    let mut reader = ImageReader::open(source)?.with_guessed_format()?;
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(io::Error::other)?;
    let turn = decoder.orientation().map_err(io::Error::other)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(io::Error::other)?;
    if picture.width().max(picture.height()) > EDGE {
        picture = picture.resize(EDGE, EDGE, FilterType::Lanczos3);
    }
    picture.apply_orientation(turn);
    Ok(picture)
}
