mod table;

use self::table::{ATTACHMENT, Came, HTML, JSON, SAME, Says, TABLE};
use super::super::tests::{
    FAILURES, answer, change, change_at_field_nation, got, snapshot, to_decisiv, to_digital_realty, to_field_nation,
    to_serial,
};
use super::super::{Cursor, Effect, Step, provider};
use super::*;
use crate::dispatch::answer::answered;
use crate::dispatch::examples::{context, now, sending};
use crate::model::{Operation, ProviderKind, RemoteId, Snapshot, Stage, Standing};

fn held(word: &str, Hold { reason, asked, .. }: Hold) -> String {
    match asked {
        Some(asked) => format!("{word} {reason} {}s", asked.as_secs()),
        None => format!("{word} {reason}"),
    }
}

/// What came of it, in the table's words.
fn short(outcome: Outcome) -> String {
    match outcome {
        Outcome::Delivered(RemoteId(id)) if id == "x" || id == "7/8" => "proved".into(),
        Outcome::Delivered(id) => panic!("{id}"),
        Outcome::Wait(hold) => held("wait", hold),
        Outcome::TokenWanted => "token".into(),
        Outcome::Stopped => "stopped".into(),
        Outcome::Blocked(why) => format!("blocked {}", why.reason),
        Outcome::InDoubt(doubt) => {
            let ill = if doubt.host_ill { " ill" } else { "" };
            let then = doubt.refusal.map(|why| format!(", absent: {}", why.reason)).unwrap_or_default();
            format!("doubt {}{ill}{then}", doubt.reason)
        }
    }
}

/// What the engine does about an update's or a deletion's doubt, in the table's words.
fn settled(operation: Operation, outcome: Outcome) -> String {
    let mut row = sending();
    row.manifest.operation = operation;
    answered(&mut row, &mut Standing::default(), outcome, false, false, &context(&now(0)));
    match row.stage {
        Stage::Queued { why: Some(why) } if row.due.is_some() => format!("again {}", why.reason),
        Stage::Blocked { why, doubt: None } => format!("blocked {}", why.reason),
        other => panic!("{other:?}"),
    }
}

/// The outcome of an operation whose first exchange that changes something ends so.
fn outcome_of(sent: &Snapshot, came: Came, left: Left) -> Outcome {
    let system = provider(sent.provider);
    let mut step = system.begin(sent);
    while let Step::Ask { effect: Effect::Reads, at, .. } = &step {
        let sound = Came::Answer(200, JSON, Says::Right);
        step = system.resume(sent, at, &sound.exchange(Left::Whole, sent, true));
    }
    end_of(sent, step, &came.exchange(left, sent, false))
}

/// The outcome of an operation that begins with a read, which ends so.
fn read_outcome_of(sent: &Snapshot, came: Came, left: Left) -> Outcome {
    end_of(sent, provider(sent.provider).begin(sent), &came.exchange(left, sent, true))
}

fn end_of(sent: &Snapshot, step: Step<Outcome>, got: &Exchange) -> Outcome {
    let Step::Ask { at, .. } = step else { panic!("it ended before") };
    match provider(sent.provider).resume(sent, &at, got) {
        Step::Done(outcome) => outcome,
        Step::Ask { request, .. } => panic!("it asked: {request:?}"),
    }
}

/// Of what a deletion answers at Field Nation no page tells: nothing, or any object, is as good as the whole work order.
fn says_it_is_deleted(sent: &Snapshot, came: Came) -> bool {
    let is_there = sent.provider == ProviderKind::FieldNation && sent.operation == Operation::Delete;
    let Came::Answer(200..=299, headers, says) = came else { return false };
    let is_page = headers == HTML; // so is an empty answer that is called one
    is_there && !is_page && matches!(says, Says::Foreign | Says::Refusal | Says::Nothing)
}

fn looked(sent: &Snapshot, came: Came, left: Left) -> String {
    let (system, doubts) = (provider(sent.provider), [sent.clone()]);
    let Step::Ask { at, .. } = system.look(&doubts) else { panic!("no look") };
    let at: Cursor = at;
    match system.resume_look(&doubts, &at, &came.exchange(left, sent, true)) {
        Step::Done(Looked::Listed(_)) => "read".into(),
        Step::Done(Looked::NotWhole) => panic!("none of these systems resumes"),
        Step::Done(Looked::Later(hold)) => held("later", hold),
        Step::Done(Looked::TokenWanted) => "token".into(),
        Step::Done(Looked::Stopped) => "stopped".into(),
        Step::Done(Looked::CannotTell { why, .. }) => {
            assert_eq!(why.reason, Reason::OutcomeUnknown);
            "cannot tell".into()
        }
        Step::Ask { request, .. } => panic!("it asked: {request:?}"),
    }
}

