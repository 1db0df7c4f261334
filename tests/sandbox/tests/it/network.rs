use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_sandbox::Provider::{CorrigoPro, DigitalRealty};
use fieldpost_sandbox::{Fault, Network, Options, Rule, Sandbox, Tls};

use crate::client::*;
use crate::{options, sandbox};

#[test]
fn a_network_that_is_gone_closes_every_connection_unread() {
    let sandbox = sandbox();
    sandbox.network(Network::Gone).unwrap();
    assert_eq!(corrigo_list(&sandbox, "10234").send().status, None);
    assert!(sandbox.requests().is_empty());
    sandbox.network(Network::Up).unwrap();
    assert_eq!(corrigo_list(&sandbox, "10234").send().status, Some(200));
}

#[test]
fn a_refused_network_refuses_and_comes_back_on_the_same_port() {
    let sandbox = sandbox();
    let list = corrigo_list(&sandbox, "10234");
    for _ in 0..3 {
        sandbox.network(Network::Refused).unwrap();
        assert_eq!(list.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
        sandbox.network(Network::Up).unwrap();
        assert_eq!(list.send().status, Some(200));
    }
}

#[test]
fn a_silent_network_accepts_and_says_nothing() {
    let sandbox = sandbox();
    sandbox.network(Network::Silent).unwrap();
    let list = corrigo_list(&sandbox, "10234");
    let mut stream = list.connect().unwrap();
    stream.write_all(&list.head()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(matches!(stream.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(sandbox.state().connections, 1);
    sandbox.network(Network::Up).unwrap();
    assert_eq!(sandbox.state().connections, 0);
}

#[test]
fn open_connections_are_counted_and_cut_when_the_network_goes() {
    let sandbox = sandbox();
    let mut stream = TcpStream::connect(sandbox.origin().strip_prefix("http://").unwrap()).unwrap();
    assert_eq!(sandbox.state().connections, 1);
    sandbox.network(Network::Refused).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_)));
    until(|| sandbox.state().connections == 0);
}

#[test]
fn unreachable_by_rule_takes_so_many_connections() {
    let sandbox = sandbox();
    sandbox.fault(Rule::new(Fault::Unreachable).times(2));
    let list = corrigo_list(&sandbox, "10234");
    assert_eq!([list.send().status, list.send().status, list.send().status], [None, None, Some(200)]);
}

#[test]
fn a_restart_with_the_same_folder_knows_all_that_was_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options { dir: Some(dir.path().into()), ..options() };
    let first = Sandbox::start(options()).unwrap();
    corrigo_upload(&first, "10234", "a.jpg", b"aaa").send();
    corrigo_upload(&first, "10234", "b.jpg", b"bbb").send();
    realty_upload(&first, "WO9271561", "c.jpg", b"ccc").send();
    let ids: Vec<String> = first.entries().iter().map(|e| e.remote_id.clone()).collect();
    first.office_rename(CorrigoPro, "10234", &ids[0], "z.jpg").unwrap();
    first.office_delete(CorrigoPro, "10234", &ids[1]).unwrap();
    let (ledger, entries) = (first.ledger(), first.entries());
    first.stop();
    // A line that a kill tore is not a line.
    let path = dir.path().join("ledger.jsonl");
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"n\": 6, \"ti").unwrap();

    let second = Sandbox::start(options()).unwrap();
    assert_eq!((second.ledger(), second.entries()), (ledger, entries));
    assert_eq!(names(&corrigo_list(&second, "10234").send()), ["z.jpg"]);
    let path = format!("/v1/attachments/WO9271561/file/{}", ids[2]);
    assert_eq!(ask(&second, DigitalRealty, "GET", &path).send().body, b"ccc");
    corrigo_upload(&second, "10234", "d.jpg", b"d").send();
    let last = second.ledger().pop().unwrap();
    assert_eq!(last.n, 6);
    assert!(last.request > 3, "request numbers go on: {last:?}");
    assert_eq!(fieldpost_sandbox::read_ledger(dir.path()).unwrap().len(), 6);
}

#[test]
fn a_ledger_that_is_not_ours_is_an_error_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ledger.jsonl"), "{\"n\": 1}\n").unwrap();
    let error = Sandbox::start(Options { dir: Some(dir.path().into()), ..options() }).unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
}

#[test]
fn a_stopped_sandbox_leaves_its_port_and_no_folder() {
    let sandbox = sandbox();
    let (dir, list) = (sandbox.dir(), corrigo_list(&sandbox, "10234"));
    assert!(dir.exists());
    sandbox.stop();
    assert_eq!(list.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(!dir.exists());
}

#[test]
fn many_clients_at_once_are_all_heard() {
    let sandbox = sandbox();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for n in 0..10 {
                    let upload = corrigo_upload(sandbox, "10234", &format!("{thread}-{n}.jpg"), &[thread; 50_000]);
                    assert_eq!(upload.send().status, Some(200));
                }
            });
        }
    });
    assert_eq!(sandbox.ledger().len(), 80);
    let mut names = names(&corrigo_list(&sandbox, "10234").send());
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 80);
}

#[test]
fn over_tls_everything_is_the_same() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let der = made.cert.der().clone();
    let tls = Tls { cert_chain: vec![der.to_vec()], key: made.signing_key.serialize_der() };
    let sandbox = Sandbox::start(Options { tls: Some(tls), ..options() }).unwrap();
    assert!(sandbox.url(CorrigoPro).starts_with("https://127.0.0.1:"));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(der).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut upload = corrigo_upload(&sandbox, "10234", "a.jpg", &[5; 200_000]);
    upload.url = upload.url.replace("https://", "http://");
    let heard = || {
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config.clone()), name).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, upload.connect().unwrap());
        stream.write_all(&upload.head()).unwrap();
        stream.write_all(&upload.body).unwrap();
        hear(&mut stream)
    };
    assert_eq!(heard().status, Some(200));
    assert_eq!(sandbox.ledger()[0].bytes, 200_000);
    sandbox.fault(Fault::LoseAnswer);
    assert_eq!(heard().status, None);
    sandbox.fault(Fault::TruncateAnswer { keep_bytes: Some(3) });
    let cut = heard();
    assert_eq!((cut.status, cut.body.len()), (Some(200), 3));
}

#[test]
fn a_connection_kept_alive_brings_request_after_request() {
    let sandbox = sandbox();
    let upload = corrigo_upload(&sandbox, "10234", "a.jpg", &[0; 100_000]).with("Connection", "keep-alive");
    let mut stream = upload.connect().unwrap();
    for n in 1..=3 {
        stream.write_all(&upload.head()).unwrap();
        stream.write_all(&upload.body).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "request {n}");
    }
    let connections: Vec<u64> = sandbox.ledger().iter().map(|e| e.connection).collect();
    assert_eq!(connections, [1, 1, 1]);
    sandbox.fault(Fault::LoseAnswer);
    stream.write_all(&upload.head()).unwrap();
    stream.write_all(&upload.body).unwrap();
    assert_eq!(hear(&mut stream).status, None, "a lost answer ends the connection");
    assert_eq!(sandbox.ledger().len(), 4);
    until(|| sandbox.state().connections == 0);
}
