//! Decisiv's attachments of a case, as its page has them.
//!
//! | request | wants | answers |
//! |---|---|---|
//! | `GET /cases/{case_id}/attachments` | - | `attachments` |
//! | `GET /cases/{case_id}/attachments/{id}` | - | one `attachment`, without `format` |
//! | `POST /cases/{case_id}/attachments` | a form of `body` (XML) and `file` | not said: a switch |
//! | `GET` of a `downloadURL` | - | the bytes |
//!
//! These are the examples' paths; the headings' `/case/{case_id}/attachments` and `/case/{case_id}/attachment/{id}` are there too
//! (a switch leaves one of both). Every call carries the token. Where the page is silent: the account's URL ends in
//! `/platform_api` as in the examples; `file` has a `filename`, and is decoded by its `Content-Transfer-Encoding`; `body`
//! is exactly of the documented namespaces and elements, without a document type; blank space may precede it, since the
//! page's own command puts it there; an `Accept` that excludes `application/xml` gets 406; an attachment's id is the last segment of
//! its `URL`; errors are 400, 401, 404 and 406 with an `error` in XML. No state of a case refuses attachments.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::answer::Reply;
use crate::dialect::{AddAnswer, CasePaths, Dialect, DownloadHost};
use crate::entry::Entry;
use crate::intake::spool_bytes;
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Call, FormKind, Head, Request, Spooled};
use crate::systems::System;
use crate::world::{NewFile, World};
use crate::xml::{self, escaped};

mod speech;

use speech::Speech;

pub(super) struct Decisiv;

const ME: Provider = Provider::Decisiv;

const BASE: &str = "/platform_api";
const BODY: &str = "body";
const FILE: &str = "file";
/// The namespaces of a request.
const REQUEST: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest";
const SENDER_REQUEST: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/SenderRequest";
/// "If omitted a default user will be used."
const DEFAULT_SENDER: &str = "1001";

impl System for Decisiv {
    fn base(&self) -> &'static str {
        BASE
    }

    fn identify(&self, head: &Head) -> Option<Call> {
        let path = head.path();
        let (_, case, of_case) = below_case(&path)?;
        let operation = match (of_case, &head.method) {
            (["attachments"], &Method::GET) => Operation::List,
            (["attachments"], &Method::POST) => Operation::Upload,
            (["attachments" | "attachment", _], &Method::GET) => Operation::Get,
            (["attachments" | "attachment", _, "content"], &Method::GET) => Operation::Download,
            _ => return None,
        };
        Some(Call::new(operation, Some(case)))
    }

    fn file_part(&self) -> &'static str {
        FILE
    }

    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
        if !is_there(&request.head, world.dialect.decisiv.paths) {
            return Ok(self.unknown(&world.dialect));
        }
        match request.call.operation {
            Operation::Upload => upload(request, world, now),
            Operation::List => Ok(list(request, world, now)),
            Operation::Get => Ok(get(request, world, now)),
            Operation::Download => Ok(download(request, world)),
            _ => Ok(self.unknown(&world.dialect)),
        }
    }

    fn unauthorized(&self, _dialect: &Dialect) -> Reply {
        error(401, "The bearer token is missing, unknown or expired.").with("www-authenticate", "Bearer")
    }

    fn malformed(&self, why: &str, _dialect: &Dialect) -> Reply {
        error(400, &format!("The body cannot be read: {why}"))
    }

    fn unknown(&self, _dialect: &Dialect) -> Reply {
        error(404, "There is no such resource.")
    }

    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)] {
        &[("770001", WorkOrderState::Open), ("770002", WorkOrderState::Open), ("770003", WorkOrderState::Open)]
    }
}

