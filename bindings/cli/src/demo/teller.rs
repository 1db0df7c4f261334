//! What is told of the story as it happens, and to whom.
//!
//! Owns the moments of the story and their JSON. `people` tells the same moments to a terminal.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fieldpost::{Event, Item, ItemId, Network, Reason, RemoteId, State, Summary};
use serde::Serialize;

use super::props::Props;
use super::stage::Job;
use super::verdict::{Checked, Verdict};
use crate::exit::Exit;
use crate::render::json;

/// One moment of the story.
pub(super) enum Moment<'a> {
    /// It begins: where what is captured goes.
    Begins { jobs: &'a [Job] },
    /// The photographs and the signature are being made.
    Making { photographs: bool },
    /// They are made.
    Made { props: &'a Props },
    /// Captures begin; there is no network.
    Capturing,
    /// A capture returned.
    Captured { item: &'a Item, from: Option<(u32, u32)>, took: Duration },
    /// Delivery is asked for though there is no network: it prepares what it can.
    Preparing,
    /// All is prepared and waits.
    Queue { items: &'a [Item] },
    /// Delivery was asked for again, and came back.
    CameBack { summary: &'a Summary, took: Duration, whole: bool },
    /// The network is back, and the answer to the first photograph will be lost.
    Online { losing: Option<&'a str> },
    /// Something happened to an item.
    Happened(&'a Event),
    /// Delivery came to its end.
    Delivered,
    /// What the systems' ledger says.
    Verdict(&'a Verdict),
    /// The end.
    Ends { ending: &'a Ending, kept: Option<&'a Path> },
}

/// What the demo is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) summary: Summary,
    /// Each delivered item is there exactly once, nothing else is.
    pub(super) exactly_once: bool,
    /// Answers that were lost on purpose.
    pub(super) lost_answers: u64,
    pub(super) took: Duration,
}

impl Ending {
    /// As a delivery's, but failed, which wins, if the ledger disagrees.
    pub(super) fn exit(&self) -> Exit {
        if self.exactly_once { Exit::of(self.summary.waiting, self.summary.blocked) } else { Exit::Failed }
    }
}

/// Whoever the story is told to. Called from the threads on which things happen.
pub(super) trait Teller: Send + Sync {
    /// Tells one moment. An error is one of writing.
    fn tell(&self, moment: &Moment<'_>) -> io::Result<()>;
}

/// How an item stands, as far as it is worth a line: the same twice is told once.
pub(super) type Standing = (State, Option<Reason>);

pub(super) fn standing(item: &Item) -> Standing {
    (item.state, item.why.as_ref().map(|why| why.reason))
}

/// Tells it to a script: one JSON object a line, states and progress as `deliver` does.
pub(super) struct Script<W> {
    told: Mutex<Told<W>>,
}

struct Told<W> {
    out: W,
    /// How each item was last told of.
    last: HashMap<ItemId, Standing>,
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    /// The next part of the story begins.
    Step {
        step: &'static str,
        network: Network,
    },
    State {
        item: &'a Item,
    },
    Progress {
        id: ItemId,
        sent: u64,
        total: u64,
    },
    /// The delivery with no network came back.
    CameBack(&'a Summary),
    /// What a system's ledger says of an item.
    Ledger {
        id: ItemId,
        remote_id: Option<&'a RemoteId>,
        copies: usize,
        as_sent: bool,
        right: bool,
    },
    Done {
        #[serde(flatten)]
        summary: &'a Summary,
        exactly_once: bool,
        lost_answers: u64,
        seconds: f64,
        /// A name that is no Unicode is shown as far as it goes: JSON has no other.
        kept: Option<Cow<'a, str>>,
    },
}

impl<W: Write> Script<W> {
    pub(super) fn new(out: W) -> Self {
        Script { told: Mutex::new(Told { out, last: HashMap::new() }) }
    }

    #[cfg(test)]
    pub(super) fn into_written(self) -> W {
        self.told.into_inner().unwrap_or_else(PoisonError::into_inner).out
    }
}

impl<W: Write + Send> Teller for Script<W> {
    fn tell(&self, moment: &Moment<'_>) -> io::Result<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for line in told.lines(moment) {
            told.out.write_all(json::line(&line).as_bytes())?;
        }
        told.out.flush()
    }
}

impl<W> Told<W> {
    fn lines<'a>(&mut self, moment: &Moment<'a>) -> Vec<Line<'a>> {
        match *moment {
            Moment::Happened(Event::Changed(item))
                if self.last.insert(item.id, standing(item)) == Some(standing(item)) =>
            {
                vec![]
            }
            Moment::Happened(Event::Changed(item)) => vec![Line::State { item }],
            Moment::Happened(Event::Progress { id, sent, total }) => {
                vec![Line::Progress { id: *id, sent: *sent, total: *total }]
            }
            Moment::Capturing => vec![Line::Step { step: "capture", network: Network::None }],
            Moment::Preparing => vec![Line::Step { step: "prepare", network: Network::None }],
            Moment::CameBack { summary, .. } => vec![Line::CameBack(summary)],
            Moment::Online { .. } => vec![Line::Step { step: "deliver", network: Network::Unmetered }],
            Moment::Verdict(verdict) => verdict.items.iter().map(ledger_line).collect(),
            Moment::Ends { ending, kept } => vec![Line::Done {
                summary: &ending.summary,
                exactly_once: ending.exactly_once,
                lost_answers: ending.lost_answers,
                seconds: (ending.took.as_secs_f64() * 1e3).round() / 1e3,
                kept: kept.map(Path::to_string_lossy),
            }],
            _ => vec![],
        }
    }
}

fn ledger_line(checked: &Checked) -> Line<'_> {
    let Checked { item, copies, as_sent, .. } = checked;
    let remote_id = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.as_ref());
    Line::Ledger { id: item.id, remote_id, copies: *copies, as_sent: *as_sent, right: checked.is_right() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_disagrees_wins_over_what_waits_and_what_is_blocked() {
        let ending = |exactly_once, blocked, waiting| {
            let summary = Summary { delivered: 1, waiting, blocked, next: None };
            Ending { summary, exactly_once, lost_answers: 1, took: Duration::ZERO }.exit()
        };
        assert_eq!(ending(true, 0, 0), Exit::Done);
        assert_eq!(ending(true, 0, 2), Exit::Waits);
        assert_eq!(ending(true, 1, 2), Exit::Blocked);
        assert_eq!(ending(false, 1, 2), Exit::Failed);
    }
}
