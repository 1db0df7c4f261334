//! What every system has in common: its main stories, told once for each.

use std::sync::atomic::{AtomicUsize, Ordering};

use fieldpost::{Deliver, Proof, Reason, State, Which};
use fieldpost_sandbox::{Dialect, Fault, Operation, Provider, TokenRefusal};
use fieldpost_tests::systems::{account_id, in_ledger, work_order};
use fieldpost_tests::{World, job, quick, run, sha256};

/// A world with one system whose listings have earned trust.
fn trusted(system: Provider) -> World {
    let world = World::in_memory(&[system]);
    world.pdf("the first one", &job(system));
    world.deliver();
    world.deliver_after(20);
    world
}

/// Delivers with the tokens that `token` gives, by how often it was asked.
fn deliver_with(world: &World, token: impl Fn(usize) -> Option<String> + Send + Sync) -> usize {
    let asked = AtomicUsize::new(0);
    let tokens = |_: &str| token(asked.fetch_add(1, Ordering::Relaxed));
    run(world.outbox.deliver_with(&tokens, Deliver { http: quick().http, ..Deliver::default() })).unwrap();
    asked.into_inner()
}

#[test]
fn a_photo_and_a_document_reach_every_system_once_to_the_byte() {
    for system in Provider::ALL {
        let world = World::in_memory(&[system]);
        let ids = [world.photo_for(&job(system)).id, world.pdf("one", &job(system)).id];
        world.deliver();
        world.deliver_after(3_600);
        for id in ids {
            world.assert_delivered_once(id);
            let item = world.item(id);
            let receipt = item.receipt.unwrap();
            assert_eq!((receipt.proof, item.attempts), (Proof::Answer, 1), "{system}");
            let remote = receipt.remote_id.unwrap();
            let there = world.sandbox.file(system, work_order(system), in_ledger(&remote)).unwrap();
            assert_eq!(sha256(&there), item.sent.unwrap().sha256.to_string(), "{system}");
        }
        assert_eq!(world.sandbox.leaks(), vec![]);
        assert_eq!(world.outbox.check().unwrap().1, vec![]);
    }
}

#[test]
fn a_lost_answer_is_settled_by_looking_at_every_system() {
    for system in Provider::ALL {
        let world = World::in_memory(&[system]);
        world.fault(system, Operation::Upload, 1, Fault::LoseAnswer);
        let id = world.pdf("one", &job(system)).id;
        world.deliver();
        world.assert_delivered_once(id);
        let item = world.item(id);
        assert_eq!((item.receipt.unwrap().proof, item.attempts), (Proof::Found, 1), "{system}");
    }
}

#[test]
fn what_a_system_accepts_late_is_there_once_at_every_system() {
    for system in Provider::ALL {
        for status in [Some(504), None] {
            let world = trusted(system);
            let after = std::time::Duration::from_secs(15);
            world.fault(system, Operation::Upload, 1, Fault::AcceptLate { after, status });
            let id = world.pdf("one", &job(system)).id;
            world.deliver();
            assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Verifying, 0), "{system}");
            world.deliver_after(20);
            world.assert_delivered_once(id);
            assert_eq!(world.item(id).attempts, 1, "{system}");
        }
    }
}

/// Field Nation refuses a token in two ways, all others in one.
fn refusals() -> impl Iterator<Item = (Provider, Dialect)> {
    let mut unauthorized = Dialect::default();
    unauthorized.field_nation.token_refusal = TokenRefusal::Unauthorized;
    let all = Provider::ALL.into_iter().map(|system| (system, Dialect::default()));
    all.chain([(Provider::FieldNation, unauthorized)])
}

#[test]
fn a_refused_token_is_asked_for_once_more_and_spends_no_attempt_at_any_system() {
    for (system, dialect) in refusals() {
        let world = World::in_memory(&[system]);
        world.sandbox.set_dialect(dialect);
        let id = world.pdf("one", &job(system)).id;
        let good = world.sandbox.token(system);
        let asked = deliver_with(&world, |n| Some(if n == 0 { "expired".to_owned() } else { good.clone() }));
        world.assert_delivered_once(id);
        assert_eq!((asked, world.item(id).attempts), (2, 1), "{system}");
    }
}

#[test]
fn two_refused_tokens_wait_for_a_sign_in_at_any_system() {
    for (system, dialect) in refusals() {
        let world = World::in_memory(&[system]);
        world.sandbox.set_dialect(dialect);
        let id = world.pdf("one", &job(system)).id;
        deliver_with(&world, |_| Some("expired".to_owned()));
        let item = world.item(id);
        assert_eq!((item.state, item.why.unwrap().reason, item.attempts), (State::Waiting, Reason::TokenWanted, 0));
        world.deliver();
        world.assert_delivered_once(id);
    }
}

#[test]
fn a_token_that_expires_while_a_doubt_is_looked_into_is_asked_for_again() {
    for (system, dialect) in refusals() {
        let world = trusted(system);
        world.sandbox.set_dialect(dialect);
        world.fault(system, Operation::Upload, 1, Fault::LoseAnswer);
        world.fault(system, Operation::List, 1, Fault::status_before(503));
        let id = world.pdf("one", &job(system)).id;
        world.deliver();
        let (expired, fresh) = (world.sandbox.token(system), world.sandbox.rotate_token(system));
        world.clock.pass(std::time::Duration::from_secs(3_600));
        let asked = deliver_with(&world, |n| Some(if n == 0 { expired.clone() } else { fresh.clone() }));
        world.deliver_after(3_600);
        world.assert_delivered_once(id);
        assert!(asked >= 2 && world.item(id).attempts <= 2, "{system}: asked {asked} times");
    }
}

#[test]
fn an_unknown_work_order_is_told_as_such_and_goes_once_the_office_has_made_it() {
    for system in Provider::ALL {
        let world = trusted(system);
        world.sandbox.set_work_order(system, work_order(system), None);
        let id = world.pdf("one", &job(system)).id;
        for _ in 0..4 {
            world.deliver_after(3_600);
        }
        let item = world.item(id);
        assert_eq!((item.state, item.why.unwrap().reason), (State::Blocked, Reason::WorkOrderMissing), "{system}");
        world.sandbox.set_work_order(system, work_order(system), fieldpost_sandbox::WorkOrderState::Open);
        assert_eq!(world.outbox.retry(&Which::Item(id)).unwrap(), vec![id]);
        world.deliver();
        world.assert_delivered_once(id);
    }
}

#[test]
fn five_systems_are_served_side_by_side_and_one_that_is_down_holds_up_no_other() {
    for down in Provider::ALL {
        let world = World::in_memory(&Provider::ALL);
        for operation in [Operation::Upload, Operation::List] {
            world.fault(down, operation, 99, Fault::status_before(503));
        }
        let ids = Provider::ALL.map(|system| world.pdf(account_id(system), &job(system)).id);
        world.deliver();
        for (system, id) in Provider::ALL.into_iter().zip(ids) {
            if system != down {
                world.assert_delivered_once(id);
            }
        }
        world.sandbox.clear_faults();
        for _ in 0..3 {
            world.deliver_after(3_600);
        }
        ids.into_iter().for_each(|id| world.assert_delivered_once(id));
    }
}
