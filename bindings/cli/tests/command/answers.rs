//! `retry`, `cancel`, `settle` without a network.

use super::support::Place;

#[test]
fn retry_moves_what_is_blocked_and_prints_it() {
    let place = Place::with_acme();
    let (bad, good) = (place.text_for("abc", "a"), place.text("b"));
    assert_eq!(place.json(["retry", "--all", "--reason", "no_network"]).ends(0).lines().len(), 0);
    assert_eq!(place.json(["retry", &bad, "--reason", "refused"]).ends(0).lines().len(), 0);
    let moved = place.json(["retry", "--all", "--reason", "work_order_not_valid"]).ends(0).lines();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0]["id"], bad.as_str());
    assert!(place.run(["retry", &good]).ends(0).out.contains("nothing to try once more"));
}

#[test]
fn cancel_twice_is_cancel_once() {
    let place = Place::with_acme();
    let id = place.text("a");
    for _ in 0..2 {
        assert_eq!(place.json(["cancel", &id]).ends(0).line()["state"], "cancelled");
    }
}

#[test]
fn only_a_doubt_can_be_settled() {
    let place = Place::with_acme();
    let id = place.text("a");
    for said in [&["--absent"][..], &["--delivered"], &["--delivered", "4711"]] {
        assert_eq!(place.json([&["settle", id.as_str()], said].concat()).fails(1), "not_now");
    }
}

#[test]
fn an_item_is_forgotten_only_when_that_is_confirmed() {
    let place = Place::with_acme();
    let id = place.text("a");
    assert_eq!(place.json(["forget", &id]).fails(2), "usage");
    assert_eq!(place.json(["show", &id]).ends(0).line()["id"], id.as_str());
    assert_eq!(place.json(["forget", &id, "--yes"]).ends(0).line()["id"], id.as_str());
    assert_eq!(place.json(["show", &id]).fails(1), "unknown_item");
    assert_eq!(place.json(["check"]).ends(0).lines().last().unwrap()["items"], 0);
}
