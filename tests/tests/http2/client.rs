//! The client, against our server and against servers that leave.

use crate::peer::{ADDRESS, explore, rough, serve, simulate, with};
use crate::server::handler;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http2::client::{Error, Session};
use wirebook_http2::server::Options;
use wirebook_http2::{Code, Config};
use wirebook_net as net;
use wirebook_net::sim::SimStream;

async fn connect() -> Session {
    with_config(Config::default()).await
}

async fn with_config(config: Config) -> Session {
    let stream = SimStream::connect(ADDRESS).await.expect("the server listens");
    Session::over(stream, "a", Arc::new(config))
}

/// The text of an answer.
async fn text(session: &Session, method: &str, target: &str, body: &[u8]) -> Result<String, Error> {
    let mut answer = session.request(method, target).send(body).await?;
    Ok(String::from_utf8(answer.bytes(1 << 20).await?).expect("text"))
}

#[test]
fn requests_and_answers() {
    simulate(async {
        serve(Options::default(), handler);
        let session = connect().await;
        let mut answer = session.request("GET", "/who").header("X-Mine", "1").send("").await.expect("an answer");
        assert_eq!((answer.status(), answer.header("content-length")), (200, Some(&b"29"[..])));
        assert_eq!(answer.bytes(100).await.expect("content"), b"GET /who Some(\"a\") http Http2");
        assert!(matches!(
            session.request("GET", "/large").send("").await.expect("an answer").bytes(1000).await,
            Err(Error::TooLarge)
        ));
        assert_eq!(
            session.request("HEAD", "/large").send("").await.expect("an answer").chunk().await.expect("an end"),
            None
        );
        let mut hinted = session.request("GET", "/hints").send("").await.expect("an answer");
        assert_eq!((hinted.status(), hinted.bytes(10).await.expect("content")), (200, b"page".to_vec()));
        assert!(session.ping().await.expect("a pong") <= Duration::from_millis(1));
        assert!(matches!(session.request("GET", "/").header("a b", "").send("").await, Err(Error::Field(_))));
        assert!(matches!(session.request("GET", "no path").send("").await, Err(Error::Misuse(_))));
        net::stop();
    });
}

#[test]
fn content_goes_both_ways_at_once() {
    simulate(async {
        serve(Options::default(), handler);
        let session = with_config(Config { stream_window: 20_000, ..Config::default() }).await;
        let body: Vec<u8> = (0..900_000_u32).map(|n| (n % 253) as u8).collect();
        let mut answer = session.request("POST", "/echo").send(&body).await.expect("an answer");
        assert_eq!(answer.bytes(1 << 20).await.expect("content"), body);
        let mut answer = session.request("POST", "/trailers").send("x").await.expect("an answer");
        while answer.chunk().await.expect("content").is_some() {}
        assert_eq!(answer.trailers().lines().len(), 0);
        net::stop();
    });
}

#[test]
fn a_body_is_written_piece_by_piece_while_its_answer_is_read() {
    simulate(async {
        serve(with(|config| config.stream_window = 5000), handler);
        let session = connect().await;
        let (mut upload, answer) = session.request("POST", "/echo").stream().await.expect("a place");
        let writer = net::spawn(async move {
            for piece in 0..200_u32 {
                assert!(upload.write(vec![piece as u8; 997]).await.expect("a server that reads"));
            }
            upload.end();
        });
        let mut answer = answer.head().await.expect("an answer");
        let content = answer.bytes(1 << 20).await.expect("content");
        assert!(
            content.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at / 997) && content.len() == 199_400
        );
        writer.await.expect("all of it");
        // Fields behind it.
        let (mut upload, answer) = session.request("POST", "/trailers").stream().await.expect("a place");
        upload.write("x").await.expect("room");
        let mut fields = wirebook_http1::FieldBlock::default();
        fields.push("checksum", "7").expect("a field");
        upload.end_with_trailers(&fields).expect("fields that may be sent");
        let mut answer = answer.head().await.expect("an answer");
        while answer.chunk().await.expect("content").is_some() {}
        assert_eq!(answer.trailers().lines().get("checksum"), Some(&b"7"[..]));
        net::stop();
    });
}

