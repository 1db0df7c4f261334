//! The clocks of the machine, read in one place.

use std::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::{Now, Timestamp};

/// Where an outbox takes its time from.
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Now;
}

/// The machine's clocks: wall clock, time since boot with suspension, and the boot they count from.
#[derive(Debug, Clone)]
pub struct SystemClock {
    /// As the kernel names this boot; where it does not, the boot is told by when it began.
    boot: Option<String>,
}

impl SystemClock {
    /// Reads the boot's name once.
    #[must_use]
    pub fn new() -> Self {
        let name = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        SystemClock { boot: name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mono = since_boot();
        // Told by its beginning, to the minute: a clock set by hand makes it another boot, which only re-anchors waits.
        let boot = self.boot.clone().unwrap_or_else(|| format!("began-{}", wall.saturating_sub(mono).as_secs() / 60));
        Now { wall: Timestamp::from_millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)), mono, boot }
    }
}

/// Time since boot, suspension included: `CLOCK_BOOTTIME` on Linux and Android; Apple's `CLOCK_MONOTONIC` counts sleep too.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let at = rustix::time::clock_gettime(CLOCK);
    Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_moves_on_and_keeps_its_boot() {
        let clock = SystemClock::new();
        let (a, b) = (clock.now(), clock.now());
        assert!(b.mono >= a.mono);
        assert_eq!(a.boot, b.boot);
        assert!(a.wall > Timestamp::from_millis(1_700_000_000_000));
    }
}
