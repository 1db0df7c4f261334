//! What a look at the whole outbox found.

use fieldpost::{Finding, FindingKind, ItemId};

/// What `check` saw.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckReport {
    /// How many items there are.
    pub items: i32,
    /// What is not as it should be; empty when the outbox is whole.
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[uniffi::remote(Record)]
pub struct Finding {
    /// What.
    pub finding: FindingKind,
    /// The item that it is about, where it is about one.
    pub id: Option<ItemId>,
    /// The particulars, for people.
    pub detail: String,
}

/// What can be found.
#[uniffi::remote(Enum)]
#[non_exhaustive]
pub enum FindingKind {
    /// SQLite finds the database damaged.
    DatabaseDamaged,
    /// An item's captured file is gone or altered.
    OriginalDamaged,
    /// An item's prepared file is gone or altered.
    BodyDamaged,
    /// An item's manifest or journal is gone or does not read.
    RecordDamaged,
    /// A row whose account is not configured.
    AccountMissing,
    /// A folder without a row.
    FolderWithoutRow,
    /// A file or folder that no item has.
    Stray,
    /// A damaged database was set aside, and the queue rebuilt from the items' folders.
    DatabaseSetAside,
    /// A temporary file of a process that was killed.
    Leftover,
    /// A delivered item whose journal does not have its receipt.
    ReceiptMissing,
}

impl From<(u64, Vec<Finding>)> for CheckReport {
    fn from((items, findings): (u64, Vec<Finding>)) -> Self {
        CheckReport { items: i32::try_from(items).unwrap_or(i32::MAX), findings }
    }
}
