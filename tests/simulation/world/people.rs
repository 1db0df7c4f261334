//! What people do to items: cancel, retry, settle, repair.

use super::*;

/// Who may have captured something, and whose token there may be.
pub(super) const PEOPLE: [Option<&str>; 3] = [None, Some("jo"), Some("sam")];

impl World {
    /// The outbox of any app that is left.
    pub(super) fn outbox(&mut self) -> Option<Outbox> {
        let apps = self.apps.len();
        (apps > 0).then(|| self.apps[self.rng.usize(..apps)].outbox.clone())
    }

    pub(super) fn any_item(&mut self) -> Option<Item> {
        let items = self.listed()?;
        (!items.is_empty()).then(|| items[self.rng.usize(..items.len())].clone())
    }

    /// Someone had their way with an item.
    pub(super) fn acts(&mut self, id: ItemId) {
        if let Some(known) = self.items.get_mut(&id) {
            known.acts += 1;
        }
    }

    pub(super) fn cancel(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(outbox) = self.outbox() else { return };
        self.gives_up(&About::Upload(item.id));
        let done = outbox.cancel(item.id);
        self.tell(format!("cancel {}, which is {}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.acts(item.id);
            self.survive(done, "cancel");
        }
        self.wake();
    }

    pub(super) fn retry(&mut self) {
        let which = match self.any_item() {
            Some(item) if self.rng.bool() => Which::Item(item.id),
            _ if self.rng.bool() => Which::All,
            _ => Which::Because(Reason::Refused),
        };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.retry(&which);
        self.silence = [0; 2]; // a person wants it tried now
        self.tell(format!("retry {which:?}: {}", said(&done)));
        self.survive(done, "retry");
        self.wake();
    }

    /// A person looks at the system and says what is there. Not while the system still works on it.
    pub(super) fn settle(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(server) = self.items.get(&item.id).map(|known| known.server) else { return };
        let pending = self.coming.iter().any(|(_, coming)| match coming {
            Coming::Done { asked: Asked::Upload(upload), .. } => item.id.marker().is_in(upload.name()),
            Coming::Done { asked: Asked::Fill(piece), .. } => item.id.marker().is_in(&piece.name),
            _ => false,
        });
        if pending || item.state == State::Sending {
            return;
        }
        let there = self.servers[server].holds(item.id).into_iter().find(|entry| !entry.deleted);
        let elsewhere = there.is_some_and(|entry| entry.work_order != item.work_order);
        let settlement = match there.map(|entry| entry.remote_id.clone()) {
            Some(id) => Settlement::Delivered(Some(RemoteId(id))),
            None => Settlement::Absent,
        };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.settle(item.id, settlement.clone());
        self.tell(format!("settle {}, which is {}, as {settlement:?}: {}", item.name, item.state, said(&done)));
        if done.is_ok() && elsewhere {
            // Of a work order that the item does not name (another phone sent it there, and was lost): what is asked of that id in
            // its own is asked of nothing.
            self.tainted.insert(About::Upload(item.id));
        }
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.survive(done, "settle");
        }
        self.wake();
    }

    /// A person wants it to go otherwise, whatever its state.
    pub(super) fn repair(&mut self) {
        let Some(item) = self.any_item() else { return };
        let server = server_of(&item.account);
        let wanted = self.rng.u8(1..16);
        let mut repair = Repair::new();
        if wanted & 1 != 0 {
            repair = repair.name(format!("repaired {}", self.rng.u8(..)));
        }
        if wanted & 2 != 0 {
            repair = repair.work_order(self.servers[server].work_orders()[self.rng.usize(..2)]);
        }
        if wanted & 4 != 0 && item.kind == fieldpost::Kind::Photo {
            let caps = [Cap::Original, Cap::To(Bytes(900)), Cap::To(Bytes(2_000))];
            repair = repair.cap(caps[self.rng.usize(..3)]);
        }
        if wanted & 8 != 0 {
            repair = repair.priority(self.rng.i32(-1..3));
        }
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.repair(item.id, &repair);
        self.tell(format!("repair {}, which is {}: {repair:?}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. } | Error::Invalid { .. })) {
            self.acts(item.id);
            if let Some(known) = self.items.get_mut(&item.id).filter(|_| wanted & 1 != 0) {
                known.wanted.remove("name");
            }
            self.survive(done, "repair");
        }
        self.wake();
    }

    /// The rank alone: it changes nothing of what is sent.
    pub(super) fn rank(&mut self) {
        let Some(item) = self.any_item() else { return };
        let priority = self.rng.i32(-2..3);
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.repair(item.id, &Repair::new().priority(priority));
        self.tell(format!("rank {}, which is {}, as {priority}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.survive(done, "rank");
        }
        self.wake();
    }
}
