//! The writer as a whole: counted, written, read again by a decoder that is not ours.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::count::{Counted, Counter};
use super::emit::{Emitter, measure, write_within};
use super::frame::{Frame, Sampling, Strip};
use super::scans::Coding;
use super::search::{Fit, Picture};
use super::tables::Tables;
use crate::FitError;

/// Planes padded to whole MCUs.
struct Planes {
    frame: Frame,
    planes: [Vec<u8>; 3],
}

impl Planes {
    /// Each sample by plane, x and y of the plane; the padding repeats the last column and row.
    fn of(width: usize, height: usize, sampling: Sampling, sample: impl Fn(usize, usize, usize) -> u8) -> Planes {
        let frame = Frame { width, height, sampling };
        let planes = std::array::from_fn(|plane| {
            if plane >= frame.planes() {
                return Vec::new();
            }
            let shrunk = frame.factor(0) / frame.factor(plane);
            let (right, bottom) = (width.div_ceil(shrunk) - 1, height.div_ceil(shrunk) - 1);
            let rows = frame.strip_rows(plane) * frame.mcu_rows();
            let columns = frame.plane_width(plane);
            (0..rows * columns).map(|at| sample(plane, (at % columns).min(right), (at / columns).min(bottom))).collect()
        });
        Planes { frame, planes }
    }

    fn strips(&self) -> impl Iterator<Item = Strip<'_>> {
        (0..self.frame.mcu_rows()).map(|row| {
            let strides = std::array::from_fn(|plane| self.frame.plane_width(plane));
            let planes = std::array::from_fn(|plane| {
                let length = self.frame.strip_rows(plane) * strides[plane];
                self.planes[plane].get(row * length..(row + 1) * length).unwrap_or(&[])
            });
            Strip { planes, strides }
        })
    }

    fn counted(&self, scale: f32, coding: Coding) -> Counted {
        let tables = Tables::at(scale);
        let mut counter = Counter::new(&self.frame, &tables, coding);
        self.strips().for_each(|strip| counter.strip(&strip));
        counter.counted()
    }

    fn written(&self, scale: f32, coding: Coding, segments: &[u8]) -> Vec<u8> {
        let counted = self.counted(scale, coding);
        let (quality, bytes) = (1, counted.bytes(segments.len()));
        let fit = Fit { tables: Tables::at(scale), counted, quality, scale, bytes };
        let [whole, some, one_by_one] = [bytes * 3, bytes / 2, 0].map(|spare| {
            let (mut out, mut passes, mut picture) = (Vec::new(), 0, Shown { planes: self, spare });
            let cap = measure(&mut picture, &fit, segments, &mut passes).unwrap();
            let written = write_within(&mut picture, &fit, segments, cap, &mut passes, &mut out).unwrap();
            assert_eq!((written, out.len() as u64), (cap, cap), "{passes} passes");
            let mut nothing = Vec::new();
            let over = write_within(&mut picture, &fit, segments, cap - 1, &mut 0, &mut nothing);
            assert_eq!((over.unwrap(), nothing.len()), (cap, 0), "nothing goes out that does not fit");
            (out, passes)
        });
        assert!(whole.0 == some.0 && some.0 == one_by_one.0, "what is held in memory changes nothing");
        let scans = fit.counted.all().len() as u32;
        assert_eq!((whole.1, one_by_one.1), (2, 2 + scans));
        assert!(some.1 < one_by_one.1 || scans == 1);
        whole.0
    }
}

/// Planes with so much memory beside them.
struct Shown<'p> {
    planes: &'p Planes,
    spare: u64,
}

impl Picture for Shown<'_> {
    fn frame(&self) -> Frame {
        self.planes.frame
    }
    fn spare(&self) -> u64 {
        self.spare
    }
    fn all(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<(), FitError> {
        self.planes.strips().try_for_each(|strip| show(&strip))
    }
    fn some(&mut self, show: &mut dyn FnMut(&Strip<'_>) -> Result<(), FitError>) -> Result<usize, FitError> {
        self.all(show).map(|()| self.planes.frame.mcu_rows())
    }
}

const CODINGS: [Coding; 2] = [Coding::Baseline, Coding::Progressive];
const SAMPLINGS: [Sampling; 3] = [Sampling::Gray, Sampling::Half, Sampling::Full];

/// Chance without a seed: the same for the same place, on every platform.
fn noise(plane: usize, x: usize, y: usize) -> u8 {
    let mixed = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77)
        ^ (plane as u32).wrapping_mul(0xC2B2_AE3D);
    (mixed.wrapping_mul(mixed >> 15 | 1) >> 24) as u8
}

/// Something like a photograph: slopes, an edge, a little noise.
fn scene(plane: usize, x: usize, y: usize) -> u8 {
    let slope = (x * (3 + plane) + y * 2) / 5 % 160;
    let edge = if ((x + 2 * y) / 37).is_multiple_of(3) { 60 } else { 0 };
    (slope + edge + usize::from(noise(plane, x, y)) / 24) as u8
}

/// How many zero bytes a file has behind an `FF` in its scans, having walked its segments from end to end.
fn stuffing(file: &[u8]) -> u64 {
    let (mut at, mut found) = (2, 0);
    while file[at..] != [0xFF, 0xD9] {
        assert_eq!(file[at], 0xFF, "no marker at {at}");
        let scan = file[at + 1] == 0xDA;
        at += 2 + usize::from(file[at + 2]) * 256 + usize::from(file[at + 3]);
        while scan && (file[at] != 0xFF || file[at + 1] == 0) {
            found += u64::from(file[at] == 0xFF);
            at += 1 + usize::from(file[at] == 0xFF);
        }
    }
    found
}

