//! Child processes are killed with SIGKILL, at named points and at random moments, while one captures, updates, deletes and
//! cancels and another delivers to all five systems, which go wrong in every way that the sandbox knows. Afterwards every capture that had
//! returned is at its system exactly once, with the bytes that its facts name, or given up and at none; what was deleted is gone,
//! and what was updated has the last name that it was given.
//!
//! `FIELDPOST_KILLS=1000 cargo test -p fieldpost-tests --test crash -- --nocapture` kills more.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test that counts its kills

mod faults;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fieldpost::{
    Backoff, Deliver, Filter, Item, ItemId, Kind, Operation, Options, Outbox, Reason, RemoteId, State, WorkOrder,
};
use fieldpost_sandbox::{By, Fault, LedgerEntry, Provider, Sandbox};
use fieldpost_tests::systems;

use self::faults::Faults;

/// The named points, and whose they are.
const POINTS: [(&str, &str); 5] = [
    ("capture", "copying"),
    ("capture", "before-row"),
    ("deliver", "journal-byte"),
    ("deliver", "body-answer"),
    ("deliver", "answer-receipt"),
];
/// How long accounts wait before they believe that something is not there, in seconds.
const SETTLE: &str = "4";
/// How long a child may take to reach its point on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A child process, and what it says.
struct Victim {
    child: Child,
    lines: Receiver<String>,
    returned: Returned,
}

/// The calls that had returned.
#[derive(Default)]
struct Returned {
    captured: Vec<ItemId>,
    deleted: Vec<ItemId>,
    cancelled: Vec<ItemId>,
}

impl Returned {
    fn add(&mut self, more: Returned) {
        self.captured.extend(more.captured);
        self.deleted.extend(more.deleted);
        self.cancelled.extend(more.cancelled);
    }
}

impl Victim {
    fn start(stage: &Stage<'_>, role: &str, seed: u64, point: Option<(&str, u32)>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crash-child"));
        command.arg(role).arg(stage.dir).arg(stage.listening).arg(stage.photo).arg(seed.to_string());
        if let Some((point, nth)) = point {
            command.arg(point).arg(nth.to_string());
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| say.send(line).is_ok()));
        Victim { child, lines, returned: Returned::default() }
    }

    /// Waits until it says a line that begins so.
    fn wait_for(&mut self, beginning: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            let line =
                line.unwrap_or_else(|_| panic!("the child never said {beginning:?}: {:?}", self.child.try_wait()));
            self.note(&line);
            if line.starts_with(beginning) {
                return;
            }
        }
    }

    fn note(&mut self, line: &str) {
        let Some((what, id)) = line.split_once(' ') else { return };
        match what {
            "CAPTURED" => self.returned.captured.push(id.parse().unwrap()),
            "DELETED" => self.returned.deleted.push(id.parse().unwrap()),
            "CANCELLED" => self.returned.cancelled.push(id.parse().unwrap()),
            _ => {}
        }
    }

    /// SIGKILL. Returns what had returned.
    fn kill(mut self) -> Returned {
        assert_eq!(self.child.try_wait().unwrap(), None, "it was alive until now");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv() {
            self.note(&line);
        }
        self.returned
    }
}

/// What every child is told.
struct Stage<'a> {
    dir: &'a Path,
    listening: &'a str,
    photo: &'a Path,
}

fn open(dir: &Path) -> Outbox {
    let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(50) };
    Outbox::open(dir, Options { backoff, ..Options::default() }).unwrap()
}

fn deliver(outbox: &Outbox, sandbox: &Sandbox) {
    let token = |account: &str| systems::of_account(account).map(|system| sandbox.token(system));
    let how = Deliver { patience: Duration::from_secs(15), ..Deliver::default() };
    fieldpost_tests::run(outbox.deliver_with(&token, how)).unwrap();
}

/// Waits until the sandbox has dealt with all that was sent: a delivery restarts only then, so that nothing settles late.
fn quiet(sandbox: &Sandbox) {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let state = sandbox.state();
        if state.connections == 0 && state.requests == 0 && state.pending == 0 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("connections stay open: {:?}", sandbox.state());
}

