//! Maven, for the stages whose projects it builds.
//!
//! Owns its arguments, what it needs of the machine, and the reading of surefire's reports; dependencies and compilers
//! are the business of each `pom.xml`.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::{Language, generate};
use crate::machine::{self, Need};
use crate::process::{answer, command, run};
use crate::summary::{Counts, Outcome};
use crate::workspace::{Workspace, remove_folder};

const MAVEN: Need = Need { thing: "mvn", package: "maven" };
/// A JDK is named by its compiler: a bare runtime is not enough.
const JDK: Need = Need { thing: "javac", package: "default-jdk-headless" };
/// The bytecode that the projects are compiled to.
const OLDEST_JDK: u32 = 17;

/// Where both projects find what UniFFI makes for Kotlin.
const GENERATED: &str = "bindings/kotlin/generated";

/// The library for Kotlin on the JVM.
pub(crate) fn test_kotlin(workspace: &Workspace) -> Outcome {
    test(workspace, "bindings/kotlin")
}

/// The sample app, which compiles the same library against Android's own API and runs under Robolectric.
pub(crate) fn test_android(workspace: &Workspace) -> Outcome {
    test(workspace, "android-sample")
}

/// `mvn verify`: compiles, tests, then the style checks. Needs [`rust::build`](crate::rust::build) to have run.
fn test(workspace: &Workspace, project: &str) -> Outcome {
    let folder = workspace.path(project);
    if !folder.join("pom.xml").exists() {
        return Outcome::NotRun(format!("{project} holds no project"));
    }
    if let Err(why) = machine_is_ready() {
        return Outcome::NotRun(why);
    }
    // Maven runs the compiled tests it finds, those of deleted sources too: from nothing, or the counts are not true.
    let built = folder.join("target");
    let generated = generate(workspace, Language::Kotlin, &workspace.path(GENERATED));
    if let Err(why) = generated.and_then(|()| remove_folder(&built)) {
        return Outcome::Broken(Counts::default(), why);
    }
    let mut maven = command("mvn");
    maven.current_dir(&folder).args(["--quiet", "--batch-mode", "--no-transfer-progress", "verify"]);
    maven.arg(format!("-Dnative.dir={}", workspace.dev_artifacts().display()));
    maven.arg(format!("-Dfieldpost.command={}", workspace.dev_program("fieldpost").display()));
    let ran = run(&mut maven);
    println!(); // Maven's last word is an escape sequence without a line's end
    match (ran, read_reports(&built.join("surefire-reports"))) {
        (ran, Ok(counts)) => Outcome::of_run(ran, counts),
        (Err(why), Err(_)) | (Ok(()), Err(why)) => Outcome::Broken(Counts::default(), why),
    }
}

/// Maven takes the JDK that `JAVA_HOME` names, else the one in `PATH`.
fn machine_is_ready() -> Result<(), String> {
    let chosen = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    let chosen = chosen.map(|home| home.join(format!("bin/javac{EXE_SUFFIX}"))).filter(|compiler| compiler.is_file());
    machine::ensure(if chosen.is_some() { &[MAVEN] } else { &[JDK, MAVEN] })?;
    let compiler = chosen.unwrap_or_else(|| JDK.thing.into());
    let version = answer(command(&compiler).arg("-version")).unwrap_or_default();
    match release(&version) {
        Some(OLDEST_JDK..) => Ok(()),
        _ => Err(format!("it takes a JDK {OLDEST_JDK} or newer, and {} is {version:?}", compiler.display())),
    }
}

/// Reads `javac 17.0.15`; before 9 it was `javac 1.8.0_292`.
fn release(version: &str) -> Option<u32> {
    let mut numbers = version.trim().strip_prefix("javac ")?.split(['.', '-', '_', '+']);
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        release => Some(release),
    }
}

/// Sums surefire's `TEST-*.xml`, one a test class.
fn read_reports(folder: &Path) -> Result<Counts, String> {
    let failed = |error| format!("reading {}: {error}", folder.display());
    let mut counts = Counts::default();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let report = fs::read_to_string(&path).map_err(failed)?;
            counts += counts_of_report(&report).ok_or(format!("{} is no surefire report", path.display()))?;
        }
    }
    Ok(counts)
}

/// Reads the attributes of `<testsuite tests="3" errors="0" skipped="1" failures="0">`. An error is a test that threw
/// something other than a failed assertion.
fn counts_of_report(xml: &str) -> Option<Counts> {
    let (_, suite) = xml.split_once("<testsuite ")?;
    let (attributes, _) = suite.split_once('>')?;
    let number = |name: &str| -> Option<u32> {
        let (_, value) = attributes.split_once(&format!(" {name}=\""))?;
        value.split_once('"')?.0.parse().ok()
    };
    let (failed, skipped) = (number("errors")? + number("failures")?, number("skipped")?);
    Some(Counts { passed: number("tests")?.checked_sub(failed + skipped)?, failed, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_failures_both_count_as_failed() {
        let xml = r#"<?xml version="1.0"?>
            <testsuite version="3.0.2" name="a.B" time="0.1" tests="9" errors="1" skipped="2" failures="3">
            <testcase name="c" errors="7"/></testsuite>"#;
        assert_eq!(counts_of_report(xml), Some(Counts { passed: 3, failed: 4, skipped: 2 }));
    }

    #[test]
    fn what_is_no_report_is_not_taken_for_one() {
        for xml in ["", "<testsuite ", "<testsuite tests=\"1\">", "<html>tests=\"1\"</html>"] {
            assert_eq!(counts_of_report(xml), None, "{xml}");
        }
    }

    #[test]
    fn the_release_of_a_jdk_is_read() {
        let table = [
            ("javac 17.0.15", Some(17)),
            ("javac 25", Some(25)),
            ("javac 26-ea\n", Some(26)),
            ("javac 1.8.0_292", Some(8)),
            ("", None),
            ("openjdk version \"17\"", None),
        ];
        for (version, expected) in table {
            assert_eq!(release(version), expected, "{version}");
        }
    }
}
