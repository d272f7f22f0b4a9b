//! The server over real sockets: what good clients get, and what bad ones.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;
use wirebook_http1::parser::Limits;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Failure, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_tests::server::{connect, start, talk, talk_until_closed};

/// What most tests talk to.
async fn handler(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => {
            let body = request.bytes(1 << 20).await?;
            response.end(body).await
        }
        "/stream" => {
            let mut response = response;
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        }
        "/fail" => Err(Failure::message("broken on purpose")),
        "/forget" => Ok(()),
        "/panic" => panic!("broken on purpose"),
        "/half" => {
            let mut response = response.header("content-length", "10");
            response.write("half").await
        }
        "/later" => {
            net::sleep(Duration::from_millis(5)).await;
            response.end("later").await
        }
        "/half-open" => {
            let mut response = response;
            response.write("half").await?;
            net::sleep(Duration::from_millis(50)).await;
            Err(Failure::message("broken on purpose"))
        }
        "/open" => {
            let mut response = response;
            response.write("open").await?;
            request.closed().await;
            response.end("").await
        }
        "/split" => response.header("x", "a\r\nset-cookie: b").end("").await,
        "/big" => response.end(vec![b'x'; 1 << 20]).await,
        "/304" => response.status(304).header("etag", "\"a\"").end("").await,
        path => response.header("content-type", "text/plain").end(path).await,
    }
}

fn server() -> SocketAddr {
    start(Options::default(), handler)
}

fn get(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n").into_bytes()
}

#[test]
fn a_request_is_answered_with_date_and_length() {
    let text = talk(server(), &get("/tea", "")).text();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: "), "{text}");
    assert!(text.ends_with(" GMT\r\ncontent-length: 4\r\n\r\n/tea"), "{text}");
}

#[test]
fn a_pipeline_is_answered_in_order_though_one_answer_comes_later() {
    let pipeline = [get("/1", ""), get("/later", ""), get("/3", "Connection: close\r\n"), get("/never", "")].concat();
    let text = talk_until_closed(server(), &pipeline).text();
    let bodies: Vec<&str> =
        text.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP").next().unwrap_or("")).collect();
    assert_eq!(bodies, ["/1", "later", "/3"]);
    assert_eq!(text.matches("connection: close").count(), 1);
}

#[test]
fn one_write_answers_a_pipeline() {
    let mut stream = connect(server());
    stream.write_all(&get("/x", "").repeat(50)).expect("a server that reads");
    let mut buffer = vec![0; 64 * 1024];
    let first = stream.read(&mut buffer).expect("an answer");
    let text = String::from_utf8_lossy(&buffer[..first]);
    assert_eq!(text.matches("HTTP/1.1 200").count(), 50, "all in one segment of loopback");
}

