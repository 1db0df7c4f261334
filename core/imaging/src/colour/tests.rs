use super::*;

/// Display P3 as a camera's profile has it, laid out by hand from the colorants of Apple's: version 2, a curve of one power,
/// or version 4 with sRGB's.
fn display_p3(version: u8) -> Vec<u8> {
    let fixed = |value: f64| ((value * 65_536.0).round() as i32).to_be_bytes();
    let xyz = |x, y, z| [b"XYZ \0\0\0\0".to_vec(), fixed(x).to_vec(), fixed(y).to_vec(), fixed(z).to_vec()].concat();
    let curve = match version {
        2 => b"curv\0\0\0\0\0\0\0\x01\x02\x33\0\0".to_vec(), // 2 + 51 / 256
        _ => {
            let para = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45].map(fixed).concat();
            [b"para\0\0\0\0\0\x03\0\0".to_vec(), para].concat()
        }
    };
    profile(
        version,
        b"RGB ",
        &[
            (b"rXYZ", xyz(0.515_12, 0.241_20, -0.001_05)),
            (b"gXYZ", xyz(0.291_98, 0.692_25, 0.041_89)),
            (b"bXYZ", xyz(0.157_10, 0.066_57, 0.784_07)),
            (b"wtpt", xyz(0.964_2, 1.0, 0.824_9)),
            (b"rTRC", curve.clone()),
            (b"gTRC", curve.clone()),
            (b"bTRC", curve),
        ],
    )
}

fn profile(version: u8, space: &[u8; 4], tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0; 128];
    out[8] = version;
    out[12..16].copy_from_slice(b"mntr");
    out[16..20].copy_from_slice(space);
    out[20..24].copy_from_slice(b"XYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    out.extend((tags.len() as u32).to_be_bytes());
    let mut at = (132 + 12 * tags.len()) as u32;
    for (name, data) in tags {
        out.extend([name.as_slice(), &at.to_be_bytes(), &(data.len() as u32).to_be_bytes()].concat());
        at += data.len() as u32;
    }
    out.extend(tags.iter().flat_map(|(_, data)| data.clone()));
    let size = (out.len() as u32).to_be_bytes();
    out[..4].copy_from_slice(&size);
    out
}

fn converter(profile: &[u8], gray: bool) -> Converter {
    match read(profile, gray) {
        Reading::Convertible(converter) => converter,
        Reading::Srgb => panic!("read as sRGB"),
        Reading::Unusable => panic!("not read"),
    }
}

fn patch(converter: &Converter, rgb: [u8; 3]) -> [u8; 3] {
    let mut data = rgb;
    converter.samples(&mut data, 3);
    data
}

#[test]
fn display_p3_becomes_the_srgb_that_shows_the_same_colour() {
    // Published pairs (CSS Color 4's conversion), none of them outside of sRGB; and the reddest, which is clipped to it.
    let p3 = converter(&display_p3(4), false);
    for (from, to) in [
        ([234, 51, 35], [255, 0, 0]),
        ([117, 251, 76], [0, 255, 0]),
        ([0, 0, 245], [0, 0, 255]),
        ([128, 128, 128], [128, 128, 128]),
        ([255, 255, 255], [255, 255, 255]),
        ([0, 0, 0], [0, 0, 0]),
        ([255, 0, 0], [255, 0, 0]),
    ] {
        let got = patch(&p3, from);
        assert!(got.iter().zip(to).all(|(a, b)| a.abs_diff(b) <= 3), "{from:?} became {got:?}, not {to:?}");
    }
}

#[test]
fn another_engine_comes_to_the_same_colours() {
    use moxcms::{ColorProfile, Layout, TransformOptions};
    for profile in [display_p3(2), display_p3(4), described(&Chromaticities::BT2020, Some(2.2)).unwrap()] {
        let theirs = ColorProfile::new_from_slice(&profile).unwrap();
        let srgb = ColorProfile::new_srgb();
        let theirs =
            theirs.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()).unwrap();
        let steps = || (0..=255u8).step_by(15);
        let all: Vec<u8> =
            steps().flat_map(|r| steps().flat_map(move |g| steps().flat_map(move |b| [r, g, b]))).collect();
        let (mut ours, mut wanted) = (all.clone(), vec![0; all.len()]);
        converter(&profile, false).samples(&mut ours, 3);
        theirs.transform(&all, &mut wanted).unwrap();
        let most = ours.iter().zip(&wanted).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(most <= 1, "off by {most}");
    }
}

