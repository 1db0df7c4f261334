//! `remote update`, `remote delete`: queued, delivered, told of by the ledger.

use fieldpost_sandbox::{By, LedgerEntry, Operation, Options, Provider, Sandbox};

use super::support::{Place, Ran, keys};

const CORRIGO: Provider = Provider::CorrigoPro;
const JOB: [&str; 4] = ["--account", "acme", "--work-order", "10234"];

/// A sandbox, an outbox, and an item that is delivered.
fn delivered() -> (Sandbox, Place, String) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    let id = place.text("one");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    (sandbox, place, id)
}

/// What somebody else sent, by what the system calls it.
fn foreign(sandbox: &Sandbox) -> String {
    let theirs = Place::with_acme_at(&sandbox.url(CORRIGO));
    let id = theirs.text("theirs");
    theirs.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    theirs.item(&id)["receipt"]["remote_id"].as_str().unwrap().to_owned()
}

/// What the ledger has of `operation`.
fn accepted(sandbox: &Sandbox, operation: Operation) -> Vec<LedgerEntry> {
    sandbox.ledger().into_iter().filter(|line| line.operation == operation).collect()
}

#[test]
fn an_update_is_queued_and_delivered_with_a_receipt_of_its_own() {
    let (sandbox, place, id) = delivered();
    let update = place.json(["remote", "update", &id, "--set", "visibility=CruOnly", "--set", "name=valve.txt"]);
    let update = update.ends(0).line();
    let name = format!("valve-{}.txt", &id[id.len() - 8..]);
    assert_eq!((&update["operation"], &update["state"]), (&"update".into(), &"queued".into()));
    assert_eq!(
        (&update["name"], &update["original"], &update["sent"]),
        (&name.as_str().into(), &().into(), &().into())
    );
    assert_ne!(update["id"], id.as_str());
    assert_eq!(keys(&update), keys(&place.item(&id)));

    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    let remote_id = place.item(&id)["receipt"]["remote_id"].clone();
    assert_eq!(place.item(update["id"].as_str().unwrap())["receipt"]["remote_id"], remote_id);
    let [line] = accepted(&sandbox, Operation::Update).try_into().unwrap();
    assert_eq!((line.remote_id.as_str(), line.name, line.by), (remote_id.as_str().unwrap(), name, By::Client));
}

#[test]
fn a_deletion_by_item_or_by_remote_id_is_the_same_one() {
    let (sandbox, place, id) = delivered();
    let remote_id = place.item(&id)["receipt"]["remote_id"].as_str().unwrap().to_owned();
    let deletion = place.json(["remote", "delete", &id]).ends(0).line();
    assert_eq!(deletion["operation"], "delete");
    for same in [&remote_id, &id] {
        let again = place.json([&["remote", "delete", same], &JOB[..]].concat()).ends(0).line();
        assert_eq!(again["id"], deletion["id"], "{same}");
    }
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    assert_eq!(accepted(&sandbox, Operation::Delete).len(), 1);
    assert!(sandbox.entries().is_empty());
}

#[test]
fn what_somebody_else_sent_is_changed_and_deleted_by_its_remote_id() {
    let (sandbox, place, _) = delivered();
    let theirs = foreign(&sandbox);
    let update = place.json([&["remote", "update", &theirs, "--set", "name=plan.txt"], &JOB[..]].concat());
    assert_eq!(update.ends(0).line()["name"], "plan.txt");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    let deletion = place.json([&["remote", "delete", &theirs], &JOB[..]].concat()).ends(0).line();
    assert_eq!(deletion["name"], theirs.as_str(), "all that is known of it");
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
    let [line] = accepted(&sandbox, Operation::Delete).try_into().unwrap();
    assert_eq!((line.remote_id, line.name), (theirs, "plan.txt".to_owned()));
}

#[test]
fn what_has_not_left_is_changed_itself_or_given_up() {
    let place = Place::with_acme();
    let (one, two) = (place.text("one"), place.text("two"));
    let update = place.json(["remote", "update", &one, "--set", "visibility=CruOnly"]).ends(0).line();
    assert_eq!((&update["id"], &update["operation"]), (&one.as_str().into(), &"upload".into()));
    assert_eq!(place.json(["remote", "delete", &two]).ends(0).line()["state"], "cancelled");
}

