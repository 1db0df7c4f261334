//! What the reasons of items rest on beside the items themselves, read once for all that are shown together.

use std::collections::BTreeMap;

use super::Core;
use crate::dispatch::why::Around;
use crate::error::Error;
use crate::model::{AccountRow, Conditions, ItemId, Now, Row};
use crate::providers::provider;

pub(super) struct Scene {
    now: Now,
    conditions: Conditions,
    paused: bool,
    accounts: Vec<AccountRow>,
    /// The upload in doubt that keeps a work order to itself, by account and work order.
    doubts: BTreeMap<(String, String), ItemId>,
}

impl Core {
    pub(super) fn scene(&self) -> Result<Scene, Error> {
        let accounts = self.store.read().accounts()?;
        let mut doubts = BTreeMap::new();
        for account in accounts.iter().filter(|account| provider(account.account.provider).renames()) {
            for row in self.store.read().open("verifying", &account.account.id, None)? {
                let id = row.id();
                doubts.entry((row.life.target.account, row.life.target.work_order)).or_insert(id);
            }
        }
        let (now, conditions, paused) = (self.now(), self.conditions()?, self.is_paused()?);
        Ok(Scene { now, conditions, paused, accounts, doubts })
    }
}

impl Scene {
    pub(super) fn around(&self, row: &Row) -> Around<'_> {
        let target = &row.life.target;
        let account = self.accounts.iter().find(|account| account.account.id == target.account);
        let doubt = self.doubts.get(&(target.account.clone(), target.work_order.clone()));
        Around {
            standing: account.map(|account| &account.standing),
            conditions: self.conditions,
            paused: self.paused,
            behind: doubt.copied().filter(|id| *id != row.id()),
            now: &self.now,
        }
    }
}
