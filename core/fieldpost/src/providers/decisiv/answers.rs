//! What Decisiv's answers say: the list, one attachment, the proof of an upload. Every element is known by its namespace, of
//! whatever version of the interface; unknown ones are passed over, but for what hints that a list goes on.

use std::collections::BTreeMap;

use url::Url;

use super::super::listing::says_more;
use super::super::xml::{self, Element};
use super::super::{Entry, Evidence, Listing, Told, address, json};
use crate::model::{Answer, RemoteId};

/// An attachment as the system tells of it.
pub(super) struct Attachment {
    pub(super) entry: Entry,
    /// Where its file is.
    pub(super) download: Option<Url>,
}

/// What the answer to an upload tells.
pub(super) struct Added {
    pub(super) id: RemoteId,
    /// How many bytes the system has, where it says so.
    pub(super) bytes: Option<u64>,
}

/// The list that `url` answered: `a:attachments` with any number of `a:attachment`. What calls itself an attachment and is
/// none of this interface makes it unreadable, for it may be ours.
pub(super) fn listing(answer: &Answer, url: &Url) -> Option<Listing> {
    let root = document(answer, "attachments")?;
    let (listed, others): (Vec<_>, Vec<_>) = root.children().iter().partition(|e| e.name() == "attachment");
    let entries = listed
        .iter()
        .map(|element| Some(read(element, url).filter(|_| is(element, "attachment"))?.entry))
        .collect::<Option<Vec<Entry>>>()?;
    if !are_ids(&entries) {
        return None;
    }
    let beside = others.iter().map(|e| (e.name(), e.text().unwrap_or("…")));
    let more = beside.chain(root.attributes()).any(|(name, text)| is_more(name, text, entries.len()));
    Some(Listing::new(entries, more || says_more(answer)))
}

/// Whether one id names one attachment: that it is the last segment of an address is concluded, not documented. What two of them
/// are called is no id, and a receipt of the one would hide the other.
fn are_ids(entries: &[Entry]) -> bool {
    let mut known = BTreeMap::new();
    entries.iter().all(|entry| known.insert(&entry.remote_id.0, entry).is_none_or(|before| before == entry))
}

/// The one attachment that `url` answered.
pub(super) fn attachment(answer: &Answer, url: &Url) -> Option<Attachment> {
    read(&document(answer, "attachment")?, url)
}

/// The proof of an upload to `url`: the id in `Location`, if `place` knows it for the address of an attachment there, or the
/// attachment itself. Where they name two, neither is believed.
pub(super) fn added(answer: &Answer, url: &Url, place: impl Fn(&Url) -> Option<RemoteId>) -> Option<Added> {
    let by_header = answer.header("location").and_then(|link| place(&url.join(link.trim()).ok()?));
    let by_body = attachment(answer, url).map(|it| Added { id: it.entry.remote_id, bytes: it.entry.bytes });
    match (by_header, by_body) {
        (Some(id), Some(added)) => (id == added.id).then_some(added),
        (Some(id), None) => Some(Added { id, bytes: None }),
        (None, added) => added,
    }
}

/// The id in an attachment's address: its last segment.
pub(super) fn id_in(link: &Url) -> Option<RemoteId> {
    json::sound(address::last_segment(link)?)
}

/// The answer's body, if that is what the interface calls `name`.
fn document(answer: &Answer, name: &str) -> Option<Element> {
    xml::document(answer.bytes()).filter(|root| is(root, name))
}

/// One attachment of the answer of `url`. Without an id it cannot be read, nor where a field of it says something twice.
/// Without a size only a download tells whether it is ours.
fn read(element: &Element, url: &Url) -> Option<Attachment> {
    let link = |text: Option<&str>| url.join(text?.trim()).ok();
    let said = |name| field(element, name).map(|said| said.map(str::to_owned));
    let bytes = field(element, "size")?.and_then(|size| size.trim().parse().ok());
    let entry = Entry {
        remote_id: id_in(&link(field(element, "URL")?)?)?,
        name: field(element, "filename")?.map(str::to_owned),
        bytes,
        sha256: None,
        evidence: if bytes.is_some() { Evidence::Listed } else { Evidence::Wanted },
        by_us: false,
        told: Told {
            mime: said("format")?.filter(|format| format.contains('/')),
            caption: said("description")?,
            ..Told::default() // `createdAt` has no zone
        },
    };
    Some(Attachment { entry, download: link(field(element, "downloadURL")?) })
}

/// What the field `name` says, `Some(None)` where it is not there or says nothing; `None`: it is there twice, or is no text.
fn field<'a>(attachment: &'a Element, name: &str) -> Option<Option<&'a str>> {
    let mut fields = attachment.children().iter().filter(|field| is(field, name));
    match (fields.next(), fields.next()) {
        (None, _) => Some(None),
        (Some(field), None) => field.text().map(|text| Some(text).filter(|text| !text.trim().is_empty())),
        (Some(_), Some(_)) => None,
    }
}

/// Whether `element` is what the answers about attachments call `name`: whatever the prefix, whatever the version.
fn is(element: &Element, name: &str) -> bool {
    let rest = element.namespace().strip_prefix("http://www.decisiv.net/platform_api/");
    let (version, schema) = rest.and_then(|rest| rest.split_once('/')).unwrap_or_default();
    element.name() == name && !version.is_empty() && schema == "Case/AttachmentResponse"
}

/// Whether something beside the attachments says that there are more. Paging is not documented, so any hint of it counts.
fn is_more(name: &str, text: &str, listed: usize) -> bool {
    let (lower, text) = (name.to_ascii_lowercase(), text.trim());
    let counts = lower.contains("total") || lower == "count" || name.ends_with("Count") || name.ends_with("_count");
    let goes_on = ["more", "next", "truncated", "continuation"].iter().any(|hint| lower.contains(hint));
    match text.parse::<u64>() {
        Ok(n) if counts => n > listed as u64,
        _ => (counts || goes_on) && !matches!(text, "" | "false" | "0"),
    }
}
