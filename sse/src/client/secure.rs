//! An event source that speaks TLS where its URL is `https:`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;

use wirebook_net::Stream;
use wirebook_tls::Connector;

use super::{EventSource, connect_tcp};
use crate::source::error::SetupError;
use crate::source::settings::Settings;
use crate::source::url::Url;

/// A connection in the making, of either kind.
pub type ConnectingSecure = Pin<Box<dyn Future<Output = io::Result<Rc<dyn Stream>>>>>;

impl EventSource<Rc<dyn Stream>, Box<dyn Fn(Url) -> ConnectingSecure>> {
    /// An event source over TCP, and over TLS where its URL is `https:`; whom to believe says the connector.
    ///
    /// ```no_run
    /// use wirebook_sse::{EventSource, Settings};
    /// use wirebook_tls::Connector;
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let source = EventSource::secure("https://example.org/events", Settings::default(), Connector::shared()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn secure(url: &str, settings: Settings, connector: Connector) -> Result<Self, SetupError> {
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), url);
        let connect = Box::new(move |url| connect(url, connector.clone())) as Box<dyn Fn(Url) -> ConnectingSecure>;
        EventSource::with_connector(url, Settings { secure: true, ..settings }, seed, connect)
    }
}

fn connect(url: Url, connector: Connector) -> ConnectingSecure {
    Box::pin(async move {
        let stream = connect_tcp(url.clone()).await?;
        if !url.is_secure() {
            return Ok(Rc::new(stream) as Rc<dyn Stream>);
        }
        Ok(Rc::new(connector.connect(stream, url.host()).await?) as Rc<dyn Stream>)
    })
}
