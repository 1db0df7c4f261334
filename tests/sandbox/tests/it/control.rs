use std::io::Write as _;
use std::time::Duration;

use fieldpost_sandbox::Provider::{CorrigoPro, DigitalRealty};
use fieldpost_sandbox::{Listening, Network, Options, Post, RuleStatus, Sandbox, State};
use serde_json::{Value, json};

use crate::client::*;
use crate::sandbox;

fn get(sandbox: &Sandbox, path: &str) -> Value {
    let heard = Ask::new("GET", format!("{}{path}", sandbox.control_url())).send();
    assert_eq!(heard.status, Some(200), "{path}: {heard:?}");
    heard.json()
}

fn post(sandbox: &Sandbox, path: &str, body: Value) -> Heard {
    Ask::new("POST", format!("{}{path}", sandbox.control_url())).json(body).send()
}

#[test]
fn the_first_line_has_its_documented_shape() {
    let sandbox = sandbox();
    let line = serde_json::to_value(sandbox.listening()).unwrap();
    assert_eq!(line["event"], "listening");
    assert_eq!(line["url"], sandbox.origin());
    assert_eq!(line["control"], sandbox.control_url());
    let account = &line["accounts"][0];
    assert_eq!(account["provider"], "corrigopro");
    assert_eq!(account["url"], sandbox.url(CorrigoPro));
    assert_eq!(account["token"], sandbox.token(CorrigoPro));
    assert_eq!(account["work_orders"], json!(["10234", "10235", "10236"]));
    assert_eq!(line["accounts"][1]["provider"], "digitalrealty");
    assert_eq!(line["accounts"][1]["settings"]["account_id"], "DLR-ACCOUNT-7");
    let all: Vec<&str> = line["accounts"].as_array().unwrap().iter().map(|a| a["provider"].as_str().unwrap()).collect();
    assert_eq!(all, ["corrigopro", "digitalrealty", "serial", "decisiv", "fieldnation"]);
    for account in line["accounts"].as_array().unwrap() {
        assert_eq!(account["work_orders"].as_array().unwrap().len(), 3, "{account}");
    }
    assert_eq!(line["accounts"][2]["settings"]["added_by_user_id"], SERIAL_USER);
    assert!(line["accounts"][3]["url"].as_str().unwrap().ends_with("/decisiv/platform_api"));
    assert!(line["accounts"][4]["url"].as_str().unwrap().ends_with("/fieldnation/api/rest/v2"));
    let read: Listening = serde_json::from_value(get(&sandbox, "/listening")).unwrap();
    assert_eq!(read, sandbox.listening());
}

#[test]
fn the_state_counts_clients_and_not_the_control() {
    let sandbox = sandbox();
    let idle = std::net::TcpStream::connect(sandbox.origin().strip_prefix("http://").unwrap()).unwrap();
    let state: State = serde_json::from_value(get(&sandbox, "/state")).unwrap();
    assert_eq!((state.connections, state.requests, state.network), (1, 0, Network::Up));
    assert_eq!(state.clock, "2026-11-21T10:00:00Z");
    // Beside the systems, on their own port: the asking connection is not counted either.
    let own = Ask::new("GET", format!("{}/control/state", sandbox.origin())).send().json();
    assert_eq!(own["connections"], 1);
    drop(idle);
}

#[test]
fn a_request_in_progress_is_counted() {
    let sandbox = sandbox();
    let upload = corrigo_upload(&sandbox, "10234", "a.jpg", &[0; 5000]);
    let mut stream = upload.connect().unwrap();
    stream.write_all(&upload.head()).unwrap();
    until(|| get(&sandbox, "/state")["requests"] == 1);
    stream.write_all(&upload.body).unwrap();
    assert_eq!(hear(&mut stream).status, Some(200));
    assert_eq!(get(&sandbox, "/state")["requests"], 0);
}

#[test]
fn faults_are_added_listed_and_removed() {
    let sandbox = sandbox();
    let rule =
        json!({"system": "corrigopro", "operation": "upload", "times": "forever", "fault": {"kind": "lose_answer"}});
    let id = post(&sandbox, "/faults", rule).json()["id"].as_u64().unwrap();
    assert_eq!(corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send().status, None);
    assert_eq!(corrigo_list(&sandbox, "10234").send().status, Some(200));
    let listed: Vec<RuleStatus> = serde_json::from_value(get(&sandbox, "/faults")).unwrap();
    assert_eq!((listed[0].id.0, listed[0].hits), (id, 1));
    let delete = |path: &str| Ask::new("DELETE", format!("{}{path}", sandbox.control_url())).send().status;
    assert_eq!(delete(&format!("/faults/{id}")), Some(200));
    assert_eq!(delete(&format!("/faults/{id}")), Some(404));
    assert_eq!(corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send().status, Some(200));
    post(&sandbox, "/faults", json!({"fault": {"kind": "slow", "bytes_per_second": 9}}));
    assert_eq!(delete("/faults"), Some(200));
    assert_eq!(get(&sandbox, "/faults"), json!([]));
}

