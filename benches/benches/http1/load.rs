//! The load: 64 connections that keep a number of requests in flight, and count what comes back.

use super::servers;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use wirebook_benches::client::{Client, ask};
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

fn client(name: &'static str, address: SocketAddr, in_flight: usize) -> Client {
    Client::new(name, address, (CONNECTIONS, in_flight), REQUEST, |_| REQUEST.repeat(in_flight))
}

/// CPU microseconds for a request, of every server, and user instructions of those that are part of this program.
pub(crate) fn run(in_flight: usize) -> Value {
    sys::pin(1);
    let started = servers::NAMES.iter().filter_map(|name| start(name));
    let mut servers: Vec<(Server, Client)> = started
        .map(|server| {
            let client = client(server.name, server.address, in_flight);
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
        let load = |address, requests| {
            client(name, address, in_flight).round(|sent| sent < requests);
        };
        let count = instructions(name, FEW, MANY, load);
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
        let answer = ask(server.address, REQUEST).len();
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
