use std::time::Duration;

use fieldpost_sandbox::Provider::FieldNation;
use fieldpost_sandbox::{
    AnsweredFolders, By, Credentials, Dialect, ErrorShape, Fault, FieldNationDialect, FirstPage, FolderRules,
    Operation, Options, RetryAfter, Rule, Sandbox, SignatureShapes, TokenRefusal, WorkOrderState,
};
use serde_json::{Value, json};

use crate::client::*;
use crate::{options, sandbox};

const OPEN: &str = "90001";
const TOKEN_TEXT: &str = "You must provide a valid OAuth token to make a request";

fn speak(sandbox: &Sandbox, field_nation: FieldNationDialect) {
    sandbox.set_dialect(Dialect { field_nation, ..Dialect::default() });
}

/// A request below the work order.
fn job(sandbox: &Sandbox, method: &'static str, path: &str) -> Ask {
    ask(sandbox, FieldNation, method, &format!("/workorders/{OPEN}{path}"))
}

fn folders(listing: &Value) -> Vec<Value> {
    listing["results"].as_array().unwrap().clone()
}

/// The folder of that name in a listing, or in a whole work order.
fn folder(told: &Value, name: &str) -> Value {
    let listing = told.get("attachments").unwrap_or(told);
    folders(listing).into_iter().find(|folder| folder["name"] == name).unwrap()
}

fn listed(sandbox: &Sandbox) -> Value {
    let heard = nation_list(sandbox, OPEN).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    heard.json()
}

/// Makes a folder, and returns its id.
fn make_folder(sandbox: &Sandbox, name: &str) -> String {
    let heard = job(sandbox, "POST", "/attachments").json(json!({"name": name})).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    folder(&heard.json(), name)["id"].to_string()
}

#[test]
fn an_upload_is_answered_with_the_whole_work_order_and_listed_in_its_folder() {
    let sandbox = sandbox();
    assert!(sandbox.url(FieldNation).ends_with("/fieldnation/api/rest/v2"));
    let bytes = vec![7; 300_000];
    let form = [file("file", "boiler-7f3a9c1e.jpg", &bytes), text("notes", "Boiler \"plate\"")];
    let path = format!("/attachments/{MISC}?acting_user_id=4711");
    let heard = job(&sandbox, "POST", &path).form(&form).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    let order = heard.json();
    assert_eq!((&order["id"], &order["work_order_id"]), (&json!(90001), &json!(90001)));
    for field in ["pay", "shipments", "signatures", "status", "location", "x_sandbox_extra"] {
        assert!(order.get(field).is_some(), "{field}");
    }
    let misc = folder(&order, "Misc");
    let file = &misc["results"][0];
    assert_eq!((&file["file"]["name"], &file["file"]["size_bytes"]), (&json!("boiler-7f3a9c1e.jpg"), &json!(300_000)));
    assert_eq!((&file["notes"], &file["status"]), (&json!("Boiler \"plate\""), &json!("PENDING")));
    assert_eq!(file["created"]["utc"], "2026-11-21 10:00:00");

    let told = listed(&sandbox);
    assert_eq!((&told["metadata"]["total"], &told["metadata"]["pages"]), (&json!(2), &json!(1)));
    assert_eq!(told["sum"]["unreviewed"], 1);
    assert_eq!(told["actions"], json!([]));
    let misc = folder(&told, "Misc");
    assert_eq!((&misc["id"], &misc["max_files"], &misc["min_files"]), (&json!(2270), &json!(999), &json!(0)));
    assert_eq!((&misc["actions"], &misc["metadata"]["total"]), (&json!(["upload"]), &json!(1)));
    assert_eq!(misc["results"][0]["id"], file["id"]);
    let documents = folder(&told, "Documents");
    assert_eq!((&documents["type"], &documents["results"]), (&json!("document"), &json!([])));
    assert!(documents.get("max_files").is_none());

    let line = sandbox.uploads(FieldNation, OPEN).pop().unwrap();
    assert_eq!((line.remote_id, line.sha256), (file["id"].to_string(), sha256(&bytes)));
    assert_eq!((line.fields["folder_id"].as_str(), line.fields["acting_user_id"].as_str()), (MISC, "4711"));
    let ours = format!("{MISC}/{}", file["id"]);
    assert_eq!(sandbox.file(FieldNation, OPEN, &ours), Some(bytes.clone()), "a client may put the folder before it");
    let link = Ask::new("GET", file["file"]["link"].as_str().unwrap());
    assert_eq!(link.send().body, bytes);
    sandbox.clock().advance(Duration::from_secs(15 * 60));
    assert_eq!(link.send().status, Some(403));
}

