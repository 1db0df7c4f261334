//! From pixels to a file under a cap.
//!
//! Owns the search: quality first, then dimensions. Never returns more bytes than the cap: lengths are measured on
//! what was encoded, an estimate only says where to look.
//!
//! ```text
//! a sample of every tenth band, encoded by bisection  ->  a first quality
//! the whole picture at that quality                   ->  the estimate corrected, the next quality, until neighbours
//! the floor is over the cap                           ->  smaller by sqrt(cap / size), and again
//! ```

// Until the search stands on them, nothing but their tests calls the writer's parts.
#[allow(dead_code)]
mod count;
#[allow(dead_code)]
mod dct;
#[allow(dead_code)]
mod emit;
#[allow(dead_code)]
mod frame;
#[allow(dead_code)]
mod huffman;
#[allow(dead_code)]
mod markers;
#[allow(dead_code)]
mod quant;
#[allow(dead_code)]
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::pixels::{Layout, Pixels, within_edge};
use crate::{Control, FitError, QualityRange};

/// One band of eight rows in ten is sampled for the estimate.
const SAMPLE_STEP: usize = 10;
/// Filled this far, a cap is not worth another pass.
const FULL_ENOUGH: f64 = 0.985;

/// A picture encoded.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) file: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) quality: Option<u8>,
    /// How often the whole picture was encoded.
    pub(crate) passes: u32,
}

/// Encodes as the best JPEG under the cap. `segments` is what goes behind the start of the file.
pub(crate) fn jpeg_under(
    pixels: &Pixels,
    segments: &[u8],
    cap: u64,
    range: QualityRange,
    min_edge: u32,
    control: &Control<'_>,
) -> Result<Encoded, FitError> {
    let room = cap.saturating_sub(segments.len() as u64);
    let mut smaller: Option<Pixels> = None;
    let mut passes = 0;
    loop {
        let picture = smaller.as_ref().unwrap_or(pixels);
        let mut search = Search { picture, sample: Sample::of(picture), range, room, control, passes };
        let found = search.run()?;
        passes = search.passes;
        match found {
            Found::Fits { file, quality } => {
                let file = with_segments(&file, segments);
                let (width, height) = (picture.width(), picture.height());
                return Ok(Encoded { file, width, height, quality: Some(quality), passes });
            }
            Found::TooBig { smallest } => {
                let long = picture.long_edge();
                let least = min_edge.min(pixels.long_edge()).max(1);
                if long <= least {
                    return Err(FitError::CapNotMet { smallest: smallest + segments.len() as u64, cap });
                }
                // A little below the square root: a picture half the size has more detail in each pixel.
                let scale = ((room as f64 / smallest as f64).sqrt() * 0.97).clamp(0.25, 0.95);
                let edge = ((f64::from(long) * scale) as u32).max(least);
                let (width, height) = within_edge(pixels.width(), pixels.height(), edge);
                smaller = Some(pixels.resized(width, height)?);
            }
        }
    }
}

enum Found {
    Fits { file: Vec<u8>, quality: u8 },
    TooBig { smallest: u64 },
}

struct Search<'a> {
    picture: &'a Pixels,
    sample: Option<Sample>,
    range: QualityRange,
    room: u64,
    control: &'a Control<'a>,
    passes: u32,
}

impl Search<'_> {
    /// The highest quality in the range whose file fits the room.
    fn run(&mut self) -> Result<Found, FitError> {
        let (floor, ceiling) = (self.range.floor(), self.range.ceiling());
        let mut best: Option<(u8, Vec<u8>)> = None;
        let mut too_big = ceiling + 1; // ceiling is at most 100
        let mut correction = 1.0;
        loop {
            let lowest = best.as_ref().map_or(floor, |(quality, _)| quality + 1);
            if lowest >= too_big {
                break;
            }
            let Some(quality) = self.promising(lowest, too_big - 1, correction)? else { break };
            // With nothing in hand, even an unpromising floor has to be tried.
            let file = self.encode(quality)?;
            let size = file.len() as u64;
            if let Some(estimate) = self.estimate(quality)? {
                correction = size as f64 / estimate;
            }
            if size > self.room {
                if quality == floor {
                    return Ok(Found::TooBig { smallest: size });
                }
                too_big = quality;
            } else {
                let full = size as f64 >= self.room as f64 * FULL_ENOUGH;
                best = Some((quality, file));
                if full {
                    break;
                }
            }
            if best.is_some() && self.hopeless(&best, too_big, correction)? {
                break;
            }
        }
        let (quality, file) = best.expect("the loop ends without a file only by returning that the floor is too big");
        Ok(Found::Fits { file, quality })
    }

    /// Whether the next quality up would be over the room by more than estimates err.
    fn hopeless(&mut self, best: &Option<(u8, Vec<u8>)>, too_big: u8, correction: f64) -> Result<bool, FitError> {
        let next = best.as_ref().map_or(1, |(quality, _)| quality + 1);
        if next >= too_big {
            return Ok(true);
        }
        Ok(self.estimate(next)?.is_some_and(|size| size * correction > self.room as f64 * 1.004))
    }

    /// The quality between `low` and `high` to try next: by estimate the highest that fits, else `low`; the middle
    /// where there is no estimate.
    fn promising(&mut self, low: u8, high: u8, correction: f64) -> Result<Option<u8>, FitError> {
        let (mut fits, mut over) = (low, high + 1);
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            match self.estimate(middle)? {
                None => return Ok(Some(low + (high - low).div_ceil(2))),
                Some(size) if size * correction <= self.room as f64 => fits = middle,
                Some(_) => over = middle,
            }
        }
        Ok(Some(fits))
    }

    fn estimate(&mut self, quality: u8) -> Result<Option<f64>, FitError> {
        match &mut self.sample {
            Some(sample) => sample.estimate(quality, self.control).map(Some),
            None => Ok(None),
        }
    }

    fn encode(&mut self, quality: u8) -> Result<Vec<u8>, FitError> {
        self.passes += 1;
        self.control.step(0.95 - 0.3 / (self.passes as f32 + 1.0))?;
        jpeg(self.picture, quality, self.control)
    }
}

