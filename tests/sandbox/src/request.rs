//! A request as the systems see it: head, documented call, form.

use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, Method};

use crate::fault::Fault;
use crate::log::PartRecord;
use crate::provider::{Operation, Provider};

/// Characters of a text part that the log shows.
const SHOWN: usize = 200;

/// Method, path, query and headers.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// Path segments below the system's name, decoded.
    pub(crate) segments: Vec<String>,
    /// Query parameters, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// The segments, to match against.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// A query parameter that stands there exactly once.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(n, _)| n == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// A header that stands there exactly once, as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.get_all(name).iter();
        match (found.next(), found.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The token of `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}

/// What a request asks for, as far as its head tells.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) work_order: Option<String>,
}

impl Call {
    pub(crate) fn new(operation: Operation, work_order: Option<&str>) -> Self {
        Self { operation, work_order: work_order.map(str::to_owned) }
    }
}

/// A request that is to be processed, now or later.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) system: Provider,
    pub(crate) head: Head,
    pub(crate) call: Call,
    pub(crate) form: Form,
    pub(crate) number: u64,
    pub(crate) connection: u64,
    /// Faults of the entry or listing.
    pub(crate) traits: Vec<Fault>,
}

/// A body, read.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) kind: FormKind,
    pub(crate) parts: Vec<Part>,
}

/// What kind of body it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FormKind {
    /// No body.
    #[default]
    Empty,
    Multipart,
    UrlEncoded,
    /// JSON, as one text part without a name; nothing is parsed.
    Json,
    /// Another content type; read and thrown away.
    Other,
}

/// One part, or one field of an url-encoded form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    /// `Content-Transfer-Encoding`, in lower case; nothing is decoded by it.
    pub(crate) transfer_encoding: Option<String>,
    pub(crate) content: Content,
}

/// What a part holds.
#[derive(Debug)]
pub(crate) enum Content {
    Text(String),
    File(Spooled),
}

/// A file that has arrived, on disk. Removed when dropped, unless it was [kept](Self::keep).
#[derive(Debug)]
pub(crate) struct Spooled {
    path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Spooled {
    pub(crate) fn new(path: PathBuf, bytes: u64, sha256: String) -> Self {
        Self { path, bytes, sha256 }
    }

    /// Its bytes.
    pub(crate) fn read(&self) -> std::io::Result<Vec<u8>> {
        std::fs::read(&self.path)
    }

    /// Moves it to where it stays.
    pub(crate) fn keep(self, at: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.path, at)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        // Kept files are gone from here already.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Form {
    /// The texts of the parts of that name.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.parts.iter().filter(move |p| p.name == name).filter_map(|p| match &p.content {
            Content::Text(text) => Some(text.as_str()),
            Content::File(_) => None,
        })
    }

    /// The only text of that name.
    pub(crate) fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut texts = self.texts(name);
        texts.next().filter(|_| texts.next().is_none())
    }

    /// The first part of that name.
    pub(crate) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|p| p.name == name)
    }

    /// How many parts have that name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.parts.iter().filter(|p| p.name == name).count()
    }

    /// The file of that name, to look at.
    pub(crate) fn file(&self, name: &str) -> Option<&Spooled> {
        self.part(name).and_then(|p| match &p.content {
            Content::File(file) => Some(file),
            Content::Text(_) => None,
        })
    }

    /// The file of that name, taken out.
    pub(crate) fn take_file(&mut self, name: &str) -> Option<Spooled> {
        let at = self.parts.iter().position(|p| p.name == name && matches!(p.content, Content::File(_)))?;
        match self.parts.swap_remove(at).content {
            Content::File(file) => Some(file),
            Content::Text(_) => None,
        }
    }

    /// The parts as the log shows them; `blotted` takes the credentials out of a text.
    pub(crate) fn records(&self, blotted: impl Fn(&str) -> String) -> Vec<PartRecord> {
        self.parts.iter().map(|part| part.record(&blotted)).collect()
    }
}

impl Part {
    fn record(&self, blotted: impl Fn(&str) -> String) -> PartRecord {
        let (bytes, value) = match &self.content {
            // In this order: half a credential is one too.
            Content::Text(text) => (text.len() as u64, Some(blotted(text).chars().take(SHOWN).collect())),
            Content::File(file) => (file.bytes, None),
        };
        PartRecord {
            name: blotted(&self.name),
            file_name: self.file_name.as_deref().map(&blotted),
            content_type: self.content_type.as_deref().map(&blotted),
            transfer_encoding: self.transfer_encoding.as_deref().map(&blotted),
            bytes,
            value,
        }
    }
}

/// Decodes `%41`; what is no escape stays as it is. `None` if the bytes are not UTF-8.
pub(crate) fn percent_decoded(segment: &str) -> Option<String> {
    let mut out = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%').then(|| tail.get(..2)).flatten();
        match escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).ok()
}
