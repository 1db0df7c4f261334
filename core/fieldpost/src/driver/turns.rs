//! One delivery of our driver at a time in this process: who comes while one runs joins it. Owns whose turn it is and who waits;
//! knows nothing of items.
//!
//! ```text
//! deliver --nobody runs--> runs ----at rest: tells those who would not stay longer----> ended
//!    |                     ^  ^--- somebody came since it last asked what to do: goes round once more
//!    '--somebody runs--> waits --told--> ended
//!                          '---- the one that ran is gone: takes its turn ----> runs
//! ```
//!
//! So nothing that was captured before a `deliver` is missed by it, and one that was given less patience, other certificates
//! or a signal to stop never ends another's wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Deliver, Summary};
use crate::transport::StopSignal;

/// How long one wants to stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    patience: Duration,
    watch: bool,
    since: Instant,
}

impl Stay {
    pub(super) fn of(how: &Deliver) -> Self {
        Stay { patience: how.patience, watch: how.watch, since: Instant::now() }
    }

    /// Whether a wait that has `left` left is sat out: for ever by one that watches; else where it ends within the patience
    /// since the last progress.
    pub(super) fn sits_out(&self, left: Option<Duration>, progress: Instant) -> bool {
        let waited = progress.max(self.since).elapsed();
        self.watch || left.is_some_and(|left| waited + left <= self.patience)
    }
}

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    /// Ends those that deliver now; who comes later has another.
    stop: Mutex<StopSignal>,
}

#[derive(Default)]
struct State {
    runs: bool,
    waiting: Vec<Waiting>,
}

struct Waiting {
    stay: Stay,
    /// Whether the one that runs has asked what to do since.
    seen: bool,
    told: oneshot::Sender<Summary>,
}

pub(super) enum Turn<'a> {
    /// Nobody runs: run.
    Runs(Running<'a>),
    /// Wait. It fails where the one that runs is gone: take a turn again.
    Waits(oneshot::Receiver<Summary>),
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, stay: Stay) -> Turn<'_> {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.runs, true) {
            return Turn::Runs(Running(self));
        }
        let (told, waits) = oneshot::channel();
        state.waiting.push(Waiting { stay, seen: false, told });
        Turn::Waits(waits)
    }

    /// Ends all that deliver now.
    pub(crate) fn stop(&self) {
        std::mem::take(&mut *self.signal()).stop();
    }

    /// The signal that ends who begins to deliver now.
    pub(super) fn stops(&self) -> StopSignal {
        self.signal().clone()
    }

    fn signal(&self) -> MutexGuard<'_, StopSignal> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of the one that runs. Dropped, however that comes about, it is another's.
pub(super) struct Running<'a>(&'a Turns);

impl Running<'_> {
    /// It is about to ask what to do: whoever waits by now has captured before.
    pub(super) fn looks(&self) {
        self.0.lock().waiting.iter_mut().for_each(|waiting| waiting.seen = true);
    }

    /// Nothing can be done now, until `left` is over: those whom it saw and who would not stay are told the summary.
    pub(super) fn rests<E>(
        &self,
        left: Option<Duration>,
        progress: Instant,
        summary: impl FnOnce() -> Result<Summary, E>,
    ) -> Result<(), E> {
        let goes = |waiting: &Waiting| waiting.seen && !waiting.stay.sits_out(left, progress);
        if !self.0.lock().waiting.iter().any(goes) {
            return Ok(());
        }
        let summary = summary()?;
        for waiting in self.0.lock().waiting.extract_if(.., |waiting| goes(waiting)) {
            _ = waiting.told.send(summary); // who does not wait any more was stopped
        }
        Ok(())
    }

    /// Whether somebody came since it last asked what to do.
    pub(super) fn is_joined(&self) -> bool {
        self.0.lock().waiting.iter().any(|waiting| !waiting.seen)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.0.lock() = State::default();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    const SUMMARY: Summary = Summary { delivered: 1, waiting: 2, blocked: 3, next: None };

    fn stay(patience: u64) -> Stay {
        Stay::of(&Deliver { patience: Duration::from_secs(patience), ..Deliver::default() })
    }

    fn runs(turns: &Turns) -> Running<'_> {
        match turns.take(stay(0)) {
            Turn::Runs(running) => running,
            Turn::Waits(_) => panic!("nobody runs"),
        }
    }

    fn waits(turns: &Turns, stay: Stay) -> oneshot::Receiver<Summary> {
        match turns.take(stay) {
            Turn::Waits(waits) => waits,
            Turn::Runs(_) => panic!("somebody runs"),
        }
    }

    fn rests(running: &Running<'_>, left: Option<Duration>) {
        running.rests(left, Instant::now(), || Ok::<_, ()>(SUMMARY)).unwrap();
    }

    #[test]
    fn who_joins_is_told_only_after_the_runner_has_asked_what_to_do_once_more() {
        let turns = Turns::default();
        let running = runs(&turns);
        running.looks();
        let mut joined = waits(&turns, stay(0));
        rests(&running, None);
        assert_eq!(joined.try_recv(), Err(TryRecvError::Empty));
        assert!(running.is_joined());
        running.looks();
        assert!(!running.is_joined());
        rests(&running, None);
        assert_eq!(joined.try_recv(), Ok(SUMMARY));
    }

    #[test]
    fn who_would_stay_longer_than_the_runner_takes_the_next_turn() {
        let turns = Turns::default();
        let running = runs(&turns);
        let watching = Stay { watch: true, ..stay(0) };
        let [mut patient, mut watching, mut hasty] = [stay(60), watching, stay(5)].map(|stay| waits(&turns, stay));
        running.looks();
        rests(&running, Some(Duration::from_secs(30)));
        assert_eq!(hasty.try_recv(), Ok(SUMMARY));
        assert_eq!((patient.try_recv(), watching.try_recv()), (Err(TryRecvError::Empty), Err(TryRecvError::Empty)));
        drop(running);
        assert_eq!((patient.try_recv(), watching.try_recv()), (Err(TryRecvError::Closed), Err(TryRecvError::Closed)));
        let _next = runs(&turns);
    }

    #[test]
    fn a_stop_ends_those_that_deliver_and_none_that_comes_later() {
        let turns = Turns::default();
        let before = turns.stops();
        turns.stop();
        assert_eq!((before.is_stopped(), turns.stops().is_stopped()), (true, false));
    }
}
