use super::super::recognise::{Sighting, recognise};
use super::super::tests::{Asked, DRAFT, done, got, lost, to_serial as snapshot};
use super::*;
use crate::model::{Failure, Left};

const USER: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

/// One of the vendor's attachments, as the page shows them.
fn listed(id: &str, file_name: &str, user: &str) -> String {
    format!(
        r#"{{"dataset_id": "{id}", "value": "<string>", "file_name": "{file_name}", "added_at": "2023-11-07T05:31:56Z",
            "added_by_user_id": "{user}", "is_deleted": true}}"#
    )
}

/// The vendor's work order, as far as it matters.
fn work_order_with(attachments: &[String]) -> String {
    format!(
        r#"{{"id": "<string>", "wo_number": 1, "name": "<string>", "status": "DRAFT", "quantity": 123, "deadline": null,
            "attachments": [{}]}}"#,
        attachments.join(",")
    )
}

/// What comes after the work order was read with these attachments.
fn sent(before: &[String]) -> (Request, Effect, Cursor) {
    let (_, _, at) = Serial.begin(&snapshot()).asked();
    Serial.resume(&snapshot(), &at, &got(200, work_order_with(before))).asked()
}

fn uploaded(before: &[String], answer: &Exchange) -> Outcome {
    done(Serial.resume(&snapshot(), &sent(before).2, answer))
}

fn id(id: &str) -> RemoteId {
    RemoteId(id.into())
}

#[test]
fn the_work_order_is_read_before_the_upload_and_for_a_look() {
    let url = "https://api.serial.io/work-orders/1007".parse().unwrap();
    let (auth, body, sink) = (Auth::Bearer, Body::Empty, Sink::Memory);
    let read = Request { method: Method::Get, url, headers: Vec::new(), auth, body, sink };
    let (first, effect, _) = Serial.begin(&snapshot()).asked();
    assert_eq!((&first, effect), (&read, Effect::Reads));
    let (look, effect, _) = Serial.look(&[snapshot()]).asked();
    assert_eq!((look, effect), (read, Effect::Reads));
}

