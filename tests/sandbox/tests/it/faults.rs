use std::io::Write as _;
use std::time::{Duration, Instant};

use fieldpost_sandbox::Provider::{CorrigoPro, Decisiv, DigitalRealty, FieldNation};
use fieldpost_sandbox::{By, Credentials, Fault, Moment, Operation, RetryAfter, Rule, Sandbox};

use crate::client::*;
use crate::sandbox;

const CORRIGO: &str = "10234";
const REALTY: &str = "WO9271561";
const SERIAL: &str = "2001";
const NATION: &str = "90001";
const DECISIV: &str = "770001";

/// One upload to each system, and what lists it.
fn systems(sandbox: &Sandbox) -> Vec<(Ask, Ask)> {
    let (name, bytes) = ("a-7f3a9c1e.jpg", &[1; 5000]);
    vec![
        (corrigo_upload(sandbox, CORRIGO, name, bytes), corrigo_list(sandbox, CORRIGO)),
        (realty_upload(sandbox, REALTY, name, bytes), realty_list(sandbox, REALTY)),
        (decisiv_upload(sandbox, DECISIV, name, bytes), decisiv_list(sandbox, DECISIV)),
        (nation_upload(sandbox, NATION, name, bytes), nation_list(sandbox, NATION)),
        (serial_upload(sandbox, SERIAL, name, bytes), serial_read(sandbox, SERIAL)),
    ]
}

fn uploads(sandbox: &Sandbox) -> Vec<Ask> {
    systems(sandbox).into_iter().map(|(upload, _)| upload).collect()
}

#[test]
fn a_lost_answer_is_processed_and_in_the_ledger() {
    let sandbox = sandbox();
    for upload in uploads(&sandbox) {
        let before = sandbox.ledger().len();
        sandbox.fault(Fault::LoseAnswer);
        let heard = upload.send();
        assert_eq!((heard.status, heard.body.len()), (None, 0));
        assert_eq!(sandbox.ledger().len(), before + 1);
        let seen = sandbox.requests().pop().unwrap();
        assert_eq!((seen.whole, seen.status, seen.faults), (true, None, vec!["lose_answer".to_owned()]));
        assert!(upload.send().status.is_some(), "once means once");
    }
}

#[test]
fn connections_dropped_before_in_and_after_the_body_process_nothing() {
    let sandbox = sandbox();
    for upload in uploads(&sandbox) {
        let length = upload.body.len() as u64;
        let cases = [
            (Fault::DropBeforeBody, 0, false),
            (Fault::DropInBody { after_bytes: Some(100) }, 100, false),
            (Fault::DropInBody { after_bytes: None }, length / 2, false),
            (Fault::DropAfterBody, length, true),
        ];
        for (fault, received, whole) in cases {
            sandbox.fault(fault.clone());
            assert_eq!(upload.send().status, None, "{fault:?}");
            let seen = sandbox.requests().pop().unwrap();
            assert_eq!((seen.bytes, seen.whole, seen.status), (received, whole, None), "{fault:?}");
        }
    }
    assert!(sandbox.ledger().is_empty());
    assert_eq!(std::fs::read_dir(sandbox.dir().join("spool")).unwrap().count(), 0);
}

#[test]
fn a_body_cut_in_the_middle_leaves_the_client_with_bytes_unsent() {
    let sandbox = sandbox();
    sandbox.fault(Fault::DropInBody { after_bytes: Some(1000) });
    let upload = corrigo_upload(&sandbox, CORRIGO, "a.jpg", &vec![0; 16_000_000]);
    let mut stream = upload.connect().unwrap();
    let sent = stream.write_all(&upload.head()).and_then(|()| stream.write_all(&upload.body));
    assert!(sent.is_err(), "16 MB do not fit into the kernel's buffers");
}

