use fieldpost_sandbox::Provider::Decisiv;
use fieldpost_sandbox::{
    AddAnswer, CasePaths, DecisivDialect, Dialect, DownloadHost, Fault, Operation, Rule, Sandbox, WorkOrderState,
};

use crate::client::*;
use crate::sandbox;
use crate::xml::Node;

const OPEN: &str = "770001";
const REQUEST: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest";
const SENDER: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/SenderRequest";

/// A body with these elements, the page's own prefixes declared.
fn body(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><a:attachment xmlns:a=\"{REQUEST}\" xmlns:s=\"{SENDER}\">{inside}</a:attachment>")
}

fn post(sandbox: &Sandbox, parts: &[Part]) -> Heard {
    ask(sandbox, Decisiv, "POST", &format!("/cases/{OPEN}/attachments")).form(parts).send()
}

fn post_body(sandbox: &Sandbox, body: &str) -> Heard {
    post(sandbox, &[text("body", body), file("file", "a.jpg", b"x")])
}

fn speak(sandbox: &Sandbox, decisiv: DecisivDialect) {
    sandbox.set_dialect(Dialect { decisiv, ..Dialect::default() });
}

fn listed(sandbox: &Sandbox) -> Vec<Node> {
    let heard = decisiv_list(sandbox, OPEN).send();
    assert_eq!(heard.status, Some(200), "{heard:?}");
    heard.xml().all("attachment").cloned().collect()
}

fn get(sandbox: &Sandbox, url: &str) -> Heard {
    Ask::new("GET", url).with("Authorization", format!("Bearer {}", sandbox.token(Decisiv))).send()
}

#[test]
fn an_upload_is_listed_in_the_documented_elements_and_got_by_its_url() {
    let sandbox = sandbox();
    let bytes = vec![7; 300_000];
    let heard = decisiv_upload(&sandbox, OPEN, "boiler-7f3a9c1e.jpg", &bytes).send();
    assert_eq!(heard.status, Some(201), "{heard:?}");
    let line = sandbox.uploads(Decisiv, OPEN).pop().unwrap();
    assert_eq!((line.name.as_str(), line.sha256), ("boiler-7f3a9c1e.jpg", sha256(&bytes)));

    let one = &listed(&sandbox)[0];
    let url = format!("{}/cases/{OPEN}/attachments/{}", sandbox.url(Decisiv), line.remote_id);
    assert!(sandbox.url(Decisiv).ends_with("/decisiv/platform_api"));
    for (element, value) in [
        ("URL", url.as_str()),
        ("subjectURL", &format!("{}/cases/{OPEN}", sandbox.url(Decisiv))),
        ("description", "Boiler plate"),
        ("filename", "boiler-7f3a9c1e.jpg"),
        ("format", "image/jpeg"),
        ("size", "300000"),
        ("internal", "false"),
        ("createdAt", "2026-11-21T10:00:00.0"),
        ("updatedAt", "2026-11-21T10:00:00.0"),
        ("public", "false"),
    ] {
        assert_eq!(one.text(element), value, "{element}");
        assert!(one.one(element).namespace.ends_with("/0.0.7/Case/AttachmentResponse"));
    }
    let sender = one.one("sender");
    assert!(sender.namespace.ends_with("/0.0.7/Case/SenderResponse"));
    assert_eq!(sender.text("id"), "1001", "a default user");
    for element in ["name", "groupName", "URL"] {
        assert!(!sender.text(element).is_empty());
    }

    let got = get(&sandbox, &url).xml();
    assert_eq!((got.name.as_str(), got.text("filename")), ("attachment", one.text("filename")));
    assert!(got.all("format").next().is_none(), "the example of get one has no format");
    assert_eq!(get(&sandbox, &one.text("downloadURL")).body, bytes);
    assert_eq!(sandbox.requests().pop().unwrap().operation, Some(Operation::Download));
}

#[test]
fn prefixes_and_order_change_and_unknown_elements_stand_among_the_known() {
    let sandbox = sandbox();
    decisiv_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let answers: Vec<String> = (0..12).map(|_| decisiv_list(&sandbox, OPEN).send().text()).collect();
    for prefix in ["<ns1:filename>", "<filename>", "<s:filename>"] {
        assert!(answers.iter().any(|answer| answer.contains(prefix)), "{prefix}");
    }
    let firsts: std::collections::BTreeSet<String> =
        (0..12).map(|_| listed(&sandbox)[0].children[1].name.clone()).collect();
    assert!(firsts.len() > 4, "{firsts:?}");
    let one = &listed(&sandbox)[0];
    assert!(one.children.iter().any(|c| c.name == "filename" && c.namespace == "urn:sandbox:extra"));
    assert_eq!((one.text("filename").as_str(), one.text("mood").as_str()), ("a.jpg", "unknown"));
}

