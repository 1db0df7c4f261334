//! Which photographs: real ones where there are some, and what is made of them; made ones where there are none.
//!
//! | for | of real photographs | without any |
//! |---|---|---|
//! | 12 MP | the one nearest to it | a made scene |
//! | 48 MP | the smallest, enlarged to 8064 x 6048, with noise | a made scene, likewise |
//! | 108 MP | a mosaic of nine to 12096 x 9072, with noise | made scenes, likewise |
//! | quality | all of them, then parts of them as they are, then enlarged with noise, then made scenes: ten | ten made scenes |
//!
//! All that is made depends on nothing but its sources: the same numbers everywhere. It is kept in the target folder, for making
//! the large ones takes longer than measuring. A progressive file of a scene that is there as baseline already counts once: it is
//! left out.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use fieldpost_imaging::synthetic::Shot;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};

use crate::measure::{find, heard};

/// The least that a photograph has to have to be shrunk at all, in pixels.
const LEAST: u64 = 8_000_000;
/// How many photographs qualities are compared on.
const TEN: usize = 10;

/// A file that tools are given.
#[derive(Debug, Clone)]
pub(crate) struct Photo {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// As stored.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Stored as it is to be looked at.
    pub(crate) upright: bool,
}

impl Photo {
    fn read(path: &Path) -> io::Result<Self> {
        let mut decoder = reader(path)?.into_decoder().map_err(io::Error::other)?;
        let (width, height) = decoder.dimensions();
        let upright = decoder.orientation().map_err(io::Error::other)? == image::metadata::Orientation::NoTransforms;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Photo { name, path: path.to_owned(), width, height, upright })
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The picture as it is to be looked at.
    pub(crate) fn decoded(&self) -> io::Result<DynamicImage> {
        let mut decoder = reader(&self.path)?.into_decoder().map_err(io::Error::other)?;
        let turn = decoder.orientation().map_err(io::Error::other)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(io::Error::other)?;
        picture.apply_orientation(turn);
        Ok(picture)
    }
}

fn reader(path: &Path) -> io::Result<ImageReader<io::BufReader<fs::File>>> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    reader.no_limits();
    Ok(reader)
}

/// The photographs of a run.
pub(crate) struct Photos {
    real: Vec<Photo>,
    /// Where made ones are kept.
    kept: PathBuf,
}

impl Photos {
    /// Those in `dir`, and what was made of the same ones before.
    pub(crate) fn new(dir: Option<&Path>, kept: &Path) -> io::Result<Self> {
        let mut real = Vec::new();
        if let Some(dir) = dir {
            let mut files: Vec<PathBuf> =
                fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
            files.retain(|file| file.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("jpg")));
            files.sort();
            for file in files {
                let photo = Photo::read(&file)?;
                if photo.pixels() >= LEAST && !is_progressive(&fs::read(&file)?) {
                    real.push(photo);
                }
            }
        }
        let name = real.iter().fold(String::from("of"), |name, photo| format!("{name}-{}", photo.name));
        let kept = kept.join(if real.is_empty() { "of-none" } else { &name });
        fs::create_dir_all(&kept)?;
        Ok(Photos { real, kept })
    }

    pub(crate) fn describe(&self) -> String {
        match self.real.as_slice() {
            [] => "no photographs given (`--photos DIR`): all of them are made".to_owned(),
            real => {
                let names: Vec<&str> = real.iter().map(|photo| photo.name.as_str()).collect();
                format!("photographs: {}; the large ones and the variants are made of them", names.join(", "))
            }
        }
    }

    /// The three that speed is measured on, named by their megapixels.
    pub(crate) fn by_size(&self) -> io::Result<[Photo; 3]> {
        let twelve = self.real.iter().min_by_key(|photo| photo.pixels().abs_diff(12_192_768));
        let twelve = match twelve {
            Some(photo) => photo.clone(),
            None => self.made("scene-12", 90, || scene(1, 4032, 3024))?,
        };
        let forty_eight = self.made("p48", 95, || {
            let small = match self.real.iter().min_by_key(|photo| photo.pixels()) {
                Some(photo) => photo.decoded()?.to_rgb8(),
                None => scene(2, 4032, 3024)?,
            };
            Ok(noisy(enlarged(small, 8064, 6048), 3, 48))
        })?;
        let hundred_and_eight = self.made("p108", 93, || Ok(noisy(self.mosaic()?, 2, 108)))?;
        Ok([("12 MP", twelve), ("48 MP", forty_eight), ("108 MP", hundred_and_eight)]
            .map(|(name, photo)| Photo { name: name.to_owned(), ..photo }))
    }

    fn mosaic(&self) -> io::Result<RgbImage> {
        let mut whole = RgbImage::new(12_096, 9_072);
        for tile in 0..9u32 {
            let picture = match self.real.get(tile as usize % self.real.len().max(1)) {
                Some(photo) => photo.decoded()?,
                None => scene(u64::from(tile) + 3, 4032, 3024)?.into(),
            };
            let lying = if picture.height() > picture.width() { picture.rotate90() } else { picture };
            let tile_of = enlarged(lying.to_rgb8(), 4032, 3024);
            image::imageops::replace(&mut whole, &tile_of, i64::from(tile % 3 * 4032), i64::from(tile / 3 * 3024));
        }
        Ok(whole)
    }

    /// The ten that qualities are compared on.
    pub(crate) fn ten(&self) -> io::Result<Vec<Photo>> {
        let mut ten: Vec<Photo> = self.real.iter().take(TEN).cloned().collect();
        for part in 0..self.real.len().min(TEN - ten.len()) {
            ten.push(self.part(part)?);
        }
        for part in 0..self.real.len().min(2).min(TEN - ten.len()) {
            ten.push(self.enlarged_part(part)?);
        }
        let sizes = [(4032, 3024), (3024, 4032), (4608, 3456), (4000, 3000)];
        for (seed, (width, height)) in (1..).zip(sizes.into_iter().cycle()).take(TEN - ten.len()) {
            ten.push(self.made(&format!("scene-{seed}"), 90, || scene(seed, width, height))?);
        }
        Ok(ten)
    }

    /// Part of a photograph as it is: as a camera of fewer pixels and a longer lens had taken it.
    fn part(&self, of: usize) -> io::Result<Photo> {
        let photo = &self.real[of];
        self.made(&format!("{}-part", photo.name), 95, || {
            let picture = photo.decoded()?.to_rgb8();
            let (width, height) = picture.dimensions();
            let (wide, high) = (width * 17 / 20, height * 17 / 20);
            let (left, top) = ((width - wide) * (of as u32 % 2), (height - high) * (of as u32 / 2 % 2));
            Ok(image::imageops::crop_imm(&picture, left, top, wide, high).to_image())
        })
    }

    /// The middle of a photograph, enlarged, with noise: as a digital zoom indoors.
    fn enlarged_part(&self, of: usize) -> io::Result<Photo> {
        let photo = &self.real[of];
        self.made(&format!("{}-zoom", photo.name), 95, || {
            let picture = photo.decoded()?.to_rgb8();
            let (width, height) = picture.dimensions();
            let (wide, high) = (width * 7 / 10, height * 7 / 10);
            let middle = image::imageops::crop_imm(&picture, (width - wide) / 2, (height - high) / 2, wide, high);
            Ok(noisy(enlarged(middle.to_image(), width, height), 3, of as u64 + 1))
        })
    }

    /// A photo that is made unless it is there from a run before.
    fn made(&self, name: &str, quality: u8, make: impl FnOnce() -> io::Result<RgbImage>) -> io::Result<Photo> {
        let path = self.kept.join(format!("{name}.jpg"));
        if !path.exists() {
            println!("- making {name}");
            // Whole or not at all: it is looked for again.
            let unfinished = self.kept.join(format!("{name}.unfinished"));
            write_jpeg(make()?, quality, &unfinished)?;
            fs::rename(unfinished, &path)?;
        }
        Photo::read(&path)
    }
}

