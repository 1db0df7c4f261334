//! tus: an upload goes on where it ended, whatever broke, and all its tries go to one place.

use super::*;
use crate::dispatch::person::Settlement;
use crate::model::{Proof, RemoteId, Repair};

/// The bytes of the document.
const LENGTH: u64 = 15;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.outbox.put_account(Account::tus("own", "https://tus.invalid/files")).unwrap();
    desk
}

fn capture(desk: &Desk) -> ItemId {
    desk.outbox.capture(desk.document(), &WorkOrder::new("own", "10234")).unwrap().id
}

/// `METHOD path`, and for a body the offset that it goes on at.
fn asked(transfer: &Transfer) -> String {
    let request = &transfer.request;
    let from = match request.body {
        Body::File { from, .. } => format!(" from {from}"),
        _ => String::new(),
    };
    format!("{} {}{from}", request.method.as_str(), request.url.path())
}

fn said(status: u16, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
    let own = [&[("tus-resumable", "1.0.0")], headers].concat();
    let headers = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Answer { status, headers, body: AnswerBody::Kept(Vec::new()) })
}

impl Driver<'_> {
    fn say(&self, transfer: &Transfer, status: u16, headers: &[(&str, &str)]) {
        self.report(transfer, Left::Whole, said(status, headers));
    }

    /// Answers what is asked first; the upload is created at `/files/{id}`, and this is what fills it.
    fn fills(&self, id: &str) -> Transfer {
        let offers = self.wait_for();
        assert_eq!(asked(&offers), "OPTIONS /files");
        self.say(&offers, 204, &[("tus-version", "1.0.0"), ("tus-extension", "creation,expiration")]);
        let creation = self.next().unwrap();
        assert_eq!(asked(&creation), "POST /files");
        self.say(&creation, 201, &[("location", &format!("/files/{id}"))]);
        let patch = self.next().unwrap();
        assert_eq!(asked(&patch), format!("PATCH /files/{id} from 0"));
        patch
    }

    /// The next request is a HEAD to `id`: so much is there.
    fn tells(&self, id: &str, offset: u64) -> Transfer {
        let head = self.wait_for();
        assert_eq!(asked(&head), format!("HEAD /files/{id}"));
        self.say(&head, 200, &[("upload-offset", &offset.to_string()), ("upload-length", &LENGTH.to_string())]);
        head
    }

    /// So much is there now.
    fn takes(&self, patch: &Transfer, offset: u64) {
        self.say(patch, 204, &[("upload-offset", &offset.to_string())]);
    }

    /// The connection breaks while the body leaves.
    fn breaks(&self, patch: &Transfer) {
        self.report(patch, Left::Part, Err(Failure::Broken));
    }
}

fn receipt(desk: &Desk, id: ItemId) -> (String, Proof) {
    let receipt = desk.item(id).receipt.expect("it is delivered");
    assert_eq!(receipt.surplus, []);
    (receipt.remote_id.map(|id| id.0).unwrap_or_default(), receipt.proof)
}

#[test]
fn an_upload_is_created_filled_and_proved_by_the_offset_of_its_end() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let patch = driver.fills("a");
    assert_eq!(patch.file.as_ref().unwrap().bytes.0, LENGTH);
    driver.takes(&patch, LENGTH);
    assert_eq!(receipt(&desk, id), ("a".into(), Proof::Answer));
}

#[test]
fn a_connection_that_broke_is_gone_on_with_at_the_offset_that_the_server_has() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.breaks(&driver.fills("a"));
    assert_eq!(desk.state(id), (State::Waiting, Some(Reason::Unreachable)));
    driver.tells("a", 6);
    let patch = driver.next().unwrap();
    assert_eq!(asked(&patch), "PATCH /files/a from 6");
    driver.breaks(&patch);
    driver.tells("a", 9);
    let patch = driver.next().unwrap();
    assert_eq!(asked(&patch), "PATCH /files/a from 9");
    driver.takes(&patch, 12);
    let patch = driver.next().unwrap();
    assert_eq!(asked(&patch), "PATCH /files/a from 12", "it took less than was sent");
    driver.takes(&patch, LENGTH);
    assert_eq!((receipt(&desk, id).0.as_str(), desk.item(id).attempts), ("a", 3));
}

#[test]
fn a_lost_answer_is_settled_by_asking_the_upload_itself() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&driver.fills("a"));
    assert_eq!(desk.state(id).0, State::Verifying);
    let look = driver.tells("a", LENGTH);
    assert_eq!(look.item, None);
    assert_eq!(receipt(&desk, id), ("a".into(), Proof::Found));
}