#[test]
fn planes_of_ycbcr_become_what_their_pixels_would() {
    let p3 = converter(&display_p3(4), false);
    // 180, 90, 60 in YCbCr.
    let (y, cb, cr) = (113, 98, 176);
    let [r, g, b] = patch(&p3, [180, 90, 60]).map(f32::from);
    let wanted = [
        0.299 * r + 0.587 * g + 0.114 * b,
        128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
        128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
    ];
    for half in [false, true] {
        let chroma = if half { (4, 4) } else { (16, 8) };
        let (mut luma, mut blue, mut red) = (vec![y; 16], vec![cb; chroma.0], vec![cr; chroma.0]);
        p3.planes(&mut [(&mut luma, 8), (&mut blue, chroma.1), (&mut red, chroma.1)]);
        for (plane, wanted) in [luma, blue, red].into_iter().zip(wanted) {
            assert!(plane.iter().all(|sample| (f32::from(*sample) - wanted).abs() < 1.5), "{plane:?}, not {wanted}");
        }
    }
    let mut odd = [vec![1, 2, 3], vec![4], vec![5]];
    let [y, cb, cr] = &mut odd;
    p3.planes(&mut [(y, 3), (cb, 1), (cr, 1)]);
    assert_eq!(odd, [vec![1, 2, 3], vec![4], vec![5]], "planes that do not belong together stay");
}

#[test]
fn alpha_stays() {
    let mut pixels = [234, 51, 35, 7, 234, 51, 35, 200];
    converter(&display_p3(4), false).samples(&mut pixels, 4);
    assert_eq!((pixels[3], pixels[7]), (7, 200));
    assert!(pixels[0] >= 253);
}

#[test]
fn srgb_in_any_words_is_srgb() {
    assert!(matches!(read(&described(&Chromaticities::BT709, None).unwrap(), false), Reading::Srgb));
    let table: Vec<u8> = (0..1024u32)
        .flat_map(|n| ((Curve::SRGB.light(f64::from(n) / 1023.0) * 65_535.0) as u16).to_be_bytes())
        .collect();
    let curve = [b"curv\0\0\0\0\0\0\x04\0".to_vec(), table].concat();
    assert!(matches!(read(&profile(2, b"GRAY", &[(b"kTRC", curve)]), true), Reading::Srgb));
}

#[test]
fn gray_of_another_gamma_is_converted() {
    let dark = profile(2, b"GRAY", &[(b"kTRC", b"curv\0\0\0\0\0\0\0\x01\x01\0".to_vec())]);
    let mut gray = [0, 55, 255];
    converter(&dark, true).samples(&mut gray, 1);
    assert_eq!(gray, [0, 128, 255], "linear light, a fifth of it, is the middle of sRGB");
    let mut plane = [55; 4];
    converter(&dark, true).planes(&mut [(&mut plane, 2)]);
    assert_eq!(plane, [128; 4]);
    assert!(matches!(read(&dark, false), Reading::Unusable), "for pixels of another kind");
}

#[test]
fn a_profile_of_another_kind_or_broken_is_left_alone() {
    let good = display_p3(4);
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        bad
    };
    for (what, bad) in [
        ("empty", Vec::new()),
        ("cut", good[..200].to_vec()),
        ("no signature", with(36, b"xxxx")),
        ("of version 5", with(8, &[5])),
        ("for print", with(16, b"CMYK")),
        ("a link", with(12, b"link")),
        ("in Lab", with(20, b"Lab ")),
        ("without red", with(132, b"xXYZ")),
        ("with red beyond its end", with(136, &[0xFF; 8])),
        ("tinted", with(132 + 12 * 7 + 8, &[0, 0, 0, 0])),
        ("of PQ", profile(4, b"RGB ", &[(b"cicp", b"cicp\0\0\0\0\x09\x10\0\x01".to_vec())])),
        ("huge", vec![0; LONGEST + 1]),
    ] {
        assert!(matches!(read(&bad, false), Reading::Unusable), "{what}");
    }
    for end in 0..good.len() {
        let _ = read(&good[..end], false);
    }
}

#[test]
fn what_cameras_call_adobe_rgb_is_wider_than_srgb() {
    let adobe = adobe_rgb().unwrap();
    assert_eq!(patch(&adobe, [255, 255, 255]), [255, 255, 255]);
    let [r, g, b] = patch(&adobe, [219, 0, 0]);
    assert!(r >= 252 && g <= 2 && b <= 2, "sRGB's red is 219, 0, 0 there: {r} {g} {b}");
}
