//! `remote update`, `remote delete`: what shall change at the system. Each prints the item that does it once it is delivered.

use fieldpost::{Attachment, Changes, Error, ItemId, Outbox, RemoteId, WorkOrder};

use super::queue::show_one;
use super::{Ended, Session, asked, not_yet};
use crate::args::{DeleteArgs, Globals, MeantArgs, RemoteCommand, UpdateArgs, With};
use crate::failure::Failure;

pub(super) fn run(outer: Globals, command: RemoteCommand) -> (bool, Ended) {
    match command {
        RemoteCommand::Update(With { args, globals }) => {
            asked(Session::new(globals, outer), |session| update(session, args))
        }
        RemoteCommand::Delete(With { args, globals }) => {
            asked(Session::new(globals, outer), |session| delete(session, args))
        }
        RemoteCommand::List(rest) => not_yet("remote list", &rest, &outer),
        RemoteCommand::Get(rest) => not_yet("remote get", &rest, &outer),
        RemoteCommand::Mkdir(rest) => not_yet("remote mkdir", &rest, &outer),
        RemoteCommand::Rmdir(rest) => not_yet("remote rmdir", &rest, &outer),
    }
}

fn update(session: &Session, args: UpdateArgs) -> Ended {
    let outbox = session.outbox()?;
    let meant = meant(&outbox, args.meant)?;
    let changes: Changes = args.set.into_iter().map(|one| (one.key, one.value)).collect();
    show_one(session, &outbox.update(meant, changes)?)
}

fn delete(session: &Session, args: DeleteArgs) -> Ended {
    let outbox = session.outbox()?;
    let meant = meant(&outbox, args.meant)?;
    show_one(session, &outbox.delete(meant)?)
}

/// An item where one has this id; else what its system calls so.
fn meant(outbox: &Outbox, args: MeantArgs) -> Result<Attachment, Failure> {
    let MeantArgs { id, account, work_order } = args;
    let job = account.zip(work_order).map(|(account, id)| WorkOrder { account, id });
    if let Ok(item) = id.parse::<ItemId>() {
        match (outbox.item(item), &job) {
            (Ok(found), Some(job)) if (&found.account, &found.work_order) != (&job.account, &job.id) => {
                let theirs = format!("{}/{}", found.account, found.work_order);
                return Err(Failure::usage(
                    format!("item {item} is of {theirs}, not of {}/{}", job.account, job.id),
                    "leave out --account and --work-order",
                ));
            }
            (Ok(_), _) => return Ok(Attachment::Item(item)),
            // Some systems' ids look like ours.
            (Err(Error::UnknownItem { .. }), Some(_)) => {}
            (Err(error), _) => return Err(error.into()),
        }
    }
    let job = job.ok_or_else(|| {
        Failure::usage(
            format!("'{id}' is no item's id, and what a system calls so is in one of its work orders"),
            "give --account and --work-order",
        )
    })?;
    Ok(Attachment::Remote { job, id: RemoteId(id) })
}
