//! Content codings as servers really send them: in members, without a format, cut short, or with nothing in them.

use flate2::{Compress, Compression, FlushCompress};
use std::time::Duration;
use wirebook_http1::Violation;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Timeouts, request};
use wirebook_net::{self as net, Stream};
use wirebook_tests::http1_world::{Peer, at, begin, counts, simulate, world};

const TEXT: &[u8] = b"all the tea in China, all the tea in China";

/// One member of gzip, or deflate with zlib's head and sum or without.
fn compressed(text: &[u8], format: &str) -> Vec<u8> {
    let mut compress = match format {
        "gzip" => Compress::new_gzip(Compression::best(), 15),
        "zlib" => Compress::new(Compression::best(), true),
        _ => Compress::new(Compression::best(), false),
    };
    let mut bytes = Vec::with_capacity(1024 + 2 * text.len());
    compress.compress_vec(text, &mut bytes, FlushCompress::Finish).expect("room enough");
    bytes
}

/// What a client makes of a chunked body that comes in these segments, each a chunk; and the agent's counts behind it.
fn decoded(
    coding: &'static str,
    segments: Vec<Vec<u8>>,
    whole: bool,
) -> (Result<Vec<u8>, Error>, (usize, usize, usize)) {
    simulate(async move {
        let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
            peer.head().await;
            peer.send(&format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"))
                .await;
            for segment in segments.iter().filter(|segment| !segment.is_empty()) {
                let chunk = [format!("{:x}\r\n", segment.len()).as_bytes(), segment, b"\r\n"].concat();
                let _ = peer.stream.write_all(&chunk).await;
                net::sleep(Duration::from_millis(10)).await;
            }
            match whole {
                true => peer.send("0\r\n\r\n").await,
                false => drop(peer.stream.shutdown(std::net::Shutdown::Write)),
            }
        });
        let mut decoded = begin(&at(&agent, "/")).await.decoded(1 << 20).expect("a coding that is known");
        let body = decoded.bytes().await;
        (body, counts(&agent))
    })
}

fn is_coding<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Coding(_)))
}

#[test]
fn rfc1952_2_2_members_follow_each_other_in_one_segment_and_in_two() {
    let (one, two) = (compressed(b"first, ", "gzip"), compressed(b"second", "gzip"));
    let empty = compressed(b"", "gzip");
    let both = [one.clone(), two.clone()].concat();
    for segments in [
        vec![both.clone()],
        vec![one.clone(), two.clone()],
        vec![one.clone(), empty.clone(), two.clone()],
        vec![empty.clone(), both.clone(), empty],
        both.iter().map(|&byte| vec![byte]).collect(),
    ] {
        let (body, counts) = decoded("gzip", segments, true);
        assert_eq!(body.expect("two members").escape_ascii().to_string(), "first, second");
        assert_eq!(counts, (0, 1, 0), "the connection serves again");
    }
    for at in 1..both.len() {
        let (body, _) = decoded("gzip", vec![both[..at].to_vec(), both[at..].to_vec()], true);
        assert_eq!(body.expect("two members"), b"first, second", "cut at {at}");
    }
}

#[test]
fn a_coding_that_ends_before_its_message_waits_for_the_message() {
    for (coding, format) in [("gzip", "gzip"), ("deflate", "zlib"), ("deflate", "raw")] {
        let (body, counts) = decoded(coding, vec![compressed(TEXT, format)], true);
        assert_eq!((&*body.expect("a body"), counts), (TEXT, (0, 1, 0)), "{format}");
        let (body, counts) = decoded(coding, vec![compressed(TEXT, format)], false);
        match body {
            Err(Error::Protocol(error)) => assert_eq!(error.violation, Violation::Incomplete),
            other => panic!("{format}: {other:?}"),
        }
        assert_eq!(counts, (0, 0, 0), "{format}");
    }
}

#[test]
fn a_last_chunk_that_never_comes_is_an_error() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
            let body = compressed(TEXT, "gzip");
            let chunk = [head, format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat();
            let _ = peer.stream.write_all(&chunk).await;
            std::future::pending().await
        });
        let timeouts = Timeouts { body: Duration::from_secs(2), ..Timeouts::default() };
        let response = begin(&Options { timeouts, ..at(&agent, "/") }).await;
        let mut decoded = response.decoded(1 << 20).expect("gzip is known");
        assert_eq!(decoded.chunk().await.expect("what was decoded is given"), Some(TEXT));
        assert!(matches!(decoded.chunk().await, Err(Error::TimedOut(_))));
        assert!(decoded.chunk().await.is_err(), "who asks again must not take it for whole");
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn both_kinds_of_deflate_decode_and_a_cut_one_is_an_error() {
    for format in ["gzip", "zlib", "raw"] {
        let coding = if format == "gzip" { "gzip" } else { "deflate" };
        let bytes = compressed(TEXT, format);
        for at in 1..bytes.len() {
            let whole = decoded(coding, vec![bytes[..at].to_vec(), bytes[at..].to_vec()], true).0;
            assert_eq!(whole.expect("a body"), TEXT, "{format} cut at {at}");
            let part = decoded(coding, vec![bytes[..at].to_vec()], true).0;
            assert!(is_coding(&part), "{format} ended at {at}: {part:?}");
        }
    }
}

