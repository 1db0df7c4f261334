//! What a work-order system keeps and answers, in memory: the least that the vendors' documents say, written apart from the
//! library and from the sandbox. Time is handed in, in milliseconds.
//!
//! Updates and deletions are CorrigoPro's. One whose `MessageId` was done before is answered and not done again: that is what
//! such an id is for, and without it a late copy of an update could undo the next one.

mod changes;
mod decisiv;
mod field_nation;
mod serial;
mod tus;

use fieldpost::{Answer, AnswerBody, Body, Content, ItemId, Method, Part, Request, Sha256, Sink};
use serde_json::json;
use sha2::Digest as _;

pub(crate) use self::changes::Change;
pub(crate) use self::field_nation::Creation;
use self::field_nation::Folder;
pub(crate) use self::serial::USER;
use self::tus::Resumable;
pub(crate) use self::tus::{Begun, Piece};

/// Which system's shapes it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Corrigo,
    DigitalRealty,
    Serial,
    Decisiv,
    FieldNation,
    Tus,
}

/// A file that it accepted.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) remote_id: String,
    /// The address that it came to: each has its own.
    pub(crate) host: String,
    pub(crate) work_order: String,
    pub(crate) name: String,
    pub(crate) visibility: String,
    pub(crate) content: Vec<u8>,
    /// Whether it is a text, which has no name in a listing.
    pub(crate) is_text: bool,
    /// Who added it, where the system tells.
    pub(crate) by: String,
    /// From when on it is listed.
    pub(crate) listed_from: u64,
    /// It was deleted since.
    pub(crate) deleted: bool,
}

/// What it is told to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// How long after an acceptance the file is listed, at most.
    pub(crate) lag: u64,
    /// Whether its listings hide files at times, for ever: nothing that it lists proves absence.
    pub(crate) hides: bool,
    /// What its listings make of a name. Our marker stays, in some case.
    pub(crate) naming: Naming,
    /// Whether its listings tell sizes.
    pub(crate) sizes: bool,
}

/// What a listing makes of the names that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    AsSent,
    Shouted,
    Copied,
    WithoutExtension,
    /// Nothing of it is left: only Serial does that.
    Renamed,
}

impl Naming {
    fn listed(self, entry: &Entry) -> String {
        let name = entry.name.as_str();
        match self {
            Naming::Renamed => format!("file of {}", entry.remote_id),
            Naming::AsSent => name.to_owned(),
            Naming::Shouted => name.to_uppercase(),
            Naming::Copied => format!("Copy of {name}"),
            Naming::WithoutExtension => name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
        }
    }
}

pub(crate) struct Server {
    pub(crate) speech: Speech,
    pub(crate) manner: Manner,
    pub(crate) token: String,
    pub(crate) entries: Vec<Entry>,
    /// Folders that were created.
    created: Vec<Folder>,
    /// Uploads that were created, whole or not.
    resumables: Vec<Resumable>,
    /// Work orders that take nothing any more.
    pub(crate) closed: Vec<String>,
    /// It has its other address now.
    pub(crate) moved: bool,
    /// The `MessageId`s of the updates and deletions that were done.
    done: Vec<String>,
    next: u64,
}

/// An upload, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    host: String,
    work_order: String,
    /// The folder, where the system has some.
    folder: Option<u64>,
    name: String,
    visibility: String,
    content: Vec<u8>,
    is_text: bool,
}

impl Upload {
    /// The name that was sent.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where it shall go.
    pub(crate) fn work_order(&self) -> &str {
        &self.work_order
    }
}

impl Server {
    pub(crate) fn new(speech: Speech, manner: Manner) -> Self {
        let token = "token-0".to_owned();
        let (entries, created, closed, done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let resumables = Vec::new();
        Server { speech, manner, token, entries, created, resumables, closed, moved: false, done, next: 0 }
    }

    pub(crate) fn url(&self) -> &'static str {
        match (self.speech, self.moved) {
            (Speech::Corrigo, false) => "https://corrigo.invalid",
            (Speech::Corrigo, true) => "https://moved.corrigo.invalid",
            (Speech::DigitalRealty, false) => "https://digitalrealty.invalid",
            (Speech::DigitalRealty, true) => "https://moved.digitalrealty.invalid",
            (Speech::Serial, false) => "https://serial.invalid",
            (Speech::Serial, true) => "https://moved.serial.invalid",
            (Speech::Decisiv, false) => "https://decisiv.invalid",
            (Speech::Decisiv, true) => "https://moved.decisiv.invalid",
            (Speech::FieldNation, false) => "https://fieldnation.invalid",
            (Speech::FieldNation, true) => "https://moved.fieldnation.invalid",
            (Speech::Tus, false) => "https://tus.invalid/files",
            (Speech::Tus, true) => "https://moved.tus.invalid/files",
        }
    }

    /// Whether it takes a token: its secret, and whose it is.
    pub(crate) fn takes(&self, token: Option<&str>) -> bool {
        token.and_then(|token| token.split(' ').next()) == Some(&self.token)
    }

