//! A token in the query, and bodies that are a document: how they arrive, and that the token is shown nowhere.

use tokio::net::TcpSocket;

use super::peer::failed;
use super::*;
use crate::transport::Secret;

/// With every character that could leave its place in a query.
const TOKEN: &str = "s3cr3t&async=true#%2F+x/=";

/// The same as a query has it.
const ESCAPED: &str = "s3cr3t%26async%3Dtrue%23%252F%2Bx%2F%3D";

/// A request whose token stands in the query.
fn asking(url: Url) -> Transfer {
    let mut transfer = look(url);
    transfer.request.auth = Auth::Query("access_token");
    transfer.token = Some(Secret::new(TOKEN));
    transfer
}

/// All that may be shown of a transfer and of what came of it.
fn assert_hidden(transfer: &Transfer, exchange: &Exchange) {
    let shown = format!("{transfer:?} {transfer:#?} {exchange:?} {exchange:#?} {}", transfer.request.url);
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

async fn arrived_at(host: &Host, transfer: &Transfer) -> (Exchange, peer::Arrived) {
    let server = async {
        let mut peer = host.accept().await;
        let arrived = peer.request().await.unwrap();
        peer.say(OK).await;
        arrived
    };
    let http = http();
    together(send(&http, transfer), server).await
}

#[tokio::test]
async fn a_token_in_the_query_stands_behind_what_is_asked_and_in_no_header() {
    for (path, wanted) in [
        ("/list", format!("/list?access_token={ESCAPED}")),
        ("/list?acting_user_id=7&page=2", format!("/list?acting_user_id=7&page=2&access_token={ESCAPED}")),
        ("/a%20b?c=d%20e", format!("/a%20b?c=d%20e&access_token={ESCAPED}")),
    ] {
        let host = Host::bind().await;
        let transfer = asking(host.url(path));
        let (exchange, arrived) = arrived_at(&host, &transfer).await;
        assert!(arrived.head.starts_with(&format!("GET {wanted} HTTP/1.1\r\n")), "{}", arrived.head);
        assert_eq!((arrived.header("authorization"), arrived.header("referer")), (None, None));
        assert_eq!(exchange.result.as_ref().unwrap().status, 200);
        assert_hidden(&transfer, &exchange);
    }
}

#[tokio::test]
async fn a_request_to_another_host_than_the_accounts_has_no_token_to_add() {
    let host = Host::bind().await;
    let mut transfer = asking(host.url("/list?a=b"));
    transfer.token = None; // who lets it out gives one only to the account's own host
    let (_, arrived) = arrived_at(&host, &transfer).await;
    assert!(arrived.head.starts_with("GET /list?a=b HTTP/1.1\r\n"), "{}", arrived.head);
}

#[tokio::test]
async fn a_document_arrives_as_it_is_with_its_type_and_its_length() {
    let host = Host::bind().await;
    let mut transfer = asking(host.url("/folders"));
    transfer.request.method = Method::Put;
    let text = "{\"name\":\"Kessel ä\"}";
    transfer.request.body = Body::Bytes { mime: "application/json", bytes: text.as_bytes().to_vec() };
    // An operation's file goes along with each of its transfers; a document sends none of it.
    transfer.file = Upload::new(host.url("/"), 10).transfer.file;
    let (exchange, arrived) = arrived_at(&host, &transfer).await;
    assert!(arrived.head.starts_with("PUT /folders?access_token="), "{}", arrived.head);
    assert_eq!(
        (arrived.header("content-type"), arrived.header("content-length")),
        (Some("application/json"), Some("20"))
    );
    assert_eq!((arrived.header("transfer-encoding"), arrived.body.as_slice()), (None, text.as_bytes()));
    assert_eq!((exchange.left, exchange.result.unwrap().status), (Left::Whole, 200));
}

#[tokio::test]
async fn a_document_that_nobody_answers_has_left_whole() {
    let host = Host::bind().await;
    let mut transfer = asking(host.url("/folders"));
    transfer.request.body = Body::Bytes { mime: "application/json", bytes: b"{}".to_vec() };
    let server = async { host.accept().await.request().await.map(|arrived| arrived.body) };
    let http = http();
    let (exchange, body) = together(send(&http, &transfer), server).await;
    assert_eq!((exchange.clone(), body), (failed(Left::Whole, Failure::Broken), Some(b"{}".to_vec())));
    assert_hidden(&transfer, &exchange);
    assert!(host.nobody_called(), "nothing is sent again");
}

#[tokio::test]
async fn a_redirect_takes_no_token_anywhere() {
    let (host, elsewhere) = (Host::bind().await, Host::bind().await);
    let to = elsewhere.url(&format!("/steal?access_token={ESCAPED}"));
    let transfer = asking(host.url("/list"));
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer.say(&format!("HTTP/1.1 307 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")).await;
    };
    let http = http();
    let (exchange, ()) = together(send(&http, &transfer), server).await;
    assert_eq!(exchange.result.as_ref().unwrap().status, 307);
    assert_hidden(&transfer, &exchange);
    assert!(elsewhere.nobody_called());
}

#[tokio::test]
async fn no_failure_shows_the_token() {
    let http = http();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = format!("http://{}/", socket.local_addr().unwrap());
    let unresolved = format!("http://{}.invalid/", "a".repeat(64));
    for url in [refused.as_str(), &unresolved, "http://255.255.255.255:9/"] {
        let transfer = asking(Url::parse(url).unwrap());
        let exchange = send(&http, &transfer).await;
        assert_eq!((exchange.left, exchange.result.is_err()), (Left::None, true), "{url}");
        assert_hidden(&transfer, &exchange);
    }
    for answer in ["", "220 mail.example ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"] {
        let host = Host::bind().await;
        let transfer = asking(host.url("/list"));
        let server = async {
            let mut peer = host.accept().await;
            peer.request().await.unwrap();
            peer.say(answer).await;
        };
        let (exchange, ()) = together(send(&http, &transfer), server).await;
        assert_eq!(exchange, failed(Left::Whole, Failure::Broken), "{answer:?}");
        assert_hidden(&transfer, &exchange);
    }
}

/// What the HTTP stack itself says of such a failure does hold the address: it must not leave `failure`.
#[tokio::test]
async fn the_stacks_own_error_would_show_the_token() {
    let transfer = asking(Url::parse("http://255.255.255.255:9/").unwrap());
    let http = http();
    let line = Line::new(0);
    let request = http.request(&transfer, None, &line).unwrap();
    let error = http.outward.execute(request).await.unwrap_err();
    assert!(format!("{error:?}").contains("s3cr3t"), "then `failure` may keep it");
    assert!(!format!("{:?}", failure::of_request(&error)).contains("s3cr3t"));
}
