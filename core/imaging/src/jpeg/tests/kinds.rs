//! Every kind of file, against the formula.

use super::made::{Made, segment};
use super::made_progressive::{GRAY, USUAL};
use super::*;
use crate::jpeg::{Colour, marker};

const SCALES: [Scale; 4] = [Scale::Whole, Scale::Half, Scale::Quarter, Scale::Eighth];

const COLOUR: &[(usize, usize)] = &[(2, 2), (1, 1), (1, 1)];

/// Holds every plane at every scale against the formula.
fn hold(made: &Made, file: &[u8], what: &str) {
    for scale in SCALES {
        let found = planes_at(file, scale, scale).unwrap();
        assert!(!found.ending.truncated, "{what}");
        for (part, samples) in found.samples.iter().enumerate() {
            let wanted = made.plane(part, scale.size(), |_, _| true);
            same(samples, &wanted, &format!("{what}, plane {part} at {scale:?}"));
        }
    }
}

/// Rounding may fall either way where it is close.
fn same(samples: &[u8], wanted: &[u8], what: &str) {
    assert_eq!(samples.len(), wanted.len(), "{what}");
    let off: Vec<u8> = samples.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).filter(|off| *off > 0).collect();
    let few = off.len() <= 1 + samples.len() / 50;
    assert!(few && off.iter().all(|off| *off == 1), "{what}: {} of {} are off: {off:?}", off.len(), samples.len());
}

#[test]
fn every_sampling_and_size_is_decoded_at_every_scale() {
    let one = (1, 1);
    let samplings: &[&[(usize, usize)]] = &[
        &[one],
        &[one, one, one],
        &[(2, 1), one, one],
        &[(1, 2), one, one],
        COLOUR,
        &[(4, 1), one, one],
        &[(4, 2), one, one],
        &[(4, 4), (2, 1), (1, 4)],
        &[(3, 1), one, one],
        &[(3, 2), (2, 1), (1, 2)],
        &[one, (2, 2), (2, 1)],
        &[(2, 2), (2, 2), (2, 2)],
    ];
    for factors in samplings {
        for (width, height) in [(1, 1), (8, 8), (17, 17), (33, 9), (7, 70), (100, 61)] {
            let made = Made::new(width, height, factors);
            hold(&made, &made.plain(), &format!("{factors:?} {width} x {height}"));
        }
    }
}

#[test]
fn the_factors_of_a_component_that_is_alone_do_not_matter() {
    let made = Made::new(50, 30, &[(1, 1)]);
    let mut file = made.plain();
    let at = file.windows(3).position(|w| w == [1, 0x11, 0]).unwrap();
    file[at + 1] = 0x42;
    hold(&made, &file, "gray, 4 x 2");
}

#[test]
fn restart_markers_are_passed() {
    for (interval, factors) in [(1, COLOUR), (3, &[(1, 1)][..]), (10, &[(2, 1), (1, 1), (1, 1)])] {
        let made = Made::new(100, 90, factors);
        let all: Vec<usize> = (0..factors.len()).collect();
        hold(&made, &made.sequential(&[&all], interval), &format!("restarts every {interval}"));
    }
}

#[test]
fn components_may_come_in_scans_of_their_own_in_any_order() {
    let scans: [&[&[usize]]; 3] = [&[&[0], &[1], &[2]], &[&[2], &[0], &[1]], &[&[0], &[1, 2]]];
    for (restart, scans) in scans.iter().enumerate() {
        for (width, height) in [(100, 61), (3, 3)] {
            let made = Made::new(width, height, COLOUR);
            hold(&made, &made.sequential(scans, restart), &format!("{scans:?} {width} x {height}"));
        }
    }
}

