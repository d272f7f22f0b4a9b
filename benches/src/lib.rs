//! What the benches share: servers in processes of their own, rounds that contestants take in turn, and files of results.
//!
//! A server is this very program, started again with `--serve NAME` and pinned to core 0; it prints
//! `listening on ADDRESS` and serves until it is killed. The load pins itself to core 1. What an operation costs is the
//! CPU time that the scheduler counted for the server, divided by the operations of a round.

pub mod callgrind;
pub mod client;
pub mod sys;

use serde_json::{Map, Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A server in a process of its own; killed when dropped.
#[derive(Debug)]
pub struct Server {
    /// What tables call it.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts this program again as the server `name`.
    ///
    /// # Panics
    /// When it does not say where it listens; so with all of this crate: a bench that cannot measure must not go on.
    pub fn start(name: &'static str) -> Self {
        Self::start_as(name, name)
    }

    /// The same, where this program knows it under another name: `server`.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_as(name: &'static str, server: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the bench knows its own file"));
        command.args(["--serve", server]);
        Self::spawn(name, command).unwrap_or_else(|| panic!("the server {name} does not start"))
    }

    /// Starts a peer's program, pinned to core 0; `None` where it is not on this machine or does not listen.
    pub fn start_peer(name: &'static str, program: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]).args(arguments);
        Self::spawn(name, command)
    }

    /// Starts a peer that does not say where it listens, at an address that is free; `None` where it is not on this machine or
    /// does not listen within some seconds.
    pub fn start_silent(name: &'static str, program: &str, arguments: &[&str], address: SocketAddr) -> Option<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]).args(arguments).stdout(Stdio::null());
        let server = Server { name, address, child: command.spawn().ok()? };
        let listens = (0..50).any(|_| {
            let connected = TcpStream::connect(address).is_ok();
            if !connected {
                thread::sleep(Duration::from_millis(100));
            }
            connected
        });
        listens.then_some(server)
    }

    fn spawn(name: &'static str, mut command: Command) -> Option<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        let address = line.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        Some(Server { name, address: address?, child })
    }

    /// CPU time of all its threads in nanoseconds, as the scheduler counted it.
    pub fn cpu(&self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("the server is alive");
        let texts = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
        texts.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Memory of its own in bytes, without what it shares with others.
    pub fn memory(&self) -> i64 {
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

/// User instructions of the server `name` for each operation, counted by valgrind's callgrind: a busy machine makes times long
/// and leaves these alone. `operate` makes a server at that address do so many operations; it is asked for `few` and, of
/// another server, for `many`, and the difference is divided. `None` where there is no valgrind, or the server does
/// something that valgrind does not know.
pub fn instructions(name: &str, few: u64, many: u64, operate: impl Fn(SocketAddr, u64)) -> Option<f64> {
    let count = |operations: u64| -> Option<u64> {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(std::env::current_exe().ok()?).args(["--serve", name]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        let address = line.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok());
        if let Some(address) = address {
            operate(address, operations);
        }
        sys::terminate(child.id());
        let output = child.wait_with_output().ok()?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
    };
    let (less, more) = (count(few)?, count(many)?);
    Some((more.checked_sub(less)? as f64 / (many - few) as f64).round())
}

/// The name after `--serve`, in the process of a server; pins that process to core 0.
pub fn served() -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--serve").skip(1);
    let name = arguments.next()?;
    sys::pin(0);
    Some(name)
}

/// Whether a part of a bench was asked for: by name, or because none was named.
pub fn wanted(part: &str) -> bool {
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    named.peek().is_none() || named.any(|argument| argument == part)
}

/// Figures of several contestants, round by round.
#[derive(Debug)]
pub struct Rounds {
    names: Vec<&'static str>,
    figures: Vec<Vec<f64>>,
}

impl Rounds {
    /// Lets `names` take turns for `rounds` rounds, of which each begins with another one; `measure` gives the figure of the
    /// contestant with that index. One more round comes first and does not count.
    pub fn take(names: Vec<&'static str>, rounds: usize, mut measure: impl FnMut(usize) -> f64) -> Self {
        let mut figures = vec![Vec::new(); names.len()];
        for round in 0..=rounds {
            for turn in 0..names.len() {
                let at = (turn + round) % names.len();
                let figure = measure(at);
                if round > 0 {
                    figures[at].push(figure);
                }
            }
        }
        Rounds { names, figures }
    }

    /// For each contestant its name under `kind`, the median of its figures under `unit`, and under `ratio_to_NAME` the median
    /// of the ratios to each of `bases` within a round.
    pub fn rows(&self, kind: &str, unit: &str, bases: &[&str]) -> Vec<Value> {
        let row = |at: usize| {
            let mut row = Map::new();
            row.insert(kind.into(), self.names[at].into());
            row.insert(unit.into(), round_to(median(self.figures[at].clone()), 3).into());
            for base in bases {
                let Some(other) = self.names.iter().position(|name| name == base) else { continue };
                let ratios = self.figures[at].iter().zip(&self.figures[other]).map(|(one, other)| one / other);
                let key = format!("ratio_to_{}", base.replace(['-', ' '], "_"));
                row.insert(key, round_to(median(ratios.collect()), 3).into());
            }
            let row = Value::Object(row);
            eprintln!("{row}");
            row
        };
        (0..self.names.len()).map(row).collect()
    }
}

/// The middle one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// To so many digits behind the point.
pub fn round_to(figure: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (figure * factor).round() / factor
}

/// Where results of this processor go: `benches/results/PROCESSOR/NAME.json`. Figures of one processor say little about
/// another, so each has a folder; `benches/results/shown` says whose figures the book shows.
fn results_file(name: &str) -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/results")).join(processor());
    fs::create_dir_all(&folder).expect("the results are writable");
    folder.join(format!("{name}.json"))
}

/// A short name for this processor: the words of its model, then family and model as numbers, which tell generations of one
/// name apart (an EPYC of family 25 and model 17 is a Zen 4).
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let is = |line: &&str| line.split(':').next().is_some_and(|field| field.trim() == name);
        text.lines().find(is).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_lowercase())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let model = model.replace("(r)", "").replace("(tm)", "").replace("processor", "");
    let words = model.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let numbers = [("f", field("cpu family")), ("m", field("model"))];
    let numbers = numbers.into_iter().filter_map(|(letter, number)| Some(format!("{letter}{}", number?)));
    words.map(String::from).chain(numbers).collect::<Vec<_>>().join("-")
}

