//! Rows of `tests/attacks/sse.jsonl` that no machine understands, or that say less than we hold ourselves to, over real sockets:
//! hostile clients against our server stream, hostile servers against our event source. The others are played by `attacks.rs`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use wirebook_http1::server::Options;
use wirebook_http1::{Outcome, Request, Response, serve_on};
use wirebook_net as net;
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::feed::Feed;
use wirebook_sse::server::{self, EventStream, serve_feed};
use wirebook_sse::{Cause, Closed, DecodeError, EncodeError, Event, Limits, Settings};
use wirebook_tests::allocations::measure;
use wirebook_tests::attacks::row::{find, latin1};
use wirebook_tests::server::{connect, start, talk};
use wirebook_tests::sse::{HEAD, dechunk, play, read_head, watch};

const REQUEST: &[u8] = b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/// The body that a handler writes into an event stream, as a client reads it off its socket.
fn written<H>(handler: H) -> String
where
    H: AsyncFn(&mut EventStream<'_>) -> Outcome + Send + 'static,
{
    let address = start(Options::default(), async move |request: Request<'_>, response: Response<'_>| {
        let Some(mut stream) = EventStream::open(&request, response).await? else { return Ok(()) };
        handler(&mut stream).await?;
        stream.end().await
    });
    let answer = talk(address, REQUEST).bytes;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    String::from_utf8(dechunk(&answer[head..])).expect("text")
}

fn row(id: &str) -> serde_json::Value {
    find("sse", id).all
}

fn octets(text: &serde_json::Value) -> Vec<u8> {
    latin1(text.as_str().expect("text"))
}

#[test]
fn sse_01_data_with_newlines() {
    let wire = written(async |stream| stream.send(Event::data("a\nb\r\nc\rd")).await);
    assert_eq!(wire, row("sse-01")["expect"]["wire"]);
}

#[test]
fn sse_03_newline_or_nul_in_id() {
    let wire = written(async |stream| {
        assert_eq!(stream.push(Event::data("y").id("1\n\ndata: evil")), Err(EncodeError::Id));
        assert_eq!(stream.push(Event::data("y").id("a\0b")), Err(EncodeError::Id));
        assert_eq!(stream.push(Event::data("y").event_type("x\r")), Err(EncodeError::EventType));
        assert!(stream.send(Event::data("y").id("a\0b")).await.is_err());
        stream.flush().await
    });
    assert_eq!(wire.len() as u64, row("sse-03")["expect"]["bytes_written"].as_u64().unwrap());
}

#[test]
fn sse_04_lone_cr_in_a_comment_or_in_data() {
    let wire = written(async |stream| {
        stream.comment("a\rdata: evil").await?;
        stream.send(Event::data("a\rdata: evil\r\r")).await
    });
    let expected = row("sse-04")["expect"]["wire"].as_str().unwrap().replace(" ... ", "");
    assert_eq!(wire, expected);
}

#[test]
fn sse_05_retry_accepts_only_integers() {
    // The encoder takes a u64: neither a sign nor a fraction can be written.
    let mut wire = Vec::new();
    wirebook_sse::encoder::encode_retry(u64::MAX, &mut wire);
    wirebook_sse::encoder::encode_retry(0, &mut wire);
    let expected = row("sse-05")["expect"]["wire"].as_str().unwrap().replace(" / ", "");
    assert_eq!(String::from_utf8(wire).unwrap(), expected);
    let wire = written(async |stream| stream.retry(Duration::ZERO).await);
    assert_eq!(wire, "retry: 0\n");
}

#[test]
fn sse_06_response_headers() {
    let address = start(Options::default(), async |request: Request<'_>, response: Response<'_>| {
        match EventStream::open(&request, response).await? {
            Some(stream) => stream.end().await,
            None => Ok(()),
        }
    });
    let text = talk(address, REQUEST).text().to_lowercase();
    let head = text.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    assert!(head.contains("\r\ncache-control: no-store, no-transform\r\n"), "{head}");
    assert!(head.contains("\r\nx-accel-buffering: no\r\n"), "{head}");
    assert!(!head.contains("content-length") && !head.contains("content-encoding"), "{head}");
}

/// A server of one feed, whose handlers report when they have ended.
fn feed_server(
    options: Options,
    follow: server::Options,
    every: Option<Duration>,
) -> (SocketAddr, mpsc::Receiver<Instant>) {
    let (send_ended, ended) = mpsc::channel();
    let (send_address, address) = mpsc::channel();
    thread::spawn(move || {
        net::block_on(async move {
            let feed = Feed::new(Default::default());
            if let Some(every) = every {
                let producer = feed.clone();
                net::spawn(async move {
                    let data = "x".repeat(1000);
                    loop {
                        producer.publish("message", &data).unwrap();
                        net::sleep(every).await;
                    }
                });
            }
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").unwrap();
            send_address.send(listener.local_addr().unwrap()).unwrap();
            serve_on(listener, options, async move |mut request: Request<'_>, response: Response<'_>| {
                let result = serve_feed(&mut request, response, &feed, &follow).await;
                let _ = send_ended.send(Instant::now());
                result
            });
        })
    });
    (address.recv().unwrap(), ended)
}

#[test]
fn sse_07_slow_consumer() {
    let row = row("sse-07");
    let options = Options { write_timeout: Duration::from_secs(1), ..Options::default() };
    // 1 KiB every 100 µs: far more than a socket that nobody reads can take.
    let (address, ended) = feed_server(options, server::Options::default(), Some(Duration::from_micros(100)));
    let mut stalled = connect(address);
    stalled.write_all(REQUEST).unwrap();
    let started = Instant::now();
    ended.recv_timeout(Duration::from_secs(10)).expect("the handler gives up on a client that does not read");
    assert!(started.elapsed() < Duration::from_millis(row["steps"][1]["ms"].as_u64().unwrap()));
    // The bytes that were in flight can still be read; then the connection is over.
    let mut sink = vec![0; 1 << 20];
    while matches!(stalled.read(&mut sink), Ok(1..)) {}
}

#[test]
fn sse_07_what_a_stalled_consumer_costs() {
    // Without sockets, on this thread, where the allocator can count: a hundred subscribers that never take anything,
    // while ten megabytes go by. All that they cost is their places.
    let feed = Feed::new(Default::default());
    let data = "x".repeat(1024);
    for _ in 0..2000 {
        feed.publish("message", &data).unwrap();
    }
    let (subscriptions, cost) = measure(|| {
        let subscriptions: Vec<_> = (0..100).map(|_| feed.subscribe(None)).collect();
        for _ in 0..10_000 {
            feed.publish("message", &data).unwrap();
        }
        subscriptions
    });
    let allowed = row("sse-07")["expect"]["mem_max"].as_i64().unwrap();
    let each = cost.peak_bytes / subscriptions.len() as i64;
    assert!(each <= allowed / 100, "{each} bytes for each stalled subscriber");
}

#[test]
fn sse_08_client_disappears_while_no_event_is_pending() {
    let row = row("sse-08");
    let heartbeat = Duration::from_millis(row["config"]["heartbeat_ms"].as_u64().unwrap());
    let follow = server::Options { heartbeat, ..Default::default() };
    let (address, ended) = feed_server(Options::default(), follow, None);
    let mut client = connect(address);
    client.write_all(REQUEST).unwrap();
    let mut byte = [0];
    client.read_exact(&mut byte).unwrap();
    // Gone with unread bytes: the next keep-alive meets a reset.
    drop(client);
    let within = Duration::from_millis(row["expect"]["within_ms"].as_u64().unwrap());
    ended.recv_timeout(within).expect("the handler notices within three keep-alives");
}

#[test]
fn sse_23_endless_line() {
    let row = row("sse-23");
    let max_event = row["config"]["max_event"].as_u64().unwrap() as usize;
    let limits = Limits { max_line: max_event, max_event };
    // The server of the row runs on another thread; the allocator counts for this one.
    let (seen, cost) = measure(|| play(&row["steps"], Settings { limits, ..Settings::default() }));
    assert_eq!(seen.events, vec![]);
    assert_eq!(seen.closed, Some(Closed::TooLarge(DecodeError::LineTooLong)));
    assert!(cost.peak_bytes <= 2 * max_event as i64, "{} bytes at the peak", cost.peak_bytes);
}

#[test]
fn sse_24_a_million_data_lines() {
    let row = row("sse-24");
    let max_event = row["config"]["max_event"].as_u64().unwrap() as usize;
    let limits = Limits { max_line: max_event, max_event };
    let (seen, cost) = measure(|| play(&row["steps"], Settings { limits, ..Settings::default() }));
    assert_eq!(seen.events, vec![]);
    assert_eq!(seen.closed, Some(Closed::TooLarge(DecodeError::EventTooLarge)));
    assert!(cost.peak_bytes <= 2 * max_event as i64, "{} bytes at the peak", cost.peak_bytes);
}

#[test]
fn sse_27_server_that_closes_at_once() {
    // A hundred connections that bring nothing, without waiting for real: the sans-I/O half of this row is
    // `a_server_that_brings_nothing_is_asked_less_and_less_often` in sse/tests. Here: real sockets, six times.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let log = accepted.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            log.lock().unwrap().push(Instant::now());
            drop(stream);
        }
    });
    let retry = Duration::from_millis(20);
    let began = Instant::now();
    let waits = net::block_on(async move {
        let settings = Settings { retry, min_delay: retry, ..Settings::default() };
        let mut source = EventSource::with_settings(&format!("http://{address}/"), settings).unwrap();
        let mut waits = Vec::new();
        while waits.len() < 6 {
            if let Notice::Reconnecting { after, cause } = source.next().await.expect("it goes on trying") {
                assert!(matches!(cause, Cause::Ended | Cause::Broken), "{cause:?}");
                waits.push(after);
            }
        }
        waits
    })
    .unwrap();
    let accepted = accepted.lock().unwrap();
    assert_eq!(accepted.len(), 6, "one connection at a time");
    assert!(waits.iter().all(|wait| *wait >= retry), "{waits:?}");
    assert!(each_waited(began, &accepted, &waits), "it waits as long as it says");
    assert!(waits[5] > 4 * waits[1], "and longer each time: {waits:?}");
}

