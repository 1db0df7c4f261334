//! Updates and deletions: before the upload left, while it is in doubt, after it was delivered, and of what is not ours.

use std::collections::BTreeMap;

use fieldpost::{
    Attachment, Changes, Document, Error, Item, ItemId, Outbox, Reason, RemoteId, Repair, State, WorkOrder,
};
use fieldpost_sandbox::{Fault, LedgerEntry, Moment, Operation, Provider};
use fieldpost_tests::{CORRIGO_JOB, World, job};

const SYSTEM: Provider = Provider::CorrigoPro;

fn changes(some: &[(&str, &str)]) -> Changes {
    some.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A world with a delivered document that all may see.
fn with_one() -> (World, ItemId) {
    let world = World::new();
    let id = world.document("one").id;
    world.deliver();
    world.assert_delivered_once(id);
    (world, id)
}

/// The ledger's lines of `operation`.
fn accepted(world: &World, operation: Operation) -> Vec<LedgerEntry> {
    world.sandbox.ledger().into_iter().filter(|line| line.operation == operation).collect()
}

/// The `MessageId` of each request of `operation` whose form arrived.
fn messages(world: &World, operation: Operation) -> Vec<String> {
    let requests = world.sandbox.requests().into_iter().filter(|request| request.operation == Some(operation));
    let parts = requests.flat_map(|request| request.parts).filter(|part| part.name == "MessageId");
    parts.filter_map(|part| part.value).collect()
}

fn remote(world: &World, id: ItemId) -> RemoteId {
    world.item(id).receipt.unwrap().remote_id.unwrap()
}

/// An attachment that somebody else put there, with a visibility of its own.
fn foreign(world: &World) -> Attachment {
    let other = Outbox::open(world.path().with_file_name("others"), fieldpost::Options::default()).unwrap();
    other.put_account(fieldpost_tests::corrigo(&world.sandbox)).unwrap();
    other.capture(Document::new(world.file("plan.pdf", b"a plan")), &job(SYSTEM)).unwrap();
    let token = |_: &str| Some(world.sandbox.token(SYSTEM));
    fieldpost_tests::run(other.deliver_with(&token, fieldpost_tests::quick())).unwrap();
    let id = RemoteId(world.sandbox.entries().last().unwrap().remote_id.clone());
    Attachment::Remote { job: WorkOrder::new("acme", CORRIGO_JOB), id }
}

fn why(item: &Item) -> Option<Reason> {
    item.why.as_ref().map(|why| why.reason)
}

/// The ways to lose the answer to a change that was accepted.
fn losses() -> Vec<Fault> {
    let after = |status| Fault::Status { status, when: Moment::After, headers: vec![], body: String::new() };
    vec![Fault::LoseAnswer, Fault::HalfAnswer, Fault::Silence, after(500), after(204), after(302), after(408)]
}

#[test]
fn an_update_after_delivery_changes_what_it_names_and_leaves_the_rest() {
    let (world, id) = with_one();
    let update = world.outbox.update(id, changes(&[("name", "signed.pdf"), ("visibility", "CruOnly")])).unwrap();
    assert_eq!((update.operation, update.state), (fieldpost::Operation::Update, State::Queued));
    world.deliver();
    let [line] = accepted(&world, Operation::Update).try_into().unwrap();
    assert_eq!(RemoteId(line.remote_id.clone()), remote(&world, id));
    assert_eq!(line.name, format!("signed-{}.pdf", id.marker()));
    assert_eq!(
        (line.fields["MessageVisibility"].as_str(), line.fields["DocumentType"].as_str()),
        ("CruOnly", "Document")
    );
    assert_eq!(world.item(update.id).state, State::Delivered);
    assert_eq!(world.item(update.id).receipt.unwrap().remote_id, Some(remote(&world, id)));
    world.deliver_after(3_600);
    assert_eq!(accepted(&world, Operation::Update).len(), 1);
    assert!(world.sandbox.leaks().is_empty());
}

#[test]
fn a_deletion_after_delivery_reaches_the_system_once() {
    let (world, id) = with_one();
    let deletion = world.outbox.delete(id).unwrap();
    assert_eq!(world.outbox.delete(id).unwrap().id, deletion.id, "twice is once");
    world.deliver();
    world.deliver_after(3_600);
    let [line] = accepted(&world, Operation::Delete).try_into().unwrap();
    assert_eq!(RemoteId(line.remote_id), remote(&world, id));
    assert_eq!((world.item(deletion.id).state, world.sandbox.entries().len()), (State::Delivered, 0));
    assert_eq!(world.item(id).state, State::Delivered, "it was delivered all the same");
}

#[test]
fn a_change_whose_answer_was_lost_is_sent_again_with_the_same_message_id() {
    for fault in losses() {
        let (world, id) = with_one();
        world.fault(SYSTEM, Operation::Update, 1, fault.clone());
        world.fault(SYSTEM, Operation::Delete, 1, fault.clone());
        let update = world.outbox.update(id, changes(&[("name", "signed.pdf"), ("visibility", "None")])).unwrap().id;
        world.deliver();
        assert_eq!(world.item(update).state, State::Waiting, "{fault:?}");
        world.deliver_after(3_600);
        assert_eq!(world.item(update).state, State::Delivered, "{fault:?}");
        let lines = accepted(&world, Operation::Update);
        assert_eq!((lines.len(), &lines[0].request_id), (2, &lines[1].request_id), "{fault:?}");
        assert_eq!((&lines[0].name, &lines[0].fields), (&lines[1].name, &lines[1].fields));
        let deletion = world.outbox.delete(id).unwrap().id;
        world.deliver();
        world.deliver_after(3_600);
        assert_eq!(world.item(deletion).state, State::Delivered, "what is gone is deleted: {fault:?}");
        assert_eq!(accepted(&world, Operation::Delete).len(), 1, "{fault:?}");
        let messages = messages(&world, Operation::Delete);
        assert_eq!((messages.len(), &messages[0]), (2, &messages[1]), "{fault:?}");
        assert!(world.sandbox.entries().is_empty());
    }
}

#[test]
fn a_change_that_did_not_arrive_is_sent_again() {
    for fault in [
        Fault::DropAfterBody,
        Fault::status_before(503),
        Fault::CaptivePortal { redirect: false },
        Fault::CaptivePortal { redirect: true },
        Fault::Unauthorized { until_token_changes: false },
    ] {
        let (world, id) = with_one();
        world.fault(SYSTEM, Operation::Update, 1, fault.clone());
        world.fault(SYSTEM, Operation::Delete, 1, fault.clone());
        let update = world.outbox.update(id, changes(&[("visibility", "CruLead")])).unwrap().id;
        world.deliver();
        world.deliver_after(3_600);
        assert_eq!(world.item(update).state, State::Delivered, "{fault:?}");
        assert_eq!(accepted(&world, Operation::Update).len(), 1, "{fault:?}");
        let deletion = world.outbox.delete(id).unwrap().id;
        world.deliver();
        world.deliver_after(3_600);
        assert_eq!(world.item(deletion).state, State::Delivered, "{fault:?}");
        assert_eq!(accepted(&world, Operation::Delete).len(), 1, "{fault:?}");
        assert!(world.sandbox.leaks().is_empty());
    }
}

#[test]
fn what_a_system_accepts_late_ends_as_it_was_wanted() {
    let (world, id) = with_one();
    let after = std::time::Duration::from_secs(15);
    world.fault(SYSTEM, Operation::Update, 1, Fault::AcceptLate { after, status: Some(504) });
    world.outbox.update(id, changes(&[("name", "signed.pdf")])).unwrap();
    world.deliver();
    world.deliver_after(3_600);
    let lines = accepted(&world, Operation::Update);
    assert_eq!((lines.len(), &lines[0].request_id), (2, &lines[1].request_id));
    world.fault(SYSTEM, Operation::Delete, 1, Fault::AcceptLate { after, status: None });
    let deletion = world.outbox.delete(id).unwrap().id;
    world.deliver();
    world.deliver_after(3_600);
    assert_eq!((world.item(deletion).state, accepted(&world, Operation::Delete).len()), (State::Delivered, 1));
}

#[test]
fn an_update_of_an_upload_that_never_left_changes_the_upload() {
    let world = World::new();
    let id = world.document("one").id;
    let changed = world.outbox.update(id, changes(&[("name", "signed.pdf"), ("visibility", "None")])).unwrap();
    assert_eq!((changed.id, changed.operation), (id, fieldpost::Operation::Upload));
    world.deliver();
    world.assert_delivered_once(id);
    let [line] = world.accepted(id).try_into().unwrap();
    assert_eq!(line.name, format!("signed-{}.txt", id.marker()), "its content tells what it is");
    assert_eq!(line.fields["MessageVisibility"], "None");
    assert!(accepted(&world, Operation::Update).is_empty());
}

#[test]
fn a_deletion_of_an_upload_that_never_left_cancels_it() {
    let world = World::new();
    let id = world.document("one").id;
    let deleted = world.outbox.delete(id).unwrap();
    assert_eq!((deleted.id, deleted.state), (id, State::Cancelled));
    world.deliver();
    assert!(world.sandbox.ledger().is_empty());
}

#[test]
fn two_updates_become_one_and_the_later_word_wins() {
    let (world, id) = with_one();
    let first = world.outbox.update(id, changes(&[("name", "draft.pdf"), ("visibility", "CruOnly")])).unwrap().id;
    let second = world.outbox.update(id, changes(&[("name", "signed.pdf")])).unwrap().id;
    assert_eq!(first, second);
    world.deliver();
    let [line] = accepted(&world, Operation::Update).try_into().unwrap();
    assert_eq!(line.name, format!("signed-{}.pdf", id.marker()));
    assert_eq!(line.fields["MessageVisibility"], "CruOnly");
}

#[test]
fn a_later_update_keeps_what_an_earlier_one_changed() {
    let (world, id) = with_one();
    for change in [("visibility", "CruOnly"), ("name", "signed.pdf"), ("document_type", "Misc")] {
        world.outbox.update(id, changes(&[change])).unwrap();
        world.deliver();
    }
    let lines = accepted(&world, Operation::Update);
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.fields["MessageVisibility"] == "CruOnly"), "a new name publishes nothing");
    assert_eq!(lines[2].name, format!("signed-{}.pdf", id.marker()));
    assert_eq!(lines[2].fields["DocumentType"], "Misc");
}

