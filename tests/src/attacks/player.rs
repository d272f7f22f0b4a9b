//! A hostile server, on plain threads: it plays the steps of a row to the clients that come.

use super::row::latin1;
use serde_json::Value;
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use wirebook_websocket::handshake::accept;

/// A client that waits this long, or keeps its server waiting, hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that plays the steps of a row to the first client that comes, and is well-behaved afterwards.
///
/// Once the steps are over, every request on the connection where they began is answered with the body `stale`, every one
/// on a later connection with `fresh`: so a second request shows whether the first connection was used again.
#[derive(Clone)]
pub struct Player {
    /// Where it listens.
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Player {
    /// Plays a row to one client, then ends its half and reads what still comes; gives that, and whether the client ended too.
    pub fn once(steps: &[Value]) -> (SocketAddr, mpsc::Receiver<(Vec<u8>, bool)>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let player = Player { address: listener.local_addr().expect("an address"), heard: Arc::default() };
        let (address, steps) = (player.address, steps.to_vec());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let mut peer = player.accept(&listener);
            for step in &steps {
                peer.play(step, &listener, &player, false);
            }
            // Nobody is there to be told when the test has ended.
            let _ = tell.send(peer.end());
        });
        (address, told)
    }

    /// Starts it on a free port; it ends with the test process.
    pub fn start(steps: &[Value]) -> Player {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let player = Player { address: listener.local_addr().expect("an address"), heard: Arc::default() };
        let (this, steps) = (player.clone(), steps.to_vec());
        thread::spawn(move || {
            if let Some(first) = steps.first().map(|_| this.accept(&listener)) {
                let mut peer = first;
                let mut owed = false;
                for step in &steps {
                    owed = peer.play(step, &listener, &this, owed);
                }
                let this = this.clone();
                thread::spawn(move || peer.behave(&this, owed));
            }
            loop {
                let (peer, this) = (this.accept(&listener), this.clone());
                thread::spawn(move || peer.behave(&this, false));
            }
        });
        player
    }

    /// Connections that were accepted.
    pub fn connections(&self) -> usize {
        self.heard.lock().expect("no thread panics while it writes down").len()
    }

    /// What came on a connection so far, as Latin-1.
    pub fn heard(&self, connection: usize) -> String {
        let heard = self.heard.lock().expect("no thread panics while it writes down");
        heard[connection].iter().map(|&byte| char::from(byte)).collect()
    }

    fn accept(&self, listener: &TcpListener) -> Peer {
        let (stream, _) = listener.accept().expect("the listener lives");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a limit");
        let mut heard = self.heard.lock().expect("no thread panics while it writes down");
        heard.push(Vec::new());
        Peer { stream: Some(stream), number: heard.len() - 1, unused: Vec::new(), accept: String::new() }
    }

    fn note(&self, number: usize, bytes: &[u8]) {
        self.heard.lock().expect("no thread panics while it writes down")[number].extend_from_slice(bytes);
    }
}

/// One connection, seen from the server.
struct Peer {
    stream: Option<TcpStream>,
    number: usize,
    unused: Vec<u8>,
    /// What answers the key of a WebSocket handshake.
    accept: String,
}

