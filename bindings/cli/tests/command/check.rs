//! `check`.

use std::path::{Path, PathBuf};

use super::support::{Place, keys, set};

fn file_with(folder: &Path, content: &[u8]) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            file_with(&path, content)
        } else {
            (std::fs::read(&path).unwrap() == content).then_some(path)
        }
    })
}

#[test]
fn an_outbox_is_whole_until_a_byte_of_a_capture_changes() {
    let place = Place::with_acme();
    let id = place.text("the words of a technician");
    let whole = place.json(["check"]).ends(0).line();
    assert_eq!(whole, serde_json::json!({"event": "done", "items": 1, "findings": 0}));
    let original = file_with(&place.outbox(), b"the words of a technician").unwrap();
    std::fs::write(original, b"the words of somebody else").unwrap();

    let found = place.json(["check"]).ends(1).lines();
    assert_eq!(keys(&found[0]), set(&["finding", "id", "detail"]));
    assert_eq!((&found[0]["finding"], &found[0]["id"]), (&"original_damaged".into(), &id.as_str().into()));
    assert_eq!(found.last().unwrap(), &serde_json::json!({"event": "done", "items": 1, "findings": found.len() - 1}));
    let said = place.run(["check"]).ends(1).out;
    assert!(said.contains("a captured file is gone or altered") && said.contains(&id), "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_not_whole() {
    let place = Place::empty();
    assert_eq!(place.json(["check"]).fails(1), "no_outbox");
    assert!(!place.outbox().exists());
}
