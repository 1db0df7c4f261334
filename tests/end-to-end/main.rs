//! From capture to receipt, over the real driver, against the simulated systems.

mod damage;
mod delivery;
mod doubt;
mod input;
mod joining;
mod migration;
