//! Against `image`'s encoder and decoder.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use super::{planes, psnr};

fn gray(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| image::Luma([(x * 5 + y * 3 + x * y / 7 % 40) as u8]))
}

fn rgb(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 4) as u8, (200 - y) as u8, (x * y / 9) as u8]))
}

fn encoded(picture: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 90).encode_image(picture).unwrap();
    file
}

#[test]
fn a_gray_picture_is_what_another_decoder_makes_of_it() {
    for (width, height) in [(1, 1), (8, 8), (17, 9), (100, 75)] {
        let file = encoded(&gray(width, height).into());
        let other = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).unwrap().to_luma8();
        let ours = planes(&file);
        assert!(!ours.ending.truncated);
        assert!(psnr(&ours.samples[0], &other) > 55.0, "{width} x {height}");
    }
}

#[test]
fn a_colour_picture_is_what_another_decoder_makes_of_it() {
    for (width, height) in [(1, 1), (16, 8), (33, 50)] {
        let file = encoded(&rgb(width, height).into());
        let other = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).unwrap().to_rgb8();
        let ours = planes(&file);
        assert_eq!(ours.samples.len(), 3);
        let pixels = ours.samples[0].iter().zip(&ours.samples[1]).zip(&ours.samples[2]);
        let converted: Vec<u8> = pixels
            .flat_map(|((y, cb), cr)| {
                let (y, cb, cr) = (f64::from(*y), f64::from(*cb) - 128.0, f64::from(*cr) - 128.0);
                [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
            })
            .map(|value| value.round().clamp(0.0, 255.0) as u8)
            .collect();
        assert!(psnr(&converted, &other) > 45.0, "{width} x {height}");
    }
}
