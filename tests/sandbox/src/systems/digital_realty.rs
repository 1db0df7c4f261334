//! Digital Realty's attachments, as its page has them.
//!
//! | request | wants | answers |
//! |---|---|---|
//! | `POST /v1/attachments` | `requestId` (<= 20), `file_name` (<= 100) in the query, one part `file` | the attachment, with `ticketId` |
//! | `GET /v1/attachments/{ticketId}` | - | an array of attachments, without `ticketId` |
//! | `GET /v1/attachments/{ticketId}/file/{id}` | - | the bytes |
//!
//! Every call carries `Authorization`, `Master-Account-Id` and `Account-Id`. Where the page is silent: `hash` is the
//! SHA-256; a created attachment is answered 201; errors are 400, 403 and 404 with `status`, `error` and `message`.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use axum::http::Method;
use time::OffsetDateTime;

use crate::answer::{Reply, array, object, value};
use crate::clock::read_stamp;
use crate::dialect::Dialect;
use crate::entry::Entry;
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Call, FormKind, Head, Request};
use crate::systems::System;
use crate::world::{NewFile, World};

pub(super) struct DigitalRealty;

const ME: Provider = Provider::DigitalRealty;

const TICKET_MAX: usize = 20;
const NAME_MAX: usize = 100;
const MASTER_ACCOUNT: &str = "DLR-MASTER-1";
const ACCOUNT: &str = "DLR-ACCOUNT-7";
/// At most 40 characters.
const CREATED_BY: &str = "Field technician (sandbox)";

impl System for DigitalRealty {
    fn identify(&self, head: &Head) -> Option<Call> {
        match (head.path().as_slice(), &head.method) {
            (["v1", "attachments"], &Method::POST) => Some(Call::new(Operation::Upload, head.parameter("requestId"))),
            (["v1", "attachments", ticket], &Method::GET) => Some(Call::new(Operation::List, Some(ticket))),
            (["v1", "attachments", ticket, "file", _], &Method::GET) => {
                Some(Call::new(Operation::Download, Some(ticket)))
            }
            _ => None,
        }
    }

    fn admit(&self, head: &Head) -> Option<Reply> {
        for (name, expected) in [("Master-Account-Id", MASTER_ACCOUNT), ("Account-Id", ACCOUNT)] {
            match head.header(name) {
                None => return Some(error(400, &format!("The header {name} is mandatory."))),
                Some(given) if given != expected => {
                    return Some(error(403, &format!("{name} is not an account of this token's.")));
                }
                Some(_) => {}
            }
        }
        None
    }

    fn file_part(&self) -> &'static str {
        "file"
    }

    fn tells_hash(&self) -> bool {
        true
    }

    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
        match request.call.operation {
            Operation::Upload => upload(request, world, now),
            Operation::List => Ok(list(request, world, now)),
            Operation::Download => Ok(download(request, world)),
            _ => Ok(self.unknown(&world.dialect)),
        }
    }

    fn unauthorized(&self, _dialect: &Dialect) -> Reply {
        error(401, "The access token is missing, unknown or expired.").with("www-authenticate", "Bearer")
    }

    fn malformed(&self, why: &str, _dialect: &Dialect) -> Reply {
        error(400, &format!("The body cannot be read: {why}"))
    }

    fn unknown(&self, _dialect: &Dialect) -> Reply {
        error(404, "There is no such resource.")
    }

    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)] {
        &[
            ("WO9271561", WorkOrderState::Open),
            ("WO9271562", WorkOrderState::Open),
            ("WO9271563", WorkOrderState::Open),
            ("WO9271570", WorkOrderState::Closed),
            ("WO9271571", WorkOrderState::Cancelled),
        ]
    }

    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[("master_account_id", MASTER_ACCOUNT), ("account_id", ACCOUNT)]
    }
}

