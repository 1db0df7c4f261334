//! Columns that stay aligned, whatever the script.

use std::fmt;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// The space between columns.
const GAP: usize = 2;

/// A piece of text in a table, harmless already.
#[derive(Debug, Default, Clone)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// With a style of its own.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Cell { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { text: text.into(), style: Style::new() }
    }
}

/// Rows under a head, or under none.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// With these titles.
    pub(crate) fn titled<const N: usize>(titles: [&str; N]) -> Self {
        let title = |title: &str| Cell::styled(title, Style::new().bold());
        Table { rows: vec![titles.map(title).to_vec()] }
    }

    /// One more row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.to_vec());
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    /// Without a line's end behind the last row, without spaces behind the last cell of a row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for (n, row) in self.rows.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate().take(last + 1) {
                let Cell { text, style } = cell;
                write!(f, "{style}{text}{style:#}")?;
                if at < last {
                    write!(f, "{:1$}", "", width - text.width() + GAP)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_seen_and_lines_end_with_text() {
        let mut table = Table::titled(["NAME", "STATE", "WHY"]);
        table.row(["漢字.jpg".into(), "queued".into(), "".into()]);
        table.row(["a.jpg".into(), Cell::from("blocked"), "refused".into()]);
        let shown = anstream::adapter::strip_str(&table.to_string()).to_string();
        assert_eq!(shown, "NAME      STATE    WHY\n漢字.jpg  queued\na.jpg     blocked  refused");
    }
}
