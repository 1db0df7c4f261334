//! What the tests of all systems share, and what must hold for every system and every answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::Digest;

mod decisiv;
mod fieldnation;
mod reading;
mod tus;

use self::decisiv::{PLACES, is_proof_in_xml, xml};
pub(super) use self::decisiv::{to_decisiv, to_decisiv_in_base64};
pub(super) use self::fieldnation::{change_at_field_nation, one_file, to_field_nation};
use self::fieldnation::{folders, ids_of_ours};
pub(super) use self::tus::to_tus;
use super::*;
use crate::model::Kind;
use crate::model::{
    Answer, AnswerBody, Bytes, Exchange, Failure, ItemId, Left, Method, Operation, RequestId, Snapshot,
};

/// What is sent in these tests.
pub(super) const FILE: &[u8] = b"the bytes of a photo";

/// An upload of [`FILE`] to CorrigoPro.
pub(super) fn snapshot() -> Snapshot {
    let id: ItemId = "01990000-0000-7000-8000-00007f3a9c1e".parse().unwrap();
    let settings = [("performed_by", "Jo Field")];
    Snapshot {
        operation: Operation::Upload,
        provider: ProviderKind::CorrigoPro,
        base_url: "https://direct.example/".into(),
        settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>(),
        work_order: "10234".into(),
        folder: None,
        name: "boiler-7f3a9c1e.jpg".into(),
        marker: id.marker(),
        kind: Kind::Photo,
        mime: "image/jpeg".into(),
        caption: Some("Boiler plate".into()),
        bytes: Bytes(FILE.len() as u64),
        sha256: Sha256(sha2::Sha256::digest(FILE).into()),
        request_id: RequestId::new([0xa5; 16]),
        about: None,
        listed: None,
        text: None,
        resume: None,
        changes: Default::default(),
    }
}

/// A document of which nothing is known.
pub(super) const DRAFT: Draft<'static> =
    Draft { work_order: "", name: "", bytes: None, kind: Kind::Document, settings: &BTreeMap::new() };

/// The same upload to Digital Realty.
pub(super) fn to_digital_realty() -> Snapshot {
    let settings = [("master_account_id", "M-1"), ("account_id", "A-2")];
    Snapshot {
        provider: ProviderKind::DigitalRealty,
        base_url: "https://api.digitalrealty.com".into(),
        settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        work_order: "WO9271561".into(),
        ..snapshot()
    }
}

/// The same upload to Serial.
pub(super) fn to_serial() -> Snapshot {
    let settings = [("added_by_user_id", "3c90c3cc-0d44-4b50-8888-8dd25736052a")];
    Snapshot {
        provider: ProviderKind::Serial,
        base_url: "https://api.serial.io".into(),
        settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        work_order: "1007".into(),
        ..snapshot()
    }
}

/// A change of the attachment `x` at CorrigoPro; without a name it is not ours.
pub(super) fn change(operation: Operation, name: &str) -> Snapshot {
    Snapshot { operation, name: name.into(), bytes: Bytes(0), about: Some(RemoteId("x".into())), ..snapshot() }
}

/// Every way in which there is no answer.
pub(super) const FAILURES: [Failure; 11] = [
    Failure::NoNetwork,
    Failure::Dns,
    Failure::Refused,
    Failure::Unreachable,
    Failure::Tls,
    Failure::TimedOut,
    Failure::Broken,
    Failure::AnswerTooLong,
    Failure::FileDamaged,
    Failure::NotKept,
    Failure::Stopped,
];

pub(super) fn entry(id: &str, name: &str, bytes: Option<u64>) -> Entry {
    let (remote_id, name) = (RemoteId(id.to_owned()), Some(name.to_owned()));
    Entry { remote_id, name, bytes, sha256: None, evidence: Evidence::Listed, by_us: false, told: Told::default() }
}

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    Answer {
        status,
        headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        body: AnswerBody::Kept(body.as_ref().to_vec()),
    }
}

