//! All file work goes through this small trait, so that a simulated disk (torn writes, lost folder entries, full) can take
//! its place. Owns no layout: where things lie is `store`'s business. SQLite does its own file work.

#[cfg(test)]
pub(crate) mod faulty;
mod os;

use std::io::{self, Read, Seek, Write};
use std::path::Path;

pub(crate) use os::OsDisk;

/// A file system with explicit durability: what was not synced may be gone after a power cut.
pub trait Disk: Send + Sync + 'static {
    /// A new, empty file for writing; fails with `AlreadyExists` where there is one.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>>;
    /// A file opened for writing at its end; made where there is none.
    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>>;
    /// Opens a file for writing, sets the time of its last change to now, and closes it; made where there is none. Its content
    /// stays. Whoever watches the file hears of it.
    fn touch(&self, path: &Path) -> io::Result<()>;
    /// A file opened for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>>;
    /// A file's length; `NotFound` where there is none, `IsADirectory` for a folder.
    fn len(&self, path: &Path) -> io::Result<u64>;
    /// A new folder; fails with `AlreadyExists` where there is one. The parent must be there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder, in no order.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Makes a folder's entries durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Renames within one file system, replacing what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and all in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Makes (where missing) and locks a file, without waiting; `None` where another holds a lock that speaks against it.
    /// Locks are per open file (flock): they die with their process, and exclude each other within one too.
    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>>;
    /// Free bytes for us on the file system that holds `path`, where that can be known.
    fn free(&self, path: &Path) -> Option<u64>;
}

/// A file being written.
pub trait Writer: Write + Send {
    /// Makes the content durable (`F_FULLFSYNC` on Apple).
    fn sync(&mut self) -> io::Result<()>;
}

/// A file being read.
pub trait Reader: Read + Seek + Send {}
impl<T: Read + Seek + Send> Reader for T {}

/// How to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// With others.
    Shared,
    /// Alone.
    Alone,
}

/// A lock that is held until it is dropped.
pub trait Held: Send + Sync {}
