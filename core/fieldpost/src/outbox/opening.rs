//! How an outbox's database is opened: beside others, or alone where it is brought up to date, made shrinkable, or set aside.
//! Owns which lock is held for which; what is in the database is the store's.

use std::path::Path;

use crate::disk::{Held, Lock};
use crate::error::Error;
use crate::model::Now;
use crate::store::{Folders, Store};

/// The database, and the lock that every opener shares.
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) open: Box<dyn Held>,
}

/// The lock that every opener shares.
pub(super) fn shared(folders: &Folders) -> Result<Box<dyn Held>, Error> {
    folders.lock_outbox(Lock::Shared)?.ok_or(Error::InUse)
}

/// The same, while nobody else has the outbox open.
pub(super) fn alone(folders: &Folders) -> Result<Box<dyn Held>, Error> {
    folders.lock_outbox(Lock::Alone)?.ok_or(Error::InUse)
}

/// Opens the database at `path`, makes it where it is missing. A damaged one is set aside.
pub(super) fn open_store(folders: &Folders, path: &Path, now: &Now) -> Result<Opened, Error> {
    let mut open = shared(folders)?;
    let mut opened = Store::open(path, now);
    let is_old = matches!(opened, Ok(None));
    if is_old || matches!(&opened, Ok(Some(store)) if !store.can_shrink()?) {
        // Nobody else may be at it while it is written anew. Closed before the lock goes: it may be another's next.
        drop(opened);
        drop(open);
        let renewed = match alone(folders) {
            // Where there is no room for a VACUUM, the next opening tries again.
            Ok(_held) => Store::migrate(path, now).map(|store| _ = store.make_shrinkable()),
            Err(Error::InUse) if !is_old => Ok(()),
            Err(error) => Err(error),
        };
        open = shared(folders)?;
        opened = renewed.and_then(|()| Store::open(path, now));
    }
    match opened {
        Err(Error::Damaged { .. }) => {
            drop(open);
            let open = alone(folders)?;
            Ok(Opened { store: Store::anew(path, now)?, open })
        }
        // Said of one that was just brought up to date: it was replaced meanwhile.
        Ok(None) => Err(Error::InUse),
        Ok(Some(store)) => Ok(Opened { store, open }),
        Err(error) => Err(error),
    }
}
