//! A damaged outbox: set aside, rebuilt, and nothing sent twice.

use fieldpost::{Proof, Reason, State};
use fieldpost_sandbox::{Fault, Operation, Provider};
use fieldpost_tests::World;

#[test]
fn a_rebuild_keeps_what_waits_though_its_account_is_gone_too() {
    let mut world = World::new();
    let id = world.document("one").id;
    std::fs::remove_file(world.path().join("accounts.json")).unwrap();
    break_database(&mut world);
    assert_eq!(world.item(id).state, State::Queued);
    assert!(world.outbox.check().unwrap().1.iter().any(|f| f.finding == fieldpost::FindingKind::AccountMissing));
    world.outbox.put_account(fieldpost_tests::corrigo(&world.sandbox)).unwrap();
    world.deliver();
    world.assert_delivered_once(id);
}

fn break_database(world: &mut World) {
    let path = world.path().join("outbox.db");
    // Every handle must be gone before the file is touched.
    world.close();
    for suffix in ["-wal", "-shm"] {
        let mut side = path.clone().into_os_string();
        side.push(suffix);
        let _ = std::fs::remove_file(side);
    }
    std::fs::write(&path, vec![b'x'; 8192]).expect("the outbox's folder can be written");
    world.reopen();
}

#[test]
fn a_corrupt_database_is_set_aside_and_rebuilt_from_the_items_folders() {
    let mut world = World::new();
    let delivered = world.document("one").id;
    world.deliver();
    let cancelled = world.document("two").id;
    world.outbox.cancel(cancelled).unwrap();
    let queued = world.document("three").id;
    let photo = world.photo().id;
    let before = world.item(delivered).receipt;
    break_database(&mut world);
    assert_eq!(world.item(delivered).receipt, before);
    assert_eq!(world.item(cancelled).state, State::Cancelled);
    assert_eq!((world.item(queued).state, world.item(photo).state), (State::Queued, State::Captured));
    let kept = std::fs::read_dir(world.path()).unwrap().flatten().map(|e| e.file_name().into_string().unwrap());
    assert!(kept.into_iter().any(|name| name.starts_with("outbox.db.damaged-")));
    world.deliver();
    for id in [delivered, queued, photo] {
        world.assert_delivered_once(id);
    }
    let found: Vec<_> = world.outbox.check().unwrap().1.into_iter().map(|found| found.finding).collect();
    assert_eq!(found, [fieldpost::FindingKind::DatabaseSetAside], "and nothing else");
}

#[test]
fn after_a_rebuild_what_was_attempted_is_looked_for_and_never_sent_unasked() {
    for arrived in [true, false] {
        let mut world = World::new();
        let fault = if arrived { Fault::LoseAnswer } else { Fault::DropAfterBody };
        world.fault(Provider::CorrigoPro, Operation::Upload, 1, fault);
        world.fault(Provider::CorrigoPro, Operation::List, 1, Fault::DropAfterBody);
        let id = world.document("one").id;
        world.deliver();
        break_database(&mut world);
        world.deliver();
        world.deliver_after(3_600);
        let item = world.item(id);
        if arrived {
            assert_eq!(item.receipt.unwrap().proof, Proof::Found);
        } else {
            assert_eq!(item.why.unwrap().reason, Reason::OutcomeUnknown);
        }
        assert_eq!(world.accepted(id).len(), usize::from(arrived));
    }
}

#[test]
fn an_altered_file_is_never_sent_and_holds_up_nobody() {
    let world = World::new();
    let (altered, gone, fine) = (world.document("one"), world.document("two"), world.document("three"));
    let file = |id: fieldpost::ItemId| world.path().join("items").join(id.to_string()).join("original");
    std::fs::write(file(altered.id), b"ONE").unwrap();
    std::fs::remove_file(file(gone.id)).unwrap();
    let summary = world.deliver();
    assert_eq!((summary.delivered, summary.blocked), (1, 2));
    world.assert_delivered_once(fine.id);
    for id in [altered.id, gone.id] {
        assert_eq!(world.item(id).why.unwrap().reason, Reason::FileDamaged);
        assert_eq!(world.accepted(id).len(), 0);
    }
    let findings = world.outbox.check().unwrap().1;
    assert_eq!(findings.iter().filter(|f| f.finding == fieldpost::FindingKind::OriginalDamaged).count(), 2);
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let mut world = World::new();
    let id = world.document("one").id;
    world.outbox.forget(id).unwrap();
    break_database(&mut world);
    assert_eq!(world.states(), []);
}
