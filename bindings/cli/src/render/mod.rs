//! What is shown: JSON lines for scripts, text for people. Owns wording, columns and colours; decides nothing.

pub(crate) mod item;
pub(crate) mod json;
mod plain;
pub(crate) mod progress;
mod table;
mod times;
mod words;

use std::io::{self, BufWriter, Write};

use serde::Serialize;

pub(crate) use plain::{is_harmful, plain, shortened};
pub(crate) use table::{Cell, Table};
pub(crate) use times::{ago, ahead, now};
pub(crate) use words::{action, reason, state_style, why};

use crate::failure::Failure;

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// For a script or for a person.
    pub(crate) fn new(json: bool) -> Self {
        Output { json }
    }

    /// Whether a script reads it.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One object, one line.
    pub(crate) fn object(self, value: &impl Serialize) -> Result<(), Failure> {
        self.objects([value])
    }

    /// Objects, each on a line.
    pub(crate) fn objects<T: Serialize>(self, values: impl IntoIterator<Item = T>) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        for value in values {
            out.write_all(json::line(&value).as_bytes())?;
        }
        Ok(out.flush()?)
    }

    /// Text for a person; what of it is style stays on terminals.
    pub(crate) fn text(self, text: impl std::fmt::Display) -> Result<(), Failure> {
        let mut out = BufWriter::new(anstream::stdout().lock());
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }
}
