//! Exchanges of the client in the simulated network: time, 1xx, upgrades, both ways at once, what is sent again and what not.

use std::cell::Cell;
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{
    Agent, AgentOptions, Error, MAX_INFORMATIONAL, Options, Origin, Request, Stage, Timeouts, request,
};
use wirebook_http1::{self as http1, FieldBlock, Violation, server};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_tests::http1_world::{ADDRESS, MILLISECOND, Peer, at, begin, counts, fetch, simulate, world};

#[test]
fn every_wait_has_its_limit() {
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        head: Duration::from_secs(2),
        body: Duration::from_secs(3),
        ..Timeouts::default()
    };
    simulate(async move {
        let silent =
            Agent::with_connector(AgentOptions::default(), async |_: Origin| pending::<io::Result<SimStream>>().await);
        let options = Options { timeouts, ..at(&silent, "/") };
        assert!(matches!(request(&options).await, Err(Error::TimedOut(Stage::Connect))));
        assert_eq!(silent.sockets(), 0);

        let (agent, _) =
            world(AgentOptions::default(), async |peer: &Peer| match &*peer.head().await.expect("a head") {
                head if head.starts_with("GET /body") => {
                    net::sleep(Duration::from_secs(2)).await;
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx").await;
                }
                _ => pending().await,
            });
        let head = fetch(&Options { timeouts, ..at(&agent, "/head") }).await;
        assert!(matches!(head, Err(Error::TimedOut(Stage::Head))), "{head:?}");
        let started = net::now();
        let later = Timeouts { head: Duration::from_secs(5), ..timeouts };
        let body = fetch(&Options { timeouts: later, ..at(&agent, "/body") }).await;
        assert!(matches!(body, Err(Error::TimedOut(Stage::Body))), "{body:?}");
        assert_eq!((net::now() - started).as_secs(), 5);
        let whole = Timeouts { whole: Some(Duration::from_millis(1500)), ..timeouts };
        let all = fetch(&Options { timeouts: whole, ..at(&agent, "/") }).await;
        assert!(matches!(all, Err(Error::TimedOut(Stage::Whole))), "{all:?}");
        assert_eq!(counts(&agent), (0, 0, 0));
        // A server that takes nothing of a body.
        let upload = Options { method: "POST", timeouts, ..at(&agent, "/stuck") };
        let stuck = request(&upload).await.expect("a connection").end(vec![0; 1 << 20]).await;
        assert!(matches!(stuck, Err(Error::TimedOut(Stage::Body))), "{stuck:?}");
    });
}

#[test]
fn informational_responses_are_seen_or_skipped() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            while peer.head().await.is_some() {
                peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 \r\n\r\n").await;
                peer.answer("done").await;
            }
        });
        assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "done");
        let mut waiting = request(&at(&agent, "/")).await.expect("a connection");
        assert!(waiting.is_reused());
        let hints = waiting.informational().await.expect("a head").expect("one");
        assert_eq!((hints.status, hints.headers.get("link")), (103, Some(&b"</a>"[..])));
        assert_eq!(waiting.informational().await.expect("a head").map(|one| one.status), Some(102));
        assert!(waiting.informational().await.expect("a head").is_none());
        let mut response = waiting.end("").await.expect("the final one");
        assert_eq!(response.bytes(9).await.expect("a body"), b"done");
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn informational_responses_without_end_are_refused() {
    for (count, good) in [(MAX_INFORMATIONAL, true), (MAX_INFORMATIONAL + 1, false)] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(&"HTTP/1.1 102 \r\n\r\n".repeat(count as usize)).await;
                peer.answer("done").await;
            });
            match fetch(&at(&agent, "/")).await {
                Ok(body) => assert!(good && body == "done"),
                Err(error) => assert!(!good && matches!(error, Error::TooManyInformational), "{error:?}"),
            }
        });
    }
}

