//! Kills, full and broken disks at every step of a capture; torn journals; openings beside running captures.

use std::collections::HashSet;
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::capture::{Capture, Document};
use crate::disk::OsDisk;
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::model::{Proof, Receipt, Timestamp, WorkOrder};
use crate::store::records::{Entry, Line};

const AT: Timestamp = Timestamp::from_millis(1_795_255_200_000);
const CONTENT: &[u8] = b"pressure 1.5 bar\n";

fn id(n: u8) -> ItemId {
    ItemId::new(AT, [n; 10])
}

fn outbox() -> (TempDir, FaultyDisk, Folders) {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(dir.path(), Fault::None);
    let folders = Folders::open(Arc::new(disk.clone()), dir.path()).unwrap();
    disk.set(Fault::None);
    (dir, disk, folders)
}

fn manifest(id: ItemId, taken: &Taken) -> Manifest {
    Capture::from(Document::new("gauge.txt")).manifest(id, AT, &WorkOrder::new("acme", "10234"), taken)
}

fn begin(folders: &Folders, id: ItemId) -> Result<Sealed, FileError> {
    let mut admission = folders.admit(id)?;
    let taken = admission.take(&mut Cursor::new(CONTENT))?;
    admission.seal(&manifest(id, &taken))
}

fn scan(folders: &Folders, rows: &[ItemId]) -> super::incoming::Scan {
    folders.scan_incoming::<FileError>(|id| Ok(rows.contains(&id))).unwrap()
}

/// A new process on the same folder, its disk in order again.
fn reopen(dir: &TempDir) -> Folders {
    Folders::open(Arc::new(OsDisk), dir.path()).unwrap()
}

fn names(dir: &TempDir, folder: &str) -> Vec<String> {
    OsDisk.list(&dir.path().join(folder)).unwrap()
}

fn assert_nothing_is_left(dir: &TempDir, context: &str) {
    assert_eq!(names(dir, "incoming"), [""; 0], "{context}");
    assert_eq!(names(dir, "items"), [""; 0], "{context}");
}

fn assert_whole(folders: &Folders, id: ItemId, context: &str) {
    let manifest = folders.read_manifest(id).unwrap();
    let original = manifest.original.unwrap();
    assert_eq!(folders.hash_file(id, ORIGINAL).unwrap(), original, "{context}");
    assert_eq!(original.bytes, Bytes(CONTENT.len() as u64), "{context}");
    assert_eq!(folders.read_journal(id).unwrap().lines, [Line { at: AT, entry: Entry::Captured }], "{context}");
}

#[test]
fn a_capture_makes_everything_durable_in_the_order_of_the_design() {
    let (_dir, disk, folders) = outbox();
    let sealed = begin(&folders, id(1)).unwrap();
    let item = format!("items/{}", id(1));
    let marker = format!("incoming/{}", id(1));
    let mut steps = vec![
        format!("lock {marker}.new"),
        format!("rename {marker}"),
        "sync_dir incoming".to_owned(),
        format!("create_dir {item}"),
    ];
    for file in [ORIGINAL, MANIFEST, JOURNAL] {
        steps.extend(["create", "write", "sync"].map(|what| format!("{what} {item}/{file}")));
    }
    steps.extend([format!("sync_dir {item}"), "sync_dir items".to_owned()]);
    assert_eq!(disk.log(), steps);
    sealed.done();
    steps.push(format!("remove {marker}"));
    assert_eq!(disk.log(), steps);
}

#[test]
fn a_kill_at_any_step_of_a_capture_leaves_the_whole_item_or_nothing() {
    let mut outcomes = HashSet::new();
    for n in 1.. {
        let (dir, disk, folders) = outbox();
        disk.set(Fault::Die(n));
        let mut rows = vec![];
        if let Ok(sealed) = begin(&folders, id(1)) {
            rows.push(id(1)); // the database's own durability is not what is tested here
            sealed.done();
        }
        let survived = disk.steps() < n;
        drop(folders);
        assert_eq!(disk.open_handles(), 0, "killed at step {n}");

        let folders = reopen(&dir);
        let scan = scan(&folders, &rows);
        assert!(scan.failed.is_empty(), "killed at step {n}");
        let context = format!("killed at step {n}, {} to adopt, {} rows", scan.adopt.len(), rows.len());
        match (scan.adopt.len(), rows.len()) {
            (0, 0) => assert_nothing_is_left(&dir, &context),
            (0, 1) => assert_whole(&folders, id(1), &context),
            (1, 0) => {
                assert!(scan.adopt[0].intact, "{context}");
                assert_whole(&folders, id(1), &context);
            }
            _ => panic!("{context}"),
        }
        outcomes.insert((scan.adopt.len(), rows.len()));
        scan.adopt.into_iter().for_each(super::incoming::Adoption::done);
        assert_eq!(names(&dir, "incoming"), [""; 0], "{context}");
        if survived {
            assert!(n > 15, "the steps were counted");
            break;
        }
    }
    assert_eq!(outcomes.len(), 3, "nothing, adopted, and beside its row: all were seen");
}

