//! Files that are no pictures, half pictures, or meant to do harm; disks that are full; callers that change their mind.
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use std::io::{self, Cursor, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Bench, busy, decoded, difference, encoded, fitted, jpeg, scene, unbound};
use fieldpost_imaging::{ContentType, Control, FitError, Policy, fit, fit_stream};
use image::{DynamicImage, ImageFormat};

fn not_decodable(source: &[u8]) -> String {
    match fitted(source, &Policy::default()) {
        Err(FitError::NotDecodable { detail }) => detail,
        other => panic!("not refused as undecodable: {:?}", other.map(|(fitted, _)| fitted)),
    }
}

#[test]
fn what_is_no_picture_is_refused_by_what_it_is() {
    assert_eq!(not_decodable(b""), "the file is empty");
    assert_eq!(not_decodable(b"%PDF-1.7 ..."), "a PDF file, not a picture");
    assert_eq!(not_decodable(b"Pressure 1.5 bar"), "a text file, not a picture");
    assert_eq!(not_decodable(&[0, 1, 2, 3, 4, 5, 6, 7]), "no picture format is recognised in it");
    for head in
        [&b"\xFF\xD8\xFF"[..], b"\xFF\xD8\xFF\xD9", b"\x89PNG\r\n\x1A\n", b"GIF89a", b"II*\0", b"RIFF\0\0\0\0WEBPVP8 "]
    {
        not_decodable(head);
        // Garbage may claim any dimensions: refused by whichever gate comes first.
        let garbage = fitted(&[head, &[0xA5; 500]].concat(), &Policy::default());
        assert!(
            matches!(garbage, Err(FitError::NotDecodable { .. } | FitError::MemoryLimit { .. })),
            "{:?}",
            garbage.map(|(fitted, _)| fitted)
        );
    }
}

