//! What the systems know: tokens, work orders, entries, temporary links, requests that are processed late.
//!
//! Owns: all of it, under one lock, and the folder it is kept in. Never: a socket, or how a system spells anything.
//!
//! ```text
//! DIR/ledger.jsonl            every accepted operation, the source of `entries` after a restart
//! DIR/files/SYSTEM/REMOTE_ID  the bytes as they came; kept after a deletion too
//! DIR/spool/                  bodies on their way
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::answer::Reply;
use crate::clock::{Clock, stamp};
use crate::dialect::Dialect;
use crate::entry::{Entry, TOLD_SIZE};
use crate::fault::Fault;
use crate::folders::Folders;
use crate::intake::hex;
use crate::keys::Keys;
use crate::ledger::{By, Ledger, LedgerEntry};
use crate::log::Log;
use crate::options::{Options, StartError};
use crate::provider::{Operation, Provider, WorkOrderState};
use crate::request::{Request, Spooled};
use crate::rules::Rules;
use crate::systems::{self, IS_DELETED};
use crate::wire::Network;

/// A file that is to become an entry.
pub(crate) struct NewFile {
    pub(crate) work_order: String,
    pub(crate) name: String,
    pub(crate) request_id: Option<String>,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) file: Spooled,
}

struct Parked {
    due: SystemTime,
    request: Request,
}

/// Everything that the systems know.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) network: Network,
    pub(crate) dialect: Dialect,
    pub(crate) corrigo_max_bytes: u64,
    pub(crate) field_nation_max_bytes: u64,
    pub(crate) rules: Rules,
    pub(crate) log: Log,
    /// Scheme and address of the systems' port.
    pub(crate) origin: String,
    /// The tokens and temporary links that were given out.
    pub(crate) keys: Keys,
    pub(crate) work_orders: BTreeMap<Provider, BTreeMap<String, WorkOrderState>>,
    pub(crate) folders: Folders,
    ledger: Ledger,
    entries: Vec<Entry>,
    /// Counts the changes of `entries`.
    entries_changed: u64,
    parked: Vec<Parked>,
    dir: PathBuf,
    last_request: u64,
}

impl World {
    /// Takes up what the folder holds.
    pub(crate) fn open(dir: PathBuf, options: &Options) -> Result<Self, StartError> {
        let spool = dir.join("spool");
        // What was on its way when the sandbox was killed was never accepted.
        let _ = std::fs::remove_dir_all(&spool);
        let files = Provider::ALL.map(|p| dir.join("files").join(p.name()));
        for folder in files.iter().chain([&spool]) {
            std::fs::create_dir_all(folder).map_err(StartError::io(format!("creating {}", folder.display())))?;
        }
        let ledger = Ledger::open(dir.join("ledger.jsonl"))?;
        let mut world = Self {
            clock: options.clock.clone(),
            network: Network::Up,
            dialect: options.dialect,
            corrigo_max_bytes: options.corrigo_max_bytes,
            field_nation_max_bytes: options.field_nation_max_bytes,
            folders: Folders::default(),
            rules: Rules::default(),
            log: Log::default(),
            origin: String::new(),
            keys: Keys::new(systems::first_tokens()),
            work_orders: systems::first_work_orders(),
            entries: Vec::new(),
            entries_changed: 0,
            parked: Vec::new(),
            last_request: ledger.entries().iter().map(|e| e.request).max().unwrap_or(0),
            dir,
            ledger,
        };
        for entry in world.ledger.entries().to_vec() {
            world.replay(entry);
        }
        Ok(world)
    }

    fn replay(&mut self, line: LedgerEntry) {
        match line.operation {
            Operation::CreateFolder => return self.folders.keep(Entry::of(line)),
            Operation::DeleteFolder => return self.forget_folder(&Entry::of(line)),
            _ => {}
        }
        let held = self.entries.iter_mut().find(|e| e.system == line.system && e.remote_id == line.remote_id);
        match (line.operation, held) {
            (Operation::Delete, Some(entry)) if systems::system(line.system).keeps_deleted() => {
                entry.fields = line.fields;
            }
            (Operation::Delete, _) => {
                self.entries.retain(|e| e.system != line.system || e.remote_id != line.remote_id);
            }
            (_, Some(entry)) => {
                entry.name = line.name;
                entry.fields = line.fields;
            }
            (_, None) => self.entries.push(Entry::of(line)),
        }
    }

