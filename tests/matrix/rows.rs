//! The rows of the table: each system's operations, as the core has them.

use std::fmt;

use fieldpost_sandbox::Provider;

/// An operation of a system.
pub(crate) struct Row {
    pub(crate) system: Provider,
    pub(crate) operation: Operation,
}

/// What is done, as the core sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A file is sent.
    Upload,
    /// What is read before a file is sent.
    Before,
    /// A folder is made for it.
    Folder,
    /// The list that settles a doubt is read.
    Look,
    /// What a system holds of a file is changed.
    Update,
    /// A file is deleted there.
    Delete,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Upload => "upload",
            Self::Before => "read before",
            Self::Folder => "folder",
            Self::Look => "look",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

const fn row(system: Provider, operation: Operation) -> Row {
    Row { system, operation }
}

/// All of them.
pub(crate) const ROWS: &[Row] = &[
    row(Provider::CorrigoPro, Operation::Upload),
    row(Provider::CorrigoPro, Operation::Look),
    row(Provider::CorrigoPro, Operation::Update),
    row(Provider::CorrigoPro, Operation::Delete),
    row(Provider::DigitalRealty, Operation::Upload),
    row(Provider::DigitalRealty, Operation::Look),
    row(Provider::Serial, Operation::Before),
    row(Provider::Serial, Operation::Upload),
    row(Provider::Serial, Operation::Look),
    row(Provider::Decisiv, Operation::Upload),
    row(Provider::Decisiv, Operation::Look),
    row(Provider::FieldNation, Operation::Before),
    row(Provider::FieldNation, Operation::Folder),
    row(Provider::FieldNation, Operation::Upload),
    row(Provider::FieldNation, Operation::Look),
    row(Provider::FieldNation, Operation::Update),
    row(Provider::FieldNation, Operation::Delete),
];
