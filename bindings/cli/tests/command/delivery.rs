//! `deliver` against the sandbox.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use fieldpost_sandbox::{Fault, Operation, Options, Provider, RetryAfter, Rule, Sandbox};
use serde_json::Value;

use super::support::{Place, Ran, any_file_holds, keys, set};

const CORRIGO: Provider = Provider::CorrigoPro;

fn begin() -> (Sandbox, Place) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    (sandbox, place)
}

fn deliver(place: &Place, token: &str, args: &[&str]) -> Ran {
    place.deliver(token, args)
}

fn delivery(place: &Place, token: &str, args: &[&str]) -> Command {
    let mut command = place.command([&["deliver", "--json"], args].concat());
    command.env("FIELDPOST_TOKEN", token);
    command
}

#[test]
fn what_was_captured_arrives_and_every_step_is_a_line() {
    let (sandbox, place) = begin();
    let ids = [place.text("one"), place.text("two")];
    let token = sandbox.token(CORRIGO);
    let ran = deliver(&place, &token, &[]).ends(0);
    let lines = ran.lines();
    let (done, events) = lines.split_last().unwrap();
    assert_eq!(done, &serde_json::json!({"event": "done", "delivered": 2, "waiting": 0, "blocked": 0, "next": null}));
    for event in events {
        match event["event"].as_str().unwrap() {
            "state" => assert_eq!(keys(event), set(&["event", "item"])),
            "progress" => assert_eq!(keys(event), set(&["event", "id", "sent", "total"])),
            other => panic!("{other}"),
        }
    }
    for id in &ids {
        let states: Vec<&str> = events
            .iter()
            .filter(|e| e["item"]["id"] == id.as_str())
            .map(|e| e["item"]["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["sending", "delivered"]);
        let item = place.item(id);
        assert_eq!(keys(&item["receipt"]), set(&["remote_id", "delivered_at", "proof", "surplus"]));
        assert_eq!((&item["receipt"]["proof"], &item["why"]), (&"answer".into(), &Value::Null));
    }
    assert!(events.iter().any(|e| e["event"] == "progress" && e["sent"] == e["total"]));
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 2);
    assert!(!ran.out.contains(&token) && !ran.err.contains(&token), "a secret was shown");
    assert!(!any_file_holds(&place.outbox(), token.as_bytes()), "a secret was stored");
    assert!(sandbox.leaks().is_empty());
}

#[test]
fn a_person_reads_what_happened_and_what_is_left() {
    let (sandbox, place) = begin();
    place.text("one");
    place.text_for("abc", "two");
    let mut command = place.command(["deliver"]);
    let ran = Ran::of(&command.env("FIELDPOST_TOKEN_ACME", sandbox.token(CORRIGO)).output().unwrap()).ends(4);
    assert!(ran.out.contains("delivered  text-") && ran.out.contains("the system's answer"), "{}", ran.out);
    assert!(ran.out.contains("1 delivered, 0 waiting, 1 blocked\n"), "{}", ran.out);
    assert!(ran.out.ends_with("another name, cap, work order or folder\n"), "{}", ran.out);
    assert!(!ran.out.contains('\x1b'));
}

#[test]
fn without_a_token_items_wait_for_one() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    let lines = place.json(["deliver"]).ends(3).lines();
    let [state, done] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&state["item"]["id"], &state["item"]["state"]), (&id.as_str().into(), &"waiting".into()));
    assert_eq!(done["waiting"], 1);
    let why = place.json(["why", &id]).ends(0).line();
    assert_eq!((&why["reason"], &why["action"]), (&"token_wanted".into(), &"sign_in".into()));
    let said = place.run(["deliver"]).ends(3).out;
    assert!(said.contains("FIELDPOST_TOKEN_ACME"), "{said}");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn an_accounts_own_variable_comes_before_that_of_all() {
    let (sandbox, place) = begin();
    place.text("one");
    let mut command = delivery(&place, "for-somebody-else", &["--token-command", "exit 1;"]);
    command.env("FIELDPOST_TOKEN_ACME", format!("{}\n", sandbox.token(CORRIGO)));
    Ran::of(&command.output().unwrap()).ends(0);
}

#[test]
fn a_refused_token_of_the_environment_is_not_sent_again() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    let ran = deliver(&place, "stale-token-4711", &[]).ends(3);
    assert_eq!(place.item(&id)["why"]["reason"], "token_wanted");
    assert_eq!(sandbox.requests().len(), 1);
    assert!(!ran.out.contains("4711") && !ran.err.contains("4711"));
}

#[test]
#[cfg(unix)]
fn the_token_command_gets_the_accounts_id_and_is_asked_again_when_its_token_is_refused() {
    let (sandbox, place) = begin();
    place.text("one");
    let script = format!(
        "if [ -e asked ]; then echo {}; else echo stale-token; fi; echo more; echo \"$1 $2\" >> asked",
        sandbox.token(CORRIGO)
    );
    place.file("token.sh", script);
    let mut command = place.command(["deliver", "--json", "--token-command", "sh token.sh for"]);
    let ran = Ran::of(&command.output().unwrap()).ends(0);
    let asked = std::fs::read_to_string(place.folder.path().join("asked")).unwrap();
    assert_eq!(asked, "for acme\nfor acme\n");
    assert!(!ran.out.contains("token"), "{}", ran.out);
}

