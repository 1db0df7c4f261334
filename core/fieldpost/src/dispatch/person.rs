//! What a person's answer does to an item: retry, cancel, repair, settle. Each is one transaction, and the same answer twice is
//! one. What is wanted of an item that may have arrived is a wish: done once that is known.

use super::answer;
use super::look;
use crate::error::Error;
use crate::model::{Alone, Now, Operation, Proof, Reason, RemoteId, Repair, Row, Stage, Standing, Wait, Wish};

/// What a person saw at the system, where the system cannot tell us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is there, perhaps under this id.
    Delivered(Option<RemoteId>),
    /// It is not there: it is sent again.
    Absent,
}

/// Tries once more, now: a blocked item goes back to the queue, a wait ends. With a doubt unsettled it only looks again.
/// `false`: there was nothing to do.
pub(crate) fn retry(row: &mut Row, now: &Now) -> bool {
    match &row.stage {
        Stage::Blocked { why, doubt } => {
            let (reason, doubt) = (why.reason, doubt.clone());
            match doubt {
                Some(mut doubt) => {
                    doubt.unreadable_looks = 0;
                    doubt.failed_looks = 0;
                    doubt.look_failed = None;
                    row.stage = Stage::Verifying(doubt);
                    row.due = Some(Wait::over(now));
                }
                None => {
                    row.life.failures = 0;
                    row.life.alone = Alone::default();
                    // What could not be prepared is prepared again; what is frozen goes as it is.
                    let unprepared = row.manifest.operation == Operation::Upload && row.life.body.is_none()
                        || (reason == Reason::FileDamaged && row.life.attempts == 0);
                    row.stage = if unprepared { Stage::Captured } else { Stage::Queued { why: None } };
                    row.due = None;
                }
            }
            true
        }
        Stage::Queued { .. } if row.due.is_some() => {
            row.life.failures = 0;
            row.life.alone = Alone::default();
            row.stage = Stage::Queued { why: None };
            row.due = None;
            true
        }
        Stage::Verifying(_) | Stage::Absent(_) => look_now(row, now),
        _ => false,
    }
}

fn look_now(row: &mut Row, now: &Now) -> bool {
    let Some(doubt) = row.stage.doubt().cloned() else { return false };
    row.stage = Stage::Verifying(doubt);
    row.due = Some(Wait::over(now));
    true
}

/// Gives an item up: at once where no doubt is left, else as a wish that is done once the doubt is settled.
///
/// # Errors
/// [`Error::NotNow`] for what is delivered already.
pub(crate) fn cancel(row: &mut Row) -> Result<(), Error> {
    match &row.stage {
        Stage::Delivered { .. } => {
            let state = crate::State::Delivered;
            Err(Error::NotNow { id: row.id(), state, what: "what is delivered can only be deleted at the system" })
        }
        Stage::Cancelled => Ok(()),
        _ if row.may_be_there() => {
            row.life.wish = Some(Wish::Cancel);
            look_for_blocked(row);
            Ok(())
        }
        _ => {
            row.stage = Stage::Cancelled;
            row.due = None;
            Ok(())
        }
    }
}

/// What is blocked in a restored outbox is looked for only on its way: there it goes.
fn look_for_blocked(row: &mut Row) {
    if matches!(row.stage, Stage::Blocked { doubt: None, .. }) {
        row.stage = if row.life.body.is_some() { Stage::Queued { why: None } } else { Stage::Captured };
        row.due = None;
    }
}

/// What is to be done with a repair, by where its item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repairing {
    /// Now: nothing of it is at the system.
    Now,
    /// Once it is known whether it arrived: it stands as a wish.
    Wished,
    /// No more than its rank was named.
    Ranked,
}

/// Takes a repair: its rank at once, all else when nothing of it can be at the system.
///
/// # Errors
/// [`Error::NotNow`] for what is delivered or cancelled, and for what is no upload.
pub(crate) fn repair(row: &mut Row, repair: &Repair) -> Result<Repairing, Error> {
    let refuse = |row: &Row, what| {
        let state = super::why::shown(&row.stage, None);
        Err(Error::NotNow { id: row.id(), state, what })
    };
    if row.stage.is_over() {
        return refuse(row, "only what is not delivered can be repaired");
    }
    if repair.changes_what_is_sent() && row.manifest.operation != Operation::Upload {
        return refuse(row, "only an upload can go otherwise; cancel this one and ask for another");
    }
    if let Some(priority) = repair.priority {
        row.priority = priority;
    }
    if !repair.changes_what_is_sent() {
        return Ok(Repairing::Ranked);
    }
    if row.may_be_there() {
        let before = match row.life.wish.take() {
            Some(Wish::Repair(before)) => *before,
            _ => Repair::default(),
        };
        row.life.wish = Some(Wish::Repair(Box::new(before.and(repair.clone()))));
        look_for_blocked(row);
        return Ok(Repairing::Wished);
    }
    Ok(Repairing::Now)
}

