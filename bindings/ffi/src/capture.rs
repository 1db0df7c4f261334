//! What an app hands in: a source and its options. Owns no default but "not asked for"; those of the core stand.

use std::collections::HashMap;
use std::path::PathBuf as FilePath;

use fieldpost::{Bytes, Document, ExifPolicy, ItemId, Photo, ProfilePolicy, Requires, Signature, Text};

use crate::error::NativeError;
use crate::values::negative;

/// Something to capture, with its options. Only the source has to be given.
// No Debug: it would show a person's text.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Capture {
    /// What is captured.
    pub source: Source,
    /// The name to send, with or without an extension. It is cleaned, and eight digits that make it ours are put behind
    /// its stem; the content decides the extension. Default: that of the file.
    #[uniffi(default)]
    pub name: Option<String>,
    /// The caption, where the system has one; elsewhere it stays here.
    #[uniffi(default)]
    pub caption: Option<String>,
    /// Words of the app's own that never leave the device.
    #[uniffi(default)]
    pub tags: Vec<String>,
    /// The folder of the work order, where the system has some.
    #[uniffi(default)]
    pub folder: Option<String>,
    /// Its rank: the higher, the sooner. Default: 10 for a signature, else 0.
    #[uniffi(default)]
    pub priority: Option<i32>,
    /// Send it only once that item is delivered.
    #[uniffi(default)]
    pub after: Option<ItemId>,
    /// The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
    #[uniffi(default)]
    pub key: Option<String>,
    /// What it asks of the device before it leaves. Default: nothing.
    #[uniffi(default)]
    pub requires: Requires,
    /// Settings of the system for this item, over the account's.
    #[uniffi(default)]
    pub settings: HashMap<String, String>,
    /// Who captures it, by the app's own name: where tokens are handed in with the person that they belong to, it leaves
    /// under no other person's token.
    #[uniffi(default)]
    pub person: Option<String>,
}

/// What is captured. A file is copied, and stays as it was unless it is to be moved.
// No Debug: it would show a person's text.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Source {
    /// A photo in any format that cameras write: made smaller until it is within its bounds, its pixels upright. One that
    /// is within them already is sent bit for bit. The original is kept.
    Photo {
        /// The file.
        path: FilePath,
        /// The most bytes that are sent. Default: 1,000,000, and then also a longest edge of 2560 pixels.
        #[uniffi(default)]
        cap: Option<Cap>,
        /// The longest edge in pixels that is sent.
        #[uniffi(default)]
        max_edge: Option<i32>,
        /// Which of its metadata is sent. Default: all of it.
        #[uniffi(default)]
        exif: Option<ExifPolicy>,
        /// What becomes of colours that are not in sRGB. Default: they are sent with their profile.
        #[uniffi(default)]
        profile: Option<ProfilePolicy>,
        /// Whether the caller's file is removed once the capture is durable.
        #[uniffi(default = false)]
        move_source: bool,
    },
    /// A document: sent as it is, whatever it is.
    Document {
        /// The file.
        path: FilePath,
        /// Whether the caller's file is removed once the capture is durable.
        #[uniffi(default = false)]
        move_source: bool,
    },
    /// A text: sent as a text file in UTF-8.
    Text {
        /// The text.
        text: String,
    },
    /// The picture of a signature, a PNG file: sent as it is, before photos.
    Signature {
        /// The file.
        path: FilePath,
        /// Whether the caller's file is removed once the capture is durable.
        #[uniffi(default = false)]
        move_source: bool,
    },
}

/// Which of a photo's metadata is sent. The original on the device keeps all.
#[uniffi::remote(Enum)]
pub enum ExifPolicy {
    /// All of it, the location too.
    Keep,
    /// All but the location, and what may tell of it without saying so: maker notes, private entries.
    NoLocation,
    /// The capture time only.
    Minimal,
    /// Nothing.
    None,
}

/// What becomes of a photo's colours where they are not in sRGB, such as the Display P3 of many phones.
#[uniffi::remote(Enum)]
pub enum ProfilePolicy {
    /// They are sent with their profile.
    Carry,
    /// They are converted to sRGB, and no profile goes along.
    Srgb,
}

/// How large a photo may be when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Cap {
    /// So many bytes. It takes the place of both default bounds: give a longest edge too where pixels should be bounded.
    AtMost {
        /// How many.
        bytes: Bytes,
    },
    /// The file as it is, whatever its size.
    Original,
}

/// What an item asks of the device before it leaves.
#[uniffi::remote(Record)]
pub struct Requires {
    /// Only over a network that costs nothing.
    #[uniffi(default = false)]
    pub unmetered: bool,
    /// Only on the charger.
    #[uniffi(default = false)]
    pub charging: bool,
}

/// Gives a builder of the core the options that all of them have, each by a method of the same name.
macro_rules! with_options {
    ($builder:expr, $options:expr) => {{
        let Capture { source: _, name, caption, tags, folder, priority, after, key, requires, settings, person } =
            $options;
        let mut builder = $builder.requires(requires);
        with_options!(@given builder: name caption folder priority after key person);
        for tag in tags {
            builder = builder.tag(tag);
        }
        for (setting, value) in settings {
            builder = builder.set(setting, value);
        }
        builder.into()
    }};
    (@given $builder:ident: $($option:ident)*) => {
        $(if let Some($option) = $option {
            $builder = $builder.$option($option);
        })*
    };
}

