//! What the sockets' tasks, the control and the Rust handle share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, mem};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

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
    /// The sandbox's time: RFC 3339, UTC.
    pub clock: String,
}

/// The one thing that all parts of a running sandbox hold.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) conns: Arc<Conns>,
    pump: mpsc::UnboundedSender<Asked>,
    requests: AtomicUsize,
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
        Self { world: Mutex::new(world), conns, pump, requests: AtomicUsize::new(0), stop, control }
    }

    /// The world, with all that is due by now done.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.settle();
        world
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
            clock: stamp(world.clock.now()),
        }
    }

    pub(crate) fn listening(&self) -> Listening {
        let world = self.world();
        let account = |provider: Provider| ListeningAccount {
            provider,
            url: format!("{}{}", world.origin, systems::base(provider)),
            token: world.tokens.get(&provider).and_then(|t| t.first().cloned()).unwrap_or_default(),
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
