//! Ten thousand clients that never end their heads, over real sockets and in the simulated network. A program of its own, because it
//! raises its limit of descriptors and starts itself again as the server that it attacks.
//!
//! The attack of CVE-2007-6750: each connection sends 230 bytes of a head, then a byte now and then, and so holds what the
//! server keeps for an unfinished head as long as the server lets it. Asked for are three things: other clients do not
//! feel it, each hostile connection costs little, and the head time-out ends them all however busily they trickle.
//!
//! The server is a process of its own, this program once more, so that its memory is its own.
#![allow(unsafe_code)]

use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net::{self as net, Stream, sim};
use wirebook_tests::allocations::{Counting, watch};
use wirebook_tests::attacks::harness::{self, Trial};

#[global_allocator]
static COUNTING: Counting = Counting;

/// The size of the attack, as the trusted servers were measured with it.
const CONNECTIONS: usize = 10_000;

/// What one hostile connection may cost: nginx takes 9.6 KiB, HAProxy 6.1.
const MAX_COST: i64 = 4 * 1024;

/// What 99 of 100 requests of a good client take at most while the attack lasts; see [`p99`].
const MAX_P99: Duration = Duration::from_millis(1);

/// The server's default: long enough for all connections to be there, and for seconds of measuring.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Set for the process that is the server.
const ROLE: &str = "WIREBOOK_SLOWLORIS_SERVER";

const HEAD: &[u8; 230] = &{
    let mut head = [b'a'; 230];
    let start = b"GET / HTTP/1.1\r\nHost: a\r\nX: ";
    let mut at = 0;
    while at < start.len() {
        head[at] = start[at];
        at += 1;
    }
    head
};

fn main() -> ExitCode {
    if std::env::var_os(ROLE).is_some() {
        serve();
        return ExitCode::SUCCESS;
    }
    let trials = vec![Trial::new("slowloris_on_sockets", on_sockets), Trial::new("slowloris_simulated", simulated)];
    harness::main(trials, 1)
}

/// The server's process. `/held` tells what its allocator has given out; it ends with its standard input.
fn serve() {
    raise_descriptors();
    let ledger = watch();
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let options = Options { head_timeout: HEAD_TIMEOUT, idle_timeout: Duration::from_secs(60), ..Options::default() };
    net::block_on(async move {
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
        println!("listening on {}", listener.local_addr().expect("an address"));
        http1::serve_on(listener, options, async move |_: Request<'_>, response: Response<'_>| {
            response.end(ledger.held().to_string()).await
        });
    })
    .expect("a loop");
}

fn on_sockets() -> Result<(), String> {
    let limit = raise_descriptors();
    let count = CONNECTIONS.min(limit.saturating_sub(200));
    if count < CONNECTIONS {
        eprintln!("SCALED DOWN: {count} connections in place of {CONNECTIONS}: only {limit} descriptors (ulimit -n)");
    }
    let server = Server::start();
    let mut good = Good::new(server.address);
    let quiet = p99(&mut good.times(5000));
    let (held, resident) = (good.ask(), server.resident());
    let begin = Instant::now();
    let hostile: Vec<TcpStream> = (0..count).map(|number| attack(server.address, number)).collect();
    let (held, resident) = (good.ask() - held, server.resident().zip(resident).map(|(now, before)| now - before));
    let connected = begin.elapsed();
    let over = AtomicBool::new(false);
    let mut under_attack = thread::scope(|scope| {
        scope.spawn(|| trickle(&hostile, &over));
        let until = begin + HEAD_TIMEOUT - Duration::from_millis(500);
        let mut times = Vec::new();
        while Instant::now() < until {
            times.extend(good.times(20));
            thread::sleep(Duration::from_millis(10));
        }
        over.store(true, Relaxed);
        times
    });
    let (measured, p99) = (under_attack.len(), p99(&mut under_attack));
    let closed = hostile.iter().filter(|stream| is_refused(stream, begin + connected + HEAD_TIMEOUT)).count();
    let last = begin.elapsed();
    let each = |bytes: i64| bytes / count as i64;
    println!(
        "{count} connections in {connected:.1?}: {} bytes each by the allocator, {} resident; p99 of {measured} good requests \
         {p99:.0?}, {quiet:.0?} before; {closed} refused with 408 and closed, the last after {last:.1?}",
        each(held),
        resident.map_or("unknown".to_owned(), |bytes| each(bytes).to_string()),
    );
    require(measured >= 1000, "too few good requests were measured")?;
    require(each(held) <= MAX_COST, "a hostile connection costs too much memory by the allocator")?;
    require(
        resident.is_none_or(|bytes| each(bytes) <= MAX_COST),
        "a hostile connection costs too much resident memory",
    )?;
    // On a machine that others load, a good client waits for a processor even in peace.
    require(p99 <= MAX_P99.max(2 * quiet), "a good client feels the attack")?;
    require(closed == count, "a hostile connection outlived the head time-out")?;
    drop(hostile);
    let left = good.ask();
    require(left < 8 * 1024 * 1024, "memory of the attack was never given back").map_err(|why| format!("{why}: {left}"))
}

