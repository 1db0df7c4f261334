use super::*;

/// The outbox comes back on another phone.
fn restored(desk: Desk) -> Desk {
    std::fs::remove_file(desk.dir.path().join("install")).unwrap();
    let mut desk = desk;
    desk.again();
    desk
}

/// A desk whose listings are trusted: it has delivered `r-0`.
fn trusted() -> (Desk, String) {
    let desk = Desk::new();
    let first = desk.capture();
    let driver = desk.deliver();
    driver.take(&driver.next().unwrap(), "r-0");
    desk.capture(); // without work no listing is put to the test
    let second = driver.next().unwrap();
    driver.lose(&second);
    let name = desk.item(first).name;
    let other = desk.item(second.item.unwrap()).name;
    driver.answer(&driver.wait_for(), 200, &listing(&[("r-0", &name), ("r-1", &other)]));
    drop(driver);
    (desk, name)
}

#[test]
fn what_never_left_is_looked_for_before_it_is_sent() {
    let (desk, name) = trusted();
    let (there, absent) = (desk.capture(), desk.capture());
    let desk = restored(desk);
    let driver = desk.deliver();
    let look = driver.next().unwrap();
    assert_eq!(look.request.method, Method::Get);
    desk.wait(Duration::from_secs(30));
    driver.answer(&look, 200, &listing(&[("r-0", &name), ("r-7", &desk.item(there).name)]));
    assert_eq!(desk.state(there), (State::Delivered, None));
    let transfer = loop {
        let transfer = driver.wait_for();
        if transfer.request.method == Method::Post {
            break transfer;
        }
        driver.answer(&transfer, 200, &listing(&[("r-0", &name)]));
    };
    assert_eq!(transfer.item, Some(absent));
    assert_eq!(desk.item(absent).attempts, 1);
}

#[test]
fn what_was_attempted_and_is_absent_needs_a_person() {
    let (desk, name) = trusted();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.report(&driver.next().unwrap(), Left::Part, Err(Failure::Broken));
    drop(driver);
    let desk = restored(desk);
    let driver = desk.deliver();
    for _ in 0..3 {
        let transfer = driver.wait_for();
        assert_eq!(transfer.request.method, Method::Get, "never sent unlooked");
        desk.wait(Duration::from_secs(30));
        driver.answer(&transfer, 200, &listing(&[("r-0", &name)]));
        if desk.item(id).state == State::Blocked {
            break;
        }
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
}

#[test]
fn the_same_phone_looks_for_nothing_and_a_restored_one_only_once() {
    let (mut desk, _) = trusted();
    desk.again();
    let id = desk.capture();
    let driver = desk.deliver();
    assert_eq!(driver.next().unwrap().item, Some(id));
    drop(driver);
    let mut desk = restored(desk);
    desk.again();
    let late = desk.outbox.capture(desk.document(), &WorkOrder::new("acme", "10236")).unwrap().id;
    let driver = desk.deliver();
    for _ in 0..9 {
        let transfer = driver.wait_for();
        if transfer.item == Some(late) {
            return;
        }
        assert!(transfer.request.url.as_str().ends_with("10234"), "what was captured here needs no look");
        driver.answer(&transfer, 200, "[]");
    }
    panic!("it was never sent");
}

#[test]
fn what_is_wanted_of_it_waits_until_it_was_looked_for() {
    let (desk, name) = trusted();
    let (cancelled, repaired, deleted) = (desk.capture(), desk.capture(), desk.capture());
    let desk = restored(desk);
    desk.outbox.cancel(cancelled).unwrap();
    desk.outbox.repair(repaired, &crate::model::Repair::new().work_order("10235")).unwrap();
    let deletion = desk.outbox.delete(deleted).unwrap().id;
    let entries = [cancelled, repaired, deleted].map(|id| (id.to_string(), desk.item(id).name));
    let entries: Vec<(&str, &str)> = entries.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    let driver = desk.deliver();
    while [cancelled, repaired, deleted].iter().any(|id| desk.item(*id).state != State::Delivered) {
        let look = driver.next().unwrap();
        assert_eq!(look.request.method, Method::Get, "all of it was sent by the other phone");
        driver.answer(&look, 200, &listing(&[&[("r-0", name.as_str())], entries.as_slice()].concat()));
    }
    let transfer = driver.next().unwrap();
    assert_eq!((transfer.item, transfer.request.method), (Some(deletion), Method::Delete));
}

#[test]
fn what_was_on_its_way_when_the_backup_was_made_and_is_absent_needs_a_person() {
    let (desk, name) = trusted();
    let id = desk.capture();
    let driver = desk.deliver();
    assert_eq!(driver.next().unwrap().item, Some(id));
    drop(driver);
    let desk = restored(desk);
    let driver = desk.deliver();
    for _ in 0..2 {
        driver.answer(&driver.wait_for(), 200, &listing(&[("r-0", &name)]));
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
    assert!(driver.next().is_none());
}

#[test]
fn what_was_not_there_when_the_backup_was_made_is_no_probe_on_another_phone() {
    // Nothing of the account was ever delivered, so its listings prove nothing: on the old phone it would go as the probe.
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    desk.wait(Duration::from_secs(30));
    driver.answer(&driver.wait_for(), 200, &listing(&[]));
    assert_eq!(desk.item(id).state, State::Verifying);
    drop(driver);
    let desk = restored(desk);
    let driver = desk.deliver();
    for _ in 0..4 {
        if desk.item(id).state == State::Blocked {
            break;
        }
        let transfer = driver.wait_for();
        assert_eq!(transfer.request.method, Method::Get, "another phone may have sent it since");
        desk.wait(Duration::from_secs(30));
        driver.answer(&transfer, 200, &listing(&[]));
        _ = driver.next();
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
}
