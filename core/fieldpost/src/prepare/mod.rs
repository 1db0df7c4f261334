//! Makes the body that is sent: a photo made to fit, or the original as it is. Works from the item's own copy, offline,
//! and leaves a durable file. Decides nothing about delivery: a body that cannot be made is a typed reason.
//!
//! A body is written once, as `body-<revision>.<extension>`. What the journal knows of is frozen: a repair is a new revision.

mod host;

use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fieldpost_imaging::{Control, FitError, Fitted, Policy, fit_stream};
use sha2::Digest as _;

pub(crate) use self::host::HostMade;
use crate::disk::{Reader, Writer};
use crate::model::{Bytes, Flag, ItemId, Original, PreparedBody, Reason, Row, Sent, Sha256};
use crate::store::folders::{Folders, ORIGINAL, is_full};
use crate::store::records::{Entry, Fit, Manifest};

/// A body, durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Its file in the item's folder ([`ORIGINAL`] where the original is what is sent), and its facts.
    pub body: PreparedBody,
    /// Its MIME type.
    pub mime: String,
    /// The extension for its name, without the dot.
    pub extension: String,
    /// What is remarkable about it.
    pub flags: Vec<Flag>,
}

/// Why there is no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unprepared {
    /// The reason.
    pub reason: Reason,
    /// For people.
    pub detail: Option<String>,
}

/// One body to be made. Holds no lock: it may run on any thread, for as long as it takes.
pub(crate) struct Job {
    folders: Arc<Folders>,
    manifest: Manifest,
    original: Original,
    fit: Option<Fit>,
    memory: u64,
}

impl Job {
    /// The body that `row` wants now, after repairs, made in at most `memory` bytes.
    pub(crate) fn new(folders: Arc<Folders>, row: &Row, original: Original, memory: u64) -> Self {
        Job { folders, manifest: row.manifest.clone(), original, fit: row.life.fit, memory }
    }

    /// Makes it.
    pub(crate) fn run(self) -> Result<Made, Unprepared> {
        let Some(fit) = self.fit else { return Ok(self.as_it_is()) };
        // Before anything is made of it: what was altered since would look like a photo of its own.
        let found = self.folders.hash_file(self.manifest.id, ORIGINAL).map_err(damaged)?;
        if found != self.original {
            return Err(damaged("the original is not what was captured"));
        }
        let revision = revision(&self.folders, self.manifest.id)?;
        let draft = Draft::new(&self.folders, self.path(&format!("body-{revision}.new")));
        let source = self.folders.disk().open(&self.path(ORIGINAL)).map_err(FitError::Read);
        let (fitted, sent) = match source.and_then(|source| draft.fit(source, fit, self.memory)) {
            // Decoded by nobody here; where it needs not be made smaller the system may still take it.
            Err(error @ FitError::UnsupportedFormat { .. }) if self.original.bytes <= fit.cap => {
                if fit.changes_more_than_size() {
                    let (reason, detail) = (Reason::NotDecodable, Some(error.to_string()));
                    return Err(Unprepared { reason, detail });
                }
                return Ok(self.as_it_is());
            }
            written => written.map_err(|e| unprepared(&e))?,
        };
        if fitted.passthrough {
            let mut made = self.as_it_is();
            made.body.sent = sent; // the same bytes; the dimensions are known now
            return Ok(made);
        }
        let content = fitted.format.content_type();
        let file = format!("body-{revision}.{}", content.extension());
        draft.keep_as(&file).map_err(|e| unwritten(&e))?;
        let flags = if fitted.truncated { vec![Flag::Truncated] } else { Vec::new() };
        let (mime, extension) = (content.mime().to_owned(), content.extension().to_owned());
        Ok(Made { body: PreparedBody { file, sent }, mime, extension, flags })
    }

