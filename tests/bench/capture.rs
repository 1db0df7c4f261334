//! `cargo xtask bench capture`: what a durable capture costs beside its bare steps, and what opening costs with a full outbox.
//!
//! The peer of a capture makes the same steps on the same disk in the same process, without SQLite: it reads, hashes and writes
//! the same bytes, makes the same folder and files, and syncs as often: each file, each folder, and one log (in the place of the
//! database's). Rounds alternate, so that a busy disk slows both.

#![allow(clippy::print_stdout, clippy::print_stderr)] // what it measured is all that it has to say

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use fieldpost::{Account, Document, Options, Outbox, Text, WorkOrder};
use sha2::{Digest, Sha256};

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
    println!("capture / bare steps   {capture:.3}   bound {CAPTURE_BOUND}   {}", word(capture <= CAPTURE_BOUND));
    println!("open {rows} / open 100   {open:.3}   bound {OPEN_BOUND}   {}", word(open < OPEN_BOUND));
    Ok(if capture <= CAPTURE_BOUND && open < OPEN_BOUND { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn word(good: bool) -> &'static str {
    if good { "ok" } else { "MISSED" }
}

/// The target folder's disk: a temporary folder may lie in memory, where nothing is ever synced.
fn work_dir() -> io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    Ok(exe.parent().map(Path::to_owned).unwrap_or_default())
}

fn outbox(dir: &Path) -> Outbox {
    let outbox = Outbox::open(dir, Options::default()).expect("the folder can be written");
    let account = Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field");
    outbox.put_account(account).expect("the account is good");
    outbox
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// The median time of a capture over that of its bare steps.
fn bench_capture(dir: &Path) -> io::Result<f64> {
    let source = dir.join("photo.jpg");
    let mut bytes: Vec<u8> = (0..PHOTO).map(|n| ((n * 2_654_435_761) >> 11) as u8).collect();
    bytes[..4].copy_from_slice(&[0xFF, 0xD8, 0xFF, 0xE1]);
    fs::write(&source, &bytes)?;
    let (outbox, job) = (outbox(&dir.join("outbox")), WorkOrder::new("acme", "10234"));
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
    let (ours, theirs, shell) = (median(ours), median(theirs), median(shell));
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
    fill(&small, 100)?;
    fill(&large, rows)?;
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
    let (of_small, of_large) = (median(of_small), median(of_large));
    println!("opening an outbox, median of {ROUNDS} alternating rounds");
    println!("  100 items             {:8.3} ms", of_small * 1e3);
    println!("  {rows} items          {:8.3} ms", of_large * 1e3);
    Ok(of_large / of_small)
}

/// An outbox of `rows` items, rows and folders: one real capture, its folder copied under other ids, and a rebuild of the
/// database from them. Captures would do the same, with as many syncs, in a quarter of an hour.
fn fill(dir: &Path, rows: usize) -> io::Result<()> {
    let first = {
        let outbox = outbox(dir);
        outbox.capture(Text::new("a note"), &WorkOrder::new("acme", "1")).expect("the capture is kept").id.to_string()
    };
    let items = dir.join("items");
    let manifest = fs::read_to_string(items.join(&first).join("manifest.json"))?;
    let journal = fs::read(items.join(&first).join("journal.jsonl"))?;
    let marker = &first[28..];
    for n in 1..rows {
        let id = format!("{}{n:08x}", &first[..28]);
        let item = items.join(&id);
        fs::create_dir(&item)?;
        fs::write(item.join("original"), "a note")?;
        fs::write(item.join("journal.jsonl"), &journal)?;
        let work_order = format!(r#""work_order":"{}""#, n / 20);
        let own = manifest.replace(&first, &id).replace(marker, &id[28..]).replace(r#""work_order":"1""#, &work_order);
        fs::write(item.join("manifest.json"), own)?;
    }
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("outbox.db{suffix}")));
    }
    let outbox = Outbox::open(dir, Options::default()).expect("the outbox is rebuilt");
    assert_eq!(outbox.items(&fieldpost::Filter::default()).expect("the queue reads").len(), rows);
    Ok(())
}