#[test]
fn every_fault_of_the_readme_is_understood() {
    let sandbox = sandbox();
    let readme = include_str!("../../README.md");
    let examples: Vec<&str> =
        readme.lines().filter_map(|l| l.strip_prefix("| `{\"kind\"")).map(|l| l.split('`').next().unwrap()).collect();
    assert_eq!(examples.len(), 21, "one line for each fault");
    for example in examples {
        let fault: Value = serde_json::from_str(&format!("{{\"kind\"{example}")).unwrap();
        let heard = post(&sandbox, "/faults", json!({"fault": fault}));
        assert_eq!(heard.status, Some(200), "{example}: {heard:?}");
    }
}

#[test]
fn every_switch_of_the_readme_is_there_with_its_values_and_its_default() {
    let sandbox = sandbox();
    let readme = include_str!("../../README.md");
    let section = readme.split("## Dialect").nth(1).unwrap().split("## Faults").next().unwrap();
    let rows: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let mut switches = 0;
    for row in rows {
        let (path, told) = row.split_once("` | ").unwrap();
        let pointer = format!("/{}", path.replace('.', "/"));
        let words = told.split('`').filter(|word| word.starts_with('"') || ["true", "false", "null"].contains(word));
        let values: Vec<Value> = words.map(|word| serde_json::from_str(word).unwrap()).collect();
        assert_eq!(get(&sandbox, "/dialect").pointer(&pointer), values.first(), "{path}: its default");
        for value in values {
            let body = path.rsplit('.').fold(value.clone(), |inner, field| json!({field: inner}));
            assert_eq!(post(&sandbox, "/dialect", body).status, Some(200), "{path} {value}");
            assert_eq!(get(&sandbox, "/dialect").pointer(&pointer), Some(&value), "{path}");
        }
        post(&sandbox, "/dialect", json!({}));
        switches += 1;
    }
    let count = |dialect: &Value| -> usize {
        let of = |v: &Value| v.as_object().map_or(1, |group| group.len());
        dialect.as_object().unwrap().values().map(of).sum()
    };
    assert_eq!(switches, count(&get(&sandbox, "/dialect")), "one line for each switch");
    let example = section.split("```json").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(post(&sandbox, "/dialect", serde_json::from_str(example).unwrap()).status, Some(200));
    assert_eq!(post(&sandbox, "/dialect", json!({"serial": {"rename": true}})).status, Some(400));
}

#[test]
fn bad_input_is_answered_with_what_is_wrong() {
    let sandbox = sandbox();
    let cases = [
        ("/faults", json!({"fault": {"kind": "gremlins"}})),
        ("/faults", json!({"fault": {"kind": "lose_answer"}, "tines": 2})),
        ("/faults", json!({"fault": {"kind": "unreachable"}, "system": "corrigopro"})),
        ("/faults", json!({"fault": {"kind": "slow", "bytes_per_second": 0}})),
        ("/faults", json!({"fault": {"kind": "accept_late", "after_seconds": -1}})),
        ("/network", json!({"network": "flaky"})),
        ("/clock", json!({"advance_seconds": "soon"})),
        ("/work_orders", json!({"system": "corrigopro", "work_order": "1", "state": "lost"})),
        ("/tokens", json!({"system": "nobody", "tokens": []})),
    ];
    for (path, body) in cases {
        let heard = post(&sandbox, path, body.clone());
        assert_eq!(heard.status, Some(400), "{path} {body}");
        assert!(heard.json()["error"].as_str().is_some_and(|e| !e.is_empty()));
    }
    assert_eq!(post(&sandbox, "/nothing", json!({})).status, Some(404));
}

