//! What `fit` holds at once, counted by an allocator: under the budget for every input, and little for a photograph of any size.
//!
//! Counted is what is asked of the allocator by the thread that prepares. While a buffer grows, both the old and the new one are
//! counted, which few allocators really need.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::fs::File;
use std::io::{self, Cursor};
use std::path::PathBuf;

use allocation_counter::measure;
use common::corpus::{self, Sample};
use common::{busy, jpeg, unbound};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_imaging::{Control, ExifPolicy, FitError, Fitted, Policy, Source, fit_stream};

/// What goes beyond the budget: names, errors, the tables of a codec.
const SLACK: u64 = 200_000;
/// The most for a baseline photograph to a long edge of 2560, so that a whole process stays within 12 MB.
const PHOTO: u64 = 8_600_000;

fn peak(source: &mut dyn Source, policy: &Policy, memory: u64) -> (u64, Result<Fitted, FitError>) {
    let mut result = None;
    let info = measure(|| {
        result = Some(fit_stream(source, &mut io::sink(), policy, &Control::default().memory(memory)));
    });
    (info.bytes_max, result.unwrap())
}

/// All of the corpus, and a bomb: a few bytes that claim 65500 by 65500.
fn corpus() -> Vec<Sample> {
    let mut files = corpus::committed();
    files.extend(corpus::refused());
    files.extend(corpus::cmyk());
    files.extend(corpus::shaped().into_iter().map(|(sample, _)| sample));
    files.extend(corpus::mutated(&files, 4));
    files.extend(corpus::made());
    for marker in [0xC0, 0xC2] {
        let mut bomb = jpeg(&busy(64, 64, 1), 90);
        let frame = bomb.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        bomb[frame + 1] = marker;
        bomb[frame + 5..frame + 9].copy_from_slice(&[255, 220, 255, 220]);
        files.push(Sample { name: format!("a bomb, {marker:x}"), file: bomb });
    }
    files
}

#[test]
fn no_input_takes_more_than_the_budget() {
    let shrunk = Policy { max_edge: Some(40), min_edge: 8, exif: ExifPolicy::None, ..unbound() };
    let under_a_cap = Policy { cap: Some(2_000), min_edge: 8, ..unbound() };
    for Sample { name, file } in corpus() {
        for policy in [&shrunk, &under_a_cap, &unbound()] {
            for memory in [300_000, 2_000_000, 16_000_000] {
                let (peak, result) = peak(&mut Cursor::new(&file), policy, memory);
                let result = result.map(|fitted| (fitted.width, fitted.height));
                assert!(peak <= memory + SLACK, "{name}: {peak} of {memory}, and then {result:?}");
            }
        }
    }
}

/// A photograph on disk, of twelve megapixels or so.
fn photographs() -> Vec<(PathBuf, Option<tempfile::TempDir>)> {
    let mut photographs = Vec::new();
    for orientation in [1, 6] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("made-{orientation}.jpg"));
        std::fs::write(&path, Shot { orientation, ..Shot::default() }.jpeg().unwrap()).unwrap();
        photographs.push((path, Some(dir)));
    }
    let real = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/photos");
    let real = ["s7_12.jpg", "lx7_10.jpg", "leica_16_o8.jpg"].map(|name| real.join(name));
    photographs.extend(real.into_iter().filter(|path| path.is_file()).map(|path| (path, None)));
    photographs
}

#[test]
fn a_photograph_takes_little_whatever_its_size() {
    for (path, _dir) in photographs() {
        for cap in [1_000_000, 500_000] {
            let policy = Policy { cap: Some(cap), ..Policy::default() };
            let (peak, result) = peak(&mut File::open(&path).unwrap(), &policy, u64::MAX);
            let fitted = result.unwrap();
            assert_eq!(fitted.width.max(fitted.height), 2560, "{}: {fitted:?}", path.display());
            assert!(peak <= PHOTO, "{}, to {cap}: {peak} bytes at once", path.display());
        }
    }
}

#[test]
fn a_photograph_is_made_to_fit_in_a_third_of_that_by_decoding_again() {
    const THIRD: u64 = PHOTO / 3;
    for (path, _dir) in photographs() {
        let (peak, result) = peak(&mut File::open(&path).unwrap(), &Policy::default(), THIRD);
        let fitted = result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(fitted.width.max(fitted.height), 2560, "{}: {fitted:?}", path.display());
        assert!(peak <= THIRD + SLACK, "{}: {peak} bytes at once", path.display());
    }
}
