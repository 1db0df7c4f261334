//! What is rescued, from which damage, and that nothing of the outbox or of the target is changed by it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use super::*;
use crate::capture::{Document, Text};
use crate::clock::Clock;
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::model::{Account, Now, Repair, WorkOrder};
use crate::outbox::{Options, Outbox};
use crate::store::Line;

/// A clock that goes on by a millisecond at each look, so that ids sort as they were captured.
#[derive(Default)]
struct Ticking(AtomicI64);

const START: i64 = 1_795_255_200_000;

impl Clock for Ticking {
    fn now(&self) -> Now {
        let wall = Timestamp::from_millis(START + self.0.fetch_add(1, SeqCst));
        Now { wall, mono: Duration::from_secs(9_000), boot: "boot".into() }
    }
}

struct Site {
    dir: tempfile::TempDir,
    outbox: Outbox,
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { clock: Arc::new(Ticking::default()), ..Options::default() };
        let outbox = Outbox::open(dir.path().join("outbox"), options).unwrap();
        outbox.put_account(Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field")).unwrap();
        Site { dir, outbox }
    }

    fn capture(&self, content: &str) -> ItemId {
        let path = self.dir.path().join("report.txt");
        std::fs::write(&path, content).unwrap();
        let report = Document::new(path).caption("Inspection").tag("before");
        self.outbox.capture(report, &WorkOrder::new("acme", "10234")).unwrap().id
    }

    fn outbox(&self) -> PathBuf {
        self.dir.path().join("outbox")
    }

    fn to(&self) -> PathBuf {
        self.dir.path().join("rescued")
    }

    fn item(&self, id: ItemId, name: &str) -> PathBuf {
        self.outbox().join(format!("items/{id}/{name}"))
    }

    fn append(&self, id: ItemId, entry: Entry) {
        let line = Line { at: Timestamp::from_millis(START), entry };
        Folders::reading(Arc::new(OsDisk), &self.outbox()).append(id, &line).unwrap();
    }

    fn export(&self) -> Export {
        export(self.outbox(), self.to(), |_| ()).unwrap()
    }
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path(), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn details(exported: &Exported) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(&exported.details).unwrap()).unwrap()
}

#[test]
fn what_is_not_delivered_is_exported_with_its_details_and_the_outbox_stays_as_it_was() {
    let site = Site::new();
    let (waits, cancelled, forgotten) = (site.capture("one"), site.capture("two"), site.capture("three"));
    site.outbox.cancel(cancelled).unwrap();
    site.append(forgotten, Entry::Forgotten);
    let before = files(&site.outbox());
    let mut told = Vec::new();
    let export = export(site.outbox(), site.to(), |exported| told.push(exported.clone())).unwrap();
    assert_eq!((export.findings.len(), &export.items), (0, &told));
    assert_eq!(files(&site.outbox()), before, "others have it open");
    let [exported] = export.items.as_slice() else { panic!("{export:?}") };
    let name = format!("report-{}.txt", waits.marker());
    assert_eq!(exported.file.as_deref(), Some(site.to().join("acme/10234").join(&name).as_path()));
    assert_eq!(std::fs::read(exported.file.as_ref().unwrap()).unwrap(), b"one");
    let told = details(exported);
    assert_eq!(
        (&told["id"], &told["caption"], &told["tags"][0], &told["file"]),
        (&waits.to_string().into(), &"Inspection".into(), &"before".into(), &name.as_str().into())
    );
    assert!(told["captured_at"].as_str().unwrap().starts_with("2026-11-21T10:00:00."));
    assert_eq!(told["copied"]["sha256"], told["manifest"]["original"]["sha256"]);
    assert_eq!(files(&site.to()).len(), 2, "the file and its details, nothing half");
}

#[test]
fn a_damaged_or_missing_database_hinders_no_export() {
    for damage in [Some(&b"no database"[..]), None] {
        let site = Site::new();
        site.capture("one");
        let Site { dir, outbox } = site;
        drop(outbox);
        let database = dir.path().join("outbox/outbox.db");
        match damage {
            Some(bytes) => std::fs::write(&database, bytes).unwrap(),
            None => std::fs::remove_file(&database).unwrap(),
        }
        let export = export(dir.path().join("outbox"), dir.path().join("rescued"), |_| ()).unwrap();
        assert_eq!((export.items.len(), export.findings.len()), (1, 0));
        assert_eq!(std::fs::read(&database).ok().as_deref(), damage, "it is not even opened");
    }
}

#[test]
fn an_export_again_finds_its_files_and_never_overwrites_another() {
    let site = Site::new();
    let id = site.capture("one");
    let first = site.export();
    assert_eq!(site.export(), first);
    assert_eq!(files(&site.to()).len(), 2);
    let file = first.items[0].file.clone().unwrap();
    std::fs::write(&file, "somebody else's").unwrap();
    let again = site.export();
    let other = again.items[0].file.clone().unwrap();
    assert_eq!(other.file_name().unwrap().to_str(), Some(format!("report-{} (2).txt", id.marker()).as_str()));
    assert_eq!(
        (std::fs::read(file).unwrap(), std::fs::read(other).unwrap()),
        (b"somebody else's".into(), b"one".into())
    );
}

#[test]
fn names_from_outside_do_not_leave_the_folder() {
    let site = Site::new();
    for work_order in ["../../10234", "/etc/x", "..", "a\\..\\b", "\u{202e}"] {
        site.outbox.capture(Text::new("note").name("../../x"), &WorkOrder::new("acme", work_order)).unwrap();
    }
    let export = site.export();
    let acme = site.to().join("acme");
    let folder = |exported: &Exported| exported.file.as_ref().unwrap().parent().unwrap().to_owned();
    let folders: Vec<PathBuf> = export.items.iter().map(folder).collect();
    assert_eq!(folders, ["_.._10234", "_etc_x", "unknown", "a_.._b", "unknown"].map(|name| acme.join(name)));
    assert_eq!(files(&site.to()).len(), 10);
}