#[test]
fn every_capture_that_returned_arrives_exactly_once_whatever_was_killed() {
    let kills: usize = std::env::var("FIELDPOST_KILLS").map_or(200, |n| n.parse().unwrap());
    let work = tempfile::tempdir().unwrap();
    let (dir, photo) = (work.path().join("outbox"), work.path().join("photo.jpg"));
    let shot = fieldpost_imaging::synthetic::Shot { width: 640, height: 480, ..Default::default() };
    std::fs::write(&photo, shot.jpeg().unwrap()).unwrap();
    let sandbox = Sandbox::start(fieldpost_sandbox::Options::default()).unwrap();
    let listening = serde_json::to_string(&sandbox.listening()).unwrap();
    let stage = Stage { dir: &dir, listening: &listening, photo: &photo };

    // Listings earn trust before anything is lost; then most of all goes wrong.
    let outbox = open(&dir);
    // Longer than the systems take to do late what they were asked.
    let first = work.path().join("first.pdf");
    std::fs::write(&first, b"%PDF-1.4 the first one").unwrap();
    for system in Provider::ALL {
        outbox.put_account(systems::account(&sandbox, system).set("settle", SETTLE)).unwrap();
        outbox.capture(fieldpost::Document::new(&first), &fieldpost_tests::job(system)).unwrap();
    }
    deliver(&outbox, &sandbox);
    deliver(&outbox, &sandbox);
    drop(outbox);

    // Each round kills two: one at a named point, the other wherever it is.
    let (mut killed, mut faults): (HashMap<&str, usize>, _) = (HashMap::new(), Faults::new());
    let mut returned = Returned::default();
    let mut round = 0u64;
    let lost = |faults: &Faults| faults.met.get(Fault::LoseAnswer.kind()).copied().unwrap_or(0);
    // A short run need not meet every fault.
    let enough = |faults: &Faults| kills < 200 || (lost(faults) >= 50 && faults.all_met());
    while killed.values().sum::<usize>() < kills || !enough(&faults) {
        let (role, point) = POINTS[usize::try_from(round).unwrap() % POINTS.len()];
        let nth = u32::try_from(round / 5 % 3).unwrap() + 1;
        quiet(&sandbox);
        faults.draw(&sandbox);
        let at = |mine: &str| (mine == role).then_some((point, nth));
        let mut capturer = Victim::start(&stage, "capture", round, at("capture"));
        let mut deliverer = Victim::start(&stage, "deliver", round, at("deliver"));
        let (victim, other) =
            if role == "capture" { (&mut capturer, &mut deliverer) } else { (&mut deliverer, &mut capturer) };
        other.wait_for("READY");
        victim.wait_for("AT ");
        for (name, victim) in [
            (if role == "capture" { point } else { "random" }, capturer),
            (if role == "deliver" { point } else { "random" }, deliverer),
        ] {
            returned.add(victim.kill());
            *killed.entry(name).or_default() += 1;
        }
        round += 1;
    }
    println!("killed {killed:?}; faults met {:?}", faults.met);
    assert!(POINTS.iter().all(|(_, point)| killed[point] >= kills.min(200) / 10), "{killed:?}");

    // The faults are off: everything drains, and a person looks after what needs one.
    quiet(&sandbox);
    faults.count(&sandbox);
    sandbox.clear_faults();
    let outbox = open(&dir);
    let items = || outbox.items(&Filter::default()).unwrap();
    let restless = || -> Vec<Item> { items().into_iter().filter(|item| !is_at_rest(item)).collect() };
    for round in 0..20 {
        deliver(&outbox, &sandbox);
        let restless = restless();
        if restless.is_empty() {
            break;
        }
        let reasons: Vec<_> = restless.iter().map(|item| (item.id.marker(), item.operation, &item.why)).collect();
        println!("round {round}: {reasons:?}");
        restless.iter().for_each(|item| look_after(&outbox, item, &sandbox));
    }
    deliver(&outbox, &sandbox);
    assert_eq!(restless(), []);
    check_all(&items(), &returned, &sandbox);
    assert_eq!(outbox.check().unwrap().1, vec![]);
    let Returned { captured, deleted, cancelled } = returned;
    let (captured, deleted, cancelled) = (captured.len(), deleted.len(), cancelled.len());
    println!("{captured} captures, {deleted} deletions, {cancelled} cancellations had returned; each was kept");
}

