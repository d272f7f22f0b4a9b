//! What a server tells of what happens outside of requests.

use super::failure::{Failure, Trouble};
use std::fmt;
use std::io;
use std::sync::Arc;

/// A function that a server calls.
pub type Hook<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// Functions that a server calls; each may be left out.
#[derive(Clone)]
pub struct Hooks {
    /// A client has connected: Node's `connection`. Gets the number of connections that are open now.
    pub connection: Option<Hook<usize>>,
    /// A client has connected, and the two could not agree on how to speak: of TLS, Node's `tlsClientError`. None by default: whoever
    /// is found on the Internet is asked for many things.
    pub open_error: Option<Hook<io::Error>>,
    /// A connection has ended, or was handed over by an upgrade. Gets the number of those that are left.
    pub close: Option<Hook<usize>>,
    /// A client broke a rule or was too slow; it has been answered: Node's `clientError`.
    pub client_error: Option<Hook<Trouble>>,
    /// No connection could be accepted; the server tries again in a tenth of a second. By default a line on standard error.
    pub accept_error: Option<Hook<io::Error>>,
    /// A handler failed by itself; its client got a 500. By default a line on standard error.
    pub handler_error: Option<Hook<Failure>>,
}

impl Default for Hooks {
    fn default() -> Self {
        let report: Hook<Failure> = Arc::new(|failure| eprintln!("wirebook: a handler failed: {failure}"));
        let unheard: Hook<io::Error> = Arc::new(|error| eprintln!("wirebook: no connection can be accepted: {error}"));
        Hooks {
            connection: None,
            open_error: None,
            close: None,
            client_error: None,
            accept_error: Some(unheard),
            handler_error: Some(report),
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks { .. }")
    }
}

/// Calls a hook, if there is one.
pub fn call<T>(hook: &Option<Hook<T>>, value: &T) {
    if let Some(hook) = hook {
        hook(value);
    }
}
