//! The load: 50 connections, each sends 64 bytes and waits for them to come back.

use super::servers;
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpStream},
    os::fd::AsRawFd,
    time::{Duration, Instant},
};
use wirebook_benches::{Rounds, Server, instructions, sys};

const CONNECTIONS: usize = 50;
const MESSAGE: [u8; 64] = [b'x'; 64];
/// Many short rounds: what a busy machine does to one of them it does to its neighbours, and the median leaves it out.
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(250);

struct Client {
    streams: Vec<TcpStream>,
    epoll: sys::Epoll,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let epoll = sys::Epoll::new().expect("epoll is there");
        let connect = |_| {
            let stream = TcpStream::connect(address).expect("the server accepts");
            stream.set_nodelay(true).expect("the option exists");
            epoll.add(stream.as_raw_fd(), false).expect("the stream can be watched");
            stream
        };
        let streams = (0..CONNECTIONS).map(connect).collect();
        Client { streams, epoll }
    }

    /// One round; messages that came back. It ends when `stop` says so, asked with that number.
    fn round(&self, stop: impl Fn(u64) -> bool) -> u64 {
        let (mut events, mut buffer) = (sys::no_events(), [0; 4096]);
        for stream in &self.streams {
            sys::write(stream.as_raw_fd(), &MESSAGE).expect("the server reads");
        }
        let (mut count, mut open) = (0, CONNECTIONS);
        while open > 0 {
            let stop = stop(count);
            for event in self.epoll.wait(&mut events, 1000).expect("epoll waits") {
                let fd = event.u64 as i32;
                let length = sys::read(fd, &mut buffer).expect("the server answers");
                assert_eq!(length, MESSAGE.len(), "loopback delivers a small message whole");
                count += 1;
                if stop {
                    open -= 1;
                } else {
                    sys::write(fd, &MESSAGE).expect("the server reads");
                }
            }
        }
        count
    }
}

pub(crate) fn run() -> Value {
    sys::pin(1);
    let servers: Vec<(Server, Client)> = servers::ECHO
        .into_iter()
        .map(|name| {
            let server = Server::start(name);
            let client = Client::new(server.address);
            (server, client)
        })
        .collect();
    let rounds = Rounds::take(servers::ECHO.to_vec(), ROUNDS, |at| {
        let (server, client) = &servers[at];
        let before = server.cpu();
        let started = Instant::now();
        let count = client.round(|_| started.elapsed() > ROUND);
        (server.cpu() - before) as f64 / count as f64 / 1000.0
    });
    let mut rows = rounds.rows("server", "cpu_us_per_message", &["epoll"]);
    for (row, name) in rows.iter_mut().zip(servers::ECHO) {
        let echo = |address, messages| {
            Client::new(address).round(|count| count + CONNECTIONS as u64 >= messages);
        };
        let count = instructions(name, 2_000, 22_000, echo);
        eprintln!("{name}: {count:?} user instructions a message");
        row["user_instructions"] = json!(count);
    }
    json!({ "connections": CONNECTIONS, "message_bytes": MESSAGE.len(), "rounds": ROUNDS, "servers": rows })
}
