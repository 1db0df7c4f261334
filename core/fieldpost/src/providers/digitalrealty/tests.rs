use super::super::recognise::{Sighting, recognise};
use super::super::tests::{Asked, DRAFT, FILE, done, got, hashed, lost, to_digital_realty as snapshot};
use super::*;
use crate::model::{Action, Failure, Left};

/// The vendor's sample of an answer, with `hash` in its place.
fn added_with(hash: &str) -> String {
    format!(
        r#"{{
"id": "1dd5a60d8721b1d07dc5cbf6cebb3500",
"contentType": "multipart/form-data",
"filename": "img7871.pdf",
"hash": "{hash}",
"createdBy": "fsl_test17082023 Testing17082023",
"createdOn": "2023-09-26 12:29:09",
"ticketId": "WO9271561"
}}"#
    )
}

const SAMPLE_HASH: &str = "824977b89493f306f14de4b325b3aa0778689032f6c9c2487535cd6741757dd2";

fn id() -> RemoteId {
    RemoteId("1dd5a60d8721b1d07dc5cbf6cebb3500".into())
}

fn uploaded(answer: &Exchange) -> Step<Outcome> {
    let (_, _, at) = DigitalRealty.begin(&snapshot()).asked();
    DigitalRealty.resume(&snapshot(), &at, answer)
}

fn with_ids(method: Method, url: &str, body: Body, sink: Sink) -> Request {
    Request {
        method,
        url: url.parse().unwrap(),
        headers: vec![("Master-Account-Id".into(), "M-1".into()), ("Account-Id".into(), "A-2".into())],
        auth: Auth::Bearer,
        body,
        sink,
    }
}

#[test]
fn the_upload_is_the_request_of_the_vendors_page() {
    let (request, effect, _) = DigitalRealty.begin(&snapshot()).asked();
    assert_eq!(effect, Effect::Changes);
    let url = "https://api.digitalrealty.com/v1/attachments?requestId=WO9271561&file_name=boiler-7f3a9c1e.jpg";
    let content = Content::File { filename: "boiler-7f3a9c1e.jpg".into(), mime: "image/jpeg".into() };
    let body = Body::Multipart(vec![Part { name: "file", content }]);
    assert_eq!(request, with_ids(Method::Post, url, body, Sink::Memory));
}

#[test]
fn the_list_and_the_download_are_the_requests_of_the_vendors_page() {
    let (list, effect, at) = DigitalRealty.look(&[snapshot()]).asked();
    assert_eq!(effect, Effect::Reads);
    let url = "https://api.digitalrealty.com/v1/attachments/WO9271561";
    assert_eq!(list, with_ids(Method::Get, url, Body::Empty, Sink::Memory));
    let listed = r#"[{"id": "a b", "filename": "boiler-7f3a9c1e.jpg", "hash": "?"}]"#;
    let (download, effect, _) = DigitalRealty.resume_look(&[snapshot()], &at, &got(200, listed)).asked();
    assert_eq!(effect, Effect::Reads);
    let url = "https://api.digitalrealty.com/v1/attachments/WO9271561/file/a%20b";
    assert_eq!(download, with_ids(Method::Get, url, Body::Empty, Sink::Hash));
}

#[test]
fn foreign_text_stays_in_its_place_in_the_address() {
    let sent = Snapshot { work_order: "W/../O?x=1".into(), name: "a b&c=é.jpg".into(), ..snapshot() };
    let url = DigitalRealty.begin(&sent).asked().0.url;
    let query = "requestId=W%2F..%2FO%3Fx%3D1&file_name=a%20b%26c%3D%C3%A9.jpg";
    assert_eq!(url.as_str(), format!("https://api.digitalrealty.com/v1/attachments?{query}"));
    let url = DigitalRealty.look(&[sent]).asked().0.url;
    assert_eq!(url.as_str(), "https://api.digitalrealty.com/v1/attachments/W%2F..%2FO%3Fx=1");
}

#[test]
fn an_equal_hash_proves_the_upload_whatever_its_case_and_whatever_the_name() {
    let hash = snapshot().sha256.to_string();
    for hash in [hash.clone(), hash.to_uppercase(), format!(" {hash} ")] {
        assert_eq!(done(uploaded(&got(200, added_with(&hash)))), Outcome::Delivered(id()));
    }
}

