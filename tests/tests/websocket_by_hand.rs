//! What the chapters on WebSocket show in code: the obvious versions, the cases in which they break, and the answers to the
//! exercises. All of it is held to what the crate does.

use std::collections::HashMap;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::catch_unwind;
use std::thread;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use wirebook_net as net;
use wirebook_websocket::frame::{Header, Opcode};
use wirebook_websocket::handshake::server::{Offer, Refusal};
use wirebook_websocket::handshake::{Origin, accept};
use wirebook_websocket::state::{Input, State};
use wirebook_websocket::{self as websocket, Code};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// ---- The handshake ---------------------------------------------------------------------------------------------------

// ANCHOR: handshake_naive
/// The answer to the head of a request; `None` where it asks for no WebSocket.
fn naive_answer(head: &str) -> Option<String> {
    let asks = head.contains("Upgrade: websocket") && head.contains("Connection: Upgrade");
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    asks.then(|| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept(key.as_bytes())
        )
    })
}
// ANCHOR_END: handshake_naive

/// The head of a handshake with these lines among its fields.
fn head(more: &[&str]) -> String {
    let mut lines = vec!["GET /chat HTTP/1.1", "Host: example.org", "Sec-WebSocket-Version: 13"];
    lines.extend(more);
    lines.join("\r\n") + "\r\n\r\n"
}

/// The fields of a head, as a parser gives them.
fn fields(head: &str) -> Vec<(&[u8], &[u8])> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

fn read(head: &str) -> Result<Offer<'_>, Refusal> {
    Offer::read(b"GET", true, fields(head))
}

#[test]
fn the_naive_handshake_takes_the_samples_of_the_rfc() {
    let key = format!("Sec-WebSocket-Key: {KEY}");
    let sample = head(&["Upgrade: websocket", "Connection: Upgrade", &key]);
    assert!(naive_answer(&sample).unwrap().contains(ACCEPT));
    assert!(read(&sample).is_ok());
}

// ANCHOR: handshake_breaks
#[test]
fn the_naive_handshake_is_wrong_three_times() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    // What Firefox sends, and what a proxy may make of a name: both are turned away.
    let firefox = head(&["Upgrade: websocket", "Connection: keep-alive, Upgrade", key]);
    let lower = head(&["upgrade: websocket", "connection: upgrade", key]);
    assert!(naive_answer(&firefox).is_none() && naive_answer(&lower).is_none());
    assert!(read(&firefox).is_ok() && read(&lower).is_ok());
    // No handshake at all, and it is taken for one.
    let note = head(&["X-Note: Upgrade: websocket, Connection: Upgrade", key]);
    assert!(naive_answer(&note).is_some());
    assert_eq!(read(&note).unwrap_err(), Refusal::Upgrade);
    // Two keys. A proxy may have read the other one.
    let upgrade = ["Upgrade: websocket", "Connection: Upgrade"];
    let two = head(&[&upgrade[..], &[key, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]].concat());
    assert!(naive_answer(&two).is_some());
    assert_eq!(read(&two).unwrap_err(), Refusal::Key);
}
// ANCHOR_END: handshake_breaks

#[test]
fn exercise_two_ports_are_two_origins() {
    // ANCHOR: exercise_ports
    let (page, server) = (Some(&b"http://localhost:3000"[..]), &b"localhost:4000"[..]);
    assert!(!Origin::SameHost.allows(page, server));
    let both = Origin::Any(vec!["http://localhost:3000".into()]);
    assert!(both.allows(page, server));
    // ANCHOR_END: exercise_ports
}

#[test]
fn exercise_the_head_is_cut_before_its_last_byte() {
    let whole = head(&["Upgrade: websocket"]);
    assert!(whole.ends_with("\r\n\r\n") && !whole[..whole.len() - 1].ends_with("\r\n\r\n"));
}

