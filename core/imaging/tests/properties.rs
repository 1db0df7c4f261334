//! What has to hold of every picture under every policy: thousands of both.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::io::Cursor;

use common::corpus::Chance;
use common::{busy, exif_segment, jpeg, orientation_block, scene, stored_under, with_segments};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_imaging::{Control, FitError, Fitted, Policy, QualityRange, fit_stream};
use image::{DynamicImage, Rgb, RgbImage};

fn fitted(file: &[u8], policy: &Policy) -> Result<(Fitted, Vec<u8>), FitError> {
    let mut out = Vec::new();
    fit_stream(&mut Cursor::new(file), &mut out, policy, &Control::default()).map(|fitted| (fitted, out))
}

/// A picture with the size that it has upright.
struct Picture {
    name: String,
    file: Vec<u8>,
    width: u32,
    height: u32,
}

fn turned(name: &str, picture: &RgbImage, quality: u8, orientation: u8) -> Picture {
    let stored = jpeg(&stored_under(orientation, picture), quality);
    let file = with_segments(&stored, &[exif_segment(&orientation_block(orientation))]);
    Picture { name: format!("{name}, {orientation}"), file, width: picture.width(), height: picture.height() }
}

/// Busy ones and calm ones, wide and high, gray, in every orientation.
fn pictures() -> Vec<Picture> {
    let mut pictures = Vec::new();
    for (number, (width, height)) in [(400, 300), (301, 455), (640, 97), (64, 64), (511, 509)].into_iter().enumerate() {
        let orientation = 1 + (number as u8 * 3) % 8;
        pictures.push(turned("busy", &busy(width, height, number as u32), 93, orientation));
        pictures.push(turned("calm", &calm(width, height, number as u32), 95, 1 + (orientation + 3) % 8));
    }
    pictures.push(turned(DRAWN, &scene(500, 400), 90, 5));
    for orientation in [1, 6] {
        let shot = Shot { width: 720, height: 540, orientation, quality: 94, ..Shot::default() };
        let (width, height) = if orientation == 6 { (540, 720) } else { (720, 540) };
        let file = shot.jpeg().unwrap();
        pictures.push(Picture { name: format!("made photo, {orientation}"), file, width, height });
    }
    let gray = DynamicImage::from(busy(333, 222, 7)).to_luma8();
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 92).encode_image(&gray).unwrap();
    pictures.push(Picture { name: "gray".into(), file, width: 333, height: 222 });
    pictures
}

/// A picture of the same few blocks over and over: all of them cross a step of the tables at once, and its size leaps by an eighth
/// where that of a photograph creeps. No cap between two leaps can be filled.
const DRAWN: &str = "drawn";
const FILLED: f64 = 0.98;
const FILLED_DRAWN: f64 = 0.9;

/// Soft shapes and the faint noise of a wall: little in every block, and no two alike.
fn calm(width: u32, height: u32, seed: u32) -> RgbImage {
    let noise = busy(width, height, seed + 50);
    RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let slope = [90.0 + 90.0 * across, 120.0 + 60.0 * down * across, 160.0 - 70.0 * down];
        let grain = noise.get_pixel(x, y).0.map(|value| f64::from(value % 9));
        Rgb([0, 1, 2].map(|part| (slope[part] + grain[part]) as u8))
    })
}

/// A cap and an edge by chance, over all that makes a difference.
fn policy(chance: &mut Chance, picture: &Picture) -> Policy {
    let length = picture.file.len() as u64;
    let long = u64::from(picture.width.max(picture.height));
    let edge = match chance.below(3) {
        0 => long,
        1 => 16 + chance.below(long),
        _ => long - chance.below(long / 2),
    };
    // What the picture would come to at that size, about, and what a phone's photo is brought down to of it.
    let whole = length * edge.min(long).pow(2) / long.pow(2);
    let cap = match chance.below(8) {
        0 => length + chance.below(length),
        1 => 300 + chance.below(1_500),
        _ => 700 + whole / 16 + chance.below(whole * 3 / 4),
    };
    let min_edge = [8, 64, 200][chance.below(3) as usize];
    let quality = match chance.below(3) {
        0 => QualityRange::between(10, 95),
        _ => QualityRange::default(),
    };
    let edge = Some(edge as u32).filter(|_| chance.below(4) > 0 || edge != long);
    Policy { cap: Some(cap), max_edge: edge, min_edge, quality, ..Policy::default() }
}

/// The dimensions in a proportion that is the source's, to the nearest pixel.
fn is_in_proportion(fitted: &Fitted, picture: &Picture) -> bool {
    let (long, short) =
        if fitted.width >= fitted.height { (fitted.width, fitted.height) } else { (fitted.height, fitted.width) };
    let (of_long, of_short) = (picture.width.max(picture.height), picture.width.min(picture.height));
    let exact = f64::from(long) * f64::from(of_short) / f64::from(of_long);
    let same_way = (fitted.width >= fitted.height) == (picture.width >= picture.height) || long == short;
    same_way && (f64::from(short) - exact.max(1.0)).abs() <= 1.0
}

