//! The work-order systems' speech, each as a small sans-I/O state machine: request out, answer in. No files, no clock, no token.
//!
//! ```text
//! begin(snapshot) ----------> Ask(request, cursor) --exchange--> resume(snapshot, cursor) --> Ask ... --> Done(Outcome)
//! look(doubtful snapshots) -> Ask(request, cursor) --exchange--> resume_look(...) ---------> Ask ... --> Done(Looked)
//! ```
//!
//! What an answer means is decided in one place, [`outcome`]; whether a listed file is ours in another, [`recognise`]; what
//! settings there are and what they mean in a third, [`settings`].
//!
//! How a further system comes in, step by step: `docs/adding-a-system.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    Action, Answer, Capabilities, Exchange, Kind, ProviderKind, Reason, RemoteId, Request, Sha256, Snapshot, Timestamp,
    Why,
};

/// One system: what it is called, its settings and limits, its operations, how it recognises our file.
pub(crate) trait Provider: Sync {
    /// What it can do and takes.
    fn capabilities(&self) -> Capabilities;

    /// Its settings, required ones first, without those of [`settings::COMMON`].
    fn settings(&self) -> &'static [Setting];

    /// What an update changes, by the names of the system's page; nothing where it has no updates.
    fn changes(&self) -> &'static [Setting] {
        &[]
    }

    /// Whether `id` can be a folder's.
    fn is_folder(&self, _id: &RemoteId) -> bool {
        false
    }

    /// Whether `id` can be an attachment's.
    fn is_attachment(&self, id: &RemoteId) -> bool {
        !id.0.trim().is_empty()
    }

    /// Whether it may list a file under another name than was sent. Then one upload goes to a work order at a time, and none
    /// while another one there is in doubt: [`recognise`] says why.
    fn renames(&self) -> bool {
        false
    }

    /// Whether a text goes as a value of its own and not as a file: then its snapshot gets it.
    fn sends_text(&self, _snapshot: &Snapshot) -> bool {
        false
    }

    /// Whether an account of these settings has the captions of what is captured sent as texts of their own.
    fn sends_captions(&self, _settings: &BTreeMap<String, String>) -> bool {
        false
    }

    /// Whether what the list shows of this upload says anything of the account's other listings, and they of it.
    fn shares_trust(&self, _snapshot: &Snapshot) -> bool {
        true
    }

    /// Whether all tries of an upload go to one place at the system that is its own alone and tells how much of it is there
    /// ([`Effect::Continues`]). Then nothing is sent twice whatever is lost, and a look is settled by that place, not by a list.
    fn resumes(&self) -> bool {
        false
    }

    /// What the system is known to refuse, found offline. `None`: nothing speaks against it.
    fn preflight(&self, draft: &Draft<'_>) -> Option<Why>;

    /// The first step of the operation that `snapshot` freezes.
    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome>;

    /// The next step, after the exchange that `at` asked for.
    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome>;

    /// Whether one look serves both: the same list, read by the same customer.
    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        (&one.base_url, &one.work_order, &one.folder) == (&other.base_url, &other.work_order, &other.folder)
    }

    /// The first step of reading the system's list to settle `doubts`: never empty, all of the [same list](Self::same_list).
    fn look(&self, doubts: &[Snapshot]) -> Step<Looked>;

    /// The next step of a look.
    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked>;

    /// What the system says in an answer that refuses something, in its own shape; `missing`: what is not there, by what was asked.
    fn refusal(&self, _answer: &Answer, _missing: Reason) -> Option<Why> {
        None
    }

    /// The first step of what a person asks of the work order at `place`: asked only where
    /// [`capabilities`](Self::capabilities) offer it. Lists are [looked](Self::look) at.
    fn ask(&self, _place: &Snapshot, _question: &Question) -> Asked {
        reading::not_offered()
    }

    /// The next step of it.
    fn resume_ask(&self, _place: &Snapshot, _question: &Question, _at: &Cursor, _got: &Exchange) -> Asked {
        reading::not_offered()
    }
}

/// What is known of an item before anything is sent.
pub(crate) struct Draft<'a> {
    /// The work order's id.
    pub work_order: &'a str,
    /// The name that would be sent.
    pub name: &'a str,
    /// The bytes that would be sent, once that is known.
    pub bytes: Option<u64>,
    /// What was captured.
    pub kind: Kind,
    /// The account's settings, the item's over them.
    pub settings: &'a BTreeMap<String, String>,
}

