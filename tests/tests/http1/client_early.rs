//! Answers that come before the request has been sent: each is given as soon as it is there, the rest of the body goes the
//! way that its status says, and nothing waits for ever.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{AgentOptions, Error, Options, Request, Timeouts, request};
use wirebook_http1::{self as http1, FieldBlock, server};
use wirebook_net::{self as net, Stream};
use wirebook_tests::http1_world::{Log, MILLISECOND, Peer, at, counts, fetch, simulate, world};

/// More than all buffers on the way hold.
const LARGE: usize = 4 << 20;

/// Nothing that is tested here takes longer; the limits of an exchange are minutes.
const SOON: Duration = Duration::from_secs(3);

/// A server that reads the head, sends that answer, and reads nothing more.
fn deaf(answer: &'static str) -> impl AsyncFn(&Peer) + 'static {
    async move |peer: &Peer| {
        peer.head().await;
        peer.send(answer).await;
        std::future::pending::<()>().await;
    }
}

async fn post(options: &Options<'_>) -> Request {
    request(&Options { method: "POST", ..*options }).await.expect("a connection")
}

#[test]
fn a_whole_answer_of_every_kind_is_given_though_the_server_reads_no_more() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 303 See Other\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 307 \r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 \r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 413 \r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 103 \r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ] {
        for pieces in [false, true] {
            simulate(async move {
                let (agent, log) = world(AgentOptions::default(), deaf(answer));
                let started = net::now();
                let mut upload = post(&at(&agent, "/")).await;
                let mut response = match pieces {
                    false => upload.end(vec![b'x'; LARGE]).await,
                    true => {
                        upload.write(vec![b'x'; LARGE]).await.expect("no error");
                        upload.end("").await
                    }
                }
                .unwrap_or_else(|error| panic!("{answer}: {error}"));
                assert!(answer.contains(&format!(" {} ", response.status())), "{answer}");
                let body = response.bytes(9).await.unwrap_or_else(|error| panic!("{answer}: {error}"));
                assert_eq!(body, if answer.contains("ok") { &b"ok"[..] } else { b"" }, "{answer}");
                assert!(net::now() - started < Duration::from_millis(100), "{answer}");
                // The connection goes too: at once where the server closes, and else without waiting for the limit of a body.
                let closes = answer.contains("close") || answer.contains("HTTP/1.0");
                net::sleep(if closes { MILLISECOND } else { SOON }).await;
                drop(response);
                assert_eq!(counts(&agent), (0, 0, 0), "{answer}");
                drop(log);
            });
        }
    }
}

/// A server that sends back what it reads, chunk by chunk, in small steps.
async fn echo(peer: &Peer) {
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let mut left = LARGE;
    while left > 0 {
        let count = left.min(4096);
        let bytes = peer.body(count).await;
        let chunk = [format!("{count:x}\r\n").as_bytes(), &bytes, b"\r\n"].concat();
        if peer.stream.write_all(&chunk).await.is_err() {
            return;
        }
        left -= count;
    }
    peer.send("0\r\n\r\n").await;
}

#[test]
fn a_server_that_echoes_while_it_reads_gets_all_and_gives_all() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            loop {
                echo(peer).await;
            }
        });
        for round in 0..2 {
            let body: Vec<u8> = (0..LARGE).map(|at| (at / 3 + round) as u8).collect();
            let upload = post(&at(&agent, "/")).await;
            assert_eq!(upload.is_reused(), round > 0, "the connection was kept");
            let mut response = upload.end(&body).await.expect("an answer");
            assert!(response.bytes(2 * LARGE).await.expect("the echo") == body);
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 1, 0));
        }
    });
}

#[test]
fn sixty_four_mebibytes_to_our_own_server_that_echoes() {
    const WHOLE: usize = 64 << 20;
    let address = wirebook_tests::server::start(
        server::Options { max_body: u64::MAX, ..server::Options::default() },
        async |mut request: http1::Request<'_>, mut response: http1::Response<'_>| {
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        },
    );
    net::block_on(async move {
        let options = Options { host: "127.0.0.1", port: address.port(), ..Options::default() };
        let body: Vec<u8> = (0..WHOLE).map(|at| (at / 5) as u8).collect();
        let mut response = post(&options).await.end(&body).await.expect("an answer");
        assert!(response.bytes(WHOLE).await.expect("the echo") == body);
    })
    .expect("the loop ends");
}

