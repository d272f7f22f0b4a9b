//! TLS as a stream, in the simulated network: whatever the network does, the bytes are the same, or there is an error.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;
use wirebook_net::sim::{self, Config, Fault, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Registration, Resume, Stream};
use wirebook_tests::{asked, tls::Authority};
use wirebook_tls::record::{Kind, records};
use wirebook_tls::{Acceptor, Connector, Error, MAX_SEALED, Options, SMALL_RECORD, TlsStream, WARM_AFTER};

pub(super) const ADDRESS: &str = "10.0.0.1:443";
pub(super) const NAME: &str = "tea.example";

pub(super) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::default);

/// Both ends, made once: keys take longer than all else.
pub(super) fn ends() -> (Acceptor, Connector) {
    static ENDS: LazyLock<(Acceptor, Connector)> =
        LazyLock::new(|| (AUTHORITY.acceptor(&[NAME], &Options::default()), AUTHORITY.connector(&Options::default())));
    ENDS.clone()
}

/// A stream that remembers what went over it, in both directions.
pub(super) struct Tapped {
    inner: SimStream,
    pub(super) read: Rc<RefCell<Vec<u8>>>,
    pub(super) written: Rc<RefCell<Vec<u8>>>,
}

impl Tapped {
    pub(super) fn new(inner: SimStream) -> Self {
        Tapped { inner, read: Rc::default(), written: Rc::default() }
    }
}

impl Stream for Tapped {
    fn registration(&self) -> &Registration {
        self.inner.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.try_read(buffer)?;
        self.read.borrow_mut().extend_from_slice(&buffer[..count]);
        Ok(count)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.try_write(bytes)?;
        self.written.borrow_mut().extend_from_slice(&bytes[..count]);
        Ok(count)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write(&buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect::<Vec<u8>>())
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }
}

/// Two sockets that know each other: the client's and the server's.
pub(super) async fn sockets() -> (SimStream, SimStream) {
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let client = SimStream::connect(ADDRESS).await.expect("a listener");
    let (server, _) = listener.accept().await.expect("a client");
    (client, server)
}

/// Two streams whose handshake is over.
pub(super) async fn open() -> (TlsStream<Tapped>, TlsStream<SimStream>) {
    let (acceptor, connector) = (ends().0, AUTHORITY.connector(&Options::default()));
    let (client, server) = sockets().await;
    let server = acceptor.accept(server).expect("a stream");
    let server = net::spawn(async move {
        poll_open(&server).await.expect("a handshake");
        server
    });
    let client = connector.connect(Tapped::new(client), NAME).await.expect("a handshake");
    (client, server.await.expect("a task"))
}

pub(super) async fn poll_open(stream: &impl Stream) -> io::Result<()> {
    std::future::poll_fn(|context| stream.poll_open(context)).await
}

/// Reads to the end, in pieces of that many bytes.
pub(super) async fn read_all(stream: &impl Stream, piece: usize) -> io::Result<Vec<u8>> {
    let (mut all, mut bytes) = (Vec::new(), vec![0; piece]);
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&bytes[..count]),
        }
    }
}

pub(super) fn tls_error(error: &io::Error) -> &Error {
    Error::of(error).unwrap_or_else(|| panic!("no error of TLS: {error:?}"))
}

