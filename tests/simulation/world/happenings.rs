//! What happens to a world: what people, apps, phones and systems do of themselves, one thing at a step.

use fieldpost::Keep;

use super::*;

impl World {
    pub(super) fn step(&mut self) {
        if self.apps.is_empty() {
            return self.open();
        }
        match self.rng.u8(..100) {
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
            _ => self.end_run("the delivery is stopped"),
        }
    }

    pub(super) fn open(&mut self) {
        let dies_at = (!self.kindly && self.rng.u8(..3) == 0).then(|| self.rng.u64(1..400));
        let (from, to) = (self.dir.clone(), self.real.path().join("at-death"));
        let process = self.disk.process(dies_at, move || copy_database(&from, &to));
        let seed = self.rng.u64(..);
        let options = Options {
            clock: self.clock.clone(),
            disk: Arc::new(process.clone()),
            backoff: Backoff::default(),
            install: None,
            memory: 64_000_000,
            seed: Some(seed),
            keep: [Keep::UntilDelivered, Keep::Days(1), Keep::Forever][usize::from(seed.to_le_bytes()[0]) % 3],
            quota: None,
        };
        match Outbox::open(&self.dir, options) {
            Ok(outbox) => {
                self.tell(format!(
                    "an app opens the outbox{}",
                    dies_at.map_or(String::new(), |at| format!(", to die at its step {at}"))
                ));
                self.apps.push(App { process, outbox });
                let accounts = [
                    Account::corrigo_pro("acme", self.servers[0].url()).performed_by("Jo Field"),
                    Account::digital_realty("dlr", self.servers[1].url(), "M-1").customer_account("A-7"),
                ];
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
        let job = WorkOrder::new(["acme", "dlr"][server], work_orders[self.rng.usize(..2)]);
        self.captures += 1;
        let content = format!("capture {} of {}", self.captures, job.id).into_bytes();
        let captured = if self.rng.bool() {
            let text = Text::new(String::from_utf8_lossy(&content));
            self.apps[app].outbox.capture(text.priority(self.rng.i32(-1..2)), &job)
        } else {
            let path = self.dir.join("report.pdf");

            self.disk.write(&path, &content);
            self.apps[app].outbox.capture(Document::new(path), &job)
        };
        let died = self.apps[app].process.is_dead();
        match captured {
            Ok(item) => {
                self.tell(format!("captured {}", item.name));
                self.items.insert(item.id, Known { server, sha256: sha256(&content), ended: None });
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

    /// The outbox of any app that is left.
    pub(super) fn outbox(&mut self) -> Option<Outbox> {
        let apps = self.apps.len();
        (apps > 0).then(|| self.apps[self.rng.usize(..apps)].outbox.clone())
    }

    pub(super) fn any_item(&mut self) -> Option<Item> {
        let items = self.listed()?;
        (!items.is_empty()).then(|| items[self.rng.usize(..items.len())].clone())
    }

    pub(super) fn cancel(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.cancel(item.id);
        self.tell(format!("cancel {}, which is {}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
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
        self.tell(format!("retry {which:?}: {}", said(&done)));
        self.survive(done, "retry");
        self.wake();
    }

    /// A person looks at the system and says what is there. Not while the system still works on it.
    pub(super) fn settle(&mut self) {
        let Some(item) = self.any_item() else { return };
        let Some(server) = self.items.get(&item.id).map(|known| known.server) else { return };
        let pending = self.coming.iter().any(|(_, coming)| match coming {
            Coming::Accept { upload, .. } => item.id.marker().is_in(upload.name()),
            Coming::Report { .. } => false,
        });
        if pending || item.state == State::Sending {
            return;
        }
        let there = self.servers[server].holds(item.id).first().map(|entry| entry.remote_id.clone());
        let settlement = match there {
            Some(id) => Settlement::Delivered(Some(fieldpost::RemoteId(id))),
            None => Settlement::Absent,
        };
        let Some(outbox) = self.outbox() else { return };
        let done = outbox.settle(item.id, settlement.clone());
        self.tell(format!("settle {}, which is {}, as {settlement:?}: {}", item.name, item.state, said(&done)));
        if !matches!(done, Err(Error::NotNow { .. })) {
            self.survive(done, "settle");
        }
        self.wake();
    }

    pub(super) fn rotate_token(&mut self) {
        let server = self.rng.usize(..2);
        self.servers[server].rotate();
        self.tell(format!("the tokens of {:?} expire", self.servers[server].speech));
    }

    pub(super) fn close_work_order(&mut self) {
        let work_order = self.servers[0].work_orders()[1].to_owned();
        self.tell(format!("work order {work_order} is closed"));
        self.servers[0].closed.push(work_order);
    }

    pub(super) fn close(&mut self) {
        self.tell("the apps are closed");
        self.run = None;
        self.apps.clear();
    }

    pub(super) fn cut_power(&mut self) {
        self.tell("the power is cut");
        copy_database(&self.dir, &self.real.path().join("at-death"));
        self.apps.iter().for_each(|app| app.process.die());
        self.run = None;
        self.apps.clear();
        restore_database(&self.real.path().join("at-death"), &self.dir);
        self.disk.lose_power(&mut self.rng);
        self.reboot();
    }

    /// The phone boots, which takes its time; the monotonic clock counts from there.
    pub(super) fn reboot(&mut self) {
        let took = self.rng.u64(..60_000);
        self.pass_until(self.now + took);
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.boot = format!("boot {}", self.rng.u32(..));
        now.mono = Duration::from_millis(self.rng.u64(..=took));
    }

    pub(super) fn another_app(&mut self) {
        if self.apps.len() < 2 {
            self.open();
        }
    }

    pub(super) fn toggle_full_disk(&mut self) {
        let full = self.rng.bool();
        self.tell(if full { "the disk is full" } else { "the disk has room" });
        self.disk.set_full(full);
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

    /// Someone sets the wall clock; what has passed since the boot does not change by it.
    pub(super) fn jump_clock(&mut self) {
        let by = self.rng.i64(-3 * 86_400_000..3 * 86_400_000);
        self.tell(format!("the wall clock jumps by {} s", by / 1_000));
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.wall = Timestamp::from_millis(now.wall.millis() + by);
    }
}
