//! What the benchmarks share: where they write, a full outbox made quickly, and the table at the end.

#![allow(clippy::print_stdout)] // what was measured is all that a benchmark has to say

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use fieldpost::{Account, Filter, Options, Outbox, Text, WorkOrder};

/// The folder of the program itself: the target folder's disk. A temporary folder may lie in memory, where nothing is ever synced.
///
/// # Errors
/// Where the system does not tell which program this is.
pub fn work_dir() -> io::Result<PathBuf> {
    let exe = std::env::current_exe()?;
    Ok(exe.parent().map(Path::to_owned).unwrap_or_default())
}

/// The account `acme` at a CorrigoPro Direct system.
#[must_use]
pub fn account(url: &str) -> Account {
    Account::corrigo_pro("acme", url).performed_by("Jo Field")
}

/// Opens the outbox in `dir`, with this account.
///
/// # Panics
/// Where the folder cannot be written or the account is not good.
#[must_use]
pub fn outbox(dir: &Path, account: Account) -> Outbox {
    let outbox = Outbox::open(dir, Options::default()).expect("the folder can be written");
    outbox.put_account(account).expect("the account is good");
    outbox
}

/// An outbox of `rows` queued items of `account`, so many to a work order, rows and folders: one real capture, its folder copied
/// under other ids, and a rebuild of the database from them. Captures would do the same, with as many syncs, in a quarter of
/// an hour.
///
/// # Errors
/// Those of the disk.
///
/// # Panics
/// Where the outbox does not take the items up.
pub fn fill(dir: &Path, account: Account, rows: usize, to_a_work_order: usize) -> io::Result<()> {
    let job = WorkOrder::new(account.id.clone(), "1");
    let first = outbox(dir, account).capture(Text::new("a note"), &job).expect("the capture is kept").id.to_string();
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
        let work_order = format!(r#""work_order":"{}""#, 1 + n / to_a_work_order);
        let own = manifest.replace(&first, &id).replace(marker, &id[28..]).replace(r#""work_order":"1""#, &work_order);
        fs::write(item.join("manifest.json"), own)?;
    }
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("outbox.db{suffix}")));
    }
    let outbox = Outbox::open(dir, Options::default()).expect("the outbox is rebuilt");
    assert_eq!(outbox.items(&Filter::default()).expect("the queue reads").len(), rows);
    Ok(())
}

/// The middle one of `numbers`.
///
/// # Panics
/// Where there are none.
#[must_use]
pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The middle one of `times`, in seconds.
///
/// # Panics
/// Where there are none.
#[must_use]
pub fn median(times: &[Duration]) -> f64 {
    middle(times.iter().map(Duration::as_secs_f64).collect())
}

/// What a figure must not pass.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// At most so much.
    Most(f64),
    /// At least so much.
    Least(f64),
    /// Less than so much.
    Below(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Bound::Most(most) => value <= most,
            Bound::Least(least) => value >= least,
            Bound::Below(end) => value < end,
        }
    }

    fn shown(self) -> String {
        match self {
            Bound::Most(n) => format!("at most {n}"),
            Bound::Least(n) => format!("at least {n}"),
            Bound::Below(n) => format!("below {n}"),
        }
    }
}

/// The table at the end: what was measured, its bound, and whether it holds.
#[derive(Debug, Default)]
pub struct Figures(Vec<(String, f64, Bound)>);

impl Figures {
    /// Adds a line.
    pub fn add(&mut self, what: impl Into<String>, value: f64, bound: Bound) {
        self.0.push((what.into(), value, bound));
    }

    /// Prints the table. Success where all bounds hold.
    #[must_use]
    pub fn end(self) -> ExitCode {
        let widest = self.0.iter().map(|(what, ..)| what.len()).max().unwrap_or(0);
        for (what, value, bound) in &self.0 {
            let word = if bound.holds(*value) { "ok" } else { "MISSED" };
            println!("{what:widest$}   {value:9.3}   {:14}   {word}", bound.shown());
        }
        let good = self.0.iter().all(|(_, value, bound)| bound.holds(*value));
        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
