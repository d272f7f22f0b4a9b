//! Rows that need more than a list of steps.

use std::collections::HashSet;
use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use wirebook_websocket::frame::{Header, Opcode};

use crate::attacker::Attacker;
use crate::client::{answer_handshake, with_client};
use crate::row::{check, octets};
use crate::server::{self, Handler, Setup};

const HANDSHAKE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// ws-016, and the further origins of its note.
pub(crate) fn near_miss_origins(row: &Value) {
    let server = server::start(Setup::of(&row["config"]));
    let request = String::from_utf8(octets(&row["steps"][0]["data"])).expect("ASCII");
    for (origin, status) in [
        ("https://good.example.evil.com", 403),
        ("null", 403),
        ("https://evilgood.example", 403),
        ("http://good.example", 403),
        ("https://good.example:444", 403),
        ("https://GOOD.example", 101),
    ] {
        let mut attacker = Attacker::connect(server.address);
        attacker.send(request.replace("https://good.example.evil.com", origin).as_bytes());
        let observed = attacker.observe(Duration::from_secs(5), status != 101);
        assert_eq!(observed.status, [status], "{origin}");
    }
    server.stop();
}

/// ws-041: a thousand frames, a thousand keys.
pub(crate) fn masking_keys() {
    let (_, _, keys) = with_client(
        |mut stream| {
            answer_handshake(&mut stream);
            let (mut bytes, mut keys) = (Vec::new(), Vec::new());
            let mut buffer = [0; 4096];
            while keys.len() < 1000 {
                let count = stream.read(&mut buffer).expect("the client sends");
                assert!(count > 0);
                bytes.extend_from_slice(&buffer[..count]);
                while let Ok(Some((header, size))) = Header::decode(&bytes) {
                    let whole = size + header.length as usize;
                    if bytes.len() < whole {
                        break;
                    }
                    keys.push(u32::from_ne_bytes(header.mask.expect("a client masks")));
                    bytes.drain(..whole);
                }
            }
            keys
        },
        async |writer| {
            for _ in 0..1000 {
                writer.send("x").await.expect("the server reads");
            }
        },
    );
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "a key came twice");
    // Neither a counter nor anything near one: all differences differ, and about half of all bits are set.
    let differences: HashSet<u32> = keys.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    assert!(differences.len() > 990, "{}", differences.len());
    let bits: u32 = keys.iter().map(|key| key.count_ones()).sum();
    assert!((15_000..17_000).contains(&bits), "{bits}");
}

/// ws-066: once its answers are not read, the server owes one, however many pings come. (It reads on: two ends that both
/// stopped would wait for each other.)
pub(crate) fn ping_flood(row: &Value) {
    let server = server::start(Setup::of(&row["config"]));
    let mut attacker = Attacker::connect(server.address);
    attacker.send(&octets(&row["steps"][0]["request"]));
    attacker.read_head();
    let ping = octets(&row["steps"][1]["data"]);
    let all = ping.repeat(1_000_000);
    let sent = attacker.send_without_reading(&all, Duration::from_millis(500));
    assert_eq!(sent, all.len(), "the server stopped reading");
    drop(attacker);
    let cost = server.stop();
    let most = row["expect"]["mem_max"].as_i64().expect("a number");
    assert!(cost.peak_bytes <= most, "{} bytes at the peak", cost.peak_bytes);
}

/// ws-070: the same at every cut, and byte by byte.
pub(crate) fn every_split(row: &Value) {
    let server = server::start(Setup::of(&row["config"]));
    let bytes = octets(&row["steps"][1]["data"]);
    let request = octets(&row["steps"][0]["request"]);
    let mut seen = HashSet::new();
    for cut in 0..=bytes.len() {
        let mut attacker = Attacker::connect(server.address);
        attacker.send(&request);
        attacker.read_head();
        match cut {
            0 => bytes.iter().for_each(|byte| attacker.send(&[*byte])),
            cut => [&bytes[..cut], &bytes[cut..]].iter().for_each(|part| attacker.send(part)),
        }
        let observed = attacker.observe(Duration::from_secs(5), true);
        seen.insert(format!("{observed:?}"));
        assert_eq!((observed.messages.len(), observed.pongs.len(), &observed.closes[..]), (1, 1, &[1000][..]));
    }
    assert_eq!(seen.len(), 1);
    server.stop();
}