impl From<Cap> for fieldpost::Cap {
    fn from(cap: Cap) -> Self {
        match cap {
            Cap::AtMost { bytes } => fieldpost::Cap::To(bytes),
            Cap::Original => fieldpost::Cap::Original,
        }
    }
}

impl TryFrom<Capture> for fieldpost::Capture {
    type Error = NativeError;

    /// Fails only for an edge below zero.
    fn try_from(capture: Capture) -> Result<Self, NativeError> {
        Ok(match capture.source.clone() {
            Source::Photo { path, cap, max_edge, exif, profile, move_source } => {
                let mut photo = Photo::new(path).exif(exif.unwrap_or_default()).profile(profile.unwrap_or_default());
                if let Some(edge) = max_edge {
                    photo = photo.max_edge(u32::try_from(edge).map_err(|_| negative("the longest edge"))?);
                }
                photo = match cap {
                    None => photo,
                    Some(Cap::AtMost { bytes }) => photo.cap(bytes),
                    Some(Cap::Original) => photo.cap_original(),
                };
                with_options!(if move_source { photo.move_source() } else { photo }, capture)
            }
            Source::Document { path, move_source } => {
                let document = Document::new(path);
                with_options!(if move_source { document.move_source() } else { document }, capture)
            }
            Source::Text { text } => with_options!(Text::new(text), capture),
            Source::Signature { path, move_source } => {
                let signature = Signature::png(path);
                with_options!(if move_source { signature.move_source() } else { signature }, capture)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: Source) -> Capture {
        Capture {
            source,
            name: None,
            caption: None,
            tags: Vec::new(),
            folder: None,
            priority: None,
            after: None,
            key: None,
            requires: Requires::default(),
            settings: HashMap::new(),
            person: None,
        }
    }

    /// The core's capture tells its parts only to `Debug`.
    fn assert_same(capture: Capture, expected: impl Into<fieldpost::Capture>) {
        let converted = fieldpost::Capture::try_from(capture).unwrap();
        assert_eq!(format!("{converted:?}"), format!("{:?}", expected.into()));
    }

    #[test]
    fn every_option_reaches_the_core_and_none_takes_anothers_place() {
        let id: ItemId = "01990000-0000-7000-8000-00007f3a9c1e".parse().unwrap();
        let requires = Requires { unmetered: true, charging: false };
        let capture = Capture {
            name: Some("name".into()),
            caption: Some("caption".into()),
            tags: vec!["first".into(), "second".into()],
            folder: Some("folder".into()),
            priority: Some(-3),
            after: Some(id),
            key: Some("key".into()),
            requires,
            settings: HashMap::from([("visibility".into(), "Public".into())]),
            person: Some("jo".into()),
            ..of(Source::Text { text: "Valve 3".into() })
        };
        let expected = Text::new("Valve 3")
            .name("name")
            .caption("caption")
            .tag("first")
            .tag("second")
            .folder("folder")
            .priority(-3)
            .after(id)
            .key("key")
            .requires(requires)
            .set("visibility", "Public")
            .person("jo");
        assert_same(capture, expected);
    }

    #[test]
    fn what_is_not_asked_for_is_left_to_the_core() {
        let photo = |cap, max_edge| {
            let path = "a.jpg".into();
            of(Source::Photo { path, cap, max_edge, exif: None, profile: None, move_source: false })
        };
        assert_same(photo(None, None), Photo::new("a.jpg"));
        assert_same(photo(Some(Cap::AtMost { bytes: Bytes(9) }), None), Photo::new("a.jpg").cap(Bytes(9)));
        assert_same(photo(Some(Cap::Original), None), Photo::new("a.jpg").cap_original());
        assert_same(photo(None, Some(800)), Photo::new("a.jpg").max_edge(800));
        let (exif, profile) = (Some(ExifPolicy::NoLocation), Some(ProfilePolicy::Srgb));
        let picky =
            Source::Photo { path: "a.jpg".into(), cap: None, max_edge: None, exif, profile, move_source: false };
        assert_same(of(picky), Photo::new("a.jpg").exif(ExifPolicy::NoLocation).profile(ProfilePolicy::Srgb));
    }

    #[test]
    fn a_file_is_moved_only_where_that_is_asked_for() {
        let path = || FilePath::from("a.bin");
        let photo = |move_source| {
            of(Source::Photo { path: path(), cap: None, max_edge: None, exif: None, profile: None, move_source })
        };
        assert_same(photo(false), Photo::new("a.bin"));
        assert_same(photo(true), Photo::new("a.bin").move_source());
        let document = |move_source| of(Source::Document { path: path(), move_source });
        assert_same(document(false), Document::new("a.bin"));
        assert_same(document(true), Document::new("a.bin").move_source());
        let signature = |move_source| of(Source::Signature { path: path(), move_source });
        assert_same(signature(false), Signature::png("a.bin"));
        assert_same(signature(true), Signature::png("a.bin").move_source());
    }

    #[test]
    fn an_edge_below_zero_is_refused() {
        let (path, max_edge) = ("a.jpg".into(), Some(-1));
        let photo = Source::Photo { path, cap: None, max_edge, exif: None, profile: None, move_source: false };
        assert!(matches!(fieldpost::Capture::try_from(of(photo)), Err(NativeError::Invalid(_))));
    }
}
