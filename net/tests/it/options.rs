//! Every duration and every limit of a socket at zero, at one and at its maximum.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use wirebook_net::{
    self as net, Datagrams, Idle, Listener, Stream,
    tcp::{ConnectOptions, ListenOptions, TcpListener, TcpStream},
    udp::UdpSocket,
};

const NANOSECOND: Duration = Duration::from_nanos(1);
const EDGES: [Duration; 4] = [Duration::ZERO, NANOSECOND, Duration::from_millis(1), Duration::MAX];

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

#[test]
fn keep_alive_at_its_edges() {
    net::block_on(async {
        let (client, _server) = pair().await;
        for idle in EDGES {
            client.set_keepalive(Some(idle)).unwrap();
        }
        client.set_keepalive(None).unwrap();
    })
    .unwrap();
}

#[test]
fn a_user_timeout_is_rounded_up_and_cut_off() {
    net::block_on(async {
        let (client, _server) = pair().await;
        if !cfg!(target_os = "linux") {
            let error = client.set_user_timeout(Some(NANOSECOND)).unwrap_err();
            return assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
        assert_eq!(client.user_timeout().unwrap(), None, "the system's own");
        for (set, is) in [
            (Some(NANOSECOND), Some(Duration::from_millis(1))),
            (Some(Duration::from_micros(1500)), Some(Duration::from_millis(2))),
            (Some(Duration::from_secs(30)), Some(Duration::from_secs(30))),
            (Some(Duration::MAX), Some(Duration::from_millis(i32::MAX as u64))),
            (Some(Duration::ZERO), None),
            (None, None),
        ] {
            client.set_user_timeout(set).unwrap();
            assert_eq!(client.user_timeout().unwrap(), is, "{set:?}");
        }
    })
    .unwrap();
}

#[test]
fn buffers_at_their_edges() {
    net::block_on(async {
        let (client, server) = pair().await;
        for size in [0, 1, usize::MAX] {
            client.set_buffer_sizes(Some(size), Some(size)).unwrap();
        }
        client.write_all(b"still").await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 5);
    })
    .unwrap();
}

#[test]
fn a_backlog_at_its_edges_lets_somebody_in() {
    net::block_on(async {
        for backlog in [i32::MIN, -1, 0, 1, i32::MAX] {
            let options = ListenOptions { backlog, ..ListenOptions::default() };
            let listener = TcpListener::bind_with("127.0.0.1:0", &options).unwrap();
            let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            listener.accept().await.unwrap();
        }
    })
    .unwrap();
}

#[test]
fn the_delay_between_attempts_at_its_edges() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for attempt_delay in EDGES {
            let options = ConnectOptions { attempt_delay, ..ConnectOptions::default() };
            let addresses = vec![refusing, listener.local_addr().unwrap()];
            let stream = TcpStream::connect_with(addresses, &options).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
        }
    })
    .unwrap();
}

#[test]
fn the_time_for_connecting_at_its_edges() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for timeout in [None, Some(Duration::MAX)] {
            let options = ConnectOptions { timeout, ..ConnectOptions::default() };
            TcpStream::connect_with(address, &options).await.unwrap();
        }
        // 192.0.2.0/24 is for documentation (RFC 5737): nobody answers there.
        let silent: SocketAddr = "192.0.2.1:9".parse().unwrap();
        for timeout in [Duration::ZERO, NANOSECOND] {
            let options = ConnectOptions { timeout: Some(timeout), ..ConnectOptions::default() };
            let error = TcpStream::connect_with(silent, &options).await.unwrap_err();
            if error.kind() == ErrorKind::TimedOut {
                assert_eq!(error.to_string(), "cannot connect to 192.0.2.1:9: timed out");
            }
        }
    })
    .unwrap();
}

#[test]
fn an_idle_limit_at_its_edges() {
    net::block_on(async {
        for limit in [Duration::ZERO, NANOSECOND] {
            let (client, server) = pair().await;
            let server = Idle::new(server, limit);
            assert_eq!(server.read(&mut [0; 4]).await.unwrap_err().kind(), ErrorKind::TimedOut);
            client.write_all(b"x").await.unwrap();
        }
        let (client, server) = pair().await;
        let server = Idle::new(server, Duration::MAX);
        net::set_timeout(move || drop(client), Duration::from_millis(5));
        assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 0);
    })
    .unwrap();
}

