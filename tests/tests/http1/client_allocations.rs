//! What a request on a kept connection costs the allocator: nothing.

use std::net::SocketAddr;
use wirebook_http1::client::{Agent, Options, request};
use wirebook_http1::server;
use wirebook_http1::{Request, Response};
use wirebook_net as net;
use wirebook_tests::allocations::measure;
use wirebook_tests::server::start;

/// Allocations of a loop that makes so many requests, one after the other; the server is on another thread.
fn allocations(address: SocketAddr, requests: usize) -> u64 {
    let work = move || {
        net::block_on(async move {
            let agent = Agent::default();
            let headers = [("accept", "*/*"), ("user-agent", "wirebook")];
            let options = Options { host: "127.0.0.1", port: address.port(), headers: &headers, ..Options::default() };
            for _ in 0..requests {
                let sent = request(&Options { agent: Some(&agent), ..options }).await.expect("a connection");
                let mut response = sent.end("").await.expect("a head");
                while let Some(piece) = response.chunk().await.expect("a body") {
                    assert_eq!(piece, b"Hello, World!");
                }
            }
        })
        .expect("the loop ends");
    };
    measure(work).1.allocations
}

#[test]
fn a_request_on_a_kept_connection_allocates_nothing() {
    let handler = async |_: Request<'_>, response: Response<'_>| response.end("Hello, World!").await;
    let options = server::Options { max_requests_per_connection: u32::MAX, ..server::Options::default() };
    let address = start(options, handler);
    allocations(address, 200);
    let (few, many) = (allocations(address, 200), allocations(address, 5_200));
    // The loop's own queues may grow once more; a request must not cost one.
    assert!(many.saturating_sub(few) <= 10, "{few} for 200 requests, {many} for 5 200");
}
