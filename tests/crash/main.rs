//! Child processes are killed with SIGKILL, at named points and at random moments, while one captures and another delivers.
//! Afterwards every capture that had returned is at its system exactly once, with the bytes that its facts name.
//!
//! `FIELDPOST_KILLS=1000 cargo test -p fieldpost-tests --test crash -- --nocapture` kills more.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test that counts its kills

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fieldpost::{Backoff, Deliver, Filter, ItemId, Kind, Options, Outbox, State};
use fieldpost_sandbox::{Fault, Moment, Operation, Provider, Rule, Sandbox};

/// The named points, and whose they are.
const POINTS: [(&str, &str); 5] = [
    ("capture", "copying"),
    ("capture", "before-row"),
    ("deliver", "journal-byte"),
    ("deliver", "body-answer"),
    ("deliver", "answer-receipt"),
];
/// How long a child may take to reach its point on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A child process, and what it says.
struct Victim {
    child: Child,
    lines: Receiver<String>,
    captured: Vec<ItemId>,
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
        Victim { child, lines, captured: Vec::new() }
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
        if let Some(id) = line.strip_prefix("CAPTURED ") {
            self.captured.push(id.parse().unwrap());
        }
    }

    /// SIGKILL. Returns the captures that had returned.
    fn kill(mut self) -> Vec<ItemId> {
        assert_eq!(self.child.try_wait().unwrap(), None, "it was alive until now");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv() {
            self.note(&line);
        }
        self.captured
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
    let token = |account: &str| {
        Some(sandbox.token(if account == "acme" { Provider::CorrigoPro } else { Provider::DigitalRealty }))
    };
    let how = Deliver { patience: Duration::from_secs(5), ..Deliver::default() };
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
    // Nothing settles late here: a delivery restarts only when no connection is open.
    outbox.put_account(fieldpost_tests::corrigo(&sandbox).set("settle", "0")).unwrap();
    outbox.put_account(fieldpost_tests::digital(&sandbox).set("settle", "0")).unwrap();
    for system in [Provider::CorrigoPro, Provider::DigitalRealty] {
        outbox.capture(fieldpost::Text::new("the first one"), &fieldpost_tests::job(system)).unwrap();
    }
    deliver(&outbox, &sandbox);
    deliver(&outbox, &sandbox);
    drop(outbox);
    let upload = |fault, chance, seed| {
        sandbox.fault(Rule::new(fault).operation(Operation::Upload).chance(chance, seed).forever())
    };
    let lost = upload(Fault::LoseAnswer, 0.6, 1);
    upload(Fault::DropAfterBody, 0.08, 2);
    upload(Fault::DropInBody { after_bytes: None }, 0.08, 3);
    upload(Fault::Status { status: 503, when: Moment::After, headers: vec![], body: String::new() }, 0.05, 4);
    upload(Fault::HalfAnswer, 0.05, 5);
    sandbox.fault(Rule::new(Fault::DropAfterBody).operation(Operation::List).chance(0.1, 6).forever());

    // Each round kills two: one at a named point, the other wherever it is.
    let mut killed: HashMap<&str, usize> = HashMap::new();
    let mut returned: Vec<ItemId> = Vec::new();
    let mut round = 0u64;
    while killed.values().sum::<usize>() < kills || sandbox.hits(lost) < 50 {
        let (role, point) = POINTS[usize::try_from(round).unwrap() % POINTS.len()];
        let nth = u32::try_from(round / 5 % 3).unwrap() + 1;
        quiet(&sandbox);
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
            returned.extend(victim.kill());
            *killed.entry(name).or_default() += 1;
        }
        round += 1;
    }
    println!("killed {killed:?}, {} captures had returned, {} answers were lost", returned.len(), sandbox.hits(lost));
    assert!(POINTS.iter().all(|(_, point)| killed[point] >= kills.min(200) / 10), "{killed:?}");

    // The faults are off: everything drains.
    quiet(&sandbox);
    sandbox.clear_faults();
    let outbox = open(&dir);
    let undelivered = || {
        outbox
            .items(&Filter::default())
            .unwrap()
            .into_iter()
            .filter(|item| item.state != State::Delivered)
            .collect::<Vec<_>>()
    };
    for _ in 0..20 {
        deliver(&outbox, &sandbox);
        if undelivered().is_empty() {
            break;
        }
    }
    assert_eq!(undelivered(), []);
    let ledger: Vec<_> = sandbox.ledger().into_iter().filter(|line| line.operation == Operation::Upload).collect();
    let items = outbox.items(&Filter::default()).unwrap();
    for id in &returned {
        assert!(items.iter().any(|item| item.id == *id), "{id} had returned and is gone");
    }
    for item in &items {
        let accepted: Vec<_> = ledger.iter().filter(|line| item.id.marker().is_in(&line.name)).collect();
        assert_eq!(accepted.len(), 1, "{item:?}: {accepted:?}");
        assert_eq!(accepted[0].sha256, item.sent.unwrap().sha256.to_string());
        if item.kind != Kind::Photo || item.tags == ["original"] {
            assert_eq!(accepted[0].sha256, item.original.unwrap().sha256.to_string());
        }
    }
    assert_eq!(ledger.len(), items.len());
    assert_eq!(outbox.check().unwrap().1, vec![]);
    println!("{} items, each at its system exactly once", items.len());
}
