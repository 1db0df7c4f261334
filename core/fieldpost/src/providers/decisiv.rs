//! Decisiv: attachments of a case, XML in and out, no hash. Not documented: what an upload answers, and what a refusal looks like.
//!
//! ```text
//! upload:  POST /cases/{case}/attachments --> its id, in `Location` or in the body ---------------> delivered
//!             |-- it went in base64: GET .../{id} --> its size is ours --> delivered, else in doubt
//!             \-- neither: in doubt, a look settles it
//! look:    GET  /cases/{case}/attachments --> the list ---------------------------------------------> done
//!             \-- our name, another size or none: GET .../{id} --> downloadURL --> GET it --> the next, or done
//! ```
//!
//! A 4xx is a doubt that a look settles, for no refusal is documented. Times carry no zone: nothing is decided by them.
//!
//! What the answers say is [`answers`]'s to read. The `downloadURL` is in the one request that fetches it and nowhere else; our token
//! goes along only where that is the account's own host.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use url::Url;

use self::answers::{Added, Attachment};
use super::listing::Confirming;
use super::outcome::{self, Reading, Speech, Unread};
use super::reading::{self, Asked, Question, Reply};
use super::recognise::other_length;
use super::settings::is_line;
use super::xml::escaped;
use super::{
    Cursor, Doubt, Draft, Effect, Level, Looked, Outcome, Provider, Setting, Step, address, bad_address, no_changes,
};
use crate::model::{
    Answer, Auth, Body, Capabilities, Content, Exchange, Method, Operation, Part, Reason, RemoteId, Request, Sink,
    Snapshot, Why,
};

/// The system.
pub(crate) struct Decisiv;

/// Whether an address says `cases` (as the page's examples) or `case` (as its headings).
const PATH: Setting = Setting {
    key: "path",
    required: false,
    level: Level::Account,
    accepts: |v| matches!(v, "cases" | "case"),
    expects: "cases or case: the first word of the addresses",
};

/// How the file goes.
const ENCODING: Setting = Setting {
    key: "encoding",
    required: false,
    level: Level::Account,
    accepts: |v| matches!(v, "binary" | "base64"),
    expects: "binary or base64: how files are sent",
};

/// Who sees it.
const INTERNAL: Setting = Setting {
    key: "internal",
    required: false,
    level: Level::Both,
    accepts: |v| matches!(v, "true" | "false"),
    expects: "true (only the sender's group sees it) or false",
};

/// "User that is creating the attachment. If omitted a default user will be used."
const SENDER: Setting = Setting {
    key: "sender",
    required: false,
    level: Level::Both,
    accepts: |v| is_line(v, 100),
    expects: "the id of the user who sends, 1 to 100 characters",
};

const SETTINGS: &[Setting] = &[PATH, ENCODING, INTERNAL, SENDER];

/// Where it stands between two exchanges.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// The upload was sent.
    Upload,
    /// The answer named this id, but no size: the attachment was asked for.
    Check(RemoteId),
    /// The list was asked for.
    List,
    /// The next attachment to confirm was asked for, to learn where its file is.
    Link(Confirming),
    /// That file was asked for, with our token, of the account's own host.
    File(Confirming),
    /// That file was asked for elsewhere, without our token.
    Elsewhere(Confirming),
}

