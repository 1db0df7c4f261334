//! Uploads that need the same folder, which is not there: one of them creates it, whatever becomes of that one.

use super::folders::{Folder, asked, capture, desk, job, list, whole};
use super::*;

const MISC: Folder<'_> = (7, "Misc", &[]);
const PHOTOS: Folder<'_> = (9, "Photos", &[]);
const OAUTH: &str = r#"{"status":400,"message":"You must provide a valid OAuth token to make a request"}"#;

/// The step that goes next.
fn step(driver: &Driver<'_>, item: ItemId, what: &str) -> Transfer {
    let transfer = driver.next().expect("there is a next step");
    assert_eq!((transfer.item, asked(&transfer).as_str()), (Some(item), what));
    transfer
}

/// Two uploads for a folder that neither finds: the first is about to create it, the second waits for that.
fn creating(desk: &Desk, driver: &Driver<'_>) -> (ItemId, ItemId, Transfer) {
    let (one, two) = (capture(desk), capture(desk));
    let lists = [step(driver, one, "GET "), step(driver, two, "GET ")];
    lists.iter().for_each(|transfer| driver.answer(transfer, 200, &list(&[MISC])));
    let creation = step(driver, one, "POST ");
    assert!(driver.next().is_none(), "the second one creates no other");
    assert_eq!(desk.item(two).state, State::Sending);
    (one, two, creation)
}

/// Delivers all that is left at a system with these folders, and returns how often the folder was created on the way.
fn deliver_all(desk: &Desk, driver: &Driver<'_>, mut is_there: bool) -> usize {
    let (mut created, mut files, mut in_the_air) = (0, Vec::new(), Vec::new());
    let open = |item: &Item| !matches!(item.state, State::Delivered | State::Cancelled | State::Blocked);
    for _ in 0..100 {
        in_the_air.extend(std::iter::from_fn(|| driver.next()));
        if in_the_air.is_empty() && !desk.all().iter().any(open) {
            return created;
        }
        if in_the_air.is_empty() {
            desk.wait(Duration::from_secs(60));
            continue;
        }
        let making = |transfer: &&Transfer| asked(transfer) == "POST ";
        assert!(in_the_air.iter().filter(making).count() < 2, "two creations at a time");
        // The latest first: an order in which a creation that is not alone would be seen.
        let transfer = in_the_air.pop().unwrap();
        match asked(&transfer).as_str() {
            "POST " => {
                (created, is_there) = (created + 1, true);
                driver.answer(&transfer, 200, "{}");
            }
            "GET " => {
                let shown: Vec<(u64, &str)> = files.iter().map(|(id, name): &(u64, String)| (*id, &**name)).collect();
                let folders = [MISC, (9, "Photos", &*shown)];
                driver.answer(&transfer, 200, &list(&folders[..1 + usize::from(is_there)]));
            }
            "POST /9" => {
                let name = desk.item(transfer.item.unwrap()).name;
                files.push((20 + files.len() as u64, name.clone()));
                let own = [(files.last().unwrap().0, name.as_str())];
                driver.answer(&transfer, 200, &whole(&list(&[(9, "Photos", &own)])));
            }
            other => panic!("{other}"),
        }
    }
    panic!("something waits for ever: {:?}", desk.all());
}

#[test]
fn the_second_waits_for_the_creation_and_then_finds_the_folder() {
    let desk = desk();
    let driver = desk.deliver();
    let (one, two, creation) = creating(&desk, &driver);
    driver.answer(&creation, 200, &whole(&list(&[MISC, PHOTOS])));
    let listing = step(&driver, one, "GET ");
    assert!(driver.next().is_none(), "until the first has seen it");
    driver.answer(&listing, 200, &list(&[MISC, PHOTOS]));
    let upload = step(&driver, one, "POST /9");
    let listing = step(&driver, two, "GET ");
    driver.answer(&listing, 200, &list(&[MISC, PHOTOS]));
    let other = step(&driver, two, "POST /9");
    for (transfer, id) in [(upload, one), (other, two)] {
        let name = desk.item(id).name;
        let file = if id == one { 1 } else { 2 };
        driver.answer(&transfer, 200, &whole(&list(&[(9, "Photos", &[(file, &name)])])));
        assert_eq!((desk.item(id).state, desk.item(id).attempts), (State::Delivered, 1));
    }
}

#[test]
fn a_list_from_before_the_creation_creates_no_other_however_late_it_comes() {
    let desk = desk();
    let (one, two) = (capture(&desk), capture(&desk));
    let driver = desk.deliver();
    let (first, late) = (step(&driver, one, "GET "), step(&driver, two, "GET "));
    driver.answer(&first, 200, &list(&[MISC]));
    driver.answer(&step(&driver, one, "POST "), 200, "{}");
    driver.answer(&step(&driver, one, "GET "), 200, &list(&[MISC, PHOTOS]));
    let _upload = step(&driver, one, "POST /9");
    driver.answer(&late, 200, &list(&[MISC]));
    driver.answer(&step(&driver, two, "GET "), 200, &list(&[MISC, PHOTOS]));
    step(&driver, two, "POST /9");
}

