//! tus against the protocol's own reference server: the real driver, a real server process, and a line between them that breaks.
//!
//! `cargo xtask test tus` installs the server from npm and runs this; no other run does, for it needs Node.js.

// The allowance for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod line;
mod server;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fieldpost::{Account, Deliver, Document, HttpOptions, Item, ItemId, Outbox, Proof, State, WorkOrder};
use fieldpost_tests::{HandClock, open, run};

use self::line::{Fault, Line};
use self::server::{Server, Stored};

/// More than the buffers below us hold: a connection that is cut in the middle has not swallowed the rest.
const LARGE: usize = 12_000_000;

/// An outbox, a server, and the line between them.
struct Yard {
    outbox: Option<Outbox>,
    clock: Arc<HandClock>,
    line: Line,
    server: Server,
    dir: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// One test at a time: a process that is being started has, for a moment, every lock of the outboxes beside it.
static ALONE: Mutex<()> = Mutex::new(());

impl Yard {
    fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("store"));
        let line = Line::to(server.port());
        let mut yard = Yard { outbox: None, clock: Arc::new(HandClock::new()), line, server, dir, _alone: alone };
        yard.open();
        let account = Account::tus("own", format!("http://127.0.0.1:{}/files", yard.line.port()));
        yard.outbox().put_account(account.metadata("tenant=north")).unwrap();
        yard
    }

    /// The app was killed, and is there again.
    fn open(&mut self) {
        self.outbox = None;
        self.outbox = Some(open(self.dir.path().join("outbox"), self.clock.clone()).unwrap());
    }

    /// So too, and its database is gone.
    fn lose_the_database(&mut self) {
        self.outbox = None;
        for name in ["outbox.db", "outbox.db-wal", "outbox.db-shm"] {
            _ = std::fs::remove_file(self.dir.path().join("outbox").join(name));
        }
        self.open();
    }

    /// The server's machine fell over, and is up again.
    fn restart_server(&mut self) {
        self.server.restart();
        self.line.lead_to(self.server.port());
    }

    fn outbox(&self) -> &Outbox {
        self.outbox.as_ref().unwrap()
    }

    fn capture(&self, length: usize) -> Item {
        let path = self.dir.path().join("report.bin");
        std::fs::write(&path, noise(length)).unwrap();
        let document = Document::new(path).caption("Boiler, 2nd floor: gruen/grün");
        self.outbox().capture(document, &WorkOrder::new("own", "WO 10234/7")).unwrap()
    }

    /// What can be delivered now.
    fn deliver(&self) {
        let http =
            HttpOptions { connect: Duration::from_secs(20), idle: Duration::from_secs(30), ..Default::default() };
        let tokens = |_: &str| Some("t0ken-of-jo".to_owned());
        run(self.outbox().deliver_with(&tokens, Deliver { http, ..Deliver::default() })).unwrap();
    }

    /// Delivers as time passes, until it is there.
    fn deliver_in_time(&self, id: ItemId) -> Item {
        for _ in 0..20 {
            self.deliver();
            let item = self.item(id);
            if item.state == State::Delivered {
                return item;
            }
            self.clock.pass(Duration::from_secs(60));
        }
        panic!("{:?}\n{:?}", self.item(id), self.line.heads());
    }

    fn item(&self, id: ItemId) -> Item {
        self.outbox().item(id).unwrap()
    }

    /// Asserts that the store has the item's file, whole and once, and nothing else that is whole.
    fn assert_stored_once(&self, item: &Item) {
        let (whole, rest): (Vec<Stored>, Vec<Stored>) = self.server.stored().into_iter().partition(Stored::is_whole);
        assert_eq!(whole.len(), 1, "{whole:?}, {rest:?}");
        let (stored, sent) = (&whole[0], item.sent.unwrap());
        assert_eq!((stored.bytes, &stored.sha256), (sent.bytes.0, &sent.sha256.to_string()));
        let receipt = item.receipt.as_ref().unwrap();
        assert_eq!(receipt.remote_id.as_ref().unwrap().0, stored.id);
        let told = |name: &str| stored.metadata.get(name).and_then(|value| value.as_str().map(str::to_owned));
        assert_eq!(told("filename").as_deref(), Some(item.name.as_str()));
        assert_eq!(told("work_order").as_deref(), Some("WO 10234/7"));
        assert_eq!(told("caption").as_deref(), Some("Boiler, 2nd floor: gruen/grün"));
        assert_eq!(told("tenant").as_deref(), Some("north"));
        assert_eq!(told("sha256"), Some(sent.sha256.to_string()));
    }

    /// The methods that were asked, in their order, with the offset of each PATCH.
    fn asked(&self) -> Vec<String> {
        let short = |head: line::Head| match head.offset {
            Some(offset) => format!("{} {offset}", head.method),
            None => head.method,
        };
        self.line.heads().into_iter().map(short).collect()
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Bytes that compress to nothing and repeat nowhere.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut all: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| next()).collect();
    all.truncate(length);
    all
}

