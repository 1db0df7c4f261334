//! `remote list`, `get`, `mkdir`: what a system answers now; `rmdir`: queued.

use fieldpost_sandbox::{Fault, Operation, Options, Provider, Rule, Sandbox};
use serde_json::Value;

use super::support::{Place, Ran, any_file_holds, keys, set};

const NATION: Provider = Provider::FieldNation;
const ENTRY: [&str; 9] = ["remote_id", "name", "bytes", "mime", "sha256", "folder", "caption", "created_at", "ours"];

/// A sandbox, and an outbox with an account at each of its systems, called as the system is.
fn place() -> (Sandbox, Place) {
    let (sandbox, place) = (Sandbox::start(Options::default()).unwrap(), Place::empty());
    for account in sandbox.listening().accounts {
        let (system, url) = (account.provider.name(), account.url.clone());
        let set: Vec<String> = account.settings.iter().map(|(key, value)| format!("--set={key}={value}")).collect();
        let add = ["account", "add", system, "--provider", system, "--url", &url].map(str::to_owned);
        place.run(add.into_iter().chain(set)).ends(0);
    }
    (sandbox, place)
}

/// Its account's name, and a work order there.
fn job(sandbox: &Sandbox, system: Provider) -> [String; 4] {
    let listening = sandbox.listening();
    let account = listening.accounts.iter().find(|account| account.provider == system).unwrap();
    ["--account", system.name(), "--work-order", &account.work_orders[0]].map(str::to_owned)
}

fn with_token(sandbox: &Sandbox, place: &Place, system: Provider, args: &[&str]) -> Ran {
    let args = args.iter().map(|arg| (*arg).to_owned()).chain(job(sandbox, system));
    Ran::of(&place.command(args).arg("--json").env("FIELDPOST_TOKEN", sandbox.token(system)).output().unwrap())
}

/// One document delivered; the item.
fn delivered(sandbox: &Sandbox, place: &Place, system: Provider) -> Value {
    let file = place.file("report.pdf", format!("%PDF-1.7 for {system:?}"));
    let job = job(sandbox, system);
    let file = file.to_str().unwrap();
    let capture = ["capture", "document", file, "--caption", "as found"];
    let id = place.run(capture.iter().copied().chain(job.iter().map(String::as_str))).ends(0).out.trim().to_owned();
    place.deliver(&sandbox.token(system), &[]).ends(0);
    place.item(&id)
}

#[test]
fn each_system_lists_what_it_was_sent_and_says_that_it_is_ours() {
    let (sandbox, place) = place();
    for system in Provider::ALL {
        let item = delivered(&sandbox, &place, system);
        let entry = with_token(&sandbox, &place, system, &["remote", "list"]).ends(0).line();
        assert_eq!(keys(&entry), set(&ENTRY), "{system:?}");
        assert_eq!((&entry["ours"], &entry["remote_id"]), (&item["id"], &item["receipt"]["remote_id"]), "{system:?}");
        let one = with_token(&sandbox, &place, system, &["remote", "get", entry["remote_id"].as_str().unwrap()]);
        assert_eq!(one.ends(0).line()["ours"], item["id"], "{system:?}");
        // By the item's id, which knows its work order.
        let mut by_item = place.command(["remote", "get", item["id"].as_str().unwrap(), "--json"]);
        let by_item = Ran::of(&by_item.env("FIELDPOST_TOKEN", sandbox.token(system)).output().unwrap()).ends(0).line();
        assert_eq!(by_item["remote_id"], entry["remote_id"]);
    }
}

#[test]
fn a_file_is_downloaded_whole_and_compared_and_nothing_is_replaced() {
    let (sandbox, place) = place();
    for system in Provider::ALL {
        let item = delivered(&sandbox, &place, system);
        let (id, out) = (item["receipt"]["remote_id"].as_str().unwrap(), format!("{system:?}.pdf"));
        let get = ["remote", "get", id, "--out", &out];
        if system == Provider::Serial {
            assert_eq!(with_token(&sandbox, &place, system, &get).fails(2), "invalid");
            continue;
        }
        let kept = with_token(&sandbox, &place, system, &get).ends(0).line();
        assert_eq!((&kept["integrity"], &kept["out"]), (&"sent".into(), &out.as_str().into()), "{system:?}");
        let content = std::fs::read_to_string(place.folder.path().join(&out)).unwrap();
        assert_eq!(content, format!("%PDF-1.7 for {system:?}"));
        assert_eq!(with_token(&sandbox, &place, system, &get).fails(2), "invalid");
    }
    assert!(sandbox.leaks().is_empty(), "a token went where it does not belong");
    for token in Provider::ALL.map(|system| sandbox.token(system)) {
        assert!(!any_file_holds(&place.outbox(), token.as_bytes()));
    }
}

