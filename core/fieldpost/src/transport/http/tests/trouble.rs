//! What goes wrong, and how much had left by then.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpSocket;

use super::peer::failed;
use super::*;

/// More than a connection's buffers on loopback take in (Linux: 4 MB on this side, 6 to 32 MB on the other), so that what is not read
/// stays here.
pub(super) const MORE_THAN_BUFFERS: usize = 45_000_000;

#[tokio::test]
async fn a_name_that_cannot_be_resolved() {
    // Too long for a label of DNS: refused without asking anyone.
    let url = Url::parse(&format!("http://{}.invalid/", "a".repeat(64))).unwrap();
    let http = http();
    assert_eq!(send(&http, &Upload::new(url.clone(), 10).transfer).await, failed(Left::None, Failure::Dns));
    assert_eq!(send(&http, &look(url)).await, failed(Left::None, Failure::Dns));
}

#[tokio::test]
async fn a_refused_connection() {
    // Bound, never listening: nobody else can get the port, and nobody answers.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = Url::parse(&format!("http://{}/", socket.local_addr().unwrap())).unwrap();
    let http = http();
    assert_eq!(send(&http, &Upload::new(url.clone(), 10).transfer).await, failed(Left::None, Failure::Refused));
    assert_eq!(send(&http, &look(url)).await, failed(Left::None, Failure::Refused));
}

#[tokio::test]
async fn a_host_without_a_route() {
    // The broadcast address: no TCP connection ever leads there.
    let url = Url::parse("http://255.255.255.255:9/").unwrap();
    assert_eq!(send(&http(), &look(url)).await, failed(Left::None, Failure::Unreachable));
}

#[tokio::test]
async fn a_reset_in_the_middle_of_the_body() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), MORE_THAN_BUFFERS);
    let server = async {
        let mut peer = host.accept().await;
        peer.head().await.unwrap();
        peer.some(100_000).await;
        drop(peer); // with bytes unread: a reset
    };
    let http = http();
    let (exchange, ()) = together(send(&http, &upload.transfer), server).await;
    assert_eq!(exchange, failed(Left::Part, Failure::Broken));
    assert!(host.nobody_called(), "nothing is sent again");
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 1000);
    let server = async { host.accept().await.request().await.is_some() };
    let http = http();
    let (exchange, whole) = together(send(&http, &upload.transfer), server).await;
    assert!(whole);
    assert_eq!(exchange, failed(Left::Whole, Failure::Broken));
    assert!(host.nobody_called(), "nothing is sent again");
}

#[tokio::test]
async fn answers_that_are_cut_off_or_no_http_or_too_long() {
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(ANSWER_LIMIT + 1));
    for (answer, failure) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"id\":", Failure::Broken),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[{}\r\n", Failure::Broken),
        ("HTTP/1.1 200 OK\r\nContent-", Failure::Broken),
        ("220 mail.example ESMTP\r\n", Failure::Broken),
        (&*endless, Failure::AnswerTooLong),
    ] {
        let host = Host::bind().await;
        let upload = Upload::new(host.url("/"), 1000);
        let server = async {
            let mut peer = host.accept().await;
            peer.request().await.unwrap();
            peer.say(answer).await;
        };
        let http = http();
        let (exchange, ()) = together(send(&http, &upload.transfer), server).await;
        assert_eq!(exchange, failed(Left::Whole, failure), "{:.60}", answer);
    }
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_kept() {
    let host = Host::bind().await;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER_LIMIT}\r\n\r\n{}", "x".repeat(ANSWER_LIMIT));
    let (http, transfer) = (http(), look(host.url("/")));
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer.say(&answer).await;
    };
    let (exchange, ()) = together(send(&http, &transfer), server).await;
    assert_eq!(exchange.result.unwrap().bytes().len(), ANSWER_LIMIT);
}

#[tokio::test]
async fn an_early_answer_ends_the_upload_and_the_rest_never_leaves() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), MORE_THAN_BUFFERS);
    let server = async {
        let mut peer = host.accept().await;
        peer.head().await.unwrap();
        peer.some(100_000).await;
        peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\ntoo big").await;
        peer
    };
    let http = http();
    let (exchange, mut peer) = together(send(&http, &upload.transfer), server).await;
    let answer = exchange.result.unwrap();
    assert_eq!((exchange.left, answer.status, answer.bytes()), (Left::Part, 413, &b"too big"[..]));
    assert!(peer.rest().await < MORE_THAN_BUFFERS);
}

#[tokio::test]
async fn a_file_found_damaged_on_the_way_never_arrives_whole() {
    for wrong in [0, 199_999] {
        let host = Host::bind().await;
        let mut upload = Upload::new(host.url("/"), 200_000);
        upload.content[wrong] ^= 1;
        std::fs::write(upload.path(), &upload.content).unwrap();
        let server = async { host.accept().await.rest().await };
        let http = http();
        let (exchange, arrived) = together(send(&http, &upload.transfer), server).await;
        assert_eq!(exchange, failed(Left::Part, Failure::FileDamaged), "byte {wrong}");
        // Head included: the chunk that was held back is longer than any head.
        assert!((arrived as u64) < upload.form().length() - 1000, "byte {wrong}");
    }
}

