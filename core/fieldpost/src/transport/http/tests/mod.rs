//! Real sockets on loopback. Here: what goes well; `trouble` has what does not,
//! `query` tokens in the query, `silence` the limits of time, `secure` TLS and HTTP/2.

mod peer;
mod query;
mod secure;
mod silence;
mod trouble;

use std::process::Command;
use std::sync::Mutex;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

use self::peer::{Host, Upload, http, look, send, together};
use super::*;
use crate::transport::multipart::Segment;

const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 9\r\nX-Id: 7\r\n\r\n{\"id\": 7}";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";

#[tokio::test]
async fn an_upload_arrives_byte_by_byte_as_it_was_laid_out() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/api/attachments?x=1"), 200_000);
    let server = async {
        let mut peer = host.accept().await;
        let arrived = peer.request().await.unwrap();
        peer.say(CREATED).await;
        arrived
    };
    let http = http();
    let (exchange, arrived) = together(send(&http, &upload.transfer), server).await;

    let form = upload.form();
    let expected: Vec<u8> = form
        .segments()
        .iter()
        .flat_map(|segment| match segment {
            Segment::Bytes(bytes) => bytes.clone(),
            Segment::File => upload.content.clone(),
            Segment::Base64File | Segment::Base64Text | Segment::Rest(_) => unreachable!("none is sent here"),
        })
        .collect();
    assert!(arrived.body == expected);
    assert!(arrived.head.starts_with("POST /api/attachments?x=1 HTTP/1.1\r\n"), "{}", arrived.head);
    assert_eq!(arrived.header("content-length"), Some(&*form.length().to_string()));
    assert_eq!(arrived.header("content-type"), Some(form.content_type()));
    assert_eq!(arrived.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(arrived.header("accept"), Some("application/json"));
    assert_eq!(arrived.header("user-agent"), Some(concat!("fieldpost/", env!("CARGO_PKG_VERSION"))));
    assert_eq!((arrived.header("transfer-encoding"), arrived.header("accept-encoding")), (None, None));

    assert_eq!(exchange.left, Left::Whole);
    let answer = exchange.result.unwrap();
    assert_eq!((answer.status, answer.header("x-id"), answer.bytes()), (201, Some("7"), &b"{\"id\": 7}"[..]));
}

#[tokio::test]
async fn an_upload_in_base64_decodes_to_the_file_where_it_arrives() {
    for length in [1, 57, 200_001] {
        let host = Host::bind().await;
        let upload = Upload::new(host.url("/"), length).in_base64();
        let server = async {
            let mut peer = host.accept().await;
            let arrived = peer.request().await.unwrap();
            peer.say(CREATED).await;
            arrived
        };
        let http = http();
        let (exchange, arrived) = together(send(&http, &upload.transfer), server).await;
        assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Whole, 201));
        let form = upload.form();
        assert_eq!(arrived.header("content-length"), Some(&*form.length().to_string()));
        assert_eq!(arrived.header("transfer-encoding"), None);
        let [Segment::Bytes(head), Segment::Base64File, Segment::Bytes(end)] = form.segments() else {
            panic!("{:?}", form.segments())
        };
        assert!(head.ends_with(b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
        let body = arrived.body.strip_prefix(&**head).and_then(|rest| rest.strip_suffix(&**end)).unwrap();
        let lines: Vec<&str> = std::str::from_utf8(body).unwrap().split("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= 76));
        assert!(STANDARD.decode(lines.concat()).unwrap() == upload.content);
    }
}

#[tokio::test]
async fn progress_only_grows_and_ends_with_the_whole_length() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 1_000_000);
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer.say(CREATED).await;
    };
    let seen = Mutex::new(Vec::new());
    let (http, stop) = (http(), StopSignal::new());
    let progress = |sent, total| seen.lock().unwrap().push((sent, total));
    let (exchange, ()) = together(http.send(&upload.transfer, &progress, &stop), server).await;
    assert!(exchange.result.is_ok());
    let (seen, length) = (seen.into_inner().unwrap(), upload.form().length());
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seen:?}");
    assert!(seen.iter().all(|&(_, total)| total == length), "{seen:?}");
    assert_eq!(seen.last(), Some(&(length, length)));
}

#[tokio::test]
async fn a_look_has_no_body_and_is_whole_once_answered() {
    let host = Host::bind().await;
    let server = async {
        let mut peer = host.accept().await;
        let arrived = peer.request().await.unwrap();
        peer.say(OK).await;
        arrived
    };
    let (http, transfer) = (http(), look(host.url("/list")));
    let (exchange, arrived) = together(send(&http, &transfer), server).await;
    assert_eq!((arrived.header("content-length"), arrived.header("content-type")), (None, None));
    assert_eq!((exchange.left, exchange.result.unwrap().bytes()), (Left::Whole, &b"[]"[..]));
}

#[tokio::test]
async fn a_credential_goes_along_only_where_it_is_asked_for() {
    let host = Host::bind().await;
    let server = async {
        let mut peer = host.accept().await;
        let arrived = peer.request().await.unwrap();
        peer.say(OK).await;
        arrived
    };
    let mut transfer = look(host.url("/temporary?sig=abc"));
    transfer.request.auth = Auth::None;
    let http = http();
    let (exchange, arrived) = together(send(&http, &transfer), server).await;
    assert!(exchange.result.is_ok());
    assert_eq!(arrived.header("authorization"), None);
}

#[test]
fn a_transfer_may_move_between_threads() {
    fn assert_send(_: impl Send) {}
    assert_send(send(&http(), &look(Url::parse("http://127.0.0.1:1").unwrap())));
}

