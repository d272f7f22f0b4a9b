//! Handshakes from end to end, in virtual time: what http1's server answers in place of ours, what the client makes of every
//! answer, what may not be sent, and how a server stops.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_websocket::handshake::client::{Invalid, Refused, Request};
use wirebook_websocket::handshake::{Origin, accept, server::Policy};
use wirebook_websocket::{
    self as websocket, Accepted, Code, Config, Connected, Fault, MAX_REFUSAL_BODY, Message, Options, Server,
};

const ADDRESS: &str = "10.0.0.1:80";
const SECOND: Duration = Duration::from_secs(1);
const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn listener() -> SimListener {
    SimListener::bind(ADDRESS).expect("a free address")
}

/// An echo, by task or by message, which answers "cookie" with the cookie of the handshake.
fn serve(options: Options, by_message: bool) -> Server<()> {
    if by_message {
        return websocket::serve_messages(listener(), (), options, |opened| {
            let cookie = opened.headers.get("cookie").unwrap_or_default().to_vec();
            move |message: Message<'_>| {
                let _ = match message.as_text() {
                    Some("cookie") => opened.writer.try_send(&cookie[..]),
                    _ => opened.writer.try_send(message),
                };
            }
        });
    }
    websocket::serve_on(listener(), (), options, async |accepted: Accepted<SimStream>| {
        let Accepted { mut reader, writer, headers, .. } = accepted;
        while let Some(message) = reader.next().await? {
            match message.as_text() {
                Some("cookie") => writer.send(headers.get("cookie").unwrap_or_default()).await?,
                _ => writer.send(message).await?,
            }
        }
        Ok(())
    })
}

/// Sends `request` and tells all that comes within a minute, and after how long the connection ended.
async fn ask(request: &str) -> (String, Option<Duration>) {
    let stream = SimStream::connect(ADDRESS).await.expect("it listens");
    let begun = net::now();
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let (mut bytes, mut all) = ([0; 4096], Vec::new());
    let end = loop {
        match net::timeout(60 * SECOND, stream.read(&mut bytes)).await {
            Ok(Ok(count @ 1..)) => all.extend_from_slice(&bytes[..count]),
            Ok(_) => break Some(net::now() - begun),
            Err(_) => break None,
        }
    };
    (String::from_utf8_lossy(&all).into_owned(), end)
}

