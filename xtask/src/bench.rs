//! `cargo xtask bench NAME`: hands over to the program `bench-NAME` of `tests/`, built in the release profile.
//!
//! Owns nothing but the naming, and who has to be there to be compared with; a benchmark prints its own numbers and decides
//! itself whether they are good enough.

use crate::compressors;
use crate::process::run;
use crate::workspace::Workspace;

/// The crate that the benchmarks belong to.
const PACKAGE: &str = "fieldpost-tests";
/// What a benchmark's program is called, before its name.
const PREFIX: &str = "bench-";
/// The benchmark whose peers may have to be installed.
const OF_PICTURES: &str = "imaging";

pub(crate) fn run_named(workspace: &Workspace, name: &str, arguments: &[&str]) -> Result<bool, String> {
    let program = format!("{PREFIX}{name}");
    let known = known(workspace.target_names());
    if !known.iter().any(|known| known == name) {
        return Err(match known.as_slice() {
            [] => format!("there is no benchmark {name:?}, nor any other yet"),
            known => format!("there is no benchmark {name:?}; there are: {}", known.join(", ")),
        });
    }
    // A benchmark may start another program, which lies beside its own.
    run(workspace.cargo().args(["build", "--release", "--package", PACKAGE, "--bins"]))?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--release", "--package", PACKAGE, "--bin", &program, "--"]).args(arguments);
    if name == OF_PICTURES {
        cargo.envs(compressors::prepare(workspace));
    }
    run(&mut cargo).map(|()| true)
}

fn known(targets: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = targets.filter_map(|name| name.strip_prefix(PREFIX).map(str::to_owned)).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_known_by_their_programs_names() {
        let targets = ["fieldpost", "bench-open", "kill", "bench-capture"].map(str::to_owned);
        assert_eq!(known(targets.into_iter()), ["capture", "open"]);
    }
}
