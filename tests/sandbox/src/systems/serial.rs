//! Serial's attachments of a work order, as its page has them.
//!
//! | request | wants | answers |
//! |---|---|---|
//! | `PUT /work-orders/{id}/attachments` | a form with `metadata`, for `IMAGE` and `FILE` also `attachment` | the whole work order |
//! | `GET /work-orders/{id}` | - | the whole work order, its `attachments` among the rest |
//!
//! `{id}` is a work order's number or its UUID; the sandbox keeps the number, and its UUID is [`uuid_of`] it. Every PUT adds
//! an attachment: nothing says that it would not. The page's words want a JSON part `metadata`, its example sends the
//! fields flat: either is taken, not both at once. Where the page is silent: `metadata` is no file; a `value` beside a
//! file, a `file_name` or a file beside a text are refused; a file may be left out ("optionally") and is then empty; without
//! a `file_name` the name is a UUID; attachments are taken in `DRAFT` only; the order of `attachments` turns; errors are
//! 400, 401 and 404 with `error` and `message`. The office's deletions stay listed, as `is_deleted`.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use axum::http::Method;
use serde_json::{Map, Value};

use crate::answer::{Reply, array, object, value};
use crate::dialect::{Dialect, FileValue};
use crate::entry::Entry;
use crate::intake::spool_bytes;
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Call, FormKind, Head, Request};
use crate::systems::System;
use crate::world::{NewFile, World};

pub(super) struct Serial;

const ME: Provider = Provider::Serial;

const METADATA: &str = "metadata";
const ATTACHMENT: &str = "attachment";
/// The fields of the metadata.
const FIELDS: [&str; 5] = ["type", "name", "added_by_user_id", "value", "file_name"];
/// A UUID, up to the digits of the work order's number.
const UUID_STEM: &str = "5e41a100-0000-4000-8000-";
const NUMBER_DIGITS: usize = 12;
/// A user of the account that these attachments are added for.
const USER: &str = "6f9b1c52-7d3e-4a86-9c15-2b8e0f4d7a31";
const CREATED: &str = "2026-11-01T08:00:00Z";

impl System for Serial {
    fn identify(&self, head: &Head) -> Option<Call> {
        let call = |operation, id: &str| Some(Call::new(operation, Some(&self.work_order_id(id))));
        match (head.path().as_slice(), &head.method) {
            (["work-orders", id, "attachments"], &Method::PUT) => call(Operation::Upload, id),
            (["work-orders", id], &Method::GET) => call(Operation::List, id),
            _ => None,
        }
    }

    fn file_part(&self) -> &'static str {
        ATTACHMENT
    }

    /// The number that a UUID of ours stands for.
    fn work_order_id(&self, given: &str) -> String {
        let digits = given.to_ascii_lowercase();
        let digits = digits.strip_prefix(UUID_STEM).filter(|d| d.len() == NUMBER_DIGITS);
        digits.and_then(|d| d.parse::<u64>().ok()).map_or_else(|| given.to_owned(), |number| number.to_string())
    }

    fn keeps_deleted(&self) -> bool {
        true
    }

    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
        match request.call.operation {
            Operation::Upload => upload(request, world, now),
            Operation::List => Ok(read(request, world, now)),
            _ => Ok(self.unknown(&world.dialect)),
        }
    }

    fn unauthorized(&self, _dialect: &Dialect) -> Reply {
        error(401, "The API key or token is missing, unknown or expired.").with("www-authenticate", "Bearer")
    }

    fn malformed(&self, why: &str, _dialect: &Dialect) -> Reply {
        error(400, &format!("The body cannot be read: {why}"))
    }

    fn unknown(&self, _dialect: &Dialect) -> Reply {
        error(404, "There is no such resource.")
    }

    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)] {
        &[
            ("2001", WorkOrderState::Open),
            ("2002", WorkOrderState::Open),
            ("2003", WorkOrderState::Open),
            ("2010", WorkOrderState::Review),
            ("2011", WorkOrderState::Closed),
        ]
    }

    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[("added_by_user_id", USER)]
    }
}

fn error(status: u16, message: &str) -> Reply {
    let reason = match status {
        401 => "unauthorized",
        404 => "not_found",
        _ => "bad_request",
    };
    Reply::json(status, object(&[("error", value(reason)), ("message", value(message))], 1))
}

