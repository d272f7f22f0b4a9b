//! What users of other servers reported, tried on ours: each test stands for a kind.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_http1::parser::Limits;
use wirebook_http1::server::{Hooks, Options, Trouble};
use wirebook_http1::{self as http1, Failure, FieldBlock, Outcome, Request, Response, Server};
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};

const ADDRESS: &str = "10.0.0.1:80";

thread_local! {
    /// Targets that the handler was called for.
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

async fn handler(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    CALLS.with_borrow_mut(|calls| calls.push(request.target().to_owned()));
    match request.path() {
        "" => Err(Failure::message("no tunnels")),
        "/switch" => response.header("upgrade", "other").upgrade(request).await.map(drop),
        "/hints" => {
            response.informational(103, &FieldBlock::default()).await?;
            let body = request.bytes(100).await?;
            response.end(body).await
        }
        "/read" => {
            let body = request.bytes(1 << 30).await?;
            response.end(format!("{} bytes", body.len())).await
        }
        "/more" => {
            let body = request.limit_body(4 << 20).bytes(1 << 30).await?;
            response.end(format!("{} bytes", body.len())).await
        }
        "/less" => {
            let body = request.limit_body(10).bytes(1 << 30).await?;
            response.end(format!("{} bytes", body.len())).await
        }
        "/fail" => Err(Failure::message("broken on purpose")),
        "/half" => {
            response.write("half").await?;
            Err(Failure::message("broken on purpose"))
        }
        "/half-panic" => {
            response.write("half").await?;
            panic!("broken on purpose")
        }
        "/half-forgotten" => response.write("half").await,
        "/abort" => {
            response.write("half").await?;
            response.abort();
            Ok(())
        }
        "/coded" => response.header("Transfer-Encoding", "chunked").end("whole").await,
        "/big" => response.end(vec![b'x'; 1 << 20]).await,
        "/later" => {
            net::sleep(Duration::from_secs(3)).await;
            response.end("later").await
        }
        "/never" => std::future::pending().await,
        "/open" => {
            response.write("open").await?;
            request.closed().await;
            response.end("").await
        }
        "/who" => {
            let who = format!("{:?} {:?}", request.peer_addr().is_some(), request.local_addr());
            response.end(who).await
        }
        path => response.end(path).await,
    }
}

fn quiet() -> Options {
    Options { hooks: Hooks { handler_error: None, ..Hooks::default() }, ..Options::default() }
}

fn serve(options: Options) -> Server {
    http1::serve_on(SimListener::bind(ADDRESS).expect("a free address"), options, handler)
}

fn simulate<F: Future<Output = ()> + 'static>(test: F) {
    let limit = Duration::from_secs(3600);
    sim::run(Config { limit, ..Config::from(1) }, test).expect("a simulation that ends");
}

/// A connection that keeps what it has read.
struct Client(SimStream);

impl Client {
    async fn connect() -> Client {
        Client(SimStream::connect(ADDRESS).await.expect("the server listens"))
    }

    async fn send(&self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.expect("the server reads");
    }

    /// Reads until the stream ends; an error is told behind what came before it.
    async fn rest(&self) -> (String, Option<io::ErrorKind>) {
        let (mut text, mut bytes) = (String::new(), vec![0; 1 << 16]);
        loop {
            match self.0.read(&mut bytes).await {
                Ok(0) => return (text, None),
                Ok(count) => text.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Err(error) => return (text, Some(error.kind())),
            }
        }
    }

    /// Reads until that was seen.
    async fn until(&self, end: &str) -> String {
        let (mut text, mut bytes) = (String::new(), [0; 4096]);
        while !text.ends_with(end) {
            match self.0.read(&mut bytes).await {
                Ok(count @ 1..) => text.push_str(&String::from_utf8_lossy(&bytes[..count])),
                end => panic!("{end:?} behind {text:?}"),
            }
        }
        text
    }

