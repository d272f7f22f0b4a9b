//! How an event source behaves, and what its caller may not ask for.

use std::time::Duration;

use wirebook_http1::{FieldBlock, Misuse};

use crate::codec::decoder::Limits;
use crate::source::error::SetupError;

/// How an event source behaves.
///
/// A duration may be anything from zero to `Duration::MAX`, which is for ever; each says what zero means and how it is
/// switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bounds of the decoder.
    pub limits: Limits,
    /// The reconnection time before a server sets one (default 3 s; the standard asks for "a few seconds"). Zero leaves it
    /// to `min_delay`; `MAX` never reconnects.
    pub retry: Duration,
    /// The longest `retry`, whoever sets it (default 1 h). Zero takes it out of the server's hands: then `min_delay` counts
    /// alone. `MAX` lets a server send its clients away for ever.
    pub max_retry: Duration,
    /// The floor (default 500 ms, as Firefox has it): between the beginnings of two connections there is always this time,
    /// whatever the server sends: `retry: 0`, redirects, streams that open and end at once. Zero switches it off, and with
    /// it the only thing that keeps a server from making its clients spin.
    pub min_delay: Duration,
    /// Where doubling stops (default 30 s), unless `retry` itself is longer. Zero switches doubling off.
    pub max_delay: Duration,
    /// From the beginning of a connection to the head of the response (default 30 s). `None` waits for ever; with zero only
    /// an answer that is there at once would do.
    pub head_timeout: Option<Duration>,
    /// How long an open stream may be silent, comments counted as sound, before it is taken for dead (default 5 min). It is
    /// what finds out a server that vanished without a word. `None` switches it off, for servers that send no comments
    /// and may have nothing to say for hours; with zero a stream ends where its bytes do.
    pub silence_timeout: Option<Duration>,
    /// Another status, type or coding is tried again as well, as if the connection had failed (default off, as the standard
    /// has it). For servers behind proxies that answer 502 while they restart. 204 still ends the source.
    pub retry_refusals: bool,
    /// Further fields of the request, as name and value. They are left out after a redirect to another origin.
    pub headers: Vec<(String, String)>,
    /// The connector speaks TLS where a URL is `https:`, so that such URLs may be used and redirected to (default off). From `https` no
    /// redirect leads to `http`.
    pub secure: bool,
    /// A place to start from (default `""`: none).
    pub last_event_id: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            retry: Duration::from_secs(3),
            max_retry: Duration::from_secs(3600),
            min_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            head_timeout: Some(Duration::from_secs(30)),
            silence_timeout: Some(Duration::from_secs(300)),
            retry_refusals: false,
            headers: Vec::new(),
            secure: false,
            last_event_id: String::new(),
        }
    }
}

/// Fields that a caller cannot set. The first ten frame the message or belong to the connection, and would make two readers
/// of one request disagree; the others the event source writes itself.
pub const RESERVED: [&str; 14] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept",
    "accept-encoding",
    "cache-control",
    "last-event-id",
];

impl Settings {
    /// Whether every field can be sent, each for itself.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let mut scratch = FieldBlock::default();
        for (name, value) in &self.headers {
            if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                return Err(SetupError::FieldReserved(name.clone()));
            }
            scratch.push(name, value).map_err(|misuse| match misuse {
                Misuse::FieldName => SetupError::FieldName(name.clone()),
                Misuse::FieldValue => SetupError::FieldValue(name.clone()),
                _ => SetupError::FieldsTooLarge,
            })?;
        }
        Ok(())
    }
}
