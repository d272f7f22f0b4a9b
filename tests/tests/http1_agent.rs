//! The client and its agent in the simulated network: order, counts, time, giving up, and bytes that nobody asked for.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{
    Agent, AgentOptions, Error, MAX_INFORMATIONAL, Options, Origin, Request, Response, Stage, Timeouts, request,
};
use wirebook_http1::{self as http1, FieldBlock, Violation, server};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

const ADDRESS: &str = "10.0.0.1:80";
const MILLISECOND: Duration = Duration::from_millis(1);

/// What the simulated server knows of its connections.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, text: impl Into<String>) {
        self.0.borrow_mut().push(text.into());
    }

    fn has(&self, text: &str) -> bool {
        self.0.borrow().iter().any(|line| line == text)
    }
}

/// One connection of the server; it is read head by head.
struct Peer {
    stream: SimStream,
    number: usize,
    unused: RefCell<Vec<u8>>,
}

impl Peer {
    /// The next request's head, without its body; `None` at the end.
    async fn head(&self) -> Option<String> {
        let mut bytes = [0; 4096];
        loop {
            let end = self.unused.borrow().windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.unused.borrow_mut().drain(..end + 4).collect();
                return Some(String::from_utf8(head).expect("text"));
            }
            match self.stream.read(&mut bytes).await {
                Ok(count @ 1..) => self.unused.borrow_mut().extend_from_slice(&bytes[..count]),
                _ => return None,
            }
        }
    }

    /// Body bytes until there are so many.
    async fn body(&self, count: usize) -> Vec<u8> {
        let mut bytes = [0; 4096];
        while self.unused.borrow().len() < count {
            match self.stream.read(&mut bytes).await {
                Ok(count @ 1..) => self.unused.borrow_mut().extend_from_slice(&bytes[..count]),
                end => panic!("the body ended early: {end:?}"),
            }
        }
        self.unused.borrow_mut().drain(..count).collect()
    }

    async fn send(&self, text: &str) {
        // A client that refuses what it hears is gone.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    async fn answer(&self, body: &str) {
        self.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    }
}

/// Starts a server that gives each connection to `talk`, and an agent that reaches it. The log tells which connections
/// ended.
fn world<T>(options: AgentOptions, talk: T) -> (Agent, Log)
where
    T: AsyncFn(&Peer) + 'static,
{
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let (log, talk) = (Log::default(), Rc::new(talk));
    let noted = log.clone();
    net::spawn(async move {
        for number in 0.. {
            let (stream, _) = net::Listener::accept(&listener).await.expect("the listener lives");
            let (talk, noted) = (talk.clone(), noted.clone());
            net::spawn(async move {
                let peer = Peer { stream, number, unused: RefCell::default() };
                talk(&peer).await;
                while peer.stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
                noted.note(format!("end of {number}"));
            });
        }
    });
    let agent = Agent::with_connector(options, async |_: Origin| SimStream::connect(ADDRESS).await);
    (agent, log)
}

/// Answers each request with the connection's number, after `delay`.
fn numbered(delay: Duration) -> impl AsyncFn(&Peer) {
    async move |peer: &Peer| {
        while peer.head().await.is_some() {
            net::sleep(delay).await;
            peer.answer(&peer.number.to_string()).await;
        }
    }
}

fn at<'a>(agent: &'a Agent, path: &'a str) -> Options<'a> {
    Options { agent: Some(agent), path, ..Options::default() }
}

async fn fetch(options: &Options<'_>) -> Result<String, Error> {
    let mut response = request(options).await?.end("").await?;
    Ok(String::from_utf8(response.bytes(1 << 20).await?).expect("text"))
}

async fn begin(options: &Options<'_>) -> Response {
    request(options).await.expect("a connection").end("").await.expect("a head")
}

fn counts(agent: &Agent) -> (usize, usize, usize) {
    (agent.sockets(), agent.free(), agent.requests())
}

fn simulate<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    sim::run(1, future).expect("the loop runs")
}

