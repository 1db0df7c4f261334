//! Looking: reading a system's list to settle doubts, and to find out whether that list can be trusted.

use super::air::{Air, Task, What};
use super::{Core, context, resuming};
use crate::dispatch::{answer, look};
use crate::error::Error;
use crate::model::{AccountRow, ItemId, Now, Reason, Row, Snapshot, Stage, Standing, Trust, Wait, Why};
use crate::providers::recognise::recognise_each;
use crate::providers::{Hold, Listing, Looked, Step, provider};

impl Core {
    /// Looks for an item, and in the same listing for all of its work order that are in doubt.
    pub(super) fn look(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
        let mut row = self.row(item)?;
        if let Some(receipt) = self.folders.receipt(item)? {
            // The journal knows better than the database: the receipt was written, its commit was lost.
            row.stage = Stage::Delivered { receipt };
            row.due = None;
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        }
        let Some(first) = self.looked_for(&row)? else {
            let why = Why::new(Reason::OutcomeUnknown, "what was sent is not on record".to_owned());
            let doubt = row.stage.doubt().cloned();
            answer::blocked(&mut row, why, doubt);
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        };
        let (mut doubts, mut snapshots) = (vec![item], vec![first]);
        let others = self.store.read().open("verifying", account, Some(&row.life.target.work_order))?;
        for other in others.into_iter().filter(|other| other.id() != item) {
            let Some(snapshot) = self.looked_for(&other)? else { continue };
            // One whose journal has the receipt is settled by that, when its own turn comes.
            if same_list(&snapshot, &snapshots[0]) && self.folders.receipt(other.id())?.is_none() {
                doubts.push(other.id());
                snapshots.push(snapshot);
            }
        }
        self.begin_look(air, account, doubts, snapshots)
    }

    /// Reads the list of the work order of a delivered item, to find out whether it can be trusted.
    pub(super) fn check_listing(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
        match self.store.read().snapshot(item)? {
            Some(snapshot) => self.begin_look(air, account, Vec::new(), vec![snapshot]),
            None => {
                // The item was forgotten: the next delivery puts the listing to the test.
                let mut account = self.account(account)?;
                account.standing.trust = Trust::Untested;
                self.commit(&[], &[&account], |_| Ok(()))?;
                Ok(None)
            }
        }
    }

    fn begin_look(
        &mut self,
        air: &mut Air,
        account: &str,
        doubts: Vec<ItemId>,
        snapshots: Vec<Snapshot>,
    ) -> Result<Option<Task>, Error> {
        let started = self.now();
        match provider(snapshots[0].provider).look(&snapshots) {
            Step::Ask { request, at, .. } => {
                let what = What::Look { doubts, snapshots, started };
                Ok(Some(Task::Send(self.let_out(air, account.to_owned(), what, request, at))))
            }
            Step::Done(looked) => {
                self.looked(account, &doubts, &snapshots, &started, looked)?;
                Ok(None)
            }
        }
    }