#[test]
fn what_is_no_handshake_is_answered_by_name_and_nothing_of_it_is_taken_for_frames() {
    for by_message in [false, true] {
        sim::run(1, async move {
            serve(Options::default(), by_message);
            for (fields, status, why) in [
                // The kind: whatever stands behind this head could be a body or frames.
                ("Content-Length: 5\r\n\r\n\u{1}\u{2}abc", "400", "no body"),
                ("Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", "400", "no body"),
                ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", "no body"),
                ("Content-Length: 0, 5\r\n\r\n", "400", ""),
                ("Content-Length: 5\r\nContent-Length: 0\r\n\r\n", "400", ""),
                ("Origin: http://a\r\nOrigin: http://b\r\n\r\n", "400", "at most one Origin"),
                ("Origin: http://a\r\nOrigin: http://a\r\n\r\n", "400", "at most one Origin"),
                ("Origin: http://b\r\n\r\n", "403", "this origin"),
                ("Host: b\r\n\r\n", "400", ""),
                ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "400", "Sec-WebSocket-Key"),
                ("bad name: x\r\n\r\n", "400", ""),
            ] {
                let (answer, _) = ask(&format!("{HEAD}{fields}")).await;
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{fields:?} got {answer:?}");
                assert!(answer.contains(why), "{fields:?} got {answer:?}");
                assert!(!answer.contains("101"), "{fields:?} got {answer:?}");
            }
            // An empty body is none.
            let (answer, _) = ask(&format!("{HEAD}Content-Length: 0\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 101 "), "{answer:?}");
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_slow_head_is_answered_in_time_whatever_the_time_is() {
    for (patience, seconds) in [(Duration::ZERO, 0..=1), (SECOND, 1..=2), (10 * SECOND, 10..=12)] {
        sim::run(2, async move {
            serve(Options { handshake_timeout: patience, ..Options::default() }, false);
            let (answer, end) = ask("GET / HTTP/1.1\r\nHost: a\r\n").await;
            let end = end.expect("it was given up").as_secs();
            assert!(seconds.contains(&end), "{patience:?}: after {end} s");
            assert!(patience.is_zero() || answer.starts_with("HTTP/1.1 408 "), "{patience:?}: {answer:?}");
        })
        .expect("the simulation ends");
    }
    sim::run(3, async {
        serve(Options { handshake_timeout: Duration::MAX, ..Options::default() }, false);
        assert_eq!(ask("GET / HTTP/1.1\r\nHost: a\r\n").await, (String::new(), None));
    })
    .expect("the simulation ends");
}

/// The client's handshake against a server that answers with `answer`, in which `{accept}` is the right value.
async fn answered(answer: &'static str, adjust: impl FnOnce(&mut Request)) -> Result<Connected, Fault> {
    let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/chat", listener.local_addr().expect("bound"));
    net::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (mut bytes, mut head) = ([0; 4096], Vec::new());
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut bytes).await {
                Ok(count @ 1..) => head.extend_from_slice(&bytes[..count]),
                // Nothing was asked.
                _ => return,
            }
        }
        let head = String::from_utf8(head).expect("ASCII");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        let answer = answer.replace("{accept}", &accept(key.as_bytes()));
        stream.write_all(answer.as_bytes()).await.expect("it reads");
    });
    websocket::connect_with(&url, Arc::default(), adjust).await
}

const YES: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: {accept}\r\n\r\n";

#[test]
fn informational_answers_before_the_101_are_passed_over() {
    const HINTS: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
        HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: {accept}\r\n\r\n\u{1}";
    net::block_on(async {
        assert!(answered(YES, |_| {}).await.is_ok());
        let connected = answered(HINTS, |_| {}).await;
        assert!(connected.is_ok(), "{:?}", connected.err());
        // Hints for ever are no answer.
        let endless: &'static str = Box::leak("HTTP/1.1 102 Processing\r\n\r\n".repeat(4000).into_boxed_str());
        assert_eq!(answered(endless, |_| {}).await.err(), Some(Fault::Refused(Refused::Head)));
    })
    .expect("the loop runs");
}

#[test]
fn a_refusal_tells_its_head_and_the_beginning_of_its_body() {
    net::block_on(async {
        let fault = answered(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 11\r\n\r\nwho are you",
            |_| {},
        );
        let Some(Fault::Answered(answer)) = fault.await.err() else { panic!("no 101") };
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers.get("www-authenticate"), Some(&b"Basic realm=\"x\""[..]));
        assert_eq!(answer.body, b"who are you");
        let text = Fault::Answered(answer).to_string();
        assert_eq!(text, "the server answered 401 instead of 101: who are you");

        let fault = answered("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", |_| {});
        let Some(Fault::Answered(answer)) = fault.await.err() else { panic!("no 101") };
        assert_eq!((answer.status, answer.headers.get("location")), (302, Some(&b"/login"[..])));

        let chunks = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlate\r\n2\r\nr!\r\n0\r\n\r\n";
        let Some(Fault::Answered(answer)) = answered(chunks, |_| {}).await.err() else { panic!("no 101") };
        assert_eq!((answer.status, &answer.body[..]), (503, &b"later!"[..]));

        // A page without an end is told up to the bound, and an old server's answer is one too.
        let page: &'static str = Box::leak(format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(100_000)).into_boxed_str());
        let Some(Fault::Answered(answer)) = answered(page, |_| {}).await.err() else { panic!("no 101") };
        assert_eq!((answer.status, answer.body.len()), (200, MAX_REFUSAL_BODY));
    })
    .expect("the loop runs");
}

