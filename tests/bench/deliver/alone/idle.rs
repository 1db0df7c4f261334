//! How often a delivery that stays wakes while there is nothing to do: the context switches of its process's threads, but for the one
//! that counts, and how often the engine asked for the time, which every `next` does.
//!
//! Once with a queue that waits for a person, where nothing was ever sent; once after a delivery, when its connections were let go.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use fieldpost::{Clock, Deliver, Now, Options, Outbox, StopSignal, SystemClock, Text, WorkOrder};
use fieldpost_tests::bench::{Bound, Figures, account, outbox};
use fieldpost_tests::run;

use crate::TOKEN;
use crate::server::Server;

/// How long a connection may be kept (twice four seconds) and tokio's helper threads stay (ten), and a little.
const LET_GO: u64 = 12_000;

pub(crate) fn bench(dir: &Path, server: &Server, quick: bool, figures: &mut Figures) -> io::Result<()> {
    server.answer_after(Duration::ZERO);
    let counted = if quick { 3_000 } else { 10_000 };
    // One is no work order that the system can have: it waits for a person. The other is delivered first.
    let cases = [("nothing to send", "none", 500), ("after a delivery", "10234", LET_GO)];
    let mut children = Vec::new();
    for (what, work_order, from) in cases {
        let home = dir.join(format!("idle-{work_order}"));
        let outbox = outbox(&home, account(&server.url()));
        outbox.capture(Text::new("a note"), &WorkOrder::new("acme", work_order)).map_err(io::Error::other)?;
        let mut child = Command::new(std::env::current_exe()?);
        child.arg("child-idle").arg(&home).arg(from.to_string()).arg((from + counted).to_string());
        children.push((what, child.stdout(Stdio::piped()).spawn()?));
    }
    println!("a delivery that stays, idle for {} s", counted / 1_000);
    for (what, child) in children {
        let ended = child.wait_with_output()?;
        assert!(ended.status.success(), "the child stays and ends");
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let numbers: Vec<u32> = told.trim().split(' ').filter_map(|n| n.parse().ok()).collect();
        let [switches, asked, before] = numbers[..] else { return Err(io::Error::other(told)) };
        println!("  {what:20}  {switches} context switches, asked {asked} times   ({before} switches before that)");
        figures.add(format!("idle wakeups, {what}"), f64::from(switches.max(asked)), Bound::Most(0.0));
    }
    Ok(())
}

/// Counts how often the time is asked for.
struct Counting {
    clock: SystemClock,
    asked: AtomicU64,
}

impl Clock for Counting {
    fn now(&self) -> Now {
        self.asked.fetch_add(1, SeqCst);
        self.clock.now()
    }
}

/// Delivers on a thread of its own and counts between two times, in milliseconds from the beginning.
pub(crate) fn child(home: &Path, from: &str, to: &str) -> io::Result<ExitCode> {
    let time = |text: &str| text.parse().map(Duration::from_millis).map_err(io::Error::other);
    let (from, to) = (time(from)?, time(to)?);
    let clock = Arc::new(Counting { clock: SystemClock::new(), asked: AtomicU64::new(0) });
    let options = Options { clock: clock.clone(), ..Options::default() };
    let outbox = Outbox::open(home, options).map_err(io::Error::other)?;
    let stop = StopSignal::new();
    let how = Deliver { watch: true, stop: stop.clone(), ..Deliver::default() };
    let delivering = std::thread::spawn(move || {
        let tokens = |_: &str| Some(TOKEN.to_owned());
        run(outbox.deliver_with(&tokens, how)).map_err(io::Error::other)
    });
    std::thread::sleep(from);
    let (asked, before) = (clock.asked.load(SeqCst), switches()?);
    std::thread::sleep(to - from);
    let (asked_since, after) = (clock.asked.load(SeqCst) - asked, switches()?);
    assert!(!delivering.is_finished(), "it stays");
    stop.stop();
    let summary = delivering.join().expect("delivery does not panic")?;
    assert_eq!(summary.waiting, 0, "all that could go is gone");
    println!("{} {asked_since} {}", between(&before, &after), before.values().sum::<u64>());
    Ok(ExitCode::SUCCESS)
}

/// Switches from one count to the next. A thread that ended meanwhile had to wake for that.
fn between(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> u64 {
    let more = after.iter().map(|(thread, n)| n - before.get(thread).unwrap_or(&0)).sum::<u64>();
    more + before.keys().filter(|thread| !after.contains_key(*thread)).count() as u64
}

/// The context switches of each thread of this process but the first, which counts.
fn switches() -> io::Result<BTreeMap<String, u64>> {
    let first = std::process::id().to_string();
    let mut all = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?.file_name().to_string_lossy().into_owned();
        if thread == first {
            continue;
        }
        let Ok(status) = fs::read_to_string(format!("/proc/self/task/{thread}/status")) else { continue };
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        let counts = counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok());
        all.insert(thread, counts.sum());
    }
    Ok(all)
}
