//! Lost answers, late acceptance, listings that cannot be trusted: a doubt is settled by looking, never by sending.

use std::time::Duration;

use fieldpost::{Proof, Reason, Settlement, State, Which};
use fieldpost_sandbox::{Fault, Moment, Operation, Provider, RetryAfter};
use fieldpost_tests::World;

const BOTH: [Provider; 2] = [Provider::CorrigoPro, Provider::DigitalRealty];

fn status(status: u16, when: Moment) -> Fault {
    Fault::Status { status, when, headers: vec![], body: String::new() }
}

fn answer(status: u16, body: &str) -> Fault {
    let headers = vec![("content-type".into(), "application/json".into())];
    Fault::Status { status, when: Moment::Before, headers, body: body.into() }
}

/// Accepted, and answered in a shape that no document knows.
fn wrong_shape() -> Fault {
    let headers = vec![("content-type".into(), "application/json".into())];
    Fault::Status { status: 200, when: Moment::After, headers, body: r#"{"Result":"fine","Id":7}"#.into() }
}

/// A world whose accounts' listings have earned trust.
fn trusted() -> World {
    let world = World::new();
    for system in BOTH {
        world.text(system, "the first one");
    }
    world.deliver();
    world.deliver_after(20);
    world
}

#[test]
fn a_lost_answer_is_settled_by_looking_before_sending_again() {
    for system in BOTH {
        let world = World::new();
        world.fault(system, Operation::Upload, 1, Fault::LoseAnswer);
        let id = world.text(system, "one").id;
        assert_eq!(world.deliver().delivered, 1);
        world.assert_delivered_once(id);
        let item = world.item(id);
        assert_eq!((item.receipt.unwrap().proof, item.attempts), (Proof::Found, 1));
    }
}

#[test]
fn every_way_to_lose_an_answer_ends_as_one_attachment() {
    for system in BOTH {
        for fault in [
            Fault::LoseAnswer,
            Fault::HalfAnswer,
            Fault::Silence,
            Fault::TruncateAnswer { keep_bytes: Some(5) },
            status(500, Moment::After),
            status(503, Moment::After),
            status(204, Moment::After),
            wrong_shape(),
            status(302, Moment::After),
            status(408, Moment::After),
            status(418, Moment::After),
        ] {
            let world = trusted();
            world.fault(system, Operation::Upload, 1, fault.clone());
            let id = world.text(system, "one").id;
            world.deliver();
            world.deliver_after(3_600);
            assert_eq!(world.item(id).receipt.unwrap().proof, Proof::Found, "{fault:?}");
            world.assert_delivered_once(id);
        }
    }
}

#[test]
fn what_did_not_arrive_is_sent_again_once_its_absence_is_proved() {
    for system in BOTH {
        for fault in [
            Fault::DropAfterBody,
            status(500, Moment::Before),
            Fault::CaptivePortal { redirect: false },
            Fault::CaptivePortal { redirect: true },
        ] {
            let world = trusted();
            world.fault(system, Operation::Upload, 1, fault.clone());
            let id = world.text(system, "one").id;
            world.deliver();
            assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Verifying, 0), "{fault:?}");
            world.deliver_after(19);
            assert_eq!(world.item(id).state, State::Verifying, "not before it has settled");
            world.deliver_after(1);
            assert_eq!(world.item(id).state, State::Waiting);
            world.deliver_after(3_600);
            world.assert_delivered_once(id);
            assert_eq!(world.item(id).attempts, 2);
        }
    }
}

#[test]
fn a_system_that_accepts_late_gets_it_once() {
    for system in BOTH {
        for status in [Some(504), None] {
            let world = trusted();
            world.fault(system, Operation::Upload, 1, Fault::AcceptLate { after: Duration::from_secs(15), status });
            let id = world.text(system, "one").id;
            world.deliver();
            assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Verifying, 0));
            world.deliver_after(20);
            world.assert_delivered_once(id);
            assert_eq!(world.item(id).attempts, 1);
        }
    }
}

