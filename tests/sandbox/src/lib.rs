//! The work-order systems, simulated: servers that behave as the vendors' documents say, and go wrong when told to.
//!
//! Owns: what the systems accept, answer and keep, a ledger of it, and faults by rule, by seed or by switch. Never: a
//! client's view of a system; it is written from the documents. For tests ([`Sandbox`]) and for `fieldpost sandbox` ([`run`]).
//!
//! ```text
//! wire (sockets, TLS, network gone) -> front (faults, token, order of steps) -> systems/* (speech) -> world (state)
//!                                        intake (body to disk)   answer (to the wire)                 ledger, log
//! control (HTTP), Sandbox (Rust), page ------------------------------------------------------------> world
//! ```

mod answer;
mod aside;
mod clock;
mod control;
mod dialect;
mod entry;
mod events;
mod fault;
mod folders;
mod front;
mod intake;
mod keys;
mod ledger;
mod log;
mod multipart;
mod options;
mod page;
mod picture;
mod provider;
mod request;
mod rules;
mod sandbox;
mod seconds;
mod shared;
mod systems;
mod wire;
mod world;
mod xml;

pub use clock::Clock;
pub use dialect::{
    AddAnswer, AnsweredFolders, CasePaths, DecisivDialect, Dialect, DownloadHost, ErrorShape, FieldNationDialect,
    FileValue, FirstPage, LinkShape, ListShape, SerialDialect, SignatureShapes, TokenRefusal,
};
pub use entry::Entry;
pub use fault::{Fault, Moment, RetryAfter};
pub use folders::{Folder, FolderRules};
pub use ledger::{By, LedgerEntry};
pub use log::{Credentials, Leak, PartRecord, RequestRecord};
pub use options::{Listening, ListeningAccount, ListeningEvent, Options, Post, StartError, Tls};
pub use provider::{Operation, Provider, UnknownProvider, WorkOrderState};
pub use rules::{Forever, Rule, RuleId, RuleStatus, Times};
pub use sandbox::{Sandbox, read_ledger, run};
pub use shared::State;
pub use wire::Network;

/// The examples of the README are compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[allow(dead_code)]
struct Readme;
