//! Rescues the originals of what is not delivered, with all that is known of them, from the items' folders alone: it asks no
//! database, takes no lock and changes nothing of the outbox, so that it works on a damaged one, and beside others that have it
//! open. What does not read is exported as far as it does; nothing is left out without a word.
//!
//! ```text
//! DIR/<account>/<work order>/boiler-7f3a9c1e.jpg        the file as it was captured
//!                           /boiler-7f3a9c1e.jpg.json   what its manifest and its journal tell
//! DIR/unknown/unknown/<id>                              one whose manifest does not read
//! ```
//!
//! An address with credentials in it never becomes an account's, and tokens are never written down: what is told of attempts
//! holds no secret.

mod shelf;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use self::shelf::{Name, Put, Shelf};
use super::check::{Finding, FindingKind};
use crate::capture::clean_part;
use crate::disk::{Disk, OsDisk};
use crate::error::Error;
use crate::model::{ItemId, Original, Snapshot, Timestamp};
use crate::store::{Entry, FileError, Folders, Journal, Line, Manifest, ORIGINAL, Target};

/// Where what has no readable manifest goes.
const UNKNOWN: &str = "unknown";

/// What an export came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    /// The items that were exported, the longest captured first.
    pub items: Vec<Exported>,
    /// What could not be rescued as it was captured, or not with all its details; empty where all was.
    pub findings: Vec<Finding>,
}

/// An item that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The item.
    pub id: ItemId,
    /// Its account, where its manifest reads.
    pub account: Option<String>,
    /// Its work order at the system, where its manifest reads.
    pub work_order: Option<String>,
    /// Where the file lies that was captured; none of an update or a deletion, and where it is gone.
    pub file: Option<PathBuf>,
    /// Its length and hash, as they were copied.
    pub copied: Option<Original>,
    /// Where its details lie, as JSON.
    pub details: PathBuf,
}