/// A tenth of the picture, and what the whole would come to at each quality asked for so far.
struct Sample {
    pixels: Pixels,
    share: f64,
    known: BTreeMap<u8, f64>,
}

impl Sample {
    fn of(picture: &Pixels) -> Option<Sample> {
        let pixels = picture.sample(SAMPLE_STEP)?;
        let share = f64::from(pixels.height()) / f64::from(picture.height());
        Some(Sample { pixels, share, known: BTreeMap::new() })
    }

    fn estimate(&mut self, quality: u8, control: &Control<'_>) -> Result<f64, FitError> {
        if let Some(size) = self.known.get(&quality) {
            return Ok(*size);
        }
        let size = (jpeg(&self.pixels, quality, control)?.len() as f64 - HEADERS) / self.share + HEADERS;
        self.known.insert(quality, size);
        Ok(size)
    }
}

/// What the tables and headers of a JPEG take, whatever its picture.
const HEADERS: f64 = 620.0;

/// Encodes gray or RGB as a JPEG of one quality.
pub(crate) fn jpeg(pixels: &Pixels, quality: u8, control: &Control<'_>) -> Result<Vec<u8>, FitError> {
    let color = match pixels.layout() {
        Layout::Gray => ExtendedColorType::L8,
        Layout::Rgb | Layout::Rgba => ExtendedColorType::Rgb8,
    };
    let mut out = Watched::new(control);
    let done = JpegEncoder::new_with_quality(&mut out, quality).write_image(
        pixels.data(),
        pixels.width(),
        pixels.height(),
        color,
    );
    out.finish(done)
}

/// Encodes as PNG, as small as it gets in reasonable time.
pub(crate) fn png(
    pixels: &Pixels,
    icc: Option<&[u8]>,
    exif: Option<&[u8]>,
    control: &Control<'_>,
) -> Result<Encoded, FitError> {
    let color = match pixels.layout() {
        Layout::Gray => ExtendedColorType::L8,
        Layout::Rgb => ExtendedColorType::Rgb8,
        Layout::Rgba => ExtendedColorType::Rgba8,
    };
    let mut out = Watched::new(control);
    let mut encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive);
    if let Some(profile) = icc {
        encoder.set_icc_profile(profile.to_vec()).map_err(|error| FitError::Write(io::Error::other(error)))?;
    }
    if let Some(block) = exif {
        encoder.set_exif_metadata(block.to_vec()).map_err(|error| FitError::Write(io::Error::other(error)))?;
    }
    let done = encoder.write_image(pixels.data(), pixels.width(), pixels.height(), color);
    let file = out.finish(done)?;
    Ok(Encoded { file, width: pixels.width(), height: pixels.height(), quality: None, passes: 1 })
}

/// The file with segments laid in behind its JFIF header, which is where the encoder begins.
pub(crate) fn with_segments(file: &[u8], segments: &[u8]) -> Vec<u8> {
    let behind =
        if file.get(2..4) == Some(&[0xFF, 0xE0]) { 4 + usize::from(file[4]) * 256 + usize::from(file[5]) } else { 2 };
    [&file[..behind], segments, &file[behind..]].concat()
}

/// A buffer that refuses to go on once the caller has cancelled: encoders check nothing else.
struct Watched<'a> {
    bytes: Vec<u8>,
    control: &'a Control<'a>,
    ask_at: usize,
    cancelled: bool,
}

impl<'a> Watched<'a> {
    /// How many bytes go by between two looks at the cancel check.
    const EVERY: usize = 16 * 1024;

    fn new(control: &'a Control<'a>) -> Self {
        Watched { bytes: Vec::new(), control, ask_at: 0, cancelled: false }
    }

    fn finish<E: std::error::Error + Send + Sync + 'static>(self, done: Result<(), E>) -> Result<Vec<u8>, FitError> {
        match done {
            _ if self.cancelled => Err(FitError::Cancelled),
            Ok(()) => Ok(self.bytes),
            Err(error) => Err(FitError::not_decodable(format!("cannot be encoded again: {error}"))),
        }
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() >= self.ask_at {
            self.ask_at = self.bytes.len() + Self::EVERY;
            self.cancelled |= self.control.is_cancelled();
        }
        if self.cancelled {
            return Err(io::Error::other("cancelled"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
