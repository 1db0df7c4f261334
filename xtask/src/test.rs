//! `cargo xtask test`: every stage in turn, then the summary.
//!
//! Owns the order of the stages and what a run is worth; each stage is a module of its own.

use std::time::Instant;

use crate::summary::{Outcome, Report, Summary};
use crate::workspace::Workspace;
use crate::{kotlin, rust, swift};

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

const STAGES: [Stage; 3] = [("Rust", rust::test), ("Kotlin", kotlin::test), ("Swift", swift::test)];

/// Runs all stages, even after one has failed; true if the run is worth a zero.
pub(crate) fn run(workspace: &Workspace, missing: Missing) -> bool {
    let mut summary = Summary::default();
    let built = stage("Build", || rust::build(workspace));
    let is_built = built.outcome == Outcome::Done;
    summary.0.push(built);
    for (name, test) in STAGES {
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
    summary.is_green() && complete_enough
}

fn stage(name: &'static str, work: impl FnOnce() -> Outcome) -> Report {
    println!("==> {name}");
    let start = Instant::now();
    let outcome = work();
    let took = start.elapsed();
    println!("<== {name}: {:.1} s", took.as_secs_f64());
    Report { stage: name, outcome, took }
}
