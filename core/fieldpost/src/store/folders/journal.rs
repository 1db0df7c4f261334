//! An item's journal: a JSON object a line, only ever appended to, each line synced before anyone acts on it.
//!
//! A line counts once its newline is there: a write that was cut short leaves a torn end. The next append closes that end
//! with [`TORN`], which no JSON contains, so a torn line is told from a damaged one for good.

use std::io::{Read, Seek, SeekFrom, Write};

use crate::model::{ItemId, Receipt};
use crate::store::records::{Entry, Line};

use super::{FileError, Folders, JOURNAL};

/// Closes a line that was cut short: the control character "cancel".
const TORN: u8 = 0x18;

/// What an item's journal says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Journal {
    /// The lines that read, in their order: the later wins.
    pub lines: Vec<Line>,
    /// The numbers, from 1, of lines that were whole once and do not read any more. The others still count: a receipt
    /// after one is a receipt.
    pub damaged: Vec<usize>,
    /// How many lines tell of something that only a later version knows.
    pub unknown: usize,
}

impl Journal {
    /// Whether any line says so.
    pub(crate) fn has(&self, says: impl Fn(&Entry) -> bool) -> bool {
        self.lines.iter().any(|line| says(&line.entry))
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut journal = Journal::default();
        let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
        lines.pop(); // what follows the last newline: nothing, or a torn line
        for (number, line) in (1..).zip(lines) {
            if line.ends_with(&[TORN]) {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(line) => journal.lines.push(line),
                Err(_) if Line::is_of_a_later_version(line) => journal.unknown += 1,
                Err(_) => journal.damaged.push(number),
            }
        }
        journal
    }
}

impl Folders {
    /// Adds a line, durable once this returns. The journal has to be there.
    pub(crate) fn append(&self, id: ItemId, line: &Line) -> Result<(), FileError> {
        let path = self.file(id, JOURNAL);
        let mut bytes = line.to_bytes();
        if self.at("read", &path, self.ends_torn(id))? {
            bytes.splice(0..0, [TORN, b'\n']);
        }
        let mut file = self.at("open", &path, self.disk.append(&path))?;
        // In one write: another process may be appending as well.
        self.at("write", &path, file.write_all(&bytes).and_then(|()| file.sync()))
    }

    fn ends_torn(&self, id: ItemId) -> std::io::Result<bool> {
        let mut file = self.disk.open(&self.file(id, JOURNAL))?;
        if file.seek(SeekFrom::End(0))? == 0 {
            return Ok(false);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0] != b'\n')
    }

    /// The receipt that an item's journal holds, if there is one.
    pub(crate) fn receipt(&self, id: ItemId) -> Result<Option<Receipt>, FileError> {
        let journal = match self.read_journal(id) {
            Err(e) if e.is_missing() => return Ok(None),
            journal => journal?,
        };
        Ok(journal.lines.into_iter().rev().find_map(|line| match line.entry {
            Entry::Receipt { receipt } => Some(receipt),
            _ => None,
        }))
    }

    /// The item's journal. A torn last line is no line.
    pub(crate) fn read_journal(&self, id: ItemId) -> Result<Journal, FileError> {
        Ok(Journal::parse(&self.read(&self.file(id, JOURNAL))?))
    }
}
