//! Pictures that are not in sRGB: carried with their profile, or converted, and never shown wrong.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use common::{busy, decoded, encoded, exif_segment, fitted, jpeg, unbound, with_segments};
use fieldpost_imaging::{Fitted, Format, Policy, ProfilePolicy};
use image::{ImageFormat, Rgb, RgbImage};

/// Display P3, laid out by hand from the colorants of Apple's profile, `filling` bytes longer than it has to be.
fn display_p3(filling: usize) -> Vec<u8> {
    let fixed = |value: f64| ((value * 65_536.0).round() as i32).to_be_bytes();
    let xyz = |x, y, z| [b"XYZ \0\0\0\0".to_vec(), fixed(x).to_vec(), fixed(y).to_vec(), fixed(z).to_vec()].concat();
    let curve = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45].map(fixed).concat();
    let curve = [b"para\0\0\0\0\0\x03\0\0".to_vec(), curve].concat();
    let tags = [
        (b"rXYZ", xyz(0.515_12, 0.241_20, -0.001_05)),
        (b"gXYZ", xyz(0.291_98, 0.692_25, 0.041_89)),
        (b"bXYZ", xyz(0.157_10, 0.066_57, 0.784_07)),
        (b"wtpt", xyz(0.964_2, 1.0, 0.824_9)),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let mut out = vec![0; 128];
    out[8] = 4;
    out[12..24].copy_from_slice(b"mntrRGB XYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    out.extend(7u32.to_be_bytes());
    let mut at = 132 + 12 * 7u32;
    for (name, data) in &tags {
        out.extend([name.as_slice(), &at.to_be_bytes(), &(data.len() as u32).to_be_bytes()].concat());
        at += data.len() as u32;
    }
    out.extend(tags.into_iter().flat_map(|(_, data)| data));
    out.resize(out.len() + filling, b'f');
    let size = (out.len() as u32).to_be_bytes();
    out[..4].copy_from_slice(&size);
    out
}

fn icc_segments(profile: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let parts = profile.chunks(65_000);
    let of = parts.len() as u8;
    parts.zip(1..).map(|(part, n)| (0xE2, [b"ICC_PROFILE\0".as_slice(), &[n, of], part].concat())).collect()
}

/// The red of sRGB as Display P3 has it.
const RED_IN_P3: [u8; 3] = [234, 51, 35];

fn red(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(RED_IN_P3))
}

fn middle(bytes: &[u8]) -> [u8; 3] {
    let picture = decoded(bytes).to_rgb8();
    picture.get_pixel(picture.width() / 2, picture.height() / 2).0
}

fn is_near(got: [u8; 3], wanted: [u8; 3]) -> bool {
    got.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 5)
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn srgb() -> Policy {
    Policy { profile: ProfilePolicy::Srgb, ..unbound() }
}

#[test]
fn a_p3_photo_is_carried_with_its_profile_or_converted_and_means_the_same_red() {
    let source = with_segments(&jpeg(&red(64, 48), 95), &icc_segments(&display_p3(0)));
    let (carried, out) = fitted(&source, &Policy { max_edge: Some(40), ..unbound() }).unwrap();
    assert!(!carried.passthrough && holds(&out, &display_p3(0)));
    assert!(is_near(middle(&out), RED_IN_P3));
    for max_edge in [None, Some(40)] {
        let (converted, out) = fitted(&source, &Policy { max_edge, ..srgb() }).unwrap();
        assert!(!converted.passthrough && !holds(&out, b"ICC_PROFILE"));
        assert!(is_near(middle(&out), [255, 0, 0]), "{:?}", middle(&out));
    }
}