/// Exports every item of the outbox in the folder `outbox` that is neither delivered nor cancelled nor forgotten, into the folder
/// `to`, which is made where it is missing. Nothing there is overwritten; what is there already from an export before is left as it is.
/// `told` hears of each item as it is done.
///
/// The outbox may be damaged, its database gone, and others may have it open: nothing of it is changed.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let (outbox, rescued) = (dir.path().join("outbox"), dir.path().join("rescued"));
/// # fieldpost::Outbox::open(&outbox, fieldpost::Options::default())?;
/// let export = fieldpost::export(&outbox, &rescued, |item| println!("{}", item.id))?;
/// assert!(export.findings.is_empty());
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::DiskFull`], [`Error::Disk`] where `to` cannot be written or the outbox's folder not be listed: what was exported until
/// then stays. [`Error::Invalid`] for a folder within the outbox.
pub fn export(
    outbox: impl AsRef<Path>,
    to: impl AsRef<Path>,
    mut told: impl FnMut(&Exported),
) -> Result<Export, Error> {
    export_on(Arc::new(OsDisk), &OsDisk, outbox.as_ref(), to.as_ref(), &mut told)
}

/// The same, on any disks.
fn export_on(
    from: Arc<dyn Disk>,
    disk: &dyn Disk,
    outbox: &Path,
    to: &Path,
    told: &mut dyn FnMut(&Exported),
) -> Result<Export, Error> {
    if is_within(to, outbox) {
        return Err(Error::Invalid { what: "an export goes beside the outbox, not into it".to_owned() });
    }
    let (folders, shelf) = (Folders::reading(from, outbox), Shelf::new(disk, to));
    let items = folders.all_items()?;
    let mut export = Export::default();
    for id in items.ids {
        let mut rescue = Rescue { folders: &folders, shelf: &shelf, id, notes: Vec::new(), findings: Vec::new() };
        let exported = rescue.run()?;
        export.findings.append(&mut rescue.findings);
        if let Some(exported) = exported {
            told(&exported);
            export.items.push(exported);
        }
    }
    for name in items.strays {
        let detail = format!("items/{name} is no item's folder, and was left where it is");
        export.findings.push(Finding { finding: FindingKind::Stray, id: None, detail });
    }
    Ok(export)
}

/// Whether `path`, which may not be there yet, lies within `folder`.
fn is_within(path: &Path, folder: &Path) -> bool {
    let (Ok(folder), Ok(path)) = (folder.canonicalize(), std::path::absolute(path)) else { return false };
    path.ancestors().find_map(|above| above.canonicalize().ok()).is_some_and(|above| above.starts_with(&folder))
}

/// One item on its way out.
struct Rescue<'a> {
    folders: &'a Folders,
    shelf: &'a Shelf<'a>,
    id: ItemId,
    /// What did not read, for its details.
    notes: Vec<String>,
    findings: Vec<Finding>,
}

impl Rescue<'_> {
    /// `None`: it is over, or not an item at all.
    fn run(&mut self) -> Result<Option<Exported>, Error> {
        // Asked first: a capture that ends meanwhile is whole by the time it is read.
        let is_incoming = self.folders.is_incoming(self.id);
        let (manifest, journal) = (self.folders.read_manifest(self.id), self.folders.read_journal(self.id));
        if journal.as_ref().is_ok_and(is_over) {
            return Ok(None);
        }
        let is_missing = |e: &FileError| e.is_missing();
        if is_incoming && (manifest.is_err() || journal.as_ref().is_err_and(is_missing)) {
            self.find(FindingKind::RecordDamaged, "its capture has not ended: it is no item yet".to_owned());
            return Ok(None);
        }
        if manifest.as_ref().is_err_and(is_missing) && self.folders.files(self.id).is_err_and(|e| e.is_missing()) {
            return Ok(None); // forgotten meanwhile
        }
        let (manifest, journal) = (self.read(manifest), self.read(journal).unwrap_or_default());
        if !journal.damaged.is_empty() {
            self.note(format!("its journal does not read at lines {:?}", journal.damaged));
        }
        if journal.unknown > 0 {
            self.note(format!("{} lines of its journal are a later version's", journal.unknown));
        }
        self.put(manifest.as_ref(), &journal).map(Some)
    }

    fn put(&mut self, manifest: Option<&Manifest>, journal: &Journal) -> Result<Exported, Error> {
        let target = manifest.map(|manifest| present(&manifest.target, journal));
        let account = target.as_ref().map(|target| target.account.clone());
        let work_order = target.as_ref().map(|target| target.work_order.clone());
        let folder_of = |name: &Option<String>| clean_part(name.as_deref().unwrap_or(UNKNOWN), UNKNOWN);
        let folder = self.shelf.folder(&[folder_of(&account), folder_of(&work_order)])?;
        let name = self.name(manifest, target.as_ref());
        let copied = if manifest.is_some_and(|manifest| manifest.original.is_none()) {
            None // an update or a deletion
        } else {
            self.copy(&folder, &name, manifest.and_then(|manifest| manifest.original))?
        };
        let file = copied.as_ref().map(|put| put.name.clone());
        let facts = copied.as_ref().map(|put| put.facts);
        let details = Details {
            version: 1,
            id: self.id,
            account: account.as_deref(),
            work_order: work_order.as_deref(),
            name: target.as_ref().map(Target::name),
            file: file.as_deref(),
            copied: facts,
            captured_at: manifest.map(|manifest| manifest.captured_at),
            caption: manifest.and_then(|manifest| manifest.caption.as_deref()),
            tags: manifest.map(|manifest| manifest.tags.as_slice()).unwrap_or_default(),
            attempts: attempts(journal),
            target: target.as_ref(),
            manifest,
            notes: &self.notes,
        };
        let json = serde_json::to_vec_pretty(&details)?;
        let beside = Name { stem: file.clone().unwrap_or_else(|| name.whole()), extension: "json".to_owned() };
        let details = self.shelf.put(&folder, &beside, &mut json.as_slice(), None);
        let details = details.map_err(|e| e.of_target())?.name;
        Ok(Exported {
            id: self.id,
            account,
            work_order,
            file: file.map(|name| folder.join(name)),
            copied: facts,
            details: folder.join(details),
        })
    }

    /// The original; `None` where it is gone. One that was altered is better than none.
    fn copy(&mut self, folder: &Path, name: &Name, expected: Option<Original>) -> Result<Option<Put>, Error> {
        let path = self.folders.file(self.id, ORIGINAL);
        let put = self
            .folders
            .disk()
            .open(&path)
            .map_err(shelf::Failed::Source)
            .and_then(|mut source| self.shelf.put(folder, name, &mut source, expected));
        match put {
            Ok(put) => {
                if expected.is_some_and(|expected| expected != put.facts) {
                    self.find(
                        FindingKind::OriginalDamaged,
                        "it is not what was captured; it was exported as it is".into(),
                    );
                }
                Ok(Some(put))
            }
            Err(shelf::Failed::Source(error)) => {
                self.find(FindingKind::OriginalDamaged, format!("the captured file cannot be read: {error}"));
                Ok(None)
            }
            Err(failed) => Err(failed.of_target()),
        }
    }

    /// Named as it would be sent, but with the extension that it was captured with.
    fn name(&self, manifest: Option<&Manifest>, target: Option<&Target>) -> Name {
        let (Some(manifest), Some(target)) = (manifest, target) else {
            return Name { stem: self.id.to_string(), extension: String::new() };
        };
        let operation = format!("{:?}", manifest.operation).to_lowercase();
        let what = if manifest.original.is_some() { &target.stem } else { &operation };
        let extension = manifest.original.map(|_| manifest.target.extension.as_str()).unwrap_or_default();
        let stem = format!("{}-{}", clean_part(what, manifest.kind.as_str()), self.id.marker());
        Name { stem, extension: extension.chars().filter(char::is_ascii_alphanumeric).take(10).collect() }
    }

    fn read<T>(&mut self, read: Result<T, FileError>) -> Option<T> {
        read.map_err(|error| self.note(error.to_string())).ok()
    }

    /// Something of its records does not read.
    fn note(&mut self, what: String) {
        self.find(FindingKind::RecordDamaged, what);
    }

    fn find(&mut self, finding: FindingKind, detail: String) {
        self.notes.push(detail.clone());
        self.findings.push(Finding { finding, id: Some(self.id), detail });
    }
}

/// Whether an item is delivered, cancelled or forgotten; the later line wins.
fn is_over(journal: &Journal) -> bool {
    let mut cancelled = false;
    for line in &journal.lines {
        match &line.entry {
            Entry::Receipt { .. } | Entry::Forgotten => return true,
            Entry::Cancelled => cancelled = true,
            // It was not committed, or it would not have gone on.
            Entry::Attempted { .. } | Entry::Changed { .. } | Entry::Prepared { .. } => cancelled = false,
            Entry::Captured | Entry::Ranked { .. } => {}
        }
    }
    cancelled
}

/// Where it would go now, after repairs.
fn present(captured: &Target, journal: &Journal) -> Target {
    let mut target = captured.clone();
    for line in &journal.lines {
        match &line.entry {
            Entry::Changed { target: changed, .. } => target = changed.clone(),
            Entry::Prepared { extension, .. } => target.extension.clone_from(extension),
            _ => {}
        }
    }
    target
}

fn attempts<'a>(journal: &'a Journal) -> Vec<Attempt<'a>> {
    let attempt = |line: &'a Line| match &line.entry {
        Entry::Attempted { snapshot, .. } => Some(Attempt { at: line.at, sent: snapshot }),
        _ => None,
    };
    journal.lines.iter().filter_map(attempt).collect()
}

/// All that is known of an item, for people and for scripts.
#[derive(Serialize)]
struct Details<'a> {
    version: u32,
    id: ItemId,
    account: Option<&'a str>,
    work_order: Option<&'a str>,
    /// As it would be sent.
    name: Option<String>,
    /// The exported file, beside this one.
    file: Option<&'a str>,
    /// Its length and hash.
    copied: Option<Original>,
    captured_at: Option<Timestamp>,
    caption: Option<&'a str>,
    tags: &'a [String],
    /// The first of each operation, the last one last: what is looked for at the system before it is sent by hand.
    attempts: Vec<Attempt<'a>>,
    /// Where it would go now.
    target: Option<&'a Target>,
    /// The facts of the capture.
    manifest: Option<&'a Manifest>,
    /// What did not read.
    notes: &'a [String],
}

#[derive(Serialize)]
struct Attempt<'a> {
    at: Timestamp,
    sent: &'a Snapshot,
}
