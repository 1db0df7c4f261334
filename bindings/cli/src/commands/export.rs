//! `export`: rescues what is not delivered, from the items' folders alone: the outbox is not even opened.

use fieldpost::{Bytes, Exported, Finding, ItemId, Sha256};
use serde::Serialize;

use super::{Ended, Session, check};
use crate::args::ExportArgs;
use crate::exit::Exit;
use crate::place;
use crate::render::progress::Sign;
use crate::render::{Table, plain};

/// A line of JSON; a finding is one of its own, as `check` tells it.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Exported {
        id: ItemId,
        account: Option<&'a str>,
        work_order: Option<&'a str>,
        /// None of an update or a deletion, and of an original that is gone.
        file: Option<String>,
        bytes: Option<Bytes>,
        sha256: Option<Sha256>,
        details: String,
    },
    Done {
        exported: usize,
        findings: usize,
    },
}

pub(super) fn run(session: &Session, args: &ExportArgs) -> Ended {
    let outbox = place::existing(&session.globals)?;
    let out = session.out;
    let mut unheard = None;
    let export = {
        let _sign = Sign::of(out.is_json(), "copying what is not delivered");
        fieldpost::export(outbox, &args.to, |exported| {
            if out.is_json() && unheard.is_none() {
                unheard = out.object(&line(exported)).err(); // what is rescued is rescued, whether or not anybody reads it
            }
        })?
    };
    if let Some(unheard) = unheard {
        return Err(unheard);
    }
    let (exported, findings) = (export.items.len(), export.findings.len());
    if out.is_json() {
        out.objects(&export.findings)?;
        out.object(&Line::Done { exported, findings })?;
    } else {
        out.text(in_words(&export.items, &export.findings))?;
    }
    Ok(if findings == 0 { Exit::Done } else { Exit::Failed })
}

fn line(exported: &Exported) -> Line<'_> {
    Line::Exported {
        id: exported.id,
        account: exported.account.as_deref(),
        work_order: exported.work_order.as_deref(),
        file: exported.file.as_ref().map(|file| file.display().to_string()),
        bytes: exported.copied.map(|facts| facts.bytes),
        sha256: exported.copied.map(|facts| facts.sha256),
        details: exported.details.display().to_string(),
    }
}

fn in_words(items: &[Exported], findings: &[Finding]) -> String {
    let mut said = String::new();
    if !items.is_empty() {
        let mut table = Table::titled(["ID", "SIZE", "FILE"]);
        for exported in items {
            let file = exported.file.as_ref().unwrap_or(&exported.details).display().to_string();
            let size = exported.copied.map(|facts| facts.bytes.to_string()).unwrap_or_default();
            table.row([exported.id.to_string().into(), size.into(), plain(&file).into_owned().into()]);
        }
        said.push_str(&format!("{table}\n"));
    }
    if !findings.is_empty() {
        said.push_str(&format!("{}\n", check::table(findings)));
    }
    let count = match (items.len(), findings.len()) {
        (0, 0) => "nothing is undelivered".to_owned(),
        (exported, 0) => format!("exported: {exported}"),
        (exported, findings) => format!("exported: {exported}, findings: {findings}"),
    };
    said + &count
}