#[test]
fn a_token_command_that_fails_is_told_and_holds_up_its_account_only() {
    let (_sandbox, place) = begin();
    place.text("one");
    let mut command = place.command(["deliver", "--json", "--token-command", "exit 3;"]);
    let ran = Ran::of(&command.output().unwrap()).ends(3);
    let told: Value = serde_json::from_str(ran.err.trim_end()).unwrap();
    assert_eq!(told["error"], "token_command");
    assert_eq!(ran.lines().last().unwrap()["event"], "done");
}

#[test]
fn with_no_network_nothing_leaves_and_the_next_delivery_begins_anew() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    let token = sandbox.token(CORRIGO);
    deliver(&place, &token, &["--network", "none"]).ends(3);
    let why = place.json(["why", &id]).ends(0).line();
    assert_eq!((&why["reason"], &why["action"]), (&"no_network".into(), &"connect".into()));
    assert!(sandbox.requests().is_empty());
    deliver(&place, &token, &[]).ends(0);
}

#[test]
fn an_item_can_wish_for_the_charger() {
    let (sandbox, place) = begin();
    place.run(["capture", "text", "t", "--account", "acme", "--work-order", "10234", "--requires", "charging"]).ends(0);
    deliver(&place, &sandbox.token(CORRIGO), &["--power", "low"]).ends(3);
    deliver(&place, &sandbox.token(CORRIGO), &["--power", "charging"]).ends(0);
}

#[test]
fn waits_beyond_the_patience_are_left_with_their_end() {
    let (sandbox, place) = begin();
    let id = place.text("one");
    sandbox.fault(Fault::TooManyRequests { retry_after: RetryAfter::Seconds(3600) });
    let ran = deliver(&place, &sandbox.token(CORRIGO), &["--patience", "0"]).ends(3);
    assert!(ran.lines().last().unwrap()["next"].as_str().unwrap().ends_with('Z'));
    let why = place.json(["why", &id]).ends(0).line();
    assert_eq!(why["reason"], "server_asked_to_wait");
    assert_eq!(why["until"], ran.lines().last().unwrap()["next"]);
}

#[test]
fn two_deliveries_at_once_are_one_too_many() {
    let (sandbox, place) = begin();
    place.text("one");
    let outbox = fieldpost::Outbox::open(place.outbox(), fieldpost::Options::default()).unwrap();
    let delivery = outbox.begin_delivery().unwrap();
    assert_eq!(deliver(&place, "t", &[]).fails(1), "already_delivering");
    drop(delivery);
    deliver(&place, &sandbox.token(CORRIGO), &[]).ends(0);
}

#[test]
#[cfg(unix)]
fn a_token_command_that_hangs_does_not_keep_a_delivery_from_stopping() {
    let (_sandbox, place) = begin();
    place.text("one");
    let mut command = place.command(["deliver", "--json", "--token-command", "touch asked; exec sleep 600;"]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    while !place.folder.path().join("asked").exists() {
        std::thread::yield_now();
    }
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
#[cfg(unix)]
fn a_watching_delivery_stops_cleanly_when_asked() {
    let (sandbox, place) = begin();
    place.text("one");
    let mut child = delivery(&place, &sandbox.token(CORRIGO), &["--watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    assert!(lines.any(|line| line.contains(r#""state":"delivered""#)));
    let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let done: Value = serde_json::from_str(&lines.last().unwrap()).unwrap();
    assert_eq!((&done["event"], &done["delivered"]), (&"done".into(), &1.into()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_lost_answer_is_settled_and_shown_as_found() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    let id = place.text("one");
    sandbox.fault(Fault::LoseAnswer);
    deliver(&place, &sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(place.item(&id)["receipt"]["proof"], "found");
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 1);
}

#[test]
fn a_reader_that_goes_stops_the_delivery_cleanly() {
    let (sandbox, place) = begin();
    place.text("one");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = delivery(&place, &sandbox.token(CORRIGO), &["--watch"]);
    let ended = command.stdout(writer).output().unwrap();
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(matches!(ended.status.code(), Some(0 | 3)));
    assert!(sandbox.uploads(CORRIGO, "10234").len() <= 1);
}

/// An item whose answer was lost, while the system's list cannot be read.
fn in_doubt(sandbox: &Sandbox, place: &Place) -> String {
    let id = place.text("one");
    sandbox.fault(Fault::LoseAnswer);
    sandbox.fault(Rule::new(Fault::status_before(503)).operation(Operation::List).forever());
    deliver(place, &sandbox.token(CORRIGO), &["--patience", "0"]).ends(3);
    assert_eq!(place.item(&id)["state"], "verifying");
    id
}

#[test]
fn a_person_settles_a_doubt_and_the_receipt_says_so() {
    let (sandbox, place) = begin();
    let id = in_doubt(&sandbox, &place);
    let item = place.json(["settle", &id, "--delivered", "4711"]).ends(0).line();
    assert_eq!((&item["state"], &item["receipt"]["proof"]), (&"delivered".into(), &"person".into()));
    assert_eq!(item["receipt"]["remote_id"], "4711");
    deliver(&place, &sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 1);
}

#[test]
fn what_a_person_did_not_find_is_sent_again() {
    let (sandbox, place) = begin();
    let id = in_doubt(&sandbox, &place);
    let item = place.json(["settle", &id, "--absent"]).ends(0).line();
    assert_eq!((&item["state"], &item["receipt"]), (&"waiting".into(), &Value::Null), "its account waits");
    sandbox.clear_faults();
    place.run(["retry", "--all"]).ends(0);
    deliver(&place, &sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 2, "the person was wrong");
}
