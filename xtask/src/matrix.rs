//! `cargo xtask matrix`: the table of `tests/matrix`, every fault at every operation of every system, printed.

use crate::process::run;
use crate::workspace::Workspace;

/// Lives through all cells and prints them; a wrong one is a failure. In the profile of the tests, which is built already.
pub(crate) fn print(workspace: &Workspace) -> Result<bool, String> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--quiet", "--package", "fieldpost-tests", "--test", "matrix", "--", "--nocapture"]);
    run(&mut cargo).map(|()| true)
}
