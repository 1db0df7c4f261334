//! Offline-first outbox for field technicians' photos, signatures and documents.

mod capture;
mod clock;
mod disk;
mod dispatch;
#[cfg(feature = "reqwest")]
mod driver;
mod engine;
mod error;
mod model;
mod outbox;
mod prepare;
mod providers;
mod store;
mod transport;

pub use capture::{Capture, Document, Photo, Signature, SourceError, Text};
pub use clock::{Clock, SystemClock};
pub use disk::{Disk, Held, Lock, Reader, Writer};
pub use dispatch::backoff::Backoff;
pub use dispatch::person::Settlement;
#[cfg(feature = "reqwest")]
pub use driver::{BoxFuture, Deliver, Remote, Summary, Tokens};
pub use engine::air::Task;
pub use engine::answers::Which;
pub use engine::check::{Finding, FindingKind};
pub use engine::export::{Export, Exported, export};
pub use engine::keeping::Keep;
pub use engine::news::Event;
pub use engine::preparing::{PrepareJob, Prepared};
pub use error::Error;
pub use fieldpost_imaging::{ExifPolicy, ProfilePolicy};
pub use model::{
    ANSWER_LIMIT, Account, AccountId, AccountInfo, Action, Answer, AnswerBody, Attachment, Auth, BadAccountId, Body,
    Bytes, Cap, Capabilities, Changes, Conditions, Content, Download, Exchange, Failure, Flag, Integrity, Item, ItemId,
    Kind, Left, Marker, Method, Network, Now, Operation, Original, Part, Power, Proof, ProviderKind, Reason, Receipt,
    RemoteEntry, RemoteFolder, RemoteId, RemoteList, Repair, Request, RequestId, Requires, Resume, Sent, Sha256, Sink,
    Snapshot, State, Timestamp, Why, WorkOrder,
};
pub use outbox::{Delivery, Found, Inquired, Inquiry, Listening, Options, Outbox, Wanted};
pub use store::Filter;
pub use transport::{BodyFile, Secret, Token, Transfer, TransferId};
#[cfg(feature = "reqwest")]
pub use transport::{Http, HttpError, HttpOptions, StopSignal};

/// The README's Rust, compiled as a doc test.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
