use super::super::FieldNation;
use super::*;
use crate::model::{Auth, Failure, Left, Sink};
use crate::providers::settings::check_account;
use crate::providers::tests::{Asked, DRAFT, FAILURES, done, got, lost, to_field_nation};
use crate::providers::{Doubt, Provider};

const BASE: &str = "https://api-sandbox.fndev.net/api/rest/v2/workorders/10234/signatures";

fn to_endpoint() -> Snapshot {
    let mut sent = Snapshot {
        kind: Kind::Signature,
        name: "customer-7f3a9c1e.png".into(),
        mime: FORMAT.into(),
        ..to_field_nation()
    };
    sent.settings.insert("signatures".into(), "endpoint".into());
    sent
}

/// The whole work order with these signatures, each its number and its name.
fn work_order(signatures: &[(u64, &str)]) -> String {
    let results: Vec<_> =
        signatures.iter().map(|(id, name)| serde_json::json!({"id": id, "name": name, "x": 1})).collect();
    let metadata = serde_json::json!({"total": 100, "page": 0, "pages": 5, "per_page": 20});
    let list = serde_json::json!({"metadata": metadata, "results": results, "correlation_id": "c", "actions": []});
    serde_json::json!({"id": 10234, "attachments": {"results": []}, "signatures": list}).to_string()
}

