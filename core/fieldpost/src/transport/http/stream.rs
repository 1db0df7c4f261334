//! A body as hyper wants it: frames on demand, of a known length, counted as they go.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::ahead::{Ahead, Ended};
use crate::disk::Disk;
use crate::transport::BodyFile;
use crate::transport::body::{BodyReader, CHUNK, Damaged, Meter};
use crate::transport::multipart::Form;

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
    reader: BodyReader,
    first: Bytes,
}

impl Streamed {
    /// Opens the body and reads its first chunk, so that a small damaged file is found before anybody is called.
    pub(super) async fn open(form: Form, file: Option<BodyFile>, disk: Arc<dyn Disk>) -> Result<Self, Damaged> {
        let opening = spawn_blocking(move || {
            let (content_type, length) = (form.content_type().to_owned(), form.length());
            let mut reader = BodyReader::open(form, file.as_ref(), &*disk)?;
            let mut first = vec![0; CHUNK.min(usize::try_from(length).unwrap_or(CHUNK))];
            let read = reader.read(&mut first)?;
            first.truncate(read);
            Ok(Streamed { content_type, length, reader, first: first.into() })
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
        let unread = self.length.saturating_sub(self.first.len() as u64);
        let ahead = Ahead::new(self.reader, self.first, unread);
        reqwest::Body::wrap(Frames { line: Arc::clone(line), rest: self.length, ahead })
    }
}

/// The body in hyper's hands.
struct Frames {
    line: Arc<Line>,
    /// How many bytes were not handed out yet.
    rest: u64,
    ahead: Ahead,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.ahead.poll_chunk(cx)).map_err(|ended| {
            if ended == Ended::Damaged {
                self.line.meter.damage();
            }
            Aborted
        })?;
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
