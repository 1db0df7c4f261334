//! How long files stay, and who makes room: the files of delivered items are cleared in time, and early where a capture needs
//! the room. Touches nothing that is not delivered, and no manifest, journal or receipt: those stay until `forget`.
//!
//! | step | killed after it |
//! |---|---|
//! | the receipt is in the item's journal: read, and appended where it is missing | as before |
//! | rows `going`, their attempts but the latest gone: one transaction | `check` looks for no file; the next pass goes on |
//! | original and bodies removed, the item's folder synced | the same |
//! | rows `gone`: one transaction | done |
//!
//! Time is the wall clock's: one that jumps forward clears early, which loses nothing, for what is cleared is delivered; one that
//! is set back clears late.

use super::Core;
use crate::error::Error;
use crate::model::{Bytes, Files, ItemId, Row, Stage, Timestamp};
use crate::store::{Entry, Safe, Sql};

/// How long the files of delivered items stay on the phone. Their receipts, manifests and journals stay until they are
/// [forgotten](crate::Outbox::forget), whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until the item is delivered: its files are cleared at once.
    UntilDelivered,
    /// So many days after that, by the wall clock.
    Days(u32),
    /// For ever, or until the room is needed for a capture.
    Forever,
}

impl Default for Keep {
    /// 30 days: long enough for a question from the office.
    fn default() -> Self {
        Keep::Days(30)
    }
}

