//! Captions that go as texts of their own, at a system that takes texts.

use super::*;
use crate::engine::captions::seal;

const USER: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.outbox.put_account(Account::serial("plant", "https://serial.invalid", USER).set("caption", "text")).unwrap();
    desk
}

fn job() -> WorkOrder {
    WorkOrder::new("plant", "7")
}

/// A document with a caption, and the item of that.
fn capture(desk: &Desk, caption: &str) -> (ItemId, ItemId) {
    let document = desk.document().caption(caption).person("sam").tag("before").priority(3).set("type", "IMAGE");
    let id = desk.outbox.capture(document, &job()).unwrap().id;
    let captions = captions_of(desk, id);
    let [caption] = captions.as_slice() else { panic!("{captions:?}") };
    (id, *caption)
}

fn captions_of(desk: &Desk, id: ItemId) -> Vec<ItemId> {
    let texts = desk.all().into_iter().filter(|item| item.kind == crate::model::Kind::Text).map(|item| item.id);
    texts.filter(|text| desk.outbox.with_core(|core| core.row(*text).unwrap().manifest.parent) == Some(id)).collect()
}

/// Serial's work order with these attachments, each its id, its name or nothing, and its value.
fn holds(entries: &[(&str, Option<&str>, &str)]) -> String {
    let entry = |(id, name, value): &(&str, Option<&str>, &str)| serde_json::json!({"dataset_id": id, "file_name": name, "value": value, "added_by_user_id": USER});
    let entries: Vec<_> = entries.iter().map(entry).collect();
    serde_json::json!({"id": "u", "wo_number": 7, "attachments": entries}).to_string()
}

/// The upload of the item that goes next, after its work order was read with these attachments in it.
fn upload(driver: &Driver<'_>, item: ItemId, entries: &[(&str, Option<&str>, &str)]) -> Transfer {
    let read = driver.wait_for();
    assert_eq!((read.request.method, read.item), (Method::Get, Some(item)));
    driver.answer(&read, 200, &holds(entries));
    let upload = driver.next().expect("the upload follows");
    assert_eq!((upload.request.method, upload.item), (Method::Put, Some(item)));
    upload
}

fn remote(desk: &Desk, id: ItemId) -> String {
    desk.item(id).receipt.unwrap().remote_id.unwrap().0
}

