//! Colours brought to sRGB, for outputs that carry no profile.
//!
//! Owns which profiles can be converted and how: those of a matrix and three curves, which is what cameras, phones and
//! screens have, and gray ones of one curve. Profiles that are tables (scanners, printers) are not converted; they go
//! along untouched. Never touches metadata; never panics on a profile, and looks at no more than [`LONGEST`] of one.
//!
//! ```text
//! YCbCr --JFIF--> RGB --curves--> linear --matrix--> linear sRGB, clipped --sRGB's curve--> RGB --JFIF--> YCbCr
//! ```
//!
//! Of its own rather than by the engine that `image` brings along: that one chooses among code paths at run time, and their
//! results differ from platform to platform by a step. The tests hold this one against it.
//!
//! All arithmetic is in IEEE operations of one fixed order, powers by a library in Rust: the same bytes everywhere. Source:
//! ICC.1:2022 for profiles, IEC 61966-2-1 for sRGB, JFIF 1.02 (full-range BT.601) for YCbCr.

mod matrix;
mod profile;

pub(crate) use matrix::Chromaticities;
use matrix::{Matrix, SRGB, inverse, times};
use profile::Curve;
pub(crate) use profile::described;

/// The longest profile that is looked at, in bytes.
const LONGEST: usize = 4 << 20;
/// Two colours this close, in steps of eight bits, are the same: profiles of sRGB differ by as much among themselves.
const SAME: f32 = 2.0;
/// Steps of the curves' tables to one of eight bits.
const FINE: usize = 4;
/// Entries of the table from linear light to sRGB, by the square root of the light: nowhere more than a tenth of a step.
const ENCODED: usize = 4096;

/// What a profile says of pixels that are to become sRGB.
pub(crate) enum Reading {
    /// They are sRGB, as near as makes no difference.
    Srgb,
    /// They can be converted.
    Convertible(Converter),
    /// It is broken, or of a kind that is not converted.
    Unusable,
}

/// A conversion to sRGB, built once for a picture.
pub(crate) struct Converter(Kind);

enum Kind {
    Gray(Box<[u8; 256]>),
    Rgb(Box<Rgb>),
}

struct Rgb {
    /// From a sample, [`FINE`] steps to one, to light.
    curves: [[f32; 255 * FINE + 1]; 3],
    matrix: [[f32; 3]; 3],
    /// From the square root of light to a sample.
    encoded: [f32; ENCODED + 1],
}

/// Reads a profile for gray pixels or for colour ones.
pub(crate) fn read(profile: &[u8], gray: bool) -> Reading {
    if profile.len() > LONGEST {
        return Reading::Unusable;
    }
    let converter = match gray {
        true => profile::gray(profile).map(|curve| Converter::gray(&curve)),
        false => profile::rgb(profile).and_then(|(colorants, curves)| Converter::rgb(colorants, &curves)),
    };
    match converter {
        None => Reading::Unusable,
        Some(converter) if converter.is_identity() => Reading::Srgb,
        Some(converter) => Reading::Convertible(converter),
    }
}

/// What cameras call the optional colour space of DCF: Adobe RGB (1998), which they do not lay a profile in for.
pub(crate) fn adobe_rgb() -> Option<Converter> {
    const COLORANTS: Matrix =
        [[0.609_74, 0.205_28, 0.149_19], [0.311_11, 0.625_67, 0.063_22], [0.019_47, 0.060_87, 0.744_57]];
    let curve = Curve::gamma(563.0 / 256.0);
    Converter::rgb(COLORANTS, &[curve.clone(), curve.clone(), curve])
}

impl Converter {
    fn gray(curve: &Curve) -> Converter {
        let encoded = encoded();
        let table = std::array::from_fn(|sample| {
            sample_of(&encoded, curve.light(sample as f64 / 255.0) as f32).round().clamp(0.0, 255.0) as u8
        });
        Converter(Kind::Gray(Box::new(table)))
    }

    /// `colorants` are what the three primaries are in the profile connection space, one to a column.
    fn rgb(colorants: Matrix, curves: &[Curve; 3]) -> Option<Converter> {
        let matrix = times(&inverse(&SRGB)?, &colorants).map(|row| row.map(|value| value as f32));
        let curves = std::array::from_fn(|channel| {
            std::array::from_fn(|at| curves[channel].light(at as f64 / (255 * FINE) as f64) as f32)
        });
        Some(Converter(Kind::Rgb(Box::new(Rgb { curves, matrix, encoded: encoded() }))))
    }