#[test]
fn requests_queue_in_order_behind_max_sockets() {
    simulate(async {
        let options = AgentOptions { max_sockets: 2, ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::from_secs(1)));
        let done = Log::default();
        let tasks: Vec<_> = (0..7)
            .map(|number| {
                let (agent, done) = (agent.clone(), done.clone());
                net::spawn(async move {
                    let body = fetch(&at(&agent, "/")).await.expect("an answer");
                    done.note(number.to_string());
                    body
                })
            })
            .collect();
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (2, 0, 5));
        assert_eq!(agent.origins()[0].requests, 5);
        for task in tasks {
            assert!(["0", "1"].contains(&&*task.await.expect("no panic")), "no third connection");
        }
        assert_eq!(*done.0.borrow(), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(counts(&agent), (0, 2, 0));
    });
}

#[test]
fn the_connection_that_was_used_last_is_used_next() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), numbered(Duration::ZERO));
        let mut open = [begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await];
        // Heads are there, bodies too: only the reading gives the connections back, in this order.
        for (at, wanted) in [(1, "1"), (0, "0"), (2, "2")] {
            assert_eq!(open[at].bytes(9).await.expect("a body"), wanted.as_bytes());
        }
        assert_eq!(counts(&agent), (0, 3, 0));
        for _ in 0..3 {
            assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "2");
        }
    });
}

#[test]
fn idle_connections_end_after_their_time() {
    simulate(async {
        let (agent, log) = world(AgentOptions::default(), numbered(Duration::ZERO));
        fetch(&at(&agent, "/")).await.expect("an answer");
        net::sleep(Duration::from_millis(3_990)).await;
        assert_eq!(counts(&agent), (0, 1, 0));
        net::sleep(Duration::from_millis(20)).await;
        assert_eq!(counts(&agent), (0, 0, 0));
        net::sleep(MILLISECOND).await;
        assert!(log.has("end of 0"));
    });
}

#[test]
fn a_server_may_shorten_the_idle_time() {
    for (hint, seconds) in [("timeout=3", 2), ("max=5, timeout=2", 1), ("timeout=99", 4), ("timeout=-1", 4)] {
        simulate(async move {
            let (agent, _) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.send(&format!("HTTP/1.1 200 OK\r\nKeep-Alive: {hint}\r\nContent-Length: 0\r\n\r\n")).await;
            });
            fetch(&at(&agent, "/")).await.expect("an answer");
            // A connection over its time is not used, whether the sweep has come or not.
            net::sleep(Duration::from_secs(seconds) - 2 * MILLISECOND).await;
            assert_eq!(agent.free(), 1, "{hint}");
            net::sleep(4 * MILLISECOND).await;
            assert!(!request(&at(&agent, "/")).await.expect("a connection").is_reused(), "{hint}");
        });
    }
}

#[test]
fn idle_connections_do_not_keep_the_loop_alive() {
    let started = std::time::Instant::now();
    let address = wirebook_tests::server::start(server::Options::default(), async |_: http1::Request<'_>, response| {
        http1::Response::end(response, "x").await
    });
    net::run(async move {
        let agent = Agent::default();
        let options = Options { host: "127.0.0.1", port: address.port(), ..at(&agent, "/") };
        fetch(&options).await.expect("an answer");
        assert_eq!(agent.free(), 1);
        // The loop ends although the agent lives as long as the process.
        std::mem::forget(agent);
    })
    .expect("the loop ends");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn max_free_sockets_bounds_what_is_kept() {
    simulate(async {
        let options = AgentOptions { max_free_sockets: 1, ..AgentOptions::default() };
        let (agent, log) = world(options, numbered(Duration::ZERO));
        let open = [begin(&at(&agent, "/")).await, begin(&at(&agent, "/")).await];
        for mut response in open {
            response.discard(9).await.expect("a body");
        }
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (0, 1, 0));
        assert!(log.has("end of 1"));
    });
}

#[test]
fn without_keep_alive_the_agent_only_counts_and_queues() {
    simulate(async {
        let options = AgentOptions { keep_alive: false, max_sockets: 1, ..AgentOptions::default() };
        let (agent, _) = world(options, async |peer: &Peer| {
            let head = peer.head().await.expect("a request");
            assert!(head.contains("connection: close\r\n"), "{head}");
            peer.answer(&peer.number.to_string()).await;
        });
        assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "0");
        assert_eq!(fetch(&at(&agent, "/")).await.expect("an answer"), "1");
        assert_eq!(counts(&agent), (0, 0, 0));
    });
}

