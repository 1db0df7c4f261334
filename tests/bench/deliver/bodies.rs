//! Bodies on their way, beside curl, which sends the same multipart to the same server. Of ours the time from the call of
//! `deliver` to its return counts, with everything that it writes to the disk; of curl that of its process, nothing subtracted.
//! Rounds alternate. What was captured is settled on the disk before: its way there is no part of the delivery.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fieldpost::{Document, Outbox, WorkOrder};
use fieldpost_tests::bench::{Bound, Figures, account, median, outbox};
use tokio::runtime::Runtime;

use crate::server::Server;
use crate::{TOKEN, content};

/// The largest that every reading of "20 MB" takes.
pub(crate) const LARGE: usize = 19_900_000;
const SMALL: usize = 200_000;
const AT_ONCE: usize = 4;
const ANSWERED_AFTER: Duration = Duration::from_millis(50);
const JOB: &str = "10234";

/// The least throughput beside curl's.
const LARGE_BOUND: f64 = 0.95;
const MANY_BOUND: f64 = 0.8;

/// One body of 20 MB at a time.
pub(crate) fn large(dir: &Path, server: &Server, rounds: usize, figures: &mut Figures) -> io::Result<()> {
    let file = file(dir, "large.pdf", LARGE)?;
    let ours = Ours::new(&dir.join("large"), server)?;
    server.answer_after(Duration::ZERO);
    let (mut of_ours, mut of_curl, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        ours.capture(&file)?;
        settle(dir)?;
        let (took, curl);
        if round % 2 == 0 {
            took = ours.deliver(server, 1)?;
            curl = one_curl(&file, server)?;
        } else {
            curl = one_curl(&file, server)?;
            took = ours.deliver(server, 1)?;
        }
        if round > 0 {
            // The first warms the caches of both.
            of_ours.push(took);
            of_curl.push(curl.0);
            transfers.push(curl.1);
        }
    }
    let (ours, curl, transfer) = (median(&of_ours), median(&of_curl), median(&transfers));
    println!("one body of {LARGE} bytes, median of {rounds} alternating rounds");
    println!("  deliver               {:8.2} ms   {:6.0} MB/s", ours * 1e3, LARGE as f64 / ours / 1e6);
    println!(
        "  curl                  {:8.2} ms   {:6.0} MB/s   (its process, nothing subtracted)",
        curl * 1e3,
        LARGE as f64 / curl / 1e6
    );
    println!("  curl's own count      {:8.2} ms   (without its start and end; reported, no bound)", transfer * 1e3);
    let (ours_at_best, curl_at_best) = (fastest(&of_ours) * 1e3, fastest(&of_curl) * 1e3);
    println!(
        "  the fastest           {ours_at_best:8.2} ms   beside {curl_at_best:.2} ms   (what a busy machine hides; reported, no bound)"
    );
    figures.add("one large body, throughput / curl", curl / ours, Bound::Least(LARGE_BOUND));
    Ok(())
}

/// Many bodies of 200 KB, four at a time, each answered after 50 ms.
pub(crate) fn many(
    dir: &Path,
    server: &Server,
    (rounds, bodies): (usize, usize),
    figures: &mut Figures,
) -> io::Result<()> {
    let file = file(dir, "small.pdf", SMALL)?;
    let (mut of_ours, mut of_curl) = (Vec::new(), Vec::new());
    println!(
        "{bodies} bodies of {SMALL} bytes, {AT_ONCE} at a time, answered after {} ms, median of {rounds} alternating rounds",
        ANSWERED_AFTER.as_millis()
    );
    for round in 0..rounds {
        let home = dir.join(format!("many-{round}"));
        let ours = Ours::new(&home, server)?;
        for _ in 0..bodies {
            ours.capture(&file)?;
        }
        settle(dir)?;
        server.answer_after(ANSWERED_AFTER);
        if round % 2 == 0 {
            of_ours.push(ours.deliver(server, bodies)?);
            of_curl.push(many_curl(dir, &file, server, bodies)?);
        } else {
            of_curl.push(many_curl(dir, &file, server, bodies)?);
            of_ours.push(ours.deliver(server, bodies)?);
        }
        drop(ours);
        fs::remove_dir_all(home)?;
    }
    let (ours, curl) = (median(&of_ours), median(&of_curl));
    println!("  deliver               {ours:8.2} s    {:6.1} bodies/s", bodies as f64 / ours);
    println!("  curl --parallel       {curl:8.2} s    {:6.1} bodies/s", bodies as f64 / curl);
    figures.add(format!("{bodies} bodies, throughput / curl --parallel"), curl / ours, Bound::Least(MANY_BOUND));
    Ok(())
}

/// Waits until the disk has all that was written to it.
fn settle(dir: &Path) -> io::Result<()> {
    let status = Command::new("sync").arg("--file-system").arg(dir).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("sync: {status}"))) }
}