impl Provider for Decisiv {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            max_bytes: None,
            max_name: None,
            types: None,
            operations: &["upload", "list", "get", "download"],
        }
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn preflight(&self, draft: &Draft<'_>) -> Option<Why> {
        let valid = !draft.work_order.trim().is_empty() && address::is_segment(draft.work_order);
        let detail = "the id of a Decisiv case is part of an address: text without control characters".to_owned();
        (!valid).then(|| Why::new(Reason::WorkOrderNotValid, detail))
    }

    fn begin(&self, snapshot: &Snapshot) -> Step<Outcome> {
        if snapshot.operation != Operation::Upload {
            return no_changes("Decisiv");
        }
        match upload(snapshot) {
            Ok(request) => ask(request, Effect::Changes, &At::Upload),
            Err(why) => Step::Done(Outcome::Blocked(why)),
        }
    }

    fn resume(&self, snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Step<Outcome> {
        match at.place() {
            Some(At::Upload) => uploaded(snapshot, got),
            Some(At::Check(id)) => Step::Done(checked(snapshot, id, got)),
            Some(At::List | At::Link(_) | At::File(_) | At::Elsewhere(_)) | None => {
                Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None)))
            }
        }
    }

    fn same_list(&self, one: &Snapshot, other: &Snapshot) -> bool {
        (&one.work_order, attachments(one)) == (&other.work_order, attachments(other))
    }

    fn look(&self, doubts: &[Snapshot]) -> Step<Looked> {
        match doubts.first().and_then(attachments) {
            Some(url) => ask(get(url), Effect::Reads, &At::List),
            None => Step::Done(Looked::CannotTell { status: None, why: bad_address() }),
        }
    }

    fn resume_look(&self, doubts: &[Snapshot], at: &Cursor, got: &Exchange) -> Step<Looked> {
        match (at.place(), doubts.first().and_then(attachments)) {
            (Some(At::List), Some(url)) => {
                match outcome::read_in(Speech::Xml, got, |answer| answers::listing(answer, &url)) {
                    Ok(listing) => go_on(doubts, Confirming::new(listing, doubts)),
                    Err(unread) => Step::Done(unread.into()),
                }
            }
            (Some(At::Link(confirming)), _) => fetch(doubts, confirming, got),
            (Some(At::File(confirming)), _) => compare(doubts, confirming, got, true),
            (Some(At::Elsewhere(confirming)), _) => compare(doubts, confirming, got, false),
            // No place of a look: it begins again.
            (Some(At::List | At::Upload | At::Check(_)) | None, _) => Step::Done(Looked::Stopped),
        }
    }

    fn ask(&self, place: &Snapshot, question: &Question) -> Asked {
        let id = match question {
            Question::One(id) => id,
            Question::File(entry) => &entry.remote_id,
            Question::Folder(_) => return reading::not_offered(),
        };
        one(place, id).map_or_else(|| reading::impossible(bad_address()), |url| reading::whereabouts(get(url)))
    }

    fn resume_ask(&self, place: &Snapshot, question: &Question, at: &Cursor, got: &Exchange) -> Asked {
        match question {
            Question::One(id) => {
                let read = outcome::read_in(Speech::Xml, got, |answer| answered(place, id, answer));
                Step::Done(read.map(|attachment| Reply::Entry(attachment.entry)))
            }
            Question::File(entry) => reading::resumed(at, got, || linked(place, &entry.remote_id, got)),
            Question::Folder(_) => reading::not_offered(),
        }
    }
}

/// The upload was answered.
fn uploaded(snapshot: &Snapshot, got: &Exchange) -> Step<Outcome> {
    let Some(url) = attachments(snapshot) else {
        return Step::Done(Outcome::InDoubt(Doubt::new(Reason::Looking, None)));
    };
    let proof = |answer: &_| answers::added(answer, &url, |link| id_under(snapshot, link));
    let Added { id, bytes } = match outcome::changed_in(
        Speech::Xml,
        got,
        &Reading { proof: &proof, refusal: &|_| None, refuses_token: outcome::only_401 },
    ) {
        Ok(added) => added,
        Err(outcome) => return Step::Done(outcome),
    };
    match bytes {
        Some(bytes) => Step::Done(arrived(snapshot, id, bytes)),
        None if !in_base64(snapshot) => Step::Done(Outcome::Delivered(id)),
        // Whether the system decodes is not documented, and text in a photo's place is no delivery.
        None => match one(snapshot, &id) {
            Some(url) => ask(get(url), Effect::Reads, &At::Check(id)),
            None => Step::Done(Outcome::InDoubt(unlike(&id, "its id cannot be asked for"))),
        },
    }
}

/// The attachment that the answer named was asked for.
fn checked(snapshot: &Snapshot, id: RemoteId, got: &Exchange) -> Outcome {
    let attachment = one(snapshot, &id)
        .and_then(|url| outcome::read_in(Speech::Xml, got, |answer| answers::attachment(answer, &url)).ok());
    match attachment.filter(|attachment| attachment.entry.remote_id == id).and_then(|it| it.entry.bytes) {
        Some(bytes) => arrived(snapshot, id, bytes),
        None => Outcome::InDoubt(unlike(&id, "its size could not be read to compare it")),
    }
}

