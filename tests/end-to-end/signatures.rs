//! Field Nation's signatures, where the account has them go to the work order's own signatures: in either shape, once, and a doubt that
//! the list does not settle goes to a person.

use fieldpost::{Document, ItemId, Proof, Reason, RemoteId, Settlement, Signature, State};
use fieldpost_sandbox::{Dialect, Fault, FieldNationDialect, LedgerEntry, Operation, Provider, Rule, SignatureShapes};
use fieldpost_tests::systems::{account, work_order};
use fieldpost_tests::{World, job};

const SYSTEM: Provider = Provider::FieldNation;
/// The smallest PNG: a dot.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";

/// A world whose account has signatures go there, at a system that takes these shapes of them.
fn world(signatures: SignatureShapes) -> World {
    let world = World::in_memory(&[SYSTEM]);
    let field_nation = FieldNationDialect { signatures, ..FieldNationDialect::default() };
    world.sandbox.set_dialect(Dialect { field_nation, ..Dialect::default() });
    world.outbox.put_account(account(&world.sandbox, SYSTEM).signatures_to_endpoint()).unwrap();
    world
}

fn sign(world: &World) -> ItemId {
    let path = world.file("customer.png", PNG);
    world.outbox.capture(Signature::png(path).name("customer"), &job(SYSTEM)).unwrap().id
}

/// The signatures that the system has, as its ledger tells.
fn signatures(world: &World) -> Vec<LedgerEntry> {
    let uploads = world.sandbox.uploads(SYSTEM, work_order(SYSTEM)).into_iter();
    uploads.filter(|line| line.fields.contains_key("signature_title")).collect()
}

#[test]
fn a_signature_arrives_once_in_whichever_shape_the_system_takes_and_files_go_into_folders() {
    for shapes in [SignatureShapes::Both, SignatureShapes::Format, SignatureShapes::DataUrl] {
        let world = world(shapes);
        let id = sign(&world);
        let path = world.file("plan.pdf", b"%PDF-1.4 plan");
        let file = world.outbox.capture(Document::new(path), &job(SYSTEM)).unwrap().id;
        world.deliver();
        world.assert_delivered_once(file);
        let [line] = signatures(&world).try_into().expect("just one signature");
        let item = world.item(id);
        let receipt = item.receipt.unwrap();
        assert_eq!((receipt.proof, item.attempts), (Proof::Answer, 1), "{shapes:?}");
        assert_eq!(receipt.remote_id, Some(RemoteId(format!("signatures/{}", line.remote_id))));
        assert_eq!(
            (line.sha256, line.name),
            (item.sent.unwrap().sha256.to_string(), format!("customer-{}", id.marker()))
        );
        // Its list says nothing of the files': those earn their trust by themselves.
        world.deliver_after(20);
        world.fault(SYSTEM, Operation::Upload, 1, Fault::status_before(503));
        let path = world.file("other.pdf", b"%PDF-1.4 other");
        let again = world.outbox.capture(Document::new(path), &job(SYSTEM)).unwrap().id;
        for _ in 0..3 {
            world.deliver_after(3_600);
        }
        world.assert_delivered_once(again);
    }
}

#[test]
fn a_signature_whose_answer_was_lost_is_found_by_its_name_and_sent_once() {
    for fault in [Fault::LoseAnswer, Fault::HalfAnswer, Fault::status_after(500), Fault::status_after(204)] {
        let world = world(SignatureShapes::Both);
        world.fault(SYSTEM, Operation::Upload, 1, fault.clone());
        let id = sign(&world);
        for _ in 0..3 {
            world.deliver_after(60);
        }
        assert_eq!(world.item(id).receipt.unwrap().proof, Proof::Found, "{fault:?}");
        assert_eq!(signatures(&world).len(), 1, "{fault:?}");
    }
}

#[test]
fn a_doubt_that_the_list_of_signatures_does_not_settle_asks_a_person_and_is_never_sent_again() {
    let hidden = Fault::ListLate { after: std::time::Duration::from_secs(1_000_000) };
    let (not_there, there) = (Fault::status_before(503), hidden);
    for (fault, copies) in [(not_there, 0), (there, 1)] {
        let world = world(SignatureShapes::Both);
        // Files of ours are listed here: their list is trusted, and says nothing of signatures.
        let path = world.file("plan.pdf", b"%PDF-1.4 plan");
        world.outbox.capture(Document::new(path), &job(SYSTEM)).unwrap();
        world.deliver();
        world.deliver_after(20);
        world.sandbox.fault(Rule::new(fault.clone()).on(SYSTEM).operation(Operation::Upload));
        let id = sign(&world);
        for _ in 0..6 {
            world.deliver_after(3_600);
        }
        let item = world.item(id);
        assert_eq!((item.state, item.attempts), (State::Blocked, 1), "{fault:?}");
        assert_eq!(item.why.unwrap().reason, Reason::OutcomeUnknown, "{fault:?}");
        assert_eq!(signatures(&world).len(), copies);
        world.outbox.settle(id, Settlement::Absent).unwrap();
        world.deliver();
        assert_eq!(
            (world.item(id).state, signatures(&world).len()),
            (State::Delivered, copies + 1),
            "a person said so"
        );
    }
}

#[test]
fn what_the_endpoint_does_not_take_is_told_at_the_capture() {
    let world = world(SignatureShapes::Both);
    let path = world.file("customer.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0");
    let item = world.outbox.capture(Signature::png(path), &job(SYSTEM)).unwrap();
    assert_eq!((item.state, item.why.unwrap().reason), (State::Blocked, Reason::TypeNotAccepted));
}
