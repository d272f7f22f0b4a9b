//! Other roads than TCP between two unnamed addresses: Unix sockets, and a client that says where it comes from.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use wirebook_http1::client::{Agent, Error, Options, get, request};
use wirebook_http1::{self as http1, Outcome, Request, Response, server};
use wirebook_net as net;
use wirebook_net::unix::UnixListener;

/// Says what it read.
async fn handler(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    let body = request.bytes(1000).await?;
    let text =
        format!("{} {} {}", request.method(), request.authority().unwrap_or("-"), String::from_utf8_lossy(&body));
    response.end(text).await
}

/// A server on a Unix socket in a folder of its own; it ends with the test process.
fn start() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("http");
    let (send, receive) = mpsc::channel();
    let at = path.clone();
    thread::spawn(move || {
        net::block_on(async move {
            let listener = UnixListener::bind(&at).expect("a path that is free");
            let server = http1::serve_on(listener, server::Options::default(), handler);
            assert_eq!(server.local_addr(), None);
            send.send(()).expect("the test waits");
        })
    });
    receive.recv().expect("the server starts");
    (folder, path)
}

#[test]
fn a_server_on_a_unix_socket_answers_a_pipeline_and_keeps_the_connection() {
    let (_folder, path) = start();
    let mut stream = UnixStream::connect(path).expect("it listens");
    let mut buffer = [0; 4096];
    for _ in 0..3 {
        let one = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntea";
        stream.write_all(one.repeat(2).as_bytes()).expect("a server that reads");
        let count = stream.read(&mut buffer).expect("an answer");
        let text = String::from_utf8_lossy(&buffer[..count]);
        assert_eq!((text.matches("HTTP/1.1 200 OK").count(), text.matches("POST a tea").count()), (2, 2), "{text}");
    }
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("a server that reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer and the end");
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
}

#[test]
fn a_client_reaches_a_unix_socket_with_an_agent_and_without() {
    let (_folder, path) = start();
    let asked = net::block_on(async move {
        let agent = Agent::default();
        for (number, agent) in [None, Some(&agent), Some(&agent)].into_iter().enumerate() {
            let options = Options { method: "PUT", host: "b", socket_path: Some(&path), agent, ..Options::default() };
            let sent = request(&options).await?;
            assert_eq!(sent.is_reused(), number == 2);
            assert_eq!(sent.end("milk").await?.bytes(1000).await?, b"PUT b milk");
        }
        assert_eq!((agent.free(), agent.sockets()), (1, 0));
        // An origin on a socket is not the origin of that name.
        assert_eq!(agent.origins()[0].origin.socket_path.as_deref(), Some(&*path));
        Ok::<_, Error>(())
    });
    asked.expect("the loop ends").expect("three answers");
}

#[test]
fn a_unix_socket_on_which_nobody_listens_is_no_connection() {
    let path = Path::new("/nonexistent/http");
    let options = Options { socket_path: Some(path), ..Options::default() };
    let asked = net::block_on(async move { request(&options).await.map(drop) }).expect("the loop ends");
    assert!(matches!(asked, Err(Error::Connect(_))), "{asked:?}");
}

#[test]
fn a_request_comes_from_the_local_address_that_it_names() {
    // All of 127/8 is this machine on Linux alone.
    let from: IpAddr = if cfg!(target_os = "linux") { [127, 0, 0, 2] } else { [127, 0, 0, 1] }.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || {
        let (mut stream, peer) = listener.accept().expect("a client");
        let count = stream.read(&mut [0; 1024]).expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("a client that reads");
        (peer.ip(), count)
    });
    let url = format!("http://127.0.0.1:{port}/");
    let options = Options { local_address: Some(from), ..Options::default() };
    let asked = net::block_on(async move { get(&url, &options).await.map(|response| response.status()) });
    assert_eq!(asked.expect("the loop ends").expect("an answer"), 200);
    let (peer, read) = server.join().expect("a server that ends");
    assert!(peer == from && read > 0, "{peer}");
    // An address that is not this machine's is no way to go.
    let options = Options { local_address: Some([192, 0, 2, 1].into()), port, host: "127.0.0.1", ..Options::default() };
    let asked = net::block_on(async move { request(&options).await.map(drop) }).expect("the loop ends");
    assert!(matches!(asked, Err(Error::Connect(_))), "{asked:?}");
}
