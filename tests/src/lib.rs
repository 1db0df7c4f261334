//! What the tests share: a world of one outbox, one sandbox and a clock that only moves when told.

pub mod bench;
pub mod systems;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fieldpost::{
    Backoff, Clock, Deliver, Document, Error, Filter, HttpOptions, Item, ItemId, Now, Options, Outbox, Photo, State,
    Summary, Text, Timestamp, WorkOrder,
};
use fieldpost_sandbox::{Fault, LedgerEntry, Operation, Provider, Rule, Sandbox};
use sha2::Digest as _;

pub use systems::{CORRIGO_JOB, DIGITAL_JOB, corrigo, digital, job, unreachable};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct HandClock(Mutex<Now>);

impl HandClock {
    /// One that starts on 21 November 2026.
    #[must_use]
    pub fn new() -> Self {
        let wall = Timestamp::from_millis(1_795_255_200_000);
        HandClock(Mutex::new(Now { wall, mono: Duration::from_secs(1_000), boot: "first boot".into() }))
    }

    /// Time passes.
    ///
    /// # Panics
    /// Where a test panicked while it held the clock.
    pub fn pass(&self, by: Duration) {
        let mut now = self.0.lock().expect("no test panics while it holds the clock");
        now.mono += by;
        now.wall = now.wall.after(by);
    }

    /// Someone sets the wall clock.
    ///
    /// # Panics
    /// Where a test panicked while it held the clock.
    pub fn set_wall(&self, wall: Timestamp) {
        self.0.lock().expect("no test panics while it holds the clock").wall = wall;
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Now {
        self.0.lock().expect("no test panics while it holds the clock").clone()
    }
}

/// An outbox with an account at each system, and the sandbox that plays the systems.
pub struct World {
    /// The systems.
    pub sandbox: Sandbox,
    /// The outbox.
    pub outbox: Outbox,
    /// Its clock.
    pub clock: Arc<HandClock>,
    dir: tempfile::TempDir,
}

impl World {
    /// A new one. Doubts settle after 20 seconds of the hand clock.
    ///
    /// # Panics
    /// Where the sandbox or the outbox cannot be set up.
    #[must_use]
    pub fn new() -> Self {
        Self::within(tempfile::tempdir().expect("a temporary folder can be made"), &Provider::ALL)
    }

    /// A new one with accounts at `systems` alone that lies in memory, where the machine has files there: for tests of many small
    /// worlds that ask nothing of a disk.
    ///
    /// # Panics
    /// Where the sandbox or the outbox cannot be set up.
    #[must_use]
    pub fn in_memory(systems: &[Provider]) -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::within(dir.expect("a temporary folder can be made"), systems)
    }

    fn within(dir: tempfile::TempDir, systems: &[Provider]) -> Self {
        let start = std::time::UNIX_EPOCH + Duration::from_millis(1_795_255_200_000);
        let options =
            fieldpost_sandbox::Options { clock: fieldpost_sandbox::Clock::manual(start), ..Default::default() };
        let sandbox = Sandbox::start(options).expect("a free port on loopback");
        let clock = Arc::new(HandClock::new());
        let outbox = open(dir.path().join("outbox"), clock.clone()).expect("a new outbox opens");
        for system in systems {
            outbox.put_account(self::systems::account(&sandbox, *system)).expect("the account is good");
        }
        World { sandbox, outbox, clock, dir }
    }

