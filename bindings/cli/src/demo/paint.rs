//! How the demo looks: styles, signs, and columns that hold.
//!
//! Owns where signs beyond ASCII may be used, and the demo's own styles; states have theirs in `render`. Colours are
//! written always, and taken out by the stream where they are not wanted.

use std::env;
use std::fmt::Display;
use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::render::shortened;

pub(super) const TITLE: Style = Style::new().bold();
pub(super) const NUMBER: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const QUIET: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// `text` in a style.
pub(super) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Harmless, and exactly as wide as a column: cut in the middle, or filled up.
pub(super) fn column(text: &str, width: usize) -> String {
    let mut text = shortened(text, width);
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width())));
    text
}

/// Signs for a glance, or words where they could not be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs {
    pub(super) arrow: &'static str,
    tick: &'static str,
    cross: &'static str,
}

impl Signs {
    pub(super) const PLAIN: Signs = Signs { arrow: "->", tick: "ok", cross: "NO" };

    const FINE: Signs = Signs { arrow: "→", tick: "✓", cross: "✗" };

    /// What standard output can show.
    pub(super) fn for_stdout() -> Self {
        if stdout().is_terminal() && speaks_utf8() { Signs::FINE } else { Signs::PLAIN }
    }

    /// Whether something is as it should be.
    pub(super) fn of(self, well: bool) -> String {
        if well { styled(GOOD, self.tick) } else { styled(BAD, self.cross) }
    }
}

/// Whether the locale, where one is set, is one of UTF-8.
fn speaks_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    set.is_none_or(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_it_says_whatever_the_script() {
        for text in ["", "a", "exactly-10", "something much longer than that", "漢字漢字漢字漢字", "a\x1b[2Jb"]
        {
            assert_eq!(column(text, 10).width(), 10, "{text:?}");
            assert!(!column(text, 10).contains('\x1b'));
        }
    }
}
