//! Several calls of `deliver` on one outbox: they join, end apart, and miss nothing.

use std::future::pending;

use fieldpost::{BoxFuture, Deliver, Error, Event, Outbox, Secret, State, StopSignal, Summary, Tokens};
use fieldpost_sandbox::{Fault, Operation, Provider};
use fieldpost_tests::{World, run};
use tokio::sync::Notify;

/// A sign-in that says that it was asked, and answers when it may.
#[derive(Default)]
struct SignIn {
    asked: Notify,
    may: Notify,
    token: String,
}

impl SignIn {
    fn at(world: &World) -> Self {
        SignIn { token: world.sandbox.token(Provider::CorrigoPro), ..SignIn::default() }
    }
}

impl Tokens for SignIn {
    fn token<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<fieldpost::Token>> {
        Box::pin(async {
            self.asked.notify_one();
            self.may.notified().await;
            Some(Secret::new(self.token.as_str()).into())
        })
    }
}

/// A sign-in that nobody should ask.
fn unasked(account: &str) -> Option<String> {
    panic!("{account} was asked for its token")
}

fn stopped_by(stop: &StopSignal) -> Deliver {
    Deliver { stop: stop.clone(), ..fieldpost_tests::quick() }
}

fn delivered(summary: Result<Summary, Error>) -> u64 {
    summary.expect("delivery runs").delivered
}

#[test]
fn a_second_delivery_joins_the_first_and_what_was_captured_before_it_is_part_of_it() {
    let world = World::new();
    let (one, sign_in) = (world.document("one").id, SignIn::at(&world));
    let clone = world.outbox.clone();
    let (first, (second, two)) = run(async {
        let second = async {
            sign_in.asked.notified().await;
            let two = world.document("two").id;
            let joined = clone.deliver(&unasked);
            let answers = async { sign_in.may.notify_one() };
            (tokio::join!(biased; joined, answers).0, two)
        };
        tokio::join!(world.outbox.deliver(&sign_in), second)
    });
    assert_eq!((delivered(first), delivered(second)), (2, 2));
    world.assert_delivered_once(one);
    world.assert_delivered_once(two);
}

#[test]
fn who_joins_a_watching_delivery_returns_once_nothing_more_can_be_done() {
    let world = World::new();
    let (watch, sign_in) = (StopSignal::new(), SignIn::at(&world));
    sign_in.may.notify_one();
    let (watching, joined) = run(async {
        let watching = world.outbox.deliver_with(&sign_in, Deliver { watch: true, ..stopped_by(&watch) });
        let joins = async {
            let mut told = Vec::new();
            for text in ["one", "two"] {
                let id = world.document(text).id;
                told.push(world.outbox.deliver(&unasked).await.unwrap());
                world.assert_delivered_once(id);
            }
            watch.stop();
            told
        };
        tokio::join!(biased; watching, joins)
    });
    assert_eq!(
        joined.iter().map(|summary| summary.delivered).collect::<Vec<_>>(),
        [1, 2],
        "since the watching one began"
    );
    assert_eq!(delivered(watching), 2);
}

#[test]
fn a_joined_call_that_is_stopped_ends_alone() {
    let world = World::new();
    let (id, sign_in, stop) = (world.document("one").id, SignIn::at(&world), StopSignal::new());
    let (first, second) = run(async {
        let second = async {
            sign_in.asked.notified().await;
            let joined = world.outbox.deliver_with(&unasked, stopped_by(&stop));
            let summary = tokio::join!(biased; joined, async { stop.stop() }).0.unwrap();
            sign_in.may.notify_one();
            summary
        };
        tokio::join!(world.outbox.deliver(&sign_in), second)
    });
    assert_eq!((second.delivered, second.waiting), (0, 1));
    assert_eq!(delivered(first), 1);
    world.assert_delivered_once(id);
}

#[test]
fn where_the_running_call_is_stopped_the_joined_one_takes_over() {
    let world = World::new();
    let (id, never, stop) = (world.document("one").id, SignIn::at(&world), StopSignal::new());
    let token = |_: &str| Some(world.sandbox.token(Provider::CorrigoPro));
    let (first, second) = run(async {
        let second = async {
            never.asked.notified().await;
            tokio::join!(biased; world.outbox.deliver(&token), async { stop.stop() }).0
        };
        tokio::join!(world.outbox.deliver_with(&never, stopped_by(&stop)), second)
    });
    assert_eq!((delivered(first), delivered(second)), (0, 1));
    world.assert_delivered_once(id);
}

