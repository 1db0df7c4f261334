//! What an answer means: the one place where an answer, or a failure to get one, becomes an outcome.
//!
//! A provider hands in what only its documents tell: how a 2xx is read as proof, how a 4xx is read as a refusal in the system's
//! own shape, and by which answer beside 401 it refuses a token ([`Reading`]). All else is the same for every system.
//!
//! # Requests that change something ([`changed`])
//!
//! | what came | the whole body had left | not all of it had left: proved not processed | an update or deletion whose whole body had left |
//! |---|---|---|---|
//! | 2xx with the documented proof | **delivered** | in doubt (`looking`): one of the two is wrong | **done** |
//! | 2xx without it: empty, broken, foreign, or a refusal | in doubt (`looking`) | wait, account (`server_busy`) | again, item waits (`server_busy`) |
//! | 3xx, 407, 511, or a web page below 500 (but for 401, 404, 408, 410, 413, 429) | in doubt (`captive_portal`, host ill) | wait, account (`captive_portal`) | again, item and account wait (`captive_portal`) |
//! | 401, or what the system documents for a token that it refuses | token wanted | token wanted | token wanted |
//! | 429 | wait, account (`server_asked_to_wait`, as long as was asked) | the same | the same |
//! | 413 | **blocked** (`too_large`) | **blocked** (`too_large`) | **blocked** (`too_large`) |
//! | 4xx in the system's own shape | **blocked** (its reason) | **blocked** (its reason) | **blocked** (its reason); a deletion of what is not there is **done** |
//! | 408 | in doubt (`server_busy`, host ill) | wait, account (`server_busy`) | again, item and account wait (`server_busy`) |
//! | 403 of no documented shape | in doubt; if absent, blocked (`forbidden`) | **blocked** (`forbidden`) | **blocked** (`forbidden`) |
//! | any other 4xx | in doubt; if absent, blocked (`refused`) | **blocked** (`refused`) | **blocked** (`refused`) |
//! | any other 5xx | in doubt (`server_busy`, host ill) | wait, account (`server_busy`, as long as was asked) | again, item and account wait (`server_busy`, as long as was asked) |
//! | any other status | in doubt (`unreachable`, host ill) | wait, account (`unreachable`) | again, item and account wait (`unreachable`) |
//! | no network | in doubt (`no_network`, host ill) | wait, account (`no_network`) | again, item and account wait (`no_network`) |
//! | TLS failed | in doubt (`tls_failed`, host ill) | wait, account (`tls_failed`) | again, item and account wait (`tls_failed`) |
//! | no such host, refused, unreachable, timed out, broken | in doubt (`unreachable`, host ill) | wait, account (`unreachable`) | again, item and account wait (`unreachable`) |
//! | an answer longer than the limit, or that our own disk did not take | in doubt (`looking`) | wait, account (`server_busy`) | again, item waits (`server_busy`) |
//! | our own file was altered | in doubt; if absent, blocked (`file_damaged`) | **blocked** (`file_damaged`) | (it has none) |
//! | we stopped it ourselves | in doubt (`looking`) | stopped: nothing is held against anyone | again, item waits (`server_busy`) |
//!
//! How long was asked for: `Retry-After`, or `agent.backoffMs` in a problem document (RFC 9457, as Field Nation extends it); the
//! longer, where an answer has both.
//!
//! The second column is the first one with its doubt settled: nothing was processed, which is the same as proved absent.
//! So a doubt that carries what blocks the item once it is absent blocks it at once, any other doubt becomes a wait.
//!
//! The third column is the first one too, after `dispatch::answer` has dealt with the doubt: the same again does no harm, so
//! nobody looks. An update or a deletion that has not left whole goes by the second column.
//!
//! # Requests that only read ([`read`])
//!
//! | what came | a look | a read without which an update cannot begin ([`read_first`]) |
//! |---|---|---|
//! | 2xx that can be read | what was read | what was read |
//! | 2xx that cannot, an answer longer than the limit | cannot tell | wait, account (`server_busy`) |
//! | 4xx in the system's own shape | cannot tell | **blocked** (its reason) |
//! | 404, 410, 413, any other 4xx | cannot tell | **blocked** (`forbidden`, `too_large`, `refused`) |
//! | 401, or what the system documents for a token that it refuses | token wanted | token wanted |
//! | our own disk did not take it | later (`disk_full`) | wait, account (`server_busy`) |
//! | we stopped it ourselves | stopped | stopped |
//! | all else: network, portal, redirect, 408, 429, 5xx, broken | later | wait, account |
//!
//! What a web page is depends on what the system [speaks](Speech): where that is JSON, anything that begins as XML does; where it
//! speaks in headers, anything without them.
//!
//! How much of such a request had left tells nothing. An upload *and* its look that were both answered 404: [`both_missing`].

