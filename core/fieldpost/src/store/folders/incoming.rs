//! What an opening does with what killed processes left: it looks only at markers, and at nothing that is locked.

use crate::disk::Lock;
use crate::model::ItemId;

use super::admission::Claim;
use super::journal::Journal;
use super::{FileError, Folders, NEW, ORIGINAL, parse_id};
use crate::store::records::{Entry, Manifest};

/// What was found in `incoming/`.
#[derive(Default)]
pub(crate) struct Scan {
    /// Whole folders without a row: the caller makes the row, then calls [`Adoption::done`].
    pub adopt: Vec<Adoption>,
    /// Half-made or forgotten folders: they are gone.
    pub removed: Vec<ItemId>,
    /// What the disk would not let us look at or remove: left for another opening.
    pub failed: Vec<(ItemId, FileError)>,
}

/// A whole folder without a row, its marker locked until this is dropped.
#[must_use = "the marker stays until it is done"]
pub(crate) struct Adoption {
    /// The facts of the capture.
    pub manifest: Manifest,
    /// What became of it.
    pub journal: Journal,
    /// Whether the original is what was captured; else it was damaged later.
    pub intact: bool,
    claim: Claim,
}

impl Adoption {
    /// The row is committed.
    pub(crate) fn done(self) {
        self.claim.release();
    }
}

enum Found {
    Whole(Box<(Manifest, Journal, bool)>),
    Half,
}

impl Folders {
    /// Tidies up after killed processes. `has_row` has to read what is committed now, not an earlier view: it is asked
    /// once the marker's lock is held, when no capture of that item can be running any more.
    pub(crate) fn scan_incoming<E: From<FileError>>(
        &self,
        mut has_row: impl FnMut(ItemId) -> Result<bool, E>,
    ) -> Result<Scan, E> {
        let mut scan = Scan::default();
        for name in self.list(&self.incoming())? {
            let (stem, is_temporary) = name.strip_suffix(NEW).map_or((name.as_str(), false), |stem| (stem, true));
            let Some(id) = parse_id(stem) else { continue };
            let path = self.incoming().join(&name);
            let held = match self.disk.lock(&path, Lock::Alone) {
                Ok(Some(held)) => held,
                Ok(None) => continue,
                Err(e) => {
                    scan.failed.push((id, self.error("lock", &path, e)));
                    continue;
                }
            };
            if is_temporary {
                _ = self.disk.remove_file(&path); // it stands for nothing yet; the lock is held until it is gone
                continue;
            }
            let claim = Claim::found(self, id, held);
            if has_row(id)? {
                claim.release();
            } else {
                self.settle(claim, &mut scan);
            }
        }
        Ok(scan)
    }

    fn settle(&self, claim: Claim, scan: &mut Scan) {
        let id = claim.id;
        match self.examine(id) {
            Ok(Found::Whole(found)) => {
                if let Err(e) = self.sync_item(id) {
                    scan.failed.push((id, e));
                    return;
                }
                let (manifest, journal, intact) = *found;
                scan.adopt.push(Adoption { manifest, journal, intact, claim });
            }
            Ok(Found::Half) => match claim.remove_item() {
                Ok(()) => scan.removed.push(id),
                Err(e) => scan.failed.push((id, e)),
            },
            Err(e) => scan.failed.push((id, e)),
        }
    }

    /// Makes durable what a killed capture may not have come to: its row must not outlive its files.
    fn sync_item(&self, id: ItemId) -> Result<(), FileError> {
        for name in self.files(id)? {
            let path = self.file(id, &name);
            self.at("sync", &path, self.disk.append(&path).and_then(|mut file| file.sync()))?;
        }
        self.sync_dir(&self.item(id))?;
        self.sync_dir(&self.items())
    }

    /// Whole is a manifest, a journal that begins, and the original. What a capture can leave behind is never damaged,
    /// only incomplete: an original that is there but differs, or anything missing beside a journal that tells of more
    /// than the capture, was damaged since, and is kept.
    fn examine(&self, id: ItemId) -> Result<Found, FileError> {
        let journal = match self.read_journal(id) {
            Err(e) if e.is_missing() => Journal::default(),
            journal => journal?,
        };
        if journal.has(|entry| matches!(entry, Entry::Forgotten)) {
            return Ok(Found::Half);
        }
        let has_a_past = journal.has(|entry| !matches!(entry, Entry::Captured));
        let manifest = match self.read_manifest(id) {
            Ok(manifest) => manifest,
            Err(e) if has_a_past => return Err(e),
            Err(FileError::Damaged { .. }) => return Ok(Found::Half),
            Err(e) if e.is_missing() => return Ok(Found::Half),
            Err(e) => return Err(e),
        };
        let intact = match manifest.original.map(|original| (original, self.hash_file(id, ORIGINAL))) {
            None => true, // an update or a deletion has none
            Some((original, Ok(facts))) => facts == original,
            Some((_, Err(e))) if e.is_missing() && has_a_past => false,
            Some((_, Err(e))) if e.is_missing() => return Ok(Found::Half),
            Some((_, Err(e))) => return Err(e),
        };
        if journal.lines.is_empty() {
            return Ok(Found::Half);
        }
        Ok(Found::Whole(Box::new((manifest, journal, intact))))
    }

    /// The names in `incoming/` that stand for nothing: for `check`.
    pub(crate) fn stray_markers(&self) -> Result<Vec<String>, FileError> {
        let mut names = self.list(&self.incoming())?;
        names.retain(|name| parse_id(name.strip_suffix(NEW).unwrap_or(name)).is_none());
        Ok(names)
    }
}
