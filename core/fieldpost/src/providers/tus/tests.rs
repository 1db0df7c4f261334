use super::super::tests::{Asked as _, FAILURES, FILE, answer, done, lost, to_tus};
use super::*;
use crate::model::{Auth, Body, Failure, Left, Method, Sink};

const LENGTH: u64 = FILE.len() as u64;

/// An answer of a tus server's own, after the whole request had left.
fn told(status: u16, headers: &[(&str, &str)]) -> Exchange {
    let own = [&[("tus-resumable", "1.0.0")], headers].concat();
    Exchange { left: Left::Whole, result: Ok(answer(status, &own, "")) }
}

fn part(got: Exchange) -> Exchange {
    Exchange { left: Left::Part, ..got }
}

/// What a server with these extensions says to OPTIONS.
fn offering(extensions: &str) -> Exchange {
    let headers = [("tus-version", "1.0.0,0.2.2"), ("tus-extension", extensions), ("tus-max-size", "1000000")];
    told(204, &[&headers[..], &[("tus-checksum-algorithm", "md5, sha256,sha1")]].concat())
}

fn created_at(location: &str) -> Exchange {
    told(201, &[("location", location)])
}

/// How much a server says is there.
fn there(offset: u64) -> Exchange {
    told(200, &[("upload-offset", &offset.to_string()), ("upload-length", &LENGTH.to_string())])
}

fn taken(offset: u64) -> Exchange {
    told(204, &[("upload-offset", &offset.to_string())])
}

/// The upload as it goes on at `/files/24e5`; `whole`: all of it may have left once.
fn going_on(whole: bool) -> Snapshot {
    Snapshot { resume: Some(Resume { at: "/files/24e5".into(), whole }), ..to_tus() }
}

/// `METHOD address`, and the headers.
fn shown(request: &Request) -> (String, Vec<(&str, &str)>) {
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    (format!("{} {}", request.method.as_str(), request.url), headers)
}

fn next(snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> (Request, Effect, Cursor) {
    Tus.resume(snapshot, at, got).asked()
}

fn ends(snapshot: &Snapshot, at: &Cursor, got: &Exchange) -> Outcome {
    done(Tus.resume(snapshot, at, got))
}

/// The cursor of a PATCH from 0 to an upload that was just created.
fn sent() -> (Snapshot, Cursor) {
    let (_, _, at) = Tus.begin(&to_tus()).asked();
    let (_, _, at) = next(&to_tus(), &at, &offering("creation"));
    let (_, _, at) = next(&to_tus(), &at, &created_at("/files/24e5"));
    (going_on(false), at)
}

/// The cursor of a HEAD.
fn asked_for_offset(snapshot: &Snapshot) -> Cursor {
    Tus.begin(snapshot).asked().2
}

fn waits(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Wait(_))
}

#[test]
fn an_upload_is_asked_for_created_and_filled_as_the_protocol_has_it() {
    let snapshot = to_tus();
    let (request, effect, at) = Tus.begin(&snapshot).asked();
    assert_eq!(shown(&request), ("OPTIONS https://tus.example.org/files".into(), vec![]));
    assert_eq!((effect, request.auth, request.body), (Effect::Reads, Auth::Bearer, Body::Empty));

    let (request, effect, at) = next(&snapshot, &at, &offering("creation,expiration,checksum"));
    let metadata = "filename Ym9pbGVyLTdmM2E5YzFlLmpwZw==,filetype aW1hZ2UvanBlZw==,work_order MTAyMzQ=,kind cGhvdG8=,\
                    marker N2YzYTljMWU=,request_id YTVhNWE1YTUtYTVhNS00NWE1LWE1YTUtYTVhNWE1YTVhNWE1,\
                    sha256 YzFmYjBmZDZjYWFhZDU5YmQyMTE2NTA4Mzk5YjZmMzFhNDIwMWEwMjlkMmRhMTEyZWU1MGYzMWIwMDEyMmIyMQ==,\
                    caption Qm9pbGVyIHBsYXRl,tenant bm9ydGg=,project Nw==";
    let spoken = ("tus-resumable", "1.0.0");
    let wanted = vec![spoken, ("Upload-Length", "20"), ("Upload-Metadata", metadata)];
    assert_eq!(shown(&request), ("POST https://tus.example.org/files".into(), wanted));
    assert_eq!((effect, request.auth, request.body), (Effect::Changes, Auth::Bearer, Body::Empty));

    let (request, effect, at) = next(&snapshot, &at, &created_at("https://tus.example.org/files/24e5"));
    let checksum = ("Upload-Checksum", "sha256 wfsP1sqq1ZvSEWUIOZtvMaQgGgKdLaES7lDzGwASKyE=");
    let wanted = vec![spoken, ("Upload-Offset", "0"), checksum];
    assert_eq!(shown(&request), ("PATCH https://tus.example.org/files/24e5".into(), wanted));
    assert_eq!(effect, Effect::Continues { at: "/files/24e5".into() });
    let body = Body::File { mime: "application/offset+octet-stream", from: 0 };
    assert_eq!((request.auth, &request.body, request.sink), (Auth::Bearer, &body, Sink::Memory));

    let outcome = ends(&going_on(false), &at, &taken(20));
    assert_eq!(outcome, Outcome::Delivered(RemoteId("24e5".into())));
}