// ANCHOR: exercise_tokens
/// Whether the fields of this name, read as one list, hold a token.
fn has_token(head: &str, name: &str, token: &str) -> bool {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let values = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut tokens = values.flat_map(|(_, value)| value.split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}
// ANCHOR_END: exercise_tokens

#[test]
fn exercise_a_list_is_a_list_wherever_it_is_split() {
    let yes = ["Connection: Upgrade", "connection:keep-alive ,\tUPGRADE", "Connection: a\r\nConnection: upgrade"];
    for fields in yes {
        assert!(has_token(&head(&[fields]), "Connection", "upgrade"), "{fields}");
    }
    for fields in ["Connection: no-upgrade", "Connection: upgrade2", "X-Connection: upgrade", "X: Connection: upgrade"]
    {
        assert!(!has_token(&head(&[fields]), "Connection", "upgrade"), "{fields}");
    }
}

// ANCHOR: exercise_client
/// The request that a client sends. The key is 16 random bytes in base64.
fn client_request(host: &str, path: &str, key: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// What a client must look at before it believes an answer.
fn client_checks(answer: &str, key: &str) -> Result<(), &'static str> {
    let mut accepts = Vec::new();
    for (name, value) in answer.lines().filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "sec-websocket-accept" => accepts.push(value.trim()),
            // We offered none of them, so none may be agreed on.
            "sec-websocket-extensions" => return Err("an extension that was not offered"),
            "sec-websocket-protocol" => return Err("a protocol that was not offered"),
            _ => {}
        }
    }
    if !answer.starts_with("HTTP/1.1 101 ") {
        return Err("the server does not switch protocols");
    }
    if !has_token(answer, "Upgrade", "websocket") || !has_token(answer, "Connection", "upgrade") {
        return Err("the server switches to something else");
    }
    if accepts != [accept(key.as_bytes()).as_str()] {
        return Err("the server has not read our key");
    }
    Ok(())
}
// ANCHOR_END: exercise_client

