//! JPEGs of every kind that cameras make, of kinds that only a specification makes, and of kinds that damage makes.
//!
//! ```text
//! KINDS --cjpeg, ImageMagick--> tests/corpus/*.jpg   tiny, committed: there on every machine
//!                           `-> made()               larger, at test time, where the tools are installed
//! a committed one --by hand---> shaped()             segments, ends and headers as they are found in the wild
//! all of them -----by chance--> mutated()            damage, the same at every run
//! ```
//!
//! The committed ones are made anew by `cargo run -p fieldpost-imaging --example make_corpus`, which takes libjpeg-turbo's `cjpeg` and
//! ImageMagick. No tool's version is promised to give the same bytes: whoever runs it looks at the tests after.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file, and what it is called in a failure.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) file: Vec<u8>,
}

impl Sample {
    fn new(name: impl Into<String>, file: Vec<u8>) -> Sample {
        Sample { name: name.into(), file }
    }
}

/// What has to become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is read as if nothing were the matter.
    Whole,
    /// What can be seen is kept, and flagged.
    Truncated,
    /// `NotDecodable`, and nothing else.
    NotDecodable,
}

/// What writes a kind.
#[derive(Debug, Clone, Copy)]
enum Tool {
    /// libjpeg-turbo's encoder with these arguments.
    Cjpeg(&'static [&'static str]),
    /// The same with a script of scans.
    Scans(&'static str, &'static [&'static str]),
    /// ImageMagick with these arguments.
    Magick(&'static [&'static str]),
}
use Tool::{Cjpeg, Magick, Scans};

/// What progressive scans can be: DC first and refined, bands, bits one by one, planes apart and together.
const BANDS: &str = "0,1,2: 0-0, 0, 0;\n0: 1-5, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n0: 6-63, 0, 0;\n";
const BITS: &str = "0: 0-0, 0, 2;\n1,2: 0-0, 0, 1;\n0: 1-63, 0, 3;\n0: 0-0, 2, 1;\n0: 1-63, 3, 2;\n1: 1-63, 0, 1;\n2: 1-63, 0, 2;\n\
                    0: 1-63, 2, 1;\n2: 1-63, 2, 1;\n0: 0-0, 1, 0;\n1,2: 0-0, 1, 0;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n";
const APART: &str =
    "2: 0-0, 0, 0;\n1: 0-0, 0, 0;\n0: 0-0, 0, 0;\n0: 1-1, 0, 0;\n0: 2-63, 0, 0;\n2: 1-63, 0, 0;\n1: 1-63, 0, 0;\n";

