//! The driver of our own: asks the delivery for tasks, moves the bytes, reports. Holds no rule; sleeps until the delivery's
//! next time or until something changes, in this process or in another. [`turns`] has who delivers and who joins, [`others`]
//! what other processes do.

mod others;
mod remote;
pub(crate) mod turns;

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use self::others::Others;
pub use self::remote::Remote;
use self::turns::{Running, Stay, Turn};
use crate::engine::air::Task;
use crate::engine::preparing::Prepared;
use crate::error::Error;
use crate::model::{Exchange, Timestamp};
use crate::outbox::{Delivery, Outbox};
use crate::transport::{Http, HttpOptions, Secret, StopSignal, Token, Transfer, TransferId};

/// A future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where tokens come from: the app's sign-in.
pub trait Tokens: Send + Sync {
    /// A fresh token for `account`; `None` where there is none to be had: its items then wait with `token_wanted`. Asked once
    /// until answered, and again when a token is refused. It holds up this account only; a delivery that is stopped does not
    /// wait for it.
    fn token<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Option<Token>>;
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> Tokens for F {
    fn token<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Option<Token>> {
        Box::pin(ready(self(account).map(|token| Token::new(Secret::new(token)))))
    }
}

/// How to deliver.
#[derive(Debug, Clone)]
pub struct Deliver {
    /// How long waits are sat out: a wait that ends within this time of the last progress does not end the delivery.
    pub patience: Duration,
    /// Stay until stopped, whether or not there is anything to do.
    pub watch: bool,
    /// Time limits and certificates of the network.
    pub http: HttpOptions,
    /// Ends the delivery when it is given.
    pub stop: StopSignal,
}

impl Default for Deliver {
    /// No patience: what cannot go now is left for the next delivery.
    fn default() -> Self {
        Deliver { patience: Duration::ZERO, watch: false, http: HttpOptions::default(), stop: StopSignal::new() }
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Items that it delivered.
    pub delivered: u64,
    /// Items that are still to be delivered.
    pub waiting: u64,
    /// Items that need a person.
    pub blocked: u64,
    /// When the next of them goes on by itself.
    pub next: Option<Timestamp>,
}

impl Outbox {
    /// Delivers all that can be delivered now. Needs a tokio runtime with time and I/O. While the outbox is paused it returns at
    /// once.
    ///
    /// Where a delivery runs already in this process, on this outbox or a clone of it, it joins that one: its summary comes once
    /// nothing more can be done, and counts what the running one has delivered since *it* began. What was captured before the
    /// call is part of it. The tokens and the network's limits are those of the running one; where that is stopped, fails, or
    /// would not stay as long, this one takes over.
    ///
    /// # Errors
    /// [`Error::AlreadyDelivering`] where another process delivers, or another opening of the outbox, or a
    /// [`Delivery`]; [`Error::Network`]; [`Error::DiskFull`] and [`Error::Disk`] where an attempt cannot be journaled: then it is
    /// not made.
    pub async fn deliver(&self, tokens: &dyn Tokens) -> Result<Summary, Error> {
        self.deliver_with(tokens, Deliver::default()).await
    }

    /// Delivers with patience, until stopped, or over other certificates. The signal to stop ends this call only, not a
    /// delivery that it has joined.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver).
    pub async fn deliver_with(&self, tokens: &dyn Tokens, how: Deliver) -> Result<Summary, Error> {
        let stop = Stop { own: &how.stop, all: self.turns().stops() };
        if self.is_paused()? {
            // Not even for a moment: the app may be about to be suspended.
            return self.summary(None, None);
        }
        let http = Http::new(how.http.clone(), self.disk()).map_err(|e| Error::Network { what: e.to_string() })?;
        let (stay, before) = (Stay::of(&how), self.counts()?.0);
        loop {
            let waits = match self.turns().take(stay) {
                Turn::Runs(turn) => {
                    let delivery = Arc::new(self.begin_delivery()?);
                    let before = self.counts()?.0;
                    let abort = StopSignal::new();
                    return Run { outbox: self, delivery, turn: &turn, http, tokens, stay, stop, abort, before }
                        .run()
                        .await;
                }
                Turn::Waits(waits) => waits,
            };
            self.has_changed(); // it may sleep
            tokio::select! {
                biased;
                told = waits => match told {
                    Ok(summary) => return Ok(summary),
                    Err(_gone) if self.is_paused()? => return self.summary(Some(before), None),
                    Err(_gone) => {}
                },
                () = stop.given() => return self.summary(Some(before), None),
            }
        }
    }

    /// Ends the deliveries that run in this process on this outbox or a clone of it, and returns at once: transfers are broken
    /// off, and the calls return what they did so far. What may have arrived is looked up by the next delivery. Harmless where
    /// none runs. A [`Delivery`] that the host drives is the host's to end.
    pub fn stop(&self) {
        self.turns().stop();
    }