#[test]
fn a_truncated_answer_promises_more_than_it_brings() {
    let sandbox = sandbox();
    for upload in uploads(&sandbox) {
        for keep_bytes in [None, Some(0), Some(5)] {
            sandbox.fault(Fault::TruncateAnswer { keep_bytes });
            let heard = upload.send();
            assert!(heard.status.is_some_and(|s| s < 300), "the head arrives: {heard:?}");
            assert!(!heard.whole());
            if let Some(keep) = keep_bytes {
                assert_eq!(heard.body.len() as u64, keep);
            } else {
                assert!(!heard.body.is_empty());
            }
        }
    }
    assert_eq!(sandbox.ledger().len(), 3 * uploads(&sandbox).len());
}

#[test]
fn half_a_listing_is_sound_http_and_broken_inside() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        upload.send();
        sandbox.fault(Rule::new(Fault::HalfAnswer).operation(Operation::List));
        let heard = list.send();
        assert!(heard.whole() && heard.status == Some(200));
        let broken = match heard.is_xml() {
            true => crate::xml::parse(&heard.text()).is_err(),
            false => serde_json::from_slice::<serde_json::Value>(&heard.body).is_err(),
        };
        assert!(broken, "{heard:?}");
        assert_eq!(names(&list.send()), ["a-7f3a9c1e.jpg"]);
    }
}

#[test]
fn late_acceptance_is_nothing_now_and_an_entry_later() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        let after = Duration::from_secs(15);
        for status in [None, Some(504)] {
            let before = names(&list.send()).len();
            sandbox.fault(Fault::AcceptLate { after, status });
            assert_eq!(upload.send().status, status);
            assert_eq!((names(&list.send()).len(), sandbox.state().pending), (before, 1));
            sandbox.clock().advance(after - Duration::from_millis(1));
            assert_eq!(names(&list.send()).len(), before);
            sandbox.clock().advance(Duration::from_millis(1));
            assert_eq!((names(&list.send()).len(), sandbox.state().pending), (before + 1, 0));
        }
    }
}

#[test]
fn a_late_listing_hides_what_was_accepted() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        let before = sandbox.ledger().len();
        sandbox.fault(Fault::ListLate { after: Duration::from_secs(30) });
        assert!(upload.send().status.is_some_and(|s| s < 300));
        assert_eq!((names(&list.send()).len(), sandbox.ledger().len()), (0, before + 1));
        sandbox.clock().advance(Duration::from_secs(30));
        assert_eq!(names(&list.send()).len(), 1);
    }
}

#[test]
fn statuses_before_process_nothing_and_statuses_after_everything() {
    let sandbox = sandbox();
    for upload in uploads(&sandbox) {
        let before = sandbox.ledger().len();
        sandbox.fault(Fault::status_before(503));
        assert_eq!(upload.send().status, Some(503));
        sandbox.fault(Fault::Status { status: 502, when: Moment::Early, headers: vec![], body: String::new() });
        assert_eq!(upload.send().status, Some(502));
        assert_eq!(sandbox.ledger().len(), before);
        sandbox.fault(Fault::status_after(500));
        assert_eq!(upload.send().status, Some(500));
        assert_eq!(sandbox.ledger().len(), before + 1);
    }
}

#[test]
fn a_status_brings_its_headers_and_body() {
    let sandbox = sandbox();
    sandbox.fault(Fault::Status {
        status: 418,
        when: Moment::Before,
        headers: vec![("X-Why".into(), "because".into()), ("Content-Type".into(), "text/html".into())],
        body: "<b>no</b>".into(),
    });
    let heard = corrigo_list(&sandbox, CORRIGO).send();
    assert_eq!((heard.status, heard.header("x-why"), heard.text().as_str()), (Some(418), Some("because"), "<b>no</b>"));
    assert_eq!(heard.header("content-type"), Some("text/html"));
}