/// Every kind, with the size that its committed file has.
const KINDS: &[(&str, (u32, u32), Tool)] = &[
    ("gray", (45, 37), Cjpeg(&["-grayscale", "-optimize"])),
    ("gray-1x1", (1, 1), Cjpeg(&["-grayscale", "-optimize"])),
    ("gray-restarts", (45, 37), Cjpeg(&["-grayscale", "-restart", "2B"])),
    ("ycc-444", (33, 25), Cjpeg(&["-sample", "1x1", "-optimize"])),
    ("ycc-422", (33, 25), Cjpeg(&["-sample", "2x1", "-optimize"])),
    ("ycc-420", (50, 41), Cjpeg(&["-sample", "2x2", "-optimize"])),
    ("ycc-440", (33, 25), Cjpeg(&["-sample", "1x2", "-optimize"])),
    ("ycc-411", (50, 25), Cjpeg(&["-sample", "4x1", "-optimize"])),
    ("ycc-410", (50, 41), Cjpeg(&["-sample", "4x2", "-optimize"])),
    ("ycc-441", (25, 50), Cjpeg(&["-sample", "1x4", "-optimize"])),
    ("ycc-311", (50, 25), Cjpeg(&["-sample", "3x1", "-optimize"])),
    ("ycc-chroma-larger", (33, 25), Cjpeg(&["-sample", "1x1,2x2,2x2", "-optimize"])),
    ("ycc-standard-tables", (33, 25), Cjpeg(&["-sample", "2x2"])),
    ("ycc-coarse-tables-of-16-bits", (50, 41), Cjpeg(&["-quality", "3", "-optimize"])),
    ("ycc-fine-tables", (20, 13), Cjpeg(&["-quality", "100", "-sample", "1x1", "-optimize"])),
    ("ycc-1x1", (1, 1), Cjpeg(&["-optimize"])),
    ("ycc-1x40", (1, 40), Cjpeg(&["-optimize"])),
    ("ycc-40x1", (40, 1), Cjpeg(&["-optimize"])),
    ("ycc-8x8", (8, 8), Cjpeg(&["-sample", "1x1", "-optimize"])),
    ("ycc-17x17", (17, 17), Cjpeg(&["-sample", "2x2", "-optimize"])),
    ("ycc-16x16-444", (16, 16), Cjpeg(&["-sample", "1x1", "-optimize"])),
    ("ycc-restarts-of-rows", (50, 41), Cjpeg(&["-restart", "1", "-optimize"])),
    ("ycc-restarts-of-blocks", (50, 41), Cjpeg(&["-restart", "1B", "-sample", "2x1"])),
    ("ycc-planes-apart", (50, 41), Scans("0;\n1;\n2;\n", &["-optimize"])),
    ("ycc-chroma-first", (33, 25), Scans("2;\n1;\n0;\n", &["-sample", "2x1", "-optimize"])),
    ("ycc-luma-apart", (33, 25), Scans("0;\n1 2;\n", &["-restart", "3B", "-optimize"])),
    ("progressive", (50, 41), Cjpeg(&["-progressive"])),
    ("progressive-gray", (45, 37), Cjpeg(&["-progressive", "-grayscale"])),
    ("progressive-444", (33, 25), Cjpeg(&["-progressive", "-sample", "1x1"])),
    ("progressive-422-restarts", (33, 25), Cjpeg(&["-progressive", "-sample", "2x1", "-restart", "2B"])),
    ("progressive-411", (50, 25), Cjpeg(&["-progressive", "-sample", "4x1"])),
    ("progressive-1x1", (1, 1), Cjpeg(&["-progressive"])),
    ("progressive-bands", (33, 25), Scans(BANDS, &[])),
    ("progressive-bits", (33, 25), Scans(BITS, &[])),
    ("progressive-planes-apart", (33, 25), Scans(APART, &["-sample", "2x1"])),
    ("rgb", (33, 25), Cjpeg(&["-rgb", "-optimize"])),
    ("rgb-progressive", (33, 25), Cjpeg(&["-rgb", "-progressive"])),
    ("rgb-planes-apart", (33, 25), Scans("0;\n1;\n2;\n", &["-rgb", "-optimize"])),
    ("ycck", (33, 25), Magick(&["-colorspace", "CMYK", "-quality", "75", "-sampling-factor", "1x1"])),
    ("ycck-420", (33, 25), Magick(&["-colorspace", "CMYK", "-quality", "75", "-sampling-factor", "2x2"])),
    ("ycck-progressive", (33, 25), Magick(&["-colorspace", "CMYK", "-sampling-factor", "1x1", "-interlace", "JPEG"])),
];

/// What is recognised and refused: what `cjpeg` can write of it.
const REFUSED: &[(&str, (u32, u32), Tool)] = &[
    ("arithmetic", (33, 25), Cjpeg(&["-arithmetic"])),
    ("arithmetic-progressive", (33, 25), Cjpeg(&["-arithmetic", "-progressive"])),
];

/// The folder of the committed files.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The committed files, of every kind that is decoded.
pub(crate) fn committed() -> Vec<Sample> {
    read(KINDS)
}

/// The committed files of kinds that are refused.
pub(crate) fn refused() -> Vec<Sample> {
    read(REFUSED)
}

