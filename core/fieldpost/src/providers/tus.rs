//! tus 1.0: resumable uploads to a server of one's own. The core protocol and its creation extension; checksum and expiration where
//! the server has them. Everything is said in headers.
//!
//! ```text
//! upload:  OPTIONS {base} --> POST {base} --> its address, journaled --> PATCH from 0 --> all is there: delivered
//!             \-- an address is known: HEAD --> all is there: delivered
//!                                       |----> PATCH from what is there (from 0 after OPTIONS again)
//!                                       '----> gone --> POST, as above; in doubt, if it may have been whole
//! look:    HEAD --> all is there: found | less: it goes on there | gone: nobody can tell
//! ```
//!
//! tus lists nothing, and needs no list. A creation makes an empty upload, which is no attachment: made twice, the server drops the
//! one that nobody fills. All tries to fill one go to the same address at the offset that the server has, so the same byte cannot
//! arrive twice, and nothing but that address tells whether all of them did.
//!
//! What a work-order system would be told in fields goes along as `Upload-Metadata` ([`requests`] has the names). The account's
//! address is where uploads are created. Headers of answers: [`answers`].
//!
//! A checksum goes with a body that is the whole of a small file ([`CHECKED`]). A server has to throw away what it could not check:
//! with a checksum over all of a large file, a poor line would never get it there. Termination is not asked for.

mod answers;
mod requests;

use serde::{Deserialize, Serialize};
use url::Url;

use self::answers::{Offers, Place};
use self::requests::METADATA;
use super::outcome::{self, Reading, Speech, Unread};
use super::settings::is_line;
use super::{
    Cursor, Doubt, Draft, Effect, Entry, Evidence, Hold, Level, Listing, Looked, Outcome, Provider, Setting, Step,
    Told, no_changes,
};
use crate::model::{
    Answer, Bytes, Capabilities, Exchange, Operation, Reason, RemoteId, Request, Resume, Snapshot, Why,
};

/// The system.
pub(crate) struct Tus;

/// All that it says is in headers, and this one is in each of its answers.
const SPEECH: Speech = Speech::Headers(answers::RESUMABLE);

/// The largest file that goes with a checksum: what most lines carry in one piece.
const CHECKED: Bytes = Bytes(4_000_000);

/// So many exchanges one try may take: a server that takes a file in tiny pieces, or never agrees on an offset, is tried again later.
const MOST_STEPS: u32 = 40;

const SETTINGS: &[Setting] = &[
    METADATA,
    Setting {
        key: "checksum",
        required: false,
        level: Level::Account,
        accepts: |v| v == "never",
        expects: "never: no checksum goes along, though the server offers to check one",
    },
];

/// Where it stands, and how many exchanges that took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct At(Asked, u32);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    /// What the server offers, before an upload is created.
    Offers,
    /// The same, before all of the file goes to an upload that is there.
    OffersAgain,
    /// For an upload to be created; whether a checksum goes with what fills it.
    Create { checksum: bool },
    /// How much is there.
    Offset,
    /// To take the file from this offset on.
    Patch { from: u64 },
    /// How much is there, by a look.
    Look,
}