#[test]
fn what_a_look_finds_less_than_whole_goes_on_there_once_the_doubt_has_settled() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&driver.fills("a"));
    driver.tells("a", 6); // at once: what is still being worked on may become whole
    assert_eq!(desk.state(id).0, State::Verifying);
    driver.tells("a", 6);
    assert_eq!(desk.state(id).0, State::Waiting);
    driver.tells("a", 6);
    let patch = driver.next().unwrap();
    assert_eq!(asked(&patch), "PATCH /files/a from 6");
    driver.takes(&patch, LENGTH);
    assert_eq!(receipt(&desk, id), ("a".into(), Proof::Answer));
}

#[test]
fn a_creation_whose_answer_is_lost_is_made_again_and_nothing_is_in_doubt() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let offers = driver.next().unwrap();
    driver.say(&offers, 204, &[]);
    driver.lose(&driver.next().unwrap());
    assert_eq!(desk.state(id), (State::Waiting, Some(Reason::Unreachable)));
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn the_place_outlives_the_process_and_the_database() {
    for database in [true, false] {
        let mut desk = desk();
        let id = capture(&desk);
        let driver = desk.deliver();
        driver.fills("a"); // killed while it is on its way
        drop(driver);
        if database {
            desk.again();
        } else {
            desk = desk.lose_the_database();
        }
        let driver = desk.deliver();
        driver.tells("a", 6);
        driver.tells("a", 6);
        driver.tells("a", 6);
        let patch = driver.next().unwrap();
        assert_eq!(asked(&patch), "PATCH /files/a from 6", "database kept: {database}");
        driver.takes(&patch, LENGTH);
        assert_eq!(receipt(&desk, id).0, "a");
    }
}

#[test]
fn a_kill_before_anything_is_created_begins_again_by_itself() {
    let mut desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let offers = driver.next().unwrap();
    driver.say(&offers, 204, &[]);
    driver.next().unwrap(); // the creation is on its way
    drop(driver);
    desk = desk.lose_the_database();
    let driver = desk.deliver();
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn what_has_expired_begins_anew_where_it_never_went_whole() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.breaks(&driver.fills("a"));
    let head = driver.wait_for();
    assert_eq!(asked(&head), "HEAD /files/a");
    driver.say(&head, 410, &[]);
    let patch = driver.fills("b");
    driver.breaks(&patch);
    driver.tells("b", 3);
    driver.takes(&driver.next().unwrap(), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn what_may_have_been_whole_and_is_gone_needs_a_person() {
    let mut desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&driver.fills("a"));
    driver.tells("a", 6);
    driver.tells("a", 6); // less than whole: it may go on
    drop(driver);
    desk.again(); // which does not forget that all of it had left
    let driver = desk.deliver();
    for _ in 0..4 {
        let head = driver.wait_for();
        assert_eq!(asked(&head), "HEAD /files/a");
        driver.say(&head, 404, &[]);
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
    assert!(driver.next().is_none());
    drop(driver);
    desk.outbox.settle(id, Settlement::Absent).unwrap();
    let driver = desk.deliver();
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn a_repair_begins_anew_and_what_is_in_doubt_is_repaired_only_once_that_has_settled() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&driver.fills("a"));
    desk.outbox.repair(id, &Repair::new().name("other")).unwrap();
    driver.tells("a", 6);
    driver.tells("a", 6);
    let patch = driver.fills("b");
    driver.takes(&patch, LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn a_wish_to_cancel_is_done_once_it_is_known_to_be_less_than_whole() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&driver.fills("a"));
    desk.outbox.cancel(id).unwrap();
    driver.tells("a", 6);
    assert_eq!(desk.state(id).0, State::Verifying);
    driver.tells("a", 6);
    assert_eq!(desk.state(id).0, State::Cancelled);
}

#[test]
fn each_doubt_of_a_work_order_is_asked_for_at_its_own_place() {
    let desk = desk();
    let (one, two) = (capture(&desk), capture(&desk));
    let driver = desk.deliver();
    let (a, b) = (driver.fills("a"), driver.fills("b"));
    driver.lose(&a);
    driver.lose(&b);
    driver.tells("a", LENGTH);
    assert_eq!(receipt(&desk, one), ("a".into(), Proof::Found));
    assert_eq!(desk.state(two).0, State::Verifying);
    driver.tells("b", LENGTH);
    assert_eq!(receipt(&desk, two), ("b".into(), Proof::Found));
}

#[test]
fn a_place_that_another_receipt_has_proves_nothing() {
    let desk = desk();
    let (one, two) = (capture(&desk), capture(&desk));
    let driver = desk.deliver();
    driver.takes(&driver.fills("a"), LENGTH);
    assert_eq!(receipt(&desk, one).0, "a");
    driver.takes(&driver.fills("a"), LENGTH);
    assert_eq!(desk.state(two).0, State::Verifying);
}

#[test]
fn an_outbox_on_another_phone_asks_a_person_for_there_is_no_list() {
    for attempted in [false, true] {
        let mut desk = desk();
        let id = capture(&desk);
        if attempted {
            let driver = desk.deliver();
            driver.breaks(&driver.fills("a"));
        }
        std::fs::write(desk.dir.path().join("install"), "another phone").unwrap();
        desk.again();
        let driver = desk.deliver();
        if attempted {
            driver.tells("a", 6);
            driver.tells("a", 6);
        }
        while desk.state(id).0 != State::Blocked {
            assert!(!driver.is_busy(), "nothing is sent");
        }
        assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)), "attempted: {attempted}");
        drop(driver);
        desk.outbox.settle(id, Settlement::Absent).unwrap();
        let driver = desk.deliver();
        driver.takes(&driver.fills("b"), LENGTH);
        assert_eq!(receipt(&desk, id).0, "b");
    }
}

