//! Updates and deletions at CorrigoPro: `PUT` and `DELETE` with the form of the vendor's page. Owns these two forms and what
//! their answers prove; never decides what is changed to what, nor when one is sent again: that is the engine's.
//!
//! ```text
//! update, its name known: PUT /api/attachments -----------------------------------------------> MessageId: done
//! update, its name not:   GET /api/attachments?WorkOrderId= --> the attachment's name --> PUT --> the same
//! delete:                 DELETE /api/attachments ---------------------------------------------> MessageId: done
//! ```
//!
//! Both are the same however often they are sent, so a doubt is no look: the engine sends them again, with the same
//! `MessageId`.

use super::{At, ask, attachments, document_type, get, name_not_accepted, refusal, work_order_not_valid};
use crate::model::{
    Answer, Auth, Body, Content, Exchange, Method, Operation, Part, Reason, RemoteId, Request, Sink, Snapshot, Why,
};
use crate::providers::outcome::{self, Reading};
use crate::providers::{Effect, Level, Outcome, Setting, Step, address, bad_address, json, settings::is_line};

/// The vendor's default, and what it takes a missing one for.
const DEFAULT_VISIBILITY: &str = "All";

/// Of a name no limit is documented: what a file system takes, so that nothing is put in that nobody can save.
const LONGEST_NAME: usize = 255;

/// What an update changes.
pub(super) const CHANGES: &[Setting] = &[
    Setting {
        key: "name",
        required: false,
        level: Level::Item,
        accepts: |v| is_line(v, LONGEST_NAME) && name_not_accepted(v).is_none(),
        expects: "a name with its extension, at most 255 characters",
    },
    super::VISIBILITY,
    super::DOCUMENT_TYPE,
];

/// The first step of an update or a deletion.
pub(super) fn begin(snapshot: &Snapshot) -> Step<Outcome> {
    let first = match snapshot.operation {
        Operation::Delete => delete(snapshot).map(|request| ask(request, Effect::Changes, &At::Change)),
        // Refused when it was asked for: only a damaged record gets here.
        Operation::DeleteFolder => Err(Why::new(Reason::Refused, "CorrigoPro has no folders".to_owned())),
        _ if snapshot.name.is_empty() => list(snapshot).map(|request| ask(request, Effect::Reads, &At::Name)),
        _ => update(snapshot, &snapshot.name).map(|request| ask(request, Effect::Changes, &At::Change)),
    };
    first.unwrap_or_else(|why| Step::Done(Outcome::Blocked(why)))
}

/// The list was asked for, of an attachment whose name nobody here knows, and which the page wants in every update.
pub(super) fn named(snapshot: &Snapshot, got: &Exchange) -> Step<Outcome> {
    let refused = |answer: &Answer| refusal(answer, Reason::WorkOrderMissing);
    let listing = match outcome::read_first(
        got,
        &Reading { proof: &attachments, refusal: &refused, refuses_token: outcome::only_401 },
    ) {
        Ok(listing) => listing,
        Err(outcome) => return Step::Done(outcome),
    };
    let entry = listing.entries.iter().find(|entry| Some(&entry.remote_id) == snapshot.about.as_ref());
    let put = match entry.map(|entry| entry.name.as_deref().filter(|name| !name.is_empty())) {
        Some(Some(name)) => update(snapshot, name),
        None if listing.complete => Err(gone(snapshot.about.as_ref())),
        None => Err(nameless("the list does not show all")),
        Some(None) => Err(nameless("the list shows it without a name")),
    };
    match put {
        Ok(request) => ask(request, Effect::Changes, &At::Change),
        Err(why) => Step::Done(Outcome::Blocked(why)),
    }
}

/// The update or the deletion was answered.
pub(super) fn answered(snapshot: &Snapshot, got: &Exchange) -> Outcome {
    let refused = |answer: &Answer| refusal(answer, Reason::AttachmentMissing);
    match (
        outcome::changed(got, &Reading { proof: &message_id, refusal: &refused, refuses_token: outcome::only_401 }),
        &snapshot.about,
    ) {
        (Ok(()), Some(about)) => Outcome::Delivered(about.clone()),
        (Ok(()), None) => Outcome::Blocked(gone(None)),
        (Err(outcome), _) => outcome,
    }
}

