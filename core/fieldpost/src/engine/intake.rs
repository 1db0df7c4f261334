//! How items come in: a capture, a capture that was killed after its files were whole, a folder of a database that is gone.

use super::Core;
use super::news::News;
use crate::capture::Capture;
use crate::dispatch::answer;
use crate::error::Error;
use crate::model::{
    Account, AccountRow, Alone, Doubtful, Files, Item, ItemId, Life, Moment, Now, Operation, Original, PreparedBody,
    Reason, RequestId, Requires, Row, Sent, Snapshot, Stage, Wait, Why, WorkOrder,
};
use crate::providers::settings::{Common, check_item};
use crate::providers::{Doubt, Draft, provider};
use crate::store::{Entry, Journal, Manifest, ORIGINAL, Sealed, Sql};

/// Rows of a rebuild in one transaction: a sync for each would take minutes for a large outbox.
const REBUILT_AT_ONCE: usize = 1_000;

/// How a capture begins.
pub(crate) enum Begun {
    /// Its key is known: it was captured before.
    Known(Box<Item>),
    /// It is new: this is its id.
    New(ItemId, Now),
}

impl Core {
    /// Checks what can be checked before a byte is copied.
    pub(crate) fn begin_capture(&mut self, capture: &Capture, job: &WorkOrder) -> Result<Begun, Error> {
        if let Some(item) = self.known(capture.key())? {
            return Ok(Begun::Known(Box::new(item)));
        }
        let account = self.account(&job.account)?;
        check_item(account.account.provider, capture.settings())
            .map_err(|bad| Error::Invalid { what: bad.to_string() })?;
        if let Some(before) = capture.after()
            && !self.store.read().has_item(before)?
        {
            return Err(Error::UnknownItem { id: before.to_string() });
        }
        let now = self.now();
        Ok(Begun::New(ItemId::new(now.wall, self.entropy.bytes()), now))
    }

    fn known(&self, key: Option<&str>) -> Result<Option<Item>, Error> {
        let Some(key) = key else { return Ok(None) };
        let row = self.store.read().item_by_key(key)?;
        Ok(row.map(|row| self.show(vec![row])).transpose()?.and_then(|mut items| items.pop()))
    }

    /// Commits the row of a capture whose folder is whole and durable, and that of its caption where that is an item of its own.
    pub(crate) fn finish_capture(
        &mut self,
        manifest: Manifest,
        sealed: Sealed,
        caption: Option<(Manifest, Sealed)>,
    ) -> Result<Item, Error> {
        let id = manifest.id;
        let (row, keeping) = (self.new_row(manifest)?, self.keeping);
        let (caption, caption_sealed) = caption.unzip();
        let caption = caption.map(|manifest| self.new_row(manifest)).transpose()?;
        let added = self.store.write(|sql| {
            // Two captures of one key may have begun together: the first row stands.
            if let Some(known) = row.manifest.key.as_deref().map(|key| sql.item_by_key(key)).transpose()?.flatten() {
                return Ok(Some(known.id()));
            }
            for row in [&row].into_iter().chain(&caption) {
                keeping.fits(sql, row)?;
                sql.insert_item(row)?;
            }
            Ok(None)
        });
        let all = [sealed].into_iter().chain(caption_sealed);
        match added {
            Ok(None) => {
                all.for_each(Sealed::done);
                self.note(News::Item(id));
                caption.iter().for_each(|row| self.note(News::Item(row.id())));
                self.item(id)?.ok_or(Error::UnknownItem { id: id.to_string() })
            }
            Ok(Some(known)) => {
                all.for_each(Sealed::abandon);
                self.item(known)?.ok_or(Error::UnknownItem { id: known.to_string() })
            }
            Err(error) => {
                // SQLite rolls back what it could not commit. Where that cannot be told, the row decides at the next opening.
                if self.store.read().has_item(id).is_ok_and(|there| !there) {
                    all.for_each(Sealed::abandon);
                }
                Err(error)
            }
        }
    }

    pub(super) fn new_row(&mut self, manifest: Manifest) -> Result<Row, Error> {
        let life = Life {
            target: manifest.target.clone(),
            fit: manifest.fit,
            mime: manifest.mime.clone(),
            body: if manifest.fit.is_none() { as_it_is(&manifest) } else { None },
            flags: Vec::new(),
            request_id: RequestId::new(self.entropy.bytes()),
            attempts: 0,
            failures: 0,
            asked: Requires::default(),
            wish: None,
            about: manifest.about.clone(),
            alone: Alone::default(),
            restored: None,
            files: Files::Here,
        };
        let ready = life.body.is_some() || manifest.original.is_none();
        let stage = if ready { Stage::Queued { why: None } } else { Stage::Captured };
        let mut row = Row { seq: 0, priority: manifest.priority, held: false, stage, due: None, life, manifest };
        // An account that is gone blocks nothing: what was captured is kept, and goes once the account is there again.
        if let Some(account) = self.store.read().account(&row.life.target.account)? {
            row.life.asked = Self::asked(&row, &account);
            if let Some(why) = Self::preflight(&row, &account.account) {
                row.stage = Stage::Blocked { why, doubt: None };
            }
        }
        Ok(row)
    }

