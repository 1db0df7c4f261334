//! Whatever is called in whatever order, every row is in a state that the table at [`assert_is_in_the_table`] has, and the
//! lanes say what the rows say.

use fastrand::Rng;

use super::*;
use crate::dispatch::person::Settlement;
use crate::engine::Core;
use crate::engine::answers::Which;
use crate::model::{
    AccountRow, Attachment, Changes, Conditions, Network, Operation, Power, RemoteId, Repair, Requires, Restored, Row,
    Stage, Trust,
};
use crate::store::Entry;

/// Sequences in a test run. `FIELDPOST_SEQUENCES` names another number: fewer where every step is emulated.
const SEQUENCES: u64 = 60;
const CALLS: usize = 60;

#[test]
fn no_sequence_of_calls_makes_a_state_that_the_table_does_not_have() {
    let asked = std::env::var("FIELDPOST_SEQUENCES").ok().and_then(|n| n.parse().ok());
    for seed in 0..asked.unwrap_or(SEQUENCES) {
        let desk = Desk::new();
        // Doubts settle at once, or most calls would meet an item that waits for that.
        let account = Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field");
        desk.outbox.put_account(account.set("settle", "0")).unwrap();
        let mut story = Story { desk, rng: Rng::with_seed(seed), air: Vec::new(), told: Vec::new() };
        for _ in 0..CALLS {
            story.call();
            if let Err(wrong) = story.desk.outbox.with_core(check) {
                panic!("seed {seed}: {wrong}\n{}", story.told.join("\n"));
            }
        }
    }
}

struct Story {
    desk: Desk,
    rng: Rng,
    /// Transfers of the delivery that runs.
    air: Vec<Transfer>,
    told: Vec<String>,
}

