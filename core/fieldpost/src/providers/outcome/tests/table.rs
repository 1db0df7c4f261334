//! What may come of a request, and what each of it means: the table in the head of [`outcome`](super::super), row by row.

use super::super::super::tests::{answer, one_file};
use super::super::*;
use crate::model::{Operation, ProviderKind, Snapshot};

pub(super) type Headers = &'static [(&'static str, &'static str)];

pub(super) const ATTACHMENT: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse";

/// What came of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Came {
    Answer(u16, Headers, Says),
    Failure(Failure),
}

/// An answer's body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Says {
    /// What the system documents for a success of just this request.
    Right,
    /// The same after a byte order mark.
    Marked,
    /// The first half of it.
    Half,
    /// What the system speaks, but of another shape.
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
        let xml = sent.provider == ProviderKind::Decisiv;
        let right = match (sent.provider, sent.operation) {
            (ProviderKind::Decisiv, _) if reads => format!("<a:attachments xmlns:a='{ATTACHMENT}'></a:attachments>"),
            (ProviderKind::Decisiv, _) => {
                let (url, size) = ("/cases/C-7/attachments/x", sent.bytes.0);
                format!("<attachment xmlns='{ATTACHMENT}'><URL>{url}</URL><size>{size}</size></attachment>")
            }
            (ProviderKind::Serial, _) if reads => SERIAL.replace("[]", "[ ]"),
            (ProviderKind::Serial, _) => SERIAL.replace("[]", r#"[{"dataset_id": "x"}]"#),
            (ProviderKind::FieldNation, _) => one_file(if reads { "a.jpg" } else { &sent.name }, 20),
            _ if reads => "[ ]".to_owned(),
            (ProviderKind::CorrigoPro, Operation::Upload) => r#"{"AttachmentId": "x", "MessageId": "m"}"#.to_owned(),
            (ProviderKind::CorrigoPro, _) => r#"{"MessageId": "m"}"#.to_owned(),
            (ProviderKind::DigitalRealty, _) => format!(r#"{{"id": "x", "hash": "{}"}}"#, sent.sha256),
            (ProviderKind::Tus, _) => unreachable!("it speaks in headers: its own tests have its answers"),
        };
        match self {
            Says::Right => right,
            Says::Marked => format!("\u{feff}{right}"),
            Says::Half => right[..right.len() / 2].to_owned(),
            Says::Foreign if xml => "<?xml version='1.0'?><result number='7'>fine</result>".to_owned(),
            Says::Foreign => r#"{"Result": "fine", "Number": 7}"#.to_owned(),
            Says::Refusal => r#"{"Code": 3001, "Message": "closed", "MessageId": "m"}"#.to_owned(),
            Says::Problem => r#"{"status_code": 200, "message": "Operation successful."}"#.to_owned(),
            Says::Token => r#"{"message": "You must provide a Valid OAuth token to make a request"}"#.to_owned(),
            Says::Backoff => r#"{"title": "Busy", "agent": {"action": "wait", "backoffMs": 90000}}"#.to_owned(),
            Says::Error if xml => "<errors><error>no</error></errors>".to_owned(),
            Says::Error => r#"{"error": "no"}"#.to_owned(),
            Says::Page => "\n <!doctype html><title>Welcome to our Wi-Fi</title>".to_owned(),
            Says::Words => "log in first".to_owned(),
            Says::Nothing => String::new(),
        }
    }
}

impl Came {
    pub(super) fn exchange(self, left: Left, sent: &Snapshot, reads: bool) -> Exchange {
        let result = match self {
            Came::Answer(status, headers, says) => Ok(answer(status, headers, says.body(sent, reads))),
            Came::Failure(failure) => Err(failure),
        };
        Exchange { left, result }
    }
}

/// Which system a row of the table is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum At {
    Each,
    CorrigoPro,
    FieldNation,
    /// Those that document no refusal of their own.
    Others,
    /// Decisiv, one of them: it speaks XML.
    Decisiv,
    /// Those that speak JSON.
    Json,
}

impl At {
    /// Whether a row so marked is about the system of `sent`.
    pub(super) fn is_about(self, sent: &Snapshot) -> bool {
        match self {
            At::Each => true,
            At::CorrigoPro => sent.provider == ProviderKind::CorrigoPro,
            At::FieldNation => sent.provider == ProviderKind::FieldNation,
            At::Others => !matches!(sent.provider, ProviderKind::CorrigoPro | ProviderKind::FieldNation),
            At::Decisiv => sent.provider == ProviderKind::Decisiv,
            At::Json => sent.provider != ProviderKind::Decisiv,
        }
    }
}

/// One row: the system, what came, and what that means
/// 1. after the whole body had left,
/// 2. after a part of it or nothing had left,
/// 3. for an update or a deletion whose whole body had left, once the engine has dealt with the doubt (`SAME`: there is none),
/// 4. for a request that only reads.
pub(super) type Case = (At, Came, &'static str, &'static str, &'static str, &'static str);

pub(super) const SAME: &str = "the same";

pub(super) const NONE: Headers = &[];
pub(super) const JSON: Headers = &[("content-type", "application/json")];
pub(super) const XML: Headers = &[("content-type", "application/xml; charset=utf-8")];
pub(super) const HTML: Headers = &[("content-type", "text/html; charset=utf-8")];
pub(super) const IN_120: Headers = &[("retry-after", "120")];
pub(super) const AT_90: Headers =
    &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")];
pub(super) const PAST: Headers =
    &[("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")];
pub(super) const SOON: Headers = &[("retry-after", "soon")];

#[rustfmt::skip]
pub(super) const TABLE: &[Case] = {
    use At::{CorrigoPro, Decisiv, Each, FieldNation, Json, Others};
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
        case(Json, Answer(201, HTML, Right), PROVED), // JSON that is called a page is forgiven
        case(Decisiv, Answer(201, HTML, Right), PORTAL), // XML is not
        case(Decisiv, Answer(200, XML, Right), PROVED),
        case(Decisiv, Answer(200, XML, Half), ODD),
        case(Decisiv, Answer(200, XML, Foreign), ODD),
        case(Decisiv, Answer(200, XML, Refusal), ODD),
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
        case(Decisiv, Answer(200, XML, Page), PORTAL),
        case(Json, Answer(201, HTML, Nothing), PORTAL),
        case(Decisiv, Answer(201, HTML, Nothing), ODD), // as frameworks answer that prove by a header
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
        case(Decisiv, Answer(400, XML, Foreign), REFUSED),
        case(Decisiv, Answer(403, XML, Error), FORBIDDEN),
        case(Decisiv, Answer(404, XML, Error), REFUSED),
        case(Decisiv, Answer(422, XML, Right), REFUSED),
        case(Decisiv, Answer(422, HTML, Error), PORTAL),
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
        (Each, Failed(F::NotKept), "doubt looking", "wait server_busy", "again server_busy", "later disk_full"),
        (Each, Failed(F::FileDamaged), "doubt looking, absent: file_damaged", "blocked file_damaged", "blocked file_damaged", "later server_busy"),
        (Each, Failed(F::Stopped), "doubt looking", "stopped", "again server_busy", "stopped"),
    ]
};
