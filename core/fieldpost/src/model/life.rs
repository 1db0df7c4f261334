//! Where an item and an account stand, as the store keeps it and `dispatch` decides on it. Plain data.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Account, Flag, ItemId, Now, Reason, Receipt, RemoteId, Repair, RequestId, Requires, Sent, Snapshot, Timestamp, Why,
};
use crate::providers::Doubt;
use crate::store::{Fit, Manifest, ORIGINAL, Target};

/// An item's row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The order of capture in this database.
    pub seq: i64,
    /// The facts of the capture.
    pub manifest: Manifest,
    /// Its rank.
    pub priority: i32,
    /// Whether the item that it goes after is not delivered yet.
    pub held: bool,
    /// Where it stands.
    pub stage: Stage,
    /// When it wants to be looked at again: the end of its own wait, or its next look.
    pub due: Option<Wait>,
    /// All else that changes.
    pub life: Life,
}

impl Row {
    pub(crate) fn id(&self) -> ItemId {
        self.manifest.id
    }

    /// Whether it was given up before what would be sent of it was made.
    pub(crate) fn is_given_up_unprepared(&self) -> bool {
        self.stage == Stage::Cancelled && self.life.body.is_none()
    }

    /// What its files take on the disk, manifest and journal aside.
    pub(crate) fn bytes(&self) -> u64 {
        if self.life.files != Files::Here {
            return 0;
        }
        let original = self.manifest.original.map_or(0, |original| original.bytes.0);
        let body = self.life.body.as_ref().filter(|body| body.file != ORIGINAL).map_or(0, |body| body.sent.bytes.0);
        original + body
    }

    /// When it was delivered, in milliseconds, while its files are still here; before all times once they are going. `None`: there
    /// is nothing to clear.
    pub(crate) fn kept_since(&self) -> Option<i64> {
        match (&self.stage, self.life.files) {
            (Stage::Delivered { receipt }, Files::Here) if self.manifest.original.is_some() => {
                Some(receipt.delivered_at.millis())
            }
            (Stage::Delivered { .. }, Files::Going) => Some(i64::MIN),
            _ => None,
        }
    }

    /// Whether a system may have it, sent from here or from another phone: what a person wants of it waits until that is known.
    pub(crate) fn may_be_there(&self) -> bool {
        self.stage == Stage::Sending || self.stage.doubt().is_some() || self.life.restored.is_some()
    }

    /// What it asks of the phone: its own wishes, and its account's for large bodies.
    pub(crate) fn requires(&self) -> Requires {
        let (own, account) = (self.manifest.requires, self.life.asked);
        Requires { unmetered: own.unmetered || account.unmetered, charging: own.charging || account.charging }
    }
}

/// What changes about an item in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// Where it goes, under which name.
    pub target: Target,
    /// How far it is made smaller.
    pub fit: Option<Fit>,
    /// The MIME type that is sent.
    pub mime: String,
    /// The file that is sent, once prepared.
    pub body: Option<Body>,
    /// What is remarkable.
    pub flags: Vec<Flag>,
    /// The same on every try of this operation.
    pub request_id: RequestId,
    /// Tries that left the phone.
    pub attempts: u32,
    /// Tries that failed in a row.
    pub failures: u32,
    /// What its account asks of the phone for it. Schema 1 knew only whether it was large.
    #[serde(default, alias = "large", deserialize_with = "asked")]
    pub asked: Requires,
    /// What a person wants of it once its doubt is settled.
    pub wish: Option<Wish>,
    /// What an update or delete is about, once that is known.
    #[serde(default)]
    pub about: Option<RemoteId>,
    /// How it fails while others of its account pass.
    #[serde(default)]
    pub alone: Alone,
    /// It is looked for before it is sent: the outbox was restored from a backup, another phone may have sent it. While that
    /// look runs, what it looks for.
    #[serde(default)]
    pub restored: Option<Restored>,
    /// Whether its files are still here.
    #[serde(default)]
    pub files: Files,
}

/// Whether the files of an item are still here: those of a delivered one are cleared in time. Two steps, so that a kill
/// between them neither looks like damage nor leaves a file behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Files {
    /// As they were captured and prepared.
    #[default]
    Here,
    /// Being removed, or left half removed: nobody needs them, the next pass removes the rest.
    Going,
    /// Removed, durably.
    Gone,
}

fn asked<'de, D: Deserializer<'de>>(json: D) -> Result<Requires, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Asked {
        Large(bool),
        Requires(Requires),
    }
    Ok(match Asked::deserialize(json)? {
        Asked::Large(unmetered) => Requires { unmetered, charging: false },
        Asked::Requires(requires) => requires,
    })
}

