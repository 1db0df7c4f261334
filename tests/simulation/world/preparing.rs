//! Photos in the making: at once or some time later, in any order, as many at a time as the app allows.

use super::*;

impl World {
    /// A delivery lets a body be made: each once at a time, and no more than it may.
    pub(super) fn prepare(&mut self, job: PrepareJob) -> bool {
        let run = self.run.as_mut().expect("it runs");
        let is_new = run.making.insert(job.item());
        let (making, threads) = (run.making.len(), run.threads);
        if !is_new || making > threads {
            self.fail(&format!("{} is let out, the {making}th of {threads}, new: {is_new}", job.item().marker()));
        }
        if self.kindly || self.rng.u8(..3) == 0 {
            return self.make(job);
        }
        let took = self.rng.u64(1..9_000);
        self.tell(format!("{} is being prepared, the {making}th of {threads}", job.item().marker()));
        self.coming.push((self.now + took, Coming::Made { generation: self.generation, job: Box::new(job) }));
        true
    }

    /// It is made, if whoever let it out still delivers.
    pub(super) fn made(&mut self, generation: u64, job: PrepareJob) {
        if self.run.as_ref().is_some_and(|run| run.generation == generation) {
            self.make(job);
            self.wake();
        }
    }

    fn make(&mut self, job: PrepareJob) -> bool {
        let id = job.item();
        let prepared = job.run();
        if self.run.as_ref().is_some_and(|run| run.process.is_dead()) {
            self.tell("killed while it prepares");
            self.bury_the_dead();
            return false;
        }
        let run = self.run.as_mut().expect("it runs");
        run.making.remove(&id);
        let done = run.delivery.prepared(prepared);
        if done.is_err() {
            self.end_run("what was prepared cannot be kept");
        }
        self.survive(done, "prepare");
        true
    }
}
