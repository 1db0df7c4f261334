//! Delivery for a driver, ours or the host's: one task at a time. Owns the lock of the one that delivers, and how often progress
//! is told; holds no rule of delivery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Outbox, lock};
use crate::clock::Clock;
use crate::disk::Held;
use crate::engine::Core;
use crate::engine::air::{Air, Task};
use crate::engine::news::Event;
use crate::engine::preparing::Prepared;
use crate::error::Error;
use crate::model::{Exchange, ItemId, Now};
use crate::store::Safe;
use crate::transport::{Token, TransferId};

/// Between two events about one item's progress: ten a second are more than a bar on a screen needs.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A running delivery as a pull protocol: ask for the [`next`](Self::next) task, do it, report it. All rules are inside;
/// dropping it ends the delivery (what was on its way is looked up by the next one).
pub struct Delivery {
    outbox: Outbox,
    air: Arc<Mutex<Air>>,
    pace: Mutex<Pace>,
    clock: Arc<dyn Clock>,
    _held: Box<dyn Held>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if lock(&self.air).goes_on() {
            // What fails here is as if the process had been killed: the next delivery sees to it.
            _ = self.change(Core::break_off);
        }
        self.outbox.give_back();
    }
}

impl Delivery {
    pub(super) fn new(outbox: Outbox, air: Arc<Mutex<Air>>, clock: Arc<dyn Clock>, held: Box<dyn Held>) -> Self {
        Delivery { outbox, air, pace: Mutex::default(), clock, _held: held }
    }

    fn change<T>(&self, work: impl FnOnce(&mut Core, &mut Air) -> Result<T, Error>) -> Result<T, Error> {
        self.outbox.change(|core| work(core, &mut lock(&self.air)))
    }

    fn change_so<T>(&self, safe: Safe, work: impl FnOnce(&mut Core, &mut Air) -> Result<T, Error>) -> Result<T, Error> {
        self.outbox.change_so(safe, |core| work(core, &mut lock(&self.air)))
    }

    /// All that can be done now, its attempts in one commit: the last is no transfer.
    #[cfg(feature = "reqwest")]
    pub(crate) fn next_all(&self) -> Result<Vec<Task>, Error> {
        self.let_out(|core, air| {
            let mut tasks = Vec::new();
            while tasks.last().is_none_or(|task| matches!(task, Task::Send(_))) {
                tasks.push(core.next(air)?);
            }
            Ok(tasks)
        })
        .inspect(|tasks| self.rest(tasks.last()))
    }

    fn rest(&self, last: Option<&Task>) {
        if let Some(Task::Sleep { .. }) = last {
            self.outbox.clear_due(); // there is nothing else to do
        }
    }

    /// What could not be committed was not let out. The outbox stays locked until that is undone: several threads may ask at
    /// once, and none takes back what another was given.
    fn let_out<T>(&self, next: impl FnOnce(&mut Core, &mut Air) -> Result<T, Error>) -> Result<T, Error> {
        self.outbox.work(|core| {
            let before = lock(&self.air).mark();
            core.at_once(Safe::AtOnce, |core| next(core, &mut lock(&self.air)))
                .inspect_err(|_| lock(&self.air).back_to(&before))
        })
    }

    /// What to do next. An attempt is journaled before its task is let out.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Disk`]: nothing was let out.
    pub fn next(&self) -> Result<Task, Error> {
        self.let_out(Core::next).inspect(|task| self.rest(Some(task)))
    }

    /// Takes a transfer's result. An unknown transfer is ignored.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Disk`]: the result is not kept; the next delivery looks it up.
    pub fn report(&self, id: TransferId, got: &Exchange) -> Result<(), Error> {
        self.change_so(Safe::WithTheNext, |core, air| core.report(air, id, got))?;
        self.outbox.clear_at_once();
        Ok(())
    }

    /// Takes a prepared body.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Disk`].
    pub fn prepared(&self, prepared: Prepared) -> Result<(), Error> {
        self.change(|core, air| core.prepared(air, prepared))
    }

    /// Hands a token in.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`].
    pub fn put_token(&self, account: &str, token: impl Into<Token>) -> Result<(), Error> {
        let token = token.into();
        self.change(|core, air| core.put_token(air, account, token))
    }

    /// Says that there is no token to be had: the account's items wait with `token_wanted`.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`].
    pub fn no_token(&self, account: &str) -> Result<(), Error> {
        self.change(|core, air| core.no_token(air, account))
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        lock(&self.air).is_idle()
    }

    /// Tells the listeners how far an item's bytes are: of each item at most ten times a second, and always when all have left.
    /// May be called as often as is convenient.
    pub fn progress(&self, id: ItemId, sent: u64, total: u64) {
        if lock(&self.pace).is_due(id, sent >= total, self.clock.now()) {
            self.outbox.inner.listeners.tell(&Event::Progress { id, sent, total });
        }
    }
}

/// When progress was last told.
#[derive(Default)]
struct Pace(HashMap<ItemId, Told>);

struct Told {
    at: Now,
    /// Whether it was the last of that transfer.
    whole: bool,
}

impl Pace {
    /// Notes that it is told, where it is.
    fn is_due(&mut self, id: ItemId, whole: bool, now: Now) -> bool {
        // What is long ago says nothing any more; so does what another boot's clock measured.
        self.0.retain(|_, told| {
            told.at.boot == now.boot && now.mono.checked_sub(told.at.mono).is_some_and(|since| since < PROGRESS_EVERY)
        });
        let due = self.0.get(&id).is_none_or(|told| whole && !told.whole);
        if due {
            self.0.insert(id, Told { at: now, whole });
        }
        due
    }
}
