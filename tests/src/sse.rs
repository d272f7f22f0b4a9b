//! The hostile event streams of `tests/attacks/sse.jsonl`, and a server that plays them to an event source.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wirebook_net as net;
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::{Cause, Closed, Settings};

/// A row of the catalogue.
///
/// # Panics
///
/// When there is none with this id.
pub fn row(id: &str) -> Value {
    let rows =
        include_str!("../attacks/sse.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.into_iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id}"))
}

/// The ids of all rows.
pub fn ids() -> Vec<String> {
    let rows =
        include_str!("../attacks/sse.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.map(|row| row["id"].as_str().expect("an id").to_string()).collect()
}

/// The catalogue writes bytes as Latin-1: each character is one octet.
pub fn octets(text: &Value) -> Vec<u8> {
    text.as_str().expect("text").chars().map(|c| u8::try_from(u32::from(c)).expect("one octet")).collect()
}

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
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let steps = steps.clone();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        read_head(&mut stream);
        // The client may be gone before all is sent: that is its right, and what some rows want.
        let _ = stream.write_all(HEAD).and_then(|()| send(&mut stream, &steps));
    });
    let seen = watch(address, settings);
    server.join().expect("the server ends");
    seen
}

fn send(stream: &mut TcpStream, steps: &Value) -> std::io::Result<()> {
    for step in steps.as_array().expect("steps") {
        match step["op"].as_str() {
            Some("send") => stream.write_all(&octets(&step["data"]))?,
            Some("send_repeat") => {
                let data = octets(&step["data"]);
                let count = step["count"].as_u64().expect("a count") as usize;
                let block = data.repeat((65_536 / data.len()).clamp(1, count));
                for _ in 0..count * data.len() / block.len() {
                    stream.write_all(&block)?;
                }
                stream.write_all(&block[..count * data.len() % block.len()])?;
            }
            Some("wait_ms") => thread::sleep(Duration::from_millis(step["ms"].as_u64().expect("milliseconds"))),
            other => panic!("unknown step {other:?}"),
        }
    }
    Ok(())
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
