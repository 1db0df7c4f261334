//! The work-order systems' speech, each as a small sans-I/O state machine: request out, answer in. No files, no clock, no token.
//!
//! ```text
//! begin(snapshot) ----------> Ask(request, cursor) --exchange--> resume(snapshot, cursor) --> Ask ... --> Done(Outcome)
//! look(doubtful snapshots) -> Ask(request, cursor) --exchange--> resume_look(...) ---------> Ask ... --> Done(Looked)
//! ```
//!
//! What an answer means is decided in one place, [`outcome`]; whether a listed file is ours in another, [`recognise`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    Account, Capabilities, Exchange, Kind, ProviderKind, Reason, RemoteId, Request, Sha256, Snapshot, Why,
};

/// One system: what it is called, its settings and limits, its operations, how it recognises our file.
pub(crate) trait Provider: Sync {
    /// What it can do and takes.
    fn capabilities(&self) -> Capabilities;

    /// Its settings, required ones first.
    fn settings(&self) -> &'static [Setting];

    /// What the system is known to refuse, found offline. `None`: nothing speaks against it.
    fn preflight(&self, draft: &Draft<'_>) -> Option<Why>;

    /// The first step of the operation that `snapshot` freezes.
    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome>;

    /// The next step, after the exchange that `at` asked for.
    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome>;

    /// The first step of reading the system's list to settle `doubts`: never empty, all of one base URL, work order and folder.
    fn look(&self, doubts: &[Snapshot]) -> Step<Looked>;

    /// The next step of a look.
    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked>;
}

/// What is known of an item before anything is sent.
pub(crate) struct Draft<'a> {
    /// The work order's id.
    pub work_order: &'a str,
    /// The name that would be sent.
    pub name: &'a str,
    /// What was captured.
    pub kind: Kind,
    /// The MIME type that would be sent.
    pub mime: &'a str,
    /// The bytes that would be sent, once that is known.
    pub bytes: Option<u64>,
}

/// A setting of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Its key.
    pub key: &'static str,
    /// Whether the account needs it.
    pub required: bool,
    /// Whether an item may set it over the account's.
    pub item: bool,
    /// Whether a value is good.
    pub accepts: fn(&str) -> bool,
    /// What a good value is, for people: `a name of 1 to 100 characters`.
    pub expects: &'static str,
}

/// What a state machine wants next.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads: asking twice does no harm.
    Reads,
    /// It changes something: journaled before its first byte leaves.
    Changes,
}

/// Where a state machine stands: the provider's own, opaque to all else. Holds no link and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cursor(pub serde_json::Value);

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

/// Why something waits, and what waits with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// What waits.
    pub scope: Scope,
    /// The reason that is shown.
    pub reason: Reason,
    /// The status or failure, for people.
    pub detail: Option<String>,
    /// How long the system asked us to wait.
    pub asked: Option<Duration>,
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole account: it is the host's or the network's doing.
    Account,
    /// This item alone.
    Item,
}

/// It may have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doubt {
    /// The reason that is shown while looking.
    pub reason: Reason,
    /// The status or failure, for people.
    pub detail: Option<String>,
    /// An undocumented 4xx: what blocks the item once it is proved absent.
    pub refusal: Option<Why>,
    /// Whether the system itself looks unwell (5xx, network): its account then waits too.
    pub host_ill: bool,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Looked {
    /// The list.
    Listed(Listing),
    /// It failed by network, portal, 408, 429 or 5xx: again later.
    Later(Hold),
    /// The token is missing, expired or refused.
    TokenWanted,
    /// The system's own unreadable 2xx, or a 4xx to the look.
    CannotTell(Why),
}

/// What the system lists for one work order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Listing {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Whether that is all: 2xx, the documented shape, every page.
    pub complete: bool,
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
    /// Whether the look itself downloaded the file: length and hash are then facts, not the system's word.
    pub downloaded: bool,
}

/// The provider of `kind`.
pub(crate) fn provider(kind: ProviderKind) -> &'static dyn Provider {
    match kind {
        ProviderKind::CorrigoPro => &corrigopro::CorrigoPro,
        ProviderKind::DigitalRealty => &digitalrealty::DigitalRealty,
    }
}

mod corrigopro;
mod digitalrealty;
pub(crate) mod outcome;
pub(crate) mod recognise;