#[test]
fn a_person_reads_what_is_to_be_done_with_which_attachment() {
    let (sandbox, place, id) = delivered();
    let name = place.item(&id)["name"].as_str().unwrap().to_owned();
    let deletion = place.json(["remote", "delete", &id]).ends(0).line()["id"].as_str().unwrap().to_owned();
    let foreign = place.run([&["remote", "delete", "4711"], &JOB[..]].concat()).ends(0).out;
    assert!(foreign.contains("4711") && foreign.contains("deletion") && !foreign.contains("document"), "{foreign}");
    let list = place.run(["list"]).ends(0).out;
    assert!(list.contains(&format!("deletion of {name}")) && list.contains("deletion of 4711"), "{list}");
    let why = place.run(["why", &deletion]).ends(0).out;
    assert!(why.starts_with(&format!("deletion of {name} is queued")), "{why}");
    let mut command = place.command(["deliver"]);
    let said = Ran::of(&command.env("FIELDPOST_TOKEN", sandbox.token(CORRIGO)).output().unwrap());
    assert!(said.ends(0).out.contains(&format!("delivered  deletion of {name}  the system's answer")));
    let shown = place.run(["show", &deletion]).ends(0).out;
    assert!(shown.contains("asked for") && !shown.contains("original"), "{shown}");
}

#[test]
fn an_update_that_is_refused_says_what_helps_and_is_replaced_by_the_next() {
    let (sandbox, place, _) = delivered();
    let job = ["--account", "acme", "--work-order", "abc"];
    let update = place.json([&["remote", "update", "4711", "--set", "name=a.txt"], &job[..]].concat()).ends(0).line();
    let id = update["id"].as_str().unwrap();
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(4);
    assert_eq!(place.item(id)["why"]["reason"], "work_order_not_valid");
    let why = place.run(["why", id]).ends(0).out;
    assert!(why.contains("fieldpost cancel ITEM, then ask for it otherwise"), "{why}");
    assert_eq!(place.json(["repair", id, "--work-order", "10234"]).fails(1), "not_now");
    place.run(["cancel", id]).ends(0);
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
}

#[test]
fn what_cannot_be_meant_or_asked_is_refused_and_nothing_is_queued() {
    let (sandbox, place, id) = delivered();
    let unknown = "01990000-0000-7000-8000-000000000000";
    assert_eq!(place.json(["remote", "delete", "4711"]).fails(2), "usage");
    assert_eq!(place.json(["remote", "delete", unknown]).fails(1), "unknown_item");
    let elsewhere = place.run(["remote", "delete", &id, "--account", "acme", "--work-order", "10235"]).ends(2);
    assert!(elsewhere.err.contains("acme/10234"), "{}", elsewhere.err);
    assert_eq!(place.json(["remote", "update", &id, "--set", "colour=red"]).fails(2), "invalid");
    let nobody = ["remote", "delete", "4711", "--account", "nobody", "--work-order", "1"];
    assert_eq!(place.json(nobody).fails(1), "unknown_account");
    let url = sandbox.url(Provider::DigitalRealty);
    let settings = ["--set", "master_account_id=DLR-MASTER-1", "--set", "account_id=DLR-ACCOUNT-7"];
    let add = ["account", "add", "dlr", "--provider", "digitalrealty", "--url", &url];
    place.run([&add[..], &settings].concat()).ends(0);
    let realty = ["remote", "delete", "4711", "--account", "dlr", "--work-order", "WO9271561"];
    assert_eq!(place.json(realty).fails(2), "invalid");
    assert_eq!(place.json(["list"]).lines().len(), 1);

    place.run(["remote", "delete", &id]).ends(0);
    assert_eq!(place.json(["remote", "update", &id, "--set", "visibility=All"]).fails(1), "not_now");
}

#[test]
fn an_id_that_looks_like_an_items_may_be_the_systems() {
    let place = Place::with_acme();
    let theirs = "7d9f0a51-0000-4000-8000-000000000000";
    let deletion = place.json([&["remote", "delete", theirs], &JOB[..]].concat()).ends(0).line();
    assert_eq!((&deletion["operation"], &deletion["name"]), (&"delete".into(), &theirs.into()));
}
