//! The Rust stages: one build of everything, then `cargo test`.
//!
//! Owns Cargo's arguments and the reading of its `test result:` lines.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::summary::{Counts, Outcome};
use crate::workspace::{Workspace, run};

/// Builds libraries, programs and tests in one go, so that all of them share each dependency built once; the libraries
/// and programs are what the other languages' tests run.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    let arguments = ["build", "--workspace", "--lib", "--bins", "--tests"];
    match run(workspace.cargo().args(arguments)) {
        Ok(()) => Outcome::Done,
        Err(why) => Outcome::Broken(Counts::default(), why),
    }
}

/// Runs all tests and doc tests, all of them even after a failure.
pub(crate) fn test(workspace: &Workspace) -> Outcome {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]).stdout(Stdio::piped());
    let mut child = match cargo.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Broken(Counts::default(), format!("cargo test did not start: {error}")),
    };
    let stdout = child.stdout.take().expect("stdout was set to be piped two lines above");
    let counts = echo_and_count(stdout, &mut std::io::stdout().lock());
    match child.wait() {
        Ok(status) if !status.success() && counts.failed == 0 => {
            Outcome::Broken(counts, format!("cargo test: {status}"))
        }
        Ok(_) => Outcome::of_tests(counts),
        Err(error) => Outcome::Broken(counts, format!("cargo test: {error}")),
    }
}

/// Passes each line on as it comes, and sums what the lines report.
fn echo_and_count(from: impl Read, to: &mut impl Write) -> Counts {
    let mut counts = Counts::default();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // A terminal that went away is no reason to stop counting; tests may print bytes that are not UTF-8.
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        let _ = to.write_all(&line).and_then(|()| to.flush());
        if let Some(more) = counts_of_line(&String::from_utf8_lossy(&line)) {
            counts += more;
        }
        line.clear();
    }
    counts
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
    fn each_binarys_closing_line_is_counted_and_passed_on() {
        let output = b"running 2 tests\n\
            test a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
            bytes \xff that are no text\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        let mut echoed = Vec::new();
        let counts = echo_and_count(output.as_slice(), &mut echoed);
        assert_eq!(counts, Counts { passed: 42, failed: 3, skipped: 1 });
        assert_eq!(echoed, output);
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
