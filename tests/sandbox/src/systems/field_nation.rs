//! Field Nation's attachments of a work order, as its REST v2 pages have them.
//!
//! | request, below `/api/rest/v2/workorders/{work_order_id}` | wants | answers |
//! |---|---|---|
//! | `GET /attachments` | `page`, `per_page` in the query, if at all | folders of files |
//! | `POST /attachments` | JSON `name` | the whole work order |
//! | `DELETE /attachments/{folder_id}` | a folder that was made | the whole work order |
//! | `POST /attachments/{folder_id}` | a form of `file`, perhaps `notes` | the whole work order |
//! | `PUT /attachments/{folder_id}/{attachment_id}` | JSON of the documented fields, any of them | the whole work order |
//! | `DELETE /attachments/{folder_id}/{attachment_id}` | - | the whole work order |
//! | `GET /signatures`, `POST /signatures` | JSON in one of two shapes | signatures; the whole work order |
//! | `GET` of a file's `link` | no token | the bytes |
//!
//! The token is `access_token` in the query; `acting_user_id` there is an integer. Where the pages are silent: all answers are
//! 200; a folder of a name that is there already is another one; a folder goes with its files, `Documents` and `Misc` never
//! go; `page` counts through the folders, and where a page has not all files of its folders then through those folders again
//! with their next files; a field of an update that is not documented is refused; a full folder and a file of another type than
//! the listed ones get 400, a folder without the action `upload` 403; links live 15 minutes; no state refuses anything.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use axum::http::Method;
use serde_json::{Map, Value};

use crate::answer::Reply;
use crate::dialect::Dialect;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::folders::{FOLDER_ID, FirstFolder, Folder, MADE, UPLOAD};
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Call, FormKind, Head, Request};
use crate::systems::System;
use crate::world::{NewFile, Origin, World};

mod refusal;
mod signature;
mod speech;

use refusal::{Refusal, Stop};

pub(super) struct FieldNation;

const ME: Provider = Provider::FieldNation;

const BASE: &str = "/api/rest/v2";
const TOKEN: &str = "access_token";
const FILE: &str = "file";
const NOTES: &str = "notes";
const ACTING_USER: &str = "acting_user_id";
const STATUSES: [&str; 3] = ["PENDING", "APPROVED", "DENIED"];
const EXTENSIONS: [&str; 10] = ["jpg", "jpeg", "png", "gif", "pdf", "doc", "docx", "xls", "xlsx", "csv"];

type Answer = Result<Reply, Stop>;

impl System for FieldNation {
    fn base(&self) -> &'static str {
        BASE
    }

    fn identify(&self, head: &Head) -> Option<Call> {
        let path = head.path();
        let (work_order, below) = below_work_order(&path)?;
        let operation = match (below, &head.method) {
            (["attachments"] | ["signatures"], &Method::GET) => Operation::List,
            (["attachments"], &Method::POST) => Operation::CreateFolder,
            (["attachments", _] | ["signatures"], &Method::POST) => Operation::Upload,
            (["attachments", _], &Method::DELETE) => Operation::DeleteFolder,
            (["attachments", _, _], &Method::PUT) => Operation::Update,
            (["attachments", _, _], &Method::DELETE) => Operation::Delete,
            _ => return None,
        };
        Some(Call::new(operation, Some(&self.work_order_id(work_order))))
    }

    fn token<'a>(&self, head: &'a Head) -> Option<&'a str> {
        head.parameter(TOKEN).filter(|token| !token.is_empty())
    }

    fn token_parameter(&self) -> Option<&'static str> {
        Some(TOKEN)
    }

    fn file_part(&self) -> &'static str {
        FILE
    }

    fn work_order_id(&self, given: &str) -> String {
        integer(given).map_or_else(|| given.to_owned(), |number| number.to_string())
    }

    fn folders(&self) -> &'static [FirstFolder] {
        &[
            FirstFolder { id: "1", name: "Documents", kind: "document" },
            FirstFolder { id: "2270", name: "Misc", kind: MADE },
        ]
    }

    /// Without the folder that a client may put before it.
    fn entry_id<'a>(&self, given: &'a str) -> &'a str {
        given.rsplit_once('/').map_or(given, |(_, file)| file)
    }

    fn handle(&self, request: &mut Request, world: &mut World, now: SystemTime) -> io::Result<Reply> {
        match answer(request, world, now) {
            Ok(reply) => Ok(reply),
            Err(Stop::Refused(refusal)) => Ok(refusal.reply(&world.dialect)),
            Err(Stop::Disk(e)) => Err(e),
        }
    }

    fn unauthorized(&self, dialect: &Dialect) -> Reply {
        refusal::of_token(dialect)
    }

    fn malformed(&self, why: &str, dialect: &Dialect) -> Reply {
        Refusal::validation(format!("The body cannot be read: {why}")).reply(dialect)
    }

    fn unknown(&self, dialect: &Dialect) -> Reply {
        Refusal::missing("Resource not found").reply(dialect)
    }

    fn too_many(&self, wait: Option<u32>) -> Reply {
        refusal::too_many(wait)
    }

    fn work_orders(&self) -> &'static [(&'static str, WorkOrderState)] {
        &[("90001", WorkOrderState::Open), ("90002", WorkOrderState::Open), ("90003", WorkOrderState::Open)]
    }
}

