//! Updates and deletions, as CorrigoPro takes them.

use super::*;

/// An update or a deletion, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) about: String,
    pub(crate) work_order: String,
    host: String,
    message: String,
    /// What an update says; none of a deletion.
    values: Option<(String, String)>,
}

impl Server {
    /// Reads an update or a deletion; `None` for what is none.
    pub(crate) fn change(&self, request: &Request) -> Option<Change> {
        if !matches!(request.method, Method::Put | Method::Delete) || self.speech != Speech::Corrigo {
            return None;
        }
        let Body::Multipart(parts) = &request.body else { return None };
        let text = |wanted: &str| text(parts, wanted);
        let visibility = text("MessageVisibility").unwrap_or_else(|| "All".to_owned());
        let values = if request.method == Method::Put { Some((text("Name")?, visibility)) } else { None };
        let (about, work_order, message) = (text("AttachmentId")?, text("WorkOrderId")?, text("MessageId")?);
        Some(Change { about, work_order, host: host(request), message, values })
    }

    /// Does it, unless it was done before.
    pub(crate) fn apply(&mut self, change: &Change) -> Answer {
        let done = answer(200, &json!({"MessageId": change.message}));
        if self.done.contains(&change.message) {
            return done;
        }
        let there = self.entries.iter_mut().find(|entry| {
            let same = entry.remote_id == change.about && entry.host == change.host;
            same && entry.work_order == change.work_order && !entry.deleted
        });
        let Some(entry) = there else {
            return answer(400, &json!({"Code": 3003, "Message": "There is no such attachment."}));
        };
        match &change.values {
            Some((name, visibility)) => {
                entry.name.clone_from(name);
                entry.visibility.clone_from(visibility);
            }
            None => entry.deleted = true,
        }
        self.done.push(change.message.clone());
        done
    }

    /// What it took under that id.
    pub(crate) fn entry(&self, remote_id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.remote_id == remote_id)
    }
}
