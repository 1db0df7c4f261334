//! A configured connection to one work-order system. Holds no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Bytes;

/// The work-order systems that Fieldpost speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// CorrigoPro Direct.
    CorrigoPro,
    /// Digital Realty.
    DigitalRealty,
    /// Field Nation.
    FieldNation,
    /// Serial.
    Serial,
    /// Decisiv.
    Decisiv,
    /// A server of one's own that speaks tus 1.0: resumable uploads.
    Tus,
}

impl ProviderKind {
    /// All of them.
    pub const ALL: &'static [ProviderKind] = &[
        ProviderKind::CorrigoPro,
        ProviderKind::DigitalRealty,
        ProviderKind::FieldNation,
        ProviderKind::Serial,
        ProviderKind::Decisiv,
        ProviderKind::Tus,
    ];

    /// The name on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ProviderKind::CorrigoPro => "corrigopro",
            ProviderKind::DigitalRealty => "digitalrealty",
            ProviderKind::FieldNation => "fieldnation",
            ProviderKind::Serial => "serial",
            ProviderKind::Decisiv => "decisiv",
            ProviderKind::Tus => "tus",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        ProviderKind::ALL.iter().copied().find(|p| p.as_str() == s).ok_or(())
    }
}

/// A configured connection to one work-order system: who we are there, and the wishes of the office. No token: that is
/// handed in when delivery asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
    pub id: String,
    /// The system.
    pub provider: ProviderKind,
    /// The base address, without a secret in it.
    pub url: String,
    /// The system's settings by name; each system's page lists them.
    pub settings: BTreeMap<String, String>,
}

impl Account {
    /// An account of `provider` at `url`, with no settings yet.
    pub fn new(id: impl Into<String>, provider: ProviderKind, url: impl Into<String>) -> Self {
        Account { id: id.into(), provider, url: url.into(), settings: BTreeMap::new() }
    }

    /// A CorrigoPro Direct account. It needs [`performed_by`](Self::performed_by) as well.
    pub fn corrigo_pro(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::CorrigoPro, url)
    }

    /// A Digital Realty account of the customer `master_account_id`. It needs
    /// [`customer_account`](Self::customer_account) as well.
    pub fn digital_realty(id: impl Into<String>, url: impl Into<String>, master_account_id: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::DigitalRealty, url).set("master_account_id", master_account_id)
    }

    /// A Serial account that acts as the user `added_by_user_id`.
    pub fn serial(id: impl Into<String>, url: impl Into<String>, added_by_user_id: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::Serial, url).set("added_by_user_id", added_by_user_id)
    }

    /// Serial: the caption of a photo, a document or a signature goes as a text of its own, an item that follows it.
    #[must_use]
    pub fn captions_as_texts(self) -> Self {
        self.set("caption", "text")
    }

    /// A Field Nation account. Its address is that of the REST API, version and all:
    /// `https://api.fieldnation.com/api/rest/v2`. It needs nothing else.
    pub fn field_nation(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::FieldNation, url)
    }

    /// Field Nation: the folder for what names none of its own, 1 to 255 characters. Default: `Misc`, which every work order
    /// has; a missing one is created.
    #[must_use]
    pub fn folder(self, name: impl Into<String>) -> Self {
        self.set("folder", name)
    }

    /// Field Nation: the user on whose behalf it all happens.
    #[must_use]
    pub fn acting_user_id(self, id: u64) -> Self {
        self.set("acting_user_id", id.to_string())
    }

    /// Field Nation: signatures go to the work order's own signatures, not into a folder. Only a PNG does; a doubt that their list does
    /// not settle goes to a person.
    #[must_use]
    pub fn signatures_to_endpoint(self) -> Self {
        self.set("signatures", "endpoint")
    }

    /// A Decisiv account at `url`, which ends in `/platform_api`. Its work orders are cases.
    pub fn decisiv(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::Decisiv, url)
    }

    /// An account at a server that speaks tus 1.0 with its creation extension: a backend of one's own, most often. Its address is
    /// where uploads are created, with the slash at its end where the server wants one. It needs nothing else.
    pub fn tus(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(id, ProviderKind::Tus, url)
    }

    /// tus: what goes along with every upload in its `Upload-Metadata`, beside what this library tells of it:
    /// `tenant=north,project=7`.
    #[must_use]
    pub fn metadata(self, pairs: impl Into<String>) -> Self {
        self.set("metadata", pairs)
    }

    /// CorrigoPro: who uploads, at most 100 characters.
    #[must_use]
    pub fn performed_by(self, name: impl Into<String>) -> Self {
        self.set("performed_by", name)
    }

    /// Digital Realty: the customer's account identifier below the master account.
    #[must_use]
    pub fn customer_account(self, account_id: impl Into<String>) -> Self {
        self.set("account_id", account_id)
    }

    /// Decisiv: addresses as the headings of its page have them (`/case/…/attachment/…`). Its examples, and so this library without
    /// this setting, have `/cases/…/attachments/…`.
    #[must_use]
    pub fn singular_paths(self) -> Self {
        self.set("path", "case")
    }

    /// Decisiv: files go in base64, which its page says "is probably preferred"; else as they are.
    #[must_use]
    pub fn base64_files(self) -> Self {
        self.set("encoding", "base64")
    }

    /// Decisiv: whether only the sender's group sees what is uploaded. Without it both parties do.
    #[must_use]
    pub fn internal(self, internal: bool) -> Self {
        self.set("internal", internal.to_string())
    }

    /// Decisiv: the id of the user that attachments are created by; without it a default user of the system.
    #[must_use]
    pub fn sender(self, id: impl Into<String>) -> Self {
        self.set("sender", id)
    }

    /// Any setting by its name.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }
}

/// An account as `account list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountInfo {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// What its system can do and takes.
    pub capabilities: Capabilities,
}

/// What a system can do and takes, so that a screen can be right with no network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// The largest file, where the system says one; of Field Nation the "typical" one, a customer's own may be another.
    pub max_bytes: Option<Bytes>,
    /// The longest name, in characters, where the system says one.
    pub max_name: Option<usize>,
    /// The MIME types it takes; `None` where it names none.
    pub types: Option<&'static [&'static str]>,
    /// What can be asked of it: `upload`, `list`, `get` (one attachment by a call of its own; elsewhere the list tells), `download`,
    /// `update`, `delete`, `folders` (to put into, make and delete).
    pub operations: &'static [&'static str],
}
