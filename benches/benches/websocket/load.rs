//! The load: connections that send a batch of messages in one write and the next when all have come back.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde_json::{Map, Value, json};
use wirebook_benches::{Rounds, Server, instructions, sys};
use wirebook_websocket::{Connection, Kind};

use crate::servers::NAMES;

const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The peer that is not a crate.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/websocket/peers");

/// Many short rounds: what a busy machine does to one of them it does to its neighbours, and the median leaves it out.
const ROUNDS: usize = 25;
const ROUND: Duration = Duration::from_millis(150);

fn start(name: &'static str) -> Server {
    match name {
        "ws broadcast" => {
            Server::start_peer(name, "node", &[&format!("{PEERS}/broadcast.mjs")]).expect("node is there")
        }
        _ => Server::start(name),
    }
}

fn open(address: SocketAddr) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    stream.write_all(HANDSHAKE).expect("the server reads");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("the server answers");
        head.push(byte[0]);
    }
    stream
}

fn connect(address: SocketAddr, connections: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let stream = open(address);
        stream.set_nonblocking(true).expect("a socket option");
        TcpStream::from_std(stream)
    };
    (0..connections).map(connect).collect()
}

/// Frames of different content and keys, `batch` at a time.
fn batches(size: usize, batch: usize) -> (Vec<Vec<u8>>, usize) {
    let mut client = Connection::client(Arc::default(), None, getrandom, Instant::now());
    let made = (0..16)
        .map(|_| {
            let mut out = Vec::new();
            for _ in 0..batch {
                let mut payload = vec![0; size];
                getrandom(&mut payload);
                client.send_message(Kind::Binary, &payload, &mut out).expect("open");
            }
            out
        })
        .collect();
    let header = if size < 126 {
        2
    } else if size < 65536 {
        4
    } else {
        10
    };
    (made, batch * (header + size))
}

fn getrandom(bytes: &mut [u8]) {
    let mut file = std::fs::File::open("/dev/urandom").expect("a source of randomness");
    file.read_exact(bytes).expect("randomness");
}

/// Runs until `stop`, which is told how many messages have come back; how many that were in the end.
fn drive(
    streams: &mut [TcpStream],
    batches: &[Vec<u8>],
    answer: usize,
    batch: usize,
    stop: impl Fn(u64) -> bool,
) -> u64 {
    let mut poll = Poll::new().expect("epoll");
    let mut events = Events::with_capacity(256);
    let mut got = vec![0usize; streams.len()];
    let mut buffer = vec![0; 1 << 20];
    for (i, stream) in streams.iter_mut().enumerate() {
        poll.registry().register(stream, Token(i), Interest::READABLE).expect("epoll");
        send(stream, &batches[i % batches.len()]);
    }
    let mut rounds = 0u64;
    while !stop(rounds * batch as u64) {
        poll.poll(&mut events, Some(Duration::from_millis(100))).expect("epoll");
        for event in &events {
            let at = event.token().0;
            loop {
                match streams[at].read(&mut buffer) {
                    Ok(0) => panic!("the server hung up"),
                    Ok(count) => got[at] += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
            if got[at] >= answer {
                assert_eq!(got[at], answer);
                got[at] = 0;
                rounds += 1;
                send(&mut streams[at], &batches[rounds as usize % batches.len()]);
            }
        }
    }
    // Lets the last answers come, so that the next round starts clean.
    for (i, stream) in streams.iter_mut().enumerate() {
        while got[i] < answer {
            match stream.read(&mut buffer) {
                Ok(0) => panic!("the server hung up"),
                Ok(count) => got[i] += count,
                Err(_) => std::thread::yield_now(),
            }
        }
        poll.registry().deregister(stream).expect("epoll");
    }
    (rounds + streams.len() as u64) * batch as u64
}

fn send(stream: &mut TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) fn echo() -> Value {
    sys::pin(1);
    let mut rows = Vec::new();
    for (load, connections, size, batch) in [
        ("50 × 64 B, 1 in flight", 50, 64, 1),
        ("50 × 64 B, 16 in flight", 50, 64, 16),
        ("50 × 1 KiB, 16 in flight", 50, 1024, 16),
        ("10 × 64 KiB, 1 in flight", 10, 64 << 10, 1),
    ] {
        let (made, answer) = batches(size, batch);
        let mut servers: Vec<(Server, Vec<TcpStream>)> = NAMES
            .into_iter()
            .map(|name| {
                let server = start(name);
                let streams = connect(server.address, connections);
                (server, streams)
            })
            .collect();
        eprintln!("{load}");
        let rounds = Rounds::take(NAMES.to_vec(), ROUNDS, |at| {
            let (server, streams) = &mut servers[at];
            let before = server.cpu();
            let begun = Instant::now();
            let messages = drive(streams, &made, answer, batch, |_| begun.elapsed() >= ROUND);
            (server.cpu() - before) as f64 / 1000.0 / messages as f64
        });
        let bases = ["floor", "fastwebsockets", "tungstenite tuned"];
        for (name, mut row) in NAMES.into_iter().zip(rounds.rows("server", "cpu_us_per_message", &bases)) {
            row["load"] = load.into();
            let few = (connections * batch) as u64;
            let count = instructions(name, 4 * few, 24 * few, |address, messages| {
                let mut streams = connect(address, connections);
                drive(&mut streams, &made, answer, batch, |come| come + few >= messages);
            });
            eprintln!("{name}: {count:?} user instructions a message");
            row["user_instructions"] = json!(count);
            rows.push(row);
        }
    }
    rows.into()
}

pub(crate) fn idle() -> Value {
    const COUNT: usize = 10_000;
    sys::allow_descriptors(2 * COUNT as u64);
    let mut row = Map::new();
    for name in NAMES {
        let server = start(name);
        // What the first connections make the server allocate for good does not count.
        let first: Vec<_> = (0..10).map(|_| open(server.address)).collect();
        let before = server.memory();
        let open: Vec<_> = (0..COUNT).map(|_| open(server.address)).collect();
        std::thread::sleep(Duration::from_millis(200));
        let each = (server.memory() - before) / COUNT as i64;
        row.insert(name.into(), json!(each));
        drop((first, open));
    }
    Value::Object(row)
}

pub(crate) fn broadcast() -> Value {
    sys::pin(1);
    const COUNT: usize = 10_000;
    sys::allow_descriptors(2 * COUNT as u64);
    let mut names = vec!["wirebook broadcast", "tungstenite broadcast"];
    let installed = Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(PEERS).status();
    match installed.is_ok_and(|status| status.success()) {
        true => names.push("ws broadcast"),
        false => eprintln!("SKIPPED: Node's ws, because npm cannot install it"),
    }
    let mut row = Map::new();
    for name in names {
        let server = start(name);
        let mut streams: Vec<std::net::TcpStream> = (0..COUNT).map(|_| open(server.address)).collect();
        let mut buffer = vec![0; 1028];
        let mut best: f64 = 0.0;
        for _ in 0..5 {
            let before = server.cpu();
            streams[0].write_all(b"\x81\x80\x00\x00\x00\x00").expect("the server reads");
            for stream in &mut streams {
                stream.read_exact(&mut buffer).expect("the broadcast arrives");
            }
            best = best.max(COUNT as f64 / Duration::from_nanos(server.cpu() - before).as_secs_f64());
        }
        let name = name.trim_end_matches(" broadcast");
        row.insert(name.into(), json!(best.round()));
    }
    Value::Object(row)
}