    /// What was delivered since there were `before`, and what is left.
    fn summary(&self, before: Option<u64>, next: Option<Timestamp>) -> Result<Summary, Error> {
        let (delivered, blocked, waiting) = self.counts()?;
        Ok(Summary { delivered: delivered.saturating_sub(before.unwrap_or(delivered)), waiting, blocked, next })
    }
}

/// What ends a call: its own signal, or that for all.
struct Stop<'a> {
    own: &'a StopSignal,
    all: StopSignal,
}

impl Stop<'_> {
    fn is_given(&self) -> bool {
        self.own.is_stopped() || self.all.is_stopped()
    }

    async fn given(&self) {
        tokio::select! {
            () = self.own.stopped() => {}
            () = self.all.stopped() => {}
        }
    }
}

/// A delivery under way.
struct Run<'a> {
    outbox: &'a Outbox,
    delivery: Arc<Delivery>,
    turn: &'a Running<'a>,
    http: Http,
    tokens: &'a dyn Tokens,
    stay: Stay,
    stop: Stop<'a>,
    /// Breaks the transfers off.
    abort: StopSignal,
    /// Items that had been delivered when it began.
    before: u64,
}

/// Something that was under way has ended.
enum Ended {
    Sent(TransferId, Exchange),
    Prepared(Option<Prepared>),
    Token(String, Option<Token>),
}

impl Run<'_> {
    /// Until nothing more can be done within the patience.
    async fn run(&self) -> Result<Summary, Error> {
        let mut under_way: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        // Apart, for a stop drops them: nobody can tell how long a sign-in takes.
        let mut asked: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut progress = Instant::now();
        let others = Others::watch(self.outbox.wake_file());
        loop {
            let changed = self.outbox.changed_soon();
            self.turn.looks();
            let stopped = self.stop.is_given() || self.outbox.is_paused()?;
            if stopped {
                self.abort.stop();
            }
            let tasks = if stopped { vec![Task::Sleep { left: None }] } else { self.delivery.next_all()? };
            let mut rests = None;
            for task in tasks {
                match task {
                    Task::Send(transfer) => under_way.push(Box::pin(self.send(transfer))),
                    Task::Prepare(job) => {
                        let made = tokio::task::spawn_blocking(move || job.run());
                        under_way.push(Box::pin(async move { Ended::Prepared(made.await.ok()) }));
                    }
                    Task::Token { account } => asked.push(Box::pin(async move {
                        let token = self.tokens.token(&account).await;
                        Ended::Token(account, token)
                    })),
                    Task::Sleep { left } => rests = Some(left),
                }
            }
            let Some(left) = rests else { continue };
            if under_way.is_empty() && stopped {
                return self.summary(None);
            }
            if under_way.is_empty() && asked.is_empty() {
                self.turn.rests(left, progress, || self.summary(left))?;
                if !self.stay.sits_out(left, progress) {
                    if self.turn.is_joined() {
                        continue;
                    }
                    return self.summary(left);
                }
            }
            tokio::select! {
                Some(ended) = under_way.next() => {
                    self.take(ended)?;
                    // What has ended meanwhile as well: what comes next then shares one commit.
                    while let Some(Some(ended)) = under_way.next().now_or_never() {
                        self.take(ended)?;
                    }
                    progress = Instant::now();
                }
                Some(ended) = asked.next() => {
                    self.take(ended)?;
                    progress = Instant::now();
                }
                () = sleep(left) => {}
                () = changed => {}
                () = others.changed() => {}
                () = self.stop.given(), if !stopped => {}
            }
        }
    }

    fn summary(&self, left: Option<Duration>) -> Result<Summary, Error> {
        let next = left.map(|left| self.outbox.goes_on(left)).transpose()?;
        self.outbox.summary(Some(self.before), next)
    }

    async fn send(&self, transfer: Transfer) -> Ended {
        let tell = |sent, total| {
            if let Some(item) = transfer.item {
                self.delivery.progress(item, sent, total);
            }
        };
        let exchange = self.http.send(&transfer, &tell, &self.abort).await;
        Ended::Sent(transfer.id, exchange)
    }

    fn take(&self, ended: Ended) -> Result<(), Error> {
        match ended {
            Ended::Sent(id, exchange) => self.delivery.report(id, &exchange),
            Ended::Prepared(Some(prepared)) => self.delivery.prepared(prepared),
            // The decoder panicked: the item stays as it is, and is tried again by the next delivery.
            Ended::Prepared(None) => Ok(()),
            Ended::Token(account, Some(token)) if token.is_sendable() => self.delivery.put_token(&account, token),
            Ended::Token(account, _) => self.delivery.no_token(&account),
        }
    }
}

/// Sleeps so long; for ever without an end.
async fn sleep(left: Option<Duration>) {
    match left {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}