use std::time::Duration;

use super::{Doubt, Hold, Looked, Outcome, json, words};
use crate::model::{Answer, Exchange, Failure, Left, Reason, Why};

/// What a provider's documents let it read in an answer to a request that changes something, or comes before one that does.
pub(crate) struct Reading<'a, P> {
    /// Reads a 2xx as the documented proof.
    pub proof: &'a dyn Fn(&Answer) -> Option<P>,
    /// Reads a 4xx as a refusal in the system's own shape.
    pub refusal: &'a dyn Fn(&Answer) -> Option<Why>,
    /// Whether an answer, 401 aside, refuses the token: nothing was processed then. [`only_401`], where none is documented.
    pub refuses_token: fn(&Answer) -> bool,
}

/// The system refuses a token by 401 alone.
pub(crate) fn only_401(_: &Answer) -> bool {
    false
}

/// What a system's answers are written in, as far as a web page in their place is known by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// JSON, or a temporary link.
    Json,
    /// XML.
    Xml,
    /// Headers, among them this one in every answer that is the system's own. What else its answers hold is for people.
    Headers(&'static str),
}

/// What came of a request that changes something: the documented proof, or else what follows. Never [`Outcome::Delivered`]:
/// a provider may want more than its proof.
pub(crate) fn changed<P>(got: &Exchange, reading: &Reading<'_, P>) -> Result<P, Outcome> {
    changed_in(Speech::Json, got, reading)
}

/// The same of a system that speaks `speech`.
pub(crate) fn changed_in<P>(speech: Speech, got: &Exchange, reading: &Reading<'_, P>) -> Result<P, Outcome> {
    meant(speech, got.left, &got.result, reading)
}

/// What came of a read without which an operation cannot begin to change anything; the proof is what was to be read. Nothing
/// has been changed yet, so all else is as if not all of a request that changes something had left.
pub(crate) fn read_first<P>(got: &Exchange, reading: &Reading<'_, P>) -> Result<P, Outcome> {
    read_first_in(Speech::Json, got, reading)
}

/// The same of a system that speaks `speech`.
pub(crate) fn read_first_in<P>(speech: Speech, got: &Exchange, reading: &Reading<'_, P>) -> Result<P, Outcome> {
    let read = got.result.as_ref().ok().filter(|answer| Class::of(speech, answer) == Class::Success);
    match read.and_then(reading.proof) {
        Some(read) => Ok(read),
        None => meant(speech, Left::None, &got.result, reading),
    }
}

fn meant<P>(
    speech: Speech,
    left: Left,
    result: &Result<Answer, Failure>,
    reading: &Reading<'_, P>,
) -> Result<P, Outcome> {
    let answer = match result {
        Ok(answer) => answer,
        Err(Failure::Stopped) if left != Left::Whole => return Err(Outcome::Stopped),
        Err(failure) => return Err(undecided(left, failed(*failure))),
    };
    if (reading.refuses_token)(answer) {
        return Err(Outcome::TokenWanted);
    }
    let doubt = match Class::of(speech, answer) {
        Class::Success => match (reading.proof)(answer) {
            Some(proof) if left == Left::Whole => return Ok(proof),
            Some(_) => return Err(Outcome::InDoubt(odd_success(answer))),
            None => odd_success(answer),
        },
        Class::Unauthorized => return Err(Outcome::TokenWanted),
        Class::Throttled => return Err(Outcome::Wait(hold(answer, Reason::ServerAskedToWait))),
        Class::TooLarge => return Err(Outcome::Blocked(Why::new(Reason::TooLarge, detail(answer)))),
        Class::Refusing => match (reading.refusal)(answer) {
            Some(why) => return Err(Outcome::Blocked(why)),
            None => refused(answer),
        },
        Class::Foreign => ill(answer, Reason::CaptivePortal),
        Class::Ill => ill(answer, Reason::ServerBusy),
        Class::Odd => ill(answer, Reason::Unreachable),
    };
    Err(undecided(left, doubt))
}

