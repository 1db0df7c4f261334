//! Bad input: a typed error or a blocked item with its reason, and nothing else is disturbed.

use fieldpost::{
    Action, Bytes, Conditions, Document, Error, Filter, Network, Photo, Reason, Signature, SourceError, State, Text,
    WorkOrder,
};
use fieldpost_sandbox::Provider;
use fieldpost_tests::systems::{account, account_id, work_order};
use fieldpost_tests::{World, job};

#[test]
fn what_cannot_be_kept_is_a_typed_error_and_leaves_nothing() {
    let world = World::new();
    let corrigo = job(Provider::CorrigoPro);
    let missing = world.outbox.capture(Document::new("/nowhere/at/all.pdf"), &corrigo);
    assert!(matches!(missing, Err(Error::CannotRead(SourceError::Missing(_)))), "{missing:?}");
    let folder = world.outbox.capture(Photo::new(world.path()), &corrigo);
    assert!(matches!(folder, Err(Error::CannotRead(SourceError::Folder(_)))), "{folder:?}");
    let unknown = world.outbox.capture(Text::new("x"), &WorkOrder::new("nobody", "1"));
    assert!(matches!(unknown, Err(Error::UnknownAccount { .. })), "{unknown:?}");
    let setting = world.outbox.capture(Text::new("x").set("colour", "red"), &corrigo);
    assert!(matches!(setting, Err(Error::Invalid { .. })), "{setting:?}");
    assert_eq!(world.states(), []);
    assert_eq!(world.outbox.check().unwrap(), (0, vec![]));
}

#[test]
fn photos_that_are_none_block_with_their_reason_and_hold_up_nobody() {
    let world = World::new();
    let empty = world.file("empty.jpg", b"");
    let words = world.file("words.jpg", b"this is no photo");
    let mut bomb =
        vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xFF, 0xDC, 0xFF, 0xDC, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
    bomb.resize(600_000, 0);
    let bomb = world.file("bomb.jpg", &bomb);
    let ids = [empty, words, bomb].map(|path| {
        world.outbox.capture(Photo::new(path).cap(Bytes::kilobytes(100)), &job(Provider::CorrigoPro)).unwrap().id
    });
    let good = world.document("fine");
    let summary = world.deliver();
    assert_eq!((summary.delivered, summary.blocked), (1, 3));
    world.assert_delivered_once(good.id);
    let reasons = ids.map(|id| world.item(id).why.unwrap().reason);
    assert_eq!(reasons[..2], [Reason::NotDecodable, Reason::NotDecodable]);
    assert!(matches!(reasons[2], Reason::MemoryLimit | Reason::NotDecodable), "{reasons:?}");
}

#[test]
fn a_truncated_photo_is_delivered_with_its_flag() {
    let world = World::new();
    let shot = fieldpost_imaging::synthetic::Shot { width: 1600, height: 1200, ..Default::default() };
    let whole = shot.jpeg().unwrap();
    let path = world.file("torn.jpg", &whole[..whole.len() * 2 / 3]);
    let photo = Photo::new(path).cap(Bytes::kilobytes(100));
    let id = world.outbox.capture(photo, &job(Provider::CorrigoPro)).unwrap().id;
    world.deliver();
    world.assert_delivered_once(id);
    assert_eq!(world.item(id).flags, [fieldpost::Flag::Truncated]);
}

#[test]
fn hostile_names_arrive_clean_and_recognisable() {
    let world = World::new();
    for name in [
        "../../x\u{0}.jpg",
        "..\\..\\windows\\system32\\con.pdf",
        &"😀".repeat(300),
        "a\r\nX: y\".pdf",
        "\u{202e}fdp.exe",
        "",
    ] {
        let text = Text::new("x").name(name);
        let item = world.outbox.capture(text, &job(Provider::CorrigoPro)).unwrap();
        assert!(item.id.marker().is_in(&item.name), "{}", item.name);
        assert!(!item.name.contains(['/', '\\', '\u{0}', '\r', '\n', '"', '\u{202e}']), "{:?}", item.name);
        assert!(item.name.len() <= 60 + 9 + 11, "{}", item.name);
        world.deliver();
        world.assert_delivered_once(item.id);
    }
}

