//! The requests to a tus server, and what goes along in `Upload-Metadata`.
//!
//! | name | value |
//! |---|---|
//! | `filename`, `filetype` | the name that is sent, and its MIME type |
//! | `work_order`, `kind` | the work order's id; `photo`, `document`, `text` or `signature` |
//! | `marker`, `request_id` | the eight digits that make the name ours; the same on every try of this upload, and on no other |
//! | `sha256` | of the whole file, in hexadecimal: for whoever wants to compare |
//! | `caption` | where there is one of at most 3,000 bytes: headers have limits, and what is longer stays here |
//!
//! and the pairs of the setting `metadata`. All values are UTF-8, in base64 as the protocol wants them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::super::{Level, Setting, bad_address};
use super::answers::{RESUMABLE, VERSION};
use crate::model::{Auth, Body, Method, RemoteId, Request, Sink, Snapshot, Why};

/// The names that no setting may take.
const NAMES: &[&str] = &["filename", "filetype", "work_order", "kind", "marker", "request_id", "sha256", "caption"];

/// A longer caption stays here.
const LONGEST_CAPTION: usize = 3_000;

/// The longest path of an upload that is kept.
const LONGEST_PATH: usize = 500;

/// What else goes along.
pub(super) const METADATA: Setting = Setting {
    key: "metadata",
    required: false,
    level: Level::Both,
    accepts: |v| pairs(v).is_some(),
    expects: "pairs such as tenant=north,project=7, up to 16: they go along with each upload; names of letters, digits, _ . and -",
};

/// The pairs of the setting, if they are some.
fn pairs(text: &str) -> Option<Vec<(&str, &str)>> {
    let pairs: Vec<(&str, &str)> =
        text.split(',').map(|pair| pair.trim().split_once('=')).collect::<Option<Vec<_>>>()?;
    let is_name = |name: &str| {
        let fits = !name.is_empty() && name.len() <= 40 && !NAMES.contains(&name);
        fits && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let names: BTreeSet<&str> = pairs.iter().map(|(name, _)| *name).collect();
    let sound = names.len() == pairs.len() && pairs.len() <= 16 && names.into_iter().all(is_name);
    let fits = text.len() <= 1_000 && !text.chars().any(char::is_control);
    Some(pairs).filter(|_| sound && fits)
}

/// Where uploads are created: the account's address as it is, for some servers want the slash at its end and others do not.
pub(super) fn creation(snapshot: &Snapshot) -> Result<Url, Why> {
    let url = Url::parse(&snapshot.base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(Url::has_host).map(|url| without_query(&url)).ok_or_else(bad_address)
}

fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// `path` at the host of `base`, if it can be an upload's: another place than that where uploads are created.
pub(super) fn own_place(base: &Url, path: &str) -> Option<Url> {
    let mut url = without_query(base);
    url.set_path(path);
    let is_other = url.path().trim_end_matches('/') != base.path().trim_end_matches('/');
    let is_one = path.starts_with('/') && !path.starts_with("//") && url.path() == path;
    let is_some = !url.path().trim_end_matches('/').is_empty();
    Some(url).filter(|_| is_some && is_other && is_one && path.len() <= LONGEST_PATH)
}

/// Where the upload is. Asked only of snapshots that go on at a place.
fn place(snapshot: &Snapshot) -> Result<Url, Why> {
    let base = creation(snapshot)?;
    snapshot.resume.as_ref().and_then(|resume| own_place(&base, &resume.at)).ok_or_else(bad_address)
}

/// What the upload is called: its path, without that of the account before it.
pub(super) fn remote_id(snapshot: &Snapshot) -> Option<RemoteId> {
    let (base, url) = (creation(snapshot).ok()?, place(snapshot).ok()?);
    let below = url.path().strip_prefix(base.path().trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    Some(RemoteId(below.filter(|id| !id.is_empty()).unwrap_or(url.path()).to_owned()))
}

/// Without `Tus-Resumable`: a client should not send it here.
pub(super) fn offers(snapshot: &Snapshot) -> Result<Request, Why> {
    Ok(request(Method::Options, creation(snapshot)?, Vec::new(), Body::Empty))
}

pub(super) fn create(snapshot: &Snapshot) -> Result<Request, Why> {
    let headers = [("Upload-Length", snapshot.bytes.0.to_string()), ("Upload-Metadata", metadata(snapshot))];
    Ok(request(Method::Post, creation(snapshot)?, spoken(headers), Body::Empty))
}

pub(super) fn offset(snapshot: &Snapshot) -> Result<Request, Why> {
    Ok(request(Method::Head, place(snapshot)?, spoken([]), Body::Empty))
}

/// The file from the byte `from` on; with a checksum of all of it where `checksum` is wanted.
pub(super) fn patch(snapshot: &Snapshot, from: u64, checksum: bool) -> Result<Request, Why> {
    let sum = checksum.then(|| ("Upload-Checksum", format!("sha256 {}", STANDARD.encode(snapshot.sha256.0))));
    let headers = [("Upload-Offset", from.to_string())].into_iter().chain(sum);
    let body = Body::File { mime: "application/offset+octet-stream", from };
    Ok(request(Method::Patch, place(snapshot)?, spoken(headers), body))
}

/// What goes along in the headers of everything but OPTIONS.
fn spoken(headers: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
    let version = [(RESUMABLE, VERSION.to_owned())];
    version.into_iter().chain(headers).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn request(method: Method, url: Url, headers: Vec<(String, String)>, body: Body) -> Request {
    Request { method, url, headers, auth: Auth::Bearer, body, sink: Sink::Memory }
}

fn metadata(snapshot: &Snapshot) -> String {
    let caption = snapshot.caption.as_deref().map(str::trim);
    let caption = caption.filter(|caption| !caption.is_empty() && caption.len() <= LONGEST_CAPTION);
    let (marker, request_id) = (snapshot.marker.to_string(), snapshot.request_id.to_string());
    let sha256 = snapshot.sha256.to_string();
    let told = [
        ("filename", snapshot.name.as_str()),
        ("filetype", &snapshot.mime),
        ("work_order", &snapshot.work_order),
        ("kind", snapshot.kind.as_str()),
        ("marker", &marker),
        ("request_id", &request_id),
        ("sha256", &sha256),
    ];
    let more = snapshot.setting("metadata").and_then(pairs).unwrap_or_default();
    let all = told.into_iter().chain(caption.map(|caption| ("caption", caption))).chain(more);
    let pair = |(name, value): (&str, &str)| format!("{name} {}", STANDARD.encode(value));
    all.map(pair).collect::<Vec<_>>().join(",")
}
