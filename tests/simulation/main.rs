//! Simulation: a seed makes a world of captures, cancellations, repairs, updates, deletions, full disks, power cuts, dead
//! processes, damaged databases, restored backups, expired tokens and other people's, lost and late answers, systems that list
//! late and under other names, and clocks that jump. After every step the invariants hold, and once the world turns kind everything comes to
//! rest, exactly once. `FIELDPOST_SEEDS=FROM..TO` runs others than the fixed set.

#![allow(clippy::print_stdout)]

mod disk;
mod server;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a test run lives through.
const FIXED: std::ops::Range<u64> = 0..2_000;

#[test]
fn whatever_happens_every_item_ends_once_or_says_why() {
    let seeds = std::env::var("FIELDPOST_SEEDS").ok().map_or(FIXED, |text| {
        let (from, to) = text.split_once("..").expect("FIELDPOST_SEEDS is FROM..TO");
        from.parse().expect("a number")..to.parse().expect("a number")
    });
    let (next, failed) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let sums = [const { AtomicU64::new(0) }; 3];
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::panic::set_hook(Box::new(|_| {})); // a failing seed tells its own story below
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| world::World::new(seed).live())) {
                        Ok(outcome) => {
                            let counts = [outcome.delivered, outcome.blocked, outcome.cancelled];
                            sums.iter().zip(counts).for_each(|(sum, n)| _ = sum.fetch_add(n as u64, Ordering::Relaxed));
                        }
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned();
                            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                            let text = text.unwrap_or_default();
                            // The first few in full, of the others what went wrong.
                            let told = if failed.fetch_add(1, Ordering::Relaxed) < 3 {
                                text.as_str()
                            } else {
                                text.lines().next().unwrap_or_default()
                            };
                            println!("--- seed {seed} failed: {told}\n");
                        }
                    }
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let [delivered, blocked, cancelled] = sums.map(|sum| sum.into_inner());
    let (failed, seeds) = (failed.into_inner(), seeds.end - seeds.start);
    println!("{seeds} seeds: {delivered} delivered, {blocked} blocked, {cancelled} cancelled; {failed} seeds failed");
    assert_eq!(failed, 0, "seeds failed; one again: cargo xtask simulate --seed SEED");
    assert!(delivered > seeds, "worlds in which nothing is delivered prove nothing");
}
