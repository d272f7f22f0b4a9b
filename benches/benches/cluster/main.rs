//! One port and many processes: what a connection costs that is handed over, what a request in a worker costs, what a master pays
//! for each policy, how soon a killed worker has a successor, and how even the shares are. Ours, Node's, and a plain accept.
//!
//! Run: cargo bench -p wirebook-benches --bench cluster        (writes benches/results/PROCESSOR/cluster.json)
//!
//! A contestant is a master in a process of its own, which says where it listens and which processes its workers are. What an
//! operation costs is the CPU time that the scheduler counted for all of them. Node 20 is `node` on this machine; `bare` is a hand-over
//! without anything that it could do without (`bare.rs`): the least that a second process costs here.

mod bare;

use serde_json::{Value, json};
use std::{
    cell::Cell,
    fs,
    future::Future,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    pin::Pin,
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};
use wirebook_benches::{Results, Rounds, median, sys, wanted};
use wirebook_cluster::{self as cluster, Drain, News, Phase, Policy, Worker, Workers};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};

/// Odd, so that there is a round in the middle.
const ROUNDS: usize = 5;
const CONNECTIONS: usize = 4_000;
const REQUESTS: usize = 20_000;
const KILLS: usize = 30;
const LONG: usize = 800;
/// Connections that are begun before the first is waited for.
const BURST: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [role, policy, what, workers] if role == "--server" => {
            let what = ["sink", "long", "http"].into_iter().find(|one| one == what).expect("something to do");
            serve(policy, what, workers.parse().expect("a number"));
        }
        [role] if role == "--taker" => bare::take().expect("connections"),
        _ if arguments.iter().any(|argument| argument == "--bench") => measure(),
        // `cargo test` builds and runs benches as well: nothing to do there.
        _ => {}
    }
}

fn measure() {
    let mut results = Results::open("cluster");
    for (part, burst) in [("hand_over", 1), ("hand_over_burst", BURST)] {
        if wanted(part) {
            eprintln!(
                "{part}, ns of all processes for a connection that is accepted, answered and closed, {burst} at a time"
            );
            let mut names =
                vec!["plain accept", "wirebook round_robin", "wirebook shared", "wirebook reuse_port", "node"];
            if burst == 1 {
                // It gives one at a time.
                names.push("bare");
            }
            let rounds = Rounds::take(names.clone(), ROUNDS, |at| {
                let server = Server::start(names[at], "sink", 1);
                server.cost(CONNECTIONS, |address| connect(address, CONNECTIONS, burst))
            });
            results.set(part, rounds.rows("contestant", "ns", &["plain accept", "node"]).into());
        }
    }
    if wanted("keep_alive") {
        eprintln!("keep_alive, ns of all processes for a request on a connection that is kept");
        let names = vec!["plain accept", "wirebook round_robin", "wirebook reuse_port", "node"];
        let rounds = Rounds::take(names.clone(), ROUNDS, |at| {
            Server::start(names[at], "http", 1).cost(REQUESTS, |address| ask(address, REQUESTS))
        });
        results.set("keep_alive", rounds.rows("contestant", "ns", &["plain accept", "node"]).into());
    }
    if wanted("master") {
        eprintln!("master, ns of the master alone for a connection");
        let names = vec!["wirebook round_robin", "wirebook shared", "wirebook reuse_port", "node"];
        let rounds = Rounds::take(names.clone(), ROUNDS, |at| {
            let server = Server::start(names[at], "sink", 2);
            let before = cpu(server.child.id());
            connect(server.address, CONNECTIONS, BURST);
            (cpu(server.child.id()) - before) as f64 / CONNECTIONS as f64
        });
        results.set("master", rounds.rows("contestant", "ns", &["node"]).into());
    }
    if wanted("successor") {
        let rows = ["wirebook round_robin", "node"].map(|name| {
            let (median, longest) = successor(name);
            eprintln!(
                "successor, {name}: ms from SIGKILL to a worker that is ready: {median:.1}, at most {longest:.1}"
            );
            json!({ "contestant": name, "ms": median, "longest": longest })
        });
        results.set("successor", Value::from(rows.to_vec()));
    }
    if wanted("fairness") {
        let names = ["wirebook round_robin", "wirebook shared", "wirebook reuse_port", "node", "node shared"];
        let rows = names.map(|name| {
            let mut figures: Vec<f64> = (0..ROUNDS).map(|_| unfairness(name)).collect();
            figures.sort_by(f64::total_cmp);
            let (worst, middle) = (figures[ROUNDS - 1], median(figures.clone()));
            eprintln!(
                "fairness, {name}: max ÷ mean of {LONG} connections on 8 workers: {middle:.3}, at most {worst:.3}"
            );
            json!({ "contestant": name, "max_to_mean": middle, "worst": worst })
        });
        results.set("fairness", Value::from(rows.to_vec()));
    }
    results.save();
}

