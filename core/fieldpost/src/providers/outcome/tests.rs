use super::super::tests::{
    answer, change, change_at_field_nation, got, one_file, snapshot, to_digital_realty, to_field_nation, to_serial,
};
use super::super::{Cursor, Effect, Step, provider};
use super::*;
use crate::dispatch::answer::answered;
use crate::dispatch::examples::{context, now, sending};
use crate::model::{Operation, ProviderKind, RemoteId, Snapshot, Stage, Standing};

type Headers = &'static [(&'static str, &'static str)];

/// What came of a request.
#[derive(Debug, Clone, Copy)]
enum Came {
    Answer(u16, Headers, Says),
    Failure(Failure),
}

/// An answer's body.
#[derive(Debug, Clone, Copy)]
enum Says {
    /// What the system documents for a success of just this request.
    Right,
    /// The same after a byte order mark.
    Marked,
    /// The first half of it.
    Half,
    /// JSON, but of another shape.
    Foreign,
    /// An error in a shape that Field Nation documents, and nobody else.
    Problem,
    /// What Field Nation says of a token that it refuses.
    Token,
    /// An error that asks to wait for 90 seconds.
    Backoff,
    /// An error in the shape that CorrigoPro documents, and Digital Realty does not.
    Refusal,
    /// An error of no documented shape.
    Error,
    /// A web page.
    Page,
    /// Text that is neither JSON nor a page.
    Words,
    Nothing,
}

/// A work order of Serial's, with nothing in it.
const SERIAL: &str = r#"{"id": "u", "wo_number": 7, "attachments": []}"#;

