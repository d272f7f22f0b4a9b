//! Both ends over TLS: `wss:`.

use std::io;
use std::sync::Arc;

use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_tls::{Acceptor, Connector, Identity, TlsListener, TlsStream};

use super::accepted::Options;
use super::client::{Connected, in_time, open, request, split, tcp, with_port};
use super::fault::Fault;
use super::server::serve_halves;
use super::serving::Server;
use crate::config::Config;
use crate::driver::{Reader, Writer};
use crate::handshake::client::Request;

/// Connects to `wss://host[:port][/path][?query]`, with the default [`Config`]; whom to believe says the connector. HTTP/1.1 is offered alone,
/// whatever else the connector offers.
///
/// ```no_run
/// use wirebook_tls::Connector;
///
/// wirebook_net::run(async {
///     let connector = Connector::shared().map_err(std::io::Error::from)?;
///     let (mut reader, writer) = wirebook_websocket::connect_secure("wss://example.org/", &connector).await?;
///     writer.send("hello").await?;
///     println!("{:?}", reader.next().await?);
///     Ok::<_, wirebook_websocket::Fault>(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`connect`](crate::connect), and [`Fault::Tls`].
pub async fn connect_secure(
    url: &str,
    connector: &Connector,
) -> Result<(Reader<TlsStream<TcpStream>>, Writer<TlsStream<TcpStream>>), Fault> {
    let connected = connect_secure_with(url, connector, Arc::default(), |_| {}).await?;
    Ok((connected.reader, connected.writer))
}

/// As [`connect_secure`], with settings of the connection; `adjust` may add subprotocols and field lines to the request.
///
/// # Errors
/// As [`connect_secure`]; [`Fault::Request`] where what was added may not be sent.
pub async fn connect_secure_with(
    url: &str,
    connector: &Connector,
    config: Arc<Config>,
    adjust: impl FnOnce(&mut Request),
) -> Result<Connected<TlsStream<TcpStream>>, Fault> {
    let (secure, host, target) = split(url)?;
    if !secure {
        return Err(Fault::Url);
    }
    in_time(async {
        let mut request = request(host, &target, &config);
        adjust(&mut request);
        let stream = tcp(&with_port(host, 443)).await?;
        let stream = connector.offering_http1().connect(stream, name(host)).await.map_err(fault)?;
        open(stream, request, config).await
    })
    .await
}

/// The host without its port.
fn name(host: &str) -> &str {
    let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
    host[end..].find(':').map_or(host, |colon| &host[..end + colon])
}

fn fault(error: io::Error) -> Fault {
    match wirebook_tls::Error::of(&error) {
        Some(error) => Fault::Tls(error.to_string().into()),
        None => error.into(),
    }
}

/// [`serve`](crate::serve) over TLS.
///
/// # Errors
/// The address cannot be bound, or the key cannot be used.
pub fn serve_secure<H>(address: &str, identity: &Identity, handler: H) -> io::Result<Server>
where
    H: AsyncFn(Reader<TlsStream<TcpStream>>, Writer<TlsStream<TcpStream>>) -> Result<(), Fault> + 'static,
{
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let acceptor = Acceptor::new(identity, &Default::default())?;
    Ok(serve_halves(TlsListener::new(listener, acceptor), address, Options::default(), handler))
}
