//! What an app hands in: photos, documents, texts, signatures, with their options. Owns the defaults, the cleaning of names
//! and what a file's type is; the manifest of an item is put together here. Copies nothing itself (`store::folders` does),
//! decodes nothing, and never alters the caller's file unless it asked for a move.

mod content;
mod names;
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fieldpost_imaging::{ExifPolicy, ProfilePolicy};

use crate::model::{Bytes, ItemId, Kind, Operation, Requires, Timestamp, WorkOrder};
use crate::store::folders::Taken;
use crate::store::records::{Fit, Manifest, Target};

pub(crate) use names::{clean, clean_part};
pub(crate) use source::Source;
pub use source::SourceError;

/// How a photo is made smaller where nothing else is asked: sharp on any screen, and quick on a slow line.
pub(crate) const DEFAULT_FIT: Fit = Fit { cap: Bytes::megabytes(1), max_edge: Some(2560), ..Fit::AS_IT_IS };

/// Anything that can be captured: made from a [`Photo`], [`Document`], [`Text`] or [`Signature`].
#[derive(Debug, Clone)]
pub struct Capture {
    kind: Kind,
    source: Source,
    common: Common,
    fit: Option<Fit>,
}

/// What every capture can be given.
#[derive(Debug, Clone, Default)]
struct Common {
    name: Option<String>,
    caption: Option<String>,
    tags: Vec<String>,
    folder: Option<String>,
    priority: Option<i32>,
    after: Option<ItemId>,
    key: Option<String>,
    person: Option<String>,
    requires: Requires,
    settings: BTreeMap<String, String>,
}

/// A photo: made smaller until it is under a cap, its pixels upright, before it is sent. The original is kept.
///
/// Without [`cap`](Self::cap) that is 1,000,000 bytes and a long edge of 2560 pixels. A photo that is under its bounds
/// already is sent as it is, bit for bit.
///
/// ```
/// use fieldpost::{Bytes, Capture, Photo};
/// let photo = Photo::new("boiler.jpg").caption("Boiler plate").tag("before").cap(Bytes::megabytes(2));
/// let capture = Capture::from(photo);
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is captured until the outbox gets it"]
pub struct Photo {
    path: PathBuf,
    take: bool,
    fit: Fit,
    is_bound: bool,
    common: Common,
}

impl Photo {
    /// The photo at `path`, in any format that cameras write.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (path, common) = (path.into(), Common::default());
        Photo { path, take: false, fit: DEFAULT_FIT, is_bound: true, common }
    }

    /// The most bytes that are sent.
    pub fn cap(mut self, cap: Bytes) -> Self {
        self.fit.cap = cap;
        self.is_bound = true;
        self
    }

    /// Send the file as it is, whatever its size. Where its [metadata](Self::exif) or [colours](Self::profile) are to be others it is
    /// made again as large as it is; an upright JPEG or PNG whose metadata alone change keeps its picture untouched.
    pub fn cap_original(mut self) -> Self {
        self.is_bound = false;
        self
    }

    /// The longest edge in pixels that is sent.
    pub fn max_edge(mut self, pixels: u32) -> Self {
        self.fit.max_edge = Some(pixels);
        self
    }

    /// Which of the photo's metadata is sent: all of it, unless something else is asked for. An upright JPEG or PNG within its
    /// bounds is edited without touching its picture. The original here keeps all. Of a photo that nobody here decodes (HEIC) the host has to
    /// make another one first.
    ///
    /// ```
    /// use fieldpost::{ExifPolicy, Photo};
    /// let photo = Photo::new("boiler.jpg").exif(ExifPolicy::NoLocation);
    /// # let _ = fieldpost::Capture::from(photo);
    /// ```
    pub fn exif(mut self, exif: ExifPolicy) -> Self {
        self.fit.exif = exif;
        self
    }

    /// What becomes of colours that are not in sRGB, such as the Display P3 of many phones: they are sent with their profile, unless
    /// they are to be converted.
    pub fn profile(mut self, profile: ProfilePolicy) -> Self {
        self.fit.profile = profile;
        self
    }
}

