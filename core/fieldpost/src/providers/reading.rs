//! What a person asks of a work order beside its list: one attachment, a file, a new folder. Owns the questions, and how a file is
//! fetched by its address; never journals and never decides anything about an item.
//!
//! ```text
//! ask(place, question) --> Ask(request, cursor) --exchange--> resume_ask(...) --> Ask ... --> Done(Reply | Unread)
//! ```

use serde::{Deserialize, Serialize};
use url::Url;

use super::listing::{self, Facts};
use super::outcome::{self, Unread};
use super::settings::Common;
use super::{Cursor, Effect, Entry, Step, address};
use crate::model::{Auth, Body, Exchange, Method, Reason, RemoteId, Request, Sink, Snapshot, Why};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Question {
    /// One attachment: of systems that can do `get`.
    One(RemoteId),
    /// Its file: of systems that can do `download`.
    File(Entry),
    /// A folder of this name, made where there is none: of systems that can do `folders`.
    Folder(String),
}

impl Question {
    /// What is missing where the system says that something is not there.
    pub(crate) fn missing(&self) -> Reason {
        match self {
            Question::One(_) | Question::File(_) => Reason::AttachmentMissing,
            Question::Folder(_) => Reason::WorkOrderMissing,
        }
    }
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// The attachment.
    Entry(Entry),
    /// The file was downloaded: this is what it is.
    File(Facts),
    /// The folder.
    Folder {
        /// Its id.
        id: RemoteId,
        /// Its name, in the system's spelling.
        name: String,
        /// Whether it was made for this question.
        is_new: bool,
    },
}

/// A step of a question.
pub(crate) type Asked = Step<Result<Reply, Unread>>;

/// The system has no such operation. It is not asked there, so only a damaged cursor gets here.
pub(super) fn not_offered() -> Asked {
    impossible(Why::new(Reason::Refused, None))
}

/// It cannot be asked at all.
pub(super) fn impossible(why: Why) -> Asked {
    Step::Done(Err(Unread::CannotTell { status: None, why }))
}

/// Where the reading of a file stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// Its address was asked for.
    Where,
    /// The file was asked for; `own`: of the account's own host, with our token.
    File { own: bool },
}

/// Asks where the file is.
pub(super) fn whereabouts(request: Request) -> Asked {
    Step::Ask { request, effect: Effect::Reads, at: Cursor::new(&At::Where) }
}

/// Asks for the file itself, with `request` to the account's own host.
pub(super) fn at_once(request: Request) -> Asked {
    Step::Ask { request, effect: Effect::Reads, at: Cursor::new(&At::File { own: true }) }
}

/// The next step of reading a file: its address is read by `link` and fetched, without our token; or the file was fetched. The
/// address is in the one request that fetches it and nowhere else.
pub(super) fn resumed(at: &Cursor, got: &Exchange, link: impl FnOnce() -> Result<(Url, Auth), Unread>) -> Asked {
    match at.place() {
        Some(At::Where) => match link() {
            Ok((url, auth)) => fetch(url, auth),
            Err(unread) => Step::Done(Err(unread)),
        },
        Some(At::File { own }) => Step::Done(match outcome::read(got, listing::facts) {
            // Elsewhere it is the link that is refused, not our token.
            Err(Unread::TokenWanted) if !own => {
                let why = Why::new(Reason::Refused, "the file's own host refused it".to_owned());
                Err(Unread::CannotTell { status: Some(401), why })
            }
            read => read.map(Reply::File),
        }),
        None => Step::Done(Err(Unread::Stopped)),
    }
}

/// Asks for the file at `url`.
pub(super) fn fetch(url: Url, auth: Auth) -> Asked {
    let (body, sink) = (Body::Empty, Sink::Hash);
    let request = Request { method: Method::Get, url, headers: Vec::new(), auth, body, sink };
    Step::Ask { request, effect: Effect::Reads, at: Cursor::new(&At::File { own: auth != Auth::None }) }
}

impl Unread {
    /// Why a person's question has no answer; `missing`: what is not there, where the system says so.
    pub(crate) fn because(self, missing: Reason) -> Why {
        match self {
            Unread::Later(hold) => Why::new(hold.reason, hold.detail),
            Unread::TokenWanted => Why::new(Reason::TokenWanted, None),
            Unread::Stopped => Why::new(Reason::Paused, None),
            Unread::CannotTell { status, why } => match status {
                Some(404 | 410) => Why::new(missing, why.detail),
                Some(403) => Why::new(Reason::Forbidden, why.detail),
                Some(400..500) => Why::new(Reason::Refused, why.detail),
                _ => why,
            },
        }
    }
}

/// Whether a file at `url` may be fetched for this account: see [`address::may_fetch`].
pub(super) fn may_fetch(place: &Snapshot, url: &Url) -> bool {
    address::may_fetch(url, Common::of(&place.settings).cleartext)
}
