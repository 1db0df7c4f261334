//! The `fieldpost` command: for trying the library, for support staff looking at an outbox pulled from a phone, for scripts.
//!
//! Owns what is typed and what is shown. Holds no rule of the outbox: whatever is done goes through its one public door.
//!
//! ```text
//! args (what is typed) -> commands/* (one for each) -> fieldpost::Outbox
//!                               |
//!                         render/* (JSON lines, or text for people)      failure + exit (how it ended)
//! ```

mod args;
mod commands;
mod demo;
mod exit;
mod failure;
mod place;
mod render;
mod stop;
mod tokens;
mod usage;

use std::process::ExitCode;

fn main() -> ExitCode {
    match usage::parse() {
        Ok(cli) => commands::run(cli),
        Err(code) => code,
    }
}
