//! A body as hyper wants it: frames on demand, of a known length, read off the runtime's threads, counted as they go.
//!
//! Chunks are read some at a time, for each errand to another thread costs as much as sending a chunk over a fast line.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::disk::Disk;
use crate::transport::BodyFile;
use crate::transport::body::{BodyReader, CHUNK, Damaged, Meter};
use crate::transport::multipart::Form;

/// How many chunks one errand reads. As many again are ready meanwhile.
const AT_ONCE: usize = 4;

/// What the sender and the body that hyper holds have in common.
pub(super) struct Line {
    meter: Meter,
    moved: Notify,
    answering: AtomicBool,
}

impl Line {
    pub(super) fn new(total: u64) -> Arc<Self> {
        Arc::new(Line { meter: Meter::new(total), moved: Notify::new(), answering: AtomicBool::new(false) })
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Waits until something moved, in either direction.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }

    /// The other side said something.
    pub(super) fn heard(&self) {
        self.answering.store(true, Ordering::Relaxed);
        self.moved.notify_one();
    }

    /// Whether the answer has begun.
    pub(super) fn is_answering(&self) -> bool {
        self.answering.load(Ordering::Relaxed)
    }
}

/// Shuts its line for good when the sender goes away, however it goes: hyper may hold the body for a while longer.
pub(super) struct ShutOnDrop<'a>(pub(super) &'a Line);

impl Drop for ShutOnDrop<'_> {
    fn drop(&mut self) {
        self.0.meter.shut();
    }
}

/// A body that was opened: its first chunk is there.
pub(super) struct Streamed {
    content_type: String,
    length: u64,
    source: Source,
    first: Bytes,
}

impl Streamed {
    /// Opens the body and reads its first chunk, so that a small damaged file is found before anybody is called.
    pub(super) async fn open(form: Form, file: Option<BodyFile>, disk: Arc<dyn Disk>) -> Result<Self, Damaged> {
        let opening = spawn_blocking(move || {
            let (content_type, length) = (form.content_type(), form.length());
            let reader = BodyReader::open(form, file.as_ref(), &*disk)?;
            let mut source = Source { reader, buffer: BytesMut::new() };
            let first = source.chunk()?;
            Ok(Streamed { content_type, length, source, first })
        });
        opening.await.unwrap_or(Err(Damaged)) // the reading itself failed: we cannot vouch for the file
    }

    pub(super) fn content_type(&self) -> &str {
        &self.content_type
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Goes out on `line`, whose length must be this body's.
    pub(super) fn onto(self, line: &Arc<Line>) -> reqwest::Body {
        let (rest, unread) = (self.length, self.length);
        let mut frames = Frames { line: Arc::clone(line), rest, unread, ready: VecDeque::new(), reading: None };
        frames.keep(self.source, [self.first].into());
        reqwest::Body::wrap(frames)
    }
}

/// What an errand brings, and where the next one goes on.
type Batch = (Source, VecDeque<Bytes>);

/// Reads chunks, on threads that may wait for a disk.
struct Source {
    reader: BodyReader,
    /// Its memory is used again once hyper has let go of the chunk before.
    buffer: BytesMut,
}

impl Source {
    /// The next chunk: a whole one but at the end, empty after it.
    fn chunk(&mut self) -> Result<Bytes, Damaged> {
        self.buffer.resize(CHUNK, 0);
        let n = self.reader.read(&mut self.buffer)?;
        let chunk = self.buffer.split_to(n).freeze();
        self.buffer.clear();
        Ok(chunk)
    }

    /// The next chunks, as many as `bytes` still have.
    fn read(mut self, bytes: u64) -> Result<Batch, Damaged> {
        let mut chunks = VecDeque::with_capacity(AT_ONCE);
        let mut rest = bytes;
        while rest > 0 && chunks.len() < AT_ONCE {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Err(Damaged);
            }
            rest = rest.saturating_sub(chunk.len() as u64);
            chunks.push_back(chunk);
        }
        Ok((self, chunks))
    }
}

/// The body in hyper's hands: some chunks ready, the next ones being read meanwhile.
struct Frames {
    line: Arc<Line>,
    /// How many bytes were not handed out yet.
    rest: u64,
    /// How many bytes were not read yet.
    unread: u64,
    ready: VecDeque<Bytes>,
    reading: Option<JoinHandle<Result<Batch, Damaged>>>,
}

impl Frames {
    /// Keeps `chunks` ready, and reads on where there is more.
    fn keep(&mut self, source: Source, chunks: VecDeque<Bytes>) {
        let unread = self.unread.saturating_sub(chunks.iter().map(|chunk| chunk.len() as u64).sum());
        if unread > 0 {
            self.reading = Some(spawn_blocking(move || source.read(unread)));
        }
        self.unread = unread;
        self.ready = chunks;
    }

    /// Waits until a chunk is ready. Without one being read there is none to come.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Aborted>> {
        if let Some(reading) = self.reading.as_mut().filter(|_| self.ready.is_empty()) {
            let read = ready!(Pin::new(reading).poll(cx));
            self.reading = None;
            match read {
                Ok(Ok((source, chunks))) => self.keep(source, chunks),
                Ok(Err(Damaged)) => {
                    self.line.meter.damage();
                    return Poll::Ready(Err(Aborted));
                }
                Err(_runtime_ends) => return Poll::Ready(Err(Aborted)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        ready!(self.poll_read(cx))?;
        let chunk = self.ready.pop_front().ok_or(Aborted)?;
        let bytes = chunk.len() as u64;
        if !self.line.meter.pass(bytes) {
            return Poll::Ready(Some(Err(Aborted)));
        }
        self.rest -= bytes;
        self.line.moved.notify_one();
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest)
    }
}

/// What hyper hears when a body does not go on. Why, the meter knows.
#[derive(Debug)]
struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body was aborted")
    }
}

impl std::error::Error for Aborted {}
