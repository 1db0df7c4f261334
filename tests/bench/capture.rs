//! `cargo xtask bench capture`: what a durable capture costs beside its bare steps, and what opening costs with a full outbox.
//!
//! The peer of a capture makes the same steps on the same disk in the same process, without SQLite: it reads, hashes and writes
//! the same bytes, makes the same folder and files, and syncs as often: each file, each folder, and one log (in the place of the
//! database's). Rounds alternate, so that a busy disk slows both.

#![allow(clippy::print_stdout, clippy::print_stderr)] // what it measured is all that it has to say

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use fieldpost::{Document, Options, Outbox, WorkOrder};
use fieldpost_tests::bench::{Bound, Figures, account, fill, median, outbox, work_dir};
use sha2::{Digest, Sha256};

/// Nothing is sent there.
const URL: &str = "https://corrigo.invalid";
const ROUNDS: usize = 60;
const PHOTO: usize = 4_000_000;
/// The most that a capture may take beside its bare steps, and an opening beside one of a small outbox.
const CAPTURE_BOUND: f64 = 1.3;
const OPEN_BOUND: f64 = 2.0;

fn main() -> io::Result<ExitCode> {
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(work_dir()?)?;
    let capture = bench_capture(dir.path())?;
    let rows = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let open = bench_open(dir.path(), rows)?;
    let mut figures = Figures::default();
    figures.add("capture / bare steps", capture, Bound::Most(CAPTURE_BOUND));
    figures.add(format!("open {rows} / open 100"), open, Bound::Below(OPEN_BOUND));
    Ok(figures.end())
}

/// The median time of a capture over that of its bare steps.
fn bench_capture(dir: &Path) -> io::Result<f64> {
    let source = dir.join("photo.jpg");
    let mut bytes: Vec<u8> = (0..PHOTO).map(|n| ((n * 2_654_435_761) >> 11) as u8).collect();
    bytes[..4].copy_from_slice(&[0xFF, 0xD8, 0xFF, 0xE1]);
    fs::write(&source, &bytes)?;
    let (outbox, job) = (outbox(&dir.join("outbox"), account(URL)), WorkOrder::new("acme", "10234"));
    let bare = dir.join("bare");
    for part in ["", "incoming", "items"] {
        fs::create_dir(bare.join(part))?;
    }
    let mut log = OpenOptions::new().create(true).append(true).open(bare.join("log"))?;
    let (mut ours, mut theirs, mut shell) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let capture = || {
            let begun = Instant::now();
            outbox.capture(Document::new(&source), &job).expect("the capture is kept");
            begun.elapsed()
        };
        let mut steps = || -> io::Result<Duration> {
            let begun = Instant::now();
            bare_steps(&source, &bare, &format!("item-{round}"), &mut log)?;
            Ok(begun.elapsed())
        };
        if round % 2 == 0 {
            ours.push(capture());
            theirs.push(steps()?);
        } else {
            theirs.push(steps()?);
            ours.push(capture());
        }
        if round % 4 == 0 {
            shell.push(shell_steps(&source, &dir.join(format!("copy-{round}")))?);
        }
    }
    let (ours, theirs, shell) = (median(&ours), median(&theirs), median(&shell));
    println!("a durable capture of 4 MB, median of {ROUNDS} alternating rounds");
    println!("  capture               {:8.2} ms", ours * 1e3);
    println!("  bare steps            {:8.2} ms", theirs * 1e3);
    println!("  cp; sync; sha256sum   {:8.2} ms   (three processes, one sync; reported, no bound)", shell * 1e3);
    Ok(ours / theirs)
}

/// What a capture does to the disk, without the database: the same folders, files, bytes and syncs.
fn bare_steps(source: &Path, root: &Path, name: &str, log: &mut File) -> io::Result<()> {
    let (incoming, items) = (root.join("incoming"), root.join("items"));
    // the marker: made under a temporary name, renamed, its folder synced
    File::create(incoming.join("new"))?;
    fs::rename(incoming.join("new"), incoming.join(name))?;
    sync_dir(&incoming)?;
    // the original, hashed on the way
    let item = items.join(name);
    fs::create_dir(&item)?;
    let (mut from, mut to) = (File::open(source)?, File::create(item.join("original"))?);
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 512 * 1024]);
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
    }
    to.sync_all()?;
    // manifest and journal, then both folders
    for (file, length) in [("manifest.json", 700), ("journal.jsonl", 60)] {
        let mut file = File::create(item.join(file))?;
        file.write_all(&vec![hash.clone().finalize()[0]; length])?;
        file.sync_all()?;
    }
    sync_dir(&item)?;
    sync_dir(&items)?;
    // a log in the place of the database's
    log.write_all(&[b'.'; 4096])?;
    log.sync_data()?;
    fs::remove_file(incoming.join(name))
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn shell_steps(source: &Path, to: &Path) -> io::Result<Duration> {
    let begun = Instant::now();
    Command::new("cp").arg(source).arg(to).status()?;
    Command::new("sync").arg(to).status()?;
    Command::new("sha256sum").arg(to).output()?;
    Ok(begun.elapsed())
}

/// The median time of opening an outbox of `rows` items over that of one of 100.
fn bench_open(dir: &Path, rows: usize) -> io::Result<f64> {
    let (small, large) = (dir.join("small"), dir.join("large"));
    fill(&small, account(URL), 100, 20)?;
    fill(&large, account(URL), rows, 20)?;
    let time = |dir: &Path| {
        let begun = Instant::now();
        let opened = Outbox::open(dir, Options::default()).expect("the outbox opens");
        let took = begun.elapsed();
        drop(opened);
        took
    };
    let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_small.push(time(&small));
        of_large.push(time(&large));
    }
    let (of_small, of_large) = (median(&of_small), median(&of_large));
    println!("opening an outbox, median of {ROUNDS} alternating rounds");
    println!("  100 items             {:8.3} ms", of_small * 1e3);
    println!("  {rows} items          {:8.3} ms", of_large * 1e3);
    Ok(of_large / of_small)
}