#[test]
fn the_life_of_a_datagram_at_its_edges() {
    net::block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for ttl in [1, 64, 255] {
            socket.set_ttl(ttl).unwrap();
            assert_eq!(socket.ttl().unwrap(), ttl);
        }
        for ttl in [0, 256, u32::MAX] {
            let error = socket.set_ttl(ttl).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{ttl}");
            assert_eq!(error.to_string(), format!("a datagram may pass 1 to 255 routers, and not {ttl}"));
        }
        for hops in [0, 1, 255] {
            socket.set_multicast_ttl_v4(hops).unwrap();
        }
        for hops in [256, u32::MAX] {
            assert_eq!(socket.set_multicast_ttl_v4(hops).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_ttl(1).unwrap();
        socket.send_to(b"near", &peer.local_addr().unwrap()).await.unwrap();
        assert_eq!(peer.recv_from(&mut [0; 8]).await.unwrap().length, 4);
    })
    .unwrap();
}

#[test]
fn ipv6_has_the_same_options() {
    net::block_on(async {
        let Ok(socket) = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) else { return eprintln!("no IPv6 here") };
        for hops in [1, 64, 255] {
            socket.set_ttl(hops).unwrap();
            assert_eq!(socket.ttl().unwrap(), hops);
        }
        assert_eq!(socket.set_ttl(0).unwrap_err().kind(), ErrorKind::InvalidInput);
        for hops in [0, 1, 255] {
            socket.set_multicast_hops_v6(hops).unwrap();
        }
        assert_eq!(socket.set_multicast_hops_v6(256).unwrap_err().kind(), ErrorKind::InvalidInput);
        socket.set_multicast_loop_v6(false).unwrap();
        socket.set_multicast_loop_v6(true).unwrap();
        assert!(socket.set_multicast_interface_v6(u32::MAX).is_err(), "there is no such interface");
        socket.set_multicast_interface_v6(0).unwrap();
    })
    .unwrap();
}

/// A group of this interface alone (`ff01::/16`, RFC 4291, section 2.7), on the loopback.
#[test]
fn an_ipv6_group_is_joined_and_left() {
    net::block_on(async {
        let group: Ipv6Addr = "ff01::7777".parse().unwrap();
        let Ok(member) = UdpSocket::bind_shared("[::]:0".parse().unwrap()) else { return eprintln!("no IPv6 here") };
        let sender = UdpSocket::bind("[::1]:0").unwrap();
        let Some(index) = loopback() else { return eprintln!("the loopback has no IPv6") };
        if let Err(error) = member.join_multicast_v6(group, index) {
            return eprintln!("no groups on this loopback: {error}");
        }
        sender.set_multicast_interface_v6(index).unwrap();
        sender.set_multicast_loop_v6(true).unwrap();
        sender.set_multicast_hops_v6(0).unwrap();
        let to = SocketAddr::from((group, member.local_addr().unwrap().port()));
        if let Err(error) = sender.send_to(b"hello", &to).await {
            return eprintln!("the loopback takes no groups: {error}");
        }
        let mut bytes = [0; 8];
        let heard = net::timeout(Duration::from_secs(5), member.recv_from(&mut bytes)).await;
        assert_eq!(heard.unwrap().unwrap().length, 5);
        member.leave_multicast_v6(group, index).unwrap();
        let error = member.leave_multicast_v6(group, index).unwrap_err().to_string();
        assert!(error.starts_with("cannot leave ff01::7777: "), "{error}");
        assert!(member.join_multicast_v4(Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED).is_err(), "no group");
    })
    .unwrap();
}

fn loopback() -> Option<u32> {
    use wirebook_net::{Address, Target};
    ["lo", "lo0"].iter().find_map(|name| match format!("[::1%{name}]:0").target() {
        Target::Addresses(addresses) => match addresses[0] {
            SocketAddr::V6(address) => Some(address.scope_id()),
            SocketAddr::V4(_) => None,
        },
        _ => None,
    })
}
