//! The table system x operation x fault: every fault that the sandbox has meets every operation of every system, over the real
//! driver and real sockets. `cargo xtask matrix` prints it.
//!
//! Owns: which operations and faults there are ([`rows`], [`troubles`]), how one cell is lived through ([`cell`]), what each has
//! to end as ([`expected`]: written down from the core's documents, never asked of the core), how it is shown ([`table`]).

#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test that prints its table

mod asked;
mod cell;
mod expected;
mod rows;
mod table;
mod troubles;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cell::Seen;
use expected::{Expected, expected};
use rows::{ROWS, Row};
use troubles::{TROUBLES, Trouble};

/// More than there are processors: most of a cell's time is spent waiting for disks and sockets.
const THREADS: usize = 8;

/// One cell, lived through.
struct Cell {
    row: usize,
    trouble: usize,
    expected: Expected,
    seen: Result<Seen, String>,
}

impl Cell {
    /// What is wrong with it.
    fn complaint(&self) -> Option<String> {
        let said = match &self.seen {
            Err(why) => why.clone(),
            Ok(seen) if seen.is(&self.expected) => return None,
            Ok(seen) => format!("{seen}; expected {}", self.expected),
        };
        let (Row { system, operation }, trouble) = (&ROWS[self.row], &TROUBLES[self.trouble]);
        Some(format!("{system} {operation}, {}: {said}", trouble.name))
    }
}

#[test]
fn every_fault_at_every_operation_of_every_system_ends_as_it_is_written_down() {
    let cells = lived();
    let complaints: Vec<String> = cells.iter().filter_map(Cell::complaint).collect();
    println!("{}", table::of(&cells));
    assert!(
        complaints.is_empty(),
        "{} of {} cells are wrong:\n{}",
        complaints.len(),
        cells.len(),
        complaints.join("\n")
    );
}

/// All cells in which something can happen, side by side: each has a world of its own. Columns before rows, so that those in
/// which a silence is sat out do so together.
fn lived() -> Vec<Cell> {
    let all = (0..TROUBLES.len()).flat_map(|trouble| (0..ROWS.len()).map(move |row| (row, trouble)));
    let all = all.filter_map(|(row, trouble)| Some((row, trouble, expected(&ROWS[row], TROUBLES[trouble].name)?)));
    let (all, next) = (all.collect::<Vec<_>>(), AtomicUsize::new(0));
    let cells = Mutex::new(Vec::with_capacity(all.len()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((row, trouble, expected)) = all.get(next.fetch_add(1, Ordering::Relaxed)).cloned() {
                    let seen = live(&ROWS[row], &TROUBLES[trouble]);
                    cells.lock().unwrap().push(Cell { row, trouble, expected, seen });
                }
            });
        }
    });
    cells.into_inner().unwrap()
}

/// A cell that panics is a wrong cell, and holds up no other.
fn live(row: &Row, trouble: &Trouble) -> Result<Seen, String> {
    std::panic::catch_unwind(|| cell::live(row, trouble)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

#[test]
fn nothing_is_expected_of_what_there_is_not() {
    for name in expected::names() {
        assert!(TROUBLES.iter().any(|trouble| trouble.name == name), "{name} is written down, but is no fault");
    }
    for (n, trouble) in TROUBLES.iter().enumerate() {
        assert!(ROWS.iter().any(|row| expected(row, trouble.name).is_some()), "{} is never met", trouble.name);
        assert!(TROUBLES[..n].iter().all(|other| other.name != trouble.name), "{} twice", trouble.name);
    }
}
