//! Giving space back: SQLite keeps the pages of what was removed for what comes next, and only shrinks its file when told. New
//! databases are made so that they can be shrunk a piece at a time (`auto_vacuum`); one of an earlier version is made so by one
//! `VACUUM`.

use super::Store;
use crate::error::Error;

/// Free pages that are left to the database: what comes next needs them, and growing a file costs a sync of its own.
const SPARE: i64 = 64;
/// Free pages that are given back in one go: a megabyte, at SQLite's usual 4,096 bytes a page.
const PIECE: i64 = 256;
/// What the WAL keeps of the disk after a checkpoint, in bytes: what it has grown to when SQLite makes one, so that an outbox on
/// a full disk can still commit what it needs to free some.
pub(super) const WAL_KEPT: i64 = 4 << 20;
/// A database up to so many bytes is vacuumed in memory: phones have no folder for temporary files that SQLite finds.
const IN_MEMORY: i64 = 64 << 20;
/// SQLite's number for "a piece at a time".
const INCREMENTAL: i64 = 2;

impl Store {
    /// Gives back a piece of what lies free in the file. It takes a moment, whatever there is.
    pub(crate) fn give_back(&self) -> Result<(), Error> {
        let free = self.number("freelist_count")? - SPARE;
        if free > 0 && self.can_shrink()? && self.connection().is_autocommit() {
            self.connection().execute_batch(&format!("PRAGMA incremental_vacuum({})", free.min(PIECE)))?;
        }
        Ok(())
    }

    /// Whether its file can be shrunk a piece at a time.
    pub(crate) fn can_shrink(&self) -> Result<bool, Error> {
        Ok(self.number("auto_vacuum")? == INCREMENTAL)
    }

    /// Makes it so, by writing it anew. The caller holds the outbox alone. Fails where there is no room for a second one beside it;
    /// then the database is as it was.
    pub(crate) fn make_shrinkable(&self) -> Result<(), Error> {
        let bytes = self.number("page_count")? * self.number("page_size")?;
        if bytes <= IN_MEMORY {
            self.connection().pragma_update(None, "temp_store", "MEMORY")?;
        }
        self.connection().execute_batch("VACUUM")?;
        Ok(())
    }

    fn number(&self, pragma: &str) -> Result<i64, Error> {
        Ok(self.connection().pragma_query_value(None, pragma, |row| row.get(0))?)
    }
}
