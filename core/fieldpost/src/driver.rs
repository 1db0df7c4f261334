//! The driver of our own: asks the delivery for tasks, moves the bytes, reports. Holds no rule; sleeps until the delivery's
//! next time or until something changes, in this process or in another.

mod others;

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::others::Others;
use crate::engine::air::{Prepared, Task};
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
    /// # Errors
    /// [`Error::AlreadyDelivering`]; [`Error::Network`]; [`Error::DiskFull`] and [`Error::Disk`] where an attempt cannot be
    /// journaled: then it is not made.
    pub async fn deliver(&self, tokens: &dyn Tokens) -> Result<Summary, Error> {
        self.deliver_with(tokens, Deliver::default()).await
    }

    /// Delivers with patience, until stopped, or over other certificates.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver).
    pub async fn deliver_with(&self, tokens: &dyn Tokens, how: Deliver) -> Result<Summary, Error> {
        if self.is_paused()? {
            // Not even for a moment: the app may be about to be suspended.
            let (_, blocked, waiting) = self.counts()?;
            return Ok(Summary { delivered: 0, waiting, blocked, next: None });
        }
        let http = Http::new(how.http.clone(), self.disk()).map_err(|e| Error::Network { what: e.to_string() })?;
        let delivery = Arc::new(self.begin_delivery()?);
        let (before, ..) = self.counts()?;
        let next = Run { outbox: self, delivery, http, tokens, how: &how, abort: StopSignal::new() }.run().await?;
        let (delivered, blocked, waiting) = self.counts()?;
        Ok(Summary { delivered: delivered.saturating_sub(before), waiting, blocked, next })
    }
}

/// A delivery under way.
struct Run<'a> {
    outbox: &'a Outbox,
    delivery: Arc<Delivery>,
    http: Http,
    tokens: &'a dyn Tokens,
    how: &'a Deliver,
    /// Breaks the transfers off.
    abort: StopSignal,
}

/// Something that was under way has ended.
enum Ended {
    Sent(TransferId, Exchange),
    Prepared(Option<Prepared>),
    Token(String, Option<Token>),
}

impl Run<'_> {
    /// Until nothing more can be done within the patience. Returns when the next item goes on by itself.
    async fn run(&self) -> Result<Option<Timestamp>, Error> {
        let mut under_way: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        // Apart, for a stop drops them: nobody can tell how long a sign-in takes.
        let mut asked: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        let mut progress = Instant::now();
        let others = Others::watch(self.outbox.wake_file());
        loop {
            let changed = self.outbox.changed_soon();
            let stopped = self.how.stop.is_stopped() || self.outbox.is_paused()?;
            if stopped {
                self.abort.stop();
            }
            let task = if stopped { Task::Sleep { left: None } } else { self.delivery.next()? };
            let left = match task {
                Task::Send(transfer) => {
                    under_way.push(Box::pin(self.send(transfer)));
                    continue;
                }
                Task::Prepare(job) => {
                    let made = tokio::task::spawn_blocking(move || job.run());
                    under_way.push(Box::pin(async move { Ended::Prepared(made.await.ok()) }));
                    continue;
                }
                Task::Token { account } => {
                    asked.push(Box::pin(async move {
                        let token = self.tokens.token(&account).await;
                        Ended::Token(account, token)
                    }));
                    continue;
                }
                Task::Sleep { left } => left,
            };
            if under_way.is_empty() && (stopped || asked.is_empty() && !self.sits_out(left, progress)) {
                let now = self.outbox.clock()?.now().wall;
                return Ok(left.map(|left| now.after(left)));
            }
            tokio::select! {
                Some(ended) = under_way.next() => {
                    self.take(ended)?;
                    progress = Instant::now();
                }
                Some(ended) = asked.next() => {
                    self.take(ended)?;
                    progress = Instant::now();
                }
                () = sleep(left) => {}
                () = changed => {}
                () = others.changed() => {}
                () = self.how.stop.stopped(), if !stopped => {}
            }
        }
    }

    /// Whether a wait is sat out.
    fn sits_out(&self, left: Option<Duration>, progress: Instant) -> bool {
        self.how.watch || left.is_some_and(|left| progress.elapsed() + left <= self.how.patience)
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