/// The work order, and what is asked of it.
fn below_work_order<'a>(path: &'a [&'a str]) -> Option<(&'a str, &'a [&'a str])> {
    match path {
        ["api", "rest", "v2", "workorders", work_order, below @ ..] => Some((work_order, below)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

/// What every call says besides.
struct Job {
    work_order: String,
    acting_user: Option<String>,
    folder: Option<String>,
    file: Option<String>,
}

impl Job {
    fn of(request: &Request, world: &World) -> Result<Self, Refusal> {
        let path = request.head.path();
        let below = below_work_order(&path).map_or(&[][..], |(_, below)| below);
        let id = |at: usize, what: &str| match below.get(at) {
            None => Ok(None),
            Some(text) => integer(text)
                .map(|id| Some(id.to_string()))
                .ok_or_else(|| Refusal::validation(format!("{what} is not an integer"))),
        };
        let (folder, file) = (id(1, "folder_id")?, id(2, "attachment_id")?);
        let work_order = request.call.work_order.clone().unwrap_or_default();
        if integer(&work_order).is_none() {
            return Err(Refusal::validation("work_order_id is not an integer"));
        }
        if world.work_order(ME, &work_order).is_none() {
            return Err(Refusal::missing("Work order not found"));
        }
        let acting = request.head.query.iter().filter(|(name, _)| name == ACTING_USER).map(|(_, user)| user.clone());
        let acting: Vec<String> = acting.collect();
        match acting.as_slice() {
            [] => Ok(Self { work_order, acting_user: None, folder, file }),
            [user] if integer(user).is_some() => Ok(Self { work_order, acting_user: Some(user.clone()), folder, file }),
            _ => Err(Refusal::validation("acting_user_id is not an integer, or stands there more than once")),
        }
    }

    fn folder(&self, world: &World) -> Result<Folder, Refusal> {
        let id = self.folder.as_deref().unwrap_or_default();
        world.folder(ME, &self.work_order, id).ok_or_else(|| Refusal::missing("Attachment folder not found"))
    }

    /// The attachment, in its own folder.
    fn entry(&self, world: &World) -> Result<Entry, Refusal> {
        let folder = self.folder(world)?;
        let entry = world.entry(ME, &self.work_order, self.file.as_deref().unwrap_or_default());
        let entry = entry.filter(|entry| entry.fields.get(FOLDER_ID) == Some(&folder.id));
        entry.cloned().ok_or_else(|| Refusal::missing("Attachment not found"))
    }
}

fn answer(request: &mut Request, world: &mut World, now: SystemTime) -> Answer {
    let job = Job::of(request, world)?;
    let of_signatures = request.head.segments.last().is_some_and(|last| last == "signatures");
    match request.call.operation {
        Operation::List if of_signatures => Ok(speech::signatures(request, world, &job.work_order, now)?),
        Operation::List => list(request, world, &job, now),
        Operation::Upload if of_signatures => signature::add(request, world, &job, now),
        Operation::Upload => upload(request, world, &job, now),
        Operation::Update => update(request, world, &job, now),
        Operation::Delete => {
            let entry = job.entry(world)?;
            world.delete(&entry, Origin::client(request, None), now)?;
            whole(request, world, &job, now)
        }
        Operation::CreateFolder => create_folder(request, world, &job, now),
        Operation::DeleteFolder => delete_folder(request, world, &job, now),
        _ => Err(Refusal::missing("Resource not found").into()),
    }
}

/// The whole work order.
fn whole(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    Ok(speech::work_order(request, world, &job.work_order, now)?)
}

fn list(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let window = speech::Window::asked(request, &world.dialect)?;
    let body = speech::attachments(request, world, &job.work_order, window, now);
    Ok(Reply::json(200, body))
}

fn upload(request: &mut Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let (name, fields) = check_upload(request, world, job)?;
    let file = request.form.take_file(FILE).ok_or_else(|| Refusal::validation("file is required"))?;
    let new = NewFile { work_order: job.work_order.clone(), name, request_id: None, fields, file };
    let mut next = world.next_number(ME)..;
    world.accept(request, new, || next.next().unwrap_or_default().to_string(), now)?;
    whole(request, world, job, now)
}

fn check_upload(request: &Request, world: &World, job: &Job) -> Result<(String, BTreeMap<String, String>), Refusal> {
    let folder = job.folder(world)?;
    if !folder.rules.actions.iter().any(|action| action == UPLOAD) {
        return Err(Refusal::forbidden("You may not upload into this folder"));
    }
    let form = &request.form;
    if form.kind != FormKind::Multipart || form.count(FILE) != 1 || form.count(NOTES) > 1 {
        return Err(Refusal::validation("The body is multipart/form-data with one file, and notes at most once"));
    }
    let file = form.file(FILE).ok_or_else(|| Refusal::validation("file is not a file"))?;
    let name = form.part(FILE).and_then(|part| part.file_name.clone()).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    if !EXTENSIONS.contains(&extension.as_str()) {
        return Err(Refusal::validation(format!("file is none of {}", EXTENSIONS.join(", "))));
    }
    match file.bytes {
        0 => return Err(Refusal::validation("file is empty")),
        bytes if bytes > world.field_nation_max_bytes => return Err(Refusal::too_large()),
        _ => {}
    }
    let within = world
        .entries()
        .iter()
        .filter(|e| e.system == ME && e.work_order == job.work_order && e.fields.get(FOLDER_ID) == Some(&folder.id));
    if folder.rules.max_files.is_some_and(|most| within.count() >= most as usize) {
        return Err(Refusal::validation("The folder takes no more files"));
    }
    let mut fields = BTreeMap::from([
        (FOLDER_ID.to_owned(), folder.id),
        ("folder".to_owned(), folder.name),
        ("status".to_owned(), STATUSES[0].to_owned()),
    ]);
    if form.count(NOTES) == 1 {
        let notes = form.text(NOTES).ok_or_else(|| Refusal::validation("notes is a file, not a text"))?;
        fields.insert(NOTES.to_owned(), notes.to_owned());
    }
    if let Some(user) = &job.acting_user {
        fields.insert(ACTING_USER.to_owned(), user.clone());
    }
    Ok((name, fields))
}

/// The body as a JSON object.
fn json(request: &Request) -> Result<Map<String, Value>, Refusal> {
    let text = match request.form.kind {
        FormKind::Json => request.form.text(""),
        _ => None,
    };
    let text = text.ok_or_else(|| Refusal::validation("The body is not application/json"))?;
    serde_json::from_str(text).map_err(|e| Refusal::validation(format!("The body is no JSON object: {e}")))
}

fn update(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let mut entry = job.entry(world)?;
    for (name, field) in json(request)? {
        let text = changed(&name, &field).ok_or_else(|| Refusal::validation(format!("{name} cannot be {field}")))?;
        entry.fields.insert(name, text);
    }
    if let Some(user) = &job.acting_user {
        entry.fields.insert(ACTING_USER.to_owned(), user.clone());
    }
    world.update(entry, Origin::client(request, None), now)?;
    whole(request, world, job, now)
}

/// A field of an update as it is kept; `None`: not documented, or not of that type.
fn changed(name: &str, field: &Value) -> Option<String> {
    match (name, field) {
        (NOTES | "status_description", Value::String(text)) => Some(text.clone()),
        ("status", Value::String(text)) if STATUSES.contains(&text.as_str()) => Some(text.clone()),
        ("show_before_assignment" | "schedule_request" | "eta_check", Value::Bool(yes)) => Some(yes.to_string()),
        ("completed_at_date", Value::Number(at)) => Some(at.to_string()),
        _ => None,
    }
}

fn create_folder(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let object = json(request)?;
    let name = match object.get("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
        _ => return Err(Refusal::validation("name is required, and a text").into()),
    };
    let listed_from = request.traits.iter().find_map(|fault| match fault {
        Fault::ListLate { after } => Some(now + *after),
        _ => None,
    });
    let place = (ME, job.work_order.as_str(), name.as_str());
    world.make_folder(place, listed_from, Origin::client(request, None), now)?;
    if request.traits.contains(&Fault::AcceptTwice) {
        world.make_folder(place, listed_from, Origin::fault(request), now)?;
    }
    whole(request, world, job, now)
}

fn delete_folder(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let folder = job.folder(world)?;
    let place = (ME, job.work_order.as_str(), folder.id.as_str());
    match world.delete_folder(place, Origin::client(request, None), now)? {
        true => whole(request, world, job, now),
        false => Err(Refusal::forbidden("Every work order has this folder").into()),
    }
}
