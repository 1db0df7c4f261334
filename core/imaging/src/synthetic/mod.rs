//! Made photographs: a boiler room as a phone's camera would show it, deterministic by seed.
//!
//! For the demo command and for tests: real JPEG files of camera size, with EXIF (orientation, capture time, optionally a
//! place), lens blur and sensor noise, so that they compress like photographs. The same seed gives the same bytes on the
//! same platform. Never used to prepare anybody's picture.

mod canvas;
mod scene;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::FitError;
use crate::pixels::{Layout, Pixels};

/// One made photograph: what is in it, and how the phone was held.
///
/// ```
/// use fieldpost_imaging::synthetic::Shot;
///
/// let shot = Shot { width: 640, height: 480, orientation: 6, ..Shot::default() };
/// let jpeg = shot.jpeg().unwrap();
/// assert!(jpeg.starts_with(b"\xFF\xD8\xFF"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Chooses the boiler, the pipes, the gauge's reading, the plate and the noise.
    pub seed: u64,
    /// The width of the sensor in pixels: what the file stores, before its orientation is applied.
    pub width: u32,
    /// The height of the sensor in pixels.
    pub height: u32,
    /// The EXIF orientation, 1 to 8: how the stored pixels have to be turned to be upright.
    pub orientation: u8,
    /// The capture time as EXIF has it.
    pub taken: String,
    /// Latitude and longitude in degrees, for the GPS directory.
    pub place: Option<(f64, f64)>,
    /// JPEG quality on libjpeg's scale.
    pub quality: u8,
}

impl Default for Shot {
    /// Twelve megapixels, held upright, no place.
    fn default() -> Self {
        Shot {
            seed: 1,
            width: 4032,
            height: 3024,
            orientation: 1,
            taken: "2026:11:21 10:00:00".into(),
            place: None,
            quality: 90,
        }
    }
}

impl Shot {
    /// The photograph as a JPEG file.
    ///
    /// # Errors
    ///
    /// [`FitError::NotDecodable`] where the dimensions are none that a JPEG can have, or too small for a scene (under
    /// 64 pixels).
    pub fn jpeg(&self) -> Result<Vec<u8>, FitError> {
        let sizes = 64..=65_535;
        if !sizes.contains(&self.width) || !sizes.contains(&self.height) {
            return Err(FitError::not_decodable(format!("no scene of {} x {}", self.width, self.height)));
        }
        let pixels = self.exposed()?;
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, self.quality.clamp(1, 100))
            .write_image(pixels.data(), pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
            .map_err(|error| FitError::not_decodable(error.to_string()))?;
        // Behind the JFIF header, which the encoder begins with.
        let behind = 4 + usize::from(file[4]) * 256 + usize::from(file[5]);
        file.splice(behind..behind, self.exif_segment());
        Ok(file)
    }

    /// The sensor's pixels: the scene, turned as the phone was, softened by the lens, with noise.
    fn exposed(&self) -> Result<Pixels, FitError> {
        let turned = self.orientation >= 5;
        let (half_width, half_height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (width, height) = if turned { (half_height, half_width) } else { (half_width, half_height) };
        let scene = scene::draw(width, height, self.seed);
        let pixels = Pixels::new(width, height, Layout::Rgb, scene)
            .ok_or_else(|| FitError::not_decodable("the scene has the wrong size"))?;
        // Turning by the inverse: 6 and 8 are each other's, the rest their own.
        let stored = match self.orientation {
            6 => pixels.upright(8),
            8 => pixels.upright(6),
            other => pixels.upright(other),
        };
        let mut full = stored.resized(self.width, self.height);
        add_noise(full.data_mut(), self.seed);
        Ok(full)
    }

    fn exif_segment(&self) -> Vec<u8> {
        let block = exif_block(self);
        let mut segment = vec![0xFF, 0xE1];
        segment.extend((block.len() as u16 + 8).to_be_bytes());
        segment.extend(b"Exif\0\0");
        segment.extend(block);
        segment
    }
}

/// Sensor noise: the sum of two uniform values, stronger in the dark as a phone's is indoors.
fn add_noise(data: &mut [u8], seed: u64) {
    let mut state = seed ^ 0x9E37_79B9_7F4A_7C15;
    for eight in data.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let random = state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes();
        for (value, byte) in eight.iter_mut().zip(random) {
            let noise = i16::from(byte & 15) + i16::from(byte >> 4) - 15;
            let strength = if *value < 96 { 7 } else { 5 };
            *value = (i16::from(*value) + noise * strength / 8).clamp(0, 255) as u8;
        }
    }
}

