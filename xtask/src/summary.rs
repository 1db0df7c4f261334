//! What ran, what did not, and why: the table at the end of `cargo xtask test`.
//!
//! Owns what counts as green. Never runs anything.

use std::fmt::Write as _;
use std::time::Duration;

/// How many tests of one language did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// What became of a stage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has no tests of its own, and succeeded.
    Done,
    /// Its tests ran to the end.
    Tested(Counts),
    /// Something besides a failing test went wrong; these are the tests that had reported by then.
    Broken(Counts, String),
    /// It could not run here.
    NotRun(String),
}

impl Outcome {
    /// Tests that ran: to have found none is broken, or a typing error in a build file would be green.
    pub(crate) fn of_tests(counts: Counts) -> Self {
        if counts.passed + counts.failed == 0 {
            return Self::Broken(counts, "no test ran".to_owned());
        }
        Self::Tested(counts)
    }

    /// What a program's end and the tests it had reported make together: a program that fails while no test does has
    /// broken, and no success of it makes up for tests that did not run.
    pub(crate) fn of_run(ran: Result<(), String>, counts: Counts) -> Self {
        match ran {
            Err(why) if counts.failed == 0 => Self::Broken(counts, why),
            _ => Self::of_tests(counts),
        }
    }

    /// A stage that broke without a failing test counts as one failure: the closing line must not read as green.
    fn counts(&self) -> Counts {
        match self {
            Self::Done | Self::NotRun(_) => Counts::default(),
            Self::Tested(counts) => *counts,
            Self::Broken(counts, _) => Counts { failed: counts.failed.max(1), ..*counts },
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::NotRun(_) => "not run",
            _ if self.counts().failed > 0 => "FAILED",
            _ => "ok",
        }
    }

    /// Left out, wholly or in part.
    fn is_incomplete(&self) -> bool {
        matches!(self, Self::NotRun(_)) || self.counts().skipped > 0
    }

    fn why(&self) -> Option<&str> {
        match self {
            Self::Broken(_, why) | Self::NotRun(why) => Some(why),
            Self::Tested(counts) if counts.skipped > 0 => Some("some tests are marked to be skipped"),
            Self::Done | Self::Tested(_) => None,
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) stage: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// All stages of a run, in their order.
#[derive(Debug, Default)]
pub(crate) struct Summary(pub(crate) Vec<Report>);

impl Summary {
    /// Nothing failed.
    pub(crate) fn is_green(&self) -> bool {
        self.total().failed == 0
    }

    /// Nothing was left out: every stage ran, and every test of it.
    pub(crate) fn is_complete(&self) -> bool {
        !self.0.iter().any(|report| report.outcome.is_incomplete())
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for report in &self.0 {
            total += report.outcome.counts();
        }
        total
    }

    /// The table, and alone on the last line the sums that scripts look for.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("{:<10}{:<9}{:>8}{:>8}{:>8}{:>10}\n", "", "", "passed", "failed", "skipped", "seconds");
        for Report { stage, outcome, took } in &self.0 {
            let counts = outcome.counts();
            let count = |number: u32| match outcome {
                Outcome::Done | Outcome::NotRun(_) => "-".to_owned(),
                Outcome::Tested(_) | Outcome::Broken(..) => number.to_string(),
            };
            let _ = writeln!(
                text,
                "{stage:<10}{:<9}{:>8}{:>8}{:>8}{:>10.1}{}{}",
                outcome.word(),
                count(counts.passed),
                count(counts.failed),
                count(counts.skipped),
                took.as_secs_f64(),
                if outcome.why().is_some() { "   " } else { "" },
                outcome.why().unwrap_or_default(),
            );
        }
        let Counts { passed, failed, .. } = self.total();
        let _ = writeln!(text, "\n{passed} passed, {failed} failed");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(outcomes: impl IntoIterator<Item = Outcome>) -> Summary {
        let report = |outcome| Report { stage: "Stage", outcome, took: Duration::from_millis(1500) };
        Summary(outcomes.into_iter().map(report).collect())
    }

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn each_outcome_is_green_and_complete_or_not() {
        let table = [
            (Outcome::Done, true, true),
            (Outcome::of_tests(counts(3, 0, 0)), true, true),
            (Outcome::of_tests(counts(3, 0, 1)), true, false),
            (Outcome::of_tests(counts(3, 1, 0)), false, true),
            (Outcome::of_tests(counts(0, 0, 0)), false, true),
            (Outcome::of_tests(counts(0, 0, 2)), false, false),
            (Outcome::Broken(counts(3, 0, 0), "it did not compile".to_owned()), false, true),
            (Outcome::NotRun("no tool".to_owned()), true, false),
        ];
        for (outcome, green, complete) in table {
            let text = format!("{outcome:?}");
            let summary = summary([outcome]);
            assert_eq!((summary.is_green(), summary.is_complete()), (green, complete), "{text}");
        }
    }

    #[test]
    fn the_last_line_sums_all_stages_and_nothing_else() {
        let text =
            summary([Outcome::Done, Outcome::Tested(counts(3, 0, 0)), Outcome::Tested(counts(2, 1, 4))]).render();
        assert_eq!(text.lines().last(), Some("5 passed, 1 failed"));
    }

    #[test]
    fn a_stage_that_broke_without_a_failing_test_is_one_failure() {
        let text = summary([Outcome::Broken(counts(7, 0, 0), "it did not compile".to_owned())]).render();
        assert!(text.contains("FAILED") && text.contains("it did not compile"), "{text}");
        assert_eq!(text.lines().last(), Some("7 passed, 1 failed"));
    }

    #[test]
    fn a_program_that_fails_without_a_failing_test_has_broken() {
        let failed = || Err("it crashed".to_owned());
        let table = [
            (Ok(()), counts(2, 0, 0), Outcome::Tested(counts(2, 0, 0))),
            (Ok(()), counts(0, 0, 0), Outcome::Broken(counts(0, 0, 0), "no test ran".to_owned())),
            (failed(), counts(2, 1, 0), Outcome::Tested(counts(2, 1, 0))),
            (failed(), counts(2, 0, 0), Outcome::Broken(counts(2, 0, 0), "it crashed".to_owned())),
        ];
        for (ran, counts, expected) in table {
            assert_eq!(Outcome::of_run(ran, counts), expected);
        }
    }

    #[test]
    fn what_did_not_run_says_why() {
        let text = summary([Outcome::NotRun("mvn is not in PATH".to_owned())]).render();
        assert!(text.contains("not run") && text.contains("mvn is not in PATH"), "{text}");
    }
}
