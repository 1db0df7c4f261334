//! The driver of our own: one [`Transfer`] in, one [`Exchange`] out, over tokio, reqwest and rustls.
//!
//! ```text
//! Transfer --open--> BodyReader --Streamed--> reqwest --> the account's host
//!                                   |                        |
//!                                 Meter (how much left)    Answer | Failure
//! ```
//!
//! Resends nothing, follows no redirect, decodes nothing, remembers nothing but idle connections. No error here holds an address
//! or a token: what went wrong is a [`Failure`], how much left a [`Left`].
//!
//! What lies below could resend by itself, and does not:
//! - reqwest repeats requests that a HTTP/2 peer refused or that met its farewell: off (`retry::never`), and a streamed body
//!   could not be repeated anyway.
//! - hyper-util's pool gives a request to another connection if the kept one turns out to be closed. That cannot be switched off
//!   through reqwest, and need not be: it happens only while the connection's task has not taken the request out of its queue, so
//!   neither head nor body were touched (hyper hands the request back unopened). Once a byte may have been written, the error
//!   comes to us.

mod ahead;
mod failure;
mod stream;
mod tls;

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256 as Hasher};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use url::{Host, Url};

use self::failure::Trouble;
use self::stream::{Line, ShutOnDrop, Streamed};
use super::multipart::Form;
use super::{Secret, Transfer};
use crate::disk::Disk;
use crate::model::{
    ANSWER_LIMIT, Answer, AnswerBody, Auth, Body, Exchange, Failure, Left, Method, Request, Sha256, Sink,
};

/// How long an idle connection is kept for the next transfer. Shorter than the shortest time that common servers keep theirs (Node.js
/// and Apache httpd: 5 s): a connection that its server has just given up turns a short upload into a doubt.
const KEEP_IDLE: Duration = Duration::from_secs(4);

/// How much of what was handed on may still lie in buffers below us (hyper's of about 400 kB, the kernel's), unseen.
const BUFFERED: u64 = 512 * 1024;

/// What the driver is told once.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long finding the host, connecting and the TLS handshake may take together.
    pub connect: Duration,
    /// How long nothing may move in either direction. There is no limit for a whole transfer.
    pub idle: Duration,
    /// The slowest line in bytes a second that still counts as moving. What was handed to the network's buffers (at most half a
    /// megabyte) is given the time that it takes at this rate before `idle` begins to count.
    pub slowest: u32,
    /// Root certificates that are trusted beside the system's: each one DER certificate, or PEM text with any number.
    /// Not on Android, where a private authority belongs into the system's or the app's own trust store.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for HttpOptions {
    /// 20 s to connect, 60 s of silence, 4 kB/s, no extra roots.
    fn default() -> Self {
        HttpOptions {
            connect: Duration::from_secs(20),
            idle: Duration::from_secs(60),
            slowest: 4_000,
            extra_roots: Vec::new(),
        }
    }
}

/// Why there is no driver.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// An extra root is no certificate.
    #[error("an extra root certificate cannot be read: it has to be PEM or DER")]
    BadRoot,
    /// Extra roots are not possible here.
    #[error("extra root certificates are not possible on this system: add them to its own trust store")]
    ExtraRootsUnsupported,
    /// The HTTP stack refused to start.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

/// Stops transfers, from any thread. Clones stop together; once stopped, for good.
#[derive(Debug, Clone)]
pub struct StopSignal(Arc<watch::Sender<bool>>);

impl StopSignal {
    /// A signal that was not given yet.
    #[must_use]
    pub fn new() -> Self {
        StopSignal(Arc::new(watch::Sender::new(false)))
    }

