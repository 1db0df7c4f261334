//! One seed makes one world: an app that captures and delivers, the systems it delivers to, and all that comes between.
//! Time is a number that only this file moves. Every step is told in the story, which a failing seed prints.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use fieldpost::{
    Account, Answer, Backoff, Body, Clock, Conditions, Delivery, Document, Error, Exchange, Failure, Filter, Item,
    ItemId, Left, Network, Now, Options, Outbox, Reason, Secret, Settlement, State, Task, Text, Timestamp, Transfer,
    TransferId, Which, WorkOrder,
};
use serde_json::json;

use crate::disk::{Process, SimDisk};
use crate::server::{Entry, Manner, Server, Speech, Upload, answer, page, sha256};

/// Account setting `settle`, in milliseconds: its default.
const SETTLE: u64 = 20_000;
/// Steps of a world before everything turns kind.
const STEPS: u32 = 60;
/// After it has, everything must have come to rest within so many tasks, and so much time.
const PATIENCE: (u32, u64) = (4_000, 5 * 24 * 3_600_000);
/// 21 November 2026.
const START: i64 = 1_795_255_200_000;

struct SimClock(Mutex<Now>);

impl Clock for SimClock {
    fn now(&self) -> Now {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A process with the outbox open.
struct App {
    process: Process,
    outbox: Outbox,
}

/// A delivery that an app runs.
struct Run {
    delivery: Delivery,
    /// To tell its answers from those of a run before.
    generation: u64,
    /// When it wants to run again by itself; `None` where only a change wakes it.
    wakes: Option<u64>,
}

/// What is on its way.
enum Coming {
    /// A system takes an upload, though nobody may hear of it any more. Listed at the latest by the time given.
    Accept { server: usize, upload: Upload, listed_by: u64 },
    /// An answer, or the failure to get one.
    Report { generation: u64, id: TransferId, got: Exchange },
}

/// What the world knows of an item that was captured.
struct Known {
    server: usize,
    sha256: fieldpost::Sha256,
    /// What it ended as, once it did.
    ended: Option<State>,
}

/// What a world is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// A system hides what it has: nothing that it lists proves anything.
    pub(crate) hides: bool,
    /// A system takes an upload later than `settle` after we gave it up: beyond the promise.
    pub(crate) late: bool,
}

impl Kind {
    /// Whether the promise holds: exactly once.
    fn keeps_promise(self) -> bool {
        !self.hides && !self.late
    }
}

pub(crate) struct World {
    rng: Rng,
    kind: Kind,
    now: u64,
    clock: Arc<SimClock>,
    disk: SimDisk,
    real: tempfile::TempDir,
    dir: PathBuf,
    apps: Vec<App>,
    run: Option<Run>,
    generation: u64,
    servers: [Server; 2],
    coming: Vec<(u64, Coming)>,
    items: BTreeMap<ItemId, Known>,
    /// Captures that died under way: such an item may turn up.
    unsure: u32,
    captures: u32,
    online: bool,
    kindly: bool,
    story: Vec<String>,
}

/// What a seed came to.
pub(crate) struct Outcome {
    pub(crate) delivered: usize,
    pub(crate) blocked: usize,
    pub(crate) cancelled: usize,
    pub(crate) story: Vec<String>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let kind = Kind { hides: rng.u8(..8) == 0, late: rng.u8(..8) == 0 };
        let shm = PathBuf::from("/dev/shm");
        let real = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
        let real = real.expect("a temporary folder can be made");
        let dir = real.path().join("outbox");
        std::fs::create_dir(&dir).expect("the temporary folder can be written");
        let manner = |rng: &mut Rng| Manner { lag: rng.u64(0..SETTLE), hides: kind.hides };
        let servers =
            [Server::new(Speech::Corrigo, manner(&mut rng)), Server::new(Speech::DigitalRealty, manner(&mut rng))];
        let now = Now { wall: Timestamp::from_millis(START), mono: Duration::from_secs(1_000), boot: "boot 0".into() };
        let disk = SimDisk::with(&dir);
        World {
            rng,
            kind,
            now: 0,
            clock: Arc::new(SimClock(Mutex::new(now))),
            disk,
            real,
            dir,
            apps: Vec::new(),
            run: None,
            generation: 0,
            servers,
            coming: Vec::new(),
            items: BTreeMap::new(),
            unsure: 0,
            captures: 0,
            online: true,
            kindly: false,
            story: vec![format!("seed {seed}: {kind:?}")],
        }
    }

