//! The hostile-input catalogue's rows of this layer (`tests/attacks/net.jsonl`), over real sockets.
//!
//! Rows that need a process of their own, because they limit descriptors, interrupt system calls or count everything,
//! are `descriptors.rs` (net-01), `signals.rs` (net-05), `flood.rs` (net-23), `burst.rs` (net-26) and `churn.rs`
//! (net-27); net-24 is in `sockets.rs`. Test names begin with the row's id, and
//! `tests/tests/attacks.rs` checks that no row is left out.

use std::{
    cell::Cell,
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};
use wirebook_net::{
    self as net, Datagrams, Listener, Stream,
    sim::{self, Config, Faults, SimListener, SimStream, SimUdpSocket},
    tcp::{ConnectOptions, TcpListener, TcpStream},
    udp::UdpSocket,
};

#[allow(dead_code)]
#[path = "../../examples/udp_echo.rs"]
mod udp_echo;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 256) as u8).collect()
}

async fn read_all<S: Stream>(stream: &S) -> Vec<u8> {
    let mut received = Vec::new();
    let mut bytes = net::buffer();
    while let count @ 1.. = stream.read(&mut bytes).await.unwrap() {
        received.extend_from_slice(&bytes[..count]);
    }
    received
}

#[test]
fn net_04_a_peer_that_is_gone_before_it_is_asked_for() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.reset();
        net::sleep(Duration::from_millis(2)).await;
        // Linux still hands the connection out; the address that came with it stands, and asking again is an error.
        let (stream, peer) = listener.accept().await.unwrap();
        assert!(peer.ip().is_loopback());
        assert_eq!(stream.peer_addr().unwrap_err().kind(), io::ErrorKind::NotConnected);
    })
    .unwrap();
}

#[test]
fn net_06_spurious_readiness_loses_nothing_and_does_not_spin() {
    net::block_on(async {
        let (client, server) = pair().await;
        let polls = Rc::new(Cell::new(0));
        let counter = polls.clone();
        let reader = net::spawn(async move {
            let mut bytes = [0; 16];
            let mut read = std::pin::pin!(server.read(&mut bytes));
            let count = std::future::poll_fn(|context| {
                counter.set(counter.get() + 1);
                read.as_mut().poll(context)
            });
            count.await.unwrap()
        });
        for _ in 0..20 {
            net::fake_readiness();
            net::yield_now().await;
            net::sleep(Duration::from_millis(1)).await;
        }
        assert!(!reader.is_finished());
        assert!((20..60).contains(&polls.get()), "{} polls for 20 spurious events", polls.get());
        client.write_all(b"real").await.unwrap();
        assert_eq!(reader.await.unwrap(), 4);
    })
    .unwrap();
}

#[test]
fn net_06_a_connect_is_not_done_because_of_a_spurious_event() {
    net::block_on(async {
        let connecting = net::spawn(async {
            let options = ConnectOptions { timeout: Some(Duration::from_millis(60)), ..ConnectOptions::default() };
            TcpStream::connect_with("192.0.2.1:9", &options).await
        });
        for _ in 0..5 {
            net::sleep(Duration::from_millis(2)).await;
            net::fake_readiness();
        }
        connecting.await.unwrap().unwrap_err();
    })
    .unwrap();
}

#[test]
fn net_09_partial_writes_keep_every_byte_in_order() {
    net::block_on(async {
        let (client, server) = pair().await;
        client.set_buffer_sizes(Some(1), None).unwrap();
        server.set_buffer_sizes(None, Some(1)).unwrap();
        let sent = pattern(20_000);
        let expected = sent.clone();
        net::spawn(async move { client.write_all(&sent).await });
        assert!(read_all(&server).await == expected);
    })
    .unwrap();
    // And with a transport that takes one byte a write.
    let one_byte = |seed| Config { faults: Faults { window: 1, cut: 0.5, ..Faults::default() }, ..Config::from(seed) };
    sim::explore(20, one_byte, |_| async {
        let listener = SimListener::bind("10.0.0.1:9").unwrap();
        let client = SimStream::connect("10.0.0.1:9").await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        net::spawn(async move { client.write_all(&pattern(700)).await });
        assert!(read_all(&server).await == pattern(700));
    });
}

