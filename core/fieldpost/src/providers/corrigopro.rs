//! CorrigoPro Direct: attachments of a work order, JSON, no hash; the answer to an upload proves it by its `AttachmentId`.
//!
//! ```text
//! upload:  POST /api/attachments ------------------------------> AttachmentId: delivered
//! look:    GET  /api/attachments?WorkOrderId= --> the list ----> done
//!             \-- our name, another size: GET .../downloadUrl --> a link --> GET it, without our token --> the next, or done
//! ```
//!
//! Updates and deletions: [`change`].
//!
//! The temporary link is in the one request that fetches it and nowhere else: not in a cursor, not in a text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::listing::{self, Confirming};
use super::outcome::{self, Reading, Speech, Unread};
use super::reading::{self, Asked, Question};
use super::settings::{is_line, is_number};
use super::{
    Cursor, Doubt, Draft, Effect, Entry, Evidence, Level, Listing, Looked, Outcome, Provider, Setting, Step, Told,
    address, bad_address, json, missing_setting, words,
};
use crate::model::{
    Action, Answer, Auth, Body, Bytes, Capabilities, Content, Exchange, Kind, Method, Operation, Part, Reason,
    RemoteId, Request, Sink, Snapshot, Why,
};

/// The system.
pub(crate) struct CorrigoPro;

/// "The size of a file cannot exceed 20 MB": what photos are fitted under, as the megabyte is not defined.
const FITS: Bytes = Bytes(20_000_000);

/// The most that 20 MB can mean: only what is larger is refused before it is sent.
const TOO_LARGE_OVER: u64 = 20 * 1024 * 1024;

/// "Maximum length 100".
const LONGEST_PERFORMED_BY: usize = 100;

const DOCUMENT_TYPES: &[&str] = &["Document", "Picture", "Signature", "InvoicePrintout", "ServiceContract", "Misc"];
const VISIBILITIES: &[&str] = &["None", "CruOnly", "CruSubs", "CruLeads", "CruLead", "All"];

/// Who sees it.
const VISIBILITY: Setting = Setting {
    key: "visibility",
    required: false,
    level: Level::Both,
    accepts: |v| VISIBILITIES.contains(&v),
    expects: "None, CruOnly, CruSubs, CruLeads, CruLead or All",
};

/// What it is.
const DOCUMENT_TYPE: Setting = Setting {
    key: "document_type",
    required: false,
    level: Level::Item,
    accepts: |v| DOCUMENT_TYPES.contains(&v),
    expects: "Document, Picture, Signature, InvoicePrintout, ServiceContract or Misc",
};

const SETTINGS: &[Setting] = &[
    Setting {
        key: "performed_by",
        required: true,
        level: Level::Account,
        accepts: |v| is_line(v, LONGEST_PERFORMED_BY),
        expects: "the name of who uploads, 1 to 100 characters",
    },
    Setting {
        key: "performed_by_phone",
        required: false,
        level: Level::Account,
        accepts: |v| is_line(v, 100),
        expects: "the phone number of who uploads",
    },
    VISIBILITY,
    DOCUMENT_TYPE,
];

/// Where it stands between two exchanges.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// The upload was sent.
    Upload,
    /// The list was asked for, for the name of what is to be updated.
    Name,
    /// The update or the deletion was sent.
    Change,
    /// The list was asked for.
    List,
    /// A link to the next file to confirm was asked for.
    Link(Confirming),
    /// That file was asked for.
    File(Confirming),
}