/// Bytes of which each says where it belongs.
fn numbered(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

/// What one end says and then ends; gives what the other one said.
async fn speak(stream: Rc<impl Stream + 'static>, text: Vec<u8>, slow: bool) -> io::Result<Vec<u8>> {
    let writing = stream.clone();
    let writer = net::spawn(async move {
        let mut rest = &text[..];
        while !rest.is_empty() {
            let most = if slow { 1 + sim::random_below(9_000) as usize } else { rest.len() };
            let count = writing.write(&rest[..most.min(rest.len())]).await?;
            rest = &rest[count..];
            if slow && sim::chance(0.2) {
                net::sleep(Duration::from_millis(sim::random_below(3_000))).await;
            }
        }
        writing.shutdown(Shutdown::Write)
    });
    let piece = if slow { 1 + sim::random_below(20_000) as usize } else { 4_096 };
    let read = read_all(&*stream, piece).await;
    writer.await.expect("a task")?;
    read
}

#[test]
fn rough_networks_with_slow_writers_change_no_byte() {
    sim::explore(asked("WIREBOOK_TRIALS", 200), Config::rough, |_| async {
        let (acceptor, connector) = ends();
        let (client, server) = sockets().await;
        let up = numbered(sim::random_below(60_000) as usize);
        let down = numbered(sim::random_below(60_000) as usize);
        let slow = sim::chance(0.5);
        let server = Rc::new(acceptor.accept(server).expect("a stream"));
        let serving = net::spawn(speak(server, down.clone(), slow));
        let client = Rc::new(connector.connect(client, NAME).await.expect("a handshake"));
        assert!(speak(client, up.clone(), slow).await.expect("all of it") == down, "what the server said");
        assert!(serving.await.expect("a task").expect("all of it") == up, "what the client said");
    });
}

#[test]
fn a_network_that_cuts_at_any_byte_changes_nothing() {
    for at in 1..4_000 {
        let all = sim::run(7, async move {
            let (acceptor, connector) = ends();
            let (client, server) = sockets().await;
            client.script([(at, Fault::Cut), (at + 1, Fault::Cut)]);
            server.script([(at, Fault::Cut), (at + 1, Fault::Delay(Duration::from_millis(1)))]);
            let server = Rc::new(acceptor.accept(server).expect("a stream"));
            let serving = net::spawn(speak(server, numbered(2_000), false));
            let client = Rc::new(connector.connect(client, NAME).await.expect("a handshake"));
            let down = speak(client, numbered(1_000), false).await.expect("all of it");
            (serving.await.expect("a task").expect("all of it"), down)
        });
        assert!(all.expect("a simulation") == (numbered(1_000), numbered(2_000)), "cut at {at}");
    }
}

/// What a client reads of `text` where the server's bytes end at `at`, without a word.
fn truncated(at: u64, text: usize) -> io::Result<Vec<u8>> {
    let run = sim::run(3, async move {
        // Whoever has met before has less to say, and then less would be all.
        let (acceptor, connector) = (ends().0, AUTHORITY.connector(&Options::default()));
        let (client, server) = sockets().await;
        server.script([(at, Fault::End)]);
        let server = acceptor.accept(server).expect("a stream");
        net::spawn(async move {
            let _ = server.write_all(&numbered(text)).await;
            let _ = server.shutdown(Shutdown::Write);
            let _ = read_all(&server, 100).await;
        });
        let client = connector.connect(client, NAME).await?;
        read_all(&client, 5_000).await
    });
    run.expect("a simulation")
}

#[test]
fn truncation_is_an_error_at_every_record_and_every_byte_around_it() {
    const TEXT: usize = 100_000;
    // Where the records lie that the server sends; the handshake's lengths vary by a few bytes (signatures do), so each run is
    // looked at by itself, and the boundaries are only where to look closely.
    let (ends, total) = sim::run(3, async {
        let (client, server) = open().await;
        let tap = client.get_ref().read.clone();
        net::spawn(async move {
            server.write_all(&numbered(TEXT)).await.expect("a reader");
            server.shutdown(Shutdown::Write).expect("a reader");
            let _ = read_all(&server, 100).await;
        });
        assert!(read_all(&client, 5_000).await.expect("all") == numbered(TEXT));
        let read = tap.borrow().clone();
        (records(&read).map(|record| record.end() as u64).collect::<Vec<_>>(), read.len() as u64)
    })
    .expect("a simulation");
    assert!(ends.len() > 50, "{} records", ends.len());
    let around = ends.iter().flat_map(|end| end.saturating_sub(12)..(end + 12).min(total - 40));
    for at in around.chain(1..200) {
        let error = truncated(at, TEXT).expect_err("less than all must not be taken for it");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "at {at}: {error}");
        assert_eq!(tls_error(&error), &Error::Truncated, "at {at}");
    }
    assert!(truncated(total + 100, TEXT).expect("it is whole") == numbered(TEXT));
}

#[test]
fn each_half_ends_by_itself_and_says_so() {
    sim::run(1, async {
        let (client, server) = open().await;
        client.write_all(b"question").await.expect("a reader");
        client.shutdown(Shutdown::Write).expect("an open half");
        assert_eq!(client.try_write(b"more").expect_err("it has ended").kind(), ErrorKind::BrokenPipe);
        assert_eq!(read_all(&server, 3).await.expect("an end that was said"), b"question");
        server.write_all(b"answer").await.expect("the other half is open");
        server.shutdown(Shutdown::Write).expect("an open half");
        assert_eq!(read_all(&client, 100).await.expect("an end that was said"), b"answer");
        // Each direction ends with an alert, that nobody can tell from data without the key.
        let (read, written) = (client.get_ref().read.borrow().clone(), client.get_ref().written.borrow().clone());
        for bytes in [read, written] {
            let last = records(&bytes).last().expect("records");
            assert_eq!((last.kind, last.payload.len(), last.end()), (Kind::ApplicationData, 2 + 1 + 16, bytes.len()));
        }
        client.shutdown(Shutdown::Both).expect("twice is once");
    })
    .expect("a simulation");
}

