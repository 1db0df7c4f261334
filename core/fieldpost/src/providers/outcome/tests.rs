use super::super::tests::answer;
use super::*;

/// The proof and the refusal of a made-up system: `{"id": ...}` and `{"Code": ...}`.
fn asked(got: &Exchange) -> Result<String, Outcome> {
    let proof = |a: &Answer| json::text(&json::object(a)?, "id").map(str::to_owned);
    let refusal = |a: &Answer| {
        json::number(&json::object(a)?, "Code").map(|code| Why::new(Reason::WorkOrderClosed, code.to_string()))
    };
    changed(got, &Reading { proof: &proof, refusal: &refusal })
}

/// What came of it, as short as the table in the module's head.
fn short(result: Result<String, Outcome>) -> String {
    match result {
        Ok(id) => format!("proved {id}"),
        Err(Outcome::Wait(Hold { reason, asked, .. })) => match asked {
            Some(asked) => format!("wait {reason} {}s", asked.as_secs()),
            None => format!("wait {reason}"),
        },
        Err(Outcome::TokenWanted) => "token".into(),
        Err(Outcome::Stopped) => "stopped".into(),
        Err(Outcome::Blocked(why)) => format!("blocked {}", why.reason),
        Err(Outcome::InDoubt(doubt)) => {
            let ill = if doubt.host_ill { " ill" } else { "" };
            let then = doubt.refusal.map(|why| format!(", absent: {}", why.reason)).unwrap_or_default();
            format!("doubt {}{ill}{then}", doubt.reason)
        }
        Err(other) => panic!("{other:?}"),
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
const PAGE: &str = "\n <!doctype html><title>Welcome to our Wi-Fi</title>";

#[test]
fn every_answer_to_a_request_that_changes_something_has_one_outcome() {
    let proof = r#"{"id": "r1"}"#;
    let own = r#"{"Code": 3001, "Message": "closed"}"#;
    let foreign_error = r#"{"error": "no"}"#;
    let later: &[(&str, &str)] = &[("retry-after", "120")];
    #[rustfmt::skip]
    let table: Vec<(Answer, &str, &str)> = vec![
        (answer(200, JSON, proof), "proved r1", "doubt looking"),
        (answer(201, HTML, proof), "proved r1", "doubt looking"),
        (answer(202, &[], format!("\u{feff}{proof}")), "proved r1", "doubt looking"),
        (answer(200, JSON, "{}"), "doubt looking", "wait server_busy"),
        (answer(204, &[], ""), "doubt looking", "wait server_busy"),
        (answer(200, JSON, r#"{"id": "r"#), "doubt looking", "wait server_busy"),
        (answer(200, JSON, own), "doubt looking", "wait server_busy"),
        (answer(200, HTML, PAGE), "doubt captive_portal ill", "wait captive_portal"),
        (answer(200, &[], PAGE), "doubt captive_portal ill", "wait captive_portal"),
        (answer(200, HTML, "log in first"), "doubt captive_portal ill", "wait captive_portal"),
        (answer(301, &[], ""), "doubt captive_portal ill", "wait captive_portal"),
        (answer(302, HTML, PAGE), "doubt captive_portal ill", "wait captive_portal"),
        (answer(302, JSON, proof), "doubt captive_portal ill", "wait captive_portal"),
        (answer(304, &[], ""), "doubt captive_portal ill", "wait captive_portal"),
        (answer(407, &[], ""), "doubt captive_portal ill", "wait captive_portal"),
        (answer(511, HTML, PAGE), "doubt captive_portal ill", "wait captive_portal"),
        (answer(403, HTML, PAGE), "doubt captive_portal ill", "wait captive_portal"),
        (answer(401, &[], ""), "token", "token"),
        (answer(401, HTML, PAGE), "token", "token"),
        (answer(401, JSON, own), "token", "token"),
        (answer(429, &[], ""), "wait server_asked_to_wait", "wait server_asked_to_wait"),
        (answer(429, later, own), "wait server_asked_to_wait 120s", "wait server_asked_to_wait 120s"),
        (answer(413, &[], ""), "blocked too_large", "blocked too_large"),
        (answer(413, HTML, PAGE), "blocked too_large", "blocked too_large"),
        (answer(400, JSON, own), "blocked work_order_closed", "blocked work_order_closed"),
        (answer(403, HTML, own), "blocked work_order_closed", "blocked work_order_closed"),
        (answer(404, JSON, own), "blocked work_order_closed", "blocked work_order_closed"),
        (answer(408, &[], ""), "doubt server_busy ill", "wait server_busy"),
        (answer(403, JSON, foreign_error), "doubt looking, absent: forbidden", "blocked forbidden"),
        (answer(400, JSON, foreign_error), "doubt looking, absent: refused", "blocked refused"),
        (answer(404, HTML, PAGE), "doubt looking, absent: refused", "blocked refused"),
        (answer(410, &[], ""), "doubt looking, absent: refused", "blocked refused"),
        (answer(409, &[], "conflict"), "doubt looking, absent: refused", "blocked refused"),
        (answer(422, JSON, proof), "doubt looking, absent: refused", "blocked refused"),
        (answer(500, JSON, own), "doubt server_busy ill", "wait server_busy"),
        (answer(500, JSON, proof), "doubt server_busy ill", "wait server_busy"),
        (answer(502, HTML, PAGE), "doubt server_busy ill", "wait server_busy"),
        (answer(503, later, ""), "doubt server_busy ill", "wait server_busy 120s"),
        (answer(0, &[], ""), "doubt unreachable ill", "wait unreachable"),
        (answer(999, JSON, proof), "doubt unreachable ill", "wait unreachable"),
    ];
    for (answer, whole, not_whole) in table {
        let what = format!("{} {:?}", answer.status, String::from_utf8_lossy(answer.bytes()));
        for (left, wanted) in [(Left::Whole, whole), (Left::Part, not_whole), (Left::None, not_whole)] {
            let got = Exchange { left, result: Ok(answer.clone()) };
            assert_eq!(short(asked(&got)), wanted, "{left:?} {what}");
        }
    }
}

#[test]
fn every_failure_of_a_request_that_changes_something_has_one_outcome() {
    let unreachable = ("doubt unreachable ill", "wait unreachable");
    for (failure, (whole, not_whole)) in [
        (Failure::NoNetwork, ("doubt no_network ill", "wait no_network")),
        (Failure::Dns, unreachable),
        (Failure::Refused, unreachable),
        (Failure::Unreachable, unreachable),
        (Failure::Tls, ("doubt tls_failed ill", "wait tls_failed")),
        (Failure::TimedOut, unreachable),
        (Failure::Broken, unreachable),
        (Failure::AnswerTooLong, ("doubt looking", "wait server_busy")),
        (Failure::FileDamaged, ("doubt looking, absent: file_damaged", "blocked file_damaged")),
        (Failure::Stopped, ("doubt looking", "stopped")),
    ] {
        for (left, wanted) in [(Left::Whole, whole), (Left::Part, not_whole), (Left::None, not_whole)] {
            assert_eq!(short(asked(&Exchange { left, result: Err(failure) })), wanted, "{failure:?} {left:?}");
        }
    }
}

#[test]
fn every_answer_to_a_request_that_reads_has_one_meaning() {
    let short = |got: &Exchange| match read(got, |a| (a.bytes() == b"[]").then_some(())) {
        Ok(()) => "read".to_owned(),
        Err(Unread::Later(Hold { reason, .. })) => format!("later {reason}"),
        Err(Unread::TokenWanted) => "token".to_owned(),
        Err(Unread::Stopped) => "stopped".to_owned(),
        Err(Unread::CannotTell { status, why }) => {
            assert_eq!(why.reason, Reason::OutcomeUnknown);
            format!("cannot tell {}", status.unwrap_or(0))
        }
    };
    for (answer, wanted) in [
        (answer(200, JSON, "[]"), "read"),
        (answer(206, JSON, "[]"), "read"),
        (answer(200, JSON, "[{"), "cannot tell 200"),
        (answer(204, &[], ""), "cannot tell 204"),
        (answer(200, HTML, PAGE), "later captive_portal"),
        (answer(200, &[], PAGE), "later captive_portal"),
        (answer(302, &[], ""), "later captive_portal"),
        (answer(407, &[], ""), "later captive_portal"),
        (answer(511, &[], ""), "later captive_portal"),
        (answer(403, HTML, PAGE), "later captive_portal"),
        (answer(401, HTML, PAGE), "token"),
        (answer(403, JSON, "{}"), "cannot tell 403"),
        (answer(404, HTML, PAGE), "cannot tell 404"),
        (answer(413, &[], ""), "cannot tell 413"),
        (answer(408, &[], ""), "later server_busy"),
        (answer(429, &[], ""), "later server_asked_to_wait"),
        (answer(500, JSON, "[]"), "later server_busy"),
        (answer(100, &[], ""), "later unreachable"),
    ] {
        let status = answer.status;
        assert_eq!(short(&Exchange { left: Left::Whole, result: Ok(answer) }), wanted, "{status}");
    }
    for (failure, wanted) in [
        (Failure::NoNetwork, "later no_network"),
        (Failure::Dns, "later unreachable"),
        (Failure::Refused, "later unreachable"),
        (Failure::Unreachable, "later unreachable"),
        (Failure::Tls, "later tls_failed"),
        (Failure::TimedOut, "later unreachable"),
        (Failure::Broken, "later unreachable"),
        (Failure::AnswerTooLong, "cannot tell 0"),
        (Failure::Stopped, "stopped"),
    ] {
        for left in [Left::None, Left::Whole] {
            assert_eq!(short(&Exchange { left, result: Err(failure) }), wanted, "{failure:?}");
        }
    }
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
fn people_read_the_status_and_the_systems_own_words_and_no_secret() {
    let body = r#"{"message": "ticket closed, see https://h/x?token=abc\u0007", "token": "abc"}"#;
    let Err(Outcome::InDoubt(doubt)) = asked(&Exchange { left: Left::Whole, result: Ok(answer(400, JSON, body)) })
    else {
        panic!("no doubt")
    };
    assert_eq!(doubt.detail.as_deref(), Some("400: ticket closed, see https://h/x"));
    assert_eq!(detail(&answer(503, HTML, PAGE)).as_deref(), Some("503"));
}

#[test]
fn a_doubt_reads_back_what_was_stored_of_it() {
    let doubt = Doubt { asked: Some(Duration::from_secs(5)), host_ill: true, ..Doubt::new(Reason::ServerBusy, None) };
    let stored = serde_json::to_string(&doubt).unwrap();
    assert_eq!(serde_json::from_str::<Doubt>(&stored).unwrap(), doubt);
}
