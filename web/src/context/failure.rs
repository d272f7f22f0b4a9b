//! How a handler ends: with the proof that it has answered, or with what went wrong.

use crate::input::{FormFault, XmlFault};
use std::{borrow::Cow, error::Error, fmt, panic::Location};
use wirebook_http1::{self as http1, reason, server::Trouble};

// ANCHOR: done
/// The proof that somebody has answered. Nobody can make one but the methods of a [`Context`](super::Context) that answer, and
/// [`Next::run`](crate::Next::run) gives on what the inside of the onion proved. So a handler that forgets to answer does not
/// compile.
#[derive(Debug)]
pub struct Done(());

/// What every handler, layer and edge ends with.
pub type Answer = Result<Done, Failure>;
// ANCHOR_END: done

impl Done {
    pub(crate) fn new() -> Done {
        Done(())
    }
}

/// Why there is no answer: a status, and words.
///
/// Every error becomes one with `?`: what a client did wrong keeps its status, all else is a 500 whose words only the log sees.
/// It is no [`Error`] itself, so that every error can become one.
///
/// ```
/// use wirebook_web::Failure;
///
/// let failure = Failure::new(404, "no such tea");
/// assert_eq!((failure.status(), failure.shown()), (404, "no such tea"));
/// let failure = Failure::from("x".parse::<u16>().unwrap_err());
/// assert_eq!((failure.status(), failure.shown()), (500, "Internal Server Error"));
/// ```
pub struct Failure(Box<Inner>);

struct Inner {
    status: u16,
    message: Cow<'static, str>,
    is_exposed: bool,
    fields: Vec<(&'static str, String)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    id: Option<String>,
    place: &'static Location<'static>,
}

impl Failure {
    /// A failure with a status, 400 to 599, and words for the client, which sees them where the fault is its own: below 500. Any
    /// other status is a 500. Where it is made is remembered, for [`place`](Self::place).
    #[track_caller]
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Failure {
        let status = if (400..600).contains(&status) { status } else { 500 };
        let inner = Inner {
            status,
            message: message.into(),
            is_exposed: status < 500,
            fields: Vec::new(),
            cause: None,
            id: None,
            place: Location::caller(),
        };
        Failure(Box::new(inner))
    }

    /// A failure whose words are those that its status has (RFC 9110 §15).
    #[track_caller]
    pub fn of(status: u16) -> Failure {
        Failure::new(status, reason(status))
    }

    /// Shows the words to the client, or keeps them.
    pub fn exposed(mut self, is_exposed: bool) -> Failure {
        self.0.is_exposed = is_exposed;
        self
    }

    /// Adds a field to the answer that tells of it, such as `allow` or `retry-after`.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Failure {
        self.0.fields.push((name, value.into()));
        self
    }

    /// Remembers what it came from.
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        self.0.cause = Some(cause.into());
        self
    }

    /// Names the request that it happened in, for the log.
    pub fn identified(mut self, id: &str) -> Failure {
        self.0.id = Some(id.to_owned());
        self
    }

    /// The status to answer with.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Whether it is ours, and we want to hear of it: 500 and above, but for 501. That a method is known to nobody here is the asker's
    /// doing, and whoever invents methods writes nothing into our logs.
    pub(crate) fn is_ours(&self) -> bool {
        self.0.status >= 500 && self.0.status != 501
    }

    /// The words, for the log.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The words that the client may see.
    pub fn shown(&self) -> &str {
        if self.0.is_exposed { &self.0.message } else { reason(self.0.status) }
    }

    /// The fields that the answer gets.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.fields.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Where it was made: the line of your code that failed, or whose `?` made it of another error.
    pub fn place(&self) -> &'static Location<'static> {
        self.0.place
    }

    /// What it came from, to be shown or downcast.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    /// What HTTP/1 failed with: a client's fault keeps its status, a connection that broke is nobody's.
    #[track_caller]
    pub fn from_http1(failure: http1::Failure) -> Failure {
        Failure::from_cause(failure.into_source())
    }

    #[track_caller]
    fn from_cause(cause: Box<dyn Error + Send + Sync>) -> Failure {
        let status = status_of(&*cause).unwrap_or(500);
        Failure::new(status, cause.to_string()).caused_by(cause)
    }
}

/// The status of an error that a client made.
fn status_of(error: &(dyn Error + Send + Sync + 'static)) -> Option<u16> {
    let trouble = error.downcast_ref::<Trouble>().map(|trouble| trouble.status());
    let fault = error.downcast_ref::<FormFault>().map(|fault| fault.status());
    let xml = error.downcast_ref::<XmlFault>().map(|fault| fault.status());
    let part = error.downcast_ref::<wirebook_multipart::Error>().map(|error| error.status());
    trouble.or(fault).or(xml).or(part)
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Failure {
        Failure::from_cause(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.0.status, self.0.message)?;
        self.0.id.as_ref().map_or(Ok(()), |id| write!(out, " ({id})"))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
