//! What is durable: the queue in SQLite, the bytes and their story in the items' folders.
//!
//! ```text
//! DIR/outbox.db          the queue (WAL)            sql.rs owns every statement
//!     accounts.json      accounts, no secrets       folders.rs owns every file
//!     incoming/<id>      a capture that is being taken
//!     items/<id>/        original, manifest.json, journal.jsonl, body-N.ext
//!     outbox.lock        shared by every opener; alone for rebuild and migration
//!     deliver.lock       alone, by the one that delivers
//! ```
//!
//! The file is opened by SQLite alone: closing it through another handle would drop SQLite's own locks.

pub(crate) mod folders;
pub(crate) mod records;
mod space;
mod sql;

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;
use crate::model::Now;

pub(crate) use folders::{CopyError, Erasure, FileError, Folders, Journal, NEW, ORIGINAL, Sealed, copy_hashed};
pub(crate) use records::{Entry, Fit, Line, Manifest, Target};
pub use sql::Filter;
pub(crate) use sql::Sql;

/// The schema's steps, each run once, in order, in one transaction. A step that has landed is never edited.
const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_outbox.sql"), include_str!("migrations/0002_operations.sql")];

/// The schema of this version.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// When a transaction is safe from a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Safe {
    /// Once it has ended.
    AtOnce,
    /// Once a later one is, or the database is let go: SQLite's log is synced as a whole. For what would be found out again: a
    /// transfer's result. Without it the item is still `sending`, which is a doubt: the receipt in its journal settles
    /// that, or a look. A killed process loses nothing by it.
    WithTheNext,
}

const ENTERED: &str = "whoever enters the outbox takes the database up first";

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // Of a new database, before anything is in it; of one that was made without, at its next VACUUM.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update_and_check(None, "journal_size_limit", space::WAL_KEPT, |_| Ok(()))?;
    // Every commit is on the disk when it returns, but for those of `Safe::WithTheNext`.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    // Apple's fsync does not reach the disk; these two make SQLite use F_FULLFSYNC there and do nothing elsewhere.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The plan of a statement does not hang on what is bound: where SQLite is built with statistics, as rusqlite does it outside
    // this repository, most statements would be prepared anew at each use, a quarter of all time spent in here.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// The queue's database.
pub(crate) struct Store {
    path: PathBuf,
    /// `None` while it is let go.
    connection: Option<Connection>,
}

impl Store {
    /// Opens the database at `path`, makes it where it is missing. `None`: it is of an earlier version, to be
    /// [migrated](Self::migrate).
    pub(crate) fn open(path: &Path, now: &Now) -> Result<Option<Self>, Error> {
        let mut store = Store { path: path.to_owned(), connection: Some(connect(path)?) };
        match store.version()? {
            0 => store.step_up(MIGRATIONS)?,
            found if found < KNOWN => return Ok(None),
            found if found > KNOWN => return Err(Error::TooNew { found, known: KNOWN }),
            _ => {}
        }
        store.anchor(now)?;
        Ok(Some(store))
    }

    /// Brings the schema of the database at `path` up to date. The caller holds the outbox alone.
    pub(crate) fn migrate(path: &Path, now: &Now) -> Result<Self, Error> {
        let mut store = Store { path: path.to_owned(), connection: Some(connect(path)?) };
        store.step_up(MIGRATIONS)?;
        store.anchor(now)?;
        Ok(store)
    }

    /// Closes the database: SQLite holds locks for as long as it is open. What the WAL holds is put into the database first.
    pub(crate) fn let_go(&mut self) {
        if self.connection.is_some() {
            _ = self.give_back(); // else another time
        }
        if let Some(connection) = self.connection.take() {
            // Another process may be reading: then the WAL stays, and is as durable as the database.
            _ = connection.pragma_query(None, "wal_checkpoint(TRUNCATE)", |_| Ok(()));
        }
    }

    /// Opens it again after [`let_go`](Self::let_go).
    pub(crate) fn take_up(&mut self) -> Result<(), Error> {
        if self.connection.is_none() {
            self.connection = Some(connect(&self.path)?);
        }
        Ok(())
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect(ENTERED)
    }

