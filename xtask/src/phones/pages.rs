//! Whether what is linked for Android loads on devices with pages of 16 KB.
//!
//! Owns the proof: a library of a few lines is linked for Android with the flags that `.cargo/config.toml` gives to
//! everything, and its program headers are read. Google Play asks for such alignment of every app for Android 15 and
//! newer (developer.android.com/guide/practices/page-sizes); Rust's own default for these targets is 4 KB.

use std::fs;
use std::path::Path;

use super::Trouble;
use crate::machine::{self, Need};
use crate::process::run_quietly;
use crate::workspace::Workspace;

/// The largest page of any Android device.
const PAGE: u64 = 16 * 1024;

/// A linker for any target, where there is no NDK with one.
const NEEDS: [Need; 2] = [Need { thing: "clang", package: "clang" }, Need { thing: "ld.lld", package: "lld" }];

const MANIFEST: &str = r#"[package]
name = "pages"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[profile.dev]
panic = "abort"

[workspace]
"#;

/// Needs no C library, so that it links without one; the static makes a segment for data.
const SOURCE: &str = r#"#![no_std]

use core::sync::atomic::{AtomicU32, Ordering};

static CALLS: AtomicU32 = AtomicU32::new(7);

#[unsafe(no_mangle)]
pub extern "C" fn pages() -> u32 {
    CALLS.fetch_add(1, Ordering::Relaxed)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
"#;

pub(super) fn check(workspace: &Workspace, target: &str) -> Result<(), Trouble> {
    machine::ensure_rust_target(target).and_then(|()| machine::ensure(&NEEDS)).map_err(Trouble::NotRun)?;
    let folder = workspace.target().join("pages");
    let written = fs::create_dir_all(folder.join("src"))
        .and_then(|()| fs::write(folder.join("Cargo.toml"), MANIFEST))
        .and_then(|()| fs::write(folder.join("src/lib.rs"), SOURCE));
    written.map_err(|error| Trouble::Failed(format!("writing {}: {error}", folder.display())))?;
    let library = link(workspace, target, &folder).map_err(Trouble::Failed)?;
    match alignments(&library) {
        Some(all) if !all.is_empty() && all.iter().all(|alignment| *alignment >= PAGE) => Ok(()),
        Some(all) => Err(Trouble::Failed(format!("a library for {target} is aligned to {all:?}, not to {PAGE}"))),
        None => Err(Trouble::Failed(format!("what was linked for {target} is no library"))),
    }
}

/// Started in the workspace's root, whose configuration it is to obey.
fn link(workspace: &Workspace, target: &str, folder: &Path) -> Result<Vec<u8>, String> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--quiet", "--offline", "--target", target]);
    cargo.arg("--manifest-path").arg(folder.join("Cargo.toml")).arg("--target-dir").arg(folder.join("target"));
    cargo.args(["--config", &format!("target.{target}.linker = 'clang'")]);
    let alone = format!("['-Clink-arg=--target={target}', '-Clink-arg=-fuse-ld=lld', '-Clink-arg=-nostdlib']");
    cargo.args(["--config", &format!("target.{target}.rustflags = {alone}")]); // joined to the configured ones
    run_quietly(&mut cargo).map_err(|why| format!("linking for {target}: {why}"))?;
    let library = folder.join("target").join(target).join("debug/libpages.so");
    fs::read(&library).map_err(|error| format!("reading {}: {error}", library.display()))
}

/// How the loadable segments of a 64-bit little-endian ELF file are aligned (elf(5): `Elf64_Ehdr`, `Elf64_Phdr`).
fn alignments(elf: &[u8]) -> Option<Vec<u64>> {
    const LOADED: u64 = 1;
    if !elf.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, bytes: usize| -> Option<u64> {
        let mut value = [0; 8];
        value[..bytes].copy_from_slice(elf.get(at..at.checked_add(bytes)?)?);
        Some(u64::from_le_bytes(value))
    };
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let mut alignments = Vec::new();
    for index in 0..count {
        let header = usize::try_from(table.checked_add(index * size)?).ok()?;
        if number(header, 4)? == LOADED {
            alignments.push(number(header.checked_add(48)?, 8)?);
        }
    }
    Some(alignments)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with nothing but its headers; each segment is a type and an alignment.
    fn elf(segments: &[(u32, u64)]) -> Vec<u8> {
        let mut file = vec![0; 64 + 56 * segments.len()];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[32] = 64;
        file[54] = 56;
        file[56] = u8::try_from(segments.len()).unwrap();
        for (header, (kind, alignment)) in file[64..].chunks_mut(56).zip(segments) {
            header[..4].copy_from_slice(&kind.to_le_bytes());
            header[48..].copy_from_slice(&alignment.to_le_bytes());
        }
        file
    }

    #[test]
    fn only_loadable_segments_tell_their_alignment() {
        assert_eq!(alignments(&elf(&[(6, 8), (1, 0x4000), (2, 8), (1, 0x1000)])), Some(vec![0x4000, 0x1000]));
        assert_eq!(alignments(&elf(&[])), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_whole_elf_file_of_64_bits_tells_nothing() {
        let whole = elf(&[(1, 0x4000)]);
        assert_eq!(alignments(&whole[..whole.len() - 1]), None);
        assert_eq!(alignments(b""), None);
        assert_eq!(alignments(b"\x7fELF\x01\x01"), None);
        let mut far = whole;
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(alignments(&far), None);
    }

    #[test]
    fn every_android_target_is_given_the_flag() {
        let config = include_str!("../../../.cargo/config.toml");
        for target in ["aarch64-linux-android", "armv7-linux-androideabi", "x86_64-linux-android"] {
            let (_, section) = config.split_once(&format!("[target.{target}]\n")).unwrap_or_else(|| panic!("{target}"));
            let section = section.split("\n[").next().unwrap();
            assert!(section.contains(&format!("link-arg=-Wl,-z,max-page-size={PAGE}")), "{target}");
        }
    }
}
