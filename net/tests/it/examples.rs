//! The examples that serve: they say when they are ready, do their work, and stop cleanly at Ctrl-C.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Cargo builds a crate's examples beside its tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// Starts an example and gives what follows "listening on".
fn start(name: &str, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(program(name)).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").expect("one line says where").to_owned();
    (child, address)
}

fn stop(mut child: Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "Ctrl-C is a clean end");
}

fn hello(mut stream: impl Read + Write) {
    stream.write_all(b"hello").unwrap();
    let mut bytes = [0; 5];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"hello");
}

#[test]
fn tcp_echo() {
    let (child, address) = start("tcp_echo", &["--addr", "127.0.0.1:0"]);
    hello(TcpStream::connect(&address).unwrap());
    let client = Command::new(program("tcp_client")).args(["--addr", &address]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&client.stdout), "connected\nworld\ndisconnected\n");
    stop(child);
}

#[test]
fn tcp_chat() {
    let (child, address) = start("tcp_chat", &["--addr", "127.0.0.1:0"]);
    let ada = TcpStream::connect(&address).unwrap();
    let mut lines = BufReader::new(ada.try_clone().unwrap()).lines();
    let mut grace = TcpStream::connect(&address).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "2 has come");
    grace.write_all(b"hello\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "2: hello");
    drop(grace);
    assert_eq!(lines.next().unwrap().unwrap(), "2 has gone");
    stop(child);
}

#[test]
fn unix_echo() {
    let path = std::env::temp_dir().join(format!("wirebook-example-{}.sock", std::process::id()));
    let (child, address) = start("unix_echo", &["--path", path.to_str().unwrap()]);
    hello(UnixStream::connect(address).unwrap());
    stop(child);
    assert!(!path.exists(), "the socket's file goes with the server");
}

#[test]
fn udp_echo() {
    let (child, address) = start("udp_echo", &["--addr", "127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(b"hello", &address).unwrap();
    assert_eq!(socket.recv_from(&mut [0; 9]).unwrap().0, 5);
    let client = Command::new(program("udp_client")).args(["--addr", &address]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&client.stdout), "hello, attempt 1\n");
    stop(child);
}

#[test]
fn those_that_end_by_themselves() {
    let order = Command::new(program("event_loop_order")).output().unwrap();
    let numbers: Vec<String> = String::from_utf8_lossy(&order.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    assert_eq!(numbers, (1..=10).map(|number| number.to_string()).collect::<Vec<_>>());
    let emitter = Command::new(program("emitter")).output().unwrap();
    assert!(String::from_utf8_lossy(&emitter.stdout).starts_with("hello Ada\nAda is the first\nhello Grace\n"));
    let pool = Command::new(program("thread_pool")).output().unwrap();
    assert!(String::from_utf8_lossy(&pool.stdout).contains("the loop was free all the time: yes"));
}
