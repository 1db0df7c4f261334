//! Delivery for a driver, ours or the host's: one task at a time. Owns the lock of the one that delivers; holds no rule.

use std::sync::{Arc, Mutex};

use super::{Outbox, lock};
use crate::disk::Held;
use crate::engine::Core;
use crate::engine::air::{Air, Prepared, Task};
use crate::engine::news::Event;
use crate::error::Error;
use crate::model::{Exchange, ItemId};
use crate::transport::{Token, TransferId};

/// A running delivery as a pull protocol: ask for the [`next`](Self::next) task, do it, report it. All rules are inside;
/// dropping it ends the delivery (what was on its way is looked up by the next one).
pub struct Delivery {
    outbox: Outbox,
    air: Arc<Mutex<Air>>,
    _held: Box<dyn Held>,
}

impl Delivery {
    pub(super) fn new(outbox: Outbox, air: Arc<Mutex<Air>>, held: Box<dyn Held>) -> Self {
        Delivery { outbox, air, _held: held }
    }

    fn change<T>(&self, work: impl FnOnce(&mut Core, &mut Air) -> Result<T, Error>) -> Result<T, Error> {
        self.outbox.change(|core| work(core, &mut lock(&self.air)))
    }

    /// What to do next. An attempt is journaled before its task is let out.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Disk`]: nothing was let out.
    pub fn next(&self) -> Result<Task, Error> {
        let before = lock(&self.air).mark();
        // What could not be committed was not let out.
        self.change(Core::next).inspect_err(|_| lock(&self.air).back_to(&before))
    }

    /// Takes a transfer's result. An unknown transfer is ignored.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Disk`]: the result is not kept; the next delivery looks it up.
    pub fn report(&self, id: TransferId, got: &Exchange) -> Result<(), Error> {
        self.change(|core, air| core.report(air, id, got))
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

    /// Tells the listeners how far an item's bytes are.
    pub fn progress(&self, id: ItemId, sent: u64, total: u64) {
        self.outbox.tell(&Event::Progress { id, sent, total });
    }
}
