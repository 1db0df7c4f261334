//! A real disk on which a call fails where a test says so: full, broken, read-only, or gone as if the process had been
//! killed. Every call that changes something is a step, counted from 1; a removed folder takes a step for each entry.
//! It also keeps a log of the steps and counts what is still open.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use super::{Disk, Held, Lock, OsDisk, Reader, Writer};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Step `n` fails with this error; a write fails after half of its bytes.
    Nth(usize, io::ErrorKind),
    /// Step `n` and all after it fail so.
    From(usize, io::ErrorKind),
    /// The process was killed at step `n`: nothing works from there on, reading neither.
    Die(usize),
}

/// A file of this name has no length until it is read: it grows meanwhile.
pub(crate) const GROWING: &str = "growing";

/// The disk. Clones share everything.
#[derive(Clone)]
pub(crate) struct FaultyDisk(Arc<Inner>);

struct Inner {
    fault: Mutex<Fault>,
    steps: AtomicUsize,
    open: AtomicUsize,
    log: Mutex<Vec<String>>,
    /// What it says is free, where a test says so: what is removed adds to it.
    free: Mutex<Option<u64>>,
    root: PathBuf,
}

impl FaultyDisk {
    /// A disk whose log names paths relative to `root`.
    pub(crate) fn new(root: &Path, fault: Fault) -> Self {
        let (steps, open, log) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
        let (fault, free) = (Mutex::new(fault), Mutex::new(None));
        FaultyDisk(Arc::new(Inner { fault, steps, open, log, free, root: root.to_owned() }))
    }

    /// From now on this goes wrong; steps are counted from here.
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = fault;
        self.0.steps.store(0, SeqCst);
        self.0.log.lock().unwrap().clear();
    }

    /// From now on so much is free, and what is removed beside it.
    pub(crate) fn set_free(&self, bytes: u64) {
        *self.0.free.lock().unwrap() = Some(bytes);
    }

    /// The steps since the last [`set`](Self::set).
    pub(crate) fn steps(&self) -> usize {
        self.0.steps.load(SeqCst)
    }

    /// Files and locks that are still held.
    pub(crate) fn open_handles(&self) -> usize {
        self.0.open.load(SeqCst)
    }

    /// What was done, a step each: `sync_dir items`.
    pub(crate) fn log(&self) -> Vec<String> {
        self.0.log.lock().unwrap().clone()
    }

    fn step(&self, what: &str, path: &Path) -> io::Result<()> {
        let n = self.0.steps.fetch_add(1, SeqCst) + 1;
        let shown = path.strip_prefix(&self.0.root).unwrap_or(path).display();
        self.0.log.lock().unwrap().push(format!("{what} {shown}").trim_end().to_owned());
        match *self.0.fault.lock().unwrap() {
            Fault::Nth(at, kind) if n == at => Err(kind.into()),
            Fault::From(at, kind) if n >= at => Err(kind.into()),
            Fault::Die(at) if n >= at => Err(killed()),
            _ => Ok(()),
        }
    }

    /// Whether the last step was the first to fail: half of a write gets through then, nothing of a later one.
    fn has_just_failed(&self) -> bool {
        match *self.0.fault.lock().unwrap() {
            Fault::None => false,
            Fault::Nth(at, _) | Fault::From(at, _) | Fault::Die(at) => self.steps() == at,
        }
    }

    fn alive(&self) -> io::Result<()> {
        match *self.0.fault.lock().unwrap() {
            Fault::Die(at) if self.steps() >= at => Err(killed()),
            _ => Ok(()),
        }
    }

    fn handle<T>(&self, inner: T, path: &Path) -> Handle<T> {
        self.0.open.fetch_add(1, SeqCst);
        Handle { inner, disk: self.clone(), path: path.to_owned() }
    }
}

fn killed() -> io::Error {
    io::Error::other("the process was killed")
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        self.step("create", path)?;
        Ok(Box::new(self.handle(OsDisk.create(path)?, path)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        self.step("append", path)?;
        Ok(Box::new(self.handle(OsDisk.append(path)?, path)))
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        self.step("touch", path)?;
        OsDisk.touch(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        self.alive()?;
        Ok(Box::new(self.handle(OsDisk.open(path)?, path)))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        self.alive()?;
        let len = OsDisk.len(path)?;
        Ok(if path.file_name() == Some(GROWING.as_ref()) { 0 } else { len })
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step("create_dir", path)?;
        OsDisk.create_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.alive()?;
        OsDisk.list(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step("sync_dir", path)?;
        OsDisk.sync_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to)?;
        OsDisk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path)?;
        let len = OsDisk.len(path).unwrap_or(0);
        OsDisk.remove_file(path)?;
        if let Some(free) = &mut *self.0.free.lock().unwrap() {
            *free += len;
        }
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        for name in OsDisk.list(path)? {
            self.remove_file(&path.join(name))?;
        }
        self.step("remove_dir", path)?;
        std::fs::remove_dir(path)
    }

    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>> {
        self.step("lock", path)?;
        Ok(OsDisk.lock(path, how)?.map(|held| Box::new(self.handle(held, path)) as Box<dyn Held>))
    }

    fn free(&self, path: &Path) -> Option<u64> {
        self.0.free.lock().unwrap().or_else(|| OsDisk.free(path))
    }
}

struct Handle<T> {
    inner: T,
    disk: FaultyDisk,
    path: PathBuf,
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        self.disk.0.open.fetch_sub(1, SeqCst);
    }
}

impl Read for Handle<Box<dyn Reader>> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.disk.alive()?;
        self.inner.read(buf)
    }
}

impl Seek for Handle<Box<dyn Reader>> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.inner.seek(pos)
    }
}

impl Write for Handle<Box<dyn Writer>> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.disk.step("write", &self.path) {
            if self.disk.has_just_failed() {
                self.inner.write_all(&buf[..buf.len() / 2])?;
            }
            return Err(error);
        }
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Writer for Handle<Box<dyn Writer>> {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.step("sync", &self.path)?;
        self.inner.sync()
    }
}

impl Held for Handle<Box<dyn Held>> {}