    /// The original is the body: its hash is checked when it streams.
    fn as_it_is(&self) -> Made {
        let (Manifest { mime, target, .. }, Original { bytes, sha256 }) = (&self.manifest, self.original);
        let sent = Sent { bytes, sha256, width: None, height: None };
        let body = PreparedBody { file: ORIGINAL.to_owned(), sent };
        Made { body, mime: mime.clone(), extension: target.extension.clone(), flags: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folders.file(self.manifest.id, name)
    }
}

/// Removes what was made of an item, or half made, that was given up before anybody knew of it. Whoever is just making it finds
/// it gone. What cannot be removed now goes with the item.
pub(crate) fn abandon(folders: &Folders, id: ItemId) {
    for name in folders.files(id).unwrap_or_default() {
        if number(&name).is_some() {
            _ = folders.disk().remove_file(&folders.file(id, &name));
        }
    }
}

/// Removes a body that nobody wants any more, and that is not on record.
pub(crate) fn discard(folders: &Folders, id: ItemId, made: &Made) {
    if made.body.file != ORIGINAL {
        _ = folders.disk().remove_file(&folders.file(id, &made.body.file)); // else the next try does, or it goes with the item
    }
}

/// The first number that no body on record has. What lies there all the same was made by a process that was killed
/// before anybody knew of it, and goes.
fn revision(folders: &Folders, id: ItemId) -> Result<u32, Unprepared> {
    let journal = folders.read_journal(id).map_err(damaged)?;
    let on_record = journal.lines.iter().filter_map(|line| match &line.entry {
        Entry::Prepared { body, .. } | Entry::Attempted { body, .. } => number(body),
        _ => None,
    });
    let revision = on_record.max().unwrap_or(0) + 1;
    for name in folders.files(id).map_err(damaged)? {
        if number(&name).is_some_and(|n| n >= revision) {
            _ = folders.disk().remove_file(&folders.file(id, &name));
        }
    }
    Ok(revision)
}

/// The number in a body's name.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix("body-")?.split('.').next()?.parse().ok()
}

/// A body in the making, under a temporary name. Dropped, it goes.
struct Draft {
    path: PathBuf,
    kept: bool,
    folders: Arc<Folders>,
}

impl Draft {
    fn new(folders: &Arc<Folders>, path: PathBuf) -> Self {
        Draft { path, kept: false, folders: folders.clone() }
    }

    /// Makes it of `source`, under the cap.
    fn fit(&self, mut source: Box<dyn Reader>, fit: Fit, memory: u64) -> Result<(Fitted, Sent), FitError> {
        let to = self.folders.disk().create(&self.path).map_err(write_error)?;
        let mut out = Hashed { to, sha: sha2::Sha256::new() };
        let fitted = decode(&mut source, &mut out, &policy(fit), &Control::default().memory(memory))?;
        out.to.sync().map_err(write_error)?;
        let sha256 = Sha256(out.sha.finalize().into());
        let (width, height) = (Some(fitted.width), Some(fitted.height));
        let sent = Sent { bytes: Bytes(fitted.bytes), sha256, width, height };
        Ok((fitted, sent))
    }

    fn keep_as(mut self, name: &str) -> io::Result<()> {
        let (disk, body) = (self.folders.disk(), self.path.with_file_name(name));
        disk.rename(&self.path, &body)?;
        self.kept = true;
        disk.sync_dir(body.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            _ = self.folders.disk().remove_file(&self.path); // else the next try does
        }
    }
}

fn policy(fit: Fit) -> Policy {
    let Fit { cap, max_edge, exif, profile } = fit;
    Policy { cap: Some(cap.0), max_edge, exif, profile, ..Policy::default() }
}

/// Decodes what anybody may have made: where a codec panics on it, that is one picture's trouble, not the queue's.
fn decode(
    source: &mut Box<dyn Reader>,
    out: &mut dyn Write,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<Fitted, FitError> {
    catch_unwind(AssertUnwindSafe(|| fit_stream(source, out, policy, control)))
        .unwrap_or_else(|_| Err(FitError::NotDecodable { detail: "its decoder gave up on it".to_owned() }))
}

/// Hashes what is written on its way.
struct Hashed {
    to: Box<dyn Writer>,
    sha: sha2::Sha256,
}

impl Write for Hashed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.to.write(buf)?;
        self.sha.update(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn write_error(error: io::Error) -> FitError {
    if is_full(&error) { FitError::DiskFull } else { FitError::Write(error) }
}

/// The one table from what imaging says to the reason that is shown.
fn unprepared(error: &FitError) -> Unprepared {
    let reason = match error {
        FitError::UnsupportedFormat { .. } | FitError::CapNotMet { .. } => Reason::CapNotMet,
        FitError::MemoryLimit { .. } => Reason::MemoryLimit,
        FitError::Read(_) => Reason::FileDamaged,
        FitError::DiskFull => Reason::DiskFull,
        FitError::Write(error) => return unwritten(error),
        // Nobody cancels it here; and what a later version of imaging makes up has to do with the picture.
        _ => Reason::NotDecodable,
    };
    Unprepared { reason, detail: Some(error.to_string()) }
}

/// A disk that is full, read-only or broken: room elsewhere, or another try, is what may help.
fn unwritten(error: &io::Error) -> Unprepared {
    Unprepared { reason: Reason::DiskFull, detail: Some(format!("the body cannot be written: {error}")) }
}

fn damaged(what: impl fmt::Display) -> Unprepared {
    Unprepared { reason: Reason::FileDamaged, detail: Some(what.to_string()) }
}

#[cfg(test)]
pub(crate) mod tests;
