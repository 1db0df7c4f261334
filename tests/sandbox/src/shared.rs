//! What the sockets' tasks, the control and the Rust handle share.
//!
//! Owns: the lock around the world, and that whoever follows it hears of every change. Never: what has changed.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, mem};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::stamp;
use crate::options::{Listening, ListeningAccount, ListeningEvent};
use crate::provider::{Provider, WorkOrderState};
use crate::systems;
use crate::wire::{Asked, Conns, Errand, Network};
use crate::world::World;

/// What the sandbox is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Open connections of clients; the control's own are not counted.
    pub connections: usize,
    /// Requests to systems that are being read or processed.
    pub requests: usize,
    /// Requests that will be processed later (`accept_late`).
    pub pending: usize,
    /// The network.
    pub network: Network,
    /// Rules in force or used up.
    pub faults: usize,
    /// Lines of the ledger.
    pub accepted: usize,
    /// Credentials that were sent where they must not go.
    pub leaks: usize,
    /// Readers of the control's `/events`: open pages, for the most part.
    pub watchers: usize,
    /// The sandbox's time: RFC 3339, UTC.
    pub clock: String,
}

/// The one thing that all parts of a running sandbox hold.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) conns: Arc<Conns>,
    pump: mpsc::UnboundedSender<Asked>,
    requests: AtomicUsize,
    watchers: AtomicUsize,
    /// Its number grows with every change of the world.
    changes: watch::Sender<u64>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    /// Base of the control API.
    pub(crate) control: String,
}

impl Shared {
    pub(crate) fn new(
        world: World,
        conns: Arc<Conns>,
        pump: mpsc::UnboundedSender<Asked>,
        stop: oneshot::Sender<()>,
        control: String,
    ) -> Self {
        let stop = Mutex::new(Some(stop));
        let counted = || AtomicUsize::new(0);
        let (requests, watchers, changes) = (counted(), counted(), watch::Sender::new(0));
        Self { world: Mutex::new(world), conns, pump, requests, watchers, changes, stop, control }
    }

    /// The world, with all that is due by now done.
    pub(crate) fn world(&self) -> Held<'_> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let touched = world.settle();
        Held { world, touched, changes: &self.changes }
    }

    /// Follows the world: whatever changes after this call is heard of.
    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        Watch { changes: self.changes.subscribe(), shared: Arc::clone(self) }
    }

    /// Changes the network; it is as asked when this returns.
    pub(crate) fn set_network(&self, network: Network) -> io::Result<()> {
        self.ask(Errand::Become(network))?;
        self.world().network = network;
        Ok(())
    }

    fn ask(&self, errand: Errand) -> io::Result<()> {
        let gone = || io::Error::other("the sandbox has stopped");
        let (done, waiting) = std::sync::mpsc::sync_channel(1);
        self.pump.send((errand, done)).map_err(|_| gone())?;
        waiting.recv().map_err(|_| gone())?
    }

    /// What is going on. No connection and no request means that nothing sent before the call is still to be dealt with.
    pub(crate) fn state(&self) -> State {
        // A stopped sandbox has no connections to gather.
        let _ = self.ask(Errand::Gather);
        // In this order: a request is counted before its connection ceases to be.
        let connections = self.conns.count();
        let requests = self.requests.load(Ordering::SeqCst);
        let world = self.world();
        State {
            connections,
            requests,
            pending: world.parked(),
            network: world.network,
            faults: world.rules.list().len(),
            accepted: world.ledger().len(),
            leaks: world.log.leaks().len(),
            watchers: self.watchers.load(Ordering::SeqCst),
            clock: stamp(world.clock.now()),
        }
    }

    pub(crate) fn listening(&self) -> Listening {
        let world = self.world();
        let account = |provider: Provider| ListeningAccount {
            provider,
            url: format!("{}{}", world.origin, systems::base(provider)),
            token: world.keys.token(provider),
            work_orders: world.work_orders.get(&provider).map(open).unwrap_or_default(),
            settings: systems::settings(provider),
        };
        Listening {
            event: ListeningEvent::Listening,
            url: world.origin.clone(),
            control: self.control.clone(),
            accounts: Provider::ALL.into_iter().map(account).collect(),
        }
    }

    /// Ends the sandbox.
    pub(crate) fn stop(&self) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = mem::take(&mut *stop) {
            let _ = stop.send(());
        }
    }
}

fn open(orders: &std::collections::BTreeMap<String, WorkOrderState>) -> Vec<String> {
    orders.iter().filter(|(_, state)| **state == WorkOrderState::Open).map(|(id, _)| id.clone()).collect()
}

/// The world, under its lock. Who writes to it tells the watchers by letting it go.
pub(crate) struct Held<'a> {
    world: MutexGuard<'a, World>,
    touched: bool,
    changes: &'a watch::Sender<u64>,
}

impl Deref for Held<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.touched = true;
        &mut self.world
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.touched {
            self.changes.send_modify(|changes| *changes += 1);
        }
    }
}

/// Somebody who follows the world, counted until it is dropped.
pub(crate) struct Watch {
    changes: watch::Receiver<u64>,
    pub(crate) shared: Arc<Shared>,
}

impl Watch {
    /// Waits for the next change; `false`: there can be none any more.
    pub(crate) async fn changed(&mut self) -> bool {
        let due = {
            let world = self.shared.world();
            world.next_due().and_then(|due| world.clock.real_time_until(due))
        };
        let by_itself = async {
            match due {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = self.changes.changed() => changed.is_ok(),
            () = by_itself => {
                // Taking the world does what is due, which is a change.
                drop(self.shared.world());
                true
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.watchers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Counts a request until it is dropped; then its record says that it is done.
pub(crate) struct InProgress {
    shared: Arc<Shared>,
    pub(crate) number: u64,
}

impl InProgress {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let number = shared.world().next_request();
        Self { shared, number }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.shared.world().log.amend(self.number, |r| r.done = true);
        self.shared.requests.fetch_sub(1, Ordering::SeqCst);
    }
}
