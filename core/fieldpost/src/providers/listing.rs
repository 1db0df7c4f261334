//! What the looks of all systems have in common: which listed entries a download must confirm, and what came of it.
//!
//! ```text
//! listing --> Confirming --next--> download --> downloaded | not_to_be_had | (left as it is) --> next ... --> listing
//! ```
//!
//! A download is asked for only where an entry has the marker of an upload in doubt, does not agree with what was sent, and no
//! other entry settles that doubt. It never holds the listing up: what cannot be confirmed now stays
//! [`Wanted`](super::Evidence::Wanted) or as it was listed, and the listing goes on.

use serde::{Deserialize, Serialize};
use sha2::Digest;

use super::outcome::{self, Speech, Unread};
use super::{Entry, Evidence, Listing, Looked, recognise};
use crate::model::{Answer, AnswerBody, Exchange, Sha256, Snapshot};

/// The most downloads in one look: each may be 20 MB over a phone's network. The rest has its turn in the next look.
const MOST: usize = 4;

/// A listing some of whose entries a download still has to confirm. Part of a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Confirming {
    listing: Listing,
    /// Places in the listing, the next one last.
    pending: Vec<usize>,
}

impl Confirming {
    /// `listing`, with what has to be confirmed for `doubts`.
    pub(super) fn new(listing: Listing, doubts: &[Snapshot]) -> Self {
        let mut pending: Vec<usize> =
            doubts.iter().map(|doubt| unsettled(&listing.entries, doubt)).fold(Vec::new(), |mut all, some| {
                all.extend(some.into_iter().filter(|n| !all.contains(n)).collect::<Vec<_>>());
                all
            });
        pending.truncate(MOST);
        pending.reverse();
        Confirming { listing, pending }
    }

    /// The entry that a download has to confirm next.
    pub(super) fn next(&self) -> Option<&Entry> {
        self.listing.entries.get(*self.pending.last()?)
    }

    /// The file was downloaded: this is what it is.
    pub(super) fn downloaded(&mut self, facts: Facts) {
        self.settle(|entry| {
            entry.bytes = Some(facts.bytes);
            entry.sha256 = Some(facts.sha256);
            entry.evidence = Evidence::Downloaded;
        });
    }

    /// The system lists the file, but does not hand it out.
    pub(super) fn not_to_be_had(&mut self) {
        self.settle(|entry| entry.evidence = Evidence::NotToBeHad);
    }

    /// Takes what came of the download. `own`: it was asked of the account's own host; elsewhere a 401 is the link's, not our
    /// token's. `Err`: the look ends so.
    pub(super) fn compared(
        mut self,
        doubts: &[Snapshot],
        speech: Speech,
        got: &Exchange,
        own: bool,
    ) -> Result<Self, Looked> {
        let facts = match is_ours(got, doubts) {
            Some(facts) => Ok(facts),
            None => outcome::read_in(speech, got, facts),
        };
        match facts {
            Ok(facts) => self.downloaded(facts),
            Err(Unread::TokenWanted) if own => return Err(Looked::TokenWanted),
            Err(Unread::CannotTell { .. } | Unread::TokenWanted) => self.not_to_be_had(),
            Err(Unread::Later(_)) => return Err(Looked::Listed(self.into_listing())),
            Err(Unread::Stopped) => return Err(Looked::Stopped),
        }
        Ok(self)
    }

    fn settle(&mut self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.pending.pop().and_then(|n| self.listing.entries.get_mut(n)) {
            change(entry);
        }
    }

    /// The listing, with what is known by now.
    pub(super) fn into_listing(self) -> Listing {
        self.listing
    }
}

/// Where entries stand that have the doubt's marker and must be downloaded: none, if another one settles it.
fn unsettled(entries: &[Entry], doubt: &Snapshot) -> Vec<usize> {
    let marked = || entries.iter().enumerate().filter(|(_, entry)| recognise::is_marked(entry, doubt));
    if marked().any(|(_, entry)| recognise::agrees(entry, doubt)) {
        return Vec::new();
    }
    marked().map(|(n, _)| n).collect()
}

/// What a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
}

/// Reads an answer as a whole download. A driver that kept the bytes instead of hashing them is as good.
pub(super) fn facts(answer: &Answer) -> Option<Facts> {
    if answer.status != 200 {
        return None;
    }
    Some(match &answer.body {
        AnswerBody::Hashed { bytes, sha256 } => Facts { bytes: *bytes, sha256: *sha256 },
        AnswerBody::Kept(bytes) => {
            Facts { bytes: bytes.len() as u64, sha256: Sha256(sha2::Sha256::digest(bytes).into()) }
        }
    })
}

/// The download, if its bytes are those of one of `snapshots`: proof whatever else the answer looks like, a web page too.
pub(super) fn is_ours(got: &Exchange, snapshots: &[Snapshot]) -> Option<Facts> {
    let facts = facts(got.result.as_ref().ok()?)?;
    snapshots.iter().any(|snapshot| snapshot.sha256 == facts.sha256).then_some(facts)
}

/// Whether the answer says that there is more than it lists.
pub(super) fn says_more(answer: &Answer) -> bool {
    let next_page = answer.headers.iter().filter(|(name, _)| name == "link").any(|(_, value)| {
        let value = value.to_ascii_lowercase().replace([' ', '"'], "");
        value.contains("rel=next")
    });
    answer.status == 206 || next_page
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entry, snapshot};
    use super::*;

    #[test]
    fn only_a_doubt_that_no_entry_settles_asks_for_downloads() {
        let sent = snapshot();
        let settled = entry("a", &sent.name, Some(sent.bytes.0));
        let other_size = entry("b", &sent.name, Some(1));
        let foreign = entry("c", "foreign.jpg", Some(1));
        let of = |entries: &[&Entry]| {
            let entries = entries.iter().map(|e| (*e).clone()).collect();
            Confirming::new(Listing { entries, complete: true }, std::slice::from_ref(&sent)).next().cloned()
        };
        assert_eq!(of(&[&foreign]), None);
        assert_eq!(of(&[&foreign, &other_size, &settled]), None);
        assert_eq!(of(&[&foreign, &other_size]), Some(other_size));
    }

    #[test]
    fn one_look_downloads_only_a_few_and_each_only_once() {
        let sent = snapshot();
        let entries = (0..9).map(|n| entry(&n.to_string(), &sent.name, Some(1))).collect();
        let mut confirming = Confirming::new(Listing { entries, complete: true }, &[sent.clone(), sent]);
        let mut asked = Vec::new();
        while let Some(entry) = confirming.next() {
            asked.push(entry.remote_id.0.clone());
            confirming.not_to_be_had();
        }
        assert_eq!(asked, ["0", "1", "2", "3"]);
        let listing = confirming.into_listing();
        assert_eq!(listing.entries.iter().filter(|e| e.evidence == Evidence::NotToBeHad).count(), MOST);
        assert_eq!(listing.entries.len(), 9);
    }

    #[test]
    fn a_partial_answer_or_a_link_to_the_next_page_says_that_there_is_more() {
        let answer = |status, link: Option<&str>| Answer {
            status,
            headers: link.map(|l| ("link".to_owned(), l.to_owned())).into_iter().collect(),
            body: AnswerBody::Kept(Vec::new()),
        };
        assert!(!says_more(&answer(200, None)));
        assert!(!says_more(&answer(200, Some("<https://h/doc>; rel=\"help\""))));
        assert!(says_more(&answer(206, None)));
        assert!(says_more(&answer(200, Some("<https://h/?page=2>; rel=\"next\""))));
    }
}