fn read(kinds: &[(&str, (u32, u32), Tool)]) -> Vec<Sample> {
    let read = |name: &str| {
        let path = folder().join(format!("{name}.jpg"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    kinds.iter().map(|(name, ..)| Sample::new(*name, read(name))).collect()
}

/// A committed file by its name.
pub(crate) fn named(name: &str) -> Vec<u8> {
    committed().into_iter().find(|sample| sample.name == name).unwrap().file
}

/// Larger files of every kind that the tools here can write; none where there are no tools.
pub(crate) fn made() -> Vec<Sample> {
    let dir = tempfile::tempdir().unwrap();
    let larger = |(width, height): (u32, u32)| (width * 9 + 4, height * 7 + 3);
    let made = KINDS.iter().filter_map(|(name, size, tool)| {
        let file = tool.write(dir.path(), larger(*size))?;
        Some(Sample::new(format!("{name}, larger"), file))
    });
    made.collect()
}

/// Writes the committed files, all of them or none.
pub(crate) fn make_committed() {
    let dir = tempfile::tempdir().unwrap();
    for (name, size, tool) in KINDS.iter().chain(REFUSED) {
        let file = tool.write(dir.path(), *size).unwrap_or_else(|| panic!("{name}: its tool is not installed"));
        assert!(file.len() < 2048, "{name} takes {} bytes", file.len());
        std::fs::write(folder().join(format!("{name}.jpg")), file).unwrap();
    }
}

impl Tool {
    /// A picture of that size as this tool writes it; `None` where it is not installed.
    fn write(self, dir: &Path, (width, height): (u32, u32)) -> Option<Vec<u8>> {
        let (raw, out, scans) = (dir.join("in.ppm"), dir.join("out.jpg"), dir.join("scans.txt"));
        std::fs::write(&raw, ppm(width, height)).unwrap();
        let mut command = match self {
            Cjpeg(arguments) => {
                let mut command = Command::new(find(&["cjpeg"])?);
                command.args(arguments).arg("-outfile").arg(&out).arg(&raw);
                command
            }
            Scans(script, arguments) => {
                std::fs::write(&scans, script).unwrap();
                let mut command = Command::new(find(&["cjpeg"])?);
                command.args(arguments).arg("-scans").arg(&scans).arg("-outfile").arg(&out).arg(&raw);
                command
            }
            Magick(arguments) => {
                let mut command = Command::new(find(&["magick", "convert-im6"])?);
                command.arg(&raw).args(arguments).arg("-strip").arg(&out);
                command
            }
        };
        let status = command.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{command:?}: {status}");
        Some(std::fs::read(&out).unwrap())
    }
}

/// The first of these programs in `PATH`.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A picture with slopes, edges in every direction, and some of every colour.
fn ppm(width: u32, height: u32) -> Vec<u8> {
    let mut out = format!("P6\n{width} {height}\n255\n").into_bytes();
    for y in 0..height {
        for x in 0..width {
            let disc =
                (x * 2).abs_diff(width).pow(2) + (y * 2).abs_diff(height).pow(2) < (width.min(height)).pow(2) / 2;
            let (red, blue) = (x * 255 / width.max(2), y * 255 / height.max(2));
            let green = if disc { 220 - red / 2 } else { (x * 3 + y * 5) % 64 + blue / 3 };
            out.extend([red, green, 255 - blue].map(|value| value.min(255) as u8));
        }
    }
    out
}

/// Committed files in the shapes that cameras, phones and programs leave them in, and what has to become of each.
pub(crate) fn shaped() -> Vec<(Sample, Fate)> {
    let plain = named("ycc-420");
    let progressive = named("progressive");
    let mut shaped = Vec::new();
    let mut add = |name: &str, file: Vec<u8>, fate| shaped.push((Sample::new(name, file), fate));
    let end = |file: &[u8]| file.len() - 2;

    add("with a motion clip behind", [&plain[..], b"\0\0\0\x18ftypmp42", &[7; 400]].concat(), Fate::Whole);
    let mpf = segment(0xE2, b"MPF\0II*\0\x08\0\0\0\0\0");
    add("with a second picture behind and its index", [&laid(&plain, &mpf), &plain[..]].concat(), Fate::Whole);
    add("with a progressive gain map behind", [&plain[..], &progressive[..]].concat(), Fate::Whole);
    add("with zeroes behind", [&plain[..], &[0; 333]].concat(), Fate::Whole);
    add("without an end", plain[..end(&plain)].to_vec(), Fate::Truncated);
    add("with half an end", plain[..end(&plain) + 1].to_vec(), Fate::Truncated);
    add("cut in its picture", plain[..plain.len() * 4 / 5].to_vec(), Fate::Truncated);
    add("progressive, without an end", progressive[..end(&progressive)].to_vec(), Fate::Truncated);
    add("progressive, cut in its picture", progressive[..progressive.len() * 3 / 5].to_vec(), Fate::Truncated);
    add("cut after a few bytes of its picture", plain[..scan(&plain) + 30].to_vec(), Fate::Truncated);
    add("cut behind its scan's header", plain[..scan(&plain) + 14].to_vec(), Fate::NotDecodable);
    add("cut before its scan", plain[..scan(&plain)].to_vec(), Fate::NotDecodable);
    add("nothing but a start and an end", vec![0xFF, 0xD8, 0xFF, 0xD9], Fate::NotDecodable);

    add("with bytes of nothing between its segments", spread(&plain, &[0, 17, 0, 3]), Fate::Whole);
    add("with fill bytes before its markers", spread(&plain, &[0xFF; 5]), Fate::Whole);
    let app1 = [
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        segment(0xE1, &[b"http://ns.adobe.com/xmp/extension/\0".as_slice(), &[65; 500]].concat()),
        segment(0xE1, b"Exif\0\0"),
        segment(0xE1, b""),
    ];
    add("with several APP1", laid(&plain, &app1.concat()), Fate::Whole);
    let exif_first = [&plain[..2], &app1[0], &plain[2..]].concat();
    add("with its JFIF header behind its EXIF", exif_first, Fate::Whole);
    add(
        "with an empty comment and a long one",
        laid(&plain, &[segment(0xFE, b""), segment(0xFE, &[b'a'; 3000])].concat()),
        Fate::Whole,
    );
    let mut short = segment(0xE5, &[9; 40]);
    short[3] = 20;
    add("with a segment longer than it says", laid(&plain, &short), Fate::Whole);
    let thumbnail = [b"Exif\0\0II*\0\x08\0\0\0\0\0".as_slice(), &plain].concat();
    let mut larger = segment(0xE1, &thumbnail);
    larger[3] = larger[3].wrapping_sub(60);
    add("with a thumbnail larger than told", laid(&plain, &larger), Fate::Whole);

    let mut no_jfif = plain.clone();
    no_jfif.drain(2..20);
    add("without any header of an application", no_jfif, Fate::Whole);
    add("a height that comes behind its first scan", height_behind(&plain), Fate::Whole);
    let (frame, unsupported) = (frame(&plain), Fate::NotDecodable);
    let patched = |at: usize, value: u8| {
        let mut file = plain.clone();
        file[at] = value;
        file
    };
    add("of 12 bits", patched(frame + 4, 12), unsupported);
    add("lossless", patched(frame + 1, 0xC3), unsupported);
    add("hierarchical", patched(frame + 1, 0xC5), unsupported);
    add("arithmetic by its frame alone", patched(frame + 1, 0xC9), unsupported);
    add("of no width", patched(frame + 8, 0), unsupported);
    add("of sampling factors of zero", patched(frame + 11, 0x02), unsupported);
    add("of two components", patched(frame + 9, 2), unsupported);
    shaped
}

/// Inks stored as they are: the files with four of them once more, Adobe's marker calling none of them YCbCr. Strange colours, and the
/// same for every decoder.
pub(crate) fn cmyk() -> Vec<Sample> {
    let of = |sample: Sample| {
        let mut file = sample.file;
        let adobe = file.windows(5).position(|word| word == b"Adobe").unwrap();
        assert_eq!(file[adobe + 11], 2);
        file[adobe + 11] = 0;
        Sample::new(sample.name.replace("ycck", "cmyk"), file)
    };
    committed().into_iter().filter(|sample| sample.name.starts_with("ycck")).map(of).collect()
}

/// Every one of `files`, damaged in so many ways; the same ways at every run.
pub(crate) fn mutated(files: &[Sample], ways: u64) -> Vec<Sample> {
    let mut out = Vec::new();
    for (number, sample) in files.iter().enumerate() {
        for way in 0..ways {
            let mut chance = Chance::new(number as u64 * 1000 + way);
            let mut file = sample.file.clone();
            for _ in 0..1 + chance.below(3) {
                chance.damage(&mut file);
            }
            out.push(Sample::new(format!("{}, damage {way}", sample.name), file));
        }
    }
    out
}

/// Chance that repeats itself.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % end.max(1)
    }

    /// One kind of damage at one place.
    fn damage(&mut self, file: &mut Vec<u8>) {
        let at = self.below(file.len() as u64) as usize;
        let some = 1 + self.below(40) as usize;
        let part = at..(at + some).min(file.len());
        match self.below(8) {
            0 => file[at] ^= 1 << self.below(8),
            1 => file[at] = self.below(256) as u8,
            2 => file.truncate(at.max(3)),
            3 => drop(file.drain(part)),
            4 => {
                let copy = file[part].to_vec();
                let to = self.below(file.len() as u64 + 1) as usize;
                file.splice(to..to, copy);
            }
            5 => file[part].fill(0xFF),
            6 => file[part].fill(0),
            // A marker where none belongs.
            _ => drop(file.splice(at..at, [0xFF, 0xC0 + self.below(0x40) as u8])),
        }
        if file.is_empty() {
            file.push(0xFF);
        }
    }
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker], length.as_slice(), payload].concat()
}

