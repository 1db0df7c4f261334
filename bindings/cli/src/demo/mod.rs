//! `demo`: the main job end to end, told as it happens, against simulated systems in this process.
//!
//! ```text
//! run -- stage    a folder, the simulated systems, an outbox with an account at each
//!   |    props    photographs and a signature (ink)
//!   `--- story -- capture, wait, deliver, check ---> teller: people (with paint), or a script (JSON)
//!                                        verdict   by the systems' own ledger
//! ```
//!
//! Uses the outbox by its public door only, as an app would. Never touches an outbox of the user's, and leaves nothing
//! behind unless it is asked to.

mod ink;
mod paint;
mod people;
mod props;
mod stage;
mod story;
mod teller;
#[cfg(test)]
mod tests;
mod verdict;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use people::People;
use stage::Stage;
use teller::{Script, Teller};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Output;
use crate::stop;

/// `fieldpost demo`
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub(crate) struct DemoArgs {
    /// Photos of yours; without any it makes two of its own
    #[arg(value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Keep the outbox, the photos and what the systems received in this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Plays the demo and tells it on standard output, to people or one JSON object a line. Ends as `deliver` does, but failed
/// where the systems' ledger does not show each item exactly once.
///
/// # Errors
/// What could not be set up, or captured: a photo that is not there among it. Nothing is left but what `--keep` asked for.
pub(crate) fn run(args: DemoArgs, out: Output) -> Result<Exit, Failure> {
    let teller: Arc<dyn Teller> =
        if out.is_json() { Arc::new(Script::new(io::stdout())) } else { Arc::new(People::at_stdout()) };
    play(args, &teller)
}

/// On a stage of its own, which is cleaned up however it ends.
fn play(args: DemoArgs, teller: &Arc<dyn Teller>) -> Result<Exit, Failure> {
    // The sandbox brings a runtime of its own: it cannot be started within another.
    let stage = Stage::set(args.keep.as_deref())?;
    let runtime = Runtime::new().map_err(|e| {
        Failure::new("failed", format!("no threads to deliver with: {e}"), "close other programs and try again")
    })?;
    let ending = runtime.block_on(async {
        tokio::select! {
            ending = story::play(&stage, args.photos, teller) => ending,
            () = stop::asked() => Err(Failure::new("stopped", "stopped by hand", "run it again")),
        }
    })?;
    Ok(ending.exit())
}

/// A file or folder of the demo's own that could not be written.
fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.display().to_string();
    move |e| {
        Failure::new(
            "disk",
            format!("cannot write {path}: {e}"),
            "check its rights and its disk, or give another --keep",
        )
    }
}

/// A picture of the demo's own that could not be made.
fn unmade(why: impl std::fmt::Display) -> Failure {
    Failure::new("demo", format!("no pictures could be made: {why}"), "give photos of yours: fieldpost demo PHOTO...")
}