impl<'a> Draft<'a> {
    /// What is about to be sent after all.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let Snapshot { work_order, name, bytes, kind, settings, .. } = snapshot;
        Draft { work_order, name, bytes: Some(bytes.0), kind: *kind, settings }
    }
}

/// What a state machine wants next.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, moved once")]
pub(crate) enum Step<T> {
    /// Another exchange.
    Ask {
        /// What to ask.
        request: Request,
        /// Whether the exchange changes something at the system. Such a one is journaled first.
        effect: Effect,
        /// Where to go on.
        at: Cursor,
    },
    /// The end.
    Done(T),
}

/// Whether an exchange changes something at the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads: asking twice does no harm.
    Reads,
    /// It changes something: journaled before its first byte leaves.
    Changes,
    /// It makes what other uploads to the same work order may be about to make as well: one at a time, and whoever read before
    /// that it was not there begins again.
    Makes {
        /// What all of them call it.
        what: String,
    },
    /// It adds to a list whose names prove nothing. What was listed just before is journaled too: see [`recognise`].
    Adds {
        /// The ids of all that was listed.
        listed: Vec<RemoteId>,
    },
    /// It sends to a place that is this upload's alone, and so will every later try: the place is journaled too, and comes back
    /// with the next snapshot ([`Snapshot::resume`]).
    Continues {
        /// The place, in the provider's own words. Holds no link that carries a right, and no secret.
        at: String,
    },
}

/// Where a state machine stands: the provider's own, opaque to all else. Holds no link and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cursor(pub serde_json::Value);

impl Cursor {
    /// `at`, kept. What cannot be kept is `null`, which nobody reads as a place.
    fn new(at: &impl Serialize) -> Self {
        Cursor(serde_json::to_value(at).unwrap_or_default())
    }

    /// The place, if it is one of the caller's own.
    fn place<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.0).ok()
    }
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Proved by the answer.
    Delivered(RemoteId),
    /// Proved not processed: it goes again, later.
    Wait(Hold),
    /// We stopped it ourselves before all of it had left: it goes again, nothing is held against it.
    Stopped,
    /// The token is missing, expired or refused. Not processed; no attempt is spent.
    TokenWanted,
    /// It may have arrived: look.
    InDoubt(Doubt),
    /// Refused in the system's own words, or impossible.
    Blocked(Why),
}

/// Why an account waits: it is the host's or the network's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The reason that is shown.
    pub reason: Reason,
    /// The status or failure, for people.
    pub detail: Option<String>,
    /// How long the system asked us to wait.
    pub asked: Option<Duration>,
}

/// It may have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doubt {
    /// The reason that is shown while looking.
    pub reason: Reason,
    /// The status or failure, for people.
    pub detail: Option<String>,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What blocks the item once it is proved absent: an undocumented 4xx, or an answer that said where the file is. Without it
    /// the item goes again.
    pub refusal: Option<Why>,
    /// Whether the system itself looks unwell (5xx, network): its account then waits too.
    pub host_ill: bool,
    /// How long the system asked us to wait.
    pub asked: Option<Duration>,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Looked {
    /// The list.
    Listed(Listing),
    /// The place to which all tries of this upload go says that it is not whole: it goes on there once the doubt has settled,
    /// whatever the system's lists are worth. Only systems that [resume](Provider::resumes) say so.
    NotWhole,
    /// It failed by network, portal, 408, 429 or 5xx: again later.
    Later(Hold),
    /// The token is missing, expired or refused.
    TokenWanted,
    /// We stopped it ourselves: again when delivery goes on.
    Stopped,
    /// The system's own unreadable 2xx, or a 4xx to the look.
    CannotTell {
        /// The status, where there was an answer: [`outcome::both_missing`] wants it.
        status: Option<u16>,
        /// What blocks the item if it stays so: `outcome_unknown`.
        why: Why,
    },
}

