//! `cargo xtask kill N`: the crash test of `tests/crash`, with more kills than a test run has time for.

use crate::process::run;
use crate::workspace::Workspace;

/// Runs it; `kills` is checked here so that a mistyped number is not a panic over there.
pub(crate) fn run_with(workspace: &Workspace, kills: &str) -> Result<bool, String> {
    kills.parse::<u32>().map_err(|_| format!("{kills:?} is not a number of kills"))?;
    let mut cargo = workspace.cargo();
    cargo.env("FIELDPOST_KILLS", kills);
    cargo.args(["test", "--package", "fieldpost-tests", "--test", "crash", "--", "--nocapture"]);
    run(&mut cargo).map(|()| true)
}
