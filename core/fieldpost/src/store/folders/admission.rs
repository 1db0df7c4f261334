//! The order in which an item's folder comes and goes. The table in [`super`] says what a kill at each step leaves.

use std::io::{self, Read};

use fieldpost_imaging::SNIFF_LEN;

use crate::disk::{Held, Lock};
use crate::model::{ItemId, Original, Timestamp};

use super::{CopyError, FileError, Folders, JOURNAL, MANIFEST, NEW, ORIGINAL, copy_hashed};
use crate::store::records::{Entry, Line, Manifest};

/// The marker `incoming/<id>`, locked: an opening leaves alone what it stands for.
pub(super) struct Claim {
    pub(super) folders: Folders,
    pub(super) id: ItemId,
    _held: Box<dyn Held>,
}

/// How often a marker is made again that an opening took for a dead process's, in the instant before it was locked.
const CLAIM_TRIES: usize = 1000;

impl Claim {
    /// A marker that was found and locked.
    pub(super) fn found(folders: &Folders, id: ItemId, held: Box<dyn Held>) -> Self {
        Claim { folders: folders.clone(), id, _held: held }
    }

    fn new(folders: &Folders, id: ItemId) -> Result<Self, FileError> {
        let incoming = folders.incoming();
        let (temporary, marker) = (incoming.join(format!("{id}{NEW}")), incoming.join(id.to_string()));
        for _ in 0..CLAIM_TRIES {
            let Some(held) = folders.at("lock", &temporary, folders.disk.lock(&temporary, Lock::Alone))? else {
                std::thread::yield_now();
                continue;
            };
            match folders.disk.rename(&temporary, &marker) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                renamed => folders.at("make", &marker, renamed).inspect_err(|_| {
                    _ = folders.disk.remove_file(&temporary);
                })?,
            }
            let claim = Claim::found(folders, id, held);
            if let Err(error) = folders.sync_dir(&incoming) {
                claim.release();
                return Err(error);
            }
            return Ok(claim);
        }
        Err(folders.error("lock", &temporary, io::ErrorKind::WouldBlock.into()))
    }

    /// Removes the marker, then lets go of its lock. One that cannot be removed is for the next opening.
    pub(super) fn release(self) {
        _ = self.folders.disk.remove_file(&self.folders.incoming().join(self.id.to_string()));
    }

    /// Removes the item's folder, and the marker once that is durable.
    pub(super) fn remove_item(self) -> Result<(), FileError> {
        let dir = self.folders.item(self.id);
        match self.folders.disk.remove_dir_all(&dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.folders.error("remove", &dir, e)),
            _ => {}
        }
        self.folders.sync_dir(&self.folders.items())?;
        self.release();
        Ok(())
    }
}

/// An item's folder in the making. Dropped before it is sealed, it takes away what was made.
#[must_use = "nothing is kept until it is sealed"]
pub(crate) struct Admission {
    claim: Option<Claim>,
}

/// The captured file, as it was copied.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Its length and hash.
    pub original: Original,
    /// Its first bytes, as many as telling its type takes.
    pub head: Vec<u8>,
}

impl Folders {
    /// Begins a capture: marks it and makes the item's folder.
    pub(crate) fn admit(&self, id: ItemId) -> Result<Admission, FileError> {
        let claim = Claim::new(self, id)?;
        let dir = self.item(id);
        if let Err(error) = self.disk.create_dir(&dir) {
            // Not through `Admission`: a folder that was there before is not ours to remove.
            claim.release();
            return Err(self.error("make", &dir, error));
        }
        Ok(Admission { claim: Some(claim) })
    }

    /// Begins to erase an item for good: marks it and journals that it is forgotten. The caller removes the row, then
    /// calls [`Erasure::done`]. Killed in between, the next opening does.
    pub(crate) fn erase(&self, id: ItemId, at: Timestamp) -> Result<Erasure, FileError> {
        let claim = Claim::new(self, id)?;
        match self.append(id, &Line { at, entry: Entry::Forgotten }) {
            // A damaged folder without a journal, or none at all: nothing there could be taken for an item.
            Err(e) if e.is_missing() => {}
            Err(e) => {
                claim.release();
                return Err(e);
            }
            Ok(()) => {}
        }
        Ok(Erasure { claim })
    }
}

impl Admission {
    fn claim(&self) -> &Claim {
        self.claim.as_ref().expect("only `seal` takes it, and consumes the admission")
    }

    /// Copies the captured file, whole, and hashes it on the way.
    pub(crate) fn take(&mut self, source: &mut dyn Read) -> Result<Taken, FileError> {
        let (folders, path) = (&self.claim().folders, self.claim().folders.file(self.claim().id, ORIGINAL));
        let mut file = folders.at("make", &path, folders.disk.create(&path))?;
        let mut head = Vec::with_capacity(SNIFF_LEN);
        let copied = copy_hashed(source, &mut file, &mut head);
        let original = copied.map_err(|e| match e {
            CopyError::Read(e) => FileError::Source(e),
            CopyError::Write(e) => folders.error("write", &path, e),
        })?;
        folders.at("sync", &path, file.sync())?;
        Ok(Taken { original, head })
    }

    /// Writes manifest and journal, and makes the folder durable: from here on it is whole.
    pub(crate) fn seal(mut self, manifest: &Manifest) -> Result<Sealed, FileError> {
        let Claim { folders, id, .. } = self.claim();
        debug_assert_eq!(*id, manifest.id, "a manifest goes into its own item's folder");
        let facts =
            serde_json::to_vec(manifest).expect("a manifest is strings, numbers and maps of strings, which are JSON");
        folders.create_synced(&folders.file(*id, MANIFEST), &facts)?;
        let captured = Line { at: manifest.captured_at, entry: Entry::Captured };
        folders.create_synced(&folders.file(*id, JOURNAL), &captured.to_bytes())?;
        folders.sync_dir(&folders.item(*id))?;
        folders.sync_dir(&folders.items())?;
        Ok(Sealed { claim: self.claim.take().expect("it was there a line ago") })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            _ = claim.remove_item(); // else the next opening does
        }
    }
}

/// A whole folder, still marked. Dropped (a panic, a commit of which nobody knows whether it went through), it stays as
/// it is: the next opening looks whether there is a row.
#[must_use = "the marker stays until it is done or abandoned"]
pub(crate) struct Sealed {
    claim: Claim,
}

impl Sealed {
    /// The row is committed.
    pub(crate) fn done(self) {
        self.claim.release();
    }

    /// The row is certainly not committed: the folder goes again, or, where that fails, at the next opening.
    pub(crate) fn abandon(self) {
        _ = self.claim.remove_item();
    }
}

/// An item on its way out. Dropped, it is finished by the next opening, unless its row is still there.
#[must_use = "the files stay until it is done"]
pub(crate) struct Erasure {
    claim: Claim,
}

impl Erasure {
    /// The row is gone: so go the files.
    pub(crate) fn done(self) -> Result<(), FileError> {
        self.claim.remove_item()
    }
}
