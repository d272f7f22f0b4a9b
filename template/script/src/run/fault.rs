//! The error in flight.

use crate::base::{Error, ErrorKind, Source};
use crate::value::Value;
use std::rc::Rc;

/// Why closures return early; it is as small as that, so that `Result<Value, Halt>` is as small as a value.
#[derive(Clone, Copy, Debug)]
pub struct Halt(pub(super) Way);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Something went wrong; what, is noted in the run.
    Fault,
    /// A link of an optional chain is nothing: the whole chain is.
    Absent,
}

impl Halt {
    /// `a?.b` where `a` is nothing; whoever compiled the chain catches it.
    pub(crate) const ABSENT: Halt = Halt(Way::Absent);

    pub(crate) fn is_absent(self) -> bool {
        self.0 == Way::Absent
    }
}

/// What every closure of a program returns.
pub type R<T> = Result<T, Halt>;

/// An error on its way up.
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(super) message: String,
    /// The value of a `throw`.
    pub(super) value: Option<Value>,
    pub(super) offset: Option<u32>,
    pub(super) source: Option<Rc<Source>>,
    pub(super) chain: Vec<String>,
    /// Made elsewhere; only the chain is added.
    pub(super) ready: Option<Box<Error>>,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: String) -> Fault {
        Fault { kind, message, value: None, offset: None, source: None, chain: Vec::new(), ready: None }
    }
}