#[test]
fn what_may_not_be_sent_is_named_before_anything_is() {
    net::block_on(async {
        let refused = async |adjust: fn(&mut Request)| match answered(YES, adjust).await.err() {
            Some(Fault::Request(invalid)) => invalid,
            other => panic!("{other:?}"),
        };
        for (name, told) in [
            ("Host", "Host"),
            ("hOST", "Host"),
            ("sec-websocket-key", "Sec-WebSocket-Key"),
            ("UPGRADE", "Upgrade"),
            ("Connection", "Connection"),
            ("Sec-WebSocket-Version", "Sec-WebSocket-Version"),
            ("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol"),
            ("Sec-WebSocket-Extensions", "Sec-WebSocket-Extensions"),
            ("Content-Length", "Content-Length"),
            ("Transfer-Encoding", "Transfer-Encoding"),
            ("Expect", "Expect"),
        ] {
            let mut request = Request::new("a", "/", [0; 16]);
            request.fields.push((name.into(), "x".into()));
            let invalid = request.validate().unwrap_err();
            assert_eq!(invalid, Invalid::Reserved(told));
            assert!(invalid.to_string().contains(told));
        }
        assert_eq!(refused(|r| r.fields = vec![("upgrade".into(), "h2c".into())]).await, Invalid::Reserved("Upgrade"));
        assert_eq!(refused(|r| r.protocols = vec!["a b".into()]).await, Invalid::Protocol);
        assert_eq!(refused(|r| r.protocols = vec!["a".into(), "a".into()]).await, Invalid::Protocol);
        assert_eq!(refused(|r| r.fields = vec![("Cookie".into(), "a\r\nb".into())]).await, Invalid::FieldValue);
        assert_eq!(refused(|r| r.fields = vec![("Größe".into(), "a".into())]).await, Invalid::FieldName);
        assert_eq!(refused(|r| r.target = "/ x".into()).await, Invalid::Target);
        assert_eq!(refused(|r| r.target = "x".into()).await, Invalid::Target);
        assert_eq!(refused(|r| r.host = String::new()).await, Invalid::Host);

        for (url, fault) in [
            ("wss://a/", Fault::Secure),
            ("http://a/", Fault::Url),
            ("ws:/a", Fault::Url),
            ("ws://", Fault::Url),
            ("ws://a/#top", Fault::Url),
            ("ws://a#top", Fault::Url),
            ("ws://user@a/", Fault::Url),
            ("", Fault::Url),
        ] {
            assert_eq!(websocket::connect(url).await.err(), Some(fault), "{url}");
        }
    })
    .expect("the loop runs");
}

#[test]
fn a_url_with_a_query_and_no_path_has_the_path_of_all() {
    net::block_on(async {
        let target = Rc::new(RefCell::new(String::new()));
        let told = target.clone();
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let server = websocket::serve_on(listener, (), Options::default(), async move |accepted: Accepted| {
            told.replace(accepted.target);
            accepted.writer.send("told").await?;
            Ok(())
        });
        for (rest, expected) in [("?x=1", "/?x=1"), ("", "/"), ("/", "/"), ("/a?b/c", "/a?b/c"), ("?/", "/?/")] {
            let (mut reader, _writer) = websocket::connect(&format!("WS://{address}{rest}")).await.expect("it serves");
            assert!(reader.next().await.expect("no error").is_some());
            assert_eq!(*target.borrow(), expected);
        }
        server.close();
        net::stop();
    })
    .expect("the loop runs");
}