#[tokio::test]
async fn a_file_found_damaged_before_the_request_is_not_even_begun() {
    let host = Host::bind().await;
    let http = http();
    let upload = Upload::new(host.url("/"), 1000);
    let damaged = failed(Left::None, Failure::FileDamaged);
    let mut flipped = upload.content.clone();
    flipped[999] ^= 1;
    for content in [&flipped[..], &upload.content[..999], &[&upload.content[..], b"x"].concat()] {
        std::fs::write(upload.path(), content).unwrap();
        assert_eq!(send(&http, &upload.transfer).await, damaged, "{} bytes", content.len());
    }
    std::fs::remove_file(upload.path()).unwrap();
    assert_eq!(send(&http, &upload.transfer).await, damaged);
    let mut without = upload.transfer.clone();
    without.file = None;
    assert_eq!(send(&http, &without).await, damaged);
    assert!(host.nobody_called());
}

#[tokio::test]
async fn a_stop_in_the_middle_lets_nothing_more_out() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), MORE_THAN_BUFFERS);
    let (http, stop, sent) = (http(), StopSignal::new(), AtomicU64::new(0));
    let progress = |n, _| sent.store(n, Ordering::Relaxed);
    let server = async {
        let mut peer = host.accept().await;
        peer.head().await.unwrap();
        peer.some(1_000_000).await;
        stop.stop();
        peer
    };
    let (exchange, mut peer) = together(http.send(&upload.transfer, &progress, &stop), server).await;
    assert_eq!(exchange, failed(Left::Part, Failure::Stopped));
    assert!(peer.rest().await as u64 <= sent.load(Ordering::Relaxed), "no more than was reported");
}

#[tokio::test]
async fn a_stop_after_the_whole_body_is_a_doubt_and_one_before_it_is_none() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 1000);
    let (http, stop) = (http(), StopSignal::new());
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        stop.stop();
        peer
    };
    let (exchange, _held) = together(http.send(&upload.transfer, &|_, _| {}, &stop), server).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::Stopped));
    let exchange = http.send(&upload.transfer, &|_, _| {}, &stop).await;
    assert_eq!(exchange, failed(Left::None, Failure::Stopped));
    assert!(host.nobody_called());
}

#[tokio::test]
async fn a_dropped_transfer_lets_nothing_more_out() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), MORE_THAN_BUFFERS);
    let http = http();
    let server = async {
        let mut peer = host.accept().await;
        peer.head().await.unwrap();
        peer.some(100_000).await;
        peer
    };
    let mut peer = tokio::select! {
        exchange = send(&http, &upload.transfer) => unreachable!("{exchange:?}"),
        peer = server => peer,
    };
    assert!(peer.rest().await < MORE_THAN_BUFFERS);
}

/// The server gives up a kept connection just as the next upload begins: at every moment of that race, what the exchange says is
/// what the server saw, and nothing is sent twice.
#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_makes_no_false_claim() {
    let (http, mut broken) = (http(), 0);
    for moment in 0..100 {
        let host = Host::bind().await;
        let upload = Upload::new(host.url("/"), 1000);
        let (closed, seen) = (tokio::sync::Notify::new(), AtomicU64::new(0));
        let server = async {
            let mut peer = host.accept().await;
            peer.request().await.unwrap();
            peer.say(CREATED).await;
            drop(peer);
            closed.notify_one();
            loop {
                let mut peer = host.accept().await;
                if peer.request().await.is_some() {
                    seen.fetch_add(1, Ordering::Relaxed);
                    peer.say(CREATED).await;
                }
            }
        };
        let client = async {
            assert!(send(&http, &upload.transfer).await.result.is_ok());
            closed.notified().await;
            for _ in 0..moment {
                tokio::task::yield_now().await;
            }
            send(&http, &upload.transfer).await
        };
        let exchange = tokio::select! { exchange = client => exchange, () = server => unreachable!() };
        match exchange.result {
            Ok(_) => assert_eq!((exchange.left, seen.into_inner()), (Left::Whole, 1), "moment {moment}"),
            // The first connection took in bytes that nobody read: whole, for all that we can know.
            Err(failure) => {
                assert_eq!((failure, seen.into_inner()), (Failure::Broken, 0), "moment {moment}");
                broken += 1;
            }
        }
        assert!(host.nobody_called(), "moment {moment}");
    }
    assert!(broken < 100, "a connection known to be closed is not used");
}

/// What a kept connection has taken in is not given to another one when that connection ends.
#[tokio::test]
async fn what_a_kept_connection_has_taken_in_is_not_sent_again() {
    for (length, left) in [(1000, Left::Whole), (MORE_THAN_BUFFERS, Left::Part)] {
        let host = Host::bind().await;
        let (first, second) = (Upload::new(host.url("/"), 10), Upload::new(host.url("/"), length));
        let server = async {
            let mut peer = host.accept().await;
            peer.request().await.unwrap();
            peer.say(CREATED).await;
            peer.head().await.unwrap();
            peer.some(1000).await;
        };
        let http = http();
        let client = async {
            assert!(send(&http, &first.transfer).await.result.is_ok());
            send(&http, &second.transfer).await
        };
        let (exchange, ()) = together(client, server).await;
        assert_eq!(exchange, failed(left, Failure::Broken));
        assert!(host.nobody_called());
    }
}

#[tokio::test]
async fn what_cannot_stand_in_a_header_is_not_sent() {
    let host = Host::bind().await;
    let (http, mut token, mut header) = (http(), look(host.url("/")), look(host.url("/")));
    token.token = Some(crate::transport::Secret::new("a\r\nX-Evil: 1"));
    header.request.headers.push(("x-name".to_owned(), "a\nb".to_owned()));
    for transfer in [token, header] {
        assert_eq!(send(&http, &transfer).await, failed(Left::None, Failure::Broken));
    }
    assert!(host.nobody_called());
}
