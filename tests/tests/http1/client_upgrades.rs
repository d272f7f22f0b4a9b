//! Other protocols: what is asked for and how, what may be answered, and the bytes behind it.

use std::cell::RefCell;
use std::rc::Rc;
use wirebook_http1::Violation;
use wirebook_http1::client::{AgentOptions, Error, Options, Response, request};
use wirebook_net::Stream;
use wirebook_net::sim::{self, Faults};
use wirebook_tests::http1_world::{Peer, at, counts, simulate, world};

/// The head that came of such a request, and what the answer was taken for.
fn ask(options: Options<'static>, answer: &'static str) -> (String, Result<Response, Error>) {
    simulate(async move {
        let head = Rc::new(RefCell::new(String::new()));
        let noted = head.clone();
        let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
            *noted.borrow_mut() = peer.head().await.expect("a head");
            peer.send(answer).await;
        });
        let options = Options { agent: Some(&agent), ..options };
        let response = request(&options).await.expect("a connection").end("").await;
        (head.take(), response)
    })
}

const SWITCH: &str = "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

#[test]
fn rfc9110_7_8_upgrade_is_named_by_connection() {
    let lines = |head: &str| head.to_lowercase().matches("connection: ").count();
    for (headers, count) in [
        (&[("upgrade", "x")] as &'static [_], 1),
        (&[("Upgrade", "x"), ("Connection", "Upgrade")], 1),
        (&[("upgrade", "x"), ("connection", "te, UPGRADE")], 1),
        (&[("upgrade", "x"), ("connection", "te")], 2),
        (&[("upgrade", "x"), ("connection", "not-upgrade")], 2),
        (&[("upgrade", "x, y"), ("connection", "te"), ("connection", "upgrade")], 2),
    ] {
        let (head, response) = ask(Options { headers, ..Options::default() }, SWITCH);
        assert!(head.to_lowercase().contains("upgrade\r\n") && lines(&head) == count, "{head}");
        assert!(response.expect("it was asked for").upgraded().is_some(), "{head}");
    }
    // Who asks for nothing says nothing.
    let (head, _) = ask(Options { headers: &[("upgrade", " ")], ..Options::default() }, "HTTP/1.1 204 \r\n\r\n");
    assert_eq!(lines(&head), 0, "{head}");
}

#[test]
fn only_what_was_asked_for_may_be_answered() {
    for (asked, answered, good) in [
        ("x", "x", true),
        ("websocket", "WebSocket", true),
        ("x, y/2", "y/2", true),
        ("x, y", "y, x", true),
        ("x", "y", false),
        ("x", "x, y", false),
        ("y/2", "y", false),
        ("y", "y/2", false),
        ("x", "x y", false),
    ] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("upgrade", asked)]));
        let answer = format!("HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: {answered}\r\n\r\n");
        let (_, response) = ask(Options { headers, ..Options::default() }, answer.leak());
        match response {
            Ok(mut response) => assert!(good && response.upgraded().is_some(), "{asked} {answered}"),
            Err(Error::Protocol(error)) => {
                assert!(!good && error.violation == Violation::Unasked, "{asked} {answered}")
            }
            Err(error) => panic!("{asked} {answered}: {error}"),
        }
    }
    for answer in [
        "HTTP/1.1 101 \r\n\r\n",
        "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 101 \r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade:\r\n\r\n",
    ] {
        let (_, response) = ask(Options { headers: &[("upgrade", "x")], ..Options::default() }, answer);
        assert!(matches!(response, Err(Error::Protocol(_))), "{answer}: {response:?}");
    }
    let (_, response) = ask(Options::default(), SWITCH);
    assert!(matches!(response, Err(Error::Protocol(error)) if error.violation == Violation::Unasked));
}

#[test]
fn an_upgrade_may_be_declined() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            while peer.head().await.is_some() {
                peer.answer("no").await;
            }
        });
        for reused in [false, true] {
            let headers = [("upgrade", "x")];
            let asked = request(&Options { headers: &headers, ..at(&agent, "/") }).await.expect("a connection");
            assert_eq!(asked.is_reused(), reused);
            let mut response = asked.end("").await.expect("an answer");
            assert!(response.upgraded().is_none());
            assert_eq!(response.bytes(9).await.expect("a body"), b"no");
            assert_eq!(counts(&agent), (0, 1, 0));
        }
    });
}

