//! What to do next: which account, and in it a look, a send or a check. One bad account never holds up another.

use std::time::Duration;

use crate::model::{Conditions, ItemId, Network, Now, Reason, Standing, Trust};

/// Transfers under way in all, at most: a phone's radio gains nothing from more.
pub(crate) const MAX_IN_FLIGHT: usize = 6;

/// What the store and the flights in the air say of one account.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub account: String,
    pub standing: Standing,
    /// Transfers that it may have under way.
    pub max_concurrent: usize,
    /// Transfers that it has under way.
    pub in_flight: usize,
    pub token: TokenState,
    /// A look that is due, of a work order that is not being looked at.
    pub look: Option<ItemId>,
    /// The head of the lane to serve next.
    pub ready: Option<ItemId>,
    /// Whether a listing is being put to the test.
    pub checking: bool,
    /// An item that an untrusted list did not show.
    pub absent: Option<ItemId>,
    /// Whether items in doubt hang on what its listings prove.
    pub doubts: bool,
    /// Until the next own wait or look of its items.
    pub next_due: Option<Duration>,
}

/// What we hold of an account's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    /// One.
    Held,
    /// None: ask for it.
    Missing,
    /// None: it was asked for and not answered yet.
    Asked,
    /// None: the app had none to give.
    Declined,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Send an item.
    Send { account: String, item: ItemId },
    /// Look for an item, and for all of its work order that are in doubt.
    Look { account: String, item: ItemId },
    /// Read the list of the work order of a delivered item, to find out whether it can be trusted.
    Check { account: String, item: ItemId },
    /// Ask for a token.
    Token { account: String },
    /// Nothing now; after so long there will be, unless something changes before.
    Sleep { left: Option<Duration> },
}

/// Chooses. `accounts` in the order in which they were last served, the longest ago first.
pub(crate) fn choose(accounts: &[Facts], conditions: Conditions, paused: bool, now: &Now) -> Choice {
    let in_flight: usize = accounts.iter().map(|facts| facts.in_flight).sum();
    let mut left: Option<Duration> = None;
    if paused || conditions.network == Network::None {
        return Choice::Sleep { left };
    }
    for facts in accounts {
        match choose_in(facts, in_flight, now) {
            Choice::Sleep { left: other } => left = left.into_iter().chain(other).min(),
            choice => return choice,
        }
    }
    Choice::Sleep { left }
}

fn choose_in(facts: &Facts, in_flight: usize, now: &Now) -> Choice {
    let account = || facts.account.clone();
    let rest = Choice::Sleep { left: facts.next_due };
    let (check, check_left) = trust_check(facts, now);
    let probe = absent_probe(facts);
    if [facts.look, facts.ready, probe, check].iter().all(Option::is_none) {
        return Choice::Sleep { left: facts.next_due.into_iter().chain(check_left).min() };
    }
    match facts.token {
        TokenState::Missing => return Choice::Token { account: account() },
        TokenState::Asked => return Choice::Sleep { left: None },
        TokenState::Declined => return rest,
        TokenState::Held => {}
    }
    if in_flight >= MAX_IN_FLIGHT || facts.in_flight >= facts.max_concurrent {
        return rest;
    }
    let wait = facts.standing.wait.as_ref().filter(|(wait, _)| !wait.is_over(now));
    // A doubt is looked into at once, though its account waits; only a system that asked to be left alone is left alone.
    if let Some(item) = facts.look
        && wait.is_none_or(|(_, why)| why.reason != Reason::ServerAskedToWait)
    {
        return Choice::Look { account: account(), item };
    }
    if let Some((wait, _)) = wait {
        return Choice::Sleep { left: facts.next_due.into_iter().chain([wait.left(now)]).min() };
    }
    if facts.standing.probing && facts.in_flight > 0 {
        return rest;
    }
    match (facts.ready, check, probe) {
        (Some(item), _, _) | (None, None, Some(item)) => Choice::Send { account: account(), item },
        (None, Some(item), _) => Choice::Check { account: account(), item },
        (None, None, None) => rest,
    }
}

/// The delivered item by which a listing earns trust, once that is due; else how long until then, where doubts wait for it.
fn trust_check(facts: &Facts, now: &Now) -> (Option<ItemId>, Option<Duration>) {
    match &facts.standing.trust {
        Trust::Checking { .. } if facts.checking => (None, None),
        Trust::Checking { item, due, .. } if due.is_over(now) => (Some(*item), None),
        Trust::Checking { due, .. } if facts.doubts => (None, Some(due.left(now))),
        _ => (None, None),
    }
}

/// With nothing else to go and no check pending, one item that an untrusted list did not show is sent again.
fn absent_probe(facts: &Facts) -> Option<ItemId> {
    let alone = facts.ready.is_none() && facts.look.is_none() && facts.in_flight == 0;
    facts.absent.filter(|_| alone && facts.standing.trust == Trust::Untested)
}

#[cfg(test)]
mod tests {
    use super::super::examples::{id, now};
    use super::*;
    use crate::model::{Wait, Why};

