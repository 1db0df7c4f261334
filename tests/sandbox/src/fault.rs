//! What can go wrong: the faults, their JSON, and where in a request's life each of them acts.
//!
//! Never: says which request meets one (`rules`), or does anything about it (`wire`, `front`, `world`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::provider::Operation;
use crate::seconds;

/// One thing that goes wrong. As JSON: `{"kind": "lose_answer"}`, fields beside `kind`, times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is accepted and closed before a byte is read. Decided before there is a request: a rule
    /// with it takes no system, operation or work order.
    Unreachable,
    /// The connection is closed after the head was read, before the body is.
    DropBeforeBody,
    /// The connection is closed in the middle of the body.
    DropInBody {
        /// Body bytes read before; `None` for half the announced length.
        #[serde(default)]
        after_bytes: Option<u64>,
    },
    /// The whole body is read, nothing is processed, the connection is closed.
    DropAfterBody,
    /// Processed whole and in the ledger, then the connection is closed without an answer.
    LoseAnswer,
    /// Processed; the answer's head is whole, its body is cut and the connection closed.
    TruncateAnswer {
        /// Body bytes sent; `None` for half.
        #[serde(default)]
        keep_bytes: Option<u64>,
    },
    /// Processed; half the answer's body, as if it were all of it (broken JSON in a sound HTTP answer).
    HalfAnswer,
    /// Processed; no answer, and the connection stays open.
    Silence,
    /// The caller sees a lost or failed answer now; the request is processed later, on the sandbox's clock.
    AcceptLate {
        /// How much later.
        #[serde(with = "seconds", rename = "after_seconds")]
        after: Duration,
        /// What the caller sees now: a status, or `None` for a closed connection.
        #[serde(default)]
        status: Option<u16>,
    },
    /// The entry appears in listings only later, on the sandbox's clock.
    ListLate {
        /// How much later.
        #[serde(with = "seconds", rename = "after_seconds")]
        after: Duration,
    },
    /// Any status, with headers and body.
    Status {
        /// The HTTP status.
        status: u16,
        /// Whether anything was read or processed before.
        #[serde(default)]
        when: Moment,
        /// Headers, by name.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// 429, nothing processed.
    TooManyRequests {
        /// The `Retry-After` header.
        #[serde(default)]
        retry_after: RetryAfter,
    },
    /// The system's own refusal of a token (401; Field Nation's 400 or 401), nothing processed. With `until_token_changes` the token that meets it first is
    /// refused for as long as it is sent, and the rule is used up by the first request that brings another.
    Unauthorized {
        /// Whether to refuse until another token comes.
        #[serde(default)]
        until_token_changes: bool,
    },
    /// The answer comes from a portal between phone and server; the request never arrives.
    CaptivePortal {
        /// `true`: 302 to the portal's page. `false`: 200 with its HTML.
        #[serde(default)]
        redirect: bool,
    },
    /// The body is read and the answer written at this speed, in real time.
    Slow {
        /// At least 1.
        bytes_per_second: u32,
    },
    /// The entry carries another hash than the bytes have.
    WrongHash,
    /// The entry is told with another size than the bytes have, where the system tells sizes.
    WrongSize,
    /// The stored bytes are not the ones that came (same length): hash and download show it.
    Corrupted,
    /// The entry gets another name than the one that was sent.
    Renamed {
        /// The name; `None` for an invented one with the same extension.
        #[serde(default)]
        to: Option<String>,
    },
    /// The request is processed twice: two entries, two ids.
    AcceptTwice,
    /// Every entry of the listing is in it twice.
    DuplicateListing,
}

/// When a [`Fault::Status`] is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before the body is read.
    Early,
    /// The body is read, nothing is processed.
    #[default]
    Before,
    /// Processed and in the ledger.
    After,
}

/// The `Retry-After` of a 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// No such header.
    #[default]
    Absent,
    /// Seconds.
    Seconds(u32),
    /// An HTTP date, this many seconds from now on the sandbox's clock.
    DateIn(u32),
}

/// Where in a request's life a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before there is a request.
    Connection,
    /// Nothing is processed.
    Door,
    /// The request is processed, now or later; the answer is the fault's.
    Answer,
    /// The request is processed and answered; something about the entry, the listing or the speed is wrong.
    Trait,
}

impl Fault {
    /// `status` before anything is processed.
    pub fn status_before(status: u16) -> Self {
        Self::Status { status, when: Moment::Before, headers: vec![], body: String::new() }
    }

    /// `status` though the request was processed.
    pub fn status_after(status: u16) -> Self {
        Self::Status { status, when: Moment::After, headers: vec![], body: String::new() }
    }

    /// The word for it in JSON and in the requests log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::DropBeforeBody => "drop_before_body",
            Self::DropInBody { .. } => "drop_in_body",
            Self::DropAfterBody => "drop_after_body",
            Self::LoseAnswer => "lose_answer",
            Self::TruncateAnswer { .. } => "truncate_answer",
            Self::HalfAnswer => "half_answer",
            Self::Silence => "silence",
            Self::AcceptLate { .. } => "accept_late",
            Self::ListLate { .. } => "list_late",
            Self::Status { .. } => "status",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unauthorized { .. } => "unauthorized",
            Self::CaptivePortal { .. } => "captive_portal",
            Self::Slow { .. } => "slow",
            Self::WrongHash => "wrong_hash",
            Self::WrongSize => "wrong_size",
            Self::Corrupted => "corrupted",
            Self::Renamed { .. } => "renamed",
            Self::AcceptTwice => "accept_twice",
            Self::DuplicateListing => "duplicate_listing",
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Unreachable => Stage::Connection,
            Self::DropBeforeBody | Self::DropInBody { .. } | Self::DropAfterBody => Stage::Door,
            Self::TooManyRequests { .. } | Self::Unauthorized { .. } | Self::CaptivePortal { .. } => Stage::Door,
            Self::Status { when: Moment::Early | Moment::Before, .. } => Stage::Door,
            Self::Status { when: Moment::After, .. } => Stage::Answer,
            Self::LoseAnswer | Self::TruncateAnswer { .. } | Self::HalfAnswer | Self::Silence => Stage::Answer,
            Self::AcceptLate { .. } => Stage::Answer,
            Self::ListLate { .. } | Self::WrongHash | Self::WrongSize | Self::Corrupted => Stage::Trait,
            Self::Renamed { .. } | Self::AcceptTwice | Self::DuplicateListing | Self::Slow { .. } => Stage::Trait,
        }
    }

    /// Whether it is meant for the making of a folder: said outright, since a rule for uploads must not be spent on one.
    pub(crate) fn is_for_folder(&self, asked: Option<Operation>, operation: Operation) -> bool {
        let folder = Operation::CreateFolder;
        asked == Some(folder) && operation == folder && matches!(self, Self::ListLate { .. } | Self::AcceptTwice)
    }

    /// Whether it means anything for `operation`, so that an upload's fault is not spent on a listing.
    pub(crate) fn concerns(&self, operation: Operation) -> bool {
        match self {
            Self::AcceptLate { .. } => operation.changes(),
            Self::ListLate { .. } | Self::WrongHash | Self::WrongSize | Self::Corrupted => {
                operation == Operation::Upload
            }
            Self::Renamed { .. } | Self::AcceptTwice => operation == Operation::Upload,
            Self::DuplicateListing => operation == Operation::List,
            _ => true,
        }
    }
}