    /// The number for a new request.
    pub(crate) fn next_request(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// The last connection's number in the ledger.
    pub(crate) fn last_connection(&self) -> u64 {
        self.ledger.entries().iter().map(|e| e.connection).max().unwrap_or(0)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.dir.join("spool")
    }

    pub(crate) fn dir(&self) -> &std::path::Path {
        &self.dir
    }

    pub(crate) fn ledger(&self) -> &[LedgerEntry] {
        self.ledger.entries()
    }

    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// The work order's state; `None`: there is none of that id.
    pub(crate) fn work_order(&self, system: Provider, id: &str) -> Option<WorkOrderState> {
        self.work_orders.get(&system)?.get(id).copied()
    }

    /// Moves the time forward, as a change of the world: the clock itself is anybody's.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }

    /// Counts the changes of [`entries`](Self::entries): whoever saw this number saw them as they are.
    pub(crate) fn entries_changed(&self) -> u64 {
        self.entries_changed
    }

    /// When something is going to happen by itself, if anything is.
    pub(crate) fn next_due(&self) -> Option<SystemTime> {
        self.parked.iter().map(|p| p.due).chain(self.keys.next_end()).min()
    }

    /// Does what is due by now; `false`: nothing was.
    pub(crate) fn settle(&mut self) -> bool {
        let now = self.clock.now();
        if self.next_due().is_none_or(|due| due > now) {
            return false;
        }
        self.keys.settle(now);
        self.parked.sort_by_key(|p| p.due);
        while self.parked.first().is_some_and(|p| p.due <= now) {
            let Parked { due, mut request } = self.parked.remove(0);
            // Whatever a late request is answered, nobody hears it.
            let _ = systems::system(request.system).handle(&mut request, self, due);
        }
        true
    }

    /// Processes `request` so much later.
    pub(crate) fn park(&mut self, request: Request, after: Duration) {
        let due = self.clock.now() + after;
        self.parked.push(Parked { due, request });
    }

    /// Makes a file an entry, as the request's faults have it.
    pub(crate) fn accept(
        &mut self,
        by: &Request,
        new: NewFile,
        mut ids: impl FnMut() -> String,
        now: SystemTime,
    ) -> io::Result<Entry> {
        let NewFile { work_order, mut name, request_id, mut fields, file } = new;
        let system = by.system;
        let mut hash = systems::system(system).tells_hash().then(|| file.sha256.clone());
        let (mut listed_from, mut corrupted, mut twice) = (None, false, false);
        for fault in &by.traits {
            match fault {
                Fault::ListLate { after } => listed_from = Some(stamp(now + *after)),
                Fault::WrongHash => hash = hash.map(|h| other_hash(&h)),
                Fault::WrongSize => {
                    fields.insert(TOLD_SIZE.to_owned(), (file.bytes + 1).to_string());
                }
                Fault::Corrupted => {
                    corrupted = true;
                    hash = hash.map(|h| other_hash(&h));
                }
                Fault::Renamed { to } => name = to.clone().unwrap_or_else(|| invented_name(&name)),
                Fault::AcceptTwice => twice = true,
                _ => {}
            }
        }
        let entry = Entry {
            system,
            work_order,
            remote_id: ids(),
            name,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            hash,
            accepted: stamp(now),
            listed_from,
            corrupted,
            fields,
        };
        let stored = self.stored_at(&entry);
        file.keep(&stored)?;
        self.enter(by, &entry, request_id.clone(), By::Client)?;
        if twice {
            let copy = Entry { remote_id: ids(), ..entry.clone() };
            std::fs::copy(&stored, self.stored_at(&copy))?;
            self.enter(by, &copy, request_id, By::Fault)?;
        }
        Ok(entry)
    }

    fn enter(&mut self, request: &Request, entry: &Entry, request_id: Option<String>, by: By) -> io::Result<()> {
        let origin = Origin { connection: request.connection, request: request.number, request_id, by };
        self.write(Operation::Upload, entry, origin, entry.accepted.clone())?;
        self.entries.push(entry.clone());
        self.entries_changed += 1;
        Ok(())
    }

    /// Changes an entry's name and fields.
    pub(crate) fn update(&mut self, to: Entry, origin: Origin, now: SystemTime) -> io::Result<()> {
        self.write(Operation::Update, &to, origin, stamp(now))?;
        self.hold(to);
        Ok(())
    }

    /// Puts a changed entry in its own place.
    fn hold(&mut self, changed: Entry) {
        self.entries_changed += 1;
        let same = |e: &&mut Entry| e.system == changed.system && e.remote_id == changed.remote_id;
        if let Some(held) = self.entries.iter_mut().find(same) {
            *held = changed;
        }
    }

    /// Deletes an entry; its bytes stay on disk, for the record, and where the system lists deleted entries it does too.
    pub(crate) fn delete(&mut self, entry: &Entry, origin: Origin, now: SystemTime) -> io::Result<()> {
        if systems::system(entry.system).keeps_deleted() {
            let mut marked = entry.clone();
            marked.fields.insert(IS_DELETED.to_owned(), true.to_string());
            self.write(Operation::Delete, &marked, origin, stamp(now))?;
            self.hold(marked);
            return Ok(());
        }
        self.write(Operation::Delete, entry, origin, stamp(now))?;
        self.entries_changed += 1;
        self.entries.retain(|e| e.system != entry.system || e.remote_id != entry.remote_id);
        Ok(())
    }

    pub(crate) fn write(
        &mut self,
        operation: Operation,
        entry: &Entry,
        origin: Origin,
        time: String,
    ) -> io::Result<()> {
        self.ledger.append(LedgerEntry {
            n: 0,
            time,
            system: entry.system,
            work_order: entry.work_order.clone(),
            operation,
            remote_id: entry.remote_id.clone(),
            name: entry.name.clone(),
            bytes: entry.bytes,
            sha256: entry.sha256.clone(),
            request_id: origin.request_id,
            connection: origin.connection,
            request: origin.request,
            by: origin.by,
            hash: entry.hash.clone(),
            listed_from: entry.listed_from.clone(),
            corrupted: entry.corrupted,
            fields: entry.fields.clone(),
        })
    }

    /// Removes entries without a word.
    pub(crate) fn forget(&mut self, gone: impl Fn(&Entry) -> bool) {
        self.entries_changed += 1;
        self.entries.retain(|entry| !gone(entry));
    }

    /// Every entry, listed or not yet.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of that id in that work order.
    pub(crate) fn entry(&self, system: Provider, work_order: &str, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.system == system && e.work_order == work_order && e.remote_id == id)
    }