#[test]
fn a_deletion_takes_an_update_that_waits_with_it() {
    let (world, id) = with_one();
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    world.outbox.delete(id).unwrap();
    assert_eq!(world.item(update).state, State::Cancelled);
    world.deliver();
    assert!(accepted(&world, Operation::Update).is_empty() && world.sandbox.entries().is_empty());
    let refused = world.outbox.update(id, changes(&[("visibility", "All")]));
    assert!(refused.is_ok(), "it is gone, and the update will say so: {refused:?}");
}

#[test]
fn a_deletion_while_the_upload_is_in_doubt_deletes_it_once_it_is_found() {
    for arrived in [true, false] {
        let (world, _) = with_one();
        world.deliver_after(20);
        let fault = if arrived { Fault::LoseAnswer } else { Fault::DropAfterBody };
        world.fault(SYSTEM, Operation::Upload, 1, fault);
        world.fault(SYSTEM, Operation::List, 1, Fault::status_before(503));
        let id = world.document("two").id;
        world.deliver();
        assert_eq!(world.item(id).state, State::Verifying);
        let deletion = world.outbox.delete(id).unwrap();
        assert_eq!(
            (deletion.operation, why(&deletion)),
            (fieldpost::Operation::Delete, Some(Reason::AfterAnotherItem))
        );
        world.deliver_after(3_600);
        world.deliver_after(3_600);
        assert_eq!(world.sandbox.entries().len(), 1, "only the first one is left");
        let (upload, deletion) = (world.item(id).state, world.item(deletion.id).state);
        if arrived {
            assert_eq!((upload, deletion), (State::Delivered, State::Delivered));
            let [line] = accepted(&world, Operation::Delete).try_into().unwrap();
            assert!(id.marker().is_in(&line.name));
        } else {
            assert_eq!((upload, deletion), (State::Cancelled, State::Cancelled));
            assert!(accepted(&world, Operation::Delete).is_empty() && world.accepted(id).is_empty());
        }
    }
}

