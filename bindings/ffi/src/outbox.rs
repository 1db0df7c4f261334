//! The one object: the core's outbox, call by call.

use std::collections::HashMap;
use std::path::PathBuf as FilePath;

use fieldpost::{Attachment, Bytes, Conditions, Filter, ItemId, Options, Reason, RemoteId, State, Which, WorkOrder};

use crate::account::{Account, AccountInfo};
use crate::capture::Capture;
use crate::check::CheckReport;
use crate::error::NativeError;
use crate::events::{self, Listener, Listening};
use crate::item::Item;
use crate::keeping::Keep;
use crate::person::{Repair, Settlement};
#[cfg(feature = "reqwest")]
use crate::tokens::Questions;
use crate::values;

/// A durable outbox in a folder of its own, call by call as the core has it: the layer above, in each language, gives it
/// that language's own manners.
///
/// Every call waits for the disk: make it off the main thread. Calls from several threads are safe, and so are several
/// processes and several objects on one folder. Closing it lets go of its files; what it holds is durable at any moment.
#[derive(uniffi::Object)]
pub struct NativeOutbox {
    pub(crate) inner: fieldpost::Outbox,
    #[cfg(feature = "reqwest")]
    pub(crate) questions: Questions,
}

#[uniffi::export]
impl NativeOutbox {
    /// Opens the outbox in that folder, makes it where it is missing. What a killed capture left whole is taken over, what
    /// it left half is removed. A corrupt database is set aside and rebuilt from the items' own folders.
    ///
    /// `memory` bounds what preparing a photo may take, each one. Default: 256 MB; a baseline JPEG of any size is brought
    /// down to 2560 pixels in about 12 MB. `threads` is how many photos are prepared at the same time at most, each on a thread of its own. Default: 1;
    /// below that it is `Invalid`. `keep` is how long the files of delivered items stay. Default: 30 days. `quota` is the most
    /// that the captured and prepared files may take together: a capture beyond it is refused with `QuotaFull`, once all that
    /// is delivered is cleared. Default: what the disk has.
    ///
    /// `install` is a file outside of every backup, for an id of this installation: where it differs from the outbox's, the
    /// outbox was restored or cloned, and every upload is looked for before it is sent. Its folder must be there; the file is
    /// made. Without it such an outbox sends again what another phone sent since the backup.
    #[uniffi::constructor(default(memory = None, threads = None, keep = None, quota = None, install = None))]
    pub fn open(
        folder: FilePath,
        memory: Option<Bytes>,
        threads: Option<i32>,
        keep: Option<Keep>,
        quota: Option<Bytes>,
        install: Option<FilePath>,
    ) -> Result<Self, NativeError> {
        let usual = Options::default();
        let memory = memory.map_or(usual.memory, |Bytes(most)| most);
        let threads = threads.map(values::threads).transpose()?.unwrap_or(usual.threads);
        let keep = keep.map(fieldpost::Keep::try_from).transpose()?.unwrap_or_default();
        let options = Options { memory, threads, keep, quota, install, ..usual };
        Ok(NativeOutbox {
            inner: fieldpost::Outbox::open(folder, options)?,
            #[cfg(feature = "reqwest")]
            questions: Questions::default(),
        })
    }

    /// Adds an account, or configures it anew. `Invalid` says what is wrong with its id, address or settings.
    pub fn put_account(&self, account: Account) -> Result<(), NativeError> {
        Ok(self.inner.put_account(account.into())?)
    }

    /// The accounts, each with what its system can do.
    pub fn accounts(&self) -> Result<Vec<AccountInfo>, NativeError> {
        Ok(self.inner.accounts()?.into_iter().map(AccountInfo::from).collect())
    }

    /// Removes an account. `UnknownAccount`; `AccountBusy` while it has undelivered items.
    pub fn remove_account(&self, id: String) -> Result<(), NativeError> {
        Ok(self.inner.remove_account(&id)?)
    }

    /// Takes a photo, document, text or signature over for a work order. Durable once it returns, with no network at all.
    /// What the system is known to refuse is kept all the same, already blocked with its reason: evidence is never refused.
    ///
    /// Fails only where the bytes cannot be kept (`CannotRead`, `DiskFull`, `QuotaFull`, `Failed`), the account is unknown
    /// (`UnknownAccount`), or an option cannot be right (`Invalid`, `UnknownItem`).
    pub fn capture(&self, capture: Capture, work_order: WorkOrder) -> Result<Item, NativeError> {
        let capture = fieldpost::Capture::try_from(capture)?;
        Ok(self.inner.capture(capture, &work_order)?.into())
    }