#[test]
fn an_upload_that_is_there_in_part_is_asked_how_much_and_gets_the_rest() {
    let snapshot = going_on(false);
    let (request, effect, at) = Tus.begin(&snapshot).asked();
    let spoken = ("tus-resumable", "1.0.0");
    assert_eq!(shown(&request), ("HEAD https://tus.example.org/files/24e5".into(), vec![spoken]));
    assert_eq!((effect, request.auth, request.body), (Effect::Reads, Auth::Bearer, Body::Empty));
    let (request, effect, at) = next(&snapshot, &at, &there(7));
    let wanted = vec![spoken, ("Upload-Offset", "7")];
    assert_eq!(shown(&request), ("PATCH https://tus.example.org/files/24e5".into(), wanted));
    assert_eq!(request.body, Body::File { mime: "application/offset+octet-stream", from: 7 });
    assert_eq!(effect, Effect::Changes);
    assert_eq!(ends(&snapshot, &at, &taken(20)), Outcome::Delivered(RemoteId("24e5".into())));
    let at = asked_for_offset(&snapshot);
    assert_eq!(ends(&snapshot, &at, &there(20)), Outcome::Delivered(RemoteId("24e5".into())), "it was there already");
}

#[test]
fn a_server_that_takes_less_than_was_sent_gets_the_rest_but_not_for_ever() {
    let (snapshot, mut at) = sent();
    let mut pieces = 0;
    let outcome = loop {
        pieces += 1;
        match Tus.resume(&snapshot, &at, &taken(pieces.min(19))) {
            Step::Ask { request, at: next, .. } => {
                assert_eq!(request.body, Body::File { mime: "application/offset+octet-stream", from: pieces });
                at = next;
            }
            Step::Done(outcome) => break outcome,
        }
        assert!(pieces < 30);
    };
    // The twentieth answer names the offset that the nineteenth did: it took nothing.
    assert_eq!(pieces, 20);
    assert!(matches!(outcome, Outcome::InDoubt(_)));
    let (snapshot, mut at) = sent();
    let mut asked = 0;
    let outcome = loop {
        let got = if asked % 2 == 0 { told(409, &[]) } else { there(5) };
        match Tus.resume(&snapshot, &at, &got) {
            Step::Ask { at: next, .. } => at = next,
            Step::Done(outcome) => break outcome,
        }
        asked += 1;
        assert!(asked <= MOST_STEPS);
    };
    assert!(asked > 20 && waits(&outcome), "it is tried again later, after {asked} more requests");
}

#[test]
fn another_offset_than_ours_is_asked_for_and_gone_on_with() {
    let (snapshot, at) = sent();
    let (request, effect, at) = next(&snapshot, &at, &part(told(409, &[])));
    assert_eq!((request.method, effect), (Method::Head, Effect::Reads));
    let (request, _, _) = next(&snapshot, &at, &there(12));
    assert_eq!(shown(&request).1[1], ("Upload-Offset", "12"));
}

