//! The settings of accounts and items: which there are, what they take, and what those of every system mean.

use std::collections::BTreeMap;
use std::time::Duration;

use super::provider;
use crate::model::{Account, Bytes, ProviderKind, Requires};

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Its key.
    pub key: &'static str,
    /// Whether the account needs it.
    pub required: bool,
    /// Where it may be set.
    pub level: Level,
    /// Whether a value is good.
    pub accepts: fn(&str) -> bool,
    /// What a good value is, for people: `a name of 1 to 100 characters`.
    pub expects: &'static str,
}

/// Where a setting may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// At the account.
    Account,
    /// At an item.
    Item,
    /// At both; the item's wins.
    Both,
}

/// The settings that every account has.
pub(crate) const COMMON: &[Setting] = &[
    Setting {
        key: "cleartext",
        required: false,
        level: Level::Account,
        accepts: |v| v == "allow",
        expects: "allow: http:// also to other machines than this one",
    },
    Setting {
        key: "max_concurrent",
        required: false,
        level: Level::Account,
        accepts: |v| v.parse().is_ok_and(|n: usize| (1..=MOST_CONCURRENT).contains(&n)),
        expects: "a number of transfers from 1 to 16",
    },
    Setting {
        key: "unmetered_over",
        required: false,
        level: Level::Account,
        accepts: |v| v.parse::<Bytes>().is_ok(),
        expects: "a size such as 5MB: what is larger waits for an unmetered network",
    },
    Setting {
        key: "requires",
        required: false,
        level: Level::Account,
        accepts: |v| requires(v).is_some(),
        expects: "unmetered, charging or both with a comma: what every item waits for",
    },
    Setting {
        key: "delete_surplus",
        required: false,
        level: Level::Account,
        accepts: |v| matches!(v, "true" | "false"),
        expects: "true or false: whether what an upload left at the system more than once is deleted there",
    },
    Setting {
        key: "settle",
        required: false,
        level: Level::Account,
        accepts: |v| v.parse().is_ok_and(|n: u64| n <= LONGEST_SETTLE),
        expects: "seconds from 0 to 86400, until absence from the system's list is believed",
    },
];

/// More at once gains nothing on a phone, and looks like an attack to a server.
const MOST_CONCURRENT: usize = 16;

/// A day. What a system lists later than that, it does not list.
const LONGEST_SETTLE: u64 = 86_400;

/// What the settings of every account mean, defaults in place of what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Common {
    /// Whether `http://` is accepted for other machines than this one.
    pub cleartext: bool,
    /// How many transfers at once.
    pub max_concurrent: usize,
    /// What is larger waits for an unmetered network.
    pub unmetered_over: Option<Bytes>,
    /// What every item asks of the phone.
    pub requires: Requires,
    /// Whether what an upload left more than once is deleted.
    pub delete_surplus: bool,
    /// How long after a doubt arose a listing is taken that proves absence.
    pub settle: Duration,
}

impl Common {
    /// Those of `settings`. A value that would not have been accepted counts as missing.
    pub(crate) fn of(settings: &BTreeMap<String, String>) -> Self {
        let get = |key| {
            let setting = COMMON.iter().find(|setting| setting.key == key)?;
            settings.get(key).filter(|value| (setting.accepts)(value))
        };
        Common {
            cleartext: get("cleartext").is_some(),
            max_concurrent: get("max_concurrent").and_then(|v| v.parse().ok()).unwrap_or(2),
            unmetered_over: get("unmetered_over").and_then(|v| v.parse().ok()),
            delete_surplus: get("delete_surplus").is_some_and(|v| v == "true"),
            requires: get("requires").and_then(|v| requires(v)).unwrap_or_default(),
            settle: Duration::from_secs(get("settle").and_then(|v| v.parse().ok()).unwrap_or(20)),
        }
    }
}

/// `unmetered`, `charging`, or both.
fn requires(value: &str) -> Option<Requires> {
    value.split(',').try_fold(Requires::default(), |asked, word| match word.trim() {
        "unmetered" => Some(Requires { unmetered: true, ..asked }),
        "charging" => Some(Requires { charging: true, ..asked }),
        _ => None,
    })
}

/// A setting that the system does not have, or a value that it does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSetting {
    /// There is no such setting here.
    #[error("there is no setting {key:?} here; known: {known}")]
    Unknown {
        /// The key.
        key: String,
        /// Those that there are.
        known: String,
    },
    /// The value is not good.
    #[error("the setting {key:?} takes {expects}")]
    Value {
        /// The key.
        key: &'static str,
        /// What a good value is.
        expects: &'static str,
    },
    /// A required one is missing.
    #[error("the setting {key:?} is needed: {expects}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What a good value is.
        expects: &'static str,
    },
}

/// Whether `account`'s settings are all known and good, and the required ones there.
pub(crate) fn check_account(account: &Account) -> Result<(), BadSetting> {
    check(account.provider, &account.settings, Level::Account)?;
    match provider(account.provider).settings().iter().find(|s| s.required && !account.settings.contains_key(s.key)) {
        Some(missing) => Err(BadSetting::Missing { key: missing.key, expects: missing.expects }),
        None => Ok(()),
    }
}