/// ws-110: the second message refers to the window of the first.
pub(crate) fn context_reuse() -> Vec<Vec<u8>> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut message = || {
        let mut out = Vec::with_capacity(100);
        compress.compress_vec(b"Hello Hello Hello!", &mut out, flate2::FlushCompress::Sync).expect("room");
        out.truncate(out.len() - 4);
        [vec![0xc1, 0x80 | out.len() as u8, 0, 0, 0, 0], out].concat()
    };
    vec![message(), message()]
}

/// What one more idle connection costs its server, after one message of 1 KiB each way.
fn idle_cost(config: &Value, extensions: &[u8]) -> i64 {
    let idle = |count: usize| {
        let server = server::start(Setup::of(config));
        let mut open = Vec::new();
        for _ in 0..count {
            let mut attacker = Attacker::connect(server.address);
            attacker.send(&[HANDSHAKE, extensions, b"\r\n"].concat());
            attacker.read_head();
            let head = attacker.received();
            attacker.send(&[&[0x82, 0xfe, 4, 0, 0, 0, 0, 0][..], &[b'a'; 1024]].concat());
            attacker.read_at_least(head + 10);
            open.push(attacker);
        }
        // The peak is reached while all are open.
        let cost = server.stop().peak_bytes;
        drop(open);
        cost
    };
    (idle(310) - idle(110)) / 200
}

/// ws-112, held to a bound of our own that is an eighth of the row's.
pub(crate) fn idle_deflate(row: &Value) {
    let each = idle_cost(&row["config"], b"Sec-WebSocket-Extensions: permessage-deflate\r\n");
    assert!(each <= 8192, "{each} bytes for each idle connection");
}

/// Without compression.
pub(crate) fn idle_plain() {
    let each = idle_cost(&Value::Null, b"");
    assert!(each <= 1536, "{each} bytes for each idle connection");
}

/// 64 MiB of zeros in 64 KiB, whole and in fragments: at most the message limit and 64 KiB above what one small compressed
/// message costs.
pub(crate) fn deflate_bomb() {
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
    let cost = |attack: &[u8], code: Option<u16>| {
        let server = server::start(Setup::of(&Value::Null));
        let mut attacker = Attacker::connect(server.address);
        attacker.send(&[HANDSHAKE, b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"].concat());
        attacker.read_head();
        attacker.send(attack);
        let observed = attacker.observe(Duration::from_secs(5), code.is_some());
        assert_eq!(observed.closes, Vec::from_iter(code));
        drop(attacker);
        server.stop().peak_bytes
    };
    let small = cost(&[0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], None);
    for attack in [&whole, &fragments] {
        let above = cost(attack, Some(1009)) - small;
        assert!(above <= (1 << 20) + (64 << 10), "{above} bytes");
    }
}

/// ws-113: a bound on what waits, and 1013 for who does not read.
pub(crate) fn broadcast_to_one_who_never_reads(row: &Value) {
    // Longer than the reader sleeps: the Close waits behind what is in the kernel's buffers.
    let settings = serde_json::json!({ "close_timeout_ms": 2_000 });
    let setup = Setup { handler: Handler::Broadcast(1000), ..Setup::of(&settings) };
    let server = server::start(setup);
    let mut attacker = Attacker::connect(server.address);
    attacker.send(&octets(&row["steps"][0]["request"]));
    std::thread::sleep(Duration::from_millis(300));
    let observed = attacker.observe(Duration::from_secs(5), true);
    assert_eq!(observed.closes, [1013]);
    check(&serde_json::json!({ "expect": { "close": true } }), &observed, Duration::ZERO);
    drop(attacker);
    let cost = server.stop();
    let most = row["expect"]["mem_max"].as_i64().expect("a number");
    assert!(cost.peak_bytes <= most, "{} bytes at the peak", cost.peak_bytes);
}
