//! The ledger: one line for each operation that a system accepted.
//!
//! Owns: `ledger.jsonl`, appended with one write a line, and its replay at the start. It is all that a restart needs beside
//! the files. Never: rewritten, except by a reset that asks for it. A torn last line (the process was killed) is ignored.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::options::StartError;
use crate::provider::{Operation, Provider};

/// One accepted operation, with the entry as it stood afterwards (a deletion: before).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Counted from 1, over restarts.
    pub n: u64,
    /// When, on the sandbox's clock: RFC 3339, UTC.
    pub time: String,
    /// Which system.
    pub system: Provider,
    /// The work order, as the system writes it.
    pub work_order: String,
    /// `upload`, `update` or `delete`.
    pub operation: Operation,
    /// The system's id of the entry.
    pub remote_id: String,
    /// The entry's name.
    pub name: String,
    /// Bytes that arrived.
    pub bytes: u64,
    /// SHA-256 of what arrived, lower-case hex.
    pub sha256: String,
    /// The request id that the client chose (CorrigoPro's `MessageId`).
    pub request_id: Option<String>,
    /// Number of the connection that brought it; 0 for none.
    pub connection: u64,
    /// Number of the request that brought it; 0 for none.
    pub request: u64,
    /// Who did it.
    pub by: By,
    /// The hash that the system tells, where it tells one.
    pub hash: Option<String>,
    /// Listed from then on; absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_from: Option<String>,
    /// The stored bytes were altered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub corrupted: bool,
    /// What the system keeps besides, by its own names.
    pub fields: BTreeMap<String, String>,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A request.
    Client,
    /// The customer's office, by the control.
    Office,
    /// A fault (the second copy of `accept_twice`).
    Fault,
}

/// The open ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: File,
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// Opens or begins the ledger at `path`.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StartError> {
        let (entries, whole) = read(&path)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|file| file.set_len(whole).map(|()| file))
            .map_err(StartError::io(format!("opening {}", path.display())))?;
        Ok(Self { file, entries })
    }

    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// Numbers `entry` and writes it.
    pub(crate) fn append(&mut self, mut entry: LedgerEntry) -> io::Result<()> {
        entry.n = self.entries.last().map_or(1, |last| last.n + 1);
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.entries.clear();
        Ok(())
    }
}

/// The entries, and the length of the file up to the end of the last whole line.
pub(crate) fn read(path: &Path) -> Result<(Vec<LedgerEntry>, u64), StartError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(StartError::io(format!("reading {}", path.display()))(e)),
    };
    let mut entries = Vec::new();
    let mut whole = 0;
    for (at, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        if !line.ends_with(b"\n") {
            break;
        }
        let entry = serde_json::from_slice(line).map_err(|e| StartError::Ledger {
            path: path.to_owned(),
            line: at + 1,
            detail: e.to_string(),
        })?;
        entries.push(entry);
        whole += line.len() as u64;
    }
    Ok((entries, whole))
}
