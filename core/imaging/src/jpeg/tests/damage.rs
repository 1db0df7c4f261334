//! Files with something wrong, by accident or made so.

use super::made::{Chance, Made, Writer, any_symbol, scan_head, segment};
use super::made_progressive::{GRAY, Script, USUAL};
use super::*;
use crate::jpeg::marker;

const COLOUR: &[(usize, usize)] = &[(2, 2), (1, 1), (1, 1)];

/// One of each way a file is decoded.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let made = Made::new(50, 40, COLOUR);
    let inks = Made::new(20, 20, &[(1, 1); 4]);
    vec![
        ("sequential", made.plain()),
        ("with restarts", made.sequential(&[&[0, 1, 2]], 2)),
        ("in three scans", made.sequential(&[&[0], &[1], &[2]], 0)),
        ("progressive", made.progressive(USUAL, 5)),
        ("inks in scans of their own", inks.sequential(&[&[0], &[1], &[2], &[3]], 3)),
    ]
}

fn at_any_scale(file: &[u8], chance: &mut Chance) -> Result<Planes, FitError> {
    let scales = [Scale::Whole, Scale::Half, Scale::Quarter, Scale::Eighth];
    planes_at(file, scales[chance.below(4) as usize], scales[chance.below(4) as usize])
}

#[test]
fn every_cut_is_an_error_or_a_truncated_picture_and_never_a_panic() {
    let mut chance = Chance(1);
    for (what, file) in files() {
        let mut shown = 0;
        for end in 0..file.len() {
            match at_any_scale(&file[..end], &mut chance) {
                Ok(found) => {
                    assert!(found.ending.truncated, "{what} cut at {end}");
                    shown += 1;
                }
                Err(error) => assert!(matches!(error, FitError::NotDecodable { .. }), "{what} cut at {end}: {error}"),
            }
        }
        assert!(shown > file.len() / 3, "{what}: {shown} of {} cuts show something", file.len());
        assert!(!planes(&file).ending.truncated);
    }
}

#[test]
fn every_byte_may_be_anything() {
    let mut chance = Chance(2);
    for (what, file) in files() {
        for at in 2..file.len() {
            for change in [0x01, 0x80, 0xFF ^ file[at], file[at], 0x10 + chance.below(200) as u8] {
                let mut file = file.clone();
                file[at] ^= change;
                match at_any_scale(&file, &mut chance) {
                    Ok(_) | Err(FitError::NotDecodable { .. }) => {}
                    Err(error) => panic!("{what}, byte {at}: {error}"),
                }
            }
        }
    }
}

#[test]
fn several_bytes_may_be_anything() {
    let mut chance = Chance(3);
    for (_, file) in files() {
        for _ in 0..1500 {
            let mut file = file.clone();
            for _ in 0..1 + chance.below(6) {
                let at = chance.below(file.len() as u64) as usize;
                match chance.below(3) {
                    0 => file[at] = chance.below(256) as u8,
                    1 => drop(file.drain(at..(at + chance.below(20) as usize).min(file.len()))),
                    _ => drop(file.splice(at..at, [0xFF, 0xC0 + chance.below(64) as u8])),
                }
                if file.is_empty() {
                    break;
                }
            }
            let _ = at_any_scale(&file, &mut chance);
        }
    }
}

#[test]
fn what_comes_before_a_cut_is_as_it_was_and_what_is_missing_is_gray() {
    let made = Made::new(64, 64, &[(1, 1)]);
    let file = made.plain();
    let (whole, cut) = (planes(&file), planes(&file[..file.len() / 2]));
    assert!(cut.ending.truncated);
    assert_eq!(cut.samples[0][..64 * 16], whole.samples[0][..64 * 16]);
    assert!(cut.samples[0][64 * 56..].iter().all(|sample| *sample == 128));
}

#[test]
fn a_missing_end_marker_costs_nothing_but_is_told() {
    for (what, file) in files() {
        let (whole, cut) = (planes(&file), planes(&file[..file.len() - 2]));
        assert!(cut.ending.truncated && !whole.ending.truncated, "{what}");
        assert_eq!(cut.samples, whole.samples, "{what}");
    }
}

/// Where the `n`th restart marker stands.
fn restart_at(file: &[u8], n: usize) -> usize {
    let is_restart = |(_, w): &(usize, &[u8])| w[0] == 0xFF && (0xD0..=0xD7).contains(&w[1]);
    file.windows(2).enumerate().filter(is_restart).nth(n).unwrap().0
}

