//! The sandbox from the outside: what it validates, what it answers, how it fails.

// The allowance for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod changes;
mod client;
mod control;
mod corrigopro;
mod decisiv;
mod digital_realty;
mod events;
mod faults;
mod field_nation;
mod nation_folders;
mod network;
mod page;
mod serial;
mod xml;

use std::time::{Duration, SystemTime};

use fieldpost_sandbox::{Clock, Options, Sandbox};

/// 2026-11-21T10:00:00Z.
const START: u64 = 1_795_255_200;

/// A sandbox whose time stands still.
fn sandbox() -> Sandbox {
    Sandbox::start(options()).unwrap()
}

fn options() -> Options {
    Options { clock: Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(START)), ..Options::default() }
}
