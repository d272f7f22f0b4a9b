//! What a connection at rest holds: little.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wirebook_net::{self as net, tcp::TcpListener};
use wirebook_tests::allocations::watch;
use wirebook_tests::server::connect;
use wirebook_websocket::{self as websocket, Accepted, Message, Options};

/// Two descriptors each; with this many, a process may have 1 024.
const IDLE: usize = 400;

/// Opens connections, has each say something, and waits until the server is at rest.
fn open(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams: Vec<TcpStream> = (0..count).map(|_| connect(address)).collect();
    for stream in &mut streams {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("a server that reads");
        assert!(stream.read(&mut [0; 1024]).expect("an answer") > 0);
        stream.write_all(b"\x81\x82\0\0\0\0Hi").expect("a server that reads");
        assert_eq!(stream.read(&mut [0; 1024]).expect("an echo"), 4);
    }
    thread::sleep(Duration::from_millis(100));
    streams
}

/// Bytes that each of many connections at rest holds.
fn held(serve: fn(TcpListener)) -> i64 {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send((ledger, listener.local_addr().expect("an address"))).expect("the test waits");
            serve(listener);
        })
    });
    let (ledger, address) = receive.recv().expect("the server starts");
    // What the first ones make the server allocate for good does not count.
    let first = open(address, 16);
    let before = ledger.mark();
    let idle = open(address, IDLE);
    let held = (ledger.held() - before) / IDLE as i64;
    drop((first, idle));
    held
}

#[test]
fn by_message() {
    let held = held(|listener| {
        websocket::serve_messages(listener, (), Options::default(), |opened| {
            move |message: Message<'_>| {
                let _ = opened.writer.try_send(message);
            }
        });
    });
    assert!((100..=395).contains(&held), "{held} bytes for each");
}

#[test]
fn with_a_reader() {
    let held = held(|listener| {
        websocket::serve_on(listener, (), Options::default(), async |accepted: Accepted| {
            let Accepted { mut reader, writer, .. } = accepted;
            while let Some(message) = reader.next().await? {
                writer.send(message).await?;
            }
            Ok(())
        });
    });
    assert!((100..=930).contains(&held), "{held} bytes for each");
}