#[test]
fn network_clock_tokens_work_orders_and_office_are_switched() {
    let sandbox = sandbox();
    assert_eq!(post(&sandbox, "/network", json!({"network": "refused"})).status, Some(200));
    assert!(corrigo_list(&sandbox, "10234").connect().is_err());
    assert_eq!(get(&sandbox, "/network")["network"], "refused");
    post(&sandbox, "/network", json!({"network": "up"}));

    let clock = post(&sandbox, "/clock", json!({"advance_seconds": 1.5})).json();
    assert_eq!(clock["clock"], "2026-11-21T10:00:01.5Z");

    let token =
        post(&sandbox, "/tokens/rotate", json!({"system": "corrigopro"})).json()["token"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.token(CorrigoPro), token);
    post(&sandbox, "/tokens", json!({"system": "corrigopro", "tokens": ["a", "b"]}));
    assert_eq!(get(&sandbox, "/tokens")["corrigopro"], json!(["a", "b"]));

    post(&sandbox, "/work_orders", json!({"system": "corrigopro", "work_order": "77", "state": "open"}));
    assert_eq!(corrigo_upload(&sandbox, "77", "a.jpg", b"x").send().status, Some(200));
    assert_eq!(get(&sandbox, "/work_orders")["corrigopro"]["77"], "open");

    let id = get(&sandbox, "/entries?system=corrigopro&work_order=77")[0]["remote_id"].as_str().unwrap().to_owned();
    let bytes = Ask::new("GET", format!("{}/entries/corrigopro/77/{id}", sandbox.control_url())).send();
    assert_eq!(bytes.body, b"x");
    let entry = json!({"system": "corrigopro", "work_order": "77", "remote_id": id, "name": "b.jpg"});
    assert_eq!(post(&sandbox, "/office/rename", entry.clone()).status, Some(200));
    assert_eq!(names(&corrigo_list(&sandbox, "77").send()), ["b.jpg"]);
    assert_eq!(post(&sandbox, "/office/delete", entry.clone()).status, Some(200));
    assert_eq!(post(&sandbox, "/office/delete", entry).status, Some(404));
    assert_eq!(get(&sandbox, "/ledger?system=digitalrealty"), json!([]));
    assert_eq!(get(&sandbox, "/ledger").as_array().unwrap().len(), 3);
    assert_eq!(get(&sandbox, "/leaks"), json!([]));
    assert_eq!(post(&sandbox, "/dialect", json!({"corrigo_list": "wrapped"})).status, Some(200));
    assert!(corrigo_list(&sandbox, "77").send().json().is_object());
}

#[test]
fn a_requests_record_tells_its_parts_and_no_credential() {
    let sandbox = sandbox();
    corrigo_upload(&sandbox, "10234", "a.jpg", &[0; 70_000]).send();
    let requests = get(&sandbox, "/requests");
    let seen = &requests[0];
    assert_eq!((&seen["method"], &seen["path"]), (&json!("POST"), &json!("/corrigopro/api/attachments")));
    assert_eq!((&seen["operation"], &seen["work_order"]), (&json!("upload"), &json!("10234")));
    assert_eq!((&seen["status"], &seen["whole"], &seen["done"]), (&json!(200), &json!(true), &json!(true)));
    assert_eq!(seen["credentials"], "valid");
    let file = seen["parts"].as_array().unwrap().iter().find(|p| p["name"] == "File").unwrap();
    assert_eq!((&file["bytes"], &file["file_name"], &file["value"]), (&json!(70_000), &json!("a.jpg"), &Value::Null));
    assert!(!requests.to_string().contains(&sandbox.token(CorrigoPro)));
}

