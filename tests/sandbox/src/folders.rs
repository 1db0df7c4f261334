//! The folders of work orders, where a system has them.
//!
//! Owns: those that every work order has, those that were made (lines of the ledger, like files), and what the office lets into
//! them. Never: how a system spells a folder, or whether a request may do what it asks.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::clock::stamp;
use crate::entry::Entry;
use crate::provider::{Operation, Provider};
use crate::systems::system;
use crate::world::{Origin, World};

/// The field of a file that names its folder.
pub(crate) const FOLDER_ID: &str = "folder_id";

/// The action without which nothing is uploaded into a folder.
pub(crate) const UPLOAD: &str = "upload";

/// Folders and files are numbered from here on; the folders that every work order has have lower numbers.
const FIRST_NUMBER: u64 = 7001;

/// A folder of a work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Which system.
    pub system: Provider,
    /// The work order.
    pub work_order: String,
    /// Its id, of its own among the work order's folders.
    pub id: String,
    /// Its name; there may be several of one name.
    pub name: String,
    /// What the system calls its kind.
    pub kind: String,
    /// What may be put into it.
    #[serde(flatten)]
    pub rules: FolderRules,
}

/// What may be put into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FolderRules {
    /// Files that are wanted in it; `None`: not told.
    pub min_files: Option<u32>,
    /// Files that it takes; `None`: not told, no end.
    pub max_files: Option<u32>,
    /// What may be done in it: `upload`, or not.
    pub actions: Vec<String>,
}

impl Default for FolderRules {
    fn default() -> Self {
        Self { min_files: Some(0), max_files: Some(999), actions: vec![UPLOAD.to_owned()] }
    }
}

/// A folder that every work order has.
#[derive(Debug)]
pub(crate) struct FirstFolder {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
}

/// The kind of the folders that are made.
pub(crate) const MADE: &str = "slot";

/// System, work order, folder.
type Place = (Provider, String, String);

/// The folders that were made, and the rules of all.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    made: Vec<Entry>,
    rules: BTreeMap<Place, FolderRules>,
}

impl Folders {
    pub(crate) fn keep(&mut self, folder: Entry) {
        self.made.push(folder);
    }

    /// The rules as at the start; with `all`, no folder was ever made.
    pub(crate) fn reset(&mut self, all: bool) {
        self.rules.clear();
        if all {
            self.made.clear();
        }
    }
}

fn same(a: &Entry, b: &Entry) -> bool {
    a.system == b.system && a.work_order == b.work_order && a.remote_id == b.remote_id
}

impl World {
    /// The folders of a work order that are listed by `now` (all of them without it), by id.
    pub(crate) fn folders_of(&self, of: Provider, work_order: &str, now: Option<SystemTime>) -> Vec<Folder> {
        let folder = |id: &str, name: &str, kind: &str, rules: FolderRules| {
            let place = (of, work_order.to_owned(), id.to_owned());
            let rules = self.folders.rules.get(&place).cloned().unwrap_or(rules);
            let (system, work_order, id) = place;
            Folder { system, work_order, id, name: name.to_owned(), kind: kind.to_owned(), rules }
        };
        let untold = |kind: &str| match kind {
            MADE => FolderRules::default(),
            _ => FolderRules { min_files: None, max_files: None, ..FolderRules::default() },
        };
        let first = system(of).folders().iter().map(|f| folder(f.id, f.name, f.kind, untold(f.kind)));
        let ours = |e: &&Entry| e.system == of && e.work_order == work_order && now.is_none_or(|now| e.listed(now));
        let made = self.folders.made.iter().filter(ours);
        first.chain(made.map(|e| folder(&e.remote_id, &e.name, MADE, FolderRules::default()))).collect()
    }

    /// The folders of all work orders, listed or not yet.
    pub(crate) fn all_folders(&self) -> Vec<Folder> {
        let places = self.work_orders.iter().flat_map(|(system, orders)| orders.keys().map(move |id| (*system, id)));
        places.flat_map(|(system, id)| self.folders_of(system, id, None)).collect()
    }

    /// The folder of that id, listed or not yet.
    pub(crate) fn folder(&self, of: Provider, work_order: &str, id: &str) -> Option<Folder> {
        self.folders_of(of, work_order, None).into_iter().find(|folder| folder.id == id)
    }

    /// What may be put into a folder from now on; `false`: there is none of that id.
    pub(crate) fn set_folder_rules(&mut self, of: Provider, work_order: &str, id: &str, rules: FolderRules) -> bool {
        let there = self.folder(of, work_order, id).is_some();
        if there {
            self.folders.rules.insert((of, work_order.to_owned(), id.to_owned()), rules);
        }
        there
    }

    /// Makes a folder, also if there is one of that name already, and returns its id.
    pub(crate) fn make_folder(
        &mut self,
        (of, work_order, name): (Provider, &str, &str),
        listed_from: Option<SystemTime>,
        origin: Origin,
        now: SystemTime,
    ) -> io::Result<String> {
        let folder = Entry {
            system: of,
            work_order: work_order.to_owned(),
            remote_id: self.next_number(of).to_string(),
            name: name.to_owned(),
            bytes: 0,
            sha256: String::new(),
            hash: None,
            accepted: stamp(now),
            listed_from: listed_from.map(stamp),
            corrupted: false,
            fields: BTreeMap::new(),
        };
        self.write(Operation::CreateFolder, &folder, origin, folder.accepted.clone())?;
        let id = folder.remote_id.clone();
        self.folders.keep(folder);
        Ok(id)
    }

    /// Deletes a folder that was made, with all that is in it; `false`: there is none of that id.
    pub(crate) fn delete_folder(
        &mut self,
        (of, work_order, id): (Provider, &str, &str),
        origin: Origin,
        now: SystemTime,
    ) -> io::Result<bool> {
        let ours = |e: &&Entry| e.system == of && e.work_order == work_order && e.remote_id == id;
        let Some(folder) = self.folders.made.iter().find(ours).cloned() else {
            return Ok(false);
        };
        self.write(Operation::DeleteFolder, &folder, origin, stamp(now))?;
        self.forget_folder(&folder);
        Ok(true)
    }

    /// Takes a folder away, and what is in it.
    pub(crate) fn forget_folder(&mut self, gone: &Entry) {
        self.folders.made.retain(|folder| !same(folder, gone));
        self.folders.rules.remove(&(gone.system, gone.work_order.clone(), gone.remote_id.clone()));
        self.forget(|file| {
            let within = file.fields.get(FOLDER_ID) == Some(&gone.remote_id);
            within && file.system == gone.system && file.work_order == gone.work_order
        });
    }

    /// The next number for a folder or a file.
    pub(crate) fn next_number(&self, of: Provider) -> u64 {
        let ours = self.ledger().iter().filter(|line| line.system == of);
        let last = ours.filter_map(|line| line.remote_id.parse::<u64>().ok()).max();
        last.map_or(FIRST_NUMBER, |last| FIRST_NUMBER.max(last + 1))
    }
}
