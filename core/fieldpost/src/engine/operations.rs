//! Updates and deletions: operations of their own, each with its folder, its journal and its row, that go one after another for
//! each attachment. What has not left yet is changed instead of being followed by another:
//!
//! | the attachment | `update` | `delete` |
//! |---|---|---|
//! | an upload of ours that nothing can be there of | changes the upload | cancels the upload |
//! | the same, where the upload cannot take the change along | waits for it, or changes the update that does | |
//! | the same, with an update that waits for it since it was in doubt | changes that update | cancels both |
//! | an upload of ours on its way or in doubt | waits for it | a wish to cancel it, and a deletion that waits for it |
//! | at the system, with an update that never left, or was refused | changes that update | cancels that update; deletes |
//! | at the system, with an update on its way | goes after it | goes after it |
//! | at the system, with a deletion | refused | is that deletion |
//!
//! When an upload turns out not to have arrived and was given up, what waited for it is given up with it.

use super::Core;
use crate::capture::clean;
use crate::dispatch::person;
use crate::error::Error;
use crate::model::{
    Attachment, Changes, Item, ItemId, Kind, Operation, ProviderKind, RemoteId, Requires, Row, Stage, WorkOrder,
};
use crate::providers::settings::{Common, check_changes};
use crate::providers::{Level, Provider, provider};
use crate::store::{Manifest, Safe, Target};

/// That `id` can be an attachment's at `system`.
///
/// # Errors
/// [`Error::Invalid`].
pub(super) fn check_attachment(system: ProviderKind, id: &RemoteId) -> Result<(), Error> {
    let what = || format!("'{id}' names no attachment of {system}: give its id as the work order's list has it");
    if provider(system).is_attachment(id) { Ok(()) } else { Err(Error::Invalid { what: what() }) }
}

/// What is to be done at the system.
enum Change {
    Update(Changes),
    Delete,
    DeleteFolder,
}

impl Change {
    /// What a system calls it that can do it.
    fn offered_as(&self) -> &'static str {
        match self {
            Change::Update(_) => "update",
            Change::Delete => "delete",
            Change::DeleteFolder => "folders",
        }
    }
}

/// The attachment that is meant.
struct Meant {
    account: String,
    work_order: String,
    /// Our upload of it.
    parent: Option<Row>,
    /// Its id at the system, where it is not ours.
    about: Option<RemoteId>,
}

impl Core {
    pub(crate) fn update(&mut self, attachment: &Attachment, changes: Changes) -> Result<Item, Error> {
        self.operate(attachment, Change::Update(changes))
    }

    pub(crate) fn delete(&mut self, attachment: &Attachment) -> Result<Item, Error> {
        self.operate(attachment, Change::Delete)
    }

    /// Folders are the system's own: it is told of none by an item of ours.
    pub(crate) fn delete_folder(&mut self, job: &WorkOrder, folder: &RemoteId) -> Result<Item, Error> {
        let system = self.account(&job.account)?.account.provider;
        if !provider(system).is_folder(folder) {
            let what = match provider(system).capabilities().operations.contains(&"folders") {
                true => format!("'{folder}' names no folder of {system}: give its id"),
                false => format!("{system} has no folders"),
            };
            return Err(Error::Invalid { what });
        }
        self.operate(&Attachment::Remote { job: job.clone(), id: folder.clone() }, Change::DeleteFolder)
    }

    fn operate(&mut self, attachment: &Attachment, change: Change) -> Result<Item, Error> {
        let meant = self.meant(attachment)?;
        let id = self.decide(meant, change)?;
        self.item(id)?.ok_or_else(|| Error::UnknownItem { id: id.to_string() })
    }

    fn meant(&self, attachment: &Attachment) -> Result<Meant, Error> {
        let ours = |row: Row| {
            let Target { account, work_order, .. } = row.life.target.clone();
            Meant { account, work_order, parent: Some(row), about: None }
        };
        match attachment {
            Attachment::Item(id) => {
                let row = self.row(*id)?;
                if row.manifest.operation == Operation::Upload {
                    return Ok(ours(row));
                }
                let what = "only an upload has an attachment to change";
                Err(Error::NotNow { id: *id, state: crate::dispatch::why::shown(&row.stage, None), what })
            }
            Attachment::Remote { job, id } => {
                self.account(&job.account)?;
                match self.store.read().upload_of(&job.account, id)? {
                    Some(row) => Ok(ours(row)),
                    None => Ok(Meant {
                        account: job.account.clone(),
                        work_order: job.id.clone(),
                        parent: None,
                        about: Some(id.clone()),
                    }),
                }
            }
        }
    }