#[test]
fn every_rule_of_an_upload_is_checked() {
    let sandbox = Sandbox::start(Options { field_nation_max_bytes: 1000, ..options() }).unwrap();
    let good = file("file", "a.jpg", b"x");
    let cases = [
        ("no file", vec![text("notes", "n")], 400),
        ("two files", vec![good.clone(), good.clone()], 400),
        ("another part", vec![file("attachment", "a.jpg", b"x")], 400),
        ("notes twice", vec![good.clone(), text("notes", "a"), text("notes", "b")], 400),
        ("notes as a file", vec![good.clone(), file("notes", "n.txt", b"n")], 400),
        ("no name", vec![text("file", "bytes")], 400),
        ("no extension", vec![file("file", "jpg", b"x")], 400),
        ("a HEIC", vec![file("file", "a.heic", b"x")], 400),
        ("a WebP", vec![file("file", "a.webp", b"x")], 400),
        ("an empty file", vec![file("file", "a.jpg", b"")], 400),
        ("a large file", vec![file("file", "a.jpg", &[0; 1001])], 413),
    ];
    let post = |path: &str, form: &[Part]| job(&sandbox, "POST", path).form(form).send();
    for (what, form, status) in cases {
        assert_eq!(post(&format!("/attachments/{MISC}"), &form).status, Some(status), "{what}");
    }
    for (path, status) in [
        ("/attachments/7", 404),
        ("/attachments/misc", 400),
        ("/attachments/2270?acting_user_id=jo", 400),
        ("/attachments/2270?acting_user_id=1&acting_user_id=2", 400),
    ] {
        assert_eq!(post(path, std::slice::from_ref(&good)).status, Some(status), "{path}");
    }
    assert_eq!(nation_upload(&sandbox, "42", "a.jpg", b"x").send().status, Some(404));
    assert_eq!(nation_upload(&sandbox, "WO-1", "a.jpg", b"x").send().status, Some(400));
    assert!(sandbox.ledger().is_empty());
    for name in ["a.JPG", "b.jpeg", "c.png", "d.gif", "e.pdf", "f.doc", "g.docx", "h.xls", "i.xlsx", "j.csv"] {
        assert_eq!(nation_upload(&sandbox, OPEN, name, &[0; 1000]).send().status, Some(200), "{name}");
    }
    sandbox.set_work_order(FieldNation, OPEN, WorkOrderState::Closed);
    assert_eq!(nation_upload(&sandbox, OPEN, "k.jpg", b"x").send().status, Some(200), "no state is documented");
}

#[test]
fn a_file_that_is_too_large_is_a_problem_in_every_shape_of_errors() {
    let sandbox = Sandbox::start(Options { field_nation_max_bytes: 10, ..options() }).unwrap();
    for errors in [ErrorShape::Status, ErrorShape::Successful, ErrorShape::StatusCode, ErrorShape::Problem] {
        speak(&sandbox, FieldNationDialect { errors, ..FieldNationDialect::default() });
        let heard = nation_upload(&sandbox, OPEN, "a.jpg", &[0; 11]).send();
        assert_eq!((heard.status, heard.header("content-type")), (Some(413), Some("application/problem+json")));
        assert_eq!((&heard.json()["code"], &heard.json()["retryable"]), (&json!("FILE_SIZE_EXCEEDED"), &json!(false)));
    }
}

#[test]
fn errors_have_one_of_the_documented_shapes() {
    let sandbox = sandbox();
    let wrong = nation_upload(&sandbox, "42", "a.jpg", b"x");
    let told = |errors| {
        speak(&sandbox, FieldNationDialect { errors, ..FieldNationDialect::default() });
        let heard = wrong.send();
        assert_eq!(heard.status, Some(404));
        heard
    };
    let of_status = told(ErrorShape::Status).json();
    assert_eq!((&of_status["status"], &of_status["message"]), (&json!(404), &json!("Work order not found")));
    assert_eq!(told(ErrorShape::Successful).json(), json!({"status": 500, "message": "Operation successful."}));
    let of_code = told(ErrorShape::StatusCode).json();
    assert_eq!((&of_code["status_code"], of_code.get("status")), (&json!(404), None));
    let problem = told(ErrorShape::Problem);
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    let problem = problem.json();
    for field in ["type", "title", "status", "detail", "code", "retryable", "correlationId", "agent", "errors"] {
        assert!(problem.get(field).is_some(), "{field}");
    }
    assert_eq!(problem["status"], 404);
}

