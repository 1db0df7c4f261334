//! What a value must look like.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use fieldpost::{Bytes, Cap, Network, Power};
use fieldpost_imaging::{ExifPolicy, ProfilePolicy, QualityRange};

/// One of `all`, by its name.
pub(super) fn one_of<T>(all: &'static [T], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = ()> + Copy + Send + Sync + 'static,
{
    // The names are those that FromStr reads: clap let no other through.
    PossibleValuesParser::new(all.iter().map(|one| name(*one))).try_map(|text| text.parse().map_err(|()| Unknown))
}

/// A name that its type does not read.
#[derive(Debug)]
pub(super) struct Unknown;

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not known")
    }
}

impl std::error::Error for Unknown {}

/// `--network`
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum NetworkArg {
    None,
    Metered,
    Unmetered,
}

impl From<NetworkArg> for Network {
    fn from(arg: NetworkArg) -> Self {
        match arg {
            NetworkArg::None => Network::None,
            NetworkArg::Metered => Network::Metered,
            NetworkArg::Unmetered => Network::Unmetered,
        }
    }
}

/// `--power`
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PowerArg {
    Low,
    Battery,
    Charging,
}

impl From<PowerArg> for Power {
    fn from(arg: PowerArg) -> Self {
        match arg {
            PowerArg::Low => Power::Low,
            PowerArg::Battery => Power::Battery,
            PowerArg::Charging => Power::Charging,
        }
    }
}

/// `--requires`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RequiresArg {
    Unmetered,
    Charging,
}

/// `--exif`
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExifArg {
    /// All of it
    Keep,
    /// Without the location
    NoLocation,
    /// The capture time only
    Minimal,
    /// Nothing
    None,
}

impl From<ExifArg> for ExifPolicy {
    fn from(arg: ExifArg) -> Self {
        match arg {
            ExifArg::Keep => ExifPolicy::Keep,
            ExifArg::NoLocation => ExifPolicy::NoLocation,
            ExifArg::Minimal => ExifPolicy::Minimal,
            ExifArg::None => ExifPolicy::None,
        }
    }
}

/// `--profile`
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProfileArg {
    /// They go with their profile
    Carry,
    /// They are converted to sRGB
    Srgb,
}

impl From<ProfileArg> for ProfilePolicy {
    fn from(arg: ProfileArg) -> Self {
        match arg {
            ProfileArg::Carry => ProfilePolicy::Carry,
            ProfileArg::Srgb => ProfilePolicy::Srgb,
        }
    }
}

/// `--set KEY=VALUE`
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub key: String,
    pub value: String,
}

impl FromStr for Setting {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Setting { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("a setting is KEY=VALUE"),
        }
    }
}

/// `--cap` of a photo.
pub(super) fn cap(text: &str) -> Result<Cap, String> {
    match text.parse() {
        Ok(Cap::To(_)) => size(text).map(Cap::To),
        Ok(Cap::Original) => Ok(Cap::Original),
        Err(bad) => Err(bad.to_string()),
    }
}

/// A size of at least one byte.
pub(super) fn size(text: &str) -> Result<Bytes, String> {
    match text.parse() {
        Ok(Bytes(0)) => Err("no file has no bytes".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(bad) => Err(bad.to_string()),
    }
}

/// `--quality`: two qualities from 1 to 100, the floor first.
pub(super) fn qualities(text: &str) -> Result<QualityRange, String> {
    const EXPECTED: &str = "it is a floor and a ceiling from 1 to 100, such as 45..92";
    let (floor, ceiling) = text.split_once("..").ok_or(EXPECTED)?;
    let quality = |text: &str| text.trim().parse().ok().filter(|quality| (1..=100).contains(quality)).ok_or(EXPECTED);
    match (quality(floor)?, quality(ceiling)?) {
        (floor, ceiling) if floor <= ceiling => Ok(QualityRange::between(floor, ceiling)),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// A length of time: `500ms`, `30s`, `5m`, `2h`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "a time is a number with ms, s, m or h, such as 30s";
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let seconds = match text[unit..].trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(EXPECTED.to_owned()),
    };
    let number: f64 = text[..unit].parse().map_err(|_| EXPECTED.to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| EXPECTED.to_owned())
}

/// `--fault`, `--dialect`: JSON, of whose meaning the sandbox is the judge.
pub(super) fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
}

/// `--post PATH=JSON`
pub(super) fn post(text: &str) -> Result<fieldpost_sandbox::Post, String> {
    let (path, body) = text.split_once('=').ok_or("it is a path of the control API, =, and JSON")?;
    Ok(fieldpost_sandbox::Post { path: path.to_owned(), body: json(body)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_a_unit() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("1.5m", 90_000), ("2h", 7_200_000), ("0", 0), ("7", 7_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "s", "-1s", "1d", "1 week", "1e400s", "9".repeat(400).as_str()] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cap_is_a_size_or_the_original() {
        assert_eq!(cap("original"), Ok(Cap::Original));
        assert_eq!(cap("1MB"), Ok(Cap::To(Bytes(1_000_000))));
        assert!(cap("0").is_err() && cap("big").is_err());
    }

    #[test]
    fn a_range_of_quality_has_its_floor_first() {
        assert_eq!(qualities("45..92"), Ok(QualityRange::between(45, 92)));
        assert_eq!(qualities("80..80"), Ok(QualityRange::between(80, 80)));
        for bad in ["", "80", "..", "45..", "..92", "92..45", "0..92", "45..101", "45..=92", "-1..5", "a..b"] {
            assert!(qualities(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_keeps_what_stands_behind_its_first_equals_sign() {
        let setting: Setting = "caption=a=b".parse().unwrap();
        assert_eq!((setting.key.as_str(), setting.value.as_str()), ("caption", "a=b"));
        assert!("caption".parse::<Setting>().is_err() && "=x".parse::<Setting>().is_err());
    }
}
