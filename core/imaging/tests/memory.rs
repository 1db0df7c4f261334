//! What a bomb costs, measured on a process that does nothing else: one test, so that no other shares the figure.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests, helpers too, stop at what must not be")]

mod common;

use common::{busy, fitted, jpeg};
use fieldpost_imaging::{FitError, Policy};

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn six_hundred_kilobytes_that_claim_65500_by_65500_cost_next_to_nothing() {
    let mut bomb = jpeg(&busy(64, 64, 1), 90);
    let frame = bomb.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[255, 220, 255, 220]);
    let end = bomb.len() - 2;
    bomb.splice(end..end, std::iter::repeat_n(0x55, 600_000));
    let before = peak_kilobytes();
    for marker in [0xC0, 0xC2] {
        bomb[frame + 1] = marker;
        assert!(matches!(fitted(&bomb, &Policy::default()), Err(FitError::NotDecodable { .. })));
    }
    let grown = peak_kilobytes() - before;
    assert!(grown < 8_000, "refusing it took {grown} kB");
}