#[test]
fn an_update_while_the_upload_is_in_doubt_goes_after_it() {
    let (world, _) = with_one();
    world.deliver_after(20);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::LoseAnswer);
    world.fault(SYSTEM, Operation::List, 1, Fault::status_before(503));
    let id = world.document("two").id;
    world.deliver();
    let update = world.outbox.update(id, changes(&[("name", "signed.pdf")])).unwrap();
    assert_eq!((update.operation, why(&update)), (fieldpost::Operation::Update, Some(Reason::AfterAnotherItem)));
    world.deliver_after(3_600);
    world.deliver_after(3_600);
    assert_eq!((world.item(id).state, world.item(update.id).state), (State::Delivered, State::Delivered));
    let [line] = accepted(&world, Operation::Update).try_into().unwrap();
    assert_eq!(RemoteId(line.remote_id), remote(&world, id));
    assert_eq!(line.name, format!("signed-{}.pdf", id.marker()));
}

#[test]
fn a_change_goes_where_its_upload_went_after_all() {
    let (world, _) = with_one();
    world.deliver_after(20);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::DropAfterBody);
    let id = world.document("two").id;
    world.deliver();
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    world.outbox.repair(id, &Repair::new().work_order("10235")).unwrap();
    world.deliver_after(20);
    world.deliver_after(3_600);
    assert_eq!((world.item(id).state, world.item(update).state), (State::Delivered, State::Delivered));
    let [line] = accepted(&world, Operation::Update).try_into().unwrap();
    assert_eq!((line.work_order.as_str(), line.fields["MessageVisibility"].as_str()), ("10235", "CruOnly"));
}