#[test]
fn rfc9110_10_1_1_the_body_waits_for_100() {
    for patient in [true, false] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                let head = peer.head().await.expect("a request");
                assert!(head.contains("content-length: 4\r\n"), "{head}");
                net::sleep(Duration::from_millis(if patient { 500 } else { 5_000 })).await;
                assert_eq!(peer.unused.borrow().len(), 0, "the head was sent alone");
                if patient {
                    peer.send("HTTP/1.1 100 Continue\r\n\r\n").await;
                }
                assert_eq!(peer.body(4).await, b"body");
                peer.answer("done").await;
            });
            let headers = [("expect", "100-continue")];
            let started = net::now();
            let post = Options { method: "POST", headers: &headers, ..at(&agent, "/") };
            let mut response = request(&post).await.expect("a connection").end("body").await.expect("a head");
            assert_eq!(response.bytes(9).await.expect("a body"), b"done");
            assert_eq!((net::now() - started).as_millis() / 100, if patient { 5 } else { 50 });
            assert_eq!(counts(&agent), (0, 1, 0));
        });
    }
}

#[test]
fn an_upgrade_gives_the_bytes_that_came_with_it() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            let head = peer.head().await.expect("a request");
            match head.starts_with("CONNECT a:1 ") {
                true => {
                    // Framing fields mean nothing here (RFC 9110 §9.3.6), whatever they say.
                    let head = "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\nhello";
                    peer.send(head).await;
                }
                false => {
                    assert!(!head.contains("close"), "{head}");
                    peer.send("HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello").await;
                }
            }
            assert_eq!(peer.body(5).await, b"there");
            peer.send(" again").await;
        });
        let headers = [("connection", "upgrade"), ("upgrade", "x")];
        let upgrade = Options { headers: &headers, ..at(&agent, "/") };
        let connect = Options { method: "CONNECT", ..at(&agent, "a:1") };
        for options in [upgrade, connect] {
            let mut response = begin(&options).await;
            let upgraded = response.upgraded().expect("another protocol");
            assert_eq!(counts(&agent), (0, 0, 0), "it has left the agent");
            let mut bytes = [0; 100];
            assert_eq!(upgraded.read(&mut bytes[..2]).await.expect("early bytes"), 2);
            let mut count = 2;
            count += upgraded.read(&mut bytes[count..]).await.expect("early bytes");
            upgraded.write_all(b"there").await.expect("open");
            while count < 11 {
                count += upgraded.read(&mut bytes[count..]).await.expect("open");
            }
            assert_eq!(&bytes[..count], b"hello again");
        }
    });
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_refused() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send("HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").await;
        });
        match request(&at(&agent, "/")).await.expect("a connection").end("").await {
            Err(Error::Protocol(error)) => assert_eq!(error.violation, Violation::Unasked),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn bodies_go_both_ways_at_once() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            assert!(peer.head().await.expect("a request").contains("transfer-encoding: chunked\r\n"));
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: sum\r\n\r\n").await;
            assert_eq!(peer.body(8).await, b"3\r\none\r\n");
            peer.send("3\r\none\r\n").await;
            assert_eq!(peer.body(8).await, b"3\r\ntwo\r\n");
            peer.send("3\r\ntwo\r\n0\r\nSum: 6\r\n\r\n").await;
            assert_eq!(peer.body(5).await, b"0\r\n\r\n");
        });
        let mut upload = request(&Options { method: "POST", ..at(&agent, "/") }).await.expect("a connection");
        let mut response = upload.response().await.expect("a head");
        upload.write("one").await.expect("open");
        assert_eq!(response.chunk().await.expect("a piece"), Some(&b"one"[..]));
        upload.write("two").await.expect("open");
        assert_eq!(response.chunk().await.expect("a piece"), Some(&b"two"[..]));
        assert_eq!(response.chunk().await.expect("the end"), None);
        assert_eq!(response.trailers().get("sum"), Some(&b"6"[..]));
        assert_eq!(counts(&agent), (1, 0, 0), "the request is not over");
        upload.finish_body("").await.expect("open");
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn trailers_can_be_sent() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            let wanted = b"1\r\nx\r\n0\r\nsum: 1\r\n\r\n";
            assert_eq!(peer.body(wanted.len()).await, wanted);
            peer.answer("").await;
        });
        let mut upload = request(&Options { method: "PUT", ..at(&agent, "/") }).await.expect("a connection");
        upload.write("x").await.expect("open");
        let mut trailers = FieldBlock::default();
        trailers.push("sum", "1").expect("a field");
        assert_eq!(upload.end_with_trailers(&trailers).await.expect("a head").status(), 200);
    });
}

