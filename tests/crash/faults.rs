//! The sandbox's faults, drawn anew for each round, each as often as the others. Of its table only `renamed` is left out: a system that replaces the whole
//! name leaves nothing to find an upload by where it tells no hash, and the promise says so.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use fieldpost_sandbox::{Fault, Moment, Operation, Provider, RetryAfter, Rule, RuleId, Sandbox};

/// What a late answer may take; accounts settle longer.
const LATE: Duration = Duration::from_secs(1);

/// The rules of one round after another, and how often each kind of fault was met.
pub(crate) struct Faults {
    rng: Rng,
    /// Those that are still to be drawn before any is drawn again.
    deck: Vec<(Fault, u32)>,
    rules: Vec<(&'static str, RuleId)>,
    pub(crate) met: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Faults { rng: Rng::with_seed(5), deck: Vec::new(), rules: Vec::new(), met: BTreeMap::new() }
    }

    /// Whether each kind was met.
    pub(crate) fn all_met(&self) -> bool {
        all().iter().all(|(fault, _)| self.met.get(fault.kind()).is_some_and(|hits| *hits > 0))
    }

    /// The answer to an upload may always be lost; two or three others go with it.
    pub(crate) fn draw(&mut self, sandbox: &Sandbox) {
        self.count(sandbox);
        sandbox.clear_faults();
        for _ in 0..self.rng.usize(2..4) {
            if self.deck.is_empty() {
                self.deck = all();
                self.rng.shuffle(&mut self.deck);
            }
            let (fault, times) = self.deck.pop().expect("it was just filled");
            let (kind, chance, seed) = (fault.kind(), self.rng.f64() * 0.6 + 0.4, self.rng.u64(..));
            let mut rule = Rule::new(fault.clone()).chance(chance, seed).times(times);
            if matches!(fault, Fault::WrongHash | Fault::Corrupted) {
                rule = rule.on(Provider::DigitalRealty);
            }
            if fault == Fault::WrongSize {
                rule = rule.on(Provider::CorrigoPro);
            }
            self.rules.push((kind, sandbox.fault(rule)));
        }
        let lost = Rule::new(Fault::LoseAnswer).operation(Operation::Upload).chance(0.4, self.rng.u64(..)).forever();
        self.rules.push((Fault::LoseAnswer.kind(), sandbox.fault(lost)));
    }

    /// Takes the hits of the round over.
    pub(crate) fn count(&mut self, sandbox: &Sandbox) {
        for (kind, rule) in self.rules.drain(..) {
            *self.met.entry(kind).or_default() += sandbox.hits(rule);
        }
    }
}

/// Each fault, and how many requests of a round it may meet.
fn all() -> Vec<(Fault, u32)> {
    let status = |status, when| Fault::Status { status, when, headers: Vec::new(), body: String::new() };
    vec![
        (Fault::Unreachable, 3),
        (Fault::DropBeforeBody, 5),
        (Fault::DropInBody { after_bytes: None }, 5),
        (Fault::DropAfterBody, 5),
        (Fault::LoseAnswer, 5),
        (Fault::TruncateAnswer { keep_bytes: None }, 5),
        (Fault::HalfAnswer, 5),
        (Fault::Silence, 1),
        (Fault::AcceptLate { after: LATE, status: None }, 1),
        (Fault::AcceptLate { after: LATE, status: Some(504) }, 1),
        (Fault::ListLate { after: LATE }, 3),
        (status(503, Moment::Early), 2),
        (status(500, Moment::Before), 2),
        (status(503, Moment::After), 2),
        (Fault::TooManyRequests { retry_after: RetryAfter::Seconds(1) }, 1),
        (Fault::TooManyRequests { retry_after: RetryAfter::DateIn(1) }, 1),
        (Fault::Unauthorized { until_token_changes: false }, 1),
        (Fault::CaptivePortal { redirect: false }, 2),
        (Fault::CaptivePortal { redirect: true }, 2),
        (Fault::Slow { bytes_per_second: 400_000 }, 3),
        (Fault::WrongHash, 1),
        (Fault::WrongSize, 1),
        (Fault::Corrupted, 1),
        (Fault::AcceptTwice, 2),
        (Fault::DuplicateListing, 5),
    ]
}