/// `case` or `cases`, the case's id, and what is below it.
fn below_case<'a>(path: &'a [&'a str]) -> Option<(&'a str, &'a str, &'a [&'a str])> {
    match path {
        ["platform_api", style @ ("case" | "cases"), case, rest @ ..] => Some((style, case, rest)),
        _ => None,
    }
}

/// Whether the path is one of those that are there: `cases` goes with `attachments/{id}`, `case` with `attachment/{id}`.
fn is_there(head: &Head, paths: CasePaths) -> bool {
    let path = head.path();
    let Some((style, _, of_case)) = below_case(&path) else { return false };
    let style = match (style, of_case) {
        ("cases", ["attachments", ..]) => CasePaths::Examples,
        ("case", ["attachments"] | ["attachment", ..]) => CasePaths::Headings,
        _ => return false,
    };
    paths == CasePaths::Both || paths == style
}

fn xml_reply(status: u16, body: String) -> Reply {
    Reply::new(status, "application/xml; charset=utf-8", body)
}

fn error(status: u16, message: &str) -> Reply {
    let message = escaped(message);
    xml_reply(
        status,
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error><message>{message}</message></error>\n"),
    )
}

fn bad(message: impl AsRef<str>) -> Reply {
    error(400, message.as_ref())
}

fn case_found<'a>(request: &'a Request, world: &World) -> Result<&'a str, Reply> {
    let case = request.call.work_order.as_deref().unwrap_or_default();
    world.work_order(ME, case).map(|_| case).ok_or_else(|| error(404, "There is no such case."))
}

/// A header that lets XML through, or none.
fn accepts_xml(head: &Head) -> Result<(), Reply> {
    let Some(accept) = head.header("accept") else { return Ok(()) };
    let takes = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        ["application/xml", "application/*", "*/*"].contains(&range.as_str())
    };
    match accept.split(',').any(takes) {
        true => Ok(()),
        false => Err(error(406, "Only application/xml is answered.")),
    }
}

/// What the part `body` says.
#[derive(Debug)]
struct Described {
    description: String,
    internal: bool,
    sender: Option<String>,
}

impl Described {
    fn read(text: &str) -> Result<Self, Reply> {
        let root = xml::parse(text.trim_start()).map_err(|why| bad(format!("body is no XML document: {why}")))?;
        if !root.is(REQUEST, "attachment") {
            return Err(bad("body is not an attachment of the namespace AttachmentRequest"));
        }
        let (mut description, mut internal, mut sender) = (None, None, None);
        for field in root.children {
            let again = match (field.namespace.as_str(), field.name.as_str()) {
                (REQUEST, "description") => description.replace(field.text).is_some(),
                (REQUEST, "internal") => internal.replace(boolean(&field.text)?).is_some(),
                (SENDER_REQUEST, "sender") => sender.replace(sender_id(&field)?).is_some(),
                _ => return Err(bad(format!("body has an element {} that is not documented", field.name))),
            };
            if again {
                return Err(bad(format!("body has {} twice", field.name)));
            }
        }
        let description = description.filter(|text| !text.trim().is_empty());
        let description = description.ok_or_else(|| bad("body:description is required"))?;
        Ok(Self { description, internal: internal.unwrap_or(false), sender })
    }
}

fn boolean(text: &str) -> Result<bool, Reply> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(bad("body:internal is neither true nor false")),
    }
}

fn sender_id(sender: &xml::Element) -> Result<String, Reply> {
    match sender.children.as_slice() {
        [id] if id.is(SENDER_REQUEST, "id") && !id.text.trim().is_empty() => Ok(id.text.trim().to_owned()),
        _ => Err(bad("body:sender has one id, and nothing else")),
    }
}

struct Checked {
    case: String,
    name: String,
    /// Whether the file is base64 that is to be decoded.
    encoded: bool,
    fields: BTreeMap<String, String>,
}