#[test]
fn sse_28_last_event_id_cannot_be_split() {
    let row = row("sse-28");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = octets(&row["steps"][0]["data"]);
    let server = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        read_head(&mut first);
        first.write_all(&[HEAD, b"", &body].concat()).unwrap();
        drop(first);
        let (mut second, _) = listener.accept().unwrap();
        let head = read_head(&mut second);
        second.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        head
    });
    let (events, closed) = net::block_on(async move {
        let settings = Settings { retry: Duration::from_millis(1), ..Settings::default() };
        let mut source = EventSource::with_settings(&format!("http://{address}/"), settings).unwrap();
        let mut events = Vec::new();
        loop {
            match source.next().await {
                Ok(Notice::Event(event)) => events.push((event.data.to_string(), event.id.unwrap().to_string())),
                Ok(_) => {}
                Err(closed) => return (events, closed),
            }
        }
    })
    .unwrap();
    assert_eq!(events, [("1".to_string(), "a".to_string())]);
    assert_eq!(closed, Closed::NoContent);
    let head = server.join().unwrap();
    let line = row["expect"]["wire"].as_str().unwrap();
    assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    assert_eq!(head.matches("data").count(), 0);
}

#[test]
fn sse_29_redirect_to_another_origin_strips_credentials() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = origin.local_addr().unwrap().port();
    // Another host, the same port: another origin all the same.
    let other = TcpListener::bind(("127.0.0.2", port)).unwrap();
    let location = row("sse-29")["steps"][0]["location"].as_str().unwrap().replace("PORT", &port.to_string());
    let server = thread::spawn(move || {
        let (mut stream, _) = origin.accept().unwrap();
        let first = read_head(&mut stream);
        write!(stream, "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").unwrap();
        let (mut stream, _) = other.accept().unwrap();
        let second = read_head(&mut stream);
        stream.write_all(&[HEAD, b"data: there\n\n"].concat()).unwrap();
        (first, second)
    });
    let headers =
        ["Authorization", "Cookie", "X-Api-Key"].map(|name| (name.to_string(), "secret".to_string())).to_vec();
    let seen = watch(([127, 0, 0, 1], port).into(), Settings { headers, ..Settings::default() });
    assert_eq!(seen.events[0].1, "there");
    let (first, second) = server.join().unwrap();
    assert_eq!(first.matches("secret").count(), 3);
    assert_eq!(second.matches("secret").count(), 0, "{second}");
}

