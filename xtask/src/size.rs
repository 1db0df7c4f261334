//! `cargo xtask size`: how many bytes the library adds to an app.
//!
//! Owns the limits. What is measured is as near to what ships as can be linked without an NDK: the shared library of the
//! profile `mobile`, stripped, for a phone's processor (64-bit ARM), on Linux.

use std::fs;
use std::path::Path;

use crate::arm;
use crate::process::run;
use crate::workspace::Workspace;

/// A way to build the library, and the most that it may weigh.
struct Variant {
    name: &'static str,
    features: &'static [&'static str],
    limit: u64,
}

/// With our own driver the app gets a runtime, HTTP/2 and TLS, with ring's tables and code for every kind of processor;
/// without, it is SQLite, the codecs and our own rules. Users download an app by mobile data in places with little of
/// it, so the whole may not weigh more than one of their photographs.
const VARIANTS: [Variant; 2] = [
    Variant { name: "with reqwest", features: &[], limit: 5_000_000 },
    Variant { name: "without", features: &["--no-default-features"], limit: 3_000_000 },
];

/// Both are built and told, even if the first is too large already; true if both are small enough.
pub(crate) fn measure(workspace: &Workspace) -> Result<bool, String> {
    let mut all_fit = true;
    for variant in VARIANTS {
        let bytes = build(workspace, &variant)?;
        let (line, fits) = verdict(&variant, bytes);
        println!("{line}");
        all_fit &= fits;
    }
    Ok(all_fit)
}

fn build(workspace: &Workspace, variant: &Variant) -> Result<u64, String> {
    let mut cargo = arm::cargo(workspace, "rustc")?;
    // Only a shared library is optimized as a whole: the other kinds that the crate has would cost minutes more.
    cargo.args(["--package", "fieldpost-ffi", "--profile", "mobile", "--crate-type", "cdylib"]);
    run(cargo.args(variant.features))?;
    let library = arm::artifacts(workspace, "mobile").join("libfieldpost_ffi.so");
    weigh(&library).map_err(|error| format!("reading {}: {error}", library.display()))
}

fn weigh(library: &Path) -> std::io::Result<u64> {
    Ok(fs::metadata(library)?.len())
}

fn verdict(variant: &Variant, bytes: u64) -> (String, bool) {
    let fits = bytes <= variant.limit;
    let word = if fits { "ok" } else { "TOO LARGE" };
    (format!("{:<14}{bytes:>10} bytes of {} at most: {word}", variant.name, variant.limit), fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_over_the_limit_is_too_large() {
        for variant in VARIANTS {
            assert!(verdict(&variant, variant.limit).1);
            let (line, fits) = verdict(&variant, variant.limit + 1);
            assert!(!fits && line.contains("TOO LARGE"), "{line}");
        }
    }

    #[test]
    fn what_is_measured_is_stripped() {
        let manifest = include_str!("../../Cargo.toml");
        let (_, profile) = manifest.split_once("[profile.mobile]").unwrap();
        assert!(profile.split("\n[").next().unwrap().contains("\nstrip = true\n"));
    }
}
