//! Serial: names that prove nothing, and one upload to a work order at a time.

use fieldpost::{Document, Filter, Item, Kind, Proof, Reason, Settlement, State, Text, WorkOrder};
use fieldpost_sandbox::{Dialect, Fault, FileValue, LedgerEntry, Operation, Provider};
use fieldpost_tests::systems::{account, work_order};
use fieldpost_tests::{World, job};

const SYSTEM: Provider = Provider::Serial;

/// A world whose Serial gives every file a name of its own.
fn renaming() -> World {
    let world = World::in_memory(&[SYSTEM]);
    let mut dialect = Dialect::default();
    dialect.serial.renames = true;
    world.sandbox.set_dialect(dialect);
    world
}

fn uploads(world: &World) -> Vec<LedgerEntry> {
    world.sandbox.uploads(SYSTEM, work_order(SYSTEM))
}

/// A world whose account has captions sent as texts.
fn with_captions() -> World {
    let world = renaming();
    world.outbox.put_account(account(&world.sandbox, SYSTEM).set("caption", "text")).unwrap();
    world
}

/// The texts that the system has, in the order in which they came.
fn values(world: &World) -> Vec<String> {
    uploads(world).iter().filter_map(|line| line.fields.get("value").cloned()).collect()
}

/// The documented requests, in the order in which they came.
fn requests(world: &World) -> Vec<Operation> {
    world.sandbox.requests().into_iter().filter_map(|request| request.operation).collect()
}

#[test]
fn an_answer_with_one_new_entry_proves_an_upload_whatever_it_is_called() {
    let world = renaming();
    let ids = ["one", "two"].map(|text| world.pdf(text, &job(SYSTEM)).id);
    world.deliver();
    let uploads = uploads(&world);
    assert_eq!(uploads.len(), 2);
    for (id, line) in ids.into_iter().zip(&uploads) {
        let item = world.item(id);
        let receipt = item.receipt.expect("it is delivered");
        assert_eq!((receipt.proof, item.attempts), (Proof::Answer, 1));
        assert_eq!(receipt.remote_id.unwrap().0, line.remote_id);
        assert!(!id.marker().is_in(&line.name), "it was renamed: {}", line.name);
    }
}

#[test]
fn a_lost_answer_of_a_system_that_renames_asks_a_person_and_is_never_sent_again() {
    let world = renaming();
    world.pdf("the first one", &job(SYSTEM));
    world.deliver();
    world.deliver_after(20);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::LoseAnswer);
    let id = world.pdf("one", &job(SYSTEM)).id;
    world.deliver();
    assert_eq!(world.item(id).state, State::Verifying);
    for _ in 0..5 {
        world.deliver_after(3_600);
    }
    let item = world.item(id);
    let why = item.why.unwrap();
    assert_eq!((item.state, why.reason, item.attempts), (State::Blocked, Reason::OutcomeUnknown, 1));
    let line = uploads(&world).pop().unwrap();
    assert!(why.detail.unwrap().contains(&line.remote_id), "a person is told what is new there");
    world.outbox.settle(id, Settlement::Delivered(Some(fieldpost::RemoteId(line.remote_id)))).unwrap();
    world.deliver_after(3_600);
    assert_eq!((world.item(id).state, uploads(&world).len()), (State::Delivered, 2));
}

#[test]
fn a_broken_answer_of_a_system_that_renames_and_one_new_entry_is_found() {
    let world = renaming();
    world.fault(SYSTEM, Operation::Upload, 1, Fault::HalfAnswer);
    let id = world.pdf("one", &job(SYSTEM)).id;
    world.deliver();
    assert_eq!((world.item(id).receipt.unwrap().proof, uploads(&world).len()), (Proof::Found, 1));
}

#[test]
fn two_uploads_to_one_work_order_go_one_after_the_other_and_others_beside_them() {
    let world = World::in_memory(&[SYSTEM]);
    let ids = [world.photo_for(&job(SYSTEM)).id, world.pdf("two", &job(SYSTEM)).id];
    let elsewhere = world.pdf("three", &WorkOrder::new("serial", "2002")).id;
    world.deliver();
    ids.into_iter().chain([elsewhere]).for_each(|id| world.assert_delivered_once(id));
    let here = |order: &str| {
        let requests = world.sandbox.requests().into_iter().filter(|r| r.work_order.as_deref() == Some(order));
        requests.filter_map(|request| request.operation).collect::<Vec<_>>()
    };
    use Operation::{List, Upload};
    assert_eq!(here("2001"), [List, Upload, List, Upload], "what is listed is read anew before each");
    assert_eq!(here("2002"), [List, Upload]);
}

#[test]
fn an_upload_in_doubt_keeps_its_work_order_to_itself() {
    let world = renaming();
    world.pdf("the first one", &job(SYSTEM));
    world.deliver();
    world.deliver_after(20);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::DropAfterBody);
    let doubtful = world.pdf("one", &job(SYSTEM)).id;
    world.deliver();
    let next = world.pdf("two", &job(SYSTEM)).id;
    world.deliver();
    let why = world.item(next).why.unwrap();
    assert_eq!((why.reason, why.detail), (Reason::AfterAnotherItem, Some(doubtful.to_string())));
    assert_eq!(uploads(&world).len(), 1, "the next one did not leave");
    for _ in 0..3 {
        world.deliver_after(3_600);
    }
    assert_eq!([world.item(doubtful).state, world.item(next).state], [State::Delivered, State::Delivered]);
    assert_eq!(uploads(&world).len(), 3);
}

