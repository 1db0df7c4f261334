//! From capture to receipt, over the real driver, against the simulated systems.

// The allowance for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod damage;
mod decisiv;
mod delivery;
mod doubt;
mod field_nation;
mod folders;
mod input;
mod joining;
mod migration;
mod operations;
mod preparing;
mod secrets;
mod serial;
mod signatures;
mod stories;
