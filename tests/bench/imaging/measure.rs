//! One process and what it cost: wall time, and the peak of its resident memory.
//!
//! The peak is GNU time's, of every tool alike: what the kernel says of a child once it has ended. A child of the benchmark
//! itself would have the benchmark's own pages counted against it, from the moment before it became the other program; GNU time
//! is a small one. Each process has one core, the same for all, where `taskset` is there.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run cost. Of several processes one after the other: the sum of the times, the largest peak.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// In bytes; zero where nobody could tell.
    pub(crate) peak: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.peak = self.peak.max(other.peak);
    }
}

/// Starts programs, one at a time.
pub(crate) struct Runner {
    /// GNU time, where it is installed, and the file that it writes to.
    time: Option<(PathBuf, PathBuf)>,
    /// The core to stay on, where there is a way to.
    core: Option<usize>,
}

/// One thread, for whatever of the tools reads it.
const ONE_THREAD: [(&str, &str); 3] =
    [("OMP_NUM_THREADS", "1"), ("MAGICK_THREAD_LIMIT", "1"), ("VIPS_CONCURRENCY", "1")];

impl Runner {
    pub(crate) fn new(dir: &Path) -> io::Result<Self> {
        let time = find("time").map(|program| (program, dir.join("peak")));
        let last = std::thread::available_parallelism().map_or(0, NonZeroUsize::get).saturating_sub(1);
        let core = find("taskset").filter(|_| stays_on(last)).map(|_| last);
        Ok(Runner { time, core })
    }

    pub(crate) fn describe(&self) -> String {
        let peak = if self.time.is_some() {
            "peak memory of the whole process by GNU time"
        } else {
            "GNU time is not installed: no peak memory"
        };
        match self.core {
            Some(core) => format!("{peak}; all on core {core}"),
            None => format!("{peak}; no taskset: on any core"),
        }
    }

    /// Whether peaks can be told.
    pub(crate) fn tells_peaks(&self) -> bool {
        self.time.is_some()
    }

    /// Runs one program to its end.
    pub(crate) fn run(&self, command: &Command) -> io::Result<Cost> {
        let mut words: Vec<std::ffi::OsString> = Vec::new();
        if let Some(core) = self.core {
            words.extend(["taskset", "-c", &core.to_string()].map(Into::into));
        }
        if let Some((time, file)) = &self.time {
            words.extend([time.into(), "--format=%M".into(), "--output".into(), file.into()]);
        }
        words.push(command.get_program().into());
        words.extend(command.get_args().map(Into::into));
        let mut whole = Command::new(&words[0]);
        whole.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).envs(ONE_THREAD);
        let begun = Instant::now();
        let ended = whole.output()?;
        let wall = begun.elapsed();
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr);
            let program = Path::new(command.get_program()).display();
            return Err(io::Error::other(format!("{program}: {}: {}", ended.status, said.trim())));
        }
        let peak = match &self.time {
            Some((_, file)) => fs::read_to_string(file)?.trim().parse::<u64>().map_err(io::Error::other)? * 1024,
            None => 0,
        };
        Ok(Cost { wall, peak })
    }
}

fn stays_on(core: usize) -> bool {
    let status = Command::new("taskset").args(["-c", &core.to_string(), "true"]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Where in `PATH` a program lies.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs a program and hands back what it says, on whichever of its outputs.
pub(crate) fn heard(command: &mut Command) -> io::Result<String> {
    let ended = command.stdin(Stdio::null()).envs(ONE_THREAD).output()?;
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if ended.status.success() {
        return Ok(said);
    }
    Err(io::Error::other(format!("{}: {}: {}", Path::new(command.get_program()).display(), ended.status, said.trim())))
}