impl Provider for CorrigoPro {
    fn capabilities(&self) -> Capabilities {
        let operations = &["upload", "list", "download", "update", "delete"];
        Capabilities { max_bytes: Some(FITS), max_name: None, types: None, operations }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn changes(&self) -> &'static [Setting] {
        change::CHANGES
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        if let Some(why) = work_order_not_valid(draft.work_order).or_else(|| name_not_accepted(draft.name)) {
            return Some(why);
        }
        let bytes = draft.bytes.filter(|bytes| *bytes > TOO_LARGE_OVER)?;
        Some(Why::new(Reason::TooLarge, format!("{}, at most {FITS}", Bytes(bytes))))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return change::begin(snapshot);
        }
        match upload(snapshot) {
            Ok(request) => ask(request, Effect::Changes, &At::Upload),
            Err(why) => Step::Done(Outcome::Blocked(why)),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        match at.place() {
            Some(At::Upload) => Step::Done(uploaded(got)),
            Some(At::Name) => change::named(snapshot, got),
            Some(At::Change) => Step::Done(change::answered(snapshot, got)),
            Some(At::List | At::Link(_) | At::File(_)) | None => {
                Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None)))
            }
        }
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        let list = doubts.first().and_then(|doubt| {
            address::join(&doubt.base_url, &["api", "attachments"], &[("WorkOrderId", &doubt.work_order)])
        });
        match list {
            Some(url) => ask(get(url, Auth::Bearer, Sink::Memory), Effect::Reads, &At::List),
            None => Step::Done(Looked::CannotTell { status: None, why: bad_address() }),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        match at.place() {
            Some(At::List) => match outcome::read(got, attachments) {
                Ok(listing) => go_on(doubts, Confirming::new(listing, doubts)),
                Err(unread) => Step::Done(unread.into()),
            },
            Some(At::Link(confirming)) => fetch(doubts, confirming, got),
            Some(At::File(confirming)) => compare(doubts, confirming, got),
            // No place of a look: it begins again.
            Some(At::Upload | At::Name | At::Change) | None => Step::Done(Looked::Stopped),
        }
    }

    fn refusal(&self, answer: &Answer, missing: Reason) -> Option<Why> {
        refusal(answer, missing)
    }

    fn ask(&self, place: &Snapshot, question: &Question) -> Asked {
        match question {
            Question::File(entry) => whereabouts(place, &entry.remote_id)
                .map_or_else(|| reading::impossible(bad_address()), reading::whereabouts),
            _ => reading::not_offered(),
        }
    }

    fn resume_ask(&self, place: &Snapshot, _: &Question, at: &Cursor, got: &Exchange) -> Asked {
        reading::resumed(at, got, || Ok((linked(place, got)?, Auth::None)))
    }
}

/// The upload was answered.
fn uploaded(got: &Exchange) -> Outcome {
    let refused = |answer: &Answer| refusal(answer, Reason::WorkOrderMissing);
    match outcome::changed(got, &Reading { proof: &attachment_id, refusal: &refused, refuses_token: outcome::only_401 })
    {
        Ok(remote_id) => Outcome::Delivered(remote_id),
        Err(outcome) => outcome,
    }
}

/// Asks for a link to the next file to confirm, or ends.
fn go_on(doubts: &[Snapshot], mut confirming: Confirming) -> Step<Looked> {
    while let Some(entry) = confirming.next() {
        match doubts.first().and_then(|doubt| whereabouts(doubt, &entry.remote_id)) {
            Some(request) => return ask(request, Effect::Reads, &At::Link(confirming)),
            None => confirming.not_to_be_had(),
        }
    }
    Step::Done(Looked::Listed(confirming.into_listing()))
}

/// Asks for a temporary link to a file.
fn whereabouts(place: &Snapshot, id: &RemoteId) -> Option<Request> {
    let query = [("AttachmentId", id.0.as_str()), ("WorkOrderId", place.work_order.as_str())];
    let url = address::join(&place.base_url, &["api", "attachments", "downloadUrl"], &query)?;
    Some(get(url, Auth::Bearer, Sink::Memory))
}

/// Fetches the file behind the link that was answered.
fn fetch(doubts: &[Snapshot], mut confirming: Confirming, got: &Exchange) -> Step<Looked> {
    let Some(doubt) = doubts.first() else { return go_on(doubts, confirming) };
    match linked(doubt, got) {
        Ok(url) => ask(get(url, Auth::None, Sink::Hash), Effect::Reads, &At::File(confirming)),
        Err(Unread::CannotTell { .. }) => {
            confirming.not_to_be_had();
            go_on(doubts, confirming)
        }
        Err(Unread::Later(_)) => Step::Done(Looked::Listed(confirming.into_listing())),
        Err(unread @ (Unread::TokenWanted | Unread::Stopped)) => Step::Done(unread.into()),
    }
}

