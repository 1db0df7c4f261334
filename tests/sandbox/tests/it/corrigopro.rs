use std::time::Duration;

use fieldpost_sandbox::Provider::CorrigoPro;
use fieldpost_sandbox::{By, Dialect, LinkShape, ListShape, Operation, Options, Sandbox, WorkOrderState};

use crate::client::*;
use crate::{options, sandbox};

const OPEN: &str = "10234";

/// Codes and fields of a refusal.
fn complaints(heard: &Heard) -> (u64, Vec<(u64, String)>) {
    let body = heard.json();
    let of = |e: &serde_json::Value| (e["Code"].as_u64().unwrap(), e["Field"].as_str().unwrap().to_owned());
    (body["Code"].as_u64().unwrap(), body["ValidationErrors"].as_array().unwrap().iter().map(of).collect())
}

fn set(mut form: Vec<Part>, name: &'static str, value: &str) -> Vec<Part> {
    form.retain(|p| p.name != name);
    form.push(text(name, value));
    form
}

fn post(sandbox: &Sandbox, form: &[Part]) -> Heard {
    ask(sandbox, CorrigoPro, "POST", "/api/attachments").form(form).send()
}

#[test]
fn an_upload_is_answered_with_its_id_listed_and_in_the_ledger_with_its_bytes() {
    let sandbox = sandbox();
    let bytes = vec![7; 300_000];
    let heard = corrigo_upload(&sandbox, OPEN, "boiler-7f3a9c1e.jpg", &bytes).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    let id = heard.json()["AttachmentId"].as_str().unwrap().to_owned();
    assert!(id.len() <= 36);
    assert_eq!(heard.json()["MessageId"], "a5c7a3ca-5b1d-4701-817f-81f18b5d88f7");
    assert!(heard.json().as_object().unwrap().len() > 2, "unknown fields stand in every answer");

    let listed = corrigo_list(&sandbox, OPEN).send().json();
    assert_eq!(listed[0]["AttachmentId"], *id);
    assert_eq!(listed[0]["Name"], "boiler-7f3a9c1e.jpg");
    assert_eq!(listed[0]["Size"], 300_000);
    assert_eq!(listed[0]["MimeType"], "image/jpeg");
    assert_eq!(listed[0]["Subtype"], "Picture");

    let ledger = sandbox.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!((ledger[0].operation, ledger[0].by), (Operation::Upload, By::Client));
    assert_eq!(ledger[0].sha256, sha256(&bytes));
    assert_eq!(ledger[0].time, "2026-11-21T10:00:00Z");
    assert_eq!(ledger[0].request_id.as_deref(), Some("a5c7a3ca-5b1d-4701-817f-81f18b5d88f7"));
    assert_eq!(ledger[0].fields["MessageVisibility"], "CruOnly");
    assert_eq!(sandbox.file(CorrigoPro, OPEN, &id), Some(bytes));
}

