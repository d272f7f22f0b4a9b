//! Event sources that ask through an agent: by HTTP/2 where the server speaks it, over TLS where their URL is `https:`.

use wirebook_http2::client::{Agent, AgentOptions};
use wirebook_net::tcp::TcpStream;
use wirebook_tls::Connector;

use super::{Connect, Connecting, EventSource};
use crate::source::error::SetupError;
use crate::source::settings::Settings;
use crate::source::url::Url;

impl EventSource<TcpStream, fn(Url) -> Connecting> {
    /// An event source over TLS where its URL is `https:`; whom to believe says the connector. It has an agent of its own, so it speaks HTTP/2
    /// where the server does.
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
        EventSource::with_agent(url, settings, Agent::with_tls(AgentOptions::default(), connector))
    }

    /// An event source that asks through an agent. Over HTTP/2 any number of them share one connection with each other and with all other
    /// requests to their origin, as far as the server takes streams. The limits of time are the event source's and not the agent's.
    ///
    /// # Errors
    ///
    /// A URL, a field or an id that cannot be used.
    pub fn with_agent(url: &str, settings: Settings, agent: Agent) -> Result<Self, SetupError> {
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), url);
        EventSource::over(url, Settings { secure: true, ..settings }, seed, Connect::Agent(agent))
    }
}