#[test]
fn heic_and_avif_are_recognised_and_left_to_the_host() {
    for (brand, wanted) in [(b"heic", ContentType::Heic), (b"avif", ContentType::Avif)] {
        let source = [b"\0\0\0\x14ftyp", brand.as_slice(), b"\0\0\0\0", brand].concat();
        match fitted(&source, &Policy::default()) {
            Err(FitError::UnsupportedFormat { found }) => assert_eq!(found, wanted),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_missing_file_a_folder_and_a_device_are_read_errors_of_their_own() {
    let bench = Bench::with(b"");
    let kind = |path: &std::path::Path| match fit(path, &bench.out, &Policy::default(), &Control::default()) {
        Err(FitError::Read(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(&bench.dir.path().join("nowhere")), io::ErrorKind::NotFound);
    assert_eq!(kind(bench.dir.path()), io::ErrorKind::IsADirectory);
    #[cfg(unix)]
    assert_eq!(kind("/dev/zero".as_ref()), io::ErrorKind::InvalidInput);
    assert!(!bench.out.exists());
}

#[test]
fn an_output_that_is_there_or_cannot_be_is_a_write_error_and_harms_nothing() {
    let source = jpeg(&scene(64, 64), 90);
    let bench = Bench::with(&source);
    let write = |out: &std::path::Path| match fit(&bench.source, out, &Policy::default(), &Control::default()) {
        Err(FitError::Write(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(write(&bench.source), io::ErrorKind::AlreadyExists, "a source is never its own output");
    assert_eq!(std::fs::read(&bench.source).unwrap(), source);
    assert_eq!(write(&bench.dir.path().join("no/such/folder")), io::ErrorKind::NotFound);
    write(&bench.source.join("below a file"));
}

#[test]
fn a_cut_photo_is_flagged_and_what_can_be_seen_is_kept() {
    let picture = busy(600, 800, 2);
    let whole = jpeg(&picture, 90);
    let half = &whole[..whole.len() / 2];
    let (fitted, bytes) = fitted(half, &Policy::default()).unwrap();
    assert!(fitted.truncated && !fitted.passthrough);
    let (seen, wanted) = (decoded(&bytes), DynamicImage::from(picture));
    let off = difference(&seen.crop_imm(0, 0, 600, 300), &wanted.crop_imm(0, 0, 600, 300));
    assert!(off < 12.0, "the upper part is off by {off}");
    assert_eq!(bytes[bytes.len() - 2..], [0xFF, 0xD9], "what is sent is a whole file");

    let no_end = &whole[..whole.len() - 2];
    assert!(common::fitted(no_end, &Policy::default()).unwrap().0.truncated);
    assert!(!common::fitted(&whole, &unbound()).unwrap().0.truncated);
}

#[test]
fn a_cut_screenshot_keeps_the_rows_that_came() {
    let whole = encoded(&DynamicImage::from(busy(400, 400, 3)), ImageFormat::Png);
    let (fitted, bytes) = fitted(&whole[..whole.len() / 2], &Policy::default()).unwrap();
    assert!(fitted.truncated);
    let wanted = DynamicImage::from(busy(400, 400, 3));
    let off = difference(&decoded(&bytes).crop_imm(0, 0, 400, 120), &wanted.crop_imm(0, 0, 400, 120));
    assert!(off < 12.0, "the upper part is off by {off}");
}

/// A photo whose header claims other dimensions than its data fill.
fn claiming(width: u16, height: u16, frame_marker: u8) -> Vec<u8> {
    let mut file = jpeg(&busy(1200, 900, 1), 90);
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    file[frame + 1] = frame_marker;
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn a_bomb_is_refused_from_its_header() {
    let mut png = encoded(&DynamicImage::from(scene(50, 50)), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 255, 220, 0, 0, 255, 220]);
    let mut huge = png.clone(); // as large as its fields can tell: the bytes of it are no number of 64 bits
    huge[16..24].copy_from_slice(&[255; 8]);
    let mut bmp = encoded(&DynamicImage::from(scene(50, 50)), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[220, 255, 0, 0, 220, 255, 0, 0]);
    let mut gif = encoded(&DynamicImage::from(scene(50, 50)), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[220, 255, 220, 255]);
    for source in [png, huge, bmp, gif] {
        match fitted(&source, &Policy::default()) {
            Err(FitError::MemoryLimit { needed, limit }) => assert!(needed > limit),
            other => panic!("{}: {:?}", source[..4].escape_ascii(), other.map(|(fitted, _)| fitted)),
        }
    }
    // A JPEG of any size streams by: what bounds it is time, and so its pixels are counted.
    for frame in [0xC0, 0xC2] {
        let why = not_decodable(&claiming(65_500, 65_500, frame));
        assert!(why.contains("65500 x 65500"), "{why}");
    }
}

#[test]
fn progressive_photos_come_at_a_smaller_scale_where_their_coefficients_take_too_much_and_no_smaller_than_an_eighth() {
    let under = |file: &[u8], memory| {
        let policy = Policy { max_edge: Some(2390), ..Policy::default() };
        Bench::with(file).fit_under(&policy, &Control::default().memory(memory))
    };
    let baseline = jpeg(&busy(2400, 1800, 1), 98);
    let (fitted, _) = under(&baseline, 6_000_000).unwrap();
    assert_eq!(fitted.width, 2390, "baseline photos of any size fit, gone over again where the memory wants it");

    let progressive = common::fitted(&baseline, &Policy { max_edge: Some(2399), ..unbound() }).unwrap().1;
    assert!(progressive.windows(2).any(|pair| pair == [0xFF, 0xC2]));
    for (memory, width) in [(80_000_000, 2390), (12_000_000, 1200), (4_000_000, 600)] {
        let (fitted, _) = under(&progressive, memory).unwrap();
        assert_eq!(fitted.width, width, "{memory} bytes");
    }
    match under(&progressive, 250_000) {
        Err(FitError::MemoryLimit { needed, limit: 250_000 }) => assert!(needed > 250_000, "{needed}"),
        other => panic!("{:?}", other.map(|(fitted, _)| fitted)),
    }
}

#[test]
fn a_file_larger_than_the_budget_is_not_even_read() {
    let mut file = encoded(&DynamicImage::from(scene(50, 50)), ImageFormat::Png);
    file.resize(100_000, 0xFF);
    let bench = Bench::with(&file);
    let result = bench.fit_under(&Policy::default(), &Control::default().memory(99_999));
    assert!(matches!(result, Err(FitError::MemoryLimit { needed: 100_000, limit: 99_999 })), "{result:?}");
}

#[test]
fn two_frame_headers_cannot_smuggle_dimensions_past_the_gate() {
    let honest = jpeg(&scene(64, 64), 90);
    let frame = honest.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut second = honest[frame..frame + 19].to_vec();
    second[5..9].copy_from_slice(&[255, 220, 255, 220]);
    let source = [&honest[..frame + 19], &second, &honest[frame + 19..]].concat();
    assert_eq!(not_decodable(&source), "the JPEG has more than one frame");
}

/// Takes so many bytes, then fails as a full disk or quota does.
struct Full(usize, io::ErrorKind);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(self.1.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_apart_from_other_failures() {
    let source = jpeg(&busy(300, 300, 1), 90);
    let write = |room, kind| {
        fit_stream(&mut Cursor::new(&source), &mut Full(room, kind), &Policy::default(), &Control::default())
    };
    for room in [0, 1, 1000, source.len() - 1] {
        assert!(matches!(write(room, io::ErrorKind::StorageFull), Err(FitError::DiskFull)));
        assert!(matches!(write(room, io::ErrorKind::QuotaExceeded), Err(FitError::DiskFull)));
        assert!(matches!(write(room, io::ErrorKind::BrokenPipe), Err(FitError::Write(_))));
    }
    assert!(write(source.len(), io::ErrorKind::StorageFull).is_ok());
}

#[test]
fn cancelling_at_any_step_ends_it_and_leaves_nothing() {
    let bench = Bench::with(&jpeg(&busy(700, 500, 1), 95));
    let policy = Policy { cap: Some(60_000), ..Policy::default() };
    let mut allowed = 0;
    loop {
        let asked = AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= allowed;
        match bench.fit_under(&policy, &Control::default().cancelled_by(&cancelled)) {
            Err(FitError::Cancelled) => allowed += 1,
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(allowed > 8, "asked only {allowed} times");
}

#[test]
fn progress_runs_from_none_to_all_and_never_back() {
    let steps = Mutex::new(Vec::new());
    let progress = |part| steps.lock().unwrap().push(part);
    let bench = Bench::with(&jpeg(&busy(1400, 1000, 1), 95));
    let policy = Policy { cap: Some(60_000), ..Policy::default() };
    bench.fit_under(&policy, &Control::default().progress_to(&progress)).unwrap();
    let steps = steps.into_inner().unwrap();
    assert!(steps.is_sorted(), "{steps:?}");
    assert_eq!((steps[0], steps[steps.len() - 1]), (0.0, 1.0));
}

#[test]
fn mutilated_files_are_fitted_or_refused_and_never_more() {
    let picture = DynamicImage::from(busy(60, 44, 1));
    let formats =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP];
    let policy = Policy { cap: Some(4_000), max_edge: Some(40), min_edge: 8, ..Policy::default() };
    let control = Control::default().memory(20_000_000);
    let (mut state, mut fitted, mut refused) = (1u64, 0, 0);
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for format in formats {
        let whole = encoded(&picture, format);
        for _ in 0..150 {
            let mut file = whole.clone();
            for _ in 0..=random(6) {
                let at = random(file.len());
                file[at] = random(256) as u8;
            }
            file.truncate(file.len() - random(3) * random(file.len() / 3));
            let mut out = Vec::new();
            match fit_stream(&mut Cursor::new(&file), &mut out, &policy, &control) {
                Ok(result) => {
                    fitted += 1;
                    assert!(out.len() <= 4_000 && out.len() as u64 == result.bytes);
                    assert_eq!(decoded(&out).width(), result.width);
                }
                Err(FitError::NotDecodable { .. } | FitError::MemoryLimit { .. } | FitError::CapNotMet { .. }) => {
                    refused += 1
                }
                Err(other) => panic!("{format:?}: {other}"),
            }
        }
    }
    assert!(fitted > 100 && refused > 100, "{fitted} fitted, {refused} refused");
}
