//! Who takes part without being a tool of its own: our side, a program beside this one, and the `image` crate's, which is this
//! program when it starts itself.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader};

use crate::EDGE;
use crate::peers::highest;
use crate::photos::Photo;

/// The program that is our side, built beside this one.
const ALONE: &str = "fit-alone";

/// The arguments that make this program a child.
pub(crate) const IMAGE: &str = "child-image";
pub(crate) const IMAGE_PAIR: &str = "child-image-pair";

/// Our side: nothing but that is in its program.
pub(crate) fn alone() -> io::Result<Command> {
    let program = std::env::current_exe()?.with_file_name(ALONE).with_extension(std::env::consts::EXE_EXTENSION);
    Ok(Command::new(program))
}

/// Our side, to bring a photo under a cap.
pub(crate) fn ours(photo: &Photo, out: &Path, cap: u64) -> io::Result<Command> {
    let mut command = alone()?;
    command.arg(&photo.path).arg(out).args([cap.to_string(), EDGE.to_string()]);
    Ok(command)
}

/// The part of a child that this process was started for, if it was.
pub(crate) fn as_child(arguments: &[String]) -> Option<io::Result<()>> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words {
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
