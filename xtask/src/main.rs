//! Developer commands: `cargo xtask test`, `bindings`, `size`, `bench`, `kill`, `matrix`, `simulate`, `mutants`.
//!
//! What a developer runs here is what CI runs: `.ci/run` adds only formatting, lints and docs. The crate has no
//! dependencies, so that it builds in a blink before anything else. What a stage of the tests misses it sets up itself
//! where it may: Debian's packages as root on Debian, Rust targets by rustup, Swift in the target folder. What it may
//! not is left alone, and the summary says what did not run and why.
//!
//! ```text
//! main ── test ──┬─ rust      build everything once, run the Rust tests
//!         │      ├─ maven     Kotlin on the JVM; the Android sample under Robolectric
//!         │      ├─ page      the sandbox's page, and compress's, in a real Chromium
//!         │      ├─ swift     a toolchain, from PATH or made; lint; `swift test`
//!         │      ├─ phones    type-check for Android and iOS; Android's page size
//!         │      ├─ arm       the core's tests on an emulated ARM processor
//!         │      ├─ tus       resumable uploads to the protocol's reference server
//!         │      └─ summary   what ran, what did not, and why
//!         ├ bindings         the generated Kotlin and Swift, for the stages above and on demand
//!         ├ size             the shipped library against its limits
//!         ├ bench            hands over to the benchmark's own binary (compressors: what pictures are compared by)
//!         ├ kill             the crash test, for longer
//!         ├ matrix           every fault at every operation of every system, as a table
//!         ├ simulate         more simulated worlds, or one again
//!         └ mutants          breaks the core on purpose: does the simulation notice?
//!
//! below all of them: workspace (where things are), process (how programs start), machine (what may be installed),
//! node (projects with packages from npm)
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command speaks on its terminal

mod arm;
mod bench;
mod bindings;
mod compressors;
mod kill;
mod machine;
mod matrix;
mod maven;
mod mutants;
mod node;
mod page;
mod phones;
mod process;
mod rust;
mod simulate;
mod size;
mod summary;
mod swift;
mod test;
mod tus;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test [--require-all] [STAGE]...
                         run every test there is, or those of some stages: rust (with its doc tests), page (the sandbox's
                         in Chromium), kotlin, android (under Robolectric), swift, phones (type-check for Android and
                         iOS), arm (emulated), tus (against the reference server, from npm).
                         As root on Debian it installs what is missing; elsewhere it says what did not run and why.
                         With --require-all, a test or a whole stage that could not run is a failure too
  bindings [--language kotlin|swift] DIR
                         generate the bindings into DIR/kotlin and DIR/swift, replacing those two folders
  size                   build the library as it ships, and fail if it weighs more than it may
  bench NAME [ARGS]...   run one benchmark in the release profile
  kill N                 run the crash test with N kills instead of its 200
  matrix                 meet every operation of every system with every fault of the sandbox, and print the table;
                         a cell that does not end as it is written down is a failure
  simulate --seeds N     live through the first N simulated worlds, in the release profile
  simulate --seed S      one of them again, its story told if it fails
  mutants [WORDS]        break the core on purpose, one way at a time (with WORDS, the ways whose names have them):
                         how many worlds notice?";

/// Wrong usage, as opposed to a failure.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if matches!(arguments.as_slice(), ["help" | "--help" | "-h"]) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(command) = command_of(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(EXIT_USAGE);
    };
    let done = Workspace::find().and_then(|workspace| command(&workspace));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// A command with its arguments: true if it is worth a zero.
type Command<'a> = Box<dyn Fn(&Workspace) -> Result<bool, String> + 'a>;

fn command_of<'a>(arguments: &'a [&'a str]) -> Option<Command<'a>> {
    use test::Missing::{Fails, Tolerated};
    Some(match arguments {
        ["test", "--require-all", stages @ ..] if all_values(stages) => {
            Box::new(|workspace| test::run(workspace, stages, Fails))
        }
        ["test", stages @ ..] if all_values(stages) => Box::new(|workspace| test::run(workspace, stages, Tolerated)),
        ["bindings", "--language", name, folder] if all_values(&[name, folder]) => {
            Box::new(|workspace| bindings::generate_into(workspace, Some(name), folder))
        }
        ["bindings", folder] if all_values(&[folder]) => {
            Box::new(|workspace| bindings::generate_into(workspace, None, folder))
        }
        ["matrix"] => Box::new(matrix::print),
        ["size"] => Box::new(size::measure),
        ["bench", name, rest @ ..] => Box::new(|workspace| bench::run_named(workspace, name, rest)),
        ["simulate", "--seeds", count] => {
            Box::new(|workspace| simulate::run_with(workspace, simulate::Seeds::First(count)))
        }
        ["simulate", "--seed", seed] => Box::new(|workspace| simulate::run_with(workspace, simulate::Seeds::One(seed))),
        ["mutants"] => Box::new(|workspace| mutants::run(workspace, "")),
        ["mutants", words] if all_values(&[words]) => Box::new(|workspace| mutants::run(workspace, words)),
        ["kill", kills] => Box::new(|workspace| kill::run_with(workspace, kills)),
        _ => return None,
    })
}

/// None of them is an option, mistyped or in the wrong place.
fn all_values(arguments: &[&str]) -> bool {
    !arguments.iter().any(|argument| argument.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_usage_names_is_a_command() {
        let known: [&[&str]; 15] = [
            &["test"],
            &["test", "--require-all"],
            &["test", "swift", "arm"],
            &["test", "--require-all", "swift"],
            &["bindings", "out"],
            &["bindings", "--language", "swift", "out"],
            &["size"],
            &["bench", "open"],
            &["bench", "open", "--items", "5"],
            &["kill", "9"],
            &["matrix"],
            &["simulate", "--seeds", "20000"],
            &["simulate", "--seed", "7"],
            &["mutants"],
            &["mutants", "a doubt"],
        ];
        for arguments in known {
            assert!(command_of(arguments).is_some(), "{arguments:?}");
        }
        let unknown: [&[&str]; 11] = [
            &[],
            &["tset"],
            &["test", "--require"],
            &["test", "swift", "--require-all"],
            &["bindings"],
            &["bindings", "--language", "swift"],
            &["bindings", "--language"],
            &["size", "now"],
            &["kill"],
            &["matrix", "serial"],
            &["simulate", "7"],
        ];
        for arguments in unknown {
            assert!(command_of(arguments).is_none(), "{arguments:?}");
        }
    }
}
