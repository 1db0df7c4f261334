//! Reasons, actions and states in words for people. The one table of them.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use fieldpost::{Action, Item, Kind, Operation, Reason, State, Timestamp, Why};

use super::{ahead, plain};
use crate::tokens;

/// The reason as words.
pub(crate) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotStarted => "no delivery is running, or its turn has not come",
        Reason::NoNetwork => "there is no network",
        Reason::UnmeteredNetworkWanted => "it waits for an unmetered network",
        Reason::ChargingWanted => "it waits for the charger",
        Reason::Paused => "delivery is paused",
        Reason::TokenWanted => "the account wants a token",
        Reason::ServerAskedToWait => "the system asked to wait",
        Reason::ServerBusy => "the system has trouble of its own",
        Reason::Unreachable => "the system cannot be reached",
        Reason::CaptivePortal => "something else answers in the system's place",
        Reason::TlsFailed => "the system's certificate was not accepted",
        Reason::AfterAnotherItem => "it goes after another item",
        Reason::Hold => "a wish waits until it is known whether it arrived",
        Reason::Looking => "it may have arrived: the system's list is read",
        Reason::OutcomeUnknown => "it may have arrived, and the system cannot tell",
        Reason::TooLarge => "it is larger than the system takes",
        Reason::CapNotMet => "it cannot be made as small as wanted",
        Reason::MemoryLimit => "it cannot be made smaller within the memory allowed",
        Reason::NotDecodable => "it is no picture that can be read",
        Reason::TypeNotAccepted => "the system does not take this type of file",
        Reason::NameNotAccepted => "the system does not take this name",
        Reason::WorkOrderNotValid => "no work order of the system can have this id",
        Reason::WorkOrderClosed => "the work order takes no more attachments",
        Reason::WorkOrderMissing => "the system knows no such work order",
        Reason::FolderMissing => "the folder is not there",
        Reason::AttachmentMissing => "the attachment is not there",
        Reason::Forbidden => "the account may not do this",
        Reason::Refused => "the system refused it",
        Reason::HashMismatch => "what the system has under its name is not what was sent",
        Reason::FileDamaged => "our own copy is gone or altered",
        Reason::DiskFull => "there is no room to prepare it",
    }
}

/// Whether it is a photo of a kind that has to be converted elsewhere.
fn is_undecoded(item: &Item) -> bool {
    let reason = item.why.as_ref().map(|why| why.reason);
    item.kind == Kind::Photo && matches!(reason, Some(Reason::TypeNotAccepted | Reason::NotDecodable))
}

/// What helps `item`, as words.
pub(crate) fn action(action: Action, item: &Item) -> Cow<'static, str> {
    let words = match action {
        Action::None if item.why.as_ref().is_some_and(|why| why.reason == Reason::Paused) => "fieldpost resume",
        Action::None => "nothing: it goes on by itself",
        Action::Connect => "a (better) network",
        Action::SignIn => {
            return format!("a token, in {} or by --token-command", tokens::variable(&item.account)).into();
        }
        Action::FreeSpace => "free space, then: fieldpost retry ITEM",
        Action::Repair if is_undecoded(item) => "fieldpost repair ITEM --converted FILE, with a JPEG of it",
        Action::Repair if item.operation == Operation::Upload => {
            "fieldpost repair ITEM, with another name, cap, work order or folder"
        }
        Action::Repair => "fieldpost cancel ITEM, then ask for it otherwise",
        Action::Retry => "fieldpost retry ITEM",
        Action::Review => "look at the system, then: fieldpost retry ITEM or fieldpost settle ITEM",
        Action::AskOffice => "the office must change something, then: fieldpost retry ITEM",
    };
    words.into()
}

/// The reason with its particulars and its end.
pub(crate) fn why(why: &Why, now: Timestamp) -> String {
    let mut said = reason(why.reason).to_owned();
    if let Some(detail) = &why.detail {
        said.push_str(&format!(" ({})", plain(detail)));
    }
    if let Some(until) = why.until {
        said.push_str(&format!(", goes on {}", ahead(until, now)));
    }
    said
}

/// A state's colour.
pub(crate) fn state_style(state: State) -> Style {
    match state {
        State::Delivered => AnsiColor::Green.on_default(),
        State::Blocked => AnsiColor::Red.on_default().bold(),
        State::Waiting | State::Verifying => AnsiColor::Yellow.on_default(),
        State::Sending => AnsiColor::Cyan.on_default(),
        State::Cancelled => Style::new().dimmed(),
        State::Captured | State::Queued => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_of_its_own() {
        let mut said: Vec<&str> = Reason::ALL.iter().map(|r| reason(*r)).collect();
        assert!(said.iter().all(|words| words.contains(' ')), "{said:?}");
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), Reason::ALL.len());
    }
}