/// A document: sent as it is, whatever it is. An empty file too.
///
/// ```
/// use fieldpost::{Capture, Document};
/// let report = Capture::from(Document::new("report.pdf").name("Inspection report.pdf").priority(5));
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is captured until the outbox gets it"]
pub struct Document {
    path: PathBuf,
    take: bool,
    common: Common,
}

impl Document {
    /// The file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Document { path: path.into(), take: false, common: Common::default() }
    }
}

/// A text: sent as a text file in UTF-8; at Serial as a text, up to 20,000 bytes.
///
/// ```
/// use fieldpost::{Capture, Text};
/// let note = Capture::from(Text::new("Valve 3 replaced").name("note"));
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is captured until the outbox gets it"]
pub struct Text {
    text: String,
    common: Common,
}

impl Text {
    /// This text.
    pub fn new(text: impl Into<String>) -> Self {
        Text { text: text.into(), common: Common::default() }
    }
}

/// A signature: sent as it is, before photos.
///
/// ```
/// use fieldpost::{Capture, Signature};
/// let signature = Capture::from(Signature::png("signature.png").name("customer"));
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is captured until the outbox gets it"]
pub struct Signature {
    path: PathBuf,
    take: bool,
    common: Common,
}

impl Signature {
    /// The picture of a signature at `path`, a PNG file.
    pub fn png(path: impl Into<PathBuf>) -> Self {
        Signature { path: path.into(), take: false, common: Common::default() }
    }
}

/// The options that all captures share.
macro_rules! common_options {
    ($($kind:ident)*) => { $(
        impl $kind {
            /// The name to send, with or without an extension. It is cleaned: no path, no control characters, at most 60
            /// bytes; a marker is put behind its stem, and the content decides the extension.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.common.name = Some(name.into());
                self
            }

            /// The caption, where the system has one; elsewhere it stays here. At Serial it becomes an item of its own, where the
            /// [account](crate::Account::captions_as_texts) has captions sent as texts.
            pub fn caption(mut self, caption: impl Into<String>) -> Self {
                self.common.caption = Some(caption.into());
                self
            }

            /// One more tag, a word of the app's own that never leaves the phone.
            pub fn tag(mut self, tag: impl Into<String>) -> Self {
                self.common.tags.push(tag.into());
                self
            }

            /// The folder of the work order, where the system has some.
            pub fn folder(mut self, folder: impl Into<String>) -> Self {
                self.common.folder = Some(folder.into());
                self
            }

            /// Its rank: the higher, the sooner. Default: 10 for a signature, else 0.
            pub fn priority(mut self, priority: i32) -> Self {
                self.common.priority = Some(priority);
                self
            }

            /// Send it only once that item is delivered.
            pub fn after(mut self, item: ItemId) -> Self {
                self.common.after = Some(item);
                self
            }

            /// The app's own key: the same key twice is the same item, so that an app that was killed may capture again.
            pub fn key(mut self, key: impl Into<String>) -> Self {
                self.common.key = Some(key.into());
                self
            }

            /// Who captures it, by the app's own name: where tokens are handed in with the person that they belong to, it
            /// leaves under no other person's token.
            pub fn person(mut self, person: impl Into<String>) -> Self {
                self.common.person = Some(person.into());
                self
            }

            /// What it asks of the phone before it leaves.
            pub fn requires(mut self, requires: Requires) -> Self {
                self.common.requires = requires;
                self
            }

            /// A setting of the system for this item, over the account's.
            pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.common.settings.insert(key.into(), value.into());
                self
            }
        }
    )* };
}

/// The option of captures that are files.
macro_rules! file_options {
    ($($kind:ident)*) => { $(
        impl $kind {
            /// Remove the caller's file once the capture is durable. Without it, that file stays as it is.
            pub fn move_source(mut self) -> Self {
                self.take = true;
                self
            }
        }
    )* };
}

