//! The naive client of "The client and the agent", and the answers.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream, ToSocketAddrs},
    thread,
};

// ANCHOR: naive
fn get(address: impl ToSocketAddrs) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
// ANCHOR_END: naive

/// What the naive client makes of a server that sends this and ends.
fn got(answer: &'static [u8]) -> io::Result<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            request.push(byte[0]);
        }
        stream.write_all(answer)
    });
    let answer = get(address);
    server.join().expect("no panic")?;
    answer
}

#[test]
fn the_naive_client_takes_half_an_answer() -> io::Result<()> {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nyour account has ";
    assert_eq!(got(half)?, half, "and no error");
    Ok(())
}

// ANCHOR: whole
/// Whether an answer that ended with its connection is a whole one.
fn is_whole(answer: &[u8]) -> bool {
    use wirebook_http1::connection::{Connection, Event, FieldBlock};
    use wirebook_http1::parser::{Fields, RequestHead};
    let (mut client, mut room, mut at) = (Connection::client(), Fields::new(), 0);
    let mut host = FieldBlock::default();
    let mut request = Vec::new();
    let asked = host.push("host", "a").is_ok()
        && client.send(Event::Request(RequestHead::new(b"GET", b"/", host.lines())), &mut request).is_ok()
        && client.send(Event::End(FieldBlock::default().lines()), &mut request).is_ok();
    while asked {
        match client.receive(&answer[at..], &mut room) {
            Ok((_, Some(Event::End(_)))) => return true,
            Ok((used, Some(_))) => at += used,
            // Only a body without a length or chunks may end here.
            Ok((_, None)) => return matches!(client.receive_eof(), Ok(Some(Event::End(_)))),
            Err(_) => return false,
        }
    }
    false
}
// ANCHOR_END: whole

#[test]
fn the_core_knows_a_whole_answer() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea";
    assert!(is_whole(whole));
    for cut in 0..whole.len() {
        assert!(!is_whole(&whole[..cut]), "cut at {cut}");
    }
    assert!(is_whole(b"HTTP/1.1 200 OK\r\n\r\ntea"), "until the end: nobody can know");
    assert!(!is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n"), "no last chunk");
    assert!(is_whole(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
}

// ANCHOR: pool
/// Idle connections to one origin. The one that was used last is taken first.
struct Pool<C> {
    max_idle: usize,
    max_age: u64,
    /// Each with the second since which it is idle; the oldest first.
    idle: Vec<(C, u64)>,
}

impl<C> Pool<C> {
    /// A connection, if one is young enough. What is too old is closed, by being dropped.
    fn take(&mut self, now: u64) -> Option<C> {
        self.idle.retain(|(_, since)| now - since < self.max_age);
        self.idle.pop().map(|(connection, _)| connection)
    }

    /// Gives a connection back whose request and response are over.
    fn give(&mut self, connection: C, now: u64) {
        self.idle.push((connection, now));
        if self.idle.len() > self.max_idle {
            self.idle.remove(0);
        }
    }
}
// ANCHOR_END: pool

#[test]
fn the_pool_gives_the_youngest_and_closes_the_old() {
    let mut pool = Pool { max_idle: 2, max_age: 4, idle: Vec::new() };
    assert_eq!(pool.take(0), None);
    pool.give("one", 0);
    pool.give("two", 1);
    pool.give("three", 2);
    assert_eq!(pool.take(3), Some("three"));
    assert_eq!(pool.take(3), Some("two"));
    assert_eq!(pool.take(3), None, "one was closed: two may idle");
    pool.give("four", 3);
    assert_eq!(pool.take(7), None, "four seconds are too old");
}
