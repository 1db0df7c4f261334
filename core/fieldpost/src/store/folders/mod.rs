//! The files of an outbox: where each lies, and in which order they are made durable. Knows the disk, no database.
//!
//! ```text
//! outbox.lock            shared by every opener; alone for rebuild and migration
//! deliver.lock           the one that delivers
//! wake                   opened for writing and closed by whoever changes something; empty
//! accounts.json          the accounts, without secrets
//! incoming/<id>          empty: something is being done to items/<id>; locked while its process lives
//! items/<id>/original    the captured file
//!           /manifest.json   the facts of the capture, never changed
//!           /journal.jsonl   a line for each thing that a rebuilt database must know
//!           /body-<n>.<ext>  what is sent, where that is not the original
//! ```
//!
//! A capture, and what a kill at each place leaves to the next opening ([`Folders::scan_incoming`]):
//!
//! | step | killed after it |
//! |---|---|
//! | the marker, made and locked as `incoming/<id>.new`, renamed, `incoming/` synced | marker goes |
//! | `items/<id>/` with original, manifest, journal, each synced, then both folders | half: folder goes, then marker |
//! | (the caller commits the row) | whole: the row is made |
//! | the marker removed | marker goes |
//!
//! The marker's removal is not synced: one that comes back after a power cut finds its row and goes again.

mod admission;
mod incoming;
mod journal;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::Digest as _;

use crate::disk::{Disk, Held, Lock};
use crate::model::{Account, Bytes, ItemId, Original, Sha256};

use super::records::Manifest;

pub(crate) use admission::{Erasure, Sealed, Taken};
pub(crate) use journal::Journal;

/// The captured file's name in its folder. A body of this name is the original itself.
pub(crate) const ORIGINAL: &str = "original";
/// How the names of prepared files begin.
pub(crate) const BODY: &str = "body-";
/// What stands in the name of a database that was set aside.
pub(crate) const SET_ASIDE: &str = ".damaged-";
const MANIFEST: &str = "manifest.json";
const JOURNAL: &str = "journal.jsonl";
const ACCOUNTS: &str = "accounts.json";
/// What is being written under a temporary name.
pub(crate) const NEW: &str = ".new";

/// How much is read, hashed and written at a time: large enough that calls cost nothing beside the bytes, small enough
/// for a phone.
const CHUNK: usize = 512 * 1024;

/// A file of the outbox that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The disk or the quota is full.
    #[error("no room on the disk to {doing} {name}")]
    Full {
        /// What was being done.
        doing: &'static str,
        /// To what, relative to the outbox.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another failure of the disk.
    #[error("cannot {doing} {name}: {source}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// To what, relative to the outbox.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The caller's file failed while it was read.
    #[error("the captured file cannot be read: {0}")]
    Source(#[source] io::Error),
    /// The content is not what it has to be.
    #[error("{name} is damaged: {detail}")]
    Damaged {
        /// What, relative to the outbox.
        name: String,
        /// How.
        detail: String,
    },
}

impl FileError {
    /// Whether it is only that something is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, FileError::Disk { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Whether the disk or the quota is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The files of one outbox. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Folders {
    disk: Arc<dyn Disk>,
    root: Arc<Path>,
}

/// What lies in `items/`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Items {
    /// The items, oldest first.
    pub ids: Vec<ItemId>,
    /// Names that no item has.
    pub strays: Vec<String>,
}

impl Folders {
    /// The outbox at `root`: its folders are made where they are missing, the ones above it as well, and synced.
    pub(crate) fn open(disk: Arc<dyn Disk>, root: &Path) -> Result<Self, FileError> {
        let folders = Folders { disk, root: root.into() };
        folders.make_dir(root)?;
        for dir in [folders.incoming(), folders.items()] {
            folders.make_dir(&dir)?;
        }
        // Even when all was there: it may have been made by an opening that was killed before it synced.
        folders.sync_dir(root)?;
        Ok(folders)
    }

    /// The outbox at `root` as it is, for reading: nothing is made where something is missing.
    pub(crate) fn reading(disk: Arc<dyn Disk>, root: &Path) -> Self {
        Folders { disk, root: root.into() }
    }

    fn make_dir(&self, dir: &Path) -> Result<(), FileError> {
        let above = dir.parent().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
        match (self.disk.create_dir(dir), above) {
            (Err(e), _) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            (Err(e), Some(above)) if e.kind() == io::ErrorKind::NotFound => {
                self.make_dir(above)?;
                self.at("make", dir, self.disk.create_dir(dir))?;
            }
            (made, _) => self.at("make", dir, made)?,
        }
        // What is above the outbox may not be ours to sync. On a phone it is the app's own folder, and durable.
        _ = above.map(|above| self.disk.sync_dir(above));
        Ok(())
    }

