//! What goes along with the pixels: EXIF, XMP, IPTC, comments, the colour profile.
//!
//! Owns what each [`ExifPolicy`] lets through and how it is laid into a JPEG. Never decodes or encodes pixels. What it
//! does not know does not go along once a file is written anew: the index of other pictures in it (MPF), gain maps,
//! FlashPix, makers' own segments, and signatures over the file (C2PA in JUMBF), which would no longer hold.
//!
//! ```text
//! source --read--> Metadata --allowed(policy)--> Metadata --jpeg_segments(room)--> bytes behind the start marker
//!                                                 | set_dimensions, where the pixels are new
//! ```

pub(crate) mod exif;
mod icc;
pub(crate) mod iptc;
pub(crate) mod xmp;

use crate::colour::{self, Converter, Reading};
use crate::jpeg::{MAX_PAYLOAD, Segment, marker};
use crate::{ExifPolicy, ProfilePolicy};

const EXIF_ID: &[u8] = b"Exif\0\0";
const XMP_ID: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP_ID: &[u8] = b"Photoshop 3.0\0";

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
    /// Out of a JPEG's segments, in whatever order they come. Of several EXIF blocks the first that can be read counts,
    /// of several XMP packets the first; Photoshop's resources go on from segment to segment.
    pub(crate) fn of_segments(segments: &[Segment]) -> Self {
        let all = |code, id: &'static [u8]| {
            segments.iter().filter(move |s| s.marker == code).filter_map(move |s| s.payload.strip_prefix(id))
        };
        let resources: Vec<u8> = all(marker::APP13, PHOTOSHOP_ID).flatten().copied().collect();
        Metadata {
            exif: all(marker::APP1, EXIF_ID).find(|block| exif::readable(block)).map(<[u8]>::to_vec),
            xmp: all(marker::APP1, XMP_ID).next().map(<[u8]>::to_vec),
            iptc: Some(resources).filter(|resources| !resources.is_empty()),
            comments: all(marker::COM, b"").map(<[u8]>::to_vec).collect(),
            icc: icc::profile(segments),
        }
    }

    /// The orientation that the picture is to be shown in, 1 to 8.
    pub(crate) fn orientation(&self) -> u8 {
        self.exif.as_deref().map_or(1, exif::orientation)
    }

    /// What the policy lets through, made true for an upright picture.
    pub(crate) fn allowed(&self, policy: ExifPolicy) -> Metadata {
        let through =
            |part: &Option<Vec<u8>>, keep: fn(&[u8]) -> Option<Vec<u8>>, filter: fn(&[u8]) -> Option<Vec<u8>>| {
                let part = part.as_deref()?;
                match policy {
                    ExifPolicy::Keep => keep(part),
                    ExifPolicy::NoLocation => filter(part),
                    ExifPolicy::Minimal | ExifPolicy::None => None,
                }
            };
        Metadata {
            exif: self.exif.as_deref().and_then(|block| exif::edit(block, policy)),
            xmp: through(&self.xmp, xmp::upright, xmp::filtered),
            iptc: through(&self.iptc, iptc::kept, iptc::filtered),
            comments: if policy == ExifPolicy::Keep { self.comments.clone() } else { Vec::new() },
            icc: self.icc.clone(),
        }
    }

    /// Makes true for pixels made anew what [`allowed`](Metadata::allowed) left as it was: the dimensions. Neither which
    /// dimensions these are nor how often they are set changes how long the metadata is, so that room can be made for it
    /// before the dimensions are final.
    pub(crate) fn set_dimensions(&mut self, width: u32, height: u32) {
        if let Some(block) = &mut self.exif {
            exif::set_dimensions(block, width, height);
        }
        self.xmp = self.xmp.as_deref().map(xmp::without_dimensions);
    }

    /// Whether pixels that stay as they are show their colours as the policy wants it, with the metadata that they have.
    pub(crate) fn colours_stay(&self, policy: ProfilePolicy, gray: bool) -> bool {
        policy == ProfilePolicy::Carry || !matches!(self.reading(gray), Some(Reading::Convertible(_)))
    }

    /// Settles what becomes of the colours of pixels that are made anew: the profile goes along, or `Some` converter is to
    /// be run over the pixels and no profile goes along. One that is for pixels of another kind is dropped.
    ///
    /// Where the policy is to carry the profile and it takes more than `room` bytes, the pixels are converted all the same;
    /// where that cannot be done either, the profile is lost ([`jpeg_segments`](Metadata::jpeg_segments) leaves it out).
    pub(crate) fn settle_colours(&mut self, policy: ProfilePolicy, gray: bool, room: usize) -> Option<Converter> {
        self.keep_profile_for(gray);
        let fits = |profile: &[u8]| (1..=room).contains(&icc::segments(profile).len());
        if policy == ProfilePolicy::Carry && self.icc.as_deref().is_none_or(fits) {
            return None;
        }
        let converter = match self.reading(gray)? {
            Reading::Unusable => return None,
            Reading::Srgb => None,
            Reading::Convertible(converter) => Some(converter),
        };
        self.icc = None;
        if let Some(block) = self.exif.as_mut().filter(|_| !gray) {
            exif::set_srgb(block);
        }
        converter
    }

    /// What is known of the colours; `None` where nothing is, which means sRGB.
    fn reading(&self, gray: bool) -> Option<Reading> {
        match &self.icc {
            Some(profile) => Some(colour::read(profile, gray)),
            None if !gray && self.exif.as_deref().is_some_and(exif::is_adobe_rgb) => {
                colour::adobe_rgb().map(Reading::Convertible)
            }
            None => None,
        }
    }

    /// Drops a profile that is not for pixels of this colour space: a CMYK profile after conversion to RGB.
    pub(crate) fn keep_profile_for(&mut self, gray: bool) {
        let wanted: &[u8] = if gray { b"GRAY" } else { b"RGB " };
        self.icc = self.icc.take().filter(|profile| profile.get(16..20) == Some(wanted));
    }

    /// The metadata as segments for a JPEG, at most `room` bytes. The profile has the first claim to it, for without it
    /// the colours are wrong, then EXIF, XMP, IPTC, comments; what does not fit any more is left out. EXIF stands first,
    /// as its standard wants it.
    pub(crate) fn jpeg_segments(&self, room: usize) -> Vec<u8> {
        let mut left = room;
        let mut affordable = |segments: Vec<u8>| {
            let fits = segments.len() <= left;
            left -= if fits { segments.len() } else { 0 };
            segments.into_iter().take(if fits { usize::MAX } else { 0 })
        };
        let profile = affordable(self.icc.as_deref().map(icc::segments).unwrap_or_default());
        let mut out = Vec::new();
        if let Some(block) = &self.exif {
            out.extend(affordable(segment(marker::APP1, EXIF_ID, block)));
        }
        out.extend(profile);
        if let Some(packet) = &self.xmp {
            out.extend(affordable(segment(marker::APP1, XMP_ID, packet)));
        }
        if let Some(resources) = &self.iptc {
            let parts = resources.chunks(MAX_PAYLOAD - PHOTOSHOP_ID.len());
            out.extend(affordable(parts.flat_map(|part| segment(marker::APP13, PHOTOSHOP_ID, part)).collect()));
        }
        for comment in &self.comments {
            out.extend(affordable(segment(marker::COM, b"", comment)));
        }
        out
    }
}

