//! The door, on a disk that fails and a database that is full: what is refused is refused whole, and nothing that waits is
//! touched. What listeners hear of it is in `listeners`.

mod captions;
mod listeners;

mod inquiry;
mod keeping;

use std::io::ErrorKind;
use std::time::Duration;

use super::*;
use crate::capture::{Document, Text};
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::engine::air::Task;
use crate::model::{
    Answer, AnswerBody, Exchange, Failure, Item, ItemId, Left, Now, Proof, Receipt, RemoteId, State, Timestamp,
    WorkOrder,
};
use crate::store::{Entry, Filter, Line};
use crate::transport::Secret;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Now {
        Now { wall: Timestamp::from_millis(1_795_255_200_000), mono: Duration::from_secs(9_000), boot: "boot".into() }
    }
}

/// An outbox with an account, on a disk that does as it is told.
struct Bench {
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    outbox: Outbox,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(dir.path(), Fault::None);
        let outbox = Self::open(&dir, &disk).unwrap();
        outbox.put_account(Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field")).unwrap();
        Bench { dir, disk, outbox }
    }

    fn open(dir: &tempfile::TempDir, disk: &FaultyDisk) -> Result<Outbox, Error> {
        let options =
            Options { clock: Arc::new(Stopped), disk: Arc::new(disk.clone()), seed: None, ..Options::default() };
        Outbox::open(dir.path().join("outbox"), options)
    }

    fn capture(&self) -> Result<Item, Error> {
        self.outbox.capture(Text::new("a note"), &WorkOrder::new("acme", "10234"))
    }

    fn states(&self) -> Vec<State> {
        self.outbox.items(&Filter::default()).unwrap().iter().map(|item| item.state).collect()
    }

    fn assert_whole(&self) {
        assert_eq!(self.outbox.check().unwrap().1, []);
    }
}

/// The next task, which has to be a transfer.
fn transfer(delivery: &Delivery) -> crate::Transfer {
    loop {
        match delivery.next().unwrap() {
            Task::Send(transfer) => return transfer,
            Task::Token { account } => delivery.put_token(&account, Secret::new("token")).unwrap(),
            Task::Prepare(_) | Task::Sleep { .. } => panic!("there is something to send"),
        }
    }
}

fn accepted() -> Exchange {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = AnswerBody::Kept(br#"{"AttachmentId":"a-1","MessageId":"m"}"#.to_vec());
    Exchange { left: Left::Whole, result: Ok(Answer { status: 200, headers, body }) }
}

#[test]
fn a_disk_that_is_full_at_any_write_refuses_the_capture_whole() {
    let mut bench = Bench::new();
    let mut kept = 0;
    for n in 1.. {
        bench.disk.set(Fault::Nth(n, ErrorKind::StorageFull));
        let captured = bench.capture();
        let met = bench.disk.steps() >= n;
        bench.disk.set(Fault::None);
        match captured {
            Ok(_) => kept += 1,
            Err(Error::DiskFull { .. }) => {}
            Err(other) => panic!("step {n}: {other:?}"),
        }
        assert_eq!(bench.states().len(), kept, "step {n}");
        bench.assert_whole();
        if !met {
            break;
        }
    }
    bench.outbox = Bench::open(&bench.dir, &bench.disk).unwrap();
    assert_eq!(bench.states().len(), kept, "nothing of a refused capture comes back");
    bench.assert_whole();
}

#[test]
fn a_full_database_refuses_the_capture_whole_and_takes_the_next() {
    let bench = Bench::new();
    bench.capture().unwrap();
    bench.outbox.core().unwrap().store.limit(Some(0)).unwrap();
    let mut refused = 0;
    for _ in 0..200 {
        match bench.capture() {
            Ok(_) => {}
            Err(Error::DiskFull { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 0);
    assert_eq!(bench.states().len(), 201 - refused);
    bench.assert_whole();
    bench.outbox.core().unwrap().store.limit(None).unwrap();
    bench.capture().unwrap();
    bench.assert_whole();
}

#[test]
fn a_folder_that_cannot_be_written_is_a_typed_error() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(dir.path(), Fault::From(1, ErrorKind::PermissionDenied));
    assert!(matches!(Bench::open(&dir, &disk), Err(Error::Disk { .. })));
    let bench = Bench::new();
    bench.disk.set(Fault::From(1, ErrorKind::ReadOnlyFilesystem));
    assert!(matches!(bench.capture(), Err(Error::Disk { .. })));
    bench.disk.set(Fault::None);
    assert_eq!(bench.states(), []);
}

#[test]
fn an_attempt_that_cannot_be_journaled_is_not_made() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    assert!(matches!(delivery.next().unwrap(), Task::Token { .. }));
    delivery.put_token("acme", Secret::new("token")).unwrap();
    bench.disk.set(Fault::From(1, ErrorKind::StorageFull));
    assert!(matches!(delivery.next(), Err(Error::DiskFull { .. })));
    bench.disk.set(Fault::None);
    bench.outbox.core().unwrap().store.limit(Some(0)).unwrap();
    let outcome = delivery.next();
    bench.outbox.core().unwrap().store.limit(None).unwrap();
    if outcome.is_err() {
        assert_eq!(bench.outbox.item(id).unwrap().attempts, 0);
        assert_eq!(transfer(&delivery).item, Some(id));
    }
    assert_eq!(bench.outbox.item(id).unwrap().attempts, 1);
}

#[test]
fn a_receipt_that_cannot_be_written_is_looked_up_and_nothing_is_sent_again() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    bench.disk.set(Fault::From(1, ErrorKind::StorageFull));
    assert!(matches!(delivery.report(sent.id, &accepted()), Err(Error::DiskFull { .. })));
    bench.disk.set(Fault::None);
    assert_eq!(bench.outbox.item(id).unwrap().state, State::Sending);
    drop(delivery);
    let delivery = bench.outbox.begin_delivery().unwrap();
    assert_eq!(bench.outbox.item(id).unwrap().state, State::Verifying);
    let look = transfer(&delivery);
    assert_eq!((look.item, look.request.method), (None, crate::Method::Get));
}

#[test]
fn a_receipt_in_the_journal_settles_the_item_before_any_look() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    // The journal has the line; the process is killed before the database commits the same.
    let receipt = Receipt {
        remote_id: Some(RemoteId("a-1".into())),
        delivered_at: Stopped.now().wall,
        proof: Proof::Answer,
        surplus: vec![],
    };
    let line = Line { at: Stopped.now().wall, entry: Entry::Receipt { receipt } };
    bench.outbox.core().unwrap().folders.append(sent.item.unwrap(), &line).unwrap();
    drop(delivery);
    let delivery = bench.outbox.begin_delivery().unwrap();
    while let Task::Token { account } = delivery.next().unwrap() {
        delivery.put_token(&account, Secret::new("token")).unwrap();
    }
    let item = bench.outbox.item(id).unwrap();
    assert_eq!((item.state, item.receipt.unwrap().proof), (State::Delivered, Proof::Answer));
}

