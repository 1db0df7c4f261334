//! Every file of the corpus against libjpeg-turbo's `djpeg`, where that is installed, and against what was seen then, everywhere.
//!
//! `djpeg` shows pixels, not planes. So it is given a copy whose colours are called RGB: it hands on what are really Y, Cb and Cr,
//! untouched, and without smoothing each sample of a smaller plane stands several times. In a reduced size it decodes a smaller
//! plane at a larger scale where that spares it the repeating; ours is asked for the same.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::*;
use crate::jpeg::{Colour, marker};

#[path = "../../../tests/common/corpus.rs"]
#[allow(dead_code, reason = "the tests of the one seam use the rest")]
mod files;

use files::Sample;

/// The least, in decibels, between a plane of ours and `djpeg`'s: off by one in one sample of six, at most.
const ALIKE: f64 = 55.0;
/// The same where colours are converted, by different arithmetic, and rounded once more.
const ALIKE_CONVERTED: f64 = 48.0;
/// The same of a progressive file at a half or a quarter: of each block only as many coefficients are held as it gives samples, where
/// `djpeg` holds all of them and takes the mean of what they make.
const ALIKE_SHORTENED: f64 = 35.0;
/// The same where damaged tables make samples that no encoder makes, far beyond black and white.
const ALIKE_DAMAGED: f64 = 40.0;

/// In eighths.
const SCALES: [(usize, Scale); 4] = [(8, Scale::Whole), (4, Scale::Half), (2, Scale::Quarter), (1, Scale::Eighth)];

/// What `djpeg` makes of a file.
struct Seen {
    width: usize,
    channels: usize,
    samples: Vec<u8>,
}

/// At so many eighths; `None` where it complains, whatever it shows.
fn djpeg(file: &[u8], eighths: usize, arguments: &[&str]) -> Option<Seen> {
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (dir.path().join("in.jpg"), dir.path().join("out.pnm"));
    std::fs::write(&path, file).unwrap();
    let mut command = Command::new("djpeg");
    command.args(["-dct", "int", "-nosmooth", "-pnm", "-scale", &format!("{eighths}/8")]).args(arguments);
    let ended = command.arg("-outfile").arg(&out).arg(&path).stdin(Stdio::null()).output().unwrap();
    (ended.status.success() && ended.stderr.is_empty()).then(|| pnm(&std::fs::read(&out).unwrap()))
}

/// PGM or PPM, binary, as `djpeg` writes them.
fn pnm(file: &[u8]) -> Seen {
    let mut words = file.splitn(4, |byte| byte.is_ascii_whitespace());
    let channels = if words.next() == Some(b"P6") { 3 } else { 1 };
    let width = std::str::from_utf8(words.next().unwrap()).unwrap().parse().unwrap();
    let _height = words.next();
    let samples = words.next().unwrap().strip_prefix(b"255\n").unwrap().to_vec();
    Seen { width, channels, samples }
}

impl Seen {
    /// One of three channels, or the only one.
    fn channel(&self, channel: usize) -> impl Iterator<Item = u8> + '_ {
        self.samples.iter().skip(channel).step_by(self.channels).copied()
    }

    /// Every so many-th sample of a channel across and down.
    fn plane(&self, channel: usize, across: usize, down: usize) -> Vec<u8> {
        let rows: Vec<u8> = self.channel(channel).collect();
        rows.chunks(self.width).step_by(down).flat_map(|row| row.iter().step_by(across)).copied().collect()
    }
}

/// The same file with its colours called RGB: JFIF's marker and Adobe's are taken out, and Adobe's for no transform laid in.
fn called_rgb(file: &[u8]) -> Vec<u8> {
    let mut out = b"\xFF\xD8\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0".to_vec();
    let mut at = 2;
    while file[at + 1] != marker::SOS {
        let end = at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if !matches!(file[at + 1], marker::APP0 | marker::APP14) {
            out.extend_from_slice(&file[at..end]);
        }
        at = end;
    }
    out.extend_from_slice(&file[at..]);
    out
}

fn header(file: &[u8]) -> Header {
    Header::read(&mut Cursor::new(file)).unwrap()
}

/// At how many samples libjpeg decodes a component's block when the picture is wanted at `eighths`: twice as many for as long as
/// the plane does not get larger than the picture (`jdmaster.c`).
fn size_of(header: &Header, component: usize, eighths: usize) -> usize {
    let (frame, mut size) = (&header.frame, eighths);
    let factors = &frame.components[component];
    while size < 8
        && (frame.h * eighths).is_multiple_of(factors.h * size * 2)
        && (frame.v * eighths).is_multiple_of(factors.v * size * 2)
    {
        size *= 2;
    }
    size
}

fn is_shortened(header: &Header, size: usize) -> bool {
    header.progressive && (2..8).contains(&size)
}

fn scale(size: usize) -> Scale {
    SCALES.iter().find(|(eighths, _)| *eighths == size).unwrap().1
}

