//! A client that says exactly what it is told to: no library between the tests and the wire.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use fieldpost_sandbox::{Provider, Sandbox};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::xml::{self, Node};

/// Long enough for a busy machine, short enough to fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const BOUNDARY: &str = "----fieldpost-test-boundary";

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    /// `None`: no answer.
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn is_xml(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/xml"))
    }

    pub(crate) fn xml(&self) -> Node {
        xml::parse(&self.text()).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Whether the body is as long as the head says.
    pub(crate) fn whole(&self) -> bool {
        self.header("content-length").is_some_and(|l| l == self.body.len().to_string())
    }
}

/// One part of a form.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) file_name: Option<String>,
    pub(crate) value: Vec<u8>,
    /// Lines of its head besides.
    pub(crate) headers: Vec<&'static str>,
}

impl Part {
    pub(crate) fn with(mut self, header: &'static str) -> Self {
        self.headers.push(header);
        self
    }
}

pub(crate) fn text(name: &'static str, value: &str) -> Part {
    Part { name, file_name: None, value: value.into(), headers: vec![] }
}

pub(crate) fn file(name: &'static str, file_name: &str, bytes: &[u8]) -> Part {
    Part { name, file_name: Some(file_name.into()), value: bytes.into(), headers: vec![] }
}

pub(crate) fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let file = part.file_name.as_ref().map(|f| format!("; filename=\"{f}\"\r\nContent-Type: image/jpeg"));
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{}",
            part.name,
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        for header in &part.headers {
            body.extend_from_slice(format!("\r\n{header}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) url: String,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self { url: url.into(), method, headers: vec![], body: vec![] }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    pub(crate) fn form(self, parts: &[Part]) -> Self {
        let mut ask = self.with("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
        ask.body = multipart(parts);
        ask
    }

    pub(crate) fn json(self, body: Value) -> Self {
        let mut ask = self.with("Content-Type", "application/json");
        ask.body = body.to_string().into();
        ask
    }

    pub(crate) fn address(&self) -> (&str, String) {
        let rest = self.url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        (host, format!("/{path}"))
    }

    pub(crate) fn head(&self) -> Vec<u8> {
        let (host, path) = self.address();
        let mut head = format!("{} {path} HTTP/1.1\r\nHost: {host}\r\n", self.method);
        if !self.headers.iter().any(|(name, _)| name == "Connection") {
            head.push_str("Connection: close\r\n");
        }
        if !self.body.is_empty() || self.method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into()
    }

    pub(crate) fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address().0)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Sends it and hears what comes, to the end of the connection.
    pub(crate) fn send(&self) -> Heard {
        let mut stream = self.connect().unwrap();
        // A server that closes early may be gone before all is written; what it said still counts.
        let _ = stream.write_all(&self.head()).and_then(|()| stream.write_all(&self.body));
        hear(&mut stream)
    }
}

/// Reads to the end; a reset connection is an end.
pub(crate) fn hear(stream: &mut impl Read) -> Heard {
    let mut all = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&chunk[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("no end came: {all:?}"),
            Err(_) => break,
        }
    }
    parse(&all)
}

fn parse(all: &[u8]) -> Heard {
    let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") else {
        return Heard { status: None, headers: vec![], body: all.into() };
    };
    let head = String::from_utf8(all[..end].into()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|l| l.split_once(": ").unwrap()).map(|(n, v)| (n.into(), v.into())).collect();
    Heard { status: Some(status), headers, body: all[end + 4..].into() }
}

/// Waits for what another thread is about to do.
pub(crate) fn until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "it never happened");
        std::thread::yield_now();
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// An ask with everything in its head that the system wants.
pub(crate) fn ask(sandbox: &Sandbox, system: Provider, method: &'static str, path: &str) -> Ask {
    if system == Provider::FieldNation {
        let mark = if path.contains('?') { '&' } else { '?' };
        let token = sandbox.token(system);
        return Ask::new(method, format!("{}{path}{mark}access_token={token}", sandbox.url(system)));
    }
    let ask = Ask::new(method, format!("{}{path}", sandbox.url(system)))
        .with("Authorization", format!("Bearer {}", sandbox.token(system)));
    match system {
        Provider::DigitalRealty => ask.with("Master-Account-Id", "DLR-MASTER-1").with("Account-Id", "DLR-ACCOUNT-7"),
        _ => ask,
    }
}

/// A form that CorrigoPro takes.
pub(crate) fn corrigo_form(work_order: &str, name: &str, bytes: &[u8]) -> Vec<Part> {
    vec![
        text("WorkOrderId", work_order),
        text("Name", name),
        text("DocumentType", "Picture"),
        text("MessageVisibility", "CruOnly"),
        text("MimeType", "image/jpeg"),
        text("PerformedBy.Name", "Jo Field"),
        text("MessageId", "a5c7a3ca-5b1d-4701-817f-81f18b5d88f7"),
        file("File", name, bytes),
    ]
}

