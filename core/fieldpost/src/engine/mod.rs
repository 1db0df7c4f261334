//! The small loop between the store and the rules: reads a view, lets `dispatch` decide, writes the journal line, commits,
//! and only then lets the task out. Owns the flights in the air and the tokens in memory; decides nothing itself.
//!
//! * [`intake`] takes captures over, adopts what a killed capture left whole, makes rows of folders.
//! * [`air`] runs delivery: `next`, `report`; [`following`] lets the further steps out; [`preparing`] makes bodies, [`looks`] settles doubts, [`tokens`] keeps tokens.
//! * [`captions`] makes a caption an item of its own, where a system takes texts.
//! * [`resuming`] keeps between two tries where an upload goes on.
//! * [`operations`] queues updates and deletions, [`repairs`] lets items go otherwise, [`restored`] knows a phone restored from a
//!   backup.
//! * [`keeping`] clears the files of what is delivered, and makes room.
//! * [`export`] rescues what is not delivered, without a database.
//! * [`answers`] carries a person's answers out; [`news`] keeps what the listeners are told.

mod accounts;
pub(crate) mod air;
pub(crate) mod answers;
pub(crate) mod captions;
pub(crate) mod check;
mod ending;
pub(crate) mod entropy;
pub(crate) mod export;
mod following;
pub(crate) mod intake;
pub(crate) mod keeping;
mod looks;
pub(crate) mod news;
mod operations;
pub(crate) mod preparing;
mod questions;
mod repairs;
mod restored;
mod resuming;
mod scene;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;
#[cfg(feature = "reqwest")]
mod until;

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::clock::Clock;
use crate::dispatch::answer::Context;
use crate::dispatch::backoff::Backoff;
use crate::dispatch::why;
use crate::error::Error;
use crate::model::{
    AccountRow, Bytes, Conditions, Item, ItemId, Now, Operation, Reason, Row, Sha256, Snapshot, Stage, Timestamp, Why,
};
use crate::providers::provider;
use crate::providers::settings::Common;
use crate::store::{Entry, Filter, Folders, Line, Safe, Sealed, Sql, Store};

use entropy::Entropy;
use keeping::Keeping;
use news::News;

/// An outbox's inside, behind the one lock of its door.
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) folders: Arc<Folders>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) backoff: Backoff,
    pub(crate) memory: u64,
    threads: NonZeroUsize,
    keeping: Keeping,
    /// What could not be cleared, and is not tried again by this process.
    uncleared: HashSet<ItemId>,
    /// What changed since the listeners were last told.
    news: Vec<News>,
    /// Folders of items that were added in the transaction that runs.
    sealed: Vec<(ItemId, Sealed)>,
}

/// The seams of an outbox: what a test puts others in the place of.
pub(crate) struct Seams {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) backoff: Backoff,
    pub(crate) memory: u64,
    pub(crate) threads: NonZeroUsize,
    pub(crate) keeping: Keeping,
}