#[test]
fn a_reset_is_a_beginning() {
    let sandbox = sandbox();
    corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send();
    post(&sandbox, "/faults", json!({"fault": {"kind": "lose_answer"}}));
    post(&sandbox, "/network", json!({"network": "gone"}));
    post(&sandbox, "/tokens", json!({"system": "corrigopro", "tokens": []}));
    assert_eq!(post(&sandbox, "/reset", json!({})).status, Some(200));
    assert_eq!(names(&corrigo_list(&sandbox, "10234").send()), ["a.jpg"]);
    assert_eq!(get(&sandbox, "/faults"), json!([]));
    assert_eq!(post(&sandbox, "/reset", json!({"accepted": true})).status, Some(200));
    assert_eq!(names(&corrigo_list(&sandbox, "10234").send()), Vec::<String>::new());
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn a_run_ends_by_the_controls_stop() {
    let (told, heard) = std::sync::mpsc::channel();
    let run = std::thread::spawn(move || {
        fieldpost_sandbox::run(crate::options(), |listening| told.send(listening.clone()).unwrap())
    });
    let listening = heard.recv().unwrap();
    assert_eq!(Ask::new("POST", format!("{}/stop", listening.control)).send().status, Some(200));
    run.join().unwrap().unwrap();
}

#[test]
fn tokens_expire_at_once_or_when_their_time_has_come() {
    let sandbox = sandbox();
    let (list, other) = (corrigo_list(&sandbox, "10234"), realty_list(&sandbox, "WO9271561"));
    post(&sandbox, "/tokens/expire", json!({"system": "corrigopro", "after_seconds": 60}));
    assert_eq!(list.send().status, Some(200));
    post(&sandbox, "/clock", json!({"advance_seconds": 60}));
    assert_eq!((list.send().status, other.send().status), (Some(401), Some(200)));
    assert_eq!(get(&sandbox, "/tokens")["corrigopro"], json!([]));
    post(&sandbox, "/tokens/rotate", json!({"system": "corrigopro"}));
    assert_eq!(corrigo_list(&sandbox, "10234").send().status, Some(200));
    sandbox.expire_tokens(DigitalRealty, Duration::ZERO);
    assert_eq!(other.send().status, Some(401));
}

#[test]
fn temporary_links_expire_on_demand() {
    let sandbox = sandbox();
    corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let path = format!("/api/attachments/downloadUrl?WorkOrderId=10234&AttachmentId={id}");
    let link = ask(&sandbox, CorrigoPro, "GET", &path).send().json().as_str().unwrap().to_owned();
    assert_eq!(Ask::new("GET", link.clone()).send().body, b"x");
    post(&sandbox, "/links/expire", json!({}));
    assert_eq!(Ask::new("GET", link).send().status, Some(403));
}

#[test]
fn as_many_of_the_newest_requests_as_are_wanted_are_told() {
    let sandbox = sandbox();
    (0..3).for_each(|_| drop(corrigo_list(&sandbox, "10234").send()));
    let newest = get(&sandbox, "/requests?last=2");
    let numbers: Vec<u64> = newest.as_array().unwrap().iter().map(|r| r["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(get(&sandbox, "/requests?last=9").as_array().unwrap().len(), 3);
}

#[test]
fn no_credential_is_told_wherever_a_client_has_put_it() {
    let sandbox = sandbox();
    let token = sandbox.token(CorrigoPro);
    let mut form = corrigo_form("10234", "a.jpg", b"x");
    form.push(text("Comment", &format!("sent with {token}, see {}/links/corrigopro/0af3", sandbox.origin())));
    form.push(file("Another", &format!("{token}.jpg"), b"y"));
    form.push(text("Third", "z").with("Content-Type: text/corrigopro-sandbox-token"));
    ask(&sandbox, CorrigoPro, "POST", "/api/attachments").form(&form).send();
    ask(&sandbox, CorrigoPro, "GET", &format!("/api/{token}?x={token}")).send();
    // A token that is refused by now was one.
    sandbox.rotate_token(CorrigoPro);
    ask(&sandbox, CorrigoPro, "GET", &format!("/api/attachments?WorkOrderId={token}")).send();
    let told = get(&sandbox, "/requests").to_string();
    assert!(!told.contains(&token) && !told.contains("0af3"), "{told}");
    assert!(told.contains("sent with [redacted], see "), "{told}");
}

#[test]
fn a_sandbox_can_be_started_with_all_that_the_control_can_be_told() {
    let post = |path: &str, body: Value| Post { path: path.to_owned(), body };
    let start = |posts: Vec<Post>| Sandbox::start(Options { posts, ..crate::options() });
    let sandbox = start(vec![
        post("/faults", json!({"fault": {"kind": "status", "status": 503}})),
        post("dialect", json!({"corrigo_list": "wrapped"})),
        post("/work_orders", json!({"system": "corrigopro", "work_order": "10234", "state": "rejected"})),
        post("/network", json!({"network": "refused"})),
    ]);
    let sandbox = sandbox.unwrap();
    assert!(corrigo_list(&sandbox, "10234").connect().is_err());
    sandbox.network(Network::Up).unwrap();
    assert_eq!(corrigo_list(&sandbox, "10234").send().status, Some(503));
    assert!(corrigo_list(&sandbox, "10234").send().json().is_object());
    assert_eq!(corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send().status, Some(400));

    let refused = start(vec![post("/faults", json!({"fault": {"kind": "gremlins"}}))]).unwrap_err().to_string();
    assert!(refused.starts_with("/faults: ") && refused.contains("gremlins"), "{refused}");
    let nowhere = start(vec![post("/gremlins", json!({}))]).unwrap_err().to_string();
    assert_eq!(nowhere, "/gremlins: the control knows no such path");
}