impl Provider for Tus {
    fn capabilities(&self) -> Capabilities {
        Capabilities { max_bytes: None, max_name: None, types: None, operations: &["upload"] }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn resumes(&self) -> bool {
        true
    }

    /// It has none.
    fn shares_trust(&self, _snapshot: &Snapshot) -> bool {
        false
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        let detail = "a work order is named in one line of 1 to 200 characters".to_owned();
        (!is_line(draft.work_order, 200)).then(|| Why::new(Reason::WorkOrderNotValid, detail))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return no_changes("tus");
        }
        match self.preflight(&Draft::of(snapshot)) {
            Some(why) => Step::Done(Outcome::Blocked(why)),
            None if snapshot.resume.is_some() => offset(snapshot, 0),
            None => offers(snapshot, Asked::Offers, 0),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        let Some(At(asked, steps)) = at.place() else {
            return Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None)));
        };
        match asked {
            Asked::Offers => offered(snapshot, got, |snapshot, checksum| create(snapshot, checksum, steps)),
            Asked::OffersAgain => offered(snapshot, got, |snapshot, checksum| patch(snapshot, 0, checksum, steps)),
            Asked::Create { checksum } => created(snapshot, checksum, steps, got),
            Asked::Offset => placed(snapshot, steps, got),
            Asked::Patch { from } => patched(snapshot, from, steps, got),
            Asked::Look => Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None))),
        }
    }

    /// Each upload has its own.
    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        let place = |s: &Snapshot| s.resume.as_ref().map(|resume| (s.base_url.clone(), resume.at.clone()));
        place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other))
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        let cannot = |why| Step::Done(Looked::CannotTell { status: None, why });
        let Some(doubt) = doubts.first() else { return cannot(super::bad_address()) };
        match (requests::creation(doubt), &doubt.resume) {
            (Err(why), _) => cannot(why),
            (Ok(_), Some(_)) => match requests::offset(doubt) {
                Ok(request) => ask(request, Effect::Reads, Asked::Look, 0),
                Err(why) => cannot(why),
            },
            // To create an empty one is to send all of it, and what came of that was not heard.
            (Ok(_), None) if doubt.bytes.0 == 0 => cannot(Why::new(Reason::OutcomeUnknown, NO_LIST.to_owned())),
            // No byte of it leaves before an address is known.
            (Ok(_), None) => Step::Done(Looked::NotWhole),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        let (Some(At(Asked::Look, _)), Some(doubt)) = (at.place(), doubts.first()) else {
            return Step::Done(Looked::Stopped); // no place of a look: it begins again
        };
        Step::Done(match outcome::read_in(SPEECH, got, |answer| answers::place(answer, doubt)) {
            Ok(Place::Whole) => match requests::remote_id(doubt) {
                Some(remote_id) => Looked::Listed(found(remote_id, doubt)),
                // A look has asked at an address: there is one.
                None => Looked::CannotTell { status: None, why: super::bad_address() },
            },
            Ok(Place::Offset(_)) => Looked::NotWhole,
            Err(Unread::CannotTell { status: status @ Some(403 | 404 | 410), .. }) => {
                let detail = format!("{}: {GONE}", status.unwrap_or_default());
                // Not told on: that an upload is not there says nothing of its work order.
                Looked::CannotTell { status: None, why: Why::new(Reason::OutcomeUnknown, detail) }
            }
            Err(unread) => unread.into(),
        })
    }
}

const NO_LIST: &str = "an empty file: this server has no list that could tell whether it is there";

const GONE: &str = "the upload is not there any more: it expired, or who received it took it away";

/// The upload itself, as a list would show it. Not a whole list: what else is there, nobody tells.
fn found(remote_id: RemoteId, doubt: &Snapshot) -> Listing {
    let entry = Entry {
        remote_id,
        name: Some(doubt.name.clone()),
        bytes: Some(doubt.bytes.0),
        sha256: None,
        evidence: Evidence::Listed,
        by_us: true,
        told: Told::default(),
    };
    Listing { entries: vec![entry], complete: false }
}

/// Asks what the server offers.
fn offers(snapshot: &Snapshot, asked: Asked, steps: u32) -> Step<Outcome> {
    or_blocked(requests::offers(snapshot).map(|request| ask(request, Effect::Reads, asked, steps)))
}

/// The server told what it offers, or could not: then its answer to the creation will. `next` hears whether a checksum goes along.
fn offered(snapshot: &Snapshot, got: &Exchange, next: impl FnOnce(&Snapshot, bool) -> Step<Outcome>) -> Step<Outcome> {
    let refused = |answer: &Answer| Some(Why::new(Reason::Refused, outcome::detail(answer)));
    let offers = match read_first(got, &|answer| Some(answers::offers(answer)), &refused) {
        Ok(offers) => offers,
        // Not every server that speaks tus answers this, or lets everybody ask.
        Err(Outcome::Blocked(_)) => Offers::default(),
        Err(Outcome::Wait(hold)) if hold.reason == Reason::CaptivePortal && got.result.is_ok() => Offers::default(),
        Err(outcome) => return Step::Done(outcome),
    };
    match offers.hindrance(snapshot) {
        Some(why) => Step::Done(Outcome::Blocked(why)),
        None => next(snapshot, offers.sha256 && is_checked(snapshot)),
    }
}

