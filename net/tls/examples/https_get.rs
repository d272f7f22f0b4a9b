//! Gets a page over HTTPS, and believes the web's authorities, or those of a file, or one certificate itself.
//!
//! Run: cargo run --example https_get -- https://example.org/

use clap::Args;
use std::io::{Write, stdout};
use std::path::PathBuf;
use wirebook_http1::client::{Agent, AgentOptions, Options, get};
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint};
use wirebook_tls::{Connector, Error, Roots};

/// Redirects that are followed.
const REDIRECTS: u8 = 10;

#[derive(Args)]
struct Arguments {
    /// What to get
    #[arg(default_value = "https://localhost:8443/")]
    url: String,
    /// Believe the authorities of this file of PEM alone
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Believe the certificate in this file of PEM itself
    #[arg(long, value_name = "FILE")]
    pin: Option<PathBuf>,
}

fn main() -> terminal::Result {
    let arguments: Arguments = terminal::arguments(include_str!("https_get.rs"));
    let connector = connector(&arguments).map_err(|error| Complaint::new(format!("{error}."), error.advice()))?;
    net::run(async move {
        let interrupted = net::ctrl_c();
        let got = get_all(&arguments.url, connector);
        // Whichever is first: a server may take its time, and Ctrl-C shall not.
        let mut got = std::pin::pin!(got);
        let mut interrupted = std::pin::pin!(interrupted);
        std::future::poll_fn(|context| match got.as_mut().poll(context) {
            std::task::Poll::Pending => interrupted.as_mut().poll(context).map(|result| Ok(result?)),
            ready => ready,
        })
        .await?;
        net::stop();
        Ok(())
    })
}

// ANCHOR: connector
fn connector(arguments: &Arguments) -> Result<Connector, Error> {
    let roots = match (&arguments.ca, &arguments.pin) {
        (None, None) => Roots::web()?,
        (Some(ca), None) => Roots::only(ca)?,
        (None, Some(pin)) => Roots::none().pinned(pin)?,
        (Some(ca), Some(pin)) => Roots::only(ca)?.pinned(pin)?,
    };
    Connector::new(roots, &Default::default())
}
// ANCHOR_END: connector

async fn get_all(url: &str, connector: Connector) -> terminal::Result {
    let agent = Agent::with_tls(AgentOptions::default(), connector);
    let options = Options { agent: Some(&agent), max_redirects: REDIRECTS, ..Options::default() };
    let refused = |error| {
        let advice = Error::within(&error).map(Error::advice);
        terminal::asked(url, advice)(std::io::Error::from(error))
    };
    let mut response = get(url, &options).await.map_err(refused)?;
    eprintln!("{}", response.status());
    while let Some(piece) = response.chunk().await.map_err(refused)? {
        stdout().write_all(piece)?;
    }
    Ok(())
}
