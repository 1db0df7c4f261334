//! The table as it is printed: a line for each system and operation, a column for each fault, in panels that fit a screen.

use std::fmt::Write as _;

use crate::Cell;
use crate::rows::ROWS;
use crate::troubles::{Panel, TROUBLES};

const LEGEND: &str = "\
delivered  by the answer to the first try        found  by looking, after one try       again  by a later try
(n)        n times accepted: changes, which do no harm, and files that were renamed or deleted there before anybody looked
other      blocked, with this reason             -      cannot happen there             WRONG  not as it is written down";

/// All panels.
pub(crate) fn of(cells: &[Cell]) -> String {
    let panels = [
        (Panel::Network, "The network"),
        (Panel::Answers, "Answers"),
        (Panel::Refusals, "Refusals"),
        (Panel::Files, "Files"),
    ];
    let mut text = String::new();
    for (panel, title) in panels {
        // A String takes all that is written to it.
        let _ = writeln!(text, "{}", panel_of(cells, panel, title));
    }
    let wrong = cells.iter().filter(|cell| cell.complaint().is_some()).count();
    let _ = write!(text, "{LEGEND}\n{} cells, {wrong} wrong", cells.len());
    text
}

fn panel_of(cells: &[Cell], panel: Panel, title: &str) -> String {
    let columns: Vec<usize> = (0..TROUBLES.len()).filter(|n| TROUBLES[*n].panel == panel).collect();
    let mut lines = vec![vec![title.to_owned()]];
    lines[0].extend(columns.iter().map(|n| TROUBLES[*n].name.to_owned()));
    for (n, row) in ROWS.iter().enumerate() {
        let mut line = vec![format!("{} {}", row.system, row.operation)];
        let at = |trouble: &usize| cells.iter().find(|cell| (cell.row, cell.trouble) == (n, *trouble));
        line.extend(columns.iter().map(|trouble| at(trouble).map_or_else(|| "-".to_owned(), shown)));
        if line[1..].iter().any(|cell| cell != "-") {
            lines.push(line);
        }
    }
    let widths: Vec<usize> =
        (0..=columns.len()).map(|at| lines.iter().map(|line| line[at].len()).max().unwrap_or(0)).collect();
    let padded = |line: &Vec<String>| {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines.iter().map(padded).collect()
}

/// A cell in a word or two. What it must end as is what it ended as, unless it is wrong.
fn shown(cell: &Cell) -> String {
    let (Ok(seen), None) = (&cell.seen, cell.complaint()) else { return "WRONG".to_owned() };
    let end = seen.last.strip_prefix("blocked ").unwrap_or(&seen.last);
    match seen.copies {
        0 | 1 => end.to_owned(),
        copies => format!("{end} ({copies})"),
    }
}
