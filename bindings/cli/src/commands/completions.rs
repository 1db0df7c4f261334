//! `completions`: what a shell wants to know.

use std::io::{Write, stdout};

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::Ended;
use crate::args::Cli;
use crate::exit::Exit;

pub(super) fn run(shell: Shell) -> Ended {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "fieldpost", &mut script);
    stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