    /// Gives it.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was given.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is given.
    pub async fn stopped(&self) {
        // Fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

impl Default for StopSignal {
    fn default() -> Self {
        Self::new()
    }
}

/// Moves bytes over HTTP. Cheap to share; needs a tokio runtime with time and I/O around [`Http::send`].
pub struct Http {
    /// For the world: through the system's proxy, where there is one.
    outward: reqwest::Client,
    /// For this machine: never through a proxy.
    loopback: reqwest::Client,
    disk: Arc<dyn Disk>,
    options: HttpOptions,
}

impl Http {
    /// A driver that reads its bodies' files from `disk`.
    pub fn new(options: HttpOptions, disk: Arc<dyn Disk>) -> Result<Self, HttpError> {
        let tls = tls::config(&options.extra_roots)?;
        let client = |no_proxy: bool| {
            let builder = builder(&options).tls_backend_preconfigured(tls.clone());
            let builder = if no_proxy { builder.no_proxy() } else { builder };
            builder.build().map_err(|e| HttpError::Setup(e.without_url().to_string()))
        };
        Ok(Http { outward: client(false)?, loopback: client(true)?, disk, options })
    }

    /// Makes the exchange that `transfer` asks for, once. `progress` hears how much of the body left, and its length; it is
    /// called within this future and must be quick. A dropped future lets nothing more out either, but tells nobody how much had left.
    pub async fn send(
        &self,
        transfer: &Transfer,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
        stop: &StopSignal,
    ) -> Exchange {
        if stop.is_stopped() {
            return nothing_left(Failure::Stopped);
        }
        let body = match self.open(transfer).await {
            Ok(body) => body,
            Err(failure) => return nothing_left(failure),
        };
        let line = Line::new(body.as_ref().map_or(0, Streamed::length));
        let open = ShutOnDrop(&line);
        let Some(request) = self.request(transfer, body, &line) else {
            return nothing_left(Failure::Broken);
        };
        let client = if is_loopback(&transfer.request.url) { &self.loopback } else { &self.outward };
        let keep = transfer.keep.as_deref().map(|path| (&*self.disk, path));
        let talk = talk(client, request, transfer.request.sink, keep, &line);
        let result = self.watched(talk, &line, progress, stop).await;
        // Before it is told how much left: what comes later must not make that untrue.
        drop(open);
        conclude(&line, result)
    }

    /// The body, its file opened and its first chunk read. `None` for no body.
    async fn open(&self, transfer: &Transfer) -> Result<Option<Streamed>, Failure> {
        let form = match &transfer.request.body {
            Body::Empty => return Ok(None),
            Body::Multipart(parts) => Form::new(parts, transfer.file.as_ref()).ok_or(Failure::FileDamaged)?,
            Body::Bytes { mime, bytes } => Form::document(mime, bytes),
            Body::Around { mime, before, behind } => {
                Form::around(mime, [before, behind], transfer.file.as_ref()).ok_or(Failure::FileDamaged)?
            }
            Body::File { mime, from } => Form::rest(mime, *from, transfer.file.as_ref()).ok_or(Failure::FileDamaged)?,
        };
        let streamed = Streamed::open(form, transfer.file.clone(), Arc::clone(&self.disk)).await;
        streamed.map(Some).map_err(|_| Failure::FileDamaged)
    }

    /// `None`: a header or the token cannot stand in a request at all.
    fn request(&self, transfer: &Transfer, body: Option<Streamed>, line: &Arc<Line>) -> Option<reqwest::Request> {
        let asked = &transfer.request;
        let mut request = reqwest::Request::new(method(asked.method), address(asked, transfer.token.as_ref()));
        *request.headers_mut() = headers(asked, transfer)?;
        if let Some(body) = body {
            let content_type = HeaderValue::from_str(body.content_type()).ok()?;
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            *request.body_mut() = Some(body.onto(line));
        }
        Some(request)
    }

    /// Waits for `talk`, as long as it moves and nobody stops it.
    async fn watched(
        &self,
        talk: impl Future<Output = Result<Answer, Trouble>>,
        line: &Line,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
        stop: &StopSignal,
    ) -> Result<Answer, Trouble> {
        let (mut talk, mut stopped) = (pin!(talk), pin!(stop.stopped()));
        let mut told = 0;
        // Connecting has a limit of its own; the silence can only begin after it.
        let mut deadline = Instant::now() + self.options.connect + self.options.idle;
        loop {
            let end = tokio::select! {
                biased;
                result = &mut talk => Some(result), // an answer in hand is worth more than a stop
                () = &mut stopped => Some(Err(Trouble::after_request(Failure::Stopped))),
                () = line.moved() => None,
                () = sleep_until(deadline) => Some(Err(Trouble::after_request(Failure::TimedOut))),
            };
            let handed = line.meter().handed();
            if handed > told {
                told = handed;
                progress(handed, line.meter().total());
            }
            if let Some(end) = end {
                return end;
            }
            deadline = Instant::now() + self.patience(line);
        }
    }

    /// How long nothing may be seen to move from now on.
    fn patience(&self, line: &Line) -> Duration {
        let unseen = if line.is_answering() { 0 } else { line.meter().handed().min(BUFFERED) };
        let drains = Duration::from_millis(unseen * 1000 / u64::from(self.options.slowest.max(1)));
        self.options.idle + drains
    }
}

fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("fieldpost/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(options.connect)
        .pool_idle_timeout(KEEP_IDLE);
    // Where the kernel can tell that what it sent is not being acknowledged, it does: it sees what we cannot.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(options.idle);
    builder
}

/// The whole talk: the request goes out, the answer comes in.
async fn talk(
    client: &reqwest::Client,
    request: reqwest::Request,
    sink: Sink,
    keep: Option<(&dyn Disk, &Path)>,
    line: &Line,
) -> Result<Answer, Trouble> {
    let mut response = client.execute(request).await.map_err(|e| failure::of_request(&e))?;
    line.heard();
    let status = response.status();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let body = match sink {
        Sink::Hash if status.is_success() => hashed(&mut response, keep, line).await?,
        Sink::Hash | Sink::Memory => kept(&mut response, line).await?,
    };
    Ok(Answer { status: status.as_u16(), headers, body })
}

/// Hashes the body, and writes it to a new file where it shall be kept.
async fn hashed(
    response: &mut reqwest::Response,
    keep: Option<(&dyn Disk, &Path)>,
    line: &Line,
) -> Result<AnswerBody, Trouble> {
    let not_kept = |_| Trouble::after_request(Failure::NotKept);
    let mut file = keep.map(|(disk, path)| disk.create(path)).transpose().map_err(not_kept)?;
    let (mut hasher, mut bytes) = (Hasher::new(), 0);
    while let Some(chunk) = next(response, line).await? {
        hasher.update(&chunk);
        if let Some(file) = &mut file {
            file.write_all(&chunk).map_err(not_kept)?;
        }
        bytes += chunk.len() as u64;
    }
    Ok(AnswerBody::Hashed { bytes, sha256: Sha256(hasher.finalize().into()) })
}

async fn kept(response: &mut reqwest::Response, line: &Line) -> Result<AnswerBody, Trouble> {
    let mut all = Vec::new();
    while let Some(chunk) = next(response, line).await? {
        if all.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Trouble::after_request(Failure::AnswerTooLong));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(AnswerBody::Kept(all))
}

async fn next(response: &mut reqwest::Response, line: &Line) -> Result<Option<bytes::Bytes>, Trouble> {
    let chunk = response.chunk().await.map_err(|e| failure::of_answer(&e))?;
    line.heard();
    Ok(chunk)
}

/// What is reported, the gate being shut.
fn conclude(line: &Line, result: Result<Answer, Trouble>) -> Exchange {
    match result {
        Ok(answer) => Exchange { left: line.meter().left(true), result: Ok(answer) },
        Err(trouble) => {
            // The stack reports our own abort as a broken request; the meter knows better.
            let failure = if line.meter().damaged() { Failure::FileDamaged } else { trouble.failure };
            Exchange { left: line.meter().left(trouble.requested), result: Err(failure) }
        }
    }
}

fn nothing_left(failure: Failure) -> Exchange {
    Exchange { left: Left::None, result: Err(failure) }
}

fn headers(asked: &Request, transfer: &Transfer) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &asked.headers {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?);
    }
    if let (Auth::Bearer, Some(token)) = (asked.auth, &transfer.token) {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
        value.set_sensitive(true); // never shown, never put into HTTP/2's compression table
        headers.insert(AUTHORIZATION, value);
    }
    Some(headers)
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
        Method::Patch => reqwest::Method::PATCH,
        Method::Head => reqwest::Method::HEAD,
        Method::Options => reqwest::Method::OPTIONS,
    }
}

/// Where the request goes: with the token in the query, where that is how it goes along. From here on the address is a secret;
/// the only ones who see it are the HTTP stack, whose errors are never kept (see `failure`), and the host.
fn address(asked: &Request, token: Option<&Secret>) -> Url {
    let mut url = bare(&asked.url);
    if let (Auth::Query(name), Some(token)) = (asked.auth, token) {
        url.query_pairs_mut().append_pair(name, token.reveal());
    }
    url
}

/// `url` without a name and password: HTTP/2 would send them along as part of the host, a credential that nobody asked for.
fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail only for addresses without a host, which carry neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Whether `url` is this machine: what is said to it is no proxy's business, and may be cleartext.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