/// Decides a doubt by a person's word, without proof: the receipt says so.
///
/// # Errors
/// [`Error::NotNow`] for an item that is in no doubt.
pub(crate) fn settle(
    row: &mut Row,
    standing: &Standing,
    settlement: Settlement,
    cx: &answer::Context<'_>,
) -> Result<(), Error> {
    if row.stage.doubt().is_none() {
        let state = super::why::shown(&row.stage, None);
        return Err(Error::NotNow { id: row.id(), state, what: "only an item in doubt can be settled by a person" });
    }
    match settlement {
        Settlement::Delivered(remote_id) => answer::delivered(row, remote_id, Proof::Person, Vec::new(), cx.now),
        Settlement::Absent => {
            look::proved_absent(row, standing, cx);
            // The person waited long enough.
            if matches!(row.stage, Stage::Queued { .. }) {
                row.stage = Stage::Queued { why: None };
                row.due = None;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::examples::{context, in_doubt, now, row, sending};
    use super::*;
    use crate::model::Why;

    fn doubtful() -> Row {
        let mut row = sending();
        answer::answered(&mut row, &mut Standing::default(), in_doubt(false), false, false, &context(&now(0)));
        row
    }

    fn blocked(reason: Reason, doubt: bool) -> Row {
        let mut row = doubtful();
        let doubt = row.stage.doubt().cloned().filter(|_| doubt);
        answer::blocked(&mut row, Why::new(reason, None), doubt);
        row
    }

    #[test]
    fn retry_of_an_unknown_outcome_only_looks_again() {
        let mut row = blocked(Reason::OutcomeUnknown, true);
        assert!(retry(&mut row, &now(0)));
        assert!(matches!(row.stage, Stage::Verifying(_)) && row.due.is_some());
    }

    #[test]
    fn retry_of_a_refusal_queues_and_of_a_failed_preparation_prepares() {
        let mut refused = blocked(Reason::Refused, false);
        assert!(retry(&mut refused, &now(0)));
        assert_eq!(refused.stage, Stage::Queued { why: None });
        let mut unprepared = blocked(Reason::NotDecodable, false);
        unprepared.life.body = None;
        assert!(retry(&mut unprepared, &now(0)));
        assert_eq!(unprepared.stage, Stage::Captured);
    }

    #[test]
    fn retry_twice_is_retry_once() {
        let mut once = blocked(Reason::Refused, false);
        retry(&mut once, &now(0));
        let twice = once.clone();
        assert!(!retry(&mut once, &now(0)));
        assert_eq!(once, twice);
    }

    #[test]
    fn cancel_is_done_at_once_or_wished_for_in_doubt_and_refused_after_delivery() {
        let mut queued = row();
        cancel(&mut queued).unwrap();
        assert_eq!(queued.stage, Stage::Cancelled);
        let mut doubtful = doubtful();
        cancel(&mut doubtful).unwrap();
        assert!(matches!(doubtful.stage, Stage::Verifying(_)));
        assert_eq!(doubtful.life.wish, Some(Wish::Cancel));
        settle(&mut doubtful, &Standing::default(), Settlement::Absent, &context(&now(0))).unwrap();
        assert_eq!(doubtful.stage, Stage::Cancelled);
        let mut there = row();
        answer::delivered(&mut there, None, Proof::Person, vec![], &now(0));
        assert!(cancel(&mut there).is_err());
    }

    #[test]
    fn settle_needs_a_doubt_and_its_receipt_names_the_person() {
        assert!(matches!(
            settle(&mut row(), &Standing::default(), Settlement::Absent, &context(&now(0))),
            Err(Error::NotNow { .. })
        ));
        let mut there = blocked(Reason::OutcomeUnknown, true);
        settle(&mut there, &Standing::default(), Settlement::Delivered(None), &context(&now(0))).unwrap();
        assert!(matches!(&there.stage, Stage::Delivered { receipt } if receipt.proof == Proof::Person));
        let mut absent = blocked(Reason::OutcomeUnknown, true);
        settle(&mut absent, &Standing::default(), Settlement::Absent, &context(&now(0))).unwrap();
        assert_eq!((absent.stage, absent.due), (Stage::Queued { why: None }, None));
    }
}
