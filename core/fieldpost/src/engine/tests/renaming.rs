//! A system whose names prove nothing: one upload per work order at a time, and what is new since tells.

use super::*;
use crate::engine::news::Event;

const USER: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.outbox.put_account(Account::serial("plant", "https://serial.invalid", USER)).unwrap();
    desk
}

fn capture(desk: &Desk, work_order: &str) -> ItemId {
    desk.outbox.capture(desk.document(), &WorkOrder::new("plant", work_order)).unwrap().id
}

/// Serial's work order with these attachments, all renamed and by our user.
fn holds(ids: &[&str]) -> String {
    let entry = |id: &&str| format!(r#"{{"dataset_id":"{id}","file_name":"{id}","added_by_user_id":"{USER}"}}"#);
    let entries = ids.iter().map(entry).collect::<Vec<_>>().join(",");
    format!(r#"{{"id":"u","wo_number":7,"attachments":[{entries}]}}"#)
}

/// The outbox is restored on another phone, and something by our user is at the system.
fn goes_to_a_person_on_another_phone(mut desk: Desk, id: ItemId) {
    std::fs::write(desk.dir.path().join("install"), "another phone").unwrap();
    desk.again();
    let driver = desk.deliver();
    for _ in 0..2 {
        driver.answer(&driver.wait_for(), 200, &holds(&["sent by the other phone"]));
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
}

impl Driver<'_> {
    /// The upload of the item that goes next, after its work order was read with these attachments in it.
    fn upload_after(&self, ids: &[&str]) -> Transfer {
        let read = self.wait_for();
        assert_eq!(read.request.method, Method::Get);
        self.answer(&read, 200, &holds(ids));
        let upload = self.next().expect("the upload follows");
        assert_eq!((upload.request.method, upload.item), (Method::Put, read.item));
        upload
    }
}

#[test]
fn what_is_new_in_the_answer_is_ours_and_one_upload_goes_to_a_work_order_at_a_time() {
    let desk = desk();
    let (one, two, elsewhere) = (capture(&desk, "7"), capture(&desk, "7"), capture(&desk, "8"));
    let driver = desk.deliver();
    let upload = driver.upload_after(&["old"]);
    assert_eq!(upload.item, Some(one));
    let other = driver.next().expect("another work order is not held up");
    assert_eq!(other.item, Some(elsewhere));
    assert!(driver.next().is_none(), "the second one waits");
    driver.answer(&upload, 200, &holds(&["old", "new"]));
    assert_eq!(desk.item(one).receipt.unwrap().remote_id.unwrap().0, "new");
    let upload = driver.upload_after(&["old", "new"]);
    assert_eq!(upload.item, Some(two));
    driver.answer(&upload, 200, &holds(&["newer", "new", "old"]));
    assert_eq!(desk.item(two).receipt.unwrap().remote_id.unwrap().0, "newer");
}

#[test]
fn while_one_is_in_doubt_the_others_of_its_work_order_wait_and_say_for_what() {
    let desk = desk();
    let (one, two) = (capture(&desk, "7"), capture(&desk, "7"));
    let driver = desk.deliver();
    driver.answer(&driver.upload_after(&[]), 200, "{}");
    assert_eq!(desk.state(one).0, State::Verifying);
    assert_eq!(desk.state(two), (State::Waiting, Some(Reason::AfterAnotherItem)));
    assert_eq!(desk.item(two).why.unwrap().detail, Some(one.to_string()));
    let look = driver.wait_for();
    assert_eq!(look.item, None);
    assert!(driver.next().is_none());
    driver.answer(&look, 200, &holds(&[]));
    let look = driver.wait_for(); // once more after `settle`: nobody trusts this list yet
    driver.answer(&look, 200, &holds(&[]));
    assert_eq!(driver.wait_for().item, Some(two), "absent as far as can be told: the other goes, and earns trust");
}

#[test]
fn after_a_lost_answer_what_is_new_goes_to_a_person_and_never_again_unasked() {
    let desk = desk();
    let id = capture(&desk, "7");
    let driver = desk.deliver();
    driver.lose(&driver.upload_after(&["old"]));
    for _ in 0..2 {
        driver.answer(&driver.wait_for(), 200, &holds(&["old", "new"]));
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
    assert!(desk.item(id).why.unwrap().detail.unwrap().contains("new"));
    assert!(driver.next().is_none());
}

#[test]
fn after_an_answer_that_says_yes_but_not_which_the_only_new_one_is_ours() {
    let desk = desk();
    let id = capture(&desk, "7");
    let driver = desk.deliver();
    driver.answer(&driver.upload_after(&["old"]), 200, r#"{"id":"u""#);
    driver.answer(&driver.wait_for(), 200, &holds(&["old", "new"]));
    assert_eq!(desk.item(id).receipt.unwrap().remote_id.unwrap().0, "new");
}

#[test]
fn what_was_listed_before_outlives_the_process_and_the_database() {
    for loses_the_database in [false, true] {
        let mut desk = desk();
        let id = capture(&desk, "7");
        let driver = desk.deliver();
        driver.upload_after(&["old"]);
        drop(driver);
        desk = if loses_the_database {
            desk.lose_the_database()
        } else {
            desk.again();
            desk
        };
        let driver = desk.deliver();
        for _ in 0..2 {
            driver.answer(&driver.wait_for(), 200, &holds(&["old", "new"]));
        }
        assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)), "{loses_the_database}");
        assert!(desk.item(id).why.unwrap().detail.unwrap().contains("new"), "{loses_the_database}");
    }
}

#[test]
fn a_delivery_that_died_before_the_upload_left_finds_nothing_and_goes_again() {
    let mut desk = desk();
    let id = capture(&desk, "7");
    let driver = desk.deliver();
    assert_eq!(driver.next().unwrap().request.method, Method::Get);
    drop(driver);
    desk.again();
    let driver = desk.deliver();
    for _ in 0..2 {
        driver.answer(&driver.wait_for(), 200, &holds(&["foreign"]));
    }
    let upload = driver.upload_after(&["foreign"]);
    assert_eq!(upload.item, Some(id));
}

#[test]
fn in_a_restored_outbox_whatever_may_be_ours_goes_to_a_person() {
    let desk = desk();
    let id = capture(&desk, "7");
    goes_to_a_person_on_another_phone(desk, id);
}

#[test]
fn the_steps_of_an_upload_go_under_the_token_that_it_began_with() {
    let desk = desk();
    let document = desk.document().person("sam");
    let id = desk.outbox.capture(document, &WorkOrder::new("plant", "7")).unwrap().id;
    let driver = desk.deliver().of("sam");
    let read = driver.next().unwrap();
    driver.delivery.put_token("plant", Token::new(Secret::new("jo's token")).of("jo")).unwrap();
    driver.answer(&read, 200, &holds(&[]));
    let upload = driver.next().unwrap();
    assert_eq!((upload.item, upload.token), (Some(id), read.token));
}

#[test]
fn a_step_that_follows_does_not_leave_for_a_system_that_asked_to_be_left_alone_meanwhile() {
    let desk = desk();
    let (one, two) = (capture(&desk, "7"), capture(&desk, "8"));
    let driver = desk.deliver();
    let (read, other) = (driver.next().unwrap(), driver.next().unwrap());
    assert_eq!((read.item, other.item), (Some(one), Some(two)));
    driver.answer(&other, 429, "");
    driver.answer(&read, 200, &holds(&[]));
    assert!(driver.next().is_none());
    assert_eq!(desk.item(one).attempts, 0, "nothing of it had left");
    assert_eq!(desk.state(one), (State::Waiting, Some(Reason::ServerAskedToWait)));
}

#[test]
fn what_a_restored_outbox_had_on_its_way_goes_to_a_person_though_it_knows_no_list_from_before() {
    let desk = desk();
    let id = capture(&desk, "7");
    let driver = desk.deliver();
    assert_eq!(driver.next().unwrap().request.method, Method::Get);
    drop(driver);
    goes_to_a_person_on_another_phone(desk, id);
}

#[test]
fn whoever_shows_what_waits_behind_a_doubt_is_told_when_it_is_over() {
    let desk = desk();
    capture(&desk, "7");
    let driver = desk.deliver();
    driver.answer(&driver.upload_after(&[]), 200, &holds(&["first"]));
    let (_one, two) = (capture(&desk, "7"), capture(&desk, "7"));
    driver.answer(&driver.upload_after(&["first"]), 200, "{}");
    driver.answer(&driver.wait_for(), 200, &holds(&["first"]));
    let look = driver.wait_for();
    assert_eq!(desk.state(two), (State::Waiting, Some(Reason::AfterAnotherItem)));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    let listening = desk.outbox.listen(move |event| hears.lock().unwrap().push(event.clone()));
    driver.answer(&look, 200, &holds(&["first"])); // proved absent: it goes again, after a wait
    assert_eq!(desk.state(two), (State::Queued, Some(Reason::NotStarted)));
    listening.finish();
    let heard = heard.lock().unwrap();
    assert!(heard.contains(&Event::Reasons { account: Some("plant".into()) }), "{heard:?}");
}
