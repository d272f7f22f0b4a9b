//! The client's end: what puts TLS over a stream that was connected, and knows whom to believe.

use crate::error::Error;
use crate::options::{HTTP1, Options};
use crate::provider;
use crate::roots::Roots;
use crate::session::Session;
use crate::stream::TlsStream;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use wirebook_net::Stream;

thread_local!(static SHARED: RefCell<Option<Connector>> = const { RefCell::new(None) });

/// Puts TLS over streams that were connected. Clones are cheap, and share what they know of servers, so that a second connection to one
/// resumes the first one's session (RFC 8446 §2.2).
#[derive(Clone)]
pub struct Connector {
    config: Arc<ClientConfig>,
    handshake_timeout: Duration,
}

impl Connector {
    /// One that believes these.
    ///
    /// # Errors
    /// The roots cannot be used.
    pub fn new(roots: Roots, options: &Options) -> Result<Connector, Error> {
        let provider = provider();
        let verifier = roots.verifier(&provider)?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        // "Dangerous" is to bring one's own verifier: ours asks rustls' own, and is stricter or is given one certificate by name.
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = options.wire_protocols();
        Ok(Connector { config: Arc::new(config), handshake_timeout: options.handshake_timeout })
    }

    /// The one that all clients of this thread share that brought none: [`Roots::web`] and the default [`Options`].
    ///
    /// # Errors
    /// Those of [`Roots::web`].
    pub fn shared() -> Result<Connector, Error> {
        SHARED.with(|shared| {
            if let Some(connector) = &*shared.borrow() {
                return Ok(connector.clone());
            }
            let connector = Connector::new(Roots::web()?, &Options::default())?;
            *shared.borrow_mut() = Some(connector.clone());
            Ok(connector)
        })
    }

    /// The same, with other protocols to offer, the one that is liked best first: [`Options::protocols`].
    pub fn offering(&self, protocols: &[&str]) -> Connector {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Connector { config: Arc::new(config), ..self.clone() }
    }

    /// The same, for who speaks HTTP/1.1 alone: what else was to be offered is not, for the server might take it up. Who offers nothing
    /// ([`Options::protocols`] is empty) goes on to offer nothing.
    pub fn offering_http1(&self) -> Connector {
        let others = self.config.alpn_protocols.iter().any(|name| name != HTTP1.as_bytes());
        if others { self.offering(&[HTTP1]) } else { self.clone() }
    }

    /// Makes the handshake with the server of that name, a DNS name or an address (with brackets or without). The certificate must
    /// be for exactly that.
    ///
    /// # Errors
    /// Those of the stream, and [`Error`] inside of one: the certificate was refused, the server refused us, it speaks no TLS,
    /// the time was up.
    pub async fn connect<S: Stream + 'static>(&self, stream: S, name: &str) -> io::Result<TlsStream<S>> {
        let session = Session::client(&self.config, server_name(name)?)?;
        let stream = TlsStream::new(stream, session, self.handshake_timeout);
        poll_fn(|context| stream.poll_open(context)).await?;
        Ok(stream)
    }
}

/// What certificates call it: an address has no brackets and no zone there, and a name no dot at its end (RFC 6066 §3).
fn server_name(name: &str) -> Result<ServerName<'static>, Error> {
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let name = name.split_once('%').map_or(name, |(address, _)| address);
    let name = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(name.to_owned()).map_err(|_| Error::Name)
}