#[test]
fn deflate_blocks_of_every_type_are_told_from_zlib() {
    for level in 0..=9 {
        for text in [&b""[..], b"a", TEXT, &[0; 100_000]] {
            let mut raw = Compress::new(Compression::new(level), false);
            let mut bytes = Vec::with_capacity(200_000);
            raw.compress_vec(text, &mut bytes, FlushCompress::Finish).expect("room enough");
            assert_eq!(decoded("deflate", vec![bytes], true).0.expect("a body"), text, "level {level}");
        }
    }
}

#[test]
fn what_follows_a_coding_is_an_error() {
    for (coding, format) in [("gzip", "gzip"), ("deflate", "zlib"), ("deflate", "raw")] {
        let bytes = compressed(TEXT, format);
        for segments in [vec![[&bytes[..], b"more"].concat()], vec![bytes.clone(), b"more".to_vec()]] {
            let (body, counts) = decoded(coding, segments, true);
            assert!(is_coding(&body), "{format}: {body:?}");
            assert_eq!(counts, (0, 0, 0));
        }
        let mut broken = bytes;
        let at = broken.len() - 2;
        broken[at] ^= 1;
        if format != "raw" {
            assert!(is_coding(&decoded(coding, vec![broken], true).0), "{format} has a sum");
        }
    }
}

#[test]
fn codings_on_codings_are_taken_off_in_turn() {
    let inner = [compressed(b"first, ", "gzip"), compressed(b"second", "gzip")].concat();
    let outer = compressed(&inner, "raw");
    for segments in [vec![outer.clone()], outer.iter().map(|&byte| vec![byte]).collect()] {
        let (body, counts) = decoded("gzip, deflate", segments, true);
        assert_eq!((body.expect("a body"), counts), (b"first, second".to_vec(), (0, 1, 0)));
    }
    let cut = compressed(&inner[..inner.len() - 3], "raw");
    assert!(is_coding(&decoded("gzip, deflate", vec![cut], true).0), "the inner one is cut");
}

#[test]
fn a_body_without_a_byte_decodes_to_nothing() {
    for coding in ["gzip", "deflate", "gzip, deflate"] {
        for (method, status, framing) in [
            ("HEAD", "200 OK", "Content-Length: 100\r\n"),
            ("HEAD", "200 OK", "Transfer-Encoding: chunked\r\n"),
            ("GET", "204 No Content", ""),
            ("GET", "304 Not Modified", "Content-Length: 100\r\n"),
            ("GET", "200 OK", "Content-Length: 0\r\n"),
            ("GET", "200 OK", "Transfer-Encoding: chunked\r\n\r\n0\r\n"),
        ] {
            simulate(async move {
                let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                    peer.head().await;
                    peer.send(&format!("HTTP/1.1 {status}\r\nContent-Encoding: {coding}\r\n{framing}\r\n")).await;
                });
                let options = Options { method, ..at(&agent, "/") };
                let response = request(&options).await.expect("a connection").end("").await.expect("a head");
                let mut decoded = response.decoded(0).expect("codings that are known");
                assert_eq!(decoded.bytes().await.expect("nothing"), b"", "{method} {status} {framing}");
                assert_eq!(counts(&agent), (0, 1, 0), "{method} {status} {framing}");
            });
        }
    }
}

#[test]
fn the_limit_on_what_is_decoded_holds_at_its_edges() {
    for (max, good) in
        [(0, false), (1, false), (TEXT.len() as u64 - 1, false), (TEXT.len() as u64, true), (u64::MAX, true)]
    {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
                peer.head().await;
                let body = compressed(TEXT, "gzip");
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = peer.stream.write_all(&[head.as_bytes(), &body].concat()).await;
            });
            let agent: Agent = agent;
            let body = begin(&at(&agent, "/")).await.decoded(max).expect("gzip is known").bytes().await;
            match body {
                Ok(body) => assert!(good && body == TEXT),
                Err(error) => assert!(!good && matches!(error, Error::BodyTooLarge), "{error:?}"),
            }
        });
    }
}