#[test]
fn a_file_arrives_once_with_what_goes_along() {
    let yard = Yard::new();
    let id = yard.capture(300_000).id;
    yard.deliver();
    let item = yard.item(id);
    assert_eq!(
        (item.state, item.receipt.as_ref().map(|r| r.proof)),
        (State::Delivered, Some(Proof::Answer)),
        "{item:?}"
    );
    yard.assert_stored_once(&item);
    assert_eq!(yard.asked(), ["OPTIONS", "POST", "PATCH 0"]);
    assert_eq!(yard.line.carried("PATCH"), 300_000);
    for file in files(&yard.dir.path().join("outbox")) {
        let content = std::fs::read(&file).unwrap();
        assert!(!content.windows(6).any(|bytes| bytes == b"t0ken-"), "{} holds the token", file.display());
    }
}

#[test]
fn an_empty_file_is_there_once_it_is_created() {
    let yard = Yard::new();
    let id = yard.capture(0).id;
    let item = yard.deliver_in_time(id);
    yard.assert_stored_once(&item);
    assert_eq!(yard.asked()[..2], ["OPTIONS", "POST"]);
}

#[test]
fn a_connection_that_is_cut_in_the_middle_goes_on_at_the_offset_that_arrived() {
    let yard = Yard::new();
    for cut in [5_000_000, 3_000_000] {
        yard.line.fault(Fault::Cut { method: "PATCH", after: cut });
    }
    let id = yard.capture(LARGE).id;
    yard.deliver();
    assert_ne!(yard.item(id).state, State::Delivered);
    let item = yard.deliver_in_time(id);
    yard.assert_stored_once(&item);
    let (carried, size) = (yard.line.carried("PATCH"), LARGE as u64);
    assert!((size..2 * size).contains(&carried), "{carried} bytes for {size}: {:?}", yard.asked());
    let offsets: Vec<u64> = yard.line.heads().iter().filter_map(|head| head.offset).collect();
    assert_eq!(offsets.len(), 3, "{offsets:?}");
    assert!(offsets[0] == 0 && offsets[1] > 1_000_000 && offsets[2] > offsets[1], "{offsets:?}");
    assert_eq!(yard.asked().iter().filter(|asked| *asked == "POST").count(), 1);
}

#[test]
fn a_lost_answer_to_the_last_byte_is_found_and_nothing_is_sent_again() {
    let yard = Yard::new();
    yard.line.fault(Fault::LoseAnswer("PATCH"));
    let id = yard.capture(300_000).id;
    let item = yard.deliver_in_time(id);
    assert_eq!(item.receipt.as_ref().map(|receipt| receipt.proof), Some(Proof::Found));
    yard.assert_stored_once(&item);
    assert_eq!(yard.line.carried("PATCH"), 300_000);
}

#[test]
fn a_lost_answer_to_the_creation_leaves_an_empty_upload_and_no_doubt() {
    let yard = Yard::new();
    yard.line.fault(Fault::LoseAnswer("POST"));
    let id = yard.capture(300_000).id;
    yard.deliver();
    assert_eq!(yard.item(id).state, State::Waiting);
    let item = yard.deliver_in_time(id);
    yard.assert_stored_once(&item);
    let unfinished: Vec<Stored> = yard.server.stored().into_iter().filter(|stored| !stored.is_whole()).collect();
    assert_eq!(unfinished.iter().map(|stored| stored.bytes).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_server_that_is_restarted_in_the_middle_gets_the_rest() {
    let mut yard = Yard::new();
    yard.line.fault(Fault::Cut { method: "PATCH", after: 5_000_000 });
    let id = yard.capture(LARGE).id;
    yard.deliver();
    yard.server.stop();
    yard.clock.pass(Duration::from_secs(60));
    yard.deliver();
    assert_ne!(yard.item(id).state, State::Delivered, "nobody is there");
    yard.restart_server();
    let item = yard.deliver_in_time(id);
    yard.assert_stored_once(&item);
    assert!(yard.line.carried("PATCH") < 2 * LARGE as u64);
}

#[test]
fn an_app_that_is_killed_and_a_database_that_is_lost_go_on_at_the_same_upload() {
    for database in [true, false] {
        let mut yard = Yard::new();
        yard.line.fault(Fault::Cut { method: "PATCH", after: 5_000_000 });
        let id = yard.capture(LARGE).id;
        yard.deliver();
        if database {
            yard.open()
        } else {
            yard.lose_the_database()
        }
        let item = yard.deliver_in_time(id);
        yard.assert_stored_once(&item);
        assert_eq!(yard.asked().iter().filter(|asked| *asked == "POST").count(), 1, "database kept: {database}");
        assert!(yard.line.carried("PATCH") < 2 * LARGE as u64);
    }
}

#[test]
fn an_upload_that_the_server_dropped_begins_anew() {
    let yard = Yard::new();
    yard.line.fault(Fault::Cut { method: "PATCH", after: 5_000_000 });
    let id = yard.capture(LARGE).id;
    yard.deliver();
    yard.server.drop_unfinished();
    let item = yard.deliver_in_time(id);
    yard.assert_stored_once(&item);
    assert_eq!(yard.asked().iter().filter(|asked| *asked == "POST").count(), 2);
}