impl Core {
    pub(crate) fn new(store: Store, folders: Arc<Folders>, seams: Seams) -> Self {
        let Seams { clock, entropy, backoff, memory, threads, keeping } = seams;
        let (uncleared, news, sealed) = (HashSet::new(), Vec::new(), Vec::new());
        Core { store, folders, clock, entropy, backoff, memory, threads, keeping, uncleared, news, sealed }
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Does `change` in one transaction; of what could not be done nothing is told.
    pub(crate) fn at_once<T>(
        &mut self,
        safe: Safe,
        change: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.store.begin(safe)?;
        let made = change(self);
        let ended = self.store.end(made.is_ok());
        self.end_sealing(made.is_ok() && ended.is_ok(), safe);
        if made.is_err() || ended.is_err() {
            self.forget_news();
        }
        let made = made?;
        ended.map(|()| made)
    }

    /// Writes rows whose stage a decision changed, what was wished of them, and what waited for their end: the journal lines first,
    /// each synced, then one transaction.
    fn commit(
        &mut self,
        rows: &[Row],
        accounts: &[&AccountRow],
        also: impl FnOnce(&Sql<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let now = self.now();
        let mut rows = rows.to_vec();
        rows.iter_mut().try_for_each(|row| self.grant(row))?;
        let followed = self.follow(&rows)?;
        self.delete_surplus(&rows)?;
        rows.extend(followed);
        for row in &rows {
            let entry = match &row.stage {
                Stage::Delivered { receipt } => Some(Entry::Receipt { receipt: receipt.clone() }),
                Stage::Cancelled => Some(Entry::Cancelled),
                _ => None,
            };
            if let Some(entry) = entry {
                // The decision stands without its line: a journal that is gone serves no rebuild any more, and `check` tells.
                let _written = self.journal(row.id(), entry, &now)?;
            }
        }
        let held = self.store.write(|sql| {
            rows.iter().try_for_each(|row| sql.save_item(row))?;
            let mut held = Vec::new();
            for account in accounts {
                let before = sql.account(&account.account.id)?;
                if before.is_none_or(|before| before.standing.holds() != account.standing.holds()) {
                    held.push(account.account.id.clone());
                }
                sql.save_account(account)?;
            }
            // Others of their work orders may wait for what becomes of these, or no more.
            let of: BTreeSet<&String> = rows.iter().map(|row| &row.life.target.account).collect();
            for account in of {
                if !held.contains(account)
                    && sql.account(account)?.is_some_and(|a| provider(a.account.provider).renames())
                {
                    held.push(account.clone());
                }
            }
            also(sql).map(|()| held)
        })?;
        rows.iter().for_each(|row| self.note(News::Item(row.id())));
        held.into_iter().for_each(|account| self.note(News::Reasons(Some(account))));
        Ok(())
    }

    /// Journals what comes next; `false` where the item's journal is gone. Only a disk that fails is an error: a damaged item
    /// must not hold up the others.
    fn journal(&self, id: ItemId, entry: Entry, now: &Now) -> Result<bool, Error> {
        match self.folders.append(id, &Line { at: now.wall, entry }) {
            Err(gone) if gone.is_missing() => Ok(false),
            written => Ok(written.map(|()| true)?),
        }
    }

    fn row(&self, id: ItemId) -> Result<Row, Error> {
        self.store.read().item(id)?.ok_or_else(|| Error::UnknownItem { id: id.to_string() })
    }

    /// Fails where there is no such account.
    pub(crate) fn check_account(&self, account: &str) -> Result<(), Error> {
        self.account(account).map(|_| ())
    }

    fn account(&self, id: &str) -> Result<AccountRow, Error> {
        self.store.read().account(id)?.ok_or_else(|| Error::UnknownAccount { id: id.to_owned() })
    }

    // --- what is shown ---

    /// The conditions that were last told, by whichever process.
    pub(crate) fn conditions(&self) -> Result<Conditions, Error> {
        Ok(self.told()?.map(|told| told.conditions).unwrap_or_default())
    }

    fn told(&self) -> Result<Option<Told>, Error> {
        let text = self.store.read().meta("conditions")?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Tells what the phone can do now. A network that changed ends the waits that the old one caused.
    pub(crate) fn set_conditions(&mut self, conditions: Conditions) -> Result<(), Error> {
        let (before, told) = (self.conditions()?, Told { conditions, at: self.now().wall });
        self.store.write(|sql| {
            sql.set_meta("conditions", &serde_json::to_string(&told)?)?;
            if before.network == conditions.network {
                return Ok(());
            }
            for mut account in sql.accounts()? {
                let network =
                    |reason| matches!(reason, Reason::Unreachable | Reason::CaptivePortal | Reason::NoNetwork);
                if account.standing.wait.take_if(|(_, why)| network(why.reason)).is_some() {
                    sql.save_account(&account)?;
                }
            }
            Ok(())
        })?;
        if before != conditions {
            self.note(News::Reasons(None));
        }
        Ok(())
    }

    /// Whether delivery is paused, by whichever process.
    pub(crate) fn is_paused(&self) -> Result<bool, Error> {
        Ok(self.store.read().meta("paused")?.as_deref() == Some("yes"))
    }

    pub(crate) fn set_paused(&mut self, paused: bool) -> Result<(), Error> {
        if self.is_paused()? != paused {
            self.store.write(|sql| sql.set_meta("paused", if paused { "yes" } else { "no" }))?;
            self.note(News::Reasons(None));
        }
        Ok(())
    }

    pub(crate) fn item(&self, id: ItemId) -> Result<Option<Item>, Error> {
        let Some(row) = self.store.read().item(id)? else { return Ok(None) };
        Ok(self.show(vec![row])?.pop())
    }

    pub(crate) fn items(&self, filter: &Filter) -> Result<Vec<Item>, Error> {
        let rows = self.store.read().items(filter)?;
        let mut items = self.show(rows)?;
        items.retain(|item| filter.state.is_none_or(|state| item.state == state));
        Ok(items)
    }

    /// How many items are delivered, how many need a person, and how many are still to be delivered.
    #[cfg(feature = "reqwest")]
    pub(crate) fn counts(&self) -> Result<(u64, u64, u64), Error> {
        let mut counts = self.store.read().counts()?;
        let mut take = |stage| counts.remove(stage).unwrap_or(0);
        let (delivered, blocked, _) = (take("delivered"), take("blocked"), take("cancelled"));
        Ok((delivered, blocked, counts.values().sum()))
    }

    /// Rows as they are shown, each with its reason.
    fn show(&self, rows: Vec<Row>) -> Result<Vec<Item>, Error> {
        let (told, scene) = (self.told()?, self.scene()?);
        let show = |row: Row| {
            let why = why::why(&row, &scene.around(&row));
            let why = why.map(|why| aged(why, told.as_ref()));
            shown(row, why)
        };
        Ok(rows.into_iter().map(show).collect())
    }

    // --- what the rules need ---

    fn chance(&mut self) -> u64 {
        self.entropy.chance()
    }

    /// How long after a doubt a listing must be taken to prove absence.
    fn settle(account: &AccountRow) -> Duration {
        Common::of(&account.account.settings).settle
    }

    /// Everything that an item sends, as it stands now, and the file of its folder that is its body. `None`: it has yet to be
    /// prepared.
    fn snapshot(row: &Row, account: &AccountRow) -> Option<(Snapshot, Option<String>)> {
        let (life, target) = (&row.life, &row.life.target);
        let (bytes, sha256, file) = match (&life.body, row.manifest.operation) {
            (Some(body), _) => (body.sent.bytes, body.sent.sha256, Some(body.file.clone())),
            (None, Operation::Upload) => return None,
            (None, _) => (Bytes(0), Sha256(sha2::Sha256::digest([]).into()), None),
        };
        let mut settings = account.account.settings.clone();
        settings.extend(target.settings.clone());
        let snapshot = Snapshot {
            operation: row.manifest.operation,
            provider: account.account.provider,
            base_url: account.account.url.clone(),
            settings,
            work_order: target.work_order.clone(),
            folder: target.folder.clone(),
            name: target.name(),
            marker: target.marker,
            kind: row.manifest.kind,
            mime: life.mime.clone(),
            caption: row.manifest.caption.clone(),
            bytes,
            sha256,
            request_id: life.request_id,
            about: life.about.clone(),
            listed: None,
            text: None,
            resume: None,
            changes: target.changes.clone(),
        };
        Some((snapshot, file))
    }
}

/// What the host told of the phone, and when: a reason that rests on it says how old it is.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    conditions: Conditions,
    at: Timestamp,
}

/// A reason that rests on what the host told, with the time of that.
fn aged(why: Why, told: Option<&Told>) -> Why {
    let rests = matches!(why.reason, Reason::NoNetwork | Reason::UnmeteredNetworkWanted | Reason::ChargingWanted);
    match told {
        Some(told) if rests && why.detail.is_none() => Why { detail: Some(format!("as told at {}", told.at)), ..why },
        _ => why,
    }
}

/// What a decision may look at.
fn context<'a>(now: &'a Now, settle: Duration, backoff: &'a Backoff, chance: u64) -> Context<'a> {
    Context { now, settle, backoff, chance }
}

fn shown(row: Row, why: Option<Why>) -> Item {
    let state = why::shown(&row.stage, why.as_ref());
    let receipt = match &row.stage {
        Stage::Delivered { receipt } => Some(receipt.clone()),
        _ => None,
    };
    let Row { manifest, life, .. } = row;
    // Of an attachment that is not ours nobody here knows the name: its id says which it is.
    let name = Some(life.target.name()).filter(|name| !name.is_empty());
    Item {
        id: manifest.id,
        operation: manifest.operation,
        kind: manifest.kind,
        name: name.or(life.about.map(|about| about.0)).unwrap_or_default(),
        account: life.target.account,
        work_order: life.target.work_order,
        caption: manifest.caption,
        tags: manifest.tags,
        state,
        attempts: life.attempts,
        captured_at: manifest.captured_at,
        flags: life.flags,
        original: manifest.original,
        sent: life.body.map(|body| body.sent),
        why,
        receipt,
    }
}