/// Segments laid in behind the JFIF header.
fn laid(file: &[u8], segments: &[u8]) -> Vec<u8> {
    [&file[..20], segments, &file[20..]].concat()
}

/// Where each segment before the first scan begins, the scan's last.
fn segments(file: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (2, Vec::new());
    loop {
        found.push(at);
        if file[at + 1] == 0xDA {
            return found;
        }
        at += 2 + usize::from(file[at + 2]) * 256 + usize::from(file[at + 3]);
    }
}

fn scan(file: &[u8]) -> usize {
    *segments(file).last().unwrap()
}

fn frame(file: &[u8]) -> usize {
    segments(file).into_iter().find(|at| matches!(file[at + 1], 0xC0..=0xC2)).unwrap()
}

/// These bytes before every segment but the first.
fn spread(file: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut out = file.to_vec();
    for at in segments(file).into_iter().skip(1).rev() {
        out.splice(at..at, bytes.iter().copied());
    }
    out
}

/// The height in a DNL segment behind the scan, and none in the frame.
fn height_behind(file: &[u8]) -> Vec<u8> {
    let at = frame(file) + 5;
    let height = [file[at], file[at + 1]];
    let mut out = file.to_vec();
    out[at..at + 2].fill(0);
    let end = out.len() - 2;
    out.splice(end..end, segment(0xDC, &height));
    out
}
