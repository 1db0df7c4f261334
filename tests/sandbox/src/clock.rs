//! The sandbox's own time.
//!
//! Owns: what the time is for links that expire, entries that are listed late and the ledger's lines.
//! Never: sleeps, or slows the wire; `slow` and silence are real time, since sockets know no other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A clock that tests can move. Clones share one time.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use fieldpost_sandbox::Clock;
///
/// let clock = Clock::manual(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(900));
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(900));
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    hand: Arc<Mutex<Hand>>,
}

#[derive(Debug)]
struct Hand {
    /// `None`: the machine's time.
    fixed: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    /// The machine's time; [`advance`](Self::advance) runs ahead of it.
    pub fn real() -> Self {
        Self::of(None)
    }

    /// A time that stands still until it is advanced.
    pub fn manual(start: SystemTime) -> Self {
        Self::of(Some(start))
    }

    fn of(fixed: Option<SystemTime>) -> Self {
        Self { hand: Arc::new(Mutex::new(Hand { fixed, ahead: Duration::ZERO })) }
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        self.hand().ahead += by;
    }

    /// What the time is.
    pub fn now(&self) -> SystemTime {
        let hand = self.hand();
        hand.fixed.unwrap_or_else(SystemTime::now) + hand.ahead
    }

    /// How far it is ahead of where it started from, or of the machine's time.
    pub(crate) fn ahead(&self) -> Duration {
        self.hand().ahead
    }

    /// How long the machine has to wait for a time of this clock; `None`: only [`advance`](Self::advance) brings it.
    pub(crate) fn real_time_until(&self, at: SystemTime) -> Option<Duration> {
        let waits = self.hand().fixed.is_none();
        waits.then(|| at.duration_since(self.now()).unwrap_or_default())
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

/// `2026-11-21T10:00:00.123Z`; the form of every time that the sandbox writes.
pub(crate) fn stamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let milliseconds = at.replace_millisecond(at.millisecond()).unwrap_or(at);
    milliseconds.format(&Rfc3339).unwrap_or_default()
}

/// Reads a [`stamp`]; `None` for anything else.
pub(crate) fn read_stamp(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}
