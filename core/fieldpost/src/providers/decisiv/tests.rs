mod looks;

use super::super::tests::{
    Asked, DRAFT, FILE, answer, done, got, hashed, lost, to_decisiv as snapshot, to_decisiv_in_base64 as encoded,
};
use super::*;
use crate::model::{Account, Action, Failure, Left};
use crate::providers::settings::check_account;
use crate::transport::BodyFile;
use crate::transport::multipart::{Form, Segment};

/// The request's body on the vendor's page, to the letter.
const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<a:attachment xmlns:r="http://www.decisiv.net/platform_api/0.0.7/Case/RecipientRequest"
 xmlns:s="http://www.decisiv.net/platform_api/0.0.7/Case/SenderRequest"
 xmlns:a="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest"
 xmlns:ct="http://www.decisiv.net/platform_api/0.0.7/Case/CaseTypes"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest">
    <a:description>description0</a:description>
    <a:internal>true</a:internal>
    <s:sender>
        <s:id>id0</s:id>
    </s:sender>
</a:attachment>
"#;

/// The answer of the vendor's page to a request for one attachment, with these in their places.
fn one_with(url: &str, download: &str, filename: &str, size: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<a:attachment xmlns:r="http://www.decisiv.net/platform_api/0.0.7/Case/RecipientResponse"
 xmlns:s="http://www.decisiv.net/platform_api/0.0.7/Case/SenderResponse"
 xmlns:a="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse"
 xmlns:ct="http://www.decisiv.net/platform_api/0.0.7/Case/CaseTypes"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse">
    <a:URL>{url}</a:URL>
    <a:subjectURL>subjectURL</a:subjectURL>
    <a:downloadURL>{download}</a:downloadURL>
    <a:description>description0</a:description>
    <a:filename>{filename}</a:filename>
    <a:size>{size}</a:size>
    <a:internal>false</a:internal>
    <a:createdAt>2006-05-04T18:13:51.0</a:createdAt>
    <a:updatedAt>2006-05-04T18:13:51.0</a:updatedAt>
    <a:public>false</a:public>
    <s:sender>
        <s:id>id0</s:id>
        <s:name>name0</s:name>
        <s:groupName>groupName0</s:groupName>
        <s:URL>URL0</s:URL>
    </s:sender>
</a:attachment>
"#
    )
}

const CASE: &str = "https://decisiv.example/platform_api/cases/C-7/attachments";
const NAME: &str = "boiler-7f3a9c1e.jpg";

/// A list of attachments with these fields, `a:` theirs.
fn list(entries: &[&str]) -> String {
    let entries: String = entries.iter().map(|fields| format!("<a:attachment>{fields}</a:attachment>")).collect();
    format!(
        "<a:attachments xmlns:a=\"http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse\" \
         xmlns:s=\"http://www.decisiv.net/platform_api/0.0.7/Case/SenderResponse\">{entries}</a:attachments>"
    )
}

fn listed(name: &str, size: &str) -> String {
    list(&[&format!("<a:URL>{CASE}/b</a:URL><a:filename>{name}</a:filename><a:size>{size}</a:size>")])
}

fn id(id: &str) -> RemoteId {
    RemoteId(id.into())
}

fn created(location: &str, body: &str) -> Exchange {
    Exchange { left: Left::Whole, result: Ok(answer(201, &[("location", location)], body)) }
}

fn uploaded(sent: &Snapshot, exchange: &Exchange) -> Step<Outcome> {
    let (_, _, at) = Decisiv.begin(sent).asked();
    Decisiv.resume(sent, &at, exchange)
}

fn accepting(method: Method, url: &str, body: Body) -> Request {
    let headers = vec![("Accept".into(), "application/xml".into())];
    Request { method, url: url.parse().unwrap(), headers, auth: Auth::Bearer, body, sink: Sink::Memory }
}

