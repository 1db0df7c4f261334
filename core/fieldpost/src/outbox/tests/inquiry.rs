//! What a system is asked for, request by request, and what is made of its answers.

use super::*;
use crate::model::{Auth, Body, Integrity, Method, Reason, Sink};

const DISTINCT: &str = "to be";

/// One exchange: what has to be asked, and the answer.
struct Exchanged {
    asked: String,
    status: u16,
    answer: &'static str,
}

fn then(asked: &str, status: u16, answer: &'static str) -> Exchanged {
    Exchanged { asked: asked.to_owned(), status, answer }
}

/// An outbox with an account at every system that can be asked.
fn bench() -> Bench {
    let bench = Bench::new();
    let https = |host: &str| format!("https://{host}.invalid");
    let accounts = [
        Account::digital_realty("dr", https("dr"), "m-1").customer_account("c-1"),
        Account::field_nation("fn", https("fn") + "/api/rest/v2"),
        Account::serial("serial", https("serial"), "3c90c3cc-0d44-4b50-8888-8dd25736052a"),
        Account::decisiv("decisiv", https("decisiv") + "/platform_api"),
    ];
    accounts.into_iter().for_each(|account| bench.outbox.put_account(account).unwrap());
    bench
}

/// `GET https://… bearer`: the method, the whole address, how the token goes along.
fn line(transfer: &crate::Transfer) -> String {
    let crate::Request { method, url, auth, body, .. } = &transfer.request;
    let along = match (auth, transfer.token.is_some()) {
        (Auth::Bearer, true) => "bearer",
        (Auth::Query(_), true) => "query",
        (Auth::None, false) => "alone",
        other => panic!("{other:?}"),
    };
    let body = match body {
        Body::Empty => String::new(),
        Body::Bytes { bytes, .. } => format!(" {}", String::from_utf8_lossy(bytes)),
        Body::Multipart(_) | Body::Around { .. } | Body::File { .. } => panic!("a body with a file"),
    };
    format!("{} {url} {along}{body}", method.as_str())
}

/// Answers as a driver would: a file is written where it is to be kept.
fn exchange(transfer: &crate::Transfer, status: u16, content: &str) -> Exchange {
    let mut body = AnswerBody::Kept(content.as_bytes().to_vec());
    if transfer.request.sink == Sink::Hash && status < 300 {
        if let Some(path) = &transfer.keep {
            std::fs::write(path, content).unwrap();
        }
        let sha256 = crate::Sha256(<sha2::Sha256 as sha2::Digest>::digest(content).into());
        body = AnswerBody::Hashed { bytes: content.len() as u64, sha256 };
    }
    Exchange { left: Left::Whole, result: Ok(Answer { status, headers: Vec::new(), body }) }
}

/// Asks, over these exchanges and no other.
fn ask(bench: &Bench, account: &str, work_order: &str, wanted: Wanted, over: &[Exchanged]) -> Result<Found, Error> {
    let mut inquiry = bench.outbox.inquire(&WorkOrder::new(account, work_order), wanted)?;
    let mut over = over.iter();
    loop {
        match inquiry.next()? {
            Inquired::Token { account: wants } => {
                assert_eq!(wants, account);
                inquiry.put_token(Secret::new("a-token-of-some-length"));
            }
            Inquired::Send(transfer) => {
                let next = over.next().unwrap_or_else(|| panic!("nothing more was to be asked: {}", line(&transfer)));
                assert_eq!(line(&transfer), next.asked);
                inquiry.report(&exchange(&transfer, next.status, next.answer))?;
            }
            Inquired::Done(found) => {
                assert_eq!(over.count(), 0, "not all was asked");
                return Ok(found);
            }
        }
    }
}

fn why(asked: Result<Found, Error>) -> Reason {
    match asked {
        Err(Error::Unanswered { why }) => why.reason,
        other => panic!("{other:?}"),
    }
}

fn one(id: &str) -> Wanted {
    Wanted::One(RemoteId(id.to_owned()))
}

fn file(bench: &Bench, id: &str) -> Wanted {
    Wanted::File(RemoteId(id.to_owned()), bench.dir.path().join("out"))
}

