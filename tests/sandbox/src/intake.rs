//! Reading a request's body: counted, slowed, cut where a fault says so, its files hashed on their way to disk.
//!
//! Owns: the spool folder's files until a system keeps them. Never: holds a file in memory, or says what a part means.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream::{self, Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use crate::multipart::{Multipart, PartHead};
use crate::request::{Content, Form, FormKind, Part, Spooled};

/// Bytes of a file that reach the disk. No system takes nearly as much; the rest is counted and hashed only.
const SPOOL_LIMIT: u64 = 64 * 1024 * 1024;

/// Bytes of a text part, of an url-encoded form, or of JSON.
const TEXT_LIMIT: usize = 1024 * 1024;

/// How a body is to be read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// The request's content type.
    pub(crate) content_type: Option<&'a str>,
    /// The part that is a file even without a `filename`.
    pub(crate) file_part: &'a str,
    /// Where files go.
    pub(crate) spool: &'a Path,
    /// The length that the head announced.
    pub(crate) announced: Option<u64>,
    /// Whether anybody wants the parts; else the body is only counted.
    pub(crate) wanted: bool,
    pub(crate) bytes_per_second: Option<u32>,
    pub(crate) cut_after: Option<u64>,
}

/// What became of a body.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) received: u64,
    pub(crate) end: BodyEnd,
}

/// How a body ended.
#[derive(Debug)]
pub(crate) enum BodyEnd {
    /// All of it arrived; the form, or why it is none.
    Whole(Result<Form, String>),
    /// The client went away in the middle.
    ClientGone,
    /// The fault's byte was reached.
    Cut,
}

/// Reads `body` to its end, or as far as it goes.
pub(crate) async fn read(body: Body, how: Reading<'_>) -> Intake {
    let tap = Tap::new(body, how.bytes_per_second, how.cut_after);
    let form = match how.wanted {
        true => parse(tap.clone(), &how).await,
        false => Ok(Form::default()),
    };
    // A parser stops at what it can use; whether the body was whole shows only at its end.
    let mut rest = tap.clone();
    while let Some(Ok(_)) = rest.next().await {}
    let flow = tap.flow();
    // hyper may end a body quietly whose client went away.
    let whole = flow.ended && how.announced.is_none_or(|length| flow.received == length);
    let end = match (flow.cut, whole) {
        (true, _) => BodyEnd::Cut,
        (false, false) => BodyEnd::ClientGone,
        (false, true) => BodyEnd::Whole(form),
    };
    Intake { received: flow.received, end }
}

async fn parse(mut tap: Tap, how: &Reading<'_>) -> Result<Form, String> {
    let Some(content_type) = how.content_type else {
        return Ok(Form::default());
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "multipart/form-data" => {
            let parts = parts(Multipart::new(tap, content_type)?, how).await?;
            Ok(Form { kind: FormKind::Multipart, parts })
        }
        "application/x-www-form-urlencoded" => {
            let text = text(&mut tap).await?;
            let parts = url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| Part {
                name: name.into_owned(),
                file_name: None,
                content_type: None,
                transfer_encoding: None,
                content: Content::Text(value.into_owned()),
            });
            Ok(Form { kind: FormKind::UrlEncoded, parts: parts.collect() })
        }
        "application/json" => {
            let content = Content::Text(text(&mut tap).await?);
            let content_type = Some(content_type.to_owned());
            let part = Part { name: String::new(), file_name: None, content_type, transfer_encoding: None, content };
            Ok(Form { kind: FormKind::Json, parts: vec![part] })
        }
        _ => Ok(Form { kind: FormKind::Other, parts: vec![] }),
    }
}

async fn text(tap: &mut Tap) -> Result<String, String> {
    let mut text = Vec::new();
    while let Some(chunk) = tap.next().await {
        text.extend_from_slice(&chunk.map_err(|e| e.to_string())?);
        if text.len() > TEXT_LIMIT {
            return Err("the text is too long".to_owned());
        }
    }
    String::from_utf8(text).map_err(|e| e.to_string())
}

async fn parts(mut form: Multipart<Tap>, how: &Reading<'_>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    form.begin().await?;
    while let Some(head) = form.head().await? {
        let content = match head.file_name.is_some() || head.name == how.file_part {
            true => Content::File(spool(&mut form, how.spool).await?),
            false => Content::Text(part_text(&mut form).await?),
        };
        let PartHead { name, file_name, content_type, transfer_encoding } = head;
        parts.push(Part { name, file_name, content_type, transfer_encoding, content });
    }
    Ok(parts)
}

async fn part_text(form: &mut Multipart<Tap>) -> Result<String, String> {
    let mut text = Vec::new();
    while let Some(piece) = form.piece().await? {
        text.extend_from_slice(&piece);
        if text.len() > TEXT_LIMIT {
            return Err("a text part is too long".to_owned());
        }
    }
    String::from_utf8(text).map_err(|e| e.to_string())
}

async fn spool(form: &mut Multipart<Tap>, folder: &Path) -> Result<Spooled, String> {
    let mut file = SpoolFile::create(folder).map_err(|e| format!("the sandbox's disk: {e}"))?;
    while let Some(piece) = form.piece().await? {
        file.write(&piece).map_err(|e| format!("the sandbox's disk: {e}"))?;
    }
    Ok(file.finish())
}

