//! Errors as a person wants them: one sentence that says what is wrong, and a hint that says what to do.

use std::fmt;

/// What the tool says before it ends with exit status 1.
#[derive(Debug)]
pub(crate) struct Complaint {
    sentence: String,
    hint: String,
}

impl Complaint {
    pub(crate) fn new(sentence: impl Into<String>, hint: impl Into<String>) -> Self {
        Complaint { sentence: sentence.into(), hint: hint.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n hint: {}", self.sentence, self.hint)
    }
}
