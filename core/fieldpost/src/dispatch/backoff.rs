//! How long a failure waits: exponential with full jitter, so that a thousand phones do not come back in the same second.

use std::time::Duration;

/// How long failures wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait of all.
    pub cap: Duration,
}

impl Default for Backoff {
    /// From five seconds, which outlasts a lift and a restarting proxy, to half an hour: a technician who comes out of a
    /// basement tells of it by `set_conditions`, which ends such waits; only a system's own outage is sat out.
    fn default() -> Self {
        Backoff { base: Duration::from_secs(5), cap: Duration::from_secs(30 * 60) }
    }
}

/// A system may ask for at most this long (`Retry-After`): a mistyped year must not strand an account.
pub(crate) const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);

impl Backoff {
    /// The wait after `failures` failures in a row (1 is the first): between nothing and `base * 2^(failures-1)`, at most `cap`.
    /// `chance` is uniform over `u64`.
    pub(crate) fn wait(&self, failures: u32, chance: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        // Not below a tenth: a wait of nothing would be no wait.
        let ms = ceiling.as_millis();
        let floor = ms / 10;
        let ms = floor + ((u128::from(chance) * (ms - floor)) >> 64);
        Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// The wait of an item that fails `failures` times in a row while others pass: as long at first, and up to twelve times the
    /// usual cap.
    pub(crate) fn alone(&self, failures: u32, chance: u64) -> Duration {
        Backoff { base: self.base, cap: self.cap.saturating_mul(12) }.wait(failures, chance)
    }

    /// The wait that a system asked for, or our own if that is longer.
    pub(crate) fn or_asked(&self, asked: Option<Duration>, failures: u32, chance: u64) -> Duration {
        let ours = self.wait(failures, chance);
        asked.map_or(ours, |asked| asked.min(LONGEST_ASKED).max(if asked.is_zero() { ours } else { Duration::ZERO }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_are_spread() {
        let backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(60) };
        let longest = |n| backoff.wait(n, u64::MAX).as_millis();
        assert_eq!([longest(1), longest(2), longest(3), longest(7), longest(99)], [999, 1999, 3999, 59_999, 59_999]);
        assert_eq!(backoff.wait(3, 0), Duration::from_millis(400));
        assert_eq!(backoff.wait(3, u64::MAX / 2), Duration::from_millis(2199));
    }

    #[test]
    fn what_the_system_asks_for_is_obeyed_within_a_day() {
        let backoff = Backoff::default();
        assert_eq!(backoff.or_asked(Some(Duration::from_secs(7)), 9, u64::MAX), Duration::from_secs(7));
        assert_eq!(backoff.or_asked(Some(Duration::from_secs(1 << 40)), 1, 0), LONGEST_ASKED);
        assert!(backoff.or_asked(Some(Duration::ZERO), 1, 0) > Duration::ZERO);
    }
}
