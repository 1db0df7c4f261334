//! An item as apps and scripts see it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Bytes, ItemId, RemoteId, Sha256, Timestamp, Why};

/// One queued operation, as apps and scripts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// What is to be done.
    pub operation: Operation,
    /// What was captured.
    pub kind: Kind,
    /// The account's id.
    pub account: String,
    /// The work order's id at the system.
    pub work_order: String,
    /// The name that is sent: stem, marker, extension. Of an update or a deletion the attachment's; where that is not ours,
    /// and its name does not change, its id at the system.
    pub name: String,
    /// The caption, if one was given.
    pub caption: Option<String>,
    /// The app's own words for it.
    pub tags: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// How many tries left the phone.
    pub attempts: u32,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// What is remarkable about it.
    pub flags: Vec<Flag>,
    /// The file as it was captured.
    pub original: Option<Original>,
    /// The file as it is sent; none before it was prepared.
    pub sent: Option<Sent>,
    /// Why it is not delivered; none when delivered, cancelled or sending.
    pub why: Option<Why>,
    /// Proof of delivery.
    pub receipt: Option<Receipt>,
}

/// What is to be done at the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Send a new attachment.
    Upload,
    /// Change what a system holds of an attachment: its name, its visibility.
    Update,
    /// Delete an attachment at its system.
    Delete,
    /// Delete a folder at its system.
    DeleteFolder,
}

/// What was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A photo: fitted under a cap.
    Photo,
    /// A document: sent as it is.
    Document,
    /// A text: sent as a text file.
    Text,
    /// A signature: sent as it is, before photos.
    Signature,
}

impl Kind {
    /// The name that scripts read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Photo => "photo",
            Kind::Document => "document",
            Kind::Text => "text",
            Kind::Signature => "signature",
        }
    }

    /// The priority where none is asked for: a signature outranks all else.
    pub(crate) fn priority(self) -> i32 {
        match self {
            Kind::Signature => 10,
            Kind::Photo | Kind::Document | Kind::Text => 0,
        }
    }
}

/// Where an item stands, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Durable, not prepared yet.
    Captured,
    /// Ready to be sent.
    Queued,
    /// On its way.
    Sending,
    /// Queued, but held by itself, its account or the conditions.
    Waiting,
    /// In doubt: it may have arrived, the system's list is read to find out.
    Verifying,
    /// It needs a person.
    Blocked,
    /// The system has it; the receipt proves it.
    Delivered,
    /// Given up by the app or a person.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: &'static [State] = &[
        State::Captured,
        State::Queued,
        State::Sending,
        State::Waiting,
        State::Verifying,
        State::Blocked,
        State::Delivered,
        State::Cancelled,
    ];

    /// The name that scripts read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::Captured => "captured",
            State::Queued => "queued",
            State::Sending => "sending",
            State::Waiting => "waiting",
            State::Verifying => "verifying",
            State::Blocked => "blocked",
            State::Delivered => "delivered",
            State::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        State::ALL.iter().copied().find(|state| state.as_str() == s).ok_or(())
    }
}

/// What is remarkable about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A photo whose end is missing: delivered all the same.
    Truncated,
}

/// The file as it was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Its length.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// The file as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its length.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Pixels across, of a picture.
    pub width: Option<u32>,
    /// Pixels down, of a picture.
    pub height: Option<u32>,
}

/// Proof of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What the system calls the attachment.
    pub remote_id: Option<RemoteId>,
    /// When we learnt that it is there.
    pub delivered_at: Timestamp,
    /// How we know.
    pub proof: Proof,
    /// More attachments of ours that the system lists: an earlier try that arrived after all.
    pub surplus: Vec<RemoteId>,
}

/// How we know that an item was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The system's answer to the upload said so.
    Answer,
    /// It was found in the system's list after a doubt.
    Found,
    /// A person said so.
    Person,
}