#[test]
fn what_must_not_be_sent_is_refused_before_a_byte_goes() {
    simulate(async {
        let (agent, log) = world(AgentOptions::default(), async |peer: &Peer| assert_eq!(peer.head().await, None));
        let bad_value = [("x", "a\r\ny: b")];
        let two_lengths = [("content-length", "1"), ("content-length", "1")];
        for options in [
            Options { headers: &bad_value, ..at(&agent, "/") },
            Options { host: "a/b", ..at(&agent, "/") },
            Options { host: "u@a", ..at(&agent, "/") },
            Options { host: "", ..at(&agent, "/") },
            Options { auth: Some("a\nb:c"), ..at(&agent, "/") },
        ] {
            assert!(matches!(request(&options).await, Err(Error::Misuse(_) | Error::Option(_))), "{options:?}");
        }
        for options in [
            Options { headers: &two_lengths, ..at(&agent, "/") },
            Options { method: "GET /x HTTP/1.1\r\n", ..at(&agent, "/") },
            at(&agent, "/ HTTP/1.1\r\nx: y"),
            at(&agent, ""),
        ] {
            let sent = request(&options).await.expect("a connection").end("x").await;
            assert!(matches!(sent, Err(Error::Misuse(_))), "{options:?} {sent:?}");
        }
        let short = [("content-length", "2")];
        for (body, options) in [("xyz", &short), ("x", &short)] {
            let post = Options { method: "POST", headers: options, ..at(&agent, "/") };
            let sent = request(&post).await.expect("a connection").end(body).await;
            assert!(matches!(sent, Err(Error::Misuse(_))), "{sent:?}");
        }
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 0, 0));
        assert!(log.has("end of 0"));
    });
}

/// What a connection does that has served one request and is used again.
#[derive(Clone, Copy, Debug)]
enum Dies {
    BeforeAByte,
    InTheHead,
    AfterInformational,
}

#[test]
fn rfc9110_9_2_2_what_is_sent_again_and_what_is_not() {
    for (method, dies, again) in [
        ("GET", Dies::BeforeAByte, true),
        ("HEAD", Dies::BeforeAByte, true),
        ("PUT", Dies::BeforeAByte, true),
        ("DELETE", Dies::BeforeAByte, true),
        ("POST", Dies::BeforeAByte, false),
        ("PATCH", Dies::BeforeAByte, false),
        ("GET", Dies::InTheHead, false),
        ("GET", Dies::AfterInformational, false),
    ] {
        simulate(async move {
            let (agent, log) = world(AgentOptions::default(), async move |peer: &Peer| {
                let head = peer.head().await.expect("a request");
                if peer.number > 0 {
                    assert!(head.starts_with(method), "{head}");
                }
                peer.send("HTTP/1.1 204 \r\n\r\n").await;
                if peer.head().await.is_some() {
                    match dies {
                        Dies::BeforeAByte => {}
                        Dies::InTheHead => peer.send("HTTP/1.1 2").await,
                        Dies::AfterInformational => peer.send("HTTP/1.1 102 \r\n\r\n").await,
                    }
                    peer.stream.shutdown(std::net::Shutdown::Write).expect("open");
                }
            });
            fetch(&at(&agent, "/")).await.expect("an answer");
            let second = request(&Options { method, ..at(&agent, "/") }).await.expect("a connection").end("").await;
            assert_eq!(second.is_ok(), again, "{method} {dies:?}: {second:?}");
            drop(second);
            net::sleep(MILLISECOND).await;
            assert!(log.has("end of 0"));
            assert_eq!(agent.sockets(), 0);
        });
    }
}

#[test]
fn a_request_is_sent_again_only_once() {
    simulate(async {
        let accepted = Rc::new(Cell::new(0));
        let count = accepted.clone();
        let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
            count.set(count.get() + 1);
            peer.head().await;
            if peer.number == 0 {
                peer.answer("fine").await;
                peer.head().await;
            }
            peer.stream.reset();
        });
        fetch(&at(&agent, "/")).await.expect("an answer");
        assert!(matches!(fetch(&at(&agent, "/")).await, Err(Error::Connection(_))));
        assert_eq!(accepted.get(), 2);
    });
}

