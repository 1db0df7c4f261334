//! Updates and deletions go wrong in every way that uploads do, and the ledger tells what was accepted.

use std::time::Duration;

use fieldpost_sandbox::Provider::CorrigoPro;
use fieldpost_sandbox::{By, Fault, LedgerEntry, Moment, Operation, RetryAfter, Rule, Sandbox};

use crate::client::*;
use crate::sandbox;

const JOB: &str = "10234";

/// A sandbox with one attachment, and its id.
fn with_one() -> (Sandbox, String) {
    let sandbox = sandbox();
    let id = corrigo_upload(&sandbox, JOB, "a.jpg", b"x").send().json()["AttachmentId"].as_str().unwrap().to_owned();
    (sandbox, id)
}

fn update(sandbox: &Sandbox, id: &str, name: &str, message: &str) -> Ask {
    let form = [
        text("WorkOrderId", JOB),
        text("AttachmentId", id),
        text("Name", name),
        text("MessageVisibility", "CruOnly"),
        text("MessageId", message),
    ];
    ask(sandbox, CorrigoPro, "PUT", "/api/attachments").form(&form)
}

fn delete(sandbox: &Sandbox, id: &str, message: &str) -> Ask {
    let form = [text("WorkOrderId", JOB), text("AttachmentId", id), text("MessageId", message)];
    ask(sandbox, CorrigoPro, "DELETE", "/api/attachments").form(&form)
}

/// Either change of a new attachment each.
fn changes() -> [(Operation, Sandbox, Ask); 2] {
    let ((one, a), (other, b)) = (with_one(), with_one());
    let (put, gone) = (update(&one, &a, "b.jpg", "m-2"), delete(&other, &b, "m-3"));
    [(Operation::Update, one, put), (Operation::Delete, other, gone)]
}

/// The ledger's lines of `operation`.
fn accepted(sandbox: &Sandbox, operation: Operation) -> Vec<LedgerEntry> {
    sandbox.ledger().into_iter().filter(|line| line.operation == operation).collect()
}

#[test]
fn the_ledger_tells_each_accepted_change_with_its_message_id() {
    for (operation, sandbox, ask) in changes() {
        let before = sandbox.entries()[0].clone();
        assert_eq!(ask.send().status, Some(200));
        let [line] = accepted(&sandbox, operation).try_into().unwrap();
        let (message, name) = if operation == Operation::Update { ("m-2", "b.jpg") } else { ("m-3", "a.jpg") };
        assert_eq!((line.request_id.as_deref(), line.name.as_str(), line.by), (Some(message), name, By::Client));
        assert_eq!((line.remote_id, line.work_order, line.sha256), (before.remote_id, JOB.into(), sha256(b"x")));
        assert!(line.request > 0 && line.connection > 0);
    }
}

#[test]
fn the_same_message_twice_is_two_lines_of_an_update_and_an_error_of_a_deletion() {
    for (operation, sandbox, ask) in changes() {
        assert_eq!(ask.send().status, Some(200));
        let again = ask.send();
        let lines = accepted(&sandbox, operation);
        if operation == Operation::Update {
            assert_eq!(again.status, Some(200));
            let [first, second] = <[LedgerEntry; 2]>::try_from(lines).unwrap();
            assert_eq!(first.request_id, second.request_id);
            assert_ne!(first.request, second.request);
        } else {
            assert_eq!((again.status, &again.json()["Code"]), (Some(400), &3003.into()));
            assert_eq!((lines.len(), again.json()["MessageId"].as_str()), (1, Some("m-3")));
        }
    }
}

