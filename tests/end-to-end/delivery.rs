//! What goes well, and what waits.

use fieldpost::{
    BoxFuture, Conditions, Deliver, Error, Event, Network, Proof, Reason, Secret, Settlement, State, StopSignal,
    Tokens, Which,
};
use fieldpost_sandbox::{Fault, Operation, Provider, RetryAfter};
use fieldpost_tests::{World, run};

#[test]
fn what_was_captured_without_a_network_arrives_once_it_returns() {
    let world = World::new();
    world.outbox.set_conditions(Conditions { network: Network::None, ..Conditions::default() }).unwrap();
    let ids = [world.photo().id, world.document("one").id, world.text(Provider::DigitalRealty, "two").id];
    let offline = world.deliver();
    assert_eq!((offline.delivered, offline.waiting, offline.blocked), (0, 3, 0));
    for id in ids {
        let why = world.item(id).why.unwrap();
        assert_eq!((why.reason, world.item(id).state), (Reason::NoNetwork, State::Waiting));
        assert_eq!(why.detail.as_deref(), Some("as told at 2026-11-21T10:00:00.000Z"));
    }
    world.outbox.set_conditions(Conditions::default()).unwrap();
    assert_eq!(world.deliver().delivered, 3);
    for id in ids {
        world.assert_delivered_once(id);
    }
    assert_eq!(world.item(ids[0]).receipt.unwrap().proof, Proof::Answer);
    assert!(world.item(ids[0]).sent.unwrap().bytes.0 <= 100_000);
    assert!(world.sandbox.leaks().is_empty());
    assert_eq!(world.outbox.check().unwrap().1, vec![]);
}

#[test]
fn what_is_large_waits_for_a_network_that_costs_nothing_where_the_account_says_so() {
    let world = World::new();
    world.outbox.put_account(fieldpost_tests::corrigo(&world.sandbox).set("unmetered_over", "1kB")).unwrap();
    let (large, small) = (world.photo().id, world.document("small").id);
    world.outbox.set_conditions(Conditions { network: Network::Metered, ..Conditions::default() }).unwrap();
    assert_eq!(world.deliver().delivered, 1);
    world.assert_delivered_once(small);
    let why = world.item(large).why.unwrap();
    assert_eq!((why.reason, world.item(large).state), (Reason::UnmeteredNetworkWanted, State::Waiting));
    world.outbox.set_conditions(Conditions::default()).unwrap();
    world.deliver();
    world.assert_delivered_once(large);
}

#[test]
fn a_closed_app_goes_on_where_it_was() {
    let mut world = World::new();
    let id = world.document("one").id;
    world.reopen();
    world.deliver();
    world.assert_delivered_once(id);
    world.reopen();
    world.deliver();
    world.assert_delivered_once(id);
}

#[test]
fn an_unreachable_system_makes_its_account_wait_and_no_other() {
    let world = World::new();
    world.outbox.put_account(fieldpost_tests::unreachable(&world.sandbox)).unwrap();
    let (held, free) = (world.document("one"), world.text(Provider::DigitalRealty, "two"));
    assert_eq!(world.deliver().delivered, 1);
    world.assert_delivered_once(free.id);
    let why = world.item(held.id).why.unwrap();
    assert_eq!((why.reason, world.item(held.id).state), (Reason::Unreachable, State::Waiting));
    assert!(why.until.is_some());
    world.outbox.put_account(fieldpost_tests::corrigo(&world.sandbox)).unwrap();
    world.deliver();
    world.assert_delivered_once(held.id);
}

#[test]
fn a_system_that_asks_to_wait_is_left_alone_for_so_long() {
    let world = World::new();
    let fault = Fault::TooManyRequests { retry_after: RetryAfter::Seconds(90) };
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, fault);
    let id = world.document("one").id;
    world.deliver();
    let why = world.item(id).why.unwrap();
    assert_eq!(why.reason, Reason::ServerAskedToWait);
    assert_eq!(why.until.unwrap().millis() - 1_795_255_200_000, 90_000);
    let requests = world.sandbox.requests().len();
    world.deliver_after(89);
    assert_eq!(world.sandbox.requests().len(), requests);
    world.deliver_after(1);
    world.assert_delivered_once(id);
}