    pub(crate) fn work_orders(&self) -> [&'static str; 2] {
        match self.speech {
            Speech::Corrigo => ["10234", "10235"],
            Speech::DigitalRealty => ["WO1", "WO2"],
            Speech::Serial => ["1007", "1008"],
            Speech::Decisiv => ["C-7", "C-8"],
            Speech::FieldNation => ["9007", "9008"],
            Speech::Tus => ["house 7", "house 8"],
        }
    }

    /// Another token is wanted from now on.
    pub(crate) fn rotate(&mut self) {
        self.next += 1;
        self.token = format!("token-{}", self.next);
    }

    /// Reads an upload; `None` for what is none.
    pub(crate) fn upload(&self, request: &Request, file: &[u8]) -> Option<Upload> {
        let adds = if self.speech == Speech::Serial { Method::Put } else { Method::Post };
        let Body::Multipart(parts) = &request.body else { return None };
        if request.method != adds {
            return None;
        }
        let query = |wanted: &str| {
            request.url.query_pairs().find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned())
        };
        let (mut folder, mut says) = (None, None);
        let (work_order, name) = match self.speech {
            Speech::Corrigo => (text(parts, "WorkOrderId")?, text(parts, "Name")?),
            Speech::DigitalRealty => (query("requestId")?, query("file_name")?),
            Speech::Serial => {
                let (work_order, name, value) = serial::upload(request)?;
                says = value;
                (work_order, name)
            }
            Speech::Decisiv => decisiv::upload(request)?,
            Speech::FieldNation => {
                let (work_order, name, id) = field_nation::upload(request)?;
                folder = Some(id);
                (work_order, name)
            }
            Speech::Tus => return None,
        };
        let visibility = text(parts, "MessageVisibility").unwrap_or_else(|| "All".to_owned());
        let is_text = says.is_some();
        let content = says.map_or_else(|| file.to_vec(), String::into_bytes);
        Some(Upload { host: host(request), work_order, folder, name, visibility, content, is_text })
    }

    /// A file that `by` added, nobody here.
    pub(crate) fn own(&mut self, remote_id: &str, by: &str) {
        let host = self.url().trim_start_matches("https://").to_owned();
        let (name, work_order) = ("Their plan.pdf".to_owned(), self.work_orders()[0].to_owned());
        let (visibility, content, by) = ("All".to_owned(), b"their plan".to_vec(), by.to_owned());
        let remote_id = remote_id.to_owned();
        let (listed_from, deleted, is_text) = (0, false, false);
        self.entries.push(Entry {
            remote_id,
            host,
            work_order,
            name,
            visibility,
            content,
            is_text,
            by,
            listed_from,
            deleted,
        });
    }

    /// Someone adds a file from elsewhere.
    pub(crate) fn add_theirs(&mut self, by: &str) {
        self.next += 1;
        self.own(&format!("t{}", self.next), by);
    }

    /// The refusal of what is wanted of a work order, in the system's own words, if it has one.
    pub(crate) fn refusal(&self, work_order: &str) -> Option<Answer> {
        let closed = self.closed.iter().any(|closed| closed == work_order) && self.speech == Speech::Corrigo;
        closed.then(|| answer(400, &json!({"Code": 3001, "Message": "The work order is closed."})))
    }

    /// Accepts an upload at `now`; `listed_from` as the world says.
    pub(crate) fn accept(&mut self, upload: Upload, now: u64, listed_from: u64) -> Answer {
        self.next += 1;
        let Upload { host, work_order, folder, name, visibility, content, is_text } = upload;
        let remote_id = folder.map_or(format!("r{}", self.next), |folder| format!("{folder}/{}", self.next));
        let (id, hash, at) = (remote_id.clone(), hex(&content), (host.clone(), work_order.clone()));
        let (by, deleted) = (USER.to_owned(), false);
        self.entries.push(Entry {
            remote_id: id,
            host,
            work_order,
            name,
            visibility,
            content,
            is_text,
            by,
            listed_from,
            deleted,
        });
        match self.speech {
            Speech::Corrigo => answer(200, &json!({"AttachmentId": remote_id, "MessageId": "m"})),
            Speech::DigitalRealty => answer(200, &json!({"id": remote_id, "hash": hash})),
            Speech::Tus => unreachable!("it takes no forms"),
            Speech::Decisiv => decisiv::added(self.entries.last().expect("just taken"), self.manner),
            Speech::FieldNation => {
                // Not all of it: the first page.
                let there = self.entries.iter().filter(|e| (&e.host, &e.work_order) == (&at.0, &at.1));
                let told: Vec<&Entry> = there.filter(|e| e.listed_from <= now || e.remote_id == remote_id).collect();
                field_nation::whole(&at.1, &self.folders(&at.0, &at.1), &told, self.manner)
            }
            Speech::Serial => {
                // It tells of the one that it took, whatever else it lists by now.
                let there = self.entries.iter().filter(|e| (&e.host, &e.work_order) == (&at.0, &at.1));
                let told: Vec<&Entry> = there.filter(|e| e.listed_from <= now || e.remote_id == remote_id).collect();
                serial::work_order(&at.1, &told, self.manner.naming)
            }
        }
    }

    /// Answers what only reads, at `now`. `hide`: this time it hides what it likes, if that is its manner.
    pub(crate) fn read(&self, request: &Request, now: u64, hide: impl Fn(&Entry) -> bool) -> Answer {
        let segments: Vec<_> = request.url.path_segments().into_iter().flatten().collect();
        let query = |wanted: &str| {
            request.url.query_pairs().find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned())
        };
        let host = host(request);
        let seen = |work_order: &str| -> Vec<&Entry> {
            let listed = |entry: &&Entry| entry.host == host && entry.listed_from <= now && !entry.deleted;
            let there = self.entries.iter().filter(|entry| entry.work_order == work_order).filter(listed);
            there.filter(|entry| !self.manner.hides || !hide(entry)).collect()
        };
        match (self.speech, segments.as_slice()) {
            (Speech::Tus, _) => self.tells(request),
            (Speech::Corrigo, ["api", "attachments"]) => {
                let list = seen(&query("WorkOrderId").unwrap_or_default());
                let list: Vec<_> = list
                    .iter()
                    .map(|e| {
                        let size = if self.manner.sizes { json!(e.content.len()) } else { json!(null) };
                        json!({"AttachmentId": e.remote_id, "Name": self.manner.naming.listed(e), "Size": size})
                    })
                    .collect();
                answer(200, &json!(list))
            }
            (Speech::Serial, ["work-orders", work_order]) => {
                serial::work_order(work_order, &seen(work_order), self.manner.naming)
            }
            (Speech::Corrigo, ["api", "attachments", "downloadUrl"]) => {
                let id = query("AttachmentId").unwrap_or_default();
                answer(200, &json!(format!("https://files.invalid/{id}")))
            }
            (Speech::DigitalRealty, ["v1", "attachments", work_order]) => {
                let list: Vec<_> = seen(work_order)
                    .iter()
                    .map(|e| json!({"id": e.remote_id, "filename": self.manner.naming.listed(e), "hash": hex(&e.content)}))
                    .collect();
                answer(200, &json!(list))
            }
            (Speech::FieldNation, ["workorders", work_order, "attachments"]) => {
                let asked = query("page").and_then(|page| page.parse().ok());
                field_nation::page(&self.folders(&host, work_order), &seen(work_order), self.manner, asked)
            }
            (Speech::Decisiv, ["cases", case, "attachments"]) => decisiv::list(&seen(case), self.manner),
            (Speech::Decisiv, ["cases", case, "attachments", id]) => {
                match seen(case).into_iter().find(|entry| entry.remote_id == *id) {
                    Some(entry) => decisiv::one(entry, self.manner),
                    None => answer(404, &json!({"Message": "no such attachment"})),
                }
            }
            (Speech::DigitalRealty, ["v1", "attachments", _, "file", id])
            | (Speech::Decisiv, ["files", id])
            | (Speech::Corrigo, [id]) => match self.entries.iter().find(|entry| entry.remote_id == *id) {
                Some(entry) => file(&entry.content, request.sink),
                None => answer(404, &json!({"Message": "no such file"})),
            },
            _ => answer(404, &json!({"Message": "no such thing"})),
        }
    }

    /// What it ever took of an item: the entries with its marker, also those that were deleted since.
    pub(crate) fn holds(&self, id: ItemId) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| id.marker().is_in(&entry.name)).collect()
    }
}

