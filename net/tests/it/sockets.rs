//! TCP, UDP and Unix sockets of the real system: options, limits, and what their files and peers may do.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr},
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::PathBuf,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, Datagrams, Idle, Listener, Stream,
    tcp::{ConnectOptions, ListenOptions, TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixDatagram, UnixListener, UnixStream},
};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// A directory of its own for each test, removed afterwards.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wirebook-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn accepted_connections_have_no_delay_unless_it_is_wanted() {
    net::block_on(async {
        for no_delay in [true, false] {
            let options = ListenOptions { no_delay, ..ListenOptions::default() };
            let listener = TcpListener::bind_with("127.0.0.1:0", &options).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (accepted, _) = listener.accept().await.unwrap();
            assert_eq!((accepted.nodelay().unwrap(), client.nodelay().unwrap()), (no_delay, false));
        }
        assert!(ListenOptions::default().no_delay);
    })
    .unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn accepted_connections_have_the_user_timeout_of_their_listener() {
    use std::time::Duration;
    let (ms, most) = (Duration::from_millis(1), Duration::from_millis(i32::MAX as u64));
    for (asked, set) in [
        (None, None),
        (Some(Duration::ZERO), None),
        (Some(Duration::from_nanos(1)), Some(ms)),
        (Some(Duration::from_secs(30)), Some(Duration::from_secs(30))),
        (Some(Duration::MAX), Some(most)),
    ] {
        net::block_on(async move {
            let options = ListenOptions { user_timeout: asked, ..ListenOptions::default() };
            let listener = TcpListener::bind_with("127.0.0.1:0", &options).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (accepted, _) = listener.accept().await.unwrap();
            assert_eq!((accepted.user_timeout().unwrap(), client.user_timeout().unwrap()), (set, None));
            accepted.set_user_timeout(None).unwrap();
            assert_eq!(accepted.user_timeout().unwrap(), None, "switched off again");
        })
        .unwrap();
    }
}

#[test]
fn peek_leaves_the_bytes() {
    net::block_on(async {
        let (client, server) = pair().await;
        client.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 8];
        assert_eq!(server.peek(&mut bytes).await.unwrap(), 5);
        assert_eq!(server.read(&mut bytes).await.unwrap(), 5);
        assert_eq!(&bytes[..5], b"hello");
    })
    .unwrap();
}

#[test]
fn each_half_ends_by_itself() {
    net::block_on(async {
        let (client, server) = pair().await;
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 0);
        assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 0, "the end stays the end");
        server.write_all(b"late").await.unwrap();
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 4);
        let (reader, writer) = net::split(server);
        drop(writer);
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 0);
        drop(reader);
    })
    .unwrap();
}

