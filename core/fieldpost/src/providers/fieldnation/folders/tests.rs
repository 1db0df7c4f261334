use serde_json::json;

use super::*;
use crate::providers::tests::answer;

fn file(id: u64, name: &str) -> Value {
    json!({"id": id, "file": {"name": name, "link": "https://f.example/x?sig=abc", "size_bytes": 20}, "notes": "", "status": "PENDING"})
}

fn folder(id: u64, name: &str, total: u64, files: Vec<Value>) -> Value {
    json!({"results": files, "name": name, "id": id, "type": "custom", "metadata": {"total": total, "page": 1, "pages": 1}})
}

fn list(metadata: Value, folders: Vec<Value>) -> Value {
    json!({"metadata": metadata, "sum": {"unreviewed": 0}, "actions": [], "results": folders})
}

fn read(body: &Value) -> Option<Page> {
    page(&answer(200, &[], body.to_string()))
}

/// Reads on as long as there is more, from a system that turns its pages so; the numbers that were asked for.
fn read_all(turn: impl Fn(Option<u64>) -> Option<Value>) -> (Pages, Vec<Option<u64>>) {
    let (mut pages, mut asked) = (Pages::default(), Vec::new());
    loop {
        let number = pages.next();
        asked.push(number);
        match turn(number) {
            Some(body) => pages.add(read(&body).unwrap()),
            None => pages.end(),
        }
        // It may be stored between two pages.
        pages = serde_json::from_value(serde_json::to_value(&pages).unwrap()).unwrap();
        if !pages.lack_files() || pages.next().is_none() {
            return (pages, asked);
        }
    }
}

#[test]
fn the_documented_list_is_read_with_every_file_under_its_folder() {
    let text = r#"{"metadata": {"total": 1, "per_page": 2, "pages": 1, "page": 1}, "sum": {"unreviewed": 0}, "actions": [],
        "results": [{"id": 2270, "name": "Misc", "type": "misc", "min_files": 0, "max_files": 999, "actions": ["upload"],
            "metadata": {"total": 1, "page": 1, "pages": 1},
            "results": [{"id": 214, "file": {"name": "a.jpg", "link": "https://f.example/a", "size_bytes": 1234}, "notes": "",
                "status": "PENDING", "created": {"utc": "2025-01-01 12:00:00"}}]}]}"#;
    let mut pages = Pages::default();
    pages.add(page(&answer(200, &[], text)).unwrap());
    let misc = pages.named("Misc").unwrap();
    assert_eq!((misc.id, misc.takes_uploads, misc.max_files, misc.holds()), (2270, true, Some(999), 1));
    let listing = pages.into_listing();
    let [entry] = listing.entries.as_slice() else { panic!("{listing:?}") };
    assert_eq!(
        (entry.remote_id.0.as_str(), entry.name.as_deref(), entry.bytes),
        ("2270/214", Some("a.jpg"), Some(1234))
    );
    assert!(listing.complete);
}

#[test]
fn pages_are_turned_whether_they_count_from_0_or_from_1() {
    let shown = |n: u64| folder(n + 1, &format!("F{n}"), 1, vec![file(n + 1, "x.jpg")]);
    for (first, told) in [(0, true), (1, true), (0, false), (1, false)] {
        let turn = |number: Option<u64>| {
            let n = number.unwrap_or(first);
            let mut metadata = json!({"total": 3, "pages": 3, "per_page": 1});
            if told {
                metadata["page"] = json!(n);
            }
            (first..first + 3).contains(&n).then(|| list(metadata, vec![shown(n - first)]))
        };
        let (pages, asked) = read_all(turn);
        assert!(asked.len() <= 4, "from {first}, told: {told}: {asked:?}");
        let listing = pages.into_listing();
        assert_eq!((listing.entries.len(), listing.complete), (3, true), "from {first}, told: {told}: {asked:?}");
    }
}

