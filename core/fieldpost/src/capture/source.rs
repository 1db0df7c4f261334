//! Where a capture's bytes come from. The caller's file is opened for reading only; removing it is a step of its own.

use std::fmt;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Reader};
use crate::model::Bytes;

/// Where a capture's bytes come from.
#[derive(Clone)]
pub(crate) enum Source {
    /// A file of the caller.
    File {
        /// Where it lies.
        path: PathBuf,
        /// Whether it is removed once the capture is durable.
        take: bool,
    },
    /// Text that was handed in.
    Text(String),
}

/// A file that cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("there is no file at {}", .0.display())]
    Missing(PathBuf),
    /// It is a folder, not a file.
    #[error("{} is a folder, not a file", .0.display())]
    Folder(PathBuf),
    /// It may not be read, is no ordinary file (a pipe, a device), or its disk failed.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl Source {
    pub(crate) fn file(path: PathBuf, take: bool) -> Self {
        Source::File { path, take }
    }

    pub(super) fn text(text: String) -> Self {
        Source::Text(text)
    }

    /// The caller's file, where it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Source::File { path, .. } => Some(path),
            Source::Text(_) => None,
        }
    }

    /// Opens it. Asked before anything is made, so that a capture of nothing leaves nothing.
    pub(crate) fn open<'a>(&'a self, disk: &dyn Disk) -> Result<Box<dyn Reader + 'a>, SourceError> {
        match self {
            // The length is read to tell a folder, a pipe or a device, which open gladly; it is not relied on.
            Source::File { path, .. } => disk
                .len(path)
                .and_then(|_| disk.open(path))
                .map(|file| file as Box<dyn Reader>)
                .map_err(|e| self.error(e)),
            Source::Text(text) => Ok(Box::new(Cursor::new(text.as_bytes()))),
        }
    }

    /// How long it is, before it is read. It may grow meanwhile.
    pub(crate) fn len(&self, disk: &dyn Disk) -> Result<Bytes, SourceError> {
        match self {
            Source::File { path, .. } => disk.len(path).map(Bytes).map_err(|e| self.error(e)),
            Source::Text(text) => Ok(Bytes(text.len() as u64)),
        }
    }

    /// A failure of reading it, now or while it was copied.
    pub(crate) fn error(&self, error: io::Error) -> SourceError {
        let path = self.path().unwrap_or(Path::new("text")).to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing(path),
            io::ErrorKind::IsADirectory => SourceError::Folder(path),
            _ => SourceError::Unreadable { path, error },
        }
    }

    /// Once the capture is durable: removes the caller's file if that was asked for. `Err`: it is still there, which
    /// is no failure of the capture.
    pub(crate) fn remove_if_asked(&self, disk: &dyn Disk) -> io::Result<()> {
        match self {
            Source::File { path, take: true } => disk.remove_file(path),
            Source::File { .. } | Source::Text(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Source {
    /// Without the text: it may be anyone's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File { path, take } => f.debug_struct("File").field("path", path).field("take", take).finish(),
            Source::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}
