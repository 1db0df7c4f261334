//! Preparing: the body that is sent is made away from the outbox's lock, one at a time.

use super::Core;
use super::air::{Air, journal_gone};
use crate::dispatch::answer;
use crate::error::Error;
use crate::model::{ItemId, Stage, Why};
use crate::prepare::{self, Job};
use crate::store::Entry;

/// A body to be made, away from the outbox's lock.
pub struct PrepareJob {
    item: ItemId,
    job: Job,
}

impl PrepareJob {
    /// Makes it. Takes a second or so for a photo of twelve megapixels.
    #[must_use]
    pub fn run(self) -> Prepared {
        Prepared { item: self.item, made: self.job.run() }
    }
}

/// A body that was made, or why it could not be.
pub struct Prepared {
    item: ItemId,
    made: Result<prepare::Made, prepare::Unprepared>,
}

impl Core {
    /// What has to be made next, if nothing is being made.
    pub(super) fn to_prepare(&self, air: &mut Air) -> Result<Option<PrepareJob>, Error> {
        if air.preparing.is_some() {
            return Ok(None);
        }
        let Some(row) = self.store.read().unprepared()? else { return Ok(None) };
        let Some(original) = row.manifest.original else { return Ok(None) };
        air.preparing = Some(row.id());
        let job = Job::new(self.folders.clone(), &row, original, self.memory);
        Ok(Some(PrepareJob { item: row.id(), job }))
    }

    /// Takes a prepared body, or why there is none.
    pub(crate) fn prepared(&mut self, air: &mut Air, prepared: Prepared) -> Result<(), Error> {
        let now = self.now();
        air.preparing = None;
        // Meanwhile it may have been cancelled or forgotten.
        let mut row = match self.store.read().item(prepared.item)? {
            Some(row) if row.stage == Stage::Captured => row,
            Some(row) if row.is_given_up_unprepared() => {
                prepare::abandon(&self.folders, row.id());
                return Ok(());
            }
            _ => return Ok(()),
        };
        match prepared.made {
            Ok(made) => {
                let prepare::Made { body, mime, extension, flags } = made;
                let entry = Entry::Prepared {
                    body: body.file.clone(),
                    sent: body.sent,
                    mime: mime.clone(),
                    extension: extension.clone(),
                    flags: flags.clone(),
                };
                let journaled = self.journal(row.id(), entry, &now)?;
                row.life.mime = mime;
                row.life.target.extension = extension;
                row.life.flags = flags;
                row.life.body = Some(body);
                row.stage = Stage::Queued { why: None };
                let account = self.account(&row.life.target.account)?;
                row.life.asked = Self::asked(&row, &account);
                let preflight = Self::preflight(&row, account.account.provider);
                if let Some(why) = (!journaled).then(journal_gone).or(preflight) {
                    answer::blocked(&mut row, why, None);
                }
            }
            Err(unprepared) => {
                answer::blocked(&mut row, Why::new(unprepared.reason, unprepared.detail), None);
            }
        }
        self.commit(&[row], &[], |_| Ok(()))
    }
}