/// Why a read told nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unread {
    /// By network, portal, 408, 429 or 5xx: again later.
    Later(Hold),
    /// The token is missing, expired or refused.
    TokenWanted,
    /// We stopped it ourselves.
    Stopped,
    /// The system's own unreadable 2xx, or a 4xx.
    CannotTell {
        /// The status, where there was an answer.
        status: Option<u16>,
        /// What is shown if it stays so.
        why: Why,
    },
}

impl From<Unread> for Looked {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Later(hold) => Looked::Later(hold),
            Unread::TokenWanted => Looked::TokenWanted,
            Unread::Stopped => Looked::Stopped,
            Unread::CannotTell { status, why } => Looked::CannotTell { status, why },
        }
    }
}

/// What came of a request that only reads, at a system that refuses a token by 401 alone. `take` reads a 2xx that is no web page.
pub(crate) fn read<T>(got: &Exchange, take: impl FnOnce(&Answer) -> Option<T>) -> Result<T, Unread> {
    read_in(Speech::Json, got, take)
}

/// The same of a system that speaks `speech`.
pub(crate) fn read_in<T>(speech: Speech, got: &Exchange, take: impl FnOnce(&Answer) -> Option<T>) -> Result<T, Unread> {
    read_by(speech, only_401, got, take)
}

/// The same of a system that has another word for a token that it refuses: see [`Reading::refuses_token`].
pub(crate) fn read_at<T>(
    got: &Exchange,
    refuses_token: fn(&Answer) -> bool,
    take: impl FnOnce(&Answer) -> Option<T>,
) -> Result<T, Unread> {
    read_by(Speech::Json, refuses_token, got, take)
}

fn read_by<T>(
    speech: Speech,
    refuses_token: fn(&Answer) -> bool,
    got: &Exchange,
    take: impl FnOnce(&Answer) -> Option<T>,
) -> Result<T, Unread> {
    let answer = match &got.result {
        Ok(answer) => answer,
        Err(Failure::Stopped) => return Err(Unread::Stopped),
        Err(failure @ Failure::NotKept) => {
            let detail = Some(failure_words(*failure).to_owned());
            return Err(Unread::Later(Hold { reason: Reason::DiskFull, detail, asked: None }));
        }
        Err(failure @ Failure::AnswerTooLong) => {
            return Err(cannot_tell(None, Some(failure_words(*failure).to_owned())));
        }
        Err(failure) => return Err(Unread::Later(failed(*failure).into_hold())),
    };
    let unread = || cannot_tell(Some(answer.status), detail(answer));
    if refuses_token(answer) {
        return Err(Unread::TokenWanted);
    }
    Err(match Class::of(speech, answer) {
        Class::Success => return take(answer).ok_or_else(unread),
        Class::Refusing | Class::TooLarge => unread(),
        Class::Unauthorized => Unread::TokenWanted,
        Class::Throttled => Unread::Later(hold(answer, Reason::ServerAskedToWait)),
        Class::Foreign => Unread::Later(hold(answer, Reason::CaptivePortal)),
        Class::Ill => Unread::Later(hold(answer, Reason::ServerBusy)),
        Class::Odd => Unread::Later(hold(answer, Reason::Unreachable)),
    })
}

/// What blocks an upload that was answered 404 when its look was answered 404 as well: the work order is not there.
pub(crate) fn both_missing(doubt: &Doubt, looked: Option<u16>) -> Option<Why> {
    (doubt.status == Some(404) && looked == Some(404)).then(|| Why::new(Reason::WorkOrderMissing, doubt.detail.clone()))
}