#[test]
fn the_later_word_wins_also_where_the_upload_has_to_go_again() {
    let (world, _) = with_one();
    world.deliver_after(20);
    world.fault(SYSTEM, Operation::Upload, 1, Fault::DropAfterBody);
    let id = world.document("two").id;
    world.deliver();
    let first = world.outbox.update(id, changes(&[("visibility", "CruOnly"), ("name", "signed.txt")])).unwrap().id;
    world.deliver_after(20);
    assert_eq!((world.item(id).state, world.item(id).attempts), (State::Waiting, 1), "it was not there");
    assert_eq!(world.outbox.update(id, changes(&[("visibility", "None")])).unwrap().id, first);
    world.deliver_after(3_600);
    world.deliver_after(3_600);
    let entry = world.sandbox.entries().into_iter().find(|entry| id.marker().is_in(&entry.name)).unwrap();
    assert_eq!(entry.fields["MessageVisibility"], "None");
    assert_eq!(entry.name, format!("signed-{}.txt", id.marker()));
}

#[test]
fn what_the_customer_deleted_counts_as_deleted_and_cannot_be_updated() {
    let (world, id) = with_one();
    assert!(world.sandbox.office_delete(SYSTEM, CORRIGO_JOB, &remote(&world, id).0).unwrap());
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    world.deliver();
    assert_eq!((world.item(update).state, why(&world.item(update))), (State::Blocked, Some(Reason::AttachmentMissing)));
    let deletion = world.outbox.delete(id).unwrap().id;
    world.deliver();
    assert_eq!(world.item(deletion).state, State::Delivered);
    assert_eq!(world.item(update).state, State::Cancelled, "what cannot be done was given up with it");
}

#[test]
fn a_work_order_that_is_gone_is_not_an_attachment_that_is_gone() {
    let (world, id) = with_one();
    world.sandbox.set_work_order(SYSTEM, CORRIGO_JOB, None);
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    world.deliver();
    assert_eq!((world.item(update).state, why(&world.item(update))), (State::Blocked, Some(Reason::WorkOrderMissing)));
    let deletion = world.outbox.delete(id).unwrap().id;
    world.deliver();
    let stands = (world.item(deletion).state, why(&world.item(deletion)));
    assert_eq!(stands, (State::Blocked, Some(Reason::WorkOrderMissing)));
    assert_eq!(world.sandbox.entries().len(), 1);
}

