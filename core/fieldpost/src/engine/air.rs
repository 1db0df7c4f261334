//! Delivery as a pull protocol: `next` lets a task out, `report` takes its result. Synchronous and deterministic: the same
//! rows, answers, clock and chance give the same tasks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::captions::text_damaged;
use super::following::{FollowUp, Made, Making};
use super::news::News;
use super::preparing::PrepareJob;
use super::tokens::{self, Tokens};
use super::{Core, context};
use crate::dispatch::next::{self, Choice, Facts};
use crate::dispatch::{answer, look};
use crate::error::Error;
use crate::model::{
    AccountRow, Conditions, Doubtful, Exchange, ItemId, Now, Operation, Reason, Request, Requires, Restored, Row,
    Snapshot, Stage, Trust, Why, Wish,
};
use crate::providers::settings::Common;
use crate::providers::{Cursor, Doubt, Effect, Looked, Outcome, Step, provider};
use crate::store::Entry;
use crate::transport::{BodyFile, Secret, Transfer, TransferId};

/// What a running delivery holds in memory, and loses with its process: nothing of it is needed to go on.
#[derive(Default)]
pub(crate) struct Air {
    pub(super) flights: BTreeMap<TransferId, Flight>,
    pub(super) follow_ups: VecDeque<FollowUp>,
    pub(super) tokens: Tokens,
    /// What is being made ready: each item once, and no more at a time than the app allows.
    pub(super) preparing: BTreeSet<ItemId>,
    pub(super) made: Made,
    last: u64,
}

/// What letting a task out changes, as it was before.
pub(crate) struct Mark {
    last: u64,
    follow_ups: VecDeque<FollowUp>,
    preparing: BTreeSet<ItemId>,
    asked: Vec<String>,
}

/// A transfer in the air.
pub(super) struct Flight {
    account: String,
    pub(super) course: Course,
    /// Whether the token went along with this step.
    authorised: bool,
    at: Cursor,
    pub(super) what: What,
}

/// What the steps of one operation have in common.
pub(super) struct Course {
    /// The account's token when its first step left: the next ones go under the same, whoever has signed in since.
    token: Option<Secret>,
    /// Its first step.
    pub(super) began: TransferId,
    /// What it makes, until that is used.
    pub(super) makes: Option<Making>,
}

pub(super) enum What {
    Operation {
        item: ItemId,
        snapshot: Box<Snapshot>,
        /// The file of the item's folder that is sent, where one is.
        body: Option<String>,
    },
    Look {
        /// The items in doubt that it serves; none where a listing is only put to the test.
        doubts: Vec<ItemId>,
        /// What each sent; of a test, what the delivered item sent.
        snapshots: Vec<Snapshot>,
        /// When the listing was first asked for.
        started: Now,
    },
}

/// What a delivery wants done.
#[expect(clippy::large_enum_variant, reason = "one at a time, moved once")]
pub enum Task {
    /// Make the body that is sent: [`PrepareJob::run`] on a thread of its own, then [`prepared`](crate::Delivery::prepared). No
    /// more of them are out at a time than [`Options::threads`](crate::Options::threads), each of another item.
    Prepare(PrepareJob),
    /// Make this exchange, then [`report`](crate::Delivery::report).
    Send(Transfer),
    /// Get a token for this account, then [`put_token`](crate::Delivery::put_token) or [`no_token`](crate::Delivery::no_token).
    Token {
        /// The account.
        account: String,
    },
    /// Nothing now. Ask again when something changes, or after `left`.
    Sleep {
        /// When there will be something by itself.
        left: Option<Duration>,
    },
}

impl Core {
    /// Takes delivery up: what a dead deliverer left `sending` may have arrived, tokens are asked for anew.
    pub(crate) fn begin_delivery(&mut self) -> Result<Air, Error> {
        self.end_sending()?;
        for mut account in self.store.read().accounts()? {
            if std::mem::take(&mut account.standing.token_wanted) {
                self.commit(&[], &[&account], |_| Ok(()))?;
            }
        }
        Ok(Air::default())
    }

