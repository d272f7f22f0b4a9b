//! Event sources over TCP, and what they make of a stream.

use crate::attacks::player::Player;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use wirebook_net as net;
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::{Cause, Closed, Settings};

/// What an event source made of a stream.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// Type, data and last event ID of each event.
    pub events: Vec<(String, String, String)>,
    /// Why it closed, if it did.
    pub closed: Option<Closed>,
    /// Why it was to reconnect, if it was.
    pub cause: Option<Cause>,
    /// The last event ID at the end.
    pub last_event_id: String,
}

/// The head of a good answer.
pub const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/// Plays the steps of a row to one event source over TCP, then ends the connection; says what the client saw until it was
/// to reconnect or closed.
pub fn play(steps: &Value, settings: Settings) -> Seen {
    let head: String = HEAD.iter().map(|&byte| char::from(byte)).collect();
    let opening = vec![json!({"op": "recv_head"}), json!({"op": "send", "data": head})];
    let (address, _) = Player::once(&[opening, steps.as_array().expect("steps").clone()].concat());
    watch(address, settings)
}

/// Runs an event source until it closes or is to reconnect.
pub fn watch(address: SocketAddr, settings: Settings) -> Seen {
    net::block_on(async move {
        let mut source = EventSource::with_settings(&format!("http://{address}/events"), settings).expect("a URL");
        let mut seen = Seen::default();
        loop {
            match source.next().await {
                Ok(Notice::Open) => {}
                Ok(Notice::Event(event)) => {
                    let id = event.id.unwrap_or_default().to_string();
                    seen.events.push((event.event_type.to_string(), event.data.to_string(), id));
                }
                Ok(Notice::Reconnecting { cause, .. }) => {
                    seen.cause = Some(cause);
                    break;
                }
                Err(closed) => {
                    seen.closed = Some(closed);
                    break;
                }
            }
        }
        seen.last_event_id = source.last_event_id().to_string();
        seen
    })
    .expect("the loop runs")
}

/// Reads a request head.
///
/// # Panics
///
/// When the client breaks off in its middle.
pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a whole head");
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// The body of a chunked response, as far as it came.
pub fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let Some(size @ 1..) = size else { break };
        let rest = &bytes[end + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    body
}
