//! `pause` and `resume`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use fieldpost_sandbox::{Options, Provider, Sandbox};
use serde_json::{Value, json};

use super::support::{Place, Ran};

#[test]
fn a_pause_holds_every_delivery_until_it_is_resumed() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(Provider::CorrigoPro));
    let id = place.text("one");
    let deliver = || {
        let mut command = place.command(["deliver", "--json"]);
        Ran::of(&command.env("FIELDPOST_TOKEN", sandbox.token(Provider::CorrigoPro)).output().unwrap())
    };
    for _ in 0..2 {
        assert_eq!(place.json(["pause"]).ends(0).line(), json!({"event": "paused"}));
    }
    assert_eq!(place.item(&id)["why"]["reason"], "paused");
    assert!(place.run(["why", &id]).ends(0).out.contains("what helps: fieldpost resume"));
    place.text("captures go on");
    assert_eq!(deliver().ends(3).lines().last().unwrap()["waiting"], 2);
    assert!(sandbox.requests().is_empty());
    for _ in 0..2 {
        assert_eq!(place.json(["resume"]).ends(0).line(), json!({"event": "resumed"}));
    }
    assert_eq!(deliver().ends(0).lines().last().unwrap()["delivered"], 2);
}

#[test]
fn a_desk_resumes_what_an_app_paused() {
    let place = Place::with_acme();
    let id = place.text("one");
    let app = fieldpost::Outbox::open(place.outbox(), fieldpost::Options::default()).unwrap();
    app.pause().unwrap();
    assert!(place.run(["resume"]).ends(0).out.starts_with("resumed"));
    assert_eq!(place.item(&id)["why"]["reason"], "not_started");
    assert!(place.run(["pause"]).ends(0).out.starts_with("paused"));
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn a_pause_ends_a_delivery_of_another_process_that_stays() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(Provider::CorrigoPro));
    place.text("one");
    let mut command = place.command(["deliver", "--json", "--watch"]);
    command.env("FIELDPOST_TOKEN", sandbox.token(Provider::CorrigoPro));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    assert!(lines.any(|line| line.contains(r#""state":"delivered""#)));
    place.run(["pause"]).ends(0);
    let done: Value = serde_json::from_str(&lines.last().unwrap()).unwrap();
    assert_eq!((&done["event"], &done["delivered"]), (&"done".into(), &1.into()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
