//! `list`, `show`, `why`: looking, changing nothing.

use fieldpost::{Action, Filter, Item, ItemId, Reason, State, Timestamp};
use serde::Serialize;

use super::{Ended, Session, item_id};
use crate::args::ListArgs;
use crate::exit::Exit;
use crate::render::{self, action, item, now};

pub(super) fn list(session: &Session, args: ListArgs) -> Ended {
    let ListArgs { account, work_order, state } = args;
    let everything = account.is_none() && work_order.is_none() && state.is_none();
    let items = session.outbox()?.items(&Filter { account, work_order, state })?;
    if session.out.is_json() {
        session.out.objects(&items)?;
    } else if items.is_empty() {
        session.out.text(if everything { "nothing was captured yet" } else { "no such items" })?;
    } else {
        session.out.text(item::table(&items))?;
    }
    Ok(Exit::Done)
}

pub(super) fn show(session: &Session, id: &str) -> Ended {
    show_one(session, &session.outbox()?.item(item_id(id)?)?)
}

/// All that is known of an item.
pub(super) fn show_one(session: &Session, found: &Item) -> Ended {
    if session.out.is_json() {
        session.out.object(found)?;
    } else {
        session.out.text(item::particulars(found))?;
    }
    Ok(Exit::Done)
}

/// The `why` object with its item's id. Where nothing holds it, there is no reason.
#[derive(Serialize)]
struct WhyLine<'a> {
    id: ItemId,
    reason: Option<Reason>,
    detail: Option<&'a str>,
    until: Option<Timestamp>,
    action: Action,
}

pub(super) fn why(session: &Session, id: &str) -> Ended {
    let found = session.outbox()?.item(item_id(id)?)?;
    if session.out.is_json() {
        let why = found.why.as_ref();
        session.out.object(&WhyLine {
            id: found.id,
            reason: why.map(|why| why.reason),
            detail: why.and_then(|why| why.detail.as_deref()),
            until: why.and_then(|why| why.until),
            action: why.map_or(Action::None, |why| why.action),
        })?;
    } else {
        session.out.text(in_words(&found))?;
    }
    Ok(Exit::Done)
}

fn in_words(found: &Item) -> String {
    let name = item::named(found);
    match (&found.why, found.state) {
        (Some(why), state) => {
            let helps = action(why.action, found);
            format!("{name} is {state}: {}\nwhat helps: {helps}", render::why(why, now()))
        }
        (None, State::Sending) => format!("{name} is on its way"),
        (None, state) => format!("{name} is {state}"),
    }
}