    /// All that is answered to these bytes when the client then ends.
    async fn ask(request: impl AsRef<[u8]>) -> String {
        let client = Client::connect().await;
        client.send(request).await;
        client.0.shutdown(Shutdown::Write).expect("open");
        let (text, error) = client.rest().await;
        assert_eq!(error, None, "{text}");
        text
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn rfc9931_8_what_stands_behind_a_refused_tunnel_is_no_request() {
    simulate(async {
        serve(quiet());
        CALLS.take();
        let text = Client::ask(format!("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n{}", get("/smuggled"))).await;
        assert!(text.starts_with("HTTP/1.1 501") && text.contains("\r\nconnection: close\r\n"), "{text}");
        assert_eq!((text.matches("HTTP/1.1").count(), CALLS.take()), (1, vec!["b:443".to_owned()]));
        net::stop();
    });
}

#[test]
fn a_switch_to_what_nobody_asked_for_is_an_error_of_the_handler() {
    simulate(async {
        serve(quiet());
        for (upgrade, status) in
            [("Upgrade: x\r\nConnection: upgrade\r\n", 500), ("Upgrade: x, Other\r\nConnection: upgrade\r\n", 101)]
        {
            let text = Client::ask(format!("GET /switch HTTP/1.1\r\nHost: a\r\n{upgrade}\r\n")).await;
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
            assert_eq!(status == 101, text.contains("connection: upgrade\r\n"), "{text}");
        }
        net::stop();
    });
}

#[test]
fn rfc9110_10_1_1_a_103_is_no_100() {
    simulate(async {
        serve(quiet());
        let client = Client::connect().await;
        client.send("POST /hints HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await;
        client.until("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").await;
        client.send(format!("tea{}", get("/next"))).await;
        let text = client.until("/next").await;
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("\r\n\r\nteaHTTP/1.1 200"), "{text}");
        net::stop();
    });
}

/// Sends a body in pieces with such pauses behind a head, and gives the answer, whether all could be sent, and how long it
/// took until the server had closed.
async fn upload(head: &str, pieces: usize, pause: Duration) -> (String, bool, Duration) {
    let client = Rc::new(Client::connect().await);
    let (sending, head) = (client.clone(), head.to_owned());
    let began = net::now();
    let sender = net::spawn(async move {
        sending.send(head).await;
        for _ in 0..pieces {
            net::sleep(pause).await;
            if sending.0.write_all(&[b'x'; 64 * 1024]).await.is_err() {
                return false;
            }
        }
        true
    });
    let (text, error) = client.rest().await;
    assert_eq!(error, None, "the answer of {} bytes is lost", text.len());
    let sent = sender.await.expect("no panic");
    (text, sent, net::now() - began)
}

#[test]
fn rfc9112_9_6_an_early_answer_reaches_a_client_that_still_sends() {
    simulate(async {
        let server = serve(quiet());
        let with_length = |bytes: usize| format!("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n");
        // 2 MiB that nobody wants, in 24 seconds; and one that the handler would read and may not.
        for path in ["/early", "/read"] {
            let head = with_length(32 * 64 * 1024).replace("/early", path);
            let (text, sent, _) = upload(&head, 32, Duration::from_millis(750)).await;
            let status = if path == "/early" { 200 } else { 413 };
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
            assert!(sent && text.contains("\r\nconnection: close\r\n"), "{path}: {text}");
        }
        // Chunks that have not come: nobody knows whether they end.
        let chunked = "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n";
        let (text, sent, _) = upload(chunked, 32, Duration::from_millis(100)).await;
        assert!(sent && text.contains("\r\nconnection: close\r\n"), "{text}");
        // A pause of more than five seconds, or more than thirty in all, is not waited for.
        let (_, sent, _) = upload(&with_length(4 << 20), 2, Duration::from_millis(5_900)).await;
        assert!(!sent, "five seconds without a byte");
        let (_, sent, _) = upload(&with_length(4 << 20), 20, Duration::from_secs(2)).await;
        assert!(!sent, "thirty seconds in all");
        assert_eq!(server.connections(), 0, "who lingers is in the table, and leaves it");
        net::stop();
    });
}

#[test]
fn who_lingers_is_counted_and_holds_no_place_for_ever() {
    simulate(async {
        let server = serve(quiet());
        let client = Client::connect().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let (text, error) = client.rest().await;
        assert!(text.ends_with("\r\n\r\n/") && error.is_none());
        assert_eq!(server.connections(), 1);
        net::sleep(Duration::from_secs(7)).await;
        assert_eq!(server.connections(), 0, "it said nothing for five seconds");
        net::stop();
    });
}

#[test]
fn a_small_body_that_nobody_reads_costs_no_connection() {
    simulate(async {
        serve(quiet());
        for body in ["Content-Length: 3\r\n\r\ntea", "Transfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n"] {
            let text = Client::ask(format!("POST /unread HTTP/1.1\r\nHost: a\r\n{body}{}", get("/next"))).await;
            assert!(text.ends_with("/next") && !text.contains("close"), "{text}");
        }
        net::stop();
    });
}

#[test]
fn a_body_that_fails_after_its_head_is_never_a_whole_one() {
    simulate(async {
        serve(quiet());
        for path in ["/half", "/half-panic", "/half-forgotten", "/abort"] {
            for version in ["1.0", "1.1"] {
                let client = Client::connect().await;
                client.send(format!("GET {path} HTTP/{version}\r\nHost: a\r\n\r\n")).await;
                let (text, error) = client.rest().await;
                match version {
                    "1.0" => assert_eq!(error, Some(io::ErrorKind::ConnectionReset), "{path}: {text}"),
                    _ => assert!(!text.ends_with("0\r\n\r\n"), "{path}: {text}"),
                }
            }
        }
        let text = Client::ask("GET /whole HTTP/1.0\r\n\r\n").await;
        assert!(text.ends_with("\r\n\r\n/whole"), "{text}");
        net::stop();
    });
}

#[test]
fn a_coding_that_a_handler_names_is_no_error_to_http10() {
    simulate(async {
        serve(quiet());
        let text = Client::ask("GET /coded HTTP/1.0\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\nwhole"), "{text}");
        assert!(!text.to_ascii_lowercase().contains("transfer-encoding"), "{text}");
        net::stop();
    });
}

#[test]
fn errors_at_the_wrong_moment() {
    simulate(async {
        serve(quiet());
        // A broken head behind HEAD has an answer with a body.
        let text = Client::ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET  /\r\n\r\n").await;
        let (_, broken) = text.split_once("HTTP/1.1 400").expect("a second answer");
        assert!(broken.contains("\r\n\r\n400 Bad Request: "), "{text}");
        // Empty lines behind a body are owed nothing: neither when the client ends nor when its time is up.
        for empty in ["\r\n", "\r\n\r\n", "\r"] {
            let post = format!("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntea{empty}");
            let text = Client::ask(&post).await;
            assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
            let client = Client::connect().await;
            client.send(&post).await;
            let (text, error) = client.rest().await;
            assert_eq!((text.matches("HTTP/1.1").count(), error), (1, None), "{text}");
        }
        let text = Client::ask(format!("\r\n\r\n\r\n{}", get("/tea"))).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        net::stop();
    });
}

#[test]
fn a_request_has_addresses_and_a_limit_of_its_own() {
    simulate(async {
        serve(quiet());
        assert!(Client::ask(get("/who")).await.ends_with(&format!("true Some({ADDRESS})")));
        let post = |path: &str, bytes: usize| {
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes))
        };
        for (path, bytes, status) in
            [("/more", 2 << 20, 200), ("/less", 11, 413), ("/less", 10, 200), ("/read", 2 << 20, 413)]
        {
            let text = Client::ask(post(path, bytes)).await;
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{path} {bytes}: {text}");
        }
        net::stop();
    });
}