/// An answer after the whole request had left.
pub(super) fn got(status: u16, body: impl AsRef<[u8]>) -> Exchange {
    Exchange { left: Left::Whole, result: Ok(answer(status, &[], body)) }
}

pub(super) fn lost(failure: Failure) -> Exchange {
    Exchange { left: Left::Whole, result: Err(failure) }
}

/// A download of `bytes`, as a driver reports it that hashes.
pub(super) fn hashed(bytes: &[u8]) -> Exchange {
    let sha256 = Sha256(sha2::Sha256::digest(bytes).into());
    let body = AnswerBody::Hashed { bytes: bytes.len() as u64, sha256 };
    Exchange { left: Left::Whole, result: Ok(Answer { status: 200, headers: Vec::new(), body }) }
}

pub(super) trait Asked {
    /// The request and the cursor of a step that asks.
    fn asked(self) -> (Request, Effect, Cursor);
}

impl<T: std::fmt::Debug> Asked for Step<T> {
    fn asked(self) -> (Request, Effect, Cursor) {
        match self {
            Step::Ask { request, effect, at } => (request, effect, at),
            Step::Done(end) => panic!("it ended: {end:?}"),
        }
    }
}

pub(super) fn done<T>(step: Step<T>) -> T {
    match step {
        Step::Done(end) => end,
        Step::Ask { request, .. } => panic!("it asked: {request:?}"),
    }
}

/// A small generator with a seed: a failing run is a repro. (SplitMix64.)
pub(super) struct Rng(pub(super) u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub(super) fn of<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())].clone()
    }
}

/// A temporary link, whose right is its query.
const LINK: &str = "https://files.example/f?sig=abc";

/// CorrigoPro's list of the attachment that is changed here.
const LISTED: &str = r#"[{"AttachmentId": "x", "Name": "plan.pdf"}]"#;

/// A work order of Serial's with one attachment.
const WORK_ORDER: &str =
    r#"{"id": "u", "wo_number": 1, "attachments": [{"dataset_id": "old", "file_name": "plan.pdf"}]}"#;

/// Bodies near to what the systems say, and far from it.
fn body(rng: &mut Rng, sent: &Snapshot) -> Vec<u8> {
    let mut text = if sent.provider == ProviderKind::Decisiv { xml(rng, sent) } else { json_or_link(rng, sent) };
    for _ in 0..rng.below(3) {
        if !text.is_empty() && rng.below(3) == 0 {
            let n = rng.below(text.len());
            match rng.below(3) {
                0 => text.truncate(n),
                1 => text[n] = u8::try_from(rng.below(256)).unwrap(),
                _ => text.insert(n, rng.of(b"{}[]\",:\\0<>&;/=\xff")),
            }
        }
    }
    text
}

fn json_or_link(rng: &mut Rng, sent: &Snapshot) -> Vec<u8> {
    let hash = sent.sha256.to_string();
    let values = [
        json!(null),
        json!(""),
        json!("x"),
        json!(17),
        json!(-1),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!(hash),
        json!(hash.to_uppercase()),
        json!(sent.name),
        json!(3001),
    ];
    let names: &[&str] = match sent.provider {
        ProviderKind::CorrigoPro => {
            &["AttachmentId", "Name", "Size", "MessageId", "Code", "Message", "attachmentid", "Items", "next"]
        }
        ProviderKind::DigitalRealty => &["id", "id", "hash", "hash", "filename", "ticketId", "ID", "HASH", "message"],
        ProviderKind::FieldNation => {
            &["id", "results", "attachments", "metadata", "total", "status", "message", "agent"]
        }
        ProviderKind::Serial => {
            &["dataset_id", "file_name", "attachments", "added_by_user_id", "id", "wo_number", "is_deleted", "value"]
        }
        ProviderKind::Decisiv | ProviderKind::Tus => unreachable!("it speaks XML, or in headers"),
    };
    let object = |rng: &mut Rng| {
        let fields = rng.below(5);
        Value::Object((0..fields).map(|_| (rng.of(names).to_owned(), rng.of(&values))).collect())
    };
    let listed = |rng: &mut Rng| match rng.below(3) {
        0 => object(rng),
        _ => {
            let name = if sent.name.is_empty() { "plan.pdf" } else { &sent.name };
            json!({names[0]: "x", "Name": name, "filename": name, "Size": rng.below(3), "hash": rng.of(&values),
                   "file_name": rng.of(&values), "added_by_user_id": rng.of(&[sent.setting("added_by_user_id"), Some("q"), None])})
        }
    };
    match rng.below(5) {
        ..3 if sent.provider == ProviderKind::FieldNation => folders(rng, sent, &values).to_string().into_bytes(),
        0 => {
            let list = Value::Array((0..rng.below(4)).map(|_| listed(rng)).collect());
            let whole = json!({"id": "u", "wo_number": 1, "attachments": list});
            if sent.provider == ProviderKind::Serial { whole } else { list }.to_string().into_bytes()
        }
        1 => rng.of(&[LINK.to_owned(), json!(LINK).to_string(), json!({ "Url": LINK }).to_string()]).into_bytes(),
        2 => (0..rng.below(60)).map(|_| u8::try_from(rng.below(256)).unwrap()).collect(),
        _ => object(rng).to_string().into_bytes(),
    }
}

