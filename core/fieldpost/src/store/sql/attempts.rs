//! What was tried of each item, and what it sent.

use rusqlite::params;

use super::{Sql, json};
use crate::error::Error;
use crate::model::{ItemId, RequestId, Snapshot, Timestamp};

impl Sql<'_> {
    pub(crate) fn begin_attempt(&self, item: ItemId, at: Timestamp, snapshot: &Snapshot) -> Result<(), Error> {
        self.execute(
            "INSERT INTO attempts (item, number, started_at, snapshot)
             VALUES (?1, coalesce((SELECT max(number) FROM attempts WHERE item = ?1), 0) + 1, ?2, ?3)",
            params![item.as_bytes(), at.millis(), json(snapshot)?],
        )?;
        Ok(())
    }

    /// What the latest attempt of an item sends is told once more, before it leaves.
    pub(crate) fn amend_attempt(&self, item: ItemId, snapshot: &Snapshot) -> Result<(), Error> {
        self.execute(
            "UPDATE attempts SET snapshot = ?2
             WHERE item = ?1 AND number = (SELECT max(number) FROM attempts WHERE item = ?1)",
            params![item.as_bytes(), json(snapshot)?],
        )?;
        Ok(())
    }

    pub(crate) fn end_attempt(&self, item: ItemId, at: Timestamp, outcome: &str) -> Result<(), Error> {
        self.execute(
            "UPDATE attempts SET ended_at = ?2, outcome = ?3
             WHERE item = ?1 AND number = (SELECT max(number) FROM attempts WHERE item = ?1)",
            params![item.as_bytes(), at.millis(), outcome],
        )?;
        Ok(())
    }

    /// Whether an item was attempted under this request id.
    pub(crate) fn was_attempted(&self, item: ItemId, request: &RequestId) -> Result<bool, Error> {
        let mut statement = self.statement("SELECT snapshot FROM attempts WHERE item = ?1 ORDER BY number DESC")?;
        let mut snapshots = statement.query([item.as_bytes()])?;
        while let Some(row) = snapshots.next()? {
            let text: String = row.get(0)?;
            let snapshot: Snapshot = serde_json::from_str(&text)?;
            if snapshot.request_id == *request {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the latest attempt of an item sent.
    pub(crate) fn snapshot(&self, item: ItemId) -> Result<Option<Snapshot>, Error> {
        let text: Option<String> =
            self.one("SELECT snapshot FROM attempts WHERE item = ?1 ORDER BY number DESC LIMIT 1", [item.as_bytes()])?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }
}