#[test]
fn a_transfer_that_was_stopped_before_it_left_costs_no_attempt() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    delivery.report(sent.id, &Exchange { left: Left::Part, result: Err(Failure::Stopped) }).unwrap();
    let item = bench.outbox.item(id).unwrap();
    assert_eq!((item.state, item.attempts), (State::Queued, 0));
}

#[test]
fn two_openers_see_one_outbox() {
    let bench = Bench::new();
    let other = Bench::open(&bench.dir, &bench.disk).unwrap();
    let id = bench.capture().unwrap().id;
    assert_eq!(other.item(id).unwrap().state, State::Queued);
    other.cancel(id).unwrap();
    assert_eq!(bench.outbox.item(id).unwrap().state, State::Cancelled);
    let held = bench.outbox.begin_delivery().unwrap();
    assert!(matches!(other.begin_delivery(), Err(Error::AlreadyDelivering)));
    drop(held);
    other.begin_delivery().unwrap();
}

#[test]
fn an_outbox_of_a_newer_version_is_left_alone() {
    let bench = Bench::new();
    let Bench { dir, disk, outbox } = bench;
    drop(outbox);
    let path = dir.path().join("outbox/outbox.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Bench::open(&dir, &disk), Err(Error::TooNew { found: 99, .. })));
}

#[test]
fn nothing_secret_is_ever_written_down() {
    let bench = Bench::new();
    let path = bench.dir.path().join("report.pdf");
    std::fs::write(&path, b"%PDF").unwrap();
    bench.outbox.capture(Document::new(path), &WorkOrder::new("acme", "10234")).unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    assert!(matches!(delivery.next().unwrap(), Task::Token { .. }));
    delivery.put_token("acme", Secret::new("s3cr3t-t0ken")).unwrap();
    let sent = transfer(&delivery);
    assert!(!format!("{sent:?}").contains("s3cr3t-t0ken"));
    delivery.report(sent.id, &accepted()).unwrap();
    let mut folders = vec![bench.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(12).any(|part| part == b"s3cr3t-t0ken"), "{}", path.display());
            }
        }
    }
}

