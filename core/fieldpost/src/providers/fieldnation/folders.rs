//! The list of a work order's attachments: folders, each with its files, in pages. Owns how it is read, how far it is read on, and
//! when it is all; never decides what a file or a folder in it means.
//!
//! ```text
//! answer --page--> Page --add--> Pages --next--> the number of the page to ask for, while a total is not reached
//! ```
//!
//! Pages count from 0 or from 1, the vendor's page shows both: the first is asked for without a number and tells its own, and no
//! count of pages is believed, only ids that were seen against the totals. The number goes along as `page`, which is what the
//! answers call it; no page of the vendor's names the parameter, and one that is not known does no harm. Of a folder's own list the documents tell a total and
//! pages, but no way to ask for them; so what a folder has beyond its first page shows only if the list's pages turn it as well,
//! and a listing without it is not complete.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::model::{Answer, RemoteId};
use crate::providers::{Entry, Evidence, Listing, Told, json, listing};

/// So many pages are read of one list, whatever it says: thousands of folders at the vendor's twenty a page.
const MOST_PAGES: u64 = 200;

/// So many pages in a row may bring nothing new, where nobody says how many there are: one is the first page once more, where
/// they count from 1 and it said 0. Where their number is told, a later one may have the next files of a folder shown before.
const MOST_STALE: u32 = 2;

/// One page, as it was answered.
#[derive(Debug, Default)]
pub(super) struct Page {
    folders: Vec<Folder>,
    /// How many folders there are.
    total: Option<u64>,
    /// Its number.
    number: Option<u64>,
    /// How many pages there are, where the list tells: of a folder that tells more, as many.
    pages: Option<u64>,
    /// Whether the answer says in HTTP's own ways that it is not all.
    more: bool,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Folder {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// Whether nothing speaks against an upload: its actions, where it tells them, have one.
    pub takes_uploads: bool,
    /// The most files that it takes.
    pub max_files: Option<u64>,
    total: Option<u64>,
    files: Vec<File>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    id: u64,
    name: Option<String>,
    bytes: Option<u64>,
    #[serde(default)]
    told: Told,
}

impl Folder {
    /// How many files it holds.
    pub(super) fn holds(&self) -> u64 {
        self.seen().max(self.total.unwrap_or_default())
    }

    /// How many files were seen in it.
    fn seen(&self) -> u64 {
        self.files.iter().map(|file| file.id).collect::<BTreeSet<_>>().len() as u64
    }

    /// What another page says of it. Returns whether that is news.
    fn join(&mut self, other: Folder) -> bool {
        let key = |file: &File| (file.id, file.name.clone(), file.bytes);
        let known: BTreeSet<_> = self.files.iter().map(key).collect();
        let new: Vec<File> = other.files.into_iter().filter(|file| !known.contains(&key(file))).collect();
        let is_news = !new.is_empty();
        self.files.extend(new);
        self.total = self.total.max(other.total);
        (self.name, self.takes_uploads, self.max_files) = (other.name, other.takes_uploads, other.max_files);
        is_news
    }
}

/// What was read of a list so far. Part of a cursor.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pages {
    folders: Vec<Folder>,
    /// The largest that was told: of a list that shrinks while it is read, a page may have slipped by.
    total: Option<u64>,
    /// How many were read.
    read: u64,
    /// The number of the last.
    last: u64,
    /// The largest number of pages that was told.
    pages: Option<u64>,
    /// How many in a row brought nothing new.
    stale: u32,
    more: bool,
    ended: bool,
}

impl Pages {
    /// Nothing was read yet, but the folders of `page` are known.
    pub(super) fn knowing(page: Page) -> Self {
        let mut pages = Pages::default();
        pages.join(page.folders);
        pages
    }

    /// Takes a page.
    pub(super) fn add(&mut self, page: Page) {
        self.last = match self.next() {
            // What it says of itself counts for the first alone: the others are what they were asked for as.
            None => page.number.unwrap_or(0),
            Some(asked) => asked,
        };
        self.read += 1;
        self.total = self.total.max(page.total);
        self.pages = self.pages.max(page.pages);
        self.more |= page.more;
        let is_news = self.join(page.folders);
        self.stale = if is_news || self.read == 1 { 0 } else { self.stale + 1 };
    }

