//! The server that the judges of HTTP/2 are clients of: in clear text, over TLS, and over TLS without HTTP/1.1. A browser has a page there.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::Version;
use wirebook_http2::server::{Options, serve_secure_with};
use wirebook_http2::{self as http2, Config, Outcome, Request, Response};
use wirebook_net::{self as net, Signal};
use wirebook_tls::Identity;
use wirebook_websocket as websocket;

/// Which protocol carried a request, and which connection: the client's port.
fn carrier(request: &Request<'_>) -> String {
    format!("{:?} {}", request.version(), request.peer_addr().map_or(0, |address| address.port()))
}

/// Waits until so many requests wait here.
async fn meet(many: usize) {
    thread_local! {
        static HERE: Cell<usize> = const { Cell::new(0) };
        static CAME: Rc<Signal> = Rc::default();
    }
    HERE.with(|here| here.set(here.get() + 1));
    let came = CAME.with(Rc::clone);
    came.raise();
    came.until(|| HERE.with(|here| here.get() >= many).then_some(())).await;
}

async fn handler(mut request: Request<'_>, mut response: Response<'_>) -> Outcome {
    match request.path() {
        "/echo" => {
            while let Some(piece) = request.chunk().await? {
                response.write(piece).await?;
            }
            response.end("").await
        }
        "/length" => {
            let mut length = 0;
            request.limit_body(u64::MAX);
            while let Some(piece) = request.chunk().await? {
                length += piece.len();
            }
            response.end(length.to_string()).await
        }
        "/large" => response.end(vec![b'x'; 5_000_000]).await,
        "/trailers" => {
            while request.chunk().await?.is_some() {}
            let mut trailers = FieldBlock::default();
            for (name, value) in request.trailers().iter() {
                trailers.push(name, value)?;
            }
            trailers.push("x-sum", "17")?;
            response.end_with_trailers("body", &trailers).await
        }
        "/hints" => {
            let mut links = FieldBlock::default();
            links.push("link", "</style.css>; rel=preload")?;
            response.informational(103, &links).await?;
            response.end("page").await
        }
        "/slow" => {
            net::sleep(Duration::from_millis(300)).await;
            response.end("slow").await
        }
        "/breaks" => {
            response.write("half").await?;
            response.abort();
            Ok(())
        }
        "/cookies" => {
            let cookie = request.header("cookie").unwrap_or_default().to_vec();
            response.end(cookie).await
        }
        "/page" => response.header("content-type", "text/html").end("<!doctype html><title>page</title>").await,
        "/together" => {
            let (text, many) =
                (carrier(&request), request.query().and_then(|query| query.split('&').next()?.parse().ok()));
            meet(many.unwrap_or(0)).await;
            response.end(text).await
        }
        "/events" => {
            let mut events = response.header("content-type", "text/event-stream");
            events.write(format!("data: {}\n\n", carrier(&request))).await?;
            request.closed().await;
            Ok(())
        }
        "/socket" => {
            let text = carrier(&request);
            let Some(mut socket) = websocket::upgrade(request, response, &Default::default()).await? else {
                return Ok(());
            };
            socket.writer.send(text).await?;
            while let Some(message) = socket.reader.next().await? {
                socket.writer.send(message).await?;
            }
            Ok(())
        }
        path => {
            let version = if request.version() == Version::Http2 { "2" } else { "1.1" };
            let text = format!("{} {path} over {version} and {}", request.method(), request.scheme());
            response.header("content-type", "text/plain").end(text).await
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let identity = Identity::dev()?;
    let folder = std::env::args().nth(1).ok_or("a folder for the certificate")?;
    let ca = std::path::Path::new(&folder).join("ca.pem");
    std::fs::write(&ca, &identity.development().ok_or("a certificate of our own")?.authority_pem)?;
    net::run(async move {
        let clear = http2::serve("127.0.0.1:0", handler)?;
        let tunnels = Config { extended_connect: true, ..Config::default() };
        let secure = Options { http2: Arc::new(tunnels), ..Options::default() };
        let secure = serve_secure_with("127.0.0.1:0", &identity, secure, handler)?;
        let strict = Options { allow_http1: false, ..Options::default() };
        let strict = serve_secure_with("127.0.0.1:0", &identity, strict, handler)?;
        let port = |server: &http2::Server| server.local_addr().map_or(0, |address| address.port());
        let stop = net::ctrl_c();
        println!("{} {} {}", port(&clear), port(&secure), port(&strict));
        stop.await?;
        // All at once: who is asking is answered.
        for server in [clear, secure, strict] {
            server.until(async {}).await;
        }
        Ok::<(), std::io::Error>(())
    })?;
    Ok(())
}
