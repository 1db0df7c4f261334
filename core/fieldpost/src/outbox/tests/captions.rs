//! A file and the item of its caption, on a disk that fails or dies.

use super::*;

/// Captures a file whose caption is an item of its own, always under the same key.
fn capture_with_caption(outbox: &Outbox) -> Result<Item, Error> {
    let path = outbox.inner.wake.with_file_name("accounts.json"); // some file
    outbox.capture(Document::new(path).caption("Boiler").key("one"), &WorkOrder::new("plant", "7"))
}

#[test]
fn a_file_and_its_caption_come_both_or_neither_at_any_kill_and_on_any_full_disk() {
    let mut counted = std::collections::BTreeMap::new();
    for fault in [|n| Fault::Die(n), |n| Fault::Nth(n, ErrorKind::StorageFull)] {
        for n in 1.. {
            let mut bench = Bench::new();
            let account = Account::serial("plant", "https://serial.invalid", "7").set("caption", "text");
            bench.outbox.put_account(account).unwrap();
            bench.disk.set(fault(n));
            let captured = capture_with_caption(&bench.outbox);
            let met = bench.disk.steps() >= n;
            bench.disk.set(Fault::None);
            bench.outbox = Bench::open(&bench.dir, &bench.disk).unwrap();
            let there = bench.states().len();
            assert!(there == 0 || there == 2, "step {n}: {there}");
            assert!(there == 2 || captured.is_err(), "step {n}");
            bench.assert_whole();
            let id = capture_with_caption(&bench.outbox).unwrap().id;
            assert_eq!(bench.states().len(), 2, "step {n}: the same key is the same item");
            assert!(captured.is_err() || captured.is_ok_and(|item| item.id == id), "step {n}");
            *counted.entry(there).or_insert(0) += 1;
            if !met {
                break;
            }
        }
    }
    assert!(counted[&0] > 9 && counted[&2] > 9, "{counted:?}");
}