/// When each connection began, and what it asked.
type Asked = Arc<Mutex<Vec<(Instant, String)>>>;

/// A server that answers every connection with the same octets and ends it; tells when each began.
fn answering(octets: Vec<u8>) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let log = Asked::default();
    let heads = log.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, began) = (stream.unwrap(), Instant::now());
            let head = read_head(&mut stream);
            heads.lock().unwrap().push((began, head));
            let _ = stream.write_all(&octets);
        }
    });
    (address, log)
}

/// Whether no connection came before all waits in front of it were over. What is known is when the server came to know of each, and
/// that may be late for one and not for the next: so the time is counted from before the first. The loop's clock is a little behind.
fn each_waited(began: Instant, accepted: &[Instant], waits: &[Duration]) -> bool {
    let over = waits.iter().scan(Duration::ZERO, |over, wait| {
        *over += *wait;
        Some(*over)
    });
    accepted.iter().skip(1).zip(over).all(|(at, over)| *at - began >= over.mul_f32(0.9))
}

fn milliseconds(value: &serde_json::Value) -> Duration {
    Duration::from_millis(value.as_u64().expect("milliseconds"))
}

#[test]
fn sse_30_retry_zero() {
    let row = row("sse-30");
    let floor = milliseconds(&row["config"]["min_delay_ms"]);
    let (address, log) = answering(octets(&row["steps"][0]["data"]));
    let settings = Settings { min_delay: floor, ..Settings::default() };
    let began = Instant::now();
    net::block_on(async move {
        let mut source = EventSource::with_settings(&format!("http://{address}/events"), settings).unwrap();
        let mut lost = 0;
        while lost < 4 {
            lost += u32::from(matches!(source.next().await.unwrap(), Notice::Reconnecting { .. }));
        }
    })
    .unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 4);
    let times: Vec<_> = log.iter().map(|(at, _)| *at).collect();
    assert!(each_waited(began, &times, &[floor; 4]), "{log:?}");
}

