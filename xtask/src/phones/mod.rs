//! The Phones stage: the bindings' Rust code checked for Android and iOS, and Android's page size.
//!
//! Owns which targets are checked, and how. **It proves types only**: every line of Rust that is compiled for a phone,
//! `cfg(target_os = "android")` and `cfg(target_vendor = "apple")` included, type-checks there. Nothing of it is linked
//! or run. The C code of SQLite and ring is compiled against Linux's headers for Android, and for iOS not at all, unless
//! the machine has the NDK or Apple's SDK.

mod compilers;
mod pages;

use self::compilers::Compiler;
use crate::machine;
use crate::process::run;
use crate::summary::{Counts, Outcome};
use crate::workspace::Workspace;

/// Android's processor on nearly every phone of today.
const ANDROID: &str = "aarch64-linux-android";
const IOS: &str = "aarch64-apple-ios";

/// With our own driver, and without, for an app that moves the bytes itself.
const FEATURES: [&[&str]; 2] = [&[], &["--no-default-features"]];

/// A thing to do, and why it could not be done.
type Check = fn(&Workspace) -> Result<(), Trouble>;

/// Why a check did not end well.
enum Trouble {
    /// It was not made.
    NotRun(String),
    /// It was, and failed.
    Failed(String),
}

pub(crate) fn test(workspace: &Workspace) -> Outcome {
    let checks: [Check; 3] = [
        |workspace| check(workspace, ANDROID, compilers::android),
        |workspace| check(workspace, IOS, compilers::ios),
        |workspace| pages::check(workspace, ANDROID),
    ];
    outcome(checks.map(|check| check(workspace)))
}

/// All of them are made, whatever became of the one before; a failure outweighs what was not run.
fn outcome(results: impl IntoIterator<Item = Result<(), Trouble>>) -> Outcome {
    let (mut failed, mut not_run) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(()) => {}
            Err(Trouble::Failed(why)) => failed.push(why),
            Err(Trouble::NotRun(why)) => not_run.push(why),
        }
    }
    match (failed.as_slice(), not_run.as_slice()) {
        ([], []) => Outcome::Done,
        ([], reasons) => Outcome::NotRun(reasons.join("; ")),
        (reasons, _) => Outcome::Broken(Counts::default(), reasons.join("; ")),
    }
}

fn check(
    workspace: &Workspace,
    target: &str,
    compiler: fn(&Workspace) -> Result<Compiler, String>,
) -> Result<(), Trouble> {
    machine::ensure_rust_target(target).map_err(Trouble::NotRun)?;
    let compiler = compiler(workspace).map_err(Trouble::NotRun)?;
    for features in FEATURES {
        let mut cargo = workspace.cargo();
        cargo.args(["check", "--package", "fieldpost-ffi", "--lib", "--target", target]).args(features);
        compiler.give_to(&mut cargo, target);
        run(&mut cargo).map_err(|why| Trouble::Failed(format!("checking for {target}: {why}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_outweighs_what_was_not_run() {
        let failed = || Err(Trouble::Failed("it failed".to_owned()));
        let not_run = || Err(Trouble::NotRun("no clang".to_owned()));
        assert_eq!(outcome([Ok(()), Ok(())]), Outcome::Done);
        assert_eq!(outcome([not_run(), Ok(())]), Outcome::NotRun("no clang".to_owned()));
        let broken = Outcome::Broken(Counts::default(), "it failed; it failed".to_owned());
        assert_eq!(outcome([not_run(), failed(), failed()]), broken);
    }
}