    fn decide(&mut self, meant: Meant, change: Change) -> Result<ItemId, Error> {
        let account = self.account(&meant.account)?;
        let system = provider(account.account.provider);
        let known = system.capabilities().operations;
        let name = change.offered_as();
        if !known.contains(&name) {
            let what = format!("{} knows no {name} of attachments", account.account.provider);
            return Err(Error::Invalid { what });
        }
        if let Some(id) = &meant.about
            && !matches!(change, Change::DeleteFolder)
        {
            check_attachment(account.account.provider, id)?;
        }
        if let Change::Update(changes) = &change {
            if changes.is_empty() {
                return Err(Error::Invalid { what: "an update names at least one thing to change".to_owned() });
            }
            check_changes(account.account.provider, changes).map_err(|bad| Error::Invalid { what: bad.to_string() })?;
        }
        if let Some(parent) = &meant.parent {
            if parent.stage == Stage::Cancelled {
                let (id, state) = (parent.id(), crate::State::Cancelled);
                return Err(Error::NotNow { id, state, what: "what was given up is at no system" });
            }
            let can_be_there = parent.stage.is_over() || parent.may_be_there();
            if !can_be_there && goes_along(system, &change) && !self.is_followed(parent, &change)? {
                return self.change_upload(parent.clone(), change);
            }
        }
        self.change_attachment(meant, change)
    }

    /// Whether an update waits for the upload, made while that was in doubt: this one has to come after it, for the later word wins.
    fn is_followed(&self, upload: &Row, change: &Change) -> Result<bool, Error> {
        let waiting = |row: &Row| !row.stage.is_over();
        let known = || self.store.read().operations(Some(upload.id()), &upload.life.target.account, None);
        Ok(matches!(change, Change::Update(_)) && known()?.iter().any(waiting))
    }

    /// Nothing of the upload can be at the system.
    fn change_upload(&mut self, mut upload: Row, change: Change) -> Result<ItemId, Error> {
        let id = upload.id();
        match change {
            Change::Update(changes) => {
                retarget(&mut upload, changes);
                // What has an attempt on record, be it one that a refused token did not count, is no such operation any more: the
                // next attempt has to be journaled, or a rebuilt database would know of none.
                if self.store.read().was_attempted(id, &upload.life.request_id)? {
                    let (stage, due) = (upload.stage.clone(), upload.due);
                    self.renew(&mut upload);
                    (upload.stage, upload.due) = (stage, due);
                }
                self.journal_change(&upload, upload.life.body.is_some())?;
            }
            Change::Delete | Change::DeleteFolder => person::cancel(&mut upload)?,
        }
        self.commit(&[upload], &[], |_| Ok(()))?;
        Ok(id)
    }

    /// The attachment is at the system, or may be.
    fn change_attachment(&mut self, meant: Meant, change: Change) -> Result<ItemId, Error> {
        let parent = meant.parent.as_ref().map(Row::id);
        let mut known = self.store.read().operations(parent, &meant.account, meant.about.as_ref())?;
        // An id is one of its work order: another's may be called the same.
        known.retain(|known| parent.is_some() || known.life.target.work_order == meant.work_order);
        let latest = known.iter().rfind(|known| known.manifest.operation == Operation::Update);
        let latest = latest.map(|update| update.life.target.clone());
        let newest = last_of(&known).map(Row::id);
        let mut pending: Vec<Row> = known.into_iter().filter(|known| !known.stage.is_over()).collect();
        let last = last_of(&pending).cloned();
        pending.retain(|row| Some(row.id()) != last.as_ref().map(Row::id));
        if let Some(deletion) = last.as_ref().filter(|last| last.manifest.operation != Operation::Update) {
            let (id, state) = (deletion.id(), crate::dispatch::why::shown(&deletion.stage, None));
            return match change {
                Change::Delete | Change::DeleteFolder => Ok(id),
                Change::Update(_) => {
                    Err(Error::NotNow { id, state, what: "the attachment is to be deleted: cancel that first" })
                }
            };
        }
        let mut after = last.as_ref().map(Row::id);
        match (&change, last) {
            (Change::Update(changes), Some(mut update))
                if update.life.attempts == 0 && update.stage != Stage::Sending
                    || matches!(update.stage, Stage::Blocked { .. }) =>
            {
                let id = update.id();
                retarget(&mut update, changes.clone());
                self.renew(&mut update);
                self.journal_change(&update, true)?;
                self.commit(&[update], &[], |_| Ok(()))?;
                return Ok(id);
            }
            (Change::Delete, Some(mut update)) if update.stage != Stage::Sending => {
                person::cancel(&mut update)?;
                self.commit(&[update], &[], |_| Ok(()))?;
                after = last_of(&pending).map(Row::id);
            }
            _ => {}
        }
        if let (Change::Delete, Some(upload)) = (&change, &meant.parent)
            && !upload.stage.is_over()
        {
            let mut upload = upload.clone();
            person::cancel(&mut upload)?;
            self.commit(&[upload], &[], |_| Ok(()))?;
        }
        let upload = meant.parent.as_ref().filter(|parent| !parent.stage.is_over()).map(Row::id);
        self.add(meant, change, latest, after.or(upload).or(newest))
    }