const CORRIGO: &str = "GET https://corrigo.invalid/api/attachments?WorkOrderId=10234 bearer";
const CORRIGO_LIST: &str = r#"[{"AttachmentId": "a-1", "Name": "a.pdf", "MimeType": "application/pdf", "Size": 5}, {"AttachmentId": "a-2", "Name": "b.pdf"}]"#;
const FN: &str = "https://fn.invalid/api/rest/v2/workorders/10234/attachments";
const FN_LIST: &str = r#"{"metadata": {"total": 2, "page": 1, "pages": 1}, "results": [
    {"id": 7, "name": "Misc", "metadata": {"total": 1}, "results": [{"id": 3, "notes": "as found", "created": {"utc": "2025-01-01 12:00:00"},
        "file": {"name": "a.jpg", "size_bytes": 5, "link": "https://files.invalid/x?right=secret"}}]},
    {"id": 9, "name": "Photos", "metadata": {"total": 0}, "results": []}]}"#;
const SERIAL_LIST: &str = r#"{"id": "u", "wo_number": 7, "attachments": [
    {"dataset_id": "d-1", "file_name": "a.jpg", "added_at": "2023-11-07T05:31:56Z", "is_deleted": false},
    {"dataset_id": "d-2", "value": "as found", "added_at": "2023-11-07T05:31:56Z"},
    {"dataset_id": "d-3", "file_name": "c.jpg", "is_deleted": true}]}"#;
const DR: &str = "GET https://dr.invalid/v1/attachments/WO9 bearer";
const DR_LIST: &str = r#"[{"id": "1dd5", "filename": "a.pdf", "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "contentType": "multipart/form-data", "createdOn": "2023-09-26 12:29:09"}]"#;
const DECISIV_ONE: &str = r#"<a:attachment xmlns:a="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse">
    <a:URL>/platform_api/cases/77/attachments/5</a:URL><a:downloadURL>https://files.invalid/d</a:downloadURL>
    <a:description>Oil leak</a:description><a:filename>a.jpg</a:filename><a:size>5</a:size></a:attachment>"#;

