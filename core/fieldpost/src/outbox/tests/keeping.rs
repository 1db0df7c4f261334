//! What is cleared, when, and what never is; captures that have no room.

use std::path::PathBuf;

use super::*;
use crate::capture::Capture;
use crate::disk::faulty::GROWING;
use crate::engine::answers::Which;
use crate::engine::check::FindingKind;
use crate::engine::intake::Begun;
use crate::engine::keeping::Keep;
use crate::model::Files;

/// A clock that is moved by hand.
struct Hand(Mutex<Now>);

impl Hand {
    fn pass_days(&self, days: u64) {
        let mut now = self.0.lock().unwrap();
        let by = Duration::from_secs(days * 24 * 60 * 60);
        now.mono += by;
        now.wall = now.wall.after(by);
    }
}

impl Clock for Hand {
    fn now(&self) -> Now {
        self.0.lock().unwrap().clone()
    }
}

/// An outbox that keeps what it is told to keep.
struct Shelf {
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    clock: Arc<Hand>,
    keep: Keep,
    quota: Option<Bytes>,
    outbox: Outbox,
}

impl Shelf {
    fn new(keep: Keep, quota: Option<u64>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(dir.path(), Fault::None);
        let (clock, quota) = (Arc::new(Hand(Mutex::new(Stopped.now()))), quota.map(Bytes));
        let outbox = Self::opened(&dir, &disk, &clock, keep, quota);
        let acme = Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field");
        outbox.put_account(acme).unwrap();
        Shelf { dir, disk, clock, keep, quota, outbox }
    }

    fn opened(
        dir: &tempfile::TempDir,
        disk: &FaultyDisk,
        clock: &Arc<Hand>,
        keep: Keep,
        quota: Option<Bytes>,
    ) -> Outbox {
        let (clock, disk) = (clock.clone(), Arc::new(disk.clone()));
        Outbox::open(dir.path().join("outbox"), Options { clock, disk, keep, quota, ..Options::default() }).unwrap()
    }

    /// Another opening, beside.
    fn beside(&self) -> Outbox {
        Self::opened(&self.dir, &self.disk, &self.clock, self.keep, self.quota)
    }

    /// Captures so many bytes.
    fn try_capture(&self, bytes: usize) -> Result<ItemId, Error> {
        let text = Text::new("x".repeat(bytes));
        self.outbox.capture(text, &WorkOrder::new("acme", "10234")).map(|item| item.id)
    }

    fn capture(&self, bytes: usize) -> ItemId {
        self.try_capture(bytes).unwrap()
    }

