//! Pixels in memory: eight bits, gray, RGB or RGBA, and what is done to them.
//!
//! Owns resampling, turning upright, flattening. Never knows a file format.

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::colour::Converter;
use crate::resample::{Axis, LANES, Resampler, Target, Weights};

/// How the bytes of a pixel lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Gray,
    Rgb,
    Rgba,
}

impl Layout {
    pub(crate) fn channels(self) -> usize {
        match self {
            Layout::Gray => 1,
            Layout::Rgb => 3,
            Layout::Rgba => 4,
        }
    }

    /// A row as luma and the two colours of JFIF (BT.601, full range), on white paper. Gray has no colours.
    pub(crate) fn to_ycbcr(self, row: &[u8], out: &mut [Vec<u8>; 3]) {
        out.iter_mut().for_each(Vec::clear);
        match self {
            Layout::Gray => out[0].extend_from_slice(row),
            Layout::Rgb => row.chunks_exact(3).for_each(|p| push_ycbcr([p[0], p[1], p[2]], out)),
            Layout::Rgba => {
                row.chunks_exact(4).for_each(|p| push_ycbcr([p[0], p[1], p[2]].map(|v| on_white(v, p[3])), out));
            }
        }
    }

    fn of(color: ColorType) -> Layout {
        match (color.has_color(), color.has_alpha()) {
            (false, false) => Layout::Gray,
            (true, false) => Layout::Rgb,
            (_, true) => Layout::Rgba,
        }
    }
}

/// A picture in memory; `data` is always `width * height * channels` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pixels {
    width: u32,
    height: u32,
    layout: Layout,
    data: Vec<u8>,
}

impl Pixels {
    /// Takes over pixels; `None` where the length does not match.
    pub(crate) fn new(width: u32, height: u32, layout: Layout, data: Vec<u8>) -> Option<Self> {
        let wanted = u64::from(width) * u64::from(height) * layout.channels() as u64;
        (width > 0 && height > 0 && wanted == data.len() as u64).then_some(Pixels { width, height, layout, data })
    }

    /// Takes over what a decoder wrote, bringing every depth to eight bits and gray with alpha to RGBA.
    pub(crate) fn from_decoder(width: u32, height: u32, color: ColorType, raw: Vec<u8>) -> Option<Self> {
        let eight: Vec<u8> = match color.bytes_per_pixel() / color.channel_count() {
            1 => raw,
            2 => raw.chunks_exact(2).map(|v| eight_of_sixteen(u16::from_ne_bytes([v[0], v[1]]))).collect(),
            4 => raw.chunks_exact(4).map(|v| eight_of_float(f32::from_ne_bytes([v[0], v[1], v[2], v[3]]))).collect(),
            _ => return None,
        };
        let data = if color.has_alpha() && !color.has_color() {
            eight.chunks_exact(2).flat_map(|v| [v[0], v[0], v[0], v[1]]).collect()
        } else {
            eight
        };
        Pixels::new(width, height, Layout::of(color), data)
    }

    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    pub(crate) fn height(&self) -> u32 {
        self.height
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn long_edge(&self) -> u32 {
        self.width.max(self.height)
    }

    #[cfg(feature = "synthetic")]
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// A copy at other dimensions, by Lanczos3; transparent pixels do not bleed their colour.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Pixels {
        let channels = self.layout.channels();
        let weights = Weights::new(Axis::plain(self.width, width), Axis::plain(self.height, height));
        let mut resamplers: Vec<Resampler> = (0..channels).map(|_| Resampler::new(&weights)).collect();
        let (row, mut data) = (width as usize * channels, vec![0; width as usize * height as usize * channels]);
        let mut line = vec![0; self.width as usize];
        for pixels in self.rows() {
            for (channel, resampler) in resamplers.iter_mut().enumerate() {
                let pixels = line.iter_mut().zip(pixels.chunks_exact(channels));
                match self.layout {
                    Layout::Rgba if channel < 3 => pixels.for_each(|(to, of)| *to = weighted(of[channel], of[3])),
                    _ => pixels.for_each(|(to, of)| *to = of[channel]),
                }
                resampler.push(&line, &mut Channel { data: &mut data, row, channels, channel });
            }
        }
        if self.layout == Layout::Rgba {
            for pixel in data.chunks_exact_mut(4) {
                let alpha = pixel[3];
                pixel[..3].iter_mut().for_each(|value| *value = unweighted(*value, alpha));
            }
        }
        Pixels { width, height, layout: self.layout, data }
    }

    /// The picture as it is to be looked at, from one stored under an EXIF orientation.
    pub(crate) fn upright(self, orientation: u8) -> Pixels {
        let Some(turn) = Orientation::from_exif(orientation).filter(|turn| *turn != Orientation::NoTransforms) else {
            return self;
        };
        let (width, height, layout) = (self.width, self.height, self.layout);
        let whole = "pixels hold width x height x channels bytes: `new` checked it";
        let mut picture = match layout {
            Layout::Gray => DynamicImage::from(GrayImage::from_raw(width, height, self.data).expect(whole)),
            Layout::Rgb => DynamicImage::from(RgbImage::from_raw(width, height, self.data).expect(whole)),
            Layout::Rgba => DynamicImage::from(RgbaImage::from_raw(width, height, self.data).expect(whole)),
        };
        picture.apply_orientation(turn);
        Pixels { width: picture.width(), height: picture.height(), layout, data: picture.into_bytes() }
    }

    /// Brings the colours to sRGB.
    pub(crate) fn convert(&mut self, converter: &Converter) {
        converter.samples(&mut self.data, self.layout.channels());
    }

