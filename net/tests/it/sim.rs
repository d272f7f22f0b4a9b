//! The simulated network: a server generic over its listener, more than a thousand seeds, every kind of fault.

use std::{
    cell::{Cell, RefCell},
    io,
    net::Shutdown,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, Datagrams, Idle, Listener, Stream,
    sim::{self, Config, Fault, Faults, SimListener, SimStream, SimUdpSocket},
    tcp::{TcpListener, TcpStream},
};

/// The server under test: it runs on TCP and in the simulation, unchanged.
async fn echo_server<L: Listener>(listener: L) {
    while let Ok((stream, _)) = listener.accept().await {
        net::spawn(async move {
            let mut bytes = net::buffer();
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                if stream.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Sends all of `bytes`, ends, and reads until the end.
async fn exchange<S: Stream + 'static>(stream: S, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let (reader, writer) = net::split(stream);
    let writing = net::spawn(async move { writer.write_all(&bytes).await });
    let mut received = Vec::new();
    let mut buffer = [0; 100];
    while let count @ 1.. = reader.read(&mut buffer).await? {
        received.extend_from_slice(&buffer[..count]);
    }
    writing.await??;
    Ok(received)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 256) as u8).collect()
}

#[test]
fn the_same_server_runs_on_tcp() {
    let received = net::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = net::spawn(echo_server(listener));
        let received = exchange(TcpStream::connect(address).await.unwrap(), pattern(5000)).await;
        server.abort();
        received
    });
    assert!(received.unwrap().unwrap() == pattern(5000));
}

/// Several clients on a rough network: every byte comes back, in order, whatever the seed.
#[test]
fn a_thousand_rough_networks_lose_no_byte() {
    sim::explore(1_200, Config::rough, |_| async {
        let listener = SimListener::bind("10.0.0.1:7").unwrap();
        net::spawn(echo_server(listener));
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(net::spawn(async {
                let bytes = pattern(sim::random_below(4000) as usize);
                let stream = SimStream::connect("10.0.0.1:7").await.unwrap();
                assert!(exchange(stream, bytes.clone()).await.unwrap() == bytes);
            }));
        }
        for client in clients {
            client.await.unwrap();
        }
    });
}

/// With resets and refusals an exchange may fail, but what arrives is always a prefix, and nothing hangs.
#[test]
fn a_network_that_resets_gives_errors_and_never_wrong_bytes() {
    let failures = Rc::new(Cell::new(0));
    let config = |seed| Config { faults: Faults { reset: 0.05, refuse: 0.2, ..Faults::rough() }, ..Config::from(seed) };
    sim::explore(600, config, |_| {
        let failures = failures.clone();
        async move {
            net::spawn(echo_server(SimListener::bind("10.0.0.1:7").unwrap()));
            let bytes = pattern(3000);
            let result = async {
                let stream = SimStream::connect("10.0.0.1:7").await?;
                net::timeout(Duration::from_secs(600), exchange(stream, bytes.clone())).await?
            };
            match result.await {
                Ok(received) => assert!(received == bytes),
                Err(error) => {
                    assert_ne!(error.kind(), io::ErrorKind::TimedOut, "hung");
                    failures.set(failures.get() + 1);
                }
            }
        }
    });
    assert!(failures.get() > 50, "{} of 600 failed: the faults do not happen", failures.get());
}

/// Everything that happens, with its virtual time, for one seed.
fn history(seed: u64) -> Vec<(Duration, usize)> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let writer = log.clone();
    sim::run(Config::rough(seed), async move {
        let started = net::now();
        net::spawn(echo_server(SimListener::bind("10.0.0.1:7").unwrap()));
        let (reader, to) = net::split(SimStream::connect("10.0.0.1:7").await.unwrap());
        net::spawn(async move { to.write_all(&pattern(2000)).await });
        let mut bytes = [0; 64];
        while let Ok(count @ 1..) = reader.read(&mut bytes).await {
            writer.borrow_mut().push((net::now() - started, count));
        }
    })
    .unwrap();
    log.take()
}

#[test]
fn a_seed_replays_and_another_seed_differs() {
    assert_eq!(history(5), history(5));
    assert_ne!(history(5), history(6));
}

