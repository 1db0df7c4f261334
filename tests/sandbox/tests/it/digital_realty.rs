use fieldpost_sandbox::Provider::DigitalRealty;
use fieldpost_sandbox::WorkOrderState;

use crate::client::*;
use crate::sandbox;

const OPEN: &str = "WO9271561";

#[test]
fn an_upload_is_answered_in_the_documented_fields_and_listed_without_its_ticket() {
    let sandbox = sandbox();
    let bytes = vec![9; 100_000];
    let heard = realty_upload(&sandbox, OPEN, "img-7f3a9c1e.jpg", &bytes).send();
    assert_eq!(heard.status, Some(201), "{heard:?}");
    let answer = heard.json();
    assert_eq!(answer["filename"], "img-7f3a9c1e.jpg");
    assert_eq!(answer["hash"], sha256(&bytes));
    assert_eq!(answer["contentType"], "multipart/form-data");
    assert_eq!(answer["createdOn"], "2026-11-21 10:00:00");
    assert_eq!(answer["ticketId"], OPEN);
    assert!(answer["id"].as_str().unwrap().len() <= 32);
    assert!(answer["createdBy"].as_str().unwrap().len() <= 40);

    let listed = realty_list(&sandbox, OPEN).send().json();
    assert_eq!((&listed[0]["id"], &listed[0]["hash"]), (&answer["id"], &answer["hash"]));
    assert!(listed[0].get("ticketId").is_none());
    assert_eq!(sandbox.uploads(DigitalRealty, OPEN).len(), 1);

    let path = format!("/v1/attachments/{OPEN}/file/{}", answer["id"].as_str().unwrap());
    let file = ask(&sandbox, DigitalRealty, "GET", &path).send();
    assert_eq!((file.status, file.body), (Some(200), bytes));
}

#[test]
fn every_documented_rule_of_an_upload_is_checked() {
    let sandbox = sandbox();
    let post = |query: &str, parts: &[Part]| {
        ask(&sandbox, DigitalRealty, "POST", &format!("/v1/attachments?{query}")).form(parts).send()
    };
    let good = [file("file", "a.jpg", b"x")];
    let long_name = "a".repeat(101);
    let cases = [
        ("file_name=a.jpg".to_owned(), &good[..]),
        (format!("requestId={OPEN}"), &good[..]),
        ("requestId=&file_name=a.jpg".to_owned(), &good[..]),
        (format!("requestId={}&file_name=a.jpg", "W".repeat(21)), &good[..]),
        (format!("requestId={OPEN}&file_name={long_name}"), &good[..]),
        (format!("requestId={OPEN}&requestId={OPEN}&file_name=a.jpg"), &good[..]),
        (format!("requestId={OPEN}&file_name=a.jpg"), &[]),
    ];
    for (query, parts) in cases {
        let heard = post(&query, parts);
        assert_eq!(heard.status, Some(400), "{query}: {heard:?}");
        assert!(heard.json()["message"].is_string());
    }
    let other = [file("attachment", "a.jpg", b"x")];
    let two = [good[0].clone(), good[0].clone()];
    for parts in [&other[..], &two[..]] {
        assert_eq!(post(&format!("requestId={OPEN}&file_name=a.jpg"), parts).status, Some(400));
    }
    assert!(sandbox.ledger().is_empty());
    assert_eq!(post(&format!("requestId={OPEN}&file_name={}", &long_name[1..]), &good).status, Some(201));
}

#[test]
fn the_sample_of_the_page_whose_file_has_no_name_is_taken() {
    let sandbox = sandbox();
    let upload =
        ask(&sandbox, DigitalRealty, "POST", &format!("/v1/attachments?requestId={OPEN}&file_name=report.pdf"));
    assert_eq!(upload.form(&[text("file", "report.pdf")]).send().status, Some(201));
}

#[test]
fn every_call_wants_all_three_headers() {
    let sandbox = sandbox();
    for ask in [realty_upload(&sandbox, OPEN, "a.jpg", b"x"), realty_list(&sandbox, OPEN)] {
        for (name, status) in [("Authorization", 401), ("Master-Account-Id", 400), ("Account-Id", 400)] {
            assert_eq!(ask.clone().without(name).send().status, Some(status), "{name}");
            assert_eq!(ask.clone().with(name, "twice").send().status, Some(status), "{name} twice");
        }
        let other = ask.without("Account-Id").with("Account-Id", "another");
        assert_eq!(other.send().status, Some(403));
    }
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn closed_and_cancelled_requests_take_nothing_and_still_list() {
    let sandbox = sandbox();
    sandbox.set_work_order(DigitalRealty, "WO1", WorkOrderState::Rejected);
    for (ticket, status) in [("WO9271570", 400), ("WO9271571", 400), ("NONE", 404), ("WO1", 201)] {
        assert_eq!(realty_upload(&sandbox, ticket, "a.jpg", b"x").send().status, Some(status), "{ticket}");
    }
    assert_eq!(realty_list(&sandbox, "WO9271570").send().json(), serde_json::json!([]));
    assert_eq!(realty_list(&sandbox, "NONE").send().status, Some(404));
    sandbox.set_work_order(DigitalRealty, "WO1", None);
    assert_eq!(realty_list(&sandbox, "WO1").send().status, Some(404));
}

#[test]
fn a_ticket_in_the_path_is_decoded() {
    let sandbox = sandbox();
    sandbox.set_work_order(DigitalRealty, "WO 1/ü", WorkOrderState::Open);
    let upload = realty_upload(&sandbox, "WO%201%2F%C3%BC", "a%20b.jpg", b"x");
    assert_eq!(upload.send().status, Some(201));
    assert_eq!(names(&realty_list(&sandbox, "WO%201%2F%C3%BC").send()), ["a b.jpg"]);
}
