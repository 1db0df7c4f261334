//! What a system holds, as a person is shown it.

use serde::Serialize;

use super::{Bytes, ItemId, RemoteId, Sha256, Timestamp};

/// An attachment as its system tells of it. What it does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteEntry {
    /// What the system calls it.
    pub remote_id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its MIME type.
    pub mime: Option<String>,
    /// The hash that the system tells, where it can be a SHA-256.
    pub sha256: Option<Sha256>,
    /// The folder's name, where the system has some.
    pub folder: Option<String>,
    /// Its caption, by whatever name the system has for it; of a text the text.
    pub caption: Option<String>,
    /// When it was added, where that is told with its zone.
    pub created_at: Option<Timestamp>,
    /// The item whose receipt it is.
    pub ours: Option<ItemId>,
}

/// What a system lists for one work order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteList {
    /// Its attachments, without those that it lists as deleted.
    pub entries: Vec<RemoteEntry>,
    /// Whether the system says that this is all.
    pub complete: bool,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteFolder {
    /// What the system calls it.
    pub remote_id: RemoteId,
    /// Its name, in the system's spelling.
    pub name: String,
    /// Whether it was made just now; else it was there.
    pub created: bool,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The attachment.
    pub entry: RemoteEntry,
    /// How long the file is.
    pub bytes: Bytes,
    /// Its SHA-256, computed while it came.
    pub sha256: Sha256,
    /// What it was compared with.
    pub integrity: Integrity,
}

/// What a download was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// It is what was sent from here, to the bit.
    Sent,
    /// Its SHA-256 is the hash that the system lists.
    Hash,
    /// It is as long as the system lists; no hash that compares is told.
    Size,
    /// The system lists neither.
    Unknown,
    /// The hash that the system lists is another. Of a file that was not sent from here that proves nothing: the system does not say how
    /// its hashes are made.
    OtherHash,
}
