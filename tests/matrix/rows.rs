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
    /// A text is sent as a value, where a system takes those.
    Text,
    /// A signature is sent to where a system has those of its own.
    Signature,
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
    /// A folder is deleted there.
    Rmdir,
    /// A person asks for the list.
    List,
    /// A person asks for one attachment.
    Get,
    /// A person downloads a file: the temporary link to it is asked for.
    Link,
    /// The same: the file is asked for.
    Download,
    /// A person makes a folder.
    Mkdir,
}

impl Operation {
    /// Whether it is asked at once, and nothing of it is queued.
    pub(crate) fn is_asked(self) -> bool {
        matches!(self, Self::List | Self::Get | Self::Link | Self::Download | Self::Mkdir)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Upload => "upload",
            Self::Text => "text",
            Self::Signature => "signature",
            Self::Before => "read before",
            Self::Folder => "folder",
            Self::Look => "look",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Rmdir => "rmdir",
            Self::List => "list",
            Self::Get => "get",
            Self::Link => "link",
            Self::Download => "download",
            Self::Mkdir => "mkdir",
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
    row(Provider::CorrigoPro, Operation::List),
    row(Provider::CorrigoPro, Operation::Link),
    row(Provider::CorrigoPro, Operation::Download),
    row(Provider::DigitalRealty, Operation::Upload),
    row(Provider::DigitalRealty, Operation::Look),
    row(Provider::DigitalRealty, Operation::List),
    row(Provider::DigitalRealty, Operation::Download),
    row(Provider::Serial, Operation::Before),
    row(Provider::Serial, Operation::Upload),
    row(Provider::Serial, Operation::Text),
    row(Provider::Serial, Operation::Look),
    row(Provider::Serial, Operation::List),
    row(Provider::Decisiv, Operation::Upload),
    row(Provider::Decisiv, Operation::Look),
    row(Provider::Decisiv, Operation::List),
    row(Provider::Decisiv, Operation::Get),
    row(Provider::Decisiv, Operation::Download),
    row(Provider::FieldNation, Operation::Before),
    row(Provider::FieldNation, Operation::Folder),
    row(Provider::FieldNation, Operation::Upload),
    row(Provider::FieldNation, Operation::Signature),
    row(Provider::FieldNation, Operation::Look),
    row(Provider::FieldNation, Operation::Update),
    row(Provider::FieldNation, Operation::Delete),
    row(Provider::FieldNation, Operation::Rmdir),
    row(Provider::FieldNation, Operation::List),
    row(Provider::FieldNation, Operation::Download),
    row(Provider::FieldNation, Operation::Mkdir),
];