impl Keep {
    /// What was delivered then or before is to be cleared.
    fn until(self, now: Timestamp) -> i64 {
        const DAY: i64 = 24 * 60 * 60 * 1_000;
        match self {
            Keep::UntilDelivered => i64::MAX,
            Keep::Days(days) => now.millis().saturating_sub(i64::from(days) * DAY),
            Keep::Forever => i64::MIN, // what is going already goes on
        }
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keeping {
    pub(crate) keep: Keep,
    /// The most bytes that all files may take.
    pub(crate) quota: Option<Bytes>,
}

impl Keeping {
    /// Whether what is about to be committed fits into the quota: asked within the transaction, for others capture as well.
    pub(super) fn fits(self, sql: &Sql<'_>, row: &Row) -> Result<(), Error> {
        let (Some(quota), needed) = (self.quota, Bytes(row.bytes())) else { return Ok(()) };
        let used = Bytes(sql.bytes()?);
        if used.0.saturating_add(needed.0) > quota.0 { Err(Error::QuotaFull { needed, used, quota }) } else { Ok(()) }
    }
}

/// Items that are cleared in one pass: a moment, also on a slow phone.
const PASS: usize = 16;

/// What a capture leaves free on the disk, for the attempts and receipts of what waits already.
const RESERVE: Bytes = Bytes::megabytes(4);

impl Core {
    /// Clears what it is time for, some of it where there is much. Not within a transaction.
    pub(crate) fn clear_due(&mut self) -> Result<(), Error> {
        let until = self.keeping.keep.until(self.now().wall);
        let due = self.cleared_next(until)?;
        self.clear(&due).map(|_| ())
    }

    /// After a delivery: clears it where that is to be at once.
    pub(crate) fn clear_at_once(&mut self) -> Result<(), Error> {
        if self.keeping.keep == Keep::UntilDelivered { self.clear_due() } else { Ok(()) }
    }

    /// Clears what was delivered first, until it has freed `room` or done a pass. Returns how many items that were.
    pub(crate) fn clear_early(&mut self, room: u64) -> Result<usize, Error> {
        let mut freed = 0;
        let mut rows = self.cleared_next(i64::MAX)?;
        rows.retain(|row| {
            let wanted = freed < room;
            freed += row.bytes();
            wanted
        });
        self.clear(&rows)
    }

    fn cleared_next(&self, until: i64) -> Result<Vec<Row>, Error> {
        let mut rows = self.store.read().kept(until, PASS + self.uncleared.len())?;
        rows.retain(|row| !self.uncleared.contains(&row.id()));
        rows.truncate(PASS);
        Ok(rows)
    }

    /// Returns how many were cleared.
    fn clear(&mut self, rows: &[Row]) -> Result<usize, Error> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.store.begin(Safe::AtOnce)?;
        let going = rows.iter().map(|row| self.let_go(row.id())).collect::<Result<Vec<_>, _>>();
        self.store.end(going.is_ok())?;
        let mut gone = Vec::new();
        for id in going?.into_iter().flatten() {
            match self.folders.clear(id) {
                Ok(()) => gone.push(id),
                Err(_) => _ = self.uncleared.insert(id),
            }
        }
        // Where this cannot be committed, the next pass finds no files, and commits it.
        _ = self.store.write(|sql| gone.iter().try_for_each(|id| is_gone(sql, *id)));
        _ = self.store.give_back();
        Ok(gone.len())
    }

    /// Marks an item whose files go. `None` where they must not.
    fn let_go(&mut self, id: ItemId) -> Result<Option<ItemId>, Error> {
        // Read anew: another process may have forgotten it.
        let Some(mut row) = self.store.read().item(id)?.filter(|row| row.kept_since().is_some()) else {
            return Ok(None);
        };
        if !self.is_on_record(&row) {
            self.uncleared.insert(id);
            return Ok(None);
        }
        row.life.files = Files::Going;
        self.store.write(|sql| {
            sql.trim_attempts(id)?;
            sql.save_item(&row)
        })?;
        Ok(Some(id))
    }

    /// Whether the item's journal has its receipt, by now. Where that cannot be, its files stay, and hold up no others.
    fn is_on_record(&self, row: &Row) -> bool {
        let Stage::Delivered { receipt } = &row.stage else { return false };
        match self.folders.receipt(row.id()) {
            Ok(Some(_)) => true,
            Ok(None) => {
                let entry = Entry::Receipt { receipt: receipt.clone() };
                self.journal(row.id(), entry, &self.now()).unwrap_or(false)
            }
            Err(_) => false,
        }
    }

    /// Sees to it that a capture of so many bytes fits, into the quota and onto the disk. What is delivered makes room, the
    /// longest delivered first, and only where that is enough; what is not delivered never does.
    ///
    /// # Errors
    /// [`Error::QuotaFull`], [`Error::DiskFull`].
    pub(crate) fn make_room(&mut self, needed: Bytes) -> Result<(), Error> {
        self.make(|core| core.shortage(needed, true))
    }

    /// The same for one that is on the disk already, and longer than it was said to be.
    pub(crate) fn make_quota(&mut self, needed: Bytes) -> Result<(), Error> {
        self.make(|core| core.shortage(needed, false))
    }

    fn make(&mut self, shortage: impl Fn(&Self) -> Result<Option<Shortage>, Error>) -> Result<(), Error> {
        if shortage(self)?.is_some() {
            self.clear_due()?;
        }
        while let Some(Shortage { by, refusal }) = shortage(self)? {
            if self.store.read().delivered_bytes()? < by || self.clear_early(by)? == 0 {
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// What is missing for so many bytes more.
    fn shortage(&self, needed: Bytes, on_disk: bool) -> Result<Option<Shortage>, Error> {
        if let Some(quota) = self.keeping.quota {
            let used = Bytes(self.store.read().bytes()?);
            let by = used.0.saturating_add(needed.0).saturating_sub(quota.0);
            if by > 0 {
                return Ok(Some(Shortage { by, refusal: Error::QuotaFull { needed, used, quota } }));
            }
        }
        let Some(free) = self.folders.free().filter(|_| on_disk) else { return Ok(None) };
        let by = needed.0.saturating_add(RESERVE.0).saturating_sub(free);
        let what = format!("{needed} are needed, and {RESERVE} beside them; {} are free", Bytes(free));
        Ok((by > 0).then_some(Shortage { by, refusal: Error::DiskFull { what, needed: Some(needed) } }))
    }
}

/// How much is missing, and what is said where it cannot be had.
struct Shortage {
    by: u64,
    refusal: Error,
}

fn is_gone(sql: &Sql<'_>, id: ItemId) -> Result<(), Error> {
    match sql.item(id)? {
        Some(mut row) if row.life.files == Files::Going => {
            row.life.files = Files::Gone;
            sql.save_item(&row)
        }
        _ => Ok(()),
    }
}