    /// An item of its own. It goes on from the `latest` update of the attachment: a system that takes all of it each time would
    /// else get back what that one changed.
    fn add(
        &mut self,
        meant: Meant,
        change: Change,
        latest: Option<Target>,
        after: Option<ItemId>,
    ) -> Result<ItemId, Error> {
        let now = self.now();
        let id = ItemId::new(now.wall, self.entropy.bytes());
        let (operation, changes) = match change {
            Change::Update(changes) => (Operation::Update, changes),
            Change::Delete => (Operation::Delete, Changes::new()),
            Change::DeleteFolder => (Operation::DeleteFolder, Changes::new()),
        };
        // Of an attachment whatever it is called by then; a folder is shown by its id.
        let whole = match (&operation, &meant.about) {
            (Operation::DeleteFolder, Some(folder)) => folder.0.clone(),
            _ => String::new(),
        };
        let of_upload = meant.parent.as_ref();
        let target = match of_upload {
            Some(upload) => latest.unwrap_or_else(|| upload.life.target.clone()),
            None => Target {
                account: meant.account,
                work_order: meant.work_order,
                folder: None,
                stem: String::new(),
                marker: id.marker(),
                extension: String::new(),
                settings: latest.map(|latest| latest.settings).unwrap_or_default(),
                whole: Some(whole),
                changes: Changes::new(),
            },
        };
        let manifest = Manifest {
            version: 1,
            id,
            operation,
            kind: of_upload.map_or(Kind::Document, |upload| upload.manifest.kind),
            captured_at: now.wall,
            target,
            caption: None,
            tags: Vec::new(),
            mime: of_upload.map(|upload| upload.life.mime.clone()).unwrap_or_default(),
            original: None,
            fit: None,
            priority: 0,
            requires: Requires::default(),
            after,
            key: None,
            person: of_upload.and_then(|upload| upload.manifest.person.clone()),
            parent: of_upload.map(Row::id),
            about: meant.about,
            caption_item: None,
        };
        let mut row = self.new_row(manifest)?;
        row.life.target.changes = Changes::new();
        retarget(&mut row, changes);
        row.manifest.target = row.life.target.clone();
        self.sealed.push((id, self.folders.admit(id)?.seal(&row.manifest)?));
        self.store.write(|sql| sql.insert_item(&row))?;
        self.note(super::news::News::Item(id));
        Ok(id)
    }

    /// The transaction in which items of their own were added has ended.
    pub(crate) fn end_sealing(&mut self, kept: bool, safe: Safe) {
        // Without its marker a folder is safe only beside a row that is.
        let kept = kept && (self.sealed.is_empty() || safe == Safe::AtOnce || self.store.sync().is_ok());
        for (id, sealed) in std::mem::take(&mut self.sealed) {
            if kept {
                sealed.done();
            } else if self.store.read().has_item(id).is_ok_and(|there| !there) {
                sealed.abandon();
            }
        }
    }

    /// Surplus of an upload that was found more than once: deleted where its account allows that.
    pub(super) fn delete_surplus(&mut self, rows: &[Row]) -> Result<(), Error> {
        for upload in rows.iter().filter(|row| row.manifest.operation == Operation::Upload) {
            let Stage::Delivered { receipt } = &upload.stage else { continue };
            let was = self.store.read().item(upload.id())?;
            if receipt.surplus.is_empty() || was.is_some_and(|was| was.stage.is_over()) {
                continue;
            }
            let account = self.account(&upload.life.target.account)?;
            let system = provider(account.account.provider);
            if !Common::of(&account.account.settings).delete_surplus
                || !system.capabilities().operations.contains(&"delete")
            {
                continue;
            }
            for surplus in &receipt.surplus {
                let Target { account, work_order, .. } = upload.life.target.clone();
                let meant = Meant { account, work_order, parent: None, about: Some(surplus.clone()) };
                self.change_attachment(meant, Change::Delete)?;
            }
        }
        Ok(())
    }