    /// Whether any item is on its way, or was left so.
    pub(crate) fn is_any_sending(&self) -> Result<bool, Error> {
        for account in self.store.read().accounts()? {
            if self.store.read().first_open("sending", &account.account.id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a dead deliverer left `sending` may have arrived. Only for whoever holds the delivery's lock.
    pub(crate) fn end_sending(&mut self) -> Result<(), Error> {
        let now = self.now();
        let mut rows = Vec::new();
        for account in self.store.read().accounts()? {
            let cx = context(&now, Self::settle(&account), &self.backoff, 0);
            for mut row in self.store.read().open("sending", &account.account.id, None)? {
                if row.manifest.operation != Operation::Upload {
                    match self.folders.receipt(row.id())? {
                        Some(receipt) => row.stage = Stage::Delivered { receipt },
                        None => answer::again(&mut row, None, None), // the same again does no harm
                    }
                    rows.push(row);
                    continue;
                }
                if row.life.restored == Some(Restored::Unlooked)
                    && let Some(sent) = self.store.read().snapshot(row.id())?
                {
                    self.look_before(&mut row, sent, &now)?; // what became of it, another phone knows
                    rows.push(row);
                    continue;
                }
                let cause = Doubt::new(Reason::Looking, "delivery was ended while it was on its way".to_owned());
                answer::doubt(&mut row, cause, &cx);
                rows.push(row);
            }
        }
        if rows.is_empty() { Ok(()) } else { self.commit(&rows, &[], |_| Ok(())) }
    }

    /// What to do next.
    pub(crate) fn next(&mut self, air: &mut Air) -> Result<Task, Error> {
        if let Some(transfer) = self.follow_up(air)? {
            return Ok(Task::Send(transfer));
        }
        self.end_waits()?;
        if let Some(job) = self.to_prepare(air)? {
            return Ok(Task::Prepare(job));
        }
        loop {
            let now = self.now();
            let facts = self.facts(air, &now)?;
            let task = match next::choose(&facts, self.conditions()?, self.is_paused()?, &now) {
                Choice::Send { account, item } => self.send(air, &account, item)?,
                Choice::Look { account, item } => self.look(air, &account, item)?,
                Choice::Check { account, item } => self.check_listing(air, &account, item)?,
                Choice::Token { account } => {
                    air.tokens.ask(&account);
                    Some(Task::Token { account })
                }
                Choice::Sleep { left } => Some(Task::Sleep { left }),
            };
            if let Some(task) = task {
                return Ok(task);
            }
        }
    }

    /// Items whose own wait is over go back to their lanes.
    fn end_waits(&mut self) -> Result<(), Error> {
        let now = self.now();
        for account in self.store.read().accounts()? {
            loop {
                let mut over = self.store.read().due(&account.account.id, "queued", &now)?;
                if over.is_empty() {
                    break;
                }
                for row in &mut over {
                    row.stage = Stage::Queued { why: None };
                    row.due = None;
                }
                self.commit(&over, &[], |_| Ok(()))?;
            }
        }
        Ok(())
    }

    fn facts(&self, air: &Air, now: &Now) -> Result<Vec<Facts>, Error> {
        let conditions = self.conditions()?;
        let mut accounts = self.store.read().accounts()?;
        accounts.sort_by_key(|account| account.standing.served);
        accounts.into_iter().map(|account| self.facts_of(account, air, conditions, now)).collect()
    }

    fn facts_of(&self, row: AccountRow, air: &Air, conditions: Conditions, now: &Now) -> Result<Facts, Error> {
        let (sql, id) = (self.store.read(), row.account.id.as_str());
        let looked_at: Vec<&str> = air.looks_of(id).collect();
        let look = sql
            .due(id, "verifying", now)?
            .into_iter()
            .find(|row| !looked_at.contains(&row.life.target.work_order.as_str()));
        // As a probe it leaves like any other: where the phone may send it, under the token of whom it belongs to.
        let (may, person) = (Requires::satisfied_by(conditions), air.tokens.person(id));
        let may: Vec<u8> = may.collect();
        let goes = |row: &Row| {
            let whose = row.manifest.person.as_deref();
            may.contains(&row.requires().bits()) && (person.is_none() || whose.is_none() || whose == person)
        };
        // Where names prove nothing, what is under way or in doubt keeps its work order to itself.
        let alone = provider(row.account.provider).renames();
        let mut absent = sql.open("absent", id, None)?;
        let doubts = !absent.is_empty() || sql.first_open("verifying", id)?.is_some();
        let next_due =
            [sql.next_due(id, "queued", now)?, sql.next_due(id, "verifying", now)?].into_iter().flatten().min();
        if alone {
            let busy: Vec<Row> = [sql.open("sending", id, None)?, sql.open("verifying", id, None)?].concat();
            absent.retain(|row| !busy.iter().any(|b| b.life.target.work_order == row.life.target.work_order));
        }
        Ok(Facts {
            look: look.map(|row| row.id()),
            ready: sql.ready(id, may.iter().copied(), person, alone)?.map(|row| row.id()),
            checking: air.is_checking(id),
            absent: absent.iter().find(|row| goes(row)).map(Row::id),
            doubts,
            next_due: next_due.map(|due| Duration::from_millis(due).saturating_sub(now.mono)),
            in_flight: air.flights.values().filter(|flight| flight.account == id).count(),
            token: air.tokens.state(id),
            max_concurrent: Common::of(&row.account.settings).max_concurrent,
            standing: row.standing,
            account: row.account.id,
        })
    }

    /// Journals an attempt and lets it out; `None` where the item changed its stage instead.
    fn send(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
        let now = self.now();
        let (mut row, mut account) = (self.row(item)?, self.account(account)?);
        let needs_a_person = |doubt: &Doubtful| doubt.review || row.life.wish == Some(Wish::Cancel);
        if let Stage::Absent(doubt) = &row.stage
            && needs_a_person(doubt)
        {
            // As the probe it would be delivered, and a person wants it given up; or it may be there twice then.
            look::unproved(&mut row);
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        }
        self.find_about(&mut row)?;
        let Some((mut snapshot, body)) = Self::snapshot(&row, &account) else {
            row.stage = Stage::Captured;
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        };
        if !self.read_text(item, &mut snapshot, body.as_deref()) {
            answer::blocked(&mut row, text_damaged(), None);
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        }
        if row.life.restored == Some(Restored::Unlooked) {
            self.look_before(&mut row, snapshot, &now)?;
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        }
        row.life.restored = None; // looked for, or sent as the probe
        snapshot.resume = self.goes_on_at(item, &snapshot)?;
        let (request, at) = match provider(snapshot.provider).begin(&snapshot) {
            Step::Ask { request, at, .. } => (request, at),
            Step::Done(outcome) => {
                self.conclude(row, account, outcome)?;
                return Ok(None);
            }
        };
        if !self.store.read().was_attempted(item, &snapshot.request_id)? {
            let file = body.clone().unwrap_or_default();
            let entry = Entry::Attempted { snapshot: Box::new(snapshot.clone()), body: file };
            if !self.journal(item, entry, &now)? {
                answer::blocked(&mut row, journal_gone(), None);
                self.commit(&[row], &[], |_| Ok(()))?;
                return Ok(None);
            }
        }
        if let (Operation::Delete, Trust::Checking { item, .. }) = (row.manifest.operation, &account.standing.trust)
            && Some(*item) == row.manifest.parent
        {
            account.standing.trust = Trust::Untested; // it will not be listed any more, and that proves nothing
        }
        account.standing.served = self.served()? + 1;
        row.stage = Stage::Sending;
        row.due = None;
        row.life.attempts += 1;
        self.store.write(|sql| {
            sql.begin_attempt(item, now.wall, &snapshot)?;
            sql.served(&row, account.standing.served)?;
            sql.save_item(&row)?;
            sql.save_account(&account)
        })?;
        self.note(News::Item(item));
        let what = What::Operation { item, snapshot: Box::new(snapshot), body };
        Ok(Some(Task::Send(self.let_out(air, account.account.id, what, request, at))))
    }

    /// The number of sends so far, over all accounts: who was served last.
    fn served(&self) -> Result<i64, Error> {
        Ok(self.store.read().accounts()?.iter().map(|account| account.standing.served).max().unwrap_or(0))
    }

    /// A transfer leaves under the token that is held.
    pub(super) fn let_out(
        &mut self,
        air: &mut Air,
        account: String,
        what: What,
        request: Request,
        at: Cursor,
    ) -> Transfer {
        let (token, began) = (air.tokens.secret(&account), TransferId(air.last + 1));
        self.let_out_in(Course { token, began, makes: None }, air, account, what, request, at)
    }

    /// A transfer leaves: with the token, where the request goes to the account's own host.
    fn let_out_in(
        &mut self,
        course: Course,
        air: &mut Air,
        account: String,
        what: What,
        request: Request,
        at: Cursor,
    ) -> Transfer {
        air.last += 1;
        let id = TransferId(air.last);
        let (item, snapshot, file) = match &what {
            What::Operation { item, snapshot, body } => {
                let file = |body: &String| {
                    let path = self.folders.file(*item, body);
                    BodyFile { path, bytes: snapshot.bytes, sha256: snapshot.sha256 }
                };
                (Some(*item), snapshot.as_ref(), body.as_ref().map(file))
            }
            What::Look { snapshots, .. } => (None, &snapshots[0], None),
        };
        let authorised = tokens::goes_along(&snapshot.base_url, &request);
        let along = course.token.clone().filter(|_| authorised);
        air.flights.insert(id, Flight { account: account.clone(), course, authorised, at, what });
        Transfer { id, account, item, request, token: along, file, keep: None }
    }

    /// Takes a transfer's result.
    pub(crate) fn report(&mut self, air: &mut Air, id: TransferId, got: &Exchange) -> Result<(), Error> {
        let Some(flight) = air.flights.remove(&id) else { return Ok(()) };
        let Flight { account, mut course, authorised, at, what } = flight;
        let used = course.token.as_ref().filter(|_| authorised).cloned();
        let got = &*tokens::blotted(got, used.as_ref());
        match what {
            What::Operation { item, snapshot, body } => match provider(snapshot.provider).resume(&snapshot, &at, got) {
                Step::Ask { request, effect, at } => {
                    if effect != Effect::Reads {
                        air.end_making(course.makes.take());
                    }
                    let makes = match &effect {
                        Effect::Makes { what } => Some(Making::of(&account, &snapshot, what.clone())),
                        _ => None,
                    };
                    let what = What::Operation { item, snapshot, body };
                    let transfer = self.let_out_in(course, air, account, what, request, at);
                    air.follow_ups.push_back(FollowUp { transfer, effect, makes });
                }
                Step::Done(outcome) => {
                    air.end_making(course.makes.take());
                    self.note_token(air, &account, used.as_ref(), outcome == Outcome::TokenWanted, got)?;
                    let account = self.account(&account)?;
                    if let Some(row) = self.store.read().item(item)?.filter(|row| row.stage == Stage::Sending) {
                        self.conclude(row, account, outcome)?;
                    }
                }
            },
            What::Look { doubts, snapshots, started } => {
                match provider(snapshots[0].provider).resume_look(&snapshots, &at, got) {
                    Step::Ask { request, effect, at } => {
                        let what = What::Look { doubts, snapshots, started };
                        let transfer = self.let_out_in(course, air, account, what, request, at);
                        air.follow_ups.push_back(FollowUp { transfer, effect, makes: None });
                    }
                    Step::Done(looked) => {
                        self.note_token(air, &account, used.as_ref(), looked == Looked::TokenWanted, got)?;
                        self.looked(&account, &doubts, &snapshots, &started, looked)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Carries an operation's outcome out.
    fn conclude(&mut self, mut row: Row, mut account: AccountRow, outcome: Outcome) -> Result<(), Error> {
        let (now, chance) = (self.now(), self.chance());
        let sql = self.store.read();
        let claimed = match &outcome {
            Outcome::Delivered(remote) if row.manifest.operation == Operation::Upload => {
                sql.is_claimed(&account.account.id, remote)?
            }
            _ => false,
        };
        let others = sql.ready(&account.account.id, 0..4, None, false)?.is_some_and(|other| other.id() != row.id());
        let told = format!("{outcome:?}");
        let backoff = self.backoff;
        let cx = context(&now, Self::settle(&account), &backoff, chance);
        let (trust, sent) = (account.standing.trust.clone(), Self::snapshot(&row, &account));
        answer::answered(&mut row, &mut account.standing, outcome, claimed, others, &cx);
        if sent.is_some_and(|(sent, _)| !provider(sent.provider).shares_trust(&sent)) {
            account.standing.trust = trust;
        }
        let id = row.id();
        self.commit(&[row], &[&account], |sql| sql.end_attempt(id, now.wall, &told))
    }
}

/// Nothing that a journal does not tell of may leave.
pub(super) fn journal_gone() -> Why {
    Why::new(Reason::FileDamaged, "the item's journal is gone".to_owned())
}

impl Air {
    /// Where it stands before a task is let out.
    pub(crate) fn mark(&self) -> Mark {
        let (follow_ups, preparing) = (self.follow_ups.clone(), self.preparing.clone());
        Mark { last: self.last, follow_ups, preparing, asked: self.tokens.asked() }
    }

    /// The task was not let out after all.
    pub(crate) fn back_to(&mut self, mark: &Mark) {
        self.flights.retain(|id, _| id.0 <= mark.last);
        self.follow_ups.clone_from(&mark.follow_ups);
        self.preparing.clone_from(&mark.preparing);
        self.tokens.unask(&mark.asked);
    }

    /// Whether transfers are under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.preparing.is_empty()
    }

    /// The transfer that was let out last.
    pub(super) fn last(&self) -> TransferId {
        TransferId(self.last)
    }

    fn looks_of(&self, account: &str) -> impl Iterator<Item = &str> {
        self.flights.values().filter(move |flight| flight.account == account).filter_map(|flight| match &flight.what {
            What::Look { snapshots, .. } => Some(snapshots[0].work_order.as_str()),
            What::Operation { .. } => None,
        })
    }

    /// Whether a listing of the account is being put to the test.
    fn is_checking(&self, account: &str) -> bool {
        let test = |what: &What| matches!(what, What::Look { doubts, .. } if doubts.is_empty());
        self.flights.values().any(|flight| flight.account == account && test(&flight.what))
    }
}
