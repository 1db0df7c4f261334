//! Node.js, for the projects in this checkout that want it: tests in a browser, a reference server from npm.
//!
//! Owns what Node is wanted of the machine, where a project's packages lie, and the reading of `node --test`. Which
//! packages those are is the business of the project's `package.json` and `package-lock.json`. Nothing is ever written
//! into the source tree: a project is copied into the target folder and lives there.
//!
//! ```text
//! tests/page/*  --copied at every run-->  target/node/tests-page/*
//!                                         target/node/tests-page/node_modules    npm ci, when the lock changed
//!                                         target/node/tests-page/.installed      the lock that it was made from
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::machine::{self, Need};
use crate::process::{Heard, answer, command, run_and_read, run_quietly};
use crate::summary::{Counts, Outcome};
use crate::workspace::{Workspace, remove_folder};

const NODE: Need = Need { thing: "node", package: "nodejs" };
const NPM: Need = Need { thing: "npm", package: "npm" };
/// What the packages that we use ask for.
const OLDEST_NODE: u32 = 20;

/// Where npm puts packages, and all that a copy of a project keeps from run to run.
const PACKAGES: &str = "node_modules";
const INSTALLED: &str = ".installed";
/// What decides which packages there are: npm's settings among it.
const LOCK: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Node and npm, installed where that may be; the error is a reason for not running.
pub(crate) fn ensure() -> Result<(), String> {
    machine::ensure(&[NODE, NPM])?;
    let version = answer(command(NODE.thing).arg("--version")).unwrap_or_default();
    match release(&version) {
        Some(OLDEST_NODE..) => Ok(()),
        _ => Err(format!("it takes Node.js {OLDEST_NODE} or newer, and the one in PATH is {version:?}")),
    }
}

/// Copies the project in that folder of the checkout into the target folder, with its packages beside it, and returns
/// where it is. Needs [`ensure`] to have been content.
pub(crate) fn install(workspace: &Workspace, project: &str) -> Result<PathBuf, String> {
    let from = workspace.path(project);
    let to = workspace.target().join("node").join(project.replace('/', "-"));
    let lock = lock_of(&from)?;
    renew(&from, &to).map_err(|error| format!("copying {project} to {}: {error}", to.display()))?;
    if fs::read_to_string(to.join(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(to);
    }
    println!("xtask: npm ci for {project}");
    remove_folder(&to.join(PACKAGES))?;
    let mut npm = command(NPM.thing);
    npm.current_dir(&to).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    run_quietly(&mut npm).map_err(|why| format!("the packages of {project}: {why}"))?;
    fs::write(to.join(INSTALLED), lock).map_err(|error| format!("writing into {}: {error}", to.display()))?;
    Ok(to)
}

/// Runs the tests of a project that [`install`] has laid out (`*.test.mjs` at its top) with these variables.
pub(crate) fn test(project: &Path, variables: &[(&str, &Path)]) -> Outcome {
    let mut tests: Vec<PathBuf> = match fs::read_dir(project) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(|path| is_test(path)).collect(),
        Err(error) => return Outcome::Broken(Counts::default(), format!("reading {}: {error}", project.display())),
    };
    tests.sort();
    let mut node = command(NODE.thing);
    node.current_dir(project).envs(variables.iter().copied());
    node.args(["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"]).args(&tests);
    let mut counts = Counts::default();
    let ran = run_and_read(node, Heard::Stdout, |line| read_line(line, &mut counts));
    Outcome::of_run(ran.map_err(|why| format!("node --test: {why}")), counts)
}

fn is_test(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(".test.mjs"))
}

/// Node's closing lines: `ℹ pass 4`, and so on. A test that was cut short has failed; one that is still to be written
/// was skipped.
fn read_line(line: &str, counts: &mut Counts) {
    let Some((word, number)) = line.strip_prefix("ℹ ").and_then(|told| told.split_once(' ')) else { return };
    let Ok(number) = number.trim().parse::<u32>() else { return };
    match word {
        "pass" => counts.passed += number,
        "fail" | "cancelled" => counts.failed += number,
        "skipped" | "todo" => counts.skipped += number,
        _ => {}
    }
}

/// Reads `v20.20.2`.
fn release(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// All that the packages are chosen by, as one text.
fn lock_of(project: &Path) -> Result<String, String> {
    let mut lock = String::new();
    for name in LOCK {
        match fs::read_to_string(project.join(name)) {
            Ok(text) => lock.push_str(&text),
            Err(error) if error.kind() == ErrorKind::NotFound && name == ".npmrc" => {}
            Err(error) => return Err(format!("reading {}: {error}", project.join(name).display())),
        }
    }
    Ok(lock)
}

/// Makes `to` what `from` is, but for the packages: what was deleted there must not be run here.
fn renew(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        let is_kept = [PACKAGES, INSTALLED].iter().any(|kept| entry.file_name() == *kept);
        match entry.file_type()?.is_dir() {
            _ if is_kept => {}
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == PACKAGES {
            continue; // of somebody who works in the source tree
        }
        if entry.file_type()?.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_release_is_read_from_its_version() {
        assert_eq!(release("v20.20.2\n"), Some(20));
        assert_eq!(release(""), None);
        assert_eq!(release("20.1"), None);
    }

    #[test]
    fn nodes_closing_lines_are_counted_and_no_others() {
        let mut counts = Counts::default();
        let told = ["✔ pass 9 (0.8 ms)", "ℹ tests 9", "ℹ suites 1", "ℹ pass 4", "ℹ fail 1", "ℹ cancelled 1"];
        for line in told.into_iter().chain(["ℹ skipped 1", "ℹ todo 2", "ℹ duration_ms 90.95", "ℹ pass a test"])
        {
            read_line(line, &mut counts);
        }
        assert_eq!(counts, Counts { passed: 4, failed: 2, skipped: 3 });
    }

    #[test]
    fn a_renewed_copy_is_what_its_source_is_and_keeps_its_packages() {
        let folder = std::env::temp_dir().join(format!("xtask-node-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        let theirs = ["a.mjs", "sub/b.mjs", "node_modules/theirs"].map(|name| from.join(name));
        let ours = ["old.mjs", "older/c.mjs", "node_modules/ours"].map(|name| to.join(name));
        for path in theirs.iter().chain(&ours) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        renew(&from, &to).unwrap();
        let there = ["a.mjs", "sub/b.mjs", "node_modules/ours", "old.mjs", "older", "node_modules/theirs"];
        let found = there.map(|name| to.join(name).exists());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [true, true, true, false, false, false]);
    }
}
