//! `export`.

use super::support::{Place, keys, set};

#[test]
fn what_is_undelivered_is_exported_also_from_a_damaged_outbox() {
    let place = Place::with_acme();
    let (id, cancelled) = (place.text("the words of a technician"), place.text("wrong"));
    place.run(["cancel", &cancelled]).ends(0);
    std::fs::write(place.outbox().join("outbox.db"), b"no database any more").unwrap();

    let lines = place.json(["export", "rescued"]).ends(0).lines();
    assert_eq!(keys(&lines[0]), set(&["event", "id", "account", "work_order", "file", "bytes", "sha256", "details"]));
    assert_eq!(
        (&lines[0]["event"], &lines[0]["id"], &lines[0]["bytes"]),
        (&"exported".into(), &id.as_str().into(), &25.into())
    );
    assert_eq!(lines[1..], [serde_json::json!({"event": "done", "exported": 1, "findings": 0})]);
    let file = place.folder.path().join(lines[0]["file"].as_str().unwrap());
    assert!(file.starts_with(place.folder.path().join("rescued/acme/10234")), "{}", file.display());
    assert_eq!(std::fs::read(file).unwrap(), b"the words of a technician");

    let said = place.run(["export", "rescued"]).ends(0).out;
    assert!(said.contains(&id) && said.contains("exported: 1") && !said.contains("findings"), "{said}");
    assert_eq!(std::fs::read(place.outbox().join("outbox.db")).unwrap(), b"no database any more");
}

#[test]
fn an_original_that_is_gone_is_told_and_the_rest_is_exported() {
    let place = Place::with_acme();
    let (gone, here) = (place.text("one"), place.text("two"));
    std::fs::remove_file(place.outbox().join(format!("items/{gone}/original"))).unwrap();
    let lines = place.json(["export", "rescued"]).ends(1).lines();
    assert_eq!((&lines[0]["file"], &lines[1]["id"]), (&serde_json::Value::Null, &here.as_str().into()));
    assert_eq!((&lines[2]["finding"], &lines[2]["id"]), (&"original_damaged".into(), &gone.as_str().into()));
    assert_eq!(lines[3], serde_json::json!({"event": "done", "exported": 2, "findings": 1}));
    let said = place.run(["export", "rescued"]).ends(1).out;
    assert!(said.contains("a captured file is gone or altered") && said.contains("exported: 2, findings: 1"), "{said}");
}

#[test]
fn an_export_of_nothing_or_into_the_outbox_says_so() {
    let place = Place::empty();
    assert_eq!(place.json(["export", "rescued"]).fails(1), "no_outbox");
    let place = Place::with_acme();
    assert!(place.run(["export", "rescued"]).ends(0).out.contains("nothing is undelivered"));
    assert_eq!(place.json(["export", "outbox/rescued"]).fails(2), "invalid");
    assert_eq!(place.json(["export"]).fails(2), "usage");
}