/// Nothing more is to come of it. An update of what was deleted is refused for good.
fn is_at_rest(item: &Item) -> bool {
    let reason = item.why.as_ref().map(|why| why.reason);
    let pointless = matches!(reason, Some(Reason::AttachmentMissing | Reason::AfterAnotherItem));
    matches!(item.state, State::Delivered | State::Cancelled) || (item.operation == Operation::Update && pointless)
}

/// The uploads of an item that a system accepted.
fn accepted<'a>(item: &Item, ledger: &'a [LedgerEntry]) -> Vec<&'a LedgerEntry> {
    let of_item = |line: &&LedgerEntry| {
        let upload = line.operation == fieldpost_sandbox::Operation::Upload && line.by == By::Client;
        upload && item.id.marker().is_in(&line.name)
    };
    ledger.iter().filter(of_item).collect()
}

/// What a person does: says what is there, or lets it go once more.
fn look_after(outbox: &Outbox, item: &Item, sandbox: &Sandbox) {
    let settlement = match accepted(item, &sandbox.ledger()).first() {
        Some(line) => fieldpost::Settlement::Delivered(listed(outbox, item, sandbox, &line.remote_id)),
        None => fieldpost::Settlement::Absent,
    };
    if item.state == State::Blocked && outbox.settle(item.id, settlement).is_err() {
        outbox.retry(&fieldpost::Which::Item(item.id)).unwrap();
    }
}

/// The id of what an item became, as the list of its work order has it; none where it was deleted meanwhile.
fn listed(outbox: &Outbox, item: &Item, sandbox: &Sandbox, in_ledger: &str) -> Option<RemoteId> {
    let job = WorkOrder::new(item.account.clone(), item.work_order.clone());
    let token = |account: &str| systems::of_account(account).map(|system| sandbox.token(system));
    let list = fieldpost_tests::run(outbox.remote(&job).list(&token)).unwrap();
    list.entries.into_iter().map(|entry| entry.remote_id).find(|id| systems::in_ledger(id) == in_ledger)
}

fn check_all(items: &[Item], returned: &Returned, sandbox: &Sandbox) {
    let (ledger, entries) = (sandbox.ledger(), sandbox.entries());
    let find = |id: &ItemId| items.iter().find(|item| item.id == *id).unwrap_or_else(|| panic!("{id} is gone"));
    for id in &returned.captured {
        find(id);
    }
    let mut uploads = 0;
    for item in items.iter().filter(|item| item.operation == Operation::Upload) {
        let accepted = accepted(item, &ledger);
        uploads += accepted.len();
        if item.state == State::Cancelled {
            assert_eq!(accepted.len(), 0, "{item:?}: {accepted:?}");
            continue;
        }
        assert_eq!(accepted.len(), 1, "{item:?}: {accepted:?}");
        assert_eq!(accepted[0].sha256, item.sent.unwrap().sha256.to_string());
        if item.kind != Kind::Photo || item.tags == ["original"] {
            assert_eq!(accepted[0].sha256, item.original.unwrap().sha256.to_string());
        }
    }
    let client = |line: &&LedgerEntry| line.operation == fieldpost_sandbox::Operation::Upload && line.by == By::Client;
    assert_eq!(ledger.iter().filter(client).count(), uploads, "everything there is of an item");
    let entry = |item: &Item| {
        let id = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.clone());
        entries.iter().find(move |entry| id.as_ref().is_some_and(|id| systems::in_ledger(id) == entry.remote_id))
    };
    for upload in returned.deleted.iter().map(find) {
        assert!(upload.state == State::Cancelled || entry(upload).is_none(), "{upload:?} is deleted, and there");
    }
    for upload in returned.cancelled.iter().map(find) {
        assert!(matches!(upload.state, State::Cancelled | State::Delivered), "{upload:?}");
    }
    for upload in items.iter().filter(|item| item.operation == Operation::Upload) {
        let updates = items.iter().filter(|item| {
            let done = item.operation == Operation::Update && item.state == State::Delivered;
            // Field Nation changes no names.
            done && item.account == systems::account_id(Provider::CorrigoPro) && upload.id.marker().is_in(&item.name)
        });
        if let (Some(last), Some(entry)) = (updates.max_by_key(|item| item.id), entry(upload)) {
            assert_eq!(entry.name, last.name, "{upload:?} was updated later");
        }
    }
}
