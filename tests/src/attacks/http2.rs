//! What attacks on HTTP/2 are made of, and what is seen of an answer to them: the same in memory and over a network.

use wirebook_http2::wire::{Frame, Header, Kind};

/// What the other end has read.
#[derive(Debug, Default)]
pub struct Seen {
    /// The code of GOAWAY, by name.
    pub goaway: Option<String>,
    /// The codes of RST_STREAM.
    pub resets: Vec<String>,
    /// The statuses of answers.
    pub statuses: Vec<u16>,
}

impl Seen {
    /// Of all that was sent; a frame that is not whole is not looked at.
    pub fn read(sent: &[u8]) -> Seen {
        let mut seen = Seen::default();
        let mut decoder = wirebook_hpack::naive::Decoder::new(4096);
        let mut rest = sent.strip_prefix(wirebook_http2::wire::PREFACE).unwrap_or(sent);
        while let Some((bytes, behind)) = rest.split_first_chunk() {
            let header = Header::read(bytes);
            let Some((payload, next)) = behind.split_at_checked(header.length as usize) else { break };
            match Frame::read(header, payload).expect("our frames are well-formed") {
                Frame::Goaway { code, .. } => seen.goaway = Some(code.to_string()),
                Frame::RstStream { code, .. } => seen.resets.push(code.to_string()),
                Frame::Headers { fragment, .. } => {
                    let fields = decoder.decode(fragment).expect("a block of ours");
                    let status = fields.iter().find(|field| field.0 == b":status");
                    seen.statuses
                        .extend(status.map(|field| std::str::from_utf8(&field.1).unwrap().parse::<u16>().unwrap()));
                }
                _ => assert_ne!(header.kind, Kind::PushPromise),
            }
            rest = next;
        }
        seen
    }
}

/// A request without content, for `/a`.
pub const GET: &[u8] = b"\x82\x86\x84\x01\x01a";
/// One with.
pub const POST: &[u8] = b"\x83\x86\x84\x01\x01a";

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}

/// Bytes that a row names instead of spelling them out, piece by piece, and how long is waited behind them.
pub struct Generated {
    /// The pieces.
    pub frames: Box<dyn Iterator<Item = Vec<u8>>>,
    /// The time.
    pub wait_ms: u64,
}

/// # Panics
///
/// There is no such generator.
pub fn generated(generator: &str) -> Generated {
    let each = |make: fn(u32) -> Vec<u8>| -> Box<dyn Iterator<Item = Vec<u8>>> {
        Box::new((0..20_000).map(move |number| make(number * 2 + 1)))
    };
    let frames: Box<dyn Iterator<Item = Vec<u8>>> = match generator {
        "h2_rapid_reset" => each(|id| [frame(1, 5, id, GET), frame(3, 0, id, &[0, 0, 0, 8])].concat()),
        // In one piece, so that the answer has not been given when the DATA is there.
        "h2_reset_data_after_end" => each(|id| [frame(1, 5, id, GET), frame(0, 0, id, b"x")].concat()),
        "h2_reset_window_overflow" => {
            each(|id| [frame(1, 4, id, POST), frame(8, 0, id, &[0x7f, 0xff, 0xff, 0xff])].concat())
        }
        "h2_reset_malformed" => each(|id| frame(1, 5, id, &[GET, b"\0\x01X\x01y"].concat())),
        "h2_dribble" => Box::new((0..1_000_000).map(|_| frame(8, 0, 1, &[0, 0, 0, 1]))),
        "h2_refused_hpack" => {
            // Streams until one is refused, whose block fills the table; room for another, which names what is in it.
            let posts = (0..210).map(|n| frame(1, 4, n * 2 + 1, POST));
            let indexed = frame(1, 4, 421, &[POST, b"\x40\x03x-k\x01v"].concat());
            let resets = (0..15).map(|n| frame(3, 0, n * 2 + 1, &[0, 0, 0, 8]));
            let named = frame(1, 5, 423, &[GET, b"\xbe"].concat());
            Box::new(posts.chain([indexed]).chain(resets).chain([named]))
        }
        "h2_body_2mib" => Box::new((0..128).map(|_| frame(0, 0, 1, &[b'x'; 16_384]))),
        other if other.starts_with("100 x HEADERS(POST") => {
            let frames = Box::new((0..100).map(|n| frame(1, 4, n * 2 + 1, POST)));
            return Generated { frames, wait_ms: 6000 };
        }
        other => panic!("no generator {other}"),
    };
    Generated { frames, wait_ms: 0 }
}
