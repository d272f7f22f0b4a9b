//! One event to many subscribers: the server's CPU time for each delivery, ours and Node's; and what the same event costs
//! over server-sent events, WebSocket and long polling.
//!
//! Run: cargo bench -p wirebook-benches --bench sse_fanout     (adds to benches/results/PROCESSOR/sse.json)
//!
//! The server is a process of its own; its CPU time is read from /proc between the first event that everyone has and the
//! last. The subscribers live in this process. It needs about 10 000 file descriptors; with fewer it takes fewer.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use wirebook_benches::{Results, round_to};
use wirebook_http1::server::Options;
use wirebook_http1::{Request, Response, serve_on};
use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_net::{self as net, Stream};
use wirebook_sse::channel::Settings;
use wirebook_sse::feed::Feed;
use wirebook_sse::server::serve_feed;
use wirebook_websocket::{Accepted, Hub, Overflow};

/// Time between two events, for ten thousand subscribers; a tenth of it for a thousand.
const EVERY: Duration = Duration::from_millis(250);
/// Deliveries that are counted: /proc counts in steps of 10 ms.
const DELIVERIES: u64 = 200_000;
/// Marks the end of an event's data; nothing else on the wire has it.
const MARK: u8 = b'~';

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [serve, mode, subscribers] if serve == "--serve" => serve_mode(mode, subscribers.parse().unwrap()),
        _ if arguments.iter().any(|argument| argument == "--bench") => measure_all(),
        // `cargo test` builds and runs benches as well: nothing to do there.
        _ => {}
    }
}

fn measure_all() {
    let most = open_files().saturating_sub(100).min(10_000);
    let ours = measure("sse", most);
    let node = measure("node", most);
    let few = most.min(1_000);
    let costs: Vec<(&str, Option<Measured>)> =
        ["sse", "websocket", "long polling"].map(|mode| (mode, measure(mode, few))).to_vec();

    let micro = |measured: &Measured| round_to(measured.cpu_ns as f64 / 1000.0, 2);
    let servers = [("wirebook", ours), ("node, a Set of responses", node)].into_iter();
    let servers = servers
        .filter_map(|(name, measured)| measured.map(|it| json!({ "server": name, "cpu_us_per_delivery": micro(&it) })));
    let transports = costs.into_iter().filter_map(|(mode, measured)| {
        measured.map(|it| {
            json!({ "transport": mode, "bytes_down": it.bytes_down, "bytes_up": it.bytes_up, "cpu_us_per_event": micro(&it) })
        })
    });
    let mut results = Results::open("sse");
    results.set("fan_out", json!({ "subscribers": most, "servers": Vec::from_iter(servers) }));
    results.set("transports", json!({ "subscribers": few, "rows": Vec::from_iter(transports) }));
    results.save();
}

#[derive(Clone, Copy)]
struct Measured {
    cpu_ns: u64,
    bytes_down: u64,
    bytes_up: u64,
}

/// Starts a server, subscribes, and counts. `None` where the server cannot be started (no Node).
fn measure(mode: &'static str, subscribers: usize) -> Option<Measured> {
    let mut child = start(mode, subscribers)?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let address: SocketAddr = line.trim().strip_prefix("listening on ")?.parse().ok()?;
    let pid = child.id();
    let measured = net::block_on(async move { subscribe(mode, address, subscribers, pid).await }).ok();
    let _ = child.kill();
    let _ = child.wait();
    measured
}

fn start(mode: &str, subscribers: usize) -> Option<Child> {
    let mut command = match mode {
        "node" => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sse_peers/fanout.mjs");
            let mut command = Command::new("node");
            command.arg(script).arg(subscribers.to_string()).arg(pace(subscribers).as_millis().to_string());
            command
        }
        mode => {
            let mut command = Command::new(std::env::current_exe().ok()?);
            command.args(["--serve", mode, &subscribers.to_string()]);
            command
        }
    };
    command.stdout(Stdio::piped()).spawn().ok()
}

