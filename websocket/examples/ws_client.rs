//! A WebSocket client that sends lines and prints what comes back.
//!
//! Run: cargo run --example ws_client -- ws://127.0.0.1:9001/

use std::io::BufRead;

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_websocket::{self as websocket, Code, Fault, Message, Writer};

#[derive(clap::Args)]
struct Arguments {
    /// Where to connect.
    #[arg(default_value = "ws://127.0.0.1:9001/")]
    url: String,
    /// Send this instead of the lines of the input, and close after as many answers; may be given several times.
    #[arg(long)]
    send: Vec<String>,
}

fn main() -> terminal::Result {
    let arguments: Arguments = terminal::arguments(include_str!("ws_client.rs"));
    let url = arguments.url.clone();
    net::run(talk(arguments)).map_err(|fault| terminal::asked(url, None)(std::io::Error::from(fault)))
}

// ANCHOR: client
async fn talk(arguments: Arguments) -> Result<(), Fault> {
    let (mut reader, writer) = websocket::connect(&arguments.url).await?;
    let mut expected = arguments.send.len();
    for line in &arguments.send {
        writer.send(line.as_str()).await?;
    }
    if expected == 0 {
        net::spawn(lines(writer.clone()));
    }
    while let Some(message) = reader.next().await? {
        match message {
            Message::Text(text) => println!("{text}"),
            Message::Binary(bytes) => println!("{} bytes", bytes.len()),
        }
        if expected == 1 {
            writer.close(Code::NORMAL, "")?;
        }
        expected = expected.saturating_sub(1);
    }
    if let Some(farewell) = reader.farewell().filter(|farewell| farewell.code != Code::NORMAL) {
        eprintln!("closed with {}: {}", farewell.code, farewell.reason.escape_debug());
    }
    Ok(())
}

async fn lines(writer: Writer) -> Result<(), Fault> {
    loop {
        // Reading the terminal blocks, so it is done on the thread pool.
        let read = net::spawn_blocking(|| std::io::stdin().lock().lines().next()).await;
        let Ok(Some(Ok(line))) = read else { break };
        writer.send(line).await?;
    }
    Ok(writer.close(Code::NORMAL, "")?)
}
// ANCHOR_END: client
