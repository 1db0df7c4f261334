//! Photoshop's image resources, and the IPTC records in them.
//!
//! Owns which resources and which datasets go along. Never reads past a length that is wrong: what comes before it is
//! kept, what follows is not.
//!
//! ```text
//! "8BIM" id(2) name(1 + n, even) size(4) data(even)      one resource; 0x0404 holds IPTC
//! 0x1C record(1) dataset(1) length(2) data               one dataset of it
//! ```
//!
//! Source: Adobe Photoshop File Formats Specification; IPTC-NAA Information Interchange Model 4.2.

use std::ops::Range;

const IPTC: u16 = 0x0404;
const THUMBNAILS: [u16; 2] = [0x0409, 0x040C];
const COPYRIGHTED: u16 = 0x040A;
const ICC: u16 = 0x040F;

/// The editorial datasets of record 2 that tell nothing of a place: not 26 and 27 (content location), 90 (city), 92
/// (sublocation), 95 (state), 100 and 101 (country), nor what the standard does not define, nor the preview (200 to 202).
fn tells_no_place(record: u8, dataset: u8) -> bool {
    match record {
        1 => matches!(dataset, 0 | 20 | 22 | 30 | 40 | 50 | 60 | 70 | 80 | 90 | 100 | 120 | 122),
        2 => matches!(
            dataset,
            0 | 3
                | 4
                | 5
                | 7
                | 8
                | 10
                | 12
                | 15
                | 20
                | 22
                | 25
                | 30
                | 35
                | 37
                | 38
                | 40
                | 42
                | 45
                | 47
                | 50
                | 55
                | 60
                | 62
                | 63
                | 65
                | 70
                | 75
                | 80
                | 85
                | 103
                | 105
                | 110
                | 115
                | 116
                | 118
                | 120..=122 | 130 | 131 | 135
        ),
        _ => false,
    }
}

/// All resources but those that the new pixels make wrong: thumbnails, and a second copy of the colour profile. What
/// cannot be read stays as it is.
pub(crate) fn kept(resources: &[u8]) -> Option<Vec<u8>> {
    let stale = |id: u16| THUMBNAILS.contains(&id) || id == ICC;
    let (mut out, rest) = rebuilt(resources, |id, whole, _| if stale(id) { Vec::new() } else { whole.to_vec() });
    out.extend_from_slice(rest);
    Some(out).filter(|out| !out.is_empty())
}

/// The IPTC records without the place, and whether there is a copyright. Other resources may hold whole packets of XMP
/// and EXIF, and a checksum of what is no longer so.
pub(crate) fn filtered(resources: &[u8]) -> Option<Vec<u8>> {
    let (out, _) = rebuilt(resources, |id, _, data| match id {
        IPTC => resource(IPTC, &without_place(data)),
        COPYRIGHTED => resource(COPYRIGHTED, data.get(..1).unwrap_or_default()),
        _ => Vec::new(),
    });
    Some(out).filter(|out| !out.is_empty())
}

/// What each resource becomes, one behind the other, and what cannot be read behind the last of them.
fn rebuilt(resources: &[u8], with: impl Fn(u16, &[u8], &[u8]) -> Vec<u8>) -> (Vec<u8>, &[u8]) {
    let mut out = Vec::new();
    let mut rest = resources;
    while let Some((id, data, end)) = first(rest) {
        out.extend(with(id, &rest[..end], &rest[data]));
        rest = &rest[end..];
    }
    (out, rest)
}

/// The first resource: its id, where its data lies, where the next one begins.
fn first(rest: &[u8]) -> Option<(u16, Range<usize>, usize)> {
    if !rest.starts_with(b"8BIM") {
        return None;
    }
    let id = u16::from_be_bytes(*rest.get(4..)?.first_chunk()?);
    let name = 1 + usize::from(*rest.get(6)?);
    let size_at = 6 + name + name % 2;
    let size = usize::try_from(u32::from_be_bytes(*rest.get(size_at..)?.first_chunk()?)).ok()?;
    let data = size_at + 4..(size_at + 4).checked_add(size)?;
    rest.get(data.clone())?;
    // The last one's padding is missing in some files.
    let end = (data.end + size % 2).min(rest.len());
    Some((id, data, end))
}

