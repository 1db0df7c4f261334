//! The log of requests, and of credentials that went where they must not.
//!
//! Owns: what is shown of a request. Never: a token, a temporary link, a query credential, in any field.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::provider::{Operation, Provider};

/// Requests kept; older ones are forgotten.
const KEPT: usize = 20_000;

/// Query parameters that carry credentials, whatever their value.
const SECRET_PARAMETERS: [&str; 2] = ["access_token", "token"];

/// What stands in a credential's place.
const BLOT: &str = "[redacted]";

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
#[derive(Debug, Default)]
pub(crate) struct Log {
    records: VecDeque<RequestRecord>,
    leaks: Vec<Leak>,
}

impl Log {
    pub(crate) fn begin(&mut self, record: RequestRecord) {
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// Changes the record of request `n`, if it is still kept.
    pub(crate) fn amend(&mut self, n: u64, change: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = self.records.iter_mut().rev().find(|r| r.n == n) {
            change(record);
        }
    }

    pub(crate) fn leak(&mut self, request: u64, time: String, what: String) {
        self.leaks.push(Leak { request, time, what });
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &RequestRecord> {
        self.records.iter()
    }

    pub(crate) fn leaks(&self) -> &[Leak] {
        &self.leaks
    }

    pub(crate) fn clear(&mut self) {
        self.records.retain(|r| !r.done);
        self.leaks.clear();
    }
}

/// Path and query as they may be shown; `is_token` knows the tokens of now.
pub(crate) fn redacted(path: &str, query: &[(String, String)], is_token: impl Fn(&str) -> bool) -> String {
    let mut shown = match path.strip_prefix("/links/").and_then(|rest| rest.split_once('/')) {
        Some((system, _)) => format!("/links/{system}/{BLOT}"),
        None => path.to_owned(),
    };
    for (at, (name, value)) in query.iter().enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        let secret = SECRET_PARAMETERS.iter().any(|s| name.eq_ignore_ascii_case(s)) || is_token(value);
        shown.push_str(&format!("{name}={}", if secret { BLOT } else { value }));
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
        let shown = redacted("/x", &query, |value| value == "s3cret");
        assert_eq!(shown, "/x?access_token=[redacted]&a=b&c=[redacted]");
        assert_eq!(redacted("/links/corrigopro/s3cret", &[], |_| false), "/links/corrigopro/[redacted]");
    }
}