/// What stands behind the start marker where a picture's data is kept as it is and only its metadata is made to obey the
/// policy: the JFIF header, without its thumbnail, and what is let through.
pub(crate) fn kept_segments(segments: &[Segment], policy: ExifPolicy) -> Vec<u8> {
    let jfif = segments.iter().filter(|s| s.marker == marker::APP0).find_map(|s| s.payload.first_chunk::<14>());
    let jfif = jfif.filter(|header| header.starts_with(b"JFIF\0"));
    let mut out = jfif.map(|header| segment(marker::APP0, &header[..12], &[0, 0])).unwrap_or_default();
    out.extend(Metadata::of_segments(segments).allowed(policy).jpeg_segments(usize::MAX));
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_room_is_left_out_in_order() {
        let metadata = Metadata {
            exif: Some(vec![1; 100]),
            xmp: Some(vec![2; 5000]),
            comments: vec![b"hello".to_vec()],
            icc: Some(vec![3; 500]),
            ..Metadata::default()
        };
        let (exif, profile, xmp, comment) = (10 + 100, 18 + 500, 33 + 5000, 4 + 5);
        assert_eq!(metadata.jpeg_segments(usize::MAX).len(), exif + profile + xmp + comment);
        assert_eq!(metadata.jpeg_segments(1000).len(), exif + profile + comment);
        assert_eq!(metadata.jpeg_segments(profile + 50).len(), profile + comment, "the profile before EXIF");
        assert_eq!(metadata.jpeg_segments(0), b"");
        assert!(metadata.jpeg_segments(1000).starts_with(&[0xFF, marker::APP1]), "EXIF stands first all the same");
    }

    #[test]
    fn resources_longer_than_a_segment_survive_the_way_out_and_back() {
        let metadata = Metadata { iptc: Some(vec![9; 100_000]), ..Metadata::default() };
        let laid = metadata.jpeg_segments(usize::MAX);
        let mut segments = Vec::new();
        let mut rest = &laid[..];
        while let [0xFF, code, high, low, behind @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low])) - 2;
            segments.push(Segment { marker: *code, payload: behind[..length].to_vec() });
            rest = &behind[length..];
        }
        assert_eq!(segments.len(), 2);
        assert_eq!(Metadata::of_segments(&segments), metadata);
    }
}
