//! CorrigoPro Direct, as "Working with attachments" has it.
//!
//! | request | wants | answers |
//! |---|---|---|
//! | `POST /api/attachments` | the form of the page | `AttachmentId`, `MessageId` |
//! | `GET /api/attachments` | `WorkOrderId` in the query | the attachments |
//! | `GET /api/attachments/downloadUrl` | `AttachmentId`, `WorkOrderId` in the query | a link, good for 15 minutes |
//! | `PUT /api/attachments` | the form of the page | `MessageId` |
//! | `DELETE /api/attachments` | `WorkOrderId`; and, since nothing else would tell which, `AttachmentId` | `MessageId` |
//!
//! Where the page is silent: HTTP 400 carries every error body of the vendor's error page, whatever its `Code`, so that
//! a client has to read the code; a request without a good token gets 401; update and delete take multipart and url-encoded
//! forms; a work order's state is minded only where a file is attached. `MessageId` is recorded, never used to
//! recognise a repeated request: the page does not promise that.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use axum::http::Method;

use crate::answer::{Reply, array, object, value};
use crate::dialect::{Dialect, LinkShape, ListShape};
use crate::entry::Entry;
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Call, FormKind, Head, Request};
use crate::systems::System;
use crate::world::{NewFile, Origin, World};

pub(super) struct CorrigoPro;

const ME: Provider = Provider::CorrigoPro;

const DOCUMENT_TYPES: [&str; 6] = ["Document", "Picture", "Signature", "InvoicePrintout", "ServiceContract", "Misc"];
const VISIBILITIES: [&str; 6] = ["None", "CruOnly", "CruSubs", "CruLeads", "CruLead", "All"];
const DEFAULT_VISIBILITY: &str = "All";
const PERFORMED_BY_MAX: usize = 100;
const MESSAGE_ID_MAX: usize = 36;

/// The error page's codes.
mod code {
    pub(super) const VALIDATION: u32 = 2100;
    pub(super) const WRONG_STATE: u32 = 3001;
    pub(super) const ENTITY_MISSING: u32 = 3003;
    pub(super) const WORK_ORDER_MISSING: u32 = 3005;
    // The page numbers single validation errors 21xx without saying which is which.
    pub(super) const REQUIRED: u32 = 2101;
    pub(super) const TOO_LONG: u32 = 2102;
    pub(super) const NOT_INT: u32 = 2103;
    pub(super) const NOT_LISTED: u32 = 2104;
    pub(super) const NO_EXTENSION: u32 = 2105;
    pub(super) const TOO_LARGE: u32 = 2106;
    pub(super) const TWICE: u32 = 2107;
    pub(super) const WRONG_KIND: u32 = 2108;
}

impl System for CorrigoPro {
    fn identify(&self, head: &Head) -> Option<Call> {
        let in_query = head.parameter("WorkOrderId");
        match (head.path().as_slice(), &head.method) {
            (["api", "attachments"], &Method::POST) => Some(Call::new(Operation::Upload, None)),
            (["api", "attachments"], &Method::GET) => Some(Call::new(Operation::List, in_query)),
            (["api", "attachments"], &Method::PUT) => Some(Call::new(Operation::Update, None)),
            (["api", "attachments"], &Method::DELETE) => Some(Call::new(Operation::Delete, None)),
            (["api", "attachments", "downloadUrl"], &Method::GET) => Some(Call::new(Operation::Link, in_query)),
            _ => None,
        }
    }

    fn work_order_in(&self, request: &Request) -> Option<String> {
        request.form.text("WorkOrderId").map(str::to_owned)
    }

    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
        match request.call.operation {
            Operation::Upload => upload(request, world, now),
            Operation::List => Ok(list(request, world, now)),
            Operation::Link => Ok(link(request, world, now)),
            Operation::Update => update(request, world, now),
            Operation::Delete => delete(request, world, now),
            _ => Ok(self.unknown(&world.dialect)),
        }
    }

    fn unauthorized(&self, _dialect: &Dialect) -> Reply {
        let body = object(&[("Message", value("The token is missing, unknown or expired."))], 1);
        Reply::json(401, body).with("www-authenticate", "Bearer")
    }

    fn malformed(&self, why: &str, _dialect: &Dialect) -> Reply {
        Refusal::of(code::VALIDATION, format!("The form cannot be read: {why}")).reply(None, 0)
    }

    fn unknown(&self, _dialect: &Dialect) -> Reply {
        Reply::json(404, object(&[("Message", value("There is no such resource."))], 1))
    }

    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)] {
        &[
            ("10234", WorkOrderState::Open),
            ("10235", WorkOrderState::Open),
            ("10236", WorkOrderState::Open),
            ("10240", WorkOrderState::Rejected),
            ("10241", WorkOrderState::Recalled),
        ]
    }

    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[("performed_by", "Jo Field")]
    }
}