#[test]
fn the_upload_has_the_metadata_of_the_vendors_text_and_tells_what_was_listed_before() {
    let (request, effect, _) = sent(&[listed("a", "x.jpg", USER), listed("b", "y.jpg", "else")]);
    assert_eq!(effect, Effect::Adds { listed: vec![id("a"), id("b")] });
    let name = "boiler-7f3a9c1e.jpg";
    let metadata = format!(r#"{{"added_by_user_id":"{USER}","file_name":"{name}","name":"{name}","type":"IMAGE"}}"#);
    let parts = vec![
        Part { name: "metadata", content: Content::Document { mime: "application/json", text: metadata } },
        Part { name: "attachment", content: Content::File { filename: name.into(), mime: "image/jpeg".into() } },
    ];
    let url = "https://api.serial.io/work-orders/1007/attachments".parse().unwrap();
    let (auth, body, sink) = (Auth::Bearer, Body::Multipart(parts), Sink::Memory);
    assert_eq!(request, Request { method: Method::Put, url, headers: Vec::new(), auth, body, sink });
}

#[test]
fn the_fields_go_flat_as_in_the_vendors_example_where_the_account_says_so() {
    let mut flat = snapshot();
    flat.settings.insert("flat".into(), "true".into());
    flat.settings.insert("type".into(), "FILE".into());
    let (_, _, at) = Serial.begin(&flat).asked();
    let (request, _, _) = Serial.resume(&flat, &at, &got(200, work_order_with(&[]))).asked();
    let Body::Multipart(parts) = request.body else { panic!("no form") };
    let name = "boiler-7f3a9c1e.jpg";
    let text = |name, text: &str| Part { name, content: Content::Text(text.into()) };
    let file = Content::File { filename: name.into(), mime: "image/jpeg".into() };
    let wanted = [
        text("type", "FILE"),
        text("name", name),
        text("added_by_user_id", USER),
        text("file_name", name),
        Part { name: "attachment", content: file },
    ];
    assert_eq!(parts, wanted);
}

#[test]
fn a_document_goes_as_a_file_and_a_signature_as_an_image() {
    // A text is a file where it is no value: too long for one, or asked for as a file.
    for (kind, sort) in [(Kind::Document, "FILE"), (Kind::Text, "FILE"), (Kind::Signature, "IMAGE")] {
        let of_kind = Snapshot { kind, ..snapshot() };
        let Ok(Request { body: Body::Multipart(parts), .. }) = upload(&of_kind) else { panic!("no form") };
        let Content::Document { text, .. } = &parts[0].content else { panic!("no metadata") };
        assert!(text.contains(&format!(r#""type":"{sort}""#)), "{text}");
    }
}

#[test]
fn our_name_proves_it_else_the_only_one_that_is_new_and_by_our_user() {
    let old = || listed("old", "x.jpg", USER);
    let outcome = |after: &[String]| uploaded(&[old()], &got(200, work_order_with(after)));
    let renamed = || listed("new", USER, USER);
    let named = || listed("named", "boiler-7f3a9c1e.jpg", USER);
    assert_eq!(outcome(&[old(), named()]), Outcome::Delivered(id("named")));
    assert_eq!(outcome(&[named(), renamed(), old()]), Outcome::Delivered(id("named")), "a name says more");
    assert_eq!(outcome(&[old(), renamed()]), Outcome::Delivered(id("new")));
    assert_eq!(outcome(&[old(), renamed(), listed("z", "z", "else")]), Outcome::Delivered(id("new")));
    for unclear in [vec![old()], vec![old(), renamed(), listed("two", "q", USER)], vec![listed("z", "z", "else")]] {
        let Outcome::InDoubt(doubt) = outcome(&unclear) else { panic!("{unclear:?}") };
        assert!(doubt.was_answered_well() && doubt.refusal.is_none());
    }
}

#[test]
fn an_earlier_copy_of_ours_that_was_listed_before_is_no_proof_that_this_one_came() {
    let earlier = listed("earlier", "boiler-7f3a9c1e.jpg", USER);
    let outcome = uploaded(std::slice::from_ref(&earlier), &got(200, work_order_with(std::slice::from_ref(&earlier))));
    assert!(matches!(outcome, Outcome::InDoubt(_)), "{outcome:?}");
}

#[test]
fn what_fails_before_the_upload_left_is_no_doubt() {
    let (_, _, at) = Serial.begin(&snapshot()).asked();
    let end = |got: &Exchange| done(Serial.resume(&snapshot(), &at, got));
    for failed in [got(503, ""), got(200, "<html>log in"), got(200, "[]"), got(200, "{}"), lost(Failure::TimedOut)] {
        assert!(matches!(end(&failed), Outcome::Wait(_)), "{failed:?}");
    }
    assert_eq!(end(&got(401, "")), Outcome::TokenWanted);
    let reason = |got: &Exchange| match end(got) {
        Outcome::Blocked(why) => why.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(&got(404, r#"{"message": "none"}"#)), Reason::WorkOrderMissing);
    assert_eq!(reason(&got(422, "")), Reason::Refused);
}

#[test]
fn a_work_order_that_has_no_list_yet_takes_an_upload_but_a_look_cannot_tell_by_it() {
    let bare = r#"{"id": "u", "wo_number": 1007, "attachments": null}"#;
    let (_, _, at) = Serial.begin(&snapshot()).asked();
    let (_, effect, _) = Serial.resume(&snapshot(), &at, &got(200, bare)).asked();
    assert_eq!(effect, Effect::Adds { listed: vec![] });
    let (_, _, at) = Serial.look(&[snapshot()]).asked();
    assert!(matches!(done(Serial.resume_look(&[snapshot()], &at, &got(200, bare))), Looked::CannotTell { .. }));
}

#[test]
fn a_lost_answer_is_a_doubt_and_no_refusal_is_documented() {
    let Outcome::InDoubt(doubt) = uploaded(&[], &lost(Failure::Broken)) else { panic!("no doubt") };
    assert!(!doubt.was_answered_well());
    let refused = got(409, r#"{"message": "not in DRAFT"}"#);
    let Outcome::InDoubt(doubt) = uploaded(&[], &refused) else { panic!("no doubt") };
    assert_eq!(doubt.refusal.map(|why| why.reason), Some(Reason::Refused));
    let early = Exchange { left: Left::Part, ..lost(Failure::Broken) };
    assert!(matches!(uploaded(&[], &early), Outcome::Wait(_)));
}

#[test]
fn a_look_sees_ours_by_its_name_and_what_is_new_since() {
    let doubt = Snapshot { listed: Some(vec![id("old")]), ..snapshot() };
    let look = |attachments: &[String]| {
        let (_, _, at) = Serial.look(std::slice::from_ref(&doubt)).asked();
        let looked = Serial.resume_look(std::slice::from_ref(&doubt), &at, &got(200, work_order_with(attachments)));
        let Looked::Listed(listing) = done(looked) else { panic!("no list") };
        assert!(listing.complete);
        recognise(&listing.entries, &doubt, &|id| id.0 == "claimed")
    };
    let old = || listed("old", "x", USER);
    assert_eq!(look(&[old(), listed("claimed", "y", USER)]), Sighting::Absent);
    let ours = Sighting::Ours { remote_id: id("n"), surplus: vec![] };
    assert_eq!(look(&[old(), listed("n", "BOILER-7F3A9C1E.JPG", "else")]), ours);
    let found = look(&[old(), listed("n", "q", &USER.to_uppercase()), listed("e", "q", "else")]);
    assert_eq!(found, Sighting::New { ours: vec![id("n")], others: vec![id("e")] });
}

#[test]
fn a_list_with_an_entry_that_cannot_be_read_is_no_list() {
    for entry in ["7", "{}", r#"{"dataset_id": null}"#, r#"{"dataset_id": "a", "file_name": 7}"#] {
        let (_, _, at) = Serial.look(&[snapshot()]).asked();
        let looked = done(Serial.resume_look(&[snapshot()], &at, &got(200, work_order_with(&[entry.into()]))));
        assert!(matches!(looked, Looked::CannotTell { .. }), "{entry}");
    }
}

#[test]
fn a_text_of_another_hand_has_no_file_name_and_an_entry_without_an_author_may_be_ours() {
    let text = r#"{"dataset_id": "t", "value": "gas is off", "added_by_user_id": "else"}"#;
    let nobodys = r#"{"dataset_id": "n", "file_name": "q"}"#;
    let answer = work_order_with(&[text.into(), nobodys.into()]);
    let entries = attachments(got(200, answer).result.as_ref().unwrap(), &snapshot()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.by_us).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn one_look_serves_two_uploads_only_of_the_same_user() {
    let mut other = snapshot();
    assert!(Serial.same_list(&snapshot(), &other));
    other.settings.insert("added_by_user_id".into(), "else".into());
    assert!(!Serial.same_list(&snapshot(), &other));
}

#[test]
fn a_work_order_is_a_uuid_or_a_number() {
    let reason = |work_order: &str| {
        Serial.preflight(&Draft { work_order, name: "a.jpg", bytes: Some(1 << 40), ..DRAFT }).map(|why| why.reason)
    };
    for good in ["1", "1007", USER, &USER.to_uppercase()] {
        assert_eq!(reason(good), None, "{good}");
    }
    for bad in ["", "0", "007", "-1", "..", "10/../11", "WO-1", &"9".repeat(37)] {
        assert_eq!(reason(bad), Some(Reason::WorkOrderNotValid), "{bad:?}");
    }
}

/// What a text says.
const SAYS: &str = "Gauge \"3\" replaced,\r\nsee ü";

fn text() -> Snapshot {
    let sha256 = Sha256(sha2::Sha256::digest(SAYS).into());
    let (text, bytes) = (Some(SAYS.to_owned()), crate::model::Bytes(SAYS.len() as u64));
    Snapshot { kind: Kind::Text, name: "note-7f3a9c1e.txt".into(), text, sha256, bytes, ..snapshot() }
}

/// An attachment that says so, by this user.
fn says(id: &str, value: &str, user: &str) -> String {
    json!({"dataset_id": id, "value": value, "file_name": null, "added_by_user_id": user, "is_deleted": false})
        .to_string()
}

#[test]
fn a_text_goes_as_a_value_without_a_file_as_the_vendors_page_has_it() {
    let Ok(Request { body: Body::Multipart(parts), method, .. }) = upload(&text()) else { panic!("no form") };
    let metadata = format!(
        r#"{{"added_by_user_id":"{USER}","name":"note-7f3a9c1e.txt","type":"TEXT","value":"Gauge \"3\" replaced,\r\nsee ü"}}"#
    );
    let content = Content::Document { mime: "application/json", text: metadata };
    assert_eq!((method, parts), (Method::Put, vec![Part { name: "metadata", content }]));
    let mut flat = text();
    flat.settings.insert("flat".into(), "true".into());
    let Ok(Request { body: Body::Multipart(parts), .. }) = upload(&flat) else { panic!("no form") };
    let part = |name, text: &str| Part { name, content: Content::Text(text.into()) };
    let wanted =
        [part("type", "TEXT"), part("name", "note-7f3a9c1e.txt"), part("added_by_user_id", USER), part("value", SAYS)];
    assert_eq!(parts, wanted);
}

#[test]
fn only_a_text_of_a_lines_length_that_is_not_asked_for_as_a_file_is_a_value() {
    let sends = |change: fn(&mut Snapshot)| {
        let mut snapshot = Snapshot { text: None, ..text() };
        change(&mut snapshot);
        Serial.sends_text(&snapshot)
    };
    assert!(sends(|_| ()) && sends(|s| s.bytes = crate::model::Bytes(20_000)));
    assert!(!sends(|s| s.bytes = crate::model::Bytes(20_001)));
    assert!(!sends(|s| s.kind = Kind::Document));
    assert!(!sends(|s| _ = s.settings.insert("type".into(), "FILE".into())));
}

#[test]
fn a_text_is_proved_by_what_it_says_and_who_added_it_else_as_all_that_is_new() {
    let outcome = |after: &[String]| {
        let (_, _, at) = Serial.begin(&text()).asked();
        let (_, _, at) = Serial.resume(&text(), &at, &got(200, work_order_with(&[says("old", SAYS, USER)]))).asked();
        done(Serial.resume(&text(), &at, &got(200, work_order_with(after))))
    };
    let old = || says("old", SAYS, USER);
    let photo = || listed("photo", "x.jpg", USER);
    let ours = || says("new", SAYS, &USER.to_uppercase());
    assert_eq!(outcome(&[old(), ours()]), Outcome::Delivered(id("new")));
    assert_eq!(
        outcome(&[photo(), ours(), old()]),
        Outcome::Delivered(id("new")),
        "of two that are new it says the same"
    );
    assert_eq!(outcome(&[ours(), says("z", SAYS, "else")]), Outcome::Delivered(id("new")), "a colleague says the same");
    assert_eq!(
        outcome(&[old(), says("cut", "Gauge", USER)]),
        Outcome::Delivered(id("cut")),
        "the only one that is new"
    );
    for unclear in [vec![old()], vec![ours(), says("two", SAYS, USER)], vec![says("z", SAYS, "else")]] {
        assert!(matches!(outcome(&unclear), Outcome::InDoubt(_)), "{unclear:?}");
    }
}

#[test]
fn a_text_whose_answer_was_lost_is_found_by_what_it_says_only_where_that_is_one() {
    let doubt = Snapshot { listed: Some(vec![id("old")]), ..text() };
    let look = |doubt: &Snapshot, attachments: &[String]| {
        let (_, _, at) = Serial.look(std::slice::from_ref(doubt)).asked();
        let looked = Serial.resume_look(std::slice::from_ref(doubt), &at, &got(200, work_order_with(attachments)));
        let Looked::Listed(listing) = done(looked) else { panic!("no list") };
        recognise(&listing.entries, doubt, &|id| id.0 == "claimed")
    };
    let (old, ours) = (says("old", SAYS, USER), says("new", SAYS, USER));
    let new = |ours: &[&str], others: &[&str]| {
        let ids = |ids: &[&str]| ids.iter().map(|text| id(text)).collect();
        Sighting::New { ours: ids(ours), others: ids(others) }
    };
    let found = Sighting::Ours { remote_id: id("new"), surplus: vec![] };
    assert_eq!(look(&doubt, &[old.clone(), ours.clone()]), found);
    assert_eq!(look(&doubt, &[ours.clone(), listed("photo", "x.jpg", USER), says("claimed", SAYS, USER)]), found);
    assert_eq!(look(&doubt, std::slice::from_ref(&old)), Sighting::Absent, "what says the same was there before");
    assert_eq!(look(&doubt, &[ours.clone(), says("two", SAYS, USER)]), new(&["new", "two"], &[]));
    assert_eq!(look(&doubt, &[says("z", SAYS, "else")]), new(&[], &["z"]), "a colleague's");
    assert_eq!(look(&doubt, &[says("cut", "Gauge", USER)]), new(&["cut"], &[]), "the server may have changed it");
    let nobodys = ours.replace(r#""added_by_user_id""#, r#""by""#);
    assert_eq!(look(&doubt, &[nobodys]), new(&["new"], &[]), "of whom nobody is told");
    // Before it left nothing was listed: nothing of it can be there.
    let never_left = Snapshot { listed: None, ..text() };
    assert_eq!(look(&never_left, &[ours]), Sighting::Absent);
}

#[test]
fn of_two_texts_that_say_the_same_each_that_is_there_is_one_of_them() {
    let doubt = || Snapshot { listed: Some(vec![]), ..text() };
    let answer = got(200, work_order_with(&[says("one", SAYS, USER)]));
    let entries = attachments(answer.result.as_ref().unwrap(), &doubt()).unwrap();
    let found = crate::providers::recognise::recognise_each(&entries, &[doubt(), doubt()], &|_| false);
    assert_eq!(found, [Sighting::Ours { remote_id: id("one"), surplus: vec![] }, Sighting::Absent]);
    // A photo's look reads no values, and a text's serves no photo.
    assert!(!Serial.same_list(&doubt(), &snapshot()));
    let of_photo = attachments(answer.result.as_ref().unwrap(), &snapshot()).unwrap();
    assert_eq!(of_photo[0].sha256, None);
}