#[test]
fn a_system_that_turns_no_pages_is_not_asked_for_ever_and_proves_nothing() {
    let (pages, asked) = read_all(|_| Some(list(json!({"total": 100, "pages": 5, "page": 0}), vec![])));
    assert_eq!(asked, [None, Some(1), Some(2), Some(3), Some(4), Some(5)]);
    assert!(pages.lack_folders() && !pages.into_listing().complete);
    let (pages, asked) = read_all(|_| Some(list(json!({"total": 100}), vec![])));
    assert_eq!(asked, [None, Some(1), Some(2)], "nobody says how many there are");
    assert!(pages.lack_folders() && !pages.into_listing().complete);
    // One that tells new folders for ever is left some time as well.
    let endless = |number: Option<u64>| {
        let n = number.unwrap_or_default() + 1;
        Some(list(json!({"total": u64::MAX}), vec![folder(n, "F", 0, vec![])]))
    };
    assert_eq!(read_all(endless).1.len(), 200);
    // A page that it does not have ends it.
    let (pages, asked) = read_all(|number| number.is_none().then(|| list(json!({"total": 9, "pages": 9}), vec![])));
    assert_eq!(asked, [None, Some(1)]);
    assert!(!pages.into_listing().complete);
}

#[test]
fn a_list_is_complete_only_where_every_total_was_told_and_reached() {
    let complete = |body: Value| {
        let mut pages = Pages::default();
        pages.add(read(&body).unwrap());
        pages.into_listing().complete
    };
    let all = || folder(1, "Misc", 1, vec![file(1, "a.jpg")]);
    assert!(complete(list(json!({"total": 1}), vec![all()])));
    assert!(complete(list(json!({"total": 0, "page": 1, "pages": 1}), vec![])));
    assert!(!complete(list(json!({"total": 2}), vec![all()])), "a folder is missing");
    assert!(!complete(list(json!({"total": 2}), vec![all(), all()])), "one that is listed twice is one");
    assert!(
        !complete(list(json!({"total": 1}), vec![folder(1, "Misc", 2, vec![file(1, "a.jpg")])])),
        "a file is missing"
    );
    assert!(!complete(list(json!({"total": 1}), vec![folder(1, "Misc", 2, vec![file(1, "a.jpg"), file(1, "a.jpg")])])));
    assert!(!complete(list(json!({}), vec![all()])), "nobody says how many folders there are");
    assert!(!complete(list(json!({"total": 1}), vec![json!({"id": 1, "name": "Misc", "results": []})])));
    assert!(
        !complete(list(json!({"total": 1}), vec![folder(1, "Misc", 1, vec![json!({"id": 1})])])),
        "a nameless file"
    );
    let mut pages = Pages::default();
    let body = list(json!({"total": 0}), vec![]).to_string();
    pages.add(page(&answer(200, &[("link", "<https://h/?page=2>; rel=\"next\"")], body)).unwrap());
    assert!(!pages.into_listing().complete);
}

#[test]
fn a_list_that_shrinks_while_it_is_read_is_not_complete() {
    // The first folder goes while page 1 is read: the third moves up to a page that was read already.
    let turn = |number: Option<u64>| match number {
        None => Some(list(
            json!({"total": 3, "pages": 2, "page": 1}),
            vec![folder(1, "A", 0, vec![]), folder(2, "B", 0, vec![])],
        )),
        _ => Some(list(json!({"total": 2, "pages": 1, "page": 2}), vec![])),
    };
    assert!(!read_all(turn).0.into_listing().complete);
}

#[test]
fn a_folders_own_pages_are_read_where_the_list_turns_them() {
    let turn = |number: Option<u64>| {
        let n = number.unwrap_or(1);
        let mut misc = folder(7, "Misc", 3, vec![file(n, "x.jpg")]);
        misc["metadata"] = json!({"total": 3, "page": n, "pages": 3});
        Some(list(json!({"total": 1, "page": 1, "pages": 1}), vec![misc]))
    };
    let (pages, asked) = read_all(turn);
    assert_eq!(asked, [None, Some(2), Some(3)]);
    let listing = pages.into_listing();
    assert_eq!((listing.entries.len(), listing.complete), (3, true));
}