#[test]
fn a_kill_between_folder_and_row_is_made_good_by_the_next_opening() {
    let (dir, _, folders) = outbox();
    drop(begin(&folders, id(1)).unwrap());
    let found = scan(&folders, &[]);
    assert_eq!(found.adopt[0].manifest.id, id(1));
    drop(found); // the row could not be written: another time
    let mut found = scan(&folders, &[]);
    assert_eq!(found.adopt.len(), 1);
    found.adopt.remove(0).done();
    assert!(scan(&folders, &[id(1)]).adopt.is_empty());
    assert_eq!(names(&dir, "incoming"), [""; 0]);
    assert_whole(&folders, id(1), "adopted");
}

#[test]
fn a_full_or_broken_disk_at_any_step_fails_the_capture_and_leaves_nothing() {
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::Other, ErrorKind::PermissionDenied] {
        for n in 1.. {
            let (dir, disk, folders) = outbox();
            disk.set(Fault::Nth(n, kind));
            let context = format!("{kind:?} at step {n}");
            match begin(&folders, id(1)) {
                Ok(sealed) => {
                    assert!(n > 15, "{context}");
                    sealed.done();
                    assert_whole(&folders, id(1), &context);
                    break;
                }
                Err(error) => {
                    let is_full = matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
                    assert_eq!(matches!(error, FileError::Full { .. }), is_full, "{context}: {error}");
                    assert_nothing_is_left(&dir, &context);
                    assert_eq!(disk.open_handles(), 0, "{context}");
                }
            }
            begin(&folders, id(1)).expect("the same item can be captured again").done();
        }
    }
}

#[test]
fn what_a_disk_that_stays_full_kept_from_being_removed_goes_at_the_next_opening() {
    for n in 1..=15 {
        let (dir, disk, folders) = outbox();
        disk.set(Fault::From(n, ErrorKind::StorageFull));
        assert!(begin(&folders, id(1)).is_err());
        let folders = reopen(&dir);
        let scan = scan(&folders, &[]);
        match scan.adopt.len() {
            0 => assert_nothing_is_left(&dir, &format!("step {n}")),
            _ => assert_whole(&folders, id(1), &format!("step {n}")),
        }
    }
}

#[test]
fn a_read_only_folder_refuses_outbox_and_capture() {
    let (dir, disk, folders) = outbox();
    disk.set(Fault::From(1, ErrorKind::ReadOnlyFilesystem));
    let refused = begin(&folders, id(1)).err().unwrap();
    assert!(matches!(&refused, FileError::Disk { doing: "lock", .. }), "{refused}");
    assert_nothing_is_left(&dir, "read-only");
    let refused = Folders::open(Arc::new(disk), &dir.path().join("new")).err().unwrap();
    assert!(matches!(refused, FileError::Disk { doing: "make", .. }), "{refused}");
}

#[test]
fn a_source_that_fails_halfway_leaves_nothing_and_is_told_from_the_disk() {
    struct Half(bool);
    impl Read for Half {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) { Err(ErrorKind::TimedOut.into()) } else { Ok(buf.len() / 2) }
        }
    }
    let (dir, _, folders) = outbox();
    let mut admission = folders.admit(id(1)).unwrap();
    let error = admission.take(&mut Half(false)).unwrap_err();
    assert!(matches!(error, FileError::Source(_)), "{error}");
    drop(admission);
    assert_nothing_is_left(&dir, "half a source");
}

