//! The one public door.

mod delivery;
mod inquiry;
mod items;
mod listening;
mod opening;
mod room;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
#[cfg(feature = "reqwest")]
use std::time::Duration;

pub use self::delivery::Delivery;
pub use self::inquiry::{Found, Inquired, Inquiry, Wanted};
use self::listening::Listeners;
pub use self::listening::Listening;
use self::opening::Opened;
use self::room::{Inside, Room};
use crate::clock::{Clock, SystemClock};
use crate::disk::{Disk, OsDisk};
use crate::dispatch::backoff::Backoff;
#[cfg(feature = "reqwest")]
use crate::driver::turns::Turns;
use crate::engine::air::Air;
use crate::engine::entropy::Entropy;
use crate::engine::keeping::{Keep, Keeping};
use crate::engine::news::Event;
use crate::engine::{Core, Seams};
use crate::error::Error;
#[cfg(feature = "reqwest")]
use crate::model::Timestamp;
use crate::model::{Account, AccountInfo, Bytes, Conditions};
use crate::store::{Folders, Safe};
use crate::transport::Token;

/// How an outbox is opened.
pub struct Options {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the captured files lie. SQLite does its own file work.
    pub disk: Arc<dyn Disk>,
    /// How long failures wait.
    pub backoff: Backoff,
    /// A file outside of every backup, for an id of this installation: where it differs from the outbox's, the outbox was
    /// restored or cloned, and every upload is looked for before it is sent. The folder must be there; the file is made.
    /// `None`: such an outbox sends again what another phone sent since the backup.
    pub install: Option<PathBuf>,
    /// The memory that preparing a photo may take, in bytes: each one, where [`threads`](Self::threads) allows several. A baseline
    /// JPEG of any size is brought down to 2560 pixels in about 12 MB, progressive ones and other formats take more with their
    /// size; what takes more than is allowed is blocked with `memory_limit`.
    pub memory: u64,
    /// How many photos are prepared at the same time at most, each on a thread of its own and in [`memory`](Self::memory) of its
    /// own. One leaves a phone's other cores to the app; more is for whoever captures faster than one thread prepares.
    pub threads: NonZeroUsize,
    /// A seed that makes ids and waits repeatable, for simulations. `None`: the operating system's chance.
    pub seed: Option<u64>,
    /// How long the files of delivered items stay.
    pub keep: Keep,
    /// The most that the captured and the prepared files of the outbox may take together, the little that records and database take
    /// aside. A capture beyond it is refused ([`Error::QuotaFull`]) once everything delivered is cleared; making a body of what
    /// was captured never is. `None`: what the disk has.
    pub quota: Option<Bytes>,
}

impl Default for Options {
    /// The machine's clock and disk. One photo is prepared at a time, in 256 MB.
    fn default() -> Self {
        Options {
            clock: Arc::new(SystemClock::new()),
            disk: Arc::new(OsDisk),
            backoff: Backoff::default(),
            install: None,
            memory: fieldpost_imaging::DEFAULT_MEMORY,
            threads: NonZeroUsize::MIN,
            seed: None,
            keep: Keep::default(),
            quota: None,
        }
    }
}

/// A durable outbox in a folder of its own. Cheap to clone; every clone is the same outbox.
///
/// ```
/// use fieldpost::{Account, Document, Options, Outbox, State, WorkOrder};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let report = dir.path().join("report.pdf");
/// # std::fs::write(&report, b"%PDF-1.7")?;
/// let outbox = Outbox::open(dir.path().join("outbox"), Options::default())?;
/// outbox.put_account(Account::corrigo_pro("acme", "https://api.example.com").performed_by("Jo Field"))?;
///
/// let job = WorkOrder::new("acme", "10234");
/// let item = outbox.capture(Document::new(&report).caption("Inspection"), &job)?; // durable once it returns
/// assert_eq!(item.state, State::Queued);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

struct Inner {
    room: Mutex<Room>,
    /// Whether nothing is to be held between calls: [`pause`](Outbox::pause).
    let_go: AtomicBool,
    /// Captures that are copying; whoever lets go waits for them.
    capturing: RwLock<()>,
    disk: Arc<dyn Disk>,
    wake: PathBuf,
    listeners: Listeners,
    /// The delivery that runs in this process.
    delivering: Mutex<Weak<Mutex<Air>>>,
    /// Tells the driver of this process.
    #[cfg(feature = "reqwest")]
    changed: tokio::sync::Notify,
    #[cfg(feature = "reqwest")]
    turns: Turns,
}

