//! One seed makes one world: an app that captures and delivers, the systems it delivers to, and all that comes between.
//! Time is a number that only this world moves. Every step is told in the story, which a failing seed prints.

mod changes;
mod delivering;
mod happenings;
mod holding;
mod knowing;
mod mishaps;
mod people;
mod preparing;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use fieldpost::{
    Account, Answer, Attachment, Backoff, Body, Bytes, Cap, Changes, Clock, Conditions, Delivery, Document, Error,
    Exchange, Failure, Filter, Item, ItemId, Left, Method, Network, Now, Operation, Options, Outbox, Photo, PrepareJob,
    Reason, RemoteId, Repair, Secret, Settlement, State, Task, Text, Timestamp, Token, Transfer, TransferId, Which,
    WorkOrder,
};
use serde_json::json;

use self::knowing::{About, Known};
use self::mishaps::Backup;
use crate::disk::{Process, SimDisk};
use crate::server::{
    Begun, Change, Creation, Entry, Manner, Naming, Piece, Server, Speech, USER, Upload, answer, page, sha256,
};

/// Account setting `settle`, in milliseconds: its default.
const SETTLE: u64 = 20_000;
/// Steps of a world before everything turns kind.
const STEPS: u32 = 60;
/// After it has, everything must have come to rest within so many tasks, and so much time.
const PATIENCE: (u32, u64) = (4_000, 5 * 24 * 3_600_000);
/// The accounts, in the order of their systems.
const ACCOUNTS: [&str; 2] = ["acme", "other"];
/// A file at the first system that is not ours.
const THEIRS: &str = "theirs";
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
    /// It clears no files, which would sync what came before.
    keeps: bool,
    /// How many photos it prepares at a time.
    threads: NonZeroUsize,
}

/// A delivery that an app runs.
struct Run {
    delivery: Delivery,
    /// To tell its answers from those of a run before.
    generation: u64,
    /// When it wants to run again by itself; `None` where only a change wakes it.
    wakes: Option<u64>,
    /// Whose it is.
    process: Process,
    /// What it is preparing, and how much at a time it may.
    making: BTreeSet<ItemId>,
    threads: usize,
}

/// What is on its way.
enum Coming {
    /// A system does what it was asked, though nobody may hear of it any more. An upload is listed at the latest by the time given.
    Done { server: usize, asked: Asked, listed_by: u64 },
    /// An answer, or the failure to get one, to the attempt of an item or to a look.
    Report { generation: u64, id: TransferId, server: usize, item: Option<ItemId>, got: Exchange },
    /// A body has been made.
    Made { generation: u64, job: Box<PrepareJob> },
}

/// What a system was asked to do.
enum Asked {
    Upload(Upload),
    Change(Change),
    /// Of a folder.
    Create(Creation),
    /// To create an upload that has an address of its own.
    Begin(Begun),
    /// To fill it.
    Fill(Piece),
}