impl Says {
    fn body(self, sent: &Snapshot, reads: bool) -> String {
        let right = match (sent.provider, sent.operation) {
            (ProviderKind::Serial, _) if reads => SERIAL.replace("[]", "[ ]"),
            (ProviderKind::Serial, _) => SERIAL.replace("[]", r#"[{"dataset_id": "x"}]"#),
            (ProviderKind::FieldNation, _) => one_file(if reads { "a.jpg" } else { &sent.name }, 20),
            _ if reads => "[ ]".to_owned(),
            (ProviderKind::CorrigoPro, Operation::Upload) => r#"{"AttachmentId": "x", "MessageId": "m"}"#.to_owned(),
            (ProviderKind::CorrigoPro, _) => r#"{"MessageId": "m"}"#.to_owned(),
            (ProviderKind::DigitalRealty, _) => format!(r#"{{"id": "x", "hash": "{}"}}"#, sent.sha256),
        };
        match self {
            Says::Right => right,
            Says::Marked => format!("\u{feff}{right}"),
            Says::Half => right[..right.len() / 2].to_owned(),
            Says::Foreign => r#"{"Result": "fine", "Number": 7}"#.to_owned(),
            Says::Refusal => r#"{"Code": 3001, "Message": "closed", "MessageId": "m"}"#.to_owned(),
            Says::Problem => r#"{"status_code": 200, "message": "Operation successful."}"#.to_owned(),
            Says::Token => r#"{"message": "You must provide a Valid OAuth token to make a request"}"#.to_owned(),
            Says::Backoff => r#"{"title": "Busy", "agent": {"action": "wait", "backoffMs": 90000}}"#.to_owned(),
            Says::Error => r#"{"error": "no"}"#.to_owned(),
            Says::Page => "\n <!doctype html><title>Welcome to our Wi-Fi</title>".to_owned(),
            Says::Words => "log in first".to_owned(),
            Says::Nothing => String::new(),
        }
    }
}

impl Came {
    fn exchange(self, left: Left, sent: &Snapshot, reads: bool) -> Exchange {
        let result = match self {
            Came::Answer(status, headers, says) => Ok(answer(status, headers, says.body(sent, reads))),
            Came::Failure(failure) => Err(failure),
        };
        Exchange { left, result }
    }
}

/// Which system a row of the table is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Each,
    CorrigoPro,
    FieldNation,
    /// Those that document no refusal of their own.
    Others,
}

/// One row: the system, what came, and what that means
/// 1. after the whole body had left,
/// 2. after a part of it or nothing had left,
/// 3. for an update or a deletion whose whole body had left, once the engine has dealt with the doubt (`SAME`: there is none),
/// 4. for a request that only reads.
type Case = (At, Came, &'static str, &'static str, &'static str, &'static str);

const SAME: &str = "the same";

const NONE: Headers = &[];
const JSON: Headers = &[("content-type", "application/json")];
const HTML: Headers = &[("content-type", "text/html; charset=utf-8")];
const IN_120: Headers = &[("retry-after", "120")];
const AT_90: Headers = &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")];
const PAST: Headers = &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")];
const SOON: Headers = &[("retry-after", "soon")];

#[rustfmt::skip]
const TABLE: &[Case] = {
    use At::{CorrigoPro, Each, FieldNation, Others};
    use Came::{Answer, Failure as Failed};
    use Failure as F;
    use Says::{Backoff, Error, Foreign, Half, Marked, Nothing, Page, Problem, Refusal, Right, Token, Words};
    const PORTAL: (&str, &str, &str, &str) =
        ("doubt captive_portal ill", "wait captive_portal", "again captive_portal", "later captive_portal");
    const BUSY: (&str, &str, &str, &str) =
        ("doubt server_busy ill", "wait server_busy", "again server_busy", "later server_busy");
    const AWAY: (&str, &str, &str, &str) =
        ("doubt unreachable ill", "wait unreachable", "again unreachable", "later unreachable");
    const ODD: (&str, &str, &str, &str) = ("doubt looking", "wait server_busy", "again server_busy", "cannot tell");
    const REFUSED: (&str, &str, &str, &str) =
        ("doubt looking, absent: refused", "blocked refused", "blocked refused", "cannot tell");
    const FORBIDDEN: (&str, &str, &str, &str) =
        ("doubt looking, absent: forbidden", "blocked forbidden", "blocked forbidden", "cannot tell");
    const CLOSED: (&str, &str, &str, &str) =
        ("blocked work_order_closed", "blocked work_order_closed", SAME, "cannot tell");
    const NO: (&str, &str, &str, &str) = ("blocked refused", "blocked refused", SAME, "cannot tell");
    const KEEP_OUT: (&str, &str, &str, &str) = ("blocked forbidden", "blocked forbidden", SAME, "cannot tell");
    const TOO_LARGE: (&str, &str, &str, &str) = ("blocked too_large", "blocked too_large", SAME, "cannot tell");
    const TOKEN: (&str, &str, &str, &str) = ("token", "token", SAME, "token");
    const PROVED: (&str, &str, &str, &str) = ("proved", "doubt looking", SAME, "read");
    const THROTTLED: (&str, &str, &str, &str) =
        ("wait server_asked_to_wait", "wait server_asked_to_wait", SAME, "later server_asked_to_wait");
    const fn case(at: At, came: Came, (whole, part, change, read): (&'static str, &'static str, &'static str, &'static str)) -> Case {
        (at, came, whole, part, change, read)
    }
    &[
        // 2xx: the proof, or what is none
        case(Each, Answer(200, JSON, Right), PROVED),
        case(Each, Answer(201, HTML, Right), PROVED), // JSON that is called a page is forgiven
        case(Each, Answer(202, NONE, Marked), PROVED),
        case(Each, Answer(200, JSON, Half), ODD),
        case(Each, Answer(200, JSON, Foreign), ODD),
        case(Each, Answer(200, JSON, Refusal), ODD),
        case(Each, Answer(200, JSON, Words), ODD),
        case(Each, Answer(200, JSON, Nothing), ODD),
        case(Each, Answer(204, NONE, Nothing), ODD),
        // something between us and the system
        case(Each, Answer(200, HTML, Page), PORTAL),
        case(Each, Answer(200, NONE, Page), PORTAL),
        case(Each, Answer(200, HTML, Words), PORTAL),
        case(Each, Answer(301, NONE, Nothing), PORTAL),
        case(Each, Answer(302, HTML, Page), PORTAL),
        case(Each, Answer(302, JSON, Right), PORTAL),
        case(Each, Answer(304, NONE, Nothing), PORTAL),
        case(Each, Answer(307, NONE, Nothing), PORTAL),
        case(Each, Answer(400, HTML, Page), PORTAL),
        case(Each, Answer(403, HTML, Page), PORTAL),
        case(Each, Answer(407, NONE, Nothing), PORTAL),
        case(Each, Answer(511, HTML, Page), PORTAL),
        case(Each, Answer(511, JSON, Error), PORTAL),
        // the token
        case(Each, Answer(401, NONE, Nothing), TOKEN),
        case(Each, Answer(401, HTML, Page), TOKEN),
        case(Each, Answer(401, JSON, Refusal), TOKEN),
        case(FieldNation, Answer(400, JSON, Token), TOKEN),
        case(FieldNation, Answer(400, HTML, Token), TOKEN),
        case(CorrigoPro, Answer(400, JSON, Token), REFUSED),
        case(Others, Answer(400, JSON, Token), REFUSED),
        case(Each, Answer(500, JSON, Token), BUSY),
        // asked to wait
        case(Each, Answer(429, NONE, Nothing), THROTTLED),
        case(Each, Answer(429, HTML, Page), THROTTLED),
        case(Each, Answer(429, SOON, Nothing), THROTTLED),
        (Each, Answer(429, IN_120, Refusal), "wait server_asked_to_wait 120s", "wait server_asked_to_wait 120s", SAME, "later server_asked_to_wait 120s"),
        (Each, Answer(429, AT_90, Nothing), "wait server_asked_to_wait 90s", "wait server_asked_to_wait 90s", SAME, "later server_asked_to_wait 90s"),
        (Each, Answer(429, PAST, Nothing), "wait server_asked_to_wait 0s", "wait server_asked_to_wait 0s", SAME, "later server_asked_to_wait 0s"),
        (Each, Answer(429, JSON, Backoff), "wait server_asked_to_wait 90s", "wait server_asked_to_wait 90s", SAME, "later server_asked_to_wait 90s"),
        (Each, Answer(429, IN_120, Backoff), "wait server_asked_to_wait 120s", "wait server_asked_to_wait 120s", SAME, "later server_asked_to_wait 120s"),
        (Each, Answer(429, PAST, Backoff), "wait server_asked_to_wait 90s", "wait server_asked_to_wait 90s", SAME, "later server_asked_to_wait 90s"),
        // refused, by the documents or not
        case(FieldNation, Answer(400, JSON, Problem), NO),
        case(FieldNation, Answer(403, HTML, Problem), KEEP_OUT),
        case(FieldNation, Answer(409, JSON, Problem), NO),
        case(FieldNation, Answer(413, JSON, Problem), TOO_LARGE),
        case(FieldNation, Answer(422, JSON, Problem), NO),
        case(FieldNation, Answer(400, JSON, Refusal), REFUSED),
        case(CorrigoPro, Answer(400, JSON, Problem), REFUSED),
        case(Others, Answer(409, JSON, Problem), REFUSED),
        case(Each, Answer(413, NONE, Nothing), TOO_LARGE),
        case(Each, Answer(413, HTML, Page), TOO_LARGE),
        case(CorrigoPro, Answer(400, JSON, Refusal), CLOSED),
        case(CorrigoPro, Answer(403, HTML, Refusal), CLOSED),
        case(CorrigoPro, Answer(404, JSON, Refusal), CLOSED),
        case(CorrigoPro, Answer(409, JSON, Refusal), CLOSED),
        case(Others, Answer(400, JSON, Refusal), REFUSED),
        case(Others, Answer(403, JSON, Refusal), FORBIDDEN),
        case(Others, Answer(404, JSON, Refusal), REFUSED),
        case(Others, Answer(409, JSON, Refusal), REFUSED),
        case(Each, Answer(400, JSON, Error), REFUSED),
        case(Each, Answer(403, JSON, Error), FORBIDDEN),
        case(Each, Answer(403, NONE, Nothing), FORBIDDEN),
        case(Each, Answer(404, NONE, Nothing), REFUSED),
        case(Each, Answer(404, HTML, Page), REFUSED), // a server's own page
        case(Each, Answer(405, NONE, Nothing), REFUSED),
        case(Each, Answer(409, NONE, Words), REFUSED),
        case(Each, Answer(410, HTML, Page), REFUSED),
        case(Each, Answer(422, JSON, Right), REFUSED),
        case(Each, Answer(499, NONE, Nothing), REFUSED),
        // the system is not well
        case(Each, Answer(408, NONE, Nothing), BUSY),
        case(Each, Answer(408, HTML, Page), BUSY),
        case(Each, Answer(500, NONE, Nothing), BUSY),
        case(Each, Answer(500, JSON, Refusal), BUSY),
        case(Each, Answer(500, JSON, Right), BUSY),
        case(Each, Answer(502, HTML, Page), BUSY),
        case(Each, Answer(504, JSON, Error), BUSY),
        case(Each, Answer(599, NONE, Nothing), BUSY),
        (Each, Answer(503, IN_120, Nothing), "doubt server_busy ill", "wait server_busy 120s", "again server_busy", "later server_busy 120s"),
        (Each, Answer(503, JSON, Backoff), "doubt server_busy ill", "wait server_busy 90s", "again server_busy", "later server_busy 90s"),
        // no status of HTTP, or none that ends an exchange
        case(Each, Answer(0, NONE, Nothing), AWAY),
        case(Each, Answer(100, NONE, Nothing), AWAY),
        case(Each, Answer(199, JSON, Right), AWAY),
        case(Each, Answer(600, JSON, Right), AWAY),
        case(Each, Answer(999, HTML, Page), AWAY),
        // no answer
        (Each, Failed(F::NoNetwork), "doubt no_network ill", "wait no_network", "again no_network", "later no_network"),
        case(Each, Failed(F::Dns), AWAY),
        case(Each, Failed(F::Refused), AWAY),
        case(Each, Failed(F::Unreachable), AWAY),
        (Each, Failed(F::Tls), "doubt tls_failed ill", "wait tls_failed", "again tls_failed", "later tls_failed"),
        case(Each, Failed(F::TimedOut), AWAY),
        case(Each, Failed(F::Broken), AWAY), // also an answer that was cut off
        case(Each, Failed(F::AnswerTooLong), ODD),
        (Each, Failed(F::FileDamaged), "doubt looking, absent: file_damaged", "blocked file_damaged", "blocked file_damaged", "later server_busy"),
        (Each, Failed(F::Stopped), "doubt looking", "stopped", "again server_busy", "stopped"),
    ]
};

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
    is_there && matches!(came, Came::Answer(200..=299, _, Says::Foreign | Says::Refusal | Says::Nothing))
}

