//! TLS and HTTP/2, for real: a certificate authority of our own, on loopback.

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::peer::{Peer, failed, http_with};
use super::*;

/// An authority, and the server's side of TLS with a certificate of it for `localhost`.
struct Authority {
    pem: String,
    der: Vec<u8>,
    acceptor: TlsAcceptor,
}

impl Authority {
    /// With a server that speaks `protocol` (ALPN).
    fn new(protocol: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let chain = vec![CertificateDer::from(leaf.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Authority { pem: root.pem(), der: root.der().to_vec(), acceptor }
    }

    async fn accept(&self, host: &Host) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(host.accept().await.stream).await
    }
}

fn trusting(root: Vec<u8>) -> Http {
    http_with(HttpOptions { extra_roots: vec![root], ..HttpOptions::default() })
}

fn secure(host: &Host, name: &str) -> Url {
    Url::parse(&format!("https://{name}:{}/", host.address().port())).unwrap()
}

#[tokio::test]
async fn a_root_that_was_handed_in_is_trusted_as_pem_and_as_der() {
    let authority = Authority::new("http/1.1");
    for root in [authority.pem.clone().into_bytes(), authority.der.clone()] {
        let host = Host::bind().await;
        let upload = Upload::new(secure(&host, "localhost"), 300_000);
        let server = async {
            let mut peer = Peer::new(authority.accept(&host).await.unwrap());
            let arrived = peer.request().await.unwrap();
            peer.say(CREATED).await;
            arrived
        };
        let http = trusting(root);
        let (exchange, arrived) = together(send(&http, &upload.transfer), server).await;
        assert_eq!(arrived.body.len() as u64, upload.form().length());
        assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Whole, 201));
    }
}

#[tokio::test]
async fn a_foreign_certificate_is_refused_before_anything_leaves() {
    let (authority, other) = (Authority::new("http/1.1"), Authority::new("http/1.1"));
    for (http, name) in [
        (http(), "localhost"),
        (trusting(other.der), "localhost"),
        (trusting(authority.der.clone()), "127.0.0.1"), // the certificate is not for that name
    ] {
        let host = Host::bind().await;
        let upload = Upload::new(secure(&host, name), 10);
        let (exchange, accepted) = together(send(&http, &upload.transfer), authority.accept(&host)).await;
        assert_eq!(exchange, failed(Left::None, Failure::Tls), "{name}");
        assert!(accepted.is_err());
    }
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_fails_the_handshake() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let host = Host::bind().await;
        let (http, transfer) = (http(), look(secure(&host, "localhost")));
        let server = async { host.accept().await.say(answer).await };
        let (exchange, ()) = together(send(&http, &transfer), server).await;
        assert_eq!(exchange, failed(Left::None, Failure::Tls), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_cut_off_under_tls_is_broken() {
    let (authority, host) = (Authority::new("http/1.1"), Host::bind().await);
    let server = async {
        let mut peer = Peer::new(authority.accept(&host).await.unwrap());
        peer.request().await.unwrap();
        peer.say("HTTP/1.1 200 OK\r\n\r\n[{\"id\": 7}").await; // ends with the connection: but without TLS's own end
    };
    let (http, transfer) = (trusting(authority.der.clone()), look(secure(&host, "localhost")));
    let (exchange, ()) = together(send(&http, &transfer), server).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::Broken));
}

#[test]
fn a_root_that_is_no_certificate_is_refused() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bad in [&b""[..], b"hello", b"0hello", pem.as_bytes()] {
        let options = HttpOptions { extra_roots: vec![bad.to_vec()], ..HttpOptions::default() };
        let made = Http::new(options, Arc::new(crate::disk::OsDisk));
        assert!(matches!(made, Err(HttpError::BadRoot)), "{}", String::from_utf8_lossy(bad));
    }
}