#[test]
fn exercise_a_client_believes_only_the_whole_answer() {
    let request = client_request("example.org", "/chat", KEY);
    let answer = naive_answer(&request).unwrap();
    assert!(read(&request).is_ok());
    assert_eq!(client_checks(&answer, KEY), Ok(()));
    let lies = [
        answer.replace("101", "200"),
        answer.replace("Upgrade: websocket", "Upgrade: h2c"),
        answer.replace("Connection: Upgrade", "Connection: close"),
        answer.replace(ACCEPT, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        answer.replace("Sec-WebSocket-Accept", "X-Accept"),
        answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
        answer.replace("\r\n\r\n", "\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"),
        answer.replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n")),
    ];
    for lie in lies {
        assert!(client_checks(&lie, KEY).is_err(), "{lie}");
    }
}

// ---- Frames ----------------------------------------------------------------------------------------------------------

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
type Frame = (bool, u8, Vec<u8>);

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

// ---- Messages --------------------------------------------------------------------------------------------------------

// ANCHOR: messages_naive
/// Joins the fragments of messages.
#[derive(Default)]
struct NaiveMessages {
    fragments: Vec<Vec<u8>>,
}

impl NaiveMessages {
    /// A frame has come. Gives the message, where it ends one.
    fn frame(&mut self, fin: bool, payload: &[u8]) -> Option<String> {
        self.fragments.push(payload.to_vec());
        let whole = fin.then(|| std::mem::take(&mut self.fragments).concat())?;
        Some(String::from_utf8_lossy(&whole).into_owned())
    }
}
// ANCHOR_END: messages_naive

// ANCHOR: messages_break
#[test]
fn the_naive_messages_are_wrong_three_times() {
    let mut messages = NaiveMessages::default();
    // A ping between two fragments: it ends the message, and is said to be part of it.
    assert_eq!(messages.frame(false, b"Hel"), None);
    assert_eq!(messages.frame(true, b"ping"), Some("Helping".into()));
    assert_eq!(messages.frame(true, b"lo"), Some("lo".into()));
    // Empty fragments: each costs the sender six bytes, and the list grows for ever.
    for _ in 0..10_000 {
        messages.frame(false, b"");
    }
    assert_eq!(messages.fragments.len(), 10_000);
    // A byte that is in no text is noticed at the end, if the end ever comes.
    assert_eq!(messages.frame(false, &[0xff]), None);
}
// ANCHOR_END: messages_break

// ANCHOR: exercise_messages
/// Joins fragments within bounds; the error is the code of the Close to send.
#[derive(Default)]
struct Messages {
    text: Vec<u8>,
    under_way: bool,
    empty: u32,
}

const MAX_MESSAGE: usize = 1 << 20;
const MAX_EMPTY: u32 = 999;

impl Messages {
    fn frame(&mut self, (fin, opcode, payload): Frame) -> Result<Option<String>, u16> {
        match (opcode, self.under_way) {
            // Pings and their kin belong to no message.
            (8.., _) => return Ok(None),
            (0, true) | (1, false) => {}
            // A continuation of nothing, a message within a message, and binary.
            (0 | 1, _) => return Err(1002),
            _ => return Err(1003),
        }
        if self.text.len() + payload.len() > MAX_MESSAGE {
            return Err(1009);
        }
        self.empty += u32::from(payload.is_empty() && !fin);
        if self.empty > MAX_EMPTY {
            return Err(1008);
        }
        self.text.extend_from_slice(&payload);
        self.under_way = !fin;
        match str::from_utf8(&self.text) {
            // Only the end of a character is missing, and more is to come.
            Err(error) if !fin && error.error_len().is_none() => Ok(None),
            Err(_) => Err(1007),
            Ok(_) if !fin => Ok(None),
            Ok(text) => {
                let text = text.to_string();
                *self = Messages::default();
                Ok(Some(text))
            }
        }
    }
}
// ANCHOR_END: exercise_messages

#[test]
fn exercise_messages_keep_their_bounds() {
    let frame = |fin: bool, opcode: u8, payload: &[u8]| (fin, opcode, payload.to_vec());
    let mut messages = Messages::default();
    assert_eq!(messages.frame(frame(false, 1, b"Hel")), Ok(None));
    assert_eq!(messages.frame(frame(true, 9, b"ping")), Ok(None));
    assert_eq!(messages.frame(frame(true, 0, b"lo")), Ok(Some("Hello".into())));
    // A character may be split: € is e2 82 ac.
    assert_eq!(messages.frame(frame(false, 1, &[0xe2, 0x82])), Ok(None));
    assert_eq!(messages.frame(frame(true, 0, &[0xac])), Ok(Some("€".into())));
    assert_eq!(messages.frame(frame(false, 1, &[0xff])), Err(1007));
    let refused = |frames: Vec<Frame>| {
        let mut messages = Messages::default();
        frames.into_iter().find_map(|frame| messages.frame(frame).err())
    };
    assert_eq!(refused(vec![frame(true, 0, b"x")]), Some(1002));
    assert_eq!(refused(vec![frame(false, 1, b"x"), frame(true, 1, b"y")]), Some(1002));
    assert_eq!(refused(vec![frame(true, 2, b"x")]), Some(1003));
    assert_eq!(refused(vec![frame(true, 1, &[0xe2, 0x82])]), Some(1007), "half a character at the end");
    assert_eq!(refused(vec![frame(false, 1, &[b'x'; MAX_MESSAGE])]), None);
    assert_eq!(refused(vec![frame(false, 1, &[b'x'; MAX_MESSAGE]), frame(true, 0, b"x")]), Some(1009));
    assert_eq!(refused(vec![frame(false, 1, b"")].into_iter().chain(vec![frame(false, 0, b""); 998]).collect()), None);
    assert_eq!(
        refused(vec![frame(false, 1, b"")].into_iter().chain(vec![frame(false, 0, b""); 999]).collect()),
        Some(1008)
    );
}

// ANCHOR: exercise_closing
/// One end of a connection, as two facts: has it said Close, and has it heard one?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct End {
    said: bool,
    heard: bool,
}

/// Lets two ends do all that they may, in every order; gives the states in which
/// nothing more can happen. A Close on its way is a fact as well.
fn endings() -> Vec<[End; 2]> {
    type World = ([End; 2], [bool; 2]);
    let (mut seen, mut last) = (HashMap::<World, ()>::new(), Vec::new());
    let mut open: Vec<World> = vec![Default::default()];
    while let Some((ends, on_its_way)) = open.pop() {
        if seen.insert((ends, on_its_way), ()).is_some() {
            continue;
        }
        let before = open.len();
        for me in [0, 1] {
            let (mut ends, mut on_its_way) = (ends, on_its_way);
            if on_its_way[me] {
                (ends[me].heard, on_its_way[me]) = (true, false);
            } else if !ends[me].said {
                (ends[me].said, on_its_way[1 - me]) = (true, true);
            } else {
                continue;
            }
            open.push((ends, on_its_way));
        }
        if open.len() == before {
            last.push(ends);
        }
    }
    last
}
// ANCHOR_END: exercise_closing

