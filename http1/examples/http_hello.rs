//! The smallest HTTP server: one line of handler.
//!
//! Run: cargo run --example http_hello -- --addr 127.0.0.1:8000

use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;

fn main() -> std::io::Result<()> {
    let addr = addr_argument("127.0.0.1:8000");
    // ANCHOR: hello
    net::run(async move {
        let server = http1::serve(&*addr, async |request: Request<'_>, response: Response<'_>| {
            response.header("content-type", "text/plain").end(format!("Hello from {}\n", request.path())).await
        })?;
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        server.until(net::ctrl_c()).await
    })
    // ANCHOR_END: hello
}

/// `--addr HOST:PORT`, or the default.
fn addr_argument(default: &str) -> String {
    std::env::args().skip_while(|argument| argument != "--addr").nth(1).unwrap_or_else(|| default.into())
}
