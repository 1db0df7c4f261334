use super::*;
use crate::Event;
use crate::model::{Bytes, Cap, Repair};

const REFUSED: &str = r#"{"Code":2100,"Message":"bad","ValidationErrors":[{"Code":2101,"Message":"name"}]}"#;

#[test]
fn what_never_left_goes_otherwise_from_then_on_also_after_its_database_was_lost() {
    let desk = Desk::new();
    let id = desk.capture();
    let repair = Repair::new().name("../boiler plate.pdf").work_order("10235").priority(4);
    let repaired = desk.outbox.repair(id, &repair).unwrap();
    assert_eq!(repaired.name, format!("boiler plate-{}.pdf", id.marker()));
    assert_eq!(repaired.work_order, "10235");
    let desk = desk.lose_the_database();
    assert_eq!(desk.item(id), repaired);
    let driver = desk.deliver();
    let transfer = driver.next().unwrap();
    assert_eq!(part(&transfer, "WorkOrderId").as_deref(), Some("10235"));
    assert_eq!(part(&transfer, "Name").as_deref(), Some(repaired.name.as_str()));
}

#[test]
fn a_refused_item_goes_again_as_a_new_operation() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    driver.answer(&first, 400, REFUSED);
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::Refused)));
    desk.outbox.repair(id, &Repair::new().name("other")).unwrap();
    let second = driver.next().unwrap();
    assert_ne!(part(&first, "MessageId"), part(&second, "MessageId"));
    assert_eq!(part(&second, "Name"), Some(format!("other-{}.pdf", id.marker())));
    driver.take(&second, "r-1");
    assert_eq!(desk.state(id), (State::Delivered, None));
}

#[test]
fn a_repair_that_does_not_help_stays_blocked_with_its_reason() {
    let desk = Desk::new();
    let id = desk.outbox.capture(desk.document(), &WorkOrder::new("acme", "abc")).unwrap().id;
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::WorkOrderNotValid)));
    desk.outbox.repair(id, &Repair::new().work_order("xyz")).unwrap();
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::WorkOrderNotValid)));
    desk.outbox.repair(id, &Repair::new().work_order("10234")).unwrap();
    assert_eq!(desk.state(id), (State::Queued, Some(Reason::NotStarted)));
}

#[test]
fn whoever_lists_the_work_order_that_an_item_leaves_is_told() {
    let desk = Desk::new();
    let id = desk.capture();
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = heard.clone();
    let listening = desk.outbox.listen(move |event| hears.lock().unwrap().push(event.clone()));
    desk.outbox.repair(id, &Repair::new().name("boiler")).unwrap();
    desk.outbox.repair(id, &Repair::new().work_order("10235")).unwrap();
    listening.finish();
    let heard = heard.lock().unwrap();
    // The item itself may be told of once: of two changes in one state a listener that is late hears the later.
    let left = heard.iter().filter(|event| **event == Event::Reasons { account: Some("acme".into()) }).count();
    assert_eq!(left, 1, "{heard:?}");
}

#[test]
fn a_repair_in_doubt_is_a_wish_that_is_dropped_where_the_item_is_found() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    let name = desk.item(id).name;
    let wished = desk.outbox.repair(id, &Repair::new().work_order("10235").name("a")).unwrap();
    assert_eq!((wished.work_order.as_str(), &wished.name), ("10234", &name), "what it is looked for by stays");
    assert_eq!(desk.state(id), (State::Verifying, Some(Reason::Hold)));
    let look = driver.wait_for();
    assert!(look.request.url.as_str().ends_with("10234"));
    driver.answer(&look, 200, &listing(&[("r-1", &name)]));
    assert_eq!(desk.state(id), (State::Delivered, None));
    assert_eq!(desk.item(id).work_order, "10234");
}

