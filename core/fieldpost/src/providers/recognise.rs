//! Whether a listed file is ours. Pure: entries and a snapshot go in, a [`Sighting`] comes out.
//!
//! | listed name | size or hash | |
//! |---|---|---|
//! | has our marker, whatever its case | equal, or the system gives neither | [`Ours`](Sighting::Ours): the first listed; the rest are its surplus |
//! | has our marker | different, or still to be confirmed by a download | [`Mismatch`](Sighting::Mismatch) |
//! | has not, was not listed just before, is by our user, and alone so | a text that says the same | [`Ours`](Sighting::Ours) |
//! | has not | hash equal (no text) | [`Stranger`](Sighting::Stranger): a person reviews |
//! | has not, and was not listed just before | anything else | [`New`](Sighting::New): may be ours, renamed |
//! | has not | anything else | [`Absent`](Sighting::Absent) |
//!
//! The row before the last is for systems that rename ([`Provider::renames`](super::Provider::renames)), whose snapshots say
//! what was listed just before the upload left. That tells something only because no other upload of ours is under way to that
//! work order then: what is new and by our user is this one, or another phone's of the same user.
//!
//! A row above wins over a row below. An id that is claimed (it stands on another receipt, or a person settled it) is not
//! seen at all. Whether absence is *proved* is the engine's to say: it knows when the listing was taken, and what it is worth.

use super::{Entry, Evidence};
use crate::model::{BASE64_LINE, RemoteId, Snapshot};

/// What a listing shows of one upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// It is there.
    Ours {
        /// The first listed.
        remote_id: RemoteId,
        /// More of the same: an earlier try that arrived after all.
        surplus: Vec<RemoteId>,
    },
    /// Something with our marker is there, but not what was sent.
    Mismatch {
        /// What the system calls it.
        remote_id: RemoteId,
        /// How it differs, for people.
        detail: String,
        /// Whether a download confirmed it, or cannot be had: asking again tells no more.
        confirmed: bool,
    },
    /// Our very bytes under a name that is not ours.
    Stranger {
        /// What the system calls it.
        remote_id: RemoteId,
    },
    /// No name tells whose they are, but they were not there before ours left.
    New {
        /// Those by our user.
        ours: Vec<RemoteId>,
        /// Those by others.
        others: Vec<RemoteId>,
    },
    /// Nothing of ours.
    Absent,
}

/// What `entries` show of the upload that `snapshot` freezes. `claimed` ids are passed over.
pub(crate) fn recognise(entries: &[Entry], snapshot: &Snapshot, claimed: &dyn Fn(&RemoteId) -> bool) -> Sighting {
    let free: Vec<&Entry> = entries.iter().filter(|entry| !claimed(&entry.remote_id)).collect();
    let marked = || free.iter().copied().filter(|entry| is_marked(entry, snapshot));
    let mut ours: Vec<RemoteId> = Vec::new();
    for entry in marked().filter(|entry| agrees(entry, snapshot)) {
        if !ours.contains(&entry.remote_id) {
            ours.push(entry.remote_id.clone());
        }
    }
    if !ours.is_empty() {
        let surplus = ours.split_off(1);
        return Sighting::Ours { remote_id: ours.remove(0), surplus };
    }
    if let Some(entry) = marked().find(|entry| entry.evidence.is_final()).or_else(|| marked().next()) {
        return Sighting::Mismatch {
            remote_id: entry.remote_id.clone(),
            detail: difference(entry, snapshot),
            confirmed: entry.evidence.is_final(),
        };
    }
    if snapshot.text.is_some() {
        let same = free.iter().copied().filter(|entry| says_it(entry, snapshot));
        if let Some([only]) = snapshot.listed.as_ref().map(|listed| new(same, listed).0).as_deref() {
            return Sighting::Ours { remote_id: only.clone(), surplus: Vec::new() };
        }
    } else if let Some(entry) = free.iter().find(|entry| entry.sha256 == Some(snapshot.sha256)) {
        return Sighting::Stranger { remote_id: entry.remote_id.clone() };
    }
    let Some(listed) = &snapshot.listed else { return Sighting::Absent };
    let (ours, others) = new(free.iter().copied(), listed);
    if ours.is_empty() && others.is_empty() { Sighting::Absent } else { Sighting::New { ours, others } }
}

