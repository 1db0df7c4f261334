//! What happens to a world: what people, apps, phones and systems do of themselves, one thing at a step.

use fieldpost::Keep;

use super::people::PEOPLE;
use super::*;

impl World {
    pub(super) fn step(&mut self) {
        if self.apps.is_empty() {
            return self.closed();
        }
        match self.rng.u8(..126) {
            0..22 => self.capture(),
            22..58 => self.deliver_some(),
            58..72 => self.pass_some_time(),
            72..76 => self.toggle_network(),
            76..79 => self.cancel(),
            79..82 => self.retry(),
            82..85 => self.settle(),
            85..88 => self.rotate_token(),
            88..90 => self.close(),
            90..92 => self.cut_power(),
            92..94 => self.another_app(),
            94..96 => self.toggle_full_disk(),
            96..98 => self.jump_clock(),
            98 if self.rng.bool() => self.close_work_order(),
            98 => self.toggle_pause(),
            99 => self.end_run("the delivery is stopped"),
            100..105 => self.repair(),
            105..107 => self.rank(),
            107..115 if self.kind.moves => self.move_away(),
            107..112 => self.update(),
            112..115 => self.delete(),
            116..118 => self.another_person(),
            115 | 118..122 => self.back_up(),
            124.. => self.add_theirs(),
            _ => self.close(),
        }
    }

    pub(super) fn open(&mut self) {
        let dies_at = (!self.kindly && self.rng.u8(..3) == 0).then(|| self.rng.u64(1..400));
        let (from, to) = (self.dir.clone(), self.real.path().join("at-death"));
        let process = self.disk.process(dies_at, move || copy_database(&from, &to));
        let seed = self.rng.u64(..);
        let threads = NonZeroUsize::new(usize::from(seed.to_le_bytes()[1]) % 3 + 1).expect("one at least");
        let options = Options {
            clock: self.clock.clone(),
            disk: Arc::new(process.clone()),
            backoff: Backoff::default(),
            install: Some(self.install()),
            memory: 64_000_000,
            threads,
            seed: Some(seed),
            keep: [Keep::UntilDelivered, Keep::Days(1), Keep::Forever][usize::from(seed.to_le_bytes()[0]) % 3],
            quota: None,
        };
        let keeps = options.keep == Keep::Forever;
        match Outbox::open(&self.dir, options) {
            Ok(outbox) => {
                self.tell(format!(
                    "an app opens the outbox{}",
                    dies_at.map_or(String::new(), |at| format!(", to die at its step {at}"))
                ));
                self.apps.push(App { process, outbox, keeps, threads });
                let accounts = self.accounts();
                for account in accounts {
                    let put = self.apps.last().expect("just pushed").outbox.put_account(account);
                    self.survive(put, "accounts");
                    if self.apps.is_empty() {
                        return;
                    }
                }
            }
            Err(error) => {
                self.tell(format!("the outbox does not open: {error}"));
                if process.is_dead() {
                    self.bury(&process);
                } else if !matches!(error, Error::DiskFull { .. } | Error::InUse) {
                    self.fail(&format!("the outbox does not open: {error}"));
                } else if self.kindly {
                    self.fail("the outbox does not open in a kind world");
                }
            }
        }
    }

