//! A system that proves by a header, by a body or by its list, and whose list tells sizes.

use super::*;
use crate::model::{Action, Auth, Proof, RemoteId};

const STAGING: &str = "http://api.staging.decisiv.net/platform_api";

/// A desk with a Decisiv account `trucks` beside the other one, whose settings are `settings`; and a document captured for it.
fn desk(settings: &[(&str, &str)]) -> (Desk, ItemId) {
    let desk = Desk::new();
    let account = Account::decisiv("trucks", "https://decisiv.invalid/platform_api");
    let account = settings.iter().fold(account, |account, (key, value)| account.set(*key, *value));
    desk.outbox.put_account(account).unwrap();
    let id = desk.outbox.capture(desk.document(), &WorkOrder::new("trucks", "C-7")).unwrap().id;
    (desk, id)
}

fn entry(root: &str, id: &str, name: &str, size: u64) -> String {
    let namespace = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse";
    let fields = format!(
        "<a:URL>{id}</a:URL><a:downloadURL>{id}/file</a:downloadURL><a:filename>{name}</a:filename><a:size>{size}</a:size>"
    );
    match root {
        "attachment" => format!("<a:attachment xmlns:a='{namespace}'>{fields}</a:attachment>"),
        _ => format!("<a:attachments xmlns:a='{namespace}'><a:attachment>{fields}</a:attachment></a:attachments>"),
    }
}

fn say(driver: &Driver<'_>, transfer: &Transfer, status: u16, location: Option<&str>, body: impl Into<Vec<u8>>) {
    let mut headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
    headers.extend(location.map(|link| ("location".to_owned(), link.to_owned())));
    let answer = Answer { status, headers, body: AnswerBody::Kept(body.into()) };
    driver.report(transfer, Left::Whole, Ok(answer));
}

/// How many bytes are sent.
fn sent(desk: &Desk, id: ItemId) -> u64 {
    desk.item(id).sent.unwrap().bytes.0
}

#[test]
fn a_location_delivers_at_once() {
    let (desk, id) = desk(&[]);
    let driver = desk.deliver();
    let upload = driver.next().unwrap();
    assert_eq!(upload.request.url.as_str(), "https://decisiv.invalid/platform_api/cases/C-7/attachments");
    assert!(upload.token.is_some());
    say(&driver, &upload, 201, Some("/platform_api/cases/C-7/attachments/17"), "");
    let receipt = desk.item(id).receipt.unwrap();
    assert_eq!((receipt.remote_id, receipt.proof), (Some(RemoteId("17".into())), Proof::Answer));
}

#[test]
fn an_answer_without_an_id_is_looked_into_and_found_by_name_and_size() {
    let (desk, id) = desk(&[]);
    let driver = desk.deliver();
    say(&driver, &driver.next().unwrap(), 200, None, "<ok/>");
    assert_eq!(desk.state(id), (State::Verifying, Some(Reason::Looking)));
    let look = driver.wait_for();
    assert_eq!((look.item, look.request.method), (None, Method::Get));
    say(&driver, &look, 200, None, entry("attachments", "17", &desk.item(id).name, sent(&desk, id)));
    let receipt = desk.item(id).receipt.unwrap();
    assert_eq!((receipt.remote_id, receipt.proof), (Some(RemoteId("17".into())), Proof::Found));
    assert!(driver.next().is_none(), "nothing is sent again");
}

#[test]
fn what_the_system_left_in_base64_needs_a_person_and_is_not_sent_again() {
    for named in [false, true] {
        let (desk, id) = desk(&[("encoding", "base64")]);
        let driver = desk.deliver();
        let upload = driver.next().unwrap();
        let (name, bytes) = (desk.item(id).name, sent(&desk, id));
        let left = bytes.div_ceil(3) * 4;
        if named {
            // The answer names an id: its size is asked for before that is believed.
            say(&driver, &upload, 201, Some("/platform_api/cases/C-7/attachments/17"), "");
            let one = driver.next().unwrap();
            assert!(one.request.url.path().ends_with("/attachments/17"), "{}", one.request.url);
            say(&driver, &one, 200, None, entry("attachment", "attachments/17", &name, left));
        } else {
            say(&driver, &upload, 204, None, "");
        }
        assert_eq!(desk.state(id), (State::Verifying, Some(Reason::Looking)));
        for _ in 0..10 {
            if desk.item(id).state == State::Blocked {
                break;
            }
            let asked = driver.wait_for();
            assert_eq!((asked.item, asked.request.method), (None, Method::Get), "it was sent again");
            let path = asked.request.url.path();
            if path.ends_with("/file") {
                assert!(asked.request.auth == Auth::Bearer && asked.token.is_some());
                let text = "x".repeat(usize::try_from(left).unwrap());
                say(&driver, &asked, 200, None, text);
            } else if path.ends_with("/17") {
                say(&driver, &asked, 200, None, entry("attachment", "17", &name, left));
            } else {
                say(&driver, &asked, 200, None, entry("attachments", "attachments/17", &name, left));
            }
        }
        let why = desk.item(id).why.unwrap();
        assert_eq!((why.reason, why.action), (Reason::HashMismatch, Action::Review));
        let told = format!("{left} bytes at the system, {bytes} were sent: it was left in base64");
        assert!(why.detail.as_deref().is_some_and(|detail| detail.contains(&told)), "{why:?}");
        desk.wait(Duration::from_secs(24 * 3600));
        assert!(driver.next().is_none(), "it was sent again");
    }
}

#[test]
fn a_file_that_lies_elsewhere_is_fetched_without_our_token() {
    let (desk, id) = desk(&[]);
    let driver = desk.deliver();
    say(&driver, &driver.next().unwrap(), 200, None, "");
    let (look, name) = (driver.wait_for(), desk.item(id).name);
    say(&driver, &look, 200, None, entry("attachments", "attachments/17", &name, 1));
    let one = driver.next().unwrap();
    let elsewhere = entry("attachment", "17", &name, 1).replace("17/file", "https://files.invalid/17?sig=abc");
    say(&driver, &one, 200, None, elsewhere);
    let file = driver.next().unwrap();
    assert_eq!(file.request.url.as_str(), "https://files.invalid/17?sig=abc");
    assert!(file.request.auth == Auth::None && file.token.is_none());
    let bytes = std::fs::read(desk.dir.path().join("report.pdf")).unwrap();
    say(&driver, &file, 200, None, bytes);
    assert_eq!(
        desk.item(id).receipt.unwrap().remote_id,
        Some(RemoteId("17".into())),
        "its size was a lie, its bytes are ours"
    );
}

#[test]
fn the_staging_address_is_taken_only_where_the_account_allows_cleartext() {
    let desk = Desk::new();
    let account = Account::decisiv("staging", STAGING);
    assert!(matches!(desk.outbox.put_account(account.clone()), Err(Error::BadAccount { .. })));
    desk.outbox.put_account(account.set("cleartext", "allow")).unwrap();
    desk.outbox.capture(desk.document(), &WorkOrder::new("staging", "C-7")).unwrap();
    let upload = desk.deliver().next().unwrap();
    assert_eq!(upload.request.url.as_str(), format!("{STAGING}/cases/C-7/attachments"));
    assert!(upload.token.is_some());
}

#[test]
fn a_case_that_cannot_be_in_an_address_is_blocked_when_it_is_captured() {
    let (desk, _) = desk(&[]);
    let item = desk.outbox.capture(desk.document(), &WorkOrder::new("trucks", "..")).unwrap();
    assert_eq!((item.state, item.why.map(|why| why.reason)), (State::Blocked, Some(Reason::WorkOrderNotValid)));
}