/// What a world is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// A system hides what it has: nothing that it lists proves anything.
    pub(crate) hides: bool,
    /// A system takes an upload later than `settle` after we gave it up: beyond the promise.
    pub(crate) late: bool,
    /// The systems get other addresses, where nothing is known of the old ones; then nothing is updated or deleted.
    pub(crate) moves: bool,
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
    /// Folders that are being created, each by a transfer of a delivery.
    creating: Vec<(u64, TransferId, Creation)>,
    items: BTreeMap<ItemId, Known>,
    /// Captures that died under way: such an item may turn up.
    unsure: u32,
    /// Updates and deletions that died under way: such an item may turn up.
    unsure_changes: Vec<(Operation, About)>,
    /// Attachments of whose values nobody can be sure any more.
    tainted: BTreeSet<About>,
    captures: u32,
    backup: Option<Backup>,
    /// The outbox was restored, and has not yet looked for all: a second accident is beyond the promise.
    restored: bool,
    /// The database lies as it was before these results were taken, which nothing has synced since; and how many requests of each
    /// item had been seen by then.
    unsynced: Option<BTreeMap<ItemId, u32>>,
    /// Whose first token of the kind end has expired: even then one may, and is asked for again.
    expired: [bool; 2],
    /// Until when each system asked to be left alone.
    silence: [u64; 2],
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
        let kind = Kind { hides: rng.u8(..8) == 0, late: rng.u8(..8) == 0, moves: rng.u8(..6) == 0 };
        let shm = PathBuf::from("/dev/shm");
        let real = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
        let real = real.expect("a temporary folder can be made");
        let dir = real.path().join("outbox");
        std::fs::create_dir(&dir).expect("the temporary folder can be written");
        let naming = [Naming::AsSent, Naming::Shouted, Naming::Copied, Naming::WithoutExtension];
        let manner = |rng: &mut Rng| Manner {
            lag: rng.u64(0..SETTLE),
            hides: kind.hides,
            naming: naming[rng.usize(..4)],
            sizes: rng.u8(..3) > 0,
        };
        let speech = [Speech::DigitalRealty, Speech::Serial, Speech::Decisiv, Speech::FieldNation, Speech::Tus];
        let speech = speech[rng.usize(..5)];
        let mut servers = [Server::new(Speech::Corrigo, manner(&mut rng)), Server::new(speech, manner(&mut rng))];
        if speech == Speech::Serial && rng.u8(..3) > 0 {
            servers[1].manner.naming = Naming::Renamed;
        }
        servers[0].own(THEIRS, "somebody else");
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
            creating: Vec::new(),
            items: BTreeMap::new(),
            unsure: 0,
            unsure_changes: Vec::new(),
            tainted: BTreeSet::new(),
            captures: 0,
            backup: None,
            restored: false,
            unsynced: None,
            expired: [false; 2],
            silence: [0; 2],
            online: true,
            kindly: false,
            story: vec![format!("seed {seed}: {kind:?}, {speech:?}")],
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
                // What goes after a blocked one waits with it.
                _ if item.why.as_ref().is_some_and(|why| why.reason == Reason::AfterAnotherItem) => {
                    outcome.blocked += 1
                }
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

    // --- time ---

    fn pass_some_time(&mut self) {
        let until = match (self.next_event(), self.run.as_ref().and_then(|run| run.wakes)) {
            (Some(event), _) if self.rng.bool() => event,
            (_, Some(wakes)) if self.rng.bool() => wakes,
            _ => self.now + [200, 3_000, 25_000, 600_000][self.rng.usize(..4)],
        };
        self.unsynced = None; // whatever happened since was synced
        self.pass_until(until);
        if self.unsynced.is_some() && self.rng.u8(..3) == 0 {
            self.cut_power();
        }
        self.unsynced = None;
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
            Coming::Done { server, asked: Asked::Upload(upload), listed_by } => {
                self.tell(format!("{:?} accepts {}", self.servers[server].speech, upload.name()));
                let listed_from = self.listed_from(server, listed_by);
                self.servers[server].accept(upload, self.now, listed_from);
            }
            Coming::Done { server, asked: Asked::Change(change), .. } => {
                self.tell(format!("{:?} does {change:?}", self.servers[server].speech));
                self.servers[server].apply(&change);
            }
            Coming::Done { server, asked: Asked::Create(creation), .. } => {
                self.tell(format!("{:?} does {creation:?}", self.servers[server].speech));
                self.servers[server].create(creation);
            }
            Coming::Done { server, asked: Asked::Begin(begun), .. } => {
                self.tell(format!("{:?} does {begun:?}", self.servers[server].speech));
                self.servers[server].begin(begun);
            }
            Coming::Done { server, asked: Asked::Fill(piece), .. } => {
                let done = self.servers[server].fill(&piece).status;
                self.tell(format!("{:?} answers {done} to {piece:?}, which nobody hears", self.servers[server].speech));
            }
            Coming::Report { generation, id, server, item, got } => self.report(generation, id, server, item, &got),
            Coming::Made { generation, job } => self.made(generation, *job),
        }
    }

    fn listed_from(&mut self, server: usize, by: u64) -> u64 {
        let lag = self.rng.u64(0..=self.servers[server].manner.lag);
        (self.now + lag).min(by.max(self.now))
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
}

fn server_of(account: &str) -> usize {
    ACCOUNTS.iter().position(|id| *id == account).expect("there are no others")
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

/// The database as a kill leaves it, and a power cut where the last commit was synced: the files as they are.
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
