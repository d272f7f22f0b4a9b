//! What the web layer costs the allocator: a box for each ring that waits, one for the handler, and nothing beyond them, whatever
//! routes there are. A binary of its own, because it counts what its process allocates.

use std::io::{Read, Write};
use std::sync::{Arc, mpsc};
use std::thread;
use wirebook_http1::server;
use wirebook_net as net;
use wirebook_tests::allocations::{Counting, measure};
use wirebook_tests::server::connect;
use wirebook_web::{Answer, App, Context, Edge, Options, Router};

#[global_allocator]
static COUNTING: Counting = Counting;

/// A ring that does something on both ways.
struct Marks;

impl Edge for Marks {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        ctx.set("x-in", "1").err().map(Err)
    }

    fn leave(&self, ctx: &mut Context<'_>, answer: Answer) -> Answer {
        ctx.append("x-out", "1")?;
        answer
    }
}

fn app(layers: usize, edges: usize) -> App {
    let mut router = Router::new().get("/users/{id:int}", async |ctx| {
        ctx.ensure(ctx.raw_param("id") == Some("7"), 500, "another user")?;
        ctx.text("Hello, World!")
    });
    for number in 0..130 {
        router = router.get(&format!("/route/{number}/{{name}}"), async |ctx| ctx.empty(204));
    }
    for _ in 0..edges {
        router = router.edge(Marks);
    }
    for _ in 0..layers {
        router = router.layer(async |ctx, next| next.run(ctx).await);
    }
    let mut http = server::Options { max_requests_per_connection: u32::MAX, ..server::Options::default() };
    http.hooks.close = Some(Arc::new(|_| net::stop()));
    router.into_app(Options { http, ..Options::default() }).expect("routes that can be")
}

/// Allocations of a loop that answers so many requests of one connection.
fn allocations(layers: usize, edges: usize, path: &'static str, times: usize) -> u64 {
    let (send, receive) = mpsc::channel();
    let client = thread::spawn(move || {
        let mut stream = connect(receive.recv().expect("the server starts"));
        let mut buffer = vec![0; 4096];
        let asked = format!("GET {path} HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n");
        for _ in 0..times {
            stream.write_all(asked.as_bytes()).expect("a server that reads");
            let mut filled = 0;
            while !buffer[..filled].ends_with(b"Hello, World!") {
                let count = stream.read(&mut buffer[filled..]).expect("an answer");
                assert!(count > 0, "the server closed behind {}", buffer[..filled].escape_ascii());
                filled += count;
            }
        }
    });
    let serve = || {
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the client waits");
            app(layers, edges).serve_on(listener);
        })
        .expect("the loop ends");
    };
    let cost = measure(serve).1;
    client.join().expect("every answer came");
    cost.allocations
}

/// What one request costs, when the loop has grown what it needs.
fn each(layers: usize, edges: usize, path: &'static str) -> f64 {
    allocations(layers, edges, path, 100);
    let (few, many) = (allocations(layers, edges, path, 100), allocations(layers, edges, path, 2_100));
    many.saturating_sub(few) as f64 / 2_000.0
}

#[test]
fn a_request_costs_a_box_for_the_handler_and_one_for_each_layer() {
    for (layers, edges, boxes) in [(0, 0, 1.0), (1, 0, 2.0), (5, 0, 6.0), (0, 1, 1.0), (1, 1, 2.0)] {
        let each = each(layers, edges, "/users/7");
        assert!((each - boxes).abs() < 0.01, "{layers} layers and {edges} edges: {each} allocations");
    }
}
