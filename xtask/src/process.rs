//! How other programs are started.
//!
//! Owns the environment of child processes, and what an error of theirs reads like. Never decides what to run. No child
//! has a stdin: nothing here may wait for an answer.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program, without stdin, and without what `cargo run` told *us* about xtask: build scripts that watch those
/// variables would be run again, and their C code compiled again, each time that xtask and a shell take turns.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end, its output shown as it comes; the error names what failed.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = program_name(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name} did not start: {error}")),
    }
}

/// Runs to the end and shows its output only if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), String> {
    let name = program_name(command);
    let output = command.output().map_err(|error| format!("{name} did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let mut terminal = std::io::stderr().lock();
    let _ = terminal.write_all(&output.stdout).and_then(|()| terminal.write_all(&output.stderr));
    Err(format!("{name}: {}", output.status))
}

/// Which of a program's outputs is read; the other goes to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Stdout,
    /// Stderr among stdout, for a program that tells both what has to be read.
    Both,
}

/// Runs to the end, passes each line on as it comes, and hands it to `each`.
pub(crate) fn run_and_read(mut command: Command, heard: Heard, each: impl FnMut(&str)) -> Result<(), String> {
    let name = program_name(&command);
    let not_started = |error| format!("{name} did not start: {error}");
    let (output, writer) = std::io::pipe().map_err(not_started)?;
    if heard == Heard::Both {
        command.stderr(writer.try_clone().map_err(not_started)?);
    }
    let mut child = command.stdout(writer).spawn().map_err(not_started)?;
    drop(command); // it holds the writing end: the output would never end
    echo(output, &mut std::io::stdout().lock(), each);
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// What it prints, as text without the line's end; `None` if it cannot be had.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}

/// Passes each line on as it comes. A terminal that went away is no reason to stop reading; a program may print bytes
/// that are not UTF-8.
fn echo(from: impl Read, to: &mut impl Write, mut each: impl FnMut(&str)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        let _ = to.write_all(&line).and_then(|()| to.flush());
        each(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

/// The program's file name, for messages.
pub(crate) fn program_name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Where in `PATH` a program of this name lies.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_does_not_learn_what_cargo_told_xtask_about_itself() {
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "cargo tells its tests their package");
        let child = command("anything");
        let removed = child.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        assert!(removed);
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert!(find_program("cargo").is_some());
        assert_eq!(find_program("a-program-of-no-machine"), None);
    }

    #[test]
    fn a_failure_names_the_program() {
        let nowhere = || Command::new("/nowhere/a-program-of-no-machine");
        let failures = [run(&mut nowhere()), run_quietly(&mut nowhere()), run_and_read(nowhere(), Heard::Both, |_| ())];
        for failure in failures {
            let why = failure.unwrap_err();
            assert!(why.starts_with("a-program-of-no-machine did not start: "), "{why}");
        }
    }

    #[test]
    fn both_outputs_are_read_where_both_are_asked_for() {
        let lines_heard = |heard| {
            let mut cargo = command("cargo");
            cargo.arg("a-command-of-no-cargo"); // which Cargo says on stderr
            let mut lines = 0;
            assert!(run_and_read(cargo, heard, |_| lines += 1).is_err());
            lines
        };
        assert_eq!(lines_heard(Heard::Stdout), 0);
        assert!(lines_heard(Heard::Both) > 0);
    }

    #[test]
    fn each_line_is_passed_on_and_read_even_if_it_is_no_text() {
        let output = b"one\nbytes \xff that are no text\r\n\nlast";
        let (mut echoed, mut lines) = (Vec::new(), Vec::new());
        echo(output.as_slice(), &mut echoed, |line| lines.push(line.to_owned()));
        assert_eq!(echoed, output);
        assert_eq!(lines, ["one", "bytes \u{fffd} that are no text", "", "last"]);
    }
}
