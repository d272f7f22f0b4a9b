//! What a request on a kept connection of HTTP/2 costs the server's allocator: nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::RequestHead;
use wirebook_http2::server::Options;
use wirebook_http2::{self as http2, Config, Connection, Event, Fields, Outcome, Rate, Request, Response};
use wirebook_net as net;
use wirebook_tests::allocations::measure;

async fn handler(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    if request.method() == "POST" {
        while let Some(piece) = request.chunk().await? {
            response.write(piece).await?;
        }
        return response.end("").await;
    }
    response.header("content-type", "text/plain").end("Hello, World!").await
}

/// A client that makes `together` requests at once and waits for all answers, so many times.
fn client(mut stream: TcpStream, times: usize, together: usize, body: &[u8]) {
    let mut core = Connection::client(Arc::new(Config::default()), Instant::now());
    let (mut out, mut room, mut input, mut bytes) = (Vec::new(), Fields::default(), Vec::new(), vec![0; 65_536]);
    let mut fields = FieldBlock::default();
    fields.push("host", "a").expect("a field");
    for _ in 0..times {
        for _ in 0..together {
            let stream = core.next_stream().expect("a server that takes a hundred");
            let method: &[u8] = if body.is_empty() { b"GET" } else { b"POST" };
            let head = RequestHead::new(method, b"/tea", fields.lines());
            let end = body.is_empty();
            core.send(Event::Request { stream, head, scheme: b"http", protocol: None, end }, &mut out)
                .expect("a request");
            if !end {
                assert_eq!(core.send_data(stream, body, true, &mut out), Ok(body.len()));
            }
        }
        let mut answered = 0;
        while answered < together {
            stream.write_all(&out).expect("a server that reads");
            out.clear();
            let count = stream.read(&mut bytes).expect("an answer");
            assert!(count > 0, "the server closed");
            input.extend_from_slice(&bytes[..count]);
            let mut at = 0;
            while let (used, Some(event)) =
                core.receive(&input[at..], &mut room).expect("a server that keeps the rules")
            {
                at += used;
                if let Event::Data { stream, bytes, end } = event {
                    let length = bytes.len() as u32;
                    core.consumed(stream, length, &mut out);
                    answered += usize::from(end);
                }
            }
            let (used, _) = core.receive(&input[at..], &mut room).expect("a server that keeps the rules");
            input.drain(..at + used);
            core.answers(&mut out);
        }
    }
}

fn allocations(times: usize, together: usize, body: &'static [u8]) -> u64 {
    let (send, receive) = mpsc::channel();
    let client = thread::spawn(move || {
        let stream = TcpStream::connect(receive.recv().expect("the server starts")).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        client(stream, times, together, body);
    });
    let serve = || {
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the client waits");
            let idle_frames = Rate { burst: u32::MAX, per_second: 0 };
            let config = Config { max_requests: u32::MAX, idle_frames, ..Config::default() };
            let mut options = Options { http2: Arc::new(config), ..Options::default() };
            options.http.hooks.close = Some(Arc::new(|_| net::stop()));
            http2::serve_on(listener, options, handler);
        })
        .expect("the loop ends");
    };
    let cost = measure(serve).1;
    client.join().expect("every answer came");
    cost.allocations
}

/// The loop's own queues may grow now and then, as the other end's pace has it; a request must not cost one.
fn costs_nothing(together: usize, body: &'static [u8]) {
    allocations(200, together, body);
    let (few, many) = (allocations(200, together, body), allocations(3_200, together, body));
    assert!(many.saturating_sub(few) < 100, "{few} for 200 rounds, {many} for 3 200");
}

#[test]
fn a_request_allocates_nothing() {
    costs_nothing(1, b"");
}

#[test]
fn thirty_two_at_once_allocate_nothing() {
    costs_nothing(32, b"");
}

#[test]
fn content_both_ways_allocates_nothing() {
    costs_nothing(4, &[b'x'; 2000]);
}