/// The text of a form's part.
fn text(parts: &[Part], wanted: &str) -> Option<String> {
    parts.iter().find(|part| part.name == wanted).and_then(|part| match &part.content {
        Content::Text(text) | Content::Document { text, .. } => Some(text.clone()),
        Content::File { .. } | Content::Base64File { .. } => None,
    })
}

fn host(request: &Request) -> String {
    request.url.host_str().unwrap_or_default().to_owned()
}

/// A JSON answer.
pub(crate) fn answer(status: u16, body: &serde_json::Value) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status, headers, body: AnswerBody::Kept(body.to_string().into_bytes()) }
}

/// A web page.
pub(crate) fn page(status: u16) -> Answer {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    Answer { status, headers, body: AnswerBody::Kept(b"<!doctype html><title>hello</title>".to_vec()) }
}

fn file(content: &[u8], sink: Sink) -> Answer {
    let body = match sink {
        Sink::Memory => AnswerBody::Kept(content.to_vec()),
        Sink::Hash => AnswerBody::Hashed { bytes: content.len() as u64, sha256: sha256(content) },
    };
    Answer { status: 200, headers: vec![("content-type".to_owned(), "application/octet-stream".to_owned())], body }
}

pub(crate) fn sha256(content: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(content).into())
}

fn hex(content: &[u8]) -> String {
    sha256(content).to_string()
}
