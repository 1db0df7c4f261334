use super::super::FieldNation;
use super::*;
use crate::model::{Action, Auth, Changes, Left, ProviderKind, RemoteId, Sink};
use crate::providers::settings::check_changes;
use crate::providers::tests::{Asked, change_at_field_nation, done, got, one_file};
use crate::providers::{Cursor, Provider};

/// An update of `214` in `2270`.
fn update(changes: &[(&str, &str)]) -> Snapshot {
    let changes: Changes = changes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let about = Some(RemoteId("2270/214".into()));
    Snapshot { changes, about, ..change_at_field_nation(Operation::Update) }
}

fn deletion() -> Snapshot {
    Snapshot { operation: Operation::Delete, ..update(&[]) }
}

fn body(request: &Request) -> &str {
    let Body::Bytes { mime, bytes } = &request.body else { panic!("{:?}", request.body) };
    assert_eq!(*mime, "application/json");
    std::str::from_utf8(bytes).unwrap()
}

fn answered(sent: &Snapshot, status: u16, body: &str) -> Outcome {
    let (_, _, at) = FieldNation.begin(sent).asked();
    done(FieldNation.resume(sent, &at, &got(status, body)))
}

#[test]
fn an_update_is_the_vendors_example() {
    let (request, effect, _) = FieldNation.begin(&update(&[("status", "APPROVED"), ("notes", "Clear image")])).asked();
    assert_eq!((request.method, effect), (Method::Put, Effect::Changes));
    let url = "https://api-sandbox.fndev.net/api/rest/v2/workorders/10234/attachments/2270/214";
    assert_eq!((request.url.as_str(), request.auth, request.sink), (url, Auth::Query("access_token"), Sink::Memory));
    assert_eq!(body(&request), r#"{"notes":"Clear image","status":"APPROVED"}"#);
}

#[test]
fn every_documented_field_goes_in_its_type_and_in_the_order_of_the_vendors_page() {
    let all = [
        ("completed_at_date", "1735732800"),
        ("eta_check", "false"),
        ("notes", "a \"b\"\r\n\u{1f525}"),
        ("schedule_request", "true"),
        ("show_before_assignment", "false"),
        ("status", "DENIED"),
        ("status_description", ""),
    ];
    let (request, ..) = FieldNation.begin(&update(&all)).asked();
    let wanted = concat!(
        r#"{"notes":"a \"b\"\r\n"#,
        "\u{1f525}",
        r#"","status":"DENIED","status_description":"","show_before_assignment":false,"#,
        r#""schedule_request":true,"eta_check":false,"completed_at_date":1735732800}"#
    );
    assert_eq!(body(&request), wanted);
}

#[test]
fn only_what_changes_goes_along_and_nothing_of_an_earlier_update() {
    let mut sent = update(&[("status", "PENDING")]);
    sent.settings.insert("notes".into(), "of an earlier update".into());
    let (request, ..) = FieldNation.begin(&sent).asked();
    assert_eq!(body(&request), r#"{"status":"PENDING"}"#);
    assert!(matches!(done(FieldNation.begin(&update(&[]))), Outcome::Blocked(why) if why.reason == Reason::Refused));
}

#[test]
fn a_deletion_names_the_folder_and_the_file_and_has_no_body() {
    let mut sent = deletion();
    sent.settings.insert("acting_user_id".into(), "17".into());
    let (request, effect, _) = FieldNation.begin(&sent).asked();
    assert_eq!((request.method, effect, &request.body), (Method::Delete, Effect::Changes, &Body::Empty));
    let url = "https://api-sandbox.fndev.net/api/rest/v2/workorders/10234/attachments/2270/214?acting_user_id=17";
    assert_eq!((request.url.as_str(), request.auth), (url, Auth::Query("access_token")));
}

#[test]
fn the_whole_work_order_proves_an_update_however_little_of_it_is_shown() {
    let sent = update(&[("notes", "x")]);
    let proved = Outcome::Delivered(sent.about.clone().unwrap());
    let documented = r#"{"id": 123, "work_order_id": 1001, "attachments": {"metadata": {"total": 100, "page": 0, "pages": 5}, "results": []}}"#;
    for body in [documented, &one_file("a.jpg", 3)] {
        assert_eq!(answered(&sent, 200, body), proved);
    }
    for body in ["", "{}", "[]", r#"{"status": 500, "message": "Operation successful."}"#, r#"{"attachments": []}"#] {
        assert!(matches!(answered(&sent, 200, body), Outcome::InDoubt(d) if d.refusal.is_none()), "{body}");
    }
    let (_, _, at) = FieldNation.begin(&sent).asked();
    let early = Exchange { left: Left::Part, ..got(200, documented) };
    assert!(matches!(done(FieldNation.resume(&sent, &at, &early)), Outcome::InDoubt(_)));
}

#[test]
fn a_deletion_is_done_by_its_status_for_no_page_tells_what_it_answers() {
    let sent = deletion();
    let proved = Outcome::Delivered(sent.about.clone().unwrap());
    for (status, body) in [
        (200, one_file("a.jpg", 3).as_str()),
        (204, ""),
        (200, " \r\n"),
        (202, r#"{"status": 500, "message": "Operation successful."}"#),
        (200, "{}"),
    ] {
        assert_eq!(answered(&sent, status, body), proved, "{status} {body}");
    }
    for body in ["[]", "deleted", r#"{"id": "#] {
        assert!(matches!(answered(&sent, 200, body), Outcome::InDoubt(_)), "{body}");
    }
}

#[test]
fn a_refusal_blocks_with_the_reason_of_its_status() {
    let body = r#"{"status_code": 200, "message": "No"}"#;
    for sent in [update(&[("notes", "x")]), deletion()] {
        for (status, reason, action) in [
            (400, Reason::Refused, Action::Review),
            (403, Reason::Forbidden, Action::AskOffice),
            (404, Reason::AttachmentMissing, Action::Review),
            (410, Reason::AttachmentMissing, Action::Review),
            (422, Reason::Refused, Action::Review),
        ] {
            let Outcome::Blocked(why) = answered(&sent, status, body) else { panic!("{status} does not block") };
            assert_eq!((why.reason, why.action, why.detail), (reason, action, Some(format!("{status}: No"))));
        }
    }
}

#[test]
fn what_cannot_be_asked_for_blocks_before_anything_is_sent() {
    let reason = |sent: Snapshot| match FieldNation.begin(&sent) {
        Step::Done(Outcome::Blocked(why)) => why.reason,
        other => panic!("{other:?}"),
    };
    for sent in [update(&[("notes", "x")]), deletion()] {
        assert_eq!(reason(Snapshot { about: None, ..sent.clone() }), Reason::AttachmentMissing);
        assert_eq!(reason(Snapshot { work_order: "WO-1".into(), ..sent.clone() }), Reason::WorkOrderNotValid);
        assert_eq!(reason(Snapshot { base_url: "no address".into(), ..sent.clone() }), Reason::Unreachable);
        for id in ["214", "2270/", "/214", "2270/214/1", "a/b", "0/1", "2270/../1", "-1/1"] {
            let odd = Snapshot { about: Some(RemoteId(id.into())), ..sent.clone() };
            assert_eq!(reason(odd), Reason::Refused, "{id}: a deletion of what is missing would count as done");
        }
    }
}

#[test]
fn an_update_changes_what_the_vendors_page_says_and_only_to_what_it_takes() {
    let check =
        |key: &str, value: &str| check_changes(ProviderKind::FieldNation, &[(key.to_owned(), value.to_owned())].into());
    for (key, value) in [
        ("notes", ""),
        ("notes", "two\nlines"),
        ("status", "PENDING"),
        ("status", "APPROVED"),
        ("status", "DENIED"),
        ("status_description", "blurred"),
        ("show_before_assignment", "true"),
        ("schedule_request", "false"),
        ("eta_check", "true"),
        ("completed_at_date", "1735732800000"),
        ("completed_at_date", "1735732800.5"),
    ] {
        assert_eq!(check(key, value), Ok(()), "{key} {value}");
    }
    for (key, value) in [
        ("notes", "a\0b"),
        ("notes", &"x".repeat(10_001)),
        ("status", "approved"),
        ("show_before_assignment", "1"),
        ("schedule_request", "True"),
        ("eta_check", ""),
        ("completed_at_date", "2025-01-01"),
        ("completed_at_date", "\"1\""),
        ("completed_at_date", ""),
        ("completed_at_date", "1e999"),
        ("name", "a.jpg"),
        ("folder", "Misc"),
    ] {
        assert!(check(key, value).is_err(), "{key} {value}");
    }
}

#[test]
fn a_place_of_an_upload_or_a_look_is_a_doubt_that_the_engine_does_again() {
    for place in ["null", "\"gone\"", r#"{"list": {}}"#] {
        let at = Cursor(serde_json::from_str(place).unwrap());
        assert!(matches!(done(FieldNation.resume(&deletion(), &at, &got(200, "{}"))), Outcome::InDoubt(_)), "{place}");
    }
}