    /// The disk it lies on.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn items(&self) -> PathBuf {
        self.root.join("items")
    }

    fn item(&self, id: ItemId) -> PathBuf {
        self.items().join(id.to_string())
    }

    /// Where a file of an item lies: [`ORIGINAL`] or a body.
    pub(crate) fn file(&self, id: ItemId, name: &str) -> PathBuf {
        self.item(id).join(name)
    }

    /// The lock that every opener shares; `None` where another speaks against it.
    pub(crate) fn lock_outbox(&self, how: Lock) -> Result<Option<Box<dyn Held>>, FileError> {
        self.lock("outbox.lock", how)
    }

    /// The lock of the one that delivers; `None` where another does.
    pub(crate) fn lock_delivery(&self) -> Result<Option<Box<dyn Held>>, FileError> {
        self.lock("deliver.lock", Lock::Alone)
    }

    fn lock(&self, name: &str, how: Lock) -> Result<Option<Box<dyn Held>>, FileError> {
        let path = self.root.join(name);
        self.at("lock", &path, self.disk.lock(&path, how))
    }

    /// Everything in `items/`: for `check` and for a rebuild, never on the usual way.
    pub(crate) fn all_items(&self) -> Result<Items, FileError> {
        let mut items = Items::default();
        for name in self.list(&self.items())? {
            match parse_id(&name) {
                Some(id) => items.ids.push(id),
                None => items.strays.push(name),
            }
        }
        items.ids.sort_unstable();
        Ok(items)
    }

    /// Whether any item's folder is there.
    pub(crate) fn has_items(&self) -> Result<bool, FileError> {
        Ok(!self.list(&self.items())?.is_empty())
    }

    /// Whether there is a folder of this item.
    pub(crate) fn has_folder(&self, id: ItemId) -> bool {
        self.disk.list(&self.item(id)).is_ok()
    }

    /// Whether an item is being taken in, or out.
    pub(crate) fn is_incoming(&self, id: ItemId) -> bool {
        self.disk.len(&self.incoming().join(id.to_string())).is_ok()
    }

    /// A file's length.
    pub(crate) fn len(&self, id: ItemId, name: &str) -> Result<u64, FileError> {
        let path = self.file(id, name);
        self.at("read", &path, self.disk.len(&path))
    }

    /// The names of the files in an item's folder, in no order.
    pub(crate) fn files(&self, id: ItemId) -> Result<Vec<String>, FileError> {
        self.list(&self.item(id))
    }

    /// Removes the files of a delivered item: all but its manifest and its journal. Durable once this returns; what is not there
    /// is gone already.
    pub(crate) fn clear(&self, id: ItemId) -> Result<(), FileError> {
        let names = match self.files(id) {
            Err(e) if e.is_missing() => return Ok(()), // forgotten meanwhile
            names => names?,
        };
        for name in names.iter().filter(|name| *name == ORIGINAL || name.starts_with(BODY)) {
            let path = self.file(id, name);
            match self.disk.remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.error("remove", &path, e)),
                _ => {}
            }
        }
        match self.sync_dir(&self.item(id)) {
            Err(e) if e.is_missing() => Ok(()),
            synced => synced,
        }
    }

    /// Free bytes on its disk, where that can be known.
    pub(crate) fn free(&self) -> Option<u64> {
        self.disk.free(&self.root)
    }

    /// Databases that were set aside because they were damaged, by name.
    pub(crate) fn set_aside(&self) -> Result<Vec<String>, FileError> {
        let mut names = self.list(&self.root)?;
        names.retain(|name| name.contains(SET_ASIDE) && !name.ends_with("-wal") && !name.ends_with("-shm"));
        names.sort_unstable();
        Ok(names)
    }

    /// What a replacement of a file of the outbox's own left behind, by name.
    pub(crate) fn leftovers(&self) -> Result<Vec<String>, FileError> {
        let mut names = self.list(&self.root)?;
        names.retain(|name| name.ends_with(NEW));
        Ok(names)
    }

    /// The facts of a capture.
    pub(crate) fn read_manifest(&self, id: ItemId) -> Result<Manifest, FileError> {
        let path = self.file(id, MANIFEST);
        let manifest: Manifest = self.parse(&path, &self.read(&path)?)?;
        if manifest.id != id {
            return Err(self.damaged(&path, "it is another item's"));
        }
        Ok(manifest)
    }

    /// The length and hash that a file of an item really has.
    pub(crate) fn hash_file(&self, id: ItemId, name: &str) -> Result<Original, FileError> {
        let path = self.file(id, name);
        let mut file = self.at("open", &path, self.disk.open(&path))?;
        let facts = copy_hashed(&mut file, &mut io::sink(), &mut Vec::new());
        facts.map_err(|e| match e {
            CopyError::Read(e) | CopyError::Write(e) => self.error("read", &path, e),
        })
    }

    /// The accounts, where any were ever written.
    pub(crate) fn read_accounts(&self) -> Result<Option<Vec<Account>>, FileError> {
        let path = self.root.join(ACCOUNTS);
        match self.read(&path) {
            Ok(bytes) => self.parse(&path, &bytes).map(Some),
            Err(e) if e.is_missing() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Writes the accounts durably. Writers take turns: the caller sees to that (it holds the database's write lock).
    pub(crate) fn write_accounts(&self, accounts: &[Account]) -> Result<(), FileError> {
        let json =
            serde_json::to_vec_pretty(accounts).expect("accounts are strings and maps of strings, which are JSON");
        self.write_synced(&self.root.join(ACCOUNTS), &json)
    }

    /// Replaces a file as a whole, durably: whoever reads it finds the old or the new content. One writer at a time.
    pub(crate) fn write_synced(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(NEW);
        let temporary = PathBuf::from(temporary);
        match self.disk.remove_file(&temporary) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.error("replace", &temporary, e)),
            _ => {}
        }
        let written = self
            .create_synced(&temporary, bytes)
            .and_then(|()| self.at("replace", path, self.disk.rename(&temporary, path)));
        if written.is_err() {
            _ = self.disk.remove_file(&temporary); // else the next write does
        }
        written?;
        path.parent().map_or(Ok(()), |dir| self.sync_dir(dir))
    }

    /// A new file with this content, synced; its folder is not.
    fn create_synced(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let mut file = self.at("make", path, self.disk.create(path))?;
        self.at("write", path, file.write_all(bytes).and_then(|()| file.sync()))
    }

    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        let read = self.disk.open(path).and_then(|mut file| file.read_to_end(&mut bytes));
        self.at("read", path, read)?;
        Ok(bytes)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, path: &Path, json: &[u8]) -> Result<T, FileError> {
        // Only where it breaks: serde's words would quote what stands there.
        serde_json::from_slice(json)
            .map_err(|e| self.damaged(path, &format!("no record at line {} column {}", e.line(), e.column())))
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>, FileError> {
        self.at("list", dir, self.disk.list(dir))
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), FileError> {
        self.at("sync", dir, self.disk.sync_dir(dir))
    }

    fn at<T>(&self, doing: &'static str, path: &Path, result: io::Result<T>) -> Result<T, FileError> {
        result.map_err(|e| self.error(doing, path, e))
    }

    fn error(&self, doing: &'static str, path: &Path, source: io::Error) -> FileError {
        let name = self.name(path);
        if is_full(&source) { FileError::Full { doing, name, source } } else { FileError::Disk { doing, name, source } }
    }

    fn damaged(&self, path: &Path, detail: &str) -> FileError {
        FileError::Damaged { name: self.name(path), detail: detail.to_owned() }
    }

    /// A path as errors show it: what lies above the outbox is nobody's business.
    fn name(&self, path: &Path) -> String {
        match path.strip_prefix(&self.root) {
            Ok(inside) if inside.as_os_str().is_empty() => "the outbox's folder".to_owned(),
            Ok(inside) => inside.display().to_string(),
            Err(_) => "the folder above the outbox".to_owned(),
        }
    }
}

/// An item's id, exactly as its folder is named.
fn parse_id(name: &str) -> Option<ItemId> {
    name.parse().ok().filter(|id: &ItemId| id.to_string() == name)
}

/// Which side of a copy failed.
pub(crate) enum CopyError {
    /// What is copied.
    Read(io::Error),
    /// Where it goes.
    Write(io::Error),
}

/// Copies to the end in one pass, counting and hashing, and keeps the first bytes in `head` up to its capacity.
pub(crate) fn copy_hashed(from: &mut dyn Read, to: &mut dyn Write, head: &mut Vec<u8>) -> Result<Original, CopyError> {
    let mut chunk = vec![0; CHUNK];
    let mut sha = sha2::Sha256::new();
    let mut bytes = 0;
    loop {
        let n = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(CopyError::Read(e)),
        };
        let missing = head.capacity() - head.len();
        head.extend_from_slice(&chunk[..n.min(missing)]);
        sha.update(&chunk[..n]);
        to.write_all(&chunk[..n]).map_err(CopyError::Write)?;
        bytes += n as u64;
    }
    Ok(Original { bytes: Bytes(bytes), sha256: Sha256(sha.finalize().into()) })
}