/// Whether a checksum may go along at all.
fn is_checked(snapshot: &Snapshot) -> bool {
    snapshot.bytes <= CHECKED && snapshot.setting("checksum") != Some("never")
}

fn create(snapshot: &Snapshot, checksum: bool, steps: u32) -> Step<Outcome> {
    or_blocked(requests::create(snapshot).map(|r| ask(r, Effect::Changes, Asked::Create { checksum }, steps)))
}

/// The creation was answered. Only that of an empty file delivers anything: whatever else becomes of it, nothing of ours is there.
fn created(snapshot: &Snapshot, checksum: bool, steps: u32, got: &Exchange) -> Step<Outcome> {
    let reading = Reading {
        proof: &|answer| answers::address(answer, snapshot),
        refusal: &|answer| documented(answer, &[404, 410, 412, 423]),
        refuses_token: outcome::only_401,
    };
    let is_empty = snapshot.bytes.0 == 0;
    let address = if is_empty {
        outcome::changed_in(SPEECH, got, &reading)
    } else {
        outcome::read_first_in(SPEECH, got, &reading)
    };
    match address {
        Ok(Err(why)) if is_empty => Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, why.detail))),
        Ok(Err(why)) => Step::Done(Outcome::Blocked(why)),
        Ok(Ok(url)) if is_empty => Step::Done(delivered(&at(snapshot, &url))),
        Ok(Ok(url)) => fill(snapshot, &url, checksum, steps),
        Err(Outcome::Blocked(_)) if is(got, &[423]) => Step::Done(locked(got)),
        Err(outcome) => Step::Done(outcome),
    }
}

/// The file goes to the upload at `url`, which is kept first.
fn fill(snapshot: &Snapshot, url: &Url, checksum: bool, steps: u32) -> Step<Outcome> {
    let effect = Effect::Continues { at: url.path().to_owned() };
    let request = requests::patch(&at(snapshot, url), 0, checksum);
    or_blocked(request.map(|request| ask(request, effect, Asked::Patch { from: 0 }, steps)))
}

/// The snapshot that goes on at `url`.
fn at(snapshot: &Snapshot, url: &Url) -> Snapshot {
    Snapshot { resume: Some(Resume { at: url.path().to_owned(), whole: false }), ..snapshot.clone() }
}

/// Asks how much is there.
fn offset(snapshot: &Snapshot, steps: u32) -> Step<Outcome> {
    or_blocked(requests::offset(snapshot).map(|request| ask(request, Effect::Reads, Asked::Offset, steps)))
}

/// The server told how much is there.
fn placed(snapshot: &Snapshot, steps: u32, got: &Exchange) -> Step<Outcome> {
    let refusal = |answer: &Answer| documented(answer, &[403, 404, 410, 412, 423]);
    match read_first(got, &|answer| answers::place(answer, snapshot), &refusal) {
        Ok(Place::Whole) => Step::Done(delivered(snapshot)),
        Ok(Place::Offset(_)) if is_over(snapshot, got) => offers(snapshot, Asked::Offers, steps),
        Ok(Place::Offset(0)) if is_checked(snapshot) => offers(snapshot, Asked::OffersAgain, steps),
        Ok(Place::Offset(from)) => patch(snapshot, from, false, steps),
        Err(Outcome::Blocked(_)) if is(got, &[403, 404, 410]) => gone(snapshot, steps),
        Err(Outcome::Blocked(_)) if is(got, &[423]) => Step::Done(locked(got)),
        Err(outcome) => Step::Done(outcome),
    }
}

/// Sends the file from the offset `from` on.
fn patch(snapshot: &Snapshot, from: u64, checksum: bool, steps: u32) -> Step<Outcome> {
    let request = requests::patch(snapshot, from, checksum);
    or_blocked(request.map(|request| ask(request, Effect::Changes, Asked::Patch { from }, steps)))
}

