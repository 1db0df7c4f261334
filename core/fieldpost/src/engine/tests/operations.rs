use super::*;
use crate::model::{Attachment, Changes, Operation, RemoteId, Repair};

fn visibility(value: &str) -> Changes {
    Changes::from([("visibility".to_owned(), value.to_owned())])
}

/// A desk with one item delivered as `r-1`.
fn delivered() -> (Desk, ItemId) {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.take(&driver.next().unwrap(), "r-1");
    drop(driver);
    (desk, id)
}

#[test]
fn an_update_of_what_never_left_changes_the_upload_and_a_deletion_cancels_it() {
    let desk = Desk::new();
    let id = desk.capture();
    assert_eq!(desk.outbox.update(id, visibility("None")).unwrap().id, id);
    let driver = desk.deliver();
    let transfer = driver.next().unwrap();
    assert_eq!(
        (transfer.request.method, part(&transfer, "MessageVisibility").as_deref()),
        (Method::Post, Some("None"))
    );
    let other = desk.capture();
    assert_eq!(desk.outbox.delete(other).unwrap().state, State::Cancelled);
    assert_eq!(desk.all().len(), 2);
}

#[test]
fn two_updates_become_one_and_a_deletion_takes_the_place_of_an_update() {
    let (desk, id) = delivered();
    let first = desk.outbox.update(id, visibility("None")).unwrap();
    assert_eq!((first.operation, first.original), (Operation::Update, None));
    let name = Changes::from([("name".to_owned(), "boiler.pdf".to_owned())]);
    let second = desk.outbox.update(id, name).unwrap();
    assert_eq!((second.id, second.name), (first.id, format!("boiler-{}.pdf", id.marker())));
    let deletion = desk.outbox.delete(id).unwrap();
    assert_eq!((deletion.operation, desk.item(first.id).state), (Operation::Delete, State::Cancelled));
    assert_eq!(desk.outbox.delete(id).unwrap().id, deletion.id, "the same once more is the same");
    assert!(matches!(desk.outbox.update(id, visibility("All")), Err(Error::NotNow { .. })));
}

#[test]
fn operations_on_one_attachment_go_one_after_another() {
    let (desk, id) = delivered();
    let update = desk.outbox.update(id, visibility("None")).unwrap().id;
    let driver = desk.deliver();
    let put = driver.next().unwrap();
    assert_eq!(put.item, Some(update));
    let deletion = desk.outbox.delete(id).unwrap().id;
    assert_eq!(desk.state(deletion), (State::Waiting, Some(Reason::AfterAnotherItem)));
    assert_eq!(driver.next().map(|transfer| transfer.item), None);
    driver.answer(&put, 200, r#"{"MessageId":"m"}"#);
    assert_eq!(driver.next().unwrap().item, Some(deletion));
}

#[test]
fn a_doubtful_update_is_sent_again_under_the_same_request_id_and_never_looked_for() {
    let (desk, id) = delivered();
    let update = desk.outbox.update(id, visibility("None")).unwrap().id;
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    driver.lose(&first);
    assert_eq!(desk.item(update).state, State::Waiting);
    let second = driver.wait_for();
    assert_eq!((second.item, part(&second, "MessageId")), (Some(update), part(&first, "MessageId")));
}

#[test]
fn what_was_killed_on_its_way_is_sent_again() {
    let (desk, id) = delivered();
    let deletion = desk.outbox.delete(id).unwrap().id;
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    drop(driver);
    let driver = desk.deliver();
    let second = driver.next().unwrap();
    assert_eq!((second.item, part(&second, "MessageId")), (Some(deletion), part(&first, "MessageId")));
}

#[test]
fn a_deletion_of_what_is_gone_is_done_and_an_update_of_it_is_not() {
    let (desk, id) = delivered();
    let update = desk.outbox.update(id, visibility("None")).unwrap().id;
    let driver = desk.deliver();
    let gone = r#"{"Code":3003,"Message":"no such attachment"}"#;
    driver.answer(&driver.next().unwrap(), 400, gone);
    assert_eq!(desk.state(update), (State::Blocked, Some(Reason::AttachmentMissing)));
    let deletion = desk.outbox.delete(id).unwrap().id;
    assert_eq!(desk.item(update).state, State::Cancelled);
    driver.answer(&driver.next().unwrap(), 400, gone);
    assert_eq!(desk.state(deletion), (State::Delivered, None));
    let missing = desk.outbox.delete(id).unwrap().id;
    driver.answer(&driver.next().unwrap(), 400, r#"{"Code":3005,"Message":"no such work order"}"#);
    assert_eq!(desk.state(missing), (State::Blocked, Some(Reason::WorkOrderMissing)));
}

#[test]
fn a_deletion_in_doubt_waits_for_the_uploads_receipt() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    let deletion = desk.outbox.delete(id).unwrap();
    assert_eq!(deletion.operation, Operation::Delete);
    let look = driver.wait_for();
    driver.answer(&look, 200, &listing(&[("r-9", &desk.item(id).name)]));
    assert_eq!(desk.item(id).state, State::Delivered);
    let transfer = driver.next().unwrap();
    assert_eq!((transfer.item, part(&transfer, "AttachmentId").as_deref()), (Some(deletion.id), Some("r-9")));
}

#[test]
fn what_waited_for_an_upload_that_was_given_up_is_given_up_with_it() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    let transfer = driver.next().unwrap();
    let update = desk.outbox.update(id, visibility("None")).unwrap().id;
    desk.outbox.cancel(id).unwrap();
    driver.report(&transfer, Left::Part, Err(Failure::Broken)); // nothing of it can be there
    assert_eq!((desk.item(id).state, desk.item(update).state), (State::Cancelled, State::Cancelled));
}

