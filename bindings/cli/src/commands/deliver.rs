//! `deliver`: says what happens as it happens, and at the end what is left.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldpost::{Deliver, Event, Filter, Item, ItemId, Operation, Reason, State, StopSignal, Summary, Why};
use serde::Serialize;

use super::{Ended, Session};
use crate::args::DeliverArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;
use crate::render::item::{named, proved, size};
use crate::render::progress::Bars;
use crate::render::{Cell, Output, Table, action, ahead, now, plain, reason, shortened, state_style, why};
use crate::stop;
use crate::tokens::TokenSource;

/// The exit code after a second Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    State { item: &'a Item },
    Progress { id: ItemId, sent: u64, total: u64 },
    Done(&'a Summary),
}

pub(super) fn run(session: &Session, args: &DeliverArgs) -> Ended {
    let (out, stop) = (session.out, StopSignal::new());
    let outbox = place::open_to_deliver(&session.globals)?;
    let tokens = TokenSource::new(
        session.globals.common.token_command.clone(),
        args.person.clone(),
        out.is_json(),
        stop.clone(),
    );
    let how = Deliver { patience: args.patience, watch: args.watch, stop: stop.clone(), ..Deliver::default() };
    let before = outbox.items(&Filter::default())?;
    let teller = Arc::new(Mutex::new(Teller::new(out, stop.clone(), &before)));
    let telling = teller.clone();
    let listening = outbox.listen(move |event| locked(&telling).tell(event));

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| {
        Failure::new("failed", format!("no threads to deliver with: {e}"), "close other programs and try again")
    })?;
    let delivered = runtime.block_on(async {
        tokio::spawn(stopped_by_hand(stop, out.is_json()));
        outbox.deliver_with(&tokens, how).await
    });
    // What still runs then (a token command, a wait for Ctrl-C) is of no use any more.
    runtime.shutdown_background();
    // All that happened is said before what is left.
    listening.finish();
    let summary = delivered?;

    let left = outbox.items(&Filter::default())?;
    locked(&teller).ended(&left, &summary)?;
    Ok(Exit::of(summary.waiting, summary.blocked))
}

/// The first Ctrl-C (or a request to terminate) stops cleanly, the second at once.
pub(super) async fn stopped_by_hand(signal: StopSignal, json: bool) {
    stop::asked().await;
    signal.stop();
    if !json {
        anstream::eprintln!("stopping; once more stops at once");
    }
    stop::asked().await;
    std::process::exit(INTERRUPTED);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what happens.
struct Teller {
    out: Output,
    stop: StopSignal,
    bars: Bars,
    /// How each item was last told of.
    told: HashMap<ItemId, State>,
    /// Nobody reads any more.
    unheard: bool,
}

impl Teller {
    /// With the items as they stand before it begins.
    fn new(out: Output, stop: StopSignal, before: &[Item]) -> Self {
        let told = before.iter().map(|item| (item.id, item.state)).collect();
        Teller { out, stop, bars: Bars::new(out.is_json()), told, unheard: false }
    }

    fn tell(&mut self, event: &Event) {
        let told = match event {
            _ if self.unheard => return,
            Event::Changed(item) => self.changed(item),
            Event::Progress { id, sent, total } => self.progress(*id, *sent, *total),
            _ => Ok(()),
        };
        if told.is_err() {
            // Whoever listened has gone: what is under way ends cleanly, nothing new begins.
            self.unheard = true;
            self.stop.stop();
        }
    }

    fn changed(&mut self, item: &Item) -> Result<(), Failure> {
        self.bars.changed(item);
        if self.told.insert(item.id, item.state) == Some(item.state) {
            return Ok(());
        }
        if self.out.is_json() {
            return self.out.object(&Line::State { item });
        }
        self.bars.aside(|| self.out.text(line(item)))
    }

    /// What is left: what holds a whole account is told of no item while it runs.
    fn ended(&mut self, items: &[Item], summary: &Summary) -> Result<(), Failure> {
        self.bars.end();
        if self.unheard {
            return Ok(());
        }
        if !self.out.is_json() {
            return self.out.text(in_words(summary, items));
        }
        items.iter().try_for_each(|item| self.changed(item))?;
        self.out.object(&Line::Done(summary))
    }

    fn progress(&mut self, id: ItemId, sent: u64, total: u64) -> Result<(), Failure> {
        self.bars.progress(id, sent, total);
        if self.out.is_json() { self.out.object(&Line::Progress { id, sent, total }) } else { Ok(()) }
    }
}

/// `delivered  boiler-7f3a9c1e.jpg  4.2 MB > 998 kB  the system's answer, id 4711`
fn line(item: &Item) -> String {
    let style = state_style(item.state);
    let more = match (&item.why, &item.receipt) {
        (Some(reason), _) if reason.reason != Reason::NotStarted => format!("  {}", why(reason, now())),
        (None, Some(receipt)) => format!("  {}", proved(receipt)),
        _ => String::new(),
    };
    let state = item.state.as_str();
    let size = Some(size(item)).filter(|size| !size.is_empty()).map(|size| format!("  {size}")).unwrap_or_default();
    format!("{style}{state:<9}{style:#}  {}{size}{more}", shortened(&named(item), 40))
}

fn in_words(summary: &Summary, items: &[Item]) -> String {
    let Summary { delivered, waiting, blocked, next } = summary;
    let goes_on = next.map(|at| format!("; the next goes on {}", ahead(at, now()))).unwrap_or_default();
    let said = format!("{delivered} delivered, {waiting} waiting, {blocked} blocked{goes_on}");
    if waiting + blocked == 0 { said } else { format!("{said}\n\n{}", reasons(items)) }
}

/// An account, a state, a reason in words, and whether what is kept is a change of an attachment: what helps an upload helps none.
type Kept<'a> = (&'a str, &'a str, String, bool);

/// A row for each reason that keeps items of an account.
fn reasons(items: &[Item]) -> Table {
    let mut kept: BTreeMap<Kept<'_>, (usize, &Item, &Why)> = BTreeMap::new();
    for item in items {
        if let Some(why) = &item.why {
            let is_change = item.operation != Operation::Upload;
            let key = (item.account.as_str(), item.state.as_str(), kept_by(why), is_change);
            kept.entry(key).or_insert((0, item, why)).0 += 1;
        }
    }
    let mut table = Table::titled(["ITEMS", "STATE", "ACCOUNT", "WHY", "WHAT HELPS"]);
    for ((.., words, _), (count, item, why)) in kept {
        table.row([
            count.to_string().into(),
            Cell::styled(item.state.as_str(), state_style(item.state)),
            plain(&item.account).into_owned().into(),
            words.into(),
            action(why.action, item).into(),
        ]);
    }
    table
}

/// The reason without what only one item has; whose token is wanted belongs to it.
fn kept_by(why: &Why) -> String {
    match (&why.detail, why.reason) {
        (Some(whose), Reason::TokenWanted) => format!("{} ({})", reason(why.reason), plain(whose)),
        _ => reason(why.reason).to_owned(),
    }
}
