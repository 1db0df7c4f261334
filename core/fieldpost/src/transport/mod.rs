//! Moves bytes: the driver of our own (tokio + reqwest + rustls), and the multipart body that every driver sends.
//! Knows no item, no queue and no rule: a [`Transfer`] goes in, an [`Exchange`](crate::Exchange) comes out. Resends nothing.

// Without the driver of our own nobody uses these, until the host's stages bodies with them.
#[cfg_attr(not(feature = "reqwest"), allow(dead_code))]
mod base64;
#[cfg_attr(not(feature = "reqwest"), allow(dead_code))]
pub(crate) mod body;
#[cfg(feature = "reqwest")]
mod http;
#[cfg_attr(not(feature = "reqwest"), allow(dead_code))]
pub(crate) mod multipart;

use std::fmt;
use std::path::PathBuf;

#[cfg(feature = "reqwest")]
pub use self::http::{Http, HttpError, HttpOptions, StopSignal};

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
    /// The file that a [`Content::File`](crate::Content::File) or [`Content::Base64File`](crate::Content::Base64File) part, or a
    /// [`Body::File`](crate::Body::File), stands for.
    pub file: Option<BodyFile>,
    /// The new file that a successful answer's body is written to, beside its hash: only with [`Sink::Hash`](crate::Sink::Hash).
    pub keep: Option<PathBuf>,
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
    /// Takes `token` in keeping, without the space around it: files and shells add a line's end that no token has.
    pub fn new(token: impl Into<String>) -> Self {
        Secret(token.into().trim().to_owned())
    }

    /// Whether it can stand in a header at all: at least one character, all of them visible ASCII. One that cannot is refused at the
    /// door; a transfer that carries it nevertheless is not sent.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|b| b.is_ascii_graphic())
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

/// A token, and whom it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub(crate) secret: Secret,
    pub(crate) person: Option<String>,
}

impl Token {
    /// A token under which everything of its account may leave.
    pub fn new(secret: Secret) -> Self {
        Token { secret, person: None }
    }

    /// A person's own token, by the app's name for them. Under it leaves only what was captured with the same
    /// [`person`](crate::Photo::person), or with none: phones are shared.
    #[must_use]
    pub fn of(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }

    pub(crate) fn is_sendable(&self) -> bool {
        self.secret.is_sendable()
    }
}

impl From<Secret> for Token {
    fn from(secret: Secret) -> Self {
        Token::new(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_loses_the_space_around_it_and_never_shows_itself() {
        let secret = Secret::new(" abc.DEF-123\r\n");
        assert_eq!(secret.reveal(), "abc.DEF-123");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_secret_that_cannot_stand_in_a_header_says_so() {
        assert!(Secret::new("eyJhbGciOi.x_-~+/==").is_sendable());
        for bad in ["", " ", "a b", "a\r\nX-Evil: 1", "ü", "a\0"] {
            assert!(!Secret::new(bad).is_sendable(), "{bad:?}");
        }
    }
}