#[test]
fn a_converted_photo_says_so_in_its_metadata() {
    // Uncalibrated, as phones say of P3; and as cameras say of Adobe RGB, without a profile.
    let block = |interop: &[u8; 4]| {
        let mut block = b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1A\0\0\0\0\0\0\0".to_vec();
        block.extend(b"\x02\0\x01\xA0\x03\0\x01\0\0\0\xFF\xFF\0\0\x05\xA0\x04\0\x01\0\0\0\x38\0\0\0\0\0\0\0");
        block.extend(b"\x01\0\x01\0\x02\0\x04\0\0\0");
        block.extend(interop);
        block.extend([0; 4]);
        block
    };
    let space = |out: &[u8]| {
        let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(out)).unwrap();
        exif.get_field(exif::Tag::ColorSpace, exif::In::PRIMARY).unwrap().value.get_uint(0)
    };
    let p3 = [vec![exif_segment(&block(b"R98\0"))], icc_segments(&display_p3(0))].concat();
    let out = fitted(&with_segments(&jpeg(&red(64, 48), 95), &p3), &srgb()).unwrap().1;
    assert_eq!(space(&out), Some(1));

    let adobe = RgbImage::from_pixel(64, 48, Rgb([219, 0, 0]));
    let source = with_segments(&jpeg(&adobe, 95), &[exif_segment(&block(b"R03\0"))]);
    let (fitted, out) = fitted(&source, &srgb()).unwrap();
    assert!(!fitted.passthrough && space(&out) == Some(1) && holds(&out, b"R98\0"));
    assert!(is_near(middle(&out), [255, 0, 0]), "{:?}", middle(&out));
}

#[test]
fn a_photo_in_srgb_passes_through_whatever_becomes_of_other_colours() {
    let source = jpeg(&busy(64, 48, 1), 90);
    assert!(fitted(&source, &srgb()).unwrap().0.passthrough);
}

#[test]
fn what_cannot_be_converted_keeps_its_profile() {
    let mut broken = display_p3(0);
    broken[36..40].copy_from_slice(b"none");
    let source = with_segments(&jpeg(&red(64, 48), 95), &icc_segments(&broken));
    assert!(fitted(&source, &srgb()).unwrap().0.passthrough);
    let (_, out) = fitted(&source, &Policy { max_edge: Some(40), ..srgb() }).unwrap();
    assert!(holds(&out, &broken) && is_near(middle(&out), RED_IN_P3));
}

#[test]
fn where_the_profile_has_no_room_the_colours_are_converted() {
    let source = with_segments(&jpeg(&red(640, 480), 95), &icc_segments(&display_p3(30_000)));
    let cap = |cap| Policy { cap: Some(cap), max_edge: Some(400), ..Policy::default() };
    let (_, out) = fitted(&source, &cap(200_000)).unwrap();
    assert!(holds(&out, &display_p3(30_000)) && is_near(middle(&out), RED_IN_P3));
    let (_, out) = fitted(&source, &cap(100_000)).unwrap();
    assert!(!holds(&out, b"ICC_PROFILE"));
    assert!(is_near(middle(&out), [255, 0, 0]), "{:?}", middle(&out));
}

#[test]
fn a_profile_takes_its_bytes_from_the_cap_before_any_other_metadata() {
    let comment = (0xFE, vec![b'w'; 20_000]);
    let segments = [vec![comment], icc_segments(&display_p3(20_000))].concat();
    let source = with_segments(&jpeg(&busy(900, 700, 1), 95), &segments);
    let (fitted, out) = fitted(&source, &Policy { cap: Some(100_000), ..Policy::default() }).unwrap();
    assert!(fitted.bytes <= 100_000 && holds(&out, &display_p3(20_000)) && !holds(&out, b"wwww"));
}

#[test]
fn a_screenshot_that_tells_its_colours_in_a_chunk_is_shown_right() {
    let plain = encoded(&red(64, 48).into(), ImageFormat::Png);
    let code = b"\0\0\0\x04cICP\x0C\x0D\0\x01"; // Display P3
    let checksum = crc32(&code[4..]);
    let source = [&plain[..33], code.as_slice(), &checksum.to_be_bytes(), &plain[33..]].concat();
    assert!(fitted(&source, &unbound()).unwrap().0.passthrough);
    let converted = |policy: &Policy| -> (Fitted, Vec<u8>) { fitted(&source, policy).unwrap() };
    let (_, out) = converted(&srgb());
    assert!(is_near(middle(&out), [255, 0, 0]), "{:?}", middle(&out));
    let (small, out) = converted(&Policy { max_edge: Some(40), ..unbound() });
    assert!(is_near(middle(&out), RED_IN_P3));
    let carrier: &[u8] = if small.format == Format::Png { b"iCCP" } else { b"ICC_PROFILE" };
    assert!(holds(&out, carrier), "the chunk's word goes along as a profile");
}

/// The checksum of PNG's chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}