    /// Lives through it.
    pub(crate) fn live(mut self) -> Outcome {
        for _ in 0..STEPS {
            self.step();
            self.check();
        }
        self.turn_kind();
        let mut outcome = Outcome { delivered: 0, blocked: 0, cancelled: 0, story: Vec::new() };
        for item in self.listed().unwrap_or_default() {
            match item.state {
                State::Delivered => outcome.delivered += 1,
                State::Blocked => outcome.blocked += 1,
                State::Cancelled => outcome.cancelled += 1,
                _ => self.fail(&format!("{} never came to rest: {:?}", item.name, item.why)),
            }
        }
        outcome.story = self.story;
        outcome
    }

    pub(crate) fn tell(&mut self, line: impl Into<String>) {
        self.story.push(format!("{:>10.3}  {}", self.now as f64 / 1_000.0, line.into()));
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.story.join("\n"))
    }

    // --- what happens ---

    fn step(&mut self) {
        if self.apps.is_empty() {
            return self.open();
        }
        match self.rng.u8(..100) {
            0..22 => self.capture(),
            22..58 => self.deliver_some(),
            58..72 => self.pass_some_time(),
            72..76 => self.toggle_network(),
            76..79 => self.cancel(),
            79..82 => self.retry(),
            82..85 => self.settle(),
            85..88 => self.rotate_token(),
            88..90 => self.close(),
            90..92 => self.cut_power(),
            92..94 => self.another_app(),
            94..96 => self.toggle_full_disk(),
            96..98 => self.jump_clock(),
            98 if self.rng.bool() => self.close_work_order(),
            98 => self.toggle_pause(),
            _ => self.end_run("the delivery is stopped"),
        }
    }

    fn open(&mut self) {
        let dies_at = (!self.kindly && self.rng.u8(..3) == 0).then(|| self.rng.u64(1..400));
        let (from, to) = (self.dir.clone(), self.real.path().join("at-death"));
        let process = self.disk.process(dies_at, move || copy_database(&from, &to));
        let options = Options {
            clock: self.clock.clone(),
            disk: Arc::new(process.clone()),
            backoff: Backoff::default(),
            memory: 64_000_000,
            seed: Some(self.rng.u64(..)),
        };
        match Outbox::open(&self.dir, options) {
            Ok(outbox) => {
                self.tell(format!(
                    "an app opens the outbox{}",
                    dies_at.map_or(String::new(), |at| format!(", to die at its step {at}"))
                ));
                self.apps.push(App { process, outbox });
                let accounts = [
                    Account::corrigo_pro("acme", self.servers[0].url()).performed_by("Jo Field"),
                    Account::digital_realty("dlr", self.servers[1].url(), "M-1").customer_account("A-7"),
                ];
                for account in accounts {
                    let put = self.apps.last().expect("just pushed").outbox.put_account(account);
                    self.survive(put, "accounts");
                    if self.apps.is_empty() {
                        return;
                    }
                }
            }
            Err(error) => {
                self.tell(format!("the outbox does not open: {error}"));
                if process.is_dead() {
                    self.bury(&process);
                } else if !matches!(error, Error::DiskFull { .. } | Error::InUse) {
                    self.fail(&format!("the outbox does not open: {error}"));
                } else if self.kindly {
                    self.fail("the outbox does not open in a kind world");
                }
            }
        }
    }

    /// An error of a call is either a full disk or a dead process.
    fn survive<T>(&mut self, result: Result<T, Error>, what: &str) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.tell(format!("{what}: {error}"));
                if let Some(dead) = self.apps.iter().position(|app| app.process.is_dead()) {
                    let process = self.apps[dead].process.clone();
                    self.bury(&process);
                } else if !matches!(error, Error::DiskFull { .. }) {
                    self.fail(&format!("{what}: {error}"));
                }
                None
            }
        }
    }

    /// A process died: what it had committed by then is kept, nothing that its end did.
    fn bury(&mut self, process: &Process) {
        self.tell("the process is dead");
        process.die();
        if self.apps.iter().any(|app| app.process.is_dead()) {
            self.run = None; // one of two deliverers cannot be told apart here: whoever delivered stops
        }
        self.apps.retain(|app| !app.process.is_dead());
        if self.apps.is_empty() {
            restore_database(&self.real.path().join("at-death"), &self.dir);
        }
    }

    fn capture(&mut self) {
        let (app, server) = (self.rng.usize(..self.apps.len()), self.rng.usize(..2));
        let work_orders = self.servers[server].work_orders();
        let job = WorkOrder::new(["acme", "dlr"][server], work_orders[self.rng.usize(..2)]);
        self.captures += 1;
        let content = format!("capture {} of {}", self.captures, job.id).into_bytes();
        let captured = if self.rng.bool() {
            let text = Text::new(String::from_utf8_lossy(&content));
            self.apps[app].outbox.capture(text.priority(self.rng.i32(-1..2)), &job)
        } else {
            let path = self.dir.join("report.pdf");

            self.disk.write(&path, &content);
            self.apps[app].outbox.capture(Document::new(path), &job)
        };
        let died = self.apps[app].process.is_dead();
        match captured {
            Ok(item) => {
                self.tell(format!("captured {}", item.name));
                self.items.insert(item.id, Known { server, sha256: sha256(&content), ended: None });
                self.wake();
                if died {
                    let process = self.apps[app].process.clone();
                    self.bury(&process);
                }
            }
            Err(error) => {
                self.unsure += u32::from(died);
                self.survive(Err::<(), _>(error), "a capture is refused");
            }
        }
    }

    /// The outbox of any app that is left.
    fn outbox(&mut self) -> Option<Outbox> {
        let apps = self.apps.len();
        (apps > 0).then(|| self.apps[self.rng.usize(..apps)].outbox.clone())
    }

    fn any_item(&mut self) -> Option<Item> {
        let items = self.listed()?;
        (!items.is_empty()).then(|| items[self.rng.usize(..items.len())].clone())
    }

    fn cancel(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.cancel(item.id);
        self.tell(format!("cancel {}, which is {}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.survive(done, "cancel");
        }
        self.wake();
    }

    fn retry(&mut self) {
        let which = match self.any_item() {
            Some(item) if self.rng.bool() => Which::Item(item.id),
            _ if self.rng.bool() => Which::All,
            _ => Which::Because(Reason::Refused),
        };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.retry(&which);
        self.tell(format!("retry {which:?}: {}", said(&done)));
        self.survive(done, "retry");
        self.wake();
    }

    /// A person looks at the system and says what is there. Not while the system still works on it.
    fn settle(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(server) = self.items.get(&item.id).map(|known| known.server) else { return };
        let pending = self.coming.iter().any(|(_, coming)| match coming {
            Coming::Accept { upload, .. } => item.id.marker().is_in(upload.name()),
            Coming::Report { .. } => false,
        });
        if pending || item.state == State::Sending {
            return;
        }
        let there = self.servers[server].holds(item.id).first().map(|entry| entry.remote_id.clone());
        let settlement = match there {
            Some(id) => Settlement::Delivered(Some(fieldpost::RemoteId(id))),
            None => Settlement::Absent,
        };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.settle(item.id, settlement.clone());
        self.tell(format!("settle {}, which is {}, as {settlement:?}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.survive(done, "settle");
        }
        self.wake();
    }

    fn rotate_token(&mut self) {
        let server = self.rng.usize(..2);
        self.servers[server].rotate();
        self.tell(format!("the tokens of {:?} expire", self.servers[server].speech));
    }

    fn close_work_order(&mut self) {
        let work_order = self.servers[0].work_orders()[1].to_owned();
        self.tell(format!("work order {work_order} is closed"));
        self.servers[0].closed.push(work_order);
    }

    fn close(&mut self) {
        self.tell("the apps are closed");
        self.run = None;
        self.apps.clear();
    }

    fn cut_power(&mut self) {
        self.tell("the power is cut");
        copy_database(&self.dir, &self.real.path().join("at-death"));
        self.apps.iter().for_each(|app| app.process.die());
        self.run = None;
        self.apps.clear();
        restore_database(&self.real.path().join("at-death"), &self.dir);
        self.disk.lose_power(&mut self.rng);
        self.reboot();
    }

    /// The phone boots, which takes its time; the monotonic clock counts from there.
    fn reboot(&mut self) {
        let took = self.rng.u64(..60_000);
        self.pass_until(self.now + took);
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.boot = format!("boot {}", self.rng.u32(..));
        now.mono = Duration::from_millis(self.rng.u64(..=took));
    }

    fn another_app(&mut self) {
        if self.apps.len() < 2 {
            self.open();
        }
    }

    fn toggle_full_disk(&mut self) {
        let full = self.rng.bool();
        self.tell(if full { "the disk is full" } else { "the disk has room" });
        self.disk.set_full(full);
    }

    fn toggle_network(&mut self) {
        self.online = self.rng.bool();
        let network = if self.online { Network::Unmetered } else { Network::None };
        self.tell(format!("the network: {network:?}"));
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.set_conditions(Conditions { network, ..Conditions::default() });
        self.survive(done, "conditions");
        self.wake();
    }

    /// What the driver does then: transfers are broken off, the delivery ends.
    fn toggle_pause(&mut self) {
        let Some(outbox) = self.outbox() else { return };
        let pause = self.rng.u8(..3) > 0;
        let done = if pause { outbox.pause() } else { outbox.resume() };
        self.tell(if pause { "pause" } else { "resume" });
        if pause {
            self.end_run("the delivery is paused");
        }
        self.survive(done, "pause");
        self.wake();
    }

    /// Someone sets the wall clock; what has passed since the boot does not change by it.
    fn jump_clock(&mut self) {
        let by = self.rng.i64(-3 * 86_400_000..3 * 86_400_000);
        self.tell(format!("the wall clock jumps by {} s", by / 1_000));
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.wall = Timestamp::from_millis(now.wall.millis() + by);
    }

    // --- time ---

    fn pass_some_time(&mut self) {
        let until = match (self.next_event(), self.run.as_ref().and_then(|run| run.wakes)) {
            (Some(event), _) if self.rng.bool() => event,
            (_, Some(wakes)) if self.rng.bool() => wakes,
            _ => self.now + [200, 3_000, 25_000, 600_000][self.rng.usize(..4)],
        };
        self.pass_until(until);
    }

    fn next_event(&self) -> Option<u64> {
        self.coming.iter().map(|(at, _)| *at).min()
    }

    /// Time passes, and what was to come by then comes, in its order.
    fn pass_until(&mut self, until: u64) {
        loop {
            let next = self.coming.iter().enumerate().min_by_key(|(n, (at, _))| (*at, *n)).map(|(n, (at, _))| (n, *at));
            match next {
                Some((n, at)) if at <= until => {
                    self.advance(at);
                    let (_, coming) = self.coming.remove(n);
                    self.comes(coming);
                }
                _ => break,
            }
        }
        self.advance(until);
    }

    fn advance(&mut self, until: u64) {
        let by = Duration::from_millis(until.saturating_sub(self.now));
        self.now = self.now.max(until);
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.mono += by;
        now.wall = now.wall.after(by);
    }

    fn comes(&mut self, coming: Coming) {
        match coming {
            Coming::Accept { server, upload, listed_by } => {
                self.tell(format!("{:?} accepts {}", self.servers[server].speech, upload.name()));
                let listed_from = self.listed_from(server, listed_by);
                self.servers[server].accept(upload, listed_from);
            }
            Coming::Report { generation, id, got } => self.report(generation, id, &got),
        }
    }

    fn listed_from(&mut self, server: usize, by: u64) -> u64 {
        let lag = self.rng.u64(0..=self.servers[server].manner.lag);
        (self.now + lag).min(by.max(self.now))
    }

    fn report(&mut self, generation: u64, id: TransferId, got: &Exchange) {
        let Some(run) = self.run.as_ref().filter(|run| run.generation == generation) else { return };
        let done = run.delivery.report(id, got);
        self.tell(format!("transfer {} comes back: {}", id.0, shown(got)));
        if done.is_err() {
            self.end_run("the result cannot be kept");
        }
        self.survive(done, "report");
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(run) = &mut self.run {
            run.wakes = Some(0);
        }
    }

    fn end_run(&mut self, why: &str) {
        if self.run.take().is_some() {
            self.tell(why);
        }
    }

    // --- delivery ---

    fn deliver_some(&mut self) {
        for _ in 0..self.rng.u32(1..6) {
            if self.apps.is_empty() || !self.deliver_one() {
                return;
            }
        }
    }

    /// One task; false where there is none now.
    fn deliver_one(&mut self) -> bool {
        if self.run.is_none() {
            let Some(outbox) = self.outbox() else { return false };
            let begun = outbox.begin_delivery();
            self.tell("a delivery begins");
            let Some(delivery) = self.survive(begun, "begin delivery") else { return false };
            self.generation += 1;
            self.run = Some(Run { delivery, generation: self.generation, wakes: Some(0) });
        }
        let run = self.run.as_ref().expect("just begun");
        if run.wakes.is_none_or(|at| at > self.now) {
            return false;
        }
        let task = run.delivery.next();
        if task.is_err() {
            self.end_run("the task cannot be journaled");
        }
        let Some(task) = self.survive(task, "next") else { return false };
        match task {
            Task::Send(transfer) => self.send(&transfer),
            Task::Prepare(job) => {
                let prepared = job.run();
                let done = self.run.as_ref().expect("it runs").delivery.prepared(prepared);
                if done.is_err() {
                    self.end_run("what was prepared cannot be kept");
                }
                self.survive(done, "prepare");
            }
            Task::Token { account } => self.sign_in(&account),
            Task::Sleep { left } => {
                let wakes = left.map(|left| self.now + (left.as_millis() as u64).max(1));
                self.run.as_mut().expect("it runs").wakes = wakes;
                return false;
            }
        }
        true
    }

    fn sign_in(&mut self, account: &str) {
        let server = usize::from(account == "dlr");
        let run = self.run.as_ref().expect("it runs");
        let chance = if self.kindly { 9 } else { self.rng.u8(..10) };
        let done = match chance {
            0 => run.delivery.no_token(account),
            1 => run.delivery.put_token(account, Secret::new("stale")),
            _ => run.delivery.put_token(account, Secret::new(self.servers[server].token.as_str())),
        };
        self.tell(format!("a token for {account}: {chance}"));
        if done.is_err() {
            self.end_run("the token cannot be taken");
        }
        self.survive(done, "token");
    }

    /// Lets a transfer out, and decides what becomes of it.
    fn send(&mut self, transfer: &Transfer) {
        let server = usize::from(transfer.account == "dlr");
        let left = if transfer.request.body == Body::Empty { Left::Whole } else { Left::Part };
        self.tell(format!(
            "transfer {} leaves: {} {}",
            transfer.id.0,
            transfer.request.method.as_str(),
            transfer.request.url
        ));
        let file = match &transfer.file {
            None => Vec::new(),
            Some(file) => match self.body(file) {
                Some(content) => content,
                None => return self.comes_back(transfer.id, 1, Left::Part, Err(Failure::FileDamaged)),
            },
        };
        let chance = if self.kindly { 99 } else { self.rng.u8(..100) };
        let took = self.rng.u64(1..9_000);
        let early = |failure| (Left::None, Err(failure));
        if !self.online && !self.kindly {
            return self.comes_back(transfer.id, took, Left::None, Err(Failure::NoNetwork));
        }
        let (left, result) = match chance {
            0..3 => early(Failure::Dns),
            3..6 => early(Failure::Refused),
            6..8 => early(Failure::Tls),
            8..13 => (left, Err(Failure::Broken)),
            13..16 => (Left::Part.max(left), Err(Failure::TimedOut)),
            16..18 => (Left::None, Ok(page(302))),
            _ => return self.arrives(transfer, server, &file, chance, took),
        };
        self.comes_back(transfer.id, took, left, result);
    }

    /// The file of a body, if it is what it must be.
    fn body(&mut self, file: &fieldpost::BodyFile) -> Option<Vec<u8>> {
        let process = self.disk.process(None, || {});
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut fieldpost::Disk::open(&process, &file.path).ok()?, &mut content).ok()?;
        (sha256(&content) == file.sha256).then_some(content)
    }

    /// The whole request is at the system, or at something before it.
    fn arrives(&mut self, transfer: &Transfer, server: usize, file: &[u8], chance: u8, took: u64) {
        let token = transfer.token.as_ref().map(|token| token.reveal().to_owned());
        let wanted = transfer.request.auth != fieldpost::Auth::None;
        let upload = self.servers[server].upload(&transfer.request, file);
        if wanted && token.as_deref() != Some(self.servers[server].token.as_str()) {
            return self.comes_back(transfer.id, took, Left::Whole, Ok(answer(401, &json!({"Message": "token"}))));
        }
        // Something before the system answers, or the system without having done anything.
        let before: Option<Result<Answer, Failure>> = match chance {
            18..21 => Some(Ok(page(200))),
            21..24 => Some(Ok(retry_after(429, self.rng.u32(1..900)))),
            24..27 => Some(Ok(page(502))),
            27..29 => Some(Ok(answer(500, &json!({"Message": "sorry"})))),
            29..31 => Some(Ok(answer(408, &json!({})))),
            31..33 => Some(Err(Failure::TimedOut)),
            33..35 => Some(Ok(answer(400, &json!({"odd": true})))),
            35..36 => Some(Ok(answer(404, &json!({"Message": "gone"})))),
            _ => None,
        };
        if let Some(result) = before {
            return self.comes_back(transfer.id, took, Left::Whole, result);
        }
        let Some(upload) = upload else {
            let mask = self.rng.u64(..);
            let hide = move |entry: &Entry| (mask >> (entry.remote_id.len() * 7 % 60)) & 3 == 0;
            // What it says was so at some time between the question and the answer.
            let at = self.now + self.rng.u64(..=took);
            let read = self.servers[server].read(&transfer.request, at, hide);
            return self.comes_back(transfer.id, took, Left::Whole, Ok(read));
        };
        if let Some(refusal) = self.servers[server].refusal(&upload) {
            return self.comes_back(transfer.id, took, Left::Whole, Ok(refusal));
        }
        // From here on the system takes it: at once and with an answer; or its answer is lost, garbled, or late.
        let mut latest = self.now + SETTLE - 1;
        if self.kind.late && !self.kindly && self.rng.u8(..4) == 0 {
            latest += self.rng.u64(..4 * SETTLE);
        }
        let lost: Option<Result<Answer, Failure>> = match chance {
            36..42 => Some(Err(Failure::Broken)),
            42..46 => Some(Err(Failure::TimedOut)),
            46..49 => Some(Ok(page(504))),
            49..51 => Some(Ok(answer(200, &json!({"thanks": true})))),
            51..53 => Some(Ok(answer(500, &json!({"Message": "sorry"})))),
            53..54 => Some(Ok(page(404))),
            _ => None,
        };
        match lost {
            Some(result) => {
                let at = self.rng.u64(self.now..=latest);
                self.coming.push((at, Coming::Accept { server, upload, listed_by: latest }));
                self.comes_back(transfer.id, took, Left::Whole, result);
            }
            None => {
                let listed_from = self.listed_from(server, latest);
                let accepted = self.servers[server].accept(upload, listed_from);
                self.comes_back(transfer.id, took, Left::Whole, Ok(accepted));
            }
        }
    }

    fn comes_back(&mut self, id: TransferId, after: u64, left: Left, result: Result<Answer, Failure>) {
        let generation = self.generation;
        self.coming.push((self.now + after, Coming::Report { generation, id, got: Exchange { left, result } }));
    }

    // --- what must hold ---

    /// The queue as an app reads it; none where no app is left that could.
    fn listed(&mut self) -> Option<Vec<Item>> {
        self.bury_the_dead();
        let listed = self.apps.first()?.outbox.items(&Filter::default());
        self.survive(listed, "the queue")
    }

    /// A process may die at its last step of a call that is done.
    fn bury_the_dead(&mut self) {
        while let Some(dead) = self.apps.iter().find(|app| app.process.is_dead()) {
            let process = dead.process.clone();
            self.bury(&process);
        }
    }

    fn check(&mut self) {
        let Some(items) = self.listed() else { return };
        for id in self.items.keys() {
            if !items.iter().any(|item| item.id == *id) {
                self.fail(&format!("item {id} is lost"));
            }
        }
        for item in &items {
            self.check_item(item);
        }
    }

    fn check_item(&mut self, item: &Item) {
        if !self.items.contains_key(&item.id) {
            if self.unsure == 0 {
                self.fail(&format!("{} was never captured", item.name));
            }
            self.unsure -= 1;
            self.tell(format!("{} was captured after all", item.name));
            let original = item.original.as_ref().expect("an upload has its original");
            let server = usize::from(item.account == "dlr");
            self.items.insert(item.id, Known { server, sha256: original.sha256, ended: None });
        }
        let known = &self.items[&item.id];
        let over = matches!(item.state, State::Delivered | State::Cancelled);
        if let Some(ended) = known.ended
            && ended != item.state
        {
            self.fail(&format!("{} was {ended}, and is {}", item.name, item.state));
        }
        if item.why.is_none() != (over || item.state == State::Sending) {
            self.fail(&format!("{} is {} because of {:?}", item.name, item.state, item.why));
        }
        if item.receipt.is_some() != (item.state == State::Delivered) {
            self.fail(&format!("{} is {} with {:?}", item.name, item.state, item.receipt));
        }
        if item.original.as_ref().map(|original| original.sha256) != Some(known.sha256) {
            self.fail(&format!("{} has another original", item.name));
        }
        let there = self.servers[known.server].holds(item.id);
        if self.kind.keeps_promise() {
            if there.len() > 1 {
                self.fail(&format!("{} is there {} times", item.name, there.len()));
            }
            if item.state == State::Cancelled && !there.is_empty() {
                self.fail(&format!("{} is cancelled, and there", item.name));
            }
            if item.state == State::Delivered && there.is_empty() {
                self.fail(&format!("{} is delivered, and not there", item.name));
            }
        }
        if let Some(wrong) = there.iter().find(|entry| sha256(&entry.content) != known.sha256) {
            self.fail(&format!("{} is there with other bytes", wrong.name));
        }
        if over {
            self.items.get_mut(&item.id).expect("it is known").ended = Some(item.state);
        }
    }

    // --- and they lived happily ever after ---

    /// Everything works from now on. All items must come to rest.
    fn turn_kind(&mut self) {
        self.tell("the world turns kind");
        self.kindly = true;
        self.disk.set_full(false);
        self.end_run("whoever delivered stops");
        self.apps.clear();
        self.open();
        self.online = true;
        let outbox = self.outbox().expect("it has just been opened, to live");
        let resumed = outbox.resume();
        self.survive(resumed, "resume");
        let online = outbox.set_conditions(Conditions::default());
        self.survive(online, "conditions");
        self.check();
        let end = self.now + PATIENCE.1;
        for _ in 0..PATIENCE.0 {
            if self.deliver_one() {
                continue;
            }
            self.check();
            let wakes = self.run.as_ref().and_then(|run| run.wakes);
            match self.next_event().into_iter().chain(wakes).min() {
                Some(at) if at > end => self.fail("it takes too long"),
                Some(at) => self.pass_until(at),
                None => return,
            }
        }
        self.fail("it is never at rest");
    }
}

fn said<T>(result: &Result<T, Error>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |_| "done".to_owned())
}

fn shown(got: &Exchange) -> String {
    match &got.result {
        Ok(answer) => format!("{} ({:?})", answer.status, got.left),
        Err(failure) => format!("{failure:?} ({:?})", got.left),
    }
}

fn retry_after(status: u16, seconds: u32) -> Answer {
    let mut answer = answer(status, &json!({"Message": "slower"}));
    answer.headers.push(("retry-after".to_owned(), seconds.to_string()));
    answer
}

/// The database as a power cut leaves it: SQLite syncs every commit, so it is the files as they are.
fn copy_database(from: &std::path::Path, to: &std::path::Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).expect("the temporary folder can be written");
    for name in ["outbox.db", "outbox.db-wal"] {
        let _ = std::fs::copy(from.join(name), to.join(name)); // there may be none yet
    }
}

fn restore_database(from: &std::path::Path, to: &std::path::Path) {
    if !from.is_dir() {
        return;
    }
    for name in ["outbox.db", "outbox.db-wal", "outbox.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        let _ = std::fs::copy(from.join(name), to.join(name));
    }
    let _ = std::fs::remove_dir_all(from);
}