#[test]
fn every_documented_rule_of_a_body_is_checked() {
    let sandbox = sandbox();
    let said = "<a:description>d</a:description>";
    let foreign = body(said).replace("AttachmentRequest", "AttachmentResponse");
    let later = body(said).replace("0.0.7", "0.0.8");
    let cases = [
        "".to_owned(),
        "d".to_owned(),
        body(said).replace("</a:attachment>", ""),
        foreign,
        later,
        body(said).replace("a:attachment", "a:attachments"),
        format!("<attachment>{said}</attachment>"),
        "<attachment><description>d</description></attachment>".to_owned(),
        body(""),
        body("<a:description> </a:description>"),
        body(&format!("{said}{said}")),
        body(&format!("{said}<a:internal>yes</a:internal>")),
        body(&format!("{said}<s:sender/>")),
        body(&format!("{said}<s:sender><s:id/></s:sender>")),
        body(&format!("{said}<s:sender><a:id>7</a:id></s:sender>")),
        body(&format!("{said}<a:sender><s:id>7</s:id></a:sender>")),
        body(&format!("{said}<a:filename>f</a:filename>")),
        body(said).replace("<a:att", "<!DOCTYPE a:attachment [<!ENTITY e \"d\">]><a:att"),
        body("<a:description>&e;</a:description>"),
    ];
    for body in cases {
        let heard = post_body(&sandbox, &body);
        assert_eq!(heard.status, Some(400), "{body}: {heard:?}");
        assert!(heard.is_xml() && heard.text().contains("<message>"));
    }
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn what_the_body_says_is_kept_and_told() {
    let sandbox = sandbox();
    let said = "<s:sender><s:id>u&#45;7</s:id></s:sender><a:internal> 1 </a:internal>\
                <a:description>5 &lt; 6 &amp; <![CDATA[<ü>]]></a:description>";
    assert_eq!(
        post_body(&sandbox, &format!(" {}", body(said))).status,
        Some(201),
        "the page's command begins with a blank"
    );
    for _ in 0..6 {
        let one = &listed(&sandbox)[0];
        assert_eq!((one.text("description").as_str(), one.text("internal").as_str()), ("5 < 6 & <ü>", "true"));
        assert_eq!(one.one("sender").text("id"), "u-7");
    }
    // Any prefix will do, the default namespace too.
    let plain = format!("<attachment xmlns='{REQUEST}'><description>d</description></attachment>");
    assert_eq!(post_body(&sandbox, &plain).status, Some(201));
}

#[test]
fn the_form_has_one_body_and_one_file_with_a_name() {
    let sandbox = sandbox();
    let (xml, bytes) = (text("body", DECISIV_BODY), file("file", "a.jpg", b"x"));
    let cases = [
        vec![xml.clone()],
        vec![bytes.clone()],
        vec![xml.clone(), xml.clone(), bytes.clone()],
        vec![xml.clone(), bytes.clone(), bytes.clone()],
        vec![xml.clone(), text("file", "bytes")],
        vec![xml.clone(), file("file", "", b"x")],
        vec![file("body", "a.xml", DECISIV_BODY.as_bytes()), bytes.clone()],
        vec![xml.clone(), bytes.clone().with("Content-Transfer-Encoding: quoted-printable")],
    ];
    for parts in cases {
        assert_eq!(post(&sandbox, &parts).status, Some(400), "{parts:?}");
    }
    assert_eq!(std::fs::read_dir(sandbox.dir().join("spool")).unwrap().count(), 0);
    assert!(sandbox.ledger().is_empty());
}

#[test]
fn a_file_is_decoded_by_its_transfer_encoding() {
    let sandbox = sandbox();
    let bytes: Vec<u8> = (0..=255).collect();
    let encoded = base64_lines(&bytes);
    let form = |encoding: &'static str, content: &[u8]| {
        [text("body", DECISIV_BODY), file("file", "a.jpg", content).with(encoding)]
    };
    for (encoding, content) in [
        ("Content-Transfer-Encoding: base64", encoded.as_bytes()),
        ("content-transfer-encoding: BASE64", encoded.as_bytes()),
        ("Content-Transfer-Encoding: binary", &bytes[..]),
    ] {
        assert_eq!(post(&sandbox, &form(encoding, content)).status, Some(201), "{encoding}");
        let line = sandbox.ledger().pop().unwrap();
        assert_eq!((line.bytes, line.sha256), (256, sha256(&bytes)));
        assert_eq!(sandbox.file(Decisiv, OPEN, &line.remote_id), Some(bytes.clone()));
    }
    let part = sandbox.requests()[0].parts[1].clone();
    assert_eq!((part.transfer_encoding.as_deref(), part.bytes), (Some("base64"), encoded.len() as u64));
    for broken in ["AAA", "A A=", "====", "QUJD%"] {
        let heard = post(&sandbox, &form("Content-Transfer-Encoding: base64", broken.as_bytes()));
        assert_eq!(heard.status, Some(400), "{broken}");
    }

    speak(&sandbox, DecisivDialect { leaves_base64: true, ..DecisivDialect::default() });
    post(&sandbox, &form("Content-Transfer-Encoding: base64", encoded.as_bytes()));
    let line = sandbox.ledger().pop().unwrap();
    assert_eq!((line.bytes, line.sha256), (encoded.len() as u64, sha256(encoded.as_bytes())));
    assert_eq!(listed(&sandbox).iter().filter(|a| a.text("size") == encoded.len().to_string()).count(), 1);
}

