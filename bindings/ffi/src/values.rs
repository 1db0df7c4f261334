//! Plain values: what crosses as a text or a number, and is shown in each language in a type of its own (`uniffi.toml`).
//!
//! What does not read as such a value is refused with an error that is typed like that of the call.

use std::num::NonZeroUsize;
use std::path::PathBuf as FilePath;
use std::time::Duration;

use fieldpost::{Bytes, Error, ItemId, RemoteId, Sha256, Timestamp};

use crate::error::NativeError;

uniffi::custom_type!(
    /// An item's id, a UUIDv7 as text: sorts by the time of capture.
    ItemId, String, {
    remote,
    lower: |id| id.to_string(),
    try_lift: |id| Ok(id.parse().map_err(|_| NativeError::from(Error::UnknownItem { id }))?),
});

uniffi::custom_type!(
    /// What the work-order system calls an attachment.
    RemoteId, String, {
    remote,
    lower: |id| id.0,
    try_lift: |id| Ok(RemoteId(id)),
});

uniffi::custom_type!(
    /// A SHA-256 as 64 lower-case hexadecimal digits.
    Sha256, String, {
    remote,
    lower: |hash| hash.to_string(),
    try_lift: |hash| Ok(hash.parse()?),
});

uniffi::custom_type!(
    /// A count of bytes. Decimal: 1 MB is 1,000,000 bytes.
    Bytes, i64, {
    remote,
    lower: |count| i64::try_from(count.0).unwrap_or(i64::MAX),
    try_lift: |count| Ok(Bytes(u64::try_from(count).map_err(|_| negative("a count of bytes"))?)),
});

uniffi::custom_type!(
    /// A moment of the wall clock, to the millisecond. It crosses as milliseconds since 1970 in UTC.
    Timestamp, i64, {
    remote,
    lower: |at| at.millis(),
    try_lift: |millis| Ok(Timestamp::from_millis(millis)),
});

/// A length of time, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

uniffi::custom_type!(
    /// A length of time, to the millisecond. It crosses as milliseconds.
    Span, i64, {
    lower: |span| i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX),
    try_lift: |millis| {
        let millis = u64::try_from(millis).map_err(|_| negative("a length of time"))?;
        Ok(Span(Duration::from_millis(millis)))
    },
});

uniffi::custom_type!(
    /// The path of a file or folder. It crosses as text in UTF-8; the file's bytes never do.
    FilePath, String, {
    remote,
    lower: |path| path.to_string_lossy().into_owned(),
    try_lift: |path| Ok(FilePath::from(path)),
});

/// A number of threads, one at least.
pub(crate) fn threads(number: i32) -> Result<NonZeroUsize, NativeError> {
    let threads = usize::try_from(number).ok().and_then(NonZeroUsize::new);
    threads.ok_or_else(|| Error::Invalid { what: "the number of threads cannot be below one".to_owned() }.into())
}

/// A number that counts something was below zero.
pub(crate) fn negative(what: &str) -> NativeError {
    Error::Invalid { what: format!("{what} cannot be below zero") }.into()
}

#[cfg(test)]
mod tests {
    use uniffi::{Lift, Lower};

    use super::*;
    use crate::UniFfiTag;

    fn crossed<T: Lower<UniFfiTag> + Lift<UniFfiTag>>(value: T) -> T {
        let mut written = Vec::new();
        <T as Lower<UniFfiTag>>::write(value, &mut written);
        <T as Lift<UniFfiTag>>::try_read(&mut written.as_slice()).unwrap()
    }

    #[test]
    fn values_cross_and_come_back_the_same() {
        let id: ItemId = "01990000-0000-7000-8000-00007f3a9c1e".parse().unwrap();
        assert_eq!(crossed(id), id);
        assert_eq!(crossed(RemoteId("Ä/7".into())), RemoteId("Ä/7".into()));
        assert_eq!(crossed(Sha256([0xa5; 32])), Sha256([0xa5; 32]));
        assert_eq!(crossed(Bytes(0)), Bytes(0));
        assert_eq!(crossed(Span(Duration::from_millis(1_500))), Span(Duration::from_millis(1_500)));
        assert_eq!(crossed(Timestamp::from_millis(-1)), Timestamp::from_millis(-1));
        assert_eq!(crossed(FilePath::from("/tmp/Foto 1 ü.jpg")), FilePath::from("/tmp/Foto 1 ü.jpg"));
    }

    #[test]
    fn what_is_no_id_is_an_item_that_is_not_here() {
        let lifted = <ItemId as Lift<UniFfiTag>>::try_lift(Lower::<UniFfiTag>::lower("17".to_owned()));
        let error = lifted.unwrap_err().downcast::<NativeError>().unwrap();
        assert!(matches!(&error, NativeError::UnknownItem(message) if message.contains("'17'")), "{error}");
    }

    #[test]
    fn a_count_or_a_length_of_time_below_zero_is_refused() {
        let lifted = <Bytes as Lift<UniFfiTag>>::try_lift(-1);
        assert!(matches!(lifted.unwrap_err().downcast(), Ok(NativeError::Invalid(_))));
        let lifted = <Span as Lift<UniFfiTag>>::try_lift(-1);
        assert!(matches!(lifted.unwrap_err().downcast(), Ok(NativeError::Invalid(_))));
    }
}