fn bad(message: impl AsRef<str>) -> Reply {
    error(400, message.as_ref())
}

/// What kind of attachment it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    File,
    Text,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "IMAGE" => Some(Self::Image),
            "FILE" => Some(Self::File),
            "TEXT" => Some(Self::Text),
            _ => None,
        }
    }
}

/// The metadata of an attachment, by the fields' names.
struct Metadata {
    kind: Kind,
    fields: BTreeMap<String, String>,
}

impl Metadata {
    fn of(request: &Request) -> Result<Self, Reply> {
        let fields = Self::fields(request)?;
        let given = |name: &str| fields.get(name).map(String::as_str);
        for name in ["type", "name", "added_by_user_id"] {
            if given(name).is_none_or(|text| text.trim().is_empty()) {
                return Err(bad(format!("{name} is required")));
            }
        }
        let kind = given("type").and_then(Kind::named).ok_or_else(|| bad("type is none of IMAGE, FILE, TEXT"))?;
        match kind {
            Kind::Text if given("file_name").is_some() => Err(bad("file_name is only for FILE and IMAGE")),
            Kind::Text if request.form.count(ATTACHMENT) > 0 => Err(bad("attachment is only for FILE and IMAGE")),
            Kind::Image | Kind::File if given("value").is_some() => Err(bad("value is only for TEXT")),
            _ => Ok(Self { kind, fields }),
        }
    }

    fn fields(request: &Request) -> Result<BTreeMap<String, String>, Reply> {
        let form = &request.form;
        if form.kind != FormKind::Multipart {
            return Err(bad("The body is multipart/form-data."));
        }
        let flat = FIELDS.iter().any(|name| form.count(name) > 0);
        match (form.count(METADATA), flat) {
            (0, false) => Err(bad("metadata is required")),
            (0, true) => Self::flat(request),
            (1, false) => Self::in_json(form.text(METADATA).ok_or_else(|| bad("metadata is a file, not JSON"))?),
            _ => Err(bad("the metadata stands there more than once")),
        }
    }

    fn flat(request: &Request) -> Result<BTreeMap<String, String>, Reply> {
        let there = FIELDS.iter().filter(|name| request.form.count(name) > 0);
        let read = |name: &&str| match request.form.text(name) {
            Some(text) => Ok(((*name).to_owned(), text.to_owned())),
            None => Err(bad(format!("{name} is a file, or stands there more than once"))),
        };
        there.map(read).collect()
    }

    fn in_json(text: &str) -> Result<BTreeMap<String, String>, Reply> {
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|e| bad(format!("metadata is no JSON object: {e}")))?;
        let known = object.into_iter().filter(|(name, _)| FIELDS.contains(&name.as_str()));
        let read = |(name, field): (String, Value)| match field {
            Value::String(text) => Ok((name, text)),
            _ => Err(bad(format!("{name} is not a string"))),
        };
        known.map(read).collect()
    }
}

fn upload(request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let (work_order, Metadata { kind, fields }) = match check_upload(request, world) {
        Ok(checked) => checked,
        Err(reply) => return Ok(reply),
    };
    let name = match (kind, fields.get("file_name")) {
        (Kind::Text, _) => fields.get("name").cloned().unwrap_or_default(),
        (_, Some(name)) if !world.dialect.serial.renames => name.clone(),
        _ => new_uuid(),
    };
    let file = match (kind, request.form.take_file(ATTACHMENT)) {
        (Kind::Text, _) => spool_bytes(fields.get("value").map(String::as_bytes).unwrap_or_default(), &world.spool())?,
        (_, Some(file)) => file,
        (_, None) => spool_bytes(b"", &world.spool())?,
    };
    world.accept(request, NewFile { work_order, name, request_id: None, fields, file }, new_uuid, now)?;
    Ok(read(request, world, now))
}

fn new_uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn check_upload(request: &Request, world: &World) -> Result<(String, Metadata), Reply> {
    let metadata = Metadata::of(request)?;
    match request.form.count(ATTACHMENT) {
        0 | 1 => {}
        _ => return Err(bad("attachment stands there more than once")),
    }
    let (id, state) = work_order_found(request, world)?;
    match status(state) {
        "DRAFT" => Ok((id.to_owned(), metadata)),
        other => Err(bad(format!("Attachments are added to work orders in DRAFT; this one is in {other}."))),
    }
}

