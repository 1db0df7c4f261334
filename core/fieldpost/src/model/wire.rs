//! One HTTP exchange as data: what is asked, and what came of it. Nobody here opens a socket or a file.
//!
//! ```text
//! provider --Request--> engine --Transfer (with the token)--> driver --Exchange--> engine --> provider
//! ```

use std::fmt;

use url::Url;

use super::Sha256;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Adds.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
    /// Goes on with what is there.
    Patch,
    /// Reads an answer's headers alone.
    Head,
    /// Asks what there is to ask for.
    Options,
}

impl Method {
    /// As it stands in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Patch => "PATCH",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
        }
    }
}

/// What a provider wants asked. It holds no token: `auth` says how the engine attaches it.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address, without a credential.
    pub url: Url,
    /// Headers beside those that the body and `auth` make.
    pub headers: Vec<(String, String)>,
    /// How the token goes along.
    pub auth: Auth,
    /// The body.
    pub body: Body,
    /// What becomes of the answer's body.
    pub sink: Sink,
}

impl fmt::Debug for Request {
    /// Without the address's query: a temporary link carries its right there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        url.set_query(url.query().map(|_| "…"));
        let Request { method, auth, body, sink, .. } = self;
        f.debug_struct("Request")
            .field("method", method)
            .field("url", &url.as_str())
            .field("auth", auth)
            .field("body", body)
            .field("sink", sink)
            .finish_non_exhaustive()
    }
}

/// How the account's token goes along with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <token>`.
    Bearer,
    /// As the query parameter of this name, after all others. Only whoever sends puts it there: [`Request::url`] never has it.
    Query(&'static str),
    /// Not at all: a temporary link carries its own right.
    None,
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// No body.
    Empty,
    /// `multipart/form-data`.
    Multipart(Vec<Part>),
    /// These bytes: a small document of its own.
    Bytes {
        /// Its MIME type.
        mime: &'static str,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A document that holds the file's content in base64, without line breaks.
    Around {
        /// Its MIME type.
        mime: &'static str,
        /// What stands before the content.
        before: String,
        /// What stands behind it.
        behind: String,
    },
    /// The item's prepared file, or the rest of it, with nothing around it.
    File {
        /// The type that the request names.
        mime: &'static str,
        /// How many of its first bytes are not sent. Whoever moves the bytes reads and hashes them all the same: the hash is that of
        /// the whole file.
        from: u64,
    },
}

/// A part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: &'static str,
    /// Its content.
    pub content: Content,
}

/// A part's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, without a type of its own: as a browser sends it.
    Text(String),
    /// Text of a type: a document in a form.
    Document {
        /// Its MIME type.
        mime: &'static str,
        /// What it says.
        text: String,
    },
    /// The item's prepared file, streamed from disk by whoever moves the bytes.
    File {
        /// The name in the part's header.
        filename: String,
        /// Its MIME type.
        mime: String,
    },
    /// The same file in base64, and a `Content-Transfer-Encoding` that says so.
    Base64File {
        /// The name in the part's header.
        filename: String,
        /// The MIME type of what is encoded.
        mime: String,
    },
}

/// The bytes that make a whole line of base64: 76 characters (RFC 2045, 6.8).
pub(crate) const BASE64_LINE: u64 = 57;

/// How long `bytes` bytes are in base64, the line breaks counted: one between two lines, none after the last.
pub(crate) fn base64_length(bytes: u64) -> u64 {
    let breaks = bytes.div_ceil(BASE64_LINE).saturating_sub(1);
    bytes.div_ceil(3).saturating_mul(4).saturating_add(breaks.saturating_mul(2))
}

/// How long `bytes` bytes are in base64 without line breaks.
pub(crate) fn base64_text_length(bytes: u64) -> u64 {
    bytes.div_ceil(3).saturating_mul(4)
}

/// What becomes of a successful answer's body. The body of any other answer is kept, up to the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Kept in memory, at most [`ANSWER_LIMIT`] bytes.
    Memory,
    /// Hashed and dropped: a download that only has to be compared.
    Hash,
}

/// The longest answer that is kept: a whole work order of Field Nation may be megabytes.
pub const ANSWER_LIMIT: usize = 8_000_000;

/// How much of a request's body left the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Left {
    /// Nothing: the system cannot have processed it.
    None,
    /// Not all of it: the system cannot have processed it whole.
    Part,
    /// All of it, or nobody can tell. An empty body is whole once the request may have left.
    Whole,
}

/// What came of one transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// How much of the body left.
    pub left: Left,
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
}

/// An HTTP answer that arrived whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: AnswerBody,
}

impl Answer {
    /// The first header called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body where it was kept, else nothing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            AnswerBody::Kept(bytes) => bytes,
            AnswerBody::Hashed { .. } => &[],
        }
    }
}

impl fmt::Debug for Answer {
    /// Without headers and body: either may carry a temporary link or a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// An answer's body, by the request's [`Sink`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerBody {
    /// The bytes.
    Kept(Vec<u8>),
    /// Only their number and hash.
    Hashed {
        /// How many.
        bytes: u64,
        /// Their SHA-256.
        sha256: Sha256,
    },
}

/// Why a transfer has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The phone has no network.
    NoNetwork,
    /// The host's name could not be resolved.
    Dns,
    /// The host refused the connection.
    Refused,
    /// The host could not be reached for another reason.
    Unreachable,
    /// The TLS handshake failed: a foreign certificate, most often.
    Tls,
    /// Nothing moved for too long.
    TimedOut,
    /// The connection broke, or the answer ended early or was no HTTP.
    Broken,
    /// The answer is longer than [`ANSWER_LIMIT`].
    AnswerTooLong,
    /// Our own file is not what was prepared: found while it streamed, its last chunk was held back.
    FileDamaged,
    /// Our own disk did not take what came.
    NotKept,
    /// We stopped it ourselves.
    Stopped,
}