    /// What its account asks of the phone for it.
    pub(super) fn asked(row: &Row, account: &AccountRow) -> Requires {
        let Common { unmetered_over, requires, .. } = Common::of(&account.account.settings);
        let is_large = row.life.body.as_ref().zip(unmetered_over).is_some_and(|(body, most)| body.sent.bytes > most);
        Requires { unmetered: requires.unmetered || is_large, ..requires }
    }

    /// What the system is known to refuse, found offline.
    pub(super) fn preflight(row: &Row, account: &Account) -> Option<Why> {
        if row.manifest.operation != Operation::Upload {
            return None; // what an upload passed, a change of it does
        }
        let name = row.life.target.name();
        let mut settings = account.settings.clone();
        settings.extend(row.life.target.settings.clone());
        let draft = Draft {
            work_order: &row.life.target.work_order,
            name: &name,
            bytes: row.life.body.as_ref().map(|body| body.sent.bytes.0),
            kind: row.manifest.kind,
            settings: &settings,
        };
        provider(account.provider).preflight(&draft)
    }

    // --- opening ---

    /// Takes over what a killed capture left whole; `rebuild`: every item's folder, its database being gone.
    pub(crate) fn adopt(&mut self, rebuild: bool) -> Result<(), Error> {
        if rebuild {
            self.restore_accounts()?;
        }
        let folders = self.folders.clone();
        let scan = folders.scan_incoming(|id| self.store.read().has_item(id))?;
        let (captions, others): (Vec<_>, Vec<_>) = scan.adopt.into_iter().partition(|one| one.manifest.is_caption());
        for adoption in others {
            let is_new = !adoption.journal.has(|entry| !matches!(entry, Entry::Captured));
            let caption = if is_new { self.missing_caption(&adoption.manifest)? } else { None };
            let found = self.found(adoption.manifest.clone(), &adoption.journal, adoption.intact)?;
            let (manifest, sealed) = caption.unzip();
            let caption = manifest.map(|manifest| self.new_row(manifest)).transpose()?;
            let added = self.store.write(|sql| {
                let added = found.map(|found| found.insert(sql)).transpose()?.unwrap_or_default();
                caption.iter().filter(|_| added).try_for_each(|row| sql.insert_item(row))?;
                Ok(added)
            })?;
            sealed.into_iter().for_each(if added { Sealed::done } else { Sealed::abandon });
            adoption.done();
        }
        for adoption in captions {
            let found = self.found(adoption.manifest.clone(), &adoption.journal, adoption.intact)?;
            let is_nobodys = self.is_caption_of_none(&adoption.manifest)?;
            if let Some(found) = found.filter(|_| !is_nobodys) {
                self.store.write(|sql| found.insert(sql))?;
            }
            adoption.done();
        }
        if rebuild {
            // What was half is gone by now: the rest of the folders are items.
            self.rebuild()?;
        }
        if self.store.read().is_whole()? { Ok(()) } else { self.store.write(|sql| sql.set_whole()) }
    }

    fn restore_accounts(&mut self) -> Result<(), Error> {
        for account in self.folders.read_accounts()?.unwrap_or_default() {
            self.store
                .write(|sql| sql.save_account(&crate::model::AccountRow { account, standing: Default::default() }))?;
        }
        Ok(())
    }

    /// Makes the rows anew from the items' folders. What cannot be read stays where it is: `check` names it.
    fn rebuild(&mut self) -> Result<(), Error> {
        let folders = self.folders.clone();
        let mut captions = Vec::new();
        for ids in folders.all_items()?.ids.chunks(REBUILT_AT_ONCE) {
            let mut found = Vec::new();
            for id in ids.iter().copied().filter(|id| !folders.is_incoming(*id)) {
                if let (Ok(manifest), Ok(journal)) = (folders.read_manifest(id), folders.read_journal(id)) {
                    let is_there =
                        |original: Original| folders.len(id, ORIGINAL).is_ok_and(|len| len == original.bytes.0);
                    let intact = manifest.original.is_none_or(is_there);
                    found.extend(self.found(manifest, &journal, intact)?);
                }
            }
            captions.extend(found.extract_if(.., |found| found.row.manifest.is_caption()));
            self.store.write(|sql| found.iter().try_for_each(|found| found.insert(sql).map(|_| ())))?;
        }
        for found in captions {
            if !self.is_caption_of_none(&found.row.manifest)? {
                self.store.write(|sql| found.insert(sql))?;
            }
        }
        Ok(())
    }

