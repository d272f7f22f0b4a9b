//! What a handler fails with: any error at all.

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
