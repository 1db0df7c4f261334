//! The other side, byte by byte: a listener on loopback whose every step the test spells out.

use std::net::SocketAddr;
use std::path::PathBuf;

use sha2::{Digest, Sha256 as Hasher};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::disk::OsDisk;
use crate::model::{Bytes, Content, Part};
use crate::transport::{BodyFile, Secret, TransferId};

/// An address that listens.
pub(super) struct Host {
    listener: TcpListener,
}

impl Host {
    pub(super) async fn bind() -> Self {
        Host { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address())).unwrap()
    }

    pub(super) async fn accept(&self) -> Peer<TcpStream> {
        Peer::new(self.listener.accept().await.unwrap().0)
    }

    /// Whether nobody waits to be accepted.
    pub(super) fn nobody_called(self) -> bool {
        let listener = self.listener.into_std().unwrap();
        listener.set_nonblocking(true).unwrap();
        listener.accept().is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
    }
}

/// One accepted connection.
pub(super) struct Peer<S> {
    pub(super) stream: S,
    seen: Vec<u8>,
}

/// A request that arrived whole.
pub(super) struct Arrived {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Arrived {
    /// The value of the header `name` (lower case).
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) fn new(stream: S) -> Self {
        Peer { stream, seen: Vec::new() }
    }

    /// The next request; `None` if it ends early.
    pub(super) async fn request(&mut self) -> Option<Arrived> {
        let head = self.head().await?;
        let mut arrived = Arrived { head, body: Vec::new() };
        let length = arrived.header("content-length").map_or(0, |n| n.parse().unwrap());
        while self.seen.len() < length {
            self.more().await?;
        }
        arrived.body = self.seen.drain(..length).collect();
        Some(arrived)
    }

    /// The next request's head.
    pub(super) async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.seen.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = self.seen.drain(..at + 4).collect();
                return Some(String::from_utf8(head).unwrap());
            }
            self.more().await?;
        }
    }

    /// Waits for `bytes` more of a body.
    pub(super) async fn some(&mut self, bytes: usize) {
        while self.seen.len() < bytes {
            self.more().await.unwrap();
        }
    }

    /// The next request, of which nothing is kept; how long its body was.
    pub(super) async fn swallow(&mut self) -> usize {
        let head = self.head().await.unwrap();
        let length = Arrived { head, body: Vec::new() }.header("content-length").unwrap().parse().unwrap();
        let mut swallowed = self.seen.len();
        while swallowed < length {
            self.seen.clear();
            self.more().await.unwrap();
            swallowed += self.seen.len();
        }
        self.seen.clear();
        swallowed
    }

    /// All that still comes until the other side goes away; how long it is.
    pub(super) async fn rest(&mut self) -> usize {
        let mut length = std::mem::take(&mut self.seen).len();
        while self.more().await.is_some() {
            length += std::mem::take(&mut self.seen).len();
        }
        length
    }

    pub(super) async fn say(&mut self, answer: &str) {
        self.stream.write_all(answer.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.seen).await {
            Ok(1..) => Some(()),
            Ok(0) | Err(_) => None,
        }
    }
}

/// What is sent, and the folder where it lies.
pub(super) struct Upload {
    pub(super) transfer: Transfer,
    pub(super) content: Vec<u8>,
    _folder: TempDir,
}

impl Upload {
    /// A multipart upload of `length` bytes to `url`, with the token `t0ken`.
    pub(super) fn new(url: Url, length: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let block: Vec<u8> = (0..=250).collect(); // 251 bytes: nowhere in step with a chunk
        let mut content = block.repeat(length / block.len() + 1);
        content.truncate(length);
        let path = folder.path().join("sent");
        std::fs::write(&path, &content).unwrap();
        let sha256 = Sha256(Hasher::digest(&content).into());
        let (filename, mime) = ("boiler-7f3a9c1e.jpg".to_owned(), "image/jpeg".to_owned());
        let parts = vec![
            Part { name: "MessageId", content: Content::Text("42".to_owned()) },
            Part { name: "file", content: Content::File { filename, mime } },
        ];
        let mut transfer = look(url);
        transfer.request.method = Method::Post;
        transfer.request.body = Body::Multipart(parts);
        transfer.file = Some(BodyFile { path, bytes: Bytes(length as u64), sha256 });
        Upload { transfer, content, _folder: folder }
    }

    /// The same with the file in base64.
    pub(super) fn in_base64(mut self) -> Self {
        let Body::Multipart(parts) = &mut self.transfer.request.body else { unreachable!() };
        for part in parts {
            if let Content::File { filename, mime } = &part.content {
                part.content = Content::Base64File { filename: filename.clone(), mime: mime.clone() };
            }
        }
        self
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.transfer.file.as_ref().unwrap().path
    }

    pub(super) fn form(&self) -> Form {
        let Body::Multipart(parts) = &self.transfer.request.body else { unreachable!() };
        Form::new(parts, self.transfer.file.as_ref()).unwrap()
    }
}

/// A request without a body, with the token `t0ken`.
pub(super) fn look(url: Url) -> Transfer {
    let request = Request {
        method: Method::Get,
        url,
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        auth: Auth::Bearer,
        body: Body::Empty,
        sink: Sink::Memory,
    };
    let token = Some(Secret::new("t0ken"));
    Transfer { id: TransferId(1), account: "acme".to_owned(), item: None, request, token, file: None, keep: None }
}

/// A driver with limits that no test on loopback should meet.
pub(super) fn http() -> Http {
    http_with(HttpOptions::default())
}

pub(super) fn http_with(options: HttpOptions) -> Http {
    Http::new(options, Arc::new(OsDisk)).unwrap()
}

/// Sends with nobody watching and nobody stopping.
pub(super) async fn send(http: &Http, transfer: &Transfer) -> Exchange {
    http.send(transfer, &|_, _| {}, &StopSignal::new()).await
}

/// Both sides to their ends.
pub(super) async fn together<A, B>(client: impl Future<Output = A>, server: impl Future<Output = B>) -> (A, B) {
    within(Duration::from_secs(60), client, server).await
}

/// Both sides to their ends. `limit` is no part of any test: it only lets a broken one fail where it would wait for ever.
pub(super) async fn within<A, B>(
    limit: Duration,
    client: impl Future<Output = A>,
    server: impl Future<Output = B>,
) -> (A, B) {
    let both = async { tokio::join!(client, server) };
    tokio::time::timeout(limit, both).await.expect("both sides come to their ends")
}

pub(super) fn failed(left: Left, failure: Failure) -> Exchange {
    Exchange { left, result: Err(failure) }
}
