//! `fit-alone SOURCE OUT CAP EDGE`: our side of `cargo xtask bench imaging`, in a program that is nothing else. Without arguments it does
//! nothing: what that takes, ours takes before it begins.

use std::io;
use std::path::Path;

use fieldpost_imaging::{Control, ExifPolicy, Policy, QualityRange, fit};

/// The floor of quality that is asked of ours, far below what the default allows.
const LOWEST: u8 = 10;

/// The policy of the whole benchmark: nobody takes metadata along, so that all bytes are the picture's; and as the tools keep the
/// dimensions however low the quality, so does ours, which would sooner shrink a picture.
fn policy(cap: u64, edge: u32) -> Policy {
    let quality = QualityRange::between(LOWEST, Policy::default().quality.ceiling());
    Policy { cap: Some(cap), max_edge: Some(edge), exif: ExifPolicy::None, quality, ..Policy::default() }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, out, cap, edge] = arguments.as_slice() else { return Ok(()) };
    let policy = policy(cap.parse().map_err(io::Error::other)?, edge.parse().map_err(io::Error::other)?);
    fit(Path::new(source), Path::new(out), &policy, &Control::default()).map(drop).map_err(io::Error::other)
}
