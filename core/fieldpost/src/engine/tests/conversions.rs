//! A photo that nobody here decodes, and what the host made of it.

use std::path::PathBuf;

use super::*;
use crate::model::{Bytes, Cap, Repair};
use crate::prepare::tests::bitmap;
use crate::{Photo, Sha256};

/// What a HEIC begins with.
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.outbox.put_account(Account::field_nation("fn", "https://fn.invalid/api/rest/v2")).unwrap();
    desk
}

fn file(desk: &Desk, name: &str, content: &[u8]) -> PathBuf {
    let path = desk.dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A picture that the host made, larger than the photo may be.
fn made(desk: &Desk) -> PathBuf {
    file(desk, "converted.bmp", &bitmap(128, 96))
}

/// A HEIC for Field Nation, which takes none: blocked at its capture.
fn blocked(desk: &Desk) -> ItemId {
    let photo = Photo::new(file(desk, "boiler.heic", HEIC)).folder("Photos").max_edge(64);
    let item = desk.outbox.capture(photo, &WorkOrder::new("fn", "10234")).unwrap();
    assert_eq!(desk.state(item.id), (State::Blocked, Some(Reason::TypeNotAccepted)));
    item.id
}

#[test]
fn a_photo_of_a_type_that_is_not_taken_goes_as_what_the_host_made_of_it() {
    let desk = desk();
    let (id, converted) = (blocked(&desk), made(&desk));
    let before = desk.item(id);
    let item = desk.outbox.convert(id, &converted).unwrap();
    assert_eq!((item.state, &item.why.unwrap().reason), (State::Queued, &Reason::NotStarted));
    assert_eq!(item.original, before.original, "what was captured is on record as it was");
    assert!(item.name.ends_with(".png") && item.name.contains(&id.marker().to_string()), "{}", item.name);
    let sent = item.sent.unwrap();
    assert_eq!((sent.width, sent.height), (Some(64), Some(48)));
    assert!(converted.exists(), "it is only read");

    let driver = desk.deliver();
    let list = r#"{"metadata":{"total":1},"results":[{"id":9,"name":"Photos","metadata":{"total":0},"results":[]}]}"#;
    driver.answer(&driver.next().unwrap(), 200, list);
    let upload = driver.next().unwrap();
    let body = std::fs::read(upload.file.clone().unwrap().path).unwrap();
    assert_eq!(Sha256(<sha2::Sha256 as sha2::Digest>::digest(&body).into()), sent.sha256);
    assert!(body.starts_with(b"\x89PNG"));
    drop(driver);
    assert_eq!(desk.outbox.check().unwrap().1, []);
}

#[test]
fn a_conversion_outlives_a_restart_and_a_lost_database() {
    let mut desk = desk();
    let id = blocked(&desk);
    let sent = desk.outbox.convert(id, made(&desk)).unwrap().sent;
    desk.again();
    assert_eq!((desk.item(id).state, desk.item(id).sent), (State::Queued, sent));
    let desk = desk.lose_the_database();
    assert_eq!((desk.item(id).state, desk.item(id).sent), (State::Queued, sent));
    assert_eq!(desk.outbox.check().unwrap().1, []);
}

#[test]
fn a_file_that_cannot_take_a_photos_place_changes_nothing() {
    let desk = desk();
    let id = blocked(&desk);
    let before = desk.item(id);
    for (name, content) in [("again.heic", HEIC), ("text.jpg", b"not a picture".as_slice()), ("empty.jpg", b"")] {
        let refused = desk.outbox.convert(id, file(&desk, name, content));
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{name}: {refused:?}");
    }
    let missing = desk.outbox.convert(id, desk.dir.path().join("missing.jpg"));
    assert!(matches!(missing, Err(Error::CannotRead(_))), "{missing:?}");
    assert_eq!(desk.item(id), before);
    assert_eq!(desk.outbox.check().unwrap().1, []);
    let names = std::fs::read_dir(desk.dir.path().join("outbox/items").join(id.to_string())).unwrap();
    assert!(names.into_iter().all(|name| !name.unwrap().file_name().to_string_lossy().starts_with("body")));
}

#[test]
fn only_a_photo_that_is_blocked_and_in_no_doubt_is_converted() {
    let desk = desk();
    let converted = made(&desk);
    let not_now = |id| assert!(matches!(desk.outbox.convert(id, &converted), Err(Error::NotNow { .. })));
    let document = desk.capture();
    not_now(document);
    let id = blocked(&desk);
    desk.outbox.convert(id, &converted).unwrap();
    not_now(id);
    let driver = desk.deliver();
    let list = r#"{"metadata":{"total":1},"results":[{"id":9,"name":"Photos","metadata":{"total":0},"results":[]}]}"#;
    let mut upload = driver.next().unwrap();
    while upload.account != "fn" {
        driver.take(&upload, "r-1");
        upload = driver.next().unwrap();
    }
    driver.answer(&upload, 200, list);
    driver.lose(&driver.next().unwrap());
    not_now(id);
    let unknown = ItemId::new(Timestamp::from_millis(0), [0; 10]);
    assert!(matches!(desk.outbox.convert(unknown, &converted), Err(Error::UnknownItem { .. })));
}

#[test]
fn another_cap_begins_with_what_was_captured_again() {
    let desk = desk();
    let (id, converted) = (blocked(&desk), made(&desk));
    desk.outbox.convert(id, &converted).unwrap();
    desk.outbox.repair(id, &Repair::new().name("valve")).unwrap();
    assert_eq!(desk.item(id).state, State::Queued, "another name goes with it");
    desk.outbox.repair(id, &Repair::new().cap(Cap::To(Bytes::kilobytes(500)))).unwrap();
    let driver = desk.deliver();
    assert!(driver.next().is_none());
    drop(driver);
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::TypeNotAccepted)));
    assert_eq!(desk.outbox.convert(id, &converted).unwrap().state, State::Queued);
}

#[test]
fn what_was_refused_before_a_conversion_is_settled_for_a_rebuilt_database_too() {
    let desk = desk();
    let photo = Photo::new(made(&desk)).folder("Photos").max_edge(64);
    let id = desk.outbox.capture(photo, &WorkOrder::new("fn", "10234")).unwrap().id;
    let driver = desk.deliver();
    let list = r#"{"metadata":{"total":1},"results":[{"id":9,"name":"Photos","metadata":{"total":0},"results":[]}]}"#;
    driver.answer(&driver.next().unwrap(), 200, list);
    driver.answer(&driver.next().unwrap(), 415, r#"{"status": 415, "message": "no such type"}"#);
    drop(driver);
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::TypeNotAccepted)));
    desk.outbox.convert(id, made(&desk)).unwrap();
    let desk = desk.lose_the_database();
    assert_eq!(desk.item(id).state, State::Queued, "of the new operation nothing has left");
}
