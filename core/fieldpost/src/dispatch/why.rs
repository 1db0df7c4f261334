//! Why an item is not delivered, from durable facts alone: the same answer in every process, and right after a restart.

use crate::model::{
    Conditions, Doubtful, ItemId, Network, Now, Power, Reason, Requires, Row, Stage, Standing, State, Wait, Why,
};

/// What is known beside the item itself.
pub(crate) struct Around<'a> {
    pub standing: Option<&'a Standing>,
    pub conditions: Conditions,
    pub paused: bool,
    /// An upload in doubt that keeps the work order to itself, where names prove nothing.
    pub behind: Option<ItemId>,
    pub now: &'a Now,
}

/// The reason, or none for what is delivered, cancelled or on its way.
///
/// Of several reasons the one is told that must end first: what the phone lacks, then what the account lacks, then the item's
/// own wait, then its turn.
pub(crate) fn why(row: &Row, around: &Around<'_>) -> Option<Why> {
    match &row.stage {
        Stage::Delivered { .. } | Stage::Cancelled | Stage::Sending => None,
        Stage::Blocked { why, .. } => Some(why.clone()),
        Stage::Verifying(doubt) | Stage::Absent(doubt) => Some(doubted(row, doubt, around)),
        Stage::Captured => Some(turn(row, None, around)),
        Stage::Queued { why } => Some(turn(row, why.as_ref(), around)),
    }
}

/// The state that is shown: a queued item that something holds is waiting.
pub(crate) fn shown(stage: &Stage, why: Option<&Why>) -> State {
    match stage {
        Stage::Captured => State::Captured,
        Stage::Queued { .. } if why.is_some_and(|why| why.reason != Reason::NotStarted) => State::Waiting,
        Stage::Queued { .. } => State::Queued,
        Stage::Sending => State::Sending,
        Stage::Verifying(_) | Stage::Absent(_) => State::Verifying,
        Stage::Blocked { .. } => State::Blocked,
        Stage::Delivered { .. } => State::Delivered,
        Stage::Cancelled => State::Cancelled,
    }
}

fn doubted(row: &Row, doubt: &Doubtful, around: &Around<'_>) -> Why {
    if row.life.wish.is_some() {
        return Why::new(Reason::Hold, "a wish waits until it is known whether the item arrived".to_owned());
    }
    if let Some(why) = phone(around) {
        return why;
    }
    if let Some(why) = token(around) {
        return why;
    }
    let why = match &doubt.look_failed {
        Some((reason, detail)) => Why::new(*reason, detail.clone()),
        None => Why::new(doubt.cause.reason, doubt.cause.detail.clone()),
    };
    with_end(why, row.due.as_ref(), around)
}

fn turn(row: &Row, own: Option<&Why>, around: &Around<'_>) -> Why {
    if row.held {
        let before = row.manifest.after.map(|id| id.to_string());
        return Why::new(Reason::AfterAnotherItem, before);
    }
    if let Some(why) = phone(around).or_else(|| token(around)).or_else(|| person(row, around)) {
        return why;
    }
    let account =
        around.standing.and_then(|standing| standing.wait.as_ref()).filter(|(wait, _)| !wait.is_over(around.now));
    if let Some((wait, why)) = account {
        return with_end(why.clone(), Some(wait), around);
    }
    if let Some(why) = wishes(row.requires(), around.conditions) {
        return why;
    }
    match (own, row.due.as_ref()) {
        (Some(why), Some(due)) if !due.is_over(around.now) => with_end(why.clone(), Some(due), around),
        _ if around.behind.is_some() => Why::new(Reason::AfterAnotherItem, around.behind.map(|id| id.to_string())),
        _ => Why::new(Reason::NotStarted, None),
    }
}

fn phone(around: &Around<'_>) -> Option<Why> {
    if around.paused {
        Some(Why::new(Reason::Paused, None))
    } else if around.conditions.network == Network::None {
        Some(Why::new(Reason::NoNetwork, None))
    } else {
        None
    }
}

fn token(around: &Around<'_>) -> Option<Why> {
    around.standing.is_some_and(|standing| standing.token_wanted).then(|| Why::new(Reason::TokenWanted, None))
}