#[test]
fn the_copy_is_whole_whatever_the_source_reads_at_a_time() {
    struct Drips(Vec<u8>, usize);
    impl Read for Drips {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(ErrorKind::Interrupted.into());
            }
            let n = (self.1 * 997).min(self.0.len()).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0.drain(..n);
            Ok(n)
        }
    }
    let content: Vec<u8> = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (_dir, _, folders) = outbox();
    let mut admission = folders.admit(id(1)).unwrap();
    let taken = admission.take(&mut Drips(content.clone(), 0)).unwrap();
    assert_eq!(taken.original.bytes, Bytes(2_000_000));
    assert_eq!(taken.original.sha256, Sha256(sha2::Sha256::digest(&content).into()));
    assert_eq!(taken.head, content[..fieldpost_imaging::SNIFF_LEN]);
    admission.seal(&manifest(id(1), &taken)).unwrap().done();
    let mut copy = Vec::new();
    folders.disk().open(&folders.file(id(1), ORIGINAL)).unwrap().read_to_end(&mut copy).unwrap();
    assert!(copy == content);
}

#[test]
fn a_row_that_was_refused_takes_the_folder_along() {
    let (dir, _, folders) = outbox();
    begin(&folders, id(1)).unwrap().abandon();
    assert_nothing_is_left(&dir, "abandoned");
}

#[test]
fn an_item_that_is_there_is_never_overwritten_nor_removed() {
    let (dir, _, folders) = outbox();
    begin(&folders, id(1)).unwrap().done();
    assert!(folders.admit(id(1)).is_err());
    assert_eq!(names(&dir, "incoming"), [""; 0]);
    assert_whole(&folders, id(1), "beside a second of the same id");
}

#[test]
fn an_opening_leaves_running_captures_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folders = Folders::open(Arc::new(OsDisk), dir.path()).unwrap();
    let rows = Mutex::new(HashSet::new());
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                let found = folders.scan_incoming::<FileError>(|id| Ok(rows.lock().unwrap().contains(&id))).unwrap();
                assert!(found.adopt.is_empty() && found.removed.is_empty() && found.failed.is_empty());
            }
        });
        for n in 0..100 {
            let sealed = begin(&folders, id(n)).unwrap();
            rows.lock().unwrap().insert(id(n));
            sealed.done();
        }
        ended.store(true, Ordering::SeqCst);
    });
    (0..100).for_each(|n| assert_whole(&folders, id(n), "captured beside an opening"));
    scan(&folders, &(0..100).map(id).collect::<Vec<_>>());
    assert_nothing_of(&dir, "incoming");
}

fn assert_nothing_of(dir: &TempDir, folder: &str) {
    assert_eq!(names(dir, folder), [""; 0]);
}

#[test]
fn one_leftover_that_cannot_be_read_holds_up_no_other() {
    let (dir, _, folders) = outbox();
    for n in 1..=3 {
        drop(begin(&folders, id(n)).unwrap());
    }
    // A folder in the file's place: no kill leaves that, so it is not ours to judge.
    let original = folders.file(id(2), ORIGINAL);
    fs::remove_file(&original).unwrap();
    fs::create_dir(&original).unwrap();
    fs::write(dir.path().join("incoming/.DS_Store"), "").unwrap();
    let found = scan(&folders, &[]);
    assert_eq!((found.adopt.len(), found.failed.len()), (2, 1));
    assert_eq!(found.failed[0].0, id(2));
    assert_eq!(folders.stray_markers().unwrap(), [".DS_Store"]);
}

#[test]
fn what_was_damaged_after_its_capture_is_never_taken_for_half_made() {
    let (dir, _, folders) = outbox();
    let receipt = Receipt { remote_id: None, delivered_at: AT, proof: Proof::Answer, surplus: vec![] };
    for n in 1..=4 {
        drop(begin(&folders, id(n)).unwrap());
    }
    fs::write(folders.file(id(1), ORIGINAL), "altered").unwrap();
    folders.append(id(2), &Line { at: AT, entry: Entry::Receipt { receipt } }).unwrap();
    fs::remove_file(folders.file(id(2), ORIGINAL)).unwrap(); // cleared after delivery
    folders.append(id(3), &Line { at: AT, entry: Entry::Cancelled }).unwrap();
    fs::write(folders.file(id(3), MANIFEST), "{").unwrap();
    let found = scan(&folders, &[]);
    let adopted: Vec<_> = found.adopt.iter().map(|a| (a.manifest.id, a.intact)).collect();
    assert_eq!(adopted.len(), 3);
    assert!(adopted.contains(&(id(1), false)) && adopted.contains(&(id(2), false)) && adopted.contains(&(id(4), true)));
    assert!(matches!(&found.failed[..], [(item, FileError::Damaged { .. })] if *item == id(3)));
    assert_eq!(names(&dir, "items").len(), 4);
}