#[test]
fn what_the_office_deleted_while_it_was_in_doubt_has_arrived_all_the_same() {
    let world = World::in_memory(&[SYSTEM]);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::LoseAnswer);
    world
        .sandbox
        .fault(fieldpost_sandbox::Rule::new(Fault::status_before(503)).on(SYSTEM).operation(Operation::List).skip(1));
    let id = world.pdf("one", &job(SYSTEM)).id;
    world.deliver();
    let line = uploads(&world).pop().unwrap();
    assert!(world.sandbox.office_delete(SYSTEM, work_order(SYSTEM), &line.remote_id).unwrap());
    world.deliver_after(3_600);
    assert_eq!((world.item(id).receipt.unwrap().proof, uploads(&world).len()), (Proof::Found, 1));
}

#[test]
fn fields_of_their_own_and_a_work_order_by_its_uuid_are_taken_too() {
    let world = World::in_memory(&[SYSTEM]);
    let mut dialect = Dialect::default();
    dialect.serial.value = FileValue::Link;
    world.sandbox.set_dialect(dialect);
    world.outbox.put_account(account(&world.sandbox, SYSTEM).set("flat", "true")).unwrap();
    world.fault(SYSTEM, Operation::Upload, 1, Fault::LoseAnswer);
    let ids = ["one", "two"]
        .map(|text| world.pdf(text, &WorkOrder::new("serial", "5e41a100-0000-4000-8000-000000002001")).id);
    world.deliver();
    world.deliver_after(3_600);
    ids.into_iter().for_each(|id| world.assert_delivered_once(id));
    let upload = world.sandbox.requests().into_iter().find(|r| r.operation == Some(Operation::Upload)).unwrap();
    let parts: Vec<&str> = upload.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["type", "name", "added_by_user_id", "file_name", "attachment"]);
    assert!(requests(&world).contains(&Operation::List));
}

/// A document with a caption; returns the caption's item.
fn captioned(world: &World, content: &str, caption: &str) -> Item {
    let path = world.file("plan.pdf", format!("%PDF-1.4\n{content}\n").as_bytes());
    let before: Vec<_> = world.outbox.items(&Filter::default()).unwrap().into_iter().map(|item| item.id).collect();
    world.outbox.capture(Document::new(path).caption(caption), &job(SYSTEM)).unwrap();
    let items = world.outbox.items(&Filter::default()).unwrap();
    items.into_iter().find(|item| item.kind == Kind::Text && !before.contains(&item.id)).expect("its caption")
}

#[test]
fn a_caption_and_a_text_go_as_texts_of_their_own_flat_or_not() {
    for flat in ["false", "true"] {
        let world = with_captions();
        let own = account(&world.sandbox, SYSTEM).set("caption", "text").set("flat", flat);
        world.outbox.put_account(own).unwrap();
        let caption = captioned(&world, "one", "Gauge \"3\"\r\nü").id;
        let text = world.outbox.capture(Text::new("Gas is off"), &job(SYSTEM)).unwrap().id;
        let file = world.outbox.capture(Text::new("as a file").set("type", "FILE"), &job(SYSTEM)).unwrap().id;
        world.deliver();
        let kinds: Vec<String> = uploads(&world).iter().map(|line| line.fields["type"].clone()).collect();
        assert_eq!(kinds, ["FILE", "TEXT", "TEXT", "FILE"], "each after the one that it is of");
        assert_eq!(values(&world), ["Gauge \"3\"\r\nü", "Gas is off"]);
        for id in [caption, text, file] {
            assert_eq!(world.item(id).receipt.unwrap().proof, Proof::Answer, "flat {flat}");
        }
    }
}

#[test]
fn a_caption_whose_answer_was_lost_is_found_by_what_it_says_and_sent_once() {
    for fault in [
        Fault::LoseAnswer,
        Fault::HalfAnswer,
        Fault::AcceptLate { after: std::time::Duration::from_secs(15), status: Some(504) },
    ] {
        let world = with_captions();
        captioned(&world, "the first one", "Boiler");
        world.deliver();
        world.deliver_after(20);
        let rule = fieldpost_sandbox::Rule::new(fault.clone()).on(SYSTEM).operation(Operation::Upload).skip(1);
        world.sandbox.fault(rule);
        let caption = captioned(&world, "two", "Boiler").id;
        world.deliver();
        for _ in 0..3 {
            world.deliver_after(3_600);
        }
        assert_eq!(world.item(caption).receipt.unwrap().proof, Proof::Found, "{fault:?}");
        assert_eq!(values(&world), ["Boiler", "Boiler"], "of two photos, each once: {fault:?}");
    }
}

#[test]
fn two_texts_that_say_the_same_where_one_was_lost_ask_a_person() {
    let world = with_captions();
    captioned(&world, "the first one", "Boiler");
    world.deliver();
    world.deliver_after(20);
    // It comes in twice, or another phone of the same user says the same: nobody can tell which is ours.
    world.sandbox.fault(fieldpost_sandbox::Rule::new(Fault::AcceptTwice).on(SYSTEM).operation(Operation::Upload));
    let text = world.outbox.capture(Text::new("Gas is off"), &job(SYSTEM)).unwrap().id;
    for _ in 0..3 {
        world.deliver_after(3_600);
    }
    let item = world.item(text);
    assert_eq!((item.state, item.why.unwrap().reason), (State::Blocked, Reason::OutcomeUnknown));
    assert_eq!(values(&world), ["Boiler", "Gas is off", "Gas is off"], "and it is not sent again");
}
