//! The servers: each answers every request with "Hello, World!", its type, its length and the date.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;
use wirebook_benches::sys;
use wirebook_http1::connection::{Additions, DateLine};
use wirebook_http1::parser::Fields;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, Connection, Event, FieldBlock, Request, Response};
use wirebook_net as net;

/// In the order of their turns.
pub(crate) const NAMES: [&str; 6] = ["floor", "wirebook", "hyper", "may_minihttp", "core", "node"];

/// Node's server, as a program for `node -e`.
pub(crate) const NODE: &str = "
const server = require('http').createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.setHeader('content-length', 13);
  response.end('Hello, World!');
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
";

/// Becomes the server of that name.
pub(crate) fn serve(which: &str) {
    sys::allow_descriptors(20_000);
    let served = match which {
        "floor" => floor(),
        "wirebook" => wirebook(),
        "hyper" => hyper(),
        "may_minihttp" => may(),
        "core" => core(),
        _ => panic!("no server is called {which}"),
    };
    served.expect("the server runs until it is killed");
}

/// An epoll loop that looks for empty lines and answers each with a constant: what no server can beat.
fn floor() -> io::Result<()> {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: Fri, 20 Nov 2026 12:00:00 GMT\r\n\
        content-length: 13\r\n\r\nHello, World!";
    let listener = bind()?;
    let fd = listener.as_raw_fd();
    let epoll = sys::Epoll::new()?;
    epoll.add(fd, false)?;
    let (mut events, mut buffer, mut out) = (sys::no_events(), vec![0; 64 * 1024], Vec::new());
    loop {
        for event in epoll.wait(&mut events, -1)? {
            let ready = event.u64 as RawFd;
            if ready == fd {
                if let Ok(stream) = sys::accept(fd) {
                    sys::no_delay(stream);
                    epoll.add(stream, true)?;
                }
                continue;
            }
            match sys::read(ready, &mut buffer) {
                Ok(0) | Err(_) => sys::close(ready),
                Ok(count) => {
                    out.clear();
                    // The load sends whole requests.
                    let requests = buffer[..count].windows(4).filter(|bytes| bytes == b"\r\n\r\n").count();
                    (0..requests).for_each(|_| out.extend_from_slice(ANSWER));
                    let _ = sys::write(ready, &out);
                }
            }
        }
    }
}

/// The same epoll loop over our protocol core, as somebody would write it who has another server in mind: what stands
/// between this and `wirebook` is the driver.
fn core() -> io::Result<()> {
    const DATE: &DateLine = b"date: Fri, 20 Nov 2026 12:00:00 GMT\r\n";
    let listener = bind()?;
    let fd = listener.as_raw_fd();
    let epoll = sys::Epoll::new()?;
    epoll.add(fd, false)?;
    let (mut events, mut buffer, mut out) = (sys::no_events(), vec![0; 64 * 1024], Vec::new());
    let (mut connections, mut fields, mut lines) = (HashMap::new(), Fields::new(), FieldBlock::default());
    loop {
        for event in epoll.wait(&mut events, -1)? {
            let ready = event.u64 as RawFd;
            if ready == fd {
                if let Ok(stream) = sys::accept(fd) {
                    sys::no_delay(stream);
                    epoll.add(stream, true)?;
                    connections.insert(stream, Connection::server());
                }
                continue;
            }
            let (count, connection) = (sys::read(ready, &mut buffer).unwrap_or(0), connections.get_mut(&ready));
            let (1.., Some(connection)) = (count, connection) else {
                connections.remove(&ready);
                sys::close(ready);
                continue;
            };
            out.clear();
            // The load sends whole requests.
            let mut input = &buffer[..count];
            while let Ok((used, Some(Event::Request(_)))) = connection.receive(input, &mut fields) {
                input = &input[used..];
                connection.receive_end();
                lines.clear();
                let additions = Additions { date: Some(DATE), ..Additions::default() };
                let pushed = lines.push("content-type", "text/plain");
                pushed
                    .and_then(|()| connection.answer(200, &lines, additions, b"Hello, World!", &mut out))
                    .map_err(io::Error::other)?;
            }
            let _ = sys::write(ready, &out);
        }
    }
}

fn bind() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

fn wirebook() -> io::Result<()> {
    net::run(async {
        let listener = net::tcp::TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}", listener.local_addr()?);
        let options = Options {
            idle_timeout: Duration::from_secs(60),
            max_requests_per_connection: u32::MAX,
            ..Options::default()
        };
        http1::serve_on(listener, options, async |_: Request<'_>, response: Response<'_>| {
            response.header("content-type", "text/plain").end("Hello, World!").await
        });
        std::future::pending::<io::Result<()>>().await
    })
}

/// hyper on tokio's current-thread runtime, with answers of a pipeline in one write.
fn hyper() -> io::Result<()> {
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = tokio::net::TcpListener::from_std(bind()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(async move {
                let service = service_fn(|_: hyper::Request<hyper::body::Incoming>| async {
                    let answer = hyper::Response::builder()
                        .header("content-type", "text/plain")
                        .body(Full::new(bytes::Bytes::from_static(b"Hello, World!")));
                    Ok::<_, Infallible>(answer.expect("a valid response"))
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

/// may_minihttp with one worker thread.
fn may() -> io::Result<()> {
    use may_minihttp::{HttpServer, HttpService, Request, Response};

    #[derive(Clone)]
    struct Hello;
    impl HttpService for Hello {
        fn call(&mut self, _: Request<'_, '_, '_>, response: &mut Response<'_>) -> io::Result<()> {
            response.header("Content-Type: text/plain").body("Hello, World!");
            Ok(())
        }
    }
    may::config().set_workers(1);
    let free = TcpListener::bind("127.0.0.1:0")?;
    let address: SocketAddr = free.local_addr()?;
    drop(free);
    let server = HttpServer(Hello).start(address)?;
    println!("listening on {address}");
    server.join().map_err(|_| io::Error::other("the server panicked"))
}
