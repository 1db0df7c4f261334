//! The engine through its door, answered by hand: no network, no waiting, a clock that moves when it is told.

mod alone;
mod any_calls;
mod captions;
mod conversions;
mod decisiv;
mod folders;
mod making;
mod operations;
mod persons;
mod preparing;
mod renaming;
mod repairs;
mod restored;
mod resuming;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::engine::air::Task;
use crate::model::{
    Account, Answer, AnswerBody, Body, Content, Exchange, Failure, Item, ItemId, Left, Method, Now, Reason, State,
    Timestamp, WorkOrder,
};
use crate::outbox::{Delivery, Options, Outbox};
use crate::store::Filter;
use crate::transport::{Secret, Token, Transfer};
use crate::{Document, Error};

/// A clock that stands still but for [`Desk::wait`], and how often an outbox was opened with it.
struct HandClock(Mutex<Duration>, AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Now {
        let mono = *self.0.lock().unwrap();
        let wall = Timestamp::from_millis(1_795_255_200_000).after(mono);
        Now { wall, mono: mono + Duration::from_secs(9_000), boot: "boot".into() }
    }
}

/// An outbox with a CorrigoPro account `acme`, and a document to capture.
struct Desk {
    dir: tempfile::TempDir,
    clock: Arc<HandClock>,
    outbox: Outbox,
}

impl Desk {
    fn new() -> Self {
        // In memory where there is such a folder: what is tested here are rules, not what a disk keeps.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        std::fs::write(dir.path().join("report.pdf"), b"%PDF-1.7 report").unwrap();
        let clock = Arc::new(HandClock(Mutex::default(), AtomicU64::default()));
        let outbox = Self::open(&dir, &clock).unwrap();
        let account = Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field");
        outbox.put_account(account).unwrap();
        Desk { dir, clock, outbox }
    }

    fn open(dir: &tempfile::TempDir, clock: &Arc<HandClock>) -> Result<Outbox, Error> {
        Outbox::open(dir.path().join("outbox"), Self::options(dir, clock))
    }

    fn options(dir: &tempfile::TempDir, clock: &Arc<HandClock>) -> Options {
        let install = Some(dir.path().join("install"));
        let seed = Some(clock.1.fetch_add(1, Ordering::SeqCst)); // another at each opening, or ids would come twice
        Options { clock: clock.clone(), seed, install, ..Options::default() }
    }

    fn again(&mut self) {
        self.outbox = Self::open(&self.dir, &self.clock).unwrap();
    }

    /// The database is lost; the folders are not.
    fn lose_the_database(self) -> Self {
        let Desk { dir, clock, outbox } = self;
        drop(outbox);
        for name in ["outbox.db", "outbox.db-wal", "outbox.db-shm"] {
            _ = std::fs::remove_file(dir.path().join("outbox").join(name));
        }
        let outbox = Self::open(&dir, &clock).unwrap();
        Desk { dir, clock, outbox }
    }

    fn document(&self) -> Document {
        Document::new(self.dir.path().join("report.pdf"))
    }

    fn capture(&self) -> ItemId {
        self.outbox.capture(self.document(), &WorkOrder::new("acme", "10234")).unwrap().id
    }

    fn item(&self, id: ItemId) -> Item {
        self.outbox.item(id).unwrap()
    }

    fn state(&self, id: ItemId) -> (State, Option<Reason>) {
        let item = self.item(id);
        (item.state, item.why.map(|why| why.reason))
    }

    fn all(&self) -> Vec<Item> {
        self.outbox.items(&Filter::default()).unwrap()
    }

    fn wait(&self, length: Duration) {
        *self.clock.0.lock().unwrap() += length;
    }

    fn deliver(&self) -> Driver<'_> {
        Driver { desk: self, delivery: self.outbox.begin_delivery().unwrap(), token: Token::new(Secret::new("token")) }
    }
}

/// A delivery whose exchanges the test makes up.
struct Driver<'a> {
    desk: &'a Desk,
    delivery: Delivery,
    token: Token,
}

impl Driver<'_> {
    fn of(mut self, person: &str) -> Self {
        self.token = self.token.of(person);
        self
    }

    /// The next transfer, if there is one now.
    fn next(&self) -> Option<Transfer> {
        loop {
            match self.delivery.next().unwrap() {
                Task::Send(transfer) => return Some(transfer),
                Task::Token { account } => self.delivery.put_token(&account, self.token.clone()).unwrap(),
                Task::Prepare(job) => self.delivery.prepared(job.run()).unwrap(),
                Task::Sleep { .. } => return None,
            }
        }
    }

    /// Waits as long as the delivery wants, until there is a transfer.
    fn wait_for(&self) -> Transfer {
        for _ in 0..100 {
            match self.delivery.next().unwrap() {
                Task::Send(transfer) => return transfer,
                Task::Token { account } => self.delivery.put_token(&account, self.token.clone()).unwrap(),
                Task::Prepare(job) => self.delivery.prepared(job.run()).unwrap(),
                Task::Sleep { left } => self.desk.wait(left.expect("something is to come by itself")),
            }
        }
        panic!("nothing came");
    }

    fn answer(&self, transfer: &Transfer, status: u16, body: &str) {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = Answer { status, headers, body: AnswerBody::Kept(body.as_bytes().to_vec()) };
        self.report(transfer, Left::Whole, Ok(answer));
    }

    /// The system took the upload, under this id.
    fn take(&self, transfer: &Transfer, id: &str) {
        self.answer(transfer, 200, &format!(r#"{{"AttachmentId":"{id}","MessageId":"m"}}"#));
    }

    /// The answer is lost after the whole body had left.
    fn lose(&self, transfer: &Transfer) {
        self.report(transfer, Left::Whole, Err(Failure::Broken));
    }

    fn report(&self, transfer: &Transfer, left: Left, result: Result<Answer, Failure>) {
        self.delivery.report(transfer.id, &Exchange { left, result }).unwrap();
    }

    /// Delivers all that goes, each under an id of its own.
    fn take_all(&self) {
        let mut n = 0;
        while let Some(transfer) = self.next() {
            n += 1;
            if transfer.request.method == Method::Get {
                self.answer(&transfer, 500, "");
            } else {
                self.take(&transfer, &format!("r-{n}"));
            }
        }
    }
}

/// The value of a text part.
fn part(transfer: &Transfer, name: &str) -> Option<String> {
    let Body::Multipart(parts) = &transfer.request.body else { return None };
    parts.iter().find(|part| part.name == name).and_then(|part| match &part.content {
        Content::Text(text) | Content::Document { text, .. } => Some(text.clone()),
        Content::File { .. } | Content::Base64File { .. } => None,
    })
}

/// A list of CorrigoPro's.
fn listing(entries: &[(&str, &str)]) -> String {
    let entry = |(id, name): &(&str, &str)| format!(r#"{{"AttachmentId":"{id}","Name":"{name}","Size":15}}"#);
    format!("[{}]", entries.iter().map(entry).collect::<Vec<_>>().join(","))
}
