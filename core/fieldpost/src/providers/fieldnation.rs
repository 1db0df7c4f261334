//! Field Nation, REST v2: files in the folders of a work order, JSON, no hash, the token in the query. The answer to an upload is
//! the whole work order: our file found in it, by name and size, is the proof. A file's id here is `FOLDER/FILE`.
//!
//! ```text
//! upload:  GET .../attachments, all pages --> the folder --> POST .../attachments/{folder} --> our file in the answer: delivered
//!             \-- no such folder: POST .../attachments --> created or refused --> GET again --> the lowest id of that name, as above
//! look:    GET .../attachments, all pages --> the files of all folders --> done
//! ```
//!
//! Until the upload itself is sent nothing of it can be there, whatever becomes of the requests before it: none of them leaves a
//! doubt. A creation whose answer is lost leaves a folder at most, which the next try finds. One creation of a folder goes at a
//! time; another phone may create it at the same time all the same, and of two of one name all take the lowest id.
//!
//! Reading folders: [`folders`]. Updates and deletions: [`change`]. What a person asks: [`asking`]. Signatures, where they go to an
//! endpoint of their own: [`signatures`].

use serde::{Deserialize, Serialize};
use url::Url;

use self::folders::{Folder, Pages};
use super::outcome::{self, Reading, Unread};
use super::reading::{Asked, Question};
use super::recognise::{Sighting, recognise};
use super::settings::{is_line, is_number};
use super::{
    Cursor, Doubt, Draft, Effect, Hold, Level, Looked, Outcome, Provider, Setting, Step, address, bad_address, json,
    words,
};
use crate::model::{
    Action, Answer, Auth, Body, Bytes, Capabilities, Content, Exchange, Method, Operation, Part, Reason, RemoteId,
    Request, Sink, Snapshot, Why,
};

/// The system.
pub(crate) struct FieldNation;

/// "Typically 10 MB": what photos are fitted under. It is what the vendor's pages call usual; a customer's own may be another.
const FITS: Bytes = Bytes(10_000_000);

/// The most that 10 MB can mean: only what is larger is refused before it is sent.
const TOO_LARGE_OVER: u64 = 10 * 1024 * 1024;

/// What it takes, by extension.
const EXTENSIONS: &[&str] = &["jpg", "jpeg", "png", "gif", "pdf", "doc", "docx", "xls", "xlsx", "csv"];

/// The same, by MIME type.
const TYPES: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
];

/// What nobody here can make a JPEG of: refused as it was captured. Any other photo may still become one.
const UNDECODABLE: &[&str] = &["heic", "heif", "avif"];

/// A folder that every work order has.
const DEFAULT_FOLDER: &str = "Misc";

/// Of a folder's name no limit is documented: what a file system takes.
const LONGEST_FOLDER: usize = 255;

const SETTINGS: &[Setting] = &[
    Setting {
        key: "folder",
        required: false,
        level: Level::Account,
        accepts: |v| is_line(v, LONGEST_FOLDER),
        expects: "the name of a folder, 1 to 255 characters: where what names none of its own goes (default Misc)",
    },
    Setting {
        key: "acting_user_id",
        required: false,
        level: Level::Account,
        accepts: is_number,
        expects: "the number of the user on whose behalf it all happens",
    },
    Setting {
        key: "signatures",
        required: false,
        level: Level::Account,
        accepts: |v| matches!(v, "file" | "endpoint"),
        expects: "file or endpoint: whether a signature goes into its folder, like all else (default), or to the work order's signatures",
    },
];

/// The token's place.
const AUTH: Auth = Auth::Query("access_token");

/// Where it stands between two exchanges.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// A page of the list was asked for, to find the folder.
    Find(Finding),
    /// The folder's creation was sent.
    Create,
    /// The upload was sent.
    Upload,
    /// The signature was sent, in this shape.
    Sign(signatures::Shape),
    /// The signatures were asked for, to look.
    Signatures,
    /// The update or the deletion was sent.
    Change,
    /// A page of the list was asked for, to look.
    List(Pages),
}

