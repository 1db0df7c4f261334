//! Developer commands: `cargo xtask test`, `cargo xtask bench NAME`, `cargo xtask kill N`.
//!
//! What a developer runs here is what CI runs: `.ci/run` adds only formatting, lints and docs. The crate has no
//! dependencies, so that it builds in a blink before anything else; and it never installs anything: a tool that is
//! missing is named in the summary.
//!
//! ```text
//! main ── test ──┬─ rust      build everything once, run the Rust tests
//!         │      ├─ kotlin    generate the bindings, run Maven
//!         │      └─ summary   what ran, what did not, and why
//!         ├ bench            hands over to the benchmark's own binary
//!         └ kill             the crash test, for longer
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command speaks on its terminal

mod bench;
mod bindings;
mod kill;
mod kotlin;
mod machine;
mod process;
mod rust;
mod summary;
mod swift;
mod test;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test [--require-all]   run every test there is: Rust with its doc tests, then Kotlin on the JVM.
                         With --require-all, a test or a whole language that could not run is a failure too
  bench NAME [ARGS]...   run one benchmark in the release profile
  kill N                 run the crash test with N kills instead of its 200";

/// Wrong usage, as opposed to a failure.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["test"] => Workspace::find().map(|workspace| test::run(&workspace, test::Missing::Tolerated)),
        ["test", "--require-all"] => Workspace::find().map(|workspace| test::run(&workspace, test::Missing::Fails)),
        ["bench", name, rest @ ..] => Workspace::find().and_then(|workspace| bench::run_named(&workspace, name, rest)),
        ["kill", kills] => Workspace::find().and_then(|workspace| kill::run_with(&workspace, kills)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
