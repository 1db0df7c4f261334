//! tus: resumable uploads against the protocol's reference server, which comes from npm.
//!
//! Owns that the server is installed first and where the tests are told that it is. What they do is theirs
//! (`tests/tus`); `cargo test --workspace` leaves them out, for without Node.js they could only fail.

use crate::node;
use crate::rust;
use crate::summary::{Counts, Outcome};
use crate::workspace::Workspace;

/// The project, with the server's script and the tests beside it.
const PROJECT: &str = "tests/tus";

pub(crate) fn test(workspace: &Workspace) -> Outcome {
    if let Err(why) = node::ensure() {
        return Outcome::NotRun(why);
    }
    let server = match node::install(workspace, PROJECT) {
        Ok(server) => server,
        Err(why) => return Outcome::Broken(Counts::default(), why),
    };
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--package", "fieldpost-tests", "--test", "tus"]).env("FIELDPOST_TUS_SERVER", server);
    rust::count(cargo)
}
