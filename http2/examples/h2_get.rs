//! A client: pages of one server, all asked for at once on one connection.
//!
//! Run: cargo run --example h2_get -- --addr 127.0.0.1:8000 /tea /milk

use clap::Args;
use wirebook_http2::client::Session;
use wirebook_net as net;
use wirebook_terminal::{self as terminal, Complaint};

#[derive(Args)]
struct Options {
    /// The server, which is known to speak HTTP/2 in clear text
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000")]
    addr: String,
    /// What to ask for: paths, or one URL of the form `http://HOST:PORT/path`
    #[arg(default_value = "/")]
    paths: Vec<String>,
}

impl Options {
    /// A URL names its server itself.
    fn split(self) -> (String, Vec<String>) {
        let url = self.paths.first().and_then(|path| path.strip_prefix("http://"));
        let Some(rest) = url else { return (self.addr, self.paths) };
        let (addr, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        (addr.to_owned(), vec![if path.is_empty() { "/".to_owned() } else { path.to_owned() }])
    }
}

fn main() -> terminal::Result {
    let (addr, paths) = terminal::arguments::<Options>(include_str!("h2_get.rs")).split();
    net::run(async move {
        let complain =
            |error| Complaint::new(format!("{addr}: {error}."), "Is a server there? cargo run --example h2_hello");
        // ANCHOR: get
        let session = Session::connect(addr.as_str()).await.map_err(complain)?;
        let asked: Vec<_> = paths
            .into_iter()
            .map(|path| {
                let session = session.clone();
                net::spawn(async move {
                    let mut answer = session.request("GET", &path).send("").await?;
                    let content = answer.bytes(1 << 20).await?;
                    Ok((path, answer.status(), content))
                })
            })
            .collect();
        // ANCHOR_END: get
        for answer in asked {
            let answer =
                answer.await.map_err(|error| Complaint::new(format!("{error}."), "That is a fault of ours."))?;
            let (path, status, content) = answer.map_err(complain)?;
            println!("{path}: {status}, {}", String::from_utf8_lossy(&content).trim_end());
        }
        Ok(())
    })
}