#[test]
fn progressive_files_are_decoded_whole_and_by_their_first_coefficients() {
    for (width, height, factors, script, restart) in [
        (100, 61, COLOUR, USUAL, 0),
        (100, 61, &[(2, 1), (1, 1), (1, 1)], USUAL, 3),
        (9, 1, &[(1, 1), (1, 2), (2, 1)], USUAL, 1),
        (300, 200, &[(1, 1)], GRAY, 0),
        (1, 1, &[(1, 1)], GRAY, 7),
    ] {
        let made = Made::new(width, height, factors);
        let file = made.progressive(script, restart);
        for scale in SCALES {
            let size = scale.size();
            let found = planes_at(&file, scale, scale).unwrap();
            assert!(!found.ending.truncated);
            for (part, samples) in found.samples.iter().enumerate() {
                // At smaller sizes, coefficients that would be folded are left out.
                let wanted = made.plane(part, size, |v, u| v < size && u < size);
                same(samples, &wanted, &format!("{factors:?} {width} x {height}, plane {part} at {scale:?}"));
            }
        }
    }
}

#[test]
fn brightness_and_colour_have_scales_of_their_own() {
    let made = Made::new(90, 50, COLOUR);
    for file in [made.plain(), made.progressive(USUAL, 0)] {
        let found = planes_at(&file, Scale::Half, Scale::Whole).unwrap();
        let widths: Vec<usize> = found.plan.planes.iter().map(|shape| shape.width).collect();
        assert_eq!(widths, [45, 45, 45]);
        same(&found.samples[1], &made.plane(1, 8, |_, _| true), "colour at its own size");
    }
}

#[test]
fn a_plan_tells_where_samples_lie_when_it_does_not_come_out_even() {
    let file = Made::new(33, 17, &[(2, 2), (1, 1), (1, 1)]).plain();
    let plan = Header::read(&mut Cursor::new(&file)).unwrap().plan(Scale::Quarter, Scale::Half, u64::MAX).unwrap();
    let [y, cb, _] = plan.planes[..] else { panic!("three planes") };
    assert_eq!((y.width, y.height, y.across, y.down), (9, 5, 8.25, 4.25));
    assert_eq!((cb.width, cb.height, cb.across, cb.down), (9, 5, 8.25, 4.25));
}

#[test]
fn files_without_huffman_tables_are_taken_for_frames_of_motion_jpeg() {
    // None of the sequential files made here defines any.
    let file = Made::new(8, 8, &[(1, 1)]).plain();
    assert!(!file.windows(2).any(|w| w == [0xFF, marker::DHT]));
    assert!(!planes(&file).ending.truncated);
}

#[test]
fn a_height_that_comes_behind_the_scan_is_found() {
    let made = Made::new(40, 30, COLOUR);
    let mut file = made.plain();
    let at = file.windows(4).position(|w| w == [0, 30, 0, 40]).unwrap();
    file[at + 1] = 0;
    let end = file.len() - 2;
    let missing = Header::read(&mut Cursor::new(&file)).unwrap_err().to_string();
    assert!(missing.contains("40 x 0"), "{missing}");
    file.splice(end..end, segment(marker::DNL, &[0, 30]));
    hold(&made, &file, "a height from behind");
}

/// The file with an Adobe segment.
fn with_adobe(file: &[u8], transform: u8) -> Vec<u8> {
    let adobe = segment(marker::APP14, &[b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, transform]);
    [&file[..2], &adobe, &file[2..]].concat()
}