#[test]
fn what_is_counted_is_what_is_written_to_the_bit() {
    type Picture = fn(usize, usize, usize) -> u8;
    let pictures: [(&str, Picture); 6] = [
        ("flat", |_, _, _| 77),
        ("noise", noise),
        ("scene", scene),
        ("black and white noise", |plane, x, y| if noise(plane, x, y) > 127 { 255 } else { 0 }),
        ("finest checks", |_, x, y| if (x + y) % 2 == 0 { 255 } else { 0 }),
        ("blocks of extremes", |_, x, y| if (x / 8 + y / 8) % 2 == 0 { 255 } else { 0 }),
    ];
    for (name, picture) in pictures {
        for (width, height) in [(1, 1), (8, 8), (16, 16), (17, 17), (1, 90), (90, 1), (131, 67)] {
            for sampling in SAMPLINGS {
                let planes = Planes::of(width, height, sampling, picture);
                for (scale, coding) in [0.0, 0.02, 0.3, 1.7, 1000.0].into_iter().flat_map(|s| CODINGS.map(|c| (s, c))) {
                    let counted = planes.counted(scale, coding);
                    let file = planes.written(scale, coding, &[]);
                    let place = format!("{name} {width}x{height} {sampling:?} {coding:?} at {scale}");
                    assert_eq!(file.len() as u64, counted.bytes(0) + stuffing(&file), "{place}");
                    let decoded = image::load_from_memory(&file).expect(&place);
                    assert_eq!((decoded.width() as usize, decoded.height() as usize), (width, height), "{place}");
                }
            }
        }
    }
}

#[test]
fn a_progressive_file_shows_what_a_baseline_file_shows() {
    for sampling in SAMPLINGS {
        for (width, height) in [(1, 1), (8, 9), (17, 17), (40, 24), (333, 211)] {
            for (scale, picture) in
                [(0.02, noise as fn(usize, usize, usize) -> u8), (0.1, scene), (0.9, scene), (0.4, noise)]
            {
                let planes = Planes::of(width, height, sampling, picture);
                let [baseline, progressive] =
                    CODINGS.map(|coding| image::load_from_memory(&planes.written(scale, coding, &[])).unwrap());
                // Not one sample may differ: the coefficients are the same, whatever way they went.
                assert!(baseline == progressive, "{width}x{height} {sampling:?} at {scale}");
            }
        }
    }
}

#[test]
fn a_decoder_sees_the_planes_that_were_written() {
    for sampling in SAMPLINGS {
        // Slow slopes in pale colours: nothing is lost to a step of the table, or to the edge of RGB.
        let planes = Planes::of(203, 117, sampling, |plane, x, y| match plane {
            0 => (80 + (x + y) / 3) as u8,
            plane => (118 + (x + y * plane) / 20) as u8,
        });
        let file = planes.written(0.02, Coding::Baseline, &[]);
        let decoded = image::load_from_memory(&file).unwrap().to_rgb8();
        let frame = planes.frame;
        for (x, y, pixel) in decoded.enumerate_pixels() {
            let [r, g, b] = pixel.0.map(f32::from);
            let luma = 0.299 * r + 0.587 * g + 0.114 * b;
            let seen = [luma, 128.0 + (b - luma) / 1.772, 128.0 + (r - luma) / 1.402];
            for (plane, seen) in seen.into_iter().enumerate().take(frame.planes()) {
                let shrunk = frame.factor(0) / frame.factor(plane);
                let at = y as usize / shrunk * frame.plane_width(plane) + x as usize / shrunk;
                let meant = f32::from(planes.planes[plane][at]);
                assert!((seen - meant).abs() < 3.0, "{sampling:?} plane {plane} at {x}, {y}: {seen} not {meant}");
            }
        }
    }
}

#[test]
fn metadata_stands_behind_the_jfif_header() {
    let segments = b"\xFF\xE1\x00\x08Exif\0\0\xFF\xFE\x00\x04hi";
    let file = Planes::of(9, 9, Sampling::Gray, scene).written(0.5, Coding::Progressive, segments);
    assert_eq!(file[..4], [0xFF, 0xD8, 0xFF, 0xE0]);
    assert_eq!(&file[6..10], b"JFIF");
    assert_eq!(&file[20..20 + segments.len()], segments);
    assert_eq!(file[20 + segments.len()..][..2], [0xFF, 0xDB]);
}

#[test]
fn a_finer_scale_takes_more_bits() {
    let planes = Planes::of(320, 200, Sampling::Half, scene);
    for coding in CODINGS {
        let mut before = u64::MAX;
        for step in 1..40 {
            let bytes = planes.counted(step as f32 * 0.05, coding).data_bytes();
            assert!(bytes < before, "{coding:?} at {step}");
            before = bytes;
        }
    }
}

#[test]
#[should_panic(expected = "counted whole")]
fn a_sample_is_no_ground_to_write_on() {
    let planes = Planes::of(64, 64, Sampling::Half, scene);
    let tables = Tables::at(0.5);
    let mut counter = Counter::new(&planes.frame, &tables, Coding::Baseline);
    counter.strip(&planes.strips().next().unwrap());
    let _ = Emitter::new(&tables, &counter.counted(), 0..1, 0);
}

#[test]
fn the_bytes_are_the_same_on_every_platform() {
    let mut found = String::new();
    for sampling in SAMPLINGS {
        for (scale, coding) in [(0.1, Coding::Baseline), (0.6, Coding::Baseline), (0.3, Coding::Progressive)] {
            let file = Planes::of(333, 211, sampling, scene).written(scale, coding, &[]);
            let hash = Sha256::digest(&file);
            let short: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(found, "{sampling:?} {coding:?} {scale} {} {short}", file.len()).unwrap();
        }
    }
    assert_eq!(found, include_str!("golden.txt"));
}
