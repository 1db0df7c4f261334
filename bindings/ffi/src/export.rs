//! Rescuing what is not delivered, also where the outbox does not open any more.

use std::path::PathBuf as FilePath;

use fieldpost::{Finding, ItemId};

use crate::error::NativeError;

/// What an export came to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Export {
    /// The items that were exported, the longest captured first.
    pub items: Vec<Exported>,
    /// What could not be rescued as it was captured, or not with all its details; empty where all was.
    pub findings: Vec<Finding>,
}

/// An item that was exported.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Exported {
    /// The item.
    pub id: ItemId,
    /// Its account, where its manifest reads.
    pub account: Option<String>,
    /// Its work order at the system, where its manifest reads.
    pub work_order: Option<String>,
    /// Where the file lies that was captured; none of an update or a deletion, and where it is gone.
    pub file: Option<FilePath>,
    /// Where its details lie, as JSON.
    pub details: FilePath,
}

impl From<fieldpost::Export> for Export {
    fn from(export: fieldpost::Export) -> Self {
        Export { items: export.items.into_iter().map(Exported::from).collect(), findings: export.findings }
    }
}

impl From<fieldpost::Exported> for Exported {
    fn from(exported: fieldpost::Exported) -> Self {
        let fieldpost::Exported { id, account, work_order, file, details, .. } = exported;
        Exported { id, account, work_order, file, details }
    }
}

/// Exports every item of the outbox in a folder that is neither delivered nor cancelled nor forgotten into another folder, each
/// with a JSON file of its details. Nothing there is overwritten, nothing of the outbox is changed: it may be damaged, its
/// database gone, and others may have it open. Takes as long as copying takes. `DiskFull` and `Failed` where the other folder
/// cannot be written: what was exported until then stays. `Invalid` for a folder within the outbox.
#[uniffi::export]
pub fn export_undelivered(folder: FilePath, to: FilePath) -> Result<Export, NativeError> {
    Ok(fieldpost::export(folder, to, |_| ())?.into())
}