fn looked(sent: &Snapshot, came: Came, left: Left) -> String {
    let (system, doubts) = (provider(sent.provider), [sent.clone()]);
    let Step::Ask { at, .. } = system.look(&doubts) else { panic!("no look") };
    let at: Cursor = at;
    match system.resume_look(&doubts, &at, &came.exchange(left, sent, true)) {
        Step::Done(Looked::Listed(_)) => "read".into(),
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
    let uploads = [
        (At::CorrigoPro, snapshot()),
        (At::FieldNation, to_field_nation()),
        (At::Others, to_digital_realty()),
        (At::Others, to_serial()),
    ];
    // The others document no updates and no deletions.
    let changes = [
        (At::CorrigoPro, change(Operation::Update, "boiler-7f3a9c1e.jpg")),
        (At::CorrigoPro, change(Operation::Delete, "")),
        (At::FieldNation, change_at_field_nation(Operation::Update)),
        (At::FieldNation, change_at_field_nation(Operation::Delete)),
    ];
    for &(at, came, whole, not_whole, changed, read) in TABLE {
        let is_meant = |system: &At| at == At::Each || at == *system;
        for (_, upload) in uploads.iter().filter(|(system, _)| is_meant(system)) {
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
            for (_, sent) in changes.iter().filter(|(system, _)| is_meant(system)) {
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
            if is_meant(&At::CorrigoPro) {
                let wanted = if read == "read" { "blocked attachment_missing" } else { not_whole };
                let first = short(read_outcome_of(&change(Operation::Update, ""), came, left));
                assert_eq!(first, wanted, "read first, {left:?} left, {came:?}");
            }
            if is_meant(&At::FieldNation) {
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
    let all = [
        Failure::NoNetwork,
        Failure::Dns,
        Failure::Refused,
        Failure::Unreachable,
        Failure::Tls,
        Failure::TimedOut,
        Failure::Broken,
        Failure::AnswerTooLong,
        Failure::FileDamaged,
        Failure::Stopped,
    ];
    for failure in all {
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
