//! Field Nation's folders: made, deleted, ruled by the office, and listed page by page.

use std::time::Duration;

use fieldpost_sandbox::Provider::FieldNation;
use fieldpost_sandbox::{
    AnsweredFolders, By, Fault, FieldNationDialect, FirstPage, FolderRules, Operation, Options, Rule, Sandbox,
};
use serde_json::{Value, json};

use crate::client::*;
use crate::field_nation::{OPEN, folder, folders, job, listed, make_folder, speak};
use crate::{options, sandbox};

#[test]
fn folders_are_made_listed_and_deleted_with_their_files() {
    let sandbox = sandbox();
    let site = make_folder(&sandbox, "Site Photos");
    let again = make_folder(&sandbox, "Site Photos");
    let made: Vec<Value> = folders(&listed(&sandbox)).into_iter().filter(|f| f["name"] == "Site Photos").collect();
    assert_eq!(made.len(), 2, "a second of the same name is another one");
    assert_eq!((made[0]["id"].to_string(), &made[0]["type"]), (site.clone(), &json!("slot")));
    assert_eq!(again, site, "the first of that name in the answer");

    for folder in [&site, MISC] {
        let path = format!("/attachments/{folder}");
        assert_eq!(job(&sandbox, "POST", &path).form(&[file("file", "a.jpg", b"x")]).send().status, Some(200));
    }
    let delete = |id: &str| job(&sandbox, "DELETE", &format!("/attachments/{id}")).send().status;
    assert_eq!([delete(&site), delete(&site)], [Some(200), Some(404)]);
    assert_eq!([delete(MISC), delete("1"), delete("Misc")], [Some(403), Some(403), Some(400)]);
    assert_eq!((folders(&listed(&sandbox)).len(), names(&nation_list(&sandbox, OPEN).send()).len()), (3, 1));
    let lines: Vec<_> = sandbox.ledger().into_iter().map(|l| (l.operation, l.by)).collect();
    use Operation::{CreateFolder, DeleteFolder, Upload};
    assert_eq!(lines, [CreateFolder, CreateFolder, Upload, Upload, DeleteFolder].map(|o| (o, By::Client)));
    assert_eq!(sandbox.entries().len(), 1);

    for body in [json!({}), json!({"name": ""}), json!({"name": 7}), json!(["name"]), json!("name")] {
        assert_eq!(job(&sandbox, "POST", "/attachments").json(body).send().status, Some(400));
    }
    let form = job(&sandbox, "POST", "/attachments").form(&[text("name", "x")]);
    assert_eq!(form.send().status, Some(400), "JSON is wanted");
}

#[test]
fn folders_and_their_files_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Sandbox::start(Options { dir: Some(dir.path().into()), ..options() }).unwrap();
    let first = start();
    let (kept, gone) = (make_folder(&first, "Kept"), make_folder(&first, "Gone"));
    for folder in [&kept, &gone] {
        job(&first, "POST", &format!("/attachments/{folder}")).form(&[file("file", "a.jpg", b"x")]).send();
    }
    assert_eq!(job(&first, "DELETE", &format!("/attachments/{gone}")).send().status, Some(200));
    let before = first.folders(FieldNation, OPEN);
    first.stop();
    let second = start();
    assert_eq!(second.folders(FieldNation, OPEN), before);
    assert_eq!(names(&nation_list(&second, OPEN).send()), ["a.jpg"]);
    let new = make_folder(&second, "New");
    assert!(new.parse::<u64>().unwrap() > gone.parse().unwrap(), "no number is given twice");
    second.reset(true).unwrap();
    assert_eq!(second.folders(FieldNation, OPEN).len(), 2);
}

