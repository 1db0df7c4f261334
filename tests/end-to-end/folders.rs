//! Field Nation: which folder a file goes to and what is known of it there, whatever pages it is on; what changes of it.

use fieldpost::{Attachment, Changes, Document, Item, ItemId, Reason, RemoteId, State};
use fieldpost_sandbox::{Dialect, ErrorShape, Fault, FieldNationDialect, FirstPage, LedgerEntry, Operation, Provider};
use fieldpost_tests::systems::{account, in_ledger, work_order};
use fieldpost_tests::{World, job};

const SYSTEM: Provider = Provider::FieldNation;
/// A folder that no work order has at the start.
const PHOTOS: &str = "Photos";

fn world(field_nation: FieldNationDialect) -> World {
    let world = World::in_memory(&[SYSTEM]);
    world.sandbox.set_dialect(Dialect { field_nation, ..Dialect::default() });
    world
}

fn into_folder(world: &World, folder: &str, content: &str) -> Item {
    let path = world.file("plan.pdf", format!("%PDF-1.4\n{content}\n").as_bytes());
    world.outbox.capture(Document::new(path).folder(folder), &job(SYSTEM)).unwrap()
}

/// The ids of the folders of that name.
fn folders(world: &World, name: &str) -> Vec<String> {
    let all = world.sandbox.folders(SYSTEM, work_order(SYSTEM)).into_iter();
    all.filter(|folder| folder.name == name).map(|folder| folder.id).collect()
}

fn lines(world: &World, operation: Operation) -> Vec<LedgerEntry> {
    world.sandbox.ledger().into_iter().filter(|line| line.operation == operation).collect()
}

fn remote(world: &World, id: ItemId) -> RemoteId {
    world.item(id).receipt.unwrap().remote_id.unwrap()
}

fn why(world: &World, id: ItemId) -> Option<Reason> {
    world.item(id).why.map(|why| why.reason)
}

#[test]
fn several_files_for_a_missing_folder_all_go_into_the_same() {
    let world = world(FieldNationDialect::default());
    let ids = ["one", "two", "three", "four"].map(|content| into_folder(&world, PHOTOS, content).id);
    world.deliver();
    world.deliver_after(3_600);
    let [folder] = folders(&world, PHOTOS).try_into().expect("one folder of that name");
    for id in ids {
        world.assert_delivered_once(id);
        assert_eq!(world.accepted(id)[0].fields["folder_id"], folder);
    }
}

#[test]
fn a_folder_whose_creation_was_not_answered_is_found_and_not_created_again() {
    for fault in [Fault::LoseAnswer, Fault::DropAfterBody] {
        let world = world(FieldNationDialect::default());
        world.fault(SYSTEM, Operation::CreateFolder, 1, fault.clone());
        let ids = ["one", "two", "three"].map(|content| into_folder(&world, PHOTOS, content).id);
        for _ in 0..3 {
            world.deliver_after(3_600);
        }
        ids.into_iter().for_each(|id| world.assert_delivered_once(id));
        assert_eq!(folders(&world, PHOTOS).len(), 1, "{fault:?}");
    }
}

#[test]
fn of_two_folders_of_one_name_the_lowest_is_taken() {
    let world = world(FieldNationDialect::default());
    for _ in 0..2 {
        world.sandbox.office_folder(SYSTEM, work_order(SYSTEM), PHOTOS).unwrap().unwrap();
    }
    let lowest = folders(&world, PHOTOS).into_iter().min_by_key(|id| id.parse::<u64>().unwrap()).unwrap();
    let id = into_folder(&world, "photos", "one").id;
    world.deliver();
    world.assert_delivered_once(id);
    assert_eq!(world.accepted(id)[0].fields["folder_id"], lowest);
    assert!(lines(&world, Operation::CreateFolder).iter().all(|line| line.by != fieldpost_sandbox::By::Client));
}

#[test]
fn a_folder_and_a_file_on_a_later_page_are_found_wherever_pages_begin() {
    for first_page in [FirstPage::Zero, FirstPage::One] {
        for files_per_page in [None, Some(2)] {
            let paged =
                FieldNationDialect { first_page, folders_per_page: Some(2), files_per_page, ..Default::default() };
            let world = world(paged);
            for n in 0..6 {
                world.sandbox.office_folder(SYSTEM, work_order(SYSTEM), &format!("Folder {n}")).unwrap().unwrap();
            }
            let made = lines(&world, Operation::CreateFolder).len();
            let before = ["a", "b", "c", "d", "e"].map(|content| into_folder(&world, "Folder 5", content).id);
            world.deliver();
            world.deliver_after(20);
            before.into_iter().for_each(|id| world.assert_delivered_once(id));
            for fault in [Fault::LoseAnswer, Fault::DropAfterBody] {
                world.fault(SYSTEM, Operation::Upload, 1, fault.clone());
                let id = into_folder(&world, "Folder 5", &format!("{fault:?}")).id;
                for _ in 0..3 {
                    world.deliver_after(3_600);
                }
                world.assert_delivered_once(id);
            }
            assert_eq!(lines(&world, Operation::CreateFolder).len(), made, "{first_page:?}: no folder was made");
        }
    }
}

