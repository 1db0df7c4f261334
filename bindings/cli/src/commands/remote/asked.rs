//! What is asked of a system now: its list, one attachment, a file, a folder.

use anstyle::Style;
use fieldpost::{Attachment, Download, Error, Integrity, Outbox, Remote, RemoteEntry, RemoteId, StopSignal, WorkOrder};
use serde::Serialize;

use super::super::deliver::stopped_by_hand;
use super::super::{Ended, Session};
use super::{job, meant};
use crate::args::{GetArgs, JobArgs, MkdirArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;
use crate::render::progress::Sign;
use crate::render::{Cell, Table, ago, now, plain, shortened};
use crate::tokens::TokenSource;

/// The widest that words from outside may make a column.
const COLUMN: usize = 40;

/// An entry whose file was downloaded.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    entry: &'a RemoteEntry,
    out: String,
    integrity: Integrity,
}

pub(super) fn list(session: &Session, args: JobArgs) -> Ended {
    let outbox = place::open_to_deliver(&session.globals)?;
    let list = ask(session, &outbox, &job(args), async |remote, tokens| remote.list(tokens).await)?;
    if !list.complete && !session.out.is_json() {
        anstream::eprintln!("the system says that it holds more than it lists");
    }
    if session.out.is_json() {
        session.out.objects(&list.entries)?;
    } else if list.entries.is_empty() {
        session.out.text("nothing is there")?;
    } else {
        session.out.text(table(&list.entries))?;
    }
    Ok(Exit::Done)
}

pub(super) fn get(session: &Session, args: GetArgs) -> Ended {
    let outbox = place::open_to_deliver(&session.globals)?;
    let (job, id) = at_the_system(&outbox, meant(&outbox, args.meant)?)?;
    let Some(out) = args.out else {
        let entry = ask(session, &outbox, &job, async |remote, tokens| remote.get(&id, tokens).await)?;
        if session.out.is_json() {
            session.out.object(&entry)?;
        } else {
            session.out.text(particulars(&entry))?;
        }
        return Ok(Exit::Done);
    };
    let Download { entry, bytes, integrity, .. } =
        ask(session, &outbox, &job, async |remote, tokens| remote.download(&id, &out, tokens).await)?;
    if session.out.is_json() {
        session.out.object(&Kept { entry: &entry, out: out.display().to_string(), integrity })?;
    } else {
        session.out.text(format_args!("{}: {bytes}, {}", plain(&out.display().to_string()), compared(integrity)))?;
    }
    Ok(Exit::Done)
}

pub(super) fn mkdir(session: &Session, args: MkdirArgs) -> Ended {
    let outbox = place::open_to_deliver(&session.globals)?;
    let name = args.name;
    let made = ask(session, &outbox, &job(args.job), async |remote, tokens| remote.make_folder(&name, tokens).await)?;
    if session.out.is_json() {
        session.out.object(&made)?;
    } else {
        let how = if made.created { "made" } else { "was there" };
        session.out.text(format_args!("folder {}: {}, {how}", plain(&made.remote_id.0), plain(&made.name)))?;
    }
    Ok(Exit::Done)
}

/// Asks, under the tokens that `deliver` would take, until Ctrl-C.
fn ask<T>(
    session: &Session,
    outbox: &Outbox,
    job: &WorkOrder,
    question: impl AsyncFnOnce(&Remote, &TokenSource) -> Result<T, Error>,
) -> Result<T, Failure> {
    let (json, stop) = (session.out.is_json(), StopSignal::new());
    let tokens = TokenSource::new(session.globals.common.token_command.clone(), None, json, stop.clone());
    let remote = outbox.remote(job).stopped_by(stop.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| {
        Failure::new("failed", format!("no threads to ask with: {e}"), "close other programs and try again")
    })?;
    let _sign = Sign::of(json, "asking the system");
    let answered = runtime.block_on(async {
        tokio::spawn(stopped_by_hand(stop, json));
        question(&remote, &tokens).await
    });
    runtime.shutdown_background();
    Ok(answered?)
}

/// Where an attachment is, and what its system calls it.
fn at_the_system(outbox: &Outbox, meant: Attachment) -> Result<(WorkOrder, RemoteId), Failure> {
    let id = match meant {
        Attachment::Remote { job, id } => return Ok((job, id)),
        Attachment::Item(id) => id,
    };
    let item = outbox.item(id)?;
    let remote_id = item.receipt.and_then(|receipt| receipt.remote_id).ok_or_else(|| {
        let message = format!("item {id} is {}: no id at its system is known", item.state);
        Failure::new("not_now", message, "deliver it first")
    })?;
    Ok((WorkOrder { account: item.account, id: item.work_order }, remote_id))
}

fn table(entries: &[RemoteEntry]) -> Table {
    let now = now();
    let with_folders = entries.iter().any(|entry| entry.folder.is_some());
    let mut table = Table::titled(["ID", "NAME", "SIZE", if with_folders { "FOLDER" } else { "" }, "ADDED", "OURS"]);
    let text = |text: Option<&str>| Cell::from(text.map(|text| shortened(text, COLUMN)).unwrap_or_default());
    for entry in entries {
        table.row([
            plain(&entry.remote_id.0).into_owned().into(), // whole: it is typed again
            text(entry.name.as_deref().or(entry.caption.as_deref())),
            entry.bytes.map(|bytes| fieldpost::Bytes(bytes).to_string()).unwrap_or_default().into(),
            text(entry.folder.as_deref()),
            entry.created_at.map(|at| ago(at, now)).unwrap_or_default().into(),
            entry.ours.map(|id| id.to_string()).unwrap_or_default().into(),
        ]);
    }
    table
}

/// All that the system tells of one.
fn particulars(entry: &RemoteEntry) -> Table {
    let mut table = Table::default();
    let mut line = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            table.row([Cell::styled(label, Style::new().dimmed()), plain(&value).into_owned().into()]);
        }
    };
    line("name", entry.name.clone());
    line("id", Some(entry.remote_id.0.clone()));
    line("size", entry.bytes.map(|bytes| fieldpost::Bytes(bytes).to_string()));
    line("type", entry.mime.clone());
    line("sha256", entry.sha256.map(|sha256| sha256.to_string()));
    line("folder", entry.folder.clone());
    line("caption", entry.caption.clone());
    line("added", entry.created_at.map(|at| at.to_string()));
    line("ours", entry.ours.map(|id| id.to_string()));
    table
}

fn compared(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Sent => "what was sent from here, to the bit",
        Integrity::Hash => "its hash is the one that the system lists",
        Integrity::Size => "as long as the system lists",
        Integrity::Unknown => "the system lists nothing to compare it with",
        Integrity::OtherHash => {
            "its SHA-256 is not the hash that the system lists, which does not say how it makes them"
        }
    }
}
