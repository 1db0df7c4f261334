//! The disk of the phone or the desktop: std files, flock, full syncs. The only file of the crate that opens, makes or
//! removes anything on a real disk (SQLite beside it does its own).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Disk, Held, Lock, Reader, Writer};

/// The real disk.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OsDisk;

impl Disk for OsDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        Ok(Box::new(OsFile(OpenOptions::new().write(true).create_new(true).open(path)?)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        Ok(Box::new(OsFile(OpenOptions::new().append(true).create(true).open(path)?)))
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        touch(&OpenOptions::new().append(true).create(true).open(path)?)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        Ok(Box::new(File::open(path)?))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let facts = fs::metadata(path)?;
        if facts.is_dir() {
            Err(io::ErrorKind::IsADirectory.into())
        } else if !facts.is_file() {
            // A pipe or a device has no length, and may never end.
            Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder"))
        } else {
            Ok(facts.len())
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        match sync(&File::open(path)?) {
            // Some network and FUSE file systems have no such thing as syncing a folder, and say so.
            Err(error) if is_unsupported(&error) => Ok(()),
            done => done,
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        Ok(if try_lock(&file, how)? { Some(Box::new(OsLock { _file: file })) } else { None })
    }

    fn free(&self, path: &Path) -> Option<u64> {
        free(path)
    }
}

/// A file opened for writing.
struct OsFile(File);

impl Write for OsFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Writer for OsFile {
    fn sync(&mut self) -> io::Result<()> {
        sync(&self.0)
    }
}

/// A lock: it goes when the file is closed, by us or by the end of the process.
struct OsLock {
    _file: File,
}

impl Held for OsLock {}

/// Makes a file or folder durable. `File::sync_all` is `fcntl(F_FULLFSYNC)` on Apple (std, `sys/fs/unix.rs`), `fsync` on
/// other Unix systems, `FlushFileBuffers` on Windows. File systems that know no `F_FULLFSYNC` (SMB, some USB sticks) get
/// the plain `fsync`, as SQLite does it.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        #[cfg(target_vendor = "apple")]
        Err(error) if is_unsupported(&error) => Ok(rustix::fs::fsync(file)?),
        done => done,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// The system's own now: nothing here reads a clock.
#[cfg(unix)]
fn touch(file: &File) -> io::Result<()> {
    use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
    let at = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    Ok(futimens(file, &Timestamps { last_access: at(UTIME_OMIT), last_modification: at(UTIME_NOW) })?)
}

/// Nothing watches there.
#[cfg(not(unix))]
fn touch(_: &File) -> io::Result<()> {
    Ok(())
}

/// Not std's `File::try_lock`: that answers `Unsupported` on Android (std 1.95, `sys/fs/unix.rs`), though flock is there.
#[cfg(unix)]
fn try_lock(file: &File, how: Lock) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    let wanted = match how {
        Lock::Shared => FlockOperation::NonBlockingLockShared,
        Lock::Alone => FlockOperation::NonBlockingLockExclusive,
    };
    match rustix::io::retry_on_intr(|| flock(file, wanted)) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn try_lock(file: &File, how: Lock) -> io::Result<bool> {
    let tried = match how {
        Lock::Shared => file.try_lock_shared(),
        Lock::Alone => file.try_lock(),
    };
    match tried {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let facts = rustix::fs::statvfs(path).ok()?;
    facts.f_bavail.checked_mul(facts.f_frsize)
}

#[cfg(not(unix))]
fn free(_path: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_a_lock_is_another_that_is_alone_or_wants_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox.lock");
        let first = OsDisk.lock(&path, Lock::Shared).unwrap().unwrap();
        let second = OsDisk.lock(&path, Lock::Shared).unwrap().unwrap();
        assert!(OsDisk.lock(&path, Lock::Alone).unwrap().is_none());
        drop((first, second));
        let alone = OsDisk.lock(&path, Lock::Alone).unwrap().unwrap();
        assert!(OsDisk.lock(&path, Lock::Shared).unwrap().is_none(), "one process excludes itself too");
        drop(alone);
        assert!(OsDisk.lock(&path, Lock::Shared).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_there_is_never_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        OsDisk.append(&path).unwrap().write_all(b"one").unwrap();
        assert_eq!(OsDisk.create(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        OsDisk.append(&path).unwrap().write_all(b"two").unwrap();
        drop(OsDisk.lock(&path, Lock::Alone).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"onetwo");
        assert_eq!(OsDisk.len(&path).unwrap(), 6);
    }

    #[test]
    #[cfg(unix)]
    fn a_touch_makes_a_file_and_sets_its_time_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wake");
        OsDisk.touch(&path).unwrap();
        fs::write(&path, b"content").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        OsDisk.touch(&path).unwrap();
        assert!(fs::metadata(&path).unwrap().modified().unwrap() > long_ago);
        assert_eq!(fs::read(&path).unwrap(), b"content");
    }

    #[test]
    fn only_a_file_has_a_length() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(OsDisk.len(dir.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(OsDisk.len(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        #[cfg(unix)]
        assert_eq!(OsDisk.len(Path::new("/dev/zero")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_folder_can_be_synced_and_the_free_space_is_known() {
        let dir = tempfile::tempdir().unwrap();
        OsDisk.sync_dir(dir.path()).unwrap();
        #[cfg(unix)]
        assert!(OsDisk.free(dir.path()).is_some());
        assert_eq!(OsDisk.free(&dir.path().join("none")), None);
    }
}