#[test]
fn the_server_may_forget_what_it_took_and_uploads_go_on() {
    let desk = desk();
    let (one, two) = (capture(&desk), capture(&desk));
    let driver = desk.deliver();
    driver.takes(&driver.fills("a"), LENGTH);
    driver.lose(&driver.fills("b"));
    for _ in 0..3 {
        let look = driver.wait_for();
        let gone = asked(&look) == "HEAD /files/a"; // whether what was delivered is shown
        driver.say(&look, if gone { 410 } else { 200 }, &[("upload-offset", "6"), ("upload-length", "15")]);
    }
    driver.wait_until_sent(two, "PATCH /files/b from 6");
    assert_eq!((receipt(&desk, one).0, receipt(&desk, two).0), ("a".into(), "b".into()));
}

impl Driver<'_> {
    /// Goes on with an upload whose place has six bytes, until this is sent and taken; what was delivered is gone.
    fn wait_until_sent(&self, item: ItemId, wanted: &str) {
        for _ in 0..20 {
            let transfer = self.wait_for();
            match asked(&transfer).as_str() {
                "HEAD /files/a" => self.say(&transfer, 410, &[]),
                patch if patch == wanted => {
                    assert_eq!(transfer.item, Some(item));
                    return self.takes(&transfer, LENGTH);
                }
                _ => self.say(&transfer, 200, &[("upload-offset", "6"), ("upload-length", "15")]),
            }
        }
        panic!("never sent");
    }

    /// Whether there is a transfer; else time passes until there could be one.
    fn is_busy(&self) -> bool {
        match self.delivery.next().unwrap() {
            Task::Send(_) => return true,
            Task::Token { account } => self.delivery.put_token(&account, self.token.clone()).unwrap(),
            Task::Prepare(job) => self.delivery.prepared(job.run()).unwrap(),
            Task::Sleep { left } => self.desk.wait(left.unwrap_or_default()),
        }
        false
    }
}

#[test]
fn another_address_of_the_account_gets_a_place_of_its_own() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.breaks(&driver.fills("a"));
    desk.outbox.put_account(Account::tus("own", "https://other.invalid/files")).unwrap();
    let patch = driver.fills("b");
    assert_eq!(patch.request.url.host_str(), Some("other.invalid"));
    driver.takes(&patch, LENGTH);
    assert_eq!(desk.item(id).receipt.unwrap().remote_id, Some(RemoteId("b".into())));
}

#[test]
fn what_is_repaired_after_a_stop_begins_anew_under_its_new_name() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.report(&driver.fills("a"), Left::Part, Err(Failure::Stopped));
    assert_eq!(desk.item(id).attempts, 0, "a stop spends none");
    desk.outbox.repair(id, &Repair::new().name("other")).unwrap();
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
    assert!(desk.item(id).name.starts_with("other-"));
}

#[test]
fn another_wish_of_the_account_does_not_begin_anew() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.breaks(&driver.fills("a"));
    desk.outbox.put_account(Account::tus("own", "https://tus.invalid/files").set("max_concurrent", "1")).unwrap();
    driver.tells("a", 6);
    let patch = driver.next().unwrap();
    assert_eq!(asked(&patch), "PATCH /files/a from 6");
    driver.breaks(&patch);
    desk.outbox.put_account(Account::tus("own", "https://tus.invalid/files").metadata("tenant=north")).unwrap();
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}

#[test]
fn a_stop_between_two_steps_leaves_no_doubt_and_nothing_goes_without_a_kept_place() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let offers = driver.next().unwrap();
    driver.say(&offers, 204, &[]);
    let creation = driver.next().unwrap();
    driver.say(&creation, 201, &[("location", "/files/a")]);
    drop(driver); // before it was let out
    assert_eq!(desk.item(id).attempts, 0, "nothing was spent");
    let driver = desk.deliver();
    driver.takes(&driver.fills("b"), LENGTH);
    assert_eq!(receipt(&desk, id).0, "b");
}
