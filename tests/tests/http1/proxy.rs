//! The proxy of the examples, which readers copy: what it must not lose on the way.

#[allow(dead_code)]
#[path = "../../../http1/examples/http_proxy.rs"]
mod example;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions};
use wirebook_http1::server::{Hooks, Options};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_tests::server::{connect, read_all, talk};

/// A proxy that allows so many bytes of body.
fn start(max_body: u64) -> SocketAddr {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        net::block_on(async move {
            let agent = Agent::new(AgentOptions::default());
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the test waits");
            let hooks = Hooks { handler_error: None, ..Hooks::default() };
            http1::serve_on(
                listener,
                Options { max_body, hooks, ..Options::default() },
                async move |request: Request<'_>, response: Response<'_>| match request.method() {
                    "CONNECT" => example::tunnel(request, response).await,
                    _ => example::forward(&agent, request, response).await,
                },
            );
        })
    });
    receive.recv().expect("the proxy starts")
}

/// An origin that speaks to one client.
fn origin<T: Send + 'static>(speak: impl FnOnce(TcpStream) -> T + Send + 'static) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    (address, thread::spawn(move || speak(listener.accept().expect("a client").0)))
}

/// Reads until that was seen, or the end.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out can be set");
    // Byte by byte: what stands behind the head is for whoever reads next.
    let (mut text, mut bytes) = (String::new(), [0; 1]);
    while !text.ends_with(end) || end.is_empty() {
        match stream.read(&mut bytes) {
            Ok(count @ 1..) => text.push_str(&String::from_utf8_lossy(&bytes[..count])),
            _ => break,
        }
    }
    text
}

/// An origin that answers with these bytes behind a head, and gives the head.
fn answering(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    origin(move |mut stream| {
        let head = read_until(&mut stream, "\r\n\r\n");
        stream.write_all(answer.as_bytes()).expect("a client that reads");
        head
    })
}

#[test]
fn an_upload_that_is_cut_never_reaches_the_origin_as_complete() {
    let (address, seen) = origin(|mut stream| read_until(&mut stream, ""));
    let head = format!("POST http://{address}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut client = connect(start(u64::MAX));
    client.write_all(format!("{head}5\r\nhello\r\n").as_bytes()).expect("a proxy that reads");
    client.shutdown(Shutdown::Write).expect("open");
    assert_eq!(read_all(client).statuses(), [400]);
    let seen = seen.join().expect("no panic");
    assert!(seen.contains("hello") && !seen.ends_with("0\r\n\r\n"), "{seen}");
}

#[test]
fn a_large_upload_arrives_whole_or_is_refused() {
    const LENGTH: usize = 3 << 20;
    for (max_body, status) in [(u64::MAX, 201), (1 << 20, 413)] {
        let (address, seen) = origin(|mut stream| {
            let mut seen = Vec::new();
            let mut bytes = vec![0; 1 << 16];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                seen.extend_from_slice(&bytes[..count]);
                if seen.ends_with(b"0\r\n\r\n") {
                    stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").expect("open");
                    break;
                }
            }
            seen
        });
        let head = format!("POST http://{address}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        let mut client = connect(start(max_body));
        client.write_all(head.as_bytes()).expect("a proxy that reads");
        for _ in 0..LENGTH / 4096 {
            client.write_all(format!("1000\r\n{}\r\n", "x".repeat(4096)).as_bytes()).expect("a proxy that reads");
        }
        client.write_all(b"0\r\n\r\n").expect("a proxy that reads");
        client.shutdown(Shutdown::Write).expect("open");
        assert_eq!(read_all(client).statuses(), [status]);
        let seen = seen.join().expect("no panic");
        let content = seen.iter().filter(|&&byte| byte == b'x').count();
        assert_eq!((content >= LENGTH, seen.ends_with(b"0\r\n\r\n")), (status == 201, status == 201), "{content}");
    }
}

#[test]
fn heads_pass_as_they_are() {
    let proxy = start(u64::MAX);
    let (address, _) = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n");
    let text = talk(proxy, format!("HEAD http://{address}/ HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).text();
    assert!(text.contains("\r\nX: y\r\n") && !text.contains("content-length"), "{text}");
    let (address, head) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    talk(proxy, format!("OPTIONS http://{address} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    let head = head.join().expect("no panic");
    assert!(head.starts_with("OPTIONS * HTTP/1.1\r\n") && head.contains(&address.to_string()), "{head}");
    let (address, head) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    talk(proxy, format!("OPTIONS http://{address}/ HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    assert!(head.join().expect("no panic").starts_with("OPTIONS / HTTP/1.1\r\n"));
}

#[test]
fn rfc9110_15_2_early_hints_pass() {
    let (address, _) =
        answering("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea");
    let text = talk(start(u64::MAX), format!("GET http://{address}/ HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).text();
    assert!(text.starts_with("HTTP/1.1 103") && text.contains("Link: </a.css>") && text.ends_with("tea"), "{text}");
}

#[test]
fn an_origin_that_echoes_while_it_reads_is_read_while_it_is_written_to() {
    const LENGTH: usize = 8 << 20;
    let (address, _) = origin(|mut stream| {
        read_until(&mut stream, "\r\n\r\n");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("open");
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = stream.read(&mut bytes) {
            stream.write_all(&bytes[..count]).expect("a proxy that reads");
        }
    });
    let mut client = connect(start(u64::MAX));
    let head =
        format!("POST http://{address}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {LENGTH}\r\n\r\n");
    client.write_all(head.as_bytes()).expect("a proxy that reads");
    let mut writing = client.try_clone().expect("a descriptor");
    let writer = thread::spawn(move || {
        for _ in 0..LENGTH / 65_536 {
            writing.write_all(&[b'x'; 65_536]).expect("a proxy that reads");
        }
    });
    let answers = read_all(client);
    writer.join().expect("no panic");
    assert_eq!(answers.bytes.iter().filter(|&&byte| byte == b'x').count(), LENGTH);
}

#[test]
fn a_refused_tunnel_closes_and_a_good_one_is_a_tunnel() {
    let proxy = start(u64::MAX);
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let (address, heard) = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let behind = format!("GET http://{address}/smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    let text = talk(proxy, format!("CONNECT {nobody} HTTP/1.1\r\nHost: a\r\n\r\n{behind}").as_bytes());
    assert_eq!(text.statuses(), [502], "{}", text.text());
    assert!(text.text().contains("connection: close"));
    let mut client = connect(proxy);
    client
        .write_all(format!("CONNECT {address} HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n").as_bytes())
        .expect("open");
    client.shutdown(Shutdown::Write).expect("open");
    assert_eq!(read_all(client).statuses(), [200, 200]);
    assert_eq!(heard.join().expect("no panic"), "GET / HTTP/1.1\r\n\r\n");
}