/// A spooled file while it grows; removed if it is never finished.
struct SpoolFile {
    file: File,
    /// Its length and hash are filled in at the end; until then it only removes the file.
    spooled: Spooled,
    hash: Sha256,
}

impl SpoolFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let path: PathBuf = folder.join(uuid::Uuid::now_v7().simple().to_string());
        let file = File::create_new(&path)?;
        Ok(Self { file, spooled: Spooled::new(path, 0, String::new()), hash: Sha256::new() })
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.hash.update(chunk);
        let room = SPOOL_LIMIT.saturating_sub(self.spooled.bytes);
        self.spooled.bytes += chunk.len() as u64;
        self.file.write_all(&chunk[..chunk.len().min(usize::try_from(room).unwrap_or(usize::MAX))])
    }

    fn finish(mut self) -> Spooled {
        self.spooled.sha256 = hex(&self.hash.finalize());
        self.spooled
    }
}

/// Bytes that came by another way than a file part, on disk like one.
pub(crate) fn spool_bytes(bytes: &[u8], folder: &Path) -> io::Result<Spooled> {
    let mut file = SpoolFile::create(folder)?;
    file.write(bytes)?;
    Ok(file.finish())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A body that several readers take turns at, and that remembers what went through.
#[derive(Clone)]
struct Tap(Arc<Mutex<Flow>>);

struct Flow {
    source: Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>,
    received: u64,
    cut_after: Option<u64>,
    /// The source came to its end.
    ended: bool,
    /// The fault's byte was reached.
    cut: bool,
}

impl Tap {
    fn new(body: Body, bytes_per_second: Option<u32>, cut_after: Option<u64>) -> Self {
        let source = body.into_data_stream();
        let source: Pin<Box<dyn Stream<Item = _> + Send>> = match bytes_per_second {
            Some(speed) => Box::pin(slowed(source, speed)),
            None => Box::pin(source),
        };
        Self(Arc::new(Mutex::new(Flow { source, received: 0, cut_after, ended: false, cut: false })))
    }

    fn flow(&self) -> MutexGuard<'_, Flow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Tap {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut flow = self.flow();
        if flow.cut || flow.ended {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(flow.source.as_mut().poll_next(cx));
        Poll::Ready(flow.pass(next))
    }
}

impl Flow {
    fn pass(&mut self, next: Option<Result<Bytes, axum::Error>>) -> Option<Result<Bytes, axum::Error>> {
        match next {
            None => {
                // A body shorter than the fault's byte is cut at its end.
                self.ended = true;
                self.cut = self.cut_after.is_some();
                None
            }
            Some(Err(e)) => Some(Err(e)),
            Some(Ok(mut chunk)) => {
                let room = self.cut_after.map_or(u64::MAX, |at| at - self.received);
                if chunk.len() as u64 >= room {
                    self.cut = true;
                    chunk.truncate(usize::try_from(room).unwrap_or(usize::MAX));
                }
                self.received += chunk.len() as u64;
                Some(Ok(chunk))
            }
        }
    }
}

fn slowed<S>(source: S, bytes_per_second: u32) -> impl Stream<Item = Result<Bytes, axum::Error>>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    stream::unfold(source, move |mut source| async move {
        let next = source.next().await?;
        if let Ok(chunk) = &next {
            tokio::time::sleep(time_for(chunk.len(), bytes_per_second)).await;
        }
        Some((next, source))
    })
}

/// How long `bytes` take at that speed.
pub(crate) fn time_for(bytes: usize, bytes_per_second: u32) -> Duration {
    Duration::from_secs_f64(bytes as f64 / f64::from(bytes_per_second.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a form that arrives in these pieces.
    async fn arriving(pieces: Vec<&'static [u8]>, spool: &Path) -> Intake {
        let announced = pieces.iter().map(|p| p.len() as u64).sum();
        let pieces = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        let how = Reading {
            content_type: Some("multipart/form-data; boundary=----b"),
            file_part: "",
            spool,
            announced: Some(announced),
            wanted: true,
            bytes_per_second: None,
            cut_after: None,
        };
        read(Body::from_stream(stream::iter(pieces)), how).await
    }

    #[tokio::test]
    async fn a_form_is_the_same_however_it_is_cut_into_pieces() {
        const FORM: &[u8] = b"------b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
            ------b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\n\
            \r\n------a\r\n--\r\n------b--\r\n";
        let spool = tempfile::tempdir().unwrap();
        for first in 0..FORM.len() {
            for second in first..FORM.len() {
                let pieces = vec![&FORM[..first], &FORM[first..second], &FORM[second..]];
                let BodyEnd::Whole(form) = arriving(pieces, spool.path()).await.end else { panic!("{first} {second}") };
                let form = form.unwrap_or_else(|e| panic!("cut at {first} and {second}: {e}"));
                assert_eq!(form.text("a"), Some("one"));
                assert_eq!(form.file("f").unwrap().bytes, 13);
            }
        }
        assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0);
    }
}
