//! A WebSocket client that sends each line of its input and prints what comes back.
//!
//! Run: cargo run --example ws_client -- ws://127.0.0.1:9001/

use std::io::BufRead;

use clap::Parser;
use wirebook_net as net;
use wirebook_websocket::{self as websocket, Code, Fault, Message};

/// Talks to a WebSocket server in lines.
#[derive(Parser)]
struct Arguments {
    /// Where to connect.
    #[arg(default_value = "ws://127.0.0.1:9001/")]
    url: String,
    /// Send this instead of the lines of the input; may be given several times.
    #[arg(long)]
    send: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    net::run(talk(arguments))??;
    Ok(())
}

// ANCHOR: client
async fn talk(arguments: Arguments) -> Result<(), Fault> {
    let (mut reader, writer) = websocket::connect(&arguments.url).await?;
    net::spawn(async move {
        for line in arguments.send.iter() {
            writer.send(line.as_str()).await?;
        }
        // Reading the terminal blocks, so it is done on the thread pool.
        while arguments.send.is_empty() {
            let read = net::spawn_blocking(|| std::io::stdin().lock().lines().next()).await;
            let Ok(Some(Ok(line))) = read else { break };
            writer.send(line).await?;
        }
        writer.close(Code::NORMAL, "")?;
        Ok::<(), Fault>(())
    });
    while let Some(message) = reader.next().await? {
        match message {
            Message::Text(text) => println!("{text}"),
            Message::Binary(bytes) => println!("{} bytes", bytes.len()),
        }
    }
    Ok(())
}
// ANCHOR_END: client
