//! What a look does to each doubt that it served, and to the trust in its account's listings.

use super::answer::{self, Context};
use crate::model::{Doubtful, Now, Proof, Reason, Row, Stage, Standing, Trust, Wait, Why};
use crate::providers::Hold;
use crate::providers::outcome::both_missing;
use crate::providers::recognise::Sighting;

/// After so many looks in a row without a readable answer, a person is asked.
pub(crate) const UNREADABLE_LOOKS: u32 = 3;

/// Applies what a listing shows of one doubt. `started`: when the listing was asked for; `complete`: whether it is all.
pub(crate) fn sighted(
    row: &mut Row,
    standing: &mut Standing,
    sighting: Sighting,
    complete: bool,
    started: &Now,
    cx: &Context<'_>,
) {
    let Some(doubt) = row.stage.doubt().cloned() else { return };
    let settled = doubt.since.age(started) >= cx.settle;
    // Others' files say nothing, unless an answer said that ours was taken: then one of them may be it, under another user.
    let sighting = match sighting {
        Sighting::New { ours, .. } if ours.is_empty() && !doubt.cause.was_answered_well() => Sighting::Absent,
        sighting => sighting,
    };
    match sighting {
        Sighting::Ours { remote_id, surplus } => {
            standing.trust = Trust::Trusted;
            answer::delivered(row, Some(remote_id), Proof::Found, surplus, cx.now);
        }
        // An answer said that it was taken, and just one has come: that is it.
        Sighting::New { ours, .. } if ours.len() == 1 && doubt.cause.was_answered_well() => {
            standing.trust = Trust::Trusted;
            answer::delivered(row, ours.into_iter().next(), Proof::Found, Vec::new(), cx.now);
        }
        Sighting::Absent if !complete => {
            unreadable(row, &Why::new(Reason::OutcomeUnknown, "the list is not complete".to_owned()), None, cx);
        }
        _ if !settled => later(row, doubt, cx),
        Sighting::Mismatch { detail, confirmed, .. } => {
            let why = Why::new(Reason::HashMismatch, detail);
            // The bytes could not be had this time: that is no confirmation.
            if confirmed { answer::blocked(row, why, Some(doubt)) } else { unreadable(row, &why, None, cx) }
        }
        Sighting::Stranger { remote_id } => {
            let detail = format!("the same bytes are there under another name (id {remote_id})");
            answer::blocked(row, Why::new(Reason::OutcomeUnknown, detail), Some(doubt));
        }
        Sighting::New { ours, others } => {
            let ids: Vec<&str> = ours.iter().chain(&others).map(|id| id.0.as_str()).take(MOST_IDS).collect();
            let detail =
                format!("new there, under a name that does not tell whether it is this one: {}", ids.join(", "));
            answer::blocked(row, Why::new(Reason::OutcomeUnknown, detail), Some(doubt));
        }
        Sighting::Absent => absent(row, doubt, standing, cx),
    }
}

/// So many ids are shown to a person.
const MOST_IDS: usize = 3;

/// The listing was taken too early to prove absence: look again once the doubt has settled.
fn later(row: &mut Row, mut doubt: Doubtful, cx: &Context<'_>) {
    doubt.failed_looks = 0;
    doubt.unreadable_looks = 0;
    doubt.look_failed = None;
    row.due = Some(Wait::new(cx.now, cx.settle.saturating_sub(doubt.since.age(cx.now))));
    row.stage = Stage::Verifying(doubt);
}

/// A whole listing, taken late enough, does not show it.
fn absent(row: &mut Row, doubt: Doubtful, standing: &Standing, cx: &Context<'_>) {
    if doubt.review {
        let why = Why::new(
            Reason::OutcomeUnknown,
            "it was attempted before the outbox was rebuilt or restored, and is not listed".to_owned(),
        );
        return answer::blocked(row, why, Some(doubt));
    }
    match standing.trust {
        Trust::Trusted => proved_absent(row, standing, cx),
        Trust::Untested | Trust::Checking { .. } => {
            row.stage = Stage::Absent(doubt);
            row.due = None;
        }
        Trust::Broken => unlisted(row),
    }
}

/// The place where all tries of it go says that it is not whole: it goes on there. Not before the doubt has settled: what the
/// system is still working on could become whole, and a person may want it given up or sent otherwise. Of another phone's tries
/// that place knows nothing.
pub(crate) fn not_whole(row: &mut Row, standing: &Standing, started: &Now, cx: &Context<'_>) {
    let Some(doubt) = row.stage.doubt().cloned() else { return };
    if doubt.since.age(started) < cx.settle {
        return later(row, doubt, cx);
    }
    if doubt.review || row.life.restored.is_some() {
        let what = "another phone may have sent it, and this system has no list to look into";
        return answer::blocked(row, Why::new(Reason::OutcomeUnknown, what.to_owned()), Some(doubt));
    }
    proved_absent(row, standing, cx);
}

