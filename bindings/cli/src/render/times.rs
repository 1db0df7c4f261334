//! Times as people say them.

use std::time::{Duration, SystemTime};

use fieldpost::Timestamp;

/// The machine's wall clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).after(since)
}

/// `3 min ago`; a moment that is still to come (a clock was set back) is `just now`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match between(at, now) {
        past if past < Duration::from_secs(1) => "just now".to_owned(),
        past => format!("{} ago", length(past)),
    }
}

/// `in 4 min`; a moment that is over is `now`.
pub(crate) fn ahead(at: Timestamp, now: Timestamp) -> String {
    match between(now, at) {
        Duration::ZERO => "now".to_owned(),
        left => format!("in {}", length(left.max(Duration::from_secs(1)))),
    }
}

fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(later.millis().saturating_sub(earlier.millis())).unwrap_or(0))
}

/// In its largest unit, two of days and more.
fn length(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min", s / 60),
        s @ 3_600..172_800 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        for (seconds, said) in [
            (-5, "just now"),
            (0, "just now"),
            (59, "59 s ago"),
            (200, "3 min ago"),
            (7_200, "2 h ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(ago(at(0), at(seconds)), said);
        }
        assert_eq!(ahead(at(60), at(0)), "in 1 min");
        assert_eq!(ahead(at(0), at(60)), "now");
    }
}
