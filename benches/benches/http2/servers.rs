//! The servers, each on one thread: "Hello, World!" at `/hello`, and 16 MiB at `/large`.

use bytes::Bytes;
use http_body_util::Full;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::{fs, io};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use wirebook_http2::server::{Options, Request, Response, serve_secure_with, serve_with};
use wirebook_http2::{Config, Outcome};
use wirebook_net as net;
use wirebook_tls::Identity;

/// In the order of their turns.
pub(crate) const NAMES: [&str; 4] = ["wirebook", "nghttpd", "hyper", "h2"];

const HELLO: &str = "Hello, World!";

static LARGE: LazyLock<Bytes> = LazyLock::new(|| vec![b'x'; 16 << 20].into());

/// The files that nghttpd serves, and the certificate of all; the same folder in every process of this bench.
pub(crate) fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join("wirebook-bench-http2");
    fs::create_dir_all(&folder).expect("a folder for a while");
    fs::write(folder.join("hello"), HELLO).expect("a file");
    fs::write(folder.join("large"), &LARGE[..]).expect("a large file");
    Identity::dev_in(&folder).expect("a certificate");
    folder
}

/// Becomes the server of that name.
pub(crate) fn serve(which: &str) {
    let served = match which {
        "wirebook" => wirebook(false),
        "wirebook-tls" => wirebook(true),
        "hyper" => with_tokio(hyper),
        "hyper-tls" => hyper_tls(),
        "h2" => with_tokio(h2),
        _ => panic!("no server is called {which}"),
    };
    served.expect("the server runs until it is killed");
}

fn wirebook(secure: bool) -> io::Result<()> {
    net::run(async move {
        let config = Config { max_requests: u32::MAX, ..Config::default() };
        let options = Options { http2: Arc::new(config), ..Options::default() };
        let server = match secure {
            true => serve_secure_with("127.0.0.1:0", &Identity::dev_in(folder())?, options, answer)?,
            false => serve_with("127.0.0.1:0", options, answer)?,
        };
        println!("listening on {}", server.local_addr().expect("TCP has an address"));
        std::future::pending::<io::Result<()>>().await
    })
}

async fn answer(request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/large" => response.end(&LARGE[..]).await,
        _ => response.header("content-type", "text/plain").end(HELLO).await,
    }
}

/// Runs a server of tokio's; `connection` serves what is accepted.
fn with_tokio<F: Future<Output = ()> + 'static>(connection: impl Fn(TcpStream) -> F) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(connection(stream));
        }
    })
}

async fn hyper(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
    let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
        let response = http::Response::builder();
        let response = match request.uri().path() {
            "/large" => response.body(Full::new(LARGE.clone())),
            _ => response.header("content-type", "text/plain").body(Full::new(Bytes::from_static(HELLO.as_bytes()))),
        };
        Ok::<_, Infallible>(response.expect("a response"))
    });
    let builder = hyper::server::conn::http2::Builder::new(Here);
    // A client that goes away is no error here.
    builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await.unwrap_or_default();
}

fn hyper_tls() -> io::Result<()> {
    let acceptor = acceptor(&folder());
    with_tokio(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                hyper(stream).await;
            }
        }
    })
}

/// The same certificate, and rustls with ring, as ours.
fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let builder = ServerConfig::builder_with_provider(ring::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().expect("versions of TLS").with_no_client_auth();
    let mut config = builder.with_single_cert(vec![certificate], key).expect("they belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config).into()
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

async fn h2(stream: TcpStream) {
    let Ok(mut connection) = ::h2::server::handshake(stream).await else { return };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let response = http::Response::builder().header("content-type", "text/plain").body(()).expect("a response");
        let mut send = respond.send_response(response, false).expect("an open stream");
        send.send_data(Bytes::from_static(HELLO.as_bytes()), true).expect("an open stream");
    }
}