#[test]
fn what_the_office_lets_into_a_folder_is_obeyed() {
    let sandbox = sandbox();
    let upload = nation_upload(&sandbox, OPEN, "a.jpg", b"x");
    let rules = |max_files, actions: &[&str]| FolderRules {
        max_files,
        actions: actions.iter().map(|a| (*a).to_owned()).collect(),
        ..FolderRules::default()
    };
    assert!(sandbox.set_folder_rules(FieldNation, OPEN, MISC, rules(Some(1), &["upload"])));
    assert_eq!([upload.send().status, upload.send().status], [Some(200), Some(400)]);
    assert!(sandbox.set_folder_rules(FieldNation, OPEN, MISC, rules(None, &["edit"])));
    assert_eq!(upload.send().status, Some(403));
    let misc = folder(&listed(&sandbox), "Misc");
    assert_eq!((&misc["actions"], misc.get("max_files")), (&json!(["edit"]), None));
    assert_eq!(nation_upload(&sandbox, "90002", "a.jpg", b"x").send().status, Some(200), "of one work order only");
    assert!(!sandbox.set_folder_rules(FieldNation, OPEN, "7", FolderRules::default()));

    let id = sandbox.office_folder(FieldNation, OPEN, "Office").unwrap().unwrap();
    assert_eq!(folder(&listed(&sandbox), "Office")["id"].to_string(), id);
    assert!(sandbox.office_delete_folder(FieldNation, OPEN, &id).unwrap());
    assert!(!sandbox.office_delete_folder(FieldNation, OPEN, &id).unwrap());
    assert!(!sandbox.office_delete_folder(FieldNation, OPEN, MISC).unwrap());
    assert_eq!(sandbox.office_folder(fieldpost_sandbox::Provider::Serial, "2001", "x").unwrap(), None);
}

