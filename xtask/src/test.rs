//! `cargo xtask test`: every stage in turn, then the summary.
//!
//! Owns the order of the stages and what a run is worth; each stage is a module of its own.

use std::time::Instant;

use crate::summary::{Counts, Outcome, Report, Summary};
use crate::workspace::Workspace;
use crate::{arm, maven, page, phones, rust, swift, tus};

/// What becomes of a run in which something could not be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The summary names it.
    Tolerated,
    /// It is a failure: CI may not go green on what it has not seen.
    Fails,
}

/// A stage's name, and what it does once everything is built.
type Stage = (&'static str, fn(&Workspace) -> Outcome);

const STAGES: [Stage; 8] = [
    ("Rust", rust::test),
    ("Page", page::test),
    ("Kotlin", maven::test_kotlin),
    ("Android", maven::test_android),
    ("Swift", swift::test),
    ("Phones", phones::test),
    ("ARM", arm::test),
    ("tus", tus::test),
];

/// The stages of these names, whatever their case; without names, all. In their own order.
fn chosen(names: &[&str]) -> Result<Vec<Stage>, String> {
    let is_named = |stage: &Stage, name: &str| stage.0.eq_ignore_ascii_case(name);
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|stage| is_named(stage, name))) {
        let known = STAGES.map(|(name, _)| name.to_ascii_lowercase()).join(", ");
        return Err(format!("there is no stage {unknown:?}; there are: {known}"));
    }
    let is_chosen = |stage: &Stage| names.is_empty() || names.iter().any(|name| is_named(stage, name));
    Ok(STAGES.into_iter().filter(is_chosen).collect())
}

/// Runs the stages of these names, all of them without names, even after one has failed; true if the run is worth a
/// zero.
pub(crate) fn run(workspace: &Workspace, names: &[&str], missing: Missing) -> Result<bool, String> {
    let stages = chosen(names)?;
    let mut summary = Summary::default();
    let built = stage("Build", || match rust::build(workspace) {
        Ok(()) => Outcome::Done,
        Err(why) => Outcome::Broken(Counts::default(), why),
    });
    let is_built = built.outcome == Outcome::Done;
    summary.0.push(built);
    for (name, test) in stages {
        summary.0.push(if is_built {
            stage(name, || test(workspace))
        } else {
            stage(name, || Outcome::NotRun("the build failed".to_owned()))
        });
    }
    let complete_enough = missing == Missing::Tolerated || summary.is_complete();
    if !complete_enough {
        eprintln!("\nxtask: not everything ran, and --require-all asks for all of it");
    }
    println!("\n{}", summary.render().trim_end());
    Ok(summary.is_green() && complete_enough)
}

fn stage(name: &'static str, work: impl FnOnce() -> Outcome) -> Report {
    println!("==> {name}");
    let start = Instant::now();
    let outcome = work();
    let took = start.elapsed();
    println!("<== {name}: {:.1} s", took.as_secs_f64());
    Report { stage: name, outcome, took }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_chosen_by_name_and_run_in_their_own_order() {
        let names = |names: &[&str]| chosen(names).map(|stages| stages.into_iter().map(|(name, _)| name).collect());
        assert_eq!(names(&[]), Ok(STAGES.map(|(name, _)| name).to_vec()));
        assert_eq!(names(&["arm", "Kotlin"]), Ok(vec!["Kotlin", "ARM"]));
        assert!(names(&["kotlin", "cobol"]).is_err_and(|why| why.contains("\"cobol\"") && why.contains("kotlin")));
    }
}