/// A contestant that serves.
struct Server {
    child: Child,
    address: SocketAddr,
    /// Processes of workers, as they become ready.
    ready: Receiver<u32>,
    workers: Vec<u32>,
}

impl Server {
    fn start(name: &str, what: &str, workers: usize) -> Server {
        let policy = name.rsplit(' ').next().expect("a name");
        let mut command = if name.starts_with("node") {
            let mut command = Command::new("node");
            let policy = if policy == "shared" { "shared" } else { "round_robin" };
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/cluster/server.mjs")).arg(policy);
            command
        } else {
            let mut command = Command::new(std::env::current_exe().expect("the bench knows its own file"));
            command.args(["--server", policy]);
            command
        };
        command.args([what, &workers.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the contestant starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let ((said, ready), (told, address)) = (channel(), channel());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let is_over = match line.split_once(" on ").or_else(|| line.split_once(' ')) {
                    Some(("worker", pid)) => pid.parse().is_ok_and(|pid| said.send(pid).is_err()),
                    Some((_, at)) => at.parse().is_ok_and(|at: SocketAddr| told.send(at).is_err()),
                    None => false,
                };
                if is_over {
                    break;
                }
            }
        });
        let address = address.recv().expect("the contestant says where it listens");
        let count = if policy == "accept" { 0 } else { workers };
        let workers = ready.iter().take(count).collect();
        Server { child, address, ready, workers }
    }

    /// Nanoseconds of all its processes, for each of so many operations.
    fn cost(&self, operations: usize, work: impl Fn(SocketAddr)) -> f64 {
        let spent = || cpu(self.child.id()) + self.workers.iter().map(|pid| cpu(*pid)).sum::<u64>();
        // What comes once is not counted.
        work(self.address);
        let before = spent();
        work(self.address);
        (spent() - before) as f64 / operations as f64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its workers end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of all threads of a process.
fn cpu(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a running process, on Linux");
    let texts = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    texts.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// Connects so often, so many at a time, and reads each to its end.
fn connect(address: SocketAddr, count: usize, burst: usize) {
    for _ in 0..count.div_ceil(burst) {
        let connections: Vec<TcpStream> = (0..burst).map(|_| TcpStream::connect(address).expect("a port")).collect();
        for mut connection in connections {
            let mut said = String::new();
            connection.read_to_string(&mut said).expect("an answer");
        }
    }
}

/// Asks so often on one connection.
fn ask(address: SocketAddr, count: usize) {
    let mut connection = TcpStream::connect(address).expect("a port");
    let mut bytes = [0; 4096];
    for _ in 0..count {
        connection.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").expect("it is open");
        let mut read = 0;
        while !bytes[..read].ends_with(b"hello") && !bytes[..read].ends_with(b"\r\n0\r\n\r\n") {
            match connection.read(&mut bytes[read..]).expect("an answer") {
                0 => panic!("the connection has ended"),
                more => read += more,
            }
        }
    }
}

/// Milliseconds from a worker's death to its successor, in the middle and at most.
fn successor(name: &str) -> (f64, f64) {
    let mut server = Server::start(name, "sink", 2);
    let mut times: Vec<f64> = (0..KILLS)
        .map(|_| {
            let victim = server.workers.remove(0);
            let began = Instant::now();
            sys::kill(victim);
            server.workers.push(server.ready.recv().expect("a successor"));
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (median(times.clone()), times[KILLS - 1])
}

/// Connections of the busiest of eight workers, for each that a worker has on average.
fn unfairness(name: &str) -> f64 {
    let server = Server::start(name, "long", 8);
    let connections: Vec<TcpStream> = (0..LONG).map(|_| TcpStream::connect(server.address).expect("a port")).collect();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for connection in &connections {
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).expect("a number");
        *counts.entry(line).or_default() += 1;
    }
    *counts.values().max().expect("connections") as f64 * 8.0 / LONG as f64
}

/// What a contestant of ours does.
fn serve(policy: &str, what: &'static str, workers: usize) {
    let policy = match policy {
        "accept" => return plainly(what),
        "bare" => return bare::give().expect("connections"),
        "round_robin" => Policy::RoundRobin,
        "shared" => Policy::Shared,
        "reuse_port" => Policy::ReusePort,
        other => panic!("{other} is no policy"),
    };
    let listening = Cell::new(None);
    let ready = Cell::new(0);
    let news = move |news: &News| match news {
        News::Listening { address } => listening.set(Some(*address)),
        News::Ready { pid, .. } => {
            println!("worker {pid}");
            ready.set(ready.get() + 1);
            if let Some(address) = listening.get().filter(|_| ready.get() == workers) {
                println!("listening on {address}");
            }
        }
        _ => {}
    };
    let supervisor = cluster::supervisor::Options {
        limit: cluster::supervisor::RestartLimit { deaths: usize::MAX, ..Default::default() },
        // Thirty in a row are killed, and no pause is measured.
        back_off: cluster::supervisor::BackOff { first: Duration::ZERO, ..Default::default() },
        ..Default::default()
    };
    let options = cluster::Options {
        workers: Workers::Count(workers),
        policy,
        supervisor,
        news: Some(Rc::new(news)),
        ..Default::default()
    };
    let ended = cluster::run(options, async move |worker: Worker| {
        let me = worker.identity().worker;
        match what {
            "http" => {
                drop(worker.listen("127.0.0.1:0", |port| http1::serve_on(port, Default::default(), hello)).await?)
            }
            what => drop(worker.listen("127.0.0.1:0", |port| Sink::start(port, me, what)).await?),
        }
        worker.serve().await
    });
    ended.expect("a cluster");
}

/// A process that accepts by itself.
fn plainly(what: &'static str) {
    let served = net::block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        match what {
            "http" => http1::serve_on(listener, Default::default(), hello).closed().await,
            what => sink(listener, 0, what, Rc::default()).await,
        }
        io::Result::Ok(())
    });
    served.expect("a loop").expect("a port");
}

async fn hello(_: Request<'_>, response: Response<'_>) -> http1::Outcome {
    response.end("hello").await
}

/// Says to each connection who has it, and closes it, or keeps it.
async fn sink<L: Listener>(listener: L, me: u64, what: &str, open: Rc<Cell<usize>>)
where
    L::Stream: 'static,
{
    let mut kept = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Who is gone meanwhile is told nothing.
        let _ = stream.write_all(format!("{me}\n").as_bytes()).await;
        if what == "long" {
            kept.push(stream);
            open.set(kept.len());
        }
    }
}

/// A server that has nothing to finish.
struct Sink {
    task: net::JoinHandle<()>,
    open: Rc<Cell<usize>>,
}

impl Sink {
    fn start(port: cluster::Listener, me: u64, what: &'static str) -> Sink {
        let open = Rc::<Cell<usize>>::default();
        Sink { task: net::spawn(sink(port, me, what, open.clone())), open }
    }
}

impl Drain for Sink {
    fn enter(&self, phase: Phase) {
        if phase == Phase::Deadline {
            self.task.abort();
        }
    }

    /// Who shares a queue compares this with what others have.
    fn open(&self) -> usize {
        self.open.get()
    }

    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(std::future::ready(()))
    }
}
