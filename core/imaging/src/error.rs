//! Everything that can go wrong while a picture is made to fit, as one small enum.
//!
//! Owns the wording. Never carries a path (the caller named the files and knows them) and never a byte of the
//! picture's metadata, so an error can be logged as it is.

use std::io;

use crate::ContentType;

/// Why a picture was not made to fit. Nothing is left at the output path whenever one of these is returned.
///
/// Sizes are in bytes.
///
/// ```
/// use fieldpost_imaging::FitError;
///
/// let error = FitError::CapNotMet { smallest: 61_000, cap: 50_000 };
/// assert_eq!(error.to_string(), "the cap of 50000 bytes cannot be met, 61000 bytes is the smallest this picture gets");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// Not a picture, or a picture too damaged to show anything of.
    #[error("not decodable: {detail}")]
    NotDecodable {
        /// What is wrong with the file, in words.
        detail: String,
    },
    /// A picture of a kind that is recognised and deliberately not decoded here (HEIC, AVIF: their codecs are heavy
    /// or bound by patents). The host may transcode it, or send it as it is where the system takes it.
    #[error("{} pictures are recognised but not decoded here", .found.name())]
    UnsupportedFormat {
        /// What the file is.
        found: ContentType,
    },
    /// Decoding would take more memory than [`Control::memory`](crate::Control::memory) allows. Found out from the
    /// headers: nothing of that size was allocated.
    #[error("decoding needs about {needed} bytes of memory, {limit} are allowed")]
    MemoryLimit {
        /// What decoding would take, about.
        needed: u64,
        /// What the caller allowed.
        limit: u64,
    },
    /// At the lowest quality and the smallest dimensions that the policy allows, the picture is still over the cap.
    #[error("the cap of {cap} bytes cannot be met, {smallest} bytes is the smallest this picture gets")]
    CapNotMet {
        /// The smallest size that the policy's floors allow.
        smallest: u64,
        /// The cap that was asked for.
        cap: u64,
    },
    /// The caller's cancel check said so.
    #[error("cancelled")]
    Cancelled,
    /// The disk or the quota is full: free some space and try again.
    #[error("no space left for the prepared picture")]
    DiskFull,
    /// The source cannot be read: it is missing, a folder, or the disk failed.
    #[error("the picture cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The output cannot be written: its folder is missing or read-only, or something is there already.
    #[error("the prepared picture cannot be written: {0}")]
    Write(#[source] io::Error),
}

impl FitError {
    /// A write that failed, a full disk told apart from the rest.
    pub(crate) fn from_write(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FitError::DiskFull,
            _ => FitError::Write(error),
        }
    }

    pub(crate) fn not_decodable(detail: impl Into<String>) -> Self {
        FitError::NotDecodable { detail: detail.into() }
    }
}
