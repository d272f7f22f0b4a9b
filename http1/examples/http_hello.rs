//! The smallest HTTP server: one line of handler.
//!
//! Run: cargo run --example http_hello -- --addr 127.0.0.1:8000

use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("http_hello.rs"), "127.0.0.1:8000");
    // ANCHOR: hello
    net::run(async move {
        let server = http1::serve(addr, async |request: Request<'_>, response: Response<'_>| {
            response.header("content-type", "text/plain").end(format!("Hello from {}\n", request.path())).await
        })?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("curl http://{here}/tea")]);
        Ok(server.until(stop).await?)
    })
    // ANCHOR_END: hello
}
