//! What the fuzz targets run: one function for each, so that a target is a line and its claims are compiled and linted
//! with the crate.
//!
//! Owns what must hold for any input. A function here panics where it does not hold. No part of the public surface.

use std::io::Cursor;

use image::{ImageDecoder as _, ImageReader};

use crate::jpeg::{self, Header, Plan, Scale, Segment, marker};
use crate::metadata::{Metadata, exif, iptc, xmp};
use crate::{Control, ExifPolicy, FitError, Format, Policy, ProfilePolicy, QualityRange, fit_stream};

/// What [`decode`] and [`fit`] allow themselves at most, in bytes.
const MEMORY: u64 = 4_000_000;
/// Larger pictures are left to a test of their own: in what one takes, thousands of others are looked at.
const PIXELS: u64 = 1_000_000;

/// All policies over an EXIF block.
pub fn exif(data: &[u8]) {
    let orientation = exif::orientation(data);
    assert!((1..=8).contains(&orientation));
    for policy in [ExifPolicy::Keep, ExifPolicy::NoLocation, ExifPolicy::Minimal, ExifPolicy::None] {
        let Some(block) = exif::edit(data, policy) else { continue };
        assert!(block.len() <= data.len() + 64, "{policy:?}: grown from {} to {}", data.len(), block.len());
        assert_eq!(exif::orientation(&block), 1, "{policy:?}: not upright");
        assert_eq!(exif::edit(&block, policy).as_ref(), Some(&block), "{policy:?}: edited again, it differs");
        assert!(policy == ExifPolicy::Keep || !exif::tells_place(&block), "{policy:?}: the place is told");
        let mut anew = block.clone();
        exif::set_dimensions(&mut anew, 640, 480);
        exif::set_srgb(&mut anew);
        assert_eq!(anew.len(), block.len());
        let once = anew.clone();
        exif::set_dimensions(&mut anew, 640, 480);
        assert_eq!(anew, once, "{policy:?}: dimensions set again, it differs");
        assert_eq!(exif::orientation(&anew), 1, "{policy:?}: not upright with other dimensions");
    }
}

/// A file's segments, taken as they come: `marker length(2) payload` over and over.
pub fn metadata(data: &[u8]) {
    let segments = segments(data);
    let metadata = Metadata::of_segments(&segments);
    for policy in [ExifPolicy::Keep, ExifPolicy::NoLocation, ExifPolicy::Minimal, ExifPolicy::None] {
        let mut allowed = metadata.allowed(policy);
        let laid = crate::metadata::kept_segments(&segments, policy);
        assert_eq!(
            laid,
            crate::metadata::kept_segments(&parsed(&laid), policy),
            "{policy:?}: cleaned again, it differs"
        );
        allowed.set_dimensions(640, 480);
        for room in [0, 100, 5_000, usize::MAX] {
            assert!(allowed.jpeg_segments(room).len() <= room);
        }
    }
    for gray in [false, true] {
        let mut settled = metadata.clone();
        let converter = settled.settle_colours(ProfilePolicy::Srgb, gray, 0);
        if let Some(converter) = converter {
            assert_eq!(settled.icc, None);
            let mut samples: Vec<u8> = (0..=255).collect();
            converter.samples(&mut samples, if gray { 1 } else { 4 });
        }
        assert!(settled.colours_stay(ProfilePolicy::Srgb, gray), "settled, it is not");
    }
    for part in segments.iter().map(|segment| &segment.payload) {
        if let Some(packet) = xmp::filtered(part) {
            assert_eq!(xmp::filtered(&packet).as_ref(), Some(&packet), "filtered again, it differs");
        }
        if let Some(resources) = iptc::filtered(part) {
            assert!(resources.len() <= part.len() + 64);
            assert_eq!(iptc::filtered(&resources).as_ref(), Some(&resources), "filtered again, it differs");
        }
    }
}

