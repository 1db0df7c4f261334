//! Why an item is not delivered: the closed list of reasons, and what would help for each.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Why an item is not delivered yet, until when, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The typed reason.
    pub reason: Reason,
    /// The system's own words, a status, a size: for people. Never a secret.
    pub detail: Option<String>,
    /// When it goes on by itself, where that is known.
    pub until: Option<Timestamp>,
    /// What would help.
    pub action: Action,
}

impl Why {
    /// `reason` with the action that it usually asks for.
    pub(crate) fn new(reason: Reason, detail: impl Into<Option<String>>) -> Self {
        Why { reason, detail: detail.into(), until: None, action: reason.action() }
    }

    pub(crate) fn until(mut self, at: Timestamp) -> Self {
        self.until = Some(at);
        self
    }

    pub(crate) fn action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $text:literal => $action:ident,)*) => {
        /// The closed list of reasons why an item is not delivered.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
                pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The name that scripts read.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => $text,)* }
            }

            /// What usually helps. The one table from reason to action.
            #[must_use]
            pub fn action(self) -> Action {
                match self { $(Reason::$name => Action::$action,)* }
            }
        }
    };
}

reasons! {
    /// No delivery is running, or its turn has not come; any other reason wins.
    NotStarted "not_started" => None,
    /// The phone has no network.
    NoNetwork "no_network" => Connect,
    /// It waits for a network that costs nothing.
    UnmeteredNetworkWanted "unmetered_network_wanted" => Connect,
    /// It waits for the charger.
    ChargingWanted "charging_wanted" => None,
    /// Delivery was paused.
    Paused "paused" => None,
    /// The account waits for a token.
    TokenWanted "token_wanted" => SignIn,
    /// The system asked to wait (429).
    ServerAskedToWait "server_asked_to_wait" => None,
    /// The system answers, but with an error of its own (5xx).
    ServerBusy "server_busy" => None,
    /// The system cannot be reached.
    Unreachable "unreachable" => None,
    /// Something between us and the system answers in its stead.
    CaptivePortal "captive_portal" => Connect,
    /// The system's certificate was not accepted.
    TlsFailed "tls_failed" => AskOffice,
    /// It goes after another item, which is not delivered yet.
    AfterAnotherItem "after_another_item" => None,
    /// A wish waits for a doubt to settle.
    Hold "hold" => None,
    /// It may have arrived: the system's list is read to find out.
    Looking "looking" => None,
    /// It may have arrived, and the system cannot tell.
    OutcomeUnknown "outcome_unknown" => Review,
    /// Larger than the system takes.
    TooLarge "too_large" => Repair,
    /// It cannot be made as small as wanted.
    CapNotMet "cap_not_met" => Repair,
    /// It cannot be made smaller within the memory allowed.
    MemoryLimit "memory_limit" => Repair,
    /// Not a picture that can be read.
    NotDecodable "not_decodable" => Repair,
    /// A type of file that the system does not take.
    TypeNotAccepted "type_not_accepted" => Repair,
    /// A name that the system does not take.
    NameNotAccepted "name_not_accepted" => Repair,
    /// An id that no work order of the system can have.
    WorkOrderNotValid "work_order_not_valid" => Repair,
    /// The work order takes no more attachments.
    WorkOrderClosed "work_order_closed" => AskOffice,
    /// The system knows no such work order.
    WorkOrderMissing "work_order_missing" => Repair,
    /// The folder is not there.
    FolderMissing "folder_missing" => Repair,
    /// The attachment to change is not there.
    AttachmentMissing "attachment_missing" => Review,
    /// The account may not do this.
    Forbidden "forbidden" => AskOffice,
    /// The system refused, in words of its own.
    Refused "refused" => Review,
    /// What lies at the system under our name is not what was sent.
    HashMismatch "hash_mismatch" => Review,
    /// Our own copy is gone or altered.
    FileDamaged "file_damaged" => Review,
    /// No room on the phone to prepare it.
    DiskFull "disk_full" => FreeSpace,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Reason {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Reason::ALL.iter().copied().find(|r| r.as_str() == s).ok_or(())
    }
}

/// What would help an item on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: it goes on by itself.
    None,
    /// A (better) network.
    Connect,
    /// The technician signs in again.
    SignIn,
    /// Room on the phone.
    FreeSpace,
    /// Another name, cap, work order or folder.
    Repair,
    /// Try once more.
    Retry,
    /// A person looks at the system and decides.
    Review,
    /// The office must change something.
    AskOffice,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reasons_name_is_the_one_that_is_serialised() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(reason.as_str().parse(), Ok(*reason));
        }
        assert_eq!(Reason::ALL.len(), 31);
    }
}
