//! What goes along with the pixels: EXIF, XMP, IPTC, comments, the colour profile.
//!
//! Owns what each [`ExifPolicy`] lets through and how it is laid into a JPEG. Never decodes or encodes pixels.
//!
//! ```text
//! source --read--> Metadata --allowed(policy)--> Metadata --jpeg_segments(room)--> bytes behind the start marker
//! ```

use crate::jpeg::{Jpeg, MAX_PAYLOAD, Segment, marker};
use crate::{ExifPolicy, exif};

const EXIF_ID: &[u8] = b"Exif\0\0";
const XMP_ID: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC_ID: &[u8] = b"ICC_PROFILE\0";
const IPTC_ID: &[u8] = b"Photoshop 3.0\0";

/// A picture's metadata, taken out of its container.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The EXIF block, from its byte-order mark.
    pub(crate) exif: Option<Vec<u8>>,
    /// The XMP packet.
    pub(crate) xmp: Option<Vec<u8>>,
    /// Photoshop's image resources, which hold IPTC.
    pub(crate) iptc: Option<Vec<u8>>,
    pub(crate) comments: Vec<Vec<u8>>,
    /// The ICC profile, whole.
    pub(crate) icc: Option<Vec<u8>>,
}

impl Metadata {
    pub(crate) fn of_segments(segments: &[Segment]) -> Self {
        let find = |code, id: &[u8]| {
            segments.iter().find_map(|s| (s.marker == code).then(|| s.payload.strip_prefix(id))?.map(<[u8]>::to_vec))
        };
        Metadata {
            exif: find(marker::APP1, EXIF_ID),
            xmp: find(marker::APP1, XMP_ID),
            iptc: find(marker::APP13, IPTC_ID),
            comments: segments.iter().filter(|s| s.marker == marker::COM).map(|s| s.payload.to_vec()).collect(),
            icc: icc_profile(segments),
        }
    }

    /// The orientation that the picture is to be shown in, 1 to 8.
    pub(crate) fn orientation(&self) -> u8 {
        self.exif.as_deref().map_or(1, exif::orientation)
    }

    /// What the policy lets through, made true for an upright picture.
    pub(crate) fn allowed(&self, policy: ExifPolicy) -> Metadata {
        let keep = policy == ExifPolicy::Keep;
        Metadata {
            exif: self.exif.as_deref().and_then(|block| exif::edit(block, policy)),
            xmp: self.xmp.as_deref().filter(|_| keep).and_then(upright_xmp),
            iptc: self.iptc.clone().filter(|_| keep),
            comments: if keep { self.comments.clone() } else { Vec::new() },
            icc: self.icc.clone(),
        }
    }

    /// Drops a profile that is not for pixels of this colour space: a CMYK profile after conversion to RGB.
    pub(crate) fn keep_profile_for(&mut self, gray: bool) {
        let wanted: &[u8] = if gray { b"GRAY" } else { b"RGB " };
        self.icc = self.icc.take().filter(|profile| profile.get(16..20) == Some(wanted));
    }

    /// The metadata as segments for a JPEG, at most `room` bytes: the profile first, then EXIF, XMP, IPTC, comments;
    /// what does not fit any more is left out.
    pub(crate) fn jpeg_segments(&self, room: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |segments: Vec<u8>| {
            if out.len() + segments.len() <= room {
                out.extend(segments);
            }
        };
        if let Some(block) = &self.exif {
            add(segment(marker::APP1, EXIF_ID, block));
        }
        if let Some(profile) = &self.icc {
            add(icc_segments(profile));
        }
        if let Some(packet) = &self.xmp {
            add(segment(marker::APP1, XMP_ID, packet));
        }
        if let Some(resources) = &self.iptc {
            add(segment(marker::APP13, IPTC_ID, resources));
        }
        for comment in &self.comments {
            add(segment(marker::COM, b"", comment));
        }
        out
    }
}

/// The file with its metadata as the policy wants it and its picture data untouched. Gain maps, motion clips and
/// whatever else trails the picture are left out, for their offsets would no longer be right.
pub(crate) fn rewrite_jpeg(jpeg: &Jpeg<'_>, policy: ExifPolicy) -> Vec<u8> {
    let allowed = Metadata::of_segments(&jpeg.segments).allowed(policy);
    let mut out = vec![0xFF, marker::SOI];
    for Segment { marker: code, payload } in jpeg.segments.iter().filter(|s| s.marker == marker::APP0 && is_jfif(s)) {
        out.extend(segment(*code, b"", payload));
    }
    out.extend(allowed.jpeg_segments(usize::MAX));
    for Segment { marker: code, payload } in &jpeg.segments {
        let is_metadata = matches!(*code, marker::APP0..=marker::APP13 | marker::APP15 | marker::COM);
        if !is_metadata {
            out.extend(segment(*code, b"", payload));
        }
    }
    out.extend_from_slice(jpeg.scans);
    out
}