/// A resource without a name; nothing at all for one without data.
fn resource(id: u16, data: &[u8]) -> Vec<u8> {
    let Some(size) = u32::try_from(data.len()).ok().filter(|size| *size > 0) else { return Vec::new() };
    let mut out = b"8BIM".to_vec();
    out.extend(id.to_be_bytes());
    out.extend([0, 0]);
    out.extend(size.to_be_bytes());
    out.extend_from_slice(data);
    out.resize(out.len() + data.len() % 2, 0);
    out
}

fn without_place(records: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = records;
    while let &[0x1C, record, dataset, high, low, ..] = rest {
        // A length with its first bit set says how long the real length is: for objects, never for words.
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(whole) = rest.get(..5 + length).filter(|_| high < 0x80) else { break };
        if tells_no_place(record, dataset) {
            out.extend_from_slice(whole);
        }
        rest = &rest[whole.len()..];
    }
    // The version of a record tells nothing where the record itself is gone.
    if only_headers(&out) { Vec::new() } else { out }
}

/// Whether nothing but versions, times of sending and the character set is left.
fn only_headers(records: &[u8]) -> bool {
    let mut rest = records;
    while let &[0x1C, record, dataset, high, low, ..] = rest {
        if record == 2 && dataset != 0 {
            return false;
        }
        rest = &rest[5 + usize::from(u16::from_be_bytes([high, low]))..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(record: u8, number: u8, text: &[u8]) -> Vec<u8> {
        [&[0x1C, record, number][..], &(text.len() as u16).to_be_bytes(), text].concat()
    }

    fn press() -> Vec<u8> {
        let records = [
            dataset(1, 90, b"\x1B%G"),
            dataset(2, 0, &[0, 4]),
            dataset(2, 26, b"SECRET"),
            dataset(2, 80, b"A. Fitter"),
            dataset(2, 90, b"SECRET"),
            dataset(2, 101, b"SECRET"),
            dataset(2, 120, b"A leak"),
            dataset(2, 187, b"SECRET"),
            dataset(3, 10, b"SECRET"),
        ];
        [
            resource(IPTC, &records.concat()),
            resource(0x0424, b"SECRET"),
            resource(0x040C, b"THUMB"),
            resource(0x040A, b"\x01"),
        ]
        .concat()
    }

    fn holds(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn the_place_goes_and_the_words_stay() {
        let out = filtered(&press()).unwrap();
        assert!(!holds(&out, b"SECRET") && !holds(&out, b"THUMB"));
        assert!(holds(&out, b"A. Fitter") && holds(&out, b"A leak") && holds(&out, b"\x1B%G"));
        assert_eq!(filtered(&out).as_deref(), Some(&out[..]), "what is clean already stays as it is");
        let kept = kept(&press()).unwrap();
        assert!(holds(&kept, b"SECRET") && !holds(&kept, b"THUMB"));
    }

    #[test]
    fn nothing_but_a_place_leaves_nothing() {
        let records = [dataset(2, 0, &[0, 4]), dataset(2, 90, b"SECRET")].concat();
        assert_eq!(filtered(&resource(IPTC, &records)), None);
        assert_eq!(filtered(b""), None);
        assert_eq!(filtered(b"SECRET"), None);
    }

    #[test]
    fn every_cut_keeps_what_came_whole_before_it() {
        let press = press();
        for end in 0..press.len() {
            let out = filtered(&press[..end]).unwrap_or_default();
            assert!(!holds(&out, b"SECRET") && out.len() <= end);
        }
        let mut cut = resource(IPTC, &[dataset(2, 80, b"A. Fitter"), b"\x1C\x02\x78\xFF\xFFSECRET".to_vec()].concat());
        let out = filtered(&cut).unwrap();
        assert!(holds(&out, b"A. Fitter") && !holds(&out, b"SECRET"));
        cut.pop();
        assert!(filtered(&cut).is_none() || !holds(&filtered(&cut).unwrap(), b"SECRET"));
    }
}
