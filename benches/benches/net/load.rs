//! The load: 50 connections, each sends 64 bytes and waits for them to come back.

use super::servers;
use serde_json::{Value, json};
use std::{
    net::TcpStream,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};
use wirebook_benches::{Rounds, Server, sys};

const CONNECTIONS: usize = 50;
const MESSAGE: [u8; 64] = [b'x'; 64];
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(700);

struct Client {
    streams: Vec<TcpStream>,
    epoll: sys::Epoll,
}

impl Client {
    fn new(server: &Server) -> Self {
        let epoll = sys::Epoll::new().expect("epoll is there");
        let connect = |_| {
            let stream = TcpStream::connect(server.address).expect("the server accepts");
            stream.set_nodelay(true).expect("the option exists");
            epoll.add(stream.as_raw_fd(), false).expect("the stream can be watched");
            stream
        };
        let streams = (0..CONNECTIONS).map(connect).collect();
        Client { streams, epoll }
    }

    /// One round; messages that came back.
    fn round(&self) -> u64 {
        let (mut events, mut buffer) = (sys::no_events(), [0; 4096]);
        for stream in &self.streams {
            sys::write(stream.as_raw_fd(), &MESSAGE).expect("the server reads");
        }
        let (started, mut count, mut open) = (Instant::now(), 0, CONNECTIONS);
        while open > 0 {
            let stop = started.elapsed() > ROUND;
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
            let client = Client::new(&server);
            (server, client)
        })
        .collect();
    let rounds = Rounds::take(servers::ECHO.to_vec(), ROUNDS, |at| {
        let (server, client) = &servers[at];
        let before = server.cpu();
        let count = client.round();
        (server.cpu() - before) as f64 / count as f64 / 1000.0
    });
    let rows = rounds.rows("server", "cpu_us_per_message", &["epoll"]);
    json!({ "connections": CONNECTIONS, "message_bytes": MESSAGE.len(), "rounds": ROUNDS, "servers": rows })
}