#[test]
fn every_documented_rule_of_an_upload_is_checked() {
    let good = || corrigo_form(OPEN, "a.jpg", b"bytes");
    let without = |name: &str| good().into_iter().filter(|p| p.name != name).collect::<Vec<_>>();
    let long = |n: usize| "é".repeat(n);
    let cases: Vec<(&str, Vec<Part>, u64)> = vec![
        ("File", without("File"), 2101),
        ("WorkOrderId", without("WorkOrderId"), 2101),
        ("Name", without("Name"), 2101),
        ("MimeType", without("MimeType"), 2101),
        ("PerformedBy.Name", without("PerformedBy.Name"), 2101),
        ("MessageId", without("MessageId"), 2101),
        ("Name", set(good(), "Name", ""), 2101),
        ("MessageId", set(good(), "MessageId", &long(37)), 2102),
        ("PerformedBy.Name", set(good(), "PerformedBy.Name", &long(101)), 2102),
        ("WorkOrderId", set(good(), "WorkOrderId", "WO-1"), 2103),
        ("WorkOrderId", set(good(), "WorkOrderId", "2147483648"), 2103),
        ("DocumentType", set(good(), "DocumentType", "picture"), 2104),
        ("MessageVisibility", set(good(), "MessageVisibility", "Nobody"), 2104),
        ("Name", set(good(), "Name", "noextension"), 2105),
        ("Name", set(good(), "Name", ".jpg"), 2105),
        ("Name", set(good(), "Name", "stem."), 2105),
        ("Name", [good(), vec![text("Name", "b.jpg")]].concat(), 2107),
        ("File", [good(), vec![file("File", "b.jpg", b"x")]].concat(), 2107),
        ("WorkOrderId", [without("WorkOrderId"), vec![file("WorkOrderId", "x.txt", b"10234")]].concat(), 2108),
        ("File", set(good(), "File", "text"), 2108),
    ];
    let sandbox = sandbox();
    for (field, form, code) in cases {
        let heard = post(&sandbox, &form);
        assert_eq!(heard.status, Some(400), "{field} {code}: {heard:?}");
        assert_eq!(complaints(&heard), (2100, vec![(code, field.to_owned())]), "{heard:?}");
    }
    assert!(sandbox.ledger().is_empty());
    for form in
        [set(good(), "MessageId", &long(36)), set(good(), "PerformedBy.Name", &long(100)), without("DocumentType")]
    {
        assert_eq!(post(&sandbox, &form).status, Some(200));
    }
}

#[test]
fn an_upload_without_a_visibility_is_for_all() {
    let sandbox = sandbox();
    let form: Vec<Part> =
        corrigo_form(OPEN, "a.jpg", b"x").into_iter().filter(|p| p.name != "MessageVisibility").collect();
    assert_eq!(post(&sandbox, &form).status, Some(200));
    assert_eq!(sandbox.ledger()[0].fields["MessageVisibility"], "All");
}

#[test]
fn a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let sandbox = Sandbox::start(Options { corrigo_max_bytes: 1000, ..options() }).unwrap();
    let heard = corrigo_upload(&sandbox, OPEN, "a.jpg", &[0; 1001]).send();
    assert_eq!(complaints(&heard), (2100, vec![(2106, "File".to_owned())]));
    assert_eq!(corrigo_upload(&sandbox, OPEN, "a.jpg", &[0; 1000]).send().status, Some(200));
    assert_eq!(sandbox.ledger().len(), 1);
}

