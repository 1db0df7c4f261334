//! What the outcome of an operation does to its item and to its account.

use std::time::Duration;

use super::backoff::Backoff;
use crate::model::{
    Action, Alone, Doubtful, Moment, Now, Operation, Proof, Reason, Receipt, RemoteId, Row, Stage, Standing, Trust,
    Wait, Why, Wish, millis,
};
use crate::providers::{Doubt, Hold, Outcome};

/// What a decision may look at beside the rows.
pub(crate) struct Context<'a> {
    pub now: &'a Now,
    /// How long after a doubt a listing must be taken to prove absence.
    pub settle: Duration,
    pub backoff: &'a Backoff,
    /// Uniform over `u64`.
    pub chance: u64,
}

/// Applies `outcome` to the item that was `sending`. `claimed`: the remote id of its answer stands on another receipt.
/// `others`: the account has other items ready to go.
pub(crate) fn answered(
    row: &mut Row,
    standing: &mut Standing,
    outcome: Outcome,
    claimed: bool,
    others: bool,
    cx: &Context<'_>,
) {
    match outcome {
        Outcome::Delivered(id) if claimed => doubt(row, odd_id(&id), cx),
        Outcome::Delivered(id) => {
            if standing.trust == Trust::Untested && row.manifest.operation == Operation::Upload {
                standing.trust = Trust::Checking { item: row.id(), due: Wait::new(cx.now, cx.settle), untold: 0 };
            }
            well(standing);
            standing.proofs += 1;
            delivered(row, Some(id), Proof::Answer, Vec::new(), cx.now);
        }
        // Another deletion came first: what was wanted is so.
        Outcome::Blocked(why) if is_gone(row.manifest.operation, why.reason) && row.life.about.is_some() => {
            well(standing);
            delivered(row, row.life.about.clone(), Proof::Answer, Vec::new(), cx.now);
        }
        Outcome::Wait(held) => {
            if held.reason == Reason::NoNetwork {
                row.life.attempts = row.life.attempts.saturating_sub(1);
            } else {
                row.life.failures += 1;
            }
            wait(row, standing, held, others, cx);
        }
        Outcome::Stopped | Outcome::TokenWanted => {
            row.life.attempts = row.life.attempts.saturating_sub(1);
            again(row, None, None);
        }
        Outcome::InDoubt(cause) => {
            if cause.host_ill {
                ill(standing, cause.reason, cause.detail.clone(), cause.asked, cx);
            }
            if row.manifest.operation == Operation::Upload {
                doubt(row, cause, cx);
            } else {
                do_again(row, standing, cause, cx);
            }
        }
        Outcome::Blocked(why) => {
            well(standing);
            blocked(row, why, None);
        }
    }
}

/// Whether what was to be deleted is not there.
fn is_gone(operation: Operation, reason: Reason) -> bool {
    match operation {
        Operation::Delete => reason == Reason::AttachmentMissing,
        Operation::DeleteFolder => reason == Reason::FolderMissing,
        Operation::Upload | Operation::Update => false,
    }
}

/// An answer named an attachment that is another item's: it proves nothing.
fn odd_id(id: &RemoteId) -> Doubt {
    Doubt::new(Reason::Looking, format!("the system answered the id {id}, which another item has"))
}

fn wait(row: &mut Row, standing: &mut Standing, held: Hold, others: bool, cx: &Context<'_>) {
    ill(standing, held.reason, held.detail.clone(), held.asked, cx);
    let why = Why::new(held.reason, held.detail);
    // The next probe is another item where there is one: this may be the item's own fault.
    if others && row.life.failures > 1 {
        failed(row, standing, why, held.asked, cx);
    } else {
        again(row, None, None);
    }
}

/// An update or a deletion in doubt: the same again does no harm, and nothing is sent twice by it. A refusal that no document
/// tells of needs no look either.
fn do_again(row: &mut Row, standing: &Standing, cause: Doubt, cx: &Context<'_>) {
    match cause.refusal {
        Some(refusal) => blocked(row, refusal, None),
        None => {
            row.life.failures += 1;
            let reason = if cause.reason == Reason::Looking { Reason::ServerBusy } else { cause.reason };
            failed(row, standing, Why::new(reason, cause.detail), cause.asked, cx);
        }
    }
}