/// A piece of the file was answered.
fn patched(snapshot: &Snapshot, from: u64, steps: u32, got: &Exchange) -> Step<Outcome> {
    let reading = Reading {
        proof: &|answer| answers::taken(answer, snapshot, from),
        // All of it may have arrived: only the server's own word is one.
        refusal: &|answer| documented(answer, &[404, 409, 410, 412, 423, 460]).filter(|_| answers::is_own(answer)),
        refuses_token: outcome::only_401,
    };
    match outcome::changed_in(SPEECH, got, &reading) {
        Ok(Place::Whole) => Step::Done(delivered(snapshot)),
        Ok(Place::Offset(next)) => patch(snapshot, next, false, steps),
        Err(Outcome::Blocked(_)) if is(got, &[409]) => offset(snapshot, steps),
        Err(Outcome::Blocked(_)) if is(got, &[404, 410]) => gone(snapshot, steps),
        Err(Outcome::Blocked(_)) if is(got, &[423]) => Step::Done(locked(got)),
        // Thrown away by the server: how much is there tells it, and the item, not its account, waits.
        Err(Outcome::Blocked(_)) if is(got, &[460]) => {
            let detail = "460: the bytes were altered on their way".to_owned();
            Step::Done(Outcome::InDoubt(Doubt::new(Reason::ServerBusy, detail)))
        }
        Err(outcome) => Step::Done(outcome),
    }
}

/// The upload is not there any more: another is begun; unless it may have been whole.
fn gone(snapshot: &Snapshot, steps: u32) -> Step<Outcome> {
    match &snapshot.resume {
        Some(Resume { whole: false, .. }) => offers(snapshot, Asked::Offers, steps),
        _ => Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, GONE.to_owned()))),
    }
}

/// Whether the server says that the upload's time is over, and another may be begun. Where all of it may have left once, it is
/// gone on with as long as it is there.
fn is_over(snapshot: &Snapshot, got: &Exchange) -> bool {
    let may_begin_anew = snapshot.resume.as_ref().is_some_and(|resume| !resume.whole);
    may_begin_anew && got.result.as_ref().is_ok_and(answers::has_expired)
}

/// Another request of ours is still being worked on there.
fn locked(got: &Exchange) -> Outcome {
    let hold = got.result.as_ref().map(|answer| outcome::hold(answer, Reason::ServerBusy));
    Outcome::Wait(hold.unwrap_or(Hold { reason: Reason::ServerBusy, detail: None, asked: None }))
}

fn delivered(snapshot: &Snapshot) -> Outcome {
    match requests::remote_id(snapshot) {
        Some(id) => Outcome::Delivered(id),
        None => Outcome::InDoubt(Doubt::new(Reason::Looking, None)),
    }
}

/// What the protocol's own text says that it refuses by `statuses`.
fn documented(answer: &Answer, statuses: &[u16]) -> Option<Why> {
    statuses.contains(&answer.status).then(|| Why::new(Reason::Refused, outcome::detail(answer)))
}

fn is(got: &Exchange, statuses: &[u16]) -> bool {
    got.result.as_ref().is_ok_and(|answer| statuses.contains(&answer.status))
}

fn read_first<P>(
    got: &Exchange,
    proof: &dyn Fn(&Answer) -> Option<P>,
    refusal: &dyn Fn(&Answer) -> Option<Why>,
) -> Result<P, Outcome> {
    outcome::read_first_in(SPEECH, got, &Reading { proof, refusal, refuses_token: outcome::only_401 })
}

fn or_blocked(step: Result<Step<Outcome>, Why>) -> Step<Outcome> {
    step.unwrap_or_else(|why| Step::Done(Outcome::Blocked(why)))
}

fn ask<T: From<Tired>>(request: Request, effect: Effect, asked: Asked, steps: u32) -> Step<T> {
    if steps >= MOST_STEPS {
        return Step::Done(Tired.into());
    }
    Step::Ask { request, effect, at: Cursor::new(&At(asked, steps + 1)) }
}

/// One try has taken too many exchanges.
struct Tired;

impl Tired {
    fn hold() -> Hold {
        let detail = format!("{MOST_STEPS} requests, and not all of it is there");
        Hold { reason: Reason::ServerBusy, detail: Some(detail), asked: None }
    }
}

impl From<Tired> for Outcome {
    fn from(_: Tired) -> Self {
        Outcome::Wait(Tired::hold())
    }
}

impl From<Tired> for Looked {
    fn from(_: Tired) -> Self {
        Looked::Later(Tired::hold())
    }
}

#[cfg(test)]
mod tests;
