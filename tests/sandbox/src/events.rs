//! `/events`: what changes in the sandbox, told as it happens (server-sent events).
//!
//! Owns: what is told, and in which order. Never: buffers anything. A reader has a mark in the log and a print of each topic;
//! when it can take more, it gets what differs from them by then. So a slow one costs nothing, hears of every request as it
//! is in the end, and is told `missed` when the log has forgotten what it had not heard of.
//!
//! | event | data | means |
//! |---|---|---|
//! | `hello` | `{}` | first of all: what is asked from now on is at least as new as the marks |
//! | `requests` | records, as `/requests` has them | they are new, or have changed |
//! | `changed` | `{"topics": ["entries"]}` | `GET /control/TOPIC` answers something else |
//! | `missed` | `{}` | requests were forgotten unheard, or the log was cleared: ask for everything |

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::json;

use crate::shared::{Shared, Watch};
use crate::world::World;

/// Requests in one event, at most.
const BATCH: usize = 50;

/// What is told as changed, by its path below the control.
const TOPICS: [&str; 9] =
    ["clock", "dialect", "entries", "faults", "folders", "leaks", "network", "tokens", "work_orders"];

type Prints = [u64; TOPICS.len()];

/// Answers with the events from now on, until the reader goes away.
pub(crate) fn follow(shared: &Arc<Shared>) -> Response {
    let told = stream::unfold(Reader::new(shared.watch()), |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event.sse()), reader))
    });
    Sse::new(told).keep_alive(KeepAlive::default()).into_response()
}

/// An event's name and data.
#[derive(Debug, PartialEq)]
struct Told {
    event: &'static str,
    data: serde_json::Value,
}

impl Told {
    fn sse(self) -> Event {
        // JSON has no line break outside its strings, and escapes those within.
        Event::default().event(self.event).data(self.data.to_string())
    }
}

/// How far somebody has heard.
struct Reader {
    watch: Watch,
    greeted: bool,
    seen: u64,
    prints: Prints,
}

impl Reader {
    fn new(watch: Watch) -> Self {
        let (seen, prints) = {
            let world = watch.shared.world();
            (world.log.now(), prints(&world))
        };
        Self { watch, greeted: false, seen, prints }
    }

    /// The next event, once there is one.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.told() {
                return Some(told);
            }
            if !self.watch.changed().await {
                return None;
            }
        }
    }

    /// What there is to tell now.
    fn told(&mut self) -> Option<Told> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Told { event: "hello", data: json!({}) });
        }
        let world = self.watch.shared.world();
        let news = world.log.since(self.seen, BATCH);
        self.seen = news.seen;
        if news.missed {
            return Some(Told { event: "missed", data: json!({}) });
        }
        if !news.records.is_empty() {
            return Some(Told { event: "requests", data: json!(news.records) });
        }
        let now = prints(&world);
        let differs = |at: &usize| now[*at] != self.prints[*at];
        let topics: Vec<&str> = (0..TOPICS.len()).filter(differs).map(|at| TOPICS[at]).collect();
        self.prints = now;
        (!topics.is_empty()).then(|| Told { event: "changed", data: json!({"topics": topics}) })
    }
}

/// A print of each topic: another one, if what is told of it is another.
fn prints(world: &World) -> Prints {
    TOPICS.map(|topic| match topic {
        "clock" => print(&world.clock.ahead()),
        "dialect" => print(&world.dialect),
        // There may be many of them: counted, not read.
        "entries" => world.entries_changed(),
        "faults" => print(&world.rules.list()),
        "folders" => print(&world.all_folders()),
        "leaks" => print(&world.log.leaks()),
        "network" => print(&world.network),
        "tokens" => print(world.keys.tokens()),
        _ => print(&world.work_orders),
    })
}

fn print(told: &impl Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(told).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
