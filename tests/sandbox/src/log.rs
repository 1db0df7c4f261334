//! The log of requests, and of credentials that went where they must not.
//!
//! Owns: what is shown of a request. Never: a token, a temporary link, a query credential, in any field.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::keys::BLOT;
use crate::provider::{Operation, Provider};

/// Requests kept; older ones are forgotten.
const KEPT: usize = 20_000;

/// Query parameters that carry credentials, whatever their value.
const SECRET_PARAMETERS: [&str; 2] = ["access_token", "token"];

/// One request to a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Its number, counted from 1.
    pub n: u64,
    /// The connection that brought it.
    pub connection: u64,
    /// When its head was read, on the sandbox's clock.
    pub time: String,
    /// Which system, if any.
    pub system: Option<Provider>,
    /// The documented operation, if it is one.
    pub operation: Option<Operation>,
    /// The work order, as far as it is known.
    pub work_order: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// Path and query, with credentials and temporary links blotted out.
    pub path: String,
    /// What its credentials were worth.
    pub credentials: Credentials,
    /// The answer's status; `None`: none was given.
    pub status: Option<u16>,
    /// Body bytes that arrived.
    pub bytes: u64,
    /// Whether the whole body arrived.
    pub whole: bool,
    /// The body's parts.
    pub parts: Vec<PartRecord>,
    /// Why the body could not be read as what its head calls it.
    pub problem: Option<String>,
    /// The kinds of the faults it met.
    pub faults: Vec<String>,
    /// Whether the sandbox is done with it.
    pub done: bool,
}

/// What a request's credentials were worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// It carried none.
    #[default]
    None,
    /// A token that is accepted.
    Valid,
    /// Anything else.
    Refused,
}

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// Its name.
    pub name: String,
    /// Its `filename`, if it has one.
    pub file_name: Option<String>,
    /// Its own content type, if it has one.
    pub content_type: Option<String>,
    /// Its `Content-Transfer-Encoding`, if it has one.
    #[serde(default)]
    pub transfer_encoding: Option<String>,
    /// Its length, as it came.
    pub bytes: u64,
    /// The beginning of its text, if it is text.
    pub value: Option<String>,
}

/// A credential that was sent where it must not go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// The request.
    pub request: u64,
    /// When, on the sandbox's clock.
    pub time: String,
    /// What was sent where, in words; never the credential.
    pub what: String,
}

/// The requests of this run.
#[derive(Debug)]
pub(crate) struct Log {
    records: VecDeque<Kept>,
    leaks: Vec<Leak>,
    most: usize,
    /// Counts changes of records.
    changes: u64,
    /// The last change that cannot be seen any more: its record is forgotten.
    lost: u64,
}

/// A record, and when it was changed last.
#[derive(Debug)]
struct Kept {
    record: RequestRecord,
    changed: u64,
}

/// What has changed in a log since somebody looked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Changed records as they are now, the oldest change first.
    pub(crate) records: Vec<RequestRecord>,
    /// Records are gone that were changed since.
    pub(crate) missed: bool,
    /// What to ask from next time.
    pub(crate) seen: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { records: VecDeque::new(), leaks: vec![], most: KEPT, changes: 0, lost: 0 }
    }
}

impl Log {
    pub(crate) fn begin(&mut self, record: RequestRecord) {
        if self.records.len() == self.most {
            let forgotten = self.records.pop_front();
            self.lost = self.lost.max(forgotten.map_or(0, |kept| kept.changed));
        }
        self.changes += 1;
        self.records.push_back(Kept { record, changed: self.changes });
    }

    /// Changes the record of request `n`, if it is still kept.
    pub(crate) fn amend(&mut self, n: u64, change: impl FnOnce(&mut RequestRecord)) {
        if let Some(kept) = self.records.iter_mut().rev().find(|kept| kept.record.n == n) {
            self.changes += 1;
            kept.changed = self.changes;
            change(&mut kept.record);
        }
    }

    /// The last change: nothing before it is news to who asks from here.
    pub(crate) fn now(&self) -> u64 {
        self.changes
    }

