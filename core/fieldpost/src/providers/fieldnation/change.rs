//! Updates and deletions at Field Nation: `PUT` with the fields that change and nothing else, and `DELETE`. Owns these two requests
//! and what their answers prove; never decides what is changed to what, nor when one is sent again: that is the engine's.
//!
//! ```text
//! update:  PUT    .../attachments/{folder}/{file} --> the whole work order: done
//! delete:  DELETE .../attachments/{folder}/{file} --> 2xx: done
//! folder:  DELETE .../attachments/{folder} ---------> 2xx: done
//! ```
//!
//! All are the same however often they are sent, so a doubt is no look: the engine sends them again.

use serde_json::{Number, Value};

use super::{At, ask, at, document, refusal, refuses_token, request, work_order_not_valid};
use crate::model::{Answer, Body, Exchange, Method, Operation, Reason, Request, Snapshot, Why};
use crate::providers::outcome::{self, Reading};
use crate::providers::settings::is_number;
use crate::providers::{Effect, Level, Outcome, Setting, Step, json};

/// Of the texts no limit is documented: what fits the answers that are read here many times over.
const LONGEST_TEXT: usize = 10_000;

/// What an update changes, in the order of the vendor's page.
pub(super) const CHANGES: &[Setting] = &[
    text("notes"),
    Setting {
        key: "status",
        required: false,
        level: Level::Item,
        accepts: |v| matches!(v, "PENDING" | "APPROVED" | "DENIED"),
        expects: "PENDING, APPROVED or DENIED",
    },
    text("status_description"),
    flag("show_before_assignment"),
    flag("schedule_request"),
    flag("eta_check"),
    Setting {
        key: "completed_at_date",
        required: false,
        level: Level::Item,
        accepts: |v| number(v).is_some(),
        expects: "a number: a timestamp, passed on as it is",
    },
];

const fn text(key: &'static str) -> Setting {
    let accepts = |v: &str| v.chars().count() <= LONGEST_TEXT && !v.contains('\0');
    Setting { key, required: false, level: Level::Item, accepts, expects: "a text of at most 10000 characters" }
}

const fn flag(key: &'static str) -> Setting {
    let accepts = |v: &str| matches!(v, "true" | "false");
    Setting { key, required: false, level: Level::Item, accepts, expects: "true or false" }
}

/// The first step of an update or a deletion, and the only one.
pub(super) fn begin(snapshot: &Snapshot) -> Step<Outcome> {
    let first = match snapshot.operation {
        Operation::Delete => delete(snapshot),
        Operation::DeleteFolder => delete_folder(snapshot),
        _ => update(snapshot),
    };
    match first {
        Ok(request) => ask(request, Effect::Changes, &At::Change),
        Err(why) => Step::Done(Outcome::Blocked(why)),
    }
}

/// The update or the deletion was answered.
pub(super) fn answered(snapshot: &Snapshot, got: &Exchange) -> Outcome {
    let (proof, missing) = match snapshot.operation {
        Operation::Delete => (deleted as fn(&_) -> _, Reason::AttachmentMissing),
        Operation::DeleteFolder => (deleted as _, Reason::FolderMissing),
        Operation::Update | Operation::Upload => (whole_work_order as _, Reason::AttachmentMissing),
    };
    let refused = |answer: &Answer| refusal(answer, missing);
    match (outcome::changed(got, &Reading { proof: &proof, refusal: &refused, refuses_token }), &snapshot.about) {
        (Ok(()), Some(about)) => Outcome::Delivered(about.clone()),
        (Ok(()), None) => Outcome::Blocked(nameless()),
        (Err(outcome), _) => outcome,
    }
}

/// "Answers the whole work order": an object with its attachments, however few of them it shows.
fn whole_work_order(answer: &Answer) -> Option<()> {
    json::field(&json::object(answer)?, "attachments")?.is_object().then_some(())
}

/// What a deletion answers no page tells: an object or nothing at all. The status is what is trusted.
fn deleted(answer: &Answer) -> Option<()> {
    let is_empty = answer.bytes().trim_ascii().is_empty();
    (is_empty || json::object(answer).is_some()).then_some(())
}

fn update(snapshot: &Snapshot) -> Result<Request, Why> {
    let url = about(snapshot)?;
    let mut fields = Vec::new();
    for Setting { key, .. } in CHANGES {
        if let Some(text) = snapshot.changes.get(*key) {
            fields.push((*key, value(key, text)?));
        }
    }
    if fields.is_empty() {
        return Err(Why::new(Reason::Refused, "it changes nothing that Field Nation knows".to_owned()));
    }
    Ok(request(Method::Put, url, document(&fields)))
}

fn delete(snapshot: &Snapshot) -> Result<Request, Why> {
    Ok(request(Method::Delete, about(snapshot)?, Body::Empty))
}

fn delete_folder(snapshot: &Snapshot) -> Result<Request, Why> {
    if let Some(why) = work_order_not_valid(&snapshot.work_order) {
        return Err(why);
    }
    let folder = snapshot.about.as_ref().filter(|id| is_number(&id.0));
    let folder = folder.ok_or_else(|| Why::new(Reason::Refused, "it names no folder: that is a number".to_owned()))?;
    Ok(request(Method::Delete, at(snapshot, &[&folder.0], None)?, Body::Empty))
}

/// The value in the type that the vendor's page gives it. It was checked when the update was asked for.
fn value(key: &str, text: &str) -> Result<Value, Why> {
    let value = match key {
        "show_before_assignment" | "schedule_request" | "eta_check" => text.parse().ok().map(Value::Bool),
        "completed_at_date" => number(text).map(Value::Number),
        _ => Some(Value::String(text.to_owned())),
    };
    value.ok_or_else(|| Why::new(Reason::Refused, format!("{key} has a value that it cannot have")))
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok()
}

/// The address of the attachment that is meant, or that there is none.
fn about(snapshot: &Snapshot) -> Result<url::Url, Why> {
    if let Some(why) = work_order_not_valid(&snapshot.work_order) {
        return Err(why);
    }
    let id = snapshot.about.as_ref().ok_or_else(nameless)?;
    match id.0.split_once('/').filter(|(folder, file)| is_number(folder) && is_number(file)) {
        Some((folder, file)) => at(snapshot, &[folder, file], None),
        // Not "missing": a deletion of what is missing counts as done.
        None => Err(Why::new(Reason::Refused, format!("{id} names no attachment: that is FOLDER/FILE"))),
    }
}

fn nameless() -> Why {
    Why::new(Reason::AttachmentMissing, "nobody knows its id at the system".to_owned())
}

#[cfg(test)]
mod tests;