/// What is known of the folder so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Finding {
    pages: Pages,
    /// What came of creating it, where that was tried.
    creation: Option<Creation>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Creation {
    Done,
    Refused(Why),
}

impl Provider for FieldNation {
    fn capabilities(&self) -> Capabilities {
        let operations = &["upload", "list", "download", "update", "delete", "folders"];
        Capabilities { max_bytes: Some(FITS), max_name: None, types: Some(TYPES), operations }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn changes(&self) -> &'static [Setting] {
        change::CHANGES
    }

    fn is_folder(&self, id: &RemoteId) -> bool {
        is_number(&id.0)
    }

    fn is_attachment(&self, id: &RemoteId) -> bool {
        let parts = id.0.split_once('/');
        parts.is_some_and(|(folder, file)| (is_number(folder) || folder == signatures::PLACE) && is_number(file))
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        let signs = signatures::go_here(draft.kind, draft.settings);
        let refused = if signs { signatures::type_not_accepted(draft) } else { type_not_accepted(draft) };
        if let Some(why) = work_order_not_valid(draft.work_order).or(refused) {
            return Some(why);
        }
        let bytes = draft.bytes.filter(|bytes| *bytes > TOO_LARGE_OVER)?;
        Some(Why::new(Reason::TooLarge, format!("{}, typically at most {FITS}", Bytes(bytes))))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return change::begin(snapshot);
        }
        match self.preflight(&Draft::of(snapshot)) {
            Some(why) => Step::Done(Outcome::Blocked(why)),
            None if signatures::is_one(snapshot) => signatures::begin(snapshot),
            None => find(snapshot, Finding::default()),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        match at.place() {
            Some(At::Find(finding)) => listed(snapshot, finding, got),
            Some(At::Create) => created(snapshot, got),
            Some(At::Upload) => Step::Done(uploaded(snapshot, got)),
            Some(At::Sign(shape)) => signatures::answered(snapshot, shape, got),
            Some(At::Change) => Step::Done(change::answered(snapshot, got)),
            Some(At::List(_) | At::Signatures) | None => {
                Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None)))
            }
        }
    }

    /// The signatures are a list of their own.
    fn shares_trust(&self, snapshot: &Snapshot) -> bool {
        !signatures::is_one(snapshot)
    }

    /// The whole work order, read on behalf of the same user; or its signatures.
    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        let reader = |s: &Snapshot| (s.setting("acting_user_id").map(str::to_owned), signatures::is_one(s));
        (&one.base_url, &one.work_order) == (&other.base_url, &other.work_order) && reader(one) == reader(other)
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        match doubts.first().filter(|doubt| signatures::is_one(doubt)) {
            Some(doubt) => signatures::look(doubt),
            None => look(doubts, Pages::default()),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        let mut pages = match at.place() {
            Some(At::List(pages)) => pages,
            Some(At::Signatures) => return Step::Done(signatures::looked(got)),
            _ => return Step::Done(Looked::Stopped), // at no place of a look: it begins again
        };
        match outcome::read_at(got, refuses_token, folders::page) {
            Ok(page) => pages.add(page),
            Err(Unread::CannotTell { .. }) if pages.have_begun() => pages.end(),
            Err(unread) => return Step::Done(unread.into()),
        }
        if pages.lack_files() && pages.next().is_some() {
            return look(doubts, pages);
        }
        Step::Done(Looked::Listed(pages.into_listing()))
    }

    fn refusal(&self, answer: &Answer, missing: Reason) -> Option<Why> {
        refusal(answer, missing)
    }

    fn ask(&self, place: &Snapshot, question: &Question) -> Asked {
        asking::ask(place, question)
    }

    fn resume_ask(&self, place: &Snapshot, question: &Question, at: &Cursor, got: &Exchange) -> Asked {
        asking::resume(place, question, at, got)
    }
}

