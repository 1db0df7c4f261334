//! What is said of each photo, and of all.

use std::path::Path;
use std::time::Instant;

use fieldpost::Bytes;
use fieldpost_imaging::Fitted;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::plan::Plan;
use super::work::{Made, Outcome};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Output, plain, shortened};

/// The widest that a name may be in a line of many.
const NAME_COLUMNS: usize = 40;

/// A photo that was made to fit.
#[derive(Serialize)]
struct Line {
    r#in: String,
    out: String,
    bytes: u64,
    width: u32,
    height: u32,
    quality: Option<u8>,
    seconds: f64,
    passthrough: bool,
}

/// The last line, where results went into a folder. Bytes are those of the photos that were made to fit.
#[derive(Serialize)]
struct Done {
    event: &'static str,
    files: u64,
    failed: u64,
    passthrough: u64,
    before: u64,
    after: u64,
    seconds: f64,
}

/// Says it.
pub(super) struct Teller {
    out: Output,
    /// Whether results go into a folder.
    many: bool,
    /// How many photos there are.
    wanted: u64,
    /// How wide the names are.
    columns: usize,
    begun: Instant,
    done: Done,
}

impl Teller {
    pub(super) fn new(out: Output, plan: &Plan) -> Self {
        let width = |path: &Path| shortened(&path.display().to_string(), NAME_COLUMNS).width();
        let columns = plan.jobs.iter().flat_map(super::plan::Job::names).map(|path| width(&path)).max().unwrap_or(0);
        let done = Done { event: "done", files: 0, failed: 0, passthrough: 0, before: 0, after: 0, seconds: 0.0 };
        let wanted = plan.jobs.len() as u64;
        Teller { out, many: plan.folder.is_some(), wanted, columns, begun: Instant::now(), done }
    }

    /// What became of a photo. Where OUT is a file, that it failed is the command's own failure.
    pub(super) fn tell(&mut self, from: &Path, outcome: Outcome) -> Result<Outcome, Failure> {
        self.done.files += 1;
        match &outcome {
            Err(_) if !self.many => return outcome.map(Ok),
            Ok(made) => {
                self.done.before += made.before;
                self.done.after += made.fitted.bytes;
                self.done.passthrough += u64::from(made.fitted.passthrough);
                if self.out.is_json() {
                    self.out.object(&line(from, made))?;
                } else {
                    self.out.text(self.in_words(made))?;
                }
            }
            Err(failure) => {
                self.done.failed += 1;
                failure.tell_of(from, self.out.is_json());
            }
        }
        Ok(outcome)
    }

    /// `results/boiler.jpg  4.2 MB > 998 kB  2560 x 1920, quality 88  0.281 s`
    fn in_words(&self, made: &Made) -> String {
        let Fitted { bytes, width, height, quality, passthrough, truncated, .. } = made.fitted;
        let how = match quality {
            _ if passthrough => ", as it was".to_owned(),
            Some(quality) => format!(", quality {quality}"),
            None => String::new(),
        };
        let end = if truncated { "; its end is missing" } else { "" };
        let (sizes, pixels) =
            (format!("{} > {}", Bytes(made.before), Bytes(bytes)), format!("{width} x {height}{how}"));
        let (out, seconds) = (made.out.display().to_string(), made.seconds);
        if self.many {
            let out = shortened(&out, NAME_COLUMNS);
            let gap = self.columns.saturating_sub(out.width());
            format!("{out}{:gap$}  {sizes:<19}  {pixels:<23}  {seconds:.3} s{end}", "")
        } else {
            format!("{}  {sizes}  {pixels}  {seconds} s{end}", plain(&out))
        }
    }

    /// Of all of them, where results went into a folder; fails where it was stopped before the last.
    pub(super) fn end(mut self) -> Result<Exit, Failure> {
        self.done.seconds = (self.begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        let Done { files, failed, passthrough, before, after, seconds, .. } = self.done;
        if self.many && self.out.is_json() {
            self.out.object(&self.done)?;
        } else if self.many && files > 1 {
            let more = [(passthrough, "as before"), (failed, "failed")];
            let more: String = more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")).collect();
            let (saved, before, after) = (saved(before, after), Bytes(before), Bytes(after));
            self.out.text(format_args!("{files} photos{more}  {before} > {after}, {saved} saved  {seconds:.1} s"))?;
        }
        match failed {
            _ if files < self.wanted => {
                let message = format!("it was stopped; photos that are not done: {}", self.wanted - files);
                Err(Failure::new("interrupted", message, "run it again; what was made stays until then"))
            }
            0 => Ok(Exit::Done),
            _ => Ok(Exit::Failed),
        }
    }
}

fn line(from: &Path, made: &Made) -> Line {
    let Fitted { bytes, width, height, quality, passthrough, .. } = made.fitted;
    let (r#in, out) = (from.to_string_lossy().into_owned(), made.out.to_string_lossy().into_owned());
    Line { r#in, out, bytes, width, height, quality, seconds: made.seconds, passthrough }
}

/// `76.1 %`; a small photo that had to be made anew may have grown.
pub(super) fn saved(before: u64, after: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // for people's eyes
    let part = if before == 0 { 0.0 } else { 1.0 - after as f64 / before as f64 };
    format!("{:.1} %", part * 100.0)
}