#[test]
fn an_interval_that_is_lost_leaves_the_others_in_their_places() {
    // Four blocks across, an interval for each row.
    let made = Made::new(32, 80, &[(1, 1)]);
    let file = made.sequential(&[&[0]], 4);
    let whole = planes(&file);
    for lost in [1, 2] {
        let mut file = file.clone();
        file.drain(restart_at(&file, 2)..restart_at(&file, 2 + lost));
        let found = planes(&file);
        assert!(found.ending.truncated);
        let rows = |planes: &Planes, from: usize, to: usize| planes.samples[0][from * 8 * 32..to * 8 * 32].to_vec();
        assert_eq!(rows(&found, 0, 3), rows(&whole, 0, 3));
        assert!(rows(&found, 3, 3 + lost).iter().all(|sample| *sample == 128), "{lost} lost");
        assert_eq!(rows(&found, 3 + lost, 10), rows(&whole, 3 + lost, 10), "{lost} lost");
    }
}

#[test]
fn an_interval_that_comes_twice_is_passed_over() {
    let made = Made::new(32, 80, &[(1, 1)]);
    let file = made.sequential(&[&[0]], 4);
    let (from, to) = (restart_at(&file, 2), restart_at(&file, 3));
    let twice = [&file[..to], &file[from..]].concat();
    assert_eq!(planes(&twice).samples, planes(&file).samples);
}

