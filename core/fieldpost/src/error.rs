//! What can go wrong at the door: each variant is something that an app can act on.

use std::io;

use crate::capture::SourceError;
use crate::model::{AccountId, Action, BadAccountId, Bytes, ItemId, Reason, Why};
use crate::store::FileError;

/// Why a call failed. Nothing was lost by it: a call either did all of what it says, or nothing.
///
/// What hinders an *item* is not an error but its [`Why`](crate::Why).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No account of that id is configured.
    #[error("there is no account '{id}'")]
    UnknownAccount {
        /// The id asked for.
        id: String,
    },
    /// The account cannot be kept as it is given.
    #[error("account '{id}': {what}")]
    BadAccount {
        /// Its id.
        id: String,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// The account still has items that are not delivered.
    #[error("account '{id}' still has {undelivered} undelivered item(s)")]
    AccountBusy {
        /// Its id.
        id: AccountId,
        /// How many.
        undelivered: u64,
    },
    /// No item of that id is here.
    #[error("there is no item '{id}'")]
    UnknownItem {
        /// The id asked for.
        id: String,
    },
    /// What was to be captured cannot be read.
    #[error(transparent)]
    CannotRead(#[from] SourceError),
    /// No room on the disk. The capture was refused whole; nothing that waits was touched.
    #[error("the disk is full: {what}")]
    DiskFull {
        /// What could not be written, or how much is missing.
        what: String,
        /// What the capture takes, where it is one that was refused.
        needed: Option<Bytes>,
    },
    /// No room within the outbox's quota, though all that is delivered were cleared. The capture was refused whole; nothing that
    /// waits was touched.
    #[error("the outbox's quota is full: {needed} are needed, {used} of {quota} are taken")]
    QuotaFull {
        /// What the capture takes.
        needed: Bytes,
        /// What the files of the outbox take.
        used: Bytes,
        /// What they may take: [`Options::quota`](crate::Options::quota).
        quota: Bytes,
    },
    /// The capture cannot be kept as it is described.
    #[error("{what}")]
    Invalid {
        /// What is wrong, and what is expected.
        what: String,
    },
    /// An item that stands where it stands does not take this answer.
    #[error("item {id} is {state}: {what}")]
    NotNow {
        /// The item.
        id: ItemId,
        /// Where it stands.
        state: crate::State,
        /// What it would take.
        what: &'static str,
    },
    /// Another process has the outbox open, and this needs it alone.
    #[error("the outbox is in use by another process")]
    InUse,
    /// Another process delivers, or another opening of the outbox in this one.
    #[error("a delivery is already running on this outbox")]
    AlreadyDelivering,
    /// The database is damaged. The captured files are whole in their folders.
    #[error("the outbox's database is damaged: {detail}")]
    Damaged {
        /// What SQLite says.
        detail: String,
    },
    /// The outbox was written by a newer version of this library.
    #[error("the outbox was written by a newer version (schema {found}, this one knows {known})")]
    TooNew {
        /// Its schema.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// The disk failed in another way.
    #[error("cannot {what}: {source}")]
    Disk {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A work-order system was asked, and did not answer what was wanted. Nothing was changed by it, here or there.
    #[error("{}", unanswered(why))]
    Unanswered {
        /// Why, and what would help.
        why: Why,
    },
    /// The network driver could not be set up.
    #[error("cannot set up the network: {what}")]
    Network {
        /// Why.
        what: String,
    },
}

impl Error {
    /// The name that scripts read.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::UnknownAccount { .. } => "unknown_account",
            Error::BadAccount { .. } => "bad_account",
            Error::AccountBusy { .. } => "account_busy",
            Error::UnknownItem { .. } => "unknown_item",
            Error::CannotRead(_) => "cannot_read",
            Error::DiskFull { .. } => "disk_full",
            Error::QuotaFull { .. } => "quota_full",
            Error::Invalid { .. } => "invalid",
            Error::NotNow { .. } => "not_now",
            Error::InUse => "in_use",
            Error::AlreadyDelivering => "already_delivering",
            Error::Damaged { .. } => "damaged",
            Error::TooNew { .. } => "too_new",
            Error::Disk { .. } => "disk",
            Error::Unanswered { why } => why.reason.as_str(),
            Error::Network { .. } => "network",
        }
    }

    /// What helps.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Error::UnknownAccount { .. } => "add it first, or check its id",
            Error::BadAccount { .. } => "see the settings of its system",
            Error::AccountBusy { .. } => "deliver or cancel them first",
            Error::UnknownItem { .. } => "list the items to see their ids",
            Error::CannotRead(_) => "give an existing, readable file",
            Error::DiskFull { .. } => "free some space and capture again",
            Error::QuotaFull { .. } => "deliver what waits, or forget what is not wanted, and capture again",
            Error::Invalid { .. } => "correct it and try again",
            Error::NotNow { .. } => "ask for the item's reason to see what would help",
            Error::InUse => "close the other process, then try again",
            Error::AlreadyDelivering => "wait for it, or stop it",
            Error::Damaged { .. } => "open the outbox alone: it is rebuilt from the items' folders",
            Error::TooNew { .. } => "update the library",
            Error::Disk { .. } => "check the outbox's folder, its rights and its disk",
            Error::Unanswered { why } => match why.action {
                Action::Connect => "try again with a (better) network",
                Action::SignIn => "sign in, and try again",
                Action::AskOffice => "ask the office",
                Action::FreeSpace => "free some space and try again",
                Action::None | Action::Retry => "try again later",
                Action::Repair | Action::Review => "check the work order and what it holds at its system",
            },
            Error::Network { .. } => "check the certificates that were given",
        }
    }

    pub(crate) fn disk(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |source| {
            if source.kind() == io::ErrorKind::StorageFull || source.kind() == io::ErrorKind::QuotaExceeded {
                Error::DiskFull { what, needed: None }
            } else {
                Error::Disk { what, source }
            }
        }
    }

    /// Of a capture that takes so much.
    pub(crate) fn of_capture(self, bytes: Bytes) -> Self {
        match self {
            Error::DiskFull { what, needed: None } => Error::DiskFull { what, needed: Some(bytes) },
            other => other,
        }
    }

    pub(crate) fn bad_account(id: &str) -> impl FnOnce(BadAccountId) -> Error {
        let id = id.to_owned();
        move |bad| Error::BadAccount { id, what: bad.to_string() }
    }
}

