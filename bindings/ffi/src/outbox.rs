//! The one object: the core's outbox, call by call.

use std::path::PathBuf as FilePath;

use fieldpost::{Bytes, Conditions, Filter, ItemId, Options, Reason, State, Which, WorkOrder};

use crate::account::{Account, AccountInfo};
use crate::capture::Capture;
use crate::check::CheckReport;
#[cfg(feature = "reqwest")]
use crate::deliver::Questions;
use crate::error::OutboxError;
use crate::events::{self, Listener, Listening};
use crate::item::Item;
use crate::keeping::Keep;
use crate::person::Settlement;

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
    /// `memory` bounds what preparing a photo may take. Default: 256 MB, enough for 48 megapixels. `keep` is how long the
    /// files of delivered items stay. Default: 30 days. `quota` is the most that the captured and prepared files may take
    /// together: a capture beyond it is refused with `QuotaFull`, once all that is delivered is cleared. Default: what the disk has.
    #[uniffi::constructor(default(memory = None, keep = None, quota = None))]
    pub fn open(
        folder: FilePath,
        memory: Option<Bytes>,
        keep: Option<Keep>,
        quota: Option<Bytes>,
    ) -> Result<Self, OutboxError> {
        let usual = Options::default();
        let memory = memory.map_or(usual.memory, |Bytes(most)| most);
        let keep = keep.map(fieldpost::Keep::try_from).transpose()?.unwrap_or_default();
        let options = Options { memory, keep, quota, ..usual };
        Ok(NativeOutbox {
            inner: fieldpost::Outbox::open(folder, options)?,
            #[cfg(feature = "reqwest")]
            questions: Questions::default(),
        })
    }

    /// Adds an account, or configures it anew. `Invalid` says what is wrong with its id, address or settings.
    pub fn put_account(&self, account: Account) -> Result<(), OutboxError> {
        Ok(self.inner.put_account(account.into())?)
    }

    /// The accounts, each with what its system can do.
    pub fn accounts(&self) -> Result<Vec<AccountInfo>, OutboxError> {
        Ok(self.inner.accounts()?.into_iter().map(AccountInfo::from).collect())
    }

    /// Removes an account. `UnknownAccount`; `AccountBusy` while it has undelivered items.
    pub fn remove_account(&self, id: String) -> Result<(), OutboxError> {
        Ok(self.inner.remove_account(&id)?)
    }

    /// Takes a photo, document, text or signature over for a work order. Durable once it returns, with no network at all.
    /// What the system is known to refuse is kept all the same, already blocked with its reason: evidence is never refused.
    ///
    /// Fails only where the bytes cannot be kept (`CannotRead`, `DiskFull`, `QuotaFull`, `Failed`), the account is unknown
    /// (`UnknownAccount`), or an option cannot be right (`Invalid`, `UnknownItem`).
    pub fn capture(&self, capture: Capture, work_order: WorkOrder) -> Result<Item, OutboxError> {
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
    ) -> Result<Vec<Item>, OutboxError> {
        let filter = Filter { account, work_order, state };
        Ok(self.inner.items(&filter)?.into_iter().map(Item::from).collect())
    }

    /// One item, with the reason why it is not delivered. `UnknownItem` where it is not here.
    pub fn item(&self, id: ItemId) -> Result<Item, OutboxError> {
        Ok(self.inner.item(id)?.into())
    }

    /// Tries an item once more, now: what is blocked goes back to the queue, a wait ends. An item in doubt is only looked for
    /// again. Returns whether there was anything to do.
    pub fn retry(&self, id: ItemId) -> Result<bool, OutboxError> {
        Ok(!self.inner.retry(&Which::Item(id))?.is_empty())
    }

    /// The same for all items that are blocked or wait, or only those that do for a reason. Returns those that go on by it.
    #[uniffi::method(default(because = None))]
    pub fn retry_all(&self, because: Option<Reason>) -> Result<Vec<ItemId>, OutboxError> {
        Ok(self.inner.retry(&because.map_or(Which::All, Which::Because))?)
    }

    /// Gives an item up: at once, or, where it may have arrived already, once that is known. `NotNow` for what is delivered.
    pub fn cancel(&self, id: ItemId) -> Result<(), OutboxError> {
        Ok(self.inner.cancel(id)?)
    }

    /// Decides a doubt by what a person saw at the system; the receipt says that a person said so. `NotNow` for an item that
    /// is in no doubt.
    pub fn settle(&self, id: ItemId, seen: Settlement) -> Result<(), OutboxError> {
        Ok(self.inner.settle(id, seen.into())?)
    }

    /// Erases an item for good: its row, its files, its receipt. What is not delivered is lost by it: ask the person first.
    /// `NotNow` while it is being sent.
    pub fn forget(&self, id: ItemId) -> Result<(), OutboxError> {
        Ok(self.inner.forget(id)?)
    }

    /// What the phone can do, as it was last told.
    pub fn conditions(&self) -> Result<Conditions, OutboxError> {
        Ok(self.inner.conditions()?)
    }

    /// Tells what the phone can do now; the library reads no sensor. A network that changed ends the waits that the old one
    /// caused.
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), OutboxError> {
        Ok(self.inner.set_conditions(conditions)?)
    }

    /// Pauses delivery, durably, until `resume`: items wait with `Paused`, a delivery of this process breaks its transfers off
    /// and returns. Captures that are under way are finished first. Then no lock is held and no database open. Once this *and*
    /// a running `deliver` have returned, the app may be suspended; iOS ends one that holds a lock then. Every call still
    /// works, and holds what it needs for as long as it takes.
    pub fn pause(&self) -> Result<(), OutboxError> {
        Ok(self.inner.pause()?)
    }

    /// Ends the pause. Deliver again after it.
    pub fn resume(&self) -> Result<(), OutboxError> {
        Ok(self.inner.resume()?)
    }

    /// Whether delivery is paused, by whichever process, also from before a restart.
    pub fn is_paused(&self) -> Result<bool, OutboxError> {
        Ok(self.inner.is_paused()?)
    }

    /// Calls the listener at every change that this process makes, on a thread of its own, until what is returned is stopped,
    /// finished or closed.
    pub fn listen(&self, listener: Box<dyn Listener>) -> Listening {
        events::listen(&self.inner, listener)
    }

    /// Looks at every hash, row and file, which takes as long as reading them all. Changes nothing.
    pub fn check(&self) -> Result<CheckReport, OutboxError> {
        Ok(self.inner.check()?.into())
    }
}
