//! The system clock-independent disk: std files, flock, fsync.
pub(crate) struct OsDisk;
