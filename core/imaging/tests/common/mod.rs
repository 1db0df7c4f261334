//! What the tests share: pictures made on the spot, metadata laid in by hand, and a place for files.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

pub(crate) mod corpus;

use std::io::Cursor;
use std::path::PathBuf;

use fieldpost_imaging::{Control, FitError, Fitted, Policy, fit};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;

/// A folder with a source in it, and the name of an output that is not there yet.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) source: PathBuf,
    pub(crate) out: PathBuf,
}

impl Bench {
    pub(crate) fn with(source: &[u8]) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench { source: dir.path().join("source"), out: dir.path().join("out"), dir };
        std::fs::write(&bench.source, source).unwrap();
        bench
    }

    /// Fits, and holds every result against what is promised of all: the length told is the length on disk and under
    /// the cap, the edge is kept, an error leaves nothing, the source is never altered.
    pub(crate) fn fit(&self, policy: &Policy) -> Result<(Fitted, Vec<u8>), FitError> {
        self.fit_under(policy, &Control::default())
    }

    pub(crate) fn fit_under(&self, policy: &Policy, control: &Control<'_>) -> Result<(Fitted, Vec<u8>), FitError> {
        let _ = std::fs::remove_file(&self.out);
        let before = std::fs::read(&self.source).unwrap();
        let result = fit(&self.source, &self.out, policy, control);
        assert_eq!(std::fs::read(&self.source).unwrap(), before, "the source was altered");
        match result {
            Err(error) => {
                assert!(!self.out.exists(), "{error} left a file behind");
                Err(error)
            }
            Ok(fitted) => {
                let bytes = std::fs::read(&self.out).unwrap();
                assert_eq!(bytes.len() as u64, fitted.bytes);
                assert!(policy.cap.is_none_or(|cap| fitted.bytes <= cap), "{fitted:?} is over {:?}", policy.cap);
                assert!(policy.max_edge.is_none_or(|edge| fitted.width.max(fitted.height) <= edge), "{fitted:?}");
                Ok((fitted, bytes))
            }
        }
    }
}

/// Fits bytes under a policy.
pub(crate) fn fitted(source: &[u8], policy: &Policy) -> Result<(Fitted, Vec<u8>), FitError> {
    Bench::with(source).fit(policy)
}

/// No bound at all: only what is asked for on top changes anything.
pub(crate) fn unbound() -> Policy {
    Policy { cap: None, max_edge: None, ..Policy::default() }
}

pub(crate) fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

/// A picture in which every corner, edge and direction differs: no turn of it looks like another.
pub(crate) fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (right, low) = (x * 2 >= width, y * 2 >= height);
        let base = match (right, low) {
            (false, false) => [220, 40, 40],
            (true, false) => [40, 200, 60],
            (false, true) => [40, 60, 220],
            (true, true) => [230, 220, 60],
        };
        let lit = |value: u32| (value * (160 + 90 * x / width) / 250) as u8;
        Rgb(base.map(lit))
    })
}

/// Something that compresses like a photograph: shapes, a gradient and noise.
pub(crate) fn busy(width: u32, height: u32, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    RgbImage::from_fn(width, height, |x, y| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let wave = ((x as f32 / 23.0).sin() * (y as f32 / 17.0 + seed as f32).cos() * 60.0) as i32;
        let noise = (state % 48) as i32;
        let clamp = |value: i32| value.clamp(0, 255) as u8;
        Rgb([clamp(120 + wave + noise), clamp(100 + wave / 2 + noise), clamp((x * 200 / width) as i32 + noise)])
    })
}

pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality).encode_image(picture).unwrap();
    out
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A JPEG with segments laid in behind its start marker.
pub(crate) fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    for (marker, payload) in segments {
        out.extend([0xFF, *marker]);
        out.extend((payload.len() as u16 + 2).to_be_bytes());
        out.extend(payload);
    }
    out.extend(&jpeg[2..]);
    out
}

pub(crate) fn exif_segment(block: &[u8]) -> (u8, Vec<u8>) {
    (0xE1, [b"Exif\0\0", block].concat())
}

/// A profile that is nothing but a header for a colour space.
pub(crate) fn icc_segment(space: &[u8; 4]) -> (u8, Vec<u8>) {
    (0xE2, [b"ICC_PROFILE\0\x01\x01".as_slice(), &icc(space)].concat())
}

pub(crate) fn icc(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![7; 300];
    profile[16..20].copy_from_slice(space);
    profile
}

/// The smallest EXIF block: an orientation.
pub(crate) fn orientation_block(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0".to_vec();
    block.extend([0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend([0; 4]);
    block
}

/// The mean difference of two pictures' samples, 0 to 255.
pub(crate) fn difference(a: &DynamicImage, b: &DynamicImage) -> f64 {
    let (a, b) = (a.to_rgb8(), b.to_rgb8());
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// Where a stored pixel is seen, by the Exif standard's table of what row 0 and column 0 are; `w`, `h` as seen.
fn seen_at(orientation: u8, x: u32, y: u32, w: u32, h: u32) -> (u32, u32) {
    match orientation {
        1 => (x, y),
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (w - 1 - y, x),
        7 => (w - 1 - y, h - 1 - x),
        8 => (y, h - 1 - x),
        other => panic!("no orientation {other}"),
    }
}

/// The same picture as a camera stores it that was held so.
pub(crate) fn stored_under(orientation: u8, seen: &RgbImage) -> RgbImage {
    let (w, h) = seen.dimensions();
    let (width, height) = if orientation >= 5 { (h, w) } else { (w, h) };
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = seen_at(orientation, x, y, w, h);
        *seen.get_pixel(x, y)
    })
}

pub(crate) fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The numbers of all tags, in order.
pub(crate) fn tags(exif: &exif::Exif) -> Vec<u16> {
    let mut tags: Vec<u16> = exif.fields().map(|field| field.tag.number()).collect();
    tags.sort_unstable();
    tags
}
