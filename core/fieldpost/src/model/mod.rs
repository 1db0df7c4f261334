//! Plain data: ids, times, states, outcomes. Owns the words of Fieldpost; does no I/O and reads no clock.
//!
//! What is serialised here is what scripts read (`interface.md`): a field renamed is a contract broken.

mod account;
mod conditions;
mod ids;
mod item;
mod life;
mod remote;
mod repair;
mod snapshot;
mod time;
mod why;
mod wire;

pub use account::{Account, AccountInfo, Capabilities, ProviderKind};
pub use conditions::{Conditions, Network, Power, Requires};
pub use ids::{AccountId, BadAccountId, Bytes, ItemId, Marker, RemoteId, RequestId, Sha256, WorkOrder};
pub use item::{Flag, Item, Kind, Operation, Original, Proof, Receipt, Sent, State};
pub(crate) use life::{
    AccountRow, Alone, Body as PreparedBody, Doubtful, Files, Life, Moment, Restored, Row, Stage, Standing, Trust,
    Wait, Wish, millis,
};
pub use remote::{Download, Integrity, RemoteEntry, RemoteFolder, RemoteList};
pub use repair::{Attachment, Cap, Changes, Repair};
pub use snapshot::{Resume, Snapshot};
pub use time::{Now, Timestamp};
pub use why::{Action, Reason, Why};
pub use wire::{
    ANSWER_LIMIT, Answer, AnswerBody, Auth, Body, Content, Exchange, Failure, Left, Method, Part, Request, Sink,
};
pub(crate) use wire::{BASE64_LINE, base64_length, base64_text_length};
