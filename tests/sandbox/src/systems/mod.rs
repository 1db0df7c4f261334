//! The simulated systems: one file each, written from the vendors' documents, not from any client.
//!
//! A system says which documented operation a head is ([`System::identify`]), what else it wants of a head
//! ([`System::admit`]), and answers a request whose body is read ([`System::handle`]). Tokens, faults, links, the
//! ledger and the wire are shared. A further system is one file, one name in `Provider` and one line in [`system`].
//! Nothing here touches a socket or reads a clock: time is handed in.

mod corrigopro;
mod decisiv;
mod digital_realty;
mod field_nation;
mod serial;

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use crate::answer::Reply;
use crate::dialect::Dialect;
use crate::folders::FirstFolder;
use crate::provider::{Provider, WorkOrderState};
use crate::request::{Call, Head, Request};
use crate::world::World;

/// What a system has to know of its own speech.
pub(crate) trait System: Sync {
    /// What an account's URL has behind the system's name: the path that all of its paths begin with.
    fn base(&self) -> &'static str {
        ""
    }

    /// The documented operation that a head asks for; `None`: it is none.
    fn identify(&self, head: &Head) -> Option<Call>;

    /// The token that a head carries; by default `Authorization: Bearer`.
    fn token<'a>(&self, head: &'a Head) -> Option<&'a str> {
        head.bearer()
    }

    /// The query parameter that carries the token, where one does. A token in any other is a leak.
    fn token_parameter(&self) -> Option<&'static str> {
        None
    }

    /// What else is wrong with a head whose token is good.
    fn admit(&self, _head: &Head) -> Option<Reply> {
        None
    }

    /// The part that is a file, even without a `filename`; empty for none.
    fn file_part(&self) -> &'static str {
        ""
    }

    /// The work order that a form names, where it stands in the body.
    fn work_order_in(&self, _request: &Request) -> Option<String> {
        None
    }

    /// The id under which a work order is kept, where it has more than one.
    fn work_order_id(&self, given: &str) -> String {
        given.to_owned()
    }

    /// The folders that every work order has.
    fn folders(&self) -> &'static [FirstFolder] {
        &[]
    }

    /// The id of an entry in what a client may call it.
    fn entry_id<'a>(&self, given: &'a str) -> &'a str {
        given
    }

    /// Whether a deleted entry stays listed, marked [`IS_DELETED`].
    fn keeps_deleted(&self) -> bool {
        false
    }

    /// Whether it tells a hash of its files.
    fn tells_hash(&self) -> bool {
        false
    }

    /// Answers a request. What it accepts is in the ledger when this returns.
    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply>;

    /// No token, or one that is not accepted.
    fn unauthorized(&self, dialect: &Dialect) -> Reply;

    /// The body is not what its content type says.
    fn malformed(&self, why: &str, dialect: &Dialect) -> Reply;

    /// Not a documented path, or not with this method.
    fn unknown(&self, dialect: &Dialect) -> Reply;

    /// Too many requests; `wait` is what `Retry-After` is going to say, in seconds.
    fn too_many(&self, _wait: Option<u32>) -> Reply {
        Reply::new(429, "text/plain", "too many requests")
    }

    /// Work orders that are there from the start.
    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)];

    /// Account settings beside the URL that [`admit`](Self::admit) wants.
    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// The field that marks an entry as deleted where a system keeps such entries listed.
pub(crate) const IS_DELETED: &str = "is_deleted";

/// The system of that name.
pub(crate) fn system(provider: Provider) -> &'static dyn System {
    match provider {
        Provider::CorrigoPro => &corrigopro::CorrigoPro,
        Provider::DigitalRealty => &digital_realty::DigitalRealty,
        Provider::Decisiv => &decisiv::Decisiv,
        Provider::FieldNation => &field_nation::FieldNation,
        Provider::Serial => &serial::Serial,
    }
}

/// The path of the account's URL.
pub(crate) fn base(provider: Provider) -> String {
    format!("/{provider}{}", system(provider).base())
}

/// The token that a system accepts at the start: the same in every run, so that a script can be written down.
pub(crate) fn first_token(provider: Provider) -> String {
    format!("{provider}-sandbox-token")
}

/// The tokens that are accepted at the start.
pub(crate) fn first_tokens() -> BTreeMap<Provider, Vec<String>> {
    Provider::ALL.into_iter().map(|p| (p, vec![first_token(p)])).collect()
}

/// The work orders that are there at the start.
pub(crate) fn first_work_orders() -> BTreeMap<Provider, BTreeMap<String, WorkOrderState>> {
    let of = |p| system(p).work_orders().iter().map(|(id, state)| ((*id).to_owned(), *state)).collect();
    Provider::ALL.into_iter().map(|p| (p, of(p))).collect()
}

/// The account settings of a system.
pub(crate) fn settings(provider: Provider) -> BTreeMap<String, String> {
    system(provider).settings().iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}
