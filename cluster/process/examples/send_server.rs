//! Listens once and gives the listener to two children: a connection is whichever's takes it first.
//!
//! Run: cargo run --example send_server        (then, a few times: nc 127.0.0.1 7020)

use std::io;
use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
use wirebook_process::{Channel, Handle, Kind, fork, parent};
use wirebook_terminal as terminal;

/// How many children take connections.
const CHILDREN: usize = 2;

fn main() -> terminal::Result {
    net::run(async {
        match parent()? {
            Some(channel) => serve(channel).await,
            None => give().await,
        }
    })?;
    Ok(())
}

// ANCHOR: give
/// The parent opens the port and takes no connection.
async fn give() -> io::Result<()> {
    let addr = terminal::address(include_str!("send_server.rs"), "127.0.0.1:7020");
    let listener = TcpListener::bind(&addr)?;
    let here = listener.local_addr()?;
    let descriptor = listener.into_fd();
    let mut children = Vec::new();
    for _ in 0..CHILDREN {
        let (child, channel) = fork([""; 0])?.start()?;
        let handle = Handle { kind: Kind::Server, carried: descriptor.try_clone()? };
        channel.send_with("listen here", handle).await?;
        children.push((child, channel));
    }
    let stop = net::ctrl_c();
    terminal::listening(here, &[&terminal::netcat(format_args!("{} {}", here.ip(), here.port()))]);
    stop.await?;
    // With their channels, the children end.
    for (child, channel) in children {
        channel.close();
        child.exited().await;
    }
    net::stop();
    Ok(())
}
// ANCHOR_END: give

// ANCHOR: serve
/// A child takes connections until its channel ends.
async fn serve(channel: Channel) -> io::Result<()> {
    let Some(message) = channel.next().await? else { return Ok(()) };
    let Some(handle) = message.handle else { return Ok(()) };
    let listener = TcpListener::try_from(handle)?;
    net::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = format!("from process {}\n", std::process::id());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    while channel.next().await?.is_some() {}
    net::stop();
    Ok(())
}
// ANCHOR_END: serve
