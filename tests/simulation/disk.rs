//! A disk in memory that can lose its power, be full, and see the process that uses it die between any two steps.
//!
//! Every file knows what was synced of it, every folder the changes of its entries since it was synced last. A power cut
//! keeps a part of each: a prefix of what was written, a prefix of the changes, in their order.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Cursor, ErrorKind, Write};
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use fieldpost::{Disk, Held, Lock, Reader, Writer};

/// The disk of one phone.
#[derive(Clone, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

/// What a backup keeps.
pub(crate) struct Saved(Vec<Node>);

#[derive(Default)]
struct State {
    nodes: Vec<Node>,
    /// By node, for a lock follows its file through a rename: how many share it, whether one has it alone.
    locks: HashMap<usize, (u32, bool)>,
    full: bool,
}

#[derive(Clone)]
enum Node {
    File { live: Vec<u8>, synced: usize },
    Folder { live: BTreeMap<String, usize>, synced: BTreeMap<String, usize>, since: Vec<Change> },
}

#[derive(Clone)]
enum Change {
    Put(String, usize),
    Gone(String),
    Renamed(String, String),
}

impl Change {
    fn apply(&self, entries: &mut BTreeMap<String, usize>) {
        match self {
            Change::Put(name, node) => _ = entries.insert(name.clone(), *node),
            Change::Gone(name) => _ = entries.remove(name),
            Change::Renamed(from, to) => {
                if let Some(node) = entries.remove(from) {
                    entries.insert(to.clone(), node);
                }
            }
        }
    }
}

