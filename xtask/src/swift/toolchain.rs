//! Which Swift runs here.
//!
//! Owns the choice: the one in `PATH` if it is new enough, else one of our own in the target folder.

use std::path::Path;
use std::process::Command;

use super::chroot::Chroot;
use crate::process::{answer, command, find_program};
use crate::workspace::Workspace;

/// The first whose package manager and compiler know Swift 6's language mode, in which our own layer is written.
const OLDEST: Version = Version { major: 6, minor: 0 };

/// A Swift toolchain that runs.
pub(crate) enum Swift {
    /// In `PATH`.
    Installed,
    /// In a system of its own.
    Chroot(Chroot),
}

impl Swift {
    /// The one in `PATH`, or our own, set up first if need be; the error says why there is none.
    pub(crate) fn find_or_make(workspace: &Workspace) -> Result<Self, String> {
        let found = find_program("swift").map(|_| answer(command("swift").arg("--version")).unwrap_or_default());
        match found.as_deref().map(version) {
            Some(Some(version)) if version >= OLDEST => return Ok(Self::Installed),
            Some(Some(Version { major, minor })) => println!("xtask: swift in PATH is {major}.{minor}: too old"),
            Some(None) => println!("xtask: swift in PATH is not the language's"),
            None => {}
        }
        let Version { major, minor } = OLDEST;
        Chroot::find_or_make(workspace)
            .map(Self::Chroot)
            .map_err(|why| format!("there is no Swift {major}.{minor} or newer in PATH, and {why}"))
    }

    /// A program that starts in `folder`, `swift` itself or one of ours, beside Swift's libraries. It sees the checkout
    /// and the target folder at their own paths.
    pub(crate) fn command(&self, program: impl AsRef<Path>, folder: &Path) -> Command {
        match self {
            Self::Installed => {
                let mut here = command(program.as_ref());
                here.current_dir(folder);
                here
            }
            Self::Chroot(chroot) => chroot.command(program, folder),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

/// Reads `Swift version 6.0.3 (swift-6.0.3-RELEASE)`, on Apple's systems after other words; the minor number may be
/// followed by letters, such as `6.2-dev`. Other programs of that name print something else.
fn version(text: &str) -> Option<Version> {
    let (_, after) = text.split_once("Swift version ")?;
    let mut numbers = after.split(|character: char| !character.is_ascii_digit());
    Some(Version { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_wherever_it_comes_from() {
        let table = [
            ("Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-pc-linux-gnu", Some((6, 0))),
            ("swift-driver version: 1.120.5 Apple Swift version 6.1 (swiftlang-6.1.0.110.21)", Some((6, 1))),
            ("Swift version 6.2-dev (LLVM abc)", Some((6, 2))),
            ("Swift version 5.10.1 (swift-5.10.1-RELEASE)", Some((5, 10))),
            ("python-swiftclient 4.2.0", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(version(text), expected.map(|(major, minor)| Version { major, minor }), "{text}");
        }
    }

    #[test]
    fn only_swift_6_is_new_enough() {
        let new_enough = |text| version(text).is_some_and(|version| version >= OLDEST);
        assert!(new_enough("Swift version 6.0"));
        assert!(new_enough("Swift version 10.0"));
        assert!(!new_enough("Swift version 5.10"));
    }
}