/// The temporary link that was asked for.
fn linked(place: &Snapshot, got: &Exchange) -> Result<Url, Unread> {
    let usable = |answer: &Answer| link(answer).filter(|url| reading::may_fetch(place, url));
    // Plain text that is a link is no web page, though some servers call it one.
    let at_once = got.result.as_ref().ok().filter(|answer| answer.status == 200).and_then(usable);
    at_once.map_or_else(|| outcome::read(got, usable), Ok)
}

/// Compares the file that was downloaded, from a link's host.
fn compare(doubts: &[Snapshot], confirming: Confirming, got: &Exchange) -> Step<Looked> {
    match confirming.compared(doubts, Speech::Json, got, false) {
        Ok(confirming) => go_on(doubts, confirming),
        Err(looked) => Step::Done(looked),
    }
}

fn ask<T>(request: Request, effect: Effect, at: &At) -> Step<T> {
    Step::Ask { request, effect, at: Cursor::new(at) }
}

fn get(url: Url, auth: Auth, sink: Sink) -> Request {
    Request { method: Method::Get, url, headers: Vec::new(), auth, body: Body::Empty, sink }
}

/// The upload, its parts in the order of the vendor's page.
fn upload(snapshot: &Snapshot) -> Result<Request, Why> {
    if let Some(why) = CorrigoPro.preflight(&Draft::of(snapshot)) {
        return Err(why);
    }
    let url = address::join(&snapshot.base_url, &["api", "attachments"], &[]).ok_or_else(bad_address)?;
    let performed_by = snapshot.setting("performed_by").ok_or_else(|| missing_setting("performed_by"))?;
    let text = |name, value: &str| Some(Part { name, content: Content::Text(value.to_owned()) });
    let file = Content::File { filename: snapshot.name.clone(), mime: snapshot.mime.clone() };
    let parts = [
        Some(Part { name: "File", content: file }),
        text("WorkOrderId", &snapshot.work_order),
        text("Name", &snapshot.name),
        text("DocumentType", document_type(snapshot)),
        snapshot.setting("visibility").and_then(|visibility| text("MessageVisibility", visibility)),
        text("MimeType", &snapshot.mime),
        text("PerformedBy.Name", performed_by),
        snapshot.setting("performed_by_phone").and_then(|phone| text("PerformedBy.Phone", phone)),
        text("MessageId", &snapshot.request_id.to_string()),
    ];
    let body = Body::Multipart(parts.into_iter().flatten().collect());
    Ok(Request { method: Method::Post, url, headers: Vec::new(), auth: Auth::Bearer, body, sink: Sink::Memory })
}

/// What the item says, else what its kind is.
fn document_type(snapshot: &Snapshot) -> &str {
    snapshot.setting("document_type").unwrap_or(match snapshot.kind {
        Kind::Photo => "Picture",
        Kind::Signature => "Signature",
        Kind::Document | Kind::Text => "Document",
    })
}

/// `WorkOrderId` is an `int`, its width not given: any positive whole number.
fn work_order_not_valid(id: &str) -> Option<Why> {
    let detail = "a CorrigoPro work order is a whole number".to_owned();
    (!is_number(id)).then(|| Why::new(Reason::WorkOrderNotValid, detail))
}

/// "Attachment name with the extension of the file."
fn name_not_accepted(name: &str) -> Option<Why> {
    let extension = name.rsplit_once('.').filter(|(stem, extension)| !stem.is_empty() && !extension.trim().is_empty());
    let detail = "the name needs its extension".to_owned();
    extension.is_none().then(|| Why::new(Reason::NameNotAccepted, detail))
}

/// The proof: `{"AttachmentId": "..."}`.
fn attachment_id(answer: &Answer) -> Option<RemoteId> {
    json::id(&json::object(answer)?, "AttachmentId")
}