/// Asks for the next page of the list, to look.
fn look(doubts: &[Snapshot], pages: Pages) -> Step<Looked> {
    match doubts.first().map_or_else(|| Err(bad_address()), |doubt| list(doubt, &pages)) {
        Ok(request) => ask(request, Effect::Reads, &At::List(pages)),
        Err(why) => Step::Done(Looked::CannotTell { status: None, why }),
    }
}

/// Asks for the next page of the list, to find the folder.
fn find(snapshot: &Snapshot, finding: Finding) -> Step<Outcome> {
    match list(snapshot, &finding.pages) {
        Ok(request) => ask(request, Effect::Reads, &At::Find(finding)),
        Err(why) => Step::Done(Outcome::Blocked(why)),
    }
}

/// A page of the list was answered.
fn listed(snapshot: &Snapshot, mut finding: Finding, got: &Exchange) -> Step<Outcome> {
    let refused = |answer: &Answer| refusal(answer, Reason::WorkOrderMissing);
    match outcome::read_first(got, &Reading { proof: &folders::page, refusal: &refused, refuses_token }) {
        Ok(page) => finding.pages.add(page),
        // There is no such page: the list ends here, and its totals tell whether that was all.
        Err(Outcome::Blocked(_)) if finding.pages.have_begun() => finding.pages.end(),
        Err(outcome) => return Step::Done(outcome),
    }
    let pages = &finding.pages;
    if pages.lack_folders() && pages.next().is_some() {
        return find(snapshot, finding);
    }
    let next = match pages.named(folder(snapshot)) {
        Some(found) => fill(snapshot, found),
        None => missing(snapshot, &finding),
    };
    next.unwrap_or_else(Step::Done)
}

/// Sends the upload into `found`, if that takes it.
fn fill(snapshot: &Snapshot, found: &Folder) -> Result<Step<Outcome>, Outcome> {
    if let Some(why) = closed(found) {
        return Err(Outcome::Blocked(why));
    }
    let request = upload(snapshot, found.id).map_err(Outcome::Blocked)?;
    Ok(ask(request, Effect::Changes, &At::Upload))
}

/// The list shows no such folder: it is created, once. Whatever hinders that, nothing of the upload has left.
fn missing(snapshot: &Snapshot, finding: &Finding) -> Result<Step<Outcome>, Outcome> {
    let again = |detail: &str| {
        let (reason, detail) = (Reason::ServerBusy, Some(detail.to_owned()));
        Err(Outcome::Wait(Hold { reason, detail, asked: None }))
    };
    match &finding.creation {
        Some(Creation::Refused(why)) => Err(Outcome::Blocked(not_created(folder(snapshot), why))),
        Some(Creation::Done) => again("the folder was created, but is not listed yet"),
        None if finding.pages.lack_folders() => again("the list of folders is not complete"),
        None => {
            let request = create(snapshot).map_err(Outcome::Blocked)?;
            Ok(ask(request, Effect::Makes { what: folders::called(folder(snapshot)) }, &At::Create))
        }
    }
}

/// The creation was answered. Whatever the answer, the list is read again: another phone may have created the folder at the same
/// time, and of two of one name all have to take the same. What fails otherwise goes again from the beginning.
fn created(snapshot: &Snapshot, got: &Exchange) -> Step<Outcome> {
    let refused = |answer: &Answer| refusal(answer, Reason::WorkOrderMissing);
    let answered = |answer: &Answer| Some(folders::page(answer).unwrap_or_default());
    let finding = match outcome::read_first(got, &Reading { proof: &answered, refusal: &refused, refuses_token }) {
        Ok(page) => Finding { pages: Pages::knowing(page), creation: Some(Creation::Done) },
        Err(Outcome::Blocked(why)) => Finding { creation: Some(Creation::Refused(why)), ..Finding::default() },
        Err(outcome) => return Step::Done(outcome),
    };
    find(snapshot, finding)
}

