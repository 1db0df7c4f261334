//! Where the outbox is worked on, one call at a time. Owns when the database is open and the outbox's lock held: always, or,
//! while it is let go, only for the length of a call.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::{Held, Lock};
use crate::engine::Core;
use crate::error::Error;

pub(super) struct Room {
    core: Core,
    /// Every opener holds this one shared; a rebuild needs it alone.
    open: Option<Box<dyn Held>>,
}

impl Room {
    pub(super) fn new(core: Core, open: Box<dyn Held>) -> Self {
        Room { core, open: Some(open) }
    }

    fn take_up(&mut self) -> Result<(), Error> {
        if self.open.is_none() {
            let open = self.core.folders.lock_outbox(Lock::Shared)?.ok_or(Error::InUse)?;
            self.core.store.take_up()?;
            self.open = Some(open);
        }
        Ok(())
    }

    fn let_go(&mut self) {
        self.core.store.let_go();
        self.open = None;
    }
}

/// One call's stay in the room.
pub(super) struct Inside<'a> {
    room: MutexGuard<'a, Room>,
    let_go: &'a AtomicBool,
}

impl<'a> Inside<'a> {
    /// `let_go`: whether nothing is to be held between calls.
    pub(super) fn enter(mut room: MutexGuard<'a, Room>, let_go: &'a AtomicBool) -> Result<Self, Error> {
        room.take_up()?;
        Ok(Inside { room, let_go })
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.let_go.load(Ordering::SeqCst) {
            self.room.let_go();
        }
    }
}

impl Deref for Inside<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.room.core
    }
}

impl DerefMut for Inside<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.room.core
    }
}
