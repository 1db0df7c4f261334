//! A Debian system with Swift inside the target folder, for machines whose own Debian has none.
//!
//! Owns how it is made and how it is entered. Whatever works on it or in it has namespaces of its own for mounts and
//! processes, so that nothing is mounted in sight of the machine and nothing outlives us, whichever way the run ends:
//! `cargo clean` deletes plain files only. All of it takes root.
//!
//! ```text
//! target/swift-toolchain/          the system; `whole` inside it is written last
//!     /dev /sys                    the machine's own      ┐
//!     /proc                        of these processes     │ mounted for the one program
//!     /tmp                         in memory              │ that runs in it
//!     the checkout, the target     at their own paths     ┘
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::mirror;
use crate::machine::{self, Need};
use crate::process::{command, run_quietly};
use crate::workspace::{Workspace, remove_folder};

/// The first release of Debian that has Swift 6.
const SUITE: &str = "trixie";
/// The compiler, and what its programs are linked with; certificates, for programs that speak TLS.
const PACKAGES: &str = "ca-certificates,libc6-dev,libstdc++-14-dev,swiftlang,swiftlang-dev";
/// Where that package keeps the libraries of Swift, which its programs do not find by themselves.
const LIBRARIES: &str = "/usr/libexec/swift/lib/swift/linux";
/// Written last, into a system that is whole; says what was made, so that another recipe makes another one.
const STAMP: &str = "whole";

const NEEDS: [Need; 2] =
    [Need { thing: "debootstrap", package: "debootstrap" }, Need { thing: "setpriv", package: "util-linux" }];

/// Where programs lie on Debian; the machine's own `PATH` means nothing inside.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Mounts, then becomes the program. Arguments: the system, where inside to start, folders to be seen inside at the same
/// path, `--`, the program.
const ENTER: &str = r#"set -eu
system=$1 start=$2
shift 2
for kernel in dev sys; do mount --rbind "/$kernel" "$system/$kernel"; done
mount -t proc proc "$system/proc"
mount -t tmpfs tmpfs "$system/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$system$1"
    mount --bind "$1" "$system$1"
    shift
done
shift
exec chroot "$system" env --chdir="$start" "$@""#;

/// A whole system.
pub(super) struct Chroot {
    system: PathBuf,
    folders: [PathBuf; 2],
}

impl Chroot {
    /// The one made earlier, or a new one: that takes a minute or two, and 2.6 GB.
    pub(super) fn find_or_make(workspace: &Workspace) -> Result<Self, String> {
        machine::may_install().map_err(|why| format!("one of its own is not set up by itself, {why}"))?;
        machine::ensure(&NEEDS)?;
        run_quietly(apart().args(["mount", "-t", "proc", "proc", "/proc"]))
            .map_err(|why| format!("one of its own needs mounts, which are not permitted here ({why})"))?;
        let system = workspace.target().join("swift-toolchain");
        make_unless_whole(&system)?;
        Ok(Self { system, folders: [workspace.root().to_owned(), workspace.target().to_owned()] })
    }

    /// A program inside, which sees the checkout and the target folder where they are outside, and starts in `folder`.
    pub(super) fn command(&self, program: impl AsRef<Path>, folder: &Path) -> Command {
        let mut inside = enter(&self.system, folder, &self.folders);
        inside.arg(program.as_ref());
        inside
    }
}

/// What it starts may mount and need not unmount: the mounts are gone with its processes, and these with us, even if we
/// are killed.
fn apart() -> Command {
    let mut apart = command("setpriv");
    apart.args(["--pdeathsig", "KILL", "--"]);
    apart.args(["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--"]);
    apart
}

fn enter(system: &Path, start: &Path, folders: &[PathBuf]) -> Command {
    let mut inside = apart();
    inside.args(["sh", "-c", ENTER, "sh"]).arg(system).arg(start).args(folders).arg("--");
    inside.env("PATH", PATH).env("HOME", "/root").env("LC_ALL", "C.UTF-8").env_remove("TMPDIR");
    inside
}

/// Two runs at once make one system; a half one, of a run that was killed, is made anew.
fn make_unless_whole(system: &Path) -> Result<(), String> {
    let failed = |doing: &str, error: std::io::Error| format!("{doing} {}: {error}", system.display());
    let lock = system.with_extension("lock");
    let lock = File::create(&lock).map_err(|error| failed("making the lock of", error))?;
    lock.lock().map_err(|error| failed("locking", error))?;
    let recipe = format!("{SUITE} {PACKAGES}\n");
    let stamp = system.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|made| made == recipe) {
        return Ok(());
    }
    let codename = machine::debian_codename().ok_or("this Debian does not say which release it is")?;
    let mirror = mirror::of_this_machine(&codename)?;
    println!("xtask: setting up Swift from Debian {SUITE} in {}; a minute or two, once", system.display());
    remove_folder(system)?;
    let mut debootstrap = apart();
    debootstrap.args(["debootstrap", "--variant=minbase"]).arg(format!("--include={PACKAGES}"));
    run_quietly(debootstrap.arg(SUITE).arg(system).arg(mirror)).map_err(|why| format!("debootstrap: {why}"))?;
    fs::write(system.join("etc/ld.so.conf.d/swift.conf"), format!("{LIBRARIES}\n"))
        .map_err(|error| failed("writing into", error))?;
    let inside = || enter(system, Path::new("/"), &[]);
    run_quietly(inside().arg("ldconfig"))?;
    run_quietly(inside().args(["apt-get", "clean"]))?; // half a gigabyte
    fs::write(&stamp, recipe).map_err(|error| failed("finishing", error))
}
