//! Delivery as a pull protocol: `next` lets a task out, `report` takes its result. Synchronous and deterministic: the same
//! rows, answers, clock and chance give the same tasks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::{Core, context};
use crate::dispatch::next::{self, Choice, Facts, TokenState};
use crate::dispatch::{answer, look};
use crate::error::Error;
use crate::model::{
    AccountRow, Auth, Conditions, Exchange, ItemId, Now, Reason, Request, Requires, Row, Snapshot, Stage, Standing,
    Trust, Wait, Why,
};
use crate::prepare::{self, Job};
use crate::providers::recognise::recognise_each;
use crate::providers::settings::Common;
use crate::providers::{Cursor, Doubt, Hold, Listing, Looked, Outcome, Step, provider};
use crate::store::{Durability, Entry};
use crate::transport::{BodyFile, Secret, Transfer, TransferId};

/// What a running delivery holds in memory, and loses with its process: nothing of it is needed to go on.
#[derive(Default)]
pub(crate) struct Air {
    flights: BTreeMap<TransferId, Flight>,
    follow_ups: VecDeque<Transfer>,
    tokens: HashMap<String, Token>,
    preparing: Vec<ItemId>,
    last: u64,
}

/// What we hold of an account's token.
#[derive(Default)]
struct Token {
    state: Option<Keeping>,
    /// Tokens in a row that were refused.
    refused: u32,
}

enum Keeping {
    Asked,
    Held(Secret),
    Declined,
}

/// A transfer in the air.
struct Flight {
    account: String,
    token: Option<Secret>,
    at: Cursor,
    what: What,
}