/// Written 4:2:0 as phones do, by `cjpeg` where it is installed; else by the `image` crate, with all of the colour.
fn write_jpeg(picture: RgbImage, quality: u8, out: &Path) -> io::Result<()> {
    let Some(cjpeg) = find("cjpeg") else {
        let mut file = BufWriter::new(fs::File::create(out)?);
        JpegEncoder::new_with_quality(&mut file, quality).encode_image(&picture).map_err(io::Error::other)?;
        return file.flush();
    };
    let raw = out.with_extension("ppm");
    write_ppm(&picture, &raw)?;
    drop(picture);
    let mut command = Command::new(cjpeg);
    command.args(["-quality", &quality.to_string(), "-sample", "2x2", "-outfile"]).arg(out).arg(&raw);
    heard(&mut command)?;
    fs::remove_file(raw)
}

/// Eight bits a sample, as `cjpeg` reads them.
pub(crate) fn write_ppm(picture: &RgbImage, out: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(fs::File::create(out)?);
    write!(file, "P6\n{} {}\n255\n", picture.width(), picture.height())?;
    file.write_all(picture.as_raw())?;
    file.flush()
}

fn scene(seed: u64, width: u32, height: u32) -> io::Result<RgbImage> {
    let file = Shot { seed, width, height, quality: 96, ..Shot::default() }.jpeg().map_err(io::Error::other)?;
    Ok(image::load_from_memory(&file).map_err(io::Error::other)?.to_rgb8())
}

fn enlarged(picture: RgbImage, width: u32, height: u32) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture;
    }
    image::imageops::resize(&picture, width, height, FilterType::CatmullRom)
}

/// Sensor-like noise of that standard deviation, most of it in the brightness, so that the picture is as hard to compress as a
/// real one of its size.
fn noisy(mut picture: RgbImage, sigma: i32, seed: u64) -> RgbImage {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for pixel in picture.pixels_mut() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bytes = state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes().map(i32::from);
        // The sum of five bytes is near to normal, of deviation 165; that of one byte is 74.
        let brightness = (bytes[..5].iter().sum::<i32>() - 637) * sigma;
        for (sample, byte) in pixel.0.iter_mut().zip(&bytes[5..]) {
            let noise = brightness * 16 / 165 + (byte - 127) * sigma * 8 / 74;
            *sample = (i32::from(*sample) + (noise + 8).div_euclid(16)).clamp(0, 255) as u8;
        }
    }
    picture
}

/// Whether a JPEG is progressive, by its frame header; the segments before it are walked.
pub(crate) fn is_progressive(file: &[u8]) -> bool {
    let mut at = 2;
    while let [0xFF, marker, high, low, ..] = file.get(at..).unwrap_or_default() {
        match marker {
            0xC2 | 0xC6 | 0xCA | 0xCE => return true,
            0xC0 | 0xC1 | 0xC3 | 0xC5 | 0xC7 | 0xC9 | 0xCB | 0xCD | 0xCF | 0xDA => return false,
            _ => at += 2 + usize::from(*high) * 256 + usize::from(*low),
        }
    }
    false
}
