//! What the control tells of changes while they happen.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use fieldpost_sandbox::Provider::CorrigoPro;
use fieldpost_sandbox::{Fault, Network, Options, RequestRecord, Rule, Sandbox};
use serde_json::{Value, json};

use crate::client::*;
use crate::sandbox;

/// A reader of the events, which has said hello.
struct Events(BufReader<TcpStream>);

impl Events {
    fn of(sandbox: &Sandbox) -> Self {
        use std::io::Write as _;
        let ask = Ask::new("GET", format!("{}/events", sandbox.control_url())).with("Connection", "keep-alive");
        let mut stream = ask.connect().unwrap();
        stream.write_all(&ask.head()).unwrap();
        let mut events = Self(BufReader::new(stream));
        assert_eq!(events.next().0, "hello");
        events
    }

    /// Its name and data. What frames the chunks is left aside.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        let began = Instant::now();
        loop {
            // A sign of life comes every few seconds: silence is no way to tell that nothing will come.
            assert!(began.elapsed() < PATIENCE, "the event never came");
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the events have ended");
            if let Some(event) = line.trim_end().strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.trim_end().strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }

    /// Hears events until one of that name fits.
    fn until(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (event, data) = self.next();
            if event == name && fits(&data) {
                return data;
            }
        }
    }

    /// Hears of a change of that topic.
    fn hear_of(&mut self, topic: &str) {
        self.until("changed", |data| data["topics"].as_array().unwrap().contains(&json!(topic)));
    }
}

#[test]
fn an_upload_is_told_while_it_happens_and_what_it_became() {
    let sandbox = sandbox();
    let mut events = Events::of(&sandbox);
    let upload = corrigo_upload(&sandbox, "10234", "a.jpg", &[0; 5000]);
    let mut stream = upload.connect().unwrap();
    std::io::Write::write_all(&mut stream, &upload.head()).unwrap();
    let begun = events.until("requests", |records| records[0]["operation"] == "upload");
    assert_eq!((&begun[0]["done"], &begun[0]["status"]), (&json!(false), &Value::Null));
    std::io::Write::write_all(&mut stream, &upload.body).unwrap();
    assert_eq!(hear(&mut stream).status, Some(200));
    let ended = events.until("requests", |records| records[0]["done"] == true);
    assert_eq!((&ended[0]["n"], &ended[0]["status"]), (&begun[0]["n"], &json!(200)));
    assert!(ended[0]["parts"].as_array().unwrap().iter().any(|part| part["file_name"] == "a.jpg"));
    events.hear_of("entries");
}

#[test]
fn every_switch_is_told_by_its_topic() {
    let sandbox = sandbox();
    corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let of_file = json!({"system": "corrigopro", "work_order": "10234", "remote_id": id, "name": "b.jpg"});
    let folder = json!({"system": "fieldnation", "work_order": "90001", "name": "Photos"});
    let table = [
        ("/faults", json!({"fault": {"kind": "lose_answer"}}), "faults"),
        ("/network", json!({"network": "gone"}), "network"),
        ("/network", json!({"network": "up"}), "network"),
        ("/clock", json!({"advance_seconds": 5}), "clock"),
        ("/tokens/rotate", json!({"system": "serial"}), "tokens"),
        ("/tokens/expire", json!({"system": "serial"}), "tokens"),
        ("/work_orders", json!({"system": "serial", "work_order": "1", "state": "open"}), "work_orders"),
        ("/office/rename", of_file.clone(), "entries"),
        ("/office/delete", of_file, "entries"),
        ("/folders", folder, "folders"),
        ("/dialect", json!({"corrigo_list": "wrapped"}), "dialect"),
    ];
    let mut events = Events::of(&sandbox);
    for (path, body, topic) in table {
        let told = Ask::new("POST", format!("{}{path}", sandbox.control_url())).json(body).send();
        assert_eq!(told.status, Some(200), "{path}");
        events.hear_of(topic);
    }
    let mut stray = corrigo_list(&sandbox, "10234");
    stray.url = stray.url.replace("/corrigopro/", "/nowhere/");
    stray.send();
    events.hear_of("leaks");
}

#[test]
fn who_asks_is_no_news() {
    let sandbox = sandbox();
    let mut events = Events::of(&sandbox);
    for topic in ["entries", "faults", "requests", "state", "listening"] {
        Ask::new("GET", format!("{}/{topic}", sandbox.control_url())).send();
    }
    sandbox.fault(Fault::LoseAnswer);
    assert_eq!(events.next(), ("changed".to_owned(), json!({"topics": ["faults"]})));
}

#[test]
fn a_slow_reader_hears_of_every_request_as_it_is_in_the_end() {
    let sandbox = sandbox();
    let mut events = Events::of(&sandbox);
    let list = corrigo_list(&sandbox, "10234");
    (0..120).for_each(|_| drop(list.send()));
    let mut heard: BTreeMap<u64, bool> = BTreeMap::new();
    while heard.len() < 120 || !heard.values().all(|done| *done) {
        let (event, records) = events.next();
        if event == "requests" {
            let records: Vec<RequestRecord> = serde_json::from_value(records).unwrap();
            assert!(records.len() <= 50, "no event is without bounds");
            heard.extend(records.into_iter().map(|record| (record.n, record.done)));
        }
    }
}

#[test]
fn a_reset_is_told_as_something_missed() {
    let sandbox = sandbox();
    corrigo_list(&sandbox, "10234").send();
    let mut events = Events::of(&sandbox);
    sandbox.reset(true).unwrap();
    events.until("missed", |_| true);
}

#[test]
fn readers_are_counted_and_a_closed_page_ends_its_events() {
    let sandbox = sandbox();
    let readers: Vec<Events> = (0..5).map(|_| Events::of(&sandbox)).collect();
    assert_eq!(sandbox.state().watchers, 5);
    assert_eq!(sandbox.state().connections, 0, "they are no clients");
    drop(readers);
    until(|| sandbox.state().watchers == 0);
}

#[test]
fn events_go_on_while_the_network_is_gone() {
    let sandbox = sandbox();
    let mut events = Events::of(&sandbox);
    for network in [Network::Gone, Network::Refused, Network::Silent, Network::Up] {
        sandbox.network(network).unwrap();
        events.hear_of("network");
    }
    corrigo_list(&sandbox, "10234").send();
    events.until("requests", |records| records[0]["status"] == 200);
}

#[test]
fn what_happens_late_by_itself_is_told_though_nobody_asks() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut events = Events::of(&sandbox);
    let late = Fault::AcceptLate { after: Duration::from_millis(200), status: Some(504) };
    sandbox.fault(Rule::new(late).on(CorrigoPro));
    assert_eq!(corrigo_upload(&sandbox, "10234", "a.jpg", b"x").send().status, Some(504));
    events.hear_of("entries");
    sandbox.expire_tokens(CorrigoPro, Duration::from_millis(200));
    events.hear_of("tokens");
}
