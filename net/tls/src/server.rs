//! The server's end: a listener that puts TLS over what another one accepts.

use crate::error::Error;
use crate::identity::Identity;
use crate::options::Options;
use crate::provider;
use crate::session::Session;
use crate::stream::TlsStream;
use rustls::ServerConfig;
use rustls::sign::SingleCertAndKey;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use wirebook_net::{Listener, Stream};

/// Puts TLS over streams that were accepted. Clones are cheap, and share the sessions that clients may resume.
#[derive(Clone)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
    handshake_timeout: Duration,
}

impl Acceptor {
    /// For a server of that identity.
    ///
    /// # Errors
    /// The key cannot be used with any version of TLS.
    pub fn new(identity: &Identity, options: &Options) -> Result<Acceptor, Error> {
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let resolver = Arc::new(SingleCertAndKey::from(identity.key.clone()));
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = options.wire_protocols();
        Ok(Acceptor { config: Arc::new(config), handshake_timeout: options.handshake_timeout })
    }

    /// A stream whose handshake has not begun: it is made by the first who reads, writes or asks
    /// [`poll_open`](Stream::poll_open).
    ///
    /// # Errors
    /// rustls refuses its own settings.
    pub fn accept<S: Stream + 'static>(&self, stream: S) -> Result<TlsStream<S>, Error> {
        Ok(TlsStream::new(stream, Session::server(&self.config)?, self.handshake_timeout))
    }
}

/// A listener that gives TLS streams. It gives them before their handshake, so that a client that is slow, or says nothing, keeps
/// nobody else from being accepted.
///
/// ```no_run
/// use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
/// use wirebook_tls::{Acceptor, Identity, Options, TlsListener};
///
/// net::run(async {
///     let acceptor = Acceptor::new(&Identity::files("cert.pem", "key.pem")?, &Options::default())?;
///     let listener = TlsListener::new(TcpListener::bind("127.0.0.1:8443")?, acceptor);
///     loop {
///         let (stream, _) = listener.accept().await?;
///         net::spawn(async move {
///             let _ = stream.write_all(b"hello\n").await;
///             let _ = stream.shutdown(std::net::Shutdown::Write);
///         });
///     }
/// })
/// # as std::io::Result<()>
/// # ;
/// ```
pub struct TlsListener<L> {
    listener: L,
    acceptor: Acceptor,
}

impl<L: Listener> TlsListener<L> {
    /// TLS over what `listener` accepts.
    pub fn new(listener: L, acceptor: Acceptor) -> Self {
        TlsListener { listener, acceptor }
    }

    /// The listener below.
    pub fn get_ref(&self) -> &L {
        &self.listener
    }
}

impl<L: Listener> Listener for TlsListener<L> {
    type Stream = TlsStream<L::Stream>;
    type Address = L::Address;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, Self::Address)>> {
        let (stream, address) = ready!(self.listener.poll_accept(context))?;
        Poll::Ready(Ok((self.acceptor.accept(stream)?, address)))
    }
}
