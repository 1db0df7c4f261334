//! What can go wrong at the door, in the few kinds that an app acts on differently. Owns which error of the core is of
//! which kind; the words are the core's.

use fieldpost::Error;

/// Why a call failed. Nothing was lost by it: a call either did all of what it says, or nothing.
///
/// The kind says what an app can do; the message, in English, what happened, to what, and what helps. It holds no
/// secret, but may hold a path of this device. What hinders an *item* is not an error but its `why`.
#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum OutboxError {
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
    /// Anything else, such as a disk that fails. For the app's log and for support.
    #[error("{0}")]
    Failed(String),
}

impl From<Error> for OutboxError {
    fn from(error: Error) -> Self {
        let message = format!("{error}: {}", error.help());
        match error {
            Error::UnknownAccount { .. } => OutboxError::UnknownAccount(message),
            Error::UnknownItem { .. } => OutboxError::UnknownItem(message),
            Error::CannotRead(_) => OutboxError::CannotRead(message),
            Error::AccountBusy { .. } => OutboxError::AccountBusy(message),
            Error::NotNow { .. } => OutboxError::NotNow(message),
            Error::AlreadyDelivering => OutboxError::AlreadyDelivering(message),
            Error::DiskFull { .. } => OutboxError::DiskFull(message),
            Error::QuotaFull { .. } => OutboxError::QuotaFull(message),
            Error::BadAccount { .. } | Error::Invalid { .. } | Error::Network { .. } => OutboxError::Invalid(message),
            Error::InUse => OutboxError::InUse(message),
            Error::TooNew { .. } => OutboxError::TooNew(message),
            // Damaged and Disk.
            _ => OutboxError::Failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use fieldpost::{Bytes, SourceError, State};

    use super::*;

    #[test]
    fn the_message_says_what_happened_to_what_and_what_helps() {
        let error = OutboxError::from(Error::UnknownAccount { id: "acme".into() });
        assert_eq!(error.to_string(), "there is no account 'acme': add it first, or check its id");
    }

    #[test]
    fn each_error_of_the_core_is_of_the_kind_that_an_app_acts_on() {
        let what = || "something".to_owned();
        let disk = || Error::Disk { what: what(), source: io::Error::other("no") };
        let kind = |error: Error| match OutboxError::from(error) {
            OutboxError::UnknownAccount(_) => "unknown account",
            OutboxError::UnknownItem(_) => "unknown item",
            OutboxError::CannotRead(_) => "cannot read",
            OutboxError::AccountBusy(_) => "account busy",
            OutboxError::NotNow(_) => "not now",
            OutboxError::AlreadyDelivering(_) => "already delivering",
            OutboxError::DiskFull(_) => "disk full",
            OutboxError::QuotaFull(_) => "quota full",
            OutboxError::Invalid(_) => "invalid",
            OutboxError::InUse(_) => "in use",
            OutboxError::TooNew(_) => "too new",
            OutboxError::Failed(_) => "failed",
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
            (disk(), "failed"),
        ] {
            let name = error.to_string();
            assert_eq!(kind(error), expected, "{name}");
        }
    }
}
