use super::*;

fn capture(desk: &Desk, person: Option<&str>) -> ItemId {
    let document = desk.document();
    let document = match person {
        Some(person) => document.person(person),
        None => document,
    };
    desk.outbox.capture(document, &WorkOrder::new("acme", "10234")).unwrap().id
}

#[test]
fn nothing_that_one_person_captured_leaves_under_anothers_token() {
    let desk = Desk::new();
    let (jo, sam, nobody) = (capture(&desk, Some("jo")), capture(&desk, Some("sam")), capture(&desk, None));
    let driver = desk.deliver().of("sam");
    let mut sent = Vec::new();
    while let Some(transfer) = driver.next() {
        sent.push(transfer.item.unwrap());
        driver.take(&transfer, &format!("r-{}", sent.len()));
    }
    sent.sort_unstable();
    let mut theirs = [sam, nobody];
    theirs.sort_unstable();
    assert_eq!(sent, theirs);
    assert_eq!(desk.state(jo), (State::Waiting, Some(Reason::TokenWanted)));
    drop(driver);
    let driver = desk.deliver().of("jo");
    assert_eq!(driver.next().unwrap().item, Some(jo));
}

#[test]
fn a_token_of_nobody_in_particular_carries_everything() {
    let desk = Desk::new();
    for person in [Some("jo"), Some("sam"), None] {
        capture(&desk, person);
    }
    desk.deliver().take_all();
    assert!(desk.all().iter().all(|item| item.state == State::Delivered));
}

#[test]
fn who_captured_it_outlives_the_database_and_the_reason_a_restart() {
    let mut desk = Desk::new();
    let id = capture(&desk, Some("jo"));
    assert!(desk.deliver().of("sam").next().is_none());
    desk.again();
    assert_eq!(desk.state(id), (State::Waiting, Some(Reason::TokenWanted)));
    let desk = desk.lose_the_database();
    assert!(desk.deliver().of("sam").next().is_none());
    assert_eq!(desk.deliver().of("jo").next().unwrap().item, Some(id));
}

#[test]
fn what_an_untrusted_list_did_not_show_goes_again_under_its_own_persons_token_alone() {
    let desk = Desk::new();
    let id = capture(&desk, Some("jo"));
    let driver = desk.deliver().of("jo");
    driver.lose(&driver.next().unwrap());
    desk.wait(Duration::from_secs(30));
    driver.answer(&driver.wait_for(), 200, "[]");
    drop(driver);
    assert!(desk.deliver().of("sam").next().is_none(), "not even as a probe");
    assert_eq!(desk.deliver().of("jo").next().unwrap().item, Some(id));
}
