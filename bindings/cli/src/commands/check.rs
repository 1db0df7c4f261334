//! `check`: is the outbox whole?

use fieldpost::{Finding, FindingKind};
use serde::Serialize;

use super::{Ended, Session};
use crate::exit::Exit;
use crate::place;
use crate::render::progress::Sign;
use crate::render::{Cell, Table, plain};

/// The last line.
#[derive(Serialize)]
struct Done {
    event: &'static str,
    items: u64,
    findings: usize,
}

pub(super) fn run(session: &Session) -> Ended {
    place::existing(&session.globals)?; // opening would make one, and that one would be whole
    let outbox = session.outbox()?;
    let (items, found) = {
        let _sign = Sign::of(session.out.is_json(), "looking at every file");
        outbox.check()?
    };
    if session.out.is_json() {
        session.out.objects(&found)?;
        session.out.object(&Done { event: "done", items, findings: found.len() })?;
    } else if found.is_empty() {
        session.out.text(format_args!("the outbox is whole; items: {items}"))?;
    } else {
        session.out.text(format_args!("{}\nitems: {items}, findings: {}", table(&found), found.len()))?;
    }
    Ok(if found.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A row for each finding.
pub(super) fn table(found: &[Finding]) -> Table {
    let mut table = Table::titled(["FINDING", "ITEM", "DETAIL"]);
    for Finding { finding, id, detail } in found {
        let red = anstyle::AnsiColor::Red.on_default();
        table.row([
            Cell::styled(words(*finding), red),
            id.map(|id| id.to_string()).unwrap_or_default().into(),
            plain(detail).into_owned().into(),
        ]);
    }
    table
}

fn words(finding: FindingKind) -> &'static str {
    match finding {
        FindingKind::DatabaseDamaged => "the database is damaged",
        FindingKind::OriginalDamaged => "a captured file is gone or altered",
        FindingKind::BodyDamaged => "a prepared file is gone or altered",
        FindingKind::RecordDamaged => "a record of an item is damaged",
        FindingKind::AccountMissing => "the account is not configured",
        FindingKind::FolderWithoutRow => "a folder is not in the database",
        FindingKind::Stray => "nothing of the outbox's",
        FindingKind::DatabaseSetAside => "a damaged database was set aside",
        FindingKind::Leftover => "a temporary file was left behind",
        FindingKind::ReceiptMissing => "a receipt is not in the item's journal",
    }
}
