//! An echo server on a Unix socket; tells who is connected.
//!
//! Run: cargo run --example unix_echo -- --path /tmp/echo.sock        (then: nc -U /tmp/echo.sock)

use std::io;
use wirebook_net::{
    self as net, Listener, Stream,
    unix::{UnixListener, UnixStream},
};

fn main() -> io::Result<()> {
    let path = std::env::args().skip_while(|word| word != "--path").nth(1);
    let path = path.map_or_else(|| std::env::temp_dir().join("echo.sock"), Into::into);
    // ANCHOR: unix
    net::run(async move {
        let listener = UnixListener::bind_with_mode(&path, 0o600)?;
        println!("listening on {}", path.display());
        net::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                net::spawn(echo(stream));
            }
        });
        net::ctrl_c().await?;
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
