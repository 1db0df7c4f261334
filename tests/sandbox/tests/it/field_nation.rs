use std::time::Duration;

use fieldpost_sandbox::Provider::FieldNation;
use fieldpost_sandbox::{
    Credentials, Dialect, ErrorShape, Fault, FieldNationDialect, Operation, Options, RetryAfter, Rule, Sandbox,
    SignatureShapes, TokenRefusal, WorkOrderState,
};
use serde_json::{Value, json};

use crate::client::*;
use crate::{options, sandbox};

pub(crate) const OPEN: &str = "90001";
const TOKEN_TEXT: &str = "You must provide a valid OAuth token to make a request";

pub(crate) fn speak(sandbox: &Sandbox, field_nation: FieldNationDialect) {
    sandbox.set_dialect(Dialect { field_nation, ..Dialect::default() });
}

/// A request below the work order.
pub(crate) fn job(sandbox: &Sandbox, method: &'static str, path: &str) -> Ask {
    ask(sandbox, FieldNation, method, &format!("/workorders/{OPEN}{path}"))
}

pub(crate) fn folders(listing: &Value) -> Vec<Value> {
    listing["results"].as_array().unwrap().clone()
}

/// The folder of that name in a listing, or in a whole work order.
pub(crate) fn folder(told: &Value, name: &str) -> Value {
    let listing = told.get("attachments").unwrap_or(told);
    folders(listing).into_iter().find(|folder| folder["name"] == name).unwrap()
}

pub(crate) fn listed(sandbox: &Sandbox) -> Value {
    let heard = nation_list(sandbox, OPEN).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    heard.json()
}

/// Makes a folder, and returns its id.
pub(crate) fn make_folder(sandbox: &Sandbox, name: &str) -> String {
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
