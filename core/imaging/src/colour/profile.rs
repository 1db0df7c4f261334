//! The few parts of a colour profile that a conversion takes: header, colorants, curves. And the least profile there is,
//! for colours that a file describes in other words.
//!
//! Owns bounds: every offset is checked here. Source: ICC.1:2022, clauses 7 to 10.

use super::matrix::{D50, Matrix};
use super::{Chromaticities, LONGEST};

/// The header's length; the number of tags stands behind it.
const HEADER: usize = 128;
/// More tags than any profile has.
const MOST_TAGS: u32 = 1000;
/// How far the colorants' sum may be from white: older profiles round, some are not for D50 at all and would be tinted.
const TINT: f64 = 0.02;

/// From a sample to light, both 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Curve {
    /// `(a x + b)^g + e` from `d` up, `c x + f` below it.
    Formula { g: f64, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64 },
    /// Equal steps, straight lines between them; at least two.
    Table(Vec<u16>),
}

impl Curve {
    pub(super) fn gamma(g: f64) -> Curve {
        Curve::Formula { g, a: 1.0, b: 0.0, c: 0.0, d: 0.0, e: 0.0, f: 0.0 }
    }

    /// sRGB's own.
    pub(super) const SRGB: Curve =
        Curve::Formula { g: 2.4, a: 1.0 / 1.055, b: 0.055 / 1.055, c: 1.0 / 12.92, d: 0.040_45, e: 0.0, f: 0.0 };

    pub(super) fn light(&self, sample: f64) -> f64 {
        let light = match self {
            Curve::Formula { g, a, b, c, d, e, f } => {
                if sample >= *d {
                    libm::pow((a * sample + b).max(0.0), *g) + e
                } else {
                    c * sample + f
                }
            }
            Curve::Table(steps) => {
                let at = sample * (steps.len() - 1) as f64;
                let low = (at as usize).min(steps.len() - 1);
                let high = (low + 1).min(steps.len() - 1);
                let (from, to) = (f64::from(steps[low]), f64::from(steps[high]));
                (from + (to - from) * (at - low as f64)) / 65_535.0
            }
        };
        if light.is_nan() { 0.0 } else { light.clamp(0.0, 1.0) }
    }
}

/// The colorants and curves of a profile for RGB that has them.
pub(super) fn rgb(profile: &[u8]) -> Option<(Matrix, [Curve; 3])> {
    checked(profile, b"RGB ")?;
    let (r, g, b) = (colorant(profile, b"rXYZ")?, colorant(profile, b"gXYZ")?, colorant(profile, b"bXYZ")?);
    let colorants: Matrix = std::array::from_fn(|row| [r[row], g[row], b[row]]);
    let is_white = colorants.iter().zip(D50).all(|(row, white)| (row.iter().sum::<f64>() - white).abs() <= TINT);
    let curves = [curve(profile, b"rTRC")?, curve(profile, b"gTRC")?, curve(profile, b"bTRC")?];
    is_white.then_some((colorants, curves))
}

/// The curve of a profile for gray.
pub(super) fn gray(profile: &[u8]) -> Option<Curve> {
    checked(profile, b"GRAY")?;
    curve(profile, b"kTRC")
}

/// Whether it is a profile of the kind that these parts mean something in.
fn checked(profile: &[u8], space: &[u8; 4]) -> Option<()> {
    let header = profile.get(..HEADER)?;
    let is_known =
        header[8] <= 4 && &header[36..40] == b"acsp" && &header[16..20] == space && &header[20..24] == b"XYZ ";
    let class_is_known = [b"mntr", b"scnr", b"prtr", b"spac"].iter().any(|class| &header[12..16] == *class);
    // Brighter than white (PQ is 16, HLG is 18): the curves beside it are a makeshift.
    let is_hdr = tag(profile, b"cicp").is_some_and(|cicp| matches!(cicp.get(9), Some(16 | 18)));
    (is_known && class_is_known && !is_hdr).then_some(())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn fixed_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(i32::from_be_bytes(*bytes.get(at..)?.first_chunk()?)) / 65_536.0)
}

fn tag<'p>(profile: &'p [u8], name: &[u8; 4]) -> Option<&'p [u8]> {
    let count = u32_at(profile, HEADER)?.min(MOST_TAGS) as usize;
    let table = profile.get(HEADER + 4..)?.chunks_exact(12).take(count);
    let entry = table.into_iter().find(|entry| entry.starts_with(name))?;
    let (at, length) = (u32_at(entry, 4)? as usize, u32_at(entry, 8)? as usize);
    profile.get(at..at.checked_add(length)?)
}

