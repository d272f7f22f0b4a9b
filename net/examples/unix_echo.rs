//! An echo server on a Unix socket; tells who is connected.
//!
//! Run: cargo run --example unix_echo -- --path /tmp/echo.sock        (then: nc -U /tmp/echo.sock)

use std::{env, io, path::PathBuf};
use wirebook_net::{
    self as net, Listener, Stream,
    unix::{UnixListener, UnixStream},
};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// The socket's file; echo.sock in the folder for temporary files without it
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

fn main() -> terminal::Result {
    let Arguments { path } = terminal::arguments(include_str!("unix_echo.rs"));
    let path = path.unwrap_or_else(|| env::temp_dir().join("echo.sock"));
    // ANCHOR: unix
    net::run(async move {
        let listener = UnixListener::bind_with_mode(&path, 0o600)?;
        let stop = net::ctrl_c();
        terminal::listening(path.display(), &[&terminal::netcat(format_args!("-U {}", path.display()))]);
        net::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                net::spawn(echo(stream));
            }
        });
        stop.await?;
        net::stop();
        Ok(())
    })
    // ANCHOR_END: unix
}

async fn echo(stream: UnixStream) -> io::Result<()> {
    eprintln!("{:?} has come", stream.peer_credentials()?);
    let mut bytes = net::buffer();
    while let count @ 1.. = stream.read(&mut bytes).await? {
        stream.write_all(&bytes[..count]).await?;
    }
    Ok(())
}
