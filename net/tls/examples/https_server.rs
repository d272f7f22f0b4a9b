//! A server that speaks HTTPS, with a certificate that it makes for this machine, or with yours.
//!
//! Run: cargo run --example https_server -- --addr 127.0.0.1:8443

use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint, at};
use wirebook_tls::Identity;

#[derive(Args)]
struct Options {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8443")]
    addr: String,
    /// A certificate with its chain, as PEM; without it one is made
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

fn main() -> terminal::Result {
    let Options { addr, cert, key } = terminal::arguments(include_str!("https_server.rs"));
    // ANCHOR: serve
    let identity = match (cert, key) {
        (Some(cert), Some(key)) => Identity::files(cert, key),
        _ => Identity::dev(),
    };
    let identity = identity.map_err(|error| Complaint::new(format!("{error}."), "Try it without --cert and --key."))?;
    net::run(async move {
        let server = http1::serve_secure(addr, &identity, async |request: Request<'_>, response: Response<'_>| {
            let text = format!("Hello from {}, over {}\n", request.path(), request.scheme());
            response.header("content-type", "text/plain").end(text).await
        })?;
        // ANCHOR_END: serve
        let here = server.local_addr().expect("TCP has an address");
        // What a client needs to believe a certificate that nobody else has signed. It is no secret, and goes when the server ends.
        let mut authority = tempfile::Builder::new().prefix("wirebook-").suffix(".pem").tempfile()?;
        let mut hints = vec![format!("curl https://localhost:{}/tea", here.port())];
        if let Some(made) = identity.development() {
            authority.write_all(made.authority_pem.as_bytes()).map_err(at(authority.path().display()))?;
            let file = authority.path().display();
            hints = vec![
                format!("curl --cacert {file} https://{here}/tea"),
                format!("cargo run --example https_get -- --ca {file} https://{here}/tea"),
            ];
        }
        let stop = net::ctrl_c();
        terminal::listening(here, &hints.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(server.until(stop).await?)
    })
}