#[test]
fn another_hash_is_settled_by_a_download_and_never_sent_again_unasked() {
    for hash in [SAMPLE_HASH, "", "md5", "824977b8"] {
        let (request, effect, at) = uploaded(&got(200, added_with(hash))).asked();
        assert_eq!((effect, request.sink), (Effect::Reads, Sink::Hash));
        assert!(request.url.path().ends_with("/WO9271561/file/1dd5a60d8721b1d07dc5cbf6cebb3500"));
        let end = |exchange: &Exchange| done(DigitalRealty.resume(&snapshot(), &at, exchange));
        assert_eq!(end(&hashed(FILE)), Outcome::Delivered(id()));
        assert_eq!(end(&got(200, FILE)), Outcome::Delivered(id()));
        for not_proved in [
            hashed(b"other"),
            got(200, "<html>log in</html>"),
            got(401, ""),
            got(404, ""),
            got(503, ""),
            lost(Failure::NoNetwork),
            lost(Failure::Stopped),
            Exchange { left: Left::None, result: Err(Failure::Refused) },
        ] {
            let Outcome::InDoubt(doubt) = end(&not_proved) else { panic!("{not_proved:?}") };
            assert_eq!(doubt.refusal.map(|why| why.reason), Some(Reason::HashMismatch), "{not_proved:?}");
        }
    }
}