    fn facts() -> Facts {
        Facts {
            account: "acme".into(),
            standing: Standing::default(),
            max_concurrent: 2,
            in_flight: 0,
            token: TokenState::Held,
            look: None,
            ready: Some(id(1)),
            checking: false,
            absent: None,
            doubts: false,
            next_due: None,
        }
    }

    fn waits(reason: Reason) -> Standing {
        Standing {
            wait: Some((Wait::new(&now(0), Duration::from_secs(9)), Why::new(reason, None))),
            probing: true,
            ..Standing::default()
        }
    }

    fn pick(facts: &[Facts]) -> Choice {
        choose(facts, Conditions::default(), false, &now(0))
    }

    fn send(account: &str, n: u8) -> Choice {
        Choice::Send { account: account.into(), item: id(n) }
    }

    #[test]
    fn an_account_that_waits_does_not_hold_up_another() {
        let ill = Facts { standing: waits(Reason::Unreachable), ..facts() };
        let other = Facts { account: "other".into(), ready: Some(id(2)), ..facts() };
        assert_eq!(pick(&[ill.clone(), other]), send("other", 2));
        assert_eq!(pick(&[ill]), Choice::Sleep { left: Some(Duration::from_secs(9)) });
    }

    #[test]
    fn a_token_is_asked_for_once_and_holds_up_its_account_only() {
        let missing = Facts { token: TokenState::Missing, ..facts() };
        let asked = Facts { token: TokenState::Asked, ..facts() };
        let other = Facts { account: "other".into(), ..facts() };
        assert_eq!(pick(&[missing.clone(), other.clone()]), Choice::Token { account: "acme".into() });
        assert_eq!(pick(&[asked, other]), send("other", 1));
        let idle = Facts { ready: None, ..missing };
        assert_eq!(pick(&[idle]), Choice::Sleep { left: None }, "no token is asked for without work");
    }

    #[test]
    fn a_look_goes_before_sends_and_through_a_wait_unless_the_system_asked() {
        let look = Choice::Look { account: "acme".into(), item: id(7) };
        let doubtful = Facts { look: Some(id(7)), ..facts() };
        assert_eq!(pick(std::slice::from_ref(&doubtful)), look);
        assert_eq!(pick(&[Facts { standing: waits(Reason::ServerBusy), ..doubtful.clone() }]), look);
        let asked = Facts { standing: waits(Reason::ServerAskedToWait), ..doubtful };
        assert_eq!(pick(&[asked]), Choice::Sleep { left: Some(Duration::from_secs(9)) });
    }

    #[test]
    fn after_a_wait_one_transfer_goes_alone() {
        let probing = Facts { standing: Standing { probing: true, ..Standing::default() }, ..facts() };
        assert_eq!(pick(std::slice::from_ref(&probing)), send("acme", 1));
        assert_eq!(pick(&[Facts { in_flight: 1, ..probing }]), Choice::Sleep { left: None });
    }

    #[test]
    fn an_absent_item_goes_again_only_with_nothing_else_to_go_and_no_check_pending() {
        let absent = Facts { absent: Some(id(3)), doubts: true, ..facts() };
        assert_eq!(pick(std::slice::from_ref(&absent)), send("acme", 1));
        let alone = Facts { ready: None, ..absent };
        assert_eq!(pick(std::slice::from_ref(&alone)), send("acme", 3));
        assert_eq!(pick(&[Facts { in_flight: 1, ..alone.clone() }]), Choice::Sleep { left: None });
        let due = Wait::new(&now(0), Duration::from_secs(5));
        let checking = Facts {
            standing: Standing { trust: Trust::Checking { item: id(9), due, untold: 0 }, ..Standing::default() },
            ..alone
        };
        assert_eq!(pick(std::slice::from_ref(&checking)), Choice::Sleep { left: Some(Duration::from_secs(5)) });
        let checked = choose(std::slice::from_ref(&checking), Conditions::default(), false, &now(5_000));
        assert_eq!(checked, Choice::Check { account: "acme".into(), item: id(9) });
        let under_way = Facts { checking: true, in_flight: 1, ..checking };
        let next = choose(&[under_way], Conditions::default(), false, &now(5_000));
        assert_eq!(next, Choice::Sleep { left: None }, "one check at a time");
    }

    #[test]
    fn without_a_network_nothing_goes_and_nothing_wakes() {
        let none = Conditions { network: Network::None, ..Conditions::default() };
        assert_eq!(choose(&[facts()], none, false, &now(0)), Choice::Sleep { left: None });
        assert_eq!(choose(&[facts()], Conditions::default(), true, &now(0)), Choice::Sleep { left: None });
    }

    #[test]
    fn transfers_are_bounded_by_account_and_in_all() {
        assert_eq!(pick(&[Facts { in_flight: 2, ..facts() }]), Choice::Sleep { left: None });
        let crowd: Vec<Facts> =
            (0..4).map(|n| Facts { account: format!("a{n}"), in_flight: 2, max_concurrent: 3, ..facts() }).collect();
        assert_eq!(pick(&crowd), Choice::Sleep { left: None });
    }
}
