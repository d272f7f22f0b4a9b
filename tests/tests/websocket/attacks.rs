//! Rows of `tests/attacks/websocket.jsonl` that no machine understands, and attacks of our own that are made and not spelt out.
//! The others are played by `attacks.rs`.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::json;
use wirebook_net as net;
use wirebook_tests::attacks::client::over_sockets;
use wirebook_tests::attacks::row::{Row, Step};
use wirebook_tests::attacks::subject;
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::{self as websocket, handshake::accept};

const HANDSHAKE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

const DEFLATE: &[u8] = b"Sec-WebSocket-Extensions: permessage-deflate\r\n";

fn row(steps: Vec<Step>) -> Row {
    Row { layer: "websocket".into(), role: "server".into(), steps, ..Row::default() }
}

/// A thousand frames, a thousand keys.
#[test]
fn ws_041_masking_keys() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client connects");
        let head = String::from_utf8(read_head(&mut stream)).expect("a request is ASCII");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        write!(stream, "{answer}Sec-WebSocket-Accept: {}\r\n\r\n", accept(key.as_bytes())).expect("the client reads");
        // Each is a header of two bytes, a key of four and a byte of payload.
        let mut frames = [[0; 7]; 1000];
        stream.read_exact(frames.as_flattened_mut()).expect("the client sends");
        frames.map(|frame| {
            let (header, _) = Header::decode(&frame).expect("a frame").expect("a whole one");
            u32::from_ne_bytes(header.mask.expect("a client masks"))
        })
    });
    net::block_on(async move {
        let (_reader, writer) = websocket::connect(&url).await.expect("the server answers");
        for _ in 0..1000 {
            writer.send("x").await.expect("the server reads");
        }
    })
    .expect("the loop runs");
    let keys = server.join().expect("the server does not panic");
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "a key came twice");
    // Neither a counter nor anything near one: all differences differ, and about half of all bits are set.
    let differences: HashSet<u32> = keys.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    assert!(differences.len() > 990, "{}", differences.len());
    let bits: u32 = keys.iter().map(|key| key.count_ones()).sum();
    assert!((15_000..17_000).contains(&bits), "{bits}");
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a whole head");
        head.push(byte[0]);
    }
    head
}

/// An idle connection, after one message of 1 KiB each way.
fn idle(address: SocketAddr, extensions: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.write_all(&[HANDSHAKE, extensions, b"\r\n"].concat()).expect("the server reads");
    read_head(&mut stream);
    stream.write_all(&[&[0x82, 0xfe, 4, 0, 0, 0, 0, 0][..], &[b'a'; 1024]].concat()).expect("the server reads");
    stream.read_exact(&mut [0; 10]).expect("an echo");
    stream
}

/// What one more idle connection costs its server: the peak is reached while all are open.
fn idle_cost(extensions: &[u8]) -> i64 {
    let subject = subject::start(&row(Vec::new()));
    let mut open = Vec::new();
    let peaks = [110, 310].map(|count| {
        open.resize_with(count, || idle(subject.address, extensions));
        subject.ledger.peak()
    });
    (peaks[1] - peaks[0]) / 200
}

/// Held to a bound of our own that is an eighth of the row's.
#[test]
fn ws_112_idle_deflate_connection_costs_little() {
    let each = idle_cost(DEFLATE);
    assert!(each <= 8192, "{each} bytes for each idle connection");
}

#[test]
fn own_idle_connection_costs_little() {
    let each = idle_cost(b"");
    assert!(each <= 1536, "{each} bytes for each idle connection");
}

/// 64 MiB of zeros in 64 KiB, whole and in fragments: at most the message limit and 64 KiB above what one small compressed
/// message costs.
#[test]
fn own_deflate_bomb_costs_the_limit() {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut bomb = Vec::with_capacity(1 << 20);
    compress.compress_vec(&vec![0; 64 << 20], &mut bomb, flate2::FlushCompress::Sync).expect("room");
    bomb.truncate(bomb.len() - 4);
    let frame = |opcode, rsv, fin, payload: &[u8]| {
        let mut head = [0; 14];
        let header = Header { fin, rsv, opcode, mask: Some([0; 4]), length: payload.len() as u64 };
        let size = header.encode(&mut head);
        [&head[..size], payload].concat()
    };
    let whole = frame(Opcode::Binary, 4, true, &bomb);
    let mut pieces = bomb.chunks(1024);
    let mut fragments = frame(Opcode::Binary, 4, false, pieces.next().expect("a first piece"));
    pieces.for_each(|piece| fragments.extend(frame(Opcode::Continuation, 0, false, piece)));
    let cost = |attack: Vec<u8>, close: &[u16]| {
        let handshake = [HANDSHAKE, DEFLATE, b"\r\n"].concat();
        let mut row = row(vec![Step::Send(handshake, 1), Step::Read(None), Step::Send(attack, 1)]);
        row.expect.insert("close".into(), json!(!close.is_empty()));
        let seen = over_sockets(&row);
        assert_eq!(seen.frames.closes, close);
        seen.memory
    };
    let small = cost(vec![0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], &[]);
    for attack in [whole, fragments] {
        let above = cost(attack, &[1009]) - small;
        assert!(above <= (1 << 20) + (64 << 10), "{above} bytes");
    }
}