#[test]
fn what_a_2xx_leaves_unsaid_goes_on_as_long_as_the_server_takes_it() {
    // RFC 9110 §7.5. The answer is over, and the server stores what still comes, slowly.
    simulate(async {
        let stored = Rc::new(Cell::new(0));
        let count = stored.clone();
        let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
            peer.head().await;
            peer.answer("ok").await;
            while count.get() < LARGE {
                net::sleep(Duration::from_millis(500)).await;
                peer.body(LARGE / 8).await;
                count.set(count.get() + LARGE / 8);
            }
        });
        let mut response = post(&at(&agent, "/")).await.end(vec![b'x'; LARGE]).await.expect("an answer");
        assert_eq!(response.bytes(9).await.expect("a body"), b"ok");
        assert_eq!(counts(&agent), (1, 0, 0), "it is not over");
        net::sleep(Duration::from_secs(6)).await;
        assert_eq!((stored.get(), counts(&agent)), (LARGE, (0, 1, 0)));
    });
}

#[test]
fn a_refused_body_is_not_sent() {
    for status in [300, 302, 307, 400, 401, 417, 500, 599] {
        simulate(async move {
            let taken = Rc::new(Cell::new(0));
            let count = taken.clone();
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(&format!("HTTP/1.1 {status} \r\nContent-Length: 0\r\n\r\n")).await;
                while let Ok(more @ 1..) = peer.stream.read(&mut [0; 4096]).await {
                    count.set(count.get() + more);
                    net::sleep(MILLISECOND).await;
                }
            });
            let response = post(&at(&agent, "/")).await.end(vec![b'x'; LARGE]).await.expect("an answer");
            assert_eq!(response.status(), status);
            drop(response);
            net::sleep(SOON).await;
            assert!(taken.get() < LARGE / 4, "{status}: {} bytes", taken.get());
            assert_eq!(counts(&agent), (0, 0, 0), "{status}: half a body is on it");
        });
    }
}

#[test]
fn the_end_of_an_answer_that_closes_ends_the_upload_at_once() {
    for (head, rest) in [
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", "ok"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nok\r\n0\r\n\r\n"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", "ok"),
    ] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(head).await;
                net::sleep(100 * MILLISECOND).await;
                peer.send(rest).await;
                std::future::pending::<()>().await;
            });
            let mut response = post(&at(&agent, "/")).await.end(vec![b'x'; LARGE]).await.expect("an answer");
            assert_eq!(response.bytes(9).await.expect("a body"), b"ok");
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 0, 0), "{head}");

            // The same where the caller has both halves; and giving the answer up ends the writing, too.
            for drops in [false, true] {
                let mut upload = post(&at(&agent, "/")).await;
                let mut response = upload.response().await.expect("an answer");
                let writing = net::spawn(async move { upload.write(vec![b'x'; LARGE]).await });
                net::sleep(MILLISECOND).await;
                if !drops {
                    assert_eq!(response.bytes(9).await.expect("a body"), b"ok");
                }
                drop(response);
                let written = net::timeout(MILLISECOND, writing).await.expect("at once").expect("no panic");
                assert_eq!(written.is_ok(), !drops, "{written:?}");
                assert_eq!(counts(&agent), (0, 0, 0), "{head}");
            }
        });
    }
}

#[test]
fn a_refusal_is_heard_however_fast_the_server_reads() {
    const WHOLE: usize = 64 << 20;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a client");
        let mut bytes = vec![0; 1 << 20];
        let mut taken = stream.read(&mut bytes).expect("a head");
        stream.write_all(b"HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n").expect("a client");
        while let Ok(more @ 1..) = stream.read(&mut bytes) {
            taken += more;
        }
        taken
    });
    let status = net::block_on(async move {
        let options = Options { host: "127.0.0.1", port, ..Options::default() };
        post(&options).await.end(vec![b'x'; WHOLE]).await.expect("an answer").status()
    });
    assert_eq!(status.expect("the loop ends"), 413);
    let taken = server.join().expect("no panic");
    assert!(taken < WHOLE, "{taken} bytes were sent for nothing");
}

#[test]
fn an_early_answer_gives_the_next_request_its_own_answer() {
    // A small body that was sent whole, before or after the answer, leaves a connection that can be trusted.
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            for number in 0.. {
                let head = peer.head().await.expect("a request");
                peer.answer(&number.to_string()).await;
                if head.contains("POST") {
                    net::sleep(MILLISECOND).await;
                    peer.body(1000).await;
                }
            }
        });
        for number in 0..4 {
            let options = at(&agent, "/");
            let body = match number % 2 {
                0 => post(&options).await.end([b'x'; 1000]).await.expect("an answer").bytes(9).await.expect("a body"),
                _ => fetch(&options).await.expect("an answer").into_bytes(),
            };
            assert_eq!(body, number.to_string().as_bytes());
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 1, 0));
        }
    });
}