/// The token that was last handed in is another person's.
fn person(row: &Row, around: &Around<'_>) -> Option<Why> {
    let (captured_by, signed_in) = (row.manifest.person.as_ref()?, around.standing?.person.as_ref()?);
    let detail = format!("captured by {captured_by}, who has to sign in");
    (captured_by != signed_in).then(|| Why::new(Reason::TokenWanted, detail))
}

fn wishes(requires: Requires, conditions: Conditions) -> Option<Why> {
    if requires.unmetered && conditions.network != Network::Unmetered {
        Some(Why::new(Reason::UnmeteredNetworkWanted, None))
    } else if requires.charging && conditions.power != Power::Charging {
        Some(Why::new(Reason::ChargingWanted, None))
    } else {
        None
    }
}

fn with_end(why: Why, wait: Option<&Wait>, around: &Around<'_>) -> Why {
    match wait.filter(|wait| !wait.is_over(around.now)) {
        Some(wait) => why.until(wait.ends(around.now)),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::examples::{context, in_doubt, now, row, sending};
    use super::super::{answer, look};
    use super::*;
    use crate::model::Wish;

    fn reason(row: &Row, standing: &Standing, conditions: Conditions) -> (State, Option<Reason>) {
        let why = why(row, &Around { standing: Some(standing), conditions, paused: false, behind: None, now: &now(0) });
        (shown(&row.stage, why.as_ref()), why.map(|why| why.reason))
    }

    #[test]
    fn any_other_reason_wins_over_not_started() {
        let none = Conditions { network: Network::None, ..Conditions::default() };
        let metered = Conditions { network: Network::Metered, ..Conditions::default() };
        let (mut item, well) = (row(), Standing::default());
        assert_eq!(reason(&item, &well, Conditions::default()), (State::Queued, Some(Reason::NotStarted)));
        assert_eq!(reason(&item, &well, none), (State::Waiting, Some(Reason::NoNetwork)));
        let wanted = Standing { token_wanted: true, ..Standing::default() };
        assert_eq!(reason(&item, &wanted, Conditions::default()), (State::Waiting, Some(Reason::TokenWanted)));
        item.manifest.requires.unmetered = true;
        assert_eq!(reason(&item, &well, metered), (State::Waiting, Some(Reason::UnmeteredNetworkWanted)));
        item.held = true;
        assert_eq!(reason(&item, &well, none), (State::Waiting, Some(Reason::AfterAnotherItem)));
    }

    #[test]
    fn an_account_that_waits_tells_until_when() {
        let wait = Wait::new(&now(0), Duration::from_secs(60));
        let ill =
            Standing { wait: Some((wait, Why::new(Reason::ServerBusy, "503".to_owned()))), ..Standing::default() };
        let around = Around {
            standing: Some(&ill),
            conditions: Conditions::default(),
            paused: false,
            behind: None,
            now: &now(0),
        };
        let told = why(&row(), &around).unwrap();
        assert_eq!(
            (told.reason, told.detail.as_deref(), told.until),
            (Reason::ServerBusy, Some("503"), Some(wait.wall))
        );
    }

    #[test]
    fn a_doubt_tells_what_it_is_about_then_why_its_look_failed_then_that_a_wish_waits() {
        let mut item = sending();
        let well = Standing::default();
        answer::answered(&mut item, &mut Standing::default(), in_doubt(false), false, false, &context(&now(0)));
        assert_eq!(reason(&item, &well, Conditions::default()), (State::Verifying, Some(Reason::Looking)));
        let hold = super::super::examples::hold(Reason::CaptivePortal);
        look::failed(&mut item, &hold, &context(&now(0)));
        assert_eq!(reason(&item, &well, Conditions::default()), (State::Verifying, Some(Reason::CaptivePortal)));
        item.life.wish = Some(Wish::Cancel);
        assert_eq!(reason(&item, &well, Conditions::default()), (State::Verifying, Some(Reason::Hold)));
    }

    #[test]
    fn what_is_over_or_on_its_way_has_no_reason() {
        let mut item = sending();
        assert_eq!(reason(&item, &Standing::default(), Conditions::default()), (State::Sending, None));
        item.stage = Stage::Cancelled;
        assert_eq!(reason(&item, &Standing::default(), Conditions::default()), (State::Cancelled, None));
    }
}