fn folder() -> Node {
    Node::Folder { live: BTreeMap::new(), synced: BTreeMap::new(), since: Vec::new() }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimDisk {
    /// A disk with that folder on it, durable.
    pub(crate) fn with(path: &Path) -> Self {
        let disk = SimDisk::default();
        let mut state = lock(&disk.0);
        state.nodes.push(folder());
        let mut at = 0;
        for name in names(path) {
            state.nodes.push(folder());
            let new = state.nodes.len() - 1;
            let Node::Folder { live, synced, .. } = &mut state.nodes[at] else { unreachable!("only folders are made") };
            live.insert(name.clone(), new);
            synced.insert(name, new);
            at = new;
        }
        drop(state);
        disk
    }

    /// A copy of all that is on it: a backup.
    pub(crate) fn save(&self) -> Saved {
        Saved(lock(&self.0).nodes.clone())
    }

    /// What a backup kept is on it, and nothing else. Nobody uses it now.
    pub(crate) fn put_back(&self, saved: &Saved) {
        let mut state = lock(&self.0);
        state.nodes.clone_from(&saved.0);
        state.locks.clear();
        for node in &mut state.nodes {
            match node {
                Node::File { live, synced } => *synced = live.len(),
                Node::Folder { live, synced, since } => {
                    synced.clone_from(live);
                    since.clear();
                }
            }
        }
    }

    /// Takes a file away for good, if it is there.
    pub(crate) fn take_away(&self, path: &Path) {
        let mut state = lock(&self.0);
        if state.find(path).is_ok() {
            state.change(path, Change::Gone).expect("the folder is there");
            state.sync(path.parent().unwrap_or(path));
        }
    }

    /// A process that uses it. It dies at its step `dies_at`, if one is given: `dying` is called there, once.
    pub(crate) fn process(&self, dies_at: Option<u64>, dying: impl FnOnce() + Send + 'static) -> Process {
        let life = Life { steps: 0, dies_at, dead: false, dying: Some(Box::new(dying)) };
        Process { disk: self.clone(), life: Arc::new(Mutex::new(life)) }
    }

    /// Whether nothing more can be written.
    pub(crate) fn set_full(&self, full: bool) {
        lock(&self.0).full = full;
    }

    /// The power is cut. What was synced is kept, of the rest some.
    pub(crate) fn lose_power(&self, rng: &mut Rng) {
        let mut state = lock(&self.0);
        state.locks.clear();
        for node in &mut state.nodes {
            match node {
                Node::File { live, synced } => {
                    let kept = rng.usize(*synced..=live.len());
                    // Of what was not synced the length may be kept, and not the content.
                    let torn = rng.usize(*synced..=kept);
                    live.truncate(kept);
                    if rng.u8(..4) == 0 {
                        live[torn..].fill(0);
                    }
                    *synced = live.len();
                }
                Node::Folder { live, synced, since } => {
                    let kept = rng.usize(0..=since.len());
                    since[..kept].iter().for_each(|change| change.apply(synced));
                    *live = synced.clone();
                    since.clear();
                }
            }
        }
    }

    /// A file of the app's own, durable.
    pub(crate) fn write(&self, path: &Path, content: &[u8]) {
        let mut state = lock(&self.0);
        let length = content.len();
        state.nodes.push(Node::File { live: content.to_vec(), synced: length });
        let node = state.nodes.len() - 1;
        state.change(path, |name| Change::Put(name, node)).expect("the folder is there");
    }
}

impl State {
    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = 0;
        for name in names(path) {
            let Node::Folder { live, .. } = &self.nodes[at] else { return Err(ErrorKind::NotADirectory.into()) };
            at = *live.get(&name).ok_or(ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    fn change(&mut self, path: &Path, change: impl FnOnce(String) -> Change) -> io::Result<()> {
        let above = self.find(path.parent().ok_or(ErrorKind::InvalidInput)?)?;
        let Node::Folder { live, since, .. } = &mut self.nodes[above] else {
            return Err(ErrorKind::NotADirectory.into());
        };
        let change = change(name(path));
        change.apply(live);
        since.push(change);
        Ok(())
    }

    fn sync(&mut self, path: &Path) {
        if let Ok(at) = self.find(path)
            && let Node::Folder { live, synced, since } = &mut self.nodes[at]
        {
            *synced = live.clone();
            since.clear();
        }
    }

    fn room(&self) -> io::Result<()> {
        if self.full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

fn names(path: &Path) -> impl Iterator<Item = String> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// One process on the disk. Clones are the same process.
#[derive(Clone)]
pub(crate) struct Process {
    disk: SimDisk,
    life: Arc<Mutex<Life>>,
}

struct Life {
    steps: u64,
    dies_at: Option<u64>,
    dead: bool,
    dying: Option<Box<dyn FnOnce() + Send>>,
}

impl Process {
    /// Whether it died.
    pub(crate) fn is_dead(&self) -> bool {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).dead
    }

    /// From now on it can do nothing any more.
    pub(crate) fn die(&self) {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).dead = true;
    }

    /// One step; fails once the process is dead.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.steps += 1;
        if !life.dead && life.dies_at.is_some_and(|at| life.steps >= at) {
            life.dead = true;
            if let Some(dying) = life.dying.take() {
                dying();
            }
        }
        if life.dead { Err(io::Error::other("the process is dead")) } else { Ok(lock(&self.disk.0)) }
    }
}

impl Disk for Process {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        let mut state = self.step()?;
        state.room()?;
        if state.find(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        state.nodes.push(Node::File { live: Vec::new(), synced: 0 });
        let node = state.nodes.len() - 1;
        state.change(path, |name| Change::Put(name, node))?;
        Ok(Box::new(Pen { process: self.clone(), node }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        let state = self.step()?;
        let found = state.find(path);
        drop(state);
        match found {
            Ok(node) => Ok(Box::new(Pen { process: self.clone(), node })),
            Err(error) if error.kind() == ErrorKind::NotFound => self.create(path),
            Err(error) => Err(error),
        }
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        self.append(path).map(drop) // nothing here has a time
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        let state = self.step()?;
        match &state.nodes[state.find(path)?] {
            Node::File { live, .. } => Ok(Box::new(Cursor::new(live.clone()))),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let state = self.step()?;
        match &state.nodes[state.find(path)?] {
            Node::File { live, .. } => Ok(live.len() as u64),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        state.room()?;
        if state.find(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        state.nodes.push(folder());
        let node = state.nodes.len() - 1;
        state.change(path, |name| Change::Put(name, node))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.step()?;
        match &state.nodes[state.find(path)?] {
            Node::Folder { live, .. } => Ok(live.keys().cloned().collect()),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        let at = state.find(path)?;
        let Node::Folder { live, synced, since } = &mut state.nodes[at] else {
            return Err(ErrorKind::NotADirectory.into());
        };
        *synced = live.clone();
        since.clear();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        assert_eq!(from.parent(), to.parent(), "no rename crosses folders");
        let mut state = self.step()?;
        state.find(from)?;
        state.change(from, |old| Change::Renamed(old, name(to)))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        let at = state.find(path)?;
        if matches!(state.nodes[at], Node::Folder { .. }) {
            return Err(ErrorKind::IsADirectory.into());
        }
        state.change(path, Change::Gone)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        for name in self.list(path)? {
            let inside = path.join(name);
            if matches!(self.len(&inside), Err(error) if error.kind() == ErrorKind::IsADirectory) {
                self.remove_dir_all(&inside)?;
            } else {
                self.remove_file(&inside)?;
            }
        }
        self.step()?.change(path, Change::Gone)
    }

    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>> {
        if self.step()?.find(path).is_err() {
            self.create(path)?;
        }
        let mut state = self.step()?;
        let node = state.find(path)?;
        let holders = state.locks.entry(node).or_default();
        let free = match how {
            Lock::Shared => !holders.1,
            Lock::Alone => *holders == (0, false),
        };
        if !free {
            return Ok(None);
        }
        match how {
            Lock::Shared => holders.0 += 1,
            Lock::Alone => holders.1 = true,
        }
        Ok(Some(Box::new(Hold { disk: self.disk.clone(), node, how })))
    }

    fn free(&self, _: &Path) -> Option<u64> {
        Some(if lock(&self.disk.0).full { 0 } else { 1 << 40 })
    }
}

struct Pen {
    process: Process,
    node: usize,
}

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.process.step()?;
        state.room()?;
        if let Node::File { live, .. } = &mut state.nodes[self.node] {
            live.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Writer for Pen {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.process.step()?;
        if let Node::File { live, synced } = &mut state.nodes[self.node] {
            *synced = live.len();
        }
        Ok(())
    }
}

struct Hold {
    disk: SimDisk,
    node: usize,
    how: Lock,
}

impl Held for Hold {}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(holders) = lock(&self.disk.0).locks.get_mut(&self.node) {
            match self.how {
                Lock::Shared => holders.0 = holders.0.saturating_sub(1),
                Lock::Alone => holders.1 = false,
            }
        }
    }
}
