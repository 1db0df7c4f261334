//! The generated half of the bindings: Kotlin and Swift from the library just built.
//!
//! Owns the generator's arguments and what is generated into which folder. Never decides what the library exports.

use std::path::Path;

use crate::process::{command, run};
use crate::rust;
use crate::summary::Outcome;
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
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
        }
    }

    pub(crate) fn of_name(name: &str) -> Result<Self, String> {
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