#[test]
fn a_token_is_wanted_in_the_query_and_refused_with_400_or_401() {
    let sandbox = sandbox();
    let list = nation_list(&sandbox, OPEN);
    let bare = Ask::new("GET", list.url.split('?').next().unwrap());
    let header = bare.clone().with("Authorization", format!("Bearer {}", sandbox.token(FieldNation)));
    let twice = Ask::new("GET", format!("{}&access_token=x", list.url));
    let errors = [ErrorShape::Status, ErrorShape::Successful, ErrorShape::StatusCode, ErrorShape::Problem];
    for (token_refusal, status) in [(TokenRefusal::BadRequest, 400), (TokenRefusal::Unauthorized, 401)] {
        for errors in errors {
            speak(&sandbox, FieldNationDialect { errors, token_refusal, ..FieldNationDialect::default() });
            for ask in [&bare, &header, &twice] {
                let heard = ask.send();
                assert_eq!(heard.status, Some(status), "{heard:?}");
                assert!(heard.text().contains(TOKEN_TEXT), "{heard:?}");
            }
            sandbox.fault(Fault::Unauthorized { until_token_changes: false });
            assert_eq!([list.send().status, list.send().status], [Some(status), Some(200)]);
        }
    }
    let old = sandbox.token(FieldNation);
    sandbox.rotate_token(FieldNation);
    assert_eq!(list.send().status, Some(401));
    assert_eq!(nation_list(&sandbox, OPEN).send().status, Some(200));
    let log = format!("{:?}", sandbox.requests());
    assert!(!log.contains(&old) && !log.contains(&sandbox.token(FieldNation)));
    assert_eq!(sandbox.requests().pop().unwrap().credentials, Credentials::Valid);
    assert!(sandbox.leaks().is_empty(), "{:?}", sandbox.leaks());
}

#[test]
fn a_token_sent_with_a_files_link_is_a_leak() {
    let sandbox = sandbox();
    let order = nation_upload(&sandbox, OPEN, "a.jpg", b"x").send().json();
    let link = folder(&order, "Misc")["results"][0]["file"]["link"].as_str().unwrap().to_owned();
    Ask::new("GET", format!("{link}?access_token={}", sandbox.token(FieldNation))).send();
    assert_eq!(sandbox.leaks().len(), 1);
}

