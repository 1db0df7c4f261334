//! A caption as an item of its own, where its account sends captions as texts: made in the transaction that adds what it is the
//! caption of, and it goes after that. Owns what becomes of the one when something becomes of the other.
//!
//! | the file | its caption |
//! |---|---|
//! | captured; its key twice | one |
//! | killed while it was captured | both, or neither: an opening that takes the file over makes the caption that is missing |
//! | goes to another work order | goes along, while nothing of it has left |
//! | cancelled, or forgotten before it was delivered | cancelled |
//! | forgotten once it was delivered | goes on |
//!
//! And what becomes of a caption is nothing to its file. A caption's words are fixed with its file's: nothing changes them.

use super::Core;
use crate::capture::{Capture, of_caption};
use crate::dispatch::person::{self, Repairing};
use crate::error::Error;
use crate::model::{ItemId, Reason, Repair, Row, Snapshot, Stage, Why, WorkOrder};
use crate::providers::provider;
use crate::store::{FileError, Folders, Manifest, Sealed};

impl Core {
    /// The id of the item that the caption of a capture becomes, where it becomes one.
    pub(crate) fn caption_item(&mut self, capture: &Capture, job: &WorkOrder) -> Result<Option<ItemId>, Error> {
        if capture.caption_of_a_file().is_none() {
            return Ok(None);
        }
        let account = self.account(&job.account)?.account;
        let goes = provider(account.provider).sends_captions(&account.settings);
        let now = self.now();
        Ok(goes.then(|| ItemId::new(now.wall, self.entropy.bytes())))
    }

    /// The caption of what an opening takes over, where a kill came between the two.
    pub(super) fn missing_caption(&self, of: &Manifest) -> Result<Option<(Manifest, Sealed)>, Error> {
        let Some(id) = of.caption_item else { return Ok(None) };
        if self.store.read().has_item(id)? || self.folders.has_folder(id) {
            return Ok(None);
        }
        Ok(seal(&self.folders, of)?)
    }

    /// Whether it is the caption of a file that was captured under a key that was taken: that one is no item.
    pub(super) fn is_caption_of_none(&self, manifest: &Manifest) -> Result<bool, Error> {
        match manifest.parent.filter(|_| manifest.is_caption()) {
            Some(of) => Ok(self.folders.has_folder(of) && !self.store.read().has_item(of)?),
            None => Ok(false),
        }
    }

    /// What becomes of the captions of `rows`, whose stages or targets are about to be committed.
    pub(super) fn follow_captions(&mut self, rows: &[Row], followed: &mut Vec<Row>) -> Result<(), Error> {
        for row in rows {
            let Some(caption) = row.manifest.caption_item else { continue };
            let (was, Some(mut caption)) = (self.store.read().item(row.id())?, self.store.read().item(caption)?) else {
                continue;
            };
            if caption.stage.is_over() || rows.iter().any(|row| row.id() == caption.id()) {
                continue;
            }
            let (from, to) = (was.map(|was| was.life.target.work_order), &row.life.target.work_order);
            if row.stage == Stage::Cancelled {
                person::cancel(&mut caption)?;
            } else if from.is_some_and(|from| from != *to && from == caption.life.target.work_order) {
                let repair = Repair { work_order: Some(to.clone()), ..Repair::default() };
                if person::repair(&mut caption, &repair)? == Repairing::Now {
                    self.go_otherwise(&mut caption, &repair)?;
                }
            } else {
                continue;
            }
            followed.push(caption);
        }
        Ok(())
    }

    /// Reads what a text says, where its system takes that instead of a file. `false`: its file is not what was captured.
    pub(super) fn read_text(&self, item: ItemId, snapshot: &mut Snapshot, body: Option<&str>) -> bool {
        let Some(body) = body.filter(|_| provider(snapshot.provider).sends_text(snapshot)) else { return true };
        let intact = self.folders.hash_file(item, body).is_ok_and(|facts| facts.sha256 == snapshot.sha256);
        let text = self.folders.read(&self.folders.file(item, body)).ok().filter(|_| intact);
        snapshot.text = text.and_then(|text| String::from_utf8(text).ok());
        snapshot.text.is_some()
    }
}

/// Makes the folder of a caption; the row is the caller's. `None`: there is none to be made.
pub(crate) fn seal(folders: &Folders, of: &Manifest) -> Result<Option<(Manifest, Sealed)>, FileError> {
    let (Some(id), Some(caption)) = (of.caption_item, &of.caption) else { return Ok(None) };
    let mut admission = folders.admit(id)?;
    let taken = admission.take(&mut caption.as_bytes())?;
    let manifest = of_caption(id, of, &taken);
    let sealed = admission.seal(&manifest)?;
    Ok(Some((manifest, sealed)))
}

pub(super) fn text_damaged() -> Why {
    Why::new(Reason::FileDamaged, "the captured text is gone or altered".to_owned())
}
