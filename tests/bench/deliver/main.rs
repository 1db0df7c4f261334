//! `cargo xtask bench deliver`: how fast bodies go beside curl, what choosing the next task costs with a full queue, what a large
//! body takes of memory, and how often a delivery wakes that has nothing to do.
//!
//! `large`, `many`, `next`, `memory`, `idle` measure only that; `--quick` measures less of each, for trying.

#![allow(clippy::print_stdout)] // what it measured is all that it has to say

mod alone;
mod bodies;
mod next;
mod server;

use std::io;
use std::process::ExitCode;

use fieldpost_tests::bench::{Figures, work_dir};

use server::Server;

const TOKEN: &str = "bench-token";
const PARTS: [&str; 5] = ["large", "many", "next", "memory", "idle"];

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(ended) = alone::as_child(&arguments) {
        return ended;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let named: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--quick").collect();
    if let Some(unknown) = named.iter().find(|name| !PARTS.contains(name)) {
        return Err(io::Error::other(format!(
            "there is no part {unknown:?}; there are: {}, and --quick",
            PARTS.join(", ")
        )));
    }
    let wanted = |part| named.is_empty() || named.contains(&part);
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(work_dir()?)?;
    let (dir, server, mut figures) = (dir.path(), Server::start()?, Figures::default());
    if wanted("large") {
        bodies::large(dir, &server, if quick { 5 } else { 25 }, &mut figures)?;
    }
    if wanted("many") {
        bodies::many(dir, &server, if quick { (1, 100) } else { (3, 1_000) }, &mut figures)?;
    }
    if wanted("next") {
        let (rows, rounds) = if quick { (10_000, 50) } else { (100_000, 200) };
        next::bench(dir, rows, rounds, &mut figures)?;
    }
    if wanted("memory") {
        alone::memory(dir, &server, if quick { 3 } else { 9 }, &mut figures)?;
    }
    if wanted("idle") {
        alone::idle(dir, &server, quick, &mut figures)?;
    }
    Ok(figures.end())
}

/// So many bytes of something that no compression would shrink.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| ((n * 2_654_435_761) >> 11) as u8).collect()
}
