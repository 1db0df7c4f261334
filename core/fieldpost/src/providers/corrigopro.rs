//! CorrigoPro.