impl Peer {
    /// Plays a step; says whether a request waits for its answer.
    fn play(&mut self, step: &Value, listener: &TcpListener, player: &Player, owed: bool) -> bool {
        let text = |key: &str| latin1(&step[key].as_str().unwrap_or_default().replace("{accept}", &self.accept));
        match step["op"].as_str().expect("an operation") {
            "recv_request" | "recv_head" => {
                let whole = step["op"] == "recv_request";
                while !self.read_request(player, whole) {
                    *self = player.accept(listener);
                }
                return true;
            }
            "recv_body" => drop(self.read_until(player, |bytes| bytes.ends_with(b"0\r\n\r\n") || bytes.len() >= 4)),
            "recv_bytes" => drop(self.read_until(player, |bytes| !bytes.is_empty())),
            "send" => {
                let data = text("data");
                self.send(&data);
            }
            "send_repeat" => {
                let data = text("data");
                for _ in 0..step["count"].as_u64().expect("a count") {
                    self.send(&data);
                }
            }
            "send_gzip_bomb" => {
                self.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
                let (head, block) = bomb();
                self.send(&chunk(&head));
                for _ in 0..step["expands_to"].as_u64().expect("a size") >> 20 {
                    self.send(&chunk(&block));
                }
            }
            "serve_redirect" => {
                self.read_request(player, true);
                let location = step["location"].as_str().expect("a location");
                self.send(
                    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
                );
            }
            "wait_ms" => thread::sleep(Duration::from_millis(step["ms"].as_u64().expect("a time"))),
            "fin" => drop(self.stream.as_ref().map(|stream| stream.shutdown(Shutdown::Write))),
            "rst" => {
                if let Some(stream) = self.stream.take() {
                    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("an option");
                }
            }
            "accept" => *self = player.accept(listener),
            other => panic!("the step {other} is not known"),
        }
        owed && !step["op"].as_str().is_some_and(|op| op.starts_with("send"))
    }

    fn send(&mut self, bytes: &[u8]) {
        // A client that refuses what it hears closes, and the rest has nowhere to go.
        if let Some(stream) = &mut self.stream
            && stream.write_all(bytes).is_err()
        {
            self.stream = None;
        }
    }

    /// Reads until what is unused satisfies `enough`; false where the connection ended first.
    fn read_until(&mut self, player: &Player, enough: impl Fn(&[u8]) -> bool) -> bool {
        let mut bytes = [0; 65536];
        while !enough(&self.unused) {
            match self.stream.as_mut().map(|stream| stream.read(&mut bytes)) {
                Some(Ok(count @ 1..)) => {
                    player.note(self.number, &bytes[..count]);
                    self.unused.extend_from_slice(&bytes[..count]);
                }
                _ => return false,
            }
        }
        true
    }

    /// Reads a head, and a body with a length or in chunks if that is wanted.
    fn read_request(&mut self, player: &Player, body: bool) -> bool {
        let end_of_head = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        if !self.read_until(player, |bytes| end_of_head(bytes).is_some()) {
            return false;
        }
        let at = end_of_head(&self.unused).expect("it is there");
        let head: Vec<u8> = self.unused.drain(..at).collect();
        let head = String::from_utf8_lossy(&head);
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        self.accept = key.map_or(String::new(), |key| accept(key.as_bytes()));
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
        if body && head.contains("transfer-encoding: chunked") {
            self.read_until(player, |bytes| bytes.ends_with(b"0\r\n\r\n"));
            self.unused.clear();
        } else if let Some(length) = length.filter(|_| body) {
            self.read_until(player, |bytes| bytes.len() >= length);
            self.unused.drain(..length.min(self.unused.len()));
        }
        true
    }

    /// Ends this half; gives what still comes, and whether the client ended its own.
    fn end(mut self) -> (Vec<u8>, bool) {
        let Some(mut stream) = self.stream.take() else { return (self.unused, true) };
        let _ = stream.shutdown(Shutdown::Write);
        let ended = match stream.read_to_end(&mut self.unused) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        (self.unused, ended)
    }

    /// Answers every request as a good server would.
    fn behave(mut self, player: &Player, owed: bool) {
        let word = if self.number == 0 { "stale" } else { "fresh" };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{word}");
        if owed {
            self.send(answer.as_bytes());
        }
        while self.read_request(player, true) {
            self.send(answer.as_bytes());
        }
    }
}

fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// The head of a gzip member, and a block that decodes to a mebibyte of zeros and can be repeated for ever.
fn bomb() -> (Vec<u8>, Vec<u8>) {
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let mut block = Vec::with_capacity(16 * 1024);
    deflate.compress_vec(&vec![0; 1 << 20], &mut block, flate2::FlushCompress::Full).expect("room enough");
    (b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(), block)
}
