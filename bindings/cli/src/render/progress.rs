//! Signs of life on a terminal for what takes longer than a second. Elsewhere nothing is shown.

use std::collections::HashMap;
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fieldpost::{Item, ItemId, State};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::item::named;
use super::shortened;

/// What is quicker is not worth a sign.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Whether there is somebody to see it.
fn seen(json: bool) -> bool {
    !json && stderr().is_terminal()
}

fn spinner(what: &'static str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::no_length().with_style(style).with_message(what)
}

/// A bar of the whole, or a spinner, from the second second on until it is dropped.
pub(crate) struct Sign {
    bar: ProgressBar,
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sign {
    /// A spinner: nobody knows how long it takes.
    pub(crate) fn of(json: bool, what: &'static str) -> Self {
        Self::start(json, spinner(what), None)
    }

    /// A bar of a hundred parts.
    pub(crate) fn bar(json: bool, what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self::start(json, ProgressBar::new(100).with_style(style).with_message(what), None)
    }

    /// On stderr, alone or `among` others.
    fn start(json: bool, bar: ProgressBar, among: Option<MultiProgress>) -> Self {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        if !seen(json) {
            return Sign { bar, over: None, thread: None };
        }
        let (over, ended) = mpsc::channel();
        let later = bar.clone();
        let thread = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                match among {
                    Some(all) => drop(all.add(later.clone())),
                    None => later.set_draw_target(ProgressDrawTarget::stderr()),
                }
                later.enable_steady_tick(TURN);
                // Until it is over: the sender says nothing but that, by going.
                let _ = ended.recv();
            }
        });
        Sign { bar, over: Some(over), thread: Some(thread) }
    }

    /// What is under way now.
    pub(crate) fn says(&self, what: &str) {
        self.bar.set_message(shortened(what, 48));
    }

    /// Does `print` with the sign out of its way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// How far it is, from 0 to 1.
    pub(crate) fn at(&self, part: f32) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0..=100
        self.bar.set_position((part.clamp(0.0, 1.0) * 100.0) as u64);
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        self.over = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

/// A bar for each item that is on its way for longer than a second, and a spinner below.
pub(crate) struct Bars {
    all: MultiProgress,
    whole: Option<Sign>,
    shown: bool,
    under_way: HashMap<ItemId, UnderWay>,
}

struct UnderWay {
    since: Instant,
    name: String,
    bar: Option<ProgressBar>,
}

impl Bars {
    /// None yet.
    pub(crate) fn new(json: bool) -> Self {
        let all = MultiProgress::new();
        let whole = Some(Sign::start(json, spinner("delivering"), Some(all.clone())));
        Bars { all, whole, shown: seen(json), under_way: HashMap::new() }
    }

    /// An item changed: what is no longer on its way has no bar.
    pub(crate) fn changed(&mut self, item: &Item) {
        if item.state == State::Sending {
            let name = shortened(&named(item), 32);
            self.under_way.insert(item.id, UnderWay { since: Instant::now(), name, bar: None });
        } else if let Some(UnderWay { bar: Some(bar), .. }) = self.under_way.remove(&item.id) {
            bar.finish_and_clear();
        }
    }

    /// Bytes of an item left.
    pub(crate) fn progress(&mut self, id: ItemId, sent: u64, total: u64) {
        let Some(item) = self.under_way.get_mut(&id).filter(|item| self.shown && item.since.elapsed() >= PATIENCE)
        else {
            return;
        };
        let bar = item.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("  {msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.all.insert(0, ProgressBar::new(total).with_style(style).with_message(item.name.clone()))
        });
        bar.set_length(total);
        bar.set_position(sent);
    }

    /// It is over: nothing of it stays on the screen.
    pub(crate) fn end(&mut self) {
        self.under_way.drain().filter_map(|(_, item)| item.bar).for_each(|bar| bar.finish_and_clear());
        self.whole = None;
    }

    /// Does `print` with the bars out of its way.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.all.suspend(print)
    }
}