/// The request, in this shape.
fn signed(before: &str) -> Request {
    let body = Body::Around { mime: "application/json", before: before.to_owned(), behind: r#""}"#.to_owned() };
    let (url, auth) = (BASE.parse().unwrap(), Auth::Query("access_token"));
    Request { method: Method::Post, url, headers: vec![], auth, body, sink: Sink::Memory }
}

/// What came of a signature whose requests were answered so.
fn after(exchanges: &[Exchange]) -> Step<Outcome> {
    let sent = to_endpoint();
    exchanges.iter().fold(FieldNation.begin(&sent), |step, exchange| {
        let (_, _, at) = step.asked();
        FieldNation.resume(&sent, &at, exchange)
    })
}

const REFUSED: &str = r#"{"status": 400, "message": "signature is required"}"#;

#[test]
fn a_signature_goes_to_its_endpoint_as_json_with_its_picture_within() {
    let (request, effect, _) = FieldNation.begin(&to_endpoint()).asked();
    let first = signed(r#"{"name":"customer-7f3a9c1e","format":"image/png","data":""#);
    assert_eq!((request, effect), (first, Effect::Changes));
    let mut acting = to_endpoint();
    acting.settings.insert("acting_user_id".into(), "17".into());
    let (request, ..) = FieldNation.begin(&acting).asked();
    assert_eq!(request.url.as_str(), format!("{BASE}?acting_user_id=17"));
    // All else goes into its folder, and a signature too where the account does not say otherwise.
    for other in
        [Snapshot { kind: Kind::Photo, ..to_endpoint() }, Snapshot { kind: Kind::Signature, ..to_field_nation() }]
    {
        assert_eq!(FieldNation.begin(&other).asked().0.method, Method::Get, "its folder is looked for");
    }
}

#[test]
fn what_cannot_be_read_in_one_shape_goes_once_in_the_other() {
    for status in [400, 422] {
        let (request, effect, _) = after(&[got(status, REFUSED)]).asked();
        let second = signed(r#"{"name":"customer-7f3a9c1e","signature":"data:image/png;base64,"#);
        assert_eq!((request, effect), (second, Effect::Changes));
        let outcome = done(after(&[got(status, REFUSED), got(200, work_order(&[(7, "CUSTOMER-7F3A9C1E")]))]));
        assert_eq!(outcome, Outcome::Delivered(RemoteId("signatures/7".into())));
        let outcome = done(after(&[got(status, REFUSED), got(status, REFUSED)]));
        assert!(matches!(outcome, Outcome::Blocked(why) if why.reason == Reason::Refused), "{status}");
    }
    for (status, reason) in [(403, Reason::Forbidden), (404, Reason::WorkOrderMissing), (409, Reason::Refused)] {
        let outcome = done(after(&[got(status, REFUSED)]));
        assert!(matches!(outcome, Outcome::Blocked(why) if why.reason == reason), "{status}");
    }
    let expired = r#"{"status": 400, "message": "You must provide a valid OAuth token to make a request"}"#;
    assert_eq!(done(after(&[got(400, expired)])), Outcome::TokenWanted);
}

#[test]
fn only_our_name_in_the_answer_proves_it_and_all_else_is_a_doubt() {
    let ours = work_order(&[(3, "A. Smith"), (7, "customer-7f3a9c1e")]);
    assert_eq!(done(after(&[got(200, ours)])), Outcome::Delivered(RemoteId("signatures/7".into())));
    for body in [
        work_order(&[]),
        work_order(&[(3, "A. Smith")]),
        work_order(&[(7, "customer-7f3a9c1e"), (8, "customer-7f3a9c1e")]),
        work_order(&[(0, "customer-7f3a9c1e")]),
        r#"{"id": 7, "name": "customer-7f3a9c1e"}"#.to_owned(),
        r#"{"signatures": 7}"#.to_owned(),
        String::new(),
    ] {
        assert!(matches!(done(after(&[got(200, &body)])), Outcome::InDoubt(_)), "{body}");
    }
    for failure in FAILURES {
        let outcome = done(after(&[lost(failure)]));
        assert!(matches!(outcome, Outcome::InDoubt(_)), "{failure:?}: never the other shape: {outcome:?}");
    }
    assert!(matches!(done(after(&[got(400, r#"{"odd": 1}"#)])), Outcome::InDoubt(Doubt { refusal: Some(_), .. })));
    let early = Exchange { left: Left::Part, result: Err(Failure::Broken) };
    assert!(matches!(done(after(&[early])), Outcome::Wait(_)));
}

#[test]
fn a_look_finds_ours_by_its_name_and_never_proves_that_it_is_not_there() {
    let doubts = [to_endpoint()];
    let (request, effect, at) = FieldNation.look(&doubts).asked();
    assert_eq!((request.method, request.url.as_str(), effect), (Method::Get, BASE, Effect::Reads));
    let looked = |body: &str| done(FieldNation.resume_look(&doubts, &at, &got(200, body)));
    let list = r#"{"metadata": {"total": 1, "pages": 1}, "results": [{"id": 7, "name": "Customer-7F3A9C1E"}]}"#;
    for body in [list, &work_order(&[(7, "customer-7f3a9c1e")])] {
        let Looked::Listed(Listing { entries, complete: false }) = looked(body) else { panic!("{body}") };
        let found = Sighting::Ours { remote_id: RemoteId("signatures/7".into()), surplus: vec![] };
        assert_eq!(recognise(&entries, &doubts[0], &|_| false), found);
    }
    let empty = r#"{"metadata": {"total": 0, "pages": 1}, "results": []}"#;
    assert_eq!(looked(empty), Looked::Listed(Listing { entries: vec![], complete: false }));
    for body in ["[]", "{}", r#"{"results": [7]}"#, r#"{"results": [{"id": 7, "name": 7}]}"#] {
        assert!(matches!(looked(body), Looked::CannotTell { .. }), "{body}");
    }
    assert!(!FieldNation.same_list(&to_endpoint(), &to_field_nation()));
    assert!(!FieldNation.shares_trust(&to_endpoint()) && FieldNation.shares_trust(&to_field_nation()));
}

#[test]
fn what_the_endpoint_will_refuse_is_found_offline_and_the_setting_takes_two_words() {
    let settings = to_endpoint().settings;
    let reason = |kind, work_order, name| {
        let draft = Draft { work_order, name, kind, settings: &settings, ..DRAFT };
        FieldNation.preflight(&draft).map(|why| why.reason)
    };
    assert_eq!(reason(Kind::Signature, "10234", "a.PNG"), None);
    assert_eq!(reason(Kind::Signature, "10234", "a.jpg"), Some(Reason::TypeNotAccepted));
    assert_eq!(reason(Kind::Signature, "WO-1", "a.png"), Some(Reason::WorkOrderNotValid));
    assert_eq!(reason(Kind::Photo, "10234", "a.jpg"), None);
    let account = crate::model::Account::field_nation("fn", "https://h");
    for (word, takes) in [("file", true), ("endpoint", true), ("both", false), ("", false)] {
        assert_eq!(check_account(&account.clone().set("signatures", word)).is_ok(), takes, "{word}");
    }
}

/// The same with its names in lower case: in which they are written says nothing.
fn lower(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().map(|(name, value)| (name.to_lowercase(), lower(value))).collect(),
        Value::Array(all) => all.into_iter().map(lower).collect(),
        other => other,
    }
}

#[test]
fn no_answer_that_was_altered_makes_it_panic_or_proves_what_it_does_not_say() {
    let sound = work_order(&[(3, "A. Smith"), (7, "customer-7f3a9c1e")]).into_bytes();
    let mut delivered = 0;
    for seed in 0..40_000 {
        let rng = &mut crate::providers::tests::Rng(seed);
        let mut body = sound.clone();
        for _ in 0..rng.below(4) {
            let n = rng.below(body.len());
            match rng.below(8) {
                0 => body.truncate(n + 1),
                1..3 => body.insert(n, rng.of(b"{}[]\",:0<")),
                _ => body[n] = u8::try_from(rng.below(256)).unwrap(),
            }
        }
        let (status, left) = (rng.of(&[200, 200, 201, 400, 500]), rng.of(&[Left::Whole, Left::Whole, Left::Part]));
        let exchange = Exchange { left, ..got(status, &body) };
        if let Step::Done(Outcome::Delivered(id)) = after(std::slice::from_ref(&exchange)) {
            let said = lower(serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body)).unwrap());
            let list = if said["signatures"].is_object() { &said["signatures"] } else { &said };
            let ours =
                |entry: &&Value| entry["name"].as_str().is_some_and(|name| name.to_lowercase().contains("7f3a9c1e"));
            let found: Vec<&Value> = list["results"].as_array().unwrap().iter().filter(ours).collect();
            let [only] = found.as_slice() else { panic!("seed {seed}: {found:?}") };
            let number = only["id"].as_u64().or_else(|| only["id"].as_str()?.trim().parse().ok());
            assert_eq!(id.0, format!("signatures/{}", number.unwrap()), "seed {seed}");
            assert!(status < 300 && left == Left::Whole, "seed {seed}");
            delivered += 1;
        }
        let (_, _, at) = FieldNation.look(&[to_endpoint()]).asked();
        assert!(!matches!(
            done(FieldNation.resume_look(&[to_endpoint()], &at, &exchange)),
            Looked::Listed(Listing { complete: true, .. })
        ));
    }
    assert!(delivered > 5_000, "too few to mean anything: {delivered}");
}