    /// An error of a call is either a full disk or a dead process.
    pub(super) fn survive<T>(&mut self, result: Result<T, Error>, what: &str) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.tell(format!("{what}: {error}"));
                if let Some(dead) = self.apps.iter().position(|app| app.process.is_dead()) {
                    let process = self.apps[dead].process.clone();
                    self.bury(&process);
                } else if !matches!(error, Error::DiskFull { .. }) {
                    self.fail(&format!("{what}: {error}"));
                }
                None
            }
        }
    }

    /// A process died: what it had committed by then is kept, nothing that its end did.
    pub(super) fn bury(&mut self, process: &Process) {
        self.tell("the process is dead");
        process.die();
        if self.apps.iter().any(|app| app.process.is_dead()) {
            self.run = None; // one of two deliverers cannot be told apart here: whoever delivered stops
        }
        self.apps.retain(|app| !app.process.is_dead());
        if self.apps.is_empty() {
            restore_database(&self.real.path().join("at-death"), &self.dir);
        }
    }

    pub(super) fn capture(&mut self) {
        let (app, server) = (self.rng.usize(..self.apps.len()), self.rng.usize(..2));
        let work_orders = self.servers[server].work_orders();
        let job = WorkOrder::new(ACCOUNTS[server], work_orders[self.rng.usize(..2)]);
        self.captures += 1;
        // Field Nation takes no plain text.
        let (begin, takes_text) = match self.servers[server].speech {
            Speech::FieldNation => ("%PDF-1.7 ", false),
            _ => ("", true),
        };
        let content = format!("{begin}capture {} of {}", self.captures, job.id).into_bytes();
        let person = PEOPLE[self.rng.usize(..PEOPLE.len())];
        let (way, path) = (self.rng.u8(..16), self.dir.join("report.pdf"));
        let is_photo = way >= 14;
        let content = if is_photo { picture(self.captures) } else { content };
        let outbox = &self.apps[app].outbox;
        let captured = if way < 8 && takes_text {
            let text = Text::new(String::from_utf8_lossy(&content)).priority(self.rng.i32(-1..2));
            outbox.capture(person.into_iter().fold(text, |text, person| text.person(person)), &job)
        } else if is_photo {
            self.disk.write(&path, &content);
            let photo = Photo::new(path).cap(Bytes(2_000));
            outbox.capture(person.into_iter().fold(photo, |photo, person| photo.person(person)), &job)
        } else {
            self.disk.write(&path, &content);
            let report = Document::new(path);
            outbox.capture(person.into_iter().fold(report, |report, person| report.person(person)), &job)
        };
        let died = self.apps[app].process.is_dead();
        match captured {
            Ok(item) => {
                self.tell(format!("captured {}", item.name));
                let known = Known::upload(self.items.len(), server, sha256(&content));
                let person = person.map(str::to_owned);
                self.items.insert(item.id, Known { is_photo, person, ..known });
                self.wake();
                if died {
                    let process = self.apps[app].process.clone();
                    self.bury(&process);
                }
            }
            Err(error) => {
                self.unsure += u32::from(died);
                self.survive(Err::<(), _>(error), "a capture is refused");
            }
        }
    }

    pub(super) fn rotate_token(&mut self) {
        let server = self.rng.usize(..2);
        self.servers[server].rotate();
        self.tell(format!("the tokens of {:?} expire", self.servers[server].speech));
        if self.servers[server].speech == Speech::Tus {
            let also_whole = self.rng.bool();
            self.tell(format!("and so do its uploads, the whole ones too: {also_whole}"));
            self.servers[server].expire(also_whole);
        }
    }

    pub(super) fn close_work_order(&mut self) {
        let work_order = self.servers[0].work_orders()[1].to_owned();
        self.tell(format!("work order {work_order} is closed"));
        self.servers[0].closed.push(work_order);
    }

    /// Someone in the office adds a file of their own, or another phone does for our user.
    fn add_theirs(&mut self) {
        // Where an upload of ours was taken, but not said to be which, the other phone's would pass for it: nobody could tell.
        let mistakable = match self.listed() {
            Some(items) => items.iter().any(|item| {
                let thanked = self.items.get(&item.id).is_some_and(|known| known.thanked && known.ended.is_none());
                server_of(&item.account) == 1 && (thanked || item.state == State::Sending)
            }),
            None => true,
        };
        let by = if mistakable || self.rng.bool() { "somebody else" } else { USER };
        self.tell(format!("{by} adds a file at {:?}", self.servers[1].speech));
        self.servers[1].add_theirs(by);
    }

    pub(super) fn another_app(&mut self) {
        if self.apps.len() < 2 {
            self.open();
        }
    }

    pub(super) fn toggle_network(&mut self) {
        self.online = self.rng.bool();
        let network = if self.online { Network::Unmetered } else { Network::None };
        self.tell(format!("the network: {network:?}"));
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.set_conditions(Conditions { network, ..Conditions::default() });
        self.survive(done, "conditions");
        self.wake();
    }

    /// What the driver does then: transfers are broken off, the delivery ends.
    pub(super) fn toggle_pause(&mut self) {
        let Some(outbox) = self.outbox() else { return };
        let pause = self.rng.u8(..3) > 0;
        let done = if pause { outbox.pause() } else { outbox.resume() };
        self.tell(if pause { "pause" } else { "resume" });
        if pause {
            self.end_run("the delivery is paused");
        }
        self.survive(done, "pause");
        self.wake();
    }

    /// Whoever holds the phone now signs in.
    pub(super) fn another_person(&mut self) {
        let account = ACCOUNTS[self.rng.usize(..2)];
        if self.run.is_some() {
            self.sign_in(account);
        }
    }

    /// The customer gives the system another address: what went to the old one is known there alone.
    pub(super) fn move_away(&mut self) {
        let server = self.rng.usize(..2);
        self.servers[server].moved ^= true;
        for known in self.items.values_mut().filter(|known| known.server == server) {
            known.acts += 1; // a backup from before does not know where it goes
            known.beyond |= self.restored && known.ended.is_none(); // it is looked for where it would go now
        }
        self.tell(format!("{:?} has another address", self.servers[server].speech));
        let account = self.accounts()[server].clone();
        let Some(outbox) = self.outbox() else { return };
        let put = outbox.put_account(account);
        self.silence[server] = 0;
        self.survive(put, "another address");
        self.wake();
    }

    fn accounts(&self) -> [Account; 2] {
        [0, 1].map(|server| {
            let (id, url) = (ACCOUNTS[server], self.servers[server].url());
            match self.servers[server].speech {
                Speech::Corrigo => Account::corrigo_pro(id, url).performed_by("Jo Field"),
                Speech::DigitalRealty => Account::digital_realty(id, url, "M-1").customer_account("A-7"),
                Speech::Serial => Account::serial(id, url, USER),
                Speech::Decisiv => Account::decisiv(id, url),
                Speech::Tus => Account::tus(id, url),
                Speech::FieldNation => Account::field_nation(id, url).set("folder", "Site Photos"),
            }
        })
    }
}

/// A picture that is not like any other, as a BMP.
fn picture(seed: u32) -> Vec<u8> {
    const EDGE: u32 = 12;
    let mut bmp = b"BM".to_vec();
    let words = [54 + EDGE * EDGE * 3, 0, 54, 40, EDGE, EDGE, 1 | 24 << 16, 0, EDGE * EDGE * 3, 2_835, 2_835, 0, 0];
    words.iter().for_each(|word: &u32| bmp.extend(word.to_le_bytes()));
    let mut noise = Rng::with_seed(u64::from(seed));
    bmp.extend((0..EDGE * EDGE * 3).map(|_| noise.u8(..)));
    bmp
}
