//! What a request on a kept connection costs the server's allocator: nothing; and what an idle connection holds: little.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net as net;
use wirebook_tests::allocations::{measure, watch};
use wirebook_tests::server::connect;

async fn handler(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => {
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        }
        _ => response.header("content-type", "text/plain").end("Hello, World!").await,
    }
}

/// Allocations of a server's loop in which one connection sends `batch` so many times, and waits for an answer that ends
/// with `end` each time. The client is on another thread.
fn allocations(batch: &[u8], end: &'static [u8], times: usize) -> u64 {
    let (send, receive) = mpsc::channel();
    let batch = batch.to_vec();
    let client = thread::spawn(move || {
        let mut stream = connect(receive.recv().expect("the server starts"));
        let mut buffer = vec![0; 64 * 1024];
        for _ in 0..times {
            stream.write_all(&batch).expect("a server that reads");
            let mut filled = 0;
            while !buffer[..filled].ends_with(end) {
                let count = stream.read(&mut buffer[filled..]).expect("an answer");
                assert!(count > 0, "the server closed");
                filled += count;
            }
        }
    });
    let serve = || {
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the client waits");
            let mut options = Options { max_requests_per_connection: u32::MAX, ..Options::default() };
            options.hooks.close = Some(Arc::new(|_| net::stop()));
            http1::serve_on(listener, options, handler);
        })
        .expect("the loop ends");
    };
    let cost = measure(serve).1;
    client.join().expect("every answer came");
    cost.allocations
}

/// The loop's own queues may grow once more; a request must not cost one.
fn costs_nothing(batch: &[u8], end: &'static [u8]) {
    allocations(batch, end, 200);
    let (few, many) = (allocations(batch, end, 200), allocations(batch, end, 5_200));
    assert!(many.saturating_sub(few) <= 10, "{few} for 200 batches, {many} for 5 200");
}

#[test]
fn a_request_on_a_kept_connection_allocates_nothing() {
    costs_nothing(b"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nUser-Agent: wirebook\r\n\r\n", b"Hello, World!");
}

#[test]
fn a_pipeline_allocates_nothing() {
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(15);
    let batch = [&get[..], b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nend"].concat();
    costs_nothing(&batch, b"\r\n3\r\nend\r\n0\r\n\r\n");
}

#[test]
fn a_body_in_chunks_that_is_streamed_back_allocates_nothing() {
    let request = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\nA: b\r\n\r\n";
    costs_nothing(request, b"\r\n3\r\ntea\r\n0\r\n\r\n");
}

/// Two descriptors each; with this many, a process may have 1 024.
const IDLE: usize = 400;

#[test]
fn an_idle_connection_holds_less_than_300_bytes_though_all_were_busy_at_once() {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send((ledger, listener.local_addr().expect("an address"))).expect("the test waits");
            let options = Options { idle_timeout: Duration::from_secs(60), ..Options::default() };
            http1::serve_on(listener, options, async |_: Request<'_>, response: Response<'_>| {
                net::sleep(Duration::from_millis(50)).await;
                response.end("Hello, World!").await
            });
        })
    });
    let (ledger, address) = receive.recv().expect("the server starts");
    // All ask, and then all wait: 400 tasks at once.
    let ask = |count| {
        let mut streams: Vec<TcpStream> = (0..count).map(|_| connect(address)).collect();
        for stream in &mut streams {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server that reads");
        }
        for stream in &mut streams {
            assert!(stream.read(&mut [0; 1024]).expect("an answer") > 0);
        }
        // The last one's worker has yet to put things away.
        thread::sleep(Duration::from_millis(100));
        streams
    };
    drop(ask(IDLE));
    thread::sleep(Duration::from_millis(100));
    let before = ledger.mark();
    let idle = ask(IDLE);
    let held = (ledger.held() - before) / IDLE as i64;
    assert!(ledger.peak() - before > 1_000 * IDLE as i64, "busy ones hold more: {}", ledger.peak() - before);
    assert!((50..300).contains(&held), "{held} bytes for each");
    drop(idle);
}

#[test]
fn a_large_answer_is_not_copied_whole_and_a_slow_reader_of_it_costs_no_more() {
    const LENGTH: usize = 64 << 20;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send((ledger, listener.local_addr().expect("an address"))).expect("the test waits");
            let body = vec![b'x'; LENGTH];
            http1::serve_on(listener, Options::default(), async move |_: Request<'_>, response: Response<'_>| {
                response.end(&body).await
            });
        })
    });
    let (ledger, address) = receive.recv().expect("the server starts");
    let mut stream = connect(address);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("a server that reads");
    let mut first = [0; 1];
    stream.read_exact(&mut first).expect("an answer");
    let before = ledger.mark();
    let (mut seen, mut some) = (first.len(), vec![0; 8 * 1024]);
    while let count @ 1.. = stream.read(&mut some).expect("an answer") {
        seen += count;
    }
    assert!(seen > LENGTH);
    assert!(ledger.peak() - before < 1 << 20, "{} bytes beside the body itself", ledger.peak() - before);
}
