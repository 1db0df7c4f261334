//! Pictures that can be made to fit: size, dimensions, orientation, formats, passing through.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use common::{
    Bench, busy, decoded, difference, encoded, exif_segment, fitted, jpeg, orientation_block, scene, stored_under,
    unbound,
};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_imaging::{FitError, Format, Policy, QualityRange};
use image::{DynamicImage, ImageFormat, RgbaImage};

#[test]
fn the_cap_is_never_exceeded_and_well_filled_whatever_the_picture_and_the_edge() {
    let pictures = [
        jpeg(&busy(1400, 1000, 1), 95),
        jpeg(&busy(700, 1300, 2), 97),
        jpeg(&busy(900, 900, 3), 99),
        jpeg(&scene(1200, 800), 95),
        Shot { width: 1600, height: 1200, seed: 4, orientation: 6, quality: 96, ..Shot::default() }.jpeg().unwrap(),
    ];
    let (mut met, mut unmet) = (0, 0);
    for (number, picture) in pictures.iter().enumerate() {
        let bench = Bench::with(picture);
        for cap in [3_000, 20_000, 45_000, 90_000, 180_000, 400_000] {
            for edge in [300, 801, 1280, 4000] {
                let policy = Policy { cap: Some(cap), max_edge: Some(edge), min_edge: 320, ..Policy::default() };
                match bench.fit(&policy) {
                    Ok((fitted, bytes)) => {
                        met += 1;
                        assert_eq!((decoded(&bytes).width(), decoded(&bytes).height()), (fitted.width, fitted.height));
                        let bound_by_cap = fitted.quality.is_some_and(|quality| (46..80).contains(&quality));
                        let filled = fitted.bytes as f64 / cap as f64;
                        assert!(!bound_by_cap || filled > 0.93, "picture {number}, cap {cap}, edge {edge}: {fitted:?}");
                    }
                    Err(FitError::CapNotMet { smallest, cap: told }) => {
                        unmet += 1;
                        assert_eq!(told, cap);
                        assert!(smallest > cap, "picture {number}, cap {cap}, edge {edge}: {smallest}");
                        assert!(
                            bench.fit(&Policy { cap: Some(smallest), ..policy }).is_ok(),
                            "{smallest} was promised"
                        );
                    }
                    Err(error) => panic!("picture {number}, cap {cap}, edge {edge}: {error}"),
                }
            }
        }
    }
    assert!(met > 80 && unmet > 4, "{met} met, {unmet} not: the grid has to reach both");
}

#[test]
fn all_eight_orientations_come_out_upright_with_the_tag_set_to_1() {
    let seen = scene(97, 64);
    for orientation in 1..=8 {
        let stored = jpeg(&stored_under(orientation, &seen), 95);
        let source = common::with_segments(&stored, &[exif_segment(&orientation_block(orientation))]);
        let (fitted, bytes) = fitted(&source, &unbound()).unwrap();
        assert_eq!((fitted.width, fitted.height), (97, 64));
        assert_eq!(fitted.passthrough, orientation == 1);
        let off = difference(&decoded(&bytes), &DynamicImage::from(seen.clone()));
        assert!(off < 3.0, "orientation {orientation}: off by {off}");
        let block = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&bytes)).unwrap();
        let tag = block.get_field(exif::Tag::Orientation, exif::In::PRIMARY).unwrap();
        assert_eq!(tag.value.get_uint(0), Some(1), "orientation {orientation}");
    }
}

#[test]
fn orientation_is_also_obeyed_while_shrinking_and_in_other_containers() {
    let seen = scene(400, 300);
    let policy = Policy { max_edge: Some(200), ..unbound() };
    let small = DynamicImage::from(seen.clone()).resize_exact(200, 150, image::imageops::FilterType::Lanczos3);
    for orientation in [3, 6, 7] {
        let stored = jpeg(&stored_under(orientation, &seen), 95);
        let source = common::with_segments(&stored, &[exif_segment(&orientation_block(orientation))]);
        let (_, bytes) = fitted(&source, &policy).unwrap();
        assert!(difference(&decoded(&bytes), &small) < 3.0, "JPEG, orientation {orientation}");

        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        image::ImageEncoder::set_exif_metadata(&mut encoder, orientation_block(orientation)).unwrap();
        stored_under(orientation, &seen).write_with_encoder(encoder).unwrap();
        let (_, bytes) = fitted(&png, &unbound()).unwrap();
        assert!(
            difference(&decoded(&bytes), &DynamicImage::from(seen.clone())) < 3.0,
            "PNG, orientation {orientation}"
        );
    }
}

