//! What is journaled between the steps of an operation, and what the next try of it takes up again: what was listed just before an
//! upload left, and the place at which an upload goes on.
//!
//! A place belongs to what was told when it was made. What sends something else, as a repair does, begins anew.

use super::Core;
use super::air::{Air, Flight, What, journal_gone};
use crate::dispatch::answer;
use crate::error::Error;
use crate::model::{ItemId, Resume, Row, Snapshot, Stage};
use crate::providers::{Effect, provider};
use crate::store::{Entry, Sql};
use crate::transport::TransferId;

impl Core {
    /// Journals what a step that is about to leave leaves behind it; `false` where it shall not leave any more.
    pub(super) fn journal_effect(&mut self, air: &mut Air, id: TransferId, effect: Effect) -> Result<bool, Error> {
        let note: Box<dyn FnOnce(&mut Snapshot)> = match effect {
            Effect::Reads | Effect::Changes | Effect::Makes { .. } => return Ok(true),
            Effect::Adds { listed } => Box::new(|snapshot| snapshot.listed = Some(listed)),
            Effect::Continues { at } => Box::new(|snapshot| snapshot.resume = Some(Resume { at, whole: false })),
        };
        let Some(Flight { what: What::Operation { item, snapshot, body }, .. }) = air.flights.get_mut(&id) else {
            return Ok(false);
        };
        let item = *item;
        let Some(mut row) = self.store.read().item(item)?.filter(|row| row.stage == Stage::Sending) else {
            air.flights.remove(&id);
            return Ok(false);
        };
        note(snapshot);
        let entry = Entry::Attempted { snapshot: snapshot.clone(), body: body.clone().unwrap_or_default() };
        if !self.journal(item, entry, &self.now())? {
            air.flights.remove(&id);
            answer::blocked(&mut row, journal_gone(), None);
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(false);
        }
        self.store.write(|sql| sql.amend_attempt(item, snapshot))?;
        Ok(true)
    }

    /// Where the last try has come to, if that sent the same.
    pub(super) fn goes_on_at(&self, item: ItemId, next: &Snapshot) -> Result<Option<Resume>, Error> {
        if !provider(next.provider).resumes() {
            return Ok(None);
        }
        let last = self.store.read().snapshot(item)?.filter(|last| sends_the_same(last, next));
        Ok(last.and_then(|last| last.resume))
    }
}

/// Whether both are one operation, to the same address, of the same bytes, with all that goes along. What its account asks of the
/// phone does not.
fn sends_the_same(one: &Snapshot, other: &Snapshot) -> bool {
    let settings = provider(one.provider).settings();
    let plain = |s: &Snapshot| Snapshot { resume: None, settings: Default::default(), ..s.clone() };
    plain(one) == plain(other) && settings.iter().all(|setting| one.setting(setting.key) == other.setting(setting.key))
}

/// What was in doubt is not whole where all its tries go: the next one goes on there. All of it may have left, though.
pub(super) fn went_whole(sql: &Sql<'_>, row: &Row) -> Result<(), Error> {
    amend(sql, row.id(), |resume| resume.map(|resume| Resume { whole: true, ..resume }))
}

/// A person says that it is not there, wherever it was sent: the next try begins anew.
pub(super) fn begins_anew(sql: &Sql<'_>, row: &Row) -> Result<(), Error> {
    amend(sql, row.id(), |_| None)
}

fn amend(sql: &Sql<'_>, id: ItemId, to: impl FnOnce(Option<Resume>) -> Option<Resume>) -> Result<(), Error> {
    let Some(mut snapshot) = sql.snapshot(id)?.filter(|snapshot| snapshot.resume.is_some()) else { return Ok(()) };
    snapshot.resume = to(snapshot.resume);
    sql.amend_attempt(id, &snapshot)
}
