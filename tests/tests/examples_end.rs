//! Every example that serves says where, and ends within a second at Ctrl-C and at SIGTERM, with a connection open.
//!
//! The examples are other crates' and are built by `cargo test` of the workspace; alone, `cargo build --examples` first.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Those that listen on TCP, by `--addr HOST:PORT`.
const SERVERS: [&str; 12] = [
    "tcp_echo",
    "tcp_chat",
    "http_hello",
    "http_server",
    "http_inspect",
    "http_proxy",
    "ws_echo",
    "ws_chat",
    "sse_clock",
    "sse_feed",
    "template_server",
    "udp_echo",
];

/// What "within a second" may be on a machine that does other things.
const A_SECOND: Duration = Duration::from_secs(3);

/// Cargo builds examples beside the tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    test.parent().and_then(|deps| deps.parent()).expect("target/debug").join("examples").join(name)
}

fn start(name: &str) -> Option<(Child, String)> {
    let program = program(name);
    if !program.exists() {
        eprintln!("SKIPPED: {name} is not built; run cargo build --examples");
        return None;
    }
    let mut child = Command::new(program).args(["--addr", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().ok()?;
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut line).expect("a line");
    // Nobody reads what it says next, and that must not end it.
    std::thread::spawn(move || output.lines().for_each(drop));
    let address = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{name} says {line:?} first"));
    await_handlers(&child);
    Some((child, address.trim_start_matches("http://").trim_end_matches('/').to_owned()))
}

/// Waits until the process catches both signals: it says where it listens a moment before.
fn await_handlers(child: &Child) {
    const BOTH: u64 = 1 << (libc::SIGINT - 1) | 1 << (libc::SIGTERM - 1);
    let catches_both = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        Some(u64::from_str_radix(caught.trim(), 16).ok()? & BOTH == BOTH)
    };
    let began = Instant::now();
    while catches_both() == Some(false) && began.elapsed() < A_SECOND {
        std::thread::yield_now();
    }
}

fn end(name: &str, signal: &str, mut child: Child) {
    let asked = Instant::now();
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs").success());
    let status = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None if asked.elapsed() > A_SECOND => {
                child.kill().expect("it can be killed");
                panic!("{name} goes on after {signal}");
            }
            None => std::thread::yield_now(),
        }
    };
    assert!(status.success(), "{name} ends with {status} at {signal}");
}

#[test]
fn every_server_ends_at_sigint_and_at_sigterm() {
    for name in SERVERS {
        for signal in ["-INT", "-TERM"] {
            let Some((child, address)) = start(name) else { continue };
            // An idle connection does not hold it.
            let open = TcpStream::connect(&address);
            assert!(open.is_ok() || name == "udp_echo", "{name} listens on {address}");
            end(name, signal, child);
        }
    }
}

#[test]
fn the_unix_server_ends_too_and_takes_its_file_along() {
    let path = std::env::temp_dir().join(format!("wirebook-ends-{}.sock", std::process::id()));
    for signal in ["-INT", "-TERM"] {
        if !program("unix_echo").exists() {
            return eprintln!("SKIPPED: unix_echo is not built; run cargo build --examples");
        }
        let mut child = Command::new(program("unix_echo"))
            .args(["--path", path.to_str().expect("a path of ours")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        await_handlers(&child);
        end("unix_echo", signal, child);
        assert!(!path.exists());
    }
}