fn check_upload(request: &Request, world: &World) -> Result<Checked, Reply> {
    let form = &request.form;
    if form.kind != FormKind::Multipart || form.count(BODY) != 1 || form.count(FILE) != 1 {
        return Err(bad("The request is multipart/form-data with one part body and one part file."));
    }
    let described = Described::read(form.text(BODY).ok_or_else(|| bad("body is a file, not XML"))?)?;
    let part = form.part(FILE).filter(|_| form.file(FILE).is_some()).ok_or_else(|| bad("file is no file"))?;
    let name = part.file_name.clone().filter(|name| !name.is_empty()).ok_or_else(|| bad("file has no filename"))?;
    let encoding = part.transfer_encoding.as_deref().unwrap_or("binary");
    let encoded = match encoding {
        "base64" => true,
        "binary" | "8bit" | "7bit" => false,
        other => return Err(bad(format!("The transfer encoding {other} is unknown."))),
    };
    let case = case_found(request, world)?.to_owned();
    let mut fields = BTreeMap::new();
    let mut set = |name: &str, text: &str| fields.insert(name.to_owned(), text.to_owned());
    set("description", &described.description);
    set("internal", &described.internal.to_string());
    set("format", part.content_type.as_deref().unwrap_or("application/octet-stream"));
    set("transfer_encoding", encoding);
    if let Some(sender) = &described.sender {
        set("sender", sender);
    }
    Ok(Checked { case, name, encoded, fields })
}

fn upload(request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let checked = match check_upload(request, world) {
        Ok(checked) => checked,
        Err(reply) => return Ok(reply),
    };
    let Some(mut file) = request.form.take_file(FILE) else {
        return Ok(bad("file is no file"));
    };
    if checked.encoded && !world.dialect.decisiv.leaves_base64 {
        match decoded(&file, world)? {
            Some(real) => file = real,
            None => return Ok(bad("file is not base64")),
        }
    }
    let Checked { case: work_order, name, fields, .. } = checked;
    let new = NewFile { work_order, name, request_id: None, fields, file };
    let entry = world.accept(request, new, || uuid::Uuid::now_v7().simple().to_string(), now)?;
    Ok(added(&entry, request, world, now))
}

/// What base64 stands for, line breaks left aside; `None`: it is none.
fn decoded(file: &Spooled, world: &World) -> io::Result<Option<Spooled>> {
    let mut text = file.read()?;
    text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    match STANDARD.decode(&text) {
        Ok(bytes) => spool_bytes(&bytes, &world.spool()).map(Some),
        Err(_) => Ok(None),
    }
}

/// The answer to an attachment that was added.
fn added(entry: &Entry, request: &Request, world: &mut World, now: SystemTime) -> Reply {
    let answer = world.dialect.decisiv.answer;
    let reply = match answer {
        AddAnswer::Both | AddAnswer::Body => xml_reply(201, Speech::of(request, world, now).one(entry)),
        AddAnswer::Location | AddAnswer::Neither => Reply { headers: vec![], ..xml_reply(201, String::new()) },
    };
    match answer {
        AddAnswer::Both | AddAnswer::Location => reply.with("location", Speech::of(request, world, now).url(entry)),
        AddAnswer::Body | AddAnswer::Neither => reply,
    }
}

fn list(request: &Request, world: &mut World, now: SystemTime) -> Reply {
    let found = accepts_xml(&request.head).and_then(|()| case_found(request, world));
    let entries = match found {
        Ok(case) => world.listing(request, case, now),
        Err(reply) => return reply,
    };
    xml_reply(200, Speech::of(request, world, now).all(&entries))
}

/// The attachment that the path names.
fn named(request: &Request, world: &World) -> Result<Entry, Reply> {
    let case = case_found(request, world)?;
    let path = request.head.path();
    let id = below_case(&path).and_then(|(_, _, of_case)| of_case.get(1).copied()).unwrap_or_default();
    world.entry(ME, case, id).cloned().ok_or_else(|| error(404, "There is no such attachment."))
}

fn get(request: &Request, world: &mut World, now: SystemTime) -> Reply {
    match accepts_xml(&request.head).and_then(|()| named(request, world)) {
        Ok(entry) => xml_reply(200, Speech::of(request, world, now).one(&entry)),
        Err(reply) => reply,
    }
}

fn download(request: &Request, world: &World) -> Reply {
    match named(request, world) {
        Ok(_) if world.dialect.decisiv.download == DownloadHost::Other => error(404, "The file is elsewhere."),
        Ok(entry) => world.bytes_of(&entry),
        Err(reply) => reply,
    }
}
