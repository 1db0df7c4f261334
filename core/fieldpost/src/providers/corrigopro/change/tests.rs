use super::super::CorrigoPro;
use super::*;
use crate::model::{Action, Bytes, Failure, Left};
use crate::providers::settings::check_changes;
use crate::providers::tests::{Asked, done, got, lost, snapshot};
use crate::providers::{Cursor, Provider};

/// An update of our own attachment.
fn ours() -> Snapshot {
    let about = Some(RemoteId("1eb17468-1272-4e2c-856f-1ce6c62ff094".into()));
    Snapshot { operation: Operation::Update, about, bytes: Bytes(0), ..snapshot() }
}

/// An update of an attachment of somebody else, which names it.
fn foreign(name: &str) -> Snapshot {
    Snapshot { name: name.into(), mime: String::new(), ..ours() }
}

fn deletion() -> Snapshot {
    Snapshot { operation: Operation::Delete, ..ours() }
}

fn set(mut sent: Snapshot, key: &str, value: &str) -> Snapshot {
    sent.settings.insert(key.into(), value.into());
    sent
}

/// The form as `Name=value`, in its order.
fn form(request: &Request) -> Vec<String> {
    let Body::Multipart(parts) = &request.body else { panic!("no form") };
    let shown = |part: &Part| match &part.content {
        Content::Text(text) => format!("{}={text}", part.name),
        other => panic!("{other:?}"),
    };
    parts.iter().map(shown).collect()
}

fn answered(sent: &Snapshot, status: u16, body: &str) -> Outcome {
    let (_, _, at) = CorrigoPro.begin(sent).asked();
    done(CorrigoPro.resume(sent, &at, &got(status, body)))
}

/// The body of the vendor's example of an answer.
const DONE: &str = r#"{
    "MessageId": "0f8fad5b-d9cb-469f-a165-70867728950e"
}"#;

/// A refusal as the vendor's page of errors shows it.
const REFUSED: &str = r#"{"Code": 3000, "Message": "No", "ValidationErrors": null, "MessageId": "m"}"#;

#[test]
fn an_update_is_the_form_of_the_vendors_page_in_its_order() {
    let (request, effect, _) = CorrigoPro.begin(&ours()).asked();
    assert_eq!((request.method, effect), (Method::Put, Effect::Changes));
    assert_eq!((request.url.as_str(), request.auth), ("https://direct.example/api/attachments", Auth::Bearer));
    let wanted = [
        "WorkOrderId=10234",
        "AttachmentId=1eb17468-1272-4e2c-856f-1ce6c62ff094",
        "Name=boiler-7f3a9c1e.jpg",
        "DocumentType=Picture",
        "MessageVisibility=All",
        "MessageId=a5a5a5a5-a5a5-45a5-a5a5-a5a5a5a5a5a5",
    ];
    assert_eq!(form(&request), wanted);
}

#[test]
fn a_deletion_is_the_form_of_the_vendors_page_and_says_which_attachment() {
    let (request, effect, _) = CorrigoPro.begin(&deletion()).asked();
    assert_eq!((request.method, effect), (Method::Delete, Effect::Changes));
    assert_eq!((request.url.as_str(), request.auth), ("https://direct.example/api/attachments", Auth::Bearer));
    let wanted = [
        "WorkOrderId=10234",
        "AttachmentId=1eb17468-1272-4e2c-856f-1ce6c62ff094",
        "MessageId=a5a5a5a5-a5a5-45a5-a5a5-a5a5a5a5a5a5",
    ];
    assert_eq!(form(&request), wanted);
}

#[test]
fn the_visibility_goes_along_whatever_is_changed() {
    let restricted = set(ours(), "visibility", "CruOnly");
    let (request, ..) = CorrigoPro.begin(&restricted).asked();
    assert!(form(&request).contains(&"MessageVisibility=CruOnly".to_owned()));
}

#[test]
fn the_type_of_an_attachment_that_is_not_ours_stays_unless_it_is_what_changes() {
    let of = |sent: &Snapshot| {
        let (request, ..) = CorrigoPro.begin(sent).asked();
        form(&request).into_iter().find(|part| part.starts_with("DocumentType="))
    };
    assert_eq!(of(&foreign("plan.pdf")), None);
    assert_eq!(of(&set(foreign("plan.pdf"), "document_type", "Misc")).as_deref(), Some("DocumentType=Misc"));
    assert_eq!(of(&set(ours(), "document_type", "Misc")).as_deref(), Some("DocumentType=Misc"));
}