#[test]
fn camera_files_in_all_eight_orientations_come_out_alike() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/photos/orientation");
    if !folder.is_dir() {
        return; // the made ones above prove the same; these are only more of it
    }
    for scene in ["Landscape", "Portrait"] {
        let fit = |number: u8| {
            let source = std::fs::read(folder.join(format!("{scene}_{number}.jpg"))).unwrap();
            let (fitted, bytes) = fitted(&source, &Policy { max_edge: Some(600), ..Policy::default() }).unwrap();
            assert_eq!(fitted.width > fitted.height, scene == "Landscape", "{scene} {number}");
            decoded(&bytes)
        };
        let first = fit(1);
        for number in 2..=8 {
            let off = difference(&fit(number), &first);
            assert!(off < 6.0, "{scene} {number}: off by {off}");
        }
    }
}

#[test]
fn what_is_good_enough_passes_through_bit_for_bit() {
    let photo = jpeg(&busy(640, 480, 7), 85);
    let trailed = [photo.as_slice(), b"a motion clip behind the picture"].concat();
    let png = encoded(&DynamicImage::from(scene(300, 200)), ImageFormat::Png);
    for source in [&photo, &trailed, &png] {
        let (fitted, bytes) = fitted(source, &Policy::default()).unwrap();
        assert!(fitted.passthrough && fitted.quality.is_none() && fitted.passes == 0);
        assert_eq!(&bytes, source);
    }
    let exactly = Policy { cap: Some(photo.len() as u64), max_edge: Some(640), ..Policy::default() };
    assert!(fitted(&photo, &exactly).unwrap().0.passthrough, "bounds are met by what equals them");
    let one_less = Policy { cap: Some(photo.len() as u64 - 1), ..Policy::default() };
    assert!(!fitted(&photo, &one_less).unwrap().0.passthrough);
    let narrower = Policy { max_edge: Some(639), ..Policy::default() };
    assert_eq!(fitted(&photo, &narrower).unwrap().0.width, 639);
}

#[test]
fn a_picture_is_never_inflated_to_fill_the_cap() {
    let poor = jpeg(&stored_under(6, &busy(800, 600, 9)), 40);
    let source = common::with_segments(&poor, &[exif_segment(&orientation_block(6))]);
    let policy = Policy { cap: Some(20_000_000), quality: QualityRange::between(30, 92), ..Policy::default() };
    let (fitted, _) = fitted(&source, &policy).unwrap();
    assert_eq!(fitted.quality, Some(40), "no better than its source");
    assert!(fitted.bytes < 2 * source.len() as u64);

    let fine = common::fitted(&jpeg(&busy(800, 600, 9), 100), &Policy { max_edge: Some(400), ..policy }).unwrap().0;
    assert_eq!(fine.quality, Some(92), "no better than the ceiling");
}

#[test]
fn a_photograph_of_twelve_megapixels_fits_a_megabyte_and_half_of_one() {
    let source = Shot { orientation: 6, ..Shot::default() }.jpeg().unwrap();
    let bench = Bench::with(&source);
    assert!(source.len() > 1_500_000, "{} bytes: not like a camera's", source.len());
    for cap in [1_000_000, 500_000] {
        let (fitted, bytes) = bench.fit(&Policy { cap: Some(cap), ..Policy::default() }).unwrap();
        assert_eq!((fitted.width, fitted.height), (1920, 2560));
        assert!(fitted.quality.is_some_and(|quality| quality >= 30) && fitted.passes <= 8, "{fitted:?}");
        assert_eq!(decoded(&bytes).color(), image::ColorType::Rgb8);
    }
}

