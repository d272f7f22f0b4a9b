//! Walks all cases of an Autobahn fuzzing server and has it write its reports.
//!
//! Run: cargo run --example ws_autobahn_client -- --server ws://127.0.0.1:9002

use std::sync::Arc;

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_websocket::{self as websocket, Config, Deflate, Fault, Limits};

#[derive(clap::Args)]
struct Arguments {
    /// The fuzzing server.
    #[arg(long, default_value = "ws://127.0.0.1:9002")]
    server: String,
    /// The name in the report.
    #[arg(long, default_value = "wirebook")]
    agent: String,
    /// Offer context take-over.
    #[arg(long)]
    takeover: bool,
}

fn main() -> terminal::Result {
    let arguments: Arguments = terminal::arguments(include_str!("ws_autobahn_client.rs"));
    let server = arguments.server.clone();
    net::run(walk(arguments)).map_err(|fault| terminal::asked(server, None)(std::io::Error::from(fault)))
}

async fn walk(arguments: Arguments) -> Result<(), Fault> {
    let Arguments { server, agent, takeover } = arguments;
    let deflate = Deflate { own_takeover: takeover, peer_takeover: takeover, ..Deflate::default() };
    let config = Arc::new(Config { limits: Limits::message(64 << 20), deflate: Some(deflate), ..Config::default() });
    let (mut reader, _writer) = websocket::connect(&format!("{server}/getCaseCount")).await?;
    let count: u32 = match reader.next().await? {
        Some(message) => message.as_text().and_then(|text| text.parse().ok()).unwrap_or(0),
        None => 0,
    };
    println!("{count} cases");
    for case in 1..=count {
        let url = format!("{server}/runCase?case={case}&agent={agent}");
        // Many cases end in a failure of the connection, as they should.
        let _ = echo(&url, config.clone()).await;
    }
    // The server notes the last case when its end of the connection has ended, which is a moment after ours.
    net::sleep(std::time::Duration::from_millis(300)).await;
    let (mut reader, _writer) = websocket::connect(&format!("{server}/updateReports?agent={agent}")).await?;
    while reader.next().await?.is_some() {}
    Ok(())
}

async fn echo(url: &str, config: Arc<Config>) -> Result<(), Fault> {
    let mut connection = websocket::connect_with(url, config, |_| {}).await?;
    while let Some(message) = connection.reader.next().await? {
        connection.writer.send(message).await?;
    }
    Ok(())
}