impl Outbox {
    /// Opens the outbox in `dir`, makes it where it is missing. What a killed capture left whole is taken over, what it left
    /// half is removed. A corrupt database is set aside (`outbox.db.damaged-…`) and rebuilt from the items' folders.
    ///
    /// # Errors
    /// [`Error::InUse`] where a rebuild is needed, or running, while another process has it open; [`Error::TooNew`];
    /// [`Error::DiskFull`]; [`Error::Disk`].
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        let Options { clock, disk, backoff, install, memory, threads, seed, keep, quota } = options;
        let (dir, keeping) = (dir.as_ref(), Keeping { keep, quota });
        let entropy = seed.map_or(Entropy::System, Entropy::seeded);
        let folders = Arc::new(Folders::open(disk.clone(), dir)?);
        let (now, path) = (clock.now(), dir.join("outbox.db"));
        let Opened { store, mut open } = opening::open_store(&folders, &path, &now)?;
        // Items without a database that was ever whole: it is gone, or its rebuild was interrupted. Asked twice, for another
        // process may be capturing into an outbox that it has just made.
        let rebuild = !store.read().is_whole()? && folders.has_items()? && !store.read().is_whole()?;
        if rebuild {
            // Until the rebuild is done: nobody shall take an empty queue for the outbox.
            drop(open);
            open = opening::alone(&folders)?;
        }
        let mut core = Core::new(store, folders.clone(), Seams { clock, entropy, backoff, memory, threads, keeping });
        core.adopt(rebuild)?;
        if let Some(install) = &install {
            core.know_install(install)?;
        }
        // Where nobody delivers, what is still `sending` was left so by a process that died, and shall say so.
        if core.is_any_sending()?
            && let Some(_nobody) = folders.lock_delivery()?
        {
            core.store.begin(Safe::AtOnce)?;
            let ended = core.end_sending();
            core.store.end(ended.is_ok())?;
            ended?;
        }
        _ = core.clear_due(); // what cannot be cleared now hinders nothing
        core.forget_news(); // nobody listens yet
        if rebuild {
            drop(open);
            open = opening::shared(&folders)?;
        }
        let inner = Inner {
            room: Mutex::new(Room::new(core, open)),
            let_go: AtomicBool::new(false),
            capturing: RwLock::new(()),
            disk,
            wake: dir.join("wake"),
            listeners: Listeners::default(),
            delivering: Mutex::default(),
            #[cfg(feature = "reqwest")]
            changed: tokio::sync::Notify::new(),
            #[cfg(feature = "reqwest")]
            turns: Turns::default(),
        };
        Ok(Outbox { inner: Arc::new(inner) })
    }

    /// What is inside, for tests that look at rows.
    #[cfg(test)]
    pub(crate) fn with_core<T>(&self, look: impl FnOnce(&mut Core) -> T) -> T {
        look(&mut self.core().expect("the outbox is open"))
    }

    fn core(&self) -> Result<Inside<'_>, Error> {
        Inside::enter(lock(&self.inner.room), &self.inner.let_go)
    }

    /// Does `work` under the lock, and tells the listeners of it. It makes its transactions itself.
    fn work<T>(&self, work: impl FnOnce(&mut Core) -> Result<T, Error>) -> Result<T, Error> {
        let mut core = self.core()?;
        let made = work(&mut core);
        // What is done is done: that it cannot be told of is no failure of it.
        core.take_news().unwrap_or_default().iter().for_each(|event| self.inner.listeners.tell(event));
        made
    }

    /// Does `change` in one transaction: no other process comes between what it reads and what it writes.
    fn change<T>(&self, change: impl FnOnce(&mut Core) -> Result<T, Error>) -> Result<T, Error> {
        self.change_so(Safe::AtOnce, change)
    }

    fn change_so<T>(&self, safe: Safe, change: impl FnOnce(&mut Core) -> Result<T, Error>) -> Result<T, Error> {
        self.work(|core| core.at_once(safe, change))
    }

    /// Calls `listener` at every change that this process makes, in order, on a thread of its own, until what is returned is
    /// dropped or [finished](Listening::finish). It may call the outbox, take its time, and panic: nothing waits for it. Of what
    /// it has not heard yet it hears the newest: of each item's progress, of each item in each state.
    #[must_use = "dropping it ends the listening"]
    pub fn listen(&self, listener: impl FnMut(&Event) + Send + 'static) -> Listening {
        self.inner.listeners.add(Box::new(listener))
    }

    // --- accounts ---

    /// Adds an account, or configures it anew. A new address makes its listings earn trust again.
    ///
    /// # Errors
    /// [`Error::BadAccount`] with what is wrong: an id, an address, a setting that its system does not know.
    pub fn put_account(&self, account: Account) -> Result<(), Error> {
        self.change(|core| core.put_account(account))?;
        self.wake();
        Ok(())
    }

    /// The accounts, each with what its system can do.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::Damaged`].
    pub fn accounts(&self) -> Result<Vec<AccountInfo>, Error> {
        self.core()?.accounts()
    }

    /// Removes an account.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::AccountBusy`] while it has undelivered items.
    pub fn remove_account(&self, id: &str) -> Result<(), Error> {
        self.change(|core| core.remove_account(id))
    }

    // --- conditions ---

    /// Pauses delivery, durably, until [`resume`](Self::resume): items wait with `paused`, a delivery of this process breaks its
    /// transfers off and returns. Captures that are under way are finished first. Then nothing is held any more, no lock and
    /// no open database: iOS ends apps that are suspended while they hold a lock. Once this *and* a running `deliver` have
    /// returned, the app may be suspended. Every call still works, and holds what it needs for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::DiskFull`]: then it is paused in this process only.
    pub fn pause(&self) -> Result<(), Error> {
        let copied = self.inner.capturing.write().unwrap_or_else(PoisonError::into_inner);
        self.inner.let_go.store(true, Ordering::SeqCst);
        drop(copied);
        let paused = self.change(|core| core.set_paused(true));
        self.wake();
        paused
    }

    /// Ends the pause. Deliver again after it.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::DiskFull`], [`Error::InUse`].
    pub fn resume(&self) -> Result<(), Error> {
        self.inner.let_go.store(false, Ordering::SeqCst);
        self.change(|core| core.set_paused(false))?;
        self.wake();
        Ok(())
    }

    /// Whether delivery is paused, by whichever process.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::Damaged`].
    pub fn is_paused(&self) -> Result<bool, Error> {
        Ok(self.inner.let_go.load(Ordering::SeqCst) || self.core()?.is_paused()?)
    }

    /// What the phone can do, as it was last told.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::Damaged`].
    pub fn conditions(&self) -> Result<Conditions, Error> {
        self.core()?.conditions()
    }

    /// Tells what the phone can do now. A network that changed ends the waits that the old one caused.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::DiskFull`].
    pub fn set_conditions(&self, conditions: Conditions) -> Result<(), Error> {
        self.change(|core| core.set_conditions(conditions))?;
        self.wake();
        Ok(())
    }

    /// Tells whoever delivers that something changed: the driver of this process, or by the `wake` file that of another.
    fn wake(&self) {
        #[cfg(feature = "reqwest")]
        self.has_changed();
        // What is durable is done: another process that hears nothing of it sees it when it looks next.
        _ = self.inner.disk.touch(&self.inner.wake);
    }

    /// The file that whoever changes something touches.
    #[cfg(feature = "reqwest")]
    pub(crate) fn wake_file(&self) -> &Path {
        &self.inner.wake
    }

    /// Ends at the next change by this process: taken before asking what to do, so that none is missed.
    #[cfg(feature = "reqwest")]
    pub(crate) fn changed_soon(&self) -> impl Future<Output = ()> + '_ {
        let mut changed = Box::pin(self.inner.changed.notified());
        changed.as_mut().enable();
        changed
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        self.inner.disk.clone()
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn counts(&self) -> Result<(u64, u64, u64), Error> {
        self.core()?.counts()
    }

    /// Wakes the driver of this process, where it sleeps.
    #[cfg(feature = "reqwest")]
    pub(crate) fn has_changed(&self) {
        self.inner.changed.notify_waiters();
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    /// When the wait ends that has `left` left.
    #[cfg(feature = "reqwest")]
    pub(crate) fn goes_on(&self, left: Duration) -> Result<Timestamp, Error> {
        self.core()?.goes_on(left)
    }

    // --- keeping ---

    /// Clears what it is time for. What cannot be cleared now hinders nothing, and is another pass's.
    fn clear_due(&self) {
        _ = self.core().and_then(|mut core| core.clear_due());
    }

    /// The same, of what is to be cleared as soon as it is delivered.
    fn clear_at_once(&self) {
        _ = self.core().and_then(|mut core| core.clear_at_once());
    }

    /// Gives back what the database does not need any more.
    fn give_back(&self) {
        _ = self.core().and_then(|core| core.store.give_back());
    }

    // --- delivery ---

    /// Hands a token to the delivery that runs in this process: after a sign-in, say, that ended a wait for `token_wanted`.
    /// Returns whether there is one; without it nothing is kept, for a delivery asks for the tokens that it needs.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Invalid`] for what no header can carry.
    pub fn put_token(&self, account: &str, token: impl Into<Token>) -> Result<bool, Error> {
        let token = token.into();
        if !token.is_sendable() {
            let what =
                format!("the token for account '{account}' is empty, or has a character that no header can carry");
            return Err(Error::Invalid { what });
        }
        let Some(air) = lock(&self.inner.delivering).upgrade() else {
            return self.core()?.check_account(account).map(|()| false);
        };
        self.change(|core| core.put_token(&mut lock(&air), account, token))?;
        self.wake();
        Ok(true)
    }

    /// Takes delivery up, for a host that moves the bytes itself. One delivers at a time, over all processes.
    ///
    /// # Errors
    /// [`Error::AlreadyDelivering`].
    pub fn begin_delivery(&self) -> Result<Delivery, Error> {
        let (folders, clock) = {
            let core = self.core()?;
            (core.folders.clone(), core.clock.clone())
        };
        let held = folders.lock_delivery()?.ok_or(Error::AlreadyDelivering)?;
        let air = Arc::new(Mutex::new(self.change(Core::begin_delivery)?));
        *lock(&self.inner.delivering) = Arc::downgrade(&air);
        Ok(Delivery::new(self.clone(), air, clock, held))
    }
}

/// A panic while the lock was held left no half change: every change is one transaction.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
