//! What the world knows of each item, told by nobody but itself: what went out, for whom, and what it was to change.

use super::*;

/// What the world knows of an item.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) server: usize,
    pub(super) operation: Operation,
    /// The order in which the world came to know of them.
    pub(super) number: usize,
    /// What was captured.
    pub(super) original: Option<fieldpost::Sha256>,
    /// Whether what is sent is made of it first.
    pub(super) is_photo: bool,
    /// Who captured it.
    pub(super) person: Option<String>,
    /// What it ended as, once it did.
    pub(super) ended: Option<State>,
    /// Its requests that a system or the network saw, but for those that spend no attempt.
    pub(super) seen: u32,
    /// How often people had their way with it: what a backup may not know.
    pub(super) acts: u32,
    /// Someone wanted it given up, or its attachment deleted.
    pub(super) given_up: bool,
    /// It was answered that it was taken, and not which it is.
    pub(super) thanked: bool,
    /// A second accident, or a change that a backup does not know: it may be there more than once.
    pub(super) beyond: bool,
    /// The attachment that it is about.
    pub(super) about: Option<About>,
    /// What it gives its attachment.
    pub(super) wanted: Changes,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// What an item uploads.
    Upload(ItemId),
    /// A file that is not ours.
    Theirs,
}

impl Known {
    pub(super) fn upload(number: usize, server: usize, original: fieldpost::Sha256) -> Self {
        Known {
            server,
            operation: Operation::Upload,
            number,
            original: Some(original),
            is_photo: false,
            person: None,
            ended: None,
            seen: 0,
            acts: 0,
            given_up: false,
            thanked: false,
            beyond: false,
            about: None,
            wanted: Changes::new(),
        }
    }
}

impl World {
    /// A transfer leaves. No operation overtakes an earlier one on its attachment, no system is asked that wants to be left
    /// alone, and no folder is created twice at a time.
    pub(super) fn leaves(&mut self, transfer: &Transfer, server: usize) {
        if self.now < self.silence[server] {
            self.fail(&format!("transfer {} leaves for a system that asked to be left alone", transfer.id.0));
        }
        if let Some(creation) = self.servers[server].creation(&transfer.request) {
            let same = |(run, _, other): &(u64, _, Creation)| *run == self.generation && *other == creation;
            if self.creating.iter().any(same) {
                self.fail(&format!("transfer {} creates what another creates: {creation:?}", transfer.id.0));
            }
            self.creating.push((self.generation, transfer.id, creation));
        }
        let Some(id) = transfer.item else { return };
        let known = self.items.get_mut(&id).expect("what leaves was captured");
        known.seen += 1;
        let (number, about) = (known.number, known.about.clone());
        let Some(about) = about else { return };
        let earlier =
            self.items.iter().filter(|(_, other)| other.about.as_ref() == Some(&about) && other.number < number);
        let mut earlier: Vec<ItemId> = earlier.map(|(id, _)| *id).collect();
        if let About::Upload(upload) = about {
            earlier.push(upload);
        }
        let Some(outbox) = self.apps.first().map(|app| app.outbox.clone()) else { return };
        for other in earlier {
            if let Ok(item) = outbox.item(other)
                && !matches!(item.state, State::Delivered | State::Cancelled)
            {
                self.fail(&format!("{id} overtakes {other}, which is {}", item.state));
            }
        }
    }

    /// A result was taken.
    pub(super) fn came_back(&mut self, server: usize, item: Option<ItemId>, got: &Exchange) {
        let spends_nothing = match &got.result {
            Ok(answer) => answer.status == 401,
            Err(failure) => matches!(failure, Failure::NoNetwork),
        };
        if let Some(known) = item.and_then(|id| self.items.get_mut(&id))
            && spends_nothing
        {
            known.seen = known.seen.saturating_sub(1);
        }
        self.silence[server] = match &got.result {
            Ok(answer) if answer.status == 429 => {
                let after = answer.headers.iter().find(|(name, _)| name == "retry-after");
                self.now + after.and_then(|(_, value)| value.parse::<u64>().ok()).unwrap_or(0) * 1_000
            }
            _ => 0,
        };
    }

    /// What one person captured never arrives under another's token.
    pub(super) fn check_person(&self, item: Option<ItemId>, token: Option<&str>) {
        let theirs = item.and_then(|id| self.items.get(&id)).and_then(|known| known.person.as_deref());
        let whose = token.and_then(|token| token.split_once(' ')).map(|(_, whose)| whose);
        if let (Some(theirs), Some(whose)) = (theirs, whose)
            && theirs != whose
        {
            self.fail(&format!("what {theirs} captured arrives under {whose}'s token"));
        }
    }

    /// An item that nobody was told of: it was captured, or asked for, by a process that died under way.
    pub(super) fn turns_up(&mut self, item: &Item) {
        let number = self.items.len();
        if let Some(original) = &item.original {
            if self.unsure == 0 {
                self.fail(&format!("{} was never captured", item.name));
            }
            self.unsure -= 1;
            self.tell(format!("{} was captured after all", item.name));
            let known = Known::upload(number, server_of(&item.account), original.sha256);
            self.items.insert(item.id, Known { is_photo: item.kind == fieldpost::Kind::Photo, ..known });
            return;
        }
        let same = |(operation, _): &&(Operation, About)| *operation == item.operation;
        let mut abouts: Vec<About> = self.unsure_changes.iter().filter(same).map(|(_, about)| about.clone()).collect();
        abouts.dedup();
        if abouts.is_empty() {
            self.fail(&format!("{:?} {} was never asked for", item.operation, item.id));
        }
        self.tell(format!("{:?} {} was asked for after all", item.operation, item.id));
        self.tainted.extend(abouts);
        let known = Known::upload(number, 0, fieldpost::Sha256([0; 32]));
        let seen = item.attempts;
        let (operation, original, given_up) = (item.operation, None, true); // nobody knows what it is about
        self.items.insert(item.id, Known { operation, original, seen, given_up, ..known });
    }

    /// Someone wants an item given up, or an attachment deleted: what is queued for that goes with it.
    pub(super) fn gives_up(&mut self, about: &About) {
        for (id, known) in &mut self.items {
            known.given_up |= known.about.as_ref() == Some(about) || *about == About::Upload(*id);
        }
    }

    /// Nothing is given up that nobody wanted to give up.
    pub(super) fn check_given_up(&self, item: &Item) {
        let known = &self.items[&item.id];
        let upload = match &known.about {
            Some(About::Upload(upload)) => self.items.get(upload),
            _ => None,
        };
        if item.state == State::Cancelled && !known.given_up && !upload.is_some_and(|upload| upload.given_up) {
            self.fail(&format!("{:?} {} was given up, and nobody wanted that", item.operation, item.name));
        }
    }
}