/// The upload was answered with the whole work order, or a page of its attachments. What is not in it may be there all the same;
/// what is in it twice needs a look, which tells the surplus.
fn uploaded(snapshot: &Snapshot, got: &Exchange) -> Outcome {
    let refused = |answer: &Answer| match refusal(answer, Reason::FolderMissing) {
        // It was there a moment ago: the next try finds another, or creates it.
        Some(why) if why.reason == Reason::FolderMissing => Some(why.action(Action::Retry)),
        why => why,
    };
    let ours = |answer: &Answer| {
        let entries = Pages::knowing(folders::page(answer)?).into_listing().entries;
        match recognise(&entries, snapshot, &|_| false) {
            Sighting::Ours { remote_id, surplus } => surplus.is_empty().then_some(remote_id),
            _ => None,
        }
    };
    match outcome::changed(got, &Reading { proof: &ours, refusal: &refused, refuses_token }) {
        Ok(remote_id) => Outcome::Delivered(remote_id),
        Err(outcome) => outcome,
    }
}

/// The folder that is meant: the item's, else the account's, else one that every work order has.
fn folder(snapshot: &Snapshot) -> &str {
    let own = snapshot.folder.as_deref().or(snapshot.setting("folder"));
    own.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(DEFAULT_FOLDER)
}

/// Why nothing can be put into `folder`; another one helps.
fn closed(folder: &Folder) -> Option<Why> {
    let (name, files) = (folder.name.as_deref().unwrap_or_default(), folder.holds());
    if !folder.takes_uploads {
        let detail = format!("the folder {name:?} takes no uploads");
        return Some(Why::new(Reason::Forbidden, words::shown(&detail)).action(Action::Repair));
    }
    let most = folder.max_files.filter(|most| files >= *most)?;
    let detail = format!("the folder {name:?} holds {files} files, at most {most}");
    Some(Why::new(Reason::Refused, words::shown(&detail)).action(Action::Repair))
}

/// The folder is not there, and the system does not let it be created: another one helps, or who may create it.
fn not_created(name: &str, refused: &Why) -> Why {
    let how = refused.detail.as_deref().unwrap_or("refused");
    let why =
        Why::new(Reason::FolderMissing, words::shown(&format!("there is no folder {name:?}, and creating it: {how}")));
    match refused.reason {
        Reason::Forbidden => why.action(Action::AskOffice),
        Reason::WorkOrderMissing => refused.clone(),
        _ => why,
    }
}

fn ask<T>(request: Request, effect: Effect, at: &At) -> Step<T> {
    Step::Ask { request, effect, at: Cursor::new(at) }
}

fn list(snapshot: &Snapshot, pages: &Pages) -> Result<Request, Why> {
    let page = pages.next().map(|page| page.to_string());
    let query = page.as_deref().map(|page| ("page", page));
    Ok(request(Method::Get, at(snapshot, &[], query)?, Body::Empty))
}

fn create(snapshot: &Snapshot) -> Result<Request, Why> {
    let body = document(&[("name", folder(snapshot).into())]);
    Ok(request(Method::Post, at(snapshot, &[], None)?, body))
}

/// Never with `async`: what that answers proves nothing.
fn upload(snapshot: &Snapshot, folder: u64) -> Result<Request, Why> {
    let url = at(snapshot, &[&folder.to_string()], None)?;
    let file = Content::File { filename: snapshot.name.clone(), mime: snapshot.mime.clone() };
    let notes = snapshot.caption.clone().filter(|caption| !caption.trim().is_empty()).map(Content::Text);
    let parts = [("file", Some(file)), ("notes", notes)].into_iter();
    let parts = parts.filter_map(|(name, content)| Some(Part { name, content: content? })).collect();
    Ok(request(Method::Post, url, Body::Multipart(parts)))
}

/// `.../workorders/{work order}/attachments/` and what comes after it.
fn at(snapshot: &Snapshot, rest: &[&str], query: Option<(&str, &str)>) -> Result<Url, Why> {
    below(snapshot, &[&["attachments"], rest].concat(), query)
}