/// The system has `bytes` bytes of what was sent.
fn arrived(snapshot: &Snapshot, id: RemoteId, bytes: u64) -> Outcome {
    let sent = snapshot.bytes.0;
    if bytes == sent { Outcome::Delivered(id) } else { Outcome::InDoubt(unlike(&id, &other_length(bytes, sent))) }
}

/// The answer named an id, but what lies there is not proved to be what was sent. A look settles it; if that finds nothing of
/// ours either, a person does: something is there under that id, so it never goes again unasked.
fn unlike(id: &RemoteId, how: &str) -> Doubt {
    let detail = format!("attachment {id}: {how}");
    let refusal = Some(Why::new(Reason::HashMismatch, detail.clone()));
    Doubt { refusal, ..Doubt::new(Reason::Looking, detail) }
}

/// Asks for the next attachment to confirm, or ends.
fn go_on(doubts: &[Snapshot], mut confirming: Confirming) -> Step<Looked> {
    while let Some(entry) = confirming.next() {
        match doubts.first().and_then(|doubt| one(doubt, &entry.remote_id)) {
            Some(url) => return ask(get(url), Effect::Reads, &At::Link(confirming)),
            None => confirming.not_to_be_had(),
        }
    }
    Step::Done(Looked::Listed(confirming.into_listing()))
}

/// Fetches the file of the attachment that was answered.
fn fetch(doubts: &[Snapshot], mut confirming: Confirming, got: &Exchange) -> Step<Looked> {
    let (Some(doubt), Some(id)) = (doubts.first(), confirming.next().map(|entry| entry.remote_id.clone())) else {
        return go_on(doubts, confirming);
    };
    match linked(doubt, &id, got) {
        Ok((url, Auth::None)) => ask(download(url, Auth::None), Effect::Reads, &At::Elsewhere(confirming)),
        Ok((url, auth)) => ask(download(url, auth), Effect::Reads, &At::File(confirming)),
        Err(Unread::CannotTell { .. }) => {
            confirming.not_to_be_had();
            go_on(doubts, confirming)
        }
        Err(Unread::Later(_)) => Step::Done(Looked::Listed(confirming.into_listing())),
        Err(unread @ (Unread::TokenWanted | Unread::Stopped)) => Step::Done(unread.into()),
    }
}

/// Where the file of the attachment `id` is, and whether our token goes along.
fn linked(place: &Snapshot, id: &RemoteId, got: &Exchange) -> Result<(Url, Auth), Unread> {
    let usable = |answer: &_| answered(place, id, answer)?.download.filter(|link| reading::may_fetch(place, link));
    let url = outcome::read_in(Speech::Xml, got, usable)?;
    let auth = if is_own(place, &url) { Auth::Bearer } else { Auth::None };
    Ok((url, auth))
}

/// The attachment `id`, if that is what was answered.
fn answered(place: &Snapshot, id: &RemoteId, answer: &Answer) -> Option<Attachment> {
    answers::attachment(answer, &one(place, id)?).filter(|attachment| attachment.entry.remote_id == *id)
}

/// Compares the file that was downloaded; `own`: from the account's own host.
fn compare(doubts: &[Snapshot], confirming: Confirming, got: &Exchange, own: bool) -> Step<Looked> {
    match confirming.compared(doubts, Speech::Xml, got, own) {
        Ok(confirming) => go_on(doubts, confirming),
        Err(looked) => Step::Done(looked),
    }
}

fn ask<T>(request: Request, effect: Effect, at: &At) -> Step<T> {
    Step::Ask { request, effect, at: Cursor::new(at) }
}

/// `Accept: application/xml`, as every request of the page has it.
fn accepts_xml() -> Vec<(String, String)> {
    vec![("Accept".to_owned(), "application/xml".to_owned())]
}

fn get(url: Url) -> Request {
    let (method, headers) = (Method::Get, accepts_xml());
    Request { method, url, headers, auth: Auth::Bearer, body: Body::Empty, sink: Sink::Memory }
}