#[test]
fn a_rate_is_judged_when_what_came_has_been_counted() {
    simulate(async {
        serve(quiet());
        // Nothing for ten seconds, and then all of it at once: that is no dribble.
        let client = Client::connect().await;
        client.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n").await;
        net::sleep(Duration::from_secs(10)).await;
        client.send([b'x'; 8192]).await;
        assert!(client.until("8192 bytes").await.starts_with("HTTP/1.1 200"));
        net::stop();
    });
}

#[test]
fn until_answers_who_asked_closes_who_idles_and_waits_for_nobody_for_ever() {
    simulate(async {
        let server = serve(Options { close_timeout: Duration::from_secs(5), ..quiet() });
        let [busy, idle, partial, open, endless] = [
            Client::connect().await,
            Client::connect().await,
            Client::connect().await,
            Client::connect().await,
            Client::connect().await,
        ];
        busy.send(get("/later")).await;
        partial.send("GET / HTT").await;
        open.send(get("/open")).await;
        open.until("open\r\n").await;
        endless.send(get("/never")).await;
        let began = net::now();
        let stop = async {
            net::sleep(Duration::from_secs(1)).await;
            "stopped"
        };
        assert_eq!(server.until(stop).await, "stopped");
        let took = net::now() - began;
        assert!((Duration::from_secs(6)..Duration::from_millis(6_100)).contains(&took), "{took:?}");
        let (text, _) = busy.rest().await;
        assert!(text.ends_with("later") && text.contains("connection: close"), "{text}");
        assert_eq!(idle.rest().await.0, "");
        assert_eq!(partial.rest().await.0, "", "who has not asked is not answered");
        assert!(open.rest().await.0.ends_with("0\r\n\r\n"), "an answer that stays open learns of it");
        assert_eq!(endless.rest().await.0, "");
        assert!(SimStream::connect(ADDRESS).await.is_err(), "nobody listens any more");
    });
    simulate(async {
        let server = serve(quiet());
        let idle = Client::connect().await;
        let began = net::now();
        server.until(async {}).await;
        assert!(net::now() - began < Duration::from_millis(10));
        assert_eq!(idle.rest().await.0, "");
    });
}

