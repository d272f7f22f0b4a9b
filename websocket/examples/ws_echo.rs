//! A WebSocket server that sends back what it gets, compressed where the client can.
//!
//! Run: cargo run --example ws_echo -- --addr 127.0.0.1:9001

use std::sync::Arc;

use wirebook_net::{self as net, tcp::TcpListener};
use wirebook_terminal as terminal;
use wirebook_websocket::handshake::{Origin, server::Policy};
use wirebook_websocket::{self as websocket, Accepted, Config, Deflate, Limits, Message, Options};

#[derive(clap::Args)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9001")]
    addr: String,
    /// The longest message to accept, in bytes.
    #[arg(long, default_value_t = 64 << 20)]
    max_message: usize,
    /// Keep the compression windows from message to message.
    #[arg(long)]
    takeover: bool,
    /// Do not compress.
    #[arg(long)]
    no_deflate: bool,
    /// Call a function for each message, in place of a task for each connection.
    #[arg(long)]
    by_message: bool,
}

fn main() -> terminal::Result {
    let arguments: Arguments = terminal::arguments(include_str!("ws_echo.rs"));
    let deflate = Deflate { own_takeover: arguments.takeover, peer_takeover: arguments.takeover, ..Deflate::default() };
    let config = Config {
        limits: Limits::message(arguments.max_message),
        deflate: (!arguments.no_deflate).then_some(deflate),
        ..Config::default()
    };
    // Echoing tells nobody anything, so any page may connect.
    let policy = Policy { origin: Origin::Everyone, ..Policy::default() };
    let options = Options { config: Arc::new(config), policy, ..Options::default() };
    net::run(async move {
        let listener = TcpListener::bind(arguments.addr)?;
        let here = listener.local_addr()?;
        let stop = net::ctrl_c();
        terminal::listening(here, &[&format!("cargo run --example ws_client -- ws://{here}/")]);
        let server = if arguments.by_message {
            // ANCHOR: by_message
            websocket::serve_messages(listener, (), options, |opened| {
                move |message: Message<'_>| {
                    let _ = opened.writer.try_send(message);
                }
            })
            // ANCHOR_END: by_message
        } else {
            // ANCHOR: echo
            websocket::serve_on(listener, (), options, async |mut connection: Accepted| {
                while let Some(message) = connection.reader.next().await? {
                    connection.writer.send(message).await?;
                }
                Ok(())
            })
            // ANCHOR_END: echo
        };
        Ok(server.until(stop).await?)
    })
}
