//! Takes a file or text over, durably.
