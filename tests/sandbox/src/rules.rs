//! Which requests meet which faults: rules, counted down and thrown for, and the plan that a request gets.
//!
//! Owns: matching a request against the rules, their counts, the seeded dice. Never: touches a socket, a file or the
//! world; `front` acts on the [`Plan`].
//!
//! ```text
//! rules --match(system, operation, work order)--> the first fault that decides the answer
//!                                              +  every trait of the entry or listing, if the request gets that far
//! ```

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Moment, Stage};
use crate::provider::{Operation, Provider};
use crate::systems::system;

/// How often a rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Times {
    /// A number of requests.
    Count(u32),
    /// Until the rule is removed.
    Forever(Forever),
}

/// The word `forever`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forever {
    /// No end.
    Forever,
}

impl Default for Times {
    fn default() -> Self {
        Self::Count(1)
    }
}

/// A fault, and which requests meet it. A fault alone is a rule for the next request that it concerns.
///
/// ```
/// use fieldpost_sandbox::{Fault, Operation, Provider, Rule};
///
/// let rule = Rule::new(Fault::LoseAnswer).on(Provider::CorrigoPro).operation(Operation::Upload).forever().chance(0.3, 42);
/// # let _ = rule;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only this system.
    #[serde(default)]
    pub system: Option<Provider>,
    /// Only this operation.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only this work order. Where the id stands in the body (CorrigoPro's POST, PUT and DELETE), faults that act
    /// before the whole body was read cannot match.
    #[serde(default)]
    pub work_order: Option<String>,
    /// How often it acts.
    #[serde(default)]
    pub times: Times,
    /// Matching requests let through first.
    #[serde(default)]
    pub skip: u32,
    /// Chance of acting on a matching request; absent for always.
    #[serde(default)]
    pub probability: Option<f64>,
    /// Seed of the dice.
    #[serde(default)]
    pub seed: u64,
    /// What goes wrong.
    pub fault: Fault,
}

impl Rule {
    /// `fault` for the next request that it concerns.
    pub fn new(fault: Fault) -> Self {
        Self {
            system: None,
            operation: None,
            work_order: None,
            times: Times::default(),
            skip: 0,
            probability: None,
            seed: 0,
            fault,
        }
    }

    /// Only on this system.
    pub fn on(mut self, system: Provider) -> Self {
        self.system = Some(system);
        self
    }

    /// Only for this operation.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Only for this work order.
    pub fn work_order(mut self, id: impl Into<String>) -> Self {
        self.work_order = Some(id.into());
        self
    }

    /// This many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Times::Count(times);
        self
    }

    /// Until it is removed.
    pub fn forever(mut self) -> Self {
        self.times = Times::Forever(Forever::Forever);
        self
    }

    /// After this many matching requests were let through.
    pub fn skip(mut self, first: u32) -> Self {
        self.skip = first;
        self
    }

    /// With this chance, by dice of its own.
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.probability = Some(probability);
        self.seed = seed;
        self
    }

    /// What is wrong with the rule itself, in words.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        let filtered = self.system.is_some() || self.operation.is_some() || self.work_order.is_some();
        if self.fault == Fault::Unreachable && filtered {
            return Some(
                "unreachable is decided before a request is read: it takes no system, operation or work_order",
            );
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Some("probability is between 0 and 1");
        }
        match &self.fault {
            Fault::Slow { bytes_per_second: 0 } => Some("bytes_per_second is at least 1"),
            Fault::Status { status, .. } | Fault::AcceptLate { status: Some(status), .. }
                if !(200..=599).contains(status) =>
            {
                Some("status is between 200 and 599")
            }
            _ => None,
        }
    }
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}

/// Names a rule that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub u64);

/// A rule and what it has done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleStatus {
    /// Its name.
    pub id: RuleId,
    /// How often it has acted.
    pub hits: u64,
    /// How often it can still act.
    pub left: Times,
    /// The rule as it was given.
    #[serde(flatten)]
    pub rule: Rule,
}

/// What a rule is matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) system: Provider,
    /// `None`: not one of the documented operations.
    pub(crate) operation: Option<Operation>,
    /// `None`: not known (yet).
    pub(crate) work_order: Option<&'a str>,
    /// A digest of the token that came with it.
    pub(crate) token: Option<[u8; 32]>,
}

