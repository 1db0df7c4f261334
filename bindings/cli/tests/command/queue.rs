//! `list`, `show`, `why`.

use super::support::{Place, keys, set};

#[test]
fn the_list_is_in_the_order_of_capture_and_can_be_narrowed() {
    let place = Place::with_acme();
    let (a, b, c) = (place.text_for("1", "a"), place.text_for("2", "b"), place.text_for("no number", "c"));
    let ids = |args: &[&str]| -> Vec<String> {
        let lines = place.json([&["list"], args].concat()).ends(0).lines();
        lines.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]), [a.clone(), b.clone(), c.clone()]);
    assert_eq!(ids(&["--account", "acme", "--state", "queued"]), [a, b.clone()]);
    assert_eq!(ids(&["--work-order", "2"]), [b]);
    assert_eq!(ids(&["--state", "blocked"]), [c]);
    assert!(ids(&["--account", "nobody"]).is_empty());
}

#[test]
fn a_person_sees_aligned_columns_without_colours_where_there_is_no_terminal() {
    let place = Place::with_acme();
    assert!(place.run(["list"]).ends(0).out.contains("nothing was captured yet"));
    place.text("a");
    place.text_for("no number", "b");
    let shown = place.run(["list"]).ends(0).out;
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines[0].find("STATE").unwrap();
    assert!(lines[1][at..].starts_with("queued ") && lines[2][at..].starts_with("blocked "), "{shown}");
    assert!(lines.iter().all(|line| line.trim_end() == *line));
}

#[test]
fn why_is_the_reason_with_the_items_id() {
    let place = Place::with_acme();
    let id = place.text("a");
    place.run(["--network", "none", "list"]).ends(0);
    let why = place.json(["why", &id]).ends(0).line();
    assert_eq!(keys(&why), set(&["id", "reason", "detail", "until", "action"]));
    assert_eq!(
        (&why["id"], &why["reason"], &why["action"]),
        (&id.as_str().into(), &"no_network".into(), &"connect".into())
    );
    let said = place.run(["why", &id]).ends(0).out;
    assert!(said.contains("there is no network"), "{said}");
    place.run(["cancel", &id]).ends(0);
    let nothing = place.json(["why", &id]).ends(0).line();
    assert_eq!((&nothing["reason"], &nothing["action"]), (&().into(), &"none".into()));
    assert!(place.run(["why", &id]).ends(0).out.contains("cancelled"));
}

#[test]
fn network_and_power_are_remembered_until_told_otherwise() {
    let place = Place::with_acme();
    let args = [
        "capture",
        "text",
        "t",
        "--account",
        "acme",
        "--work-order",
        "1",
        "--requires",
        "charging",
        "--power",
        "battery",
    ];
    let item = place.json(args).ends(0).line();
    assert_eq!(item["why"]["reason"], "charging_wanted");
    let id = item["id"].as_str().unwrap();
    assert_eq!(place.item(id)["state"], "waiting");
    place.run(["list", "--network", "metered"]).ends(0);
    assert_eq!(place.item(id)["why"]["reason"], "charging_wanted");
    place.run(["list", "--power", "charging"]).ends(0);
    assert_eq!(place.item(id)["why"]["reason"], "not_started");
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::with_acme();
    for id in ["01990000-0000-7000-8000-000000000000", "boiler", ""] {
        for command in ["show", "why", "cancel", "retry"] {
            assert_eq!(place.json([command, id]).fails(1), "unknown_item", "{command} {id}");
        }
        assert_eq!(place.json(["settle", id, "--absent"]).fails(1), "unknown_item");
    }
}

#[test]
fn show_tells_a_person_all_there_is() {
    let place = Place::with_acme();
    let args =
        ["capture", "text", "t", "--account", "acme", "--work-order", "1", "--caption", "Plate", "--tag", "before"];
    let id = place.run(args).ends(0).out;
    let shown = place.run(["show", id.trim_end()]).ends(0).out;
    for part in [id.trim_end(), "queued", "acme", "Plate", "before", "sha256", "what helps"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
