use fieldpost_sandbox::Provider::Serial;
use fieldpost_sandbox::{
    By, Dialect, Fault, FileValue, Operation, Options, Provider, Rule, Sandbox, SerialDialect, WorkOrderState,
    read_ledger,
};
use serde_json::{Value, json};

use crate::client::*;
use crate::{options, sandbox};

const OPEN: &str = "2001";
const OPEN_UUID: &str = "5e41a100-0000-4000-8000-000000002001";

/// The metadata of a picture.
fn picture() -> Value {
    json!({"type": "IMAGE", "name": "Boiler", "added_by_user_id": SERIAL_USER, "file_name": "a-7f3a9c1e.jpg"})
}

fn set(mut metadata: Value, field: &str, to: impl Into<Value>) -> Value {
    metadata[field] = to.into();
    metadata
}

fn without(mut metadata: Value, field: &str) -> Value {
    metadata.as_object_mut().unwrap().remove(field);
    metadata
}

/// The part `metadata`, and those given.
fn form(metadata: &Value, parts: &[Part]) -> Vec<Part> {
    [&[text("metadata", &metadata.to_string())], parts].concat()
}

fn put(sandbox: &Sandbox, form: &[Part]) -> Heard {
    ask(sandbox, Serial, "PUT", &format!("/work-orders/{OPEN}/attachments")).form(form).send()
}

fn attachments(heard: &Heard) -> Vec<Value> {
    assert_eq!(heard.status, Some(200), "{heard:?}");
    heard.json()["attachments"].as_array().unwrap().clone()
}

#[test]
fn an_upload_is_answered_with_the_whole_work_order_and_read_back_from_it() {
    let sandbox = sandbox();
    let bytes = vec![7; 300_000];
    let heard = serial_upload(&sandbox, OPEN, "boiler-7f3a9c1e.jpg", &bytes).send();
    let [added] = <[Value; 1]>::try_from(attachments(&heard)).unwrap();
    assert_eq!(added["file_name"], "boiler-7f3a9c1e.jpg");
    assert_eq!(added["added_by_user_id"], SERIAL_USER);
    assert_eq!((&added["is_deleted"], &added["value"]), (&json!(false), &Value::Null));
    assert_eq!(added["added_at"], "2026-11-21T10:00:00Z");
    assert!(added.get("name").is_none() && added.get("type").is_none());
    let order = heard.json();
    assert_eq!((&order["wo_number"], &order["id"]), (&json!(2001), &json!(OPEN_UUID)));
    assert_eq!(order["status"], "DRAFT");
    for field in ["name", "approvals", "activity_log", "last_edited_at", "quantity", "x_sandbox_extra"] {
        assert!(order.get(field).is_some(), "{field}");
    }

    let id = added["dataset_id"].as_str().unwrap();
    let again = attachments(&serial_read(&sandbox, OPEN).send());
    assert_eq!(again[0]["dataset_id"], id);
    let [line] = <[_; 1]>::try_from(sandbox.uploads(Serial, OPEN)).unwrap();
    assert_eq!((line.remote_id.as_str(), line.name.as_str(), line.by), (id, "boiler-7f3a9c1e.jpg", By::Client));
    assert_eq!((line.bytes, line.sha256), (300_000, sha256(&bytes)));
    assert_eq!((line.fields["type"].as_str(), line.fields["name"].as_str()), ("IMAGE", "Boiler plate"));
    assert_eq!(sandbox.file(Serial, OPEN, id), Some(bytes));
}

#[test]
fn the_number_and_the_uuid_are_the_same_work_order() {
    let sandbox = sandbox();
    let rule = sandbox.fault(Rule::new(Fault::status_before(503)).on(Serial).work_order(OPEN_UUID));
    assert_eq!(serial_upload(&sandbox, OPEN, "a.jpg", b"x").send().status, Some(503));
    assert_eq!(sandbox.hits(rule), 1);
    serial_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    serial_upload(&sandbox, &OPEN_UUID.to_uppercase(), "b.jpg", b"y").send();
    for id in [OPEN, OPEN_UUID] {
        let mut names = names(&serial_read(&sandbox, id).send());
        names.sort();
        assert_eq!(names, ["a.jpg", "b.jpg"]);
        assert_eq!(sandbox.uploads(Serial, id).len(), 2);
        let first = sandbox.entries()[0].remote_id.clone();
        assert_eq!(sandbox.file(Serial, id, &first).as_deref(), Some(&b"x"[..]));
        let listed = Ask::new("GET", format!("{}/entries?system=serial&work_order={id}", sandbox.control_url())).send();
        assert_eq!(listed.json().as_array().unwrap().len(), 2);
    }
    sandbox.set_work_order(Serial, OPEN_UUID, None);
    assert_eq!(serial_read(&sandbox, OPEN).send().status, Some(404));
}

