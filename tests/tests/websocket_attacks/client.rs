//! Rows in which the client is under test and the attacker plays the server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use wirebook_net as net;
use wirebook_tests::allocations::measure;
use wirebook_websocket::handshake::accept;
use wirebook_websocket::{self as websocket, Fault, Writer};

use crate::attacker::Observed;
use crate::row::octets;

/// Runs our client against `server` and tells how the client ended, with the most bytes it held.
pub(crate) fn with_client<T: Send + 'static>(
    server: impl FnOnce(TcpStream) -> T + Send + 'static,
    say: impl AsyncFnOnce(Writer) + 'static,
) -> (Result<usize, Fault>, i64, T) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/chat", listener.local_addr().expect("bound"));
    let thread = std::thread::spawn(move || server(listener.accept().expect("the client connects").0));
    let (ended, cost) = measure(|| {
        net::block_on(async move {
            let (mut reader, writer) = websocket::connect(&url).await?;
            say(writer).await;
            let mut messages = 0;
            while reader.next().await?.is_some() {
                messages += 1;
            }
            Ok(messages)
        })
    });
    (ended.expect("the loop runs"), cost.peak_bytes, thread.join().expect("the server does not panic"))
}

/// Reads a request head and gives the accept value for its key.
pub(crate) fn recv_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        bytes.push(byte[0]);
    }
    let text = String::from_utf8(bytes).expect("a request is ASCII");
    let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    accept(key.as_bytes())
}

pub(crate) fn run(row: &Value) {
    let steps = row["steps"].as_array().expect("steps").clone();
    let (ended, peak, observed) = with_client(
        move |mut stream| -> Observed {
            let mut key = String::new();
            for step in &steps {
                let bytes = || {
                    let text = step["data"].as_str().expect("bytes").replace("{accept}", &key);
                    octets(&Value::String(text))
                };
                match step["op"].as_str().unwrap_or("") {
                    "recv_request" => key = recv_request(&mut stream),
                    "send" => drop(stream.write_all(&bytes())),
                    // The client hangs up on the way.
                    "send_repeat" => {
                        let count = step["count"].as_u64().expect("a count") as usize;
                        let _ = stream.write_all(&bytes().repeat(count));
                    }
                    other => panic!("{other} is not a step"),
                }
            }
            observe_client(stream)
        },
        async |_| {},
    );
    let expect = &row["expect"];
    let why = format!("{}: {ended:?} {observed:?}", row["title"]);
    if expect.get("client").is_some() {
        assert!(matches!(ended, Err(Fault::Refused(_) | Fault::Answered(_))), "{why}");
    }
    if let Some(codes) = expect["ws_close"].as_array() {
        assert_eq!(serde_json::json!(observed.closes), Value::Array(codes.clone()), "{why}");
        assert!(ended.is_err(), "no message came: {why}");
    }
    if expect["close"] == true {
        assert!(observed.ended, "{why}");
    }
    if let Some(most) = expect["mem_max"].as_i64() {
        assert!(peak <= most, "{peak} bytes at the peak: {why}");
    }
}

/// Frames of a client are masked, so the attacker's parser is told to look past the mask: here only Close matters.
fn observe_client(mut stream: TcpStream) -> Observed {
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket option");
    let mut bytes = Vec::new();
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let ended = match stream.read_to_end(&mut bytes) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    let mut observed = Observed { ended, ..Observed::default() };
    if let [0x88, 0x82, a, b, _, _, high, low, ..] = bytes[..] {
        observed.closes.push(u16::from_be_bytes([high ^ a, low ^ b]));
    }
    observed
}

/// For rows that need a whole conversation.
pub(crate) fn answer_handshake(stream: &mut TcpStream) {
    let key = recv_request(stream);
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    stream.write_all(format!("{head}Sec-WebSocket-Accept: {key}\r\n\r\n").as_bytes()).expect("the client reads");
}