#[test]
fn too_many_requests_says_when_in_seconds_or_as_a_date() {
    let sandbox = sandbox();
    let cases = [
        (RetryAfter::Absent, None),
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::DateIn(90), Some("Sat, 21 Nov 2026 10:01:30 GMT")),
    ];
    for (retry_after, expected) in cases {
        sandbox.fault(Fault::TooManyRequests { retry_after });
        let heard = corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x").send();
        assert_eq!((heard.status, heard.header("retry-after")), (Some(429), expected));
    }
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn a_token_may_be_refused_once_or_until_another_comes() {
    let sandbox = sandbox();
    let list = corrigo_list(&sandbox, CORRIGO);
    sandbox.fault(Fault::Unauthorized { until_token_changes: false });
    assert_eq!([list.send().status, list.send().status], [Some(401), Some(200)]);

    sandbox.set_tokens(CorrigoPro, &["old", "new"]);
    let with = |token: &str| list.clone().without("Authorization").with("Authorization", format!("Bearer {token}"));
    sandbox.fault(Fault::Unauthorized { until_token_changes: true });
    assert_eq!([with("old").send().status, with("old").send().status], [Some(401), Some(401)]);
    assert_eq!(sandbox.requests().pop().unwrap().credentials, Credentials::Refused);
    assert_eq!([with("new").send().status, with("old").send().status], [Some(200), Some(200)]);
}

#[test]
fn a_captive_portal_answers_a_page_or_leads_to_one() {
    let sandbox = sandbox();
    for upload in uploads(&sandbox) {
        sandbox.fault(Fault::CaptivePortal { redirect: false });
        let heard = upload.send();
        assert_eq!((heard.status, heard.header("content-type")), (Some(200), Some("text/html; charset=utf-8")));
        sandbox.fault(Fault::CaptivePortal { redirect: true });
        let heard = upload.send();
        assert_eq!(heard.status, Some(302));
        let page = Ask::new("GET", heard.header("location").unwrap()).send();
        assert!(page.status == Some(200) && page.text().contains("<html>"));
    }
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn a_slow_line_takes_its_time_both_ways() {
    let sandbox = sandbox();
    sandbox.fault(Rule::new(Fault::Slow { bytes_per_second: 40_000 }).operation(Operation::Upload));
    let began = Instant::now();
    assert_eq!(corrigo_upload(&sandbox, CORRIGO, "a.jpg", &[0; 20_000]).send().status, Some(200));
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
    sandbox.fault(Rule::new(Fault::Slow { bytes_per_second: 40_000 }).operation(Operation::Download));
    let id = realty_upload(&sandbox, REALTY, "a.jpg", &[0; 20_000]).send().json()["id"].as_str().unwrap().to_owned();
    let began = Instant::now();
    let path = format!("/v1/attachments/{REALTY}/file/{id}");
    assert_eq!(ask(&sandbox, DigitalRealty, "GET", &path).send().body.len(), 20_000);
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
}

#[test]
fn a_wrong_hash_stands_in_the_answer_and_the_listing_while_the_bytes_are_right() {
    let sandbox = sandbox();
    let bytes = b"the bytes".to_vec();
    sandbox.fault(Fault::WrongHash);
    let answer = realty_upload(&sandbox, REALTY, "a.jpg", &bytes).send().json();
    let told = answer["hash"].as_str().unwrap();
    assert!(told.len() == 64 && told != sha256(&bytes));
    assert_eq!(realty_list(&sandbox, REALTY).send().json()[0]["hash"], told);
    let path = format!("/v1/attachments/{REALTY}/file/{}", answer["id"].as_str().unwrap());
    assert_eq!(ask(&sandbox, DigitalRealty, "GET", &path).send().body, bytes);
}

#[test]
fn a_wrong_size_is_told_while_the_bytes_are_right() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        sandbox.fault(Fault::WrongSize);
        assert!(upload.send().status.is_some_and(|s| s < 300));
        let (line, told) = (sandbox.ledger().pop().unwrap(), list.send().text());
        assert_eq!((line.bytes, line.sha256.clone()), (5000, sha256(&[1; 5000])));
        assert_eq!(sandbox.file(line.system, &line.work_order, &line.remote_id), Some(vec![1; 5000]));
        assert!(!told.contains("5000"), "{told}");
        assert_eq!(told.contains("5001"), [CorrigoPro, Decisiv, FieldNation].contains(&line.system), "{told}");
    }
}

