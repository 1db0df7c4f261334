//! A tus server's answers, near to the protocol and far from it.

use super::*;
use crate::model::Resume;

/// An upload of [`FILE`] to a tus server.
pub(in super::super) fn to_tus() -> Snapshot {
    Snapshot {
        provider: ProviderKind::Tus,
        base_url: "https://tus.example.org/files".into(),
        settings: [("metadata".to_owned(), "tenant=north,project=7".to_owned())].into(),
        ..snapshot()
    }
}

/// Headers that a server may send, with values that fit and values that do not.
fn headers(rng: &mut Rng) -> Vec<(&'static str, &'static str)> {
    let some = [
        ("tus-resumable", &["1.0.0", "1.0.0", "1.0.0", "0.2.2", ""][..]),
        ("tus-version", &["1.0.0", "2.0.0", ",,"]),
        ("tus-extension", &["creation,checksum,expiration", "creation", ""]),
        ("tus-checksum-algorithm", &["sha1,sha256", "md5"]),
        ("tus-max-size", &["1000", "19", "-1", "99999999999999999999"]),
        (
            "location",
            &["/files/1", "1", "/files/1?sig=abc", "https://evil.example/1", "//evil.example/1", "", "\u{e9}"],
        ),
        ("upload-offset", &["0", "7", "19", "20", "20", "20", "21", "+20", "20,20", "x"]),
        ("upload-length", &["20", "20", "20", "19", "0"]),
        ("upload-expires", &["Wed, 25 Jun 2014 16:00:00 GMT", "soon"]),
        ("date", &["Wed, 25 Jun 2014 15:00:00 GMT", "Wed, 25 Jun 2014 17:00:00 GMT", "now"]),
        ("content-type", &["text/html", "text/plain"]),
    ];
    let mut all = Vec::new();
    for (name, values) in some {
        for _ in 0..rng.of(&[0, 1, 1, 1, 1, 2]) {
            all.push((name, rng.of(values)));
        }
    }
    all
}

fn said(rng: &mut Rng, kind: Option<Exchange>) -> Exchange {
    if let Some(kind) = kind.filter(|_| rng.below(2) == 0) {
        return kind;
    }
    let left = rng.of(&[Left::None, Left::Part, Left::Whole, Left::Whole]);
    if rng.below(6) == 0 {
        return Exchange { left, result: Err(rng.of(&FAILURES)) };
    }
    let status = rng.of(&[200, 201, 204, 204, 204, 301, 400, 401, 403, 404, 409, 410, 412, 413, 423, 429, 460, 500, 0]);
    let body = rng.of(&["", "", "Not found", "<html>sign in</html>"]);
    Exchange { left, result: Ok(answer(status, &headers(rng), body)) }
}

/// What a sound server answers to this.
fn sound(request: &Request) -> Exchange {
    let own = ("tus-resumable", "1.0.0");
    let answer = match request.method {
        Method::Options => answer(204, &[("tus-version", "1.0.0"), ("tus-extension", "creation,checksum")], ""),
        Method::Post => answer(201, &[own, ("location", "/files/1")], ""),
        Method::Head => answer(200, &[own, ("upload-offset", "7"), ("upload-length", "20")], ""),
        _ => answer(204, &[own, ("upload-offset", "19")], ""),
    };
    Exchange { left: Left::Whole, result: Ok(answer) }
}

/// Whether this exchange alone proves that all of the file is at the address that was asked: read here in another way than the
/// code does.
fn is_proof(request: &Request, got: &Exchange) -> bool {
    let Ok(answer) = &got.result else { return false };
    let all =
        |name: &str| answer.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
    let ends = all("upload-offset") == ["20"] && all("tus-resumable") == ["1.0.0"];
    match request.method {
        Method::Patch => ends && answer.status == 204 && got.left == Left::Whole,
        Method::Head => ends && [200, 204].contains(&answer.status) && all("upload-length") == ["20"],
        _ => false,
    }
}

/// Whether what comes after this exchange may go on as if the server itself had answered: not where a whole body left, and the answer
/// does not say whose it is.
fn tells_itself((request, got): &(Request, Exchange)) -> bool {
    let own = |answer: &Answer| answer.header("tus-resumable") == Some("1.0.0");
    request.method != Method::Patch || got.left != Left::Whole || got.result.as_ref().is_ok_and(own)
}

/// Every address that gets something of ours.
fn is_at_home(request: &Request) -> bool {
    let url = &request.url;
    url.origin().ascii_serialization() == "https://tus.example.org"
        && url.query().is_none()
        && url.username().is_empty()
}

#[test]
fn no_answer_of_a_tus_server_proves_a_delivery_but_the_offset_of_the_end_at_the_account_s_own_address() {
    let (mut delivered, mut begun_anew, mut longest) = (0, 0, 0);
    for seed in 0..60_000 {
        let rng = &mut Rng(seed);
        let mut sent = to_tus();
        let there = |whole| Some(Resume { at: "/files/0".into(), whole });
        sent.resume = rng.of(&[None, None, there(false), there(true)]);
        let may_be_whole = sent.resume.as_ref().is_some_and(|resume| resume.whole);
        let system = provider(sent.provider);
        let (mut step, mut last, mut asked) = (system.begin(&sent), None, 0);
        while let Step::Ask { request, effect, at } = step {
            assert!(is_at_home(&request), "seed {seed}: {request:?}");
            assert!(!at.0.to_string().contains("files"), "a cursor holds an address, seed {seed}");
            assert!(
                last.as_ref().is_none_or(tells_itself),
                "nobody who can tell said that it is not there, seed {seed}"
            );
            assert!(!may_be_whole || request.method != Method::Post, "what may be whole begins anew, seed {seed}");
            if let Effect::Continues { at } = effect {
                begun_anew += usize::from(sent.resume.is_some());
                sent.resume = Some(Resume { at, whole: false });
            }
            assert!(request.method != Method::Patch || sent.resume.is_some(), "nothing is sent to what is not kept");
            let got = said(rng, Some(sound(&request)));
            step = system.resume(&sent, &at, &got);
            last = Some((request, got));
            asked += 1;
            assert!(asked <= 41, "it does not end, seed {seed}");
        }
        longest = longest.max(asked);
        if let Outcome::Delivered(id) = done(step) {
            let (request, got) = last.unwrap();
            assert!(is_proof(&request, &got), "seed {seed}: {request:?} {got:?}");
            assert_eq!(format!("/files/{}", id.0), request.url.path(), "seed {seed}");
            delivered += 1;
        }
    }
    assert!(
        delivered > 200 && begun_anew > 200 && longest > 5,
        "{delivered} delivered, {begun_anew} anew, {longest} steps"
    );
}

#[test]
fn no_answer_to_a_look_makes_a_tus_server_panic_or_shows_what_is_not_whole() {
    let (mut found, mut less) = (0, 0);
    for seed in 0..40_000 {
        let rng = &mut Rng(seed);
        let doubts = [Snapshot { resume: Some(Resume { at: "/files/1".into(), whole: true }), ..to_tus() }];
        let (request, _, at) = provider(ProviderKind::Tus).look(&doubts).asked();
        let got = said(rng, None);
        match done(provider(ProviderKind::Tus).resume_look(&doubts, &at, &got)) {
            Looked::Listed(_) => {
                assert!(is_proof(&request, &got), "seed {seed}: {got:?}");
                found += 1;
            }
            Looked::NotWhole => less += 1,
            _ => {}
        }
    }
    assert!(found > 100 && less > 100, "{found} found, {less} not whole");
}
