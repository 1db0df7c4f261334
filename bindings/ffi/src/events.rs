//! What the core tells while it works. Owns the shape of the listener; what a listener throws ends here.

use std::sync::{Mutex, PoisonError};

use fieldpost::{Bytes, ItemId};

use crate::item::Item;

/// What a listener is told.
// One at a time, on its way to be written into a buffer: a box would not make it smaller there.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// An item changed; this is how it stands now.
    Changed {
        /// The item.
        item: Item,
    },
    /// An item was erased for good.
    Forgotten {
        /// The item that was.
        id: ItemId,
        /// Its account.
        account: String,
        /// Its work order.
        work_order: String,
    },
    /// What holds items up changed, though no item did; or an item left for another work order. List them again.
    Reasons {
        /// The account whose items they are; none where it is the phone's conditions.
        account: Option<String>,
    },
    /// Bytes of an item left the phone.
    Progress {
        /// The item.
        id: ItemId,
        /// How many so far.
        sent: Bytes,
        /// How many in all.
        total: Bytes,
    },
}

impl Event {
    /// None for an event that is newer than this crate.
    fn of(event: &fieldpost::Event) -> Option<Self> {
        Some(match event {
            fieldpost::Event::Changed(item) => Event::Changed { item: (**item).clone().into() },
            fieldpost::Event::Forgotten { id, account, work_order } => {
                Event::Forgotten { id: *id, account: account.clone(), work_order: work_order.clone() }
            }
            fieldpost::Event::Reasons { account } => Event::Reasons { account: account.clone() },
            fieldpost::Event::Progress { id, sent, total } => {
                Event::Progress { id: *id, sent: Bytes(*sent), total: Bytes(*total) }
            }
            _ => return None,
        })
    }
}

/// What an app wants to be told of.
///
/// It is called on a thread of its own, with one event after the other, in order. It may take its time and call the outbox:
/// neither delivery nor a call waits for it. Of what it has not heard yet it hears the newest: of each item's progress, of
/// each item in each state. What it throws is dropped, and the next event comes all the same.
#[uniffi::export(callback_interface)]
pub trait Listener: Send + Sync {
    /// Something changed.
    fn told(&self, event: Event) -> Result<(), ListenerError>;
}

/// A call from the core into the app failed there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It threw; the reason is for logs.
    #[error("the app's code failed: {reason}")]
    Failed {
        /// What it threw.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    /// An exception of another type than this: without it, it would be a panic on our side.
    fn from(thrown: uniffi::UnexpectedUniFFICallbackError) -> Self {
        ListenerError::Failed { reason: thrown.reason }
    }
}

/// Ends the listening, when it is asked to or closed.
#[derive(uniffi::Object)]
pub struct Listening {
    inner: Mutex<Option<fieldpost::Listening>>,
}

#[uniffi::export]
impl Listening {
    /// The listener hears nothing more, but for what it is hearing at this moment. Does not wait for that: the listener itself
    /// may call it. Twice is fine.
    pub fn stop(&self) {
        drop(self.take());
    }

    /// Waits until the listener has heard all that happened before; then it hears nothing more. Called by the listener
    /// itself it does not wait: the listener hears the rest once it has returned.
    pub fn finish(&self) {
        if let Some(listening) = self.take() {
            listening.finish();
        }
    }
}

impl Listening {
    fn take(&self) -> Option<fieldpost::Listening> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(crate) fn listen(outbox: &fieldpost::Outbox, listener: Box<dyn Listener>) -> Listening {
    let listening = outbox.listen(move |event| {
        if let Some(event) = Event::of(event) {
            // Dropped, as the trait says: a screen that fails must not hold up a signature.
            let _ = listener.told(event);
        }
    });
    Listening { inner: Mutex::new(Some(listening)) }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use fieldpost::{Account, Conditions, Network, Options, Outbox, Text, WorkOrder};

    use super::*;

    /// Notes each event by name, and fails every time.
    struct Failing(Arc<Mutex<Vec<&'static str>>>);

    impl Listener for Failing {
        fn told(&self, event: Event) -> Result<(), ListenerError> {
            self.0.lock().unwrap().push(match event {
                Event::Changed { .. } => "changed",
                Event::Forgotten { .. } => "forgotten",
                Event::Reasons { .. } => "reasons",
                Event::Progress { .. } => "progress",
            });
            Err(uniffi::UnexpectedUniFFICallbackError::new("the screen is gone").into())
        }
    }

    #[test]
    fn a_listener_that_fails_hears_what_comes_next_until_it_is_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().join("outbox"), Options::default()).unwrap();
        outbox.put_account(Account::corrigo_pro("acme", "https://acme.example").performed_by("Jo Field")).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listening = listen(&outbox, Box::new(Failing(heard.clone())));

        let id = outbox.capture(Text::new("a note"), &WorkOrder::new("acme", "10234")).unwrap().id;
        outbox.set_conditions(Conditions { network: Network::None, ..Conditions::default() }).unwrap();
        outbox.forget(id).unwrap();
        listening.finish();
        listening.stop();
        outbox.set_conditions(Conditions::default()).unwrap();
        assert_eq!(*heard.lock().unwrap(), ["changed", "reasons", "forgotten"]);
    }
}
