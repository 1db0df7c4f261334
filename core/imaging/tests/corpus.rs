//! JPEGs of every kind through the one seam: what can be seen is kept, what cannot is refused, and damage does no harm.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::io::Cursor;

use common::corpus::{self, Fate, Sample};
use common::{decoded, difference, fitted, unbound};
use fieldpost_imaging::{Control, ExifPolicy, FitError, Fitted, Policy, fit_stream};
use image::DynamicImage;
use image::imageops::FilterType;

/// Nothing passes through: all of it has to be decoded and encoded.
fn at_edge(edge: u32) -> Policy {
    Policy { max_edge: Some(edge), min_edge: 1, exif: ExifPolicy::None, ..unbound() }
}

/// In memory, for there are many.
fn quickly(file: &[u8], policy: &Policy) -> Result<(Fitted, Vec<u8>), FitError> {
    let mut out = Vec::new();
    fit_stream(&mut Cursor::new(file), &mut out, policy, &Control::default()).map(|fitted| (fitted, out))
}

/// What the other decoder refuses (sampling by three) or shows wrongly (luma that is sampled less than colour): these are held against
/// djpeg alone.
const NOT_BY_OTHERS: [&str; 2] = ["ycc-311", "ycc-chroma-larger"];
/// What it refuses or shows wrongly too, sequential files whose planes come one after another, with the same picture in a file that it
/// can read.
const ELSEWHERE: [(&str, &str); 4] = [
    ("ycc-planes-apart", "ycc-420"),
    ("ycc-chroma-first", "ycc-422"),
    ("ycc-luma-apart", "ycc-standard-tables"),
    ("rgb-planes-apart", "rgb"),
];

#[test]
fn every_kind_of_jpeg_comes_out_as_another_decoder_sees_it() {
    let files: Vec<Sample> = corpus::committed().into_iter().chain(corpus::cmyk()).chain(corpus::made()).collect();
    for Sample { name, file } in &files {
        if NOT_BY_OTHERS.iter().any(|kind| name.starts_with(kind)) {
            assert!(!fitted(file, &at_edge(8)).unwrap().0.truncated, "{name}");
            continue;
        }
        let elsewhere = ELSEWHERE.iter().find(|(kind, _)| name.starts_with(kind));
        let elsewhere = elsewhere.map(|(kind, same)| name.replace(kind, same));
        let readable = elsewhere.map_or(file, |same| &files.iter().find(|sample| sample.name == same).unwrap().file);
        let seen = decoded(readable);
        let edge = seen.width().max(seen.height()).div_ceil(2);
        let (fitted, bytes) = fitted(file, &at_edge(edge)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_good = seen.width().max(seen.height()) <= edge;
        assert_eq!((fitted.truncated, fitted.passthrough), (false, is_good), "{name}: {fitted:?}");
        let (wide, high) = (fitted.width, fitted.height);
        assert_eq!(wide.max(high), edge.min(seen.width().max(seen.height())), "{name}: {fitted:?}");
        let meant = DynamicImage::from(seen.to_rgb8()).resize_exact(wide, high, FilterType::Lanczos3);
        let off = difference(&decoded(&bytes), &meant);
        // A few pixels are all edges.
        let most = if edge < 16 { 16.0 } else { 8.0 };
        assert!(off < most, "{name}: off by {off}");
    }
}

#[test]
fn every_shape_that_files_are_found_in_meets_its_fate() {
    for (Sample { name, file }, fate) in corpus::shaped() {
        let result = fitted(&file, &at_edge(24));
        match (fate, &result) {
            (Fate::Whole, Ok((fitted, _))) => {
                assert!(!fitted.truncated, "{name}: nothing is missing");
                assert_eq!((fitted.width, fitted.height), (24, 20), "{name}");
            }
            (Fate::Truncated, Ok((fitted, _))) => assert!(fitted.truncated, "{name}: something is missing"),
            (Fate::NotDecodable, Err(FitError::NotDecodable { .. })) => {}
            _ => panic!("{name} has to end as {fate:?}: {:?}", result.map(|(fitted, _)| fitted)),
        }
    }
}

#[test]
fn what_is_whole_looks_the_same_whatever_shape_it_is_found_in() {
    let plain = decoded(&fitted(&corpus::named("ycc-420"), &at_edge(24)).unwrap().1);
    for (Sample { name, file }, _) in corpus::shaped().iter().filter(|(_, fate)| *fate == Fate::Whole) {
        let off = difference(&decoded(&fitted(file, &at_edge(24)).unwrap().1), &plain);
        assert_eq!(off, 0.0, "{name}");
    }
}

#[test]
fn arithmetic_coding_is_refused_by_name() {
    for Sample { name, file } in corpus::refused() {
        match fitted(&file, &at_edge(24)) {
            Err(FitError::NotDecodable { detail }) => assert!(detail.contains("arithmetic"), "{name}: {detail}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Whether a file of any damage may end so.
fn is_an_end(error: &FitError) -> bool {
    matches!(error, FitError::NotDecodable { .. } | FitError::MemoryLimit { .. })
}

#[test]
fn damage_is_either_seen_through_or_refused() {
    let shaped = corpus::shaped().into_iter().map(|(sample, _)| sample);
    let files: Vec<Sample> = corpus::committed().into_iter().chain(corpus::cmyk()).chain(shaped).collect();
    let (mut kept, mut refused) = (0, 0);
    for Sample { name, file } in corpus::mutated(&files, 12) {
        for policy in [at_edge(20), Policy { max_edge: Some(40), cap: Some(900), min_edge: 8, ..unbound() }] {
            match quickly(&file, &policy) {
                Ok((fitted, bytes)) => {
                    kept += 1;
                    assert_eq!(bytes.len() as u64, fitted.bytes, "{name}");
                    assert!(policy.cap.is_none_or(|cap| fitted.bytes <= cap), "{name}: {fitted:?}");
                    if !fitted.passthrough && fitted.passes > 0 {
                        let seen = decoded(&bytes);
                        assert_eq!((seen.width(), seen.height()), (fitted.width, fitted.height), "{name}");
                    }
                }
                Err(FitError::CapNotMet { smallest, cap }) => assert!(smallest > cap, "{name}"),
                Err(error) if is_an_end(&error) => refused += 1,
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
    assert!(kept > 300 && refused > 50, "{kept} kept, {refused} refused: damage has to reach both");
}
