//! What preparing a picture may cost, and how the caller follows or stops it.
//!
//! Owns the budget's meaning. Never knows what is being prepared.

use std::fmt;
use std::num::NonZeroUsize;

use crate::FitError;

/// The memory that [`Control::default`] allows, in bytes: enough for a PNG of 30 megapixels. A JPEG takes some 12 MB, but for a
/// progressive one, whose coefficients are held: 3 bytes a pixel, or less at a smaller scale.
pub const DEFAULT_MEMORY: u64 = 256_000_000;

/// The budget of one [`fit`](crate::fit), its cancel check and its progress callback.
///
/// Both callbacks are called on the thread that runs `fit`, or on threads it started: they must be quick and may not
/// block.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use fieldpost_imaging::Control;
///
/// let stop = AtomicBool::new(false);
/// let cancelled = || stop.load(Ordering::Relaxed);
/// let control = Control::default().memory(64_000_000).cancelled_by(&cancelled);
/// # let _ = control;
/// ```
#[derive(Clone, Copy)]
pub struct Control<'a> {
    memory: u64,
    threads: NonZeroUsize,
    cancelled: &'a (dyn Fn() -> bool + Sync),
    progress: &'a (dyn Fn(f32) + Sync),
}

impl Default for Control<'_> {
    /// [`DEFAULT_MEMORY`], one thread, never cancelled, progress told to nobody.
    fn default() -> Self {
        Control { memory: DEFAULT_MEMORY, threads: NonZeroUsize::MIN, cancelled: &|| false, progress: &|_| {} }
    }
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("memory", &self.memory).field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl<'a> Control<'a> {
    /// The most memory to use, in bytes. What would take more is refused with [`FitError::MemoryLimit`] before it is
    /// allocated.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        Control { memory: bytes, ..self }
    }

    /// The most threads to use, at most: an engine is free to use fewer, and today's uses one.
    #[must_use]
    pub fn threads(self, threads: NonZeroUsize) -> Self {
        Control { threads, ..self }
    }

    /// Asked often; once it says `true`, `fit` ends with [`FitError::Cancelled`] at the next step.
    #[must_use]
    pub fn cancelled_by(self, cancelled: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Control { cancelled, ..self }
    }

    /// Told how far the work has come, from 0.0 to 1.0, never going back.
    #[must_use]
    pub fn progress_to(self, progress: &'a (dyn Fn(f32) + Sync)) -> Self {
        Control { progress, ..self }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        (self.cancelled)()
    }

    /// A step is done: `part` of the whole, unless the caller wants no more of it.
    pub(crate) fn step(&self, part: f32) -> Result<(), FitError> {
        if self.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        (self.progress)(part);
        Ok(())
    }

    /// Refuses what would take more memory than the budget.
    pub(crate) fn afford(&self, needed: u64) -> Result<(), FitError> {
        if needed > self.memory {
            return Err(FitError::MemoryLimit { needed, limit: self.memory });
        }
        Ok(())
    }

    pub(crate) fn memory_limit(&self) -> u64 {
        self.memory
    }
}

/// Progress over passes whose number nobody knows ahead: each takes a share of what is left.
pub(crate) struct Watch<'c> {
    control: &'c Control<'c>,
    from: f32,
    to: f32,
}

/// What is left for writing the file.
const LAST: f32 = 0.97;

impl<'c> Watch<'c> {
    pub(crate) fn new(control: &'c Control<'c>, from: f32) -> Self {
        Watch { control, from, to: from }
    }

    /// The pass before is over, the next takes this share of what is left.
    pub(crate) fn begin(&mut self, share: f32) {
        self.from = self.to;
        self.to += (LAST - self.to).max(0.0) * share;
    }

    /// So much of this pass is done, unless the caller wants no more of it.
    pub(crate) fn at(&self, part: f32) -> Result<(), FitError> {
        self.control.step(self.from + (self.to - self.from) * part.clamp(0.0, 1.0))
    }
}
