//! The generated half of the bindings: Kotlin and Swift from the library just built.
//!
//! Owns the generator's arguments and what is generated into which folder. Never decides what the library exports.

use std::fs;
use std::path::Path;

use crate::process::{command, run};
use crate::rust;
use crate::workspace::{Workspace, remove_folder};

/// A language that the generator knows and we ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Kotlin,
    Swift,
}

impl Language {
    const ALL: [Self; 2] = [Self::Kotlin, Self::Swift];

    /// The generator's name for it, and the folder's.
    fn name(self) -> &'static str {
        match self {
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
        }
    }

    fn of_name(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|language| language.name() == name)
            .ok_or(format!("there are no bindings for {name:?}; there are: {known}"))
    }
}

/// Into an empty folder: what the library no longer exports must not be compiled from an earlier run. Kotlin comes out
/// as one file in its package's folders; Swift as `fieldpost_ffi.swift`, `fieldpost_ffiFFI.h` and
/// `fieldpost_ffiFFI.modulemap` side by side. Needs [`rust::build`] to have run.
pub(crate) fn generate(workspace: &Workspace, language: Language, into: &Path) -> Result<(), String> {
    remove_folder(into)?;
    let mut generator = command(workspace.dev_program("uniffi-bindgen"));
    generator.current_dir(workspace.root()); // it asks Cargo where the crates' uniffi.toml lie
    generator.arg("generate").arg(Workspace::library_in(&workspace.dev_artifacts()));
    generator.args(["--language", language.name(), "--no-format", "--out-dir"]).arg(into);
    run(&mut generator)
}

/// `cargo xtask bindings [--language NAME] DIR`: builds library and generator, and generates into a folder of each
/// language's name in `DIR`.
pub(crate) fn generate_into(workspace: &Workspace, language: Option<&str>, folder: &str) -> Result<bool, String> {
    let languages = match language {
        Some(name) => vec![Language::of_name(name)?],
        None => Language::ALL.to_vec(),
    };
    // Less would do, but of these two crates alone Cargo would build every dependency anew, with other features.
    rust::build(workspace)?;
    let here = std::env::current_dir().map_err(|error| format!("finding the current folder: {error}"))?;
    for language in languages {
        let into = here.join(folder).join(language.name());
        generate(workspace, language, &into)?;
        for file in files(&into).map_err(|error| format!("reading {}: {error}", into.display()))? {
            println!("{file}");
        }
    }
    println!("made from {}", Workspace::library_in(&workspace.dev_artifacts()).display());
    Ok(true)
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_name() {
        assert_eq!(Language::of_name("kotlin"), Ok(Language::Kotlin));
        assert_eq!(Language::of_name("swift"), Ok(Language::Swift));
        assert_eq!(
            Language::of_name("Cobol").unwrap_err(),
            "there are no bindings for \"Cobol\"; there are: kotlin, swift"
        );
    }
}
