//! `repair`: an undelivered item goes otherwise.

use fieldpost_sandbox::{Fault, Operation, Options, Provider, Rule, Sandbox};

use super::support::Place;

const CORRIGO: Provider = Provider::CorrigoPro;

fn begin() -> (Sandbox, Place) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    (sandbox, place)
}

#[test]
fn another_work_order_for_one_that_cannot_be_delivers_it() {
    let (sandbox, place) = begin();
    let id = place.text_for("Boiler room", "one");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(4);
    let why = place.run(["why", &id]).ends(0).out;
    assert!(why.contains("fieldpost repair ITEM"), "{why}");

    let item = place.json(["repair", &id, "--work-order", "10234"]).ends(0).line();
    assert_eq!((&item["id"], &item["state"]), (&id.as_str().into(), &"queued".into()));
    assert_eq!(item["work_order"], "10234");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 1);
}

#[test]
fn another_work_order_for_one_that_the_system_refused_is_a_new_request() {
    let (sandbox, place) = begin();
    let id = place.text_for("10240", "one");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(4);
    assert_eq!(place.item(&id)["why"]["reason"], "work_order_closed");
    place.json(["repair", &id, "--work-order", "10235", "--name", "../valve.txt"]).ends(0);
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    let [sent] = sandbox.uploads(CORRIGO, "10235").try_into().unwrap();
    assert_eq!(sent.name, format!("valve-{}.txt", &id[id.len() - 8..]));
    assert!(sandbox.uploads(CORRIGO, "10240").is_empty());
}

#[test]
fn a_repair_in_doubt_waits_until_it_is_known_and_leaves_alone_what_arrived() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    sandbox.fault(Fault::LoseAnswer);
    sandbox.fault(Rule::new(Fault::status_before(503)).operation(Operation::List));
    place.deliver(&sandbox.token(CORRIGO), &["--patience", "0"]).ends(3);

    let wished = place.json(["repair", &id, "--work-order", "10235"]).ends(0).line();
    assert_eq!((&wished["state"], &wished["why"]["reason"]), (&"verifying".into(), &"hold".into()));
    assert_eq!(wished["work_order"], "10234", "where it is looked for");
    place.run(["retry", "--all"]).ends(0);
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(place.item(&id)["receipt"]["proof"], "found");
    assert_eq!((sandbox.uploads(CORRIGO, "10234").len(), sandbox.uploads(CORRIGO, "10235").len()), (1, 0));
}

#[test]
fn a_photo_goes_as_it_is_or_smaller_after_all() {
    let place = Place::with_acme();
    let png = place.file("plate.png", b"\x89PNG\r\n\x1a\n half a photo");
    let file = png.to_str().unwrap();
    let photo = place.json(["capture", "photo", file, "--account", "acme", "--work-order", "1"]).ends(0).line();
    let id = photo["id"].as_str().unwrap();
    assert_eq!((&photo["state"], &photo["sent"]), (&"captured".into(), &().into()));
    let whole = place.json(["repair", id, "--cap", "original", "--priority", "-2"]).ends(0).line();
    assert_eq!(whole["state"], "captured", "it is prepared again");
    assert_eq!(place.json(["repair", id, "--cap", "500kB"]).ends(0).line()["state"], "captured");
}

#[test]
fn a_person_sees_how_it_stands_now() {
    let place = Place::with_acme();
    let id = place.text_for("abc", "one");
    let shown = place.run(["repair", &id, "--name", "valve", "--work-order", "xyz"]).ends(0).out;
    for part in [format!("valve-{}.txt", &id[id.len() - 8..]), id.clone(), "blocked".into(), "xyz".into()] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
}

#[test]
fn what_cannot_be_repaired_is_refused_and_stays_as_it_is() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    assert_eq!(place.json(["repair", &id, "--cap", "1MB"]).fails(2), "invalid");
    let said = place.run(["repair", &id, "--folder", "Plans"]).ends(2);
    assert!(said.err.contains("corrigopro has no folders"), "{}", said.err);
    assert_eq!(place.item(&id)["state"], "queued");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(place.json(["repair", &id, "--name", "late"]).fails(1), "not_now");
    for unknown in ["01990000-0000-7000-8000-000000000000", "boiler"] {
        assert_eq!(place.json(["repair", unknown, "--name", "n"]).fails(1), "unknown_item");
        assert_eq!(place.json(["repair", unknown, "--folder", "f"]).fails(1), "unknown_item");
    }
}

#[test]
fn a_photo_of_a_type_that_is_not_taken_goes_as_what_was_made_of_it_elsewhere() {
    let (sandbox, place) = (Sandbox::start(Options::default()).unwrap(), Place::empty());
    let system = Provider::FieldNation;
    let url = sandbox.url(system);
    place.run(["account", "add", "fn", "--provider", "fieldnation", "--url", &url]).ends(0);
    let heic = place.file("boiler.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let jpeg = place.file("boiler.png", PNG);
    let job = ["--account", "fn", "--work-order", "90001"];
    let capture = ["capture", "photo", heic.to_str().unwrap()];
    let item = place.json(capture.into_iter().chain(job)).ends(0).line();
    let id = item["id"].as_str().unwrap();
    assert_eq!((&item["state"], &item["why"]["reason"]), (&"blocked".into(), &"type_not_accepted".into()));
    let why = place.run(["why", id]).ends(0).out;
    assert!(why.contains("fieldpost repair ITEM --converted FILE"), "{why}");

    assert_eq!(place.json(["repair", id, "--converted", heic.to_str().unwrap()]).fails(2), "invalid");
    assert_eq!(place.json(["repair", id, "--converted", "x.jpg", "--cap", "1MB"]).fails(2), "usage");
    assert_eq!(place.json(["repair", id, "--converted", "missing.jpg"]).fails(1), "cannot_read");
    let repaired = place.json(["repair", id, "--converted", jpeg.to_str().unwrap(), "--name", "valve"]).ends(0).line();
    assert_eq!(repaired["original"], item["original"]);
    place.deliver(&sandbox.token(system), &[]).ends(0);
    let [sent] = sandbox.uploads(system, "90001").try_into().unwrap();
    assert_eq!(sent.name, format!("valve-{}.png", &id[id.len() - 8..]));
    assert_eq!(place.item(id)["sent"]["sha256"], sent.sha256.as_str());
    assert!(place.json(["check"]).ends(0).lines().len() == 1);
}

/// A picture of one white pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
    \0\0\0\x0cIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\r\xefF\xb8\0\0\0\0IEND\xaeB`\x82";