    /// Captures so many bytes, which are delivered.
    fn delivered(&self, bytes: usize) -> ItemId {
        let id = self.capture(bytes);
        let delivery = self.outbox.begin_delivery().unwrap();
        let sent = transfer(&delivery);
        assert_eq!(sent.item, Some(id));
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let body = AnswerBody::Kept(format!(r#"{{"AttachmentId":"{id}","MessageId":"m"}}"#).into_bytes());
        let answer = Answer { status: 200, headers, body };
        delivery.report(sent.id, &Exchange { left: Left::Whole, result: Ok(answer) }).unwrap();
        assert_eq!(self.outbox.item(id).unwrap().state, State::Delivered);
        id
    }

    fn path(&self, id: ItemId, name: &str) -> PathBuf {
        self.dir.path().join(format!("outbox/items/{id}/{name}"))
    }

    fn has(&self, id: ItemId) -> bool {
        self.path(id, "original").exists()
    }

    /// The delivery finds nothing to do.
    fn idle(&self) {
        let delivery = self.outbox.begin_delivery().unwrap();
        let offline = Conditions { network: crate::model::Network::None, ..Conditions::default() };
        self.outbox.set_conditions(offline).unwrap();
        assert!(matches!(delivery.next().unwrap(), Task::Sleep { .. }));
        self.outbox.set_conditions(Conditions::default()).unwrap();
    }

    fn findings(&self) -> Vec<FindingKind> {
        self.outbox.check().unwrap().1.into_iter().map(|found| found.finding).collect()
    }

    fn attempts(&self, id: ItemId) -> i64 {
        let path = self.dir.path().join("outbox/outbox.db");
        let queue = rusqlite::Connection::open(path).unwrap();
        queue.query_row("SELECT count(*) FROM attempts WHERE item = ?1", [id.as_bytes()], |row| row.get(0)).unwrap()
    }
}

#[test]
fn files_of_what_is_delivered_go_when_their_time_has_come_and_the_receipt_stays() {
    let shelf = Shelf::new(Keep::Days(30), None);
    let (delivered, waiting) = (shelf.delivered(10), shelf.capture(10));
    let cancelled = shelf.capture(10);
    shelf.outbox.cancel(cancelled).unwrap();
    shelf.clock.pass_days(29);
    shelf.idle();
    assert!(shelf.has(delivered));
    shelf.clock.pass_days(1);
    shelf.idle();
    assert_eq!((shelf.has(delivered), shelf.has(waiting), shelf.has(cancelled)), (false, true, true));
    assert!(shelf.path(delivered, "manifest.json").exists() && shelf.path(delivered, "journal.jsonl").exists());
    assert_eq!(shelf.outbox.item(delivered).unwrap().receipt.unwrap().proof, Proof::Answer);
    assert_eq!(shelf.findings(), []);
    let log = shelf.disk.log();
    let step = |what: &str| log.iter().rposition(|step| *step == what).unwrap();
    assert!(
        step(&format!("sync_dir outbox/items/{delivered}"))
            > step(&format!("remove outbox/items/{delivered}/original"))
    );
}

#[test]
fn files_go_at_once_or_never_where_that_is_asked() {
    let at_once = Shelf::new(Keep::UntilDelivered, None);
    let id = at_once.delivered(10);
    assert!(!at_once.has(id));
    assert_eq!(at_once.findings(), []);
    let for_ever = Shelf::new(Keep::Forever, None);
    let id = for_ever.delivered(10);
    for_ever.clock.pass_days(100_000);
    for_ever.idle();
    for_ever.beside();
    assert!(for_ever.has(id));
}

#[test]
fn what_an_opening_finds_due_goes_some_at_a_time() {
    let mut shelf = Shelf::new(Keep::Days(1), None);
    let ids: Vec<ItemId> = (0..20).map(|_| shelf.delivered(1)).collect();
    shelf.clock.pass_days(2);
    let left = |shelf: &Shelf| ids.iter().filter(|id| shelf.has(**id)).count();
    shelf.outbox = shelf.beside();
    assert_eq!(left(&shelf), 4);
    shelf.outbox = shelf.beside();
    assert_eq!(left(&shelf), 0);
}

#[test]
fn a_kill_at_any_step_of_clearing_is_no_damage_and_the_next_opening_goes_on() {
    let mut steps = 0;
    for n in 1.. {
        let shelf = Shelf::new(Keep::Days(1), None);
        let (first, second, waiting) = (shelf.delivered(10), shelf.delivered(20), shelf.capture(30));
        shelf.clock.pass_days(2);
        shelf.disk.set(Fault::Die(n));
        shelf.outbox.clear_due();
        let died = shelf.disk.steps() >= n;
        shelf.disk.set(Fault::None);
        assert_eq!(shelf.findings(), [], "step {n}");
        let next = shelf.beside();
        assert_eq!((shelf.has(first), shelf.has(second), shelf.has(waiting)), (false, false, true), "step {n}");
        assert_eq!(next.core().unwrap().store.read().kept(i64::MAX, 9).unwrap(), [], "step {n}");
        assert_eq!(shelf.findings(), [], "step {n}");
        steps = n;
        if !died {
            break;
        }
    }
    assert!(steps > 4, "each of two items takes a removal and a sync");
}

#[test]
fn a_row_that_was_not_told_that_its_files_are_gone_is_told_by_the_next_pass() {
    let shelf = Shelf::new(Keep::UntilDelivered, None);
    let id = shelf.delivered(10);
    let files = |shelf: &Shelf| shelf.outbox.core().unwrap().store.read().item(id).unwrap().unwrap().life.files;
    assert_eq!(files(&shelf), Files::Gone);
    {
        let mut core = shelf.outbox.core().unwrap();
        let mut row = core.store.read().item(id).unwrap().unwrap();
        row.life.files = Files::Going;
        core.store.write(|sql| sql.save_item(&row)).unwrap();
    }
    shelf.idle();
    assert_eq!(files(&shelf), Files::Gone);
}

#[test]
fn a_receipt_that_its_journal_lacks_is_written_before_the_files_go() {
    let shelf = Shelf::new(Keep::Days(1), None);
    let id = shelf.delivered(10);
    let journal = shelf.path(id, "journal.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    let without: Vec<&str> = lines.lines().filter(|line| !line.contains("receipt")).collect();
    std::fs::write(&journal, without.join("\n") + "\n").unwrap();
    assert_eq!(shelf.findings(), [FindingKind::ReceiptMissing]);
    shelf.clock.pass_days(2);
    shelf.idle();
    assert!(!shelf.has(id) && std::fs::read_to_string(&journal).unwrap().contains("receipt"));
    assert_eq!(shelf.findings(), []);
}

#[test]
fn what_has_no_journal_keeps_its_files_and_holds_up_no_other() {
    let shelf = Shelf::new(Keep::Days(1), None);
    let damaged: Vec<ItemId> = (0..17).map(|_| shelf.delivered(1)).collect();
    let whole = shelf.delivered(10);
    damaged.iter().for_each(|id| std::fs::remove_file(shelf.path(*id, "journal.jsonl")).unwrap());
    shelf.clock.pass_days(2);
    shelf.idle();
    shelf.idle();
    assert!(damaged.iter().all(|id| shelf.has(*id)) && !shelf.has(whole));
}

#[test]
fn of_a_cleared_item_only_the_latest_attempt_stays() {
    let shelf = Shelf::new(Keep::Days(1), None);
    let id = shelf.capture(10);
    let delivery = shelf.outbox.begin_delivery().unwrap();
    let refused = transfer(&delivery);
    delivery.report(refused.id, &Exchange { left: Left::None, result: Err(Failure::Refused) }).unwrap();
    shelf.outbox.retry(&Which::All).unwrap();
    let sent = transfer(&delivery);
    delivery.report(sent.id, &accepted()).unwrap();
    assert_eq!(shelf.attempts(id), 2);
    shelf.clock.pass_days(2);
    drop(delivery);
    shelf.idle();
    assert_eq!((shelf.has(id), shelf.attempts(id)), (false, 1));
}

#[test]
fn a_rebuild_knows_that_cleared_files_are_no_damage() {
    let mut shelf = Shelf::new(Keep::UntilDelivered, None);
    let id = shelf.delivered(10);
    let elsewhere = tempfile::tempdir().unwrap();
    shelf.outbox = Outbox::open(elsewhere.path(), Options::default()).unwrap();
    for name in ["outbox.db", "outbox.db-wal", "outbox.db-shm"] {
        _ = std::fs::remove_file(shelf.dir.path().join("outbox").join(name));
    }
    shelf.outbox = shelf.beside();
    assert_eq!(shelf.outbox.item(id).unwrap().state, State::Delivered);
    assert_eq!(shelf.findings(), []);
}

#[test]
fn a_capture_beyond_the_quota_is_refused_before_a_byte_is_copied() {
    let shelf = Shelf::new(Keep::default(), Some(100));
    let waiting = shelf.capture(60);
    shelf.disk.set(Fault::None);
    match shelf.try_capture(50) {
        Err(error @ Error::QuotaFull { .. }) => {
            assert_eq!(error.code(), "quota_full");
            assert_eq!(error.to_string(), "the outbox's quota is full: 50 B are needed, 60 B of 100 B are taken");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(shelf.disk.steps(), 0, "{:?}", shelf.disk.log());
    assert!(shelf.has(waiting));
    shelf.capture(40);
    assert_eq!(shelf.findings(), []);
}

#[test]
fn what_is_delivered_makes_room_the_longest_delivered_first_and_only_where_it_helps() {
    let shelf = Shelf::new(Keep::Forever, Some(100));
    let (first, second) = (shelf.delivered(30), shelf.delivered(20));
    let waiting = shelf.capture(40);
    assert!(matches!(shelf.try_capture(61), Err(Error::QuotaFull { .. })));
    assert!(shelf.has(first) && shelf.has(second), "clearing both would not have been enough");
    let third = shelf.capture(40);
    assert_eq!((shelf.has(first), shelf.has(second), shelf.has(waiting)), (false, true, true));
    shelf.capture(20);
    assert!(!shelf.has(second) && shelf.has(third));
    assert!(matches!(shelf.try_capture(1), Err(Error::QuotaFull { .. })), "what waits never goes");
    assert!(shelf.has(waiting));
    assert_eq!(shelf.findings(), []);
}

#[test]
fn a_nearly_full_disk_refuses_a_capture_and_says_how_much_it_takes() {
    let shelf = Shelf::new(Keep::Forever, None);
    let delivered = shelf.delivered(3_000);
    shelf.disk.set_free(4_001_000);
    match shelf.try_capture(10_000) {
        Err(Error::DiskFull { what, needed }) => {
            assert_eq!(needed, Some(Bytes(10_000)));
            assert_eq!(what, "10 kB are needed, and 4.0 MB beside them; 4.0 MB are free");
        }
        other => panic!("{other:?}"),
    }
    assert!(shelf.has(delivered));
    shelf.capture(3_500);
    assert!(!shelf.has(delivered), "it made room");
    assert_eq!(shelf.findings(), []);
}

#[test]
fn a_disk_that_does_not_look_full_is_tried_again_once_what_is_delivered_is_cleared() {
    let shelf = Shelf::new(Keep::Forever, None);
    let delivered = shelf.delivered(10);
    shelf.disk.set(Fault::Nth(5, ErrorKind::StorageFull));
    let captured = shelf.capture(10);
    assert!(!shelf.has(delivered) && shelf.has(captured));
    shelf.disk.set(Fault::Nth(5, ErrorKind::StorageFull));
    match shelf.try_capture(10) {
        Err(Error::DiskFull { needed, .. }) => assert_eq!(needed, Some(Bytes(10))),
        other => panic!("{other:?}"),
    }
    shelf.disk.set(Fault::None);
    assert_eq!(shelf.findings(), []);
}

#[test]
fn a_file_that_grows_while_it_is_copied_does_not_break_the_quota() {
    let shelf = Shelf::new(Keep::Forever, Some(100));
    let delivered = shelf.delivered(50);
    let path = shelf.dir.path().join(GROWING);
    let capture = |bytes: usize| {
        std::fs::write(&path, vec![b'x'; bytes]).unwrap();
        shelf.outbox.capture(Document::new(&path), &WorkOrder::new("acme", "10234"))
    };
    let grown = capture(60).unwrap().id;
    assert!(shelf.has(grown) && !shelf.has(delivered), "what is delivered makes room for it too");
    let refused = capture(41);
    assert!(matches!(refused, Err(Error::QuotaFull { needed: Bytes(41), .. })), "{refused:?}");
    assert_eq!(shelf.outbox.items(&Filter::default()).unwrap().len(), 2);
    assert_eq!(shelf.findings(), []);
}

#[test]
fn of_two_captures_at_once_the_later_to_end_meets_the_quota() {
    let shelf = Shelf::new(Keep::Forever, Some(100));
    let (job, capture) = (WorkOrder::new("acme", "10234"), Capture::from(Text::new("x".repeat(60))));
    let begun = shelf.outbox.core().unwrap().begin_capture(&capture, &job).unwrap();
    let Begun::New(id, now) = begun else { panic!("it is new") };
    let copied = shelf.outbox.copy((id, None), &capture, &job, now.wall, Bytes(60)).unwrap();
    shelf.capture(60);
    let ended = shelf.outbox.core().unwrap().finish_capture(copied.manifest, copied.sealed, None);
    assert!(matches!(ended, Err(Error::QuotaFull { .. })), "{ended:?}");
    assert!(!shelf.has(id));
    assert_eq!(shelf.findings(), []);
}

#[test]
fn a_check_names_what_was_set_aside_and_what_was_left_behind() {
    let shelf = Shelf::new(Keep::default(), None);
    let id = shelf.capture(10);
    let outbox = shelf.dir.path().join("outbox");
    for name in ["outbox.db.damaged-17", "outbox.db.damaged-17-wal", "accounts.json.new"] {
        std::fs::write(outbox.join(name), b"x").unwrap();
    }
    std::fs::write(shelf.path(id, "body-1.new"), b"x").unwrap();
    let mut found = shelf.outbox.check().unwrap().1;
    found.sort_by_key(|finding| finding.detail.clone());
    let told: Vec<_> = found.iter().map(|found| (found.finding, found.id, found.detail.as_str())).collect();
    let body = format!("items/{id}/body-1.new");
    let what =
        "outbox.db.damaged-17: the queue was rebuilt without it: keep it until support has seen it, then remove it";
    assert_eq!(
        told,
        [
            (FindingKind::Leftover, None, "accounts.json.new"),
            (FindingKind::Leftover, Some(id), body.as_str()),
            (FindingKind::DatabaseSetAside, None, what),
        ]
    );
}
