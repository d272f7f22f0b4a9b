//! Answers every request with what it read of it, as JSON: for comparing what two programs understand.
//!
//! Run: cargo run --example http_inspect -- --addr 127.0.0.1:8081

use std::fmt::Write;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

/// Bytes of a body that it shows.
const MAX_BODY: usize = 1024 * 1024;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("http_inspect.rs"), "127.0.0.1:8081");
    net::run(async move {
        let server = http1::serve(addr, inspect)?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -d tea http://{here}/pot")]);
        Ok(server.until(stop).await?)
    })
}

/// `{"method","target","headers":[[name,value]],"body"}`, bytes as Latin-1.
async fn inspect(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    let body = request.bytes(MAX_BODY).await?;
    let headers: Vec<String> =
        request.headers().iter().map(|(name, value)| format!("[{},{}]", json(name), json(value))).collect();
    let answer = format!(
        "{{\"method\":{},\"target\":{},\"headers\":[{}],\"body\":{}}}\n",
        json(request.method().as_bytes()),
        json(request.target().as_bytes()),
        headers.join(","),
        json(&body)
    );
    response.header("content-type", "application/json").end(answer).await
}

/// Bytes as a JSON string: one character each, U+0000 to U+00FF.
fn json(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            b' '..=b'~' => text.push(byte as char),
            _ => write!(text, "\\u{:04x}", byte).expect("a String takes every write"),
        }
    }
    text + "\""
}
