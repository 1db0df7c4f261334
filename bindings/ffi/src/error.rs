//! What can go wrong at the door, in the few kinds that an app acts on differently. Owns which error of the core is of
//! which kind; the words are the core's.

use fieldpost::{Error, Why};

/// Why a call failed. Nothing was lost by it: a call either did all of what it says, or nothing.
///
/// The kind says what an app can do; the message, in English, what happened, to what, and what helps. It holds no
/// secret, but may hold a path of this device. What hinders an *item* is not an error but its `why`.
///
/// The layers show it as an error of their own: what is generated of an error with fields has no message that reads well.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum NativeError {
    /// No account of that id is configured. Put it first.
    #[error("{0}")]
    UnknownAccount(String),
    /// No item of that id is here.
    #[error("{0}")]
    UnknownItem(String),
    /// The file to capture is missing, a folder, or cannot be read.
    #[error("{0}")]
    CannotRead(String),
    /// The account still has items that are not delivered. Deliver or cancel them first.
    #[error("{0}")]
    AccountBusy(String),
    /// The item stands where it does not take this answer, such as cancelling what is delivered. Look at it again.
    #[error("{0}")]
    NotNow(String),
    /// Another process delivers from this outbox, or another object in this one. It delivers what is here too.
    #[error("{0}")]
    AlreadyDelivering(String),
    /// No room. What was to be captured was refused whole, nothing that waits was touched: free some space, try again.
    #[error("{0}")]
    DiskFull(String),
    /// The outbox has taken all of the quota that it was opened with, and nothing delivered is left to clear. What was to be
    /// captured was refused whole: deliver what waits, or forget what is not wanted.
    #[error("{0}")]
    QuotaFull(String),
    /// What was handed in cannot be right: a setting that the system does not know, an id that cannot be one, a root
    /// certificate that does not read.
    #[error("{0}")]
    Invalid(String),
    /// Another process has the outbox open, and this needs it alone. Try again once it is closed.
    #[error("{0}")]
    InUse(String),
    /// The outbox was written by a newer version of this library. Update the app.
    #[error("{0}")]
    TooNew(String),
    /// A work-order system was asked, and did not answer what was wanted. Nothing was changed by it, here or there.
    #[error("{said}")]
    Unanswered {
        /// What happened, to what, and what helps.
        said: String,
        /// Why, and what would help.
        why: Why,
    },
    /// Anything else, such as a disk that fails. For the app's log and for support.
    #[error("{0}")]
    Failed(String),
}

impl From<Error> for NativeError {
    fn from(error: Error) -> Self {
        let message = format!("{error}: {}", error.help());
        match error {
            Error::UnknownAccount { .. } => NativeError::UnknownAccount(message),
            Error::UnknownItem { .. } => NativeError::UnknownItem(message),
            Error::CannotRead(_) => NativeError::CannotRead(message),
            Error::AccountBusy { .. } => NativeError::AccountBusy(message),
            Error::NotNow { .. } => NativeError::NotNow(message),
            Error::AlreadyDelivering => NativeError::AlreadyDelivering(message),
            Error::DiskFull { .. } => NativeError::DiskFull(message),
            Error::QuotaFull { .. } => NativeError::QuotaFull(message),
            Error::BadAccount { .. } | Error::Invalid { .. } | Error::Network { .. } => NativeError::Invalid(message),
            Error::InUse => NativeError::InUse(message),
            Error::TooNew { .. } => NativeError::TooNew(message),
            Error::Unanswered { why } => NativeError::Unanswered { said: message, why },
            // Damaged and Disk.
            _ => NativeError::Failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use fieldpost::{Action, Bytes, Reason, SourceError, State};

    use super::*;

    #[test]
    fn the_message_says_what_happened_to_what_and_what_helps() {
        let error = NativeError::from(Error::UnknownAccount { id: "acme".into() });
        assert_eq!(error.to_string(), "there is no account 'acme': add it first, or check its id");
    }

    #[test]
    fn what_a_system_left_unanswered_keeps_its_reason_and_says_it_in_a_sentence() {
        let (reason, action) = (Reason::ServerBusy, Action::None);
        let why = Why { reason, detail: Some("503".into()), until: None, action };
        let error = NativeError::from(Error::Unanswered { why: why.clone() });
        assert_eq!(error.to_string(), "the system has an error of its own: 503: try again later");
        assert!(matches!(error, NativeError::Unanswered { why: crossed, .. } if crossed == why));
    }

    #[test]
    fn each_error_of_the_core_is_of_the_kind_that_an_app_acts_on() {
        let what = || "something".to_owned();
        let why = || Why { reason: Reason::ServerBusy, detail: None, until: None, action: Action::Retry };
        let disk = || Error::Disk { what: what(), source: io::Error::other("no") };
        let kind = |error: Error| match NativeError::from(error) {
            NativeError::UnknownAccount(_) => "unknown account",
            NativeError::UnknownItem(_) => "unknown item",
            NativeError::CannotRead(_) => "cannot read",
            NativeError::AccountBusy(_) => "account busy",
            NativeError::NotNow(_) => "not now",
            NativeError::AlreadyDelivering(_) => "already delivering",
            NativeError::DiskFull(_) => "disk full",
            NativeError::QuotaFull(_) => "quota full",
            NativeError::Invalid(_) => "invalid",
            NativeError::InUse(_) => "in use",
            NativeError::TooNew(_) => "too new",
            NativeError::Unanswered { .. } => "unanswered",
            NativeError::Failed(_) => "failed",
        };
        let id = "01990000-0000-7000-8000-00007f3a9c1e".parse().unwrap();
        for (error, expected) in [
            (Error::UnknownAccount { id: what() }, "unknown account"),
            (Error::UnknownItem { id: what() }, "unknown item"),
            (Error::CannotRead(SourceError::Missing("/x".into())), "cannot read"),
            (Error::AccountBusy { id: "acme".parse().unwrap(), undelivered: 2 }, "account busy"),
            (Error::NotNow { id, state: State::Delivered, what: "nothing" }, "not now"),
            (Error::AlreadyDelivering, "already delivering"),
            (Error::Network { what: what() }, "invalid"),
            (Error::DiskFull { what: what(), needed: None }, "disk full"),
            (Error::QuotaFull { needed: Bytes(3), used: Bytes(2), quota: Bytes(4) }, "quota full"),
            (Error::BadAccount { id: what(), what: what() }, "invalid"),
            (Error::Invalid { what: what() }, "invalid"),
            (Error::InUse, "in use"),
            (Error::TooNew { found: 2, known: 1 }, "too new"),
            (Error::Damaged { detail: what() }, "failed"),
            (Error::Unanswered { why: why() }, "unanswered"),
            (disk(), "failed"),
        ] {
            let name = error.to_string();
            assert_eq!(kind(error), expected, "{name}");
        }
    }
}