/// A JPEG at all four scales: every row of every plane comes once, and the same again.
pub fn decode(data: &[u8]) {
    let Ok(header) = Header::read(&mut Cursor::new(data)) else { return };
    if u64::from(header.width) * u64::from(header.height) > PIXELS {
        return;
    }
    for luma in [Scale::Whole, Scale::Half, Scale::Quarter, Scale::Eighth] {
        let chroma = if data.len().is_multiple_of(2) { luma } else { Scale::Whole };
        let Ok(plan) = header.plan(luma, chroma, MEMORY) else { continue };
        let seen = planes(data, &header, &plan);
        assert_eq!(seen, planes(data, &header, &plan), "{luma:?}: decoded again, it differs");
        if let Some((rows, ..)) = seen {
            assert!(plan.planes.iter().map(|plane| plane.height).eq(rows), "{luma:?}: rows are missing");
        }
    }
}

/// How many rows of each plane there are, a sum over all their samples, and whether something was missing; `None` where nothing can
/// be shown.
fn planes(data: &[u8], header: &Header, plan: &Plan) -> Option<(Vec<usize>, u64, bool)> {
    struct Seen<'p> {
        plan: &'p Plan,
        rows: Vec<usize>,
        sum: u64,
    }
    impl jpeg::Sink for Seen<'_> {
        fn rows(&mut self, plane: usize, rows: &[u8], stride: usize, count: usize) -> Result<(), FitError> {
            self.rows[plane] += count;
            for row in 0..count {
                for sample in &rows[row * stride..][..self.plan.planes[plane].width] {
                    self.sum = self.sum.wrapping_mul(31).wrapping_add(u64::from(*sample));
                }
            }
            Ok(())
        }
    }
    let mut seen = Seen { plan, rows: vec![0; plan.planes.len()], sum: 0 };
    let ending = jpeg::decode(&mut Cursor::new(data), header, plan, &mut seen, &mut |_| Ok(())).ok()?;
    Some((seen.rows, seen.sum, ending.truncated))
}

/// Any file, under a policy and a budget that its length chooses: what is written is what was told and what was asked for, and
/// others can read it; where there is an error, nothing is written. What is made fits as it is.
pub fn fit(data: &[u8]) {
    if claims(data).is_some_and(|pixels| pixels > PIXELS) {
        return;
    }
    let control = Control::default().memory([300_000, 1_000_000, MEMORY][data.len() % 3]);
    let policy = policy(data.len() / 3);
    let mut out = Vec::new();
    let Ok(fitted) = fit_stream(&mut Cursor::new(data), &mut out, &policy, &control) else {
        return assert_eq!(out, [], "an error, and something is written");
    };
    assert_eq!(fitted.bytes, out.len() as u64);
    assert!(policy.cap.is_none_or(|cap| fitted.bytes <= cap));
    assert!(policy.max_edge.is_none_or(|edge| fitted.width.max(fitted.height) <= edge));
    if fitted.passthrough {
        return assert!(out == data, "passed through, and not the same");
    }
    let copied = fitted.quality.is_none() && (fitted.format == Format::Jpeg || data.starts_with(b"\x89PNG"));
    if copied {
        return; // with what is broken in it
    }
    let decoder = ImageReader::new(Cursor::new(&out)).with_guessed_format().map(ImageReader::into_decoder);
    let dimensions = decoder.ok().and_then(Result::ok).map(|decoder| decoder.dimensions());
    assert_eq!(dimensions, Some((fitted.width, fitted.height)), "what was made, others read");
    let mut again = Vec::new();
    let wider = Policy { quality: QualityRange::between(1, 100), ..policy };
    let same = fit_stream(&mut Cursor::new(&out), &mut again, &wider, &Control::default());
    assert!(same.is_ok_and(|same| same.passthrough || same.bytes <= fitted.bytes), "what fits, fits as it is");
}

/// How many pixels a file's header claims.
fn claims(data: &[u8]) -> Option<u64> {
    if let Ok(header) = Header::read(&mut Cursor::new(data)) {
        return Some(u64::from(header.width) * u64::from(header.height));
    }
    let (width, height) = ImageReader::new(Cursor::new(data)).with_guessed_format().ok()?.into_dimensions().ok()?;
    Some(u64::from(width) * u64::from(height))
}