/// An item that fails again and again while others of its account pass: a 5xx may be its own fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Alone {
    /// What its account had delivered when it last failed.
    pub proofs: u64,
    /// How long it has waited alone, in milliseconds.
    pub waited_ms: u64,
}

/// An item of a restored outbox, before its first look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Restored {
    /// To be looked for once it is ready.
    Unlooked,
    /// It is looked for by this.
    Looking(Box<Snapshot>),
}

/// The file that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// Its name in the item's folder.
    pub file: String,
    /// Its facts.
    pub sent: Sent,
}

/// What a person wants of an item in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wish {
    /// To be given up.
    Cancel,
    /// To go otherwise, if it is not there.
    Repair(Box<Repair>),
}

/// Where an item stands: a state that cannot be is one that cannot be written here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Durable, its body not prepared.
    Captured,
    /// Ready; with a reason while a wait of its own runs.
    Queued {
        /// Why it waits, while it does.
        why: Option<Why>,
    },
    /// An attempt is journaled and may be on its way.
    Sending,
    /// It may have arrived.
    Verifying(Doubtful),
    /// A whole list does not show it, but that list has not earned trust yet.
    Absent(Doubtful),
    /// It needs a person.
    Blocked {
        /// What for.
        why: Why,
        /// The doubt that was not settled, if there is one.
        doubt: Option<Doubtful>,
    },
    /// Proved.
    Delivered {
        /// The proof.
        receipt: Receipt,
    },
    /// Given up.
    Cancelled,
}

impl Stage {
    /// The name in the store's `stage` column.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Stage::Captured => "captured",
            Stage::Queued { .. } => "queued",
            Stage::Sending => "sending",
            Stage::Verifying(_) => "verifying",
            Stage::Absent(_) => "absent",
            Stage::Blocked { .. } => "blocked",
            Stage::Delivered { .. } => "delivered",
            Stage::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen by itself or by a person's answer.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Stage::Delivered { .. } | Stage::Cancelled)
    }

    /// The unsettled doubt, if there is one.
    pub(crate) fn doubt(&self) -> Option<&Doubtful> {
        match self {
            Stage::Verifying(doubt) | Stage::Absent(doubt) => Some(doubt),
            Stage::Blocked { doubt, .. } => doubt.as_ref(),
            _ => None,
        }
    }
}

/// A doubt, and how far looking has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Doubtful {
    /// When it arose.
    pub since: Moment,
    /// What it is about.
    pub cause: Doubt,
    /// Looks in a row that failed.
    pub failed_looks: u32,
    /// Looks in a row to which the system gave no readable answer.
    pub unreadable_looks: u32,
    /// Why the last look failed, until one succeeds.
    pub look_failed: Option<(Reason, Option<String>)>,
    /// Absence is not enough to send again: the outbox was rebuilt, a person must say.
    pub review: bool,
}

/// A moment that outlives a change of the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    wall: Timestamp,
    mono_ms: u64,
    boot: String,
}

impl Moment {
    pub(crate) fn of(now: &Now) -> Self {
        Moment { wall: now.wall, mono_ms: millis(now.mono), boot: now.boot.clone() }
    }

    /// How long ago it was, at the least. A moment of another boot lies before this boot began.
    pub(crate) fn age(&self, now: &Now) -> Duration {
        if self.boot == now.boot { now.mono.saturating_sub(Duration::from_millis(self.mono_ms)) } else { now.mono }
    }
}

/// A wait that ends by the monotonic clock of the present boot. `wall` is for people and for the next boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wait {
    /// Its end on the wall clock, as it was when the wait began.
    pub wall: Timestamp,
    /// Its whole length in milliseconds.
    pub length_ms: u64,
    /// Its end on this boot's monotonic clock, in milliseconds.
    pub mono_ms: u64,
}

/// So many milliseconds between the two clocks are the time between their readings, not a clock that was set.
const DRIFT: u64 = 1_000;

impl Wait {
    /// A wait of `length` from now.
    pub(crate) fn new(now: &Now, length: Duration) -> Self {
        Wait {
            wall: now.wall.after(length),
            length_ms: millis(length),
            mono_ms: millis(now.mono).saturating_add(millis(length)),
        }
    }

    /// No wait: due at once.
    pub(crate) fn over(now: &Now) -> Self {
        Wait::new(now, Duration::ZERO)
    }