#[test]
fn twenty_megabytes_are_taken_whole() {
    let sandbox = sandbox();
    let bytes: Vec<u8> = (0..20_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
    assert_eq!(corrigo_upload(&sandbox, OPEN, "a.jpg", &bytes).send().status, Some(200));
    assert_eq!(sandbox.ledger()[0].sha256, sha256(&bytes));
    let heard = corrigo_upload(&sandbox, OPEN, "b.jpg", &vec![0; 20_971_521]).send();
    assert_eq!(complaints(&heard).1[0].0, 2106);
}

#[test]
fn the_state_of_a_work_order_decides_what_may_be_attached() {
    let sandbox = sandbox();
    sandbox.set_work_order(CorrigoPro, "555", WorkOrderState::Closed);
    let cases = [("10240", Some(3001)), ("10241", Some(3005)), ("424242", Some(3005)), ("555", None)];
    for (work_order, code) in cases {
        let heard = corrigo_upload(&sandbox, work_order, "a.jpg", b"x").send();
        match code {
            Some(code) => assert_eq!(complaints(&heard), (code, vec![]), "{work_order}"),
            None => assert_eq!(heard.status, Some(200), "{work_order}"),
        }
    }
    assert_eq!(corrigo_list(&sandbox, "10240").send().status, Some(200));
    assert_eq!(complaints(&corrigo_list(&sandbox, "424242").send()).0, 3005);
}

#[test]
fn what_is_no_form_is_refused_in_the_systems_own_shape() {
    let sandbox = sandbox();
    let json = ask(&sandbox, CorrigoPro, "POST", "/api/attachments").json(serde_json::json!({"Name": "a.jpg"})).send();
    assert_eq!(complaints(&json).0, 2100);
    let mut torn = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x");
    torn.body.truncate(torn.body.len() - 20);
    assert_eq!(complaints(&torn.send()).0, 2100);
    let problem = sandbox.requests().pop().unwrap().problem.unwrap();
    assert!(problem.contains("last boundary"), "{problem}");
    assert!(sandbox.ledger().is_empty());
    assert_eq!(std::fs::read_dir(sandbox.dir().join("spool")).unwrap().count(), 0, "refused bodies leave nothing");
}

#[test]
fn without_a_good_token_nothing_is_answered_but_401() {
    let sandbox = sandbox();
    for token in [None, Some("Bearer wrong"), Some("Basic Zm9v"), Some("Bearer ")] {
        let mut upload = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").without("Authorization");
        if let Some(token) = token {
            upload = upload.with("Authorization", token);
        }
        let heard = upload.send();
        assert_eq!((heard.status, heard.header("www-authenticate")), (Some(401), Some("Bearer")), "{token:?}");
    }
    let old = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x");
    let new = sandbox.rotate_token(CorrigoPro);
    assert_eq!(old.send().status, Some(401));
    assert_eq!(old.without("Authorization").with("Authorization", format!("bearer {new}")).send().status, Some(200));
}

#[test]
fn a_link_is_good_for_fifteen_minutes_and_without_credentials() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"the bytes").send().json()["AttachmentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/attachments/downloadUrl?AttachmentId={id}&WorkOrderId={OPEN}");
    let link = ask(&sandbox, CorrigoPro, "GET", &path).send();
    let url = link.json().as_str().unwrap().to_owned();
    let fetch = Ask::new("GET", &url);
    let heard = fetch.send();
    assert_eq!((heard.status, heard.text()), (Some(200), "the bytes".to_owned()));
    assert!(sandbox.leaks().is_empty());

    sandbox.clock().advance(Duration::from_secs(15 * 60 - 1));
    assert_eq!(fetch.send().status, Some(200));
    sandbox.clock().advance(Duration::from_secs(1));
    assert_eq!(fetch.send().status, Some(403));

    let log = serde_json::to_string(&sandbox.requests()).unwrap();
    let key = url.rsplit_once('/').unwrap().1;
    assert!(!log.contains(key) && log.contains("/links/corrigopro/[redacted]"), "{log}");
}

#[test]
fn credentials_that_go_where_they_must_not_are_written_down() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    let path = format!("/api/attachments/downloadUrl?AttachmentId={id}&WorkOrderId={OPEN}");
    let url = ask(&sandbox, CorrigoPro, "GET", &path).send().json().as_str().unwrap().to_owned();
    let token = sandbox.token(CorrigoPro);
    Ask::new("GET", &url).with("Authorization", format!("Bearer {token}")).send();
    Ask::new("GET", format!("{}/portal", sandbox.origin())).with("Authorization", format!("Bearer {token}")).send();
    let realty = fieldpost_sandbox::Provider::DigitalRealty;
    Ask::new("GET", format!("{}/v1/attachments/WO1", sandbox.url(realty)))
        .with("Authorization", format!("Bearer {token}"))
        .send();
    corrigo_list(&sandbox, &format!("1&access_token={token}")).send();
    let leaks: Vec<String> = sandbox.leaks().into_iter().map(|l| l.what).collect();
    assert_eq!(leaks.len(), 4, "{leaks:?}");
    let told = serde_json::to_string(&(sandbox.leaks(), sandbox.requests())).unwrap();
    assert!(!told.contains(&token), "{told}");
}

#[test]
fn a_link_and_a_listing_come_in_every_shape_that_the_page_leaves_open() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    let path = format!("/api/attachments/downloadUrl?AttachmentId={id}&WorkOrderId={OPEN}");
    let link = || ask(&sandbox, CorrigoPro, "GET", &path).send();
    sandbox.set_dialect(Dialect {
        corrigo_link: LinkShape::Plain,
        corrigo_list: ListShape::Wrapped,
        ..Dialect::default()
    });
    assert!(link().text().starts_with("http://127.0.0.1:"));
    let listing = corrigo_list(&sandbox, OPEN).send().json();
    let arrays: Vec<_> = listing.as_object().unwrap().values().filter_map(|v| v.as_array()).collect();
    assert_eq!(arrays.len(), 1);
    assert_eq!(arrays[0][0]["Name"], "a.jpg");
    sandbox.set_dialect(Dialect { corrigo_link: LinkShape::Object, ..Dialect::default() });
    let object = link().json();
    let urls = object.as_object().unwrap().values().filter(|v| v.as_str().is_some_and(|s| s.starts_with("http")));
    assert_eq!(urls.count(), 1);
}

