//! An agent's pool at work: connections fill, requests queue, idle connections serve again.
//!
//! Run: cargo run --example http_agent -- --requests 8 --max-sockets 3

use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, request};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Requests that are sent at once
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    requests: usize,
    /// Connections that the agent may have
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    max_sockets: usize,
}

fn main() -> terminal::Result {
    let Arguments { requests, max_sockets } = terminal::arguments(include_str!("http_agent.rs"));
    net::run(async move {
        let server = http1::serve("127.0.0.1:0", async |_: Request<'_>, response: Response<'_>| {
            net::sleep(Duration::from_millis(100)).await;
            response.end("done").await
        })?;
        let port = server.local_addr().expect("TCP has an address").port();
        Ok(server.until(watch(port, requests, max_sockets)).await?)
    })
}

// ANCHOR: agent
async fn watch(port: u16, requests: usize, max_sockets: usize) -> Result<(), Error> {
    let agent = Agent::new(AgentOptions { max_sockets, ..AgentOptions::default() });
    let show = |what: String| {
        println!("{what:<32} sockets {}  free {}  requests {}", agent.sockets(), agent.free(), agent.requests());
    };
    let mut tasks = Vec::new();
    for number in 1..=requests {
        let mine = agent.clone();
        tasks.push(net::spawn(async move {
            let options = Options { host: "127.0.0.1", port, agent: Some(&mine), ..Options::default() };
            let request = request(&options).await?;
            let reused = request.is_reused();
            request.end("").await?.bytes(100).await?;
            Ok::<bool, Error>(reused)
        }));
        net::yield_now().await;
        show(format!("request {number} sent"));
    }
    for (number, task) in tasks.into_iter().enumerate() {
        let reused = task.await.map_err(std::io::Error::from)??;
        show(format!("answer {} on {} connection", number + 1, if reused { "a used" } else { "a new" }));
    }
    Ok(())
}
// ANCHOR_END: agent
