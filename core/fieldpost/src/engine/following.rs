//! The further steps of what is under way: whether one may leave still, and what is journaled before. Owns who makes what at a
//! system that several uploads need (Field Nation's folders): one at a time. Never decides whether it has to be made: that is the
//! provider's to tell, by a list.
//!
//! ```text
//! list --> not there --> nobody makes it, nor has since this operation began: made --> list --> used
//!             \-- another makes it: stays until that is over ----> begins again, and finds it
//! ```
//!
//! Nothing of this is kept. What makes is a transfer in the air, and each of those is reported, or gone with its delivery:
//! whatever becomes of it, who waits for it goes on.

use std::collections::BTreeMap;

use super::Core;
use super::air::{Air, Course};
use crate::error::Error;
use crate::model::{Exchange, Failure, Left, Reason, Snapshot};
use crate::providers::Effect;
use crate::transport::{Transfer, TransferId};

/// The next step of what is under way.
#[derive(Clone)]
pub(super) struct FollowUp {
    pub(super) transfer: Transfer,
    /// What it does there: some of that is journaled before it leaves.
    pub(super) effect: Effect,
    /// What it makes, one at a time.
    pub(super) makes: Option<Making>,
}

/// What is made: at which account, in which work order, called what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Making(String, String, String);

impl Making {
    pub(super) fn of(account: &str, snapshot: &Snapshot, what: String) -> Self {
        Making(account.to_owned(), snapshot.work_order.clone(), what)
    }
}

/// By what was made: the last transfer that had been let out when that was over. What began before may have read a list from
/// before it.
#[derive(Default)]
pub(super) struct Made(BTreeMap<Making, TransferId>);

impl Core {
    /// The next step that may leave now, if there is one. What would make what another makes stays.
    pub(super) fn follow_up(&mut self, air: &mut Air) -> Result<Option<Transfer>, Error> {
        while let Some(n) = air.follow_ups.iter().position(|next| !air.is_behind(next)) {
            let Some(next) = air.follow_ups.remove(n) else { break };
            if !air.begin_making(&next) || self.is_left_alone(&next.transfer.account)? {
                // As if it had been stopped before its first byte: what came before it changed nothing, or is looked up.
                let stopped = Exchange { left: Left::None, result: Err(Failure::Stopped) };
                self.report(air, next.transfer.id, &stopped)?;
                continue;
            }
            if self.journal_effect(air, next.transfer.id, next.effect)? {
                return Ok(Some(next.transfer));
            }
        }
        Ok(None)
    }

    /// Whether the account's system asked to be left alone (429), and that is not over.
    fn is_left_alone(&self, account: &str) -> Result<bool, Error> {
        let wait = self.account(account)?.standing.wait;
        let now = self.now();
        Ok(wait.is_some_and(|(wait, why)| why.reason == Reason::ServerAskedToWait && !wait.is_over(&now)))
    }
}

impl Air {
    /// What is under way, by its latest step.
    fn courses(&self) -> impl Iterator<Item = (TransferId, &Course)> {
        self.flights.iter().map(|(id, flight)| (*id, &flight.course))
    }

    /// Whether another makes now what `next` would make.
    fn is_behind(&self, next: &FollowUp) -> bool {
        next.makes.is_some() && self.courses().any(|(id, course)| id != next.transfer.id && course.makes == next.makes)
    }

    /// Notes what `next` makes, if anything. `false`: another has made it, or tried to, since the operation of `next` began.
    fn begin_making(&mut self, next: &FollowUp) -> bool {
        let Some(makes) = &next.makes else { return true };
        let over = self.made.0.get(makes).copied();
        let Some(flight) = self.flights.get_mut(&next.transfer.id) else { return false };
        let is_late = over.is_some_and(|over| flight.course.began <= over);
        flight.course.makes = (!is_late).then(|| makes.clone());
        !is_late
    }

    /// What was made is used, or the operation that made it is over.
    pub(super) fn end_making(&mut self, makes: Option<Making>) {
        let Some(makes) = makes else { return };
        let eldest = self.courses().map(|(_, course)| course.began).min();
        self.made.0.retain(|_, over| eldest.is_some_and(|eldest| eldest <= *over));
        self.made.0.insert(makes, self.last());
    }
}
