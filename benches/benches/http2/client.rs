//! A client on a blocking socket, around our core.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::RequestHead;
use wirebook_http2::{Config, Connection, Event, Fields};

pub(crate) struct Client {
    socket: TcpStream,
    core: Connection,
    room: Fields,
    fields: FieldBlock,
    input: Vec<u8>,
    out: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let socket = TcpStream::connect(address).expect("the server listens");
        socket.set_nodelay(true).expect("a socket option");
        let mut fields = FieldBlock::default();
        fields.push("host", "localhost").expect("a field");
        fields.push("user-agent", "bench").expect("a field");
        let config = Config { max_requests: u32::MAX, idle_timeout: Duration::MAX, ..Config::default() };
        let core = Connection::client(Arc::new(config), Instant::now());
        Client { socket, core, room: Fields::default(), fields, input: Vec::new(), out: Vec::new() }
    }

    /// Makes so many requests at once, and waits for all answers.
    pub(crate) fn ask(&mut self, count: u64) {
        for _ in 0..count {
            let stream = self.core.next_stream().expect("a server that takes a hundred");
            let head = RequestHead::new(b"GET", b"/", self.fields.lines());
            let request = Event::Request { stream, head, scheme: b"http", protocol: None, end: true };
            self.core.send(request, &mut self.out).expect("a request");
        }
        let (mut answered, mut bytes) = (0, [0; 65_536]);
        while answered < count {
            self.socket.write_all(&self.out).expect("a server that reads");
            self.out.clear();
            let read = self.socket.read(&mut bytes).expect("an answer");
            assert!(read > 0, "the server closed");
            self.input.extend_from_slice(&bytes[..read]);
            let mut at = 0;
            loop {
                let received = self.core.receive(&self.input[at..], &mut self.room);
                let (used, event) = received.expect("a server that keeps the rules");
                at += used;
                match event {
                    Some(Event::Data { stream, bytes, end }) => {
                        answered += u64::from(end);
                        let length = bytes.len() as u32;
                        self.core.consumed(stream, length, &mut self.out);
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            self.input.drain(..at);
            self.core.answers(&mut self.out);
        }
    }
}