#[test]
fn what_does_not_read_is_exported_as_far_as_it_does() {
    let site = Site::new();
    let ids: Vec<ItemId> = ["one", "two", "three", "four", "five"].map(|content| site.capture(content)).to_vec();
    std::fs::write(site.item(ids[0], "manifest.json"), "{").unwrap();
    std::fs::remove_file(site.item(ids[1], "journal.jsonl")).unwrap();
    std::fs::write(site.item(ids[2], "original"), "altered").unwrap();
    std::fs::remove_file(site.item(ids[3], "original")).unwrap();
    std::fs::create_dir(site.outbox().join("items/stray")).unwrap();
    let export = site.export();
    let unknown = site.to().join("unknown/unknown").join(ids[0].to_string());
    assert_eq!(std::fs::read(&unknown).unwrap(), b"one");
    let content = |n: usize| export.items[n].file.as_ref().map(|file| std::fs::read(file).unwrap());
    assert_eq!(content(1), Some(b"two".to_vec()));
    assert_eq!((content(2), content(3), content(4)), (Some(b"altered".to_vec()), None, Some(b"five".to_vec())));
    let found: Vec<_> = export.findings.iter().map(|found| (found.finding, found.id)).collect();
    assert_eq!(
        found,
        [
            (FindingKind::RecordDamaged, Some(ids[0])),
            (FindingKind::RecordDamaged, Some(ids[1])),
            (FindingKind::OriginalDamaged, Some(ids[2])),
            (FindingKind::OriginalDamaged, Some(ids[3])),
            (FindingKind::Stray, None),
        ]
    );
    assert_eq!(details(&export.items[0])["notes"].as_array().unwrap().len(), 1);
    assert_eq!(details(&export.items[3])["file"], serde_json::Value::Null);
}

#[test]
fn a_cancellation_that_was_not_committed_is_none_and_a_capture_under_way_is_no_item() {
    let site = Site::new();
    let (goes_on, under_way) = (site.capture("one"), site.capture("two"));
    site.append(goes_on, Entry::Cancelled);
    let prepared = Entry::Prepared {
        body: "body-1.jpg".into(),
        sent: crate::model::Sent {
            bytes: crate::model::Bytes(1),
            sha256: crate::model::Sha256([1; 32]),
            width: None,
            height: None,
        },
        mime: "image/jpeg".into(),
        extension: "jpg".into(),
        flags: vec![],
    };
    site.append(goes_on, prepared);
    std::fs::write(site.outbox().join(format!("incoming/{under_way}")), "").unwrap();
    std::fs::remove_file(site.item(under_way, "manifest.json")).unwrap();
    let export = site.export();
    assert_eq!(export.items.iter().map(|item| item.id).collect::<Vec<_>>(), [goes_on]);
    assert_eq!(export.findings[0].id, Some(under_way));
    let name = export.items[0].file.as_ref().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.ends_with(".txt"), "what is exported is what was captured: {name}");
    assert!(details(&export.items[0])["name"].as_str().unwrap().ends_with(".jpg"));
}

#[test]
fn a_repaired_item_goes_where_it_would_go_now() {
    let site = Site::new();
    let id = site.capture("one");
    site.outbox.repair(id, &Repair::default().name("plate").work_order("777")).unwrap();
    let export = site.export();
    assert_eq!(export.items[0].file, Some(site.to().join(format!("acme/777/plate-{}.txt", id.marker()))));
}

#[test]
fn a_full_target_is_a_typed_error_and_what_was_exported_stays() {
    let site = Site::new();
    site.capture("one");
    site.capture("two");
    let target = FaultyDisk::new(site.dir.path(), Fault::None);
    let mut met = 0;
    for n in 1.. {
        let to = site.dir.path().join(format!("rescued-{n}"));
        target.set(Fault::From(n, ErrorKind::StorageFull));
        let mut told = 0;
        let export = export_on(Arc::new(OsDisk), &target, &site.outbox(), &to, &mut |_| told += 1);
        match export {
            Err(Error::DiskFull { .. }) => met += 1,
            Ok(export) if target.steps() < n => {
                assert_eq!(export.items.len(), 2);
                break;
            }
            Ok(_) => {} // what could not be synced or removed was not needed
            Err(other) => panic!("step {n}: {other:?}"),
        }
        let names = if to.exists() { files(&to) } else { BTreeMap::new() };
        let half = names.iter().filter(|(path, bytes)| {
            path.extension().is_some_and(|e| e == "txt") && *bytes != b"one" && *bytes != b"two"
        });
        assert_eq!(half.count(), 0, "step {n}: {names:?}");
        assert!(names.len() >= 2 * told, "step {n}");
    }
    assert!(met > 10);
}

#[test]
fn an_export_does_not_go_into_the_outbox() {
    let site = Site::new();
    site.capture("one");
    for inside in [site.outbox(), site.outbox().join("rescued/today"), site.dir.path().join("x/../outbox/y")] {
        _ = std::fs::create_dir(site.dir.path().join("x"));
        let refused = export(site.outbox(), &inside, |_| ());
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{inside:?}: {refused:?}");
    }
    assert!(matches!(export(site.dir.path().join("none"), site.to(), |_| ()), Err(Error::Disk { .. })));
    assert!(!site.to().exists());
}