/// An item that fails for so long while others of its account pass is shown to a person.
pub(crate) const ALONE: Duration = Duration::from_secs(3 * 24 * 3600);

/// It failed once more, and nothing of it is there: it goes again after a wait of its own. Where others of its account passed
/// meanwhile, the system's trouble may be this very item: it waits longer each time, and after [`ALONE`] needs a person.
pub(super) fn failed(row: &mut Row, standing: &Standing, why: Why, asked: Option<Duration>, cx: &Context<'_>) {
    let passed = row.life.failures > 1 && standing.proofs > row.life.alone.proofs;
    row.life.alone.proofs = standing.proofs;
    let mut length = cx.backoff.or_asked(asked, row.life.failures, cx.chance);
    if passed && why.reason == Reason::ServerBusy {
        length = length.max(cx.backoff.alone(row.life.failures, cx.chance));
        row.life.alone.waited_ms = row.life.alone.waited_ms.saturating_add(millis(length));
        if row.life.alone.waited_ms >= millis(ALONE) {
            row.life.alone = Alone::default();
            return blocked(row, why.action(Action::Review), None);
        }
    }
    again(row, Some(why), Some(Wait::new(cx.now, length)));
}

/// The item goes again, at once or after a wait of its own; or is given up, where a person wants that.
pub(crate) fn again(row: &mut Row, why: Option<Why>, due: Option<Wait>) {
    if row.life.wish.take_if(|wish| *wish == Wish::Cancel).is_some() {
        row.stage = Stage::Cancelled;
        row.due = None;
    } else {
        row.stage = Stage::Queued { why };
        row.due = due;
    }
}

/// The item may have arrived: look at once.
pub(crate) fn doubt(row: &mut Row, cause: Doubt, cx: &Context<'_>) {
    row.stage = Stage::Verifying(fresh(cause, Moment::of(cx.now)));
    row.due = Some(Wait::over(cx.now));
}

/// A doubt that nobody has looked into.
pub(crate) fn fresh(cause: Doubt, since: Moment) -> Doubtful {
    Doubtful { since, cause, failed_looks: 0, unreadable_looks: 0, look_failed: None, review: false }
}

/// The item needs a person; or is given up, where a person wants that and no doubt is left.
pub(crate) fn blocked(row: &mut Row, why: Why, doubt: Option<Doubtful>) {
    row.due = None;
    if doubt.is_none() && row.life.wish.take_if(|wish| *wish == Wish::Cancel).is_some() {
        row.stage = Stage::Cancelled;
    } else {
        row.stage = Stage::Blocked { why, doubt };
    }
}

/// The item is there.
pub(crate) fn delivered(row: &mut Row, remote_id: Option<RemoteId>, proof: Proof, surplus: Vec<RemoteId>, now: &Now) {
    row.stage = Stage::Delivered { receipt: Receipt { remote_id, delivered_at: now.wall, proof, surplus } };
    row.due = None;
    row.life.wish = None;
    row.life.failures = 0;
    row.life.alone = Alone::default();
    row.life.restored = None;
}

/// The host or the network is ill: the account waits as a whole, then one transfer goes alone.
pub(super) fn ill(
    standing: &mut Standing,
    reason: Reason,
    detail: Option<String>,
    asked: Option<Duration>,
    cx: &Context<'_>,
) {
    // Several transfers that were under way together fail together: that is one failure, not several.
    if standing.wait.as_ref().is_some_and(|(wait, _)| !wait.is_over(cx.now)) && asked.is_none() {
        return;
    }
    standing.failures += 1;
    let length = cx.backoff.or_asked(asked, standing.failures, cx.chance);
    standing.wait = Some((Wait::new(cx.now, length), Why::new(reason, detail)));
    standing.probing = true;
}

/// The host is well.
pub(super) fn well(standing: &mut Standing) {
    standing.failures = 0;
    standing.wait = None;
    standing.probing = false;
}

