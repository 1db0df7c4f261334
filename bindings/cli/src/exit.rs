//! The exit codes, all of them.

use std::process::ExitCode;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `deliver`: nothing is undelivered.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Items wait.
    Waits = 3,
    /// Items are blocked. Wins over [`Exit::Waits`].
    Blocked = 4,
}

impl Exit {
    /// Of a delivery that left so many items.
    pub(crate) fn of(waiting: u64, blocked: u64) -> Self {
        match (waiting, blocked) {
            (0, 0) => Exit::Done,
            (_, 0) => Exit::Waits,
            _ => Exit::Blocked,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_wins_over_waiting() {
        assert_eq!(Exit::of(0, 0), Exit::Done);
        assert_eq!(Exit::of(2, 0), Exit::Waits);
        assert_eq!(Exit::of(0, 1), Exit::Blocked);
        assert_eq!(Exit::of(2, 1), Exit::Blocked);
    }
}
