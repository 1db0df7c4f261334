//! The Kotlin stage: generate the bindings from the library just built, then Maven.
//!
//! Owns Maven's arguments and the reading of surefire's reports; the dependencies and the compiler are the business of
//! `bindings/kotlin/pom.xml`.

use std::fs;
use std::path::Path;

use crate::bindings::{Language, generate};
use crate::process::{command, find_program, run};
use crate::summary::{Counts, Outcome};
use crate::workspace::{Workspace, remove_folder};

/// The JDK is named by its compiler: a bare runtime is not enough.
const TOOLS: [&str; 2] = ["javac", "mvn"];

/// Needs [`rust::build`](crate::rust::build) to have run.
pub(crate) fn test(workspace: &Workspace) -> Outcome {
    if let Some(missing) = TOOLS.into_iter().find(|tool| find_program(tool).is_none()) {
        return Outcome::NotRun(format!("{missing} is not in PATH; it needs a JDK 17 or newer and Maven"));
    }
    let project = workspace.path("bindings/kotlin");
    // Maven runs the compiled tests it finds, those of deleted sources too: from nothing, or the counts are not true.
    let built = project.join("target");
    if let Err(why) =
        generate(workspace, Language::Kotlin, &project.join("generated")).and_then(|()| remove_folder(&built))
    {
        return Outcome::Broken(Counts::default(), why);
    }
    let reports = built.join("surefire-reports");
    let mut maven = command("mvn");
    maven.current_dir(&project).args(["--quiet", "--batch-mode", "--no-transfer-progress", "test"]);
    maven.arg(format!("-Dnative.dir={}", workspace.dev_artifacts().display()));
    let ran = run(&mut maven);
    println!(); // Maven's last word is an escape sequence without a line's end
    match (ran, read_reports(&reports)) {
        (Err(why), Ok(counts)) if counts.failed == 0 => Outcome::Broken(counts, why),
        (Err(why), Err(_)) => Outcome::Broken(Counts::default(), why),
        (Ok(()), Err(why)) => Outcome::Broken(Counts::default(), why),
        (_, Ok(counts)) => Outcome::of_tests(counts),
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
}
