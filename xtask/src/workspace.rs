//! Where things are, and how other programs are started.
//!
//! Owns the workspace's folders and the environment of child processes. Never decides what to run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// This checkout, as Cargo sees it.
pub(crate) struct Workspace {
    root: PathBuf,
    metadata: String,
    target: PathBuf,
}

impl Workspace {
    /// Asks Cargo, which knows `CARGO_TARGET_DIR` and every configuration file that may move the target folder.
    pub(crate) fn find() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace's root");
        let output = cargo(root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cargo metadata did not start: {error}"))?;
        if !output.status.success() {
            return Err(format!("cargo metadata: {}", output.status));
        }
        let metadata = String::from_utf8(output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
        let target =
            json_strings(&metadata, "target_directory").next().ok_or("cargo metadata named no target folder")?;
        Ok(Self { root: root.to_owned(), target: PathBuf::from(target), metadata })
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Where the dev profile's libraries and programs lie, the same that the tests run.
    pub(crate) fn dev_artifacts(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// Cargo, started in the root.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// The names of all targets (libraries, programs, tests) of the workspace's packages.
    pub(crate) fn target_names(&self) -> impl Iterator<Item = String> {
        json_strings(&self.metadata, "name")
    }
}

fn cargo(root: &Path) -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// A program, without stdin, and without what `cargo run` told *us* about xtask: build scripts that watch those
/// variables would be run again, and their C code compiled again, each time that xtask and a shell take turns.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end, its output shown as it comes; the error names what failed.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = program_name(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}

/// The program's file name, for messages.
pub(crate) fn program_name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Whether a program of this name is in `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&file).is_file())
}

/// The values of every string field of this name, wherever it stands in compact JSON such as Cargo prints.
fn json_strings(json: &str, field: &str) -> impl Iterator<Item = String> {
    let key = format!("\"{field}\":\"");
    json.split(key.as_str()).skip(1).map(json_string).collect::<Vec<_>>().into_iter()
}

/// The JSON string at whose first character `rest` begins, its backslashed quotes and backslashes undone.
fn json_string(rest: &str) -> String {
    let mut value = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_fields_are_found_wherever_they_stand() {
        let json = r#"{"packages":[{"name":"a","targets":[{"name":"bench-a"}]}],"target_directory":"C:\\ta\"rget"}"#;
        assert_eq!(json_strings(json, "name").collect::<Vec<_>>(), ["a", "bench-a"]);
        assert_eq!(json_strings(json, "target_directory").collect::<Vec<_>>(), [r#"C:\ta"rget"#]);
        assert_eq!(json_strings(json, "version").count(), 0);
    }

    #[test]
    fn a_child_does_not_learn_what_cargo_told_xtask_about_itself() {
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "cargo tells its tests their package");
        let child = command("anything");
        let removed = child.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        assert!(removed);
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_installed() {
        assert!(is_installed("cargo"));
        assert!(!is_installed("a-program-of-no-machine"));
    }

    #[test]
    fn a_failure_names_the_program() {
        let missing = run(&mut Command::new("/nowhere/a-program-of-no-machine")).unwrap_err();
        assert!(missing.starts_with("a-program-of-no-machine did not start: "), "{missing}");
    }
}
