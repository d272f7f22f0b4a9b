//! What a TLS connection holds that waits: rustls' state, and little else.

use std::mem::size_of;
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::allocations::measure;
use wirebook_tests::tls::Authority;
use wirebook_tls::TlsStream;

/// Bytes of ours for each stream: that are no buffer, and not rustls'.
const OURS: usize = 512;

/// Bytes of rustls for a connection of TLS 1.3, with room for its next versions: with 0.23.46 all of a waiting connection is 3.3 KiB.
const RUSTLS: i64 = 4 * 1024;

#[test]
fn a_stream_that_waits_holds_rustls_state_and_half_a_kibibyte() {
    assert!(size_of::<TlsStream<TcpStream>>() <= OURS, "{}", size_of::<TlsStream<TcpStream>>());
    let authority = Authority::default();
    let (acceptor, connector) =
        (authority.acceptor(&["tea.example"], &Default::default()), authority.connector(&Default::default()));
    let freed = sim::run(1, async move {
        let listener = SimListener::bind("10.0.0.1:443").expect("an address");
        let connecting = net::spawn(async move {
            let socket = SimStream::connect("10.0.0.1:443").await.expect("a listener");
            let client = connector.connect(socket, "tea.example").await.expect("a handshake");
            for _ in 0..20 {
                client.write_all(&[b'x'; 30_000]).await.expect("a reader");
            }
            client
        });
        let (socket, _) = listener.accept().await.expect("a client");
        let server = acceptor.accept(socket).expect("a stream");
        let (mut left, mut bytes) = (20 * 30_000, [0; 5_000]);
        while left > 0 {
            left -= server.read(&mut bytes).await.expect("bytes");
        }
        server.write_all(&[b'y'; 50_000]).await.expect("room");
        let client = connecting.await.expect("a task");
        // It was busy in both directions, and has nothing to do now.
        assert!(server.try_read(&mut bytes).is_err());
        assert_eq!(server.buffered(), 0);
        let (_, cost) = measure(|| drop(server));
        drop(client);
        -cost.kept_bytes
    })
    .expect("a simulation");
    println!("a waiting connection holds {freed} bytes");
    assert!((1..=OURS as i64 + RUSTLS).contains(&freed), "{freed}");
}