    /// Where the outbox lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("outbox")
    }

    /// A file beside the outbox.
    ///
    /// # Panics
    /// Where it cannot be written.
    #[must_use]
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("the temporary folder can be written");
        path
    }

    /// Closes the outbox: another one, empty, stands in its place until it is opened again.
    ///
    /// # Panics
    /// Where that one does not open.
    pub fn close(&mut self) {
        let elsewhere = self.dir.path().join("elsewhere");
        self.outbox = open(elsewhere, self.clock.clone()).expect("a new outbox opens");
    }

    /// The same outbox, opened beside, as another process does it.
    ///
    /// # Panics
    /// Where it does not open.
    #[must_use]
    pub fn open_again(&self) -> Outbox {
        open(self.path(), self.clock.clone()).expect("the outbox opens beside")
    }

    /// Closes the outbox and opens it again, as after the app was ended.
    ///
    /// # Panics
    /// Where it does not open.
    pub fn reopen(&mut self) {
        self.close();
        self.outbox = open(self.path(), self.clock.clone()).expect("the outbox opens again");
    }

    /// Captures a document for the CorrigoPro job.
    ///
    /// # Panics
    /// Where the capture fails.
    pub fn document(&self, content: &str) -> Item {
        let path = self.file("report.pdf", content.as_bytes());
        self.outbox.capture(Document::new(path), &job(Provider::CorrigoPro)).expect("the capture is kept")
    }

    /// Captures a document that every system takes: a PDF, as far as its first bytes tell.
    ///
    /// # Panics
    /// Where the capture fails.
    pub fn pdf(&self, content: &str, job: &WorkOrder) -> Item {
        let path = self.file("report.pdf", format!("%PDF-1.4\n{content}\n").as_bytes());
        self.outbox.capture(Document::new(path), job).expect("the capture is kept")
    }

    /// Captures a text for a system's job.
    ///
    /// # Panics
    /// Where the capture fails.
    pub fn text(&self, system: Provider, text: &str) -> Item {
        self.outbox.capture(Text::new(text), &job(system)).expect("the capture is kept")
    }

    /// Captures a made photo for the CorrigoPro job.
    ///
    /// # Panics
    /// Where the capture fails.
    pub fn photo(&self) -> Item {
        self.photo_for(&job(Provider::CorrigoPro))
    }

    /// Captures a made photo.
    ///
    /// # Panics
    /// Where the capture fails.
    pub fn photo_for(&self, job: &WorkOrder) -> Item {
        let shot = fieldpost_imaging::synthetic::Shot { width: 1600, height: 1200, ..Default::default() };
        let path = self.file("boiler.jpg", &shot.jpeg().expect("the scene can be drawn"));
        let photo = Photo::new(path).caption("Boiler plate").cap(fieldpost::Bytes::kilobytes(100));
        self.outbox.capture(photo, job).expect("the capture is kept")
    }

    /// The next `times` uploads to a system meet a fault.
    pub fn fault(&self, system: Provider, operation: Operation, times: u32, fault: Fault) {
        self.sandbox.fault(Rule::new(fault).on(system).operation(operation).times(times));
    }

    /// Delivers all that can be delivered now, with the sandbox's tokens.
    ///
    /// # Panics
    /// Where delivery fails.
    pub fn deliver(&self) -> Summary {
        self.try_deliver().expect("delivery runs")
    }

    /// The same, with its error.
    ///
    /// # Errors
    /// Those of delivery.
    pub fn try_deliver(&self) -> Result<Summary, Error> {
        let tokens = |account: &str| systems::of_account(account).map(|system| self.sandbox.token(system));
        run(self.outbox.deliver_with(&tokens, quick()))
    }

    /// Time passes, on the phone and at the systems; then delivers.
    pub fn deliver_after(&self, seconds: u64) -> Summary {
        self.clock.pass(Duration::from_secs(seconds));
        self.sandbox.clock().advance(Duration::from_secs(seconds));
        self.deliver()
    }

    /// An item as it stands.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Item {
        self.outbox.item(id).expect("the item is there")
    }

    /// The states of all items, in the order of capture.
    ///
    /// # Panics
    /// Where they cannot be read.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        self.outbox.items(&Filter::default()).expect("the queue can be read").iter().map(|item| item.state).collect()
    }

    /// What the systems accepted as uploads of an item: the lines whose name has its marker.
    #[must_use]
    pub fn accepted(&self, id: ItemId) -> Vec<LedgerEntry> {
        let uploads = self.sandbox.ledger().into_iter().filter(|line| line.operation == Operation::Upload);
        uploads.filter(|line| id.marker().is_in(&line.name)).collect()
    }

    /// Asserts that an item is delivered, once, with the bytes that its facts name.
    ///
    /// # Panics
    /// Where it is not.
    pub fn assert_delivered_once(&self, id: ItemId) {
        let item = self.item(id);
        assert_eq!(item.state, State::Delivered, "{item:?}");
        let accepted = self.accepted(id);
        assert_eq!(accepted.len(), 1, "{accepted:?}");
        assert_eq!(Some(accepted[0].sha256.clone()), item.sent.map(|sent| sent.sha256.to_string()));
        let receipt = item.receipt.expect("what is delivered has a receipt");
        assert_eq!(receipt.remote_id.as_ref().map(systems::in_ledger), Some(accepted[0].remote_id.as_str()));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens an outbox whose waits and ids are repeatable.
///
/// # Errors
/// Those of [`Outbox::open`].
pub fn open(dir: PathBuf, clock: Arc<HandClock>) -> Result<Outbox, Error> {
    let backoff = Backoff { base: Duration::from_secs(5), cap: Duration::from_secs(1800) };
    Outbox::open(dir, Options { clock, backoff, seed: Some(7), ..Options::default() })
}

/// Delivery that gives up on silence soon.
#[must_use]
pub fn quick() -> Deliver {
    let http =
        HttpOptions { connect: Duration::from_secs(5), idle: Duration::from_millis(500), ..HttpOptions::default() };
    Deliver { http, ..Deliver::default() }
}

/// Runs a future on a runtime of its own.
///
/// # Panics
/// Where no runtime can be made.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

/// The SHA-256 of bytes, as hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