#[test]
fn an_attachment_of_the_customer_is_known_by_its_remote_id_and_ours_by_both() {
    let (desk, id) = delivered();
    let job = WorkOrder::new("acme", "10234");
    let remote = |id: &str| Attachment::Remote { job: job.clone(), id: RemoteId(id.into()) };
    let theirs = desk.outbox.delete(remote("theirs")).unwrap();
    let ours = desk.outbox.delete(remote("r-1")).unwrap();
    assert_eq!(desk.outbox.delete(id).unwrap().id, ours.id);
    assert_eq!((theirs.name.as_str(), &ours.name), ("theirs", &desk.item(id).name));
    let driver = desk.deliver();
    for (item, about) in [(theirs.id, "theirs"), (ours.id, "r-1")] {
        let transfer = driver.next().unwrap();
        assert_eq!((transfer.item, part(&transfer, "AttachmentId").as_deref()), (Some(item), Some(about)));
    }
}

#[test]
fn operations_outlive_the_database() {
    let (desk, id) = delivered();
    let update = desk.outbox.update(id, visibility("None")).unwrap();
    let desk = desk.lose_the_database();
    assert_eq!(desk.item(update.id), update);
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    drop(driver);
    let desk = desk.lose_the_database();
    let second = desk.deliver().next().unwrap();
    assert_eq!(part(&second, "AttachmentId").as_deref(), Some("r-1"));
    assert_eq!(part(&second, "MessageId"), part(&first, "MessageId"));
}

#[test]
fn what_a_system_does_not_offer_is_refused_at_the_door() {
    let (desk, id) = delivered();
    let colour = Changes::from([("colour".to_owned(), "red".to_owned())]);
    assert!(matches!(desk.outbox.update(id, colour), Err(Error::Invalid { .. })));
    assert!(matches!(desk.outbox.update(id, Changes::new()), Err(Error::Invalid { .. })));
    let nothing = Attachment::Remote { job: WorkOrder::new("acme", "10234"), id: RemoteId(" ".into()) };
    assert!(matches!(desk.outbox.delete(nothing), Err(Error::Invalid { .. })));
    let account = Account::digital_realty("dr", "https://dr.invalid", "M").customer_account("A");
    desk.outbox.put_account(account).unwrap();
    let theirs = Attachment::Remote { job: WorkOrder::new("dr", "WO1"), id: RemoteId("x".into()) };
    assert!(matches!(desk.outbox.delete(theirs), Err(Error::Invalid { .. })));
}

#[test]
fn a_deleted_file_does_not_take_the_listings_trust_away() {
    let (desk, id) = delivered();
    let deletion = desk.outbox.delete(id).unwrap().id;
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 200, r#"{"MessageId":"m"}"#);
    assert_eq!(desk.item(deletion).state, State::Delivered);
    desk.wait(Duration::from_secs(60));
    assert!(driver.next().is_none(), "nothing is left that the listing could be put to the test by");
}

