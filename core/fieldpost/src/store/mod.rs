//! SQLite and files.
mod records;
