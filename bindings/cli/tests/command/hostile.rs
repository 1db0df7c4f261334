//! Words from outside do nothing to a terminal, names from outside do nothing to the disk.

use super::support::{Place, Ran};

const EVIL: &str = "../../x\u{1b}[2J\u{202e}gpj.\u{9b}31m\u{7}\u{2066}\r\nfake line";

/// What a terminal would obey, beside the ends of lines.
fn obeyed(text: &str) -> bool {
    text.chars()
        .any(|c| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')))
}

#[test]
fn hostile_words_are_shown_harmlessly_everywhere() {
    let place = Place::with_acme();
    let capture =
        ["capture", "text", EVIL, "--account", "acme", "--work-order", EVIL, "--name", EVIL, "--caption", EVIL];
    let id = place.run(capture.iter().chain(&["--tag", EVIL])).ends(0).out.trim_end().to_owned();
    for args in [&["list"][..], &["show", &id], &["why", &id], &["retry", "--all"], &["cancel", &id], &["check"]] {
        for ran in [place.run(args), place.json(args)] {
            assert!(!obeyed(&ran.out) && !obeyed(&ran.err), "{args:?}: {:?} {:?}", ran.out, ran.err);
        }
    }
    let item = place.item(&id);
    assert_eq!((&item["caption"], &item["work_order"]), (&EVIL.into(), &EVIL.into()), "kept as it was given");
    let name = item["name"].as_str().unwrap();
    assert!(!name.contains(['/', '\\']) && !name.contains("..") && !obeyed(name), "{name:?}");
    assert!(!place.folder.path().join("x").exists());
}

#[test]
fn hostile_arguments_are_shown_harmlessly_in_errors() {
    let place = Place::with_acme();
    for args in [
        &["show", EVIL][..],
        &[EVIL],
        &["account", "remove", EVIL],
        &["account", "add", EVIL, "--provider", "corrigopro", "--url", EVIL],
        &["account", "add", "x", "--provider", EVIL, "--url", "https://h"],
        &["capture", "photo", EVIL, "--account", "acme", "--work-order", "1"],
        &["capture", "text", "t", "--account", EVIL, "--work-order", "1"],
        &["compress", EVIL, "out.jpg", "--cap", "1MB"],
        &["--dir", "missing\u{1b}[2J", "check"],
    ] {
        for ran in [place.run(args), place.json(args)] {
            assert!(ran.code == 1 || ran.code == 2, "{args:?}");
            assert_eq!(ran.err.lines().count(), 1, "{args:?}: {}", ran.err);
            assert!(!obeyed(&ran.out) && !obeyed(&ran.err), "{args:?}: {:?}", ran.err);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_file_may_have_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let place = Place::with_acme();
    let emoji = "👩‍🔧".repeat(20) + ".jpg";
    for name in [&b"a\x1b[31m\xe2\x80\xaegpj.txt"[..], b"\xff\xfe not utf-8.txt", emoji.as_bytes()] {
        let path = place.folder.path().join(OsStr::from_bytes(name));
        std::fs::write(&path, "note").unwrap();
        let mut command = place.command(["capture", "document"]);
        command.arg(&path).args(["--account", "acme", "--work-order", "1", "--json"]);
        let item = Ran::of(&command.output().unwrap()).ends(0).line();
        let sent = item["name"].as_str().unwrap();
        assert!(!sent.is_empty() && !obeyed(sent), "{sent:?}");
    }
}
