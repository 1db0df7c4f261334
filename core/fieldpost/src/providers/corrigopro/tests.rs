use super::super::provider;
use super::super::recognise::{Sighting, recognise};
use super::super::tests::{Asked, DRAFT, FILE, done, got, hashed, lost, snapshot};
use super::*;
use crate::model::{AnswerBody, Failure, ProviderKind, Reason};

fn field(name: &'static str, value: &str) -> Part {
    Part { name, content: Content::Text(value.into()) }
}

/// The body of the vendor's example of an answer.
const ADDED: &str = r#"{
    "AttachmentId": "1eb17468-1272-4e2c-856f-1ce6c62ff094",
    "MessageId": "a5c7a3ca-5b1d-4701-817f-81f18b5d88f7"
}"#;

fn answered(status: u16, body: &str) -> Outcome {
    let (_, _, at) = CorrigoPro.begin(&snapshot()).asked();
    done(CorrigoPro.resume(&snapshot(), &at, &got(status, body)))
}

#[test]
fn the_upload_is_the_form_of_the_vendors_page_in_its_order() {
    let (request, effect, _) = CorrigoPro.begin(&snapshot()).asked();
    assert_eq!(effect, Effect::Changes);
    let file = Content::File { filename: "boiler-7f3a9c1e.jpg".into(), mime: "image/jpeg".into() };
    let wanted = Request {
        method: Method::Post,
        url: "https://direct.example/api/attachments".parse().unwrap(),
        headers: vec![],
        auth: Auth::Bearer,
        body: Body::Multipart(vec![
            Part { name: "File", content: file },
            field("WorkOrderId", "10234"),
            field("Name", "boiler-7f3a9c1e.jpg"),
            field("DocumentType", "Picture"),
            field("MimeType", "image/jpeg"),
            field("PerformedBy.Name", "Jo Field"),
            field("MessageId", "a5a5a5a5-a5a5-45a5-a5a5-a5a5a5a5a5a5"),
        ]),
        sink: Sink::Memory,
    };
    assert_eq!(request, wanted);
}

#[test]
fn what_is_set_goes_along_in_its_place() {
    let mut sent = snapshot();
    for (key, value) in
        [("performed_by_phone", "+1 555 0100"), ("visibility", "CruOnly"), ("document_type", "InvoicePrintout")]
    {
        sent.settings.insert(key.into(), value.into());
    }
    let (request, ..) = CorrigoPro.begin(&sent).asked();
    let Body::Multipart(parts) = request.body else { panic!("no form") };
    let names: Vec<_> = parts.iter().map(|part| part.name).collect();
    assert_eq!(
        names,
        [
            "File",
            "WorkOrderId",
            "Name",
            "DocumentType",
            "MessageVisibility",
            "MimeType",
            "PerformedBy.Name",
            "PerformedBy.Phone",
            "MessageId",
        ]
    );
    assert_eq!(parts[3], field("DocumentType", "InvoicePrintout"));
    assert_eq!(parts[4], field("MessageVisibility", "CruOnly"));
    assert_eq!(parts[7], field("PerformedBy.Phone", "+1 555 0100"));
}

#[test]
fn the_kind_decides_the_document_type() {
    for (kind, wanted) in [
        (Kind::Photo, "Picture"),
        (Kind::Signature, "Signature"),
        (Kind::Document, "Document"),
        (Kind::Text, "Document"),
    ] {
        assert_eq!(document_type(&Snapshot { kind, ..snapshot() }), wanted);
    }
}

