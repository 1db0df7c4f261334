//! Answers: what a system says, and how it is put on the wire (slowly, cut, by halves).
//!
//! Owns: JSON whose fields stand in an order of its own with unknown ones among them, since no document promises either.
//! Never: decides what is answered.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use serde::Serialize;

use crate::intake::time_for;
use crate::wire::Conn;

/// Bytes read from a stored file at a time.
const CHUNK: usize = 64 * 1024;

/// Pieces a second that a slow answer comes in.
const PIECES: u32 = 20;

/// A system's answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: ReplyBody,
}

/// An answer's body.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Bytes(Vec<u8>),
    /// A stored file; `corrupted`: with its first byte changed.
    Stored {
        path: PathBuf,
        bytes: u64,
        corrupted: bool,
    },
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: ReplyBody::Bytes(body.into()) }
    }

    pub(crate) fn json(status: u16, body: String) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    pub(crate) fn stored(path: PathBuf, bytes: u64, corrupted: bool) -> Self {
        let headers = vec![("content-type".to_owned(), "application/octet-stream".to_owned())];
        Self { status: 200, headers, body: ReplyBody::Stored { path, bytes, corrupted } }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn length(&self) -> u64 {
        match &self.body {
            ReplyBody::Bytes(bytes) => bytes.len() as u64,
            ReplyBody::Stored { bytes, .. } => *bytes,
        }
    }
}

/// How much of an answer's body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    All,
    /// Half, and the head says that this is all.
    Half,
    /// So many bytes (half), then the connection is closed; the head promises the whole.
    Cut(Option<u64>),
}

/// Puts a reply on the wire.
pub(crate) fn response(reply: Reply, portion: Portion, bytes_per_second: Option<u32>, conn: &Arc<Conn>) -> Response {
    let full = reply.length();
    let (sent, promised) = match portion {
        Portion::All => (full, full),
        Portion::Half => (full / 2, full / 2),
        Portion::Cut(keep) => (keep.unwrap_or(full / 2).min(full), full),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        // A header that a rule spells impossibly is left out; `Rule` keeps the status in range.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
    let pieces = Pieces {
        source: Source::of(reply.body),
        left: sent,
        bytes_per_second,
        ending: match portion {
            Portion::Cut(_) => Ending::Cut(Arc::clone(conn)),
            Portion::All | Portion::Half => Ending::Sound,
        },
    };
    *response.body_mut() = Body::from_stream(stream::unfold(Some(pieces), Pieces::next));
    response
}

/// An answer's body while it is sent.
struct Pieces {
    source: Source,
    left: u64,
    bytes_per_second: Option<u32>,
    ending: Ending,
}

enum Ending {
    Sound,
    Cut(Arc<Conn>),
}

enum Source {
    Memory(Bytes),
    Disk { file: File, change_first: bool },
    Lost(String),
}

type Piece = (std::io::Result<Bytes>, Option<Pieces>);

impl Pieces {
    async fn next(this: Option<Self>) -> Option<Piece> {
        let mut this = this?;
        if this.left == 0 {
            return match &this.ending {
                Ending::Sound => None,
                Ending::Cut(conn) => {
                    // What was sent so far has to be out before the line is cut, or nothing of it would arrive.
                    conn.flushed().await;
                    conn.cut();
                    Some((Err(std::io::ErrorKind::ConnectionReset.into()), None))
                }
            };
        }
        let speed = this.bytes_per_second;
        let most = speed.map_or(CHUNK, |s| (s / PIECES).max(1) as usize).min(CHUNK);
        let most = most.min(usize::try_from(this.left).unwrap_or(usize::MAX));
        match this.source.take(most) {
            Ok(piece) => {
                tokio::time::sleep(speed.map_or(Duration::ZERO, |s| time_for(piece.len(), s))).await;
                this.left -= piece.len() as u64;
                Some((Ok(piece), Some(this)))
            }
            Err(e) => Some((Err(e), None)),
        }
    }
}

impl Source {
    fn of(body: ReplyBody) -> Self {
        match body {
            ReplyBody::Bytes(bytes) => Self::Memory(bytes.into()),
            ReplyBody::Stored { path, corrupted, .. } => match File::open(&path) {
                Ok(file) => Self::Disk { file, change_first: corrupted },
                Err(e) => Self::Lost(format!("{}: {e}", path.display())),
            },
        }
    }

    /// The next bytes, at least one.
    fn take(&mut self, most: usize) -> std::io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.split_to(most.min(bytes.len()))),
            Self::Lost(why) => Err(std::io::Error::other(why.clone())),
            Self::Disk { file, change_first } => {
                let mut piece = vec![0; most];
                let read = file.read(&mut piece)?;
                if read == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                piece.truncate(read);
                if std::mem::take(change_first) {
                    piece[0] ^= 0xFF;
                }
                Ok(piece.into())
            }
        }
    }
}

/// A value as JSON text.
pub(crate) fn value(of: &(impl Serialize + ?Sized)) -> String {
    // Only maps with keys that are not strings and failing `Serialize`s can fail, and none is given.
    serde_json::to_string(of).unwrap_or_else(|_| "null".to_owned())
}

/// An object whose fields' order turns with `turn` and never is the documented one, with unknown fields among them.
pub(crate) fn object(fields: &[(&str, String)], turn: u64) -> String {
    let extra = match turn % 3 {
        0 => r#"{"nested":[1,null,{"deep":true}],"AttachmentIds":"none"}"#,
        1 => "null",
        _ => r#""\u00fcnknown""#,
    };
    let mut all: Vec<(&str, &str)> = fields.iter().rev().map(|(name, text)| (*name, text.as_str())).collect();
    if all.len() > 2 {
        let by = usize::try_from(turn).unwrap_or(0) % (all.len() - 1);
        all.rotate_left(by);
    }
    all.insert(all.len() / 2, ("x_sandbox_extra", extra));
    let space = if turn.is_multiple_of(2) { " " } else { "\n  " };
    let fields: Vec<String> = all.iter().map(|(name, text)| format!("{space}{}:{space}{text}", value(name))).collect();
    format!("{{{}{space}}}", fields.join(","))
}

/// An array of texts that are JSON already.
pub(crate) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_keeps_its_fields_but_never_their_documented_order() {
        let fields = [("a", value("1")), ("b", value(&2)), ("c", value(&3)), ("d", value(&4))];
        for turn in 0..12 {
            let text = object(&fields, turn);
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read["a"], "1");
            assert_eq!(read["d"], 4);
            assert_eq!(read.as_object().unwrap().len(), 5);
            let at = |name: &str| text.find(&format!("\"{name}\"")).unwrap();
            assert!(!(at("a") < at("b") && at("b") < at("c") && at("c") < at("d")), "{text}");
        }
    }
}