    /// Sets a damaged database aside, kept under a name of its own, and begins a new one. The caller holds the outbox alone.
    pub(crate) fn anew(path: &Path, now: &Now) -> Result<Self, Error> {
        for suffix in ["", "-wal", "-shm"] {
            let mut from = path.as_os_str().to_owned();
            from.push(suffix);
            let mut to = path.as_os_str().to_owned();
            to.push(format!("{}{}{suffix}", folders::SET_ASIDE, now.wall.millis()));
            match std::fs::rename(&from, &to) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::disk("set the damaged database aside")(e));
                }
                _ => {}
            }
        }
        Self::migrate(path, now)
    }

    fn version(&self) -> Result<i64, Error> {
        Ok(self.connection().pragma_query_value(None, "user_version", |row| row.get(0))?)
    }

    /// All steps that are missing, in one transaction.
    fn step_up(&mut self, steps: &[&str]) -> Result<(), Error> {
        let tx = self.connection.as_mut().expect(ENTERED).transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let found: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > KNOWN {
            return Err(Error::TooNew { found, known: KNOWN });
        }
        for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
            tx.execute_batch(step)?;
        }
        if (1..KNOWN).contains(&found) {
            Sql::new(&tx).save_all()?;
        }
        tx.pragma_update(None, "user_version", KNOWN)?;
        Ok(tx.commit()?)
    }

    /// On a new boot, waits are measured anew: see [`Now`].
    fn anchor(&mut self, now: &Now) -> Result<(), Error> {
        if self.read().meta("boot")?.as_deref() == Some(now.boot.as_str()) {
            return Ok(());
        }
        self.write(|sql| sql.anchor(now))
    }

    /// For reading.
    pub(crate) fn read(&self) -> Sql<'_> {
        Sql::new(self.connection())
    }

    /// One transaction, on the disk when it returns: all of it or nothing. Within [`begin`](Self::begin) it is a part of that one.
    pub(crate) fn write<T>(&mut self, change: impl FnOnce(&Sql<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if !self.connection().is_autocommit() {
            return change(&self.read());
        }
        let tx = self.connection.as_mut().expect(ENTERED).transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made = change(&Sql::new(&tx))?;
        tx.commit()?;
        Ok(made)
    }

    /// Begins a transaction around a decision: what it reads, no other process changes before it is written.
    /// `safe`: how much of it a power cut may take.
    pub(crate) fn begin(&self, safe: Safe) -> Result<(), Error> {
        if safe == Safe::WithTheNext {
            self.connection().pragma_update(None, "synchronous", "NORMAL")?;
        }
        let begun = self.connection().execute_batch("BEGIN IMMEDIATE");
        if begun.is_err() {
            self.connection().pragma_update(None, "synchronous", "FULL")?;
        }
        Ok(begun?)
    }

    /// Ends it: kept or undone.
    pub(crate) fn end(&self, keep: bool) -> Result<(), Error> {
        let ended = self.end_transaction(keep);
        self.connection().pragma_update(None, "synchronous", "FULL")?;
        ended
    }

    /// Makes safe what was to be so with the next.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.write(|sql| sql.set_meta("synced", ""))
    }

    fn end_transaction(&self, keep: bool) -> Result<(), Error> {
        if self.connection().is_autocommit() {
            return Ok(()); // SQLite undid it by itself: the disk is full
        }
        let ended = self.connection().execute_batch(if keep { "COMMIT" } else { "ROLLBACK" });
        if ended.is_err() && !self.connection().is_autocommit() {
            self.connection().execute_batch("ROLLBACK")?;
        }
        Ok(ended?)
    }

    /// From now on the database finds its disk full at so many pages beyond what it has; `None`: no more.
    #[cfg(test)]
    pub(crate) fn limit(&self, pages: Option<i64>) -> Result<(), Error> {
        let has: i64 = self.connection().pragma_query_value(None, "page_count", |row| row.get(0))?;
        let most = pages.map_or(1 << 30, |pages| has + pages);
        Ok(self.connection().pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
    }

    /// SQLite's own word on whether the file is whole: `Ok(None)` or what it found.
    pub(crate) fn integrity(&self) -> Result<Option<String>, Error> {
        let word: String = self.connection().query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((word != "ok").then_some(word))
    }
}

#[cfg(test)]
mod tests;
