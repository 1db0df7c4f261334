//! Repairs: an undelivered item goes otherwise. Owns how a target changes, the line in its journal, and when a wish is done: in
//! the one transaction that settles its doubt.

use super::Core;
use super::news::News;
use crate::capture::{DEFAULT_FIT, clean};
use crate::dispatch::person::{self, Repairing};
use crate::error::Error;
use crate::model::{Alone, Cap, Item, ItemId, Kind, Repair, RequestId, Row, Stage, Wish};
use crate::store::{Entry, Fit, Target};

impl Core {
    /// Takes a person's repair of an item.
    pub(crate) fn repair(&mut self, id: ItemId, repair: &Repair) -> Result<Item, Error> {
        let before = self.row(id)?;
        if repair.cap.is_some() && before.manifest.kind != Kind::Photo {
            return Err(Error::Invalid {
                what: format!("only a photo has a cap, not a {}", before.manifest.kind.as_str()),
            });
        }
        let mut row = before.clone();
        let repairing = person::repair(&mut row, repair)?;
        if row.priority != before.priority {
            let entry = Entry::Ranked { priority: row.priority };
            let _written = self.journal(id, entry, &self.now())?; // a journal that is gone serves no rebuild any more
        }
        if repairing == Repairing::Now {
            self.go_otherwise(&mut row, repair)?;
        }
        if row != before {
            self.commit(&[row], &[], |_| Ok(()))?;
        }
        self.item(id)?.ok_or_else(|| Error::UnknownItem { id: id.to_string() })
    }

    /// Does what was wished of a row whose doubt is settled; nothing where it is not.
    pub(super) fn grant(&mut self, row: &mut Row) -> Result<(), Error> {
        let free = !row.stage.is_over() && !row.may_be_there();
        let is_repair = |wish: &mut Wish| matches!(wish, Wish::Repair(_));
        match row.life.wish.take_if(|wish| free && is_repair(wish)) {
            Some(Wish::Repair(repair)) => self.go_otherwise(row, &repair),
            _ => Ok(()),
        }
    }

    /// Nothing of the item is at the system: from now on it goes so, as a new operation.
    pub(super) fn go_otherwise(&mut self, row: &mut Row, repair: &Repair) -> Result<(), Error> {
        let before = row.life.target.clone();
        retarget(&mut row.life.target, row.manifest.kind, repair);
        if row.life.target.work_order != before.work_order {
            // Whoever lists the work order that it leaves is not told by the item, which is of another by then.
            self.note(News::Reasons(Some(before.account.clone())));
        }
        let fit = match repair.cap {
            None => row.life.fit,
            Some(Cap::Original) => row.life.fit.and_then(Fit::unbound),
            Some(Cap::To(cap)) => Some(Fit { cap, ..row.life.fit.unwrap_or(DEFAULT_FIT) }),
        };
        let same_body = fit == row.life.fit && row.life.body.is_some();
        // The same again is no other way to go: what is blocked is tried once more, what waits goes on waiting.
        if before == row.life.target && fit == row.life.fit && !matches!(row.stage, Stage::Blocked { .. }) {
            return Ok(());
        }
        row.life.fit = fit;
        if !same_body {
            row.life.body = None;
        }
        self.renew(row);
        self.preflight_again(row)?;
        self.journal_change(row, same_body)
    }

    /// A new operation: a new request id, nothing held against it, ready for what comes first.
    pub(super) fn renew(&mut self, row: &mut Row) {
        row.life.request_id = RequestId::new(self.entropy.bytes());
        row.life.failures = 0;
        row.life.alone = Alone::default();
        row.due = None;
        let ready = row.life.body.is_some() || row.manifest.original.is_none();
        row.stage = if ready { Stage::Queued { why: None } } else { Stage::Captured };
    }

    fn preflight_again(&self, row: &mut Row) -> Result<(), Error> {
        let account = self.account(&row.life.target.account)?;
        row.life.asked = Self::asked(row, &account);
        if let Some(why) = Self::preflight(row, &account.account) {
            row.stage = Stage::Blocked { why, doubt: None };
        }
        Ok(())
    }

    /// Writes down how the item goes from now on, before the database says so.
    pub(super) fn journal_change(&self, row: &Row, same_body: bool) -> Result<(), Error> {
        let entry = Entry::Changed { target: row.life.target.clone(), fit: row.life.fit, same_body };
        self.journal(row.id(), entry, &self.now()).map(|_written| ())
    }
}

fn retarget(target: &mut Target, kind: Kind, repair: &Repair) {
    if let Some(name) = &repair.name {
        let name = clean(name, kind.as_str());
        target.stem = name.stem;
        // What the content tells is not for a name to change; what it does not tell is.
        if let (true, Some(extension)) = (target.extension.is_empty(), name.extension) {
            target.extension = extension;
        }
    }
    if let Some(work_order) = &repair.work_order {
        target.work_order.clone_from(work_order);
    }
    if let Some(folder) = &repair.folder {
        target.folder = Some(folder.clone());
    }
}
