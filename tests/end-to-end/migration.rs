//! Outboxes that earlier versions wrote, opened with this one: everything of them is there, and goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fieldpost::{
    Answer, AnswerBody, Conditions, Error, Exchange, Filter, Item, ItemId, Left, Network, Outbox, Power, Reason,
    Secret, State, Task, Text, Transfer, Which, WorkOrder,
};
use fieldpost_tests::{HandClock, open};
use serde_json::Value;

/// A copy of an outbox as schema 1 left it.
struct Old {
    dir: tempfile::TempDir,
    expected: Value,
}

impl Old {
    fn new() -> Self {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schema-1");
        let dir = tempfile::tempdir().unwrap();
        copy(&fixture, &dir.path().join("outbox"));
        fs::remove_file(dir.path().join("outbox/expected.json")).unwrap();
        let expected = serde_json::from_slice(&fs::read(fixture.join("expected.json")).unwrap()).unwrap();
        Old { dir, expected }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("outbox")
    }

    fn database(&self) -> Vec<u8> {
        fs::read(self.path().join("outbox.db")).unwrap()
    }

    fn open(&self) -> Result<Outbox, Error> {
        open(self.path(), Arc::new(HandClock::new()))
    }

    fn id(&self, name: &str) -> ItemId {
        self.expected["items"][name].as_str().unwrap().parse().unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { _ = fs::copy(entry.path(), to).unwrap() }
    }
}

fn online(network: Network) -> Conditions {
    Conditions { network, power: Power::Charging }
}

fn why(outbox: &Outbox, id: ItemId) -> Option<Reason> {
    outbox.item(id).unwrap().why.map(|why| why.reason)
}

#[test]
fn every_item_of_schema_1_is_there_as_it_was_and_the_outbox_is_whole() {
    let old = Old::new();
    let outbox = old.open().unwrap();
    let items = outbox.items(&Filter::default()).unwrap();
    let list = old.expected["list"].as_array().unwrap();
    assert_eq!(items.len(), list.len());
    for (item, expected) in items.iter().zip(list) {
        let mut told = serde_json::to_value(item).unwrap();
        // What came with a later version is not in the old list, and says nothing of an old item.
        let known = expected.as_object().unwrap();
        told.as_object_mut().unwrap().retain(|key, value| {
            assert!(known.contains_key(key) || value.is_null() || *value == serde_json::json!([]), "{key}: {value}");
            known.contains_key(key)
        });
        assert_eq!(&told, expected, "{}", item.id);
    }
    let (count, found) = outbox.check().unwrap();
    assert_eq!((count, found), (items.len() as u64, vec![]));
    drop(outbox);
    let outbox = old.open().unwrap();
    assert_eq!(outbox.items(&Filter::default()).unwrap(), items, "once more, as it is now");
}

#[test]
fn everything_works_on() {
    let old = Old::new();
    let outbox = old.open().unwrap();
    let captured = outbox.capture(Text::new("after the update"), &WorkOrder::new("corrigopro", "10234")).unwrap();
    outbox.cancel(old.id("waits")).unwrap();
    assert_eq!(outbox.item(old.id("waits")).unwrap().state, State::Cancelled);
    let moved = outbox.retry(&Which::Item(old.id("refused"))).unwrap();
    assert_eq!(moved, [old.id("refused")]);
    outbox.forget(old.id("cancelled")).unwrap();
    assert_eq!(outbox.items(&Filter::default()).unwrap().len(), old.expected["list"].as_array().unwrap().len());
    assert_eq!(outbox.item(captured.id).unwrap().state, State::Waiting);
    assert_eq!(outbox.check().unwrap().1, vec![]);
}

/// A listing with nothing in it: what the account is asked first, for its last answers were 503.
fn nothing_listed() -> Exchange {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = AnswerBody::Kept(br#"{"Attachments":[],"HasMore":false}"#.to_vec());
    Exchange { left: Left::Whole, result: Ok(Answer { status: 200, headers, body }) }
}

/// The items that a delivery sends, without an answer to any of it, and how many it prepares.
fn let_out(outbox: &Outbox) -> (Vec<(String, ItemId)>, usize) {
    let delivery = outbox.begin_delivery().unwrap();
    let (mut sent, mut prepared) = (Vec::new(), 0);
    loop {
        match delivery.next().unwrap() {
            Task::Send(Transfer { id, account, item, .. }) => match item {
                Some(item) => sent.push((account, item)),
                None => delivery.report(id, &nothing_listed()).unwrap(),
            },
            Task::Token { account } => delivery.put_token(&account, Secret::new("token")).unwrap(),
            Task::Prepare(job) => {
                delivery.prepared(job.run()).unwrap();
                prepared += 1;
            }
            Task::Sleep { .. } => return (sent, prepared),
        }
    }
}

#[test]
fn the_lanes_let_the_right_items_out_first() {
    let old = Old::new();
    let outbox = old.open().unwrap();
    outbox.set_conditions(online(Network::Unmetered)).unwrap();
    outbox.retry(&Which::All).unwrap(); // the account waits for the system, and blocked ones go too
    let (sent, prepared) = let_out(&outbox);
    assert_eq!(prepared, 1, "the photo that was captured");
    let first = |of: &str| sent.iter().find(|(account, _)| account == of).map(|(_, item)| *item);
    assert_eq!(first("digitalrealty"), Some(old.id("signature")), "it outranks the photo");
    assert_eq!(first("corrigopro"), Some(old.id("queued")), "the highest rank of its account");
    assert_eq!(why(&outbox, old.id("after")), Some(Reason::AfterAnotherItem));
}

#[test]
fn what_was_large_still_asks_for_an_unmetered_network() {
    let old = Old::new();
    let outbox = old.open().unwrap();
    outbox.retry(&Which::All).unwrap();
    outbox.set_conditions(online(Network::Metered)).unwrap();
    assert_eq!(why(&outbox, old.id("large")), Some(Reason::UnmeteredNetworkWanted));
    let (sent, _) = let_out(&outbox);
    assert!(!sent.is_empty() && sent.iter().all(|(_, item)| *item != old.id("large")));
    outbox.set_conditions(online(Network::Unmetered)).unwrap();
    assert_ne!(why(&outbox, old.id("large")), Some(Reason::UnmeteredNetworkWanted));
}

#[test]
fn a_migration_waits_until_the_outbox_is_nobody_elses_and_leaves_it_as_it_was() {
    let old = Old::new();
    let before = old.database();
    let lock = fs::File::create(old.path().join("outbox.lock")).unwrap();
    lock.lock_shared().unwrap();
    assert!(matches!(old.open(), Err(Error::InUse)));
    assert_eq!(old.database(), before);
    drop(lock);
    let items: Vec<Item> = old.open().unwrap().items(&Filter::default()).unwrap();
    assert_eq!(items.len(), 12);
    assert_ne!(old.database(), before);
}

#[test]
fn an_outbox_of_a_later_version_is_left_as_it_is() {
    let old = Old::new();
    let path = old.path().join("outbox.db");
    // The version stands at byte 60 of the file, four bytes, the highest first (sqlite.org/fileformat2.html, 1.3).
    let mut bytes = old.database();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(old.open(), Err(Error::TooNew { found: 99, .. })));
    assert_eq!(old.database(), bytes);
}