#[test]
fn too_many_requests_is_a_problem_that_says_when_to_come_again() {
    let sandbox = sandbox();
    for (retry_after, backoff, header) in [
        (RetryAfter::Absent, 1000, None),
        (RetryAfter::Seconds(7), 7000, Some("7")),
        (RetryAfter::DateIn(90), 90_000, Some("Sat, 21 Nov 2026 10:01:30 GMT")),
    ] {
        sandbox.fault(Fault::TooManyRequests { retry_after });
        let heard = nation_list(&sandbox, OPEN).send();
        assert_eq!((heard.status, heard.header("retry-after")), (Some(429), header));
        assert_eq!(heard.header("content-type"), Some("application/problem+json"));
        let problem = heard.json();
        assert_eq!(
            (&problem["code"], &problem["agent"]["backoffMs"]),
            (&json!("RATE_LIMIT_EXCEEDED"), &json!(backoff))
        );
    }
}

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
fn every_documented_field_of_an_update_is_checked_kept_and_told() {
    let sandbox = sandbox();
    nation_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let path = format!("/attachments/{MISC}/{id}");
    let put = |body: Value| job(&sandbox, "PUT", &format!("{path}?acting_user_id=7")).json(body).send();
    let changes = json!({
        "notes": "Clear image", "status": "APPROVED", "status_description": "good", "show_before_assignment": true,
        "schedule_request": true, "eta_check": true, "completed_at_date": 1_795_255_200.5,
    });
    let heard = put(changes.clone());
    assert_eq!(heard.status, Some(200), "{heard:?}");
    for told in [heard.json(), listed(&sandbox)] {
        let file = &folder(&told, "Misc")["results"][0];
        for (field, value) in changes.as_object().unwrap() {
            assert_eq!(&file[field], value, "{field}");
        }
    }
    let line = sandbox.ledger().pop().unwrap();
    assert_eq!((line.operation, line.fields["acting_user_id"].as_str()), (Operation::Update, "7"));
    assert_eq!(listed(&sandbox)["sum"]["unreviewed"], 0);
    // What is left out stays as it was.
    put(json!({"status": "DENIED"}));
    let file = folder(&listed(&sandbox), "Misc")["results"][0].clone();
    assert_eq!(
        (&file["status"], &file["notes"], &file["eta_check"]),
        (&json!("DENIED"), &json!("Clear image"), &json!(true))
    );

    for wrong in [
        json!({"notes": 7}),
        json!({"notes": null}),
        json!({"status": "approved"}),
        json!({"status_description": true}),
        json!({"show_before_assignment": "true"}),
        json!({"schedule_request": 1}),
        json!({"eta_check": null}),
        json!({"completed_at_date": "2026-11-21"}),
        json!({"name": "b.jpg"}),
        json!([]),
    ] {
        assert_eq!(put(wrong.clone()).status, Some(400), "{wrong}");
    }
    let broken = Ask { body: b"{\"notes\": ".to_vec(), ..job(&sandbox, "PUT", &path).json(json!({})) };
    assert_eq!(broken.send().status, Some(400));
    assert_eq!(job(&sandbox, "PUT", &path).form(&[text("notes", "n")]).send().status, Some(400));
    for (path, status) in [
        (format!("/attachments/1/{id}"), 404),
        (format!("/attachments/{MISC}/9"), 404),
        ("/attachments/1/a".into(), 400),
    ] {
        assert_eq!(job(&sandbox, "PUT", &path).json(json!({})).send().status, Some(status), "{path}");
    }
    assert_eq!(sandbox.ledger().len(), 3);
}

#[test]
fn a_file_is_deleted_once() {
    let sandbox = sandbox();
    nation_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let delete = |folder: &str| job(&sandbox, "DELETE", &format!("/attachments/{folder}/{id}")).send();
    assert_eq!(delete("1").status, Some(404), "it is in another folder");
    let heard = delete(MISC);
    assert_eq!((heard.status, &heard.json()["id"]), (Some(200), &json!(90001)));
    assert_eq!(delete(MISC).status, Some(404));
    assert_eq!(sandbox.ledger().pop().unwrap().operation, Operation::Delete);
    nation_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let next = &sandbox.entries()[0].remote_id;
    assert!(next.parse::<u64>().unwrap() > id.parse().unwrap(), "no number is given twice");
}

#[test]
fn signatures_are_taken_in_either_shape_and_told_with_their_picture() {
    let sandbox = sandbox();
    let post = |body: Value| job(&sandbox, "POST", "/signatures").json(body).send().status;
    let one = json!({"name": "Ann Site", "format": "image/png", "data": "AQID"});
    let other = json!({"name": "Bo Site", "title": "Manager", "signature": "data:image/png;base64,BAUG"});
    for (signatures, of_one, of_other) in
        [(SignatureShapes::Format, 200, 400), (SignatureShapes::DataUrl, 400, 200), (SignatureShapes::Both, 200, 200)]
    {
        speak(&sandbox, FieldNationDialect { signatures, ..FieldNationDialect::default() });
        assert_eq!((post(one.clone()), post(other.clone())), (Some(of_one), Some(of_other)), "{signatures:?}");
    }
    let told = job(&sandbox, "GET", "/signatures").send().json();
    let data: Vec<_> =
        told["results"].as_array().unwrap().iter().map(|s| s["data"].as_str().unwrap().to_owned()).collect();
    assert_eq!(data, ["AQID", "BAUG", "AQID", "BAUG"].map(|data| format!("data:image/png;base64,{data}")));
    assert_eq!(sandbox.uploads(FieldNation, OPEN).len(), 4);
    assert_eq!(sandbox.file(FieldNation, OPEN, &sandbox.entries()[0].remote_id), Some(vec![1, 2, 3]));
    assert_eq!(names(&nation_list(&sandbox, OPEN).send()), Vec::<String>::new(), "they are no attachments");
    for wrong in [
        json!({"format": "image/png", "data": "AQID"}),
        json!({"name": "", "format": "image/png", "data": "AQID"}),
        json!({"name": "A", "format": "image/jpeg", "data": "AQID"}),
        json!({"name": "A", "format": "image/png", "data": "???"}),
        json!({"name": "A", "format": "image/png", "data": ""}),
        json!({"name": "A", "signature": "AQID"}),
        json!({"name": "A", "signature": "data:image/png;base64,AQID", "data": "AQID", "format": "image/png"}),
        json!({"name": 7, "format": "image/png", "data": "AQID"}),
    ] {
        assert_eq!(post(wrong.clone()), Some(400), "{wrong}");
    }
}