/// The proof: `{"MessageId": "..."}`. Any will do, though ours is what the page lets expect: it is "a unique identifier of the
/// request", and a system that spells it otherwise, or numbers requests itself, has done what was asked all the same. Were it
/// not believed, an update that is done would be sent again for ever. A refusal has one too, so what has a `Code` proves
/// nothing, whatever its status.
fn message_id(answer: &Answer) -> Option<()> {
    let map = json::object(answer)?;
    json::id(&map, "MessageId").filter(|_| json::field(&map, "Code").is_none()).map(|_| ())
}

/// The attachment that is meant, or that there is none.
fn about(snapshot: &Snapshot) -> Result<&RemoteId, Why> {
    if let Some(why) = work_order_not_valid(&snapshot.work_order) {
        return Err(why);
    }
    snapshot.about.as_ref().ok_or_else(|| gone(None))
}

fn list(snapshot: &Snapshot) -> Result<Request, Why> {
    about(snapshot)?;
    let url = address::join(&snapshot.base_url, &["api", "attachments"], &[("WorkOrderId", &snapshot.work_order)]);
    Ok(get(url.ok_or_else(bad_address)?, Auth::Bearer, Sink::Memory))
}

/// The update, its parts in the order of the vendor's page. The visibility goes along whatever is changed: without it the
/// vendor takes "All", and a new name would show a restricted file to everybody. The type of document has no documented
/// default, so that of an attachment that is not ours stays what it is, unless it is what shall change.
fn update(snapshot: &Snapshot, name: &str) -> Result<Request, Why> {
    let about = about(snapshot)?;
    // The system's own name for an attachment is the system's to judge.
    if let Some(why) = name_not_accepted(&snapshot.name).filter(|_| !snapshot.name.is_empty()) {
        return Err(why);
    }
    let ours = snapshot.marker.is_in(&snapshot.name);
    let document_type = if ours { Some(document_type(snapshot)) } else { snapshot.setting("document_type") };
    let visibility = snapshot.setting("visibility").unwrap_or(DEFAULT_VISIBILITY);
    let parts = [
        Some(("WorkOrderId", snapshot.work_order.as_str())),
        Some(("AttachmentId", &about.0)),
        Some(("Name", name)),
        document_type.map(|kind| ("DocumentType", kind)),
        Some(("MessageVisibility", visibility)),
    ];
    change(snapshot, Method::Put, parts.into_iter().flatten())
}

/// The deletion. The page names the work order alone, which cannot tell which attachment is meant.
fn delete(snapshot: &Snapshot) -> Result<Request, Why> {
    let about = about(snapshot)?;
    let parts = [("WorkOrderId", snapshot.work_order.as_str()), ("AttachmentId", &about.0)];
    change(snapshot, Method::Delete, parts.into_iter())
}

fn change<'a>(
    snapshot: &Snapshot,
    method: Method,
    parts: impl Iterator<Item = (&'static str, &'a str)>,
) -> Result<Request, Why> {
    let url = address::join(&snapshot.base_url, &["api", "attachments"], &[]).ok_or_else(bad_address)?;
    let text = |(name, value): (&'static str, &str)| Part { name, content: Content::Text(value.to_owned()) };
    let request_id = text(("MessageId", &snapshot.request_id.to_string()));
    let body = Body::Multipart(parts.map(text).chain([request_id]).collect());
    Ok(Request { method, url, headers: Vec::new(), auth: Auth::Bearer, body, sink: Sink::Memory })
}

fn gone(about: Option<&RemoteId>) -> Why {
    let detail = match about {
        Some(id) => format!("the work order lists no attachment {id}"),
        None => "nobody knows its id at the system".to_owned(),
    };
    Why::new(Reason::AttachmentMissing, detail)
}

/// The page wants a name in every update; an update that gives one needs no list.
fn nameless(how: &str) -> Why {
    Why::new(Reason::NameNotAccepted, format!("{how}: the update has to name it"))
}

#[cfg(test)]
mod tests;