#[test]
fn what_it_is_known_to_refuse_is_told_at_the_capture() {
    let world = world(FieldNationDialect::default());
    let text = world.text(SYSTEM, "a text is no file that it takes").id;
    assert_eq!(why(&world, text), Some(Reason::TypeNotAccepted));
    let path = world.file("huge.pdf", &[&b"%PDF-1.4\n"[..], &vec![b'x'; 11_000_000]].concat());
    let huge = world.outbox.capture(Document::new(path), &job(SYSTEM)).unwrap().id;
    assert_eq!(why(&world, huge), Some(Reason::TooLarge));
    world.deliver();
    assert_eq!(world.sandbox.requests().len(), 0, "nothing was asked for it");
}

#[test]
fn an_update_changes_what_it_names_and_a_deletion_removes_the_file_in_every_shape_of_errors() {
    for errors in [ErrorShape::Status, ErrorShape::Successful, ErrorShape::StatusCode, ErrorShape::Problem] {
        let world = world(FieldNationDialect { errors, ..Default::default() });
        world.outbox.put_account(account(&world.sandbox, SYSTEM).acting_user_id(4711)).unwrap();
        let id = world.photo_for(&job(SYSTEM)).id;
        world.deliver();
        world.assert_delivered_once(id);
        assert_eq!(world.accepted(id)[0].fields["notes"], "Boiler plate");
        let changes: Changes =
            [("notes".to_owned(), "Seal replaced".to_owned()), ("status".to_owned(), "APPROVED".to_owned())].into();
        let update = world.outbox.update(id, changes.clone()).unwrap().id;
        world.deliver();
        assert_eq!(world.item(update).state, State::Delivered, "{errors:?}");
        let [line] = lines(&world, Operation::Update).try_into().unwrap();
        assert_eq!(line.remote_id, in_ledger(&remote(&world, id)));
        assert_eq!((line.fields["notes"].as_str(), line.fields["status"].as_str()), ("Seal replaced", "APPROVED"));
        assert_eq!(line.fields["acting_user_id"], "4711");

        // Every field that the page has, in one.
        let every = [
            ("notes", "Seal replaced, \"tight\""),
            ("status", "DENIED"),
            ("status_description", "Not in focus"),
            ("show_before_assignment", "true"),
            ("schedule_request", "false"),
            ("eta_check", "true"),
            ("completed_at_date", "1735732800"),
        ];
        let changes_all: Changes = every.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        world.outbox.update(id, changes_all).unwrap();
        world.deliver();
        let line = lines(&world, Operation::Update).pop().unwrap();
        for (key, value) in every {
            assert_eq!(line.fields.get(key).map(String::as_str), Some(value), "{errors:?}");
        }

        let deletion = world.outbox.delete(id).unwrap().id;
        world.deliver();
        assert_eq!((world.item(deletion).state, world.sandbox.entries().len()), (State::Delivered, 0), "{errors:?}");
        // It is gone: to update it says so, to delete it is done.
        let gone = Attachment::Remote { job: job(SYSTEM), id: remote(&world, id) };
        let update = world.outbox.update(gone.clone(), changes).unwrap().id;
        world.deliver();
        assert_eq!(why(&world, update), Some(Reason::AttachmentMissing), "{errors:?}");
        let deletion = world.outbox.delete(gone).unwrap().id;
        world.deliver();
        assert_eq!(world.item(deletion).state, State::Delivered, "{errors:?}");
        assert_eq!(lines(&world, Operation::Delete).len(), 1);
    }
}

#[test]
fn a_folder_that_vanishes_under_an_upload_is_made_anew() {
    let world = world(FieldNationDialect::default());
    let folder = world.sandbox.office_folder(SYSTEM, work_order(SYSTEM), PHOTOS).unwrap().unwrap();
    into_folder(&world, PHOTOS, "the first one");
    world.deliver();
    assert!(world.sandbox.office_delete_folder(SYSTEM, work_order(SYSTEM), &folder).unwrap());
    let id = into_folder(&world, PHOTOS, "one").id;
    world.deliver();
    world.assert_delivered_once(id);
    assert_eq!(folders(&world, PHOTOS).len(), 1);
    assert_ne!(folders(&world, PHOTOS), [folder]);
}