    /// How long it still lasts.
    pub(crate) fn left(&self, now: &Now) -> Duration {
        Duration::from_millis(self.mono_ms).saturating_sub(now.mono)
    }

    pub(crate) fn is_over(&self, now: &Now) -> bool {
        self.left(now).is_zero()
    }

    /// Its end as the wall clock tells it now: the same at each reading, unless that clock was set meanwhile.
    pub(crate) fn ends(&self, now: &Now) -> Timestamp {
        let ends = now.wall.after(self.left(now));
        if ends.millis().abs_diff(self.wall.millis()) < DRIFT { self.wall } else { ends }
    }

    /// The same wait on a new boot: what the wall clock leaves of it, never more than its own length.
    pub(crate) fn anchored(&self, now: &Now) -> Self {
        let left = self
            .wall
            .millis()
            .saturating_sub(now.wall.millis())
            .clamp(0, i64::try_from(self.length_ms).unwrap_or(i64::MAX));
        let left = u64::try_from(left).unwrap_or(0);
        Wait { mono_ms: millis(now.mono).saturating_add(left), ..*self }
    }
}

/// Whole milliseconds.
pub(crate) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// An account's row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AccountRow {
    /// As the app configured it.
    pub account: Account,
    /// Where it stands.
    pub standing: Standing,
}

/// Where an account stands as a whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// All of it waits, and why.
    pub wait: Option<(Wait, Why)>,
    /// Failures of the host or the network in a row.
    pub failures: u32,
    /// After a wait one transfer goes alone, to find out whether the host is back.
    pub probing: bool,
    /// No token could be had, or two in a row were refused.
    pub token_wanted: bool,
    /// Whether its listings prove absence.
    pub trust: Trust,
    /// When it was last served: fairness between accounts.
    pub served: i64,
    /// How many operations its answers proved.
    #[serde(default)]
    pub proofs: u64,
    /// The person whose token was last handed in, where that was told.
    #[serde(default)]
    pub person: Option<String>,
}

impl Standing {
    /// What of it holds the account's items up, and so shows in their reasons.
    pub(crate) fn holds(&self) -> (Option<&(Wait, Why)>, bool, Option<&str>) {
        (self.wait.as_ref(), self.token_wanted, self.person.as_deref())
    }
}

/// Whether an account's listings prove absence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "trust", rename_all = "snake_case")]
pub(crate) enum Trust {
    /// Not known yet; `check` names the delivered item that a listing must show, and from when on.
    #[default]
    #[serde(rename = "untested")]
    Untested,
    /// A delivery was proved by its answer: the listing must show it.
    Checking {
        /// The item.
        item: ItemId,
        /// From when on.
        due: Wait,
        /// Listings in a row that told neither.
        #[serde(default)]
        untold: u32,
    },
    /// A listing showed a file of ours.
    Trusted,
    /// A listing did not show a file that was delivered: absence proves nothing here, until the URL changes.
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: i64, mono: u64, boot: &str) -> Now {
        Now { wall: Timestamp::from_millis(wall), mono: Duration::from_millis(mono), boot: boot.into() }
    }

    #[test]
    fn a_wait_ignores_a_wall_clock_that_jumps() {
        let wait = Wait::new(&at(1_000_000, 5_000, "a"), Duration::from_secs(60));
        assert_eq!(wait.left(&at(9_999_999_999, 15_000, "a")), Duration::from_secs(50));
        assert_eq!(wait.left(&at(-5, 65_000, "a")), Duration::ZERO);
    }

    #[test]
    fn a_new_boot_re_anchors_a_wait_within_its_own_length() {
        let wait = Wait::new(&at(1_000_000, 5_000, "a"), Duration::from_secs(60));
        assert_eq!(wait.anchored(&at(1_020_000, 100, "b")).left(&at(0, 100, "b")), Duration::from_secs(40));
        assert_eq!(wait.anchored(&at(-9_000_000, 100, "b")).left(&at(0, 100, "b")), Duration::from_secs(60));
        assert!(wait.anchored(&at(9_000_000, 100, "b")).is_over(&at(0, 100, "b")));
    }

    #[test]
    fn a_moment_of_another_boot_is_as_old_as_this_boot_at_least() {
        let moment = Moment::of(&at(1_000_000, 5_000, "a"));
        assert_eq!(moment.age(&at(0, 7_000, "a")), Duration::from_secs(2));
        assert_eq!(moment.age(&at(99_000_000, 3_000, "b")), Duration::from_secs(3));
    }
}
