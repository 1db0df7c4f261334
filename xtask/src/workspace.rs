//! Where things are: the checkout, and what its builds leave behind.
//!
//! Owns the workspace's folders. Asks Cargo for them and runs nothing else.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::command;

/// The library that Kotlin and Swift load, by the name of its crate.
const LIBRARY: &str = "fieldpost_ffi";

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

    /// The checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Cargo's target folder, which `cargo clean` deletes.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where the dev profile's libraries and programs lie, the same that the tests run.
    pub(crate) fn dev_artifacts(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The library for Kotlin and Swift in a folder of Cargo's, as this system names it.
    pub(crate) fn library_in(folder: &Path) -> PathBuf {
        folder.join(format!("{DLL_PREFIX}{LIBRARY}{DLL_SUFFIX}"))
    }

    /// A program of the workspace, of the dev profile.
    pub(crate) fn dev_program(&self, name: &str) -> PathBuf {
        self.dev_artifacts().join(format!("{name}{EXE_SUFFIX}"))
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

/// Deletes a folder of ours with all that is in it; one that is not there is as good.
pub(crate) fn remove_folder(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!("removing {}: {error}", folder.display())),
        _ => Ok(()),
    }
}

fn cargo(root: &Path) -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
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
}
