//! A blocking socket that says what it is told, and writes down what comes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use wirebook_websocket::frame::{Header, Opcode};

/// How long silence must last before a connection counts as left open.
const SILENCE: Duration = Duration::from_millis(150);

/// What came from the server.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub(crate) status: Vec<u16>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) pongs: Vec<Vec<u8>>,
    /// Codes of Close frames; 1005 where there was none.
    pub(crate) closes: Vec<u16>,
    /// Opcodes in order.
    pub(crate) order: Vec<u8>,
    /// The end of the stream, or a reset.
    pub(crate) ended: bool,
}

impl Observed {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Attacker {
    stream: TcpStream,
    bytes: Vec<u8>,
    observed: Observed,
}

impl Attacker {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        Attacker::over(stream)
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket option");
        Attacker { stream, bytes: Vec::new(), observed: Observed::default() }
    }

    /// Sends, reading meanwhile so that nothing is stuck; a server that has gone is none of the sender's business.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) {
        self.stream.set_nonblocking(true).expect("a socket option");
        while !bytes.is_empty() {
            match self.stream.write(&bytes[..bytes.len().min(1 << 16)]) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.read_some() {
                        std::thread::yield_now();
                    }
                    if self.observed.ended {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        self.stream.set_nonblocking(false).expect("a socket option");
    }

    /// As `send`, without ever reading: says how many bytes the server took until it took no more for `silence`.
    pub(crate) fn send_without_reading(&mut self, bytes: &[u8], silence: Duration) -> usize {
        self.stream.set_write_timeout(Some(silence)).expect("a socket option");
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(_) => break,
            }
        }
        sent
    }

    fn read_some(&mut self) -> bool {
        let mut buffer = vec![0; 1 << 16];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.observed.ended = true,
            Ok(count) => {
                self.bytes.extend_from_slice(&buffer[..count]);
                return true;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.observed.ended = true,
        }
        false
    }

    /// Waits for a whole response head.
    pub(crate) fn read_head(&mut self) {
        self.stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket option");
        while !self.bytes.windows(4).any(|window| window == b"\r\n\r\n") && self.read_some() {}
    }

    /// Bytes that came so far.
    pub(crate) fn received(&self) -> usize {
        self.bytes.len()
    }

    /// Reads until so many bytes have come.
    pub(crate) fn read_at_least(&mut self, count: usize) {
        self.stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket option");
        while self.bytes.len() < count && self.read_some() {}
    }

    /// Reads until the end, or until nothing came for a while; then tells everything.
    pub(crate) fn observe(&mut self, patience: Duration, wants_end: bool) -> Observed {
        let begun = Instant::now();
        self.stream.set_read_timeout(Some(SILENCE)).expect("a socket option");
        while !self.observed.ended {
            let read = self.read_some();
            if !read && !self.observed.ended && (!wants_end || begun.elapsed() > patience) {
                break;
            }
        }
        self.parse();
        std::mem::take(&mut self.observed)
    }

    fn parse(&mut self) {
        let mut rest = &self.bytes[..];
        if let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let mut lines = head.lines();
            let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|text| text.parse().ok());
            self.observed.status.extend(status);
            let fields = lines.filter_map(|line| line.split_once(": "));
            self.observed.fields = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            if status != Some(101) {
                return;
            }
            rest = &rest[end + 4..];
        }
        while let Ok(Some((header, size))) = Header::decode(rest) {
            assert_eq!((header.mask, header.rsv & 3), (None, 0), "a server does not mask");
            let Some(payload) = rest.get(size..size + header.length as usize) else { break };
            rest = &rest[size + payload.len()..];
            self.observed.order.push(header.opcode as u8);
            match header.opcode {
                Opcode::Pong => self.observed.pongs.push(payload.to_vec()),
                Opcode::Close => {
                    self.observed.closes.push(payload.first_chunk::<2>().map_or(1005, |code| u16::from_be_bytes(*code)))
                }
                Opcode::Ping => {}
                _ if header.rsv == 4 => self.observed.messages.push(inflate(payload)),
                _ => self.observed.messages.push(payload.to_vec()),
            }
        }
    }
}

fn inflate(payload: &[u8]) -> Vec<u8> {
    let bytes = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut out = Vec::with_capacity(1 << 20);
    let mut inflater = flate2::Decompress::new(false);
    inflater.decompress_vec(&bytes, &mut out, flate2::FlushDecompress::Sync).expect("what the server sends inflates");
    out
}