#[test]
fn what_an_upload_left_more_than_once_is_deleted_where_the_account_allows_it() {
    for allowed in [false, true] {
        let desk = Desk::new();
        let account = Account::corrigo_pro("acme", "https://corrigo.invalid").performed_by("Jo Field");
        desk.outbox.put_account(account.set("delete_surplus", allowed.to_string())).unwrap();
        let id = desk.capture();
        let driver = desk.deliver();
        driver.lose(&driver.next().unwrap());
        let name = desk.item(id).name;
        driver.answer(&driver.wait_for(), 200, &listing(&[("r-1", &name), ("r-2", &name)]));
        assert_eq!(desk.item(id).receipt.unwrap().surplus, [RemoteId("r-2".into())]);
        let deletion = driver.next();
        assert_eq!(deletion.and_then(|transfer| part(&transfer, "AttachmentId")).as_deref(), allowed.then_some("r-2"));
        assert_eq!(desk.outbox.check().unwrap().1, []);
    }
}

#[test]
fn a_later_update_changes_no_more_than_it_names() {
    let (desk, id) = delivered();
    let driver = desk.deliver();
    let changes =
        [visibility("None"), Changes::from([("name".to_owned(), "boiler.pdf".to_owned())]), visibility("All")];
    let expected = [("None", "report"), ("None", "boiler"), ("All", "boiler")];
    for (changes, (visible, name)) in changes.into_iter().zip(expected) {
        desk.outbox.update(id, changes).unwrap();
        let put = driver.next().unwrap();
        assert_eq!(part(&put, "MessageVisibility").as_deref(), Some(visible));
        assert!(part(&put, "Name").unwrap().starts_with(name), "{name}");
        driver.answer(&put, 200, r#"{"MessageId":"m"}"#);
    }
}

#[test]
fn an_operation_follows_its_upload_to_the_work_order_where_that_went() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    let first = driver.next().unwrap();
    let update = desk.outbox.update(id, visibility("None")).unwrap().id;
    desk.outbox.repair(id, &Repair::new().work_order("10235").name("boiler")).unwrap();
    driver.report(&first, Left::Part, Err(Failure::Broken)); // nothing of it can be there
    let second = driver.wait_for();
    assert_eq!(part(&second, "WorkOrderId").as_deref(), Some("10235"));
    driver.take(&second, "r-1");
    let put = driver.next().unwrap();
    assert_eq!((put.item, part(&put, "WorkOrderId").as_deref()), (Some(update), Some("10235")));
    assert!(part(&put, "Name").unwrap().starts_with("boiler"));
}

#[test]
fn a_deletion_of_what_nobody_knows_the_id_of_is_not_taken_for_done() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 200, "{}"); // it may have been taken
    desk.outbox.settle(id, crate::Settlement::Delivered(None)).unwrap();
    let deletion = desk.outbox.delete(id).unwrap().id;
    assert!(driver.next().is_none());
    assert_eq!(desk.state(deletion), (State::Blocked, Some(Reason::AttachmentMissing)));
}

#[test]
fn operations_keep_their_order_when_the_database_is_lost() {
    let desk = Desk::new();
    let mut seconds = Vec::new();
    let driver = desk.deliver();
    for n in 0..8 {
        let id = desk.capture();
        driver.take(&driver.next().unwrap(), &format!("r-{n}"));
        desk.outbox.update(id, visibility("None")).unwrap();
        driver.answer(&driver.next().unwrap(), 200, "{}"); // in doubt: it waits to go again
        seconds.push(desk.outbox.update(id, visibility("All")).unwrap().id); // its id may sort before the first one's
    }
    drop(driver);
    let desk = desk.lose_the_database();
    for second in seconds {
        assert_eq!(desk.state(second), (State::Waiting, Some(Reason::AfterAnotherItem)));
    }
}

#[test]
fn an_upload_that_was_changed_after_a_refused_token_is_known_to_be_attempted_by_a_rebuilt_database() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 401, ""); // no attempt is spent, but one is on record
    drop(driver);
    assert_eq!(desk.item(id).attempts, 0);
    desk.outbox.update(id, Changes::from([("visibility".to_owned(), "All".to_owned())])).unwrap();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    drop(driver);
    let desk = desk.lose_the_database();
    assert_eq!(desk.item(id).state, State::Verifying, "it may have arrived");
}