fn exchange(rng: &mut Rng, sent: &Snapshot) -> Exchange {
    let left = rng.of(&[Left::None, Left::Part, Left::Whole, Left::Whole]);
    if rng.below(2) == 0 {
        let place = rng.of(PLACES);
        let headers = if rng.below(4) == 0 { &[("location", place)][..] } else { &[] };
        return Exchange { left, result: Ok(answer(200, headers, body(rng, sent))) }; // half of them kind, or nothing gets far
    }
    if rng.below(8) == 0 {
        return Exchange { left, result: Err(rng.of(&FAILURES)) };
    }
    if rng.below(6) == 0 {
        let bytes = rng.of(&[FILE, b"", b"other"]);
        return Exchange { left, ..hashed(bytes) };
    }
    let status = rng.of(&[200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503, 511, 0, 999]);
    let headers = rng.of(&[
        &[][..],
        &[("content-type", "text/html; charset=utf-8")],
        &[("content-type", "application/json"), ("retry-after", "99999999999999999999")],
        &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), ("date", "garbage")],
        &[("link", "<https://h/?p=2>; rel=next")],
    ]);
    Exchange { left, result: Ok(answer(status, headers, body(rng, sent))) }
}

/// Whether these exchanges hold the documented proof that `id` is our file, or that the change of it is done: read here in another
/// way than the code does.
fn is_proof(sent: &Snapshot, exchanges: &[Exchange], id: &RemoteId) -> bool {
    let is_upload = sent.operation == Operation::Upload;
    let reads_first = matches!(sent.provider, ProviderKind::Serial | ProviderKind::FieldNation);
    let proving = if is_upload && !reads_first { exchanges.first() } else { exchanges.last() }.unwrap();
    let Ok(first) = &proving.result else { return false };
    if sent.provider == ProviderKind::Decisiv {
        return is_proof_in_xml(sent, exchanges, id);
    }
    if sent.provider == ProviderKind::FieldNation && sent.operation == Operation::Delete && first.bytes().is_empty() {
        return proving.left == Left::Whole && (200..300).contains(&first.status) && sent.about.as_ref() == Some(id);
    }
    let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(first.bytes()) else { return false };
    let get = |name: &str| map.iter().filter(|(k, _)| k.to_lowercase() == name).map(|(_, v)| v).collect::<Vec<_>>();
    let names = |name: &str| get(name).iter().any(|v| **v == json!(id.0) || v.to_string() == id.0);
    let sent_and_taken = proving.left == Left::Whole && (200..300).contains(&first.status);
    let hash = sent.sha256.to_string();
    let downloaded = |e: &Exchange| {
        e.result.as_ref().is_ok_and(|a| {
            let same = match &a.body {
                AnswerBody::Hashed { sha256, .. } => *sha256 == sent.sha256,
                AnswerBody::Kept(bytes) => bytes == FILE,
            };
            a.status == 200 && same
        })
    };
    sent_and_taken
        && match sent.provider {
            ProviderKind::CorrigoPro if is_upload => names("attachmentid"),
            ProviderKind::CorrigoPro => {
                sent.about.as_ref() == Some(id)
                    && get("code").iter().all(|v| v.is_null())
                    && get("messageid").iter().any(|v| v.is_u64() || v.is_string())
            }
            ProviderKind::DigitalRealty => {
                let same = get("hash").iter().any(|v| v.as_str().is_some_and(|h| h.to_lowercase() == hash));
                names("id") && (same || exchanges.get(1).is_some_and(downloaded))
            }
            ProviderKind::FieldNation if is_upload => ids_of_ours(sent, first.bytes()).iter().eq([&id.0]),
            ProviderKind::FieldNation => {
                let shows_attachments = get("attachments").iter().any(|v| v.is_object());
                sent.about.as_ref() == Some(id) && (shows_attachments || sent.operation == Operation::Delete)
            }
            ProviderKind::Serial => {
                let before: Vec<String> = exchanges.first().map(datasets).unwrap_or_default();
                datasets(proving).iter().filter(|x| **x == id.0).count() > 0 && !before.contains(&id.0)
            }
            ProviderKind::Decisiv | ProviderKind::Tus => unreachable!("they are read elsewhere"),
        }
}