/// Base64 in lines of 76, as mail has it.
fn base64_lines(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n").collect()
}

#[test]
fn the_answer_to_an_upload_is_one_of_four() {
    let sandbox = sandbox();
    for (answer, location, body) in [
        (AddAnswer::Both, true, true),
        (AddAnswer::Location, true, false),
        (AddAnswer::Body, false, true),
        (AddAnswer::Neither, false, false),
    ] {
        speak(&sandbox, DecisivDialect { answer, ..DecisivDialect::default() });
        let heard = decisiv_upload(&sandbox, OPEN, "a.jpg", b"x").send();
        let url =
            format!("{}/cases/{OPEN}/attachments/{}", sandbox.url(Decisiv), sandbox.ledger().pop().unwrap().remote_id);
        assert_eq!(heard.status, Some(201));
        assert_eq!(heard.header("location"), location.then_some(url.as_str()), "{answer:?}");
        assert_eq!(!heard.body.is_empty(), body, "{answer:?}");
        if body {
            assert_eq!(heard.xml().text("URL"), url);
        }
    }
}

#[test]
fn both_spellings_of_the_paths_are_there_and_either_may_be_gone() {
    let sandbox = sandbox();
    decisiv_upload(&sandbox, OPEN, "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let status = |method, path: &str| {
        let ask = ask(&sandbox, Decisiv, method, path);
        if method == "POST" { ask.form(&decisiv_form("b.jpg", b"y")).send().status } else { ask.send().status }
    };
    let spellings = [
        (CasePaths::Examples, format!("/cases/{OPEN}/attachments"), format!("/cases/{OPEN}/attachments/{id}")),
        (CasePaths::Headings, format!("/case/{OPEN}/attachments"), format!("/case/{OPEN}/attachment/{id}")),
    ];
    for paths in [CasePaths::Both, CasePaths::Examples, CasePaths::Headings] {
        speak(&sandbox, DecisivDialect { paths, ..DecisivDialect::default() });
        for (style, all, one) in &spellings {
            let there = paths == CasePaths::Both || paths == *style;
            let (read, added) = if there { (Some(200), Some(201)) } else { (Some(404), Some(404)) };
            assert_eq!(
                (status("GET", all), status("GET", one), status("POST", all)),
                (read, read, added),
                "{paths:?} {all}"
            );
            if there {
                let told = ask(&sandbox, Decisiv, "GET", all).send().xml();
                let urls = told.all("attachment").map(|a| (a.text("URL"), a.text("downloadURL")));
                for (url, download) in urls {
                    assert_eq!((get(&sandbox, &url).status, get(&sandbox, &download).status), (Some(200), Some(200)));
                }
            }
        }
    }
    for path in ["attachment", "attachment/1"] {
        assert_eq!(status("GET", &format!("/cases/{OPEN}/{path}")), Some(404), "{path}");
    }
    for (method, path) in [
        ("GET", format!("/case/{OPEN}/attachments/{id}")),
        ("DELETE", format!("/cases/{OPEN}/attachments/{id}")),
        ("PUT", format!("/cases/{OPEN}/attachments/{id}")),
        ("GET", "/cases".to_owned()),
    ] {
        assert_eq!(status(method, &path), Some(404), "{method} {path}");
    }
    let outside = format!("{}/decisiv/cases/{OPEN}/attachments", sandbox.origin());
    assert_eq!(get(&sandbox, &outside).status, Some(404), "the base has platform_api in it");
}

