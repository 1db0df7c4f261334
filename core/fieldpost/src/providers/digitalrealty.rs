//! Digital Realty: attachments of a ticket, JSON. The answer to an upload, and the list, carry a hash of the file.
//!
//! ```text
//! upload:  POST /v1/attachments?requestId=&file_name= --> id, hash equal to ours ----------------> delivered
//!             \-- another hash: no algorithm is documented. GET .../file/{id} --> bytes equal --> delivered, else in doubt
//! look:    GET  /v1/attachments/{ticketId} --> the list -----------------------------------------> done
//!             \-- our name, another hash: GET .../file/{id} --> the next, or done
//! ```
//!
//! No refusal of its own shape is documented: a 4xx is a doubt that a look settles.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::listing::{self, Confirming};
use super::outcome::{self, Reading, Speech, Unread};
use super::reading::{self, Asked, Question};
use super::{
    Cursor, Doubt, Draft, Effect, Entry, Evidence, Level, Listing, Looked, Outcome, Provider, Setting, Step, Told,
    address, bad_address, json, missing_setting, no_changes,
};
use crate::model::{
    Answer, Auth, Body, Capabilities, Content, Exchange, Method, Operation, Part, Reason, RemoteId, Request, Sha256,
    Sink, Snapshot, Why,
};

/// The system.
pub(crate) struct DigitalRealty;

/// `file_name`: string(100).
const LONGEST_NAME: usize = 100;

/// `requestId`: string(20).
const LONGEST_WORK_ORDER: usize = 20;

const SETTINGS: &[Setting] = &[
    Setting {
        key: "master_account_id",
        required: true,
        level: Level::Account,
        accepts: is_header_value,
        expects: "the customer's master account identifier: 1 to 100 letters, digits and signs without spaces",
    },
    Setting {
        key: "account_id",
        required: true,
        level: Level::Account,
        accepts: is_header_value,
        expects: "the customer's account identifier: 1 to 100 letters, digits and signs without spaces",
    },
];

/// Where it stands between two exchanges.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// The upload was sent.
    Upload,
    /// The answer named this id and a hash that is not ours: the file was asked for.
    Check(RemoteId),
    /// The list was asked for.
    List,
    /// The next file to confirm was asked for.
    File(Confirming),
}

/// What the answer to an upload tells.
struct Added {
    id: RemoteId,
    /// The hash, if it is one that could be ours.
    hash: Option<Sha256>,
}

impl Provider for DigitalRealty {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_bytes: None,
            max_name: Some(LONGEST_NAME),
            types: None,
            operations: &["upload", "list", "download"],
        }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        if !is_work_order(draft.work_order) {
            let detail = format!("a Digital Realty ticket has 1 to {LONGEST_WORK_ORDER} characters");
            return Some(Why::new(Reason::WorkOrderNotValid, detail));
        }
        let length = draft.name.chars().count();
        let fits = (1..=LONGEST_NAME).contains(&length);
        (!fits).then(|| Why::new(Reason::NameNotAccepted, format!("1 to {LONGEST_NAME} characters, not {length}")))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return no_changes("Digital Realty");
        }
        match upload(snapshot) {
            Ok(request) => ask(request, Effect::Changes, &At::Upload),
            Err(why) => Step::Done(Outcome::Blocked(why)),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        match at.place() {
            Some(At::Upload) => uploaded(snapshot, got),
            Some(At::Check(id)) => Step::Done(checked(snapshot, id, got)),
            Some(At::List | At::File(_)) | None => Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None))),
        }
    }

    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        let reader =
            |s: &Snapshot| SETTINGS.iter().map(|set| s.setting(set.key).map(str::to_owned)).collect::<Vec<_>>();
        (&one.base_url, &one.work_order) == (&other.base_url, &other.work_order) && reader(one) == reader(other)
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        let list = match doubts.first() {
            Some(doubt) => get(doubt, &["v1", "attachments", &doubt.work_order], Sink::Memory),
            None => Err(bad_address()),
        };
        match list {
            Ok(request) => ask(request, Effect::Reads, &At::List),
            Err(why) => Step::Done(Looked::CannotTell { status: None, why }),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        match at.place() {
            Some(At::List) => match outcome::read(got, attachments) {
                Ok(listing) => go_on(doubts, Confirming::new(listing, doubts)),
                Err(unread) => Step::Done(unread.into()),
            },
            Some(At::File(confirming)) => compare(doubts, confirming, got),
            Some(At::Upload | At::Check(_)) | None => Step::Done(Looked::Stopped), // no place of a look: it begins again
        }
    }

    fn ask(&self, place: &Snapshot, question: &Question) -> Asked {
        match question {
            Question::File(entry) => {
                download(place, &entry.remote_id).map_or_else(reading::impossible, reading::at_once)
            }
            _ => reading::not_offered(),
        }
    }

    fn resume_ask(&self, _: &Snapshot, _: &Question, at: &Cursor, got: &Exchange) -> Asked {
        reading::resumed(at, got, || Err(Unread::Stopped))
    }
}

/// The upload was answered.
fn uploaded(snapshot: &Snapshot, got: &Exchange) -> Step<Outcome> {
    let added =
        match outcome::changed(got, &Reading { proof: &added, refusal: &|_| None, refuses_token: outcome::only_401 }) {
            Ok(added) => added,
            Err(outcome) => return Step::Done(outcome),
        };
    if added.hash == Some(snapshot.sha256) {
        return Step::Done(Outcome::Delivered(added.id));
    }
    match download(snapshot, &added.id) {
        Ok(request) => ask(request, Effect::Reads, &At::Check(added.id)),
        Err(_) => Step::Done(Outcome::InDoubt(unlike(&added.id, "its id cannot be asked for"))),
    }
}

