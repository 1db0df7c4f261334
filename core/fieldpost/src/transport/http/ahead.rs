//! Reads a body ahead of whoever sends it, on threads that may wait for a disk.
//!
//! ```text
//! reader --chunk--> ready: at most AHEAD chunks --> the sender
//!    ^                                                 |
//!    '-------- set to work again at half of them ------'
//! ```
//!
//! No thread ever waits for the sender: with enough read the reader is put down, and the sender sets it to work again. While
//! the sender keeps up it never stops, for each errand to another thread costs as much as sending chunks over a fast line.
//! A sender that goes away leaves nothing behind but what one errand still reads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::transport::body::{BodyReader, CHUNK, Damaged};

/// How many chunks are read ahead.
const AHEAD: usize = 8;

/// With so many the sender is woken: fewer would wake it too often.
const ENOUGH: usize = AHEAD / 2;

/// Why there is no further chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The file is not what was prepared.
    Damaged,
    /// The runtime ends, or the reading itself failed: nobody can vouch for the file.
    Aborted,
}

/// The chunks of a body.
pub(super) struct Ahead(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Memory of chunks that were sent, to be used again.
    spare: Mutex<Vec<Box<[u8]>>>,
}

struct State {
    /// Put down here; elsewhere while it is at work.
    reader: Option<BodyReader>,
    /// How many bytes were not read yet.
    unread: u64,
    ready: VecDeque<Bytes>,
    ended: Option<Ended>,
    waker: Option<Waker>,
}

impl Ahead {
    /// What `reader` gives after `first`, `unread` bytes.
    pub(super) fn new(reader: BodyReader, first: Bytes, unread: u64) -> Self {
        let state = State { reader: Some(reader), unread, ready: [first].into(), ended: None, waker: None };
        let ahead = Ahead(Arc::new(Shared { state: Mutex::new(state), spare: Mutex::default() }));
        ahead.set_to_work(&mut lock(&ahead.0.state));
        ahead
    }

    /// The next chunk, each but the last a whole one. It must not be asked for one after the last.
    pub(super) fn poll_chunk(&self, cx: &Context<'_>) -> Poll<Result<Bytes, Ended>> {
        let mut state = lock(&self.0.state);
        let chunk = state.ready.pop_front();
        if state.ready.len() <= ENOUGH {
            self.set_to_work(&mut state);
        }
        match (chunk, state.ended) {
            (Some(chunk), _) => Poll::Ready(Ok(chunk)),
            (None, Some(ended)) => Poll::Ready(Err(ended)),
            (None, None) => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn set_to_work(&self, state: &mut State) {
        if state.unread > 0
            && let Some(reader) = state.reader.take()
        {
            let mut errand = Errand { shared: Arc::clone(&self.0), reader: Some(reader) };
            drop(spawn_blocking(move || errand.run())); // where the runtime ends it is dropped, and says so
        }
    }
}

/// Fills what is ready.
struct Errand {
    shared: Arc<Shared>,
    /// Until it is put down.
    reader: Option<BodyReader>,
}

impl Errand {
    fn run(&mut self) {
        while let Some(reader) = &mut self.reader {
            let read = self.shared.chunk(reader);
            let mut state = lock(&self.shared.state);
            match read {
                Ok(chunk) if !chunk.is_empty() => {
                    state.unread = state.unread.saturating_sub(chunk.len() as u64);
                    state.ready.push_back(chunk);
                    if state.unread == 0 || state.ready.len() >= AHEAD {
                        state.reader = self.reader.take();
                    }
                }
                // It ended early, or is not what it was.
                Ok(_) | Err(Damaged) => {
                    state.ended = Some(Ended::Damaged);
                    self.reader = None;
                }
            }
            let wake = state.ready.len() >= ENOUGH || self.reader.is_none();
            let waker = state.waker.take_if(|_| wake);
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if self.reader.is_some() {
            let mut state = lock(&self.shared.state);
            state.ended.get_or_insert(Ended::Aborted);
            let waker = state.waker.take();
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl Shared {
    /// The next chunk: a whole one but at the end, empty after it.
    fn chunk(self: &Arc<Self>, reader: &mut BodyReader) -> Result<Bytes, Damaged> {
        let spare = lock(&self.spare).pop();
        let mut memory = spare.unwrap_or_else(|| vec![0; CHUNK].into_boxed_slice());
        let length = reader.read(&mut memory)?;
        Ok(Bytes::from_owner(Chunk { memory, length, home: Arc::clone(self) }))
    }
}

/// A chunk on its way, whose memory comes home.
struct Chunk {
    memory: Box<[u8]>,
    length: usize,
    home: Arc<Shared>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        lock(&self.home.spare).push(std::mem::take(&mut self.memory));
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held; if something did, what is in it would still be true.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