/// Whether an item's `settings` are all known and good for accounts of `kind`.
pub(crate) fn check_item(kind: ProviderKind, settings: &BTreeMap<String, String>) -> Result<(), BadSetting> {
    check(kind, settings, Level::Item)
}

/// Whether an update of an attachment of `kind` can change all of `changes`, to these values.
pub(crate) fn check_changes(kind: ProviderKind, changes: &BTreeMap<String, String>) -> Result<(), BadSetting> {
    check_against(changes, || provider(kind).changes().iter())
}

fn check(kind: ProviderKind, settings: &BTreeMap<String, String>, level: Level) -> Result<(), BadSetting> {
    check_against(settings, || {
        let of_system = provider(kind).settings().iter();
        of_system.chain(COMMON).filter(move |setting| setting.level == level || setting.level == Level::Both)
    })
}

fn check_against<I: Iterator<Item = &'static Setting>>(
    settings: &BTreeMap<String, String>,
    here: impl Fn() -> I,
) -> Result<(), BadSetting> {
    for (key, value) in settings {
        let Some(setting) = here().find(|setting| setting.key == key) else {
            let known: Vec<&str> = here().map(|setting| setting.key).collect();
            return Err(BadSetting::Unknown { key: key.clone(), known: known.join(", ") });
        };
        if !(setting.accepts)(value) {
            return Err(BadSetting::Value { key: setting.key, expects: setting.expects });
        }
    }
    Ok(())
}

/// Whether `text` is a line of 1 to `most` characters with something in it.
pub(super) fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// Whether `text` is a positive whole number, as the systems number what they have; its width no page tells.
pub(super) fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|n: i64| n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_common_settings_have_the_documented_defaults() {
        let defaults = Common {
            cleartext: false,
            max_concurrent: 2,
            unmetered_over: None,
            requires: Requires::default(),
            delete_surplus: false,
            settle: Duration::from_secs(20),
        };
        assert_eq!(Common::of(&map(&[])), defaults);
        let nonsense = map(&[("cleartext", "yes"), ("max_concurrent", "0"), ("settle", "-1")]);
        assert_eq!(Common::of(&nonsense), defaults);
        let set = Common::of(&map(&[
            ("cleartext", "allow"),
            ("max_concurrent", "4"),
            ("unmetered_over", "5MB"),
            ("requires", "unmetered, charging"),
            ("settle", "0"),
        ]));
        assert_eq!(set.requires, Requires { unmetered: true, charging: true });
        assert_eq!((set.cleartext, set.max_concurrent), (true, 4));
        assert_eq!((set.unmetered_over, set.settle), (Some(Bytes::megabytes(5)), Duration::ZERO));
    }

    #[test]
    fn an_account_is_refused_with_what_would_help() {
        let corrigo = |pairs: &[(&str, &str)]| {
            let mut account = Account::corrigo_pro("acme", "https://h");
            account.settings = map(pairs);
            check_account(&account).err().map(|e| e.to_string())
        };
        assert_eq!(corrigo(&[("performed_by", "Jo Field"), ("visibility", "CruOnly"), ("settle", "5")]), None);
        for (pairs, part) in [
            (&[][..], "\"performed_by\" is needed"),
            (&[("performed_by", " ")], "1 to 100"),
            (&[("performed_by", "Jo"), ("visibility", "all")], "CruOnly"),
            (&[("performed_by", "Jo"), ("document_type", "Picture")], "no setting \"document_type\""),
            (&[("performed_by", "Jo"), ("colour", "red")], "known: performed_by"),
            (&[("performed_by", "Jo"), ("max_concurrent", "17")], "from 1 to 16"),
            (&[("performed_by", "Jo"), ("settle", "86401")], "86400"),
            (&[("performed_by", "Jo"), ("unmetered_over", "big")], "5MB"),
        ] {
            let said = corrigo(pairs).unwrap();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn digital_realty_needs_both_of_its_ids() {
        let account = Account::digital_realty("dr", "https://h", "M1");
        assert!(matches!(check_account(&account), Err(BadSetting::Missing { key: "account_id", .. })));
        assert_eq!(check_account(&account.clone().set("account_id", "A1")), Ok(()));
        assert!(check_account(&account.set("account_id", "A1\r\nX-Evil: 1")).is_err());
    }

    #[test]
    fn an_item_takes_only_what_an_item_may_set() {
        let kind = ProviderKind::CorrigoPro;
        assert_eq!(check_item(kind, &map(&[("document_type", "InvoicePrintout"), ("visibility", "None")])), Ok(()));
        assert!(check_item(kind, &map(&[("performed_by", "Jo")])).is_err());
        assert!(check_item(kind, &map(&[("settle", "1")])).is_err());
        assert!(check_item(ProviderKind::DigitalRealty, &map(&[("visibility", "All")])).is_err());
        assert_eq!(check_item(ProviderKind::Decisiv, &map(&[("internal", "false"), ("sender", "7")])), Ok(()));
        assert!(check_item(ProviderKind::Decisiv, &map(&[("path", "case")])).is_err());
        assert!(check_item(ProviderKind::Decisiv, &map(&[("encoding", "base64")])).is_err());
    }
}