pub(crate) fn corrigo_upload(sandbox: &Sandbox, work_order: &str, name: &str, bytes: &[u8]) -> Ask {
    ask(sandbox, Provider::CorrigoPro, "POST", "/api/attachments").form(&corrigo_form(work_order, name, bytes))
}

pub(crate) fn corrigo_list(sandbox: &Sandbox, work_order: &str) -> Ask {
    ask(sandbox, Provider::CorrigoPro, "GET", &format!("/api/attachments?WorkOrderId={work_order}"))
}

pub(crate) fn realty_upload(sandbox: &Sandbox, ticket: &str, name: &str, bytes: &[u8]) -> Ask {
    let path = format!("/v1/attachments?requestId={ticket}&file_name={name}");
    ask(sandbox, Provider::DigitalRealty, "POST", &path).form(&[file("file", name, bytes)])
}

pub(crate) fn realty_list(sandbox: &Sandbox, ticket: &str) -> Ask {
    ask(sandbox, Provider::DigitalRealty, "GET", &format!("/v1/attachments/{ticket}"))
}

/// A form that Serial takes.
pub(crate) fn serial_form(name: &str, bytes: &[u8]) -> Vec<Part> {
    let metadata = serde_json::json!({
        "type": "IMAGE", "name": "Boiler plate", "added_by_user_id": SERIAL_USER, "file_name": name,
    });
    vec![text("metadata", &metadata.to_string()), file("attachment", name, bytes)]
}

pub(crate) const SERIAL_USER: &str = "6f9b1c52-7d3e-4a86-9c15-2b8e0f4d7a31";

pub(crate) fn serial_upload(sandbox: &Sandbox, work_order: &str, name: &str, bytes: &[u8]) -> Ask {
    let path = format!("/work-orders/{work_order}/attachments");
    ask(sandbox, Provider::Serial, "PUT", &path).form(&serial_form(name, bytes))
}

pub(crate) fn serial_read(sandbox: &Sandbox, work_order: &str) -> Ask {
    ask(sandbox, Provider::Serial, "GET", &format!("/work-orders/{work_order}"))
}

/// The part `body` of a form that Decisiv takes.
pub(crate) const DECISIV_BODY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <r:attachment xmlns:r=\"http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentRequest\">\
    <r:description>Boiler plate</r:description></r:attachment>";

pub(crate) fn decisiv_form(name: &str, bytes: &[u8]) -> Vec<Part> {
    vec![text("body", DECISIV_BODY), file("file", name, bytes)]
}

pub(crate) fn decisiv_upload(sandbox: &Sandbox, case: &str, name: &str, bytes: &[u8]) -> Ask {
    ask(sandbox, Provider::Decisiv, "POST", &format!("/cases/{case}/attachments")).form(&decisiv_form(name, bytes))
}

pub(crate) fn decisiv_list(sandbox: &Sandbox, case: &str) -> Ask {
    let ask = ask(sandbox, Provider::Decisiv, "GET", &format!("/cases/{case}/attachments"));
    ask.with("Accept", "application/xml")
}

/// The folder `Misc`, which every work order has.
pub(crate) const MISC: &str = "2270";

pub(crate) fn nation_upload(sandbox: &Sandbox, work_order: &str, name: &str, bytes: &[u8]) -> Ask {
    let path = format!("/workorders/{work_order}/attachments/{MISC}");
    ask(sandbox, Provider::FieldNation, "POST", &path).form(&[file("file", name, bytes)])
}

pub(crate) fn nation_list(sandbox: &Sandbox, work_order: &str) -> Ask {
    ask(sandbox, Provider::FieldNation, "GET", &format!("/workorders/{work_order}/attachments"))
}

/// The names that a listing shows.
pub(crate) fn names(listing: &Heard) -> Vec<String> {
    if listing.is_xml() {
        return listing.xml().all("attachment").map(|attachment| attachment.text("filename")).collect();
    }
    let told = listing.json();
    if let Some(folders) = told.get("results") {
        let files = folders.as_array().unwrap().iter().flat_map(|folder| folder["results"].as_array().unwrap());
        return files.map(|file| file["file"]["name"].as_str().unwrap().to_owned()).collect();
    }
    let entries = told.get("attachments").unwrap_or(&told);
    let name = |e: &Value| {
        let name = ["Name", "filename", "file_name"].into_iter().find_map(|key| e.get(key));
        name.unwrap().as_str().unwrap().to_owned()
    };
    entries.as_array().unwrap().iter().map(name).collect()
}
