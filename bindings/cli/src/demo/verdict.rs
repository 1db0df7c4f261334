//! Whether each item is at its system exactly once, by what the system wrote down, not by what the outbox believes.
//!
//! Owns the comparison of items with a ledger. Asks nobody and believes no receipt.

use fieldpost::{Item, State};
use fieldpost_sandbox::{LedgerEntry, Operation};

/// What the systems' ledger says of all items.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) items: Vec<Checked>,
    /// Accepted uploads that are of no item.
    pub(super) strangers: usize,
    /// Credentials that went where they must not.
    pub(super) leaks: usize,
}

/// What the ledger says of one item.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) item: Item,
    /// How often the system took it.
    pub(super) copies: usize,
    /// It took some, and all of them have the bytes that were prepared.
    pub(super) as_sent: bool,
    /// The receipt names the id that the system gave.
    pub(super) right_id: bool,
}

impl Checked {
    fn of(item: Item, uploads: &[&LedgerEntry]) -> Self {
        let copies: Vec<_> = uploads.iter().filter(|upload| is_of(upload, &item)).collect();
        let hash = item.sent.map(|sent| sent.sha256.to_string());
        let id = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.as_ref());
        Checked {
            as_sent: !copies.is_empty() && copies.iter().all(|copy| Some(&copy.sha256) == hash.as_ref()),
            right_id: copies.iter().any(|copy| id.is_some_and(|id| copy.remote_id == id.0)),
            copies: copies.len(),
            item,
        }
    }

    /// A delivered item is there once, as it was sent, under the id of its receipt; any other is not there.
    pub(super) fn is_right(&self) -> bool {
        match self.item.state {
            State::Delivered => self.copies == 1 && self.as_sent && self.right_id,
            _ => self.copies == 0,
        }
    }
}

impl Verdict {
    pub(super) fn of(items: Vec<Item>, ledger: &[LedgerEntry], leaks: usize) -> Self {
        let uploads: Vec<_> = ledger.iter().filter(|entry| entry.operation == Operation::Upload).collect();
        let strangers = uploads.iter().filter(|upload| !items.iter().any(|item| is_of(upload, item))).count();
        let items = items.into_iter().map(|item| Checked::of(item, &uploads)).collect();
        Verdict { items, strangers, leaks }
    }

    /// Nothing is there twice, nothing is altered, nothing is there that should not be.
    pub(super) fn is_right(&self) -> bool {
        self.strangers == 0 && self.leaks == 0 && self.items.iter().all(Checked::is_right)
    }
}

/// By the marker in the name: an upload that came twice has it both times.
fn is_of(upload: &LedgerEntry, item: &Item) -> bool {
    upload.work_order == item.work_order && item.id.marker().is_in(&upload.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fieldpost::{Account, Options, Outbox, Proof, Receipt, RemoteId, Sent, Text, WorkOrder};
    use fieldpost_sandbox::{By, Provider};

    use super::*;

    fn delivered() -> Item {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path(), Options::default()).unwrap();
        outbox.put_account(Account::corrigo_pro("acme", "https://api.example.com").performed_by("Jo Field")).unwrap();
        let item = outbox.capture(Text::new("note"), &WorkOrder::new("acme", "10234")).unwrap();
        let original = item.original.unwrap();
        let receipt = Receipt {
            remote_id: Some(RemoteId("7".into())),
            delivered_at: item.captured_at,
            proof: Proof::Answer,
            surplus: vec![],
        };
        let sent = Sent { bytes: original.bytes, sha256: original.sha256, width: None, height: None };
        Item { state: State::Delivered, why: None, receipt: Some(receipt), sent: Some(sent), ..item }
    }

    fn upload(item: &Item) -> LedgerEntry {
        LedgerEntry {
            n: 1,
            time: String::new(),
            system: Provider::CorrigoPro,
            work_order: item.work_order.clone(),
            operation: Operation::Upload,
            remote_id: "7".into(),
            name: item.name.clone(),
            bytes: 4,
            sha256: item.sent.unwrap().sha256.to_string(),
            request_id: None,
            connection: 1,
            request: 1,
            by: By::Client,
            hash: None,
            listed_from: None,
            corrupted: false,
            fields: BTreeMap::new(),
        }
    }

    fn verdict(item: &Item, ledger: &[LedgerEntry]) -> bool {
        Verdict::of(vec![item.clone()], ledger, 0).is_right()
    }

    #[test]
    fn once_and_as_it_was_sent_is_right_and_nothing_else_is() {
        let item = delivered();
        let good = upload(&item);
        assert!(verdict(&item, std::slice::from_ref(&good)));
        assert!(!verdict(&item, &[]), "lost");
        assert!(!verdict(&item, &[good.clone(), good.clone()]), "twice");
        assert!(!verdict(&item, &[LedgerEntry { sha256: "00".into(), ..good.clone() }]), "altered");
        assert!(!verdict(&item, &[LedgerEntry { remote_id: "8".into(), ..good.clone() }]), "another id");
        assert!(
            !verdict(&item, &[LedgerEntry { name: "stranger.jpg".into(), ..good.clone() }, good.clone()]),
            "a stranger"
        );
        assert!(!Verdict::of(vec![item], &[good], 1).is_right(), "a token that leaked");
    }

    #[test]
    fn an_item_that_is_not_delivered_must_not_be_there() {
        let item = Item { state: State::Blocked, receipt: None, ..delivered() };
        assert!(verdict(&item, &[]));
        assert!(!verdict(&item, &[upload(&item)]));
    }
}
