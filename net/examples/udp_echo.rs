//! A UDP echo server that no forged datagram can make answer another server for ever.
//!
//! Run: cargo run --example udp_echo -- --addr 127.0.0.1:7002        (then: nc -u 127.0.0.1 7002)

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::SocketAddr,
    time::Duration,
};
use wirebook_net::{self as net, Datagrams, udp::UdpSocket};
use wirebook_terminal as terminal;

/// Ports below this belong to services that answer everything, such as echo, chargen and DNS.
const FIRST_USER_PORT: u16 = 1024;
/// An equal datagram of an equal sender within this time may be an answer to our answer.
const QUIET: Duration = Duration::from_secs(1);
/// Datagrams that are remembered; a flood from forged senders cannot fill more memory than this.
const REMEMBERED: usize = 1024;

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("udp_echo.rs"), "127.0.0.1:7002");
    net::run(async move {
        let socket = UdpSocket::bind(addr)?;
        let own = socket.local_addr()?;
        let stop = net::ctrl_c();
        terminal::listening(own, &[&terminal::netcat(format_args!("-u {} {}", own.ip(), own.port()))]);
        net::spawn(serve(socket, own));
        stop.await?;
        net::stop();
        Ok(())
    })
}

// ANCHOR: serve
pub(crate) async fn serve<D: Datagrams<Address = SocketAddr>>(socket: D, own: SocketAddr) -> io::Result<()> {
    let (mut answered, mut since) = (HashSet::new(), net::now());
    let mut bytes = vec![0; 65_535];
    loop {
        let received = socket.recv_from(&mut bytes).await?;
        let (peer, message) = (received.from, &bytes[..received.length]);
        if net::now() - since > QUIET || answered.len() >= REMEMBERED {
            answered.clear();
            since = net::now();
        }
        // The sender's address may be forged: never answer a service, ourselves, or what may be an answer.
        let mut hasher = DefaultHasher::new();
        (peer, message).hash(&mut hasher);
        let answer = peer.port() >= FIRST_USER_PORT && peer != own && answered.insert(hasher.finish());
        if answer && let Err(error) = socket.send_to(message, &peer).await {
            eprintln!("{peer}: {error}");
        }
    }
}
// ANCHOR_END: serve
