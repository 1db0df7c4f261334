//! `compress`: the imaging alone, from file to file. What stands at OUT is whole or not there at all.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use fieldpost::Bytes;
use fieldpost_imaging::{Control, Fitted, Policy, fit_stream};
use serde::Serialize;
use tempfile::NamedTempFile;

use super::{Ended, Session};
use crate::args::CompressArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::plain;
use crate::render::progress::Sign;

/// What is said of it.
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

pub(super) fn run(session: &Session, args: &CompressArgs) -> Ended {
    let CompressArgs { from, out, cap, max_edge, exif } = args;
    refuse_same(from, out)?;
    let policy = Policy { cap: Some(cap.0), max_edge: *max_edge, exif: (*exif).into(), ..Policy::default() };
    let begun = Instant::now();
    let before = length(from)?;
    let fitted = {
        let sign = Sign::bar(session.out.is_json(), "making it fit");
        fit(from, out, &policy, &Control::default().progress_to(&|part| sign.at(part)))?
    };
    let seconds = (begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
    let Fitted { bytes, width, height, quality, passthrough, truncated, .. } = fitted;
    if session.out.is_json() {
        let (r#in, out) = (from.to_string_lossy().into_owned(), out.to_string_lossy().into_owned());
        session.out.object(&Line { r#in, out, bytes, width, height, quality, seconds, passthrough })?;
    } else {
        let made = match quality {
            _ if passthrough => ", as it was".to_owned(),
            Some(quality) => format!(", quality {quality}"),
            None => String::new(),
        };
        let end = if truncated { "; its end is missing" } else { "" };
        let out = out.display().to_string();
        let sizes = format!("{} > {}", Bytes(before), Bytes(bytes));
        session.out.text(format_args!("{}  {sizes}  {width} x {height}{made}  {seconds} s{end}", plain(&out)))?;
    }
    Ok(Exit::Done)
}

/// OUT by whatever name it goes.
fn refuse_same(from: &Path, out: &Path) -> Result<(), Failure> {
    match (fs::canonicalize(from), fs::canonicalize(out)) {
        (Ok(from), Ok(out)) if from == out => {
            Err(Failure::usage("OUT is IN, which stays as it is", "give another file as OUT"))
        }
        (_, Ok(out)) if out.is_dir() => Err(Failure::usage("OUT is a folder", "give a file as OUT")),
        _ => Ok(()),
    }
}

fn length(from: &Path) -> Result<u64, Failure> {
    let found = fs::metadata(from).map_err(|e| cannot_read(from, &e))?;
    if found.is_file() { Ok(found.len()) } else { Err(cannot_read(from, &io::Error::other("it is no ordinary file"))) }
}

/// Beside OUT under another name, synced, then in OUT's place.
fn fit(from: &Path, out: &Path, policy: &Policy, control: &Control<'_>) -> Result<Fitted, Failure> {
    let mut source = fs::File::open(from).map_err(|e| cannot_read(from, &e))?;
    let mut unfinished = beside(out).map_err(|e| cannot_write(out, &e))?;
    let fitted = fit_stream(&mut source, unfinished.as_file_mut(), policy, control)?;
    unfinished.as_file().sync_all().map_err(|e| cannot_write(out, &e))?;
    unfinished.persist(out).map_err(|e| cannot_write(out, &e.error))?;
    Ok(fitted)
}

fn beside(out: &Path) -> io::Result<NamedTempFile> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
    Failure::new(
        "cannot_read",
        format!("{} cannot be read: {error}", path.display()),
        "give an existing, readable file",
    )
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::new("disk_full", message, "free some space and try again")
        }
        _ => Failure::new("cannot_write", message, "check the folder of OUT, its rights and its disk"),
    }
}