#[test]
fn a_peer_that_was_cut_off_can_still_be_answered() {
    sim::run(1, async {
        let (client, server) = open().await;
        client.write_all(b"question").await.expect("a reader");
        // Below, without close_notify.
        client.get_ref().shutdown(Shutdown::Write).expect("a socket");
        let mut bytes = [0; 100];
        assert_eq!(server.read(&mut bytes).await.expect("what came"), 8);
        for _ in 0..2 {
            let error = server.read(&mut bytes).await.expect_err("no end was said");
            assert_eq!(tls_error(&error), &Error::Truncated, "again and again");
        }
        server.write_all(b"answer").await.expect("the other half");
        server.shutdown(Shutdown::Write).expect("the other half");
        assert_eq!(read_all(&client, 100).await.expect("all"), b"answer");
    })
    .expect("a simulation");
}

#[test]
fn an_end_that_finds_no_room_is_said_when_there_is_some() {
    let faults = Faults { window: 100_000, ..Faults::default() };
    for dropped in [true, false] {
        sim::run(Config { faults: faults.clone(), ..Config::from(1) }, async move {
            let (client, server) = open().await;
            // As much as fits, and not a byte more.
            let mut sent = 0;
            while let Ok(count) = server.try_write(&numbered(300_000)[sent..]) {
                sent += count;
            }
            server.shutdown(Shutdown::Write).expect("an open half");
            let kept = (!dropped).then_some(server);
            net::sleep(Duration::from_secs(5)).await;
            let all = read_all(&client, 4_096).await.expect("an end that was said");
            assert!(all.starts_with(&numbered(sent)) && all.len() >= sent, "{} of {sent}", all.len());
            drop(kept);
        })
        .expect("a simulation");
    }
}

#[test]
fn dropping_a_stream_does_not_say_that_it_ended() {
    sim::run(1, async {
        let (client, server) = open().await;
        server.write_all(b"half of it").await.expect("a reader");
        drop(server);
        let error = read_all(&client, 100).await.expect_err("it may be cut short");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    })
    .expect("a simulation");
}

/// A parked record that counts how often it was resumed.
struct Counts(RefCell<u32>, net::Signal);

impl Resume for Counts {
    fn resume(self: Rc<Self>) {
        *self.0.borrow_mut() += 1;
        self.1.raise();
    }
}

#[test]
fn what_is_held_back_resumes_a_parked_record() {
    sim::run(1, async {
        let (client, server) = open().await;
        client.write_all(b"0123456789").await.expect("a reader");
        client.shutdown(Shutdown::Write).expect("an open half");
        let mut byte = [0; 1];
        for digit in b"0123456789" {
            assert_eq!((server.read(&mut byte).await.expect("a byte"), byte), (1, [*digit]));
            let record = Rc::new(Counts(RefCell::default(), net::Signal::new()));
            net::park(server.registration(), record.clone());
            // All of it has come long ago; nothing will happen below any more.
            record.1.until(|| (*record.0.borrow() == 1).then_some(())).await;
        }
        assert_eq!(server.read(&mut byte).await.expect("the end"), 0);
    })
    .expect("a simulation");
}

#[test]
fn a_reader_and_a_writer_both_get_through_the_handshake_and_either_may_give_up() {
    for gives_up in [None, Some(true), Some(false)] {
        sim::run(1, async move {
            let (acceptor, connector) = ends();
            let (client, server) = sockets().await;
            let server = Rc::new(acceptor.accept(server).expect("a stream"));
            let (reading, writing) = (server.clone(), server.clone());
            let reader = net::spawn(async move { read_all(&*reading, 100).await });
            let writer = net::spawn(async move {
                writing.write_all(b"from the server").await?;
                writing.shutdown(Shutdown::Write)
            });
            net::sleep(Duration::from_secs(1)).await;
            match gives_up {
                Some(true) => reader.abort(),
                Some(false) => writer.abort(),
                None => {}
            }
            let client = connector.connect(client, NAME).await.expect("whoever is left makes the handshake");
            client.write_all(b"from the client").await.expect("a reader");
            client.shutdown(Shutdown::Write).expect("an open half");
            if gives_up != Some(false) {
                assert_eq!(read_all(&client, 100).await.expect("all"), b"from the server");
            }
            if gives_up != Some(true) {
                assert_eq!(reader.await.expect("a task").expect("all"), b"from the client");
            }
        })
        .expect("a simulation");
    }
}