/// The text of the part `body`.
fn said(sent: &Snapshot) -> String {
    let Body::Multipart(parts) = Decisiv.begin(sent).asked().0.body else { panic!("no form") };
    match &parts[0].content {
        Content::Document { mime: "application/xml", text } => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn with(settings: &[(&str, &str)]) -> Snapshot {
    Snapshot { settings: settings.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(), ..snapshot() }
}

#[test]
fn the_upload_is_the_request_of_the_vendors_page() {
    let caption = Some("description0".to_owned());
    let sent = Snapshot { caption, ..with(&[("internal", "true"), ("sender", "id0")]) };
    let body = |file| {
        let document = Content::Document { mime: "application/xml", text: PAGE.to_owned() };
        Body::Multipart(vec![Part { name: "body", content: document }, Part { name: "file", content: file }])
    };
    let (filename, mime) = (NAME.to_owned(), "image/jpeg".to_owned());
    let (request, effect, _) = Decisiv.begin(&sent).asked();
    assert_eq!(effect, Effect::Changes);
    let file = Content::File { filename: filename.clone(), mime: mime.clone() };
    assert_eq!(request, accepting(Method::Post, CASE, body(file)));

    let mut sent = sent;
    sent.settings.extend([("path".into(), "case".into()), ("encoding".into(), "base64".into())]);
    let url = "https://decisiv.example/platform_api/case/C-7/attachments";
    let file = Content::Base64File { filename, mime };
    assert_eq!(Decisiv.begin(&sent).asked().0, accepting(Method::Post, url, body(file)));
}

#[test]
fn the_form_is_the_one_of_the_vendors_page_byte_for_byte() {
    let caption = Some("description0".to_owned());
    for (encoding, said, content) in
        [("binary", "", FILE), ("base64", "Content-Transfer-Encoding: base64\r\n", b"dGhlIGJ5dGVzIG9mIGEgcGhvdG8=")]
    {
        let settings = [("internal", "true"), ("sender", "id0"), ("encoding", encoding)];
        let sent = Snapshot { caption: caption.clone(), ..with(&settings) };
        let Body::Multipart(parts) = Decisiv.begin(&sent).asked().0.body else { panic!("no form") };
        let file = BodyFile { path: "sent".into(), bytes: sent.bytes, sha256: sent.sha256 };
        let form = Form::new(&parts, Some(&file)).unwrap();
        let b = form.content_type().strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
        let bytes: Vec<u8> = form
            .segments()
            .iter()
            .flat_map(|segment| match segment {
                Segment::Bytes(bytes) => bytes,
                Segment::File | Segment::Base64File | Segment::Base64Text | Segment::Rest(_) => content,
            })
            .copied()
            .collect();
        let content = std::str::from_utf8(content).unwrap();
        let expected = format!(
            "--{b}\r\nContent-Disposition: form-data; name=\"body\"\r\nContent-Type: application/xml\r\n\r\n{PAGE}\r\n\
             --{b}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{NAME}\"\r\n\
             Content-Type: image/jpeg\r\n{said}\r\n{content}\r\n--{b}--\r\n"
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        assert_eq!(form.length(), expected.len() as u64);
    }
}

#[test]
fn what_nobody_set_is_left_out() {
    let head = PAGE.split("    <a:description>").next().unwrap();
    let only = |description: &str| format!("{head}    <a:description>{description}</a:description>\n</a:attachment>\n");
    assert_eq!(said(&snapshot()), only("Boiler plate"));
    for caption in [None, Some(String::new()), Some(" \n".into())] {
        assert_eq!(said(&Snapshot { caption, ..snapshot() }), only(NAME), "a description is required");
    }
    assert!(
        said(&with(&[("internal", "false")]))
            .ends_with("</a:description>\n    <a:internal>false</a:internal>\n</a:attachment>\n")
    );
    assert!(
        said(&with(&[("internal", "yes"), ("sender", " ")])) == only("Boiler plate"),
        "only a damaged record has these"
    );
}

#[test]
fn the_list_and_the_download_are_the_requests_of_the_vendors_page() {
    for (settings, all, one) in [
        (&[][..], "cases/C-7/attachments", "cases/C-7/attachments/b"),
        (&[("path", "cases")], "cases/C-7/attachments", "cases/C-7/attachments/b"),
        (&[("path", "case")], "case/C-7/attachments", "case/C-7/attachment/b"),
    ] {
        let base = "https://decisiv.example/platform_api";
        let doubts = [with(settings)];
        let (asked, effect, at) = Decisiv.look(&doubts).asked();
        assert_eq!((asked, effect), (accepting(Method::Get, &format!("{base}/{all}"), Body::Empty), Effect::Reads));
        let (asked, effect, at) = Decisiv.resume_look(&doubts, &at, &got(200, listed(NAME, "21"))).asked();
        assert_eq!((asked, effect), (accepting(Method::Get, &format!("{base}/{one}"), Body::Empty), Effect::Reads));
        let attachment = one_with("b", "b/file", NAME, "21");
        let (asked, effect, _) = Decisiv.resume_look(&doubts, &at, &got(200, attachment)).asked();
        let url = asked.url.as_str().to_owned();
        assert_eq!(url, format!("{base}/{}/file", one), "relative to what was asked");
        assert_eq!(
            (asked.method, asked.auth, asked.sink, effect),
            (Method::Get, Auth::Bearer, Sink::Hash, Effect::Reads)
        );
    }
}

#[test]
fn foreign_text_stays_in_its_place() {
    let sent = Snapshot { work_order: "C/../7?x=1#y".into(), ..snapshot() };
    let url = "https://decisiv.example/platform_api/cases/C%2F..%2F7%3Fx=1%23y/attachments";
    assert_eq!(Decisiv.begin(&sent).asked().0.url.as_str(), url);
    let evil = "</a:description><a:internal>true</a:internal>&x;]]>\r\n--b\0\u{1b}\"'é🔥";
    let safe = "&lt;/a:description&gt;&lt;a:internal&gt;true&lt;/a:internal&gt;&amp;x;]]&gt;&#13;\n--b\u{fffd}\u{fffd}&quot;&apos;é🔥";
    let sent = Snapshot { caption: Some(evil.into()), ..with(&[("sender", "<a>&\"7")]) };
    let text = said(&sent);
    assert!(text.contains(&format!("<a:description>{safe}</a:description>")), "{text}");
    assert!(text.contains("<s:id>&lt;a&gt;&amp;&quot;7</s:id>") && !text.contains("<a:internal>"), "{text}");
}

#[test]
fn an_id_in_the_location_proves_the_upload() {
    for location in [
        &format!("{CASE}/17"),
        &format!("{CASE}/17/"),
        "/platform_api/cases/C-7/attachments/17",
        "attachments/17",
        " attachments/17 ",
        "https://decisiv.example:443/platform_api/case/C-7/attachment/17",
        "/platform_api/case/%43-7/attachments/17?format=xml",
    ] {
        for body in ["", "created", "<ok/>"] {
            let outcome = done(uploaded(&snapshot(), &created(location, body)));
            assert_eq!(outcome, Outcome::Delivered(id("17")), "{location}");
        }
    }
    let escaped = done(uploaded(&snapshot(), &created("attachments/a%20b%2Fc", "")));
    assert_eq!(escaped, Outcome::Delivered(id("a b/c")));
}

#[test]
fn a_location_that_is_not_under_the_case_proves_nothing() {
    for location in [
        "",
        CASE,
        &format!("{CASE}/"),
        &format!("{CASE}/17/file"),
        &format!("{CASE}/%0a"),
        &format!("{CASE}/.."),
        "17",
        "/platform_api/cases/C-8/attachments/17",
        "/platform_api/cases/C-7/notes/17",
        "/cases/C-7/attachments/17",
        "http://decisiv.example/platform_api/cases/C-7/attachments/17",
        "https://decisiv.example.evil/platform_api/cases/C-7/attachments/17",
        "//evil.example/platform_api/cases/C-7/attachments/17",
        "https://[/platform_api/cases/C-7/attachments/17",
    ] {
        let Outcome::InDoubt(doubt) = done(uploaded(&snapshot(), &created(location, ""))) else { panic!("{location}") };
        assert_eq!((doubt.reason, doubt.refusal), (Reason::Looking, None), "{location}");
    }
}

#[test]
fn an_attachment_in_the_body_proves_the_upload_whatever_its_prefix_and_version() {
    let page = one_with(&format!("{CASE}/17"), "x", NAME, "20");
    let other_prefix = page.replace("a:", "b:").replace("xmlns:a=", "xmlns:b=");
    let default = "<attachment xmlns='http://www.decisiv.net/platform_api/9/Case/AttachmentResponse'><new/><URL>17</URL></attachment>";
    for body in [&page, &page.replace("0.0.7", "0.0.8"), &other_prefix, &format!("\u{feff}{page}"), default] {
        assert_eq!(done(uploaded(&snapshot(), &got(200, body))), Outcome::Delivered(id("17")), "{body}");
    }
    let both = |location: &str| done(uploaded(&snapshot(), &created(location, &page)));
    assert_eq!(both("attachments/17"), Outcome::Delivered(id("17")));
    assert_eq!(both("/elsewhere"), Outcome::Delivered(id("17")), "it is no attachment's address, the body is one's");
    assert!(
        matches!(both("attachments/18"), Outcome::InDoubt(doubt) if doubt.refusal.is_none()),
        "one of the two is wrong"
    );
}

#[test]
fn a_body_that_is_not_the_attachment_proves_nothing() {
    let page = one_with(&format!("{CASE}/17"), "x", NAME, "20");
    for body in [
        "",
        "{\"id\": 17}",
        "<attachment><URL>17</URL></attachment>",
        &page.replace("AttachmentResponse", "AttachmentRequest"),
        &page.replace("http://www.decisiv.net", "http://decisiv.example"),
        &page.replace("platform_api/0.0.7/", "platform_api/"),
        &page.replace("platform_api/0.0.7/", "platform_api/0.0.7/x/"),
        &page.replace("<a:URL>", "<s:URL>").replace("</a:URL>", "</s:URL>"),
        &page.replace("<a:public>", "<a:URL>18</a:URL><a:public>"),
        &page.replace("<a:size>20</a:size>", "<a:size><a:b/></a:size>"),
        &page[..page.len() - 3],
        &page.replace("?>", "?><!DOCTYPE a [<!ENTITY x 'y'>]>"),
        &one_with("https://decisiv.example/", "x", NAME, "20"),
        &one_with("", "x", NAME, "20"),
        &listed(NAME, "20"),
        &format!("{}{page}{}", "<a>".repeat(30), "</a>".repeat(30)),
    ] {
        let outcome = done(uploaded(&snapshot(), &got(200, body)));
        assert!(matches!(outcome, Outcome::InDoubt(d) if d.refusal.is_none() && !d.host_ill), "{body}");
    }
}

#[test]
fn another_size_in_the_answer_is_looked_into_and_never_sent_again_unasked() {
    for (size, part) in [("28", "28 bytes at the system, 20 were sent: it was left in base64"), ("0", "0 bytes")] {
        let body = one_with("attachments/17", "x", NAME, size);
        let Outcome::InDoubt(doubt) = done(uploaded(&snapshot(), &got(201, body))) else { panic!("{size}") };
        let refusal = doubt.refusal.unwrap();
        assert_eq!((refusal.reason, refusal.action), (Reason::HashMismatch, Action::Review));
        assert!(refusal.detail.unwrap().contains(part));
    }
}

#[test]
fn what_went_in_base64_is_delivered_only_once_its_size_is_known_to_be_ours() {
    let attachment = |size: &str| one_with(&format!("{CASE}/17"), "x", NAME, size);
    let told = done(uploaded(&encoded(), &created("attachments/17", &attachment("20"))));
    assert_eq!(told, Outcome::Delivered(id("17")));
    let (request, effect, at) = uploaded(&encoded(), &created("attachments/17", "")).asked();
    assert_eq!((request, effect), (accepting(Method::Get, &format!("{CASE}/17"), Body::Empty), Effect::Reads));
    let end = |exchange: &Exchange| done(Decisiv.resume(&encoded(), &at, exchange));
    assert_eq!(end(&got(200, attachment("20"))), Outcome::Delivered(id("17")));
    for not_proved in [
        got(200, attachment("28")),
        got(200, attachment("")),
        got(200, one_with(&format!("{CASE}/18"), "x", NAME, "20")),
        got(200, ""),
        got(401, ""),
        got(404, ""),
        got(503, ""),
        lost(Failure::NoNetwork),
        lost(Failure::Stopped),
    ] {
        let Outcome::InDoubt(doubt) = end(&not_proved) else { panic!("{not_proved:?}") };
        assert_eq!(doubt.refusal.map(|why| why.reason), Some(Reason::HashMismatch), "{not_proved:?}");
    }
    let Outcome::InDoubt(doubt) = end(&got(200, attachment("28"))) else { panic!() };
    assert!(doubt.detail.unwrap().ends_with("it was left in base64"));
}

#[test]
fn no_refusal_is_documented_so_a_4xx_is_a_doubt_that_blocks_once_absent() {
    let body = "<errors><error>Case is closed</error></errors>";
    let exchange =
        Exchange { left: Left::Whole, result: Ok(answer(422, &[("content-type", "application/xml")], body)) };
    let Outcome::InDoubt(doubt) = done(uploaded(&snapshot(), &exchange)) else { panic!("no doubt") };
    assert_eq!(doubt.refusal.and_then(|why| why.detail).as_deref(), Some("422: Case is closed"));
    assert_eq!(doubt.status, Some(422));
}

#[test]
fn what_the_system_cannot_have_is_found_offline() {
    let reason = |work_order: &str| {
        let draft = Draft { work_order, name: "", bytes: Some(1 << 40), ..DRAFT };
        Decisiv.preflight(&draft).map(|why| why.reason)
    };
    for good in ["1", "C-7", "a b", "é/7"] {
        assert_eq!(reason(good), None, "{good:?}");
    }
    for bad in ["", " ", ".", "..", "C\n7", "\0"] {
        assert_eq!(reason(bad), Some(Reason::WorkOrderNotValid), "{bad:?}");
    }
    let bad = Snapshot { work_order: "..".into(), ..snapshot() };
    assert!(matches!(done(Decisiv.begin(&bad)), Outcome::Blocked(w) if w.reason == Reason::WorkOrderNotValid));
    assert!(matches!(done(Decisiv.look(&[bad])), Looked::CannotTell { status: None, .. }));
}

#[test]
fn one_look_serves_only_doubts_of_the_same_case() {
    let other = Snapshot { name: "another-00c0ffee.jpg".into(), ..with(&[("sender", "7"), ("path", "cases")]) };
    assert!(Decisiv.same_list(&snapshot(), &other));
    assert!(!Decisiv.same_list(&snapshot(), &Snapshot { work_order: "C-8".into(), ..snapshot() }));
    assert!(!Decisiv.same_list(&snapshot(), &with(&[("path", "case")])));
}

#[test]
fn what_is_not_documented_is_never_sent() {
    for operation in [Operation::Update, Operation::Delete] {
        let sent = Snapshot { operation, about: Some(id("x")), ..snapshot() };
        assert!(matches!(done(Decisiv.begin(&sent)), Outcome::Blocked(why) if why.reason == Reason::Refused));
    }
    assert!(Decisiv.changes().is_empty());
    let capabilities = Decisiv.capabilities();
    assert_eq!(capabilities.operations, ["upload", "list", "get", "download"]);
    assert_eq!((capabilities.max_bytes, capabilities.max_name, capabilities.types), (None, None, None));
}

#[test]
fn an_account_has_the_settings_of_its_page_and_their_values() {
    let account = Account::decisiv("d", "https://decisiv.example/platform_api");
    assert_eq!(check_account(&account), Ok(()));
    let full = account.clone().singular_paths().base64_files().internal(true).sender("U-7");
    let set: Vec<_> = full.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(set, [("encoding", "base64"), ("internal", "true"), ("path", "case"), ("sender", "U-7")]);
    assert_eq!(check_account(&full), Ok(()));
    for (key, value) in [
        ("path", "Case"),
        ("encoding", "gzip"),
        ("internal", "yes"),
        ("sender", ""),
        ("sender", "a\nb"),
        ("folder", "x"),
    ] {
        assert!(check_account(&account.clone().set(key, value)).is_err(), "{key}={value}");
    }
}