    /// What changed after `seen`, so many records at most; the rest is for the next time.
    pub(crate) fn since(&self, seen: u64, most: usize) -> News {
        let missed = self.lost > seen;
        let mut changed: Vec<&Kept> = self.records.iter().filter(|kept| kept.changed > seen).collect();
        changed.sort_by_key(|kept| kept.changed);
        changed.truncate(most);
        let last = changed.last().map_or(seen, |kept| kept.changed);
        let records = changed.into_iter().map(|kept| kept.record.clone()).collect();
        // Among the records that are left out there may be older changes than the last that was lost.
        News { records, missed, seen: if missed { last.max(self.lost) } else { last } }
    }

    pub(crate) fn leak(&mut self, request: u64, time: String, what: String) {
        self.leaks.push(Leak { request, time, what });
    }

    pub(crate) fn records(&self) -> impl ExactSizeIterator<Item = &RequestRecord> {
        self.records.iter().map(|kept| &kept.record)
    }

    pub(crate) fn leaks(&self) -> &[Leak] {
        &self.leaks
    }

    pub(crate) fn clear(&mut self) {
        self.records.retain(|kept| !kept.record.done);
        self.leaks.clear();
        self.changes += 1;
        self.lost = self.changes;
    }
}

/// Path and query as they may be shown; `blotted` knows the credentials that were given out.
pub(crate) fn redacted(path: &str, query: &[(String, String)], blotted: impl Fn(&str) -> String) -> String {
    let mut shown = match path.strip_prefix("/links/").and_then(|rest| rest.split_once('/')) {
        Some((system, _)) => format!("/links/{system}/{BLOT}"),
        None => blotted(path),
    };
    for (at, (name, value)) in query.iter().enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        let secret = SECRET_PARAMETERS.iter().any(|s| name.eq_ignore_ascii_case(s));
        shown.push_str(&format!("{name}={}", if secret { BLOT.to_owned() } else { blotted(value) }));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_query_credentials_are_blotted_out() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = [pair("access_token", "wrong"), pair("a", "b"), pair("c", "s3cret")];
        let shown = redacted("/x", &query, |text| text.replace("s3cret", BLOT));
        assert_eq!(shown, "/x?access_token=[redacted]&a=b&c=[redacted]");
        assert_eq!(redacted("/links/corrigopro/s3cret", &[], str::to_owned), "/links/corrigopro/[redacted]");
    }

    fn record(n: u64) -> RequestRecord {
        let record = serde_json::json!({
            "n": n, "connection": 1, "time": "", "system": null, "operation": null, "work_order": null, "method": "GET",
            "path": "/", "credentials": "none", "status": null, "bytes": 0, "whole": false, "parts": [],
            "problem": null, "faults": [], "done": false,
        });
        serde_json::from_value(record).unwrap()
    }

    fn numbers(news: &News) -> Vec<u64> {
        news.records.iter().map(|record| record.n).collect()
    }

    #[test]
    fn what_changed_since_is_told_once_and_as_it_is_now() {
        let mut log = Log::default();
        let start = log.now();
        (1..=3).for_each(|n| log.begin(record(n)));
        log.amend(1, |r| r.status = Some(200));
        let news = log.since(start, 2);
        assert_eq!((numbers(&news), news.missed), (vec![2, 3], false));
        let rest = log.since(news.seen, 2);
        assert_eq!((numbers(&rest), rest.records[0].status), (vec![1], Some(200)));
        assert_eq!(log.since(rest.seen, 2), News { seen: rest.seen, ..News::default() });
    }

    #[test]
    fn who_was_too_slow_is_told_that_something_was_missed() {
        let mut log = Log { most: 2, ..Log::default() };
        log.begin(record(1));
        let quick = log.since(0, 9).seen;
        (2..=3).for_each(|n| log.begin(record(n)));
        assert!(!log.since(quick, 9).missed, "what is forgotten had been seen");
        let slow = log.since(0, 9);
        assert_eq!((numbers(&slow), slow.missed), (vec![2, 3], true));
        assert!(!log.since(slow.seen, 9).missed, "told once");
        log.clear();
        assert!(log.since(slow.seen, 9).missed, "a reset is news too");
    }
}
