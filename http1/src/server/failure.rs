//! What a handler fails with: any error at all. What a client does wrong is one of them.

use crate::connection;
use std::error::Error;
use std::fmt;

/// How a handler ends. `?` turns every error into a [`Failure`].
pub type Outcome = Result<(), Failure>;

/// Any error, boxed. It is no [`Error`] itself, so that every error can become one.
///
/// ```
/// use wirebook_http1::{Failure, Outcome};
///
/// fn parse(text: &str) -> Outcome {
///     let _: u16 = text.parse()?;
///     Ok(())
/// }
/// assert!(parse("x").unwrap_err().source().is::<std::num::ParseIntError>());
/// ```
pub struct Failure(Box<dyn Error + Send + Sync>);

impl Failure {
    /// The error within, to be shown or downcast.
    pub fn source(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The same, to be kept.
    pub fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }

    /// A failure that is nothing but a sentence.
    pub fn message(text: impl Into<String>) -> Self {
        Failure(text.into().into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a client did wrong, so that its request cannot be read to the end. The answer, if it has not begun, tells.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// It broke a rule of the protocol.
    Protocol(connection::Error),
    /// It broke a rule of HTTP/2, which says so.
    Stream(&'static str),
    /// Its body is over [`Options::max_body`](super::Options::max_body), or over the limit of a handler.
    TooLarge,
    /// A head or a body did not come in time.
    TooSlow,
}

impl Trouble {
    /// The status that answers it.
    pub fn status(self) -> u16 {
        match self {
            Trouble::Protocol(error) => error.status(),
            Trouble::Stream(_) => 400,
            Trouble::TooLarge => 413,
            Trouble::TooSlow => 408,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Protocol(error) => error.fmt(f),
            Trouble::Stream(rule) => f.write_str(rule),
            Trouble::TooLarge => f.write_str("the body is larger than this server takes"),
            Trouble::TooSlow => f.write_str("the request came too slowly"),
        }
    }
}

impl Error for Trouble {}
