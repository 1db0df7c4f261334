//! How tests run the command and read what it says.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Of a process that ended.
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// It ended so.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// The lines of stdout as objects: nothing else may be there.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let object = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            assert!(value.is_object(), "{line}");
            value
        };
        self.out.lines().map(object).collect()
    }

    /// The only line of stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{}", self.out);
        lines.remove(0)
    }

    /// The error as scripts read it: one line on stderr, nothing on stdout.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        assert_eq!((self.out.as_str(), self.err.lines().count()), ("", 1), "stderr: {}", self.err);
        let error: Value = serde_json::from_str(&self.err).unwrap();
        assert_eq!(keys(&error), set(&["error", "message", "help"]));
        for key in ["error", "message", "help"] {
            assert!(error[key].as_str().is_some_and(|said| !said.trim().is_empty()), "{error}");
        }
        error
    }

    /// The error's name, for a failure that ends so.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        self.ends(code).error()["error"].as_str().unwrap().to_owned()
    }
}

/// The names in an object.
pub(crate) fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Names, to compare with.
pub(crate) fn set<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
    names.iter().copied().collect()
}

/// A folder with an outbox and whatever else a test needs.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    /// Nothing in it.
    pub(crate) fn empty() -> Self {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    /// With an account `acme` of CorrigoPro that nobody can reach.
    pub(crate) fn with_acme() -> Self {
        Self::with_acme_at("http://127.0.0.1:1/corrigopro")
    }

    /// With an account `acme` of CorrigoPro at `url`.
    pub(crate) fn with_acme_at(url: &str) -> Self {
        let place = Self::empty();
        let add =
            ["account", "add", "acme", "--provider", "corrigopro", "--set", "performed_by=Jo Field", "--url", url];
        place.run(add).ends(0);
        place
    }

    /// Where the outbox is.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    /// A file beside it.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command, not run yet; no variable of this machine's user reaches it.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = bare();
        command.env("FIELDPOST_DIR", self.outbox()).current_dir(self.folder.path()).args(args);
        command
    }

    /// Runs it for a person.
    #[track_caller]
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// Runs it for a script.
    #[track_caller]
    pub(crate) fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&self.command(args).arg("--json").output().unwrap())
    }

    /// Captures a text for work order 10234 of `acme`; its id.
    #[track_caller]
    pub(crate) fn text(&self, text: &str) -> String {
        self.text_for("10234", text)
    }

    /// Captures a text for a work order of `acme`; its id.
    #[track_caller]
    pub(crate) fn text_for(&self, work_order: &str, text: &str) -> String {
        let ran = self.run(["capture", "text", text, "--account", "acme", "--work-order", work_order]).ends(0);
        ran.out.trim_end().to_owned()
    }

    /// Delivers for a script, with `token` for every account.
    #[track_caller]
    pub(crate) fn deliver(&self, token: &str, args: &[&str]) -> Ran {
        let mut command = self.command([&["deliver", "--json"], args].concat());
        Ran::of(&command.env("FIELDPOST_TOKEN", token).output().unwrap())
    }

    /// An item as scripts see it.
    #[track_caller]
    pub(crate) fn item(&self, id: &str) -> Value {
        self.json(["show", id]).ends(0).line()
    }
}

/// The command with nothing of this machine's user.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldpost"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FIELDPOST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Whether any file under `folder` holds `bytes`.
pub(crate) fn any_file_holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return any_file_holds(&path, bytes);
        }
        std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}
