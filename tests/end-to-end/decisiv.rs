//! Decisiv: answers that say little or nothing, base64, two spellings of every address.

use fieldpost::{Account, Proof, Reason, State};
use fieldpost_sandbox::{
    AddAnswer, CasePaths, DecisivDialect, Dialect, DownloadHost, Fault, Operation, PartRecord, Provider,
};
use fieldpost_tests::systems::{account, work_order};
use fieldpost_tests::{World, job};

const SYSTEM: Provider = Provider::Decisiv;

fn world(decisiv: DecisivDialect, account_of: impl Fn(Account) -> Account) -> World {
    let world = World::in_memory(&[SYSTEM]);
    world.sandbox.set_dialect(Dialect { decisiv, ..Dialect::default() });
    world.outbox.put_account(account_of(account(&world.sandbox, SYSTEM))).unwrap();
    world
}

/// The part of the last upload that has the file.
fn file_part(world: &World) -> PartRecord {
    let mut uploads = world.sandbox.requests().into_iter().filter(|r| r.operation == Some(Operation::Upload));
    uploads.next_back().unwrap().parts.into_iter().find(|part| part.name == "file").unwrap()
}

#[test]
fn whatever_an_upload_answers_it_is_delivered_once() {
    for (answer, proof) in [
        (AddAnswer::Both, Proof::Answer),
        (AddAnswer::Location, Proof::Answer),
        (AddAnswer::Body, Proof::Answer),
        (AddAnswer::Neither, Proof::Found),
    ] {
        for (relative_urls, newer_namespaces) in [(false, false), (true, true)] {
            let dialect = DecisivDialect { answer, relative_urls, newer_namespaces, ..DecisivDialect::default() };
            let world = world(dialect, |account| account);
            let ids = [world.photo_for(&job(SYSTEM)).id, world.pdf("one", &job(SYSTEM)).id];
            world.deliver();
            world.deliver_after(3_600);
            for id in ids {
                world.assert_delivered_once(id);
                let item = world.item(id);
                assert_eq!((item.receipt.unwrap().proof, item.attempts), (proof, 1), "{answer:?}");
            }
        }
    }
}

#[test]
fn base64_arrives_decoded_and_is_compared_before_it_counts() {
    for answer in [AddAnswer::Both, AddAnswer::Location, AddAnswer::Neither] {
        let world = world(DecisivDialect { answer, ..DecisivDialect::default() }, Account::base64_files);
        let id = world.photo_for(&job(SYSTEM)).id;
        world.deliver();
        world.assert_delivered_once(id);
        assert_eq!(file_part(&world).transfer_encoding.as_deref(), Some("base64"), "{answer:?}");
        assert!(file_part(&world).bytes > world.item(id).sent.unwrap().bytes.0 * 4 / 3, "{answer:?}");
    }
}

#[test]
fn what_a_system_leaves_in_base64_is_no_delivery() {
    for answer in [AddAnswer::Both, AddAnswer::Location, AddAnswer::Neither] {
        let dialect = DecisivDialect { answer, leaves_base64: true, ..DecisivDialect::default() };
        let world = world(dialect, Account::base64_files);
        let id = world.photo_for(&job(SYSTEM)).id;
        for _ in 0..5 {
            world.deliver_after(3_600);
        }
        let item = world.item(id);
        let why = item.why.unwrap();
        assert_eq!((item.state, why.reason), (State::Blocked, Reason::HashMismatch), "{answer:?}");
        assert!(why.detail.unwrap().contains("base64"), "{answer:?}");
        assert_eq!((world.accepted(id).len(), item.attempts), (1, 1), "{answer:?}: never sent again unasked");
    }
}

#[test]
fn both_spellings_of_the_addresses_deliver_and_look() {
    for (paths, singular) in [(CasePaths::Examples, false), (CasePaths::Headings, true)] {
        for fault in [None, Some(Fault::LoseAnswer), Some(Fault::WrongSize)] {
            let dialect = DecisivDialect { paths, ..DecisivDialect::default() };
            let world = world(dialect, |account| if singular { account.singular_paths() } else { account });
            if let Some(fault) = fault.clone() {
                world.fault(SYSTEM, Operation::Upload, 1, fault);
            }
            let id = world.pdf("one", &job(SYSTEM)).id;
            world.deliver();
            world.deliver_after(3_600);
            world.assert_delivered_once(id);
            let proof = if fault.is_none() { Proof::Answer } else { Proof::Found };
            assert_eq!(world.item(id).receipt.unwrap().proof, proof, "{paths:?}, {fault:?}");
        }
    }
}

#[test]
fn the_wrong_spelling_of_the_addresses_sends_nothing_twice_and_says_what_is_missing() {
    let dialect = DecisivDialect { paths: CasePaths::Headings, ..DecisivDialect::default() };
    let world = world(dialect, |account| account);
    let id = world.pdf("one", &job(SYSTEM)).id;
    for _ in 0..5 {
        world.deliver_after(3_600);
    }
    assert_eq!((world.item(id).state, world.item(id).why.unwrap().reason), (State::Blocked, Reason::WorkOrderMissing));
    world.outbox.put_account(account(&world.sandbox, SYSTEM).singular_paths()).unwrap();
    world.outbox.retry(&fieldpost::Which::Item(id)).unwrap();
    world.deliver();
    world.assert_delivered_once(id);
}

#[test]
fn a_file_on_another_host_is_compared_without_our_token() {
    let dialect = DecisivDialect { download: DownloadHost::Other, ..DecisivDialect::default() };
    let world = world(dialect, |account| account);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::WrongSize);
    let id = world.pdf("one", &job(SYSTEM)).id;
    world.deliver();
    world.assert_delivered_once(id);
    let downloads = world.sandbox.requests().into_iter().filter(|r| r.operation == Some(Operation::Download));
    assert_eq!(downloads.count(), 1);
    assert_eq!(world.sandbox.leaks(), vec![]);
}

#[test]
fn who_sends_it_and_who_may_see_it_is_told_with_its_description() {
    let world = world(DecisivDialect::default(), |account| account.internal(true).sender("4711"));
    let id = world.photo_for(&job(SYSTEM)).id;
    world.deliver();
    world.assert_delivered_once(id);
    let [line] = world.sandbox.uploads(SYSTEM, work_order(SYSTEM)).try_into().unwrap();
    let field = |name: &str| line.fields.get(name).map(String::as_str);
    assert_eq!(field("description"), Some("Boiler plate"));
    assert_eq!((field("internal"), field("sender")), (Some("true"), Some("4711")));
}
