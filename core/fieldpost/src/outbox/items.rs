//! Items at the door: captures, lists, and a person's answers.

use std::path::Path;
use std::sync::PoisonError;

use super::Outbox;
use crate::capture::{Capture, Source};
use crate::dispatch::person::Settlement;
use crate::engine::answers::Which;
use crate::engine::captions;
use crate::engine::check::Finding;
use crate::engine::intake::Begun;
use crate::error::Error;
use crate::model::{Attachment, Bytes, Changes, Item, ItemId, RemoteId, Repair, Timestamp, WorkOrder};
use crate::store::{FileError, Filter, Manifest, Sealed};

/// What is captured, whole on the disk; its rows are still to come.
pub(super) struct Copied {
    pub(super) manifest: Manifest,
    pub(super) sealed: Sealed,
    /// The item of its caption, where that is one of its own.
    pub(super) caption: Option<(Manifest, Sealed)>,
}

impl Outbox {
    /// Takes a photo, document, text or signature over for a work order. Durable once it returns, with no network at all;
    /// the caller's file stays as it was. What the system is known to refuse is kept all the same, already blocked with its
    /// reason: evidence is never refused.
    ///
    /// # Errors
    /// Only where the bytes cannot be kept ([`Error::CannotRead`], [`Error::DiskFull`], [`Error::QuotaFull`],
    /// [`Error::Disk`]), the account is unknown ([`Error::UnknownAccount`]) or the capture contradicts itself ([`Error::Invalid`]).
    pub fn capture(&self, capture: impl Into<Capture>, job: &WorkOrder) -> Result<Item, Error> {
        let capture = capture.into();
        let (id, now) = match self.work(|core| core.begin_capture(&capture, job))? {
            Begun::Known(item) => return Ok(*item),
            Begun::New(id, now) => (id, now),
        };
        let copying = self.inner.capturing.read().unwrap_or_else(PoisonError::into_inner);
        let caption = self.core()?.caption_item(&capture, job)?;
        let bytes = capture.source().len(&*self.inner.disk)?;
        self.core()?.make_room(bytes)?;
        let copied = match self.copy((id, caption), &capture, job, now.wall, bytes) {
            // A disk that says it is full, though it did not look so: what is delivered makes room, and it is tried once more.
            Err(Error::DiskFull { .. }) if self.core()?.clear_early(bytes.0).is_ok_and(|cleared| cleared > 0) => {
                self.copy((id, caption), &capture, job, now.wall, bytes)
            }
            copied => copied,
        };
        let Copied { manifest, sealed, caption } = copied.map_err(|e| e.of_capture(bytes))?;
        let finished = self.work(|core| core.finish_capture(manifest, sealed, caption));
        let item = finished.map_err(|e| e.of_capture(bytes))?;
        drop(copying);
        // It is durable here: that a file which was to be moved cannot be removed loses nothing.
        let _ = capture.source().remove_if_asked(&*self.inner.disk);
        self.wake();
        Ok(item)
    }

    /// Copies what is captured, without the lock: a long capture holds up neither delivery nor another capture.
    /// The ids are its own, and its caption's where that is an item too.
    pub(super) fn copy(
        &self,
        (id, caption): (ItemId, Option<ItemId>),
        capture: &Capture,
        job: &WorkOrder,
        at: Timestamp,
        said: Bytes,
    ) -> Result<Copied, Error> {
        let folders = self.core()?.folders.clone();
        let mut source = capture.source().open(&*self.inner.disk)?;
        let mut admission = folders.admit(id)?;
        let taken = admission.take(&mut source).map_err(|e| match e {
            FileError::Source(e) => Error::from(capture.source().error(e)),
            other => other.into(),
        })?;
        if taken.original.bytes > said {
            self.core()?.make_quota(taken.original.bytes)?; // it grew meanwhile
        }
        let manifest = Manifest { caption_item: caption, ..capture.manifest(id, at, job, &taken) };
        let sealed = admission.seal(&manifest)?;
        match captions::seal(&folders, &manifest) {
            Ok(caption) => Ok(Copied { manifest, sealed, caption }),
            Err(error) => {
                sealed.abandon();
                Err(error.into())
            }
        }
    }

    /// The items of a filter, in the order of capture.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::Damaged`].
    pub fn items(&self, filter: &Filter) -> Result<Vec<Item>, Error> {
        self.core()?.items(filter)
    }

