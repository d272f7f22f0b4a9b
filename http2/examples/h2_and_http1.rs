//! One handler over TLS, for browsers that speak HTTP/2 and for clients that do not: each is told how it came.
//!
//! Run: cargo run --example h2_and_http1 -- --addr 127.0.0.1:8443

use clap::Args;
use std::io::Write;
use wirebook_http1::parser::Version;
use wirebook_http2::{self as http2, Outcome, Request, Response, server::Options};
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint, at};
use wirebook_tls::Identity;

#[derive(Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8443")]
    addr: String,
    /// Refuse clients that speak HTTP/1.1
    #[arg(long)]
    only_h2: bool,
}

// ANCHOR: handler
async fn hello(request: Request<'_>, response: Response<'_>) -> Outcome {
    let protocol = if request.version() == Version::Http2 { "HTTP/2" } else { "HTTP/1" };
    let text = format!("{} came over {protocol}\n", request.path());
    response.header("content-type", "text/plain").end(text).await
}
// ANCHOR_END: handler

fn main() -> terminal::Result {
    let Arguments { addr, only_h2 } = terminal::arguments(include_str!("h2_and_http1.rs"));
    let identity = Identity::dev().map_err(|error| Complaint::new(format!("{error}."), "Is the clock right?"))?;
    net::run(async move {
        // ANCHOR: serve
        let options = Options { allow_http1: !only_h2, ..Options::default() };
        let server = http2::server::serve_secure_with(addr, &identity, options, hello)?;
        // ANCHOR_END: serve
        let here = server.local_addr().expect("TCP has an address");
        // What a client needs to believe a certificate that nobody else has signed. It goes when the server ends.
        let mut authority = tempfile::Builder::new().prefix("wirebook-").suffix(".pem").tempfile()?;
        let pem = identity.development().map(|made| made.authority_pem.clone()).unwrap_or_default();
        authority.write_all(pem.as_bytes()).map_err(at(authority.path().display()))?;
        let file = authority.path().display();
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[
                &format!("curl --cacert {file} https://{here}/tea"),
                &format!("curl --http1.1 --cacert {file} https://{here}/tea"),
            ],
        );
        Ok(server.until(stop).await?)
    })
}
