//! `capture`: durable once it returns, whatever is wrong with it.

use super::support::{Place, Ran, keys, set};

#[test]
fn a_capture_is_shown_as_scripts_read_it() {
    let place = Place::with_acme();
    let bytes = b"%PDF-1.7 a report";
    let file = place.file("Boiler report.pdf", bytes);
    let mut command = place.command(["capture", "document"]);
    command.arg(&file).args([
        "--account",
        "acme",
        "--work-order",
        "10234",
        "--caption",
        "Boiler plate",
        "--tag",
        "before",
    ]);
    command.args(["--tag", "cellar", "--priority", "-3", "--requires", "unmetered,charging", "--json"]);
    let item = Ran::of(&command.output().unwrap()).ends(0).line();
    let all = [
        "id",
        "operation",
        "kind",
        "account",
        "work_order",
        "name",
        "caption",
        "tags",
        "state",
        "attempts",
        "captured_at",
        "flags",
        "original",
        "sent",
        "why",
        "receipt",
    ];
    assert_eq!(keys(&item), set(&all));
    let id = item["id"].as_str().unwrap();
    assert_eq!(item["name"], format!("Boiler report-{}.pdf", &id[id.len() - 8..]));
    assert_eq!((&item["operation"], &item["kind"]), (&"upload".into(), &"document".into()));
    assert_eq!((&item["account"], &item["work_order"]), (&"acme".into(), &"10234".into()));
    assert_eq!((&item["caption"], &item["tags"]), (&"Boiler plate".into(), &serde_json::json!(["before", "cellar"])));
    assert_eq!((&item["state"], &item["attempts"]), (&"queued".into(), &0.into()));
    assert_eq!(keys(&item["original"]), set(&["bytes", "sha256"]));
    assert_eq!(item["original"]["bytes"], bytes.len());
    assert_eq!(keys(&item["why"]), set(&["reason", "detail", "until", "action"]));
    assert_eq!(item["why"]["reason"], "not_started");
    assert!(item["captured_at"].as_str().unwrap().ends_with('Z') && item["receipt"].is_null());
    assert_eq!(place.item(id), item);
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "the caller's file was touched");
}

#[test]
fn for_a_person_a_capture_is_its_id() {
    let place = Place::with_acme();
    let id = place.text("Valve 3 replaced");
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
}

#[test]
fn what_cannot_be_kept_fails() {
    let place = Place::with_acme();
    let file = place.file("note.txt", "note");
    let capture = |account: &str, file: &str| {
        place.json(["capture", "document", file, "--account", account, "--work-order", "1"]).fails(1)
    };
    assert_eq!(capture("acme", "missing.jpg"), "cannot_read");
    assert_eq!(capture("acme", place.folder.path().to_str().unwrap()), "cannot_read");
    assert_eq!(capture("nobody", file.to_str().unwrap()), "unknown_account");
    for after in ["01990000-0000-7000-8000-000000000000", "the last one"] {
        let text = ["capture", "text", "t", "--account", "acme", "--work-order", "1", "--after", after];
        assert_eq!(place.json(text).fails(1), "unknown_item");
    }
    let setting = ["capture", "text", "t", "--account", "acme", "--work-order", "1", "--set", "colour=red"];
    assert_eq!(place.json(setting).fails(2), "invalid");
    assert_eq!(place.json(["list"]).lines().len(), 0);
}

#[test]
fn what_the_system_cannot_take_is_kept_and_blocked() {
    let place = Place::with_acme();
    let said = place.run(["capture", "text", "t", "--account", "acme", "--work-order", "abc"]).ends(0);
    let item = place.item(said.out.trim_end());
    assert_eq!((&item["state"], &item["why"]["reason"]), (&"blocked".into(), &"work_order_not_valid".into()));
    assert_eq!(item["why"]["action"], "repair");
    assert!(said.err.contains("blocked"), "{}", said.err);
}

#[test]
fn the_same_key_is_the_same_item() {
    let place = Place::with_acme();
    let capture = |text: &str, key: &str| {
        let args = ["capture", "text", text, "--account", "acme", "--work-order", "1", "--key", key];
        place.run(args).ends(0).out
    };
    let first = capture("one", "form-7");
    assert_eq!(capture("two", "form-7"), first);
    assert_ne!(capture("two", "form-8"), first);
    assert_eq!(place.json(["list"]).lines().len(), 2);
}

#[test]
fn what_goes_after_another_item_says_so() {
    let place = Place::with_acme();
    let first = place.text("first");
    let args = ["capture", "text", "second", "--account", "acme", "--work-order", "10234", "--after", &first];
    let second = place.json(args).ends(0).line();
    assert_eq!(second["why"]["reason"], "after_another_item");
}

#[test]
fn a_photo_and_a_signature_are_taken_with_their_options() {
    let place = Place::with_acme();
    let jpeg = place.file("boiler.jpg", b"\xff\xd8\xff\xe0 half a photo");
    let png = place.file("sign.png", b"\x89PNG\r\n\x1a\n half a picture");
    let job = ["--account", "acme", "--work-order", "1", "--json"];
    let taken = |kind: &str, file, more: &[&str]| {
        Ran::of(&place.command(["capture", kind]).arg(file).args(job).args(more).output().unwrap()).ends(0).line()
    };
    let photo = taken("photo", &jpeg, &["--cap", "500kB", "--max-edge", "1600", "--name", "plate"]);
    assert_eq!((&photo["kind"], &photo["state"], &photo["sent"]), (&"photo".into(), &"captured".into(), &().into()));
    assert!(photo["name"].as_str().unwrap().starts_with("plate-"));
    let original = taken("photo", &jpeg, &["--cap", "original"]);
    assert_eq!(original["sent"]["sha256"], original["original"]["sha256"]);
    let cleaned = taken("photo", &jpeg, &["--cap", "original", "--exif", "no-location", "--profile", "srgb"]);
    assert_eq!((&cleaned["state"], &cleaned["sent"]), (&"captured".into(), &().into()), "it has yet to be made");
    let signature = taken("signature", &png, &[]);
    assert_eq!((&signature["kind"], &signature["state"]), (&"signature".into(), &"queued".into()));
}
