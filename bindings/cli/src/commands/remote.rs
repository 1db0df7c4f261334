//! `remote`: what a system holds of a work order. `list`, `get` and `mkdir` ask it now, and need a token; `update`, `delete` and
//! `rmdir` are queued, and each prints the item that does it once it is delivered.

mod asked;

use fieldpost::{Attachment, Changes, Error, ItemId, Outbox, RemoteId, WorkOrder};

use super::queue::show_one;
use super::{Ended, Session};
use crate::args::{DeleteArgs, Globals, JobArgs, MeantArgs, RemoteCommand, RmdirArgs, UpdateArgs, With};
use crate::failure::Failure;

pub(super) fn run(outer: Globals, command: RemoteCommand) -> (bool, Ended) {
    let with = |inner: Globals| Session::new(inner, outer);
    match command {
        RemoteCommand::List(With { args, globals }) => {
            super::asked(with(globals), |session| asked::list(session, args))
        }
        RemoteCommand::Get(With { args, globals }) => super::asked(with(globals), |session| asked::get(session, args)),
        RemoteCommand::Update(With { args, globals }) => super::asked(with(globals), |session| update(session, args)),
        RemoteCommand::Delete(With { args, globals }) => super::asked(with(globals), |session| delete(session, args)),
        RemoteCommand::Mkdir(With { args, globals }) => {
            super::asked(with(globals), |session| asked::mkdir(session, args))
        }
        RemoteCommand::Rmdir(With { args, globals }) => super::asked(with(globals), |session| rmdir(session, args)),
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

fn rmdir(session: &Session, args: RmdirArgs) -> Ended {
    let outbox = session.outbox()?;
    show_one(session, &outbox.delete_folder(&job(args.job), &RemoteId(args.folder))?)
}

fn job(args: JobArgs) -> WorkOrder {
    WorkOrder { account: args.account, id: args.work_order }
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
