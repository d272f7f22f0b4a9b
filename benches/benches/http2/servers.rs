//! The servers, each on one thread.

use bytes::Bytes;
use http_body_util::Full;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread;
use tokio::net::TcpListener;
use wirebook_http2::server::{Options, Request, Response, serve_with};
use wirebook_http2::{Config, Rate};
use wirebook_net as net;

const HELLO: &str = "Hello, World!";

pub(crate) fn wirebook() -> SocketAddr {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        net::block_on(async move {
            let config = Config {
                max_requests: u32::MAX,
                idle_frames: Rate { burst: u32::MAX, per_second: 0 },
                ..Config::default()
            };
            let options = Options { http2: Arc::new(config), ..Options::default() };
            let handler = async |_: Request<'_>, response: Response<'_>| {
                response.header("content-type", "text/plain").end(HELLO).await
            };
            let server = serve_with("127.0.0.1:0", options, handler).expect("a free port");
            send.send(server.local_addr().expect("an address")).expect("the bench waits");
            std::future::pending::<()>().await;
        })
        .expect("the loop runs");
    });
    receive.recv().expect("the server starts")
}

/// Runs a server of tokio's, on a thread of its own; `connection` serves what is accepted.
fn with_tokio<F: Future<Output = ()> + 'static>(
    connection: impl Fn(tokio::net::TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("the bench waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                stream.set_nodelay(true).expect("a socket option");
                tokio::task::spawn_local(connection(stream));
            }
        });
    });
    receive.recv().expect("the server starts")
}

pub(crate) fn hyper() -> SocketAddr {
    with_tokio(|stream| async move {
        let service = hyper::service::service_fn(|_| async {
            let response = http::Response::builder().header("content-type", "text/plain");
            Ok::<_, Infallible>(response.body(Full::new(Bytes::from_static(HELLO.as_bytes()))).expect("a response"))
        });
        let builder = hyper::server::conn::http2::Builder::new(Here);
        builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await.unwrap_or_default();
    })
}

/// Runs what hyper starts on this thread.
#[derive(Clone)]
struct Here;

impl<F: Future + 'static> hyper::rt::Executor<F> for Here
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

pub(crate) fn h2() -> SocketAddr {
    with_tokio(|stream| async move {
        let mut connection = ::h2::server::handshake(stream).await.expect("a client of HTTP/2");
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let response = http::Response::builder().header("content-type", "text/plain").body(()).expect("a response");
            let mut send = respond.send_response(response, false).expect("an open stream");
            send.send_data(Bytes::from_static(HELLO.as_bytes()), true).expect("an open stream");
        }
    })
}