/// A refusal: `{"Code": int, "Message": "...", "ValidationErrors": [{"Code": 21xx}], "MessageId"}`. `missing`: what an "entity"
/// that is not there is, by what was asked.
fn refusal(answer: &Answer, missing: Reason) -> Option<Why> {
    let map = json::object(answer)?;
    let code = json::number(&map, "Code").filter(|code| (1000..10_000).contains(code))?;
    if json::field(&map, "Message").is_none() && json::field(&map, "ValidationErrors").is_none() {
        return None;
    }
    let detail = match said(&map) {
        Some(said) => format!("{code}: {said}"),
        None => code.to_string(),
    };
    let why = |reason| Why::new(reason, detail.clone());
    Some(match code {
        2100..2200 => why(Reason::Refused).action(Action::Repair),
        3001 => why(Reason::WorkOrderClosed),
        3003 => why(missing),
        3005 => why(Reason::WorkOrderMissing),
        _ if answer.status == 403 => why(Reason::Forbidden),
        _ => why(Reason::Refused),
    })
}

/// The message of a refusal and, where there is one, of the first field it was refused for.
fn said(error: &Map<String, Value>) -> Option<String> {
    let first = match json::field(error, "ValidationErrors") {
        Some(Value::Array(errors)) => errors.iter().find_map(|e| json::text(e.as_object()?, "Message")),
        _ => None,
    };
    match (json::text(error, "Message"), first) {
        (Some(message), Some(first)) if message != first => words::shown(&format!("{message} {first}")),
        (message, first) => words::shown(message.or(first)?),
    }
}

/// The list: a bare array of attachments, or an object with exactly one array in it.
fn attachments(answer: &Answer) -> Option<Listing> {
    let (entries, more) = match json::value(answer)? {
        Value::Array(entries) => (entries, false),
        Value::Object(map) => {
            let (mut arrays, others): (Vec<_>, Vec<_>) = map.into_iter().partition(|(_, value)| value.is_array());
            let (Some((_, Value::Array(entries))), true) = (arrays.pop(), arrays.is_empty()) else { return None };
            let more = others.iter().any(|(name, value)| is_more(name, value, entries.len()));
            (entries, more)
        }
        _ => return None,
    };
    let more = more || listing::says_more(answer);
    Some(Listing::new(entries.iter().map(attachment).collect::<Option<_>>()?, more))
}

/// Whether a field beside the list says that there is more. Paging is not documented, so any hint of it counts.
fn is_more(name: &str, value: &Value, listed: usize) -> bool {
    let name = name.to_ascii_lowercase();
    match value {
        Value::Bool(yes) => *yes && (name.contains("more") || name.contains("next") || name.contains("truncated")),
        Value::String(text) => !text.is_empty() && (name.contains("next") || name.contains("continuation")),
        Value::Number(n) => {
            (name.contains("total") || name.contains("count")) && n.as_u64().is_none_or(|n| n > listed as u64)
        }
        _ => false,
    }
}

/// One attachment. Without an id, or with a name that is no text, the list cannot be read.
fn attachment(value: &Value) -> Option<Entry> {
    let map = value.as_object()?;
    Some(Entry {
        remote_id: json::id(map, "AttachmentId")?,
        name: json::name(map, "Name")?,
        bytes: json::number(map, "Size"),
        sha256: None,
        evidence: Evidence::Listed,
        by_us: false,
        told: Told { mime: json::said(map, "MimeType"), ..Told::default() },
    })
}

/// The temporary link: plain text, a JSON string, or the one absolute http(s) address in an object.
fn link(answer: &Answer) -> Option<Url> {
    let absolute = |text: &str| Url::parse(text.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    match json::value(answer) {
        Some(Value::String(text)) => absolute(&text),
        Some(Value::Object(map)) => {
            let mut links = map.values().filter_map(Value::as_str).filter_map(absolute);
            links.next().filter(|_| links.next().is_none())
        }
        Some(_) => None,
        None => absolute(std::str::from_utf8(json::without_mark(answer.bytes())).ok()?),
    }
}

mod change;

#[cfg(test)]
mod tests;