    /// One item.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn item(&self, id: ItemId) -> Result<Item, Error> {
        self.core()?.item(id)?.ok_or_else(|| Error::UnknownItem { id: id.to_string() })
    }

    /// Tries once more, now: blocked items go back to the queue, waits end. An item in doubt is only looked for again.
    /// Returns the items that go on by it.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn retry(&self, which: &Which) -> Result<Vec<ItemId>, Error> {
        let moved = self.change(|core| core.retry(which))?;
        self.wake();
        Ok(moved)
    }

    /// Gives an item up: at once, or, where it may have arrived already, once that is known.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::NotNow`] for what is delivered.
    pub fn cancel(&self, id: ItemId) -> Result<(), Error> {
        self.change(|core| core.cancel(id))
    }

    /// Lets an undelivered item go otherwise: another name, cap, work order or folder, as a new operation; another rank. Where it
    /// may have arrived already, that is done once it is known that it has not; if it has, it stays as it went. What was
    /// blocked goes again. Returns the item as it stands then.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::NotNow`] for what is delivered, cancelled or no upload; [`Error::Invalid`] for a cap of
    /// what is no photo.
    pub fn repair(&self, id: ItemId, repair: &Repair) -> Result<Item, Error> {
        let item = self.change(|core| core.repair(id, repair))?;
        self.wake();
        Ok(item)
    }

    /// Hands in what the host made of a photo that is blocked, for it is of a type that its system does not take or that nobody here
    /// decodes: a JPEG of a HEIC, from the phone's own decoder. It is made to fit as any photo, and goes in the photo's place, as a new
    /// operation; `converted` is only read. What was captured stays as it is, and its hash on record. A later repair of the cap begins
    /// with what was captured again. Takes a second or so.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::NotNow`] for what is no blocked photo, or may have arrived; [`Error::CannotRead`];
    /// [`Error::Invalid`] for a file that is no picture that can be read, or does not fit; [`Error::DiskFull`]. The item is then as it was.
    pub fn convert(&self, id: ItemId, converted: impl AsRef<Path>) -> Result<Item, Error> {
        let conversion = self.core()?.begin_conversion(id)?;
        let source = Source::file(converted.as_ref().to_owned(), false);
        let bytes = source.len(&*self.inner.disk)?;
        self.core()?.make_room(bytes)?;
        let (before, made) = conversion.run(converted.as_ref())?;
        let item = self.change(|core| core.end_conversion(&before, made))?;
        self.wake();
        Ok(item)
    }

    /// Changes what the system holds of an attachment, in an operation that is queued: `visibility`, `name`, what its system
    /// lets change. An upload that has not left is changed itself, and so is an update that has not. Returns the item that
    /// does it.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::UnknownAccount`]; [`Error::Invalid`] for what the system does not let change;
    /// [`Error::NotNow`] for an attachment that is to be deleted, or whose upload was given up.
    pub fn update(&self, attachment: impl Into<Attachment>, changes: Changes) -> Result<Item, Error> {
        let item = self.change(|core| core.update(&attachment.into(), changes))?;
        self.wake();
        Ok(item)
    }

    /// Deletes an attachment at its system, in an operation that is queued. An upload that has not left is cancelled instead;
    /// one that may have arrived is deleted if it has. One that is gone already counts as deleted. Returns the item that does
    /// it.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::UnknownAccount`]; [`Error::Invalid`] where the system has no deletion, or gives no attachment
    /// such an id.
    pub fn delete(&self, attachment: impl Into<Attachment>) -> Result<Item, Error> {
        let item = self.change(|core| core.delete(&attachment.into()))?;
        self.wake();
        Ok(item)
    }

    /// Deletes a folder at its system, in an operation that is queued, with all that the system lets go with it. One that is gone
    /// already counts as deleted. What is uploaded into a folder of its name afterwards makes it anew. Returns the item that does it.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Invalid`] where the system has no folders, or none that could be called `folder`.
    pub fn delete_folder(&self, job: &WorkOrder, folder: &RemoteId) -> Result<Item, Error> {
        let item = self.change(|core| core.delete_folder(job, folder))?;
        self.wake();
        Ok(item)
    }

    /// Decides a doubt by what a person saw at the system. The receipt says that a person said so.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::NotNow`] for an item that is in no doubt; [`Error::Invalid`] for an id that the system gives
    /// no attachment.
    pub fn settle(&self, id: ItemId, settlement: Settlement) -> Result<(), Error> {
        self.change(|core| core.settle_by_hand(id, settlement))?;
        self.wake();
        Ok(())
    }

    /// Erases an item for good: its row, its files, its receipt. What is not delivered is lost by it: ask the person first.
    ///
    /// # Errors
    /// [`Error::UnknownItem`]; [`Error::NotNow`] while it is being sent.
    pub fn forget(&self, id: ItemId) -> Result<(), Error> {
        self.change(|core| core.forget(id))?.done()?;
        self.give_back();
        Ok(())
    }

    /// Looks at every hash, row and file: how many items there are, and what is not as it should be. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Disk`], where the disk fails in reading.
    pub fn check(&self) -> Result<(u64, Vec<Finding>), Error> {
        self.core()?.check()
    }
}