#[test]
fn whatever_is_there_and_whatever_goes_elsewhere_is_not_held_up() {
    let desk = desk();
    let account = Account::field_nation("fn", "https://fn.invalid/api/rest/v2").set("max_concurrent", "6");
    desk.outbox.put_account(account).unwrap();
    let (one, two) = (capture(&desk), capture(&desk));
    let misc = [(); 2].map(|()| desk.outbox.capture(desk.document(), &job()).unwrap().id);
    let other = desk.outbox.capture(desk.document().folder("After"), &job()).unwrap().id;
    let elsewhere = desk.outbox.capture(desk.document().folder("Photos"), &WorkOrder::new("fn", "7")).unwrap().id;
    let driver = desk.deliver();
    let lists: Vec<Transfer> = std::iter::from_fn(|| driver.next()).collect();
    assert_eq!(lists.len(), 6);
    lists.iter().for_each(|transfer| driver.answer(transfer, 200, &list(&[MISC])));
    let mut leave: Vec<(ItemId, String)> = std::iter::from_fn(|| driver.next())
        .map(|transfer| (transfer.item.unwrap(), transfer.request.url.path().replace("/api/rest/v2/workorders/", "")))
        .collect();
    leave.sort();
    let at = |path: &str| path.to_owned();
    let wanted = [
        (one, at("10234/attachments")),
        (misc[0], at("10234/attachments/7")),
        (misc[1], at("10234/attachments/7")),
        (other, at("10234/attachments")),
        (elsewhere, at("7/attachments")),
    ];
    let mut wanted = wanted.to_vec();
    wanted.sort();
    assert_eq!(leave, wanted, "all but {two}");
}

/// Whether the folder is there after it, the status that was answered, and with what.
type Ending = (bool, Option<(u16, &'static str)>);

#[test]
fn whatever_ends_the_creation_the_other_goes_on_and_makes_it_only_where_it_is_not_there() {
    let endings: [Ending; 9] = [
        (true, None), // the answer is lost
        (false, None),
        (true, Some((500, "{}"))),
        (false, Some((500, "{}"))),
        (false, Some((401, "{}"))),
        (false, Some((400, OAUTH))),
        (false, Some((429, ""))),
        (false, Some((302, ""))),
        (true, Some((409, r#"{"status":409,"message":"it is there"}"#))),
    ];
    for (is_there, answer) in endings {
        let desk = desk();
        let driver = desk.deliver();
        let (_, _, creation) = creating(&desk, &driver);
        match answer {
            None => driver.lose(&creation),
            Some((status, body)) => driver.answer(&creation, status, body),
        }
        let created = deliver_all(&desk, &driver, is_there);
        assert_eq!(created, usize::from(!is_there), "{answer:?}");
        assert!(desk.all().iter().all(|item| item.state == State::Delivered), "{answer:?}");
    }
}

#[test]
fn a_creation_that_is_refused_blocks_each_of_them_and_holds_up_none() {
    let desk = desk();
    let driver = desk.deliver();
    let (one, two, creation) = creating(&desk, &driver);
    let refusal = r#"{"status":403,"message":"not yours"}"#;
    driver.answer(&creation, 403, refusal);
    driver.answer(&step(&driver, one, "GET "), 200, &list(&[MISC]));
    assert_eq!(desk.state(one), (State::Blocked, Some(Reason::FolderMissing)));
    driver.answer(&step(&driver, two, "GET "), 200, &list(&[MISC]));
    driver.answer(&step(&driver, two, "POST "), 403, refusal);
    driver.answer(&step(&driver, two, "GET "), 200, &list(&[MISC]));
    assert_eq!(desk.state(two), (State::Blocked, Some(Reason::FolderMissing)));
}

#[test]
fn one_that_is_cancelled_or_stopped_while_it_creates_or_waits_holds_up_no_other() {
    for given_up in [0, 1] {
        let desk = desk();
        let driver = desk.deliver();
        let (one, two, creation) = creating(&desk, &driver);
        desk.outbox.cancel([one, two][given_up]).unwrap();
        driver.report(&creation, Left::None, Err(Failure::Stopped));
        assert_eq!(deliver_all(&desk, &driver, false), 1, "{given_up}");
        let states = [one, two].map(|id| desk.item(id).state);
        assert_eq!(states[given_up], State::Cancelled);
        assert_eq!(states[1 - given_up], State::Delivered);
    }
}

#[test]
fn a_delivery_that_ends_or_is_paused_or_killed_while_it_creates_leaves_nobody_waiting() {
    for (is_there, is_paused) in [(false, false), (true, false), (true, true)] {
        let mut desk = desk();
        let driver = desk.deliver();
        let (one, two, creation) = creating(&desk, &driver);
        if is_paused {
            desk.outbox.pause().unwrap();
            driver.report(&creation, Left::Whole, Err(Failure::Stopped));
        }
        drop(driver);
        assert_eq!(desk.item(two).state, if is_paused { State::Waiting } else { State::Queued }, "it had not begun");
        desk.again();
        if is_paused {
            desk.outbox.resume().unwrap();
        }
        let driver = desk.deliver();
        assert_eq!(deliver_all(&desk, &driver, is_there), usize::from(!is_there));
        assert_eq!([one, two].map(|id| desk.item(id).state), [State::Delivered; 2]);
    }
}
