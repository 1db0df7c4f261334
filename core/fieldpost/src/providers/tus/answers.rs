//! What a tus server says in its headers. Foreign input: read strictly, once each, within bounds; anything else is nothing.

use url::Url;

use super::super::words;
use super::requests::{creation, own_place};
use crate::model::{Action, Answer, Bytes, Reason, Snapshot, Why};

/// In every answer of a server's own but those to OPTIONS.
pub(super) const RESUMABLE: &str = "tus-resumable";

/// The version that is spoken here.
pub(super) const VERSION: &str = "1.0.0";

/// What a server told that it offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// The versions, where it told them.
    versions: Option<Vec<String>>,
    /// Whether uploads can be created.
    creation: bool,
    /// The largest file.
    most: Option<u64>,
    /// Whether it checks SHA-256.
    pub(super) sha256: bool,
}

impl Offers {
    /// Why the upload cannot go there, if the server told so.
    pub(super) fn hindrance(&self, snapshot: &Snapshot) -> Option<Why> {
        let versions = self.versions.as_ref()?;
        let refused = |detail: String| Some(Why::new(Reason::Refused, words::shown(&detail)).action(Action::AskOffice));
        if !versions.iter().any(|version| version == VERSION) {
            return refused(format!("the server speaks tus {}, not {VERSION}", versions.join(", ")));
        }
        if !self.creation {
            return refused("the server does not let uploads be created (tus extension \"creation\")".to_owned());
        }
        let most = self.most.filter(|most| snapshot.bytes.0 > *most)?;
        let detail = format!("{}, and the server takes at most {}", snapshot.bytes, Bytes(most));
        Some(Why::new(Reason::TooLarge, detail))
    }
}

/// What a server offers. One that does not tell its versions, as any server may that knows nothing of tus, tells nothing.
pub(super) fn offers(answer: &Answer) -> Offers {
    let Some(versions) = only(answer, "tus-version") else { return Offers::default() };
    let has = |name, word| only(answer, name).is_some_and(|list| words_of(list).any(|w| w == word));
    Offers {
        versions: Some(words_of(versions).map(str::to_owned).collect()),
        creation: has("tus-extension", "creation"),
        most: number(answer, "tus-max-size"),
        sha256: has("tus-extension", "checksum") && has("tus-checksum-algorithm", "sha256"),
    }
}

/// How much of an upload is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// All of it.
    Whole,
    /// Less: it goes on here.
    Offset(u64),
}

/// What a HEAD was answered: how much there is of our upload.
pub(super) fn place(answer: &Answer, snapshot: &Snapshot) -> Option<Place> {
    let length = number(answer, "upload-length")?;
    let is_ours = is_own(answer) && matches!(answer.status, 200 | 204) && length == snapshot.bytes.0;
    number(answer, "upload-offset").filter(|_| is_ours).and_then(|offset| placed(offset, snapshot))
}

/// Whether the upload has expired, by the server's own clock: nobody here reads another.
pub(super) fn has_expired(answer: &Answer) -> bool {
    let time = |name| httpdate::parse_http_date(only(answer, name)?).ok();
    time("upload-expires").zip(time("date")).is_some_and(|(expires, now)| expires <= now)
}

/// What a PATCH at `from` was answered: how much there is now. One that took nothing of a body would be sent the same for ever.
pub(super) fn taken(answer: &Answer, snapshot: &Snapshot, from: u64) -> Option<Place> {
    let is_taken = is_own(answer) && answer.status == 204;
    let offset = number(answer, "upload-offset").filter(|offset| is_taken && *offset > from)?;
    placed(offset, snapshot)
}

fn placed(offset: u64, snapshot: &Snapshot) -> Option<Place> {
    match offset.cmp(&snapshot.bytes.0) {
        std::cmp::Ordering::Less => Some(Place::Offset(offset)),
        std::cmp::Ordering::Equal => Some(Place::Whole),
        std::cmp::Ordering::Greater => None,
    }
}

/// Where a creation was answered that the upload is; or why nothing can be sent there. `None`: it was not created.
pub(super) fn address(answer: &Answer, snapshot: &Snapshot) -> Option<Result<Url, Why>> {
    let location = only(answer, "location").filter(|_| is_own(answer) && answer.status == 201)?;
    Some(creation(snapshot).and_then(|base| at_home(&base, location)))
}

/// `location` as an address at the account's own host and port, which alone gets our token.
fn at_home(base: &Url, location: &str) -> Result<Url, Why> {
    let refused = |detail: String| Why::new(Reason::Refused, words::shown(&detail)).action(Action::AskOffice);
    let url = base.join(location).map_err(|_| refused("the server's address of the upload is none".to_owned()))?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        let (there, own) = (url.origin().ascii_serialization(), base.origin().ascii_serialization());
        return Err(refused(format!("the server puts the upload at {there}, and the account is at {own}")));
    }
    own_place(base, url.path()).filter(|own| *own == url).ok_or_else(|| {
        // A query may carry a right, which would have to be stored with the address.
        refused("the server's address of the upload has a query, or is too long, or that of the account".to_owned())
    })
}

/// Whether the answer is that of a server that speaks our tus.
pub(super) fn is_own(answer: &Answer) -> bool {
    only(answer, RESUMABLE) == Some(VERSION)
}

/// The header `name`, if there is just one.
fn only<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut values = answer.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.trim());
    values.next().filter(|_| values.next().is_none())
}

/// A header that is a number: digits, and few enough.
fn number(answer: &Answer, name: &str) -> Option<u64> {
    let text = only(answer, name)?;
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The words of a list.
fn words_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}
