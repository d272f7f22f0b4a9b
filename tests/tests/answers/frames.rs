//! Frames and masks, the obvious way and the exercises of their chapter.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::catch_unwind;
use std::thread;

use crate::handshake::naive_answer;
use wirebook_net as net;
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::{self as websocket, Code};

/// The RFC's own example (§5.7): a masked "Hello".
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

// ANCHOR: frame_naive
/// The message that a read from a client has brought.
fn naive_message(read: &[u8]) -> String {
    let length = (read[1] & 0x7f) as usize;
    let (key, payload) = (&read[2..6], &read[6..6 + length]);
    let plain = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]);
    String::from_utf8_lossy(&plain.collect::<Vec<u8>>()).into_owned()
}
// ANCHOR_END: frame_naive

/// A client's frame, masked with the key of the RFC's example.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let header = Header {
        fin: first & 0x80 != 0,
        rsv: 0,
        opcode: Opcode::from_bits(first & 0x0f).unwrap(),
        mask: Some(key),
        length: payload.len() as u64,
    };
    let mut bytes = [0; 14];
    let size = header.encode(&mut bytes);
    let payload = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]);
    bytes[..size].iter().copied().chain(payload).collect()
}

#[test]
fn the_naive_reader_reads_one_whole_short_frame() {
    assert_eq!(naive_message(&HELLO), "Hello");
    assert_eq!(masked(0x81, b"Hello"), HELLO);
}

// ANCHOR: frame_breaks
#[test]
fn the_naive_reader_is_wrong_four_times() {
    // A read that ends within the frame: the program panics.
    assert!(catch_unwind(|| naive_message(&HELLO[..8])).is_err());
    // A read that brings two frames: the second one is lost.
    assert_eq!(naive_message(&[HELLO, HELLO].concat()), "Hello");
    // A payload of 126 bytes: what it takes for the key is a length and half a key.
    let long = masked(0x81, &[b'x'; 126]);
    assert_ne!(naive_message(&long), "x".repeat(126));
    // A Close is no message, but nobody has looked at the opcode.
    assert_eq!(naive_message(&masked(0x88, b"")), "");
}
// ANCHOR_END: frame_breaks

// ANCHOR: xor
#[test]
fn two_times_the_same_key_is_no_key() {
    let (h, key) = (0b0100_1000, 0b0011_0111); // b'H' is 0x48, and the key begins with 0x37
    assert_eq!(h ^ key, 0b0111_1111); //           1 where the two differ: 0x7f
    assert_eq!(0b0111_1111 ^ key, h); //           and back again
}
// ANCHOR_END: xor

#[test]
fn exercise_tea_is_unmasked_by_hand() {
    // ANCHOR: exercise_tea
    let frame = [0x81, 0x83, 0x01, 0x02, 0x03, 0x04, 0x75, 0x67, 0x62];
    assert_eq!([0x75 ^ 0x01, 0x67 ^ 0x02, 0x62 ^ 0x03], *b"tea");
    // ANCHOR_END: exercise_tea
    assert_eq!(naive_message(&frame), "tea");
}

#[test]
fn exercise_a_flipped_mask_bit_is_refused() {
    let mut frame = HELLO;
    frame[1] ^= 0x80;
    let (header, size) = Header::decode(&frame).unwrap().unwrap();
    assert_eq!((header.mask, size, header.length), (None, 2, 5));
    assert_eq!(websocket::Error::Unmasked.close_code(), Some(Code::PROTOCOL_ERROR));
}

// ANCHOR: exercise_frames
/// A frame whose payload is unmasked: its last bit, its opcode and its payload.
pub(crate) type Frame = (bool, u8, Vec<u8>);

/// Takes one frame off the front; `None` while bytes of it are missing.
fn take_frame(bytes: &mut Vec<u8>) -> Option<Frame> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, key_at) = match second & 0x7f {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (short as usize, 2),
    };
    let masked = second & 0x80 != 0;
    let start: usize = key_at + if masked { 4 } else { 0 };
    let end = start.checked_add(length)?;
    let mut payload = bytes.get(start..end)?.to_vec();
    if masked {
        let key = &bytes[key_at..start];
        payload.iter_mut().enumerate().for_each(|(i, byte)| *byte ^= key[i % 4]);
    }
    bytes.drain(..end);
    Some((first & 0x80 != 0, first & 0x0f, payload))
}
// ANCHOR_END: exercise_frames

#[test]
fn exercise_frames_are_the_same_at_every_cut() {
    let (short, long) = (masked(0x81, b"Hello"), masked(0x82, &[7; 300]));
    let stream = [&short[..], &long, &[0x89, 0x00]].concat();
    let expected = [(true, 1, b"Hello".to_vec()), (true, 2, vec![7; 300]), (true, 9, vec![])];
    for cut in 0..=stream.len() {
        let (mut held, mut frames) = (Vec::new(), Vec::new());
        for piece in [&stream[..cut], &stream[cut..]] {
            held.extend_from_slice(piece);
            frames.extend(std::iter::from_fn(|| take_frame(&mut held)));
        }
        assert!(frames == expected && held.is_empty(), "cut at {cut}");
    }
    // A length that no memory has is waited for, and nothing is allocated.
    let mut huge = vec![0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(take_frame(&mut huge), None);
}

// ANCHOR: exercise_echo
/// Serves one browser: the handshake, and then every message goes back.
fn echo(stream: TcpStream) -> io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut held = Vec::new();
    let head_end = loop {
        if let Some(at) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        more(&mut reader, &mut held)?;
    };
    // Frames may have come with the head, so what is behind it stays in `held`.
    let head: Vec<u8> = held.drain(..head_end).collect();
    let answer = naive_answer(&String::from_utf8_lossy(&head));
    writer.write_all(answer.ok_or(ErrorKind::InvalidData)?.as_bytes())?;
    loop {
        let Some((fin, opcode, payload)) = take_frame(&mut held) else {
            more(&mut reader, &mut held)?;
            continue;
        };
        let answer = match opcode {
            1 | 2 if fin => opcode,
            8 => 8,
            9 => 10,
            10 => continue,
            // Fragments are for the next chapter.
            _ => return Err(ErrorKind::Unsupported.into()),
        };
        let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126);
        writer.write_all(&[0x80 | answer, length.ok_or(ErrorKind::Unsupported)?])?;
        writer.write_all(&payload)?;
        if opcode == 8 {
            return Ok(());
        }
    }
}

fn more(reader: &mut impl Read, held: &mut Vec<u8>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    let count = reader.read(&mut bytes)?;
    held.extend_from_slice(&bytes[..count]);
    if count == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
// ANCHOR_END: exercise_echo

#[test]
fn exercise_our_client_talks_to_the_server_by_hand() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Our client writes the names of fields as the naive handshake wants them, or this test says so.
    let server = thread::spawn(move || echo(listener.accept()?.0));
    let heard = net::block_on(async move {
        let (mut reader, writer) = websocket::connect(&format!("ws://{address}/")).await.unwrap();
        let mut heard = Vec::new();
        for text in ["tea", "", "one more cup"] {
            writer.send(text).await.unwrap();
            heard.extend(reader.next().await.unwrap().and_then(|message| message.as_text().map(String::from)));
        }
        writer.close(Code::NORMAL, "").unwrap();
        assert!(matches!(reader.next().await, Ok(None)));
        heard
    });
    assert_eq!(heard.unwrap(), ["tea", "", "one more cup"]);
    server.join().unwrap().unwrap();
}