/// An answer's kind, by what any HTTP server or thing between may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// 2xx, no web page.
    Success,
    /// Something between us and the system answers in its stead: a redirect, a web page, a proxy that wants a login.
    Foreign,
    /// 401.
    Unauthorized,
    /// 413.
    TooLarge,
    /// 429.
    Throttled,
    /// Another 4xx.
    Refusing,
    /// 5xx, 408.
    Ill,
    /// No status of HTTP.
    Odd,
}

impl Class {
    fn of(speech: Speech, answer: &Answer) -> Class {
        match answer.status {
            401 => Class::Unauthorized,
            413 => Class::TooLarge,
            429 => Class::Throttled,
            300..=399 | 407 | 511 => Class::Foreign,
            408 | 500..=599 => Class::Ill,
            // A server's own "not found" is often a web page; a portal's login page never has this status.
            404 | 410 => Class::Refusing,
            200..=299 | 400..=499 if is_page(speech, answer) => Class::Foreign,
            200..=299 => Class::Success,
            400..=499 => Class::Refusing,
            _ => Class::Odd,
        }
    }
}

/// Whether the answer is a web page in the place of what the system speaks. JSON that is called `text/html` is forgiven, XML is
/// not. Frameworks call an answer without a body so too: where the system speaks XML and proves by a header, that is no page.
/// Nor is what has the header that only the system's own answers have.
fn is_page(speech: Speech, answer: &Answer) -> bool {
    let body = json::without_mark(answer.bytes()).trim_ascii_start();
    let called_page = answer.header("content-type").is_some_and(|v| {
        let kind = v.split(';').next().unwrap_or("").trim();
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    });
    match (speech, body.first()) {
        (Speech::Headers(own), _) if answer.header(own).is_some() => false,
        (Speech::Json | Speech::Headers(_), Some(b'<')) => true,
        (Speech::Json, Some(b'{' | b'[' | b'"')) | (Speech::Xml, None) => false,
        (Speech::Xml, Some(b'<')) => called_page || begins_as_page(body),
        _ => called_page,
    }
}

/// What web pages begin with, carelessly made ones too.
const PAGE_BEGINS: &[&[u8]] = &[b"!doctype html", b"html", b"head", b"body", b"title", b"meta", b"script"];

/// Whether the first tag of `body` is a web page's. A declaration, instructions and comments may stand before it.
fn begins_as_page(mut body: &[u8]) -> bool {
    let after = |body: &[u8], end: &[u8]| body.windows(end.len()).position(|w| w == end).map(|at| at + end.len());
    loop {
        body = body.trim_ascii_start();
        let skipped = match body {
            [b'<', b'?', ..] => after(body, b"?>"),
            [b'<', b'!', b'-', b'-', ..] => after(body, b"-->"),
            _ => break,
        };
        body = &body[skipped.unwrap_or(body.len())..];
    }
    let tag = body.strip_prefix(b"<").unwrap_or_default();
    PAGE_BEGINS.iter().any(|begin| {
        let (name, rest) = tag.split_at(begin.len().min(tag.len()));
        let ends = rest.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'));
        name.eq_ignore_ascii_case(begin) && ends
    })
}

/// With the whole body gone the doubt stands. Otherwise nothing was processed, which settles it: absent.
fn undecided(left: Left, mut doubt: Doubt) -> Outcome {
    match (left, doubt.refusal.take()) {
        (Left::Whole, refusal) => Outcome::InDoubt(Doubt { refusal, ..doubt }),
        (_, Some(why)) => Outcome::Blocked(why),
        (_, None) => Outcome::Wait(doubt.into_hold()),
    }
}

impl Doubt {
    /// It may have arrived, for `reason`; nothing else is known.
    pub(crate) fn new(reason: Reason, detail: impl Into<Option<String>>) -> Self {
        Doubt { reason, detail: detail.into(), status: None, refusal: None, host_ill: false, asked: None }
    }

