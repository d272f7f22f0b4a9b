//! The load: 64 connections that keep a number of requests in flight, and count what comes back.

use super::servers;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use wirebook_benches::{Rounds, Server, instructions, sys};

const CONNECTIONS: usize = 64;
const REQUEST: &[u8] = b"GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: load\r\n\r\n";
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(500);
const IDLE: usize = 10_000;
/// Requests of a server whose instructions are counted, twice: each connection has as many, in whole pipelines.
const FEW: u64 = 2 * 16 * CONNECTIONS as u64;
const MANY: u64 = 22 * 16 * CONNECTIONS as u64;

/// `None` for a peer whose program is not on this machine.
fn start(name: &'static str) -> Option<Server> {
    match name {
        "node" => Server::start_peer(name, "node", &["-e", servers::NODE]),
        _ => Some(Server::start(name)),
    }
}

/// Asks once, and gives the length of the answer: all have the same, because the date has.
fn answer_length(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.write_all(REQUEST).expect("the server reads");
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"Hello, World!") {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).expect("the server answers");
        assert!(count > 0, "the server closed behind {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..count]);
    }
    assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
    bytes.len()
}

struct Client {
    name: &'static str,
    streams: Vec<TcpStream>,
    epoll: sys::Epoll,
    answer: usize,
    in_flight: usize,
    /// Bytes that are still to come, by descriptor.
    awaited: Vec<usize>,
}

impl Client {
    fn new(name: &'static str, address: SocketAddr, in_flight: usize) -> Self {
        let answer = answer_length(address);
        let epoll = sys::Epoll::new().expect("epoll is there");
        let connect = |_| {
            let stream = TcpStream::connect(address).expect("the server accepts");
            stream.set_nodelay(true).expect("the option exists");
            epoll.add(stream.as_raw_fd(), false).expect("the stream can be watched");
            stream
        };
        let streams: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect();
        let last = streams.iter().map(AsRawFd::as_raw_fd).max().unwrap_or(0) as usize;
        Client { name, streams, epoll, answer, in_flight, awaited: vec![0; last + 1] }
    }

    /// One round; requests that were answered. Each connection begins, and goes on while `more` says so, asked with the
    /// number of requests that were sent.
    fn round(&mut self, more: impl Fn(u64) -> bool) -> u64 {
        let batch = REQUEST.repeat(self.in_flight);
        let (mut events, mut buffer) = (sys::no_events(), vec![0; 64 * 1024]);
        for stream in &self.streams {
            sys::write(stream.as_raw_fd(), &batch).expect("the server reads");
            self.awaited[stream.as_raw_fd() as usize] = self.in_flight * self.answer;
        }
        let pipeline = self.in_flight as u64;
        let (mut sent, mut answered, mut open) = (pipeline * CONNECTIONS as u64, 0, CONNECTIONS);
        while open > 0 {
            for event in self.epoll.wait(&mut events, 1000).expect("epoll waits") {
                let fd = event.u64 as i32;
                let count = sys::read(fd, &mut buffer).expect("the server answers");
                assert!(count > 0, "the server closed a connection");
                let awaited = &mut self.awaited[fd as usize];
                *awaited = awaited.checked_sub(count).unwrap_or_else(|| {
                    panic!("{} sent too much: {}", self.name, String::from_utf8_lossy(&buffer[..count.min(600)]))
                });
                if *awaited > 0 {
                    continue;
                }
                answered += pipeline;
                if more(sent) {
                    sys::write(fd, &batch).expect("the server reads");
                    *awaited = self.in_flight * self.answer;
                    sent += pipeline;
                } else {
                    open -= 1;
                }
            }
        }
        answered
    }
}

/// CPU microseconds for a request, of every server, and user instructions of those that are part of this program.
pub(crate) fn run(in_flight: usize) -> Value {
    sys::pin(1);
    let started = servers::NAMES.iter().filter_map(|name| start(name));
    let mut servers: Vec<(Server, Client)> = started
        .map(|server| {
            let client = Client::new(server.name, server.address, in_flight);
            (server, client)
        })
        .collect();
    let names: Vec<_> = servers.iter().map(|(server, _)| server.name).collect();
    let rounds = Rounds::take(names.clone(), ROUNDS, |at| {
        let (server, client) = &mut servers[at];
        let before = server.cpu();
        let started = Instant::now();
        let answered = client.round(|_| started.elapsed() < ROUND);
        (server.cpu() - before) as f64 / 1000.0 / answered as f64
    });
    let mut rows = rounds.rows("server", "cpu_us_per_request", &["floor", "hyper"]);
    drop(servers);
    for (row, name) in rows.iter_mut().zip(names).filter(|(_, name)| *name != "node") {
        let ask = |address, requests| {
            Client::new(name, address, in_flight).round(|sent| sent < requests);
        };
        let count = instructions(name, FEW, MANY, ask);
        eprintln!("{name}: {count:?} user instructions a request");
        row["user_instructions"] = json!(count);
    }
    json!({ "connections": CONNECTIONS, "in_flight": in_flight, "rounds": ROUNDS, "servers": rows })
}

/// Bytes of memory for each connection that has had one answer and idles.
pub(crate) fn memory() -> Value {
    sys::allow_descriptors(IDLE as u64 + 1_000);
    let rows = ["wirebook", "hyper", "node"].iter().filter_map(|name| {
        let server = start(name)?;
        let answer = answer_length(server.address);
        let connect = |_| {
            let mut stream = TcpStream::connect(server.address).expect("the server accepts");
            stream.write_all(REQUEST).expect("the server reads");
            stream.read_exact(&mut vec![0; answer]).expect("the server answers");
            stream
        };
        let warm: Vec<TcpStream> = (0..200).map(connect).collect();
        std::thread::sleep(Duration::from_secs(3));
        let before = server.memory();
        let idle: Vec<TcpStream> = (0..IDLE).map(connect).collect();
        // Long enough to be parked, short enough not to be closed: the servers' time-out is set to a minute.
        std::thread::sleep(Duration::from_secs(3));
        let bytes = (server.memory() - before) as f64 / IDLE as f64;
        drop((warm, idle));
        Some(json!({ "server": name, "bytes_per_idle_connection": bytes.round() }))
    });
    json!({ "connections": IDLE, "servers": rows.collect::<Vec<_>>() })
}
