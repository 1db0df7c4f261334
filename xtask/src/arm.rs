//! The ARM stage: the core's own tests, built for phones' processors and run on an emulated one.
//!
//! Owns the cross compiler's and the emulator's names. Proves words and bytes (64-bit ARM, its SIMD code paths, SQLite
//! and ring compiled for it) on Linux; says nothing about Android's or iOS's own systems.

use std::path::PathBuf;
use std::process::Command;

use crate::machine::{self, Need};
use crate::rust;
use crate::summary::Outcome;
use crate::workspace::Workspace;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
/// The emulator, and where the libraries lie that programs for the other processor are linked with.
const RUNNER: &str = "qemu-aarch64-static -L /usr/aarch64-linux-gnu";

const COMPILER: [Need; 2] = [
    Need { thing: LINKER, package: "gcc-aarch64-linux-gnu" },
    Need { thing: "/usr/aarch64-linux-gnu/include/stdio.h", package: "libc6-dev-arm64-cross" },
];
const EMULATOR: [Need; 1] = [Need { thing: "qemu-aarch64-static", package: "qemu-user-static" }];

/// The core and its pictures; commands, sandbox and bindings hold nothing that a processor could matter to.
const CRATES: [&str; 4] = ["--package", "fieldpost", "--package", "fieldpost-imaging"];

/// Tests that go through thousands of pictures, or count what an allocator is asked for: minutes in an emulator, and no matter of the
/// processor once the pictures' bytes are the same, which their golden hashes tell.
const LEFT_OUT: [&str; 5] = [
    "no_picture_under_any_cap_and_edge_breaks_a_promise",
    "no_input_takes_more_than_the_budget",
    "a_photograph_takes_little_whatever_its_size",
    "a_photograph_is_made_to_fit_in_a_third_of_that_by_decoding_again",
    "every_decoder_reads_what_is_written_alike_and_without_a_complaint",
];

pub(crate) fn test(workspace: &Workspace) -> Outcome {
    let mut cargo = match cargo(workspace, "test").and_then(|cargo| machine::ensure(&EMULATOR).map(|()| cargo)) {
        Ok(cargo) => cargo,
        Err(why) => return Outcome::NotRun(why),
    };
    cargo.args(["--lib", "--tests", "--no-fail-fast"]).args(CRATES);
    cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", RUNNER);
    // A test that starts itself again must do so in the emulator: the kernel knows only its own processor's programs.
    cargo.env("FIELDPOST_TEST_RUNNER", RUNNER);
    // What is random about rules is no matter of the processor.
    cargo.env("FIELDPOST_SEQUENCES", "4");
    // Nobody debugs these: names of functions are enough for a panic, and it builds and links quicker.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.arg("--").args(LEFT_OUT.iter().flat_map(|name| ["--skip", name]));
    rust::count(cargo)
}

/// One of Cargo's commands for this processor, its compiler at hand.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Result<Command, String> {
    machine::ensure(&COMPILER)?;
    machine::ensure_rust_target(TARGET)?;
    let mut cargo = workspace.cargo();
    cargo.args([subcommand, "--target", TARGET]);
    cargo.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
    Ok(cargo)
}

/// Where a profile's libraries and programs for this processor lie.
pub(crate) fn artifacts(workspace: &Workspace, profile: &str) -> PathBuf {
    workspace.target().join(TARGET).join(profile)
}