fn error(status: u16, message: &str) -> Reply {
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Bad Request",
    };
    let body = object(&[("status", value(&status)), ("error", value(reason)), ("message", value(message))], 1);
    Reply::json(status, body)
}

/// A query parameter that is there once, is not empty and not too long.
fn parameter<'a>(request: &'a Request, name: &str, most: usize) -> Result<&'a str, Reply> {
    match request.head.parameter(name) {
        None | Some("") => Err(error(400, &format!("{name} is mandatory, once."))),
        Some(text) if text.chars().count() > most => {
            Err(error(400, &format!("{name} has more than {most} characters.")))
        }
        Some(text) => Ok(text),
    }
}

fn upload(request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
    let (ticket, name) = match check_upload(request, world) {
        Ok((ticket, name)) => (ticket.to_owned(), name.to_owned()),
        Err(reply) => return Ok(reply),
    };
    let Some(file) = request.form.take_file("file") else {
        return Ok(error(400, "The part file is mandatory."));
    };
    let fields = BTreeMap::from([("createdBy".to_owned(), CREATED_BY.to_owned())]);
    let new = NewFile { work_order: ticket.clone(), name, request_id: None, fields, file };
    let entry = world.accept(request, new, || uuid::Uuid::now_v7().simple().to_string(), now)?;
    let mut fields = attachment(&entry);
    fields.push(("ticketId", value(&ticket)));
    Ok(Reply::json(201, object(&fields, request.number)))
}

fn check_upload<'a>(request: &'a Request, world: &World) -> Result<(&'a str, &'a str), Reply> {
    let ticket = parameter(request, "requestId", TICKET_MAX)?;
    let name = parameter(request, "file_name", NAME_MAX)?;
    if request.form.kind != FormKind::Multipart || request.form.count("file") != 1 {
        return Err(error(400, "The body is multipart/form-data with one part called file."));
    }
    match ticket_found(world, ticket)? {
        WorkOrderState::Closed | WorkOrderState::Cancelled => {
            Err(error(400, &format!("The request {ticket} is closed or cancelled.")))
        }
        _ => Ok((ticket, name)),
    }
}

fn ticket_found(world: &World, ticket: &str) -> Result<WorkOrderState, Reply> {
    world.work_order(ME, ticket).ok_or_else(|| error(404, &format!("There is no request {ticket}.")))
}

fn list(request: &Request, world: &World, now: SystemTime) -> Reply {
    let ticket = request.call.work_order.as_deref().unwrap_or_default();
    if let Err(reply) = ticket_found(world, ticket) {
        return reply;
    }
    let entries: Vec<String> = world
        .listing(request, ticket, now)
        .iter()
        .enumerate()
        .map(|(at, entry)| object(&attachment(entry), request.number + at as u64))
        .collect();
    Reply::json(200, array(&entries))
}

fn attachment(entry: &Entry) -> Vec<(&'static str, String)> {
    vec![
        ("id", value(&entry.remote_id)),
        ("contentType", value("multipart/form-data")),
        ("filename", value(&entry.name)),
        ("hash", value(&entry.hash)),
        ("createdBy", value(&entry.fields.get("createdBy"))),
        ("createdOn", value(&created_on(entry))),
    ]
}

/// `yyyy-MM-dd HH:mm:ss`, UTC.
fn created_on(entry: &Entry) -> Option<String> {
    let at = OffsetDateTime::from(read_stamp(&entry.accepted)?);
    let (date, time) = (at.date(), at.time());
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    ))
}

fn download(request: &Request, world: &World) -> Reply {
    let path = request.head.path();
    let found = match path.as_slice() {
        ["v1", "attachments", ticket, "file", id] => ticket_found(world, ticket).map(|_| world.entry(ME, ticket, id)),
        _ => Ok(None),
    };
    match found {
        Ok(Some(entry)) => world.bytes_of(entry),
        Ok(None) => error(404, "There is no such attachment."),
        Err(reply) => reply,
    }
}