fn update_form(id: &str) -> Vec<Part> {
    vec![text("WorkOrderId", OPEN), text("AttachmentId", id), text("Name", "new.jpg"), text("MessageId", "m-2")]
}

#[test]
fn an_update_renames_and_without_a_visibility_publishes() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    let put = |form: &[Part]| ask(&sandbox, CorrigoPro, "PUT", "/api/attachments").form(form).send();
    let heard = put(&set(update_form(&id), "MessageVisibility", "CruOnly"));
    assert_eq!((heard.status, &heard.json()["MessageId"]), (Some(200), &"m-2".into()));
    assert_eq!(sandbox.entries()[0].fields["MessageVisibility"], "CruOnly");
    assert_eq!(put(&update_form(&id)).status, Some(200));
    let entry = &sandbox.entries()[0];
    assert_eq!((entry.name.as_str(), entry.fields["MessageVisibility"].as_str()), ("new.jpg", "All"));
    assert_eq!(entry.fields["DocumentType"], "Picture", "what is not sent and has no default stays");
    for name in ["WorkOrderId", "AttachmentId", "Name", "MessageId"] {
        let form: Vec<Part> = update_form(&id).into_iter().filter(|p| p.name != name).collect();
        assert_eq!(complaints(&put(&form)), (2100, vec![(2101, name.to_owned())]));
    }
    assert_eq!(complaints(&put(&set(update_form(&id), "Name", "new"))).1[0].0, 2105);
    assert_eq!(complaints(&put(&update_form("nobody"))).0, 3003);
}

#[test]
fn a_deletion_takes_the_entry_and_keeps_the_record() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    let delete = |form: &[Part]| ask(&sandbox, CorrigoPro, "DELETE", "/api/attachments").form(form).send();
    let good = [text("WorkOrderId", OPEN), text("AttachmentId", &id), text("MessageId", "m-3")];
    assert_eq!(complaints(&delete(&good[..1])), (2100, vec![(2101, "AttachmentId".to_owned())]));
    assert_eq!(complaints(&delete(&good[1..])), (2100, vec![(2101, "WorkOrderId".to_owned())]));
    let heard = delete(&good);
    assert_eq!((heard.status, &heard.json()["MessageId"]), (Some(200), &"m-3".into()));
    assert_eq!(names(&corrigo_list(&sandbox, OPEN).send()), Vec::<String>::new());
    assert_eq!(complaints(&delete(&good)).0, 3003);
    assert_eq!(sandbox.ledger().last().unwrap().operation, Operation::Delete);
    assert_eq!(sandbox.file(CorrigoPro, OPEN, &id).as_deref(), Some(&b"x"[..]));
}

#[test]
fn an_update_may_come_url_encoded() {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, OPEN, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    let mut put =
        ask(&sandbox, CorrigoPro, "PUT", "/api/attachments").with("Content-Type", "application/x-www-form-urlencoded");
    put.body = format!("WorkOrderId={OPEN}&AttachmentId={id}&Name=b+%C3%A9.jpg&MessageId=m").into();
    assert_eq!(put.send().status, Some(200));
    assert_eq!(sandbox.entries()[0].name, "b é.jpg");
}

#[test]
fn a_path_or_method_that_is_not_documented_is_not_there() {
    let sandbox = sandbox();
    for (method, path) in [
        ("PATCH", "/api/attachments"),
        ("GET", "/api/attachment"),
        ("GET", "/api/attachments/"),
        ("POST", "/api/attachments/downloadUrl"),
    ] {
        assert_eq!(ask(&sandbox, CorrigoPro, method, path).send().status, Some(404), "{method} {path}");
    }
    assert_eq!(Ask::new("GET", format!("{}/nowhere", sandbox.origin())).send().status, Some(404));
}
