//! TLS as a stream, in the simulated network: whatever the network does, the bytes are the same, or there is an error.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_net::sim::{self, Config, Fault, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Registration, Resume, Stream};
use wirebook_tests::tls::{Authority, Time, self_signed};
use wirebook_tls::record::{self, Kind, client_hello, records};
use wirebook_tls::{
    Acceptor, Connector, Error, Identity, MAX_HANDSHAKE, MAX_SEALED, Options, Refusal, Roots, SMALL_RECORD,
    TlsListener, TlsStream, WARM_AFTER,
};

const ADDRESS: &str = "10.0.0.1:443";
const NAME: &str = "tea.example";

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::default);

/// Both ends, made once: keys take longer than all else.
fn ends() -> (Acceptor, Connector) {
    static ENDS: LazyLock<(Acceptor, Connector)> =
        LazyLock::new(|| (AUTHORITY.acceptor(&[NAME], &Options::default()), AUTHORITY.connector(&Options::default())));
    ENDS.clone()
}

/// A stream that remembers what went over it, in both directions.
struct Tapped {
    inner: SimStream,
    read: Rc<RefCell<Vec<u8>>>,
    written: Rc<RefCell<Vec<u8>>>,
}

impl Tapped {
    fn new(inner: SimStream) -> Self {
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
async fn sockets() -> (SimStream, SimStream) {
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let client = SimStream::connect(ADDRESS).await.expect("a listener");
    let (server, _) = listener.accept().await.expect("a client");
    (client, server)
}

/// Two streams whose handshake is over.
async fn open() -> (TlsStream<Tapped>, TlsStream<SimStream>) {
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

async fn poll_open(stream: &impl Stream) -> io::Result<()> {
    std::future::poll_fn(|context| stream.poll_open(context)).await
}

/// Reads to the end, in pieces of that many bytes.
async fn read_all(stream: &impl Stream, piece: usize) -> io::Result<Vec<u8>> {
    let (mut all, mut bytes) = (Vec::new(), vec![0; piece]);
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&bytes[..count]),
        }
    }
}