#[test]
fn a_name_that_nobody_here_knows_is_read_before_anything_is_changed() {
    let sent = set(foreign(""), "visibility", "CruSubs");
    let (list, effect, at) = CorrigoPro.begin(&sent).asked();
    assert_eq!((list.method, effect), (Method::Get, Effect::Reads));
    assert_eq!(list.url.as_str(), "https://direct.example/api/attachments?WorkOrderId=10234");
    let about = &sent.about.as_ref().unwrap().0;
    let listed =
        format!(r#"[{{"AttachmentId": "x", "Name": "x.jpg"}}, {{"AttachmentId": "{about}", "Name": "plan"}}]"#);
    let (put, effect, at) = CorrigoPro.resume(&sent, &at, &got(200, listed)).asked();
    assert_eq!((put.method, effect), (Method::Put, Effect::Changes));
    let wanted = [
        "WorkOrderId=10234",
        "AttachmentId=1eb17468-1272-4e2c-856f-1ce6c62ff094",
        "Name=plan",
        "MessageVisibility=CruSubs",
        "MessageId=a5a5a5a5-a5a5-45a5-a5a5-a5a5a5a5a5a5",
    ];
    assert_eq!(form(&put), wanted, "the system's own name is the system's to judge");
    let outcome = done(CorrigoPro.resume(&sent, &at, &got(200, DONE)));
    assert_eq!(outcome, Outcome::Delivered(sent.about.clone().unwrap()));
}

#[test]
fn a_list_that_does_not_name_the_attachment_ends_the_update_with_what_would_help() {
    let sent = foreign("");
    let about = &sent.about.as_ref().unwrap().0;
    for (list, reason) in [
        ("[]".to_owned(), Reason::AttachmentMissing),
        (r#"[{"AttachmentId": "x", "Name": "x.jpg"}]"#.to_owned(), Reason::AttachmentMissing),
        (r#"{"HasMore": true, "Items": []}"#.to_owned(), Reason::NameNotAccepted),
        (format!(r#"[{{"AttachmentId": "{about}"}}]"#), Reason::NameNotAccepted),
        (format!(r#"[{{"AttachmentId": "{about}", "Name": ""}}]"#), Reason::NameNotAccepted),
    ] {
        let Outcome::Blocked(why) = answered(&sent, 200, &list) else { panic!("{list}") };
        assert_eq!(why.reason, reason, "{list}");
    }
}

#[test]
fn a_list_that_cannot_be_read_now_changes_nothing_and_is_no_doubt() {
    let sent = foreign("");
    let after = |exchange: &Exchange| {
        let (_, _, at) = CorrigoPro.begin(&sent).asked();
        done(CorrigoPro.resume(&sent, &at, exchange))
    };
    let waits = |exchange: &Exchange| match after(exchange) {
        Outcome::Wait(hold) => hold.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(waits(&got(503, "")), Reason::ServerBusy);
    assert_eq!(waits(&got(200, "[{")), Reason::ServerBusy);
    assert_eq!(waits(&got(302, "")), Reason::CaptivePortal);
    assert_eq!(waits(&lost(Failure::Broken)), Reason::Unreachable);
    assert_eq!(waits(&lost(Failure::AnswerTooLong)), Reason::ServerBusy);
    assert_eq!(after(&got(401, "")), Outcome::TokenWanted);
    assert_eq!(after(&lost(Failure::Stopped)), Outcome::Stopped);
    let blocks = |status, body: &str| match after(&got(status, body)) {
        Outcome::Blocked(why) => why.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(blocks(400, r#"{"Code": 3005, "Message": "no"}"#), Reason::WorkOrderMissing);
    assert_eq!(
        blocks(400, r#"{"Code": 3003, "Message": "no"}"#),
        Reason::WorkOrderMissing,
        "what was asked for is its list"
    );
    assert_eq!(blocks(403, "{}"), Reason::Forbidden);
    assert_eq!(blocks(404, ""), Reason::Refused);
}

#[test]
fn the_message_id_is_the_proof_whoever_spelled_it() {
    for sent in [ours(), deletion()] {
        let done = Outcome::Delivered(sent.about.clone().unwrap());
        assert_eq!(answered(&sent, 200, DONE), done);
        assert_eq!(answered(&sent, 202, r#"{"messageid": 17, "more": null}"#), done);
        for other in
            ["", "{}", "[]", "null", r#"{"AttachmentId": "a"}"#, r#"{"MessageId": ""}"#, r#"{"MessageId": "#, REFUSED]
        {
            assert!(matches!(answered(&sent, 200, other), Outcome::InDoubt(d) if d.refusal.is_none()), "{other}");
        }
    }
}

#[test]
fn an_answer_that_came_before_all_had_left_is_no_proof() {
    let (_, _, at) = CorrigoPro.begin(&ours()).asked();
    let early = Exchange { left: Left::Part, ..got(200, DONE) };
    assert!(matches!(done(CorrigoPro.resume(&ours(), &at, &early)), Outcome::InDoubt(_)));
}

#[test]
fn a_documented_refusal_of_a_change_blocks_with_the_reason_of_its_code() {
    use Action::{AskOffice, Repair, Review};
    for sent in [ours(), deletion()] {
        for (status, code, reason, action) in [
            (400, 2100, Reason::Refused, Repair),
            (400, 3000, Reason::Refused, Review), // "You cannot modify the added attachment"
            (409, 3001, Reason::WorkOrderClosed, AskOffice),
            (404, 3003, Reason::AttachmentMissing, Review),
            (400, 3003, Reason::AttachmentMissing, Review),
            (400, 3005, Reason::WorkOrderMissing, Repair),
            (403, 4000, Reason::Forbidden, AskOffice),
        ] {
            let body = format!(r#"{{"MessageId": "m", "Code": {code}, "Message": "No"}}"#);
            let Outcome::Blocked(why) = answered(&sent, status, &body) else { panic!("{code} does not block") };
            assert_eq!((why.reason, why.action), (reason, action), "{code}");
        }
    }
}

#[test]
fn what_cannot_be_asked_for_blocks_before_anything_is_sent() {
    let reason = |sent: Snapshot| match CorrigoPro.begin(&sent) {
        Step::Done(Outcome::Blocked(why)) => why.reason,
        other => panic!("{other:?}"),
    };
    for sent in [ours(), foreign(""), deletion()] {
        assert_eq!(reason(Snapshot { about: None, ..sent.clone() }), Reason::AttachmentMissing);
        assert_eq!(reason(Snapshot { work_order: "WO-1".into(), ..sent.clone() }), Reason::WorkOrderNotValid);
        assert_eq!(reason(Snapshot { base_url: "no address".into(), ..sent }), Reason::Unreachable);
    }
    assert_eq!(reason(foreign("plan")), Reason::NameNotAccepted);
    assert!(matches!(CorrigoPro.begin(&Snapshot { name: "boiler".into(), ..deletion() }), Step::Ask { .. }));
    let nobody = Snapshot { settings: Default::default(), ..ours() };
    assert!(matches!(CorrigoPro.begin(&nobody), Step::Ask { .. }), "neither form asks who does it");
}

#[test]
fn an_update_changes_the_name_the_visibility_and_the_type_and_nothing_else() {
    let check = |key: &str, value: &str| {
        check_changes(crate::model::ProviderKind::CorrigoPro, &[(key.to_owned(), value.to_owned())].into())
    };
    for (key, value) in [("name", "after repair.jpg"), ("visibility", "None"), ("document_type", "Misc")] {
        assert_eq!(check(key, value), Ok(()), "{key}");
    }
    for (key, value) in [
        ("name", ""),
        ("name", "boiler"),
        ("name", ".jpg"),
        ("name", "a\r\nb.jpg"),
        ("name", &format!("{}.jpg", "x".repeat(252))),
        ("visibility", "all"),
        ("document_type", "Photo"),
        ("performed_by", "Jo"),
        ("work_order", "1"),
    ] {
        assert!(check(key, value).is_err(), "{key} {value}");
    }
    let other = crate::model::ProviderKind::DigitalRealty;
    assert!(check_changes(other, &[("name".to_owned(), "a.jpg".to_owned())].into()).is_err());
}

#[test]
fn a_place_of_an_upload_or_a_look_is_a_doubt_that_the_engine_does_again() {
    for place in ["\"list\"", "null", "\"gone\""] {
        let at = Cursor(serde_json::from_str(place).unwrap());
        assert!(matches!(done(CorrigoPro.resume(&ours(), &at, &got(200, DONE))), Outcome::InDoubt(_)), "{place}");
    }
}