#[test]
fn a_refused_token_is_asked_for_again_and_spends_no_attempt() {
    let world = World::new();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::Unauthorized { until_token_changes: false });
    let id = world.document("one").id;
    world.deliver();
    world.assert_delivered_once(id);
    assert_eq!(world.item(id).attempts, 1);
}

#[test]
fn two_refused_tokens_in_a_row_wait_for_a_sign_in() {
    let world = World::new();
    world.fault(Provider::CorrigoPro, Operation::Upload, 9, Fault::Unauthorized { until_token_changes: false });
    let (held, free) = (world.document("one"), world.text(Provider::DigitalRealty, "two"));
    world.deliver();
    world.assert_delivered_once(free.id);
    let item = world.item(held.id);
    assert_eq!((item.state, item.why.unwrap().reason, item.attempts), (State::Waiting, Reason::TokenWanted, 0));
    world.sandbox.clear_faults();
    world.deliver();
    world.assert_delivered_once(held.id);
}

#[test]
fn a_refusal_in_the_systems_own_words_blocks_the_item_and_no_other() {
    let world = World::new();
    let refused = Fault::Status {
        status: 400,
        when: fieldpost_sandbox::Moment::Before,
        headers: vec![("content-type".into(), "application/json".into())],
        body: r#"{"Code":3001,"Message":"The work order is recalled","ValidationErrors":[]}"#.into(),
    };
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, refused);
    let ids = [world.document("one").id, world.document("two").id];
    let summary = world.deliver();
    assert_eq!((summary.delivered, summary.blocked), (1, 1));
    // They leave side by side: either may be the one that was refused.
    let (refused, delivered) = if world.item(ids[0]).why.is_some() { (ids[0], ids[1]) } else { (ids[1], ids[0]) };
    let why = world.item(refused).why.unwrap();
    assert_eq!(why.reason, Reason::WorkOrderClosed);
    assert!(why.detail.unwrap().contains("recalled"));
    world.assert_delivered_once(delivered);
    assert_eq!(world.outbox.retry(&Which::Because(Reason::WorkOrderClosed)).unwrap(), vec![refused]);
    world.deliver();
    world.assert_delivered_once(refused);
}

#[test]
fn a_cancelled_item_never_leaves() {
    let world = World::new();
    let id = world.document("one").id;
    world.outbox.cancel(id).unwrap();
    world.outbox.cancel(id).unwrap();
    assert_eq!(world.deliver().delivered, 0);
    assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Cancelled, 0));
    assert!(matches!(world.outbox.settle(id, Settlement::Absent), Err(Error::NotNow { .. })));
}

#[test]
fn an_item_after_another_goes_after_it() {
    let world = World::new();
    let fault = Fault::TooManyRequests { retry_after: RetryAfter::Seconds(30) };
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, fault);
    let first = world.document("one");
    let path = world.file("second.pdf", b"two");
    let second = fieldpost::Document::new(path).after(first.id).priority(99);
    let second = world.outbox.capture(second, &fieldpost_tests::job(Provider::CorrigoPro)).unwrap();
    assert_eq!(second.why.unwrap().reason, Reason::AfterAnotherItem);
    world.deliver();
    assert_eq!(world.states(), [State::Waiting, State::Waiting]);
    world.deliver_after(60);
    let ledger = world.sandbox.ledger();
    assert!(first.id.marker().is_in(&ledger[0].name) && second.id.marker().is_in(&ledger[1].name));
}

#[test]
fn only_one_delivers_at_a_time() {
    let world = World::new();
    let running = world.outbox.begin_delivery().unwrap();
    assert!(matches!(world.try_deliver(), Err(Error::AlreadyDelivering)));
    drop(running);
    world.deliver();
}

#[test]
fn the_next_that_goes_on_is_told_as_its_reason_tells_it() {
    let world = World::new();
    let id = world.document("one").id;
    world.fault(
        Provider::CorrigoPro,
        Operation::Upload,
        1,
        Fault::TooManyRequests { retry_after: RetryAfter::Seconds(900) },
    );
    let until = |next| {
        let until = world.item(id).why.unwrap().until;
        assert_eq!((until.is_some(), next), (true, until));
    };
    until(world.deliver().next);
    // The network's time came, and moved the wall clock a little.
    world.clock.set_wall(fieldpost::Clock::now(&*world.clock).wall.after(std::time::Duration::from_millis(300)));
    until(world.deliver().next);
}