/// The item is not there: it goes again after a wait of its own, or blocks with the refusal that the system gave.
pub(crate) fn proved_absent(row: &mut Row, standing: &Standing, cx: &Context<'_>) {
    let Some(doubt) = row.stage.doubt().cloned() else { return };
    if row.life.restored.take().is_some() {
        return answer::again(row, None, None); // no phone has sent it
    }
    if let Some(refusal) = doubt.cause.refusal {
        return answer::blocked(row, refusal, None);
    }
    row.life.failures += 1;
    let reason = if doubt.cause.reason == Reason::Looking { Reason::ServerBusy } else { doubt.cause.reason };
    answer::failed(row, standing, Why::new(reason, doubt.cause.detail), None, cx);
}

/// The account's listings do not show what was delivered: absence proves nothing, a person must say.
pub(crate) fn unlisted(row: &mut Row) {
    let doubt = row.stage.doubt().cloned();
    let why = Why::new(Reason::OutcomeUnknown, "this system's list does not show all that it accepted".to_owned());
    answer::blocked(row, why, doubt);
}

/// No list proves that the item is not there, and it must not go again to find out.
pub(crate) fn unproved(row: &mut Row) {
    let doubt = row.stage.doubt().cloned();
    let what = "not listed, but this system's list has not been seen to show what it accepted";
    answer::blocked(row, Why::new(Reason::OutcomeUnknown, what.to_owned()), doubt);
}

/// The look failed by network, portal, 408, 429 or 5xx: again later, its cause the reason shown.
pub(crate) fn failed(row: &mut Row, hold: &Hold, cx: &Context<'_>) {
    let Some(mut doubt) = row.stage.doubt().cloned() else { return };
    doubt.failed_looks += 1;
    doubt.look_failed = Some((hold.reason, hold.detail.clone()));
    row.due = Some(Wait::new(cx.now, cx.backoff.or_asked(hold.asked, doubt.failed_looks, cx.chance)));
    row.stage = Stage::Verifying(doubt);
}

/// What a failed look says of the account.
pub(crate) fn failed_account(standing: &mut Standing, hold: &Hold, cx: &Context<'_>) {
    answer::ill(standing, hold.reason, hold.detail.clone(), hold.asked, cx);
}

/// A look was answered: the network is back. Whether the system takes uploads again, the next one alone finds out.
pub(crate) fn answered_account(standing: &mut Standing) {
    let network = |why: &Why| {
        matches!(why.reason, Reason::Unreachable | Reason::CaptivePortal | Reason::TlsFailed | Reason::NoNetwork)
    };
    if standing.wait.as_ref().is_some_and(|(_, why)| network(why)) {
        standing.wait = None;
    }
}

/// The system's answer to the look cannot be read, or refuses the look with `status`. `why`: what blocks the item if it stays so.
pub(crate) fn unreadable(row: &mut Row, why: &Why, status: Option<u16>, cx: &Context<'_>) {
    let Some(mut doubt) = row.stage.doubt().cloned() else { return };
    doubt.unreadable_looks += 1;
    if doubt.unreadable_looks >= UNREADABLE_LOOKS {
        return match both_missing(&doubt.cause, status) {
            Some(missing) => answer::blocked(row, missing, None),
            None => answer::blocked(row, why.clone(), Some(doubt)),
        };
    }
    doubt.look_failed = None;
    row.due = Some(Wait::new(cx.now, cx.backoff.wait(doubt.unreadable_looks, cx.chance)));
    row.stage = Stage::Verifying(doubt);
}

/// The trust that a listing earns or loses by whether it `shows` a file that was delivered.
pub(crate) fn checked(standing: &mut Standing, shows: bool, complete: bool, cx: &Context<'_>) {
    if shows {
        standing.trust = Trust::Trusted;
    } else if complete {
        standing.trust = Trust::Broken;
    } else {
        untold(standing, cx);
    }
}

