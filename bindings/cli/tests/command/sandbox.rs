//! `sandbox`, as a process.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use super::support::{Place, Ran, keys, set};

/// A running command; it ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(place: &Place, args: &[&str]) -> (Running, BufReader<ChildStdout>) {
    let mut child = place.command(args).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (Running(child), out)
}

fn first_line(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line
}

#[test]
fn its_first_line_is_all_a_script_needs_to_deliver() {
    let place = Place::empty();
    let (_running, mut out) = start(&place, &["sandbox", "--json", "--dir", "kept"]);
    let listening: Value = serde_json::from_str(&first_line(&mut out)).unwrap();
    assert_eq!(keys(&listening), set(&["event", "url", "control", "accounts"]));
    assert_eq!(listening["event"], "listening");
    for account in listening["accounts"].as_array().unwrap() {
        assert!(set(&["provider", "url", "token", "work_orders"]).is_subset(&keys(account)), "{account}");
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        let mut add = place.command(["account", "add", &text("provider"), "--provider", &text("provider")]);
        add.args(["--url", &text("url")]);
        for (key, value) in account["settings"].as_object().unwrap() {
            add.arg("--set").arg(format!("{key}={}", value.as_str().unwrap()));
        }
        Ran::of(&add.output().unwrap()).ends(0);
        let order = account["work_orders"][0].as_str().unwrap();
        // Field Nation takes no plain text.
        let report = place.file("report.pdf", b"%PDF-1.7 report").display().to_string();
        let what = if text("provider") == "fieldnation" { ["document", &report] } else { ["text", "note"] };
        place.run(["capture", what[0], what[1], "--account", &text("provider"), "--work-order", order]).ends(0);
        let mut deliver = place.command(["deliver"]);
        deliver.env("FIELDPOST_TOKEN", text("token"));
        Ran::of(&deliver.output().unwrap()).ends(0);
    }
    assert!(place.folder.path().join("kept/ledger.jsonl").is_file(), "--dir is the sandbox's own");
    assert!(!place.outbox().join("ledger.jsonl").exists());
}

#[test]
#[cfg(unix)]
fn a_person_gets_lines_to_paste_and_ends_it_with_nothing_left() {
    let place = Place::empty();
    let mut command = place.command(["sandbox"]);
    command.env("TMPDIR", place.folder.path()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut running = Running(child);
    let mut text = String::new();
    while !text.contains("digitalrealty --work-order") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert!(text.contains("fieldpost account add corrigopro --provider corrigopro --url http://127.0.0.1:"), "{text}");
    assert!(
        text.contains("--set 'performed_by=Jo Field'") && text.contains("export FIELDPOST_TOKEN_CORRIGOPRO="),
        "{text}"
    );
    let stopped = std::process::Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    out.read_to_string(&mut text).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let place = Place::empty();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(place.json(["sandbox", "--port", &port]).fails(1), "sandbox");
}

#[test]
fn it_can_be_told_what_goes_wrong_before_it_listens() {
    let place = Place::empty();
    let fault = r#"{"system": "serial", "fault": {"kind": "status", "status": 503}}"#;
    let order = r#"/work_orders={"system": "serial", "work_order": "77", "state": "open"}"#;
    let args =
        ["sandbox", "--json", "--fault", fault, "--dialect", r#"{"serial": {"renames": true}}"#, "--post", order];
    let (_running, mut out) = start(&place, &args);
    let listening: Value = serde_json::from_str(&first_line(&mut out)).unwrap();
    let told = |account: &Value| account["work_orders"].as_array().unwrap().contains(&"77".into());
    assert_eq!(listening["accounts"].as_array().unwrap().iter().filter(|account| told(account)).count(), 1);

    let refusal = |args: &[&str]| place.json([&["sandbox"], args].concat());
    let gremlins = refusal(&["--fault", r#"{"fault": {"kind": "gremlins"}}"#]);
    assert_eq!(gremlins.fails(1), "sandbox");
    refusal(&["--fault", "{"]).fails(2);
    refusal(&["--post", "/network"]).fails(2);
}
