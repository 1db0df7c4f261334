//! Serial: attachments of a work order, JSON. The answer to an upload is the whole work order, and so is what a look reads.
//!
//! ```text
//! upload:  GET /work-orders/{id} --> what is listed --> PUT /work-orders/{id}/attachments --> the work order:
//!             our name, or just one that is new and by our user: delivered ----------------> else in doubt
//! look:    GET /work-orders/{id} ----------------------------------------------------------> done
//! ```
//!
//! The vendor's example answers a UUID as `file_name`: the server may rename, so a name that is not ours proves nothing, and
//! what is new since the upload left is what there is to go by ([`recognise`]). It neither lists sizes nor hashes.
//!
//! A text that was captured, and a caption where the account has them sent, goes as `TEXT`: without a file, with its `value`. It
//! has no name in a listing. Just one that is new since it left, says the same and was added by our user is it, also after a lost answer.
//! It is a PUT, but nothing says that it is idempotent: each call counts as adding one. Name a work order in one way: its UUID
//! and its number are the same to Serial, but not to the rule that one upload goes to a work order at a time.
//!
//! No refusal of its own shape is documented: a 4xx is a doubt that a look settles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::outcome::{self, Reading};
use super::settings::is_line;
use super::{
    Cursor, Doubt, Draft, Effect, Entry, Evidence, Level, Listing, Looked, Outcome, Provider, Setting, Step, Told,
    address, bad_address, json, missing_setting, no_changes, recognise,
};
use crate::model::{
    Answer, Auth, Body, Capabilities, Content, Exchange, Kind, Method, Operation, Part, Reason, RemoteId, Request,
    Sha256, Sink, Snapshot, Why,
};

/// The system.
pub(crate) struct Serial;

const SETTINGS: &[Setting] = &[
    Setting {
        key: "added_by_user_id",
        required: true,
        level: Level::Account,
        accepts: |v| is_line(v, 100),
        expects: "the id of the user that adds, as Serial knows it: a UUID, usually",
    },
    Setting {
        key: "flat",
        required: false,
        level: Level::Account,
        accepts: |v| matches!(v, "true" | "false"),
        expects: "true or false: the fields as form parts of their own, as the vendor's example has them, not as JSON",
    },
    Setting {
        key: "caption",
        required: false,
        level: Level::Account,
        accepts: |v| matches!(v, "none" | "text"),
        expects: "none or text: whether a caption goes as a TEXT of its own, after what it is of (default none)",
    },
    Setting {
        key: "type",
        required: false,
        level: Level::Item,
        accepts: |v| matches!(v, "IMAGE" | "FILE"),
        expects: "IMAGE or FILE",
    },
];

/// No limit is documented. A longer text is a document: it goes as a file.
const LONGEST_TEXT: u64 = 20_000;

/// Where it stands between two exchanges.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// What is listed before the upload was asked for.
    Before,
    /// The upload was sent; this was listed before.
    Upload { listed: Vec<RemoteId> },
    /// The work order was asked for.
    List,
}