#[test]
fn a_reset_reaches_the_peer() {
    net::block_on(async {
        let (client, server) = pair().await;
        client.reset();
        assert_eq!(server.read(&mut [0; 4]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    })
    .unwrap();
}

#[test]
fn options_can_be_set() {
    net::block_on(async {
        let options = ListenOptions { reuse_port: true, backlog: 16, ..ListenOptions::default() };
        let one = TcpListener::bind_with("127.0.0.1:0", &options).unwrap();
        let two = TcpListener::bind_with(one.local_addr().unwrap(), &options).unwrap();
        assert_eq!(one.local_addr().unwrap(), two.local_addr().unwrap());
        assert_eq!(TcpListener::bind(one.local_addr().unwrap()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let (client, _server) = pair().await;
        client.set_nodelay(true).unwrap();
        client.set_keepalive(Some(Duration::from_secs(30))).unwrap();
        client.set_keepalive(None).unwrap();
        client.set_linger(None).unwrap();
        client.set_buffer_sizes(Some(8192), Some(8192)).unwrap();
        assert_eq!(client.set_linger(Some(Duration::from_secs(1))).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    })
    .unwrap();
}

#[test]
fn ipv6_listens_beside_ipv4() {
    net::block_on(async {
        let only_v6 = ListenOptions { only_v6: true, ..ListenOptions::default() };
        let Ok(six) = TcpListener::bind_with("[::]:0", &only_v6) else { return eprintln!("no IPv6 here") };
        let port = six.local_addr().unwrap().port();
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let client = TcpStream::connect(("localhost", port)).await.unwrap();
        let accepted = net::timeout(Duration::from_secs(5), async {
            match client.peer_addr().unwrap() {
                SocketAddr::V4(_) => four.accept().await.unwrap().1,
                SocketAddr::V6(_) => six.accept().await.unwrap().1,
            }
        });
        assert_eq!(accepted.await.unwrap(), client.local_addr().unwrap());
    })
    .unwrap();
}

/// The first address answers nothing, the second refuses, the third accepts: the wait is one attempt's delay.
#[test]
fn happy_eyeballs_go_on_to_the_address_that_answers() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // 192.0.2.0/24 is for documentation (RFC 5737): nobody answers there.
        let silent = "192.0.2.1:9".parse().unwrap();
        let options = ConnectOptions { attempt_delay: Duration::from_millis(20), ..ConnectOptions::default() };
        let addresses = vec![silent, refusing, listener.local_addr().unwrap()];
        let stream = TcpStream::connect_with(addresses, &options).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    })
    .unwrap();
}

#[test]
fn an_idle_connection_times_out() {
    net::block_on(async {
        let (_client, server) = pair().await;
        let server = Idle::new(server, Duration::from_millis(20));
        assert_eq!(server.read(&mut [0; 4]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    })
    .unwrap();
}

#[test]
fn names_that_are_no_addresses_are_errors() {
    net::block_on(async {
        for name in ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":80", "host:port"] {
            assert_eq!(TcpStream::connect(name).await.unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
    })
    .unwrap();
}

#[test]
fn udp_tells_truncation_and_the_sender() {
    net::block_on(async {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        one.send_to(b"0123456789", &two.local_addr().unwrap()).await.unwrap();
        let mut bytes = [0; 4];
        let received = two.recv_from(&mut bytes).await.unwrap();
        assert_eq!((received.length, received.truncated, received.from), (4, true, one.local_addr().unwrap()));
        one.send_to(b"0123", &two.local_addr().unwrap()).await.unwrap();
        assert!(!two.recv_from(&mut bytes).await.unwrap().truncated);
    })
    .unwrap();
}

#[test]
fn a_connected_udp_socket_hears_one_peer_and_its_refusal() {
    net::block_on(async {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let two = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        one.connect(two.local_addr().unwrap()).unwrap();
        assert_eq!(one.peer_addr().unwrap(), two.local_addr().unwrap());
        stranger.send_to(b"no", &one.local_addr().unwrap()).await.unwrap();
        two.send_to(b"yes", &one.local_addr().unwrap()).await.unwrap();
        let mut bytes = [0; 8];
        assert_eq!(one.recv_from(&mut bytes).await.unwrap().length, 3);
        drop(two);
        one.send(b"anybody?").await.unwrap();
        assert_eq!(one.recv_from(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    })
    .unwrap();
}

#[test]
fn broadcast_must_be_allowed_first() {
    net::block_on(async {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let everybody = "255.255.255.255:9".parse().unwrap();
        assert_eq!(socket.send_to(b"x", &everybody).await.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        socket.set_broadcast(true).unwrap();
        // Without a route the network is unreachable, which is another answer than "not allowed".
        if let Err(error) = socket.send_to(b"x", &everybody).await {
            assert_ne!(error.kind(), io::ErrorKind::PermissionDenied);
        }
    })
    .unwrap();
}

#[test]
fn a_multicast_group_is_joined_and_left() {
    net::block_on(async {
        let group = Ipv4Addr::new(239, 255, 7, 7);
        let member = UdpSocket::bind_shared("0.0.0.0:0".parse().unwrap()).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.set_multicast_interface_v4(Ipv4Addr::LOCALHOST).unwrap();
        sender.set_multicast_loop_v4(true).unwrap();
        sender.set_multicast_ttl_v4(0).unwrap();
        let to = (group, member.local_addr().unwrap().port()).into();
        let mut bytes = [0; 8];
        member.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        sender.send_to(b"hello", &to).await.unwrap();
        let heard = net::timeout(Duration::from_secs(5), member.recv_from(&mut bytes)).await;
        assert_eq!(heard.unwrap().unwrap().length, 5);
        member.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        sender.send_to(b"again", &to).await.unwrap();
        assert!(net::timeout(Duration::from_millis(30), member.recv_from(&mut bytes)).await.is_err());
    })
    .unwrap();
}

#[test]
fn a_unix_stream_echoes_and_knows_its_peer() {
    let directory = Directory::new("echo");
    let path = directory.join("socket");
    net::block_on(async move {
        let listener = UnixListener::bind_with_mode(&path, 0o600).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let client = UnixStream::connect(&path).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 8];
        assert_eq!(server.read(&mut bytes).await.unwrap(), 5);
        let peer = server.peer_credentials().unwrap();
        assert_eq!(peer.pid, Some(std::process::id() as i32));
        drop(listener);
        assert!(!path.exists(), "the listener takes its file with it");
    })
    .unwrap();
}

#[test]
fn a_unix_pair_reads_the_end() {
    net::block_on(async {
        let (one, two) = UnixStream::pair().unwrap();
        let one = Rc::new(one);
        one.try_write_vectored(&[io::IoSlice::new(b"ab"), io::IoSlice::new(b"cd")]).unwrap();
        one.shutdown(Shutdown::Write).unwrap();
        let mut bytes = [0; 8];
        assert_eq!(two.read(&mut bytes).await.unwrap(), 4);
        assert_eq!(two.read(&mut bytes).await.unwrap(), 0);
    })
    .unwrap();
}

#[test]
fn unix_datagrams_are_whole_and_have_senders() {
    let directory = Directory::new("datagram");
    let (one, two) = (directory.join("one"), directory.join("two"));
    net::block_on(async move {
        let receiver = UnixDatagram::bind(&one).unwrap();
        let sender = UnixDatagram::bind(&two).unwrap();
        let nameless = UnixDatagram::unbound().unwrap();
        let mut bytes = [0; 4];
        for message in [&b"four"[..], b"", b"longer"] {
            sender.send_to(message, &Some(one.clone())).await.unwrap();
            let received = receiver.recv_from(&mut bytes).await.unwrap();
            assert_eq!(received.length, message.len().min(4));
            assert_eq!(received.truncated, message.len() > 4);
            assert_eq!(received.from.as_ref(), Some(&two));
        }
        nameless.send_to(b"x", &Some(one.clone())).await.unwrap();
        assert_eq!(receiver.recv_from(&mut bytes).await.unwrap().from, None);
    })
    .unwrap();
}

/// Row net-24: every file that can stand in the way of a socket.
#[test]
fn net_24_unix_paths() {
    let directory = Directory::new("paths");
    let path = directory.join("socket");
    let long = directory.join(&"x".repeat(120));
    net::block_on(async move {
        assert_eq!(UnixListener::bind(&long).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(UnixListener::bind("/tmp/a\0b").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(UnixStream::connect("/tmp/a\0b").await.unwrap_err().kind(), io::ErrorKind::InvalidInput);

        let stale = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(stale);
        assert!(path.exists());
        let live = UnixListener::bind(&path).expect("a stale socket file is replaced");
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(UnixStream::connect(&path).await.is_ok(), "a living socket is left alone");

        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        drop(live);
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious", "what is no socket is never removed");
        let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    })
    .unwrap();
}

#[test]
fn files_and_names_go_through_the_pool() {
    let directory = Directory::new("files");
    let path = directory.join("file");
    net::block_on(async move {
        net::write_file(&path, "content").await.unwrap();
        assert_eq!(net::read_file(&path).await.unwrap(), b"content");
        assert_eq!(net::stat(&path).await.unwrap().len(), 7);
        assert_eq!(net::stat(path.join("none")).await.unwrap_err().kind(), io::ErrorKind::NotADirectory);
    })
    .unwrap();
}

/// Bytes that came with a descriptor end a read early, and no further edge tells of those behind them.
#[test]
fn bytes_behind_a_passed_descriptor_are_found() {
    /// `SCM_RIGHTS` with one descriptor, as `struct cmsghdr` has it on 64-bit Linux.
    fn rights(descriptor: i32) -> Vec<u8> {
        let (length, level, kind) = (20_u64, 1_i32, 1_i32);
        let mut bytes = length.to_ne_bytes().to_vec();
        for word in [level, kind, descriptor, 0] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes
    }
    if !cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        return;
    }
    let directory = Directory::new("rights");
    let path = directory.join("socket");
    net::block_on(async move {
        let listener = UnixListener::bind(&path).unwrap();
        let client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let control = rights(client.as_raw_fd());
        let with = [io::IoSlice::new(b"with")];
        let message = socket2::MsgHdr::new().with_buffers(&with).with_control(&control);
        socket2::SockRef::from(&client).sendmsg(&message, 0).unwrap();
        (&client).write_all(b"without").unwrap();
        let mut bytes = [0; 64];
        let mut received = Vec::new();
        while received.len() < 11 {
            let reading = net::timeout(Duration::from_secs(5), server.read(&mut bytes)).await;
            let count = reading.expect("the second part is found").unwrap();
            received.extend_from_slice(&bytes[..count]);
        }
        assert_eq!(received, b"withwithout");
    })
    .unwrap();
}