#[test]
fn every_documented_rule_of_an_upload_is_checked() {
    let sandbox = sandbox();
    let bytes = [file("attachment", "a.jpg", b"x")];
    let note = json!({"type": "TEXT", "name": "Note", "added_by_user_id": SERIAL_USER, "value": "done"});
    let cases = [
        ("no metadata", bytes.to_vec()),
        ("no JSON", [&[text("metadata", "type=IMAGE")], &bytes[..]].concat()),
        ("an array", form(&json!([picture()]), &bytes)),
        ("metadata as a file", vec![file("metadata", "metadata.json", picture().to_string().as_bytes())]),
        ("metadata twice", form(&picture(), &form(&picture(), &bytes))),
        ("metadata and a flat field", form(&picture(), &[bytes[0].clone(), text("type", "IMAGE")])),
        ("no type", form(&without(picture(), "type"), &bytes)),
        ("no name", form(&without(picture(), "name"), &bytes)),
        ("an empty name", form(&set(picture(), "name", " "), &bytes)),
        ("no user", form(&without(picture(), "added_by_user_id"), &bytes)),
        ("another type", form(&set(picture(), "type", "PHOTO"), &bytes)),
        ("a type in small letters", form(&set(picture(), "type", "image"), &bytes)),
        ("a user that is a number", form(&set(picture(), "added_by_user_id", 7), &bytes)),
        ("a name that is null", form(&set(picture(), "file_name", Value::Null), &bytes)),
        ("a value beside a file", form(&set(picture(), "value", "v"), &bytes)),
        ("a file's name beside a text", form(&set(note.clone(), "file_name", "a.txt"), &[])),
        ("a file beside a text", form(&note, &bytes)),
        ("two files", form(&picture(), &[bytes[0].clone(), bytes[0].clone()])),
    ];
    for (what, form) in cases {
        let heard = put(&sandbox, &form);
        assert_eq!(heard.status, Some(400), "{what}: {heard:?}");
        assert!(heard.json()["message"].is_string());
    }
    let json = ask(&sandbox, Serial, "PUT", &format!("/work-orders/{OPEN}/attachments")).json(picture()).send();
    assert_eq!(json.status, Some(400), "no form at all");
    assert!(sandbox.ledger().is_empty());
    assert_eq!(std::fs::read_dir(sandbox.dir().join("spool")).unwrap().count(), 0);
    for good in
        [form(&set(picture(), "colour", 7), &bytes), form(&note, &[]), form(&set(picture(), "type", "FILE"), &[])]
    {
        assert_eq!(put(&sandbox, &good).status, Some(200));
    }
}

#[test]
fn the_fields_may_be_flat_as_in_the_pages_example() {
    let sandbox = sandbox();
    let flat = |user: &str| {
        [
            text("type", "FILE"),
            text("name", "Report"),
            text("added_by_user_id", user),
            text("file_name", "r.pdf"),
            file("attachment", "r.pdf", b"%PDF"),
        ]
    };
    assert_eq!(names(&put(&sandbox, &flat(SERIAL_USER))), ["r.pdf"]);
    assert_eq!(sandbox.ledger()[0].fields["type"], "FILE");
    assert_eq!(put(&sandbox, &flat("")).status, Some(400));
    assert_eq!(put(&sandbox, &[&flat("u")[..], &[text("type", "FILE")]].concat()).status, Some(400));
}

#[test]
fn a_text_is_told_by_its_value_and_has_no_file_name() {
    let sandbox = sandbox();
    let note = json!({"type": "TEXT", "name": "Note", "added_by_user_id": "jo", "value": "All done: \"ü\""});
    let [told] = <[Value; 1]>::try_from(attachments(&put(&sandbox, &form(&note, &[])))).unwrap();
    assert_eq!((&told["value"], &told["file_name"]), (&json!("All done: \"ü\""), &Value::Null));
    assert_eq!(told["added_by_user_id"], "jo");
    let line = &sandbox.ledger()[0];
    assert_eq!((line.name.as_str(), line.sha256.as_str()), ("Note", &*sha256("All done: \"ü\"".as_bytes())));
    assert_eq!(sandbox.file(Serial, OPEN, &line.remote_id), Some("All done: \"ü\"".into()));
}