enum What {
    Operation {
        item: ItemId,
        snapshot: Box<Snapshot>,
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
pub enum Task {
    /// Make the body that is sent: [`PrepareJob::run`] on a thread of its own, then [`prepared`](crate::Delivery::prepared).
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

/// A body to be made, away from the outbox's lock.
pub struct PrepareJob {
    item: ItemId,
    job: Job,
}

impl PrepareJob {
    /// Makes it. Takes a second or so for a photo of twelve megapixels.
    #[must_use]
    pub fn run(self) -> Prepared {
        Prepared { item: self.item, made: self.job.run() }
    }
}

/// A body that was made, or why it could not be.
pub struct Prepared {
    item: ItemId,
    made: Result<prepare::Made, prepare::Unprepared>,
}

impl Core {
    /// Takes delivery up: what a dead deliverer left `sending` may have arrived, tokens are asked for anew.
    pub(crate) fn begin_delivery(&mut self) -> Result<Air, Error> {
        let now = self.now();
        let mut rows = Vec::new();
        let mut accounts = self.store.read().accounts()?;
        for account in &mut accounts {
            account.standing.token_wanted = false;
            let cx = context(&now, Self::settle(account), &self.backoff, 0);
            for mut row in self.store.read().open("sending", &account.account.id, None)? {
                answer::doubt(
                    &mut row,
                    Doubt::new(Reason::Looking, "delivery was ended while it was on its way".to_owned()),
                    &cx,
                );
                rows.push(row);
            }
        }
        self.commit(&rows, &accounts.iter().collect::<Vec<_>>(), |_| Ok(()))?;
        Ok(Air::default())
    }

    /// What to do next.
    pub(crate) fn next(&mut self, air: &mut Air) -> Result<Task, Error> {
        if let Some(transfer) = air.follow_ups.pop_front() {
            return Ok(Task::Send(transfer));
        }
        self.end_waits()?;
        if air.preparing.is_empty()
            && let Some(row) = self.store.read().unprepared(&air.preparing)?
        {
            air.preparing.push(row.id());
            let job = prepare::Job::new(self.folders.clone(), &row, self.memory);
            return Ok(Task::Prepare(PrepareJob { item: row.id(), job }));
        }
        loop {
            let now = self.now();
            let facts = self.facts(air, &now)?;
            let task = match next::choose(&facts, self.conditions()?, self.paused, &now) {
                Choice::Send { account, item } => self.send(air, &account, item)?,
                Choice::Look { account, item } => self.look(air, &account, item)?,
                Choice::Check { account, item } => self.check_listing(air, &account, item)?,
                Choice::Token { account } => {
                    air.tokens.entry(account.clone()).or_default().state = Some(Keeping::Asked);
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
        let mut over = Vec::new();
        for account in self.store.read().accounts()? {
            over.extend(self.store.read().due(&account.account.id, "queued", &now)?);
        }
        if over.is_empty() {
            return Ok(());
        }
        for row in &mut over {
            row.stage = Stage::Queued { why: None };
            row.due = None;
        }
        self.commit(&over, &[], |_| Ok(()))
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
        let absent = sql.first_open("absent", id)?;
        let doubts = absent.is_some() || sql.first_open("verifying", id)?.is_some();
        let next_due = [sql.next_due(id, "queued")?, sql.next_due(id, "verifying")?].into_iter().flatten().min();
        Ok(Facts {
            look: look.map(|row| row.id()),
            ready: sql.ready(id, Requires::satisfied_by(conditions))?.map(|row| row.id()),
            checking: air.is_checking(id),
            absent: absent.map(|row| row.id()),
            doubts,
            next_due: next_due.map(|due| Duration::from_millis(due).saturating_sub(now.mono)),
            in_flight: air.flights.values().filter(|flight| flight.account == id).count(),
            token: air.token_state(id),
            max_concurrent: Common::of(&row.account.settings).max_concurrent,
            standing: row.standing,
            account: row.account.id,
        })
    }

    /// Journals an attempt and lets it out; `None` where the item changed its stage instead.
    fn send(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
        let now = self.now();
        let (mut row, mut account) = (self.row(item)?, self.account(account)?);
        let Some(snapshot) = Self::snapshot(&row, &account) else {
            row.stage = Stage::Captured;
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        };
        let (request, at) = match provider(snapshot.provider).begin(&snapshot) {
            Step::Ask { request, at, .. } => (request, at),
            Step::Done(outcome) => {
                self.conclude(row, account, outcome)?;
                return Ok(None);
            }
        };
        let body = row.life.body.as_ref().map(|body| body.file.clone()).unwrap_or_default();
        if !self.store.read().was_attempted(item, &snapshot.request_id.to_string())? {
            self.journal(item, Entry::Attempted { snapshot: Box::new(snapshot.clone()), body: body.clone() }, &now)?;
        }
        account.standing.served = self.served()? + 1;
        row.stage = Stage::Sending;
        row.due = None;
        row.life.attempts += 1;
        self.store.write(Durability::Full, |sql| {
            sql.begin_attempt(item, now.wall, &snapshot)?;
            sql.served(&row, account.standing.served)?;
            sql.save_item(&row)?;
            sql.save_account(&account)
        })?;
        self.changed.push(item);
        let what = What::Operation { item, snapshot: Box::new(snapshot) };
        Ok(Some(Task::Send(self.let_out(air, account.account.id, what, request, at))))
    }

    /// The number of sends so far, over all accounts: who was served last.
    fn served(&self) -> Result<i64, Error> {
        Ok(self.store.read().accounts()?.iter().map(|account| account.standing.served).max().unwrap_or(0))
    }

    /// Looks for an item, and in the same listing for all of its work order that are in doubt.
    fn look(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
        let mut row = self.row(item)?;
        if let Some(receipt) = self.folders.receipt(item)? {
            // The journal knows better than the database: the receipt was written, its commit was lost.
            row.stage = Stage::Delivered { receipt };
            row.due = None;
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        }
        let Some(first) = self.store.read().snapshot(item)? else {
            let why = Why::new(Reason::OutcomeUnknown, "what was sent is not on record".to_owned());
            let doubt = row.stage.doubt().cloned();
            answer::blocked(&mut row, why, doubt);
            self.commit(&[row], &[], |_| Ok(()))?;
            return Ok(None);
        };
        let (mut doubts, mut snapshots) = (vec![item], vec![first]);
        let others = self.store.read().open("verifying", account, Some(&row.life.target.work_order))?;
        for other in others.into_iter().filter(|other| other.id() != item) {
            let Some(snapshot) = self.store.read().snapshot(other.id())? else { continue };
            if same_list(&snapshot, &snapshots[0]) {
                doubts.push(other.id());
                snapshots.push(snapshot);
            }
        }
        self.begin_look(air, account, doubts, snapshots)
    }

    /// Reads the list of the work order of a delivered item, to find out whether it can be trusted.
    fn check_listing(&mut self, air: &mut Air, account: &str, item: ItemId) -> Result<Option<Task>, Error> {
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
                self.looked(air, account, &doubts, &snapshots, &started, looked)?;
                Ok(None)
            }
        }
    }

    /// A transfer leaves: with the token, where the request goes to the account's own host.
    fn let_out(&mut self, air: &mut Air, account: String, what: What, request: Request, at: Cursor) -> Transfer {
        air.last += 1;
        let id = TransferId(air.last);
        let (item, snapshot) = match &what {
            What::Operation { item, snapshot } => (Some(*item), snapshot.as_ref()),
            What::Look { snapshots, .. } => (None, &snapshots[0]),
        };
        let own = url::Url::parse(&snapshot.base_url).is_ok_and(|base| base.origin() == request.url.origin());
        let token = (request.auth != Auth::None && own).then(|| air.secret(&account)).flatten();
        let file =
            item.map(|item| BodyFile { path: self.body_path(item), bytes: snapshot.bytes, sha256: snapshot.sha256 });
        air.flights.insert(id, Flight { account: account.clone(), token: token.clone(), at, what });
        Transfer { id, account, item, request, token, file }
    }

    fn body_path(&self, item: ItemId) -> std::path::PathBuf {
        let body = self.store.read().item(item).ok().flatten().and_then(|row| row.life.body);
        self.folders.file(item, body.as_ref().map_or("original", |body| body.file.as_str()))
    }

    /// Takes a transfer's result.
    pub(crate) fn report(&mut self, air: &mut Air, id: TransferId, got: &Exchange) -> Result<(), Error> {
        let Some(flight) = air.flights.remove(&id) else { return Ok(()) };
        let Flight { account, token, at, what } = flight;
        match what {
            What::Operation { item, snapshot } => match provider(snapshot.provider).resume(&snapshot, &at, got) {
                Step::Ask { request, at, .. } => {
                    let transfer = self.let_out(air, account, What::Operation { item, snapshot }, request, at);
                    air.follow_ups.push_back(transfer);
                }
                Step::Done(outcome) => {
                    self.note_token(air, &account, token.as_ref(), outcome == Outcome::TokenWanted, got)?;
                    let (row, account) = (self.row(item)?, self.account(&account)?);
                    if row.stage == Stage::Sending {
                        self.conclude(row, account, outcome)?;
                    }
                }
            },
            What::Look { doubts, snapshots, started } => {
                match provider(snapshots[0].provider).resume_look(&snapshots, &at, got) {
                    Step::Ask { request, at, .. } => {
                        let transfer =
                            self.let_out(air, account, What::Look { doubts, snapshots, started }, request, at);
                        air.follow_ups.push_back(transfer);
                    }
                    Step::Done(looked) => {
                        self.note_token(air, &account, token.as_ref(), looked == Looked::TokenWanted, got)?;
                        self.looked(air, &account, &doubts, &snapshots, &started, looked)?;
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
            Outcome::Delivered(remote) => sql.is_claimed(&account.account.id, remote)?,
            _ => false,
        };
        let others = sql.ready(&account.account.id, 0..4)?.is_some_and(|other| other.id() != row.id());
        let told = format!("{outcome:?}");
        let backoff = self.backoff;
        let cx = context(&now, Self::settle(&account), &backoff, chance);
        answer::answered(&mut row, &mut account.standing, outcome, claimed, others, &cx);
        let id = row.id();
        self.commit(&[row], &[&account], |sql| sql.end_attempt(id, now.wall, &told))
    }

    /// Carries a look's outcome out, for every doubt that it served and for the trust in the listing.
    fn looked(
        &mut self,
        air: &mut Air,
        account: &str,
        doubts: &[ItemId],
        snapshots: &[Snapshot],
        started: &Now,
        looked: Looked,
    ) -> Result<(), Error> {
        let _ = air;
        let (now, chance, backoff) = (self.now(), self.chance(), self.backoff);
        let mut account = self.account(account)?;
        let mut rows = Vec::new();
        for id in doubts {
            rows.extend(self.store.read().item(*id)?.filter(|row| matches!(row.stage, Stage::Verifying(_))));
        }
        let cx = context(&now, Self::settle(&account), &backoff, chance);
        match looked {
            Looked::Listed(listing) => {
                look::answered_account(&mut account.standing);
                self.test_listing(&mut account.standing, snapshots, &listing, started)?;
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
            Looked::Later(hold) => {
                self.failed_look(&mut rows, &mut account, &hold, doubts.is_empty(), &cx);
            }
            // The look is still due: it is made again with a new token, or when delivery goes on.
            Looked::TokenWanted | Looked::Stopped => {}
            Looked::CannotTell { status, why } => {
                rows.iter_mut().for_each(|row| look::unreadable(row, &why, status, &cx));
                if doubts.is_empty() {
                    account.standing.trust = Trust::Broken;
                }
            }
        }
        self.settle_absent(&mut rows, &account, &cx)?;
        self.commit(&rows, &[&account], |_| Ok(()))
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
    ) -> Result<(), Error> {
        let Trust::Checking { item, due } = standing.trust.clone() else { return Ok(()) };
        if !due.is_over(started) {
            return Ok(());
        }
        let Some(row) = self.store.read().item(item)? else { return Ok(()) };
        let here = self.store.read().snapshot(item)?.is_some_and(|snapshot| same_list(&snapshot, &snapshots[0]));
        let Stage::Delivered { receipt } = &row.stage else { return Ok(()) };
        if here {
            let shows = listing.entries.iter().any(|entry| Some(&entry.remote_id) == receipt.remote_id.as_ref());
            look::checked(standing, shows, listing.complete);
        }
        Ok(())
    }

    /// Once it is known whether an account's listings prove absence, what they did not show is settled.
    fn settle_absent(&self, rows: &mut Vec<Row>, account: &AccountRow, cx: &answer::Context<'_>) -> Result<(), Error> {
        let settle: fn(&mut Row, &answer::Context<'_>) = match account.standing.trust {
            Trust::Trusted => look::proved_absent,
            Trust::Broken => |row, _| look::unlisted(row),
            Trust::Untested | Trust::Checking { .. } => return Ok(()),
        };
        for row in rows.iter_mut().filter(|row| matches!(row.stage, Stage::Absent(_))) {
            settle(row, cx);
        }
        for mut row in self.store.read().open("absent", &account.account.id, None)? {
            if rows.iter().all(|known| known.id() != row.id()) {
                settle(&mut row, cx);
                rows.push(row);
            }
        }
        Ok(())
    }

    // --- tokens ---

    /// What an exchange says of the token that went along.
    fn note_token(
        &mut self,
        air: &mut Air,
        account: &str,
        used: Option<&Secret>,
        refused: bool,
        got: &Exchange,
    ) -> Result<(), Error> {
        let token = air.tokens.entry(account.to_owned()).or_default();
        if !refused {
            if got.result.is_ok() {
                token.refused = 0;
            }
            return Ok(());
        }
        // A newer one may have been handed in since.
        if !matches!(&token.state, Some(Keeping::Held(held)) if Some(held) == used) {
            return Ok(());
        }
        token.refused += 1;
        if token.refused < 2 {
            token.state = None;
            return Ok(());
        }
        token.state = Some(Keeping::Declined);
        self.want_token(account, true)
    }

    fn want_token(&mut self, account: &str, wanted: bool) -> Result<(), Error> {
        let mut account = self.account(account)?;
        account.standing.token_wanted = wanted;
        self.commit(&[], &[&account], |_| Ok(()))
    }

    pub(crate) fn put_token(&mut self, air: &mut Air, account: &str, secret: Secret) -> Result<(), Error> {
        air.tokens.entry(account.to_owned()).or_default().state = Some(Keeping::Held(secret));
        self.want_token(account, false)
    }

    pub(crate) fn no_token(&mut self, air: &mut Air, account: &str) -> Result<(), Error> {
        air.tokens.entry(account.to_owned()).or_default().state = Some(Keeping::Declined);
        self.want_token(account, true)
    }

    // --- preparing ---

    /// Takes a prepared body, or why there is none.
    pub(crate) fn prepared(&mut self, air: &mut Air, prepared: Prepared) -> Result<(), Error> {
        let now = self.now();
        air.preparing.retain(|id| *id != prepared.item);
        let mut row = self.row(prepared.item)?;
        if row.stage != Stage::Captured {
            return Ok(());
        }
        match prepared.made {
            Ok(made) => {
                let prepare::Made { body, mime, extension, flags } = made;
                let entry = Entry::Prepared {
                    body: body.file.clone(),
                    sent: body.sent,
                    mime: mime.clone(),
                    extension: extension.clone(),
                    flags: flags.clone(),
                };
                self.journal(row.id(), entry, &now)?;
                row.life.mime = mime;
                row.life.target.extension = extension;
                row.life.flags = flags;
                row.life.body = Some(body);
                row.stage = Stage::Queued { why: None };
                let account = self.account(&row.life.target.account)?;
                if let Some(why) = Self::preflight(&row, account.account.provider) {
                    answer::blocked(&mut row, why, None);
                }
            }
            Err(unprepared) => {
                answer::blocked(&mut row, Why::new(unprepared.reason, unprepared.detail), None);
            }
        }
        self.commit(&[row], &[], |_| Ok(()))
    }
}

impl Air {
    /// Whether transfers are under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.preparing.is_empty()
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

    fn secret(&self, account: &str) -> Option<Secret> {
        match &self.tokens.get(account)?.state {
            Some(Keeping::Held(secret)) => Some(secret.clone()),
            _ => None,
        }
    }

    fn token_state(&self, account: &str) -> TokenState {
        match self.tokens.get(account).and_then(|token| token.state.as_ref()) {
            None => TokenState::Missing,
            Some(Keeping::Asked) => TokenState::Asked,
            Some(Keeping::Held(_)) => TokenState::Held,
            Some(Keeping::Declined) => TokenState::Declined,
        }
    }
}

/// Whether one look serves both.
fn same_list(a: &Snapshot, b: &Snapshot) -> bool {
    a.provider == b.provider && provider(a.provider).same_list(a, b)
}