#[test]
fn a_download_that_breaks_or_is_another_files_leaves_nothing_behind() {
    let (sandbox, place) = place();
    let item = delivered(&sandbox, &place, Provider::DigitalRealty);
    let get = ["remote", "get", item["receipt"]["remote_id"].as_str().unwrap(), "--out", "got.pdf"];
    let files = || {
        let names = std::fs::read_dir(place.folder.path()).unwrap().map(|e| e.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("got")).count()
    };
    sandbox.fault(Rule::new(Fault::TruncateAnswer { keep_bytes: None }).operation(Operation::Download));
    assert_eq!(with_token(&sandbox, &place, Provider::DigitalRealty, &get).fails(1), "unreachable");
    assert_eq!(files(), 0);
    with_token(&sandbox, &place, Provider::DigitalRealty, &get).ends(0);
    assert_eq!(files(), 1);
}

#[test]
fn a_folder_is_made_once_and_deleted_by_its_id() {
    let (sandbox, place) = place();
    let first = with_token(&sandbox, &place, NATION, &["remote", "mkdir", "Site"]).ends(0).line();
    assert_eq!(keys(&first), set(&["remote_id", "name", "created"]));
    assert_eq!(first["created"], true);
    let again = with_token(&sandbox, &place, NATION, &["remote", "mkdir", "site"]).ends(0).line();
    assert_eq!((&again["remote_id"], &again["created"]), (&first["remote_id"], &false.into()));

    let job = job(&sandbox, NATION);
    let rmdir =
        |folder: &str| place.json(["remote", "rmdir", folder].into_iter().chain(job.iter().map(String::as_str)));
    let item = rmdir(first["remote_id"].as_str().unwrap()).ends(0).line();
    assert_eq!((&item["operation"], &item["state"]), (&"delete_folder".into(), &"queued".into()));
    place.deliver(&sandbox.token(NATION), &[]).ends(0);
    assert!(sandbox.folders(NATION, &job[3]).iter().all(|folder| folder.name != "Site"));
    assert_eq!(rmdir("Site").fails(2), "invalid");
    let text = place.run(["show", item["id"].as_str().unwrap()]).ends(0).out;
    assert!(text.contains("deletion of folder"), "{text}");
}

#[test]
fn why_there_is_no_answer_is_the_errors_name() {
    let (sandbox, place) = place();
    let job = job(&sandbox, NATION);
    let list = |token: Option<&str>, more: &[&str]| {
        let args = ["remote", "list"].into_iter().chain(job.iter().map(String::as_str)).chain(more.iter().copied());
        let mut command = place.command(args);
        command.envs(token.map(|token| ("FIELDPOST_TOKEN", token)));
        Ran::of(&command.arg("--json").output().unwrap())
    };
    assert_eq!(list(None, &[]).fails(1), "token_wanted");
    assert_eq!(list(Some("an-expired-token"), &[]).fails(1), "token_wanted");
    assert_eq!(list(Some(&sandbox.token(NATION)), &["--network", "none"]).fails(1), "no_network");
    sandbox.fault(Rule::new(Fault::status_before(503)).operation(Operation::List));
    assert_eq!(list(Some(&sandbox.token(NATION)), &[]).fails(1), "server_busy");
    let unknown = ["remote", "get", "1/4711"];
    assert_eq!(with_token(&sandbox, &place, NATION, &unknown).fails(1), "attachment_missing");
    let nowhere = place.json(["remote", "list", "--account", "fieldnation", "--work-order", "abc"]);
    assert_eq!(nowhere.fails(1), "work_order_not_valid");
    let nobody = place.json(["remote", "list", "--account", "nobody", "--work-order", "1"]);
    assert_eq!(nobody.fails(1), "unknown_account");
}

#[test]
fn a_person_reads_columns_and_what_it_was_compared_with() {
    let (sandbox, place) = place();
    delivered(&sandbox, &place, NATION);
    let job = job(&sandbox, NATION);
    let say = |args: &[&str]| {
        let args = args.iter().copied().chain(job.iter().map(String::as_str));
        Ran::of(&place.command(args).env("FIELDPOST_TOKEN", sandbox.token(NATION)).output().unwrap()).ends(0).out
    };
    let list = say(&["remote", "list"]);
    assert!(list.starts_with("ID") && list.contains("Misc") && list.contains("report-"), "{list}");
    let id = list.lines().nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let one = say(&["remote", "get", &id]);
    assert!(one.contains("caption") && one.contains("as found"), "{one}");
    assert!(say(&["remote", "get", &id, "--out", "x.pdf"]).contains("what was sent from here, to the bit"));
    assert!(say(&["remote", "mkdir", "Misc"]).contains("was there"));
}