#[test]
fn sse_31_redirect_to_itself() {
    let row = row("sse-31");
    let floor = milliseconds(&row["config"]["min_delay_ms"]);
    let (address, log) = answering(octets(&row["steps"][0]["data"]));
    let began = Instant::now();
    let seen = watch(address, Settings { min_delay: floor, ..Settings::default() });
    assert_eq!(format!("{:?}", seen.cause.expect("a cause")), row["expect"]["cause"].as_str().unwrap());
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 21);
    let times: Vec<_> = log.iter().map(|(at, _)| *at).collect();
    assert!(each_waited(began, &times, &[floor; 21]), "{log:?}");
}

#[test]
fn sse_32_content_coding() {
    let row = row("sse-32");
    let (address, log) = answering(octets(&row["steps"][0]["data"]));
    let seen = watch(address, Settings::default());
    let closed = seen.closed.expect("closed for good").to_string();
    assert!(closed.contains(row["expect"]["closed"].as_str().unwrap()), "{closed}");
    let head = log.lock().unwrap()[0].1.clone();
    assert!(head.contains(&format!("\r\n{}\r\n", row["expect"]["request"].as_str().unwrap())), "{head}");
}

#[test]
fn sse_33_fields_that_cannot_be_sent() {
    let row = row("sse-33");
    let made = |name: &str, value: &str| {
        let settings = Settings { headers: vec![(name.into(), value.into())], ..Settings::default() };
        EventSource::with_settings("http://127.0.0.1:1/", settings).is_ok()
    };
    for name in row["steps"][0]["names"].as_array().unwrap() {
        assert!(!made(name.as_str().unwrap(), "x"), "{name}");
    }
    for value in row["steps"][0]["values"].as_array().unwrap() {
        assert!(!made("x-field", value.as_str().unwrap()), "{value}");
    }
    assert!(made("x-field", "x"));
}