#[test]
fn what_is_gone_begins_anew_unless_it_may_have_been_whole() {
    for status in [403, 404, 410] {
        let fresh = going_on(false);
        let (request, _, at) = next(&fresh, &asked_for_offset(&fresh), &told(status, &[]));
        assert_eq!(request.method, Method::Options, "{status}");
        let (request, effect, at) = next(&fresh, &at, &offering("creation"));
        assert_eq!((request.method, effect), (Method::Post, Effect::Changes), "{status}");
        let (request, effect, _) = next(&fresh, &at, &created_at("new"));
        assert_eq!(request.url.as_str(), "https://tus.example.org/new", "relative to the address that was asked");
        assert_eq!(effect, Effect::Continues { at: "/new".into() });
        let whole = going_on(true);
        let outcome = ends(&whole, &asked_for_offset(&whole), &told(status, &[]));
        assert!(matches!(outcome, Outcome::InDoubt(Doubt { status: None, refusal: None, .. })), "{status}");
    }
    let (snapshot, at) = sent();
    for status in [404, 410] {
        assert_eq!(next(&snapshot, &at, &told(status, &[])).0.method, Method::Options);
        assert!(matches!(ends(&going_on(true), &at, &told(status, &[])), Outcome::InDoubt(_)));
        let foreign = Exchange { left: Left::Whole, result: Ok(answer(status, &[], "not found")) };
        assert!(matches!(ends(&snapshot, &at, &foreign), Outcome::InDoubt(_)), "who says so need not be the server");
    }
}

#[test]
fn what_has_expired_by_the_servers_own_clock_begins_anew() {
    let expires = ("upload-expires", "Wed, 25 Jun 2014 16:00:00 GMT");
    let told_at = |date| {
        let place = [("upload-offset", "7"), ("upload-length", "20")];
        told(200, &[&place[..], &[expires, ("date", date)]].concat())
    };
    let next = |whole, date| {
        let snapshot = going_on(whole);
        next(&snapshot, &asked_for_offset(&snapshot), &told_at(date)).0.method
    };
    assert_eq!(next(false, "Wed, 25 Jun 2014 16:00:00 GMT"), Method::Options);
    assert_eq!(next(false, "Wed, 25 Jun 2014 15:59:59 GMT"), Method::Patch);
    assert_eq!(next(false, "yesterday"), Method::Patch);
    assert_eq!(
        next(true, "Wed, 25 Jun 2014 16:00:00 GMT"),
        Method::Patch,
        "it may be whole by now: that is asked there"
    );
}

#[test]
fn a_creation_whose_answer_was_lost_is_no_doubt() {
    let snapshot = to_tus();
    let (_, _, at) = Tus.begin(&snapshot).asked();
    let (_, _, at) = next(&snapshot, &at, &offering("creation"));
    for failure in FAILURES.into_iter().filter(|f| !matches!(f, Failure::Stopped | Failure::FileDamaged)) {
        assert!(waits(&ends(&snapshot, &at, &lost(failure))), "{failure:?}");
    }
    assert_eq!(ends(&snapshot, &at, &lost(Failure::Stopped)), Outcome::Stopped);
    assert!(waits(&ends(&snapshot, &at, &told(201, &[]))), "without an address");
    assert!(waits(&ends(&snapshot, &at, &told(500, &[]))));
    assert!(waits(&ends(&snapshot, &at, &told(423, &[]))));
    assert!(matches!(ends(&snapshot, &at, &told(413, &[])), Outcome::Blocked(why) if why.reason == Reason::TooLarge));
    for status in [400, 404, 410, 412] {
        assert!(
            matches!(ends(&snapshot, &at, &told(status, &[])), Outcome::Blocked(why) if why.reason == Reason::Refused)
        );
    }
    assert!(matches!(ends(&snapshot, &at, &told(403, &[])), Outcome::Blocked(why) if why.reason == Reason::Forbidden));
    assert_eq!(ends(&snapshot, &at, &told(401, &[])), Outcome::TokenWanted);
}

