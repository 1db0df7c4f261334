//! Field Nation over the real driver: folders found and created, pages turned from 0 and from 1, answers lost, tokens that a 400
//! refuses, updates and deletions; and its token, which stands in the query, leaks nowhere.

use fieldpost::{Account, Changes, Document, ItemId, Reason, State, WorkOrder};
use fieldpost_sandbox::{
    AnsweredFolders, Dialect, ErrorShape, Fault, FieldNationDialect, FirstPage, FolderRules, Moment, Operation,
    Provider,
};
use fieldpost_tests::{World, quick, run};

const SYSTEM: Provider = Provider::FieldNation;

/// A world with an account of Field Nation as well.
fn world() -> World {
    let world = World::new();
    world.outbox.put_account(Account::field_nation("fn", world.sandbox.url(SYSTEM))).unwrap();
    world
}

fn job(world: &World) -> WorkOrder {
    let listening = world.sandbox.listening();
    let account = listening.accounts.into_iter().find(|account| account.provider == SYSTEM).unwrap();
    WorkOrder::new("fn", account.work_orders[0].clone())
}

fn capture(world: &World, folder: Option<&str>, content: &str) -> ItemId {
    let document =
        Document::new(world.file("report.pdf", format!("%PDF-1.7 {content}").as_bytes())).caption("as found");
    let document = folder.into_iter().fold(document, Document::folder);
    world.outbox.capture(document, &job(world)).unwrap().id
}

fn deliver(world: &World) {
    let tokens = |_: &str| Some(world.sandbox.token(SYSTEM));
    run(world.outbox.deliver_with(&tokens, quick())).unwrap();
}

/// Delivers until nothing is left to do by itself, at most this often.
fn deliver_all(world: &World, ids: &[ItemId]) {
    for _ in 0..12 {
        deliver(world);
        if ids.iter().all(|id| matches!(world.item(*id).state, State::Delivered | State::Blocked)) {
            return;
        }
        let length = std::time::Duration::from_secs(60);
        world.clock.pass(length);
        world.sandbox.clock().advance(length);
    }
}

fn folders_called(world: &World, name: &str) -> usize {
    let order = job(world).id;
    world.sandbox.folders(SYSTEM, &order).iter().filter(|folder| folder.name == name).count()
}

#[test]
fn uploads_arrive_once_in_whatever_way_the_system_pages_and_answers() {
    for first_page in [FirstPage::Zero, FirstPage::One] {
        for answer in [AnsweredFolders::Full, AnsweredFolders::Empty, AnsweredFolders::OnePage] {
            for (folders_per_page, files_per_page) in [(None, None), (Some(1), Some(1)), (Some(2), Some(2))] {
                let world = world();
                let field_nation =
                    FieldNationDialect { first_page, answer, folders_per_page, files_per_page, ..Default::default() };
                world.sandbox.set_dialect(Dialect { field_nation, ..Default::default() });
                let ids: Vec<ItemId> = [None, Some("Photos"), Some("Photos"), Some("photos "), Some("Documents")]
                    .iter()
                    .enumerate()
                    .map(|(n, folder)| capture(&world, *folder, &format!("report {n}")))
                    .collect();
                deliver_all(&world, &ids);
                for id in ids {
                    assert_eq!(world.item(id).state, State::Delivered, "{field_nation:?}: {:?}", world.item(id).why);
                    assert_eq!(world.accepted(id).len(), 1, "{field_nation:?}");
                    let [accepted] = world.accepted(id).try_into().unwrap();
                    let remote_id = world.item(id).receipt.unwrap().remote_id.unwrap().0;
                    assert!(remote_id.ends_with(&accepted.remote_id), "{remote_id} {}", accepted.remote_id);
                }
                assert_eq!(folders_called(&world, "Misc"), 1);
                assert!(world.sandbox.leaks().is_empty());
            }
        }
    }
}