impl Provider for Serial {
    fn capabilities(&self) -> Capabilities {
        Capabilities { max_bytes: None, max_name: None, types: None, operations: &["upload", "list"] }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn renames(&self) -> bool {
        true
    }

    fn sends_text(&self, snapshot: &Snapshot) -> bool {
        let is_asked = snapshot.kind == Kind::Text && snapshot.setting("type").is_none();
        is_asked && snapshot.bytes.0 <= LONGEST_TEXT
    }

    fn sends_captions(&self, settings: &BTreeMap<String, String>) -> bool {
        settings.get("caption").is_some_and(|caption| caption == "text")
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        let detail = "a Serial work order is named by its UUID or its number".to_owned();
        (!is_work_order(draft.work_order)).then(|| Why::new(Reason::WorkOrderNotValid, detail))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return no_changes("Serial");
        }
        match Serial.preflight(&Draft::of(snapshot)).map_or_else(|| work_order(snapshot), Err) {
            Ok(request) => Step::Ask { request, effect: Effect::Reads, at: Cursor::new(&At::Before) },
            Err(why) => Step::Done(Outcome::Blocked(why)),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        match at.place() {
            Some(At::Before) => listed_before(snapshot, got),
            Some(At::Upload { listed }) => Step::Done(uploaded(snapshot, &listed, got)),
            Some(At::List) | None => Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None))),
        }
    }

    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        let list = |s: &Snapshot| {
            let user = user(s).map(str::to_owned);
            // A text is known by another column of the list than a file.
            (s.base_url.clone(), s.work_order.clone(), user, s.text.is_some())
        };
        list(one) == list(other)
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        match doubts.first().ok_or_else(bad_address).and_then(work_order) {
            Ok(request) => Step::Ask { request, effect: Effect::Reads, at: Cursor::new(&At::List) },
            Err(why) => Step::Done(Looked::CannotTell { status: None, why }),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        let (Some(At::List), Some(doubt)) = (at.place(), doubts.first()) else {
            return Step::Done(Looked::Stopped); // no place of a look: it begins again
        };
        Step::Done(match outcome::read(got, |answer| attachments(answer, doubt)) {
            Ok(entries) => Looked::Listed(Listing::new(entries, false)),
            Err(unread) => unread.into(),
        })
    }
}

/// The work order was read: the upload leaves.
fn listed_before(snapshot: &Snapshot, got: &Exchange) -> Step<Outcome> {
    // One that has no list yet: whatever it lists later is new.
    let proof = |answer: &Answer| attachments(answer, snapshot).or_else(|| is_bare(answer).then(Vec::new));
    let listed: Vec<RemoteId> =
        match outcome::read_first(got, &Reading { proof: &proof, refusal: &missing, refuses_token: outcome::only_401 })
        {
            Ok(entries) => entries.into_iter().map(|entry| entry.remote_id).collect(),
            Err(outcome) => return Step::Done(outcome),
        };
    match upload(snapshot) {
        Ok(request) => {
            let at = Cursor::new(&At::Upload { listed: listed.clone() });
            Step::Ask { request, effect: Effect::Adds { listed }, at }
        }
        Err(why) => Step::Done(Outcome::Blocked(why)),
    }
}

/// There is no such work order: it was asked for by nothing but its id.
fn missing(answer: &Answer) -> Option<Why> {
    (answer.status == 404).then(|| Why::new(Reason::WorkOrderMissing, outcome::detail(answer)))
}

/// The upload was answered.
fn uploaded(snapshot: &Snapshot, listed: &[RemoteId], got: &Exchange) -> Outcome {
    let proof = |answer: &Answer| ours(&attachments(answer, snapshot)?, snapshot, listed);
    match outcome::changed(got, &Reading { proof: &proof, refusal: &|_| None, refuses_token: outcome::only_401 }) {
        Ok(id) => Outcome::Delivered(id),
        Err(outcome) => outcome,
    }
}