    /// The items in the order of capture: all, or only those of an account, of a work order's id, in a state.
    #[uniffi::method(default(account = None, work_order = None, state = None))]
    pub fn items(
        &self,
        account: Option<String>,
        work_order: Option<String>,
        state: Option<State>,
    ) -> Result<Vec<Item>, NativeError> {
        let filter = Filter { account, work_order, state };
        Ok(self.inner.items(&filter)?.into_iter().map(Item::from).collect())
    }

    /// One item, with the reason why it is not delivered. `UnknownItem` where it is not here.
    pub fn item(&self, id: ItemId) -> Result<Item, NativeError> {
        Ok(self.inner.item(id)?.into())
    }

    /// Tries an item once more, now: what is blocked goes back to the queue, a wait ends. An item in doubt is only looked for
    /// again. Returns whether there was anything to do.
    pub fn retry(&self, id: ItemId) -> Result<bool, NativeError> {
        Ok(!self.inner.retry(&Which::Item(id))?.is_empty())
    }

    /// The same for all items that are blocked or wait, or only those that do for a reason. Returns those that go on by it.
    #[uniffi::method(default(because = None))]
    pub fn retry_all(&self, because: Option<Reason>) -> Result<Vec<ItemId>, NativeError> {
        Ok(self.inner.retry(&because.map_or(Which::All, Which::Because))?)
    }

    /// Gives an item up: at once, or, where it may have arrived already, once that is known. `NotNow` for what is delivered.
    pub fn cancel(&self, id: ItemId) -> Result<(), NativeError> {
        Ok(self.inner.cancel(id)?)
    }

    /// Lets an undelivered item go otherwise: another name, cap, work order or folder, as a new operation; another rank. Where
    /// it may have arrived already, that is done once it is known that it has not; if it has, it stays as it went. What was
    /// blocked goes again. Returns the item as it stands then.
    ///
    /// `NotNow` for what is delivered, cancelled or no upload; `Invalid` for a cap of what is no photo.
    pub fn repair(&self, id: ItemId, repair: Repair) -> Result<Item, NativeError> {
        Ok(self.inner.repair(id, &repair.into())?.into())
    }

    /// Hands in what the phone made of a photo that is blocked, for it is of a type that its system does not take or that nobody here
    /// decodes: a JPEG of a HEIC. It is made to fit, and goes in the photo's place as a new operation; what was captured stays as it is.
    /// The file is only read. Takes a second or so.
    ///
    /// `NotNow` for what is no blocked photo, or may have arrived; `CannotRead`; `Invalid` for a file that is no picture that can be
    /// read, or does not fit; `DiskFull`. The item is then as it was.
    pub fn convert(&self, id: ItemId, converted: FilePath) -> Result<Item, NativeError> {
        Ok(self.inner.convert(id, converted)?.into())
    }

    /// Changes what the system holds of an attachment, in an operation that is queued: `visibility`, `name`, what its system
    /// lets change. An upload that has not left is changed itself, and so is an update that has not. Returns the item that
    /// does it.
    ///
    /// `UnknownItem`, `UnknownAccount`; `Invalid` for what the system does not let change; `NotNow` for an attachment that is
    /// to be deleted, or whose upload was given up.
    pub fn update(&self, attachment: Attachment, changes: HashMap<String, String>) -> Result<Item, NativeError> {
        Ok(self.inner.update(attachment, changes.into_iter().collect())?.into())
    }

    /// Deletes an attachment at its system, in an operation that is queued. An upload that has not left is cancelled instead;
    /// one that may have arrived is deleted if it has. One that is gone already counts as deleted. Returns the item that does
    /// it.
    ///
    /// `UnknownItem`, `UnknownAccount`; `Invalid` where the system has no deletion.
    pub fn delete(&self, attachment: Attachment) -> Result<Item, NativeError> {
        Ok(self.inner.delete(attachment)?.into())
    }

    /// Deletes a folder at its system, in an operation that is queued, with all that the system lets go with it. One that is gone
    /// already counts as deleted. What is uploaded into a folder of its name afterwards makes it anew. Returns the item that does
    /// it.
    ///
    /// `UnknownAccount`; `Invalid` where the system has no folders, or none that could be called so.
    pub fn delete_folder(&self, job: WorkOrder, folder: RemoteId) -> Result<Item, NativeError> {
        Ok(self.inner.delete_folder(&job, &folder)?.into())
    }

    /// Decides a doubt by what a person saw at the system; the receipt says that a person said so. `NotNow` for an item that
    /// is in no doubt.
    pub fn settle(&self, id: ItemId, seen: Settlement) -> Result<(), NativeError> {
        Ok(self.inner.settle(id, seen.into())?)
    }

    /// Erases an item for good: its row, its files, its receipt. What is not delivered is lost by it: ask the person first.
    /// `NotNow` while it is being sent.
    pub fn forget(&self, id: ItemId) -> Result<(), NativeError> {
        Ok(self.inner.forget(id)?)
    }