fn require(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Takes as many descriptors as the system lets, and says how many these are.
#[cfg(unix)]
fn raise_descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write the one structure, which outlives them.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        let wanted = limit.rlim_max.min(64 * 1024);
        if libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: wanted, ..limit }) == 0 {
            return wanted as usize;
        }
    }
    limit.rlim_cur as usize
}

/// Where descriptors are not counted.
#[cfg(not(unix))]
fn raise_descriptors() -> usize {
    usize::MAX
}

/// The server's process; it ends with this value.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Server {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").and_then(|text| text.parse().ok()).expect("an address");
        Server { child, address }
    }

    /// Bytes of its memory that are in use, where the system tells.
    fn resident(&self) -> Option<i64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse::<i64>().ok().map(|kib| kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A client that asks, and waits for each answer.
struct Good(TcpStream);

impl Good {
    fn new(address: SocketAddr) -> Good {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("an option");
        Good(stream)
    }

    /// The bytes that the server's allocator has given out.
    fn ask(&mut self) -> i64 {
        self.0.write_all(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server that reads");
        let mut buffer = [0; 512];
        let count = self.0.read(&mut buffer).expect("an answer");
        let text = String::from_utf8_lossy(&buffer[..count]);
        text.split_once("\r\n\r\n").and_then(|(_, body)| body.parse().ok()).expect("a number")
    }

    fn times(&mut self, count: usize) -> Vec<Duration> {
        let time = |_| {
            let begin = Instant::now();
            self.ask();
            begin.elapsed()
        };
        (0..count).map(time).collect()
    }
}

/// The 99th percentile of each 500 requests, and of these the median: a moment in which the machine was elsewhere counts
/// once, what the attack does to everybody counts every time.
fn p99(times: &mut [Duration]) -> Duration {
    let of = |some: &mut [Duration]| {
        some.sort();
        some[some.len() * 99 / 100]
    };
    let mut windows: Vec<Duration> = times.chunks_mut(500).map(of).collect();
    windows.sort();
    windows[windows.len() / 2]
}

/// A hostile connection. On Linux they come from several addresses of the loopback, so that ports do not run short.
fn attack(server: SocketAddr, number: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a descriptor");
    if cfg!(target_os = "linux") {
        let source = SocketAddr::from((IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2 + (number % 8) as u8)), 0));
        socket.bind(&SockAddr::from(source)).expect("an address of the loopback");
    }
    socket.connect(&SockAddr::from(server)).expect("the server listens");
    let mut stream = TcpStream::from(socket);
    stream.write_all(HEAD).expect("a server that reads");
    stream
}