async fn subscribe(mode: &'static str, address: SocketAddr, subscribers: usize, pid: u32) -> Measured {
    let marks = Rc::new(Cell::new(0u64));
    let bytes = Rc::new(Cell::new(0u64));
    let request: Rc<[u8]> = match mode {
        "websocket" => b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".as_slice(),
        _ => b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n",
    }
    .into();
    for _ in 0..subscribers {
        let stream = TcpStream::connect(address).await.expect("the server takes everyone");
        let (marks, bytes, request) = (marks.clone(), bytes.clone(), request.clone());
        net::spawn(async move {
            stream.write_all(&request).await.expect("a request");
            loop {
                // A buffer is lent for the time of one read: ten thousand subscribers do not own one each.
                stream.readable().await.expect("a loop");
                let mut buffer = net::buffer();
                let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
                let seen = buffer[..count].iter().filter(|&&byte| byte == MARK).count() as u64;
                drop(buffer);
                bytes.set(bytes.get() + count as u64);
                marks.set(marks.get() + seen);
                if mode == "long polling" && seen > 0 {
                    stream.write_all(&request).await.expect("a request");
                }
            }
        });
    }
    let all = subscribers as u64;
    wait_for(&marks, all).await;
    let (cpu, before, down) = (cpu_ns(pid), marks.get(), bytes.get());
    wait_for(&marks, all + DELIVERIES.next_multiple_of(all)).await;
    let deliveries = marks.get() - before;
    let measured = Measured {
        cpu_ns: (cpu_ns(pid) - cpu) / deliveries,
        bytes_down: (bytes.get() - down) / deliveries,
        bytes_up: if mode == "long polling" { request.len() as u64 } else { 0 },
    };
    net::stop();
    measured
}

async fn wait_for(marks: &Cell<u64>, enough: u64) {
    while marks.get() < enough {
        net::sleep(Duration::from_millis(5)).await;
    }
}

/// User and system time of a process so far. Linux counts it in hundredths of a second.
fn cpu_ns(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running server, on Linux");
    let fields: Vec<&str> = text[text.rfind(')').expect("a name") + 2..].split(' ').collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000_000
}

fn open_files() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|number| number.parse().ok()).unwrap_or(1024)
}

fn serve_mode(mode: &str, subscribers: usize) {
    let mode = mode.to_string();
    net::block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        let data = format!("{}{}", "x".repeat(99), MARK as char);
        if mode == "websocket" {
            let hub = Hub::new(Overflow::Disconnect, None);
            let rooms = hub.clone();
            let options = wirebook_websocket::Options::default();
            wirebook_websocket::serve_on(listener, (), options, async move |mut connection: Accepted| {
                let _seat = rooms.join("all", &connection.writer);
                while connection.reader.next().await?.is_some() {}
                Ok(())
            });
            return every(
                subscribers,
                || hub.members("all") == subscribers,
                || {
                    hub.broadcast("all", &data[..]);
                },
            )
            .await;
        }
        let feed = Feed::new(Settings::default());
        let served = feed.clone();
        let polling = mode == "long polling";
        serve_on(listener, Options::default(), async move |mut request: Request<'_>, response: Response<'_>| {
            if !polling {
                return serve_feed(&mut request, response, &served, &Default::default()).await;
            }
            let mut subscription =
                served.subscribe(Some(&served.with_channel(|channel| channel.id(channel.next() - 1))));
            let mut pieces = Vec::new();
            subscription.next(1, &mut pieces).await;
            response.header("content-type", "text/plain").header("cache-control", "no-store").end(&pieces[0]).await
        });
        let enough = || feed.subscribers() == subscribers;
        every(subscribers, enough, || {
            feed.publish("message", &data).expect("an event");
        })
        .await
    })
    .expect("a loop")
    .expect("a free port");
}

/// Publishes for ever, once everyone is there. A long poll is away between two of them, so that is asked once.
async fn every(subscribers: usize, everyone: impl Fn() -> bool, publish: impl Fn()) -> std::io::Result<()> {
    while !everyone() {
        net::sleep(Duration::from_millis(20)).await;
    }
    loop {
        publish();
        net::sleep(pace(subscribers)).await;
    }
}

fn pace(subscribers: usize) -> Duration {
    EVERY.mul_f64(subscribers as f64 / 10_000.0).max(Duration::from_millis(10))
}
