//! What `swift test` reports: two test libraries in one output.
//!
//! Owns the reading of their lines. Their sums are of no use as counts (XCTest counts failed assertions, Swift Testing
//! issues), so each test's own last line is counted, and the sums only check that none was missed.

use crate::summary::Counts;

/// What the lines so far have said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    counts: Counts,
    /// The most tests that XCTest's sums spoke of: it sums up each suite, then their bundle, then everything.
    xctest: u32,
    /// The tests that Swift Testing's closing line spoke of.
    testing: u32,
}

impl Reading {
    pub(super) fn line(&mut self, line: &str) {
        if let Some(counts) = xctest_test(line).or_else(|| testing_test(line)) {
            self.counts += counts;
        } else if let Some(tests) = number_after(line.trim_start(), "Executed ") {
            self.xctest = self.xctest.max(tests);
        } else if let Some((_, closing)) = line.split_once(' ') {
            self.testing += number_after(closing, "Test run with ").unwrap_or(0);
        }
    }

    /// The counts; as an error, if the sums know of tests that no line was understood to be the end of.
    pub(super) fn counts(self) -> Result<Counts, (Counts, String)> {
        let Counts { passed, failed, skipped } = self.counts;
        let (seen, said) = (passed + failed + skipped, self.xctest + self.testing);
        if seen < said {
            return Err((self.counts, format!("swift test speaks of {said} tests, but only {seen} were seen to end")));
        }
        Ok(self.counts)
    }
}

/// `Test Case 'Suite.testName' passed (0.002 seconds)`; on Apple's systems `'-[Module.Suite testName]'`.
fn xctest_test(line: &str) -> Option<Counts> {
    let (_, end) = line.strip_prefix("Test Case '")?.rsplit_once("' ")?;
    verdict(end, " (")
}

/// `✔ Test name() passed after 0.001 seconds.`, with a symbol that differs between systems, and with a name as it was
/// written: `"in quotes"` or `like(this:)`.
fn testing_test(line: &str) -> Option<Counts> {
    let (_symbol, test) = line.split_once(' ')?;
    let test = test.strip_prefix("Test ")?;
    let (_, end) = if test.starts_with('"') {
        test.split_once("\" ")?
    } else if test.starts_with("case passing ") {
        return None; // one of a test's arguments
    } else {
        test.split_once(") ")?
    };
    verdict(end, " after ").or_else(|| end.starts_with("skipped").then_some(Counts { skipped: 1, ..Counts::default() }))
}

fn verdict(end: &str, then: &str) -> Option<Counts> {
    let (word, _) = end.split_once(then)?;
    let none = Counts::default();
    match word {
        "passed" => Some(Counts { passed: 1, ..none }),
        "failed" => Some(Counts { failed: 1, ..none }),
        "skipped" => Some(Counts { skipped: 1, ..none }),
        _ => None,
    }
}

fn number_after(line: &str, words: &str) -> Option<u32> {
    line.strip_prefix(words)?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Reading {
        let mut reading = Reading::default();
        for line in lines {
            reading.line(line);
        }
        reading
    }

    /// What Swift 6.0.3 printed on Linux.
    const BOTH: [&str; 30] = [
        "Test Suite 'All tests' started at 2026-11-22 06:10:41.240",
        "Test Suite 'A' started at 2026-11-22 06:10:41.277",
        "Test Case 'A.testOne' started at 2026-11-22 06:10:41.277",
        "Test Case 'A.testOne' passed (0.002 seconds)",
        "/a.swift:7: A.testThree : Test skipped - not now",
        "Test Case 'A.testThree' skipped (0.0 seconds)",
        "/a.swift:6: error: A.testTwo : XCTAssertEqual failed: (\"1\") is not equal to (\"2\") - ",
        "/a.swift:6: error: A.testTwo : XCTAssertEqual failed: (\"1\") is not equal to (\"3\") - ",
        "Test Case 'A.testTwo' failed (0.0 seconds)",
        "Test Suite 'A' failed at 2026-11-22 06:10:41.280",
        "\t Executed 3 tests, with 1 test skipped and 2 failures (0 unexpected) in 0.002 (0.002) seconds",
        "Test Case 'B.testFour' passed (0.0 seconds)",
        "\t Executed 1 test, with 0 failures (0 unexpected) in 0.0 (0.0) seconds",
        "Test Suite 'All tests' failed at 2026-11-22 06:10:41.280",
        "\t Executed 4 tests, with 1 test skipped and 2 failures (0 unexpected) in 0.003 (0.003) seconds",
        "◇ Test run started.",
        "↳ Testing Library Version: 6.0.3",
        "◇ Test good() started.",
        "✘ Test \"a long name here\" skipped: \"for a reason\"",
        "✘ Test other() skipped.",
        "◇ Passing 1 argument n → 1 to \"A sentence with failed in it\"",
        "✔ Test case passing 1 argument n → 2 to many(n:) passed after 0.001 seconds.",
        "✘ Test bad() recorded an issue at a.swift:14:22: Expectation failed: (one() → 1) == 2",
        "✘ Test known() passed after 0.001 seconds with 1 known issue.",
        "✔ Test good() passed after 0.001 seconds.",
        "✘ Test bad() failed after 0.001 seconds with 2 issues.",
        "✘ Test \"A sentence with failed in it\" failed after 0.001 seconds with 2 issues.",
        "✘ Suite C failed after 0.002 seconds with 5 issues (including 1 known issue).",
        "✘ Test run with 6 tests failed after 0.004 seconds with 5 issues (including 1 known issue).",
        "error: no tests found; Executed nothing",
    ];

    #[test]
    fn both_libraries_tests_are_counted_once_each() {
        assert_eq!(read(&BOTH).counts(), Ok(Counts { passed: 4, failed: 3, skipped: 3 }));
    }

    #[test]
    fn apples_way_of_naming_a_test_is_understood() {
        let lines =
            ["Test Case '-[FieldpostTests.A testOne]' passed (0.1 seconds).", "Executed 1 test, with 0 failures"];
        assert_eq!(read(&lines).counts(), Ok(Counts { passed: 1, failed: 0, skipped: 0 }));
    }

    #[test]
    fn tests_that_only_the_sums_know_of_are_an_error() {
        let missed = ["Test Case 'A.testOne' passed (0.1 seconds)", "\t Executed 2 tests, with 0 failures"];
        assert!(read(&missed).counts().is_err());
        assert!(read(&["✔ Test run with 1 test passed after 0.001 seconds."]).counts().is_err());
        assert_eq!(read(&["✔ Test run with 0 tests passed after 0.001 seconds."]).counts(), Ok(Counts::default()));
    }
}