#[test]
fn every_duration_and_limit_has_a_meaning_at_its_edges() {
    type Set = fn(&mut Options, u8);
    fn duration(edge: u8) -> Duration {
        [Duration::ZERO, Duration::from_nanos(1), Duration::MAX][usize::from(edge)]
    }
    fn number(edge: u8) -> u64 {
        [0, 1, u64::MAX][usize::from(edge)]
    }
    let knobs: [(&str, Set); 16] = [
        ("head_timeout", |options, edge| options.head_timeout = duration(edge)),
        ("body_timeout", |options, edge| options.body_timeout = duration(edge)),
        ("idle_timeout", |options, edge| options.idle_timeout = duration(edge)),
        ("write_timeout", |options, edge| options.write_timeout = duration(edge)),
        ("linger_timeout", |options, edge| options.linger_timeout = duration(edge)),
        ("linger_time", |options, edge| options.linger_time = duration(edge)),
        ("probe_after", |options, edge| options.probe_after = duration(edge)),
        ("close_timeout", |options, edge| options.close_timeout = duration(edge)),
        ("max_body", |options, edge| options.max_body = number(edge)),
        ("min_body_rate", |options, edge| options.min_body_rate = number(edge)),
        ("max_connections", |options, edge| options.max_connections = number(edge) as usize),
        ("max_requests", |options, edge| options.max_requests_per_connection = number(edge) as u32),
        ("limits.head", |options, edge| options.limits.head = number(edge) as usize),
        ("limits.line", |options, edge| options.limits.line = number(edge) as usize),
        ("limits.fields", |options, edge| options.limits.fields = number(edge) as usize),
        ("all", |options, edge| {
            let all = duration(edge);
            (options.head_timeout, options.body_timeout, options.idle_timeout) = (all, all, all);
            (options.write_timeout, options.linger_timeout, options.linger_time) = (all, all, all);
        }),
    ];
    for (name, set) in knobs {
        for edge in 0..3 {
            let mut options = quiet();
            set(&mut options, edge);
            let unserved = matches!(
                (name, edge),
                ("max_connections", 0) | ("limits.head" | "limits.line", 0 | 1) | ("limits.fields", 0)
            );
            simulate(async move {
                let closes = options.close_timeout;
                let server = serve(options);
                let client = Client::connect().await;
                let request = "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
                client.send(request).await;
                let mut bytes = vec![0; 4096];
                let read = net::timeout(Duration::from_secs(20), client.0.read(&mut bytes)).await;
                let text = read
                    .map(|read| String::from_utf8_lossy(&bytes[..read.unwrap_or(0)]).into_owned())
                    .unwrap_or_default();
                if !unserved && name != "max_connections" {
                    let served = text.starts_with("HTTP/1.1 200");
                    // With nothing but what is there at once, a client may be too late for its own request.
                    assert!(served || edge < 2 && name != "max_body", "{name} at {edge}: {text:?}");
                }
                // Half a request, and then the end of the server: nobody hangs.
                let late = SimStream::connect(ADDRESS).await;
                if let Ok(late) = &late {
                    let _ = late.write_all(b"GET / HT").await;
                }
                let began = net::now();
                server.until(net::sleep(Duration::from_millis(10))).await;
                assert!(
                    net::now() - began < Duration::from_secs(2).min(closes).max(Duration::from_secs(2)),
                    "{name} at {edge}"
                );
            });
        }
    }
}

