//! The database file itself: it shrinks again, and a migration is done whole or not at all.

use std::time::Duration;

use rusqlite::OptionalExtension as _;

use super::*;
use crate::dispatch::examples;
use crate::model::{ItemId, Timestamp};

fn now() -> Now {
    Now { wall: Timestamp::from_millis(1_795_255_200_000), mono: Duration::from_secs(9_000), boot: "boot".into() }
}

fn fill(store: &mut Store, items: u16) {
    store
        .write(|sql| {
            (0..items).try_for_each(|n| {
                let mut row = examples::row();
                let mut random = [0; 10];
                random[8..].copy_from_slice(&n.to_be_bytes());
                row.manifest.id = ItemId::new(now().wall, random);
                row.manifest.caption = Some("a caption that takes some room ".repeat(20));
                sql.insert_item(&row)
            })
        })
        .unwrap();
}

fn empty(store: &mut Store) {
    let rows = store.read().items(&Filter::default()).unwrap();
    store.write(|sql| rows.iter().try_for_each(|row| sql.remove_item(row))).unwrap();
}

fn length(store: &mut Store) -> u64 {
    store.let_go();
    let length = std::fs::metadata(&store.path).unwrap().len();
    store.take_up().unwrap();
    length
}

#[test]
fn a_database_shrinks_a_piece_at_a_time_once_its_items_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("outbox.db"), &now()).unwrap().unwrap();
    fill(&mut store, 1_000);
    let full = length(&mut store);
    empty(&mut store);
    store.give_back().unwrap();
    let mut lengths = vec![full, length(&mut store)];
    while lengths[lengths.len() - 1] < lengths[lengths.len() - 2] {
        store.give_back().unwrap();
        lengths.push(length(&mut store));
    }
    assert!(lengths.len() > 3, "a piece at a time: {lengths:?}");
    assert!(lengths[lengths.len() - 1] < full / 4, "{lengths:?}");
    fill(&mut store, 10);
    assert_eq!(store.integrity().unwrap(), None);
}

#[test]
fn the_wal_of_a_large_transaction_does_not_stay_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let mut store = Store::open(&path, &now()).unwrap().unwrap();
    fill(&mut store, 4_000);
    let wal = || std::fs::metadata(dir.path().join("outbox.db-wal")).unwrap().len();
    let grown = wal();
    fill_one(&mut store);
    assert!(grown > 5 << 20 && wal() <= 4 << 20, "{grown} {}", wal());
}

/// The first commit after a checkpoint begins the WAL anew.
fn fill_one(store: &mut Store) {
    store.connection().pragma_query(None, "wal_checkpoint", |_| Ok(())).unwrap();
    store.write(|sql| sql.set_meta("any", "thing")).unwrap();
}

/// A database as schema 1 had it.
fn schema_1(dir: &tempfile::TempDir) -> PathBuf {
    let path = dir.path().join("outbox.db");
    let old = Connection::open(&path).unwrap();
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.execute_batch(MIGRATIONS[0]).unwrap();
    old.execute_batch("INSERT INTO meta VALUES ('whole', 'yes')").unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    path
}

fn assert_is_schema_1(path: &Path) {
    let old = Connection::open(path).unwrap();
    assert_eq!(old.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), 1);
    let person = "SELECT 1 FROM pragma_table_info('items') WHERE name = 'person'";
    assert_eq!(old.query_row(person, [], |row| row.get::<_, i64>(0)).optional().unwrap(), None);
    assert_eq!(old.query_row("SELECT value FROM meta", [], |row| row.get::<_, String>(0)).unwrap(), "yes");
    assert_eq!(old.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
}

#[test]
fn a_step_that_breaks_leaves_the_old_schema_whole_and_the_next_try_goes_through() {
    let dir = tempfile::tempdir().unwrap();
    let path = schema_1(&dir);
    let mut store = Store { path: path.clone(), connection: Some(connect(&path).unwrap()) };
    let broken = format!("{}; SELECT nothing FROM nowhere;", MIGRATIONS[1]);
    assert!(store.step_up(&[MIGRATIONS[0], &broken]).is_err());
    drop(store);
    assert_is_schema_1(&path);
    assert!(Store::open(&path, &now()).unwrap().is_none());
    Store::migrate(&path, &now()).unwrap();
    assert!(Store::open(&path, &now()).unwrap().is_some());
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_migration_leaves_the_old_schema_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = schema_1(&dir);
    let mut full = 0;
    for pages in 0.. {
        let mut store = Store { path: path.clone(), connection: Some(connect(&path).unwrap()) };
        store.limit(Some(pages)).unwrap();
        match store.step_up(MIGRATIONS) {
            Err(Error::DiskFull { .. }) => full += 1,
            done => {
                done.unwrap();
                break;
            }
        }
        drop(store);
        assert_is_schema_1(&path);
    }
    assert!(full > 0);
    assert!(Store::open(&path, &now()).unwrap().is_some());
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_migration_leaves_the_old_schema_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = schema_1(&dir);
    let dying = connect(&path).unwrap();
    dying.pragma_update(None, "cache_size", 1).unwrap(); // what it wrote is in the WAL, not only in its memory
    dying.execute_batch("BEGIN EXCLUSIVE").unwrap();
    dying.execute_batch(MIGRATIONS[1]).unwrap();
    let after = tempfile::tempdir().unwrap();
    for name in ["outbox.db", "outbox.db-wal"] {
        std::fs::copy(dir.path().join(name), after.path().join(name)).unwrap();
    }
    assert_is_schema_1(&after.path().join("outbox.db"));
    assert!(Store::migrate(&after.path().join("outbox.db"), &now()).is_ok());
}

#[test]
fn a_database_that_was_made_without_can_be_made_to_shrink() {
    let dir = tempfile::tempdir().unwrap();
    let path = schema_1(&dir);
    let mut store = Store::migrate(&path, &now()).unwrap();
    fill(&mut store, 100);
    assert!(!store.can_shrink().unwrap());
    // Where there is no room for a second one beside it, it stays as it was.
    store.limit(Some(0)).unwrap();
    _ = store.make_shrinkable();
    store.limit(None).unwrap();
    assert_eq!(store.read().items(&Filter::default()).unwrap().len(), 100);
    store.make_shrinkable().unwrap();
    assert!(store.can_shrink().unwrap());
    drop(store);
    let store = Store::open(&path, &now()).unwrap().unwrap();
    assert!(store.can_shrink().unwrap());
    assert_eq!(store.read().items(&Filter::default()).unwrap().len(), 100);
    assert_eq!(store.integrity().unwrap(), None);
}
