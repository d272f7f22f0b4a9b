//! A client that keeps requests in flight on many connections, and counts the answers. Every answer of a server has the same length, which
//! is found by asking once.

use crate::sys;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::fd::AsRawFd,
};

/// How every answer ends.
pub const END: &[u8] = b"Hello, World!";

/// Asks once, on a connection of its own; gives the whole answer.
///
/// # Panics
/// Where the answer is none of 200, or does not end with [`END`].
pub fn ask(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.write_all(request).expect("the server reads");
    let mut bytes = Vec::new();
    while !bytes.ends_with(END) {
        let mut piece = [0; 8192];
        let count = stream.read(&mut piece).expect("the server answers");
        assert!(count > 0, "the server closed behind {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..count]);
    }
    assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Connections to one server.
#[derive(Debug)]
pub struct Client {
    name: &'static str,
    streams: Vec<TcpStream>,
    epoll: sys::Epoll,
    answer: usize,
    in_flight: usize,
    /// What each connection sends at a time, by its descriptor, and the bytes that are still to come.
    batches: Vec<Vec<u8>>,
    awaited: Vec<usize>,
}

impl Client {
    /// Connects as often as `connections` says; the connection of that number sends `batch` of it: so many whole requests, each answered
    /// as the first of the first is.
    ///
    /// # Panics
    /// Where the server does not accept or answer; so with all of this type.
    pub fn new(
        name: &'static str,
        address: SocketAddr,
        (connections, in_flight): (usize, usize),
        one: &[u8],
        batch: impl Fn(usize) -> Vec<u8>,
    ) -> Self {
        let answer = ask(address, one).len();
        let epoll = sys::Epoll::new().expect("epoll is there");
        let connect = |_| {
            let stream = TcpStream::connect(address).expect("the server accepts");
            stream.set_nodelay(true).expect("the option exists");
            epoll.add(stream.as_raw_fd(), false).expect("the stream can be watched");
            stream
        };
        let streams: Vec<TcpStream> = (0..connections).map(connect).collect();
        let last = streams.iter().map(AsRawFd::as_raw_fd).max().unwrap_or(0) as usize;
        let mut batches = vec![Vec::new(); last + 1];
        for (at, stream) in streams.iter().enumerate() {
            batches[stream.as_raw_fd() as usize] = batch(at);
        }
        Client { name, streams, epoll, answer, in_flight, batches, awaited: vec![0; last + 1] }
    }

    /// One round; requests that were answered. Each connection begins, and goes on while `more` says so, asked with the
    /// number of requests that were sent.
    pub fn round(&mut self, more: impl Fn(u64) -> bool) -> u64 {
        let (mut events, mut buffer) = (sys::no_events(), vec![0; 64 * 1024]);
        for stream in &self.streams {
            let fd = stream.as_raw_fd();
            sys::write(fd, &self.batches[fd as usize]).expect("the server reads");
            self.awaited[fd as usize] = self.in_flight * self.answer;
        }
        let pipeline = self.in_flight as u64;
        let (mut sent, mut answered, mut open) = (pipeline * self.streams.len() as u64, 0, self.streams.len());
        while open > 0 {
            for event in self.epoll.wait(&mut events, 1000).expect("epoll waits") {
                let fd = event.u64 as i32;
                let count = sys::read(fd, &mut buffer).expect("the server answers");
                assert!(count > 0, "{} closed a connection", self.name);
                let awaited = &mut self.awaited[fd as usize];
                *awaited = awaited.checked_sub(count).unwrap_or_else(|| {
                    panic!("{} sent too much: {}", self.name, String::from_utf8_lossy(&buffer[..count.min(600)]))
                });
                if *awaited > 0 {
                    continue;
                }
                answered += pipeline;
                if more(sent) {
                    sys::write(fd, &self.batches[fd as usize]).expect("the server reads");
                    *awaited = self.in_flight * self.answer;
                    sent += pipeline;
                } else {
                    open -= 1;
                }
            }
        }
        answered
    }
}
