use super::super::tests::{entry, snapshot};
use super::*;
use crate::model::Sha256;

const OTHER: Sha256 = Sha256([7; 32]);

fn ours(id: &str, surplus: &[&str]) -> Sighting {
    let surplus = surplus.iter().map(|id| RemoteId((*id).to_owned())).collect();
    Sighting::Ours { remote_id: RemoteId(id.to_owned()), surplus }
}

fn mismatch(id: &str, confirmed: bool) -> Sighting {
    Sighting::Mismatch { remote_id: RemoteId(id.to_owned()), detail: String::new(), confirmed }
}

fn stranger(id: &str) -> Sighting {
    Sighting::Stranger { remote_id: RemoteId(id.to_owned()) }
}

/// Without the words for people.
fn bare(sighting: Sighting) -> Sighting {
    match sighting {
        Sighting::Mismatch { remote_id, confirmed, .. } => {
            Sighting::Mismatch { remote_id, detail: String::new(), confirmed }
        }
        other => other,
    }
}

#[test]
fn what_a_listing_shows_of_an_upload() {
    let sent = snapshot();
    let (size, hash) = (sent.bytes.0, sent.sha256);
    let with = |e: Entry, sha256: Option<Sha256>, evidence| Entry { sha256, evidence, ..e };
    let named = |id, bytes| entry(id, &sent.name, bytes);
    let other = |id, bytes| entry(id, "foreign.jpg", bytes);
    let (listed, wanted, downloaded, gone) =
        (Evidence::Listed, Evidence::Wanted, Evidence::Downloaded, Evidence::NotToBeHad);
    let table: Vec<(&str, Vec<Entry>, Sighting)> = vec![
        ("nothing", vec![], Sighting::Absent),
        ("another name, our size", vec![other("a", Some(size))], Sighting::Absent),
        ("our name, our size", vec![named("a", Some(size))], ours("a", &[])),
        ("our name, nothing else told", vec![named("a", None)], ours("a", &[])),
        ("the marker in another case", vec![entry("a", "BOILER-7F3A9C1E (2).JPEG", Some(size))], ours("a", &[])),
        ("our name, another size", vec![named("a", Some(1))], mismatch("a", false)),
        ("our name and hash", vec![with(named("a", None), Some(hash), listed)], ours("a", &[])),
        ("a hash says more than a length", vec![with(named("a", Some(1)), Some(hash), listed)], ours("a", &[])),
        ("our size, another hash", vec![with(named("a", Some(size)), Some(OTHER), listed)], mismatch("a", false)),
        ("a download wanted, our hash", vec![with(named("a", None), Some(hash), wanted)], ours("a", &[])),
        ("a download wanted, another hash", vec![with(named("a", None), Some(OTHER), wanted)], mismatch("a", false)),
        ("a download wanted, no hash", vec![with(named("a", None), None, wanted)], mismatch("a", false)),
        ("downloaded: ours", vec![with(named("a", Some(size)), Some(hash), downloaded)], ours("a", &[])),
        ("downloaded: not ours", vec![with(named("a", Some(size)), Some(OTHER), downloaded)], mismatch("a", true)),
        ("not to be had", vec![with(named("a", Some(1)), None, gone)], mismatch("a", true)),
        ("not to be had, our hash listed", vec![with(named("a", None), Some(hash), gone)], ours("a", &[])),
        ("our hash, another name", vec![with(other("a", None), Some(hash), wanted)], stranger("a")),
        ("our hash, no name", vec![Entry { name: None, ..with(other("a", None), Some(hash), listed) }], stranger("a")),
        ("the first listed wins", vec![named("b", Some(size)), named("a", Some(size))], ours("b", &["a"])),
        ("the same id twice is one", vec![named("a", Some(size)), named("a", Some(size))], ours("a", &[])),
        ("ours before a mismatch", vec![named("a", Some(1)), named("b", Some(size))], ours("b", &[])),
        (
            "a confirmed mismatch first",
            vec![named("a", Some(1)), with(named("b", Some(1)), Some(OTHER), downloaded)],
            mismatch("b", true),
        ),
        (
            "a mismatch before a stranger",
            vec![with(other("a", None), Some(hash), listed), named("b", Some(1))],
            mismatch("b", false),
        ),
        ("claimed", vec![named("taken", Some(size))], Sighting::Absent),
        ("claimed, and another", vec![named("taken", Some(size)), named("a", Some(size))], ours("a", &[])),
        ("a claimed mismatch", vec![named("taken", Some(1))], Sighting::Absent),
        ("a claimed stranger", vec![with(other("taken", None), Some(hash), listed)], Sighting::Absent),
    ];
    for (what, entries, wanted) in table {
        assert_eq!(bare(recognise(&entries, &sent, &|id| id.0 == "taken")), wanted, "{what}");
    }
}