#[test]
fn a_kill_at_any_step_of_erasing_leaves_an_item_with_its_row_or_nothing() {
    for n in 1.. {
        let (dir, disk, folders) = outbox();
        begin(&folders, id(1)).unwrap().done();
        disk.set(Fault::Die(n));
        let mut rows = vec![id(1)];
        let erased = folders.erase(id(1), AT).and_then(|erasure| {
            rows.clear();
            erasure.done()
        });
        drop(folders);
        assert_eq!(disk.open_handles(), 0);
        let folders = reopen(&dir);
        let found = scan(&folders, &rows);
        assert!(found.adopt.is_empty() && found.failed.is_empty(), "killed at step {n}");
        assert_nothing_of(&dir, "incoming");
        if rows.is_empty() {
            assert_nothing_is_left(&dir, &format!("killed at step {n}"));
        } else {
            assert!(folders.read_manifest(id(1)).is_ok());
        }
        if erased.is_ok() && disk.steps() < n {
            break;
        }
    }
}

#[test]
fn a_marker_that_comes_back_beside_a_forgotten_item_does_not_bring_it_back() {
    let (dir, _, folders) = outbox();
    drop(begin(&folders, id(1)).unwrap());
    folders.append(id(1), &Line { at: AT, entry: Entry::Forgotten }).unwrap();
    let found = scan(&folders, &[]);
    assert_eq!((found.adopt.len(), found.removed), (0, vec![id(1)]));
    assert_nothing_is_left(&dir, "forgotten");
}

#[test]
fn a_line_that_was_cut_short_counts_for_nothing_and_the_next_one_counts() {
    for n in 1..=3 {
        let (_dir, disk, folders) = outbox();
        begin(&folders, id(1)).unwrap().done();
        let cancelled = Line { at: AT, entry: Entry::Cancelled };
        disk.set(Fault::Nth(n, ErrorKind::StorageFull));
        let error = folders.append(id(1), &cancelled).unwrap_err();
        assert!(matches!(error, FileError::Full { .. }), "{error}");
        disk.set(Fault::None);
        folders.append(id(1), &Line { at: AT, entry: Entry::Forgotten }).unwrap();
        let journal = folders.read_journal(id(1)).unwrap();
        assert_eq!(journal.lines.last().unwrap().entry, Entry::Forgotten);
        assert_eq!((journal.damaged.len(), journal.unknown), (0, 0), "a torn line is no damage");
        assert_eq!(journal.lines.len(), if n == 3 { 3 } else { 2 }, "unsynced but written: it may count");
    }
}

#[test]
fn every_beginning_of_a_journal_reads_as_its_whole_lines() {
    let (_dir, _, folders) = outbox();
    begin(&folders, id(1)).unwrap().done();
    for entry in [Entry::Cancelled, Entry::Captured] {
        folders.append(id(1), &Line { at: AT, entry }).unwrap();
    }
    let path = folders.file(id(1), JOURNAL);
    let whole = fs::read(&path).unwrap();
    for end in 0..=whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let lines = whole[..end].iter().filter(|b| **b == b'\n').count();
        assert_eq!(folders.read_journal(id(1)).unwrap().lines.len(), lines);
        folders.append(id(1), &Line { at: AT, entry: Entry::Forgotten }).unwrap();
        let journal = folders.read_journal(id(1)).unwrap();
        assert_eq!((journal.lines.len(), journal.damaged.len()), (lines + 1, 0), "cut at {end}");
    }
}