/// Those of `entries` that are not among `listed`: by our user, and by others.
pub(super) fn new<'a>(entries: impl Iterator<Item = &'a Entry>, listed: &[RemoteId]) -> (Vec<RemoteId>, Vec<RemoteId>) {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for entry in entries.filter(|entry| !listed.contains(&entry.remote_id)) {
        let ids = if entry.by_us { &mut ours } else { &mut others };
        if !ids.contains(&entry.remote_id) {
            ids.push(entry.remote_id.clone());
        }
    }
    (ours, others)
}

/// What `entries` show of each of `snapshots`, in their order. What one of them is found as is claimed before another can
/// take it for a stranger: two uploads of the same bytes do not send each other to a review.
pub(crate) fn recognise_each(
    entries: &[Entry],
    snapshots: &[Snapshot],
    claimed: &dyn Fn(&RemoteId) -> bool,
) -> Vec<Sighting> {
    let other = |own: usize, entry: &Entry| {
        snapshots.iter().enumerate().any(|(n, snapshot)| n != own && is_marked(entry, snapshot))
    };
    // Of two texts that say the same, each that is there is one of them.
    let mut texts: Vec<RemoteId> = Vec::new();
    snapshots
        .iter()
        .enumerate()
        .map(|(n, snapshot)| {
            let seen: Vec<Entry> = entries.iter().filter(|e| is_marked(e, snapshot) || !other(n, e)).cloned().collect();
            let sighting = recognise(&seen, snapshot, &|id| claimed(id) || texts.contains(id));
            if let (Sighting::Ours { remote_id, .. }, Some(_)) = (&sighting, &snapshot.text) {
                texts.push(remote_id.clone());
            }
            sighting
        })
        .collect()
}

/// Whether our marker stands in the listed name.
pub(super) fn is_marked(entry: &Entry, snapshot: &Snapshot) -> bool {
    entry.name.as_deref().is_some_and(|name| snapshot.marker.is_in(name))
}

/// Whether the entry is a text that says what ours does.
pub(super) fn says_it(entry: &Entry, snapshot: &Snapshot) -> bool {
    snapshot.text.is_some() && entry.sha256 == Some(snapshot.sha256)
}

/// Whether what is known of the entry's bytes speaks for ours. A hash says more than a length.
pub(super) fn agrees(entry: &Entry, snapshot: &Snapshot) -> bool {
    match (entry.evidence, entry.sha256, entry.bytes) {
        (Evidence::Wanted | Evidence::NotToBeHad, hash, _) => hash == Some(snapshot.sha256),
        (_, Some(hash), _) => hash == snapshot.sha256,
        (_, None, Some(bytes)) => bytes == snapshot.bytes.0,
        (_, None, None) => true,
    }
}

/// How `entry` differs from what was sent, for people.
fn difference(entry: &Entry, snapshot: &Snapshot) -> String {
    let sent = snapshot.bytes.0;
    let length = entry.bytes.filter(|bytes| *bytes != sent).map(|bytes| other_length(bytes, sent));
    match (entry.evidence, length) {
        (Evidence::NotToBeHad, Some(length)) => format!("{length}; and it cannot be downloaded to compare it"),
        (Evidence::NotToBeHad, None) => "listed under our name, but it cannot be downloaded to compare it".to_owned(),
        (_, Some(length)) => length,
        (_, None) => "other content than was sent".to_owned(),
    }
}

/// That the system has `bytes` bytes of the `sent` ones, for people; and why, where that can be told: base64 makes four of three.
pub(super) fn other_length(bytes: u64, sent: u64) -> String {
    let (text, lines) = (sent.div_ceil(3).saturating_mul(4), sent.div_ceil(BASE64_LINE));
    // With line breaks of one or two characters, or without.
    let left_encoded = sent > 0 && (text..=text.saturating_add(lines * 2)).contains(&bytes);
    let why = if left_encoded { ": it was left in base64" } else { "" };
    format!("{bytes} bytes at the system, {sent} were sent{why}")
}

#[cfg(test)]
mod tests;