fn fastest(times: &[Duration]) -> f64 {
    times.iter().min().map_or(f64::NAN, Duration::as_secs_f64)
}

fn file(dir: &Path, name: &str, bytes: usize) -> io::Result<PathBuf> {
    let path = dir.join(name);
    fs::write(&path, content(bytes))?;
    Ok(path)
}

/// Our side.
struct Ours {
    outbox: Outbox,
    /// One thread, as the bindings deliver on.
    runtime: Runtime,
}

impl Ours {
    fn new(home: &Path, server: &Server) -> io::Result<Self> {
        let outbox = outbox(home, account(&server.url()).set("max_concurrent", AT_ONCE.to_string()));
        Ok(Ours { outbox, runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()? })
    }

    fn capture(&self, file: &Path) -> io::Result<()> {
        let captured = self.outbox.capture(Document::new(file), &WorkOrder::new("acme", JOB));
        captured.map(drop).map_err(io::Error::other)
    }

    /// Delivers all that was captured, which has to be so many.
    fn deliver(&self, server: &Server, bodies: usize) -> io::Result<Duration> {
        let _before = server.seen();
        let tokens = |_: &str| Some(TOKEN.to_owned());
        let begun = Instant::now();
        let summary = self.runtime.block_on(self.outbox.deliver(&tokens)).map_err(io::Error::other)?;
        let took = begun.elapsed();
        told("deliver", server, bodies);
        assert_eq!((summary.delivered, summary.waiting, summary.blocked), (bodies as u64, 0, 0), "all is delivered");
        Ok(took)
    }
}

/// Says how a side went about it, where there was more than one body; each of them has to have arrived.
fn told(who: &str, server: &Server, bodies: usize) {
    let seen = server.seen();
    assert_eq!(seen.uploads, bodies as u64, "{who}: each body arrives once");
    if bodies > 1 {
        println!("  {who}: {} at once, {} connections", seen.most, seen.connections);
        assert_eq!(seen.most, AT_ONCE as u64, "{who}: as many at a time as the other side");
    }
}

/// curl's options for the multipart that we send, `Expect` and all else that would slow it off.
fn options(file: &Path, server: &Server) -> Vec<(&'static str, String)> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let upload = format!("File=@{};type=application/pdf;filename={name}", file.display());
    let text = |name: &str, value: &str| ("form", format!("{name}={value}"));
    vec![
        ("header", format!("Authorization: Bearer {TOKEN}")),
        ("header", "Expect:".to_owned()),
        ("form", upload),
        text("WorkOrderId", JOB),
        text("Name", &name),
        text("DocumentType", "Document"),
        text("MimeType", "application/pdf"),
        text("PerformedBy.Name", "Jo Field"),
        text("MessageId", "018f3c1e-0000-7000-8000-000000000000"),
        ("url", format!("{}/api/attachments", server.url())),
    ]
}

/// The time of curl's process, and what it says that the transfer took.
fn one_curl(file: &Path, server: &Server) -> io::Result<(Duration, Duration)> {
    let _before = server.seen();
    let mut curl = Command::new("curl");
    curl.args([
        "--disable",
        "--silent",
        "--show-error",
        "--fail",
        "--output",
        "/dev/null",
        "--write-out",
        "%{time_total}",
    ]);
    for (option, value) in options(file, server) {
        curl.arg(format!("--{option}")).arg(value);
    }
    let begun = Instant::now();
    let ended = curl.stderr(Stdio::inherit()).output()?;
    let took = begun.elapsed();
    assert!(ended.status.success(), "curl: {}", ended.status);
    told("curl", server, 1);
    let own: f64 = String::from_utf8_lossy(&ended.stdout).trim().parse().map_err(io::Error::other)?;
    Ok((took, Duration::from_secs_f64(own)))
}

/// The time of a curl that makes all transfers.
fn many_curl(dir: &Path, file: &Path, server: &Server, bodies: usize) -> io::Result<Duration> {
    let config = dir.join("curl.config");
    let mut out = io::BufWriter::new(fs::File::create(&config)?);
    for (option, value) in options(file, server) {
        let times = if option == "url" { bodies } else { 1 };
        for _ in 0..times {
            writeln!(out, "{option} = \"{value}\"")?;
        }
    }
    out.flush()?;
    drop(out);
    let _before = server.seen();
    let mut curl = Command::new("curl");
    curl.args([
        "--disable",
        "--silent",
        "--show-error",
        "--no-progress-meter",
        "--fail",
        "--parallel",
        "--parallel-max",
    ]);
    curl.arg(AT_ONCE.to_string()).arg("--config").arg(config).stdout(Stdio::null());
    let begun = Instant::now();
    let status = curl.status()?;
    let took = begun.elapsed();
    assert!(status.success(), "curl: {status}");
    told("curl --parallel", server, bodies);
    Ok(took)
}
