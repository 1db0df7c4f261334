//! The list, and what confirms an entry of it.

use super::super::super::recognise::{Sighting, recognise};
use super::super::super::{Entry, Evidence, Listing};
use super::*;

fn look(list: &str, then: &[Exchange]) -> Looked {
    let doubts = [snapshot()];
    let (_, _, at) = Decisiv.look(&doubts).asked();
    let mut step = Decisiv.resume_look(&doubts, &at, &got(200, list));
    for exchange in then {
        let (_, _, at) = step.asked();
        step = Decisiv.resume_look(&doubts, &at, exchange);
    }
    done(step)
}

fn listing(list: &str) -> Option<Listing> {
    match look(list, &[]) {
        Looked::Listed(listing) => Some(listing),
        Looked::CannotTell { status: Some(200), .. } => None,
        other => panic!("{other:?}"),
    }
}

fn seen(list: &str, then: &[Exchange]) -> Sighting {
    match look(list, then) {
        Looked::Listed(listing) => recognise(&listing.entries, &snapshot(), &|_| false),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_list_of_the_vendors_page_is_read() {
    let page = one_with("url", "downloadURL", "filename0", "0");
    let (head, fields) = page.split_once("    <a:URL>").unwrap();
    let fields = fields.replace("<a:size>", "<a:format>format</a:format>\n    <a:size>");
    let fields = fields.strip_suffix("</a:attachment>\n").unwrap();
    let entry = format!("<a:attachment>\n    <a:URL>{fields}</a:attachment>\n");
    let all = format!("{}{entry}{entry}</a:attachments>\n", head.replace("<a:attachment ", "<a:attachments "));
    let listing = listing(&all).unwrap();
    let name = Some("filename0".to_owned());
    let told = crate::providers::Told { caption: Some("description0".into()), ..crate::providers::Told::default() };
    let entry = Entry {
        remote_id: id("url"),
        name,
        bytes: Some(0),
        sha256: None,
        evidence: Evidence::Listed,
        by_us: false,
        told,
    };
    assert_eq!(listing, Listing { entries: vec![entry.clone(), entry], complete: true });
}

#[test]
fn our_name_and_size_are_ours_and_another_size_is_confirmed_by_a_download() {
    let ours = Sighting::Ours { remote_id: id("b"), surplus: vec![] };
    assert_eq!(seen(&listed("Boiler-7F3A9C1E.JPG", " 20 "), &[]), ours);
    assert_eq!(seen(&listed("other.jpg", "20"), &[]), Sighting::Absent);
    assert_eq!(seen(&list(&[]), &[]), Sighting::Absent);
    let link = got(200, one_with(&format!("{CASE}/b"), "b/file", NAME, "28"));
    for list in [listed(NAME, "28"), listed(NAME, ""), listed(NAME, "many")] {
        assert_eq!(seen(&list, &[link.clone(), hashed(FILE)]), ours, "{list}");
        let other = seen(&list, &[link.clone(), hashed(b"other")]);
        assert!(matches!(other, Sighting::Mismatch { confirmed: true, .. }), "{list}");
        for gone in [got(404, ""), got(400, "")] {
            let gone = seen(&list, &[link.clone(), gone]);
            assert!(matches!(gone, Sighting::Mismatch { confirmed: true, .. }), "{list}");
        }
        for later in [got(503, ""), lost(Failure::NoNetwork)] {
            let later = seen(&list, &[link.clone(), later]);
            assert!(matches!(later, Sighting::Mismatch { confirmed: false, .. }), "{list}");
        }
        assert_eq!(look(&list, &[link.clone(), got(401, "")]), Looked::TokenWanted);
        assert_eq!(look(&list, &[link.clone(), lost(Failure::Stopped)]), Looked::Stopped);
    }
}

#[test]
fn what_was_left_in_base64_is_told_of_in_plain_words() {
    let link = got(200, one_with(&format!("{CASE}/b"), "b/file", NAME, "28"));
    let left = hashed(b"dGhlIGJ5dGVzIG9mIGEgcGhvdG8=");
    for then in [[link.clone(), left], [link, got(404, "")]] {
        let Sighting::Mismatch { detail, confirmed: true, .. } = seen(&listed(NAME, "28"), &then) else { panic!() };
        assert!(detail.starts_with("28 bytes at the system, 20 were sent: it was left in base64"), "{detail}");
    }
}

#[test]
fn our_token_goes_along_to_the_accounts_own_host_only() {
    let asked = |sent: &Snapshot, link: &str| {
        let doubts = [sent.clone()];
        let (_, _, at) = Decisiv.look(&doubts).asked();
        let (_, _, at) = Decisiv.resume_look(&doubts, &at, &got(200, listed(NAME, "21"))).asked();
        match Decisiv.resume_look(&doubts, &at, &got(200, one_with(&format!("{CASE}/b"), link, NAME, "21"))) {
            Step::Ask { request, at, .. } => {
                assert!(!at.0.to_string().contains("http"), "a cursor holds a link: {}", at.0);
                Some((request.url.to_string(), request.auth, request.headers.len()))
            }
            Step::Done(Looked::Listed(listing)) => {
                assert_eq!(listing.entries[0].evidence, Evidence::NotToBeHad);
                None
            }
            Step::Done(other) => panic!("{other:?}"),
        }
    };
    let own = |link: &str, url: &str| assert_eq!(asked(&snapshot(), link), Some((url.into(), Auth::Bearer, 0)));
    own("/files/b?x=1&amp;y=2", "https://decisiv.example/files/b?x=1&y=2");
    own("https://decisiv.example:443/b", "https://decisiv.example/b");
    for foreign in ["https://files.example/b", "https://decisiv.example:8443/b", "//decisiv.example.evil/b"] {
        assert_eq!(asked(&snapshot(), foreign).map(|(_, auth, _)| auth), Some(Auth::None), "{foreign}");
    }
    for unusable in ["http://decisiv.example/b", "ftp://decisiv.example/b", "https://[/b", "", "javascript:alert(1)"] {
        assert_eq!(asked(&snapshot(), unusable), None, "{unusable}");
    }
    let cleartext =
        Snapshot { base_url: "http://decisiv.example/platform_api".into(), ..with(&[("cleartext", "allow")]) };
    assert_eq!(asked(&cleartext, "b/file").map(|(_, auth, _)| auth), Some(Auth::Bearer));
}

#[test]
fn a_401_from_elsewhere_says_nothing_of_our_token() {
    let link = got(200, one_with(&format!("{CASE}/b"), "https://files.example/b", NAME, "28"));
    let gone = seen(&listed(NAME, "28"), &[link, got(401, "")]);
    assert!(matches!(gone, Sighting::Mismatch { confirmed: true, .. }));
}

#[test]
fn an_attachment_that_cannot_be_asked_for_or_is_another_holds_nothing_up() {
    let list_of = |id: &str| list(&[&format!("<a:URL>{CASE}/{id}</a:URL><a:filename>{NAME}</a:filename>")]);
    let other = got(200, one_with(&format!("{CASE}/c"), "b/file", NAME, "20"));
    for then in [other, got(404, ""), got(200, "<a/>"), got(200, list(&[]))] {
        assert!(matches!(seen(&list_of("b"), &[then]), Sighting::Mismatch { confirmed: true, .. }));
    }
    assert!(matches!(seen(&list_of("b"), &[got(503, "")]), Sighting::Mismatch { confirmed: false, .. }));
    assert_eq!(look(&list_of("b"), &[got(401, "")]), Looked::TokenWanted);
}

#[test]
fn a_list_is_read_whole_or_tells_nothing() {
    let good = listed(NAME, "20");
    let second = "<a:URL>x</a:URL><a:filename>y.jpg</a:filename>";
    assert_eq!(listing(&list(&[second, second])).map(|l| (l.entries.len(), l.complete)), Some((2, true)));
    for bad in [
        "",
        "{}",
        "[]",
        "<a/>",
        &good.replace("0.0.7/Case", "0.0.7/Kase"),
        &good[..good.len() - 3],
        &good.replacen("<a:attachments", "<!DOCTYPE x><a:attachments", 1),
        &list(&["<a:filename>x</a:filename>"]),
        &list(&["<a:URL></a:URL><a:filename>x</a:filename>"]),
        &list(&["<a:URL>https://decisiv.example/</a:URL>"]),
        &list(&["<a:URL>x</a:URL><a:filename>x</a:filename><a:filename>y</a:filename>"]),
        &list(&["<a:URL>x</a:URL><a:filename><a:b/></a:filename>"]),
        &list(&[]).replace("></a:", "><s:attachment><s:URL>x</s:URL></s:attachment></a:"),
        &one_with("x", "x", NAME, "20"),
    ] {
        assert_eq!(listing(bad), None, "{bad}");
    }
    let foreign = "<s:attachment><a:URL>x</a:URL><a:filename>y</a:filename></s:attachment></a:";
    assert_eq!(listing(&list(&[]).replace("></a:", &format!(">{foreign}"))), None, "it may be ours");
    let unnamed = listing(&list(&["<a:URL>x</a:URL><a:filename> </a:filename>"])).unwrap();
    assert!(!unnamed.complete && unnamed.entries[0].name.is_none(), "a file without a name may be ours");
}

#[test]
fn a_hint_that_the_list_goes_on_makes_it_prove_no_absence() {
    let beside = |text: &str| list(&[]).replace("></a:", &format!(">{text}</a:"));
    let on_it = |text: &str| list(&[]).replacen(' ', &format!(" {text} "), 1);
    for more in [
        beside("<a:nextPage>x</a:nextPage>"),
        beside("<a:hasMore>true</a:hasMore>"),
        beside("<a:total>1</a:total>"),
        beside("<a:next><a:URL>x</a:URL></a:next>"),
        on_it("total_entries='3'"),
        on_it("next='/x'"),
    ] {
        assert_eq!(listing(&more).map(|listing| listing.complete), Some(false), "{more}");
    }
    for all in [
        beside("<a:hasMore>false</a:hasMore><a:nextPage/><a:total>0</a:total>"),
        beside("<s:sender><s:id>x</s:id></s:sender><a:account>7</a:account>"),
        on_it("count='0' type='array'"),
    ] {
        assert_eq!(listing(&all).map(|listing| listing.complete), Some(true), "{all}");
    }
}

#[test]
fn what_two_attachments_are_called_is_no_id() {
    let at = |url: &str, name: &str| format!("<a:URL>{url}</a:URL><a:filename>{name}</a:filename><a:size>7</a:size>");
    let both = |second: &str| listing(&list(&[&at("1/details", "a.jpg"), second]));
    assert_eq!(both(&at("2/details", "b.jpg")), None);
    assert_eq!(both(&at("2/details", "a.jpg").replace('7', "8")), None);
    assert_eq!(both(&at("1/details", "a.jpg")).map(|listing| listing.entries.len()), Some(2), "the same one twice");
    assert_eq!(both(&at("1/else", "b.jpg")).map(|listing| listing.entries.len()), Some(2));
}
