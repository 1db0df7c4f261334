//! A file that a system holds: what is kept of it, and how the ledger's line of it reads back.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::clock::read_stamp;
use crate::ledger::LedgerEntry;
use crate::provider::Provider;
use crate::systems::IS_DELETED;

/// The field of an entry that is told with another size than its bytes have.
pub(crate) const TOLD_SIZE: &str = "told_size";

/// A file that a system holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which system.
    pub system: Provider,
    /// The work order.
    pub work_order: String,
    /// The system's id.
    pub remote_id: String,
    /// Its name now.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of what arrived, lower-case hex.
    pub sha256: String,
    /// The hash that the system tells, where it tells one.
    pub hash: Option<String>,
    /// When it was accepted (RFC 3339, UTC, the sandbox's clock).
    pub accepted: String,
    /// Listed from then on; absent: at once.
    pub listed_from: Option<String>,
    /// The stored bytes are not those that came.
    pub corrupted: bool,
    /// What the system keeps besides, by its own names.
    pub fields: BTreeMap<String, String>,
}

impl Entry {
    /// As the ledger knows it.
    pub(crate) fn of(line: LedgerEntry) -> Self {
        Self {
            system: line.system,
            work_order: line.work_order,
            remote_id: line.remote_id,
            name: line.name,
            bytes: line.bytes,
            sha256: line.sha256,
            hash: line.hash,
            accepted: line.time,
            listed_from: line.listed_from,
            corrupted: line.corrupted,
            fields: line.fields,
        }
    }

    /// The size that the system tells.
    pub(crate) fn size(&self) -> u64 {
        self.fields.get(TOLD_SIZE).and_then(|told| told.parse().ok()).unwrap_or(self.bytes)
    }

    /// Whether the system lists it as deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.fields.contains_key(IS_DELETED)
    }

    pub(crate) fn listed(&self, now: SystemTime) -> bool {
        self.listed_from.as_deref().and_then(read_stamp).is_none_or(|from| from <= now)
    }
}