/// The file that the answer named was downloaded, or could not be.
fn checked(snapshot: &Snapshot, id: RemoteId, got: &Exchange) -> Outcome {
    if listing::is_ours(got, std::slice::from_ref(snapshot)).is_some() {
        return Outcome::Delivered(id);
    }
    let unlike = match outcome::read(got, listing::facts) {
        Ok(facts) => unlike(&id, &format!("{} bytes there, {} were sent", facts.bytes, snapshot.bytes.0)),
        Err(_) => unlike(&id, "and it could not be downloaded to compare it"),
    };
    Outcome::InDoubt(unlike)
}

/// The answer named an id, but what lies there is not proved to be ours. A look settles it; if that finds nothing of ours
/// either, a person does: the file is there under that id, so it never goes again unasked.
fn unlike(id: &RemoteId, how: &str) -> Doubt {
    let detail = format!("attachment {id}: another hash than was sent, {how}");
    let refusal = Some(Why::new(Reason::HashMismatch, detail.clone()));
    Doubt { refusal, ..Doubt::new(Reason::Looking, detail) }
}

/// Asks for the next file to confirm, or ends.
fn go_on(doubts: &[Snapshot], mut confirming: Confirming) -> Step<Looked> {
    while let Some(entry) = confirming.next() {
        match doubts.first().map(|doubt| download(doubt, &entry.remote_id)) {
            Some(Ok(request)) => return ask(request, Effect::Reads, &At::File(confirming)),
            Some(Err(_)) | None => confirming.not_to_be_had(),
        }
    }
    Step::Done(Looked::Listed(confirming.into_listing()))
}

/// Compares the file that was downloaded.
fn compare(doubts: &[Snapshot], confirming: Confirming, got: &Exchange) -> Step<Looked> {
    match confirming.compared(doubts, Speech::Json, got, true) {
        Ok(confirming) => go_on(doubts, confirming),
        Err(looked) => Step::Done(looked),
    }
}

fn ask<T>(request: Request, effect: Effect, at: &At) -> Step<T> {
    Step::Ask { request, effect, at: Cursor::new(at) }
}

fn upload(snapshot: &Snapshot) -> Result<Request, Why> {
    if let Some(why) = DigitalRealty.preflight(&Draft::of(snapshot)) {
        return Err(why);
    }
    let query = [("requestId", snapshot.work_order.as_str()), ("file_name", snapshot.name.as_str())];
    let url = address::join(&snapshot.base_url, &["v1", "attachments"], &query).ok_or_else(bad_address)?;
    let content = Content::File { filename: snapshot.name.clone(), mime: snapshot.mime.clone() };
    let body = Body::Multipart(vec![Part { name: "file", content }]);
    request(snapshot, Method::Post, url, body, Sink::Memory)
}

fn download(snapshot: &Snapshot, id: &RemoteId) -> Result<Request, Why> {
    get(snapshot, &["v1", "attachments", &snapshot.work_order, "file", &id.0], Sink::Hash)
}

fn get(snapshot: &Snapshot, segments: &[&str], sink: Sink) -> Result<Request, Why> {
    let url = address::join(&snapshot.base_url, segments, &[]).ok_or_else(bad_address)?;
    request(snapshot, Method::Get, url, Body::Empty, sink)
}

/// A request with the two headers that every one needs.
fn request(snapshot: &Snapshot, method: Method, url: Url, body: Body, sink: Sink) -> Result<Request, Why> {
    let header = |name: &str, key| match snapshot.setting(key).filter(|value| is_header_value(value)) {
        Some(value) => Ok((name.to_owned(), value.to_owned())),
        None => Err(missing_setting(key)),
    };
    let headers = vec![header("Master-Account-Id", "master_account_id")?, header("Account-Id", "account_id")?];
    Ok(Request { method, url, headers, auth: Auth::Bearer, body, sink })
}

/// Visible ASCII only: it stands in a header.
fn is_header_value(value: &str) -> bool {
    (1..=100).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
}

fn is_work_order(id: &str) -> bool {
    id.chars().count() <= LONGEST_WORK_ORDER && !id.trim().is_empty() && address::is_segment(id)
}

/// The answer to an upload: `{"id": "...", "hash": "<64 hex>", ...}`.
fn added(answer: &Answer) -> Option<Added> {
    let map = json::object(answer)?;
    let hash = json::text(&map, "hash").and_then(|hash| hash.trim().parse().ok());
    Some(Added { id: json::id(&map, "id")?, hash })
}

/// The list: an array of attachments.
fn attachments(answer: &Answer) -> Option<Listing> {
    let Value::Array(entries) = json::value(answer)? else { return None };
    Some(Listing::new(entries.iter().map(attachment).collect::<Option<_>>()?, listing::says_more(answer)))
}

/// One attachment. Without an id, or with a name that is no text, the list cannot be read. Without a hash that could be ours
/// only a download tells.
fn attachment(value: &Value) -> Option<Entry> {
    let map = value.as_object()?;
    Some(Entry {
        remote_id: json::id(map, "id")?,
        name: json::name(map, "filename")?,
        bytes: None,
        sha256: json::text(map, "hash").and_then(|hash| hash.trim().parse().ok()),
        evidence: Evidence::Wanted,
        by_us: false,
        // `contentType` is the upload's own, `multipart/form-data`, and tells nothing of the file.
        told: Told { created_at: json::moment(map, "createdOn"), ..Told::default() },
    })
}

#[cfg(test)]
mod tests;