    /// There are no further pages, whatever was told.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn join(&mut self, folders: Vec<Folder>) -> bool {
        let mut places: BTreeMap<u64, usize> = self.folders.iter().enumerate().map(|(n, f)| (f.id, n)).collect();
        let mut is_news = false;
        for folder in folders {
            is_news |= match places.get(&folder.id) {
                Some(place) => self.folders[*place].join(folder),
                None => {
                    places.insert(folder.id, self.folders.len());
                    self.folders.push(folder);
                    true
                }
            };
        }
        is_news
    }

    /// Whether any page was read.
    pub(super) fn have_begun(&self) -> bool {
        self.read > 0
    }

    /// The number of the page to ask for next. `None`: the first, without a number, or none any more.
    pub(super) fn next(&self) -> Option<u64> {
        let next = self.last + 1;
        let is_there = self.pages.map_or(self.stale < MOST_STALE, |pages| next <= pages);
        let goes_on = self.have_begun() && !self.ended && self.read < MOST_PAGES;
        (goes_on && is_there).then_some(next)
    }

    /// Whether there are folders that were not seen. Where nothing tells of more, there are none.
    pub(super) fn lack_folders(&self) -> bool {
        self.total.map_or(self.pages > Some(self.read), |total| (self.folders.len() as u64) < total)
    }

    /// Whether there are folders or files that were not seen.
    pub(super) fn lack_files(&self) -> bool {
        self.lack_folders() || self.folders.iter().any(|folder| folder.total.is_some_and(|total| folder.seen() < total))
    }

    /// The folder called `name`: of several the lowest id, which is what every phone takes. The exact spelling wins over another
    /// case, so that `misc` is no second folder beside `Misc`.
    pub(super) fn named(&self, name: &str) -> Option<&Folder> {
        let lowest = |is: &dyn Fn(&str) -> bool| {
            let named = self.folders.iter().filter(|folder| folder.name.as_deref().is_some_and(is));
            named.min_by_key(|folder| folder.id)
        };
        let lower = called(name);
        lowest(&|other| other == name).or_else(|| lowest(&|other| called(other) == lower))
    }

    /// The files of all folders; complete only where every total was told, and reached.
    pub(super) fn into_listing(self) -> Listing {
        let is_told = self.total.is_some() && self.folders.iter().all(|folder| folder.total.is_some());
        let more = self.more || !is_told || self.lack_files();
        let entry = |id: u64, folder: Option<String>, file: File| Entry {
            remote_id: RemoteId(format!("{id}/{}", file.id)),
            name: file.name,
            bytes: file.bytes,
            sha256: None,
            evidence: Evidence::Listed,
            by_us: false,
            told: Told { folder, ..file.told },
        };
        let entries = self.folders.into_iter().flat_map(|folder| {
            let (id, name) = (folder.id, folder.name);
            folder.files.into_iter().map(move |file| entry(id, name.clone(), file))
        });
        Listing::new(entries.collect(), more)
    }
}

/// What folders have in common that are the same to [`Pages::named`].
pub(super) fn called(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The list, or the list within a whole work order. What cannot be read of it makes the whole page unreadable.
pub(super) fn page(answer: &Answer) -> Option<Page> {
    let map = json::object(answer)?;
    let list = match json::field(&map, "attachments") {
        Some(attachments) => attachments.as_object()?,
        None => &map,
    };
    let Some(Value::Array(results)) = json::field(list, "results") else { return None };
    let told = Counts::of(list);
    let folders: Vec<(Folder, Option<u64>)> = results.iter().map(folder).collect::<Option<_>>()?;
    let pages = told.pages.map(|pages| folders.iter().filter_map(|(_, pages)| *pages).fold(pages, u64::max));
    let folders = folders.into_iter().map(|(folder, _)| folder).collect();
    Some(Page { folders, total: told.total, number: told.page, pages, more: listing::says_more(answer) })
}

/// `{"total", "page", "pages"}`.
struct Counts {
    total: Option<u64>,
    page: Option<u64>,
    pages: Option<u64>,
}

impl Counts {
    fn of(list: &Map<String, Value>) -> Self {
        let metadata = json::field(list, "metadata").and_then(Value::as_object);
        let number = |name| metadata.and_then(|metadata| json::number(metadata, name));
        Counts { total: number("total"), page: number("page"), pages: number("pages") }
    }
}

/// A folder, and how many pages its own list has.
fn folder(value: &Value) -> Option<(Folder, Option<u64>)> {
    let map = value.as_object()?;
    let files = match json::field(map, "results") {
        Some(Value::Array(files)) => files.iter().map(file).collect::<Option<_>>()?,
        Some(_) => return None,
        None => Vec::new(),
    };
    let told = Counts::of(map);
    let folder = Folder {
        id: id(map)?,
        name: json::name(map, "name")?,
        takes_uploads: takes_uploads(json::field(map, "actions")),
        // Zero is taken for no limit: if it is one after all, the system says so itself.
        max_files: json::number(map, "max_files").filter(|most| *most > 0),
        total: told.total,
        files,
    };
    Some((folder, told.pages))
}

/// Whether the actions that a folder tells have `upload`; actions of a shape that nobody documents tell nothing.
fn takes_uploads(actions: Option<&Value>) -> bool {
    let Some(Value::Array(actions)) = actions else { return true };
    actions.iter().any(|action| action.as_str().is_none_or(|action| action.eq_ignore_ascii_case("upload")))
}

/// A file. Without an id, or with a name that is no text, the list cannot be read.
fn file(value: &Value) -> Option<File> {
    let map = value.as_object()?;
    let (name, bytes) = match json::field(map, "file") {
        Some(Value::Object(file)) => (json::name(file, "name")?, json::number(file, "size_bytes")),
        Some(_) => return None,
        None => (None, None),
    };
    let created = json::field(map, "created").and_then(Value::as_object);
    let told = Told {
        caption: json::said(map, "notes"),
        created_at: created.and_then(|created| json::moment(created, "utc")),
        ..Told::default()
    };
    Some(File { id: id(map)?, name, bytes, told })
}

/// The link to the file `id`, where the answer shows it.
pub(super) fn link(answer: &Answer, id: &RemoteId) -> Option<Url> {
    let (folder, file) = id.0.split_once('/')?;
    let map = json::object(answer)?;
    let list = json::field(&map, "attachments").and_then(Value::as_object).unwrap_or(&map);
    let shown = |list: &Map<String, Value>, wanted: &str| -> Option<Map<String, Value>> {
        let mut all = json::field(list, "results")?.as_array()?.iter().filter_map(Value::as_object);
        all.find(|map| self::id(map).is_some_and(|id| id.to_string() == wanted)).cloned()
    };
    let file = shown(&shown(list, folder)?, file)?;
    Url::parse(json::text(json::field(&file, "file")?.as_object()?, "link")?.trim()).ok()
}

fn id(map: &Map<String, Value>) -> Option<u64> {
    json::number(map, "id").filter(|id| *id > 0)
}

#[cfg(test)]
mod tests;