#[test]
fn the_list_and_the_link_are_asked_for_by_id() {
    let (list, effect, at) = CorrigoPro.look(&[snapshot()]).asked();
    assert_eq!(effect, Effect::Reads);
    let plain = |url: &str, auth, sink| Request {
        method: Method::Get,
        url: url.parse().unwrap(),
        headers: vec![],
        auth,
        body: Body::Empty,
        sink,
    };
    let at_list = "https://direct.example/api/attachments?WorkOrderId=10234";
    assert_eq!(list, plain(at_list, Auth::Bearer, Sink::Memory));
    let listed = r#"[{"AttachmentId": "a/b&c", "Name": "boiler-7f3a9c1e.jpg", "Size": 3}]"#;
    let (link, effect, at) = CorrigoPro.resume_look(&[snapshot()], &at, &got(200, listed)).asked();
    assert_eq!(effect, Effect::Reads);
    let at_link = "https://direct.example/api/attachments/downloadUrl?AttachmentId=a%2Fb%26c&WorkOrderId=10234";
    assert_eq!(link, plain(at_link, Auth::Bearer, Sink::Memory));
    let answer = got(200, "\"https://files.example/f?sig=s3cret\"");
    let (file, effect, at) = CorrigoPro.resume_look(&[snapshot()], &at, &answer).asked();
    assert_eq!(effect, Effect::Reads);
    assert_eq!(file, plain("https://files.example/f?sig=s3cret", Auth::None, Sink::Hash));
    assert!(!at.0.to_string().contains("s3cret"), "a cursor may be stored");
}