    fn is_identity(&self) -> bool {
        match &self.0 {
            Kind::Gray(table) => table.iter().zip(0u8..=255).all(|(to, from)| f32::from(to.abs_diff(from)) <= SAME),
            Kind::Rgb(rgb) => {
                let steps = || (0..=8u8).map(|step| f32::from(step) * (255.0 / 8.0));
                let all = steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| [r, g, b])));
                all.into_iter().all(|from| rgb.convert(from).iter().zip(from).all(|(a, b)| (a - b).abs() <= SAME))
            }
        }
    }

    /// Converts gray, RGB or RGBA samples in their place; `channels` is 1, 3 or 4, and alpha stays.
    pub(crate) fn samples(&self, data: &mut [u8], channels: usize) {
        match &self.0 {
            Kind::Gray(table) => data.iter_mut().for_each(|sample| *sample = table[usize::from(*sample)]),
            Kind::Rgb(rgb) => {
                for pixel in data.chunks_exact_mut(channels.max(3)) {
                    let converted = rgb.convert([f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]);
                    for (sample, value) in pixel.iter_mut().zip(converted) {
                        *sample = rounded(value);
                    }
                }
            }
        }
    }

    /// Converts planes of YCbCr in their place, or one plane of gray: each with its stride, whole rows of it. Colour may be
    /// at half the resolution of luma both ways. Planes that do not belong together so are left as they are.
    pub(crate) fn planes(&self, planes: &mut [(&mut [u8], usize)]) {
        match (&self.0, planes) {
            (Kind::Gray(_), [(gray, _)]) => self.samples(gray, 1),
            (Kind::Rgb(rgb), [(y, stride), (cb, half), (cr, other)]) if half == other && *half > 0 => {
                if stride == half {
                    let pixels = y.iter_mut().zip(cb.iter_mut()).zip(cr.iter_mut());
                    pixels.for_each(|((y, cb), cr)| (*cb, *cr) = rgb.block([y], *cb, *cr));
                } else if *stride == *half * 2 {
                    let rows = y.chunks_exact_mut(*stride * 2);
                    for ((two, cb), cr) in rows.zip(cb.chunks_exact_mut(*half)).zip(cr.chunks_exact_mut(*half)) {
                        let (upper, lower) = two.split_at_mut(*stride);
                        let lumas = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
                        for (((above, below), cb), cr) in lumas.zip(cb).zip(cr) {
                            let ([a, b], [c, d]) = (above, below) else { continue };
                            (*cb, *cr) = rgb.block([a, b, c, d], *cb, *cr);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

impl Rgb {
    /// One pixel, in samples of 0 to 255.
    fn convert(&self, samples: [f32; 3]) -> [f32; 3] {
        const TOP: f32 = (255 * FINE) as f32;
        let at = |channel: usize| {
            // Clamped, so it is within the table; a cast of what is no number would be 0.
            let index = (samples[channel] * FINE as f32 + 0.5).clamp(0.0, TOP) as usize;
            self.curves[channel][index.min(255 * FINE)]
        };
        let [r, g, b] = [at(0), at(1), at(2)];
        self.matrix.map(|row| sample_of(&self.encoded, row[0] * r + row[1] * g + row[2] * b))
    }

    /// Lumas that share their colour: converts them in their place, and returns the colour, which is the mean of theirs.
    fn block<const N: usize>(&self, lumas: [&mut u8; N], cb: u8, cr: u8) -> (u8, u8) {
        let (blue, red) = (f32::from(cb) - 128.0, f32::from(cr) - 128.0);
        let add = [1.402 * red, -0.344_136 * blue - 0.714_136 * red, 1.772 * blue];
        let mut sums = [0.0; 2];
        for luma in lumas {
            let y = f32::from(*luma);
            let [r, g, b] = self.convert(add.map(|part| y + part));
            *luma = rounded(0.299 * r + 0.587 * g + 0.114 * b);
            sums[0] += -0.168_736 * r - 0.331_264 * g + 0.5 * b;
            sums[1] += 0.5 * r - 0.418_688 * g - 0.081_312 * b;
        }
        let [cb, cr] = sums.map(|sum| rounded(sum / N as f32 + 128.0));
        (cb, cr)
    }
}

/// The sample that shows so much light; more or less than there can be is clipped.
fn sample_of(encoded: &[f32; ENCODED + 1], light: f32) -> f32 {
    let at = light.clamp(0.0, 1.0).sqrt() * ENCODED as f32 + 0.5;
    encoded[(at as usize).min(ENCODED)]
}

fn encoded() -> [f32; ENCODED + 1] {
    std::array::from_fn(|at| {
        let root = at as f64 / ENCODED as f64;
        let light = root * root;
        let value = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * libm::pow(light, 1.0 / 2.4) - 0.055 };
        (value * 255.0) as f32
    })
}

fn rounded(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests;