#[test]
fn sse_34_location() {
    let row = row("sse-34");
    let targets = row["expect"]["targets"].as_array().unwrap();
    for (location, target) in row["steps"][0]["data"].as_array().unwrap().iter().zip(targets) {
        let answer =
            [b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ", &octets(location)[..], b"\r\n\r\n"].concat();
        let (address, log) = answering(answer);
        net::block_on(async move {
            let settings = Settings { min_delay: Duration::ZERO, ..Settings::default() };
            let mut source = EventSource::with_settings(&format!("http://{address}/"), settings).unwrap();
            let _ = source.next().await;
        })
        .unwrap();
        let head = log.lock().unwrap()[1].1.clone();
        assert!(head.starts_with(&format!("GET {} HTTP/1.1\r\n", target.as_str().unwrap())), "{location}: {head}");
    }
}

#[test]
fn sse_35_head_and_other_methods() {
    let row = row("sse-35");
    let (address, _ended) = feed_server(Options::default(), server::Options::default(), Some(Duration::from_millis(1)));
    for (step, status) in row["steps"].as_array().unwrap().iter().zip(row["expect"]["statuses"].as_array().unwrap()) {
        let request =
            String::from_utf8(octets(&step["data"])).unwrap().replace("Host: a", "Host: a\r\nConnection: close");
        let answer = talk(address, request.as_bytes()).text();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(body, row["expect"]["body"].as_str().unwrap());
    }
}

#[test]
fn sse_36_half_closed_client() {
    let row = row("sse-36");
    let (address, _ended) =
        feed_server(Options::default(), server::Options::default(), Some(Duration::from_millis(20)));
    let mut client = connect(address);
    client.write_all(&octets(&row["steps"][0]["data"])).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
    while (seen.windows(6).filter(|six| six == b"data: ").count() as u64) < row["expect"]["events"].as_u64().unwrap() {
        let count = client.read(&mut bytes).expect("the stream goes on");
        assert!(count > 0, "the server ended the stream");
        seen.extend_from_slice(&bytes[..count]);
    }
}

#[test]
fn sse_37_proxies() {
    let row = row("sse-37");
    let address = start(Options::default(), async |request: Request<'_>, response: Response<'_>| {
        match EventStream::open(&request, response).await? {
            Some(stream) => stream.end().await,
            None => Ok(()),
        }
    });
    let answer = talk(address, REQUEST).text();
    for (name, value) in row["expect"]["header"].as_object().unwrap() {
        let line = answer.lines().find(|line| line.starts_with(&format!("{name}: "))).expect(name);
        assert!(line.contains(value.as_str().unwrap()), "{line}");
    }
}

#[test]
fn sse_38_informational_answers_without_end() {
    let row = row("sse-38");
    let step = &row["steps"][0];
    let (address, _log) = answering(octets(&step["data"]).repeat(step["count"].as_u64().unwrap() as usize));
    let seen = watch(address, Settings::default());
    assert_eq!(format!("{:?}", seen.cause.expect("a cause")), row["expect"]["cause"].as_str().unwrap());
}
