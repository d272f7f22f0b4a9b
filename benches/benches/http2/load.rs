//! The load: h2load on core 1, a round of it for each server in turn.

use super::servers;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use wirebook_benches::{Rounds, Server};

const ROUNDS: usize = 11;

/// What is measured.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    secure: bool,
    path: &'static str,
    /// Connections, requests at a time on each, and requests of a round.
    connections: u32,
    at_once: u32,
    requests: u32,
    /// What a figure counts.
    unit: &'static str,
}

pub(crate) const PARTS: [Part; 5] = [
    part("one", false, "/hello", [10, 1, 5_000], "cpu_us_per_request"),
    part("many", false, "/hello", [10, 32, 20_000], "cpu_us_per_request"),
    part("tls", true, "/hello", [10, 32, 20_000], "cpu_us_per_request"),
    part("download", true, "/large", [1, 1, 8], "cpu_us_per_16_mib"),
    part("handshakes", true, "/hello", [200, 1, 200], "cpu_us_per_connection"),
];

const fn part(
    name: &'static str,
    secure: bool,
    path: &'static str,
    [connections, at_once, requests]: [u32; 3],
    unit: &'static str,
) -> Part {
    Part { name, secure, path, connections, at_once, requests, unit }
}

/// CPU microseconds of every server, and each round's ratio to the peers.
pub(crate) fn run(part: &Part) -> Value {
    let folder = servers::folder();
    let servers: Vec<Server> = servers::NAMES.iter().filter_map(|name| start(name, part.secure, &folder)).collect();
    let rounds = Rounds::take(servers.iter().map(|server| server.name).collect(), ROUNDS, |at| {
        let server = &servers[at];
        let before = server.cpu();
        ask(server, part);
        (server.cpu() - before) as f64 / 1000.0 / f64::from(part.requests)
    });
    let rows = rounds.rows("server", part.unit, &["nghttpd", "hyper"]);
    let Part { connections, at_once, requests, .. } = part;
    json!({ "connections": connections, "at_once": at_once, "requests": requests, "rounds": ROUNDS, "servers": rows })
}

/// `None` for a peer that is not on this machine, or does not speak TLS here.
fn start(name: &'static str, secure: bool, folder: &Path) -> Option<Server> {
    if name == "nghttpd" {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let [port, files] = [address.port().to_string(), format!("--htdocs={}", folder.display())];
        let [key, certificate] = ["key.pem", "certificate.pem"].map(|file| folder.join(file).display().to_string());
        let arguments = match secure {
            true => vec!["--workers=1", &files, &port, &key, &certificate],
            false => vec!["--workers=1", "--no-tls", &files, &port],
        };
        return Server::start_silent(name, "nghttpd", &arguments, address);
    }
    match (name, secure) {
        ("wirebook", true) => Some(Server::start_as(name, "wirebook-tls")),
        ("hyper", true) => Some(Server::start_as(name, "hyper-tls")),
        (_, true) => None,
        (_, false) => Some(Server::start(name)),
    }
}

/// A round; all of it must be answered.
fn ask(server: &Server, part: &Part) {
    let scheme = if part.secure { "https" } else { "http" };
    let url = format!("{scheme}://{}{}", server.address, part.path);
    let numbers = [("-c", part.connections), ("-m", part.at_once), ("-n", part.requests)];
    let numbers = numbers.iter().flat_map(|(flag, number)| [(*flag).to_owned(), number.to_string()]);
    let output = Command::new("taskset").args(["-c", "1", "h2load", "-t", "1"]).args(numbers).arg(&url).output();
    let output = output.expect("taskset is there");
    let told = String::from_utf8_lossy(&output.stdout);
    let succeeded = format!("{} succeeded", part.requests);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(&succeeded), "{} at {url}: is h2load (package nghttp2) there?\n{told}\n{why}", server.name);
    assert!(told.contains(&format!("{} 2xx", part.requests)), "{}: {told}", server.name);
}