    /// Sixteen rows out of every `step` times sixteen; `None` where that would be less than four bands, too few to tell.
    pub(crate) fn sample(&self, step: usize) -> Option<Pixels> {
        let band = self.width as usize * self.layout.channels() * 16;
        let data: Vec<u8> = self.data.chunks_exact(band).skip(step / 2).step_by(step).flatten().copied().collect();
        let height = (data.len() / band * 16) as u32; // no more than its own
        (height >= 64).then_some(Pixels { width: self.width, height, layout: self.layout, data })
    }

    /// The rows, from the top.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.data.chunks_exact(self.width as usize * self.layout.channels())
    }
}

/// One channel of pixels that are made.
struct Channel<'d> {
    data: &'d mut [u8],
    row: usize,
    channels: usize,
    channel: usize,
}

impl Target for Channel<'_> {
    fn column(&mut self, x: usize, y: usize, lanes: &[u8; LANES], count: usize) {
        let rows = self.data[y * self.row..].chunks_exact_mut(self.row);
        for (row, sample) in rows.zip(lanes).take(count) {
            row[x * self.channels + self.channel] = *sample;
        }
    }
}

/// A colour by how much there is of it.
fn weighted(value: u8, alpha: u8) -> u8 {
    ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8
}

fn unweighted(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    (value * 255 + alpha / 2).checked_div(alpha).map_or(0, |value| value.min(255) as u8)
}

fn on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// The factors of JFIF 1.02, times 2^16.
fn push_ycbcr([r, g, b]: [u8; 3], out: &mut [Vec<u8>; 3]) {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    const HALF: i32 = 1 << 15;
    let luma = 19_595 * r + 38_470 * g + 7_471 * b + HALF;
    let blue = -11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + HALF - 1;
    let red = 32_768 * r - 27_439 * g - 5_329 * b + (128 << 16) + HALF - 1;
    for (plane, value) in out.iter_mut().zip([luma, blue, red]) {
        plane.push((value >> 16) as u8);
    }
}

fn eight_of_sixteen(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}

fn eight_of_float(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8 // NaN becomes 0
}

/// The dimensions of a picture of `width` x `height` whose long edge is brought down to `edge`; never up, never to 0.
pub(crate) fn within_edge(width: u32, height: u32, edge: u32) -> (u32, u32) {
    let long = width.max(height);
    if long <= edge {
        return (width, height);
    }
    let scale = |side: u32| ((f64::from(side) * f64::from(edge) / f64::from(long)).round() as u32).max(1);
    (scale(width), scale(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_goes_on_white_and_sixteen_bits_become_eight() {
        let raw: Vec<u8> = [0u16, 65_535, 32_768, 0].iter().flat_map(|v| v.to_ne_bytes()).collect();
        let pixels = Pixels::from_decoder(1, 1, ColorType::Rgba16, raw).unwrap();
        assert_eq!(pixels.data(), [0, 255, 128, 0]);
        let ycbcr = |layout: Layout, row: &[u8]| {
            let mut out = [const { Vec::new() }; 3];
            layout.to_ycbcr(row, &mut out);
            out.concat()
        };
        assert_eq!(ycbcr(Layout::Rgba, pixels.data()), [255, 128, 128], "clear is white");
        assert_eq!(ycbcr(Layout::Rgba, &[0, 255, 0, 128]), ycbcr(Layout::Rgb, &[127, 255, 127]));
        assert_eq!(ycbcr(Layout::Rgb, &[255, 0, 0]), [76, 85, 255]);
        assert_eq!(ycbcr(Layout::Rgb, &[0, 0, 255]), [29, 255, 107]);
        assert_eq!(ycbcr(Layout::Gray, &[9]), [9]);
        let gray = Pixels::from_decoder(1, 1, ColorType::La8, vec![10, 255]).unwrap();
        assert_eq!(gray.data(), [10, 10, 10, 255]);
    }

    #[test]
    fn dimensions_shrink_in_proportion_and_never_grow_or_vanish() {
        assert_eq!(within_edge(4032, 3024, 2560), (2560, 1920));
        assert_eq!(within_edge(100, 50, 2560), (100, 50));
        assert_eq!(within_edge(65_000, 1, 2560), (2560, 1));
    }

    #[test]
    fn clear_pixels_bleed_no_colour_where_they_are_shrunk_away() {
        let row: Vec<u8> = (0..40).flat_map(|x| if x < 20 { [200, 100, 50, 255] } else { [0, 255, 0, 0] }).collect();
        let picture = Pixels::new(40, 40, Layout::Rgba, row.repeat(40)).unwrap();
        let small = picture.resized(15, 15);
        assert_eq!((small.width(), small.height(), small.layout()), (15, 15, Layout::Rgba));
        for pixel in small.data().chunks_exact(4) {
            let [red, green, blue, alpha] = [pixel[0], pixel[1], pixel[2], pixel[3]];
            // Lanczos overshoots at an edge, and a little of a colour is rounded.
            let near = |a: u8, b: u8| a.abs_diff(b) <= if alpha > 60 { b / 8 } else { 40 };
            assert!(alpha < 8 || (near(red, 200) && near(green, 100) && near(blue, 50)), "{pixel:?}");
        }
        assert_eq!((&small.data()[..4], small.data()[14 * 4 + 3]), ([200, 100, 50, 255].as_slice(), 0));
    }

    #[test]
    fn pixels_of_the_wrong_length_are_refused() {
        assert_eq!(Pixels::new(2, 2, Layout::Rgb, vec![0; 11]), None);
        assert_eq!(Pixels::new(0, 2, Layout::Rgb, vec![]), None);
    }
}
