//! `account`.

use serde_json::json;

use super::support::{Place, keys, set};

#[test]
fn an_account_is_shown_as_scripts_read_it() {
    let place = Place::empty();
    let add = [
        "account",
        "add",
        "dr",
        "--provider",
        "digitalrealty",
        "--url",
        "https://dr.example.com/api",
        "--set",
        "master_account_id=M1",
        "--set",
        "account_id=A1",
        "--set",
        "settle=5",
    ];
    let added = place.json(add).ends(0).line();
    assert_eq!(keys(&added), set(&["id", "provider", "url", "settings", "capabilities"]));
    assert_eq!(added["id"], "dr");
    assert_eq!(added["provider"], "digitalrealty");
    assert_eq!(added["url"], "https://dr.example.com/api");
    assert_eq!(added["settings"], json!({"account_id": "A1", "master_account_id": "M1", "settle": "5"}));
    assert!(added["capabilities"].is_object());
    assert_eq!(place.json(["account", "list"]).ends(0).lines(), [added]);
    let shown = place.run(["account", "list"]).ends(0).out;
    assert!(shown.contains("digitalrealty") && shown.contains("account_id=A1"), "{shown}");
}

#[test]
fn each_systems_settings_are_checked_and_explained() {
    for (provider, set, told) in [
        ("serial", "flat=true", "added_by_user_id"),
        ("serial", "flat=perhaps", "true or false"),
        ("serial", "caption=yes", "none or text"),
        ("decisiv", "path=file", "cases or case"),
        ("decisiv", "encoding=hex", "binary or base64"),
        ("decisiv", "internal=maybe", "true"),
        ("fieldnation", "acting_user_id=Jo", "number"),
        ("fieldnation", "signatures=paper", "file or endpoint"),
        ("fieldnation", "performed_by=Jo", "known: folder"),
        ("tus", "metadata=tenant", "tenant=north,project=7"),
        ("tus", "metadata=filename=x", "tenant=north,project=7"),
        ("tus", "checksum=sha1", "never"),
        ("tus", "path=case", "known: metadata"),
    ] {
        let place = Place::empty();
        let add = ["account", "add", "x", "--provider", provider, "--url", "https://h.example", "--set", set];
        let refused = place.json(add).ends(2).error();
        assert_eq!(refused["error"], "bad_account");
        assert!(refused["message"].as_str().unwrap().contains(told), "{set}: {refused}");
        assert!(!place.outbox().join("accounts.json").exists());
    }
}

#[test]
fn an_account_that_cannot_work_is_refused_with_what_would_help() {
    let place = Place::empty();
    let corrigo = |url: &'static str, set: &[&'static str]| {
        let mut args = vec!["account", "add", "acme", "--provider", "corrigopro", "--url", url];
        for one in set {
            args.extend(["--set", one]);
        }
        let refused = place.json(args).ends(2).error();
        assert_eq!(refused["error"], "bad_account");
        refused["message"].as_str().unwrap().to_owned()
    };
    let named = "performed_by=Jo Field";
    assert!(corrigo("https://h", &[]).contains("performed_by"));
    assert!(corrigo("https://h", &[named, "colour=red"]).contains("colour"));
    assert!(corrigo("https://h", &[named, "settle=later"]).contains("settle"));
    assert!(corrigo("not a url", &[named]).contains("URL"));
    assert!(corrigo("ftp://h", &[named]).contains("https"));
    assert!(corrigo("http://h.example.com", &[named]).contains("cleartext=allow"));
    assert!(!corrigo("https://jo:hunter2@h", &[named]).contains("hunter2"));
    assert_eq!(place.json(["account", "list"]).ends(0).lines().len(), 0);

    let with = |id: &'static str, url: &'static str, more: &'static str| {
        place.json(["account", "add", id, "--provider", "corrigopro", "--url", url, "--set", named, "--set", more])
    };
    with("clear", "http://h.example.com", "cleartext=allow").ends(0);
    with("loop", "http://127.0.0.1:9", "settle=0").ends(0);
    with("../x", "https://h", "settle=0").ends(2);
}

#[test]
fn an_account_goes_once_nothing_of_it_waits() {
    let place = Place::with_acme();
    assert_eq!(place.json(["account", "remove", "nobody"]).fails(1), "unknown_account");
    let id = place.text("note");
    assert_eq!(place.json(["account", "remove", "acme"]).fails(1), "account_busy");
    place.run(["cancel", &id]).ends(0);
    assert_eq!(place.json(["account", "remove", "acme"]).ends(0).line()["id"], "acme");
    assert_eq!(place.json(["account", "list"]).ends(0).lines().len(), 0);
}
