//! Items as apps see them: where each stands, why it is not delivered, what proves that it is.

use fieldpost::{
    Action, Bytes, Flag, ItemId, Kind, Operation, Original, Proof, Reason, Receipt, RemoteId, Sha256, State, Timestamp,
    Why, WorkOrder,
};

/// One queued operation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// What is to be done.
    pub operation: Operation,
    /// What was captured.
    pub kind: Kind,
    /// The account's id.
    pub account: String,
    /// The work order's id at the system.
    pub work_order: String,
    /// The name that is sent: a stem, `-`, eight hexadecimal digits that make it ours, the extension. Of an update or a deletion
    /// the attachment's; where that is not ours, and its name does not change, its id at the system.
    pub name: String,
    /// The caption, if one was given.
    pub caption: Option<String>,
    /// The app's own words for it. They never leave the device.
    pub tags: Vec<String>,
    /// Where it stands, and why or with what proof.
    pub status: Status,
    /// How many tries left the device.
    pub attempts: i32,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// What is remarkable about it.
    pub flags: Vec<Flag>,
    /// The file as it was captured.
    pub original: Option<Original>,
    /// The file as it is sent; none before it was prepared.
    pub sent: Option<Sent>,
}

/// Where an item stands: what is not delivered says why, what is delivered has its receipt.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Status {
    /// Durable, not prepared yet.
    Captured {
        /// Why not.
        why: Why,
    },
    /// Ready to be sent.
    Queued {
        /// Why it is not sent yet.
        why: Why,
    },
    /// On its way.
    Sending,
    /// Queued, but held by itself, its account or the conditions.
    Waiting {
        /// What for, and until when.
        why: Why,
    },
    /// In doubt: it may have arrived, the system's list is read to find out.
    Verifying {
        /// What made the doubt, or holds up the look.
        why: Why,
    },
    /// It needs a person.
    Blocked {
        /// Why, and what would help.
        why: Why,
    },
    /// The system has it.
    Delivered {
        /// The proof.
        receipt: Receipt,
    },
    /// Given up by the app or a person.
    Cancelled,
}

/// The file as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Sent {
    /// Its length.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Pixels across, of a picture.
    pub width: Option<i32>,
    /// Pixels down, of a picture.
    pub height: Option<i32>,
}

/// The parent of attachments, whatever the system calls it (work order, case, ticket). Any text is taken: an id that the
/// system cannot have blocks the item, it does not refuse the evidence.
#[uniffi::remote(Record)]
pub struct WorkOrder {
    /// The account's id.
    pub account: String,
    /// The system's id of the work order.
    pub id: String,
}

/// What is to be done at the system.
#[uniffi::remote(Enum)]
#[non_exhaustive]
pub enum Operation {
    /// Send a new attachment.
    Upload,
    /// Change what a system holds of an attachment: its name, its visibility.
    Update,
    /// Delete an attachment at its system.
    Delete,
    /// Delete a folder at its system.
    DeleteFolder,
}

/// What was captured.
#[uniffi::remote(Enum)]
pub enum Kind {
    /// A photo: fitted under a cap.
    Photo,
    /// A document: sent as it is.
    Document,
    /// A text: sent as a text file.
    Text,
    /// A signature: sent as it is, before photos.
    Signature,
}

/// Where an item stands.
#[uniffi::remote(Enum)]
pub enum State {
    /// Durable, not prepared yet.
    Captured,
    /// Ready to be sent.
    Queued,
    /// On its way.
    Sending,
    /// Queued, but held by itself, its account or the conditions.
    Waiting,
    /// In doubt: it may have arrived, the system's list is read to find out.
    Verifying,
    /// It needs a person.
    Blocked,
    /// The system has it; the receipt proves it.
    Delivered,
    /// Given up by the app or a person.
    Cancelled,
}

/// What is remarkable about an item.
#[uniffi::remote(Enum)]
#[non_exhaustive]
pub enum Flag {
    /// A photo whose end is missing: delivered all the same.
    Truncated,
}