#[test]
fn the_cookies_of_a_handshake_can_be_seen() {
    for by_message in [false, true] {
        sim::run(4, async move {
            serve(Options::default(), by_message);
            let stream = SimStream::connect(ADDRESS).await.expect("it listens");
            let request = format!("{HEAD}Cookie: id=7\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("it reads");
            stream.write_all(b"\x81\x86\0\0\0\0cookie\x88\x80\0\0\0\0").await.expect("it reads");
            let (mut bytes, mut all) = ([0; 4096], Vec::new());
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                all.extend_from_slice(&bytes[..count]);
            }
            assert!(all.ends_with(b"\r\n\r\n\x82\x04id=7\x88\x00"), "{:?}", String::from_utf8_lossy(&all));
        })
        .expect("the simulation ends");
    }
}

#[test]
fn a_server_that_stops_says_goodbye_and_waits_so_long_and_no_longer() {
    for by_message in [false, true] {
        for stop_timeout in [Duration::ZERO, SECOND, 20 * SECOND, Duration::MAX] {
            sim::run(5, async move {
                let server = serve(Options { stop_timeout, ..Options::default() }, by_message);
                let polite = SimStream::connect(ADDRESS).await.expect("it listens");
                let polite = websocket::connect_over(polite, "a", "/", Arc::default()).await.expect("it serves");
                // This one never comes to an end with its request.
                let slow = SimStream::connect(ADDRESS).await.expect("it listens");
                slow.write_all(b"GET / HTTP/1.1\r\n").await.expect("it reads");
                // This one answers nothing.
                let deaf = SimStream::connect(ADDRESS).await.expect("it listens");
                deaf.write_all(format!("{HEAD}\r\n").as_bytes()).await.expect("it reads");
                let Connected { mut reader, writer, .. } = polite;
                writer.send("before").await.expect("open");
                let served = net::spawn(async move {
                    let stop = async {
                        net::sleep(SECOND).await;
                        "stopped"
                    };
                    server.until(stop).await
                });
                let got = reader.next().await.expect("no error").expect("a message").into_owned();
                assert_eq!(got.as_text(), Some("before"));
                let end = reader.next().await;
                if !stop_timeout.is_zero() {
                    assert_eq!(end, Ok(None));
                    assert_eq!(reader.farewell().map(|close| close.code), Some(Code::GOING_AWAY));
                }
                let begun = net::now();
                assert_eq!(served.await.expect("no panic"), "stopped");
                let took = net::now() - begun;
                // The deaf one has its close_timeout, unless the server waits for less; a sweep may be a second late.
                let most = stop_timeout.min(4 * SECOND) + SECOND / 10;
                assert!(took <= most, "{by_message} {stop_timeout:?}: {took:?}");
                assert!(SimStream::connect(ADDRESS).await.is_err(), "it accepts no more");
                let begun = net::now();
                while slow.read(&mut [0; 512]).await.is_ok_and(|count| count > 0) {}
                assert!(net::now() - begun < 2 * SECOND, "a handshake that is not over holds nothing up");
            })
            .expect("the simulation ends");
        }
    }
}

#[test]
fn a_handler_that_never_returns_does_not_hold_a_server_that_stops() {
    let dropped = Rc::new(Cell::new(false));
    struct Note(Rc<Cell<bool>>);
    impl Drop for Note {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let seen = dropped.clone();
    sim::run(6, async move {
        let policy = Policy { origin: Origin::Everyone, ..Policy::default() };
        let options = Options { policy, config: Arc::new(Config::default()), ..Options::default() };
        let server = websocket::serve_on(listener(), (), options, async move |accepted: Accepted<SimStream>| {
            let _note = Note(seen.clone());
            let _kept = accepted;
            pending().await
        });
        let stream = SimStream::connect(ADDRESS).await.expect("it listens");
        let mut connected = websocket::connect_over(stream, "a", "/", Arc::default()).await.expect("it serves");
        let begun = net::now();
        server.until(async {}).await;
        // The default, and the few turns that it gives those who have asked.
        let took = net::now() - begun;
        assert!(took >= SECOND && took < SECOND + SECOND / 1000, "{took:?}");
        assert_eq!(connected.reader.next().await, Ok(None));
    })
    .expect("the simulation ends");
    assert!(dropped.get(), "its handler was dropped");
}
