//! Delivery in a world, driven as a host drives it, and what becomes of each transfer on its way.

use super::people::PEOPLE;
use super::*;

impl World {
    pub(super) fn deliver_some(&mut self) {
        for _ in 0..self.rng.u32(1..6) {
            if self.apps.is_empty() || !self.deliver_one() {
                return;
            }
        }
    }

    /// One task; false where there is none now.
    pub(super) fn deliver_one(&mut self) -> bool {
        if self.run.is_none() {
            let app = self.rng.usize(..self.apps.len());
            let (begun, process) = (self.apps[app].outbox.begin_delivery(), self.apps[app].process.clone());
            let threads = self.apps[app].threads.get();
            self.tell("a delivery begins");
            let Some(delivery) = self.survive(begun, "begin delivery") else { return false };
            self.generation += 1;
            self.run = Some(Run {
                delivery,
                generation: self.generation,
                wakes: Some(0),
                process,
                making: BTreeSet::new(),
                threads,
            });
        }
        let run = self.run.as_ref().expect("just begun");
        if run.wakes.is_none_or(|at| at > self.now) {
            return false;
        }
        let task = run.delivery.next();
        if task.is_err() {
            self.end_run("the task cannot be journaled");
        }
        let Some(task) = self.survive(task, "next") else { return false };
        match task {
            Task::Send(transfer) => self.send(&transfer),
            Task::Prepare(job) => return self.prepare(job),
            Task::Token { account } => self.sign_in(&account),
            Task::Sleep { left } => {
                let wakes = left.map(|left| self.now + (left.as_millis() as u64).max(1));
                self.run.as_mut().expect("it runs").wakes = wakes;
                return false;
            }
        }
        true
    }

    pub(super) fn sign_in(&mut self, account: &str) {
        let server = server_of(account);
        let chance = if self.kindly { 9 } else { self.rng.u8(..10) };
        let secret = self.servers[server].token.clone();
        let person = if self.kindly { None } else { PEOPLE[self.rng.usize(..PEOPLE.len())] };
        let run = self.run.as_ref().expect("it runs");
        let done = match (chance, person) {
            (0, _) => run.delivery.no_token(account),
            (1, _) => run.delivery.put_token(account, Secret::new("stale")),
            (_, None) => run.delivery.put_token(account, Secret::new(secret)),
            (_, Some(person)) => {
                let token = Token::new(Secret::new(format!("{secret} {person}"))).of(person);
                run.delivery.put_token(account, token)
            }
        };
        self.tell(format!("a token for {account}: {chance}, of {person:?}"));
        if self.kindly && !std::mem::replace(&mut self.expired[server], true) {
            self.servers[server].rotate();
        }
        if done.is_err() {
            self.end_run("the token cannot be taken");
        }
        self.survive(done, "token");
        self.wake();
    }

    /// Lets a transfer out, and decides what becomes of it.
    pub(super) fn send(&mut self, transfer: &Transfer) {
        let server = server_of(&transfer.account);
        let left = if transfer.request.body == Body::Empty { Left::Whole } else { Left::Part };
        self.tell(format!(
            "transfer {} leaves: {} {}{}",
            transfer.id.0,
            transfer.request.method.as_str(),
            transfer.request.url,
            transfer.item.map(|item| format!(" of {}", item.marker())).unwrap_or_default()
        ));
        self.leaves(transfer, server);
        let about = (server, transfer.item);
        let file = match &transfer.file {
            None => Vec::new(),
            Some(file) => match self.body(file) {
                Some(content) => content,
                None => return self.comes_back(transfer.id, about, 1, Left::Part, Err(Failure::FileDamaged)),
            },
        };
        let chance = if self.kindly { 99 } else { self.rng.u8(..100) };
        // What comes before the file itself mostly goes well, and at once: it is the file that these worlds are about.
        let before = matches!(transfer.request.method, Method::Options | Method::Head)
            || transfer.request.method == Method::Post && transfer.request.body == Body::Empty;
        if before && self.online && self.rng.u8(..4) > 0 {
            self.arrives(transfer, server, &file, 99, 1);
            self.pass_until(self.now + 1);
            self.unsynced = None; // whatever comes next syncs it
            return;
        }
        // A list that was asked for before an upload came may take longer than that needs to settle.
        let coming = self.coming.iter().any(|(_, coming)| match coming {
            Coming::Done { server: at, asked: Asked::Upload(_), .. } => *at == server,
            _ => false,
        });
        let reads = matches!(transfer.request.method, Method::Get | Method::Head) && !self.kindly;
        let slow = reads && self.rng.u8(..if coming { 2 } else { 16 }) == 0;
        let took = if slow { self.rng.u64(SETTLE..2 * SETTLE) } else { self.rng.u64(1..9_000) };
        let early = |failure| (Left::None, Err(failure));
        if !self.online && !self.kindly {
            return self.comes_back(transfer.id, about, took, Left::None, Err(Failure::NoNetwork));
        }
        let (left, result) = match chance {
            0..3 => early(Failure::Dns),
            3..6 => early(Failure::Refused),
            6..8 => early(Failure::Tls),
            8..13 => (left, Err(Failure::Broken)),
            13..16 => (Left::Part.max(left), Err(Failure::TimedOut)),
            16..18 => (Left::None, Ok(page(302))),
            _ => return self.arrives(transfer, server, &file, chance, took),
        };
        if left == Left::Part {
            self.arrives_in_part(transfer, server, &file);
        }
        self.comes_back(transfer.id, about, took, left, result);
    }

