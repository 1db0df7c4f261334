//! The memory that delivering a large body takes beyond what the process held before it.
//!
//! The child delivers a small item first, so that the runtime, the HTTP stack and the allocator are warm. The large one is captured
//! by its parent, or what the capture leaves to the allocator would hide what the delivery needs.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

use fieldpost::{Document, Options, Outbox, Text, WorkOrder};
use fieldpost_tests::bench::{Bound, Figures, account, middle, outbox};
use fieldpost_tests::run;

use crate::bodies::LARGE;
use crate::server::Server;
use crate::{TOKEN, content};

/// The most, in bytes.
const MEMORY_BOUND: f64 = 2e6;

pub(crate) fn bench(dir: &Path, server: &Server, rounds: usize, figures: &mut Figures) -> io::Result<()> {
    server.answer_after(Duration::ZERO);
    let file = dir.join("memory.pdf");
    fs::write(&file, content(LARGE))?;
    let (mut idle, mut over) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (before, peak) = round_of(&dir.join(format!("memory-{round}")), &file, server)?;
        idle.push(before);
        over.push(peak - before);
    }
    let most = over.iter().copied().fold(0.0, f64::max);
    let (idle, over) = (middle(idle), middle(over));
    println!("memory of a process that delivers {LARGE} bytes, median of {rounds} processes");
    println!("  idle                  {:8.2} MB", idle / 1e6);
    println!("  peak over idle        {:8.2} MB   (the most of all: {:.2} MB)", over / 1e6, most / 1e6);
    figures.add("memory of a large body over idle, in MB", over / 1e6, Bound::Below(MEMORY_BOUND / 1e6));
    Ok(())
}

/// What a child held before, and at the most, in bytes.
fn round_of(home: &Path, file: &Path, server: &Server) -> io::Result<(f64, f64)> {
    let (outbox, job) = (outbox(home, account(&server.url())), WorkOrder::new("acme", "1"));
    outbox.capture(Text::new("a note"), &job).map_err(io::Error::other)?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("child-memory")
        .arg(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (mut to, mut from) = (child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?, lines(&mut child)?);
    let _warm = from.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    outbox.capture(Document::new(file), &job).map_err(io::Error::other)?;
    to.write_all(b"go\n")?;
    let told = from.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    assert!(child.wait()?.success(), "the child delivers");
    let numbers: Vec<f64> = told.split(' ').filter_map(|n| n.parse().ok()).collect();
    let [before, peak] = numbers[..] else { return Err(io::Error::other(told)) };
    Ok((before, peak))
}

fn lines(child: &mut Child) -> io::Result<io::Lines<BufReader<ChildStdout>>> {
    Ok(BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).lines())
}

/// Delivers what is there, waits for its parent, delivers that too, and says what it held.
pub(crate) fn child(home: &Path) -> io::Result<ExitCode> {
    let outbox = Outbox::open(home, Options::default()).map_err(io::Error::other)?;
    let tokens = |_: &str| Some(TOKEN.to_owned());
    let deliver = async || {
        let summary = outbox.deliver(&tokens).await.map_err(io::Error::other)?;
        assert_eq!((summary.delivered, summary.waiting), (1, 0), "the item is delivered");
        io::Result::Ok(())
    };
    run(async {
        deliver().await?;
        println!("warm");
        io::stdin().read_line(&mut String::new())?;
        fs::write("/proc/self/clear_refs", "5")?; // the peak begins anew
        let before = of_process("VmRSS:")?;
        deliver().await?;
        println!("{before} {}", of_process("VmHWM:")?);
        Ok(ExitCode::SUCCESS)
    })
}

/// A line of `/proc/self/status`, in bytes.
fn of_process(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.map(|n| n * 1024).ok_or_else(|| io::Error::other(format!("no {name} in /proc/self/status")))
}
