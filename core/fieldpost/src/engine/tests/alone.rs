use super::*;
use crate::dispatch::answer::ALONE;
use crate::model::Action;

#[test]
fn an_item_that_alone_keeps_failing_waits_longer_each_time_and_needs_a_person_after_days() {
    let desk = Desk::new();
    let bad = desk.capture();
    let driver = desk.deliver();
    let (mut listed, mut longest, mut begun) = (Vec::new(), Duration::ZERO, None);
    for n in 0..5_000 {
        let item = desk.item(bad);
        if item.state == State::Blocked {
            assert_eq!(item.why.map(|why| (why.reason, why.action)), Some((Reason::ServerBusy, Action::Review)));
            let lasted = desk.clock.now().mono - begun.unwrap();
            assert!(lasted >= ALONE && lasted < ALONE * 3, "{lasted:?}");
            assert!(longest > Duration::from_secs(2 * 3600), "{longest:?}");
            return;
        }
        if let Some(until) = item.why.and_then(|why| why.until) {
            let left = until.millis() - desk.clock.now().wall.millis();
            longest = longest.max(Duration::from_millis(left.unsigned_abs()));
        }
        match driver.next() {
            None => {
                desk.wait(Duration::from_secs(10 * 60));
                desk.capture();
            }
            Some(transfer) if transfer.item == Some(bad) => {
                begun.get_or_insert(desk.clock.now().mono);
                driver.answer(&transfer, 500, "{}");
            }
            Some(transfer) => match transfer.item {
                Some(id) => {
                    listed.push((format!("r-{n}"), desk.item(id).name));
                    driver.take(&transfer, &format!("r-{n}"));
                }
                None => {
                    let entries: Vec<(&str, &str)> = listed.iter().map(|(id, name)| (&**id, &**name)).collect();
                    driver.answer(&transfer, 200, &listing(&entries));
                }
            },
        }
    }
    panic!("it was never shown to a person");
}

#[test]
fn a_host_that_is_down_for_all_blocks_nothing_however_long() {
    let desk = Desk::new();
    let (first, second) = (desk.capture(), desk.capture());
    let driver = desk.deliver();
    for _ in 0..300 {
        let transfer = driver.wait_for();
        if transfer.request.method == Method::Get {
            driver.answer(&transfer, 503, "");
        } else {
            driver.report(&transfer, Left::Part, Err(Failure::Broken));
        }
    }
    assert!(desk.clock.now().mono > Duration::from_secs(3 * 24 * 3600));
    for id in [first, second] {
        assert_eq!(desk.state(id), (State::Waiting, Some(Reason::Unreachable)));
    }
}

#[test]
fn what_shall_be_given_up_is_never_sent_to_find_out_whether_it_is_there() {
    let desk = Desk::new();
    let id = desk.capture();
    let driver = desk.deliver();
    driver.lose(&driver.next().unwrap());
    desk.outbox.cancel(id).unwrap();
    desk.wait(Duration::from_secs(30));
    driver.answer(&driver.wait_for(), 200, "[]");
    assert!(driver.next().is_none());
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
    desk.outbox.settle(id, crate::dispatch::person::Settlement::Absent).unwrap();
    assert_eq!(desk.state(id).0, State::Cancelled);
}
