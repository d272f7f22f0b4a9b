//! Starts itself again as a child with a channel, says three things to it, and hears them back.
//!
//! Run: cargo run --example child_echo
//!
//! As a child it echoes, whoever is its parent:
//! node -e "p='target/debug/examples/child_echo';
//!   c=child_process.spawn(p,{stdio:['pipe',1,2,'ipc']});
//!   c.on('message',console.log);c.send({hello:'from Node'})"

use std::io;
use wirebook_net as net;
use wirebook_process::{Channel, Event, events, fork, parent};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    // ANCHOR: both
    net::run(async {
        match parent()? {
            Some(channel) => echo(channel).await,
            None => speak().await,
        }
    })?;
    // ANCHOR_END: both
    Ok(())
}

// ANCHOR: child
/// The child. When its parent has disconnected, or is gone, `next` gives nothing more, or nobody takes the answer, and it ends.
async fn echo(channel: Channel) -> io::Result<()> {
    while let Some(message) = channel.next().await? {
        if channel.send(&message.parse::<serde_json::Value>()?).await.is_err() {
            break;
        }
    }
    Ok(())
}
// ANCHOR_END: child

async fn speak() -> io::Result<()> {
    terminal::no_arguments(include_str!("child_echo.rs"));
    // ANCHOR: parent
    let (child, channel) = fork([""; 0])?.start()?;
    for word in ["hello", "again", "goodbye"] {
        channel.send(word).await?;
    }
    let mut events = events(&child, &channel);
    while let Some(event) = events.next().await {
        match event {
            Event::Online => println!("online: process {}", child.id()),
            Event::Message(message) => {
                println!("message: {}", message.json());
                if message.json() == "\"goodbye\"" {
                    channel.disconnect();
                }
            }
            Event::Error(error) => println!("error: {error}"),
            Event::Disconnect => println!("disconnect"),
            Event::Exit(exit) => println!("exit: {exit}"),
            Event::Close(_) => println!("close"),
        }
    }
    // ANCHOR_END: parent
    Ok(())
}