#[test]
fn a_system_that_lists_late_gets_it_once() {
    for system in BOTH {
        let world = trusted();
        world.fault(system, Operation::Upload, 1, Fault::ListLate { after: Duration::from_secs(15) });
        world.fault(system, Operation::Upload, 1, Fault::LoseAnswer);
        let id = world.text(system, "one").id;
        world.deliver();
        assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Verifying, 1));
        world.deliver_after(20);
        world.assert_delivered_once(id);
    }
}

#[test]
fn a_listing_that_hides_what_was_delivered_never_proves_absence() {
    let world = World::new();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::ListLate { after: Duration::from_secs(86_400) });
    world.document("the first one");
    world.deliver();
    world.deliver_after(20);
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::DropAfterBody);
    let id = world.document("one").id;
    world.deliver();
    world.deliver_after(20);
    world.deliver_after(3_600);
    assert_eq!(world.item(id).why.unwrap().reason, Reason::OutcomeUnknown);
    assert_eq!((world.item(id).attempts, world.accepted(id).len()), (1, 0), "a person is asked, nothing is sent again");
}

#[test]
fn an_account_whose_listing_earned_no_trust_sends_again_only_as_a_probe() {
    let world = World::new();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::DropAfterBody);
    let id = world.document("one").id;
    world.deliver();
    world.deliver_after(19);
    assert_eq!((world.item(id).state, world.item(id).attempts), (State::Verifying, 1));
    world.deliver_after(1);
    world.assert_delivered_once(id);
    assert_eq!(world.item(id).attempts, 2, "with nothing else to go it was the probe itself");
}

#[test]
fn another_item_goes_first_and_its_listing_settles_the_doubt() {
    let world = World::new();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::DropAfterBody);
    let doubtful = world.document("one").id;
    world.deliver();
    let other = world.document("two").id;
    world.deliver_after(20);
    world.assert_delivered_once(other);
    let stands = |state, attempts| {
        let item = world.item(doubtful);
        assert_eq!((item.state, item.attempts), (state, attempts));
    };
    stands(State::Verifying, 1); // absent, but that listing has not earned trust yet
    world.deliver_after(20);
    stands(State::Waiting, 1); // it has now: absence is proved
    world.deliver_after(3_600);
    stands(State::Delivered, 2);
    world.assert_delivered_once(doubtful);
}

#[test]
fn a_look_that_fails_is_made_again_and_never_costs_an_attempt() {
    for fault in [
        Fault::DropAfterBody,
        Fault::HalfAnswer,
        Fault::CaptivePortal { redirect: true },
        status(503, Moment::Before),
        Fault::TooManyRequests { retry_after: RetryAfter::Seconds(5) },
        Fault::Unauthorized { until_token_changes: false },
    ] {
        let world = trusted();
        world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::LoseAnswer);
        world.fault(Provider::CorrigoPro, Operation::List, 1, fault.clone());
        let id = world.document("one").id;
        world.deliver();
        world.deliver_after(3_600);
        world.assert_delivered_once(id);
        assert_eq!((world.item(id).attempts, world.item(id).receipt.unwrap().proof), (1, Proof::Found), "{fault:?}");
    }
}

#[test]
fn a_system_that_cannot_tell_three_times_asks_a_person() {
    let world = trusted();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::LoseAnswer);
    world.fault(Provider::CorrigoPro, Operation::List, 3, answer(200, r#"{"Message":"soon"}"#));
    let id = world.document("one").id;
    for _ in 0..4 {
        world.deliver_after(3_600);
    }
    let why = world.item(id).why.clone();
    assert_eq!((world.item(id).state, why.map(|why| why.reason)), (State::Blocked, Some(Reason::OutcomeUnknown)));
    assert_eq!(world.accepted(id).len(), 1, "it is never sent again unasked");
    assert_eq!(world.outbox.retry(&Which::Item(id)).unwrap(), vec![id]);
    world.deliver();
    world.assert_delivered_once(id);
}

#[test]
fn a_person_settles_what_the_system_cannot_tell() {
    for there in [true, false] {
        let world = trusted();
        world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::DropAfterBody);
        world.fault(Provider::CorrigoPro, Operation::List, 99, status(404, Moment::Before));
        let id = world.document("one").id;
        for _ in 0..4 {
            world.deliver_after(3_600);
        }
        assert_eq!(world.item(id).why.unwrap().reason, Reason::OutcomeUnknown);
        if there {
            world.outbox.settle(id, Settlement::Delivered(None)).unwrap();
            assert_eq!(world.item(id).receipt.unwrap().proof, Proof::Person);
        } else {
            world.outbox.settle(id, Settlement::Absent).unwrap();
            world.deliver();
            world.assert_delivered_once(id);
        }
    }
}

