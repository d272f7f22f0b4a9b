//! What a connection holds: one that idles, in clear text and over TLS, and one whose client means harm.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use wirebook_http2::server::{Options, serve_secure_with};
use wirebook_http2::{self as http2, Outcome, Request, Response};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};
use wirebook_tests::allocations::{Ledger, watch};
use wirebook_tests::tls::{Authority, Time};
use wirebook_tls::Connector;

/// What an idle connection holds in clear text, at most: 0.8 KiB are what the two ends know of each other, and the rest HPACK's tables as
/// they are after one request, its stream, and its places in the loop. It has no task.
const IDLE: i64 = 1536;

/// And over TLS: rustls' own state, as `tests/tests/tls/memory.rs` has it, and half a kibibyte for the stream around it.
const TLS: i64 = 4 * 1024 + 512;

/// What a client's idle connection holds, with its task.
const CLIENT: i64 = 4096;

/// What a connection may hold before a handler is called.
const HOSTILE: i64 = 64 * 1024;

/// Connections that come together, and after what time they rest.
const TOGETHER: i64 = 50;
const REST: Duration = Duration::from_millis(300);

const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
const GET: &[u8] = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x01\x01a";

async fn handler(_: Request<'_>, response: Response<'_>) -> Outcome {
    response.header("content-type", "text/plain").end("Hello, World!").await
}

/// A server on a thread of its own, and its memory.
fn serve(authority: Option<&Authority>) -> (SocketAddr, &'static Ledger) {
    let identity = authority.map(|authority| authority.sign(&["localhost"], Time::Now).identity());
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let server = match identity {
                None => http2::serve("127.0.0.1:0", handler),
                Some(identity) => serve_secure_with("127.0.0.1:0", &identity, Options::default(), handler),
            };
            let server = server.expect("a free port");
            send.send((server.local_addr().expect("TCP"), ledger)).expect("the test waits");
            server.closed().await;
        })
        .expect("the loop ends");
    });
    receive.recv().expect("a server")
}

/// What each of so many connections holds, of which each says the same and then waits; `most` is what it may hold.
fn each(connector: Option<Connector>, at: (SocketAddr, &'static Ledger), says: Vec<u8>, count: i64, most: i64) -> i64 {
    let (address, ledger) = at;
    net::block_on(async move {
        let open = async || -> Rc<dyn Stream> {
            let stream = TcpStream::connect(address).await.expect("a server");
            let stream: Rc<dyn Stream> = match &connector {
                None => Rc::new(stream),
                Some(connector) => Rc::new(connector.connect(stream, "localhost").await.expect("a handshake")),
            };
            stream.write_all(&says).await.expect("a server that reads");
            let (mut heard, mut bytes) = (Vec::new(), [0; 1024]);
            while says.ends_with(GET) && !heard.ends_with(b"Hello, World!") {
                let count = stream.read(&mut bytes).await.expect("an answer");
                assert!(count > 0, "the server closed");
                heard.extend_from_slice(&bytes[..count]);
            }
            stream
        };
        // What a server keeps for all of them is there once one has come. The others are measured.
        let mut open_now = vec![open().await];
        net::sleep(Duration::from_millis(20)).await;
        let before = ledger.held();
        for number in 0..count {
            // Not all at the same time: a server keeps what the most needed that were busy together, however many it has.
            if number % TOGETHER == 0 {
                net::sleep(REST).await;
            }
            open_now.push(open().await);
        }
        let late = Instant::now() + Duration::from_secs(10);
        // Those that have not been heard yet hold nothing, and are waited for.
        net::sleep(REST).await;
        while ledger.held() - before > count * most && Instant::now() < late {
            net::sleep(Duration::from_millis(10)).await;
        }
        let held = (ledger.held() - before) / count;
        drop(open_now);
        net::stop();
        held
    })
    .expect("a loop")
}

#[test]
fn an_idle_connection_holds_little_and_over_tls_rustls_state_more() {
    let clear = each(None, serve(None), [OPENING, GET].concat(), 200, IDLE);
    println!("an idle connection holds {clear} bytes");
    assert!((1..=IDLE).contains(&clear), "{clear}");
    let authority = Authority::default();
    let connector = authority.connector(&Default::default()).offering(&["h2"]);
    let secure = each(Some(connector), serve(Some(&authority)), [OPENING, GET].concat(), 50, IDLE + TLS);
    println!("an idle connection over TLS holds {secure} bytes");
    assert!((1..=IDLE + TLS).contains(&secure), "{secure}");
}

/// The largest block that never ends, behind a table that is full: as the whole server holds it.
#[test]
fn a_hostile_connection_holds_64_kib_before_a_handler_is_called() {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let mut says = OPENING.to_vec();
    // A field that fills the table, in a request that is malformed, so that no handler is called.
    says.extend(frame(1, 5, 1, &[&[0x82, 0x40, 1, b'k', 0x7f, 0xc0, 0x1e], &[b'v'; 4031][..]].concat()));
    says.extend(frame(1, 1, 3, &[0; 16_384]));
    says.extend(frame(9, 0, 3, &[0; 16_384]));
    says.extend(frame(9, 0, 3, &[0; 16_000]));
    let sent = says.len() as i64;
    let held = each(None, serve(None), says, 20, HOSTILE);
    println!("a hostile connection holds {held} bytes of {sent}");
    assert!((32 * 1024..=HOSTILE).contains(&held), "{held}");
}

/// A client's connection that rests keeps its task, and of what it read with nothing.
#[test]
fn a_clients_connection_that_rests_holds_little() {
    let (address, _) = serve(None);
    let ledger = watch();
    net::block_on(async move {
        let open = async || {
            let session = http2::client::Session::connect(address).await.expect("a server");
            let mut answer = session.request("GET", "/").send("").await.expect("an answer");
            assert_eq!(answer.bytes(100).await.expect("content"), b"Hello, World!");
            session
        };
        // What all of them share is there once one has come.
        let mut all = vec![open().await];
        net::sleep(REST).await;
        let before = ledger.held();
        const COUNT: i64 = 100;
        for _ in 0..COUNT {
            all.push(open().await);
        }
        let late = Instant::now() + Duration::from_secs(10);
        while ledger.held() - before > COUNT * CLIENT && Instant::now() < late {
            net::sleep(Duration::from_millis(10)).await;
        }
        let held = (ledger.held() - before) / COUNT;
        println!("a client's idle connection holds {held} bytes");
        assert!((1..=CLIENT).contains(&held), "{held}");
        drop(all);
        net::stop();
    })
    .expect("a loop");
}