/// `benches/results/PROCESSOR/NAME.json`: what is measured anew replaces what was there, and the rest stays.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    members: Map<String, Value>,
}

impl Results {
    /// The results so far, with this machine as `hardware`.
    pub fn open(name: &str) -> Self {
        let path = results_file(name);
        let text = fs::read(&path).ok();
        let members = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let mut results = Results { path, members };
        results.set("hardware", json!(hardware()));
        results.set("date", json!(today()));
        let peers = PEERS.iter().filter(|(file, _)| *file == name).flat_map(|(_, peers)| *peers);
        let peers: Map<String, Value> = peers.map(|peer| (peer.to_string(), json!(version(peer)))).collect();
        if !peers.is_empty() {
            results.set("peers", Value::Object(peers));
        }
        results
    }

    /// Puts `value` under `key`.
    pub fn set(&mut self, key: &str, value: Value) {
        self.members.insert(key.into(), value);
    }

    /// Writes the file.
    pub fn save(self) {
        let text = serde_json::to_string_pretty(&self.members).expect("a map of values is always JSON") + "\n";
        fs::write(&self.path, text).expect("the results are writable");
        eprintln!("written to {}", self.path.display());
    }
}

/// What each file of results measures us against: crates, packages of Node's, and programs.
const PEERS: &[(&str, &[&str])] = &[
    ("cluster", &["node"]),
    ("hpack", &["httlib-hpack", "libnghttp2-sys"]),
    ("http1", &["hyper", "may_minihttp", "node"]),
    ("http1_client", &["hyper", "hyper-util", "nginx"]),
    ("http2", &["h2", "hyper", "nghttpd", "tokio-rustls"]),
    ("instructions", &["httparse", "milo-parser", "ntex-httparse"]),
    ("net", &["mio", "tokio"]),
    ("parsers", &["httparse", "milo-parser", "ntex-httparse", "picohttpparser-sys"]),
    (
        "sse",
        &["axum", "eventsource-client", "eventsource-stream", "node", "sse-core", "sse-parse", "sse-stream", "sseer"],
    ),
    ("template", &["askama", "ejs", "eta", "handlebars", "liquid", "minijinja", "node", "sailfish", "tera", "upon"]),
    ("web", &["axum", "express", "hyper", "koa", "node", "tower-http", "tower-sessions"]),
    ("websocket", &["fastwebsockets", "node", "tokio-tungstenite", "ws"]),
];

/// The version of a peer: of a crate or of a package of Node's from the lock files that the bench was built by, of a program from
/// what it says itself.
fn version(name: &str) -> String {
    const CRATES: &str = include_str!("../../Cargo.lock");
    const PACKAGES: [&str; 3] = [
        include_str!("../benches/template_peers/package-lock.json"),
        include_str!("../benches/web/peers/package-lock.json"),
        include_str!("../benches/websocket/peers/package-lock.json"),
    ];
    let behind = |text: &str, mark: &str| Some(text.split_once(mark)?.1.split('"').next()?.to_owned());
    let locked = behind(CRATES, &format!("name = \"{name}\"\nversion = \""));
    let package = format!("\"node_modules/{name}\": {{\n      \"version\": \"");
    let packed = || PACKAGES.iter().find_map(|lock| behind(lock, &package));
    locked.or_else(packed).or_else(|| told(name)).unwrap_or_else(|| "unknown".into())
}

/// The version that a program tells: the first of its words that is a number with points in it.
fn told(program: &str) -> Option<String> {
    let flag = if program == "nginx" { "-v" } else { "--version" };
    let places = [program.to_owned(), format!("/usr/sbin/{program}")];
    let output = places.iter().find_map(|place| Command::new(place).arg(flag).output().ok())?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

/// The day of a run, as in 2026-11-26.
fn today() -> String {
    let output = Command::new("date").args(["-u", "+%F"]).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The line that a figure means nothing without: processor, cores, kernel.
fn hardware() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores, Linux {}", model.trim_start_matches([' ', '\t', ':']), kernel.trim())
}
