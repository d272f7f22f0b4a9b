//! Row net-26: more connects at once than the backlog holds. A process of its own, because it needs many descriptors.

use socket2::{Domain, Socket, Type};
use std::{
    cell::Cell,
    io::{Read, Write},
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, Listener, Stream,
    tcp::{ListenOptions, TcpListener},
};

const BURST: usize = 10_000;
const BACKLOG: i32 = 128;

/// Connects that are under way, whether or not the listener has room for them.
fn burst(address: std::net::SocketAddr) -> Vec<std::net::TcpStream> {
    let connect = |_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a descriptor: ulimit -n should be 20 100");
        socket.set_nonblocking(true).unwrap();
        // "In progress": the kernel goes on by itself, and sends a SYN that was dropped again after a second.
        let _ = socket.connect(&address.into());
        socket.into()
    };
    (0..BURST).map(connect).collect()
}

#[test]
fn net_26_a_burst_beyond_the_backlog_is_served_to_the_last() {
    net::block_on(async move {
        let options = ListenOptions { backlog: BACKLOG, ..ListenOptions::default() };
        let listener = TcpListener::bind_with("127.0.0.1:0", &options).unwrap();
        // All of them before the first is accepted: nobody else runs on this thread.
        let clients = burst(listener.local_addr().unwrap());
        let served = Rc::new(Cell::new(0));
        let counter = served.clone();
        net::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let counter = counter.clone();
                net::spawn(async move {
                    let mut byte = [0];
                    stream.read(&mut byte).await.unwrap();
                    stream.write_all(&byte).await.unwrap();
                    counter.set(counter.get() + 1);
                });
            }
        });
        // The clients are on a thread of the pool, each with the patience of TCP.
        let answered = net::spawn_blocking(move || {
            let mut answered = 0;
            for mut client in clients {
                client.set_nonblocking(false).unwrap();
                client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                client.write_all(b"x").unwrap();
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                answered += usize::from(byte == *b"x");
            }
            answered
        });
        assert_eq!(answered.await.unwrap(), BURST);
        assert_eq!(served.get(), BURST);
        // Not until all tasks have ended: with SYN cookies the kernel may take a late ACK of a connection that is closed
        // already for a new one, on which nobody will ever speak.
        net::stop();
    })
    .unwrap();
}
