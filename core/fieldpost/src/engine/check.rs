//! Whether an outbox is whole: every row, every file, every hash. Changes nothing.

use serde::Serialize;

use super::Core;
use crate::error::Error;
use crate::model::{ItemId, Row};
use crate::store::{Entry, Filter, ORIGINAL};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub finding: FindingKind,
    /// The item that it is about.
    pub id: Option<ItemId>,
    /// The particulars, for people.
    pub detail: String,
}

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// SQLite finds the database damaged.
    DatabaseDamaged,
    /// An item's captured file is gone or altered.
    OriginalDamaged,
    /// An item's prepared file is gone or altered.
    BodyDamaged,
    /// An item's manifest or journal is gone or does not read.
    RecordDamaged,
    /// A row whose account is not configured.
    AccountMissing,
    /// A folder without a row.
    FolderWithoutRow,
    /// A file or folder that no item has.
    Stray,
}

impl Core {
    pub(crate) fn check(&self) -> Result<(u64, Vec<Finding>), Error> {
        let mut found = Vec::new();
        let mut find = |finding, id, detail: String| found.push(Finding { finding, id, detail });
        if let Some(word) = self.store.integrity()? {
            find(FindingKind::DatabaseDamaged, None, word);
        }
        let rows = self.store.read().items(&Filter::default())?;
        for row in &rows {
            self.check_item(row, &mut find)?;
        }
        let lying = self.folders.all_items()?;
        for id in lying.ids {
            // In this order: a capture that ends in between has its row by the time it lost its marker.
            if !self.folders.is_incoming(id) && !self.store.read().has_item(id)? {
                find(FindingKind::FolderWithoutRow, Some(id), "its database row is gone".into());
            }
        }
        for name in lying.strays.into_iter().map(|name| format!("items/{name}")).chain(self.folders.stray_markers()?) {
            find(FindingKind::Stray, None, name);
        }
        Ok((rows.len() as u64, found))
    }

    fn check_item(&self, row: &Row, find: &mut impl FnMut(FindingKind, Option<ItemId>, String)) -> Result<(), Error> {
        let id = row.id();
        if self.store.read().account(&row.life.target.account)?.is_none() && !row.stage.is_over() {
            find(FindingKind::AccountMissing, Some(id), row.life.target.account.clone());
        }
        let here = !row.life.cleared;
        if let Some(original) = row.manifest.original.filter(|_| here) {
            match self.folders.hash_file(id, ORIGINAL) {
                Ok(facts) if facts == original => {}
                Ok(_) => find(FindingKind::OriginalDamaged, Some(id), "it is not what was captured".into()),
                Err(e) => find(FindingKind::OriginalDamaged, Some(id), e.to_string()),
            }
        }
        if let Some(body) = row.life.body.as_ref().filter(|body| here && body.file != ORIGINAL) {
            match self.folders.hash_file(id, &body.file) {
                Ok(facts) if (facts.bytes, facts.sha256) == (body.sent.bytes, body.sent.sha256) => {}
                Ok(_) => find(FindingKind::BodyDamaged, Some(id), format!("{} is not what was prepared", body.file)),
                Err(e) => find(FindingKind::BodyDamaged, Some(id), e.to_string()),
            }
        }
        match self.folders.read_manifest(id) {
            Ok(manifest) if manifest == row.manifest => {}
            Ok(_) => find(FindingKind::RecordDamaged, Some(id), "its manifest tells otherwise than its row".into()),
            Err(e) => find(FindingKind::RecordDamaged, Some(id), e.to_string()),
        }
        match self.folders.read_journal(id) {
            Ok(journal) if journal.damaged.is_empty() && journal.has(|entry| matches!(entry, Entry::Captured)) => {}
            Ok(journal) => find(
                FindingKind::RecordDamaged,
                Some(id),
                format!("its journal does not read at lines {:?}", journal.damaged),
            ),
            Err(e) => find(FindingKind::RecordDamaged, Some(id), e.to_string()),
        }
        Ok(())
    }
}
