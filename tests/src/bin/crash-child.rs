//! A process to be killed: captures (and updates, deletes and cancels) or delivers until it is ended, or until it stands at a named point, says so and waits there.
//!
//! `crash-child capture|deliver DIR LISTENING PHOTO SEED [POINT NTH]`; LISTENING is the sandbox's first line.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fieldpost::{
    Backoff, Bytes, Changes, Deliver, Disk, Document, Filter, Held, Http, HttpOptions, Lock, Operation, Options,
    Outbox, Photo, Reader, Secret, StopSignal, Task, Text, Writer,
};
use fieldpost_sandbox::{Listening, Provider};
use fieldpost_tests::systems;

/// Stops the process at the nth time that a point is met.
#[derive(Clone)]
struct Stop {
    point: String,
    left: Arc<AtomicU32>,
}

impl Stop {
    /// Here is `point`.
    fn at(&self, point: &str) {
        if self.point == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            say(&format!("AT {point}"));
            loop {
                std::thread::park();
            }
        }
    }
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A parent that is gone has no use for it.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The real disk, with points.
struct Points {
    disk: Arc<dyn Disk>,
    stop: Stop,
}

struct PointedWriter {
    file: Box<dyn Writer>,
    original: bool,
    stop: Stop,
}

impl io::Write for PointedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(r#""event":"receipt""#) {
            self.stop.at("answer-receipt");
        }
        // Half of what is copied is there.
        let half = if self.original && bytes.len() > 1 { bytes.len() / 2 } else { bytes.len() };
        let written = self.file.write(&bytes[..half])?;
        if self.original {
            self.file.flush()?;
            self.stop.at("copying");
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer for PointedWriter {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

impl Disk for Points {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        let original = path.file_name().is_some_and(|name| name == "original");
        Ok(Box::new(PointedWriter { file: self.disk.create(path)?, original, stop: self.stop.clone() }))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        Ok(Box::new(PointedWriter { file: self.disk.append(path)?, original: false, stop: self.stop.clone() }))
    }
    fn touch(&self, path: &Path) -> io::Result<()> {
        self.disk.touch(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        let body =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n == "original" || n.starts_with("body-"));
        if body {
            self.stop.at("journal-byte");
        }
        self.disk.open(path)
    }
    fn len(&self, path: &Path) -> io::Result<u64> {
        self.disk.len(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.disk.list(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)?;
        if path.file_name().is_some_and(|name| name == "items") {
            self.stop.at("before-row"); // the last step before the row is committed
        }
        Ok(())
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }
    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>> {
        self.disk.lock(path, how)
    }
    fn free(&self, path: &Path) -> Option<u64> {
        self.disk.free(path)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, role, dir, listening, photo, seed, rest @ ..] = args.as_slice() else {
        return Err("crash-child capture|deliver DIR LISTENING PHOTO SEED [POINT NTH]".into());
    };
    let (point, nth) = match rest {
        [point, nth] => (point.clone(), nth.parse()?),
        _ => (String::new(), 0),
    };
    let stop = Stop { point, left: Arc::new(AtomicU32::new(nth)) };
    let listening: Listening = serde_json::from_str(listening)?;
    let defaults = Options::default();
    let disk = Arc::new(Points { disk: defaults.disk, stop: stop.clone() });
    let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(50) };
    let outbox = Outbox::open(dir, Options { disk, backoff, ..defaults })?;
    say("READY");
    if role == "capture" {
        capture(&outbox, Path::new(photo), seed.parse()?)
    } else {
        deliver(&outbox, &listening, &stop)
    }
}

/// A few captures of each kind, each told once it returned.
fn capture(outbox: &Outbox, photo: &Path, seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    // Beside the photo: nobody but the parent removes what a killed process leaves.
    let dir = tempfile::tempdir_in(photo.parent().unwrap_or(Path::new(".")))?;
    for n in 0..8u64 {
        let salt = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(n);
        let system = Provider::ALL[usize::try_from(salt % 5).unwrap_or(0)];
        let job = fieldpost_tests::job(system);
        // Field Nation takes no text, and Serial's have no names to be told apart by.
        let has_text_files = !matches!(system, Provider::FieldNation | Provider::Serial);
        let item = match n % 4 {
            1 if has_text_files => outbox.capture(Text::new(format!("note {salt}")), &job)?,
            0 | 1 => {
                let path = dir.path().join(format!("report-{n}.pdf"));
                let content: Vec<u8> = (0..20_000 + salt % 180_000).map(|i| ((i ^ salt) % 251) as u8).collect();
                std::fs::write(&path, content)?;
                let document = Document::new(path);
                // A folder that is not there the first time.
                let document = if system == Provider::FieldNation { document.folder("Reports") } else { document };
                outbox.capture(document, &job)?
            }
            2 => outbox.capture(Photo::new(photo).cap_original().tag("original"), &job)?,
            _ => outbox.capture(Photo::new(photo).cap(Bytes::kilobytes(30)), &job)?,
        };
        say(&format!("CAPTURED {}", item.id));
        change(outbox, salt)?;
    }
    say("DONE");
    loop {
        std::thread::park();
    }
}

/// Updates, deletes or cancels one of the newest uploads, told once it returned.
fn change(outbox: &Outbox, salt: u64) -> Result<(), Box<dyn std::error::Error>> {
    let system = if salt.is_multiple_of(3) { Provider::FieldNation } else { Provider::CorrigoPro };
    let account = Some(systems::account_id(system).to_owned());
    let mut uploads = outbox.items(&Filter { account, ..Filter::default() })?;
    uploads.retain(|item| item.operation == Operation::Upload);
    let dice = (salt >> 20).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let back = usize::try_from(dice >> 4).unwrap_or(0) % 16;
    let Some(upload) = uploads.len().checked_sub(1 + back).and_then(|n| uploads.get(n)) else { return Ok(()) };
    let (done, what) = match dice % 16 {
        0..4 => {
            let change = match system {
                Provider::FieldNation => ("notes".to_owned(), format!("seen {dice}")),
                _ => ("name".to_owned(), format!("renamed-{dice}.pdf")),
            };
            (outbox.update(upload.id, Changes::from([change])).map(drop), "UPDATED")
        }
        4..6 => (outbox.delete(upload.id).map(drop), "DELETED"),
        6 => (outbox.cancel(upload.id), "CANCELLED"),
        _ => return Ok(()),
    };
    match done {
        Ok(()) => say(&format!("{what} {}", upload.id)),
        Err(fieldpost::Error::NotNow { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Delivers, again and again: another process captures, and this one is not told.
fn deliver(outbox: &Outbox, listening: &Listening, stop: &Stop) -> Result<(), Box<dyn std::error::Error>> {
    let token = |account: &str| {
        let system = systems::of_account(account)?;
        listening.accounts.iter().find(|account| account.provider == system).map(|account| account.token.clone())
    };
    let http = HttpOptions { idle: Duration::from_millis(1_500), ..HttpOptions::default() };
    fieldpost_tests::run(async {
        loop {
            let done = if stop.point == "body-answer" {
                one_by_one(outbox, &token, Http::new(http.clone(), Options::default().disk)?, stop).await
            } else {
                outbox.deliver_with(&token, Deliver { http: http.clone(), ..Deliver::default() }).await.map(drop)
            };
            match done {
                // Another process that opens the outbox looks after what a dead deliverer left, and holds the lock for that.
                Err(fieldpost::Error::AlreadyDelivering) => {}
                done => done?,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}

/// As a host that moves the bytes itself: only so can it stand between a body and its answer.
async fn one_by_one(
    outbox: &Outbox,
    token: &impl Fn(&str) -> Option<String>,
    http: Http,
    stop: &Stop,
) -> Result<(), fieldpost::Error> {
    let (delivery, never) = (outbox.begin_delivery()?, StopSignal::new());
    loop {
        match delivery.next()? {
            Task::Prepare(job) => delivery.prepared(job.run())?,
            Task::Token { account } => match token(&account) {
                Some(token) => delivery.put_token(&account, Secret::new(token))?,
                None => delivery.no_token(&account)?,
            },
            Task::Send(transfer) => {
                let left = |sent, total| {
                    if transfer.item.is_some() && sent == total {
                        stop.at("body-answer");
                    }
                };
                delivery.report(transfer.id, &http.send(&transfer, &left, &never).await)?;
            }
            Task::Sleep { .. } => return Ok(()),
        }
    }
}