#[test]
fn every_answer_and_every_failure_has_one_outcome_at_every_system_for_every_operation() {
    let lefts = [(Left::Whole, true), (Left::Part, false), (Left::None, false)];
    let uploads = [snapshot(), to_field_nation(), to_digital_realty(), to_serial(), to_decisiv()];
    // The others document no updates and no deletions.
    let changes = [
        change(Operation::Update, "boiler-7f3a9c1e.jpg"),
        change(Operation::Delete, ""),
        change_at_field_nation(Operation::Update),
        change_at_field_nation(Operation::Delete),
    ];
    for &(at, came, whole, not_whole, changed, read) in TABLE {
        for upload in uploads.iter().filter(|upload| at.is_about(upload)) {
            for (left, all) in lefts {
                let wanted = if all { whole } else { not_whole };
                assert_eq!(
                    short(outcome_of(upload, came, left)),
                    wanted,
                    "upload, {}, {left:?} left, {came:?}",
                    upload.provider
                );
                let look = looked(upload, came, left);
                assert_eq!(look, read, "look, {}, {left:?} left, {came:?}", upload.provider);
            }
        }
        for (left, all) in lefts {
            for sent in changes.iter().filter(|sent| at.is_about(sent)) {
                let what = format!("{}, {:?}, {left:?} left, {came:?}", sent.provider, sent.operation);
                let outcome = outcome_of(sent, came, left);
                if says_it_is_deleted(sent, came) {
                    assert_eq!(short(outcome), if all { "proved" } else { "doubt looking" }, "{what}");
                    continue;
                }
                assert_eq!(short(outcome.clone()), if all { whole } else { not_whole }, "{what}");
                match (changed, outcome) {
                    (SAME, Outcome::InDoubt(_)) if all => panic!("a doubt: {what}"),
                    (_, doubt @ Outcome::InDoubt(_)) if all => {
                        assert_eq!(settled(sent.operation, doubt), changed, "{what}")
                    }
                    _ => assert!(changed == SAME || !all, "no doubt: {what}"),
                }
            }
            // A read that comes first has changed nothing, however much of it had left.
            if at.is_about(&snapshot()) {
                let wanted = if read == "read" { "blocked attachment_missing" } else { not_whole };
                let first = short(read_outcome_of(&change(Operation::Update, ""), came, left));
                assert_eq!(first, wanted, "read first, {left:?} left, {came:?}");
            }
            if at.is_about(&to_field_nation()) {
                assert_no_doubt_before_the_upload(&to_field_nation(), came, left, not_whole, read);
            }
        }
    }
}