impl Subject<'_> {
    /// Whether it is known to be of that work order, by any of its ids.
    fn is_of(&self, work_order: &str) -> bool {
        self.work_order.is_some_and(|w| w == system(self.system).work_order_id(work_order))
    }
}

/// What a request meets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The one fault that decides the answer.
    pub(crate) decisive: Option<Fault>,
    /// The others.
    pub(crate) traits: Vec<Fault>,
}

impl Plan {
    /// The kinds of all faults of the plan, for the log.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.decisive.iter().chain(&self.traits).map(|f| f.kind().to_owned()).collect()
    }

    /// The speed limit, if there is one.
    pub(crate) fn pace(&self) -> Option<u32> {
        self.traits.iter().find_map(|f| match f {
            Fault::Slow { bytes_per_second } => Some(*bytes_per_second),
            _ => None,
        })
    }
}

/// All rules, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Live>,
    last: u64,
}

#[derive(Debug)]
struct Live {
    status: RuleStatus,
    skip: u32,
    dice: Dice,
    /// The token that `until_token_changes` refuses.
    refused: Option<[u8; 32]>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) -> RuleId {
        self.last += 1;
        let id = RuleId(self.last);
        let (skip, dice) = (rule.skip, Dice(rule.seed));
        let status = RuleStatus { id, hits: 0, left: rule.times, rule };
        self.rules.push(Live { status, skip, dice, refused: None });
        id
    }

    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|r| r.status.id != id);
        self.rules.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn list(&self) -> Vec<RuleStatus> {
        self.rules.iter().map(|r| r.status.clone()).collect()
    }

    /// Whether a new connection is to be closed unread.
    pub(crate) fn refuses_connection(&mut self) -> bool {
        self.rules.iter_mut().any(|r| r.stage() == Stage::Connection && r.acts(None))
    }

    /// What a request meets, by all that its head tells.
    pub(crate) fn plan(&mut self, subject: Subject<'_>) -> Plan {
        self.plan_of(subject, |_| true)
    }

    /// What it meets besides, once its body told the work order: only rules that ask for one, and can still act.
    pub(crate) fn plan_by_work_order(&mut self, subject: Subject<'_>) -> Plan {
        self.plan_of(subject, |rule| {
            let too_late = matches!(
                rule.fault,
                Fault::DropBeforeBody | Fault::DropInBody { .. } | Fault::Status { when: Moment::Early, .. }
            );
            rule.work_order.is_some() && !too_late
        })
    }

    fn plan_of(&mut self, subject: Subject<'_>, also: impl Fn(&Rule) -> bool) -> Plan {
        let decisive = self.rules.iter_mut().find_map(|r| {
            let asked = matches!(r.stage(), Stage::Door | Stage::Answer) && also(&r.status.rule);
            (asked && r.meets(subject)).then(|| (r.status.rule.fault.clone(), r.stage()))
        });
        // A request that is not processed has no entry and no listing; only its speed can be wrong as well.
        let refused = matches!(decisive, Some((_, Stage::Door)));
        let traits = self.rules.iter_mut().filter_map(|r| {
            let slow = matches!(r.status.rule.fault, Fault::Slow { .. });
            let asked = r.stage() == Stage::Trait && (slow || !refused) && also(&r.status.rule);
            (asked && r.meets(subject)).then(|| r.status.rule.fault.clone())
        });
        Plan { traits: traits.collect(), decisive: decisive.map(|(fault, _)| fault) }
    }
}

impl Live {
    fn stage(&self) -> Stage {
        self.status.rule.fault.stage()
    }

    fn meets(&mut self, subject: Subject<'_>) -> bool {
        let rule = &self.status.rule;
        let matches = rule.system.is_none_or(|s| s == subject.system)
            && rule.operation.is_none_or(|o| Some(o) == subject.operation)
            && rule.work_order.as_deref().is_none_or(|w| subject.is_of(w))
            && subject.operation.is_none_or(|o| rule.fault.concerns(o) || rule.fault.is_for_folder(rule.operation, o));
        matches && self.acts(subject.token)
    }