#[test]
fn pages_without_anything_new_stand_before_the_next_files_of_a_folder() {
    // Three folders, each on a page of its own; then the same again, of which the last one alone has a second file.
    let turn = |number: Option<u64>| {
        let n = number.unwrap_or(0);
        let (place, all) = (n % 3 + 1, [1, 1, 2][(n % 3) as usize]);
        let here = if n < 3 || place == 3 { vec![file(10 * place + n / 3, "x.jpg")] } else { vec![] };
        Some(list(json!({"total": 3, "page": n, "pages": 6}), vec![folder(place, "F", all, here)]))
    };
    let (pages, asked) = read_all(turn);
    assert_eq!(asked.last(), Some(&Some(5)));
    let listing = pages.into_listing();
    assert_eq!((listing.entries.len(), listing.complete), (4, true));
}

#[test]
fn an_entry_that_is_listed_twice_under_two_names_is_kept_under_both() {
    let mut pages = Pages::default();
    let twice = vec![file(1, "a.jpg"), file(1, "b.jpg")];
    pages.add(read(&list(json!({"total": 1}), vec![folder(7, "Misc", 1, twice)])).unwrap());
    assert_eq!(pages.into_listing().entries.len(), 2);
}

#[test]
fn of_folders_of_one_name_the_lowest_id_is_meant_and_the_exact_spelling_first() {
    let folders = vec![
        folder(30, "Misc", 0, vec![]),
        folder(20, "misc", 0, vec![]),
        folder(40, "Misc", 0, vec![]),
        folder(9, "Other", 0, vec![]),
    ];
    let mut pages = Pages::default();
    pages.add(read(&list(json!({"total": 4}), folders)).unwrap());
    let named = |name: &str| pages.named(name).map(|folder| folder.id);
    assert_eq!((named("Misc"), named("misc"), named(" MISC"), named("Mis")), (Some(30), Some(20), Some(20), None));
}

#[test]
fn a_folder_that_says_what_can_be_done_with_it_says_whether_it_takes_uploads() {
    let takes = |actions: Value| {
        let mut misc = folder(1, "Misc", 0, vec![]);
        misc["actions"] = actions;
        let mut pages = Pages::default();
        pages.add(read(&list(json!({"total": 1}), vec![misc])).unwrap());
        pages.named("Misc").unwrap().takes_uploads
    };
    for (actions, wanted) in [
        (json!(["edit", "upload"]), true),
        (json!(["UPLOAD"]), true),
        (json!([]), false),
        (json!(["edit", "delete"]), false),
        (json!(null), true),
        (json!([{"name": "edit"}]), true),
    ] {
        assert_eq!(takes(actions.clone()), wanted, "{actions}");
    }
}

#[test]
fn what_cannot_be_read_is_no_list() {
    for body in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"results": null}"#,
        r#"{"results": {}}"#,
        r#"{"attachments": []}"#,
        r#"{"attachments": {"metadata": {}}}"#,
        r#"{"results": [{"name": "Misc", "results": []}]}"#, // a folder without an id
        r#"{"results": [{"id": 0, "name": "Misc"}]}"#,
        r#"{"results": [{"id": 1, "name": 7}]}"#,
        r#"{"results": [{"id": 1, "name": "Misc", "results": {}}]}"#,
        r#"{"results": [{"id": 1, "name": "Misc", "results": [{"file": {"name": "a.jpg"}}]}]}"#,
        r#"{"results": [{"id": 1, "name": "Misc", "results": [{"id": 2, "file": "a.jpg"}]}]}"#,
        r#"{"results": [{"id": 1, "name": "Misc", "results": [{"id": 2, "file": {"name": 3}}]}]}"#,
    ] {
        assert!(page(&answer(200, &[], body)).is_none(), "{body}");
    }
}

#[test]
fn a_list_of_many_thousand_files_is_read_in_no_time() {
    let files = |first: u64| (first..first + 40_000).map(|n| file(n, "x.jpg")).collect();
    let turn = |number: Option<u64>| {
        Some(list(
            json!({"total": 1, "pages": 2, "page": number.unwrap_or(1)}),
            vec![folder(7, "Misc", 80_000, files(number.map_or(1, |_| 40_001)))],
        ))
    };
    assert!(read_all(turn).0.into_listing().complete);
}