#[test]
fn keep_alive_in_1_0_and_closing_in_1_1() {
    let address = server();
    let one = talk_until_closed(address, b"GET / HTTP/1.0\r\n\r\n").text();
    assert!(!one.contains("connection:") && !one.contains("transfer-encoding"), "{one}");
    let two = talk(address, b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
    assert_eq!(two.statuses(), [200, 200]);
    assert_eq!(two.text().matches("connection: keep-alive").count(), 1);
}

#[test]
fn head_has_the_fields_and_no_body_and_the_next_answer_is_in_its_place() {
    let address = server();
    let requests = [&b"HEAD /tea HTTP/1.1\r\nHost: a\r\n\r\n"[..], &get("/x", "")].concat();
    let text = talk(address, &requests).text();
    assert!(text.contains("content-length: 4\r\n\r\nHTTP/1.1 200"), "{text}");
    let text = talk(address, &get("/304", "")).text();
    assert!(
        text.starts_with("HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n") && !text.contains("content-length"),
        "{text}"
    );
}

#[test]
fn bodies_with_a_length_and_in_chunks_come_back() {
    let address = server();
    let by_length = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    assert!(talk(address, by_length).text().ends_with("\r\n\r\nhello"));
    let chunked =
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";
    assert!(talk(address, chunked).text().ends_with("content-length: 5\r\n\r\nhello"));
    let streamed = b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let text = talk(address, streamed).text();
    assert!(
        text.contains("transfer-encoding: chunked\r\n") && text.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        "{text}"
    );
    let old = b"POST /stream HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello";
    let text = talk(address, old).text();
    assert!(!text.contains("transfer-encoding") && text.ends_with("\r\n\r\nhello"), "{text}");
}

#[test]
fn a_body_in_many_writes_and_a_large_answer() {
    let address = server();
    let body = vec![b'y'; 300_000];
    let mut stream = connect(address);
    write!(stream, "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())
        .expect("a server");
    for piece in body.chunks(7_919) {
        stream.write_all(piece).expect("a server that reads");
    }
    let answers = wirebook_tests::server::read_all(stream);
    assert!(answers.bytes.ends_with(&body) && answers.statuses() == [200]);
    assert!(talk(address, &get("/big", "")).bytes.len() > 1 << 20);
}

#[test]
fn a_body_that_nobody_read_is_not_the_next_request() {
    let requests = [
        &b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        &get("/next", ""),
    ]
    .concat();
    let text = talk(server(), &requests).text();
    assert!(!text.contains("smuggled") && text.ends_with("/next"), "{text}");
}

#[test]
fn a_client_that_waits_for_100_gets_it_when_the_handler_reads() {
    let address = server();
    let mut stream = connect(address);
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        .expect("a server");
    let mut buffer = [0; 64];
    let count = stream.read(&mut buffer).expect("an answer");
    assert_eq!(&buffer[..count], b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").expect("a server");
    let count = stream.read(&mut buffer).expect("an answer");
    assert!(buffer[..count].starts_with(b"HTTP/1.1 200 OK"));
    // A handler that does not read leaves it open whether the body comes: the connection ends.
    let text =
        talk_until_closed(address, b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .text();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("connection: close"), "{text}");
}

#[test]
fn a_handler_that_fails_or_forgets_gives_500_and_the_next_connection_is_served() {
    let address = server();
    for path in ["/fail", "/forget", "/split"] {
        let text = talk(address, &get(path, "")).text();
        assert!(text.starts_with("HTTP/1.1 500 ") && !text.contains("set-cookie"), "{path}: {text}");
    }
    // Its head is out: the client sees that the body is short.
    let half = talk_until_closed(address, &get("/half", ""));
    assert!(half.text().ends_with("\r\n\r\nhalf"), "{}", half.text());
    assert_eq!(talk(address, &get("/", "")).statuses(), [200]);
}

#[test]
fn rfc6585_5_heads_over_the_limits() {
    let address = server();
    let field = |count: usize| "A: b\r\n".repeat(count);
    assert_eq!(talk(address, &get("/", &field(99))).statuses(), [200], "99 and Host are 100");
    assert_eq!(talk_until_closed(address, &get("/", &field(100))).statuses(), [431]);
    let long = |bytes: usize| {
        let frame = get("/", "A: \r\n").len();
        get("/", &format!("A: {}\r\n", "b".repeat(bytes - frame)))
    };
    assert_eq!(talk(address, &long(49_152)).statuses(), [200]);
    assert_eq!(talk_until_closed(address, &long(49_153)).statuses(), [431]);
    assert_eq!(talk_until_closed(address, &long(70_000)).statuses(), [431]);
    let wide = Options { limits: Limits::default(), ..Options::default() };
    let address = start(wide, handler);
    assert_eq!(talk(address, &long(65_536)).statuses(), [200]);
    assert_eq!(talk_until_closed(address, &long(65_537)).statuses(), [431]);
    assert_eq!(talk_until_closed(address, &get(&format!("/{}", "a".repeat(17_000)), "")).statuses(), [414]);
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closes() {
    let address = server();
    let rows: &[(&str, u16)] = &[
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
    ];
    for (request, status) in rows {
        let behind = format!("{request}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        let answers = talk_until_closed(address, behind.as_bytes());
        assert_eq!(answers.statuses(), [*status], "{request:?}: {}", answers.text());
        assert!(answers.text().contains("connection: close\r\n") && !answers.reset, "{request:?}");
    }
}

#[test]
fn a_message_that_ends_in_its_middle_is_not_taken_for_a_whole() {
    let address = server();
    for request in ["GET / HTT", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"] {
        let answers = talk(address, request.as_bytes());
        assert_eq!(answers.statuses(), [400], "{request:?}");
    }
    assert!(talk(address, b"").bytes.is_empty(), "a connection without a request has no answer");
}

#[test]
fn slow_heads_slow_bodies_and_idle_connections_end() {
    let short = Duration::from_millis(60);
    let options = Options { head_timeout: short, body_timeout: short, idle_timeout: short, ..Options::default() };
    let address = start(options, handler);
    assert_eq!(talk_until_closed(address, b"GET / HTTP/1.1\r\nHo").statuses(), [408]);
    let body = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(talk_until_closed(address, body).statuses(), [408]);
    assert!(talk_until_closed(address, b"").bytes.is_empty());
    assert_eq!(talk_until_closed(address, &get("/", "")).statuses(), [200]);
}

#[test]
fn a_connection_has_a_last_request() {
    let address = start(Options { max_requests_per_connection: 3, ..Options::default() }, handler);
    let answers = talk_until_closed(address, &get("/", "").repeat(5));
    assert_eq!(answers.statuses(), [200, 200, 200]);
    assert_eq!(answers.text().matches("connection: close").count(), 1);
}

#[test]
fn a_handler_that_panics_costs_its_own_connection_alone() {
    let address = server();
    let mut other = connect(address);
    other.write_all(&get("/1", "")).expect("a server that reads");
    assert!(other.read(&mut [0; 1024]).expect("an answer") > 0);
    for _ in 0..3 {
        assert!(talk_until_closed(address, &get("/panic", "")).bytes.is_empty());
    }
    other.write_all(&get("/2", "")).expect("a server that reads");
    assert!(other.read(&mut [0; 1024]).expect("an answer on the kept connection") > 0);
}

#[test]
fn a_server_that_has_closed_lets_the_loop_end() {
    let answered = net::block_on(async {
        let server = http1::serve("127.0.0.1:0", handler).expect("a free port");
        let address = server.local_addr().expect("TCP has an address");
        let client = thread::spawn(move || talk(address, &get("/later", "").repeat(3)).statuses());
        while !client.is_finished() {
            net::sleep(Duration::from_millis(1)).await;
        }
        // Its workers wait for connections that will never come.
        server.close();
        server.closed().await;
        client.join().expect("a client that ends")
    });
    assert_eq!(answered.expect("the loop ends by itself"), [200, 200, 200]);
}

#[test]
fn a_body_without_an_end_of_its_own_is_reset_when_its_handler_fails() {
    let answers = talk_until_closed(server(), b"GET /half-open HTTP/1.0\r\n\r\n");
    assert!(answers.reset, "{}", answers.text());
    let answers = talk_until_closed(server(), &get("/half-open", ""));
    assert!(!answers.reset && answers.text().ends_with("half\r\n"), "{}", answers.text());
}

#[test]
fn an_error_of_listening_says_where() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let error = net::block_on(async move { http1::serve(address, handler).err().map(|error| error.to_string()) });
    let error = error.expect("the loop ends").expect("somebody listens there");
    assert!(error.contains(&address.to_string()), "{error}");
    let nowhere = net::block_on(async { http1::serve("nowhere", handler).err().map(|error| error.kind()) });
    assert_eq!(nowhere.expect("the loop ends"), Some(std::io::ErrorKind::InvalidInput));
}

#[test]
fn a_server_that_stops_idle_ends_the_loop_at_once() {
    let began = std::time::Instant::now();
    let ended = net::block_on(async {
        let options = Options { idle_timeout: Duration::from_secs(60), ..Options::default() };
        let server = http1::serve_with("127.0.0.1:0", options, handler).expect("a free port");
        let idle = net::tcp::TcpStream::connect(server.local_addr().expect("an address")).await.expect("a server");
        server.until(net::sleep(Duration::from_millis(10))).await;
        let mut bytes = [0; 1];
        net::Stream::read(&idle, &mut bytes).await.expect("an end")
    });
    assert_eq!(ended.expect("the loop ends by itself"), 0);
    // The sweep, which comes once in most of a second, is not waited for.
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
}

/// What stands in the sockets when the word to stop comes was asked in time, on kept connections and on new ones.
#[test]
fn who_asked_before_the_stop_is_answered() {
    const GET: &[u8] = b"GET /path HTTP/1.1\r\nhost: a\r\n\r\n";
    let clients = net::block_on(async {
        let server = http1::serve("127.0.0.1:0", handler).expect("a free port");
        let address = server.local_addr().expect("an address");
        let new = || std::net::TcpStream::connect(address).expect("a place in the backlog");
        let kept: Vec<_> = (0..20).map(|_| new()).collect();
        while server.connections() < kept.len() {
            net::yield_now().await;
        }
        // The loop stands still meanwhile, so that it sees none of this before the word.
        let mut clients: Vec<_> = kept.into_iter().chain((0..20).map(|_| new())).collect();
        for client in &mut clients {
            client.write_all(GET).expect("room in the socket");
        }
        server.until(async {}).await;
        clients
    });
    for (number, mut client) in clients.expect("the loop ends").into_iter().enumerate() {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer and no reset");
        assert!(answer.starts_with("HTTP/1.1 200"), "client {number}: {answer:?}");
    }
}

/// Whether TCP's keep-alive runs for a connection that this port has accepted: the timer 02 in Linux's table.
#[cfg(target_os = "linux")]
fn is_probed(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|row| {
        let is = |at: usize, wanted: &str| row.get(at).is_some_and(|cell| cell.starts_with(wanted));
        is(1, &format!("0100007F:{port:04X}")) && is(3, "01") && is(5, "02:")
    })
}

#[test]
#[cfg(target_os = "linux")]
fn who_waits_without_a_limit_has_its_client_asked_whether_it_is_there() {
    for (probe_after, probed) in [(Duration::from_secs(20), true), (Duration::ZERO, false), (Duration::MAX, false)] {
        let address = start(Options { probe_after, ..Options::default() }, handler);
        let mut stream = connect(address);
        stream.write_all(&get("/open", "")).expect("a server that reads");
        let mut text = String::new();
        while !text.ends_with("open\r\n") {
            let mut some = [0; 256];
            let count = stream.read(&mut some).expect("an answer");
            text.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        // The handler goes on to wait when its piece is out, which may be a moment later.
        let began = std::time::Instant::now();
        while probed && !is_probed(address.port()) && began.elapsed() < Duration::from_secs(5) {
            thread::yield_now();
        }
        assert_eq!(is_probed(address.port()), probed, "{probe_after:?}");
    }
}

#[test]
fn a_request_without_a_body_has_no_trailers_though_the_one_before_it_had_some() {
    let address = start(Options::default(), async |mut request: Request<'_>, response: Response<'_>| {
        while request.chunk().await?.is_some() {}
        let trailers = request.trailers().len();
        response.end(format!("{trailers} trailers;")).await
    });
    let first = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n";
    let text = talk(address, &[&first[..], &get("/", "")].concat()).text();
    assert!(text.contains("1 trailers;") && text.contains("0 trailers;"), "{text}");
}
