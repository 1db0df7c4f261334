//! Whether a file is whole, what its header holds, and its copy.

use super::made::{Made, segment};
use super::made_progressive::USUAL;
use super::*;
use crate::jpeg::marker;

fn is_whole(file: &[u8]) -> bool {
    let mut source = Cursor::new(file);
    Header::read(&mut source).unwrap().is_whole(&mut source).unwrap()
}

/// A file with a thumbnail, a whole JPEG, in its EXIF segment.
fn with_thumbnail(file: &[u8]) -> Vec<u8> {
    let thumbnail = Made::new(8, 8, &[(1, 1)]).plain();
    let exif = [b"Exif\0\0II*\0", &thumbnail[..]].concat();
    [&file[..2], &segment(marker::APP1, &exif), &file[2..]].concat()
}

#[test]
fn the_end_marker_is_found_whatever_trails_it() {
    let made = Made::new(60, 40, &[(2, 2), (1, 1), (1, 1)]);
    for file in [made.plain(), made.sequential(&[&[0], &[1], &[2]], 3), made.progressive(USUAL, 0)] {
        let file = with_thumbnail(&file);
        let clip = [&b"\0\0\0\x18ftypmp42"[..], &[7; 5000]].concat();
        let second = with_thumbnail(&made.plain());
        for behind in
            [vec![], vec![0; 100], vec![0xFF; 9000], vec![0; 70_000], clip, second.clone(), second[..90].to_vec()]
        {
            assert!(is_whole(&[&file[..], &behind].concat()), "{} bytes behind", behind.len());
        }
    }
}

#[test]
fn a_cut_is_told_even_where_a_thumbnail_has_an_end_marker() {
    let made = Made::new(60, 40, &[(2, 2), (1, 1), (1, 1)]);
    for file in [made.plain(), made.progressive(USUAL, 2)] {
        let file = with_thumbnail(&file);
        let scan = Header::read(&mut Cursor::new(&file)).unwrap().scan_at as usize;
        for end in scan + 14..file.len() {
            assert!(!is_whole(&file[..end]), "cut at {end} of {}", file.len());
        }
    }
}

#[test]
fn metadata_beyond_all_measure_is_left_out_and_the_picture_read() {
    let plain = Made::new(16, 16, &[(1, 1)]).plain();
    let comments = segment(marker::COM, &[b'x'; 60_000]).repeat(200);
    let file = [&plain[..2], &comments, &plain[2..]].concat();
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    assert_eq!(header.segments.len(), 8_000_000 / 60_000);
    assert_eq!(planes(&file).samples, planes(&plain).samples);
}

#[test]
fn segments_are_kept_in_order_and_tables_are_none_of_them() {
    let plain = Made::new(16, 16, &[(1, 1)]).plain();
    let exif = segment(marker::APP1, b"Exif\0\0block");
    let jfif = segment(marker::APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let file = [&plain[..2], &exif, &jfif, &segment(marker::APP1, b"more"), &plain[2..]].concat();
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    let found: Vec<(u8, usize)> = header.segments.iter().map(|s| (s.marker, s.payload.len())).collect();
    assert_eq!(found, [(marker::APP1, 11), (marker::APP0, 14), (marker::APP1, 4)]);
    assert_eq!((header.width, header.height), (16, 16));
}

#[test]
fn quality_is_on_libjpegs_scale() {
    for quality in [30, 50, 75, 92, 100] {
        let picture = image::GrayImage::new(8, 8);
        let mut file = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality).encode_image(&picture).unwrap();
        let found = Header::read(&mut Cursor::new(&file)).unwrap().quality().unwrap();
        assert!(found.abs_diff(quality) <= 1, "{quality} is told as {found}");
    }
}

fn copied(file: &[u8], metadata: &[u8]) -> Vec<u8> {
    let mut source = Cursor::new(file);
    let header = Header::read(&mut source).unwrap();
    let mut out = Vec::new();
    let length = header.copy_picture(&mut source, &mut out, metadata, &mut |_| Ok(())).unwrap();
    assert_eq!(length, out.len() as u64);
    out
}

#[test]
fn a_copy_has_the_same_picture_and_other_metadata() {
    let made = Made::new(300, 200, &[(2, 2), (1, 1), (1, 1)]);
    let adobe = segment(marker::APP14, b"Adobe\0\x64\0\0\0\0\x01");
    let jfif = segment(marker::APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let secret = segment(marker::COM, b"somebody's place");
    let wanted = [&jfif[..], &segment(marker::APP1, b"Exif\0\0what is let through")].concat();
    for plain in [made.plain(), made.sequential(&[&[0], &[1, 2]], 4), made.progressive(USUAL, 0)] {
        let plain = [&plain[..2], &adobe, &plain[2..]].concat();
        let end = plain.len() - 2;
        let with_thumbnail = with_thumbnail(&plain[..end]);
        // Ahead of the tables, and ahead of the end marker; then what trails it.
        let unknown = segment(marker::APP14, b"not Adobe's");
        let head = [&with_thumbnail[..2], &jfif, &secret, &unknown, &with_thumbnail[2..]].concat();
        let file = [&head[..], &secret, &[0xFF, marker::EOI], &plain].concat();
        let expected = [&plain[..2], &wanted, &plain[2..]].concat();
        assert!(copied(&file, &wanted) == expected);
        assert!(copied(&expected, &wanted) == expected);
    }
}

#[test]
fn a_copy_keeps_damaged_data_as_it_is() {
    let file = Made::new(64, 64, &[(1, 1)]).plain();
    let mut damaged = file.clone();
    let at = file.len() - 40;
    damaged[at..at + 2].copy_from_slice(&[0xFF, 0x42]);
    assert!(copied(&damaged, &[]) == damaged);
}