#[test]
fn a_name_and_password_in_an_address_stay_here() {
    let url = Url::parse("https://user:word@host.example:1/a?b=c").unwrap();
    assert_eq!(bare(&url).as_str(), "https://host.example:1/a?b=c");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_else_is_called() {
    for status in [301, 302, 303, 307, 308] {
        let (host, elsewhere) = (Host::bind().await, Host::bind().await);
        let to = elsewhere.url("/steal");
        let answer = format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        for transfer in [&Upload::new(host.url("/"), 10).transfer, &look(host.url("/"))] {
            let server = async {
                let mut peer = host.accept().await;
                peer.request().await.unwrap();
                peer.say(&answer).await;
            };
            let http = http();
            let (exchange, ()) = together(send(&http, transfer), server).await;
            assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Whole, status));
        }
        assert!(elsewhere.nobody_called());
    }
}

#[tokio::test]
async fn a_download_is_hashed_whatever_its_length_and_an_error_page_is_kept() {
    let host = Host::bind().await;
    let content = "abcdefgh".repeat(ANSWER_LIMIT / 8 + 1);
    let (refusal, download) = (
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{content}", content.len()),
    );
    let server = async {
        let mut peer = host.accept().await;
        for answer in [download, refusal] {
            peer.request().await.unwrap();
            peer.say(&answer).await;
        }
    };
    let (http, mut transfer) = (http(), look(host.url("/file")));
    transfer.request.sink = Sink::Hash;
    let client = async { (send(&http, &transfer).await, send(&http, &transfer).await) };
    let ((first, second), ()) = together(client, server).await;
    let expected = AnswerBody::Hashed { bytes: content.len() as u64, sha256: Sha256(Hasher::digest(&content).into()) };
    assert_eq!(first.result.unwrap().body, expected);
    assert_eq!(second.result.unwrap().body, AnswerBody::Kept(b"gone".to_vec()));
}

#[tokio::test]
async fn one_connection_serves_one_transfer_after_the_other() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 100_000);
    let server = async {
        let mut peer = host.accept().await;
        for _ in 0..3 {
            peer.request().await.unwrap();
            peer.say(CREATED).await;
        }
    };
    let http = http();
    let client = async {
        for _ in 0..3 {
            assert_eq!(send(&http, &upload.transfer).await.left, Left::Whole);
        }
    };
    together(client, server).await;
    assert!(host.nobody_called());
}

#[test]
fn a_proxy_is_never_asked_about_this_machine() {
    for (url, loopback) in [
        ("http://localhost:1/", true),
        ("http://sandbox.LOCALHOST./", true),
        ("http://127.8.9.1/", true),
        ("http://[::1]/", true),
        ("http://[::ffff:127.0.0.1]/", true),
        ("http://localhost.example/", false),
        ("http://10.0.0.1/", false),
        ("http://[2001:db8::1]/", false),
    ] {
        assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
    }
    // The environment is the process's: another one runs a test of this file, with a proxy where nobody listens.
    let nobody = "http://127.0.0.1:1";
    let run = again("a_look_has_no_body_and_is_whole_once_answered")
        .env("http_proxy", nobody)
        .env("all_proxy", nobody)
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"), "{run:?}");
}

/// This test program again, with nothing but the test `name` of this file; in the emulator, if this one runs in one.
fn again(name: &str) -> Command {
    let runner = std::env::var("FIELDPOST_TEST_RUNNER").unwrap_or_default();
    let mut words =
        runner.split_whitespace().map(Into::into).chain([std::env::current_exe().unwrap().into_os_string()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    let module = module_path!().split_once("::").unwrap().1;
    command.args(["--exact", &format!("{module}::{name}"), "--nocapture"]);
    command
}

/// The peak of a process is that of all its tests: a process of its own measures. The file is made by this one.
#[cfg(target_os = "linux")]
#[test]
fn twenty_megabytes_pass_through_less_than_two() {
    const FILE: &str = "FIELDPOST_TEST_FILE";
    if let Some(file) = std::env::var_os(FILE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(upload_within_two_megabytes(file.into()));
    }
    let upload = Upload::new(Url::parse("http://127.0.0.1:1").unwrap(), 20_000_000);
    let run = again("twenty_megabytes_pass_through_less_than_two").env(FILE, upload.path()).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"), "{run:?}");
}

#[cfg(target_os = "linux")]
async fn upload_within_two_megabytes(path: std::path::PathBuf) {
    let (host, http) = (Host::bind().await, http());
    let mut small = Upload::new(host.url("/"), 500_000); // whatever is set up once is set up by this one
    let exchange = async |transfer: &Transfer| {
        let server = async {
            let mut peer = host.accept().await;
            let arrived = peer.swallow().await;
            peer.say(&CREATED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;
            arrived
        };
        let (exchange, arrived) = together(send(&http, transfer), server).await;
        assert!(exchange.result.is_ok() && exchange.left == Left::Whole);
        arrived
    };
    exchange(&small.transfer).await;

    let (mut file, mut hasher, mut chunk) = (std::fs::File::open(&path).unwrap(), Hasher::new(), [0; 4096]);
    while let n @ 1.. = std::io::Read::read(&mut file, &mut chunk).unwrap() {
        hasher.update(&chunk[..n]);
    }
    let (bytes, sha256) = (crate::model::Bytes(20_000_000), Sha256(hasher.finalize().into()));
    small.transfer.file = Some(crate::transport::BodyFile { path, bytes, sha256 });

    let before = peak_memory();
    assert!(exchange(&small.transfer).await > 20_000_000);
    assert!(exchange(&small.in_base64().transfer).await > 27_000_000);
    let grown = peak_memory().saturating_sub(before); // the kernel counts in batches
    assert!(grown < 2_000_000, "{grown} bytes");
}

/// The most memory that this process ever had, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
