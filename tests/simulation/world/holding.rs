//! What must hold after every step, and the kind end in which everything has to come to rest.

use super::*;

impl World {
    /// The queue as an app reads it; none where no app is left that could.
    pub(super) fn listed(&mut self) -> Option<Vec<Item>> {
        self.bury_the_dead();
        let listed = self.apps.first()?.outbox.items(&Filter::default());
        self.survive(listed, "the queue")
    }

    /// A process may die at its last step of a call that is done.
    pub(super) fn bury_the_dead(&mut self) {
        while let Some(dead) = self.apps.iter().find(|app| app.process.is_dead()) {
            let process = dead.process.clone();
            self.bury(&process);
        }
    }

    pub(super) fn check(&mut self) {
        let Some(items) = self.listed() else { return };
        for id in self.items.keys() {
            if !items.iter().any(|item| item.id == *id) {
                self.fail(&format!("item {id} is lost"));
            }
        }
        for item in &items {
            self.check_item(item);
        }
    }

    pub(super) fn check_item(&mut self, item: &Item) {
        if !self.items.contains_key(&item.id) {
            if self.unsure == 0 {
                self.fail(&format!("{} was never captured", item.name));
            }
            self.unsure -= 1;
            self.tell(format!("{} was captured after all", item.name));
            let original = item.original.as_ref().expect("an upload has its original");
            let server = usize::from(item.account == "dlr");
            self.items.insert(item.id, Known { server, sha256: original.sha256, ended: None });
        }
        let known = &self.items[&item.id];
        let over = matches!(item.state, State::Delivered | State::Cancelled);
        if let Some(ended) = known.ended
            && ended != item.state
        {
            self.fail(&format!("{} was {ended}, and is {}", item.name, item.state));
        }
        if item.why.is_none() != (over || item.state == State::Sending) {
            self.fail(&format!("{} is {} because of {:?}", item.name, item.state, item.why));
        }
        if item.receipt.is_some() != (item.state == State::Delivered) {
            self.fail(&format!("{} is {} with {:?}", item.name, item.state, item.receipt));
        }
        if item.original.as_ref().map(|original| original.sha256) != Some(known.sha256) {
            self.fail(&format!("{} has another original", item.name));
        }
        let there = self.servers[known.server].holds(item.id);
        if self.kind.keeps_promise() {
            if there.len() > 1 {
                self.fail(&format!("{} is there {} times", item.name, there.len()));
            }
            if item.state == State::Cancelled && !there.is_empty() {
                self.fail(&format!("{} is cancelled, and there", item.name));
            }
            if item.state == State::Delivered && there.is_empty() {
                self.fail(&format!("{} is delivered, and not there", item.name));
            }
        }
        if let Some(wrong) = there.iter().find(|entry| sha256(&entry.content) != known.sha256) {
            self.fail(&format!("{} is there with other bytes", wrong.name));
        }
        if over {
            self.items.get_mut(&item.id).expect("it is known").ended = Some(item.state);
        }
    }

    /// Everything works from now on. All items must come to rest.
    pub(super) fn turn_kind(&mut self) {
        self.tell("the world turns kind");
        self.kindly = true;
        self.disk.set_full(false);
        self.end_run("whoever delivered stops");
        self.apps.clear();
        self.open();
        self.online = true;
        let outbox = self.outbox().expect("it has just been opened, to live");
        let resumed = outbox.resume();
        self.survive(resumed, "resume");
        let online = outbox.set_conditions(Conditions::default());
        self.survive(online, "conditions");
        self.check();
        let end = self.now + PATIENCE.1;
        for _ in 0..PATIENCE.0 {
            if self.deliver_one() {
                continue;
            }
            self.check();
            let wakes = self.run.as_ref().and_then(|run| run.wakes);
            match self.next_event().into_iter().chain(wakes).min() {
                Some(at) if at > end => self.fail("it takes too long"),
                Some(at) => self.pass_until(at),
                None => return,
            }
        }
        self.fail("it is never at rest");
    }
}
