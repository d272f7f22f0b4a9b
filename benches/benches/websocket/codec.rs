//! The codec in memory.

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;
use tungstenite::protocol::{Role, WebSocketConfig};
use wirebook_websocket::{Config, Connection, Event, Kind, Message, mask};

/// Frames in one pass.
const FRAMES: usize = 256;

/// The best of many short rounds, in nanoseconds for each of `operations`.
fn best(operations: usize, mut round: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(700) {
        let start = Instant::now();
        round();
        best = best.min(start.elapsed().as_nanos() as f64 / operations as f64);
    }
    (best * 100.0).round() / 100.0
}

fn random() -> impl FnMut(usize) -> usize {
    let mut state = 42u64;
    move |n| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    }
}

/// Masked frames with payloads of exactly `size` bytes.
fn wire(size: usize, kind: Kind) -> Vec<u8> {
    let mut next = random();
    let mut client = Connection::client(Arc::default(), None, fill, Instant::now());
    let mut out = Vec::new();
    for _ in 0..FRAMES {
        let payload: Vec<u8> = match kind {
            Kind::Binary => (0..size).map(|_| next(256) as u8).collect(),
            Kind::Text => (0..size).map(|_| b"etaoin shrdlu, {\"cmfw\": 0123456789}"[next(35)]).collect(),
        };
        client.send_message(kind, &payload, &mut out).expect("open");
    }
    out
}

fn fill(bytes: &mut [u8]) {
    let mut next = random();
    bytes.fill_with(|| next(256) as u8);
}

