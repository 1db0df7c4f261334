//! Signatures at Field Nation, where the account has them go to the work order's signatures and not into a folder. Owns both shapes that
//! the vendor's pages show of that request, and what of its answer and of the list can be known.
//!
//! ```text
//! upload:  POST .../signatures, the first shape --> the work order with our signature in it: delivered
//!             \-- refused as what cannot be read (400, 422): the second shape, once --> as above
//! look:    GET .../signatures --> ours is found by its name, or nothing is proved
//! ```
//!
//! The pages contradict each other in the shape, tell of `name` in both, and show no entry of a list: so the name is ours, with its
//! marker, until a capture knows who signed. A list that does not show it proves nothing: it is never taken for whole, a lost answer
//! that it does not settle goes to a person, and what it shows earns the files' lists no trust.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{At, ask, below, refusal, refuses_token, request};
use crate::model::{Answer, Body, Exchange, Kind, Method, Reason, RemoteId, Request, Snapshot, Why};
use crate::providers::outcome::{self, Reading};
use crate::providers::recognise::{Sighting, recognise};
use crate::providers::{Draft, Effect, Entry, Evidence, Listing, Looked, Outcome, Step, Told, json};

/// The only type that either shape names.
const FORMAT: &str = "image/png";

/// What stands before the number of a signature in its id here: no folder is called so.
pub(super) const PLACE: &str = "signatures";

/// What a signature looks like, of the two that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// `{"name", "format": "image/png", "data": "<base64>"}`.
    Format,
    /// `{"name", "title", "signature": "data:image/png;base64,..."}`. Whose title it is nobody here knows yet.
    DataUrl,
}

/// Whether what was captured goes here.
pub(super) fn go_here(kind: Kind, settings: &BTreeMap<String, String>) -> bool {
    kind == Kind::Signature && settings.get("signatures").is_some_and(|where_to| where_to == "endpoint")
}

pub(super) fn is_one(snapshot: &Snapshot) -> bool {
    go_here(snapshot.kind, &snapshot.settings)
}

pub(super) fn type_not_accepted(draft: &Draft<'_>) -> Option<Why> {
    let is_png = draft.name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("png"));
    (!is_png).then(|| Why::new(Reason::TypeNotAccepted, "a signature is a PNG to its endpoint".to_owned()))
}

pub(super) fn begin(snapshot: &Snapshot) -> Step<Outcome> {
    send(snapshot, Shape::Format)
}

fn send(snapshot: &Snapshot, shape: Shape) -> Step<Outcome> {
    match sign(snapshot, shape) {
        Ok(request) => ask(request, Effect::Changes, &At::Sign(shape)),
        Err(why) => Step::Done(Outcome::Blocked(why)),
    }
}

/// The signature was answered. A refusal proves that it is not there, so the other shape may be tried.
pub(super) fn answered(snapshot: &Snapshot, shape: Shape, got: &Exchange) -> Step<Outcome> {
    let refused = |answer: &Answer| refusal(answer, Reason::WorkOrderMissing);
    let ours = |answer: &Answer| match recognise(&entries(answer)?, snapshot, &|_| false) {
        Sighting::Ours { remote_id, surplus } => surplus.is_empty().then_some(remote_id),
        _ => None,
    };
    let cannot_be_read = got.result.as_ref().is_ok_and(|answer| matches!(answer.status, 400 | 422));
    match outcome::changed(got, &Reading { proof: &ours, refusal: &refused, refuses_token }) {
        Ok(remote_id) => Step::Done(Outcome::Delivered(remote_id)),
        Err(Outcome::Blocked(why)) if why.reason == Reason::Refused && cannot_be_read && shape == Shape::Format => {
            send(snapshot, Shape::DataUrl)
        }
        Err(outcome) => Step::Done(outcome),
    }
}

pub(super) fn look(doubt: &Snapshot) -> Step<Looked> {
    match below(doubt, &["signatures"], None) {
        Ok(url) => ask(request(Method::Get, url, Body::Empty), Effect::Reads, &At::Signatures),
        Err(why) => Step::Done(Looked::CannotTell { status: None, why }),
    }
}

pub(super) fn looked(got: &Exchange) -> Looked {
    match outcome::read_at(got, refuses_token, entries) {
        // Whether it is all, no page tells.
        Ok(entries) => Looked::Listed(Listing { entries, complete: false }),
        Err(unread) => unread.into(),
    }
}

fn sign(snapshot: &Snapshot, shape: Shape) -> Result<Request, Why> {
    let url = below(snapshot, &["signatures"], None)?;
    // As it is known here: a capture tells no signer yet.
    let name = snapshot.name.rsplit_once('.').map_or(snapshot.name.as_str(), |(stem, _)| stem);
    let name = Value::from(name);
    let before = match shape {
        Shape::Format => format!(r#"{{"name":{name},"format":"{FORMAT}","data":""#),
        Shape::DataUrl => format!(r#"{{"name":{name},"signature":"data:{FORMAT};base64,"#),
    };
    let body = Body::Around { mime: "application/json", before, behind: r#""}"#.to_owned() };
    Ok(request(Method::Post, url, body))
}

/// The signatures of a work order, or of the list of them. `None`: they cannot be read.
fn entries(answer: &Answer) -> Option<Vec<Entry>> {
    let map = json::object(answer)?;
    let list = match json::field(&map, "signatures") {
        Some(signatures) => signatures.as_object()?,
        None => &map,
    };
    let Some(Value::Array(results)) = json::field(list, "results") else { return None };
    results.iter().map(|entry| signature(entry.as_object()?)).collect()
}

fn signature(map: &Map<String, Value>) -> Option<Entry> {
    let id = json::number(map, "id").filter(|id| *id > 0)?;
    Some(Entry {
        remote_id: RemoteId(format!("{PLACE}/{id}")),
        name: json::name(map, "name")?,
        bytes: None,
        sha256: None,
        evidence: Evidence::Listed,
        by_us: false,
        told: Told::default(),
    })
}

#[cfg(test)]
mod tests;