impl Looked {
    /// The list, or why it could not be read.
    pub(crate) fn into_read(self) -> Result<Listing, Unread> {
        match self {
            Looked::Listed(listing) => Ok(listing),
            Looked::Later(hold) => Err(Unread::Later(hold)),
            Looked::TokenWanted => Err(Unread::TokenWanted),
            Looked::Stopped => Err(Unread::Stopped),
            Looked::CannotTell { status, why } => Err(Unread::CannotTell { status, why }),
            // One upload's own place is no list, and nobody is asked for one where there is none.
            Looked::NotWhole => Err(Unread::Stopped),
        }
    }
}

/// What the system lists for one work order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Whether that is all, and every entry has a name: only then does it say anything that something is *not* there.
    pub complete: bool,
}

impl Listing {
    /// `entries`, and whether the system said that there are more.
    fn new(entries: Vec<Entry>, more: bool) -> Self {
        let complete = !more && entries.iter().all(|entry| entry.name.is_some());
        Listing { entries, complete }
    }
}

/// One attachment as the system lists it. What it does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The system's id.
    pub remote_id: RemoteId,
    /// The name.
    pub name: Option<String>,
    /// The length.
    pub bytes: Option<u64>,
    /// The hash, as listed, or as computed from a download.
    pub sha256: Option<Sha256>,
    /// What the length and the hash are worth.
    pub evidence: Evidence,
    /// Whether the user that we act as added it, or may have: the system does not tell. Only systems that [rename](Provider::renames) are asked.
    #[serde(default)]
    pub by_us: bool,
    /// What people want to know of it.
    #[serde(default)]
    pub told: Told,
}

/// What a system tells of an attachment that nothing is decided by: for people alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The MIME type.
    pub mime: Option<String>,
    /// The folder's name.
    pub folder: Option<String>,
    /// The caption, by whatever name the system has for it.
    pub caption: Option<String>,
    /// When it was added, where that is told with its zone.
    pub created_at: Option<Timestamp>,
    /// Whether it is listed as deleted.
    pub is_deleted: bool,
}

/// What the length and the hash of an [`Entry`] are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// The system's word. What it does not tell speaks neither for nor against us.
    Listed,
    /// The system's word does not compare with ours: nothing but an equal hash or a download tells.
    Wanted,
    /// Facts: the look downloaded the file.
    Downloaded,
    /// The look tried, and the system does not hand the file out.
    NotToBeHad,
}

impl Evidence {
    /// Whether asking again tells no more.
    fn is_final(self) -> bool {
        matches!(self, Evidence::Downloaded | Evidence::NotToBeHad)
    }
}

/// The provider of `kind`.
pub(crate) fn provider(kind: ProviderKind) -> &'static dyn Provider {
    match kind {
        ProviderKind::CorrigoPro => &corrigopro::CorrigoPro,
        ProviderKind::DigitalRealty => &digitalrealty::DigitalRealty,
        ProviderKind::Serial => &serial::Serial,
        ProviderKind::FieldNation => &fieldnation::FieldNation,
        ProviderKind::Decisiv => &decisiv::Decisiv,
        ProviderKind::Tus => &tus::Tus,
    }
}

/// The account's address cannot be joined with a path: checked when an account is put, so only a damaged record gets here.
fn bad_address() -> Why {
    Why::new(Reason::Unreachable, "the account's address is no http(s) address".to_owned()).action(Action::AskOffice)
}

/// An update or a deletion at a system that documents neither. Refused when it was asked for: only a damaged record gets here, and
/// an empty file shall not be sent for it.
fn no_changes(system: &str) -> Step<Outcome> {
    let detail = format!("{system} documents neither updates nor deletions");
    Step::Done(Outcome::Blocked(Why::new(Reason::Refused, detail)))
}

/// A setting that the system needs is not there: checked when an account is put, so only a damaged record gets here.
fn missing_setting(key: &str) -> Why {
    Why::new(Reason::Refused, format!("the account's setting {key} is missing")).action(Action::AskOffice)
}

mod address;
mod corrigopro;
mod decisiv;
mod digitalrealty;
mod fieldnation;
mod json;
mod listing;
pub(crate) mod outcome;
pub(crate) mod reading;
pub(crate) mod recognise;
mod serial;
pub(crate) mod settings;
mod tus;
mod words;
mod xml;

use outcome::Unread;
use reading::{Asked, Question};
pub(crate) use settings::{Level, Setting};

#[cfg(test)]
mod tests;