#[test]
fn net_10_more_buffers_than_the_kernel_takes() {
    net::block_on(async {
        let (client, server) = pair().await;
        let bytes = pattern(30_000);
        let expected = bytes.clone();
        net::spawn(async move {
            let mut sent = 0;
            while sent < bytes.len() {
                let chunks: Vec<IoSlice<'_>> = bytes[sent..].chunks(3).map(IoSlice::new).collect();
                match client.try_write_vectored(&chunks) {
                    Ok(count) => sent += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => client.writable().await.unwrap(),
                    Err(error) => panic!("{error}"),
                }
            }
        });
        assert!(read_all(&server).await == expected);
    })
    .unwrap();
}

#[test]
fn net_11_writing_to_a_closed_peer_is_an_error_and_no_signal() {
    net::block_on(async {
        let (client, server) = pair().await;
        drop(server);
        client.write_all(b"the first write finds out").await.unwrap();
        net::sleep(Duration::from_millis(5)).await;
        for _ in 0..2 {
            assert_eq!(client.write(b"and the second").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            let error = client.try_write_vectored(&[IoSlice::new(b"vectored too")]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    })
    .unwrap();
}

#[test]
fn net_11_a_reset_in_the_middle_of_a_long_write() {
    net::block_on(async {
        let (client, server) = pair().await;
        let writing = net::spawn(async move { client.write_all(&vec![0; 50_000_000]).await });
        server.read(&mut [0; 1000]).await.unwrap();
        server.reset();
        let kind = writing.await.unwrap().unwrap_err().kind();
        assert!(matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{kind}");
    })
    .unwrap();
}

/// What the documentation of [`Stream::try_read`] says of a reset that finds unread bytes.
#[test]
fn net_13_a_reset_after_unread_bytes() {
    net::block_on(async {
        let (client, server) = pair().await;
        client.write_all(b"0123456789").await.unwrap();
        net::sleep(Duration::from_millis(2)).await;
        client.reset();
        net::sleep(Duration::from_millis(2)).await;
        let mut results = Vec::new();
        for _ in 0..3 {
            results.push(server.read(&mut [0; 16]).await.map_err(|error| error.kind()));
        }
        // Linux gives the bytes first. The error is told once; then the stream is at its end.
        let bytes_first = [Ok(10), Err(io::ErrorKind::ConnectionReset), Ok(0)];
        let bytes_lost = [Err(io::ErrorKind::ConnectionReset), Ok(0), Ok(0)];
        assert!(results == bytes_first || results == bytes_lost, "{results:?}");
    })
    .unwrap();
}

#[test]
fn net_14_connects_that_fail() {
    net::block_on(async {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(TcpStream::connect(free).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);

        let started = Instant::now();
        let hurry = ConnectOptions { timeout: Some(Duration::from_millis(50)), ..ConnectOptions::default() };
        TcpStream::connect_with("192.0.2.1:9", &hurry).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(2));

        // From its own port to its own port: TCP's simultaneous open makes a socket its own peer.
        let own = ConnectOptions { local: Some(free), ..ConnectOptions::default() };
        let error = TcpStream::connect_with(free, &own).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains("itself"), "{error}");

        let unreachable = TcpStream::connect("255.255.255.255:9").await.unwrap_err();
        assert_ne!(unreachable.kind(), io::ErrorKind::TimedOut, "{unreachable}");
    })
    .unwrap();
}

#[test]
fn net_18_an_empty_datagram_is_a_message_and_no_end() {
    net::block_on(async {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let own = two.local_addr().unwrap();
        net::spawn(udp_echo::serve(two, own));
        let mut bytes = [1; 8];
        for message in [&b""[..], b"still there?"] {
            one.send_to(message, &own).await.unwrap();
            let received = net::timeout(Duration::from_secs(5), one.recv_from(&mut bytes)).await.unwrap().unwrap();
            assert_eq!(received.length, message.len().min(8));
        }
        net::stop();
    })
    .unwrap();
}

/// Two echo servers, and a forged datagram that makes each think the other has asked.
#[test]
fn net_21_echo_servers_do_not_answer_each_other_for_ever() {
    struct Counting(SimUdpSocket, Rc<Cell<usize>>);
    impl Datagrams for Counting {
        type Address = SocketAddr;
        fn registration(&self) -> &net::Registration {
            self.0.registration()
        }
        fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<net::Received<SocketAddr>> {
            self.0.try_recv_from(buffer)
        }
        fn try_send_to(&self, bytes: &[u8], to: &SocketAddr) -> io::Result<usize> {
            self.1.set(self.1.get() + 1);
            self.0.try_send_to(bytes, to)
        }
    }
    sim::run(1, async {
        let sent = Rc::new(Cell::new(0));
        let [one, two] = ["10.0.0.1:7000", "10.0.0.2:7000"].map(|address| {
            let socket = SimUdpSocket::bind(address).unwrap();
            (socket.local_addr().unwrap(), Counting(socket, sent.clone()))
        });
        // As if the second server had asked the first.
        two.1.0.try_send_to(b"x", &one.0).unwrap();
        one.1.0.try_send_to(b"to itself", &one.0).unwrap();
        let low = SimUdpSocket::bind("10.0.0.3:19").unwrap();
        low.try_send_to(b"chargen", &one.0).unwrap();
        net::spawn(udp_echo::serve(one.1, one.0));
        net::spawn(udp_echo::serve(two.1, two.0));
        net::sleep(Duration::from_secs(60)).await;
        assert!(sent.get() <= 2, "{} datagrams for one", sent.get());
    })
    .unwrap();
}

/// The polite one waits while the flood spends its budget of a turn or two, and no longer; counted, not timed.
#[test]
fn between_a_question_and_its_answer_a_flood_gets_two_turns_at_most() {
    const FLOOD: usize = 10_000;
    // A wire without length, so that only turns count.
    let (latency_min, latency_max) = (Duration::ZERO, Duration::ZERO);
    let faults = Faults { window: FLOOD, latency_min, latency_max, ..Faults::default() };
    sim::run(Config { faults, ..Config::from(1) }, async {
        let listener = SimListener::bind("10.0.0.1:9").unwrap();
        let flooding = SimStream::connect("10.0.0.1:9").await.unwrap();
        let (flooded, _) = listener.accept().await.unwrap();
        let polite = SimStream::connect("10.0.0.1:9").await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        flooding.write_all(&[0; FLOOD]).await.unwrap();
        let swallowed = Rc::new(Cell::new(0));
        let counter = swallowed.clone();
        net::spawn(async move {
            while let Ok(1) = flooded.read(&mut [0]).await {
                counter.set(counter.get() + 1);
            }
        });
        net::spawn(async move {
            let mut byte = [0];
            while let Ok(1) = server.read(&mut byte).await {
                server.write_all(&byte).await.unwrap();
            }
        });
        for _ in 0..5 {
            let before = swallowed.get();
            polite.write_all(b"?").await.unwrap();
            polite.read(&mut [0]).await.unwrap();
            let meanwhile = swallowed.get() - before;
            assert!(meanwhile <= 2 * net::OPERATIONS_PER_TURN as usize, "{meanwhile} of the flood's bytes went first");
            assert!(swallowed.get() < FLOOD, "the flood was over");
        }
        assert!(swallowed.get() > 0);
    })
    .unwrap();
}

/// A peer that sends without pause beside one that asks politely: the polite one waits a turn, not the flood's end.
#[test]
fn a_flooding_socket_does_not_starve_a_polite_one() {
    net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        net::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                net::spawn(async move {
                    let mut bytes = net::buffer();
                    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                        // Only the polite one is answered; the flood is swallowed.
                        if count == 4 {
                            stream.write_all(&bytes[..4]).await.ok();
                        }
                    }
                });
            }
        });
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = stop.clone();
        let flood = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let bytes = vec![0; 1 << 16];
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                stream.write_all(&bytes).unwrap();
            }
        });
        let polite = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            let mut worst = Duration::ZERO;
            for _ in 0..100 {
                let started = Instant::now();
                stream.write_all(b"ping").unwrap();
                stream.read_exact(&mut [0; 4]).unwrap();
                worst = worst.max(started.elapsed());
                std::thread::sleep(Duration::from_millis(1));
            }
            worst
        });
        while !polite.is_finished() {
            net::sleep(Duration::from_millis(5)).await;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let worst = polite.join().unwrap();
        assert!(worst < Duration::from_millis(200), "the polite one waited {worst:?}");
        while !flood.is_finished() {
            net::sleep(Duration::from_millis(5)).await;
        }
        net::stop();
    })
    .unwrap();
}

#[test]
fn two_tasks_that_wake_each_other_forever_let_sockets_and_timers_in() {
    net::block_on(async {
        let (client, server) = pair().await;
        let spinning: Vec<_> = (0..3).map(|_| net::spawn(spin())).collect();
        net::sleep(Duration::from_millis(2)).await;
        client.write_all(b"in between").await.unwrap();
        assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 10);
        client.shutdown(Shutdown::Both).unwrap();
        spinning.iter().for_each(net::JoinHandle::abort);
    })
    .unwrap();
}

/// Spawns and awaits tasks without end, none of which ever waits for anything else.
async fn spin() {
    loop {
        net::spawn(async {}).await.unwrap();
    }
}