#[test]
fn an_update_that_the_system_refuses_is_never_sent_again_unasked() {
    let (world, id) = with_one();
    let body =
        r#"{"Code":3000,"Message":"You cannot modify the added attachment.","ValidationErrors":[],"MessageId":"m"}"#;
    let headers = vec![("content-type".into(), "application/json".into())];
    let refused = Fault::Status { status: 400, when: Moment::Before, headers, body: body.into() };
    world.fault(SYSTEM, Operation::Update, 99, refused);
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    for _ in 0..3 {
        world.deliver_after(86_400);
    }
    let item = world.item(update);
    assert_eq!((item.state, item.attempts), (State::Blocked, 1));
    let why = item.why.unwrap();
    assert_eq!(
        (why.reason, why.detail.as_deref()),
        (Reason::Refused, Some("3000: You cannot modify the added attachment."))
    );
}

#[test]
fn an_update_of_what_is_not_ours_keeps_its_name() {
    let world = World::new();
    let theirs = foreign(&world);
    let before = world.sandbox.entries()[0].clone();
    let update = world.outbox.update(theirs.clone(), changes(&[("visibility", "CruSubs")])).unwrap().id;
    world.fault(SYSTEM, Operation::List, 1, Fault::status_before(503));
    world.deliver();
    world.deliver_after(3_600);
    assert_eq!(world.item(update).state, State::Delivered, "{:?}", world.item(update));
    let [line] = accepted(&world, Operation::Update).try_into().unwrap();
    assert_eq!((&line.name, &line.remote_id), (&before.name, &before.remote_id));
    let wanted: BTreeMap<_, _> =
        before.fields.iter().map(|(k, v)| (k.as_str(), if k == "MessageVisibility" { "CruSubs" } else { v })).collect();
    assert_eq!(line.fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<BTreeMap<_, _>>(), wanted);
    world.outbox.update(theirs.clone(), changes(&[("name", "the plan.pdf")])).unwrap();
    world.deliver();
    let line = accepted(&world, Operation::Update).pop().unwrap();
    assert_eq!((line.name.as_str(), line.fields["MessageVisibility"].as_str()), ("the plan.pdf", "CruSubs"));
    world.outbox.delete(theirs).unwrap();
    world.deliver();
    assert!(world.sandbox.entries().is_empty());
}

#[test]
fn an_update_of_what_is_not_ours_and_is_gone_says_so() {
    let world = World::new();
    let theirs = foreign(&world);
    let Attachment::Remote { id, .. } = &theirs else { panic!("it is not ours") };
    assert!(world.sandbox.office_delete(SYSTEM, CORRIGO_JOB, &id.0).unwrap());
    let update = world.outbox.update(theirs.clone(), changes(&[("visibility", "CruSubs")])).unwrap().id;
    world.deliver();
    assert_eq!(why(&world.item(update)), Some(Reason::AttachmentMissing));
    assert!(messages(&world, Operation::Update).is_empty(), "nothing was sent for it");
}

#[test]
fn what_a_system_cannot_change_is_refused_when_it_is_asked_for() {
    let (world, id) = with_one();
    for bad in [("visibility", "all"), ("name", "no extension"), ("performed_by", "Jo"), ("colour", "red")] {
        assert!(matches!(world.outbox.update(id, changes(&[bad])), Err(Error::Invalid { .. })), "{bad:?}");
    }
    let other = world.text(Provider::DigitalRealty, "two").id;
    assert!(matches!(world.outbox.update(other, changes(&[("name", "a.txt")])), Err(Error::Invalid { .. })));
    assert!(matches!(world.outbox.delete(other), Err(Error::Invalid { .. })));
    world.deliver();
    world.assert_delivered_once(other);
}

#[test]
fn a_change_that_was_on_its_way_when_the_app_died_is_sent_again() {
    let (mut world, id) = with_one();
    let update = world.outbox.update(id, changes(&[("visibility", "CruOnly")])).unwrap().id;
    let delivery = world.outbox.begin_delivery().unwrap();
    delivery.put_token("acme", fieldpost::Secret::new("t")).unwrap();
    assert!(matches!(delivery.next().unwrap(), fieldpost::Task::Send(_)));
    assert_eq!(world.item(update).state, State::Sending);
    drop(delivery);
    world.reopen();
    world.deliver();
    assert_eq!((world.item(update).state, accepted(&world, Operation::Update).len()), (State::Delivered, 1));
}