#[test]
fn who_writes_in_pieces_learns_of_the_answer_and_goes_on_both_ways() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            let mut bytes = [0; 4096];
            let mut seen = Vec::new();
            while !seen.ends_with(b"0\r\n\r\n") {
                let came = std::mem::take(&mut *peer.unused.borrow_mut());
                bytes[..came.len()].copy_from_slice(&came);
                let count = match came.len() {
                    0 => peer.stream.read(&mut bytes).await.expect("open"),
                    count => count,
                };
                seen.extend_from_slice(&bytes[..count]);
                let chunk = [format!("{count:x}\r\n").as_bytes(), &bytes[..count], b"\r\n"].concat();
                peer.stream.write_all(&chunk).await.expect("open");
            }
            peer.send("0\r\n\r\n").await;
        });
        let mut upload = post(&at(&agent, "/")).await;
        let mut pieces = 0;
        while !upload.is_answered() {
            upload.write(vec![b'x'; 100_000]).await.expect("open");
            pieces += 1;
        }
        let mut response = upload.response().await.expect("it is there");
        let writing = net::spawn(async move {
            for _ in pieces..40 {
                upload.write(vec![b'x'; 100_000]).await.expect("the other half reads");
            }
            upload.finish_body("").await.expect("the other half reads");
        });
        let echo = response.bytes(2 * LARGE).await.expect("the echo");
        writing.await.expect("no panic");
        assert_eq!(echo.iter().filter(|&&byte| byte == b'x').count(), 4_000_000);
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn who_writes_on_without_reading_is_told_and_may_still_read() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), echo);
        let mut upload = post(&Options { headers: &[("content-length", "4194304")], ..at(&agent, "/") }).await;
        let started = net::now();
        let pieces: Vec<Vec<u8>> = (0..LARGE / 65_536).map(|at| vec![at as u8; 65_536]).collect();
        let mut at = 0;
        let error = loop {
            match upload.write(&pieces[at]).await {
                Ok(()) => at += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Unread), "{error}");
        assert_eq!((net::now() - started).as_secs(), 5);
        // Nothing is lost: the piece goes again, with somebody who reads.
        let mut response = upload.response().await.expect("it is there");
        let rest = pieces[at..].concat();
        net::spawn(async move { upload.finish_body(rest).await.expect("the other half reads") });
        assert!(response.bytes(LARGE).await.expect("the echo") == pieces.concat());
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn dropping_the_answer_ends_the_upload() {
    simulate(async {
        let (agent, log) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").await;
        });
        let response = post(&at(&agent, "/")).await.end(vec![b'x'; LARGE]).await.expect("an answer");
        assert_eq!(counts(&agent), (1, 0, 0));
        drop(response);
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 0, 0));
        net::sleep(SOON).await;
        assert!(log.has("end of 0"));
    });
}

#[test]
fn an_answer_that_breaks_off_ends_the_upload() {
    for (body, good) in [("3\r\nall\r\n0\r\n\r\n", true), ("3\r\nall\r\n", false)] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                net::sleep(MILLISECOND).await;
                peer.send(body).await;
                peer.stream.shutdown(std::net::Shutdown::Write).expect("open");
            });
            let mut response = post(&at(&agent, "/")).await.end(vec![b'x'; LARGE]).await.expect("an answer");
            let whole = response.bytes(9).await;
            assert_eq!(whole.is_ok(), good, "{whole:?}");
            net::sleep(SOON).await;
            assert_eq!(counts(&agent), (0, 0, 0));
        });
    }
}

#[test]
fn without_an_answer_a_server_that_takes_nothing_is_given_up_in_time() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), deaf(""));
        let timeouts = Timeouts { body: Duration::from_secs(2), ..Timeouts::default() };
        let options = Options { timeouts, ..at(&agent, "/") };
        let started = net::now();
        let outcome = post(&options).await.end(vec![b'x'; LARGE]).await;
        assert!(matches!(outcome, Err(Error::TimedOut(_))), "{outcome:?}");
        assert_eq!((net::now() - started).as_secs(), 2);
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

/// What a server says before its answer, each after so many milliseconds.
type Words = &'static [(u64, &'static str)];

