//! What goes wrong with a phone: apps end, the power is cut, the disk fills, clocks jump, the database is damaged, a backup is
//! put back.

use super::*;

/// A copy of the outbox that was made at some time.
pub(super) struct Backup {
    disk: crate::disk::Saved,
    items: BTreeMap<ItemId, Known>,
    unsure: u32,
    unsure_changes: Vec<(Operation, About)>,
}

impl World {
    pub(super) fn close(&mut self) {
        self.tell("the apps are closed");
        self.run = None;
        self.apps.clear();
    }

    pub(super) fn cut_power(&mut self) {
        self.tell("the power is cut");
        match self.unsynced.take() {
            None => copy_database(&self.dir, &self.real.path().join("at-death")),
            Some(seen) => {
                self.tell("the last results are lost with it");
                copy_database(&self.real.path().join("unsynced"), &self.real.path().join("at-death"));
                for (id, known) in &mut self.items {
                    known.seen = known.seen.max(seen.get(id).copied().unwrap_or(0));
                }
            }
        }
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
        self.silence = [0; 2]; // what the wall clock leaves of a wait, and that may have been set
        now.boot = format!("boot {}", self.rng.u32(..));
        now.mono = Duration::from_millis(self.rng.u64(..=took));
    }

    pub(super) fn toggle_full_disk(&mut self) {
        let full = self.rng.bool();
        self.tell(if full { "the disk is full" } else { "the disk has room" });
        self.disk.set_full(full);
    }

    /// Someone sets the wall clock; what has passed since the boot does not change by it.
    pub(super) fn jump_clock(&mut self) {
        let by = self.rng.i64(-3 * 86_400_000..3 * 86_400_000);
        self.tell(format!("the wall clock jumps by {} s", by / 1_000));
        let mut now = self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.wall = Timestamp::from_millis(now.wall.millis() + by);
    }

    /// Nobody has the outbox open: it is opened, or something happens to it.
    pub(super) fn closed(&mut self) {
        match self.rng.u8(..40) {
            0..4 => self.damage_database(),
            4..8 => self.restore(),
            8..10 => self.wait_for_days(),
            _ => self.open(),
        }
    }

    /// The file with the id of this installation, which no backup takes along.
    pub(super) fn install(&self) -> PathBuf {
        self.real.path().join("install")
    }

    /// The phone is off for days.
    fn wait_for_days(&mut self) {
        let days = self.rng.u64(1..4);
        self.tell(format!("the phone is off for {days} days"));
        self.pass_until(self.now + days * 86_400_000);
        self.reboot();
    }

    /// The database is gone, or holds something else: the folders tell what there was.
    fn damage_database(&mut self) {
        let path = self.dir.join("outbox.db");
        let Ok(mut content) = std::fs::read(&path) else { return };
        let how = self.rng.u8(..4);
        for name in ["outbox.db-wal", "outbox.db-shm"] {
            _ = std::fs::remove_file(self.dir.join(name)); // mostly there is none: nobody has it open
        }
        let done = match how {
            0 => std::fs::remove_file(&path),
            1 => std::fs::write(&path, []),
            _ => {
                let end = if how == 2 { content.len() } else { content.len().min(100) };
                content[..end].iter_mut().for_each(|byte| *byte = self.rng.u8(..));
                std::fs::write(&path, content)
            }
        };
        done.expect("the temporary folder can be written");
        self.tell(format!("the database is damaged: {how}"));
        self.silence = [0; 2];
        for known in self.items.values_mut() {
            known.seen = known.seen.max(1); // a rebuild knows no more than that there was an attempt
            known.beyond |= self.restored && known.ended.is_none();
        }
    }

    /// A backup of the outbox is made, as it stands. The id of the installation does not go along.
    pub(super) fn back_up(&mut self) {
        self.bury_the_dead();
        self.tell("a backup is made");
        copy_database(&self.dir, &self.real.path().join("backup"));
        let (items, unsure) = (self.items.clone(), self.unsure);
        let unsure_changes = self.unsure_changes.clone();
        self.backup = Some(Backup { disk: self.disk.save(), items, unsure, unsure_changes });
    }

    /// The outbox comes up on another phone: as it stands, or as the backup kept it.
    fn restore(&mut self) {
        self.disk.take_away(&self.install());
        self.silence = [0; 2];
        self.restored = true;
        let Some(backup) = self.backup.take_if(|_| self.rng.bool()) else {
            return self.tell("the outbox is cloned to another phone");
        };
        self.tell("the backup is restored on another phone");
        self.disk.put_back(&backup.disk);
        self.disk.take_away(&self.install());
        restore_database(&self.real.path().join("backup"), &self.dir);
        let Backup { mut items, unsure, unsure_changes, .. } = backup;
        (self.unsure, self.unsure_changes) = (unsure, unsure_changes);
        // What people wanted since, this outbox does not know.
        let mut lost: Vec<About> = Vec::new();
        for (id, now) in &self.items {
            let known = items.get_mut(id);
            let same = known.as_ref().is_some_and(|known| known.acts == now.acts);
            lost.extend(now.about.clone().filter(|_| !same));
            if let Some(known) = known {
                known.seen = known.seen.max(now.seen);
                known.beyond |= !same || now.beyond;
            }
            self.tainted.extend(now.about.clone());
        }
        for about in lost {
            if let About::Upload(id) = about
                && let Some(known) = items.get_mut(&id)
            {
                known.beyond = true;
            }
        }
        self.items = items;
    }
}