#[test]
fn an_id_that_cannot_be_asked_for_is_a_doubt_that_a_person_ends() {
    let Outcome::InDoubt(doubt) = done(uploaded(&got(200, r#"{"id": ".."}"#))) else { panic!("no doubt") };
    assert_eq!(doubt.refusal.map(|why| (why.reason, why.action)), Some((Reason::HashMismatch, Action::Review)));
}

#[test]
fn an_answer_without_an_id_is_a_doubt() {
    for body in ["", "{}", "[]", r#"{"id": null}"#, r#"{"hash": "x"}"#, r#"{"id": "#] {
        let outcome = done(uploaded(&got(200, body)));
        assert!(matches!(outcome, Outcome::InDoubt(d) if d.refusal.is_none() && !d.host_ill), "{body}");
    }
}

#[test]
fn no_refusal_is_documented_so_a_4xx_is_a_doubt_that_blocks_once_absent() {
    let body = r#"{"message": "Ticket is closed", "code": 3001, "Code": 3001, "Message": "x"}"#;
    let Outcome::InDoubt(doubt) = done(uploaded(&got(400, body))) else { panic!("no doubt") };
    assert_eq!(doubt.refusal.and_then(|why| why.detail).as_deref(), Some("400: Ticket is closed"));
    assert_eq!(doubt.status, Some(400));
}

#[test]
fn what_the_system_is_known_to_refuse_is_found_offline() {
    let reason = |work_order: &str, name: &str| {
        let draft = Draft { work_order, name, bytes: Some(1 << 40), ..DRAFT };
        DigitalRealty.preflight(&draft).map(|why| why.reason)
    };
    assert_eq!(reason("WO9271561", "a.jpg"), None);
    assert_eq!(reason(&"é".repeat(20), &"é".repeat(100)), None);
    for bad in ["", " ", ".", "..", "WO\n1", &"1".repeat(21)] {
        assert_eq!(reason(bad, "a.jpg"), Some(Reason::WorkOrderNotValid), "{bad:?}");
    }
    for bad in [String::new(), "x".repeat(101)] {
        assert_eq!(reason("1", &bad), Some(Reason::NameNotAccepted), "{bad:?}");
    }
    let bad = Snapshot { work_order: "..".into(), ..snapshot() };
    assert!(matches!(done(DigitalRealty.begin(&bad)), Outcome::Blocked(w) if w.reason == Reason::WorkOrderNotValid));
}

#[test]
fn nothing_is_asked_without_the_two_ids_that_every_request_needs() {
    for (key, value) in [("master_account_id", None), ("account_id", None), ("account_id", Some("a\r\nX: 1"))] {
        let mut sent = snapshot();
        sent.settings.remove(key);
        sent.settings.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        assert!(matches!(done(DigitalRealty.begin(&sent)), Outcome::Blocked(w) if w.action == Action::AskOffice));
        assert!(matches!(done(DigitalRealty.look(&[sent])), Looked::CannotTell { status: None, .. }));
    }
}

#[test]
fn one_look_serves_only_doubts_of_the_same_customer() {
    let one = snapshot();
    let mut other = snapshot();
    other.name = "another-00c0ffee.jpg".into();
    assert!(DigitalRealty.same_list(&one, &other));
    other.settings.insert("account_id".into(), "A-3".into());
    assert!(!DigitalRealty.same_list(&one, &other));
    assert!(!DigitalRealty.same_list(&one, &Snapshot { work_order: "WO1".into(), ..snapshot() }));
}

fn look(list: &str, then: &[Exchange]) -> Looked {
    let doubts = [snapshot()];
    let (_, _, at) = DigitalRealty.look(&doubts).asked();
    let mut step = DigitalRealty.resume_look(&doubts, &at, &got(200, list));
    for exchange in then {
        let (_, _, at) = step.asked();
        step = DigitalRealty.resume_look(&doubts, &at, exchange);
    }
    done(step)
}

fn seen(list: &str, then: &[Exchange]) -> Sighting {
    match look(list, then) {
        Looked::Listed(listing) => recognise(&listing.entries, &snapshot(), &|_| false),
        other => panic!("{other:?}"),
    }
}

fn listed_as(name: &str, hash: &str) -> String {
    format!(r#"[{{"id": "b", "contentType": "multipart/form-data", "filename": "{name}", "hash": "{hash}"}}]"#)
}

#[test]
fn our_name_is_confirmed_by_the_hash_or_by_a_download() {
    let ours = Sighting::Ours { remote_id: RemoteId("b".into()), surplus: vec![] };
    let hash = snapshot().sha256.to_string().to_uppercase();
    assert_eq!(seen(&listed_as("Boiler-7F3A9C1E.JPG", &hash), &[]), ours);
    for other in [SAMPLE_HASH, "", "md5"] {
        let list = listed_as("boiler-7f3a9c1e.jpg", other);
        assert_eq!(seen(&list, &[hashed(FILE)]), ours);
        assert!(matches!(seen(&list, &[hashed(b"other")]), Sighting::Mismatch { confirmed: true, .. }));
        assert!(matches!(seen(&list, &[got(404, "")]), Sighting::Mismatch { confirmed: true, .. }));
        assert!(matches!(seen(&list, &[got(503, "")]), Sighting::Mismatch { confirmed: false, .. }));
        assert_eq!(look(&list, &[got(401, "")]), Looked::TokenWanted);
        assert_eq!(look(&list, &[lost(Failure::Stopped)]), Looked::Stopped);
    }
}

#[test]
fn our_bytes_under_another_name_are_a_review_and_never_absence() {
    let list = listed_as("img7871.pdf", &snapshot().sha256.to_string());
    assert_eq!(seen(&list, &[]), Sighting::Stranger { remote_id: RemoteId("b".into()) });
    assert_eq!(seen(&listed_as("img7871.pdf", SAMPLE_HASH), &[]), Sighting::Absent);
    assert_eq!(seen("[]", &[]), Sighting::Absent);
}

#[test]
fn a_list_is_an_array_of_entries_with_ids_or_it_tells_nothing() {
    for list in
        ["", "{}", r#"{"items": []}"#, "[1]", r#"[{"filename": "x"}]"#, r#"[{"id": "a", "filename": []}]"#, "[{"]
    {
        assert!(matches!(look(list, &[]), Looked::CannotTell { status: Some(200), .. }), "{list}");
    }
    let unnamed = look(r#"[{"id": "a"}]"#, &[]);
    assert!(matches!(unnamed, Looked::Listed(listing) if !listing.complete), "a file without a name may be ours");
}

#[test]
fn an_id_that_would_leave_its_path_is_not_asked_for() {
    let list = r#"[{"id": "..", "filename": "boiler-7f3a9c1e.jpg", "hash": "?"}]"#;
    assert!(matches!(seen(list, &[]), Sighting::Mismatch { confirmed: true, .. }));
}

#[test]
fn what_is_not_documented_is_never_sent() {
    for operation in [Operation::Update, Operation::Delete] {
        let sent = Snapshot { operation, about: Some(id()), ..snapshot() };
        assert!(matches!(done(DigitalRealty.begin(&sent)), Outcome::Blocked(why) if why.reason == Reason::Refused));
    }
    assert!(DigitalRealty.changes().is_empty());
}
