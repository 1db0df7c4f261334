//! Items for people: a table of many, the particulars of one.

use anstyle::Style;
use fieldpost::{Item, Operation, Proof, Receipt, Sent, State};

use super::{Cell, Table, action, ago, now, plain, shortened, state_style, why};

/// The widest that words from outside may make a column.
const NAME_COLUMNS: usize = 40;

/// A row for each.
pub(crate) fn table(items: &[Item]) -> Table {
    let now = now();
    let mut table = Table::titled(["ID", "STATE", "FOR", "NAME", "SIZE", "CAPTURED", "WHY"]);
    for item in items {
        table.row([
            item.id.to_string().into(),
            Cell::styled(item.state.as_str(), state_style(item.state)),
            shortened(&format!("{}/{}", item.account, item.work_order), NAME_COLUMNS).into(),
            shortened(&named(item), NAME_COLUMNS).into(),
            size(item).into(),
            ago(item.captured_at, now).into(),
            item.why.as_ref().map(|reason| why(reason, now)).unwrap_or_default().into(),
        ]);
    }
    table
}

/// Its name, and what is to be done with it where it is no upload: `deletion of boiler-7f3a9c1e.jpg`.
pub(crate) fn named(item: &Item) -> String {
    let name = plain(&item.name);
    match item.operation {
        Operation::Upload => name.into_owned(),
        Operation::DeleteFolder => format!("{} {name}", operation(item.operation)),
        other => format!("{} of {name}", operation(other)),
    }
}

/// `4.2 MB > 998 kB`, where it was made smaller.
pub(crate) fn size(item: &Item) -> String {
    match (&item.original, &item.sent) {
        (Some(original), Some(sent)) if original.bytes != sent.bytes => format!("{} > {}", original.bytes, sent.bytes),
        (Some(original), _) => original.bytes.to_string(),
        (None, Some(sent)) => sent.bytes.to_string(),
        (None, None) => String::new(),
    }
}

/// All that is known of one.
pub(crate) fn particulars(item: &Item) -> Table {
    let (now, dim) = (now(), Style::new().dimmed());
    let mut table = Table::default();
    let mut line = |label: &str, cell: Cell| table.row([Cell::styled(label, dim), cell]);
    let text = |text: &str| Cell::from(plain(text).into_owned());

    line("name", Cell::styled(plain(&item.name), Style::new().bold()));
    line("id", item.id.to_string().into());
    line("state", Cell::styled(item.state.as_str(), state_style(item.state)));
    if let Some(reason) = &item.why {
        line("why", why(reason, now).into());
        line("what helps", action(reason.action, item).into());
    }
    line("account", text(&item.account));
    line("work order", text(&item.work_order));
    let asked = if item.operation == Operation::Upload {
        line("kind", item.kind.as_str().into());
        "captured"
    } else {
        line("operation", operation(item.operation).into());
        "asked for"
    };
    if let Some(caption) = &item.caption {
        line("caption", text(caption));
    }
    if !item.tags.is_empty() {
        line("tags", text(&item.tags.join(", ")));
    }
    for flag in &item.flags {
        line("flag", format!("{flag:?}").to_lowercase().into());
    }
    line(asked, format!("{}  {}", item.captured_at, ago(item.captured_at, now)).into());
    if let Some(original) = &item.original {
        line("original", format!("{}  sha256 {}", original.bytes, original.sha256).into());
    }
    if let Some(sent) = &item.sent {
        line(if item.state == State::Delivered { "sent" } else { "to send" }, as_sent(sent).into());
    }
    line("attempts", item.attempts.to_string().into());
    if let Some(receipt) = &item.receipt {
        line("delivered", format!("{}  {}", receipt.delivered_at, ago(receipt.delivered_at, now)).into());
        line("proof", proved(receipt).into());
    }
    table
}

fn as_sent(sent: &Sent) -> String {
    let pixels = match (sent.width, sent.height) {
        (Some(width), Some(height)) => format!("  {width} x {height}"),
        _ => String::new(),
    };
    format!("{}{pixels}  sha256 {}", sent.bytes, sent.sha256)
}

/// How a delivery is known.
pub(crate) fn proved(receipt: &Receipt) -> String {
    let how = match receipt.proof {
        Proof::Answer => "the system's answer",
        Proof::Found => "found in the system's list",
        Proof::Person => "a person's word",
    };
    let id = receipt.remote_id.as_ref().map(|id| format!(", id {}", plain(&id.0))).unwrap_or_default();
    let surplus = match receipt.surplus.len() {
        0 => String::new(),
        more => format!(", {more} more of ours there"),
    };
    format!("{how}{id}{surplus}")
}

fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Upload => "upload",
        Operation::Update => "update",
        Operation::Delete => "deletion",
        Operation::DeleteFolder => "deletion of folder",
    }
}
