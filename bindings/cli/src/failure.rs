//! Why a command did not do what it was asked, and how that is told: one line on stderr, what and what helps.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use fieldpost::Error;
use fieldpost_imaging::FitError;
use serde::Serialize;

use crate::exit::Exit;
use crate::render::{json, plain};

/// A command that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read the output has gone (`| head`): there is nobody to tell.
    Unheard,
    /// To be told.
    Told(Told),
}

/// What is told of a failure.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(skip)]
    exit: Exit,
    /// The name that scripts read.
    error: &'static str,
    /// What happened.
    message: String,
    /// What helps.
    help: Cow<'static, str>,
}

impl Failure {
    /// Something failed.
    pub(crate) fn new(error: &'static str, message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Failure::Told(Told { exit: Exit::Failed, error, message: message.into(), help: help.into() })
    }

    /// It was asked in a way that makes no sense.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Failure::Told(Told { exit: Exit::Usage, error: "usage", message: message.into(), help: help.into() })
    }

    /// It was asked for something that this version does not do.
    pub(crate) fn not_yet(what: impl std::fmt::Display) -> Self {
        Self::usage(format!("{what} is not there yet in this version"), "see 'fieldpost --help' for what is")
    }

    /// A photo could not be made to fit.
    pub(crate) fn of_photo(path: &Path, error: &FitError) -> Self {
        let (code, help) = match error {
            FitError::NotDecodable { .. } => ("not_decodable", "give a photo: JPEG, PNG, WebP, GIF, BMP or TIFF"),
            FitError::UnsupportedFormat { .. } => ("unsupported_format", "convert it to JPEG first"),
            FitError::MemoryLimit { .. } => ("memory_limit", "give more --memory, or a photo of fewer pixels"),
            FitError::CapNotMet { .. } => {
                ("cap_not_met", "give a larger --cap, a lower floor of --quality or a smaller --min-edge")
            }
            FitError::DiskFull => ("disk_full", "free some space and try again"),
            FitError::Read(_) => ("cannot_read", "give an existing, readable file"),
            FitError::Write(_) => ("cannot_write", "check the folder that it goes to, its rights and its disk"),
            _ => ("failed", "try again"),
        };
        Self::new(code, format!("{}: {error}", path.display()), help)
    }

    /// What happened.
    pub(crate) fn message(&self) -> &str {
        match self {
            Failure::Unheard => "",
            Failure::Told(told) => &told.message,
        }
    }

    /// Tells it on stderr, as one line; returns how the command ends.
    pub(crate) fn tell(&self, json: bool) -> Exit {
        let Failure::Told(told) = self else { return Exit::Done };
        told.tell(json.then(|| json::line(told)));
        told.exit
    }

    /// The same where it is one file's of many: scripts read which by `in`, as it was given.
    pub(crate) fn tell_of(&self, path: &Path, json: bool) {
        #[derive(Serialize)]
        struct Of<'a> {
            r#in: Cow<'a, str>,
            #[serde(flatten)]
            told: &'a Told,
        }
        let Failure::Told(told) = self else { return };
        told.tell(json.then(|| json::line(&Of { r#in: path.to_string_lossy(), told })));
    }
}

impl Told {
    /// As JSON, or in words.
    fn tell(&self, json: Option<String>) {
        let line = json.unwrap_or_else(|| {
            let red = anstyle::AnsiColor::Red.on_default().bold();
            format!("{red}error:{red:#} {}; {}\n", plain(&self.message), plain(&self.help))
        });
        // Where stderr is gone as well, the exit code still says it.
        let _ = anstream::stderr().lock().write_all(line.as_bytes());
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // What the command line said is wrong, rather than that something went wrong.
        let exit = match &error {
            Error::BadAccount { .. } | Error::Invalid { .. } => Exit::Usage,
            _ => Exit::Failed,
        };
        Failure::Told(Told { exit, error: error.code(), message: error.to_string(), help: error.help().into() })
    }
}

impl From<io::Error> for Failure {
    /// Of writing the output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Unheard,
            _ => Self::new("output", format!("the output cannot be written: {error}"), "check where it is sent to"),
        }
    }
}
