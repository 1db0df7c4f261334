//! Accounts: what an app configures, and what it is told of a system. Mirrors of the core's, for maps and borrowed words
//! do not cross as they are.

use std::collections::HashMap;

use fieldpost::{Bytes, ProviderKind};

/// A configured connection to one work-order system: who we are there, and the wishes of the office.
///
/// It holds no token, and no secret may stand in its address or settings: they are stored.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Account {
    /// The name that the app gives it: 1 to 64 letters, digits, dots, dashes or underscores.
    pub id: String,
    /// The system.
    pub provider: ProviderKind,
    /// The base address. `https`, but for loopback or with the setting `cleartext` = `allow`.
    pub url: String,
    /// The system's settings by name. CorrigoPro needs `performed_by`, Digital Realty `master_account_id` and `account_id`,
    /// Serial `added_by_user_id`; Field Nation, Decisiv and tus need none.
    #[uniffi(default)]
    pub settings: HashMap<String, String>,
}

/// The work-order systems that Fieldpost speaks.
#[uniffi::remote(Enum)]
#[non_exhaustive]
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

/// An account, and what its system can do.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AccountInfo {
    /// The account.
    pub account: Account,
    /// What its system can do and takes.
    pub capabilities: Capabilities,
}

/// What a system can do and takes, so that a screen can be right with no network.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Capabilities {
    /// The largest file, where the system says one.
    pub max_bytes: Option<Bytes>,
    /// The longest name, in characters, where the system says one.
    pub max_name: Option<i32>,
    /// The MIME types it takes; none where it names none.
    pub types: Option<Vec<String>>,
    /// What can be asked of it: `upload`, `list`, `get` (one attachment by a call of its own; elsewhere the list tells),
    /// `download`, `update`, `delete`, `folders` (to put into, make and delete).
    pub operations: Vec<String>,
}

impl From<Account> for fieldpost::Account {
    fn from(account: Account) -> Self {
        let Account { id, provider, url, settings } = account;
        fieldpost::Account { id, provider, url, settings: settings.into_iter().collect() }
    }
}

impl From<fieldpost::Account> for Account {
    fn from(account: fieldpost::Account) -> Self {
        let fieldpost::Account { id, provider, url, settings } = account;
        Account { id, provider, url, settings: settings.into_iter().collect() }
    }
}

impl From<fieldpost::AccountInfo> for AccountInfo {
    fn from(info: fieldpost::AccountInfo) -> Self {
        let fieldpost::AccountInfo { account, capabilities } = info;
        AccountInfo { account: account.into(), capabilities: capabilities.into() }
    }
}

impl From<fieldpost::Capabilities> for Capabilities {
    fn from(capabilities: fieldpost::Capabilities) -> Self {
        let fieldpost::Capabilities { max_bytes, max_name, types, operations } = capabilities;
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Capabilities {
            max_bytes,
            max_name: max_name.map(|most| i32::try_from(most).unwrap_or(i32::MAX)),
            types: types.map(owned),
            operations: owned(operations),
        }
    }
}

#[cfg(test)]
mod tests {
    use uniffi::Lower;

    use super::*;
    use crate::UniFfiTag;

    #[test]
    fn an_account_comes_back_as_it_was_given() {
        let settings =
            HashMap::from([("performed_by".into(), "Jo Field".into()), ("visibility".into(), "Public".into())]);
        let account = Account {
            id: "acme".into(),
            provider: ProviderKind::CorrigoPro,
            url: "https://a.example".into(),
            settings,
        };
        assert_eq!(Account::from(fieldpost::Account::from(account.clone())), account);
    }

    #[test]
    fn every_system_of_the_core_has_a_name_in_the_other_languages() {
        for provider in ProviderKind::ALL {
            <ProviderKind as Lower<UniFfiTag>>::write(*provider, &mut Vec::new()); // panics for one that is missing above
        }
    }
}