/// What is captured for a documented limit.
enum Limit {
    /// A text, for this work order.
    WorkOrder(&'static str),
    /// A document of this name and length.
    File(&'static str, usize),
    /// The picture of a signature that is none of the type that is taken.
    SignatureAsJpeg,
}

#[test]
fn what_a_systems_pages_say_it_refuses_is_captured_all_the_same_and_blocked_with_no_network() {
    use Limit::{File, SignatureAsJpeg, WorkOrder as Order};
    use Provider::{CorrigoPro, Decisiv, DigitalRealty, FieldNation, Serial};
    use Reason::{TooLarge, TypeNotAccepted, WorkOrderNotValid};
    let world = World::in_memory(&Provider::ALL);
    let nation = account(&world.sandbox, FieldNation).signatures_to_endpoint();
    world.outbox.put_account(nation).unwrap();
    world.outbox.set_conditions(Conditions { network: Network::None, ..Conditions::default() }).unwrap();
    let table = [
        // "WorkOrderId: int", "The size of a file cannot exceed 20 MB."
        (CorrigoPro, Order("WO-77"), WorkOrderNotValid),
        (CorrigoPro, Order(""), WorkOrderNotValid),
        (CorrigoPro, Order("99999999999999999999"), WorkOrderNotValid),
        (CorrigoPro, File("large.pdf", 20_971_521), TooLarge),
        // "requestId: string(20)"; names are at most 80 bytes here, so string(100) is never met.
        (DigitalRealty, Order("123456789012345678901"), WorkOrderNotValid),
        (DigitalRealty, Order(""), WorkOrderNotValid),
        // "work_order_id*: integer"; what it takes, and how large, as the sheet has it.
        (FieldNation, Order("WO-77"), WorkOrderNotValid),
        (FieldNation, Order("0"), WorkOrderNotValid),
        (FieldNation, File("large.pdf", 10_485_761), TooLarge),
        (FieldNation, File("list.txt", 10), TypeNotAccepted),
        (FieldNation, File("photo.heic", 10), TypeNotAccepted),
        (FieldNation, SignatureAsJpeg, TypeNotAccepted),
        // "The work order UUID (work_order.id) or work order number (work_order.wo_number)", "x > 0".
        (Serial, Order("WO-77"), WorkOrderNotValid),
        (Serial, Order("0"), WorkOrderNotValid),
        // A part of an address, and nothing more is said of it.
        (Decisiv, Order(""), WorkOrderNotValid),
        (Decisiv, Order("7\n8"), WorkOrderNotValid),
    ];
    for (system, limit, reason) in &table {
        let (account, order) = (account_id(*system), work_order(*system));
        let item = match limit {
            Order(order) => world.outbox.capture(Text::new("x"), &WorkOrder::new(account, *order)),
            File(name, length) => {
                let content = [&b"\0 of no known type"[..], &vec![7; *length]].concat();
                world.outbox.capture(Document::new(world.file(name, &content)), &WorkOrder::new(account, order))
            }
            SignatureAsJpeg => {
                let path = world.file("signed.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0");
                world.outbox.capture(Signature::png(path), &WorkOrder::new(account, order))
            }
        };
        let item = item.unwrap();
        let why = item.why.unwrap();
        assert_eq!((item.state, why.reason), (State::Blocked, *reason), "{system:?} {}", item.name);
        assert_ne!(why.action, Action::None, "it says what would help");
    }
    assert_eq!(world.outbox.items(&Filter::default()).unwrap().len(), table.len());
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn the_same_key_twice_is_the_same_item() {
    let world = World::new();
    let capture = || world.outbox.capture(Text::new("x").key("visit-7/photo-1"), &job(Provider::CorrigoPro)).unwrap();
    let first = capture();
    assert_eq!(capture().id, first.id);
    world.deliver();
    assert_eq!((capture().id, capture().state), (first.id, State::Delivered));
    assert_eq!(world.accepted(first.id).len(), 1);
}

#[test]
fn the_callers_file_stays_as_it_was_unless_it_asks_for_a_move() {
    let world = World::new();
    let path = world.file("mine.pdf", b"content");
    world.outbox.capture(Document::new(&path), &job(Provider::CorrigoPro)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"content");
    world.outbox.capture(Document::new(&path).move_source(), &job(Provider::CorrigoPro)).unwrap();
    assert!(!path.exists());
}
