//! Accounts: checked before they are kept, written to their synced file before the database.

use std::net::IpAddr;

use url::{Host, Url};

use super::Core;
use crate::error::Error;
use crate::model::{Account, AccountId, AccountInfo, AccountRow, Standing};
use crate::providers::provider;
use crate::providers::settings::{Common, check_account};
use crate::store::Filter;

impl Core {
    pub(crate) fn put_account(&mut self, account: Account) -> Result<(), Error> {
        account.id.parse::<AccountId>().map_err(Error::bad_account(&account.id))?;
        let bad = |what: String| Error::BadAccount { id: account.id.clone(), what };
        check_account(&account).map_err(|e| bad(e.to_string()))?;
        check_url(&account).map_err(bad)?;
        let folders = self.folders.clone();
        self.store.write(|sql| {
            let before = sql.account(&account.id)?;
            if let Some(other) = before.as_ref().filter(|before| before.account.provider != account.provider)
                && sql.undelivered(&account.id)? > 0
            {
                let what = format!("it is an account of {} with undelivered items", other.account.provider);
                return Err(Error::BadAccount { id: account.id.clone(), what });
            }
            let mut standing = before.as_ref().map(|before| before.standing.clone()).unwrap_or_default();
            if before.is_some_and(|before| before.account.url != account.url) {
                // Another address: its listings earn trust anew, and what made the old one wait is of no account.
                standing = Standing { served: standing.served, ..Standing::default() };
            }
            let row = AccountRow { account, standing };
            sql.save_account(&row)?;
            // What the account asks of the phone may have changed.
            let filter = Filter { account: Some(row.account.id.clone()), ..Filter::default() };
            for mut item in sql.items(&filter)?.into_iter().filter(|item| !item.stage.is_over()) {
                let asked = Self::asked(&item, &row);
                if asked != item.life.asked {
                    item.life.asked = asked;
                    sql.save_item(&item)?;
                }
            }
            let accounts: Vec<Account> = sql.accounts()?.into_iter().map(|row| row.account).collect();
            Ok(folders.write_accounts(&accounts)?)
        })
    }

    pub(crate) fn accounts(&self) -> Result<Vec<AccountInfo>, Error> {
        let rows = self.store.read().accounts()?;
        Ok(rows
            .into_iter()
            .map(|AccountRow { account, .. }| AccountInfo {
                capabilities: provider(account.provider).capabilities(),
                account,
            })
            .collect())
    }

    pub(crate) fn remove_account(&mut self, id: &str) -> Result<(), Error> {
        let folders = self.folders.clone();
        self.store.write(|sql| {
            let account = sql.account(id)?.ok_or_else(|| Error::UnknownAccount { id: id.to_owned() })?;
            let undelivered = sql.undelivered(id)?;
            if undelivered > 0 {
                let id = account.account.id.parse().map_err(Error::bad_account(id))?;
                return Err(Error::AccountBusy { id, undelivered });
            }
            sql.remove_account(id)?;
            let accounts: Vec<Account> = sql.accounts()?.into_iter().map(|row| row.account).collect();
            Ok(folders.write_accounts(&accounts)?)
        })
    }
}

/// An address must be whole, hold no secret, and be encrypted; in the clear only to this machine, or by the account's word.
fn check_url(account: &Account) -> Result<(), String> {
    let url = Url::parse(&account.url).map_err(|e| format!("the address is not a URL: {e}"))?;
    let (user, password) = (url.username(), url.password());
    if !user.is_empty() || password.is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("the address must hold no user, password, query or fragment".into());
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => return Err("the address has no host".into()),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback || Common::of(&account.settings).cleartext => Ok(()),
        "http" => {
            Err("the address must be https (http only to this machine, or with the setting cleartext=allow)".into())
        }
        other => Err(format!("the address must be https, not {other}")),
    }
}
