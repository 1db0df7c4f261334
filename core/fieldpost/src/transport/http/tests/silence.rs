//! Limits of time, on a clock that only moves when everybody waits (tokio's paused clock): nothing here takes as long as it says.

use std::future::poll_fn;
use std::pin::Pin;

use http_body::Body as _;
use tokio::time::sleep;

use super::peer::{failed, http_with, within};
use super::trouble::MORE_THAN_BUFFERS;
use super::*;
use crate::disk::OsDisk;
use crate::transport::body::CHUNK;

const SECOND: Duration = Duration::from_secs(1);

/// Sends while `server` does its part, and tells how long that took.
async fn timed<T>(transfer: &Transfer, server: impl Future<Output = T>) -> (Exchange, Duration) {
    let (http, start) = (http(), Instant::now());
    let client = async { (send(&http, transfer).await, start.elapsed()) };
    let (timed, _held) = within(6_000 * SECOND, client, server).await; // the server's side stays open meanwhile
    timed
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_comes_is_a_connection_that_takes_too_long() {
    let host = Host::bind().await;
    let mut url = host.url("/");
    url.set_scheme("https").unwrap();
    let (exchange, took) = timed(&look(url), host.accept()).await;
    assert_eq!(exchange, failed(Left::None, Failure::TimedOut));
    assert_eq!(took.as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_whole_body() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 1000);
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer
    };
    let (exchange, took) = timed(&upload.transfer, server).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::TimedOut));
    assert_eq!(took.as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn silence_after_an_empty_body_may_have_been_heard() {
    let host = Host::bind().await;
    let (exchange, took) = timed(&look(host.url("/")), host.accept()).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::TimedOut));
    assert_eq!(took.as_secs(), 20 + 60);
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_middle_of_the_body() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), MORE_THAN_BUFFERS);
    let server = async {
        let mut peer = host.accept().await;
        peer.head().await.unwrap();
        peer // reads no more
    };
    let (exchange, took) = timed(&upload.transfer, server).await;
    assert_eq!(exchange, failed(Left::Part, Failure::TimedOut));
    assert_eq!(took.as_secs(), 60 + BUFFERED / 4_000);
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_middle_of_the_answer() {
    let host = Host::bind().await;
    let upload = Upload::new(host.url("/"), 100_000);
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
        peer
    };
    let (exchange, took) = timed(&upload.transfer, server).await;
    assert_eq!(exchange, failed(Left::Whole, Failure::TimedOut));
    assert_eq!(took.as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_that_keeps_moving_may_take_for_ever() {
    let host = Host::bind().await;
    let server = async {
        let mut peer = host.accept().await;
        peer.request().await.unwrap();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n").await;
        for _ in 0..30 {
            sleep(59 * SECOND).await;
            peer.say("x").await;
        }
    };
    let (exchange, took) = timed(&look(host.url("/")), server).await;
    assert_eq!(exchange.result.unwrap().bytes().len(), 30);
    assert_eq!(took.as_secs(), 30 * 59);
}

/// Without sockets: their buffers drain by the real clock.
#[tokio::test(start_paused = true)]
async fn a_slow_upload_that_keeps_moving_may_take_for_ever() {
    let upload = Upload::new(Url::parse("http://127.0.0.1:1/").unwrap(), 20 * CHUNK);
    let body = Streamed::open(upload.form(), upload.transfer.file.clone(), Arc::new(OsDisk)).await;
    let body = body.ok().unwrap();
    let line = Line::new(body.length());
    let mut body = body.onto(&line);
    let talk = async {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            frame.unwrap();
            sleep(59 * SECOND).await;
        }
        Ok(Answer { status: 201, headers: Vec::new(), body: AnswerBody::Kept(Vec::new()) })
    };
    let (start, http) = (Instant::now(), http());
    let result = http.watched(talk, &line, &|_, _| {}, &StopSignal::new()).await;
    assert_eq!((result.unwrap().status, line.meter().left(true)), (201, Left::Whole));
    assert_eq!(start.elapsed(), 21 * 59 * SECOND);
}

#[test]
fn what_lies_in_buffers_is_given_time_to_drain() {
    let options = HttpOptions { idle: 60 * SECOND, slowest: 4_000, ..HttpOptions::default() };
    let (http, line) = (http_with(options), Line::new(10_000_000));
    assert_eq!(http.patience(&line), 60 * SECOND);
    assert!(line.meter().pass(40_000));
    assert_eq!(http.patience(&line), 70 * SECOND);
    assert!(line.meter().pass(5_000_000));
    assert_eq!(http.patience(&line), Duration::from_millis(60_000 + BUFFERED / 4));
    line.heard();
    assert_eq!(http.patience(&line), 60 * SECOND);
}
