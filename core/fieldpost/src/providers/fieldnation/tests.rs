use super::super::tests::{Asked, DRAFT, FAILURES, answer, done, got, lost, one_file, to_field_nation};
use super::*;
use crate::model::{Failure, Kind, Left, ProviderKind, RemoteId};
use crate::providers::settings::{BadSetting, check_account, check_item};
use crate::providers::{Evidence, Listing};

const BASE: &str = "https://api-sandbox.fndev.net/api/rest/v2/workorders/10234/attachments";

/// The list of folders, each `(id, name)`, all of them empty.
fn folders_of(folders: &[(u64, &str)]) -> String {
    let folder = |(id, name): &(u64, &str)| {
        format!(r#"{{"id": {id}, "name": "{name}", "metadata": {{"total": 0, "page": 1, "pages": 1}}, "results": []}}"#)
    };
    let all: Vec<String> = folders.iter().map(folder).collect();
    format!(r#"{{"metadata": {{"total": {}, "page": 1, "pages": 1}}, "results": [{}]}}"#, all.len(), all.join(","))
}

fn into(folder: &str) -> Snapshot {
    Snapshot { folder: Some(folder.into()), ..to_field_nation() }
}

/// The step after all of these answers, each after the whole request had left.
fn after(sent: &Snapshot, exchanges: &[Exchange]) -> Step<Outcome> {
    exchanges.iter().fold(FieldNation.begin(sent), |step, exchange| {
        let (_, _, at) = step.asked();
        FieldNation.resume(sent, &at, exchange)
    })
}

/// What came of an upload whose own request was answered so.
fn answered(status: u16, body: &str) -> Outcome {
    done(after(&to_field_nation(), &[got(200, folders_of(&[(7, "Misc")])), got(status, body)]))
}

fn plain(method: Method, url: String, body: Body) -> Request {
    let auth = Auth::Query("access_token");
    Request { method, url: url.parse().unwrap(), headers: vec![], auth, body, sink: Sink::Memory }
}

fn json_body(text: &str) -> Body {
    Body::Bytes { mime: "application/json", bytes: text.as_bytes().to_vec() }
}

#[test]
fn an_upload_finds_its_folder_and_goes_into_it_with_the_caption_as_notes() {
    let sent = to_field_nation();
    let (list, effect, at) = FieldNation.begin(&sent).asked();
    assert_eq!((list, effect), (plain(Method::Get, BASE.into(), Body::Empty), Effect::Reads));
    let (upload, effect, at) =
        FieldNation.resume(&sent, &at, &got(200, folders_of(&[(5, "Documents"), (7, "Misc")]))).asked();
    let file = Content::File { filename: "boiler-7f3a9c1e.jpg".into(), mime: "image/jpeg".into() };
    let parts = vec![
        Part { name: "file", content: file },
        Part { name: "notes", content: Content::Text("Boiler plate".into()) },
    ];
    assert_eq!((upload, effect), (plain(Method::Post, format!("{BASE}/7"), Body::Multipart(parts)), Effect::Changes));
    let outcome = done(FieldNation.resume(&sent, &at, &got(200, one_file("boiler-7f3a9c1e.jpg", 20))));
    assert_eq!(outcome, Outcome::Delivered(RemoteId("7/8".into())));
}

#[test]
fn without_a_caption_there_are_no_notes_and_the_acting_user_stands_in_every_query() {
    let mut sent = Snapshot { caption: Some(" ".into()), ..into("Site \"Photos\"") };
    sent.settings.insert("acting_user_id".into(), "17".into());
    let (list, _, at) = FieldNation.begin(&sent).asked();
    assert_eq!(list.url.as_str(), format!("{BASE}?acting_user_id=17"));
    let first = r#"{"metadata": {"total": 2, "page": 0, "pages": 2}, "results": [{"id": 1, "name": "Documents"}]}"#;
    let (list, _, at) = FieldNation.resume(&sent, &at, &got(200, first)).asked();
    assert_eq!(list.url.as_str(), format!("{BASE}?acting_user_id=17&page=1"));
    let second = r#"{"metadata": {"total": 2, "page": 1, "pages": 2}, "results": [{"id": 2, "name": "Misc"}]}"#;
    let (create, effect, at) = FieldNation.resume(&sent, &at, &got(200, second)).asked();
    assert_eq!(effect, Effect::Makes { what: "site \"photos\"".to_owned() });
    assert_eq!(
        create,
        plain(Method::Post, format!("{BASE}?acting_user_id=17"), json_body(r#"{"name":"Site \"Photos\""}"#))
    );
    let (list, effect, at) = FieldNation.resume(&sent, &at, &got(200, "{}")).asked();
    assert_eq!((list.url.as_str(), effect), (&*format!("{BASE}?acting_user_id=17"), Effect::Reads));
    let created = folders_of(&[(1, "Documents"), (2, "Misc"), (9, "Site \\\"Photos\\\"")]);
    let (upload, ..) = FieldNation.resume(&sent, &at, &got(200, created)).asked();
    assert_eq!(upload.url.as_str(), format!("{BASE}/9?acting_user_id=17"));
    let Body::Multipart(parts) = upload.body else { panic!("no form") };
    assert_eq!(parts.iter().map(|part| part.name).collect::<Vec<_>>(), ["file"]);
}

#[test]
fn the_items_folder_wins_over_the_accounts_and_that_over_misc() {
    let mut sent = to_field_nation();
    assert_eq!(folder(&sent), "Misc");
    sent.settings.insert("folder".into(), "Site Photos".into());
    assert_eq!(folder(&sent), "Site Photos");
    sent.folder = Some("After".into());
    assert_eq!(folder(&sent), "After");
    sent.folder = Some(" ".into());
    assert_eq!(folder(&sent), "Misc");
}

#[test]
fn of_two_folders_that_two_phones_created_at_once_both_take_the_lower() {
    let sent = into("Photos");
    let misc = folders_of(&[(7, "Misc")]);
    let both = folders_of(&[(7, "Misc"), (12, "Photos"), (11, "Photos")]);
    let whole = |id| format!(r#"{{"id": 1, "attachments": {}}}"#, folders_of(&[(id, "Photos")]));
    for own in [11, 12] {
        let exchanges = [got(200, &misc), got(200, whole(own)), got(200, &both)];
        let (upload, ..) = after(&sent, &exchanges).asked();
        assert_eq!(upload.url.as_str(), format!("{BASE}/11"), "the one that created {own}");
    }
    // Listed late, but told by the answer to its creation.
    let (upload, ..) = after(&sent, &[got(200, &misc), got(200, whole(12)), got(200, &misc)]).asked();
    assert_eq!(upload.url.as_str(), format!("{BASE}/12"));
    // Not even that: nothing of the upload has left, so it goes again and looks again.
    let outcome = done(after(&sent, &[got(200, &misc), got(200, ""), got(200, &misc)]));
    assert!(matches!(outcome, Outcome::Wait(hold) if hold.reason == Reason::ServerBusy));
}

#[test]
fn a_refused_creation_uses_what_another_phone_created_or_needs_a_person() {
    let sent = into("Photos");
    let misc = folders_of(&[(7, "Misc")]);
    let refused = |status| got(status, r#"{"status_code": 1, "message": "It exists"}"#);
    let both = folders_of(&[(7, "Misc"), (12, "Photos")]);
    let (upload, ..) = after(&sent, &[got(200, &misc), refused(409), got(200, both)]).asked();
    assert_eq!(upload.url.as_str(), format!("{BASE}/12"));
    for (exchange, reason, action) in [
        (refused(400), Reason::FolderMissing, Action::Repair),
        (refused(403), Reason::FolderMissing, Action::AskOffice),
        (got(405, ""), Reason::FolderMissing, Action::Repair),
        (refused(404), Reason::WorkOrderMissing, Action::Repair),
    ] {
        let Outcome::Blocked(why) = done(after(&sent, &[got(200, &misc), exchange.clone(), got(200, &misc)])) else {
            panic!("{exchange:?} does not block")
        };
        assert_eq!((why.reason, why.action), (reason, action), "{exchange:?}");
    }
}

#[test]
fn nothing_that_fails_before_the_upload_has_left_is_a_doubt() {
    let sent = into("Photos");
    let misc = || got(200, folders_of(&[(7, "Misc")]));
    let made = || got(200, "");
    // What has no file yet cannot be found damaged.
    let failures = FAILURES.into_iter().filter(|failure| *failure != Failure::FileDamaged);
    let answers = [(500, "{}"), (503, ""), (408, ""), (429, ""), (401, ""), (302, ""), (200, "<html>"), (100, "")];
    let all = failures.map(lost).chain(answers.iter().map(|(status, body)| got(*status, body)));
    for failed in all {
        for before in [vec![], vec![misc()], vec![misc(), made()]] {
            let steps = before.len();
            let outcome = done(after(&sent, &[before, vec![failed.clone()]].concat()));
            let goes_again = matches!(outcome, Outcome::Wait(_) | Outcome::TokenWanted | Outcome::Stopped);
            assert!(goes_again, "{failed:?} after {steps}: {outcome:?}");
        }
    }
    // The upload itself had not left either.
    let none = Exchange { left: Left::None, result: Err(Failure::Broken) };
    let outcome = done(after(&to_field_nation(), &[misc(), none]));
    assert!(matches!(outcome, Outcome::Wait(_)), "{outcome:?}");
}

#[test]
fn a_list_that_does_not_show_all_folders_creates_none() {
    let empty =
        |page: u64| got(200, format!(r#"{{"metadata": {{"total": 100, "page": {page}, "pages": 5}}, "results": []}}"#));
    let outcome = done(after(&to_field_nation(), &[0, 1, 2, 3, 4, 5].map(empty)));
    let Outcome::Wait(hold) = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        (hold.reason, hold.detail.as_deref()),
        (Reason::ServerBusy, Some("the list of folders is not complete"))
    );
    let outcome =
        done(after(&to_field_nation(), &[empty(0), got(404, r#"{"status": 404, "message": "no such page"}"#)]));
    assert!(matches!(outcome, Outcome::Wait(_)), "{outcome:?}");
    // What is shown is good enough to put a file into.
    let misc = r#"{"metadata": {"total": 9, "page": 1, "pages": 2}, "results": [{"id": 7, "name": "Misc"}]}"#;
    let (upload, ..) = after(&to_field_nation(), &[got(200, misc), got(404, "")]).asked();
    assert_eq!(upload.url.as_str(), format!("{BASE}/7"));
}

#[test]
fn a_folder_that_takes_no_uploads_or_is_full_is_for_a_person_to_change() {
    let listed = |more: &str| {
        let folder = format!(r#"{{"id": 7, "name": "Misc", {more}, "metadata": {{"total": 3}}, "results": []}}"#);
        done_or_asked(after(
            &to_field_nation(),
            &[got(200, format!(r#"{{"metadata": {{"total": 1}}, "results": [{folder}]}}"#))],
        ))
    };
    for (more, reason) in [
        (r#""actions": []"#, Some(Reason::Forbidden)),
        (r#""actions": ["edit"], "max_files": 9"#, Some(Reason::Forbidden)),
        (r#""actions": ["upload"], "max_files": 3"#, Some(Reason::Refused)),
        (r#""actions": ["upload"], "max_files": 4"#, None),
        (r#""max_files": 0"#, None),
        (r#""min_files": 1"#, None),
    ] {
        let found = listed(more).map(|why| {
            assert_eq!(why.action, Action::Repair, "another folder helps");
            why.reason
        });
        assert_eq!(found, reason, "{more}");
    }
}

/// Why it is blocked, if it is.
fn done_or_asked(step: Step<Outcome>) -> Option<Why> {
    match step {
        Step::Done(Outcome::Blocked(why)) => Some(why),
        Step::Ask { .. } => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_file_in_the_whole_work_order_is_the_proof_and_nothing_else_is() {
    let ours = Outcome::Delivered(RemoteId("7/8".into()));
    assert_eq!(answered(200, &one_file("boiler-7f3a9c1e.jpg", 20)), ours);
    assert_eq!(answered(201, &one_file("IMG_BOILER-7F3A9C1E(1).JPG", 20)), ours, "renamed, with our marker in it");
    let twice = one_file("boiler-7f3a9c1e.jpg", 20).replace(
        r#""results":[{"file""#,
        r#""results":[{"id":9,"file":{"name":"boiler-7f3a9c1e.jpg","size_bytes":20}},{"file""#,
    );
    assert!(twice.contains(r#""id":9"#), "{twice}");
    for doubtful in [
        "",
        "{}",
        "[]",
        r#"{"id": 8}"#,
        r#"{"status": 500, "message": "Operation successful."}"#,
        r#"{"attachments": {"metadata": {"total": 100, "page": 0, "pages": 5, "per_page": 20}, "results": []}}"#,
        &one_file("boiler-7f3a9c1e.jpg", 19),
        &one_file("boiler.jpg", 20),
        &one_file("boiler-7f3a9c1e.jpg", 20)[..80],
        &twice, // a look tells which is surplus
    ] {
        assert!(matches!(answered(200, doubtful), Outcome::InDoubt(d) if d.refusal.is_none()), "{doubtful}");
    }
    let listed = got(200, folders_of(&[(7, "Misc")]));
    let early = Exchange { left: Left::Part, ..got(200, one_file("boiler-7f3a9c1e.jpg", 20)) };
    assert!(matches!(done(after(&to_field_nation(), &[listed.clone(), early])), Outcome::InDoubt(_)));
    assert!(matches!(done(after(&to_field_nation(), &[listed, lost(Failure::Broken)])), Outcome::InDoubt(_)));
}

/// The three shapes of an error, saying `words`.
fn shapes(words: &str) -> [String; 3] {
    [
        format!(r#"{{"status": 500, "message": "{words}"}}"#),
        format!(r#"{{"message": "{words}", "status_code": 400}}"#),
        format!(
            r#"{{"type": "https://e.example/x", "title": "Bad", "status": 1, "detail": "{words}", "code": "NOT_SO", "retryable": false,
                "correlationId": "c", "agent": {{"action": "fix", "backoffMs": 0, "maxAttempts": 1}}, "errors": []}}"#
        ),
    ]
}

#[test]
fn a_refusal_in_each_of_the_three_shapes_blocks_with_the_reason_of_its_status() {
    use Action::{AskOffice, Repair, Retry, Review};
    for body in shapes("Not\\nso") {
        for (status, reason, action) in [
            (400, Reason::Refused, Review),
            (403, Reason::Forbidden, AskOffice),
            (404, Reason::FolderMissing, Retry),
            (409, Reason::Refused, Review),
            (413, Reason::TooLarge, Repair),
            (415, Reason::TypeNotAccepted, Repair),
            (422, Reason::Refused, Review),
        ] {
            let Outcome::Blocked(why) = answered(status, &body) else { panic!("{status} does not block: {body}") };
            assert_eq!((why.reason, why.action), (reason, action), "{status} {body}");
            let said = why.detail.unwrap();
            assert!(said.ends_with(&format!("{status}: Not so")), "{said}");
        }
        let Outcome::Blocked(why) = done(after(&to_field_nation(), &[got(404, &body)])) else { panic!("{body}") };
        assert_eq!(why.reason, Reason::WorkOrderMissing);
        // The status is what counts, whatever the text says.
        assert!(matches!(answered(500, &body), Outcome::InDoubt(d) if d.reason == Reason::ServerBusy));
        assert!(matches!(answered(200, &body), Outcome::InDoubt(_)));
    }
    let foreign = r#"{"error": "no"}"#;
    assert!(matches!(answered(400, foreign), Outcome::InDoubt(d) if d.refusal.is_some()), "no documented shape");
}

#[test]
fn a_problem_document_tells_its_code_its_errors_and_whether_trying_again_helps() {
    let body = r#"{"title": "Invalid", "status": 422, "detail": "Two errors", "code": "INVALID", "retryable": true,
        "errors": ["no name", {"message": "no file"}]}"#;
    let Outcome::Blocked(why) = answered(422, body) else { panic!("it does not block") };
    assert_eq!(why.detail.as_deref(), Some("INVALID 422: Two errors: no name; no file"));
    assert_eq!(why.action, Action::Retry);
    let size = r#"{"title": "Too big", "code": "FILE_SIZE_EXCEEDED"}"#;
    for status in [400, 413] {
        assert!(matches!(answered(status, size), Outcome::Blocked(why) if why.reason == Reason::TooLarge), "{status}");
    }
    let busy = r#"{"title": "Slow down", "status": 429, "code": "RATE_LIMIT_EXCEEDED", "agent": {"backoffMs": 90000}}"#;
    let Outcome::Wait(hold) = answered(429, busy) else { panic!("no wait") };
    assert_eq!((hold.reason, hold.asked.map(|d| d.as_secs())), (Reason::ServerAskedToWait, Some(90)));
}

#[test]
fn an_expired_token_can_be_a_400_at_every_step() {
    let says = "You must provide a valid OAuth token to make a request";
    let bodies = [says.to_owned(), format!("\"{}\"", says.to_uppercase())].into_iter().chain(shapes(says));
    for body in bodies {
        let refused = got(400, &body);
        let (misc, sent) = (got(200, folders_of(&[(7, "Misc")])), into("Photos"));
        assert_eq!(done(after(&sent, std::slice::from_ref(&refused))), Outcome::TokenWanted, "{body}");
        assert_eq!(done(after(&sent, &[misc.clone(), refused.clone()])), Outcome::TokenWanted, "the creation");
        assert_eq!(answered(400, &body), Outcome::TokenWanted, "the upload");
        let (_, _, at) = FieldNation.look(std::slice::from_ref(&sent)).asked();
        assert_eq!(done(FieldNation.resume_look(&[sent], &at, &refused)), Looked::TokenWanted);
        let page = Exchange { result: Ok(answer(400, &[("content-type", "text/html")], &body)), ..refused };
        assert_eq!(done(after(&to_field_nation(), &[page])), Outcome::TokenWanted, "whatever it is called");
    }
    assert!(!refuses_token(&answer(500, &[], says)) && !refuses_token(&answer(400, &[], "token?")));
}

#[test]
fn a_look_reads_all_pages_and_the_files_of_all_folders() {
    let doubts = [into("Photos"), to_field_nation()];
    let (list, effect, at) = FieldNation.look(&doubts).asked();
    assert_eq!((list, effect), (plain(Method::Get, BASE.into(), Body::Empty), Effect::Reads));
    let page = |n: u64| {
        let file = format!(r#"{{"id": 1{n}, "file": {{"name": "{n}.jpg", "size_bytes": {n}}}}}"#);
        let folder = format!(r#"{{"id": {n}, "name": "F{n}", "metadata": {{"total": 1}}, "results": [{file}]}}"#);
        got(200, format!(r#"{{"metadata": {{"total": 2, "page": {n}, "pages": 2}}, "results": [{folder}]}}"#))
    };
    let (list, effect, at) = FieldNation.resume_look(&doubts, &at, &page(1)).asked();
    assert_eq!((list, effect), (plain(Method::Get, format!("{BASE}?page=2"), Body::Empty), Effect::Reads));
    let Looked::Listed(Listing { entries, complete }) = done(FieldNation.resume_look(&doubts, &at, &page(2))) else {
        panic!("no list")
    };
    let shown = |n: u64| crate::providers::Entry {
        remote_id: RemoteId(format!("{n}/1{n}")),
        name: Some(format!("{n}.jpg")),
        bytes: Some(n),
        sha256: None,
        evidence: Evidence::Listed,
        by_us: false,
        told: crate::providers::Told { folder: Some(format!("F{n}")), ..crate::providers::Told::default() },
    };
    assert_eq!((entries, complete), (vec![shown(1), shown(2)], true));
    // Half of it is shown for what it is worth where the other page cannot be had for good, and not where it can be had later.
    let second = |exchange: &Exchange| done(FieldNation.resume_look(&doubts, &at, exchange));
    let Looked::Listed(half) = second(&got(404, "")) else { panic!("no list") };
    assert_eq!((half.entries.len(), half.complete), (1, false));
    assert!(matches!(second(&got(503, "")), Looked::Later(_)));
}

#[test]
fn one_look_serves_a_whole_work_order_for_one_acting_user() {
    let mut acting = into("Photos");
    assert!(FieldNation.same_list(&acting, &to_field_nation()));
    acting.settings.insert("acting_user_id".into(), "17".into());
    assert!(!FieldNation.same_list(&acting, &to_field_nation()));
    assert!(!FieldNation.same_list(&to_field_nation(), &Snapshot { work_order: "2".into(), ..to_field_nation() }));
}

#[test]
fn what_the_system_will_refuse_is_found_offline() {
    let of = |work_order, name, bytes| {
        FieldNation.preflight(&Draft { work_order, name, bytes, ..DRAFT }).map(|why| why.reason)
    };
    let (invalid, kind) = (Some(Reason::WorkOrderNotValid), Some(Reason::TypeNotAccepted));
    for (work_order, name, bytes, reason) in [
        ("10234", "a.jpg", Some(1), None),
        ("10234", "a.JPEG", Some(10_485_760), None),
        ("10234", "a.jpg", Some(10_485_761), Some(Reason::TooLarge)),
        ("10234", "a.csv", Some(0), None),
        ("0", "a.jpg", Some(1), invalid),
        ("-1", "a.jpg", Some(1), invalid),
        ("WO-1", "a.jpg", Some(1), invalid),
        ("", "a.jpg", None, invalid),
        ("1", "a.heic", Some(1), kind),
        ("1", "a.heic", None, kind), // nobody here makes a JPEG of it
        ("1", "a.webp", Some(1), kind),
        ("1", "a.webp", None, None), // it may become one
        ("1", "a.txt", Some(1), kind),
        ("1", "a", Some(1), kind),
    ] {
        assert_eq!(of(work_order, name, bytes), reason, "{work_order} {name} {bytes:?}");
    }
    let blocked = done(FieldNation.begin(&Snapshot { name: "a.webp".into(), ..to_field_nation() }));
    assert!(
        matches!(blocked, Outcome::Blocked(why) if why.reason == Reason::TypeNotAccepted && why.action == Action::Repair)
    );
}

#[test]
fn an_account_needs_nothing_but_its_address_and_takes_a_folder_and_an_acting_user() {
    let account = crate::model::Account::field_nation("fn", "https://h");
    assert_eq!((account.provider, check_account(&account)), (ProviderKind::FieldNation, Ok(())));
    let whole = account.clone().folder("Site Photos").acting_user_id(17).set("signatures", "file");
    assert_eq!(check_account(&whole), Ok(()));
    for (key, value) in [
        ("folder", " "),
        ("folder", "a\nb"),
        ("acting_user_id", "0"),
        ("acting_user_id", "1&async=true"),
        ("async", "true"),
        ("signatures", "paper"),
    ] {
        assert!(check_account(&account.clone().set(key, value)).is_err(), "{key}={value}");
    }
    let item = |key: &str| check_item(ProviderKind::FieldNation, &[(key.to_owned(), "x".to_owned())].into());
    assert!(matches!(item("folder"), Err(BadSetting::Unknown { .. })), "an item has a folder of its own");
}

#[test]
fn capabilities_tell_a_screen_what_it_takes() {
    let capabilities = FieldNation.capabilities();
    assert_eq!(capabilities.max_bytes, Some(Bytes::megabytes(10)));
    assert_eq!(capabilities.operations, ["upload", "list", "download", "update", "delete", "folders"]);
    let types = capabilities.types.unwrap();
    assert!(types.contains(&"image/jpeg") && !types.contains(&"image/heic") && !types.contains(&"image/webp"));
    assert_eq!("fieldnation".parse(), Ok(ProviderKind::FieldNation));
    assert_eq!(serde_json::to_value(ProviderKind::FieldNation).unwrap(), "fieldnation");
    assert_eq!(to_field_nation().kind, Kind::Photo);
}