#[test]
fn where_the_running_call_is_dropped_the_joined_one_takes_over() {
    let world = World::new();
    let (id, never) = (world.document("one").id, SignIn::at(&world));
    let token = |_: &str| Some(world.sandbox.token(Provider::CorrigoPro));
    let second = run(async {
        let mut first = Box::pin(world.outbox.deliver(&never));
        tokio::select! {
            biased;
            _ = &mut first => panic!("its sign-in never answers"),
            () = never.asked.notified() => {}
        }
        tokio::join!(biased; world.outbox.deliver(&token), async { drop(first) }).0
    });
    assert_eq!(delivered(second), 1);
    world.assert_delivered_once(id);
}

#[test]
fn a_stop_ends_all_that_deliver_and_the_next_delivery_looks_before_it_sends_again() {
    let world = World::new();
    let id = world.document("one").id;
    world.outbox.stop(); // harmless: nobody delivers
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::Silence);
    let (left, sent) = (world.outbox.clone(), Notify::new());
    let sent = std::sync::Arc::new(sent);
    let whole = sent.clone();
    let listening = world.outbox.listen(move |event| {
        if matches!(event, Event::Progress { sent, total, .. } if sent == total) {
            whole.notify_one();
        }
    });
    let token = |_: &str| Some(world.sandbox.token(Provider::CorrigoPro));
    let how = || Deliver { watch: true, ..Deliver::default() };
    let (first, second, ()) = run(async {
        let first = world.outbox.deliver_with(&token, how());
        let second = world.outbox.deliver_with(&unasked, how());
        tokio::join!(biased; first, second, async {
            sent.notified().await;
            left.stop();
        })
    });
    drop(listening);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.delivered, first.waiting, second.delivered, second.waiting), (0, 1, 0, 1));
    assert_eq!(world.item(id).state, State::Verifying, "all of it had left");
    world.deliver_after(25);
    world.deliver_after(3600);
    world.assert_delivered_once(id);
}

#[test]
fn a_pause_ends_who_has_joined_too() {
    let world = World::new();
    world.document("one");
    let sign_in = SignIn::at(&world);
    let (first, second) = run(async {
        let second = async {
            sign_in.asked.notified().await;
            let joined = world.outbox.deliver_with(&unasked, Deliver { watch: true, ..Deliver::default() });
            tokio::join!(biased; joined, async { world.outbox.pause().unwrap() }).0
        };
        tokio::join!(world.outbox.deliver(&sign_in), second)
    });
    assert_eq!((first.unwrap().waiting, second.unwrap().waiting), (1, 1));
}

#[test]
fn another_opening_of_the_outbox_is_not_joined() {
    let world = World::new();
    world.document("one");
    let (other, sign_in): (Outbox, _) = (world.open_again(), SignIn::at(&world));
    let (first, second) = run(async {
        let second = async {
            sign_in.asked.notified().await;
            let refused = other.deliver(&unasked).await;
            sign_in.may.notify_one();
            refused
        };
        tokio::join!(world.outbox.deliver(&sign_in), second)
    });
    assert!(matches!(second, Err(Error::AlreadyDelivering)), "{second:?}");
    assert_eq!(delivered(first), 1);
}

#[test]
fn a_joined_call_that_is_dropped_holds_up_nobody() {
    let world = World::new();
    let (id, sign_in) = (world.document("one").id, SignIn::at(&world));
    let first = run(async {
        let second = async {
            sign_in.asked.notified().await;
            tokio::select! {
                biased;
                _ = world.outbox.deliver(&unasked) => panic!("the first waits for its sign-in"),
                () = async {} => {}
            }
            sign_in.may.notify_one();
            pending::<()>().await;
        };
        tokio::select! {
            first = world.outbox.deliver(&sign_in) => first,
            () = second => unreachable!("it pends"),
        }
    });
    assert_eq!(delivered(first), 1);
    world.assert_delivered_once(id);
}