#[test]
fn a_broken_upload_still_gives_the_answer() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send("HTTP/1.1 413 \r\nContent-Length: 4\r\nConnection: close\r\n\r\nlong").await;
        });
        let mut upload = request(&Options { method: "POST", ..at(&agent, "/") }).await.expect("a connection");
        let mut pieces = 0;
        while !upload.is_answered() && pieces < 10_000 {
            upload.write([b'x'; 1000]).await.expect("what is not wanted is not sent");
            pieces += 1;
        }
        assert!(pieces < 1000, "it was heard while the window was full");
        let mut response = upload.end("").await.expect("the refusal");
        assert_eq!((response.status(), response.bytes(9).await.expect("a body")), (413, b"long".to_vec()));
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn rfc9112_9_3_when_a_connection_is_used_again() {
    for (head, body, reused) in [
        ("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n", "x", true),
        ("HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 1\r\n\r\n", "x", false),
        ("HTTP/1.0 200 \r\nContent-Length: 1\r\n\r\n", "x", false),
        ("HTTP/1.0 200 \r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", "x", true),
        ("HTTP/1.1 204 \r\n\r\n", "", true),
        ("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n", "", true),
        ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "x", true),
        ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nH", "x", false),
        ("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nxH", "x", false),
    ] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                while peer.head().await.is_some() {
                    let text = if head.ends_with(['H', 'x']) || head.contains("chunked") {
                        head.into()
                    } else {
                        format!("{head}{body}")
                    };
                    peer.send(&text).await;
                }
            });
            assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), body, "{head}");
            let again: Request = request(&at(&agent, "/")).await.expect("a connection");
            assert_eq!(again.is_reused(), reused, "{head}");
        });
    }
}

#[test]
fn bodies_have_limits() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            while let Some(head) = peer.head().await {
                match head.contains("/length") {
                    true => peer.answer("12345").await,
                    false => {
                        peer.send("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n").await
                    }
                }
            }
        });
        for path in ["/length", "/chunked"] {
            let options = at(&agent, path);
            assert_eq!(begin(&options).await.bytes(5).await.expect("it fits"), b"12345");
            assert!(matches!(begin(&options).await.bytes(4).await, Err(Error::BodyTooLarge)));
            let bounded = |max_body| Options { max_body, ..options };
            assert!(begin(&bounded(5)).await.bytes(9).await.is_ok());
            assert!(matches!(begin(&bounded(4)).await.bytes(9).await, Err(Error::BodyTooLarge)));
            // Who asks again after a failure must not take the body for complete.
            let mut response = begin(&bounded(4)).await;
            assert!(response.chunk().await.is_err() && response.chunk().await.is_err());
        }
    });
}

#[test]
fn a_thousand_rough_networks_mix_nothing_up() {
    sim::explore(1000, Config::rough, |seed| async move {
        let handler = async |mut request: http1::Request<'_>, response: http1::Response<'_>| {
            let mut body = request.path().as_bytes().to_vec();
            while let Some(piece) = request.chunk().await? {
                body.extend_from_slice(piece);
            }
            response.end(body).await
        };
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        http1::serve_on(listener, server::Options::default(), handler);
        let options = AgentOptions { max_sockets: 2, ..AgentOptions::default() };
        let agent = Agent::with_connector(options, async |_: Origin| SimStream::connect(ADDRESS).await);
        let tasks: Vec<_> = (0..6)
            .map(|number| {
                let agent = agent.clone();
                net::spawn(async move {
                    let path = format!("/{seed}/{number}");
                    let body = "x".repeat(sim::random_below(2000) as usize);
                    let post = Options { method: "POST", ..at(&agent, &path) };
                    let mut upload = request(&post).await.expect("a connection");
                    if number % 2 == 0 {
                        upload.write(&body).await.expect("open");
                    }
                    let rest = if number % 2 == 0 { "" } else { &body };
                    let mut response = upload.end(rest).await.expect("a head");
                    let echo = response.bytes(1 << 20).await.expect("a body");
                    assert_eq!(String::from_utf8(echo).expect("text"), format!("{path}{body}"));
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!((agent.sockets(), agent.requests()), (0, 0));
    });
}
