//! The one object: the core's outbox, call by call.

use std::path::PathBuf as FilePath;

use fieldpost::{Filter, ItemId, Options, State, WorkOrder};

use crate::account::{Account, AccountInfo};
use crate::capture::Capture;
use crate::check::CheckReport;
use crate::error::OutboxError;
use crate::item::Item;

/// A durable outbox in a folder of its own.
///
/// Every call waits for the disk: make it off the main thread. Calls from several threads are safe, and so are several
/// processes and several objects on one folder. Closing it lets go of its files; what it holds is durable at any moment.
#[derive(uniffi::Object)]
pub struct Outbox {
    inner: fieldpost::Outbox,
}

#[uniffi::export]
impl Outbox {
    /// Opens the outbox in that folder, makes it where it is missing. What a killed capture left whole is taken over, what
    /// it left half is removed. A corrupt database is set aside and rebuilt from the items' own folders.
    #[uniffi::constructor]
    pub fn open(folder: FilePath) -> Result<Self, OutboxError> {
        Ok(Outbox { inner: fieldpost::Outbox::open(folder, Options::default())? })
    }

    /// Adds an account, or configures it anew. `Invalid` says what is wrong with its id, address or settings.
    pub fn put_account(&self, account: Account) -> Result<(), OutboxError> {
        Ok(self.inner.put_account(account.into())?)
    }

    /// The accounts, each with what its system can do.
    pub fn accounts(&self) -> Result<Vec<AccountInfo>, OutboxError> {
        Ok(self.inner.accounts()?.into_iter().map(AccountInfo::from).collect())
    }

    /// Takes a photo, document, text or signature over for a work order. Durable once it returns, with no network at all.
    /// What the system is known to refuse is kept all the same, already blocked with its reason: evidence is never refused.
    ///
    /// Fails only where the bytes cannot be kept (`CannotRead`, `DiskFull`, `Failed`), the account is unknown
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

    /// Looks at every hash, row and file, which takes as long as reading them all. Changes nothing.
    pub fn check(&self) -> Result<CheckReport, OutboxError> {
        Ok(self.inner.check()?.into())
    }
}