/// The file as it was captured.
#[uniffi::remote(Record)]
pub struct Original {
    /// Its length.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// Proof of delivery.
#[uniffi::remote(Record)]
pub struct Receipt {
    /// What the system calls the attachment; none where a person settled it without knowing.
    pub remote_id: Option<RemoteId>,
    /// When we learnt that it is there.
    pub delivered_at: Timestamp,
    /// How we know.
    pub proof: Proof,
    /// More attachments of ours that the system lists: an earlier try that arrived after all.
    pub surplus: Vec<RemoteId>,
}

/// How we know that an item was delivered.
#[uniffi::remote(Enum)]
pub enum Proof {
    /// The system's answer to the upload said so.
    Answer,
    /// It was found in the system's list after a doubt.
    Found,
    /// A person said so.
    Person,
}

/// Why an item is not delivered yet, until when, and what would help.
#[uniffi::remote(Record)]
pub struct Why {
    /// The typed reason.
    pub reason: Reason,
    /// The system's own words, a status, a size: for people. Never a secret.
    pub detail: Option<String>,
    /// When it may go on, where that is known: by itself in a delivery that stays until then, else with the next one.
    pub until: Option<Timestamp>,
    /// What would help.
    pub action: Action,
}

/// Why an item is not delivered: the closed list.
#[uniffi::remote(Enum)]
#[non_exhaustive]
pub enum Reason {
    /// No delivery is running, or its turn has not come; any other reason wins.
    NotStarted,
    /// The device has no network.
    NoNetwork,
    /// It waits for a network that costs nothing.
    UnmeteredNetworkWanted,
    /// It waits for the charger.
    ChargingWanted,
    /// Delivery was paused.
    Paused,
    /// The account waits for a token.
    TokenWanted,
    /// The system asked to wait (429).
    ServerAskedToWait,
    /// The system answers, but with an error of its own (5xx).
    ServerBusy,
    /// The system cannot be reached.
    Unreachable,
    /// Something between us and the system answers in its stead.
    CaptivePortal,
    /// The system's certificate was not accepted.
    TlsFailed,
    /// It goes after another item, which is not delivered yet.
    AfterAnotherItem,
    /// A wish waits for a doubt to settle.
    Hold,
    /// It may have arrived: the system's list is read to find out.
    Looking,
    /// It may have arrived, and the system cannot tell.
    OutcomeUnknown,
    /// Larger than the system takes.
    TooLarge,
    /// It cannot be made as small as wanted.
    CapNotMet,
    /// It cannot be made smaller within the memory allowed.
    MemoryLimit,
    /// Not a picture that can be read.
    NotDecodable,
    /// A type of file that the system does not take.
    TypeNotAccepted,
    /// A name that the system does not take.
    NameNotAccepted,
    /// An id that no work order of the system can have.
    WorkOrderNotValid,
    /// The work order takes no more attachments.
    WorkOrderClosed,
    /// The system knows no such work order.
    WorkOrderMissing,
    /// The folder is not there.
    FolderMissing,
    /// The attachment to change is not there.
    AttachmentMissing,
    /// The account may not do this.
    Forbidden,
    /// The system refused, in words of its own.
    Refused,
    /// What lies at the system under our name is not what was sent.
    HashMismatch,
    /// Our own copy is gone or altered.
    FileDamaged,
    /// No room on the device to prepare it.
    DiskFull,
}

/// What would help an item on.
#[uniffi::remote(Enum)]
pub enum Action {
    /// Nothing: delivery goes on with it.
    None,
    /// A (better) network.
    Connect,
    /// The technician signs in again.
    SignIn,
    /// Room on the device.
    FreeSpace,
    /// Another name, cap, work order or folder: `repair`. A change of an attachment is cancelled instead, and asked for anew.
    Repair,
    /// Try once more.
    Retry,
    /// A person looks at the system and decides.
    Review,
    /// The office must change something.
    AskOffice,
}

impl From<fieldpost::Item> for Item {
    fn from(item: fieldpost::Item) -> Self {
        let fieldpost::Item {
            id,
            operation,
            kind,
            account,
            work_order,
            name,
            caption,
            tags,
            state,
            attempts,
            captured_at,
            flags,
            original,
            sent,
            why,
            receipt,
        } = item;
        Item {
            id,
            operation,
            kind,
            account,
            work_order,
            name,
            caption,
            tags,
            status: status(state, why, receipt),
            attempts: signed(attempts),
            captured_at,
            flags,
            original,
            sent: sent.map(Sent::from),
        }
    }
}

fn status(state: State, why: Option<Why>, receipt: Option<Receipt>) -> Status {
    let why = || why.expect("the core shows a reason for every state but sending, delivered and cancelled");
    match state {
        State::Captured => Status::Captured { why: why() },
        State::Queued => Status::Queued { why: why() },
        State::Sending => Status::Sending,
        State::Waiting => Status::Waiting { why: why() },
        State::Verifying => Status::Verifying { why: why() },
        State::Blocked => Status::Blocked { why: why() },
        State::Delivered => {
            Status::Delivered { receipt: receipt.expect("the core makes an item delivered only with its receipt") }
        }
        State::Cancelled => Status::Cancelled,
    }
}

impl From<fieldpost::Sent> for Sent {
    fn from(sent: fieldpost::Sent) -> Self {
        let fieldpost::Sent { bytes, sha256, width, height } = sent;
        Sent { bytes, sha256, width: width.map(signed), height: height.map(signed) }
    }
}

/// No count of ours comes near the bound.
fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use uniffi::{Lift, Lower};

    use super::*;
    use crate::UniFfiTag;

    #[test]
    fn every_reason_of_the_core_crosses_and_comes_back_as_itself() {
        for reason in Reason::ALL {
            let mut written = Vec::new();
            <Reason as Lower<UniFfiTag>>::write(*reason, &mut written); // panics for one that is missing above
            assert_eq!(<Reason as Lift<UniFfiTag>>::try_read(&mut written.as_slice()).unwrap(), *reason);
        }
    }

    #[test]
    fn pixels_keep_their_sides() {
        let sent = fieldpost::Sent { bytes: Bytes(9), sha256: Sha256([7; 32]), width: Some(2560), height: Some(1920) };
        let crossed = Sent { bytes: Bytes(9), sha256: Sha256([7; 32]), width: Some(2560), height: Some(1920) };
        assert_eq!(Sent::from(sent), crossed);
    }
}
