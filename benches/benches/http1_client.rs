//! CPU per request of HTTP clients: 50 connections of keep-alive GETs against nginx; ours beside hyper-util's and a bare
//! epoll loop that writes a constant and looks for the end of a known answer.
//!
//! Run: cargo bench -p wirebook-benches --bench http1_client
//!
//! nginx is taken from `WIREBOOK_NGINX`, or from the path; without it the bench says so and measures nothing. Each client is a
//! process of its own on core 1, nginx runs on core 0, and the clients take turns in short rounds; a figure is the median
//! of its rounds, a ratio the median of the ratios within a round. Results go to `benches/results/PROCESSOR/http1_client.json`.

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use wirebook_benches::{Results, Rounds, sys};
use wirebook_http1::client::{Agent, AgentOptions, Options, request};
use wirebook_net as net;

const CONNECTIONS: usize = 50;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(700);
const CLIENTS: [&str; 3] = ["wirebook", "hyper-util", "floor"];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--client") {
        return serve_rounds(&arguments[at + 1], arguments[at + 2].parse().expect("a port"));
    }
    let Some(nginx) = Nginx::start() else {
        eprintln!("SKIPPED: no nginx here (set WIREBOOK_NGINX to its file)");
        return;
    };
    let mut clients: Vec<Runner> = CLIENTS.iter().map(|name| Runner::start(name, nginx.port)).collect();
    let rounds = Rounds::take(CLIENTS.to_vec(), ROUNDS, |at| clients[at].round());
    let mut results = Results::open("http1_client");
    results.set("connections", CONNECTIONS.into());
    results.set("rounds", ROUNDS.into());
    results.set("clients", rounds.rows("client", "cpu_us_per_request", &["hyper-util"]).into());
    results.save();
}

/// nginx with one worker on core 0, in a folder of its own.
struct Nginx {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Nginx {
    fn start() -> Option<Nginx> {
        let program = env::var("WIREBOOK_NGINX").unwrap_or_else(|_| "nginx".into());
        let folder = env::temp_dir().join(format!("wirebook-nginx-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let at = folder.display();
        let config = format!(
            "daemon off; master_process off; worker_processes 1; pid {at}/pid; error_log {at}/error;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {at}; proxy_temp_path {at};\n\
             fastcgi_temp_path {at}; uwsgi_temp_path {at}; scgi_temp_path {at};\n\
             server {{ listen 127.0.0.1:{port}; location / {{ return 200 'Hello, World!'; }} }} }}\n"
        );
        fs::write(folder.join("conf"), config).expect("a file");
        let conf = folder.join("conf");
        let mut command = Command::new("taskset");
        let child = command.args(["-c", "0", &program, "-p"]).arg(&folder).arg("-c").arg(conf).spawn().ok()?;
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Nginx { child, folder, port });
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A client in a process of its own; it runs a round for each line that it is sent.
struct Runner {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Runner {
    fn start(name: &str, port: u16) -> Runner {
        let program = env::current_exe().expect("the bench knows its own file");
        let mut command = Command::new(program);
        command.args(["--client", name, &port.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the client starts");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Runner { child, input, output }
    }

    /// CPU microseconds per request of one round.
    fn round(&mut self) -> f64 {
        writeln!(self.input, "go").expect("the client lives");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the client lives");
        line.trim().parse().expect("a figure")
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The client's process: a round for each line, its figure as a line.
fn serve_rounds(client: &str, port: u16) {
    sys::pin(1);
    let wait = || std::io::stdin().read_line(&mut String::new()).is_ok_and(|count| count > 0);
    match client {
        "wirebook" => wirebook(port, wait),
        "hyper-util" => hyper(port, wait),
        _ => floor(port, wait),
    }
}

fn report(before: u64, count: u64) {
    println!("{}", (cpu() - before) as f64 / count as f64 / 1000.0);
}

/// CPU time of this process in nanoseconds, as the scheduler counted it.
fn cpu() -> u64 {
    let text = fs::read_to_string("/proc/self/schedstat").expect("the kernel counts");
    text.split(' ').next().and_then(|text| text.parse().ok()).expect("schedstat begins with a number")
}

fn wirebook(port: u16, wait: impl Fn() -> bool + 'static) {
    net::block_on(async move {
        let agent = Agent::new(AgentOptions {
            max_sockets: CONNECTIONS,
            idle_timeout: Duration::from_secs(60),
            ..AgentOptions::default()
        });
        while wait() {
            let (started, before) = (Instant::now(), cpu());
            let tasks: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let agent = agent.clone();
                    net::spawn(async move {
                        let mut count = 0;
                        while count % 16 > 0 || started.elapsed() < ROUND {
                            let options =
                                Options { host: "127.0.0.1", port, agent: Some(&agent), ..Options::default() };
                            let sent = request(&options).await.expect("a connection").end("").await;
                            let mut response = sent.expect("a head");
                            let mut length = 0;
                            while let Some(piece) = response.chunk().await.expect("a body") {
                                length += piece.len();
                            }
                            assert_eq!((response.status(), length), (200, 13));
                            count += 1;
                        }
                        count
                    })
                })
                .collect();
            let mut count = 0;
            for task in tasks {
                count += task.await.expect("no panic");
            }
            report(before, count);
        }
    })
    .expect("the loop runs");
}

fn hyper(port: u16, wait: impl Fn() -> bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        let uri: http::Uri = format!("http://127.0.0.1:{port}/").parse().expect("a URI");
        while wait() {
            let (started, before) = (Instant::now(), cpu());
            let tasks: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let (client, uri) = (client.clone(), uri.clone());
                    tokio::spawn(async move {
                        let mut count = 0u64;
                        while !count.is_multiple_of(16) || started.elapsed() < ROUND {
                            let mut response = client.get(uri.clone()).await.expect("a head");
                            let mut length = 0;
                            while let Some(frame) = response.frame().await {
                                length += frame.expect("a body").data_ref().map_or(0, bytes::Bytes::len);
                            }
                            assert_eq!((response.status().as_u16(), length), (200, 13));
                            count += 1;
                        }
                        count
                    })
                })
                .collect();
            let mut count = 0;
            for task in tasks {
                count += task.await.expect("no panic");
            }
            report(before, count);
        }
    });
}

/// Nothing but the system calls.
fn floor(port: u16, wait: impl Fn() -> bool) {
    let get = format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n");
    let epoll = sys::Epoll::new().expect("epoll is there");
    let streams: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let stream = TcpStream::connect(("127.0.0.1", port)).expect("nginx accepts");
            stream.set_nodelay(true).expect("the option exists");
            epoll.add(stream.as_raw_fd(), false).expect("the stream can be watched");
            stream
        })
        .collect();
    let (mut events, mut buffer) = (sys::no_events(), [0; 4096]);
    while wait() {
        let (started, before, mut count, mut open) = (Instant::now(), cpu(), 0, CONNECTIONS);
        for stream in &streams {
            sys::write(stream.as_raw_fd(), get.as_bytes()).expect("nginx reads");
        }
        while open > 0 {
            let stop = started.elapsed() > ROUND;
            for event in epoll.wait(&mut events, 1000).expect("epoll waits") {
                let fd = event.u64 as i32;
                let length = sys::read(fd, &mut buffer).expect("nginx answers");
                assert!(buffer[..length].ends_with(b"Hello, World!"));
                count += 1;
                if stop {
                    open -= 1;
                } else {
                    sys::write(fd, get.as_bytes()).expect("nginx reads");
                }
            }
        }
        report(before, count);
    }
}
