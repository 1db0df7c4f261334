//! Makes the body that is sent.
