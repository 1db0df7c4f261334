//! What an [`Inquiry`](crate::Inquiry) needs to know of the outbox: where it asks, and which of what it is told is ours.

use super::Core;
use crate::error::Error;
use crate::model::{
    Bytes, Changes, ItemId, Kind, Operation, Reason, RemoteEntry, RemoteId, RequestId, Sha256, Snapshot, Stage,
    WorkOrder,
};
use crate::providers::{Draft, Entry, provider};

impl Core {
    /// The place of a work order, as a snapshot of which nothing was sent and by which nothing is recognised.
    pub(crate) fn place(&mut self, job: &WorkOrder) -> Result<Snapshot, Error> {
        let account = self.account(&job.account)?.account;
        let (kind, settings) = (Kind::Document, &account.settings);
        let draft = Draft { work_order: &job.id, name: "file.jpg", bytes: None, kind, settings };
        let refused = provider(account.provider).preflight(&draft);
        if let Some(why) = refused.filter(|why| why.reason == Reason::WorkOrderNotValid) {
            return Err(Error::Unanswered { why });
        }
        Ok(Snapshot {
            operation: Operation::Upload,
            provider: account.provider,
            base_url: account.url,
            settings: account.settings,
            work_order: job.id.clone(),
            folder: None,
            name: String::new(),
            marker: ItemId::new(self.now().wall, self.entropy.bytes()).marker(),
            kind: Kind::Document,
            mime: String::new(),
            caption: None,
            bytes: Bytes(0),
            sha256: Sha256([0; 32]),
            request_id: RequestId::new(self.entropy.bytes()),
            about: None,
            listed: None,
            text: None,
            resume: None,
            changes: Changes::new(),
        })
    }

    /// What a system tells, as people are shown it.
    pub(crate) fn shown(&self, account: &str, entries: Vec<Entry>) -> Result<Vec<RemoteEntry>, Error> {
        let shown = |entry: Entry| {
            let ours = self.store.read().upload_of(account, &entry.remote_id)?.map(|row| row.id());
            let Entry { remote_id, name, bytes, sha256, told, .. } = entry;
            let name = name.filter(|name| !name.is_empty());
            let crate::providers::Told { mime, folder, caption, created_at, .. } = told;
            Ok(RemoteEntry { remote_id, name, bytes, mime, sha256, folder, caption, created_at, ours })
        };
        entries.into_iter().map(shown).collect()
    }

    /// What was sent as the attachment `id`, where it is ours and that is on record.
    pub(crate) fn sent_as(&self, account: &str, id: &RemoteId) -> Result<Option<(Bytes, Sha256)>, Error> {
        let Some(row) = self.store.read().upload_of(account, id)? else { return Ok(None) };
        // By a person's word it is ours, and nobody has compared it.
        let by_person = matches!(&row.stage, Stage::Delivered { receipt } if receipt.proof == crate::Proof::Person);
        let snapshot = self.store.read().snapshot(row.id())?.filter(|_| !by_person);
        Ok(snapshot.map(|snapshot| (snapshot.bytes, snapshot.sha256)))
    }
}
