//! A server with a route for each kind of answer: whole, streamed, slow, empty, a file, with trailers, another protocol.
//!
//! Run: cargo run --example http_server -- --addr 127.0.0.1:8080 --threads 2

use std::time::Duration;
use wirebook_http1::server::{Options, serve_threads};
use wirebook_http1::{FieldBlock, Outcome, Request, Response};
use wirebook_net::{self as net, Stream};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    addr: String,
    /// Loops that share the address, each on a thread of its own
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    threads: usize,
}

fn main() -> terminal::Result {
    let Arguments { addr, threads } = terminal::arguments(include_str!("http_server.rs"));
    net::run(async move {
        let server = serve_threads(addr, threads, Options::default(), || route)?;
        let here = server.local_addr();
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl -d tea http://{here}/echo"), &format!("curl http://{here}/slow")]);
        // Who has asked is answered; who idles is not waited for.
        Ok(server.until(stop).await?)
    })
}

// ANCHOR: route
async fn route(mut request: Request<'_>, response: Response<'_>) -> Outcome {
    match (request.method(), request.path()) {
        ("GET" | "HEAD", "/") => response.header("content-type", "text/plain").end("Hello, World!").await,
        (_, "/echo") => {
            let mut response = response.header("content-type", "application/octet-stream");
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        }
        ("GET", "/chunked") => {
            let mut response = response.header("content-type", "text/plain");
            for line in ["one\n", "two\n", "three\n"] {
                response.write(line).await?;
            }
            response.end("").await
        }
        ("GET", "/slow") => {
            net::sleep(Duration::from_secs(1)).await;
            response.end("at last\n").await
        }
        ("GET" | "HEAD", "/file") => {
            response
                .header("content-type", "text/plain; charset=utf-8")
                .end_file(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs"))
                .await
        }
        ("GET" | "HEAD", "/nothing") => response.status(204).end("").await,
        ("POST", "/count") => {
            let mut bytes = 0;
            while let Some(piece) = request.chunk().await? {
                bytes += piece.len();
            }
            let mut trailers = FieldBlock::default();
            trailers.push("x-bytes", bytes.to_string())?;
            trailers.push("x-trailers", request.trailers().len().to_string())?;
            response.header("trailer", "x-bytes, x-trailers").end_with_trailers("counted\n", &trailers).await
        }
        ("GET", "/upgrade") if wants_echo(&request) => {
            let raw = response.header("upgrade", "echo").upgrade(request).await?;
            let mut bytes = net::buffer();
            while let count @ 1.. = raw.read(&mut bytes).await? {
                raw.write_all(&bytes[..count]).await?;
            }
            Ok(())
        }
        ("GET", "/upgrade") => response.status(426).header("upgrade", "echo").end("").await,
        (_, "/" | "/chunked" | "/slow" | "/nothing" | "/file") => {
            response.status(405).header("allow", "GET, HEAD").end("").await
        }
        _ => response.status(404).header("content-type", "text/plain").end("no such page\n").await,
    }
}
// ANCHOR_END: route

/// Only a protocol that the client has named can be switched to.
fn wants_echo(request: &Request<'_>) -> bool {
    let protocols = request.headers();
    let mut protocols = protocols.get_all("upgrade").flat_map(|list| list.split(|&byte| byte == b','));
    request.upgrades() && protocols.any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"echo"))
}
