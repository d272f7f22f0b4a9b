//! A client: pages of one server, all asked for at once, by the protocol that the server speaks.
//!
//! Run: cargo run --example h2_get -- --addr 127.0.0.1:8000 /tea /milk

use clap::Args;
use std::path::PathBuf;
use wirebook_http2::client::{Agent, AgentOptions, Error};
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint};
use wirebook_tls::{Connector, Roots};

#[derive(Args)]
struct Options {
    /// The server, which is known to speak HTTP/2 in clear text; one that does not is asked by HTTP/1.1
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// Ask that host over TLS: the handshake says what is spoken
    #[arg(long)]
    tls: bool,
    /// Believe the authorities of this file of PEM alone
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Believe the certificate in this file of PEM itself
    #[arg(long, value_name = "FILE")]
    pin: Option<PathBuf>,
    /// Say by which protocol each answer came
    #[arg(long)]
    protocol: bool,
    /// What to ask for: paths, or one URL
    #[arg(default_value = "/")]
    paths: Vec<String>,
}

impl Options {
    /// A URL names its server itself.
    fn split(&self) -> (String, Vec<String>) {
        let scheme = if self.tls { "https" } else { "http" };
        let url = self.paths.first().filter(|path| path.contains("://"));
        let Some(url) = url else { return (format!("{scheme}://{}", self.addr), self.paths.clone()) };
        let host = url.find("://").map_or(0, |at| at + 3);
        let (origin, path) = url.split_at(url[host..].find('/').map_or(url.len(), |at| host + at));
        (origin.to_owned(), vec![if path.is_empty() { "/".to_owned() } else { path.to_owned() }])
    }

    fn agent(&self) -> Result<Agent, wirebook_tls::Error> {
        let options = AgentOptions { prior_knowledge: true, ..AgentOptions::default() };
        let roots = match (&self.ca, &self.pin) {
            (None, None) => return Ok(Agent::new(options)),
            (Some(ca), None) => Roots::only(ca)?,
            (None, Some(pin)) => Roots::none().pinned(pin)?,
            (Some(ca), Some(pin)) => Roots::only(ca)?.pinned(pin)?,
        };
        Ok(Agent::with_tls(options, Connector::new(roots, &Default::default())?))
    }
}

fn main() -> terminal::Result {
    let options = terminal::arguments::<Options>(include_str!("h2_get.rs"));
    let (origin, paths) = options.split();
    let agent = options.agent().map_err(|error| Complaint::new(format!("{error}."), error.advice()))?;
    net::run(async move {
        let complain = |error: Error| {
            let advice = wirebook_tls::Error::within(&error).map(wirebook_tls::Error::advice);
            terminal::asked(&origin, advice)(std::io::Error::from(error))
        };
        // ANCHOR: get
        let asked: Vec<_> = paths
            .into_iter()
            .map(|path| {
                let (agent, url) = (agent.clone(), format!("{origin}{path}"));
                net::spawn(async move {
                    let mut answer = agent.get(&url).await?;
                    let content = answer.bytes(1 << 20).await?;
                    Ok((path, answer, content))
                })
            })
            .collect();
        // ANCHOR_END: get
        for answer in asked {
            let answer =
                answer.await.map_err(|error| Complaint::new(format!("{error}."), "That is a fault of ours."))?;
            let (path, answer, content) = answer.map_err(complain)?;
            let by = if options.protocol { format!(" by {:?}", answer.version()) } else { String::new() };
            println!("{path}: {}{by}, {}", answer.status(), String::from_utf8_lossy(&content).trim_end());
        }
        agent.close();
        Ok(())
    })
}