#[test]
fn junk_fill_bytes_and_strange_segments_are_passed_over() {
    let made = Made::new(20, 20, COLOUR);
    let file = made.plain();
    let whole = planes(&file);
    let odd: [&[u8]; 6] = [
        &[0, 1, 2, 3],
        &[0xFF, 0xFF, 0xFF],
        &[0xFF, 0x00, 0xFF, 0x01],
        &[0xFF, 0xD3, 0xFF, 0xD8],
        &[0xFF, 0xE5, 0, 4, 1, 2, 9, 9],
        &[0xFF, 0xFE, 0xF0, 0x00, b'a'],
    ];
    let segments: Vec<usize> =
        file.windows(2).enumerate().filter(|(_, w)| w[0] == 0xFF && w[1] > 0xBF).map(|(at, _)| at).collect();
    for junk in odd {
        for at in segments[1..].iter().copied().filter(|at| *at < file.len() - 2) {
            let file = [&file[..at], junk, &file[at..]].concat();
            let found = planes_at(&file, Scale::Whole, Scale::Whole);
            assert_eq!(found.unwrap().samples, whole.samples, "{junk:?} at {at}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let plain = Made::new(16, 16, &[(1, 1)]).plain();
    let at = plain.windows(2).position(|w| w == [0xFF, marker::SOF0]).unwrap();
    let with = |code: u8, frame: &[u8]| [&plain[..at], &segment(code, frame), &plain[at + 13..]].concat();
    let gray = &plain[at + 4..at + 13];
    let frame = segment(marker::SOF0, gray);
    let scan = plain.windows(2).position(|w| w == [0xFF, marker::SOS]).unwrap();
    for (file, wanted) in [
        (with(0xC9, gray), "arithmetic"),
        (with(0xCA, gray), "arithmetic"),
        (with(0xC3, gray), "lossless"),
        (with(0xC5, gray), "hierarchical"),
        (with(0xC1, &[12, 0, 16, 0, 16, 1, 1, 0x11, 0]), "12 bits"),
        (with(0xC0, &[8, 0, 16, 0, 0, 1, 1, 0x11, 0]), "0 x 16"),
        (with(0xC0, &[8, 0, 16, 0, 16, 2, 1, 0x11, 0, 2, 0x11, 0]), "2 components"),
        (with(0xC0, &[8, 0, 16, 0, 16, 1, 1, 0x50, 0]), "sampling"),
        (with(0xC0, &[8, 0, 16, 0, 16, 3, 1, 0x11, 0]), "sampling"),
        (with(0xC0, &[8, 0]), "too short"),
        (with(0xC0, &[8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0]), "65535 x 65535"),
        ([&plain[..at], &plain[at + 13..]].concat(), "no frame"),
        ([&plain[..at], &frame, &frame, &plain[at + 13..]].concat(), "more than one frame"),
        ([&plain[..plain.len() - 2], &frame, &plain[scan..]].concat(), "more than one frame"),
        ([&plain[..2], &plain[at..]].concat(), "quantisation table"),
        (plain[..scan].to_vec(), "ends before"),
        ([&plain[..scan], &[0xFF, marker::EOI]].concat(), "no picture data"),
        ([&plain[..scan + 10], &[0xFF, marker::EOI]].concat(), "no picture data"),
        (plain[1..].to_vec(), "start marker"),
        (Vec::new(), "start marker"),
    ] {
        let error = planes_at(&file, Scale::Whole, Scale::Whole).unwrap_err();
        assert!(matches!(error, FitError::NotDecodable { .. }) && error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn a_picture_that_is_hardly_there_is_soon_done() {
    // 900 million pixels claimed, some blocks there.
    let mut file = Made::new(16, 16, COLOUR).plain();
    let at = file.windows(4).position(|w| w == [0, 16, 0, 16]).unwrap();
    file[at..at + 4].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
    let found = planes_at(&file, Scale::Eighth, Scale::Eighth).unwrap();
    assert!(found.ending.truncated);
    assert_eq!(found.samples[0].len(), 3750 * 3750);
}

#[test]
fn scans_that_say_nothing_come_to_an_end() {
    const NOTHING_NEW: Script = Script(&[0], (1, 63), 1, 0);
    let made = Made::new(1024, 1024, &[(1, 1)]);
    let mut file = made.progressive(&GRAY[..3], 0);
    file.truncate(file.len() - 2);
    // "Nothing new in the next 16384 blocks", again and again.
    let mut scan = scan_head(&made, &[0], NOTHING_NEW.1, 1, 0);
    let mut writer = Writer::default();
    writer.symbol(&any_symbol().0, 0xE0);
    writer.put(0, 14);
    writer.pad();
    scan.extend(writer.out);
    let honest = [&file[..], &scan.repeat(20), &[0xFF, marker::EOI]].concat();
    assert!(planes_at(&honest, Scale::Half, Scale::Half).is_ok());
    let hostile = [&file[..], &scan.repeat(3000), &[0xFF, marker::EOI]].concat();
    let error = planes_at(&hostile, Scale::Half, Scale::Half).unwrap_err().to_string();
    assert!(error.contains("more scans than"), "{error}");
}

#[test]
fn scans_without_data_come_to_an_end() {
    let made = Made::new(16, 16, &[(1, 1)]);
    let file = made.plain();
    let scan = file.windows(2).position(|w| w == [0xFF, marker::SOS]).unwrap();
    let with = |count| [&file[..scan], &scan_head(&made, &[0], (0, 63), 0, 0).repeat(count), &file[scan..]].concat();
    assert_eq!(planes(&with(900)).samples, planes(&file).samples);
    let error = planes_at(&with(100_000), Scale::Whole, Scale::Whole).unwrap_err().to_string();
    assert!(error.contains("no picture data"), "{error}");
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    let file = Made::new(400, 300, COLOUR).progressive(USUAL, 0);
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    let whole = header.plan(Scale::Whole, Scale::Whole, u64::MAX).unwrap().memory;
    let half = header.plan(Scale::Half, Scale::Half, u64::MAX).unwrap().memory;
    // 25 x 19 MCUs of six blocks, of 64 coefficients and a bit for each, or of 16.
    let blocks = 25 * 19 * 6;
    assert!(whole - blocks * 136 < 200_000 && half - blocks * 40 < 200_000, "{whole} {half}");
    assert!(header.plan(Scale::Whole, Scale::Whole, whole).is_ok());
    match header.plan(Scale::Whole, Scale::Whole, whole - 1) {
        Err(FitError::MemoryLimit { needed, limit }) => assert_eq!((needed, limit), (whole, whole - 1)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_that_fails_ends_the_decode() {
    for (what, file) in files() {
        let mut source = Cursor::new(&file);
        let header = Header::read(&mut source).unwrap();
        let plan = header.plan(Scale::Whole, Scale::Whole, u64::MAX).unwrap();
        let mut sink = Collected(plan.planes.iter().map(|shape| (shape.width, shape.height, Vec::new())).collect());
        let mut steps = 0;
        let mut step = |_| {
            steps += 1;
            if steps == 3 { Err(FitError::Cancelled) } else { Ok(()) }
        };
        let ended = decode(&mut source, &header, &plan, &mut sink, &mut step);
        assert!(matches!(ended, Err(FitError::Cancelled)), "{what}");
        assert_eq!(steps, 3, "{what}");
    }
}
