//! Measures the way to a child and back: messages, and connections that ride on them.
//!
//! Run: cargo run --release --example ipc_ping -- --count 10000

use std::{
    io,
    os::fd::OwnedFd,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};
use wirebook_net as net;
use wirebook_process::{Channel, Handle, Kind, fork, parent};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// How many of each
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    count: u32,
}

fn main() -> terminal::Result {
    net::run(async {
        match parent()? {
            Some(channel) => answer(channel).await,
            None => ask().await,
        }
    })?;
    Ok(())
}

async fn answer(channel: Channel) -> io::Result<()> {
    while let Some(message) = channel.next().await? {
        channel.send(&message.parse::<u32>()?).await?;
    }
    Ok(())
}

async fn ask() -> io::Result<()> {
    let Arguments { count } = terminal::arguments(include_str!("ipc_ping.rs"));
    let (_child, channel) = fork([""; 0])?.start()?;
    // The first answer comes when the child has started.
    channel.send(&0).await?;
    channel.next().await?;
    let begin = Instant::now();
    for number in 0..count {
        channel.send(&number).await?;
        channel.next().await?;
    }
    tell("a message and its answer", count, begin.elapsed());
    let begin = Instant::now();
    for number in 0..count {
        let (one, _other) = UnixStream::pair()?;
        channel.send_with(&number, Handle { kind: Kind::Socket, carried: OwnedFd::from(one) }).await?;
        channel.next().await?;
    }
    tell("the same with a connection on it", count, begin.elapsed());
    channel.disconnect();
    Ok(())
}

fn tell(what: &str, count: u32, took: Duration) {
    println!("{:7.1} µs  {what}", took.as_secs_f64() * 1e6 / f64::from(count.max(1)));
}