#[test]
fn each_put_adds_one_whatever_it_brings() {
    let sandbox = sandbox();
    let upload = serial_upload(&sandbox, OPEN, "a.jpg", b"x");
    for n in 1..=3 {
        assert_eq!(attachments(&upload.send()).len(), n);
    }
    let ids: std::collections::BTreeSet<String> = sandbox.ledger().into_iter().map(|line| line.remote_id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_server_that_renames_answers_a_uuid_and_the_ledger_knows_what_was_sent() {
    let dialect = Dialect { serial: SerialDialect { renames: true, ..SerialDialect::default() }, ..Dialect::default() };
    let sandbox = Sandbox::start(Options { dialect, ..options() }).unwrap();
    let named = attachments(&serial_upload(&sandbox, OPEN, "a-7f3a9c1e.jpg", b"x").send())[0]["file_name"].clone();
    let named = named.as_str().unwrap();
    assert!(named.len() == 36 && named.bytes().filter(|b| *b == b'-').count() == 4, "{named}");
    assert_eq!(names(&serial_read(&sandbox, OPEN).send()), [named]);
    assert_eq!(sandbox.ledger()[0].fields["file_name"], "a-7f3a9c1e.jpg");
    // A file without a name is given one by any server.
    sandbox.set_dialect(Dialect::default());
    let nameless = without(picture(), "file_name");
    assert_eq!(put(&sandbox, &form(&nameless, &[file("attachment", "b.jpg", b"y")])).status, Some(200));
    assert_eq!(sandbox.ledger()[1].name.len(), 36);
}

#[test]
fn attachments_are_taken_in_draft_only_and_read_in_every_state() {
    let sandbox = sandbox();
    let states = [
        (WorkOrderState::Open, "DRAFT", Some(200)),
        (WorkOrderState::Rejected, "DRAFT", Some(200)),
        (WorkOrderState::Review, "REVIEW", Some(400)),
        (WorkOrderState::Production, "PRODUCTION", Some(400)),
        (WorkOrderState::Closed, "COMPLETE", Some(400)),
        (WorkOrderState::Cancelled, "CANCELED", Some(400)),
        (WorkOrderState::Archived, "ARCHIVED", Some(400)),
    ];
    for (state, word, status) in states {
        sandbox.set_work_order(Serial, "77", state);
        let heard = serial_upload(&sandbox, "77", "a.jpg", b"x").send();
        assert_eq!(heard.status, status, "{word}");
        assert_eq!(serial_read(&sandbox, "77").send().json()["status"], word);
        assert!(status == Some(200) || heard.json()["message"].as_str().unwrap().contains(word));
    }
    assert_eq!(serial_upload(&sandbox, "2010", "a.jpg", b"x").send().status, Some(400));
    assert_eq!(serial_upload(&sandbox, "4040", "a.jpg", b"x").send().status, Some(404));
    assert_eq!(sandbox.ledger().len(), 2);
}

#[test]
fn what_the_office_deletes_stays_listed_as_deleted_over_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Sandbox::start(Options { dir: Some(folder.path().into()), ..options() }).unwrap();
    let sandbox = start();
    serial_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    assert!(sandbox.office_delete(Serial, OPEN_UUID, &id).unwrap());
    assert!(!sandbox.office_delete(Serial, OPEN, &id).unwrap(), "it is deleted already");
    assert!(!sandbox.office_rename(Serial, OPEN, &id, "b.jpg").unwrap());
    let deleted = |sandbox: &Sandbox| {
        let [entry] = <[Value; 1]>::try_from(attachments(&serial_read(sandbox, OPEN).send())).unwrap();
        (entry["dataset_id"].clone(), entry["is_deleted"].clone())
    };
    assert_eq!(deleted(&sandbox), (json!(id), json!(true)));
    sandbox.stop();
    let operations: Vec<_> = read_ledger(folder.path()).unwrap().into_iter().map(|l| (l.operation, l.by)).collect();
    assert_eq!(operations, [(Operation::Upload, By::Client), (Operation::Delete, By::Office)]);
    assert_eq!(deleted(&start()), (json!(id), json!(true)));
}

#[test]
fn a_file_may_be_told_with_a_link_to_its_bytes() {
    let sandbox = sandbox();
    sandbox.set_dialect(Dialect {
        serial: SerialDialect { value: FileValue::Link, renames: false },
        ..Dialect::default()
    });
    let link = attachments(&serial_upload(&sandbox, OPEN, "a.jpg", b"bytes").send())[0]["value"].clone();
    let link = Ask::new("GET", link.as_str().unwrap());
    assert_eq!(link.send().body, b"bytes");
    assert!(sandbox.leaks().is_empty());
    link.with("Authorization", format!("Bearer {}", sandbox.token(Serial))).send();
    assert_eq!(sandbox.leaks().len(), 1);
}

#[test]
fn another_systems_token_opens_nothing_and_is_a_leak() {
    let sandbox = sandbox();
    let read = serial_read(&sandbox, OPEN).without("Authorization");
    assert_eq!(read.send().status, Some(401));
    let token = sandbox.token(Provider::DigitalRealty);
    assert_eq!(read.with("Authorization", format!("Bearer {token}")).send().status, Some(401));
    assert_eq!(sandbox.leaks().len(), 1);
}

#[test]
fn only_documented_paths_and_methods_are_there() {
    let sandbox = sandbox();
    for (method, path) in [
        ("POST", format!("/work-orders/{OPEN}/attachments")),
        ("GET", format!("/work-orders/{OPEN}/attachments")),
        ("DELETE", format!("/work-orders/{OPEN}/attachments/1")),
        ("PUT", format!("/work-orders/{OPEN}")),
        ("GET", "/work-orders".to_owned()),
    ] {
        assert_eq!(ask(&sandbox, Serial, method, &path).send().status, Some(404), "{method} {path}");
    }
}
