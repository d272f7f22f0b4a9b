//! Row net-01: a server that runs out of descriptors. It is a process of its own, limited by its shell.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};
use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};

const LIMIT: usize = 64;
const CONNECTIONS: usize = 100;

fn server() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("\nlistening on {}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            net::spawn(async move {
                let mut bytes = net::buffer();
                while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                    stream.write_all(&bytes[..count]).await.ok();
                }
            });
        }
    })
    .unwrap()
}

fn start() -> (Child, SocketAddr) {
    let limited = format!("ulimit -n {LIMIT} && exec \"$0\" --exact net_01_out_of_descriptors --nocapture");
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &limited]).arg(program).env("WIREBOOK_SERVER", "1").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening on ")?.parse().ok());
    (child, address.expect("the server says where it listens"))
}

/// Nanoseconds of CPU, as the scheduler counts them.
fn cpu(child: &Child) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/schedstat", child.id())).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn echoes(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut byte = [0];
    stream.write_all(b"x").is_ok() && stream.read_exact(&mut byte).is_ok() && byte == *b"x"
}

#[test]
fn net_01_out_of_descriptors() {
    if std::env::var_os("WIREBOOK_SERVER").is_some() {
        return server();
    }
    let (mut child, address) = start();
    let mut streams: Vec<TcpStream> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();

    assert!(echoes(&mut streams[0]), "open connections are served");
    let before = cpu(&child);
    std::thread::sleep(Duration::from_millis(500));
    let spent = Duration::from_nanos(cpu(&child) - before);
    assert!(spent < Duration::from_millis(25), "more than 5 % of a core while nothing happens: {spent:?}");
    assert!(echoes(&mut streams[0]));
    let served = streams.iter_mut().filter_map(|stream| echoes(stream).then_some(())).count();
    assert!((LIMIT / 2..LIMIT).contains(&served), "{served} of {CONNECTIONS} are served within {LIMIT} descriptors");

    streams.drain(..50);
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).unwrap();
        assert!(echoes(&mut stream), "descriptors have returned, so serving goes on");
        streams.push(stream);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
