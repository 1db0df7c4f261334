//! A person's answers: `retry`, `cancel`, `repair`, `settle`, `forget`. Each prints how the items stand now, or stood at last.

use std::io::{self, IsTerminal, Write};

use fieldpost::{Item, ItemId, Outbox, RemoteId, Repair, Settlement, Which};

use super::capture::has_folders;
use super::queue::show_one;
use super::{Ended, Session, item_id};
use crate::args::{ForgetArgs, RepairArgs, RetryArgs, SettleArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::item;

pub(super) fn retry(session: &Session, args: &RetryArgs) -> Ended {
    let outbox = session.outbox()?;
    let moved = match (&args.item, args.reason) {
        (Some(id), reason) => retry_one(&outbox, item_id(id)?, reason)?,
        (None, Some(reason)) => outbox.retry(&Which::Because(reason))?,
        (None, None) => outbox.retry(&Which::All)?,
    };
    let items = moved.into_iter().map(|id| outbox.item(id)).collect::<Result<Vec<_>, _>>()?;
    show(session, &items, "nothing to try once more")
}

fn retry_one(outbox: &Outbox, id: ItemId, reason: Option<fieldpost::Reason>) -> Result<Vec<ItemId>, Failure> {
    let why = outbox.item(id)?.why;
    if reason.is_some_and(|reason| why.is_none_or(|why| why.reason != reason)) {
        return Ok(Vec::new());
    }
    Ok(outbox.retry(&Which::Item(id))?)
}

pub(super) fn cancel(session: &Session, id: &str) -> Ended {
    let (outbox, id) = (session.outbox()?, item_id(id)?);
    outbox.cancel(id)?;
    show(session, &[outbox.item(id)?], "")
}

pub(super) fn repair(session: &Session, args: RepairArgs) -> Ended {
    let (outbox, id) = (session.outbox()?, item_id(&args.item)?);
    let mut repair = Repair::new();
    if let Some(name) = args.name {
        repair = repair.name(name);
    }
    if let Some(cap) = args.cap {
        repair = repair.cap(cap);
    }
    if let Some(work_order) = args.work_order {
        repair = repair.work_order(work_order);
    }
    if let Some(folder) = args.folder {
        has_folders(&outbox, &outbox.item(id)?.account)?;
        repair = repair.folder(folder);
    }
    if let Some(priority) = args.priority {
        repair = repair.priority(priority);
    }
    let converted = args.converted.map(|file| outbox.convert(id, file)).transpose()?;
    let item = match converted {
        Some(item) if repair == Repair::new() => item,
        _ => outbox.repair(id, &repair)?,
    };
    show_one(session, &item)
}

pub(super) fn settle(session: &Session, args: SettleArgs) -> Ended {
    let (outbox, id) = (session.outbox()?, item_id(&args.item)?);
    let seen = match args.delivered {
        Some(remote_id) => Settlement::Delivered(remote_id.map(RemoteId)),
        None => Settlement::Absent,
    };
    outbox.settle(id, seen)?;
    show(session, &[outbox.item(id)?], "")
}

pub(super) fn forget(session: &Session, args: &ForgetArgs) -> Ended {
    let (outbox, id) = (session.outbox()?, item_id(&args.item)?);
    let item = outbox.item(id)?;
    if !args.yes && !confirmed(&item)? {
        return Err(Failure::usage("nothing was erased: it was not confirmed", "erase it for good with --yes"));
    }
    outbox.forget(id)?;
    show(session, &[item], "")
}

/// Asks a person; where there is none at the terminal, nobody said yes.
fn confirmed(item: &Item) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let undelivered = if item.receipt.is_none() { ", which is not delivered," } else { "" };
    let mut err = anstream::stderr().lock();
    write!(err, "Erase {}{undelivered} for good? Type yes: ", item::named(item))?;
    err.flush()?;
    let mut said = String::new();
    io::stdin().read_line(&mut said)?;
    Ok(said.trim().eq_ignore_ascii_case("yes"))
}

fn show(session: &Session, items: &[Item], none: &str) -> Ended {
    if session.out.is_json() {
        session.out.objects(items)?;
    } else if items.is_empty() {
        session.out.text(none)?;
    } else {
        session.out.text(item::table(items))?;
    }
    Ok(Exit::Done)
}
