//! A client's view of the frames that come back.

use wirebook_websocket::frame::{Header, Opcode};

/// What came behind a 101.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Payloads of messages, inflated.
    pub messages: Vec<Vec<u8>>,
    /// Payloads of pongs.
    pub pongs: Vec<Vec<u8>>,
    /// Codes of Close frames; 1005 where there was none.
    pub closes: Vec<u16>,
    /// The first frame was a pong.
    pub pong_first: bool,
}

impl Frames {
    /// Takes frames apart, of a server or of a client.
    pub fn parse(mut bytes: &[u8]) -> Frames {
        let (mut frames, mut first) = (Frames::default(), true);
        while let Ok(Some((header, size))) = Header::decode(bytes) {
            let Some(payload) = bytes.get(size..size + header.length as usize) else { break };
            bytes = &bytes[size + payload.len()..];
            let key = header.mask.unwrap_or_default();
            let payload: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            frames.pong_first |= first && header.opcode == Opcode::Pong;
            first = false;
            match header.opcode {
                Opcode::Pong => frames.pongs.push(payload),
                Opcode::Close => {
                    frames.closes.push(payload.first_chunk::<2>().map_or(1005, |code| u16::from_be_bytes(*code)));
                }
                Opcode::Ping => {}
                _ if header.rsv == 4 => frames.messages.push(inflate(&payload)),
                _ => frames.messages.push(payload),
            }
        }
        frames
    }
}

fn inflate(payload: &[u8]) -> Vec<u8> {
    let bytes = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut out = Vec::with_capacity(1 << 20);
    let mut inflater = flate2::Decompress::new(false);
    inflater.decompress_vec(&bytes, &mut out, flate2::FlushDecompress::Sync).expect("what the server sends inflates");
    out
}
