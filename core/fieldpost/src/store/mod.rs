//! SQLite and files.
pub(crate) mod folders;
pub(crate) mod records;