#[test]
fn addresses_may_be_relative_and_namespaces_newer() {
    let sandbox = sandbox();
    speak(&sandbox, DecisivDialect { relative_urls: true, newer_namespaces: true, ..DecisivDialect::default() });
    let heard = decisiv_upload(&sandbox, OPEN, "a.jpg", b"bytes").send();
    assert!(heard.header("location").unwrap().starts_with("/decisiv/platform_api/cases/"));
    let one = &listed(&sandbox)[0];
    assert!(one.namespace.ends_with("/0.1.12/Case/AttachmentResponse"));
    let download = one.text("downloadURL");
    assert!(download.starts_with('/') && one.text("URL").starts_with('/'));
    assert_eq!(get(&sandbox, &format!("{}{download}", sandbox.origin())).body, b"bytes");
}

#[test]
fn a_download_wants_the_token_on_the_own_host_and_must_not_get_it_elsewhere() {
    let sandbox = sandbox();
    decisiv_upload(&sandbox, OPEN, "a.jpg", b"bytes").send();
    let own = Ask::new("GET", listed(&sandbox)[0].text("downloadURL"));
    assert_eq!(own.send().status, Some(401));
    speak(&sandbox, DecisivDialect { download: DownloadHost::Other, ..DecisivDialect::default() });
    let link = listed(&sandbox)[0].text("downloadURL");
    assert!(link.starts_with("http://localhost:"), "{link}");
    let elsewhere = Ask::new("GET", link.replace("localhost", "127.0.0.1"));
    assert_eq!(elsewhere.send().body, b"bytes");
    assert_eq!(get(&sandbox, &own.url).status, Some(404));
    assert!(sandbox.leaks().is_empty());
    get(&sandbox, &elsewhere.url);
    assert_eq!(sandbox.leaks().len(), 1);
}

#[test]
fn cases_and_attachments_that_are_not_there_are_404_and_no_state_refuses() {
    let sandbox = sandbox();
    sandbox.set_work_order(Decisiv, "C 1/ü", WorkOrderState::Closed);
    decisiv_upload(&sandbox, "C%201%2F%C3%BC", "a.jpg", b"x").send();
    let id = sandbox.entries()[0].remote_id.clone();
    let told = decisiv_list(&sandbox, "C%201%2F%C3%BC").send().xml();
    assert_eq!(get(&sandbox, &told.one("attachment").text("downloadURL")).body, b"x");
    assert_eq!(decisiv_upload(&sandbox, "404", "a.jpg", b"x").send().status, Some(404));
    assert_eq!(decisiv_list(&sandbox, "404").send().status, Some(404));
    assert_eq!(decisiv_list(&sandbox, OPEN).send().xml().all("attachment").count(), 0);
    for path in ["1".to_owned(), id] {
        assert_eq!(
            ask(&sandbox, Decisiv, "GET", &format!("/cases/{OPEN}/attachments/{path}")).send().status,
            Some(404)
        );
    }
}

#[test]
fn an_accept_that_excludes_xml_gets_nothing() {
    let sandbox = sandbox();
    for (accept, status) in [("application/json", 406), ("text/html, application/xml;q=0.9", 200), ("*/*", 200)] {
        let list = decisiv_list(&sandbox, OPEN).without("Accept").with("Accept", accept);
        assert_eq!(list.send().status, Some(status), "{accept}");
    }
}

#[test]
fn faults_meet_get_one_and_the_download_as_their_own_operations() {
    let sandbox = sandbox();
    decisiv_upload(&sandbox, OPEN, "a.jpg", b"bytes").send();
    let one = listed(&sandbox)[0].clone();
    sandbox.fault(Rule::new(Fault::status_before(503)).on(Decisiv).operation(Operation::Get));
    sandbox.fault(Rule::new(Fault::HalfAnswer).on(Decisiv).operation(Operation::Download));
    assert_eq!(get(&sandbox, &one.text("URL")).status, Some(503));
    assert_eq!(get(&sandbox, &one.text("downloadURL")).body, b"by");
    assert_eq!(get(&sandbox, &one.text("URL")).status, Some(200));
}