#[test]
fn a_caption_goes_as_a_text_after_what_it_is_of_and_says_nothing_else() {
    let desk = desk();
    let (photo, caption) = capture(&desk, "Boiler \"plate\"");
    let item = desk.item(caption);
    assert_eq!((item.kind.as_str(), item.work_order.as_str()), ("text", "7"));
    assert_eq!((item.caption, item.tags.len()), (None, 0));
    assert_eq!(desk.state(caption), (State::Waiting, Some(Reason::AfterAnotherItem)));
    assert_eq!(desk.item(photo).caption.as_deref(), Some("Boiler \"plate\""));
    let driver = desk.deliver().of("sam");
    let first = upload(&driver, photo, &[]);
    assert!(part(&first, "metadata").unwrap().contains(r#""type":"IMAGE""#));
    driver.answer(&first, 200, &holds(&[("p", Some("x"), "")]));
    let second = upload(&driver, caption, &[("p", Some("x"), "")]);
    let metadata: serde_json::Value = serde_json::from_str(&part(&second, "metadata").unwrap()).unwrap();
    assert_eq!((&metadata["type"], &metadata["value"]), (&"TEXT".into(), &"Boiler \"plate\"".into()));
    driver.answer(&second, 200, &holds(&[("p", Some("x"), ""), ("c", None, "Boiler \"plate\"")]));
    assert_eq!([remote(&desk, photo), remote(&desk, caption)], ["p", "c"]);
}

#[test]
fn without_the_setting_or_a_caption_and_for_a_text_there_is_none() {
    let desk = desk();
    for caption in ["", " \n"] {
        desk.outbox.capture(desk.document().caption(caption), &job()).unwrap();
    }
    desk.outbox.capture(desk.document(), &job()).unwrap();
    desk.outbox.capture(crate::Text::new("a note").caption("of itself"), &job()).unwrap();
    desk.outbox.put_account(Account::serial("plant", "https://serial.invalid", USER).set("caption", "none")).unwrap();
    desk.outbox.capture(desk.document().caption("stays here"), &job()).unwrap();
    desk.outbox.capture(desk.document().caption("Corrigo has none"), &WorkOrder::new("acme", "10234")).unwrap();
    assert_eq!(desk.all().len(), 6);
}

#[test]
fn the_same_key_twice_makes_no_second_caption_nor_does_a_lost_database() {
    let mut desk = desk();
    let captured = || desk.outbox.capture(desk.document().caption("Boiler").key("visit-7/1"), &job()).unwrap().id;
    assert_eq!(captured(), captured());
    assert_eq!(desk.all().len(), 2);
    for _ in 0..2 {
        desk = desk.lose_the_database();
        let id = desk.outbox.capture(desk.document().caption("Boiler").key("visit-7/1"), &job()).unwrap().id;
        assert_eq!((desk.all().len(), captions_of(&desk, id).len()), (2, 1));
    }
    let id = desk.all()[0].id;
    let caption = captions_of(&desk, id)[0];
    desk.outbox.forget(caption).unwrap();
    desk = desk.lose_the_database();
    assert_eq!(desk.all().len(), 1, "what was forgotten stays so");
}

#[test]
fn a_lost_answer_to_a_caption_is_found_by_what_it_says_and_two_of_one_text_are_two() {
    let desk = desk();
    let (one, first) = capture(&desk, "Boiler");
    let (two, second) = capture(&desk, "Boiler");
    let driver = desk.deliver().of("sam");
    let (p1, p2) = (("p1", Some("a"), ""), ("p2", Some("b"), ""));
    let (c1, c2) = (("c1", None, "Boiler"), ("c2", None, "Boiler"));
    driver.answer(&upload(&driver, one, &[]), 200, &holds(&[p1]));
    let (mut there, mut lost) = (vec![p1], 0);
    while [two, first, second].iter().any(|id| desk.item(*id).state != State::Delivered) {
        let transfer = driver.wait_for();
        if transfer.request.method == Method::Get {
            driver.answer(&transfer, 200, &holds(&there));
        } else if transfer.item == Some(two) {
            there.push(p2);
            driver.answer(&transfer, 200, &holds(&there));
        } else {
            assert_eq!(transfer.item, Some([first, second][lost]), "in their order, each once");
            there.push([c1, c2][lost]);
            lost += 1;
            driver.lose(&transfer);
        }
    }
    let found = [first, second].map(|id| remote(&desk, id));
    assert_eq!((lost, found), (2, ["c1".to_owned(), "c2".to_owned()]));
}

#[test]
fn a_caption_goes_where_its_file_goes_and_is_given_up_with_it_while_it_has_not_left() {
    let desk = desk();
    let (photo, caption) = capture(&desk, "Boiler");
    let repair = crate::model::Repair { work_order: Some("8".into()), ..Default::default() };
    desk.outbox.repair(photo, &repair).unwrap();
    assert_eq!([photo, caption].map(|id| desk.item(id).work_order), ["8", "8"]);
    let nowhere = crate::model::Repair { work_order: Some("WO-8".into()), ..Default::default() };
    desk.outbox.repair(photo, &nowhere).unwrap();
    let invalid = (State::Blocked, Some(Reason::WorkOrderNotValid));
    assert_eq!([photo, caption].map(|id| desk.state(id)), [invalid, invalid]);
    desk.outbox.repair(photo, &repair).unwrap();
    assert_eq!(desk.state(caption), (State::Waiting, Some(Reason::AfterAnotherItem)));
    desk.outbox.cancel(photo).unwrap();
    assert_eq!([photo, caption].map(|id| desk.item(id).state), [State::Cancelled; 2]);

    let (photo, caption) = capture(&desk, "Valve");
    desk.outbox.cancel(caption).unwrap();
    assert_eq!(desk.state(photo).0, State::Queued, "a caption that is given up is nothing to its file");
    desk.outbox.cancel(photo).unwrap();

    let (photo, caption) = capture(&desk, "Meter");
    desk.outbox.forget(photo).unwrap();
    assert_eq!(desk.item(caption).state, State::Cancelled);
}

#[test]
fn a_caption_of_what_was_delivered_goes_on_whatever_becomes_of_that() {
    let desk = desk();
    let (photo, caption) = capture(&desk, "Boiler");
    let driver = desk.deliver().of("sam");
    driver.answer(&upload(&driver, photo, &[]), 200, &holds(&[("p", Some("x"), "")]));
    desk.outbox.forget(photo).unwrap();
    let sent = upload(&driver, caption, &[("p", Some("x"), "")]);
    driver.answer(&sent, 200, &holds(&[("c", None, "Boiler"), ("p", Some("x"), "")]));
    assert_eq!(remote(&desk, caption), "c");
}

#[test]
fn a_text_whose_file_was_altered_is_not_sent() {
    let desk = desk();
    let id = desk.outbox.capture(crate::Text::new("gas is off"), &job()).unwrap().id;
    let path = desk.dir.path().join(format!("outbox/items/{id}/original"));
    std::fs::write(path, "gas is on.").unwrap();
    assert!(desk.deliver().next().is_none());
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::FileDamaged)));
}

