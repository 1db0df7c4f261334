//! Photos as cameras and programs really write them, under each policy, read back by a reader that is not ours.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::io::Cursor;

use common::{busy, decoded, exif_segment, fitted, holds, jpeg, tags, unbound, with_segments};
use exif::{Exif, In, Reader, Tag};
use fieldpost_imaging::{ExifPolicy, Policy};

const SECRET: &[u8] = b"SECRET-PLACE";

/// One entry to be: tag, type, count, value.
type Field<'a> = (u16, u16, u32, &'a [u8]);

/// Lays out a block of five directories: first, Exif's, interoperability's, the location's, the thumbnail's.
struct Block {
    big_endian: bool,
    out: Vec<u8>,
}

impl Block {
    fn short(&self, value: u16) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    fn long(&self, value: u32) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    /// Appends a directory, its far values behind it; where it stands.
    fn directory(&mut self, fields: &[Field<'_>], next: u32) -> u32 {
        self.out.resize(self.out.len().next_multiple_of(2), 0);
        let at = self.out.len();
        let mut values = at + 2 + fields.len() * 12 + 4;
        let mut far = Vec::new();
        let mut own = self.short(fields.len() as u16);
        for (tag, kind, count, value) in fields {
            own.extend([self.short(*tag), self.short(*kind), self.long(*count)].concat());
            if value.len() > 4 {
                own.extend(self.long(values as u32));
                far.extend_from_slice(value);
                values += value.len();
            } else {
                own.extend_from_slice(value);
                own.resize(own.len() + 4 - value.len(), 0);
            }
        }
        own.extend(self.long(next));
        self.out.extend(own);
        self.out.extend(far);
        at as u32
    }
}

/// A photo of 4032 x 3024 with all that may be in one; `extra` goes into the first directory.
fn camera_block(big_endian: bool, orientation: u16, extra: &[Field<'_>]) -> Vec<u8> {
    let mut b = Block { big_endian, out: Vec::new() };
    b.out = [if big_endian { b"MM\0*" } else { b"II*\0" }.to_vec(), vec![0; 4]].concat();
    let interop = b.directory(&[(1, 2, 4, b"R98\0"), (2, 7, 4, b"0100")], 0);
    let gps = b.directory(&[(1, 2, 2, b"N\0"), (0x1B, 7, 12, SECRET)], 0);
    // Longer than its entry tells, and holding what nobody may see.
    let picture = b.out.len() as u32;
    b.out.extend([b"\xFF\xD8thumb ".as_slice(), &[b'T'; 500], SECRET, b"\xFF\xD9"].concat());
    let thumbnail =
        b.directory(&[(0x0103, 3, 1, &b.short(6)), (0x0201, 4, 1, &b.long(picture)), (0x0202, 4, 1, &b.long(300))], 0);
    let (wide, high, none) = (b.long(4032), b.short(3024), b.short(0xFFFF));
    let note = b"MAKER\0offsets that count from the start, SECRET-PLACE";
    let exif = b.directory(
        &[
            (0x0002, 5, 3, &[7; 24]),
            (0x9000, 7, 4, b"0232"),
            (0x9003, 2, 20, b"2026:11:21 10:00:00\0"),
            (0x927C, 7, note.len() as u32, note),
            (0x9286, 7, 20, b"ASCII\0\0\0SECRET-PLACE"),
            (0x9999, 2, 12, SECRET),
            (0xA001, 3, 1, &none),
            (0xA002, 4, 1, &wide),
            (0xA003, 3, 1, &high),
            (0xA005, 4, 1, &b.long(interop)),
        ],
        0,
    );
    let mut first = vec![
        (0x010E, 2, 7, b"A leak\0".as_slice()),
        (0x02BC, 1, 12, SECRET),
        (0x83BB, 7, 12, SECRET),
        (0xC634, 1, 12, SECRET),
    ];
    let (turn, exif, gps) = (b.short(orientation), b.long(exif), b.long(gps));
    first.extend([(0x0112, 3, 1, turn.as_slice()), (0x8769, 4, 1, &exif), (0x8825, 4, 1, &gps), (0x0100, 4, 1, &wide)]);
    first.extend_from_slice(extra);
    first.sort_by_key(|(tag, ..)| *tag);
    let at = b.directory(&first, thumbnail);
    let at = b.long(at);
    b.out[4..8].copy_from_slice(&at);
    b.out
}

fn photo(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    with_segments(&jpeg(&busy(400, 300, 1), 90), segments)
}

fn under(source: &[u8], exif: ExifPolicy) -> Vec<u8> {
    fitted(source, &Policy { exif, ..unbound() }).unwrap().1
}

fn shrunk(source: &[u8], exif: ExifPolicy) -> Vec<u8> {
    fitted(source, &Policy { exif, max_edge: Some(200), ..unbound() }).unwrap().1
}

fn read(bytes: &[u8]) -> Option<Exif> {
    Reader::new().read_from_container(&mut Cursor::new(bytes)).ok()
}

fn number(exif: &Exif, tag: Tag) -> Option<u32> {
    exif.get_field(tag, In::PRIMARY)?.value.get_uint(0)
}

#[test]
fn in_either_byte_order_the_dimensions_are_the_outputs_and_the_picture_upright() {
    for big_endian in [false, true] {
        let source = photo(&[exif_segment(&camera_block(big_endian, 6, &[]))]);
        for policy in [ExifPolicy::Keep, ExifPolicy::NoLocation] {
            let out = shrunk(&source, policy);
            let (exif, picture) = (read(&out).unwrap(), decoded(&out));
            assert_eq!((picture.width(), picture.height()), (150, 200));
            for (tag, wanted) in [
                (Tag::PixelXDimension, 150),
                (Tag::PixelYDimension, 200),
                (Tag::ImageWidth, 150),
                (Tag::Orientation, 1),
                (Tag::ColorSpace, 0xFFFF),
            ] {
                assert_eq!(number(&exif, tag), Some(wanted), "{tag} under {policy:?}");
            }
            assert!(exif.get_field(Tag::JPEGInterchangeFormat, In::THUMBNAIL).is_none());
            assert!(!holds(&out, b"TTTT"), "the thumbnail is gone to its real end");
        }
    }
}

#[test]
fn the_place_is_gone_from_wherever_it_can_stand() {
    let stray = [(0x0004, 5, 3, [9; 24].as_slice()), (0xA434, 2, 12, SECRET)];
    for big_endian in [false, true] {
        let source = photo(&[exif_segment(&camera_block(big_endian, 1, &stray))]);
        let out = under(&source, ExifPolicy::NoLocation);
        assert!(!holds(&out, SECRET), "{}", out[..900].escape_ascii());
        let exif = read(&out).unwrap();
        assert_eq!(
            tags(&exif),
            [0x01, 0x02, 0x0100, 0x010E, 0x0112, 0x9000, 0x9003, 0xA001, 0xA002, 0xA003],
            "1 and 2 are those of interoperability"
        );
        assert!(exif.fields().all(|field| field.tag.context() != exif::Context::Gps));
        assert_eq!(number(&exif, Tag::PixelXDimension), Some(4032), "pixels that stay keep what is told of them");
    }
}

#[test]
fn a_kept_maker_note_stays_where_its_offsets_say() {
    let block = camera_block(true, 6, &[]);
    let out = shrunk(&photo(&[exif_segment(&block)]), ExifPolicy::Keep);
    let at = |block: &[u8]| block.windows(6).position(|window| window == b"MAKER\0");
    assert_eq!(at(read(&out).unwrap().buf()), at(&block));
    assert_eq!(out.windows(SECRET.len()).filter(|w| *w == SECRET).count(), 7, "all but the one in the thumbnail");
}

#[test]
fn segments_may_come_in_any_order_and_twice() {
    let good = camera_block(false, 6, &[]);
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\" exif:PixelXDimension=\"4032\"/>".to_vec();
    let jfif = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    let source = photo(&[
        (0xE1, xmp),
        exif_segment(b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"),
        exif_segment(&good),
        exif_segment(&camera_block(true, 3, &[])),
        (0xE0, jfif),
    ]);
    let out = shrunk(&source, ExifPolicy::Keep);
    assert_eq!((decoded(&out).width(), decoded(&out).height()), (150, 200), "by the first block that can be read");
    assert_eq!(out.windows(6).filter(|window| window == b"Exif\0\0").count(), 1);
    assert!(holds(&out, b"<x tiff:Orientation=\"1\"/>"), "the dimensions of other pixels are no longer told");
}

#[test]
fn what_would_no_longer_hold_is_gone_from_a_changed_file_and_stays_in_one_passed_through() {
    let gone: [(u8, &[u8]); 6] = [
        (0xE2, b"MPF\0II*\0 other pictures at offsets"),
        (0xE2, b"FPXR\0 flash"),
        (0xEB, b"JP\0\0 signed c2pa"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\x000123456789ABCDEF0123456789ABCDEF\0\0\0\x08\0\0\0\0the half"),
        (0xE5, b"Maker\0 of its own"),
        (0xE0, b"JFXX\0\x10 thumbnail"),
    ];
    let segments: Vec<(u8, Vec<u8>)> = gone.iter().map(|(code, payload)| (*code, payload.to_vec())).collect();
    let source = photo(&segments);
    assert!(fitted(&source, &unbound()).unwrap().0.passthrough);
    for out in [shrunk(&source, ExifPolicy::Keep), under(&source, ExifPolicy::NoLocation)] {
        for (_, payload) in gone {
            assert!(!holds(&out, payload), "{}", payload.escape_ascii());
        }
    }
}

#[test]
fn gain_maps_and_halves_of_extended_packets_leave_the_words_behind() {
    let packet = |more: &str| {
        let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
        let words = "<rdf:Seq><rdf:li>A. Fitter</rdf:li></rdf:Seq>";
        format!(
            "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{rdf}'>\
             <rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' {more}><dc:creator>{words}</dc:creator>\
             </rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    };
    for more in [
        "xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0'",
        "xmlns:xmpNote='http://ns.adobe.com/xmp/note/' xmpNote:HasExtendedXMP='0123'",
    ] {
        let out = shrunk(&photo(&[(0xE1, packet(more).into_bytes())]), ExifPolicy::Keep);
        assert!(holds(&out, b"A. Fitter") && !holds(&out, b"hdrgm") && !holds(&out, b"HasExtended"));
    }
}

#[test]
fn an_offices_captions_survive_the_loss_of_the_place() {
    let dataset = |number: u8, text: &[u8]| [&[0x1C, 2, number, 0, text.len() as u8][..], text].concat();
    let records = [dataset(80, b"A. Fitter"), dataset(90, SECRET), dataset(103, b"job 7")].concat();
    let mut resource = [b"8BIM\x04\x04\0\0".as_slice(), &(records.len() as u32).to_be_bytes(), &records].concat();
    resource.resize(resource.len().next_multiple_of(2), 0);
    let (a, b) = resource.split_at(20);
    let halves = [a, b].map(|half| (0xED, [b"Photoshop 3.0\0".as_slice(), half].concat()));
    for out in [under(&photo(&halves), ExifPolicy::NoLocation), shrunk(&photo(&halves), ExifPolicy::NoLocation)] {
        assert!(holds(&out, b"A. Fitter") && holds(&out, b"job 7") && !holds(&out, SECRET));
        assert_eq!(out.windows(14).filter(|window| window == b"Photoshop 3.0\0").count(), 1);
    }
    assert!(!holds(&under(&photo(&halves), ExifPolicy::Minimal), b"A. Fitter"));
}

#[test]
fn a_thumbnail_in_the_jfif_header_goes_with_the_rest() {
    let plain = jpeg(&busy(40, 30, 1), 90);
    let mut source = plain[..2].to_vec();
    source.extend(b"\xFF\xE0\0\x13JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01\xAB\xCD\xEF");
    source.extend(&plain[2 + 18..]); // its own header
    let out = under(&source, ExifPolicy::None);
    assert!(
        out.starts_with(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x48\0\0\xFF"),
        "{}",
        out[..24].escape_ascii()
    );
    assert_eq!(decoded(&out), decoded(&source));
}

#[test]
fn a_screenshots_texts_and_times_obey_the_policy() {
    let mut out = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut out);
    image::ImageEncoder::set_exif_metadata(&mut encoder, camera_block(true, 1, &[])).unwrap();
    busy(90, 60, 1).write_with_encoder(encoder).unwrap();
    let chunk = |kind: &[u8], data: &[u8]| [&(data.len() as u32).to_be_bytes()[..], kind, data, &[0; 4]].concat();
    let texts = [
        chunk(b"tIME", &[7, 234, 11, 21, 10, 0, 0]),
        chunk(b"tEXt", &[b"Comment\0", SECRET].concat()),
        chunk(b"zTXt", b"Raw profile type exif\0\0xxxx"),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", SECRET].concat()),
        chunk(b"caBX", SECRET),
    ];
    let end = out.len() - 12;
    let source = [&out[..end], &texts.concat(), &out[end..]].concat();
    assert!(fitted(&source, &unbound()).unwrap().0.passthrough);
    for policy in [ExifPolicy::NoLocation, ExifPolicy::Minimal, ExifPolicy::None] {
        let out = under(&source, policy);
        for gone in [SECRET, b"tIME", b"tEXt", b"zTXt", b"iTXt", b"caBX"] {
            assert!(!holds(&out, gone), "{policy:?}: {}", gone.escape_ascii());
        }
        let time = read(&out).and_then(|exif| exif.get_field(Tag::DateTimeOriginal, In::PRIMARY).cloned());
        assert_eq!(time.is_some(), policy != ExifPolicy::None);
        assert_eq!(decoded(&out), decoded(&source));
    }
}

#[test]
fn metadata_takes_a_quarter_of_the_cap_and_no_more() {
    let words = |n: usize| (0xFE, vec![b'w'; n]);
    let source = photo(&[exif_segment(&camera_block(false, 6, &[])), words(3_000), words(3_000), words(3_000)]);
    let (_, out) = fitted(&source, &Policy { cap: Some(32_000), ..Policy::default() }).unwrap();
    let taken = out.windows(1_000).filter(|window| window.iter().all(|byte| *byte == b'w')).count();
    assert!(read(&out).is_some());
    assert_eq!(taken, 2 * 2_001, "EXIF and two comments fit 8000 bytes, the third does not");
}
