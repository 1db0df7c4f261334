//! What compiles the C code of a dependency for a phone: the real thing where the machine has it, else a stand-in.
//!
//! Owns the environment variables of the `cc` crate, by which build scripts find their compiler.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::{self, Need};
use crate::process::find_program;
use crate::workspace::Workspace;

/// The oldest Android that the library is built for: 7.0. It only chooses headers and the names of functions.
const ANDROID_API: u32 = 24;

const CLANG: Need = Need { thing: "clang", package: "clang" };
const ARCHIVER: Need = Need { thing: "llvm-ar", package: "llvm" };
/// Linux's C headers for that processor, which are near enough to Android's for SQLite and ring.
const HEADERS: Need = Need { thing: "/usr/aarch64-linux-gnu/include/stdio.h", package: "libc6-dev-arm64-cross" };

/// Compiles C for one target, or looks as if it did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compiler {
    variables: Vec<(&'static str, OsString)>,
    sdk: Option<PathBuf>,
}

impl Compiler {
    /// To a Cargo that builds for this target.
    pub(super) fn give_to(&self, cargo: &mut Command, target: &str) {
        let target = target.replace('-', "_");
        for (name, value) in &self.variables {
            cargo.env(format!("{name}_{target}"), value);
        }
        if let Some(sdk) = &self.sdk {
            cargo.env("SDKROOT", sdk);
        }
    }
}

/// The NDK's compiler if `ANDROID_NDK_HOME` or `ANDROID_NDK_ROOT` names one, else the system's with Linux's headers.
pub(super) fn android(_: &Workspace) -> Result<Compiler, String> {
    if let Some(tools) = ndk_tools() {
        let compiler = tools.join(format!("aarch64-linux-android{ANDROID_API}-clang"));
        let variables = vec![("CC", compiler.into()), ("AR", tools.join("llvm-ar").into())];
        return Ok(Compiler { variables, sdk: None });
    }
    machine::ensure(&[CLANG, ARCHIVER, HEADERS])?;
    let flags = format!("--target=aarch64-linux-android{ANDROID_API} -isystem /usr/aarch64-linux-gnu/include");
    let variables = vec![("CC", CLANG.thing.into()), ("AR", ARCHIVER.thing.into()), ("CFLAGS", flags.into())];
    Ok(Compiler { variables, sdk: None })
}

/// Where the NDK keeps its programs for this machine.
fn ndk_tools() -> Option<PathBuf> {
    let home = ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"].into_iter().find_map(std::env::var_os)?;
    let machines = fs::read_dir(Path::new(&home).join("toolchains/llvm/prebuilt")).ok()?;
    machines.flatten().map(|machine| machine.path().join("bin")).find(|tools| tools.is_dir())
}

/// A compiler for machines without Apple's SDK: whatever the C code says, the object is an empty one. Questions about
/// itself clang answers.
const STAND_IN: &str = r#"#!/bin/sh
object=
for argument; do
    if [ "${previous-}" = -o ]; then object=$argument; fi
    previous=$argument
done
if [ -z "$object" ]; then exec clang "$@"; fi
exec clang --target=arm64-apple-ios -x c -c /dev/null -o "$object"
"#;

/// Nothing where `xcrun` leads to Apple's own compiler, else the stand-in.
pub(super) fn ios(workspace: &Workspace) -> Result<Compiler, String> {
    if find_program("xcrun").is_some() {
        return Ok(Compiler { variables: Vec::new(), sdk: None });
    }
    machine::ensure(&[CLANG, ARCHIVER])?;
    let folder = workspace.target().join("stand-in-sdk");
    let compiler = folder.join("cc");
    write_program(&folder, &compiler).map_err(|error| format!("writing {}: {error}", compiler.display()))?;
    let variables = vec![("CC", compiler.into()), ("AR", ARCHIVER.thing.into())];
    Ok(Compiler { variables, sdk: Some(folder) })
}

/// Only if it is not there already: a compiler that is newer than its objects would be asked for all of them again.
fn write_program(folder: &Path, file: &Path) -> std::io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|program| program == STAND_IN) {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    fs::write(file, STAND_IN)?;
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_those_of_one_target_only() {
        let compiler = Compiler { variables: vec![("CC", "clang".into())], sdk: Some("/sdk".into()) };
        let mut cargo = Command::new("cargo");
        compiler.give_to(&mut cargo, "aarch64-apple-ios");
        let given: Vec<_> =
            cargo.get_envs().map(|(name, value)| (name.to_owned(), value.map(OsString::from))).collect();
        let expected = [("CC_aarch64_apple_ios", "clang"), ("SDKROOT", "/sdk")];
        assert_eq!(given, expected.map(|(name, value)| (name.into(), Some(value.into()))));
    }
}
