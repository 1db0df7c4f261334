//! The sandbox's page, and that of `compress --compare`, in a real Chromium.
//!
//! Owns the browser that the tests want of the machine; what they do there is the business of `tests/page`.

use std::path::PathBuf;

use crate::machine::{self, Need};
use crate::node;
use crate::process::find_program;
use crate::summary::{Counts, Outcome};
use crate::workspace::Workspace;

/// The project of the tests.
const PROJECT: &str = "tests/page";

const CHROMIUM: Need = Need { thing: "chromium", package: "chromium" };

/// Needs [`rust::build`](crate::rust::build) to have run.
pub(crate) fn test(workspace: &Workspace) -> Outcome {
    let browser = match node::ensure().and_then(|()| browser()) {
        Ok(browser) => browser,
        Err(why) => return Outcome::NotRun(why),
    };
    let command = workspace.dev_program("fieldpost");
    match node::install(workspace, PROJECT) {
        Ok(project) => node::test(&project, &[("FIELDPOST_COMMAND", &command), ("CHROMIUM", &browser)]),
        Err(why) => Outcome::Broken(Counts::default(), why),
    }
}

/// The browser that `CHROMIUM` names (Chrome is as good), else the one in `PATH`, which is installed where that may be.
fn browser() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return match named.is_file() {
            true => Ok(named),
            false => Err(format!("CHROMIUM names {}, where no program is", named.display())),
        };
    }
    machine::ensure(&[CHROMIUM])?;
    find_program(CHROMIUM.thing).ok_or_else(|| "chromium is missing".to_owned())
}
