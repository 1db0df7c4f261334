//! What goes along with a picture under each policy, read back by a reader that is not ours.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::io::Cursor;

use common::{busy, decoded, exif_segment, fitted, holds, icc, icc_segment, jpeg, tags, unbound, with_segments};
use exif::{Exif, In, Reader, Tag};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_imaging::{ExifPolicy, Policy};

const SECRET: &[u8] = b"SECRET-PLACE";
const NOTE: &[u8] = b"MAKERNOTE: opaque, may hold SECRET-PLACE too";

/// A block as cameras write it: time, a maker note, a place, and behind all of it a thumbnail.
fn camera_block(orientation: u8) -> Vec<u8> {
    let mut b = Vec::new();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [
            tag.to_le_bytes().to_vec(),
            kind.to_le_bytes().to_vec(),
            count.to_le_bytes().to_vec(),
            value.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    let (exif_at, gps_at, thumb_at, values) = (62u32, 104u32, 134u32, 176u32);
    let note_at = values + 20;
    let place_at = note_at + NOTE.len() as u32;
    let picture_at = place_at + SECRET.len() as u32;
    b.extend(b"II*\0\x08\0\0\0");
    b.extend(4u16.to_le_bytes());
    b.extend(entry(0x0112, 3, 1, u32::from(orientation)));
    b.extend(entry(0x0132, 2, 20, values));
    b.extend(entry(0x8769, 4, 1, exif_at));
    b.extend(entry(0x8825, 4, 1, gps_at));
    b.extend(thumb_at.to_le_bytes());
    assert_eq!(b.len() as u32, exif_at);
    b.extend(3u16.to_le_bytes());
    b.extend(entry(0x9003, 2, 20, values));
    b.extend(entry(0x927C, 7, NOTE.len() as u32, note_at));
    b.extend(entry(0xA001, 3, 1, 1));
    b.extend([0; 4]);
    assert_eq!(b.len() as u32, gps_at);
    b.extend(2u16.to_le_bytes());
    b.extend(entry(1, 2, 2, u32::from(b'N')));
    b.extend(entry(0x1B, 7, SECRET.len() as u32, place_at));
    b.extend([0; 4]);
    assert_eq!(b.len() as u32, thumb_at);
    b.extend(3u16.to_le_bytes());
    b.extend(entry(0x0103, 3, 1, 6));
    b.extend(entry(0x0201, 4, 1, picture_at));
    b.extend(entry(0x0202, 4, 1, 900));
    b.extend([0; 4]);
    assert_eq!(b.len() as u32, values);
    b.extend(b"2026:11:21 10:00:00\0");
    b.extend(NOTE);
    b.extend(SECRET);
    b.extend(b"THUMBNAIL".repeat(100));
    b
}

fn photo(orientation: u8) -> Vec<u8> {
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:Place='{}'/>", SECRET.escape_ascii());
    with_segments(
        &jpeg(&busy(400, 300, 1), 90),
        &[
            exif_segment(&camera_block(orientation)),
            (0xE1, xmp.into_bytes()),
            (0xED, [b"Photoshop 3.0\0", SECRET].concat()),
            (0xFE, [b"comment ", SECRET].concat()),
            icc_segment(b"RGB "),
        ],
    )
}

fn under(source: &[u8], exif: ExifPolicy) -> Vec<u8> {
    fitted(source, &Policy { exif, ..unbound() }).unwrap().1
}

fn read(bytes: &[u8]) -> Option<Exif> {
    Reader::new().read_from_container(&mut Cursor::new(bytes)).ok()
}

#[test]
fn keep_keeps_all_but_the_orientation_and_the_thumbnail() {
    let out = under(&photo(6), ExifPolicy::Keep);
    let exif = read(&out).unwrap();
    assert_eq!(exif.get_field(Tag::Orientation, In::PRIMARY).unwrap().value.get_uint(0), Some(1));
    assert_eq!(tags(&exif), [0x01, 0x1B, 0x0112, 0x0132, 0x9003, 0x927C, 0xA001]);
    assert!(!holds(&out, b"THUMBNAIL"));
    assert_eq!(
        out.windows(SECRET.len()).filter(|window| *window == SECRET).count(),
        5,
        "note, GPS, XMP, IPTC, comment"
    );
    let block = exif.buf();
    let note_at = 196;
    assert_eq!(&block[note_at..note_at + NOTE.len()], NOTE, "a maker note's own offsets stay true");
}

#[test]
fn no_location_leaves_no_trace_of_the_place_and_keeps_the_time() {
    for orientation in [1, 6] {
        let out = under(&photo(orientation), ExifPolicy::NoLocation);
        assert!(!holds(&out, SECRET) && !holds(&out, b"MAKERNOTE") && !holds(&out, b"THUMBNAIL"));
        assert_eq!(tags(&read(&out).unwrap()), [0x0112, 0x0132, 0x9003, 0xA001]);
        assert!(holds(&out, b"2026:11:21 10:00:00"));
    }
    let shot = Shot { width: 320, height: 240, place: Some((-12.5, 77.25)), ..Shot::default() }.jpeg().unwrap();
    assert!(read(&shot).unwrap().get_field(Tag::GPSLatitude, In::PRIMARY).is_some());
    let out = under(&shot, ExifPolicy::NoLocation);
    let exif = read(&out).unwrap();
    assert!(exif.fields().all(|field| field.tag.context() != exif::Context::Gps));
    assert!(exif.get_field(Tag::DateTimeOriginal, In::PRIMARY).is_some());
}

#[test]
fn minimal_is_the_capture_time_and_none_is_nothing() {
    for orientation in [1, 8] {
        let out = under(&photo(orientation), ExifPolicy::Minimal);
        assert_eq!(tags(&read(&out).unwrap()), [0x0112, 0x9003]);
        assert!(!holds(&out, SECRET));

        let out = under(&photo(orientation), ExifPolicy::None);
        assert!(read(&out).is_none() && !holds(&out, SECRET) && !holds(&out, b"Exif\0\0"));
    }
}

#[test]
fn metadata_is_taken_from_a_good_photo_without_touching_its_picture() {
    let source = photo(1);
    for policy in [ExifPolicy::NoLocation, ExifPolicy::Minimal, ExifPolicy::None] {
        let (fitted, out) = fitted(&source, &Policy { exif: policy, ..unbound() }).unwrap();
        assert!(!fitted.passthrough && fitted.passes == 0 && fitted.quality.is_none());
        assert_eq!(decoded(&out), decoded(&source), "{policy:?}");
        let again = common::fitted(&out, &Policy { exif: policy, ..unbound() }).unwrap();
        assert!(again.0.passthrough, "{policy:?}: what is clean already passes through");
        assert_eq!(again.1, out);
    }
    assert!(fitted(&source, &unbound()).unwrap().0.passthrough, "keep has nothing to take out");
}

#[test]
fn a_clip_behind_the_picture_does_not_carry_the_place_past_the_policy() {
    let source = [photo(1).as_slice(), b"....ftypmp42 ", SECRET].concat();
    assert!(!holds(&under(&source, ExifPolicy::NoLocation), SECRET));
}

#[test]
fn a_colour_profile_goes_along_where_it_is_for_the_pixels() {
    let shrink = Policy { max_edge: Some(200), ..unbound() };
    let (_, out) = fitted(&photo(1), &shrink).unwrap();
    assert!(holds(&out, &icc(b"RGB ")));
    for policy in [ExifPolicy::None, ExifPolicy::Minimal] {
        assert!(holds(&fitted(&photo(1), &Policy { exif: policy, ..shrink.clone() }).unwrap().1, &icc(b"RGB ")));
    }
    let print = with_segments(&jpeg(&busy(400, 300, 1), 90), &[icc_segment(b"CMYK")]);
    assert!(!holds(&fitted(&print, &shrink).unwrap().1, &icc(b"CMYK")), "a print profile would turn RGB wrong");
}

#[test]
fn metadata_never_crowds_the_picture_out_of_the_cap() {
    let bulky = with_segments(&photo(6), &[(0xFE, vec![b'x'; 60_000]), (0xFE, vec![b'y'; 60_000])]);
    let (fitted, out) = fitted(&bulky, &Policy { cap: Some(40_000), ..Policy::default() }).unwrap();
    assert!(fitted.quality.is_some_and(|quality| quality > 45), "{fitted:?}");
    assert!(read(&out).is_some() && !holds(&out, b"xxxxxxxx"), "EXIF stays, the bulk goes");
}

#[test]
fn a_screenshots_metadata_obeys_the_policy_too() {
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    image::ImageEncoder::set_exif_metadata(&mut encoder, camera_block(1)).unwrap();
    busy(90, 60, 1).write_with_encoder(encoder).unwrap();
    assert!(fitted(&png, &unbound()).unwrap().0.passthrough);
    let (fitted, out) = fitted(&png, &Policy { exif: ExifPolicy::NoLocation, ..unbound() }).unwrap();
    assert!(!fitted.passthrough && !holds(&out, SECRET));
    assert_eq!(tags(&read(&out).unwrap()), [0x0112, 0x0132, 0x9003, 0xA001]);
    assert_eq!(decoded(&out), decoded(&png));
}

#[test]
fn hostile_blocks_are_edited_or_dropped_and_never_more() {
    let honest = camera_block(6);
    let picture = jpeg(&busy(16, 16, 1), 80);
    let mut state = 7u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..3000 {
        let mut block = honest.clone();
        for _ in 0..=random(8) {
            let at = random(196);
            block[at] = [0, 1, 8, 0x7F, 0xFF, random(256) as u8][random(6)];
        }
        block.truncate(block.len() - random(2) * random(block.len()));
        let source = with_segments(&picture, &[exif_segment(&block)]);
        for policy in [ExifPolicy::Keep, ExifPolicy::NoLocation, ExifPolicy::Minimal] {
            let mut out = Vec::new();
            let policy = Policy { exif: policy, max_edge: Some(8), ..unbound() };
            let fitted =
                fieldpost_imaging::fit_stream(&mut Cursor::new(&source), &mut out, &policy, &Default::default());
            assert!(fitted.is_ok(), "round {round}: {fitted:?}");
            assert!(out.len() < source.len() + 200, "round {round}: grown to {}", out.len());
        }
    }
}