#[test]
fn wishes_in_doubt_are_done_together_once_the_item_is_proved_absent() {
    let desk = Desk::new();
    let other = desk.capture();
    let driver = desk.deliver();
    driver.take(&driver.next().unwrap(), "r-0");
    desk.wait(Duration::from_secs(30));
    let check = driver.wait_for();
    driver.answer(&check, 200, &listing(&[("r-0", &desk.item(other).name)])); // the list has earned trust
    let id = desk.capture();
    driver.lose(&driver.next().unwrap());
    desk.outbox.repair(id, &Repair::new().name("a").work_order("10235")).unwrap();
    desk.outbox.repair(id, &Repair::new().name("b")).unwrap();
    desk.wait(Duration::from_secs(30));
    driver.answer(&driver.wait_for(), 200, &listing(&[("r-0", &desk.item(other).name)]));
    let transfer = driver.wait_for();
    assert_eq!(part(&transfer, "Name"), Some(format!("b-{}.pdf", id.marker())));
    assert_eq!(part(&transfer, "WorkOrderId").as_deref(), Some("10235"));
}

#[test]
fn a_rank_changes_at_once_and_the_higher_goes_first() {
    let desk = Desk::new();
    let (first, second) = (desk.capture(), desk.capture());
    desk.outbox.repair(second, &Repair::new().priority(1)).unwrap();
    let driver = desk.deliver();
    assert_eq!(driver.next().unwrap().item, Some(second));
    desk.outbox.repair(second, &Repair::new().priority(-5)).unwrap(); // on its way: for the next time
    assert_eq!(driver.next().unwrap().item, Some(first));
}

#[test]
fn a_rank_that_changed_does_not_make_an_attempted_item_one_that_never_left() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    desk.outbox.repair(id, &Repair::new().priority(9)).unwrap();
    drop(driver);
    let desk = desk.lose_the_database();
    assert_eq!(desk.item(id).state, State::Verifying);
}

#[test]
fn what_cannot_be_repaired_is_refused_and_stays_as_it_is() {
    let desk = Desk::new();
    let id = desk.capture();
    let cap = desk.outbox.repair(id, &Repair::new().cap(Bytes::megabytes(1)));
    assert!(matches!(cap, Err(Error::Invalid { .. })), "a document has no cap");
    desk.outbox.cancel(id).unwrap();
    let late = desk.outbox.repair(id, &Repair::new().name("x"));
    assert!(matches!(late, Err(Error::NotNow { state: State::Cancelled, .. })));
}

#[test]
fn another_cap_prepares_the_photo_again_and_the_old_body_is_not_touched() {
    let desk = Desk::new();
    let path = desk.dir.path().join("photo.bmp");
    std::fs::write(&path, crate::prepare::tests::bitmap(60, 40)).unwrap();
    let id = desk.outbox.capture(crate::Photo::new(&path).max_edge(20), &WorkOrder::new("acme", "10234")).unwrap().id;
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    let body = first.file.clone().unwrap();
    driver.answer(&first, 400, REFUSED);
    let frozen = std::fs::read(&body.path).unwrap();
    desk.outbox.repair(id, &Repair::new().cap(Cap::Original)).unwrap();
    let second = driver.next().unwrap();
    assert_eq!(second.file.unwrap().path.file_name().unwrap(), "original");
    assert_eq!(desk.item(id).name, format!("photo-{}.bmp", id.marker()));
    assert_eq!(std::fs::read(&body.path).unwrap(), frozen);
}

#[test]
fn another_cap_takes_back_nothing_of_what_was_wanted_of_the_metadata() {
    let desk = Desk::new();
    let path = desk.dir.path().join("photo.bmp");
    std::fs::write(&path, crate::prepare::tests::bitmap(60, 40)).unwrap();
    let photo = crate::Photo::new(&path).max_edge(20).exif(crate::ExifPolicy::None);
    let id = desk.outbox.capture(photo, &WorkOrder::new("acme", "10234")).unwrap().id;
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 400, REFUSED);
    desk.outbox.repair(id, &Repair::new().cap(Cap::Original)).unwrap();
    let second = driver.next().unwrap().file.unwrap().path;
    assert_ne!(second.file_name().unwrap(), "original", "it is made of the original, as large, without its metadata");
}