    /// What waited for an upload that was given up is given up with it.
    pub(super) fn follow(&mut self, rows: &[Row]) -> Result<Vec<Row>, Error> {
        let mut followed = Vec::new();
        for upload in rows.iter().filter(|row| row.manifest.operation == Operation::Upload) {
            if upload.stage == Stage::Cancelled {
                followed.extend(self.store.read().operations(Some(upload.id()), &upload.life.target.account, None)?);
            }
        }
        followed.retain(|row| !row.stage.is_over());
        followed.iter_mut().for_each(|row| row.stage = Stage::Cancelled);
        self.follow_captions(rows, &mut followed)?;
        Ok(followed)
    }

    /// What an update or a deletion finds when it goes: the id on the receipt of our upload, the work order where that went in the
    /// end, and the values that the operation before left. Over these go its own changes, and nothing else.
    pub(super) fn find_about(&self, row: &mut Row) -> Result<(), Error> {
        if row.manifest.operation == Operation::Upload {
            return Ok(());
        }
        let upload = row.manifest.parent.map(|id| self.store.read().item(id)).transpose()?.flatten();
        if let Some(Stage::Delivered { receipt }) = upload.as_ref().map(|upload| &upload.stage)
            && row.life.about.is_none()
        {
            row.life.about.clone_from(&receipt.remote_id);
        }
        let changes = std::mem::take(&mut row.life.target.changes);
        // One of an earlier version does not tell its changes: it goes as it was asked for.
        let is_old = row.manifest.operation == Operation::Update && changes.is_empty();
        if let Some(found) = self.left_before(row, upload)?.filter(|_| !is_old) {
            // What is not ours goes by whatever name it has by then.
            let whole = found.whole.as_ref().map(|_| String::new());
            row.life.target = Target { whole, changes: Changes::new(), ..found };
        }
        retarget(row, changes);
        Ok(())
    }

    /// What the attachment is when an operation goes: as the last one before it that was delivered left it, else as our upload
    /// went. `None`: nobody here knows.
    fn left_before(&self, row: &Row, upload: Option<Row>) -> Result<Option<Target>, Error> {
        let mut before = row.manifest.after.filter(|before| Some(*before) != row.manifest.parent);
        while let Some(id) = before {
            let Some(earlier) = self.store.read().item(id)? else { return Ok(None) };
            if matches!(earlier.stage, Stage::Delivered { .. }) {
                return Ok(Some(earlier.life.target));
            }
            before = earlier.manifest.after.filter(|before| Some(*before) != row.manifest.parent);
        }
        Ok(upload.map(|upload| upload.life.target))
    }
}

/// Whether the upload itself can take the change along: the name, and what the system lets an item set. All else has to be
/// changed once it is there.
fn goes_along(system: &dyn Provider, change: &Change) -> bool {
    let is_set = |key: &str| system.settings().iter().any(|known| known.key == key && known.level != Level::Account);
    match change {
        Change::Update(changes) => changes.keys().all(|key| key == "name" || is_set(key)),
        Change::Delete | Change::DeleteFolder => true,
    }
}

/// The one that no other goes after. Each goes after one, so that is the last; the order of the rows is not theirs where the
/// database was rebuilt.
fn last_of(operations: &[Row]) -> Option<&Row> {
    operations.iter().rfind(|row| operations.iter().all(|other| other.manifest.after != Some(row.id())))
}

/// What an update changes: the name, cleaned, with its marker where it is ours; all else is a setting.
fn retarget(row: &mut Row, mut changes: Changes) {
    let target = &mut row.life.target;
    if row.manifest.operation == Operation::Update {
        target.changes.extend(changes.clone());
    }
    if let Some(name) = changes.remove("name") {
        if target.whole.is_some() {
            target.whole = Some(name);
        } else {
            let name = clean(&name, row.manifest.kind.as_str());
            target.stem = name.stem;
            // Of what is sent its content tells; at the system the name may say otherwise.
            if let (true, Some(extension)) =
                (row.manifest.operation == Operation::Update || target.extension.is_empty(), name.extension)
            {
                target.extension = extension;
            }
        }
    }
    target.settings.extend(changes);
}