#[test]
fn colours_are_told_as_libjpeg_tells_them() {
    let mut rgb = Made::new(8, 8, &[(1, 1); 3]);
    let plain = rgb.plain();
    rgb.parts.iter_mut().zip(*b"RGB").for_each(|(part, id)| part.id = id);
    let (four, rgb) = (Made::new(8, 8, &[(1, 1); 4]).plain(), rgb.plain());
    let jfif = segment(marker::APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let with_jfif = [&plain[..2], &jfif, &with_adobe(&plain, 0)[2..]].concat();
    for (file, colour) in [
        (plain.clone(), Colour::YCbCr),
        (with_adobe(&plain, 0), Colour::Rgb),
        (with_adobe(&plain, 1), Colour::YCbCr),
        (with_jfif, Colour::YCbCr),
        (with_adobe(&rgb, 1), Colour::YCbCr),
        (rgb, Colour::Rgb),
        (with_adobe(&four, 0), Colour::Cmyk),
        (with_adobe(&four, 2), Colour::Ycck),
        (four, Colour::Cmyk),
    ] {
        assert_eq!(Header::read(&mut Cursor::new(&file)).unwrap().colour, colour);
    }
}

/// What a foreign picture is to become, pixel by pixel, in double precision.
fn converted(made: &Made, size: usize, rgb: impl Fn(&[f64]) -> [f64; 3]) -> Vec<Vec<u8>> {
    let (h, v) = made.factors();
    let (width, height) = ((made.width * size).div_ceil(8), (made.height * size).div_ceil(8));
    let parts: Vec<Vec<u8>> = (0..made.parts.len()).map(|part| made.plane(part, size, |_, _| true)).collect();
    let mut out = vec![Vec::new(); 3];
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let sample = |(part, samples): (&super::made::Part, &Vec<u8>)| {
            let across = (made.width * part.h * size).div_ceil(8 * h);
            f64::from(samples[y * part.v / v * across + x * part.h / h])
        };
        let all: Vec<f64> = made.parts.iter().zip(&parts).map(sample).collect();
        let [r, g, b] = rgb(&all).map(|value| value.clamp(0.0, 255.0));
        out[0].push((0.299 * r + 0.587 * g + 0.114 * b).round() as u8);
        out[1].push((128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b).round().clamp(0.0, 255.0) as u8);
        out[2].push((128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b).round().clamp(0.0, 255.0) as u8);
    }
    out
}

fn ycc_to_rgb(all: &[f64]) -> [f64; 3] {
    let (y, cb, cr) = (all[0], all[1] - 128.0, all[2] - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|value| value.clamp(0.0, 255.0))
}

#[test]
fn rgb_and_inks_become_brightness_and_colour() {
    type Kind = (u8, &'static [(usize, usize)], fn(&[f64]) -> [f64; 3]);
    let kinds: [Kind; 4] = [
        (0, &[(1, 1), (1, 1), (1, 1)], |all| [all[0], all[1], all[2]]),
        (0, &[(2, 1), (1, 1), (2, 1)], |all| [all[0], all[1], all[2]]),
        (0, &[(1, 1), (1, 1), (1, 1), (1, 1)], |all| [all[0], all[1], all[2]].map(|ink| ink * all[3] / 255.0)),
        (2, &[(2, 2), (1, 1), (1, 1), (2, 2)], |all| ycc_to_rgb(all).map(|back| (255.0 - back) * all[3] / 255.0)),
    ];
    for (transform, factors, rgb) in kinds {
        let made = Made::new(37, 29, factors);
        let all: Vec<usize> = (0..factors.len()).collect();
        let alone: Vec<&[usize]> = all.chunks(1).collect();
        for (scans, scale) in [(vec![&all[..]], Scale::Whole), (alone, Scale::Whole), (vec![&all[..]], Scale::Half)] {
            let file = with_adobe(&made.sequential(&scans, 0), transform);
            let found = planes_at(&file, scale, Scale::Eighth).unwrap();
            assert!(!found.ending.truncated);
            for (samples, wanted) in found.samples.iter().zip(converted(&made, scale.size(), rgb)) {
                let off = samples.iter().zip(&wanted).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(samples.len() == wanted.len() && off <= 3, "{factors:?} {scale:?}: off by {off}");
            }
        }
    }
}

#[test]
fn a_progressive_rgb_picture_is_converted_too() {
    let made = Made::new(30, 20, &[(1, 1); 3]);
    let found = planes(&with_adobe(&made.progressive(USUAL, 0), 0));
    for (samples, wanted) in found.samples.iter().zip(converted(&made, 8, |all| [all[0], all[1], all[2]])) {
        assert!(samples.iter().zip(&wanted).all(|(a, b)| a.abs_diff(*b) <= 2));
    }
}