#[test]
fn no_picture_under_any_cap_and_edge_breaks_a_promise() {
    let (mut passed, mut filled, mut at_ceiling, mut unmet, mut shrunk) = (0, 0, 0, 0, 0);
    let mut poor = Vec::new();
    for (number, picture) in pictures().iter().enumerate() {
        let mut chance = Chance::new(number as u64);
        for _ in 0..160 {
            let policy = policy(&mut chance, picture);
            let (cap, edge) = (policy.cap.unwrap(), policy.max_edge.unwrap_or(u32::MAX));
            let what = format!("{}, {policy:?}", picture.name);
            let (fitted, bytes) = match fitted(&picture.file, &policy) {
                Ok(done) => done,
                Err(FitError::CapNotMet { smallest, cap: told }) => {
                    unmet += 1;
                    assert!(told == cap && smallest > cap, "{what}: {smallest}");
                    continue;
                }
                Err(error) => panic!("{what}: {error}"),
            };
            assert_eq!(bytes.len() as u64, fitted.bytes, "{what}");
            assert!(fitted.bytes <= cap, "{what}: {fitted:?}");
            let long = fitted.width.max(fitted.height);
            let whole = edge.min(picture.width.max(picture.height));
            assert!(long <= whole && is_in_proportion(&fitted, picture), "{what}: {fitted:?}");
            let seen = image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!((seen.width(), seen.height()), (fitted.width, fitted.height), "{what}");
            let Some(quality) = fitted.quality else {
                passed += 1;
                continue;
            };
            shrunk += u32::from(long < whole);
            assert!(long == whole || long >= policy.min_edge.min(whole), "{what}: {fitted:?}");
            if quality >= policy.quality.ceiling().min(source_quality(&picture.file)) {
                at_ceiling += 1;
            } else if (fitted.bytes as f64)
                < cap as f64 * if picture.name.starts_with(DRAWN) { FILLED_DRAWN } else { FILLED }
            {
                poor.push(format!("{:.3} of {cap}: {} {fitted:?}", fitted.bytes as f64 / cap as f64, picture.name));
            } else {
                filled += 1;
            }
        }
    }
    assert!(poor.is_empty(), "{} of {filled} caps are not filled:\n{}", poor.len(), poor.join("\n"));
    assert!(
        filled > 900 && at_ceiling > 300 && unmet > 40 && passed > 20 && shrunk > 120,
        "too few of a sort: {passed} passed through, {filled} filled, {at_ceiling} at the ceiling, {unmet} unmet, {shrunk} shrunk"
    );
}

/// The quality that a file's first table comes from, on libjpeg's scale: nothing is stored better than its source was.
fn source_quality(file: &[u8]) -> u8 {
    let table = file.windows(4).position(|bytes| bytes[..2] == [0xFF, 0xDB]).unwrap() + 5;
    let sum: f64 = file[table..table + 64].iter().map(|value| f64::from(*value)).sum();
    let percent = sum * 100.0 / 3688.0;
    let quality = if percent <= 100.0 { (200.0 - percent) / 2.0 } else { 5000.0 / percent };
    quality.round() as u8
}

#[test]
fn every_orientation_comes_out_upright_at_every_size_to_the_pixel() {
    // A field of its own colour for each place: a turn, a mirror image or a shift by a field shows.
    let (across, down) = (5, 4);
    for (width, height) in [(160, 128), (163, 121), (90, 333)] {
        let field = |x: u32, y: u32| {
            let (column, row) = (x * across / width, y * down / height);
            [40 + column * 50, 40 + row * 60, 40 + (column * 3 + row * 7) % 5 * 45].map(|value| value as u8)
        };
        let seen = RgbImage::from_fn(width, height, |x, y| Rgb(field(x, y)));
        for orientation in 1..=8 {
            let picture = turned("fields", &seen, 97, orientation);
            for edge in [None, Some(width.max(height) / 2), Some(width.max(height) / 3 + 1), Some(40)] {
                for cap in [None, Some(6_000)] {
                    let policy = Policy { cap, max_edge: edge, min_edge: 8, ..Policy::default() };
                    let (fitted, bytes) = fitted(&picture.file, &policy).unwrap();
                    let out = image::load_from_memory(&bytes).unwrap().to_rgb8();
                    let what = format!("{}, {width} x {height}, {edge:?}, {cap:?}, {fitted:?}", picture.name);
                    for column in 0..across {
                        for row in 0..down {
                            // The middle of each field, as far as that is a pixel.
                            let (x, y) = (
                                ((2 * column + 1) * out.width()) / (2 * across),
                                ((2 * row + 1) * out.height()) / (2 * down),
                            );
                            let meant =
                                field((2 * column + 1) * width / (2 * across), (2 * row + 1) * height / (2 * down));
                            let found = out.get_pixel(x, y).0;
                            let off = found.iter().zip(meant).map(|(a, b)| a.abs_diff(b)).max().unwrap();
                            assert!(off < 26, "{what}: field {column}, {row} is {found:?}, not {meant:?}");
                        }
                    }
                }
            }
        }
    }
}
