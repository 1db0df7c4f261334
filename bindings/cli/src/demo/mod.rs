//! The main job end to end, against the built-in sandbox.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Output;

/// What `demo` takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct DemoArgs {
    /// Photos of yours; without any it makes some of its own
    #[arg(value_name = "PHOTO")]
    pub photos: Vec<PathBuf>,
    /// Keep the outbox and what the sandbox received in this folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Tells the story.
pub(crate) fn run(_args: DemoArgs, _out: Output) -> Result<Exit, Failure> {
    Err(Failure::not_yet("'demo'"))
}