#[test]
fn corrupted_bytes_show_in_the_download() {
    let sandbox = sandbox();
    let bytes = b"the bytes".to_vec();
    sandbox.fault(Fault::Corrupted);
    let answer = realty_upload(&sandbox, REALTY, "a.jpg", &bytes).send().json();
    let path = format!("/v1/attachments/{REALTY}/file/{}", answer["id"].as_str().unwrap());
    let got = ask(&sandbox, DigitalRealty, "GET", &path).send().body;
    assert!(got.len() == bytes.len() && got != bytes);
    assert_eq!(sandbox.ledger()[0].sha256, sha256(&bytes), "the ledger says what came");
}

#[test]
fn names_and_listings_go_wrong_as_told() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        sandbox.fault(Fault::Renamed { to: Some("img7871.jpg".into()) });
        sandbox.fault(Fault::DuplicateListing);
        upload.send();
        assert_eq!(names(&list.send()), ["img7871.jpg", "img7871.jpg"]);
        assert_eq!(names(&list.send()), ["img7871.jpg"]);
        sandbox.fault(Fault::Renamed { to: None });
        upload.send();
        let names = names(&list.send());
        let invented = names.iter().find(|name| *name != "img7871.jpg").unwrap();
        assert!(invented.ends_with(".jpg") && !invented.contains("7f3a9c1e"));
    }
}

#[test]
fn accepted_twice_is_two_entries_and_the_second_is_the_faults() {
    let sandbox = sandbox();
    for (upload, list) in systems(&sandbox) {
        let before = sandbox.ledger().len();
        sandbox.fault(Fault::AcceptTwice);
        upload.send();
        assert_eq!(names(&list.send()), ["a-7f3a9c1e.jpg", "a-7f3a9c1e.jpg"]);
        let ledger = &sandbox.ledger()[before..];
        assert_eq!([ledger[0].by, ledger[1].by], [By::Client, By::Fault]);
        assert_ne!(ledger[0].remote_id, ledger[1].remote_id);
        let second = sandbox.file(ledger[1].system, &ledger[1].work_order, &ledger[1].remote_id);
        assert_eq!(second, Some(vec![1; 5000]));
    }
}

#[test]
fn the_office_renames_and_deletes() {
    let sandbox = sandbox();
    corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    assert!(sandbox.office_rename(CorrigoPro, CORRIGO, &id, "b.jpg").unwrap());
    assert_eq!(names(&corrigo_list(&sandbox, CORRIGO).send()), ["b.jpg"]);
    assert!(sandbox.office_delete(CorrigoPro, CORRIGO, &id).unwrap());
    assert!(!sandbox.office_delete(CorrigoPro, CORRIGO, &id).unwrap());
    assert_eq!(names(&corrigo_list(&sandbox, CORRIGO).send()), Vec::<String>::new());
    let by: Vec<By> = sandbox.ledger().iter().map(|e| e.by).collect();
    assert_eq!(by, [By::Client, By::Office, By::Office]);
}

