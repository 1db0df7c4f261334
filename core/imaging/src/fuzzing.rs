//! What the fuzz targets run: one function for each, so that a target is a line and its claims are compiled and linted
//! with the crate.
//!
//! Owns what must hold for any input. A function here panics where it does not hold. No part of the public surface.

use crate::jpeg::{Segment, marker};
use crate::metadata::{Metadata, exif, iptc, xmp};
use crate::{ExifPolicy, ProfilePolicy};

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

    /// Runs a target over its seeds, and over a few thousand mutations of them: what CI has of fuzzing.
    fn run(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
        let mut seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        seeds.sort();
        assert!(!seeds.is_empty());
        let mut random = fastrand::Rng::with_seed(7);
        for path in seeds {
            let seed = std::fs::read(&path).unwrap();
            target(&seed);
            for _ in 0..2000 {
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
        run("exif", super::exif);
    }

    #[test]
    fn metadata_holds_for_seeds_and_their_mutations() {
        run("metadata", super::metadata);
    }
}