#[test]
fn every_fault_before_a_change_is_processed_leaves_all_as_it_was() {
    let early = Fault::Status { status: 502, when: Moment::Early, headers: vec![], body: String::new() };
    for (fault, status) in [
        (Fault::DropBeforeBody, None),
        (Fault::DropInBody { after_bytes: None }, None),
        (Fault::DropAfterBody, None),
        (early, Some(502)),
        (Fault::status_before(503), Some(503)),
        (Fault::TooManyRequests { retry_after: RetryAfter::Seconds(7) }, Some(429)),
        (Fault::Unauthorized { until_token_changes: false }, Some(401)),
        (Fault::CaptivePortal { redirect: false }, Some(200)),
        (Fault::CaptivePortal { redirect: true }, Some(302)),
    ] {
        for (operation, sandbox, ask) in changes() {
            let before = sandbox.entries();
            sandbox.fault(Rule::new(fault.clone()).on(CorrigoPro).operation(operation));
            assert_eq!(ask.send().status, status, "{operation:?} {fault:?}");
            assert_eq!(sandbox.entries(), before, "{operation:?} {fault:?}");
            assert!(accepted(&sandbox, operation).is_empty(), "{operation:?} {fault:?}");
            assert_eq!(ask.send().status, Some(200), "once means once");
        }
    }
}

#[test]
fn every_fault_of_an_answer_to_a_change_comes_after_it_was_processed() {
    for (fault, status) in [
        (Fault::LoseAnswer, None),
        (Fault::status_after(500), Some(500)),
        (Fault::HalfAnswer, Some(200)),
        (Fault::TruncateAnswer { keep_bytes: Some(3) }, Some(200)),
    ] {
        for (operation, sandbox, ask) in changes() {
            sandbox.fault(Rule::new(fault.clone()).on(CorrigoPro).operation(operation));
            let heard = ask.send();
            assert_eq!(heard.status, status, "{operation:?} {fault:?}");
            assert!(serde_json::from_slice::<serde_json::Value>(&heard.body).is_err(), "no proof is left: {heard:?}");
            assert_eq!(accepted(&sandbox, operation).len(), 1, "{operation:?} {fault:?}");
        }
    }
}

#[test]
fn a_change_that_is_accepted_late_is_nothing_now_and_done_later() {
    let after = Duration::from_secs(15);
    for status in [None, Some(504)] {
        for (operation, sandbox, ask) in changes() {
            sandbox.fault(Rule::new(Fault::AcceptLate { after, status }).operation(operation));
            assert_eq!(ask.send().status, status);
            assert_eq!((accepted(&sandbox, operation).len(), sandbox.state().pending), (0, 1));
            sandbox.clock().advance(after);
            assert_eq!((sandbox.state().pending, accepted(&sandbox, operation).len()), (0, 1));
        }
    }
}

#[test]
fn a_change_that_is_accepted_late_after_the_attachment_went_changes_nothing() {
    for (operation, sandbox, ask) in changes() {
        let after = Duration::from_secs(15);
        sandbox.fault(Rule::new(Fault::AcceptLate { after, status: None }).operation(operation));
        ask.send();
        let id = sandbox.entries()[0].remote_id.clone();
        assert!(sandbox.office_delete(CorrigoPro, JOB, &id).unwrap());
        sandbox.clock().advance(after);
        assert_eq!((sandbox.state().pending, sandbox.entries().len()), (0, 0));
        let by_client = accepted(&sandbox, operation).into_iter().filter(|line| line.by == By::Client).count();
        assert_eq!(by_client, 0);
    }
}

#[test]
fn a_fault_of_a_change_for_one_work_order_finds_it_in_the_body() {
    for (operation, sandbox, ask) in changes() {
        let elsewhere = sandbox.fault(Rule::new(Fault::DropAfterBody).operation(operation).work_order("10235"));
        assert_eq!(ask.send().status, Some(200));
        let here = sandbox.fault(Rule::new(Fault::DropAfterBody).operation(operation).work_order(JOB));
        assert_eq!(ask.send().status, None);
        assert_eq!((sandbox.hits(elsewhere), sandbox.hits(here)), (0, 1));
    }
}

#[test]
fn what_is_gone_is_told_from_a_work_order_that_is_gone() {
    for (_, sandbox, ask) in changes() {
        let id = sandbox.entries()[0].remote_id.clone();
        assert!(sandbox.office_delete(CorrigoPro, JOB, &id).unwrap());
        let heard = ask.send();
        assert_eq!((heard.status, &heard.json()["Code"]), (Some(400), &3003.into()));
        sandbox.set_work_order(CorrigoPro, JOB, None);
        let heard = ask.send();
        assert_eq!((heard.status, &heard.json()["Code"]), (Some(400), &3005.into()));
    }
}
