//! One server on several threads: the kernel spreads the connections, each loop has a handler of its own, and all close
//! together.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use wirebook_http1::server::{Options, Threads, serve_threads};
use wirebook_http1::{Request, Response};
use wirebook_net as net;
use wirebook_tests::server::{connect, read_all};

/// Connections after which each of two loops has had one, but for one run in 10³⁸.
const MANY: usize = 128;

/// Asks on an open connection and gives the body of the answer.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a server that reads");
    let mut buffer = [0; 1024];
    let count = stream.read(&mut buffer).expect("an answer");
    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
    text.split_once("\r\n\r\n").expect("a whole head").1.to_owned()
}

fn close(server: Threads) {
    let began = Instant::now();
    net::block_on(async move {
        server.close();
        server.closed().await;
        assert_eq!(server.running(), 0);
    })
    .expect("the loop ends");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn each_loop_has_its_own_handler_and_keeps_its_connections() {
    // A count that is not shared between threads, and the name of the thread.
    let server = serve_threads("127.0.0.1:0", 2, Options::default(), || {
        let requests = Rc::new(Cell::new(0));
        async move |_: Request<'_>, response: Response<'_>| {
            requests.set(requests.get() + 1);
            let thread = thread::current().name().unwrap_or_default().to_owned();
            response.end(format!("{thread} {}", requests.get())).await
        }
    })
    .expect("a free port");
    let mut streams: Vec<TcpStream> = (0..MANY).map(|_| connect(server.local_addr())).collect();
    let mut last: HashMap<String, usize> = HashMap::new();
    let mut first_round = Vec::new();
    for round in 0..2 {
        for (number, stream) in streams.iter_mut().enumerate() {
            let body = ask(stream, "/");
            let (thread, count) = body.split_once(' ').expect("two words");
            let count: usize = count.parse().expect("a number");
            assert_eq!(last.insert(thread.into(), count).unwrap_or(0) + 1, count, "a count of each loop's own");
            match round {
                0 => first_round.push(thread.to_owned()),
                _ => assert_eq!(first_round[number], thread, "a connection stays with its loop"),
            }
        }
    }
    assert_eq!(last.values().sum::<usize>(), 2 * MANY);
    assert_eq!(last.len(), 2, "the kernel has given connections to both loops");
    close(server);
    assert!(streams.iter_mut().all(|stream| stream.read(&mut [0]).expect("an end") == 0), "idle ones are closed");
}

#[test]
fn closing_answers_who_had_asked_and_accepts_no_more() {
    let (begun, begins) = mpsc::channel();
    let server = serve_threads("127.0.0.1:0", 3, Options::default(), move || {
        let begun = begun.clone();
        async move |request: Request<'_>, response: Response<'_>| {
            if request.path() == "/slow" {
                begun.send(()).expect("the test waits");
                net::sleep(Duration::from_millis(300)).await;
            }
            response.end(request.path()).await
        }
    })
    .expect("a free port");
    let address = server.local_addr();
    assert_eq!(server.running(), 3);
    let mut slow: Vec<TcpStream> = (0..12).map(|_| connect(address)).collect();
    for stream in &mut slow {
        assert_eq!(ask(stream, "/first"), "/first");
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server that reads");
    }
    // All of them are with a handler, and none is answered yet.
    for _ in &slow {
        begins.recv_timeout(Duration::from_secs(10)).expect("the handlers begin");
    }
    close(server);
    for stream in slow {
        let text = read_all(stream).text();
        assert!(text.ends_with("\r\n\r\n/slow") && text.contains("connection: close\r\n"), "{text}");
    }
    assert_eq!(TcpStream::connect(address).expect_err("nobody listens").kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn the_limit_of_connections_is_each_loops() {
    let options = Options { max_connections: 1, ..Options::default() };
    let server = serve_threads("127.0.0.1:0", 2, options, || {
        async |_: Request<'_>, response: Response<'_>| response.end(thread::current().name().unwrap_or_default()).await
    })
    .expect("a free port");
    // All ask at once. One of each loop is answered; the others wait until it goes.
    let mut streams: Vec<TcpStream> = (0..MANY).map(|_| connect(server.local_addr())).collect();
    for stream in &mut streams {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a server that reads");
        stream.set_nonblocking(true).expect("an option of every socket");
    }
    let began = Instant::now();
    let mut most = 0;
    while !streams.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "{} wait for ever", streams.len());
        thread::sleep(Duration::from_millis(1));
        // Nobody goes before all have been looked at, so nobody takes another's place meanwhile.
        let (waiting, answered): (Vec<_>, Vec<_>) =
            streams.into_iter().partition(|mut stream| stream.read(&mut [0; 1024]).is_err());
        most = answered.len().max(most);
        streams = waiting;
    }
    assert_eq!(most, 2, "one of each loop");
    close(server);
}

#[test]
fn what_cannot_be_begun_is_an_error_and_leaves_nothing_behind() {
    let handler = || async |_: Request<'_>, response: Response<'_>| response.end("").await;
    let begin = |address: &str, threads| serve_threads(address, threads, Options::default(), handler);
    assert_eq!(begin("127.0.0.1:0", 0).expect_err("no threads").kind(), io::ErrorKind::InvalidInput);
    assert_eq!(begin("127.0.0.1", 1).expect_err("no port").kind(), io::ErrorKind::InvalidInput);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    assert_eq!(begin(&address, 2).expect_err("taken").kind(), io::ErrorKind::AddrInUse);
    let panics = serve_threads("127.0.0.1:0", 2, Options::default(), || {
        if thread::current().name() == Some("http1-2") {
            panic!("the second loop has no handler");
        }
        async |_: Request<'_>, response: Response<'_>| response.end("").await
    });
    assert!(panics.expect_err("a panic").to_string().contains("no handler"));
}

#[test]
fn two_servers_do_not_share_an_address_by_mistake() {
    for threads in [1, 2] {
        let serve = |address: &str| {
            serve_threads(address, threads, Options::default(), || {
                async |_: Request<'_>, response: Response<'_>| response.end("").await
            })
        };
        let first = serve("127.0.0.1:0").expect("a free port");
        let address = first.local_addr().to_string();
        let error = serve(&address).expect_err("somebody listens there");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address), "{error}");
        close(first);
        close(serve(&address).expect("nobody listens any more"));
    }
}