#[test]
fn a_failing_run_names_its_seed() {
    let error = sim::run(77, async { assert_eq!(net::now(), net::now() + Duration::from_secs(1)) }).unwrap_err();
    assert!(error.to_string().contains("seed 77"), "{error}");
    let error = sim::run(78, std::future::pending::<()>()).unwrap_err();
    assert!(error.to_string().contains("seed 78"), "{error}");
    let config = Config { limit: Duration::from_secs(10), ..Config::from(79) };
    assert!(sim::run(config, net::sleep(Duration::from_secs(11))).unwrap_err().to_string().contains("seed 79"));
}

#[test]
fn virtual_time_costs_nothing() {
    let started = std::time::Instant::now();
    let slept = sim::run(1, async {
        let before = net::now();
        net::sleep(Duration::from_secs(1800)).await;
        net::now() - before
    });
    assert_eq!(slept.unwrap(), Duration::from_secs(1800));
    assert!(started.elapsed() < Duration::from_secs(5));
}

async fn pair() -> (SimStream, SimStream) {
    let listener = SimListener::bind("10.0.0.1:0").unwrap();
    let client = SimStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Where in a turn the loop is held up.
#[derive(Clone, Copy, Debug)]
enum Within {
    Timers,
    Sockets,
    Check,
}

/// Waits two seconds for bytes that come after `arrives`; after half a second the loop is held up for `stands`.
fn waits_for_a_peer(arrives: Duration, stands: Duration, within: Within, by_idle: bool) -> (bool, Duration) {
    let half = Duration::from_millis(500);
    let waited = sim::run(1, async move {
        let (client, server) = pair().await;
        let (other, hears) = pair().await;
        client.script([(0, Fault::Delay(arrives))]);
        other.script([(0, Fault::Delay(half))]);
        client.write_all(b"here").await.unwrap();
        other.write_all(b"now").await.unwrap();
        net::spawn(async move {
            match within {
                Within::Timers => net::sleep(half).await,
                Within::Sockets => drop(hears.read(&mut [0; 8]).await),
                Within::Check => {
                    net::sleep(half).await;
                    net::set_immediate(move || sim::hold_up(stands));
                    return;
                }
            }
            sim::hold_up(stands);
        });
        let began = net::now();
        let limit = Duration::from_secs(2);
        let heard = if by_idle {
            Idle::new(server, limit).read(&mut [0; 8]).await.is_ok()
        } else {
            net::timeout(limit, server.read(&mut [0; 8])).await.is_ok()
        };
        (heard, net::now() - began)
    });
    waited.unwrap()
}

#[test]
fn a_loop_that_was_held_up_hears_what_came_before_it_counts_the_time() {
    let (second, zero) = (Duration::from_secs(1), Duration::ZERO);
    for (within, by_idle) in
        [Within::Timers, Within::Sockets, Within::Check].into_iter().flat_map(|at| [(at, false), (at, true)])
    {
        let waits = |arrives, stands| waits_for_a_peer(arrives, stands, within, by_idle);
        assert!(waits(second, 10 * second).0, "{within:?} {by_idle}: it came in time");
        assert!(!waits(60 * second, 10 * second).0, "{within:?} {by_idle}: it did not");
        let (heard, after) = waits(second, zero);
        assert!(heard && after < second + Duration::from_millis(1), "{within:?} {by_idle}: {after:?}");
        let (heard, after) = waits(3 * second, zero);
        assert!(!heard && after < 2 * second + Duration::from_millis(1), "{within:?}: nobody is waited for longer");
    }
    let config = Config { limit: second, ..Config::from(1) };
    let ended = sim::run(config, async {
        sim::hold_up(Duration::MAX);
        net::sleep(Duration::ZERO).await;
    });
    assert!(ended.unwrap_err().to_string().contains("ran past its limit"));
}

/// Of very many that spoke a turn hears some, and the last of them came in time as well.
#[test]
fn a_loop_that_was_held_up_hears_all_before_it_counts_the_time() {
    let second = Duration::from_secs(1);
    let in_time = sim::run(1, async move {
        let mut asked = Vec::new();
        let mut clients = Vec::new();
        for _ in 0..3_000 {
            let (client, server) = pair().await;
            client.script([(0, Fault::Delay(second))]);
            client.write_all(b"here").await.unwrap();
            asked.push(net::spawn(async move { net::timeout(2 * second, server.read(&mut [0; 8])).await.is_ok() }));
            clients.push(client);
        }
        net::sleep(second / 2).await;
        sim::hold_up(10 * second);
        let mut in_time = 0;
        for asked in asked {
            in_time += usize::from(asked.await.unwrap());
        }
        in_time
    });
    assert_eq!(in_time.unwrap(), 3_000);
}

async fn pieces(stream: &SimStream) -> Vec<Result<Vec<u8>, io::ErrorKind>> {
    let mut pieces = Vec::new();
    loop {
        let mut bytes = [0; 64];
        match net::timeout(Duration::from_secs(60), stream.read(&mut bytes)).await {
            Ok(Ok(count)) => {
                pieces.push(Ok(bytes[..count].to_vec()));
                if count == 0 {
                    return pieces;
                }
            }
            Ok(Err(error)) => {
                pieces.push(Err(error.kind()));
                return pieces;
            }
            Err(_) => {
                pieces.push(Err(io::ErrorKind::TimedOut));
                return pieces;
            }
        }
    }
}

#[test]
fn a_script_cuts_ends_resets_and_stalls_at_its_byte() {
    let cases = [
        (Fault::Cut, vec![Ok(b"abc".to_vec()), Ok(b"def".to_vec()), Ok(vec![])]),
        (Fault::Delay(Duration::from_secs(5)), vec![Ok(b"abc".to_vec()), Ok(b"def".to_vec()), Ok(vec![])]),
        (Fault::End, vec![Ok(b"abc".to_vec()), Ok(vec![])]),
        (Fault::Reset, vec![Ok(b"abc".to_vec()), Err(io::ErrorKind::ConnectionReset)]),
        (Fault::Stall, vec![Ok(b"abc".to_vec()), Err(io::ErrorKind::TimedOut)]),
    ];
    for (fault, expected) in cases {
        let got = sim::run(1, async move {
            let (client, server) = pair().await;
            client.script([(3, fault)]);
            client.write_all(b"abcdef").await.unwrap();
            client.shutdown(Shutdown::Write).ok();
            pieces(&server).await
        });
        let got = got.unwrap();
        // A reset may overtake what the reader has not fetched, as on TCP.
        let reset_overtook = fault == Fault::Reset && got == expected[1..];
        assert!(got == expected || reset_overtook, "{fault:?}: {got:?}");
    }
}

#[test]
fn every_cut_of_a_message_can_be_made() {
    for cut in 1..6 {
        let got = sim::run(1, async move {
            let (client, server) = pair().await;
            client.script([(cut, Fault::Cut)]);
            client.write_all(b"abcdef").await.unwrap();
            drop(client);
            pieces(&server).await.into_iter().map(|piece| piece.unwrap().len()).collect::<Vec<_>>()
        });
        assert_eq!(got.unwrap(), [cut as usize, 6 - cut as usize, 0]);
    }
}

#[test]
fn half_close_leaves_the_other_half() {
    sim::run(1, async {
        let (client, server) = pair().await;
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 0);
        assert_eq!(client.write(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        server.write_all(b"late").await.unwrap();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 4);
    })
    .unwrap();
}

#[test]
fn a_full_window_makes_the_writer_wait() {
    let config = Config { faults: Faults { window: 10, ..Faults::default() }, ..Config::from(1) };
    sim::run(config, async {
        let (client, server) = pair().await;
        assert_eq!(client.try_write(&[1; 25]).unwrap(), 10);
        assert_eq!(client.try_write(&[1; 15]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(net::timeout(Duration::from_secs(9), client.writable()).await.is_err());
        assert_eq!(server.read(&mut [0; 99]).await.unwrap(), 10);
        client.writable().await.unwrap();
        assert_eq!(client.try_write(&[1; 15]).unwrap(), 10);
    })
    .unwrap();
}

#[test]
fn connecting_to_nobody_is_refused_and_a_full_backlog_too() {
    let config = Config { faults: Faults { backlog: 2, ..Faults::default() }, ..Config::from(1) };
    sim::run(config, async {
        let refused = SimStream::connect("10.0.0.9:1").await.err().map(|error| error.kind());
        assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
        let listener = SimListener::bind("0.0.0.0:80").unwrap();
        let mut waiting = Vec::new();
        for accepted in [true, true, false] {
            let result = SimStream::connect("10.1.2.3:80").await;
            assert_eq!(result.is_ok(), accepted);
            waiting.extend(result);
        }
        drop(listener);
        assert_eq!(waiting[0].read(&mut [0]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    })
    .unwrap();
}

#[test]
fn writing_to_a_closed_peer_breaks_the_pipe_in_the_end() {
    sim::run(1, async {
        let (client, server) = pair().await;
        drop(server);
        client.write_all(b"into the void").await.unwrap();
        net::sleep(Duration::from_secs(1)).await;
        assert_eq!(client.write(b"again").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    })
    .unwrap();
}

/// A peer that vanished without a word: the idle timeout finds it, at its time, and a stream that moves stays.
#[test]
fn half_open_peers_are_found_by_the_idle_timeout() {
    sim::run(1, async {
        let (client, server) = pair().await;
        let server = Idle::new(server, Duration::from_secs(30));
        client.script([(3, Fault::Stall)]);
        let started = net::now();
        for _ in 0..3 {
            net::sleep(Duration::from_secs(20)).await;
            client.write_all(b"x").await.unwrap();
            assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 1);
        }
        client.write_all(b"never arrives").await.unwrap();
        assert_eq!(server.read(&mut [0; 9]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let waited = (net::now() - started).as_secs();
        assert_eq!(waited, 90);
    })
    .unwrap();
}

#[test]
fn datagrams_are_lost_doubled_and_overtaken_but_never_changed() {
    let (lost, doubled, overtaken) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let seen = Rc::new((lost, doubled, overtaken));
    sim::explore(300, Config::rough, |_| {
        let seen = seen.clone();
        async move {
            let one = SimUdpSocket::bind("10.0.0.1:1").unwrap();
            let two = SimUdpSocket::bind("10.0.0.2:2").unwrap();
            for number in 0..20u8 {
                one.send_to(&vec![number; number as usize], &two.local_addr().unwrap()).await.unwrap();
            }
            let mut numbers = Vec::new();
            let mut bytes = [0; 10];
            while let Ok(received) = net::timeout(Duration::from_secs(1), two.recv_from(&mut bytes)).await {
                let received = received.unwrap();
                assert_eq!(received.from, one.local_addr().unwrap());
                assert_eq!(received.truncated, received.length == 10 && bytes[0] > 10);
                assert!(bytes[..received.length].iter().all(|byte| *byte == bytes[0]));
                numbers.push(if received.length == 0 { 0 } else { bytes[0] });
            }
            let mut distinct = numbers.clone();
            distinct.sort();
            distinct.dedup();
            seen.0.set(seen.0.get() + 20 - distinct.len());
            seen.1.set(seen.1.get() + numbers.len() - distinct.len());
            seen.2.set(seen.2.get() + numbers.windows(2).filter(|pair| pair[0] > pair[1]).count());
        }
    });
    assert!(seen.0.get() > 100 && seen.1.get() > 100 && seen.2.get() > 100, "{seen:?}");
}

/// Row net-23: nobody receives, and what is kept stays bounded.
#[test]
fn net_23_a_flood_of_datagrams_is_dropped_and_not_stored() {
    sim::run(1, async {
        let (one, two) = (SimUdpSocket::bind("10.0.0.1:1").unwrap(), SimUdpSocket::bind("10.0.0.2:2").unwrap());
        for _ in 0..10_000 {
            one.send_to(b"flood", &two.local_addr().unwrap()).await.unwrap();
        }
        net::sleep(Duration::from_secs(1)).await;
        let mut count = 0;
        while net::timeout(Duration::from_secs(1), two.recv_from(&mut [0; 9])).await.is_ok() {
            count += 1;
        }
        assert_eq!(count, Faults::default().datagrams);
    })
    .unwrap();
}

/// A parked connection whose peer floods it: each resumption reads one piece and parks again, and time goes on.
#[test]
fn a_flood_on_a_parked_connection_spends_its_budget_and_no_more() {
    struct Counting(SimStream, Rc<Cell<usize>>);
    impl net::Resume for Counting {
        fn resume(self: Rc<Self>) {
            match self.0.try_read(&mut [0; 1]) {
                Ok(0) => return,
                Ok(_) => self.1.set(self.1.get() + 1),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            net::park(self.0.registration(), self.clone());
        }
    }
    sim::run(1, async {
        let (client, server) = pair().await;
        let count = Rc::new(Cell::new(0));
        net::Resume::resume(Rc::new(Counting(server, count.clone())));
        client.write_all(&[0; 1000]).await.unwrap();
        let ticks = Rc::new(Cell::new(0));
        while count.get() < 1000 {
            ticks.set(ticks.get() + 1);
            net::yield_now().await;
        }
        assert!(ticks.get() >= 1000 / net::OPERATIONS_PER_TURN as usize, "{} turns", ticks.get());
    })
    .unwrap();
}
