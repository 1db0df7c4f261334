//! `cargo xtask bench imaging`: photos under a byte cap beside the tools that people use for it, all in one run.
//!
//! ```text
//! speed    12, 48 and 108 MP to 1 MB and 500 KB at a long edge of 2560: wall, peak memory, size over cap, SSIMULACRA2
//! quality  ten photographs, to the same caps: SSIMULACRA2 of every tool at the bytes that ours came to
//! through  what is good enough already: `fit` beside reading its header and copying it
//! ```
//!
//! A part's name measures only that; `--photos DIR` takes the photographs there (of eight megapixels or more) instead of made
//! ones; `--quick` measures less of each, for trying. What is not installed is said and left out. Ends with a line for each
//! target, and with 1 where one is missed.

#![allow(clippy::print_stdout)] // what it measured is all that it has to say

mod children;
mod measure;
mod peers;
mod photos;
mod quality;
mod score;
mod speed;
mod table;
mod through;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fieldpost_tests::bench::{Figures, work_dir};

use measure::Runner;
use photos::Photos;
use score::Scorer;

/// What the issue names, and what [`fieldpost_imaging::Policy`] takes if nothing is said.
const EDGE: u32 = 2560;
const CAPS: [u64; 2] = [1_000_000, 500_000];
const PARTS: [&str; 3] = ["speed", "quality", "through"];
/// Where photographs lie beside a checkout, if they do.
const BESIDE: &str = "../shared/photos";

/// What was asked for on the command line.
struct Asked {
    parts: Vec<String>,
    photos: Option<PathBuf>,
    quick: bool,
}

/// Where the benchmark works, and with what.
struct Bench {
    dir: PathBuf,
    runner: Runner,
    scorer: Option<Scorer>,
    photos: Photos,
    quick: bool,
}

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(ended) = children::as_child(&arguments) {
        return ended.map(|()| ExitCode::SUCCESS);
    }
    let asked = asked(&arguments)?;
    let wanted = |part: &str| asked.parts.is_empty() || asked.parts.iter().any(|named| named == part);
    let kept = work_dir()?.join("photos");
    std::fs::create_dir_all(&kept)?;
    let work = tempfile::Builder::new().prefix("run-").tempdir_in(&kept)?;
    let runner = Runner::new(work.path())?;
    let bench = Bench {
        dir: work.path().to_owned(),
        photos: Photos::new(asked.photos.as_deref(), &kept)?,
        scorer: Scorer::find(),
        quick: asked.quick,
        runner,
    };
    introduce(&bench)?;
    let mut figures = Figures::default();
    if wanted("speed") {
        speed::bench(&bench, &mut figures)?;
    }
    if wanted("quality") {
        quality::bench(&bench, &mut figures)?;
    }
    if wanted("through") {
        through::bench(&bench, &mut figures)?;
    }
    println!();
    Ok(figures.end())
}

fn asked(arguments: &[String]) -> io::Result<Asked> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(BESIDE);
    let mut asked = Asked { parts: Vec::new(), photos: beside.is_dir().then_some(beside), quick: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--quick" => asked.quick = true,
            "--photos" => {
                let dir = rest.next().ok_or_else(|| io::Error::other("--photos takes a folder"))?;
                asked.photos = Some(PathBuf::from(dir));
            }
            part if PARTS.contains(&part) => asked.parts.push(part.to_owned()),
            unknown => {
                let parts = PARTS.join(", ");
                let why = format!("there is no part {unknown:?}; there are: {parts}, and --quick, --photos DIR");
                return Err(io::Error::other(why));
            }
        }
    }
    Ok(asked)
}

/// Who is compared, on what, and what is not there.
fn introduce(bench: &Bench) -> io::Result<()> {
    println!("# Photos under a cap: long edge {EDGE}, one thread each, metadata left out on every side\n");
    for peer in peers::ALL {
        match peer.version() {
            Some(version) => println!("- {}: {version}", peer.name()),
            None => println!("- {}: not installed, left out", peer.name()),
        }
    }
    match &bench.scorer {
        Some(scorer) => {
            println!("- SSIMULACRA2 by {}, of a float Lanczos3 downscale of the upright original", scorer.name())
        }
        None => println!("- SSIMULACRA2: neither ssimulacra2_rs nor ssimulacra2 is installed; no score is given"),
    }
    println!("- {}", bench.runner.describe());
    println!("- {}", bench.photos.describe());
    Ok(())
}