fn alike(ours: &[u8], theirs: &[u8], least: f64, what: &str) {
    let found = psnr(ours, theirs);
    assert!(found >= least, "{what}: {found:.1} dB");
}

/// Holds planes of gray or YCbCr against `djpeg`'s.
fn hold_planes(Sample { name, file }: &Sample) {
    let header = header(file);
    let planes = header.frame.components.len();
    let renamed = if planes == 1 { file.clone() } else { called_rgb(file) };
    for (eighths, _) in SCALES {
        let what = format!("{name} at {eighths}/8");
        let theirs = djpeg(&renamed, eighths, &[]).unwrap_or_else(|| panic!("{what}: djpeg complains"));
        let sizes: Vec<usize> = (0..planes).map(|plane| size_of(&header, plane, eighths)).collect();
        let ours = planes_at(file, scale(sizes[0]), scale(*sizes.last().unwrap())).unwrap();
        assert!(!ours.ending.truncated, "{what}");
        for (plane, samples) in ours.samples.iter().enumerate() {
            let factors = &header.frame.components[plane];
            let (across, down) = (header.frame.h * eighths, header.frame.v * eighths);
            let (across, down) = (across / (factors.h * sizes[plane]), down / (factors.v * sizes[plane]));
            let least = if is_shortened(&header, sizes[plane]) { ALIKE_SHORTENED } else { ALIKE };
            alike(samples, &theirs.plane(plane, across, down), least, &format!("{what}, plane {plane}"));
        }
    }
}

/// Holds a picture whose colours have to be converted against `djpeg`'s pixels. Where some planes are smaller than others, only at
/// full size: below it `djpeg` decodes them at another scale than the rest, and ours does not.
fn hold_pixels(Sample { name, file }: &Sample) {
    let header = header(file);
    for (eighths, scale) in SCALES.into_iter().filter(|(eighths, _)| *eighths == 8 || header.has_full_chroma()) {
        let what = format!("{name} at {eighths}/8");
        let theirs = djpeg(file, eighths, &[]).unwrap_or_else(|| panic!("{what}: djpeg complains"));
        let ours = planes_at(file, scale, scale).unwrap();
        let seen = |y: u8, cb: u8, cr: u8| {
            let (y, cb, cr) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
            [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|value| value.round() as u8)
        };
        let [y, cb, cr] = &ours.samples[..] else { panic!("{what}: three planes") };
        let pixels: Vec<u8> = y.iter().zip(cb).zip(cr).flat_map(|((y, cb), cr)| seen(*y, *cb, *cr)).collect();
        let least = if is_shortened(&header, eighths) { ALIKE_SHORTENED } else { ALIKE_CONVERTED };
        alike(&pixels, &theirs.samples, least, &what);
    }
}

fn has_planes(sample: &Sample) -> bool {
    matches!(header(&sample.file).colour, Colour::Gray | Colour::YCbCr)
}

#[test]
fn every_file_is_decoded_as_djpeg_does_at_every_scale() {
    if files::find(&["djpeg"]).is_none() {
        return; // What was seen where it is stands in the next test.
    }
    for sample in files::committed().into_iter().chain(files::cmyk()).chain(files::made()) {
        if has_planes(&sample) { hold_planes(&sample) } else { hold_pixels(&sample) }
    }
}

#[test]
fn whatever_shape_or_damage_djpeg_has_nothing_against_is_decoded_as_it_does() {
    if files::find(&["djpeg"]).is_none() {
        return;
    }
    let shaped = files::shaped().into_iter().map(|(sample, _)| sample);
    let damaged = files::mutated(&files::committed(), 12);
    let mut held = 0;
    for Sample { name, file } in shaped.chain(damaged) {
        // Only its brightness: the colours cannot be renamed where segments cannot be walked.
        let Some(theirs) = djpeg(&file, 8, &["-grayscale"]) else { continue };
        let Ok(ours) = planes_at(&file, Scale::Whole, Scale::Whole) else {
            panic!("{name}: djpeg has nothing against it");
        };
        if has_planes(&Sample { name: name.clone(), file }) {
            held += 1;
            alike(&ours.samples[0], &theirs.samples, ALIKE_DAMAGED, &name);
        }
    }
    assert!(held > 50, "{held} held");
}

#[test]
fn every_file_is_decoded_as_it_was_when_djpeg_agreed_on_every_platform() {
    let mut found = String::new();
    for Sample { name, file } in files::committed().into_iter().chain(files::cmyk()) {
        write!(found, "{name}").unwrap();
        for (_, scale) in SCALES {
            let planes = planes_at(&file, scale, scale).unwrap();
            let hash = planes.samples.iter().fold(Sha256::new(), |hash, plane| hash.chain_update(plane)).finalize();
            let short: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
            write!(found, " {short}").unwrap();
        }
        found.push('\n');
    }
    assert_eq!(found, include_str!("golden.txt"));
}
