//! What an item's folder says of it: the manifest, written once at capture, and the journal, a line for each thing that a
//! rebuilt database must know. Both are JSON; a field added later has a default, so that an older folder still reads.

use std::collections::BTreeMap;

use fieldpost_imaging::{ExifPolicy, ProfilePolicy};
use serde::{Deserialize, Serialize};

use crate::model::{
    Bytes, Flag, ItemId, Kind, Marker, Operation, Original, Receipt, RemoteId, Requires, Sent, Snapshot, Timestamp,
};

/// The facts of a capture. Never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The version of this record: 1.
    pub version: u32,
    /// The item.
    pub id: ItemId,
    /// What is to be done.
    pub operation: Operation,
    /// What was captured.
    pub kind: Kind,
    /// When.
    pub captured_at: Timestamp,
    /// Where it goes at first, and under which name.
    pub target: Target,
    /// The caption.
    pub caption: Option<String>,
    /// The app's own words.
    pub tags: Vec<String>,
    /// The MIME type that the content showed.
    pub mime: String,
    /// The captured file; none of an update or delete.
    #[serde(default)]
    pub original: Option<Original>,
    /// How far it may be made smaller; `None`: sent as it is.
    pub fit: Option<Fit>,
    /// Its rank: the higher, the sooner.
    pub priority: i32,
    /// What it asks of the phone.
    pub requires: Requires,
    /// The item that goes before it.
    pub after: Option<ItemId>,
    /// The app's own key: the same key twice is the same item.
    pub key: Option<String>,
    /// Who captured it: under another person's token it does not leave.
    #[serde(default)]
    pub person: Option<String>,
    /// The upload that an update, a delete or a caption is about, where it is ours.
    #[serde(default)]
    pub parent: Option<ItemId>,
    /// The remote id that an update or delete is about, where it is not ours.
    #[serde(default)]
    pub about: Option<RemoteId>,
    /// The item of its caption, where that goes as a text of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption_item: Option<ItemId>,
}

impl Manifest {
    /// Whether it is the item of a caption: the upload that it is about is the one that it is the caption of.
    pub(crate) fn is_caption(&self) -> bool {
        self.operation == Operation::Upload && self.parent.is_some()
    }
}

/// Where an item goes and under which name: what a repair may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The account's id.
    pub account: String,
    /// The work order's id at the system.
    pub work_order: String,
    /// The folder, where the system has some.
    pub folder: Option<String>,
    /// The cleaned stem of the name; the marker and the extension follow it.
    pub stem: String,
    /// The marker.
    pub marker: Marker,
    /// The extension, without its dot; preparing may change it.
    pub extension: String,
    /// Settings of the item over the account's; of an update, what it changes with them.
    pub settings: BTreeMap<String, String>,
    /// The whole name, in place of stem, marker and extension: of an attachment that is not ours.
    #[serde(default)]
    pub whole: Option<String>,
    /// Of an update what it changes, and nothing else: all other values are those that it finds when it goes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<String, String>,
}

impl Target {
    /// The name that is sent.
    pub(crate) fn name(&self) -> String {
        if let Some(whole) = &self.whole {
            whole.clone()
        } else if self.extension.is_empty() {
            format!("{}-{}", self.stem, self.marker)
        } else {
            format!("{}-{}.{}", self.stem, self.marker, self.extension)
        }
    }
}

/// How a photo is made to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fit {
    /// The most bytes.
    pub cap: Bytes,
    /// The longest edge in pixels.
    pub max_edge: Option<u32>,
    /// Which metadata goes along.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exif: ExifPolicy,
    /// What becomes of colours that are not in sRGB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: ProfilePolicy,
}

impl Fit {
    /// No bounds at all: a picture that is upright goes bit for bit.
    pub(crate) const AS_IT_IS: Fit =
        Fit { cap: Bytes(u64::MAX), max_edge: None, exif: ExifPolicy::Keep, profile: ProfilePolicy::Carry };

    /// The same without bounds; `None` where then nothing is wanted but the original.
    pub(crate) fn unbound(self) -> Option<Fit> {
        let Fit { cap, max_edge, .. } = Fit::AS_IT_IS;
        Some(Fit { cap, max_edge, ..self }).filter(Fit::changes_more_than_size)
    }

    /// Whether a file that is within the bounds may have to be another all the same.
    pub(crate) fn changes_more_than_size(&self) -> bool {
        (self.exif, self.profile) != (Fit::AS_IT_IS.exif, Fit::AS_IT_IS.profile)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One line of an item's journal, synced before the database commits the same. The later line wins; a torn last line is ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Line {
    /// The line as it stands in the journal, its newline with it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            serde_json::to_vec(self).expect("a line is strings, numbers and maps of strings, which are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Whether this is a line whose event a later version made up.
    pub(crate) fn is_of_a_later_version(json: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Event {
            event: String,
        }
        serde_json::from_slice(json).is_ok_and(|Event { event }| !Entry::EVENTS.contains(&event.as_str()))
    }
}

/// What a journal line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// The item began.
    Captured,
    /// The first attempt of an operation is about to leave.
    Attempted {
        /// What it sends.
        snapshot: Box<Snapshot>,
        /// The file of the item's folder that is its body.
        body: String,
    },
    /// The target or the body changed; a later attempt is a new operation.
    Changed {
        /// The target from now on.
        target: Target,
        /// How far it is made smaller from now on.
        fit: Option<Fit>,
        /// Whether the body that was prepared is still the one to send.
        #[serde(default)]
        same_body: bool,
    },
    /// Its rank changed, and nothing else.
    Ranked {
        /// From now on.
        priority: i32,
    },
    /// The body that is sent was prepared.
    Prepared {
        /// Its file name in the item's folder.
        body: String,
        /// Its facts.
        sent: Sent,
        /// Its MIME type.
        mime: String,
        /// The extension of its name.
        extension: String,
        /// What is remarkable about it.
        flags: Vec<Flag>,
    },
    /// Given up.
    Cancelled,
    /// Delivered.
    Receipt {
        /// The proof.
        receipt: Receipt,
    },
    /// To be erased: a folder with this line and no row is not adopted.
    Forgotten,
}

impl Entry {
    /// The events of this version, as they are written.
    const EVENTS: &[&str] =
        &["captured", "attempted", "changed", "ranked", "prepared", "cancelled", "receipt", "forgotten"];
}