#[test]
fn rfc9112_3_2_host_is_the_targets() {
    for (method, path, wanted) in [
        ("CONNECT", "a.example:443", "a.example:443"),
        ("CONNECT", "[::1]:443", "[::1]:443"),
        ("GET", "http://a.example/b?c", "a.example"),
        ("GET", "http://a.example:8080", "a.example:8080"),
        ("OPTIONS", "*", "proxy:3128"),
        ("GET", "/http://a/", "proxy:3128"),
    ] {
        let options = Options { method, path, host: "proxy", port: 3128, ..Options::default() };
        let (head, _) = ask(options, "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n");
        assert!(head.contains(&format!("\r\nhost: {wanted}\r\n")), "{method} {path}: {head}");
    }
    let headers = &[("Host", "mine")];
    let (head, _) = ask(Options { method: "CONNECT", path: "a:1", headers, ..Options::default() }, SWITCH);
    assert!(head.contains("\r\nHost: mine\r\n") && head.to_lowercase().matches("host:").count() == 1, "{head}");
}

#[test]
fn connect_opens_a_tunnel_with_2xx_alone() {
    for (status, opens) in [(200, true), (204, true), (299, true), (302, false), (407, false), (502, false)] {
        let answer = format!("HTTP/1.1 {status} \r\nContent-Length: 4\r\n\r\nbody");
        let options = Options { method: "CONNECT", path: "a:443", ..Options::default() };
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(&answer).await;
            });
            let options = Options { agent: Some(&agent), ..options };
            let mut response = request(&options).await.expect("a connection").end("").await.expect("an answer");
            assert_eq!(response.status(), status);
            match response.upgraded() {
                Some(tunnel) => {
                    let mut bytes = [0; 9];
                    assert_eq!(tunnel.read(&mut bytes).await.expect("early bytes"), 4);
                    assert!(opens && &bytes[..4] == b"body");
                }
                None => assert!(!opens && response.bytes(9).await.expect("a body") == b"body"),
            }
        });
    }
}

/// Reads until the buffer is full.
async fn fill(stream: &impl Stream, mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        let count = stream.read(buffer).await.expect("open");
        assert!(count > 0, "the end came early");
        buffer = &mut buffer[count..];
    }
}

#[test]
fn early_bytes_are_read_first_and_given_out_whole() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send(&format!("{SWITCH}early bytes")).await;
            assert_eq!(peer.body(4).await, b"ping");
            peer.send(", later ones").await;
        });
        for taken in [0, 1, 5, 11] {
            let headers = [("upgrade", "x")];
            let asked = request(&Options { headers: &headers, ..at(&agent, "/") }).await.expect("a connection");
            let upgraded = asked.end("").await.expect("an answer").upgraded().expect("another protocol");
            let mut text = vec![0; taken];
            fill(&upgraded, &mut text).await;
            let (stream, rest) = upgraded.into_parts();
            text.extend_from_slice(&rest);
            assert_eq!(text, b"early bytes", "{taken}");
            stream.write_all(b"ping").await.expect("open");
            let mut later = [0; 12];
            fill(&stream, &mut later).await;
            assert_eq!(&later, b", later ones");
        }
    });
}

#[test]
fn an_upgrade_under_a_body_that_is_not_over_is_no_protocol() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send(SWITCH).await;
        });
        let headers = [("upgrade", "x"), ("content-length", "9")];
        let options = Options { method: "POST", headers: &headers, ..at(&agent, "/") };
        let mut upload = request(&options).await.expect("a connection");
        upload.write("half").await.expect("open");
        let response = upload.response().await;
        assert!(matches!(response, Err(Error::Protocol(error)) if error.violation == Violation::Unasked));
    });
}

#[test]
fn an_upgrade_under_a_body_that_lies_unsent_is_no_protocol() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), async |peer: &Peer| {
            peer.head().await;
            peer.send(SWITCH).await;
            std::future::pending::<()>().await;
        });
        let headers = [("upgrade", "x")];
        let options = Options { method: "POST", headers: &headers, ..at(&agent, "/") };
        sim::set_faults(Faults { window: 4096, ..Faults::default() });
        // All of it has been encoded and not all has gone, or not even that.
        for size in [20_000, 1 << 20] {
            let response = request(&options).await.expect("a connection").end(vec![b'x'; size]).await;
            assert!(matches!(response, Err(Error::Protocol(error)) if error.violation == Violation::Unasked), "{size}");
            assert_eq!(counts(&agent), (0, 0, 0));
        }
    });
}

#[test]
fn user_and_password_in_all_their_forms() {
    for (auth, wanted) in [
        ("u:p", Some("dTpw")),
        ("u:", Some("dTo=")),
        // Without a colon it is a user whose password is empty (RFC 7617 §2).
        ("u", Some("dTo=")),
        (":p", Some("OnA=")),
        ("u:p:q", Some("dTpwOnE=")),
        ("", None),
    ] {
        let (head, _) = ask(Options { auth: Some(auth), ..Options::default() }, "HTTP/1.1 204 \r\n\r\n");
        match wanted {
            Some(wanted) => assert!(head.contains(&format!("authorization: Basic {wanted}\r\n")), "{auth}: {head}"),
            None => assert!(!head.contains("authorization"), "{head}"),
        }
    }
}
