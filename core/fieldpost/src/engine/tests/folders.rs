//! Field Nation's uploads, of several steps: the folder is found or created before anything of the upload leaves.

use super::*;
use crate::model::{Attachment, Auth, Changes, Operation, Proof, Receipt, RemoteId};

/// A desk with an account of Field Nation as well.
pub(super) fn desk() -> Desk {
    let desk = Desk::new();
    desk.outbox.put_account(Account::field_nation("fn", "https://fn.invalid/api/rest/v2")).unwrap();
    desk
}

pub(super) fn job() -> WorkOrder {
    WorkOrder::new("fn", "10234")
}

/// An item for the folder `Photos`.
pub(super) fn capture(desk: &Desk) -> ItemId {
    desk.outbox.capture(desk.document().folder("Photos").caption("Boiler"), &job()).unwrap().id
}

/// A folder's id, its name and its files, each with its id and its name.
pub(super) type Folder<'a> = (u64, &'a str, &'a [(u64, &'a str)]);

/// A list of these folders, each file of 15 bytes.
pub(super) fn list(folders: &[Folder<'_>]) -> String {
    let file = |(id, name): &(u64, &str)| format!(r#"{{"id":{id},"file":{{"name":"{name}","size_bytes":15}}}}"#);
    let folder = |(id, name, files): &Folder<'_>| {
        let (total, files) = (files.len(), files.iter().map(file).collect::<Vec<_>>().join(","));
        format!(r#"{{"id":{id},"name":"{name}","metadata":{{"total":{total}}},"results":[{files}]}}"#)
    };
    let (total, all) = (folders.len(), folders.iter().map(folder).collect::<Vec<_>>().join(","));
    format!(r#"{{"metadata":{{"total":{total},"page":1,"pages":1}},"results":[{all}]}}"#)
}

pub(super) fn whole(list: &str) -> String {
    format!(r#"{{"id":10234,"attachments":{list}}}"#)
}

/// `METHOD path`, from the attachments on.
pub(super) fn asked(transfer: &Transfer) -> String {
    let path = transfer.request.url.path().strip_prefix("/api/rest/v2/workorders/10234/attachments").unwrap();
    format!("{} {path}", transfer.request.method.as_str())
}

fn document(transfer: &Transfer) -> &str {
    let Body::Bytes { bytes, .. } = &transfer.request.body else { panic!("{:?}", transfer.request) };
    std::str::from_utf8(bytes).unwrap()
}

fn receipt(desk: &Desk, id: ItemId) -> Receipt {
    desk.item(id).receipt.unwrap()
}

/// The item's own upload, into the folder 9 that is there already.
pub(super) fn upload(driver: &Driver<'_>) -> Transfer {
    let listing = driver.wait_for();
    assert_eq!(asked(&listing), "GET ");
    driver.answer(&listing, 200, &list(&[(9, "Photos", &[])]));
    let upload = driver.next().unwrap();
    assert_eq!(asked(&upload), "POST /9");
    upload
}

/// A desk with one item delivered as `9/8`.
fn delivered() -> (Desk, ItemId) {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.answer(&upload(&driver), 200, &whole(&list(&[(9, "Photos", &[(8, &desk.item(id).name)])])));
    drop(driver);
    assert_eq!(desk.item(id).state, State::Delivered);
    (desk, id)
}

#[test]
fn a_folder_that_is_missing_is_created_and_the_upload_goes_into_it() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let before = list(&[(7, "Misc", &[])]);
    let after = list(&[(7, "Misc", &[]), (9, "Photos", &[])]);
    let name = desk.item(id).name;
    let there = whole(&list(&[(7, "Misc", &[]), (9, "Photos", &[(8, &name)])]));
    for (step, answer) in [("GET ", &before), ("POST ", &whole(&after)), ("GET ", &after), ("POST /9", &there)] {
        let transfer = driver.next().unwrap();
        assert_eq!((asked(&transfer).as_str(), transfer.item), (step, Some(id)));
        assert_eq!((transfer.request.auth, transfer.token.is_some()), (Auth::Query("access_token"), true));
        driver.answer(&transfer, 200, answer);
    }
    let item = desk.item(id);
    assert_eq!((item.state, item.attempts), (State::Delivered, 1));
    let receipt = item.receipt.unwrap();
    assert_eq!((receipt.remote_id, receipt.proof), (Some(RemoteId("9/8".into())), Proof::Answer));
}

#[test]
fn a_lost_answer_to_the_upload_is_settled_by_looking_before_sending_again() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.lose(&upload(&driver));
    assert_eq!(desk.item(id).state, State::Verifying);
    let look = driver.wait_for();
    assert_eq!((asked(&look).as_str(), look.item), ("GET ", None));
    let name = desk.item(id).name;
    driver.answer(&look, 200, &list(&[(7, "Misc", &[(3, "plan.pdf")]), (9, "Photos", &[(8, &name)])]));
    assert_eq!((receipt(&desk, id).remote_id, receipt(&desk, id).proof), (Some(RemoteId("9/8".into())), Proof::Found));
}

#[test]
fn an_upload_that_is_not_in_the_answer_is_looked_for_and_never_taken_for_absent() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let page = r#"{"attachments":{"metadata":{"total":100,"page":0,"pages":5,"per_page":20},"results":[]}}"#;
    driver.answer(&upload(&driver), 200, page);
    assert_eq!(desk.item(id).state, State::Verifying);
    // A list that does not show all of it proves nothing either, however late.
    for _ in 0..3 {
        desk.wait(Duration::from_secs(60));
        let look = driver.wait_for();
        assert_eq!(asked(&look), "GET ");
        driver.answer(&look, 200, r#"{"metadata":{"total":1,"page":1,"pages":1},"results":[]}"#);
    }
    assert_eq!(desk.state(id), (State::Blocked, Some(Reason::OutcomeUnknown)));
    // A person who saw it may know its id: a number alone is a folder's, and no operation could follow it.
    let there = |id: &str| crate::Settlement::Delivered(Some(RemoteId(id.into())));
    for odd in ["8", "9/", "9/8/7", "Photos/8", ""] {
        assert!(matches!(desk.outbox.settle(id, there(odd)), Err(Error::Invalid { .. })), "{odd}");
    }
    assert_eq!(desk.item(id).state, State::Blocked);
    desk.outbox.settle(id, there("9/8")).unwrap();
    let deletion = desk.outbox.delete(id).unwrap().id;
    let transfer = driver.next().unwrap();
    assert_eq!((transfer.item, asked(&transfer).as_str()), (Some(deletion), "DELETE /9/8"));
}

#[test]
fn a_lost_answer_to_the_folders_creation_is_no_doubt_of_the_upload() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 200, &list(&[]));
    let creation = driver.next().unwrap();
    assert_eq!((asked(&creation).as_str(), document(&creation)), ("POST ", r#"{"name":"Photos"}"#));
    driver.lose(&creation);
    assert_eq!(desk.state(id), (State::Waiting, Some(Reason::Unreachable)));
    // It arrived after all: the next try finds it, and creates no other.
    let upload = upload(&driver);
    driver.answer(&upload, 200, &whole(&list(&[(9, "Photos", &[(8, &desk.item(id).name)])])));
    assert_eq!(desk.item(id).state, State::Delivered);
}

#[test]
fn a_delivery_that_ends_before_the_upload_has_begun_leaves_no_doubt() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    driver.answer(&driver.next().unwrap(), 200, &list(&[(9, "Photos", &[])]));
    drop(driver); // the upload was to be next
    assert_eq!((desk.state(id), desk.item(id).attempts), ((State::Queued, Some(Reason::NotStarted)), 0));
    let driver = desk.deliver();
    driver.report(&upload(&driver), Left::None, Err(Failure::Stopped));
    drop(driver);
    let driver = desk.deliver();
    let transfer = upload(&driver);
    drop(driver); // on its way
    assert_eq!(transfer.item, Some(id));
    let driver = desk.deliver();
    assert_eq!(desk.item(id).state, State::Verifying);
    drop(driver);
}

#[test]
fn a_token_that_is_refused_with_400_is_asked_for_anew_and_spends_no_attempt() {
    let desk = desk();
    let id = capture(&desk);
    let driver = desk.deliver();
    let expired = r#"{"status":400,"message":"You must provide a valid OAuth token to make a request"}"#;
    driver.answer(&upload(&driver), 400, expired);
    assert_eq!((desk.item(id).attempts, desk.item(id).receipt), (0, None));
    let upload = upload(&driver); // under the next one
    driver.answer(&upload, 200, &whole(&list(&[(9, "Photos", &[(8, &desk.item(id).name)])])));
    assert_eq!(desk.item(id).state, State::Delivered);
}

#[test]
fn one_look_serves_doubts_in_two_folders_of_a_work_order() {
    let desk = desk();
    let (photos, misc) = (capture(&desk), desk.outbox.capture(desk.document(), &job()).unwrap().id);
    let driver = desk.deliver();
    let both = list(&[(7, "Misc", &[]), (9, "Photos", &[])]);
    let lists = [driver.next().unwrap(), driver.next().unwrap()];
    lists.iter().for_each(|transfer| driver.answer(transfer, 200, &both));
    let uploads = [driver.next().unwrap(), driver.next().unwrap()];
    assert_eq!(uploads.each_ref().map(asked), ["POST /9", "POST /7"]);
    uploads.iter().for_each(|transfer| driver.lose(transfer));
    let names = [photos, misc].map(|id| desk.item(id).name);
    driver.answer(&driver.wait_for(), 200, &list(&[(7, "Misc", &[(1, &names[1])]), (9, "Photos", &[(1, &names[0])])]));
    let ids = [photos, misc].map(|id| receipt(&desk, id).remote_id.unwrap().0);
    assert_eq!(ids, ["9/1", "7/1"]);
}

#[test]
fn an_update_of_what_never_left_comes_after_the_upload_for_that_cannot_take_it_along() {
    let desk = desk();
    let id = capture(&desk);
    let change = |key: &str, value: &str| Changes::from([(key.to_owned(), value.to_owned())]);
    let update = desk.outbox.update(id, change("status", "APPROVED")).unwrap();
    assert_eq!(update.operation, Operation::Update);
    let more = desk.outbox.update(id, change("eta_check", "true")).unwrap();
    assert_eq!(more.id, update.id, "the update that waits takes it along");
    let driver = desk.deliver();
    let transfer = upload(&driver);
    assert_eq!((transfer.item, part(&transfer, "notes").as_deref()), (Some(id), Some("Boiler")));
    let there = whole(&list(&[(9, "Photos", &[(8, &desk.item(id).name)])]));
    driver.answer(&transfer, 200, &there);
    let put = driver.next().unwrap();
    assert_eq!((put.item, asked(&put).as_str()), (Some(update.id), "PUT /9/8"));
    assert_eq!(document(&put), r#"{"status":"APPROVED","eta_check":true}"#);
    driver.answer(&put, 200, &there);
    assert_eq!(receipt(&desk, update.id).remote_id, Some(RemoteId("9/8".into())));
    // A later one sends what it changes, and nothing of the one before: the office may have changed that since.
    desk.outbox.update(id, change("notes", "Boiler, after")).unwrap();
    assert_eq!(document(&driver.next().unwrap()), r#"{"notes":"Boiler, after"}"#);
}

#[test]
fn an_update_of_what_never_left_is_given_up_with_its_upload() {
    let desk = desk();
    let id = capture(&desk);
    let update = desk.outbox.update(id, Changes::from([("status".to_owned(), "DENIED".to_owned())])).unwrap().id;
    desk.outbox.delete(id).unwrap();
    assert_eq!((desk.item(id).state, desk.item(update).state), (State::Cancelled, State::Cancelled));
}

#[test]
fn a_file_is_known_as_folder_and_file_and_a_deletion_of_what_is_gone_is_done() {
    let (desk, id) = delivered();
    let remote = |id: &str| Attachment::Remote { job: job(), id: RemoteId(id.into()) };
    let ours = desk.outbox.delete(remote("9/8")).unwrap().id;
    assert_eq!(desk.outbox.delete(id).unwrap().id, ours, "it is the same file");
    let theirs = desk.outbox.delete(remote("7/1")).unwrap().id;
    assert!(matches!(desk.outbox.delete(remote("8")), Err(Error::Invalid { .. })), "that names a folder");
    let driver = desk.deliver();
    for (item, path) in [(ours, "DELETE /9/8"), (theirs, "DELETE /7/1")] {
        let transfer = driver.next().unwrap();
        assert_eq!((transfer.item, asked(&transfer).as_str()), (Some(item), path));
        let (status, body) = if item == ours { (404, r#"{"status":404,"message":"gone"}"#) } else { (204, "") };
        driver.answer(&transfer, status, body);
        assert_eq!(desk.item(item).state, State::Delivered);
    }
    assert!(driver.next().is_none());
}