    /// Counts down, throws the dice, and says whether the rule acts on a request that matches.
    fn acts(&mut self, token: Option<[u8; 32]>) -> bool {
        if self.status.left == Times::Count(0) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.status.rule.probability.is_some_and(|p| self.dice.throw() >= p) {
            return false;
        }
        if self.status.rule.fault == (Fault::Unauthorized { until_token_changes: true }) {
            return self.refuses_token(token);
        }
        if let Times::Count(left) = &mut self.status.left {
            *left -= 1;
        }
        self.status.hits += 1;
        true
    }

    fn refuses_token(&mut self, token: Option<[u8; 32]>) -> bool {
        if *self.refused.get_or_insert(token.unwrap_or_default()) == token.unwrap_or_default() {
            self.status.hits += 1;
            return true;
        }
        self.refused = None;
        if let Times::Count(left) = &mut self.status.left {
            *left -= 1;
        }
        false
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, seeded, the same on every machine.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// Even in 0..1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn upload(work_order: Option<&str>) -> Subject<'_> {
        Subject { system: Provider::CorrigoPro, operation: Some(Operation::Upload), work_order, token: None }
    }

    #[test]
    fn a_rule_acts_as_often_as_it_says_after_those_it_skips() {
        let mut rules = Rules::default();
        rules.add(Rule::new(Fault::LoseAnswer).skip(1).times(2));
        let met: Vec<bool> = (0..5).map(|_| rules.plan(upload(None)).decisive.is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert_eq!(rules.list()[0].hits, 2);
    }

    #[test]
    fn the_first_decisive_fault_wins_and_the_others_are_kept() {
        let mut rules = Rules::default();
        rules.add(Rule::new(Fault::LoseAnswer));
        rules.add(Rule::new(Fault::HalfAnswer));
        assert_eq!(rules.plan(upload(None)).decisive, Some(Fault::LoseAnswer));
        assert_eq!(rules.plan(upload(None)).decisive, Some(Fault::HalfAnswer));
    }

    #[test]
    fn a_fault_of_the_entry_is_not_spent_on_a_request_that_is_not_processed() {
        let mut rules = Rules::default();
        rules.add(Rule::new(Fault::WrongHash));
        rules.add(Rule::new(Fault::status_before(503)));
        assert!(rules.plan(upload(None)).traits.is_empty());
        assert_eq!(rules.plan(upload(None)).traits, [Fault::WrongHash]);
    }

    #[test]
    fn an_uploads_fault_is_not_spent_on_a_listing() {
        let mut rules = Rules::default();
        rules.add(Rule::new(Fault::WrongHash));
        let listing = Subject { operation: Some(Operation::List), ..upload(Some("1")) };
        assert!(rules.plan(listing).traits.is_empty());
        assert_eq!(rules.list()[0].hits, 0);
    }

    #[test]
    fn the_dice_are_the_same_for_the_same_seed_and_near_their_chance() {
        let throw = |seed| {
            let mut rules = Rules::default();
            rules.add(Rule::new(Fault::LoseAnswer).forever().chance(0.3, seed));
            (0..1000).map(|_| rules.plan(upload(None)).decisive.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
        let hits = throw(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits} of 1000");
    }

    #[test]
    fn a_rule_reads_back_from_its_json() {
        let json = r#"{"system": "corrigopro", "operation": "upload", "times": "forever", "probability": 0.3, "seed": 9,
                       "fault": {"kind": "accept_late", "after_seconds": 2.5, "status": 503}}"#;
        let rule: Rule = serde_json::from_str(json).unwrap();
        assert_eq!(rule.fault, Fault::AcceptLate { after: Duration::from_millis(2500), status: Some(503) });
        assert_eq!(serde_json::from_value::<Rule>(serde_json::to_value(&rule).unwrap()).unwrap(), rule);
    }

    #[test]
    fn a_rule_that_cannot_act_is_refused_with_a_reason() {
        assert!(Rule::new(Fault::Unreachable).on(Provider::CorrigoPro).complaint().is_some());
        assert!(Rule::new(Fault::LoseAnswer).chance(1.5, 0).complaint().is_some());
        assert!(Rule::new(Fault::Slow { bytes_per_second: 0 }).complaint().is_some());
        assert!(Rule::new(Fault::Unreachable).complaint().is_none());
    }
}
