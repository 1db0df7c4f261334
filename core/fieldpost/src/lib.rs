//! fieldpost