/// A listener that fails twice, and then gives one connection after the other.
struct Failing(SimListener, Cell<u32>);

impl Listener for Failing {
    type Stream = SimStream;
    type Address = std::net::SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(SimStream, std::net::SocketAddr)>> {
        if self.1.get() > 0 {
            self.1.set(self.1.get() - 1);
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        self.0.poll_accept(context)
    }
}

#[test]
fn a_listener_that_fails_is_told_of_and_tried_again() {
    simulate(async {
        let told = Arc::<Mutex<Vec<io::ErrorKind>>>::default();
        let telling = told.clone();
        let tell = move |error: &io::Error| telling.lock().expect("nobody panics").push(error.kind());
        let hooks = Hooks { accept_error: Some(Arc::new(tell)), ..Hooks::default() };
        let listener = Failing(SimListener::bind(ADDRESS).expect("a free address"), Cell::new(2));
        http1::serve_on(listener, Options { hooks, ..Options::default() }, handler);
        assert!(Client::ask(get("/tea")).await.ends_with("/tea"));
        assert_eq!(*told.lock().expect("nobody panics"), [io::ErrorKind::OutOfMemory; 2]);
        net::stop();
    });
}

#[test]
fn who_says_keep_alive_is_told_for_how_long() {
    simulate(async {
        serve(quiet());
        let asked = Client::ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").await;
        assert!(asked.contains("\r\nkeep-alive: timeout=5\r\n"), "{asked}");
        assert!(!Client::ask(get("/")).await.contains("keep-alive"));
        net::stop();
    });
}

#[test]
fn a_failing_handler_whose_body_nobody_reads_says_that_it_closes() {
    simulate(async {
        serve(quiet());
        let (text, sent, _) =
            upload("POST /fail HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n", 32, Duration::from_millis(10))
                .await;
        assert!(sent && text.starts_with("HTTP/1.1 500") && text.contains("connection: close"), "{text}");
        net::stop();
    });
}

#[test]
fn a_client_error_is_told_once_and_an_empty_line_is_none() {
    simulate(async {
        let told = Arc::<Mutex<Vec<u16>>>::default();
        let telling = told.clone();
        let tell = move |trouble: &Trouble| telling.lock().expect("nobody panics").push(trouble.status());
        let hooks = Hooks { client_error: Some(Arc::new(tell)), ..Hooks::default() };
        let limits = Limits { fields: 1, ..Limits::default() };
        http1::serve_on(
            SimListener::bind(ADDRESS).expect("free"),
            Options { hooks, limits, ..Options::default() },
            handler,
        );
        Client::ask("\r\n\r\n").await;
        Client::ask("GET / HTTP/1.1\r\nHost: a\r\nb: c\r\n\r\n").await;
        assert_eq!(*told.lock().expect("nobody panics"), [431]);
        net::stop();
    });
}

#[test]
fn a_reader_of_a_large_answer_may_be_slow() {
    simulate(async {
        serve(quiet());
        let client = Client::connect().await;
        client.send(get("/big")).await;
        let (mut seen, mut bytes) = (0, [0; 1000]);
        while seen < 1 << 20 {
            net::sleep(Duration::from_millis(1)).await;
            seen += poll_fn(|context| match client.0.try_read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => client.0.poll_readable(context).map(|_| 0),
                result => Poll::Ready(result.expect("open")),
            })
            .await;
        }
        net::stop();
    });
}