#[test]
fn a_kill_between_a_file_and_its_caption_is_made_good_by_the_next_opening() {
    for has_caption in [false, true] {
        let mut desk = desk();
        let (photo, caption) = capture(&desk, "Boiler");
        // As a process leaves it that was killed before its rows were committed.
        desk.outbox.with_core(|core| {
            for id in [photo, caption] {
                let row = core.row(id).unwrap();
                core.store.write(|sql| sql.remove_item(&row)).unwrap();
            }
        });
        let outbox = desk.dir.path().join("outbox");
        std::fs::write(outbox.join(format!("incoming/{photo}")), "").unwrap();
        if has_caption {
            std::fs::write(outbox.join(format!("incoming/{caption}")), "").unwrap();
        } else {
            std::fs::remove_dir_all(outbox.join(format!("items/{caption}"))).unwrap();
        }
        desk.again();
        assert_eq!(captions_of(&desk, photo), [caption], "{has_caption}");
        assert_eq!((desk.all().len(), desk.outbox.check().unwrap().1), (2, vec![]));
        desk.again();
        assert_eq!(desk.all().len(), 2);
    }
}

#[test]
fn the_caption_of_a_file_whose_key_was_taken_is_no_item() {
    let mut desk = desk();
    let capture = || desk.outbox.capture(desk.document().caption("Boiler").key("one"), &job()).unwrap().id;
    let first = capture();
    let caption = captions_of(&desk, first)[0];
    // Another capture of the key that was killed before its rows were committed.
    desk.outbox.with_core(|core| {
        let mut manifest = core.row(first).unwrap().manifest;
        let [id, of_caption] = [(); 2].map(|()| ItemId::new(core.now().wall, core.entropy.bytes()));
        (manifest.id, manifest.caption_item) = (id, Some(of_caption));
        let mut admission = core.folders.admit(id).unwrap();
        admission.take(&mut &b"%PDF-1.7 report"[..]).unwrap();
        drop(admission.seal(&manifest).unwrap());
        drop(seal(&core.folders, &manifest).unwrap());
    });
    desk.again();
    assert_eq!((desk.all().len(), captions_of(&desk, first)), (2, vec![caption]));
    let desk = desk.lose_the_database();
    assert_eq!(desk.all().len(), 2, "nor does a rebuild make one of it");
}
