//! The Swift stage: a toolchain, the bindings from the library just built, the formatter's lint, then `swift test`.
//!
//! Owns Swift's arguments; what is compiled and how is the business of `bindings/swift/Package.swift`.
//!
//! ```text
//! test ── toolchain ── chroot ── mirror      the one in PATH, or a Debian of our own
//!   └ counts                                 what the tests' output says
//! ```

mod chroot;
mod counts;
mod mirror;
mod toolchain;

use std::path::Path;

use self::counts::Reading;
use self::toolchain::Swift;
use crate::bindings::{Language, generate};
use crate::process::{Heard, run, run_and_read, run_quietly};
use crate::summary::{Counts, Outcome};
use crate::workspace::Workspace;

/// The SwiftPM package.
const PACKAGE: &str = "bindings/swift";
/// What in it is written by hand, and therefore formatted.
const OURS: [&str; 3] = ["Package.swift", "Sources", "Tests"];

/// Needs [`rust::build`](crate::rust::build) to have run.
pub(crate) fn test(workspace: &Workspace) -> Outcome {
    let package = workspace.path(PACKAGE);
    if !package.join("Package.swift").exists() {
        return Outcome::NotRun(format!("{PACKAGE} holds no package"));
    }
    let swift = match Swift::find_or_make(workspace) {
        Ok(swift) => swift,
        Err(why) => return Outcome::NotRun(why),
    };
    // A machine newer than the toolchain's system builds what does not run there.
    if let Err(why) = run_quietly(swift.command(workspace.dev_program("fieldpost"), &package).arg("--version")) {
        return Outcome::NotRun(format!("what is built here does not run beside the Swift toolchain: {why}"));
    }
    if let Err(why) = generate(workspace, Language::Swift, &package.join("generated")) {
        return Outcome::Broken(Counts::default(), why);
    }
    let lint = lint(&swift, &package);
    match (lint, run_tests(workspace, &swift, &package)) {
        (Err(why), Outcome::Tested(counts)) if counts.failed == 0 => Outcome::Broken(counts, why),
        (_, tested) => tested,
    }
}

fn lint(swift: &Swift, package: &Path) -> Result<(), String> {
    let mut lint = swift.command("swift", package);
    lint.args(["format", "lint", "--strict", "--recursive"]).args(OURS);
    run(&mut lint).map_err(|why| format!("swift format lint: {why}"))
}

fn run_tests(workspace: &Workspace, swift: &Swift, package: &Path) -> Outcome {
    let artifacts = workspace.dev_artifacts();
    let mut test = swift.command("swift", package);
    test.arg("test").arg("--scratch-path").arg(workspace.target().join("swift-build"));
    // Where the linker finds the library, then where the tests do.
    test.arg("-Xlinker").arg(prefixed("-L", &artifacts));
    test.args(["-Xlinker", "-rpath", "-Xlinker"]).arg(&artifacts);
    test.env("FIELDPOST_COMMAND", workspace.dev_program("fieldpost"));
    let mut reading = Reading::default();
    let ran = run_and_read(test, Heard::Both, |line| reading.line(line)).map_err(|why| format!("swift test: {why}"));
    match (ran, reading.counts()) {
        (ran, Ok(counts)) => Outcome::of_run(ran, counts),
        (Err(why), Err((counts, _))) | (Ok(()), Err((counts, why))) => Outcome::Broken(counts, why),
    }
}

fn prefixed(flag: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(flag);
    argument.push(path);
    argument
}
