//! Preparing: the body that is sent is made away from the outbox's lock, as many at a time as the app allows.

use std::path::Path;
use std::sync::Arc;

use super::Core;
use super::air::{Air, journal_gone};
use crate::dispatch::answer;
use crate::error::Error;
use crate::model::{Item, ItemId, Kind, Operation, Reason, Row, Stage, Why};
use crate::prepare::{self, HostMade, Job};
use crate::store::{Entry, Fit, Folders};

/// A body to be made, away from the outbox's lock.
pub struct PrepareJob {
    item: ItemId,
    fit: Option<Fit>,
    job: Job,
}

impl PrepareJob {
    /// Whose body it is.
    #[must_use]
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// Makes it. Takes a second or so for a photo of twelve megapixels.
    #[must_use]
    pub fn run(self) -> Prepared {
        Prepared { item: self.item, fit: self.fit, made: self.job.run() }
    }
}

/// A body that was made, or why it could not be.
pub struct Prepared {
    item: ItemId,
    /// What it was made to fit.
    fit: Option<Fit>,
    made: Result<prepare::Made, prepare::Unprepared>,
}

impl Core {
    /// What has to be made next, if not as much as may be is being made.
    pub(super) fn to_prepare(&self, air: &mut Air) -> Result<Option<PrepareJob>, Error> {
        if air.preparing.len() >= self.threads.get() {
            return Ok(None);
        }
        let Some(row) = self.store.read().unprepared(&air.preparing)? else { return Ok(None) };
        let Some(original) = row.manifest.original else { return Ok(None) };
        air.preparing.insert(row.id());
        let job = Job::new(self.folders.clone(), &row, original, self.memory);
        Ok(Some(PrepareJob { item: row.id(), fit: row.life.fit, job }))
    }

    /// Takes a prepared body, or why there is none.
    pub(crate) fn prepared(&mut self, air: &mut Air, prepared: Prepared) -> Result<(), Error> {
        air.preparing.remove(&prepared.item);
        // Meanwhile it may have been cancelled or forgotten, or repaired to go otherwise.
        let mut row = match self.store.read().item(prepared.item)? {
            Some(row) if row.stage == Stage::Captured && row.life.fit == prepared.fit => row,
            Some(row) if row.is_given_up_unprepared() => {
                prepare::abandon(&self.folders, row.id());
                return Ok(());
            }
            Some(row) if row.life.body.is_none() => {
                prepared.made.iter().for_each(|made| prepare::discard(&self.folders, row.id(), made));
                return Ok(());
            }
            _ => return Ok(()),
        };
        match prepared.made {
            Ok(made) => self.has_body(&mut row, made)?,
            Err(unprepared) => {
                answer::blocked(&mut row, Why::new(unprepared.reason, unprepared.detail), None);
            }
        }
        self.commit(&[row], &[], |_| Ok(()))
    }

    /// Its body was made: journaled first.
    fn has_body(&mut self, row: &mut Row, made: prepare::Made) -> Result<(), Error> {
        let prepare::Made { body, mime, extension, flags } = made;
        let entry = Entry::Prepared {
            body: body.file.clone(),
            sent: body.sent,
            mime: mime.clone(),
            extension: extension.clone(),
            flags: flags.clone(),
        };
        let journaled = self.journal(row.id(), entry, &self.now())?;
        row.life.mime = mime;
        row.life.target.extension = extension;
        row.life.flags = flags;
        row.life.body = Some(body);
        row.stage = Stage::Queued { why: None };
        let account = self.account(&row.life.target.account)?;
        row.life.asked = Self::asked(row, &account);
        let preflight = Self::preflight(row, &account.account);
        if let Some(why) = (!journaled).then(journal_gone).or(preflight) {
            answer::blocked(row, why, None);
        }
        Ok(())
    }

    /// What the host made of an item's photo is to be its body: what is needed to make that fit.
    pub(crate) fn begin_conversion(&self, id: ItemId) -> Result<Conversion, Error> {
        let row = self.row(id)?;
        check_convertible(&row)?;
        Ok(Conversion { folders: self.folders.clone(), fit: row.life.fit, memory: self.memory, row })
    }

    /// Takes it, if nobody did anything about the item meanwhile. It goes as a new operation.
    pub(crate) fn end_conversion(&mut self, before: &Row, made: HostMade) -> Result<Item, Error> {
        let id = before.id();
        let mut row = self.row(id)?;
        check_convertible(&row)?;
        if row.life.request_id != before.life.request_id || row.life.fit != before.life.fit {
            return Err(not_now(&row, "it was changed meanwhile: convert it once more"));
        }
        let made = made.keep().map_err(|e| refused(&e))?;
        self.renew(&mut row);
        self.has_body(&mut row, made)?;
        self.journal_change(&row, true)?;
        self.commit(&[row], &[], |_| Ok(()))?;
        self.item(id)?.ok_or_else(|| Error::UnknownItem { id: id.to_string() })
    }
}

/// A conversion under way.
pub(crate) struct Conversion {
    folders: Arc<Folders>,
    fit: Option<Fit>,
    memory: u64,
    row: Row,
}

impl Conversion {
    /// Makes the picture at `path` fit, without the outbox's lock.
    pub(crate) fn run(self, path: &Path) -> Result<(Row, HostMade), Error> {
        let Conversion { folders, fit, memory, row } = self;
        let made = HostMade::new(&folders, row.id(), path, fit, memory).map_err(|e| refused(&e))?;
        Ok((row, made))
    }
}

/// Only a photo that is blocked, and of which nothing can be at the system: nobody prepares or sends it.
fn check_convertible(row: &Row) -> Result<(), Error> {
    if row.manifest.kind != Kind::Photo || row.manifest.operation != Operation::Upload {
        return Err(not_now(row, "only a photo's upload can be converted"));
    }
    match &row.stage {
        Stage::Blocked { doubt: None, .. } if !row.may_be_there() => Ok(()),
        _ => Err(not_now(row, "only what is blocked, and in no doubt, can be converted")),
    }
}

fn not_now(row: &Row, what: &'static str) -> Error {
    Error::NotNow { id: row.id(), state: crate::dispatch::why::shown(&row.stage, None), what }
}

/// What was handed in cannot be its body; the item stays as it is.
fn refused(unprepared: &prepare::Unprepared) -> Error {
    let what = unprepared.detail.clone().unwrap_or_default();
    match unprepared.reason {
        Reason::DiskFull => Error::DiskFull { what, needed: None },
        reason => Error::Invalid { what: format!("{reason}: {what}") },
    }
}