fn tls_error(error: &io::Error) -> &Error {
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
fn a_thousand_rough_networks_with_slow_writers_change_no_byte() {
    sim::explore(1_000, Config::rough, |_| async {
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

// ---- waiting -----------------------------------------------------------------------------------------------------------------

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

// ---- the handshake -----------------------------------------------------------------------------------------------------------

/// What the two ends make of each other: the client's result and the server's.
fn meet(acceptor: Acceptor, connector: Connector, name: &'static str) -> [Result<Option<String>, Error>; 2] {
    let run = sim::run(1, async move {
        let (client, server) = sockets().await;
        let server = acceptor.accept(server).expect("a stream");
        let serving = net::spawn(async move { poll_open(&server).await.map(|()| server.protocol()) });
        let client = connector.connect(client, name).await.map(|stream| stream.protocol());
        [client, serving.await.expect("a task")]
    });
    run.expect("a simulation").map(|result| result.map_err(|error| tls_error(&error).clone()))
}

fn speaking(protocols: &[&str]) -> Options {
    Options { protocols: protocols.iter().map(|name| (*name).to_owned()).collect(), ..Options::default() }
}

#[test]
fn rfc7301_the_server_chooses_and_no_overlap_is_refused() {
    let meet = |server: &[&str], client: &[&str]| {
        meet(AUTHORITY.acceptor(&[NAME], &speaking(server)), AUTHORITY.connector(&speaking(client)), NAME)
    };
    let agreed = |name: &str| [Ok(Some(name.to_owned())), Ok(Some(name.to_owned()))];
    assert_eq!(meet(&["h2", "http/1.1"], &["http/1.1", "h2"]), agreed("h2"), "the server's order counts");
    assert_eq!(meet(&["http/1.1"], &["h2", "http/1.1"]), agreed("http/1.1"));
    assert_eq!(meet(&[], &["http/1.1"]), [Ok(None), Ok(None)]);
    assert_eq!(meet(&["http/1.1"], &[]), [Ok(None), Ok(None)]);
    let refused = [Err(Error::Alert("no_application_protocol")), Err(Error::NoCommonProtocol)];
    assert_eq!(meet(&["h2"], &["http/1.1"]), refused);
}

#[test]
fn certificates_are_refused_by_name() {
    let connector = || AUTHORITY.connector(&Options::default());
    let acceptor = |identity: &Identity| Acceptor::new(identity, &Options::default()).expect("an acceptor");
    let refused = |refusal, alert| [Err(Error::Certificate(refusal)), Err(Error::Alert(alert))];
    let signed = |names: &[&str], time| acceptor(&AUTHORITY.sign(names, time).identity());

    let other = signed(&["coffee.example", "10.1.2.3"], Time::Now);
    let names = vec!["coffee.example".to_owned(), "10.1.2.3".to_owned()];
    assert_eq!(meet(other, connector(), NAME), refused(Refusal::Name(names), "bad_certificate"));
    assert_eq!(meet(signed(&[NAME], Time::Past), connector(), NAME), refused(Refusal::Expired, "certificate_expired"));
    let future = meet(signed(&[NAME], Time::Future), connector(), NAME);
    assert_eq!(future, refused(Refusal::NotYetValid, "certificate_expired"));
    let stranger = Authority::new("a stranger").sign(&[NAME], Time::Now).identity();
    assert_eq!(meet(acceptor(&stranger), connector(), NAME), refused(Refusal::UnknownIssuer, "unknown_ca"));
    let itself = self_signed(&[NAME]);
    let alone = meet(acceptor(&itself.identity()), connector(), NAME);
    assert_eq!(alone, refused(Refusal::SelfSigned, "certificate_unknown"));

    // Wildcards stand for one label, and nothing for an address.
    let wild = || signed(&["*.shop.example"], Time::Now);
    assert!(meet(wild(), connector(), "tea.shop.example")[0].is_ok());
    assert!(matches!(&meet(wild(), connector(), "a.tea.shop.example")[0], Err(Error::Certificate(Refusal::Name(_)))));
    let address = || signed(&["10.0.0.1", "::1"], Time::Now);
    for name in ["10.0.0.1", "::1", "[::1]"] {
        assert!(meet(address(), connector(), name)[0].is_ok(), "{name}");
    }
    assert!(meet(signed(&[NAME], Time::Now), connector(), "TEA.example.")[0].is_ok(), "a name in full, in any case");
    assert!(matches!(&meet(address(), connector(), NAME)[0], Err(Error::Certificate(Refusal::Name(_)))));
}

#[test]
fn a_pinned_certificate_is_believed_and_no_other() {
    let itself = self_signed(&["whatever.example"]);
    let pinned = || {
        let roots = Roots::none().pinned_pem(itself.certificate.as_bytes()).expect("a certificate");
        Connector::new(roots, &Options::default()).expect("a connector")
    };
    let acceptor = |identity: Identity| Acceptor::new(&identity, &Options::default()).expect("an acceptor");
    assert!(meet(acceptor(itself.identity()), pinned(), NAME).iter().all(Result::is_ok));
    let other = meet(acceptor(self_signed(&["whatever.example"]).identity()), pinned(), NAME);
    assert_eq!(other[0], Err(Error::Certificate(Refusal::NotPinned)));
}

#[test]
fn the_development_certificate_is_for_this_machine_alone() {
    let identity = Identity::dev().expect("a certificate");
    let made = identity.development().expect("one that was made");
    let connector = || {
        let roots = Roots::none().pem(made.authority_pem.as_bytes()).expect("a root");
        Connector::new(roots, &Options::default()).expect("a connector")
    };
    let acceptor = || Acceptor::new(&identity, &Options::default()).expect("an acceptor");
    for name in ["localhost", "127.0.0.1", "[::1]"] {
        assert!(meet(acceptor(), connector(), name)[0].is_ok(), "{name}");
    }
    assert!(matches!(&meet(acceptor(), connector(), NAME)[0], Err(Error::Certificate(Refusal::Name(_)))));
    assert_eq!(made.fingerprint().len(), 44, "32 bytes in base64");
}

#[test]
fn a_kept_certificate_is_kept_and_its_key_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("tls");
    let first = Identity::dev_in(&kept).expect("made");
    let again = Identity::dev_in(&kept).expect("found");
    let pem = |identity: &Identity| identity.development().expect("made here").certificate_pem.clone();
    assert_eq!(pem(&first), pem(&again));
    let mode = std::fs::metadata(kept.join("key.pem")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // One that is no longer valid is made anew; so is one whose parts do not belong together.
    let past = AUTHORITY.sign(&["localhost"], Time::Past);
    std::fs::write(kept.join("certificate.pem"), &past.certificate).expect("a file");
    assert_ne!(pem(&Identity::dev_in(&kept).expect("made again")), past.certificate);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (one, other) = (self_signed(&[NAME]), self_signed(&[NAME]));
    std::fs::write(path("cert.pem"), &one.certificate).expect("a file");
    std::fs::write(path("key.pem"), &one.key).expect("a file");
    std::fs::write(path("other.pem"), &other.key).expect("a file");
    std::fs::write(path("empty.pem"), "nothing").expect("a file");
    assert!(Identity::files(path("cert.pem"), path("key.pem")).is_ok());
    let why = |certificate: &str, key: &str| {
        Identity::files(path(certificate), path(key)).expect_err("it cannot be used").to_string()
    };
    for (certificate, key, named) in [
        ("cert.pem", "other.pem", "other.pem"),
        ("cert.pem", "absent.pem", "absent.pem"),
        ("cert.pem", "cert.pem", "no private key"),
        ("empty.pem", "key.pem", "no certificate"),
        ("key.pem", "key.pem", "no certificate"),
    ] {
        assert!(why(certificate, key).contains(named), "{certificate} {key}: {}", why(certificate, key));
    }
    assert!(Roots::only(path("absent.pem")).expect_err("absent").to_string().contains("absent.pem"));
    assert_eq!(Roots::none().pem(b"").err(), Some(Error::File("no certificate is in it".into())));
}

#[test]
fn nothing_is_sent_before_the_handshake_and_nothing_is_resumed_early() {
    sim::run(1, async {
        // Of their own: the others have met before.
        let (acceptor, connector) =
            (AUTHORITY.acceptor(&[NAME], &Options::default()), AUTHORITY.connector(&Options::default()));
        for round in 0..2 {
            let (client, server) = sockets().await;
            let tapped = Tapped::new(client);
            let written = tapped.written.clone();
            let server = acceptor.accept(server).expect("a stream");
            let serving = net::spawn(async move { read_all(&server, 100).await });
            let client = connector.connect(tapped, NAME).await.expect("a handshake");
            client.shutdown(Shutdown::Write).expect("an open half");
            assert_eq!(serving.await.expect("a task").expect("nothing"), b"");
            let _ = read_all(&client, 10).await;
            let written = written.borrow().clone();
            let first = records(&written).next().expect("a record");
            assert_eq!((first.kind, first.version), (Kind::Handshake, [3, 1]));
            let hello = client_hello(first.payload).expect("a ClientHello");
            assert_eq!(hello.server_name.as_deref(), Some(NAME), "in the clear");
            assert_eq!((hello.protocols, hello.versions), (vec!["http/1.1".to_owned()], vec![[3, 4], [3, 3]]));
            assert_eq!(hello.extensions.contains(&41), round == 1, "the second one resumes (pre_shared_key)");
            assert!(!hello.extensions.contains(&42), "and sends no early data");
        }
    })
    .expect("a simulation");
}

/// What a server makes of bytes, and what it answers; how much time it took.
fn served(bytes: Vec<u8>, options: Options) -> (io::Result<()>, Vec<u8>, Duration) {
    let run = sim::run(1, async move {
        let acceptor = AUTHORITY.acceptor(&[NAME], &options);
        let (client, server) = sockets().await;
        let server = acceptor.accept(server).expect("a stream");
        let begin = net::now();
        let serving = net::spawn(async move {
            let result = poll_open(&server).await;
            (result, net::now() - begin)
        });
        // Nobody may be there to read all of it.
        let _ = client.write_all(&bytes).await;
        let answer = read_all(&client, 100).await.unwrap_or_default();
        let (result, time) = serving.await.expect("a task");
        (result, answer, time)
    });
    run.expect("a simulation")
}

#[test]
fn what_is_no_tls_is_told_so() {
    for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "G"] {
        let (result, answer, _) = served(request.into(), Options::default());
        assert_eq!(tls_error(&result.expect_err("no TLS")), &Error::NotTls { http: true });
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(head.contains(&format!("content-length: {}", body.len())) && body.contains("https"), "{answer}");
    }
    for garbage in [&b"\x00\x01\x02\x03\x04\x05"[..], b"\x80\x2e\x01\x03\x01", b"\xff", b"ssh-2.0-x\r\n"] {
        let (result, answer, _) = served(garbage.to_vec(), Options::default());
        assert_eq!(tls_error(&result.expect_err("no TLS")), &Error::NotTls { http: false });
        assert_eq!(answer, b"");
    }
    // It begins as TLS does.
    for garbage in [
        &b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"[..],
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff",
        b"\x17\x03\x03\x00\x01x",
    ] {
        let (result, answer, _) = served(garbage.to_vec(), Options::default());
        assert!(matches!(tls_error(&result.expect_err("no TLS")), Error::Protocol(_)), "{garbage:x?}");
        let alert = records(&answer).next().expect("an answer");
        assert_eq!((alert.kind, alert.payload[0]), (Kind::Alert, 2), "fatal, {garbage:x?}");
    }
}

#[test]
fn a_server_that_speaks_http_is_told_from_one_that_speaks_garbage() {
    for (bytes, http) in [(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], true), (b"220 mail ready\r\n", false)] {
        let error = sim::run(1, async move {
            let (client, server) = sockets().await;
            net::spawn(async move {
                server.write_all(bytes).await.expect("a client");
                let _ = read_all(&server, 100).await;
            });
            ends().1.connect(client, NAME).await.expect_err("no TLS")
        });
        assert_eq!(tls_error(&error.expect("a simulation")), &Error::NotTls { http });
    }
}

/// A ClientHello, as our own client sends it.
fn hello() -> Vec<u8> {
    let run = sim::run(1, async {
        let (client, server) = sockets().await;
        let connecting = net::spawn(async move { ends().1.connect(client, NAME).await.map(drop) });
        let mut bytes = vec![0; 2_000];
        let count = server.read(&mut bytes).await.expect("a hello");
        connecting.abort();
        bytes.truncate(count);
        bytes
    });
    run.expect("a simulation")
}

#[test]
fn half_a_client_hello_and_then_silence_lasts_ten_seconds() {
    let half = hello()[..100].to_vec();
    let timeout = |handshake_timeout| {
        let options = Options { handshake_timeout, ..Options::default() };
        let (result, _, time) = served(half.clone(), options);
        let error = result.expect_err("half a hello");
        assert_eq!((tls_error(&error), error.kind()), (&Error::TimedOut, ErrorKind::TimedOut));
        time
    };
    let about = |time: Duration, expected| time.as_millis().abs_diff(expected) <= 2;
    let time = timeout(Options::default().handshake_timeout);
    assert!(about(time, 10_000), "{time:?}");
    assert!(about(timeout(Duration::ZERO), 0), "zero: at once");
    assert!(about(timeout(Duration::from_nanos(1)), 0), "one: nearly at once");
    assert!(about(timeout(Duration::from_secs(60)), 60_000), "as one likes");
}

#[test]
fn without_a_limit_a_handshake_may_take_for_ever() {
    let half = hello()[..100].to_vec();
    let error = sim::run(1, async move {
        let options = Options { handshake_timeout: Duration::MAX, ..Options::default() };
        let (client, server) = sockets().await;
        let server = AUTHORITY.acceptor(&[NAME], &options).accept(server).expect("a stream");
        client.write_all(&half).await.expect("a server");
        let waited = net::timeout(Duration::from_secs(3_000), poll_open(&server)).await;
        assert!(waited.is_err(), "it waits still");
        drop(client);
        poll_open(&server).await.expect_err("and ends with the client")
    });
    assert_eq!(tls_error(&error.expect("a simulation")), &Error::Truncated);
}

#[test]
fn whoever_only_tries_is_told_when_the_time_is_up() {
    let half = hello()[..100].to_vec();
    sim::run(1, async move {
        let (client, server) = sockets().await;
        let server = ends().0.accept(server).expect("a stream");
        client.write_all(&half).await.expect("a server");
        let mut bytes = [0; 10];
        assert_eq!(server.try_read(&mut bytes).expect_err("no hello").kind(), ErrorKind::WouldBlock);
        net::sleep(Duration::from_secs(11)).await;
        assert_eq!(server.try_read(&mut bytes).expect_err("late").kind(), ErrorKind::TimedOut);
        assert_eq!(server.try_write(b"x").expect_err("late").kind(), ErrorKind::TimedOut);
    })
    .expect("a simulation");
}

#[test]
fn a_handshake_message_has_a_bound() {
    // A ClientHello that says it has 65 535 bytes, in records of 16 384.
    let message = [&[1, 0, 0xff, 0xff][..], &[0; 65_535]].concat();
    let records: Vec<Vec<u8>> = message
        .chunks(16_384)
        .map(|part| [&[22, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat())
        .collect();
    let whole = records.concat();
    let error = |bytes: &[u8]| {
        let options = Options { handshake_timeout: Duration::from_secs(1), ..Options::default() };
        tls_error(&served(bytes.to_vec(), options).0.expect_err("no hello")).clone()
    };
    assert_eq!(error(&whole[..MAX_HANDSHAKE]), Error::TimedOut, "it waits for the rest");
    assert_eq!(error(&whole[..MAX_HANDSHAKE + 1]), Error::TooLarge);
    assert_eq!(record::records(&whole).count(), 4 + 1);
}

#[test]
fn a_listener_gives_streams_before_their_handshake() {
    sim::run(1, async {
        let (acceptor, connector) = ends();
        let listener = TlsListener::new(SimListener::bind(ADDRESS).expect("a free address"), acceptor);
        // One that says nothing, and one behind it.
        let silent = SimStream::connect(ADDRESS).await.expect("a listener");
        let (_first, _) = listener.accept().await.expect("the silent one");
        let client = SimStream::connect(ADDRESS).await.expect("a listener");
        let (second, _) = listener.accept().await.expect("the other one");
        let serving = net::spawn(async move { poll_open(&second).await.map(|()| second) });
        let client = connector.connect(client, NAME).await.expect("a handshake");
        let second = serving.await.expect("a task").expect("a handshake");
        assert_eq!((client.version(), second.version()), (Some("TLS 1.3"), Some("TLS 1.3")));
        drop(silent);
    })
    .expect("a simulation");
}

#[test]
fn a_name_that_is_none_is_refused_before_anything_is_sent() {
    sim::run(1, async {
        let (client, _server) = sockets().await;
        let error = ends().1.connect(client, "not a name").await.expect_err("no name");
        assert_eq!(tls_error(&error), &Error::Name);
    })
    .expect("a simulation");
}

#[test]
fn polling_after_the_end_gives_the_same_error() {
    sim::run(1, async {
        let (client, server) = sockets().await;
        let server = ends().0.accept(server).expect("a stream");
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("a server");
        for _ in 0..3 {
            let error = poll_open(&server).await.expect_err("no TLS");
            assert_eq!(tls_error(&error), &Error::NotTls { http: true });
            let mut context = Context::from_waker(std::task::Waker::noop());
            assert!(matches!(server.poll_readable(&mut context), Poll::Ready(Ok(()))));
            assert_eq!(server.read(&mut [0; 1]).await.expect_err("no TLS").kind(), ErrorKind::InvalidData);
        }
    })
    .expect("a simulation");
}