/// Gives out `bytes` once, and takes anything.
struct Memory<'a> {
    bytes: &'a [u8],
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.bytes.is_empty() {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(buffer)
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Memory<'_> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let count = buffer.remaining().min(self.bytes.len());
        buffer.put_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        std::task::Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Memory<'_> {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

pub(crate) fn run() -> Value {
    let mut table = serde_json::Map::new();
    for (name, size, kind) in [("decode 64 B binary", 64, Kind::Binary), ("decode 1 KiB text", 1024, Kind::Text)] {
        let wire = wire(size, kind);
        let mut server = Connection::server(Arc::default(), None, Instant::now());
        let mut buffer = vec![0; wire.len()];
        let ours = best(FRAMES, || {
            // What a read costs; the peers below are given their bytes by a read too.
            buffer.copy_from_slice(&wire);
            let mut at = 0;
            let mut count = 0;
            while at < buffer.len() {
                let (used, event) = server.receive(&mut buffer[at..]).expect("good frames");
                at += used;
                if let Some(Event::Message(message)) = event {
                    black_box(message.as_bytes());
                    count += 1;
                }
            }
            assert_eq!(count, FRAMES);
        });
        let config = WebSocketConfig::default().read_buffer_size(16 << 10);
        let tungstenite = best(FRAMES, || {
            let memory = Memory { bytes: &wire };
            let mut socket = tungstenite::WebSocket::from_raw_socket(memory, Role::Server, Some(config));
            let mut count = 0;
            while let Ok(message) = socket.read() {
                match &message {
                    tungstenite::Message::Binary(bytes) => black_box(&bytes[..]),
                    tungstenite::Message::Text(text) => black_box(text.as_bytes()),
                    _ => continue,
                };
                count += 1;
            }
            assert_eq!(count, FRAMES);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let fastwebsockets = best(FRAMES, || {
            runtime.block_on(async {
                let socket =
                    fastwebsockets::WebSocket::after_handshake(Memory { bytes: &wire }, fastwebsockets::Role::Server);
                let mut socket = fastwebsockets::FragmentCollector::new(socket);
                for _ in 0..FRAMES {
                    black_box(&socket.read_frame().await.expect("good frames").payload[..]);
                }
            });
        });
        table.insert(
            name.into(),
            json!({ "wirebook": ours, "tungstenite": tungstenite, "fastwebsockets": fastwebsockets }),
        );
    }
    table.insert("encode 64 B binary".into(), encode());
    Value::Object(table)
}

fn encode() -> Value {
    let mut next = random();
    let payloads: Vec<Vec<u8>> = (0..FRAMES).map(|_| (0..64).map(|_| next(256) as u8).collect()).collect();
    let mut server = Connection::server(Arc::default(), None, Instant::now());
    let mut out = Vec::with_capacity(FRAMES * 70);
    let ours = best(FRAMES, || {
        out.clear();
        for payload in &payloads {
            server.send(Event::Message(Message::binary(payload)), &mut out).expect("open");
        }
        black_box(&out);
    });
    let mut out = Vec::with_capacity(FRAMES * 70);
    let shared: Vec<tungstenite::Bytes> = payloads.iter().map(|payload| payload.clone().into()).collect();
    let tungstenite = best(FRAMES, || {
        out.clear();
        for payload in &shared {
            let opcode =
                tungstenite::protocol::frame::coding::OpCode::Data(tungstenite::protocol::frame::coding::Data::Binary);
            tungstenite::protocol::frame::Frame::message(payload.clone(), opcode, true).format(&mut out).expect("room");
        }
        black_box(&out);
    });
    let mut out = Vec::with_capacity(FRAMES * 70);
    let fastwebsockets = best(FRAMES, || {
        for payload in &payloads {
            let mut frame = fastwebsockets::Frame::binary(fastwebsockets::Payload::Borrowed(payload));
            black_box(frame.write(&mut out));
        }
    });
    json!({ "wirebook": ours, "tungstenite": tungstenite, "fastwebsockets": fastwebsockets })
}

pub(crate) fn deflate() -> Value {
    let wire = wire(1024, Kind::Text);
    let mut plain = wire.clone();
    let mut reader = Connection::server(Arc::default(), None, Instant::now());
    let mut texts = Vec::new();
    let mut at = 0;
    while let (used, Some(Event::Message(message))) = reader.receive(&mut plain[at..]).expect("good frames") {
        texts.push(message.into_owned());
        at += used;
        if at == wire.len() {
            break;
        }
    }
    let agreed = wirebook_websocket::Negotiated {
        own_takeover: false,
        peer_takeover: false,
        own_window_bits: 15,
        peer_window_bits: 15,
    };
    let config = Arc::new(Config { deflate: Some(Default::default()), ..Config::default() });
    let mut server = Connection::server(config.clone(), Some(agreed), Instant::now());
    let mut client = Connection::client(config, Some(agreed), fill, Instant::now());
    let mut out = Vec::new();
    let compress = best(texts.len(), || {
        out.clear();
        for text in &texts {
            server.send(Event::Message(text.clone()), &mut out).expect("open");
        }
    });
    let mut buffer = out.clone();
    let inflate = best(texts.len(), || {
        buffer.copy_from_slice(&out);
        let mut at = 0;
        while at < buffer.len() {
            let (used, event) = client.receive(&mut buffer[at..]).expect("good frames");
            at += used;
            black_box(event);
        }
    });
    json!({ "deflate": compress, "inflate": inflate })
}

/// What one read brings at the most; the frames in it lie in the first cache.
const READ: usize = 16 << 10;

pub(crate) fn unmask() -> Value {
    // Entry points that are alike: none is inlined into the loop that measures, and none knows the length.
    #[inline(never)]
    fn wirebook(payload: &mut [u8], key: [u8; 4]) {
        mask::apply(payload, key, 0);
    }
    #[inline(never)]
    fn word(payload: &mut [u8], key: [u8; 4]) {
        mask::word::apply(payload, key, 0);
    }
    #[inline(never)]
    fn byte(payload: &mut [u8], key: [u8; 4]) {
        mask::byte::apply(payload, key, 0);
    }
    #[inline(never)]
    fn fastwebsockets(payload: &mut [u8], key: [u8; 4]) {
        fastwebsockets::unmask(payload, key);
    }
    let mut table = serde_json::Map::new();
    for (name, size) in [("64 B", 64), ("125 B", 125), ("1 KiB", 1024), ("64 KiB", 64 << 10), ("4 MiB", 4 << 20)] {
        // Frames lie behind each other as in a read buffer, seldom aligned.
        let count = (READ / (size + 6)).max(1);
        let mut bytes = vec![7u8; count * (size + 6)];
        let mut gigabytes = |apply: fn(&mut [u8], [u8; 4])| {
            let apply = black_box(apply);
            // Short reads are repeated, so that the clock costs nothing.
            let repeat = ((128 << 10) / bytes.len()).max(1);
            let nanos = best(count * repeat, || {
                for _ in 0..repeat {
                    for (i, frame) in bytes.chunks_exact_mut(size + 6).enumerate() {
                        apply(black_box(&mut frame[6..]), [i as u8, 2, 3, 4]);
                    }
                }
            });
            (size as f64 / nanos * 10.0).round() / 10.0
        };
        let row = json!({
            "wirebook": gigabytes(wirebook),
            "wirebook, by word": gigabytes(word),
            "wirebook, by byte": gigabytes(byte),
            "fastwebsockets": gigabytes(fastwebsockets),
        });
        table.insert(name.into(), row);
    }
    Value::Object(table)
}
