//! Delivery as an app starts and stops it: by a call that blocks its thread. Owns the runtime of one such call.

use std::sync::Arc;

use fieldpost::{Bytes, HttpOptions, Timestamp};
use tokio::runtime::{Builder, Runtime};

use crate::error::NativeError;
use crate::outbox::NativeOutbox;
use crate::tokens::{Asking, TokenListener};
use crate::values::Span;

/// How to deliver.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Deliver {
    /// How long waits are sat out: a wait that ends within this time of the last progress does not end the delivery.
    pub patience: Span,
    /// Stay until stopped, whether or not there is anything to do.
    #[uniffi(default = false)]
    pub watch: bool,
    /// The network's time limits and certificates.
    #[uniffi(default)]
    pub http: Http,
}

/// Time limits and certificates of the network; what is not given is as the core has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Http {
    /// How long finding the host, connecting and the TLS handshake may take together. Default: 20 s.
    #[uniffi(default)]
    pub connect: Option<Span>,
    /// How long nothing may move in either direction. There is no limit for a whole transfer. Default: 60 s.
    #[uniffi(default)]
    pub idle: Option<Span>,
    /// The slowest line, in bytes a second, that still counts as moving. Default: 4,000.
    #[uniffi(default)]
    pub slowest: Option<Bytes>,
    /// Root certificates that are trusted beside the system's: each one DER certificate, or PEM text with any number.
    /// Not on Android, where a private authority belongs into the system's or the app's own trust store.
    #[uniffi(default)]
    pub extra_roots: Vec<Vec<u8>>,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Summary {
    /// Items that it delivered.
    pub delivered: i32,
    /// Items that are still to be delivered.
    pub waiting: i32,
    /// Items that need a person.
    pub blocked: i32,
    /// When the next of them goes on by itself.
    pub next: Option<Timestamp>,
}

/// Ends the calls of `deliver` and of `remoteList` and its like that it was given to, from any thread, also one that has not begun;
/// not a delivery that such a call has joined. Given once, it is given for good.
#[derive(Default, uniffi::Object)]
pub struct StopSignal {
    pub(crate) inner: fieldpost::StopSignal,
}

#[uniffi::export]
impl StopSignal {
    /// A signal that was not given yet.
    #[uniffi::constructor]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it. Transfers under way are broken off; what may have arrived is looked up by the next delivery.
    pub fn stop(&self) {
        self.inner.stop();
    }
}

#[uniffi::export]
impl NativeOutbox {
    /// Delivers all that can be delivered, and blocks its thread until nothing more can be done within the patience or the
    /// signal is given. Make it on a thread of its own.
    ///
    /// Where a delivery of this object runs already, it is joined: the call returns once nothing more can be done, with that
    /// delivery's summary, and asks for no token of its own. What was captured before the call is part of it. Where the running
    /// one is stopped, fails, or would not stay as long, this one takes over.
    ///
    /// `AlreadyDelivering` where another object or process delivers. `DiskFull` and `Failed` where an attempt cannot be
    /// journaled: then it is not made.
    pub fn deliver(
        &self,
        how: Deliver,
        tokens: Box<dyn TokenListener>,
        stop: Arc<StopSignal>,
    ) -> Result<Summary, NativeError> {
        let Deliver { patience: Span(patience), watch, http } = how;
        let how = fieldpost::Deliver { patience, watch, http: http.into(), stop: stop.inner.clone() };
        let asking = Asking { listener: tokens, questions: &self.questions };
        Ok(runtime()?.block_on(self.inner.deliver_with(&asking, how))?.into())
    }

    /// Ends the deliveries of this object that run, joined ones too, and returns at once: transfers are broken off, and the calls
    /// return what they did so far. What may have arrived is looked up by the next delivery. Harmless where none runs.
    pub fn stop(&self) {
        self.inner.stop();
    }
}

/// For the one call that blocks its thread meanwhile.
pub(crate) fn runtime() -> Result<Runtime, NativeError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| NativeError::Failed(format!("cannot start the network's part: {error}")))
}