    /// The entry that the office means, which has not deleted it yet.
    pub(crate) fn meant(&self, system: Provider, work_order: &str, id: &str) -> Option<Entry> {
        let (work_order, id) =
            (systems::system(system).work_order_id(work_order), systems::system(system).entry_id(id));
        self.entry(system, &work_order, id).filter(|e| !e.is_deleted()).cloned()
    }

    /// What the work order's listing shows this request.
    pub(crate) fn listing(&self, request: &Request, work_order: &str, now: SystemTime) -> Vec<Entry> {
        let system = request.system;
        let listed = self.entries.iter().filter(|e| e.system == system && e.work_order == work_order && e.listed(now));
        let copies = if request.traits.contains(&Fault::DuplicateListing) { 2 } else { 1 };
        listed.flat_map(|entry| std::iter::repeat_n(entry.clone(), copies)).collect()
    }

    /// The entry's bytes, as an answer.
    pub(crate) fn bytes_of(&self, entry: &Entry) -> Reply {
        Reply::stored(self.stored_at(entry), entry.bytes, entry.corrupted)
    }

    /// The entry's bytes, as they came but for a fault that altered them.
    pub(crate) fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut bytes = std::fs::read(self.stored_at(entry))?;
        if let Some(first) = bytes.first_mut().filter(|_| entry.corrupted) {
            *first ^= 0xFF;
        }
        Ok(bytes)
    }

    /// Where its bytes are.
    pub(crate) fn stored_at(&self, entry: &Entry) -> PathBuf {
        self.dir.join("files").join(entry.system.name()).join(&entry.remote_id)
    }

    /// A temporary link to the entry's bytes.
    pub(crate) fn link(&mut self, entry: &Entry, now: SystemTime) -> String {
        let key = self.keys.link(entry, now);
        format!("{}/links/{}/{key}", self.origin, entry.system)
    }

    /// The entry behind a link that is still good.
    pub(crate) fn linked(&self, system: Provider, key: &str, now: SystemTime) -> Option<&Entry> {
        let id = self.keys.linked(system, key, now)?;
        self.entries.iter().find(|e| e.system == system && e.remote_id == id)
    }

    /// Faults, log, links, waiting requests, tokens and work orders as at the start; with `accepted`, nothing was ever accepted.
    pub(crate) fn reset(&mut self, accepted: bool) -> io::Result<()> {
        self.rules.clear();
        self.log.clear();
        self.parked.clear();
        self.keys.reset(systems::first_tokens());
        self.work_orders = systems::first_work_orders();
        self.folders.reset(accepted);
        if accepted {
            self.ledger.clear()?;
            self.entries_changed += 1;
            for entry in std::mem::take(&mut self.entries) {
                let _ = std::fs::remove_file(self.stored_at(&entry));
            }
        }
        Ok(())
    }
}

/// Where a change came from.
pub(crate) struct Origin {
    pub(crate) connection: u64,
    pub(crate) request: u64,
    pub(crate) request_id: Option<String>,
    pub(crate) by: By,
}

impl Origin {
    pub(crate) fn client(request: &Request, request_id: Option<String>) -> Self {
        Self { connection: request.connection, request: request.number, request_id, by: By::Client }
    }

    /// What a request did not ask for.
    pub(crate) fn fault(request: &Request) -> Self {
        Self { by: By::Fault, ..Self::client(request, None) }
    }

    pub(crate) fn office() -> Self {
        Self { connection: 0, request: 0, request_id: None, by: By::Office }
    }
}

/// A hash of the same shape that is not the file's.
fn other_hash(hash: &str) -> String {
    hex(&Sha256::digest(hash.as_bytes()))
}

/// A name as some systems give: nothing left but the extension.
fn invented_name(name: &str) -> String {
    let id = uuid::Uuid::now_v7();
    match name.rsplit_once('.') {
        Some((_, extension)) => format!("{id}.{extension}"),
        None => id.to_string(),
    }
}