#[test]
fn the_control_does_with_folders_what_the_handle_does() {
    let sandbox = sandbox();
    let control = |method, path: &str| Ask::new(method, format!("{}{path}", sandbox.control_url()));
    let post = |path: &str, body: Value| control("POST", path).json(body).send();
    let place = |more: Value| {
        let mut body = json!({"system": "fieldnation", "work_order": OPEN});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let id = post("/folders", place(json!({"name": "Office"}))).json()["id"].clone();
    let rules = place(json!({"folder": id, "rules": {"max_files": 0, "actions": []}}));
    assert_eq!(post("/folders/rules", rules).status, Some(200));
    let all = control("GET", &format!("/folders?work_order={OPEN}")).send().json();
    let office = all.as_array().unwrap().iter().find(|f| f["name"] == "Office").unwrap();
    assert_eq!((&office["id"], &office["max_files"], &office["actions"]), (&id, &json!(0), &json!([])));
    assert_eq!(control("GET", "/folders").send().json().as_array().unwrap().len(), 7);
    let gone = place(json!({"folder": id}));
    assert_eq!(
        [post("/folders/delete", gone.clone()).status, post("/folders/delete", gone).status],
        [Some(200), Some(404)]
    );
    assert_eq!(post("/folders", json!({"system": "serial", "work_order": "2001", "name": "x"})).status, Some(404));
    assert_eq!(post("/folders/rules", place(json!({"folder": "1", "rules": {"most": 1}}))).status, Some(400));
}

/// All pages of a listing, from the first on, one more than it says there are.
fn pages(sandbox: &Sandbox, first: u64, query: &str) -> Vec<Value> {
    let page = |n| job(sandbox, "GET", &format!("/attachments?page={n}{query}")).send().json();
    let all = page(first)["metadata"]["pages"].as_u64().unwrap();
    (first..=first + all).map(page).collect()
}

#[test]
fn a_listing_comes_in_pages_of_folders_and_of_files_from_0_or_from_1() {
    let sandbox = sandbox();
    let site = make_folder(&sandbox, "Site");
    for (folder, files) in [(MISC, 5), (site.as_str(), 2)] {
        for n in 0..files {
            let name = format!("{folder}-{n}.jpg");
            job(&sandbox, "POST", &format!("/attachments/{folder}")).form(&[file("file", &name, b"x")]).send();
        }
    }
    let all = |listing: &Value| -> Vec<(String, String)> {
        let of = |f: &Value| (f["id"].to_string(), f["file"]["name"].to_string());
        folders(listing)
            .iter()
            .flat_map(|f| f["results"].as_array().unwrap().iter().map(of).collect::<Vec<_>>())
            .collect()
    };
    let mut expected = all(&listed(&sandbox));
    expected.sort();
    assert_eq!(expected.len(), 7);
    for (first_page, first) in [(FirstPage::One, 1), (FirstPage::Zero, 0)] {
        for (folders_per_page, files_per_page, count) in
            [(None, None, 1), (Some(2), None, 2), (None, Some(2), 3), (Some(1), Some(2), 9)]
        {
            let dialect =
                FieldNationDialect { first_page, folders_per_page, files_per_page, ..FieldNationDialect::default() };
            speak(&sandbox, dialect);
            let mut told = pages(&sandbox, first, "");
            assert_eq!(folders(&told.pop().unwrap()).len(), 0, "behind the last page");
            assert_eq!(told.len(), count, "{dialect:?}");
            let mut seen: Vec<_> = told.iter().flat_map(all).collect();
            seen.sort();
            assert_eq!(seen, expected, "{dialect:?}: all, and each once");
            for (at, page) in told.iter().enumerate() {
                assert_eq!(page["metadata"]["page"], first + at as u64);
                assert_eq!(page["metadata"]["total"], 3);
            }
            let bare = listed(&sandbox);
            assert_eq!(all(&bare), all(&told[0]), "without a page it is the first");
        }
    }
    speak(&sandbox, FieldNationDialect::default());
    assert_eq!(pages(&sandbox, 1, "&per_page=2").len(), 3);
    let misc = folder(&listed(&sandbox), "Misc");
    assert_eq!((&misc["metadata"]["total"], &misc["metadata"]["pages"]), (&json!(5), &json!(1)));
    speak(&sandbox, FieldNationDialect { files_per_page: Some(2), ..FieldNationDialect::default() });
    let misc = folder(&listed(&sandbox), "Misc");
    assert_eq!((&misc["metadata"]["total"], &misc["metadata"]["pages"]), (&json!(5), &json!(3)));
    for query in ["page=x", "page=-1", "page=1&page=2", "per_page=many"] {
        assert_eq!(job(&sandbox, "GET", &format!("/attachments?{query}")).send().status, Some(400), "{query}");
    }
}

#[test]
fn the_whole_work_order_shows_all_attachments_or_one_page_or_none() {
    let sandbox = sandbox();
    for n in 0..2 {
        nation_upload(&sandbox, OPEN, &format!("{n}.jpg"), b"x").send();
    }
    let answered = |answer| {
        speak(&sandbox, FieldNationDialect { answer, ..FieldNationDialect::default() });
        nation_upload(&sandbox, OPEN, "new.jpg", b"x").send().json()["attachments"].clone()
    };
    assert_eq!(folder(&answered(AnsweredFolders::Full), "Misc")["results"].as_array().unwrap().len(), 3);
    let page = answered(AnsweredFolders::OnePage);
    assert_eq!((folders(&page).len(), &page["metadata"]["total"]), (1, &json!(2)));
    assert!(page["metadata"]["pages"].as_u64().unwrap() > 1 && !page.to_string().contains("new.jpg"));
    let none = answered(AnsweredFolders::Empty);
    assert_eq!((folders(&none).len(), &none["metadata"]["pages"]), (0, &json!(5)));
    assert_eq!(sandbox.uploads(FieldNation, OPEN).len(), 5);
}

#[test]
fn a_folder_may_be_made_twice_or_listed_late_by_a_fault_that_names_the_operation() {
    let sandbox = sandbox();
    let folders_listed = || folders(&listed(&sandbox)).len();
    sandbox.fault(Rule::new(Fault::AcceptTwice).operation(Operation::CreateFolder));
    make_folder(&sandbox, "Twice");
    assert_eq!((folders_listed(), sandbox.ledger()[1].by), (4, By::Fault));
    let after = Duration::from_secs(30);
    sandbox.fault(Rule::new(Fault::ListLate { after }).operation(Operation::CreateFolder));
    job(&sandbox, "POST", "/attachments").json(json!({"name": "Late"})).send();
    assert_eq!(folders_listed(), 4);
    sandbox.clock().advance(after);
    assert_eq!(folders_listed(), 5);
    // A rule that names no operation waits for an upload.
    let rule = sandbox.fault(Fault::AcceptTwice);
    make_folder(&sandbox, "Once");
    assert_eq!((folders_listed(), sandbox.hits(rule)), (6, 0));
}