#[test]
fn a_damaged_line_is_reported_and_hides_no_other() {
    let (_dir, _, folders) = outbox();
    begin(&folders, id(1)).unwrap().done();
    let path = folders.file(id(1), JOURNAL);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"{\"at\":\"2026-11-21T10:00:00.000Z\",\"event\":\"receipt\"}\n"); // known, but not a receipt
    bytes.extend(b"\xFF\xFE\n\n");
    bytes.extend(b"{\"at\":\"2026-11-21T10:00:00.000Z\",\"event\":\"notarised\",\"by\":1}\n");
    fs::write(&path, bytes).unwrap();
    folders.append(id(1), &Line { at: AT, entry: Entry::Cancelled }).unwrap();
    let journal = folders.read_journal(id(1)).unwrap();
    assert_eq!(journal.damaged, [2, 3, 4]);
    assert_eq!(journal.unknown, 1);
    assert_eq!(journal.lines.len(), 2);
}

#[test]
fn a_line_in_two_processes_at_once_is_two_lines() {
    let dir = tempfile::tempdir().unwrap();
    let folders = Folders::open(Arc::new(OsDisk), dir.path()).unwrap();
    begin(&folders, id(1)).unwrap().done();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    folders.append(id(1), &Line { at: AT, entry: Entry::Cancelled }).unwrap();
                }
            });
        }
    });
    let journal = folders.read_journal(id(1)).unwrap();
    assert_eq!((journal.lines.len(), journal.damaged.len()), (201, 0));
}

#[test]
fn accounts_are_the_old_or_the_new_ones_at_any_kill() {
    let (old, new) = ([Account::corrigo_pro("old", "https://a")], [Account::corrigo_pro("new", "https://b")]);
    for n in 1.. {
        let (dir, disk, folders) = outbox();
        assert_eq!(folders.read_accounts().unwrap(), None);
        folders.write_accounts(&old).unwrap();
        disk.set(Fault::Die(n));
        let written = folders.write_accounts(&new);
        let folders = reopen(&dir);
        let read = folders.read_accounts().unwrap().unwrap();
        assert!(read == old || read == new, "killed at step {n}");
        folders.write_accounts(&new).unwrap();
        assert_eq!(folders.read_accounts().unwrap().unwrap(), new);
        if written.is_ok() {
            assert!(n > 5);
            break;
        }
    }
}

#[test]
fn an_error_names_the_file_within_the_outbox_and_quotes_nothing_of_it() {
    let (dir, _, folders) = outbox();
    begin(&folders, id(1)).unwrap().done();
    fs::write(folders.file(id(1), MANIFEST), "{\"version\": \"secret words\"}").unwrap();
    let error = folders.read_manifest(id(1)).unwrap_err().to_string();
    assert_eq!(error, format!("items/{}/manifest.json is damaged: no record at line 1 column 26", id(1)));
    let error = folders.read_manifest(id(2)).unwrap_err();
    assert!(error.is_missing() && !error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
}

#[test]
fn an_outbox_is_made_with_the_folders_above_it_and_lists_what_is_no_item() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a/b/outbox");
    let folders = Folders::open(Arc::new(OsDisk), &root).unwrap();
    begin(&folders, id(2)).unwrap().done();
    begin(&folders, id(1)).unwrap().done();
    fs::create_dir(root.join("items/lost+found")).unwrap();
    let again = Folders::open(Arc::new(OsDisk), &root).unwrap();
    assert_eq!(again.all_items().unwrap(), Items { ids: vec![id(1), id(2)], strays: vec!["lost+found".to_owned()] });
    let delivering = folders.lock_delivery().unwrap().unwrap();
    assert!(again.lock_delivery().unwrap().is_none());
    drop(delivering);
    assert!(again.lock_delivery().unwrap().is_some());
}

#[test]
fn every_event_is_known_by_its_name() {
    for line in ["captured", "cancelled", "forgotten"] {
        let json = format!("{{\"at\":\"2026-11-21T10:00:00.000Z\",\"event\":\"{line}\"}}");
        assert!(serde_json::from_str::<Line>(&json).is_ok());
        assert!(!Line::is_of_a_later_version(json.as_bytes()));
    }
    for line in ["attempted", "changed", "prepared", "receipt"] {
        let json = format!("{{\"at\":\"2026-11-21T10:00:00.000Z\",\"event\":\"{line}\"}}");
        let error = serde_json::from_str::<Line>(&json).unwrap_err().to_string();
        assert!(error.contains("missing field"), "{line} is an event: {error}");
        assert!(!Line::is_of_a_later_version(json.as_bytes()));
    }
}