    /// What the phone can do, as it was last told.
    pub fn conditions(&self) -> Result<Conditions, NativeError> {
        Ok(self.inner.conditions()?)
    }

    /// Tells what the phone can do now; the library reads no sensor. A network that changed ends the waits that the old one
    /// caused.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), NativeError> {
        Ok(self.inner.set_conditions(conditions)?)
    }

    /// Pauses delivery, durably, until `resume`: items wait with `Paused`, a delivery of this process breaks its transfers off
    /// and returns. Captures that are under way are finished first. Then no lock is held and no database open. Once this *and*
    /// a running `deliver` have returned, the app may be suspended; iOS ends one that holds a lock then. Every call still
    /// works, and holds what it needs for as long as it takes.
    pub fn pause(&self) -> Result<(), NativeError> {
        Ok(self.inner.pause()?)
    }

    /// Ends the pause. Deliver again after it.
    pub fn resume(&self) -> Result<(), NativeError> {
        Ok(self.inner.resume()?)
    }

    /// Whether delivery is paused, by whichever process, also from before a restart.
    pub fn is_paused(&self) -> Result<bool, NativeError> {
        Ok(self.inner.is_paused()?)
    }

    /// Calls the listener at every change that this process makes, on a thread of its own, until what is returned is stopped,
    /// finished or closed.
    pub fn listen(&self, listener: Box<dyn Listener>) -> Listening {
        events::listen(&self.inner, listener)
    }

    /// Looks at every hash, row and file, which takes as long as reading them all. Changes nothing.
    pub fn check(&self) -> Result<CheckReport, NativeError> {
        Ok(self.inner.check()?.into())
    }
}

#[cfg(test)]
mod tests {
    use fieldpost::{ProviderKind, Reason, RemoteId, Text};

    use super::*;
    use crate::capture::Cap;
    use crate::item::Status;

    fn with_acme(dir: &std::path::Path) -> NativeOutbox {
        let outbox = NativeOutbox::open(dir.join("outbox"), None, None, None, None, None).unwrap();
        let acme = fieldpost::Account::corrigo_pro("acme", "https://acme.example").performed_by("Jo Field");
        outbox.put_account(acme.into()).unwrap();
        outbox
    }

    fn note_for(outbox: &NativeOutbox, work_order: &str) -> ItemId {
        outbox.inner.capture(Text::new("a note"), &WorkOrder::new("acme", work_order)).unwrap().id
    }