fn is_jfif(segment: &Segment) -> bool {
    segment.payload.starts_with(b"JFIF\0")
}

/// One segment; nothing at all where the payload is too long for one.
fn segment(code: u8, id: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = id.len() + payload.len();
    let Some(field) = u16::try_from(length + 2).ok().filter(|_| length <= MAX_PAYLOAD) else { return Vec::new() };
    let mut out = vec![0xFF, code];
    out.extend(field.to_be_bytes());
    out.extend_from_slice(id);
    out.extend_from_slice(payload);
    out
}

/// A profile may be spread over several segments, numbered from 1; an incomplete one is none.
fn icc_profile(segments: &[Segment]) -> Option<Vec<u8>> {
    let parts = segments.iter().filter(|s| s.marker == marker::APP2).filter_map(|s| s.payload.strip_prefix(ICC_ID));
    let mut parts: Vec<(u8, u8, &[u8])> = parts.filter_map(|p| Some((*p.first()?, *p.get(1)?, p.get(2..)?))).collect();
    parts.sort_by_key(|(number, _, _)| *number);
    let complete = parts.iter().zip(1..).all(|((number, of, _), at)| *number == at && usize::from(*of) == parts.len());
    (complete && !parts.is_empty()).then(|| parts.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect())
}

fn icc_segments(profile: &[u8]) -> Vec<u8> {
    let chunks = profile.chunks(MAX_PAYLOAD - ICC_ID.len() - 2);
    let Ok(of) = u8::try_from(chunks.len()) else { return Vec::new() };
    chunks
        .zip(1..=of)
        .flat_map(|(bytes, number)| segment(marker::APP2, ICC_ID, &[&[number, of], bytes].concat()))
        .collect()
}

/// The packet with its orientation set to 1. `None` for one that describes gain maps, motion clips or depth, which are
/// not there any more.
fn upright_xmp(packet: &[u8]) -> Option<Vec<u8>> {
    const STALE: &[&[u8]] =
        &[b"hdrgm:", b"GCamera:", b"GContainer:", b"Container:Directory", b"xmpNote:HasExtendedXMP"];
    let has = |needle: &&[u8]| packet.windows(needle.len()).any(|window| window == *needle);
    if STALE.iter().any(has) {
        return None;
    }
    let mut packet = packet.to_vec();
    const TAG: &[u8] = b"tiff:Orientation";
    let places: Vec<usize> =
        packet.windows(TAG.len()).enumerate().filter(|(_, w)| *w == TAG).map(|(at, _)| at).collect();
    for at in places {
        // As an attribute, tiff:Orientation="6", or as an element, <tiff:Orientation>6</...
        let value = packet[at + TAG.len()..].iter_mut().take(8).find(|byte| byte.is_ascii_digit());
        if let Some(digit) = value {
            *digit = b'1';
        }
    }
    Some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_larger_than_a_segment_survives_the_way_out_and_back() {
        let profile: Vec<u8> = (0..150_000u32).map(|n| n as u8).collect();
        let laid = icc_segments(&profile);
        let mut file = vec![0xFF, marker::SOI];
        file.extend(laid);
        file.extend([0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9]);
        let jpeg = Jpeg::parse(&file).unwrap();
        assert_eq!(Metadata::of_segments(&jpeg.segments).icc.as_deref(), Some(&profile[..]));
        let half = &jpeg.segments[1..];
        assert_eq!(icc_profile(half), None, "an incomplete profile is none");
    }

    #[test]
    fn the_orientation_in_xmp_is_set_upright_and_stale_packets_are_dropped() {
        let packet = br#"<x tiff:Orientation="6"/><tiff:Orientation>8</tiff:Orientation>"#;
        let upright = br#"<x tiff:Orientation="1"/><tiff:Orientation>1</tiff:Orientation>"#;
        assert_eq!(upright_xmp(packet).as_deref(), Some(&upright[..]));
        assert_eq!(upright_xmp(br#"<x hdrgm:Version="1.0"/>"#), None);
    }

    #[test]
    fn what_does_not_fit_the_room_is_left_out_in_order() {
        let metadata = Metadata {
            exif: Some(vec![1; 100]),
            xmp: Some(vec![2; 5000]),
            comments: vec![b"hello".to_vec()],
            ..Metadata::default()
        };
        assert_eq!(metadata.jpeg_segments(usize::MAX).len(), (10 + 100) + (33 + 5000) + (4 + 5));
        assert_eq!(metadata.jpeg_segments(1000).len(), (10 + 100) + (4 + 5));
        assert_eq!(metadata.jpeg_segments(0), b"");
    }
}