/// The work order's number and state.
fn work_order_found<'a>(request: &'a Request, world: &World) -> Result<(&'a str, WorkOrderState), Reply> {
    let id = request.call.work_order.as_deref().unwrap_or_default();
    let state = world.work_order(ME, id).ok_or_else(|| error(404, "There is no such work order."))?;
    Ok((id, state))
}

/// What Serial calls a state; those of other systems are nothing to it.
fn status(state: WorkOrderState) -> &'static str {
    match state {
        WorkOrderState::Review => "REVIEW",
        WorkOrderState::Production => "PRODUCTION",
        WorkOrderState::Closed => "COMPLETE",
        WorkOrderState::Cancelled => "CANCELED",
        WorkOrderState::Archived => "ARCHIVED",
        WorkOrderState::Open | WorkOrderState::Rejected | WorkOrderState::Recalled => "DRAFT",
    }
}

/// The whole work order.
fn read(request: &Request, world: &mut World, now: SystemTime) -> Reply {
    match work_order_found(request, world) {
        Ok((id, state)) => Reply::json(200, work_order(request, world, id, state, now)),
        Err(reply) => reply,
    }
}

fn work_order(request: &Request, world: &mut World, id: &str, state: WorkOrderState, now: SystemTime) -> String {
    let turn = request.number;
    let mut listed = world.listing(request, id, now);
    let edited = listed.last().map(|entry| entry.accepted.clone());
    if turn.is_multiple_of(2) {
        listed.reverse();
    }
    let attachments: Vec<String> = (turn..).zip(&listed).map(|(turn, e)| attachment(e, world, now, turn)).collect();
    let number = id.parse::<u64>().ok();
    let nothing = None::<()>;
    object(
        &[
            ("id", value(&number.map_or_else(|| id.to_owned(), uuid_of))),
            ("wo_number", value(&number)),
            ("name", value(&format!("Work order {id}"))),
            ("description", value(&nothing)),
            ("component_id", value("CMP-7")),
            ("part_number_id", value(&nothing)),
            ("created_at", value(CREATED)),
            ("created_by_user_id", value(USER)),
            ("status", value(status(state))),
            ("phase", value("Field")),
            ("quantity", value(&1)),
            ("approvals", "{}".to_owned()),
            ("assignee_user_id", value(&nothing)),
            ("deadline", value(&nothing)),
            ("activity_log", array(&[created(turn)])),
            ("last_edited_at", value(&edited)),
            ("attachments", array(&attachments)),
        ],
        turn,
    )
}

/// The UUID of the work order of that number.
fn uuid_of(number: u64) -> String {
    format!("{UUID_STEM}{number:0NUMBER_DIGITS$}")
}

fn created(turn: u64) -> String {
    object(
        &[
            ("id", value("0d8f4e9a-51b7-4c0e-8a6d-94c2f7e3b160")),
            ("message", value("The work order was created.")),
            ("added_at", value(CREATED)),
            ("added_by_user_id", value(USER)),
            ("type", value("CREATED")),
            ("data", value(&None::<()>)),
        ],
        turn,
    )
}

/// An attachment as the work order shows it: neither its `name` nor its `type` comes back.
fn attachment(entry: &Entry, world: &mut World, now: SystemTime, turn: u64) -> String {
    let field = |name: &str| entry.fields.get(name).cloned();
    let is_text = field("type").as_deref() == Some("TEXT");
    let told = match world.dialect.serial.value {
        _ if is_text => field("value"),
        FileValue::Link => Some(world.link(entry, now)),
        FileValue::Null => None,
    };
    object(
        &[
            ("dataset_id", value(&entry.remote_id)),
            ("value", value(&told)),
            ("file_name", value(&(!is_text).then_some(&entry.name))),
            ("added_at", value(&entry.accepted)),
            ("added_by_user_id", value(&field("added_by_user_id"))),
            ("is_deleted", value(&entry.is_deleted())),
        ],
        turn,
    )
}