#[test]
fn an_address_elsewhere_gets_nothing_of_ours() {
    let snapshot = to_tus();
    let (_, _, at) = Tus.begin(&snapshot).asked();
    let (_, _, at) = next(&snapshot, &at, &offering("creation"));
    for location in [
        "https://evil.example/files/1",
        "//evil.example/files/1",
        "http://tus.example.org/files/1",
        "https://tus.example.org:8443/files/1",
        "https://jo:secret@tus.example.org/files/1",
        "https://tus.example.org/files/1?sig=abc",
        "https://tus.example.org/files/1#x",
        "https://tus.example.org//evil.example/x",
        "https://tus.example.org/files",
        "https://tus.example.org/files/",
        "",
        ".",
        "mailto:a@b",
        "https://",
        &format!("/files/{}", "x".repeat(600)),
    ] {
        let Outcome::Blocked(why) = ends(&snapshot, &at, &created_at(location)) else { panic!("{location}") };
        assert_eq!((why.reason, why.action), (Reason::Refused, crate::model::Action::AskOffice), "{location}");
        assert!(!why.detail.unwrap_or_default().contains("abc"), "{location}");
    }
    let twice = told(201, &[("location", "/files/1"), ("location", "/files/2")]);
    assert!(waits(&ends(&snapshot, &at, &twice)));
    for (location, id) in [("/files/a%20b", "a%20b"), ("/elsewhere/1", "/elsewhere/1"), ("files/x/y", "x/y")] {
        let (_, effect, _) = next(&snapshot, &at, &created_at(location));
        let Effect::Continues { at } = effect else { panic!("{location}") };
        let snapshot = Snapshot { resume: Some(Resume { at, whole: false }), ..to_tus() };
        assert_eq!(requests::remote_id(&snapshot), Some(RemoteId(id.into())));
    }
}

#[test]
fn the_slash_at_the_end_of_the_accounts_address_is_kept() {
    let snapshot = Snapshot { base_url: "https://tus.example.org/files/".into(), ..to_tus() };
    let (request, _, at) = Tus.begin(&snapshot).asked();
    assert_eq!(request.url.as_str(), "https://tus.example.org/files/");
    let (_, _, at) = next(&snapshot, &at, &offering("creation"));
    let (request, _, at) = next(&snapshot, &at, &created_at("24e5"));
    assert_eq!(request.url.as_str(), "https://tus.example.org/files/24e5");
    let snapshot = Snapshot { base_url: snapshot.base_url, ..going_on(false) };
    assert_eq!(ends(&snapshot, &at, &taken(20)), Outcome::Delivered(RemoteId("24e5".into())));
}

#[test]
fn what_the_server_says_beforehand_blocks_what_it_would_refuse() {
    let (snapshot, (_, _, at)) = (to_tus(), Tus.begin(&to_tus()).asked());
    let blocked = |headers: &[(&str, &str)]| match Tus.resume(&snapshot, &at, &told(204, headers)) {
        Step::Done(Outcome::Blocked(why)) => Some((why.reason, why.detail.unwrap())),
        _ => None,
    };
    let (reason, detail) = blocked(&[("tus-version", "2.0.0,0.9"), ("tus-extension", "creation")]).unwrap();
    assert_eq!((reason, detail.as_str()), (Reason::Refused, "the server speaks tus 2.0.0, 0.9, not 1.0.0"));
    assert_eq!(blocked(&[("tus-version", "1.0.0"), ("tus-extension", "expiration")]).unwrap().0, Reason::Refused);
    let small = [("tus-version", "1.0.0"), ("tus-extension", "creation"), ("tus-max-size", "19")];
    assert_eq!(blocked(&small).unwrap().0, Reason::TooLarge);
    let just = [("tus-version", "1.0.0"), ("tus-extension", "creation"), ("tus-max-size", "20")];
    assert_eq!(blocked(&just), None);
    // Who cannot tell is asked by the creation itself.
    for silent in [
        told(204, &[]),
        told(405, &[]),
        told(403, &[]),
        told(404, &[]),
        told(301, &[]),
        told(200, &[("tus-max-size", "1")]),
    ] {
        assert_eq!(next(&snapshot, &at, &silent).0.method, Method::Post, "{silent:?}");
    }
    assert_eq!(ends(&snapshot, &at, &told(401, &[])), Outcome::TokenWanted);
    assert!(waits(&ends(&snapshot, &at, &told(503, &[]))) && waits(&ends(&snapshot, &at, &lost(Failure::Dns))));
}