fn colorant(profile: &[u8], name: &[u8; 4]) -> Option<[f64; 3]> {
    let data = tag(profile, name)?.strip_prefix(b"XYZ \0\0\0\0")?;
    Some([fixed_at(data, 0)?, fixed_at(data, 4)?, fixed_at(data, 8)?])
}

fn curve(profile: &[u8], name: &[u8; 4]) -> Option<Curve> {
    let data = tag(profile, name)?;
    if let Some(data) = data.strip_prefix(b"curv\0\0\0\0") {
        let steps = data.get(4..)?.chunks_exact(2).map(|step| u16::from_be_bytes([step[0], step[1]]));
        let count = u32_at(data, 0)? as usize;
        let steps: Vec<u16> = steps.take(count).collect();
        return match steps[..] {
            _ if steps.len() != count || count > LONGEST => None,
            [] => Some(Curve::gamma(1.0)),
            [gamma] => Some(Curve::gamma(f64::from(gamma) / 256.0)),
            _ => Some(Curve::Table(steps)),
        };
    }
    let data = data.strip_prefix(b"para\0\0\0\0")?;
    let p = |at: usize| fixed_at(data, 4 + at * 4);
    let g = p(0)?;
    Some(match u16::from_be_bytes(*data.first_chunk()?) {
        0 => Curve::gamma(g),
        // Zero below -b/a: so is what the formula gives there.
        1 => Curve::Formula { g, a: p(1)?, b: p(2)?, c: 0.0, d: 0.0, e: 0.0, f: 0.0 },
        2 => Curve::Formula { g, a: p(1)?, b: p(2)?, c: 0.0, d: 0.0, e: p(3)?, f: 0.0 },
        3 => Curve::Formula { g, a: p(1)?, b: p(2)?, c: p(3)?, d: p(4)?, e: 0.0, f: 0.0 },
        4 => Curve::Formula { g, a: p(1)?, b: p(2)?, c: p(3)?, d: p(4)?, e: p(5)?, f: p(6)? },
        _ => return None,
    })
}

/// A profile (version 4) for RGB of these primaries, with a curve of this power, or with sRGB's; `None` for primaries that
/// span no colours.
pub(crate) fn described(primaries: &Chromaticities, gamma: Option<f64>) -> Option<Vec<u8>> {
    let colorants = primaries.colorants()?;
    let fixed = |value: f64| ((value * 65_536.0).round() as i32).to_be_bytes();
    let text = |words: &str| {
        let utf16: Vec<u8> = words.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let length = (utf16.len() as u32).to_be_bytes(); // a few words
        [&b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS"[..], &length, &[0, 0, 0, 28], &utf16].concat()
    };
    let point = |xyz: [f64; 3]| [b"XYZ \0\0\0\0".as_slice(), &xyz.map(fixed).concat()].concat();
    let column = |at: usize| point([colorants[0][at], colorants[1][at], colorants[2][at]]);
    let trc = match (gamma, Curve::SRGB) {
        (None, Curve::Formula { g, a, b, c, d, .. }) => {
            [b"para\0\0\0\0\0\x03\0\0".as_slice(), &[g, a, b, c, d].map(fixed).concat()].concat()
        }
        (gamma, _) => [b"para\0\0\0\0\0\0\0\0".as_slice(), &fixed(gamma.unwrap_or(1.0))].concat(),
    };
    let parts: [(&[&[u8; 4]], Vec<u8>); 7] = [
        (&[b"desc"], text("As the file says")),
        (&[b"cprt"], text("No copyright")),
        (&[b"wtpt"], point(D50)),
        (&[b"rXYZ"], column(0)),
        (&[b"gXYZ"], column(1)),
        (&[b"bXYZ"], column(2)),
        (&[b"rTRC", b"gTRC", b"bTRC"], trc),
    ];
    let count = parts.iter().map(|(names, _)| names.len()).sum::<usize>();
    let mut table = (count as u32).to_be_bytes().to_vec(); // nine
    let mut data = Vec::new();
    for (names, mut part) in parts {
        let at = (HEADER + 4 + count * 12 + data.len()) as u32; // less than a thousand
        let length = (part.len() as u32).to_be_bytes();
        for name in names {
            table.extend([name.as_slice(), &at.to_be_bytes(), &length].concat());
        }
        part.resize(part.len().next_multiple_of(4), 0);
        data.extend(part);
    }
    let mut profile = vec![0; HEADER];
    profile[8..12].copy_from_slice(&[4, 0x40, 0, 0]);
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&D50.map(fixed).concat());
    profile.extend(table);
    profile.extend(data);
    let size = (profile.len() as u32).to_be_bytes(); // less than a thousand
    profile[..4].copy_from_slice(&size);
    Some(profile)
}
