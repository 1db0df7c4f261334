//! The running sandbox: its thread, and the handle that tests hold.
//!
//! Owns: starting and stopping. Everything the handle does goes through `Shared`, like the control API. Nothing here is
//! async: it may be called from tests with or without a runtime.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

use crate::clock::Clock;
use crate::dialect::Dialect;
use crate::entry::Entry;
use crate::folders::{Folder, FolderRules};
use crate::ledger::LedgerEntry;
use crate::log::{Leak, RequestRecord};
use crate::options::{Listening, Options, StartError, Tls};
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::rules::{Rule, RuleId, RuleStatus};
use crate::shared::{Shared, State};
use crate::wire::{Conns, Network, Pump};
use crate::world::{Origin, World};
use crate::{aside, front, systems, wire};

/// How long the end waits for a disk write to finish.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running sandbox. Stops when it is dropped.
///
/// ```
/// use fieldpost_sandbox::{Fault, Options, Provider, Sandbox};
///
/// let sandbox = Sandbox::start(Options::default())?;
/// sandbox.fault(Fault::LoseAnswer);
/// assert!(sandbox.url(Provider::CorrigoPro).ends_with("/corrigopro"));
/// assert!(sandbox.ledger().is_empty());
/// # Ok::<(), fieldpost_sandbox::StartError>(())
/// ```
pub struct Sandbox {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// The folder, where it is ours.
    temporary: Option<PathBuf>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts it in a thread of its own; its sockets are open when this returns.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (dir, temporary) = folder(options.dir.clone())?;
        let tls = options.tls.as_ref().map(acceptor).transpose()?;
        let world = World::open(dir, &options)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(StartError::io("starting the sandbox's threads"))?;
        let (stop, stopped) = oneshot::channel();
        let ports = (options.port, options.control_port);
        let shared = runtime.block_on(open(world, ports, tls, stop))?;
        for post in &options.posts {
            runtime.block_on(aside::post(&shared, post))?;
        }
        let thread = std::thread::spawn(move || {
            // The sender gone is as good as a stop.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(PATIENCE);
        });
        Ok(Self { shared, thread: Some(thread), temporary })
    }

    /// Where everything is, as the command's first line says it.
    pub fn listening(&self) -> Listening {
        self.shared.listening()
    }

    /// The account's base URL for a system.
    pub fn url(&self, system: Provider) -> String {
        format!("{}{}", self.origin(), systems::base(system))
    }

    /// Scheme, host and port of the systems.
    pub fn origin(&self) -> String {
        self.shared.world().origin.clone()
    }

    /// Base of the control API.
    pub fn control_url(&self) -> &str {
        &self.shared.control
    }

    /// A token that the system accepts now; empty if it accepts none.
    pub fn token(&self, system: Provider) -> String {
        self.shared.world().keys.token(system)
    }

    /// The tokens that the system accepts from now on.
    pub fn set_tokens(&self, system: Provider, tokens: &[&str]) {
        self.shared.world().keys.set_tokens(system, tokens.iter().map(|t| (*t).to_owned()).collect());
    }

    /// The system's tokens of now are refused once so much time has passed on the sandbox's clock.
    pub fn expire_tokens(&self, system: Provider, after: Duration) {
        self.shared.expire_tokens(system, after);
    }

    /// Every temporary link that was given out has expired.
    pub fn expire_links(&self) {
        self.shared.world().keys.end_links();
    }

    /// Refuses the system's tokens from now on, and accepts the new one returned.
    pub fn rotate_token(&self, system: Provider) -> String {
        self.shared.rotate_token(system)
    }

    /// Adds a fault for the next request that it concerns, or a rule.
    ///
    /// # Panics
    /// If the rule cannot act (a mistake in the test); the control API answers 400.
    pub fn fault(&self, rule: impl Into<Rule>) -> RuleId {
        let rule = rule.into();
        if let Some(complaint) = rule.complaint() {
            panic!("{complaint}");
        }
        self.shared.world().rules.add(rule)
    }

    /// All rules and how often they acted.
    pub fn faults(&self) -> Vec<RuleStatus> {
        self.shared.world().rules.list()
    }

    /// How often a rule has acted.
    pub fn hits(&self, id: RuleId) -> u64 {
        self.faults().iter().find(|r| r.id == id).map_or(0, |r| r.hits)
    }

    /// Removes one rule; `false`: there was none of that id.
    pub fn remove_fault(&self, id: RuleId) -> bool {
        self.shared.world().rules.remove(id)
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.shared.world().rules.clear();
    }

    /// Changes the network; it is so when this returns.
    pub fn network(&self, network: Network) -> io::Result<()> {
        self.shared.set_network(network)
    }

    /// Connections, requests, and more in numbers.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// All accepted operations, over restarts.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.shared.world().ledger().to_vec()
    }

    /// The accepted uploads of a work order.
    pub fn uploads(&self, system: Provider, work_order: &str) -> Vec<LedgerEntry> {
        let work_order = systems::system(system).work_order_id(work_order);
        let ours = |e: &LedgerEntry| e.system == system && e.work_order == work_order;
        self.ledger().into_iter().filter(|e| e.operation == Operation::Upload && ours(e)).collect()
    }

    /// What the systems hold now, listed or not yet.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared.world().entries().to_vec()
    }

    /// The bytes of an entry, as they came; also of a deleted one.
    pub fn file(&self, system: Provider, work_order: &str, remote_id: &str) -> Option<Vec<u8>> {
        self.shared.file(system, work_order, remote_id)
    }

    /// The requests of this run, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.world().log.records().cloned().collect()
    }

    /// Credentials that were sent where they must not go.
    pub fn leaks(&self) -> Vec<Leak> {
        self.shared.world().log.leaks().to_vec()
    }

    /// Creates a work order, changes its state, or (`None`) removes it.
    pub fn set_work_order(&self, system: Provider, id: &str, state: impl Into<Option<WorkOrderState>>) {
        self.shared.set_work_order(system, id, state.into());
    }

    /// The customer's office renames an entry; `false`: there is none.
    pub fn office_rename(&self, system: Provider, work_order: &str, remote_id: &str, name: &str) -> io::Result<bool> {
        self.shared.office_rename(system, work_order, remote_id, name)
    }

    /// The customer's office deletes an entry; `false`: there is none.
    pub fn office_delete(&self, system: Provider, work_order: &str, remote_id: &str) -> io::Result<bool> {
        self.shared.office_delete(system, work_order, remote_id)
    }

    /// The folders of a work order, where the system has them, listed or not yet.
    pub fn folders(&self, system: Provider, work_order: &str) -> Vec<Folder> {
        self.shared.folders(system, work_order)
    }

    /// The customer's office makes a folder, also if there is one of that name; `None`: the system has no folders, or no such
    /// work order.
    pub fn office_folder(&self, system: Provider, work_order: &str, name: &str) -> io::Result<Option<String>> {
        self.shared.office_folder(system, work_order, name)
    }

    /// What may be put into a folder from now on; `false`: there is none.
    pub fn set_folder_rules(&self, system: Provider, work_order: &str, folder: &str, rules: FolderRules) -> bool {
        self.shared.set_folder_rules(system, work_order, folder, rules)
    }

    /// The customer's office deletes a folder with all that is in it; `false`: there is none that could be deleted.
    pub fn office_delete_folder(&self, system: Provider, work_order: &str, folder: &str) -> io::Result<bool> {
        self.shared.office_delete_folder(system, work_order, folder)
    }

    /// Changes the shapes that no document fixes.
    pub fn set_dialect(&self, dialect: Dialect) {
        self.shared.world().dialect = dialect;
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> Clock {
        self.shared.world().clock.clone()
    }

    /// The network up, faults, log, links, waiting requests, tokens and work orders as at the start; with `accepted`, also nothing accepted.
    pub fn reset(&self, accepted: bool) -> io::Result<()> {
        self.shared.reset(accepted)
    }

    /// The folder with `ledger.jsonl` and `files/`.
    pub fn dir(&self) -> PathBuf {
        self.shared.world().dir().to_owned()
    }

    /// Stops it: every connection is closed when this returns. Dropping does the same.
    pub fn stop(self) {}
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(dir) = &self.temporary {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

/// Runs a sandbox until the control's `stop` (or the end of the process): the command `fieldpost sandbox`.
///
/// `on_listening` is called once, when the sockets are open.
pub fn run(options: Options, on_listening: impl FnOnce(&Listening)) -> Result<(), StartError> {
    let mut sandbox = Sandbox::start(options)?;
    on_listening(&sandbox.listening());
    if let Some(thread) = sandbox.thread.take() {
        let _ = thread.join();
    }
    Ok(())
}

/// What both the handle and the control API do.
pub(crate) trait Actions {
    fn rotate_token(&self, system: Provider) -> String;
    fn expire_tokens(&self, system: Provider, after: Duration);
    fn set_work_order(&self, system: Provider, id: &str, state: Option<WorkOrderState>);
    fn office_rename(&self, system: Provider, work_order: &str, remote_id: &str, name: &str) -> io::Result<bool>;
    fn office_delete(&self, system: Provider, work_order: &str, remote_id: &str) -> io::Result<bool>;
    fn folders(&self, system: Provider, work_order: &str) -> Vec<Folder>;
    fn office_folder(&self, system: Provider, work_order: &str, name: &str) -> io::Result<Option<String>>;
    fn set_folder_rules(&self, system: Provider, work_order: &str, folder: &str, rules: FolderRules) -> bool;
    fn office_delete_folder(&self, system: Provider, work_order: &str, folder: &str) -> io::Result<bool>;
    fn file(&self, system: Provider, work_order: &str, remote_id: &str) -> Option<Vec<u8>>;
    fn reset(&self, accepted: bool) -> io::Result<()>;
}

impl Actions for Shared {
    fn rotate_token(&self, system: Provider) -> String {
        let token = format!("{system}-{}", uuid::Uuid::now_v7().simple());
        self.world().keys.set_tokens(system, vec![token.clone()]);
        token
    }

    fn expire_tokens(&self, system: Provider, after: Duration) {
        let mut world = self.world();
        let end = world.clock.now() + after;
        world.keys.end_tokens(system, end);
    }

    fn set_work_order(&self, system: Provider, id: &str, state: Option<WorkOrderState>) {
        let id = systems::system(system).work_order_id(id);
        let mut world = self.world();
        let orders = world.work_orders.entry(system).or_default();
        match state {
            Some(state) => orders.insert(id, state),
            None => orders.remove(&id),
        };
    }

    fn office_rename(&self, system: Provider, work_order: &str, remote_id: &str, name: &str) -> io::Result<bool> {
        let mut world = self.world();
        let Some(mut entry) = world.meant(system, work_order, remote_id) else {
            return Ok(false);
        };
        entry.name = name.to_owned();
        let now = world.clock.now();
        world.update(entry, Origin::office(), now).map(|()| true)
    }

    fn office_delete(&self, system: Provider, work_order: &str, remote_id: &str) -> io::Result<bool> {
        let mut world = self.world();
        let Some(entry) = world.meant(system, work_order, remote_id) else {
            return Ok(false);
        };
        let now = world.clock.now();
        world.delete(&entry, Origin::office(), now).map(|()| true)
    }

    fn folders(&self, system: Provider, work_order: &str) -> Vec<Folder> {
        let (world, id) = (self.world(), systems::system(system).work_order_id(work_order));
        match world.work_order(system, &id) {
            Some(_) => world.folders_of(system, &id, None),
            None => vec![],
        }
    }

    fn office_folder(&self, system: Provider, work_order: &str, name: &str) -> io::Result<Option<String>> {
        let (mut world, id) = (self.world(), systems::system(system).work_order_id(work_order));
        // Where there are folders, every work order has some.
        if world.work_order(system, &id).is_none() || systems::system(system).folders().is_empty() {
            return Ok(None);
        }
        let now = world.clock.now();
        world.make_folder((system, &id, name), None, Origin::office(), now).map(Some)
    }

    fn set_folder_rules(&self, system: Provider, work_order: &str, folder: &str, rules: FolderRules) -> bool {
        let id = systems::system(system).work_order_id(work_order);
        self.world().set_folder_rules(system, &id, folder, rules)
    }

    fn office_delete_folder(&self, system: Provider, work_order: &str, folder: &str) -> io::Result<bool> {
        let (mut world, id) = (self.world(), systems::system(system).work_order_id(work_order));
        let now = world.clock.now();
        world.delete_folder((system, &id, folder), Origin::office(), now)
    }

    fn file(&self, system: Provider, work_order: &str, remote_id: &str) -> Option<Vec<u8>> {
        let world = self.world();
        let (work_order, remote_id) =
            (systems::system(system).work_order_id(work_order), systems::system(system).entry_id(remote_id));
        let known = |e: &&LedgerEntry| e.system == system && e.work_order == work_order && e.remote_id == remote_id;
        let entry = world.ledger().iter().find(known)?;
        std::fs::read(world.dir().join("files").join(system.name()).join(&entry.remote_id)).ok()
    }

    fn reset(&self, accepted: bool) -> io::Result<()> {
        self.set_network(Network::Up)?;
        self.world().reset(accepted)
    }
}

/// The folder to use, and whether it is ours to remove.
fn folder(given: Option<PathBuf>) -> Result<(PathBuf, Option<PathBuf>), StartError> {
    match given {
        Some(dir) => Ok((dir, None)),
        None => {
            let name = format!("fieldpost-sandbox-{}", uuid::Uuid::now_v7().simple());
            let dir = std::env::temp_dir().join(name);
            Ok((dir.clone(), Some(dir)))
        }
    }
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, StartError> {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let wrong = |e: rustls::Error| StartError::Tls(e.to_string());
    let chain = tls.cert_chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::try_from(tls.key.clone()).map_err(|e| StartError::Tls(e.to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Opens the sockets and lets the servers run in the background.
async fn open(
    world: World,
    (port, control_port): (u16, u16),
    tls: Option<TlsAcceptor>,
    stop: oneshot::Sender<()>,
) -> Result<Arc<Shared>, StartError> {
    let conns = Arc::new(Conns::after(world.last_connection()));
    let (errands, asked) = mpsc::unbounded_channel();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let control = TcpListener::bind(("127.0.0.1", control_port))
        .await
        .map_err(StartError::io(format!("listening on port {control_port}")))?;
    let control_at = control.local_addr().map_err(StartError::io("asking for the control's port"))?;
    let control_url = format!("http://{control_at}/control");
    let shared = Arc::new(Shared::new(world, Arc::clone(&conns), errands, stop, control_url));
    let watched = Arc::downgrade(&shared);
    let unreachable = Box::new(move || watched.upgrade().is_some_and(|s| s.world().rules.refuses_connection()));
    let (pump, lines) = Pump::open(port, conns, asked, tls, unreachable)
        .map_err(StartError::io(format!("listening on port {port}")))?;
    shared.world().origin = format!("{scheme}://{}", pump.address());
    tokio::spawn(pump.run());
    let systems = aside::beside_the_systems().fallback(front::serve).with_state(Arc::clone(&shared));
    tokio::spawn(wire::serve(lines, systems));
    tokio::spawn(serve_control(control, Arc::clone(&shared)));
    Ok(shared)
}

async fn serve_control(listener: TcpListener, shared: Arc<Shared>) {
    // Never returns but with the runtime.
    let _ = axum::serve(listener, aside::of_its_own().with_state(shared)).await;
}

/// The folder's ledger, read without a running sandbox.
pub fn read_ledger(dir: &Path) -> Result<Vec<LedgerEntry>, StartError> {
    crate::ledger::read(&dir.join("ledger.jsonl")).map(|(entries, _)| entries)
}