/// Every operation that changes something, each ready to be sent to a sandbox of its own.
fn changes() -> Vec<(Operation, Sandbox, Ask)> {
    let ready = |operation: Operation| {
        let sandbox = sandbox();
        nation_upload(&sandbox, OPEN, "a.jpg", b"x").send();
        let (id, folder) = (sandbox.entries()[0].remote_id.clone(), make_folder(&sandbox, "Site"));
        let file = format!("/attachments/{MISC}/{id}");
        let ask = match operation {
            Operation::Upload => nation_upload(&sandbox, OPEN, "b.jpg", b"y"),
            Operation::Update => job(&sandbox, "PUT", &file).json(json!({"notes": "n"})),
            Operation::Delete => job(&sandbox, "DELETE", &file),
            Operation::CreateFolder => job(&sandbox, "POST", "/attachments").json(json!({"name": "New"})),
            _ => job(&sandbox, "DELETE", &format!("/attachments/{folder}")),
        };
        (operation, sandbox, ask)
    };
    [Operation::Upload, Operation::Update, Operation::Delete, Operation::CreateFolder, Operation::DeleteFolder]
        .map(ready)
        .into()
}

/// All that a change could change.
fn state(sandbox: &Sandbox) -> impl PartialEq + std::fmt::Debug + use<> {
    (sandbox.entries(), sandbox.folders(FieldNation, OPEN), sandbox.ledger().len())
}

#[test]
fn every_change_meets_every_fault_before_it_and_after_it() {
    let before = [
        (Fault::DropBeforeBody, None),
        (Fault::DropInBody { after_bytes: None }, None),
        (Fault::DropAfterBody, None),
        (Fault::status_before(503), Some(503)),
        (Fault::TooManyRequests { retry_after: RetryAfter::Seconds(1) }, Some(429)),
        (Fault::Unauthorized { until_token_changes: false }, Some(400)),
        (Fault::CaptivePortal { redirect: false }, Some(200)),
    ];
    let after = [
        (Fault::LoseAnswer, None),
        (Fault::status_after(500), Some(500)),
        (Fault::HalfAnswer, Some(200)),
        (Fault::TruncateAnswer { keep_bytes: Some(3) }, Some(200)),
    ];
    for ((fault, status), processed) in before.into_iter().map(|f| (f, false)).chain(after.map(|f| (f, true))) {
        for (operation, sandbox, ask) in changes() {
            let was = state(&sandbox);
            let rule = sandbox.fault(Rule::new(fault.clone()).on(FieldNation).operation(operation).work_order(OPEN));
            assert_eq!(ask.send().status, status, "{operation:?} {fault:?}");
            assert_eq!((sandbox.hits(rule), state(&sandbox) != was), (1, processed), "{operation:?} {fault:?}");
        }
    }
}

#[test]
fn every_change_may_be_accepted_late() {
    let after = Duration::from_secs(15);
    for (operation, sandbox, ask) in changes() {
        let was = state(&sandbox);
        sandbox.fault(Rule::new(Fault::AcceptLate { after, status: Some(504) }).operation(operation));
        assert_eq!((ask.send().status, state(&sandbox) == was), (Some(504), true), "{operation:?}");
        sandbox.clock().advance(after);
        assert!(state(&sandbox) != was, "{operation:?}");
    }
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

#[test]
fn only_documented_paths_and_methods_are_there() {
    let sandbox = sandbox();
    for (method, path) in [
        ("GET", "/attachments/2270"),
        ("PUT", "/attachments/2270"),
        ("GET", "/attachments/2270/1"),
        ("PATCH", "/attachments/2270/1"),
        ("POST", "/attachments/2270/1"),
        ("DELETE", "/signatures"),
        ("GET", ""),
    ] {
        assert_eq!(job(&sandbox, method, path).send().status, Some(404), "{method} {path}");
    }
}
