//! Tells the demo to people: numbered steps, aligned columns, bars while files go, eighty columns wide.
//!
//! Owns the words and the layout. On a terminal with colours and bars; elsewhere plain lines, the same words.

use std::collections::HashMap;
use std::io::{self, Stdout, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstream::AutoStream;
#[cfg(test)]
use anstream::StripStream;
use fieldpost::{Event, Item, ItemId, Kind, Proof, State, Summary};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::paint::{GOOD, NUMBER, QUIET, Signs, TITLE, column, styled};
use super::props::Props;
use super::stage::Job;
use super::teller::{Ending, Moment, Standing, Teller, standing};
use super::verdict::{Checked, Verdict};
use crate::render::{action, plain, shortened, state_style};

/// The columns of an item's name, where there is room.
const NAME: usize = 26;

/// The same where there is less.
const SHORT: usize = 24;

/// Of a reason, and of what helps.
const WHY: usize = 20;
const HELP: usize = 80 - 4 - SHORT - 1 - 10 - 1 - WHY - 1;

/// Of a system's id: as long as a UUID.
const ID: usize = 36;

/// Tells it to people.
pub(super) struct People<W> {
    state: Mutex<Told<W>>,
}

struct Told<W> {
    out: W,
    signs: Signs,
    live: MultiProgress,
    /// What is being worked on, where that is one thing.
    spinner: Option<ProgressBar>,
    bars: HashMap<ItemId, ProgressBar>,
    last: HashMap<ItemId, Standing>,
    /// What changes of items mean at this point of the story.
    scene: Scene,
    /// As each item was before it was prepared.
    originals: HashMap<ItemId, (u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
enum Scene {
    /// A capture tells itself.
    Capture,
    /// Photographs become smaller.
    Prepare,
    /// Since then there is a network.
    Deliver(Instant),
}

impl People<AutoStream<Stdout>> {
    /// At standard output, as it can show it; what is live is on standard error, as everywhere in the command.
    pub(super) fn at_stdout() -> Self {
        People::new(AutoStream::auto(io::stdout()), Signs::for_stdout(), MultiProgress::new())
    }
}

#[cfg(test)]
impl People<StripStream<Vec<u8>>> {
    /// As into a pipe.
    pub(super) fn piped() -> Self {
        let hidden = MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden());
        People::new(StripStream::new(Vec::new()), Signs::PLAIN, hidden)
    }
}

impl<W: Write> People<W> {
    fn new(out: W, signs: Signs, live: MultiProgress) -> Self {
        let told = Told {
            out,
            signs,
            live,
            spinner: None,
            bars: HashMap::new(),
            last: HashMap::new(),
            scene: Scene::Capture,
            originals: HashMap::new(),
        };
        People { state: Mutex::new(told) }
    }

    #[cfg(test)]
    pub(super) fn into_written(self) -> W {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).out
    }
}

impl<W: Write + Send> Teller for People<W> {
    fn tell(&self, moment: &Moment<'_>) -> io::Result<()> {
        let mut told = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = told.lines(moment);
        told.print(&lines)
    }
}

impl<W: Write> Told<W> {
    /// Prints above whatever is live.
    fn print(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let (out, live) = (&mut self.out, &self.live);
        live.suspend(|| {
            lines.iter().try_for_each(|line| writeln!(out, "{}", line.trim_end()))?;
            out.flush()
        })
    }

    fn lines(&mut self, moment: &Moment<'_>) -> Vec<String> {
        match moment {
            Moment::Begins { jobs } => self.begins(jobs),
            Moment::Making { photographs } => {
                if *photographs {
                    self.spin("taking two photographs of 12 megapixels");
                }
                Vec::new()
            }
            Moment::Made { props } => self.made(props),
            Moment::Capturing => {
                self.step(1, "Captured, with no network", "On disk, hashed and synced, when the call returns.")
            }
            Moment::Captured { item, from, took } => self.captured(item, *from, *took),
            Moment::Preparing => {
                self.scene = Scene::Prepare;
                self.spin("making the photographs smaller");
                let what = "At most 1 MB and 2560 pixels, turned upright. The originals are kept.";
                self.step(2, "Made ready, still with no network", what)
            }
            Moment::Queue { items } => self.queue(items),
            Moment::CameBack { summary, took, whole } => self.came_back(summary, *took, *whole),
            Moment::Online { losing } => self.online(*losing),
            Moment::Happened(Event::Changed(item)) => self.changed(item).into_iter().collect(),
            Moment::Happened(Event::Progress { id, sent, total }) => {
                self.progress(*id, *sent, *total);
                Vec::new()
            }
            Moment::Happened(_) => Vec::new(),
            Moment::Delivered => {
                self.bars.clear();
                Vec::new()
            }
            Moment::Verdict(verdict) => self.verdict(verdict),
            Moment::Ends { ending, kept } => self.ends(ending, *kept),
        }
    }

    fn step(&self, number: u8, title: &str, what: &str) -> Vec<String> {
        let heading = format!(" {}  {}", styled(NUMBER, number), styled(TITLE, title));
        vec![String::new(), heading, format!("    {}", styled(QUIET, what)), String::new()]
    }

    fn begins(&self, jobs: &[Job]) -> Vec<String> {
        let what = "Work is documented in a basement without signal, for two customers:";
        let title = format!("    {}", styled(TITLE, "Fieldpost: the demo"));
        let mut lines = vec![String::new(), title, format!("    {what}"), String::new()];
        lines.extend(jobs.iter().map(|job| {
            format!("      {}  {}  work order {}", column(&job.order.account, 8), column(job.title, 18), job.order.id)
        }));
        lines.push(String::new());
        lines
    }

    // --- with no network ---

    fn made(&mut self, props: &Props) -> Vec<String> {
        self.still();
        let photos = match &*props.photographs {
            [photo, ..] if photo.name.is_some() => "Two photos (12 megapixels, sideways and upside down)".to_owned(),
            [_] => "One photo of yours".to_owned(),
            several => format!("{} photos of yours", several.len()),
        };
        vec![format!("    {photos}, a signature, a note.")]
    }

    fn captured(&mut self, item: &Item, from: Option<(u32, u32)>, took: Duration) -> Vec<String> {
        if let Some(from) = from {
            self.originals.insert(item.id, from);
        }
        let size = item.original.map(|original| original.bytes.to_string()).unwrap_or_default();
        let dimensions = from.map(pixels).unwrap_or_default();
        let line = format!("{size:>8}  {dimensions:<11}  {}", column(&item.account, 8));
        vec![format!("    {} {line} {}", column(&item.name, NAME), styled(QUIET, format!("{:>9}", brief(took))))]
    }

    fn prepared(&self, item: &Item) -> Option<String> {
        let (original, sent) = (item.original?, item.sent?);
        let arrow = self.signs.arrow;
        let before = self.originals.get(&item.id).copied().map(pixels).unwrap_or_default();
        let after = sent.width.zip(sent.height).map(pixels).unwrap_or_default();
        let saved = 100 - sent.bytes.0.saturating_mul(100).checked_div(original.bytes.0).unwrap_or(100).min(100);
        let saved = if saved == 0 { "as it is".to_owned() } else { format!("-{saved} %") };
        let change =
            format!("{:>7} {before:<11} {arrow} {:>7} {after:<11}", original.bytes.to_string(), sent.bytes.to_string());
        Some(format!("    {} {change} {}", column(&item.name, SHORT - 2), styled(GOOD, saved)))
    }

    fn queue(&mut self, items: &[Item]) -> Vec<String> {
        self.still();
        let mut lines = self.step(
            3,
            "The queue, and why it waits",
            "Every item that is not delivered has a reason, and says what would help.",
        );
        lines.push(styled(
            QUIET,
            format!("    {} {:<10} {} {}", column("item", SHORT), "state", column("why", WHY), "what helps"),
        ));
        lines.extend(items.iter().map(|item| {
            let reason = item.why.as_ref().map_or("", |why| why.reason.as_str());
            let helps = item.why.as_ref().map(|why| action(why.action, item)).unwrap_or_default();
            let (name, state, why) = (column(&item.name, SHORT), Self::state(item.state), column(reason, WHY));
            format!("    {name} {state} {why} {}", shortened(&helps, HELP))
        }));
        lines
    }

    fn came_back(&self, summary: &Summary, took: Duration, whole: bool) -> Vec<String> {
        let (sent, count) = (summary.delivered, summary.waiting + summary.blocked);
        let kept = if whole { "kept, every hash right" } else { "kept, but not every file is whole" };
        let back = format!("Asked to deliver: back after {}, {sent} sent, {count} {kept}.", brief(took));
        vec![String::new(), format!("    {} {back}", self.signs.of(whole))]
    }

    // --- with a network ---

    fn online(&mut self, losing: Option<&str>) -> Vec<String> {
        self.scene = Scene::Deliver(Instant::now());
        let what = match losing {
            Some(name) => format!("On purpose, one answer is lost: that to {}.", shortened(name, 32)),
            None => "No photo can be sent, so no answer is lost on purpose this time.".to_owned(),
        };
        self.step(4, "The network is back", &what)
    }

    fn changed(&mut self, item: &Item) -> Option<String> {
        let now = standing(item);
        let before = self.last.insert(item.id, now);
        match self.scene {
            Scene::Capture => None,
            Scene::Prepare => {
                let ready = before.is_some_and(|(state, _)| state == State::Captured) || before.is_none();
                if ready && item.kind == Kind::Photo { self.prepared(item) } else { None }
            }
            Scene::Deliver(began) if before != Some(now) => self.moved(item, began.elapsed()),
            Scene::Deliver(_) => None,
        }
    }

    fn moved(&mut self, item: &Item, at: Duration) -> Option<String> {
        if item.state != State::Sending {
            self.bars.remove(&item.id);
        }
        let note = match item.state {
            // That an item may go now is no news; what hinders it is.
            State::Queued | State::Captured => return None,
            State::Sending => String::new(),
            State::Waiting | State::Blocked => item.why.as_ref().map(|why| why.reason.to_string()).unwrap_or_default(),
            State::Verifying => "it may be there: look first".to_owned(),
            State::Delivered => proof_of_arrival(item).to_owned(),
            State::Cancelled => String::new(),
        };
        let at = styled(QUIET, format!("{:>7}", format!("{:.2} s", at.as_secs_f64())));
        Some(format!("    {at}  {} {} {note}", column(&item.name, NAME), Self::state(item.state)))
    }

    fn progress(&mut self, id: ItemId, sent: u64, total: u64) {
        let live = &self.live;
        let bar = self.bars.entry(id).or_insert_with(|| {
            let template = "             {bar:26.cyan/dim} {decimal_bytes:>10} of {decimal_total_bytes}";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            live.add(ProgressBar::new(total).with_style(style)).with_finish(indicatif::ProgressFinish::AndClear)
        });
        bar.set_position(sent);
    }

    // --- the end ---

    fn verdict(&self, verdict: &Verdict) -> Vec<String> {
        let mut lines = self.step(
            5,
            "Receipts, against the systems' own ledger",
            "Each has to be there exactly once, with the SHA-256 that was sent.",
        );
        lines.push(styled(
            QUIET,
            format!("    {} {} {:<6} {}", column("item", SHORT), column("remote id", ID), "proof", "there"),
        ));
        lines.extend(verdict.items.iter().map(|checked| self.receipt(checked)));
        if verdict.strangers > 0 {
            lines.push(format!("    {} {} uploads that are nobody's", self.signs.of(false), verdict.strangers));
        }
        if verdict.leaks > 0 {
            lines.push(format!("    {} {} credentials went where they must not", self.signs.of(false), verdict.leaks));
        }
        lines
    }

    fn receipt(&self, checked: &Checked) -> String {
        let item = &checked.item;
        let receipt = item.receipt.as_ref();
        let id = receipt
            .and_then(|receipt| receipt.remote_id.as_ref())
            .map(ToString::to_string)
            .unwrap_or_else(|| "-".into());
        let proof = receipt.map_or("none", |receipt| match receipt.proof {
            Proof::Answer => "answer",
            Proof::Found => "found",
            Proof::Person => "person",
        });
        let there = match (checked.copies, checked.as_sent && checked.right_id) {
            (0, _) => "not".to_owned(),
            (1, true) => "once".to_owned(),
            (1, false) => "altered".to_owned(),
            (copies, _) => format!("{copies} times"),
        };
        let sign = self.signs.of(checked.is_right());
        format!("    {} {} {proof:<6} {sign} {there}", column(&item.name, SHORT), column(&id, ID))
    }

    fn ends(&self, ending: &Ending, kept: Option<&Path>) -> Vec<String> {
        let Summary { delivered, waiting, blocked, .. } = ending.summary;
        let result = match (ending.exactly_once, ending.lost_answers) {
            (false, _) => {
                format!("{} The ledger disagrees. That is a bug in Fieldpost: please report it.", self.signs.of(false))
            }
            (true, 0) => format!("{} {delivered} delivered, each exactly once.", self.signs.of(true)),
            (true, lost) => format!(
                "{} {delivered} delivered, each exactly once, though {lost} answer was lost.",
                self.signs.of(true)
            ),
        };
        let mut lines = vec![
            String::new(),
            format!("    {result}  {}", styled(QUIET, format!("{:.1} s", ending.took.as_secs_f64()))),
        ];
        if waiting + blocked > 0 {
            lines.push(format!("    {} waiting, {} blocked: nothing is lost.", waiting, blocked));
        }
        lines.extend(next(kept));
        lines
    }

    // --- pieces ---

    fn state(state: State) -> String {
        // What fills the column up has no style: it is cut off at a line's end.
        format!("{}{:width$}", styled(state_style(state), state.as_str()), "", width = 10 - state.as_str().len())
    }

    fn spin(&mut self, what: &'static str) {
        let style = ProgressStyle::with_template("    {spinner:.cyan} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = self.live.add(ProgressBar::new_spinner()).with_style(style).with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(90));
        self.spinner = Some(spinner);
    }

    fn still(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }
}

/// How its arrival is known.
fn proof_of_arrival(item: &Item) -> &'static str {
    match item.receipt.as_ref().map(|receipt| receipt.proof) {
        Some(Proof::Found) => "found there, not sent again",
        Some(Proof::Person) => "a person said so",
        _ => "its answer proves it",
    }
}

fn pixels((width, height): (u32, u32)) -> String {
    format!("{width} x {height}")
}

fn brief(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis().max(1))
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

/// What to do with it from here.
fn next(kept: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(dir) = kept {
        let outbox = dir.join("outbox").display().to_string();
        lines.extend([
            String::new(),
            format!("    {} {}", styled(TITLE, "Kept in"), plain(&dir.display().to_string())),
            "      photos    the photos and the signature, before".to_owned(),
            "      sandbox   what the systems received, and their ledger".to_owned(),
            format!("      outbox    try: fieldpost --dir {} list", plain(&outbox)),
        ]);
    }
    lines.extend([String::new(), format!("    {}", styled(TITLE, "Try next"))]);
    let commands = [
        ("fieldpost sandbox", "the five systems, and the lines to paste for"),
        ("fieldpost account add ...", "an account there, its token, and"),
        ("fieldpost capture ...", "a capture; then"),
        ("fieldpost deliver", "delivers it. See also: list, show, why, check"),
        ("README.md", "the promise, and how it is kept"),
    ];
    lines.extend(commands.map(|(command, what)| format!("      {command:<26} {}", styled(QUIET, what))));
    lines.push(format!("    {}", styled(QUIET, "In a clone, fieldpost is: cargo run --release --bin fieldpost --")));
    lines
}
