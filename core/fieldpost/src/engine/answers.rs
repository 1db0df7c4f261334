//! A person's answers, each one transaction: retry, cancel, settle, forget.

use super::news::News;
use super::{Core, context, operations, resuming};
use crate::dispatch::person::{self, Settlement};
use crate::dispatch::why;
use crate::error::Error;
use crate::model::{ItemId, Reason, Row, Stage};
use crate::prepare;
use crate::store::{Erasure, Filter};

/// Which items to try once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Item(ItemId),
    /// All that are blocked or wait.
    All,
    /// All that are blocked or wait for this reason.
    Because(Reason),
}

impl Core {
    /// Tries once more, now. Returns the items that go on by it, also those whose account no longer waits.
    pub(crate) fn retry(&mut self, which: &Which) -> Result<Vec<ItemId>, Error> {
        let now = self.now();
        let mut rows = match which {
            Which::Item(id) => vec![self.row(*id)?],
            Which::All | Which::Because(_) => self.store.read().items(&Filter::default())?,
        };
        if let Which::Because(reason) = which {
            let scene = self.scene()?;
            rows.retain(|row| why::why(row, &scene.around(row)).is_some_and(|why| why.reason == *reason));
        }
        // An account that waits is tried again as well: that is what the person asked for.
        let mut accounts = Vec::new();
        for mut account in self.store.read().accounts()? {
            let named = rows.iter().any(|row| row.life.target.account == account.account.id && !row.stage.is_over());
            if named && account.standing.wait.take().is_some() {
                accounts.push(account);
            }
        }
        let held = |row: &Row| {
            matches!(row.stage, Stage::Captured | Stage::Queued { .. })
                && accounts.iter().any(|account| account.account.id == row.life.target.account)
        };
        let mut moved: Vec<ItemId> = rows.iter().filter(|row| held(row)).map(Row::id).collect();
        rows.retain_mut(|row| person::retry(row, &now));
        moved.extend(rows.iter().map(Row::id));
        self.commit(&rows, &accounts.iter().collect::<Vec<_>>(), |_| Ok(()))?;
        moved.sort_unstable();
        moved.dedup();
        Ok(moved)
    }

    /// Gives an item up.
    pub(crate) fn cancel(&mut self, id: ItemId) -> Result<(), Error> {
        let before = self.row(id)?;
        let mut row = before.clone();
        person::cancel(&mut row)?;
        if row == before {
            return Ok(());
        }
        let unprepared = row.is_given_up_unprepared();
        self.commit(&[row], &[], |_| Ok(()))?;
        if unprepared {
            prepare::abandon(&self.folders, id);
        }
        Ok(())
    }

    /// Erases an item's row for good; once that is committed, the caller lets its files go.
    pub(crate) fn forget(&mut self, id: ItemId) -> Result<Erasure, Error> {
        let row = self.row(id)?;
        if row.stage == Stage::Sending {
            let what = "stop the delivery first: it is on its way";
            return Err(Error::NotNow { id, state: crate::State::Sending, what });
        }
        let erasure = self.folders.erase(id, self.now().wall)?;
        if !row.stage.is_over() {
            // What waited for it to arrive waits no more.
            let given_up = Row { stage: Stage::Cancelled, ..row.clone() };
            let followed = self.follow(&[given_up])?;
            self.commit(&followed, &[], |_| Ok(()))?;
        }
        self.store.write(|sql| sql.remove_item(&row))?;
        let (account, work_order) = (row.life.target.account, row.life.target.work_order);
        self.note(News::Forgotten { id, account, work_order });
        Ok(erasure)
    }

    /// Decides a doubt by a person's word.
    pub(crate) fn settle_by_hand(&mut self, id: ItemId, settlement: Settlement) -> Result<(), Error> {
        let (now, chance, backoff) = (self.now(), self.chance(), self.backoff);
        let mut row = self.row(id)?;
        let account = self.account(&row.life.target.account)?;
        let cx = context(&now, Self::settle(&account), &backoff, chance);
        let is_absent = settlement == Settlement::Absent;
        if let Settlement::Delivered(Some(remote_id)) = &settlement {
            operations::check_attachment(account.account.provider, remote_id)?;
        }
        person::settle(&mut row, &account.standing, settlement, &cx)?;
        self.commit(&[row.clone()], &[], |sql| {
            if is_absent {
                resuming::begins_anew(sql, &row)?;
            }
            sql.end_attempt(id, now.wall, "settled by a person")
        })
    }
}