#[cfg(test)]
mod tests {
    use super::super::examples::{context, hold, in_doubt, now, row, sending};
    use super::*;

    #[test]
    fn a_proof_in_the_answer_delivers_and_asks_the_listing_to_earn_trust() {
        let (mut row, mut standing) = (sending(), Standing::default());
        answered(&mut row, &mut standing, Outcome::Delivered(RemoteId("a1".into())), false, false, &context(&now(0)));
        let Stage::Delivered { receipt } = &row.stage else { panic!("{:?}", row.stage) };
        assert_eq!((receipt.remote_id.as_ref().unwrap().0.as_str(), receipt.proof), ("a1", Proof::Answer));
        let Trust::Checking { item, due, .. } = standing.trust else { panic!("{:?}", standing.trust) };
        assert_eq!((item, due.left(&now(0))), (row.id(), Duration::from_secs(20)));
    }

    #[test]
    fn an_id_that_another_receipt_has_proves_nothing() {
        let (mut row, mut standing) = (sending(), Standing::default());
        answered(&mut row, &mut standing, Outcome::Delivered(RemoteId("a1".into())), true, false, &context(&now(0)));
        assert!(matches!(row.stage, Stage::Verifying(_)));
        assert_eq!(standing.trust, Trust::Untested);
    }

    #[test]
    fn an_unreachable_host_makes_its_account_wait_once_and_keeps_the_item_queued() {
        let (mut row, mut standing) = (sending(), Standing::default());
        let outcome = || Outcome::Wait(hold(Reason::Unreachable));
        answered(&mut row, &mut standing, outcome(), false, true, &context(&now(0)));
        assert_eq!(row.stage, Stage::Queued { why: None });
        assert_eq!((standing.failures, standing.probing), (1, true));
        answered(&mut sending(), &mut standing, outcome(), false, true, &context(&now(0)));
        assert_eq!(standing.failures, 1, "what was under way together fails as one");
        answered(&mut sending(), &mut standing, outcome(), false, true, &context(&now(60_000)));
        assert_eq!(standing.failures, 2);
    }

    #[test]
    fn an_item_that_keeps_failing_lets_another_be_the_probe() {
        let (mut row, mut standing) = (sending(), Standing::default());
        row.life.failures = 1;
        let outcome = Outcome::Wait(hold(Reason::Unreachable));
        answered(&mut row, &mut standing, outcome.clone(), false, true, &context(&now(0)));
        assert!(row.due.is_some() && matches!(row.stage, Stage::Queued { why: Some(_) }));
        let mut alone = sending();
        alone.life.failures = 1;
        answered(&mut alone, &mut Standing::default(), outcome, false, false, &context(&now(0)));
        assert_eq!(alone.due, None, "with no other it is the probe itself");
    }

    #[test]
    fn a_refused_token_spends_no_attempt() {
        let mut row = sending();
        row.life.attempts = 1;
        answered(&mut row, &mut Standing::default(), Outcome::TokenWanted, false, false, &context(&now(0)));
        assert_eq!((row.life.attempts, row.stage), (0, Stage::Queued { why: None }));
    }

    #[test]
    fn a_doubt_looks_at_once_though_its_account_waits() {
        let (mut row, mut standing) = (sending(), Standing::default());
        answered(&mut row, &mut standing, in_doubt(true), false, false, &context(&now(0)));
        assert!(row.due.unwrap().is_over(&now(0)));
        assert!(standing.wait.is_some());
    }

    #[test]
    fn a_wish_to_cancel_is_done_once_no_doubt_is_left() {
        let mut waiting = row();
        waiting.stage = Stage::Sending;
        waiting.life.wish = Some(Wish::Cancel);
        let mut doubtful = waiting.clone();
        answered(&mut waiting, &mut Standing::default(), Outcome::Stopped, false, false, &context(&now(0)));
        assert_eq!(waiting.stage, Stage::Cancelled);
        answered(&mut doubtful, &mut Standing::default(), in_doubt(false), false, false, &context(&now(0)));
        assert!(matches!(doubtful.stage, Stage::Verifying(_)));
        assert_eq!(doubtful.life.wish, Some(Wish::Cancel));
    }
}
