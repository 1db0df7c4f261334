//! Ids, hashes and byte counts as types of their own, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An item's id: a UUIDv7, so that ids sort by the time of capture.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(Uuid);

impl ItemId {
    /// An id made at `at`, with ten random bytes from the caller.
    pub(crate) fn new(at: super::Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        ItemId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The last eight hexadecimal digits: the [`Marker`] in the sent name.
    #[must_use]
    pub fn marker(self) -> Marker {
        let b = self.0.as_bytes();
        Marker([b[12], b[13], b[14], b[15]])
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ItemId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(s).map(ItemId)
    }
}

/// The eight hexadecimal digits in a sent name that make it recognisably ours.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Marker([u8; 4]);

impl Marker {
    /// Whether the marker stands anywhere in `name`, whatever its case.
    #[must_use]
    pub fn is_in(self, name: &str) -> bool {
        name.to_ascii_lowercase().contains(&self.to_string())
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Marker {
    type Err = BadHex;
    fn from_str(s: &str) -> Result<Self, BadHex> {
        from_hex(s).map(Marker)
    }
}

impl Serialize for Marker {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Marker {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The id of one queued operation's request, the same on every try of it: at most 36 characters, as CorrigoPro's `MessageId` wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    pub(crate) fn new(random: [u8; 16]) -> Self {
        RequestId(uuid::Builder::from_random_bytes(random).into_uuid())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What the work-order system calls an attachment of ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemoteId(pub String);

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name an app gives to a configured connection: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account id must be 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an account's id is 1 to 64 letters, digits, dots, dashes or underscores")]
pub struct BadAccountId;

impl FromStr for AccountId {
    type Err = BadAccountId;
    fn from_str(s: &str) -> Result<Self, BadAccountId> {
        let fits = (1..=64).contains(&s.len());
        let clean = s.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        if fits && clean { Ok(AccountId(s.to_owned())) } else { Err(BadAccountId) }
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The parent of attachments, whatever the system calls it (work order, case, ticket). Any text is taken: an id that the
/// system cannot have blocks the item, it does not refuse the evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkOrder {
    /// The account's id.
    pub account: String,
    /// The system's id of the work order.
    pub id: String,
}

impl WorkOrder {
    /// The work order `id` of `account`.
    pub fn new(account: impl Into<String>, id: impl Into<String>) -> Self {
        WorkOrder { account: account.into(), id: id.into() }
    }
}

/// A SHA-256, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not the hexadecimal digits it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the expected number of hexadecimal digits")]
pub struct BadHex;

fn from_hex<const N: usize>(s: &str) -> Result<[u8; N], BadHex> {
    let digits = s.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(BadHex);
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(s.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| BadHex)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| BadHex)?;
    }
    Ok(out)
}

impl FromStr for Sha256 {
    type Err = BadHex;
    fn from_str(s: &str) -> Result<Self, BadHex> {
        from_hex(s).map(Sha256)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A count of bytes. Decimal: 1 MB is 1,000,000 bytes.
///
/// ```
/// use fieldpost::Bytes;
/// assert_eq!("1.5MB".parse::<Bytes>(), Ok(Bytes(1_500_000)));
/// assert_eq!(Bytes::megabytes(1), Bytes(1_000_000));
/// assert_eq!(Bytes(998_112).to_string(), "998 kB");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// `n` times 1,000,000 bytes.
    #[must_use]
    pub const fn megabytes(n: u64) -> Self {
        Bytes(n * 1_000_000)
    }

    /// `n` times 1,000 bytes.
    #[must_use]
    pub const fn kilobytes(n: u64) -> Self {
        Bytes(n * 1_000)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[allow(clippy::cast_precision_loss)] // for people's eyes
        let n = self.0 as f64;
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{:.0} kB", (n / 1e3).floor()),
            1_000_000..1_000_000_000 => write!(f, "{:.1} MB", n / 1e6),
            _ => write!(f, "{:.1} GB", n / 1e9),
        }
    }
}

/// A size must be a number with `B`, `kB`, `MB` or `GB`, such as `1.5MB` or `500kB`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a size is a number with B, kB, MB or GB, such as 1.5MB or 500kB")]
pub struct BadSize;

impl FromStr for Bytes {
    type Err = BadSize;
    fn from_str(s: &str) -> Result<Self, BadSize> {
        let s = s.trim();
        let split = s.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(s.len());
        let (number, unit) = (s[..split].trim(), s[split..].trim().to_ascii_lowercase());
        let factor = match unit.as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            _ => return Err(BadSize),
        };
        let n: f64 = number.parse().map_err(|_| BadSize)?;
        let bytes = n * factor;
        if !(0.0..1e15).contains(&bytes) {
            return Err(BadSize);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0..1e15, checked above
        Ok(Bytes(bytes.round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_anywhere_in_a_name_whatever_its_case() {
        let id: ItemId = "01990000-0000-7000-8000-00007f3a9c1e".parse().unwrap();
        assert_eq!(id.marker().to_string(), "7f3a9c1e");
        assert!(id.marker().is_in("COPY OF BOILER-7F3A9C1E (1).JPG"));
        assert!(!id.marker().is_in("boiler-7f3a9c1f.jpg"));
    }

    #[test]
    fn a_hash_reads_back_what_it_shows_and_refuses_other_text() {
        let hash = Sha256([0xa5; 32]);
        assert_eq!(hash.to_string().parse::<Sha256>(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse::<Sha256>(), Ok(hash));
        for bad in ["", "a5", &"g5".repeat(32), &"+5".repeat(32), &"é".repeat(32)] {
            assert_eq!(bad.parse::<Sha256>(), Err(BadHex), "{bad}");
        }
    }

    #[test]
    fn sizes_are_decimal() {
        for (text, bytes) in
            [("1MB", 1_000_000), ("500 kB", 500_000), ("0.5mb", 500_000), ("17", 17), ("2GB", 2_000_000_000)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for bad in ["", "MB", "-1MB", "1 MiB", "1e300GB", "NaN"] {
            assert_eq!(bad.parse::<Bytes>(), Err(BadSize), "{bad}");
        }
    }

    #[test]
    fn an_account_id_is_safe_in_paths_and_variables() {
        assert!("acme-1.eu_2".parse::<AccountId>().is_ok());
        for bad in ["", "a b", "../x", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
