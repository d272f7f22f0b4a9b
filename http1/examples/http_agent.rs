//! An agent's pool at work: connections fill, requests queue, idle connections serve again.
//!
//! Run: cargo run --example http_agent -- --requests 8 --max-sockets 3

use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Error, Options, request};
use wirebook_http1::{self as http1, Request, Response};
use wirebook_net as net;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |name: &str, default: usize| {
        let text = std::env::args().skip_while(|argument| argument != name).nth(1);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (requests, max_sockets) = (number("--requests", 8), number("--max-sockets", 3));
    net::run(async move {
        let server = http1::serve("127.0.0.1:0", async |_: Request<'_>, response: Response<'_>| {
            net::sleep(Duration::from_millis(100)).await;
            response.end("done").await
        })?;
        let port = server.local_addr().expect("TCP has an address").port();
        server.until(watch(port, requests, max_sockets)).await
    })?;
    Ok(())
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
