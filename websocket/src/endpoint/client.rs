//! The client: connect, shake hands, check the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use wirebook_http1::parser::chunked::{Chunk, Chunked};
use wirebook_http1::parser::{self, Version};
use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

use super::answer::{Answer, Headers, MAX_REFUSAL_BODY};
use super::fault::Fault;
use super::head::{read_head, read_some};
use crate::config::Config;
use crate::connection::Connection;
use crate::driver::{Link, Reader, Writer, halves};
use crate::handshake::client::{Agreed, Refused, Request};

/// Bytes that the answer to a handshake may have before it counts as refused.
pub const MAX_RESPONSE: usize = 16 << 10;

/// How long connecting and the handshake may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the body of a refusal is waited for, once its head is there.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

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
/// The URL is not one; nobody answers; the answer is none ([`Fault::Answered`], with its head and the beginning of its body), or
/// breaks a rule ([`Fault::Refused`]).
pub async fn connect(url: &str) -> Result<(Reader, Writer), Fault> {
    let connected = connect_with(url, Arc::default(), |_| {}).await?;
    Ok((connected.reader, connected.writer))
}

/// As [`connect`], with settings of the connection; `adjust` may add subprotocols and field lines to the request.
///
/// # Errors
/// As [`connect`]; [`Fault::Request`] where what was added may not be sent.
pub async fn connect_with(
    url: &str,
    config: Arc<Config>,
    adjust: impl FnOnce(&mut Request),
) -> Result<Connected, Fault> {
    let (secure, host, target) = split(url)?;
    if secure {
        return Err(Fault::Secure);
    }
    in_time(async {
        let mut request = request(host, &target, &config);
        adjust(&mut request);
        open(tcp(&with_port(host, 80)).await?, request, config).await
    })
    .await
}

/// Bounds what is done before a connection is open.
pub(super) async fn in_time<T>(opening: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    net::timeout(PATIENCE, opening).await.map_err(|_| Fault::Io(io::ErrorKind::TimedOut))?
}

pub(super) async fn tcp(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Frames are written whole; waiting for more of them only adds delay.
    let _ = stream.set_nodelay(true);
    Ok(stream)
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
    in_time(open(stream, request, config)).await
}

/// Makes a WebSocket of a stream whose handshake was made elsewhere, by a client of HTTP/2 for instance: see
/// [`Request::extended_fields`] and [`Request::check_extended`].
///
/// ```no_run
/// # use std::{rc::Rc, sync::Arc};
/// # use wirebook_net::Stream;
/// # async fn connect(_: &str, _: impl Iterator<Item = (String, String)>) -> (Rc<dyn Stream>, Vec<(Vec<u8>, Vec<u8>)>) { todo!() }
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// use wirebook_websocket::{self as websocket, Config};
///
/// let request = websocket::request("example.org", "/chat", &Config::default());
/// // CONNECT with `:protocol: websocket`, by whoever speaks HTTP/2: the tunnel, and the fields of the answer.
/// let (tunnel, fields) = connect(&request.target, request.extended_fields()).await;
/// let agreed = request.check_extended(200, fields.iter().map(|(name, value)| (&name[..], &value[..])))?;
/// let socket = websocket::joined(tunnel, agreed, Arc::default());
/// socket.writer.send("hello").await?;
/// # Ok(())
/// # }
/// ```
pub fn joined<S: Stream + 'static>(stream: S, agreed: Agreed, config: Arc<Config>) -> Connected<S> {
    join(stream, agreed, config, &[])
}

fn join<S: Stream + 'static>(stream: S, agreed: Agreed, config: Arc<Config>, leftover: &[u8]) -> Connected<S> {
    let link = Link::new(stream, Connection::client(config, agreed.deflate, fill, net::now()));
    let (reader, writer) = halves(&link, leftover);
    net::spawn(link.attend());
    Connected { reader, writer, protocol: agreed.protocol }
}

/// A request for a connection with these settings, with a nonce of its own.
pub fn request(host: &str, target: &str, config: &Config) -> Request {
    let mut nonce = [0; 16];
    fill(&mut nonce);
    let mut request = Request::new(host, target, nonce);
    request.deflate = config.deflate;
    request
}

