//! The systems' names, the operations' names, and the states of work orders: plain words shared by all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A simulated system, by the name that accounts give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// CorrigoPro Direct, under `/corrigopro`.
    CorrigoPro,
    /// Digital Realty, under `/digitalrealty`.
    DigitalRealty,
    /// Serial, under `/serial`.
    Serial,
    /// Decisiv, under `/decisiv/platform_api`.
    Decisiv,
    /// Field Nation, under `/fieldnation/api/rest/v2`.
    FieldNation,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::CorrigoPro, Self::DigitalRealty, Self::Serial, Self::Decisiv, Self::FieldNation];

    /// The name in accounts, JSON and paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::CorrigoPro => "corrigopro",
            Self::DigitalRealty => "digitalrealty",
            Self::Serial => "serial",
            Self::Decisiv => "decisiv",
            Self::FieldNation => "fieldnation",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no simulated system's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no simulated system is called {0:?}")]
pub struct UnknownProvider(String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// What a request asks for, whatever its system calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// Add a file.
    Upload,
    /// List a work order's files.
    List,
    /// Read one file's details.
    Get,
    /// Ask for a temporary link.
    Link,
    /// Read a file's bytes, by link or by id.
    Download,
    /// Change a file's details.
    Update,
    /// Delete a file.
    Delete,
    /// Create a folder.
    CreateFolder,
    /// Delete a folder, with what is in it.
    DeleteFolder,
}

impl Operation {
    /// Whether it changes what the system holds.
    pub fn changes(self) -> bool {
        matches!(self, Self::Upload | Self::Update | Self::Delete | Self::CreateFolder | Self::DeleteFolder)
    }
}

/// The state of a work order. Which of them a system minds is its own business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkOrderState {
    /// Takes attachments. Serial calls it `DRAFT`.
    Open,
    /// CorrigoPro refuses attachments.
    Rejected,
    /// CorrigoPro refuses attachments.
    Recalled,
    /// Digital Realty refuses attachments, and Serial, which calls it `COMPLETE`.
    Closed,
    /// Digital Realty refuses attachments, and Serial, which calls it `CANCELED`.
    Cancelled,
    /// Serial refuses attachments.
    Review,
    /// Serial refuses attachments.
    Production,
    /// Serial refuses attachments.
    Archived,
}
