//! The page's files and pictures, and who may ask for them.

use fieldpost_sandbox::{Network, Sandbox};

use crate::client::*;
use crate::sandbox;

/// Where the page is.
fn page(sandbox: &Sandbox) -> String {
    sandbox.control_url().replace("/control", "")
}

/// All that the page is made of, by its paths: what its HTML names, and what the scripts there import.
fn files(sandbox: &Sandbox) -> Vec<(String, Heard)> {
    let mut wanted = vec!["/".to_owned()];
    let mut files: Vec<(String, Heard)> = vec![];
    while let Some(path) = wanted.pop() {
        if files.iter().any(|(had, _)| *had == path) {
            continue;
        }
        let heard = Ask::new("GET", format!("{}{path}", page(sandbox))).send();
        assert_eq!(heard.status, Some(200), "{path}");
        let text = heard.text();
        let quoted = text.split('"').filter(|piece| !piece.contains(char::is_whitespace));
        let named = quoted.filter(|q| (q.starts_with("./") || q.starts_with("/page/")) && q.contains('.'));
        wanted.extend(named.map(|name| format!("/page/{}", name.rsplit('/').next().unwrap())));
        files.push((path, heard));
    }
    files
}

#[test]
fn no_file_of_the_page_can_run_or_load_what_is_not_the_sandboxs_own() {
    let sandbox = sandbox();
    let files = files(&sandbox);
    assert!(files.len() > 12, "every script and style: {:?}", files.iter().map(|(path, _)| path).collect::<Vec<_>>());
    for (path, heard) in files {
        let policy = heard.header("content-security-policy").unwrap();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.split("; ").any(|there| there == directive), "{path}: {directive}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(heard.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(heard.header("referrer-policy"), Some("no-referrer"), "{path}");
        let text = heard.text();
        for forbidden in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "src=\"http", "@import"]
        {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        assert!(!text.contains(" onclick") && !text.contains("<style") && !text.contains(" style="), "{path}");
        assert!(text.lines().count() < 500, "{path}");
    }
}

#[test]
fn the_systems_port_leads_to_the_page_which_is_there_without_a_network() {
    let sandbox = sandbox();
    let lead = Ask::new("GET", format!("{}/", sandbox.origin())).send();
    assert_eq!((lead.status, lead.header("location")), (Some(307), Some(format!("{}/", page(&sandbox)).as_str())));
    sandbox.network(Network::Gone).unwrap();
    let there = Ask::new("GET", format!("{}/", page(&sandbox))).send();
    assert_eq!((there.status, there.header("content-type")), (Some(200), Some("text/html; charset=utf-8")));
    assert!(there.text().contains("Fieldpost") && there.text().contains("lang=\"en\""));
    let readme = Ask::new("GET", format!("{}/readme", page(&sandbox))).send();
    assert_eq!(readme.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(readme.text().contains("## Control"));
}

/// What a stranger may send under the name of a picture.
const SCRIPTS: [(&str, &[u8]); 3] = [
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ("b.jpg", b"<!doctype html><script>alert(1)</script>"),
    ("c.html", b"\n<html><script>alert(1)</script>"),
];

#[test]
fn only_pictures_are_shown_as_pictures_and_nothing_in_them_can_run() {
    let sandbox = sandbox();
    let jpeg = b"\xFF\xD8\xFF\xE0 and so on".as_slice();
    for (name, bytes) in SCRIPTS.into_iter().chain([("d.html.jpg", jpeg)]) {
        assert_eq!(corrigo_upload(&sandbox, "10234", name, bytes).send().status, Some(200));
    }
    let told = Ask::new("GET", format!("{}/entries", sandbox.control_url())).send().json();
    for entry in told.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let url =
            format!("{}/entries/corrigopro/10234/{}", sandbox.control_url(), entry["remote_id"].as_str().unwrap());
        let (bytes, picture) = (Ask::new("GET", url.clone()).send(), Ask::new("GET", format!("{url}/picture")).send());
        assert_eq!(bytes.header("content-type"), Some("application/octet-stream"), "{name}");
        assert_eq!(bytes.header("content-disposition"), Some("attachment"), "{name}");
        let is_picture = name == "d.html.jpg";
        assert_eq!(picture.status, Some(if is_picture { 200 } else { 404 }), "{name}");
        assert_eq!(entry["picture"].as_str(), is_picture.then_some("image/jpeg"), "{name}");
        let shown = if is_picture { vec![bytes, picture] } else { vec![bytes] };
        for heard in shown {
            assert_eq!(heard.header("x-content-type-options"), Some("nosniff"), "{name}");
            let policy = heard.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && policy.ends_with("sandbox"), "{name}: {policy}");
            assert!(!heard.header("content-type").unwrap().contains("html"), "{name}");
        }
    }
}

#[test]
fn a_page_from_elsewhere_cannot_reach_the_control() {
    let sandbox = sandbox();
    for base in [sandbox.control_url().to_owned(), format!("{}/control", sandbox.origin())] {
        let stop = || Ask::new("POST", format!("{base}/stop"));
        assert_eq!(stop().with("Origin", "https://elsewhere.example").send().status, Some(403));
        assert_eq!(stop().with("Origin", "null").send().status, Some(403));
        let by_name = Ask::new("GET", format!("{}/state", base.replace("127.0.0.1", "localhost")));
        assert_eq!(by_name.send().status, Some(200), "a name of this machine");
    }
    assert_eq!(sandbox.state().connections, 0);
}
