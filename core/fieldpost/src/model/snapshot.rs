//! What one operation sends, frozen when it is first attempted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bytes, Changes, Kind, Marker, Operation, ProviderKind, RemoteId, RequestId, Sha256};

/// Everything that one operation sends and everything by which a look recognises it, frozen when it is first attempted.
/// Looks use this, never the item's present fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What is done.
    pub operation: Operation,
    /// The system.
    pub provider: ProviderKind,
    /// The account's base address.
    pub base_url: String,
    /// The account's settings, the item's own over them.
    pub settings: BTreeMap<String, String>,
    /// The work order's id at the system.
    pub work_order: String,
    /// The folder, where the system has some.
    pub folder: Option<String>,
    /// The name that is sent.
    pub name: String,
    /// The marker in it.
    pub marker: Marker,
    /// What was captured.
    pub kind: Kind,
    /// The MIME type.
    pub mime: String,
    /// The caption.
    pub caption: Option<String>,
    /// The length of the file; 0 where none is sent.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// The same on every try.
    pub request_id: RequestId,
    /// What an update or delete is about; none of an upload.
    #[serde(default)]
    pub about: Option<RemoteId>,
    /// What the system listed just before the upload left, where its names prove nothing: what is new since may be ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Vec<RemoteId>>,
    /// What a text says, where the system takes that as a value of its own: then no file is sent, and the text is known by what it
    /// says and by who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where at the system it goes on, where all tries of an upload go to one place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// What an update changes, by the names of the system's page; nothing for all else, nor where an earlier version recorded it.
    #[serde(default)]
    pub changes: Changes,
}

/// A place at the system that is this upload's alone: every try of it goes on there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The place, in the system's own words. No link that carries a right, no secret: it is stored.
    pub at: String,
    /// Whether all that was missing there may have left once. What is not there any more may have been whole then, and taken
    /// away by whoever processes it: it must not begin anew.
    pub whole: bool,
}

impl Snapshot {
    /// A setting's value.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }
}