#[test]
fn a_checksum_goes_with_the_whole_of_a_small_file_where_the_server_checks_it() {
    let sums = |snapshot: &Snapshot, offers: &Exchange| {
        let (_, _, at) = Tus.begin(snapshot).asked();
        let (request, _, at) = next(snapshot, &at, offers);
        let request = match request.method {
            Method::Post => next(snapshot, &at, &created_at("/files/1")).0,
            _ => request,
        };
        shown(&request).1.iter().any(|(name, _)| *name == "Upload-Checksum")
    };
    let with = |key: &str, value: &str| {
        let settings = [(key.to_owned(), value.to_owned())].into();
        Snapshot { settings, ..to_tus() }
    };
    assert!(sums(&to_tus(), &offering("creation,checksum")));
    assert!(!sums(&to_tus(), &offering("creation")));
    assert!(!sums(&with("checksum", "never"), &offering("creation,checksum")));
    let sha1 = [("tus-version", "1.0.0"), ("tus-extension", "creation,checksum"), ("tus-checksum-algorithm", "sha1")];
    assert!(!sums(&to_tus(), &told(204, &sha1)));
    let large = Snapshot { bytes: Bytes(CHECKED.0 + 1), ..to_tus() };
    let offers = told(
        204,
        &[("tus-version", "1.0.0"), ("tus-extension", "creation,checksum"), ("tus-checksum-algorithm", "sha256")],
    );
    assert!(!sums(&large, &offers));
    // One that is there, and empty: the whole goes, so it can be checked.
    let (snapshot, empty) = (going_on(false), there(0));
    let (request, effect, at) = next(&snapshot, &asked_for_offset(&snapshot), &empty);
    assert_eq!((request.method, effect), (Method::Options, Effect::Reads));
    let (request, effect, _) = next(&snapshot, &at, &offering("creation,checksum"));
    assert_eq!((request.method, effect), (Method::Patch, Effect::Changes));
    assert_eq!(shown(&request).1[2].0, "Upload-Checksum");
}

#[test]
fn a_lock_waits_and_bytes_that_were_altered_are_looked_after() {
    let (snapshot, at) = sent();
    assert!(waits(&ends(&snapshot, &at, &told(423, &[]))));
    assert!(matches!(
        ends(&snapshot, &at, &told(460, &[])),
        Outcome::InDoubt(Doubt { refusal: None, host_ill: false, .. })
    ));
    assert!(matches!(ends(&snapshot, &at, &told(413, &[])), Outcome::Blocked(why) if why.reason == Reason::TooLarge));
    assert!(matches!(ends(&snapshot, &at, &told(412, &[])), Outcome::Blocked(why) if why.reason == Reason::Refused));
    assert_eq!(ends(&snapshot, &at, &told(401, &[])), Outcome::TokenWanted);
    assert!(matches!(ends(&snapshot, &at, &told(400, &[])), Outcome::InDoubt(doubt) if doubt.refusal.is_some()));
    let asked = asked_for_offset(&snapshot);
    assert!(waits(&ends(&snapshot, &asked, &told(423, &[]))));
    assert_eq!(ends(&snapshot, &asked, &told(401, &[])), Outcome::TokenWanted);
}

#[test]
fn nothing_but_the_offset_of_the_end_proves_a_delivery() {
    let (snapshot, at) = sent();
    let own = ("tus-resumable", "1.0.0");
    let plain =
        |status, headers: &[(&str, &str)]| Exchange { left: Left::Whole, result: Ok(answer(status, headers, "")) };
    for odd in [
        taken(21),
        taken(0),
        told(200, &[("upload-offset", "20")]),
        told(201, &[("upload-offset", "20")]),
        told(204, &[]),
        told(204, &[("upload-offset", "20"), ("upload-offset", "20")]),
        told(204, &[("upload-offset", "0x14")]),
        told(204, &[("upload-offset", "+20")]),
        told(204, &[("upload-offset", "20.0")]),
        told(204, &[("upload-offset", "20, 20")]),
        told(204, &[("upload-offset", "99999999999999999999999")]),
        told(204, &[("upload-offset", "-20")]),
        plain(204, &[("upload-offset", "20")]),
        plain(204, &[("tus-resumable", "0.2.2"), ("upload-offset", "20")]),
        part(taken(20)),
        lost(Failure::Broken),
    ] {
        let outcome = ends(&snapshot, &at, &odd);
        assert!(matches!(outcome, Outcome::InDoubt(_)), "{odd:?}: {outcome:?}");
    }
    assert!(waits(&ends(&snapshot, &at, &part(lost(Failure::Broken)))));
    let page = plain(200, &[("content-type", "text/html"), ("upload-offset", "20")]);
    assert!(matches!(ends(&snapshot, &at, &page), Outcome::InDoubt(doubt) if doubt.reason == Reason::CaptivePortal));
    let called = plain(204, &[("content-type", "text/html"), own, ("upload-offset", "20")]);
    assert!(matches!(ends(&snapshot, &at, &called), Outcome::Delivered(_)), "a framework's own word for no body");
}

