//! The core alone, as somebody uses it who has bytes and no loop of ours.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use wirebook_http1::connection::{Additions, Connection, Error, Event, FieldBlock};
use wirebook_http1::parser::Fields;
use wirebook_http1::state::State;

// ANCHOR: outsider
/// Answers each request of a connection with its target, until the connection is over.
fn serve(mut stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    let (mut connection, mut room, mut lines) = (Connection::server(), Fields::new(), FieldBlock::default());
    let (mut input, mut out, mut target) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = [0; 4096];
    while !matches!(connection.our_state(), State::MustClose | State::Closed) {
        let count = stream.read(&mut bytes)?;
        input.extend_from_slice(&bytes[..count]);
        let mut at = 0;
        let broken: Option<Error> = loop {
            match connection.receive(&input[at..], &mut room) {
                Ok((used, None)) => {
                    at += used;
                    break None;
                }
                Ok((used, Some(event))) => {
                    at += used;
                    match event {
                        Event::Request(head) => target = head.target.to_vec(),
                        Event::End(_) => connection.answer(200, &lines, Additions::default(), &target, &mut out)?,
                        _ => {}
                    }
                }
                Err(error) => break Some(error),
            }
        };
        input.drain(..at);
        if let Some(error) = broken.or_else(|| (count == 0).then(|| connection.receive_eof().err()).flatten()) {
            lines.set("content-type", "text/plain")?;
            connection.answer(error.status(), &lines, Additions::default(), error.to_string().as_bytes(), &mut out)?;
        }
        stream.write_all(&out)?;
        out.clear();
        if count == 0 {
            break;
        }
    }
    Ok(())
}
// ANCHOR_END: outsider

/// What the outsider's loop answers to these bytes.
fn answers(request: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || serve(listener.accept().expect("a client").0).expect("a whole conversation"));
    let mut stream = TcpStream::connect(address).expect("a server");
    stream.write_all(request).expect("a server that reads");
    stream.shutdown(std::net::Shutdown::Write).expect("open");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("text");
    server.join().expect("no panic");
    text
}

#[test]
fn an_outsider_serves_with_thirty_lines() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let text = answers(
        format!("{}POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntea{}", get("/a"), get("/c")).as_bytes(),
    );
    let bodies: Vec<&str> =
        text.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP").next().unwrap_or("")).collect();
    assert_eq!(bodies, ["/a", "/b", "/c"]);
    let text = answers(format!("{}GET  /b", get("/a")).as_bytes());
    assert!(text.contains("HTTP/1.1 400 Bad Request\r\n") && text.contains("connection: close"), "{text}");
    assert!(answers(b"GET / HT").starts_with("HTTP/1.1 400"), "the connection ended in a head");
    assert!(answers(b"").is_empty());
}