/// RFC 9113 §8.1: an answer that needs no more of the request, and RST_STREAM with NO_ERROR behind it.
#[test]
fn an_early_answer_counts_and_its_body_stops() {
    simulate(async {
        serve(with(|config| config.stream_window = 5000), handler);
        let session = connect().await;
        // ANCHOR: early
        let (mut upload, answer) = session.request("POST", "/tea").stream().await.expect("a place");
        let mut answer = answer.head().await.expect("an answer");
        assert_eq!(answer.bytes(10).await.expect("content"), b"/tea");
        let mut pieces = 0;
        while upload.write([7; 1000]).await.expect("no fault") {
            pieces += 1;
        }
        assert!(pieces <= 5, "at most a window: {pieces}");
        upload.end();
        // ANCHOR_END: early
        net::stop();
    });
}

#[test]
fn a_body_that_breaks_off_is_no_body() {
    simulate(async {
        serve(Options::default(), handler);
        let session = connect().await;
        let (mut upload, answer) = session.request("POST", "/whole").stream().await.expect("a place");
        upload.write("half").await.expect("room");
        drop(upload);
        let broken = answer.head().await;
        assert!(matches!(broken, Err(Error::BrokenOff)), "{broken:?}");
        assert_eq!(text(&session, "GET", "/tea", b"").await.expect("an answer"), "/tea");
        net::stop();
    });
}

/// Nothing waits for the rest of a body that nobody wants: the loop ends by itself.
#[test]
fn what_is_left_of_a_body_outlives_its_answer_and_not_its_connection() {
    simulate(async {
        let server = serve(with(|config| config.stop_timeout = Duration::MAX), handler);
        let session = connect().await;
        let body = vec![7; 700_000];
        let mut answer = session.request("POST", "/tea").send(&body).await.expect("an answer");
        assert_eq!(answer.bytes(10).await.expect("content"), b"/tea");
        drop(answer);
        drop(session);
        server.close();
        server.closed().await;
    });
}

#[test]
fn requests_wait_for_a_place() {
    simulate(async {
        serve(with(|config| config.max_concurrent_streams = 3), handler);
        let session = connect().await;
        assert_eq!(text(&session, "GET", "/tea", b"").await.expect("an answer"), "/tea");
        let begin = net::now();
        let all: Vec<_> = (0..9)
            .map(|_| {
                let session = session.clone();
                net::spawn(async move { text(&session, "GET", "/slow", b"").await.expect("an answer") })
            })
            .collect();
        for answer in all {
            assert_eq!(answer.await.expect("a task"), "slow");
        }
        assert_eq!((net::now() - begin).as_secs(), 9, "three at a time");
        net::stop();
    });
}

#[test]
fn what_breaks_is_an_error_and_costs_the_others_nothing() {
    simulate(async {
        serve(Options::default(), handler);
        let session = connect().await;
        let broken = text(&session, "GET", "/breaks", b"").await;
        assert!(matches!(broken, Err(Error::Reset(Code::INTERNAL_ERROR))), "{broken:?}");
        // An answer that nobody wants any more is stopped, and its room is given back.
        for _ in 0..20 {
            drop(session.request("GET", "/large").send("").await.expect("an answer"));
        }
        assert_eq!(text(&session, "GET", "/tea", b"").await.expect("an answer"), "/tea");
        net::stop();
    });
}

#[test]
fn a_session_that_nobody_has_any_more_ends_when_it_is_answered() {
    simulate(async {
        let server = serve(Options::default(), handler);
        let session = connect().await;
        let slow = net::spawn(async move { text(&session, "GET", "/slow", b"").await.expect("an answer") });
        assert_eq!(slow.await.expect("a task"), "slow");
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.connections(), 0);
        let session = connect().await;
        session.close();
        assert!(!session.is_open());
        assert!(matches!(text(&session, "GET", "/", b"").await, Err(Error::Unprocessed(_))));
        session.closed().await;
        net::stop();
    });
}

#[test]
fn rough_networks() {
    explore(rough, |seed| async move {
        let server = serve(Options::default(), handler);
        let stream_window = [2000, 65_535, 1 << 20][seed as usize % 3];
        let session = with_config(Config { stream_window, ..Config::default() }).await;
        let all: Vec<_> = (0..4)
            .map(|n| {
                let session = session.clone();
                net::spawn(async move {
                    let body = format!("/{seed}/{n}").repeat(1 + (seed as usize * 11 % 400));
                    let answer = text(&session, "POST", "/echo", body.as_bytes()).await;
                    assert!(answer.as_ref().is_ok_and(|text| *text == body), "{answer:?}");
                })
            })
            .collect();
        for each in all {
            each.await.expect("an answer");
        }
        server.close();
        server.closed().await;
        assert!(!session.is_open());
    });
}