/// What the server saw of a request that expects 100, whose server says `first`, and then answers what comes.
fn expecting(first: Words, continued: Duration) -> (Result<u16, Error>, Vec<u16>, Log) {
    simulate(async move {
        let (agent, log) = world(AgentOptions::default(), async move |peer: &Peer| {
            peer.head().await;
            for (wait, word) in first {
                if *wait > 0 {
                    let early = net::timeout(Duration::from_millis(*wait), peer.stream.read(&mut [0; 9])).await;
                    assert!(early.is_err(), "a body before {word}");
                }
                peer.send(word).await;
            }
            if !first.iter().any(|(_, word)| word.contains(" 200 ") || word.contains(" 413 ")) {
                assert_eq!(peer.body(4).await, b"body");
                peer.answer("done").await;
            }
        });
        let headers = [("expect", "100-continue"), ("content-length", "4")];
        let timeouts = Timeouts { continued, ..Timeouts::default() };
        let mut upload = post(&Options { headers: &headers, timeouts, ..at(&agent, "/") }).await;
        let written = upload.write("body").await;
        let mut told = Vec::new();
        while let Ok(Some(one)) = upload.informational().await {
            told.push(one.status);
        }
        let status = match written {
            Ok(()) => upload.end("").await.map(|response| response.status()),
            Err(error) => Err(error),
        };
        (status, told, log)
    })
}

#[test]
fn only_100_is_100() {
    const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const PROCESSING: &str = "HTTP/1.1 102 Processing\r\n\r\n";
    const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    const UNKNOWN: &str = "HTTP/1.1 199 \r\n\r\n";
    let patient = Duration::from_secs(100);
    let cases: [(Words, &[u16]); 4] = [
        (&[(10, CONTINUE)], &[100]),
        (&[(10, HINTS), (10, CONTINUE)], &[103, 100]),
        (&[(10, HINTS), (10, PROCESSING), (10, UNKNOWN), (10, CONTINUE)], &[103, 102, 199, 100]),
        (&[(10, CONTINUE), (0, HINTS)], &[100, 103]),
    ];
    for (first, told) in cases {
        let (status, heard, _) = expecting(first, patient);
        assert_eq!((status.expect("an answer"), &*heard), (200, told));
    }
    // The wait ends by itself, whatever else was said meanwhile.
    let (status, heard, _) = expecting(&[(10, HINTS)], Duration::from_secs(1));
    assert_eq!((status.expect("an answer"), heard), (200, vec![103]));
    // A final answer instead: the body is not sent.
    for answer in ["HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"] {
        let first: Words = Box::leak(Box::new([(10, HINTS), (10, answer)]));
        let (status, heard, log) = expecting(first, patient);
        assert!(answer.contains(&status.expect("an answer").to_string()));
        assert_eq!(heard, [103]);
        drop(log);
    }
}

#[test]
fn the_wait_for_100_at_its_edges() {
    for (continued, waits) in [(Duration::ZERO, 0), (Duration::from_millis(1), 0), (Duration::MAX, 60)] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                if waits > 0 {
                    net::sleep(Duration::from_secs(waits)).await;
                    peer.send("HTTP/1.1 100 \r\n\r\n").await;
                }
                peer.body(4).await;
                peer.answer("done").await;
            });
            let headers = [("expect", "100-continue")];
            let timeouts = Timeouts { continued, ..Timeouts::default() };
            let started = net::now();
            let upload = post(&Options { headers: &headers, timeouts, ..at(&agent, "/") }).await;
            assert_eq!(upload.end("body").await.expect("an answer").status(), 200);
            assert_eq!((net::now() - started).as_secs(), waits);
        });
    }
}

#[test]
fn a_kept_connection_that_has_died_is_replaced_while_100_is_waited_for() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            if peer.number == 0 {
                peer.answer("fine").await;
                peer.head().await;
                return peer.stream.shutdown(std::net::Shutdown::Write).expect("open");
            }
            peer.send("HTTP/1.1 100 \r\n\r\n").await;
            peer.body(4).await;
            peer.answer("done").await;
        });
        fetch(&at(&agent, "/")).await.expect("an answer");
        let headers = [("expect", "100-continue")];
        let upload = request(&Options { method: "PUT", headers: &headers, ..at(&agent, "/") }).await.expect("one");
        assert_eq!(upload.end("body").await.expect("an answer").bytes(9).await.expect("a body"), b"done");
    });
}

#[test]
fn trailers_of_a_large_body_follow_it_beside_the_reader() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.answer("ok").await;
            let mut seen = Vec::new();
            let mut bytes = [0; 4096];
            while !seen.ends_with(b"0\r\nsum: 1\r\n\r\n") {
                let count = peer.stream.read(&mut bytes).await.expect("open");
                assert!(count > 0, "the body was cut");
                seen.extend_from_slice(&bytes[..count]);
            }
        });
        let mut upload = post(&at(&agent, "/")).await;
        upload.write(vec![b'x'; LARGE]).await.expect("open");
        let mut trailers = FieldBlock::default();
        trailers.push("sum", "1").expect("a field");
        let mut response = upload.end_with_trailers(&trailers).await.expect("an answer");
        assert_eq!(response.bytes(9).await.expect("a body"), b"ok");
        net::sleep(SOON).await;
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}
