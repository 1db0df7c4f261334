//! Makes photos fit: one after the other, or as many at once as may be.
//!
//! Owns threads, files that are not finished, and the promise that nothing given or made is written over. Says nothing.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use fieldpost::StopSignal;
use fieldpost_imaging::{Control, Fitted, Policy, fit_stream};
use tempfile::NamedTempFile;

use super::plan::{Job, Plan};
use crate::args::CompressArgs;
use crate::failure::Failure;
use crate::render::progress::Sign;

/// A photo that was made to fit.
pub(super) struct Made {
    pub(super) out: PathBuf,
    /// The photo's own length in bytes.
    pub(super) before: u64,
    pub(super) seconds: f64,
    pub(super) fitted: Fitted,
}

/// What became of a photo.
pub(super) type Outcome = Result<Made, Failure>;

/// All there is to do, and what all threads share.
pub(super) struct Work<'a> {
    plan: &'a Plan,
    policy: &'a Policy,
    memory: u64,
    threads: usize,
    stop: &'a StopSignal,
    progress: Progress<'a>,
    /// What must not be written over: the photos, and the results so far, by the names that the disk has for them.
    kept: Mutex<HashSet<PathBuf>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        policy: &'a Policy,
        args: &CompressArgs,
        stop: &'a StopSignal,
        sign: &'a Sign,
    ) -> Self {
        let (memory, threads) = (args.memory.0, usize::from(args.threads));
        let kept = Mutex::new(plan.sources.clone());
        Work { plan, policy, memory, threads, stop, progress: Progress::new(&plan.jobs, sign), kept }
    }

    /// Does it all; `tell` hears what became of each photo, in their order. Where it fails, nothing new is begun.
    pub(super) fn all(&self, mut tell: impl FnMut(usize, Outcome) -> Result<(), Failure>) -> Result<(), Failure> {
        let jobs = self.plan.jobs.len();
        let workers = self.threads.min(jobs).max(1);
        let each = NonZeroUsize::new(self.threads / workers).unwrap_or(NonZeroUsize::MIN);
        let next = AtomicUsize::new(0);
        let (sender, ended) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while !self.stop.is_stopped() {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = self.plan.jobs.get(at) else { break };
                        // Nobody hears it only where telling has failed, and then nobody has to.
                        let _ = sender.send((at, self.survived(at, job, each)));
                    }
                });
            }
            drop(sender);
            let mut early = BTreeMap::new();
            let mut told = 0;
            let mut tell = |at, outcome: Outcome| match outcome {
                Err(_) if self.stop.is_stopped() => Ok(()), // broken off rather than broken
                outcome => tell(at, outcome).inspect_err(|_| self.stop.stop()),
            };
            for (at, outcome) in ended {
                early.insert(at, outcome);
                while let Some(outcome) = early.remove(&told) {
                    tell(told, outcome)?;
                    told += 1;
                }
            }
            early.into_iter().try_for_each(|(at, outcome)| tell(at, outcome))
        })
    }

    /// [`one`](Self::one), and a codec that panics takes no other photo with it. What is shared stays right: counters, and a
    /// set that is added to in one step.
    fn survived(&self, at: usize, job: &Job, threads: NonZeroUsize) -> Outcome {
        catch_unwind(AssertUnwindSafe(|| self.one(at, job, threads))).unwrap_or_else(|_| {
            let message = format!("{}: the decoder broke down", job.from.display());
            Err(Failure::new("failed", message, "convert it with another program first, and report it"))
        })
    }

    /// Beside OUT under another name, synced, then in OUT's place.
    fn one(&self, at: usize, job: &Job, threads: NonZeroUsize) -> Outcome {
        let begun = Instant::now();
        let before = length(&job.from)?;
        self.progress.begins(at, &job.from);
        let mut source = fs::File::open(&job.from).map_err(|e| cannot_read(&job.from, &e))?;
        let mut unfinished = unfinished_in(job.folder()).map_err(|e| cannot_write(job.folder(), &e))?;
        let (cancelled, tell) = (|| self.stop.is_stopped(), |part| self.progress.at(at, part));
        let control =
            Control::default().memory(self.memory).threads(threads).cancelled_by(&cancelled).progress_to(&tell);
        let fitted = fit_stream(&mut source, unfinished.as_file_mut(), self.policy, &control)
            .map_err(|error| Failure::of_photo(&job.from, &error))?;
        let out = job.out(fitted.format);
        unfinished.as_file().sync_all().map_err(|e| cannot_write(&out, &e))?;
        self.keep(unfinished, &out)?;
        self.progress.at(at, 1.0);
        let seconds = (begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        Ok(Made { out, before, seconds, fitted })
    }

    /// Gives a result its place. The plan has seen to it that the place is free to take; only what a disk holds for the
    /// same name (`A.jpg` and `a.jpg` on some) shows here.
    fn keep(&self, unfinished: NamedTempFile, out: &Path) -> Result<(), Failure> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::canonicalize(out).is_ok_and(|there| kept.contains(&there)) {
            let message = format!("{} is the place of another photo already", out.display());
            return Err(Failure::new("name_taken", message, "give them to different folders, or rename one"));
        }
        unfinished.persist(out).map_err(|e| cannot_write(out, &e.error))?;
        kept.extend(fs::canonicalize(out));
        Ok(())
    }
}

/// How far all of it is: each photo counts by its length.
struct Progress<'a> {
    sign: &'a Sign,
    /// The length of each, and how much of it is done.
    photos: Vec<(u64, AtomicU64)>,
}

impl<'a> Progress<'a> {
    fn new(jobs: &[Job], sign: &'a Sign) -> Self {
        let length = |job: &Job| fs::metadata(&job.from).map_or(1, |found| found.len().max(1));
        Progress { sign, photos: jobs.iter().map(|job| (length(job), AtomicU64::new(0))).collect() }
    }

    /// The photo's turn has come.
    fn begins(&self, at: usize, from: &Path) {
        if self.photos.len() > 1 {
            self.sign.says(&format!("{} of {}  {}", at + 1, self.photos.len(), from.display()));
        }
    }

    /// So much of the photo is done, from 0 to 1.
    fn at(&self, at: usize, part: f32) {
        let Some((length, done)) = self.photos.get(at) else { return };
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // for the eye
        {
            done.store((*length as f64 * f64::from(part)) as u64, Ordering::Relaxed);
            let all: u64 = self.photos.iter().map(|(length, _)| length).sum();
            let done: u64 = self.photos.iter().map(|(_, done)| done.load(Ordering::Relaxed)).sum();
            self.sign.at((done as f64 / all as f64) as f32);
        }
    }
}

fn length(from: &Path) -> Result<u64, Failure> {
    let found = fs::metadata(from).map_err(|e| cannot_read(from, &e))?;
    if found.is_file() { Ok(found.len()) } else { Err(cannot_read(from, &io::Error::other("it is no ordinary file"))) }
}

/// A file that goes unless it is given a place.
pub(super) fn unfinished_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fieldpost-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the umask takes its part.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{} cannot be read: {error}", path.display());
    Failure::new("cannot_read", message, "give an existing, readable file")
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::new("disk_full", message, "free some space and try again")
        }
        _ => Failure::new("cannot_write", message, "check the folder that it goes to, its rights and its disk"),
    }
}