#[test]
fn the_attachment_id_is_the_proof() {
    let id = RemoteId("1eb17468-1272-4e2c-856f-1ce6c62ff094".into());
    assert_eq!(answered(200, ADDED), Outcome::Delivered(id));
    assert_eq!(answered(201, r#"{"attachmentId": 17}"#), Outcome::Delivered(RemoteId("17".into())));
    for other in ["", "{}", "[]", "null", r#"{"MessageId": "m"}"#, r#"{"AttachmentId": ""}"#, r#"{"AttachmentId": "#] {
        assert!(matches!(answered(200, other), Outcome::InDoubt(_)), "{other}");
    }
}

#[test]
fn a_documented_refusal_blocks_with_the_reason_of_its_code() {
    use Action::{AskOffice, Repair, Review};
    for (status, code, reason, action) in [
        (400, 2100, Reason::Refused, Repair),
        (400, 2104, Reason::Refused, Repair),
        (400, 3000, Reason::Refused, Review),
        (409, 3001, Reason::WorkOrderClosed, AskOffice),
        (404, 3003, Reason::WorkOrderMissing, Repair),
        (400, 3005, Reason::WorkOrderMissing, Repair),
        (403, 4000, Reason::Forbidden, AskOffice),
        (400, 4000, Reason::Refused, Review),
    ] {
        let body = format!(r#"{{"MessageId": "m", "Code": {code}, "Message": "Not\nnow", "ValidationErrors": null}}"#);
        let Outcome::Blocked(why) = answered(status, &body) else { panic!("{code} does not block") };
        assert_eq!((why.reason, why.action), (reason, action), "{code}");
        assert_eq!(why.detail, Some(format!("{code}: Not now")));
    }
}

#[test]
fn a_refused_form_says_which_field() {
    let body = r#"{"Code": 2100, "Message": "Validation failed",
        "ValidationErrors": [{"Code": 2101, "Message": "Name is too long"}]}"#;
    let Outcome::Blocked(why) = answered(400, body) else { panic!("it does not block") };
    assert_eq!(why.detail.as_deref(), Some("2100: Validation failed Name is too long"));
}

#[test]
fn what_only_looks_like_a_refusal_is_a_doubt() {
    for body in [r#"{"Code": 3001}"#, r#"{"Code": 7, "Message": "x"}"#, r#"{"Message": "x"}"#, r#"[{"Code": 3001}]"#] {
        assert!(matches!(answered(400, body), Outcome::InDoubt(d) if d.refusal.is_some()), "{body}");
    }
    let whole = r#"{"Code": 3001, "Message": "closed"}"#;
    assert!(matches!(answered(500, whole), Outcome::InDoubt(d) if d.refusal.is_none() && d.host_ill));
    assert!(matches!(answered(200, whole), Outcome::InDoubt(_)));
}

#[test]
fn what_the_system_is_known_to_refuse_is_found_offline() {
    let reason = |work_order: &str, name: &str, bytes| {
        let draft = Draft { work_order, name, bytes, ..DRAFT };
        CorrigoPro.preflight(&draft).map(|why| why.reason)
    };
    assert_eq!(reason("10234", "a.jpg", None), None);
    assert_eq!(reason("10234", "a.jpg", Some(20_971_520)), None);
    assert_eq!(reason("10234", "a.jpg", Some(20_971_521)), Some(Reason::TooLarge));
    for bad in ["", "0", "-1", "+1", "1.5", "WO-1", " 1", "१२", "1/..", "99999999999999999999"] {
        assert_eq!(reason(bad, "a.jpg", None), Some(Reason::WorkOrderNotValid), "{bad}");
    }
    for bad in ["", "a", "a.", ".jpg"] {
        assert_eq!(reason("1", bad, None), Some(Reason::NameNotAccepted), "{bad}");
    }
    let bad = Snapshot { work_order: "WO-1".into(), ..snapshot() };
    assert!(matches!(done(CorrigoPro.begin(&bad)), Outcome::Blocked(w) if w.reason == Reason::WorkOrderNotValid));
    let nobody = Snapshot { settings: Default::default(), ..snapshot() };
    assert!(matches!(done(CorrigoPro.begin(&nobody)), Outcome::Blocked(w) if w.action == Action::AskOffice));
}

/// A look at `list`, its further exchanges answered in turn.
fn look(list: &str, then: &[Exchange]) -> Looked {
    let doubts = [snapshot()];
    let system = provider(ProviderKind::CorrigoPro);
    let (_, _, at) = system.look(&doubts).asked();
    let mut step = system.resume_look(&doubts, &at, &got(200, list));
    for exchange in then {
        let (_, _, at) = step.asked();
        step = system.resume_look(&doubts, &at, exchange);
    }
    done(step)
}

fn listed(looked: Looked) -> Listing {
    match looked {
        Looked::Listed(listing) => listing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_is_an_array_or_an_object_with_one_in_it() {
    let one = r#"{"Size": "20", "Name": "boiler-7f3a9c1e.jpg", "Subtype": {}, "AttachmentId": 17}"#;
    for (list, entries, complete) in [
        ("[]".to_owned(), 0, true),
        (format!("[{one}]"), 1, true),
        (format!("\u{feff} [{one},{one}]"), 2, true),
        (format!(r#"{{"Attachments": [{one}]}}"#), 1, true),
        (format!(r#"{{"Total": 1, "Items": [{one}], "NextPage": null, "HasMore": false}}"#), 1, true),
        (format!(r#"{{"Total": 2, "Items": [{one}]}}"#), 1, false),
        (format!(r#"{{"HasMore": true, "Items": [{one}]}}"#), 1, false),
        (format!(r#"{{"nextLink": "https://h/2", "Items": [{one}]}}"#), 1, false),
        (r#"[{"AttachmentId": "x"}]"#.to_owned(), 1, false),
    ] {
        let listing = listed(look(&list, &[]));
        assert_eq!((listing.entries.len(), listing.complete), (entries, complete), "{list}");
    }
    let listing = listed(look(&format!("[{one}]"), &[]));
    let seen = recognise(&listing.entries, &snapshot(), &|_| false);
    assert_eq!(seen, Sighting::Ours { remote_id: RemoteId("17".into()), surplus: vec![] });
}

#[test]
fn a_list_that_cannot_be_read_whole_tells_nothing() {
    let good = r#"{"AttachmentId": "a", "Name": "x.jpg"}"#;
    for list in [
        "",
        "null",
        "{}",
        "\"\"",
        "[",
        "[1]",
        r#"{"A": [], "B": []}"#,
        &format!(r#"[{good}, {{"Name": "boiler-7f3a9c1e.jpg"}}]"#),
        &format!(r#"[{good}, {{"AttachmentId": null, "Name": "y.jpg"}}]"#),
        &format!(r#"[{good}, {{"AttachmentId": "b", "Name": 5}}]"#),
        &format!("[{good}, null]"),
        &format!("[{good}"),
    ] {
        assert!(matches!(look(list, &[]), Looked::CannotTell { status: Some(200), .. }), "{list}");
    }
}

const OTHER_SIZE: &str = r#"[{"AttachmentId": "a", "Name": "Boiler-7F3A9C1E.jpg", "Size": 3}]"#;

#[test]
fn another_size_under_our_name_is_settled_by_a_download() {
    let link = got(200, "https://files.example/f");
    let seen = |then: &[Exchange]| {
        let listing = listed(look(OTHER_SIZE, then));
        assert!(listing.complete);
        recognise(&listing.entries, &snapshot(), &|_| false)
    };
    assert!(matches!(seen(&[link.clone(), hashed(FILE)]), Sighting::Ours { .. }));
    assert!(matches!(seen(&[link.clone(), got(200, FILE)]), Sighting::Ours { .. }), "a driver that keeps the bytes");
    assert!(matches!(seen(&[link.clone(), hashed(b"no!")]), Sighting::Mismatch { confirmed: true, .. }));
    assert!(matches!(seen(&[link.clone(), got(403, "expired")]), Sighting::Mismatch { confirmed: true, .. }));
    assert!(matches!(seen(&[link.clone(), got(401, "")]), Sighting::Mismatch { confirmed: true, .. }));
    assert!(matches!(seen(&[got(404, "")]), Sighting::Mismatch { confirmed: true, .. }));
    for passing in [got(503, ""), lost(Failure::Broken), got(200, "<html>log in</html>"), got(302, "")] {
        assert!(matches!(seen(&[link.clone(), passing.clone()]), Sighting::Mismatch { confirmed: false, .. }));
        assert!(matches!(seen(&[passing]), Sighting::Mismatch { confirmed: false, .. }));
    }
}

#[test]
fn a_refused_token_and_a_stop_end_a_look_at_any_step() {
    assert_eq!(look(OTHER_SIZE, &[got(401, "")]), Looked::TokenWanted);
    assert_eq!(look(OTHER_SIZE, &[lost(Failure::Stopped)]), Looked::Stopped);
    let link = got(200, "https://files.example/f");
    assert_eq!(look(OTHER_SIZE, &[link, lost(Failure::Stopped)]), Looked::Stopped);
}

#[test]
fn the_link_is_read_in_every_shape_it_may_have() {
    let read = |body: &str| {
        let answer = Answer { status: 200, headers: vec![], body: AnswerBody::Kept(body.as_bytes().to_vec()) };
        link(&answer).map(|url| url.to_string())
    };
    let wanted = Some("https://files.example/f?s=1".to_owned());
    for body in [
        "https://files.example/f?s=1",
        " https://files.example/f?s=1\r\n",
        "\"https://files.example/f?s=1\"",
        r#"{"Url": "https://files.example/f?s=1"}"#,
        r#"{"AttachmentId": "a", "Path": "/f", "DownloadUrl": "https://files.example/f?s=1", "ExpiresIn": 900}"#,
    ] {
        assert_eq!(read(body), wanted, "{body}");
    }
    for body in ["", "/f", "{}", "[]", "17", "ftp://h/f", r#"{"A": "https://h/1", "B": "https://h/2"}"#, "javascript:1"]
    {
        assert_eq!(read(body), None, "{body}");
    }
}

#[test]
fn a_link_in_the_clear_is_not_followed_unless_the_account_allows_it() {
    let link = got(200, "http://files.example/f");
    let listing = listed(look(OTHER_SIZE, std::slice::from_ref(&link)));
    assert_eq!(listing.entries[0].evidence, Evidence::NotToBeHad);
    let mut allowed = snapshot();
    allowed.settings.insert("cleartext".into(), "allow".into());
    let doubts = [allowed];
    let (_, _, at) = CorrigoPro.look(&doubts).asked();
    let (_, _, at) = CorrigoPro.resume_look(&doubts, &at, &got(200, OTHER_SIZE)).asked();
    assert_eq!(CorrigoPro.resume_look(&doubts, &at, &link).asked().0.auth, Auth::None);
}

#[test]
fn a_link_that_the_server_calls_a_web_page_is_still_a_link() {
    let mut exchange = got(200, "https://files.example/f");
    if let Ok(answer) = &mut exchange.result {
        answer.headers.push(("content-type".into(), "text/html".into()));
    }
    assert_eq!(listed(look(OTHER_SIZE, &[exchange, hashed(FILE)])).entries[0].evidence, Evidence::Downloaded);
}
