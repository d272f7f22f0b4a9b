//! What the web layer costs: GitHub's 130 routes and five layers around a hello, files from a folder, sessions in memory; beside our own
//! HTTP/1 without it, axum with five layers (and tower-http's files, tower-sessions), Koa and Express.
//!
//! Run: npm ci --prefix benches/benches/web/peers; cargo bench -p wirebook-benches --bench web [-- plain | pipelined | files | sessions | instructions]
//!
//! CPU time of the server for a request, of 64 connections that ask for different routes, with one request at a time or sixteen in a
//! pipeline. Servers take turns in short rounds, as `benches/src/lib.rs` says. Instructions are counted by valgrind, where there is one.
//! Results go to `benches/results/PROCESSOR/web.json`. What a request allocates is counted by a test: `tests/tests/web/allocations.rs`.

mod servers;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use wirebook_benches::client::{Client, END, ask};
use wirebook_benches::{Results, Rounds, Server, instructions, served, sys, wanted};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(500);
/// Requests of a server whose instructions are counted, twice.
const FEW: u64 = 2 * CONNECTIONS as u64;
const MANY: u64 = 40 * CONNECTIONS as u64;

/// Bytes of the file that is asked for.
const FILE: usize = 4096;

/// The folder of files, the same for all servers.
fn folder() -> PathBuf {
    std::env::temp_dir().join("wirebook-bench-web")
}

fn request(path: &str, cookie: Option<&str>) -> Vec<u8> {
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: load\r\n{cookie}\r\n").into()
}

/// GitHub's routes, with something for each of their parameters; one connection asks for others than the next.
fn hello(at: usize) -> String {
    let patterns: Vec<&str> = include_str!("../github.txt").lines().collect();
    let segments = patterns[at * 37 % patterns.len()].split('/');
    let segments = segments.map(|segment| if segment.starts_with('{') { "octocat" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// `None` for a peer whose program is not on this machine.
fn start(name: &'static str) -> Option<Server> {
    let (peer, part) = name.split_once(' ').unwrap_or((name, "hello"));
    if !matches!(peer, "koa" | "express") {
        return Some(Server::start(name));
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/web/peers");
    if !folder.join("node_modules/koa").is_dir() {
        eprintln!("npm ci --prefix benches/benches/web/peers, to measure {name} too");
        return None;
    }
    Server::start_peer(name, "node", &[folder.join("hello.mjs").to_str()?, peer, part])
}

/// The cookies of a first answer, as they go back.
fn cookies(answer: &[u8]) -> String {
    let head = String::from_utf8_lossy(answer).into_owned();
    let lines = head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie: "));
    lines.filter_map(|line| line[12..].split(';').next()).collect::<Vec<_>>().join("; ")
}

fn client(server: &'static str, address: std::net::SocketAddr, part: &str, in_flight: usize) -> Client {
    let cookie = (part == "sessions").then(|| cookies(&ask(address, &request("/", None))));
    let path = |at: usize| match part {
        "files" => "/static/tea.txt".to_owned(),
        "sessions" => "/".to_owned(),
        _ => hello(at),
    };
    let one = request(&path(0), cookie.as_deref());
    Client::new(server, address, (CONNECTIONS, in_flight), &one, |connection| {
        (0..in_flight).flat_map(|turn| request(&path(connection + turn), cookie.as_deref())).collect()
    })
}

fn measure(part: &str, names: &[&'static str], in_flight: usize, bases: &[&str]) -> Value {
    sys::pin(1);
    let mut servers: Vec<(Server, Client)> = names
        .iter()
        .filter_map(|name| start(name))
        .map(|server| {
            let client = client(server.name, server.address, part, in_flight);
            (server, client)
        })
        .collect();
    let rounds = Rounds::take(servers.iter().map(|(server, _)| server.name).collect(), ROUNDS, |at| {
        let (server, client) = &mut servers[at];
        let before = server.cpu();
        let started = Instant::now();
        let answered = client.round(|_| started.elapsed() < ROUND);
        (server.cpu() - before) as f64 / 1000.0 / answered as f64
    });
    let rows = rounds.rows("server", "cpu_us_per_request", bases);
    json!({ "connections": CONNECTIONS, "in_flight": in_flight, "rounds": ROUNDS, "servers": rows })
}

/// User instructions for each request, of the servers that are part of this program.
fn count() -> Value {
    let rows = [("http1", "plain"), ("wirebook", "plain"), ("axum", "plain"), ("wirebook session", "sessions")].map(
        |(name, part)| {
            let load = |address, requests| {
                client(name, address, part, 1).round(|sent| sent < requests);
            };
            let count = instructions(name, FEW, MANY, load);
            eprintln!("{name}: {count:?} user instructions a request");
            json!({ "server": name, "user_instructions": count })
        },
    );
    json!(rows)
}

/// Puts the file where the servers look for it. It has to lie for a while: until then it has a weak tag, which is longer than a strong one, and
/// all answers of a server are to have one length.
fn lay_out() {
    let mut file = vec![b'x'; FILE - END.len()];
    file.extend_from_slice(END);
    std::fs::create_dir_all(folder()).expect("a temporary folder");
    let path = folder().join("tea.txt");
    if std::fs::read(&path).is_ok_and(|there| there == file) {
        return;
    }
    std::fs::write(path, file).expect("a temporary file");
    std::thread::sleep(Duration::from_secs(3));
}

fn main() {
    if let Some(server) = served() {
        return servers::serve(&server, &folder());
    }
    lay_out();
    let mut results = Results::open("web");
    let hello = ["http1", "wirebook", "axum", "koa", "express"];
    if wanted("plain") {
        results.set("plain", measure("plain", &hello, 1, &["http1", "axum", "koa", "express"]));
    }
    if wanted("pipelined") {
        results.set("pipelined", measure("pipelined", &hello, 16, &["http1", "axum", "koa", "express"]));
    }
    if wanted("files") {
        results.set(
            "files",
            measure("files", &["wirebook files", "wirebook assets", "tower-http files"], 1, &["tower-http files"]),
        );
    }
    if wanted("sessions") {
        let names = ["wirebook session", "tower-sessions session", "koa session", "express session"];
        results.set("sessions", measure("sessions", &names, 1, &["tower-sessions session", "koa session"]));
    }
    if wanted("instructions") {
        results.set("instructions", count());
    }
    results.save();
}