/// The ids of the attachments in an answer of Serial's.
fn datasets(exchange: &Exchange) -> Vec<String> {
    let Ok(answer) = &exchange.result else { return Vec::new() };
    let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(answer.bytes()) else { return Vec::new() };
    let lists = map.iter().filter(|(key, _)| key.to_lowercase() == "attachments").filter_map(|(_, v)| v.as_array());
    let entries = lists.flatten().filter_map(|entry| entry.as_object());
    let fields = entries.flat_map(|entry| entry.iter().filter(|(key, _)| key.to_lowercase() == "dataset_id"));
    fields.map(|(_, id)| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
}

/// An upload to each system.
fn uploads() -> [Snapshot; 7] {
    [
        snapshot(),
        to_digital_realty(),
        to_field_nation(),
        to_serial(),
        to_decisiv(),
        to_decisiv_in_base64(),
        Snapshot { kind: Kind::Text, text: Some("the bytes of a photo".into()), ..to_serial() },
    ]
}

/// The same, and one to a tus server, whose answers are all headers: `tus` has what they prove.
fn all_uploads() -> impl Iterator<Item = Snapshot> {
    uploads().into_iter().chain([to_tus()])
}

#[test]
fn no_answer_makes_a_system_panic_or_prove_a_delivery_that_is_not_documented() {
    let (update, deletion) = (change(Operation::Update, "boiler-7f3a9c1e.jpg"), change(Operation::Delete, ""));
    let others = [update, change(Operation::Update, ""), deletion];
    let there = [Operation::Update, Operation::Delete].map(change_at_field_nation);
    let all: Vec<Snapshot> = uploads().into_iter().chain(others).chain(there).collect();
    let mut delivered = vec![0; all.len()];
    for (n, sent) in all.into_iter().enumerate() {
        let system = provider(sent.provider);
        let turns_pages = sent.provider == ProviderKind::FieldNation;
        for seed in 0..if turns_pages { 10_000 } else { 40_000 } {
            let rng = &mut Rng(seed);
            let mut step = system.begin(&sent);
            let mut seen = Vec::new();
            while let Step::Ask { at, .. } = step {
                // Now and then a sound list, or nothing would get beyond the reading that comes first.
                let serial = sent.provider == ProviderKind::Serial;
                let listed = seen.is_empty() && (sent.name.is_empty() || serial) && rng.below(4) == 0;
                let sound = if serial { WORK_ORDER } else { LISTED };
                let is_sound = turns_pages && rng.below(3) == 0;
                seen.push(match () {
                    () if is_sound => got(200, one_file(&sent.name, FILE.len())),
                    () if listed => got(200, sound),
                    () => exchange(rng, &sent),
                });
                step = system.resume(&sent, &at, seen.last().unwrap());
                assert!(seen.len() < if turns_pages { 410 } else { 4 }, "it does not end, seed {seed}");
            }
            if let Outcome::Delivered(id) = done(step) {
                assert!(is_proof(&sent, &seen, &id), "seed {seed}: {seen:?}");
                delivered[n] += 1;
            }
        }
    }
    assert!(delivered.iter().all(|n| *n > 20), "too few proofs to mean anything: {delivered:?}");
}

#[test]
fn no_answer_makes_a_look_panic_or_go_on_for_ever() {
    let (mut listed, mut followed) = (0, 0);
    for sent in uploads() {
        let system = provider(sent.provider);
        for seed in 0..if sent.provider == ProviderKind::FieldNation { 10_000 } else { 40_000 } {
            let rng = &mut Rng(seed);
            let doubts = [sent.clone()];
            let mut step = system.look(&doubts);
            let mut asked = 0;
            while let Step::Ask { at, effect, request } = step {
                assert_eq!(effect, Effect::Reads);
                assert!(!at.0.to_string().contains("sig=abc"), "a cursor holds a link, seed {seed}");
                followed += usize::from(request.url.as_str() == LINK);
                step = system.resume_look(&doubts, &at, &exchange(rng, &sent));
                asked += 1;
                let most = if sent.provider == ProviderKind::FieldNation { 210 } else { 12 };
                assert!(asked < most, "it does not end, seed {seed}");
            }
            if let Looked::Listed(listing) = done(step) {
                recognise::recognise_each(&listing.entries, &doubts, &|_| false);
                listed += 1;
            }
        }
    }
    assert!(listed > 500 && followed > 50, "too few to mean anything: {listed} lists, {followed} links");
}

#[test]
fn a_cursor_of_another_system_or_time_is_a_doubt_and_never_a_panic() {
    for sent in all_uploads() {
        let system = provider(sent.provider);
        for at in [json!(null), json!("gone"), json!({"file": {"listing": [], "pending": [9]}}), json!(["upload"])] {
            let at = Cursor(at);
            let outcome = done(system.resume(&sent, &at, &got(200, "{}")));
            assert!(matches!(outcome, Outcome::InDoubt(_)));
            assert_eq!(done(system.resume_look(std::slice::from_ref(&sent), &at, &got(200, "[]"))), Looked::Stopped);
        }
        let beyond = json!({"file": {"listing": {"entries": [], "complete": true}, "pending": [9]}});
        let looked = done(system.resume_look(std::slice::from_ref(&sent), &Cursor(beyond), &hashed(FILE)));
        // These have no place such as that.
        let confirms = !matches!(sent.provider, ProviderKind::FieldNation | ProviderKind::Serial | ProviderKind::Tus);
        assert_eq!(matches!(looked, Looked::Listed(_)), confirms);
    }
}

#[test]
fn an_account_without_a_usable_address_blocks_before_anything_is_sent() {
    for sent in all_uploads() {
        let broken = Snapshot { base_url: "no address".into(), ..sent };
        let system = provider(broken.provider);
        assert!(matches!(done(system.begin(&broken)), Outcome::Blocked(why) if why.action == Action::AskOffice));
        assert!(matches!(done(system.look(&[broken])), Looked::CannotTell { status: None, .. }));
    }
}

#[test]
fn a_request_shown_for_debugging_hides_its_query() {
    let url = "https://files.example/f?sig=abc".parse().unwrap();
    let (auth, body, sink) = (crate::model::Auth::None, crate::model::Body::Empty, crate::model::Sink::Hash);
    let request = Request { method: Method::Get, url, headers: Vec::new(), auth, body, sink };
    let shown = format!("{request:?}");
    assert!(shown.contains("files.example/f?") && !shown.contains("abc"), "{shown}");
}