/// The error body.
struct Refusal {
    code: u32,
    message: String,
    /// Code, field, message.
    validation: Vec<(u32, &'static str, String)>,
}

impl Refusal {
    fn of(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), validation: vec![] }
    }

    fn reply(self, message_id: Option<&str>, turn: u64) -> Reply {
        let validation: Vec<String> = self
            .validation
            .iter()
            .map(|(code, field, text)| {
                object(&[("Code", value(code)), ("Field", value(field)), ("Message", value(text))], turn)
            })
            .collect();
        let body = object(
            &[
                ("Code", value(&self.code)),
                ("Message", value(&self.message)),
                ("ValidationErrors", array(&validation)),
                ("MessageId", value(&message_id)),
            ],
            turn,
        );
        Reply::json(400, body)
    }
}

/// Reads a request's fields and gathers what is wrong with them.
struct Check<'a> {
    request: &'a Request,
    errors: Vec<(u32, &'static str, String)>,
}

impl<'a> Check<'a> {
    fn new(request: &'a Request) -> Self {
        Self { request, errors: vec![] }
    }

    fn error(&mut self, code: u32, field: &'static str, text: impl Into<String>) {
        self.errors.push((code, field, text.into()));
    }

    /// A field of the form, or of the query where the request has no form.
    fn field(&mut self, name: &'static str) -> Option<&'a str> {
        if self.request.head.method == Method::GET {
            return self.request.head.parameter(name);
        }
        match self.request.form.count(name) {
            0 => None,
            1 => {
                let text = self.request.form.text(name);
                if text.is_none() {
                    self.error(code::WRONG_KIND, name, "is a file, not a value");
                }
                text
            }
            _ => {
                self.error(code::TWICE, name, "stands there more than once");
                None
            }
        }
    }

    fn required(&mut self, name: &'static str) -> &'a str {
        let before = self.errors.len();
        let text = self.field(name).unwrap_or_default();
        if text.trim().is_empty() && self.errors.len() == before {
            self.error(code::REQUIRED, name, "is mandatory");
        }
        text
    }

    fn required_up_to(&mut self, name: &'static str, most: usize) -> &'a str {
        let text = self.required(name);
        if text.chars().count() > most {
            self.error(code::TOO_LONG, name, format!("has more than {most} characters"));
        }
        text
    }

    /// An `int`, without leading zeros: `007` and `7` are the same work order.
    fn work_order(&mut self) -> String {
        let text = self.required("WorkOrderId");
        match text.parse::<i32>() {
            Ok(id) if !text.starts_with('+') => id.to_string(),
            _ => {
                if !text.trim().is_empty() {
                    self.error(code::NOT_INT, "WorkOrderId", "is not an int");
                }
                String::new()
            }
        }
    }

    fn name(&mut self) -> &'a str {
        let name = self.required("Name");
        let extension = name.rsplit_once('.').filter(|(stem, ext)| !stem.is_empty() && !ext.trim().is_empty());
        if !name.is_empty() && extension.is_none() {
            self.error(code::NO_EXTENSION, "Name", "does not carry the file's extension");
        }
        name
    }

    fn one_of(&mut self, name: &'static str, allowed: &[&str]) -> Option<&'a str> {
        let text = self.field(name)?;
        if !allowed.contains(&text) {
            self.error(code::NOT_LISTED, name, format!("is none of {}", allowed.join(", ")));
        }
        Some(text)
    }

    fn file(&mut self, max_bytes: u64) {
        match self.request.form.count("File") {
            0 => self.error(code::REQUIRED, "File", "is mandatory"),
            1 => match self.request.form.file("File") {
                None => self.error(code::WRONG_KIND, "File", "is a value, not a file"),
                Some(file) if file.bytes > max_bytes => {
                    self.error(code::TOO_LARGE, "File", "exceeds 20 MB");
                }
                Some(_) => {}
            },
            _ => self.error(code::TWICE, "File", "stands there more than once"),
        }
    }

    /// The refusal, if anything was wrong.
    fn done(self) -> Result<(), Reply> {
        if self.errors.is_empty() {
            return Ok(());
        }
        let fields: Vec<&str> = self.errors.iter().map(|(_, field, _)| *field).collect();
        let message = format!("Validation failed: {}", fields.join(", "));
        let refusal = Refusal { code: code::VALIDATION, message, validation: self.errors };
        Err(refusal.reply(self.request.form.text("MessageId"), self.request.number))
    }
}

fn refused(request: &Request, code: u32, message: &str) -> Reply {
    Refusal::of(code, message).reply(request.form.text("MessageId"), request.number)
}

/// The work order, if it is there; a recalled one is missing as soon as something is attached to it.
fn work_order_found(request: &Request, world: &World, id: &str) -> Result<WorkOrderState, Reply> {
    world
        .work_order(ME, id)
        .ok_or_else(|| refused(request, code::WORK_ORDER_MISSING, "The work order does not exist or was recalled."))
}

fn entry_found(request: &Request, world: &World, work_order: &str, id: &str) -> Result<Entry, Reply> {
    world
        .entry(ME, work_order, id)
        .cloned()
        .ok_or_else(|| refused(request, code::ENTITY_MISSING, "The work order has no such attachment."))
}

/// Lets `?` leave with an answer.
fn either(answer: Result<io::Result<Reply>, Reply>) -> io::Result<Reply> {
    answer.unwrap_or_else(Ok)
}

fn wants_form(request: &Request, kinds: &[FormKind]) -> Result<(), Reply> {
    match kinds.contains(&request.form.kind) {
        true => Ok(()),
        false => Err(refused(request, code::VALIDATION, "The request is no form data.")),
    }
}

fn upload(request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let checked = check_upload(request, world);
    let (work_order, name, fields) = match checked {
        Ok(checked) => checked,
        Err(reply) => return Ok(reply),
    };
    let message_id = request.form.text("MessageId").map(str::to_owned);
    let Some(file) = request.form.take_file("File") else {
        return Ok(refused(request, code::VALIDATION, "There is no file."));
    };
    let new = NewFile { work_order, name, request_id: message_id.clone(), fields, file };
    let entry = world.accept(request, new, || uuid::Uuid::now_v7().to_string(), now)?;
    let body = object(&[("AttachmentId", value(&entry.remote_id)), ("MessageId", value(&message_id))], request.number);
    Ok(Reply::json(200, body))
}

type Upload = (String, String, BTreeMap<String, String>);

fn check_upload(request: &Request, world: &World) -> Result<Upload, Reply> {
    wants_form(request, &[FormKind::Multipart])?;
    let mut check = Check::new(request);
    check.file(world.corrigo_max_bytes);
    let work_order = check.work_order();
    let name = check.name();
    let document_type = check.one_of("DocumentType", &DOCUMENT_TYPES).unwrap_or("Document");
    let visibility = check.one_of("MessageVisibility", &VISIBILITIES).unwrap_or(DEFAULT_VISIBILITY);
    let mime = check.required("MimeType");
    let performed_by = check.required_up_to("PerformedBy.Name", PERFORMED_BY_MAX);
    let phone = check.field("PerformedBy.Phone");
    check.required_up_to("MessageId", MESSAGE_ID_MAX);
    check.done()?;
    match work_order_found(request, world, &work_order)? {
        WorkOrderState::Rejected => {
            return Err(refused(
                request,
                code::WRONG_STATE,
                "Files cannot be attached to a work order in status Rejected.",
            ));
        }
        WorkOrderState::Recalled => {
            return Err(refused(request, code::WORK_ORDER_MISSING, "The work order does not exist or was recalled."));
        }
        _ => {}
    }
    let mut fields = BTreeMap::new();
    let mut set = |key: &str, text: &str| fields.insert(key.to_owned(), text.to_owned());
    set("DocumentType", document_type);
    set("MessageVisibility", visibility);
    set("MimeType", mime);
    set("PerformedBy.Name", performed_by);
    if let Some(phone) = phone {
        set("PerformedBy.Phone", phone);
    }
    Ok((work_order, name.to_owned(), fields))
}

fn list(request: &Request, world: &World, now: SystemTime) -> Reply {
    let mut check = Check::new(request);
    let work_order = check.work_order();
    if let Err(reply) = check.done().and_then(|()| work_order_found(request, world, &work_order).map(drop)) {
        return reply;
    }
    let entries: Vec<String> = world
        .listing(request, &work_order, now)
        .iter()
        .enumerate()
        .map(|(at, entry)| attachment(entry, request.number + at as u64))
        .collect();
    let body = match world.dialect.corrigo_list {
        ListShape::Array => array(&entries),
        ListShape::Wrapped => {
            object(&[("Attachments", array(&entries)), ("TotalCount", value(&entries.len()))], request.number)
        }
    };
    Reply::json(200, body)
}

/// The Attachment model.
fn attachment(entry: &Entry, turn: u64) -> String {
    let field = |name: &str| value(&entry.fields.get(name));
    object(
        &[
            ("AttachmentId", value(&entry.remote_id)),
            ("Name", value(&entry.name)),
            ("MimeType", field("MimeType")),
            ("Size", value(&entry.size())),
            ("Subtype", field("DocumentType")),
        ],
        turn,
    )
}

fn link(request: &Request, world: &mut World, now: SystemTime) -> Reply {
    let mut check = Check::new(request);
    let work_order = check.work_order();
    let id = check.required("AttachmentId");
    let found = check
        .done()
        .and_then(|()| work_order_found(request, world, &work_order))
        .and_then(|_| entry_found(request, world, &work_order, id));
    let entry = match found {
        Ok(entry) => entry,
        Err(reply) => return reply,
    };
    let url = world.link(&entry, now);
    match world.dialect.corrigo_link {
        LinkShape::JsonString => Reply::json(200, value(&url)),
        LinkShape::Plain => Reply::new(200, "text/plain; charset=utf-8", url),
        LinkShape::Object => {
            let body =
                object(&[("DownloadUrl", value(&url)), ("AttachmentId", value(&entry.remote_id))], request.number);
            Reply::json(200, body)
        }
    }
}

fn update(request: &Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let changed = || -> Result<Entry, Reply> {
        wants_form(request, &[FormKind::Multipart, FormKind::UrlEncoded])?;
        let mut check = Check::new(request);
        let work_order = check.work_order();
        let id = check.required("AttachmentId");
        let name = check.name();
        let document_type = check.one_of("DocumentType", &DOCUMENT_TYPES);
        // "'All' by default": a client that leaves it out publishes the file.
        let visibility = check.one_of("MessageVisibility", &VISIBILITIES).unwrap_or(DEFAULT_VISIBILITY);
        check.required_up_to("MessageId", MESSAGE_ID_MAX);
        check.done()?;
        work_order_found(request, world, &work_order)?;
        let mut entry = entry_found(request, world, &work_order, id)?;
        entry.name = name.to_owned();
        entry.fields.insert("MessageVisibility".to_owned(), visibility.to_owned());
        if let Some(document_type) = document_type {
            entry.fields.insert("DocumentType".to_owned(), document_type.to_owned());
        }
        Ok(entry)
    };
    either(changed().map(|entry| {
        let message_id = request.form.text("MessageId").map(str::to_owned);
        world.update(entry, Origin::client(request, message_id), now)?;
        Ok(done(request))
    }))
}

fn delete(request: &Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let doomed = || -> Result<Entry, Reply> {
        wants_form(request, &[FormKind::Multipart, FormKind::UrlEncoded])?;
        let mut check = Check::new(request);
        let work_order = check.work_order();
        let id = check.required("AttachmentId");
        if check.field("MessageId").is_some_and(|m| m.chars().count() > MESSAGE_ID_MAX) {
            check.error(code::TOO_LONG, "MessageId", format!("has more than {MESSAGE_ID_MAX} characters"));
        }
        check.done()?;
        work_order_found(request, world, &work_order)?;
        entry_found(request, world, &work_order, id)
    };
    either(doomed().map(|entry| {
        let message_id = request.form.text("MessageId").map(str::to_owned);
        world.delete(&entry, Origin::client(request, message_id), now)?;
        Ok(done(request))
    }))
}

/// The answer to an update or a deletion.
fn done(request: &Request) -> Reply {
    Reply::json(200, object(&[("MessageId", value(&request.form.text("MessageId")))], request.number))
}