fn download(url: Url, auth: Auth) -> Request {
    Request { method: Method::Get, url, headers: Vec::new(), auth, body: Body::Empty, sink: Sink::Hash }
}

fn upload(snapshot: &Snapshot) -> Result<Request, Why> {
    if let Some(why) = Decisiv.preflight(&Draft::of(snapshot)) {
        return Err(why);
    }
    let url = attachments(snapshot).ok_or_else(bad_address)?;
    let (filename, mime) = (snapshot.name.clone(), snapshot.mime.clone());
    let file = match in_base64(snapshot) {
        true => Content::Base64File { filename, mime },
        false => Content::File { filename, mime },
    };
    let body = Content::Document { mime: "application/xml", text: document(snapshot) };
    let parts = vec![Part { name: "body", content: body }, Part { name: "file", content: file }];
    let (method, headers) = (Method::Post, accepts_xml());
    Ok(Request { method, url, headers, auth: Auth::Bearer, body: Body::Multipart(parts), sink: Sink::Memory })
}

/// The part `body`, as the page has it. "description" is required: what has no caption is described by its name.
fn document(snapshot: &Snapshot) -> String {
    let caption = snapshot.caption.as_deref().filter(|caption| !caption.trim().is_empty());
    let mut document =
        format!("{HEAD}    <a:description>{}</a:description>\n", escaped(caption.unwrap_or(&snapshot.name)));
    // A String takes all that is written to it.
    if let Some(internal) = snapshot.setting(INTERNAL.key).filter(|v| (INTERNAL.accepts)(v)) {
        let _ = writeln!(document, "    <a:internal>{internal}</a:internal>");
    }
    if let Some(id) = snapshot.setting(SENDER.key).filter(|v| (SENDER.accepts)(v)) {
        let id = escaped(id);
        let _ = writeln!(document, "    <s:sender>\n        <s:id>{id}</s:id>\n    </s:sender>");
    }
    document + "</a:attachment>\n"
}

/// The first lines of every body, to the letter of the page.
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<a:attachment xmlns:r="http://www.decisiv.net/platform_api/0.0.7/Case/RecipientRequest"
 xmlns:s="http://www.decisiv.net/platform_api/0.0.7/Case/SenderRequest"
 xmlns:a="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest"
 xmlns:ct="http://www.decisiv.net/platform_api/0.0.7/Case/CaseTypes"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest">
"#;

/// Whether files go in base64.
fn in_base64(snapshot: &Snapshot) -> bool {
    snapshot.setting(ENCODING.key) == Some("base64")
}

/// The words of a path before and after a case's id, and before an attachment's.
fn words(snapshot: &Snapshot) -> [&'static str; 3] {
    match snapshot.setting(PATH.key) {
        Some("case") => ["case", "attachments", "attachment"],
        _ => ["cases", "attachments", "attachments"],
    }
}

/// Where the case's attachments are.
fn attachments(snapshot: &Snapshot) -> Option<Url> {
    let [case, all, _] = words(snapshot);
    address::join(&snapshot.base_url, &[case, &snapshot.work_order, all], &[])
}

/// Where one of them is.
fn one(snapshot: &Snapshot, id: &RemoteId) -> Option<Url> {
    let [case, _, one] = words(snapshot);
    address::join(&snapshot.base_url, &[case, &snapshot.work_order, one, &id.0], &[])
}

/// Whether `url` is at the account's own host and port.
fn is_own(snapshot: &Snapshot, url: &Url) -> bool {
    Url::parse(&snapshot.base_url).is_ok_and(|base| base.origin() == url.origin())
}

/// The id in `link`, where that is the address of an attachment of this very case, in any of the page's spellings.
fn id_under(snapshot: &Snapshot, link: &Url) -> Option<RemoteId> {
    let id = answers::id_in(link)?;
    let spellings = [["cases", "attachments"], ["case", "attachments"], ["case", "attachment"]];
    let lies_here = spellings.iter().any(|[case, all]| {
        let here = address::join(&snapshot.base_url, &[case, &snapshot.work_order, all, &id.0], &[]);
        here.is_some_and(|here| address::is_same_place(&here, link))
    });
    lies_here.then_some(id)
}

mod answers;

#[cfg(test)]
mod tests;
