//! The page of `--compare`: originals and results side by side, as one file of HTML that asks nobody for anything.
//!
//! Owns the page: its file, its markup, its links to the pictures where they lie, how it is scored. Copies no picture, so
//! it shows them only as long as they and it stay where they are. Foreign text is escaped; nothing but the page's own
//! script and style runs in it.

mod html;
mod link;
mod picture;
mod score;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use fieldpost::StopSignal;
use tempfile::NamedTempFile;

use self::html::Row;
use self::link::Links;
use self::picture::dimensions;
use self::score::{Score, Tool};
use super::plan::Plan;
use super::work::{Made, Outcome, cannot_write, unfinished_in};
use crate::args::CompressArgs;
use crate::failure::Failure;
use crate::render::progress::Sign;

/// A page that has no place yet.
pub(super) struct Page {
    path: PathBuf,
    file: NamedTempFile,
}

impl Page {
    /// Begins it before anything is done: what is in its way is told then rather than after the work.
    pub(super) fn begin(path: &Path, plan: &Plan) -> Result<Self, Failure> {
        let is_html = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"));
        if !is_html {
            let message = format!("{} is no name of a page", path.display());
            return Err(Failure::usage(message, "give --compare a file that ends in .html"));
        }
        if path.is_dir() || fs::canonicalize(path).is_ok_and(|there| plan.sources.contains(&there)) || plan.gives(path)
        {
            let message = format!("the page cannot be {}, which is something else", path.display());
            return Err(Failure::usage(message, "give --compare another file"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let file = unfinished_in(folder).map_err(|e| cannot_write(path, &e))?;
        Ok(Page { path: path.to_owned(), file })
    }

    /// Writes it, and gives it its place. Scores what can be scored before, which takes a second or so for each.
    pub(super) fn write(
        mut self,
        args: &CompressArgs,
        plan: &Plan,
        outcomes: &[Outcome],
        sign: &Sign,
        stop: &StopSignal,
    ) -> Result<(), Failure> {
        let cannot = |e: &std::io::Error| cannot_write(&self.path, e);
        let (tool, links) = (Tool::find(), Links::from_page(&self.path).map_err(|e| cannot(&e))?);
        let (mut rows, mut failed) = (Vec::new(), Vec::new());
        for (job, outcome) in plan.jobs.iter().zip(outcomes) {
            match outcome {
                Ok(made) => {
                    sign.says(&format!("comparing {}", job.from.display()));
                    rows.push(row(&job.from, made, tool.as_ref(), &links).map_err(|e| cannot(&e))?);
                }
                Err(failure) => failed.push((job.from.display().to_string(), failure.message().to_owned())),
            }
            if stop.is_stopped() {
                return Err(Failure::new("interrupted", "it was stopped before the page was whole", "run it again"));
            }
        }
        let page = html::page(args, &rows, &failed, tool.as_ref());
        self.file.write_all(page.as_bytes()).map_err(|e| cannot(&e))?;
        self.file.as_file().sync_all().map_err(|e| cannot(&e))?;
        self.file.persist(&self.path).map_err(|e| cannot_write(&self.path, &e.error))?;
        Ok(())
    }
}

fn row<'a>(from: &'a Path, made: &'a Made, tool: Option<&Tool>, links: &Links) -> std::io::Result<Row<'a>> {
    Ok(Row {
        from,
        made,
        original: links.to(from)?,
        result: links.to(&made.out)?,
        dimensions: dimensions(from),
        score: match tool {
            _ if made.fitted.passthrough => Score::Same,
            Some(tool) => tool.score(from, &made.out, (made.fitted.width, made.fitted.height)),
            None => Score::Unknown,
        },
    })
}
