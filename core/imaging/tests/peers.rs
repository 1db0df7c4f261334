//! What is written is read alike by the decoders that it will meet: libjpeg-turbo, zune-jpeg, and the `image` crate's.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::process::{Command, Stdio};

use common::corpus::{self, Sample};
use common::{busy, decoded, fitted, jpeg, scene, unbound};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_imaging::{ExifPolicy, Policy};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The least between two decoders' pixels, in decibels. Of a picture of a few pixels most are at an edge, where each smooths colour
/// in its own way.
const ALIKE: f64 = 38.0;
const ALIKE_TINY: f64 = 30.0;

/// Pictures as they come out of the one seam, under caps that make the search go every way.
fn outputs() -> Vec<Sample> {
    let mut sources = vec![
        Sample { name: "busy".into(), file: jpeg(&busy(501, 333, 1), 96) },
        Sample { name: "calm".into(), file: jpeg(&scene(333, 501), 96) },
        Sample { name: "one pixel".into(), file: jpeg(&busy(1, 1, 3), 96) },
    ];
    for orientation in 1..=8 {
        let shot = Shot { width: 640, height: 480, orientation, ..Shot::default() };
        sources.push(Sample { name: format!("a made photo, {orientation}"), file: shot.jpeg().unwrap() });
    }
    sources.extend(corpus::committed());
    let mut outputs = Vec::new();
    for Sample { name, file } in sources {
        for (cap, edge) in [(None, None), (None, Some(39)), (Some(9_000), Some(400)), (None, Some(17))] {
            let policy = Policy { cap, max_edge: edge, min_edge: 8, exif: ExifPolicy::Minimal, ..unbound() };
            let (fitted, bytes) = fitted(&file, &policy).unwrap_or_else(|error| panic!("{name}, {cap:?}: {error}"));
            if fitted.passes > 0 {
                outputs.push(Sample { name: format!("{name}, {cap:?}, {edge:?}"), file: bytes });
            }
        }
    }
    assert!(outputs.len() > 60, "{} outputs", outputs.len());
    outputs
}

/// Brightness alone, as this decoder sees it.
fn zune(file: &[u8], colours: ColorSpace) -> Vec<u8> {
    let options = DecoderOptions::default().set_strict_mode(true).jpeg_set_out_colorspace(colours);
    JpegDecoder::new_with_options(ZCursor::new(file), options).decode().unwrap()
}

/// What `djpeg` shows, after a word on what it is; its warnings count as failures.
fn djpeg(file: &[u8], arguments: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (dir.path().join("in.jpg"), dir.path().join("out.pnm"));
    std::fs::write(&path, file).unwrap();
    let mut command = Command::new("djpeg");
    command.args(["-dct", "int", "-pnm"]).args(arguments).arg("-outfile").arg(&out).arg(&path);
    let ended = command.stdin(Stdio::null()).output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    let shown = std::fs::read(out).unwrap();
    // Behind the kind, the dimensions and the depth.
    let behind = shown.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0 + 1;
    shown[behind..].to_vec()
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let error: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / error).log10()
}

#[test]
fn every_decoder_reads_what_is_written_alike_and_without_a_complaint() {
    let has_djpeg = corpus::find(&["djpeg"]).is_some();
    for Sample { name, file } in outputs() {
        let brightness = zune(&file, ColorSpace::Luma);
        let image = decoded(&file);
        let is_gray = !image.color().has_color();
        let seen = if is_gray { image.to_luma8().into_raw() } else { image.to_rgb8().into_raw() };
        let colours = if is_gray { ColorSpace::Luma } else { ColorSpace::RGB };
        assert_eq!(seen, zune(&file, colours), "{name}: image and zune-jpeg");
        if has_djpeg {
            // The standard leaves the last bit of a sample to the decoder; smoothing between samples of colour, all of it.
            let theirs = djpeg(&file, &["-grayscale"]);
            let most = brightness.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(most <= Some(1) && brightness.len() == theirs.len(), "{name}: brightness is off by {most:?}");
            let least = if image.width().min(image.height()) < 16 { ALIKE_TINY } else { ALIKE };
            let found = psnr(&seen, &djpeg(&file, &[]));
            assert!(found > least, "{name}: {found:.1} dB");
        }
    }
}
