//! What a person asks of a work order at Field Nation: a file, by the link that its list shows; a folder, made where there is none.
//!
//! ```text
//! file:    GET .../attachments, pages --> its link --> GET it, without our token
//! folder:  GET .../attachments, all pages --> there | POST .../attachments --> GET again --> there, or why not
//! ```
//!
//! A creation whose answer is lost is settled by the list, like every other. Two may still come of two phones at once.

use serde::{Deserialize, Serialize};

use super::folders::{self, Pages};
use super::{create, list, refuses_token};
use crate::model::{Auth, Exchange, Reason, RemoteId, Request, Snapshot, Why};
use crate::providers::outcome::{self, Unread};
use crate::providers::reading::{self, Asked, Question, Reply};
use crate::providers::{Cursor, Effect, Entry, Step};

/// Where it stands between two exchanges, but for the fetching of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// A page of the list was asked for.
    List { pages: Pages, made: Made },
    /// The folder's creation was sent.
    Create,
}

/// What came of creating the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Made {
    NotTried,
    Done,
    Failed(Why),
}

pub(super) fn ask(place: &Snapshot, question: &Question) -> Asked {
    match question {
        Question::File(_) => next_page(place, Pages::default(), Made::NotTried),
        Question::Folder(name) => next_page(&into(place, name), Pages::default(), Made::NotTried),
        Question::One(_) => reading::not_offered(),
    }
}

pub(super) fn resume(place: &Snapshot, question: &Question, at: &Cursor, got: &Exchange) -> Asked {
    match (question, at.place()) {
        (Question::File(entry), Some(At::List { pages, .. })) => linked(place, entry, pages, got),
        (Question::File(_), None) => reading::resumed(at, got, || Err(Unread::Stopped)),
        (Question::Folder(name), Some(At::List { pages, made })) => listed(&into(place, name), name, pages, made, got),
        (Question::Folder(name), Some(At::Create)) => created(&into(place, name), got),
        _ => Step::Done(Err(Unread::Stopped)),
    }
}

/// The same place with this folder, as an upload would name it.
fn into(place: &Snapshot, name: &str) -> Snapshot {
    Snapshot { folder: Some(name.to_owned()), ..place.clone() }
}

fn next_page(place: &Snapshot, pages: Pages, made: Made) -> Asked {
    match list(place, &pages) {
        Ok(request) => step(request, Effect::Reads, &At::List { pages, made }),
        Err(why) => reading::impossible(why),
    }
}

/// A page was answered: the file's link is on it, or on a later one.
fn linked(place: &Snapshot, entry: &Entry, mut pages: Pages, got: &Exchange) -> Asked {
    let mut link = None;
    let read = outcome::read_at(got, refuses_token, |answer| {
        let page = folders::page(answer)?;
        link = folders::link(answer, &entry.remote_id);
        Some(page)
    });
    match (read, link) {
        (Ok(_), Some(url)) if reading::may_fetch(place, &url) => reading::fetch(url, Auth::None),
        (Ok(_), Some(_)) => reading::impossible(Why::new(
            Reason::Refused,
            "the file's link is no address that may be fetched: https is wanted".to_owned(),
        )),
        (Ok(page), None) => {
            pages.add(page);
            match pages.next() {
                Some(_) => next_page(place, pages, Made::NotTried),
                None => reading::impossible(Why::new(Reason::Refused, "the list shows no link to it".to_owned())),
            }
        }
        (Err(unread), _) => Step::Done(Err(unread)),
    }
}

/// A page was answered: the folder is on it, or on a later one, or is made.
fn listed(place: &Snapshot, name: &str, mut pages: Pages, made: Made, got: &Exchange) -> Asked {
    match outcome::read_at(got, refuses_token, folders::page) {
        Ok(page) => pages.add(page),
        Err(Unread::CannotTell { .. }) if pages.have_begun() => pages.end(),
        Err(unread) => return Step::Done(Err(unread)),
    }
    if pages.lack_folders() && pages.next().is_some() {
        return next_page(place, pages, made);
    }
    if let Some(found) = pages.named(name) {
        let (id, is_new) = (RemoteId(found.id.to_string()), !matches!(made, Made::NotTried));
        let name = found.name.clone().unwrap_or_default();
        return Step::Done(Ok(Reply::Folder { id, name, is_new }));
    }
    let busy = |detail: &str| reading::impossible(Why::new(Reason::ServerBusy, detail.to_owned()));
    match made {
        Made::Failed(why) => reading::impossible(why),
        Made::Done => busy("the folder was created, but is not listed yet"),
        Made::NotTried if pages.lack_folders() => busy("the list of folders is not complete"),
        Made::NotTried => match create(place) {
            Ok(request) => step(request, Effect::Changes, &At::Create),
            Err(why) => reading::impossible(why),
        },
    }
}

/// The creation was answered. Whatever the answer, the list tells.
fn created(place: &Snapshot, got: &Exchange) -> Asked {
    let made = match outcome::read_at(got, refuses_token, |_| Some(())) {
        Ok(()) => Made::Done,
        Err(unread @ (Unread::TokenWanted | Unread::Stopped)) => return Step::Done(Err(unread)),
        Err(unread) => Made::Failed(unread.because(Reason::WorkOrderMissing)),
    };
    next_page(place, Pages::default(), made)
}

fn step(request: Request, effect: Effect, at: &At) -> Asked {
    Step::Ask { request, effect, at: Cursor::new(at) }
}