/// In words, with the system's own where there are some.
fn unanswered(Why { reason, detail, .. }: &Why) -> String {
    let said = match reason {
        Reason::TokenWanted => "the system wants a token",
        Reason::NoNetwork => "there is no network",
        Reason::Unreachable => "the system cannot be reached",
        Reason::CaptivePortal => "something between answers in the system's stead",
        Reason::TlsFailed => "the system's certificate was not accepted",
        Reason::ServerAskedToWait => "the system asks to wait",
        Reason::ServerBusy => "the system has an error of its own",
        Reason::WorkOrderNotValid => "no work order can have this id",
        Reason::WorkOrderMissing => "the system knows no such work order",
        Reason::AttachmentMissing => "the system knows no such attachment",
        Reason::FolderMissing => "the system knows no such folder",
        Reason::Forbidden => "the system does not allow it",
        Reason::HashMismatch => "what came is not what it should be, and was not kept",
        Reason::DiskFull => "there is no room for it",
        Reason::Paused => "it was stopped",
        Reason::OutcomeUnknown => "the system's answer cannot be read",
        _ => "the system refused",
    };
    match detail {
        Some(detail) => format!("{said}: {detail}"),
        None => said.to_owned(),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        if let rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) = error {
            return Error::Damaged { detail: error.to_string() };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => {
                Error::DiskFull { what: "the queue could not be written".into(), needed: None }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged { detail: error.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::InUse,
            _ => Error::Disk { what: "use the queue".into(), source: io::Error::other(error) },
        }
    }
}

impl From<serde_json::Error> for Error {
    /// A row of our own that does not read: the database was altered.
    fn from(error: serde_json::Error) -> Self {
        Error::Damaged { detail: error.to_string() }
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Full { doing, name, .. } => {
                Error::DiskFull { what: format!("no room to {doing} {name}"), needed: None }
            }
            FileError::Disk { doing, name, source } => Error::Disk { what: format!("{doing} {name}"), source },
            FileError::Source(source) => Error::Disk { what: "read what is captured".into(), source },
            FileError::Damaged { name, detail } => Error::Damaged { detail: format!("{name}: {detail}") },
        }
    }
}
