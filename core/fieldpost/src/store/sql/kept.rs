//! What is kept of delivered items, and what all files take.

use super::Sql;
use crate::error::Error;
use crate::model::{ItemId, Row};

impl Sql<'_> {
    /// Delivered items whose files are still here, at most `most` of those delivered at `until` or before: what is going already
    /// first, then the longest delivered.
    pub(crate) fn kept(&self, until: i64, most: usize) -> Result<Vec<Row>, Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.rows("WHERE delivered_at <= ?1 ORDER BY delivered_at LIMIT ?2", [until, most])
    }

    /// What the files of all items take.
    pub(crate) fn bytes(&self) -> Result<u64, Error> {
        let sum: Option<Option<i64>> = self.one("SELECT sum(bytes) FROM items WHERE bytes > 0", [])?;
        Ok(sum.flatten().unwrap_or(0).unsigned_abs())
    }

    /// What of it is delivered.
    pub(crate) fn delivered_bytes(&self) -> Result<u64, Error> {
        let sum: Option<Option<i64>> = self.one("SELECT sum(bytes) FROM items WHERE delivered_at IS NOT NULL", [])?;
        Ok(sum.flatten().unwrap_or(0).unsigned_abs())
    }

    /// Removes all attempts of an item but the latest, by which its account's listings are put to the test.
    pub(crate) fn trim_attempts(&self, item: ItemId) -> Result<(), Error> {
        self.execute(
            "DELETE FROM attempts WHERE item = ?1 AND number < (SELECT max(number) FROM attempts WHERE item = ?1)",
            [item.as_bytes()],
        )?;
        Ok(())
    }
}
