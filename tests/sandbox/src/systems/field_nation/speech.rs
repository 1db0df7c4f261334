//! Field Nation's answers: folders of files page by page, and the whole work order around them.
//!
//! Owns: which folders and files are on a page, and the order of fields. Never: changes anything but the links it hands out.

use std::io;
use std::time::SystemTime;

use time::OffsetDateTime;

use super::refusal::Refusal;
use super::signature::{data_url, is_signature};
use super::{BASE, ME, NOTES, STATUSES, integer};
use crate::answer::{Reply, array, object, value};
use crate::clock::read_stamp;
use crate::dialect::{AnsweredFolders, Dialect, FirstPage};
use crate::entry::Entry;
use crate::folders::{FOLDER_ID, Folder};
use crate::request::Request;
use crate::world::World;

/// Folders on a page, if nobody says how many.
const PER_PAGE: u64 = 25;
const PER_PAGE_MAX: u64 = 100;

/// What the work order has besides, by which a careless reader may be misled.
const REST: [(&str, &str); 14] = [
    (
        "networks",
        r#"{"metadata": {"total": 100, "page": 0, "pages": 5, "per_page": 20}, "actions": [], "results": []}"#,
    ),
    ("shipments", r#"{"metadata": {"total": 1, "page": 1, "pages": 1}, "results": [{"id": 214, "name": "box.jpg"}]}"#),
    ("time_logs", r#"{"metadata": {"total": 0, "page": 1, "pages": 1}, "results": [], "hours": 0}"#),
    ("pay", r#"{"type": "fixed", "base": {"units": 1, "amount": 120.5}, "expenses": {"results": [], "actions": []}}"#),
    ("location", r#"{"mode": "custom", "city": "Minneapolis", "state": "MN", "coordinates": {"latitude": 44.9778}}"#),
    ("company", r#"{"id": 123, "name": "Sample", "features": []}"#),
    ("status", r#"{"id": 3, "name": "Assigned", "code": "assigned", "sub_status": ""}"#),
    ("messages", r#"{"metadata": {"total": 0, "page": 1, "pages": 1}, "results": [], "actions": []}"#),
    ("tags", r#"{"metadata": {"total": 0}, "results": []}"#),
    ("closing_notes", "null"),
    ("types_of_work", "[]"),
    ("tasks_enabled", "true"),
    ("w2", "false"),
    ("incident_id", r#""""#),
];

/// Which part of the folders and files is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Counted from 0, whatever the first page is called.
    index: usize,
    /// `usize::MAX` for all.
    folders: usize,
    files: usize,
}

impl Window {
    const ALL: Self = Self { index: 0, folders: usize::MAX, files: usize::MAX };

    /// As the query asks, within what the dialect allows.
    pub(super) fn asked(request: &Request, dialect: &Dialect) -> Result<Self, Refusal> {
        let number = |name: &str| match request.head.query.iter().any(|(given, _)| given == name) {
            false => Ok(None),
            true => request
                .head
                .parameter(name)
                .and_then(integer)
                .map(Some)
                .ok_or_else(|| Refusal::validation(format!("{name} is not an integer"))),
        };
        let (page, per_page) = (number("page")?, number("per_page")?.unwrap_or(PER_PAGE));
        let most = dialect.field_nation.folders_per_page.map_or(PER_PAGE_MAX, u64::from);
        let index = page.map_or(0, |page| page.saturating_sub(first_page(dialect) as u64));
        Ok(Self {
            index: usize::try_from(index).unwrap_or(usize::MAX),
            folders: per_page.clamp(1, most.max(1)) as usize,
            files: dialect.field_nation.files_per_page.map_or(usize::MAX, |files| files.max(1) as usize),
        })
    }

    /// The first of several pages.
    fn first_of_several(dialect: &Dialect) -> Self {
        let of = |most: Option<u32>| most.unwrap_or(1).max(1) as usize;
        let dialect = &dialect.field_nation;
        Self { index: 0, folders: of(dialect.folders_per_page), files: of(dialect.files_per_page) }
    }
}

fn first_page(dialect: &Dialect) -> usize {
    match dialect.field_nation.first_page {
        FirstPage::One => 1,
        FirstPage::Zero => 0,
    }
}

/// How many pages so many things fill; at least one.
fn pages(things: usize, per_page: usize) -> usize {
    things.div_ceil(per_page).max(1)
}

/// Those on the page of that index.
fn page_of<T>(things: &[T], index: usize, per_page: usize) -> &[T] {
    let from = index.saturating_mul(per_page).min(things.len());
    &things[from..from.saturating_add(per_page).min(things.len())]
}

fn metadata(total: usize, page: usize, pages: usize, per_page: usize, turn: u64) -> String {
    let per_page = per_page.min(total);
    let all = [("total", total), ("page", page), ("pages", pages), ("per_page", per_page)];
    object(&all.map(|(name, number)| (name, value(&number))), turn)
}

/// The folders of a work order, as the list has them.
pub(super) fn attachments(request: &Request, world: &mut World, id: &str, window: Window, now: SystemTime) -> String {
    let (turn, first) = (request.number, first_page(&world.dialect));
    let listed = world.listing(request, id, now);
    let unreviewed = listed.iter().filter(|e| e.fields.get("status").map(String::as_str) == Some(STATUSES[0])).count();
    let all: Vec<(Folder, Vec<Entry>)> = world
        .folders_of(ME, id, Some(now))
        .into_iter()
        .map(|folder| {
            let files = listed.iter().filter(|e| e.fields.get(FOLDER_ID) == Some(&folder.id)).cloned().collect();
            (folder, files)
        })
        .collect();
    // First through the folders, then through the same folders again with their next files.
    let folder_pages = pages(all.len(), window.folders);
    let file_pages = all.iter().map(|(_, files)| pages(files.len(), window.files)).max().unwrap_or(1);
    let (folder_page, file_page) = (window.index % folder_pages, window.index / folder_pages);
    let shown = if file_page < file_pages { page_of(&all, folder_page, window.folders) } else { &[] };
    let results: Vec<String> = (turn..)
        .zip(shown)
        .map(|(turn, (folder, files))| {
            let here = page_of(files, file_page, window.files);
            let results: Vec<String> = (turn..).zip(here).map(|(turn, e)| file(e, world, now, turn)).collect();
            let pages = pages(files.len(), window.files);
            let told = metadata(files.len(), first + file_page, pages, window.files, turn);
            self::folder(folder, told, &results, turn)
        })
        .collect();
    let told = metadata(all.len(), first + window.index, folder_pages * file_pages, window.folders, turn);
    around(told, unreviewed, &results, turn)
}

fn around(metadata: String, unreviewed: usize, results: &[String], turn: u64) -> String {
    object(
        &[
            ("metadata", metadata),
            ("sum", object(&[("unreviewed", value(&unreviewed))], turn)),
            ("actions", array(&[])),
            ("correlation_id", value("48b3ada9376a1e95")),
            ("results", array(results)),
        ],
        turn,
    )
}

fn folder(folder: &Folder, metadata: String, files: &[String], turn: u64) -> String {
    let actions: Vec<String> = folder.rules.actions.iter().map(value).collect();
    let mut fields = vec![
        ("id", folder.id.clone()),
        ("name", value(&folder.name)),
        ("type", value(&folder.kind)),
        ("task", object(&[("id", value(&0))], turn)),
        ("actions", array(&actions)),
        ("metadata", metadata),
        ("results", array(files)),
    ];
    let told = [("min_files", folder.rules.min_files), ("max_files", folder.rules.max_files)];
    fields.extend(told.into_iter().filter_map(|(name, told)| told.map(|number| (name, value(&number)))));
    object(&fields, turn)
}

fn file(entry: &Entry, world: &mut World, now: SystemTime, turn: u64) -> String {
    let kept = |name: &str| entry.fields.get(name);
    let text = |name: &'static str| value(kept(name).map_or("", |text| text));
    let raw = |name: &'static str, absent: &str| kept(name).map_or(absent, |text| text).to_owned();
    let within = object(
        &[
            ("name", value(&entry.name)),
            ("link", value(&world.link(entry, now))),
            ("size_bytes", value(&entry.size())),
            ("type", value("file")),
        ],
        turn,
    );
    object(
        &[
            ("id", entry.remote_id.clone()),
            ("file", within),
            ("notes", text(NOTES)),
            ("status", text("status")),
            ("status_description", text("status_description")),
            ("show_before_assignment", raw("show_before_assignment", "false")),
            ("schedule_request", raw("schedule_request", "false")),
            ("eta_check", raw("eta_check", "false")),
            ("completed_at_date", raw("completed_at_date", "null")),
            ("author", object(&[("id", raw("acting_user_id", "4411")), ("first_name", value("Jo"))], turn)),
            ("created", object(&[("utc", value(&created(entry)))], turn)),
        ],
        turn,
    )
}

/// `2025-01-01 12:00:00`, UTC.
fn created(entry: &Entry) -> Option<String> {
    let at = OffsetDateTime::from(read_stamp(&entry.accepted)?);
    let (hour, minute, second) = at.time().as_hms();
    Some(format!("{} {hour:02}:{minute:02}:{second:02}", at.date()))
}

/// The whole work order.
pub(super) fn work_order(request: &Request, world: &mut World, id: &str, now: SystemTime) -> io::Result<Reply> {
    let turn = request.number;
    let attachments = match world.dialect.field_nation.answer {
        AnsweredFolders::Full => attachments(request, world, id, Window::ALL, now),
        AnsweredFolders::OnePage => {
            attachments(request, world, id, Window::first_of_several(&world.dialect.clone()), now)
        }
        AnsweredFolders::Empty => around(metadata(100, 0, 5, 20, turn), 0, &[], turn),
    };
    let mut fields = vec![
        ("id", id.to_owned()),
        ("work_order_id", id.to_owned()),
        ("title", value(&format!("Work order {id}"))),
        ("href", value(&format!("{}/{ME}{BASE}/workorders/{id}", world.origin))),
        ("attachments", attachments),
        ("signatures", signed(request, world, id, now, false)?),
    ];
    fields.extend(REST.map(|(name, text)| (name, text.to_owned())));
    Ok(Reply::json(200, object(&fields, turn)))
}

/// The work order's signatures.
pub(super) fn signatures(request: &Request, world: &World, id: &str, now: SystemTime) -> io::Result<Reply> {
    Ok(Reply::json(200, signed(request, world, id, now, true)?))
}

fn signed(request: &Request, world: &World, id: &str, now: SystemTime, with_data: bool) -> io::Result<String> {
    let (turn, first) = (request.number, first_page(&world.dialect));
    let listed: Vec<Entry> = world.listing(request, id, now).into_iter().filter(is_signature).collect();
    let mut results = Vec::new();
    for entry in &listed {
        let mut fields = vec![
            ("id", entry.remote_id.clone()),
            ("name", value(&entry.name)),
            ("created", object(&[("utc", value(&created(entry)))], turn)),
        ];
        if with_data {
            fields.push(("data", value(&data_url(&world.read(entry)?))));
        }
        results.push(object(&fields, turn));
    }
    let told = metadata(listed.len(), first, 1, listed.len(), turn);
    Ok(object(&[("metadata", told), ("results", array(&results)), ("actions", array(&[]))], turn))
}