/// `.../workorders/{work order}/` and what comes after it.
fn below(snapshot: &Snapshot, rest: &[&str], query: Option<(&str, &str)>) -> Result<Url, Why> {
    let segments = [&["workorders", snapshot.work_order.as_str()], rest].concat();
    let acting = snapshot.setting("acting_user_id").map(|id| ("acting_user_id", id));
    let query: Vec<(&str, &str)> = acting.into_iter().chain(query).collect();
    address::join(&snapshot.base_url, &segments, &query).ok_or_else(bad_address)
}

fn request(method: Method, url: Url, body: Body) -> Request {
    Request { method, url, headers: Vec::new(), auth: AUTH, body, sink: Sink::Memory }
}

/// A JSON object of these fields, in this order.
fn document(fields: &[(&str, serde_json::Value)]) -> Body {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}:{value}", serde_json::Value::from(*name))).collect();
    Body::Bytes { mime: "application/json", bytes: format!("{{{}}}", fields.join(",")).into_bytes() }
}

/// `work_order_id`: integer.
fn work_order_not_valid(id: &str) -> Option<Why> {
    let detail = "a Field Nation work order is a whole number".to_owned();
    (!is_number(id)).then(|| Why::new(Reason::WorkOrderNotValid, detail))
}

/// The extension tells: it is the content's, where anybody here knows that. A photo that has yet to be prepared may become a JPEG.
fn type_not_accepted(draft: &Draft<'_>) -> Option<Why> {
    let extension = draft.name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let is_in = |list: &[&str]| extension.as_deref().is_some_and(|extension| list.contains(&extension));
    let refused = if draft.bytes.is_some() { !is_in(EXTENSIONS) } else { is_in(UNDECODABLE) };
    refused.then(|| Why::new(Reason::TypeNotAccepted, format!("it takes {}", EXTENSIONS.join(", "))))
}

/// "You must provide a valid OAuth token to make a request": an expired token can answer 400.
fn refuses_token(answer: &Answer) -> bool {
    let says = || String::from_utf8_lossy(answer.bytes()).to_ascii_lowercase().contains("valid oauth token");
    answer.status == 400 && says()
}

/// A refusal in one of the three shapes: `{"status", "message"}`, `{"status_code", "message"}`, or a problem document with
/// `title`, `detail`, `code`. What it means is the HTTP status's to tell: of the numbers and words inside, the vendor's own example
/// says 500 "Operation successful.". `missing`: what is not there, by what was asked.
fn refusal(answer: &Answer, missing: Reason) -> Option<Why> {
    let map = json::object(answer)?;
    let code = json::text(&map, "code").and_then(words::shown);
    let has_text = |names: &[&str]| names.iter().any(|name| json::text(&map, name).is_some());
    let has_number = ["status", "status_code"].iter().any(|name| json::number(&map, name).is_some());
    let is_problem = code.is_some() && has_text(&["title", "detail"]);
    let is_error = has_number && has_text(&["message", "title", "detail"]);
    if !is_problem && !is_error {
        return None;
    }
    let reason = match answer.status {
        _ if code.as_deref() == Some("FILE_SIZE_EXCEEDED") => Reason::TooLarge,
        403 => Reason::Forbidden,
        404 | 410 => missing,
        415 => Reason::TypeNotAccepted,
        _ => Reason::Refused,
    };
    let detail = match (code, outcome::detail(answer)) {
        (Some(code), Some(detail)) => words::shown(&format!("{code} {detail}")),
        (code, detail) => detail.or(code),
    };
    let why = Why::new(reason, detail);
    let retryable = json::field(&map, "retryable").and_then(serde_json::Value::as_bool).unwrap_or_default();
    Some(if retryable { why.action(Action::Retry) } else { why })
}

mod asking;
mod change;
mod folders;
mod signatures;

#[cfg(test)]
mod tests;
