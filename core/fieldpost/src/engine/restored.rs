//! An outbox on another phone than the one that wrote it: restored from a backup, or cloned. What was sent since the backup was
//! made, this outbox does not know. So every upload that is not delivered is looked for before it is sent: found is delivered;
//! absent goes on where it was never attempted, and else needs a person.
//!
//! How it is told: an id in the outbox, and the same in a file that no backup takes along ([`Options::install`](crate::Options)).

use std::path::Path;

use super::Core;
use crate::dispatch::answer;
use crate::error::Error;
use crate::model::{Doubtful, Moment, Now, Operation, Reason, RequestId, Restored, Row, Snapshot, Stage, Wait};
use crate::providers::{Doubt, provider};
use crate::store::{Filter, Safe};

const INSTALL: &str = "install";

impl Core {
    /// Compares the outbox's id with the one at `install`, and gives both one where there is none yet.
    pub(crate) fn know_install(&mut self, install: &Path) -> Result<(), Error> {
        let ours = self.store.read().meta(INSTALL)?;
        let here = match self.folders.read(install) {
            Err(e) if e.is_missing() => None,
            text => Some(String::from_utf8_lossy(&text?).trim().to_owned()),
        };
        if here.is_some() && ours == here {
            return Ok(());
        }
        let id = match here {
            Some(here) => here,
            None => {
                let id = RequestId::new(self.entropy.bytes()).to_string();
                self.folders.write_synced(install, id.as_bytes())?;
                id
            }
        };
        self.store.begin(Safe::AtOnce)?;
        // An outbox that never had an id was written where nobody gave it one: it is at home.
        let told = if ours.is_some() { self.look_first() } else { Ok(()) };
        let told = told.and_then(|()| self.store.write(|sql| sql.set_meta(INSTALL, &id)));
        self.store.end(told.is_ok())?;
        told
    }

    /// Every upload that is not over is looked for before it is sent.
    fn look_first(&mut self) -> Result<(), Error> {
        let now = self.now();
        let mut rows = self.store.read().items(&Filter::default())?;
        rows.retain(|row| !row.stage.is_over() && row.manifest.operation == Operation::Upload);
        for row in &mut rows {
            match &mut row.stage {
                Stage::Verifying(doubt) | Stage::Blocked { doubt: Some(doubt), .. } => doubt.review = true,
                // What was not there when the backup was made may be by now.
                Stage::Absent(doubt) => {
                    row.stage = Stage::Verifying(Doubtful { review: true, ..doubt.clone() });
                    row.due = Some(Wait::over(&now));
                }
                _ => row.life.restored = Some(Restored::Unlooked),
            }
        }
        self.commit(&rows, &[], |_| Ok(()))
    }

    /// Instead of sending it: it is looked for, by what it last sent or would send now.
    pub(super) fn look_before(&self, row: &mut Row, would_send: Snapshot, now: &Now) -> Result<(), Error> {
        let sent = self.store.read().snapshot(row.id())?;
        let review = sent.is_some();
        let mut snapshot = sent.unwrap_or(would_send);
        if provider(snapshot.provider).renames() && snapshot.listed.is_none() {
            // Whatever is there by our user may be it; of what says the same nobody knows since when.
            (snapshot.listed, snapshot.text) = (Some(Vec::new()), None);
        }
        row.life.restored = Some(Restored::Looking(Box::new(snapshot)));
        let detail = "the outbox was restored from a backup, another phone may have sent it".to_owned();
        row.stage = Stage::Verifying(Doubtful {
            review,
            ..answer::fresh(Doubt::new(Reason::Looking, detail), Moment::of(now))
        });
        row.due = Some(Wait::over(now));
        Ok(())
    }

    /// What a doubt is looked for by: what its latest attempt sent, or what it would send.
    pub(crate) fn looked_for(&self, row: &Row) -> Result<Option<Snapshot>, Error> {
        match &row.life.restored {
            Some(Restored::Looking(snapshot)) => Ok(Some((**snapshot).clone())),
            _ => self.store.read().snapshot(row.id()),
        }
    }
}
