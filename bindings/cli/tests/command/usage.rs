//! Wrong usage: exit 2, one line, nothing done.

use super::support::{Place, Ran, bare};

#[test]
fn a_mistake_is_one_line_that_says_what_helps() {
    let place = Place::empty();
    for (args, says) in [
        (&["lisst"][..], "list"),
        (&["list", "--colour"], "--colour"),
        (&["account", "add", "acme"], "--provider"),
        (&["capture", "photo", "x.jpg", "--account", "acme"], "--work-order"),
        (&["list", "--state", "lost"], "delivered"),
        (&["retry"], "--all"),
        (&["retry", "--reason", "bored", "--all"], "bored"),
        (&["settle", "x"], "--absent"),
        (&["settle", "x", "--absent", "--delivered"], "--delivered"),
        (&["deliver", "--patience", "soon"], "30s"),
        (&["deliver", "--person", ""], "--person"),
        (&["repair", "x"], "--work-order"),
        (&["repair", "x", "--cap", "0"], "--cap"),
        (&["repair", "x", "--priority", "high"], "--priority"),
        (&["remote", "update", "4711", "--account", "a", "--work-order", "1"], "--set"),
        (&["remote", "update", "4711", "--set", "name"], "KEY=VALUE"),
        (&["remote", "delete", "4711", "--account", "a"], "--work-order"),
        (&["remote", "delete", "", "--account", "a", "--work-order", "1"], "ID"),
        (&["remote", "rename", "4711"], "rename"),
        (&["--network", "5g", "list"], "unmetered"),
        (&["capture", "text", "t", "--account", "a", "--work-order", "1", "--cap", "1MB"], "--cap"),
        (&["capture", "text", "t", "--account", "a", "--work-order", "1", "--set", "caption"], "KEY=VALUE"),
        (&["capture", "text", "t", "--account", "a", "--work-order", "1", "--key", ""], "--key"),
        (&["capture", "photo", "x", "--account", "a", "--work-order", "1", "--cap", "huge"], "1.5MB"),
        (&["capture", "photo", "x", "--account", "a", "--work-order", "1", "--max-edge", "0"], "--max-edge"),
        (
            &["capture", "photo", "x", "--account", "a", "--work-order", "1", "--cap", "original", "--max-edge", "9"],
            "--max-edge",
        ),
    ] {
        let said = place.run(args).ends(2);
        assert_eq!((said.out.as_str(), said.err.lines().count()), ("", 1), "{args:?}: {}", said.err);
        assert!(said.err.starts_with("error: ") && said.err.contains(says), "{args:?}: {}", said.err);
        let error = place.json(args).ends(2).error();
        assert_eq!(error["error"], "usage", "{args:?}");
    }
    assert!(!place.outbox().exists(), "wrong usage made an outbox");
}

#[test]
fn what_is_not_there_yet_is_refused_whatever_stands_behind_it() {
    let place = Place::empty();
    for command in ["require", "checkout", "close", "receipt", "verify"] {
        let said = place.run([command, "x", "--yes", "--account", "a", "-h"]).ends(2);
        assert!(said.err.contains(&format!("'{command}' is not there yet")), "{}", said.err);
        assert_eq!(place.json([command, "x"]).fails(2), "usage");
        assert_eq!(place.run(["--json", command]).fails(2), "usage");
    }
    let said = place.run(["account", "add", "x", "--provider", "sharepoint", "--url", "https://h"]).ends(2);
    for known in ["sharepoint", "corrigopro", "fieldnation", "serial", "decisiv", "digitalrealty", "tus"] {
        assert!(said.err.contains(known), "{}", said.err);
    }
    assert!(!place.outbox().exists());
}

#[test]
fn options_without_effect_are_refused() {
    let place = Place::with_acme();
    let png = place.file("s.png", b"\x89PNG\r\n\x1a\n");
    let strokes = place.file("s.json", br#"{"version": 1, "strokes": []}"#);
    let unnamed = place.file("strokes", b"\n {\"version\": 1}");
    let job = ["--account", "acme", "--work-order", "1"];
    for (option, value) in [("--signer", "A. Smith"), ("--role", "tenant"), ("--statement", "ok"), ("--covers", "all")]
    {
        let said = place.command(["capture", "signature"]).arg(&png).args(job).args([option, value]).output().unwrap();
        assert!(Ran::of(&said).ends(2).err.contains(option));
    }
    for file in [&strokes, &unnamed] {
        let said = place.command(["capture", "signature"]).arg(file).args(job).arg("--json").output().unwrap();
        assert_eq!(Ran::of(&said).fails(2), "usage");
    }
    let said = place.run(["capture", "text", "t", "--folder", "Plans"].iter().chain(&job)).ends(2);
    assert!(said.err.contains("corrigopro has no folders"), "{}", said.err);
    assert_eq!(place.json(["list"]).ends(0).lines().len(), 0, "a refused capture was kept");
}

#[test]
fn help_and_version_are_no_mistakes_but_nothing_at_all_is() {
    let place = Place::empty();
    assert!(place.run(["--help"]).ends(0).out.contains("capture"));
    assert!(place.run(["capture", "photo", "--help"]).ends(0).out.contains("--max-edge"));
    assert!(place.run(["repair", "--help"]).ends(0).out.contains("--folder"));
    let remote = place.run(["remote", "--help"]).ends(0).out;
    for command in ["list", "get", "update", "delete", "mkdir", "rmdir"] {
        assert!(remote.contains(&format!("  {command} ")), "{remote}");
    }
    assert!(place.run(["--version"]).ends(0).out.starts_with("fieldpost "));
    assert!(place.run([""; 0]).ends(2).err.contains("Usage"));
    assert_eq!(place.json([""; 0]).fails(2), "usage");
}

#[test]
fn completions_are_made_for_every_shell() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(["completions", shell]).ends(0).out;
        for part in ["fieldpost", "max-edge", "repair", "remote", "person"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
    assert_eq!(place.json(["completions", "sh"]).fails(2), "usage");
}

#[test]
fn the_folder_is_that_of_the_option_then_of_the_variable() {
    let place = Place::with_acme();
    place.text("one");
    let elsewhere = place.folder.path().join("elsewhere");
    assert_eq!(place.json(["list"]).lines().len(), 1);
    for args in [["--dir", "elsewhere", "list"], ["list", "--dir", "elsewhere"]] {
        assert_eq!(place.json(args).ends(0).lines().len(), 0);
    }
    assert!(elsewhere.is_dir());
}

#[test]
#[cfg(target_os = "linux")]
fn without_option_and_variable_it_is_the_platforms_data_folder() {
    let place = Place::empty();
    let mut command = bare();
    command.env("XDG_DATA_HOME", place.folder.path()).env("FIELDPOST_DIR", "").args(["account", "list", "--json"]);
    Ran::of(&command.output().unwrap()).ends(0);
    assert!(place.folder.path().join("fieldpost").is_dir());
}

#[test]
fn output_that_nobody_reads_ends_it_quietly() {
    let place = Place::with_acme();
    place.text("one");
    for args in [&["list"][..], &["list", "--json"], &["completions", "bash"], &["--help"]] {
        let mut command = place.command(args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = command.stdout(writer).output().unwrap();
        assert_eq!((said.status.code(), said.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}