fn policy(choice: usize) -> Policy {
    let any = Policy { cap: None, max_edge: None, min_edge: 1, ..Policy::default() };
    match choice % 5 {
        0 => Policy { max_edge: Some(40), min_edge: 8, exif: ExifPolicy::None, ..any },
        1 => Policy { cap: Some(2_000), min_edge: 8, exif: ExifPolicy::Minimal, profile: ProfilePolicy::Srgb, ..any },
        2 => Policy { cap: Some(600), max_edge: Some(100), exif: ExifPolicy::NoLocation, ..any },
        3 => Policy { quality: QualityRange::between(5, 20), profile: ProfilePolicy::Srgb, ..any },
        _ => any,
    }
}

fn segments(mut data: &[u8]) -> Vec<Segment> {
    let mut segments = Vec::new();
    while let [code, high, low, rest @ ..] = data {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()).min(crate::jpeg::MAX_PAYLOAD);
        let code = match code % 8 {
            0 => marker::APP0,
            1 | 5 => marker::APP1,
            2 => marker::APP2,
            3 => marker::APP13,
            4 => marker::COM,
            _ => *code,
        };
        // What a target would need long to find, it is given.
        let payload = match data[0] {
            b'E' => [b"Exif\0\0", &rest[..length.min(60_000)]].concat(),
            b'M' => [b"http://ns.adobe.com/xap/1.0/\0", &rest[..length.min(60_000)]].concat(),
            b'S' => [b"Photoshop 3.0\0", &rest[..length.min(60_000)]].concat(),
            b'R' => [b"ICC_PROFILE\0", &rest[..length.min(60_000)]].concat(),
            _ => rest[..length].to_vec(),
        };
        segments.push(Segment { marker: code, payload });
        data = &rest[length..];
    }
    segments
}

/// Segments as they are laid into a file.
fn parsed(mut laid: &[u8]) -> Vec<Segment> {
    let mut segments = Vec::new();
    while let [0xFF, code, high, low, rest @ ..] = laid {
        let length = usize::from(u16::from_be_bytes([*high, *low])) - 2;
        segments.push(Segment { marker: *code, payload: rest[..length].to_vec() });
        laid = &rest[length..];
    }
    assert!(laid.is_empty());
    segments
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Runs a target over its seeds, and over so many mutations of each: what CI has of fuzzing.
    fn run(folders: &[&str], mutations: usize, target: fn(&[u8])) {
        let files = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap());
        let mut seeds: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        seeds.sort();
        assert!(!seeds.is_empty());
        let mut random = fastrand::Rng::with_seed(7);
        for path in seeds {
            let seed = std::fs::read(&path).unwrap();
            target(&seed);
            for _ in 0..mutations {
                let mut data = seed.clone();
                for _ in 0..random.usize(1..6) {
                    mutate(&mut data, &mut random);
                }
                target(&data);
            }
        }
    }

    fn mutate(data: &mut Vec<u8>, random: &mut fastrand::Rng) {
        let at = random.usize(..data.len().max(1));
        match random.u8(..5) {
            0 => data.truncate(data.len().saturating_sub(at / 4)),
            1 => data.extend_from_within(at.min(data.len())..),
            2 if at + 4 < data.len() => {
                let from = random.usize(..data.len() - 4);
                data.copy_within(from..from + 4, at);
            }
            _ => {
                if let Some(byte) = data.get_mut(at) {
                    let any = random.u8(..);
                    *byte = random.choice([0, 1, 4, 8, 0x7F, 0xFF, any]).unwrap();
                }
            }
        }
    }

    #[test]
    fn exif_holds_for_seeds_and_their_mutations() {
        run(&["fuzz/seeds/exif"], 2000, super::exif);
    }

    #[test]
    fn metadata_holds_for_seeds_and_their_mutations() {
        run(&["fuzz/seeds/metadata"], 2000, super::metadata);
    }

    #[test]
    fn decoding_holds_for_seeds_and_their_mutations() {
        run(&["tests/corpus"], 150, super::decode);
    }

    #[test]
    fn fitting_holds_for_seeds_and_their_mutations() {
        run(&["tests/corpus", "fuzz/seeds/fit"], 50, super::fit);
    }
}
