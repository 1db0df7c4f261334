//! Every SQL statement of Fieldpost. Questions are about one item, one account or one lane, each answered by an index:
//! none of them looks at the whole queue but those that a person asks for (`list`, `check`).

mod attempts;
mod kept;

use std::collections::BTreeSet;

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::model::{Account, AccountRow, ItemId, Now, Operation, RemoteId, Row, Stage, Timestamp, Wait, millis};

/// The statements, on a connection or within a transaction.
pub(crate) struct Sql<'a> {
    connection: &'a Connection,
}

/// Which items to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this account's.
    pub account: Option<String>,
    /// Only this work order's.
    pub work_order: Option<String>,
    /// Only those in this state.
    pub state: Option<crate::State>,
}

const ROW: &str = "seq, priority, held, stage_data, due_mono, due_wall, due_length, manifest, life";

impl<'a> Sql<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Sql { connection }
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'a>, Error> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Error> {
        Ok(self.statement(sql)?.execute(params)?)
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str, params: impl Params) -> Result<Option<T>, Error> {
        Ok(self.statement(sql)?.query_row(params, |row| row.get(0)).optional()?)
    }

    fn rows(&self, tail: &str, params: impl Params) -> Result<Vec<Row>, Error> {
        let mut statement = self.statement(&format!("SELECT {ROW} FROM items {tail}"))?;
        let rows = statement.query_map(params, read_row)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    // --- meta ---

    pub(crate) fn meta(&self, key: &str) -> Result<Option<String>, Error> {
        self.one("SELECT value FROM meta WHERE key = ?1", [key])
    }

    pub(crate) fn set_meta(&self, key: &str, value: &str) -> Result<(), Error> {
        self.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, value])?;
        Ok(())
    }

    /// Whether the database has ever held all items: a new one holds none, an interrupted rebuild not all.
    pub(crate) fn is_whole(&self) -> Result<bool, Error> {
        Ok(self.meta("whole")?.is_some())
    }

    pub(crate) fn set_whole(&self) -> Result<(), Error> {
        self.set_meta("whole", "yes")
    }

    /// Measures every wait on the present boot.
    pub(crate) fn anchor(&self, now: &Now) -> Result<(), Error> {
        self.execute(
            "UPDATE items SET due_mono = ?1 + max(0, min(due_length, due_wall - ?2)) WHERE due_mono IS NOT NULL",
            params![signed(millis(now.mono)), now.wall.millis()],
        )?;
        for mut row in self.accounts()? {
            if let Some((wait, _)) = &mut row.standing.wait {
                *wait = wait.anchored(now);
            }
            if let crate::model::Trust::Checking { due, .. } = &mut row.standing.trust {
                *due = due.anchored(now);
            }
            self.save_account(&row)?;
        }
        self.set_meta("boot", &now.boot)
    }

    // --- accounts ---

    pub(crate) fn accounts(&self) -> Result<Vec<AccountRow>, Error> {
        let mut statement = self.statement("SELECT account, standing FROM accounts ORDER BY id")?;
        let rows = statement.query_map([], read_account)?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    pub(crate) fn account(&self, id: &str) -> Result<Option<AccountRow>, Error> {
        let mut statement = self.statement("SELECT account, standing FROM accounts WHERE id = ?1")?;
        Ok(statement.query_row([id], read_account).optional()?)
    }

    pub(crate) fn save_account(&self, row: &AccountRow) -> Result<(), Error> {
        self.execute(
            "INSERT OR REPLACE INTO accounts (id, account, standing) VALUES (?1, ?2, ?3)",
            params![row.account.id, json(&row.account)?, json(&row.standing)?],
        )?;
        Ok(())
    }

    pub(crate) fn remove_account(&self, id: &str) -> Result<(), Error> {
        self.execute("DELETE FROM accounts WHERE id = ?1", [id])?;
        Ok(())
    }

    /// How many items of an account are neither delivered nor cancelled.
    pub(crate) fn undelivered(&self, account: &str) -> Result<u64, Error> {
        let n: Option<i64> = self.one(
            "SELECT count(*) FROM items WHERE account = ?1 AND stage NOT IN ('delivered', 'cancelled')",
            [account],
        )?;
        Ok(n.unwrap_or(0).unsigned_abs())
    }

    // --- items ---

    pub(crate) fn item(&self, id: ItemId) -> Result<Option<Row>, Error> {
        Ok(self.rows("WHERE id = ?1", [id.as_bytes()])?.pop())
    }

    pub(crate) fn item_by_key(&self, key: &str) -> Result<Option<Row>, Error> {
        Ok(self.rows("WHERE key = ?1", [key])?.pop())
    }

    pub(crate) fn has_item(&self, id: ItemId) -> Result<bool, Error> {
        Ok(self.one::<i64>("SELECT 1 FROM items WHERE id = ?1", [id.as_bytes()])?.is_some())
    }

    /// The items of a filter in the order of capture. The shown state is not a column: filter on it afterwards.
    pub(crate) fn items(&self, filter: &Filter) -> Result<Vec<Row>, Error> {
        match (&filter.account, &filter.work_order) {
            (Some(account), Some(work_order)) => {
                self.rows("WHERE account = ?1 AND work_order = ?2 ORDER BY seq", [account, work_order])
            }
            (Some(account), None) => self.rows("WHERE account = ?1 ORDER BY seq", [account]),
            (None, Some(work_order)) => self.rows("WHERE work_order = ?1 ORDER BY seq", [work_order]),
            (None, None) => self.rows("ORDER BY seq", []),
        }
    }

    /// Writes anew what the columns tell of each row: after a migration that added some.
    pub(crate) fn save_all(&self) -> Result<(), Error> {
        let seqs: Vec<i64> = self
            .statement("SELECT seq FROM items ORDER BY seq")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for seq in seqs {
            self.rows("WHERE seq = ?1", [seq])?.iter().try_for_each(|row| self.save_item(row))?;
        }
        Ok(())
    }

    /// How many items stand in each stage.
    #[cfg(feature = "reqwest")]
    pub(crate) fn counts(&self) -> Result<std::collections::HashMap<String, u64>, Error> {
        let mut statement = self.statement("SELECT stage, count(*) FROM items GROUP BY stage")?;
        let count = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
        let counts = statement.query_map([], count)?.collect::<Result<_, _>>()?;
        Ok(counts)
    }

    /// Adds a row; its `seq` is given by the database.
    pub(crate) fn insert_item(&self, row: &Row) -> Result<(), Error> {
        let held = match row.manifest.after {
            Some(before) => self.item(before)?.is_some_and(|before| !before.stage.is_over()),
            None => false,
        };
        let target = &row.life.target;
        self.execute(
            "INSERT INTO items (id, key, account, work_order, needs, priority, after, held, stage, manifest, life, stage_data,
                    person, parent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                row.id().as_bytes(),
                row.manifest.key,
                target.account,
                target.work_order,
                row.requires().bits(),
                row.priority,
                row.manifest.after.map(|id| *id.as_bytes()),
                held,
                row.stage.name(),
                json(&row.manifest)?,
                json(&row.life)?,
                json(&row.stage)?,
                person(row),
                row.manifest.parent.map(|id| *id.as_bytes()),
            ],
        )?;
        self.save_item(row)
    }

    /// Writes what changes of a row, and keeps its lane's head and what waits for it in step.
    pub(crate) fn save_item(&self, row: &Row) -> Result<(), Error> {
        let target = &row.life.target;
        let was: Option<(String, u8)> = self
            .statement("SELECT work_order, needs FROM items WHERE id = ?1")?
            .query_row([row.id().as_bytes()], |was| Ok((was.get(0)?, was.get(1)?)))
            .optional()?;
        let is_upload = row.manifest.operation == Operation::Upload;
        let receipt = match &row.stage {
            Stage::Delivered { receipt } if is_upload => Some(receipt),
            _ => None,
        };
        self.execute(
            "UPDATE items SET work_order = ?2, priority = ?3, stage = ?4, due_mono = ?5, due_wall = ?6, due_length = ?7,
                    remote_id = ?8, life = ?9, stage_data = ?10, needs = ?11, about = ?12, bytes = ?13, delivered_at = ?14
             WHERE id = ?1",
            params![
                row.id().as_bytes(),
                target.work_order,
                row.priority,
                row.stage.name(),
                row.due.map(|due| signed(due.mono_ms)),
                row.due.map(|due| due.wall.millis()),
                row.due.map(|due| signed(due.length_ms)),
                receipt.and_then(|receipt| receipt.remote_id.as_ref()).map(|id| id.0.as_str()),
                json(&row.life)?,
                json(&row.stage)?,
                row.requires().bits(),
                row.life.about.as_ref().map(|id| id.0.as_str()),
                signed(row.bytes()),
                row.kept_since(),
            ],
        )?;
        let needs = row.requires().bits();
        if let Some((work_order, needs)) = was.filter(|was| *was != (target.work_order.clone(), needs)) {
            self.refresh_lane(&target.account, &work_order, needs, person(row))?;
        }
        self.refresh_lane(&target.account, &target.work_order, needs, person(row))?;
        if row.stage.is_over() {
            self.hold_after(row.id(), false)?;
        }
        Ok(())
    }

    /// Removes an item and its attempts.
    pub(crate) fn remove_item(&self, row: &Row) -> Result<(), Error> {
        self.hold_after(row.id(), false)?;
        self.execute("DELETE FROM attempts WHERE item = ?1", [row.id().as_bytes()])?;
        self.execute("DELETE FROM items WHERE id = ?1", [row.id().as_bytes()])?;
        let target = &row.life.target;
        self.refresh_lane(&target.account, &target.work_order, row.requires().bits(), person(row))
    }

    /// What goes after an item waits for it, or waits no more. What a rebuild adds may be there before what it goes after.
    pub(crate) fn hold_after(&self, id: ItemId, held: bool) -> Result<(), Error> {
        for next in self.rows("WHERE after = ?1 AND held <> ?2", params![id.as_bytes(), held])? {
            self.execute("UPDATE items SET held = ?2 WHERE id = ?1", params![next.id().as_bytes(), held])?;
            let target = &next.life.target;
            self.refresh_lane(&target.account, &target.work_order, next.requires().bits(), person(&next))?;
        }
        Ok(())
    }

    fn refresh_lane(&self, account: &str, work_order: &str, needs: u8, person: &str) -> Result<(), Error> {
        let head: Option<(i32, i64)> = self
            .statement(
                "SELECT priority, seq FROM items WHERE account = ?1 AND work_order = ?2 AND needs = ?3 AND person = ?4
                     AND stage = 'queued' AND held = 0 AND due_mono IS NULL ORDER BY priority DESC, seq LIMIT 1",
            )?
            .query_row(params![account, work_order, needs, person], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((priority, seq)) = head else {
            self.execute(
                "DELETE FROM lanes WHERE account = ?1 AND work_order = ?2 AND needs = ?3 AND person = ?4",
                params![account, work_order, needs, person],
            )?;
            return Ok(());
        };
        // A new lane begins as if it had just been served: it goes behind those that wait already.
        self.execute(
            "INSERT INTO lanes (account, work_order, needs, person, head_priority, head_seq, served)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce((SELECT max(served) FROM lanes WHERE account = ?1), 0))
             ON CONFLICT DO UPDATE SET head_priority = ?5, head_seq = ?6",
            params![account, work_order, needs, person, priority, seq],
        )?;
        Ok(())
    }

    // --- what to do next ---

    /// The item to send next in an account, among lanes whose wishes are among `needs`: the highest priority first, then the
    /// lane that was not served for longest. `person`: only what they captured, or nobody says who did. `alone`: only work
    /// orders where nothing is under way or in doubt.
    pub(crate) fn ready(
        &self,
        account: &str,
        needs: impl Iterator<Item = u8>,
        person: Option<&str>,
        alone: bool,
    ) -> Result<Option<Row>, Error> {
        let mut best: Option<(i32, i64, i64)> = None;
        for needs in needs {
            let head = match person {
                None => self.head("account = ?1 AND needs = ?2", alone, params![account, needs])?,
                Some(person) => {
                    const OF: &str = "account = ?1 AND needs = ?2 AND person = ?3";
                    let theirs = self.head(OF, alone, params![account, needs, person])?;
                    theirs.into_iter().chain(self.head(OF, alone, params![account, needs, ""])?).min()
                }
            };
            best = best.into_iter().chain(head).min();
        }
        match best {
            Some((_, _, seq)) => Ok(self.rows("WHERE seq = ?1", [seq])?.pop()),
            None => Ok(None),
        }
    }

    /// The lane to serve next, as what sorts it.
    fn head(&self, of: &str, alone: bool, params: impl Params) -> Result<Option<(i32, i64, i64)>, Error> {
        const ALONE: &str = "AND NOT EXISTS (SELECT 1 FROM items WHERE stage IN ('sending', 'verifying', 'absent')
            AND stage IN ('sending', 'verifying') AND items.account = lanes.account AND items.work_order = lanes.work_order)";
        let of = if alone { format!("{of} {ALONE}") } else { of.to_owned() };
        let first = "ORDER BY head_priority DESC, served, head_seq LIMIT 1";
        Ok(self
            .statement(&format!("SELECT -head_priority, served, head_seq FROM lanes WHERE {of} {first}"))?
            .query_row(params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?)
    }

    /// A lane was served.
    pub(crate) fn served(&self, row: &Row, served: i64) -> Result<(), Error> {
        let target = &row.life.target;
        self.execute(
            "UPDATE lanes SET served = ?5 WHERE account = ?1 AND work_order = ?2 AND needs = ?3 AND person = ?4",
            params![target.account, target.work_order, row.requires().bits(), person(row), served],
        )?;
        Ok(())
    }

    /// The photo to prepare next, beside those that are being prepared.
    pub(crate) fn unprepared(&self, beside: &BTreeSet<ItemId>) -> Result<Option<Row>, Error> {
        let first = beside.len() as u64 + 1; // one of them is none of those
        let rows = self.rows("WHERE stage = 'captured' ORDER BY priority DESC, seq LIMIT ?1", [signed(first)])?;
        Ok(rows.into_iter().find(|row| !beside.contains(&row.id())))
    }

    /// Items of an account in a stage whose time has come, the longest due first, at most 64.
    pub(crate) fn due(&self, account: &str, stage: &str, now: &Now) -> Result<Vec<Row>, Error> {
        self.rows(
            "WHERE account = ?1 AND stage = ?2 AND due_mono <= ?3 ORDER BY due_mono LIMIT 64",
            params![account, stage, signed(millis(now.mono))],
        )
    }

    /// When the next item of an account in a stage becomes due, in milliseconds of this boot. What is due already does not
    /// count: it waits for something else.
    pub(crate) fn next_due(&self, account: &str, stage: &str, now: &Now) -> Result<Option<u64>, Error> {
        let due: Option<Option<i64>> = self.one(
            "SELECT min(due_mono) FROM items WHERE account = ?1 AND stage = ?2 AND due_mono > ?3",
            params![account, stage, signed(millis(now.mono))],
        )?;
        Ok(due.flatten().map(i64::unsigned_abs))
    }

    /// Items of an account in one of the open stages (`sending`, `verifying`, `absent`), by work order where one is given.
    pub(crate) fn open(&self, stage: &str, account: &str, work_order: Option<&str>) -> Result<Vec<Row>, Error> {
        match work_order {
            Some(work_order) => self.rows(
                "WHERE stage IN ('sending', 'verifying', 'absent') AND stage = ?1 AND account = ?2 AND work_order = ?3 ORDER BY seq",
                [stage, account, work_order],
            ),
            None => self.rows(
                "WHERE stage IN ('sending', 'verifying', 'absent') AND stage = ?1 AND account = ?2 ORDER BY seq",
                [stage, account],
            ),
        }
    }

    /// The first item of an account in one of the open stages.
    pub(crate) fn first_open(&self, stage: &str, account: &str) -> Result<Option<Row>, Error> {
        let rows = self.rows(
            "WHERE stage IN ('sending', 'verifying', 'absent') AND stage = ?1 AND account = ?2 ORDER BY work_order, seq LIMIT 1",
            [stage, account],
        )?;
        Ok(rows.into_iter().next())
    }

    /// Whether `remote_id` stands on a receipt of the account.
    pub(crate) fn is_claimed(&self, account: &str, remote_id: &RemoteId) -> Result<bool, Error> {
        Ok(self
            .one::<i64>("SELECT 1 FROM items WHERE account = ?1 AND remote_id = ?2", params![account, remote_id.0])?
            .is_some())
    }

    /// The upload of ours whose receipt names `remote_id`.
    pub(crate) fn upload_of(&self, account: &str, remote_id: &RemoteId) -> Result<Option<Row>, Error> {
        Ok(self.rows("WHERE account = ?1 AND remote_id = ?2", params![account, remote_id.0])?.pop())
    }

    /// The updates and deletions (no captions) that were not given up, of an upload of ours or of another attachment, in their order.
    pub(crate) fn operations(
        &self,
        parent: Option<ItemId>,
        account: &str,
        about: Option<&RemoteId>,
    ) -> Result<Vec<Row>, Error> {
        const KEPT: &str = "stage <> 'cancelled' ORDER BY seq";
        match (parent, about) {
            (Some(parent), _) => {
                let mut rows = self.rows(&format!("WHERE parent = ?1 AND {KEPT}"), [parent.as_bytes()])?;
                rows.retain(|row| !row.manifest.is_caption());
                Ok(rows)
            }
            (None, Some(about)) => {
                self.rows(&format!("WHERE account = ?1 AND about = ?2 AND {KEPT}"), params![account, about.0])
            }
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// Who captured it, as a column.
fn person(row: &Row) -> &str {
    row.manifest.person.as_deref().unwrap_or_default()
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string(value)?)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let due = match (row.get::<_, Option<i64>>(4)?, row.get::<_, Option<i64>>(5)?, row.get::<_, Option<i64>>(6)?) {
        (Some(mono), Some(wall), Some(length)) => Some(Wait {
            mono_ms: mono.unsigned_abs(),
            wall: Timestamp::from_millis(wall),
            length_ms: length.unsigned_abs(),
        }),
        _ => None,
    };
    Ok(Row {
        seq: row.get(0)?,
        priority: row.get(1)?,
        held: row.get(2)?,
        stage: from_json(row, 3)?,
        due,
        manifest: from_json(row, 7)?,
        life: from_json(row, 8)?,
    })
}

fn read_account(row: &rusqlite::Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow { account: from_json::<Account>(row, 0)?, standing: from_json(row, 1)? })
}

fn from_json<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}
