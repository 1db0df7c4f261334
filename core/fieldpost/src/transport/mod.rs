//! Moves bytes: the driver of our own (tokio + reqwest + rustls), and the multipart body that every driver sends.
//! Knows no item, no queue and no rule: a [`Transfer`] goes in, an [`Exchange`](crate::Exchange) comes out. Resends nothing.

use std::fmt;
use std::path::PathBuf;

use crate::model::{Bytes, ItemId, Request, Sha256};

/// One HTTP exchange that a driver shall make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its number, to report with. Unique within one process.
    pub id: TransferId,
    /// The account it belongs to.
    pub account: String,
    /// The item that it sends; `None` for a look.
    pub item: Option<ItemId>,
    /// What is asked.
    pub request: Request,
    /// The account's token, where the request wants one.
    pub token: Option<Secret>,
    /// The file that a [`Content::File`](crate::Content::File) part stands for.
    pub file: Option<BodyFile>,
}

/// The number of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u64);

/// The file of a body, and what it must be: hashed again while it streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// A token. Never shown, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `token` in keeping.
    pub fn new(token: impl Into<String>) -> Self {
        Secret(token.into())
    }

    /// The token itself: for the request, for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