    /// Carries a look's outcome out, for every doubt that it served and for the trust in the listing.
    pub(super) fn looked(
        &mut self,
        account: &str,
        doubts: &[ItemId],
        snapshots: &[Snapshot],
        started: &Now,
        looked: Looked,
    ) -> Result<(), Error> {
        let (now, chance, backoff) = (self.now(), self.chance(), self.backoff);
        let mut account = self.account(account)?;
        let (mut rows, mut went_on) = (Vec::new(), Vec::new());
        for id in doubts {
            rows.extend(self.store.read().item(*id)?.filter(|row| matches!(row.stage, Stage::Verifying(_))));
        }
        let cx = context(&now, Self::settle(&account), &backoff, chance);
        let trust = account.standing.trust.clone();
        match looked {
            Looked::Listed(listing) => {
                look::answered_account(&mut account.standing);
                self.test_listing(&mut account.standing, snapshots, &listing, started, &cx)?;
                let sent_by = |row: &Row| doubts.iter().position(|id| *id == row.id()).map(|n| snapshots[n].clone());
                let sent: Vec<Snapshot> = rows.iter().filter_map(sent_by).collect();
                let mut claimed = Vec::new();
                for entry in &listing.entries {
                    if self.store.read().is_claimed(&account.account.id, &entry.remote_id)? {
                        claimed.push(&entry.remote_id);
                    }
                }
                let sightings = recognise_each(&listing.entries, &sent, &|id| claimed.contains(&id));
                for (row, sighting) in rows.iter_mut().zip(sightings) {
                    look::sighted(row, &mut account.standing, sighting, listing.complete, started, &cx);
                }
            }
            Looked::NotWhole => {
                look::answered_account(&mut account.standing);
                rows.iter_mut().for_each(|row| look::not_whole(row, &account.standing, started, &cx));
                went_on = rows.clone();
                if doubts.is_empty() {
                    look::untold(&mut account.standing, &cx);
                }
            }
            Looked::Later(hold) => {
                self.failed_look(&mut rows, &mut account, &hold, doubts.is_empty(), &cx);
            }
            // The look is still due: it is made again with a new token, or when delivery goes on.
            Looked::TokenWanted | Looked::Stopped => {}
            Looked::CannotTell { status, why } => {
                rows.iter_mut().for_each(|row| look::unreadable(row, &why, status, &cx));
                if doubts.is_empty() {
                    look::untold(&mut account.standing, &cx);
                }
            }
        }
        if !provider(snapshots[0].provider).shares_trust(&snapshots[0]) {
            account.standing.trust = trust;
        }
        self.settle_absent(&mut rows, &account, &cx)?;
        self.commit(&rows, &[&account], |sql| went_on.iter().try_for_each(|row| resuming::went_whole(sql, row)))
    }

    fn failed_look(
        &self,
        rows: &mut [Row],
        account: &mut AccountRow,
        hold: &Hold,
        test: bool,
        cx: &answer::Context<'_>,
    ) {
        rows.iter_mut().for_each(|row| look::failed(row, hold, cx));
        look::failed_account(&mut account.standing, hold, cx);
        if test && let Trust::Checking { due, .. } = &mut account.standing.trust {
            *due = Wait::new(cx.now, cx.backoff.wait(account.standing.failures, cx.chance));
        }
    }

    /// A listing that was taken late enough must show the item by which it is put to the test.
    fn test_listing(
        &self,
        standing: &mut Standing,
        snapshots: &[Snapshot],
        listing: &Listing,
        started: &Now,
        cx: &answer::Context<'_>,
    ) -> Result<(), Error> {
        let Trust::Checking { item, due, .. } = standing.trust.clone() else { return Ok(()) };
        if !due.is_over(started) {
            return Ok(());
        }
        let Some(row) = self.store.read().item(item)? else { return Ok(()) };
        let here = self.store.read().snapshot(item)?.is_some_and(|snapshot| same_list(&snapshot, &snapshots[0]));
        let Stage::Delivered { receipt } = &row.stage else { return Ok(()) };
        if here {
            let shows = listing.entries.iter().any(|entry| Some(&entry.remote_id) == receipt.remote_id.as_ref());
            look::checked(standing, shows, listing.complete, cx);
        }
        Ok(())
    }

    /// Once it is known whether an account's listings prove absence, what they did not show is settled.
    fn settle_absent(&self, rows: &mut Vec<Row>, account: &AccountRow, cx: &answer::Context<'_>) -> Result<(), Error> {
        let settle: fn(&mut Row, &Standing, &answer::Context<'_>) = match account.standing.trust {
            Trust::Trusted => look::proved_absent,
            Trust::Broken => |row, _, _| look::unlisted(row),
            Trust::Untested | Trust::Checking { .. } => return Ok(()),
        };
        for row in rows.iter_mut().filter(|row| matches!(row.stage, Stage::Absent(_))) {
            settle(row, &account.standing, cx);
        }
        for mut row in self.store.read().open("absent", &account.account.id, None)? {
            if rows.iter().all(|known| known.id() != row.id()) {
                settle(&mut row, &account.standing, cx);
                rows.push(row);
            }
        }
        Ok(())
    }
}

/// Whether one look serves both.
fn same_list(a: &Snapshot, b: &Snapshot) -> bool {
    a.provider == b.provider && provider(a.provider).same_list(a, b)
}