    /// Whether a file of the item is gone.
    fn lacks_files(&self, row: &Row) -> bool {
        let original = row.manifest.original.map(|_| ORIGINAL);
        let body = row.life.body.as_ref().map(|body| body.file.as_str());
        let is_gone = |name| self.folders.len(row.id(), name).is_err_and(|e| e.is_missing());
        original.into_iter().chain(body).any(is_gone)
    }

    /// The row of a folder, by what its manifest and its journal say; the later line wins. `None`: it is forgotten.
    fn found(&mut self, manifest: Manifest, journal: &Journal, intact: bool) -> Result<Option<Found>, Error> {
        if journal.has(|entry| matches!(entry, Entry::Forgotten)) {
            return Ok(None);
        }
        let now = self.now();
        let mut row = self.new_row(manifest)?;
        let mut attempted: Option<Box<Snapshot>> = None;
        for line in &journal.lines {
            match &line.entry {
                Entry::Changed { target, fit, same_body } => {
                    row.life.target = target.clone();
                    row.life.fit = *fit;
                    if !same_body {
                        row.life.body = if fit.is_none() { as_it_is(&row.manifest) } else { None };
                    }
                    attempted = None;
                    self.renew(&mut row);
                }
                Entry::Ranked { priority } => row.priority = *priority,
                Entry::Prepared { body, sent, mime, extension, flags } => {
                    row.life.body = Some(PreparedBody { file: body.clone(), sent: *sent });
                    row.life.mime.clone_from(mime);
                    row.life.target.extension.clone_from(extension);
                    row.life.flags.clone_from(flags);
                    row.stage = Stage::Queued { why: None };
                }
                Entry::Attempted { snapshot, .. } => {
                    attempted = Some(snapshot.clone());
                    // A cancellation before it was not committed, or it would not have been attempted.
                    row.stage = Stage::Queued { why: None };
                }
                Entry::Cancelled => row.stage = Stage::Cancelled,
                Entry::Receipt { receipt } => row.stage = Stage::Delivered { receipt: receipt.clone() },
                Entry::Captured | Entry::Forgotten => {}
            }
        }
        if matches!(row.stage, Stage::Delivered { .. }) && self.lacks_files(&row) {
            row.life.files = Files::Going; // they were being cleared
        }
        if !row.stage.is_over() {
            if let Some(snapshot) = &attempted {
                row.life.request_id = snapshot.request_id;
                row.life.attempts = 1;
                row.life.about.clone_from(&snapshot.about);
            }
            if let Some(sent) = attempted.as_deref().filter(|_| row.manifest.operation == Operation::Upload) {
                row.stage = Stage::Verifying(attempted_before(sent, &now));
                row.due = Some(Wait::over(&now));
            } else if !intact {
                let why = Why::new(Reason::FileDamaged, "the captured file is gone or altered".to_owned());
                row.stage = Stage::Blocked { why, doubt: None };
            }
        }
        Ok(Some(Found { row, attempted, now }))
    }
}

/// What a folder without a row tells.
struct Found {
    row: Row,
    /// What its first attempt sent.
    attempted: Option<Box<Snapshot>>,
    now: Now,
}

impl Found {
    /// Adds it, where neither its id nor its key is there. Returns whether it did.
    fn insert(&self, sql: &Sql<'_>) -> Result<bool, Error> {
        let (row, key) = (&self.row, self.row.manifest.key.as_deref());
        if sql.has_item(row.id())? || key.map(|key| sql.item_by_key(key)).transpose()?.flatten().is_some() {
            return Ok(false);
        }
        sql.insert_item(row)?;
        sql.hold_after(row.id(), !row.stage.is_over())?;
        if let Some(snapshot) = &self.attempted {
            sql.begin_attempt(row.id(), self.now.wall, snapshot)?;
        }
        Ok(true)
    }
}

/// The body of what is sent as it was captured.
fn as_it_is(manifest: &Manifest) -> Option<PreparedBody> {
    let Original { bytes, sha256 } = manifest.original?;
    let sent = Sent { bytes, sha256, width: None, height: None };
    Some(PreparedBody { file: ORIGINAL.to_owned(), sent })
}

/// After a rebuild an attempted item may have arrived; that it is not listed is not enough to send it again. Where all its tries go
/// to one place, the journal has that, and nothing more is to be known.
fn attempted_before(sent: &Snapshot, now: &Now) -> Doubtful {
    let cause = Doubt::new(Reason::Looking, "it was attempted before the outbox was rebuilt".to_owned());
    Doubtful { review: !provider(sent.provider).resumes(), ..answer::fresh(cause, Moment::of(now)) }
}