#[test]
fn a_look_asks_the_upload_itself() {
    let doubt = going_on(true);
    let look = |got: &Exchange| {
        let (request, effect, at) = Tus.look(std::slice::from_ref(&doubt)).asked();
        assert_eq!((request.method, effect, request.url.path()), (Method::Head, Effect::Reads, "/files/24e5"));
        done(Tus.resume_look(std::slice::from_ref(&doubt), &at, got))
    };
    let Looked::Listed(listing) = look(&there(20)) else { panic!("it is there") };
    assert_eq!(listing.entries[0].remote_id, RemoteId("24e5".into()));
    assert!(!listing.complete);
    let sighting = super::super::recognise::recognise(&listing.entries, &doubt, &|_| false);
    assert!(matches!(sighting, super::super::recognise::Sighting::Ours { .. }));
    assert_eq!(look(&there(19)), Looked::NotWhole);
    assert_eq!(look(&there(0)), Looked::NotWhole);
    for cannot in [there(21), told(404, &[]), told(410, &[]), told(403, &[]), told(200, &[("upload-offset", "20")])] {
        assert!(matches!(look(&cannot), Looked::CannotTell { .. }), "{cannot:?}");
    }
    let other = told(200, &[("upload-offset", "19"), ("upload-length", "19")]);
    assert!(matches!(look(&other), Looked::CannotTell { .. }), "not our upload");
    assert!(matches!(look(&told(503, &[])), Looked::Later(_)));
    assert!(matches!(look(&told(423, &[])), Looked::CannotTell { .. } | Looked::Later(_)));
    assert_eq!(look(&told(401, &[])), Looked::TokenWanted);
}

#[test]
fn without_an_address_nothing_can_have_been_sent_but_an_empty_file() {
    assert_eq!(done(Tus.look(&[to_tus()])), Looked::NotWhole);
    let empty = Snapshot { bytes: Bytes(0), ..to_tus() };
    assert!(matches!(done(Tus.look(std::slice::from_ref(&empty))), Looked::CannotTell { .. }));
    let (_, _, at) = Tus.begin(&empty).asked();
    let (request, _, at) = next(&empty, &at, &offering("creation"));
    assert_eq!(shown(&request).1[1], ("Upload-Length", "0"));
    assert_eq!(ends(&empty, &at, &created_at("/files/24e5")), Outcome::Delivered(RemoteId("24e5".into())));
    for lost in [lost(Failure::Broken), told(201, &[]), told(500, &[]), created_at("https://evil.example/1")] {
        assert!(matches!(ends(&empty, &at, &lost), Outcome::InDoubt(_)), "{lost:?}");
    }
}

#[test]
fn each_upload_is_looked_for_alone() {
    let other = Snapshot { resume: Some(Resume { at: "/files/other".into(), whole: true }), ..to_tus() };
    assert!(Tus.same_list(&going_on(false), &going_on(true)));
    assert!(!Tus.same_list(&going_on(true), &other));
    assert!(!Tus.same_list(&to_tus(), &to_tus()), "neither has one");
}

#[test]
fn what_goes_along_is_escaped_and_a_caption_that_no_header_holds_stays_here() {
    let create = |snapshot: &Snapshot| {
        let (_, _, at) = Tus.begin(snapshot).asked();
        shown(&next(snapshot, &at, &offering("creation")).0).1[2].1.to_owned()
    };
    let evil =
        Snapshot { name: "a\r\nX-Evil: 1,b c-7f3a9c1e.jpg".into(), caption: Some("é 🔥, x".into()), ..to_tus() };
    let told = create(&evil);
    assert!(told.bytes().all(|b| b.is_ascii_alphanumeric() || b" ,=+/_".contains(&b)), "{told}");
    assert!(told.contains("caption w6kg8J+UpSwgeA=="), "{told}");
    let long = Snapshot { caption: Some("x".repeat(3_001)), ..to_tus() };
    assert!(!create(&long).contains("caption"));
    let (good, bad) = (METADATA.accepts, |v: &str| !(METADATA.accepts)(v));
    assert!(good("tenant=north,project=7") && good("a=, b=c=d") && good("x=ü"));
    assert!(bad("") && bad("a") && bad("=b") && bad("a=1,a=2") && bad("sha256=x") && bad("a b=c") && bad("a=b\r\n"));
    assert!(bad(&format!("a={}", "x".repeat(1_000))) && bad(&vec!["a=b"; 17].join(",")));
}