/// Ours by its name, else the only one that is new and by our user.
fn ours(entries: &[Entry], snapshot: &Snapshot, listed: &[RemoteId]) -> Option<RemoteId> {
    let fresh = |entry: &&Entry| !listed.contains(&entry.remote_id);
    if let Some(named) = entries.iter().filter(fresh).find(|entry| recognise::is_marked(entry, snapshot)) {
        return Some(named.remote_id.clone());
    }
    if let [only] =
        recognise::new(entries.iter().filter(|entry| recognise::says_it(entry, snapshot)), listed).0.as_slice()
    {
        return Some(only.clone());
    }
    match recognise::new(entries.iter(), listed).0.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

fn work_order(snapshot: &Snapshot) -> Result<Request, Why> {
    let url = address::join(&snapshot.base_url, &["work-orders", &snapshot.work_order], &[]).ok_or_else(bad_address)?;
    let (auth, body, sink) = (Auth::Bearer, Body::Empty, Sink::Memory);
    Ok(Request { method: Method::Get, url, headers: Vec::new(), auth, body, sink })
}

fn upload(snapshot: &Snapshot) -> Result<Request, Why> {
    let segments = ["work-orders", &snapshot.work_order, "attachments"];
    let url = address::join(&snapshot.base_url, &segments, &[]).ok_or_else(bad_address)?;
    let user = user(snapshot).ok_or_else(|| missing_setting("added_by_user_id"))?;
    let sort = match (&snapshot.text, snapshot.setting("type"), snapshot.kind) {
        (Some(_), ..) => "TEXT",
        (None, Some("IMAGE"), _) | (None, None, Kind::Photo | Kind::Signature) => "IMAGE",
        _ => "FILE",
    };
    let name = snapshot.name.as_str();
    let own = snapshot.text.as_deref().map_or(("file_name", name), |text| ("value", text));
    let fields = [("type", sort), ("name", name), ("added_by_user_id", user), own];
    let mut parts = if snapshot.setting("flat") == Some("true") {
        let part = |(name, text): (&'static str, &str)| Part { name, content: Content::Text(text.to_owned()) };
        fields.map(part).to_vec()
    } else {
        let text = Value::Object(fields.map(|(key, value)| (key.to_owned(), json!(value))).into_iter().collect());
        let content = Content::Document { mime: "application/json", text: text.to_string() };
        vec![Part { name: "metadata", content }]
    };
    if snapshot.text.is_none() {
        let content = Content::File { filename: snapshot.name.clone(), mime: snapshot.mime.clone() };
        parts.push(Part { name: "attachment", content });
    }
    let (auth, body, sink) = (Auth::Bearer, Body::Multipart(parts), Sink::Memory);
    Ok(Request { method: Method::Put, url, headers: Vec::new(), auth, body, sink })
}

fn user(snapshot: &Snapshot) -> Option<&str> {
    snapshot.setting("added_by_user_id")
}

/// A UUID, or a number from 1: any other segment could name another thing.
fn is_work_order(id: &str) -> bool {
    let number = !id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit());
    !id.is_empty() && id.len() <= 36 && (number || uuid::Uuid::try_parse(id).is_ok())
}

/// The attachments of a work order. `None`: the answer is no work order, or one of them cannot be read. Deleted ones are there
/// too: that it arrived is not undone by it.
fn attachments(answer: &Answer, snapshot: &Snapshot) -> Option<Vec<Entry>> {
    let map = json::object(answer)?;
    let Some(Value::Array(entries)) = json::field(&map, "attachments") else { return None };
    entries.iter().map(|entry| attachment(entry, snapshot)).collect()
}

/// Whether the answer is a work order without any list of attachments.
fn is_bare(answer: &Answer) -> bool {
    json::object(answer).is_some_and(|map| {
        json::field(&map, "attachments").is_none()
            && json::id(&map, "id").is_some()
            && json::id(&map, "wo_number").is_some()
    })
}

fn attachment(value: &Value, wanted: &Snapshot) -> Option<Entry> {
    let map = value.as_object()?;
    let by = json::text(map, "added_by_user_id");
    // A text has no file; a name that is not there is no name of ours.
    let name = json::name(map, "file_name")?.unwrap_or_default();
    // What a text says is all the content that it has. Of a file nobody explains the value, and of what nobody is told to have
    // added it proves nothing.
    let says = json::text(map, "value").filter(|_| wanted.text.is_some() && by.is_some());
    Some(Entry {
        remote_id: json::id(map, "dataset_id")?,
        name: Some(name.clone()),
        bytes: None,
        sha256: says.map(|text| Sha256(sha2::Sha256::digest(text).into())),
        evidence: Evidence::Listed,
        by_us: by.zip(user(wanted)).is_none_or(|(by, user)| by.trim().eq_ignore_ascii_case(user.trim())),
        told: Told {
            // Of a file it may be a link to it, which is nobody's to keep.
            caption: name.is_empty().then(|| json::said(map, "value")).flatten(),
            created_at: json::moment(map, "added_at"),
            is_deleted: json::field(map, "is_deleted").and_then(Value::as_bool).unwrap_or_default(),
            ..Told::default()
        },
    })
}

#[cfg(test)]
mod tests;