#[test]
fn a_signature_stays_png_where_that_is_smaller_and_a_photo_does_not() {
    let strokes = RgbaImage::from_fn(1200, 500, |x, y| {
        let ink = (250.0 + 120.0 * (x as f32 / 60.0).sin() - y as f32).abs() < 4.0;
        image::Rgba([20, 20, 60, if ink { 255 } else { 0 }])
    });
    let source = encoded(&DynamicImage::from(strokes), ImageFormat::Png);
    let (signature, bytes) = fitted(&source, &Policy { max_edge: Some(600), ..Policy::default() }).unwrap();
    assert_eq!((signature.format, signature.width, signature.quality), (Format::Png, 600, None));
    assert_eq!(signature.format.content_type().extension(), "png");
    assert!(decoded(&bytes).color().has_alpha(), "the paper stays clear");

    let photo = encoded(&DynamicImage::from(busy(900, 700, 5)), ImageFormat::Png);
    let (photo, bytes) = fitted(&photo, &Policy { cap: Some(150_000), ..Policy::default() }).unwrap();
    assert_eq!(photo.format, Format::Jpeg);
    assert!(bytes.starts_with(b"\xFF\xD8"));
}

#[test]
fn transparent_pixels_are_white_in_a_jpeg_and_sixteen_bits_become_eight() {
    let noisy = busy(500, 400, 3);
    let clear = RgbaImage::from_fn(500, 400, |x, y| {
        let p = noisy.get_pixel(x, y).0;
        image::Rgba([p[0], p[1], p[2], if x < 250 { 255 } else { 0 }])
    });
    let source = encoded(&DynamicImage::from(clear), ImageFormat::Png);
    let (_, bytes) = fitted(&source, &Policy { cap: Some(60_000), ..Policy::default() }).unwrap();
    let out = decoded(&bytes).to_rgb8();
    assert!(out.enumerate_pixels().filter(|(x, _, _)| *x > 270).all(|(_, _, p)| p.0.iter().all(|v| *v > 247)));

    let deep = DynamicImage::from(busy(500, 400, 4)).to_rgb16();
    let source = encoded(&DynamicImage::from(deep), ImageFormat::Png);
    let (_, bytes) = fitted(&source, &Policy { max_edge: Some(300), ..Policy::default() }).unwrap();
    assert_eq!(decoded(&bytes).color(), image::ColorType::Rgb8);
}

#[test]
fn every_other_format_becomes_a_jpeg_or_a_png_and_gray_stays_gray() {
    let picture = DynamicImage::from(busy(320, 200, 6));
    for format in [ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff] {
        let source = encoded(&picture, format);
        let (fitted, bytes) = fitted(&source, &Policy::default()).unwrap();
        assert!(!fitted.passthrough && (fitted.width, fitted.height) == (320, 200), "{format:?}: {fitted:?}");
        let found = image::guess_format(&bytes).unwrap();
        assert_eq!(found == ImageFormat::Png, fitted.format == Format::Png);
        assert!(difference(&decoded(&bytes), &picture) < 14.0, "{format:?}");
    }
    let mut gray = Vec::new();
    let luma = picture.to_luma8();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut gray, 90).encode_image(&luma).unwrap();
    let (_, bytes) = fitted(&gray, &Policy { max_edge: Some(160), ..Policy::default() }).unwrap();
    assert_eq!(decoded(&bytes).color(), image::ColorType::L8);
}

#[test]
fn the_smallest_and_the_thinnest_pictures_work() {
    for (width, height) in [(1, 1), (17, 17), (1, 300), (3000, 1), (8, 9)] {
        let source = encoded(&DynamicImage::from(scene(width, height)), ImageFormat::Bmp);
        let (fitted, bytes) = fitted(&source, &Policy::default()).unwrap();
        assert_eq!(fitted.width.max(fitted.height), width.max(height).min(2560));
        assert_eq!(decoded(&bytes).width(), fitted.width);
    }
}

#[test]
fn the_same_source_and_policy_give_the_same_bytes() {
    let source = jpeg(&busy(1000, 800, 8), 97);
    let policy = Policy { cap: Some(70_000), ..Policy::default() };
    assert_eq!(fitted(&source, &policy).unwrap(), fitted(&source, &policy).unwrap());
}
