//! A TCP server that sends back what it is sent.
//!
//! Run: cargo run --example tcp_echo -- --addr 127.0.0.1:7000        (then: nc 127.0.0.1 7000)

use std::{io, time::Duration};
use wirebook_net::{self as net, Idle, Listener, Stream, tcp::TcpListener};
use wirebook_terminal as terminal;

const IDLE_LIMIT: Duration = Duration::from_secs(300);

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("tcp_echo.rs"), "127.0.0.1:7000");
    net::run(async move {
        let listener = TcpListener::bind(addr)?;
        let here = listener.local_addr()?;
        let stop = net::ctrl_c();
        terminal::listening(here, &[&terminal::netcat(format_args!("{} {}", here.ip(), here.port()))]);
        net::spawn(serve(listener));
        stop.await?;
        net::stop();
        Ok(())
    })
}

// ANCHOR: serve
async fn serve<L: Listener>(listener: L) -> io::Result<()> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        net::spawn(echo(Idle::new(stream, IDLE_LIMIT)));
    }
}

async fn echo<S: Stream>(stream: S) -> io::Result<()> {
    loop {
        stream.readable().await?;
        // The buffer is the loop's: an idle connection has none.
        let mut bytes = net::buffer();
        match stream.try_read(&mut bytes) {
            Ok(0) => return Ok(()),
            // Back-pressure: as long as the peer does not read, we do not read either.
            Ok(count) => stream.write_all(&bytes[..count]).await?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: serve