/// A byte on each connection every few seconds, in turn.
fn trickle(hostile: &[TcpStream], over: &AtomicBool) {
    let pause = Duration::from_millis(20);
    let at_once = hostile.len() / 200 + 1;
    for some in hostile.chunks(at_once).cycle() {
        for mut stream in some {
            let _ = stream.write_all(b"a");
        }
        if over.load(Relaxed) {
            return;
        }
        thread::sleep(pause);
    }
}

/// The server has answered 408 and closed, by then.
fn is_refused(mut stream: &TcpStream, by: Instant) -> bool {
    let grace = Duration::from_secs(3);
    let mut answer = Vec::new();
    let mut buffer = [0; 512];
    loop {
        let left = (by + grace).saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left)).expect("an option");
        match stream.read(&mut buffer) {
            Ok(0) => return answer.starts_with(b"HTTP/1.1 408 "),
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return answer.starts_with(b"HTTP/1.1 408 "),
            Err(_) => return false,
        }
    }
}

/// A byte a minute each, in virtual time: exact, and the same on every machine.
fn simulated() -> Result<(), String> {
    let faults = sim::Faults { backlog: CONNECTIONS + 1, ..sim::Faults::default() };
    let config = sim::Config { faults, ..sim::Config::from(1) };
    let result = sim::run(config, async {
        let listener = sim::SimListener::bind("10.0.0.1:80").expect("an address");
        http1::serve_on(listener, Options::default(), async |_: Request<'_>, response: Response<'_>| {
            response.end("good").await
        });
        let begin = net::now();
        let hostile: Vec<_> = (0..CONNECTIONS).map(|_| net::spawn(hold())).collect();
        let mut times = Vec::new();
        let stream = sim::SimStream::connect("10.0.0.1:80").await.expect("it listens");
        while net::now() < begin + Duration::from_secs(12) {
            times.push(good_request(&stream).await);
            net::sleep(Duration::from_millis(5)).await;
        }
        let mut lives = Vec::new();
        for one in hostile {
            lives.push(one.await.expect("it ends"));
        }
        (times, lives)
    });
    let (mut times, lives) = result.map_err(|error| error.to_string())?;
    let (measured, p99) = (times.len(), p99(&mut times));
    let longest = lives.iter().flatten().max().copied().unwrap_or_default();
    println!(
        "{} connections, simulated: p99 of {measured} good requests {p99:.0?}, longest life {longest:.1?}",
        lives.len()
    );
    require(p99 <= MAX_P99, "a good client feels the attack")?;
    let refused = lives.iter().flatten().count();
    require(refused == CONNECTIONS, "a hostile connection was not refused with 408")
        .map_err(|why| format!("{why}: {refused} were"))?;
    require(longest <= Options::default().head_timeout + Duration::from_millis(100), "one outlived the head time-out")
}

/// Sends a part of a head, then a byte a minute; says how long the server let it, if it ended with 408.
async fn hold() -> Option<Duration> {
    let stream = sim::SimStream::connect("10.0.0.1:80").await.ok()?;
    let begin = net::now();
    stream.write_all(HEAD).await.ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 512];
    loop {
        match net::timeout(Duration::from_secs(60), stream.read(&mut buffer)).await {
            Err(_) => drop(stream.write_all(b"a").await),
            Ok(Ok(count @ 1..)) => answer.extend_from_slice(&buffer[..count]),
            Ok(_) => break,
        }
    }
    answer.starts_with(b"HTTP/1.1 408 ").then(|| net::now() - begin)
}

async fn good_request(stream: &sim::SimStream) -> Duration {
    let begin = net::now();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("a server that reads");
    let mut bytes = Vec::new();
    let mut buffer = [0; 512];
    while !bytes.ends_with(b"good") {
        let count = stream.read(&mut buffer).await.expect("an answer");
        assert!(count > 0, "the server closed on a good client");
        bytes.extend_from_slice(&buffer[..count]);
    }
    net::now() - begin
}
