//! Row net-23: datagrams come faster than anybody receives them. A process of its own, because its memory is measured.

use wirebook_net::{self as net, Datagrams, udp::UdpSocket};

const DATAGRAMS: usize = 1_000_000;

/// Memory that is this process's own, in bytes.
fn memory() -> i64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let lines = text.lines().filter(|line| line.starts_with("Private_Dirty"));
    lines.map(|line| line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap()).sum::<i64>() * 1024
}

#[test]
fn net_23_a_flood_fills_the_kernels_buffer_and_nothing_else() {
    net::block_on(async {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        net::spawn_blocking(|| {}).await.unwrap();
        let before = memory();
        // On a thread of the pool, so that the receiver sleeps meanwhile.
        let flood = net::spawn_blocking(move || {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            for _ in 0..DATAGRAMS {
                socket.send_to(&[0; 100], to).ok();
            }
        });
        flood.await.unwrap();
        let grown = memory() - before;
        assert!(grown < 1 << 20, "grew by {grown} bytes");
        assert_eq!(receiver.recv_from(&mut [0; 200]).await.unwrap().length, 100);
    })
    .unwrap();
}
