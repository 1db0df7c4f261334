//! How much like the original a result looks: SSIMULACRA2, by a tool, against a downscale that the benchmark makes itself.
//!
//! The reference is a Lanczos3 downscale in floats of the upright original, every value rounded once, to sixteen bits; so nobody's
//! own resampling is the measure, and nobody is spared the resampling.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use fast_image_resize as fir;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageBuffer, ImageEncoder as _, Rgb, RgbImage};

use crate::measure::{find, heard};
use crate::photos::{Photo, write_ppm};

/// A SSIMULACRA2 program: rav1e's (`cargo install ssimulacra2_rs --no-default-features`) or libjxl's.
pub(crate) struct Scorer {
    program: PathBuf,
    /// What stands before the two files.
    arguments: &'static [&'static str],
}

/// Where `cargo xtask bench imaging` tells which program it installed.
const TOLD: &str = "FIELDPOST_SSIMULACRA2";

impl Scorer {
    pub(crate) fn find() -> Option<Self> {
        let told = std::env::var_os(TOLD).map(PathBuf::from).filter(|program| program.is_file());
        let theirs = |program| Scorer { program, arguments: &["image"] };
        told.or_else(|| find("ssimulacra2_rs"))
            .map(theirs)
            .or_else(|| find("ssimulacra2").map(|program| Scorer { program, arguments: &[] }))
    }

    pub(crate) fn name(&self) -> String {
        self.program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// From minus infinity to 100: 90 is what nobody tells from the original, 70 high and 50 medium quality.
    pub(crate) fn score(&self, reference: &Path, result: &Path) -> io::Result<f64> {
        let said = heard(Command::new(&self.program).args(self.arguments).arg(reference).arg(result))?;
        let last = said.split_whitespace().last().unwrap_or_default();
        last.parse().map_err(|_| io::Error::other(format!("{}: no score in {said:?}", self.program.display())))
    }
}

/// A photo at full size, and its downscales, made as they are asked for.
pub(crate) struct References {
    original: RgbImage,
    dir: PathBuf,
    made: BTreeMap<(u32, u32), PathBuf>,
}

impl References {
    /// `dir` is this photo's alone.
    pub(crate) fn of(photo: &Photo, dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(References { original: photo.decoded()?.into_rgb8(), dir: dir.to_owned(), made: BTreeMap::new() })
    }

    /// The one to hold a result against: of the same dimensions.
    pub(crate) fn for_result(&mut self, result: &Path) -> io::Result<PathBuf> {
        let size = image::image_dimensions(result).map_err(io::Error::other)?;
        if let Some(made) = self.made.get(&size) {
            return Ok(made.clone());
        }
        let path = self.dir.join(format!("reference-{}x{}.png", size.0, size.1));
        let picture = downscale(&self.original, size)?;
        write_png(&picture, &path)?;
        write_ppm(&eight_bits(&picture), &path.with_extension("ppm"))?;
        self.made.insert(size, path.clone());
        Ok(path)
    }

    /// They are large: gone with the photo that they are of.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(self.dir)
    }
}

type Deep = ImageBuffer<Rgb<u16>, Vec<u16>>;

/// One channel after the other: of 108 megapixels, all three as floats would take more memory than many a machine has.
fn downscale(original: &RgbImage, (width, height): (u32, u32)) -> io::Result<Deep> {
    let mut out = Deep::new(width, height);
    let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3));
    for channel in 0..3 {
        let plane: Vec<fir::pixels::F32> =
            original.pixels().map(|pixel| fir::pixels::F32::new(f32::from(pixel.0[channel]))).collect();
        let plane =
            fir::images::TypedImageRef::new(original.width(), original.height(), &plane).map_err(io::Error::other)?;
        let mut small = fir::images::TypedImage::<fir::pixels::F32>::new(width, height);
        fir::Resizer::new().resize_typed(&plane, &mut small, &options).map_err(io::Error::other)?;
        for (pixel, value) in out.pixels_mut().zip(small.pixels()) {
            pixel.0[channel] = (value.0 * 257.0).round().clamp(0.0, 65_535.0) as u16;
        }
    }
    Ok(out)
}

fn write_png(picture: &Deep, path: &Path) -> io::Result<()> {
    let bytes: Vec<u8> = picture.as_raw().iter().flat_map(|value| value.to_ne_bytes()).collect();
    let file = io::BufWriter::new(fs::File::create(path)?);
    PngEncoder::new_with_quality(file, CompressionType::Fast, FilterType::Up)
        .write_image(&bytes, picture.width(), picture.height(), image::ExtendedColorType::Rgb16)
        .map_err(io::Error::other)
}

fn eight_bits(picture: &Deep) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        Rgb(picture.get_pixel(x, y).0.map(|value| ((u32::from(value) + 128) / 257) as u8))
    })
}