#[test]
fn giving_up_in_a_body_closes_the_connection_and_serves_the_next() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, ..AgentOptions::default() };
        let (agent, log) = world(options, async |peer: &Peer| {
            peer.head().await;
            match peer.number {
                0 => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await,
                _ => peer.answer("whole").await,
            }
        });
        let mut response = begin(&at(&agent, "/")).await;
        assert_eq!(response.chunk().await.expect("a piece"), Some(&b"half"[..]));
        let mine = agent.clone();
        let next = net::spawn(async move { fetch(&at(&mine, "/")).await });
        net::sleep(MILLISECOND).await;
        assert_eq!(counts(&agent), (1, 0, 1));
        drop(response);
        assert_eq!(next.await.expect("no panic").expect("an answer"), "whole");
        assert!(log.has("end of 0"));
    });
}

#[test]
fn giving_up_a_request_closes_its_connection_at_every_stage() {
    for stage in 0..3 {
        simulate(async move {
            let (agent, log) = world(AgentOptions::default(), async |peer: &Peer| drop(peer.head().await));
            let mut upload = request(&Options { method: "POST", ..at(&agent, "/") }).await.expect("a connection");
            if stage > 0 {
                upload.write("piece").await.expect("a write");
            }
            if stage > 1 {
                assert!(net::timeout(MILLISECOND, upload.response()).await.is_err());
            }
            drop(upload);
            net::sleep(MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 0, 0), "{stage}");
            assert!(log.has("end of 0"), "{stage}");
        });
    }
}

#[test]
fn giving_up_in_the_queue_leaves_it() {
    simulate(async {
        let options = AgentOptions { max_sockets: 1, ..AgentOptions::default() };
        let (agent, _) = world(options, numbered(Duration::from_secs(1)));
        let spawn = |timeout: u64| {
            let agent = agent.clone();
            net::spawn(async move {
                net::timeout(Duration::from_millis(timeout), async { fetch(&at(&agent, "/")).await }).await
            })
        };
        let tasks = [spawn(10_000), spawn(500), spawn(10_000)];
        net::sleep(MILLISECOND).await;
        assert_eq!(agent.requests(), 2);
        net::sleep(500 * MILLISECOND).await;
        assert_eq!(agent.requests(), 1);
        let [first, second, third] = tasks;
        assert!(first.await.expect("no panic").is_ok());
        assert!(second.await.expect("no panic").is_err());
        assert_eq!(third.await.expect("no panic").expect("in time").expect("an answer"), "0");
    });
}

#[test]
fn a_dropped_response_whose_rest_has_arrived_keeps_its_connection() {
    simulate(async {
        let (agent, _) = world(AgentOptions::default(), numbered(Duration::ZERO));
        drop(begin(&at(&agent, "/")).await);
        assert_eq!(counts(&agent), (0, 1, 0));
    });
}

#[test]
fn bytes_that_nobody_asked_for_close_an_idle_connection_at_once() {
    for unasked in ["x", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", "HTTP/1.1 408 Request Timeout\r\n\r\n", ""]
    {
        simulate(async move {
            let (agent, log) = world(AgentOptions::default(), async move |peer: &Peer| {
                peer.head().await;
                peer.answer("fine").await;
                net::sleep(100 * MILLISECOND).await;
                match unasked {
                    "" => peer.stream.shutdown(std::net::Shutdown::Write).expect("open"),
                    bytes => peer.send(bytes).await,
                }
            });
            fetch(&at(&agent, "/")).await.expect("an answer");
            net::sleep(99 * MILLISECOND).await;
            assert_eq!(agent.free(), 1);
            net::sleep(3 * MILLISECOND).await;
            assert_eq!(counts(&agent), (0, 0, 0), "{unasked:?}");
            assert!(log.has("end of 0"));
        });
    }
}

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
                true => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello").await,
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