    #[test]
    fn a_repair_lets_a_blocked_item_go_and_says_how_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = with_acme(dir.path());
        let id = note_for(&outbox, "cellar");
        let blocked = outbox.item(id).unwrap().status;
        assert!(matches!(blocked, Status::Blocked { why } if why.reason == Reason::WorkOrderNotValid));
        let repair = Repair { work_order: Some("10234".into()), name: Some("valve".into()), ..Repair::default() };
        let item = outbox.repair(id, repair).unwrap();
        assert!(matches!(&item.status, Status::Queued { why } if why.reason == Reason::NotStarted), "{item:?}");
        assert!(item.name.starts_with("valve-") && item.work_order == "10234", "{item:?}");
    }

    #[test]
    fn a_file_that_is_no_picture_takes_no_photos_place() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = with_acme(dir.path());
        let fake = dir.path().join("fake.jpg");
        std::fs::write(&fake, "no picture").unwrap();
        let photo = fieldpost::Photo::new(&fake);
        let id = outbox.inner.capture(photo, &WorkOrder::new("acme", "cellar")).unwrap().id;
        let before = outbox.item(id).unwrap();
        assert!(matches!(outbox.convert(id, fake), Err(NativeError::Invalid(_))));
        assert!(matches!(outbox.convert(id, dir.path().join("missing.jpg")), Err(NativeError::CannotRead(_))));
        assert_eq!(outbox.item(id).unwrap(), before);
        let note = note_for(&outbox, "cellar");
        assert!(matches!(outbox.convert(note, dir.path().join("x.jpg")), Err(NativeError::NotNow(_))));
    }

    #[test]
    fn as_many_photos_are_prepared_at_once_as_there_are_threads_one_at_least() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = with_acme(dir.path());
        let picture = dir.path().join("boiler.jpg");
        std::fs::write(&picture, "is decoded when it is prepared").unwrap();
        let job = WorkOrder::new("acme", "10234");
        (0..3).for_each(|_| _ = outbox.inner.capture(fieldpost::Photo::new(&picture), &job).unwrap());
        drop(outbox);
        let open = |threads| NativeOutbox::open(dir.path().join("outbox"), None, threads, None, None, None);
        for (threads, at_once) in [(None, 1), (Some(1), 1), (Some(2), 2), (Some(i32::MAX), 3)] {
            let outbox = open(threads).unwrap();
            let delivery = outbox.inner.begin_delivery().unwrap();
            let jobs = std::iter::from_fn(|| match delivery.next().unwrap() {
                fieldpost::Task::Prepare(job) => Some(job),
                _ => None,
            });
            assert_eq!(jobs.take(9).count(), at_once, "{threads:?}");
        }
        for none in [0, -1, i32::MIN] {
            assert!(matches!(open(Some(none)), Err(NativeError::Invalid(what)) if what.contains("below one")));
        }
    }

    #[test]
    fn what_cannot_be_repaired_changed_or_deleted_is_refused_by_its_kind() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = with_acme(dir.path());
        let id = note_for(&outbox, "10234");
        let cap = Repair { cap: Some(Cap::Original), ..Repair::default() };
        assert!(matches!(outbox.repair(id, cap), Err(NativeError::Invalid(_))));
        let colour = HashMap::from([("colour".to_owned(), "red".to_owned())]);
        assert!(matches!(outbox.update(Attachment::Item(id), colour), Err(NativeError::Invalid(_))));
        let elsewhere = Attachment::Remote { job: WorkOrder::new("nobody", "1"), id: RemoteId("4711".into()) };
        assert!(matches!(outbox.delete(elsewhere), Err(NativeError::UnknownAccount(_))));
        assert_eq!(outbox.delete(Attachment::Item(id)).unwrap().status, Status::Cancelled);
        let late = Repair { priority: Some(1), ..Repair::default() };
        assert!(matches!(outbox.repair(id, late), Err(NativeError::NotNow(_))));
    }

    #[test]
    fn a_setting_that_is_missing_or_wrong_is_refused_in_words_that_name_it() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = NativeOutbox::open(dir.path().join("outbox"), None, None, None, None, None).unwrap();
        let put = |provider, settings: &[(&str, &str)]| {
            let settings = settings.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
            outbox.put_account(Account { id: "acme".into(), provider, url: "https://a.example".into(), settings })
        };
        let (nation, serial, decisiv) = (ProviderKind::FieldNation, ProviderKind::Serial, ProviderKind::Decisiv);
        let tus = ProviderKind::Tus;
        for (provider, settings, words) in [
            (nation, &[("folder", "")][..], "\"folder\" takes the name of a folder, 1 to 255 characters"),
            (nation, &[("acting_user_id", "Jo")], "\"acting_user_id\" takes the number of the user"),
            (nation, &[("signatures", "paper")], "\"signatures\" takes file or endpoint"),
            (nation, &[("sender", "7")], "no setting \"sender\" here; known: folder"),
            (serial, &[], "\"added_by_user_id\" is needed: the id of the user that adds"),
            (serial, &[("added_by_user_id", " ")], "\"added_by_user_id\" takes the id of the user that adds"),
            (serial, &[("added_by_user_id", "7"), ("flat", "yes")], "\"flat\" takes true or false"),
            (serial, &[("added_by_user_id", "7"), ("caption", "yes")], "\"caption\" takes none or text"),
            (serial, &[("added_by_user_id", "7"), ("path", "case")], "no setting \"path\" here; known: added_by"),
            (decisiv, &[("path", "Case")], "\"path\" takes cases or case"),
            (decisiv, &[("encoding", "gzip")], "\"encoding\" takes binary or base64"),
            (decisiv, &[("internal", "yes")], "\"internal\" takes true"),
            (decisiv, &[("sender", "")], "\"sender\" takes the id of the user who sends"),
            (decisiv, &[("flat", "true")], "no setting \"flat\" here; known: path"),
            (tus, &[("metadata", "tenant")], "\"metadata\" takes pairs such as tenant=north,project=7"),
            (tus, &[("checksum", "md5")], "\"checksum\" takes never"),
            (tus, &[("path", "case")], "no setting \"path\" here; known: metadata"),
        ] {
            let Err(NativeError::Invalid(message)) = put(provider, settings) else {
                panic!("{provider} took {settings:?}, or refused it as another kind");
            };
            assert!(message.contains("'acme'") && message.contains(words), "{message}");
        }
        assert_eq!(outbox.accounts().unwrap(), []);
        put(nation, &[("folder", "Documents"), ("acting_user_id", "42"), ("signatures", "endpoint")]).unwrap();
        put(nation, &[]).unwrap();
        put(serial, &[("added_by_user_id", "7"), ("flat", "true"), ("caption", "text")]).unwrap();
        put(decisiv, &[("path", "case"), ("encoding", "base64"), ("internal", "false"), ("sender", "7")]).unwrap();
        put(decisiv, &[]).unwrap();
        put(tus, &[("metadata", "tenant=north"), ("checksum", "never")]).unwrap();
        put(tus, &[]).unwrap();
    }
}
