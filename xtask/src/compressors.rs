//! What the benchmark of pictures compares ours with: other people's programs, and the one that tells how good a result looks.
//!
//! Owns which they are and where they come from. All are Debian's, installed where that may be, but for the SSIMULACRA2 tool:
//! Debian's libjxl is older than that metric. It is built from crates.io into the target folder, once, in the version named here.
//! What cannot be had is said, and the benchmark leaves it out.

use std::path::PathBuf;

use crate::machine::{self, Need};
use crate::process::{command, find_program, run_quietly};
use crate::workspace::Workspace;

const NEEDS: [Need; 5] = [
    Need { thing: "convert", package: "imagemagick" },
    Need { thing: "vipsthumbnail", package: "libvips-tools" },
    Need { thing: "cjpeg", package: "libjpeg-turbo-progs" },
    Need { thing: "taskset", package: "util-linux" },
    // Not the shell's word of that name: it cannot tell a peak of memory.
    Need { thing: "/usr/bin/time", package: "time" },
];

/// Where the benchmark looks for the SSIMULACRA2 tool.
const SCORER_VARIABLE: &str = "FIELDPOST_SSIMULACRA2";
const SCORER: &str = "ssimulacra2_rs";
const SCORER_VERSION: &str = "0.5.2";

/// Installs what can be; variables that tell the benchmark where things are.
pub(crate) fn prepare(workspace: &Workspace) -> Vec<(&'static str, PathBuf)> {
    // One after the other: what can be had is not to miss because of what cannot.
    for need in NEEDS {
        if let Err(why) = machine::ensure(&[need]) {
            println!("xtask: {why}");
        }
    }
    match scorer(workspace) {
        Ok(program) => vec![(SCORER_VARIABLE, program)],
        Err(why) => {
            println!("xtask: no SSIMULACRA2: {why}");
            Vec::new()
        }
    }
}

/// The tool in PATH, or the one in the target folder, built if it is not there yet.
fn scorer(workspace: &Workspace) -> Result<PathBuf, String> {
    if let Some(program) = find_program(SCORER) {
        return Ok(program);
    }
    let tools = workspace.target().join("tools");
    let program = tools.join("bin").join(format!("{SCORER}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    println!("xtask: cargo install {SCORER} {SCORER_VERSION}, a minute or two, once");
    let mut cargo = command("cargo");
    // Without its default features, which are for films and want ffmpeg's like.
    cargo.args(["install", "--quiet", "--locked", "--no-default-features", "--version", SCORER_VERSION]);
    cargo.arg("--root").arg(&tools).arg(SCORER);
    // The checkout's own target folder would do, but its lock would keep everybody else waiting.
    cargo.env("CARGO_TARGET_DIR", tools.join("build"));
    run_quietly(&mut cargo)?;
    Ok(program)
}
