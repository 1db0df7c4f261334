//! Updates and deletions of attachments: ours in whatever state, by item or by remote id, and one that is not ours.

use super::*;

const VISIBILITIES: [&str; 3] = ["None", "CruOnly", "All"];

impl World {
    pub(super) fn update(&mut self) {
        let Some((about, attachment)) = self.any_attachment() else { return };
        let mut changes = Changes::new();
        let wanted = self.rng.u8(1..4);
        if wanted & 1 != 0 {
            changes.insert("visibility".to_owned(), VISIBILITIES[self.rng.usize(..3)].to_owned());
        }
        if wanted & 2 != 0 {
            changes.insert("name".to_owned(), format!("renamed{}.txt", self.rng.u32(..100_000)));
        }
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.update(attachment, changes.clone());
        self.tell(format!("update {about:?} to {changes:?}: {}", said(&done)));
        self.asked_for(Operation::Update, about, changes, done);
    }

    pub(super) fn delete(&mut self) {
        let Some((about, attachment)) = self.any_attachment() else { return };
        let Some(outbox) = self.outbox() else { return };
        self.gives_up(&about);
        let done = outbox.delete(attachment);
        self.tell(format!("delete {about:?}: {}", said(&done)));
        self.asked_for(Operation::Delete, about, Changes::new(), done);
    }

    fn any_attachment(&mut self) -> Option<(About, Attachment)> {
        if self.rng.u8(..6) == 0 {
            let job = WorkOrder::new("acme", self.servers[0].work_orders()[0]);
            return Some((About::Theirs, Attachment::Remote { job, id: RemoteId(THEIRS.to_owned()) }));
        }
        let items = self.listed()?;
        let ours: Vec<&Item> =
            items.iter().filter(|item| item.account == "acme" && item.operation == Operation::Upload).collect();
        let item = (!ours.is_empty()).then(|| ours[self.rng.usize(..ours.len())])?;
        let remote = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.clone());
        let attachment = match remote.filter(|_| self.rng.bool()) {
            Some(id) => Attachment::Remote { job: WorkOrder::new("acme", &item.work_order), id },
            None => Attachment::Item(item.id),
        };
        Some((About::Upload(item.id), attachment))
    }

    fn asked_for(&mut self, operation: Operation, about: About, changes: Changes, done: Result<Item, Error>) {
        if let About::Upload(id) = about {
            self.acts(id);
        }
        match done {
            Ok(item) => {
                let number = self.items.len();
                let person = match about {
                    About::Upload(id) => self.items.get(&id).and_then(|upload| upload.person.clone()),
                    About::Theirs => None,
                };
                let known = self.items.entry(item.id).or_insert_with(|| Known {
                    operation,
                    original: None,
                    about: Some(about),
                    person,
                    ..Known::upload(number, 0, fieldpost::Sha256([0; 32]))
                });
                known.acts += 1;
                known.wanted.extend(changes);
                self.bury_the_dead();
            }
            Err(Error::NotNow { .. }) => {}
            Err(error) => {
                // It may have been done in part, or wholly.
                self.tainted.insert(about.clone());
                if self.apps.iter().any(|app| app.process.is_dead()) {
                    self.unsure_changes.push((operation, about));
                }
                self.survive(Err::<(), _>(error), "it is refused");
            }
        }
        self.wake();
    }

    /// An attachment has what the delivered operations gave it, in their order, once none is under way.
    pub(super) fn check_attachment(&self, about: &About) {
        let (mut operations, upload): (Vec<&Known>, _) = match about {
            About::Upload(id) => (Vec::new(), self.items.get(id)),
            About::Theirs => (Vec::new(), None),
        };
        operations.extend(self.items.values().filter(|known| known.about.as_ref() == Some(about)));
        operations.sort_by_key(|known| known.number);
        let entry = match about {
            About::Upload(id) => match self.servers[0].holds(*id).as_slice() {
                [entry] => *entry,
                _ => return,
            },
            About::Theirs => self.servers[0].entry(THEIRS).expect("it is there from the beginning"),
        };
        let is_gone = |known: &&Known| known.operation == Operation::Delete && known.ended == Some(State::Delivered);
        if operations.iter().any(is_gone) && !entry.deleted && !self.tainted.contains(about) {
            self.fail(&format!("{} is deleted, and there", entry.name));
        }
        let sure = |known: &Known| match known.ended {
            Some(State::Delivered) => true,
            Some(_) => known.seen == 0, // given up while it may have been on its way
            None => false,
        };
        let coming = self.coming.iter().any(|(_, coming)| match coming {
            Coming::Done { asked: Asked::Change(change), .. } => change.about == entry.remote_id,
            _ => false,
        });
        if entry.deleted || coming || self.tainted.contains(about) || !operations.iter().all(|known| sure(known)) {
            return;
        }
        let mut wanted = Changes::new();
        let delivered = |known: &&Known| known.ended == Some(State::Delivered);
        for known in upload.into_iter().chain(operations).filter(delivered) {
            wanted.extend(known.wanted.clone());
        }
        let has = |key: &str, value: &str| match key {
            // A system that shouts is taken at its word where nobody here knows the name.
            "name" => entry.name.to_lowercase().contains(value.trim_end_matches(".txt")),
            _ => entry.visibility == value,
        };
        if let Some((key, value)) = wanted.iter().find(|(key, value)| !has(key, value)) {
            let (name, visibility) = (&entry.name, &entry.visibility);
            self.fail(&format!("{name} has not the {key} {value} that was delivered last, but {visibility}"));
        }
    }
}