#[test]
fn exercise_every_order_ends_with_two_closed_ends() {
    let closed = End { said: true, heard: true };
    assert_eq!(endings(), [[closed; 2]]);
    // The crate's table says the same of one end.
    for inputs in [[Input::SendClose, Input::ReceiveClose], [Input::ReceiveClose, Input::SendClose]] {
        let end = inputs.into_iter().try_fold(State::Open, |state, input| state.after(input));
        assert_eq!(end, Some(State::Closed));
    }
}

// ---- Compression -----------------------------------------------------------------------------------------------------

// ANCHOR: deflate_naive
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A message as it travels.
fn naive_deflate(window: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 1024);
    window.compress_vec(message, &mut out, FlushCompress::Sync).expect("there is room");
    assert!(out.ends_with(&TAIL));
    out.truncate(out.len() - TAIL.len());
    out
}

/// The message again.
fn naive_inflate(travelled: &[u8]) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    // The last five bytes are an empty block that says: this is the end.
    let whole = [travelled, &TAIL, &[0x01, 0x00, 0x00, 0xff, 0xff]].concat();
    DeflateDecoder::new(&whole[..]).read_to_end(&mut message)?;
    Ok(message)
}
// ANCHOR_END: deflate_naive

fn compressor() -> Compress {
    Compress::new(Compression::new(6), false)
}

// ANCHOR: deflate_breaks
#[test]
fn the_naive_inflater_fills_the_memory() {
    let hello = naive_deflate(&mut compressor(), b"Hello");
    assert_eq!(hello, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(naive_inflate(&hello).unwrap(), b"Hello");
    // Sixteen megabytes of zeros.
    let bomb = naive_deflate(&mut compressor(), &vec![0; 16 << 20]);
    assert!(bomb.len() < 17 << 10);
    assert_eq!(naive_inflate(&bomb).unwrap().len(), 16 << 20);
}
// ANCHOR_END: deflate_breaks

#[test]
fn exercise_hello_twice() {
    // ANCHOR: exercise_twice
    let mut window = compressor();
    assert_eq!(naive_deflate(&mut window, b"Hello").len(), 7);
    assert_eq!(naive_deflate(&mut window, b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
    // ANCHOR_END: exercise_twice
}

#[test]
fn exercise_short_messages_are_rarely_worth_it() {
    // ANCHOR: exercise_sizes
    let move_to = |x: u32| format!(r#"{{"type":"move","x":{x},"y":7,"player":"green"}}"#);
    let alone = naive_deflate(&mut compressor(), move_to(1).as_bytes());
    let mut window = compressor();
    naive_deflate(&mut window, move_to(1).as_bytes());
    let second = naive_deflate(&mut window, move_to(2).as_bytes());
    assert_eq!([move_to(1).len(), alone.len(), second.len()], [44, 46, 8]);
    // ANCHOR_END: exercise_sizes
}

// ANCHOR: exercise_inflate
/// Inflates up to `max` bytes, and never holds more.
fn inflate(travelled: &[u8], max: usize) -> Result<Vec<u8>, &'static str> {
    let mut inflater = Decompress::new(false);
    let mut message = Vec::new();
    let mut step = [0; 4096];
    for mut piece in [travelled, &TAIL] {
        loop {
            let (taken, given) = (inflater.total_in(), inflater.total_out());
            let went = inflater.decompress(piece, &mut step, FlushDecompress::Sync);
            went.map_err(|_| "this does not inflate")?;
            let inflated = &step[..(inflater.total_out() - given) as usize];
            if message.len() + inflated.len() > max {
                return Err("the message is too large");
            }
            message.extend_from_slice(inflated);
            piece = &piece[(inflater.total_in() - taken) as usize..];
            // A step that was not filled says that there is no more.
            if inflated.len() < step.len() {
                break;
            }
        }
        if !piece.is_empty() {
            return Err("there is something behind the end");
        }
    }
    Ok(message)
}
// ANCHOR_END: exercise_inflate

#[test]
fn exercise_a_bomb_is_refused_at_the_bound() {
    let zeros = vec![0; 1 << 20];
    let packed = naive_deflate(&mut compressor(), &zeros);
    assert_eq!(inflate(&packed, 1 << 20).unwrap(), zeros);
    assert_eq!(inflate(&packed, (1 << 20) - 1), Err("the message is too large"));
    assert_eq!(inflate(&naive_deflate(&mut compressor(), b"Hello"), 5).unwrap(), b"Hello");
    assert!(inflate(&[0xff; 20], 1000).is_err());
}