    /// Whether the system itself answered a 2xx, though not with the proof that it should be.
    pub(crate) fn was_answered_well(&self) -> bool {
        !self.host_ill && self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The same cause, where it proves that nothing was processed.
    fn into_hold(self) -> Hold {
        // A wait is no look: there is nothing to look for.
        let reason = if self.reason == Reason::Looking { Reason::ServerBusy } else { self.reason };
        Hold { reason, detail: self.detail, asked: self.asked }
    }
}

/// The host, or what is between it and us, is not well.
fn ill(answer: &Answer, reason: Reason) -> Doubt {
    let Hold { detail, asked, .. } = hold(answer, reason);
    Doubt { status: Some(answer.status), host_ill: true, asked, ..Doubt::new(reason, detail) }
}

/// A 2xx that is not the proof it should be.
fn odd_success(answer: &Answer) -> Doubt {
    let detail = format!("{}, but not the answer that was expected", answer.status);
    Doubt { status: Some(answer.status), ..Doubt::new(Reason::Looking, detail) }
}

/// A 4xx of no documented shape.
fn refused(answer: &Answer) -> Doubt {
    let reason = if answer.status == 403 { Reason::Forbidden } else { Reason::Refused };
    let refusal = Some(Why::new(reason, detail(answer)));
    Doubt { status: Some(answer.status), refusal, ..Doubt::new(Reason::Looking, detail(answer)) }
}

/// No answer came.
fn failed(failure: Failure) -> Doubt {
    let words = failure_words(failure).to_owned();
    let unwell = |reason| Doubt { host_ill: true, ..Doubt::new(reason, words.clone()) };
    match failure {
        Failure::NoNetwork => Doubt { host_ill: true, ..Doubt::new(Reason::NoNetwork, None) },
        Failure::Tls => unwell(Reason::TlsFailed),
        Failure::Dns | Failure::Refused | Failure::Unreachable | Failure::TimedOut | Failure::Broken => {
            unwell(Reason::Unreachable)
        }
        Failure::AnswerTooLong | Failure::NotKept | Failure::Stopped => Doubt::new(Reason::Looking, words),
        Failure::FileDamaged => {
            let refusal = Some(Why::new(Reason::FileDamaged, words.clone()));
            Doubt { refusal, ..Doubt::new(Reason::Looking, words) }
        }
    }
}

/// A failure, for people.
fn failure_words(failure: Failure) -> &'static str {
    match failure {
        Failure::NoNetwork => "no network",
        Failure::Dns => "the host's name was not found",
        Failure::Refused => "the host refused the connection",
        Failure::Unreachable => "the host could not be reached",
        Failure::Tls => "the host's certificate was not accepted",
        Failure::TimedOut => "nothing came for too long",
        Failure::Broken => "the connection broke",
        Failure::AnswerTooLong => "the answer was too long",
        Failure::FileDamaged => "the prepared file is not what it was",
        Failure::NotKept => "no room for what came",
        Failure::Stopped => "stopped while it was sent",
    }
}

pub(super) fn hold(answer: &Answer, reason: Reason) -> Hold {
    let detail = match reason {
        Reason::CaptivePortal if answer.status < 300 => Some(format!("{}, but a web page", answer.status)),
        _ => Some(answer.status.to_string()),
    };
    Hold { reason, detail, asked: asked(answer) }
}

fn cannot_tell(status: Option<u16>, detail: Option<String>) -> Unread {
    Unread::CannotTell { status, why: Why::new(Reason::OutcomeUnknown, detail) }
}

/// The status and, where the answer has one, its message.
pub(super) fn detail(answer: &Answer) -> Option<String> {
    let status = answer.status;
    Some(match words::message(answer) {
        Some(message) => format!("{status}: {message}"),
        None => status.to_string(),
    })
}

/// How long the system asks us to wait; the longer, where it says so twice. Whoever waits bounds it.
fn asked(answer: &Answer) -> Option<Duration> {
    retry_after(answer).max(backoff(answer))
}

/// `{"agent": {"backoffMs": ...}}`.
fn backoff(answer: &Answer) -> Option<Duration> {
    let map = json::object(answer)?;
    let ms = json::number(json::field(&map, "agent")?.as_object()?, "backoffMs")?;
    Some(Duration::from_millis(ms))
}

/// `Retry-After`: seconds, or a date against the answer's own `Date`. A date without `Date` says nothing to one who reads
/// no clock; one that has passed is zero.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let value = answer.header("retry-after")?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let date = httpdate::parse_http_date(answer.header("date")?.trim()).ok()?;
    Some(until.duration_since(date).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