/// A small big-endian EXIF block: first directory, Exif directory, GPS directory where there is a place.
fn exif_block(shot: &Shot) -> Vec<u8> {
    let text = |tag: u16, value: &str| Field {
        tag,
        kind: 2,
        count: value.len() as u32 + 1,
        bytes: [value.as_bytes(), b"\0"].concat(),
    };
    let short = |tag, value: u16| Field { tag, kind: 3, count: 1, bytes: value.to_be_bytes().to_vec() };
    let long = |tag, value: u32| Field { tag, kind: 4, count: 1, bytes: value.to_be_bytes().to_vec() };
    let exif =
        [text(0x9003, &shot.taken), text(0x9004, &shot.taken), long(0xA002, shot.width), long(0xA003, shot.height)];
    let gps = shot.place.map(|(latitude, longitude)| {
        [
            text(1, if latitude < 0.0 { "S" } else { "N" }),
            degrees(2, latitude),
            text(3, if longitude < 0.0 { "W" } else { "E" }),
            degrees(4, longitude),
        ]
    });
    let mut first = vec![
        text(0x010F, "Fieldpost"),
        text(0x0110, "Made photograph"),
        short(0x0112, u16::from(shot.orientation)),
        text(0x0132, &shot.taken),
    ];
    let first_length = directory_length(&first) + 12 + if gps.is_some() { 12 } else { 0 };
    let exif_at = 8 + first_length;
    first.push(long(0x8769, exif_at as u32));
    if gps.is_some() {
        first.push(long(0x8825, (exif_at + directory_length(&exif)) as u32));
    }
    let mut out = b"MM\0*\0\0\0\x08".to_vec();
    write_directory(&mut out, &first);
    write_directory(&mut out, &exif);
    if let Some(gps) = gps {
        write_directory(&mut out, &gps);
    }
    out
}

struct Field {
    tag: u16,
    kind: u16,
    count: u32,
    bytes: Vec<u8>,
}

fn degrees(tag: u16, value: f64) -> Field {
    let seconds = (value.abs() * 360_000.0).round() as u32; // hundredths
    let parts = [(seconds / 360_000, 1), (seconds / 6_000 % 60, 1), (seconds % 6_000, 100)];
    let bytes = parts.iter().flat_map(|(over, under): &(u32, u32)| [over.to_be_bytes(), under.to_be_bytes()].concat());
    Field { tag, kind: 5, count: 3, bytes: bytes.collect() }
}

fn padded(field: &Field) -> usize {
    if field.bytes.len() > 4 { field.bytes.len().next_multiple_of(2) } else { 0 }
}

fn directory_length(fields: &[Field]) -> usize {
    2 + fields.len() * 12 + 4 + fields.iter().map(padded).sum::<usize>()
}

fn write_directory(out: &mut Vec<u8>, fields: &[Field]) {
    let mut values_at = out.len() + 2 + fields.len() * 12 + 4;
    let mut values = Vec::new();
    out.extend((fields.len() as u16).to_be_bytes());
    for field in fields {
        out.extend(field.tag.to_be_bytes());
        out.extend(field.kind.to_be_bytes());
        out.extend(field.count.to_be_bytes());
        let mut bytes = field.bytes.clone();
        if padded(field) > 0 {
            out.extend((values_at as u32).to_be_bytes());
            bytes.resize(padded(field), 0);
            values_at += bytes.len();
            values.extend(bytes);
        } else {
            bytes.resize(4, 0);
            out.extend(bytes);
        }
    }
    out.extend([0; 4]);
    out.extend(values);
}
