//! The client: connect, shake hands, check the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use wirebook_http1::parser::{self, Fields, Limits, Progress, Version};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

use super::attendant::Attendant;
use super::half::{Reader, Writer, halves};
use super::link::Link;
use super::{Fault, fill};
use crate::config::Config;
use crate::connection::Connection;
use crate::handshake::client::{Agreed, Refused, Request};

/// Bytes that the answer to a handshake may have before it counts as refused.
pub const MAX_RESPONSE: usize = 16 << 10;

/// How long connecting and the handshake may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that was opened.
pub struct Connected<S: Stream + 'static = TcpStream> {
    /// The half that receives.
    pub reader: Reader<S>,
    /// The half that sends.
    pub writer: Writer<S>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

/// Connects to `ws://host[:port][/path][?query]` with the default [`Config`].
///
/// ```no_run
/// wirebook_net::run(async {
///     let (mut reader, writer) = wirebook_websocket::connect("ws://127.0.0.1:9000/").await?;
///     writer.send("hello").await?;
///     println!("{:?}", reader.next().await?);
///     Ok::<_, wirebook_websocket::Fault>(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// The URL is not one, nobody answers, or the answer is not what a WebSocket server says.
pub async fn connect(url: &str) -> Result<(Reader, Writer), Fault> {
    let connected = connect_with(url, Arc::default(), |_| {}).await?;
    Ok((connected.reader, connected.writer))
}

/// As [`connect`], with settings of the connection; `adjust` may add subprotocols and field lines to the request.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    url: &str,
    config: Arc<Config>,
    adjust: impl FnOnce(&mut Request),
) -> Result<Connected, Fault> {
    let (host, target) = split(url).ok_or(Fault::Url)?;
    let opening = async {
        let stream = TcpStream::connect(with_port(host).as_str()).await?;
        // Frames are written whole; waiting for more of them only adds delay.
        let _ = stream.set_nodelay(true);
        let mut request = request(host, target, &config);
        adjust(&mut request);
        open(stream, request, config).await
    };
    net::timeout(PATIENCE, opening).await.map_err(|_| Fault::Io(io::ErrorKind::TimedOut))?
}

/// Shakes hands over any stream, for instance one that TLS was put on.
///
/// # Errors
/// As [`connect`].
pub async fn connect_over<S: Stream + 'static>(
    stream: S,
    host: &str,
    target: &str,
    config: Arc<Config>,
) -> Result<Connected<S>, Fault> {
    let request = request(host, target, &config);
    net::timeout(PATIENCE, open(stream, request, config)).await.map_err(|_| Fault::Io(io::ErrorKind::TimedOut))?
}

fn request(host: &str, target: &str, config: &Config) -> Request {
    let mut nonce = [0; 16];
    fill(&mut nonce);
    let mut request = Request::new(host, target, nonce);
    request.deflate = config.deflate;
    request
}

/// RFC 6455 §3, without `wss:` (which is this over a TLS stream) and without fragments (which have no meaning here).
fn split(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_at_checked(5)?;
    if !scheme.eq_ignore_ascii_case("ws://") || rest.contains('#') {
        return None;
    }
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(at);
    // A target without a path would need one put in; `ws://host?x` is rare enough to be refused.
    if host.is_empty() || host.contains('@') || target.starts_with('?') {
        return None;
    }
    Some((host, if target.is_empty() { "/" } else { target }))
}

fn with_port(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    if has_port { host.to_owned() } else { format!("{host}:80") }
}

async fn open<S: Stream + 'static>(stream: S, request: Request, config: Arc<Config>) -> Result<Connected<S>, Fault> {
    if !request.is_valid() {
        return Err(Fault::Url);
    }
    let mut out = Vec::new();
    request.write(&mut out);
    stream.write_all(&out).await?;
    let mut bytes = Vec::new();
    let (length, agreed) = read_response(&stream, &mut bytes, &request).await?;
    let link = Link::new(stream, Connection::client(config, agreed.deflate, fill, net::now()));
    let (reader, writer) = halves(&link, &bytes[length..]);
    Attendant::new(link).spawn();
    Ok(Connected { reader, writer, protocol: agreed.protocol })
}

/// Reads one response head: its length, and what was agreed on.
async fn read_response(stream: &impl Stream, bytes: &mut Vec<u8>, request: &Request) -> Result<(usize, Agreed), Fault> {
    let limits = Limits { head: MAX_RESPONSE, ..Limits::default() };
    let mut fields = Fields::new();
    let mut progress = Progress::default();
    loop {
        stream.readable().await?;
        {
            let mut buffer = net::buffer();
            match stream.try_read(&mut buffer) {
                Ok(0) => return Err(Fault::Io(io::ErrorKind::UnexpectedEof)),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
        }
        match parser::response(bytes, &mut fields, &mut progress, &limits) {
            Ok(None) => {}
            Ok(Some(head)) if head.version != Version::Http11 => return Err(Fault::Refused(Refused::Head)),
            Ok(Some(head)) => {
                let agreed = request.check(head.status, head.fields).map_err(Fault::Refused)?;
                return Ok((head.len(), agreed));
            }
            Err(_) => return Err(Fault::Refused(Refused::Head)),
        }
    }
}
