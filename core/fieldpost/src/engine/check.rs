//! Whether an outbox is whole: every row, every file, every hash. Changes nothing.

use serde::Serialize;

use super::Core;
use crate::error::Error;
use crate::model::{Files, ItemId, Row, Stage};
use crate::store::{Entry, Filter, NEW, ORIGINAL, Safe};

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
    /// A damaged database was set aside, and the queue rebuilt from the items' folders.
    DatabaseSetAside,
    /// A temporary file of a process that was killed.
    Leftover,
    /// A delivered item whose journal does not have its receipt: a rebuild would not know that it was delivered.
    ReceiptMissing,
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
        for name in self.folders.set_aside()? {
            let what = "the queue was rebuilt without it: keep it until support has seen it, then remove it";
            find(FindingKind::DatabaseSetAside, None, format!("{name}: {what}"));
        }
        self.check_leftovers(&mut find)?;
        Ok((rows.len() as u64, found))
    }

    /// What is being written under a temporary name looks the same: writers of the outbox's own files hold the database's write
    /// lock. (Those in `incoming/` are each opening's to remove.)
    fn check_leftovers(&self, find: &mut impl FnMut(FindingKind, Option<ItemId>, String)) -> Result<(), Error> {
        if self.folders.leftovers()?.is_empty() {
            return Ok(());
        }
        self.store.begin(Safe::AtOnce)?;
        let left = self.folders.leftovers();
        self.store.end(false)?;
        left?.into_iter().for_each(|name| find(FindingKind::Leftover, None, name));
        Ok(())
    }

    fn check_files(&self, row: &Row, find: &mut impl FnMut(FindingKind, Option<ItemId>, String)) {
        let id = row.id();
        if let Some(original) = row.manifest.original {
            match self.folders.hash_file(id, ORIGINAL) {
                Ok(facts) if facts == original => {}
                Ok(_) => find(FindingKind::OriginalDamaged, Some(id), "it is not what was captured".into()),
                Err(e) => find(FindingKind::OriginalDamaged, Some(id), e.to_string()),
            }
        }
        if let Some(body) = row.life.body.as_ref().filter(|body| body.file != ORIGINAL) {
            match self.folders.hash_file(id, &body.file) {
                Ok(facts) if (facts.bytes, facts.sha256) == (body.sent.bytes, body.sent.sha256) => {}
                Ok(_) => find(FindingKind::BodyDamaged, Some(id), format!("{} is not what was prepared", body.file)),
                Err(e) => find(FindingKind::BodyDamaged, Some(id), e.to_string()),
            }
        }
    }

    fn check_item(&self, row: &Row, find: &mut impl FnMut(FindingKind, Option<ItemId>, String)) -> Result<(), Error> {
        let id = row.id();
        if self.store.read().account(&row.life.target.account)?.is_none() && !row.stage.is_over() {
            find(FindingKind::AccountMissing, Some(id), row.life.target.account.clone());
        }
        if row.life.files == Files::Here {
            self.check_files(row, find);
        }
        // Of one that is not prepared yet it may be in the making, and preparing tidies up. Of one that was given up before that
        // it goes as well, unless the process died just then: it is nobody's any more, and goes with the item.
        if row.stage != Stage::Captured && !row.is_given_up_unprepared() {
            let left = self.folders.files(id).unwrap_or_default().into_iter().filter(|name| name.ends_with(NEW));
            left.for_each(|name| find(FindingKind::Leftover, Some(id), format!("items/{id}/{name}")));
        }
        match self.folders.read_manifest(id) {
            Ok(manifest) if manifest == row.manifest => {}
            Ok(_) => find(FindingKind::RecordDamaged, Some(id), "its manifest tells otherwise than its row".into()),
            Err(e) => find(FindingKind::RecordDamaged, Some(id), e.to_string()),
        }
        match self.folders.read_journal(id) {
            Ok(journal) if journal.damaged.is_empty() && journal.has(|entry| matches!(entry, Entry::Captured)) => {
                let told = journal.has(|entry| matches!(entry, Entry::Receipt { .. }));
                if matches!(row.stage, Stage::Delivered { .. }) && !told {
                    find(FindingKind::ReceiptMissing, Some(id), "its journal does not have its receipt".into());
                }
            }
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
