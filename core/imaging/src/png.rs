//! A PNG file's structure: chunks, header, whether the end is there; and pixels as a PNG.
//!
//! Owns the walk along the chunks and the editing of metadata chunks. Never inflates or deflates a byte itself. Source: PNG, third edition.

use std::io::{self, Write};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::metadata::exif;
use crate::pixels::{Layout, Pixels};
use crate::{Control, ExifPolicy, FitError};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// A PNG file taken apart, borrowed from its bytes.
#[derive(Debug)]
pub(crate) struct Png<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The orientation that an `eXIf` chunk asks for.
    pub(crate) orientation: u8,
    /// Whether the end chunk is missing: the file was cut.
    pub(crate) truncated: bool,
    chunks: Vec<Chunk<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// Length, kind, data and checksum.
    whole: &'a [u8],
}

impl<'a> Png<'a> {
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, FitError> {
        let mut rest = file.strip_prefix(SIGNATURE).ok_or_else(|| FitError::not_decodable("no PNG signature"))?;
        let mut chunks = Vec::new();
        let mut truncated = true;
        while let Some(chunk) = first_chunk(rest) {
            rest = &rest[chunk.whole.len()..];
            chunks.push(chunk);
            if &chunk.kind == b"IEND" {
                truncated = false;
                break;
            }
        }
        let header = chunks.first().filter(|chunk| &chunk.kind == b"IHDR").map(|chunk| chunk.data);
        let Some(&[w3, w2, w1, w0, h3, h2, h1, h0, ..]) = header else {
            return Err(FitError::not_decodable("the PNG has no header"));
        };
        let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
        if width == 0 || height == 0 {
            return Err(FitError::not_decodable(format!("a PNG of {width} x {height}")));
        }
        let block = chunks.iter().find(|chunk| &chunk.kind == b"eXIf").map(|chunk| chunk.data);
        Ok(Png { width, height, orientation: block.map_or(1, exif::orientation), truncated, chunks })
    }

    /// The file with its metadata as the policy wants it, its picture untouched, and without what trails the end.
    pub(crate) fn rewrite(&self, policy: ExifPolicy) -> Vec<u8> {
        const PICTURE: &[&[u8; 4]] = &[
            b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI",
            b"sBIT", b"pHYs", b"bKGD", b"acTL", b"fcTL", b"fdAT",
        ];
        let mut out = SIGNATURE.to_vec();
        for chunk in &self.chunks {
            if policy == ExifPolicy::Keep || PICTURE.contains(&&chunk.kind) {
                out.extend_from_slice(chunk.whole);
            } else if &chunk.kind == b"eXIf"
                && let Some(block) = exif::edit(chunk.data, policy)
            {
                out.extend(chunk_of(*b"eXIf", &block));
            }
        }
        out
    }
}

fn first_chunk(rest: &[u8]) -> Option<Chunk<'_>> {
    let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
    let whole = rest.get(..length.checked_add(12)?)?;
    Some(Chunk { kind: *whole[4..].first_chunk()?, data: &whole[8..8 + length], whole })
}

fn chunk_of(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    // A block came out of a chunk and did not grow beyond what u32 can say.
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend_from_slice(data);
    let sum = crc32(&out[4..]);
    out.extend(sum.to_be_bytes());
    out
}

/// The checksum of annex D, bit by bit: it runs over small metadata only.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

/// Encodes as PNG, as small as it gets in reasonable time.
pub(crate) fn encode(
    pixels: &Pixels,
    icc: Option<&[u8]>,
    exif: Option<&[u8]>,
    control: &Control<'_>,
) -> Result<Vec<u8>, FitError> {
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
    out.finish(done)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_pngs_own() {
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
    }

    #[test]
    fn a_length_beyond_the_file_is_a_truncated_file() {
        let mut file = SIGNATURE.to_vec();
        file.extend(chunk_of(*b"IHDR", &[0, 0, 0, 5, 0, 0, 0, 7, 8, 0, 0, 0, 0]));
        file.extend(b"\xFF\xFF\xFF\xFFIDAT");
        let png = Png::parse(&file).unwrap();
        assert!(png.truncated);
        assert_eq!((png.width, png.height), (5, 7));
        assert!(Png::parse(&file[..20]).is_err());
    }
}
