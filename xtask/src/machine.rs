//! What this machine is, and what may be done to it.
//!
//! Owns the decision whether something missing is installed or only named. As root on Debian (a container, a machine
//! made for CI) Debian's packages are installed by apt-get, each time announced in a line; anywhere else the machine is
//! somebody's, and the error says what to install. Rust targets come by rustup, whose toolchain is the user's own.
//! Never upgrades or removes anything.

use std::fs;
use std::path::Path;

use crate::process::{answer, command, find_program, run_quietly};

/// Something that a stage cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// A program to be found in `PATH`, or a file's absolute path.
    pub(crate) thing: &'static str,
    /// Debian's package that brings it.
    pub(crate) package: &'static str,
}

impl Need {
    fn is_met(&self) -> bool {
        if self.thing.starts_with('/') { Path::new(self.thing).exists() } else { find_program(self.thing).is_some() }
    }
}

/// Installs what is missing where that may be; otherwise the error names it.
pub(crate) fn ensure(needs: &[Need]) -> Result<(), String> {
    let missing = missing(needs, Need::is_met);
    if missing.is_empty() {
        return Ok(());
    }
    if let Err(why) = may_install() {
        return Err(format!("{}; it is not installed by itself, {why}", sentence(&missing)));
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    println!("xtask: installing by apt-get: {}", packages.join(" "));
    install(&packages)?;
    match self::missing(needs, Need::is_met).as_slice() {
        [] => Ok(()),
        missing => Err(format!("{}, although apt-get was content", sentence(missing))),
    }
}

fn missing(needs: &[Need], is_met: impl Fn(&Need) -> bool) -> Vec<Need> {
    needs.iter().filter(|need| !is_met(need)).copied().collect()
}

/// "javac is missing (Debian's package default-jdk-headless)", and so on for all of them.
fn sentence(missing: &[Need]) -> String {
    let named: Vec<String> =
        missing.iter().map(|Need { thing, package }| format!("{thing} (Debian's package {package})")).collect();
    format!("missing: {}", named.join(", "))
}

/// Whether the whole machine is ours to furnish; the error is the reason why not.
pub(crate) fn may_install() -> Result<(), String> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if os_release_field(&release, "ID") != Some("debian") || find_program("apt-get").is_none() {
        return Err("as this is not Debian".to_owned());
    }
    if answer(command("id").arg("-u")).as_deref() != Some("0") {
        return Err("as this is not run by root".to_owned());
    }
    Ok(())
}

/// The name of this Debian's release, such as `bookworm`.
pub(crate) fn debian_codename() -> Option<String> {
    let release = fs::read_to_string("/etc/os-release").ok()?;
    os_release_field(&release, "VERSION_CODENAME").map(str::to_owned)
}

/// One value of `/etc/os-release` (os-release(5)): `NAME=value`, quoted or not.
fn os_release_field<'a>(release: &'a str, name: &str) -> Option<&'a str> {
    let value = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches(['"', '\'']))
}

/// With the lists that are there; only if that fails are they fetched. A foreign source of the machine's that cannot be
/// fetched does not matter then: the second try tells.
fn install(packages: &[&str]) -> Result<(), String> {
    // Somebody else's apt-get may be at work: wait for it, a few minutes at most.
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
        apt
    };
    let install = || {
        let mut install = apt();
        install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        install
    };
    if install().output().is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    println!("xtask: apt-get update");
    let updated = run_quietly(apt().arg("update"));
    run_quietly(&mut install()).map_err(|why| match updated {
        Ok(()) => format!("installing {}: {why}", packages.join(" ")),
        Err(update) => format!("installing {}: {why}; updating before that: {update}", packages.join(" ")),
    })
}

/// Adds the standard library for another target to the toolchain in use, where it is missing.
pub(crate) fn ensure_rust_target(target: &str) -> Result<(), String> {
    let libraries = answer(command("rustc").args(["--print", "target-libdir", "--target", target]))
        .ok_or_else(|| format!("rustc knows no target {target}"))?;
    if Path::new(&libraries).exists() {
        return Ok(());
    }
    if find_program("rustup").is_none() {
        return Err(format!("Rust's standard library for {target} is missing, and there is no rustup to add it"));
    }
    println!("xtask: rustup target add {target}");
    run_quietly(command("rustup").args(["target", "add", target]))
        .map_err(|why| format!("adding the target {target}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDS: [Need; 2] =
        [Need { thing: "javac", package: "jdk" }, Need { thing: "/usr/include/x.h", package: "libx-dev" }];

    #[test]
    fn only_what_is_missing_is_named_with_its_package() {
        let missing = missing(&NEEDS, |need| need.thing == "javac");
        assert_eq!(missing, [NEEDS[1]]);
        assert_eq!(sentence(&missing), "missing: /usr/include/x.h (Debian's package libx-dev)");
    }

    #[test]
    fn a_need_is_met_by_a_program_or_by_a_file() {
        let need = |thing| Need { thing, package: "" };
        assert!(need("cargo").is_met());
        assert!(need(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).is_met());
        assert!(!need("a-program-of-no-machine").is_met());
        assert!(!need("/nowhere/at/all").is_met());
    }

    #[test]
    fn the_fields_of_os_release_are_read_quoted_or_not() {
        let release = "PRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        let table = [
            ("ID", Some("debian")),
            ("VERSION_ID", Some("12")),
            ("VERSION_CODENAME", Some("bookworm")),
            ("PRETTY_NAME", Some("Debian GNU/Linux 12")),
            ("NAME", None),
        ];
        for (name, value) in table {
            assert_eq!(os_release_field(release, name), value, "{name}");
        }
    }
}