/// RFC 6455 §3, without fragments (which have no meaning here): whether it is `wss:`, host and target.
pub(super) fn split(url: &str) -> Result<(bool, &str, String), Fault> {
    let (secure, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => (false, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => (true, rest),
        _ => return Err(Fault::Url),
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(at);
    if host.is_empty() || host.contains('@') || target.contains('#') {
        return Err(Fault::Url);
    }
    // RFC 3986 §6.2.3: an empty path is "/".
    Ok((secure, host, if target.starts_with('/') { target.to_owned() } else { format!("/{target}") }))
}

/// The host with a port, the scheme's where it names none.
pub(super) fn with_port(host: &str, port: u16) -> String {
    // RFC 3986 §6.2.3: an empty port is the scheme's.
    let host = host.strip_suffix(':').unwrap_or(host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    if has_port { host.to_owned() } else { format!("{host}:{port}") }
}

pub(super) async fn open<S: Stream + 'static>(
    stream: S,
    request: Request,
    config: Arc<Config>,
) -> Result<Connected<S>, Fault> {
    request.validate().map_err(Fault::Request)?;
    let mut out = Vec::new();
    request.write(&mut out);
    stream.write_all(&out).await?;
    let mut bytes = Vec::new();
    let (length, agreed) = match read_response(&stream, &mut bytes, &request).await? {
        Answered::Agrees(length, agreed) => (length, agreed),
        Answered::Differs(length, answer) => return Err(read_body(&stream, bytes.split_off(length), answer).await),
    };
    Ok(join(stream, agreed, config, &bytes[length..]))
}

/// A final response, and the length of all heads up to it.
enum Answered {
    Agrees(usize, Agreed),
    Differs(usize, Answer),
}

/// Reads response heads to the final one; 1xx are passed over (RFC 9110 §15.2), except for the one that is waited for.
async fn read_response(stream: &impl Stream, bytes: &mut Vec<u8>, request: &Request) -> Result<Answered, Fault> {
    let mut passed = 0;
    loop {
        let head = read_head(stream, bytes, MAX_RESPONSE, |bytes, fields, progress, limits| {
            // All heads together have the one bound.
            if bytes.len() > MAX_RESPONSE && passed > MAX_RESPONSE {
                return Some(Err(Fault::Refused(Refused::Head)));
            }
            let head = match parser::response(&bytes[passed..], fields, progress, limits) {
                Ok(head) => head?,
                Err(_) => return Some(Err(Fault::Refused(Refused::Head))),
            };
            let length = passed + head.len();
            Some(match head.status {
                100 | 102..=199 => Ok((length, None)),
                101 if head.version != Version::Http11 => Err(Fault::Refused(Refused::Head)),
                101 => request
                    .check(101, head.fields)
                    .map_err(Fault::Refused)
                    .map(|agreed| (length, Some(Answered::Agrees(length, agreed)))),
                status => {
                    let answer = Answer { status, headers: Headers::copy(head.fields), body: Vec::new() };
                    Ok((length, Some(Answered::Differs(length, answer))))
                }
            })
        });
        match head.await? {
            (length, None) => passed = length,
            (_, Some(answered)) => return Ok(answered),
        }
    }
}

/// Reads what fits of the body of an answer that is no 101.
async fn read_body(stream: &impl Stream, mut bytes: Vec<u8>, mut answer: Answer) -> Fault {
    let chunked = answer.headers.get("transfer-encoding").is_some();
    let length = answer.headers.get("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let length: usize = if chunked { MAX_REFUSAL_BODY } else { length.unwrap_or(MAX_REFUSAL_BODY) };
    let _ = net::timeout(BODY_PATIENCE, async {
        while bytes.len() < length.min(MAX_REFUSAL_BODY) && read_some(stream, &mut bytes).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
    answer.body = if chunked { unchunked(&bytes) } else { bytes };
    answer.body.truncate(length.min(MAX_REFUSAL_BODY));
    Fault::Answered(Box::new(answer))
}

/// The data of chunks, as far as they came.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut body) = (Chunked::new(), Vec::new());
    while let Ok((used, chunk)) = decoder.decode(bytes) {
        match chunk {
            Some(Chunk::Data(data)) => body.extend_from_slice(data),
            _ if used == 0 => break,
            _ => {}
        }
        bytes = &bytes[used..];
    }
    body
}

/// Unpredictable bytes from the operating system: masking keys and handshake nonces.
fn fill(bytes: &mut [u8]) {
    // RFC 6455 §10.3: masking protects nobody where keys can be guessed, so without a source there is no going on.
    getrandom::fill(bytes).expect("the operating system has a source of randomness");
}