/// An HTTP/2 peer that takes in one request, does `then` with it, and goes on until the client has let go of the connection.
async fn http2_peer<F: Future<Output = ()>>(
    authority: &Authority,
    host: &Host,
    then: impl FnOnce(HeaderMap, h2::RecvStream, h2::server::SendResponse<Bytes>) -> F,
) {
    let stream = authority.accept(host).await.unwrap();
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let (request, respond) = connection.accept().await.unwrap().unwrap();
    let (parts, body) = request.into_parts();
    let until_closed = async { assert!(!matches!(connection.accept().await, Some(Ok(_))), "one request only") };
    tokio::join!(then(parts.headers, body, respond), until_closed);
}

/// Sends, then lets go of the connection.
async fn send_once(http: Http, transfer: &Transfer) -> Exchange {
    send(&http, transfer).await
}

/// How many bytes of a body came, and whether it ended as it should.
async fn take_in(body: &mut h2::RecvStream) -> (u64, bool) {
    let mut arrived = 0;
    loop {
        match body.data().await {
            Some(Ok(chunk)) => {
                arrived += chunk.len() as u64;
                body.flow_control().release_capacity(chunk.len()).unwrap();
            }
            Some(Err(_)) => return (arrived, false),
            None => return (arrived, true),
        }
    }
}

fn created() -> http::Response<()> {
    http::Response::builder().status(201).body(()).unwrap()
}

#[tokio::test]
async fn an_upload_arrives_over_http2_with_its_length() {
    let (authority, host) = (Authority::new("h2"), Host::bind().await);
    let upload = Upload::new(secure(&host, "localhost"), 300_000);
    let length = upload.form().length();
    let server = http2_peer(&authority, &host, async |headers, mut body, mut respond| {
        assert_eq!(headers["content-length"], *length.to_string());
        assert_eq!(take_in(&mut body).await, (length, true));
        respond.send_response(created(), true).unwrap();
    });
    let http = trusting(authority.der.clone());
    let (exchange, ()) = together(send_once(http, &upload.transfer), server).await;
    assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Whole, 201));
}

#[tokio::test]
async fn a_damaged_file_never_arrives_whole_over_http2_either() {
    let (authority, host) = (Authority::new("h2"), Host::bind().await);
    let mut upload = Upload::new(secure(&host, "localhost"), 300_000);
    upload.content[7] ^= 1;
    std::fs::write(upload.path(), &upload.content).unwrap();
    let server = http2_peer(&authority, &host, async |_, mut body, _respond| {
        let (arrived, whole) = take_in(&mut body).await;
        assert!(!whole && arrived < 300_000, "{arrived} bytes");
    });
    let http = trusting(authority.der.clone());
    let (exchange, ()) = together(send_once(http, &upload.transfer), server).await;
    assert_eq!(exchange, failed(Left::Part, Failure::FileDamaged));
}

#[tokio::test]
async fn a_refused_http2_stream_is_not_sent_again() {
    let (authority, host) = (Authority::new("h2"), Host::bind().await);
    let server = http2_peer(&authority, &host, async |_, _body, mut respond| {
        respond.send_reset(h2::Reason::REFUSED_STREAM);
    });
    let (http, transfer) = (trusting(authority.der.clone()), look(secure(&host, "localhost")));
    let (exchange, ()) = together(send_once(http, &transfer), server).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::Broken));
    assert!(host.nobody_called());
}

#[tokio::test]
async fn an_early_http2_answer_ends_the_upload() {
    let (authority, host) = (Authority::new("h2"), Host::bind().await);
    let upload = Upload::new(secure(&host, "localhost"), 10_000_000);
    let server = http2_peer(&authority, &host, async |_, mut body, mut respond| {
        body.data().await.unwrap().unwrap(); // gives no room for more than the first window
        respond.send_response(created(), true).unwrap();
        let (_, whole) = take_in(&mut body).await;
        assert!(!whole);
    });
    let http = trusting(authority.der.clone());
    let (exchange, ()) = together(send_once(http, &upload.transfer), server).await;
    assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Part, 201));
}