/// At Field Nation an upload has not begun to leave while its folder is found and created: each of these exchanges ends as if not all
/// of it had left, where it does not go on.
fn assert_no_doubt_before_the_upload(upload: &Snapshot, came: Came, left: Left, not_whole: &str, read: &str) {
    let (what, system) = (format!("{left:?} left, {came:?}"), provider(upload.provider));
    let Step::Ask { at, .. } = system.begin(upload) else { panic!("it ended before") };
    match system.resume(upload, &at, &came.exchange(left, upload, true)) {
        Step::Done(outcome) => assert_eq!(short(outcome), not_whole, "the folder is looked for, {what}"),
        Step::Ask { .. } => assert_eq!(read, "read", "{what}"),
    }
    let none = got(200, r#"{"results": [], "metadata": {"total": 0}}"#);
    let Step::Ask { at, .. } = system.resume(upload, &at, &none) else { panic!("no folder is created") };
    match system.resume(upload, &at, &came.exchange(left, upload, false)) {
        Step::Done(outcome) => assert_eq!(short(outcome), not_whole, "the folder is created, {what}"),
        // After a success that is none of a portal's, and after a refusal, the list tells.
        Step::Ask { effect, .. } => {
            assert_eq!(effect, Effect::Reads);
            let is_success = matches!(came, Came::Answer(200..=299, ..)) && !not_whole.contains("captive");
            assert!(is_success || not_whole.starts_with("blocked"), "{what}");
        }
    }
}

#[test]
fn the_table_has_every_status_that_is_treated_alone_and_every_failure() {
    let has = |wanted: u16| TABLE.iter().any(|case| matches!(case.1, Came::Answer(status, ..) if status == wanted));
    for status in [200, 204, 302, 401, 403, 404, 407, 408, 409, 410, 413, 429, 500, 503, 511, 100, 600] {
        assert!(has(status), "{status}");
    }
    for failure in FAILURES {
        assert!(TABLE.iter().any(|case| matches!(case.1, Came::Failure(f) if f == failure)), "{failure:?}");
    }
}

/// What came of a request that changes something at a made-up system: its proof is `{"id": ...}`, a refusal it has none.
fn asked(got: &Exchange) -> Result<String, Outcome> {
    let proof = |a: &Answer| json::text(&json::object(a)?, "id").map(str::to_owned);
    changed(got, &Reading { proof: &proof, refusal: &|_| None, refuses_token: only_401 })
}

#[test]
fn a_wait_that_was_asked_for_is_read_in_seconds_or_as_a_date() {
    let now = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
    for (headers, wanted) in [
        (vec![], None),
        (vec![("retry-after", "0")], Some(0)),
        (vec![("retry-after", " 120 ")], Some(120)),
        (vec![("retry-after", "99999999999999999999999")], Some(u64::from(u32::MAX))),
        (vec![("retry-after", "-5")], None),
        (vec![("retry-after", "")], None),
        (vec![("retry-after", "soon")], None),
        (vec![now, ("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")], Some(90)),
        (vec![now, ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")], Some(0)),
        (vec![("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")], None),
        (vec![("date", "yesterday"), ("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")], None),
    ] {
        let asked = retry_after(&answer(429, &headers, "")).map(|d| d.as_secs());
        assert_eq!(asked, wanted, "{headers:?}");
    }
}

#[test]
fn an_upload_and_its_look_both_answered_404_mean_that_the_work_order_is_missing() {
    let doubt = |status| match asked(&Exchange { left: Left::Whole, result: Ok(answer(status, &[], "")) }) {
        Err(Outcome::InDoubt(doubt)) => doubt,
        other => panic!("{other:?}"),
    };
    assert_eq!(both_missing(&doubt(404), Some(404)).map(|why| why.reason), Some(Reason::WorkOrderMissing));
    assert_eq!(both_missing(&doubt(404), Some(403)), None);
    assert_eq!(both_missing(&doubt(404), None), None);
    assert_eq!(both_missing(&doubt(500), Some(404)), None);
}

#[test]
fn xml_is_a_web_page_only_where_it_is_one() {
    let is_page =
        |content_type: &str, body: &str| is_page(Speech::Xml, &answer(200, &[("content-type", content_type)], body));
    let ours = format!("<a:attachments xmlns:a='{ATTACHMENT}'/>");
    for body in [
        ours.as_str(),
        &format!("\u{feff}<?xml version='1.0'?>\n<!-- html --> {ours}"),
        "<heading/>",
        "<html:x xmlns:html='urn:x'/>",
        "<bodywork>",
        "<errors><html/></errors>",
        "<!-- never ended",
        "<",
        "",
        "{}",
    ] {
        assert!(!is_page("application/xml", body), "{body}");
    }
    for body in [
        "<!doctype html><title>x",
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">",
        "<?xml version='1.0'?>\r\n<!-- x --><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "\u{feff} <HTML>",
        "<html lang='en'>",
        "<head/>",
        "<script>location='/login'</script>",
        "<meta http-equiv=refresh content='0; url=/login'>",
    ] {
        assert!(is_page("application/xml", body), "{body}");
    }
    assert!(is_page("text/html", &ours) && is_page("Application/XHTML+xml; charset=utf-8", &ours));
    assert!(is_page("text/html", "log in") && !is_page("text/html", ""));
}

#[test]
fn people_read_the_status_and_the_systems_own_words_and_no_secret() {
    let body = r#"{"message": "ticket closed, see https://h/x?token=abc\u0007", "token": "abc"}"#;
    let Err(Outcome::InDoubt(doubt)) = asked(&Exchange { left: Left::Whole, result: Ok(answer(400, JSON, body)) })
    else {
        panic!("no doubt")
    };
    assert_eq!(doubt.detail.as_deref(), Some("400: ticket closed, see https://h/x"));
    assert_eq!(detail(&answer(503, HTML, "<!doctype html>")).as_deref(), Some("503"));
}

#[test]
fn a_doubt_reads_back_what_was_stored_of_it() {
    let doubt = Doubt { asked: Some(Duration::from_secs(5)), host_ill: true, ..Doubt::new(Reason::ServerBusy, None) };
    let stored = serde_json::to_string(&doubt).unwrap();
    assert_eq!(serde_json::from_str::<Doubt>(&stored).unwrap(), doubt);
}