#[test]
fn an_upload_and_its_look_both_answered_404_are_a_missing_work_order() {
    let world = trusted();
    let id = world.document("one").id;
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, status(404, Moment::Before));
    world.fault(Provider::CorrigoPro, Operation::List, 99, status(404, Moment::Before));
    for _ in 0..5 {
        world.deliver_after(3_600);
    }
    assert_eq!(world.item(id).why.unwrap().reason, Reason::WorkOrderMissing);
}

#[test]
fn a_cancel_in_doubt_is_a_wish_until_the_doubt_is_settled() {
    for arrived in [true, false] {
        let world = trusted();
        let fault = if arrived { Fault::LoseAnswer } else { Fault::DropAfterBody };
        world.fault(Provider::CorrigoPro, Operation::Upload, 1, fault);
        world.fault(Provider::CorrigoPro, Operation::List, 1, status(503, Moment::Before));
        let id = world.document("one").id;
        world.deliver();
        world.outbox.cancel(id).unwrap();
        assert_eq!((world.item(id).state, world.item(id).why.unwrap().reason), (State::Verifying, Reason::Hold));
        world.deliver_after(3_600);
        let wanted = if arrived { State::Delivered } else { State::Cancelled };
        assert_eq!(world.item(id).state, wanted);
    }
}

#[test]
fn a_hash_that_differs_is_settled_by_a_download_and_nothing_is_sent_again() {
    let world = trusted();
    world.fault(Provider::DigitalRealty, Operation::Upload, 1, Fault::WrongHash);
    let good = world.text(Provider::DigitalRealty, "one").id;
    world.deliver();
    world.assert_delivered_once(good);
    world.fault(Provider::DigitalRealty, Operation::Upload, 1, Fault::Corrupted);
    let bad = world.text(Provider::DigitalRealty, "two").id;
    world.deliver();
    world.deliver_after(30);
    world.deliver_after(3_600);
    assert_eq!(world.item(bad).why.unwrap().reason, Reason::HashMismatch);
    assert_eq!(world.accepted(bad).len(), 1);
}

#[test]
fn what_arrived_twice_is_delivered_with_its_surplus_named() {
    let world = trusted();
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::AcceptTwice);
    world.fault(Provider::CorrigoPro, Operation::Upload, 1, Fault::LoseAnswer);
    let id = world.document("one").id;
    world.deliver();
    let (item, accepted) = (world.item(id), world.accepted(id));
    assert_eq!((item.state, accepted.len()), (State::Delivered, 2));
    let surplus = item.receipt.unwrap().surplus;
    assert_eq!(surplus.iter().map(|id| &id.0).collect::<Vec<_>>(), [&accepted[1].remote_id]);
}

#[test]
fn a_killed_delivery_looks_before_it_sends_again() {
    let mut world = trusted();
    let id = world.document("one").id;
    let delivery = world.outbox.begin_delivery().unwrap();
    delivery.put_token("acme", fieldpost::Secret::new("t")).unwrap();
    let task = delivery.next().unwrap();
    assert!(matches!(task, fieldpost::Task::Send(_)));
    assert_eq!(world.item(id).state, State::Sending);
    drop(delivery);
    world.reopen();
    world.deliver();
    assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Verifying, 0));
    world.deliver_after(20);
    world.deliver_after(3_600);
    world.assert_delivered_once(id);
}
