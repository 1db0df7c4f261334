//! When the next item goes on by itself, told as its `why` tells it: both read the same waits.

use std::time::Duration;

use super::Core;
use crate::error::Error;
use crate::model::{Now, Timestamp, Trust};

impl Core {
    /// The end of the wait that has `left` left, as the items that wait for it show it.
    pub(crate) fn goes_on(&self, left: Duration) -> Result<Timestamp, Error> {
        let (sql, now) = (self.store.read(), self.now());
        let by = Now { mono: now.mono.saturating_add(left), ..now.clone() };
        let mut waits = Vec::new();
        for account in sql.accounts()? {
            let id = &account.account.id;
            let due = |stage| sql.due(id, stage, &by).map(|rows| rows.into_iter().filter_map(|row| row.due));
            let queued: Vec<_> = due("queued")?.collect();
            let standing = account.standing;
            match standing.wait.map(|(wait, _)| wait).filter(|wait| !wait.is_over(&now)) {
                // It is what all that is queued shows, whatever waits of their own they have.
                Some(wait) if !queued.is_empty() || sql.ready(id, 0..4, None, false)?.is_some() => waits.push(wait),
                Some(_) => {}
                None => waits.extend(queued),
            }
            waits.extend(due("verifying")?);
            if let Trust::Checking { due, .. } = standing.trust {
                waits.push(due);
            }
        }
        let ends = waits.into_iter().filter(|wait| !wait.is_over(&now)).map(|wait| wait.ends(&now)).min();
        Ok(ends.unwrap_or_else(|| now.wall.after(left)))
    }
}
