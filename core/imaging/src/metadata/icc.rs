//! A colour profile in a JPEG: taken out of its segments, and laid into them.
//!
//! Owns the numbering. Never looks into the profile. Source: ICC.1:2022, annex B.4.

use crate::jpeg::{MAX_PAYLOAD, Segment, marker};

use super::segment;

const ID: &[u8] = b"ICC_PROFILE\0";

/// The profile of a file. It may be spread over several segments, numbered from 1, in any order; a part that is there
/// twice counts once. An incomplete one is none, and so is one of which two different parts have the same number.
pub(super) fn profile(segments: &[Segment]) -> Option<Vec<u8>> {
    let parts = segments.iter().filter(|s| s.marker == marker::APP2).filter_map(|s| s.payload.strip_prefix(ID));
    let mut parts: Vec<(u8, u8, &[u8])> = parts.filter_map(|p| Some((*p.first()?, *p.get(1)?, p.get(2..)?))).collect();
    parts.sort_by_key(|(number, _, _)| *number);
    parts.dedup();
    let complete = parts.iter().zip(1..).all(|((number, of, _), at)| *number == at && usize::from(*of) == parts.len());
    (complete && !parts.is_empty()).then(|| parts.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect())
}

/// The segments of a profile; none where it is longer than 255 of them can hold.
pub(super) fn segments(profile: &[u8]) -> Vec<u8> {
    let chunks = profile.chunks(MAX_PAYLOAD - ID.len() - 2);
    let Ok(of) = u8::try_from(chunks.len()) else { return Vec::new() };
    chunks.zip(1..=of).flat_map(|(bytes, number)| segment(marker::APP2, ID, &[&[number, of], bytes].concat())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u8, of: u8, bytes: &[u8]) -> Segment {
        Segment { marker: marker::APP2, payload: [ID, &[number, of], bytes].concat() }
    }

    #[test]
    fn a_profile_larger_than_a_segment_survives_the_way_out_and_back() {
        let whole: Vec<u8> = (0..150_000u32).map(|n| n as u8).collect();
        let laid = segments(&whole);
        let mut file = vec![0xFF, marker::SOI];
        file.extend(laid);
        file.extend([0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9]);
        let jpeg = crate::jpeg::Header::read(&mut std::io::Cursor::new(file)).unwrap();
        assert_eq!(profile(&jpeg.segments).as_deref(), Some(&whole[..]));
        assert_eq!(profile(&jpeg.segments[1..]), None, "an incomplete profile is none");
    }

    #[test]
    fn parts_may_come_in_any_order_and_twice_but_not_differ_or_be_missing() {
        let (a, b, c) = (part(1, 3, b"a"), part(2, 3, b"b"), part(3, 3, b"c"));
        let of = |parts: &[&Segment]| profile(&parts.iter().map(|part| (*part).clone()).collect::<Vec<_>>());
        assert_eq!(of(&[&c, &a, &b]).as_deref(), Some(&b"abc"[..]));
        assert_eq!(of(&[&a, &b, &b, &c]).as_deref(), Some(&b"abc"[..]));
        assert_eq!(of(&[&a, &c]), None);
        assert_eq!(of(&[&a, &b]), None);
        assert_eq!(of(&[&a, &b, &part(2, 3, b"x"), &c]), None);
        assert_eq!(of(&[&a, &part(2, 2, b"b"), &c]), None);
        assert_eq!(of(&[&part(0, 1, b"a")]), None);
        assert_eq!(of(&[&Segment { marker: marker::APP2, payload: ID.to_vec() }]), None);
    }

    #[test]
    fn a_profile_too_long_for_a_jpeg_is_left_out() {
        assert_eq!(segments(&vec![0; 17_000_000]), b"");
    }
}
