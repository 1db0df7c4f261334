//! A PNG file's structure: chunks, header, whether the end is there; and pixels as a PNG.
//!
//! Owns the walk along the chunks and the editing of metadata chunks. Never inflates or deflates a byte itself. Source: PNG, third edition.

use std::io::{self, Write};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::colour::{self, Chromaticities};
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
        if !truncated && chunks.iter().all(|chunk| &chunk.kind != b"IDAT") {
            return Err(FitError::not_decodable("the PNG has no picture"));
        }
        let block = chunks.iter().find(|chunk| &chunk.kind == b"eXIf").map(|chunk| chunk.data);
        Ok(Png { width, height, orientation: block.map_or(1, exif::orientation), truncated, chunks })
    }

    /// The profile that the pixels are to be shown by: the embedded one (which the codec inflates), or one made of what
    /// other chunks tell; `None` for sRGB. By the standard's precedence: cICP, iCCP, sRGB, then cHRM and gAMA.
    pub(crate) fn profile(&self, embedded: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self.colours() {
            Colours::Srgb => None,
            Colours::Embedded => embedded,
            Colours::Of(primaries, gamma) => colour::described(&primaries, gamma),
        }
    }

    /// Whether the pixels are in sRGB for sure: an embedded profile is not looked into.
    pub(crate) fn is_srgb(&self) -> bool {
        matches!(self.colours(), Colours::Srgb)
    }

    fn colours(&self) -> Colours {
        let chunk = |kind: &[u8; 4]| self.chunks.iter().find(|chunk| &chunk.kind == kind).map(|chunk| chunk.data);
        if let Some(found) = chunk(b"cICP").and_then(coded) {
            return found;
        }
        if chunk(b"iCCP").is_some() {
            return Colours::Embedded;
        }
        if chunk(b"sRGB").is_some() {
            return Colours::Srgb;
        }
        let number = |data: &[u8], at: usize| Some(f64::from(u32::from_be_bytes(*data.get(at * 4..)?.first_chunk()?)));
        let point = |data: &[u8], at: usize| Some([number(data, at)? / 100_000.0, number(data, at + 1)? / 100_000.0]);
        let primaries = chunk(b"cHRM").and_then(|data| {
            let (white, red, green, blue) = (point(data, 0)?, point(data, 2)?, point(data, 4)?, point(data, 6)?);
            Some(Chromaticities { white, red, green, blue }).filter(|told| !told.is_near(&Chromaticities::BT709))
        });
        // What says 1 / 2.2 means sRGB, as a rule: it is the nearest that the chunk can say.
        let gamma = chunk(b"gAMA").and_then(|data| number(data, 0)).filter(|value| (10_000.0..=1e6).contains(value));
        let gamma = gamma.filter(|value| (value - 45_455.0).abs() > 1_000.0).map(|value| 100_000.0 / value);
        match (primaries, gamma) {
            (None, None) => Colours::Srgb,
            (primaries, gamma) => Colours::Of(primaries.unwrap_or(Chromaticities::BT709), gamma),
        }
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

/// What a PNG tells of its colours.
enum Colours {
    Srgb,
    Embedded,
    /// These primaries, with a curve of this power or sRGB's.
    Of(Chromaticities, Option<f64>),
}

/// Code points of ITU-T H.273; `None` for those that are brighter than white or not RGB, where the next best chunk counts.
fn coded(data: &[u8]) -> Option<Colours> {
    let [primaries, transfer, 0, 1] = *data else { return None };
    let gamma = match transfer {
        13 => None,
        4 => Some(2.2),
        5 => Some(2.8),
        8 => Some(1.0),
        _ => return None,
    };
    match primaries {
        1 if gamma.is_none() => Some(Colours::Srgb),
        1 => Some(Colours::Of(Chromaticities::BT709, gamma)),
        9 => Some(Colours::Of(Chromaticities::BT2020, gamma)),
        12 => Some(Colours::Of(Chromaticities::P3, gamma)),
        _ => None,
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

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let header = (b"IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0].as_slice());
        let picture = [(b"IDAT", [].as_slice()), (b"IEND", [].as_slice())];
        let all = [header].into_iter().chain(chunks.iter().copied()).chain(picture);
        SIGNATURE.iter().copied().chain(all.flat_map(|(kind, data)| chunk_of(*kind, data))).collect()
    }

    #[test]
    fn a_picture_without_pixels_is_none() {
        let mut file = png(&[]);
        assert!(Png::parse(&file).is_ok());
        let at = file.windows(4).position(|name| name == b"IDAT").unwrap();
        file[at] ^= 0x80;
        assert!(matches!(Png::parse(&file), Err(FitError::NotDecodable { .. })));
    }

    #[test]
    fn colours_are_told_by_the_chunk_that_has_precedence() {
        let numbers = |values: &[u32]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
        let srgb = numbers(&[31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]);
        let p3 = numbers(&[31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]);
        let (usual, linear) = (numbers(&[45_455]), numbers(&[100_000]));
        let of = |chunks: &[(&[u8; 4], &[u8])]| Png::parse(&png(chunks)).unwrap().profile(Some(b"embedded".to_vec()));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(b"sRGB", &[0]), (b"gAMA", &linear)]), None);
        assert_eq!(of(&[(b"gAMA", &usual), (b"cHRM", &srgb)]), None);
        assert_eq!(of(&[(b"gAMA", &[0; 4]), (b"cHRM", &srgb[..31])]), None, "what means nothing tells nothing");
        assert_eq!(of(&[(b"iCCP", b"x"), (b"sRGB", &[0])]).as_deref(), Some(&b"embedded"[..]));
        assert_eq!(of(&[(b"cICP", &[1, 13, 0, 1]), (b"iCCP", b"x")]), None);
        assert_eq!(of(&[(b"cICP", &[9, 16, 0, 1]), (b"iCCP", b"x")]).as_deref(), Some(&b"embedded"[..]), "PQ");
        let coded = of(&[(b"cICP", &[12, 13, 0, 1])]);
        assert_eq!(coded, colour::described(&Chromaticities::P3, None));
        assert_eq!(of(&[(b"cHRM", &p3), (b"gAMA", &usual)]), coded);
        assert_eq!(of(&[(b"gAMA", &linear)]), colour::described(&Chromaticities::BT709, Some(1.0)));
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
