//! The load: 50 connections, each sends 64 bytes and waits for them to come back.

use super::{servers, sys};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    os::fd::AsRawFd,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CONNECTIONS: usize = 50;
const MESSAGE: [u8; 64] = [b'x'; 64];
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(700);

/// A server in a process of its own; killed when dropped.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    pub(crate) fn start(name: &'static str) -> Self {
        let program = std::env::current_exe().expect("the bench knows its own file");
        let mut child =
            Command::new(program).args(["--serve", name]).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("the output is piped");
        BufReader::new(output).read_line(&mut line).expect("the server prints a line");
        let address = line.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        Server { name, address: address.expect("the line ends with the address"), child }
    }

    /// CPU time in nanoseconds, as the scheduler counted it.
    fn cpu(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).expect("the server is alive");
        text.split(' ').next().and_then(|text| text.parse().ok()).expect("schedstat begins with a number")
    }

    /// Memory of its own in bytes, without what it shares with others.
    pub(crate) fn memory(&self) -> i64 {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path).expect("the server is alive");
        let lines = text.lines().filter(|line| line.starts_with("Private"));
        lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok()).sum::<i64>() * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
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
    let mut figures = vec![Vec::new(); servers.len()];
    for round in 0..=ROUNDS {
        for turn in 0..servers.len() {
            // Another one begins each round.
            let at = (turn + round) % servers.len();
            let (server, client) = &servers[at];
            let before = server.cpu();
            let count = client.round();
            if round > 0 {
                figures[at].push((server.cpu() - before) as f64 / count as f64 / 1000.0);
            }
        }
    }
    let mut rows = Vec::new();
    for (at, (server, _)) in servers.iter().enumerate() {
        let ratios = figures[at].iter().zip(&figures[0]).map(|(figure, epoll)| figure / epoll).collect();
        let row = json!({
            "server": server.name,
            "cpu_us_per_message": round_to(median(figures[at].clone()), 3),
            "ratio_to_epoll": round_to(median(ratios), 3),
        });
        eprintln!("{row}");
        rows.push(row);
    }
    json!({ "connections": CONNECTIONS, "message_bytes": MESSAGE.len(), "rounds": ROUNDS, "servers": rows })
}

pub(crate) fn round_to(figure: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (figure * factor).round() / factor
}
