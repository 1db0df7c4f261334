//! The Rust stages: one build of everything, then `cargo test`.
//!
//! Owns Cargo's arguments, what some tests look for on the machine, and the reading of its `test result:` lines.

use std::process::Command;

use crate::machine::{self, Need};
use crate::process::{Heard, run, run_and_read};
use crate::summary::{Counts, Outcome};
use crate::workspace::Workspace;

/// libjpeg-turbo's programs: pictures are held against what they make of them.
const TURBO: [Need; 2] =
    [Need { thing: "djpeg", package: "libjpeg-turbo-progs" }, Need { thing: "cjpeg", package: "libjpeg-turbo-progs" }];

/// Builds libraries, programs and tests in one go, so that all of them share each dependency built once; the libraries
/// and programs are what the other languages' tests run.
pub(crate) fn build(workspace: &Workspace) -> Result<(), String> {
    run(workspace.cargo().args(["build", "--workspace", "--lib", "--bins", "--tests"]))
}

/// Runs all tests and doc tests, all of them even after a failure.
pub(crate) fn test(workspace: &Workspace) -> Outcome {
    if let Err(why) = machine::ensure(&TURBO) {
        println!("xtask: {why}; pictures are held against golden values and other decoders alone");
    }
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    count(cargo)
}

/// Runs this `cargo test` and sums what it reports.
pub(crate) fn count(cargo_test: Command) -> Outcome {
    let mut counts = Counts::default();
    let ran = run_and_read(cargo_test, Heard::Stdout, |line| counts += counts_of_line(line).unwrap_or_default());
    Outcome::of_run(ran, counts)
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; ...`, the closing line of each test binary and of the doc
/// tests of each crate.
fn counts_of_line(line: &str) -> Option<Counts> {
    let (_verdict, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |what: &str| {
        numbers.split(';').find_map(|part| part.trim().strip_suffix(what)).and_then(|number| number.trim().parse().ok())
    };
    Some(Counts { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_binarys_closing_line_is_counted() {
        let table = [
            (
                "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
                Counts { passed: 2, failed: 0, skipped: 1 },
            ),
            (
                "test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
                Counts { passed: 40, failed: 3, skipped: 0 },
            ),
        ];
        for (line, counts) in table {
            assert_eq!(counts_of_line(line), Some(counts), "{line}");
        }
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in
            ["", "test result: ", "test result: ok. none", "said test result: ok. 1 passed; 0 failed; 0 ignored"]
        {
            assert_eq!(counts_of_line(line), None, "{line}");
        }
    }
}