common_options!(Photo Document Text Signature);
file_options!(Photo Document Signature);

impl From<Photo> for Capture {
    fn from(photo: Photo) -> Self {
        let fit = if photo.is_bound { Some(photo.fit) } else { photo.fit.unbound() };
        Capture { kind: Kind::Photo, source: Source::file(photo.path, photo.take), common: photo.common, fit }
    }
}

impl From<Document> for Capture {
    fn from(document: Document) -> Self {
        let source = Source::file(document.path, document.take);
        Capture { kind: Kind::Document, source, common: document.common, fit: None }
    }
}

impl From<Text> for Capture {
    fn from(text: Text) -> Self {
        Capture { kind: Kind::Text, source: Source::text(text.text), common: text.common, fit: None }
    }
}

impl From<Signature> for Capture {
    fn from(signature: Signature) -> Self {
        let source = Source::file(signature.path, signature.take);
        Capture { kind: Kind::Signature, source, common: signature.common, fit: None }
    }
}

impl Capture {
    /// The app's own key, if it gave one.
    pub(crate) fn key(&self) -> Option<&str> {
        self.common.key.as_deref()
    }

    /// The item that goes before it.
    pub(crate) fn after(&self) -> Option<ItemId> {
        self.common.after
    }

    /// Its settings over the account's.
    pub(crate) fn settings(&self) -> &BTreeMap<String, String> {
        &self.common.settings
    }

    /// Where its bytes come from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The facts of the item that this becomes, once its bytes are taken.
    pub(crate) fn manifest(&self, id: ItemId, at: Timestamp, job: &WorkOrder, taken: &Taken) -> Manifest {
        let Common { caption, tags, folder, priority, after, key, person, requires, settings, .. } =
            self.common.clone();
        let wished = self.common.name.as_deref();
        let of_file = self.source.path().and_then(Path::file_name).map(|name| name.to_string_lossy());
        let name = clean(wished.or(of_file.as_deref()).unwrap_or_default(), self.kind.as_str());
        let (mime, extension) = content::content_type(&taken.head, name.extension.as_deref(), self.kind);
        Manifest {
            version: 1,
            id,
            operation: Operation::Upload,
            kind: self.kind,
            captured_at: at,
            target: Target {
                account: job.account.clone(),
                work_order: job.id.clone(),
                folder,
                stem: name.stem,
                marker: id.marker(),
                extension,
                settings,
                whole: None,
                changes: Default::default(),
            },
            caption,
            tags,
            mime: mime.to_owned(),
            original: Some(taken.original),
            fit: self.fit,
            priority: priority.unwrap_or_else(|| self.kind.priority()),
            requires,
            after,
            key,
            person,
            parent: None,
            about: None,
            caption_item: None,
        }
    }

    /// What a caption could say as a text of its own: that of a file, where there is one.
    pub(crate) fn caption_of_a_file(&self) -> Option<&str> {
        let is_file = self.kind != Kind::Text;
        self.common.caption.as_deref().filter(|caption| is_file && !caption.trim().is_empty())
    }
}

/// The facts of the item that the caption of `of` becomes, once its text is taken. It goes after that, to the same place, under the
/// same person's token, and is asked of the phone no more and no less.
pub(crate) fn of_caption(id: ItemId, of: &Manifest, taken: &Taken) -> Manifest {
    let (mime, extension) = content::content_type(&taken.head, None, Kind::Text);
    let target = Target { marker: id.marker(), extension, settings: BTreeMap::new(), ..of.target.clone() };
    Manifest {
        id,
        kind: Kind::Text,
        target,
        caption: None,
        tags: Vec::new(),
        mime: mime.to_owned(),
        original: Some(taken.original),
        fit: None,
        after: Some(of.id),
        key: None,
        parent: Some(of.id),
        caption_item: None,
        ..of.clone()
    }
}

#[cfg(test)]
mod tests;
