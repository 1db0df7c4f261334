//! Time as it is handed in: nothing here reads a clock.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::{Iso8601, Rfc3339, iso8601};

/// A moment of the wall clock: milliseconds since 1970 in UTC, shown as `2026-11-21T10:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Three digits of a second, always UTC.
const FORM: Iso8601<
    {
        iso8601::Config::DEFAULT
            .set_time_precision(iso8601::TimePrecision::Second { decimal_digits: std::num::NonZeroU8::new(3) })
            .encode()
    },
> = Iso8601;

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Timestamp(ms)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment and `length` after it.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        Timestamp(self.0.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000);
        match at.ok().and_then(|at| at.format(&FORM).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ms", self.0), // a clock set beyond the year 9999
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = time::error::Parse;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let at = OffsetDateTime::parse(s, &Rfc3339)?;
        Ok(Timestamp(i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The present, as the caller's clocks tell it.
///
/// Waits are measured on `mono`, which no one can set; `wall` is for what people and systems read. A stored wait
/// never lasts longer than its own length, and a new `boot` re-anchors it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// The wall clock; may jump.
    pub wall: Timestamp,
    /// Since this boot, suspension included; never goes back within a boot.
    pub mono: Duration,
    /// Which boot `mono` counts from.
    pub boot: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_shows_three_digits_and_reads_back() {
        let at = Timestamp::from_millis(1_795_255_200_007);
        assert_eq!(at.to_string(), "2026-11-21T10:00:00.007Z");
        assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_clock_beyond_all_calendars_still_shows_something() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), format!("{} ms", i64::MAX));
    }
}