#[test]
fn a_mismatch_says_how_it_differs() {
    let sent = snapshot();
    let said = |entry| match recognise(&[entry], &sent, &|_| false) {
        Sighting::Mismatch { detail, .. } => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(said(entry("a", &sent.name, Some(1))), "1 bytes at the system, 20 were sent");
    for bytes in [28, 29, 30] {
        assert_eq!(
            said(entry("a", &sent.name, Some(bytes))),
            format!("{bytes} bytes at the system, 20 were sent: it was left in base64")
        );
    }
    assert_eq!(said(entry("a", &sent.name, Some(31))), "31 bytes at the system, 20 were sent");
    let same_size = Entry { sha256: Some(OTHER), ..entry("a", &sent.name, Some(20)) };
    assert_eq!(said(same_size), "other content than was sent");
    let gone = Entry { evidence: Evidence::NotToBeHad, ..entry("a", &sent.name, Some(1)) };
    assert!(said(gone).contains("cannot be downloaded"));
}

#[test]
fn two_uploads_of_the_same_bytes_do_not_take_each_other_for_strangers() {
    let one = snapshot();
    let two = Snapshot { marker: "00c0ffee".parse().unwrap(), name: "copy-00c0ffee.jpg".into(), ..snapshot() };
    let listed = |id, name: &str| Entry { sha256: Some(one.sha256), ..entry(id, name, None) };
    let both = [one.clone(), two.clone()];
    let entries = [listed("a", &one.name)];
    assert_eq!(recognise_each(&entries, &both, &|_| false), [ours("a", &[]), Sighting::Absent]);
    let entries = [listed("b", &two.name), listed("a", &one.name)];
    assert_eq!(recognise_each(&entries, &both, &|_| false), [ours("a", &[]), ours("b", &[])]);
    let entries = [listed("x", "scan.jpg")];
    assert_eq!(recognise_each(&entries, &both, &|_| false), [stranger("x"), stranger("x")]);
}

#[test]
fn where_names_prove_nothing_what_was_not_listed_before_may_be_ours() {
    let ids = |ids: &[&str]| ids.iter().map(|id| RemoteId((*id).to_owned())).collect::<Vec<_>>();
    let sent = Snapshot { listed: Some(ids(&["old"])), ..snapshot() };
    let by = |id, by_us| Entry { by_us, ..entry(id, "renamed", None) };
    let seen = |entries: &[Entry]| recognise(entries, &sent, &|id| id.0 == "claimed");
    let new = |ours: &[&str], others: &[&str]| Sighting::New { ours: ids(ours), others: ids(others) };
    assert_eq!(seen(&[by("old", true), by("claimed", true)]), Sighting::Absent);
    assert_eq!(seen(&[by("a", true), by("old", true), by("a", true)]), new(&["a"], &[]));
    assert_eq!(seen(&[by("a", true), by("b", false), by("c", true)]), new(&["a", "c"], &["b"]));
    assert_eq!(seen(&[by("b", false)]), new(&[], &["b"]));
    assert_eq!(seen(&[by("a", true), entry("n", &sent.name, None)]), ours("n", &[]), "a name says more");
    let nothing_left = Snapshot { listed: None, ..sent.clone() };
    assert_eq!(recognise(&[by("a", true)], &nothing_left, &|_| false), Sighting::Absent);
}
