//! The chapter "Bytes on a wire": its server, what it says about streams, and the answers to its exercises.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

// Its `main` serves for ever.
#[allow(dead_code)]
#[path = "../../../net/examples/wire.rs"]
mod wire;

/// A connection whose reads give these pieces, one after the other, and then the end.
struct Pieces {
    incoming: VecDeque<&'static [u8]>,
    outgoing: Vec<u8>,
}

impl Pieces {
    fn new(pieces: impl IntoIterator<Item = &'static [u8]>) -> Self {
        Pieces { incoming: pieces.into_iter().collect(), outgoing: Vec::new() }
    }
}

impl Read for &mut Pieces {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let piece = self.incoming.pop_front().unwrap_or_default();
        bytes[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

impl Write for &mut Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const REQUEST: &[u8] = b"GET /tea HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn the_naive_server_answers_half_a_request() {
    let mut connection = Pieces::new([&REQUEST[..7], &REQUEST[7..]]);
    wire::answer(&mut connection).unwrap();
    assert!(connection.outgoing.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(connection.incoming.len(), 1, "the second half was never read");
}

#[test]
fn the_patient_server_waits_for_the_empty_line() {
    for cut in 1..REQUEST.len() {
        let mut connection = Pieces::new([&REQUEST[..cut], &REQUEST[cut..]]);
        wire::answer_whole(&mut connection).unwrap();
        assert!(connection.incoming.is_empty(), "cut at {cut}");
        let mut half = Pieces::new([&REQUEST[..cut]]);
        assert!(wire::answer_whole(&mut half).is_err(), "cut at {cut}");
        assert!(half.outgoing.is_empty(), "cut at {cut}");
    }
}

// ANCHOR: two_writes
#[test]
fn two_writes_may_be_one_read() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    client.write_all(b"hel")?;
    client.write_all(b"lo")?;
    // Looks without taking, until both have arrived.
    let mut bytes = [0; 100];
    while server.peek(&mut bytes)? < 5 {}
    let count = server.read(&mut bytes)?;
    assert_eq!(&bytes[..count], b"hello");
    Ok(())
}
// ANCHOR_END: two_writes

#[test]
fn a_small_read_takes_a_part() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    client.write_all(b"hello")?;
    drop(client);
    let mut bytes = [0; 2];
    let mut reads = Vec::new();
    while let count @ 1.. = server.read(&mut bytes)? {
        reads.push(bytes[..count].to_vec());
    }
    assert!(reads.len() >= 3, "{reads:?}");
    assert_eq!(reads.concat(), b"hello");
    Ok(())
}

// ANCHOR: exercise_count
#[test]
fn exercise_count() {
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    // 14 + 2, then 7 + 2, then 2.
    assert_eq!(request.len(), 27);
    // OWS is optional: the space behind the colon.
    assert_eq!(b"GET / HTTP/1.1\r\nHost:x\r\n\r\n".len(), 26);
}
// ANCHOR_END: exercise_count

// ANCHOR: exercise_body
/// The body of an answer that has a `Content-Length`; `None` while bytes are missing.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let head_end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..head_end]).ok()?;
    let length = head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    answer[head_end + 4..].get(..length)
}
// ANCHOR_END: exercise_body

#[test]
fn exercise_body_at_every_cut() {
    let answer = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH: 4\r\n\r\ntea\n";
    for cut in 0..answer.len() {
        assert_eq!(body(&answer[..cut]), None, "cut at {cut}");
    }
    assert_eq!(body(answer), Some(&b"tea\n"[..]));
    let and_more = [&answer[..], b"HTTP/1.1 404 Not Found\r\n"].concat();
    assert_eq!(body(&and_more), Some(&b"tea\n"[..]), "what follows is the next answer's");
    assert_eq!(body(b"HTTP/1.1 200 OK\r\n\r\ntea"), None);
}

// ANCHOR: exercise_turn
/// A connection that never blocks, and what has come of its request.
struct Visitor {
    connection: TcpStream,
    head: Vec<u8>,
}

/// Goes around all visitors once. Who has sent a whole head is answered and leaves.
fn turn(listener: &TcpListener, visitors: &mut Vec<Visitor>) -> io::Result<()> {
    match listener.accept() {
        Ok((connection, _)) => {
            connection.set_nonblocking(true)?;
            visitors.push(Visitor { connection, head: Vec::new() });
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    visitors.retain_mut(|visitor| {
        let mut bytes = [0; 1024];
        match visitor.connection.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                visitor.head.extend_from_slice(&bytes[..count]);
                let whole = visitor.head.ends_with(b"\r\n\r\n");
                // So few bytes always find room in the buffer of a new connection.
                !(whole && visitor.connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok())
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    });
    Ok(())
}
// ANCHOR_END: exercise_turn

#[test]
fn exercise_turn_serves_the_second_while_the_first_is_silent() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let mut silent = TcpStream::connect(address)?;
    silent.write_all(b"GET /te")?;
    let client = thread::spawn(move || {
        let mut client = TcpStream::connect(address)?;
        client.write_all(REQUEST)?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        io::Result::Ok(answer)
    });
    let mut visitors = Vec::new();
    while !client.is_finished() {
        turn(&listener, &mut visitors)?;
        thread::yield_now();
    }
    let answer = client.join().expect("the client does not panic")?;
    assert_eq!(answer, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(visitors.len(), 1, "the silent one is still there, and stopped nobody");
    Ok(())
}