/// A listing that is put to the test told neither: again later, and after so many it is not one to prove anything.
pub(crate) fn untold(standing: &mut Standing, cx: &Context<'_>) {
    let Trust::Checking { due, untold, .. } = &mut standing.trust else { return };
    *untold += 1;
    *due = Wait::new(cx.now, cx.backoff.wait(*untold, cx.chance));
    if *untold >= UNREADABLE_LOOKS {
        standing.trust = Trust::Broken;
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::{context, hold, id, in_doubt, now, sending, trusted};
    use super::*;
    use crate::model::RemoteId;
    use crate::providers::Outcome;

    fn verifying() -> Row {
        let mut row = sending();
        answer::answered(&mut row, &mut Standing::default(), in_doubt(false), false, false, &context(&now(0)));
        row
    }

    fn told() -> Why {
        Why::new(Reason::OutcomeUnknown, "no JSON".to_owned())
    }

    fn see(row: &mut Row, standing: &mut Standing, sighting: Sighting, at: u64) {
        sighted(row, standing, sighting, true, &now(at), &context(&now(at)));
    }

    #[test]
    fn found_is_believed_at_once_and_earns_trust() {
        let (mut row, mut standing) = (verifying(), Standing::default());
        see(&mut row, &mut standing, Sighting::Ours { remote_id: RemoteId("a".into()), surplus: vec![] }, 0);
        assert!(matches!(&row.stage, Stage::Delivered { receipt } if receipt.proof == Proof::Found));
        assert_eq!(standing.trust, Trust::Trusted);
    }

    #[test]
    fn absence_is_not_believed_before_the_doubt_has_settled() {
        let (mut row, mut standing) = (verifying(), trusted());
        see(&mut row, &mut standing, Sighting::Absent, 19_999);
        assert!(matches!(row.stage, Stage::Verifying(_)));
        assert_eq!(row.due.unwrap().left(&now(19_999)).as_millis(), 1);
        see(&mut row, &mut standing, Sighting::Absent, 20_000);
        assert!(matches!(row.stage, Stage::Queued { why: Some(_) }) && row.due.is_some());
    }

    #[test]
    fn a_listing_asked_for_early_and_answered_late_proves_nothing() {
        let (mut row, mut standing) = (verifying(), trusted());
        sighted(&mut row, &mut standing, Sighting::Absent, true, &now(1_000), &context(&now(60_000)));
        assert!(matches!(row.stage, Stage::Verifying(_)));
        assert!(row.due.unwrap().is_over(&now(60_000)));
    }

    #[test]
    fn half_a_listing_proves_nothing() {
        let (mut row, mut standing) = (verifying(), trusted());
        sighted(&mut row, &mut standing, Sighting::Absent, false, &now(60_000), &context(&now(60_000)));
        assert!(matches!(row.stage, Stage::Verifying(_)));
    }

    #[test]
    fn absence_in_a_listing_without_trust_waits_for_a_probe() {
        let (mut row, mut standing) = (verifying(), Standing::default());
        see(&mut row, &mut standing, Sighting::Absent, 30_000);
        assert!(matches!(row.stage, Stage::Absent(_)));
    }

    #[test]
    fn absence_in_a_listing_that_hides_deliveries_asks_a_person() {
        let (mut row, mut standing) = (verifying(), Standing { trust: Trust::Broken, ..Standing::default() });
        see(&mut row, &mut standing, Sighting::Absent, 30_000);
        assert!(matches!(&row.stage, Stage::Blocked { why, doubt: Some(_) } if why.reason == Reason::OutcomeUnknown));
    }

    #[test]
    fn a_mismatch_blocks_only_once_it_has_settled() {
        let (mut row, mut standing) = (verifying(), trusted());
        let mismatch = || Sighting::Mismatch {
            remote_id: RemoteId("a".into()),
            detail: "other bytes".to_owned(),
            confirmed: true,
        };
        see(&mut row, &mut standing, mismatch(), 5_000);
        assert!(matches!(row.stage, Stage::Verifying(_)));
        see(&mut row, &mut standing, mismatch(), 25_000);
        assert!(matches!(&row.stage, Stage::Blocked { why, doubt: Some(_) } if why.reason == Reason::HashMismatch));
    }

    #[test]
    fn a_mismatch_in_half_a_listing_blocks_no_sooner_and_one_without_a_download_not_at_once() {
        let mismatch = |confirmed| Sighting::Mismatch {
            remote_id: RemoteId("a".into()),
            detail: "other bytes".to_owned(),
            confirmed,
        };
        let (mut early, mut standing) = (verifying(), trusted());
        sighted(&mut early, &mut standing, mismatch(true), false, &now(5_000), &context(&now(5_000)));
        assert!(matches!(early.stage, Stage::Verifying(_)));
        let mut unconfirmed = verifying();
        for looks in 1..=3 {
            see(&mut unconfirmed, &mut standing, mismatch(false), 25_000);
            assert_eq!(matches!(unconfirmed.stage, Stage::Verifying(_)), looks < 3);
        }
        assert!(
            matches!(&unconfirmed.stage, Stage::Blocked { why, doubt: Some(_) } if why.reason == Reason::HashMismatch)
        );
    }

    #[test]
    fn what_is_new_is_ours_only_after_an_answer_that_took_it_and_alone() {
        let new = |ours: &[&str], others: &[&str]| {
            let ids = |ids: &[&str]| ids.iter().map(|id| RemoteId((*id).to_owned())).collect();
            Sighting::New { ours: ids(ours), others: ids(others) }
        };
        let after = |status, sighting, at| {
            let mut row = sending();
            let cause = crate::providers::Doubt { status, ..crate::providers::Doubt::new(Reason::Looking, None) };
            answer::doubt(&mut row, cause, &context(&now(0)));
            see(&mut row, &mut trusted(), sighting, at);
            match row.stage {
                Stage::Delivered { receipt } => receipt.remote_id.unwrap().0,
                Stage::Blocked { why, doubt: Some(_) } => format!("{}: {}", why.reason, why.detail.unwrap()),
                stage => stage.name().to_owned(),
            }
        };
        const NEW: &str = "outcome_unknown: new there, under a name that does not tell whether it is this one: ";
        assert_eq!(after(Some(200), new(&["a"], &["z"]), 0), "a");
        assert_eq!(after(None, new(&["a"], &[]), 0), "verifying", "nobody said that it was taken");
        assert_eq!(after(None, new(&["a"], &[]), 30_000), format!("{NEW}a"));
        assert_eq!(after(Some(503), new(&["a"], &["z"]), 30_000), format!("{NEW}a, z"));
        assert_eq!(after(Some(200), new(&["a", "b"], &[]), 0), "verifying");
        assert_eq!(after(Some(200), new(&["a", "b", "c", "d"], &[]), 30_000), format!("{NEW}a, b, c"));
        assert_eq!(after(Some(200), new(&[], &["z"]), 30_000), format!("{NEW}z"), "taken, but under whose name?");
        assert_eq!(after(None, new(&[], &["z"]), 30_000), "queued", "others' files say nothing");
    }

    #[test]
    fn after_three_unreadable_looks_a_person_is_asked_but_never_for_a_failed_network() {
        let mut row = verifying();
        for _ in 0..50 {
            failed(&mut row, &hold(Reason::CaptivePortal), &context(&now(0)));
        }
        assert!(
            matches!(&row.stage, Stage::Verifying(d) if d.look_failed.as_ref().unwrap().0 == Reason::CaptivePortal)
        );
        unreadable(&mut row, &told(), Some(200), &context(&now(0)));
        unreadable(&mut row, &told(), Some(200), &context(&now(0)));
        assert!(matches!(row.stage, Stage::Verifying(_)));
        unreadable(&mut row, &told(), Some(200), &context(&now(0)));
        assert!(matches!(&row.stage, Stage::Blocked { why, .. } if why.reason == Reason::OutcomeUnknown));
    }

    #[test]
    fn an_undocumented_refusal_blocks_once_absence_is_proved_and_404_twice_is_a_missing_work_order() {
        let refuse = |reason| {
            let mut row = sending();
            let Outcome::InDoubt(mut cause) = in_doubt(false) else { unreachable!() };
            cause.refusal = Some(Why::new(reason, "404".to_owned()));
            cause.status = Some(404);
            answer::doubt(&mut row, cause, &context(&now(0)));
            row
        };
        let mut refused = refuse(Reason::Refused);
        see(&mut refused, &mut trusted(), Sighting::Absent, 30_000);
        assert!(matches!(&refused.stage, Stage::Blocked { why, doubt: None } if why.reason == Reason::Refused));
        let mut missing = refuse(Reason::Refused);
        for _ in 0..3 {
            unreadable(&mut missing, &told(), Some(404), &context(&now(0)));
        }
        assert!(
            matches!(&missing.stage, Stage::Blocked { why, doubt: None } if why.reason == Reason::WorkOrderMissing)
        );
    }

    #[test]
    fn a_listing_earns_trust_by_showing_what_was_delivered_and_loses_it_only_when_whole() {
        let (now, checking) = (now(0), || {
            let due = Wait::over(&now(0));
            Standing { trust: Trust::Checking { item: id(1), due, untold: 0 }, ..Standing::default() }
        });
        let check = |standing: &mut Standing, shows, complete| checked(standing, shows, complete, &context(&now));
        let mut standing = checking();
        check(&mut standing, false, true);
        assert_eq!(standing.trust, Trust::Broken);
        check(&mut standing, true, false);
        assert_eq!(standing.trust, Trust::Trusted);
        let mut standing = checking();
        for listings in 1..=3 {
            check(&mut standing, false, false);
            let waits = matches!(standing.trust, Trust::Checking { due, .. } if !due.is_over(&now));
            assert_eq!(waits, listings < 3, "half a listing is asked for again later, but not for ever");
        }
        assert_eq!(standing.trust, Trust::Broken);
    }
}