impl From<Http> for HttpOptions {
    fn from(http: Http) -> Self {
        let Http { connect, idle, slowest, extra_roots } = http;
        let usual = HttpOptions::default();
        HttpOptions {
            connect: connect.map_or(usual.connect, |Span(most)| most),
            idle: idle.map_or(usual.idle, |Span(most)| most),
            slowest: slowest.map_or(usual.slowest, |Bytes(rate)| u32::try_from(rate).unwrap_or(u32::MAX)),
            extra_roots,
        }
    }
}

impl From<fieldpost::Summary> for Summary {
    fn from(summary: fieldpost::Summary) -> Self {
        let fieldpost::Summary { delivered, waiting, blocked, next } = summary;
        let signed = |count| i32::try_from(count).unwrap_or(i32::MAX);
        Summary { delivered: signed(delivered), waiting: signed(waiting), blocked: signed(blocked), next }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use fieldpost::{Attachment, Operation, Reason, Text, WorkOrder};
    use fieldpost_sandbox::Provider;

    use super::*;
    use crate::item::Status;
    use crate::world::{Answer, World, at_once};

    #[test]
    fn a_token_that_is_put_when_it_is_wanted_delivers() {
        let world = World::new();
        let token = world.sandbox.token(Provider::CorrigoPro);
        let summary = world.deliver([Answer::Token(token)], Arc::default());
        assert_eq!((summary.delivered, summary.waiting, summary.blocked, summary.next), (1, 0, 0, None));
        assert!(matches!(world.item().status, Status::Delivered { .. }));
    }

    #[test]
    fn what_one_person_captured_waits_for_their_token_as_an_answer_or_later() {
        let world = World::new();
        let of_jo = Text::new("hers").person("jo");
        let hers = world.app.outbox.inner.capture(of_jo, &WorkOrder::new("acme", "10234")).unwrap().id;
        let token = world.sandbox.token(Provider::CorrigoPro);
        let summary = world.deliver([Answer::TokenOf("sam", token.clone())], Arc::default());
        assert_eq!((summary.delivered, summary.waiting), (1, 1));
        let waits = world.app.outbox.item(hers).unwrap().status;
        assert!(matches!(waits, Status::Waiting { why } if why.reason == Reason::TokenWanted));

        let (asked, is_asked) = channel();
        std::thread::scope(|scope| {
            let delivery = scope.spawn(|| world.deliver([Answer::Later(asked)], Arc::default()));
            is_asked.recv().unwrap();
            world.app.outbox.put_token("acme".into(), token, Some("jo".into())).unwrap();
            assert_eq!(delivery.join().unwrap().delivered, 1);
        });
    }

    #[test]
    fn updates_and_deletions_are_delivered_and_the_ledger_has_them() {
        let world = World::new();
        let (outbox, token) = (&world.app.outbox, || Answer::Token(world.sandbox.token(Provider::CorrigoPro)));
        world.deliver([token()], Arc::default());
        let id = world.item().id;
        let changes = HashMap::from([("visibility".to_owned(), "CruOnly".to_owned())]);
        let update = outbox.update(Attachment::Item(id), changes).unwrap();
        assert_eq!((update.operation, update.original), (Operation::Update, None));
        world.deliver([token()], Arc::default());
        let Status::Delivered { receipt } = outbox.item(update.id).unwrap().status else { panic!("{update:?}") };

        let job = WorkOrder::new("acme", "10234");
        let deletion = outbox.delete(Attachment::Remote { job, id: receipt.remote_id.unwrap() }).unwrap();
        assert_eq!((deletion.operation, &deletion.name), (Operation::Delete, &world.item().name));
        world.deliver([token()], Arc::default());
        let done: Vec<_> = world.sandbox.ledger().into_iter().map(|line| line.operation).collect();
        use fieldpost_sandbox::Operation::{Delete, Update, Upload};
        assert_eq!(done, [Upload, Update, Delete]);
    }

    #[test]
    fn a_listener_that_has_none_or_throws_leaves_the_items_waiting_for_a_token() {
        let world = World::new();
        for answer in [Answer::None, Answer::Throw] {
            assert_eq!(world.deliver([answer], Arc::default()).waiting, 1);
            assert!(world.waits_for_a_token(), "{:?}", world.item());
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_and_taken_as_none() {
        let world = World::new();
        assert_eq!(world.deliver([Answer::Token("two words".into())], Arc::default()).waiting, 1);
        assert!(world.waits_for_a_token());
        let refused = world.app.refused.lock().unwrap();
        assert!(refused[0].starts_with("the token for account 'acme' is empty, or has"), "{refused:?}");
        assert!(!refused[0].contains("two words"));
    }

    #[test]
    fn a_signal_given_while_a_token_is_wanted_or_before_ends_the_delivery() {
        let world = World::new();
        let stop = Arc::new(StopSignal::new());
        assert_eq!(world.deliver([Answer::Stop(stop.clone())], stop.clone()).waiting, 1);
        assert_eq!(world.deliver([], stop).waiting, 1);
        assert_eq!(world.item().attempts, 0);
    }

    #[test]
    fn a_second_delivery_joins_the_first_and_another_object_is_refused() {
        let world = World::new();
        let (asked, is_asked) = channel();
        let outbox = &world.app.outbox;
        std::thread::scope(|scope| {
            let first = scope.spawn(|| world.deliver([Answer::Later(asked)], Arc::default()));
            is_asked.recv().unwrap();
            let again = NativeOutbox::open(world.dir.path().join("outbox"), None, None, None, None, None).unwrap();
            let refused = again.deliver(at_once(), Box::new(world.app.clone()), Arc::default());
            assert!(matches!(refused, Err(NativeError::AlreadyDelivering(_))), "{refused:?}");
            // Whether it has joined before the token comes or begins after the first, it asks for none.
            let token = world.sandbox.token(Provider::CorrigoPro);
            let second =
                scope.spawn(|| outbox.deliver(at_once(), Box::new(world.app.clone()), Arc::default()).unwrap());
            outbox.put_token("acme".into(), token, None).unwrap();
            assert_eq!((first.join().unwrap().delivered, second.join().unwrap().waiting), (1, 0));
        });
        assert!(matches!(world.item().status, Status::Delivered { .. }));
    }

    #[test]
    fn a_stop_ends_a_delivery_that_runs_and_none_that_comes_later() {
        let world = World::new();
        let (asked, is_asked) = channel();
        world.app.outbox.stop();
        std::thread::scope(|scope| {
            let first = scope.spawn(|| world.deliver([Answer::Later(asked)], Arc::default()));
            is_asked.recv().unwrap();
            world.app.outbox.stop();
            assert_eq!(first.join().unwrap().waiting, 1);
        });
        let token = world.sandbox.token(Provider::CorrigoPro);
        assert_eq!(world.deliver([Answer::Token(token)], Arc::default()).delivered, 1);
    }

    #[test]
    fn what_a_backup_brings_to_another_phone_is_looked_for_and_not_sent_twice() {
        let world = World::new();
        let token = || [Answer::Token(world.sandbox.token(Provider::CorrigoPro))];
        let old = world.app_on("old phone", "old");
        old.outbox.inner.capture(Text::new("once"), &WorkOrder::new("acme", "10234")).unwrap();
        drop(old);
        copy(&world.dir.path().join("old"), &world.dir.path().join("new"));
        assert_eq!(world.app_on("old phone", "old").deliver(token(), Arc::default()).delivered, 1);

        let new = world.app_on("new phone", "new");
        assert_eq!(new.deliver(token(), Arc::default()).delivered, 1);
        let there = new.outbox.items(None, None, None).unwrap().remove(0).status;
        assert!(matches!(there, Status::Delivered { receipt } if receipt.proof == fieldpost::Proof::Found));
        assert_eq!(world.sandbox.uploads(Provider::CorrigoPro, "10234").len(), 1);
    }

    fn copy(from: &std::path::Path, to: &std::path::Path) {
        std::fs::create_dir(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                std::fs::copy(&from, &to).unwrap();
            }
        }
    }

    #[test]
    fn a_root_certificate_that_does_not_read_is_invalid() {
        let world = World::new();
        let http = Http { extra_roots: vec![b"no certificate".to_vec()], ..Http::default() };
        let how = Deliver { patience: Span(Duration::ZERO), watch: false, http };
        let ended = world.app.outbox.deliver(how, Box::new(world.app.clone()), Arc::default());
        assert!(matches!(ended, Err(NativeError::Invalid(_))), "{ended:?}");
    }
}
