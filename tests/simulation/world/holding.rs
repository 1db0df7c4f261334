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
        if self.kind.keeps_promise() {
            let abouts: BTreeSet<About> = self.items.values().filter_map(|known| known.about.clone()).collect();
            abouts.iter().for_each(|about| self.check_attachment(about));
        }
    }

    pub(super) fn check_item(&mut self, item: &Item) {
        if !self.items.contains_key(&item.id) {
            self.turns_up(item);
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
        if item.original.as_ref().map(|original| original.sha256) != known.original {
            self.fail(&format!("{} has another original", item.name));
        }
        if item.attempts > known.seen {
            let (attempts, seen) = (item.attempts, known.seen);
            self.fail(&format!("{} spent {attempts} attempts, and {seen} left", item.name));
        }
        if let Some(why) = &item.why {
            let is_doubt = item.state == State::Verifying || why.reason == Reason::OutcomeUnknown;
            // No file is harmed in these worlds; and of an update or a deletion there is no doubt: it goes again.
            if why.reason == Reason::FileDamaged || (is_doubt && item.operation != Operation::Upload) {
                self.fail(&format!("{:?} {} is {}: {why:?}", item.operation, item.name, item.state));
            }
        }
        self.check_given_up(item);
        if item.operation == Operation::Upload {
            self.check_upload(item);
        }
        if over {
            self.items.get_mut(&item.id).expect("it is known").ended = Some(item.state);
        }
    }

    /// Exactly once, whatever was wanted of it on its way, over all work orders and addresses.
    fn check_upload(&self, item: &Item) {
        let known = &self.items[&item.id];
        let there = self.servers[known.server].holds(item.id);
        if self.kind.keeps_promise() && !known.beyond {
            if there.len() > 1 {
                self.fail(&format!("{} is there {} times", item.name, there.len()));
            }
            if item.state == State::Cancelled && !there.is_empty() {
                self.fail(&format!("{} is cancelled, and there", item.name));
            }
            if item.state == State::Delivered && there.is_empty() {
                self.fail(&format!("{} is delivered, and not there", item.name));
            }
            let named = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.as_ref());
            if let Some(other) = named.filter(|id| there.iter().all(|entry| entry.remote_id != id.0)) {
                self.fail(&format!("{} is delivered as {other}, which is another's", item.name));
            }
        }
        let sent = match item.sent.as_ref().filter(|_| known.is_photo) {
            Some(sent) if item.state == State::Delivered && self.kind.keeps_promise() && !known.beyond => {
                Some(sent.sha256)
            }
            _ => known.original.filter(|_| !known.is_photo),
        };
        if let Some(wrong) = there.iter().find(|entry| sent.is_some_and(|sent| sha256(&entry.content) != sent)) {
            self.fail(&format!("{} is there with other bytes", wrong.name));
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
        for task in 1..=PATIENCE.0 {
            if self.deliver_one() {
                if task % 64 == 0 {
                    self.check(); // what goes wrong again and again need not do so to the end
                }
                continue;
            }
            self.check();
            let wakes = self.run.as_ref().and_then(|run| run.wakes);
            match self.next_event().into_iter().chain(wakes).min() {
                Some(at) if at > end => self.fail("it takes too long"),
                Some(at) => self.pass_until(at),
                None => return self.check_whole(),
            }
        }
        self.fail("it is never at rest");
    }

    /// The outbox finds nothing amiss with itself.
    fn check_whole(&mut self) {
        let Some(outbox) = self.outbox() else { return };
        match outbox.check() {
            Ok((_, findings)) if findings.is_empty() => {}
            other => self.fail(&format!("it is not whole: {other:?}")),
        }
    }
}