    /// The file of a body, if it is what it must be.
    pub(super) fn body(&mut self, file: &fieldpost::BodyFile) -> Option<Vec<u8>> {
        let process = self.disk.process(None, || {});
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut fieldpost::Disk::open(&process, &file.path).ok()?, &mut content).ok()?;
        (sha256(&content) == file.sha256).then_some(content)
    }

    /// A part of what goes to an upload's own address arrives, now or somewhat later.
    fn arrives_in_part(&mut self, transfer: &Transfer, server: usize, file: &[u8]) {
        let token = transfer.token.as_ref().map(fieldpost::Secret::reveal);
        let Some(mut piece) = self.servers[server].piece(&transfer.request, file) else { return };
        if self.servers[server].takes(token) && !piece.content.is_empty() {
            piece.content.truncate(self.rng.usize(..piece.content.len()));
            let (at, listed_by) = (self.rng.u64(self.now..self.now + SETTLE), self.now);
            self.coming.push((at, Coming::Done { server, asked: Asked::Fill(piece), listed_by }));
        }
    }

    /// The whole request is at the system, or at something before it.
    pub(super) fn arrives(&mut self, transfer: &Transfer, server: usize, file: &[u8], chance: u8, took: u64) {
        let token = transfer.token.as_ref().map(fieldpost::Secret::reveal);
        let about = (server, transfer.item);
        let wanted = transfer.request.auth != fieldpost::Auth::None;
        self.check_person(transfer.item, token);
        let upload = self.servers[server].upload(&transfer.request, file).map(Asked::Upload);
        let change = self.servers[server].change(&transfer.request).map(Asked::Change);
        let creation = self.servers[server].creation(&transfer.request).map(Asked::Create);
        let begun = self.servers[server].begun(&transfer.request).map(Asked::Begin);
        let piece = self.servers[server].piece(&transfer.request, file).map(Asked::Fill);
        if wanted && !self.servers[server].takes(token) {
            let refused = answer(401, &json!({"Message": "token"}));
            return self.comes_back(transfer.id, about, took, Left::Whole, Ok(refused));
        }
        // Something before the system answers, or the system without having done anything.
        let before: Option<Result<Answer, Failure>> = match chance {
            18..21 => Some(Ok(page(200))),
            21..24 => Some(Ok(retry_after(429, self.rng.u32(1..900)))),
            24..27 => Some(Ok(page(502))),
            27..29 => Some(Ok(answer(500, &json!({"Message": "sorry"})))),
            29..31 => Some(Ok(answer(408, &json!({})))),
            31..33 => Some(Err(Failure::TimedOut)),
            33..35 => Some(Ok(answer(400, &json!({"odd": true})))),
            35..36 => Some(Ok(answer(404, &json!({"Message": "gone"})))),
            _ => None,
        };
        if let Some(result) = before {
            return self.comes_back(transfer.id, about, took, Left::Whole, result);
        }
        let Some(asked) = upload.or(change).or(creation).or(begun).or(piece) else {
            let mask = self.rng.u64(..);
            let hide = move |entry: &Entry| (mask >> (entry.remote_id.len() * 7 % 60)) & 3 == 0;
            // What it says was so at some time between the question and the answer.
            let at = self.now + self.rng.u64(..=took);
            let read = self.servers[server].read(&transfer.request, at, hide);
            return self.comes_back(transfer.id, about, took, Left::Whole, Ok(read));
        };
        if let Some(refusal) = self.servers[server].refusal(asked.work_order()) {
            return self.comes_back(transfer.id, about, took, Left::Whole, Ok(refusal));
        }
        self.takes(transfer.id, about, asked, chance, took);
    }

    /// From here on the system does it: at once and with an answer; or its answer is lost, garbled, or late.
    fn takes(&mut self, id: TransferId, about: (usize, Option<ItemId>), asked: Asked, chance: u8, took: u64) {
        let (server, _) = about;
        let is_upload = matches!(asked, Asked::Upload(_) | Asked::Fill(_));
        let mut latest = self.now + SETTLE - 1;
        if self.kind.late && is_upload && !self.kindly && self.rng.u8(..4) == 0 {
            latest += self.rng.u64(..4 * SETTLE);
        }
        // An answer that says yes but not which is what a system's renaming makes dangerous.
        let renames = self.servers[server].manner.naming == Naming::Renamed;
        let lost: Option<Result<Answer, Failure>> = match chance {
            36..49 if renames && self.rng.bool() => Some(Ok(answer(200, &json!({"thanks": true})))),
            36..42 => Some(Err(Failure::Broken)),
            42..46 => Some(Err(Failure::TimedOut)),
            46..49 => Some(Ok(page(504))),
            49..51 => Some(Ok(answer(200, &json!({"thanks": true})))),
            51..53 => Some(Ok(answer(500, &json!({"Message": "sorry"})))),
            53..54 if is_upload => Some(Ok(page(404))),
            _ => None,
        };
        if let (Some(Ok(told)), Some(known)) = (&lost, about.1.and_then(|id| self.items.get_mut(&id))) {
            known.thanked |= told.status == 200;
        }
        if let Some(result) = lost {
            let at = self.rng.u64(self.now..=latest);
            self.coming.push((at, Coming::Done { server, asked, listed_by: latest }));
            return self.comes_back(id, about, took, Left::Whole, result);
        }
        let done = match asked {
            Asked::Upload(upload) => {
                let listed_from = self.listed_from(server, latest);
                self.servers[server].accept(upload, self.now, listed_from)
            }
            Asked::Change(change) => self.servers[server].apply(&change),
            Asked::Create(creation) => self.servers[server].create(creation),
            Asked::Begin(begun) => self.servers[server].begin(begun),
            Asked::Fill(mut piece) => {
                if !self.kindly && piece.content.len() > 1 && self.rng.u8(..6) == 0 {
                    piece.content.truncate(self.rng.usize(1..piece.content.len())); // less than was sent
                }
                self.servers[server].fill(&piece)
            }
        };
        self.comes_back(id, about, took, Left::Whole, Ok(done));
    }

    fn comes_back(
        &mut self,
        id: TransferId,
        (server, item): (usize, Option<ItemId>),
        after: u64,
        left: Left,
        result: Result<Answer, Failure>,
    ) {
        let (generation, got) = (self.generation, Exchange { left, result });
        self.coming.push((self.now + after, Coming::Report { generation, id, server, item, got }));
    }

    /// A transfer comes back to whoever let it out, if that one still delivers.
    pub(super) fn report(
        &mut self,
        generation: u64,
        id: TransferId,
        server: usize,
        item: Option<ItemId>,
        got: &Exchange,
    ) {
        if self.run.as_ref().is_none_or(|run| run.generation != generation) {
            return;
        }
        self.creating.retain(|(_, transfer, _)| *transfer != id);
        // A result is as safe as the next commit: what is there now is what a power cut may leave.
        let lazy = !self.kindly && self.apps.iter().all(|app| app.keeps);
        if lazy && self.unsynced.is_none() && self.rng.u8(..3) == 0 {
            copy_database(&self.dir, &self.real.path().join("unsynced"));
            self.unsynced = Some(self.items.iter().map(|(id, known)| (*id, known.seen)).collect());
        }
        let Some(run) = &self.run else { return };
        let done = run.delivery.report(id, got);
        self.tell(format!("transfer {} comes back: {}", id.0, shown(got)));
        if done.is_err() {
            self.end_run("the result cannot be kept");
        } else {
            self.came_back(server, item, got);
        }
        self.survive(done, "report");
        self.wake();
    }
}

impl Asked {
    fn work_order(&self) -> &str {
        match self {
            Asked::Upload(upload) => upload.work_order(),
            Asked::Change(change) => &change.work_order,
            Asked::Create(creation) => &creation.work_order,
            Asked::Begin(begun) => &begun.work_order,
            Asked::Fill(piece) => &piece.work_order,
        }
    }
}
