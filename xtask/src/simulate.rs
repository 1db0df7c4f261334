//! `cargo xtask simulate`: the worlds of `tests/simulation`, more of them than a test run has time for, or one of them again.

use crate::process::run;
use crate::workspace::Workspace;

/// Which worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seeds<'a> {
    /// The first so many.
    First(&'a str),
    /// This one, its story told if it fails.
    One(&'a str),
}

impl Seeds<'_> {
    /// As the test reads them: `FROM..TO`.
    fn range(self) -> Result<String, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is not a number"));
        Ok(match self {
            Self::First(count) => format!("0..{}", number(count)?),
            Self::One(seed) => format!("{0}..{1}", number(seed)?, number(seed)? + 1),
        })
    }
}

/// In the release profile, for there are many of them.
pub(crate) fn run_with(workspace: &Workspace, seeds: Seeds<'_>) -> Result<bool, String> {
    let mut cargo = workspace.cargo();
    cargo.env("FIELDPOST_SEEDS", seeds.range()?);
    cargo.args(["test", "--release", "--package", "fieldpost-tests", "--test", "simulation", "--", "--nocapture"]);
    run(&mut cargo).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_handed_on_as_a_range() {
        assert_eq!(Seeds::First("20000").range(), Ok("0..20000".to_owned()));
        assert_eq!(Seeds::One("7").range(), Ok("7..8".to_owned()));
        assert!(Seeds::First("many").range().is_err());
    }
}
