//! Row net-27: connections come and go, and nothing stays. A process of its own, because everything is counted.

use std::{fs, time::Duration};
use wirebook_net::{
    self as net, Listener, Stream,
    tcp::{TcpListener, TcpStream},
};

const CYCLES: usize = 100_000;
const WARM_UP: usize = 1_000;
/// Conversations at a time.
const CLIENTS: usize = 8;

fn count(path: &str) -> usize {
    fs::read_dir(path).unwrap().count()
}

/// Memory that is this process's own, in bytes.
fn memory() -> i64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let lines = text.lines().filter(|line| line.starts_with("Private_Dirty"));
    lines.map(|line| line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap()).sum::<i64>() * 1024
}

async fn converse(address: std::net::SocketAddr, cycles: usize) {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            net::spawn(async move {
                for _ in 0..cycles / CLIENTS {
                    let stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(b"request").await.unwrap();
                    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 7);
                    // By a reset, so that no port rests in TIME-WAIT.
                    stream.reset();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    net::sleep(Duration::from_millis(20)).await;
}

#[test]
fn net_27_nothing_stays_of_a_hundred_thousand_connections() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = net::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                net::spawn(async move {
                    let mut bytes = net::buffer();
                    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                        stream.write_all(&bytes[..count]).await.ok();
                    }
                });
            }
        });
        converse(address, WARM_UP).await;
        let before = (count("/proc/self/fd"), count("/proc/self/task"), memory());
        converse(address, CYCLES).await;
        let after = (count("/proc/self/fd"), count("/proc/self/task"), memory());
        assert_eq!((after.0, after.1), (before.0, before.1), "descriptors and threads");
        assert!(after.2 - before.2 < 1 << 20, "grew by {} bytes", after.2 - before.2);
        server.abort();
    })
    .unwrap();
}