#[test]
fn a_rule_for_one_work_order_leaves_the_others_alone_wherever_the_id_stands() {
    let sandbox = sandbox();
    let corrigo = sandbox.fault(Rule::new(Fault::LoseAnswer).work_order(CORRIGO).forever());
    let realty = sandbox.fault(Rule::new(Fault::DropBeforeBody).work_order(REALTY).forever());
    assert_eq!(corrigo_upload(&sandbox, "10235", "a.jpg", b"x").send().status, Some(200));
    assert_eq!(realty_upload(&sandbox, "WO9271562", "a.jpg", b"x").send().status, Some(201));
    assert_eq!(corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x").send().status, None);
    assert_eq!(realty_upload(&sandbox, REALTY, "a.jpg", b"x").send().status, None);
    assert_eq!((sandbox.hits(corrigo), sandbox.hits(realty)), (1, 1));
    assert_eq!(sandbox.uploads(CorrigoPro, CORRIGO).len(), 1);
    assert_eq!(sandbox.uploads(DigitalRealty, REALTY).len(), 0);
    sandbox.clear_faults();
    assert!(uploads(&sandbox).iter().all(|u| u.send().status.is_some()));
}

#[test]
fn answers_lost_by_chance_are_lost_the_same_for_the_same_seed() {
    let run = || {
        let sandbox = sandbox();
        let rule = sandbox.fault(Rule::new(Fault::LoseAnswer).operation(Operation::Upload).forever().chance(0.3, 11));
        let lost: Vec<bool> =
            (0..40).map(|_| corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x").send().status.is_none()).collect();
        assert_eq!(sandbox.ledger().len(), 40);
        assert_eq!(sandbox.hits(rule), lost.iter().filter(|l| **l).count() as u64);
        lost
    };
    let lost = run();
    assert_eq!(lost, run());
    assert!((4..25).contains(&lost.iter().filter(|l| **l).count()), "{lost:?}");
}

#[test]
fn silence_processes_and_never_answers_until_the_line_is_cut() {
    let sandbox = sandbox();
    sandbox.fault(Fault::Silence);
    let upload = corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x");
    let mut stream = upload.connect().unwrap();
    stream.write_all(&upload.head()).unwrap();
    stream.write_all(&upload.body).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let waited = std::io::Read::read(&mut stream, &mut [0; 1]).unwrap_err();
    assert!(matches!(waited.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
    assert_eq!((sandbox.ledger().len(), sandbox.state().connections), (1, 1));
    sandbox.network(fieldpost_sandbox::Network::Gone).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(hear(&mut stream).status, None);
}

#[test]
fn a_client_that_gives_up_on_silence_is_not_counted_any_more() {
    let sandbox = sandbox();
    sandbox.fault(Rule::new(Fault::Silence).times(2));
    for headers in [vec![], vec![("Connection".to_owned(), "keep-alive".to_owned())]] {
        let before = sandbox.ledger().len();
        let mut upload = corrigo_upload(&sandbox, CORRIGO, "a.jpg", b"x");
        upload.headers.extend(headers);
        let mut stream = upload.connect().unwrap();
        stream.write_all(&upload.head()).unwrap();
        stream.write_all(&upload.body).unwrap();
        until(|| sandbox.ledger().len() > before);
        drop(stream);
        settled(&sandbox);
    }
}

#[test]
fn a_client_that_goes_away_in_the_middle_leaves_nothing() {
    let sandbox = sandbox();
    let upload = corrigo_upload(&sandbox, CORRIGO, "a.jpg", &[0; 5000]);
    let mut stream = upload.connect().unwrap();
    stream.write_all(&upload.head()).unwrap();
    stream.write_all(&upload.body[..2000]).unwrap();
    drop(stream);
    settled(&sandbox);
    let seen = sandbox.requests().pop().unwrap();
    assert!(!seen.whole && seen.done && seen.bytes <= 2000, "{seen:?}");
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn a_client_that_goes_away_after_its_last_byte_was_heard() {
    let sandbox = sandbox();
    for n in 1..=20 {
        let upload = corrigo_upload(&sandbox, CORRIGO, "a.jpg", &[0; 5000]);
        let mut stream = upload.connect().unwrap();
        stream.write_all(&upload.head()).unwrap();
        stream.write_all(&upload.body).unwrap();
        drop(stream);
        settled(&sandbox);
        assert_eq!(sandbox.ledger().len(), n, "{:?}", sandbox.requests().last());
    }
}

/// Waits for the sandbox to have dealt with what it has been sent, as the kill test does.
fn settled(sandbox: &Sandbox) {
    until(|| {
        let state = sandbox.state();
        state.connections == 0 && state.requests == 0
    });
}
