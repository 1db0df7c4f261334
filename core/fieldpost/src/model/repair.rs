//! What a person wants of an item, or of an attachment, to go otherwise. Plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Bytes, ItemId, RemoteId, WorkOrder};

/// How an undelivered item goes from now on. What is not named stays as it is.
///
/// ```
/// use fieldpost::{Bytes, Repair};
/// let repair = Repair::new().name("boiler").cap(Bytes::kilobytes(500)).work_order("10235");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "nothing changes until the outbox gets it"]
pub struct Repair {
    pub(crate) name: Option<String>,
    pub(crate) cap: Option<Cap>,
    pub(crate) work_order: Option<String>,
    pub(crate) folder: Option<String>,
    pub(crate) priority: Option<i32>,
}

impl Repair {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name. It is cleaned as at the capture; the marker stays, and so does the extension where there is one.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another cap: a photo is prepared again under it.
    pub fn cap(mut self, cap: impl Into<Cap>) -> Self {
        self.cap = Some(cap.into());
        self
    }

    /// Another work order of the same account.
    pub fn work_order(mut self, id: impl Into<String>) -> Self {
        self.work_order = Some(id.into());
        self
    }

    /// Another folder, where the system has some.
    pub fn folder(mut self, folder: impl Into<String>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Another rank: the higher, the sooner. At once, also while it is in doubt.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Whether it names anything that is sent.
    pub(crate) fn changes_what_is_sent(&self) -> bool {
        self.name.is_some() || self.cap.is_some() || self.work_order.is_some() || self.folder.is_some()
    }

    /// This one, and what `later` names in its place.
    pub(crate) fn and(self, later: Repair) -> Self {
        Repair {
            name: later.name.or(self.name),
            cap: later.cap.or(self.cap),
            work_order: later.work_order.or(self.work_order),
            folder: later.folder.or(self.folder),
            priority: later.priority.or(self.priority),
        }
    }
}

/// How far a photo is made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// To at most so many bytes.
    To(Bytes),
    /// Not at all: the file goes as it is.
    Original,
}

impl From<Bytes> for Cap {
    fn from(bytes: Bytes) -> Self {
        Cap::To(bytes)
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cap::To(bytes) => bytes.fmt(f),
            Cap::Original => f.write_str("original"),
        }
    }
}

impl FromStr for Cap {
    type Err = <Bytes as FromStr>::Err;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s == "original" { Ok(Cap::Original) } else { s.parse().map(Cap::To) }
    }
}

/// An attachment that is updated or deleted: one of ours, also before it is delivered, or any that the system lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// What this item uploads, or uploaded.
    Item(ItemId),
    /// What the system calls so.
    Remote {
        /// Its work order.
        job: WorkOrder,
        /// Its id there.
        id: RemoteId,
    },
}

impl From<ItemId> for Attachment {
    fn from(id: ItemId) -> Self {
        Attachment::Item(id)
    }
}

/// What an update changes, by the system's own names: `name`, `visibility`; each system's page lists them.
pub type Changes = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_repair_wins_and_leaves_what_it_does_not_name() {
        let both = Repair::new().name("a").priority(3).and(Repair::new().name("b").folder("f"));
        assert_eq!(both, Repair::new().name("b").folder("f").priority(3));
    }

    #[test]
    fn a_cap_reads_as_a_size_or_as_the_original() {
        assert_eq!("original".parse(), Ok(Cap::Original));
        assert_eq!("1MB".parse(), Ok(Cap::To(Bytes::megabytes(1))));
        assert!("big".parse::<Cap>().is_err());
    }
}
