//! Whether a listed file is ours.
