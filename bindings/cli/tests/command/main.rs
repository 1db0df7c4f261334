//! The real command, run as its users run it, each test in a folder of its own.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

mod accounts;
mod answers;
mod captures;
mod check;
mod compress;
mod delivery;
mod export;
mod hostile;
mod pause;
mod persons;
mod queue;
mod remote;
mod remote_now;
mod repairs;
mod sandbox;
mod secrets;
mod support;
mod usage;
