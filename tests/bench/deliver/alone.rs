//! What can only be told of a process that does nothing else: its memory, and how often it wakes. The program starts itself.
//! Only Linux tells, in `/proc`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use fieldpost_tests::bench::Figures;

use crate::server::Server;

#[cfg(target_os = "linux")]
mod idle;
#[cfg(target_os = "linux")]
mod memory;

/// The part of a child that this process was started for, if it was.
pub(crate) fn as_child(arguments: &[String]) -> Option<io::Result<ExitCode>> {
    let _part: Vec<&str> = arguments.iter().map(String::as_str).collect();
    #[cfg(target_os = "linux")]
    return match *_part {
        ["child-memory", dir] => Some(memory::child(Path::new(dir))),
        ["child-idle", dir, from, to] => Some(idle::child(Path::new(dir), from, to)),
        _ => None,
    };
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(target_os = "linux")]
pub(crate) fn memory(dir: &Path, server: &Server, rounds: usize, figures: &mut Figures) -> io::Result<()> {
    memory::bench(dir, server, rounds, figures)
}

#[cfg(target_os = "linux")]
pub(crate) fn idle(dir: &Path, server: &Server, quick: bool, figures: &mut Figures) -> io::Result<()> {
    idle::bench(dir, server, quick, figures)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn memory(_: &Path, _: &Server, _: usize, _: &mut Figures) -> io::Result<()> {
    println!("memory of a delivery: not measured, only Linux tells");
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn idle(_: &Path, _: &Server, _: bool, _: &mut Figures) -> io::Result<()> {
    println!("idle wakeups: not measured, only Linux tells");
    Ok(())
}
