//! Pictures among the files that came: which of them a browser may show, and as what.
//!
//! Owns: recognising them by their first bytes. Never: believes a name or a header, or decodes anything; and SVG, which can
//! run, is no picture here.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// As many bytes of a file tell what it is.
const TELLING: usize = 12;

/// Headers under which a stranger's bytes do no harm: they are what they are called, and nothing in them runs or loads.
pub(crate) const HARMLESS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// A kind of picture that every browser shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picture {
    Jpeg,
    Png,
    Gif,
    WebP,
}

impl Picture {
    /// By a file's first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    /// The file's kind; `None` also if it cannot be read.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let mut start = Vec::with_capacity(TELLING);
        File::open(path).ok()?.take(TELLING as u64).read_to_end(&mut start).ok()?;
        Self::of(&start)
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes_and_nothing_else_is_one() {
        let table: [(&[u8], Option<Picture>); 7] = [
            (b"\xFF\xD8\xFF\xE0rest", Some(Picture::Jpeg)),
            (b"\x89PNG\r\n\x1a\nrest", Some(Picture::Png)),
            (b"GIF89a", Some(Picture::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Picture::WebP)),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", None),
            (b"<!doctype html><script>", None),
            (b"", None),
        ];
        for (bytes, kind) in table {
            assert_eq!(Picture::of(bytes), kind, "{bytes:?}");
        }
    }
}