#[test]
fn no_lost_answer_makes_two_files_or_two_folders() {
    let after = |status| Fault::Status { status, when: Moment::After, headers: vec![], body: String::new() };
    for operation in [Operation::List, Operation::CreateFolder, Operation::Upload] {
        for fault in [Fault::LoseAnswer, Fault::HalfAnswer, after(500), after(204), after(302), after(408), after(400)]
        {
            if operation == Operation::List && fault == after(400) {
                continue; // a read that is refused needs a person
            }
            let world = world();
            world.fault(SYSTEM, operation, 1, fault.clone());
            let id = capture(&world, Some("Photos"), "one");
            deliver_all(&world, &[id]);
            let (item, what) = (world.item(id), format!("{fault:?} of {operation:?}"));
            assert_eq!(item.state, State::Delivered, "{what}: {:?}", item.why);
            assert_eq!((world.accepted(id).len(), folders_called(&world, "Photos")), (1, 1), "{what}");
            assert!(world.sandbox.leaks().is_empty(), "{what}");
        }
    }
}

#[test]
fn a_token_that_a_400_refuses_is_replaced_and_nothing_is_sent_twice() {
    for errors in [ErrorShape::Status, ErrorShape::Successful, ErrorShape::StatusCode, ErrorShape::Problem] {
        let world = world();
        let field_nation = FieldNationDialect { errors, ..Default::default() };
        world.sandbox.set_dialect(Dialect { field_nation, ..Default::default() });
        let id = capture(&world, Some("Photos"), "one");
        let asked = std::sync::atomic::AtomicU32::new(0);
        let tokens = |_: &str| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Some("expired".to_owned()),
            _ => Some(world.sandbox.token(SYSTEM)),
        };
        run(world.outbox.deliver_with(&tokens, quick())).unwrap();
        assert_eq!(
            (world.item(id).state, world.accepted(id).len()),
            (State::Delivered, 1),
            "{errors:?}: {:?}",
            world.item(id).why
        );
        assert_eq!(asked.into_inner(), 2);
    }
}

#[test]
fn a_folder_that_is_full_or_closed_blocks_until_another_one_is_named() {
    for (rules, reason) in [
        (FolderRules { max_files: Some(1), ..Default::default() }, Reason::Refused),
        (FolderRules { actions: vec![], ..Default::default() }, Reason::Forbidden),
    ] {
        let world = world();
        let folders = world.sandbox.folders(SYSTEM, &job(&world).id);
        let misc = folders.iter().find(|folder| folder.name == "Misc").unwrap().id.clone();
        let first = capture(&world, None, "one");
        deliver_all(&world, &[first]);
        assert!(world.sandbox.set_folder_rules(SYSTEM, &job(&world).id, &misc, rules.clone()));
        let id = capture(&world, None, "two");
        deliver_all(&world, &[id]);
        assert_eq!(world.item(id).why.map(|why| why.reason), Some(reason), "{rules:?}");
        world.outbox.repair(id, &fieldpost::Repair::new().folder("Overflow")).unwrap();
        deliver_all(&world, &[id]);
        assert_eq!((world.item(id).state, world.accepted(id).len()), (State::Delivered, 1));
    }
}

#[test]
fn updates_and_deletions_are_done_once_their_file_is_there() {
    let world = world();
    let id = capture(&world, Some("Photos"), "one");
    let changes =
        Changes::from([("status".to_owned(), "APPROVED".to_owned()), ("eta_check".to_owned(), "true".to_owned())]);
    let update = world.outbox.update(id, changes).unwrap().id;
    world.fault(SYSTEM, Operation::Update, 1, Fault::LoseAnswer);
    deliver_all(&world, &[id, update]);
    assert_eq!(
        (world.item(id).state, world.item(update).state),
        (State::Delivered, State::Delivered),
        "{:?}",
        world.item(update).why
    );
    world.fault(SYSTEM, Operation::Delete, 1, Fault::LoseAnswer);
    let deletion = world.outbox.delete(id).unwrap().id;
    deliver_all(&world, &[deletion]);
    assert_eq!(world.item(deletion).state, State::Delivered, "{:?}", world.item(deletion).why);
    assert!(world.sandbox.entries().iter().all(|entry| !id.marker().is_in(&entry.name)));
    assert!(world.sandbox.leaks().is_empty());
}
