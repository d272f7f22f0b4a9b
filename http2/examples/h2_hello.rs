//! The smallest HTTP/2 server: one line of handler, for HTTP/1.1 as well.
//!
//! Run: cargo run --example h2_hello -- --addr 127.0.0.1:8000

use wirebook_http2::{self as http2, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("h2_hello.rs"), "127.0.0.1:8000");
    // ANCHOR: hello
    net::run(async move {
        let server = http2::serve(addr, async |request: Request<'_>, response: Response<'_>| {
            response.header("content-type", "text/plain").end(format!("Hello from {}\n", request.path())).await
        })?;
        let here = server.local_addr().expect("TCP has an address");
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[&format!("curl --http2-prior-knowledge http://{here}/tea"), &format!("curl --http1.1 http://{here}/tea")],
        );
        Ok(server.until(stop).await?)
    })
    // ANCHOR_END: hello
}