/// A sign-in that is never finished; it stops the delivery that waits for it.
struct Unanswered(StopSignal);

impl Tokens for Unanswered {
    fn token<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<fieldpost::Token>> {
        self.0.stop();
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_delivery_that_is_stopped_does_not_wait_for_a_sign_in() {
    let world = World::new();
    let id = world.document("one").id;
    let how = Deliver { watch: true, ..Deliver::default() };
    let summary = run(world.outbox.deliver_with(&Unanswered(how.stop.clone()), how)).unwrap();
    assert_eq!((summary.delivered, summary.waiting), (0, 1));
    assert_eq!(world.item(id).attempts, 0);
}

#[test]
fn a_sign_in_later_on_lets_a_watching_delivery_go_on() {
    let world = World::new();
    let id = world.document("one").id;
    let how = Deliver { watch: true, ..Deliver::default() };
    let (outbox, stop, late) = (world.outbox.clone(), how.stop.clone(), world.sandbox.token(Provider::CorrigoPro));
    let _listening = world.outbox.listen(move |event| match event {
        // As an app does: it shows that a sign-in is wanted, and hands the token in once there is one.
        Event::Reasons { account: Some(account) } => {
            let waits = outbox.item(id).unwrap().why.is_some_and(|why| why.reason == Reason::TokenWanted);
            assert!(!waits || outbox.put_token(account, Secret::new(late.as_str())).unwrap());
        }
        Event::Changed(item) if item.state == State::Delivered => stop.stop(),
        _ => {}
    });
    let summary = run(world.outbox.deliver_with(&|_: &str| None, how)).unwrap();
    assert_eq!(summary.delivered, 1);
    world.assert_delivered_once(id);
}

#[test]
fn what_another_process_captures_wakes_a_watching_delivery() {
    let world = World::new();
    let other = world.open_again();
    let how = Deliver { watch: true, ..Deliver::default() };
    let (stop, job) = (how.stop.clone(), fieldpost_tests::job(Provider::CorrigoPro));
    let _listening = world.outbox.listen(move |event| {
        if matches!(event, Event::Changed(item) if item.state == State::Delivered) {
            stop.stop();
        }
    });
    let tokens = |_: &str| Some(world.sandbox.token(Provider::CorrigoPro));
    let summary = run(async {
        let delivering = world.outbox.deliver_with(&tokens, how);
        // Polled first: it is asleep by the time that the other captures.
        let capturing = async { other.capture(fieldpost::Text::new("from elsewhere"), &job).map(|item| item.id) };
        let both = async { tokio::join!(biased; delivering, capturing) };
        tokio::time::timeout(std::time::Duration::from_secs(60), both).await.expect("the capture is heard of")
    });
    let id = summary.1.unwrap();
    assert_eq!(summary.0.unwrap().delivered, 1);
    world.assert_delivered_once(id);
}

#[test]
fn a_pause_breaks_a_transfer_off_and_a_delivery_after_it_looks_before_it_sends_again() {
    let world = World::new();
    let id = world.document("one").id;
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::Silence);
    let (outbox, how) = (world.outbox.clone(), Deliver { watch: true, ..Deliver::default() });
    let _listening = world.outbox.listen(move |event| {
        // While delivery waits for the answer, as an app that is sent to the background may.
        if matches!(event, Event::Progress { sent, total, .. } if sent == total) {
            outbox.pause().unwrap();
        }
    });
    let tokens = |_: &str| Some(world.sandbox.token(Provider::CorrigoPro));
    assert_eq!(run(world.outbox.deliver_with(&tokens, how)).unwrap().waiting, 1);
    let item = world.item(id);
    assert_eq!((item.state, item.why.unwrap().reason), (State::Verifying, Reason::Paused));
    assert_eq!(world.deliver().waiting, 1, "it stays paused");

    world.outbox.resume().unwrap();
    world.deliver_after(25);
    world.deliver_after(3600);
    world.assert_delivered_once(id);
}