#[test]
fn what_another_process_decides_meanwhile_is_not_overwritten() {
    let bench = Bench::new();
    let other = Bench::open(&bench.dir, &bench.disk).unwrap();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    other.cancel(id).unwrap();
    let refused = Exchange { left: Left::None, result: Err(Failure::Refused) };
    delivery.report(sent.id, &refused).unwrap();
    assert_eq!(other.item(id).unwrap().state, State::Cancelled);
}

#[test]
fn a_decision_waits_until_another_processs_transaction_is_over() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let blocker = rusqlite::Connection::open(bench.dir.path().join("outbox/outbox.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE; UPDATE items SET priority = 7").unwrap();
    std::thread::scope(|scope| {
        let cancelled = scope.spawn(|| bench.outbox.cancel(id));
        blocker.execute_batch("COMMIT").unwrap();
        cancelled.join().unwrap().unwrap();
    });
    let priority: i32 = blocker.query_row("SELECT priority FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!((priority, bench.outbox.item(id).unwrap().state), (7, State::Cancelled));
}

/// How long the next task sleeps, which has to be sleep.
fn sleeps(delivery: &Delivery) -> Option<Duration> {
    match delivery.next().unwrap() {
        Task::Sleep { left } => left,
        Task::Send(transfer) => panic!("{transfer:?}"),
        Task::Prepare(_) | Task::Token { .. } => panic!("there is nothing to ask or prepare"),
    }
}

#[test]
fn nothing_is_asked_for_again_before_something_changes() {
    let bench = Bench::new();
    bench.capture().unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    assert!(matches!(delivery.next().unwrap(), Task::Token { .. }));
    assert_eq!(sleeps(&delivery), None, "the token is being asked for");
    let sent = transfer_after_token(&delivery);
    assert_eq!(sleeps(&delivery), None, "it is on its way");
    drop(delivery);
    let delivery = bench.outbox.begin_delivery().unwrap();
    let look = transfer(&delivery);
    assert_eq!((sent.item.is_some(), look.item), (true, None));
    assert_eq!(sleeps(&delivery), None, "its work order is being looked at");
    let answer =
        Answer { status: 429, headers: vec![("retry-after".into(), "30".into())], body: AnswerBody::Kept(vec![]) };
    delivery.report(look.id, &Exchange { left: Left::Whole, result: Ok(answer) }).unwrap();
    assert_eq!(sleeps(&delivery), Some(Duration::from_secs(30)), "the system asked to wait");
}

fn transfer_after_token(delivery: &Delivery) -> crate::Transfer {
    delivery.put_token("acme", Secret::new("token")).unwrap();
    transfer(delivery)
}

fn listed(body: &str) -> Exchange {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = AnswerBody::Kept(body.as_bytes().to_vec());
    Exchange { left: Left::Whole, result: Ok(Answer { status: 200, headers, body }) }
}

#[test]
fn a_listing_that_cannot_be_put_to_the_test_is_not_asked_for_again_at_once() {
    for told in [r#"{"Attachments":[],"HasMore":true}"#, r#"{"Message":"soon"}"#] {
        let bench = Bench::new();
        let account =
            Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field").set("settle", "0");
        bench.outbox.put_account(account).unwrap();
        bench.capture().unwrap();
        let delivery = bench.outbox.begin_delivery().unwrap();
        let sent = transfer(&delivery);
        delivery.report(sent.id, &accepted()).unwrap();
        let check = transfer(&delivery);
        assert_eq!((check.item, check.request.method), (None, crate::Method::Get));
        delivery.report(check.id, &listed(told)).unwrap();
        assert_eq!(sleeps(&delivery), None, "nothing hangs on it: the next delivery asks again, {told}");
    }
}

#[test]
fn what_is_forgotten_while_it_is_prepared_does_not_end_the_delivery() {
    let bench = Bench::new();
    let path = bench.dir.path().join("photo.jpg");
    std::fs::write(&path, b"no photo").unwrap();
    let id = bench.outbox.capture(crate::capture::Photo::new(path), &WorkOrder::new("acme", "10234")).unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let Task::Prepare(job) = delivery.next().unwrap() else { panic!("there is a photo to prepare") };
    bench.outbox.forget(id).unwrap();
    delivery.prepared(job.run()).unwrap();
    assert!(matches!(bench.outbox.item(id), Err(Error::UnknownItem { .. })));
    assert_eq!(sleeps(&delivery), None);
}

#[test]
fn what_is_on_its_way_is_not_forgotten_by_another_process() {
    let bench = Bench::new();
    let other = Bench::open(&bench.dir, &bench.disk).unwrap();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    assert!(matches!(other.forget(id), Err(Error::NotNow { .. })));
    delivery.report(sent.id, &accepted()).unwrap();
    other.forget(id).unwrap();
    assert_eq!(bench.states(), []);
    bench.assert_whole();
}

#[test]
fn a_token_is_handed_to_the_delivery_that_runs() {
    let bench = Bench::new();
    bench.capture().unwrap();
    let sign_in = || bench.outbox.put_token("acme", Secret::new("token"));
    assert!(!sign_in().unwrap());
    let delivery = bench.outbox.begin_delivery().unwrap();
    delivery.no_token("acme").unwrap();
    assert_eq!(sleeps(&delivery), None);
    assert!(sign_in().unwrap());
    assert_eq!(transfer(&delivery).token, Some(Secret::new("token")));
    drop(delivery);
    assert!(!sign_in().unwrap());
    let unknown = bench.outbox.put_token("elsewhere", Secret::new("token"));
    assert!(matches!(unknown, Err(Error::UnknownAccount { .. })));
    let broken = bench.outbox.put_token("acme", Secret::new("two words"));
    assert!(matches!(broken, Err(Error::Invalid { .. })));
}

#[test]
fn an_item_whose_journal_is_gone_is_blocked_and_holds_up_no_other() {
    let bench = Bench::new();
    let (damaged, whole) = (bench.capture().unwrap().id, bench.capture().unwrap().id);
    let journal = |id: ItemId| bench.dir.path().join(format!("outbox/items/{id}/journal.jsonl"));
    std::fs::remove_file(journal(damaged)).unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    assert_eq!(sent.item, Some(whole));
    std::fs::remove_file(journal(whole)).unwrap();
    delivery.report(sent.id, &accepted()).unwrap();
    assert_eq!(bench.states(), [State::Blocked, State::Delivered]);
    let why = bench.outbox.item(damaged).unwrap().why.unwrap();
    assert_eq!((why.reason, why.detail.as_deref()), (crate::Reason::FileDamaged, Some("the item's journal is gone")));
}

#[test]
fn what_an_opening_takes_over_is_synced_before_it_has_a_row() {
    let bench = Bench::new();
    let mut taken_over = 0;
    for n in 1.. {
        bench.disk.set(Fault::Die(n));
        let captured = bench.capture();
        let died = bench.disk.steps() >= n;
        let items = bench.states().len();
        bench.disk.set(Fault::None);
        let again = Bench::open(&bench.dir, &bench.disk).unwrap();
        if again.items(&Filter::default()).unwrap().len() > items {
            taken_over += 1;
            let log = bench.disk.log();
            for synced in ["journal.jsonl", "manifest.json", "original", "items"] {
                assert!(log.iter().any(|step| step.starts_with("sync") && step.ends_with(synced)), "{synced}: {log:?}");
            }
        }
        if captured.is_ok() && !died {
            break;
        }
    }
    assert!(taken_over > 0);
}

#[test]
fn what_a_dead_delivery_left_on_its_way_says_so_once_the_outbox_is_opened() {
    let bench = Bench::new();
    bench.capture().unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    transfer(&delivery);
    assert_eq!(bench.states(), [State::Sending]);
    let beside = || Bench::open(&bench.dir, &bench.disk).unwrap().items(&Filter::default()).unwrap().remove(0);
    assert_eq!(beside().state, State::Sending, "it is on its way");
    drop(delivery);
    let item = beside();
    assert_eq!((item.state, item.why.map(|why| why.reason)), (State::Verifying, Some(crate::Reason::Looking)));
}

#[test]
fn a_pause_is_durable_lets_go_of_every_lock_and_every_call_still_works() {
    let bench = Bench::new();
    let held = bench.disk.open_handles();
    assert!(held > 0);
    let id = bench.capture().unwrap().id;
    bench.outbox.pause().unwrap();
    assert_eq!(bench.disk.open_handles(), 0);
    assert!(!bench.dir.path().join("outbox/outbox.db-wal").exists(), "the WAL is in the database, which is closed");
    bench.capture().unwrap();
    bench.outbox.pause().unwrap();
    assert_eq!(bench.disk.open_handles(), 0);

    let why = |outbox: &Outbox| outbox.item(id).unwrap().why.unwrap().reason;
    let other = Bench::open(&bench.dir, &bench.disk).unwrap();
    assert!(other.is_paused().unwrap(), "another process sees it, and the app after a restart");
    assert_eq!((why(&bench.outbox), why(&other)), (crate::Reason::Paused, crate::Reason::Paused));
    assert_eq!(sleeps(&other.begin_delivery().unwrap()), None);
    drop(other);

    bench.outbox.resume().unwrap();
    assert_eq!((bench.disk.open_handles(), why(&bench.outbox)), (held, crate::Reason::NotStarted));
    transfer(&bench.outbox.begin_delivery().unwrap());
}