#[test]
fn a_stream_that_waits_holds_no_buffer() {
    sim::run(Config::rough(4), async {
        let (client, server) = open().await;
        let client = Rc::new(client);
        for round in 0..20 {
            let writing = client.clone();
            net::spawn(async move { writing.write_all(&numbered(1_000 * round)).await.expect("a reader") });
            let mut left = 1_000 * round;
            let mut bytes = [0; 700];
            while left > 0 {
                left -= server.read(&mut bytes).await.expect("bytes");
            }
            assert_eq!(server.try_read(&mut bytes).expect_err("nothing").kind(), ErrorKind::WouldBlock);
            assert_eq!((server.buffered(), client.buffered()), (0, 0), "round {round}");
        }
        // Of a record that has begun it keeps what there is.
        client.get_ref().inner.script([(client.get_ref().written.borrow().len() as u64 + 9, Fault::Stall)]);
        client.write_all(b"a record").await.expect("room");
        net::sleep(Duration::from_secs(5)).await;
        assert_eq!(server.try_read(&mut [0; 10]).expect_err("half a record").kind(), ErrorKind::WouldBlock);
        assert_eq!(server.buffered(), 9);
    })
    .expect("a simulation");
}

#[test]
fn a_write_that_did_not_fit_is_held_to_its_bytes() {
    let faults = Faults { window: 600, ..Faults::default() };
    sim::run(Config { faults, ..Config::from(1) }, async {
        let (client, server) = open().await;
        let text = numbered(10_000);
        assert_eq!(client.try_write(&text).expect_err("a window of 600").kind(), ErrorKind::WouldBlock);
        let error = client.try_write(b"something else").expect_err("other bytes");
        assert_eq!((tls_error(&error), error.kind()), (&Error::OtherBytes, ErrorKind::InvalidInput));
        // Fewer, more, or in several buffers: all that matters is that they are the same.
        let reader = net::spawn(async move { read_all(&server, 100).await });
        let mut at = 0;
        while at < text.len() {
            client.writable().await.expect("a loop");
            let end = (at + 1 + sim::random_below(3_000) as usize).min(text.len());
            let middle = at + (end - at) / 2;
            match client.try_write_vectored(&[IoSlice::new(&text[at..middle]), IoSlice::new(&text[middle..end])]) {
                Ok(count) => at += count,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        client.shutdown(Shutdown::Write).expect("an open half");
        assert!(reader.await.expect("a task").expect("all") == text);
    })
    .expect("a simulation");
}

#[test]
fn records_are_small_while_the_connection_is_cold() {
    sim::run(1, async {
        let (client, server) = open().await;
        let reader = net::spawn(async move { read_all(&server, 16_384).await.expect("all").len() });
        let handshake = client.get_ref().written.borrow().len();
        let total = WARM_AFTER + 4 * MAX_SEALED;
        client.write_all(&numbered(total)).await.expect("a reader");
        net::sleep(Duration::from_secs(2)).await;
        client.write_all(&numbered(2 * SMALL_RECORD)).await.expect("a reader");
        let written = client.get_ref().written.borrow()[handshake..].to_vec();
        client.shutdown(Shutdown::Write).expect("an open half");
        assert_eq!(reader.await.expect("a task"), total + 2 * SMALL_RECORD);
        let sizes: Vec<usize> = records(&written).map(|record| record.payload.len() - 17).collect();
        let small = sizes.iter().take_while(|size| **size <= SMALL_RECORD).count();
        assert!((WARM_AFTER / SMALL_RECORD..=WARM_AFTER / SMALL_RECORD + 3).contains(&small), "{small} small ones");
        assert!(sizes[small..].contains(&16_384), "{:?}", &sizes[small..]);
        assert_eq!(sizes[sizes.len() - 2..], [SMALL_RECORD; 2], "cold again");
    })
    .expect("a simulation");
}