fn list(asked: Result<Found, Error>) -> Vec<serde_json::Value> {
    match asked.unwrap() {
        Found::List(list) if list.complete => {
            list.entries.iter().map(|entry| serde_json::to_value(entry).unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_each_system_tells_of_its_attachments_is_listed_and_what_it_does_not_tell_is_null() {
    let bench = bench();
    let entry = |id: &str, name: serde_json::Value, told: &[(&str, serde_json::Value)]| {
        let mut entry = serde_json::json!({"remote_id": id, "name": name, "bytes": null, "mime": null, "sha256": null,
            "folder": null, "caption": null, "created_at": null, "ours": null});
        told.iter().for_each(|(key, value)| entry[*key] = value.clone());
        entry
    };
    let corrigo = list(ask(&bench, "acme", "10234", Wanted::List, &[then(CORRIGO, 200, CORRIGO_LIST)]));
    let first = entry("a-1", "a.pdf".into(), &[("bytes", 5.into()), ("mime", "application/pdf".into())]);
    assert_eq!(corrigo, [first, entry("a-2", "b.pdf".into(), &[])]);

    let nation = list(ask(&bench, "fn", "10234", Wanted::List, &[then(&format!("GET {FN} query"), 200, FN_LIST)]));
    let told = [
        ("bytes", 5.into()),
        ("folder", "Misc".into()),
        ("caption", "as found".into()),
        ("created_at", "2025-01-01T12:00:00.000Z".into()),
    ];
    assert_eq!(nation, [entry("7/3", "a.jpg".into(), &told)]);

    let asked = then("GET https://serial.invalid/work-orders/7 bearer", 200, SERIAL_LIST);
    let serial = list(ask(&bench, "serial", "7", Wanted::List, &[asked]));
    let at = ("created_at", "2023-11-07T05:31:56.000Z".into());
    let text = entry("d-2", serde_json::Value::Null, &[("caption", "as found".into()), at.clone()]);
    assert_eq!(serial, [entry("d-1", "a.jpg".into(), &[at]), text]);

    let digital = list(ask(&bench, "dr", "WO9", Wanted::List, &[then(DR, 200, DR_LIST)]));
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let told = [("sha256", hash.into()), ("created_at", "2023-09-26T12:29:09.000Z".into())];
    assert_eq!(digital, [entry("1dd5", "a.pdf".into(), &told)]);
}

#[test]
fn one_attachment_is_read_by_a_call_of_its_own_or_found_in_the_list() {
    let bench = bench();
    let asked = then("GET https://decisiv.invalid/platform_api/cases/77/attachments/5 bearer", 200, DECISIV_ONE);
    let Found::One(entry) = ask(&bench, "decisiv", "77", one("5"), &[asked]).unwrap() else { panic!() };
    assert_eq!(
        (entry.name.as_deref(), entry.bytes, entry.caption.as_deref()),
        (Some("a.jpg"), Some(5), Some("Oil leak"))
    );
    let Found::One(entry) = ask(&bench, "acme", "10234", one("a-2"), &[then(CORRIGO, 200, CORRIGO_LIST)]).unwrap()
    else {
        panic!()
    };
    assert_eq!(entry.name.as_deref(), Some("b.pdf"));
    let missing = ask(&bench, "acme", "10234", one("a-3"), &[then(CORRIGO, 200, CORRIGO_LIST)]);
    assert_eq!(why(missing), Reason::AttachmentMissing);
    let asked = then("GET https://decisiv.invalid/platform_api/cases/77/attachments/6 bearer", 404, "");
    assert_eq!(why(ask(&bench, "decisiv", "77", one("6"), &[asked])), Reason::AttachmentMissing);
    // Another attachment than was asked for is no answer.
    let asked = then("GET https://decisiv.invalid/platform_api/cases/77/attachments/6 bearer", 200, DECISIV_ONE);
    assert_eq!(why(ask(&bench, "decisiv", "77", one("6"), &[asked])), Reason::OutcomeUnknown);
}

#[test]
fn a_file_is_fetched_as_its_system_has_it_and_a_temporary_link_without_our_token() {
    let rows: [(&str, &str, &str, Vec<Exchanged>, Integrity); 4] = [
        (
            "acme",
            "10234",
            "a-1",
            vec![
                then(CORRIGO, 200, CORRIGO_LIST),
                then(
                    "GET https://corrigo.invalid/api/attachments/downloadUrl?AttachmentId=a-1&WorkOrderId=10234 bearer",
                    200,
                    "https://blob.invalid/a?sig=1",
                ),
                then("GET https://blob.invalid/a?sig=1 alone", 200, DISTINCT),
            ],
            Integrity::Size,
        ),
        (
            "fn",
            "10234",
            "7/3",
            vec![
                then(&format!("GET {FN} query"), 200, FN_LIST),
                then(&format!("GET {FN} query"), 200, FN_LIST),
                then("GET https://files.invalid/x?right=secret alone", 200, DISTINCT),
            ],
            Integrity::Size,
        ),
        (
            "dr",
            "WO9",
            "1dd5",
            vec![
                then(DR, 200, DR_LIST),
                then("GET https://dr.invalid/v1/attachments/WO9/file/1dd5 bearer", 200, "test"),
            ],
            Integrity::Hash,
        ),
        (
            "decisiv",
            "77",
            "5",
            vec![
                then("GET https://decisiv.invalid/platform_api/cases/77/attachments/5 bearer", 200, DECISIV_ONE),
                then("GET https://decisiv.invalid/platform_api/cases/77/attachments/5 bearer", 200, DECISIV_ONE),
                then("GET https://files.invalid/d alone", 200, DISTINCT),
            ],
            Integrity::Size,
        ),
    ];
    for (account, work_order, id, over, integrity) in rows {
        let bench = bench();
        let Found::File(download) = ask(&bench, account, work_order, file(&bench, id), &over).unwrap() else {
            panic!()
        };
        assert_eq!(download.integrity, integrity, "{account}");
        let content = std::fs::read(bench.dir.path().join("out")).unwrap();
        assert_eq!(content.len() as u64, download.bytes.0, "{account}");
        let at_out = ask(&bench, account, work_order, file(&bench, id), &[]);
        assert!(matches!(at_out, Err(Error::Invalid { .. })), "what is there is not replaced");
    }
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_not_kept() {
    let bench = bench();
    let link = "GET https://corrigo.invalid/api/attachments/downloadUrl?AttachmentId=a-1&WorkOrderId=10234 bearer";
    let over = |content| {
        [
            then(CORRIGO, 200, CORRIGO_LIST),
            then(link, 200, "\"https://blob.invalid/a\""),
            then("GET https://blob.invalid/a alone", 200, content),
        ]
    };
    assert_eq!(why(ask(&bench, "acme", "10234", file(&bench, "a-1"), &over("to"))), Reason::HashMismatch);
    let left: Vec<_> = std::fs::read_dir(bench.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["outbox"], "neither under its name nor half");

    // Of an attachment that was sent from here the bytes are known, whatever its size says.
    let item = bench.capture().unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    delivery.report(transfer(&delivery).id, &accepted()).unwrap();
    drop(delivery);
    assert_eq!(bench.outbox.item(item.id).unwrap().state, State::Delivered);
    assert_eq!(why(ask(&bench, "acme", "10234", file(&bench, "a-1"), &over(DISTINCT))), Reason::HashMismatch);
    let Found::File(download) = ask(&bench, "acme", "10234", file(&bench, "a-1"), &over("a note")).unwrap() else {
        panic!()
    };
    assert_eq!((download.integrity, download.entry.ours), (Integrity::Sent, Some(item.id)));
}

#[test]
fn a_hash_of_which_no_algorithm_is_told_does_not_refuse_another_persons_file() {
    let bench = bench();
    let over =
        [then(DR, 200, DR_LIST), then("GET https://dr.invalid/v1/attachments/WO9/file/1dd5 bearer", 200, DISTINCT)];
    let Found::File(download) = ask(&bench, "dr", "WO9", file(&bench, "1dd5"), &over).unwrap() else { panic!() };
    assert_eq!(download.integrity, Integrity::OtherHash);
}

#[test]
fn a_folder_is_found_or_made_and_a_lost_answer_is_settled_by_the_list() {
    let bench = bench();
    let folder = |asked: Result<Found, Error>| match asked.unwrap() {
        Found::Folder(folder) => (folder.remote_id.0, folder.name, folder.created),
        other => panic!("{other:?}"),
    };
    let (get, post) = (format!("GET {FN} query"), format!("POST {FN} query {{\"name\":\"Site\"}}"));
    let wanted = |name: &str| Wanted::Folder(name.to_owned());
    let there = ask(&bench, "fn", "10234", wanted("photos "), &[then(&get, 200, FN_LIST)]);
    assert_eq!(folder(there), ("9".into(), "Photos".into(), false));
    const WITH: &str = r#"{"metadata": {"total": 1}, "results": [{"id": 11, "name": "Site", "results": []}]}"#;
    for (status, answer) in [(200, "{}"), (500, ""), (409, ""), (302, "")] {
        let over = [then(&get, 200, FN_LIST), then(&post, status, answer), then(&get, 200, WITH)];
        assert_eq!(folder(ask(&bench, "fn", "10234", wanted("Site"), &over)), ("11".into(), "Site".into(), true));
    }
    for (status, reason) in [(403, Reason::Forbidden), (404, Reason::WorkOrderMissing), (500, Reason::ServerBusy)] {
        let over = [then(&get, 200, FN_LIST), then(&post, status, ""), then(&get, 200, FN_LIST)];
        assert_eq!(why(ask(&bench, "fn", "10234", wanted("Site"), &over)), reason);
    }
    // A list that is not all may have it: nothing is made.
    const HALF: &str =
        r#"{"metadata": {"total": 3, "page": 1, "pages": 1}, "results": [{"id": 7, "name": "Misc", "results": []}]}"#;
    let half = ask(&bench, "fn", "10234", wanted("Site"), &[then(&get, 200, HALF)]);
    assert_eq!(why(half), Reason::ServerBusy);
}

#[test]
fn what_a_system_cannot_be_asked_is_refused_at_once() {
    let bench = bench();
    let invalid = |asked| assert!(matches!(asked, Err(Error::Invalid { .. })), "{asked:?}");
    invalid(ask(&bench, "acme", "10234", Wanted::Folder("Site".into()), &[]));
    invalid(ask(&bench, "fn", "10234", Wanted::Folder(" ".into()), &[]));
    invalid(ask(&bench, "serial", "7", file(&bench, "d-1"), &[]));
    assert_eq!(why(ask(&bench, "acme", "ten", Wanted::List, &[])), Reason::WorkOrderNotValid);
    assert!(matches!(ask(&bench, "nobody", "1", Wanted::List, &[]), Err(Error::UnknownAccount { .. })));
    bench.outbox.set_conditions(crate::Conditions { network: crate::Network::None, ..Default::default() }).unwrap();
    assert_eq!(why(ask(&bench, "acme", "10234", Wanted::List, &[])), Reason::NoNetwork);
}

#[test]
fn a_refused_token_is_asked_for_once_more_and_then_the_answer_is_that_one_is_wanted() {
    let bench = bench();
    let refused = || then(CORRIGO, 401, "");
    let second = [refused(), then(CORRIGO, 200, CORRIGO_LIST)];
    assert_eq!(list(ask(&bench, "acme", "10234", Wanted::List, &second)).len(), 2);
    assert_eq!(why(ask(&bench, "acme", "10234", Wanted::List, &[refused(), refused()])), Reason::TokenWanted);
    // The link's host has no say in that.
    let elsewhere = [
        then("GET https://decisiv.invalid/platform_api/cases/77/attachments/5 bearer", 200, DECISIV_ONE),
        then("GET https://decisiv.invalid/platform_api/cases/77/attachments/5 bearer", 200, DECISIV_ONE),
        then("GET https://files.invalid/d alone", 401, ""),
    ];
    assert_eq!(why(ask(&bench, "decisiv", "77", file(&bench, "5"), &elsewhere)), Reason::Refused);
}

#[test]
fn why_there_is_no_answer_is_told_in_the_closed_list_of_reasons() {
    let bench = bench();
    let rows = [
        (404, "", Reason::WorkOrderMissing),
        (403, "", Reason::Forbidden),
        (400, "", Reason::Refused),
        (429, "", Reason::ServerAskedToWait),
        (503, "", Reason::ServerBusy),
        (302, "", Reason::CaptivePortal),
        (200, "<html>", Reason::CaptivePortal),
        (200, "{", Reason::OutcomeUnknown),
    ];
    for (status, answer, reason) in rows {
        assert_eq!(
            why(ask(&bench, "acme", "10234", Wanted::List, &[then(CORRIGO, status, answer)])),
            reason,
            "{status}"
        );
    }
}

#[test]
fn a_deleted_folder_is_an_operation_of_its_own_and_asked_for_once() {
    let bench = bench();
    let job = WorkOrder::new("fn", "10234");
    let item = bench.outbox.delete_folder(&job, &RemoteId("9".into())).unwrap();
    assert_eq!((item.operation, item.name.as_str()), (crate::Operation::DeleteFolder, "9"));
    assert_eq!(bench.outbox.delete_folder(&job, &RemoteId("9".into())).unwrap().id, item.id);
    let elsewhere = bench.outbox.delete_folder(&WorkOrder::new("fn", "10235"), &RemoteId("9".into())).unwrap();
    assert_ne!(elsewhere.id, item.id);
    bench.outbox.cancel(elsewhere.id).unwrap();
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    assert_eq!(line(&sent), format!("DELETE {FN}/9 query"));
    assert_eq!(sent.request.method, Method::Delete);
    // It is gone already: what was wanted is so.
    delivery.report(sent.id, &exchange(&sent, 404, r#"{"status": 404, "message": "no such folder"}"#)).unwrap();
    assert_eq!(bench.outbox.item(item.id).unwrap().state, State::Delivered);
    for (account, folder) in [("fn", "Photos"), ("fn", ""), ("acme", "9"), ("serial", "9")] {
        let refused = bench.outbox.delete_folder(&WorkOrder::new(account, "10234"), &RemoteId(folder.into()));
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{account} {folder}");
    }
}