impl Story {
    fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }

    /// Any, and twice as often one that is neither over nor simply to go.
    fn some_item(&mut self) -> Option<ItemId> {
        let all = self.desk.all();
        let odd =
            |item: &&Item| matches!(item.state, State::Waiting | State::Verifying | State::Blocked | State::Sending);
        let odd: Vec<&Item> = all.iter().filter(odd).collect();
        let from = if odd.is_empty() || self.rng.u8(..3) == 0 { all.iter().collect() } else { odd };
        (!from.is_empty()).then(|| from[self.rng.usize(..from.len())].id)
    }

    fn call(&mut self) {
        let Some(id) = self.some_item().filter(|_| self.rng.u8(..10) > 1) else { return self.capture() };
        let of = id.marker();
        let outbox = self.desk.outbox.clone();
        match self.rng.u8(..16) {
            0 => self.capture(),
            1 => self.tell(format!("cancel {of}: {:?}", outbox.cancel(id).is_ok())),
            2 => self.tell(format!("retry {of}: {:?}", outbox.retry(&Which::Item(id)).unwrap().len())),
            3 => self.tell(format!("retry all: {:?}", outbox.retry(&Which::All).unwrap().len())),
            4 => {
                let mut repair = Repair::new();
                for _ in 0..self.rng.u8(1..3) {
                    repair = match self.rng.u8(..4) {
                        0 => repair.name("other"),
                        1 => repair.work_order(if self.rng.u8(..6) == 0 { "abc" } else { "10235" }),
                        2 => repair.folder("Misc"),
                        _ => repair.priority(self.rng.i32(-2..3)),
                    };
                }
                self.tell(format!("repair {of} {repair:?}: {:?}", outbox.repair(id, &repair).is_ok()));
            }
            5 => {
                let there = self.rng.bool().then(|| RemoteId(format!("p-{}", self.rng.u8(..3))));
                let said = if self.rng.bool() { Settlement::Absent } else { Settlement::Delivered(there) };
                self.tell(format!("settle {of} {said:?}: {:?}", outbox.settle(id, said.clone()).is_ok()));
            }
            6 => self.tell(format!("forget {of}: {:?}", outbox.forget(id).is_ok())),
            7 | 8 => {
                let attachment = match self.rng.u8(..4) {
                    0 => Attachment::Remote { job: WorkOrder::new("acme", "10234"), id: RemoteId("theirs".into()) },
                    _ => Attachment::Item(id),
                };
                let done = if self.rng.bool() {
                    outbox.delete(attachment.clone())
                } else {
                    outbox.update(attachment.clone(), Changes::from([("visibility".to_owned(), "None".to_owned())]))
                };
                self.tell(format!("change {attachment:?}: {:?}", done.map(|item| (item.operation, item.state))));
            }
            9 => {
                let network =
                    [Network::None, Network::Metered, Network::Unmetered, Network::Unmetered][self.rng.usize(..4)];
                let power = [Power::Battery, Power::Charging][self.rng.usize(..2)];
                outbox.set_conditions(Conditions { network, power }).unwrap();
                self.tell(format!("{network:?} {power:?}"));
            }
            10 | 11 if self.desk.all().len() > 8 => {
                self.tell(format!("forget {of}: {:?}", outbox.forget(id).is_ok())); // few items, each with a life of its own
            }
            _ => self.deliver(),
        }
    }

    fn capture(&mut self) {
        let mut document = self.desk.document().priority(self.rng.i32(0..2));
        if self.rng.u8(..4) == 0 {
            document = document.requires(Requires { unmetered: true, charging: self.rng.bool() });
        }
        if self.rng.u8(..3) == 0 {
            document = document.person(["jo", "sam"][self.rng.usize(..2)]);
        }
        if let Some(before) = self.some_item().filter(|_| self.rng.u8(..4) == 0) {
            document = document.after(before);
        }
        let work_order = if self.rng.u8(..12) == 0 { "abc" } else { ["10234", "10235"][self.rng.usize(..2)] };
        let item = self.desk.outbox.capture(document, &WorkOrder::new("acme", work_order)).unwrap();
        self.tell(format!("capture {} for {work_order}", item.id.marker()));
    }

    /// A delivery that takes some steps, and ends with what is in the air.
    fn deliver(&mut self) {
        self.air.clear();
        if self.rng.u8(..4) > 0 {
            self.desk.outbox.set_conditions(Conditions::default()).unwrap();
        }
        let delivery = self.desk.outbox.begin_delivery().unwrap();
        self.tell("deliver");
        for _ in 0..self.rng.u8(1..12) {
            if !self.air.is_empty() && self.rng.bool() {
                let transfer = self.air.swap_remove(self.rng.usize(..self.air.len()));
                let got = self.answer(&transfer);
                self.tell(format!("  {:?} {:?} {:?}", transfer.request.method, transfer.item, got));
                delivery.report(transfer.id, &got).unwrap();
                continue;
            }
            match delivery.next().unwrap() {
                Task::Send(transfer) => self.air.push(transfer),
                Task::Prepare(job) => delivery.prepared(job.run()).unwrap(),
                Task::Token { account } => match self.rng.u8(..12) {
                    0 => delivery.no_token(&account).unwrap(),
                    1 => delivery.put_token(&account, Token::new(Secret::new("t")).of("jo")).unwrap(),
                    _ => delivery.put_token(&account, Secret::new("t")).unwrap(),
                },
                // At times not quite as long as it wants.
                Task::Sleep { .. } if self.rng.u8(..4) == 0 => return,
                Task::Sleep { left } => self.desk.wait(left.unwrap_or_default().min(Duration::from_secs(3600))),
            }
            if let Err(wrong) = self.desk.outbox.with_core(check) {
                panic!("{wrong}\n{}", self.told.join("\n"));
            }
        }
    }

    fn answer(&mut self, transfer: &Transfer) -> Exchange {
        let left = [Left::None, Left::Part, Left::Whole, Left::Whole, Left::Whole][self.rng.usize(..5)];
        let said = |status, body: String| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            Ok(Answer { status, headers, body: AnswerBody::Kept(body.into_bytes()) })
        };
        let result = match self.rng.u8(..12) {
            0 | 10 => Err(Failure::Broken),
            1 => Err(Failure::Stopped),
            2 => Err(Failure::NoNetwork),
            3 | 11 => said(503, String::new()),
            4 => said(401, String::new()),
            5 => said(404, "{}".into()),
            6 => said(400, r#"{"Code":3003,"Message":"gone"}"#.into()),
            _ if transfer.request.method == Method::Get => {
                let all = self.desk.all();
                let shown = self.rng.u8(..4);
                let listed = all.iter().filter(|item| item.state == State::Delivered || self.rng.u8(..4) < shown);
                let entries: Vec<(String, String)> =
                    listed.map(|item| (format!("r-{}", item.id.marker()), item.name.clone())).collect();
                let entries: Vec<(&str, &str)> = entries.iter().map(|(id, name)| (&**id, &**name)).collect();
                said(200, listing(&entries))
            }
            _ => {
                let id = transfer.item.map_or("x".into(), |id| format!("r-{}", id.marker()));
                said(200, format!(r#"{{"AttachmentId":"{id}","MessageId":"m"}}"#))
            }
        };
        Exchange { left: if result.is_ok() { Left::Whole } else { left }, result }
    }
}

/// Every row, and what is kept in step with them.
fn check(core: &mut Core) -> Result<(), String> {
    let accounts = core.store.read().accounts().unwrap();
    let rows = core.store.read().items(&Filter::default()).unwrap();
    for row in &rows {
        let account = accounts.iter().find(|account| account.account.id == row.life.target.account).unwrap();
        let wrong = |what: &str| Err(format!("{what}: {row:#?}"));
        assert_is_in_the_table(core, row, account).or_else(|what| wrong(&what))?;
        let before = row.manifest.after.and_then(|id| rows.iter().find(|before| before.id() == id));
        let parent = row.manifest.parent.and_then(|id| rows.iter().find(|parent| parent.id() == id));
        if matches!(row.stage, Stage::Queued { .. }) && parent.is_some_and(|parent| parent.stage == Stage::Cancelled) {
            return wrong("its upload was given up");
        }
        if row.held != before.is_some_and(|before| !before.stage.is_over()) {
            return wrong("held, but what it goes after is over, or the other way round");
        }
    }
    for person in [None, Some(""), Some("jo"), Some("sam")] {
        for needs in 0..4 {
            let goes = |row: &&Row| {
                matches!(row.stage, Stage::Queued { .. })
                    && (!row.held && row.due.is_none())
                    && row.requires().bits() == needs
                    && person.is_none_or(|person| row.manifest.person.as_deref().is_none_or(|by| by == person))
            };
            let highest = rows.iter().filter(goes).map(|row| row.priority).max();
            let head = core.store.read().ready("acme", std::iter::once(needs), person, false).unwrap();
            if head.as_ref().map(|row| row.priority) != highest || head.as_ref().is_some_and(|row| !goes(&row)) {
                return Err(format!(
                    "the lanes of {person:?} that need {needs} have the head {head:?}, not {highest:?}"
                ));
            }
        }
    }
    Ok(())
}

/// | stage | operation | body | due | wish | besides |
/// |---|---|---|---|---|---|
/// | captured | upload | none | none | none | |
/// | queued | any | some of an upload | with a reason | none | |
/// | sending | any | some of an upload | none | any | attempted, and it is known about what |
/// | verifying | upload | some | some | any | what it is looked for by is on record |
/// | absent | upload | some | none | any | it is not known yet what the account's listings are worth |
/// | blocked | any | any | none | only in doubt | |
/// | delivered | any | any | none | none | the receipt is in the journal |
/// | cancelled | any | any | none | none | the journal says so |
fn assert_is_in_the_table(core: &Core, row: &Row, account: &AccountRow) -> Result<(), String> {
    let life = &row.life;
    let upload = row.manifest.operation == Operation::Upload;
    let body = life.body.is_some();
    let whole = body == upload; // what is sent is there
    let journal = |says: fn(&Entry) -> bool| core.folders.read_journal(row.id()).unwrap().has(says);
    let (due, wish) = (row.due.is_some(), life.wish.is_some());
    let good = match &row.stage {
        Stage::Captured => upload && !body && !due && !wish,
        Stage::Queued { why } => whole && due == why.is_some() && !wish,
        Stage::Sending => {
            whole && !due && life.attempts > 0 && (upload || life.about.is_some()) && life.restored.is_none()
        }
        Stage::Verifying(_) => upload && body && due && core.looked_for(row).unwrap().is_some(),
        Stage::Absent(_) => {
            let unknown = matches!(account.standing.trust, Trust::Untested | Trust::Checking { .. });
            upload && body && !due && unknown
        }
        Stage::Blocked { doubt, .. } => !due && (doubt.is_some() || !wish) && (upload || doubt.is_none()),
        Stage::Delivered { .. } => {
            !due && !wish && life.restored.is_none() && journal(|entry| matches!(entry, Entry::Receipt { .. }))
        }
        Stage::Cancelled => !due && !wish && journal(|entry| matches!(entry, Entry::Cancelled)),
    };
    let looked = matches!(life.restored, Some(Restored::Looking(_)));
    let why = core.item(row.id()).unwrap().unwrap().why;
    let silent = row.stage.is_over() || row.stage == Stage::Sending;
    match () {
        () if !good => Err(format!("{} is not in the table so", row.stage.name())),
        () if why.is_some() == silent => Err(format!("{} has the reason {why:?}", row.stage.name())),
        () if looked && row.stage.doubt().is_none() => Err("looked for without a doubt".to_owned()),
        () => Ok(()),
    }
}
